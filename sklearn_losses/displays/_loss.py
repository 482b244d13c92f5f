"""LossDisplay: losses and their derivatives."""

from ..losses import get_loss
from ._axes import BROKEN, COLORS, STYLES, Display, pyplot
from ._curves import lines_of


class LossDisplay(Display):
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
        pyplot()
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
        curves = [lines_of(path, float(low), float(high)) for path in paths]
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
                style["linestyle"] = STYLES[k // len(COLORS) % len(STYLES)]
            if quantity != "derivative":
                self.lines_ += ax.plot(*self.values[k], **style | {"label": name} | line_kw)
            if quantity != "value":
                label = f"{name}, derivative" if both else name
                dashes = {"linestyle": BROKEN} if both else {}
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
