"""Linear models trained on any loss."""

from ._linear_classifier import LinearClassifier
from ._linear_regressor import LinearRegressor
from ._sgd_classifier import SGDClassifier
from ._sgd_regressor import SGDRegressor

__all__ = ["LinearClassifier", "LinearRegressor", "SGDClassifier", "SGDRegressor"]
