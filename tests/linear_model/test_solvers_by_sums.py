"""Solvers that ask only for sums over the data, against sums written out and against SciPy's minimum."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax

from sklearn_losses import CrossEntropy, Huber, LogLoss, Poisson, SquaredError
from sklearn_losses.linear_model.solvers import _lbfgs, _newton, _newton_of_sums
from sklearn_losses.linear_model.solvers._problem import LinearProblem, Scales
from sklearn_losses.linear_model.solvers._row_sums import row_sums
from sklearn_losses.linear_model.solvers._scaled import Scaled, run, together

rng = np.random.default_rng(0)
n, d = 500, 4
X = rng.normal(size=(n, d)) * [1.0, 1e-3, 1e4, 1.0] + [0.0, 1.0, 0.0, -3.0]
weight = rng.integers(0, 3, n).astype(float)
weight /= weight.sum()
signal = X @ [1.0, 500.0, 1e-4, -0.5] - 502.0
noise = rng.normal(size=n)
counts = rng.poisson(np.exp(0.5 * signal)) * 1.0


def problem_of(loss, y, X=X, weight=weight, l2=1e-3, fit_intercept=True, spread=1.0):
    constant = float(loss.constant_minimizer(y, weight)) if fit_intercept else 0.0
    return LinearProblem(
        loss.training_program(), loss.training_gradient_program(), loss.training_curvature_program(),
        X, y, weight, l2, 0.0, fit_intercept, constant, spread, True, False,
    )  # fmt: skip


PROBLEMS = {
    "squared": lambda **k: problem_of(SquaredError(), signal + noise, **k),
    "huber": lambda **k: problem_of(Huber(0.5), signal + noise**3, **k),
    "log": lambda **k: problem_of(LogLoss(), (signal + 1.5 * noise > 0) * 1.0, **k),
    "poisson": lambda **k: problem_of(Poisson(), counts, **k),
}


def least(problem):
    """The minimum by SciPy, on columns written out."""
    scale = X.std(axis=0)
    Z = (X - X.mean(axis=0) * problem.fit_intercept) / scale

    def objective(v):
        f = np.clip(Z @ v[:-1] + v[-1] * problem.fit_intercept, -50.0, 50.0)  # exp overflows far out
        (values, slopes), _ = problem.value.arrays(problem.y, f)
        w = v[:-1] / scale
        gradient = np.append(Z.T @ (weight * slopes) + problem.l2 * w / scale, weight @ slopes)
        gradient[-1] *= problem.fit_intercept
        return weight @ values + 0.5 * problem.l2 * w @ w, gradient

    found = minimize(objective, np.zeros(d + 1), jac=True, method="BFGS", options={"gtol": 1e-12})
    return found.fun, found.x[:-1] / scale


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l2", [1e-3, 0.0])
@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("solver", [_newton_of_sums, _lbfgs])
def test_minimum(solver, name, l2, fit_intercept):
    problem = PROBLEMS[name](l2=l2, fit_intercept=fit_intercept)
    tol, digits = (1e-12, 2e-5) if solver is _newton_of_sums else (1e-8, 2e-3)
    solution = solver.solve(problem, np.zeros(d), problem.constant, tol=tol, max_iter=300)
    objective, coef = least(problem)
    assert solution.converged
    assert not solution.unbounded
    assert_allclose(solution.objective, problem.objective(solution.coef, solution.intercept), rtol=1e-10)
    assert solution.objective <= objective + max(tol, 1e-11) * abs(objective)
    assert_allclose(solution.coef * X.std(axis=0), coef * X.std(axis=0), rtol=digits, atol=digits)


def test_sums_written_out():
    problem = PROBLEMS["log"]()
    centre, scale = X.mean(axis=0), X.std(axis=0)
    v = rng.normal(size=d)
    z = (X - centre) / scale
    p = expit(z @ v + 0.3)
    y = problem.y
    expected = (
        -weight @ (y * np.log(p) + (1 - y) * np.log1p(-p)),
        (weight * (p - y)) @ z,
        weight @ (p - y),
    )
    ones = np.column_stack([z, np.ones(n)])
    hessian = ones.T @ (ones * (weight * p * (1 - p))[:, None])
    scales = Scales(centre, scale**-2)
    for stored in (X, np.asfortranarray(X), sp.csr_matrix(X)):
        for program in (problem.value, problem.curvature):
            sums = row_sums(program, stored, y, weight, scales, v, 0.3)
            for got, wanted in zip(sums, (*expected, hessian), strict=False):
                assert_allclose(got, wanted, rtol=1e-9, atol=1e-12)
    assert len(sums) == 4


def test_coupled_sums_written_out():
    loss, K = CrossEntropy(), 3
    codes = rng.integers(0, K, n).astype(float)
    coef, intercept = rng.normal(size=(K, d)), rng.normal(size=K)
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    f = z @ coef.T + intercept
    off = softmax(f, axis=1) - np.eye(K)[codes.astype(int)]
    scales = Scales(X.mean(axis=0), X.var(axis=0) ** -1.0)
    for stored in (X, sp.csr_matrix(X)):
        sums = row_sums(loss.training_program("label"), stored, codes, weight, scales, coef, intercept)
        assert_allclose(
            sums[0], -weight @ log_softmax(f, axis=1)[np.arange(n), codes.astype(int)], rtol=1e-10
        )
        assert_allclose(sums[1], (weight[:, None] * off).T @ z, rtol=1e-8, atol=1e-12)
        assert_allclose(sums[2], weight @ off, rtol=1e-8, atol=1e-12)


def test_no_rows():
    problem = PROBLEMS["squared"]()
    for stored in (X[:0], sp.csr_matrix(X)[:0]):
        sums = row_sums(
            problem.curvature, stored, problem.y[:0], weight[:0], problem.columns, np.ones(d), 0.0
        )
        assert [np.abs(part).max() for part in sums] == [0.0] * 4


@pytest.mark.parametrize("shift", [1e8, -1e8])
def test_columns_far_from_zero(shift):
    """A column at 1e8 ± 1: its sums are as good as those of the column itself."""
    near = PROBLEMS["log"](l2=1e-2)
    x = rng.integers(-4, 5, size=(n, d)).astype(float)
    one = _newton_of_sums.solve(replace(near, X=x), np.zeros(d), 0.0, tol=1e-12, max_iter=100)
    far = _newton_of_sums.solve(replace(near, X=x + shift), np.zeros(d), 0.0, tol=1e-12, max_iter=100)
    assert_allclose(far.coef, one.coef, rtol=1e-7)


def test_float32():
    problem = PROBLEMS["huber"]()
    single = replace(problem, X=X.astype(np.float32))
    double = replace(problem, X=X.astype(np.float32).astype(np.float64))
    one, other = (
        _newton_of_sums.solve(p, np.zeros(d), p.constant, tol=1e-10, max_iter=100) for p in (single, double)
    )
    assert_allclose(one.coef, other.coef, rtol=1e-8)


def test_as_local_newton():
    problem = PROBLEMS["poisson"]()
    ours = _newton_of_sums.solve(problem, np.zeros(d), problem.constant, tol=1e-10, max_iter=100)
    local = _newton.solve(problem, np.zeros(d), problem.constant, tol=1e-10, max_iter=100)
    assert_allclose(ours.coef, local.coef, rtol=1e-6)


def test_separable_without_penalty():
    y = (X[:, 0] > 0) * 1.0
    problem = problem_of(LogLoss(), y, l2=0.0)
    assert _newton_of_sums.solve(problem, np.zeros(d), 0.0, tol=1e-8, max_iter=100).unbounded


def test_far_start():
    """From where the loss hardly bends, and where it overflows."""
    for name, start in (("log", 1e3), ("huber", 1e6), ("poisson", 30.0)):
        problem = PROBLEMS[name]()
        best = _newton_of_sums.solve(problem, np.zeros(d), problem.constant, tol=1e-10, max_iter=100)
        coef = np.array([start, 0.0, 0.0, -start])
        far = _newton_of_sums.solve(problem, coef, -start, tol=1e-10, max_iter=1000)
        assert far.converged
        assert_allclose(far.objective, best.objective, rtol=1e-8)


def test_watch_ends_it_and_max_iter():
    problem = PROBLEMS["poisson"]()
    seen = []

    def watch(n_iter, coef, intercept, objective, gap):
        seen.append(objective)
        assert_allclose(objective, problem.objective(coef, intercept), rtol=1e-12)
        return n_iter == 2

    solution = _newton_of_sums.solve(
        problem, np.zeros(d), problem.constant, tol=1e-12, max_iter=50, watch=watch
    )
    assert (solution.n_iter, len(seen), solution.converged) == (2, 2, True)
    short = _newton_of_sums.solve(problem, np.zeros(d), problem.constant, tol=1e-12, max_iter=1)
    assert (short.n_iter, short.converged) == (1, False)
    assert short.gap > 0.0


def test_side_by_side():
    """Solvers that share their passes end where each would alone."""
    problems = [PROBLEMS[name]() for name in ("squared", "log", "poisson")]
    functions = [Scaled(problem) for problem in problems]

    def begun(function):
        problem = function.problem
        return _newton_of_sums.steps(function, np.zeros(d), problem.constant, tol=1e-10, max_iter=100)

    passes = []

    def evaluate(points):
        passes.append(len(points))
        return {k: functions[k].bends(v) for k, v in points.items()}

    solutions = together([begun(function) for function in functions], evaluate)
    for function, solution in zip(functions, solutions, strict=True):
        alone = run(begun(function), function.bends)
        assert_allclose(solution.coef, alone.coef, rtol=1e-12)
        assert solution.n_iter == alone.n_iter
    assert passes[0] == 3
    assert len(passes) == max(s.n_iter for s in solutions) + 1
