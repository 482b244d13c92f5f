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

from sklearn_losses import CrossEntropy, Focal, FormulaError, GaussianNLL, Hinge, Huber, LogLoss, Pinball
from sklearn_losses.boosting import BoostedClassifier, BoostedRegressor

X, Y = load_diabetes(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
WINE = load_wine(return_X_y=True)
NAMES = np.array(["ant", "bee", "cat"])

LIBRARYS_OWN = {
    "check_all_zero_sample_weights_error": "both libraries' own estimators fail it, too",
    "check_sample_weight_equivalence_on_dense_data": "weights move the bins of XGBoost",
    "check_sample_weight_equivalence_on_sparse_data": "weights move the bins of XGBoost",
    "check_regressor_multioutput": "XGBoost's own estimator fails it, too",
    "check_classifiers_one_label_sample_weights": "LightGBM splits nothing where one class is left",
}


@pytest.mark.filterwarnings("ignore:Unsupported:UserWarning")
@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_scikit_learn_checks(library, kind):
    tiny = {"min_child_samples": 1, "min_data_in_bin": 1} if library.name == "lightgbm" else {}
    inner = getattr(library, kind)(n_estimators=10, **tiny)
    model = BoostedRegressor(inner) if kind == "regressor" else BoostedClassifier(inner)
    failed = {}
    for estimator, check in estimator_checks_generator(model):
        try:
            check(estimator)
        except SkipTest:
            continue
        except Exception as error:
            failed[getattr(check, "func", check).__name__] = error
    unexpected = {name: error for name, error in failed.items() if name not in LIBRARYS_OWN}
    assert not unexpected


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


# ---- errors --------------------------------------------------------------------------------------


def test_what_is_no_booster():
    from sklearn.ensemble import HistGradientBoostingRegressor

    for wrong in (HistGradientBoostingRegressor(), "xgboost", None):
        with pytest.raises(
            (ValueError, AttributeError), match=r"XGBRegressor.*pip install 'sklearn-losses\[xgboost\]'"
        ):
            BoostedRegressor(wrong).fit(X, Y)


@pytest.mark.parametrize(
    ("library_name", "parameters", "message"),
    [
        ("xgboost", {"objective": "reg:absoluteerror"}, "the parameter loss is the objective"),
        ("xgboost", {"eval_metric": "rmse"}, "eval_set is scored by the loss"),
        ("xgboost", {"base_score": 0.5}, "best constant"),
        ("xgboost", {"scale_pos_weight": 2.0}, "class_weight"),
        ("lightgbm", {"objective": "quantile"}, "the parameter loss is the objective"),
        ("lightgbm", {"alpha": 0.9}, "has its own parameters"),
        ("lightgbm", {"class_weight": "balanced"}, "set it on the classifier"),
        ("lightgbm", {"is_unbalance": True}, "class_weight='balanced'"),
    ],
)
def test_parameters_that_would_be_ignored(library, library_name, parameters, message):
    if library.name != library_name:
        pytest.skip(f"of {library_name}")
    with pytest.raises(ValueError, match=f"{next(iter(parameters))}=.*no effect.*{message}.*default"):
        BoostedClassifier(library.classifier(**parameters)).fit(*CANCER)


def test_errors_say_what_to_do(library):
    regressor, classifier = BoostedRegressor(library.regressor()), BoostedClassifier(library.classifier())
    with pytest.raises(ValueError, match="loss__delta is a parameter of a loss object"):
        regressor.set_params(loss__delta=2.0)
    with pytest.raises(ValueError, match="it is a metric"):
        clone(regressor).set_params(loss=GaussianNLL()).fit(X, Y)
    with pytest.raises(ValueError, match="Use BoostedClassifier"):
        clone(regressor).set_params(loss="cross_entropy").fit(*WINE)
    with pytest.raises(ValueError, match="Use BoostedRegressor"):
        clone(classifier).set_params(loss="cosine_distance").fit(*WINE)
    with pytest.raises(FormulaError, match="same slope"):
        clone(regressor).set_params(loss=lambda y, f: y - 2 * f).fit(X, Y)
    with pytest.raises(ValueError, match="got 1 class"):
        classifier.fit(X, np.ones(len(X)))
    with pytest.raises(ValueError, match="'dog', which is not among"):
        classifier.fit(WINE[0], NAMES[WINE[1]], eval_set=(WINE[0][:1], ["dog"]))
    with pytest.raises(ValueError, match="holds 2 arrays of weights for the 1 pairs"):
        regressor.fit(X, Y, eval_set=(X, Y), eval_sample_weight=[None, None])
    with pytest.raises(AttributeError, match="predict_proba") as refused:
        BoostedClassifier(library.classifier(), "hinge").predict_proba(X)
    assert "probability estimates are not available" in str(refused.value.__cause__)
    diverging = library.regressor(learning_rate=1e300, n_estimators=5)
    with pytest.raises((ValueError, RuntimeError), match=r"diverged|learning_rate"):
        BoostedRegressor(diverging, "squared_error").fit(X, Y)


def test_lightgbm_has_no_several_targets():
    lightgbm = pytest.importorskip("lightgbm")
    with pytest.raises(
        ValueError, match=r"Pass an XGBRegressor, or put sklearn.multioutput.MultiOutputRegressor"
    ):
        BoostedRegressor(lightgbm.LGBMRegressor(verbose=-1)).fit(X, np.stack([Y, Y], axis=1))
    with pytest.raises(ValueError, match="Lower min_child_samples"):
        BoostedRegressor(lightgbm.LGBMRegressor(verbose=-1)).fit(X[:5], Y[:5])
