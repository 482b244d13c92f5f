"""How sure: intervals of scores, comparisons of forecasts and models, standard errors of coefficients.

Knows losses by their values and derivatives; knows nothing of how models are fitted.
"""

from .._table import Table
from ._coefficients import CoefficientTable
from ._comparison import ComparisonTable, compare, compare_cv
from ._intervals import ScoreInterval, ScoreTable, score_interval

__all__ = [
    "CoefficientTable",
    "ComparisonTable",
    "ScoreInterval",
    "ScoreTable",
    "Table",
    "compare",
    "compare_cv",
    "score_interval",
]
