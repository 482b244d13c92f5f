"""Simplification: rules that replace an operation, while it is built, by one that is cheaper or more exact.

Knows the algebra of the primitives; a graph computes the same without these rules. Each returns the
simpler node, or None. Many of them serve accuracy: ``log(1 + exp(x))`` becomes softplus, ``1 - expit(x)``
becomes ``expit(-x)``; others undo a link, so that the log loss of a probability costs one logarithm.

Wherever the formula as written gives a finite number, so does its simplification, the same to rounding or a
more exact one, but for the logarithm of softmax, which comes out as exact as the raw predictions, not as its
result. And where it gives infinity or NaN, so does its simplification, unless floats alone are to blame: 0 · x is
0, exp(log x) is x, Σ onehot · v looks at one output, only where `_ranges.py` sees that x is never a pole, negative,
NaN; 0 · exp(f) is 0, for all f.

What is given up, knowingly:

- The sign of a zero: x + 0, 0 - x, -(x - y), x ** 0.5; and (-inf) ** 0.5 is NaN.
- xlogy(0, exp x), and the same of expit and softmax, is NaN where x overflows, where 0 · log 0 was 0.
- Products may overflow or vanish earlier or later, as their numbers come to the front and out of sums.
"""

import math

from ._graph import Node, apply, constant, op, rule
from ._primitives import BY_NAME, ELEMENTWISE
from ._ranges import range_of


def _is(node, value):
    return node.is_constant and node.value == value


def _either_order(name, a, b):
    """Return the node of an operation that commutes: constants first, then by age."""
    a, b = sorted((a, b), key=lambda node: (not node.is_constant, node.serial))
    return Node(BY_NAME[name], (a, b), rank=max(a.rank, b.rank))


@rule("add")
def _add(a, b):
    if b.is_constant:
        a, b = b, a
    if _is(a, 0.0):
        return b
    if b.is_("negative"):
        return a - b.arguments[0]
    if a.is_("negative"):
        return b - a.arguments[0]
    if a is b:
        return 2.0 * a
    return _either_order("add", a, b)


@rule("subtract")
def _subtract(a, b):
    if _is(b, 0.0):
        return a
    if _is(a, 0.0):
        return -b
    if b.is_("negative"):
        return a + b.arguments[0]
    if a.is_("xlogy") and b.is_("multiply") and a.arguments[0] in b.arguments:  # y log u - y log v
        other = b.arguments[1 if b.arguments[0] is a.arguments[0] else 0]
        if other.is_("log"):
            return op.xlogy(a.arguments[0], a.arguments[1] / other.arguments[0])
    if _is(a, 1.0) and b.is_("expit"):  # 1 - expit(x), without its cancellation
        return op.expit(-b.arguments[0])
    return None


@rule("multiply")
def _multiply(a, b):
    if b.is_constant:
        a, b = b, a
    if a.is_constant:
        if a.value == 0.0:  # not where it would hide infinity or NaN
            return a if range_of(b).total else _either_order("multiply", a, b)
        if a.value == 1.0:
            return b
        if a.value == -1.0:
            return -b
        if b.is_("negative"):
            return -a.value * b.arguments[0]
        if b.is_("multiply") and b.arguments[0].is_constant:
            both = a.value * b.arguments[0].value
            if 1e-150 < abs(both) < 1e150:
                return both * b.arguments[1]
            return _either_order("multiply", a, b)
    if a.is_("negative"):
        return -(a.arguments[0] * b)
    if b.is_("negative"):
        return -(a * b.arguments[0])
    if b.is_("multiply") and b.arguments[0].is_constant:  # numbers come to the front
        return b.arguments[0] * (a * b.arguments[1])
    if a.is_("multiply") and a.arguments[0].is_constant:
        return a.arguments[0] * (a.arguments[1] * b)
    if a.is_("abs") and b.is_("sign") and a.arguments == b.arguments:
        return a.arguments[0]
    if a.is_("sign") and b.is_("abs") and a.arguments == b.arguments:
        return a.arguments[0]
    if a is b:
        return op.square(a)
    return _either_order("multiply", a, b)


@rule("product")
def _product(a, b):
    if _is(a, 0.0) or _is(b, 0.0):
        return constant(0.0)
    if a.is_constant or b.is_constant:
        return a * b
    if a.is_("negative"):
        return -op.product(a.arguments[0], b)
    if b.is_("negative"):
        return -op.product(a, b.arguments[0])
    for one, other in ((a, b), (b, a)):  # numbers come to the front
        if one.is_("multiply") and one.arguments[0].is_constant:
            return one.arguments[0] * op.product(one.arguments[1], other)
    return _either_order("product", a, b)


@rule("divide")
def _divide(a, b):
    if _is(b, 1.0) or (_is(a, 0.0) and range_of(b).total and 0.0 not in range_of(b)):
        return a
    if a.is_("negative"):
        return -(a.arguments[0] / b)
    if b.is_("add") and _is(b.arguments[0], 1.0) and b.arguments[1].is_("exp"):
        growth = b.arguments[1]
        if _is(a, 1.0):
            return op.expit(-growth.arguments[0])
        if a is growth:
            return op.expit(growth.arguments[0])
    return None


@rule("negative")
def _negative(a):
    if a.is_("negative"):
        return a.arguments[0]
    if a.is_("subtract"):
        return a.arguments[1] - a.arguments[0]
    if a.is_("multiply") and a.arguments[0].is_constant:
        return -a.arguments[0].value * a.arguments[1]
    return None


@rule("power")
def _power(a, b):
    if b.is_constant:
        special = {
            0.0: lambda: constant(1.0),
            1.0: lambda: a,
            2.0: lambda: op.square(a),
            0.5: lambda: op.sqrt(a),
            3.0: lambda: a * op.square(a),
            4.0: lambda: op.square(op.square(a)),
            -1.0: lambda: 1.0 / a,
            -2.0: lambda: 1.0 / op.square(a),
        }.get(b.value)
        return special() if special else None
    return None


def _of_magnitude(name):
    """The same for x, -x and |x|."""

    @rule(name)
    def even(a):
        return apply(name, a.arguments[0]) if a.is_("negative") or a.is_("abs") else None


for _name in ("abs", "square", "cosh"):
    _of_magnitude(_name)


@rule("where")
def _where(condition, a, b):
    if condition.is_constant:
        return a if condition.value != 0.0 else b
    if a is b:
        return a
    if condition.is_("logical_not"):
        return op.where(condition.arguments[0], b, a)
    return None


def _undoes(name, inverse, low=-math.inf, high=math.inf):
    """Register what undoes a function: where that is defined from `low` to `high`."""

    @rule(name)
    def undo(a):
        return a.arguments[0] if a.is_(inverse) and _within(a.arguments[0], low, high) else None


def _within(node, low, high=math.inf):
    return (low == -math.inf and high == math.inf) or range_of(node).within(low, high)


def _logarithm_in(a):
    """Return what stands in a logarithm, where that is of numbers that have one, or None."""
    return a.arguments[0] if a.is_("log") and _within(a.arguments[0], 0.0) else None


@rule("sqrt")
def _sqrt(a):
    return op.abs(a.arguments[0]) if a.is_("square") else None


_undoes("expm1", "log1p", low=-1.0)
_undoes("logit", "expit")


@rule("exp")
def _exp(a):
    """Give back what stood in a logarithm."""
    factor, inner = 1.0, a
    if a.is_("negative"):
        factor, inner = -1.0, a.arguments[0]
    elif a.is_("multiply") and a.arguments[0].is_constant:
        factor, inner = a.arguments[0].value, a.arguments[1]
    base = _logarithm_in(inner)
    return None if base is None else op.power(base, factor)


@rule("log")
def _log(a):
    if a.is_("exp"):
        return a.arguments[0]
    if a.is_("expit"):
        return -op.softplus(-a.arguments[0])
    if a.is_("softmax"):
        return a.arguments[0] - op.logsumexp(a.arguments[0])
    if a.is_("add") and _is(a.arguments[0], 1.0):
        return op.log1p(a.arguments[1])
    if a.is_("subtract") and _is(a.arguments[0], 1.0):
        return op.log1p(-a.arguments[1])
    return None


@rule("log1p")
def _log1p(a):
    if a.is_("exp"):
        return op.softplus(a.arguments[0])
    if a.is_("expm1"):
        return a.arguments[0]
    if a.is_("negative") and a.arguments[0].is_("expit"):
        return -op.softplus(a.arguments[0].arguments[0])
    return None


@rule("softplus")
def _softplus(a):
    odds = _logarithm_in(a)
    if odds is not None:
        return op.log1p(odds)
    if a.is_("add") and a.arguments[0].is_constant:
        odds = _logarithm_in(a.arguments[1])
        return None if odds is None else op.log1p(op.exp(a.arguments[0]) * odds)
    if a.is_("logit") and _within(a.arguments[0], 0.0, 1.0):
        return -op.log1p(-a.arguments[0])
    if a.is_("negative") and a.arguments[0].is_("logit") and _within(a.arguments[0].arguments[0], 0.0, 1.0):
        return -op.log(a.arguments[0].arguments[0])
    return None


@rule("expit")
def _expit(a):
    if a.is_("logit") and _within(a.arguments[0], 0.0, 1.0):
        return a.arguments[0]
    if a.is_("negative") and a.arguments[0].is_("logit") and _within(a.arguments[0].arguments[0], 0.0, 1.0):
        return 1.0 - a.arguments[0].arguments[0]
    return None


@rule("logaddexp")
def _logaddexp(a, b):
    if _is(a, 0.0):
        return op.softplus(b)
    if _is(b, 0.0):
        return op.softplus(a)
    return None


@rule("xlogy")
def _xlogy(a, b):
    if a.is_("onehot") and b is a:  # 1 log 1 = 0 log 0 = 0
        return constant(0.0)
    if (b.is_("exp") or b.is_("expit") or b.is_("softmax")) and range_of(
        b
    ).total:  # never 0, but for underflow
        return a * op.log(b)
    return None


@rule("logsumexp")
def _logsumexp(v):
    inner = _logarithm_in(v)
    return None if inner is None else op.log(op.sum(inner))


@rule("softmax")
def _softmax(v):
    inner = _logarithm_in(v)
    return None if inner is None else inner / op.sum(inner)


@rule("expand")
def _expand(a):
    return a if a.is_constant else None


@rule("max")
def _max(v):
    return v if v.is_constant else None


@rule("sum")
def _sum(v):
    if v.is_constant:
        return op.count() * v.value
    if v.is_("negative"):
        return -op.sum(v.arguments[0])
    if v.is_("expand"):
        return op.count() * v.arguments[0]
    if v.is_("multiply"):
        a, b = v.arguments
        if a.is_constant:
            return a * op.sum(b)
        for one, other in ((a, b), (b, a)):
            if one.is_("onehot") and range_of(other).total:
                return op.gather(other, one.arguments[0])
            if one.is_("expand"):
                return one.arguments[0] * op.sum(other)
    if v.is_("xlogy") and v.arguments[0].is_("onehot") and range_of(v.arguments[1]).total:
        return op.gather(op.log(v.arguments[1]), v.arguments[0].arguments[0])
    if v.is_("onehot"):
        return constant(1.0)
    return None


@rule("gather")
def _gather(v, label):
    """Look the label up as early as possible, so that one output is computed and not K."""
    if v.is_constant:
        return v
    if v.is_("expand"):
        return v.arguments[0]
    if v.is_("onehot") and v.arguments[0] is label:
        return constant(1.0)
    if v.primitive is not None and v.primitive.kind == ELEMENTWISE:
        return apply(v.primitive.name, *(op.gather(a, label) for a in v.arguments))
    return None
