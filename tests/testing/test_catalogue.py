"""Every loss of the catalogue, and losses as users write them, pass `check_loss`."""

import numpy as np
import pytest
from scipy.special import xlogy

from sklearn_losses import (
    Brier,
    CrossEntropy,
    Expectile,
    Focal,
    Huber,
    MarginLoss,
    MulticlassBrier,
    MulticlassLoss,
    NegativeBinomial,
    Pinball,
    ProbabilityLoss,
    RegressionLoss,
    SmoothPinball,
    Tweedie,
)
from sklearn_losses.formula import softmax
from sklearn_losses.links import LOG, POSITIVE, UNIT, Interval, Link
from sklearn_losses.losses import LOSSES, get_loss
from sklearn_losses.testing import loss_checks, parametrize_with_loss_checks

OTHER_PARAMETERS = [
    Brier(scale_by_half=False),
    CrossEntropy(label_smoothing=0.1),
    Expectile(expectile=0.9),
    Focal(gamma=1.0, alpha=0.25),
    Huber(delta=0.3),
    MulticlassBrier(scale_by_half=True),
    NegativeBinomial(theta=0.1),
    Pinball(quantile=0.9),
    SmoothPinball(quantile=0.2, delta=0.1),
    Tweedie(power=1),
    Tweedie(power=1.9),
    Tweedie(power=2),
]


class AsymmetricHuber(RegressionLoss):
    convex = True

    def __init__(self, delta=1.0, ratio=3.0):
        self.delta = delta
        self.ratio = ratio

    def formula(self, y, f):
        r = np.abs(y - f)
        huber = np.where(r <= self.delta, 0.5 * r**2, self.delta * (r - 0.5 * self.delta))
        return np.where(y > f, self.ratio, 1.0) * huber


class SmoothHinge(MarginLoss):
    convex = True

    def formula(self, y, f):
        return np.logaddexp(0, 1 - y * f)


class SquaredProbability(ProbabilityLoss):
    strictly_proper = True

    def formula(self, y, f):
        return (y - 1 / (1 + np.exp(-f))) ** 2


class SquaredProbabilities(MulticlassLoss):
    strictly_proper = True

    def formula(self, y, f):
        return np.sum((y - softmax(f)) ** 2, axis=-1)


def quartic(y, f):
    return (y - f) ** 4


class InverseGaussian(RegressionLoss):
    """Deviance (y - μ)² / (y μ²), which grows like μ⁻²."""

    target = POSITIVE
    link = LOG
    elicits = "mean"
    raw_range = Interval(-300.0, 1000.0)

    def formula(self, y, f):
        return (y * np.exp(-f) - 1) ** 2 / y


class Weibull(RegressionLoss):
    """Negative log-likelihood of a Weibull distribution of known shape, by the logarithm of its scale."""

    target = POSITIVE
    link = LOG
    complete = False
    convex = True
    raw_range = Interval(-300.0, 1000.0)

    def __init__(self, shape=1.5):
        self.shape = shape

    def formula(self, y, f):
        z = self.shape * (np.log(y) - f)
        return np.exp(z) - z + np.log(y / self.shape)


class Linex(RegressionLoss):
    """exp(a r) - a r - 1: exponential on one side, linear on the other."""

    convex = True
    raw_range = Interval(-600.0, 600.0)

    def formula(self, y, f):
        r = y - f
        return np.expm1(r) - r


class ComplementaryLogLog(ProbabilityLoss):
    """Binary deviance of a model whose link treats the two classes differently."""

    link = Link("cloglog", lambda p: np.log(-np.log1p(-p)), lambda f: -np.expm1(-np.exp(f)), UNIT)
    positive_probability = link
    convex = True
    symmetric = False
    raw_range = Interval(-700.0, 700.0)

    def formula(self, y, f):
        rate = np.exp(f)
        return -xlogy(y, -np.expm1(-rate)) + (1 - y) * rate


class CostSensitive(ProbabilityLoss):
    """A log loss in which a miss costs more than a false alarm."""

    convex = True
    symmetric = False

    def __init__(self, cost=5.0):
        self.cost = cost

    def formula(self, y, f):
        return self.cost * y * np.logaddexp(0, -f) + (1 - y) * np.logaddexp(0, f)


class CostOfClasses(MulticlassLoss):
    """Expected cost of a random decision by the predicted probabilities; the last class is dear."""

    symmetric = False

    def formula(self, y, f):
        wrong = y * (1 - softmax(f))
        return np.sum(wrong, axis=-1) + 4 * wrong[..., 2]


@parametrize_with_loss_checks([cls() for cls in LOSSES.values()] + OTHER_PARAMETERS)
def test_catalogue(loss, check):
    check(loss)


@parametrize_with_loss_checks(
    [
        AsymmetricHuber(),
        ComplementaryLogLog(),
        CostOfClasses(),
        CostSensitive(),
        InverseGaussian(),
        Linex(),
        SmoothHinge(),
        SquaredProbability(),
        SquaredProbabilities(),
        Weibull(),
        quartic,
    ]
)
def test_losses_of_users(loss, check):
    check(loss)


@pytest.mark.parametrize("alias", LOSSES)
def test_every_fact_that_a_check_needs_is_declared(alias):
    loss = get_loss(alias)
    assert loss.convex is not None
    assert len(loss_checks()) >= 20
