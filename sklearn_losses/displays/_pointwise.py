"""PointwiseLossDisplay: where a model pays."""

from typing import Any

import numpy as np

from ..losses import get_loss
from ..losses._arrays import as_numpy
from ..losses._targets import as_weights
from ._axes import COLORS, STYLES, Display, pyplot
from ._forecasts import by_name, predicted, sampling

MARKERS = "osD^v"
SEVERAL = 12  # distinct numbers of a feature that stand for themselves


class PointwiseLossDisplay(Display):
    """The mean loss against a feature, with intervals: where does a model pay?

    A feature of numbers is cut into bins that hold equally many samples; categories, and numbers of which there are at
    most twelve distinct ones, stand for themselves. The dashed lines are the mean losses of all samples.

    Create it with `from_predictions` or `from_estimator`. It holds the numbers; `plot` draws them, as often as wanted.

    Parameters
    ----------
    names : list of str
        What the legend calls each forecast.
    positions : ndarray of shape (n_bins,)
        The mean of the feature in each bin; of categories 0, 1, ….
    categories : list of str or None
        Their names.
    estimates : list of ndarray of shape (n_bins, 3)
        For each forecast, the mean loss of each bin, and the ends of its interval.
    means : list of float
        For each forecast, the mean loss.
    feature_name : str
        What the feature is called.
    loss_name : str
        What the loss is called.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on last.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        The means of the bins of each forecast.

    Examples
    --------
    >>> from sklearn_losses.displays import PointwiseLossDisplay
    >>> y, p, region = [1.0, 2.0, 3.0, 9.0], [1.0, 3.0, 3.0, 5.0], ["north", "north", "south", "south"]
    >>> display = PointwiseLossDisplay.from_predictions(y, p, region, loss="absolute_error")
    >>> display.categories, display.estimates[0][:, 0].tolist()
    (['north', 'south'], [0.5, 2.0])
    """

    def __init__(self, *, names, positions, categories, estimates, means, feature_name, loss_name):
        self.names = names
        self.positions = positions
        self.categories = categories
        self.estimates = estimates
        self.means = means
        self.feature_name = feature_name
        self.loss_name = loss_name

    @classmethod
    def from_predictions(
        cls,
        y_true,
        y_pred,
        feature,
        *,
        loss,
        n_bins=10,
        sample_weight=None,
        name=None,
        level=0.95,
        feature_name=None,
        labels=None,
        pos_label=None,
        ax=None,
        **line_kw,
    ):
        """Draw one forecast or several.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What was observed.
        y_pred : array-like, or dict of str to them
            What was predicted, as the loss takes it when it is called; or several forecasts by name.
        feature : array-like of shape (n_samples,)
            Numbers or categories; it need not be one that a model has seen.
        loss : Loss or str
            Any loss.
        n_bins : int, default=10
            Into how many bins numbers are put.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of samples.
        name : str, default=None
            The name of a single forecast.
        level : float, default=0.95
            The probability that the intervals are to have.
        feature_name : str, default=None
            What the axis calls the feature; by default the name of the column that was passed.
        labels, pos_label
            As the loss takes them when it is called.
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        PointwiseLossDisplay
        """
        pyplot()
        loss = get_loss(loss)
        forecasts = by_name(y_pred, name)
        each = {
            key: np.asarray(
                as_numpy(loss.pointwise(y_true, p, labels=labels, pos_label=pos_label)), dtype=float
            )
            for key, p in forecasts.items()
        }
        n = len(next(iter(each.values())))
        whole = sampling(as_weights(sample_weight, n), n)
        positions, categories, codes = _bins(feature, n, n_bins)
        parts = [whole.within(codes == k) for k in range(len(positions))]
        display = cls(
            names=list(forecasts),
            positions=positions,
            categories=categories,
            estimates=[
                np.array([_interval(part.estimate(losses, level)) for part in parts])
                for losses in each.values()
            ],
            means=[whole.mean(losses) for losses in each.values()],
            feature_name=feature_name or str(getattr(feature, "name", None) or "feature"),
            loss_name=repr(loss),
        )
        return display.plot(ax=ax, **line_kw)

    @classmethod
    def from_estimator(cls, estimator, X, y, feature, *, loss, name=None, **keywords):
        """Draw one fitted model or several.

        Parameters
        ----------
        estimator : estimator, or dict of str to them
            Fitted; or several by name.
        X : array-like of shape (n_samples, n_features)
            The features.
        y : array-like
            What was observed.
        feature : str, int or array-like of shape (n_samples,)
            The name or number of a column of X, or a column.
        loss : Loss or str
            Any loss.
        name : str, default=None
            The name of a single model; by default that of its class.
        **keywords
            As `from_predictions` takes them.

        Returns
        -------
        PointwiseLossDisplay
        """
        forecasts, labels = predicted(estimator, X, loss, name)
        if labels is not None:
            keywords.setdefault("labels", labels)
        if isinstance(feature, str):
            keywords.setdefault("feature_name", feature)
            feature = X[feature]
        elif isinstance(feature, int | np.integer):
            columns = getattr(X, "columns", None)
            keywords.setdefault("feature_name", f"x{feature}" if columns is None else str(columns[feature]))
            feature = np.asarray(X)[:, feature]
        return cls.from_predictions(y, forecasts, feature, loss=loss, **keywords)

    def plot(self, ax=None, **line_kw):
        """Draw what the display holds.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        PointwiseLossDisplay
        """
        ax = self._take_axes(ax)
        self.lines_ = []
        span = float(np.ptp(self.positions)) or 1.0
        step = 0.1 if self.categories is not None else 0.006 * span
        for k, name in enumerate(self.names):
            color = COLORS[k % len(COLORS)]
            shift = step * (k - 0.5 * (len(self.names) - 1))
            mean, low, high = self.estimates[k].T
            ends = np.nan_to_num(np.array([mean - low, high - mean]))
            style = {
                "color": color, "marker": MARKERS[k % len(MARKERS)], "markersize": 6, "linewidth": 1.8,
                "linestyle": STYLES[k % len(STYLES)] if self.categories is None else "none", "elinewidth": 1.8,
                "label": name or None,
            }  # fmt: skip
            drawn = ax.errorbar(self.positions + shift, mean, yerr=ends, **style | line_kw)
            self.lines_.append(drawn.lines[0])
            ax.axhline(self.means[k], color=color, linestyle="--", linewidth=1.0, alpha=0.8, zorder=0)
        if self.categories is not None:
            ax.set_xticks(self.positions, self.categories)
            ax.set_xlim(-0.5, len(self.categories) - 0.5)
        ax.set(xlabel=self.feature_name, ylabel=f"mean of {self.loss_name}")
        ax.set_ylim(bottom=min(0.0, float(np.nanmin([e[:, :2].min() for e in self.estimates]))))
        ax.spines[["top", "right"]].set_visible(False)
        if any(self.names):
            ax.set_ylim(top=ax.get_ylim()[1] * (1.0 + 0.07 * len(self.names)))  # room for the legend
            ax.legend(frameon=False, loc="upper right", ncols=len(self.names) if len(self.names) < 4 else 1)
        return self


def _interval(estimate):
    return estimate.mean, estimate.low, estimate.high


def _bins(feature: Any, n: int, n_bins: int) -> tuple[np.ndarray, list[str] | None, np.ndarray]:
    """Return where bins lie, the names of categories or None, and the bin of each sample."""
    column = np.asarray(feature)
    if column.shape != (n,):
        raise ValueError(f"feature must be one column of {n} values, one a sample, got shape {column.shape}.")
    numbers = column.dtype.kind in "fiu"
    if numbers and not np.isfinite(column).all():
        raise ValueError(
            "feature has values that are not finite: drop these samples, or name them as a category."
        )
    distinct, codes = np.unique(column if numbers else column.astype(str), return_inverse=True)
    if not numbers:
        return np.arange(len(distinct)), [str(value) for value in distinct], codes
    if len(distinct) <= SEVERAL:
        return distinct.astype(np.float64), None, codes
    edges = np.unique(np.quantile(column, np.linspace(0.0, 1.0, n_bins + 1)))
    codes = np.clip(np.searchsorted(edges, column, side="right") - 1, 0, len(edges) - 2)
    return np.bincount(codes, column) / np.bincount(codes), None, codes
