"""scikit-learn's own conformance checks."""

import numpy as np
import pytest
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_losses.linear_model import LinearRegressor, SGDClassifier, SGDRegressor
from sklearn_losses.losses import LOSSES, AbsoluteError, Huber, get_loss


def softplus_of_margin(y, f):
    return np.logaddexp(0, -y * f)


def expected_failures(estimator):
    reason = (
        "a weight makes one step longer, repetition makes several steps: equal only in the limit of small "
        "steps; scikit-learn's own SGD is excused for the same reason"
    )
    excused = {}
    if estimator.learning_rate != "auto":  # which solves small data to the last digits
        excused = {
            "check_sample_weight_equivalence_on_dense_data": reason,
            "check_sample_weight_equivalence_on_sparse_data": reason,
        }
    if get_tags(estimator).target_tags.positive_only:
        reason = "scikit-learn draws negative targets, whatever positive_only says"
        excused["check_regressor_multioutput"] = reason
    return excused


@pytest.mark.filterwarnings("ignore:Maximum number of iteration")
@parametrize_with_checks(
    [
        SGDClassifier(),
        SGDClassifier(loss="log_loss", penalty="elasticnet", max_iter=50),
        SGDClassifier(loss=softplus_of_margin),
        SGDRegressor(),
        SGDRegressor(loss="huber", penalty="l1", epsilon=1.35),
        SGDRegressor(loss=AbsoluteError()),
        SGDRegressor(loss=Huber(delta=2.0), learning_rate="constant"),
        SGDRegressor(loss="poisson"),
        SGDRegressor(loss="gamma", learning_rate="auto"),
        SGDRegressor(loss="squared_log_error"),
        SGDRegressor(loss="absolute_percentage_error"),
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


NUMBERS = [name for name, cls in LOSSES.items() if cls.target_kind == "number"]


@pytest.mark.parametrize("model", [SGDRegressor, LinearRegressor])
@pytest.mark.parametrize("loss", NUMBERS)
def test_tags_of_targets(model, loss):
    """A regressor that refuses negative targets says so; so does one that charges relative mistakes."""
    try:
        get_loss(loss).check_target([-2.0, 1.0])
    except ValueError:
        positive = True
    else:
        positive = False
    tags = get_tags(model(loss=loss))
    assert tags.target_tags.positive_only is positive
    assert tags.regressor_tags.poor_score is (loss == "absolute_percentage_error")
    get_tags(model(loss="unknown"))  # of which fit complains
