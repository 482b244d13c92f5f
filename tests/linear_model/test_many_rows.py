"""Newton's steps on secants: sums against NumPy's, duals against their definition, minima against other solvers'."""

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import QuantileRegressor
from sklearn.svm import LinearSVC
from sklearn_losses.linear_model.solvers._rows import Rows
from sklearn_losses.linear_model.solvers._sweep import sweep

from sklearn_losses import LinearClassifier, LinearRegressor
from sklearn_losses.linear_model.solvers._points import Secants
from sklearn_losses.losses import EpsilonInsensitive, Huber, Pinball, get_loss

LOSSES = {
    "pinball": (Pinball(0.8), lambda y, f: np.where(y > f, 0.8 * (y - f), 0.2 * (f - y))),
    "epsilon": (EpsilonInsensitive(epsilon=0.5), lambda y, f: np.maximum(np.abs(y - f) - 0.5, 0.0)),
    "Huber": (
        Huber(delta=1.0),
        lambda y, f: np.where(np.abs(y - f) <= 1, 0.5 * (y - f) ** 2, np.abs(y - f) - 0.5),
    ),
}


def rows(n=300, d=7, dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d)).astype(dtype)
    y = X @ rng.standard_normal(d) + rng.standard_normal(n)
    weight = np.where(rng.random(n) < 0.1, 0.0, rng.random(n))
    return X, y.astype(np.float64), weight / weight.sum(), rng.standard_normal(d)


def conjugate_at(function, y, slope):
    """max_z slope z - l(y, z), on a fine grid that holds the kinks."""
    z = np.sort(np.concatenate([y + np.linspace(-20, 20, 4_001), [y - 0.5, y, y + 0.5]]))
    return np.max(slope * z - function(y, z))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("reach", [0.0, 0.4])
@pytest.mark.parametrize("name", LOSSES)
def test_sweep_sums_what_numpy_sums(name, reach, dtype):
    loss, function = LOSSES[name]
    X, y, weight, coef = rows(dtype=dtype)
    X[weight == 0.0] = np.nan  # which count for nothing
    X.setflags(write=False)
    f = np.empty(len(y))
    mean, pull, total, size, doubt, bent = sweep(
        loss.training_program(), Rows(X), y, weight, coef, 0.3, reach, f
    )
    there = weight > 0.0
    X, y, weight = X[there].astype(np.float64), y[there], weight[there]
    expected = X @ coef + 0.3
    step = reach or 1e-6  # the secant, or a difference for the tangent
    slopes = (function(y, expected + step) - function(y, expected - step)) / (2 * step)
    assert_allclose(f[there], expected, rtol=1e-13, atol=1e-13)
    assert_allclose(mean, weight @ function(y, expected), rtol=1e-12)
    assert_allclose(pull, X.T @ (weight * slopes), rtol=1e-8, atol=1e-10)
    assert_allclose([total, size], [weight @ slopes, weight @ np.abs(slopes)], rtol=1e-8, atol=1e-10)
    conjugates = np.array([conjugate_at(function, *pair) for pair in zip(y, slopes, strict=True)])
    above = weight @ (function(y, expected) + conjugates - slopes * expected)
    if reach == 0.0:
        assert (doubt, bent) == (0.0, 0)
    else:
        assert doubt >= above - 1e-4
        assert 0 < bent < len(y)
        if name == "pinball":  # exact with a single kink
            assert_allclose(doubt, above, rtol=1e-2)


@pytest.mark.parametrize("name", LOSSES)
def test_duals_of_secants_and_their_conjugates(name):
    loss, function = LOSSES[name]
    _, y, weight, _ = rows()
    f = y + np.linspace(-3, 3, len(y))
    secants = Secants(loss.training_program(), loss.training_gradient_program(), y, weight, 0.4)
    slope, conjugate = secants.duals(f, 0.4, slice(10, 200))
    y, f = y[10:200], f[10:200]
    assert_allclose(slope, (function(y, f + 0.4) - function(y, f - 0.4)) / 0.8, atol=1e-12)
    exact = np.array([conjugate_at(function, *pair) for pair in zip(y, slope, strict=True)])
    assert np.all(conjugate >= exact - 1e-12)
    assert np.all(conjugate <= exact + 0.4)


def test_overflow_is_infinite():
    X, y, weight, coef = rows()
    X[5] = 1e308
    loss = get_loss("poisson", for_classifier=False)
    weight[5] = 0.1
    mean, *_ = sweep(
        loss.training_program(), Rows(X), np.abs(y), weight, np.abs(coef), 0.0, 0.0, np.empty(len(y))
    )
    assert not np.isfinite(mean)


@cache
def regression(quantile):
    """Give X, y, the mean loss as a function of coefficients and intercept, and HiGHS's minimum."""
    X, _, _, _ = rows(4000, 5)
    X *= 10.0 ** np.arange(-2, 3)
    rng = np.random.default_rng(1)
    y = X @ (rng.standard_normal(5) / X.std(axis=0)) + rng.standard_normal(4000)

    def mean(coef, intercept):
        r = y - X @ coef - intercept
        return np.mean(np.where(r > 0, quantile * r, (quantile - 1) * r))

    peer = QuantileRegressor(quantile=quantile, alpha=0.0).fit(X, y)
    return X, y, mean, mean(peer.coef_, peer.intercept_)


@pytest.mark.parametrize("tol", [1e-1, 1e-2, 1e-3])
@pytest.mark.parametrize("quantile", [0.5, 0.9])
def test_quantile_regression_on_many_rows(quantile, tol):
    X, y, mean, best = regression(quantile)
    null = mean(np.zeros(5), np.quantile(y, quantile))
    models = [
        LinearRegressor(Pinball(quantile), alpha=0.0, solver="dual", tol=tol, random_state=seed).fit(X, y)
        for seed in (0, 1)
    ]
    excess = (mean(models[0].coef_, models[0].intercept_[0]) - best) / (null - best)
    assert -1e-9 <= excess <= tol
    assert excess <= 10.0 * models[0].optimality_gap_ <= 20.0 * tol
    assert_allclose(models[0].objective_, mean(models[0].coef_, models[0].intercept_[0]), rtol=1e-10)
    assert np.array_equal(models[0].coef_, models[1].coef_)  # no pass in random order was needed
    assert models[0].n_iter_ < 10


@pytest.mark.parametrize("penalty", ["l2", "elasticnet"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_hinge_on_many_rows(penalty, dtype):
    X, y, _, _ = rows(6000, 5, dtype)
    z, alpha, tol = np.where(y > 0.3, 1.0, -1.0), 1e-2, 1e-3

    def mean(coef, intercept):
        coef = coef.ravel().astype(np.float64)
        penalties = {"l2": 0.5 * coef @ coef, "elasticnet": 0.45 * coef @ coef + 0.1 * np.abs(coef).sum()}
        loss = np.mean(np.maximum(1 - z * (X.astype(np.float64) @ coef + intercept), 0))
        return loss + alpha * penalties[penalty]

    model = LinearClassifier("hinge", penalty=penalty, l1_ratio=0.1, alpha=alpha, solver="dual", tol=tol)
    model.fit(X, z)
    found = mean(model.coef_, model.intercept_[0])
    peer = LinearSVC(
        loss="hinge", C=1 / (alpha * len(z)), intercept_scaling=10, tol=1e-6, max_iter=100_000, random_state=0
    ).fit(X, z)
    other = mean(peer.coef_, peer.intercept_[0])
    assert found <= other + tol * (1 - other)
    assert found - model.duality_gap_ <= other  # a bound from below
    assert model.duality_gap_ <= 0.05
    if penalty == "l2":  # what the peer minimises
        assert other <= found + 1e-4


def test_columns_of_few_values_are_left_to_the_passes():
    """Where many rows meet a kink at once, secants are of no use; the fit comes to the same end."""
    rng = np.random.default_rng(0)
    X = (rng.random((6000, 3)) < 0.3).astype(float)
    y = X @ [1.0, 2.0, -1.0]
    model = LinearRegressor("absolute_error", alpha=0.0, solver="dual", tol=1e-6, random_state=0).fit(X, y)
    assert_allclose(model.coef_, [1.0, 2.0, -1.0], atol=1e-4)


def test_iterations_are_counted_from_the_first():
    X, y, _, _ = rows(6000, 5)
    model = LinearRegressor("absolute_error", alpha=1e-4, solver="dual", tol=1e-7, random_state=0).fit(X, y)
    assert len(model.loss_curve_) == model.n_iter_
    assert model.loss_curve_[-1] == model.objective_
    with pytest.warns(UserWarning, match="max_iter"):
        short = LinearRegressor("absolute_error", alpha=1e-4, solver="dual", tol=1e-7, max_iter=2).fit(X, y)
    assert short.n_iter_ == 2


def test_stopping_early_never_loses_what_was_there():
    X, y, mean, best = regression(0.9)
    model = LinearRegressor(Pinball(0.9), alpha=0.0, solver="dual", tol=1e-4, warm_start=True, random_state=0)
    good = mean(*(getattr(model.fit(X, y), name) for name in ("coef_", "intercept_")))
    model.set_params(max_iter=1, tol=1e-12)
    with pytest.warns(UserWarning, match="max_iter"):
        model.fit(X, y)
    assert best - 1e-9 <= model.objective_ <= good * (1 + 1e-12)
