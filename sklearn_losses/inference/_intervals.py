"""Intervals of a mean loss."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._sampling import parts
from .._table import Table, columns_of
from ..displays._intervals import IntervalDisplay
from ..losses import get_loss
from ._data import Estimator, named, pointwise, sampling


@dataclass(frozen=True)
class ScoreInterval:
    """A mean loss, and an interval of it.

    Parameters
    ----------
    score : float
        The weighted mean loss.
    standard_error : float
        Its standard error.
    low, high : float
        The interval.
    n_samples : int
        Samples of a positive weight.
    note : str
        The level of the interval, and what it takes the samples to be.
    """

    score: float
    standard_error: float
    low: float
    high: float
    n_samples: int
    note: str = ""

    def _table(self):
        numbers = {name: [value] for name, value in vars(self).items() if name != "note"}
        return Table(numbers, self.note)

    def __repr__(self):
        return repr(self._table())

    def _repr_html_(self):
        return self._table()._repr_html_()


class ScoreTable(Table):
    """Mean losses and their intervals: of several forecasts, of several groups, or both.

    Columns: the group (named as the column that was passed as ``by=``), `forecast` where these have names, `score`,
    `standard_error`, `low`, `high` and `n_samples`. ``table["low"]`` is a column; `to_pandas` gives a data frame.
    """

    def plot(self, ax: Any = None, **line_kw: Any) -> IntervalDisplay:
        """Draw the scores with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        IntervalDisplay
        """
        keys = [name for name in self.columns if name not in _NUMBERS]
        return IntervalDisplay(
            names=[", ".join(map(str, row)) for row in zip(*(self[key] for key in keys), strict=True)],
            values=self["score"],
            low=self["low"],
            high=self["high"],
            axis="mean loss",
        ).plot(ax=ax, **line_kw)


_NUMBERS = ("score", "standard_error", "low", "high", "n_samples")


def score_interval(
    loss: Any,
    y_true: Any,
    y_pred: Any,
    *,
    sample_weight: Any = None,
    groups: Any = None,
    lags: Any = None,
    by: Any = None,
    level: float = 0.95,
    method: str = "normal",
    n_resamples: int = 2000,
    random_state: Any = None,
    labels: Any = None,
    pos_label: Any = None,
) -> ScoreInterval | ScoreTable:
    r"""Return how sure a mean loss is: an interval of it, from the losses of the samples.

    The mean is Σ w ℓ / Σ w. Its variance is that of its linearisation: n/(n-1) Σ u² / (Σ w)², u = w (ℓ - mean), of
    independent samples. Where they are not independent, say so: `groups` names clusters, `lags` a series. The
    interval is Student's, or the bootstrap's. It holds for the predictions as they are, not for another training
    of the model: for that see `compare_cv`.

    Parameters
    ----------
    loss : Loss or str
        Any loss.
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        What was observed.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs); or dict of str to them
        What was predicted, as the loss takes it when it is called; or several forecasts by name.
    sample_weight : array-like of shape (n_samples,), default=None
        The weights w, >= 0.
    groups : array-like of shape (n_samples,), default=None
        Clusters, such as patients of whom there are several samples: different ones are independent.
    lags : int or 'auto', default=None
        The samples are a series, in order, and those more than so many steps apart count as uncorrelated: forecasts h
        steps ahead have correlated mistakes up to h - 1. 'auto' is the whole part of 4 (n/100)^(2/9).
    by : array-like of shape (n_samples,), default=None
        A column; the result has a row for each of its values.
    level : float, default=0.95
        The probability that the interval is to have.
    method : {'normal', 'bootstrap'}, default='normal'
        Student's interval with as many degrees of freedom as there are samples (or clusters), less one; or a
        bootstrap of samples or clusters (BCa), or of circular blocks of ``lags + 1`` consecutive samples (percentiles).
    n_resamples : int, default=2000
        Of the bootstrap.
    random_state : int, RandomState instance or None, default=None
        Seed of the bootstrap.
    labels, pos_label
        As the loss takes them when it is called.

    Returns
    -------
    ScoreInterval, or ScoreTable
        The latter for several forecasts, or with `by`.

    Raises
    ------
    ValueError
        As calling the loss; and for arguments that make no sense.

    References
    ----------
    .. [1] W. K. Newey and K. D. West, "A simple, positive semi-definite, heteroskedasticity and autocorrelation
       consistent covariance matrix", Econometrica 55 (1987), :doi:`10.2307/1913610`.
    .. [2] B. Efron, "Better bootstrap confidence intervals", Journal of the American Statistical Association 82
       (1987), :doi:`10.2307/2289144`.
    .. [3] D. N. Politis and J. P. Romano, "A circular block-resampling procedure for stationary data", in Exploring
       the Limits of Bootstrap, Wiley (1992).

    Examples
    --------
    >>> from sklearn_losses import AbsoluteError, score_interval
    >>> y, predicted = [3.0, 5.0, 4.0, 6.0, 9.0], [2.5, 5.5, 4.0, 7.0, 7.0]
    >>> score_interval(AbsoluteError(), y, predicted)
    score  standard_error     low   high  n_samples
    0.800           0.339  -0.142  1.742          5
    AbsoluteError(); 95% intervals; independent samples
    """
    loss = get_loss(loss)
    several = isinstance(y_pred, Mapping)
    each = pointwise(loss, y_true, named(y_pred) if several else {"": y_pred}, labels, pos_label)
    whole = sampling(len(next(iter(each.values()))), sample_weight, groups, lags, level, method)
    estimator = Estimator(method, level, n_resamples, random_state)
    note = f"{loss!r}; {estimator.note(whole)}"
    rows: list[dict[str, Any]] = []
    for key, _, part in parts(by, whole):
        for name, values in each.items():
            found = estimator(part, values)
            numbers = found.mean, found.standard_error, found.low, found.high, part.count
            rows.append(
                key | ({"forecast": name} if several else {}) | dict(zip(_NUMBERS, numbers, strict=True))
            )
    if not several and by is None:
        return ScoreInterval(**rows[0], note=note)
    return ScoreTable(columns_of(rows), note)
