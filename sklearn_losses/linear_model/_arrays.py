"""Arrays of other libraries, under scikit-learn's array_api_dispatch: where they live, and predictions of them.

Knows namespaces and devices, and how targets read raw predictions. As in scikit-learn, everything follows X: y and
weights are moved to X's namespace and device, and a model predicts in those of the X that it was fitted on.
"""

import numpy as np
from sklearn.utils.validation import validate_data

from ..formula import SCALAR, VECTOR, evaluate, trace, variable
from ..links import Link
from ..losses._arrays import other_namespace
from ..losses._targets import as_numpy


def is_foreign(values):
    """Tell whether these are arrays of another library that scikit-learn is to dispatch on."""
    return other_namespace(values) is not None


def on_host(values):
    """Give what NumPy's own code takes: arrays of other libraries as NumPy's, all else as it is."""
    return as_numpy(values) if is_foreign(values) else values


def moved(values, xp, device, dtype=None):
    """Give numbers, of any library, as an array of a namespace on a device."""
    if other_namespace(values) is xp:
        values = values if dtype is None else xp.astype(values, dtype, copy=False)
        return values if values.device == device else _to_device(values, device)
    # a copy, since libraries take neither negative strides nor read-only memory
    return xp.asarray(np.array(on_host(values)), dtype=dtype, device=device)


def _to_device(values, device):
    from array_api_compat import to_device

    return to_device(values, device)


def detached(values):
    """Give an array of PyTorch without its gradients, and all else as it is."""
    return values.detach() if hasattr(values, "detach") else values


def widest(xp, device):
    """Give the widest floating dtype of a device: float64 almost everywhere."""
    try:
        return xp.zeros(1, dtype=xp.float64, device=device).dtype
    except (TypeError, ValueError, RuntimeError):
        return xp.float32


def check_same_place(estimator, X, method):
    """Raise unless X is of the namespace, and on the device, that a model was fitted on."""
    coef = estimator.coef_
    xp, fitted = other_namespace(X), other_namespace(coef)
    if xp is fitted and (xp is None or X.device == coef.device):
        return
    places = [
        "NumPy" if space is None else f"{space.__name__.rpartition('.')[2]}, device {array.device}"
        for space, array in ((fitted, coef), (xp, X))
    ]
    raise ValueError(
        f"Inputs passed to {type(estimator).__name__}.{method}() must use the same namespace and the same device as "
        f"those passed to fit(): fit() had arrays of {places[0]}, {method}() has arrays of {places[1]}. Move X there, "
        f"or fit again."
    )


def raw_prediction(estimator, X):
    """X @ coef_.T + intercept_ of a model that was fitted where X is."""
    xp, coef = other_namespace(X), estimator.coef_
    X = validate_data(estimator, detached(X), dtype=[coef.dtype, xp.float64, xp.float32], reset=False)
    dtype = xp.result_type(X, coef)
    coef = xp.astype(coef if coef.ndim == 2 else coef[None, :], dtype, copy=False)
    return xp.astype(X, dtype, copy=False) @ coef.T + xp.astype(estimator.intercept_, dtype, copy=False)


def logarithm(values):
    """Give the logarithm, of an array of any library."""
    return (other_namespace(values) or np).log(values)


def predictions(link: Link, raw, xp):
    """Give the predictions of raw predictions, as `Link.prediction` does."""
    rank = VECTOR if raw.ndim == 2 else SCALAR
    dtype = np.float32 if raw.dtype == xp.float32 else np.float64

    def inside(f):
        return link.predictions.keep(link.inverse(f), dtype)

    (prediction,) = evaluate([trace(inside, variable("f", rank), rank=rank)], {"f": raw}, xp)
    return prediction


class ArrayTarget:
    """What a `Target` makes of raw predictions, of those of another library.

    Parameters
    ----------
    target : Target
    raw : array
        The raw predictions that will be asked about.
    """

    def __init__(self, target, raw):
        self.target = target
        self.xp, self.device = other_namespace(raw), raw.device

    def decision(self, raw):
        """Give what `decision_function` returns."""
        return self.target.decision(raw)

    def predict(self, raw):
        """Give what `predict` returns; labels that are no numbers as NumPy's array."""
        target, xp = self.target, self.xp
        if not hasattr(target, "classes"):
            return predictions(target.loss.link, raw[:, 0] if target.flat else raw, xp)
        if target.loss.target_kind == "indicator":
            return xp.astype(raw > 0, xp.int64)
        chosen = self._chosen(raw)
        if target.classes.dtype.kind not in "fiub":
            return target.classes[as_numpy(chosen)]
        dtype = widest(xp, self.device) if target.classes.dtype.kind == "f" else None
        return xp.take(moved(target.classes, xp, self.device, dtype), chosen)

    def _chosen(self, raw):
        """Give the positions of the predicted classes."""
        xp = self.xp
        if self.target.n_outputs == 1:
            return xp.astype(raw[:, 0] > 0, xp.int64)
        return xp.argmax(raw, axis=1)

    def probabilities(self, raw):
        """Give what `predict_proba` returns."""
        loss, xp = self.target.loss, self.xp
        if loss.couples_outputs:
            return predictions(loss.link, raw, xp)
        probability = predictions(loss.positive_probability, raw, xp)
        if self.target.n_outputs == 1:
            return xp.concat([1.0 - probability, probability], axis=1)
        total = xp.sum(probability, axis=1, keepdims=True)
        nothing = total == 0
        uniform = xp.full_like(probability, 1.0 / probability.shape[1])
        return xp.where(nothing, uniform, probability / xp.where(nothing, xp.ones_like(total), total))
