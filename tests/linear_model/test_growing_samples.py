"""L-BFGS in a metric and on growing samples: against dense algebra, and SciPy's minimum of the objective."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from sklearn_losses import CrossEntropy, LinearClassifier
from sklearn_losses.linear_model.solvers._growing import SMALLEST
from sklearn_losses.linear_model.solvers._lbfgs import MEMORY, Memory
from sklearn_losses.linear_model.solvers._metric import FLAT, Metric
from sklearn_losses.linear_model.solvers._problem import LinearProblem
from sklearn_losses.linear_model.solvers._scaled import Scaled

rng = np.random.default_rng(0)
K, d = 4, 6
n = 6 * SMALLEST  # two samples are solved before
mixing = rng.normal(size=(d, d))
Z = rng.normal(size=(n, d)) @ mixing
X = Z * 10.0 ** np.arange(-2, 4) + 10.0 ** np.arange(3, -3, -1)
scores = Z @ rng.normal(size=(d, K)) / 2 - [0.0, 0.0, 2.0, 5.0]  # a rare class, and a rarer one
y = np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)


def problem_of(X, y, weight, l2, fit_intercept=True):
    loss = CrossEntropy()
    programs = (
        loss.training_program("label"),
        loss.training_gradient_program("label"),
        loss.training_curvature_program("label"),
    )
    constant = np.log(np.bincount(y, weight, minlength=K)) * fit_intercept
    return LinearProblem(
        *programs,
        X,
        y.astype(float),
        weight / weight.sum(),
        l2,
        0.0,
        fit_intercept,
        constant,
        1.0,
        True,
        False,
    )


def least(X, y, weight, alpha):
    """The least objective, by SciPy on columns written out."""
    mean, scale = X.mean(axis=0), X.std(axis=0)
    S = (X - mean) / scale
    onehot = np.eye(K)[y]
    share = weight / weight.sum()

    def objective(v):
        W, b = v[:-K].reshape(K, -1), v[-K:]
        f = S @ W.T + b
        slopes = share[:, None] * (softmax(f, axis=1) - onehot)
        value = -share @ np.sum(onehot * log_softmax(f, axis=1), axis=1)
        gradient = np.append(slopes.T @ S + alpha * W / scale**2, slopes.sum(axis=0))
        return value + 0.5 * alpha * np.sum((W / scale) ** 2), gradient

    start = np.zeros(K * X.shape[1] + K)
    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-15, "gtol": 1e-9, "maxcor": 50}
    return minimize(objective, start, jac=True, method="L-BFGS-B", options=options).fun


def null(y, weight):
    share = np.bincount(y, weight) / weight.sum()
    return -share[share > 0] @ np.log(share[share > 0])


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_minimum_is_found_on_columns_of_any_size(sparse, weighted, dtype):
    data = (X if not sparse else np.where(rng.random(X.shape) < 0.5, 0.0, Z)).astype(dtype)
    weight = rng.integers(0, 3, n) * 1.0 if weighted else np.ones(n)
    best = least(data.astype(float), y, weight, 1e-3)
    for tol in (1e-2, 1e-4):
        model = LinearClassifier("cross_entropy", solver="lbfgs", alpha=1e-3, tol=tol)
        model.fit(sp.csr_matrix(data) if sparse else data, y, sample_weight=weight)
        assert model.solver_ == "lbfgs"
        excess = (model.objective_ - best) / (null(y, weight) - best)
        assert (-1e-7 if dtype == np.float64 else -1e-5) < excess < tol
        assert model.optimality_gap_ > 0.1 * excess
        assert model.n_iter_ < 60


def test_columns_that_say_nothing_new_change_nothing():
    doubled = np.column_stack([Z, Z[:, :2], np.full(n, 7.0)])
    model = LinearClassifier("cross_entropy", solver="lbfgs", alpha=1e-3, tol=1e-7).fit(doubled, y)
    assert_allclose(model.coef_[:, :2], model.coef_[:, d : d + 2], rtol=1e-3, atol=1e-4)
    assert_allclose(model.coef_[:, -1], 0.0, atol=1e-12)
    assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-5)  # softmax sees no common shift, the penalty does


def test_a_class_that_samples_lack():
    few = y.copy()
    few[few == 3] = 0
    few[-3:] = 3
    best = least(Z, few, np.ones(n), 1e-3)
    model = LinearClassifier("cross_entropy", solver="lbfgs", alpha=1e-3).fit(Z, few)
    assert model.objective_ - best < 1e-4 * (null(few, np.ones(n)) - best)


def test_weights_of_zero_count_for_nothing():
    weight = np.ones(n)
    weight[::3] = 0.0
    kept = weight > 0
    settings = {"loss": "cross_entropy", "solver": "lbfgs", "alpha": 1e-2, "tol": 1e-9}
    with_zeros = LinearClassifier(**settings).fit(Z, y, sample_weight=weight)
    without = LinearClassifier(**settings).fit(Z[kept], y[kept])
    assert_allclose(with_zeros.predict_proba(Z[:50]), without.predict_proba(Z[:50]), atol=1e-4)


@pytest.mark.parametrize("l2", [0.0, 1e-2])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_metric_is_outputs_times_columns(l2, fit_intercept):
    rows, labels = Z[:500], y[:500]
    weight = rng.uniform(0.5, 1.5, 500)
    problem = problem_of(rows, labels, weight, l2, fit_intercept)
    function = Scaled(problem)
    metric = Metric(function, problem)
    metric.probed = slice(None)
    v = 0.3 * rng.normal(size=K * d + K)
    metric.begin(v, informed=True)

    scale = function.scale
    S = np.column_stack([(rows - function.centre) / scale, np.full(500, float(fit_intercept))])
    p = softmax(S @ np.column_stack([v[:-K].reshape(K, d), v[-K:]]).T, axis=1)
    share = weight / weight.sum()
    outputs = np.diag(share @ p) - (share[:, None] * p).T @ p
    trace = share * np.sum(p * (1 - p), axis=1)
    columns = (S * (trace / trace.sum())[:, None]).T @ S
    penalty = np.append(l2 / scale**2, 0.0)
    gradient = rng.normal(size=(K, d + 1)) * ([1.0] * d + [fit_intercept])
    gradient -= gradient.mean(axis=0)  # the other way the outputs do not bend
    values, vectors = np.linalg.eigh(outputs)
    expected = np.zeros_like(gradient)
    for value, way in zip(values[1:], vectors.T[1:], strict=True):
        assert values[0] < FLAT * value
        matrix = value * columns + np.diag(penalty)
        expected += np.outer(way, np.linalg.lstsq(matrix, way @ gradient, rcond=1e-8)[0])
    found = metric.solve(np.append(gradient[:, :-1], gradient[:, -1]))
    found = np.column_stack([found[:-K].reshape(K, d), found[-K:]])
    # Outputs of a like curvature share their factor with the penalty.
    assert_allclose(
        found, expected, rtol=0.5 if l2 else 1e-4, atol=(1e-2 if l2 else 1e-4) * np.abs(expected).max()
    )


def test_memory_is_that_of_bfgs():
    """Against updates of the dense inverse Hessian, one for each of the last steps."""
    size = 7
    H = rng.normal(size=(size, size))
    H = H @ H.T + np.eye(size)
    base = np.diag(rng.uniform(0.5, 2.0, size))

    class Known:
        def solve(self, gradient):
            return base @ gradient

    memory, pairs = Memory(size, Known()), []
    gradient = rng.normal(size=size)
    assert_allclose(memory.solve(gradient), base @ gradient)
    for _ in range(MEMORY + 5):
        step = rng.normal(size=size)
        change = H @ step + 0.1 * rng.normal(size=size)
        if step @ change <= 0:
            continue
        memory.add(step, change)
        pairs = [*pairs, (step, change)][-MEMORY:]
        s, c = pairs[-1]
        inverse = base * (s @ c) / (c @ base @ c)
        for s, c in pairs:
            left = np.eye(size) - np.outer(s, c) / (s @ c)
            inverse = left @ inverse @ left.T + np.outer(s, s) / (s @ c)
        assert_allclose(memory.solve(gradient), inverse @ gradient, rtol=1e-7, atol=1e-9)
    memory.add(np.ones(size), -np.ones(size))  # bends the wrong way: left out
    assert_allclose(memory.solve(gradient), inverse @ gradient, rtol=1e-7, atol=1e-9)
