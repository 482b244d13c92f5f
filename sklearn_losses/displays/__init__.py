"""Pictures: losses and trainings, forecasts and what they are worth, intervals of estimates.

Knows losses, what scores are made of, and estimators by their public methods. The only room that imports matplotlib,
and only when something is drawn.
"""

from ._axes import COLORS
from ._coverage import CoverageDisplay
from ._intervals import IntervalDisplay
from ._loss import LossDisplay
from ._murphy import MurphyDisplay
from ._parts import DecompositionDisplay
from ._pointwise import PointwiseLossDisplay
from ._quantile_path import QuantilePathDisplay
from ._reliability import ReliabilityDisplay
from ._training import LossCurveDisplay

__all__ = [
    "COLORS",
    "CoverageDisplay",
    "DecompositionDisplay",
    "IntervalDisplay",
    "LossCurveDisplay",
    "LossDisplay",
    "MurphyDisplay",
    "PointwiseLossDisplay",
    "QuantilePathDisplay",
    "ReliabilityDisplay",
]
