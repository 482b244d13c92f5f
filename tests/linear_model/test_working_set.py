"""L1 penalties on many columns: against scikit-learn, linear programs, and the conditions of a minimum."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linprog
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, Lasso
from sklearn_losses.linear_model.solvers._chosen_columns import chosen_columns

from sklearn_losses import LinearClassifier, LinearRegressor
from sklearn_losses.linear_model.solvers._working_set import MANY

rng = np.random.default_rng(0)
n, d = 300, MANY + 200
X = sp.random(n, d, 0.03, "csr", random_state=0, data_rvs=rng.standard_normal)
signal = np.asarray(X[:, :40] @ rng.normal(size=40))
signal /= signal.std()
y = (signal + 0.3 * rng.normal(size=n) > 0).astype(int)
target = signal + 0.3 * rng.normal(size=n)


@pytest.mark.parametrize("columns", [np.int32, np.int64])
@pytest.mark.parametrize("values", [np.float32, np.float64])
def test_chosen_columns(columns, values):
    chosen = rng.random(d) < 0.2
    place = np.where(chosen, np.cumsum(chosen) - 1, -1).astype(np.int32)
    starts = X.indptr.astype(np.int64)
    data, indices, ends = chosen_columns(X.data.astype(values), X.indices.astype(columns), starts, place)
    assert data.dtype == values
    found = sp.csr_matrix((data, indices, ends), (n, chosen.sum()))
    assert_array_equal(found.toarray(), X.toarray()[:, chosen].astype(values))
    nothing = chosen_columns(X.data, X.indices, starts, np.full(d, -1, np.int32))
    assert [len(part) for part in nothing] == [0, 0, n + 1]


@pytest.mark.parametrize("sample_weight", [None, rng.integers(0, 3, n) * 1.0], ids=["equal", "weighted"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_conditions_of_the_minimum_of_the_log_loss(sample_weight, dtype):
    alpha = 5e-3
    model = LinearClassifier(
        penalty="l1", alpha=alpha, solver="dual", tol=1e-9, max_iter=5000, random_state=0
    )
    model.fit(X.astype(dtype), y, sample_weight=sample_weight)
    weight = np.ones(n) if sample_weight is None else sample_weight
    coef = model.coef_[0].astype(float)
    slopes = weight / weight.sum() * (expit(X @ coef + float(model.intercept_[0])) - y)
    pull = X.T @ slopes
    near = 2e-5 if dtype == np.float64 else 1e-4
    assert abs(slopes.sum()) < near
    assert 10 < np.count_nonzero(coef) < 200
    assert np.all(np.abs(pull[coef == 0.0]) <= alpha + near)
    assert_allclose(pull[coef != 0.0], -alpha * np.sign(coef[coef != 0.0]), atol=near)


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_squared_error_beside_scikit_learn(dense, l1_ratio, fit_intercept):
    settings = {"alpha": 5e-3, "fit_intercept": fit_intercept}
    data = X.toarray() if dense else X
    peer = Lasso(tol=1e-10, max_iter=100_000, **settings)
    if l1_ratio < 1.0:
        peer = ElasticNet(l1_ratio=l1_ratio, tol=1e-10, max_iter=100_000, **settings)
    peer.fit(X.toarray(), target)
    model = LinearRegressor(
        "squared_error", penalty="elasticnet", l1_ratio=l1_ratio, solver="dual", tol=1e-10, max_iter=20_000,
        random_state=0, **settings,
    ).fit(data, target)  # fmt: skip
    assert_allclose(model.coef_, peer.coef_, atol=2e-4)
    assert_allclose(model.predict(X), peer.predict(X), atol=5e-4)
    if l1_ratio < 1.0:
        residual = target - peer.predict(X)
        best = 0.5 * np.mean(residual**2) + settings["alpha"] * (
            l1_ratio * np.abs(peer.coef_).sum() + 0.5 * (1 - l1_ratio) * np.sum(peer.coef_**2)
        )
        assert model.duality_gap_ >= model.objective_ - best - 1e-12


def test_hinge_beside_a_linear_program():
    alpha, m = 1e-2, 120
    rows, signs = X[:m], 2.0 * y[:m] - 1.0
    signed = signs[:, None] * rows.toarray()
    # variables: w+, w-, b+, b-, ξ
    cost = np.concatenate([np.full(2 * d, alpha), [0.0, 0.0], np.full(m, 1.0 / m)])
    rules = -np.column_stack([signed, -signed, signs, -signs, np.eye(m)])
    best = linprog(cost, rules, -np.ones(m), method="highs").fun
    null = 2.0 * min(np.mean(signs > 0), np.mean(signs < 0))
    model = LinearClassifier(
        "hinge", penalty="l1", alpha=alpha, solver="dual", tol=1e-4, max_iter=20_000, random_state=0
    ).fit(rows, y[:m])
    excess = (model.objective_ - best) / (null - best)
    assert -1e-9 < excess < 3e-4  # the end is an estimate
    assert model.optimality_gap_ > 0.1 * excess


def test_a_column_that_counts_only_beside_another():
    """One column hides in another what the target does not have; alone it says nothing of the target."""
    hidden, shown = rng.normal(size=(2, n))
    hidden -= shown * (hidden @ shown) / (shown @ shown)
    wide = 1e-3 * rng.normal(size=(n, d))
    wide[:, 0], wide[:, 1] = shown + hidden, hidden
    wide -= wide.mean(axis=0)
    aim = 3.0 * shown - 3.0 * shown.mean()
    wide[:, 1] -= aim * (wide[:, 1] @ aim) / (aim @ aim)
    peer = Lasso(alpha=0.05, tol=1e-10, max_iter=100_000).fit(wide, aim)
    assert abs(wide[:, 1] @ aim) / n < 1e-10
    assert peer.coef_[1] < -1.0
    model = LinearRegressor("squared_error", penalty="l1", alpha=0.05, solver="dual", tol=1e-9, max_iter=5000)
    assert_allclose(model.fit(sp.csr_matrix(wide), aim).coef_, peer.coef_, atol=1e-4)


def test_what_is_seen_of_a_fit():
    model = LinearClassifier(penalty="l1", alpha=5e-3, solver="dual", random_state=0)
    model.fit(X, y)
    assert len(model.loss_curve_) == model.n_iter_
    again = LinearClassifier(penalty="l1", alpha=5e-3, solver="dual", random_state=0, warm_start=True)
    again.fit(X, y)
    first = again.n_iter_
    assert again.fit(X, y).n_iter_ < first
    assert again.objective_ <= model.objective_ * (1 + 1e-12)
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        LinearClassifier(penalty="l1", alpha=5e-3, solver="dual", tol=1e-6, max_iter=2).fit(X, y)


def test_a_penalty_that_leaves_nothing():
    model = LinearClassifier(penalty="l1", alpha=10.0, solver="dual").fit(X, y)
    assert not model.coef_.any()
    assert_allclose(expit(model.intercept_), y.mean(), atol=1e-6)
