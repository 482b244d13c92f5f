"""What users meet around the descent: bad input, failures, labels, streams, copies."""

import pickle
import time

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, ShuffleSplit, StratifiedShuffleSplit, cross_val_score

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor
from sklearn_losses.losses import Huber

rng = np.random.default_rng(0)
X = rng.standard_normal((120, 4))
y = X @ [1.0, -2.0, 0.5, 0.0] + 0.1 * rng.standard_normal(120)
labels = np.digitize(y, [-1, 1])
raw_target = y
both = pytest.mark.parametrize("model", [SGDClassifier(), SGDRegressor()], ids=["classifier", "regressor"])


def target_of(model):
    return labels if isinstance(model, SGDClassifier) else y


@both
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("alpha", -1e-4), ("alpha", np.nan), ("alpha", "strong"), ("l1_ratio", 1.5), ("penalty", "l3"),
        ("penalty", np.zeros(2)), ("learning_rate", "fast"), ("eta0", 0.0), ("eta0", np.inf),
        ("power_t", np.nan), ("early_stopping", "score"), ("validation_fraction", 1.0), ("average", 0.5),
        ("max_iter", -1), ("max_iter", 2.5), ("tol", -1.0), ("shuffle", "yes"), ("fit_intercept", 1),
        ("verbose", -1), ("epsilon", -0.1), ("n_iter_no_change", 0), ("warm_start", None),
    ],
)  # fmt: skip
def test_bad_parameter(model, parameter, value):
    model = clone(model).set_params(**{parameter: value})
    for method in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=f"'{parameter}' of {type(model).__name__} must be"):
            method(X, target_of(model))
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize("weight", ["even", 3, [1, 2]])
def test_bad_class_weight(weight):
    with pytest.raises(ValueError, match="class_weight"):
        SGDClassifier(class_weight=weight).fit(X, labels)


@both
def test_parameters_that_do_not_go_together(model):
    with pytest.raises(ValueError, match="alpha must be > 0"):
        clone(model).set_params(learning_rate="optimal", alpha=0).fit(X, target_of(model))
    with pytest.raises(ValueError, match="l1_ratio must be"):
        clone(model).set_params(penalty="elasticnet", l1_ratio=None).fit(X, target_of(model))
    clone(model).set_params(penalty="l1", l1_ratio=None).fit(X, target_of(model))


@both
@pytest.mark.parametrize("loss", ["hing", 3, Huber, None])
def test_no_loss(model, loss):
    with pytest.raises(ValueError, match="loss"):
        clone(model).set_params(loss=loss).fit(X, target_of(model))


@both
def test_huber_without_width(model):
    """Its loss is zero everywhere; scikit-learn trains nothing and says nothing."""
    with pytest.raises(ValueError, match="delta of Huber must be a number in"):
        clone(model).set_params(loss="huber", epsilon=0).fit(X, target_of(model))


@both
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(3), r"sample_weight.shape == \(3,\), expected \(120,\)"),
        (np.ones((120, 2)), "1D array or scalar"),
        (np.zeros(120), "non-zero"),
        (np.full(120, np.nan), "sample_weight contains NaN"),
    ],
)
def test_bad_weights(model, weight, message):
    with pytest.raises(ValueError, match=message):
        clone(model).fit(X, target_of(model), sample_weight=weight)


@both
def test_bad_data(model):
    target = target_of(model)
    for bad in (np.where(X > 2, np.nan, X), np.where(X > 2, np.inf, X)):
        with pytest.raises(ValueError, match="Input X contains"):
            clone(model).fit(bad, target)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        clone(model).fit(X, target[:50])
    with pytest.raises(ValueError, match="coef_init does not match dataset: it must have shape"):
        clone(model).fit(X, target, coef_init=np.ones(7))
    with pytest.raises(ValueError, match="intercept_init does not match dataset: it must have shape"):
        clone(model).fit(X, target, intercept_init=np.ones(7))
    with pytest.raises(NotFittedError):
        clone(model).predict(X)


def test_bad_targets():
    with pytest.raises(ValueError, match="greater than one; got 1 class"):
        SGDClassifier().fit(X, np.ones(120))
    with pytest.raises(ValueError, match="NaN"):
        SGDRegressor().fit(X, np.where(y > 2, np.nan, y))


def test_labels_in_partial_fit():
    model = SGDClassifier(random_state=0)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, labels)
    with pytest.raises(ValueError, match=r"label .*2.* not among the classes"):
        model.partial_fit(X, labels, classes=[0, 1])
    assert not hasattr(model, "classes_")
    model.partial_fit(X[labels < 2], labels[labels < 2], classes=[2, 1, 0])
    assert model.classes_.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="not the same as on last call"):
        model.partial_fit(X, labels, classes=[0, 1])
    with pytest.raises(ValueError, match="'new'"):
        SGDClassifier().partial_fit(X[:2], ["a", "b"], classes=["a", "b"]).partial_fit(X[:2], ["a", "new"])
    with pytest.raises(ValueError, match="not supported for partial_fit"):
        SGDClassifier(class_weight="balanced").partial_fit(X, labels, classes=[0, 1, 2])


def state(model):
    return pickle.dumps({name: value for name, value in vars(model).items() if name.endswith("_")})


@both
def test_divergence_leaves_the_model_as_it_was(model):
    model = clone(model).set_params(
        penalty=None, learning_rate="constant", loss="squared_error", random_state=0
    )
    model.fit(X, target_of(model))
    before, predictions = state(model), model.predict(X)
    model.set_params(eta0=1e6)
    for method in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="Floating-point under-/overflow occurred at epoch #1"):
            method(1e200 * X, target_of(model))
    assert state(model) == before
    assert np.array_equal(model.predict(X), predictions)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@both
def test_failed_calls_leave_the_model_as_it_was(model):
    names = list("abcd")
    frame = pd.DataFrame(X, columns=names)
    target = target_of(model)
    model = clone(model).fit(frame, target)
    before = state(model)
    wide = np.ones((120, 9))
    for X_bad, y_bad, weight in [
        (wide, target[:3], None),
        (wide, target, np.ones(2)),
        (wide * np.nan, target, None),
        (wide, np.full(120, np.nan), None),
    ]:
        for method in (model.fit, model.partial_fit):
            with pytest.raises(ValueError):  # noqa: PT011
                method(X_bad, y_bad, sample_weight=weight)
            assert state(model) == before
    assert model.n_features_in_ == 4
    assert model.feature_names_in_.tolist() == names


def insensitive_everywhere(y, f):
    """A loss that no prediction of these data makes any steeper than zero, so that no step shows a bad feature."""
    return np.maximum(np.abs(y - f) - 1e9, 0.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "model",
    [
        SGDClassifier(loss="hinge"),
        SGDClassifier(loss="log_loss", penalty="l1", average=True),
        SGDRegressor(),
        SGDRegressor(loss=insensitive_everywhere),
        SGDRegressor(loss="huber", learning_rate="auto"),
        SGDClassifier(loss="cross_entropy"),
    ],
    ids=lambda value: str(value),
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_bad_feature_late_in_a_stream_is_found(model, bad, dtype):
    target = target_of(model)
    known = {"classes": [0, 1, 2]} if isinstance(model, SGDClassifier) else {}
    chunk = X.astype(dtype)
    model = clone(model).partial_fit(chunk, target, **known).partial_fit(chunk, target)
    before = state(model)
    broken = chunk.copy()
    broken[-1, 2] = bad
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        model.partial_fit(broken, target)
    assert state(model) == before
    model.partial_fit(chunk, target)


@both
def test_keyboard_interrupt_ends_a_fit(model, press_ctrl_c):
    target = target_of(model)
    model = clone(model).fit(X, target)
    before = state(model)
    model.set_params(max_iter=10**9, tol=None)
    press_ctrl_c(after=0.3)
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, target)
    assert time.perf_counter() - start < 30
    assert state(model) == before


@both
def test_input_is_not_written_to(model):
    matrices = [X.copy(), sp.csr_matrix(X)]
    for matrix in matrices:
        arrays = [matrix] if isinstance(matrix, np.ndarray) else [matrix.data, matrix.indices, matrix.indptr]
        for array in arrays:
            array.flags.writeable = False
        start = np.zeros((3, 4) if isinstance(model, SGDClassifier) else 4)
        clone(model).fit(matrix, target_of(model), coef_init=start)
        assert not start.any()


@both
def test_wide_indices_and_other_formats(model):
    target = target_of(model)
    csr = sp.csr_array(X)
    wide = sp.csr_array(X)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    coefs = [
        clone(model).set_params(random_state=0).fit(data, target).coef_
        for data in (csr, wide, sp.csc_matrix(X))
    ]
    assert np.array_equal(coefs[0], coefs[1])
    assert np.array_equal(coefs[0], coefs[2])


def in_every_order(array):
    columns = {f"x{k}": array[:, k].copy() for k in range(array.shape[1])}
    yield "Fortran", np.asfortranarray(array)
    yield "strided", np.repeat(np.repeat(array, 2, axis=0), 2, axis=1)[::2, ::2]
    yield "backwards", array[::-1, ::-1].copy()[::-1, ::-1]
    yield "frame of an array", pd.DataFrame(array, columns=list(columns))
    yield "frame of columns", pd.DataFrame(columns)


@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize("n", [1, 7, 120, 6000])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_predictions_in_every_order_of_memory(n, n_outputs, assert_same_sums):
    """Up to 2^14 entries the bits are those of C order, since the same product is taken."""
    data = np.random.default_rng(1).standard_normal((n, 4))
    targets = np.column_stack([y, y - X[:, 3], -y])
    model = SGDRegressor(random_state=0).fit(X, targets if n_outputs > 1 else y)
    expected = model.predict(data)
    size = np.abs(data) @ np.abs(model.coef_.T) + np.abs(model.intercept_).max()
    for name, given in in_every_order(data):
        found = model.predict(given)
        assert_same_sums(found, expected, size)
        assert n > 4096 or np.array_equal(found, expected), name


@both
def test_not_converged(model):
    with pytest.warns(ConvergenceWarning, match="Maximum number of iteration"):
        model = clone(model).set_params(max_iter=2).fit(X, target_of(model))
    assert model.n_iter_ == 2
    clone(model).set_params(max_iter=2, tol=None).fit(X, target_of(model))


@both
def test_verbose(model, capsys):
    clone(model).set_params(verbose=1, random_state=0).fit(X, target_of(model))
    printed = capsys.readouterr().out
    assert "Epoch 1: objective" in printed
    assert "Converged after" in printed


def test_probabilities_only_where_the_loss_has_them():
    assert hasattr(SGDClassifier(loss="log_loss"), "predict_proba")
    for loss in ("hinge", "squared_error", "no loss at all"):
        model = SGDClassifier(loss=loss)
        assert not hasattr(model, "predict_proba")
        assert not hasattr(model, "predict_log_proba")
    with pytest.raises(AttributeError) as caught:
        SGDClassifier().predict_proba(X)
    assert "loss='hinge'" in str(caught.value.__cause__)


def test_no_probability_at_all_is_shared_evenly():
    model = SGDClassifier(loss="log_loss", random_state=0).fit(X, labels)
    model.intercept_ = np.full(3, -1e6)
    np.testing.assert_array_equal(model.predict_proba(X), np.full((120, 3), 1 / 3))


@both
def test_search_pickle_and_routing(model):
    target = target_of(model)
    fitted = clone(model).set_params(random_state=0).fit(X, target)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict(X), fitted.predict(X))
    tuned = GridSearchCV(SGDRegressor(loss=Huber(), random_state=0), {"loss__delta": [0.5, 2.0]}, cv=3).fit(
        X, y
    )
    assert set(tuned.best_params_) == {"loss__delta"}
    scores = cross_val_score(fitted, X, target, params={"sample_weight": np.ones(120)})
    assert scores.mean() > 0.8


def test_float32_stays_float32_in_a_stream():
    model = SGDRegressor(random_state=0)
    model.partial_fit(X.astype(np.float32), y).partial_fit(X, y)
    assert model.coef_.dtype == np.float32
    model = SGDRegressor(random_state=0).partial_fit(X, y).partial_fit(X.astype(np.float32), y)
    assert model.coef_.dtype == np.float64


@both
def test_loss_curve(model):
    model = clone(model).set_params(random_state=0).fit(X, target_of(model))
    assert model.loss_curve_.shape == (model.n_iter_,)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert model.validation_scores_ is None
    assert clone(model).set_params(tol=None, max_iter=2).fit(X, target_of(model)).loss_curve_ is None


# ---- early stopping ------------------------------------------------------------------------------


def test_early_stopping_scores_what_predict_says():
    """scikit-learn 1.6 to 1.9 compares labels 0 and 1 with predictions -1 and 1 under log loss."""
    y = raw_target > 0
    model = SGDClassifier(loss="log_loss", early_stopping=True, random_state=0, max_iter=20, tol=None).fit(
        X, y
    )
    split = StratifiedShuffleSplit(test_size=0.1, random_state=0).split(X, y)
    held_out = next(split)[1]
    assert model.validation_scores_[-1] == np.mean(model.predict(X[held_out]) == y[held_out])
    assert model.validation_scores_[-1] > 0.9


@pytest.mark.parametrize("loss", ["log_loss", "hinge", Huber(delta=0.5), lambda y, f: np.exp(-y * f)])
def test_early_stopping_on_the_loss(loss):
    y = np.where(raw_target > 0, "up", "down")
    weights = rng.random(120)
    model = SGDClassifier(
        loss=loss, early_stopping="loss", class_weight={"up": 2.0}, random_state=0, alpha=1e-2
    )
    model.fit(X, y, sample_weight=weights)
    held_out = next(StratifiedShuffleSplit(test_size=0.1, random_state=0).split(X, y))[1]
    z, f = np.where(y == "up", 1.0, -1.0)[held_out], model.decision_function(X[held_out])
    each = {
        "log_loss": np.logaddexp(0, -z * f),
        "hinge": np.maximum(0, 1 - z * f),
        "Huber": np.where(abs(z - f) <= 0.5, 0.5 * (z - f) ** 2, 0.5 * (abs(z - f) - 0.25)),
    }.get(loss if isinstance(loss, str) else type(loss).__name__, np.exp(-z * f))
    w = np.where(y == "up", 2.0, 1.0)[held_out] * weights[held_out]
    np.testing.assert_allclose(model.validation_scores_[-1], -(w @ each) / w.sum(), rtol=1e-10)


def test_early_stopping_of_a_regression():
    for early, measure in [(True, r2_score), ("loss", lambda y, f: -0.5 * np.mean((y - f) ** 2))]:
        model = SGDRegressor(early_stopping=early, random_state=0).fit(X, raw_target)
        held_out = next(ShuffleSplit(test_size=0.1, random_state=0).split(X))[1]
        expected = measure(raw_target[held_out], model.predict(X[held_out]))
        np.testing.assert_allclose(model.validation_scores_[-1], expected)
    with pytest.raises(ValueError, match="validation set are all zero"):
        model.fit(X, raw_target, sample_weight=np.where(np.isin(np.arange(120), held_out), 0.0, 1.0))
