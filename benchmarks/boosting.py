"""Time of a fit with our objective beside the library's own, of the same loss and the same trees.

    python benchmarks/boosting.py [repetitions] [scale]

The library's own objectives run in C++ on all its threads; ours in compiled programs without the GIL, on one.
"""

import sys
from functools import partial

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from timing import interleaved
from xgboost import XGBClassifier, XGBRegressor

from sklearn_losses import Pinball, RegressionLoss
from sklearn_losses.boosting import BoostedClassifier, BoostedRegressor


class Own(RegressionLoss):
    """The squared error as a user writes it."""

    def formula(self, y, f):
        return (y - f) ** 2


def problems(n):
    """Yield name, our loss, whether of classes, XGBoost's and LightGBM's own objectives, features and target."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 20))
    signal = X[:, 0] + np.sin(2 * X[:, 1]) + X[:, 2] * X[:, 3]
    y = signal + rng.standard_normal(n)
    yield "squared error", "squared_error", False, {}, {}, X, y
    yield "the same, user-written", Own(), False, {}, {}, X, y
    yield (
        "0.9 quantile",
        Pinball(quantile=0.9),
        False,
        {"objective": "reg:quantileerror", "quantile_alpha": 0.9},
        {"objective": "quantile", "alpha": 0.9},
        X,
        y,
    )
    counts = rng.poisson(np.exp(0.3 * signal))
    yield "Poisson", "poisson", False, {"objective": "count:poisson"}, {"objective": "poisson"}, X, counts
    yield "log loss", "log_loss", True, {}, {}, X, y > 0
    yield "cross-entropy, 5 classes", "log_loss", True, {}, {}, X, np.digitize(y, [-2, -0.5, 0.5, 2])


def main(repetitions=3, scale=1.0):
    """Print medians and ratios."""
    n, rounds = int(200_000 * scale), 50
    common = {"n_estimators": rounds, "n_jobs": 2}
    print(f"{n:,} x 20, {rounds} rounds, two threads; medians of {repetitions}")
    print(f"{'loss':26s}{'library':10s}{'own':>9s}{'ours':>9s}{'ratio':>8s}{'more per round':>18s}")
    for name, loss, of_classes, for_xgboost, for_lightgbm, X, y in problems(n):
        for library, estimators, own, quiet in [
            ("XGBoost", (XGBRegressor, XGBClassifier), for_xgboost, {}),
            ("LightGBM", (LGBMRegressor, LGBMClassifier), for_lightgbm, {"verbose": -1}),
        ]:
            estimator = estimators[of_classes]
            boosted = BoostedClassifier if of_classes else BoostedRegressor
            seconds = interleaved(
                {
                    "own": partial(estimator(**common, **quiet, **own).fit, X, y),
                    "ours": partial(boosted(estimator(**common, **quiet), loss).fit, X, y),
                },
                repetitions,
            )
            print(
                f"{name:26s}{library:10s}{seconds['own']:8.2f}s{seconds['ours']:8.2f}s"
                f"{seconds['ours'] / seconds['own']:8.2f}"
                f"{1e3 * (seconds['ours'] - seconds['own']) / rounds:15.1f} ms",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, float(sys.argv[2]) if len(sys.argv) > 2 else 1.0)
