"""Quantiles by our majoriser beside the libraries' own objectives, which put the quantile itself into each leaf.

    python benchmarks/boosting_quantiles.py

Pinball loss out of sample (five folds), 100 trees with the libraries' defaults and a learning rate of 0.1, divided by
that of the library's own objective; and that of the best constant, divided likewise.
"""

import numpy as np
from lightgbm import LGBMRegressor
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.dummy import DummyRegressor
from sklearn.model_selection import KFold, cross_val_score
from xgboost import XGBRegressor

from sklearn_losses import Pinball
from sklearn_losses.boosting import BoostedRegressor


def problems():
    """Yield name, features and target."""
    yield "diabetes", *load_diabetes(return_X_y=True)
    X, y = make_friedman1(3000, noise=1.0, random_state=0)
    rng = np.random.default_rng(0)
    yield "friedman", X, y
    yield "friedman, t(1.5) noise", X, y + 2 * rng.standard_t(1.5, len(y))
    X = rng.uniform(-2, 2, (3000, 5))
    yield "lognormal, uneven spread", X, np.exp(X[:, 0]) + np.abs(X[:, 1]) * rng.lognormal(0, 1, 3000)


def main():
    """Print the table."""
    folds = KFold(5, shuffle=True, random_state=0)
    print(f"{'data':26s}{'quantile':>8s}{'XGBoost':>10s}{'LightGBM':>10s}{'constant':>10s}")
    for name, X, y in problems():
        for quantile in (0.1, 0.5, 0.9):
            loss = Pinball(quantile=quantile)

            def cost(model, loss=loss, X=X, y=y):
                return -cross_val_score(model, X, y, cv=folds, scoring=loss.scorer()).mean()

            x = {"learning_rate": 0.1, "n_jobs": 2}
            own = XGBRegressor(objective="reg:quantileerror", quantile_alpha=quantile, **x)
            xgboost = cost(BoostedRegressor(XGBRegressor(**x), loss)) / cost(own)
            own = LGBMRegressor(objective="quantile", alpha=quantile, n_jobs=2, verbose=-1)
            its_cost = cost(own)
            lightgbm = cost(BoostedRegressor(LGBMRegressor(n_jobs=2, verbose=-1), loss)) / its_cost
            constant = cost(DummyRegressor(strategy="quantile", quantile=quantile)) / its_cost
            print(f"{name:26s}{quantile:8.1f}{xgboost:10.2f}{lightgbm:10.2f}{constant:10.2f}", flush=True)


if __name__ == "__main__":
    main()
