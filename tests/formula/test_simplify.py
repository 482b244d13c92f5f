"""Simplification changes no value, makes what it touches cheaper, and shares what is equal."""

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.special import expit, log_expit, logit, xlogy

from sklearn_losses.formula import (
    SCALAR,
    VECTOR,
    _graph,
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
EXTREMES = np.array(
    [0.0, -0.0, 1e-300, -1e-300, 1e-9, 1, -1, 37, -37, 800, -800, 1e150, -1e150, 1e300, -1e300]
)
# What the rules make more exact, so that the formula as written is no oracle; and the logarithm of softmax,
# which becomes as exact as its argument is.
MORE_EXACT = ("one minus expit", "log expit", "log softplus", "log softmax")


UNIT = (1e-300, 1.0)


def inputs(outputs, domain=(-np.inf, np.inf)):
    """Give the two symbols; `domain` is where f is known to lie."""
    rank = VECTOR if outputs else SCALAR
    return variable("y", rank), variable("f", rank, domain)


def run(formula, y, f, order=1):
    """Give the value and its derivatives."""
    symbols = inputs(f.ndim == 2)
    results = [trace(formula, *symbols)]
    for _ in range(order):
        results.append(derivative(results[-1], symbols[1]))
    return compile_program(results, *symbols).arrays(y, f)[0]


@pytest.fixture
def without_rules(monkeypatch):
    def run_without(*arguments, **keywords):
        with monkeypatch.context() as context:
            context.setattr(_graph, "_RULES", {})
            return run(*arguments, **keywords)

    return run_without


def names(*results):
    return sorted(node.primitive.name for node in _graph.topological(results) if node.primitive is not None)


@pytest.mark.parametrize("outputs", [False, True], ids=["scalar", "vector"])
def test_rules_change_no_value(random_formula, without_rules, outputs):
    for seed in range(150):
        formula = random_formula(1000 + seed, outputs)
        rng = np.random.default_rng(seed)
        shape = (6, K) if outputs else (6,)
        y, f = rng.normal(size=shape), rng.normal(size=shape)
        for got, expected in zip(run(formula, y, f, 2), without_rules(formula, y, f, 2), strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-10, err_msg=repr(formula))


@pytest.mark.parametrize("outputs", [False, True], ids=["scalar", "vector"])
def test_rules_lose_no_value_at_extremes(random_formula, without_rules, outputs):
    """Where the formula as written gives a finite number, the simplified one gives the same."""
    seen = 0
    y, f = (a.ravel() for a in np.meshgrid(EXTREMES, EXTREMES))
    if outputs:
        size = len(y) // K * K
        y, f = y[:size].reshape(-1, K), f[:size].reshape(-1, K)
    for seed in range(150):
        formula = random_formula(5000 + seed, outputs, depth=3)
        if any(name in repr(formula) for name in MORE_EXACT):
            continue
        (got,), (expected,) = run(formula, y, f, 0), without_rules(formula, y, f, 0)
        finite = np.isfinite(expected)
        seen += finite.sum()
        np.testing.assert_allclose(
            got[finite], expected[finite], rtol=1e-12, atol=1e-15, err_msg=repr(formula)
        )
    assert seen > 1000


# What is written, what should remain of it, and where to compare. One row and more for every rule.
x = np.array([-800.0, -37.0, -2.5, -1e-9, 1e-9, 0.4, 3.0, 37.0, 800.0])
p = np.array([1e-300, 1e-9, 0.2, 0.5, 0.7, 1 - 1e-9])
REWRITES = [
    (lambda y, f: f + 0, [], x),
    (lambda y, f: y + (-f), ["subtract"], x),
    (lambda y, f: -y + f, ["subtract"], x),
    (lambda y, f: f + f, ["multiply"], x),
    (lambda y, f: f - 0, [], x),
    (lambda y, f: 0 - f, ["negative"], x),
    (lambda y, f: y - (-f), ["add"], x),
    (lambda y, f: 1 - expit(f), ["expit", "negative"], x),
    (lambda y, f: 0 * f, [], x),
    (lambda y, f: 1 * f, [], x),
    (lambda y, f: -1 * f, ["negative"], x),
    (lambda y, f: 2 * -f, ["multiply"], x),
    (lambda y, f: 2 * (f * 3), ["multiply"], x),
    (lambda y, f: -y * f, ["multiply", "negative"], x),
    (lambda y, f: y * -f, ["multiply", "negative"], x),
    (lambda y, f: y * (2 * f) * 3, ["multiply", "multiply"], x),
    (lambda y, f: np.abs(f) * np.sign(f), [], x),
    (lambda y, f: np.sign(f) * np.abs(f), [], x),
    (lambda y, f: f * f, ["square"], x),
    (lambda y, f: 0 / (1 + f * f), [], x),
    (lambda y, f: f / 1, [], x),
    (lambda y, f: -y / f, ["divide", "negative"], x),
    (lambda y, f: np.negative(-f), [], x),
    (lambda y, f: -(y - f), ["subtract"], x),
    (lambda y, f: -(2 * f), ["multiply"], x),
    (lambda y, f: f**0, [], x),
    (lambda y, f: f**1, [], x),
    (lambda y, f: f**2, ["square"], x),
    (lambda y, f: f**3, ["multiply", "square"], x),
    (lambda y, f: f**4, ["square", "square"], x),
    (lambda y, f: f**-1, ["divide"], x),
    (lambda y, f: f**-2, ["divide", "square"], x),
    (lambda y, f: f**0.5, ["sqrt"], p),
    (lambda y, f: np.sqrt(f**2), ["abs"], x),
    (lambda y, f: np.abs(np.abs(f)), ["abs"], x),
    (lambda y, f: np.abs(-f), ["abs"], x),
    (lambda y, f: np.square(np.abs(f)), ["square"], x),
    (lambda y, f: np.cosh(-f), ["cosh"], x),
    (lambda y, f: np.where(True, f, y), [], x),
    (lambda y, f: np.where(False, y, f), [], x),
    (lambda y, f: np.where(y < f, f, f), [], x),
    (lambda y, f: np.where(~(y < f), y, f), ["less", "where"], x),
    (lambda y, f: np.exp(np.log(f)), [], p),
    (lambda y, f: np.expm1(np.log1p(f)), [], p),
    (lambda y, f: logit(expit(f)), [], x),
    (lambda y, f: expit(logit(f)), [], p),
    (lambda y, f: expit(-logit(f)), ["subtract"], p),
    (lambda y, f: np.log(np.exp(f)), [], x),
    (lambda y, f: np.log1p(np.expm1(f)), [], x),
    (lambda y, f: np.log(expit(f)), ["negative", "negative", "softplus"], x),
    (lambda y, f: np.log1p(-expit(f)), ["negative", "softplus"], x),
    (lambda y, f: np.log(1 + f), ["log1p"], p),
    (lambda y, f: np.log(f + 1.0), ["log1p"], p),
    (lambda y, f: np.log(1 - f), ["log1p", "negative"], p),
    (lambda y, f: np.log(1 + np.exp(f)), ["softplus"], x),
    (lambda y, f: np.logaddexp(0, f), ["softplus"], x),
    (lambda y, f: np.logaddexp(f, 0), ["softplus"], x),
    (lambda y, f: np.logaddexp(0, logit(f)), ["log1p", "negative", "negative"], p),
    (lambda y, f: np.logaddexp(0, -logit(f)), ["log", "negative"], p),
    (lambda y, f: xlogy(y, np.exp(f)), ["multiply"], x),
    (lambda y, f: xlogy(y, expit(f)), ["multiply", "negative", "negative", "softplus"], x),
]
EXACT = {  # what the rewritten forms compute, in high precision, for those that NumPy computes worse
    7: lambda y, f: 1 / (1 + mp.exp(f)),
    44: lambda y, f: f,
    45: lambda y, f: f,
    46: lambda y, f: 1 - f,
    47: lambda y, f: f,
    48: lambda y, f: f,
    49: lambda y, f: -mp.log1p(mp.exp(-f)),
    50: lambda y, f: -mp.log1p(mp.exp(f)),
    51: lambda y, f: mp.log1p(f),
    52: lambda y, f: mp.log1p(f),
    53: lambda y, f: mp.log1p(-f),
    54: lambda y, f: mp.log1p(mp.exp(f)),
    57: lambda y, f: -mp.log1p(-f),
    58: lambda y, f: -mp.log(f),
    59: lambda y, f: y * f,
    60: lambda y, f: -y * mp.log1p(mp.exp(-f)),
}


@pytest.mark.parametrize("row", range(len(REWRITES)))
def test_rewrites(row):
    formula, remains, f = REWRITES[row]
    y = np.full(len(f), 1.7)
    symbols = inputs(False, UNIT) if f is p else inputs(False)
    node = trace(formula, *symbols)
    assert names(node) == remains
    (got,), _ = compile_program([node], *symbols).arrays(y, f)
    if row in EXACT:
        with mp.workprec(2000):
            expected = [float(EXACT[row](mpf(a), mpf(b))) for a, b in zip(y, f, strict=True)]
    else:
        with np.errstate(all="ignore"):
            expected = np.broadcast_to(formula(y, f), f.shape)
    np.testing.assert_allclose(got, expected, rtol=1e-15, atol=1e-307)


@pytest.mark.parametrize(
    "formula",
    [
        lambda y, f: 0.0 * np.log(f) + (y - f) ** 2,
        lambda y, f: y + 0.0 / f,
        lambda y, f: 0.0 * np.sqrt(f - 1) + y,
        lambda y, f: 0.0 * (f / (f - f)) + y,
        lambda y, f: 0.0 * f**-1.5 + y,
        lambda y, f: 0.0 * f**0.5 + y,
        lambda y, f: np.where(f > 0, 0.0 * (1 / f), 1 / f),
        lambda y, f: np.exp(np.log(f)),
        lambda y, f: np.exp(-np.log(f)),
        lambda y, f: np.exp(2 * np.log(f)),
        lambda y, f: np.expm1(np.log1p(f)),
        lambda y, f: np.logaddexp(0, np.log(f)),
        lambda y, f: np.logaddexp(0, 1 + np.log(f)),
        lambda y, f: np.logaddexp(0, logit(f)),
        lambda y, f: np.logaddexp(0, -logit(f)),
        lambda y, f: expit(logit(f)),
        lambda y, f: expit(-logit(f)),
        lambda y, f: 1 - expit(np.log(f)),
        lambda y, f: xlogy(y, np.exp(np.log(f))),
        lambda y, f: np.fmax(np.log(f), 0),
        lambda y, f: np.fmin(1, np.sqrt(f)),
        lambda y, f: np.fmax(y, 1 / f - 1 / f),
    ],
)
def test_infinity_and_nan_are_not_hidden(formula):
    """Outside of what a logarithm, a root or a quotient is defined for, there is what NumPy says."""
    f = np.array([-3.0, -1.0, -0.0, 0.0, 0.5, 1.0, 2.0])
    y = np.full(len(f), 2.0)
    (got,) = run(formula, y, f, 0)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(got, formula(y, f), rtol=1e-14)


def test_infinity_and_nan_of_outputs_are_not_hidden():
    label, f = variable("y"), variable("f", VECTOR)
    v = np.array([[-1.0, 0.5, 2.0], [0.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
    for formula in (
        lambda y, f: np.sum(y * np.log(f), axis=-1),
        lambda y, f: np.sum(y / f, axis=-1),
        lambda y, f: np.sum(xlogy(y, np.sqrt(f)), axis=-1),
        lambda y, f: logsumexp(np.log(f)) + np.max(y, axis=-1),
        lambda y, f: np.sum(softmax(np.log(f)) * y, axis=-1),
    ):
        (got,), _ = compile_program([trace(formula, apply("onehot", label), f)], label, f).arrays(
            np.ones(3), v
        )
        with np.errstate(all="ignore"):
            expected = formula(np.eye(3)[[1, 1, 1]], v)
        np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_what_only_overflows_is_folded():
    """0 · exp f is 0 for all f, which NumPy has up to 709."""
    y, f = inputs(False)
    for formula in (
        lambda y, f: 0 * np.exp(f),
        lambda y, f: 0 * (y - f) ** 2,
        lambda y, f: 0 * np.log1p(f**2),
        lambda y, f: 0 * np.sqrt(1 + np.exp(y)),
        lambda y, f: 0 * (f / (1 + np.abs(y))),
        lambda y, f: 0 / np.cosh(f),
        lambda y, f: 0 * np.abs(y - f) ** 1.5,
        lambda y, f: 0 * np.log(np.maximum(f, 1e-3)),
    ):
        assert trace(formula, y, f).value == 0.0


VECTOR_REWRITES = [
    (lambda y, f: np.log(softmax(f)), ["expand", "logsumexp", "subtract"]),
    (lambda y, f: softmax(np.log(f)), ["divide", "expand", "sum"]),
    (lambda y, f: logsumexp(np.log(f)), ["log", "sum"]),
    (lambda y, f: np.sum(-f, axis=-1), ["negative", "sum"]),
    (lambda y, f: np.sum(3 * f, axis=-1), ["multiply", "sum"]),
    (lambda y, f: np.sum(0 * f, axis=-1), []),
    (lambda y, f: np.sum(f**0, axis=-1), ["count"]),
    (lambda y, f: np.max(f**0, axis=-1), []),
    (lambda y, f: np.sum(f * np.max(f, axis=-1, keepdims=True), axis=-1), ["max", "multiply", "sum"]),
    (lambda y, f: xlogy(y, softmax(f)), ["expand", "logsumexp", "multiply", "subtract"]),
    (lambda y, f: (2 * f)[..., 1], ["gather", "multiply"]),
    (lambda y, f: (f * np.max(f, axis=-1, keepdims=True))[..., 1], ["gather", "max", "multiply"]),
    (lambda y, f: (f * 0)[..., 1], []),
]


@pytest.mark.parametrize("row", range(len(VECTOR_REWRITES)))
def test_rewrites_over_outputs(row):
    formula, remains = VECTOR_REWRITES[row]
    rng = np.random.default_rng(3)
    y, f = rng.uniform(0.1, 0.9, (5, K)), rng.uniform(0.1, 0.9, (5, K))
    symbols = inputs(True, UNIT)
    node = trace(formula, *symbols, rank=VECTOR)
    assert names(node) == remains
    (got,), _ = compile_program([node], *symbols).arrays(y, f)
    np.testing.assert_allclose(got, formula(y, f), rtol=1e-14)


def test_labels_become_a_look_up():
    y, f = variable("y"), variable("f", VECTOR, UNIT)
    onehot = apply("onehot", y)
    labels, v = np.array([0.0, 2.0, 1.0]), np.random.default_rng(0).uniform(0.1, 0.9, (3, K))
    picked = v[np.arange(3), labels.astype(int)]
    for formula, remains, expected in (
        (lambda y, f: np.sum(y * f, axis=-1), ["gather"], picked),
        (lambda y, f: np.sum(xlogy(y, f), axis=-1), ["gather", "log"], np.log(picked)),
        (lambda y, f: np.sum(y * np.log(f), axis=-1), ["gather", "log"], np.log(picked)),
        (lambda y, f: np.sum(xlogy(y, y), axis=-1), [], np.zeros(3)),
        (lambda y, f: np.sum(y, axis=-1), [], np.ones(3)),
        (lambda y, f: np.sum(y * y, axis=-1), ["onehot", "square", "sum"], np.ones(3)),
        (lambda y, f: np.sum(y * (y - f) ** 2, axis=-1), ["gather", "square", "subtract"], (1 - picked) ** 2),
    ):
        node = trace(formula, onehot, f)
        assert names(node) == remains
        np.testing.assert_allclose(
            compile_program([node], y, f).arrays(labels, v)[0][0], expected, rtol=1e-15
        )


def test_a_metric_of_probabilities_costs_one_logarithm():
    y, p = inputs(False, UNIT)
    loss = trace(lambda y, f: y * np.logaddexp(0, -f) + (1 - y) * np.logaddexp(0, f), y, trace(logit, p))
    assert names(loss).count("log") == names(loss).count("log1p") == 1
    assert not {"logit", "softplus", "exp"} & set(names(loss))
    q = np.array([1e-300, 1e-9, 0.5, 1 - 1e-16])
    for label, expected in ((1.0, -np.log(q)), (0.0, -np.log1p(-q))):
        (got,), _ = compile_program([loss], y, p).arrays(np.full(4, label), q)
        np.testing.assert_allclose(got, expected, rtol=1e-15)
    y, p = inputs(True, UNIT)
    loss = trace(lambda y, f: logsumexp(f) - np.sum(y * f, axis=-1), y, trace(np.log, p, rank=VECTOR))
    assert names(loss) == ["log", "log", "multiply", "subtract", "sum", "sum"]


def test_equal_parts_are_one_node():
    y, f = inputs(False)
    assert trace(lambda y, f: np.exp(y - f), y, f) is trace(lambda y, f: np.exp(y - f), y, f)
    assert trace(lambda y, f: y + f, y, f) is trace(lambda y, f: f + y, y, f)
    assert trace(lambda y, f: y * f, y, f) is trace(lambda y, f: f * y, y, f)
    assert constant(0.0) is not constant(-0.0)
    assert variable("f") is f
    assert variable("f", VECTOR) is not f
    node = trace(lambda y, f: (y - f) ** 2 + np.abs(y - f), y, f)
    assert names(node).count("subtract") == 1


def test_constants_have_a_rank():
    y, f = inputs(True)
    one = trace(lambda y, f: np.where(y > f, 1.0, 1.0), y, f, rank=VECTOR)
    assert (one.value, one.rank) == (1.0, VECTOR)
    total = trace(lambda y, f: np.sum(np.where(y > f, 1.5, 1.5), axis=-1), y, f)
    v = np.zeros((4, K))
    for got in (
        compile_program([total], y, f).arrays(v, v)[0][0],
        evaluate([total], {"y": v, "f": v}, np)[0],
    ):
        np.testing.assert_array_equal(got, [4.5] * 4)
    doubled = trace(lambda y, f: 2 * f, y, f, rank=VECTOR)
    assert doubled is trace(lambda y, f: np.where(f > 0, 2.0, 2.0) * f, y, f, rank=VECTOR)


def test_what_nothing_uses_is_not_computed():
    y, f = inputs(False)

    def formula(y, f):
        np.exp(f) * np.log(y)
        return f + 1

    program = compile_program([trace(formula, y, f)], y, f)
    assert program.n_instructions == 1
    slope = derivative(trace(lambda y, f: np.exp(y) * 3 + f**2, y, f), f)
    assert names(slope) == ["multiply"]


def test_numbers_are_folded():
    y, f = inputs(False)
    delta = 1.5
    node = trace(lambda y, f: f * np.log(np.float64(delta) ** 2 + 1) / np.sqrt(4) + 0 * np.exp(7), y, f)
    assert names(node) == ["divide", "multiply"]
    node = trace(lambda y, f: f + apply("exp", 1.0).value, y, f)
    assert names(node) == ["add"]


def test_large_constants_are_not_multiplied_into_infinity():
    y, f = inputs(False)
    node = trace(lambda y, f: 1e200 * (1e200 * f), y, f)
    (got,), _ = compile_program([node], y, f).arrays(np.ones(1), np.array([1e-300]))
    np.testing.assert_allclose(got, 1e100)
    node = trace(lambda y, f: 1e-200 * (1e-200 * f) * y, y, f)
    (got,), _ = compile_program([node], y, f).arrays(np.ones(1), np.array([1e300]))
    np.testing.assert_allclose(got, 1e-100)


def test_log_expit_is_a_short_formula():
    y, f = inputs(False)
    assert trace(lambda y, f: log_expit(f), y, f) is trace(lambda y, f: np.log(expit(f)), y, f)
