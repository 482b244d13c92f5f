"""DecompositionDisplay: what scores are made of."""

from ..losses import get_loss
from ..metrics._decomposition import decompositions
from ._axes import COLORS, pyplot
from ._forecasts import ForecastDisplay, by_name, in_group


class DecompositionDisplay(ForecastDisplay):
    """What the score of each forecast is made of: uncertainty − discrimination + miscalibration.

    Each row begins at the score of the best constant (uncertainty), goes down by what telling samples apart saves
    (discrimination), and up again by what bad calibration costs (miscalibration); it ends at the score.

    Create it with `from_predictions` or `from_estimator`. It holds the numbers; `plot` draws them, as often as wanted.

    Parameters
    ----------
    names : list of str
        What the rows are called.
    decompositions : list of Decomposition
        One a row.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on last.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    discrimination_bars_, miscalibration_bars_ : BarContainer
        One bar a row.
    points_ : matplotlib Line2D
        The scores.

    Examples
    --------
    >>> from sklearn_losses.displays import DecompositionDisplay
    >>> y, forecasts = [0, 0, 1, 0, 1, 1], {"model": [0.1, 0.2, 0.3, 0.4, 0.8, 0.9], "bold": [0, 0, 0, 0, 1, 1]}
    >>> display = DecompositionDisplay.from_predictions(y, forecasts, loss="brier")
    >>> [round(float(bar.get_width()), 3) for bar in display.discrimination_bars_]
    [0.167, 0.125]
    """

    def __init__(self, *, names, decompositions):
        self.names = names
        self.decompositions = decompositions

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
        labels=None,
        pos_label=None,
        ax=None,
    ):
        """Draw one forecast or several, in all or by group.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            What was observed.
        y_pred : array-like of shape (n_samples,), or dict of str to them
            What was forecast, as the loss takes it when it is called; or several forecasts by name.
        loss : Loss or str
            A loss that `decomposition` takes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of samples.
        by : array-like of shape (n_samples,), default=None
            A column; there is a row for each of its values, named after it, for each forecast.
        name : str, default=None
            The name of a single forecast.
        labels, pos_label
            As the loss takes them when it is called.
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.

        Returns
        -------
        DecompositionDisplay
        """
        pyplot()
        loss = get_loss(loss)
        forecasts = by_name(y_pred, name)
        names, parts = of_forecasts(loss, y_true, forecasts, sample_weight, by, labels, pos_label)
        return cls(names=names, decompositions=parts).plot(ax=ax)

    def plot(self, ax=None):
        """Draw what the display holds.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; on a new figure if not given.

        Returns
        -------
        DecompositionDisplay
        """
        if ax is None:
            size = 6.4, 1.8 + 0.55 * len(self.names)
            _, ax = pyplot().subplots(figsize=size, layout="constrained")
        ax = self._take_axes(ax)
        ax.use_sticky_edges = False
        rows = range(len(self.names))
        parts = self.decompositions
        start = [p.uncertainty for p in parts]
        least = [p.uncertainty - p.discrimination for p in parts]
        look = {"height": 0.3, "edgecolor": "white", "linewidth": 0.0}
        self.discrimination_bars_ = ax.barh(
            [row - 0.16 for row in rows], [p.discrimination for p in parts], left=least, color=COLORS[0],
            label="− discrimination", **look,
        )  # fmt: skip
        self.miscalibration_bars_ = ax.barh(
            [row + 0.16 for row in rows], [p.miscalibration for p in parts], left=least, color=COLORS[1],
            hatch="////", label="+ miscalibration", **look,
        )  # fmt: skip
        scores = [p.score for p in parts]
        (self.points_,) = ax.plot(
            scores, [row + 0.16 for row in rows], "D", color="black", markersize=6, label="= score"
        )
        edges = [0, *(row for row in rows if row and start[row] != start[row - 1]), len(self.names)]
        ax.vlines(  # one line for rows of the same samples
            [start[row] for row in edges[:-1]], [row - 0.5 for row in edges[:-1]], [row - 0.5 for row in edges[1:]],
            color="#555555", linestyle="--", linewidth=1.2, zorder=0, label="best constant",
        )  # fmt: skip
        ax.set_yticks(list(rows), self.names)
        ax.set_ylim(len(self.names) - 0.4, -0.6)
        ax.set_xlabel("mean loss")
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.tick_params(axis="y", length=0)
        handles, labels = ax.get_legend_handles_labels()
        order = sorted(range(len(labels)), key=lambda k: "b−+=".index(labels[k][0]))
        ax.legend(
            [handles[k] for k in order], [labels[k] for k in order],
            frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2,
        )  # fmt: skip
        return self


def of_forecasts(loss, y_true, forecasts, sample_weight, by, labels, pos_label):
    """Return names and decompositions of forecasts, group by group."""
    found = [
        [(in_group(group, name), parts) for group, _, parts in decompositions(
            loss, y_true, y_pred, sample_weight, by, labels, pos_label
        )]
        for name, y_pred in forecasts.items()
    ]  # fmt: skip
    names, parts = zip(*(row for rows in zip(*found, strict=True) for row in rows), strict=True)
    return list(names), list(parts)
