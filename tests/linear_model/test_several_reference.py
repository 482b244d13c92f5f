"""The pass for K coupled outputs against a few lines of plain Python, and against itself on other data types."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.special import softmax

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor
from sklearn_losses.losses import CrossEntropy, MulticlassLoss


def reference(
    X, y, gradient, *, penalty="l2", weights=None, average=False, alpha=0.1, eta=None, epochs=2, sparse=True
):
    """Plain SGD in the order of the rows; the L1 penalty is cumulative (Tsuruoka et al., 2009)."""
    n_outputs = y.shape[1]
    coef, b = np.zeros((n_outputs, X.shape[1])), np.zeros(n_outputs)
    mean, mean_b, paid, pulled, t = coef.copy(), b.copy(), coef.copy(), 0.0, 0
    weights = np.ones(len(y)) if weights is None else weights
    l2 = {"l2": alpha, "l1": 0.0, "elasticnet": alpha * (1 - 0.15), None: 0.0}[penalty]
    l1 = {"l2": 0.0, "l1": alpha, "elasticnet": alpha * 0.15, None: 0.0}[penalty]
    for _ in range(epochs):
        for x, target, weight in zip(X, y, weights, strict=True):
            t += 1
            step = eta(t) if eta else 0.02
            g = -step * weight * gradient(target, coef @ x + b)
            coef = coef * (1 - step * l2) + np.outer(g, x)
            b = b + g
            mean, mean_b = mean + (coef - mean) / t, mean_b + (b - mean_b) / t
            if l1:
                pulled += step * l1
                here = x != 0 if sparse else True
                old = coef.copy()
                moved = np.where(
                    coef > 0,
                    np.maximum(0, coef - (pulled + paid)),
                    np.where(coef < 0, np.minimum(0, coef + (pulled - paid)), coef),
                )
                coef = np.where(here, moved, coef)
                paid = paid + coef - old
    return (mean, mean_b) if average else (coef, b)


def cross_entropy(y, f):
    return softmax(f) - y


def crammer_singer(y, f):
    costs = f + 1 - y
    here = costs == costs.max()
    return here / here.sum() - y


def weston_watkins(y, f):
    near = (1 - y) * (1 + f - y @ f >= 0)
    return near - y * near.sum()


def multilabel_hinge(y, f):
    z = 2 * y - 1
    return np.where(z * f <= 1, -z, 0) / len(y)


GRADIENTS = {
    "cross_entropy": cross_entropy,
    "kl_divergence": cross_entropy,
    "multiclass_hinge": crammer_singer,
    "weston_watkins": weston_watkins,
}
SETTINGS = {
    "learning_rate": "constant", "shuffle": False, "eta0": 0.02, "alpha": 0.1, "max_iter": 2, "tol": None,
}  # fmt: skip


def data(n_outputs, n_features=7):
    n_samples = max(60, 3 * n_outputs)
    rng = np.random.default_rng(100 * n_outputs + n_features)
    X = rng.standard_normal((n_samples, n_features)) / np.sqrt(n_features)
    codes = rng.permutation(np.arange(n_samples) % n_outputs)
    return X, codes, np.eye(n_outputs)[codes]


# Around the widths at which the loops over the outputs change: one register, several, more than a tile.
@pytest.mark.parametrize("n_outputs", [2, 3, 4, 5, 8, 9, 12, 16, 17, 33, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [None, np.int32, np.int64])
def test_outputs_of_every_number(n_outputs, dtype, index):
    X, codes, rows = data(n_outputs)
    given = X
    if index is not None:
        X = np.where(np.random.default_rng(1).random(X.shape) < 0.4, X, 0.0)
        X[::7] = 0
        given = sp.csr_array(X)
        given.indices, given.indptr = given.indices.astype(index), given.indptr.astype(index)
    model = SGDClassifier("cross_entropy", **SETTINGS).fit(given.astype(dtype), codes)
    coef, intercept = reference(X, rows, cross_entropy)
    assert model.coef_.dtype == dtype
    tolerance = 1e-12 if dtype == np.float64 else 2e-6
    assert_allclose(model.coef_, coef, atol=tolerance)
    assert_allclose(model.intercept_, intercept, atol=tolerance)


@pytest.mark.parametrize("n_features", [1, 2, 3, 2048, 2049])
@pytest.mark.parametrize("loss", GRADIENTS)
def test_losses_and_rows_of_every_length(loss, n_features):
    X, codes, rows = data(3, n_features)
    model = SGDClassifier(loss, **SETTINGS).fit(X, codes)
    coef, intercept = reference(X, rows, GRADIENTS[loss])
    assert_allclose(model.coef_, coef, atol=1e-12)
    assert_allclose(model.intercept_, intercept, atol=1e-12)


@pytest.mark.parametrize("matrix", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("penalty", ["l2", "l1", "elasticnet", None])
@pytest.mark.parametrize("average", [False, True])
def test_penalties_weights_averages(penalty, average, matrix):
    X, codes, rows = data(5)
    X = np.where(np.random.default_rng(2).random(X.shape) < 0.6, X, 0.0)
    weights = np.random.default_rng(0).random(len(X))
    # With an L1 penalty an average counts it from the first step on, as scikit-learn's: leave that out.
    if penalty in ("l1", "elasticnet") and average:
        pytest.skip("the reference averages otherwise")
    settings = SETTINGS | {"penalty": penalty, "average": average, "alpha": 0.01}
    model = SGDClassifier("cross_entropy", **settings).fit(matrix(X), codes, sample_weight=weights)
    coef, intercept = reference(
        X, rows, cross_entropy, penalty=penalty, average=average, weights=weights, alpha=0.01,
        sparse=matrix is not np.asarray,
    )  # fmt: skip
    assert_allclose(model.coef_, coef, atol=1e-12)
    assert_allclose(model.intercept_, intercept, atol=1e-12)
    assert (penalty in ("l1", "elasticnet")) == bool((model.coef_ == 0).any())


@pytest.mark.parametrize(
    ("parameters", "eta"),
    [
        ({"learning_rate": "invscaling", "eta0": 0.3, "power_t": 0.5}, lambda t: 0.3 / t**0.5),
        ({"learning_rate": "adaptive", "eta0": 0.05}, lambda t: 0.05),
        ({"learning_rate": "optimal"}, lambda t: 1 / (0.1 * (0.1**-0.75 + t - 1))),
    ],
)
def test_schedules(parameters, eta):
    X, codes, rows = data(4)
    model = SGDClassifier("cross_entropy", **SETTINGS | parameters).fit(X, codes)
    coef, intercept = reference(X, rows, cross_entropy, eta=eta)
    assert_allclose(model.coef_, coef, atol=1e-10)
    assert_allclose(model.intercept_, intercept, atol=1e-10)


def test_shrinkage_beyond_the_smallest_scale():
    """Long strong shrinkage, which is written to the coefficients from time to time."""
    X, codes, rows = data(3)
    for average in (False, True):
        settings = SETTINGS | {"alpha": 20.0, "max_iter": 5, "average": average}
        model = SGDClassifier("cross_entropy", **settings).fit(X, codes)
        coef, _ = reference(X, rows, cross_entropy, alpha=20.0, average=average, epochs=5)
        assert_allclose(model.coef_, coef, atol=1e-9 if average else 1e-12)


def test_multilabel():
    X, _, _ = data(3)
    Y = np.random.default_rng(0).integers(0, 2, (60, 4))
    model = SGDClassifier("multilabel_hinge", **SETTINGS)
    expected = reference(X, Y, multilabel_hinge)
    for given in (Y, Y.astype(bool), sp.csr_matrix(Y), Y.tolist(), np.asfortranarray(Y.astype(np.float32))):
        model.fit(X, given)
        assert_allclose(model.coef_, expected[0], atol=1e-12)
        assert_allclose(model.intercept_, expected[1], atol=1e-12)


class OwnCrossEntropy(MulticlassLoss):
    def formula(self, y, f):
        return np.logaddexp.reduce(f, axis=-1) - np.sum(y * f, axis=-1)


def test_own_loss_is_the_built_in():
    X, codes, _ = data(4)
    ours, named = (
        SGDClassifier(loss, random_state=0).fit(X, codes) for loss in (OwnCrossEntropy(), "cross_entropy")
    )
    assert_allclose(ours.coef_, named.coef_, rtol=1e-12)
    assert ours.n_iter_ == named.n_iter_


@pytest.mark.parametrize("rate", ["optimal", "auto"])
def test_rows_of_ones_are_labels(rate):
    X, codes, rows = data(4)
    settings = {"random_state": 0, "learning_rate": rate, "alpha": 1e-2}
    models = [
        SGDClassifier("cross_entropy", **settings).fit(X, y) for y in (codes, rows, sp.csr_matrix(rows))
    ]
    for model in models[1:]:
        assert_allclose(model.coef_, models[0].coef_, rtol=1e-9, atol=1e-12)
    assert models[1].classes_.tolist() == [0, 1, 2, 3]


def test_label_smoothing_is_a_mixed_target():
    X, codes, rows = data(4)
    smoothed = SGDClassifier(CrossEntropy(label_smoothing=0.2), **SETTINGS).fit(X, codes)
    mixed = SGDClassifier("cross_entropy", **SETTINGS).fit(X, 0.8 * rows + 0.2 / 4)
    assert_allclose(smoothed.coef_, mixed.coef_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("rate", ["invscaling", "auto"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sparse_equals_dense(rate, dtype):
    """Columns that are mostly zero, so that nothing is centred."""
    rng = np.random.default_rng(0)
    X = np.where(rng.random((200, 12)) < 0.3, rng.standard_normal((200, 12)), 0.0).astype(dtype)
    codes = (X @ rng.standard_normal((12, 3))).argmax(axis=1)
    settings = {
        "learning_rate": rate,
        "random_state": 0,
        "eta0": 0.1,
        "alpha": 0.0,
        "max_iter": 3,
        "tol": None,
    }
    dense = SGDClassifier("cross_entropy", **settings).fit(X, codes)
    for index in (np.int32, np.int64):
        csr = sp.csr_array(X)
        csr.indices, csr.indptr = csr.indices.astype(index), csr.indptr.astype(index)
        sparse = SGDClassifier("cross_entropy", **settings).fit(csr, codes)
        if rate == "auto":  # the scale of a sparse column is another
            assert sparse.score(X, codes) > 0.9
        else:
            assert_allclose(sparse.coef_, dense.coef_, atol=1e-5 if dtype == np.float32 else 1e-12)


def test_memory_of_every_kind():
    """Read-only, strided and Fortran-ordered arrays; nothing is written to."""
    X, codes, rows = data(3)
    for y in (codes, 0.5 * rows + 0.5 / 3):
        expected = SGDClassifier("cross_entropy", random_state=0).fit(X, y).coef_
        strided = np.repeat(X, 2, axis=1)[:, ::2], np.repeat(y, 2, axis=0)[::2]
        fortran = np.asfortranarray(X), np.asfortranarray(y)
        frozen = X.copy(), y.copy()
        for array in frozen:
            array.flags.writeable = False
        for given in (strided, fortran, frozen):
            assert np.array_equal(SGDClassifier("cross_entropy", random_state=0).fit(*given).coef_, expected)


def test_k_outputs_are_k_fits():
    """To the bit: every output is a descent of its own, over the same rows in the same order."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 5))
    Y = X @ rng.standard_normal((5, 3)) + 0.1 * rng.standard_normal((150, 3))
    weights = rng.random(150)
    for loss, target in (("squared_error", Y), ("huber", Y), ("poisson", np.exp(Y / 4))):
        for parameters in ({}, {"average": True}, {"learning_rate": "auto"}, {"early_stopping": True}):
            several = SGDRegressor(loss, random_state=0, **parameters).fit(X, target, sample_weight=weights)
            assert several.coef_.shape == (3, 5)
            assert several.intercept_.shape == (3,)
            assert several.predict(X).shape == (150, 3)
            for k in range(3):
                one = SGDRegressor(loss, random_state=0, **parameters).fit(
                    X, target[:, k], sample_weight=weights
                )
                assert np.array_equal(several.coef_[k], one.coef_)
                assert several.intercept_[k] == one.intercept_[0]
                assert_allclose(several.predict(X)[:, k], one.predict(X), rtol=1e-12)
