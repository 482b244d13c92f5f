"""Sparse matrices whose indices point outside of them are refused where rows are taken: others end the process."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import is_classifier

from sklearn_losses import (
    LinearClassifier,
    LinearRegressor,
    MultilabelLogLoss,
    SGDClassifier,
    SGDRegressor,
)
from sklearn_losses._sparse import check_sparse

n, d = 40, 6
DENSE = sp.random(n, d, 0.5, random_state=0).toarray()
Y = (np.arange(n) % 2).astype(float)
FORMATS = {
    "csr": ["large", "negative", "falls", "late", "long", "short", "cut"],
    "csc": ["large", "negative", "falls", "late", "long", "short", "cut"],
    "bsr": ["large", "negative", "falls", "late", "long"],
    "coo": ["large", "negative"],
    "lil": ["large"],
}
FAULTS = [(name, fault) for name, faults in FORMATS.items() for fault in faults]


def broken(form, fault):
    """A matrix put out of order after it was made, as arithmetic on its arrays does it."""
    X = sp.csr_array(DENSE).asformat(form).copy()
    places = X.col if form == "coo" else None if form == "lil" else X.indices
    if fault == "large":
        if form == "lil":
            X.rows[3] = [10**6]
            X.data[3] = [1.0]
        else:
            places[1] = 10**6
    elif fault == "negative":
        places[1] = -5
    elif fault == "falls":
        X.indptr[2] = X.indptr[-1] + 10**6
    elif fault == "late":
        X.indptr[0] = 1
    elif fault == "long":
        X.indptr[-1] += 10**6
    elif fault == "short":
        X.indptr = X.indptr[:-1]
    elif fault == "cut":
        X.data = X.data[:-3]
    return X


@pytest.mark.parametrize(("form", "fault"), FAULTS)
def test_check(form, fault):
    with pytest.raises(ValueError, match="X is no valid sparse matrix of shape"):
        check_sparse(broken(form, fault), "X")


@pytest.mark.parametrize("form", ["csr", "csc", "bsr", "coo", "lil", "dok", "dia"])
@pytest.mark.parametrize("kind", [sp.csr_array, sp.csr_matrix])
def test_what_is_sound(form, kind):
    for dense in (DENSE, np.zeros((3, 2)), np.zeros((0, 2)), np.zeros((2, 0)), DENSE[:, ::-1]):
        if form == "bsr" and 0 in dense.shape:
            continue
        check_sparse(kind(dense).asformat(form), "X")
    unsorted = sp.csr_array((np.ones(4), [3, 1, 1, 0], [0, 2, 4]), shape=(2, 4))  # and with a duplicate
    check_sparse(unsorted, "X")
    unused = sp.csr_array((np.ones(2), [0, 1], [0, 1, 2]), shape=(2, 2))
    unused.indices = np.append(unused.indices, 99)  # beyond the entries
    unused.data = np.append(unused.data, 1.0)
    check_sparse(unused, "X")
    check_sparse(DENSE, "X")


MODELS = [LinearClassifier(), LinearRegressor(), SGDClassifier(), SGDRegressor()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize(
    ("form", "fault"), [("csr", "large"), ("csr", "long"), ("csc", "negative"), ("coo", "large")]
)
def test_estimators(model, form, fault):
    bad = broken(form, fault)
    for method in ("fit", "partial_fit") if hasattr(model, "partial_fit") else ("fit",):
        classes = {"classes": [0, 1]} if method == "partial_fit" and is_classifier(model) else {}
        with pytest.raises(ValueError, match="X is no valid sparse matrix"):
            getattr(model, method)(bad, Y, **classes)
    fitted = model.fit(sp.csr_array(DENSE), Y)
    for method in ("predict", "decision_function", "predict_proba"):
        if hasattr(fitted, method):
            with pytest.raises(ValueError, match="X is no valid sparse matrix"):
                getattr(fitted, method)(bad)


def test_boosting():
    xgboost = pytest.importorskip("xgboost")
    from sklearn_losses.boosting import BoostedRegressor

    with pytest.raises(ValueError, match="X is no valid sparse matrix"):
        BoostedRegressor(xgboost.XGBRegressor()).fit(broken("csr", "large"), Y)


def test_dask():
    da = pytest.importorskip("dask.array")
    from sklearn_losses.dask import LinearRegressor as OnDask

    X = da.from_array(DENSE, chunks=(n, d)).map_blocks(lambda block: broken("csr", "large"), dtype=float)
    with pytest.raises(ValueError, match="X is no valid sparse matrix"):
        OnDask().fit(X, da.from_array(Y, chunks=n))


def test_indicators():
    y = sp.csr_array((DENSE > 0).astype(float))
    loss = MultilabelLogLoss()
    assert loss(y, np.full((n, d), 0.5)) == pytest.approx(np.log(2))
    y.indices[0] = 10**6
    for call in (loss, loss.pointwise, lambda y, p: loss.constant_minimizer(y)):
        with pytest.raises(ValueError, match="y_true is no valid sparse matrix"):
            call(y, np.full((n, d), 0.5))
    with pytest.raises(ValueError, match="is no valid sparse matrix"):
        LinearClassifier("multilabel_log_loss").fit(DENSE, y)
