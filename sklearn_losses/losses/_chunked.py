"""Losses of dask's collections: sums over chunks of rows, computed where these are.

Knows how losses read labels, and chunks of rows; knows nothing of dask itself. A mean gathers one number a chunk
and output. Which labels there are is found first, from y alone, unless `labels` says it; `pointwise` and the
derivatives are lazy but for that.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._chunks import Rows, is_chunked
from ._targets import as_classes, distinct, has_fractions, two_labels

MANY = 100_000  # distinct labels: more are no labels
_OF_CLASSES = ("sign", "probability", "classes")


@dataclass
class _Request:
    """What is asked of every chunk."""

    loss: Any
    labels: Any
    pos_label: Any
    quantity: str = ""


def mean(loss, y_true, y_pred, sample_weight, labels, pos_label):
    """Return the weighted mean loss, a float."""
    return float(np.mean(averages(loss, y_true, y_pred, sample_weight, labels, pos_label)))


def averages(loss, y_true, y_pred, sample_weight=None, labels=None, pos_label=None):
    """Return the weighted mean loss of each output."""
    weights = None if np.ndim(sample_weight) == 0 else sample_weight  # one weight for all is none
    rows = Rows(y_pred=y_pred, y_true=y_true, sample_weight=weights)
    request = _Request(loss, _labels(loss, y_true, y_pred, labels, pos_label), pos_label)
    accumulated = rows.reduce(_accumulated, _merged, request, label="loss")
    return (accumulated or loss.accumulator()).averages()


def pointwise(loss, y_true, y_pred, labels, pos_label):
    """Return the loss of every sample, a lazy array."""
    return _each(loss, "pointwise", y_true, y_pred, labels, pos_label)


def derivative(loss, quantity, y_true, raw_prediction, labels, pos_label):
    """Return the gradient or the Hessian diagonal, a lazy array."""
    return _each(loss, quantity, y_true, raw_prediction, labels, pos_label)


def _each(loss, quantity, y_true, prediction, labels, pos_label):
    rows = Rows(prediction=prediction, y_true=y_true)
    labels = _labels(loss, y_true, prediction, labels, pos_label)
    width = prediction.shape[1:] if quantity != "pointwise" else ()
    dtype = np.float32 if getattr(prediction, "dtype", None) == np.float32 else np.float64
    like = np.empty((1, *width), dtype=dtype)
    return rows.map(_quantity, _Request(loss, labels, pos_label, quantity), label=quantity, like=like)


def labels_of(y):
    """Return the sorted labels that a target in chunks holds."""
    found = _find(y)
    return distinct(found.some)


def _find(y):
    found = Rows(y_true=y).reduce(_found, _both, None, label="labels")
    if found is None:
        raise ValueError("y_true is empty: at least one sample is needed.")
    return found


def with_columns_of_zeros(rows, count):
    """Return lazy rows with so many more columns, of zeros."""
    like = np.empty((1, rows.shape[1] + count), dtype=rows.dtype)
    return Rows(rows=rows).map(_padded, count, label="unseen", like=like)


def _labels(loss, y_true, prediction, labels, pos_label):
    """Return the labels by which all chunks are encoded alike; None where chunks need none."""
    if labels is not None or loss.target_kind not in _OF_CLASSES or not is_chunked(y_true):
        return labels
    if y_true.ndim == 2 and y_true.shape[1] != 1:
        return None
    found = _find(y_true)
    if found.fractions:
        return None
    found = distinct(found.some)
    wide = prediction.ndim == 2 and prediction.shape[1] > 2
    if loss.target_kind == "classes" or (wide and loss.several_classes()):
        return found
    return two_labels(found, None, pos_label)[0]


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
    accumulator.update(_dense(y_true), np.asarray(y_pred), sample_weight)
    accumulator.labels = request.labels  # how all chunks are read was decided before
    return accumulator


def _merged(one, other):
    return one.loss.accumulator().merge(one).merge(other)


def _quantity(request, prediction, y_true):
    names = {"labels": request.labels, "pos_label": request.pos_label}
    prediction, y_true = np.asarray(prediction), _dense(y_true)
    each = getattr(request.loss, request.quantity)(y_true, prediction, **names)
    return each.reshape(prediction.shape) if request.quantity != "pointwise" else each


def _padded(count, rows):
    return np.pad(rows, ((0, 0), (0, count)))


def _dense(y):
    return y.toarray() if hasattr(y, "toarray") else np.asarray(y)
