"""Problems to train linear models on, and how good a solution of each is.

Raw features as they come: scales from 1e-3 to 1e4, heavy tails, words, categories, outliers, targets of size 1e5 and
1e-4, rare classes, duplicated rows, strong and weak penalties; and real data. The score of a model is
(F - F*) / (F_null - F*): F its objective on the training data, F* the optimum, F_null the objective of the best
constant. 0 is optimal, 1 as good as a constant, more is worse.

Problems with `tuned=False` came last: no setting of the schedule-free steps was chosen on them, nor anything on a seed
but 0. What streams and Newton's method set was chosen with all problems of seed 0 in sight.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn import datasets
from sklearn.preprocessing import PolynomialFeatures

from sklearn_losses.losses import (
    AbsoluteError,
    EpsilonInsensitive,
    Huber,
    LogCosh,
    ModifiedHuber,
    RegressionLoss,
)


@dataclass(frozen=True)
class Problem:
    """What is minimised: the weighted mean of the loss, plus alpha times the penalty, the intercept free."""

    name: str
    X: Any
    y: np.ndarray
    """Of type bool for two classes."""
    loss: Any
    alpha: float
    penalty: str = "l2"
    sample_weight: np.ndarray | None = None
    tuned: bool = True

    @property
    def classifies(self):
        return self.y.dtype == bool


class PinballLoss(RegressionLoss):
    """The pinball loss, written here as a user would write it."""

    def __init__(self, quantile=0.5):
        self.quantile = quantile

    def formula(self, y, f):
        return np.maximum(self.quantile * (y - f), (self.quantile - 1) * (y - f))


class Counts(RegressionLoss):
    """Half the Poisson deviance of a log-linear model, up to terms in y."""

    def formula(self, y, f):
        return np.exp(f) - y * f


def squared_hinge(y, f):
    return np.maximum(0, 1 - y * f) ** 2


def problems(seed=0):
    """Give every problem; of those on real data there is only one seed."""
    yield from _synthetic(seed)
    yield from _unseen(seed)
    if seed == 0:
        yield from _real()


def _linear(rng, X, noise=1.0):
    """A target that all columns move alike."""
    f = X @ (rng.standard_normal(X.shape[1]) / np.maximum(X.std(axis=0), 1e-9)) / np.sqrt(X.shape[1]) * 2
    return f - f.mean() + noise * rng.standard_normal(len(X))


def _synthetic(seed):
    rng = np.random.default_rng(seed)
    n = 3000
    scales = 10.0 ** rng.uniform(-3, 4, 20)
    raw = rng.standard_normal((n, 20)) * scales + 5 * scales * rng.standard_normal(20)
    heavy = rng.standard_t(2.5, (n, 15)) * 10.0 ** rng.uniform(-2, 2, 15)
    skewed = rng.lognormal(0, 1, (n, 12)) * 10.0 ** rng.uniform(-1, 3, 12)
    onehot = np.hstack(
        [np.eye(50)[np.minimum(rng.geometric(0.15, n) - 1, 49)], np.eye(8)[rng.integers(8, size=n)]]
    )
    correlated = rng.standard_normal((n, 6)) @ rng.standard_normal((6, 12)) + 0.5 * rng.standard_normal(
        (n, 12)
    )
    words = _zipf(rng, n, 4000, 40)
    f_words = words @ rng.standard_normal(4000)
    f_words = (f_words - f_words.mean()) / f_words.std()
    y_raw, y_heavy, y_skew, y_hot, y_corr = (
        _linear(rng, X) for X in (raw, heavy, skewed, onehot, correlated)
    )
    outliers = y_raw + 50 * (rng.random(n) < 0.05) * rng.standard_normal(n)
    rare = y_raw > np.quantile(y_raw, 0.99)
    counts = rng.poisson(np.exp(np.clip(0.5 * y_raw / y_raw.std(), -4, 2)))
    twice = np.repeat(raw[:600], 5, axis=0), np.repeat(y_raw[:600], 5) > 0

    yield Problem("scales, log", raw, y_raw > 0, "log_loss", 1e-4)
    yield Problem("scales, hinge", raw, y_raw > 0, "hinge", 1e-4)
    yield Problem("scales, squared hinge", raw, y_raw > 0, squared_hinge, 1e-4)
    yield Problem("scales, log, alpha 1e-2", raw, y_raw > 0, "log_loss", 1e-2)
    yield Problem("scales, log, l1", raw, y_raw > 0, "log_loss", 1e-3, "l1")
    yield Problem("1:100 imbalance, log", raw, rare, "log_loss", 1e-6)
    yield Problem("duplicated rows, log", *twice, "log_loss", 1e-4)
    yield Problem("scales, squared", raw, y_raw, "squared_error", 1e-4)
    yield Problem("target 1e5, squared", raw, 1e5 * (y_raw + 3), "squared_error", 1e-6)
    yield Problem("target 1e-4, squared", raw, 1e-4 * y_raw, "squared_error", 1e-6)
    yield Problem("outliers, Huber", raw, outliers, Huber(delta=1.0), 1e-4)
    yield Problem("outliers, absolute", raw, outliers, AbsoluteError(), 1e-4)
    yield Problem("scales, pinball 0.9", raw, y_raw, PinballLoss(0.9), 1e-4)
    yield Problem("scales, Poisson", raw, counts, Counts(), 1e-4)
    yield Problem("heavy tails, log", heavy, y_heavy > 0, "log_loss", 1e-4)
    yield Problem("heavy tails, squared", heavy, y_heavy, "squared_error", 1e-4)
    yield Problem("lognormal, Huber", skewed, y_skew, Huber(delta=1.0), 1e-4, "elasticnet")
    yield Problem("one-hot, log", onehot, y_hot > 0, "log_loss", 1e-5)
    yield Problem("one-hot, absolute", onehot, y_hot, AbsoluteError(), 1e-5)
    yield Problem("correlated, squared", correlated, y_corr, "squared_error", 1e-4)
    yield Problem("correlated, log", correlated, y_corr > 0, "log_loss", 1e-4)
    yield Problem("words, log", words, f_words + 0.3 * rng.standard_normal(n) > 0, "log_loss", 1e-4)
    yield Problem("words, hinge", words, f_words > 0, "hinge", 1e-3)
    yield Problem("words, squared", words, f_words, "squared_error", 1e-3)


def _unseen(seed):
    rng = np.random.default_rng([seed, 1])
    n = 3000

    def unseen(name, X, y, loss, alpha, penalty="l2", sample_weight=None):
        return Problem(name, X, y, loss, alpha, penalty, sample_weight, tuned=False)

    flags = (rng.random((n, 60)) < 10.0 ** rng.uniform(-2, -0.3, 60)).astype(float)
    f = _linear(rng, flags)
    yield unseen("flags, log", flags, f > 0, "log_loss", 1e-4)
    yield unseen("flags, 0.99 quantile", flags, f, PinballLoss(0.99), 1e-5)

    numbers = rng.gamma(2.0, 10.0 ** rng.uniform(-2, 3, 6), (n, 6))
    mixed = np.hstack([numbers, np.eye(30)[rng.integers(30, size=n)], np.eye(200)[_ranks(rng, n, 200)]])
    f = _linear(rng, mixed)
    yield unseen("mixed, hinge", mixed, f > 0.5, "hinge", 1e-4)
    yield unseen("mixed, sparse, squared", sp.csr_matrix(mixed), f, "squared_error", 1e-5)

    wide = rng.standard_normal((200, 600)) * 10.0 ** rng.uniform(-2, 2, 600)
    f = _linear(rng, wide)
    yield unseen("wide, squared", wide, f, "squared_error", 1e-1)
    yield unseen("wide, log, l1", wide, f > 0, "log_loss", 3e-2, "l1")

    trend = np.column_stack([1950 + np.arange(n) / 40, 1e3 + rng.standard_normal((n, 4)).cumsum(axis=0)])
    f = _linear(rng, trend)
    yield unseen("trends, log-cosh", trend, f, LogCosh(), 1e-6)
    yield unseen("trends, epsilon-insensitive", trend, f, EpsilonInsensitive(epsilon=0.5), 1e-6)

    powers = PolynomialFeatures(3, include_bias=False).fit_transform(rng.uniform(0, 10, (n, 3)))
    f = _linear(rng, powers)
    yield unseen("powers, squared", powers, f, "squared_error", 1e-6)
    yield unseen("powers, modified Huber", powers, f > 0.3, ModifiedHuber(), 1e-4)

    uniform = rng.uniform(-1, 3, (n, 10)) * 10.0 ** rng.uniform(-3, 3, 10)
    f = _linear(rng, uniform)
    weight = rng.lognormal(0, 1.5, n)
    yield unseen("weights, log", uniform, f > 0, "log_loss", 1e-5, sample_weight=weight)
    yield unseen("weights, absolute", uniform, f, AbsoluteError(), 1e-5, sample_weight=weight)
    amounts = rng.poisson(np.exp(1 + f / f.std())).astype(float)
    yield unseen("weights, Poisson", uniform, amounts, Counts(), 1e-4, sample_weight=weight)


def _ranks(rng, size, d):
    """Numbers below d whose frequencies fall as 1 / rank."""
    p = 1.0 / np.arange(1, d + 1)
    return rng.choice(d, size=size, p=p / p.sum())


def _zipf(rng, n, d, k):
    """Rows of about k words each, whose frequencies fall as 1 / rank."""
    columns = _ranks(rng, (n, k), d)
    X = sp.csr_matrix((np.ones(n * k), columns.ravel(), np.arange(0, n * k + 1, k)), shape=(n, d))
    X.sum_duplicates()
    return X


def _real():
    """Bundled with scikit-learn, and with statsmodels where it is installed."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    yield Problem("breast cancer, log", X, y == 1, "log_loss", 1e-3)
    yield Problem("breast cancer, hinge", X, y == 1, "hinge", 1e-3)
    X, y = datasets.load_wine(return_X_y=True)
    yield Problem("wine, log", X, y == 0, "log_loss", 1e-3)
    X, y = datasets.load_digits(return_X_y=True)
    yield Problem("digits 8, log", X, y == 8, "log_loss", 1e-3)
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    yield Problem("diabetes, squared", X, y, "squared_error", 1e-4)
    yield Problem("diabetes, absolute", X, y, AbsoluteError(), 1e-4)
    X, y = datasets.load_iris(return_X_y=True)
    yield Problem("iris versicolor, log", X, y == 1, "log_loss", 1e-3, tuned=False)
    X, y = datasets.load_linnerud(return_X_y=True)
    yield Problem("linnerud, squared", X, y[:, 0], "squared_error", 1e-3, tuned=False)
    try:
        from statsmodels.datasets import anes96, ccard, engel, fair, randhie, star98
    except ImportError:
        return

    def arrays(module, target):
        data = module.load_pandas().data.astype(float).dropna()
        return data.drop(columns=target).to_numpy(), data[target].to_numpy()

    yield Problem("engel, median", *arrays(engel, "foodexp"), PinballLoss(0.5), 0.0)
    yield Problem("engel, 0.9 quantile", *arrays(engel, "foodexp"), PinballLoss(0.9), 0.0)
    yield Problem("randhie, Poisson", *arrays(randhie, "mdvis"), Counts(), 1e-6)
    X, y = arrays(fair, "affairs")
    yield Problem("fair, log", X, y > 0, "log_loss", 1e-6)
    data = star98.load_pandas().data.astype(float)
    yield Problem(
        "star98, squared", data.iloc[:, 2:].to_numpy(), data["NABOVE"].to_numpy(), "squared_error", 1e-4
    )
    X, y = arrays(anes96, "vote")
    yield Problem("anes96, hinge", X, y == 1, "hinge", 1e-4, tuned=False)
    yield Problem("ccard, Huber", *arrays(ccard, "AVGEXP"), Huber(delta=50.0), 1e-6, tuned=False)
