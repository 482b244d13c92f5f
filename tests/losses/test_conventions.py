"""Conventions where libraries disagree, and mistakes that other libraries made (named beside each test)."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import sklearn.metrics
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_losses import (
    LOSSES,
    AbsoluteError,
    Brier,
    CosineDistance,
    CrossEntropy,
    FormulaError,
    Hinge,
    Huber,
    KLDivergence,
    LogLoss,
    ProbabilityLoss,
    SGDRegressor,
    SquaredError,
    get_loss,
)
from sklearn_losses.metrics import brier_loss, hinge_loss

rng = np.random.default_rng(0)
N = 40
Y, PREDICTION, WEIGHT = rng.normal(size=N), rng.normal(size=N), rng.uniform(0.1, 3, N)
CODES, ROWS = rng.integers(0, 3, N), rng.dirichlet(np.ones(3), N)
SIGN, PROBABILITY = rng.choice([-1, 1], N), rng.uniform(0.01, 0.99, N)


def example(alias):
    """Return y_true and y_pred for a loss."""
    loss = LOSSES[alias]()
    y, raw = loss.examples.draw(np.random.default_rng(1), N)
    return y, loss.link.inverse(raw)


every = pytest.mark.parametrize("alias", sorted(a for a in LOSSES if example(a)[0].ndim == 1))
scalar = pytest.mark.parametrize("alias", sorted(a for a in LOSSES if not LOSSES[a].couples_outputs))

# ---- shapes and containers -----------------------------------------------------------------------


@scalar
def test_a_column_is_no_matrix(alias):
    """(n,) against (n, 1) must not broadcast to n × n (pytorch#16045, keras, optax)."""
    loss, (y, f) = LOSSES[alias](), example(alias)
    expected = loss(y, f)
    for a, b in [(y[:, None], f), (y, f[:, None]), (y[:, None], f[:, None])]:
        assert loss(a, b) == expected
        assert loss.pointwise(a, b).shape == (N,)
        assert loss.gradient(a, b).shape == loss.hessian(a, b).shape == b.shape
    assert loss(y, f, sample_weight=WEIGHT[:, None]) == loss(y, f, sample_weight=WEIGHT)


@scalar
def test_a_row_is_no_column(alias):
    loss, (y, f) = LOSSES[alias](), example(alias)
    with pytest.raises(ValueError, match=r"shape|columns"):
        loss(y, f[None, :])


@every
def test_containers_change_nothing(alias):
    loss, (y, f) = LOSSES[alias](), example(alias)
    expected = loss(y, f)
    frame = pd.DataFrame(f) if f.ndim == 2 else pd.Series(f, index=np.arange(N)[::-1])
    strided = np.repeat(f, 2, axis=0)[::2]
    read_only = f.copy()
    read_only.flags.writeable = False
    as_they_came = f.copy()
    for same in (
        f.tolist(),
        tuple(f.tolist()),
        frame,
        strided,
        read_only,
        f.astype(object),
        np.asfortranarray(f),
        np.repeat(f, 2, axis=-1)[..., ::2] if f.ndim == 2 else f[::-1][::-1],
    ):
        assert loss(y, same) == expected
    assert loss(y, f.astype(">f8")) == expected
    assert loss(y, f.astype(np.longdouble)) == expected
    assert loss(y[::-1], f[::-1]) == pytest.approx(expected, rel=1e-14)
    assert_array_equal(f, as_they_came)
    y_read_only = y.copy()
    y_read_only.flags.writeable = False
    for same in (y.tolist(), pd.Series(y), y.astype(object), y[:, None], y_read_only, y.astype(float)):
        assert loss(same, f) == expected
    if y.dtype.kind == "i":
        for dtype in (np.int8, np.int16, np.int32, np.float32, "Int64", "Int8", "Float64"):
            assert loss(pd.Series(y, dtype=dtype), f) == expected


def test_integers_do_not_overflow():
    a, b = np.array([200, 3], np.uint8), np.array([3, 200], np.uint8)
    assert SquaredError()(a, b) == 197.0**2
    assert_array_equal(SquaredError().gradient(a, b), [-394.0, 394.0])
    big = np.array([2**62], np.int64)
    assert SquaredError()(big, -big) == 2.0**126
    assert AbsoluteError()(np.array([0], np.uint64), np.array([2**63], np.uint64)) == 2.0**63
    assert LogLoss()(np.array([0, 1], np.uint8), [0.3, 0.6]) == LogLoss()([0, 1], [0.3, 0.6])
    assert Hinge()(np.array([0, 1], np.uint8), [0.3, 0.6]) == Hinge()([-1, 1], [0.3, 0.6])
    assert SquaredError()([True, False], [True, True]) == 0.5


def test_blocks_of_long_input_are_all_summed():
    y, f = rng.normal(size=100_003), rng.normal(size=100_003)
    assert SquaredError()(y, f) == pytest.approx(sklearn.metrics.mean_squared_error(y, f), rel=1e-12)
    p, codes = rng.dirichlet(np.ones(700), 50), rng.integers(0, 700, 50)  # more classes than a block holds
    expected = -np.mean(np.log(p[np.arange(50), codes]))
    assert CrossEntropy()(codes, p, labels=np.arange(700)) == pytest.approx(expected, rel=1e-12)


# ---- weights -------------------------------------------------------------------------------------


@every
def test_weighted_mean(alias):
    """Σwℓ/Σw, not Σwℓ/n (keras#19740)."""
    loss, (y, f) = LOSSES[alias](), example(alias)
    each = loss.pointwise(y, f)
    assert loss(y, f) == pytest.approx(each.mean(), rel=1e-13)
    assert loss(y, f, sample_weight=WEIGHT) == pytest.approx(WEIGHT @ each / WEIGHT.sum(), rel=1e-13)
    assert loss(y, f, sample_weight=7 * WEIGHT) == pytest.approx(loss(y, f, sample_weight=WEIGHT), rel=1e-13)
    times = rng.integers(0, 4, N)
    repeated = loss(np.repeat(y, times), np.repeat(f, times, axis=0))
    assert loss(y, f, sample_weight=times) == pytest.approx(repeated, rel=1e-13)
    assert loss(y, f, sample_weight=2.5) == pytest.approx(each.mean(), rel=1e-13)


def test_a_weight_of_zero_silences_an_infinite_loss():
    assert SquaredError()([1.0, 1e200], [2.0, -1e200], sample_weight=[1.0, 0.0]) == 1.0


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0, np.nan], "sample_weight contains NaN at position 1"),
        ([1.0, np.inf], "sample_weight contains infinity at position 1"),
        ([1.0, -1.0], "The sample weights sum to 0; their sum must be positive"),
        ([1.0, -3.0], "The sample weights sum to -2"),
        ([0.0, 0.0], "The sample weights sum to 0"),
        ([1.0], r"one number for each of the 2 samples, got shape \(1,\)"),
        ([[1.0, 2.0]], r"one number for each of the 2 samples, got shape \(1, 2\)"),
        (["a", "b"], r"sample_weight must hold real numbers, got \['a', 'b'\]"),
        ("ab", "sample_weight must hold real numbers, got"),
        ([], "sample_weight is empty"),
    ],
)
def test_wrong_weights(weight, message):
    for loss in (SquaredError(), LogLoss()):
        with pytest.raises(ValueError, match=message):
            loss([0, 1], [0.2, 0.7], sample_weight=weight)
        with pytest.raises(ValueError, match=message):
            loss.objective([0, 1], [0.2, 0.7], weight)
        with pytest.raises(ValueError, match=message):
            loss.constant_minimizer([0, 1], weight)


# ---- several outputs -----------------------------------------------------------------------------


def test_outputs_of_a_regression_are_averaged():
    y, f = rng.normal(size=(N, 3)), rng.normal(size=(N, 3))
    each = [Huber()(y[:, k], f[:, k], sample_weight=WEIGHT) for k in range(3)]
    assert Huber()(y, f, sample_weight=WEIGHT) == pytest.approx(np.mean(each), rel=1e-14)
    assert_allclose(Huber().pointwise(y, f), np.mean([Huber().pointwise(*c) for c in zip(y.T, f.T)], axis=0))  # noqa: B905
    assert Huber().gradient(y, f).shape == (N, 3)
    assert Huber().pointwise(y, f.astype(np.float32)).dtype == np.float32


# ---- classes: K outputs --------------------------------------------------------------------------


def test_a_uniform_prediction_of_three_classes_costs_log_3():
    """Lists that teach these losses write np.mean over n·K, which is 0.366 (also pytorch#2259)."""
    uniform = np.full((3, 3), 1 / 3)
    assert CrossEntropy()([0, 1, 2], uniform) == pytest.approx(np.log(3), rel=1e-15)
    assert KLDivergence()(np.eye(3), uniform) == pytest.approx(np.log(3), rel=1e-15)


def test_order_of_the_arguments_of_kl():
    p, q = rng.dirichlet(np.ones(4), N), rng.dirichlet(np.ones(4), N)
    expected = scipy.stats.entropy(p, q, axis=1)
    assert_allclose(KLDivergence().pointwise(p, q), expected, rtol=1e-12)
    assert KLDivergence()(p, q, sample_weight=WEIGHT) == pytest.approx(np.average(expected, weights=WEIGHT))
    assert abs(KLDivergence()(q, p) - expected.mean()) > 1e-3


def test_zero_times_log_zero():
    """NaN elsewhere (optax#896)."""
    assert KLDivergence()([[0.0, 1.0]], [[0.0, 1.0]]) == pytest.approx(0.0, abs=1e-15)
    assert KLDivergence()([[0.0, 0.5, 0.5]], [[0.0, 0.5, 0.5]]) == pytest.approx(0.0, abs=1e-15)
    assert CrossEntropy()([[0.0, 1.0]], [[0.0, 1.0]]) == pytest.approx(0.0, abs=1e-15)
    assert LogLoss()([0.0, 1.0], [0.0, 1.0]) == pytest.approx(0.0, abs=1e-15)
    assert np.isfinite(KLDivergence()([[1.0, 0.0]], [[0.0, 1.0]]))


@pytest.mark.parametrize("loss", [LogLoss(), CrossEntropy(), KLDivergence()])
def test_labels_name_the_columns_in_their_order(loss):
    """Ignored by scikit-learn (scikit-learn#30910)."""
    names = np.array(["b", "c", "a"])
    y = names[CODES]
    expected = -np.mean(np.log(ROWS[np.arange(N), CODES]))
    assert loss(y, ROWS, labels=names) == pytest.approx(expected, rel=1e-14)
    assert loss(y, ROWS, labels=names.tolist()) == pytest.approx(expected, rel=1e-14)
    assert loss(y, ROWS[:, [2, 0, 1]]) == pytest.approx(expected, rel=1e-14)  # sorted by default
    assert loss(y[:1], ROWS[:1], labels=names) == pytest.approx(-np.log(ROWS[0, CODES[0]]), rel=1e-14)
    assert loss(np.eye(3)[CODES], ROWS) == pytest.approx(expected, rel=1e-14)
    assert loss(np.eye(3, dtype=bool)[CODES], ROWS) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("y", "positive"), [("ill", "ill"), ("well", "ill"), (7, 7), (True, True), (0, 0), (1, 0)]
)
def test_pos_label_where_one_class_is_there(y, positive):
    """All is known of it; which column is whose is known of one column only, or of both labels."""
    p = np.array([0.9, 0.5, 0.8])
    expected = np.mean((p - (1.0 if y == positive else 0.0)) ** 2)
    target = np.array([y] * 3)
    assert Brier()(target, p, pos_label=positive) == pytest.approx(expected)
    assert Brier()(target.tolist(), p[:, None], pos_label=positive) == pytest.approx(expected)
    assert brier_loss(target, p, pos_label=positive) == pytest.approx(expected)
    assert np.isfinite(LogLoss().constant_minimizer(target, pos_label=positive))
    both = np.stack([1 - p, p], axis=1)
    if y in ("ill", 7) and y == positive:
        with pytest.raises(ValueError, match="holds only the label"):
            Brier()(target, both, pos_label=positive)
    else:  # the columns are those of the sorted labels
        first = positive in (0, "ill")
        assert Brier()(target, both[:, ::-1] if first else both, pos_label=positive) == pytest.approx(
            expected
        )


def test_soft_targets():
    y, p = rng.dirichlet(np.ones(3), N), ROWS
    expected = -np.sum(y * np.log(p), axis=1)
    assert_allclose(CrossEntropy().pointwise(y, p), expected, rtol=1e-13)
    assert_allclose(LogLoss().pointwise(y, p), expected, rtol=1e-13)
    y = rng.uniform(size=N)
    expected = -(y * np.log(PROBABILITY) + (1 - y) * np.log1p(-PROBABILITY))
    assert_allclose(LogLoss().pointwise(y, PROBABILITY), expected, rtol=1e-13)
    assert_allclose(LogLoss().pointwise(y.astype(object), PROBABILITY), expected, rtol=1e-13)
    two = np.column_stack([1 - y, y])
    for loss in (LogLoss(), CrossEntropy()):
        assert_allclose(loss.pointwise(two, PROBABILITY), expected, rtol=1e-13)
        assert_allclose(
            loss.pointwise(two, np.column_stack([1 - PROBABILITY, PROBABILITY])), expected, rtol=1e-13
        )


def test_log_loss_of_three_classes_is_cross_entropy():
    """Bit by bit: the same program runs."""
    assert LogLoss()(CODES, ROWS) == CrossEntropy()(CODES, ROWS)
    raw = rng.normal(size=(N, 3))
    assert_array_equal(LogLoss().gradient(CODES, raw), CrossEntropy().gradient(CODES, raw))
    assert_array_equal(
        LogLoss().objective(CODES, raw, WEIGHT)[1], CrossEntropy().objective(CODES, raw, WEIGHT)[1]
    )
    assert_allclose(LogLoss().constant_minimizer(CODES), np.log(np.bincount(CODES) / N), rtol=1e-14)


def test_one_class():
    certain = np.ones((4, 1))
    assert CrossEntropy()(["a"] * 4, certain) == pytest.approx(0.0, abs=1e-15)  # clipped by 2.2e-16
    assert LogLoss()(["a"] * 4, certain, labels=["a"]) == pytest.approx(0.0, abs=1e-15)
    with pytest.raises(ValueError, match=r"only the label 'a'\. Name both classes: labels="):
        LogLoss()(["a", "a"], [0.2, 0.7])
    assert LogLoss()(["a", "a"], [0.2, 0.7], labels=["a", "b"]) == pytest.approx(-np.mean(np.log([0.8, 0.3])))
    assert LogLoss()(["a", "a"], [0.2, 0.7], pos_label="b") == pytest.approx(-np.mean(np.log([0.8, 0.3])))


# ---- classes: two --------------------------------------------------------------------------------

POSITIVE = np.array([0, 1, 1, 0, 1])
DECISION = np.array([-2.0, 3.0, -0.5, 0.3, 1.0])


@pytest.mark.parametrize(
    "labels",
    [[0, 1], [-1, 1], [1, 2], [False, True], ["no", "yes"], [0.0, 1.0], [-1.0, 1.0], [-3, 0], [10, 11]],
)
def test_any_two_labels(labels):
    y = np.array(labels)[POSITIVE]
    margin = np.mean(np.maximum(0, 1 - (2 * POSITIVE - 1) * DECISION))
    p = 1 / (1 + np.exp(-DECISION))
    log_loss = -np.mean(np.where(POSITIVE, np.log(p), np.log(1 - p)))
    pairs = [
        (Hinge(), DECISION, margin),
        (LogLoss(), p, log_loss),
        (LogLoss(), np.column_stack([1 - p, p]), log_loss),
    ]
    for loss, prediction, expected in pairs:
        # the same, written in four ways
        assert loss(y, prediction) == pytest.approx(expected, rel=1e-14)
        assert loss(y.astype(object), prediction) == pytest.approx(expected, rel=1e-14)
        assert loss(y, prediction, labels=labels) == pytest.approx(expected, rel=1e-14)
        assert loss(y, prediction, pos_label=labels[1]) == pytest.approx(expected, rel=1e-14)
        mirrored = (
            prediction[:, ::-1] if prediction.ndim == 2 else (-prediction if loss.alias == "hinge" else 1 - p)
        )
        # labels= is the order of the columns; of one number a sample, the second label is positive
        assert loss(y, mirrored, labels=labels[::-1]) == pytest.approx(expected, rel=1e-14)
        if prediction.ndim == 1:
            assert loss(y, mirrored, pos_label=labels[0]) == pytest.approx(expected, rel=1e-14)
        else:  # columns stay in the order of labels, whichever is positive
            assert loss(y, prediction, pos_label=labels[0]) == pytest.approx(expected, rel=1e-14)
            assert loss(y, mirrored, labels=labels[::-1], pos_label=labels[1]) == pytest.approx(
                expected, rel=1e-14
            )


def test_hinge_of_one_class():
    """3.5 in scikit-learn#17630."""
    assert hinge_loss([1, 1], [2, 3], labels=[0, 1]) == 0
    assert hinge_loss([0, 0], [2, 3], labels=[0, 1]) == 3.5
    assert hinge_loss([2, 2], [2, 3], labels=[1, 2]) == 0
    # as in scikit-learn, 1 is positive where y holds no other labels than 0 and 1, or -1 and 1
    assert hinge_loss([1, 1], [2, 3]) == 0
    assert hinge_loss([0, 0], [2, 3]) == hinge_loss([-1, -1], [2, 3]) == 3.5
    for loss, p in ((LogLoss(), [0.25, 0.25]), (Hinge(), [2, 3])):
        with pytest.raises(ValueError, match="y_true holds only the label 2"):
            loss([2, 2], p)


def test_labels_beyond_the_exact_integers_of_floats():
    big = 2**60
    assert Hinge()([big, big + 1], [-2.0, -2.0], labels=[big, big + 1]) == 1.5
    assert LogLoss()([big, big + 1], [0.5, 0.25]) == pytest.approx(-np.mean(np.log([0.5, 0.25])))


# ---- mistakes of those who write losses --------------------------------------------------------------


class TakesRawForProbability(ProbabilityLoss):
    def formula(self, y, f):
        return -y * np.log(f) - (1 - y) * np.log(1 - f)


def test_a_formula_that_gives_nan_says_so():
    with pytest.raises(ValueError, match=r"TakesRawForProbability.formula gives NaN .* p = expit\(f\)"):
        TakesRawForProbability()([0, 1], [0.2, 0.6])


def test_vectors_are_rows():
    with pytest.raises(ValueError, match="one in each row"):
        CosineDistance()([1.0, 2.0], [2.0, 1.0])
    assert CosineDistance()([[1.0, 2.0]], [[2.0, 1.0]]) == pytest.approx(0.2)


def test_a_formula_without_slope_does_not_train():
    with pytest.raises(FormulaError, match="same slope for every prediction"):
        get_loss(lambda y, f: y**2 + 0 * f).training_program()


def test_a_parameter_of_a_loss_that_is_a_name():
    with pytest.raises(ValueError, match="loss__delta is a parameter of a loss object, but loss='huber'"):
        SGDRegressor(loss="huber").set_params(loss__delta=3.0)
    assert SGDRegressor(loss="huber").set_params(loss=Huber(), loss__delta=3.0).loss.delta == 3.0


def test_skill_on_samples_of_one_class():
    assert LogLoss().d2([1, 1], [0.9, 0.9]) == 0.0
    assert LogLoss().d2([1, 1], [1.0, 1.0]) == 1.0
