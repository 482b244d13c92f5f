"""Every row of the table of primitives against mpmath: array function, opcode and derivative rule.

The tests walk the table, so that a new row without an oracle here fails. Oracles are computed with 1,200
bits, enough for 1 + 1e-300 to be told from 1. A result may be wrong by a few units in its last place;
`CONDITION` lists where the operation itself magnifies the rounding of what enters it, and `EXCEPTIONS` where
a result is another than the mathematical one, with the reason.
"""

import itertools
import math
from functools import cache

import numpy as np
import pytest
from mpmath import inf, mp, mpf, nan

from sklearn_losses.formula import (
    PRIMITIVES,
    SCALAR,
    VECTOR,
    Node,
    compile_program,
    constant,
    derivative,
    evaluate,
    variable,
)

ULPS = 6
VECTORISED = 1e-15  # the vector functions that blocks may use round otherwise in the last bits
TINY = 1e-304  # below, numbers lose digits: a result may then be as wrong as this

ELEMENTWISE = [p for p in PRIMITIVES if p.kind == "elementwise"]
BY_NAME = {p.name: p for p in PRIMITIVES}
ARGUMENTS = np.array(
    [0, 1e-300, -1e-300, 3e-9, -3e-9, 0.2, 0.3, -0.3, 0.5, 0.500000003, 0.65, 0.9, 1, -1, 2.5, -2.5, 3, 37,
     -37, 800, -800, 1e300, -1e300, np.inf, -np.inf]
)  # fmt: skip

Y, F = variable("y"), variable("f")
VECTOR_Y, VECTOR_F = variable("y", VECTOR), variable("f", VECTOR)


@pytest.fixture(autouse=True)
def high_precision():
    """Set it for the tests of this module only: mpmath's precision is global."""
    with mp.workprec(1200):
        yield


# ---- oracles ---------------------------------------------------------------------------------------


def divide(a, b):
    if b == 0:
        return nan if a == 0 or mp.isnan(a) else inf * mp.sign(a)
    return mpf(0) if mp.isinf(b) and mp.isfinite(a) else a / b


def times(a, b):
    return nan if {abs(a), abs(b)} == {mpf(0), inf} else a * b


def product(a, b):
    return mpf(0) if 0 in (a, b) else a * b


def cbrt(a):
    return mp.sign(a) * (inf if mp.isinf(a) else mp.cbrt(abs(a)))


def log(a):
    return nan if a < 0 else -inf if a == 0 else mp.log(a)


def exp(a):
    if abs(a) > 2000:  # far out of the range of doubles, and nothing beside 1
        return inf if a > 0 else mpf(0)
    return mp.exp(a)


def expit(a):
    return divide(mpf(1), 1 + exp(-a))


def sinh(a):
    return a if mp.isinf(a) else (exp(a) - exp(-a)) / 2


def cosh(a):
    return (exp(a) + exp(-a)) / 2


def circular(function):
    return lambda a: nan if mp.isinf(a) else function(a)


def power(a, b):
    if b == 0 or a == 1:
        return mpf(1)
    if mp.isinf(a) or mp.isinf(b):  # the special cases of the C standard, which Python's pow follows
        return mpf(math.pow(float(a), float(b)))
    if a == 0:
        return mpf(0) if b > 0 else inf
    if a < 0 and b != mp.floor(b):
        return nan
    return abs(a) ** b * (-1 if a < 0 and abs(b) < 2**53 and int(b) % 2 else 1)


def power_by_base(a, b):
    return mpf(0) if b == 0 else times(b, power(a, b - 1))


def power_by_exponent(a, b):
    return mpf(0) if a == 0 else times(power(a, b), log(a))


def hypot(a, b):
    return inf if mp.isinf(a) or mp.isinf(b) else mp.sqrt(a * a + b * b)


def xlogy(a, b):
    return mpf(0) if a == 0 else times(a, log(b))


def logaddexp(a, b):
    if a == b:
        return a + mp.log(2)
    return max(a, b) + mp.log(1 + exp(-abs(a - b)))


def share(a, b, wins):
    return mpf("0.5") if a == b else mpf(1 if wins else 0)


def truth(function):
    return lambda *arguments: mpf(1 if function(*arguments) else 0)


def one(*_):
    return mpf(1)


def zero(*_):
    return mpf(0)


# name: (value, derivative by each argument)
ORACLES = {
    "add": (lambda a, b: a + b, one, one),
    "subtract": (lambda a, b: a - b, one, lambda a, b: mpf(-1)),
    "multiply": (times, lambda a, b: b, lambda a, b: a),
    "product": (
        product,
        lambda a, b: b,
        lambda a, b: a,
    ),
    "divide": (divide, lambda a, b: divide(mpf(1), b), lambda a, b: -divide(divide(a, b), b)),
    "negative": (lambda a: -a, lambda a: mpf(-1)),
    "abs": (abs, mp.sign),
    "sign": (mp.sign, zero),
    "square": (lambda a: a * a, lambda a: 2 * a),
    "sqrt": (
        lambda a: nan if a < 0 else mp.sqrt(a),
        lambda a: nan if a < 0 else divide(mpf(1), 2 * mp.sqrt(a)),
    ),
    "cbrt": (cbrt, lambda a: inf if a == 0 else divide(mpf(1), 3 * cbrt(a) ** 2)),
    "hypot": (
        hypot,
        lambda a, b: mpf(0) if a == b == 0 else divide(a, hypot(a, b)),
        lambda a, b: mpf(0) if a == b == 0 else divide(b, hypot(a, b)),
    ),
    "power": (power, power_by_base, power_by_exponent),
    "minimum": (min, lambda a, b: share(a, b, a < b), lambda a, b: share(a, b, b < a)),
    "maximum": (max, lambda a, b: share(a, b, a > b), lambda a, b: share(a, b, b > a)),
    "exp": (exp, exp),
    "expm1": (lambda a: exp(a) - 1, exp),
    "log": (log, lambda a: divide(mpf(1), a)),
    "log1p": (lambda a: log(1 + a), lambda a: divide(mpf(1), 1 + a)),
    "xlogy": (xlogy, lambda a, b: log(b), lambda a, b: mpf(0) if a == 0 else divide(a, b)),
    "logaddexp": (logaddexp, lambda a, b: expit(a - b), lambda a, b: expit(b - a)),
    "softplus": (lambda a: max(a, mpf(0)) + mp.log(1 + exp(-abs(a))), expit),
    "expit": (expit, lambda a: expit(a) * expit(-a)),
    "logit": (lambda a: log(divide(a, 1 - a)), lambda a: divide(mpf(1), times(a, 1 - a))),
    "sinh": (sinh, cosh),
    "cosh": (cosh, sinh),
    "tanh": (lambda a: mp.sign(a) if mp.isinf(a) else mp.tanh(a), lambda a: divide(mpf(1), cosh(a) ** 2)),
    "sin": (circular(mp.sin), circular(mp.cos)),
    "cos": (circular(mp.cos), circular(lambda a: -mp.sin(a))),
    "arctan": (mp.atan, lambda a: divide(mpf(1), 1 + a * a)),
    "less": (truth(lambda a, b: a < b), zero, zero),
    "less_equal": (truth(lambda a, b: a <= b), zero, zero),
    "equal": (truth(lambda a, b: a == b), zero, zero),
    "not_equal": (truth(lambda a, b: a != b), zero, zero),
    "logical_and": (truth(lambda a, b: a != 0 and b != 0), zero, zero),
    "logical_or": (truth(lambda a, b: a != 0 or b != 0), zero, zero),
    "logical_not": (truth(lambda a: a == 0), zero),
    "where": (
        lambda c, a, b: a if c != 0 else b,
        zero,
        truth(lambda c, a, b: c != 0),
        truth(lambda c, a, b: c == 0),
    ),
}


def gap(a, b):
    difference = float(a) - float(b)
    return abs(difference) if math.isfinite(difference) else 0.0


def of_log(a):
    return abs(math.log(abs(a))) if a != 0 and math.isfinite(a) else 0.0


# (name, which: 0 the value, 1 … a derivative): how many more ulps the operation itself asks for, and why.
CONDITION = {
    # a + log1p(…) of opposite signs: the sum is as exact as its larger part
    ("logaddexp", 0): lambda a, b: (
        abs(max(a, b)) / max(abs(float(oracle("logaddexp", 0, a, b))), 1e-17)
        if math.isfinite(max(a, b))
        else 0.0
    ),
    # exp magnifies the rounding of a - b by its size
    ("logaddexp", 1): gap,
    ("logaddexp", 2): gap,
    # b - 1 is rounded, and the power magnifies that by log a
    ("power", 1): lambda a, b: of_log(a) * max(abs(b), 1) if abs(b) < 1e3 else 0.0,
}

# (name, which): (arguments that it concerns, what comes instead or None for anything, reason)
EXCEPTIONS = {
    ("logit", 0): (lambda a: not 0 <= a <= 1, nan, "no odds outside of [0, 1]; -inf / inf is NaN"),
    ("logit", 1): (lambda a: math.isinf(a), None, "outside of [0, 1]"),
    ("hypot", 1): (lambda a, b: math.isinf(a), None, "inf / inf is NaN"),
    ("hypot", 2): (lambda a, b: math.isinf(b), None, "inf / inf is NaN"),
    ("logaddexp", 1): (
        lambda a, b: math.isinf(a) and a == b,
        nan,
        "the difference of equal infinities is NaN",
    ),
    ("logaddexp", 2): (
        lambda a, b: math.isinf(a) and a == b,
        nan,
        "the difference of equal infinities is NaN",
    ),
    ("power", 1): (
        lambda a, b: math.isinf(a) or math.isinf(b) or (a < 0 and b != math.floor(b)),
        None,
        "limits that depend on the path; b - 1 of a negative base may round to an integer",
    ),
    ("power", 2): (lambda a, b: math.isinf(a) or math.isinf(b), None, "limits that depend on the path"),
    ("xlogy", 2): (lambda a, b: math.isinf(a) and math.isinf(b), None, "inf / inf"),
    ("divide", 2): (
        lambda a, b: math.isinf(a) or a == 0 or 0 < abs(a / b if b else 0) < 1e-290,
        None,
        "a / b / b of an infinite, zero or vanishing a / b",
    ),
}


# ---- comparison ------------------------------------------------------------------------------------


def error_in_ulps(got, expected):
    """Return by how many units in its last place a double differs from a high-precision number."""
    if mp.isnan(expected):
        return 0.0 if math.isnan(got) else math.inf
    if math.isnan(got):
        return math.inf
    if abs(expected) > mpf(1.7976931348623157e308) or math.isinf(got):
        largest = mpf(1.7976931348623157e308) * (1 - mpf(2) ** -45)
        right = abs(got) >= largest and abs(expected) >= largest and mp.sign(got) == mp.sign(expected)
        return 0.0 if right else math.inf
    if abs(expected) < TINY:
        return 0.0 if abs(got) <= 2 * TINY else math.inf
    return float(abs(mpf(got) - expected) / (abs(expected) * mpf(2) ** -52))


@cache
def oracle(name, which, *values):
    """Give the exact result, once for all the ways of computing it."""
    return ORACLES[name][which](*map(mpf, values))


def check(name, which, arguments, got):
    """Compare what came out with the oracle, argument by argument."""
    allowed = CONDITION.get((name, which), lambda *_: 0.0)
    concerns, instead, _ = EXCEPTIONS.get((name, which), (lambda *_: False, None, ""))
    for *values, result in zip(*arguments, got, strict=True):
        values = [float(value) for value in values]
        if concerns(*values):
            if instead is None:
                continue
            expected = instead
        else:
            expected = oracle(name, which, *values)
        error = error_in_ulps(float(result), expected)
        assert error <= ULPS + 2 * allowed(*values), (
            f"{name}, {'value' if which == 0 else f'derivative by argument {which}'} at {values}: "
            f"{result!r} instead of {mp.nstr(expected, 17)}, {error:.1f} ulps off"
        )


def node(name, *arguments):
    """Return the operation itself, as no simplification would leave it."""
    rank = max((a.rank for a in arguments), default=SCALAR)
    return Node(BY_NAME[name], arguments, rank=rank, boolean=BY_NAME[name].boolean)


def run(results, y, f, nodes=(Y, F)):
    """Run a program over whole arrays."""
    return compile_program(results, *nodes).arrays(y, f)[0]


def run_one_by_one(results, y, f):
    """Run the same through the other half of the interpreter: a sample at a time."""
    program = compile_program(results, Y, F)
    samples = [program.arrays(y[i : i + 1], f[i : i + 1])[0] for i in range(len(f))]
    return [np.concatenate(column) for column in zip(*samples, strict=True)]


def grid(arity):
    """Give every combination of the arguments."""
    return [np.array(column) for column in zip(*itertools.product(ARGUMENTS, repeat=arity), strict=True)]


def cases(primitive):
    """Give the programs that run a primitive: its node, the node's arguments, their arrays, y and f."""
    if primitive.arity == 1:
        (a,) = grid(1)
        yield node(primitive.name, F), (F,), (a,), np.zeros(len(a)), a
    elif primitive.arity == 2:
        a, b = grid(2)
        yield node(primitive.name, Y, F), (Y, F), (a, b), a, b
    else:
        a, b = grid(2)
        for number in (0.0, 1.0, -2.5):
            filled = np.full(len(a), number)
            c = constant(number)
            yield node(primitive.name, c, Y, F), (c, Y, F), (filled, a, b), a, b
            yield node(primitive.name, Y, c, F), (Y, c, F), (a, filled, b), a, b
            yield node(primitive.name, Y, F, c), (Y, F, c), (a, b, filled), a, b


# ---- elementwise primitives ------------------------------------------------------------------------


@pytest.mark.parametrize("primitive", ELEMENTWISE, ids=lambda p: p.name)
class TestElementwise:
    def test_array_function(self, primitive):
        for _, _, arguments, _, _ in cases(primitive):
            given = arguments
            if primitive.name.startswith("logical"):
                given = [a != 0 for a in arguments]
            elif primitive.name == "where":
                given = [arguments[0] != 0, *arguments[1:]]
            with np.errstate(all="ignore"):
                got = primitive.array(np, *given)
            check(primitive.name, 0, arguments, got)

    def test_opcode_in_blocks(self, primitive):
        for result, _, arguments, y, f in cases(primitive):
            check(primitive.name, 0, arguments, *run([result], y, f))

    def test_opcode_one_sample_at_a_time(self, primitive):
        for result, _, _, y, f in cases(primitive):
            one, block = run_one_by_one([result], y, f), run([result], y, f)
            np.testing.assert_allclose(one, block, rtol=VECTORISED, atol=0.0)

    @pytest.mark.parametrize("n_outputs", [1, 2, 7, 300])
    def test_opcode_over_outputs(self, primitive, n_outputs):
        if primitive.arity == 3:
            pytest.skip("where takes its third argument from a constant: see the next test")
        *_, y, f = next(cases(primitive))
        y, f = (np.resize(a, (len(a) // n_outputs + 1, n_outputs)) for a in (y, f))
        scalar = node(primitive.name, *(Y, F)[-primitive.arity :])
        vector = node(primitive.name, *(VECTOR_Y, VECTOR_F)[-primitive.arity :])
        (expected,) = run([scalar], y.ravel(), f.ravel())
        (got,) = run([vector], y, f, (VECTOR_Y, VECTOR_F))
        np.testing.assert_allclose(got, expected.reshape(f.shape), rtol=VECTORISED, atol=0.0)

    def test_derivative(self, primitive):
        for result, variables, arguments, y, f in cases(primitive):
            for which, argument in enumerate(variables, start=1):
                if argument in (Y, F):
                    check(primitive.name, which, arguments, *run([derivative(result, argument)], y, f))

    def test_nan_stays_nan(self, primitive):
        """Wherever a number depends on NaN it is NaN; questions about NaN are answered with no."""
        nans = np.full(len(ARGUMENTS), np.nan)
        pairs = [(nans, ARGUMENTS), (ARGUMENTS, nans), (nans, nans)]
        if primitive.boolean:
            answer = {"not_equal": 1.0, "logical_not": 0.0}.get(primitive.name, 0.0)
            if primitive.name in ("logical_and", "logical_or"):
                pytest.skip("NaN is true, as in NumPy: held by the comparison of array function and opcode")
            for y, f in pairs[:1] if primitive.arity == 1 else pairs:
                given = (f, y) if primitive.arity == 1 else (y, f)
                (got,) = run([node(primitive.name, *(Y, F)[-primitive.arity :])], *given)
                assert np.all(got == answer)
            return
        if primitive.name == "where":
            (got,) = run([node("where", constant(1.0), Y, F)], *pairs[0])
            assert np.all(np.isnan(got))
            return
        for y, f in [(f, y) for y, f in pairs[:1]] if primitive.arity == 1 else pairs:
            spared = {
                "power": (f == 0) | (y == 1),  # as the C standard has it
                "hypot": np.isinf(y) | np.isinf(f),
                "product": (y == 0) | (f == 0),  # what it is for
            }.get(primitive.name, np.zeros(len(y), dtype=bool))
            (got,) = run([node(primitive.name, *(Y, F)[-primitive.arity :])], y, f)
            np.testing.assert_array_equal(np.isnan(got), ~spared)
            with np.errstate(all="ignore"):
                got = primitive.array(np, *(y, f)[-primitive.arity :])
            np.testing.assert_array_equal(np.isnan(got), ~spared)


@pytest.mark.parametrize("n_outputs", [1, 2, 7, 300])
def test_where_over_outputs(n_outputs):
    rng = np.random.default_rng(0)
    y, f = rng.integers(-1, 2, (5, n_outputs)).astype(float), rng.normal(size=(5, n_outputs))
    (got,) = run([node("where", VECTOR_Y, VECTOR_F, constant(7.0))], y, f, (VECTOR_Y, VECTOR_F))
    np.testing.assert_array_equal(got, np.where(y != 0, f, 7.0))


def test_signed_zeros_follow_ieee():
    minus, plus = np.array([-0.0]), np.array([0.0])
    for name, expected in {"multiply": -0.0, "add": 0.0, "subtract": -0.0}.items():
        (got,) = run([node(name, Y, F)], minus, plus)
        assert math.copysign(1.0, got[0]) == math.copysign(1.0, expected), name
    for name, expected in {"sinh": -0.0, "expm1": -0.0, "log1p": -0.0, "negative": 0.0, "sqrt": -0.0}.items():
        (got,) = run([node(name, F)], plus, minus)
        assert math.copysign(1.0, got[0]) == math.copysign(1.0, expected), name
    assert run([node("divide", Y, F)], np.ones(1), minus)[0] == -np.inf


def test_tables_of_this_module_name_primitives():
    names = {p.name for p in ELEMENTWISE}
    assert set(ORACLES) == names
    assert {name for name, _ in [*CONDITION, *EXCEPTIONS]} <= names
    assert all(len(ORACLES[p.name]) == p.arity + 1 for p in ELEMENTWISE)


# ---- between one number a sample and K outputs -----------------------------------------------------

OUTPUTS = [1, 2, 7, 300]  # 300: more than the interpreter sweeps at once


def rows(n_outputs):
    """Give rows of every sort: ordinary, spread wide, alike, with ties, tiny, and with infinities."""
    rng = np.random.default_rng(n_outputs)
    v = rng.normal(size=(12, n_outputs))
    v[1] *= 300.0
    v[2] = 5.0
    v[3] = rng.integers(0, 3, n_outputs)
    v[4] *= 1e-300
    v[5] = -40.0
    v[5, 0] = 0.0
    v[6] = np.where(np.arange(n_outputs) % 2, -1e300, 1e300)
    v[7] = -800.0
    v[8, :1] = -np.inf
    v[9] = -np.inf
    v[10, -1:] = np.inf
    v[11, :2] = np.inf
    return v


def row_sum(v, _):
    return mp.fsum(v), max(abs(x) for x in v) * len(v)


def row_norm(v, _):
    return (inf if any(map(mp.isinf, v)) else mp.sqrt(mp.fsum(x * x for x in v))), 0


def row_max(v, _):
    return max(v), 0


def row_logsumexp(v, _):
    top = max(v)
    if mp.isinf(top):
        return top, 0
    result = top + mp.log(mp.fsum(exp(x - top) for x in v))
    return result, max(abs(top), abs(result)) if len(v) > 1 else 0


def row_gather(v, label):
    return v[int(label)], 0


def row_count(v, _):
    return mpf(len(v)), 0


REDUCTIONS = {
    "sum": row_sum,
    "norm": row_norm,
    "max": row_max,
    "logsumexp": row_logsumexp,
    "gather": row_gather,
    "count": row_count,
}


@cache
def exact_softmax(v):
    """Give the probabilities of a tuple of doubles."""
    v = [mpf(x) for x in v]
    top = max(v)
    if mp.isinf(top):
        return [nan] * len(v)
    with mp.workprec(200):
        e = [exp(x - top) for x in v]
    total = mp.fsum(e)
    return [x / total for x in e]


def vector_node(primitive):
    arguments = (VECTOR_F, Y) if primitive.arity == 2 else (VECTOR_F,) if primitive.arity else ()
    return Node(primitive, arguments, rank=SCALAR, boolean=primitive.boolean)


def both_ways(result, label, v):
    """Give what program and array function compute, which must agree with the same oracle."""
    yield run([result], label, v, (Y, VECTOR_F))[0]
    yield evaluate([result], {"y": label, "f": v}, np)[0]


def close(got, expected, scale):
    if mp.isnan(expected) or mp.isinf(expected):
        return error_in_ulps(float(got), expected) == 0
    return abs(mpf(float(got)) - expected) <= ULPS * mpf(2) ** -52 * max(scale, abs(expected)) + TINY


@pytest.mark.parametrize("n_outputs", OUTPUTS)
@pytest.mark.parametrize(
    "primitive", [p for p in PRIMITIVES if p.kind in ("reduce", "count")], ids=lambda p: p.name
)
def test_reductions(primitive, n_outputs):
    v = rows(n_outputs)
    label = (np.arange(len(v)) * 5 % n_outputs).astype(float)
    for got in both_ways(vector_node(primitive), label, v):
        assert got.shape == (len(v),)
        for row, k, result in zip(v, label, got, strict=True):
            expected, scale = REDUCTIONS[primitive.name]([mpf(float(x)) for x in row], k)
            scale = max(scale, abs(expected) * (1 + n_outputs // 50))  # the rounding of K additions
            assert close(result, expected, scale), (primitive.name, row, result, mp.nstr(expected, 17))


def derivative_of_row(name, v, label):
    if name == "sum":
        return [mpf(1)] * len(v)
    if name == "norm":
        length, _ = row_norm(v, None)
        return [mpf(0) if length == 0 else nan if mp.isinf(x) else divide(x, length) for x in v]
    if name == "max":
        top = max(v)
        return [mpf(1) / v.count(top) if x == top else mpf(0) for x in v]
    if name == "logsumexp":
        return exact_softmax(tuple(map(float, v)))
    if name == "gather":
        return [mpf(1 if k == label else 0) for k in range(len(v))]
    assert name == "count"
    return [mpf(0)] * len(v)


@pytest.mark.parametrize("n_outputs", OUTPUTS)
@pytest.mark.parametrize(
    "primitive", [p for p in PRIMITIVES if p.kind in ("reduce", "count")], ids=lambda p: p.name
)
def test_derivatives_of_reductions(primitive, n_outputs):
    v = rows(n_outputs)
    label = (np.arange(len(v)) * 5 % n_outputs).astype(float)
    for got in both_ways(derivative(vector_node(primitive), VECTOR_F), label, v):
        assert got.shape == v.shape
        for row, k, results in zip(v, label, got, strict=True):
            expected = derivative_of_row(primitive.name, [mpf(float(x)) for x in row], k)
            for x, result, exact in zip(row, results, expected, strict=True):
                # exp magnifies the rounding of x - max; the sum of K terms adds some of its own
                spread = 1 + gap(x, max(row)) + n_outputs / 50
                assert close(result, exact, spread * abs(exact)), (
                    primitive.name,
                    x,
                    result,
                    mp.nstr(exact, 17),
                )


@pytest.mark.parametrize("n_outputs", OUTPUTS)
def test_softmax(n_outputs):
    v = rows(n_outputs)
    label = np.zeros(len(v))
    result = Node(BY_NAME["softmax"], (VECTOR_F,), rank=VECTOR)
    slopes = both_ways(derivative(result, VECTOR_F), label, v)
    for got, slope in zip(both_ways(result, label, v), slopes, strict=True):
        for row, results, diagonal in zip(v, got, slope, strict=True):
            exact = exact_softmax(tuple(map(float, row)))
            for x, p, d, q in zip(row, results, diagonal, exact, strict=True):
                spread = 1 + gap(x, max(row)) + n_outputs / 50
                assert close(p, q, spread * abs(q))
                assert close(d, q * (1 - q), spread * abs(q))  # 1 - p has no more digits than p near 1


@pytest.mark.parametrize("n_outputs", OUTPUTS)
def test_expand_and_onehot(n_outputs):
    label = np.array([0.0, 1.0, n_outputs - 1.0, n_outputs, -1.0, 0.5, np.nan, 0.0])
    v = np.zeros((len(label), n_outputs))
    ones = [[1.0 if k == x else 0.0 for k in range(n_outputs)] for x in label]
    for got in both_ways(Node(BY_NAME["expand"], (Y,), rank=VECTOR), label, v):
        np.testing.assert_array_equal(got, np.repeat(label[:, None], n_outputs, axis=1))
    for got in both_ways(Node(BY_NAME["onehot"], (Y,), rank=VECTOR, boolean=True), label, v):
        np.testing.assert_array_equal(got, ones)


def test_there_is_a_test_for_each_kind():
    named = {p.name for p in PRIMITIVES if p.kind != "elementwise"}
    assert named == {*REDUCTIONS, "expand", "onehot", "softmax"}


@pytest.mark.parametrize("label", [-1.0, 3.0, 1.5, np.nan, np.inf, 1e30])
def test_an_output_that_does_not_exist_is_nan(label):
    v = np.ones((2, 3))
    for got in both_ways(Node(BY_NAME["gather"], (VECTOR_F, Y)), np.array([label, 1.0]), v):
        np.testing.assert_array_equal(got, [np.nan, 1.0])


@pytest.mark.parametrize("name", ["sum", "max", "logsumexp", "softmax"])
def test_nan_in_any_output_is_seen(name):
    rank = VECTOR if name == "softmax" else SCALAR
    for k in range(4):
        v = np.arange(8.0).reshape(2, 4)
        v[0, k] = np.nan
        for got in both_ways(Node(BY_NAME[name], (VECTOR_F,), rank=rank), np.zeros(2), v):
            assert np.all(np.isnan(got[0]))
            assert not np.any(np.isnan(got[1]))
