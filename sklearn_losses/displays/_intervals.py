"""IntervalDisplay: numbers and intervals of them, one below the other."""

import numpy as np

from ._axes import COLORS, Display, pyplot


class IntervalDisplay(Display):
    """Numbers with their intervals, a row each.

    `score_interval`, `compare` and `compare_cv` give tables whose `plot` makes it.

    Parameters
    ----------
    names : list of str
        What the rows are called.
    values, low, high : array-like of shape (n_rows,)
        The numbers, and the ends of their intervals.
    axis : str
        What the numbers are.
    reference : float, default=None
        A number to compare them with: a dashed line. Markers are filled where it lies outside of the interval.
    panels : array-like of str of shape (n_rows,), default=None
        Rows of different panels have axes of their own, since their numbers are not of one unit.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The first axes that were drawn on.
    axes_ : list of matplotlib Axes
        One a panel.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    points_ : list of matplotlib Line2D
        The marker of each row.
    bars_ : list of matplotlib LineCollection
        The interval of each row.

    Examples
    --------
    >>> from sklearn_losses import compare
    >>> forecasts = {"new": [2.5, 5.5, 4.0], "old": [2.0, 6.5, 4.5]}
    >>> display = compare("absolute_error", [3.0, 5.0, 4.0], forecasts).plot()
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['new − old']
    """

    def __init__(self, *, names, values, low, high, axis, reference=None, panels=None):
        self.names = list(names)
        self.values, self.low, self.high = (np.asarray(v, dtype=float) for v in (values, low, high))
        self.axis = axis
        self.reference = reference
        self.panels = panels

    def plot(self, ax=None, **line_kw):
        """Draw what the display holds.

        Parameters
        ----------
        ax : matplotlib Axes, or list of them, default=None
            Where to draw, one axes a panel; on a new figure if not given.
        **line_kw
            For :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        IntervalDisplay
        """
        panels = [""] * len(self.names) if self.panels is None else [str(panel) for panel in self.panels]
        order = list(dict.fromkeys(panels))
        self.axes_ = self._panels(ax, [panels.count(panel) for panel in order])
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.points_, self.bars_ = [], []
        for panel, axes in zip(order, self.axes_, strict=True):
            rows = [k for k, name in enumerate(panels) if name == panel]
            for place, k in enumerate(rows):
                self._draw_row(axes, place, k, line_kw)
            axes.set_yticks(range(len(rows)), [self.names[k] for k in rows])
            axes.set_ylim(len(rows) - 0.4, -0.6)
            if self.reference is not None:
                axes.axvline(self.reference, color="#555555", linestyle="--", linewidth=1.2, zorder=1.5)
            if len(order) > 1:
                axes.set_title(panel, loc="left", fontsize=11)
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.tick_params(axis="y", length=0)
            axes.grid(axis="x", color="#E5E5E5", linewidth=0.8)
            axes.set_axisbelow(True)
        self.axes_[-1].set_xlabel(self.axis)
        return self

    def _panels(self, ax, heights):
        if ax is None:
            size = 6.4, 1.0 + 0.38 * sum(heights) + 0.55 * (len(heights) - 1)
            grid = {"height_ratios": [0.6 + height for height in heights]}
            _, found = pyplot().subplots(
                len(heights), squeeze=False, figsize=size, layout="constrained", gridspec_kw=grid
            )
            return list(found[:, 0])
        axes = list(np.ravel(ax))
        if len(axes) != len(heights):
            raise ValueError(f"ax must be {len(heights)} axes, one for each of the losses, got {len(axes)}.")
        return axes

    def _draw_row(self, axes, place, k, line_kw):
        low, value, high = self.low[k], self.values[k], self.high[k]
        sure = self.reference is None or not low <= self.reference <= high
        style = {
            "color": COLORS[0], "fmt": "o", "markersize": 7, "linewidth": 2.2, "capsize": 0,
            "markerfacecolor": COLORS[0] if sure else "white", "markeredgewidth": 1.8,
        }  # fmt: skip
        ends = [[value - low], [high - value]] if np.isfinite([low, high]).all() else None
        drawn = axes.errorbar([value], [place], xerr=ends, **style | line_kw)
        self.points_.append(drawn.lines[0])
        self.bars_ += list(drawn.lines[2])
