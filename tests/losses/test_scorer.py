"""Scorers in every tool of scikit-learn that takes one."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression, LogisticRegressionCV, Ridge, RidgeCV
from sklearn.metrics import check_scoring, get_scorer, log_loss, make_scorer, mean_squared_error
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    LearningCurveDisplay,
    TunedThresholdClassifierCV,
    ValidationCurveDisplay,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from sklearn_losses import (
    AbsoluteError,
    Brier,
    CrammerSinger,
    CrossEntropy,
    Focal,
    FunctionLoss,
    Hinge,
    Huber,
    KLDivergence,
    LinearClassifier,
    LogLoss,
    LossScorer,
    MarginLoss,
    MultilabelLogLoss,
    ProbabilityLoss,
    SquaredError,
    get_loss,
)
from sklearn_losses.metrics import huber_loss

X, Y = load_diabetes(return_X_y=True)
CANCER, MALIGNANT = load_breast_cancer(return_X_y=True)
CANCER = StandardScaler().fit_transform(CANCER)[:, :5]
WINE, CULTIVAR = load_wine(return_X_y=True)
WINE = StandardScaler().fit_transform(WINE)
FORWARDS_WEIGHTS = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 9)  # from fit to scorers
WEIGHT = np.random.default_rng(0).uniform(0.1, 3, len(Y))


def test_scores_by_hand():
    model = LinearRegression().fit(X[:200], Y[:200])
    r = np.abs(Y[200:] - model.predict(X[200:]))
    huber = np.where(r <= 50, r**2 / 2, 50 * (r - 25))
    scorer = Huber(delta=50.0).scorer()
    assert scorer(model, X[200:], Y[200:]) == pytest.approx(-huber.mean(), rel=1e-13)
    w = WEIGHT[200:]
    assert scorer(model, X[200:], Y[200:], sample_weight=w) == pytest.approx(
        -(w @ huber) / w.sum(), rel=1e-13
    )
    assert scorer(model, X[200:], Y[200:], w) == scorer.score(model, X[200:], Y[200:], w)


def test_object():
    scorer = Huber(delta=2.0).scorer()
    assert repr(scorer) == "LossScorer(loss=Huber(delta=2.0))"
    for again in (clone(scorer), pickle.loads(pickle.dumps(scorer))):
        assert repr(again) == repr(scorer)
    assert repr(clone(scorer).set_params(loss__delta=3.0)) == "LossScorer(loss=Huber(delta=3.0))"
    assert get_scorer(scorer) is scorer
    assert check_scoring(Ridge(), scoring=scorer) is scorer
    assert "Huber" in scorer._repr_html_()


def test_cross_val_score_equals_that_of_scikit_learn():
    ours = cross_val_score(Ridge(), X, Y, scoring=SquaredError().scorer(), cv=4)
    assert_allclose(ours, cross_val_score(Ridge(), X, Y, scoring="neg_mean_squared_error", cv=4), rtol=1e-12)
    model = LogisticRegression()
    ours = cross_val_score(model, CANCER, MALIGNANT, scoring=LogLoss().scorer(), cv=4)
    assert_allclose(ours, cross_val_score(model, CANCER, MALIGNANT, scoring="neg_log_loss", cv=4), rtol=1e-12)
    ours = cross_val_score(model, WINE, CULTIVAR, scoring=CrossEntropy().scorer(), cv=4)
    assert_allclose(ours, cross_val_score(model, WINE, CULTIVAR, scoring="neg_log_loss", cv=4), rtol=1e-10)


def test_cross_validate_with_many_scorers():
    losses = {"square": SquaredError(), "absolute": AbsoluteError(), "huber": Huber(delta=50)}
    scorers = {name: loss.scorer() for name, loss in losses.items()}
    found = cross_validate(Ridge(), X, Y, scoring=scorers | {"r2": make_scorer(mean_squared_error)}, cv=3)
    for name, scorer in scorers.items():
        assert_allclose(found[f"test_{name}"], cross_val_score(Ridge(), X, Y, scoring=scorer, cv=3))
    callable_ = check_scoring(Ridge(), scoring=scorers)
    assert set(callable_(Ridge().fit(X, Y), X, Y)) == set(scorers)


def test_string_labels_and_their_order():
    names = np.array(["zinfandel", "arneis", "merlot"])[CULTIVAR]
    model = LogisticRegression().fit(WINE, names)
    expected = log_loss(names, model.predict_proba(WINE), labels=model.classes_)
    for loss in (LogLoss(), CrossEntropy(), KLDivergence()):
        assert loss.scorer()(model, WINE, names) == pytest.approx(-expected, rel=1e-12)
    two = np.where(MALIGNANT, "benign", "malignant")
    svm = LinearSVC().fit(CANCER, two)
    margin = np.where(two == "malignant", 1, -1) * svm.decision_function(CANCER)
    assert Hinge().scorer()(svm, CANCER, two) == pytest.approx(-np.maximum(0, 1 - margin).mean(), rel=1e-12)
    one_class = two == "benign"  # a fold with one class only
    expected = -np.maximum(0, 1 - margin[one_class]).mean()
    assert Hinge().scorer()(svm, CANCER[one_class], two[one_class]) == pytest.approx(expected, rel=1e-12)


# ---- folds in which a class is missing -----------------------------------------------------------


@pytest.mark.parametrize("loss", [LogLoss(), CrossEntropy()])
def test_folds_of_wine_in_order(loss):
    """scikit-learn gives -0.107, nan, -1.208 (scikit-learn#9144, #11777)."""
    model, expected = LogisticRegression(), []
    for train, test in KFold(3).split(WINE):
        model.fit(WINE[train], CULTIVAR[train])
        p = np.zeros((len(test), 3))
        p[:, model.classes_] = model.predict_proba(WINE[test])
        p = np.clip(p, np.finfo(float).eps, 1 - np.finfo(float).eps)
        expected.append(np.mean(np.log(p[np.arange(len(test)), CULTIVAR[test]])))
    with pytest.warns(
        UndefinedMetricWarning, match=r"y holds the labels \[\d\], which LogisticRegression never saw"
    ):
        found = cross_val_score(model, WINE, CULTIVAR, scoring=loss.scorer(), cv=KFold(3))
    assert np.isfinite(found).all()
    assert_allclose(found, expected, rtol=1e-9)


def test_a_decision_function_says_nothing_about_labels_never_seen():
    train = CULTIVAR != 2
    model = LinearSVC().fit(WINE[train], CULTIVAR[train])
    assert np.isfinite(Hinge().scorer()(model, WINE[train], CULTIVAR[train]))
    with pytest.raises(ValueError, match=r"y holds the labels \[2\], which LinearSVC never saw in fit"):
        Hinge().scorer()(model, WINE, CULTIVAR)


@pytest.mark.parametrize("loss", [LogLoss(), CrossEntropy()])
@pytest.mark.parametrize("label", [0, 1, 7, "a"])
def test_a_model_that_saw_one_class(loss, label):
    y = np.full(10, label)
    model = DummyClassifier().fit(np.zeros((10, 1)), y)
    assert loss.scorer()(model, np.zeros((10, 1)), y) == pytest.approx(0.0, abs=1e-15)
    with pytest.warns(UndefinedMetricWarning, match="never saw"):
        score = loss.scorer()(model, np.zeros((2, 1)), np.array([label, "b" if label == "a" else 3]))
    assert score == pytest.approx(-36.04365 / 2, abs=1e-5)


COLUMNS = {
    "frame": lambda y: pd.DataFrame({"c": y}),
    "column": lambda y: y[:, None],
    "lists": lambda y: y[:, None].tolist(),
    "series": pd.Series,
}


@pytest.mark.parametrize("form", COLUMNS)
@pytest.mark.parametrize("loss", [LogLoss(), CrossEntropy()])
def test_labels_in_a_column_are_labels(loss, form):
    """A model that never saw the class is told by classes_, whatever y looks like."""
    X, y = load_iris(return_X_y=True)
    train = y != 2
    model = LogisticRegression().fit(X[train], y[train])
    for chosen in (~train, slice(None)):
        expected = np.zeros((len(y[chosen]), 3))
        expected[:, :2] = model.predict_proba(X[chosen])
        expected = log_loss(y[chosen], expected, labels=[0, 1, 2])
        with pytest.warns(UndefinedMetricWarning, match="never saw"):
            found = loss.scorer()(model, X[chosen], COLUMNS[form](y[chosen]))
        assert found == pytest.approx(-expected, rel=1e-12)
    svm = LinearSVC().fit(X[train], y[train])
    one = y == 1  # a fold with one class, of which y alone would say nothing
    expected = np.maximum(0, 1 - svm.decision_function(X[one])).mean()
    assert Hinge().scorer()(svm, X[one], COLUMNS[form](y[one])) == pytest.approx(-expected)


class Column(ClassifierMixin, BaseEstimator):
    """A classifier of two classes that gives the probability of the second alone, in a column."""

    classes_ = np.array(["no", "yes"])

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return X[:, :1]


@pytest.mark.parametrize("loss", [LogLoss(), CrossEntropy(), KLDivergence()])
def test_a_probability_in_a_column(loss):
    p, y = np.array([[0.25], [0.75], [0.5]]), np.array(["no", "yes", "yes"])
    expected = -np.mean(np.log([0.75, 0.75, 0.5]))
    assert -loss.scorer()(Column(), p, y) == pytest.approx(expected)
    assert loss(y, p) == pytest.approx(expected)
    assert loss(y, p, labels=["no", "yes"]) == pytest.approx(expected)


# ---- several classes, several labels -------------------------------------------------------------


@pytest.mark.parametrize("alias", ["squared_hinge", "modified_huber", "exponential", "perceptron", "focal"])
def test_one_against_the_rest_is_scored_as_it_is_trained(alias):
    """The mean of K losses of two classes; of what it minimises, where nothing is penalised."""
    loss = get_loss(alias)
    model = LinearClassifier(alias, penalty=None, max_iter=30).set_params(tol=1e-1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge
        model.fit(WINE[:, :3], CULTIVAR)
    prediction = getattr(model, loss.response_method)(WINE[:, :3])
    expected = np.mean([loss(k == CULTIVAR, prediction[:, k]) for k in range(3)])
    names = np.array(["a", "b", "c"])
    for y in (CULTIVAR, CULTIVAR[:, None]):
        assert -loss.scorer()(model, WINE[:, :3], y) == pytest.approx(expected, rel=1e-12)
    weight = np.arange(len(CULTIVAR)) % 3
    assert -loss.scorer()(model, WINE[:, :3], CULTIVAR, sample_weight=weight) == pytest.approx(
        np.mean([loss(k == CULTIVAR, prediction[:, k], sample_weight=weight) for k in range(3)]), rel=1e-12
    )
    if loss.response_method == "decision_function":
        assert expected == pytest.approx(model.objective_, rel=1e-9)
    skills = [loss.d2(k == CULTIVAR, prediction[:, k]) for k in range(3)]
    assert loss.d2_scorer()(model, WINE[:, :3], CULTIVAR) == pytest.approx(np.mean(skills), rel=1e-12)
    model.classes_ = names
    assert -loss.scorer()(model, WINE[:, :3], names[CULTIVAR]) == pytest.approx(expected, rel=1e-12)
    one = CULTIVAR == 1  # a fold that lacks two classes
    expected = np.mean([loss(CULTIVAR[one] == k, prediction[one, k], labels=[False, True]) for k in range(3)])
    assert -loss.scorer()(model, WINE[one, :3], names[CULTIVAR[one]]) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="pos_label='a' names the positive class of two"):
        loss.scorer(pos_label="a")(model, WINE[:, :3], names[CULTIVAR])


def test_scores_of_pairs_are_refused():
    loss = CrammerSinger().scorer()
    pairs = SVC(decision_function_shape="ovo")
    for model in (
        pairs,
        make_pipeline(StandardScaler(), pairs),
        GridSearchCV(make_pipeline(SVC()), {"svc__decision_function_shape": ["ovo"]}, cv=2),
    ):
        model.fit(WINE, CULTIVAR)
        with pytest.raises(ValueError, match="compares pairs of classes: decision_function_shape='ovo'"):
            loss(model, WINE, CULTIVAR)
    model = SVC().fit(WINE, CULTIVAR)
    assert loss(model, WINE, CULTIVAR) == pytest.approx(
        -CrammerSinger()(CULTIVAR, model.decision_function(WINE))
    )
    two = CULTIVAR != 2
    assert Hinge().scorer()(pairs.fit(WINE[two], CULTIVAR[two]), WINE[two], CULTIVAR[two]) < 0


@pytest.mark.parametrize(
    "model",
    [RandomForestClassifier(5, random_state=0), KNeighborsClassifier(), DummyClassifier(), MultiOutputClassifier(
        LogisticRegression()
    )],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
@pytest.mark.parametrize("constant", [0, 1])
def test_labels_that_were_constant_in_training(model, constant):
    """scikit-learn's multi-output classifiers give these one column of probabilities, of 0 or of 1."""
    y = np.stack([CULTIVAR == 0, CULTIVAR == 1, np.full(len(CULTIVAR), constant)], axis=1).astype(int)
    if isinstance(model, MultiOutputClassifier):
        y = y[:, :2]  # logistic regression takes no single class
    model = clone(model).fit(WINE[::2], y[::2])
    p = np.zeros(y[1::2].shape)
    for k, (rows, classes) in enumerate(zip(model.predict_proba(WINE[1::2]), model.classes_, strict=True)):
        p[:, k] = rows @ classes
    loss = MultilabelLogLoss()
    assert loss.scorer()(model, WINE[1::2], y[1::2]) == pytest.approx(-loss(y[1::2], p), rel=1e-12)
    given = model.predict_proba(WINE[1::2])
    if y.shape[1] == 3:
        with pytest.raises(ValueError, match=r"y_pred\[2\] has shape \(89, 1\), and two columns are needed"):
            loss(y[1::2], given)
    else:
        assert loss(y[1::2], given) == pytest.approx(loss(y[1::2], p))


# ---- the positive class --------------------------------------------------------------------------


class Costly(MarginLoss):
    """What is missed of the positive class costs thrice."""

    def formula(self, y, f):
        return np.where(y > 0, 3.0, 1.0) * np.maximum(0, 1 - y * f)


class CostlyProbability(ProbabilityLoss):
    def formula(self, y, f):
        p = 1 / (1 + np.exp(-f))
        return 3.0 * y * (1 - p) ** 2 + (1 - y) * p**2


def test_pos_label():
    y = np.where(MALIGNANT, "benign", "malignant")
    svm, model = LinearSVC().fit(CANCER, y), LogisticRegression().fit(CANCER, y)
    f, p = svm.decision_function(CANCER), model.predict_proba(CANCER)
    ill = y == "malignant"
    late = np.maximum(0, 1 - np.where(ill, f, -f))
    first = np.mean(np.where(ill, 1.0, 3.0) * late)
    last = np.mean(np.where(ill, 3.0, 1.0) * late)
    for scorer, expected in (
        (Costly().scorer(), last),
        (Costly().scorer(pos_label="malignant"), last),
        (Costly().scorer(pos_label="benign"), first),
        (LossScorer(Costly(), "benign"), first),
    ):
        assert -scorer(svm, CANCER, y) == pytest.approx(expected, rel=1e-12)
        one = ill.nonzero()[0]
        assert -scorer(svm, CANCER[one], y[one]) == pytest.approx(
            np.mean((1.0 if scorer.pos_label == "benign" else 3.0) * late[one]), rel=1e-12
        )
    gap = np.where(ill, p[:, 0], p[:, 1]) ** 2
    scorer = CostlyProbability().scorer(pos_label="benign")
    assert -scorer(model, CANCER, y) == pytest.approx(np.mean(np.where(ill, 1.0, 3.0) * gap), rel=1e-12)
    assert -CostlyProbability().scorer()(model, CANCER, y) == pytest.approx(
        np.mean(np.where(ill, 3.0, 1.0) * gap), rel=1e-12
    )
    expected = CostlyProbability().d2(y, p[:, 0], pos_label="benign")
    assert CostlyProbability().d2_scorer(pos_label="benign")(model, CANCER, y) == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"pos_label='ill' is not among the labels"):
        Costly().scorer(pos_label="ill")(svm, CANCER, y)
    with pytest.raises(ValueError, match="compares numbers"):
        Huber().scorer(pos_label=1)(Ridge().fit(X, Y), X, Y)
    assert repr(scorer) == "LossScorer(loss=CostlyProbability(), pos_label='benign')"


# ---- search, importance, curves ------------------------------------------------------------------


def test_grid_search_in_a_pipeline_with_weights():
    pipeline = make_pipeline(StandardScaler(), Ridge())
    grid = {"ridge__alpha": [0.1, 1e4]}
    search = GridSearchCV(pipeline, grid, scoring=AbsoluteError().scorer(), cv=3)
    search.fit(X, Y, ridge__sample_weight=WEIGHT)
    assert search.best_params_ == {"ridge__alpha": 0.1}
    assert search.score(X, Y) == pytest.approx(-np.abs(Y - search.predict(X)).mean(), rel=1e-12)


@pytest.mark.parametrize("several", [False, True])
def test_searches_fitted_with_weights_score_with_them(several):
    w = np.where(np.arange(len(Y)) % 2, 1.0, 1e-6)
    scorer = AbsoluteError().scorer()
    scoring = {"a": scorer, "b": SquaredError().scorer()} if several else scorer
    search = GridSearchCV(
        Ridge(), {"alpha": [1.0]}, scoring=scoring, cv=KFold(3), refit="a" if several else True
    )
    search.fit(X, Y, sample_weight=w)
    expected = []
    for train, test in KFold(3).split(X):
        model = Ridge(alpha=1.0).fit(X[train], Y[train], w[train])
        weight = w[test] if FORWARDS_WEIGHTS else None
        expected.append(-np.average(np.abs(Y[test] - model.predict(X[test])), weights=weight))
    found = search.cv_results_["mean_test_a" if several else "mean_test_score"][0]
    assert found == pytest.approx(np.mean(expected), rel=1e-10)


def test_other_tools():
    scorer = Huber(delta=20.0).scorer()
    model = Ridge().fit(X, Y)
    importance = permutation_importance(model, X, Y, scoring=scorer, n_repeats=2, random_state=0)
    assert importance.importances_mean.argmax() in (2, 8)  # body mass index, or triglycerides
    several = permutation_importance(model, X, Y, scoring={"a": scorer}, n_repeats=2, random_state=0)
    assert_allclose(several["a"].importances_mean, importance.importances_mean)
    weighted = permutation_importance(
        model, X, Y, scoring=scorer, n_repeats=1, random_state=0, sample_weight=WEIGHT
    )
    assert weighted.importances.shape == (10, 1)
    search = HalvingGridSearchCV(Ridge(), {"alpha": [0.1, 1e6]}, scoring=scorer, cv=3, random_state=0).fit(
        X, Y
    )
    assert search.best_params_ == {"alpha": 0.1}
    _, _, scores = learning_curve(Ridge(), X, Y, scoring=scorer, cv=3, train_sizes=[100, 200])
    assert np.all(scores < 0)
    assert RidgeCV(alphas=[0.1, 1e6], scoring=scorer).fit(X, Y).alpha_ == 0.1


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of scikit-learn's own parameters
def test_logistic_regression_cv():
    model = LogisticRegressionCV(
        Cs=[1e-4, 1.0], cv=3, scoring=LogLoss().scorer(), use_legacy_attributes=False
    )
    assert model.fit(CANCER, MALIGNANT).C_ == 1.0


def test_regressors_of_several_outputs():
    two = np.column_stack([Y, -2 * Y])
    found = cross_val_score(LinearRegression(), X, two, scoring=AbsoluteError().scorer(), cv=3)
    assert_allclose(
        found, cross_val_score(LinearRegression(), X, two, scoring="neg_mean_absolute_error", cv=3)
    )
    # (n, 1) against (n,) is no n × n
    column = DummyRegressor().fit(X, Y[:, None])
    assert SquaredError().scorer()(column, X, Y) == pytest.approx(-Y.var(), rel=1e-12)


class Counted(LogisticRegression):
    calls = 0

    def predict_proba(self, X):
        Counted.calls += 1
        return super().predict_proba(X)


@pytest.mark.parametrize("X_y", [(WINE, CULTIVAR), (CANCER, MALIGNANT)], ids=["three", "two"])
def test_several_scorers_predict_once(X_y):
    losses = {"log": LogLoss(), "brier": Brier(), "focal": Focal(), "entropy": CrossEntropy()}
    several = {name: loss.scorer() for name, loss in losses.items()}
    several["skill"] = LogLoss().d2_scorer()
    if (
        len(set(X_y[1])) == 2
    ):  # the column that scikit-learn keeps is of its own positive class, and not taken
        several = {"theirs": "neg_brier_score", **several, "other": LogLoss().scorer(pos_label=0)}
    Counted.calls = 0
    found = cross_validate(Counted(), *X_y, scoring=several, cv=2)
    assert Counted.calls == 2 * (1 + ("theirs" in several))
    for name, scorer in several.items():
        assert_allclose(
            found[f"test_{name}"], cross_val_score(Counted(), *X_y, scoring=scorer, cv=2), rtol=1e-14
        )

    class CountedRidge(Ridge):
        calls = 0

        def predict(self, X):
            CountedRidge.calls += 1
            return super().predict(X)

    mixed = {"a": Huber().scorer(), "b": AbsoluteError().scorer(), "r2": "r2"}
    cross_validate(CountedRidge(), X, Y, scoring=mixed, cv=2)
    assert CountedRidge.calls == 2


def test_a_failing_scorer_among_several():
    """What one scorer cannot take is no matter of the others."""
    scoring = {"margin": Hinge().scorer(), "label": "accuracy", "probability": LogLoss().scorer()}
    with pytest.warns(UserWarning, match="has no predict_proba"):
        found = cross_validate(LinearSVC(), CANCER, MALIGNANT, scoring=scoring, cv=2)
    assert np.isnan(found["test_probability"]).all()
    assert np.isfinite(found["test_margin"]).all()


def test_names_for_displays():
    pytest.importorskip("matplotlib").use("Agg")
    for scorer, name in ((Huber().scorer(), "huber"), (SquaredError().d2_scorer(), "d2")):
        assert name in scorer.__name__
        options = {"scoring": scorer, "cv": 3}
        shown = LearningCurveDisplay.from_estimator(Ridge(), X, Y, train_sizes=[50, 100], **options)
        assert name in shown.ax_.get_ylabel().lower()
        shown = ValidationCurveDisplay.from_estimator(
            Ridge(), X, Y, param_name="alpha", param_range=[0.1, 1.0], **options
        )
        assert name in shown.ax_.get_ylabel().lower()


# ---- metadata routing ----------------------------------------------------------------------------


def test_metadata_routing():
    with sklearn.config_context(enable_metadata_routing=True):
        plain = AbsoluteError().scorer()
        assert list(plain.get_metadata_routing().score.requests) == ["sample_weight"]
        scorer = AbsoluteError().scorer().set_score_request(sample_weight=True)
        assert clone(scorer).get_metadata_routing().score.requests == {"sample_weight": True}
        model = Ridge().set_fit_request(sample_weight=True)
        expected = []
        for train, test in KFold(3).split(X):
            model.fit(X[train], Y[train], WEIGHT[train])
            expected.append(-np.average(np.abs(Y[test] - model.predict(X[test])), weights=WEIGHT[test]))
        metadata = {"sample_weight": WEIGHT}
        found = cross_val_score(model, X, Y, scoring=scorer, cv=KFold(3), params=metadata)
        assert_allclose(found, expected, rtol=1e-12)
        found = cross_validate(model, X, Y, scoring={"a": scorer}, cv=KFold(3), params=metadata)
        assert_allclose(found["test_a"], expected, rtol=1e-12)
        search = GridSearchCV(model, {"alpha": [1.0]}, scoring=scorer, cv=KFold(3)).fit(
            X, Y, sample_weight=WEIGHT
        )
        assert search.best_score_ == pytest.approx(np.mean(expected), rel=1e-12)
        with pytest.raises(ValueError, match=r"sample_weight.* are passed but are not explicitly set"):
            cross_val_score(model, X, Y, scoring=plain, cv=KFold(3), params=metadata)
        ignores = AbsoluteError().scorer().set_score_request(sample_weight=False)
        assert np.all(cross_val_score(model, X, Y, scoring=ignores, cv=KFold(3), params=metadata) != expected)


# ---- what a scorer cannot do ---------------------------------------------------------------------


def test_estimators_without_the_needed_prediction():
    with pytest.raises(
        ValueError, match=r"LogLoss\(\) is a loss of what predict_proba returns, but LinearSVC has no"
    ):
        LogLoss().scorer()(LinearSVC().fit(CANCER, MALIGNANT), CANCER, MALIGNANT)
    with pytest.raises(ValueError, match="decision_function"):
        Hinge().scorer()(DummyClassifier().fit(CANCER, MALIGNANT), CANCER, MALIGNANT)


def test_a_decision_threshold_is_not_tuned_by_a_loss_of_probabilities():
    """scikit-learn would score the thresholded labels by it; the error says what to do instead."""
    model = TunedThresholdClassifierCV(LogisticRegression(), scoring=LogLoss().scorer(), cv=3)
    with pytest.raises(AttributeError, match="no use for a decision threshold"):
        model.fit(CANCER, MALIGNANT)
    assert not hasattr(LogLoss().scorer(), "_score_func")
    # scoring a model whose threshold was tuned is fine
    tuned = TunedThresholdClassifierCV(LogisticRegression(), cv=3).fit(CANCER, MALIGNANT)
    assert LogLoss().scorer()(tuned, CANCER, MALIGNANT) < 0


def cost(y, predicted):
    """What is missed costs ten times as much as a false alarm."""
    return np.where(y > predicted, 10.0, np.where(y < predicted, 1.0, 0.0))


def test_a_decision_threshold_is_tuned_by_a_loss_of_what_predict_returns():
    loss = FunctionLoss(cost)
    model = TunedThresholdClassifierCV(
        LogisticRegression(), scoring=loss.scorer(), cv=3, store_cv_results=True
    )
    model.fit(CANCER, MALIGNANT)
    ours = {"greater_is_better": False}
    theirs = TunedThresholdClassifierCV(
        LogisticRegression(), scoring=make_scorer(lambda y, p: np.mean(cost(y, p)), **ours), cv=3
    ).fit(CANCER, MALIGNANT)
    assert model.best_threshold_ == theirs.best_threshold_ < 0.5
    assert model.best_score_ == pytest.approx(theirs.best_score_)
    tuned = TunedThresholdClassifierCV(LogisticRegression(), scoring=SquaredError().d2_scorer(), cv=3)
    assert 0.0 < tuned.fit(CANCER, MALIGNANT).best_score_ < 1.0


@pytest.mark.parametrize("call", ["loss", "function"])
def test_a_metric_in_the_place_of_a_scorer_names_the_remedy(call):
    metric = Huber(delta=2.0) if call == "loss" else huber_loss
    remedy = (
        r"pass Huber\(delta=2.0\).scorer\(\)"
        if call == "loss"
        else r"pass sklearn_losses.Huber\(\).scorer\(\)"
    )
    with pytest.raises(TypeError, match=rf"huber_loss is a metric.*an estimator, Ridge.*{remedy}"):
        cross_val_score(Ridge(), X, Y, scoring=metric, error_score="raise")
    with pytest.raises(TypeError, match="is a metric"):
        metric(Ridge(), X)
    with pytest.raises(TypeError, match="positional arguments"):
        metric(Y, Y, Y)
    frame = pd.DataFrame({"fit": [1.0, 2.0], "b": [1.0, 2.0]})  # an estimator has a method of that name
    assert metric(frame, frame) == 0.0


class Classless(ClassifierMixin, BaseEstimator):
    """A classifier that does not tell its classes_."""

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return np.tile([0.25, 0.75], (len(X), 1))


def test_estimators_without_classes():
    scorer = LogLoss().scorer()
    assert scorer(Classless(), np.zeros((2, 1)), [0, 1]) == pytest.approx(np.mean(np.log([0.25, 0.75])))


def test_nothing_warns_on_the_way():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cross_val_score(Ridge(), X, Y, scoring=Huber().scorer(), cv=3, error_score="raise")
