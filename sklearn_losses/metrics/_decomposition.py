"""What a score is made of: miscalibration, discrimination and uncertainty.

Knows losses that elicit a functional, and isotonic regression; called on predictions, not on models.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .._sampling import Sampling, parts
from .._table import Table, columns_of
from ..losses import get_loss
from ..losses._namespaces import on_host
from ..losses._targets import as_weights, check_same_length
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


def decomposition(loss, y_true, y_pred, *, sample_weight=None, by=None, labels=None, pos_label=None):
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
    by : array-like of shape (n_samples,), default=None
        A column; the result has a row for each of its values, of the samples of this group alone.
    labels, pos_label
        As the loss takes them when it is called.

    Returns
    -------
    Decomposition, or Table
        The latter with `by`. Columns: the group (named as the column that was passed), the four parts, and
        `n_samples`, those of a positive weight.

    Raises
    ------
    ValueError
        If the loss elicits no functional, or has several outputs; if `by` does not name the group of each sample.

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
    found = decompositions(loss, y_true, y_pred, sample_weight, by, labels, pos_label)
    if by is None:
        return next(found)[2]
    rows = [key | vars(parts_of) | {"n_samples": count} for key, count, parts_of in found]
    return Table(columns_of(rows), repr(loss))


def decompositions(
    loss: Any, y_true: Any, y_pred: Any, sample_weight: Any, by: Any, labels: Any, pos_label: Any
) -> Iterator[tuple[dict[str, Any], int, Decomposition]]:
    """Yield the key column, the number of samples and the decomposition of each group; of all without `by`.

    Labels are those of all samples: a group may lack some.
    """
    y_true, y_pred, sample_weight = map(on_host, (y_true, y_pred, sample_weight))
    data, y = elicited(loss, y_true, y_pred, labels, pos_label, "decomposed")
    n = len(data.f)
    weights = as_weights(sample_weight, n)
    check_same_length(y_true=data.y, y_pred=data.f)
    whole = Sampling(np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64))
    for key, chosen, part in parts(by, whole):
        of_group = data._replace(y=data.y[chosen], f=data.f[chosen])
        yield key, part.count, _decomposed(of_group, y[chosen], None if weights is None else weights[chosen])


def _decomposed(data, y, weights):
    loss = data.loss

    def mean_loss(prediction):
        # a mean of zeros is 0, its link infinite
        kept = data._replace(f=loss.link.predictions.keep(prediction))
        return loss._averages(kept, weights)[0]

    score = loss._averages(data, weights)[0]
    marginal = of_sample(loss)(y, weights)
    recalibrated = mean_loss(isotonic(loss, y, np.asarray(data.f, dtype=np.float64), weights))
    uncertainty = mean_loss(np.full(len(y), marginal))
    return Decomposition(
        score=score,
        miscalibration=score - recalibrated,
        discrimination=uncertainty - recalibrated,
        uncertainty=uncertainty,
    )
