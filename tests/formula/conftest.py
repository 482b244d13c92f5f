"""What the tests of the formula engine share: formulas made at random, the same ones on every machine."""

import numpy as np
import pytest
from scipy.special import expit

from sklearn_losses.formula import logsumexp, softmax


def _softplus(a):
    return np.logaddexp(0, a)


# Smooth, and defined everywhere.
UNARY = {
    "neg": lambda a: -a,
    "square": lambda a: 0.3 * np.square(a),
    "tanh": np.tanh,
    "expit": expit,
    "softplus": _softplus,
    "arctan": np.arctan,
    "sin": np.sin,
    "bell": lambda a: np.exp(-np.square(a)),
    "root": lambda a: np.sqrt(1 + np.square(a)),
    "log1p": lambda a: np.log1p(np.square(a)),
    "one minus expit": lambda a: 1 - expit(a),
    "log expit": lambda a: np.log(expit(a)),
    "log softplus": lambda a: np.log(1 + np.exp(a)),
    "power": lambda a: (1 + np.square(a)) ** 0.7,
    "abs": np.abs,
    "scaled": lambda a: -1.5 * (0.5 * a),
}
BINARY = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (1 + np.square(b)),
    "where": lambda a, b: np.where(a < b, a, 0.5 * b),
    "maximum": np.maximum,
    "minimum": np.minimum,
    "logaddexp": np.logaddexp,
    "hypot": lambda a, b: np.hypot(a, 1 + b),
}
TO_ONE = {
    "sum": lambda v: np.sum(v, axis=-1),
    "mean": lambda v: np.mean(v, axis=-1),
    "max": lambda v: np.max(v, axis=-1),
    "logsumexp": logsumexp,
    "norm": lambda v: np.linalg.norm(v, axis=-1),
    "first": lambda v: v[..., 0],
}
TO_MANY = {"softmax": softmax, "log softmax": lambda v: np.log(softmax(v))}


def spread(a):
    """Turn an array of one number a sample into a column that meets K outputs; symbols need no help."""
    return a[..., None] if isinstance(a, np.ndarray) else a


class RandomFormula:
    """A formula drawn from a seed: called with symbols or with arrays, it does the same."""

    def __init__(self, seed, outputs, depth=4):
        self.tree = self._draw(np.random.default_rng(seed), outputs, depth, top=True)

    def _draw(self, rng, outputs, depth, top=False, vector=None):
        vector = (outputs and not top) if vector is None else vector
        if depth == 0 or (not top and rng.random() < 0.1):
            if vector or not outputs:
                return ("leaf", "yf"[int(rng.integers(2))])
            return (str(rng.choice([*TO_ONE])), self._draw(rng, outputs, 0, vector=True))
        choice = rng.random()
        if not vector and outputs and (top or choice < 0.4):
            return (str(rng.choice([*TO_ONE])), self._draw(rng, outputs, depth - 1, vector=True))
        if vector and choice < 0.15:
            return (str(rng.choice([*TO_MANY])), self._draw(rng, outputs, depth - 1, vector=True))
        if vector and choice < 0.3:
            return ("expand", self._draw(rng, outputs, depth - 1, vector=False), ("leaf", "f"))
        if choice < 0.6:
            return (str(rng.choice([*UNARY])), self._draw(rng, outputs, depth - 1, vector=vector))
        parts = [self._draw(rng, outputs, depth - 1, vector=vector) for _ in range(2)]
        return (str(rng.choice([*BINARY])), *parts)

    def __call__(self, y, f):
        return self._run(self.tree, y, f)

    def _run(self, tree, y, f):
        name, *parts = tree
        if name == "leaf":
            return y if parts[0] == "y" else f
        given = [self._run(part, y, f) for part in parts]
        if name == "expand":
            return spread(given[0]) * given[1]
        return {**UNARY, **BINARY, **TO_ONE, **TO_MANY}[name](*given)

    def __repr__(self):
        return repr(self.tree)


@pytest.fixture(scope="session")
def random_formula():
    return RandomFormula
