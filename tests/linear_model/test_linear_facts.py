"""What solvers find out of a loss by asking its program: does its slope jump, and how much does it bend?"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix
from sklearn.datasets import load_breast_cancer

from sklearn_losses.linear_model import LinearClassifier, LinearRegressor
from sklearn_losses.linear_model.solvers._facts import is_kinked
from sklearn_losses.linear_model.solvers._scales import mean_curvature, median, spread_of
from sklearn_losses.losses import LOSSES, Huber, LogLoss, RegressionLoss, SquaredError

rng = np.random.default_rng(0)
amounts = rng.gamma(2.0, size=500)
outliers = np.where(rng.random(500) < 0.05, 1e4 * amounts, amounts)

# Minkowski's has no jump; its curvature is infinite in one place, which Newton's steps do not bear either.
KINKED = {
    "absolute_error",
    "absolute_percentage_error",
    "epsilon_insensitive",
    "pinball",
    "minkowski",
    "hinge",
    "perceptron",
}
CONVEX = [name for name, loss in LOSSES.items() if loss.convex and not loss.couples_outputs]


@pytest.mark.parametrize("name", CONVEX)
def test_which_slopes_jump(name):
    loss = LOSSES[name]()
    y, spread = np.where(amounts > 1, *loss.binary_values[::-1]).astype(float), 1.0
    if isinstance(loss, RegressionLoss):
        y, spread = amounts, spread_of(amounts) if loss.link.name == "identity" else 1.0
    constant = float(loss.constant_minimizer(y))
    assert is_kinked(loss.training_curvature_program(), y, constant, spread) == (name in KINKED)
    # Without the curvature, as streams ask.
    assert is_kinked(loss.training_program(), y, constant, spread) == (name in KINKED)


@pytest.mark.parametrize(
    ("loss", "kinked"), [("huber", False), ("log_cosh", False), ("absolute_error", True)]
)
def test_outliers_make_no_kink(loss, kinked):
    program = LOSSES[loss]().training_curvature_program()
    assert is_kinked(program, outliers, 1.5, spread_of(outliers)) == kinked


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_mean_curvature(size):
    y, weight = size * amounts, rng.random(500)
    squares = SquaredError().training_gradient_program()
    assert_allclose(mean_curvature(squares, y, weight, size, size), 1.0, rtol=1e-9)
    huber = Huber(1e-3 * size).training_gradient_program()
    slopes = [np.average(np.clip(f - y, -1e-3 * size, 1e-3 * size), weights=weight) for f in (0.0, 2 * size)]
    expected = (slopes[1] - slopes[0]) / (2 * size)
    assert_allclose(mean_curvature(huber, y, weight, size, size), expected, rtol=1e-6)
    logistic = LogLoss().training_gradient_program()
    expected = (1 / (1 + np.exp(-1.0)) - 1 / (1 + np.exp(1.0))) / 2.0
    assert_allclose(mean_curvature(logistic, np.ones(500), weight, 0.0, 1.0), expected, rtol=1e-12)
    straight = LOSSES["perceptron"]().training_gradient_program()
    assert mean_curvature(straight, np.ones(500), weight, 3 * size, size) == 1 / size


X = rng.standard_normal((3000, 40))
f = X @ rng.standard_normal(40)


@pytest.mark.parametrize(
    ("model", "solver"),
    [
        (LinearClassifier(), "newton"),
        (LinearClassifier("hinge"), "dual"),
        (LinearRegressor(Huber(1.35)), "newton"),
        (LinearRegressor("absolute_error"), "dual"),
        (LinearRegressor("cauchy"), "lbfgs"),
        (LinearClassifier("cross_entropy"), "newton"),  # two classes: few products
        (LinearClassifier("multiclass_hinge"), "lbfgs"),
    ],
)
def test_which_solver_is_chosen_for_large_data(model, solver):
    """As the user guide's table has it; outliers change nothing."""
    y = f > 0 if isinstance(model, LinearClassifier) else f + 50 * (rng.random(3000) < 0.05)
    assert X.size > 100_000
    assert model.set_params(tol=0.1, random_state=0).fit(X, y).solver_ == solver


@pytest.mark.parametrize(
    ("shape", "sparse", "solver"),
    [((3_000, 40), False, "newton"), ((3_000, 40), True, "dual"), ((1_000, 120), False, "dual")],
)
def test_which_solver_is_chosen_for_kinks_and_a_fine_tolerance(shape, sparse, solver):
    data = np.random.default_rng(0).standard_normal(shape)
    y = data[:, 0] + 0.5 * np.random.default_rng(1).standard_normal(len(data)) > 0
    model = LinearClassifier("hinge", tol=1e-5, alpha=1e-2, random_state=0)
    assert model.fit(csr_matrix(data) if sparse else data, y).solver_ == solver


def test_the_same_loss_is_kinked_or_not_by_the_data():
    """What is remembered of a loss is of these targets and this spread alone."""
    huber = Huber(1e-7).training_curvature_program()
    for _ in range(2):
        assert is_kinked(huber, amounts, 1.5, 1.0)
        assert not is_kinked(huber, 1e-7 * amounts, 1.5e-7, 1e-7)
        assert is_kinked(huber, amounts, 1.5, 1.0)


@pytest.mark.parametrize("values", [[3.0], [1.0, 4.0], [5.0, 1.0, 3.0], [[1.0, 2.0], [7.0, 1.0]], amounts])
def test_median(values):
    values = np.asarray(values)
    assert median(values) == np.median(values)


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_small_data_are_solved_to_the_last_digits_unless_tol_is_rough(loss):
    X, labels = load_breast_cancer(return_X_y=True)
    rough, fine, finest = (LinearClassifier(loss, tol=tol).fit(X, labels) for tol in (0.1, 1e-3, 1e-9))
    assert rough.n_iter_ < fine.n_iter_
    assert rough.optimality_gap_ <= 0.1
    assert 0.0 < rough.objective_ - finest.objective_ < 0.1
    assert_allclose(fine.decision_function(X), finest.decision_function(X), rtol=1e-7, atol=1e-7)
