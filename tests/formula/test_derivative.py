"""Derivatives of whole formulas, against finite differences in extended precision and known values."""

import numpy as np
import pytest
from scipy.special import expit, log_expit, xlog1py, xlogy

from sklearn_losses.formula import (
    SCALAR,
    VECTOR,
    apply,
    compile_program,
    derivative,
    evaluate,
    logsumexp,
    softmax,
    trace,
    variable,
)

K = 3
extended = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant <= 52,
    reason="finite differences of the oracle need more than double precision",
)


def graph(formula, outputs, label=False):
    y = variable("y", VECTOR if outputs and not label else SCALAR)
    f = variable("f", VECTOR if outputs else SCALAR)
    value = trace(formula, y, f)
    slope = derivative(value, f)
    return [value, slope, derivative(slope, f)], y, f


def computed(formula, y, f):
    """Give value, gradient and Hessian diagonal; program and arrays must agree on them."""
    results, *inputs = graph(formula, f.ndim == 2, label=y.ndim < f.ndim)
    arrays, _ = compile_program(results, *inputs).arrays(y, f)
    for one, other in zip(arrays, evaluate(results, {"y": y, "f": f}, np), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
    return arrays


def stencil(formula, y, f, step):
    """Differentiate along `step` once and twice, with an error of the fourth order."""
    h = np.max(np.abs(step))
    far_left, left, here, right, far_right = (formula(y, f + k * step) for k in (-2, -1, 0, 1, 2))
    first = (8 * (right - left) - (far_right - far_left)) / (12 * h)
    second = (16 * (right + left) - (far_right + far_left) - 30 * here) / (12 * h * h)
    return first, second


def differences(formula, y, f, k=None):
    """Give both derivatives, NaN where two widths disagree: a kink lies between."""
    direction = np.zeros_like(f)
    direction[..., k if k is not None else slice(None)] = 1
    wide, narrow = (stencil(formula, y, f, np.longdouble(h) * direction) for h in (2e-3, 1e-3))
    smooth = [np.isclose(a, b, rtol=1e-6, atol=1e-7) for a, b in zip(wide, narrow, strict=True)]
    return [np.where(smooth[0] & smooth[1], b, np.nan) for b in narrow]


@extended
@pytest.mark.parametrize("outputs", [False, True], ids=["scalar", "vector"])
@pytest.mark.parametrize("block", range(10))
def test_random_formulas(random_formula, outputs, block):
    compared = total = 0
    for seed in range(block * 25, block * 25 + 25):
        formula = random_formula(seed, outputs)
        rng = np.random.default_rng(seed)
        shape = (5, K) if outputs else (5,)
        y, f = rng.normal(size=shape), rng.normal(size=shape)
        value, gradient, hessian = computed(formula, y, f)
        np.testing.assert_allclose(value, formula(y, f), rtol=1e-12, atol=1e-13, err_msg=repr(formula))
        long_y, long_f = y.astype(np.longdouble), f.astype(np.longdouble)
        for k in range(K) if outputs else [None]:
            first, second = differences(formula, long_y, long_f, k)
            at = np.isfinite(first)
            total, compared = total + at.size, compared + at.sum()
            got = [array[..., k] if outputs else array for array in (gradient, hessian)]
            for ours, theirs, what in zip(got, (first, second), ("gradient", "Hessian"), strict=True):
                np.testing.assert_allclose(
                    ours[at], theirs[at].astype(float), rtol=1e-6, atol=1e-7, err_msg=f"{what} of {formula!r}"
                )
    assert compared > 0.9 * total  # elsewhere a kink lies between


@extended
@pytest.mark.parametrize(
    "formula",
    [
        lambda y, f: logsumexp(f) - np.sum(y * f, axis=-1),
        lambda y, f: np.sum((y - softmax(f)) ** 2, axis=-1),
        lambda y, f: -np.sum(abs(y) * np.log(softmax(f)), axis=-1),
        lambda y, f: 1 - np.sum(y * f, axis=-1) / (np.linalg.norm(y, axis=-1) * np.linalg.norm(f, axis=-1)),
        lambda y, f: np.sum(f, axis=-1) * np.mean(f**2, axis=-1) * np.max(f, axis=-1),
        lambda y, f: np.sum(softmax(np.log(softmax(2 * f))) * y, axis=-1),  # one direction twice
        lambda y, f: np.sum(np.log(softmax(np.log(softmax(np.arctan(f))))), axis=-1),
        lambda y, f: logsumexp(np.log(softmax(f)) * y) + f[..., 1] * f[..., 2],
        lambda y, f: np.exp(np.sum(np.maximum(0, 1 + f - np.max(f, axis=-1, keepdims=True)), axis=-1) / 9),
        lambda y, f: np.linalg.norm(y - f, axis=-1, ord=1) + np.linalg.norm(f, axis=-1, ord=np.inf),
        lambda y, f: f.mean(axis=-1) ** 2 + f.sum(axis=-1) + f.max(axis=-1) * f.min(axis=-1),
        lambda y, f: 2 * np.sum(f, axis=-1),
    ],
)
def test_losses_of_several_outputs(formula):
    rng = np.random.default_rng(7)
    y, f = rng.normal(size=(6, K)), rng.normal(size=(6, K))
    value, gradient, hessian = computed(formula, y, f)
    assert gradient.shape == hessian.shape == f.shape
    long_y, long_f = y.astype(np.longdouble), f.astype(np.longdouble)
    np.testing.assert_allclose(value, formula(long_y, long_f).astype(float), rtol=1e-12)
    for k in range(K):
        first, second = (array.astype(float) for array in differences(formula, long_y, long_f, k))
        assert np.isfinite(first).mean() > 0.8
        at = np.isfinite(first)
        np.testing.assert_allclose(gradient[at, k], first[at], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(hessian[at, k], second[at], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("n_outputs", [1, 2, 7, 300])
def test_cross_entropy_of_labels(n_outputs):
    """The gradient is p - onehot, the Hessian's diagonal p (1 - p), whatever K."""
    rng = np.random.default_rng(n_outputs)
    f, y = rng.normal(size=(20, n_outputs)), rng.integers(0, n_outputs, 20).astype(float)
    label, raw = variable("y"), variable("f", VECTOR)
    value = trace(lambda y, f: logsumexp(f) - np.sum(y * f, axis=-1), apply("onehot", label), raw)
    slope = derivative(value, raw)
    (gradient, hessian), _ = compile_program([slope, derivative(slope, raw)], label, raw).arrays(y, f)
    p = np.exp(f) / np.exp(f).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(gradient, p - np.eye(n_outputs)[y.astype(int)], atol=1e-14)
    np.testing.assert_allclose(hessian, p * (1 - p), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("formula", "points"),
    [
        (lambda y, f: np.where(f > 0, np.log(f), 3 * f), {0.0: (3, 0), -2.0: (3, 0), 2.0: (0.5, -0.25)}),
        (lambda y, f: np.where(f > 0, np.sqrt(f), f**2), {0.0: (0, 2), 4.0: (0.25, -1 / 32)}),
        (lambda y, f: np.where(f != 0, 1 / f, 3 * f), {0.0: (3, 0), 2.0: (-0.25, 0.25)}),
        (lambda y, f: np.where(f > 0, f**1.5, 0), {0.0: (0, 0), -1.0: (0, 0), 4.0: (3, 0.375)}),
        (lambda y, f: np.where(f > 0, f**0.3, f), {0.0: (1, 0)}),
        (
            lambda y, f: np.where(f > 0, np.log(f), np.where(f < -1, np.log(-1 - f), 2 * f)),
            {0.0: (2, 0), -1.0: (2, 0)},
        ),
        (
            lambda y, f: np.where(f <= 0, 5 * f, np.where(f > 1, np.log(f - 1), np.sqrt(f))),
            {0.0: (5, 0), 1.0: (0.5, -0.25)},
        ),
        (lambda y, f: y * np.where(f > 0, np.log(f), 0) + f**2, {0.0: (0, 2)}),
        (lambda y, f: np.exp(np.where(f > 0, np.sqrt(f), f)), {0.0: (1, 1)}),
        (lambda y, f: np.where(f > 0, np.sqrt(f), 0) * np.where(f > 0, 1 / f, f), {0.0: (0, 0)}),
        (lambda y, f: np.maximum(np.sqrt(f), 1) + f, {0.0: (1, 0)}),
        (lambda y, f: np.minimum(np.sqrt(f), -1) + f, {0.0: (1, 0)}),
        (lambda y, f: xlogy(y - 1, np.sqrt(f)) + f, {0.0: (1, 0)}),  # y is 1
        (lambda y, f: np.where(f > 0, np.exp(f * 1e3), f), {-3.0: (1, 0), -0.0: (1, 0)}),
        (lambda y, f: np.sqrt((y - f) ** 2), {1.0: (0, 0), 3.0: (1, 0)}),  # is |y - f|
        (lambda y, f: np.hypot(f, y - 1), {0.0: (0, 0), 2.0: (1, 0)}),
        (lambda y, f: np.maximum(f, y), {1.0: (0.5, 0), 2.0: (1, 0), 0.0: (0, 0)}),
        (lambda y, f: np.abs(f), {0.0: (0, 0)}),
        (lambda y, f: np.clip(f, -1, 1), {2.0: (0, 0), 0.0: (1, 0), 1.0: (0.5, 0)}),
    ],
)
def test_branches_not_taken_leave_no_trace(formula, points):
    f = np.array(list(points))
    _, gradient, hessian = computed(formula, np.ones(len(f)), f)
    expected = np.array(list(points.values()), dtype=float)
    np.testing.assert_allclose(gradient, expected[:, 0], rtol=1e-14)
    np.testing.assert_allclose(hessian, expected[:, 1], rtol=1e-14)


def test_branches_not_taken_over_outputs():
    f = np.array([[0.0, -1.0, 2.0], [0.0, 0.0, 0.0]])
    y = np.ones_like(f)

    def entropy(y, f):
        return np.sum(np.where(f > 0, f * np.log(f), 0), axis=-1)

    _, gradient, hessian = computed(entropy, y, f)
    np.testing.assert_allclose(gradient, [[0, 0, 1 + np.log(2)], [0, 0, 0]])
    np.testing.assert_allclose(hessian, [[0, 0, 0.5], [0, 0, 0]])
    _, gradient, _ = computed(lambda y, f: np.linalg.norm(f, axis=-1), y, f)
    np.testing.assert_allclose(gradient, [[0, -1 / np.sqrt(5), 2 / np.sqrt(5)], [0, 0, 0]])
    _, gradient, _ = computed(lambda y, f: logsumexp(np.where(f > 0, np.log(f), -1.0)), y, f)
    shares = np.array([np.exp(-1), np.exp(-1), 2.0])
    np.testing.assert_allclose(gradient, [[0, 0, 0.5 * shares[2] / shares.sum()], [0, 0, 0]])


@pytest.mark.parametrize(
    ("formula", "points"),
    [
        (lambda y, f: np.tanh(np.cosh(f)), {400.0: (0, 0), -800.0: (0, 0), 0.0: (0, 1 / np.cosh(1) ** 2)}),
        (lambda y, f: 1 - 1 / (1 + np.exp(f**2 / 2) / np.e), {40.0: (0, 0), -1e5: (0, 0)}),
        (lambda y, f: np.exp(-np.exp(f)), {720.0: (0, 0), 1e9: (0, 0), -800.0: (0, 0)}),
        (lambda y, f: 1 / (1 + np.exp(f) ** 2), {720.0: (0, 0)}),
        (lambda y, f: np.arctan(np.exp(f)), {720.0: (0, 0), 1e5: (0, 0)}),
        (lambda y, f: np.logaddexp(1, -np.exp(f)), {720.0: (0, 0)}),
        (lambda y, f: expit(np.exp(f)) + expit(-np.sinh(f)), {720.0: (0, 0)}),
        (lambda y, f: np.sin(np.exp(-np.exp(f))), {720.0: (0, 0)}),
        (lambda y, f: (1 + np.exp(f)) ** -1.5 + f, {720.0: (1, 0)}),
        (lambda y, f: np.exp(-np.sinh(f)) * f**2 + f, {720.0: (1, 0)}),
        (
            lambda y, f: np.sqrt((y - 1) * np.exp(f)),
            {0.0: (0, 0), 3.0: (0, 0)},
        ),  # y is 1: a Hellinger distance
        (lambda y, f: -xlogy(expit(f), expit(f)), {800.0: (0, 0), -800.0: (0, 0)}),
        (lambda y, f: np.abs(f) * np.sqrt(np.abs(f)), {0.0: (0, np.nan)}),
        (lambda y, f: np.cbrt(f**3), {0.0: (0, np.nan), 8.0: (1, 0)}),
    ],
)
def test_factors_that_overflow_beside_those_that_vanish(formula, points):
    """The value is exact there, and the slope too small for a float, or flat. NaN: not asked for."""
    f = np.array(list(points))
    _, gradient, hessian = computed(formula, np.ones(len(f)), f)
    expected = np.array(list(points.values()), dtype=float)
    np.testing.assert_allclose(gradient, expected[:, 0], atol=1e-300)
    asked = ~np.isnan(expected[:, 1])
    np.testing.assert_allclose(hessian[asked], expected[asked, 1], rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("formula", [lambda y, f: expit(np.log(f)), lambda y, f: 1 / (1 / f)])
def test_a_pole_on_the_way_leaves_no_slope(formula):
    """The slope at 0 is 1, which an infinite and a vanishing factor do not tell: it is NaN, and not 0."""
    _, gradient, _ = computed(formula, np.ones(1), np.array([0.0]))
    assert np.isnan(gradient[0])


def test_factors_that_overflow_over_outputs():
    f = np.array([[800.0, 1.0, 720.0], [-800.0, 0.0, 3.0]])
    for formula in (
        lambda y, f: np.tanh(np.sum(np.exp(f), axis=-1)),
        lambda y, f: np.sum(softmax(-np.exp(f)), axis=-1),
    ):
        results, *inputs = graph(formula, True)
        for arrays in (
            compile_program(results, *inputs).arrays(f, f)[0],
            evaluate(results, {"y": f, "f": f}, np),
        ):
            assert all(np.all(np.isfinite(array)) for array in arrays)


@pytest.mark.parametrize(
    ("formula", "slope", "bend"),
    [
        (lambda y, f: y**f, np.log(3), np.log(3) ** 2),
        (lambda y, f: (y + f) ** f, np.log(3), np.log(3) ** 2 + 2 / 3),
        (lambda y, f: xlogy(f, y + f), np.log(3), 2 / 3),
        (lambda y, f: xlog1py(f, y + f), np.log(4), 2 / 4),
        (lambda y, f: xlog1py(f, f), 0, 2),
    ],
)
def test_an_argument_that_is_zero_may_move(formula, slope, bend):
    """Selecting zero where an exponent or a factor is zero would leave out what it contributes to the derivatives."""
    _, gradient, hessian = computed(formula, np.array([3.0]), np.array([0.0]))
    np.testing.assert_allclose(gradient, [slope], rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(hessian, [bend], rtol=1e-14)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e200, 1e300])
def test_norms_of_any_length(size):
    f = size * np.array([[3.0, 0.0, 4.0], [0.0, 0.0, 0.0], [1.0, 1.0, -1.0]])
    _, gradient, _ = computed(lambda y, f: np.linalg.norm(f, axis=-1) / size, f, f)
    value = computed(lambda y, f: np.linalg.norm(f, axis=-1), f, f)[0]
    np.testing.assert_allclose(value / size, [5, 0, np.sqrt(3)], rtol=1e-15)
    third = 1 / np.sqrt(3)
    np.testing.assert_allclose(
        gradient * size, [[0.6, 0, 0.8], [0, 0, 0], [third, third, -third]], rtol=1e-14
    )


def test_ties_share_the_slope_of_a_maximum():
    f = np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0], [0.0, 1.0, 3.0]])
    _, gradient, hessian = computed(lambda y, f: np.max(f, axis=-1), f, f)
    np.testing.assert_allclose(gradient, [[0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3], [0, 0, 1]])
    np.testing.assert_array_equal(hessian, 0)


def test_a_derivative_has_the_rank_of_its_variable():
    y, f = variable("y", VECTOR), variable("f", VECTOR)
    for formula in (lambda y, f: np.sum(f, axis=-1), lambda y, f: np.max(y, axis=-1), lambda y, f: f[..., 0]):
        slope = derivative(trace(formula, y, f), f)
        assert slope.rank == derivative(slope, f).rank == VECTOR
        assert (0.5 * slope).rank == VECTOR
    y, f = variable("y"), variable("f")
    assert derivative(trace(lambda y, f: y * f, y, f), f) is y
    assert derivative(trace(lambda y, f: y + 1, y, f), f).value == 0.0


@pytest.mark.parametrize(
    ("f", "gradient"), [(40.0, 4.248354255291589e-18), (-40.0, -1.0), (800.0, 0.0), (-800.0, -1.0)]
)
def test_saturated_gradients_keep_their_digits(f, gradient):
    """Of the log loss of a positive sample: -expit(-f), here from mpmath; and of every way to write it."""
    forms = [
        lambda y, f: np.logaddexp(0, -f),
        lambda y, f: np.log(1 + np.exp(-f)),
        lambda y, f: np.log1p(np.exp(-f)),
        lambda y, f: -np.log(expit(f)),
        lambda y, f: -log_expit(f),
        lambda y, f: -xlogy(y, expit(f)) - xlogy(1 - y, 1 - expit(f)),
        lambda y, f: -y * np.log(expit(f)) - (1 - y) * np.log(1 - expit(f)),
    ]
    for form in forms:
        got = computed(form, np.ones(1), np.array([f]))[1]
        np.testing.assert_allclose(got, [-abs(gradient)], rtol=1e-14)
