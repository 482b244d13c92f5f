"""LossCurveDisplay: the course of a training."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._axes import BROKEN, COLORS, Display, pyplot


class LossCurveDisplay(Display):
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
        pyplot()
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
            draw(ax, self.validation_loss, "loss on held-out samples", BROKEN)
        ax.set(xlabel=self.steps, ylabel="loss")
        ax.spines[["top", "right"]].set_visible(False)
        if self.validation_score is not None:
            self.score_ax_ = ax.twinx()
            draw(self.score_ax_, self.validation_score, "score on held-out samples", BROKEN)
            self.score_ax_.set_ylabel("score on held-out samples (more is better)")
            self.score_ax_.spines[["top"]].set_visible(False)
        drawn = ax.get_legend_handles_labels()[0]
        handles = drawn + [line for line in self.lines_ if line not in drawn]
        ax.legend(handles=handles, frameon=False, loc="best" if self.score_ax_ is None else "center right")
        ax.xaxis.get_major_locator().set_params(integer=True)
        return self
