"""Random formulas of NumPy's vocabulary, at ordinary points and at edges, against NumPy and exact arithmetic.

Where NumPy gives a finite number, so does the compiled formula, the same one or a more exact one. Where NumPy gives
infinity or NaN, so does it, unless that is the fault of floats alone and it gives the right number. Derivatives are
right wherever the value is exact and there is a derivative: none is NaN because a number on the way is too large. Only
where an operation on the way has a pole may it be NaN, and never a wrong number.

The oracle computes each operation with 3,600 bits, and its derivatives by differences of steps of 2^-300: it knows no
rule of differentiation but the chain rule of second order. How much of the result the rounding of floats may cost it
finds by disturbing every operation in its last bits.
"""

import operator
import random

import mpmath
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st
from mpmath import inf, mp, mpf, nan
from scipy import special

from sklearn_losses.formula import (
    SCALAR,
    VECTOR,
    compile_program,
    derivative,
    evaluate,
    logsumexp,
    softmax,
    trace,
    variable,
)

K = 3
STEP = mpf(2) ** -300
ZERO = mpf(0)
LARGEST = mpf(float(np.finfo(float).max))
TINY = 1e-100
"""Factors that vanish in float64 may cost so much, in derivatives."""


# ---- what formulas are made of: NumPy's function, and the exact one --------------------------------------------


def _within(low, function, otherwise=nan):
    """Give a function that is defined above a number."""
    return lambda a: nan if mp.isnan(a) or a < low else otherwise if a == low else function(a)


def _log(a):
    return _within(0, lambda a: inf if a == inf else mp.log(a), -inf)(a)


def _exp(a):
    return mpf(0) if a < -(10**12) else mp.exp(min(a, mpf(10) ** 12))  # enormous, and no larger


def _expit(a):
    return 1 / (1 + _exp(-a))


def _divide(a, b):
    if b == 0:
        return nan if a == 0 or mp.isnan(a) else inf * mp.sign(a)
    return a / b


def _times(a, b):
    return nan if {abs(a), abs(b)} == {mpf(0), inf} else a * b


def _power(a, b):
    if b == 0 or a == 1:
        return mpf(1)
    if mp.isnan(a) or mp.isnan(b):
        return nan
    if mp.isinf(a) or mp.isinf(b):
        return mpf(float(np.power(float(a), float(b))))
    if a == 0:
        return mpf(0) if b > 0 else inf
    if a < 0 and b != mp.floor(b):
        return nan
    return _exp(b * mp.log(abs(a))) * (-1 if a < 0 and int(b) % 2 else 1)


def _xlogy(a, b):
    return mpf(0) if a == 0 and not mp.isnan(b) else _times(a, _log(b))


def _rel_entr(a, b):
    """Of two logarithms, as the formula has it, so that rounding may cost as much."""
    if mp.isnan(a.value) or mp.isnan(b.value) or min(a.value, b.value) < 0 or (b.value == 0 and a.value > 0):
        return Exact(inf if min(a.value, b.value) <= 0 else nan)
    return Exact.of(operator.sub, Exact.of(_xlogy, a, a), Exact.of(_xlogy, a, b))


def _kl_div(a, b):
    return Exact.of(operator.add, Exact.of(operator.sub, _rel_entr(a, b), a), b)


def _tanh(a):
    return mp.sign(a) if abs(a) > 10**6 else mp.tanh(a)


def _bounded(function):
    return lambda a: function(a) if mp.isfinite(a) and abs(a) < mpf(10) ** 400 else nan


def _skip_nan(choose):
    return lambda a, b: b if mp.isnan(a) else a if mp.isnan(b) else choose(a, b)


def _keep_nan(choose):
    return lambda a, b: nan if mp.isnan(a) or mp.isnan(b) else choose(a, b)


def _softplus(a):
    return max(a, mpf(0)) + mp.log(1 + _exp(-abs(a)))


UNARY = {
    "negative": (np.negative, lambda a: -a),
    "abs": (np.abs, abs),
    "square": (np.square, lambda a: a * a),
    "sqrt": (np.sqrt, _within(0, mp.sqrt, mpf(0))),
    "cbrt": (np.cbrt, lambda a: mp.sign(a) * (inf if mp.isinf(a) else mp.cbrt(abs(a)))),
    "exp": (np.exp, _exp),
    "exp2": (np.exp2, lambda a: _exp(a * mp.log(2))),
    "expm1": (np.expm1, lambda a: _exp(a) - 1),
    "log": (np.log, _log),
    "log2": (np.log2, lambda a: _log(a) / mp.log(2)),
    "log10": (np.log10, lambda a: _log(a) / mp.log(10)),
    "log1p": (np.log1p, lambda a: _log(1 + a)),
    "reciprocal": (np.reciprocal, lambda a: _divide(mpf(1), a)),
    "sinh": (np.sinh, lambda a: (_exp(a) - _exp(-a)) / 2),
    "cosh": (np.cosh, lambda a: (_exp(a) + _exp(-a)) / 2),
    "tanh": (np.tanh, _tanh),
    "sin": (np.sin, _bounded(mp.sin)),
    "cos": (np.cos, _bounded(mp.cos)),
    "arctan": (np.arctan, mp.atan),
    "expit": (special.expit, _expit),
    "one minus expit": (lambda a: 1 - special.expit(a), lambda a: _expit(-a)),
    "logit": (special.logit, lambda a: nan if not 0 <= a <= 1 else _log(_divide(a, 1 - a))),
    "log_expit": (special.log_expit, lambda a: -_softplus(-a)),
    "softplus": (lambda a: np.logaddexp(0, a), _softplus),
    "log softplus": (lambda a: np.log(1 + np.exp(a)), lambda a: mp.log(1 + _exp(a))),
    "entr": (special.entr, lambda a: -inf if a < 0 else -_xlogy(a, a)),
    "zero times": (lambda a: 0.0 * a, lambda a: _times(mpf(0), a)),
    "three over": (lambda a: np.divide(3.0, 1 + a), lambda a: _divide(mpf(3), 1 + a)),
    "square by power": (lambda a: a**2, lambda a: a * a),
    "cube": (lambda a: a**3, lambda a: a**3),
    "half power": (lambda a: np.power(a, 0.5), _within(0, mp.sqrt, mpf(0))),
    "power 1.4": (lambda a: np.abs(a) ** 1.4, lambda a: _power(abs(a), mpf(1.4))),
    "inverse power": (lambda a: np.power(a, -1.5), lambda a: _power(a, mpf(-1.5))),
    "clip": (lambda a: np.clip(a, -1, 2), lambda a: nan if mp.isnan(a) else min(max(a, mpf(-1)), mpf(2))),
}
BINARY = {
    "add": (np.add, operator.add),
    "subtract": (np.subtract, operator.sub),
    "multiply": (np.multiply, _times),
    "divide": (np.divide, _divide),
    "maximum": (np.maximum, _keep_nan(max)),
    "minimum": (np.minimum, _keep_nan(min)),
    "fmax": (np.fmax, _skip_nan(max)),
    "fmin": (np.fmin, _skip_nan(min)),
    "hypot": (np.hypot, lambda a, b: inf if inf in (abs(a), abs(b)) else mp.sqrt(a * a + b * b)),
    "logaddexp": (np.logaddexp, lambda a, b: max(a, b) if mp.isinf(max(a, b)) else max(a, b) + _softplus(-abs(a - b))),
    "xlogy": (special.xlogy, _xlogy),
    "xlog1py": (special.xlog1py, lambda a, b: _xlogy(a, 1 + b)),
    "rel_entr": (special.rel_entr, None),
    "kl_div": (special.kl_div, None),
    "power": (lambda a, b: np.abs(a) ** b, lambda a, b: _power(abs(a), b)),
}  # fmt: skip
OF_SEVERAL_STEPS = {"rel_entr": _rel_entr, "kl_div": _kl_div}
WITH_POLES = {
    "sqrt", "cbrt", "log", "log2", "log10", "log1p", "reciprocal", "logit", "entr", "three over",
    "half power", "power 1.4",
    "inverse power", "divide", "xlogy", "xlog1py", "rel_entr", "kl_div", "power",
}  # fmt: skip
CHOICE = {
    "less": (lambda a, b, c, d: np.where(a < b, c, d), lambda a, b: a < b),
    "not greater": (lambda a, b, c, d: np.where(np.logical_not(a > b), c, d), lambda a, b: not a > b),
}
REDUCE = {
    "sum": lambda v: np.sum(v, axis=-1),
    "mean": lambda v: np.mean(v, axis=-1),
    "max": lambda v: np.max(v, axis=-1),
    "min": lambda v: np.min(v, axis=-1),
    "logsumexp": logsumexp,
    "norm": lambda v: np.linalg.norm(v, axis=-1),
    "first": lambda v: v[..., 0],
    "second of softmax": lambda v: softmax(v)[..., 1],
}


def uses(tree, what):
    """Tell whether a formula has a part of that name."""
    return isinstance(tree, tuple) and (tree[0] == what or any(uses(part, what) for part in tree[1:]))


def has_symbol(tree):
    """Tell whether a formula is one: with y or f in it."""
    return uses(tree, "y") or uses(tree, "f")


CONSTANTS = [0.0, 1.0, -1.0, 2.0, 0.5, 1e-3, 30.0]
LEAF = st.sampled_from([("f",), ("y",), ("f",), *[("number", c) for c in CONSTANTS]])


def _larger(smaller):
    return st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), smaller),
        st.tuples(st.sampled_from(sorted(BINARY)), smaller, smaller),
        st.tuples(st.sampled_from(sorted(CHOICE)), smaller, smaller, smaller, smaller),
    )


FORMULAS = st.recursive(LEAF, _larger, max_leaves=7)
FORMULAS_OF_SEVERAL = st.recursive(
    st.tuples(st.sampled_from(sorted(REDUCE)), st.recursive(LEAF, _larger, max_leaves=4).filter(has_symbol)),
    lambda one: st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), one), st.tuples(st.sampled_from(sorted(BINARY)), one, one)
    ),
    max_leaves=2,
)
EDGES = [
    0.0,
    1e-300,
    -1e-9,
    0.5,
    1.0,
    -1.0,
    2.0,
    37.0,
    -37.0,
    360.0,
    720.0,
    -720.0,
    800.0,
    -800.0,
    1e5,
    -1e5,
    1e10,
]
NUMBERS = st.one_of(st.sampled_from(EDGES), st.floats(-4.0, 4.0).map(lambda x: round(x, 3) + 0.0))


def run(tree, y, f):
    """Compute a formula of symbols or of arrays."""
    name, *parts = tree
    if name in ("y", "f"):
        return y if name == "y" else f
    if name == "number":
        return parts[0]
    given = [run(part, y, f) for part in parts]
    return (REDUCE.get(name) or {**UNARY, **BINARY, **CHOICE}[name][0])(*given)


# ---- the exact value and its derivatives -----------------------------------------------------------------------


class NoDerivative(Exception):
    """Here is a kink, a jump or a pole."""


class Exact:
    """A number, and how it changes with f: once, twice. `noise` disturbs each operation by as many ulps."""

    noise = 0.0
    slopes = True
    at_a_pole = False

    def __init__(self, value, first=ZERO, second=ZERO):
        self.value, self.first, self.second = value, first, second

    @classmethod
    def of(cls, function, *arguments):
        """Apply a function of real numbers."""
        values = [a.value for a in arguments]
        value = function(*values)
        result = cls(value)
        if cls.slopes and any(a.first or a.second for a in arguments):
            if not mp.isfinite(value):
                raise NoDerivative
            result = cls(value, *_chain(function, value, arguments))
        return result.disturbed()

    def disturbed(self):
        """Return the number as rounding may leave it."""
        return Exact(*map(_disturbed, (self.value, self.first, self.second))) if self.noise else self


def _disturbed(x):
    return x * (1 + random.choice((-1, 1)) * mpf(Exact.noise) * mpf(2) ** -52)


def _chain(function, value, arguments):
    values = [a.value for a in arguments]
    if not all(map(mp.isfinite, values)):
        raise NoDerivative
    steps = [STEP * max(abs(v), mpf(2) ** -1100) for v in values]

    def at(*moves):
        moved = [v + m * h for v, m, h in zip(values, moves, steps, strict=True)]
        return function(*moved)

    first = second = mpf(0)
    n = len(values)
    units = [tuple(mpf(j == i) for j in range(n)) for i in range(n)]
    for i, a in enumerate(arguments):
        if not (a.first or a.second):
            continue
        up, down = at(*units[i]), at(*(-u for u in units[i]))
        if not (mp.isfinite(up) and mp.isfinite(down)):
            raise NoDerivative
        right, left = (up - value) / steps[i], (value - down) / steps[i]
        nearer = 2 * (at(*(u / 2 for u in units[i])) - value) / steps[i]  # at a vertical slope it is steeper
        if max(abs(right - left), abs(right - nearer)) > mpf(2) ** -120 * max(
            abs(right), abs(left), mpf(2) ** -3000
        ):
            raise NoDerivative
        bend = (up - 2 * value + down) / steps[i] ** 2
        slope = (up - down) / (2 * steps[i])
        first += _disturbed(slope * a.first)
        second += _disturbed(bend * a.first**2) + _disturbed(slope * a.second)
        for j in range(i):
            b = arguments[j]
            if a.first and b.first:
                both = [p + q for p, q in zip(units[i], units[j], strict=True)]
                apart = [p - q for p, q in zip(units[i], units[j], strict=True)]
                opposite = [-x for x in apart]
                corners = at(*both), at(*apart), at(*opposite), at(*(-x for x in both))
                if not all(map(mp.isfinite, corners)):
                    raise NoDerivative
                mixed = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * steps[i] * steps[j])
                second += _disturbed(2 * mixed * a.first * b.first)
    return first, second


def exact(tree, y, f, k=None):
    """Compute a formula exactly; the derivatives are by output k of several."""
    name, *parts = tree
    if name == "y":
        return [Exact(mpf(x)) for x in y] if np.ndim(y) else Exact(mpf(y))
    if name == "f":
        if np.ndim(f):
            return [Exact(mpf(x), mpf(1 if j == k else 0)) for j, x in enumerate(f)]
        return Exact(mpf(f), mpf(1))
    if name == "number":
        return Exact(mpf(parts[0]))
    given = [exact(part, y, f, k) for part in parts]
    if name in REDUCE:
        return _reduced(name, given[0] if isinstance(given[0], list) else [given[0]] * K)
    if any(isinstance(a, list) for a in given):
        rows = zip(*(a if isinstance(a, list) else [a] * K for a in given), strict=True)
        return [_elementwise(name, *row) for row in rows]
    return _elementwise(name, *given)


def _elementwise(name, *given):
    if name in CHOICE:
        a, b, c, d = given
        if Exact.slopes and a.value == b.value and (a.first or b.first):
            raise NoDerivative
        return c if CHOICE[name][1](a.value, b.value) else d
    if name in WITH_POLES and any(a.value in (0, 1, -1, inf, -inf) for a in given):
        Exact.at_a_pole = True
    if name in OF_SEVERAL_STEPS:
        return OF_SEVERAL_STEPS[name](*given)
    return Exact.of({**UNARY, **BINARY}[name][1], *given)


def _reduced(name, v):
    if name == "first":
        return v[0]
    if name in ("max", "min"):
        top = v[0]
        for other in v[1:]:
            top = Exact.of(BINARY["maximum" if name == "max" else "minimum"][1], top, other)
        return top
    if name == "norm":
        v = [Exact.of(lambda a: a * a, a) for a in v]
    elif name in ("logsumexp", "second of softmax"):
        if any(mp.isnan(a.value) or a.value == inf for a in v):
            return Exact(inf if name == "logsumexp" and not any(mp.isnan(a.value) for a in v) else nan)
        v = [Exact.of(_exp, a) for a in v]
    total = v[0]
    for other in v[1:]:
        total = Exact.of(operator.add, total, other)
    return {
        "sum": lambda: total,
        "mean": lambda: Exact.of(lambda a: a / K, total),
        "norm": lambda: Exact.of(UNARY["sqrt"][1], total),
        "logsumexp": lambda: Exact.of(_log, total),
        "second of softmax": lambda: Exact.of(_divide, v[1], total),
    }[name]()


def oracle(tree, y, f, k=None):
    """Give value, slope and second derivative, and what rounding may cost each; None where there is no derivative."""
    Exact.at_a_pole = False
    try:
        truth = exact(tree, y, f, k)
        Exact.noise = 4.0
        disturbed = [exact(tree, y, f, k) for _ in range(4)]
    except NoDerivative:
        return None
    except (OverflowError, MemoryError, mpmath.libmp.NoConvergence):
        return None
    finally:
        Exact.noise = 0.0
    return [
        (getattr(truth, name), max(abs(getattr(d, name) - getattr(truth, name)) for d in disturbed))
        for name in ("value", "first", "second")
    ]


def exact_value(tree, y, f):
    """Give the value and what rounding may cost it, without asking for derivatives."""
    Exact.slopes = False
    try:
        result = oracle(tree, y, f)
    finally:
        Exact.slopes = True
    return (nan, nan) if result is None else result[0]


def near(got, expected, cost, least=0.0):
    """Tell whether a float is a number, up to what rounding costs."""
    if not (mp.isfinite(expected) and np.isfinite(got)):
        return False
    cost = mpf(0) if not mp.isfinite(cost) else cost
    return abs(mpf(float(got)) - expected) <= 64 * cost + mpf(2) ** -40 * abs(expected) + least


# ---- properties ------------------------------------------------------------------------------------------------

PROPERTY = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(autouse=True)
def high_precision():
    """Set it for the tests of this module only: mpmath's precision is global."""
    with mp.workprec(3600):
        yield


def compiled(tree, y, f, outputs=False):
    """Give value, gradient and Hessian of the compiled formula, which evaluation on arrays must agree with."""
    rank = VECTOR if outputs else SCALAR
    symbols = variable("y", rank), variable("f", rank)
    results = [trace(lambda y, f: run(tree, y, f), *symbols)]
    for _ in range(2):
        results.append(derivative(results[-1], symbols[1]))
    program = compile_program(results, *symbols).arrays(y, f)[0]
    arrays = evaluate(results, {"y": y, "f": f}, np)
    for one, other in zip(program, arrays, strict=True):
        assert np.array_equal(np.isfinite(one), np.isfinite(other))
    return program


def check_value(tree, y, f, got):
    """Compare the value at one point with NumPy's, and with the exact one."""
    with np.errstate(all="ignore"):
        numpys = float(
            run(tree, np.float64(y) if np.ndim(y) == 0 else y, np.float64(f) if np.ndim(f) == 0 else f)
        )
    value, cost = exact_value(tree, y, f)
    note(f"at y = {y}, f = {f}: {got}; NumPy {numpys}; exactly {mp.nstr(value, 17)}")
    if np.isfinite(numpys):
        cost = cost if mp.isfinite(cost) else mpf(0)
        size = 1e-12 * abs(numpys) + 1e-290
        assert np.isfinite(got)
        assert abs(got - numpys) <= size + 64 * float(min(cost, LARGEST)) or near(got, value, cost, 1e-290)
    else:
        assert not np.isfinite(got) or near(got, value, cost, 1e-290)
    ordinary = all(x == 0 or abs(x) > 1e-100 for x in (*np.ravel(y), *np.ravel(f)))  # squares are no zeros
    return ordinary and np.isfinite(numpys) and near(numpys, value, cost, 1e-290)


def check_derivatives(truth, gradient, hessian):
    """Compare both derivatives at one point with the exact ones."""
    for name, got, (expected, cost) in (("gradient", gradient, truth[1]), ("Hessian", hessian, truth[2])):
        if abs(expected) > 1e290 or (np.isnan(got) and Exact.at_a_pole):
            return  # where a slope on the way is infinite, NaN says that nothing is known
        note(f"{name} {got}, exactly {mp.nstr(expected, 17)}, rounding {mp.nstr(cost, 3)}")
        least = TINY if name == "gradient" else TINY + float(2**-44 * min(abs(truth[1][0]), LARGEST))
        assert near(got, expected, cost, least), name


def tracing(tree, y, f, outputs=False):
    """Compile, where the formula holds no constant NaN, which is refused."""
    try:
        return compiled(tree, y, f, outputs)
    except ValueError as error:
        assume("constant of the formula is NaN" not in str(error))
        raise


@PROPERTY
@given(FORMULAS, st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4))
def test_formulas(tree, points):
    assume(uses(tree, "f"))
    y, f = np.array(points).T.copy()
    value, gradient, hessian = tracing(tree, y, f)
    for i in range(len(f)):
        if check_value(tree, y[i], f[i], value[i]):
            truth = oracle(tree, y[i], f[i])
            if truth is not None:
                check_derivatives(truth, gradient[i], hessian[i])


@PROPERTY
@given(FORMULAS_OF_SEVERAL, st.lists(NUMBERS, min_size=2 * K, max_size=2 * K))
def test_formulas_of_several_outputs(tree, numbers):
    assume(uses(tree, "f"))
    y, f = np.array(numbers[:K])[None], np.array(numbers[K:])[None]
    value, gradient, hessian = tracing(tree, y, f, outputs=True)
    if check_value(tree, y[0], f[0], value[0]):
        for k in range(K):
            truth = oracle(tree, y[0], f[0], k)
            if truth is not None:
                check_derivatives(truth, gradient[0, k], hessian[0, k])
