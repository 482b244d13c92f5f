"""scikit-learn's own conformance checks for every convex loss of one raw prediction.

None is excused but one that cannot be passed: where `positive_only` and `multi_output` both hold, its targets of
several columns are negative nevertheless.
"""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from sklearn_losses.linear_model import LinearClassifier, LinearRegressor
from sklearn_losses.losses import LOSSES, RegressionLoss


def softplus_of_margin(y, f):
    return np.logaddexp(0, -y * f)


def quartic(y, f):
    return (y - f) ** 4


CONVEX = {name: cls for name, cls in LOSSES.items() if cls.convex and not cls.couples_outputs}
REGRESSIONS = [name for name, cls in CONVEX.items() if issubclass(cls, RegressionLoss)]
CLASSIFICATIONS = [name for name in CONVEX if name not in REGRESSIONS]


def expected_failures(estimator):
    if estimator.__sklearn_tags__().target_tags.positive_only:
        return {
            "check_regressor_multioutput": "scikit-learn draws negative targets, whatever positive_only says"
        }
    return {}


def test_the_lists_are_complete():
    assert len(REGRESSIONS) >= 15
    assert len(CLASSIFICATIONS) >= 6


@parametrize_with_checks(
    [
        LinearRegressor(),
        LinearRegressor("poisson"),
        LinearRegressor("absolute_error", penalty="elasticnet"),
        LinearRegressor(quartic),
        LinearRegressor("minkowski"),
        LinearClassifier(),
        LinearClassifier("hinge"),
        LinearClassifier(penalty="l1"),
        LinearClassifier(softplus_of_margin, class_weight="balanced"),
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# What a loss can change of the outcome; the other checks are of parameters, names and types.
OF_THE_FIT = (
    "sample_weight",
    "invariance",
    "fit2d",
    "train",
    "fit_idempotent",
    "multioutput",
    "one_label",
    "int",
)


def checks_of_the_fit():
    for estimator in [
        *(LinearRegressor(name) for name in REGRESSIONS),
        *(LinearClassifier(name) for name in CLASSIFICATIONS),
        LinearRegressor(penalty="l1"),
    ]:
        for same, check in estimator_checks_generator(estimator):
            name = getattr(check, "func", check).__name__
            if any(part in name for part in OF_THE_FIT) and name not in expected_failures(estimator):
                yield pytest.param(same, check, id=f"{estimator.loss}-{name}")


@pytest.mark.parametrize(("estimator", "check"), checks_of_the_fit())
def test_scikit_learn_checks_of_every_convex_loss(estimator, check):
    check(estimator)
