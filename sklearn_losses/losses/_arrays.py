"""Losses of arrays of other libraries: PyTorch, CuPy, JAX, whatever speaks the array API standard.

They are taken as scikit-learn takes them: where ``sklearn.set_config(array_api_dispatch=True)`` says so,
results stay in the library, on the device and in the dtype of the prediction; otherwise everything is turned
into NumPy's arrays. The graph of a loss is evaluated here by the library's own functions, so that gradients of
PyTorch flow through. NumPy's arrays never come here.
"""

import numpy as np
from sklearn import get_config

from .._chunks import is_chunked
from ..formula import evaluate
from ..links import REAL, UNIT
from . import _chunked as chunked
from ._programs import graph_of
from ._targets import (
    MODERATE,
    as_classes,
    as_numpy,
    check_range,
    check_sums,
    distinct,
    encode,
    epsilon_of,
    two_labels,
)


def home_of(*arrays):
    """Return what computes a loss where its arguments are; None for NumPy's, and whatever is turned into them.

    The one place that tells: chunks of dask go to ``_chunked.py``, arrays of other namespaces stay here.
    """
    if is_chunked(*arrays):
        return chunked
    xp = other_namespace(*arrays)
    return None if xp is None else _Namespace(xp)


def other_namespace(*arrays):
    """Return the array namespace of the arguments if scikit-learn is to dispatch on it, or None."""
    if not get_config()["array_api_dispatch"]:
        return None
    others = [a for a in arrays if hasattr(a, "shape") and not isinstance(a, np.ndarray | np.generic)]
    others = [a for a in others if hasattr(a, "__array_namespace__") or _is_known(a)]
    if not others:
        return None
    try:
        from array_api_compat import array_namespace
    except ImportError:
        raise ImportError(
            "Arrays of other libraries than NumPy need array-api-compat: pip install 'sklearn-losses[array-api]'."
        ) from None
    return array_namespace(*others)


def labels_of(y):
    """Return the sorted labels that a target holds, as NumPy's array."""
    if is_chunked(y):
        return chunked.labels_of(y)
    xp = other_namespace(y)
    return distinct(as_classes(y if xp is None else as_numpy(xp.unique_values(y))))


def with_columns_of_zeros(rows, count):
    """Return rows with so many more columns, of zeros."""
    if is_chunked(rows):
        return chunked.with_columns_of_zeros(rows, count)
    xp = other_namespace(rows)
    if xp is None:
        rows = np.asarray(rows)
        return np.hstack([rows, np.zeros((len(rows), count), dtype=rows.dtype)])
    return xp.concat([rows, xp.zeros((rows.shape[0], count), dtype=rows.dtype, device=rows.device)], axis=1)


def _is_known(array):
    return type(array).__module__.partition(".")[0] in ("torch", "cupy")


class _Data:
    """What was passed, moved to the namespace, device and dtype of the prediction, and encoded."""

    def __init__(self, loss, xp, y_true, prediction, labels, pos_label, raw):
        self.loss, self.xp, self.raw = loss, xp, raw
        self.name = "raw_prediction" if raw else "y_pred"
        self.f = prediction if hasattr(prediction, "device") else xp.asarray(prediction)
        if not xp.isdtype(self.f.dtype, "real floating"):
            self.f = xp.astype(self.f, xp.float64)
        self.f = _flat(self.f)
        half = epsilon_of(self.f.dtype) > epsilon_of("float32")
        self.dtype = xp.float32 if half else self.f.dtype  # of what is computed
        self.labels, self.pos_label = labels, pos_label
        self.encoding = "as it is"
        self.y = loss._encode_array(self, y_true)
        if self.y.shape[0] != self.f.shape[0]:
            raise ValueError(
                f"Inputs must have the same number of samples: y_true has {self.y.shape[0]}, {self.name} has "
                f"{self.f.shape[0]}."
            )

    def like_prediction(self, values):
        """Return an array as one of the prediction's namespace, device and dtype (of half precision: float32)."""
        xp = self.xp
        device = self.f.device
        if isinstance(values, np.ndarray | list | tuple) or np.isscalar(values):
            return xp.asarray(values, dtype=self.dtype, device=device)
        return xp.astype(xp.asarray(values, device=device), self.dtype)

    def range_of(self, values):
        """Return the lowest and the highest value, and whether there is a NaN."""
        xp = self.xp
        values = values.detach() if hasattr(values, "detach") else values  # of PyTorch: leaves no trace
        return float(xp.min(values)), float(xp.max(values)), bool(xp.any(xp.isnan(values)))

    def float_of(self, value):
        """Return a Python number, of a number that may carry PyTorch's gradients."""
        return float(value.detach() if hasattr(value, "detach") else value)

    def check(self):
        """Raise if a value is outside its domain."""
        loss = self.loss
        if self.encoding in ("as it is", "number"):
            _check(self.y, self.range_of(self.y), loss.target, "y_true")
        allowed = REAL if self.raw else loss.link.predictions
        low, high, has_nan = self.range_of(self.f)
        if allowed == UNIT:
            slack = loss._slack(self.f)
            low = 0.0 if -slack <= low < 0.0 else low
            high = 1.0 if 1.0 < high <= 1.0 + slack else high
        _check(self.f, (low, high, has_nan), allowed, self.name)

    def compute(self, quantity):
        """Return a quantity of every sample (and output)."""
        self.check()
        xp, loss = self.xp, self.loss
        clip = loss._clip(self.f) if quantity == "metric" else None
        results, _, _ = graph_of(loss, quantity, self.encoding, clip)
        y, f = self.y, xp.astype(self.f, self.dtype, copy=False)
        separate = f.ndim == 2 and not loss.couples_outputs  # outputs that do not meet
        if separate:
            y, f = xp.reshape(y, (-1,)), xp.reshape(f, (-1,))
        value, *excess = evaluate(results, {"f": f, "y": y}, xp)
        loss._inspect_excess(self, [self.range_of(e)[1] for e in excess])
        return xp.reshape(value, self.f.shape) if separate else value


def _check(values, found, allowed, name):
    low, high, has_nan = found
    if has_nan or low not in allowed or high not in allowed:
        check_range(as_numpy(values), found, allowed, name)


def _flat(values):
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


class _Namespace:
    """What losses do with arrays of a namespace."""

    def __init__(self, xp):
        self.xp = xp

    def mean(self, loss, y_true, y_pred, sample_weight, labels, pos_label):
        """Return the weighted mean loss, a float."""
        return _mean(_Data(loss, self.xp, y_true, y_pred, labels, pos_label, raw=False), sample_weight)

    def pointwise(self, loss, y_true, y_pred, labels, pos_label):
        """Return the loss of every sample."""
        data = _Data(loss, self.xp, y_true, y_pred, labels, pos_label, raw=False)
        return self.xp.astype(_per_sample(data, data.compute("metric")), data.f.dtype, copy=False)

    def derivative(self, loss, quantity, y_true, raw_prediction, labels, pos_label):
        """Return the gradient or the Hessian diagonal, of the prediction's shape."""
        data = _Data(loss, self.xp, y_true, raw_prediction, labels, pos_label, raw=True)
        each = self.xp.astype(data.compute(quantity), data.f.dtype, copy=False)
        return self.xp.reshape(each, raw_prediction.shape)


def _mean(data, sample_weight):
    xp = data.xp
    each = _per_sample(data, data.compute("metric"))
    if sample_weight is None:
        return data.float_of(xp.mean(each))
    weights = data.like_prediction(sample_weight)
    if tuple(weights.shape) != tuple(each.shape):
        raise ValueError(
            f"sample_weight must hold one number for each of the {each.shape[0]} samples, got shape "
            f"{tuple(weights.shape)}."
        )
    _check(weights, data.range_of(weights), REAL, "sample_weight")
    with np.errstate(over="ignore"):
        total = float(xp.sum(weights))
    largest = float(xp.max(xp.abs(weights)))
    if largest > 0.0 and not MODERATE < abs(total) < np.inf:  # only their ratios matter
        weights = weights / largest
        total = float(xp.sum(weights))
    if not total > 0.0:
        raise ValueError(f"The sample weights sum to {total:g}; their sum must be positive.")
    return data.float_of(xp.sum(xp.where(weights == 0.0, xp.zeros_like(each), each * weights))) / total


def _per_sample(data, each):
    return data.xp.mean(each, axis=1) if each.ndim == 2 else each


# ---- how each kind of loss encodes its y -------------------------------------------------------------


def numbers(data, y_true):
    """Numbers: of the shape of the prediction."""
    y = _flat(data.like_prediction(y_true))
    if tuple(y.shape[1:]) != tuple(data.f.shape[1:]):
        raise ValueError(
            f"y_true of shape {tuple(y.shape)} and a prediction of shape {tuple(data.f.shape)} do not match."
        )
    return y


def binary(data, y_true):
    """Two classes: labels, or for losses of probabilities soft targets."""
    xp, loss = data.xp, data.loss
    several = loss.several_classes()
    if data.f.ndim == 2 and data.f.shape[1] > 2 and several is not None:
        data.loss = several
        return classes(data, y_true)
    if data.f.ndim == 2:
        if data.f.shape[1] == 2 and loss.link.predictions == UNIT and not data.raw:
            check_sums(data.range_of(xp.abs(xp.sum(data.f, axis=1) - 1.0))[1], data.f, data.name)
        else:
            loss._check_columns(np.ones((1, data.f.shape[1])), data.raw)  # raises: one is wanted
        positive = 0 if data.labels is not None and data.pos_label == data.labels[0] else 1
        data.f = data.f[:, positive]
    if (
        loss._soft_targets and np.ndim(y_true) == 2 and y_true.shape[1] == 2
    ):  # both probabilities of each sample
        y = data.like_prediction(y_true)
        check_sums(data.range_of(xp.abs(xp.sum(y, axis=1) - 1.0))[1], y, "y_true")
        return y[:, 1]
    y = data.like_prediction(_codes(data, y_true, 2) if _named(data, y_true) else y_true)
    y = _flat(y)
    low, high, _ = data.range_of(y)
    if low >= 0 and high <= 1:
        data.encoding = loss._zero_one
    elif low == -1 and high in (-1, 1):
        data.encoding = loss._signs
    else:
        found = xp.unique_values(y)
        if found.shape[0] != 2:
            raise ValueError(
                f"y_true holds {found.shape[0]} labels, but {type(loss).__name__} is for two classes."
            )
        data.encoding = loss._zero_one
        y = data.like_prediction(y == found[1])
    return y


def _named(data, y_true):
    is_text = isinstance(y_true, np.ndarray | list) and np.asarray(y_true).dtype.kind not in "fiub"
    return data.labels is not None or data.pos_label is not None or is_text


def _codes(data, y_true, n_classes):
    """Return the position of each label in `labels`."""
    if isinstance(y_true, np.ndarray | list):
        y = as_classes(y_true)
        if n_classes == 2 and not data.loss.couples_outputs:
            labels, positive = two_labels(y, data.labels, data.pos_label)
            return (encode(y, labels) == positive).astype(np.int64)
        return encode(y, distinct(y) if data.labels is None else data.labels)
    xp = data.xp
    kind = (
        bool if xp.isdtype(y_true.dtype, "bool") else int if xp.isdtype(y_true.dtype, "integral") else float
    )
    known = [kind(v) for v in (xp.unique_values(y_true) if data.labels is None else data.labels)]
    if len(known) != n_classes:
        raise ValueError(
            f"y_true holds {len(known)} labels and the prediction has {n_classes} columns, so it is unknown which "
            f"class each column is. Pass labels=, in the order of the columns."
        )
    if data.pos_label is not None:
        known = sorted(known, key=lambda label: label == data.pos_label)
    codes = xp.full(y_true.shape, -1, dtype=xp.int64, device=y_true.device)
    for code, label in enumerate(known):
        codes = xp.where(y_true == label, xp.asarray(code, dtype=xp.int64, device=y_true.device), codes)
    if bool(xp.any(codes < 0)):
        raise ValueError(f"y_true contains a label that is not among labels={known}.")
    return codes


def classes(data, y_true):
    """Several classes: labels, or rows of probabilities."""
    xp = data.xp
    if data.f.ndim == 1:
        of_probability = data.loss.link.predictions == UNIT
        columns = [1.0 - data.f, data.f] if of_probability else [-0.5 * data.f, 0.5 * data.f]
        data.f = data.f[:, None] if data.raw else xp.stack(columns, axis=1)
    if np.ndim(y_true) == 2 if isinstance(y_true, np.ndarray | list) else y_true.ndim == 2:
        y = data.like_prediction(y_true)
        if y.shape[1] != data.f.shape[1]:
            raise ValueError(
                f"y_true has {y.shape[1]} columns and the prediction {data.f.shape[1]}: both need one a class."
            )
        return y
    data.encoding = "label"
    return data.like_prediction(_codes(data, y_true, data.f.shape[1]))


def rows(data, y_true):
    """Rows of as many numbers as the prediction has."""
    if data.f.ndim == 1:
        data.f = data.f[:, None]
    y = data.like_prediction(y_true)
    y = y[:, None] if y.ndim == 1 else y
    if tuple(y.shape[1:]) != tuple(data.f.shape[1:]):
        raise ValueError(
            f"y_true of shape {tuple(y.shape)} and a prediction of shape {tuple(data.f.shape)} do not match."
        )
    return y


def beside_moments(data, y_true):
    """One number a sample, beside a mean and a variance."""
    data.encoding = "number"
    if data.f.ndim != 2 or data.f.shape[1] != 2:
        raise ValueError(f"{data.name} must have two columns, mean and variance; got {tuple(data.f.shape)}.")
    return _flat(data.like_prediction(y_true))
