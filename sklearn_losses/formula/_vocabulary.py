"""What NumPy and SciPy call the operations of a formula.

Knows which of their functions are primitives, or short formulas of primitives, and what to say to those who
write something else; knows nothing of symbols, derivatives or losses.
"""

import difflib
import math
from collections.abc import Callable

import numpy as np

from ._graph import SCALAR, Node, apply, op
from ._primitives import ELEMENTWISE, PRIMITIVES
from ._ranges import range_of

PRIMITIVE_OF = {name: p.name for p in PRIMITIVES if p.kind == ELEMENTWISE for name in p.numpy}


def _ignoring_nan(name):
    """The larger or the smaller of two values, or the one of them that is a number, as np.fmax and np.fmin have it."""

    def extremum(a, b):
        result = apply(name, a, b)
        for one, other in ((a, b), (b, a)):
            result = result if range_of(one).total else op.where(op.not_equal(one, one), other, result)
        return result

    return extremum


def _xlog1py(a, b):
    infinite = op.logical_or(op.less_equal(b, -1.0), op.equal(b, math.inf))
    nothing = op.logical_and(op.equal(a, 0.0), infinite)  # elsewhere a may move away from zero
    return op.where(nothing, 0.0, a * op.log1p(b))


def _unless_negative(a, result, otherwise):
    """Choose infinity for numbers below zero, as SciPy's entropies do."""
    return result if range_of(a).within(0.0) else op.where(op.less(a, 0.0), otherwise, result)


def _rel_entr(a, b):
    result = op.xlogy(a, a) - op.xlogy(a, b)
    for one in (a, b):
        result = _unless_negative(one, result, math.inf)
    return result


# NumPy and SciPy functions that are short formulas of primitives.
FORMULA_OF: dict[str, Callable[..., Node]] = {
    "greater": lambda a, b: op.less(b, a),
    "greater_equal": lambda a, b: op.less_equal(b, a),
    "logical_xor": lambda a, b: op.not_equal(op.logical_not(a), op.logical_not(b)),
    "bitwise_xor": lambda a, b: op.not_equal(a, b),
    "positive": lambda a: a,
    "reciprocal": lambda a: 1.0 / a,
    "fmax": _ignoring_nan("maximum"),
    "fmin": _ignoring_nan("minimum"),
    "exp2": lambda a: op.power(2.0, a),
    "log2": lambda a: op.log(a) / np.log(2.0),
    "log10": lambda a: op.log(a) / np.log(10.0),
    "heaviside": lambda a, b: op.where(op.equal(a, 0.0), b, 0.5 * (1.0 + op.sign(a))),
    "log_expit": lambda a: -op.softplus(-a),
    "xlog1py": _xlog1py,
    "entr": lambda a: _unless_negative(a, -op.xlogy(a, a), -math.inf),
    "rel_entr": _rel_entr,
    "kl_div": lambda a, b: _rel_entr(a, b) - a + b,
    "huber": lambda delta, r: op.where(
        op.less_equal(op.abs(r), delta), 0.5 * op.square(r), delta * (op.abs(r) - 0.5 * delta)
    ),
    "pseudo_huber": lambda delta, r: op.square(r) / (1.0 + op.sqrt(1.0 + op.square(r / delta))),
}
_ON_TRUTH = {"bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_invert", "invert"}
REDUCTION_OF = {"add": "sum", "maximum": "max", "logaddexp": "logsumexp"}


_REDUCTIONS: dict[str, Callable[[Node], Node]] = {
    "sum": op.sum,
    "mean": lambda v: op.sum(v) / op.count(),
    "max": op.max,
    "min": lambda v: -op.max(-v),
    "logsumexp": op.logsumexp,
    "softmax": op.softmax,
    "linalg.norm": op.norm,
}
_OTHERS = {"where", "clip", "select", "zeros_like", "ones_like", "full_like"}


class FormulaError(TypeError):
    """A formula does something that cannot be traced; the message says what to write instead."""


def unknown(name):
    """Return the error of a function that no formula can use."""
    names = {*PRIMITIVE_OF, *FORMULA_OF, *_REDUCTIONS, *_OTHERS} - {"logsumexp", "softmax"}
    known = sorted(name for name in names if not name.startswith(("bitwise_", "true_")))
    similar = difflib.get_close_matches(name.rpartition(".")[2], known, n=3, cutoff=0.75)
    hint = f" Did you mean {' or '.join(similar)}?" if similar else ""
    return FormulaError(
        f"A formula cannot use {name}: it is not among the operations that can be differentiated and "
        f"compiled.{hint} Known are the operators + - * / ** abs < <= > >= == != & | ^ ~, "
        f"logsumexp and softmax of sklearn_losses.formula, and, of NumPy and scipy.special: {', '.join(known)}."
    )


def is_truth(node):
    """Tell whether a node is true or false, or 1 or 0, whatever comes in."""
    return (
        node.boolean
        or node.value in (0.0, 1.0)
        or (node.is_("where") and all(map(is_truth, node.arguments[1:])))
    )


def elementwise(name, *arguments):
    """Return the node of a function of NumPy or SciPy, by its name."""
    if name in _ON_TRUTH and not all(map(is_truth, arguments)):
        raise FormulaError(
            f"& | ^ ~ join what is true or false, but came to {', '.join(map(repr, arguments))}. Put "
            f"comparisons into parentheses: (y > 0) & (f < 1)."
        )
    if name in PRIMITIVE_OF:
        return apply(PRIMITIVE_OF[name], *arguments)
    if name in FORMULA_OF:
        return FORMULA_OF[name](*arguments)
    raise unknown(name)


def reduction(name, node, axis):
    """Return the node of a reduction of the outputs of a sample to one number."""
    if node.rank == SCALAR:
        raise FormulaError(
            f"{name} of {node!r}, which is one number a sample. A formula is written for one sample: "
            f"only values with several outputs can be reduced; the mean over samples follows by itself."
        )
    if axis not in (-1, (-1,)):
        raise FormulaError(
            f"{name} of {node!r} over axis={axis!r}: a formula is written for one sample, and the only "
            f"axis that it can reduce is that of the outputs. Write axis=-1."
        )
    return _REDUCTIONS[name](node)
