"""One loss, written once in plain NumPy, is a metric, a scorer and a training objective."""

from .displays import (
    CoverageDisplay,
    DecompositionDisplay,
    LossCurveDisplay,
    LossDisplay,
    MurphyDisplay,
    PointwiseLossDisplay,
    QuantilePathDisplay,
    ReliabilityDisplay,
)
from .formula import FormulaError, logsumexp, softmax
from .inference import compare, compare_cv, score_interval
from .linear_model import LinearClassifier, LinearRegressor, SGDClassifier, SGDRegressor
from .losses import *
from .losses import __all__ as _losses
from .metrics import decomposition, get_scorer, get_scorer_names

__version__ = "0.1.0"
__all__ = sorted(
    [
        *_losses,
        "CoverageDisplay",
        "DecompositionDisplay",
        "FormulaError",
        "LinearClassifier",
        "LinearRegressor",
        "LossCurveDisplay",
        "LossDisplay",
        "MurphyDisplay",
        "PointwiseLossDisplay",
        "QuantilePathDisplay",
        "ReliabilityDisplay",
        "SGDClassifier",
        "SGDRegressor",
        "compare",
        "compare_cv",
        "decomposition",
        "get_scorer",
        "get_scorer_names",
        "logsumexp",
        "score_interval",
        "softmax",
    ]
)
