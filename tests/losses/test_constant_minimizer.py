"""The best constant prediction, against brute force."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import expit, log_softmax

from sklearn_losses import (
    AbsoluteError,
    CosineDistance,
    CrossEntropy,
    FunctionLoss,
    Hinge,
    Huber,
    KLDivergence,
    LogLoss,
    MarginLoss,
    MulticlassLoss,
    ProbabilityLoss,
    RegressionLoss,
    SquaredError,
)

rng = np.random.default_rng(0)
N = 37
Y = rng.standard_t(2, N)
CODES, BINARY = rng.integers(0, 3, N), rng.integers(0, 2, N)
WEIGHT = rng.uniform(0.1, 3, N)
SIGN = 2 * BINARY - 1


class Cauchy(RegressionLoss):
    convex = False

    def formula(self, y, f):
        return np.log1p((y - f) ** 2)


class Undeclared(Cauchy):
    convex = None


class LogCosh(RegressionLoss):
    def formula(self, y, f):
        r = np.abs(y - f)
        return r + np.log1p(np.exp(-2 * r)) - np.log(2)


class SquaredHinge(MarginLoss):
    convex = True

    def formula(self, y, f):
        return np.maximum(0, 1 - y * f) ** 2


class Brier(ProbabilityLoss):
    convex = False

    def formula(self, y, f):
        return (y - expit(f)) ** 2


def softplus(x):
    return np.logaddexp(0, x)


# a loss, its data, and what it costs, written anew in NumPy
SCALARS = {
    "squared_error": (SquaredError(), Y, lambda y, f: (y - f) ** 2),
    "absolute_error": (AbsoluteError(), Y, lambda y, f: abs(y - f)),
    "huber": (
        Huber(delta=0.7),
        Y,
        lambda y, f: np.where(abs(y - f) < 0.7, (y - f) ** 2 / 2, 0.7 * abs(y - f) - 0.245),
    ),
    "log_loss": (LogLoss(), BINARY, lambda y, f: y * softplus(-f) + (1 - y) * softplus(f)),
    "hinge": (Hinge(), BINARY, lambda y, f: np.maximum(0, 1 - (2 * y - 1) * f)),
    "log cosh, undeclared": (LogCosh(), Y, lambda y, f: np.log(np.cosh(y - f))),
    "Cauchy": (Cauchy(), np.r_[Y, 40 + Y], lambda y, f: np.log1p((y - f) ** 2)),
    "Cauchy, undeclared": (Undeclared(), np.r_[Y, 40 + Y], lambda y, f: np.log1p((y - f) ** 2)),
    "squared hinge": (SquaredHinge(), BINARY, lambda y, f: np.maximum(0, 1 - (2 * y - 1) * f) ** 2),
    "Brier": (Brier(), BINARY, lambda y, f: (y - expit(f)) ** 2),
    "function": (FunctionLoss(lambda y, f: (y - f) ** 4), Y, lambda y, f: (y - f) ** 4),
}


def brute_force(cost, y, w):
    """Return the smallest weighted mean of many constants, with the best of them refined thrice."""
    grid = np.linspace(-60, 60, 1201)
    for _ in range(4):
        means = [np.average(cost(y, f), weights=w) for f in grid]
        best = grid[np.argmin(means)]
        width = grid[1] - grid[0]
        grid = np.linspace(best - width, best + width, 201)
    return min(means), best


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", SCALARS)
def test_no_constant_is_better(name, weighted):
    loss, y, cost = SCALARS[name]
    w = rng.uniform(0.1, 3, len(y)) if weighted else np.ones(len(y))
    found = loss.constant_minimizer(y, w if weighted else None)
    assert isinstance(found, float)
    lowest, _ = brute_force(cost, y, w)
    assert np.average(cost(y, found), weights=w) <= lowest + 1e-12 * max(1.0, lowest)


@pytest.mark.parametrize("name", SCALARS)
def test_zero_weight_is_absence_and_scale_is_irrelevant(name):
    loss, y, _ = SCALARS[name]
    w = np.arange(len(y)) % 3.0
    found = loss.constant_minimizer(y, w)
    assert found == pytest.approx(loss.constant_minimizer(y[w > 0], w[w > 0]), abs=1e-9)
    assert found == pytest.approx(loss.constant_minimizer(y, 1000 * w), abs=1e-9)
    times = w.astype(int)
    assert found == pytest.approx(loss.constant_minimizer(np.repeat(y, times)), abs=1e-9)


def test_known_functionals():
    assert SquaredError().constant_minimizer(Y, WEIGHT) == pytest.approx(
        np.average(Y, weights=WEIGHT), rel=1e-13
    )
    assert AbsoluteError().constant_minimizer(Y) == pytest.approx(np.median(Y), rel=1e-13)
    assert LogLoss().constant_minimizer([0, 1, 1, 1]) == pytest.approx(np.log(3), rel=1e-13)
    assert LogLoss().constant_minimizer([0.25, 0.75, 0.5]) == pytest.approx(0.0, abs=1e-15)
    assert Huber(delta=1e6).constant_minimizer(Y) == pytest.approx(Y.mean(), rel=1e-12)
    assert Huber(delta=1e-9).constant_minimizer(Y) == pytest.approx(np.median(Y), abs=1e-8)
    assert AbsoluteError().constant_minimizer(1e12 + np.arange(5.0)) == 1e12 + 2
    assert AbsoluteError().constant_minimizer([3, 3, 3]) == 3.0
    assert SquaredError().constant_minimizer(np.array([250, 251], np.uint8)) == 250.5


def test_the_middle_of_an_interval_of_ties():
    assert AbsoluteError().constant_minimizer([1, 2, 4, 9]) == pytest.approx(3.0, rel=1e-12)
    assert AbsoluteError().constant_minimizer([1, 5], [0.1, 0.1]) == pytest.approx(3.0, rel=1e-12)
    # weights whose sums are equal only up to rounding
    assert AbsoluteError().constant_minimizer([0, 0, 0, 8], [0.1, 0.1, 0.1, 0.3]) == pytest.approx(
        4.0, rel=1e-12
    )
    assert Hinge().constant_minimizer([-1, 1]) == pytest.approx(0.0, abs=1e-12)  # flat from -1 to 1
    assert Hinge().constant_minimizer([0, 1, 0, 1]) == pytest.approx(0.0, abs=1e-12)
    assert Huber(delta=1.0).constant_minimizer([0, 0, 10, 10]) == pytest.approx(5.0, rel=1e-12)


@pytest.mark.parametrize("y", [[1, 1], ["b", "b"]])
def test_one_class_has_a_finite_constant(y):
    labels = [0, 1] if y[0] == 1 else ["a", "b"]
    assert LogLoss().constant_minimizer(y, labels=labels) == pytest.approx(36.04365, abs=1e-5)
    assert LogLoss().constant_minimizer(y, labels=labels[::-1]) == pytest.approx(-36.04365, abs=1e-5)
    # of an interval that has one end, the end
    assert Hinge().constant_minimizer(y, labels=labels) == pytest.approx(1.0, rel=1e-12)
    assert Hinge().constant_minimizer(y, labels=labels[::-1]) == pytest.approx(-1.0, rel=1e-12)
    assert Brier().constant_minimizer(y, labels=labels) == pytest.approx(36.04365, abs=1e-5)
    assert np.isfinite(CrossEntropy().constant_minimizer(y, labels=labels)).all()


@pytest.mark.parametrize("loss", [AbsoluteError(), SquaredError(), Huber(), Cauchy()])
def test_several_outputs(loss):
    y = rng.normal(size=(N, 3)) * [1, 10, 0.1]
    each = [loss.constant_minimizer(column, WEIGHT) for column in y.T]
    assert_allclose(loss.constant_minimizer(y, WEIGHT), each, rtol=1e-7)


@pytest.mark.parametrize("loss", [CrossEntropy(), KLDivergence(), LogLoss()])
def test_constants_of_several_classes(loss):
    shares = np.bincount(CODES, WEIGHT) / WEIGHT.sum()
    found = loss.constant_minimizer(CODES, WEIGHT)
    assert_allclose(np.exp(log_softmax(found)), shares, rtol=1e-13)
    soft = rng.dirichlet(np.ones(3), N)
    assert_allclose(np.exp(log_softmax(loss.constant_minimizer(soft))), soft.mean(axis=0), rtol=1e-13)
    names = np.array(["c", "a", "b"])
    assert_allclose(loss.constant_minimizer(names[CODES], WEIGHT, labels=names), found)
    assert np.isfinite(loss.constant_minimizer(CODES, labels=[0, 1, 2, 3])).all()


def test_a_loss_of_several_classes_of_the_users_own():
    class SquaredRows(MulticlassLoss):
        def formula(self, y, f):
            return np.sum((y - f) ** 2, axis=-1)

    found = SquaredRows().constant_minimizer(CODES, WEIGHT)
    target = np.eye(3)[CODES]
    best = minimize(
        lambda f: np.average(((target - f) ** 2).sum(axis=1), weights=WEIGHT), np.zeros(3), tol=1e-12
    )
    assert_allclose(found, best.x, atol=1e-6)


def test_a_vector_of_zeros_is_no_direction():
    """The cosine distance has no slope at zero; the search starts at the mean."""
    y = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    loss = CosineDistance()
    best = loss.constant_minimizer(y)
    angles = np.linspace(0, 2 * np.pi, 10_001)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    unit = y / np.linalg.norm(y, axis=1, keepdims=True)
    expected = np.min(np.mean(1 - unit @ directions.T, axis=0))
    assert loss(y, np.tile(best, (3, 1))) == pytest.approx(expected, abs=1e-6)
