"""What is learnt depends neither on the unit of y, nor on the size of the loss, nor on how rows lie on workers."""

import types

import numpy as np
import pytest
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from sklearn_losses import (
    CrossEntropy,
    LogLoss,
    MarginLoss,
    MulticlassLoss,
    MultilabelLogLoss,
    ProbabilityLoss,
    RegressionLoss,
)
from sklearn_losses.boosting import (
    BoostedClassifier,
    BoostedRegressor,
    lightgbm_objective,
    xgboost_objective,
)
from sklearn_losses.boosting._units import unit_of_loss
from sklearn_losses.formula import logsumexp
from sklearn_losses.losses import LOSSES, get_loss

X, Y = load_diabetes(return_X_y=True)
CANCER, WINE = load_breast_cancer(return_X_y=True), load_wine(return_X_y=True)
NUMBERS = [
    "squared_error",
    "absolute_error",
    "pinball",
    "expectile",
    "minkowski",
]  # without a length of their own


def times(loss, size):
    """Return the same loss, `size` times as large."""
    cls = type(loss)
    return type("Scaled", (cls,), {"formula": lambda self, y, f: size * cls.formula(self, y, f)})()


@pytest.mark.parametrize("size", [2.0**-40, 2.0**20])
@pytest.mark.parametrize(
    "alias", [a for a, c in LOSSES.items() if c.target_kind == "number" and c.link.name == "identity"]
)
def test_the_size_of_a_loss_of_numbers(library, alias, size):
    loss = get_loss(alias)
    expected = BoostedRegressor(library.regressor(), loss).fit(X, Y).predict(X)
    scaled = BoostedRegressor(library.regressor(), times(loss, size)).fit(X, Y).predict(X)
    np.testing.assert_allclose(scaled, expected, rtol=1e-4)
    assert np.std(expected) > 5.0


@pytest.mark.parametrize("size", [2.0**-40, 2.0**20])
@pytest.mark.parametrize("alias", [a for a, c in LOSSES.items() if hasattr(c, "_encode_classes")])
def test_the_size_of_a_loss_of_classes(library, alias, size):
    loss = get_loss(alias)
    for A, y in (CANCER, WINE):
        if len(np.unique(y)) > 2 and loss.several_classes() is not None:
            continue  # the scaled one does not know its namesake of several classes
        expected = BoostedClassifier(library.classifier(n_estimators=5), loss).fit(A, y).decision_function(A)
        scaled = BoostedClassifier(library.classifier(n_estimators=5), times(loss, size)).fit(A, y)
        np.testing.assert_allclose(scaled.decision_function(A), expected, rtol=1e-3, atol=1e-5)
        assert np.std(expected) > 0.02


@pytest.mark.parametrize("size", [2.0**-40, 2.0**20])
def test_the_size_of_a_deviance_of_ones_own(library, size):
    class Counts(RegressionLoss):
        link, target = get_loss("poisson").link, get_loss("poisson").target

        def formula(self, y, f):
            return size * (np.exp(f) - y * f)

    model = BoostedRegressor(library.regressor(), Counts()).fit(X, Y)
    built_in = BoostedRegressor(library.regressor(), "poisson").fit(X, Y)
    assert model.score(X, Y) > 0.9 * built_in.score(X, Y) > 0.4


@pytest.mark.parametrize("alias", NUMBERS)
@pytest.mark.parametrize("unit", [2.0**-60, 2.0**-20, 2.0**20])
def test_the_unit_of_y(library, alias, unit):
    """Powers of two, which round nothing; XGBoost by itself makes no split that gains less than 1e-6."""
    expected = BoostedRegressor(library.regressor(), alias).fit(X, Y).predict(X)
    small = BoostedRegressor(library.regressor(), alias).fit(X, unit * Y).predict(X)
    np.testing.assert_allclose(small / unit, expected, rtol=1e-4)
    assert np.std(expected) > 5.0


def test_what_regularises_keeps_its_meaning_in_small_units():
    """XGBoost's own objective on the target in another unit, with its parameters in that unit, is the oracle."""
    xgboost = pytest.importorskip("xgboost")
    common = {"n_estimators": 10, "max_depth": 4, "n_jobs": 1, "reg_lambda": 3.0, "min_child_weight": 7.0}
    unit = 2.0**-12
    ours = BoostedRegressor(xgboost.XGBRegressor(**common, reg_alpha=100 * unit, gamma=5e3 * unit**2))
    theirs = xgboost.XGBRegressor(**common, reg_alpha=100.0, gamma=5e3).fit(X, Y)
    np.testing.assert_allclose(ours.fit(X, unit * Y).predict(X) / unit, theirs.predict(X), rtol=1e-5)
    free = xgboost.XGBRegressor(**{**common, "min_child_weight": 1.0}).fit(X, Y)
    assert np.abs(free.predict(X) - theirs.predict(X)).max() > 10  # they regularise


class Softplus(MarginLoss):
    """The log loss of a margin."""

    def formula(self, y, f):
        return np.logaddexp(0, -y * f)


class Entropy(MulticlassLoss):
    """The cross-entropy."""

    def formula(self, y, f):
        return logsumexp(f, axis=-1) - np.sum(y * f, axis=-1)


def test_a_sample_counts_as_under_the_log_loss():
    assert unit_of_loss(LogLoss(), 1, 0.7) == unit_of_loss(Softplus(), 1, 0.7) == 1.0
    for k in (2, 3, 7):
        assert unit_of_loss(CrossEntropy(), k, 0.7) == unit_of_loss(Entropy(), k, 0.7) == 1.0
        assert unit_of_loss(MultilabelLogLoss(), k, 0.7) == pytest.approx(1.0 / k)  # it is a mean over labels
    assert unit_of_loss(get_loss("hinge"), 1, 0.7) == pytest.approx(2.0, rel=0.15)  # 1/(2|1 - z|), not 1/4
    assert unit_of_loss(get_loss("poisson"), 1, 0.7) == 1.0


def test_one_unit_for_all_rounds():
    """What a sample's gradient is depends on its own prediction, and not on how well others are predicted."""
    y = np.linspace(-3.0, 5.0, 41)
    for objective in (
        xgboost_objective("huber"),
        lightgbm_objective("huber"),
        xgboost_objective("huber", y=y),
    ):
        steepest = objective(y, y + 2.0)[0][0]
        for f in (np.zeros(41), 0.9 * y, y + 100.0):
            np.testing.assert_allclose(objective(y, f)[0], steepest * np.clip(f - y, -1, 1), rtol=1e-5)


# ---- no split ------------------------------------------------------------------------------------


def test_a_fit_that_learns_nothing_says_so(library):
    with pytest.warns(
        UserWarning, match=r"BoostedRegressor made no split in 442 samples: it predicts a constant"
    ):
        model = BoostedRegressor(library.regressor(min_child_weight=1e9)).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), Y.mean(), rtol=1e-6)
    BoostedRegressor(library.regressor()).fit(X, np.full(len(Y), 3.0))  # nothing was to be learnt: no warning


def test_few_rows(library):
    """As LightGBM's own estimators, which want 20 samples in a leaf, but not in silence."""
    for n in (2, 5, 39):
        if library.name == "lightgbm":
            with pytest.warns(UserWarning, match="made no split"):
                model = BoostedRegressor(library.regressor()).fit(X[:n], Y[:n])
        else:
            model = BoostedRegressor(library.regressor()).fit(X[:n], Y[:n])
        own = library.regressor(**({"base_score": Y[:n].mean()} if library.name == "xgboost" else {})).fit(
            X[:n], Y[:n]
        )
        np.testing.assert_allclose(model.predict(X), own.predict(X), rtol=1e-5)
    names = np.array(["no", "yes"])[CANCER[1]]
    if library.name == "lightgbm":
        with pytest.warns(UserWarning, match="made no split"):
            few = BoostedClassifier(library.classifier()).fit(CANCER[0][:30], names[:30])
        np.testing.assert_allclose(few.predict_proba(CANCER[0][:3])[:, 1], np.mean(CANCER[1][:30]))


# ---- several workers -----------------------------------------------------------------------------


def rows_of_two_workers():
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(10.0, 1.0, 500), rng.normal(1000.0, 200.0, 500)])


@pytest.mark.parametrize(
    "alias", ["absolute_error", "huber", "cauchy", "pinball", "squared_error", "log_loss", "hinge"]
)
@pytest.mark.parametrize("make", [xgboost_objective, lightgbm_objective])
def test_parts_of_the_rows_get_what_all_rows_get(alias, make):
    """The gradients that two workers compute, each from its own rows, are those of one worker with all of them."""
    y = rows_of_two_workers()
    y = (y > 500).astype(float) if alias in ("log_loss", "hinge") else y
    f = np.full(1000, 0.3)
    objective = make(alias, y=y if alias not in ("log_loss", "hinge") else None)
    whole, _ = objective(y, f)
    mixed = np.argsort(np.random.default_rng(1).uniform(size=1000))  # parts that hold both classes
    parts = (
        [slice(500), slice(500, 1000)] if alias not in ("log_loss", "hinge") else [mixed[:300], mixed[300:]]
    )
    for part in parts:
        np.testing.assert_allclose(objective(y[part], f[part])[0], whole[part], rtol=1e-6)


def test_no_unit_of_its_own_for_each_worker(monkeypatch):
    """Refused, where a worker among several would have to find the unit from its own rows."""
    y = rows_of_two_workers()
    f = np.zeros(1000)
    xgboost = pytest.importorskip("xgboost")
    monkeypatch.setattr(xgboost.collective, "get_world_size", lambda: 2)
    with pytest.raises(
        ValueError, match=r"a unit that is the same on all workers.*xgboost_objective\(\.\.\., y=targets\)"
    ):
        xgboost_objective("absolute_error")(y, f)
    for objective in (xgboost_objective("absolute_error", y=y), xgboost_objective("squared_error")):
        assert np.all(np.isfinite(objective(y, f)[0]))
    assert np.all(np.isfinite(xgboost_objective("hinge")(np.sign(y - 500), f)[0]))
    worker = types.ModuleType("lightgbm.dask")
    exec("def train_part(objective, y, f):\n    return objective(y, f)", vars(worker))
    with pytest.raises(ValueError, match=r"lightgbm_objective\(\.\.\., y=targets\)"):
        worker.train_part(lightgbm_objective("absolute_error"), y, f)
    assert np.all(np.isfinite(worker.train_part(lightgbm_objective("absolute_error", y=y), y, f)[0]))


def test_a_worker_without_rows():
    gradient, curvature = xgboost_objective("squared_error")(np.empty(0), np.empty(0))
    assert gradient.shape == curvature.shape == (0,)


def test_a_cluster_of_two_workers():
    """Two workers of different scale fit the median that one machine fits."""
    xgboost = pytest.importorskip("xgboost")
    da = pytest.importorskip("dask.array")
    distributed = pytest.importorskip("distributed")
    dxgb = pytest.importorskip("xgboost.dask")
    y = rows_of_two_workers()
    A = np.random.default_rng(2).normal(size=(1000, 2))
    A[:, 0] = y > 500
    parameters = {
        "max_depth": 2,
        "base_score": 0.0,
        "disable_default_eval_metric": 1,
        "nthread": 1,
        "tree_method": "hist",
    }
    objective = xgboost_objective("absolute_error", y=y)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        data = dxgb.DaskDMatrix(client, da.from_array(A, chunks=(500, 2)), da.from_array(y, chunks=500))
        booster = dxgb.train(client, parameters, data, 60, obj=objective)["booster"]
    together = booster.predict(xgboost.DMatrix(A))
    for half in (slice(500), slice(500, 1000)):
        assert np.median(together[half]) == pytest.approx(np.median(y[half]), rel=0.1)


# ---- starts --------------------------------------------------------------------------------------


class Certainty(ProbabilityLoss):
    def formula(self, y, f):
        return np.abs(y - expit(f))


class Sigmoid(MarginLoss):
    def formula(self, y, f):
        return expit(-y * f)


class Ramp(MarginLoss):
    def formula(self, y, f):
        return np.clip(1 - y * f, 0, 2)


class GeneralizedCrossEntropy(ProbabilityLoss):
    def formula(self, y, f):
        return (1 - np.where(y > 0.5, expit(f), expit(-f)) ** 0.7) / 0.7


class MeanAbsoluteProbability(MulticlassLoss):
    def formula(self, y, f):
        p = np.exp(f - logsumexp(f, axis=-1, keepdims=True))
        return 1 - np.sum(y * p, axis=-1)


class Tversky(ProbabilityLoss):
    def formula(self, y, f):
        p = expit(f)
        return 1 - (y * p + 0.05) / (y * p + 0.3 * (1 - y) * p + 0.7 * y * (1 - p) + 0.05)


BOUNDED = [Certainty(), Sigmoid(), Ramp(), GeneralizedCrossEntropy(), MeanAbsoluteProbability(), Tversky()]


@pytest.mark.parametrize("loss", BOUNDED, ids=lambda loss: type(loss).__name__)
def test_bounded_losses_start_where_they_have_slopes(library, loss):
    rare = CANCER[0][np.r_[np.flatnonzero(CANCER[1]), np.flatnonzero(CANCER[1] == 0)[:30]]]
    rare = rare, np.r_[np.ones(357, int), np.zeros(30, int)]
    for A, y in (CANCER, WINE, rare):
        model = BoostedClassifier(library.classifier(), loss).fit(A, y)
        assert np.all(np.abs(model.baseline_) < 5.0)
        reference = BoostedClassifier(library.classifier()).fit(A, y)
        assert model.score(A, y) > reference.score(A, y) - 0.05


@pytest.mark.parametrize("alias", [a for a, c in LOSSES.items() if hasattr(c, "_encode_classes")])
def test_other_losses_of_classes_start_at_their_best_constant(library, alias):
    loss = get_loss(alias)
    model = BoostedClassifier(library.classifier(n_estimators=1), loss).fit(*CANCER)
    np.testing.assert_array_equal(model.baseline_, loss.constant_minimizer(CANCER[1]))
