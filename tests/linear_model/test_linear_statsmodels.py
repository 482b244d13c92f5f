"""Linear models without penalties beside those of statsmodels (of the extra `extras`)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_diabetes

from sklearn_losses.linear_model import LinearClassifier, LinearRegressor
from sklearn_losses.losses import Huber, NegativeBinomial, Pinball, Tweedie

api = pytest.importorskip("statsmodels.api")

rng = np.random.default_rng(0)
X, y = load_diabetes(return_X_y=True)
X = X[:, [2, 3, 8]] * 20.0
weight = rng.uniform(0.5, 2.0, len(y))
design = api.add_constant(X)
mean = np.exp(1.0 + 0.3 * X[:, 0] - 0.2 * X[:, 1])


def parameters(model):
    return np.append(model.intercept_, model.coef_)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_quantiles(quantile):
    """Theirs are reweighted least squares, which end near the solution."""
    theirs = api.QuantReg(y, design).fit(q=quantile, p_tol=1e-10, max_iter=5000)
    ours = LinearRegressor(Pinball(quantile), alpha=0.0).fit(X, y)
    assert_allclose(parameters(ours), theirs.params, rtol=1e-4)
    r = y - design @ theirs.params
    assert ours.objective_ <= np.maximum(quantile * r, (quantile - 1) * r).mean() * (1 + 1e-12)


FAMILIES = {
    "poisson": ("poisson", api.families.Poisson(), rng.poisson(mean)),
    "gamma": ("gamma", api.families.Gamma(api.families.links.Log()), rng.gamma(2.0, mean)),
    "tweedie": (
        Tweedie(power=1.5),
        api.families.Tweedie(api.families.links.Log(), var_power=1.5),
        rng.poisson(mean) * 0.7,
    ),
    "negative binomial": (
        NegativeBinomial(theta=0.7),
        api.families.NegativeBinomial(alpha=0.7),
        rng.poisson(rng.gamma(2.0, mean)),
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_generalised_linear_models(name):
    loss, family, target = FAMILIES[name]
    theirs = api.GLM(target, design, family, var_weights=weight).fit(tol=1e-14, maxiter=500)
    ours = LinearRegressor(loss, alpha=0.0).fit(X, target, sample_weight=weight)
    assert_allclose(parameters(ours), theirs.params, rtol=1e-6)
    assert_allclose(ours.predict(X), theirs.fittedvalues, rtol=1e-6)


def test_logit():
    labels = y > 140
    theirs = api.Logit(labels, design).fit(disp=False, tol=1e-12)
    ours = LinearClassifier(alpha=0.0).fit(X, labels)
    assert_allclose(np.append(ours.intercept_, ours.coef_), theirs.params, rtol=1e-8)


def test_robust_regression():
    """Their scale is fixed, and the bend of Huber's loss in units of it."""
    target = np.where(rng.random(len(y)) < 0.1, 1000.0, y)
    norm = api.robust.norms.HuberT(t=1.345)
    theirs = api.RLM(target, design, norm).fit(update_scale=False, maxiter=1000, tol=1e-13)
    ours = LinearRegressor(Huber(1.345 * theirs.scale), alpha=0.0).fit(X, target)
    assert_allclose(parameters(ours), theirs.params, rtol=1e-6)
