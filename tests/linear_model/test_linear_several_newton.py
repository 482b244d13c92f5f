"""Newton's steps for losses that compare several raw predictions: small data, solved to the last digits."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from sklearn_losses import LinearClassifier
from sklearn_losses.linear_model.solvers._columns import Columns
from sklearn_losses.linear_model.solvers._problem import LinearProblem
from sklearn_losses.linear_model.solvers._scaled import Scaled
from sklearn_losses.losses import get_loss

rng = np.random.default_rng(0)
n, d, K = 80, 4, 3
X = rng.standard_normal((n, d)) * [1.0, 10.0, 0.1, 1.0] + [0.0, 3.0, 0.0, 1.0]
labels = np.argmax(X @ rng.standard_normal((d, K)) + rng.gumbel(size=(n, K)), axis=1)
weight = rng.random(n)
SOFT = rng.dirichlet(np.ones(K), n)
INDICATORS = (rng.random((n, K)) < 0.4).astype(float)


def problem_of(name, y, encoding, fit_intercept=True, X=X):
    loss = get_loss(name, for_classifier=True)
    programs = [
        program(encoding)
        for program in (
            loss.training_program,
            loss.training_gradient_program,
            loss.training_curvature_program,
        )
    ]
    return LinearProblem(
        *programs, X, np.asarray(y, dtype=float), weight / weight.sum(), 1e-2, 0.0, fit_intercept, np.zeros(K),
        1.0, True, False,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize(
    ("name", "y", "encoding"),
    [
        ("cross_entropy", labels, "label"),
        ("cross_entropy", SOFT, "as it is"),
        ("kl_divergence", SOFT, "as it is"),
        ("multilabel_log_loss", INDICATORS, "as it is"),
    ],
)
def test_hessian_is_the_derivative_of_the_gradient(name, y, encoding, fit_intercept, kind):
    function = Scaled(problem_of(name, y, encoding, fit_intercept, kind(X)))
    v = 0.5 * rng.standard_normal(K * (d + 1))
    objective, gradient, hessian = function.bends(v)
    plain, slope = function.slopes(v)
    assert_allclose(objective, plain, rtol=1e-12)
    assert_allclose(gradient, slope, rtol=1e-10, atol=1e-13)
    expected = np.array(
        [
            (function.slopes(v + step)[1] - function.slopes(v - step)[1]) / 2e-5
            for step in 1e-5 * np.eye(len(v))
        ]
    )
    if not fit_intercept:
        expected[-K:, -K:] = np.eye(K)
    assert_allclose(hessian, expected, atol=1e-8)
    assert_allclose(hessian, hessian.T, atol=1e-15)


def test_sums_over_blocks_of_rows():
    """The Hessian of softmax regression in closed form, of more rows than are summed at a time."""
    n = 30_000
    Z = rng.standard_normal((n, d))
    y = rng.integers(K, size=n).astype(float)
    loss = get_loss("cross_entropy", for_classifier=True)
    problem = problem_of("cross_entropy", labels, "label")
    problem = LinearProblem(
        loss.training_program("label"), loss.training_gradient_program("label"),
        loss.training_curvature_program("label"), Z, y, np.full(n, 1 / n), 0.0, 0.0, True, np.zeros(K), 1.0, True,
        False,
    )  # fmt: skip
    columns = Columns(Z, problem.weight, centred=True)
    z = np.column_stack([(Z - columns.centre) * np.sqrt(columns.rate), np.ones(n)])
    coef, intercept = rng.standard_normal((K, d)), rng.standard_normal(K)
    p = softmax(z @ np.column_stack([coef, intercept]).T, axis=1)
    H = np.einsum("nk,kl,ni,nj->kilj", p, np.eye(K), z, z, optimize=True)
    H -= np.einsum("nk,nl,ni,nj->kilj", p, p, z, z, optimize=True)
    *_, hessian = problem.bends(coef, intercept)
    coefficients = hessian[: K * d, : K * d].reshape(K, d, K, d)
    assert_allclose(coefficients, H[:, :d, :, :d] / n, atol=1e-9)
    assert_allclose(hessian[K * d :, K * d :], H[:, d, :, d] / n, atol=1e-9)
    assert_allclose(hessian[: K * d, K * d :].reshape(K, d, K), H[:, :d, :, d] / n, atol=1e-9)


@pytest.mark.parametrize("load", [load_iris, load_wine])
@pytest.mark.parametrize("alpha", [1e-1, 1e-3])
def test_softmax_regression(load, alpha):
    X, y = load(return_X_y=True)
    model = LinearClassifier("cross_entropy", alpha=alpha).fit(X, y)
    assert model.solver_ == "newton"
    theirs = LogisticRegression(C=1 / (alpha * len(y)), solver="newton-cholesky", tol=1e-12, max_iter=1000)
    theirs.fit(X, y)
    assert_allclose(model.predict_proba(X), theirs.predict_proba(X), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("alpha", [1e-3, 1e-7])
def test_the_gap_is_no_less_than_a_tenth_of_the_truth(alpha, tol):
    X, y = load_iris(return_X_y=True)
    finest = LinearClassifier("cross_entropy", alpha=alpha, tol=1e-14).fit(X, y).objective_

    def objective(v):
        coef, intercept = v[:12].reshape(3, 4), v[12:]
        return (
            -log_softmax(X @ coef.T + intercept, axis=1)[np.arange(150), y].mean()
            + 0.5 * alpha * v[:12] @ v[:12]
        )

    model = LinearClassifier("cross_entropy", alpha=alpha, tol=tol).fit(X, y)
    assert_allclose(model.objective_, objective(np.append(model.coef_.ravel(), model.intercept_)), rtol=1e-12)
    polished = minimize(objective, np.append(model.coef_.ravel(), model.intercept_), method="BFGS").fun
    truth = (model.objective_ - min(finest, polished)) / (np.log(3.0) - finest)
    assert truth <= max(tol, 1e-12)
    assert model.optimality_gap_ >= 0.1 * truth - 1e-12


CASES = [
    (LinearClassifier("cross_entropy", alpha=1e-3), labels),
    (LinearClassifier("cross_entropy", alpha=1e-3, fit_intercept=False), labels),
    (LinearClassifier("cross_entropy", alpha=1e-3), SOFT),
    (LinearClassifier("kl_divergence", alpha=1e-3), SOFT),
    (LinearClassifier("multilabel_log_loss", alpha=1e-3), INDICATORS),
]


@pytest.mark.parametrize(("model", "y"), CASES)
def test_neither_order_nor_repetition_matters(model, y):
    model.fit(X, y)
    assert model.solver_ == "newton"
    order = rng.permutation(n)
    before = model.decision_function(X)
    assert_allclose(model.fit(X[order], y[order]).decision_function(X), before, atol=1e-9)
    times = rng.integers(0, 3, n)
    times[np.unique(labels, return_index=True)[1]] = 1  # every class stays
    by_weight = model.fit(X, y, sample_weight=times).decision_function(X)
    repeated = np.repeat(np.arange(n), times)
    assert_allclose(model.fit(X[repeated], y[repeated]).decision_function(X), by_weight, atol=1e-9)


@pytest.mark.parametrize(("model", "y"), CASES)
@pytest.mark.parametrize("size", [1e-8, 1e8])
def test_features_of_any_size(model, y, size):
    model.fit(size * X, y)
    assert model.optimality_gap_ <= 1e-4
    assert np.isfinite(model.coef_).all()
    reference = LinearClassifier(model.loss, alpha=1e-3 * size**-2, fit_intercept=model.fit_intercept)
    assert_allclose(
        model.decision_function(size * X), reference.fit(X, y).decision_function(X), rtol=1e-5, atol=1e-7
    )


def test_float32_and_sparse():
    model = LinearClassifier("cross_entropy", alpha=1e-3)
    expected = model.fit(X, labels).predict_proba(X)
    assert_allclose(model.fit(sp.csr_array(X), labels).predict_proba(X), expected, atol=1e-9)
    single = X.astype(np.float32)
    assert model.fit(single, labels).coef_.dtype == np.float32
    assert_allclose(model.predict_proba(single), expected, atol=1e-4)


def test_separable_classes_without_penalty():
    X, y = load_iris(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="no finite coefficients"):
        model = LinearClassifier("cross_entropy", alpha=0.0).fit(X, y)
    assert model.score(X, y) > 0.97
    assert np.isfinite(model.coef_).all()


@pytest.mark.parametrize(
    ("model", "y", "message"),
    [
        (LinearClassifier("multiclass_hinge", solver="newton"), labels, "takes smooth ones"),
        (LinearClassifier("cross_entropy", solver="dual"), labels, "use 'lbfgs' or 'newton'"),
        (LinearClassifier("multiclass_brier", solver="newton"), SOFT, "not convex"),
    ],
)
def test_what_it_cannot_take(model, y, message):
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
