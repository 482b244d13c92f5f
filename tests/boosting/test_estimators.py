"""Boosted estimators as scikit-learn's users meet them: checks, pipelines, searches, evaluation, errors."""

import pickle
from unittest import SkipTest

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.feature_selection import SelectFromModel
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator

from sklearn_losses import CrossEntropy, Focal, Hinge, Huber, LogLoss, Pinball
from sklearn_losses.boosting import BoostedClassifier, BoostedRegressor
from sklearn_losses.losses import LOSSES, get_loss

X, Y = load_diabetes(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
WINE = load_wine(return_X_y=True)
NAMES = np.array(["ant", "bee", "cat"])

WEIGHTS_AND_ROWS = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}
"""What cannot be passed: both libraries lay the bins of features, and LightGBM its least number of samples in a leaf,
by rows, whatever their weights; their own estimators fail, too."""
# What a loss can change of the outcome; the other checks are of parameters, names and types.
OF_THE_FIT = (
    "sample_weight",
    "invariance",
    "fit2d",
    "train",
    "fit_idempotent",
    "multioutput",
    "one_label",
)


def with_small_leaves(library, kind):
    """Return an estimator whose trees grow on the few rows of the checks."""
    tiny = {"min_child_samples": 1, "min_data_in_bin": 1} if library.name == "lightgbm" else {}
    return getattr(library, kind)(n_estimators=10, **tiny)


def failures(model, among=("",)):
    """Return the errors of scikit-learn's checks, by their names."""
    found = {}
    for estimator, check in estimator_checks_generator(model):
        name = getattr(check, "func", check).__name__
        if name in WEIGHTS_AND_ROWS or not any(part in name for part in among):
            continue
        try:
            check(estimator)
        except SkipTest:
            continue
        except Exception as error:
            found[name] = error
    return found


@pytest.mark.filterwarnings("ignore:Unsupported:UserWarning", "ignore:.*made no split:UserWarning")
@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_scikit_learn_checks(library, kind):
    boosted = BoostedRegressor if kind == "regressor" else BoostedClassifier
    assert not failures(boosted(with_small_leaves(library, kind)))


@pytest.mark.filterwarnings("ignore:Unsupported:UserWarning", "ignore:.*made no split:UserWarning")
@pytest.mark.parametrize("alias", [a for a, c in LOSSES.items() if c.response_method == "predict"])
def test_scikit_learn_checks_of_every_loss_of_numbers(library, alias):
    if LOSSES[alias].couples_outputs:
        pytest.skip("of vectors")
    model = BoostedRegressor(with_small_leaves(library, "regressor"), alias)
    assert not failures(model, OF_THE_FIT)
    positive = get_loss(alias).target.low > -np.inf
    assert model.__sklearn_tags__().target_tags.positive_only == positive


@pytest.mark.filterwarnings("ignore:Unsupported:UserWarning", "ignore:.*made no split:UserWarning")
@pytest.mark.parametrize("alias", [a for a, c in LOSSES.items() if hasattr(c, "_encode_classes")])
def test_scikit_learn_checks_of_every_loss_of_classes(library, alias):
    assert not failures(BoostedClassifier(with_small_leaves(library, "classifier"), alias), OF_THE_FIT)


@pytest.mark.parametrize("loss", ["squared_error", "poisson", "gamma", "absolute_percentage_error"])
def test_tags_of_targets(library, loss):
    tags = get_tags(BoostedRegressor(library.regressor(), loss))
    assert tags.target_tags.positive_only is (loss in ("poisson", "gamma"))
    assert tags.regressor_tags.poor_score is (loss == "absolute_percentage_error")


# ---- what is put back ----------------------------------------------------------------------------


def test_predictions_are_on_the_scale_of_the_target(library):
    model = BoostedRegressor(library.regressor(), "poisson").fit(X, Y)
    assert model.baseline_ == pytest.approx(np.log(Y.mean()))
    raw = model.baseline_ + library_raw(model, X)
    np.testing.assert_allclose(model.predict(X), np.exp(raw), rtol=1e-6)


def library_raw(model, X):
    is_xgboost = type(model.estimator_).__module__.startswith("xgboost")
    return model.estimator_.predict(X, **({"output_margin": True} if is_xgboost else {"raw_score": True}))


@pytest.mark.parametrize("loss", [LogLoss(), Hinge(), "exponential", "modified_huber", "squared_error"])
@pytest.mark.parametrize(("data", "names"), [(CANCER, NAMES[:2]), (WINE, NAMES)])
def test_labels_of_any_type(library, loss, data, names):
    A, codes = data
    named = BoostedClassifier(library.classifier(), loss).fit(A, names[codes])
    plain = BoostedClassifier(library.classifier(), loss).fit(A, 3 * codes - 5)
    np.testing.assert_array_equal(named.classes_, names)
    np.testing.assert_array_equal(named.decision_function(A), plain.decision_function(A))
    assert named.decision_function(A).shape == ((len(A),) if len(names) == 2 else (len(A), 3))
    np.testing.assert_array_equal(named.predict(A), names[(plain.predict(A) + 5) // 3])
    assert hasattr(named, "predict_proba") == (
        loss in ("exponential", "modified_huber") or isinstance(loss, LogLoss)
    )
    if hasattr(named, "predict_proba"):
        np.testing.assert_allclose(np.exp(named.predict_log_proba(A)), named.predict_proba(A))


def test_two_classes_by_a_loss_of_several(library):
    A, y = CANCER
    model = BoostedClassifier(library.classifier(), CrossEntropy()).fit(A, y)
    p = model.predict_proba(A)
    f = model.decision_function(A)
    np.testing.assert_allclose(p[:, 1], 1 / (1 + np.exp(-f)), atol=1e-12)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    assert model.score(A, y) > 0.98


def test_the_loss_watches_the_evaluation_sets(library):
    rng = np.random.default_rng(0)
    order = rng.permutation(len(Y))
    a, b = order[:300], order[300:]
    w = rng.uniform(0.5, 2.0, len(b))
    loss = Pinball(quantile=0.8)
    model = BoostedRegressor(library.regressor(), loss)
    model.fit(X[a], Y[a], eval_set=[(X[a], Y[a]), (X[b], Y[b])], eval_sample_weight=[None, w])
    curves = [np.asarray(part["pinball_loss"]) for part in model.evals_result_.values()]
    assert [len(curve) for curve in curves] == [20, 20]
    assert curves[0][-1] == pytest.approx(loss(Y[a], model.predict(X[a])), rel=1e-5)
    assert curves[1][-1] == pytest.approx(loss(Y[b], model.predict(X[b]), sample_weight=w), rel=1e-5)


def test_early_stopping_by_the_loss_with_labels(library):
    A, codes = WINE
    order = np.random.default_rng(0).permutation(len(codes))
    a, b = order[:100], order[100:]
    stop = {"early_stopping_rounds": 5, "n_estimators": 300}
    model = BoostedClassifier(library.classifier(**stop)).fit(
        A[a], NAMES[codes[a]], eval_set=(A[b], NAMES[codes[b]])
    )
    (curve,) = (
        part["log_loss" if "log_loss" in part else "cross_entropy"] for part in model.evals_result_.values()
    )
    assert len(curve) < 300
    best = int(np.argmin(curve))
    assert CrossEntropy()(codes[b], model.predict_proba(A[b])) == pytest.approx(curve[best], rel=1e-4)


# ---- in the company of others --------------------------------------------------------------------


def test_searches_pipelines_and_scorers(library):
    loss = Huber(delta=50.0)
    pipeline = make_pipeline(StandardScaler(), BoostedRegressor(library.regressor(n_estimators=5), loss))
    grid = {"boostedregressor__loss__delta": [20.0, 80.0], "boostedregressor__estimator__max_depth": [1, 2]}
    search = GridSearchCV(pipeline, grid, scoring=loss.scorer(), cv=3).fit(X, Y)
    assert search.best_params_.keys() == grid.keys()
    assert len(set(search.cv_results_["mean_test_score"])) == 4
    assert np.all(cross_val_score(search.best_estimator_, X, Y, scoring=loss.d2_scorer(), cv=3) > 0.1)
    assert loss.delta == 50.0


def test_copies(library):
    model = BoostedClassifier(library.classifier(), Focal(gamma=1.5)).fit(*WINE)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(WINE[0]), model.predict_proba(WINE[0]))
    fresh = clone(model)
    assert not hasattr(fresh, "estimator_")
    np.testing.assert_array_equal(fresh.fit(*WINE).predict_proba(WINE[0]), model.predict_proba(WINE[0]))
    assert "loss=Focal(gamma=1.5)" in repr(model)


def test_the_estimator_that_was_passed_is_left_alone(library):
    inner = library.regressor()
    before = dict(inner.get_params())
    BoostedRegressor(inner, "poisson").fit(X, Y)
    after = inner.get_params()
    assert before.keys() == after.keys()
    assert all(before[k] is after[k] or before[k] == after[k] or before[k] != before[k] for k in before)
    assert not hasattr(inner, "n_features_in_")


def test_a_fit_that_fails_leaves_the_model_as_it_was(library):
    model = BoostedRegressor(library.regressor(), "gamma").fit(X, Y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=r"contains -1.0 at position 3.*\(0, inf\)"):
        model.fit(X, np.r_[Y[:3], -1.0, Y[4:]])
    np.testing.assert_array_equal(model.predict(X), before)


def test_missing_values_and_categories_reach_the_library(library):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"number": rng.normal(size=400), "kind": pd.Categorical(rng.choice(list("abc"), 400))}
    )
    y = np.where(frame["kind"] == "b", 10.0, 0.0) + frame["number"].fillna(0)
    frame.loc[::7, "number"] = np.nan
    enable = {"enable_categorical": True} if library.name == "xgboost" else {}
    model = BoostedRegressor(library.regressor(**enable), "absolute_error").fit(frame, y)
    assert list(model.feature_names_in_) == ["number", "kind"]
    assert model.score(frame, y) > 0.8
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[["kind", "number"]])
    assert np.isnan(X).sum() == 0
    holes = np.where(np.random.default_rng(0).uniform(size=X.shape) < 0.1, np.nan, X)
    assert np.all(np.isfinite(BoostedRegressor(library.regressor()).fit(holes, Y).predict(holes)))


def test_sparse_arrays_of_either_index(library):
    dense = np.where(X > 0.02, X, 0.0)
    expected = (
        BoostedRegressor(library.regressor(), "huber")
        .fit(sp.csr_matrix(dense), Y)
        .predict(sp.csr_matrix(dense))
    )
    wide = sp.csr_array(dense)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    for given in (wide, sp.csc_array(dense), sp.coo_array(dense)):
        model = BoostedRegressor(library.regressor(), "huber").fit(given, Y)
        np.testing.assert_allclose(model.predict(given), expected, rtol=1e-6)


def test_importances(library):
    model = BoostedRegressor(library.regressor(), "log_cosh").fit(X, Y)
    assert model.feature_importances_.shape == (10,)
    assert 0 < SelectFromModel(model).fit(X, Y).transform(X).shape[1] < 10
    scorer = Huber(delta=30).scorer()
    assert permutation_importance(model, X, Y, scoring=scorer, n_repeats=2).importances_mean.argmax() in (
        2,
        8,
    )


def test_several_targets_of_separate_models(library):
    Y2 = np.stack([Y, -Y], axis=1)
    model = MultiOutputRegressor(BoostedRegressor(library.regressor(), "absolute_error")).fit(X, Y2)
    assert model.predict(X).shape == Y2.shape
