"""What users meet around targets of several outputs: wrong input, streams, early stopping, copies, meta-estimators."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, load_linnerud, make_multilabel_classification
from sklearn.ensemble import BaggingClassifier, StackingRegressor
from sklearn.exceptions import DataConversionWarning
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ShuffleSplit,
    StratifiedShuffleSplit,
    cross_val_score,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.preprocessing import scale
from sklearn.utils.estimator_checks import (
    check_classifier_multioutput,
    check_classifiers_multilabel_output_format_decision_function,
    check_classifiers_multilabel_output_format_predict,
    check_classifiers_multilabel_output_format_predict_proba,
    check_classifiers_multilabel_representation_invariance,
    check_regressor_multioutput,
    parametrize_with_checks,
)

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor
from sklearn_losses.losses import CosineDistance, CrossEntropy, MultilabelLogLoss, SquaredError

rng = np.random.default_rng(0)
X, codes = load_iris(return_X_y=True)
X = scale(X)
names = np.array(["setosa", "versicolor", "virginica"])
labels = names[codes]
SOFT = 0.9 * np.eye(3)[codes] + 0.1 / 3
INDICATORS = np.column_stack([codes == 0, codes < 2])
Y = X @ rng.standard_normal((4, 2)) + 0.1 * rng.standard_normal((150, 2))
matrices = pytest.mark.parametrize("matrix", [np.asarray, sp.csr_matrix, sp.csr_array])


# ---- scikit-learn's own conformance checks --------------------------------------------------------


def expected_failures(estimator):
    reason = (
        "as of every stochastic gradient descent: a weight makes one step longer, repetition several steps"
    )
    return {f"check_sample_weight_equivalence_on_{kind}_data": reason for kind in ("dense", "sparse")}


@pytest.mark.filterwarnings("ignore:Maximum number of iteration")
@parametrize_with_checks(
    [
        SGDClassifier("cross_entropy"),
        SGDClassifier("multiclass_hinge", penalty="l1", max_iter=50),
        SGDClassifier("kl_divergence", learning_rate="adaptive", average=True, max_iter=50),
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("learning_rate", ["invscaling", "auto"])
@pytest.mark.parametrize("loss", ["multilabel_log_loss", "multilabel_hinge"])
def test_scikit_learn_checks_of_several_labels(loss, learning_rate):
    # With a weak penalty labels that can be separated get probabilities that are one, to the digits that are compared.
    model = SGDClassifier(loss, learning_rate=learning_rate, alpha=1e-2)
    tags = model.__sklearn_tags__()
    assert tags.target_tags.multi_output
    assert tags.classifier_tags.multi_label
    for check in (
        check_classifier_multioutput,
        check_classifiers_multilabel_output_format_decision_function,
        check_classifiers_multilabel_output_format_predict,
        check_classifiers_multilabel_output_format_predict_proba,
        check_classifiers_multilabel_representation_invariance,
    ):
        check("SGDClassifier", model)


@pytest.mark.filterwarnings("ignore:Maximum number of iteration")
def test_scikit_learn_checks_of_several_numbers():
    for loss in ("squared_error", "huber", "cosine_distance"):
        model = SGDRegressor(loss)
        assert model.__sklearn_tags__().target_tags.multi_output
        check_regressor_multioutput("SGDRegressor", model)
    assert not SGDRegressor("cosine_distance").__sklearn_tags__().target_tags.single_output


# ---- wrong input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "y", "message"),
    [
        (SGDClassifier("cross_entropy"), 0.5 * SOFT, r"Row 0 of y sums to 0.5: .* must sum to 1. Divide"),
        (
            SGDClassifier("cross_entropy"),
            SOFT - 0.1,
            r"y contains -0.0666.* values in \[0, 1\]. A row holds the prob",
        ),
        (SGDClassifier("cross_entropy"), Y[:, 0], "Unknown label type: continuous"),
        (SGDClassifier("hinge"), SOFT, r"1d array of labels for Hinge\(\).*\(150, 3\).*loss='cross_entropy'"),
        (SGDClassifier("log_loss"), INDICATORS, "for indicators of several labels 'multilabel_log_loss'"),
        (
            SGDClassifier("multilabel_hinge"),
            codes,
            r"needs an indicator matrix.*\(150,\).*MultiLabelBinarizer",
        ),
        (SGDClassifier("multilabel_hinge"), Y, "A row holds 1 for each label of the sample"),
        (SGDClassifier("multilabel_hinge", class_weight="balanced"), INDICATORS, "class_weight must be None"),
        (
            SGDClassifier("cosine_distance"),
            Y,
            "a loss of vectors of numbers, and SGDClassifier is for classes",
        ),
        (
            SGDClassifier("cross_entropy", learning_rate="pa1"),
            codes,
            "only works with losses whose slope is -1, 0",
        ),
        (
            SGDRegressor("hinge"),
            Y[:, 0],
            r"loss of classes, and SGDRegressor predicts.*SGDClassifier\(loss='hinge'\)",
        ),
        (SGDRegressor("cross_entropy"), SOFT, r"SGDClassifier\(loss='cross_entropy'\)"),
        (
            SGDRegressor("multilabel_log_loss"),
            INDICATORS,
            "a loss of labels, and SGDRegressor predicts numbers",
        ),
        (
            SGDRegressor("cosine_distance"),
            Y[:, 0],
            r"y must have shape \(n_samples, n_outputs\), got \(150,\)",
        ),
        (SGDRegressor("gaussian_nll"), Y[:, 0], "linear models predict no variance"),
        (SGDRegressor("poisson"), Y, "y contains"),
        (SGDRegressor(), np.where(Y > 1, np.nan, Y), "NaN"),
    ],
)
def test_targets_that_do_not_fit(model, y, message):
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not hasattr(model, "coef_")


def test_batches_that_do_not_fit():
    model = SGDClassifier("cross_entropy", random_state=0).partial_fit(X, labels, classes=names)
    before = model.coef_
    for y, message in [
        (np.where(codes == 2, "rose", labels), "label 'rose', which is not among the classes"),
        (
            SOFT[:, :2] / SOFT[:, :2].sum(axis=1, keepdims=True),
            "y has 2 columns, but this model has 3 classes",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            model.partial_fit(X, y)
    with pytest.raises(ValueError, match="not the same as on last call"):
        model.partial_fit(X, labels, classes=names[:2])
    assert model.coef_ is before
    model = SGDClassifier("multilabel_hinge").partial_fit(X, INDICATORS)
    with pytest.raises(ValueError, match="y has 3 columns, but this model has 2 labels"):
        model.partial_fit(X, np.column_stack([INDICATORS, codes > 1]))
    model = SGDRegressor().partial_fit(X, Y)
    with (
        pytest.warns(DataConversionWarning, match="column-vector"),
        pytest.raises(ValueError, match="y has one number a sample, but this model was trained on 2"),
    ):
        model.partial_fit(X, Y[:, :1])
    with pytest.raises(ValueError, match="y has one number a sample, but this model was trained on 2"):
        model.partial_fit(X, Y[:, 0])
    with pytest.raises(ValueError, match="y has 2 columns, but this model was trained on one number"):
        SGDRegressor().partial_fit(X, Y[:, 0]).partial_fit(X, Y)
    with pytest.raises(ValueError, match="classes must name the 3 columns of y, sorted"):
        SGDClassifier("cross_entropy").partial_fit(X, SOFT, classes=names[::-1])
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        SGDClassifier("cross_entropy").partial_fit(X, labels)


# ---- shapes and streams --------------------------------------------------------------------------


def test_what_comes_out_of_classes():
    for y, classes in ((labels, None), (SOFT, names), (pd.DataFrame(SOFT), names)):
        model = SGDClassifier("cross_entropy", random_state=0).fit(X, y, classes=classes)
        assert model.classes_.tolist() == names.tolist()
        assert model.coef_.shape == (3, 4)
        assert model.intercept_.shape == (3,)
        assert model.decision_function(X).shape == model.predict_proba(X).shape == (150, 3)
        assert set(model.predict(X)) <= set(names)
        assert model.score(X, labels) > 0.8
    assert SGDClassifier("cross_entropy").fit(X, SOFT).classes_.tolist() == [0, 1, 2]
    wider = SGDClassifier("cross_entropy", random_state=0).fit(X, labels, classes=[*names, "rose"])
    assert wider.predict_proba(X).shape == (150, 4)
    model = SGDClassifier("multiclass_hinge")
    assert not hasattr(model, "predict_proba")


def test_two_classes():
    """Two outputs; the decision function is by how much the second exceeds the first."""
    y = labels != "setosa"
    model = SGDClassifier("cross_entropy", random_state=0).fit(X, y)
    assert model.coef_.shape == (2, 4)
    raw = X @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(model.decision_function(X), raw[:, 1] - raw[:, 0])
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], 1 / (1 + np.exp(raw[:, 0] - raw[:, 1])))
    assert np.array_equal(model.predict(X), model.decision_function(X) > 0)


def test_what_comes_out_of_labels():
    model = SGDClassifier("multilabel_log_loss", random_state=0).fit(X, INDICATORS)
    probability = model.predict_proba(X)
    assert probability.shape == (150, 2)
    assert np.array_equal(model.predict(X), probability > 0.5)
    assert np.array_equal(model.predict(X), model.decision_function(X) > 0)
    assert model.score(X, INDICATORS) == np.mean((model.predict(X) == INDICATORS).all(axis=1)) > 0.8
    one = SGDClassifier("multilabel_log_loss", random_state=0).fit(X, INDICATORS[:, :1])
    assert one.predict_proba(X).shape == one.decision_function(X).shape == one.predict(X).shape == (150, 1)


def test_shapes_of_regressions():
    flat, both = (SGDRegressor(random_state=0).fit(X, y) for y in (Y[:, 0], Y))
    with pytest.warns(DataConversionWarning, match="column-vector"):  # as scikit-learn's
        column = SGDRegressor(random_state=0).fit(X, Y[:, :1])
    assert flat.coef_.shape == column.coef_.shape == (4,)
    assert both.coef_.shape == (2, 4)
    assert np.array_equal(column.predict(X), flat.predict(X))
    for model in (flat, column, both):
        shape, before = model.coef_.shape, model.predict(X)
        np.testing.assert_allclose(model.sparsify().predict(X), before, rtol=1e-12)
        np.testing.assert_allclose(model.sparsify().densify().predict(X), before, rtol=1e-12)
        assert model.coef_.shape == shape


def test_score_of_distributions():
    model = SGDClassifier("cross_entropy", random_state=0).fit(X, SOFT)
    chosen = model.predict(X)
    weights = rng.random(150)
    expected = np.average(SOFT[np.arange(150), chosen], weights=weights)
    np.testing.assert_allclose(model.score(X, SOFT, sample_weight=weights), expected)
    assert model.score(X, np.eye(3)[codes]) == model.score(X, codes)


@pytest.mark.parametrize("average", [False, True])
def test_a_stream_is_one_pass(average):
    settings = {"shuffle": False, "random_state": 0, "average": average}
    for kind, loss, y, first in [
        (SGDClassifier, "cross_entropy", labels, {"classes": names}),
        (SGDClassifier, "cross_entropy", SOFT, {}),
        (SGDClassifier, "multilabel_log_loss", sp.csr_matrix(INDICATORS), {}),
        (SGDRegressor, "huber", Y, {}),
    ]:
        whole = kind(loss, max_iter=1, tol=None, **settings).fit(X, y)
        parts = kind(loss, **settings)
        for start in (0, 50, 100):
            parts.partial_fit(X[start : start + 50], y[start : start + 50], **first)
            first = {}
        np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(parts.intercept_, whole.intercept_, rtol=1e-9, atol=1e-12)


def test_labels_and_distributions_in_one_stream():
    model = SGDClassifier("cross_entropy", random_state=0).partial_fit(X, SOFT, classes=names)
    assert model.partial_fit(X, labels).score(X, labels) > 0.7


def test_starts_and_copies():
    model = SGDClassifier("cross_entropy", random_state=0, warm_start=True).fit(X, labels)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    start = SGDClassifier("cross_entropy", random_state=0).fit(
        X, labels, coef_init=model.coef_, intercept_init=model.intercept_
    )
    assert np.array_equal(again.fit(X, labels).coef_, start.coef_)
    with pytest.raises(ValueError, match=r"coef_init does not match dataset: it must have shape \(3, 4\)"):
        model.fit(X, labels, coef_init=np.zeros((1, 4)))
    begun = SGDClassifier("cross_entropy", learning_rate="auto", max_iter=1, tol=None, random_state=0)
    best = SGDClassifier("cross_entropy", learning_rate="auto", random_state=0).fit(X, labels)
    begun.fit(X, labels, coef_init=best.coef_, intercept_init=best.intercept_)
    assert begun.score(X, labels) > 0.95


def test_divergence_leaves_the_model_as_it_was():
    model = SGDRegressor("cosine_distance", random_state=0).fit(X, Y)
    before = model.coef_
    with pytest.raises(ValueError, match="Floating-point under-/overflow occurred at epoch #1"):
        model.set_params(learning_rate="constant", eta0=1e300, penalty=None).fit(1e300 * X, Y)
    assert model.coef_ is before


def test_verbose_and_curves(capsys):
    model = SGDClassifier("cross_entropy", verbose=1, random_state=0).fit(X, labels)
    assert "Epoch 1: objective" in capsys.readouterr().out
    assert model.loss_curve_.shape == (model.n_iter_,)
    SGDRegressor(verbose=1, random_state=0).fit(X, Y)
    assert "[output 1] Converged after" in capsys.readouterr().out


# ---- early stopping and scorers ------------------------------------------------------------------


@pytest.mark.parametrize("early", [True, "loss"])
@pytest.mark.parametrize("kind", ["labels", "soft", "indicators", "vectors"])
def test_early_stopping_scores_the_model(kind, early):
    estimator, loss, y = {
        "labels": (SGDClassifier, CrossEntropy(), codes),
        "soft": (SGDClassifier, CrossEntropy(), SOFT),
        "indicators": (SGDClassifier, MultilabelLogLoss(), INDICATORS),
        "vectors": (SGDRegressor, CosineDistance(), Y),
    }[kind]
    settings = {"learning_rate": "invscaling", "eta0": 0.1, "max_iter": 10, "tol": None, "random_state": 0}
    model = estimator(loss, early_stopping=early, **settings).fit(X, y)
    split = StratifiedShuffleSplit if kind == "labels" else ShuffleSplit
    there = next(split(test_size=0.1, random_state=0).split(X, y))[1]
    if early == "loss":
        predicted = model.predict(X) if kind == "vectors" else model.predict_proba(X)
        extra = {"labels": [0, 1, 2]} if kind == "labels" else {}
        expected = -loss(y[there], predicted[there], **extra)
    else:
        expected = model.score(X[there], y[there])
    np.testing.assert_allclose(model.validation_scores_[-1], expected, rtol=1e-6, atol=1e-9)


def test_searches_and_scorers():
    model = SGDClassifier(CrossEntropy(), random_state=0)
    search = GridSearchCV(
        model, {"loss__label_smoothing": [0.0, 0.9]}, scoring=CrossEntropy().scorer(), cv=3
    ).fit(X, labels)
    assert search.best_params_ == {"loss__label_smoothing": 0.0}
    scores = cross_val_score(model, X, labels, scoring="neg_log_loss", cv=3)
    np.testing.assert_allclose(
        scores, cross_val_score(model, X, labels, scoring=CrossEntropy().scorer(), cv=3)
    )
    assert (
        cross_val_score(model, X, SOFT, scoring=CrossEntropy().scorer(), cv=KFold(3, shuffle=True)).max() < 0
    )
    assert cross_val_score(model, X, SOFT, cv=KFold(3, shuffle=True, random_state=0)).min() > 0.5
    model.fit(X, labels)
    np.testing.assert_allclose(
        CrossEntropy()(labels, model.predict_proba(X)), log_loss(labels, model.predict_proba(X))
    )
    several = SGDClassifier(MultilabelLogLoss(), random_state=0)
    assert cross_val_score(several, X, INDICATORS, scoring=MultilabelLogLoss().scorer(), cv=3).max() < 0
    regressor, folds = SGDRegressor(random_state=0), KFold(3, shuffle=True, random_state=0)
    assert cross_val_score(regressor, X, Y, scoring=SquaredError().scorer(), cv=folds).min() > -0.2
    vectors = SGDRegressor("cosine_distance", random_state=0)
    assert cross_val_score(vectors, X, Y, scoring=CosineDistance().scorer(), cv=folds).min() > -0.2
    assert r2_score(Y, regressor.fit(X, Y).predict(X)) > 0.9


# ---- meta-estimators -----------------------------------------------------------------------------


@matrices
def test_around_classifiers(matrix):
    model = SGDClassifier("cross_entropy", random_state=0)
    data = matrix(X)
    for around in (
        CalibratedClassifierCV(model, cv=3),
        CalibratedClassifierCV(clone(model).set_params(loss="multiclass_hinge"), cv=3),
        OneVsRestClassifier(model),
        BaggingClassifier(model, n_estimators=3, random_state=0),
    ):
        around.fit(data, labels)
        assert around.score(data, labels) > 0.85
        assert around.predict_proba(data).shape == (150, 3)
    chosen = SelectFromModel(clone(model).set_params(penalty="l1", alpha=0.02), threshold=1e-3).fit(
        data, labels
    )
    assert chosen.transform(data).shape[0] == 150
    assert 1 <= chosen.get_support().sum() <= 4


@matrices
def test_several_labels(matrix):
    data, y = make_multilabel_classification(100, 20, n_classes=3, random_state=0)
    model = SGDClassifier("multilabel_log_loss", learning_rate="auto", random_state=0)
    assert model.fit(matrix(data), y).score(matrix(data), y) > 0.4


@matrices
def test_around_regressors(matrix):
    data, y = load_linnerud(return_X_y=True)
    data, y = matrix(scale(data)), scale(y)
    several = SGDRegressor(random_state=0).fit(data, y)
    apart = MultiOutputRegressor(SGDRegressor(random_state=0)).fit(data, y)
    np.testing.assert_allclose(several.predict(data), apart.predict(data))
    assert MultiOutputRegressor(SGDRegressor("huber")).fit(matrix(X), Y).score(matrix(X), Y) > 0.7
    stack = StackingRegressor([("sgd", SGDRegressor("huber", random_state=0)), ("ridge", Ridge())], cv=3)
    assert stack.fit(matrix(X), Y[:, 0]).score(matrix(X), Y[:, 0]) > 0.7
    assert (
        SelectFromModel(SGDRegressor(random_state=0)).fit(matrix(X), Y).transform(matrix(X)).shape[0] == 150
    )
