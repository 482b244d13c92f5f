"""Pictures: losses and their derivatives, and the course of a training.

Knows losses, and estimators by their fitted attributes. The only file that imports matplotlib, and only when
something is drawn.
"""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .losses import get_loss

__all__ = ["COLORS", "LossCurveDisplay", "LossDisplay"]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""The colours of lines, which people with any colour vision tell apart (Okabe and Ito)."""

_STYLES = ("-", "--", "-.", ":")
_DERIVATIVE_STYLE = (0, (4, 1.5))
_N_POINTS = 401
_HALVINGS = 60


def _pyplot():
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            'Displays draw with matplotlib, which is not installed: pip install "sklearn-losses[plot]".'
        ) from error
    return plt


class _Display:
    """What displays share: axes of their own, or the ones that they are given."""

    def _take_axes(self, ax):
        if ax is None:
            _, ax = _pyplot().subplots(layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        return ax


class LossDisplay(_Display):
    """Losses, and their derivatives, against the prediction or the margin.

    Create it with `from_loss`. It holds the numbers; `plot` draws them, as often as wanted.

    Parameters
    ----------
    names : list of str
        What the legend calls each loss.
    values : list of (ndarray, ndarray)
        For each loss, x and the loss.
    derivatives : list of (ndarray, ndarray)
        For each loss, x and the derivative by x; NaN separates the two sides of a jump.
    kinks : list of (ndarray, ndarray)
        For each loss, the x where the derivative jumps, and the derivative that is taken there.
    axis : str
        What x is.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on last.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        One line a loss; empty where only derivatives were drawn.
    derivative_lines_ : list of matplotlib Line2D
        One line a loss; empty where only values were drawn.
    kink_lines_ : list of matplotlib Line2D
        One for each loss whose derivative jumps: dots at the derivatives that are taken there.

    Examples
    --------
    >>> from sklearn_losses import AbsoluteError, Huber, LossDisplay
    >>> display = LossDisplay.from_loss([AbsoluteError(), Huber(delta=1.5)])
    >>> [line.get_label() for line in display.lines_]
    ['AbsoluteError()', 'Huber(delta=1.5)']
    """

    def __init__(self, *, names, values, derivatives, kinks, axis):
        self.names = names
        self.values = values
        self.derivatives = derivatives
        self.kinks = kinks
        self.axis = axis

    @classmethod
    def from_loss(
        cls, loss, *, scale="auto", y_true=None, limits=None, quantity="both", name=None, ax=None, **line_kw
    ):
        """Draw one loss or several.

        Parameters
        ----------
        loss : Loss, str or callable; list of them; or dict of str to them
            What is drawn. The keys of a dict are the names in the legend.
        scale : {'auto', 'prediction', 'raw'}, default='auto'
            What x is: the prediction as users see it, or the raw prediction, for classes the margin. 'auto'
            is 'raw' for classes, and 'prediction' for numbers: the residual, where only that counts.
        y_true : float, default=None
            The observation: for numbers, by default 0 where only the residual counts, else 1; for two
            classes 1 or 0.
        limits : tuple of float, default=None
            From where to where x goes; by default what is worth looking at.
        quantity : {'both', 'value', 'derivative'}, default='both'
            What is drawn.
        name : str, default=None
            The name of a single loss in the legend; by default what it prints.
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`, such as ``linewidth=3``.

        Returns
        -------
        LossDisplay

        Raises
        ------
        ValueError
            If losses do not share an x: a loss of residuals and one of margins.
        ImportError
            If matplotlib is not installed.
        """
        _pyplot()
        if scale not in ("auto", "prediction", "raw"):
            raise ValueError(f"scale must be 'auto', 'prediction' or 'raw', got {scale!r}.")
        losses = {None: loss} if not isinstance(loss, dict | list | tuple) else loss
        if not isinstance(losses, dict):
            losses = dict(enumerate(losses))
        if not losses:
            raise ValueError("loss is empty; pass at least one loss.")
        found = [get_loss(each) for each in losses.values()]
        names = [
            key if isinstance(key, str) else " ".join(repr(each).split())
            for key, each in zip(losses, found, strict=True)
        ]
        if name is not None:
            if len(found) != 1:
                raise ValueError(f"name is for one loss; got {len(found)}. Pass a dict of names to losses.")
            names = [name]
        paths = _paths(found, scale, y_true)
        low, high = limits or (max(p.limits[0] for p in paths), min(p.limits[1] for p in paths))
        for path in paths:
            if not (low < high and low in path.domain and high in path.domain):
                raise ValueError(
                    f"limits must rise, and lie in {path.domain} for the {path.axis} of {path.loss!r}; "
                    f"got {limits!r}."
                )
        curves = [_curves(path, float(low), float(high)) for path in paths]
        display = cls(
            names=names,
            values=[value for value, _, _ in curves],
            derivatives=[derivative for _, derivative, _ in curves],
            kinks=[kinks for _, _, kinks in curves],
            axis=paths[0].axis,
        )
        return display.plot(ax=ax, quantity=quantity, **line_kw)

    def plot(self, ax=None, *, quantity="both", **line_kw):
        """Draw what the display holds.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        quantity : {'both', 'value', 'derivative'}, default='both'
            What is drawn. With 'both', the derivative is dashed.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        LossDisplay
        """
        if quantity not in ("both", "value", "derivative"):
            raise ValueError(f"quantity must be 'both', 'value' or 'derivative', got {quantity!r}.")
        ax = self._take_axes(ax)
        self.lines_, self.derivative_lines_, self.kink_lines_ = [], [], []
        both = quantity == "both"
        for k, name in enumerate(self.names):
            style = {"color": COLORS[k % len(COLORS)], "linewidth": 2.0}
            if not both:
                style["linestyle"] = _STYLES[k // len(COLORS) % len(_STYLES)]
            if quantity != "derivative":
                self.lines_ += ax.plot(*self.values[k], **style | {"label": name} | line_kw)
            if quantity != "value":
                label = f"{name}, derivative" if both else name
                dashes = {"linestyle": _DERIVATIVE_STYLE} if both else {}
                (line,) = ax.plot(*self.derivatives[k], **style | dashes | {"label": label} | line_kw)
                self.derivative_lines_.append(line)
                if len(self.kinks[k][0]):
                    color = line.get_color()
                    self.kink_lines_ += ax.plot(*self.kinks[k], "o", color=color, markersize=5, zorder=3)
        what = {"both": "loss, derivative", "value": "loss", "derivative": "derivative of the loss"}[quantity]
        ax.set(xlabel=self.axis, ylabel=what)
        ax.spines[["top", "right"]].set_visible(False)
        if quantity != "value":
            ax.axhline(0.0, color="#999999", linewidth=0.8, zorder=0)
        ax.legend(frameon=False)
        return self


def _paths(losses, scale, y_true):
    """Give the path of each loss; all have the same axis."""

    def of(y):
        return [loss._path(loss, scale, y) for loss in losses]

    paths = of(y_true)
    if (
        y_true is None
        and len({path.axis for path in paths}) > 1
        and all(path.axis.startswith("prediction") for path in paths)
    ):
        paths = of(1.0)  # numbers, of which not all losses depend on the residual alone
    for path in paths[1:]:
        if path.axis != paths[0].axis:
            raise ValueError(
                f"{losses[0]!r} and {path.loss!r} cannot be drawn in one picture: x would be the "
                f"{paths[0].axis} of the first and the {path.axis} of the second. Draw them on two axes, with ax=."
            )
    return paths


def _curves(path, low, high):
    """Give value, derivative with its jumps open, and the derivatives at the jumps."""
    t = np.linspace(low, high, _N_POINTS)
    jumps = _jumps(path.slope, t)
    kinks = np.array([_roundest(left, right) for left, right in jumps])
    steps = _jumps(path.value, t)
    value = _with_gaps(path.value, np.union1d(t, kinks), steps)
    derivative = _with_gaps(path.slope, t, jumps)
    return value, derivative, (kinks, path.slope(kinks) if len(kinks) else kinks)


def _jumps(function, t):
    """Find where a function jumps: narrow every interval between points to the half that changes more.

    What comes back is a little wider than a jump, which may have a value of its own in its middle.
    """
    left, right = t[:-1].copy(), t[1:].copy()
    at_left, at_right = function(left), function(right)
    span = max(np.ptp(at_left), 1e-300)
    for _ in range(_HALVINGS):
        middle = 0.5 * (left + right)
        at_middle = function(middle)
        lower = np.abs(at_middle - at_left) >= np.abs(at_right - at_middle)
        right, at_right = np.where(lower, middle, right), np.where(lower, at_middle, at_right)
        left, at_left = np.where(lower, left, middle), np.where(lower, at_left, at_middle)
    found = np.abs(at_right - at_left) > 1e-6 * span
    slack = 1e-13 * np.max(np.abs(t))
    jumps: list[tuple[float, float]] = []
    for a, b in zip(left[found] - slack, right[found] + slack, strict=True):
        if jumps and a <= jumps[-1][1]:
            a = jumps.pop()[0]
        jumps.append((a, b))
    return jumps


def _roundest(left, right):
    """Give the number with the fewest digits between two."""
    middle = 0.5 * (left + right)
    return next(
        (x for x in (round(middle, digits) + 0.0 for digits in range(16)) if left <= x <= right), middle
    )


def _with_gaps(function, t, jumps):
    """Give x and y of a line that is open where the function jumps."""
    x = np.unique(np.concatenate([t, np.ravel(jumps)]))
    keep = np.ones(len(x), dtype=bool)
    for left, right in jumps:
        keep &= ~((x > left) & (x < right))
    x = x[keep]
    y = function(x)
    ends = [np.searchsorted(x, right) for _, right in jumps]
    gaps = [0.5 * (left + right) for left, right in jumps]
    return np.insert(x, ends, gaps), np.insert(np.asarray(y, dtype=np.float64), ends, np.nan)


class LossCurveDisplay(_Display):
    """The objective, and the score on samples held out, against the passes over the data, or iterations.

    Create it with `from_estimator`.

    Parameters
    ----------
    objective : array-like of shape (n_passes,)
        The training objective of each pass or iteration.
    validation_loss : array-like of shape (n_passes,), default=None
        The loss on held-out samples, which shares the objective's axis.
    validation_score : array-like of shape (n_passes,), default=None
        Another score on held-out samples, the greater the better; it gets an axis of its own.
    name : str, default=None
        The name of the model, for the legend.
    steps : str, default='passes over the data'
        What the objective was measured after, for the axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the objective was drawn.
    score_ax_ : matplotlib Axes or None
        Its twin, with the scale of the score on the right.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of matplotlib Line2D
        The objective, and what was seen on held-out samples.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_losses import LossCurveDisplay, SGDRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = SGDRegressor("absolute_error", learning_rate="auto", random_state=0).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(model)
    >>> display.ax_.get_xlabel()
    'passes over the data'
    """

    def __init__(
        self,
        objective,
        *,
        validation_loss=None,
        validation_score=None,
        name=None,
        steps="passes over the data",
    ):
        self.objective = objective
        self.validation_loss = validation_loss
        self.validation_score = validation_score
        self.name = name
        self.steps = steps

    @classmethod
    def from_estimator(cls, estimator, *, name=None, ax=None, **line_kw):
        """Draw how a fitted model was trained.

        Parameters
        ----------
        estimator : estimator
            Fitted, with a `loss_curve_`, such as `SGDClassifier`, `LinearRegressor`, or scikit-learn's
            `MLPClassifier`; or a pipeline or a search around one.
        name : str, default=None
            The name of the model, for the legend.
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        LossCurveDisplay

        Raises
        ------
        NotFittedError
            If the estimator was not fitted.
        ValueError
            If it kept no curve.
        ImportError
            If matplotlib is not installed.
        """
        _pyplot()
        check_is_fitted(estimator)
        estimator = getattr(estimator, "best_estimator_", estimator)
        estimator = estimator[-1] if hasattr(estimator, "steps") else estimator
        kind = type(estimator).__name__
        if not hasattr(estimator, "loss_curve_"):
            raise ValueError(f"{kind} has no loss_curve_: it keeps no record of its training.")
        if estimator.loss_curve_ is None:
            raise ValueError(
                f"This {kind} measured no objective, because tol=None and verbose=0. Fit it with a tol "
                f"(tol=0 makes it train as long as the objective falls)."
            )
        scores = getattr(estimator, "validation_scores_", None)
        of_loss = getattr(estimator, "early_stopping", None) == "loss"
        display = cls(
            np.asarray(estimator.loss_curve_),
            validation_loss=-np.asarray(scores) if scores is not None and of_loss else None,
            validation_score=np.asarray(scores) if scores is not None and not of_loss else None,
            name=name,
            steps="iterations" if hasattr(estimator, "solver_") else "passes over the data",
        )
        return display.plot(ax=ax, **line_kw)

    def plot(self, ax=None, *, name=None, **line_kw):
        """Draw what the display holds.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.
        name : str, default=None
            The name of the model, for the legend.
        **line_kw
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        LossCurveDisplay
        """
        ax = self._take_axes(ax)
        self.score_ax_ = None
        name = self.name if name is None else name
        prefix = "" if name is None else f"{name}: "
        first = len(ax.lines)
        style = {"linewidth": 2.0, "marker": "." if len(self.objective) <= 40 else None}

        def draw(axes, values, label, dashes):
            color = COLORS[(first + len(self.lines_)) % len(COLORS)]
            looks = style | {"color": color, "linestyle": dashes, "label": prefix + label} | line_kw
            self.lines_ += axes.plot(np.arange(1, len(values) + 1), values, **looks)

        self.lines_: list = []
        draw(ax, self.objective, "training objective", "-")
        if self.validation_loss is not None:
            draw(ax, self.validation_loss, "loss on held-out samples", _DERIVATIVE_STYLE)
        ax.set(xlabel=self.steps, ylabel="loss")
        ax.spines[["top", "right"]].set_visible(False)
        if self.validation_score is not None:
            self.score_ax_ = ax.twinx()
            draw(self.score_ax_, self.validation_score, "score on held-out samples", _DERIVATIVE_STYLE)
            self.score_ax_.set_ylabel("score on held-out samples (more is better)")
            self.score_ax_.spines[["top"]].set_visible(False)
        drawn = ax.get_legend_handles_labels()[0]
        handles = drawn + [line for line in self.lines_ if line not in drawn]
        ax.legend(handles=handles, frameon=False, loc="best" if self.score_ax_ is None else "center right")
        ax.xaxis.get_major_locator().set_params(integer=True)
        return self
