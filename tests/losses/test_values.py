"""Value, gradient and Hessian of every loss, against 50 digits, scikit-learn and finite differences.

`REFERENCES` holds, for each alias, the loss of one sample on the raw scale and its first two derivatives as
mpmath expressions derived by hand. A loss of the catalogue without an entry fails.
"""

from itertools import product
from types import SimpleNamespace

import mpmath as mp
import numpy as np
import pytest
import sklearn._loss.loss as sklearn_loss
import sklearn.linear_model._sgd_fast as sklearn_sgd
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logit, softmax

from sklearn_losses import LOSSES, CrossEntropy, Hinge, Huber, KLDivergence, LogLoss, SquaredError


@pytest.fixture(autouse=True)
def precise():
    """Work in high precision, and leave mpmath's own setting to others as it was."""
    with mp.workdps(50):
        yield


def reference(value, gradient, hessian, ys, fs, scale=1.0, atol=0.0):
    """`atol` is in units of the largest |f|, for sums of terms as large as f."""
    return SimpleNamespace(
        value=value, gradient=gradient, hessian=hessian, ys=ys, fs=fs, scale=scale, atol=atol
    )


def sigmoid(f):
    return 1 / (1 + mp.exp(-f))


def softplus(f):
    return mp.log1p(mp.exp(f)) if f < 0 else f + mp.log1p(mp.exp(-f))


def shares(fs):
    top = max(fs)
    e = [mp.exp(f - top) for f in fs]
    return [x / mp.fsum(e) for x in e]


def log_sum(fs):
    top = max(fs)
    return top + mp.log(mp.fsum(mp.exp(f - top) for f in fs))


def cross_entropy(y, f):
    return log_sum(f) - mp.fsum(a * b for a, b in zip(y, f, strict=True))


def entropy(y):
    return -mp.fsum(a * mp.log(a) for a in y if a > 0)


REAL = [0.0, 1e-300, -1e-12, 0.3, -1.0, 2.5, 40.0, -800.0, 1e10, 1e300, -1e300]
LOGITS = [0.0, 1e-300, -1e-9, 0.3, -1.0, 5.0, 40.0, -40.0, 800.0, -800.0, 1e300, -1e300]
ROWS = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]
VECTORS = [[0.0, 0.0, 0.0], [1.0, -2.0, 0.5], [40.0, 0.0, -40.0], [800.0, -800.0, 0.0], [-30.0, 3.0, 3.0]]

REFERENCES = {
    "squared_error": reference(
        lambda y, f: (y - f) ** 2, lambda y, f: -2 * (y - f), lambda y, f: mp.mpf(2), REAL, REAL, scale=0.5
    ),
    "absolute_error": reference(
        lambda y, f: abs(y - f), lambda y, f: mp.sign(f - y), lambda y, f: mp.mpf(0), REAL, REAL
    ),
    "huber": reference(
        lambda y, f: (y - f) ** 2 / 2 if abs(y - f) <= 1 else abs(y - f) - mp.mpf(1) / 2,
        lambda y, f: f - y if abs(y - f) <= 1 else mp.sign(f - y),
        lambda y, f: mp.mpf(abs(y - f) <= 1),
        REAL,
        REAL,
    ),
    "log_loss": reference(
        lambda y, f: y * softplus(-f) + (1 - y) * softplus(f),
        lambda y, f: -y * sigmoid(-f) + (1 - y) * sigmoid(f),
        lambda y, f: sigmoid(f) * sigmoid(-f),
        [0.0, 1.0, 0.25],
        LOGITS,
    ),
    "hinge": reference(
        lambda y, f: max(mp.mpf(0), 1 - y * f),
        lambda y, f: -y if y * f <= 1 else mp.mpf(0),
        lambda y, f: mp.mpf(0),
        [-1.0, 1.0],
        LOGITS + [1.0, -1.0, np.nextafter(1.0, 2.0), np.nextafter(1.0, 0.0)],
    ),
    "cross_entropy": reference(
        cross_entropy,
        lambda y, f: [p - a for p, a in zip(shares(f), y, strict=True)],
        lambda y, f: [p * (1 - p) for p in shares(f)],
        ROWS,
        VECTORS,
        atol=1e-15,
    ),
    "kl_divergence": reference(
        lambda y, f: cross_entropy(y, f) - entropy(y),
        lambda y, f: [p - a for p, a in zip(shares(f), y, strict=True)],
        lambda y, f: [p * (1 - p) for p in shares(f)],
        ROWS,
        VECTORS,
        atol=1e-15,
    ),
}


def exact(values):
    """Return what doubles can hold of mpmath numbers."""
    if isinstance(values, list):
        return [exact(v) for v in values]
    return float(values)


def samples(spec):
    """Return y and f of every combination as arrays, and the same as mpmath numbers."""
    pairs = list(product(spec.ys, spec.fs))
    y, f = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])

    def number(x):
        return [mp.mpf(v) for v in x] if isinstance(x, list) else mp.mpf(x)

    return y, f, [(number(a), number(b)) for a, b in pairs]


def assert_accurate(actual, expected, f, spec, rtol=4e-15):
    expected = np.array(exact(expected))
    size = np.maximum(1.0, np.abs(f).max(axis=-1) if f.ndim == 2 else 0.0)
    size = np.reshape(size, (-1,) + (1,) * (expected.ndim - 1)) if np.ndim(size) else size
    small = np.abs(expected) < 1e-300  # what underflows has no relative accuracy
    same_overflow = np.isinf(expected) & (actual == expected)
    error = np.abs(np.where(same_overflow, 0.0, actual) - np.where(same_overflow, 0.0, expected))
    allowed = rtol * np.abs(np.where(same_overflow, 0.0, expected)) + 1e-300 * small + spec.atol * size
    assert np.all(error <= allowed), np.argwhere(~(error <= allowed))


each = pytest.mark.parametrize("alias", sorted(REFERENCES))


@each
def test_gradient_and_hessian(alias):
    spec, loss = REFERENCES[alias], LOSSES[alias]()
    y, f, numbers = samples(spec)
    assert_accurate(loss.gradient(y, f), [spec.gradient(*n) for n in numbers], f, spec)
    assert_accurate(loss.hessian(y, f), [spec.hessian(*n) for n in numbers], f, spec)


@each
def test_program_that_solvers_run(alias):
    """It computes training_scale times value and gradient, both accurately."""
    spec, loss = REFERENCES[alias], LOSSES[alias]()
    assert loss.training_scale == spec.scale
    y, f, numbers = samples(spec)
    if loss.couples_outputs:  # which trains on codes of labels
        here = [i for i, row in enumerate(y) if sorted(row) == [0.0, 0.0, 1.0]]
        y, f, numbers = np.argmax(y[here], axis=1), f[here], [numbers[i] for i in here]
    (value, gradient), _ = loss.training_program().arrays(y, f)
    assert_accurate(value, [spec.scale * spec.value(*n) for n in numbers], f, spec)
    expected = [spec.gradient(*n) for n in numbers]
    if loss.couples_outputs:
        assert_accurate(gradient, expected, f, spec)
    else:
        assert_accurate(gradient, [spec.scale * g for g in expected], f, spec)


@each
def test_finite_differences(alias):
    spec, loss = REFERENCES[alias], LOSSES[alias]()
    rng = np.random.default_rng(0)
    if loss.couples_outputs:
        y, f = rng.integers(0, 3, 50), rng.normal(size=(50, 3))
    else:
        y, f = rng.choice(spec.ys[:3], 50), rng.normal(size=50)
    h = 1e-6

    def value(f):
        (value, *_), _ = loss.training_program().arrays(y, f)
        return value / loss.training_scale

    gradient = loss.gradient(y, f, labels=[0, 1, 2]) if loss.couples_outputs else loss.gradient(y, f)
    for k in range(3 if loss.couples_outputs else 1):
        step = h * np.eye(3)[k] if loss.couples_outputs else h
        difference = (value(f + step) - value(f - step)) / (2 * h)
        assert_allclose(gradient[:, k] if loss.couples_outputs else gradient, difference, atol=1e-8)


@each
def test_metric_is_the_formula_at_the_link_of_the_prediction(alias):
    spec, loss = REFERENCES[alias], LOSSES[alias]()
    rng = np.random.default_rng(1)
    if loss.couples_outputs:
        y = np.array(ROWS)
        prediction = rng.dirichlet(np.ones(3), len(y))
        raw = [[mp.log(mp.mpf(p)) for p in row] for row in prediction]
        expected = [spec.value(list(map(mp.mpf, a)), b) for a, b in zip(y, raw, strict=True)]
    else:
        y = np.array(spec.ys[:3])
        prediction = rng.uniform(size=len(y))
        raw = prediction
        if loss.response_method == "predict_proba":
            raw = [mp.log(mp.mpf(p)) - mp.log1p(-mp.mpf(p)) for p in prediction]
        expected = [spec.value(mp.mpf(a), mp.mpf(b)) for a, b in zip(y, raw, strict=True)]
    assert_allclose(loss.pointwise(y, prediction), exact(expected), rtol=1e-14)
    assert loss(y, prediction) == pytest.approx(float(mp.fsum(expected) / len(expected)), rel=1e-14)


@each
def test_float32_in_gives_float32_pointwise(alias):
    loss = LOSSES[alias]()
    rng = np.random.default_rng(2)
    prediction = rng.dirichlet(np.ones(3), 30) if loss.couples_outputs else rng.uniform(0.1, 0.9, 30)
    y = rng.permutation(np.arange(30) % (3 if loss.couples_outputs else 2))
    single = prediction.astype(np.float32)
    for compute in (loss.pointwise, loss.gradient, loss.hessian):
        assert compute(y, single).dtype == np.float32
        assert compute(y, prediction).dtype == np.float64
        # computed in double precision, rounded once
        assert_allclose(compute(y, single), compute(y, single.astype(np.float64)), rtol=2e-7, atol=1e-6)
    assert isinstance(loss(y, single), float)


@each
def test_zero_at_the_best_prediction(alias):
    loss = LOSSES[alias]()
    if loss.couples_outputs:
        y = np.array(ROWS)
        best = np.array([0.0, 0.0, 0.0, 0.0])
        if alias == "cross_entropy":  # of soft targets the entropy remains
            best = np.array(exact([entropy(list(map(mp.mpf, row))) for row in ROWS]))
        assert_allclose(loss.pointwise(y, y), best, atol=2e-15)
    elif loss.response_method == "predict_proba":
        assert_allclose(loss.pointwise([0.0, 1.0], [0.0, 1.0]), 0.0, atol=1e-15)
    elif loss.response_method == "decision_function":
        assert_array_equal(loss.pointwise([-1, 1], [-1.5, 1.0]), [0.0, 0.0])
    else:
        assert_array_equal(loss.pointwise(REAL, REAL), np.zeros(len(REAL)))


# ---- kinks, limits, single values ----------------------------------------------------------------


def test_kinks_are_as_documented():
    assert LOSSES["absolute_error"]().gradient([3.0], [3.0]) == 0.0
    assert_array_equal(Hinge().gradient([-1, 1], [-1.0, 1.0]), [1.0, -1.0])
    assert_array_equal(Huber(delta=2.0).gradient([0.0, 0.0], [2.0, -2.0]), [2.0, -2.0])


@pytest.mark.parametrize(("dtype", "cost"), [(np.float64, 36.04365338911715), (np.float32, 15.942385)])
def test_a_certain_mistake_costs_the_clipped_loss(dtype, cost):
    assert LogLoss()([0], np.array([1.0], dtype)) == pytest.approx(cost, rel=1e-7)
    assert LogLoss()([1], np.array([0.0], dtype)) == pytest.approx(cost, rel=1e-7)
    for loss in (LogLoss(), CrossEntropy(), KLDivergence()):
        p = np.array([[0.0, 1.0], [0.0, 1.0]], dtype)
        # sums of clipped rows stay within rounding of one
        assert loss.pointwise([0, 1], p)[0] == pytest.approx(cost, rel=1e-6)


def test_probabilities_keep_their_accuracy_near_zero_and_one():
    p = np.array([1e-15, 1e-8, 0.5, 1 - 1e-8, 1 - 2.0**-50])
    ones = [-mp.log(mp.mpf(v)) for v in p]
    zeros = [-mp.log1p(-mp.mpf(v)) for v in p]
    assert_allclose(LogLoss().pointwise(np.ones(5), p), exact(ones), rtol=1e-15)
    assert_allclose(LogLoss().pointwise(np.zeros(5), p), exact(zeros), rtol=1e-15)


def test_what_is_certain_and_right_has_a_gradient_with_full_relative_accuracy():
    """softplus(f) - y·f would give 0 here."""
    assert_allclose(LogLoss().gradient([1, 0], [40.0, -40.0]), [-np.exp(-40.0), np.exp(-40.0)], rtol=1e-15)


# ---- other implementations -----------------------------------------------------------------------

rng = np.random.default_rng(3)
Y, F, BINARY = rng.normal(size=100), 2 * rng.normal(size=100), rng.integers(0, 2, 100).astype(float)


@pytest.mark.parametrize(
    ("ours", "theirs", "y"),
    [
        (SquaredError(), sklearn_loss.HalfSquaredError(), Y),
        (LOSSES["absolute_error"](), sklearn_loss.AbsoluteError(), Y),
        (LogLoss(), sklearn_loss.HalfBinomialLoss(), BINARY),
    ],
)
def test_objective_of_scikit_learn_boosting(ours, theirs, y):
    gradient, hessian = ours.objective(y, F)
    expected_gradient, expected_hessian = theirs.gradient_hessian(y_true=y, raw_prediction=F)
    assert_allclose(gradient, expected_gradient, rtol=1e-12, atol=1e-15)
    if not theirs.constant_hessian:
        assert_allclose(hessian, expected_hessian, rtol=1e-12, atol=1e-15)
    assert_allclose(
        ours.training_program().arrays(y, F)[0][0],
        theirs.loss(y_true=y, raw_prediction=F),
        rtol=1e-13,
        atol=1e-16,
    )


def test_cross_entropy_of_scikit_learn_boosting():
    y, raw, w = rng.integers(0, 4, 60), rng.normal(size=(60, 4)), rng.uniform(size=60)
    theirs = sklearn_loss.HalfMultinomialLoss(n_classes=4)
    expected = theirs.gradient_hessian(y_true=y.astype(float), raw_prediction=raw, sample_weight=w)
    for ours, theirs_ in zip(CrossEntropy().objective(y, raw, w), expected, strict=True):
        assert_allclose(ours, theirs_, rtol=1e-12, atol=1e-15)


def test_losses_of_scikit_learn_sgd():
    hinge, huber = sklearn_sgd.Hinge(1.0), sklearn_loss.HuberLoss(delta=0.7)
    for y, f in zip(np.sign(Y), F, strict=True):
        assert Hinge().gradient([y], [f]) == hinge.py_dloss(f, y)
        assert Hinge()([y], [f]) == pytest.approx(hinge.py_loss(f, y), rel=1e-15)
    expected = huber.loss_gradient(y_true=Y, raw_prediction=F)
    assert_allclose(Huber(delta=0.7).pointwise(Y, F), expected[0], rtol=1e-13)
    assert_allclose(Huber(delta=0.7).gradient(Y, F), expected[1], rtol=1e-13)


def test_objective_scales_by_weights_and_training_scale():
    w = rng.uniform(0.5, 2, 100)
    for loss, y in ((SquaredError(), Y), (Hinge(), BINARY), (LogLoss(), BINARY)):
        gradient, hessian = loss.objective(y, F, w)
        assert_allclose(gradient, w * loss.training_scale * loss.gradient(y, F), rtol=1e-15)
        assert_allclose(hessian, w * loss.training_scale * loss.hessian(y, F), rtol=1e-15)
    y, f = rng.normal(size=(100, 2)), rng.normal(size=(100, 2))
    assert_allclose(SquaredError().objective(y, f, w)[0], w[:, None] * (f - y), rtol=1e-14)


def test_log_odds_and_logits_agree():
    p = rng.uniform(0.01, 0.99, 100)
    assert_allclose(LogLoss().gradient(BINARY, logit(p)), p - BINARY, atol=1e-15)
    raw = rng.normal(size=(100, 3))
    y = rng.integers(0, 3, 100)
    assert_allclose(CrossEntropy().gradient(y, raw), softmax(raw, axis=1) - np.eye(3)[y], atol=1e-15)
