"""learning_rate="auto": near the optimum on raw columns, for any loss, with weights and penalties."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor
from sklearn_losses.losses import RegressionLoss

rng = np.random.default_rng(0)
scales = 10.0 ** np.linspace(-3, 4, 8)
X = (rng.standard_normal((1000, 8)) + 3 * rng.standard_normal(8)) * scales
raw = (X / scales - (X / scales).mean(axis=0)) @ rng.standard_normal(8) + rng.standard_normal(1000)


def shortfall(objective, model, best):
    """(F - F*) / (F_null - F*), both from elsewhere."""
    null, optimum = best
    return (objective(np.ravel(model.coef_), model.intercept_[0]) - optimum) / (null - optimum)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("alpha", [0.0, 1e-8, 1e-2])
def test_least_squares(alpha, dtype):
    data = X.astype(dtype)
    ridge = Ridge(alpha=alpha * len(X), solver="svd").fit(X, raw)

    def objective(coef, intercept):
        coef = coef.astype(float)
        return 0.5 * np.mean((raw - X @ coef - intercept) ** 2) + 0.5 * alpha * coef @ coef

    best = 0.5 * raw.var(), objective(ridge.coef_, ridge.intercept_)
    model = SGDRegressor(alpha=alpha, learning_rate="auto", random_state=0).fit(data, raw)
    assert model.coef_.dtype == dtype
    assert shortfall(objective, model, best) < 1e-2
    assert model.n_iter_ < 100


@pytest.mark.parametrize("matrix", [np.asarray, sp.csr_matrix])
def test_logistic_regression(matrix):
    data, y = load_breast_cancer(return_X_y=True)
    z = 2.0 * y - 1
    weight = rng.random(len(y))
    reference = LogisticRegression(C=1 / (1e-3 * weight.sum()), solver="newton-cholesky", tol=1e-10).fit(
        data, y, sample_weight=weight
    )

    def objective(coef, intercept):
        loss = np.average(np.logaddexp(0, -z * (data @ coef + intercept)), weights=weight)
        return loss + 0.5e-3 * coef @ coef

    p = np.average(y, weights=weight)
    best = -p * np.log(p) - (1 - p) * np.log(1 - p), objective(reference.coef_[0], reference.intercept_[0])
    models = [
        SGDClassifier("log_loss", alpha=1e-3, learning_rate="auto", random_state=0).fit(
            matrix(data), y, sample_weight=factor * weight
        )
        for factor in (1.0, 1024.0)
    ]
    assert shortfall(objective, models[0], best) < 1e-2
    # Multiplying all weights by a constant changes nothing.
    assert_allclose(models[0].coef_, models[1].coef_, rtol=1e-9)
    assert models[0].n_iter_ == models[1].n_iter_


def test_intercept_of_sparse_data_is_learnt_like_the_rest():
    ones = sp.csr_array(np.where(rng.uniform(size=(2000, 30)) < 0.1, rng.uniform(size=(2000, 30)), 0.0))
    y = ones @ rng.standard_normal(30) + 1000.0
    model = SGDRegressor(alpha=0.0, learning_rate="auto", random_state=0).fit(ones, y)
    assert model.score(ones, y) > 0.98


def test_class_weights_apply_to_the_rest():
    """One against the rest with class weights is the same as with the samples' weights."""
    data, y = load_iris(return_X_y=True)
    weights = {0: 1.0, 1: 5.0, 2: 0.5}
    settings = {"loss": "log_loss", "learning_rate": "auto", "random_state": 0}
    by_class = SGDClassifier(class_weight=weights, **settings).fit(data, y)
    by_sample = SGDClassifier(**settings).fit(data, y, sample_weight=[weights[k] for k in y])
    assert_allclose(by_class.coef_, by_sample.coef_)
    assert by_class.score(data, y) > 0.8


class Pinball(RegressionLoss):
    def __init__(self, quantile=0.5):
        self.quantile = quantile

    def formula(self, y, f):
        return np.maximum(self.quantile * (y - f), (self.quantile - 1) * (y - f))


def counts(y, f):
    return np.exp(f) - y * f


@pytest.mark.parametrize("loss", [Pinball(0.9), Pinball(0.5), "huber", "absolute_error", counts])
def test_never_worse_than_a_constant(loss):
    data, y = load_diabetes(return_X_y=True, scaled=False)
    model = SGDRegressor(loss, alpha=1e-6, learning_rate="auto", random_state=0).fit(data, y)
    chosen = model._get_loss()
    null = np.mean(chosen.pointwise(y, np.full(len(y), chosen.constant_minimizer(y))))
    found = np.mean(chosen.pointwise(y, data @ model.coef_ + model.intercept_))
    assert found < 0.95 * null
    assert np.all(np.diff(model.loss_curve_) <= 1e-12 * null)


def test_l1_penalty_and_no_intercept():
    model = SGDRegressor(
        penalty="l1", alpha=1e3, learning_rate="auto", fit_intercept=False, random_state=0
    ).fit(X, raw)
    assert np.array_equal(model.intercept_, [0.0])
    assert not model.coef_[:3].any()


def test_early_stopping():
    model = SGDClassifier(learning_rate="auto", early_stopping="loss", random_state=0).fit(X, raw > 0)
    assert model.validation_scores_.shape == (model.n_iter_,)
    assert model.score(X, raw > 0) > 0.75


def test_what_does_not_go_together():
    model = SGDClassifier(learning_rate="auto", average=True)
    for method in (model.fit, lambda X, y: model.partial_fit(X, y, classes=[False, True])):
        with pytest.raises(ValueError, match="average must be False"):
            method(X, raw > 0)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_objective_without_minimum(method):
    """A linear loss has none: an error, not absurd coefficients, and no half-trained model."""
    data = rng.standard_normal((300, 4))
    model = SGDRegressor(lambda y, f: -y * f, alpha=0.0, learning_rate="auto", random_state=0)

    def train(times=200 if method == "partial_fit" else 1):
        for _ in range(times):
            getattr(model, method)(data, data[:, 0])

    with pytest.raises(ValueError, match="seems to have no minimum"):
        train()
    assert method == "partial_fit" or not hasattr(model, "coef_")
