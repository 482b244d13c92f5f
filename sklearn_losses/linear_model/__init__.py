"""Linear models trained on any loss."""

from ._sgd_classifier import SGDClassifier
from ._sgd_regressor import SGDRegressor

__all__ = ["SGDClassifier", "SGDRegressor"]
