"""Skill D² against scikit-learn's, and against the definition with a constant found by brute force."""

import numpy as np
import pytest
import sklearn.metrics as sm
from scipy.optimize import minimize_scalar
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score

import sklearn_losses as sl
from sklearn_losses.losses import LOSSES, get_loss

RNG = np.random.default_rng(3)
Y = RNG.gamma(2.0, 2.0, 41)
F = Y * np.exp(0.3 * RNG.standard_normal(41))
W = RNG.uniform(0.2, 2.0, 41)
B = RNG.integers(0, 2, 41)
P = RNG.uniform(0.05, 0.95, 41)


@pytest.mark.parametrize("weights", [None, W])
@pytest.mark.parametrize(
    ("loss", "peer", "y", "f"),
    [
        (sl.SquaredError(), sm.r2_score, Y, F),
        (sl.AbsoluteError(), sm.d2_absolute_error_score, Y, F),
        (sl.Poisson(), lambda y, f, **k: sm.d2_tweedie_score(y, f, power=1, **k), Y, F),
        (sl.Gamma(), lambda y, f, **k: sm.d2_tweedie_score(y, f, power=2, **k), Y, F),
        (sl.Tweedie(1.3), lambda y, f, **k: sm.d2_tweedie_score(y, f, power=1.3, **k), Y, F),
        (sl.LogLoss(), sm.d2_log_loss_score, B, P),
        (sl.Brier(), lambda y, p, **k: sm.r2_score(y, p, **k), B, P),
    ],
)
def test_as_scikit_learn(loss, peer, y, f, weights):
    assert loss.d2(y, f, sample_weight=weights) == pytest.approx(peer(y, f, sample_weight=weights), rel=1e-10)


def test_of_a_quantile_as_scikit_learn():
    # With 41 samples the 0.9-quantile is one observation: no interval, no interpolation.
    ours = sl.Pinball(quantile=0.9).d2(Y, F)
    pinball = sl.Pinball(quantile=0.9)
    best = min(pinball(Y, np.full(41, c)) for c in Y)
    assert ours == pytest.approx(1 - pinball(Y, F) / best, rel=1e-12)


@pytest.mark.parametrize("alias", ["huber", "expectile", "log_cosh", "fair", "cauchy", "minkowski"])
def test_against_the_definition(alias):
    loss = get_loss(alias)
    reference = minimize_scalar(
        lambda c: np.average(loss.pointwise(Y, np.full(41, c)), weights=W),
        bounds=(Y.min(), Y.max()),
        method="bounded",
        options={"xatol": 1e-10},
    ).fun
    expected = 1 - loss(Y, F, sample_weight=W) / reference
    assert loss.d2(Y, F, sample_weight=W) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("alias", [alias for alias in LOSSES if get_loss(alias).complete])
def test_a_perfect_prediction_has_skill_one_and_no_constant_more_than_zero(alias):
    loss = get_loss(alias)
    y, _ = loss.examples.draw(np.random.default_rng(0), 30)
    assert loss.d2(y, loss.examples.perfect(y)) == pytest.approx(1.0, abs=1e-9)
    raw = loss.constant_minimizer(y)
    constant = np.broadcast_to(loss.link.inverse(np.asarray(raw, dtype=np.float64)), (30, *np.shape(raw)))
    perfect = loss(y, constant) == 0.0  # as 0 is by the perceptron's loss
    assert loss.d2(y, constant) == pytest.approx(1.0 if perfect else 0.0, abs=1e-6)


def test_several_outputs_are_averaged():
    y, f = np.stack([Y, 2 * Y[::-1]], axis=1), np.stack([F, Y], axis=1)
    each = [sl.Huber().d2(y[:, k], f[:, k]) for k in range(2)]
    assert sl.Huber().d2(y, f) == pytest.approx(np.mean(each))


def test_of_a_constant_target_as_scikit_learn():
    assert sl.SquaredError().d2([2.0, 2.0], [2.0, 2.0]) == sm.r2_score([2.0, 2.0], [2.0, 2.0]) == 1.0
    assert sl.SquaredError().d2([2.0, 2.0], [2.0, 3.0]) == sm.r2_score([2.0, 2.0], [2.0, 3.0]) == 0.0


def test_a_loss_that_may_be_negative_has_none():
    with pytest.raises(ValueError, match="may be negative"):
        sl.GaussianNLL().d2([1.0, 2.0], [[1.0, 1.0], [2.0, 1.0]])


def test_scorers():
    X = np.stack([Y**0.5, F], axis=1)
    scores = cross_val_score(LinearRegression(), X, Y, scoring=sl.get_scorer("d2_absolute_error"), cv=3)
    np.testing.assert_allclose(
        scores, cross_val_score(LinearRegression(), X, Y, scoring="d2_absolute_error_score", cv=3), rtol=1e-12
    )
    assert "d2_huber" in sl.get_scorer_names()
    assert "d2_gaussian_nll" not in sl.get_scorer_names()


CONSTANTS = [3.3, 0.1 + 0.2, 1e-8, 1e10, 0.0, 123456.789]


@pytest.mark.parametrize("y", CONSTANTS)
@pytest.mark.parametrize(
    "loss",
    [sl.SquaredError(), sl.AbsoluteError(), sl.Huber(), sl.Poisson(), sl.Gamma(), sl.Tweedie(1.5), sl.LogCosh(),
     sl.NegativeBinomial(), sl.SquaredLogError(), sl.Pinball(0.9), sl.Expectile(0.2)],
    ids=repr,
)  # fmt: skip
def test_a_constant_target_has_skill_one_or_zero(loss, y):
    """As scikit-learn's scores; and what is nothing but rounding is none, too."""
    if y not in loss.target:
        pytest.skip("outside of its domain")
    same = np.full(7, y)
    nearly = np.where(np.arange(7) % 2, y, np.nextafter(y, -np.inf)) if y else same
    perfect = loss.link.predictions.keep(same)
    for target in (same, nearly):
        assert loss.d2(target, loss.link.predictions.keep(target)) == 1.0
        assert loss.d2(target, 1.1 * perfect + 1e-3) == 0.0
    weights = np.r_[0.0, np.ones(6)]
    assert loss.d2(np.r_[y + 1.0, same[1:]], 1.1 * perfect + 1e-3, sample_weight=weights) == 0.0
    outputs = np.stack([same, np.arange(7.0) + 1.0], axis=1)
    predicted = np.stack([1.1 * perfect + 1e-3, np.arange(7.0) + 1.0], axis=1)
    assert loss.d2(outputs, predicted) == pytest.approx(0.5, abs=1e-12)


def test_classes_that_are_all_alike_have_skill_one_or_zero():
    for loss, far in ((sl.Hinge(), 0.5), (sl.Exponential(), 0.5), (sl.LogLoss(), 0.9), (sl.Brier(), 0.9)):
        assert loss.d2([1, 1, 1], np.full(3, far), labels=[0, 1]) == 0.0
    assert sl.Hinge().d2([1, 1, 1], np.full(3, 2.0), labels=[0, 1]) == 1.0
    assert sl.Brier().d2([1, 1, 1], np.ones(3), labels=[0, 1]) == 1.0


def test_one_sample_has_no_skill():
    for ours, theirs in ((sl.SquaredError(), sm.r2_score), (sl.Poisson(), sm.d2_tweedie_score)):
        with pytest.warns(UndefinedMetricWarning, match="two samples"):
            assert np.isnan(theirs([1.0], [2.0]))
        with pytest.warns(UndefinedMetricWarning, match="two samples"):
            assert np.isnan(ours.d2([1.0], [2.0]))
    with pytest.raises(ValueError, match="y_pred contains -1"):
        sl.Poisson().d2([1.0], [-1.0])
