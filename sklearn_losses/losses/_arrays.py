"""Losses of arrays of other libraries: PyTorch, CuPy, JAX, whatever speaks the array API standard.

Where scikit-learn dispatches on them (see ``_namespaces.py``), results stay in the library, on the device and in the
dtype of the prediction, and y and weights are moved beside it. They are read by the same code as NumPy's, which never
come here; the graph of a loss is evaluated by the library's own functions, so that gradients of PyTorch flow through.
"""

from typing import Any

import numpy as np

from .._chunks import is_chunked
from ..formula import evaluate
from ..links import REAL
from . import _chunked as chunked
from ._namespaces import as_numpy, is_floating, moved, on_host, other_namespace, space_of, survey
from ._programs import graph_of
from ._targets import (
    as_classes,
    as_numbers,
    as_weights,
    check_range,
    check_same_length,
    distinct,
    has_fractions,
    moderate_sums,
    two_labels,
)


def home_of(prediction: Any, y_true: Any, sample_weight: Any = None) -> Any:
    """Return what computes a loss where its arguments are; None for NumPy's, and whatever is turned into them.

    The one place that tells: chunks of dask go to ``_chunked.py``, arrays of other namespaces stay here. As in
    scikit-learn, the rest follows the prediction.
    """
    if type(prediction) is type(y_true) is np.ndarray and (
        sample_weight is None or type(sample_weight) is np.ndarray
    ):
        return None
    others = y_true, sample_weight
    if is_chunked(prediction, *others):
        return chunked
    xp = other_namespace(prediction)
    if xp is not None:
        return _Namespace(xp)
    return _Host() if any(other_namespace(other) is not None for other in others) else None


def beside(values, array):
    """Return numbers where an array is, of its dtype if that is one of floats."""
    xp = None if is_chunked(array) else other_namespace(array)
    if xp is None:
        return values
    return moved(values, array) if is_floating(array) else xp.asarray(values, device=array.device)


def labels_of(y):
    """Return the sorted labels that a target holds, as NumPy's array."""
    return chunked.labels_of(y) if is_chunked(y) else distinct(as_classes(y))


def columns_of(values):
    """Return how many columns a target or a prediction has."""
    shape = np.shape(values)
    return shape[1] if len(shape) == 2 else 1


def stacked(columns):
    """Return columns, each of shape (n_samples,), side by side."""
    if is_chunked(*columns):
        return chunked.stacked(columns)
    xp = space_of(columns[0])
    return xp.stack([xp.asarray(column) for column in columns], axis=1)


def both_columns(values, whole=1.0):
    """Return the columns of two classes, of that of the second one: the two add up to `whole`."""
    values = values if hasattr(values, "ndim") else np.asarray(values)
    values = values[:, 0] if values.ndim == 2 else values
    return stacked([whole - values, values])


def indicator_of(y, label):
    """Return where a target, in one column, holds a label."""
    if is_chunked(y):
        return chunked.indicator_of(y, label)
    return as_classes(y) == label


def with_columns_of_zeros(rows, count):
    """Return rows with so many more columns, of zeros."""
    if is_chunked(rows):
        return chunked.with_columns_of_zeros(rows, count)
    xp = other_namespace(rows)
    if xp is None:
        rows = np.asarray(rows)
        return np.hstack([rows, np.zeros((len(rows), count), dtype=rows.dtype)])
    return xp.concat([rows, xp.zeros((rows.shape[0], count), dtype=rows.dtype, device=rows.device)], axis=1)


class _Host:
    """What losses do where the prediction is NumPy's and something else is not: move that to it."""

    def averages(self, loss, y_true, y_pred, sample_weight, labels, pos_label):
        """Return the weighted mean loss of each output."""
        data = loss._encode(on_host(y_true), y_pred, labels, pos_label, raw=False)
        return data.loss._averages(data, as_weights(on_host(sample_weight), len(data.f)))

    def pointwise(self, loss, y_true, y_pred, labels, pos_label):
        """Return the loss of every sample."""
        return loss.pointwise(on_host(y_true), y_pred, labels=labels, pos_label=pos_label)

    def derivative(self, loss, quantity, y_true, raw_prediction, labels, pos_label):
        """Return the gradient or the Hessian diagonal."""
        return loss._derivative(quantity, on_host(y_true), raw_prediction, labels, pos_label)


class _Namespace:
    """What losses do with predictions of a namespace."""

    def __init__(self, xp):
        self.xp = xp

    def averages(self, loss, y_true, y_pred, sample_weight, labels, pos_label):
        """Return the weighted mean loss of each output."""
        each = self._compute(loss, "metric", y_true, _of_floats(y_pred), labels, pos_label)
        totals = self._totals(each, sample_weight)
        if any(np.isnan(total) for total, _ in totals):  # the host says where
            loss(
                as_numpy(y_true),
                as_numpy(y_pred),
                sample_weight=sample_weight,
                labels=labels,
                pos_label=pos_label,
            )
        return loss._means(totals)

    def pointwise(self, loss, y_true, y_pred, labels, pos_label):
        """Return the loss of every sample."""
        y_pred = _of_floats(y_pred)
        each = self._compute(loss, "metric", y_true, y_pred, labels, pos_label)
        each = self.xp.mean(each, axis=1) if each.ndim == 2 else each
        return self.xp.astype(each, y_pred.dtype, copy=False)

    def derivative(self, loss, quantity, y_true, raw_prediction, labels, pos_label):
        """Return the gradient or the Hessian diagonal, of the prediction's shape."""
        raw_prediction = _of_floats(raw_prediction)
        each = self._compute(loss, quantity, y_true, raw_prediction, labels, pos_label)
        return self.xp.astype(self.xp.reshape(each, raw_prediction.shape), raw_prediction.dtype, copy=False)

    def _compute(self, loss, quantity, y_true, prediction, labels, pos_label):
        """Return a quantity of every sample (and output); of half precision in single."""
        xp, raw = self.xp, quantity != "metric"
        if other_namespace(y_true) is not xp:
            y_true = on_host(y_true)  # of another library; or labels, which may be no numbers
        data = loss._encode(y_true, prediction, labels, pos_label, raw)
        check_same_length(**{"y_true": data.y, "raw_prediction" if raw else "y_pred": data.f})
        loss, f = data.loss, data.f
        clip = None if raw else loss._clip(f)
        f = xp.astype(f, xp.float32) if xp.finfo(f.dtype).bits < 32 else f
        y = moved(data.y, f)
        if loss._reads_labels(data.encoding) and has_fractions(data.y):  # which a narrower dtype may lose
            two_labels(as_numpy(data.y), None, None)  # says what is wrong with the labels
        loss._inspect(data, (survey(data.y), survey(f)), [], raw)
        results, _, _ = graph_of(loss, quantity, data.encoding, clip)
        separate = f.ndim == 2 and not loss.couples_outputs  # outputs that do not meet
        if separate:
            y, f = xp.reshape(y, (-1,)), xp.reshape(f, (-1,))
        value, *excess = evaluate(results, {"f": f, "y": y}, xp)
        loss._inspect_excess(data, [survey(check)[1] for check in excess])
        return xp.reshape(value, data.f.shape) if separate else value

    def _totals(self, each, sample_weight):
        """Return Σ w ℓ and Σ w of each output, or their means over samples."""
        xp = self.xp
        weights = as_weights(sample_weight, each.shape[0])
        if weights is None:
            return _pairs(xp.mean(each, axis=0), 1.0)
        check_range(weights, survey(weights), REAL, "sample_weight")

        def sums(weights):
            weights = moved(weights, each)
            total = float(xp.sum(weights))
            weights = weights[:, None] if each.ndim == 2 else weights
            return _pairs(
                xp.sum(xp.where(weights == 0.0, xp.zeros_like(each), each * weights), axis=0), total
            )

        limits = xp.finfo(each.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            return moderate_sums(sums, weights, float(limits.smallest_normal / limits.eps))


def _pairs(sums, total):
    """Return Σ w ℓ of each output, each with Σ w."""
    return [(float(value), total) for value in np.atleast_1d(as_numpy(sums))]


def _of_floats(prediction):
    """Return a prediction as an array of floats, which integers and booleans are turned into."""
    xp = other_namespace(prediction)
    if xp.isdtype(prediction.dtype, ("integral", "bool")):
        return xp.astype(as_numbers(prediction, "y_pred"), xp.float64)
    return prediction
