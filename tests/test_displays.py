"""The lines that are drawn, against formulas written out here; kinks, legends, errors."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_losses import (
    LOSSES,
    LinearRegressor,
    LossCurveDisplay,
    LossDisplay,
    RegressionLoss,
    SGDClassifier,
    SGDRegressor,
)
from sklearn_losses.losses import get_loss

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _without_window():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def xy(line):
    x, y = (np.asarray(values, dtype=float) for values in line.get_data())
    return x, y


def slope_of(x, y):
    """Divided differences of a drawn line, at the middles."""
    return 0.5 * (x[1:] + x[:-1]), np.diff(y) / np.diff(x)


# ---- LossDisplay: values and derivatives -----------------------------------------------------------

FORMULAS = {
    "squared_error": (lambda x: x**2, lambda x: 2 * x),
    "absolute_error": (np.abs, np.sign),
    "huber": (lambda x: np.where(abs(x) <= 1, x**2 / 2, abs(x) - 0.5), lambda x: np.clip(x, -1, 1)),
    "epsilon_insensitive": (
        lambda x: np.maximum(abs(x) - 0.1, 0),
        lambda x: np.where(abs(x) > 0.1, np.sign(x), 0),
    ),
    "hinge": (lambda x: np.maximum(1 - x, 0), lambda x: np.where(x <= 1, -1, 0)),
    "log_loss": (lambda x: np.log(1 + np.exp(-x)), lambda x: -1 / (1 + np.exp(x))),
    "exponential": (lambda x: np.exp(-x), lambda x: -np.exp(-x)),
    "poisson": (lambda x: 2 * (x - 1 - np.log(x)), lambda x: 2 * (1 - 1 / x)),
    "gamma": (lambda x: 2 * (1 / x - np.log(1 / x) - 1), lambda x: 2 * (1 / x - 1 / x**2)),
    "squared_log_error": (
        lambda x: (np.log(2) - np.log(1 + x)) ** 2,
        lambda x: -2 * (np.log(2) - np.log(1 + x)) / (1 + x),
    ),
    "absolute_percentage_error": (lambda x: abs(1 - x), lambda x: np.sign(x - 1)),
    "cross_entropy": (lambda x: np.log(np.exp(x) + 2) - x, lambda x: -2 / (np.exp(x) + 2)),
    "multilabel_hinge": (lambda x: np.maximum(1 - x, 0), lambda x: np.where(x <= 1, -1, 0)),
    "cosine_distance": (lambda x: 1 - np.cos(x), np.sin),
    "gaussian_nll": (lambda x: 0.5 * (np.log(2 * np.pi) + x**2), lambda x: x),
}


@pytest.mark.parametrize("alias", FORMULAS)
def test_lines_are_value_and_derivative(alias):
    display = LossDisplay.from_loss(alias)
    value, derivative = FORMULAS[alias]
    x, y = xy(display.lines_[0])
    assert len(x) > 300
    np.testing.assert_allclose(y, value(x), rtol=1e-9, atol=1e-12)
    x, y = xy(display.derivative_lines_[0])
    seen = np.isfinite(y)
    np.testing.assert_allclose(y[seen], derivative(x[seen]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("alias", LOSSES)
def test_every_loss_is_drawn_and_its_derivative_is_the_slope_of_its_line(alias):
    display = LossDisplay.from_loss(alias)
    x, y = xy(display.lines_[0])
    assert np.isfinite(y).all()
    middle, slope = slope_of(x, y)
    dx, dy = xy(display.derivative_lines_[0])
    seen = np.isfinite(dy)
    expected = np.interp(middle, dx[seen], dy[seen])
    assert np.quantile(np.abs(slope - expected), 0.95) < 0.02 * np.abs(dy[seen]).max()


def test_probabilities_on_their_own_scale():
    display = LossDisplay.from_loss(["log_loss", "brier"], scale="prediction")
    x, y = xy(display.lines_[0])
    np.testing.assert_allclose(y, -np.log(x), rtol=1e-9)
    np.testing.assert_allclose(xy(display.derivative_lines_[0])[1], -1 / x, rtol=1e-9)
    np.testing.assert_allclose(xy(display.lines_[1])[1], (1 - x) ** 2, rtol=1e-9, atol=1e-15)
    display = LossDisplay.from_loss("multiclass_brier", scale="prediction")
    x, y = xy(display.lines_[0])
    np.testing.assert_allclose(y, 1.5 * (1 - x) ** 2, rtol=1e-9, atol=1e-15)


def test_raw_predictions_of_a_deviance():
    display = LossDisplay.from_loss("poisson", scale="raw", y_true=2.0)
    x, y = xy(display.lines_[0])
    np.testing.assert_allclose(y, 2 * (2 * np.log(2) - 2 * x - 2 + np.exp(x)), rtol=1e-9, atol=1e-12)
    assert "log" in display.ax_.get_xlabel()


def test_the_other_class_and_another_observation():
    display = LossDisplay.from_loss(get_loss("focal").set_params(alpha=0.25, gamma=0.0), y_true=0)
    x, y = xy(display.lines_[0])
    np.testing.assert_allclose(y, 0.75 * np.log1p(np.exp(-x)), rtol=1e-9)
    display = LossDisplay.from_loss("huber", y_true=5.0)
    x, y = xy(display.lines_[0])
    assert (x[0], x[-1]) == (2.0, 8.0)
    np.testing.assert_allclose(y, FORMULAS["huber"][0](x - 5), rtol=1e-9, atol=1e-12)


# ---- kinks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alias", "places", "taken"),
    [
        ("absolute_error", [0.0], [0.0]),
        ("pinball", [0.0], [-0.5]),
        ("epsilon_insensitive", [-0.1, 0.1], [0.0, 0.0]),
        ("hinge", [1.0], [-1.0]),
        ("perceptron", [0.0], [-1.0]),
        ("multiclass_hinge", [1.0], [-2 / 3]),
        ("absolute_percentage_error", [1.0], [0.0]),
        ("huber", [], []),
        ("squared_hinge", [], []),
        ("minkowski", [], []),
        ("cauchy", [], []),
        ("log_loss", [], []),
    ],
)
def test_kinks(alias, places, taken):
    display = LossDisplay.from_loss(alias)
    assert len(display.kink_lines_) == bool(places)
    if places:
        x, y = xy(display.kink_lines_[0])
        assert x.tolist() == places
        np.testing.assert_allclose(y, taken, atol=1e-15)
        assert np.isin(x, xy(display.lines_[0])[0]).all()  # the corner itself is drawn
    x, y = xy(display.derivative_lines_[0])
    assert np.isnan(y).sum() == len(places)
    for place, gap in zip(places, np.flatnonzero(np.isnan(y)), strict=True):
        assert abs(x[gap] - place) < 1e-9
        assert abs(x[gap - 1] - place) < 1e-9
        assert abs(x[gap + 1] - place) < 1e-9
        assert abs(y[gap + 1] - y[gap - 1]) > 0.4
    steps = np.abs(np.diff(y))
    steps = steps[np.isfinite(steps)]
    assert steps.max() < 0.2 * np.ptp(y[np.isfinite(y)]) + 1e-12  # no line is drawn across a jump


class ZeroOne(RegressionLoss):
    """A loss with jumps itself, at places that no grid holds."""

    def formula(self, y, f):
        return np.where(np.abs(y - f) > 1 / 3, 1.0, 0.0)


def test_a_loss_that_jumps_is_open_there():
    display = LossDisplay.from_loss(ZeroOne(), quantity="value")
    x, y = xy(display.lines_[0])
    np.testing.assert_allclose(x[np.isnan(y)], [-1 / 3, 1 / 3], atol=1e-9)
    assert set(y[np.isfinite(y)]) == {0.0, 1.0}


# ---- conventions -----------------------------------------------------------------------------------


def test_several_losses_share_axes_with_a_legend():
    figure, ax = plt.subplots()
    display = LossDisplay.from_loss({"outliers count": "squared_error", "less": "huber"}, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [
        "outliers count",
        "outliers count, derivative",
        "less",
        "less, derivative",
    ]
    assert len({line.get_color() for line in display.lines_}) == 2
    assert ax.get_xlabel() == "prediction − y"
    display.plot(quantity="derivative")
    assert display.ax_ is not ax
    assert display.lines_ == []
    assert [line.get_label() for line in display.derivative_lines_] == ["outliers count", "less"]
    named = LossDisplay.from_loss("huber", name="mine", quantity="value", linewidth=5)
    assert named.lines_[0].get_label() == "mine"
    assert named.lines_[0].get_linewidth() == 5


def test_losses_of_residuals_join_those_of_predictions():
    display = LossDisplay.from_loss(["squared_error", "poisson"])
    assert display.ax_.get_xlabel() == "prediction, y = 1"
    x, y = xy(display.lines_[0])
    np.testing.assert_allclose(y, (x - 1) ** 2, atol=1e-12)
    assert x.min() > 0


def test_a_function_is_a_loss_of_numbers():
    x, y = xy(LossDisplay.from_loss(lambda y, f: (y - f) ** 4).lines_[0])
    np.testing.assert_allclose(y, x**4, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": ["huber", "hinge"]}, "cannot be drawn in one picture"),
        ({"loss": "huber", "quantity": "gradient"}, "quantity must be"),
        ({"loss": "huber", "scale": "log"}, "scale must be"),
        ({"loss": []}, "loss is empty"),
        ({"loss": ["huber", "fair"], "name": "x"}, "name is for one loss"),
        ({"loss": "hinge", "y_true": 3}, "y_true must be 1 or 0"),
        ({"loss": "cosine_distance", "y_true": 1}, "y_true is for losses of numbers"),
        ({"loss": "poisson", "limits": (-1, 3)}, r"lie in \(0, inf\)"),
        ({"loss": "huber", "limits": (3, -3)}, "limits must rise"),
        ({"loss": "gamma", "y_true": -1.0}, "y_true contains"),
        ({"loss": "hubber"}, "is not known"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        LossDisplay.from_loss(**arguments)


def test_without_matplotlib_the_error_tells_the_remedy(monkeypatch):
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    for draw, argument in (
        (LossDisplay.from_loss, "huber"),
        (LossCurveDisplay.from_estimator, SGDRegressor()),
    ):
        with pytest.raises(ImportError, match=r'pip install "sklearn-losses\[plot\]"'):
            draw(argument)


# ---- LossCurveDisplay ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    X, y = load_diabetes(return_X_y=True)
    return X[:200], y[:200]


def auto(**parameters):
    return SGDRegressor("squared_error", learning_rate="auto", random_state=0, **parameters)


def test_the_objective_of_iterations(data):
    model = LinearRegressor("huber").fit(*data)
    display = LossCurveDisplay.from_estimator(model)
    x, y = xy(display.lines_[0])
    assert x.tolist() == list(range(1, model.n_iter_ + 1))
    np.testing.assert_array_equal(y, model.loss_curve_)
    assert display.ax_.get_xlabel() == "iterations"


def test_the_objective_of_a_training(data):
    model = auto().fit(*data)
    display = LossCurveDisplay.from_estimator(model)
    x, y = xy(display.lines_[0])
    assert x.tolist() == list(range(1, model.n_iter_ + 1))
    np.testing.assert_array_equal(y, model.loss_curve_)
    assert len(display.lines_) == 1
    assert display.score_ax_ is None


def test_a_validation_loss_shares_the_axes_and_a_score_has_its_own(data):
    model = auto(early_stopping="loss").fit(*data)
    display = LossCurveDisplay.from_estimator(model, name="model")
    np.testing.assert_array_equal(xy(display.lines_[1])[1], -model.validation_scores_)
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        "model: training objective",
        "model: loss on held-out samples",
    ]
    model = auto(early_stopping=True).fit(*data)
    display = LossCurveDisplay.from_estimator(model)
    np.testing.assert_array_equal(xy(display.lines_[1])[1], model.validation_scores_)
    assert display.lines_[1].axes is display.score_ax_ is not display.ax_


def test_two_models_in_one_axes_have_two_colours(data):
    _, ax = plt.subplots()
    first = LossCurveDisplay.from_estimator(auto().fit(*data), ax=ax)
    second = LossCurveDisplay.from_estimator(auto(alpha=0.1).fit(*data), ax=ax)
    assert first.lines_[0].get_color() != second.lines_[0].get_color()
    assert len(ax.get_legend().get_texts()) == 2


def test_pipelines_searches_and_models_of_scikit_learn(data):
    X, y = data
    pipeline = make_pipeline(StandardScaler(), auto()).fit(X, y)
    objective = LossCurveDisplay.from_estimator(pipeline).objective
    np.testing.assert_array_equal(objective, pipeline[-1].loss_curve_)
    search = GridSearchCV(auto(), {"alpha": [1e-4]}, cv=2).fit(X, y)
    objective = LossCurveDisplay.from_estimator(search).objective
    np.testing.assert_array_equal(objective, search.best_estimator_.loss_curve_)
    network = MLPRegressor(max_iter=3, random_state=0, tol=1e9, n_iter_no_change=1).fit(X, y)
    assert LossCurveDisplay.from_estimator(network).objective.tolist() == network.loss_curve_


def test_errors_of_curves(data):
    with pytest.raises(NotFittedError):
        LossCurveDisplay.from_estimator(SGDRegressor())
    with pytest.raises(ValueError, match=r"measured no objective.*tol"):
        LossCurveDisplay.from_estimator(SGDRegressor(tol=None, max_iter=1, eta0=1e-3).fit(*data))
    with pytest.raises(ValueError, match="has no loss_curve_"):
        LossCurveDisplay.from_estimator(StandardScaler().fit(data[0]))


def test_several_classes():
    X = np.eye(3).repeat(20, axis=0)
    model = SGDClassifier("log_loss", learning_rate="auto", random_state=0).fit(X, np.arange(60) // 20)
    assert len(LossCurveDisplay.from_estimator(model).objective) == model.n_iter_
