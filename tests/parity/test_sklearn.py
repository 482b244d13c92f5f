"""The losses that scikit-learn has too: its metrics, and its private losses and their gradients."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn._loss import loss as private
from sklearn.linear_model import _sgd_fast
from sklearn.preprocessing import label_binarize

import sklearn_losses.metrics as ours
from sklearn_losses.losses import (
    AbsoluteError,
    Brier,
    CrossEntropy,
    EpsilonInsensitive,
    Exponential,
    Gamma,
    Hinge,
    Huber,
    LogLoss,
    ModifiedHuber,
    Pinball,
    Poisson,
    SquaredEpsilonInsensitive,
    SquaredError,
    SquaredHinge,
    Tweedie,
)

N, K = 200, 4
RNG = np.random.default_rng(0)
Y, F = RNG.standard_normal(N), RNG.standard_normal(N)
COUNTS, MEANS = RNG.poisson(2.0, N).astype(float), RNG.gamma(2.0, 1.0, N)
BINARY, P = RNG.integers(0, 2, N), RNG.uniform(0.001, 0.999, N)
LABELS, LOGITS = np.r_[np.arange(K), RNG.integers(0, K, N - K)], RNG.standard_normal((N, K)) * 3
SHARES = RNG.dirichlet(np.ones(K), N)
WEIGHTS = [None, RNG.uniform(0, 2, N)]
TIGHT = {"rtol": 1e-12, "atol": 1e-14}

METRICS = [
    ("squared_error", {}, metrics.mean_squared_error, {}, Y, F),
    ("absolute_error", {}, metrics.mean_absolute_error, {}, Y, F),
    ("pinball_loss", {"quantile": 0.9}, metrics.mean_pinball_loss, {"alpha": 0.9}, Y, F),
    ("squared_log_error", {}, metrics.mean_squared_log_error, {}, COUNTS, MEANS),
    ("absolute_percentage_error", {}, metrics.mean_absolute_percentage_error, {}, Y, F),
    ("absolute_percentage_error", {}, metrics.mean_absolute_percentage_error, {}, COUNTS, MEANS),
    ("poisson_loss", {}, metrics.mean_poisson_deviance, {}, COUNTS, MEANS),
    ("gamma_loss", {}, metrics.mean_gamma_deviance, {}, COUNTS + 0.5, MEANS),
    ("tweedie_loss", {"power": 1.0}, metrics.mean_tweedie_deviance, {"power": 1.0}, COUNTS, MEANS),
    ("tweedie_loss", {"power": 1.3}, metrics.mean_tweedie_deviance, {"power": 1.3}, COUNTS, MEANS),
    ("tweedie_loss", {"power": 2}, metrics.mean_tweedie_deviance, {"power": 2}, COUNTS + 0.5, MEANS),
    ("log_loss", {}, metrics.log_loss, {}, BINARY, P),
    ("log_loss", {}, metrics.log_loss, {}, LABELS, SHARES),
    ("cross_entropy", {}, metrics.log_loss, {}, LABELS, SHARES),
    ("brier_loss", {}, metrics.brier_score_loss, {}, BINARY, P),
    ("brier_loss", {}, metrics.brier_score_loss, {}, LABELS, SHARES),
    *(
        ("brier_loss", {"scale_by_half": half}, metrics.brier_score_loss, {"scale_by_half": half}, y, p)
        for half in (True, False)
        for y, p in ((BINARY, P), (LABELS, SHARES))
    ),
    ("multiclass_brier_loss", {}, metrics.brier_score_loss, {"scale_by_half": False}, LABELS, SHARES),
    ("hinge_loss", {}, metrics.hinge_loss, {}, BINARY, F),
    ("hinge_loss", {}, metrics.hinge_loss, {}, LABELS, LOGITS),
    ("multiclass_hinge_loss", {}, metrics.hinge_loss, {}, LABELS, LOGITS),
]


@pytest.mark.parametrize("weights", WEIGHTS, ids=["unweighted", "weighted"])
@pytest.mark.parametrize("row", METRICS, ids=lambda row: f"{row[0]}-{row[2].__name__}")
def test_metric(row, weights):
    name, parameters, theirs, their_parameters, y, prediction = row
    expected = theirs(y, prediction, sample_weight=weights, **their_parameters)
    result = getattr(ours, name)(y, prediction, sample_weight=weights, **parameters)
    np.testing.assert_allclose(result, expected, rtol=1e-12)


@pytest.mark.parametrize("multioutput", ["raw_values", "uniform_average", [0.2, 0.8]])
@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("squared_error", metrics.mean_squared_error),
        ("absolute_error", metrics.mean_absolute_error),
        ("pinball_loss", metrics.mean_pinball_loss),
        ("absolute_percentage_error", metrics.mean_absolute_percentage_error),
    ],
)
def test_several_outputs(name, theirs, multioutput):
    y, f = Y.reshape(-1, 2), F.reshape(-1, 2)
    weights = WEIGHTS[1][: len(y)]
    expected = theirs(y, f, sample_weight=weights, multioutput=multioutput)
    result = getattr(ours, name)(y, f, sample_weight=weights, multioutput=multioutput)
    np.testing.assert_allclose(result, expected, rtol=1e-13)


def test_rates_of_labels():
    """Strings, an explicit order, and pos_label."""
    names = np.array(["no", "yes"])[BINARY]
    np.testing.assert_allclose(ours.log_loss(names, P), metrics.log_loss(names, P), rtol=1e-13)
    expected = metrics.brier_score_loss(names, P, pos_label="no")
    np.testing.assert_allclose(ours.brier_loss(names, P, pos_label="no"), expected, rtol=1e-13)
    few = LABELS[LABELS < 2], SHARES[LABELS < 2]
    expected = metrics.log_loss(*few, labels=range(K))
    np.testing.assert_allclose(ours.log_loss(*few, labels=range(K)), expected, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_certain_mistakes(dtype):
    """Clipped to the epsilon of the dtype of the prediction."""
    y, p = [0, 1], np.array([1.0, 0.0], dtype=dtype)
    expected = metrics.log_loss(y, np.stack([1 - p, p], axis=1))
    np.testing.assert_allclose(ours.log_loss(y, p), expected, rtol=1e-6)
    np.testing.assert_allclose(expected, {np.float64: 36.04, np.float32: 15.94}[dtype], atol=0.01)


# Ours, theirs, and how they differ on the scale of the objective (training_scale times ours) in terms of y.
PRIVATE = [
    (SquaredError(), private.HalfSquaredError(), Y, F),
    (AbsoluteError(), private.AbsoluteError(), Y, F),
    (Pinball(quantile=0.8), private.PinballLoss(quantile=0.8), Y, F),
    (Huber(delta=0.7), private.HuberLoss(delta=0.7), Y, F),
    (Poisson(), private.HalfPoissonLoss(), COUNTS, F),
    (Gamma(), private.HalfGammaLoss(), COUNTS + 0.5, F),
    (Tweedie(power=1.5), private.HalfTweedieLoss(power=1.5), COUNTS, F),
    (LogLoss(), private.HalfBinomialLoss(), BINARY.astype(float), 3 * F),
    (Exponential(), private.ExponentialLoss(), BINARY.astype(float), F),
]


def _same_gradient_and_hessian(loss, other, y, f, weights):
    gradient, hessian = other.gradient_hessian(y, f, sample_weight=weights)
    result = loss.objective(y, f, sample_weight=weights)
    np.testing.assert_allclose(result[0], gradient, **TIGHT)
    if not other.approx_hessian:  # the others have 1 in place of 0
        np.testing.assert_allclose(result[1], hessian, **TIGHT)


@pytest.mark.parametrize("weights", WEIGHTS, ids=["unweighted", "weighted"])
@pytest.mark.parametrize("row", PRIVATE, ids=lambda row: type(row[0]).__name__)
def test_private_loss(row, weights):
    loss, other, y, f = row
    _same_gradient_and_hessian(loss, other, y, f, weights)
    # Theirs leave terms in y alone out; the difference from that of another prediction has none.
    g = np.roll(f, 1)
    seen = loss.link.inverse if loss.link.name != "identity" else np.asarray
    result = loss.training_scale * (loss.pointwise(y, seen(f)) - loss.pointwise(y, seen(g)))
    expected = other.loss(y, f) - other.loss(y, g)
    np.testing.assert_allclose(result, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("weights", WEIGHTS, ids=["unweighted", "weighted"])
def test_private_multinomial_loss(weights):
    other = private.HalfMultinomialLoss(n_classes=K)
    _same_gradient_and_hessian(CrossEntropy(), other, LABELS.astype(float), LOGITS, weights)
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    expected = other.loss(LABELS.astype(float), LOGITS)
    np.testing.assert_allclose(CrossEntropy().pointwise(LABELS, p), expected, rtol=1e-11, atol=1e-13)


SGD = [
    (Hinge(), _sgd_fast.Hinge()),
    (SquaredHinge(), _sgd_fast.SquaredHinge()),
    (ModifiedHuber(), _sgd_fast.ModifiedHuber()),
    (EpsilonInsensitive(epsilon=0.3), _sgd_fast.EpsilonInsensitive(0.3)),
    (SquaredEpsilonInsensitive(epsilon=0.3), _sgd_fast.SquaredEpsilonInsensitive(0.3)),
]


@pytest.mark.parametrize(("loss", "other"), SGD, ids=lambda value: type(value).__name__)
def test_sgd_loss(loss, other):
    """Values and derivatives, at seams and kinks too."""
    f = np.concatenate([F, 3 * F, [-1.0, 0.0, 1.0, 0.3, -0.3]])
    binary = isinstance(other, _sgd_fast.Classification)
    for y in (-1.0, 1.0) if binary else (-1.0, 0.0, 0.7):
        target = np.full(len(f), y)
        value = loss.pointwise(target, f)
        np.testing.assert_allclose(value, [other.py_loss(a, y) for a in f], rtol=1e-13, atol=1e-15)
        gradient = loss.training_scale * loss.gradient(target, f)
        expected = [other.py_dloss(a, y) for a in f]
        np.testing.assert_allclose(gradient, expected, rtol=1e-13, atol=1e-15)


def test_brier_of_indicators():
    """Labels, and the indicator matrix of them, mean the same."""
    expected = metrics.brier_score_loss(LABELS, SHARES)
    result = Brier()(label_binarize(LABELS, classes=range(K)).astype(float), SHARES)
    np.testing.assert_allclose(result, expected, rtol=1e-13)
