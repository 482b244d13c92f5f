"""Where fits begin whose loss is not convex, or may not be.

The best constant may lie where the loss is flat: |y - p| is best predicted by the majority, for certain, and there
every slope is zero. So constants are kept where slopes live, and the minimum of a convex loss of the same data is one
more point to begin at. Knows losses and problems; nothing of how they are solved.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..losses import CrossEntropy, Huber, LogLoss, Loss, MultilabelLogLoss, Poisson
from ._targets import Problem

FARTHEST = 2.0
"""Raw predictions of classes that are no farther from zero have probabilities from 0.12 to 0.88."""


def constant_with_slopes(loss: Loss, constant: Any) -> Any:
    """Return the best constant, or one nearer to zero: where a loss of classes that is not known to be convex bends."""
    if loss.convex is True or loss.target_kind in ("number", "vector"):
        return constant
    return np.clip(constant, -FARTHEST, FARTHEST)


def convex_stand_in(loss: Loss, problem: Problem, spread: float) -> tuple[Loss, np.ndarray] | None:
    """Return a convex loss for the same data, and y as its programs take it; None if none is known.

    Parameters
    ----------
    loss : Loss
        That is not convex.
    problem : Problem
        Its data.
    spread : float
        How far numbers lie apart.
    """
    y = problem.y
    stand_ins: dict[str, Callable[[], tuple[Loss, np.ndarray]]] = {
        "sign": lambda: (LogLoss(), (y == max(loss.binary_values)).astype(np.float64)),
        "probability": lambda: (LogLoss(), y),
        "classes": lambda: (CrossEntropy(), y),
        "indicator": lambda: (MultilabelLogLoss(), y),
    }
    if loss.target_kind == "number" and loss.link.name == "identity":
        return Huber(delta=spread), y
    if loss.target_kind == "number" and loss.link.name == "log" and y.min() >= 0.0 < y.max():
        return Poisson(), y
    stand_in = stand_ins.get(loss.target_kind)
    return None if stand_in is None else stand_in()
