"""Objectives and metrics for training code of one's own.

Knows losses, and what is handed to the libraries; imports no library of boosting.
"""

from ..losses import get_loss
from ..losses._targets import as_numbers
from ._objective import Metric, NamedMetric, Objective


def _objective_of(loss, library, y):
    objective = Objective(get_loss(loss), library)
    if y is not None:
        objective.fix_units(as_numbers(y, "y"))
    return objective


def xgboost_objective(loss, *, y=None):
    """Return a loss as objective for XGBoost, in training code of your own.

    `BoostedRegressor` and `BoostedClassifier` do more: they also start from the best constant, which a custom
    objective otherwise loses, and put the link on predictions.

    Parameters
    ----------
    loss : str, Loss or callable
        Any loss but those of a predicted variance. A binary loss takes labels 0 and 1.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        All targets, or a sample of them, from which the unit of curvatures of a loss of numbers is found; by default
        that is done from the targets that the library passes. Needed on several workers, each of which sees its own.

    Returns
    -------
    callable
        For ``XGBRegressor(objective=...)`` and for ``xgboost.train(..., obj=...)``. It gives the gradient and a
        positive curvature, times weights.

    Raises
    ------
    ValueError
        From the objective, where a gradient is no number, predictions diverge, or several workers train without `y`.

    Examples
    --------
    >>> from sklearn_losses.boosting import xgboost_objective
    >>> xgboost_objective("log_loss")([0.0, 1.0], [0.0, 0.0])
    (array([ 0.5, -0.5], dtype=float32), array([0.25, 0.25], dtype=float32))
    """
    return _objective_of(loss, "xgboost", y)


def lightgbm_objective(loss, *, y=None):
    """Return a loss as objective for LightGBM, in training code of your own.

    Parameters
    ----------
    loss : str, Loss or callable
        As for `xgboost_objective`.
    y : array-like of shape (n_samples,), default=None
        As for `xgboost_objective`. That there are several workers is noticed where `lightgbm.dask` trains; with
        LightGBM's own parameter ``machines`` it is for you to pass `y`.

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
    return _objective_of(loss, "lightgbm", y)


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
