"""Losses as objectives of gradient boosting: XGBoost and LightGBM, through their scikit-learn estimators.

Neither library is imported here; whoever passes one of their estimators has imported it.
"""

from ._classifier import BoostedClassifier
from ._functions import lightgbm_metric, lightgbm_objective, xgboost_metric, xgboost_objective
from ._regressor import BoostedRegressor

__all__ = [
    "BoostedClassifier",
    "BoostedRegressor",
    "lightgbm_metric",
    "lightgbm_objective",
    "xgboost_metric",
    "xgboost_objective",
]
