"""Pictures: losses and their derivatives, the course of a training, intervals of estimates.

Knows losses, and estimators by their fitted attributes. The only room that imports matplotlib, and only when
something is drawn.
"""

from ._axes import COLORS
from ._intervals import IntervalDisplay
from ._loss import LossDisplay
from ._training import LossCurveDisplay

__all__ = ["COLORS", "IntervalDisplay", "LossCurveDisplay", "LossDisplay"]
