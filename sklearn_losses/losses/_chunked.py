"""Losses of dask's collections: sums over chunks of rows, computed where these are.

Knows how losses read labels, and chunks of rows; knows nothing of dask itself. A mean gathers one number a chunk
and output. Which labels there are is found first, from y alone, unless `labels` says it; `pointwise` and the
derivatives are lazy but for that.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._chunks import Rows, is_chunked
from ..links import UNIT
from ._frames import classes_by_name
from ._namespaces import survey
from ._targets import (
    as_classes,
    check_columns,
    check_range,
    checked_weights,
    dense,
    distinct,
    encode,
    has_fractions,
    two_labels,
)

MANY = 100_000  # distinct labels: more are no labels
_OF_CLASSES = ("sign", "probability", "classes")


@dataclass
class _Request:
    """What is asked of every chunk."""

    loss: Any
    labels: Any
    pos_label: Any
    quantity: str = ""
    of_probabilities: bool = False
    """Whether y holds probabilities of the positive class: which single chunks may not show."""

    def read(self, y):
        """Return a chunk of y as all are read."""
        y = dense(y, "y_true")
        if self.of_probabilities:
            numbers = as_classes(y)
            check_range(numbers, survey(numbers), UNIT, "y_true", "Pass probabilities, or labels.")
        return y


def averages(loss, y_true, y_pred, sample_weight, labels, pos_label):
    """Return the weighted mean loss of each output."""
    if sample_weight is not None and np.ndim(sample_weight) == 0:
        checked_weights([sample_weight], 1)
        sample_weight = None  # one weight for all is none
    rows = _rows(y_pred=y_pred, y_true=y_true, sample_weight=sample_weight)
    request = _asked(loss, "metric", y_true, y_pred, labels, pos_label)
    accumulated = rows.reduce(_accumulated, _merged, request, label="loss")
    return (accumulated or loss.accumulator()).averages()


def pointwise(loss, y_true, y_pred, labels, pos_label):
    """Return the loss of every sample, a lazy array."""
    return _each(loss, "pointwise", y_true, y_pred, labels, pos_label)


def derivative(loss, quantity, y_true, raw_prediction, labels, pos_label):
    """Return the gradient or the Hessian diagonal, a lazy array."""
    return _each(loss, quantity, y_true, raw_prediction, labels, pos_label)


def _each(loss, quantity, y_true, prediction, labels, pos_label):
    rows = _rows(**{"y_pred" if quantity == "pointwise" else "raw_prediction": prediction, "y_true": y_true})
    width = np.shape(prediction)[1:] if quantity != "pointwise" else ()
    dtype = np.float32 if getattr(prediction, "dtype", None) == np.float32 else np.float64
    like = np.empty((1, *width), dtype=dtype)
    request = _asked(loss, quantity, y_true, prediction, labels, pos_label)
    return rows.map(_quantity, request, label=quantity, like=like)


def _rows(**collections):
    for name in sorted(collections, reverse=True):  # y_true first
        shape = getattr(collections[name], "shape", ())
        if 0 in shape[1:]:
            raise ValueError(f"{name} is empty, of shape {tuple(shape)}: at least one sample is needed.")
    rows = Rows(**collections)
    if rows.lengths is not None and not any(rows.lengths):
        raise ValueError("y_true is empty: at least one sample is needed.")
    return rows


def labels_of(y):
    """Return the sorted labels that a target in chunks holds."""
    found = _find(y)
    return distinct(found.some)


def _find(y):
    found = Rows(y_true=y).reduce(_found, _both, None, label="labels") if is_chunked(y) else _found(None, y)
    if found is None:
        raise ValueError("y_true is empty: at least one sample is needed.")
    return found


def indicator_of(y, label):
    """Return where a target holds a label, a lazy array."""
    return Rows(y_true=y).map(_equal, label, label="indicator", like=np.empty(1, dtype=bool))


def stacked(columns):
    """Return columns side by side, a lazy array."""
    like = np.empty((1, len(columns)), dtype=columns[0].dtype)
    rows = Rows(**{f"column {k}": column for k, column in enumerate(columns)})
    return rows.map(_side_by_side, None, label="columns", like=like)


def with_columns_of_zeros(rows, count):
    """Return lazy rows with so many more columns, of zeros."""
    like = np.empty((1, rows.shape[1] + count), dtype=rows.dtype)
    return Rows(rows=rows).map(_padded, count, label="unseen", like=like)


def _asked(loss, quantity, y_true, prediction, labels, pos_label):
    """Return what is asked of every chunk, with the labels by which all are encoded alike, where they need any.

    A single chunk does not show what y is: that is decided once, by all of y.
    """
    request = _Request(loss, labels, pos_label, quantity)
    if labels is not None or loss.target_kind not in _OF_CLASSES:
        return request
    if np.ndim(y_true) == 2 and np.shape(y_true)[1] != 1:
        return request
    n_columns = np.shape(prediction)[1] if np.ndim(prediction) == 2 else 1
    of_several = loss.target_kind == "classes" or (n_columns > 2 and loss.several_classes() is not None)
    if n_columns > 2 and not of_several:
        return request  # every chunk refuses it
    found = _find(y_true)
    _, names = classes_by_name(prediction, found.some, None)
    if names is not None:
        encode(found.some, names)  # raises if one is missing
        return request  # every chunk finds the columns by their names
    if found.fractions:  # of other losses the chunk refuses them that holds one
        request.of_probabilities = loss.target_kind == "probability" and not of_several and pos_label is None
    elif of_several:
        request.labels = distinct(found.some)
        single = n_columns == 1 and quantity not in ("gradient", "hessian")
        if single and not (np.ndim(prediction) == 2 and len(request.labels) == 1):
            n_columns = 2  # it is what is predicted of the second of two classes
        check_columns(request.labels, n_columns)
    else:
        names, _ = two_labels(distinct(found.some), None, pos_label, one_column=np.ndim(prediction) == 1)
        request.labels = names if len(names) == 2 else None
    return request


# ---- in the chunks -----------------------------------------------------------------------------------


@dataclass
class _Found:
    some: np.ndarray
    """The labels; or a number with a fraction."""
    fractions: bool


def _found(_, y):
    y = as_classes(np.asarray(y))
    if has_fractions(y):
        return _Found(y[y != np.floor(y)][:1], True)
    return _Found(distinct(y)[:MANY], False)


def _both(one, other):
    some = np.unique(np.concatenate([one.some, other.some]))[:MANY]
    return _Found(some, one.fractions or other.fractions)


def _accumulated(request, y_pred, y_true, sample_weight):
    """Return the accumulator of a chunk."""
    accumulator = request.loss.accumulator(labels=request.labels, pos_label=request.pos_label)
    accumulator.update(request.read(y_true), y_pred, sample_weight)
    accumulator.labels = request.labels  # how all chunks are read was decided before
    return accumulator


def _merged(one, other):
    return one.loss.accumulator().merge(one).merge(other)


def _quantity(request, prediction, y_true):
    names = {"labels": request.labels, "pos_label": request.pos_label}
    return getattr(request.loss, request.quantity)(request.read(y_true), prediction, **names)


def _padded(count, rows):
    return np.pad(rows, ((0, 0), (0, count)))


def _equal(label, y):
    return as_classes(np.asarray(y)) == label


def _side_by_side(_, *columns):
    return np.stack(columns, axis=1)
