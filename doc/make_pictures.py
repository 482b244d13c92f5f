"""Draws the pictures of the pages, ``pictures/*.svg``, and the README's, ``losses.svg``, which is kept.

``python doc/make_pictures.py`` draws the README's anew; the others are drawn when the site is built.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from sklearn_losses import (
    AbsoluteError,
    Cauchy,
    CoverageDisplay,
    DecompositionDisplay,
    Expectile,
    Huber,
    LinearRegressor,
    LossCurveDisplay,
    LossDisplay,
    MurphyDisplay,
    Pinball,
    PointwiseLossDisplay,
    QuantilePathDisplay,
    ReliabilityDisplay,
    SGDClassifier,
    SquaredError,
    compare,
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


def comparison():
    """Differences of forecasts, with intervals."""
    X, y = load_diabetes(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
    forecasts = {
        "ridge": Ridge(alpha=0.01).fit(X_train, y_train).predict(X_test),
        "forest": RandomForestRegressor(random_state=0).fit(X_train, y_train).predict(X_test),
        "mean": np.full(len(y_test), y_train.mean()),
    }
    return compare(Huber(delta=50.0), y_test, forecasts).plot().figure_


def _rain():
    rng = np.random.default_rng(0)
    p = rng.beta(2, 2, size=2000)
    rain = (rng.random(2000) < p).astype(int)
    return rng, rain, {"honest": p, "bold": p**3 / (p**3 + (1 - p) ** 3)}


def _spreading(n_fit=500):
    """A regression whose y spreads with X, its test set, and two forecasts of the 0.9-quantile."""
    rng, _, _ = _rain()
    X = rng.uniform(0, 3, size=(1500, 1))
    y = X[:, 0] + (0.2 + X[:, 0]) * rng.standard_normal(1500)
    mean = LinearRegressor().fit(X[:n_fit], y[:n_fit])
    spread = np.quantile(y[:n_fit] - mean.predict(X[:n_fit]), 0.9)
    quantile = LinearRegressor(Pinball(0.9), penalty=None).fit(X[:n_fit], y[:n_fit])
    X, y = X[n_fit:], y[n_fit:]
    return X, y, mean, {
        "quantile regression": quantile.predict(X),
        "mean + 0.9-quantile of residuals": mean.predict(X) + spread,
    }  # fmt: skip


def reliability():
    """What three forecasters of rain said, and what was seen."""
    _, rain, forecasts = _rain()
    forecasts["timid"] = 0.5 + 0.4 * (forecasts["honest"] - 0.5)
    figure, ax = plt.subplots(figsize=(7, 5.6), layout="constrained")
    ReliabilityDisplay.from_predictions(rain, forecasts, loss="log_loss", random_state=0, ax=ax)
    return figure


def quantiles():
    """The same of two forecasts of a quantile."""
    _, y, _, forecasts = _spreading()
    figure, ax = plt.subplots(figsize=(7, 5.2), layout="constrained")
    ReliabilityDisplay.from_predictions(y, forecasts, loss=Pinball(0.9), random_state=0, ax=ax)
    return figure


def murphy():
    """Elementary losses of forecasts, and their differences."""
    _, rain, forecasts = _rain()
    forecasts["average"] = np.full(len(rain), rain.mean())
    figure, axes = plt.subplots(1, 2, figsize=(10.5, 4.2), layout="constrained")
    MurphyDisplay.from_predictions(rain, forecasts, loss="log_loss", ax=axes[0]).plot_difference(axes[1])
    return figure


def where():
    """Where a model pays, and what scores are made of."""
    _, rain, forecasts = _rain()
    forecasts["average"] = np.full(len(rain), rain.mean())
    X, y, mean, _ = _spreading()
    figure, axes = plt.subplots(1, 2, figsize=(10.5, 3.8), layout="constrained")
    PointwiseLossDisplay.from_estimator(mean, X, y, 0, loss="squared_error", n_bins=5, ax=axes[0])
    DecompositionDisplay.from_predictions(rain, forecasts, loss="brier", ax=axes[1])
    return figure


def coverage():
    """Intervals of quantiles, and what MAPIE makes of them."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 3, size=(2700, 1))
    y = X[:, 0] + (0.2 + X[:, 0]) * rng.standard_normal(2700)
    fit, calibrate, test = slice(0, 100), slice(100, 700), slice(700, None)
    low, high = (
        make_pipeline(PolynomialFeatures(5), LinearRegressor(Pinball(level), alpha=1e-6)).fit(X[fit], y[fit])
        for level in (0.05, 0.95)
    )
    below, above = (
        np.quantile(sign * (y[calibrate] - end.predict(X[calibrate])), 0.95 * 601 / 600, method="higher")
        for sign, end in ((-1, low), (1, high))
    )  # each end by itself, as MAPIE does it
    ends = low.predict(X[test]), high.predict(X[test])
    intervals = {"quantiles": ends, "conformal": (ends[0] - below, ends[1] + above)}
    return CoverageDisplay.from_predictions(y[test], intervals, level=0.9).figure_


def path():
    """Coefficients along the quantiles."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    X = X[["age", "bmi", "bp"]]
    return QuantilePathDisplay.from_estimator(LinearRegressor(penalty=None), X, y).figure_


def save(draw, path):
    """Draw one picture into a file that is the same whenever it is drawn."""
    path.parent.mkdir(exist_ok=True)
    with plt.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "path", "font.size": 11}):
        figure = draw()
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def write_pictures():
    """Draw those that the site alone needs."""
    of_losses = (elicits, pull, margins, both, options, training)
    of_forecasts = (comparison, reliability, quantiles, murphy, where, coverage, path)
    for draw in of_losses + of_forecasts:
        save(draw, DOC / "pictures" / f"{draw.__name__}.svg")


if __name__ == "__main__":
    save(readme, DOC / "losses.svg")
