"""Tracing: what NumPy does to numbers, symbols record; what they cannot record says how to mend it."""

import math

import numpy as np
import pytest
import scipy.special as sp

from sklearn_losses.formula import (
    SCALAR,
    VECTOR,
    FormulaError,
    _vocabulary,
    compile_program,
    logsumexp,
    softmax,
    trace,
    variable,
)

Y = np.array([0.2, 1.0, 0.7, 0.9, 0.3])
F = np.array([0.6, 0.8, 0.25, 0.9, 1.0])
VECTOR_Y, VECTOR_F = np.array([[0.2, 0.7], [1.0, 0.5]]), np.array([[0.6, -0.8], [0.25, 0.25]])


def traced(formula, y=Y, f=F):
    rank = VECTOR if f.ndim == 2 else SCALAR
    symbols = variable("y", rank), variable("f", rank)
    result = trace(formula, *symbols, rank=rank)
    return compile_program([result], *symbols).arrays(y, f)[0][0]


def ufunc(name):
    """Find the function of NumPy or SciPy that has this name."""
    return getattr(np, name, None) or getattr(sp, name)


NAMES = [
    name
    for name in [*_vocabulary.PRIMITIVE_OF, *_vocabulary.FORMULA_OF]
    if hasattr(np, name) or hasattr(sp, name)
]


def test_every_name_that_is_offered_exists():
    # aliases without a name in this NumPy; the ufunc that arrives bears the first name
    assert {*_vocabulary.PRIMITIVE_OF, *_vocabulary.FORMULA_OF} - set(NAMES) == set()


@pytest.mark.parametrize("name", NAMES)
def test_functions_give_what_numpy_gives(name):
    function = ufunc(name)
    if "bitwise" in name or "invert" in name:
        formula = lambda y, f: function(*(y < 0.5, f < 0.9)[: function.nin])  # noqa: E731
    elif function.nin == 1:
        formula = lambda y, f: function(f)  # noqa: E731
    else:
        formula = lambda y, f: function(y, f)  # noqa: E731
    np.testing.assert_allclose(traced(formula), formula(Y, F).astype(float), rtol=1e-14)
    if function.nin == 2 and "bitwise" not in name:  # NumPy's numbers may stand on either side
        for number in (2, 0.5, np.float64(0.5), np.float32(0.5), np.array(0.5)):
            for mixed in (lambda y, f, n=number: function(n, f), lambda y, f, n=number: function(f, n)):
                np.testing.assert_allclose(traced(mixed), mixed(Y, F).astype(float), rtol=1e-6)


# at 0 and at the ends of their domains
@pytest.mark.parametrize(
    "name", ["xlogy", "xlog1py", "rel_entr", "kl_div", "heaviside", "hypot", "logaddexp"]
)
def test_functions_at_zero(name):
    function = ufunc(name)
    y, f = (a.ravel() for a in np.meshgrid([0.0, 0.5], [0.0, 1e-20, 0.5]))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(traced(function, y, f), function(y, f), rtol=1e-14)


@pytest.mark.parametrize(
    "formula",
    [
        lambda y, f: y + f,
        lambda y, f: y - f,
        lambda y, f: y * f,
        lambda y, f: y / f,
        lambda y, f: y**f,
        lambda y, f: 2 + f,
        lambda y, f: 2 - f,
        lambda y, f: 2 * f,
        lambda y, f: 2 / f,
        lambda y, f: 2**f,
        lambda y, f: f + 2,
        lambda y, f: f - 2,
        lambda y, f: f * 2,
        lambda y, f: f / 2,
        lambda y, f: f**2,
        lambda y, f: np.float64(3) - f,
        lambda y, f: np.float64(3) / f,
        lambda y, f: np.float64(3) ** f,
        lambda y, f: f - np.float64(3),
        lambda y, f: np.int64(3) * f,
        lambda y, f: True + f,
        lambda y, f: np.True_ * f,
        lambda y, f: -f,
        lambda y, f: +f,
        lambda y, f: abs(-f),
        lambda y, f: pow(f, 2),
        lambda y, f: y < f,
        lambda y, f: y <= f,
        lambda y, f: y > f,
        lambda y, f: y >= f,
        lambda y, f: y == f,
        lambda y, f: y != f,
        lambda y, f: f > 0.9,
        lambda y, f: f <= 0.9,
        lambda y, f: np.float64(0.9) < f,
        lambda y, f: np.float64(0.9) == f,
        lambda y, f: np.float64(0.9) >= f,
        lambda y, f: (y < f) & (f < 0.9),
        lambda y, f: (y < f) | (f < 0.9),
        lambda y, f: (y < f) ^ (f < 0.9),
        lambda y, f: ~(y < f),
        lambda y, f: True & (y < f),
        lambda y, f: np.False_ | (y < f),
        lambda y, f: ~np.where(y < f, y < 0.5, f < 0.5),
        lambda y, f: (y < f) * 2.0 + (f < 1),
        lambda y, f: np.where(y < f, y, 3),
        lambda y, f: np.where(y < f, 1, f),
        lambda y, f: np.where(f, y, 0),
        lambda y, f: np.clip(f, 0.5, 0.7),
        lambda y, f: np.clip(f, 0.5, None),
        lambda y, f: np.clip(f, None, 0.7),
        lambda y, f: np.clip(f, a_min=0.5, a_max=0.7),
        lambda y, f: np.clip(f, min=0.5, max=0.7),
        lambda y, f: np.clip(f, y, 1),
        lambda y, f: f.clip(0.5, 0.7),
        lambda y, f: f.clip(min=0.5),
        lambda y, f: f.clip(max=0.5),
        lambda y, f: np.clip(0.5, y, f),
        lambda y, f: np.logical_xor(2 * (y < f), f < 0.9),
        lambda y, f: np.abs(y - f) ** 1.7,
        lambda y, f: (y > 0.5).astype(float) * f,
        lambda y, f: (y > 0.5).astype(np.int64) - f,
        lambda y, f: f.astype(np.float64),
        lambda y, f: np.select([f < 0.5, f < 0.9], [f, 2 * f], default=y),
        lambda y, f: np.select([f < 0.5, y > 0.5], [f, 1]),
        lambda y, f: np.maximum(np.zeros_like(f), y - f) + np.ones_like(y) + np.full_like(f, 2.5),
    ],
)
def test_operators_and_methods_give_what_numpy_gives(formula):
    np.testing.assert_allclose(traced(formula), np.asarray(formula(Y, F), dtype=float), rtol=1e-14)


def test_operators_in_place():
    def formula(y, f):
        r = y - f
        r *= 2
        r += 1
        r /= 3
        r **= 2
        return r

    np.testing.assert_allclose(traced(formula), formula(Y, F), rtol=1e-15)


@pytest.mark.parametrize(
    "formula",
    [
        lambda y, f: np.sum(f, axis=-1),
        lambda y, f: np.sum(f, -1),
        lambda y, f: np.sum(f, axis=(-1,)),
        lambda y, f: np.mean(f, axis=-1),
        lambda y, f: np.max(f, axis=-1),
        lambda y, f: np.amax(f, axis=-1),
        lambda y, f: np.min(f, axis=-1),
        lambda y, f: np.amin(f, axis=-1),
        lambda y, f: f.sum(axis=-1),
        lambda y, f: f.sum(-1),
        lambda y, f: f.mean(axis=-1),
        lambda y, f: f.max(axis=-1),
        lambda y, f: f.min(axis=-1),
        lambda y, f: np.add.reduce(f, axis=-1),
        lambda y, f: np.maximum.reduce(f, axis=-1),
        lambda y, f: np.logaddexp.reduce(f, axis=-1),
        lambda y, f: logsumexp(f),
        lambda y, f: logsumexp(f, axis=-1),
        lambda y, f: f[..., 1],
        lambda y, f: f[..., np.int64(0)],
        lambda y, f: np.linalg.norm(f, axis=-1),
        lambda y, f: np.linalg.norm(f, 2, -1),
        lambda y, f: np.linalg.norm(f, ord=1, axis=-1),
        lambda y, f: np.linalg.norm(f, ord=np.inf, axis=-1),
        lambda y, f: f / np.sum(f, axis=-1, keepdims=True),
        lambda y, f: f - f.max(axis=-1, keepdims=True),
        lambda y, f: f - logsumexp(f, keepdims=True),
        lambda y, f: softmax(f),
        lambda y, f: softmax(f, axis=-1),
        lambda y, f: np.where(np.max(f, axis=-1, keepdims=True) == f, 1.0, y),
        lambda y, f: sp.expit(f) * 2,
        lambda y, f: f - np.add.reduce(f, axis=-1, keepdims=True),
    ],
)
def test_reductions_give_what_numpy_gives(formula):
    expected = formula(VECTOR_Y, VECTOR_F)
    np.testing.assert_allclose(traced(formula, VECTOR_Y, VECTOR_F), expected, rtol=1e-14)


def test_our_functions_of_arrays():
    np.testing.assert_allclose(logsumexp(VECTOR_F), sp.logsumexp(VECTOR_F, axis=-1), rtol=1e-15)
    np.testing.assert_allclose(softmax(VECTOR_F), sp.softmax(VECTOR_F, axis=-1), rtol=1e-15)
    np.testing.assert_allclose(softmax(VECTOR_F, axis=0), sp.softmax(VECTOR_F, axis=0), rtol=1e-15)
    assert logsumexp(VECTOR_F, axis=0, keepdims=True).shape == (1, 2)


# ---- errors ----------------------------------------------------------------------------------------


def python_if(y, f):
    if y > f:
        return f
    return y


def assign(y, f):
    r = y - f
    r[r > 0] = 1
    return r


ERRORS = [
    # what is written, a piece of the formula as the message shows it, the remedy
    (python_if, "f < y", r"np\.where\(condition, a, b\)"),
    (lambda y, f: max(y, f), "y < f", r"np\.maximum"),
    (lambda y, f: (0 < f < 1) * f, "0 < f", r"\(a < f\) & \(f < b\)"),
    (lambda y, f: f if not (y - 1) else y, "y - 1 is true", r"np\.where"),
    (lambda y, f: math.exp(f), "f is a symbol", r"np\.exp"),
    (lambda y, f: math.floor(f), "f is a symbol", r"NumPy's functions"),
    (lambda y, f: float(y - f), "y - f is a symbol", r"float\(\)"),
    (lambda y, f: int(f), "f is a symbol", r"int\(\)"),
    (lambda y, f: round(f, 2), "f is a symbol", r"round\(\)"),
    (lambda y, f: complex(f), "f is a symbol", r"NumPy's functions"),
    (lambda y, f: [1, 2][f], "f is a symbol", r"NumPy's functions"),
    (lambda y, f: np.asarray(f), "f into an array", r"NumPy's functions of the values themselves"),
    (lambda y, f: np.max([y, f]), "into an array", r"np\.maximum\(a, b\)"),
    (assign, "part of y - f", r"np\.where\(r > 0, a, r\)"),
    (lambda y, f: (y - f).astype(int), "y - f into int64", r"np\.sign"),
    (lambda y, f: np.arctan2(y, f), "arctan2", "Did you mean arctan"),
    (lambda y, f: np.select([y > f], [y, f]), "1 conditions and 2 choices", "as many"),
    (lambda y, f: np.array([y, f]), "into an array|iterated|length", "formula"),
    (lambda y, f: sp.logsumexp(f), "scipy.special.logsumexp", r"logsumexp of sklearn_losses\.formula"),
    (lambda y, f: sp.softmax(f), "scipy.special.softmax", r"softmax of sklearn_losses\.formula"),
    (lambda y, f: np.arcsinh(f), "cannot use arcsinh", r"Known are .*exp.*linalg\.norm.*xlogy"),
    (lambda y, f: sp.gammaln(f), "cannot use gammaln", "Known are"),
    (lambda y, f: np.cumsum(f), r"cannot use numpy\.cumsum", "Known are"),
    (lambda y, f: np.round(f), r"cannot use numpy\.round", "Known are"),
    (lambda y, f: f // 2, "cannot use floor_divide", "Known are"),
    (lambda y, f: f % 2, "cannot use remainder", "Known are"),
    (lambda y, f: 2 % f, "cannot use remainder", "Known are"),
    (lambda y, f: f @ y, "cannot use matmul", "Known are"),
    (lambda y, f: np.add.accumulate(f), r"cannot use add\.accumulate", "Known are"),
    (lambda y, f: np.multiply.reduce(f), r"cannot use multiply\.reduce", "Known are"),
    (lambda y, f: np.linalg.norm(f, ord=3, axis=-1), "norm with ord=3", "Known are"),
    (lambda y, f: f.shape[0], "shape is not known", r"np\.mean\(f, axis=-1\)"),
    (lambda y, f: f.ndim, "shape is not known", "axis=-1"),
    (lambda y, f: len(f), "shape is not known", "traced"),
    (lambda y, f: list(f), "iterated", "all outputs"),
    (lambda y, f: f * np.ones(3), r"shape \(3,\)", "numbers only.*sample_weight"),
    (lambda y, f: np.ones((2, 2)) - f, r"shape \(2, 2\)", "numbers only"),
    (lambda y, f: np.where(f > 0, [1, 2], f), r"shape \(2,\)", "numbers only"),
    (lambda y, f: f + None, "None, of type NoneType", "instead of a number"),
    (lambda y, f: f + "a", "'a', of type str", "instead of a number"),
    (lambda y, f: f * 1j, "1j, of type complex", "instead of a number"),
    (lambda y, f: None, "returned None, of type NoneType", "`return`"),
    (lambda y, f: 3.0, "returned 3.0, of type float", "expression of y and f"),
    (lambda y, f: (y, f), "of type tuple", "expression of y and f"),
    (lambda y, f: np.exp(f, out=np.ones(3)), "exp in a formula takes no out=", "values alone"),
    (lambda y, f: np.exp(f, where=True), "takes no where=", "values alone"),
    (lambda y, f: np.add(y, f, dtype=float), "takes no dtype=", "values alone"),
    (lambda y, f: f[0], r"index f with \[0\]", r"f\[\.\.\., k\]"),
    (lambda y, f: f[:, 0], r"index f with \[:, 0\]", r"f\[\.\.\., k\]"),
    (lambda y, f: f[..., 0], r"index f with \[\.\.\., 0\]", "several"),
    (lambda y, f: f[f > 0], r"index f with \[0 < f\]", r"f\[\.\.\., k\]"),
    (lambda y, f: np.sum(y - f), "sum of y - f, which is one number a sample", "by itself"),
    (lambda y, f: np.mean((y - f) ** 2), r"mean of square\(y - f\)", "mean over samples follows by itself"),
    (lambda y, f: (y - f).sum(axis=-1), "sum of y - f", "several outputs"),
    (lambda y, f: logsumexp(f), "logsumexp of f", "several outputs"),
    (lambda y, f: softmax(f), "softmax of f", "several outputs"),
    (lambda y, f: np.linalg.norm(y - f), r"linalg\.norm of y - f", "several outputs"),
    (lambda y, f: 0 & f, "came to 0, f", r"\(y > 0\) & \(f < 1\)"),
    (lambda y, f: ~f, "came to f", "parentheses"),
    (lambda y, f: y > 0 & f < 1, "came to 0, f", "parentheses"),
    (lambda y, f: np.where(f > 0), r"np\.where in a formula missing", "argument"),
    (lambda y, f: np.clip(f, 0, 1, out=None), r"np\.clip in a formula got", "out"),
]


@pytest.mark.parametrize("row", range(len(ERRORS)))
def test_errors_say_what_came_and_what_to_write(row):
    formula, found, remedy = ERRORS[row]
    with pytest.raises(FormulaError, match=f"(?s)(?={'.*' + found})(?={'.*' + remedy})"):
        trace(formula, variable("y"), variable("f"))


VECTOR_ERRORS = [
    (lambda y, f: y - f, "one value for each output, y - f", r"np\.sum\(…, axis=-1\)"),
    (lambda y, f: np.sum(f), "sum of f over axis=None", "Write axis=-1"),
    (lambda y, f: np.sum(f, axis=1), "sum of f over axis=1", "Write axis=-1"),
    (lambda y, f: f.mean(axis=0), "mean of f over axis=0", "Write axis=-1"),
    (lambda y, f: np.min(f), "min of f over axis=None", "Write axis=-1"),
    (lambda y, f: np.add.reduce(f), "sum of f over axis=0", "Write axis=-1"),
    (lambda y, f: np.linalg.norm(y - f), r"norm of y - f over axis=None", "Write axis=-1"),
    (lambda y, f: logsumexp(f, axis=0), "logsumexp of f over axis=0", "Write axis=-1"),
    (lambda y, f: np.sum(f, axis=-1, where=f > 0), r"np\.sum in a formula got", "where"),
    (lambda y, f: np.sum(f, axis=-1, dtype=float), r"np\.sum in a formula", "dtype"),
    (lambda y, f: np.add.reduce(f, axis=-1, initial=3), "takes no initial=", "values alone"),
    (lambda y, f: f[..., -1], r"index f with \[\.\.\., -1\]", r"k = 0, 1"),
    (lambda y, f: f[..., 0:2], r"index f with \[\.\.\., 0:2\]", r"k = 0, 1"),
    (lambda y, f: np.dot(y, f), r"cannot use numpy\.dot", "Known are"),
]


@pytest.mark.parametrize("row", range(len(VECTOR_ERRORS)))
def test_errors_over_outputs(row):
    formula, found, remedy = VECTOR_ERRORS[row]
    with pytest.raises(FormulaError, match=f"(?s)(?={'.*' + found})(?={'.*' + remedy})"):
        trace(formula, variable("y", VECTOR), variable("f", VECTOR))


def test_nan_constants_are_refused():
    for formula in (
        lambda y, f: f * float("nan"),
        lambda y, f: f + np.log(np.float64(-1)),
        lambda y, f: np.inf * (0 * f),
    ):
        with pytest.raises(ValueError, match=r"A constant of the formula is NaN\. Check the parameters"):
            trace(formula, variable("y"), variable("f"))


def test_messages_stay_short_however_long_the_formula():
    def formula(y, f):
        for _ in range(60):  # 2^60 mentions of f
            f = f * np.exp(f)
        return f if f > 0 else y

    with pytest.raises(FormulaError) as caught:
        trace(formula, variable("y"), variable("f"))
    assert len(str(caught.value)) < 800


def test_what_cannot_be_used_is_no_symbol_attribute():
    with pytest.raises(AttributeError, match="tolist"):
        trace(lambda y, f: f.tolist(), variable("y"), variable("f"))
    with pytest.raises(TypeError, match="unhashable"):
        trace(lambda y, f: {f: 1}, variable("y"), variable("f"))
