"""Draws the pictures of the pages, ``pictures/*.svg``, and the README's, ``losses.svg``, which is kept.

``python doc/make_pictures.py`` draws the README's anew; the others are drawn when the site is built.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from sklearn_losses import (
    AbsoluteError,
    Cauchy,
    Expectile,
    Huber,
    LossCurveDisplay,
    LossDisplay,
    Pinball,
    SGDClassifier,
    SquaredError,
)
from sklearn_losses.displays import COLORS

DOC = Path(__file__).resolve().parent
MARGINS = ["log_loss", "hinge", "squared_hinge", "modified_huber", "exponential", "brier"]


def titled(ax, title, **limits):
    ax.set(**limits)
    ax.set_title(title, loc="left", fontsize=11)
    return ax


def readme():
    """Losses of numbers, their derivatives, and losses of two classes."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.9), layout="constrained")
    numbers = {
        "squared": SquaredError(),
        "absolute": AbsoluteError(),
        "Huber": Huber(),
        "Cauchy": Cauchy(),
        "pinball, τ = 0.9": Pinball(quantile=0.9),
    }
    display = LossDisplay.from_loss(numbers, ax=axes[0], quantity="value")
    titled(axes[0], "Numbers: what a mistake costs", ylim=(0, 4))
    display.plot(ax=axes[1], quantity="derivative")
    axes[1].get_legend().remove()
    titled(axes[1], "its derivative: the pull of a sample", ylim=(-2.2, 2.2))
    margins = {name.replace("_", " "): name for name in MARGINS if name != "modified_huber"}
    LossDisplay.from_loss(margins, ax=axes[2], quantity="value")
    titled(axes[2], "Two classes: losses of the margin", ylim=(0, 4))
    return figure


def elicits():
    """What losses ask for of a skewed distribution: the log-normal one."""
    x = np.linspace(0.01, 6, 600)
    density = np.exp(-0.5 * np.log(x) ** 2) / (x * np.sqrt(2 * np.pi))
    sample = np.random.default_rng(0).lognormal(size=100_000)
    figure, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
    ax.fill_between(x, density, color="#DDDDDD", linewidth=0)
    for (name, loss), color, style in zip(
        {
            "absolute error: the median": AbsoluteError(),
            "Huber: in between": Huber(),
            "squared error: the mean": SquaredError(),
            "pinball, τ = 0.9: a quantile": Pinball(quantile=0.9),
            "expectile, τ = 0.9": Expectile(expectile=0.9),
        }.items(),
        COLORS,
        ("-", "-.", "--", "-", ":"),
        strict=False,
    ):
        ax.axvline(loss.constant_minimizer(sample), color=color, linestyle=style, linewidth=2.2, label=name)
    ax.set(xlabel="y", ylabel="density", xlim=(0, 6), ylim=(0, 0.7))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="upper right", bbox_to_anchor=(0.585, 1.0))
    return figure


def pull():
    """Robust and other losses, and their derivatives."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    losses = {"squared": SquaredError(), "absolute": AbsoluteError(), "Huber": Huber(), "Cauchy": Cauchy()}
    display = LossDisplay.from_loss(losses, ax=axes[0], quantity="value", limits=(-5, 5))
    titled(axes[0], "loss", ylim=(0, 6))
    display.plot(ax=axes[1], quantity="derivative")
    axes[1].get_legend().remove()
    titled(axes[1], "derivative", ylim=(-3, 3))
    return figure


def margins():
    """Losses of two classes."""
    figure, ax = plt.subplots(figsize=(9, 4), layout="constrained")
    LossDisplay.from_loss({name.replace("_", " "): name for name in MARGINS}, ax=ax, quantity="value")
    ax.set(ylim=(0, 9))
    return figure


def both():
    """Losses and derivatives in one axes."""
    figure, ax = plt.subplots(figsize=(9, 4.4), layout="constrained")
    LossDisplay.from_loss([Huber(), Pinball(quantile=0.8)], ax=ax)
    return figure


def options():
    """Names of one's own, and another scale."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    quantiles = {f"τ = {q}": Pinball(quantile=q) for q in (0.1, 0.5, 0.9)}
    LossDisplay.from_loss(quantiles, ax=axes[0], quantity="value")
    LossDisplay.from_loss(["log_loss", "brier"], scale="prediction", ax=axes[1], quantity="value")
    return figure


def training():
    """A training that early stopping watches."""
    X, y = load_digits(return_X_y=True)
    model = SGDClassifier("log_loss", learning_rate="auto", early_stopping="loss", random_state=0).fit(X, y)
    figure, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
    LossCurveDisplay.from_estimator(model, ax=ax)
    return figure


def save(draw, path):
    """Draw one picture into a file that is the same whenever it is drawn."""
    path.parent.mkdir(exist_ok=True)
    with plt.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "path", "font.size": 11}):
        figure = draw()
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def write_pictures():
    """Draw those that the site alone needs."""
    for draw in (elicits, pull, margins, both, options, training):
        save(draw, DOC / "pictures" / f"{draw.__name__}.svg")


if __name__ == "__main__":
    save(readme, DOC / "losses.svg")
