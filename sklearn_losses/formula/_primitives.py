"""The one table of primitive operations: everything that a formula can be made of.

Knows how each operation is computed and differentiated; knows nothing of graphs, losses or NumPy
(the build reads this file to write the interpreter, so it imports only the standard library).

A row holds

``numpy``
    The names of the NumPy and SciPy functions that record this operation.
``scalar``
    What it computes, as a C expression of `a`, `b`, `c`. The build turns it into the cases of the
    interpreter (see ``_write_opcodes.py``); the position of the row in the table is its opcode.
    Operations that mix a sample's outputs have none: the interpreter holds their loops by name.
``array``
    The same for whole arrays, written against the array API standard: ``array(xp, *arrays)``. Those that
    make K outputs from none take an array of shape (n, K) as well, which tells K.
``derivative``
    ``derivative(op, u, r, *arguments)`` returns, for each argument, `u` times the partial derivative of
    the result `r` by that argument (for a reduction: one product an output, still to be summed). None
    where it is zero, or where ``_derivative.py`` treats the operation by its structure. `op` has every
    primitive as a function, and ``op.times(u, p)`` and ``op.over(u, d)`` for u · p and u / d where one
    factor vanishes though the other may be infinite. Where a derivative is zero by decree, zero is
    *selected*: `u` may be infinite.
``kind``
    ``"elementwise"``, or how the operation moves between the two ranks: one number a sample, and one
    number for each of a sample's K outputs.
"""

# ruff: noqa: E501  (one row of the table is one line)

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ELEMENTWISE = "elementwise"  # ranks of arguments and result agree
REDUCE = "reduce"  # K outputs -> one number
EXPAND = "expand"  # one number -> K outputs
COUNT = "count"  # nothing -> K itself
MIX = "mix"  # K outputs -> K outputs, each depending on all


@dataclass(frozen=True)
class Primitive:
    """One row of the table; the module's text explains the fields."""

    name: str
    arity: int
    array: Callable[..., Any]
    derivative: Callable[..., tuple[Any, ...]] | None  # None: zero everywhere
    scalar: str = ""
    numpy: tuple[str, ...] = ()
    kind: str = ELEMENTWISE
    boolean: bool = False


def _xlogy(xp, a, b):
    nothing = (a == 0.0) & (b == b)
    return xp.where(nothing, xp.zeros_like(a), a * xp.log(xp.where(nothing, xp.ones_like(b), b)))


def _logit(xp, a):
    s = 2.0 * (a - 0.5)
    middle = (a > 0.3) & (a < 0.65)
    s = xp.where(middle, s, xp.zeros_like(s))
    return xp.where(middle, xp.log1p(s) - xp.log1p(-s), xp.log(a / (1.0 - a)))


def _softplus(xp, a):
    return xp.where(a > 0.0, a, xp.zeros_like(a)) + xp.log1p(xp.exp(-xp.abs(a)))


def _logaddexp(xp, a, b):
    same = a == b  # two equal infinities have no difference
    gap = xp.where(same, xp.zeros_like(a - b), a - b)
    return xp.where(a > b, a, b) + xp.log1p(xp.exp(-xp.abs(gap)))


def _where_wider(xp, condition, a, b):
    """Where, with NaN of either side kept (as NumPy's maximum and minimum do)."""
    return xp.where(condition | (a != a), a, b)


def _logsumexp(xp, v):
    """Shift the greatest output out, and leave its exp(0) = 1 to log1p: exact where it stands alone."""
    top = xp.max(v, axis=-1, keepdims=True)
    finite = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    others = _outputs(xp, v) != xp.astype(xp.argmax(v, axis=-1, keepdims=True), v.dtype)
    rest = xp.sum(xp.where(others, xp.exp(v - finite), xp.zeros_like(v)), axis=-1)
    return top[..., 0] + xp.log1p(rest)


def _softmax(xp, v):
    e = xp.exp(v - xp.max(v, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


def _outputs(xp, v):
    return xp.arange(v.shape[-1], dtype=v.dtype, device=getattr(v, "device", None))


def _gather(xp, v, label):
    here = _outputs(xp, v) == label[..., None]
    picked = xp.sum(xp.where(here, v, xp.zeros_like(v)), axis=-1)
    return xp.where(xp.any(here, axis=-1), picked, xp.full_like(picked, float("nan")))


def _power_derivative(op, u, r, a, b):
    by_base = op.times(u, op.product(b, op.power(a, b - 1.0)))
    by_exponent = None if b.is_constant else op.where(op.equal(a, 0.0), 0.0, op.times(u, r * op.log(a)))
    return by_base, by_exponent


def _hypot_derivative(op, u, r, a, b):
    origin = op.equal(r, 0.0)
    return op.where(origin, 0.0, u * (a / r)), op.where(origin, 0.0, u * (b / r))


def _norm(xp, v):
    """Root of the sum of squares, of numbers that are divided by their largest where squares leave the floats."""
    total = xp.sum(v * v, axis=-1)
    top = xp.max(xp.abs(v), axis=-1)
    limits = xp.finfo(v.dtype)
    lost = (total < limits.smallest_normal / limits.eps**2) | (total > limits.max * limits.eps)
    far = (top > 0.0) & xp.isfinite(top) & lost
    scale = xp.where(far, top, xp.ones_like(top))
    scaled = v / scale[..., None]
    return scale * xp.sqrt(xp.sum(scaled * scaled, axis=-1))


def _norm_derivative(op, u, r, v):
    return (op.where(op.equal(r, 0.0), 0.0, op.times(u, v / r)),)


def _cbrt(xp, a):
    size = xp.abs(a)
    root = size ** (1.0 / 3.0)
    plain = (root > 0.0) & xp.isfinite(root)
    safe = xp.where(plain, root, xp.ones_like(root))
    root = xp.where(plain, safe - (safe - size / (safe * safe)) / 3.0, root)  # ⅓ is rounded
    return xp.where(a < 0.0, -root, xp.where(a > 0.0, root, a))


def _product(xp, a, b):
    return xp.where((a == 0.0) | (b == 0.0), xp.zeros_like(a * b), a * b)


def _extremum_derivative(op, u, r, a, b):
    """Of maximum and minimum: all to the side that is the result, half to each of two equal ones."""
    share = u * op.where(op.equal(a, b), 0.5, 1.0)
    return op.where(op.equal(r, a), share, 0.0), op.where(op.equal(r, b), share, 0.0)


def _max_derivative(op, u, r, v):
    """To the greatest output; equal ones share."""
    here = op.equal(v, r)
    sharers = op.maximum(op.sum(op.where(here, 1.0, 0.0)), 1.0)
    return (op.where(here, u / sharers, 0.0),)


PRIMITIVES = (
    # arithmetic
    Primitive("add", 2, lambda xp, a, b: a + b, lambda op, u, r, a, b: (u, u), "a + b", ("add",)),
    Primitive("subtract", 2, lambda xp, a, b: a - b, lambda op, u, r, a, b: (u, -u), "a - b", ("subtract",)),
    Primitive("multiply", 2, lambda xp, a, b: a * b, lambda op, u, r, a, b: (op.times(u, b), op.times(u, a)), "a * b", ("multiply",)),
    Primitive("product", 2, _product, lambda op, u, r, a, b: (op.product(u, b), op.product(u, a)), "a == 0 || b == 0 ? 0.0 : a * b"),  # of slopes
    Primitive("divide", 2, lambda xp, a, b: a / b, lambda op, u, r, a, b: (op.over(u, b), -op.times(u, r / b)), "a / b", ("divide", "true_divide")),
    Primitive("negative", 1, lambda xp, a: -a, lambda op, u, r, a: (-u,), "-a", ("negative",)),
    Primitive("abs", 1, lambda xp, a: xp.abs(a), lambda op, u, r, a: (u * op.sign(a),), "fabs(a)", ("absolute", "abs", "fabs")),
    Primitive("sign", 1, lambda xp, a: xp.sign(a), None, "a > 0 ? 1.0 : a < 0 ? -1.0 : a", ("sign",)),
    Primitive("square", 1, lambda xp, a: a * a, lambda op, u, r, a: (op.times(u, 2.0 * a),), "a * a", ("square",)),
    Primitive("sqrt", 1, lambda xp, a: xp.sqrt(a), lambda op, u, r, a: (op.times(u, 0.5 / r),), "sqrt(a)", ("sqrt",)),
    Primitive("cbrt", 1, _cbrt, lambda op, u, r, a: (op.times(u, (1.0 / 3.0) / op.square(r)),), "cbrt(a)", ("cbrt",)),
    Primitive("hypot", 2, lambda xp, a, b: xp.hypot(a, b), _hypot_derivative, "hypot(a, b)", ("hypot",)),
    Primitive("power", 2, lambda xp, a, b: a**b, _power_derivative, "pow(a, b)", ("power", "pow", "float_power")),
    Primitive("minimum", 2, lambda xp, a, b: _where_wider(xp, a < b, a, b), _extremum_derivative, "a < b || a != a ? a : b", ("minimum",)),
    Primitive("maximum", 2, lambda xp, a, b: _where_wider(xp, a > b, a, b), _extremum_derivative, "a > b || a != a ? a : b", ("maximum",)),
    # exponentials and logarithms
    Primitive("exp", 1, lambda xp, a: xp.exp(a), lambda op, u, r, a: (op.times(u, r),), "exp(a)", ("exp",)),
    Primitive("expm1", 1, lambda xp, a: xp.expm1(a), lambda op, u, r, a: (op.times(u, op.exp(a)),), "expm1(a)", ("expm1",)),
    Primitive("log", 1, lambda xp, a: xp.log(a), lambda op, u, r, a: (u / a,), "log(a)", ("log",)),
    Primitive("log1p", 1, lambda xp, a: xp.log1p(a), lambda op, u, r, a: (u / (1.0 + a),), "log1p(a)", ("log1p",)),
    Primitive("xlogy", 2, _xlogy, lambda op, u, r, a, b: (op.times(u, op.log(b)), op.where(op.logical_and(op.equal(a, 0.0), op.equal(b, 0.0)), 0.0, u * (a / b))),
              "a == 0 && b == b ? 0.0 : a * log(b)", ("xlogy",)),
    Primitive("logaddexp", 2, _logaddexp, lambda op, u, r, a, b: (op.times(u, op.expit(a - b)), op.times(u, op.expit(b - a))),
              "a == b ? a + 0.6931471805599453 : (a > b ? a : b) + log1p(exp(-fabs(a - b)))", ("logaddexp",)),
    Primitive("softplus", 1, _softplus, lambda op, u, r, a: (op.times(u, op.expit(a)),), "(a > 0 ? a : 0.0) + log1p(exp(-fabs(a)))"),
    Primitive("expit", 1, lambda xp, a: 1.0 / (1.0 + xp.exp(-a)), lambda op, u, r, a: (op.times(u, r * op.expit(-a)),), "1.0 / (1.0 + exp(-a))", ("expit",)),
    Primitive("logit", 1, _logit, lambda op, u, r, a: (u / (a * (1.0 - a)),),
              "a > 0.3 && a < 0.65 ? log1p(2.0 * (a - 0.5)) - log1p(-2.0 * (a - 0.5)) : log(a / (1.0 - a))", ("logit",)),
    # hyperbolic and circular functions
    Primitive("sinh", 1, lambda xp, a: xp.sinh(a), lambda op, u, r, a: (op.times(u, op.cosh(a)),), "sinh(a)", ("sinh",)),
    Primitive("cosh", 1, lambda xp, a: xp.cosh(a), lambda op, u, r, a: (op.times(u, op.sinh(a)),), "cosh(a)", ("cosh",)),
    Primitive("tanh", 1, lambda xp, a: xp.tanh(a), lambda op, u, r, a: (op.times(u, op.square(1.0 / op.cosh(a))),), "tanh(a)", ("tanh",)),
    Primitive("sin", 1, lambda xp, a: xp.sin(a), lambda op, u, r, a: (op.times(u, op.cos(a)),), "sin(a)", ("sin",)),
    Primitive("cos", 1, lambda xp, a: xp.cos(a), lambda op, u, r, a: (-op.times(u, op.sin(a)),), "cos(a)", ("cos",)),
    Primitive("arctan", 1, lambda xp, a: xp.atan(a), lambda op, u, r, a: (op.over(u, 1.0 + op.square(a)),), "atan(a)", ("arctan", "atan")),
    # comparisons and choice
    Primitive("less", 2, lambda xp, a, b: a < b, None, "a < b ? 1.0 : 0.0", ("less",), boolean=True),
    Primitive("less_equal", 2, lambda xp, a, b: a <= b, None, "a <= b ? 1.0 : 0.0", ("less_equal",), boolean=True),
    Primitive("equal", 2, lambda xp, a, b: a == b, None, "a == b ? 1.0 : 0.0", ("equal",), boolean=True),
    Primitive("not_equal", 2, lambda xp, a, b: a != b, None, "a != b ? 1.0 : 0.0", ("not_equal",), boolean=True),
    Primitive("logical_and", 2, lambda xp, a, b: a & b, None, "a != 0 && b != 0 ? 1.0 : 0.0", ("logical_and", "bitwise_and"), boolean=True),
    Primitive("logical_or", 2, lambda xp, a, b: a | b, None, "a != 0 || b != 0 ? 1.0 : 0.0", ("logical_or", "bitwise_or"), boolean=True),
    Primitive("logical_not", 1, lambda xp, a: ~a, None, "a == 0 ? 1.0 : 0.0", ("logical_not", "invert", "bitwise_invert"), boolean=True),
    Primitive("where", 3, lambda xp, c, a, b: xp.where(c, a, b), None, "a != 0 ? b : c"),
    # between one number a sample and K outputs a sample; `interpret` in _program.pyx holds their loops
    Primitive("sum", 1, lambda xp, v: xp.sum(v, axis=-1), lambda op, u, r, v: (u,), kind=REDUCE),
    Primitive("norm", 1, _norm, _norm_derivative, kind=REDUCE),
    Primitive("max", 1, lambda xp, v: xp.max(v, axis=-1), _max_derivative, kind=REDUCE),
    Primitive("logsumexp", 1, _logsumexp, lambda op, u, r, v: (op.times(u, op.softmax(v)),), kind=REDUCE),
    Primitive("gather", 2, _gather, lambda op, u, r, v, label: (op.where(op.onehot(label), u, 0.0), None), kind=REDUCE),
    Primitive("count", 0, lambda xp, like: xp.full_like(like[..., 0], float(like.shape[-1])), None, kind=COUNT),
    Primitive("expand", 1, lambda xp, a, like: xp.broadcast_to(a[..., None], like.shape), None, kind=EXPAND),
    Primitive("onehot", 1, lambda xp, a, like: _outputs(xp, like) == a[..., None], None, kind=EXPAND, boolean=True),
    Primitive("softmax", 1, _softmax, None, kind=MIX),
)  # fmt: skip

OPCODES = {primitive.name: opcode for opcode, primitive in enumerate(PRIMITIVES)}
BY_NAME = {primitive.name: primitive for primitive in PRIMITIVES}
