"""Sums in pieces, against sums of fractions, and the loss of all samples at once."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_losses.losses import (
    LOSSES,
    AbsoluteError,
    CrossEntropy,
    Exponential,
    Hinge,
    Huber,
    LogLoss,
    SquaredError,
)
from sklearn_losses.losses._accumulator import Sum

rng = np.random.default_rng(0)


def in_pieces(loss, y, p, w, cuts, **names):
    accumulator = loss.accumulator(**names)
    for part in np.split(np.arange(len(y)), cuts):
        if len(part):
            accumulator.update(y[part], p[part], None if w is None else w[part])
    return accumulator


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e290, 5e-324])
def test_sums_are_exact(scale):
    """Rounded once: what fractions give."""
    for spread in (0, 8, 40):
        x = rng.normal(size=9001) * 10.0 ** rng.uniform(-spread, 0, 9001) * scale
        x[::100] = 0.0
        exact = sum(map(Fraction, x.tolist()))
        assert Fraction(Sum().add(x).units, 2**1074) == exact
        assert float(Sum().add(x)) == float(exact)


def test_sums_of_what_cancels():
    x = np.array([1e308, 1.0, -1e308, 2.0**-1074, 1e300, -1e300])
    assert float(Sum().add(x)) == 1.0
    assert Fraction(Sum().add(x).units, 2**1074) == 1 + Fraction(2) ** -1074


@pytest.mark.parametrize("alias", sorted(LOSSES))
def test_every_loss_in_any_pieces(alias):
    """The same in all of them; a sample's own loss may change in its last bit with its place in a piece."""
    loss = LOSSES[alias]()
    y, raw = loss.examples.draw(np.random.default_rng(1), 300)
    p, w = loss.link.inverse(raw), rng.uniform(size=300)
    names = {"labels": range(p.shape[1])} if loss.target_kind == "classes" and y.ndim == 1 else {}
    for weights in (None, w):
        whole = in_pieces(loss, y, p, weights, [], **names).result()
        assert whole == pytest.approx(loss(y, p, sample_weight=weights, **names), rel=1e-13)
        for cuts in ([7], [64, 65, 200], range(1, 300)):
            assert in_pieces(loss, y, p, weights, cuts, **names).result() == pytest.approx(whole, rel=4e-16)


def test_where_each_loss_is_exact_the_mean_is():
    """Absolute differences are subtractions, the same wherever a sample stands."""
    y, p, w = rng.normal(size=1000), rng.normal(size=1000), rng.uniform(size=1000)
    each = np.abs(y - p)
    exact = sum(Fraction(a) for a in (w * each).tolist()) / sum(map(Fraction, w.tolist()))
    results = set()
    for _ in range(20):
        order, cuts = rng.permutation(1000), np.sort(rng.integers(0, 1000, 9))
        results.add(in_pieces(AbsoluteError(), y[order], p[order], w[order], cuts).result())
    assert results == {float(exact)}


def test_merging_is_taking_in_all_pieces():
    y, p = rng.normal(size=(2, 400))
    parts = [in_pieces(Huber(), y[k : k + 100], p[k : k + 100], None, []) for k in range(0, 400, 100)]
    parts = [pickle.loads(pickle.dumps(part)) for part in parts]
    backwards = Huber().accumulator()
    for part in reversed(parts):
        backwards.merge(part)
    whole = parts[0].merge(parts[1]).merge(parts[2].merge(parts[3]))
    assert whole.n_samples == backwards.n_samples == 400
    assert_allclose(whole.result(), Huber()(y, p), rtol=1e-14)
    assert backwards.result() == whole.result()
    assert parts[1].n_samples == 100


def test_several_outputs_are_averaged():
    y, p = rng.normal(size=(2, 50, 3))
    accumulator = in_pieces(SquaredError(), y, p, None, [20])
    assert_allclose(accumulator.averages(), np.mean((y - p) ** 2, axis=0), rtol=1e-14)
    assert_allclose(accumulator.result(), SquaredError()(y, p), rtol=1e-14)
    with pytest.raises(ValueError, match="there were 3, now 1"):
        accumulator.update([1.0], [1.0])


def test_single_precision_is_summed_in_double():
    y, p = rng.normal(size=(2, 5000)).astype(np.float32)
    assert_allclose(in_pieces(SquaredError(), y, p, None, [100]).result(), SquaredError()(y, p), rtol=1e-13)
    q = np.array([0.0, 1.0], dtype=np.float32)
    assert LogLoss().accumulator().update([1, 0], q).result() == pytest.approx(LogLoss()([1, 0], q))


def test_frames_and_lists():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"y": [1.0, 2.0], "p": [1.5, 2.5], "w": [1, 3]})
    assert SquaredError().accumulator().update(frame["y"], frame["p"], frame["w"]).result() == 0.25
    assert SquaredError().accumulator().update([1.0], [2.0]).result() == 1.0


# ---- labels --------------------------------------------------------------------------------------


def test_pieces_are_read_by_the_labels_of_the_first():
    accumulator = LogLoss().accumulator().update(["no", "yes"], [0.2, 0.7])
    accumulator.update(["yes"], [0.9])
    assert accumulator.result() == pytest.approx(LogLoss()(["no", "yes", "yes"], [0.2, 0.7, 0.9]))
    with pytest.raises(ValueError, match="'perhaps', which is not among"):
        accumulator.update(["perhaps", "yes"], [0.2, 0.7])
    assert accumulator.n_samples == 3


def test_named_labels_and_positive_label():
    names = {"labels": ["ham", "spam"], "pos_label": "ham"}
    accumulator = LogLoss().accumulator(**names)
    for label, p in (("spam", 0.1), ("ham", 0.8)):
        accumulator.update([label], [p])
    assert accumulator.result() == pytest.approx(LogLoss()(["spam", "ham"], [0.1, 0.8], **names))


@pytest.mark.parametrize(("loss", "low"), [(Hinge(), -1), (Hinge(), 0), (LogLoss(), 0), (LogLoss(), -1)])
def test_a_piece_may_lack_a_class_of_numbers(loss, low):
    y, p = np.array([1, 1, low, 1]), np.array([0.5, 0.2, 0.3, 0.9])
    expected = loss(y, p)
    if low == 0:
        assert in_pieces(loss, y, p, None, [1, 2, 3]).result() == pytest.approx(expected)
    assert in_pieces(loss, y, p, None, [3]).result() == pytest.approx(expected)


def test_soft_and_hard_targets_in_turn():
    y, p = np.array([0.0, 1.0, 0.3, 1.0]), np.array([0.2, 0.6, 0.5, 0.7])
    for cuts in ([2], [1, 3]):
        assert in_pieces(LogLoss(), y, p, None, cuts).result() == pytest.approx(LogLoss()(y, p))


def test_several_classes():
    y, p = np.array(list("abcab")), rng.dirichlet(np.ones(3), 5)
    assert in_pieces(CrossEntropy(), y, p, None, [3]).result() == pytest.approx(CrossEntropy()(y, p))
    with pytest.raises(ValueError, match=r"Pass labels=, in the order of the columns"):
        CrossEntropy().accumulator().update(y[:2], p[:2])


def test_other_losses_and_labels_do_not_merge():
    with pytest.raises(ValueError, match=r"two losses .*Huber\(\) and Huber\(delta=2.0\)"):
        Huber().accumulator().merge(Huber(delta=2.0).accumulator())
    one = LogLoss().accumulator().update(["a", "b"], [0.1, 0.2])
    with pytest.raises(ValueError, match=r"other labels .*\['a', 'b'\] and \['b', 'c'\]"):
        one.merge(LogLoss().accumulator().update(["b", "c"], [0.1, 0.2]))
    assert one.n_samples == 2


# ---- what has no mean ----------------------------------------------------------------------------


def test_nothing_has_no_mean():
    with pytest.raises(ValueError, match="at least one sample"):
        SquaredError().accumulator().result()
    accumulator = SquaredError().accumulator().update([1.0], [2.0], [0.0])
    with pytest.raises(ValueError, match="sample weights sum to 0"):
        accumulator.result()
    assert accumulator.update([1.0], [3.0], [2.0]).result() == 4.0


@pytest.mark.parametrize("size", [1e-300, 1e300, 5e307])
def test_only_the_ratios_of_weights_matter(size):
    w = np.array([1.0, 3.0, 2.0])
    y, p = np.array([1.0, 2.0, 0.0]), np.array([20.0, 2.5, 1e3])
    expected = np.average((y - p) ** 2, weights=w)
    assert in_pieces(SquaredError(), y, p, size * w, [1]).result() == pytest.approx(expected, rel=1e-14)


def test_an_infinite_loss_stays_infinite():
    accumulator = Exponential().accumulator().update([0, 1], [1e4, 0.0])
    assert accumulator.update([0], [0.0]).result() == np.inf


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_wrong_input_leaves_it_as_it_was(weight):
    accumulator = SquaredError().accumulator().update([1.0], [2.0])
    with pytest.raises(ValueError, match="sample_weight contains"):
        accumulator.update([1.0, 2.0], [2.0, 2.0], [1.0, weight])
    with pytest.raises(ValueError, match="y_pred contains NaN"):
        accumulator.update([1.0], [np.nan])
    assert (accumulator.n_samples, accumulator.result()) == (1, 1.0)
