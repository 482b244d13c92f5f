"""What an oracle knows of a loss.

Nothing of the library: an oracle does not ask whom it judges.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


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
    """Along which directions it falls for ever: 'sign' (the right side), 'zero' (down, if y = 0), 'rows', 'labels'."""
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
