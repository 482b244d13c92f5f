"""One loss of your own, in XGBoost, LightGBM and SGDRegressor, compared by its own scorer.

To predict too little of a disease costs four times as much as to predict too much. The loss is
written once; each library trains with it, beside the same library's squared error.

    pip install "sklearn-losses[xgboost,lightgbm]" && python examples/boosting_asymmetric.py

A library that is not installed is left out.
"""

from importlib import import_module

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_losses import RegressionLoss, SGDRegressor
from sklearn_losses.boosting import BoostedRegressor


class Asymmetric(RegressionLoss):
    """Squared error that charges too low a prediction `ratio` times as much."""

    def __init__(self, ratio=4.0):
        self.ratio = ratio

    def formula(self, y, f):
        """Return the loss of one sample: the whole definition."""
        return np.where(y > f, self.ratio, 1.0) * (y - f) ** 2


def models(loss):
    """Yield every model that can be trained with the loss here."""
    yield (
        "SGDRegressor",
        make_pipeline(StandardScaler(), SGDRegressor(loss, learning_rate="auto", random_state=0)),
    )
    small = {"n_estimators": 60, "learning_rate": 0.1, "max_depth": 2, "n_jobs": 1}
    for library, estimator, quiet in [
        ("xgboost", "XGBRegressor", {}),
        ("lightgbm", "LGBMRegressor", {"verbose": -1}),
    ]:
        try:
            module = import_module(library)
        except ImportError:
            print(f"({library} is not installed)")
            continue
        yield estimator, BoostedRegressor(getattr(module, estimator)(**small, **quiet), loss)


def main():
    """Print what every model costs out of sample, by the loss itself."""
    X, y = load_diabetes(return_X_y=True)
    loss = Asymmetric(ratio=4.0)
    folds = KFold(5, shuffle=True, random_state=0)
    print(f"Diabetes, five folds, out of sample: {loss!r}\n")
    print(f"{'':16s}{'trained with':>18s}{'costs':>10s}{'predicts too little':>22s}{'D2':>8s}")
    for trained in ("squared_error", loss):
        for name, model in models(trained):
            costs = -cross_val_score(model, X, y, cv=folds, scoring=loss.scorer()).mean()
            skill = cross_val_score(model, X, y, cv=folds, scoring=loss.d2_scorer()).mean()
            too_little = np.mean(cross_val_predict(model, X, y, cv=folds) < y)
            how = trained if isinstance(trained, str) else "its own formula"
            print(f"{name:16s}{how:>18s}{costs:10.0f}{too_little:22.0%}{skill:8.2f}")


if __name__ == "__main__":
    main()
