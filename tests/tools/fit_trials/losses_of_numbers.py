"""The convex losses of numbers, amounts and counts, written a second time in plain NumPy.

Scales are those of training: half the squared error, half the deviances.
"""

import numpy as np
from scipy.special import expit

from .formula import Formula, Part

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
        return Formula(
            "minkowski", "number", absolute_error().value, parts=absolute_error().parts, parameters={"q": q}
        )
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
        "gamma",
        "positive",
        value,
        lambda y, f: -np.expm1(-_distance(y, f)),
        lambda y, f: np.exp(-_distance(y, f)),
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

    return Formula("tweedie", "amount", value, slope, bend, parameters={"power": p}, falls_for_ever="zero")


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
