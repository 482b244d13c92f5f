"""What displays of forecasts are given: predictions by name, or fitted models that make them.

Knows losses and estimators by their public methods; nothing of what is drawn.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._sampling import Sampling
from ..losses import get_loss
from ..losses._targets import check_same_length, checked_weights
from ..metrics._isotonic import elicited
from ._axes import Display


def by_name(forecasts: Any, name: str | None) -> dict[str, Any]:
    """Return forecasts by name; a single one has the name that is given, or none, the empty one."""
    if not isinstance(forecasts, Mapping):
        return {"" if name is None else str(name): forecasts}
    if name is not None:
        raise ValueError("name= is for one forecast; a dict names its own.")
    if not forecasts:
        raise ValueError("No forecasts: pass predictions, or a dict of names to them.")
    return {str(key): value for key, value in forecasts.items()}


def in_group(group: Mapping[str, Any], name: str) -> str:
    """Return the name of a forecast in a group: of both that are there."""
    return ", ".join(word for word in (*map(str, group.values()), name) if word)


def predicted(
    estimators: Any, X: Any, loss: Any, name: str | None, by: Any = None
) -> tuple[dict[str, Any], Any]:
    """Return what fitted models predict of what the loss is about, by name, and the labels of their columns.

    A single model has the name that is given, or that of its class, or none where groups have names.
    """
    loss = get_loss(loss)
    if name is None and _is_one(estimators):
        name = type(estimators).__name__ if by is None else ""
    models = by_name(estimators, name)
    labels = None
    for key, model in models.items():
        if not hasattr(model, loss.response_method):
            raise ValueError(
                f"{loss!r} is a loss of what {loss.response_method} returns, but {type(model).__name__} has no "
                f"{loss.response_method}."
            )
        models[key] = getattr(model, loss.response_method)(X)
        if loss.response_method != "predict":
            labels = getattr(model, "classes_", None)
    return models, labels


def _is_one(estimators):
    return not isinstance(estimators, Mapping)


def encoded(
    loss: Any,
    y_true: Any,
    forecasts: Mapping[str, Any],
    sample_weight: Any,
    labels: Any,
    pos_label: Any,
    purpose: str,
) -> tuple[Any, np.ndarray, dict[str, np.ndarray], np.ndarray | None]:
    """Return the loss, y and predictions as numbers, and the weights; of what the loss elicits."""
    loss = get_loss(loss)
    found = {}
    for name, y_pred in forecasts.items():
        loss(y_true, y_pred, labels=labels, pos_label=pos_label)  # says what is wrong with the data
        data, y = elicited(loss, y_true, y_pred, labels, pos_label, purpose)
        check_same_length(y_true=y, y_pred=data.f)
        found[name] = np.asarray(data.f, dtype=np.float64)
        loss = data.loss
    weights = checked_weights(sample_weight, len(y))
    return loss, np.asarray(y, dtype=np.float64), found, weights


def sampling(weights: np.ndarray | None, n: int) -> Sampling:
    """Return the sampling of independent samples."""
    return Sampling(np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64))


def rounded(value: float, digits: int = 3) -> str:
    """Return a number with so many digits, and without an exponent."""
    return np.format_float_positional(value, precision=digits, fractional=False, trim="-")


def what_is_elicited(loss: Any) -> str:
    """Return in words what the loss elicits."""
    if loss.target_kind == "probability":
        return "probability"
    level = "" if loss.level is None else f"{loss.level:g}-"
    return f"{level}{loss.elicits}"


class ForecastDisplay(Display):
    """A display of forecasts that are judged by one loss, which also says what models are asked for."""

    from_predictions: Any
    """Supplied by each of them."""

    @classmethod
    def from_estimator(cls, estimator, X, y, *, loss, name=None, **keywords):
        """Draw the forecasts of one fitted model or several.

        Parameters
        ----------
        estimator : estimator, or dict of str to them
            Fitted; or several by name.
        X : array-like of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,)
            What was observed.
        loss : Loss or str
            It says what is forecast, and by which method of the model, and is what `from_predictions` takes.
        name : str, default=None
            The name of a single model; by default that of its class, or none with `by`.
        **keywords
            As `from_predictions` takes them.

        Returns
        -------
        The display.
        """
        forecasts, labels = predicted(estimator, X, loss, name, keywords.get("by"))
        if labels is not None:
            keywords.setdefault("labels", labels)
        return cls.from_predictions(y, forecasts, loss=loss, **keywords)
