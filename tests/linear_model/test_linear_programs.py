"""Kinked losses beside exact solutions: with L1 penalties linear programs (HiGHS), else liblinear and duality."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog
from sklearn.datasets import load_breast_cancer
from sklearn.svm import LinearSVC, LinearSVR

from sklearn_losses.linear_model import LinearClassifier, LinearRegressor
from sklearn_losses.losses import EpsilonInsensitive, Minkowski, Pinball

LOSSES = {
    "absolute": "absolute_error",
    "pinball": Pinball(0.8),
    "tube": EpsilonInsensitive(0.3),
    "hinge": "hinge",
}


def made(seed):
    """Random features, of different scales or on a grid, of which three matter; numbers, classes, and weights."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(8, 60)), int(rng.integers(1, 30))
    X = rng.standard_normal((n, d))
    y = X[:, :3].sum(axis=1) + rng.standard_normal(n)
    if seed % 3 == 1:
        X = X * 10.0 ** rng.uniform(-2, 2, d)
    if seed % 3 == 2:
        X, y = np.round(X), np.round(y)
    return X, y, rng.uniform(0.1, 3.0, n) if seed % 2 else np.ones(n)


def least(kind, X, y, weight, alpha):
    """The minimum of the mean loss and alpha ‖w‖₁ by linear programming; y are -1 and 1 for the hinge loss."""
    n, d = X.shape
    share = weight / weight.sum()
    features = np.hstack([X, -X, np.ones((n, 1))])
    cost = np.append(np.full(2 * d, alpha), 0.0)
    if kind == "hinge":
        cost = np.append(cost, share)
        A, b = np.hstack([-y[:, None] * features, -np.eye(n)]), -np.ones(n)
    else:
        above, below, tube = {"absolute": (1, 1, 0), "pinball": (0.8, 0.2, 0), "tube": (1, 1, 0.3)}[kind]
        cost = np.concatenate([cost, above * share, below * share])
        zero = np.zeros((n, n))
        A = np.block([[-features, -np.eye(n), zero], [features, zero, -np.eye(n)]])
        b = np.concatenate([tube - y, tube + y])
    bounds = [(0, None)] * (2 * d) + [(None, None)] + [(0, None)] * (len(cost) - 2 * d - 1)
    exact = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = linprog(cost, A_ub=A, b_ub=b, bounds=bounds, method="highs", options=exact)
    assert found.success
    return found.fun


def cost(kind, X, y, weight, alpha, model):
    """The same of a model."""
    f = X @ model.coef_.ravel() + model.intercept_[0]
    r = y - f
    losses = {
        "hinge": np.maximum(0, 1 - y * f),
        "absolute": np.abs(r),
        "pinball": np.maximum(0.8 * r, -0.2 * r),
        "tube": np.maximum(np.abs(r) - 0.3, 0),
    }[kind]
    return np.average(losses, weights=weight) + alpha * np.abs(model.coef_).sum()


@pytest.mark.parametrize("seed", range(9))
@pytest.mark.parametrize("kind", LOSSES)
def test_l1_penalties(kind, seed):
    X, y, weight = made(seed)
    if kind == "hinge":
        y = np.where(y > 0, 1.0, -1.0)
    for alpha in (1e-3, 0.1):
        estimator = LinearClassifier if kind == "hinge" else LinearRegressor
        model = estimator(LOSSES[kind], penalty="l1", alpha=alpha).fit(X, y, sample_weight=weight)
        best = least(kind, X, y, weight, alpha)
        assert model.solver_ == "newton"
        assert cost(kind, X, y, weight, alpha, model) == pytest.approx(best, rel=1e-9, abs=1e-10)
        assert model.objective_ == pytest.approx(best, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
@pytest.mark.parametrize("solver", ["newton", "dual"])
def test_liblinear_of_two_classes(loss, solver):
    """liblinear penalises the intercept, so none is fitted."""
    X, labels = load_breast_cancer(return_X_y=True)
    X = X / X.std(axis=0)
    alpha = 1e-2
    settings = {"loss": loss, "fit_intercept": False}
    theirs = LinearSVC(C=1 / (alpha * len(X)), tol=1e-10, max_iter=10**6, **settings).fit(X, labels)
    ours = LinearClassifier(alpha=alpha, solver=solver, tol=1e-9, max_iter=10**4, random_state=0, **settings)
    if loss == "squared_hinge":  # their penalty is ‖w‖²/2, of C Σ ξ²: as here
        assert_allclose(ours.fit(X, labels).coef_, theirs.coef_, rtol=1e-4, atol=1e-5)
    else:
        assert_allclose(ours.fit(X, labels).coef_, theirs.coef_, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("loss", ["epsilon_insensitive", "squared_epsilon_insensitive"])
def test_liblinear_of_numbers(loss):
    X, y, _ = made(0)
    alpha = 1e-2
    theirs = LinearSVR(
        loss=loss, epsilon=0.1, C=1 / (alpha * len(X)), fit_intercept=False, tol=1e-10, max_iter=10**6
    ).fit(X, y)
    ours = LinearRegressor(loss, alpha=alpha, fit_intercept=False).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("n", "d"), [(1, 1), (2, 1), (10, 10), (20, 60)])
@pytest.mark.parametrize("q", [1.2, 1.5, 1.8])
def test_minkowski_error_where_every_sample_can_be_fitted(n, d, q):
    """Slopes aᵢ with αw = Xᵀa, Σa = 0 bound the minimum from below: Σ a y - Σ ℓ*(n a)/n - ‖Xᵀa‖²/(2α)."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    y = X[:, 0] + rng.standard_normal(n)
    for alpha in (1e-4, 1e-2):
        model = LinearRegressor(Minkowski(q), alpha=alpha).fit(X, y)
        w = model.coef_
        system = np.vstack([X.T, np.ones(n)])
        a = np.linalg.lstsq(system, np.append(alpha * w, 0.0))[0]
        a -= a.mean()
        conjugate = (q - 1) * (np.abs(n * a) / q) ** (q / (q - 1))
        below = a @ y - conjugate.mean() - np.square(X.T @ a).sum() / (2 * alpha)
        value = np.mean(np.abs(y - model.predict(X)) ** q) + alpha / 2 * w @ w
        assert value == pytest.approx(below, rel=1e-6, abs=1e-12)
        assert model.optimality_gap_ <= 1e-6
    interpolation = LinearRegressor(Minkowski(q), alpha=0.0).fit(X, y)
    if d + 1 >= n:
        assert_allclose(interpolation.predict(X), y, atol=1e-5)
