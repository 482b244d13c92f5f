"""Programs and array evaluation: any real input, any size, any thread, the same numbers."""

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import array_api_strict
import numpy as np
import pytest
from scipy.special import xlogy

from sklearn_losses.formula import (
    SCALAR,
    VECTOR,
    apply,
    compile_program,
    constant,
    derivative,
    evaluate,
    logsumexp,
    softmax,
    trace,
    variable,
)

K = 3


def program_of(formula, outputs=False, order=1):
    rank = VECTOR if outputs else SCALAR
    y, f = variable("y", rank), variable("f", rank)
    results = [trace(formula, y, f)]
    for _ in range(order):
        results.append(derivative(results[-1], f))
    return compile_program(results, y, f)


def huber(y, f):
    r = np.abs(y - f)
    return np.where(r <= 1.5, 0.5 * r**2, 1.5 * (r - 0.75))


def huber_slope(y, f):
    return np.clip(f - y, -1.5, 1.5)


def cross_entropy(y, f):
    return logsumexp(f) - np.sum(y * f, axis=-1)


def cross_entropy_slope(y, f):
    p = np.exp(f - f.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True) - y


def check(y, f, formula=huber, slope=huber_slope):
    """Compare a run over these very arrays with NumPy's of doubles."""
    (value, gradient), ranges = program_of(formula, outputs=f.ndim == 2).arrays(y, f)
    doubles = y.astype(np.float64), f.astype(np.float64)
    np.testing.assert_allclose(value, formula(*doubles), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(gradient, slope(*doubles), rtol=1e-12, atol=1e-13)
    assert value.dtype == gradient.dtype == np.float64
    assert value.shape == y.shape[:1]
    assert gradient.shape == f.shape
    for found, array in zip(ranges, doubles, strict=True):
        assert found == ((array.min(), array.max(), False) if array.size else (np.inf, -np.inf, False))


NUMBERS = np.random.default_rng(0)
SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000]


@pytest.mark.parametrize("n", SIZES)
def test_sizes_around_the_block(n):
    check(NUMBERS.normal(size=n), NUMBERS.normal(size=n) * 3)
    for n_outputs in (1, 2, 7, 255, 256, 300):
        y, f = NUMBERS.uniform(size=(n, n_outputs)), NUMBERS.normal(size=(n, n_outputs))
        if n <= 300:
            check(y, f, cross_entropy, cross_entropy_slope)


@pytest.mark.parametrize(
    "dtype",
    [
        "f8",
        "f4",
        "f2",
        "i8",
        "i4",
        "i2",
        "i1",
        "?",
        "u1",
        "u2",
        "u4",
        "u8",
        ">f8",
        ">f4",
        ">i8",
        "longdouble",
    ],
)
def test_dtypes(dtype):
    y = NUMBERS.integers(0, 2, 600).astype(dtype)
    f = (NUMBERS.integers(0, 9, 600) / 4).astype(dtype)
    check(y, f)
    check(y, NUMBERS.normal(size=600))
    check(y.reshape(200, 3), f.reshape(200, 3), cross_entropy, cross_entropy_slope)


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i4", "i1", "?"])
def test_strides(dtype):
    big = (NUMBERS.normal(size=(900, 8)) * 2).astype(dtype)
    check(big[::-1, 0], big[::3, 1].repeat(3))
    check(big[::2, 0], big[1::2, 5])
    check(np.broadcast_to(big[0, 0], 700), big[:700, 1])
    check(big[:700, 1], np.broadcast_to(big[0, 0], 700))
    for y, f in (
        (np.asfortranarray(big), big[::-1]),
        (big[:, ::2], big[:, 1::2]),
        (big[:, ::-1], np.asfortranarray(big)),
        (np.broadcast_to(big[0], big.shape), np.broadcast_to(big[:, :1], big.shape)),
        (big[:, :1], big[:, 1:2]),
        (big.T[:, :8], big.T[:, 8:16]),
    ):
        check(y, f, cross_entropy, cross_entropy_slope)


def test_memory_that_may_not_be_written_or_is_not_aligned():
    y, f = NUMBERS.normal(size=300), NUMBERS.normal(size=300)
    y.flags.writeable = f.flags.writeable = False
    check(y, f)
    packed = np.zeros(300, dtype=[("flag", "i1"), ("y", "f8"), ("f", "f4")])
    packed["y"], packed["f"] = y, f
    check(packed["y"], packed["f"])
    shifted = np.frombuffer(b"x" + f.tobytes(), dtype=np.float64, offset=1)
    assert not shifted.flags.aligned
    check(y, shifted)


def test_results_in_float32():
    y, f = NUMBERS.normal(size=(2, 300)).astype(np.float32)
    (value, gradient), _ = program_of(huber).arrays(y, f, np.float32)
    assert value.dtype == gradient.dtype == np.float32
    # bits, as every step of huber is rounded as IEEE 754 says, here and in NumPy, and nothing is contracted
    np.testing.assert_array_equal(value, huber(y.astype(float), f.astype(float)).astype(np.float32))


def test_one_sample_at_a_time_gives_the_same_bits():
    y, f = NUMBERS.normal(size=(2, 300))
    program = program_of(huber)
    whole = program.arrays(y, f)[0]
    for i in range(300):
        for one, all_of_them in zip(program.arrays(y[i : i + 1], f[i : i + 1])[0], whole, strict=True):
            assert one[0] == all_of_them[i]


@pytest.mark.parametrize("outputs", [False, True])
def test_results_that_are_inputs_or_constants(outputs):
    rank = VECTOR if outputs else SCALAR
    y, f = variable("y", rank), variable("f", rank)
    shape = (300, K) if outputs else (300,)
    a, b = NUMBERS.normal(size=shape), NUMBERS.normal(size=shape)
    results = [f, y, constant(2.5, rank), f, constant(-1.0), y + f]
    expected = [b, a, np.full(shape, 2.5), b, np.full(300, -1.0), a + b]
    for computed in (compile_program(results, y, f).arrays(a, b)[0], evaluate(results, {"y": a, "f": b}, np)):
        for got, want in zip(computed, expected, strict=True):
            np.testing.assert_array_equal(got, want)
    total, *_ = compile_program([constant(2.5)], y, f).total(a, b)
    assert total == 750.0


def test_a_gradient_that_depends_on_y_only():
    y, f = variable("y"), variable("f", VECTOR)
    slope = derivative(trace(lambda y, f: -np.sum(y * f, axis=-1), apply("onehot", y), f), f)
    labels, raw = np.array([0.0, 2.0]), np.zeros((2, K))
    for (got,) in (
        compile_program([slope], y, f).arrays(labels, raw)[0],
        evaluate([slope], {"y": labels, "f": raw}, np),
    ):
        np.testing.assert_array_equal(got, -np.eye(K)[[0, 2]])


# ---- totals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", SIZES)
def test_total(n):
    y, f, w = NUMBERS.normal(size=n), NUMBERS.normal(size=n), NUMBERS.uniform(size=n)
    program = program_of(huber)
    total, weight, ranges, largest = program.total(y, f)
    assert total == pytest.approx(huber(y, f).sum(), rel=1e-13)
    assert weight == n
    assert len(ranges) == 2
    assert largest == pytest.approx([huber_slope(y, f).max() if n else -np.inf])
    total, weight, ranges, _ = program.total(y, f, w)
    assert total == pytest.approx((huber(y, f) * w).sum(), rel=1e-13)
    assert weight == pytest.approx(w.sum())
    assert ranges[2] == ((w.min(), w.max(), False) if n else (np.inf, -np.inf, False))


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "?", "u1"])
def test_weights_of_any_type(dtype):
    y, f, w = (
        NUMBERS.normal(size=300),
        NUMBERS.normal(size=300),
        NUMBERS.integers(0, 2, 600)[::2].astype(dtype),
    )
    total, weight, *_ = program_of(huber).total(y, f, w)
    assert total == pytest.approx((huber(y, f) * w).sum(), rel=1e-13)
    assert weight == w.sum()


@pytest.mark.parametrize("bad", [np.nan, 0.0, np.inf])
def test_a_weight_of_zero_silences_any_loss(bad):
    y, f, w = np.ones(600), np.full(600, 2.0), np.ones(600)
    f[[3, 300]], w[[3, 300]] = bad, 0.0
    total, weight, *_ = program_of(lambda y, f: y / f * np.log(f)).total(y, f, w)
    assert total == pytest.approx(598 * np.log(2) / 2)
    assert weight == 598


def test_ranges_of_what_came_in():
    y, f, w = np.zeros(600), np.ones(600), np.ones(600)
    y[1], y[599], f[256], f[300], w[0] = -5, 7, np.nan, np.inf, -2
    program = program_of(huber)
    _, _, ranges, _ = program.total(y, f, w)
    assert ranges == [(-5.0, 7.0, False), (1.0, np.inf, True), (-2.0, 1.0, False)]
    _, ranges = program.arrays(y, f)
    assert ranges == [(-5.0, 7.0, False), (1.0, np.inf, True)]
    # inputs that the program does not use are looked at, too
    _, ranges = program_of(lambda y, f: f + 1).arrays(y, f)
    assert ranges[0] == (-5.0, 7.0, False)


def test_totals_of_several_outputs():
    y, f, w = NUMBERS.uniform(size=(400, K)), NUMBERS.normal(size=(400, K)), NUMBERS.uniform(size=400)
    y_node, f_node = variable("y", VECTOR), variable("f", VECTOR)
    value, rows = trace(cross_entropy, y_node, f_node), trace(lambda y, f: np.sum(y, axis=-1), y_node, f_node)
    total, weight, ranges, largest = compile_program([value, rows], y_node, f_node).total(y, f, w)
    assert total == pytest.approx((cross_entropy(y, f) * w).sum(), rel=1e-13)
    assert weight == pytest.approx(w.sum())
    assert largest == pytest.approx([y.sum(axis=1).max()])
    assert ranges[1] == (f.min(), f.max(), False)


# ---- errors, copies, threads -----------------------------------------------------------------------


def test_shapes_that_do_not_fit_are_refused():
    one, several = program_of(huber), program_of(cross_entropy, outputs=True)
    a, v = np.ones(5), np.ones((5, K))
    for program, y, f, message in (
        (one, np.ones(4), a, r"y has shape \(4,\); this program takes \(5,\)"),
        (one, a, np.ones((5, 1)), r"f has shape \(5, 1\); this program takes \(5,\)"),
        (several, np.ones((5, 2)), v, r"f has shape \(5, 3\); this program takes \(5, 2\)"),
        (several, np.ones((4, K)), v, r"y has shape \(4, 3\)"),
        (several, a, v, r"y has shape \(5,\)"),
        (several, v, a, r"f has shape \(5,\)"),
        (several, np.ones((5, 0)), np.ones((5, 0)), "at least one output"),
    ):
        for run in (program.arrays, program.total):
            with pytest.raises(ValueError, match=message):
                run(y, f)
    with pytest.raises(ValueError, match=r"weights has shape \(4,\)"):
        one.total(a, a, np.ones(4))


def test_an_output_that_does_not_exist_is_an_error():
    program = program_of(lambda y, f: f[..., 1] + f[..., 3], outputs=True)
    assert program.arrays(np.ones((2, 4)), np.ones((2, 4)))[0][0].tolist() == [2.0, 2.0]
    with pytest.raises(ValueError, match="picks output 3, counted from 0, of 3"):
        program.arrays(np.ones((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol):
    y, f = NUMBERS.normal(size=(2, 50))
    program = program_of(huber)
    copy = pickle.loads(pickle.dumps(program, protocol))
    for ours, theirs in zip(copy.arrays(y, f)[0], program.arrays(y, f)[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_pickle_into_read_only_memory():
    """As Dask and shared memory hand it over: the arrays cannot be written."""
    buffers = []
    stream = pickle.dumps(program_of(huber), protocol=5, buffer_callback=buffers.append)
    assert buffers
    copy = pickle.loads(stream, buffers=[bytes(buffer) for buffer in buffers])
    check_copy = copy.arrays(np.zeros(3), np.array([0.0, 1.0, 9.0]))[0]
    np.testing.assert_allclose(check_copy[0], [0, 0.5, 12.375])


def test_threads_share_a_program():
    y, f = NUMBERS.normal(size=(2, 20_000))
    program = program_of(huber)
    expected = program.arrays(y, f)[0]
    total = program.total(y, f)[0]

    def work(i):
        start = i * 100  # each thread has a part of its own as well
        (part, _), _ = program.arrays(y[start:], f[start:])
        return program.arrays(y, f)[0], program.total(y, f)[0], np.array_equal(part, expected[0][start:])

    with ThreadPoolExecutor(4) as pool:
        for arrays, summed, part_agrees in pool.map(work, range(32)):
            np.testing.assert_array_equal(arrays, expected)
            assert summed == total
            assert part_agrees


def test_threads_trace_to_one_graph():
    """Two threads that need the same new node at the same time get one."""
    threads, rounds = 4, 200
    start = Barrier(threads)
    y, f = variable("y"), variable("f")

    def work(_):
        nodes = []
        for i in range(rounds):
            start.wait()
            nodes.append(trace(lambda y, f, i=i: np.exp(y * (f + i + 0.3713)), y, f))
        return nodes

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(threads) as pool:
            nodes = list(pool.map(work, range(threads)))
    finally:
        sys.setswitchinterval(interval)
    for i in range(rounds):
        assert all(nodes[k][i] is nodes[0][i] for k in range(threads))


def test_graphs_that_nobody_holds_are_forgotten():
    import gc

    from sklearn_losses.formula import Node

    gc.collect()
    before = len(Node._all)
    y, f = variable("y"), variable("f")
    node = trace(lambda y, f: np.exp(np.sin(y) * 0.123456789 - f), y, f)
    assert len(Node._all) > before
    del node, y, f
    gc.collect()
    assert len(Node._all) <= before


# ---- arrays of any namespace -----------------------------------------------------------------------

FORMULAS = [
    huber,
    lambda y, f: y * np.logaddexp(0, -f) + (1 - y) * np.logaddexp(0, f),
    lambda y, f: np.where((y > 0.5) & ~(f < 0) | (f > 1), xlogy(y, f), np.maximum(f, y) ** 2) + (f > 0),
    lambda y, f: np.hypot(y, f) + np.arctan(f) * np.tanh(y) - np.sign(f) * np.cosh(f),
    lambda y, f: y * 0 + 3,
]
VECTOR_FORMULAS = [
    cross_entropy,
    lambda y, f: np.sum((y - softmax(f)) ** 2, axis=-1) + np.max(f, axis=-1),
    lambda y, f: np.mean(np.where(f > y, f, 2 * y), axis=-1) * f[..., 1],
    lambda y, f: np.linalg.norm(y - f, axis=-1) + np.sum(f > 0, axis=-1),
]


@pytest.mark.parametrize("xp", [np, array_api_strict], ids=["numpy", "array_api_strict"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("outputs", [False, True], ids=["scalar", "vector"])
def test_evaluation_in_other_namespaces(xp, dtype, outputs):
    rank, shape = (VECTOR, (40, K)) if outputs else (SCALAR, (40,))
    y, f = variable("y", rank), variable("f", rank)
    a, b = NUMBERS.uniform(size=shape).astype(dtype), NUMBERS.normal(size=shape).astype(dtype)
    for formula in VECTOR_FORMULAS if outputs else FORMULAS:
        value = trace(formula, y, f)
        slope = derivative(value, f)
        results = [value, slope, derivative(slope, f)]
        got = evaluate(results, {"y": xp.asarray(a), "f": xp.asarray(b)}, xp)
        expected = compile_program(results, y, f).arrays(a, b)[0]
        for ours, theirs in zip(got, expected, strict=True):
            assert ours.dtype == getattr(xp, dtype)
            tolerance = 1e-12 if dtype == "float64" else 2e-5
            np.testing.assert_allclose(np.asarray(ours), theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("xp", [np, array_api_strict], ids=["numpy", "array_api_strict"])
def test_evaluation_of_labels_and_of_nothing(xp):
    y, f = variable("y"), variable("f", VECTOR)
    value = trace(cross_entropy, apply("onehot", y), f)
    results = [value, derivative(value, f)]
    for n in (4, 0):
        labels, raw = np.arange(n) % K * 1.0, NUMBERS.normal(size=(n, K))
        got = evaluate(results, {"y": xp.asarray(labels), "f": xp.asarray(raw)}, xp)
        np.testing.assert_allclose(np.asarray(got[0]), cross_entropy(np.eye(K)[labels.astype(int)], raw))
        assert got[1].shape == (n, K)


def test_random_formulas_agree(random_formula):
    for outputs in (False, True):
        rank, shape = (VECTOR, (6, K)) if outputs else (SCALAR, (6,))
        y, f = variable("y", rank), variable("f", rank)
        for seed in range(100):
            formula = random_formula(9000 + seed, outputs)
            a, b = NUMBERS.normal(size=shape), NUMBERS.normal(size=shape)
            value = trace(formula, y, f)
            results = [value, derivative(value, f)]
            arrays = {"y": array_api_strict.asarray(a), "f": array_api_strict.asarray(b)}
            for ours, theirs in zip(
                evaluate(results, arrays, array_api_strict),
                compile_program(results, y, f).arrays(a, b)[0],
                strict=True,
            ):
                np.testing.assert_allclose(
                    np.asarray(ours), theirs, rtol=1e-10, atol=1e-12, err_msg=repr(formula)
                )
