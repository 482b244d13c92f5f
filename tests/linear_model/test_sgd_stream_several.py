"""learning_rate="auto" in partial_fit for losses that compare several outputs: how near the optimum streams come."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor

ALPHA = 1e-3
SETS = {"iris": load_iris(return_X_y=True), "wine": load_wine(return_X_y=True)}
SETS["digits"] = tuple(part[:600] for part in load_digits(return_X_y=True))


def shuffled(name):
    X, y = SETS[name]
    order = np.random.default_rng(0).permutation(len(y))
    return X[order], y[order]


def stream(X, y, chunk, weight=None, **settings):
    model = SGDClassifier("cross_entropy", alpha=ALPHA, learning_rate="auto", random_state=0).set_params(
        **settings
    )
    for start in range(0, len(y), chunk):
        rows = slice(start, start + chunk)
        more = {} if weight is None else {"sample_weight": weight[rows]}
        classes = np.unique(y) if y.ndim == 1 else np.arange(y.shape[1])
        model.partial_fit(X[rows], y[rows], classes=classes, **more)
    return model


def excess(model, X, y):
    """(F - F*) / (F_null - F*), F by scikit-learn's metric, F* by its LogisticRegression."""

    def objective(coef, probability):
        return log_loss(y, probability) + 0.5 * ALPHA * np.sum(coef**2)

    best = LogisticRegression(C=1.0 / (ALPHA * len(y)), solver="newton-cg", tol=1e-8, max_iter=500).fit(X, y)
    lowest = objective(best.coef_, best.predict_proba(X))
    null = objective(0.0, np.tile(np.bincount(y) / len(y), (len(y), 1)))
    return (objective(model.coef_, model.predict_proba(X)) - lowest) / (null - lowest)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("name", "matrix", "chunk", "bound"),
    [
        ("iris", np.asarray, 150, 0.03), ("iris", np.asarray, 20, 0.05), ("iris", np.asarray, 1, 0.1),
        ("iris", sp.csr_array, 150, 0.15), ("iris", sp.csr_array, 20, 0.3),
        ("wine", np.asarray, 178, 0.03), ("wine", np.asarray, 20, 0.05), ("wine", np.asarray, 1, 0.3),
        ("wine", sp.csr_matrix, 20, 0.3), ("digits", np.asarray, 100, 0.1), ("digits", sp.csr_array, 100, 0.1),
    ],
)  # fmt: skip
def test_softmax_regression_on_raw_features(name, matrix, chunk, bound, dtype):
    X, y = shuffled(name)
    model = stream(matrix(X.astype(dtype)), y, chunk)
    assert model.coef_.dtype == dtype
    assert excess(model, X, y) < bound
    assert model.t_ == len(y) + 1


def test_labels_and_their_indicators_are_the_same():
    X, y = shuffled("wine")
    by_label, by_row = (stream(X, target, 40) for target in (y, np.eye(3)[y]))
    assert_allclose(by_row.coef_, by_label.coef_, rtol=1e-6)
    assert_allclose(by_row.intercept_, by_label.intercept_, rtol=1e-6)


def test_class_probabilities_pull_towards_them():
    X, y = shuffled("iris")
    soft = 0.1 + 0.7 * np.eye(3)[y]
    three, share = np.tile(X, (3, 1)), soft.T.ravel()  # scikit-learn learns them as weighted copies
    best = LogisticRegression(C=1.0 / (ALPHA * len(y)), solver="newton-cg", tol=1e-8)
    best.fit(three, np.repeat([0, 1, 2], len(y)), sample_weight=share)
    lowest, null = (
        -np.mean(np.sum(soft * np.log(guess), axis=1)) for guess in (best.predict_proba(X), soft.mean(axis=0))
    )
    found = -np.mean(np.sum(soft * np.log(stream(X, soft, 30).predict_proba(X)), axis=1))
    assert (found - lowest) / (null - lowest) < 0.15


@pytest.mark.parametrize("loss", ["multiclass_hinge", "weston_watkins", "kl_divergence"])
def test_other_losses(loss):
    X, y = shuffled("wine")
    model = stream(X, np.eye(3)[y] if loss == "kl_divergence" else y, 30, loss=loss)
    assert np.mean(model.predict(X) == y) > 0.9


def test_a_class_that_comes_late():
    X, y = SETS["iris"]  # sorted by class
    model = SGDClassifier("cross_entropy", alpha=ALPHA, learning_rate="auto", random_state=0)
    for _ in range(5):
        for start in range(0, 150, 25):
            model.partial_fit(X[start : start + 25], y[start : start + 25], classes=[0, 1, 2])
    assert np.mean(model.predict(X) == y) > 0.6  # the last rows, all of one class, weigh most
    assert excess(model, X, y) < 1.0


def test_several_labels():
    X, y = shuffled("iris")
    labels = np.column_stack([y == 0, y == 2, y < 2]).astype(int)
    model = stream(X, labels, 30, loss="multilabel_log_loss")
    assert np.mean(model.predict(X) == labels, axis=0).min() > 0.93


def test_vectors():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 6)) * 10.0 ** np.arange(-2, 4)
    Y = X / X.std(axis=0) @ rng.standard_normal((6, 3)) + 0.1 * rng.standard_normal((1000, 3))
    model = SGDRegressor("cosine_distance", learning_rate="auto", random_state=0)
    for start in range(0, 1000, 100):
        model.partial_fit(X[start : start + 100], Y[start : start + 100])
    guess = model.predict(X)
    cosine = np.sum(guess * Y, axis=1) / np.linalg.norm(guess, axis=1) / np.linalg.norm(Y, axis=1)
    assert cosine.mean() > 0.97


def test_only_ratios_of_weights_matter_and_zero_is_no_row():
    X, y = shuffled("wine")
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    model = stream(X, y, 40, weight)
    assert_allclose(stream(X, y, 40, 1e3 * weight).coef_, model.coef_, rtol=1e-6)
    twice = np.repeat(np.arange(len(y)), 2)
    padded = stream(
        X[twice], y[twice], len(twice), np.where(np.arange(len(twice)) % 2, 0.0, weight[twice]), shuffle=False
    )
    assert_allclose(padded.coef_, stream(X, y, len(y), weight, shuffle=False).coef_, rtol=1e-9)


def test_a_stored_model_goes_on_and_a_failed_batch_changes_nothing():
    X, y = shuffled("digits")
    whole, half = stream(X, y, 100), stream(X[:300], y[:300], 100)
    half = pickle.loads(pickle.dumps(half))
    with pytest.raises(ValueError, match="NaN"):
        half.partial_fit(np.full((3, 64), np.nan), y[:3])
    with pytest.raises(ValueError, match="features"):
        half.partial_fit(X[:3, :5], y[:3])
    for start in range(300, 600, 100):
        half.partial_fit(X[start : start + 100], y[start : start + 100])
    assert np.array_equal(half.coef_, whole.coef_)
    assert clone(half).fit(X, y).score(X, y) > 0.95  # fit forgets the stream
