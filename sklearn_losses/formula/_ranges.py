"""Where the values of a graph can lie: bounds, and whether there is a number at all.

Knows graphs and what the primitives do to intervals; knows nothing of rules or derivatives, which ask here whether
zero times something is zero, or whether a factor may overflow.

A primitive that has no row here may give anything: what asks then leaves the formula as it was written.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._graph import Node

_FAR = 700.0  # exp of more is infinite


class Range(NamedTuple):
    """Of the exact value of a node, for all finite inputs in their domains.

    Parameters
    ----------
    low, high : float
        Bounds; infinite where there are none.
    total : bool
        Whether it is a finite number for all inputs: no pole, and no argument outside of a domain.
    grows : bool
        Whether it may be too large for a float though the inputs are of ordinary size, as exp(f) may.
    """

    low: float
    high: float
    total: bool = True
    grows: bool = False

    @property
    def may_overflow(self) -> bool:
        """Whether it is infinite only because floats end."""
        return self.total and self.grows

    @property
    def has_pole(self) -> bool:
        """Whether it may be infinite because it has no number somewhere."""
        return not self.total and max(-self.low, self.high) == math.inf

    def __contains__(self, value) -> bool:
        return self.low <= value <= self.high

    def within(self, low: float, high: float = math.inf) -> bool:
        """Tell whether all its values are numbers of an interval."""
        return self.total and low <= self.low and self.high <= high


ANYTHING = Range(-math.inf, math.inf, total=False, grows=True)

# ---- what primitives do to intervals: from those of the arguments, bounds and whether there is a number --------


def _corners(function, a, b):
    """Bounds of a function that is monotone in each of two arguments; 0 · ∞ is 0."""
    values = [function(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    values = [0.0 if math.isnan(value) else value for value in values]
    return min(values), max(values), True


def _add(a, b):
    return a.low + b.low, a.high + b.high, True


def _subtract(a, b):
    return a.low - b.high, a.high - b.low, True


def _multiply(a, b):
    return _corners(lambda x, y: x * y, a, b)


def _divide(a, b):
    if 0.0 in b:
        return -math.inf, math.inf, False
    return _corners(lambda x, y: x / y, a, b)


def _abs(a):
    low = 0.0 if 0.0 in a else min(abs(a.low), abs(a.high))
    return low, max(abs(a.low), abs(a.high)), True


def _square(a):
    low, high, _ = _abs(a)
    return low * low, high * high, True


def _power(a, b):
    if b.low != b.high:
        return 0.0, math.inf, a.low > 0.0
    exponent = b.low
    if a.low > 0.0 or (a.low == 0.0 and exponent > 0.0):
        return _corners(np.float64.__pow__, *(Range(np.float64(r.low), np.float64(r.high)) for r in (a, b)))
    whole = exponent == math.floor(exponent) and exponent > 0.0
    return 0.0 if whole and exponent % 2 == 0.0 else -math.inf, math.inf, whole


def _extremum(choose):
    return lambda a, b: (choose(a.low, b.low), choose(a.high, b.high), True)


def _rising(function, low=-math.inf, closed=True):
    """Bounds of a rising function that is defined above `low`."""

    def bounds(a):
        inside = a.low > low or (closed and a.low == low)
        return (
            float(function(np.float64(max(a.low, low)))),
            float(function(np.float64(max(a.high, low)))),
            inside,
        )

    return bounds


def _between(low, high):
    return lambda *_: (low, high, True)


def _logit(a):
    inside = a.low > 0.0 and a.high < 1.0
    return -math.inf, math.inf, inside


def _xlogy(a, b):
    low, high, inside = _rising(np.log, 0.0, closed=False)(b)
    return *_multiply(a, Range(low, high))[:2], inside


def _either(a, b):
    return min(a.low, b.low), max(a.high, b.high), True


def _sum(a):
    return 0.0 if a.low >= 0.0 else -math.inf, 0.0 if a.high <= 0.0 else math.inf, True


def _same(a, *_):
    return a.low, a.high, True


_TRUTH = _between(0.0, 1.0)
_BOUNDS: dict[str, Callable[..., tuple[float, float, bool]]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "product": _multiply,
    "divide": _divide,
    "negative": lambda a: (-a.high, -a.low, True),
    "abs": _abs,
    "sign": _between(-1.0, 1.0),
    "square": _square,
    "sqrt": _rising(np.sqrt, 0.0),
    "cbrt": _rising(np.cbrt),
    "hypot": lambda a, b: (max(_abs(a)[0], _abs(b)[0]), math.inf, True),
    "power": _power,
    "minimum": _extremum(min),
    "maximum": _extremum(max),
    "exp": _rising(np.exp),
    "expm1": _rising(np.expm1),
    "log": _rising(np.log, 0.0, closed=False),
    "log1p": _rising(np.log1p, -1.0, closed=False),
    "xlogy": _xlogy,
    "logaddexp": lambda a, b: (max(a.low, b.low), math.inf, True),
    "softplus": _rising(lambda a: np.logaddexp(0.0, a)),
    "expit": _rising(lambda a: 1.0 / (1.0 + np.exp(-a))),
    "logit": _logit,
    "sinh": _rising(np.sinh),
    "cosh": _between(1.0, math.inf),
    "tanh": _rising(np.tanh),
    "sin": _between(-1.0, 1.0),
    "cos": _between(-1.0, 1.0),
    "arctan": _rising(np.arctan),
    "where": lambda _, a, b: _either(a, b),
    "sum": _sum,
    "norm": _between(0.0, math.inf),
    "max": _same,
    "logsumexp": lambda a: (a.low, math.inf, True),
    "gather": _same,
    "count": _between(1.0, math.inf),
    "expand": _same,
    "softmax": _between(0.0, 1.0),
}
_GROW = {"exp", "expm1", "sinh", "cosh"}


def _of_arguments(node, arguments):
    """Return the range of a node from those of its arguments."""
    name = node.primitive.name
    bounds = _TRUTH if node.boolean else _BOUNDS.get(name)
    if bounds is None:
        return ANYTHING
    low, high, inside = bounds(*arguments)
    if math.isnan(low) or math.isnan(high):  # the difference of infinite constants
        return ANYTHING
    grows = any(a.grows for a in arguments)
    if name in _GROW:
        grows = grows or max(arguments[0].high, -arguments[0].low if name in ("sinh", "cosh") else 0.0) > _FAR
    if name == "power":
        grows = grows or arguments[1].low != arguments[1].high
    if math.isfinite(low) and math.isfinite(high):
        grows = False
    return Range(low, high, inside and all(a.total for a in arguments), grows)


def range_of(node: Node) -> Range:
    """Return where the values of a node can lie."""
    stack = [node]
    while stack:
        current = stack[-1]
        if current.range is None:
            unknown = [argument for argument in current.arguments if argument.range is None]
            if unknown:
                stack.extend(unknown)
                continue
            object.__setattr__(current, "range", _first(current))
        stack.pop()
    return node.range


def _first(node):
    if node.is_constant:
        return Range(node.value, node.value, total=math.isfinite(node.value))
    if node.primitive is None:
        return Range(*node.domain)
    with np.errstate(all="ignore"):
        return _of_arguments(node, [argument.range for argument in node.arguments])
