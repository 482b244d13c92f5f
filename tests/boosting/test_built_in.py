"""The same predictions as the libraries' own objectives, where there is one, from the same start, on real data.

Where a library starts elsewhere by itself, its own objective is given our start: XGBoost's base_score is an
estimate for log loss and Poisson, and one constant for all classes of softmax.
"""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from sklearn_losses import CrossEntropy, MulticlassLoss, Poisson, RegressionLoss, softmax
from sklearn_losses.boosting import BoostedClassifier, BoostedRegressor

DIABETES, CANCER, WINE = (load(return_X_y=True) for load in (load_diabetes, load_breast_cancer, load_wine))
FORMS = {"dense": np.asarray, "sparse": sp.csr_matrix, "float32": lambda X: X.astype(np.float32)}


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


@pytest.fixture(params=[False, True], ids=["unweighted", "weighted"])
def weights(request):
    """A function from the number of samples to weights."""
    return lambda n: np.random.default_rng(0).uniform(0.2, 3.0, n) if request.param else None


def mean_start(library, y, w):
    """XGBoost starts its own objectives at a mean only if told so; LightGBM does."""
    return {"base_score": np.average(y, weights=w)} if library.name == "xgboost" else {}


class OwnSquare(RegressionLoss):
    training_scale = 0.5

    def formula(self, y, f):
        return np.square(y - f)


@pytest.mark.parametrize("loss", ["squared_error", OwnSquare()])
def test_squared_error(library, form, weights, loss):
    X, y = form(DIABETES[0]), DIABETES[1]
    w = weights(len(y))
    ours = BoostedRegressor(library.regressor(), loss).fit(X, y, w).predict(X)
    theirs = library.regressor().fit(X, y, sample_weight=w).predict(X)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert np.std(theirs) > 30  # they predict something


def test_poisson(library, form, weights):
    X, y = form(DIABETES[0]), np.floor(DIABETES[1] / 20)
    w = weights(len(y))
    ours = BoostedRegressor(library.regressor(), Poisson()).fit(X, y, w).predict(X)
    objective = "count:poisson" if library.name == "xgboost" else "poisson"
    theirs = library.regressor(objective=objective, **mean_start(library, y, w)).fit(X, y, sample_weight=w)
    np.testing.assert_allclose(ours, theirs.predict(X), rtol=1e-5)
    assert np.std(ours) > 1


@pytest.mark.parametrize(("loss", "objective"), [("gamma", "reg:gamma"), ("tweedie", "reg:tweedie")])
def test_gamma_and_tweedie_without_a_limit_of_steps(library, weights, loss, objective):
    if library.name == "lightgbm":
        pytest.skip("LightGBM has no limit of zero")
    X, y = DIABETES
    w = weights(len(y))
    ours = BoostedRegressor(library.regressor(max_delta_step=0), loss).fit(X, y, w).predict(X)
    start = mean_start(library, y, w)
    theirs = library.regressor(objective=objective, max_delta_step=0, **start).fit(X, y, sample_weight=w)
    np.testing.assert_allclose(ours, theirs.predict(X), rtol=1e-5)


def test_log_loss(library, form, weights):
    X, y = form(CANCER[0]), CANCER[1]
    w = weights(len(y))
    ours = BoostedClassifier(library.classifier()).fit(X, y, w)
    theirs = library.classifier(**mean_start(library, y, w)).fit(X, y, sample_weight=w)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert np.std(ours.predict_proba(X)) > 0.3


class OwnCrossEntropy(MulticlassLoss):
    def formula(self, y, f):
        return -np.sum(y * np.log(softmax(f)), axis=-1)


@pytest.mark.parametrize("loss", ["log_loss", CrossEntropy(), OwnCrossEntropy()])
def test_softmax(library, form, weights, loss):
    X, y = form(WINE[0]), WINE[1]
    w = weights(len(y))
    ours = BoostedClassifier(library.classifier(), loss).fit(X, y, w)
    theirs, at = library.classifier(), {}
    if library.name == "xgboost":
        at = {"base_margin": np.tile(ours.baseline_, (len(y), 1))}
    theirs.fit(X, y, sample_weight=w, **at)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X, **at), atol=1e-5)
    assert np.std(ours.predict_proba(X)) > 0.3


def test_class_weight(library):
    X, y = CANCER
    balanced = BoostedClassifier(library.classifier(), class_weight="balanced").fit(X, y)
    n = np.bincount(y)
    by_hand = BoostedClassifier(library.classifier()).fit(X, y, sample_weight=(len(y) / (2 * n))[y])
    np.testing.assert_array_equal(balanced.predict_proba(X), by_hand.predict_proba(X))
    given = BoostedClassifier(library.classifier(), class_weight={0: 3.0, 1: 1.0}).fit(X, y)
    assert given.baseline_ == pytest.approx(np.log(n[1] / (3 * n[0])))


def test_several_targets_are_as_many_models():
    xgboost = pytest.importorskip("xgboost")
    X, y = DIABETES
    Y = np.stack([y, 1e4 * X[:, 0]], axis=1)
    estimator = xgboost.XGBRegressor(n_estimators=10, max_depth=2, n_jobs=1)
    for loss in ("squared_error", "huber"):  # the second has a scale of its own in each column
        together = BoostedRegressor(estimator, loss).fit(X, Y).predict(X)
        for k in range(2):
            alone = BoostedRegressor(estimator, loss).fit(X, Y[:, k]).predict(X)
            np.testing.assert_allclose(together[:, k], alone, rtol=1e-5, atol=1e-4)


def test_the_native_interfaces():
    xgboost, lightgbm = pytest.importorskip("xgboost"), pytest.importorskip("lightgbm")
    from sklearn_losses.boosting import (
        lightgbm_metric,
        lightgbm_objective,
        xgboost_metric,
        xgboost_objective,
    )

    X, y = WINE
    w = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    own, theirs = {}, {}
    data = xgboost.DMatrix(X, y, weight=w)
    rest = {"max_depth": 2, "num_class": 3, "base_score": 0.5, "nthread": 1}
    ours = xgboost.train(
        rest | {"disable_default_eval_metric": 1},
        data,
        5,
        obj=xgboost_objective("cross_entropy"),
        custom_metric=xgboost_metric("cross_entropy"),
        evals=[(data, "train")],
        evals_result=own,
        verbose_eval=False,
    )
    built_in = xgboost.train(
        rest | {"objective": "multi:softprob", "eval_metric": "mlogloss"},
        data,
        5,
        evals=[(data, "train")],
        evals_result=theirs,
        verbose_eval=False,
    )
    margins = ours.predict(data, output_margin=True)
    np.testing.assert_allclose(softmax(margins), built_in.predict(data), atol=1e-5)
    np.testing.assert_allclose(own["train"]["cross_entropy"], theirs["train"]["mlogloss"], rtol=1e-5)

    own, theirs = {}, {}
    rest = {"num_leaves": 4, "num_class": 3, "boost_from_average": False, "verbose": -1, "num_threads": 1}
    for result, more, metric in (
        (own, {"objective": lightgbm_objective("cross_entropy")}, lightgbm_metric("cross_entropy")),
        (theirs, {"objective": "multiclass", "metric": "multi_logloss"}, None),
    ):
        data = lightgbm.Dataset(X, y, weight=w, init_score=np.zeros((len(y), 3)))
        record = lightgbm.record_evaluation(result)
        lightgbm.train(
            rest | more, data, 5, valid_sets=[data], valid_names=["train"], feval=metric, callbacks=[record]
        )
    np.testing.assert_allclose(own["train"]["cross_entropy"], theirs["train"]["multi_logloss"], rtol=1e-5)
