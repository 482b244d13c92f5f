"""LinearClassifier and LinearRegressor beside other solvers of the same problems."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.optimize import linprog, minimize
from scipy.special import logsumexp
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
)

from sklearn_losses.linear_model import LinearClassifier, LinearRegressor
from sklearn_losses.losses import Cauchy, Huber, Pinball

rng = np.random.default_rng(0)
X, y = load_diabetes(return_X_y=True)
X = X * 20.0
weight = rng.uniform(0.1, 3.0, len(y))
ALPHA = 1e-2


@pytest.mark.parametrize("matrix", [np.asarray, np.asfortranarray, sp.csr_matrix, sp.csr_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_ridge(matrix, fit_intercept):
    model = LinearRegressor(alpha=ALPHA, fit_intercept=fit_intercept).fit(matrix(X), y, sample_weight=weight)
    ridge = Ridge(ALPHA * weight.sum(), fit_intercept=fit_intercept, solver="svd").fit(
        X, y, sample_weight=weight
    )
    assert_allclose(model.coef_, ridge.coef_, rtol=1e-9)
    assert_allclose(model.intercept_, [ridge.intercept_], rtol=1e-9)
    assert model.solver_ == "newton"
    half_mean_square = 0.5 * np.average((y - ridge.predict(X)) ** 2, weights=weight)
    assert_allclose(model.objective_, half_mean_square + 0.5 * ALPHA * ridge.coef_ @ ridge.coef_, rtol=1e-10)


def test_several_outputs():
    both = np.column_stack([y, -3.0 * y + 100.0 * X[:, 0]])
    model = LinearRegressor(alpha=ALPHA).fit(X, both)
    ridge = Ridge(ALPHA * len(y), solver="svd").fit(X, both)
    assert_allclose(model.coef_, ridge.coef_, rtol=1e-9)
    assert_allclose(model.predict(X), ridge.predict(X), rtol=1e-9)


@pytest.mark.parametrize("peer", [Lasso(alpha=2.0), ElasticNet(alpha=2.0, l1_ratio=0.7)])
def test_lasso(peer):
    peer.set_params(tol=1e-12, max_iter=100_000).fit(X, y)
    penalty = "l1" if isinstance(peer, Lasso) and type(peer) is Lasso else "elasticnet"
    model = LinearRegressor(penalty=penalty, alpha=2.0, l1_ratio=0.7).fit(X, y)
    assert_allclose(model.coef_, peer.coef_, atol=1e-8)
    assert np.array_equal(model.coef_ == 0.0, peer.coef_ == 0.0)
    assert 0 < np.count_nonzero(model.coef_) < 10


@pytest.mark.parametrize("loss", ["squared_error", "huber", "absolute_error"])
def test_no_coefficient_and_no_intercept(loss):
    model = LinearRegressor(loss, penalty="l1", alpha=1e6, fit_intercept=False).fit(X, y)
    assert not model.coef_.any()
    assert model.optimality_gap_ == 0.0


def test_logistic_regression():
    data, labels = load_breast_cancer(return_X_y=True)
    w = rng.uniform(0.1, 3.0, len(labels))
    model = LinearClassifier(alpha=1e-3).fit(data, labels, sample_weight=w)
    peer = LogisticRegression(C=1 / (1e-3 * w.sum()), solver="newton-cholesky", tol=1e-12).fit(
        data, labels, sample_weight=w
    )
    assert_allclose(model.coef_, peer.coef_, rtol=1e-7)
    assert_allclose(model.predict_proba(data), peer.predict_proba(data), atol=1e-9)


def test_l1_logistic_regression():
    data, labels = load_breast_cancer(return_X_y=True)
    data = (data - data.mean(axis=0)) / data.std(axis=0)
    z = 2.0 * labels - 1
    model = LinearClassifier(penalty="l1", alpha=0.02).fit(data, labels)
    slopes = -z / (1 + np.exp(z * model.decision_function(data))) / len(z)
    pull, coef = slopes @ data, model.coef_[0]
    # The conditions of optimality: |slope| <= alpha at zeros, = alpha against the sign elsewhere.
    assert abs(slopes.sum()) < 1e-12
    assert_allclose(pull[coef != 0], -0.02 * np.sign(coef[coef != 0]), rtol=1e-8)
    assert np.all(np.abs(pull[coef == 0]) <= 0.02)
    assert 0 < np.count_nonzero(coef) < 15


def test_poisson():
    counts = rng.poisson(np.exp(0.3 * X[:, 2] + 0.2))
    model = LinearRegressor("poisson", alpha=ALPHA).fit(X, counts)
    peer = PoissonRegressor(alpha=ALPHA, solver="newton-cholesky", tol=1e-12).fit(X, counts)
    assert_allclose(model.coef_, peer.coef_, rtol=1e-8)
    assert_allclose(model.predict(X), peer.predict(X), rtol=1e-8)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_quantile_regression_without_penalty(quantile):
    model = LinearRegressor(Pinball(quantile), alpha=0.0).fit(X, y)
    peer = QuantileRegressor(quantile=quantile, alpha=0.0).fit(X, y)
    assert_allclose(model.predict(X), peer.predict(X), rtol=1e-8)
    assert model.duality_gap_ <= 1e-8


def test_quantile_regression_with_l1():
    model = LinearRegressor(Pinball(0.3), penalty="l1", alpha=0.05).fit(X, y)
    peer = QuantileRegressor(quantile=0.3, alpha=0.05).fit(X, y)
    assert_allclose(model.coef_, peer.coef_, atol=1e-7)
    assert np.array_equal(model.coef_ == 0.0, np.abs(peer.coef_) < 1e-9)
    assert 0 < np.count_nonzero(model.coef_) < 10


def test_hinge_is_a_quadratic_program():
    """The margins of the dual: multipliers in [0, 1/n], complementary to the margins."""
    data, labels = load_breast_cancer(return_X_y=True)
    data = (data - data.mean(axis=0)) / data.std(axis=0)
    z = 2.0 * labels - 1
    alpha = 1e-2
    model = LinearClassifier("hinge", alpha=alpha).fit(data, labels)
    margin = z * model.decision_function(data)
    on = np.abs(margin - 1) < 1e-9
    below = (margin < 1) & ~on
    # alpha w = Σ a z x with a = 1/n below the margin, 0 above, and between on it.
    n = len(z)
    rest = alpha * model.coef_[0] - (z[below] @ data[below]) / n
    system = np.vstack([(data[on] * z[on, None]).T, z[on]])
    goal = np.append(rest, -z[below].sum() / n)
    a, *_ = np.linalg.lstsq(system, goal, rcond=None)
    assert_allclose(system @ a, goal, atol=1e-9)
    assert np.all((a > -1e-9) & (a < 1 / n + 1e-9))
    assert on.sum() >= 2


def test_huber_by_another_minimiser():
    delta = 30.0

    def objective(theta):
        r = y - X @ theta[:-1] - theta[-1]
        inner = np.abs(r) <= delta
        loss = np.where(inner, 0.5 * r * r, delta * (np.abs(r) - 0.5 * delta))
        slope = -np.clip(r, -delta, delta) / len(y)
        w = theta[:-1]
        gradient = np.append(slope @ X + ALPHA * w, slope.sum())
        return loss.mean() + 0.5 * ALPHA * w @ w, gradient

    start = np.append(np.zeros(10), np.median(y))
    best = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 5000})
    model = LinearRegressor(Huber(delta), alpha=ALPHA).fit(X, y)
    assert_allclose(np.append(model.coef_, model.intercept_), best.x, rtol=1e-5)
    assert model.objective_ <= best.fun * (1 + 1e-12)


def test_absolute_error_is_a_linear_program():
    n, d = X.shape
    small = slice(0, 60)
    A, b, n = np.column_stack([X[small], np.ones(60)]), y[small], 60
    eye = np.eye(n)
    program = linprog(
        np.append(np.zeros(2 * (d + 1)), np.full(2 * n, 1 / n)),
        A_eq=np.hstack([A, -A, eye, -eye]),
        b_eq=b,
        method="highs",
    )
    model = LinearRegressor("absolute_error", alpha=0.0).fit(X[small], b)
    assert_allclose(model.objective_, program.fun, rtol=1e-10)


def test_middle_of_the_best_intercepts():
    """Four samples, no features of use: every constant in [2, 10] is a median."""
    model = LinearRegressor("absolute_error", alpha=1.0).fit(np.zeros((4, 1)), [0.0, 2.0, 10.0, 50.0])
    assert_allclose(model.intercept_, [6.0], rtol=1e-9)


@pytest.mark.parametrize("penalty", ["l2", "l1"])
def test_softmax(penalty):
    data, labels = load_iris(return_X_y=True)
    alpha = 1e-2
    model = LinearClassifier("cross_entropy", penalty=penalty, alpha=alpha, tol=1e-9).fit(data, labels)
    assert model.solver_ == "newton"
    assert model.coef_.shape == (3, 4)
    assert_allclose(model.predict_proba(data).sum(axis=1), 1.0)
    if penalty == "l2":
        peer = LogisticRegression(C=1 / (alpha * 150), tol=1e-10, max_iter=10_000).fit(data, labels)
        assert_allclose(model.predict_proba(data), peer.predict_proba(data), atol=1e-4)
        value = model.objective_ - 0.5 * alpha * np.sum(model.coef_**2)
        reference = peer.decision_function(data)
        loss = np.mean(logsumexp(reference, axis=1) - reference[np.arange(150), labels])
        assert (
            value + 0.5 * alpha * np.sum(model.coef_**2) <= loss + 0.5 * alpha * np.sum(peer.coef_**2) + 1e-8
        )
    else:
        residual = (model.predict_proba(data) - np.eye(3)[labels]) / 150
        pull, coef = residual.T @ data, model.coef_
        assert np.all(np.abs(pull[coef == 0]) <= alpha * 1.01)
        assert_allclose(pull[coef != 0], -alpha * np.sign(coef[coef != 0]), atol=1e-4)
        assert np.any(coef == 0)


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize(
    ("loss", "solver"),
    [
        ("log_loss", "newton"),
        ("squared_hinge", "newton"),
        ("log_loss", "lbfgs"),
        ("log_loss", "dual"),
        ("hinge", "dual"),
    ],
)
def test_the_gap_that_is_reported_holds(loss, solver, tol):
    data = rng.standard_normal((3000, 40)) * np.geomspace(1e-2, 1e2, 40)
    labels = (
        data @ (rng.standard_normal(40) / np.geomspace(1e-2, 1e2, 40)) + 2 * rng.standard_normal(3000) > 1
    )
    assert data.size > 100_000  # less would be solved exactly
    settings = {"alpha": 1e-4, "random_state": 0, "max_iter": 5000}
    model = LinearClassifier(loss, solver=solver, tol=tol, **settings).fit(data, labels)
    exact = "dual" if loss == "hinge" else "newton"
    best = LinearClassifier(loss, solver=exact, tol=min(1e-8, 1e-3 * tol), **settings).fit(data, labels)
    p = labels.mean()
    null = 2 * min(p, 1 - p) if loss == "hinge" else -p * np.log(p) - (1 - p) * np.log(1 - p)
    true = max(model.objective_ - best.objective_, 0.0) / (null - best.objective_)
    assert true <= 10 * max(model.optimality_gap_, 1e-9)
    assert true <= 1.5 * tol
    assert model.optimality_gap_ <= tol


def test_a_loss_that_is_not_convex_goes_to_lbfgs():
    outliers = np.where(rng.random(len(y)) < 0.1, 1e4, y)
    model = LinearRegressor(Cauchy(50.0), random_state=0, max_iter=300).fit(X, outliers)
    assert model.solver_ == "lbfgs"
    clean = Ridge(1.0).fit(X, y).predict(X)
    assert np.median(np.abs(model.predict(X) - clean)) < 20
    with pytest.raises(ValueError, match="not convex"):
        LinearRegressor(Cauchy(), solver="newton").fit(X, y)
