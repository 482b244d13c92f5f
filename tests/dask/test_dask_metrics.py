"""Losses, metrics and scorers on dask's collections, against those of the same numbers in memory."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression

from sklearn_losses import (
    LOSSES,
    AbsoluteError,
    Brier,
    CrossEntropy,
    Hinge,
    Huber,
    LogLoss,
    Poisson,
    SquaredError,
)
from sklearn_losses.dask import LinearClassifier
from sklearn_losses.metrics import get_scorer, huber_loss, log_loss, squared_error

da = pytest.importorskip("dask.array")
pytestmark = pytest.mark.usefixtures("here")

n = 60
rng = np.random.default_rng(0)
weight = rng.integers(0, 3, n).astype(float)


def cut(array, chunks=17):
    array = np.asarray(array)
    return da.from_array(array, chunks=(chunks, *array.shape[1:]))


def unknown(array):
    """Unknown lengths; a chunk of them is empty."""
    whole = cut(np.concatenate([array, array[:17]]))
    keep = np.ones(len(array) + 17, dtype=bool)
    keep[17:34] = False
    return whole[cut(keep)], np.concatenate([array, array[:17]])[keep]


def data_of(loss, n=n):
    y, raw = loss.examples.draw(np.random.default_rng(1), n)
    return y, raw, loss.link.inverse(raw)


CATALOGUE = [cls() for cls in LOSSES.values()]


@pytest.mark.parametrize("loss", CATALOGUE, ids=str)
def test_every_loss(loss):
    y, _, prediction = data_of(loss)
    value = loss(cut(y), cut(prediction), sample_weight=cut(weight))
    assert type(value) is float
    assert_allclose(value, loss(y, prediction, sample_weight=weight), rtol=1e-12)
    assert_allclose(loss(cut(y, 20), cut(prediction)), loss(y, prediction), rtol=1e-12)
    (dy, y_kept), (dp, p_kept) = unknown(np.asarray(y)), unknown(np.asarray(prediction))
    assert_allclose(loss(dy, dp), loss(y_kept, p_kept), rtol=1e-12)


@pytest.mark.parametrize("loss", CATALOGUE, ids=str)
def test_what_is_lazy(loss):
    y, raw, prediction = data_of(loss)
    each = loss.pointwise(cut(y), cut(prediction))
    assert each.chunks == ((17, 17, 17, 9),)
    assert_allclose(each.compute(), loss.pointwise(y, prediction), rtol=1e-12)
    if loss.target_kind == "moments":
        return
    for quantity in ("gradient", "hessian"):
        lazy = getattr(loss, quantity)(cut(y), cut(raw))
        assert_allclose(lazy.compute(), getattr(loss, quantity)(y, raw), rtol=1e-12)
        assert lazy.shape == raw.shape


def test_only_sums_are_gathered():
    """What each task returns is as short for long chunks as for short ones."""
    for size in (n, 100 * n):
        y = rng.normal(size=size)
        accumulator = SquaredError().accumulator().update(y, y + 1.0)
        assert len(pickle.dumps(accumulator)) < 1500


def test_the_mean_does_not_depend_on_the_chunks():
    y, p = rng.normal(size=(2, 500))
    means = {AbsoluteError()(cut(y, chunks), cut(p, chunks)) for chunks in (500, 177, 64, 3)}
    assert means == {float(sum(map(Fraction, np.abs(y - p).tolist())) / 500)}


def test_several_outputs():
    y, f = rng.normal(size=(n, 3)), rng.normal(size=(n, 3))
    assert_allclose(huber_loss(cut(y), cut(f), delta=0.5), huber_loss(y, f, delta=0.5), rtol=1e-12)
    for multioutput in ("raw_values", [0.5, 0.3, 0.2]):
        keywords = {"multioutput": multioutput}
        got = squared_error(cut(y), cut(f), sample_weight=cut(weight), **keywords)
        assert_allclose(got, squared_error(y, f, sample_weight=weight, **keywords), rtol=1e-12)
    assert_allclose(Huber().pointwise(cut(y), cut(f)).compute(), Huber().pointwise(y, f), rtol=1e-12)
    wide = da.from_array(f, chunks=(17, 2))
    assert_allclose(squared_error(cut(y), wide), squared_error(y, f), rtol=1e-12)


def test_labels_across_chunks():
    """No chunk has all labels, and some have labels that mean something else when alone."""
    p = rng.uniform(0.1, 0.9, n)
    for low, high in [(0, 1), (-1, 1), (1, 2), ("no", "yes"), (False, True), (-1.0, 1.0)]:
        y = np.array([low, high])[np.sort(rng.integers(0, 2, n))]
        assert_allclose(LogLoss()(cut(y), cut(p)), LogLoss()(y, p), rtol=1e-12)
        assert_allclose(Hinge()(cut(y), cut(p)), Hinge()(y, p), rtol=1e-12)
        names = {"labels": [high, low], "pos_label": high}
        assert_allclose(log_loss(cut(y), cut(p), **names), log_loss(y, p, **names), rtol=1e-12)
        both = np.column_stack([1 - p, p])
        assert_allclose(Brier()(cut(y), cut(both)), Brier()(y, both), rtol=1e-12)
    several = np.array(list("abc"))[np.sort(rng.integers(0, 3, n))]
    rows = rng.dirichlet([1.0, 1.0, 1.0], n)
    assert_allclose(CrossEntropy()(cut(several), cut(rows)), CrossEntropy()(several, rows), rtol=1e-12)
    assert_allclose(LogLoss()(cut(several), cut(rows)), LogLoss()(several, rows), rtol=1e-12)
    named = {"labels": ["c", "b", "a"]}
    assert_allclose(log_loss(cut(several), cut(rows), **named), log_loss(several, rows, **named), rtol=1e-12)
    soft = rng.uniform(size=n)
    soft[:17] = 1.0
    assert_allclose(LogLoss()(cut(soft), cut(p)), LogLoss()(soft, p), rtol=1e-12)


def test_a_part_in_memory():
    y, p = rng.normal(size=n), rng.normal(size=n)
    expected = SquaredError()(y, p, sample_weight=weight)
    for arguments in [(y, cut(p), cut(weight)), (cut(y), p, weight), (cut(y), cut(p), weight.tolist())]:
        value = SquaredError()(*arguments[:2], sample_weight=arguments[2])
        assert_allclose(value, expected, rtol=1e-12)
    assert SquaredError()(cut(y), cut(p), sample_weight=2.0) == SquaredError()(cut(y), cut(p))


def test_series():
    dd = pytest.importorskip("dask.dataframe")
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"y": rng.choice(["no", "yes"], n), "p": rng.uniform(size=n), "w": weight})
    ddf = dd.from_pandas(frame, npartitions=3)
    value = log_loss(ddf["y"], ddf["p"], sample_weight=ddf["w"])
    assert_allclose(value, log_loss(frame["y"], frame["p"], sample_weight=frame["w"]), rtol=1e-12)


def test_sparse_indicators():
    loss = LOSSES["multilabel_log_loss"]()
    y, _, prediction = data_of(loss)
    blocks = cut(y).map_blocks(sp.csr_matrix, dtype=float)
    assert_allclose(loss(blocks, cut(prediction)), loss(y, prediction), rtol=1e-12)


def test_without_or_with_dispatch():
    y, p = rng.normal(size=n), rng.normal(size=n)
    pytest.importorskip("array_api_compat")
    with config_context(array_api_dispatch=False):
        assert type(SquaredError()(cut(y), cut(p))) is float


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SquaredError()(cut(np.ones(n)), cut(np.ones(50))), "same number of samples"),
        (lambda: SquaredError()(cut(np.full(n, np.nan)), cut(np.ones(n))), "NaN"),
        (lambda: Poisson()(cut(np.ones(n)), cut(-np.ones(n))), "y_pred contains -1.0"),
        (lambda: LogLoss()(cut(np.arange(n) % 3), cut(np.full(n, 0.5))), "3 labels"),
        (lambda: LogLoss()(cut(np.full(n, 7)), cut(np.full(n, 0.5))), "only the label 7"),
        (lambda: LogLoss()(cut(np.array([-1, 0, 1] * 20)), cut(np.full(n, 0.5))), "3 labels"),
        (
            lambda: SquaredError()(cut(np.ones(n)), cut(np.ones(n)), sample_weight=cut(np.zeros(n))),
            "sum to 0",
        ),
        (lambda: SquaredError()(cut(np.ones(n)), cut(np.ones(n)), sample_weight=np.ones(3)), "sample_weight"),
        (lambda: SquaredError()(cut(np.ones((n, 2))), cut(np.ones(n))), "do not match"),
        (lambda: SquaredError()(cut(np.ones(n)), cut(np.ones(n)), labels=[0, 1]), "mean nothing"),
        (lambda: SquaredError()(cut(np.ones(0)), cut(np.ones(0))), "empty"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_scorers():
    X, y = rng.normal(size=(n, 3)), rng.choice(["a", "b", "c"], n)
    model = LinearClassifier().fit(cut(X), cut(y))
    for scorer in (LogLoss().scorer(), Brier().scorer(), CrossEntropy().scorer(), get_scorer("neg_log_loss")):
        expected = scorer(model, X, y, sample_weight=weight)
        value = scorer(model, cut(X), cut(y), sample_weight=cut(weight))
        assert_allclose(value, expected, rtol=1e-10)
        assert_allclose(scorer(model, cut(X), y), scorer(model, X, y), rtol=1e-10)
    local = LogisticRegression().fit(X, y)  # which turns X into NumPy's
    with pytest.warns(UndefinedMetricWarning, match="'d'"):
        got = LogLoss().scorer()(model, cut(X), cut(np.where(np.arange(n) == 3, "d", y)))
    with pytest.warns(UndefinedMetricWarning, match="'d'"):
        assert_allclose(got, LogLoss().scorer()(model, X, np.where(np.arange(n) == 3, "d", y)), rtol=1e-10)
    assert LogLoss().scorer()(local, X, y) < 0.0


def test_what_gathers_still_works():
    """Skill and decomposition need the best constant, and turn collections into arrays."""
    y, p = rng.normal(size=n), rng.normal(size=n)
    assert_allclose(Huber().d2(cut(y), cut(p)), Huber().d2(y, p))
    assert_array_equal(Huber().constant_minimizer(cut(y)), Huber().constant_minimizer(y))
