"""QuantilePathDisplay: coefficients of linear quantile regression along the quantiles."""

import numpy as np
from sklearn.base import clone

from ..losses import get_loss
from ._axes import COLORS, Display, pyplot

QUANTILES = tuple(np.round(np.linspace(0.1, 0.9, 9), 2).tolist())


class QuantilePathDisplay(Display):
    """The path of quantiles: each coefficient of a linear model against the quantile that it was fitted for.

    A level line says that a feature shifts the whole distribution; a rising one that it also widens it. The dashed line
    is the coefficient of least squares.

    Create it with `from_estimator`. It holds the numbers; `plot` draws them, as often as wanted.

    Parameters
    ----------
    quantiles : ndarray of shape (n_quantiles,)
        The levels.
    feature_names : list of str
        What is drawn.
    coefficients : ndarray of shape (n_quantiles, n_features)
        The coefficients of each fit.
    intervals : ndarray of shape (2, n_quantiles, n_features) or None
        The ends of their intervals; None for fits with a penalty.
    of_mean : ndarray of shape (n_features,)
        The coefficients of least squares.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The first of the axes.
    axes_ : list of matplotlib Axes
        One a feature.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        One a feature.
    bands_ : list of matplotlib PolyCollection
        One a feature, where there are intervals.

    References
    ----------
    .. [1] R. Koenker, "Quantile Regression", Cambridge University Press (2005), :doi:`10.1017/CBO9780511754098`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_losses import LinearRegressor
    >>> from sklearn_losses.displays import QuantilePathDisplay
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = LinearRegressor("pinball", penalty=None)
    >>> display = QuantilePathDisplay.from_estimator(model, X[["bmi", "bp"]], y, quantiles=[0.25, 0.5, 0.75])
    >>> [ax.get_title(loc="left") for ax in display.axes_]
    ['bmi', 'bp']
    """

    def __init__(self, *, quantiles, feature_names, coefficients, intervals, of_mean):
        self.quantiles = quantiles
        self.feature_names = feature_names
        self.coefficients = coefficients
        self.intervals = intervals
        self.of_mean = of_mean

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        quantiles=QUANTILES,
        features=None,
        sample_weight=None,
        level=0.95,
        ax=None,
        **line_kw,
    ):
        """Fit a linear model for each quantile, and draw the coefficients.

        Parameters
        ----------
        estimator : LinearRegressor
            Its parameters but for the loss are those of the fits; it stays as it is. Without a penalty the
            coefficients have intervals (kernel sandwich, see `inference`).
        X : array-like of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,)
            The target.
        quantiles : array-like, default=0.1, 0.2, …, 0.9
            The levels, rising.
        features : list of str or int, default=None
            The features that are drawn, by name or number; by default all.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of samples.
        level : float, default=0.95
            The probability that the intervals are to have.
        ax : list of matplotlib Axes, default=None
            Where to draw, one a feature; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        QuantilePathDisplay
        """
        pyplot()
        quantiles = np.asarray(quantiles, dtype=np.float64)
        if quantiles.ndim != 1 or len(quantiles) < 2 or np.any(np.diff(quantiles) <= 0.0):
            raise ValueError(f"quantiles must be two levels or more, rising, got {quantiles.tolist()}.")
        if not hasattr(estimator, "inference"):
            raise ValueError(
                f"{type(estimator).__name__} has no coefficients for every quantile: pass a LinearRegressor."
            )
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        losses = [get_loss("pinball").set_params(quantile=float(q)) for q in quantiles]
        models = [
            clone(estimator).set_params(loss=loss).fit(X, y, **weights)
            for loss in [*losses, get_loss("squared_error")]
        ]
        names = [str(name) for name in getattr(models[0], "feature_names_in_", [])]
        names = names or [f"x{k}" for k in range(models[0].n_features_in_)]
        chosen = list(range(len(names))) if features is None else [
            names.index(feature) if isinstance(feature, str) else int(feature) for feature in features
        ]  # fmt: skip
        intervals = None
        if not any(estimator._penalty_strengths()):
            tables = [model.inference(X, y, level=level, **weights) for model in models[:-1]]
            first = int(models[0].fit_intercept)
            intervals = np.array([[t[end][first:][chosen] for t in tables] for end in ("low", "high")])
        coefficients = np.array([np.ravel(model.coef_)[chosen] for model in models])
        display = cls(
            quantiles=quantiles,
            feature_names=[names[k] for k in chosen],
            coefficients=coefficients[:-1],
            intervals=intervals,
            of_mean=coefficients[-1],
        )
        return display.plot(ax=ax, **line_kw)

    def plot(self, ax=None, **line_kw):
        """Draw what the display holds.

        Parameters
        ----------
        ax : list of matplotlib Axes, default=None
            Where to draw, one a feature; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        QuantilePathDisplay
        """
        count = len(self.feature_names)
        if ax is None:
            columns = 2 if count in (2, 4) else min(count, 3)
            rows = -(-count // columns)
            size = 1.0 + 2.9 * columns, 0.6 + 2.2 * rows
            figure, grid = pyplot().subplots(
                rows, columns, figsize=size, sharex=True, squeeze=False, layout="constrained"
            )
            ax = grid.ravel()[:count]
            for empty in grid.ravel()[count:]:
                figure.delaxes(empty)
        self.axes_ = list(np.ravel(ax))
        if len(self.axes_) != count:
            raise ValueError(f"ax must be {count} axes, one for each of the features, got {len(self.axes_)}.")
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.lines_, self.bands_ = [], []
        for k, axes in enumerate(self.axes_):
            axes.axhline(0.0, color="#999999", linewidth=0.8, zorder=0)
            if self.intervals is not None:
                fill = axes.fill_between(
                    self.quantiles, *self.intervals[:, :, k], color=COLORS[0], alpha=0.18, linewidth=0
                )
                self.bands_.append(fill)
            style = {
                "color": COLORS[0],
                "marker": "o",
                "markersize": 4,
                "linewidth": 2.0,
                "label": "quantiles",
            }
            self.lines_ += axes.plot(self.quantiles, self.coefficients[:, k], **style | line_kw)
            axes.axhline(
                self.of_mean[k], color=COLORS[1], linestyle="--", linewidth=1.6, label="mean (least squares)"
            )
            axes.set_title(self.feature_names[k], loc="left", fontsize=11)
            axes.spines[["top", "right"]].set_visible(False)
        self.axes_[0].legend(frameon=False, fontsize=9)
        self.figure_.supxlabel("quantile", fontsize=10)
        self.figure_.supylabel("coefficient", fontsize=10)
        return self
