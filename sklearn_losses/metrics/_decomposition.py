"""What a score is made of: miscalibration, discrimination and uncertainty.

Knows losses that elicit a functional, and isotonic regression; called on predictions, not on models.
"""

from dataclasses import dataclass, fields

import numpy as np

from ..losses import get_loss
from ..losses._namespaces import on_host
from ..losses._targets import as_weights
from ._isotonic import elicited, isotonic, of_sample

__all__ = ["Decomposition", "decomposition"]


@dataclass(frozen=True)
class Decomposition:
    """A score and its parts: ``score = miscalibration - discrimination + uncertainty``.

    Parameters
    ----------
    score : float
        The mean loss of the predictions.
    miscalibration : float
        What recalibrating the predictions would save; 0 for a calibrated model.
    discrimination : float
        What the recalibrated predictions save against the best constant: how well they tell samples apart.
    uncertainty : float
        The mean loss of the best constant; a property of the data, not of the model.
    """

    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float

    def __repr__(self):
        width = max(len(field.name) for field in fields(self))
        rows = [f"{field.name:<{width}}  {getattr(self, field.name):.6g}" for field in fields(self)]
        return "\n".join(rows)

    def _repr_html_(self):
        rows = "".join(
            f"<tr><th>{field.name}</th><td>{getattr(self, field.name):.6g}</td></tr>"
            for field in fields(self)
        )
        return f"<table>{rows}</table>"


def decomposition(loss, y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None):
    """Split the mean loss into miscalibration, discrimination and uncertainty.

    The predictions are recalibrated by isotonic regression, for the functional that the loss elicits: the
    mean, the median, a quantile, an expectile or Huber's functional.

    Parameters
    ----------
    loss : Loss or str
        A loss of one number a sample that elicits a functional, such as `SquaredError`, `Poisson`, `LogLoss`,
        `Brier`, `Pinball` or `Expectile`.
    y_true, y_pred : array-like of shape (n_samples,)
        What was observed and what was predicted, as the loss takes them when it is called.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of samples.
    labels, pos_label
        As the loss takes them when it is called.

    Returns
    -------
    Decomposition

    Raises
    ------
    ValueError
        If the loss elicits no functional, or has several outputs.

    References
    ----------
    .. [1] T. Dimitriadis, T. Gneiting and A. I. Jordan, "Stable reliability diagrams for probabilistic
       classifiers", PNAS 118 (2021), :doi:`10.1073/pnas.2016191118`.

    Examples
    --------
    >>> from sklearn_losses import LogLoss, decomposition
    >>> decomposition(LogLoss(), [0, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.8, 0.9])
    score           0.395301
    miscalibration  0.164252
    discrimination  0.462098
    uncertainty     0.693147
    """
    loss = get_loss(loss)
    y_true, y_pred, sample_weight = map(on_host, (y_true, y_pred, sample_weight))
    data, y = elicited(loss, y_true, y_pred, labels, pos_label, "decomposed")
    loss = data.loss
    weights = as_weights(sample_weight, len(data.f))
    score = loss(y_true, y_pred, sample_weight=sample_weight, labels=labels, pos_label=pos_label)

    def mean_loss(prediction):
        # a mean of zeros is 0, its link infinite
        kept = data._replace(f=loss.link.predictions.keep(prediction))
        return loss._averages(kept, weights)[0]

    marginal = of_sample(loss)(y, weights)
    recalibrated = mean_loss(isotonic(loss, y, np.asarray(data.f, dtype=np.float64), weights))
    uncertainty = mean_loss(np.full(len(y), marginal))
    return Decomposition(
        score=score,
        miscalibration=score - recalibrated,
        discrimination=uncertainty - recalibrated,
        uncertainty=uncertainty,
    )
