"""learning_rate="auto" in partial_fit: against closed forms, against fit, and what is kept between calls."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import ElasticNet, LogisticRegression, QuantileRegressor, Ridge

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor
from sklearn_losses.losses import RegressionLoss

rng = np.random.default_rng(0)
scales = 10.0 ** np.linspace(-3, 4, 8)
X = (rng.standard_normal((1000, 8)) + 3 * rng.standard_normal(8)) * scales
raw = (X / scales - (X / scales).mean(axis=0)) @ rng.standard_normal(8) + rng.standard_normal(1000)
weights = rng.uniform(0.1, 3.0, 1000)
both = pytest.mark.parametrize("model", [SGDClassifier("log_loss"), SGDRegressor()], ids=["log", "squared"])
chunks = pytest.mark.parametrize("chunk", [7, 100, 1000])
wide = rng.standard_normal((300, 600)) * 10.0 ** rng.uniform(-2, 2, 600)


def target_of(model, y=raw):
    return (y > 0).astype(int) if isinstance(model, SGDClassifier) else y


def stream(model, X, y, chunk, weight=None, classes=None):
    """Feed a copy chunk by chunk."""
    model = clone(model).set_params(learning_rate="auto", random_state=0)
    for start in range(0, len(y), chunk):
        rows = slice(start, start + chunk)
        more = {} if weight is None else {"sample_weight": weight[rows]}
        if isinstance(model, SGDClassifier):
            more["classes"] = np.unique(y) if classes is None else classes
        model.partial_fit(X[rows], y[rows], **more)
    return model


@chunks
@pytest.mark.parametrize("alpha", [0.0, 1e-8, 1e-2])
def test_least_squares_is_recursive(chunk, alpha):
    """The quadratic memory of the squared error is exact: the order and size of the chunks do not matter."""
    weight = weights / weights.mean()
    ridge = Ridge(alpha=alpha * weights.sum(), solver="svd").fit(X, raw, sample_weight=weights)
    model = stream(SGDRegressor(alpha=alpha), X, raw, chunk, weight)
    tolerance = 1e-5 * np.abs(ridge.coef_ * scales).max()
    assert_allclose(model.coef_ * scales, ridge.coef_ * scales, atol=tolerance)
    assert_allclose(model.predict(X), ridge.predict(X), atol=1e-4)
    assert model.t_ == 1001


@pytest.mark.parametrize("matrix", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_against_least_squares_of_numpy(matrix, fit_intercept):
    data = X - X.mean(axis=0)
    design = np.column_stack([data, np.ones(1000)]) if fit_intercept else data
    coef = np.linalg.lstsq(design / np.append(scales, 1.0)[: design.shape[1]], raw, rcond=None)[0]
    model = stream(SGDRegressor(penalty=None, fit_intercept=fit_intercept), matrix(data), raw, 250)
    assert_allclose(model.coef_ * scales, coef[:8], atol=1e-5)
    assert_allclose(model.intercept_, coef[8:] if fit_intercept else 0.0, atol=1e-5)


@pytest.mark.parametrize("chunk", [100, 1000])
def test_logistic_regression(chunk):
    y = raw > 0
    reference = LogisticRegression(C=1 / (1e-4 * 1000), solver="newton-cholesky", tol=1e-12).fit(X, y)

    def objective(model):
        loss = np.mean(np.logaddexp(0, -(2 * y - 1) * model.decision_function(X)))
        return loss + 0.5e-4 * np.ravel(model.coef_) @ np.ravel(model.coef_)

    model = stream(SGDClassifier("log_loss", alpha=1e-4), X, y, chunk)
    excess = objective(model) - objective(reference)
    assert excess < (1e-7 if chunk == 1000 else 1e-3) * (np.log(2) - objective(reference))


@pytest.mark.parametrize("chunk", [100, 1000])
def test_elastic_net(chunk):
    data = X / scales
    reference = ElasticNet(alpha=0.3, l1_ratio=0.7, tol=1e-12, max_iter=10_000).fit(data, raw)
    model = stream(SGDRegressor(penalty="elasticnet", alpha=0.3, l1_ratio=0.7), data, raw, chunk)
    assert_allclose(model.coef_, reference.coef_, atol=1e-5)
    assert_allclose(model.intercept_, reference.intercept_, atol=1e-5)
    assert np.array_equal(model.coef_ == 0, reference.coef_ == 0)
    assert (model.coef_ == 0).any()


class Pinball(RegressionLoss):
    def __init__(self, quantile=0.5):
        self.quantile = quantile

    def formula(self, y, f):
        return np.maximum(self.quantile * (y - f), (self.quantile - 1) * (y - f))


@pytest.mark.parametrize("quantile", [0.5, 0.9])
@pytest.mark.parametrize("chunk", [100, 1000])
def test_quantile_regression(quantile, chunk):
    data = X / scales
    loss = Pinball(quantile)
    best = loss(raw, QuantileRegressor(quantile=quantile, alpha=0).fit(data, raw).predict(data))
    null = loss(raw, np.full(1000, np.quantile(raw, quantile)))
    found = loss(raw, stream(SGDRegressor(loss, penalty=None), X, raw, chunk).predict(X))
    assert best <= found <= best + 1e-2 * (null - best)


@pytest.mark.parametrize("loss", ["hinge", "log_loss", "squared_hinge", "modified_huber", "exponential"])
@pytest.mark.parametrize("data", [X, wide], ids=["narrow", "wide"])
def test_losses_of_classes(loss, data):
    y = data @ (1 / data.std(axis=0)) > (data @ (1 / data.std(axis=0))).mean()
    assert stream(SGDClassifier(loss), data, y, 150).score(data, y) > 0.8


def test_loss_that_is_not_convex():
    y = X @ (1 / scales) > (X @ (1 / scales)).mean()
    model = stream(SGDClassifier(lambda y, f: 1 / (1 + np.exp(y * f))), X, y, 150)
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize(
    "loss", ["huber", "absolute_error", "poisson", "cauchy", lambda y, f: np.cosh(y - f) - 1]
)
@pytest.mark.parametrize("data", [X, wide], ids=["narrow", "wide"])
def test_never_worse_than_a_constant(loss, data):
    f = data @ (rng.standard_normal(data.shape[1]) / data.std(axis=0)) / np.sqrt(data.shape[1])
    f = f - f.mean()
    y = rng.poisson(np.exp(f)).astype(float) if loss == "poisson" else f
    model = stream(SGDRegressor(loss, alpha=1e-6), data, y, 100)
    chosen = model._get_loss()
    null = np.mean(chosen.pointwise(y, chosen.link.inverse(np.full(len(y), chosen.constant_minimizer(y)))))
    assert np.mean(chosen.pointwise(y, model.predict(data))) < 0.9 * null


def test_bundled_data_one_row_at_a_time():
    data, y = load_diabetes(return_X_y=True, scaled=False)
    best = np.mean((y - Ridge(alpha=1e-3).fit(data, y).predict(data)) ** 2)
    model = SGDRegressor(alpha=1e-6, learning_rate="auto")
    for k in range(60):
        model.partial_fit(data[k : k + 1], y[k : k + 1])
        # Not even the first models are absurd.
        assert np.all(np.abs(model.predict(data) - y.mean()) < 10 * y.std())
    model = stream(model, data, y, 1)
    assert np.mean((y - model.predict(data)) ** 2) < best + 1e-3 * (y.var() - best)


def test_first_batch_of_one_class():
    y = (raw > 0).astype(int)
    model = SGDClassifier("log_loss", learning_rate="auto")
    for data in (X[y == 0][:100], X[y == 0][100:200]):
        model.partial_fit(data, np.zeros(100, int), classes=[0, 1])
        assert np.all(np.abs(model.decision_function(X)) < 15)
    assert model.partial_fit(X, y).score(X, y) > 0.75


def test_several_classes_and_class_weights():
    data, y = load_iris(return_X_y=True)
    order = np.random.default_rng(1).permutation(150)
    names = np.array(["b", "a", "c"])[y]
    model = stream(
        SGDClassifier("log_loss", alpha=1e-3), data[order], names[order], 10, classes=["a", "b", "c"]
    )
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert model.coef_.shape == (3, 4)
    assert model.score(data, names) > 0.9
    by_class = stream(
        SGDClassifier("log_loss", class_weight={0: 1.0, 1: 5.0, 2: 0.5}), data[order], y[order], 30
    )
    by_sample = stream(
        SGDClassifier("log_loss"), data[order], y[order], 30, np.array([1.0, 5.0, 0.5])[y[order]]
    )
    assert_allclose(by_class.coef_, by_sample.coef_, rtol=1e-6)


@both
@pytest.mark.parametrize("data", [X, sp.csr_array(wide)], ids=["narrow", "wide"])
def test_weights(model, data):
    """A common factor of all weights changes nothing; a sample of weight zero is none."""
    n = data.shape[0]
    y, weight = target_of(model, raw[:n]), weights[:n]
    one, other = (stream(model, data, y, 50, factor * weight) for factor in (1.0, 1024.0))
    assert_allclose(one.coef_, other.coef_, rtol=1e-7, atol=1e-12)
    if data.shape[1] < 500:
        zeros = np.where(np.arange(n) % 3 == 0, 0.0, weight)
        left_out = stream(model, data[zeros > 0], y[zeros > 0], 10**6, zeros[zeros > 0])
        assert_allclose(stream(model, data, y, 10**6, zeros).coef_, left_out.coef_, rtol=1e-6, atol=1e-12)
        # Weight 2 in least squares is the same as coming twice.
        if isinstance(model, SGDRegressor):
            twice = stream(model, np.vstack([data, data]), np.append(y, y), 100)
            assert_allclose(stream(model, data, y, 100, np.full(n, 2.0)).coef_, twice.coef_, rtol=1e-4)


@both
def test_constant_columns_and_float32(model):
    data = np.column_stack([X[:, :3] / scales[:3], np.full(1000, 7.0), np.zeros(1000)]).astype(np.float32)
    y = target_of(model)
    found = stream(model, data, y, 100)
    plain = stream(model, data[:, :3].astype(float), y, 100)
    assert found.coef_.dtype == np.float32
    assert_allclose(np.ravel(found.coef_)[:3], np.ravel(plain.coef_), rtol=1e-2)


@both
def test_dense_sparse_and_wide_indices_agree(model):
    data = np.where(rng.random(X.shape) < 0.4, X, 0.0)
    csr = sp.csr_array(data)
    csr.indices, csr.indptr = csr.indices.astype(np.int64), csr.indptr.astype(np.int64)
    y = target_of(model)
    coefs = [
        stream(model, kind, y, 100).coef_
        for kind in (data, sp.csr_matrix(data), csr, np.asfortranarray(data))
    ]
    for coef in coefs[1:]:
        assert_allclose(coef, coefs[0], rtol=1e-6)


def test_wide_sparse_and_dense_in_turn():
    y = wide[:, :20].sum(axis=1) > 0
    model = SGDClassifier(learning_rate="auto", random_state=0)
    for start in range(0, 300, 50):
        rows = slice(start, start + 50)
        kind = sp.csr_matrix if start % 100 else np.asarray
        model.partial_fit(kind(wide[rows]), y[rows], classes=[False, True])
    assert model.score(wide, y) > 0.8


# ---- what is kept between calls ------------------------------------------------------------------


@both
@pytest.mark.parametrize("data", [X, wide], ids=["narrow", "wide"])
def test_state(model, data):
    """It survives pickling, is not cloned, dropped by fit, and left by a failed call."""
    n = len(data)
    y = target_of(model, raw[:n])
    half = stream(model, data[: n // 2], y[: n // 2], 50)
    assert set(vars(clone(half))) == set(half.get_params())
    known = {"classes": [0, 1]} if isinstance(model, SGDClassifier) else {}
    again = pickle.loads(pickle.dumps(half))
    before = pickle.dumps(half)
    with pytest.raises(ValueError, match="NaN"):
        half.partial_fit(np.full((3, data.shape[1]), np.nan), y[:3])
    with pytest.raises(ValueError, match="sample_weight"):
        half.partial_fit(data[:3], y[:3], sample_weight=np.ones(2))
    assert pickle.dumps(half) == before
    for one in (half, again):
        one.partial_fit(data[n // 2 :], y[n // 2 :], **known)
    assert np.array_equal(half.coef_, again.coef_)
    fitted = clone(half).fit(data, y)
    half.fit(data, y)
    assert np.array_equal(half.coef_, fitted.coef_)
    fresh = stream(model, data[:50], y[:50], 50)
    half.partial_fit(data[:50], y[:50], **known)
    assert not np.array_equal(fresh.coef_, half.coef_)  # it goes on from the fit


def test_after_fit_old_rows_count():
    """A few new rows change a model of a thousand as much as they would in a fit of all rows."""
    model = SGDRegressor(learning_rate="auto", alpha=1e-6, random_state=0).fit(X, raw)
    before = model.coef_
    more = X[:50], raw[:50] + 1.0
    model.partial_fit(*more)
    reference = Ridge(alpha=1e-6 * 1050).fit(np.vstack([X, more[0]]), np.append(raw, more[1]))
    old = np.abs(before - reference.coef_) * scales
    new = np.abs(model.coef_ - reference.coef_) * scales
    assert new.max() < old.max()
    assert_allclose(model.predict(X), reference.predict(X), atol=0.1 * raw.std())


def test_coefficients_set_by_hand_begin_a_new_stream():
    model = stream(SGDRegressor(), X, raw, 100)
    model.coef_ = np.zeros(8)
    model.intercept_ = np.zeros(1)
    model.partial_fit(X[:1], raw[:1])
    assert np.abs(model.coef_ * scales).max() < 0.1


@pytest.mark.parametrize("learning_rate", ["invscaling", "auto"])
def test_keyboard_interrupt_in_a_stream(learning_rate, press_ctrl_c):
    """The model is as after the last complete batch, and goes on from there."""
    model = SGDRegressor(learning_rate=learning_rate, random_state=0)
    data = X / scales
    states = []
    press_ctrl_c(after=0.5)
    try:
        while True:
            k = 10 * (len(states) % 100)
            model.partial_fit(data[k : k + 10], raw[k : k + 10])
            states.append(pickle.dumps(vars(model)))
    except KeyboardInterrupt:
        pass
    found = pickle.dumps(vars(model))
    k = 10 * (len(states) % 100)
    if found != states[-1]:  # the interrupt came between a batch and the list
        later = pickle.loads(pickle.dumps(SGDRegressor(learning_rate=learning_rate, random_state=0)))
        vars(later).update(pickle.loads(states[-1]))
        later.partial_fit(data[k : k + 10], raw[k : k + 10])
        assert np.array_equal(later.coef_, model.coef_)
    model.partial_fit(data[k : k + 10], raw[k : k + 10])
