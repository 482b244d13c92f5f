"""The formula engine: from NumPy expressions to values, derivatives and programs.

Knows arrays and symbols, nothing of losses or estimators. Of its names, users need `logsumexp` and
`softmax` (to write formulas) and `FormulaError` (what a formula that cannot be traced raises).
"""

from . import _simplify  # noqa: F401  its rules register themselves
from ._compile import compile_program
from ._derivative import derivative
from ._evaluate import evaluate
from ._graph import SCALAR, VECTOR, Node, apply, constant, substitute, variable
from ._primitives import PRIMITIVES
from ._program import Program
from ._trace import Symbol, logsumexp, softmax, trace
from ._vocabulary import FormulaError

__all__ = [
    "PRIMITIVES",
    "SCALAR",
    "VECTOR",
    "FormulaError",
    "Node",
    "Program",
    "Symbol",
    "apply",
    "compile_program",
    "constant",
    "derivative",
    "evaluate",
    "logsumexp",
    "softmax",
    "substitute",
    "trace",
    "variable",
]
