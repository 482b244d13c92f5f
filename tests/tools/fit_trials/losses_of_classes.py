"""The convex losses of two classes (y = -1 or +1), and of K raw predictions (y a row of K numbers), a second time."""

import numpy as np
from scipy.special import expit, logsumexp, softmax, xlogy

from .formula import Formula, Part

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
        "kl_divergence",
        "rows",
        value,
        lambda y, f: softmax(f, axis=1) - y,
        _softmax_bend,
        falls_for_ever="rows",
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
