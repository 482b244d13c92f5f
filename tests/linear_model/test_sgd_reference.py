"""The loop against a few lines of plain Python: losses that scikit-learn has not, rows of every length."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor
from sklearn_losses.losses import LogLoss, MarginLoss, ProbabilityLoss, RegressionLoss


def reference(X, y, gradient, *, weights=None, fit_intercept=True, eta0=0.02, alpha=0.1, epochs=2):
    """Plain SGD with constant steps, the L2 penalty and the order of the rows."""
    coef, intercept = np.zeros(X.shape[1]), 0.0
    weights = np.ones(len(y)) if weights is None else weights
    for _ in range(epochs):
        for x, target, weight in zip(X, y, weights, strict=True):
            step = -eta0 * weight * gradient(target, x @ coef + intercept)
            coef = coef * (1 - eta0 * alpha) + step * x
            intercept += step * fit_intercept
    return coef, intercept


SETTINGS = {
    "learning_rate": "constant", "shuffle": False, "eta0": 0.02, "alpha": 0.1, "max_iter": 2, "tol": None,
}  # fmt: skip


def data(n_features, n_samples=40):
    rng = np.random.default_rng(n_features)
    X = rng.standard_normal((n_samples, n_features)) / np.sqrt(n_features)
    return X, X.sum(axis=1) + 0.1 * rng.standard_normal(n_samples) + 1


def as_csr(X, index):
    """Rows of which some are empty, as CSR with columns of this type."""
    X = np.where(np.random.default_rng(1).random(X.shape) < 0.4, X, 0.0).astype(X.dtype)
    X[::7] = 0
    csr = sp.csr_array(X)
    csr.indices, csr.indptr = csr.indices.astype(index), csr.indptr.astype(index)
    return X, csr


# Around the widths at which the loops over a row change: vectors, halves, quarters, blocks.
@pytest.mark.filterwarnings("ignore:Maximum number of iteration")
@pytest.mark.parametrize(
    "n_features", [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 65, 100, 2047, 2048, 4999]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [None, np.int32, np.int64])
@pytest.mark.parametrize("tol", [None, 0.0])
def test_rows_of_every_length(n_features, dtype, index, tol):
    X, y = data(n_features)
    X, given = (X, X) if index is None else as_csr(X, index)
    # The intercept of sparse data takes smaller steps, as in scikit-learn: leave it out.
    model = SGDRegressor(**SETTINGS | {"tol": tol}, fit_intercept=index is None).fit(given.astype(dtype), y)
    coef, intercept = reference(X, y, lambda y, f: f - y, fit_intercept=index is None)
    tolerance = 1e-12 if dtype == np.float64 else 2e-5
    assert_allclose(model.coef_, coef, rtol=tolerance, atol=tolerance)
    assert_allclose(model.intercept_, intercept, rtol=tolerance, atol=tolerance)
    assert_allclose(model.predict(given), X @ coef + intercept, rtol=10 * tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_column_twice_in_a_row(dtype):
    """A CSR matrix need not be canonical: entries of the same column add up."""
    values = np.array([1.0, 2.0, 3.0, -1.0, 0.5], dtype)
    twice = sp.csr_array((values, [0, 2, 2, 1, 1], [0, 3, 5]), shape=(2, 3))
    once = np.array([[1.0, 0, 5], [0, -0.5, 0]])
    assert not twice.has_canonical_format
    y = np.array([1.0, 2.0])
    model = SGDRegressor(**SETTINGS, fit_intercept=False).fit(twice, y)
    coef, _ = reference(once, y, lambda y, f: f - y, fit_intercept=False)
    assert_allclose(model.coef_, coef, rtol=1e-6 if dtype == np.float32 else 1e-13)


class OwnLogLoss(ProbabilityLoss):
    def formula(self, y, f):
        return y * np.logaddexp(0, -f) + (1 - y) * np.logaddexp(0, f)


class OwnHinge(MarginLoss):
    def formula(self, y, f):
        return np.maximum(0, 1 - y * f)


class AsymmetricHuber(RegressionLoss):
    def __init__(self, delta=1.0, ratio=3.0):
        self.delta = delta
        self.ratio = ratio

    def formula(self, y, f):
        r = np.abs(y - f)
        huber = np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))
        return np.where(y > f, self.ratio, 1.0) * huber


def log_cosh(y, f):
    return np.logaddexp(y - f, f - y) - np.log(2)


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        ("absolute_error", lambda y, f: np.sign(f - y)),
        (AsymmetricHuber(0.5, 2.0), lambda y, f: (2.0 if y > f else 1.0) * np.clip(f - y, -0.5, 0.5)),
        (log_cosh, lambda y, f: np.tanh(f - y)),
    ],
)
def test_regression_losses(loss, gradient):
    X, y = data(12)
    weights = np.random.default_rng(0).random(len(y))
    model = SGDRegressor(loss, **SETTINGS).fit(X, y, sample_weight=weights)
    coef, intercept = reference(X, y, gradient, weights=weights)
    assert_allclose(model.coef_, coef, rtol=1e-10, atol=1e-13)
    assert_allclose(model.intercept_, intercept, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        (OwnHinge(), lambda y, f: -y if y * f < 1 else 0.0),
        (lambda y, f: np.exp(-y * f), lambda y, f: -y * np.exp(-y * f)),
        ("squared_error", lambda y, f: f - y),
    ],
)
def test_margin_losses(loss, gradient):
    X, y = data(12)
    sign = np.where(y > 1, 1.0, -1.0)
    model = SGDClassifier(loss, **SETTINGS).fit(X, y > 1)
    coef, intercept = reference(X, sign, gradient)
    assert_allclose(model.coef_[0], coef, rtol=1e-10, atol=1e-13)
    assert_allclose(model.intercept_, intercept, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(
    ("own", "name"), [(OwnLogLoss(), "log_loss"), (OwnHinge(), "hinge"), (LogLoss(), "log_loss")]
)
def test_own_loss_is_the_built_in(own, name):
    X, y = data(9)
    ours, named = (SGDClassifier(loss, random_state=0).fit(X, y > 1) for loss in (own, name))
    assert_allclose(ours.coef_, named.coef_, rtol=1e-12)
    assert ours.n_iter_ == named.n_iter_
    assert hasattr(ours, "predict_proba") == (name == "log_loss")
