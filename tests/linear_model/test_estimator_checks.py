"""scikit-learn's own conformance checks."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor
from sklearn_losses.losses import AbsoluteError, Huber


def softplus_of_margin(y, f):
    return np.logaddexp(0, -y * f)


def expected_failures(estimator):
    reason = (
        "a weight makes one step longer, repetition makes several steps: equal only in the limit of small "
        "steps; scikit-learn's own SGD is excused for the same reason"
    )
    return {
        "check_sample_weight_equivalence_on_dense_data": reason,
        "check_sample_weight_equivalence_on_sparse_data": reason,
    }


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
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
