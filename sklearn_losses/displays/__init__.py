"""Pictures: losses and their derivatives, and the course of a training.

Knows losses, and estimators by their fitted attributes. The only room that imports matplotlib, and only when
something is drawn.
"""

from ._axes import COLORS
from ._loss import LossDisplay
from ._training import LossCurveDisplay

__all__ = ["COLORS", "LossCurveDisplay", "LossDisplay"]
