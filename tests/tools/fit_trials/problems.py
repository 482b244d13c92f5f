"""Random problems, each from one integer: columns, targets, weights, a loss and settings as users may bring them.

Knows the names and parameters of losses and estimators; nothing of how one is fitted or judged.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from .catalogue import draw
from .formula import Formula

SOLVERS = ("newton", "dual", "lbfgs")  # "sgd" is on its way out
EXACT = 100_000  # entries, beyond which the estimators choose other solvers


@dataclass(frozen=True)
class Problem:
    """A training set, a loss and what a user may choose."""

    seed: int
    words: str
    """Of what it consists, for people."""
    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    formula: Formula
    settings: dict
    """Parameters of the estimator: penalty, alpha, l1_ratio, fit_intercept, tol."""

    @property
    def classifies(self):
        """Whether it is one for the classifier."""
        return self.formula.target in ("sign", "classes", "rows", "labels")

    @property
    def solvers(self):
        """The solvers that take it, by name."""
        l1 = self.settings["penalty"] == "l1" or (
            self.settings["penalty"] == "elasticnet"
            and self.settings["l1_ratio"] * self.settings["alpha"] > 0
        )
        if not self.formula.coupled:
            return SOLVERS
        return ("lbfgs",) if self.formula.kinked or l1 else ("newton", "lbfgs")


def problem(seed):
    """Give the problem of an integer."""
    rng = np.random.default_rng([seed, 2026])
    words = []
    unit = 10.0 ** rng.uniform(-6, 6) if rng.random() < 0.4 else 1.0
    losses = draw(rng, unit)
    formula = losses[str(rng.choice(list(losses)))]()
    X = _columns(rng, words, formula)
    n, d = X.shape
    weight = _weight(rng, n, words)
    if formula.target in ("sign", "classes") and n < 2:
        formula = losses["huber"]()
    raw = _raw_prediction(rng, X, _outputs(rng, formula, n * d > EXACT), words)
    y = _target(rng, formula, raw, unit, weight, words)
    if rng.random() < 0.2:
        X = X.astype(np.float32)
        words.append("float32")
    penalty = [None, "l2", "l1", "elasticnet"][rng.choice(4, p=[0.2, 0.4, 0.2, 0.2])]
    settings = {
        "penalty": penalty,
        "alpha": float(rng.choice([10.0 ** rng.uniform(-8, 1), 1e-4, 0.0], p=[0.8, 0.15, 0.05])),
        "l1_ratio": float(rng.choice([rng.uniform(0.01, 0.99), 0.5, 0.0, 1.0], p=[0.5, 0.3, 0.1, 0.1])),
        "fit_intercept": bool(rng.random() < 0.8),
        "tol": float(1e-4 if rng.random() < 0.4 else 10.0 ** rng.uniform(-6, -2)),
    }
    return Problem(seed, ", ".join(words), X, y, weight, formula, settings)


# ---- X -----------------------------------------------------------------------------------------------------


def _shape(rng):
    kind = rng.choice(["tiny", "small", "medium", "wide", "large"], p=[0.15, 0.35, 0.32, 0.13, 0.05])
    low, high, d_low, d_high = {
        "tiny": (1, 6, 1, 4),
        "small": (8, 60, 1, 11),
        "medium": (60, 301, 1, 26),
        "wide": (3, 41, 10, 81),
        "large": (3400, 5001, 30, 34),
    }[kind]
    return int(rng.integers(low, high)), int(rng.integers(d_low, d_high))


def _columns(rng, words, formula):
    """Draw X; what it is goes into `words`."""
    n, d = _shape(rng)
    if rng.random() < 0.25:
        return _sparse(rng, n, d, words, formula)
    words.append(f"{n} x {d}")
    kind = str(rng.choice(["normal", "correlated", "heavy", "lognormal", "flags", "counts", "mixed"]))
    words.append(kind)
    X = np.column_stack([_of_kind(rng, kind, n, d)])
    if d > 1 and rng.random() < 0.15:
        j, k = rng.choice(d, 2, replace=False)
        nearly = float(rng.choice([0.0, 1e-6, 1e-3]))
        X[:, k] = X[:, j] + nearly * X[:, k]
        words.append(f"nearly equal columns ({nearly:g})" if nearly else "equal columns")
    if rng.random() < 0.15:
        few = rng.choice(n, max(1, n // 20), replace=False)
        X[few] *= 10.0 ** rng.uniform(1, 3, (len(few), 1))
        words.append("outlying rows")
    if rng.random() < 0.05:
        X[:, rng.integers(d)] = rng.choice([0.0, 1.0, 1e6])
        words.append("a constant column")
    return _moved(rng, X, words)


def _of_kind(rng, kind, n, d):
    Z = rng.standard_normal((n, d))
    if kind == "correlated":
        return Z[:, :1] + 0.1 * Z
    if kind == "heavy":
        return rng.standard_t(2.5, (n, d))
    if kind == "lognormal":
        return np.exp(Z)
    if kind == "flags":
        return (rng.random((n, d)) < rng.uniform(0.02, 0.6, d)).astype(float)
    if kind == "counts":
        return rng.poisson(10.0 ** rng.uniform(-1, 2, d), (n, d)).astype(float)
    if kind == "mixed":
        names = rng.choice(["normal", "heavy", "lognormal", "flags", "counts"], d)
        return np.column_stack([_of_kind(rng, name, n, 1) for name in names])
    return Z


def _moved(rng, X, words):
    """Move and scale columns."""
    d = X.shape[1]
    spread = X.std(axis=0)
    if rng.random() < 0.35:
        far = 10.0 ** rng.uniform(0, 6, d) * rng.choice([-1, 1], d) * (rng.random(d) < rng.choice([0.3, 1.0]))
        X = X + far * np.where(spread > 0, spread, 1.0)
        words.append(f"offsets to {np.abs(far).max():.0e} sd")
    if rng.random() < 0.5:
        scale = 10.0 ** (rng.uniform(-6, 6, d) if rng.random() < 0.5 else rng.uniform(-6, 6))
        X = X * scale
        words.append(f"scales {np.min(scale):.0e} to {np.max(scale):.0e}")
    return X


def _sparse(rng, n, d, words, formula):
    """Draw a CSR matrix, perhaps with full columns that lie far from zero: a timestamp, an id, a price."""
    if rng.random() < 0.1:
        n, d = int(rng.integers(500, 1500)), int(rng.integers(120, 200 if formula.coupled else 300))
    density = float(rng.choice([0.02, 0.1, 0.3]))
    ones = rng.random() < 0.5
    A = sp.random(
        n, d, density, format="csr", random_state=rng, data_rvs=np.ones if ones else rng.standard_normal
    )
    words.append(f"{n} x {d} sparse ({density:g})")
    if rng.random() < 0.4:
        scale = 10.0 ** rng.uniform(-6, 6, d)
        A = A @ sp.diags(scale)
        words.append(f"scales {np.min(scale):.0e} to {np.max(scale):.0e}")
    if rng.random() < 0.5:
        k = int(rng.integers(1, 4))
        full, far = rng.standard_normal((n, k)), 10.0 ** rng.uniform(0, 6, k)
        A = sp.hstack([A, sp.csr_matrix((full + far) * 10.0 ** rng.uniform(-3, 3, k))])
        words.append(f"{k} full columns at {far.max():.0e} sd")
    return sp.csr_matrix(A)


def _weight(rng, n, words):
    kind = rng.choice(["none", "uniform", "lognormal", "zeros", "integers"], p=[0.6, 0.1, 0.1, 0.1, 0.1])
    if kind == "none" or n < 3:
        return None
    words.append(f"weights {kind}")
    weight = {
        "uniform": rng.uniform(0.1, 3, n),
        "lognormal": rng.lognormal(0, 2, n),
        "zeros": rng.uniform(0.1, 3, n) * (rng.random(n) < 0.7),
        "integers": rng.integers(0, 4, n).astype(float),
    }[kind]
    weight[:2] = np.maximum(weight[:2], 1.0)
    return weight


# ---- y -----------------------------------------------------------------------------------------------------


def _outputs(rng, formula, large):
    if formula.coupled:
        return int(rng.integers(2, 3 if large else 6))
    if formula.target == "sign":
        return 1 if rng.random() < 0.8 else int(rng.integers(3, 5))
    return 1 if rng.random() < 0.9 else int(rng.integers(2, 4))


def _raw_prediction(rng, X, K, words):
    """Draw a true raw prediction, standardised, with noise."""
    n, d = X.shape
    dense = X.toarray() if sp.issparse(X) else X
    Z = dense - dense.mean(axis=0)
    Z = Z / np.where(Z.std(axis=0) > 0, Z.std(axis=0), 1.0)
    f = Z @ (rng.standard_normal((d, K)) * (rng.random((d, K)) < rng.choice([0.3, 1.0]))) / np.sqrt(d)
    signal, noise = [(1.0, 1.0), (1.0, 0.1), (1.0, 0.0), (0.0, 1.0), (3.0, 1.0)][
        rng.choice(5, p=[0.4, 0.2, 0.15, 0.1, 0.15])
    ]
    words.append(f"signal {signal:g}, noise {noise:g}")
    return signal * f + noise * rng.standard_normal((n, K))


def _target(rng, formula, raw, unit, weight, words):
    K = raw.shape[1]
    target = formula.target
    if target.startswith(("number", "log1p")):
        y = _numbers(rng, target, raw, unit, words)
    elif target in ("count", "positive", "amount"):
        y = _amounts(rng, target, raw, words)
    elif target == "rows":
        e = np.exp(raw - raw.max(axis=1, keepdims=True))
        y = e / e.sum(axis=1, keepdims=True)
        if rng.random() < 0.3:
            y = np.eye(K)[raw.argmax(axis=1)]
        words.append(f"{K} shares")
        return y
    elif target == "labels":
        words.append(f"{K} labels")
        return (raw > rng.uniform(-1, 2)).astype(int)
    else:
        return _classes(rng, raw, target, weight, words)
    if K > 1:
        words.append(f"{K} columns of y")
    return y[:, 0] if K == 1 else y


def _numbers(rng, target, raw, unit, words):
    if rng.random() < 0.15:
        raw = raw + (rng.random(raw.shape) < 0.1) * 100 * rng.standard_normal(raw.shape)
        words.append("outlying y")
    if rng.random() < 0.1:
        raw = np.round(raw)
        words.append("ties in y")
    if target == "log1p":
        return np.expm1(np.clip(raw * rng.choice([0.1, 1.0, 5.0]), -20, 30))
    if unit != 1.0:
        words.append(f"y in units of {unit:.0e}")
    if rng.random() < 0.2:
        far = 10.0 ** rng.uniform(0, 5)
        raw = raw + far
        words.append(f"y at {far:.0e} sd")
    if target == "number away from zero":
        raw = np.where(np.abs(raw) < 1e-3, 1e-3, raw)
    return raw * unit


def _amounts(rng, target, raw, words):
    mean = np.exp(np.clip(raw, -8, 8)) * 10.0 ** rng.choice(
        [0.0, rng.uniform(-6, 6) if target != "count" else 0.0]
    )
    if target == "count":
        mean *= 10.0 ** rng.choice([0.0, rng.uniform(0, 12)], p=[0.6, 0.4])
        y = np.where(
            mean < 1e9,
            rng.poisson(np.minimum(mean, 1e9)),
            np.round(mean + np.sqrt(mean) * rng.standard_normal(mean.shape)),
        )
        y = y.astype(float)
    else:
        y = mean * rng.gamma(2.0, 0.5, mean.shape)
        if target == "amount":
            y = y * (rng.random(y.shape) < 0.6)
        elif rng.random() < 0.3:
            y = mean
    y = np.maximum(y, 0.0 if target != "positive" else 1e-300)
    y[:, ~(y > 0).any(axis=0)] += 1.0
    words.append(f"mean of y {y.mean():.0e}")
    return y


def _classes(rng, raw, target, weight, words):
    K = raw.shape[1]
    rare = rng.random() < 0.2
    if K == 1:
        share = rng.uniform(0.005, 0.05) if rare else rng.uniform(0.2, 0.8)
        codes = (raw[:, 0] > np.quantile(raw, 1 - share)).astype(int)
        K = 2
    else:
        codes = (raw - (np.linspace(0, 4, K) if rare else 0.0)).argmax(axis=1)
    codes[:2] = [0, 1]  # both of which count
    words.append(f"{K} classes{', rare' if rare else ''}")
    return codes
