"""Losses of several outputs end where other solvers end: scikit-learn's, and L-BFGS on the loss's own gradient."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from sklearn.datasets import load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import scale
from sklearn.svm import LinearSVC

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor
from sklearn_losses.losses import CosineDistance, CrossEntropy, MulticlassBrier, MultilabelLogLoss

rng = np.random.default_rng(0)
X, codes = load_wine(return_X_y=True)
raw, X = X, scale(X)
n = len(X)
ALPHA = 0.1
LIBLINEAR_MISCOUNTS = pytest.mark.filterwarnings("ignore:Liblinear failed to converge")
"""Of this machine older versions count no iterations: whether they warn is chance."""
LONG = {
    "alpha": ALPHA, "learning_rate": "invscaling", "eta0": 0.2, "power_t": 0.5, "average": 100 * n, "max_iter": 1000,
    "tol": None, "random_state": 0,
}  # fmt: skip


def shortfall(value, model, best, null):
    """(F - F*) / (F_null - F*), of a function of coefficients and intercepts."""
    return (value(model.coef_, model.intercept_) - best) / (null - best)


@pytest.mark.parametrize("weighted", [False, True])
def test_multinomial_logistic_regression(weighted):
    weights = rng.integers(1, 4, n) if weighted else np.ones(n)
    weights = weights / weights.mean()
    model = SGDClassifier("cross_entropy", **LONG).fit(X, codes, sample_weight=weights)
    oracle = LogisticRegression(C=1 / (ALPHA * n), tol=1e-10, max_iter=10_000).fit(
        X, codes, sample_weight=weights
    )
    assert_allclose(model.coef_, oracle.coef_, atol=2e-3)
    centred = model.intercept_ - model.intercept_.mean()  # a common constant changes nothing
    assert_allclose(centred, oracle.intercept_ - oracle.intercept_.mean(), atol=5e-3)
    assert_allclose(model.predict_proba(X), oracle.predict_proba(X), atol=1e-3)
    assert_allclose(np.exp(model.predict_log_proba(X)).sum(axis=1), 1.0)


@pytest.mark.parametrize("matrix", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_auto_on_raw_columns(matrix, dtype):
    oracle = LogisticRegression(C=1 / (1e-3 * n), solver="newton-cholesky", tol=1e-8, max_iter=1000).fit(
        raw, codes
    )

    def value(coef, intercept):
        f = raw @ coef.T.astype(float) + intercept
        loss = np.mean(np.logaddexp.reduce(f, axis=1) - f[np.arange(n), codes])
        return loss + 0.5e-3 * np.sum(coef.astype(float) ** 2)

    shares = np.bincount(codes) / n
    model = SGDClassifier("cross_entropy", alpha=1e-3, learning_rate="auto", random_state=0).fit(
        matrix(raw.astype(dtype)), codes
    )
    best, null = value(oracle.coef_, oracle.intercept_), -(shares @ np.log(shares))
    assert shortfall(value, model, best, null) < (0.02 if matrix is np.asarray else 0.1)
    assert model.coef_.dtype == dtype
    assert np.all(np.diff(model.loss_curve_) <= 1e-6)


AUTO = {"learning_rate": "auto", "average": False, "tol": 1e-6}
SOFT = 0.7 * np.eye(3)[codes] + 0.3 * rng.dirichlet(np.ones(3), n)
INDICATORS = np.column_stack([codes == 0, codes < 2, X[:, 0] > 0]).astype(int)
VECTORS = np.eye(3)[codes] @ rng.standard_normal((3, 4)) + 0.3 * rng.standard_normal((n, 4))


@pytest.mark.parametrize("rate", ["invscaling", "auto"])
@pytest.mark.parametrize(
    ("kind", "loss", "y", "scale"),
    [
        (SGDClassifier, CrossEntropy(label_smoothing=0.1), codes, 1.0),
        (SGDClassifier, CrossEntropy(), SOFT, 1.0),
        (SGDClassifier, "kl_divergence", SOFT, 1.0),
        (SGDClassifier, MulticlassBrier(), codes, 0.5),
        (SGDClassifier, MultilabelLogLoss(), INDICATORS, 1.0),
        (SGDRegressor, CosineDistance(), VECTORS, 1.0),
    ],
    ids=["smoothed", "soft", "kl", "brier", "multilabel", "cosine"],
)
def test_l_bfgs_on_the_gradient_of_the_loss(kind, loss, y, scale, rate):
    model = kind(loss, **LONG | (AUTO if rate == "auto" else {})).fit(X, y)
    loss = model._get_loss()
    n_outputs, alpha = len(model.intercept_), ALPHA

    def value_and_slope(flat):
        coef, intercept = flat[:-n_outputs].reshape(n_outputs, -1), flat[-n_outputs:]
        f = X @ coef.T + intercept
        prediction = loss.link.inverse(f)
        g = scale * loss.gradient(y, f) / n
        value = scale * loss(y, prediction) + 0.5 * alpha * np.sum(coef**2)
        return value, np.concatenate([np.ravel(g.T @ X + alpha * coef), g.sum(axis=0)])

    start = np.concatenate([np.ravel(model.coef_), model.intercept_])
    best = minimize(
        value_and_slope, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "gtol": 1e-9}
    )
    null, _ = value_and_slope(
        np.concatenate([np.zeros(n_outputs * X.shape[1]), np.ravel(loss.constant_minimizer(y))])
    )
    assert (value_and_slope(start)[0] - best.fun) / (null - best.fun) < (
        4e-2 if y is VECTORS else 5e-3 if rate == "auto" else 1e-4
    )


@LIBLINEAR_MISCOUNTS
def test_crammer_singer_of_liblinear():
    """LinearSVC minimises ||coef||^2 / 2 + C Σ loss and, in this mode, the intercept's square with it."""
    data, y = load_iris(return_X_y=True)
    data = scale(data)
    with_ones = np.column_stack([data, np.ones(len(y))])
    C = 1 / (ALPHA * len(y))
    oracle = LinearSVC(multi_class="crammer_singer", C=C, tol=1e-6, fit_intercept=False)
    oracle.set_params(max_iter=1_000_000, random_state=0).fit(with_ones, y)

    def value(coef, intercept=None):
        costs = with_ones @ coef.T + 1
        costs[np.arange(len(y)), y] -= 1
        loss = costs.max(axis=1) - costs[np.arange(len(y)), y]
        return loss.mean() + 0.5 * ALPHA * np.sum(coef**2)

    for rate in ("invscaling", "auto"):
        settings = LONG | (AUTO if rate == "auto" else {}) | {"fit_intercept": False}
        model = SGDClassifier("multiclass_hinge", **settings).fit(with_ones, y)
        assert shortfall(value, model, value(oracle.coef_), 1.0) < (1e-2 if rate == "auto" else 2e-3)
        assert np.mean(model.predict(with_ones) == oracle.predict(with_ones)) > 0.98


@pytest.mark.parametrize("class_weight", [None, {0: 1.0, 1: 3.0, 2: 0.5}])
def test_soft_labels_are_weighted_copies(class_weight):
    """A distribution is worth one copy a class, weighted by its probability."""
    copies, labels = np.repeat(X, 3, axis=0), np.tile([0, 1, 2], n)
    soft = SGDClassifier("cross_entropy", class_weight=class_weight, **LONG).fit(X, SOFT)
    hard = SGDClassifier("cross_entropy", class_weight=class_weight, **LONG)
    hard.fit(copies, labels, sample_weight=3 * SOFT.ravel())
    assert_allclose(soft.predict_proba(X), hard.predict_proba(X), atol=2e-3)


def test_balanced_soft_labels():
    weights = n / (3 * np.bincount(codes))
    for y in (codes, np.eye(3)[codes]):
        balanced, explicit = (
            SGDClassifier("cross_entropy", class_weight=w, random_state=0).fit(X, y)
            for w in ("balanced", dict(enumerate(weights)))
        )
        assert_allclose(balanced.coef_, explicit.coef_, rtol=1e-9)


@pytest.mark.parametrize("parameters", [{}, {"learning_rate": "auto"}, {"fit_intercept": False}])
def test_cosine_distance_leaves_its_flat_start(parameters):
    centred = VECTORS - VECTORS.mean(axis=0)
    model = SGDRegressor("cosine_distance", random_state=0, alpha=1e-5, **parameters).fit(X, centred)
    assert CosineDistance()(centred, model.predict(X)) < 0.15
    model = SGDRegressor("cosine_distance", random_state=0).partial_fit(X, centred)
    assert CosineDistance()(centred, model.predict(X)) < 0.2
