"""The convex losses of the catalogue, written a second time: value, slope and curvature in f, and as parts of a program.

Plain NumPy in float64, and nothing of the library: an oracle does not ask whom it judges. y is a number, a sign ±1, or a
row of K numbers; f likewise. Scales are those of training (half the squared error, half the deviances).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp, softmax, xlogy


@dataclass(frozen=True)
class Part:
    """A variable p between 0 and `most` of each sample that costs ½ bend p² + price p and counts `sign` p.

    A loss is the least cost of its parts that together make up `target - side · f`.
    """

    sign: float
    bend: Any = 0.0
    price: Any = 0.0
    most: float = np.inf


@dataclass(frozen=True)
class Formula:
    """A loss of one raw prediction or several, its parameters bound."""

    name: str
    target: str
    """number, log1p, count, positive, amount, sign, classes, rows or labels."""
    value: Callable
    slope: Callable | None = None
    bend: Callable | None = None
    parts: Callable | None = None
    """(y) -> (target, side, list of Part), where the loss is piecewise linear or quadratic."""
    parameters: dict = field(default_factory=dict)
    falls_for_ever: str = ""
    """Along which directions it falls without end: 'sign' (right side), 'zero' (down at y = 0), 'rows', 'labels', or ''."""
    wider: Callable | None = None
    """(width) -> the loss with a rounder foot, where a direct way down is long."""

    @property
    def kinked(self):
        """Whether the slope jumps."""
        return self.bend is None

    @property
    def coupled(self):
        """Whether it compares several raw predictions."""
        return self.target in ("classes", "rows", "labels")


# ---- numbers -----------------------------------------------------------------------------------------------


def squared_error():
    return Formula(
        "squared_error", "number", lambda y, f: 0.5 * (y - f) ** 2, lambda y, f: f - y, lambda y, f: np.ones_like(f),
        lambda y: (y, 1.0, [Part(1, 1.0), Part(-1, 1.0)]),
    )  # fmt: skip


def squared_log_error():
    return Formula(
        "squared_log_error", "log1p", lambda y, f: (np.log1p(y) - f) ** 2, lambda y, f: 2 * (f - np.log1p(y)),
        lambda y, f: np.full_like(f, 2.0),
        lambda y: (np.log1p(y), 1.0, [Part(1, 2.0), Part(-1, 2.0)]),
    )  # fmt: skip


def expectile(expectile):
    t = expectile

    def side(y, f):
        return np.where(y >= f, t, 1 - t)

    return Formula(
        "expectile", "number", lambda y, f: side(y, f) * (y - f) ** 2, lambda y, f: 2 * side(y, f) * (f - y),
        lambda y, f: 2 * side(y, f), lambda y: (y, 1.0, [Part(1, 2 * t), Part(-1, 2 * (1 - t))]),
        {"expectile": t},
    )  # fmt: skip


def absolute_error():
    return Formula(
        "absolute_error", "number", lambda y, f: np.abs(y - f),
        parts=lambda y: (y, 1.0, [Part(1, 0, 1.0), Part(-1, 0, 1.0)]),
    )  # fmt: skip


def absolute_percentage_error():
    def size(y):
        return np.maximum(np.abs(y), np.finfo(float).eps)

    return Formula(
        "absolute_percentage_error", "number away from zero", lambda y, f: np.abs(y - f) / size(y),
        parts=lambda y: (y, 1.0, [Part(1, 0, 1 / size(y)), Part(-1, 0, 1 / size(y))]),
    )  # fmt: skip


def pinball(quantile):
    t = quantile
    return Formula(
        "pinball", "number", lambda y, f: np.maximum(t * (y - f), (t - 1) * (y - f)),
        parts=lambda y: (y, 1.0, [Part(1, 0, t), Part(-1, 0, 1 - t)]), parameters={"quantile": t},
    )  # fmt: skip


def epsilon_insensitive(epsilon):
    e = epsilon
    return Formula(
        "epsilon_insensitive", "number", lambda y, f: np.maximum(np.abs(y - f) - e, 0.0),
        parts=lambda y: (y, 1.0, [Part(1, 0, 1.0), Part(-1, 0, 1.0), Part(1, most=e), Part(-1, most=e)]),
        parameters={"epsilon": e},
    )  # fmt: skip


def squared_epsilon_insensitive(epsilon):
    e = epsilon

    def beyond(y, f):
        return np.maximum(np.abs(y - f) - e, 0.0)

    return Formula(
        "squared_epsilon_insensitive", "number", lambda y, f: beyond(y, f) ** 2,
        lambda y, f: 2 * beyond(y, f) * np.sign(f - y), lambda y, f: 2.0 * (beyond(y, f) > 0),
        lambda y: (y, 1.0, [Part(1, 2.0), Part(-1, 2.0), Part(1, most=e), Part(-1, most=e)]), {"epsilon": e},
    )  # fmt: skip


def huber(delta):
    d = delta

    def value(y, f):
        r = np.abs(y - f)
        return np.where(r <= d, 0.5 * r**2, d * (r - 0.5 * d))

    return Formula(
        "huber", "number", value, lambda y, f: np.clip(f - y, -d, d), lambda y, f: 1.0 * (np.abs(y - f) <= d),
        lambda y: (y, 1.0, [Part(1, 1.0), Part(1, 0, d), Part(-1, 1.0), Part(-1, 0, d)]), {"delta": d},
    )  # fmt: skip


def smooth_pinball(quantile, delta):
    t, d = quantile, delta

    def side(y, f):
        return np.where(y >= f, t, 1 - t)

    def value(y, f):
        r = np.abs(y - f)
        return side(y, f) * np.where(r <= d, 0.5 * r**2 / d, r - 0.5 * d)

    return Formula(
        "smooth_pinball", "number", value, lambda y, f: side(y, f) * np.clip((f - y) / d, -1, 1),
        lambda y, f: side(y, f) * (np.abs(y - f) <= d) / d,
        lambda y: (y, 1.0, [Part(1, t / d), Part(1, 0, t), Part(-1, (1 - t) / d), Part(-1, 0, 1 - t)]),
        {"quantile": t, "delta": d},
    )  # fmt: skip


def pseudo_huber(delta):
    d = delta

    def root(y, f):
        return np.sqrt(1 + ((y - f) / d) ** 2)

    return Formula(
        "pseudo_huber", "number", lambda y, f: (y - f) ** 2 / (1 + root(y, f)), lambda y, f: (f - y) / root(y, f),
        lambda y, f: root(y, f) ** -3, parameters={"delta": d}, wider=lambda width: pseudo_huber(max(d, width)),
    )  # fmt: skip


def log_cosh():
    def value(y, f):
        r = np.abs(y - f)
        near = np.log1p(2 * np.sinh(0.5 * np.minimum(r, 1.0)) ** 2)
        return np.where(r < 1, near, r + np.log1p(np.exp(-2 * r)) - np.log(2))

    def bend(y, f):
        e = np.exp(-2 * np.abs(y - f))
        return 4 * e / (1 + e) ** 2

    return Formula(
        "log_cosh", "number", value, lambda y, f: np.tanh(f - y), bend,
        wider=lambda width: pseudo_huber(max(1.0, width)),
    )  # fmt: skip


def fair(c):
    def value(y, f):
        x = np.abs(y - f) / c
        series = sum((-1) ** k * x**k / k for k in range(2, 12))
        return c**2 * np.where(x < 0.03, series, x - np.log1p(x))

    return Formula(
        "fair", "number", value, lambda y, f: (f - y) / (1 + np.abs(y - f) / c),
        lambda y, f: (1 + np.abs(y - f) / c) ** -2, parameters={"c": c}, wider=lambda width: fair(max(c, width)),
    )  # fmt: skip


def minkowski(q):
    def bend(y, f):
        return q * (q - 1) * np.maximum(np.abs(y - f), 1e-300) ** (q - 2)

    def wider(width):
        """Between the loss and itself plus width^q."""
        def square(y, f):
            return (y - f) ** 2 + width**2

        return Formula(
            "minkowski, wider", "number", lambda y, f: square(y, f) ** (q / 2),
            lambda y, f: q * (f - y) * square(y, f) ** (q / 2 - 1),
            lambda y, f: q * square(y, f) ** (q / 2 - 2) * ((q - 1) * (y - f) ** 2 + width**2),
        )  # fmt: skip

    if q == 1:
        return Formula("minkowski", "number", absolute_error().value, parts=absolute_error().parts, parameters={"q": q})
    return Formula(
        "minkowski", "number", lambda y, f: np.abs(y - f) ** q,
        lambda y, f: q * np.abs(y - f) ** (q - 1) * np.sign(f - y), bend, parameters={"q": q},
        wider=wider if q < 2 else None,
    )  # fmt: skip


# ---- deviances ---------------------------------------------------------------------------------------------


def _distance(y, f):
    """log(mean / y); f where y is zero."""
    return f - np.log(np.where(y > 0, y, 1.0))


def poisson():
    def value(y, f):
        d = _distance(y, f)
        return np.where(y > 0, y * (np.expm1(d) - d), np.exp(f))

    return Formula(
        "poisson", "count", value, lambda y, f: np.exp(f) - y, lambda y, f: np.exp(f), falls_for_ever="zero"
    )


def gamma():
    def value(y, f):
        d = _distance(y, f)
        return np.expm1(-d) + d

    return Formula(
        "gamma", "positive", value, lambda y, f: -np.expm1(-_distance(y, f)), lambda y, f: np.exp(-_distance(y, f))
    )


def tweedie(power):
    p = power
    if p in (1, 2):
        same = poisson() if p == 1 else gamma()
        return Formula(
            "tweedie", same.target, same.value, same.slope, same.bend, parameters={"power": p},
            falls_for_ever=same.falls_for_ever,
        )  # fmt: skip

    def value(y, f):
        d = _distance(y, f)
        above = np.expm1((1 - p) * d) / (p - 1) + np.expm1((2 - p) * d) / (2 - p)
        return np.where(y > 0, y ** (2 - p) * above, np.exp((2 - p) * f) / (2 - p))

    def slope(y, f):
        return np.exp((2 - p) * f) - y * np.exp((1 - p) * f)

    def bend(y, f):
        return (2 - p) * np.exp((2 - p) * f) + (p - 1) * y * np.exp((1 - p) * f)

    return Formula(
        "tweedie", "amount", value, slope, bend, parameters={"power": p}, falls_for_ever="zero"
    )


def negative_binomial(theta):
    t = theta

    def value(y, f):
        raw, odds = f + np.log(t), t * y
        success = y * (np.logaddexp(0, -raw) - np.log1p(1 / np.where(y > 0, odds, 1.0)))
        return success + (np.logaddexp(0, raw) - np.log1p(odds)) / t

    def slope(y, f):
        raw = f + np.log(t)
        return expit(raw) / t - y * expit(-raw)

    def bend(y, f):
        raw = f + np.log(t)
        return (1 / t + y) * expit(raw) * expit(-raw)

    return Formula(
        "negative_binomial", "count", value, slope, bend, parameters={"theta": t}, falls_for_ever="zero"
    )


# ---- signs -------------------------------------------------------------------------------------------------


def log_loss():
    return Formula(
        "log_loss", "sign", lambda y, f: np.logaddexp(0, -y * f), lambda y, f: -y * expit(-y * f),
        lambda y, f: expit(f) * expit(-f), falls_for_ever="sign",
    )  # fmt: skip


def exponential():
    return Formula(
        "exponential", "sign", lambda y, f: np.exp(-y * f), lambda y, f: -y * np.exp(-y * f),
        lambda y, f: np.exp(-y * f), falls_for_ever="sign",
    )  # fmt: skip


def hinge():
    return Formula(
        "hinge", "sign", lambda y, f: np.maximum(0, 1 - y * f),
        parts=lambda y: (np.ones_like(y), y, [Part(1, 0, 1.0), Part(-1)]),
    )  # fmt: skip


def perceptron():
    return Formula(
        "perceptron", "sign", lambda y, f: np.maximum(0, -y * f),
        parts=lambda y: (np.zeros_like(y), y, [Part(1, 0, 1.0), Part(-1)]),
    )  # fmt: skip


def squared_hinge():
    def short(y, f):
        return np.maximum(0, 1 - y * f)

    return Formula(
        "squared_hinge", "sign", lambda y, f: short(y, f) ** 2, lambda y, f: -2 * y * short(y, f),
        lambda y, f: 2.0 * (short(y, f) > 0), lambda y: (np.ones_like(y), y, [Part(1, 2.0), Part(-1)]),
    )  # fmt: skip


def modified_huber():
    def short(y, f):
        return np.maximum(0, 1 - y * f)

    return Formula(
        "modified_huber", "sign", lambda y, f: np.where(y * f >= -1, short(y, f) ** 2, -4 * y * f),
        lambda y, f: -2 * y * np.minimum(short(y, f), 2), lambda y, f: 2.0 * (np.abs(y * f) < 1),
        lambda y: (np.ones_like(y), y, [Part(1, 2.0), Part(1, 0, 4.0), Part(-1)]),
    )  # fmt: skip


# ---- several raw predictions: y is a row of K numbers ------------------------------------------------------


def _softmax_bend(y, f):
    p = softmax(f, axis=1)
    return p[:, :, None] * np.eye(f.shape[1]) - p[:, :, None] * p[:, None, :]


def cross_entropy(label_smoothing=0.0, target="classes"):
    s = label_smoothing

    def smooth(y):
        return (1 - s) * y + s / y.shape[1]

    return Formula(
        "cross_entropy", target, lambda y, f: np.sum(smooth(y) * (logsumexp(f, axis=1, keepdims=True) - f), axis=1),
        lambda y, f: softmax(f, axis=1) - smooth(y), _softmax_bend, parameters={"label_smoothing": s},
        falls_for_ever="" if s else "rows",
    )  # fmt: skip


def kl_divergence():
    def value(y, f):
        return np.sum(xlogy(y, y) + y * (logsumexp(f, axis=1, keepdims=True) - f), axis=1)

    return Formula(
        "kl_divergence", "rows", value, lambda y, f: softmax(f, axis=1) - y, _softmax_bend, falls_for_ever="rows"
    )


def multilabel_log_loss():
    def bend(y, f):
        return (expit(f) * expit(-f) / f.shape[1])[:, :, None] * np.eye(f.shape[1])

    return Formula(
        "multilabel_log_loss", "labels", lambda y, f: np.mean(np.logaddexp(0, (1 - 2 * y) * f), axis=1),
        lambda y, f: (expit(f) - y) / f.shape[1], bend, falls_for_ever="labels",
    )  # fmt: skip


def multilabel_hinge():
    return Formula(
        "multilabel_hinge", "labels", lambda y, f: np.mean(np.maximum(0, 1 - (2 * y - 1) * f), axis=1)
    )


def multiclass_hinge():
    return Formula(
        "multiclass_hinge", "classes", lambda y, f: np.max(f + 1 - y, axis=1) - np.sum(y * f, axis=1)
    )


def weston_watkins():
    def value(y, f):
        return np.sum((1 - y) * np.maximum(0, 1 + f - np.sum(y * f, axis=1, keepdims=True)), axis=1)

    return Formula("weston_watkins", "classes", value)


def draw(rng, unit):
    """Draw a loss with parameters; `unit` is how far targets spread, which parameters in units of y go by.

    Returns
    -------
    dict of str to callable
        One for each convex loss of the catalogue; each call draws other parameters.
    """

    def size():
        return float(1.0 if rng.random() < 0.3 else unit * 10.0 ** rng.uniform(-2, 1.5))

    def share():
        return float(rng.choice([0.5, rng.uniform(0.02, 0.98)]))

    return {
        "squared_error": squared_error,
        "squared_log_error": squared_log_error,
        "expectile": lambda: expectile(share()),
        "absolute_error": absolute_error,
        "absolute_percentage_error": absolute_percentage_error,
        "pinball": lambda: pinball(share()),
        "epsilon_insensitive": lambda: epsilon_insensitive(float(rng.choice([0.0, 0.1, size()]))),
        "squared_epsilon_insensitive": lambda: squared_epsilon_insensitive(float(rng.choice([0.0, 0.1, size()]))),
        "huber": lambda: huber(size()),
        "smooth_pinball": lambda: smooth_pinball(share(), size()),
        "pseudo_huber": lambda: pseudo_huber(size()),
        "log_cosh": log_cosh,
        "fair": lambda: fair(size()),
        "minkowski": lambda: minkowski(float(rng.choice([1.0, 1.2, 1.5, 2.0, 3.0]))),
        "poisson": poisson,
        "gamma": gamma,
        "tweedie": lambda: tweedie(float(rng.choice([1.0, rng.uniform(1.01, 1.99), 1.5, 2.0]))),
        "negative_binomial": lambda: negative_binomial(float(10.0 ** rng.uniform(-3, 1))),
        "log_loss": log_loss,
        "exponential": exponential,
        "hinge": hinge,
        "perceptron": perceptron,
        "squared_hinge": squared_hinge,
        "modified_huber": modified_huber,
        "cross_entropy": lambda: cross_entropy(
            float(rng.choice([0.0, 0.0, rng.uniform(0.01, 0.3)])), str(rng.choice(["classes", "rows"]))
        ),
        "kl_divergence": kl_divergence,
        "multilabel_log_loss": multilabel_log_loss,
        "multilabel_hinge": multilabel_hinge,
        "multiclass_hinge": multiclass_hinge,
        "weston_watkins": weston_watkins,
    }  # fmt: skip
