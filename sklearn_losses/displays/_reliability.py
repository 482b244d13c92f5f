"""ReliabilityDisplay: what was forecast, and what was seen."""

import numpy as np
from sklearn.utils import check_random_state

from .._sampling import parts
from ..losses import get_loss
from ..metrics._isotonic import isotonic, of_sample
from ._axes import COLORS, STYLES, pyplot
from ._forecasts import ForecastDisplay, by_name, encoded, in_group, rounded, sampling, what_is_elicited
from ._parts import of_forecasts

MOST = 200  # steps of the curves of a band
ALIKE = 50  # samples at least whose residuals are drawn for each other


class ReliabilityDisplay(ForecastDisplay):
    """Reliability (calibration) diagram: what was seen where so much was forecast, by isotonic regression.

    Of a calibrated forecast the curve is the diagonal: of the days with a forecast of 0.3 three in ten are wet; the
    0.9-quantile is above nine in ten observations, wherever it lies. The curve is the best non-decreasing function of
    the forecast for what the loss elicits, so that there are no bins to choose. The band around the diagonal is
    where curves of calibrated forecasts lie: outcomes are drawn as the forecast says (probabilities), or with residuals
    of forecasts of about the same size, shifted so that the forecast is right, and the curve is fitted again.

    Create it with `from_predictions` or `from_estimator`. It holds the numbers; `plot` draws them, as often as wanted.

    Parameters
    ----------
    names : list of str
        What the legend calls each forecast; with groups, each forecast in each group.
    curves : list of (ndarray, ndarray)
        For each forecast, its distinct values, sorted, and what was seen.
    bands : list of (ndarray, ndarray, ndarray) or None
        For each forecast, values, and the ends of the band there.
    forecasts : list of ndarray
        All values of each forecast, for the histogram.
    decompositions : list of Decomposition
        What the score of each forecast is made of.
    functional : str
        What was forecast, for the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on last.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        One curve a forecast.
    bands_ : list of matplotlib PolyCollection
        One band a forecast.
    histogram_ax_ : matplotlib Axes
        How often each value was forecast, at the foot of `ax_`.

    References
    ----------
    .. [1] T. Dimitriadis, T. Gneiting and A. I. Jordan, "Stable reliability diagrams for probabilistic
       classifiers", PNAS 118 (2021), :doi:`10.1073/pnas.2016191118`.
    .. [2] T. Gneiting and J. Resin, "Regression diagnostics meets forecast evaluation: conditional calibration,
       reliability diagrams, and coefficient of determination", Electronic Journal of Statistics 17 (2023),
       :doi:`10.1214/23-EJS2180`.

    Examples
    --------
    >>> from sklearn_losses.displays import ReliabilityDisplay
    >>> y, p = [0, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.8, 0.9]
    >>> display = ReliabilityDisplay.from_predictions(y, p, loss="brier", random_state=0)
    >>> display.curves[0][1]
    array([0. , 0. , 0.5, 0.5, 1. , 1. ])
    """

    def __init__(self, *, names, curves, bands, forecasts, decompositions, functional):
        self.names = names
        self.curves = curves
        self.bands = bands
        self.forecasts = forecasts
        self.decompositions = decompositions
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
        band_level=0.9,
        n_resamples=100,
        random_state=None,
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
            quantile, an expectile, or Huber's functional.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of samples.
        by : array-like of shape (n_samples,), default=None
            A column; there is a curve for each of its values, named after it, for each forecast.
        name : str, default=None
            The name of a single forecast.
        band_level : float or None, default=0.9
            The share of curves of calibrated forecasts that lie in the band, at each value. None: no band.
        n_resamples : int, default=100
            Curves that the band is made of.
        random_state : int, RandomState instance or None, default=None
            Seed of the band.
        labels, pos_label
            As the loss takes them when it is called.
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        ReliabilityDisplay

        Raises
        ------
        ValueError
            If the loss elicits no functional, or has several outputs; if `by` does not name the group of each sample.
        """
        pyplot()
        if band_level is not None and not 0.0 < band_level < 1.0:
            raise ValueError(
                f"band_level must lie between 0 and 1, or be None for no band, got {band_level!r}."
            )
        found = get_loss(loss)
        forecasts = by_name(y_pred, name)
        kind, y, values, weights = encoded(
            found, y_true, forecasts, sample_weight, labels, pos_label, "drawn"
        )
        seed = check_random_state(random_state).randint(2**31)
        names, curves, bands, drawn = [], [], [], []
        for group, chosen, _ in parts(by, sampling(weights, len(y))):
            rng = np.random.default_rng(seed)  # a group has the band that it has alone
            seen, w = y[chosen], None if weights is None else weights[chosen]
            for key, forecast in values.items():
                f = forecast[chosen]
                at, first = np.unique(f, return_index=True)
                names.append(in_group(group, key))
                curves.append((at, isotonic(kind, seen, f, w)[first]))
                drawn.append(f)
                if band_level is not None:
                    bands.append(_band(kind, seen, f, w, band_level, n_resamples, rng))
        display = cls(
            names=names,
            curves=curves,
            bands=bands or None,
            forecasts=drawn,
            decompositions=of_forecasts(found, y_true, forecasts, sample_weight, by, labels, pos_label)[1],
            functional=what_is_elicited(kind),
        )
        return display.plot(ax=ax, **line_kw)

    def plot(self, ax=None, **line_kw):
        """Draw what the display holds.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        ReliabilityDisplay
        """
        ax = self._take_axes(ax)
        self.lines_, self.bands_ = [], []
        low = min(float(f.min()) for f in self.forecasts)
        high = max(float(f.max()) for f in self.forecasts)
        if share := self.functional == "probability":
            low, high = 0.0, 1.0
        ax.axline((low, low), slope=1.0, color="#777777", linewidth=1.0, zorder=1)
        for k, name in enumerate(self.names):
            color = COLORS[k % len(COLORS)]
            if self.bands is not None:
                at, under, over = self.bands[k]
                fill = ax.fill_between(at, under, over, color=color, alpha=0.16, linewidth=0, zorder=0)
                self.bands_.append(fill)
            parts = self.decompositions[k]
            score, lost = rounded(parts.score), rounded(max(parts.miscalibration, 0.0), 2)
            label = f"{name}: " * bool(name) + f"loss {score}, miscalibration {lost}"
            style = {"color": color, "linestyle": STYLES[k % len(STYLES)], "linewidth": 2.0, "label": label}
            self.lines_ += ax.plot(*self.curves[k], **style | line_kw)
        seen_as = "observed frequency" if share else f"{self.functional} of y, given the forecast"
        ax.set(xlabel=f"forecast {self.functional}", ylabel=seen_as)
        seen = np.concatenate([curve[1] for curve in self.curves] + [band[2] for band in self.bands or []])
        room = 0.03 * (high - low or 1.0)
        ax.set_xlim(low - room, high + room)
        bottom, top = min(low, float(seen.min())), max(high, float(seen.max()))
        ax.set_ylim(bottom - 0.17 * (top - bottom or 1.0), top + room)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False, loc="upper left")
        self._draw_histogram(ax, low, high)
        return self

    def _draw_histogram(self, ax, low, high):
        """Show at the foot how often each value was forecast."""
        inset = self.histogram_ax_ = ax.inset_axes((0.0, 0.0, 1.0, 0.13))
        for k, f in enumerate(self.forecasts):
            counts, edges = np.histogram(f, bins=40, range=(low, high) if high > low else None)
            style = {"color": COLORS[k % len(COLORS)], "linestyle": STYLES[k % len(STYLES)], "linewidth": 1.0}
            inset.stairs(counts / max(counts.max(), 1), edges, alpha=0.75, **style)
        inset.set_xlim(ax.get_xlim())
        inset.set_ylim(0.0, 1.05)
        inset.axis("off")


def _band(loss, y, f, weights, level, n_resamples, rng):
    """Return values, and between what the curves of calibrated forecasts lie there."""
    at = np.unique(f)
    if len(at) > MOST:  # curves of so many steps look the same
        at = np.unique(np.quantile(f, np.linspace(0.0, 1.0, MOST), method="nearest"))
        f = at[np.abs(np.searchsorted(0.5 * (at[1:] + at[:-1]), f))]
    _, first = np.unique(f, return_index=True)
    at = f[first]
    draw = _of_labels(f) if loss.target_kind == "probability" else _of_residuals(loss, y, f)
    curves = np.array([isotonic(loss, draw(rng), f, weights)[first] for _ in range(n_resamples)])
    under, over = np.quantile(curves, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0)
    return at, under, over


def _of_labels(f):
    return lambda rng: (rng.random(len(f)) < f).astype(np.float64)


def _of_residuals(loss, y, f):
    """Draw residuals of forecasts of about the same size, shifted so that the forecast is right."""
    value, n = of_sample(loss), len(y)
    parts = np.array_split(np.argsort(f, kind="stable"), max(1, min(20, n // ALIKE)))
    positive = loss.link.predictions.low == 0.0
    residuals = y / f if positive else y - f
    for part in parts:
        centre = value(residuals[part], None)
        residuals[part] = residuals[part] / (centre or 1.0) if positive else residuals[part] - centre

    def draw(rng):
        drawn = np.empty(n)
        for part in parts:
            drawn[part] = residuals[rng.choice(part, len(part))]
        return f * drawn if positive else f + drawn

    return draw
