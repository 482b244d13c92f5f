"""Tests of boosting are skipped where a library is missing."""

import pytest


@pytest.fixture(params=["xgboost", "lightgbm"])
def library(request):
    """Makers of an estimator of each library, small and on one thread."""
    module = pytest.importorskip(request.param)
    common = {"n_estimators": 20, "n_jobs": 1, "learning_rate": 0.3}
    if request.param == "xgboost":
        return Library(module.XGBRegressor, module.XGBClassifier, {**common, "max_depth": 3})
    common |= {"num_leaves": 7, "verbose": -1}
    return Library(module.LGBMRegressor, module.LGBMClassifier, common)


class Library:
    """Regressors and classifiers of one library."""

    def __init__(self, regressor, classifier, common):
        self._regressor, self._classifier, self._common = regressor, classifier, common
        self.name = regressor.__module__.partition(".")[0]

    def regressor(self, **parameters):
        return self._regressor(**self._common | parameters)

    def classifier(self, **parameters):
        return self._classifier(**self._common | parameters)
