"""Losses of several raw predictions whose slope jumps: L-BFGS and tangents, beside exact solutions."""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from sklearn_losses.linear_model import LinearClassifier, LinearRegressor
from sklearn_losses.linear_model.solvers._facts import is_kinked_along_lines
from sklearn_losses.losses import LOSSES

X, labels = load_iris(return_X_y=True)
n, K = len(X), 3
LIBLINEAR_MISCOUNTS = pytest.mark.filterwarnings("ignore:Liblinear failed to converge")
"""Of this machine older versions count no iterations: whether they warn is chance."""


def check(model, best, null=1.0):
    """As near as promised, and the gap no less than a tenth of the truth."""
    excess = (model.objective_ - best) / (null - best)
    tol = 1e-4 if model.tol == "auto" else model.tol
    assert -1e-7 <= excess <= tol
    assert 0.1 * excess <= model.optimality_gap_ <= tol


def crammer_singer_optimum(data, y, alpha):
    """liblinear's, which fits no free intercept of this loss."""
    theirs = LinearSVC(
        multi_class="crammer_singer", fit_intercept=False, C=1 / (alpha * len(y)), tol=1e-9, max_iter=10**6
    ).fit(data, y)
    raw = data @ theirs.coef_.T
    rows = np.arange(len(y))
    margins = raw + (y[:, None] != np.arange(3)) - raw[rows, y][:, None]
    return margins.max(axis=1).mean() + 0.5 * alpha * np.square(theirs.coef_).sum()


@LIBLINEAR_MISCOUNTS
@pytest.mark.parametrize("tol", [1e-4, 1e-6])
@pytest.mark.parametrize("alpha", [1e-3, 0.1])
@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_crammer_singer_of_liblinear(load, alpha, tol):
    data, y = load(return_X_y=True)
    data = data / data.std(axis=0)
    model = LinearClassifier("multiclass_hinge", alpha=alpha, fit_intercept=False, tol=tol).fit(data, y)
    assert model.solver_ == "lbfgs"
    check(model, crammer_singer_optimum(data, y, alpha))


@pytest.mark.parametrize("seed", [1, 4, 5])
def test_no_slope_where_lbfgs_ends(seed):
    """Where all margins are met, only the penalty pulls. The oracle is a quadratic program with a slack a sample."""
    random = np.random.default_rng(seed)
    data = random.normal(size=(8, 20))
    data[:, 0] *= 100.0
    y = random.permutation(np.arange(8) % 3)
    model = LinearClassifier("multiclass_hinge", alpha=1e-2).fit(data, y)
    scaled = data / [100.0, *[1.0] * 19]
    strengths = np.append(1e-2 / np.array([1e4, *[1.0] * 19]), 0.0)  # the intercept last
    slopes = []
    for i, k in ((i, k) for i in range(8) for k in range(3) if k != y[i]):
        signs = np.eye(3)[y[i]] - np.eye(3)[k]
        slopes.append(np.append(np.outer(signs, np.append(scaled[i], 1.0)).ravel(), np.eye(8)[i]))
    slopes = np.array(slopes)
    all_strengths = np.append(np.tile(strengths, 3), np.zeros(8))
    shares = np.append(np.zeros(63), np.full(8, 1 / 8))
    oracle = minimize(
        lambda v: shares @ v + 0.5 * all_strengths @ v**2,
        np.append(np.zeros(63), np.ones(8)),
        jac=lambda v: shares + all_strengths * v,
        bounds=[(None, None)] * 63 + [(0, None)] * 8,
        constraints={"type": "ineq", "fun": lambda v: slopes @ v - 1.0, "jac": lambda v: slopes},
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 1000},
    )
    assert oracle.success
    check(model, oracle.fun)


@pytest.mark.parametrize("loss", ["multiclass_hinge", "weston_watkins"])
def test_l1_penalties_are_linear_programs(loss):
    """Minimise the mean of slacks, one a sample or one a sample and class, and the L1 norm; free intercepts."""
    alpha, d = 1e-2, X.shape[1]
    others = np.array([[j for j in range(K) if j != c] for c in labels])
    A, b = [], []
    n_slacks = n if loss == "multiclass_hinge" else n * (K - 1)
    for k in range(K - 1):
        for i in range(n):
            row = np.zeros((K, 2 * d + 1))
            features = np.concatenate([X[i], -X[i], [1.0]])
            row[others[i, k]], row[labels[i]] = features, -features
            slack = np.zeros(n_slacks)
            slack[i if loss == "multiclass_hinge" else i * (K - 1) + k] = -1.0
            A.append(np.append(row.ravel(), slack))
            b.append(-1.0)
    cost = np.append(np.tile(np.append(np.full(2 * d, alpha), 0.0), K), np.full(n_slacks, 1 / n))
    bounds = ([(0, None)] * (2 * d) + [(None, None)]) * K + [(0, None)] * n_slacks
    best = linprog(cost, A_ub=np.array(A), b_ub=b, bounds=bounds, method="highs").fun
    model = LinearClassifier(loss, penalty="l1", alpha=alpha, tol=1e-5, max_iter=3000).fit(X, labels)
    check(model, best, null=1.0 if loss == "multiclass_hinge" else K - 1.0)


def test_multilabel_hinge_is_a_hinge_loss_a_label():
    indicators = np.column_stack([labels == 0, labels == 2, X[:, 0] > 6]).astype(int)
    model = LinearClassifier("multilabel_hinge", alpha=1e-2, tol=1e-6).fit(X, indicators)
    single = [LinearClassifier("hinge", alpha=3e-2).fit(X, column) for column in indicators.T]
    best = np.mean([model.objective_ for model in single])
    null = np.mean([2 * min(column.mean(), 1 - column.mean()) for column in indicators.T])
    check(model, best, null)


@pytest.mark.parametrize("loss", ["hinge", "absolute_error"])
def test_one_raw_prediction(loss):
    """Who asks for 'lbfgs' on such a loss is as well off."""
    kind = LinearClassifier if loss == "hinge" else LinearRegressor
    y = labels > 1 if loss == "hinge" else X[:, 3] + np.sin(np.arange(n))
    model = kind(loss, alpha=1e-3, solver="lbfgs").fit(X, y)
    exact = kind(loss, alpha=1e-3, solver="newton").fit(X, y)
    null = 2 / 3 if loss == "hinge" else np.abs(y - np.median(y)).mean()
    check(model, exact.objective_, null)


def test_too_few_iterations_warn():
    model = LinearClassifier("multiclass_hinge", max_iter=10)
    with pytest.warns(ConvergenceWarning, match="estimated to lie .* above the minimum"):
        model.fit(X, labels)
    longer = LinearClassifier("multiclass_hinge").fit(X, labels)
    assert model.n_iter_ == 10
    gain = 1.0 - longer.objective_
    assert model.optimality_gap_ >= 0.1 * (model.objective_ - longer.objective_) / gain


@pytest.mark.parametrize(
    "name", [name for name, loss in LOSSES.items() if loss.couples_outputs and loss.convex]
)
def test_which_losses_have_kinks(name):
    loss = LOSSES[name]()
    rows = np.eye(K)[labels]
    kinked = is_kinked_along_lines(loss.training_gradient_program("as it is"), rows, np.full(K, 0.1), 1.0)
    assert kinked == (name in ("multiclass_hinge", "weston_watkins", "multilabel_hinge"))
