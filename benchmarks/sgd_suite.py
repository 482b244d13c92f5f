"""How near learning_rate="auto" comes to the optimum, on raw data, beside scikit-learn's defaults.

python benchmarks/sgd_suite.py [part of a problem's name]

The score of a model is (F - F*) / (F_null - F*): F its objective on the training data, F* the optimum, F_null
the objective of the best constant. 0 is optimal, 1 as good as a constant, more is worse. F* is the best
objective that L-BFGS reaches on standardised columns, with losses that have kinks smoothed less and less (or any
contender, if it is better). Behind a StandardScaler (MaxAbsScaler for sparse data), F is the objective on the
scaled columns. Needs statsmodels for four real data sets; they are left out without it.
"""

import sys
import warnings
from time import perf_counter

import numpy as np
import scipy.sparse as sp
import sklearn.linear_model
from scipy.optimize import minimize
from sklearn import datasets
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from sklearn_losses import SGDClassifier, SGDRegressor
from sklearn_losses.losses import AbsoluteError, Huber, RegressionLoss, get_loss

NODES, SHARES = np.polynomial.hermite_e.hermegauss(9)
SHARES = SHARES / SHARES.sum()


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


def problems():
    """Give (name, X, y, loss, alpha, penalty)."""
    rng = np.random.default_rng(0)
    n = 3000

    def linear(X, noise=1.0):
        f = X @ (rng.standard_normal(X.shape[1]) / np.maximum(X.std(axis=0), 1e-9)) / np.sqrt(X.shape[1]) * 2
        return f - f.mean() + noise * rng.standard_normal(len(X))

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
    words = zipf(rng, n, 4000, 40)
    word_effects = rng.standard_normal(4000)
    f_words = words @ word_effects
    f_words = (f_words - f_words.mean()) / f_words.std()
    y_raw, y_heavy, y_skew, y_hot, y_corr = (linear(X) for X in (raw, heavy, skewed, onehot, correlated))
    outliers = y_raw + 50 * (rng.random(n) < 0.05) * rng.standard_normal(n)
    rare = y_raw > np.quantile(y_raw, 0.99)
    counts = rng.poisson(np.exp(np.clip(0.5 * y_raw / y_raw.std(), -4, 2)))
    twice = np.repeat(raw[:600], 5, axis=0), np.repeat(y_raw[:600], 5) > 0

    yield "scales, log", raw, y_raw > 0, "log_loss", 1e-4, "l2"
    yield "scales, hinge", raw, y_raw > 0, "hinge", 1e-4, "l2"
    yield "scales, squared hinge", raw, y_raw > 0, squared_hinge, 1e-4, "l2"
    yield "scales, log, alpha 1e-2", raw, y_raw > 0, "log_loss", 1e-2, "l2"
    yield "scales, log, l1", raw, y_raw > 0, "log_loss", 1e-3, "l1"
    yield "1:100 imbalance, log", raw, rare, "log_loss", 1e-6, "l2"
    yield "duplicated rows, log", *twice, "log_loss", 1e-4, "l2"
    yield "scales, squared", raw, y_raw, "squared_error", 1e-4, "l2"
    yield "target 1e5, squared", raw, 1e5 * (y_raw + 3), "squared_error", 1e-6, "l2"
    yield "target 1e-4, squared", raw, 1e-4 * y_raw, "squared_error", 1e-6, "l2"
    yield "outliers, Huber", raw, outliers, Huber(delta=1.0), 1e-4, "l2"
    yield "outliers, absolute", raw, outliers, AbsoluteError(), 1e-4, "l2"
    yield "scales, pinball 0.9", raw, y_raw, PinballLoss(0.9), 1e-4, "l2"
    yield "scales, Poisson", raw, counts, Counts(), 1e-4, "l2"
    yield "heavy tails, log", heavy, y_heavy > 0, "log_loss", 1e-4, "l2"
    yield "heavy tails, squared", heavy, y_heavy, "squared_error", 1e-4, "l2"
    yield "lognormal, Huber", skewed, y_skew, Huber(delta=1.0), 1e-4, "elasticnet"
    yield "one-hot, log", onehot, y_hot > 0, "log_loss", 1e-5, "l2"
    yield "one-hot, absolute", onehot, y_hot, AbsoluteError(), 1e-5, "l2"
    yield "correlated, squared", correlated, y_corr, "squared_error", 1e-4, "l2"
    yield "correlated, log", correlated, y_corr > 0, "log_loss", 1e-4, "l2"
    yield "words, log", words, f_words + 0.3 * rng.standard_normal(n) > 0, "log_loss", 1e-4, "l2"
    yield "words, hinge", words, f_words > 0, "hinge", 1e-3, "l2"
    yield "words, squared", words, f_words, "squared_error", 1e-3, "l2"
    yield from real_problems()


def zipf(rng, n, d, k):
    """Rows of about k words each, whose frequencies fall as 1 / rank."""
    p = 1.0 / np.arange(1, d + 1)
    columns = rng.choice(d, size=(n, k), p=p / p.sum())
    X = sp.csr_matrix((np.ones(n * k), columns.ravel(), np.arange(0, n * k + 1, k)), shape=(n, d))
    X.sum_duplicates()
    return X


def real_problems():
    X, y = datasets.load_breast_cancer(return_X_y=True)
    yield "breast cancer, log", X, y, "log_loss", 1e-3, "l2"
    yield "breast cancer, hinge", X, y, "hinge", 1e-3, "l2"
    X, y = datasets.load_wine(return_X_y=True)
    yield "wine, log", X, y == 0, "log_loss", 1e-3, "l2"
    X, y = datasets.load_digits(return_X_y=True)
    yield "digits 8, log", X, y == 8, "log_loss", 1e-3, "l2"
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    yield "diabetes, squared", X, y, "squared_error", 1e-4, "l2"
    yield "diabetes, absolute", X, y, AbsoluteError(), 1e-4, "l2"
    try:
        from statsmodels.datasets import engel, fair, randhie, star98
    except ImportError:
        return

    def arrays(module, target):
        data = module.load_pandas().data.astype(float).dropna()
        return data.drop(columns=target).to_numpy(), data[target].to_numpy()

    yield "engel, median", *arrays(engel, "foodexp"), PinballLoss(0.5), 0.0, "l2"
    yield "engel, 0.9 quantile", *arrays(engel, "foodexp"), PinballLoss(0.9), 0.0, "l2"
    X, y = arrays(randhie, "mdvis")
    yield "randhie, Poisson", X, y, Counts(), 1e-6, "l2"
    X, y = arrays(fair, "affairs")
    yield "fair, log", X, y > 0, "log_loss", 1e-6, "l2"
    data = star98.load_pandas().data.astype(float)
    yield (
        "star98, squared",
        data.iloc[:, 2:].to_numpy(),
        data["NABOVE"].to_numpy(),
        "squared_error",
        1e-4,
        "l2",
    )


class Objective:
    """F of raw coefficients and intercept."""

    def __init__(self, X, y, loss, alpha, penalty):
        classifies = y.dtype == bool or (loss in ("log_loss", "hinge") and len(np.unique(y)) == 2)
        self.loss = get_loss(loss, for_classifier=classifies)
        low, high = self.loss.binary_values
        self.y = np.where(y, high, low).astype(float) if classifies else y.astype(float)
        self.X = X
        share = {"l2": 0.0, "l1": 1.0, "elasticnet": 0.15}[penalty]
        self.l2, self.l1 = alpha * (1 - share), alpha * share
        self.value, self.slope = self.loss.training_program(), self.loss.training_gradient_program()

    def __call__(self, coef, intercept):
        with np.errstate(over="ignore", invalid="ignore"):
            total, whole, *_ = self.value.total(self.y, np.asarray(self.X @ coef + intercept))
        return total / whole + 0.5 * self.l2 * coef @ coef + self.l1 * np.abs(coef).sum()

    def null(self):
        return self(np.zeros(self.X.shape[1]), self.loss.constant_minimizer(self.y))

    def optimum(self):
        """The best objective that L-BFGS finds, from smooth to sharp."""
        X = self.X
        sparse = sp.issparse(X)
        centre = np.zeros(X.shape[1]) if sparse else X.mean(axis=0)
        scale = np.asarray(np.sqrt(X.multiply(X).mean(axis=0))).ravel() if sparse else X.std(axis=0)
        scale[scale < 1e-12 * np.abs(centre).max(initial=1)] = 1.0
        scaled = sp.csr_matrix(X @ sp.diags(1 / scale)) if sparse else (X - centre) / scale
        d, n = X.shape[1], X.shape[0]
        point = np.zeros(2 * d + 1)
        point[-1] = self.loss.constant_minimizer(self.y)
        spread = np.std(self.y) if self.loss.link.name == "identity" else 1.0
        best = np.inf
        for width in spread * np.array([0.1, 0.01, 0.001, 0.0]):

            def both(p, width=width):
                w = p[:d] - p[d:-1]
                f = np.asarray(scaled @ w + p[-1])
                total, slope = 0.0, np.zeros(n)
                with np.errstate(over="ignore"):
                    for node, share in zip(NODES, SHARES, strict=True) if width else [(0.0, 1.0)]:
                        moved = f + width * node
                        total += share * self.value.total(self.y, moved)[0] / n
                        slope += share / n * self.slope.arrays(self.y, moved)[0][0]
                gradient = np.asarray(scaled.T @ slope) + self.l2 * w / scale**2
                total += 0.5 * self.l2 * np.sum((w / scale) ** 2) + self.l1 * np.sum(
                    (p[:d] + p[d:-1]) / scale
                )
                return total, np.concatenate(
                    [gradient + self.l1 / scale, -gradient + self.l1 / scale, [slope.sum()]]
                )

            bounds = [(0, None)] * (2 * d) + [(None, None)]
            if self.l1 == 0:
                bounds = [(None, None)] * d + [(0, 0)] * d + [(None, None)]
            found = minimize(
                both, point, jac=True, method="L-BFGS-B", bounds=bounds,
                options={"maxiter": 400, "maxcor": 30, "ftol": 1e-12, "gtol": 1e-10 * spread, "maxfun": 400},
            )  # fmt: skip
            point = found.x
            coef = (point[:d] - point[d:-1]) / scale
            best = min(best, self(coef, point[-1] - coef @ centre))
        return best


def solution(model):
    last = model[-1] if hasattr(model, "steps") else model
    return np.ravel(last.coef_).astype(float), float(last.intercept_[0])


def contenders(X, loss, alpha, penalty, classifies):
    ours, theirs = (
        (SGDClassifier, sklearn.linear_model.SGDClassifier)
        if classifies
        else (SGDRegressor, sklearn.linear_model.SGDRegressor)
    )
    settings = {"alpha": alpha, "penalty": penalty, "random_state": 0}
    auto = ours(loss=loss, learning_rate="auto", **settings)
    # A loss that scikit-learn does not have runs with its schedule in our class.
    kind = theirs if loss in ("log_loss", "hinge", "squared_error") else ours
    if alpha == 0 and classifies:
        settings["alpha"] = 1e-12
    default = kind(loss=loss, **settings)
    scaler = MaxAbsScaler() if sp.issparse(X) else StandardScaler()
    return {
        "auto": auto,
        "default": default,
        "standardised": make_pipeline(scaler, kind(loss=loss, **settings)),
    }


def main(wanted=""):
    warnings.filterwarnings("ignore")
    scores = {"auto": [], "default": [], "standardised": []}
    print(f"{'problem':26}" + "".join(f"{name:>14}" for name in scores) + "   passes  seconds of auto")
    for name, X, y, loss, alpha, penalty in problems():
        if wanted not in name:
            continue
        y = np.asarray(y)
        objective = Objective(X, y, loss, alpha, penalty)
        classifies = set(np.unique(objective.y)) == set(map(float, objective.loss.binary_values))
        scaler = MaxAbsScaler() if sp.issparse(X) else StandardScaler()
        standardised = Objective(scaler.fit_transform(X), y, loss, alpha, penalty)
        results, seconds = {}, {}
        for kind, model in contenders(X, loss, alpha, penalty, classifies).items():
            start = perf_counter()
            try:
                model.fit(X, y)
                results[kind] = (standardised if kind == "standardised" else objective)(*solution(model))
            except ValueError:  # it diverged
                results[kind] = np.inf
            seconds[kind] = perf_counter() - start
            if kind == "auto":
                passes = model.n_iter_
        optimum = objective.optimum()
        for kind, value in results.items():
            other = kind == "standardised"
            null = (standardised if other else objective).null()
            best = standardised.optimum() if other else min(optimum, results["auto"], results["default"])
            scores[kind].append((value - min(best, value)) / (null - best) if np.isfinite(value) else np.inf)
        print(
            f"{name:26}"
            + "".join(f"{s[-1]:14.2e}" for s in scores.values())
            + f"{passes:9} {seconds['auto']:8.2f}",
            flush=True,
        )
    total = len(scores["auto"])
    for kind, values in scores.items():
        near, worse = sum(v <= 1e-2 for v in values), sum(v > 1 + 1e-9 for v in values)
        print(f"{kind}: within 1e-2 of the optimum on {near} of {total}; worse than a constant on {worse}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
