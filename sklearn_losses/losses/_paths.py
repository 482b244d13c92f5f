"""Paths through predictions along which a loss can be drawn: one function a kind of y.

Knows links, targets and shapes; knows nothing of pictures. A kind of loss names its own as ``_path``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..formula import derivative, evaluate, trace, variable
from ..links import REAL, UNIT, WITHIN_UNIT, Interval

N_CLASSES = 3
"""Of the samples that show a loss of several classes."""


@dataclass(frozen=True)
class Path:
    """A curve t ↦ raw prediction, for a fixed observation.

    Parameters
    ----------
    loss : Loss
    axis : str
        What t is. Losses whose paths have the same axis can be drawn beside each other.
    limits : tuple of float
        Where t is worth looking at.
    at : callable
        Gives for an array t of shape (n,) the observations, the raw predictions, and their derivative by t.
    domain : Interval, default=REAL
        Where t may be.
    """

    loss: Any
    axis: str
    limits: tuple[float, float]
    at: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, Any]]
    domain: Interval = REAL

    def value(self, t):
        """Return the loss along the path, of shape (n,)."""
        y, raw, _ = self.at(t)
        return self.loss.pointwise(y, self.loss.link.prediction(raw))

    def slope(self, t):
        """Return the derivative of the loss by t, of shape (n,)."""
        y, raw, tangent = self.at(t)
        slopes = self.loss.gradient(y, raw) * tangent
        return slopes if slopes.ndim == 1 else slopes.sum(axis=1)


def of_number(loss, scale, y):
    """Vary the prediction of a number; where only residuals count, the residual."""
    identity = loss.link.name == "identity"
    if y is None and identity and _shifts(loss):
        return Path(loss, "prediction − y", (-3.0, 3.0), lambda t: (np.zeros_like(t), t, 1.0))
    y = 1.0 if y is None else float(y)
    if identity or scale == "raw":
        axis = "prediction" if identity else f"raw prediction ({loss.link.name} of the prediction)"
        middle = y if identity else float(loss.link.link(y)) if y in loss.link.predictions else 0.0
        limits = middle - 3.0, middle + 3.0
        return Path(loss, f"{axis}, y = {y:g}", limits, lambda t: (np.full_like(t, y), t, 1.0))
    f = variable("f")
    tangent = derivative(trace(loss.link.link, f), f)
    low = loss.link.predictions.low
    width = max(abs(y - low), 1.0)

    def at(t):
        return np.full_like(t, y), loss.link.link(t), evaluate([tangent], {"f": t}, np)[0]

    limits = low + 0.4 * width, low + 4.0 * width
    return Path(loss, f"prediction, y = {y:g}", limits, at, loss.link.predictions)


def _shifts(loss):
    """Tell whether the loss depends on y - f alone."""
    r = np.linspace(-2.9, 3.1, 13)
    at_zero, shifted = loss.pointwise(np.zeros(13), r), loss.pointwise(np.full(13, 1.5), r + 1.5)
    return np.allclose(at_zero, shifted, rtol=1e-9, atol=1e-12)


def of_two_classes(loss, scale, y):
    """Vary the margin, or the probability of the class that was observed."""
    if y not in (None, 0, 1):
        raise ValueError(f"y_true must be 1 or 0 for a loss of two classes, got {y!r}.")
    sign = -1.0 if y == 0 else 1.0

    def observed(t):
        return np.full(len(t), 0.5 * (sign + 1.0))

    if scale == "prediction" and loss.link.predictions == UNIT:
        return Path(
            loss,
            "predicted probability of the observed class",
            (0.05, 0.995),
            lambda t: (observed(t), sign * loss.link.link(t), sign / (t * (1.0 - t))),
            WITHIN_UNIT,
        )
    return Path(loss, "margin y·f", (-3.0, 3.0), lambda t: (observed(t), sign * t, sign))


def of_classes(loss, scale, y):
    """Vary what is predicted of the true class; the others share the rest."""
    _refuse(loss, y)
    others = N_CLASSES - 1

    def observed(t):
        return np.tile([1.0] + others * [0.0], (len(t), 1))

    def row(first, rest):
        return np.column_stack([first] + others * [rest])

    if scale == "prediction" and loss.link.predictions == UNIT:

        def at_probability(t):
            raw = row(np.log(t), np.log((1.0 - t) / others))
            return observed(t), raw, row(1.0 / t, -1.0 / (1.0 - t))

        axis = f"predicted probability of the true class, of {N_CLASSES}"
        return Path(loss, axis, (0.05, 0.995), at_probability, WITHIN_UNIT)

    def at(t):
        zero = np.zeros_like(t)
        return observed(t), row(t, zero), row(np.ones_like(t), zero)

    axis = f"raw prediction of the true class, of {N_CLASSES}; the others: 0"
    return Path(loss, axis, (-3.0, 3.0), at)


def of_labels(loss, scale, y):
    """Vary the raw prediction of one label that holds."""
    _refuse(loss, y)
    axis = "raw prediction of a label that holds"
    return Path(loss, axis, (-3.0, 3.0), lambda t: (np.ones((len(t), 1)), t[:, None], 1.0))


def of_vectors(loss, scale, y):
    """Turn a unit vector away from another."""
    _refuse(loss, y)

    def at(t):
        x = np.column_stack([np.cos(t), np.sin(t)])
        return np.tile([1.0, 0.0], (len(t), 1)), x, x[:, ::-1] * [-1.0, 1.0]

    return Path(loss, "angle between the vectors, in radians", (0.0, np.pi), at)


def of_moments(loss, scale, y):
    """Vary the mean; the variance is 1."""
    _refuse(loss, y)

    def at(t):
        one = np.ones_like(t)
        return np.zeros_like(t), np.column_stack([t, one]), np.column_stack([one, 0.0 * one])

    return Path(loss, "predicted mean − y, at variance 1", (-3.0, 3.0), at)


def _refuse(loss, y):
    if y is not None:
        raise ValueError(f"y_true is for losses of numbers and of two classes; {loss!r} is neither.")
