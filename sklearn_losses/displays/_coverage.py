"""CoverageDisplay: how often intervals hold what is seen, and how wide they are."""

import numpy as np
from scipy.special import ndtri

from .._sampling import Sampling, parts
from ..losses._targets import as_numbers, checked_weights
from ._axes import COLORS, Display, pyplot
from ._forecasts import by_name, in_group


class CoverageDisplay(Display):
    """Coverage and width of prediction intervals: of one forecast or several, in all or by group.

    Left the share of observations inside of the intervals, with a confidence interval (Wilson's, of as many samples as
    the weights are worth) and the nominal level as a dashed line; the marker is filled where the confidence interval
    leaves that out. Right the widths: median, and from the 10th to the 90th percentile. Good intervals cover as often
    as they say, in each group, and are narrow.

    Create it with `from_predictions` or `from_estimator`. It holds the numbers; `plot` draws them, as often as wanted.

    Parameters
    ----------
    names : list of str
        What the rows are called.
    coverage : ndarray of shape (n_rows, 3)
        The share, and the ends of its confidence interval.
    widths : ndarray of shape (n_rows, 3)
        The 10th, 50th and 90th percentile of the widths.
    level : float
        The share that the intervals should hold.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the coverage was drawn.
    width_ax_ : matplotlib Axes
        Where the widths were drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    points_, width_points_ : list of matplotlib Line2D
        The marker of each row.

    References
    ----------
    .. [1] L. D. Brown, T. T. Cai and A. DasGupta, "Interval estimation for a binomial proportion", Statistical
       Science 16 (2001), :doi:`10.1214/ss/1009213286`.

    Examples
    --------
    >>> from sklearn_losses.displays import CoverageDisplay
    >>> y, low, high = [1.0, 2.0, 3.0, 9.0], [0.0, 1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0]
    >>> display = CoverageDisplay.from_predictions(y, (low, high), level=0.9)
    >>> display.coverage[0, 0].item(), display.widths[0, 1].item()
    (0.75, 2.0)
    """

    def __init__(self, *, names, coverage, widths, level):
        self.names = names
        self.coverage = coverage
        self.widths = widths
        self.level = level

    @classmethod
    def from_predictions(
        cls, y_true, intervals, *, level, by=None, sample_weight=None, name=None, confidence=0.95, ax=None
    ):
        """Draw the intervals of one forecast or several.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            What was observed.
        intervals : pair (low, high), array-like of shape (n_samples, 2), or dict of str to them
            The ends of the interval of each sample; or several forecasts by name.
        level : float
            The share that the intervals should hold, such as 0.9.
        by : array-like of shape (n_samples,), default=None
            A column; there is a row for each of its values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of samples.
        name : str, default=None
            The name of a single forecast.
        confidence : float, default=0.95
            Of the confidence interval of the coverage.
        ax : pair of matplotlib Axes, default=None
            Where to draw coverage and widths; on a new figure if not given.

        Returns
        -------
        CoverageDisplay
        """
        pyplot()
        if not 0.0 < level < 1.0:
            raise ValueError(f"level must lie between 0 and 1, such as 0.9, got {level!r}.")
        y = as_numbers(y_true, "y_true")
        forecasts = by_name(intervals, name)
        weights = checked_weights(sample_weight, len(y))
        whole = Sampling(np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64))
        names, coverage, widths = [], [], []
        for group, _, part in parts(by, whole):
            for key, interval in forecasts.items():
                low, high = _ends(interval, len(y), key)
                there = part.weights > 0.0
                inside = ((low <= y) & (y <= high)).astype(np.float64)
                worth = part.weights.sum() ** 2 / np.sum(part.weights**2)
                coverage.append(_wilson(part.mean(inside), worth, confidence))
                widths.append(_quantiles((high - low)[there], part.weights[there]))
                names.append(in_group(group, key))
        display = cls(names=names, coverage=np.array(coverage), widths=np.array(widths), level=level)
        return display.plot(ax=ax)

    @classmethod
    def from_estimator(cls, estimator, X, y, *, level, name=None, **keywords):
        """Draw the intervals of fitted models.

        Parameters
        ----------
        estimator : pair of estimators, estimator, or dict of str to them
            Fitted: a pair that predicts the lower and the upper end, or one that predicts both as columns; or several
            by name.
        X : array-like of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,)
            What was observed.
        level : float
            The share that the intervals should hold.
        name : str, default=None
            The name of a single forecast.
        **keywords
            As `from_predictions` takes them.

        Returns
        -------
        CoverageDisplay
        """
        intervals = {
            key: tuple(end.predict(X) for end in model)
            if isinstance(model, tuple | list)
            else model.predict(X)
            for key, model in by_name(estimator, name).items()
        }
        return cls.from_predictions(y, intervals, level=level, **keywords)

    def plot(self, ax=None):
        """Draw what the display holds.

        Parameters
        ----------
        ax : pair of matplotlib Axes, default=None
            Where to draw; on a new figure if not given.

        Returns
        -------
        CoverageDisplay
        """
        if ax is None:
            size = 8.0, 1.2 + 0.38 * len(self.names)
            _, ax = pyplot().subplots(1, 2, figsize=size, layout="constrained", sharey=True)
        self.ax_, self.width_ax_ = np.ravel(ax)
        self.figure_ = self.ax_.figure
        self.points_, self.width_points_ = [], []
        for row in range(len(self.names)):
            share, low, high = self.coverage[row]
            off = not low <= self.level <= high
            style = {"color": COLORS[0], "markersize": 7, "markeredgewidth": 1.8}
            self.ax_.plot([low, high], [row, row], color=COLORS[0], linewidth=2.2)
            self.points_ += self.ax_.plot(
                share, row, "o", markerfacecolor=COLORS[0] if off else "white", **style
            )
            least, middle, most = self.widths[row]
            self.width_ax_.plot([least, most], [row, row], color=COLORS[1], linewidth=2.2)
            self.width_points_ += self.width_ax_.plot(middle, row, "s", color=COLORS[1], markersize=7)
        self.ax_.axvline(self.level, color="#555555", linestyle="--", linewidth=1.2, zorder=1.5)
        self.ax_.set_xlabel(f"share inside (nominal {self.level:g})")
        self.width_ax_.set_xlabel("width: median, 10th to 90th percentile")
        self.width_ax_.set_xlim(left=0.0)
        for axes in (self.ax_, self.width_ax_):
            axes.set_ylim(len(self.names) - 0.4, -0.6)
            axes.set_yticks(range(len(self.names)), self.names)
            axes.tick_params(axis="y", length=0)
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.grid(axis="x", color="#E5E5E5", linewidth=0.8)
            axes.set_axisbelow(True)
        self.width_ax_.tick_params(axis="y", labelleft=False)
        return self


def _ends(interval, n, name):
    """Return the lower and the upper ends, or raise a ValueError that names what is wrong."""
    if isinstance(interval, tuple | list) and len(interval) == 2:
        low, high = (as_numbers(end, "intervals") for end in interval)
    else:
        both = np.asarray(interval, dtype=np.float64)
        if both.ndim == 3 and both.shape[1:] == (2, 1):  # MAPIE's, of one level
            both = both[:, :, 0]
        if both.shape != (n, 2):
            raise ValueError(
                f"intervals must be a pair (low, high), or an array of shape ({n}, 2), got shape {both.shape}."
            )
        low, high = both.T
    for end in (low, high):
        if end.shape != (n,) or not np.isfinite(end).all():
            raise ValueError(f"Each end of the intervals {name!r} must hold {n} finite numbers.")
    if np.any(low > high):
        k = int(np.argmax(low > high))
        raise ValueError(
            f"At position {k} the interval {name!r} goes from {low[k]:g} down to {high[k]:g}: sort the two ends "
            f"(np.sort(..., axis=1)) if quantiles cross."
        )
    return low, high


def _wilson(share, worth, confidence):
    """Return a share and Wilson's interval of it, of so many samples."""
    z = ndtri(0.5 + 0.5 * confidence)
    middle = (share + 0.5 * z**2 / worth) / (1.0 + z**2 / worth)
    reach = z / (1.0 + z**2 / worth) * np.sqrt(share * (1.0 - share) / worth + 0.25 * (z / worth) ** 2)
    return share, middle - reach, middle + reach


def _quantiles(values, weights):
    """Return the 10th, 50th and 90th percentile."""
    return np.quantile(values, [0.1, 0.5, 0.9], weights=weights, method="inverted_cdf")
