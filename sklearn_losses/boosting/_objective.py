"""Losses as the functions that libraries of boosting call in every round: objectives and evaluation metrics.

They take what the library hands over (labels as numbers, raw predictions, weights) and hold nothing but the loss.
Knows losses and their curvature; imports no library of boosting.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..losses import get_loss
from ..losses._programs import program_of
from ..losses._targets import as_numpy, check_range
from ._curvature import Steps


class Conventions(NamedTuple):
    """Where the objectives of two libraries differ, so that ours do what their own do."""

    name: str
    """What the library is called."""
    softmax_factor: Callable[[int], float]
    """By what the diagonal of the Hessian of K raw predictions is multiplied, a function of K."""
    reach: float = 0.7
    """How far a step may move a prediction with a logarithmic link."""


XGBOOST = Conventions("xgboost", lambda n_outputs: 2.0)
LIGHTGBM = Conventions("lightgbm", lambda n_outputs: n_outputs / (n_outputs - 1.0))
CONVENTIONS = {"xgboost": XGBOOST, "lightgbm": LIGHTGBM}


class _OfLoss:
    """What objective and metric share: a loss, and how to read what a library passes."""

    role: str

    def __init__(self, loss, library):
        self.loss = loss
        self.library = library

    @property
    def __name__(self):
        return self.loss.__name__

    def __repr__(self):
        return f"<{self.loss!r} as {self.role} of {self.library}>"

    def _read(self, y_true, raw_prediction, sample_weight):
        """Return pairs (y, f), one for each output that stands alone, the weights, and how y is encoded."""
        y, f, loss = as_numpy(y_true), as_numpy(raw_prediction), self.loss
        weights = None if sample_weight is None or len(sample_weight) == 0 else as_numpy(sample_weight)
        if f.ndim == 2 and f.shape[1] == 1:
            f = f[:, 0]
        if loss.couples_outputs:
            if y.ndim == 2 or f.ndim == 1:
                return [(y, f)], weights, "as it is"
            return [(y.astype(np.intp), f)], weights, "label"
        if f.ndim == 1:
            reading = getattr(loss, "_reading", None)
            return [(y, f)], weights, (reading and reading(y)) or "as it is"
        if y.ndim == 1:  # one class against the rest
            low, high = loss.binary_values
            y = np.where(y[:, None] == np.arange(f.shape[1]), high, low)
        return list(zip(y.T, f.T, strict=True)), weights, "as it is"


def _arguments(first, second, sample_weight):
    """Return y, f and weights, of the signature of scikit-learn's metrics or of the libraries' native one."""
    if hasattr(second, "get_label"):
        return second.get_label(), first, second.get_weight()
    return first, second, sample_weight


class Objective(_OfLoss):
    """A loss as objective: ``objective(y_true, raw_prediction, sample_weight=None)``, gradient and curvature.

    Also takes the native signature of the libraries, ``objective(raw_prediction, data_set)``.
    """

    role = "objective"

    def __init__(self, loss, library, reach=None):
        super().__init__(loss, library)
        self.reach = CONVENTIONS[library].reach if reach is None else reach

    def __call__(self, y_true, raw_prediction, sample_weight=None):
        """Return gradient and positive curvature, weighted, of the shape of the prediction."""
        y_true, raw_prediction, sample_weight = _arguments(y_true, raw_prediction, sample_weight)
        columns, weights, encoding = self._read(y_true, raw_prediction, sample_weight)
        steps = self._steps(encoding)
        pairs = []
        for y, f in columns:
            self._check(f)
            gradient, curvature, range_of_y = steps(y, f, weights)
            if encoding == "as it is":
                check_range(y, range_of_y, self.loss.target, "y_true")
            if f.ndim == 2:
                curvature *= CONVENTIONS[self.library].softmax_factor(f.shape[1])
            if weights is not None:
                weight = weights if f.ndim == 1 else weights[:, None]
                gradient, curvature = gradient * weight, curvature * weight
            pairs.append((gradient, curvature))
        shape = np.shape(raw_prediction)
        gradient, curvature = (
            (np.stack(parts, axis=1) if len(parts) > 1 else parts[0]).reshape(shape).astype(np.float32)
            for parts in zip(*pairs, strict=True)
        )
        return gradient, curvature

    def _steps(self, encoding):
        """Return the compiled loss; traced once an object, and not when the object is copied or stored."""
        cache = self.__dict__.setdefault("_compiled", {})
        if encoding not in cache:
            cache[encoding] = Steps(self.loss, encoding, self.reach)
        return cache[encoding]

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "_compiled"}

    def _check(self, f):
        if not max(-f.min(), f.max()) < 1e30:  # NaN, infinity, or nearly too large for float32
            raise ValueError(
                f"Boosting with {self.loss!r} diverged: a raw prediction is no longer a number of any use. Lower the "
                f"learning rate, or limit the steps with max_delta_step."
            )


class Metric(_OfLoss):
    """A loss as evaluation metric of XGBoost: ``metric(y_true, raw_prediction, sample_weight=None)``."""

    role = "metric"

    def __call__(self, y_true, raw_prediction, sample_weight=None):
        """Return the weighted mean loss; with the native signature, (name, weighted mean loss)."""
        native = hasattr(raw_prediction, "get_label")
        y_true, raw_prediction, sample_weight = _arguments(y_true, raw_prediction, sample_weight)
        columns, weights, encoding = self._read(y_true, raw_prediction, sample_weight)
        program = program_of(self.loss, "value", encoding)
        means = []
        for y, f in columns:
            total, weight, *_ = program.total(y, f, weights)
            means.append(total / weight)
        return self._result(float(np.mean(means)), native)

    def _result(self, mean, native):
        return (self.__name__, mean) if native else mean


class NamedMetric(Metric):
    """A loss as evaluation metric of LightGBM, which returns (name, weighted mean loss, False: lower is better)."""

    def _result(self, mean, native):
        return self.__name__, mean, False


def xgboost_objective(loss):
    """Return a loss as objective for XGBoost, in training code of your own.

    `BoostedRegressor` and `BoostedClassifier` do more: they also start from the best constant, which a custom
    objective otherwise loses, and put the link on predictions.

    Parameters
    ----------
    loss : str, Loss or callable
        Any loss but those of a predicted variance. A binary loss takes labels 0 and 1.

    Returns
    -------
    callable
        For ``XGBRegressor(objective=...)`` and for ``xgboost.train(..., obj=...)``. It gives the gradient and a
        positive curvature, times weights.

    Examples
    --------
    >>> from sklearn_losses.boosting import xgboost_objective
    >>> xgboost_objective("log_loss")([0.0, 1.0], [0.0, 0.0])
    (array([ 0.5, -0.5], dtype=float32), array([0.25, 0.25], dtype=float32))
    """
    return Objective(get_loss(loss), "xgboost")


def lightgbm_objective(loss):
    """Return a loss as objective for LightGBM, in training code of your own.

    Parameters
    ----------
    loss : str, Loss or callable
        As for `xgboost_objective`.

    Returns
    -------
    callable
        For ``LGBMRegressor(objective=...)`` and for ``params["objective"]`` of ``lightgbm.train``.

    Examples
    --------
    >>> from sklearn_losses.boosting import lightgbm_objective
    >>> lightgbm_objective("squared_error")([0.0, 1.0], [0.0, 3.0], [1.0, 2.0])
    (array([0., 4.], dtype=float32), array([1., 2.], dtype=float32))
    """
    return Objective(get_loss(loss), "lightgbm")


def xgboost_metric(loss):
    """Return a loss as evaluation metric for XGBoost, of raw predictions.

    Parameters
    ----------
    loss : str, Loss or callable
        As for `xgboost_objective`.

    Returns
    -------
    callable
        For ``XGBRegressor(eval_metric=...)`` and for ``xgboost.train(..., custom_metric=...)``, beside the
        objective of the same loss.

    Examples
    --------
    >>> from sklearn_losses.boosting import xgboost_metric
    >>> xgboost_metric("squared_error")([0.0, 1.0], [0.0, 3.0])
    2.0
    """
    return Metric(get_loss(loss), "xgboost")


def lightgbm_metric(loss):
    """Return a loss as evaluation metric for LightGBM, of raw predictions.

    Parameters
    ----------
    loss : str, Loss or callable
        As for `xgboost_objective`.

    Returns
    -------
    callable
        For ``LGBMRegressor().fit(..., eval_metric=...)`` and for ``lightgbm.train(..., feval=...)``, beside the
        objective of the same loss.

    Examples
    --------
    >>> from sklearn_losses.boosting import lightgbm_metric
    >>> lightgbm_metric("squared_error")([0.0, 1.0], [0.0, 3.0])
    ('squared_error', 2.0, False)
    """
    return NamedMetric(get_loss(loss), "lightgbm")
