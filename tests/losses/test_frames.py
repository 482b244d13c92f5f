"""Data frames: columns that are named after classes or outputs are found by their names, whatever their order."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from sklearn_losses import (
    Brier,
    CosineDistance,
    CrammerSinger,
    CrossEntropy,
    Huber,
    KLDivergence,
    LogLoss,
    MultilabelLogLoss,
    SquaredError,
)

rng = np.random.default_rng(0)
NAMES = ["ant", "bee", "cat"]
Y = np.array(NAMES)[rng.integers(0, 3, 20)]
P = rng.dirichlet(np.ones(3), 20)
FRAME = pd.DataFrame(P, columns=NAMES)
ORDERS = [["cat", "ant", "bee"], ["bee", "ant", "cat"], ["cat", "bee", "ant"], NAMES]


@pytest.fixture(params=["pandas", "polars"])
def turned(request):
    """Makes a frame whose columns are in another order."""
    library = pytest.importorskip(request.param)
    return lambda frame, order: frame[order] if request.param == "pandas" else library.DataFrame(frame[order])


@pytest.mark.parametrize("order", ORDERS, ids="".join)
@pytest.mark.parametrize(
    "loss", [LogLoss(), CrossEntropy(), KLDivergence(), Brier(), CrammerSinger()], ids=str
)
def test_columns_named_after_classes(turned, loss, order):
    frame = turned(FRAME, order)
    expected = loss(Y, P, labels=NAMES)
    assert loss(Y, frame) == pytest.approx(expected, rel=1e-14)
    assert loss.d2(Y, frame) == pytest.approx(loss.d2(Y, P), rel=1e-14)
    np.testing.assert_allclose(loss.pointwise(Y, frame), loss.pointwise(Y, P), rtol=1e-14)
    np.testing.assert_allclose(loss.pointwise(Y[:1], frame[:1]), loss.pointwise(Y, P)[:1], rtol=1e-14)
    if isinstance(loss, LogLoss):
        assert expected == pytest.approx(log_loss(Y, P))
    assert loss(Y, frame, labels=order) == pytest.approx(expected, rel=1e-14)
    if order != NAMES:
        with pytest.raises(ValueError, match="is another order than that of the columns of y_pred"):
            loss(Y, frame, labels=NAMES)
    with pytest.raises(ValueError, match="the label 'dog', which is not among"):
        loss(np.where(Y == "ant", "dog", Y), frame)


def test_names_of_two_classes(turned):
    y, p = np.array(["no", "yes"])[rng.integers(0, 2, 20)], rng.uniform(size=20)
    frame = pd.DataFrame({"no": 1 - p, "yes": p})
    for loss in (LogLoss(), Brier(), CrossEntropy()):
        for order in (["no", "yes"], ["yes", "no"]):
            assert loss(y, turned(frame, order)) == pytest.approx(loss(y, p), rel=1e-14)
            one = y == "no"
            assert loss(y[one], turned(frame[one], order)) == pytest.approx(
                loss(y[one], p[one], labels=["no", "yes"]), rel=1e-14
            )
    assert LogLoss()(y, turned(frame, ["yes", "no"]), pos_label="no") == pytest.approx(LogLoss()(y, p))


def test_other_names_say_nothing(turned):
    """Columns that are named after something else, or not at all, are in the order of the labels."""
    for names in (["p0", "p1", "p2"], [0, 1, 2]):
        frame = pd.DataFrame(P, columns=names)
        frame = frame if names[0] == 0 else turned(frame, names)
        assert LogLoss()(Y, frame) == pytest.approx(LogLoss()(Y, P))
    numbers = np.array([1, 2, 3])[rng.integers(0, 3, 20)]
    assert LogLoss()(numbers, pd.DataFrame(P)) == LogLoss()(numbers, P)  # of columns 0, 1, 2
    assert LogLoss()(numbers, pd.DataFrame(P, columns=[3, 2, 1])) == LogLoss()(numbers, P[:, ::-1])
    soft = rng.uniform(size=20)
    assert LogLoss()(soft, pd.DataFrame(P[:, :1], columns=["p"])) == LogLoss()(soft, P[:, 0])


@pytest.mark.parametrize(
    "loss", [SquaredError(), Huber(), CosineDistance(), CrossEntropy(), MultilabelLogLoss()], ids=str
)
def test_both_are_frames(turned, loss):
    y = pd.DataFrame(rng.dirichlet(np.ones(3), 20), columns=NAMES)
    for order in ORDERS:
        assert loss(turned(y, NAMES), turned(FRAME, order)) == pytest.approx(loss(y.to_numpy(), P), rel=1e-14)
    other = FRAME.rename(columns={"ant": "x"})  # of other names, in the order that they have
    assert loss(y, other) == pytest.approx(loss(y.to_numpy(), P), rel=1e-14)


def test_frames_of_dask():
    dd = pytest.importorskip("dask.dataframe")
    y = pd.Series(np.sort(Y))  # no chunk has all labels
    for order in ORDERS:
        chunks = dd.from_pandas(y, npartitions=4), dd.from_pandas(FRAME[order], npartitions=4)
        assert LogLoss()(*chunks) == pytest.approx(LogLoss()(y, P), rel=1e-12)
    y[0] = "dog"
    with pytest.raises(ValueError, match="the label 'dog', which is not among"):
        LogLoss()(dd.from_pandas(y, npartitions=4), chunks[1])
