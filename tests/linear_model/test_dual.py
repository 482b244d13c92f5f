"""Proximal dual coordinate ascent against optima that other libraries find, and on data that break solvers."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linprog, minimize
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression
from sklearn.svm import LinearSVC

from sklearn_losses.linear_model.solvers._columns import Columns
from sklearn_losses.linear_model.solvers._dual import solve
from sklearn_losses.linear_model.solvers._problem import LinearProblem
from sklearn_losses.losses import AbsoluteError, Huber, Pinball, get_loss


def linear_problem(X, y, loss, alpha, *, l1_ratio=0.0, weight=None, fit_intercept=True, classifies=False):
    """Make a problem of arrays; of a classifier, y holds -1 and 1."""
    loss = get_loss(loss, for_classifier=classifies)
    y = np.asarray(y, dtype=np.float64)
    if classifies:
        y = np.where(y > 0, loss.binary_values[1], loss.binary_values[0]).astype(np.float64)
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    number = not classifies and loss.link.name == "identity"
    return LinearProblem(
        value=loss.training_program(),
        gradient=loss.training_gradient_program(),
        curvature=loss.training_curvature_program(),
        X=sp.csr_matrix(X) if sp.issparse(X) else np.ascontiguousarray(X),
        y=y,
        weight=weight / weight.sum(),
        l2=alpha * (1 - l1_ratio),
        l1=alpha * l1_ratio,
        fit_intercept=fit_intercept,
        constant=float(loss.constant_minimizer(y, weight)) if fit_intercept else 0.0,
        spread=(float(np.median(np.abs(y - np.median(y)))) or 1.0) if number else 1.0,
        convex=True,
        kinked=False,
    )


def linear_program(X, y, quantile):
    """Coefficients and intercept with the least mean pinball loss, by HiGHS."""
    n, d = X.shape
    design = np.column_stack([X, np.ones(n)])
    cost = np.concatenate([np.zeros(d + 1), np.full(n, quantile / n), np.full(n, (1 - quantile) / n)])
    equal = np.hstack([design, np.eye(n), -np.eye(n)])
    bounds = [(None, None)] * (d + 1) + [(0, None)] * (2 * n)
    found = linprog(cost, A_eq=equal, b_eq=y, bounds=bounds, method="highs")
    assert found.success
    return found.x[:d], found.x[d]


def raw_features(rng, n, d):
    """Columns of scales from 1e-3 to 1e3, off the origin."""
    scale = 10.0 ** rng.uniform(-3, 3, d)
    return rng.standard_normal((n, d)) * scale + 3 * scale * rng.standard_normal(d)


def run(problem, *, tol=1e-6, max_iter=3000, seed=0, **start):
    coef = start.get("coef", np.zeros(problem.X.shape[1]))
    intercept = start.get("intercept", problem.constant)
    return solve(
        problem, coef, intercept, tol=tol, max_iter=max_iter, random_state=seed, watch=start.get("watch")
    )


def excess(problem, solution, best):
    """(F - F*) / (F_null - F*)"""
    return (solution.objective - best) / (problem.null - best)


def check(problem, best, *, tol=1e-6):
    """Converged, as near as promised, and the estimates are no less than a tenth of the truth."""
    solution = run(problem, tol=tol)
    assert solution.converged
    assert solution.objective == pytest.approx(problem.objective(solution.coef, solution.intercept))
    assert -1e-7 <= excess(problem, solution, best) <= tol
    assert solution.gap >= 0.1 * (solution.objective - best) - 1e-12 * abs(best)
    if solution.duality_gap is not None:
        assert solution.duality_gap >= solution.objective - best - 1e-9 * abs(best)
    return solution


def smooth_optimum(problem):
    """L-BFGS in the principal axes of X, in which every coefficient has the same effect."""
    X = problem.X.toarray() if sp.issparse(problem.X) else problem.X
    centre = X.mean(axis=0) if problem.fit_intercept else 0.0
    _, size, axes = np.linalg.svd(X - centre, full_matrices=False)
    kept = size > 1e-11 * size[0]
    basis = axes[kept].T / size[kept] * np.sqrt(len(X))
    Z = (X - centre) @ basis

    def both(u):
        (value, slope), _ = problem.value.arrays(problem.y, Z @ u[:-1] + u[-1] * problem.fit_intercept)
        slope, coef = problem.weight * slope, basis @ u[:-1]
        total = problem.weight @ value + 0.5 * problem.l2 * coef @ coef
        return total, np.append(
            Z.T @ slope + problem.l2 * basis.T @ coef, slope.sum() * problem.fit_intercept
        )

    start = np.zeros(Z.shape[1] + 1)
    start[-1] = problem.constant
    options = {"maxiter": 2000, "maxfun": 5000, "ftol": 1e-15, "gtol": 1e-10, "maxcor": 40}
    return minimize(both, start, jac=True, method="L-BFGS-B", options=options).fun


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = raw_features(rng, 300, 8)
    f = (X / X.std(axis=0)) @ rng.standard_normal(8)
    return X, f - f.mean() + rng.standard_normal(300)


def as_kinds(X):
    """Dense, and CSR with both widths of indices."""
    yield X
    for index in (np.int32, np.int64):
        sparse = sp.csr_array(X)
        sparse.indices, sparse.indptr = sparse.indices.astype(index), sparse.indptr.astype(index)
        yield sparse


@pytest.mark.parametrize(
    ("loss", "classifies"),
    [("log_loss", True), ("squared_hinge", True), ("squared_error", False), (Huber(delta=1.0), False),
     ("poisson", False), ("log_cosh", False)],
)  # fmt: skip
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_smooth_losses(data, loss, classifies, fit_intercept):
    X, y = data
    if loss == "poisson":
        y = np.random.default_rng(1).poisson(np.exp(np.clip(y / 2, -5, 2))).astype(float)
    for kind in as_kinds(X):
        problem = linear_problem(kind, y, loss, 1e-4, classifies=classifies, fit_intercept=fit_intercept)
        check(problem, smooth_optimum(problem))


@pytest.mark.parametrize(("loss", "quantile"), [(AbsoluteError(), 0.5), (Pinball(quantile=0.9), 0.9)])
def test_kinked_losses_against_linear_programming(data, loss, quantile):
    X, y = data
    coef, intercept = linear_program(X, y, quantile)
    for kind in as_kinds(X):
        problem = linear_problem(kind, y, loss, 0.0)
        check(problem, problem.objective(coef, intercept), tol=1e-4)


def test_hinge_against_liblinear():
    """liblinear penalises the intercept, so none is fitted; its own tolerance is far below ours."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 10)) @ np.diag(np.geomspace(0.1, 10, 10))
    y = X @ rng.standard_normal(10) + 3 * rng.standard_normal(400)
    alpha = 1e-2
    theirs = LinearSVC(loss="hinge", C=1 / (alpha * 400), fit_intercept=False, tol=1e-10, max_iter=10**6)
    theirs.fit(X, y > 0)
    for kind in as_kinds(X):
        problem = linear_problem(kind, y, "hinge", alpha, classifies=True, fit_intercept=False)
        solution = check(problem, problem.objective(theirs.coef_[0], 0.0))
        assert solution.duality_gap <= 1e-4 * problem.null  # a certificate of its own


@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
def test_l1_gives_the_zeros_of_scikit_learn(l1_ratio):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 30))
    y = 3 * X[:, 0] - 2 * X[:, 1] + 0.5 * rng.standard_normal(150) + 2
    theirs = (Lasso(0.1) if l1_ratio == 1 else ElasticNet(0.1, l1_ratio=0.7)).set_params(tol=1e-12).fit(X, y)
    for kind in as_kinds(X):
        problem = linear_problem(kind, y, "squared_error", 0.1, l1_ratio=l1_ratio)
        solution = check(problem, problem.objective(theirs.coef_, theirs.intercept_))
        assert np.array_equal(solution.coef != 0, theirs.coef_ != 0)
        np.testing.assert_allclose(solution.coef, theirs.coef_, atol=1e-3)


def test_l1_log_loss_of_sparse_rows():
    rng = np.random.default_rng(0)
    X = sp.random(300, 60, 0.2, "csr", random_state=0)
    y = X @ rng.standard_normal(60) > 0
    alpha = 2e-3
    theirs = LogisticRegression(l1_ratio=1.0, C=1 / (alpha * 300), solver="saga", tol=1e-9, max_iter=100_000)
    theirs.fit(X, y)
    problem = linear_problem(X, np.where(y, 1, -1), "log_loss", alpha, l1_ratio=1.0, classifies=True)
    solution = check(problem, problem.objective(theirs.coef_[0], theirs.intercept_[0]))
    assert np.array_equal(solution.coef != 0, theirs.coef_[0] != 0)


def test_weights_are_repetitions(data):
    X, y = data
    times = np.random.default_rng(0).integers(0, 4, len(y))
    for weight in (times, 1e-6 * times, 1e6 * times):
        weighted = run(linear_problem(X, y, "squared_error", 1e-3, weight=weight), tol=1e-10)
        repeated = linear_problem(np.repeat(X, times, axis=0), np.repeat(y, times), "squared_error", 1e-3)
        repeated = run(repeated, tol=1e-10)
        np.testing.assert_allclose(
            weighted.coef, repeated.coef, rtol=1e-3, atol=1e-4 * abs(repeated.coef).max()
        )
    X[times == 0], y[times == 0] = 1e6, -1e6  # a sample of weight 0 may be anything
    again = run(linear_problem(X, y, "squared_error", 1e-3, weight=times), tol=1e-10)
    np.testing.assert_allclose(again.coef, repeated.coef, rtol=1e-3, atol=1e-4 * abs(repeated.coef).max())


def test_float32(data):
    X, y = data
    exact = run(linear_problem(X.astype(np.float32).astype(float), y, "squared_error", 1e-4))
    for kind in as_kinds(X.astype(np.float32)):
        problem = linear_problem(kind, y, "squared_error", 1e-4)
        solution = run(problem)
        assert solution.objective == pytest.approx(exact.objective, rel=1e-4)


@pytest.mark.parametrize("loss", ["squared_error", AbsoluteError()])
@pytest.mark.parametrize("size", [1e-8, 1e8])
def test_targets_of_any_size(data, loss, size):
    """Without penalty, targets times a factor give coefficients times the factor."""
    X, y = data
    small = run(linear_problem(X, y, loss, 0.0), tol=1e-5)
    large = run(linear_problem(X, size * y, loss, 0.0), tol=1e-5)
    assert large.converged
    factor = size**2 if loss == "squared_error" else size
    assert large.objective / factor == pytest.approx(small.objective, rel=1e-4)


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
@pytest.mark.parametrize("size", [1e-8, 1e8])
def test_features_of_any_size(data, loss, size):
    X, y = data
    common = {"classifies": True}
    small = run(linear_problem(X, y, loss, 0.0, **common), tol=1e-4)
    large = run(linear_problem(size * X, y, loss, 0.0, **common), tol=1e-4)
    assert large.objective == pytest.approx(small.objective, rel=1e-3)


def test_constant_and_duplicate_columns_and_empty_rows(data):
    X, y = data
    X = np.column_stack([X, np.full(len(y), 7.0), np.zeros(len(y)), X[:, 0]])
    X[::5] = 0.0
    for kind in as_kinds(X):
        problem = linear_problem(kind, y, "log_loss", 1e-3, classifies=True)
        solution = check(problem, smooth_optimum(problem))
        assert solution.coef[9] == 0.0
        assert solution.coef[0] == pytest.approx(solution.coef[10], rel=1e-2)


def test_a_column_that_stands_twice_in_a_row():
    """A CSR matrix need not be canonical; it is not written to."""
    X = sp.csr_array(
        (np.array([1.0, 2.0, 1.0, 3.0, 1.0]), np.array([1, 0, 1, 0, 0]), np.array([0, 3, 4, 5])), (3, 2)
    )
    y = np.array([1.0, 2.0, -1.0])
    before = X.data.copy(), X.indices.copy()
    problem = linear_problem(X, y, "squared_error", 1e-2)
    dense = linear_problem(X.toarray(), y, "squared_error", 1e-2)
    assert run(problem, tol=1e-9).objective == pytest.approx(smooth_optimum(dense), rel=1e-7)
    assert all(np.array_equal(a, b) for a, b in zip(before, (X.data, X.indices), strict=True))


@pytest.mark.parametrize(("n", "d"), [(1, 1), (1, 5), (2, 1), (30, 1), (20, 100)])
@pytest.mark.parametrize("loss", ["squared_error", AbsoluteError(), Huber(delta=1.0)])
def test_shapes(n, d, loss):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    for kind in as_kinds(X):
        problem = linear_problem(kind, y, loss, 1e-2)
        solution = run(problem)
        assert solution.objective <= problem.null
        assert np.isfinite(solution.coef).all()
        if loss == "squared_error" and n > 1:
            assert solution.objective == pytest.approx(smooth_optimum(problem), rel=1e-5)


def test_constant_target():
    """The constant is the optimum: nothing to gain, no division by zero, no endless loop."""
    X = np.random.default_rng(0).standard_normal((50, 3))
    solution = run(linear_problem(X, np.full(50, 3.0), "squared_error", 1e-2))
    assert solution.converged
    assert solution.intercept == pytest.approx(3.0)
    np.testing.assert_allclose(solution.coef, 0.0, atol=1e-7)


def test_separable_without_penalty():
    """No finite optimum: it ends at max_iter, with finite coefficients, or with a loss of nearly zero."""
    X = np.arange(-5.0, 5.0)[:, None] + 0.5
    problem = linear_problem(X, np.sign(X[:, 0]), "log_loss", 0.0, classifies=True)
    solution = run(problem, max_iter=50)
    assert np.isfinite(solution.coef).all()
    assert solution.objective < 0.01


def test_starting_point_and_watching(data):
    """From its solution it is done at once; watch sees every pass and may end it."""
    X, y = data
    problem = linear_problem(X, y, "log_loss", 1e-4, classifies=True)
    first = run(problem)
    again = run(problem, coef=first.coef, intercept=first.intercept)
    assert again.objective <= first.objective
    seen = []

    def watch(n_iter, coef, intercept, objective, gap):
        seen.append(n_iter)
        assert objective == pytest.approx(problem.objective(coef, intercept))
        assert gap >= 0
        return n_iter == 4

    assert run(problem, watch=watch).n_iter == 4
    assert seen == [1, 2, 3, 4]


def test_random_state(data):
    X, y = data
    problem = linear_problem(X, y, "log_loss", 1e-4, classifies=True)
    runs = [run(problem, tol=1e-3, seed=seed) for seed in (0, 0, 1)]
    assert np.array_equal(runs[0].coef, runs[1].coef)
    assert not np.array_equal(runs[0].coef, runs[2].coef)


def test_inputs_are_read_only(data):
    X, y = data
    for array in (X, y):
        array.setflags(write=False)
    sparse = sp.csr_array(X)
    for array in (sparse.data, sparse.indices, sparse.indptr):
        array.setflags(write=False)
    for kind in (X, sparse):
        assert run(linear_problem(kind, y, "squared_error", 1e-3)).converged


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("centred", [True, False])
def test_columns(dtype, centred):
    """Weighted moments by NumPy; a first row far out costs no accuracy."""
    rng = np.random.default_rng(0)
    X = raw_features(rng, 200, 6).astype(dtype)
    X[:, 1] = 7.0
    X[:, 2] *= rng.random(200) < 0.3
    X[0, 3] = 1e6 * X[1, 3]
    weight = rng.random(200)
    weight[::7] = 0
    share = (weight / weight.sum())[:, None]
    exact = X.astype(float)
    mean = (share * exact).sum(axis=0)
    columns = Columns(X, weight, centred=centred)
    full = np.array([True, True, False, True, True, True])
    np.testing.assert_allclose(columns.centre, np.where(full & centred, mean, 0.0), rtol=1e-10, atol=1e-12)
    spread = (share * (exact - columns.centre) ** 2).sum(axis=0)
    there = share[X[:, 2] != 0].sum()
    expected = np.where(full, spread, spread / np.sqrt(there))
    if centred:
        expected[1] = 49.0  # constant: its size, not its spread of zero
    np.testing.assert_allclose(1 / columns.rate, expected, rtol=1e-8)
    assert columns.mean_row_square == pytest.approx(
        np.average(columns.row_squares(X), weights=weight), rel=1e-8
    )
    sparse = Columns(sp.csr_array(X), weight, centred=centred)
    uncentred = (share * exact**2).sum(axis=0)
    np.testing.assert_allclose(
        1 / sparse.rate, np.where(full, uncentred, uncentred / np.sqrt(there)), rtol=1e-8
    )
