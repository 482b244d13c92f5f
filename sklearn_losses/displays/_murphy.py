"""MurphyDisplay: which of several forecasts is better under every loss that is consistent for them."""

import numpy as np
from scipy.stats import t as student

from .._sampling import parts
from ..losses import get_loss
from ._axes import COLORS, STYLES, pyplot
from ._forecasts import ForecastDisplay, by_name, encoded, in_group, sampling, what_is_elicited

N_THRESHOLDS = 301


class MurphyDisplay(ForecastDisplay):
    """Murphy diagram: the elementary losses of forecasts, of which every consistent loss is made.

    Every loss that is consistent for a quantile, an expectile, the mean or a probability is a mixture of elementary
    ones, each about one threshold θ: it charges forecasts that lie on the other side of θ than the observation. So a
    forecast whose curve lies below another's everywhere is better under every such loss, and where curves cross it
    depends on the loss. The area under a curve is the squared error (of a mean; of a probability the Brier score),
    the pinball, absolute or expectile loss.

    Create it with `from_predictions` or `from_estimator`. It holds the numbers; `plot` draws the curves,
    `plot_difference` those of the others less the first, with intervals.

    Parameters
    ----------
    names : list of str
        What the legend calls each forecast; with groups, each forecast in each group.
    thresholds : ndarray of shape (n_thresholds,)
        θ.
    curves : list of ndarray of shape (n_thresholds,)
        The mean elementary loss of each forecast.
    differences : list of (ndarray, ndarray)
        For each forecast but the first, its curve less that of the first in the same group, and the standard error of
        that.
    pairs : list of (int, int)
        For each difference, the positions of the two curves.
    degrees : list of int
        For each difference, the degrees of freedom of the standard error.
    functional : str
        What was forecast.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on last.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        One curve a forecast, or a difference.
    bands_ : list of matplotlib PolyCollection
        One interval a difference.

    References
    ----------
    .. [1] W. Ehm, T. Gneiting, A. Jordan and F. Krüger, "Of quantiles and expectiles: consistent scoring functions,
       Choquet representations and forecast rankings", Journal of the Royal Statistical Society B 78 (2016),
       :doi:`10.1111/rssb.12154`.

    Examples
    --------
    >>> from sklearn_losses.displays import MurphyDisplay
    >>> y, forecasts = [1.0, 2.0, 4.0], {"a": [1.5, 2.5, 3.5], "b": [2.0, 2.0, 2.0]}
    >>> display = MurphyDisplay.from_predictions(y, forecasts, loss="squared_error")
    >>> [line.get_label() for line in display.lines_]
    ['a', 'b']
    """

    def __init__(self, *, names, thresholds, curves, differences, pairs, degrees, functional):
        self.names = names
        self.thresholds = thresholds
        self.curves = curves
        self.differences = differences
        self.pairs = pairs
        self.degrees = degrees
        self.functional = functional

    @classmethod
    def from_predictions(
        cls,
        y_true,
        y_pred,
        *,
        loss,
        sample_weight=None,
        by=None,
        name=None,
        thresholds=None,
        labels=None,
        pos_label=None,
        ax=None,
        **line_kw,
    ):
        """Draw one forecast or several, in all or by group.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            What was observed.
        y_pred : array-like of shape (n_samples,), or dict of str to them
            What was forecast, as the loss takes it when it is called; or several forecasts by name.
        loss : Loss or str
            It says what was forecast: a loss of one number that elicits the mean, a probability, the median, a
            quantile or an expectile.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of samples.
        by : array-like of shape (n_samples,), default=None
            A column; there is a curve for each of its values, named after it, for each forecast.
        name : str, default=None
            The name of a single forecast.
        thresholds : array-like, default=None
            θ; by default 301 from the least to the largest observation or forecast, for probabilities from 0 to 1.
        labels, pos_label
            As the loss takes them when it is called.
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        MurphyDisplay

        Raises
        ------
        ValueError
            If the loss elicits none of these, or has several outputs; if `by` does not name the group of each sample.
        """
        pyplot()
        forecasts = by_name(y_pred, name)
        kind, y, values, weights = encoded(
            get_loss(loss), y_true, forecasts, sample_weight, labels, pos_label, "drawn"
        )
        if kind.elicits not in ("mean", "median", "quantile", "expectile"):
            raise ValueError(
                f"{kind!r} elicits {kind.elicits}, and there is no Murphy diagram of that: take a loss that elicits "
                f"the mean, the median, a quantile or an expectile."
            )
        if thresholds is None:
            ends = [y, *values.values()] if kind.target_kind != "probability" else [np.array([0.0, 1.0])]
            low, high = min(float(a.min()) for a in ends), max(float(a.max()) for a in ends)
            thresholds = np.linspace(low, high, N_THRESHOLDS)
        thresholds = np.asarray(thresholds, dtype=np.float64)
        groups = list(parts(by, sampling(weights, len(y))))
        curves = np.empty((len(groups), len(values), len(thresholds)))
        differences = np.empty((len(groups), len(values) - 1, 2, len(thresholds)))
        for t, theta in enumerate(thresholds):
            each = [elementary_loss(kind, y, f, theta) for f in values.values()]
            for g, (_, _, part) in enumerate(groups):
                for k, losses in enumerate(each):
                    curves[g, k, t] = part.mean(losses)
                    if k:
                        change = losses - each[0]
                        differences[g, k - 1, :, t] = part.mean(change), np.sqrt(part.variance(change))
        several = range(1, len(values))
        firsts = range(0, len(groups) * len(values), len(values))
        display = cls(
            names=[in_group(group, key) for group, _, _ in groups for key in values],
            thresholds=thresholds,
            curves=list(curves.reshape(-1, len(thresholds))),
            differences=[(mean, error) for of_group in differences for mean, error in of_group],
            pairs=[(first + k, first) for first in firsts for k in several],
            degrees=[part.count - 1 for _, _, part in groups for _ in several],
            functional=what_is_elicited(kind),
        )
        return display.plot(ax=ax, **line_kw)

    def plot(self, ax=None, **line_kw):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        MurphyDisplay
        """
        ax = self._take_axes(ax)
        self.lines_, self.bands_ = [], []
        for k, (name, curve) in enumerate(zip(self.names, self.curves, strict=True)):
            self._draw_line(ax, k, curve, name, line_kw)
        self._finish(ax, "mean elementary loss")
        ax.set_ylim(bottom=0.0)
        return self

    def plot_difference(self, ax=None, *, level=0.95, **line_kw):
        """Draw the curves less that of the first forecast, in each group, with intervals at each threshold.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        level : float, default=0.95
            The probability that the interval is to have, at each threshold.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        MurphyDisplay

        Raises
        ------
        ValueError
            If there is only one forecast.
        """
        if not self.differences:
            raise ValueError("A difference needs two forecasts: pass a dict of names to predictions.")
        ax = self._take_axes(ax)
        self.lines_, self.bands_ = [], []
        ax.axhline(0.0, color="#555555", linestyle="--", linewidth=1.2, zorder=1)
        found = zip(self.differences, self.pairs, self.degrees, strict=True)
        for look, ((mean, error), (k, first), degrees) in enumerate(found, start=1):
            reach = float(student.ppf(0.5 + 0.5 * level, degrees))
            color = COLORS[look % len(COLORS)]
            self.bands_.append(
                ax.fill_between(
                    self.thresholds,
                    mean - reach * error,
                    mean + reach * error,
                    color=color,
                    alpha=0.18,
                    linewidth=0,
                )
            )
            self._draw_line(ax, look, mean, f"{self.names[k]} − {self.names[first]}", line_kw)
        self._finish(ax, "difference of the elementary loss")
        return self

    def _draw_line(self, ax, k, curve, label, line_kw):
        style = {"color": COLORS[k % len(COLORS)], "linestyle": STYLES[k % len(STYLES)], "linewidth": 2.0}
        self.lines_ += ax.plot(self.thresholds, curve, **style | {"label": label} | line_kw)

    def _finish(self, ax, what):
        ax.set(xlabel=f"threshold θ of the {self.functional}", ylabel=what)
        ax.spines[["top", "right"]].set_visible(False)
        if any(line.get_label() and not line.get_label().startswith("_") for line in self.lines_):
            ax.legend(frameon=False)


def elementary_loss(loss, y, f, theta):
    """Return the elementary loss of every sample at a threshold, for what the loss elicits.

    Summed over the thresholds it is the squared error, the pinball, absolute or expectile loss.
    """
    over, under = (y <= theta) & (theta < f), (f <= theta) & (theta < y)
    if loss.elicits in ("mean", "expectile"):
        size, level = np.abs(y - theta), loss.level
        sides = (2.0, 2.0) if level is None else (2.0 * (1.0 - level), 2.0 * level)
    else:
        size, level = 1.0, loss.level
        sides = (1.0, 1.0) if level is None else (1.0 - level, level)
    return size * (sides[0] * over + sides[1] * under)
