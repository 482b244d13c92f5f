"""Comparisons of forecasts, and of models by cross-validation: paired differences of a loss."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import t as student
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv, cross_validate
from sklearn.utils import indexable

from .._sampling import codes_of, in_errors, parts
from .._table import Table
from ..displays._intervals import IntervalDisplay
from ..losses import get_loss
from ._data import Estimator, named, pointwise, sampling
from ._intervals import ScoreTable, columns_of, score_interval

_NUMBERS = ("difference", "standard_error", "low", "high", "statistic", "p_value")


class ComparisonTable(Table):
    """Differences of mean losses, ``loss(first) - loss(second)``: below zero the first is better.

    Columns: the group (named as the column that was passed as ``by=``), `loss` (of `compare_cv`), `first`, `second`,
    `difference`, `standard_error`, `low`, `high`, `statistic` (the difference in standard errors), `p_value` (of the
    two-sided test that there is no difference), and with several rows `p_adjusted`, Holm's correction for so many
    tests. ``table["low"]`` is a column; `to_pandas` gives a data frame.

    Attributes
    ----------
    scores : Table
        The scores that were compared: with their intervals (`compare`), or of each fold (`compare_cv`).
    """

    scores: Table

    def plot(self, ax: Any = None, **line_kw: Any) -> IntervalDisplay:
        """Draw the differences with their intervals; filled where the interval is on one side of zero.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given. With several losses, one axes for each.
        **line_kw
            For :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        IntervalDisplay
        """
        keys = [
            name for name in self.columns if name not in (*_NUMBERS, "p_adjusted", "loss", "first", "second")
        ]
        pairs = [f"{a} − {b}" for a, b in zip(self["first"], self["second"], strict=True)]
        groups = [", ".join(str(self[key][k]) for key in keys) for k in range(len(self))]
        several = len(set(pairs)) > 1
        names = [
            f"{group}: {pair}" if group and several else group or pair
            for group, pair in zip(groups, pairs, strict=True)
        ]
        return IntervalDisplay(
            names=names,
            values=self["difference"],
            low=self["low"],
            high=self["high"],
            axis="difference of the mean loss"
            + (", below zero: the first is better" if several or not keys else f": {pairs[0]}"),
            reference=0.0,
            panels=self.columns.get("loss"),
        ).plot(ax=ax, **line_kw)


def compare(
    loss: Any,
    y_true: Any,
    forecasts: Mapping[str, Any],
    *,
    reference: str | None = None,
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
) -> ComparisonTable:
    """Compare forecasts of the same samples by a loss: paired differences with intervals and p-values.

    For a series, ``lags=h - 1`` gives the test of Diebold and Mariano for forecasts h steps ahead, with the variance of
    Newey and West and the small-sample correction of Harvey, Leybourne and Newbold. Independent samples give the
    paired t-test; `groups` makes it robust to clusters.

    Parameters
    ----------
    loss : Loss or str
        Any loss.
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        What was observed.
    forecasts : dict of str to array-like
        Two predictions or more, by name, as the loss takes them when it is called.
    reference : str, default=None
        The name of the forecast that the others are compared with; without it every pair is compared.
    sample_weight, groups, lags, by, level, method, n_resamples, random_state, labels, pos_label
        As `score_interval` takes them.

    Returns
    -------
    ComparisonTable

    Raises
    ------
    ValueError
        As `score_interval`; and for less than two forecasts, or a `reference` that is none of them.

    References
    ----------
    .. [1] F. X. Diebold and R. S. Mariano, "Comparing predictive accuracy", Journal of Business and Economic
       Statistics 13 (1995), :doi:`10.1080/07350015.1995.10524599`.
    .. [2] D. Harvey, S. Leybourne and P. Newbold, "Testing the equality of prediction mean squared errors",
       International Journal of Forecasting 13 (1997), :doi:`10.1016/S0169-2070(96)00719-4`.

    Examples
    --------
    >>> from sklearn_losses import compare
    >>> y = [3.0, 5.0, 4.0, 6.0, 9.0, 2.0]
    >>> old, new = [2.0, 6.5, 4.5, 8.0, 7.0, 3.5], [2.5, 5.5, 4.0, 7.0, 8.0, 2.5]
    >>> compare("absolute_error", y, {"new": new, "old": old})
    first  second  difference  standard_error     low    high  statistic  p_value
    new    old         -0.833           0.105  -1.104  -0.562     -7.906   0.0005
    AbsoluteError(); 95% intervals; independent samples
    """
    loss = get_loss(loss)
    if not isinstance(forecasts, Mapping):
        raise ValueError(f"forecasts must be a dict of names to predictions, got {type(forecasts).__name__}.")
    each = pointwise(loss, y_true, named(forecasts), labels, pos_label)
    pairs = list(_pairs(list(each), reference))
    whole = sampling(len(next(iter(each.values()))), sample_weight, groups, lags, level, method)
    estimator = Estimator(method, level, n_resamples, random_state)
    rows = []
    for key, _, part in parts(by, whole):
        for first, second in pairs:
            found = estimator(part, each[first] - each[second])
            rows.append(key | {"first": first, "second": second} | dict(zip(_NUMBERS, found, strict=True)))
    table = ComparisonTable(_adjusted(columns_of(rows)), f"{loss!r}; {estimator.note(whole)}")
    scores = score_interval(
        loss, y_true, forecasts, sample_weight=sample_weight, groups=groups, lags=lags, by=by, level=level,
        method=method, n_resamples=n_resamples, random_state=estimator.seed, labels=labels, pos_label=pos_label,
    )  # fmt: skip
    assert isinstance(scores, ScoreTable)
    table.scores = scores
    return table


def compare_cv(
    models: Any,
    X: Any,
    y: Any,
    *,
    losses: Any,
    cv: Any = None,
    reference: str | None = None,
    groups: Any = None,
    by: Any = None,
    level: float = 0.95,
    params: Any = None,
    n_jobs: int | None = None,
) -> ComparisonTable:
    """Compare models by cross-validation, on the same folds, by one loss or several.

    The scores of folds are not independent, since trainings share samples; their plain variance is far too small. The
    interval and the test are those of Nadeau and Bengio's corrected resampled t-test: the squared standard error of
    a mean difference of J folds is (1/J + n_test/n_train) s². It takes the variation of trainings into account.
    ``cv=RepeatedKFold(n_splits=10, n_repeats=10)`` is usual.

    Parameters
    ----------
    models : dict of str to estimator, or list of estimators
        What is compared; the names of a list's are those of the classes.
    X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
        The features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The target.
    losses : Loss or str; list of them; or dict of str to them
        What is compared of the predictions on the test folds.
    cv : int, cross-validation generator or iterable, default=None
        The folds, as in scikit-learn; drawn once, and the same for all models.
    reference : str, default=None
        The name of the model that the others are compared with; without it every pair is compared.
    groups : array-like of shape (n_samples,), default=None
        For splitters that keep groups together.
    by : array-like of shape (n_samples,), default=None
        A column; each of its values is compared apart, on the test samples that have it.
    level : float, default=0.95
        The probability that the intervals are to have.
    params : dict, default=None
        For `fit`, and what metadata routing asks for, as :func:`sklearn.model_selection.cross_validate` takes it.
    n_jobs : int or None, default=None
        Processes that train the folds.

    Returns
    -------
    ComparisonTable
        Its `scores` has the mean loss of each model on each fold.

    Raises
    ------
    ValueError
        For less than two models or folds, and for what a model or a loss cannot take.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003),
       :doi:`10.1023/A:1024068626366`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.dummy import DummyRegressor
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_losses import compare_cv
    >>> X, y = load_diabetes(return_X_y=True)
    >>> compare_cv([Ridge(), DummyRegressor()], X, y, losses="absolute_error", cv=10)
    loss             first  second          difference  standard_error     low    high  statistic  p_value
    AbsoluteError()  Ridge  DummyRegressor      -17.48            2.70  -23.58  -11.38     -6.480   0.0001
    95% intervals; 10 folds, corrected resampled t-test
    """
    models = _named_models(models)
    found = _named_losses(losses)
    X, y, groups = indexable(X, y, groups)
    any_model = next(iter(models.values()))
    folds = list(check_cv(cv, y, classifier=is_classifier(any_model)).split(X, y, groups))
    if len(folds) < 2:
        raise ValueError(f"cv gives {len(folds)} fold; a comparison needs two at least.")
    ratio = sum(len(test) for _, test in folds) / sum(len(train) for train, _ in folds)
    scorers = {name: loss.scorer() for name, loss in found.items()}
    names, codes = (np.array([None]), None) if by is None else codes_of(by, len(y), "by")
    pairs = list(_pairs(list(models), reference))
    scores = {
        name: -_fold_scores(model, X, y, folds, scorers, codes, len(names), params, n_jobs)
        for name, model in models.items()
    }
    key = str(getattr(by, "name", None) or "by")
    rows, of_folds = [], []
    for g, group in enumerate(names.tolist()):
        start = {} if by is None else {key: group}
        for k, loss_name in enumerate(found):
            label = start | {"loss": loss_name}
            for first, second in pairs:
                estimate = _corrected(scores[first][k, g] - scores[second][k, g], ratio, level)
                pair = {"first": first, "second": second}
                rows.append(label | pair | dict(zip(_NUMBERS, estimate, strict=True)))
            for name, each in scores.items():
                of_folds += [
                    label | {"model": name, "fold": j, "score": float(v)} for j, v in enumerate(each[k, g])
                ]
    note = f"{100 * level:g}% intervals; {len(folds)} folds, corrected resampled t-test"
    table = ComparisonTable(_adjusted(columns_of(rows)), note)
    table.scores = Table(columns_of(of_folds), "mean loss on each test fold")
    return table


def _pairs(names: list[str], reference: str | None) -> Iterator[tuple[str, str]]:
    if len(names) < 2:
        raise ValueError(f"A comparison needs two at least, got {names}.")
    if reference is None:
        yield from combinations(names, 2)
    elif reference not in names:
        raise ValueError(f"reference={reference!r} is none of {names}.")
    else:
        yield from ((name, reference) for name in names if name != reference)


def _adjusted(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the columns with Holm's p-values, where there is more than one."""
    p = columns["p_value"]
    known = np.flatnonzero(np.isfinite(p))
    if len(known) < 2:
        return columns
    order = known[np.argsort(p[known], kind="stable")]
    adjusted = np.full(len(p), np.nan)
    times = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(times * p[order]), 1.0)
    return columns | {"p_adjusted": adjusted}


def _named_models(models: Any) -> dict[str, Any]:
    if isinstance(models, Mapping):
        return named(models)
    found = {type(model).__name__: model for model in models}
    if len(found) < len(models):
        raise ValueError("Two of the models are of one class: pass a dict of names to models.")
    return found


def _named_losses(losses: Any) -> dict[str, Any]:
    if isinstance(losses, Mapping):
        return {str(name): get_loss(loss) for name, loss in losses.items()}
    listed = losses if isinstance(losses, Iterable) and not isinstance(losses, str) else [losses]
    return {repr(loss): loss for loss in map(get_loss, listed)}


def _fold_scores(model, X, y, folds, scorers, codes, n_groups, params, n_jobs):
    """Return the score of each loss, group and fold; NaN where a fold has no sample of a group."""
    options: dict[str, Any] = {"cv": folds, "params": params, "n_jobs": n_jobs, "error_score": "raise"}
    if codes is None:
        result = cross_validate(model, X, y, scoring=scorers, **options)
        return np.stack([result[f"test_{name}"] for name in scorers])[:, None, :]
    options |= {"scoring": next(iter(scorers.values())), "return_estimator": True}
    found = np.full((len(scorers), n_groups, len(folds)), np.nan)
    for j, fitted in enumerate(cross_validate(model, X, y, **options)["estimator"]):
        test = np.asarray(folds[j][1])
        for g in range(n_groups):
            chosen = test[codes[test] == g]
            if len(chosen):
                part = _rows(X, chosen), _rows(y, chosen)
                found[:, g, j] = [scorer(fitted, *part) for scorer in scorers.values()]
    return found


def _rows(values, chosen):
    if hasattr(values, "iloc"):
        return values.iloc[chosen]
    return [values[k] for k in chosen] if isinstance(values, list) else values[chosen]


def _corrected(differences, ratio, level):
    """Return the mean difference of the folds, as Nadeau and Bengio estimate it."""
    differences = differences[np.isfinite(differences)]
    count = len(differences)
    if count < 2:
        return (float(differences.mean()) if count else np.nan, *[np.nan] * 5)
    mean = float(differences.mean())
    error = float(np.sqrt((1.0 / count + ratio) * differences.var(ddof=1)))
    reach = error * float(student.ppf(0.5 + 0.5 * level, count - 1))
    return mean, error, mean - reach, mean + reach, *in_errors(mean, error, count - 1)
