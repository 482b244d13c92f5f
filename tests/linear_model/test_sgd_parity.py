"""The coefficients are scikit-learn's, for its own losses, at the same parameters and random state."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.linear_model
from numpy.testing import assert_allclose

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor
from sklearn_losses.losses import AbsoluteError

pytestmark = pytest.mark.filterwarnings("ignore:Maximum number of iteration")

rng = np.random.default_rng(0)
X = rng.standard_normal((300, 23)) * (rng.random((300, 23)) < 0.4)
raw = X @ rng.standard_normal(23) + 0.3 * rng.standard_normal(300)
two_classes = np.where(raw > 0, "yes", "no")
three_classes = np.digitize(raw, [-2, 1])
weights = rng.random(300)


# Small alphas make the first "optimal" steps long enough to double a rounding error every few samples, so
# that two correct programs part ways: hence alpha = 0.01 here.


def assert_same(ours, theirs, *, rtol=1e-10, atol=0.0):
    """Compare to rounding, on the scale of the largest coefficient."""
    size = max(np.abs(theirs.coef_).max(), 1e-3)
    assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=rtol * size + atol)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=rtol, atol=rtol * size + atol)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.t_ == theirs.t_
    assert ours.coef_.shape == theirs.coef_.shape
    assert ours.coef_.dtype == theirs.coef_.dtype


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("schedule", ["constant", "optimal", "invscaling"])
@pytest.mark.parametrize("penalty", ["l2", "l1", "elasticnet", None])
@pytest.mark.parametrize("loss", ["hinge", "log_loss", "huber"])
def test_classifier(loss, penalty, schedule, shuffle, sparse):
    parameters = {
        "loss": loss, "penalty": penalty, "learning_rate": schedule, "shuffle": shuffle, "random_state": 3,
        "alpha": 1e-2, "max_iter": 20,
    }  # fmt: skip
    data = sp.csr_matrix(X) if sparse else X
    for y, settings, fit in [
        (two_classes, {}, {}),
        (two_classes, {"class_weight": {"yes": 3.0}}, {"sample_weight": weights}),
        (three_classes, {"class_weight": "balanced"}, {}),
        (three_classes, {"fit_intercept": False}, {"sample_weight": weights}),
    ]:
        ours = SGDClassifier(**parameters, **settings).fit(data, y, **fit)
        theirs = sklearn.linear_model.SGDClassifier(**parameters, **settings).fit(data, y, **fit)
        assert_same(ours, theirs)
        assert_allclose(ours.decision_function(data), theirs.decision_function(data), rtol=1e-8, atol=1e-8)
        assert np.array_equal(ours.predict(data), theirs.predict(data))


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("schedule", ["constant", "invscaling"])
@pytest.mark.parametrize("penalty", ["l2", "l1", "elasticnet", None])
@pytest.mark.parametrize("loss", ["squared_error", "huber", "epsilon_insensitive"])
def test_regressor(loss, penalty, schedule, shuffle, sparse):
    parameters = {
        "penalty": penalty, "learning_rate": schedule, "shuffle": shuffle, "random_state": 3, "alpha": 1e-2,
        "epsilon": 0.5, "l1_ratio": 0.6,
    }  # fmt: skip
    data = sp.csr_array(X) if sparse else X
    same_loss = loss
    if loss == "epsilon_insensitive":  # with epsilon = 0, it is the absolute error
        parameters["epsilon"], same_loss = 0.0, AbsoluteError()
    ours = SGDRegressor(same_loss, **parameters).fit(data, raw, sample_weight=weights)
    theirs = sklearn.linear_model.SGDRegressor(loss, **parameters).fit(data, raw, sample_weight=weights)
    assert_same(ours, theirs)
    assert_allclose(ours.predict(data), theirs.predict(data), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("exponent", [0.25, 0.5, 0.7, 1.0])
def test_every_exponent_of_inverse_scaling(exponent):
    parameters = {"power_t": exponent, "eta0": 0.05, "random_state": 0, "max_iter": 5, "tol": None}
    ours = SGDRegressor(**parameters).fit(X, raw)
    assert_same(ours, sklearn.linear_model.SGDRegressor(**parameters).fit(X, raw))


def test_tiny_scale_of_the_coefficients_is_folded_in():
    # alpha * eta close to 1 shrinks the scale below its threshold every few steps
    parameters = {"alpha": 9.0, "eta0": 0.1, "learning_rate": "constant", "random_state": 0, "max_iter": 3}
    ours = SGDRegressor(**parameters).fit(X, raw)
    assert_same(ours, sklearn.linear_model.SGDRegressor(**parameters).fit(X, raw))


@pytest.mark.parametrize("sparse", [False, True])
def test_float32(sparse):
    data = (sp.csr_matrix(X) if sparse else X).astype(np.float32)
    ours = SGDRegressor(random_state=1, max_iter=5, tol=None).fit(data, raw)
    theirs = sklearn.linear_model.SGDRegressor(random_state=1, max_iter=5, tol=None).fit(data, raw)
    assert_same(ours, theirs, rtol=1e-5)
    assert ours.coef_.dtype == ours.intercept_.dtype == np.float32


@pytest.mark.parametrize("y", [two_classes, three_classes])
def test_partial_fit_and_warm_start(y):
    classes = np.unique(y)
    models = []
    for kind in (SGDClassifier, sklearn.linear_model.SGDClassifier):
        model = kind(loss="log_loss", alpha=0.01, random_state=5, warm_start=True, max_iter=7, tol=None)
        for part in range(0, 300, 50):
            model.partial_fit(X[part : part + 50], y[part : part + 50], classes=classes)
        models.append(model)
    assert_same(*models)
    for model in models:
        model.fit(X, y)
        model.partial_fit(X, y)
    assert_same(*models)


def test_initial_coefficients():
    models = [
        kind(random_state=0, max_iter=2, tol=None).fit(
            X, three_classes, coef_init=np.ones((3, 23)), intercept_init=np.arange(3.0)
        )
        for kind in (SGDClassifier, sklearn.linear_model.SGDClassifier)
    ]
    assert_same(*models)
    models = [
        kind(random_state=0, max_iter=2, tol=None).fit(X, raw, coef_init=np.ones(23), intercept_init=[2.0])
        for kind in (SGDRegressor, sklearn.linear_model.SGDRegressor)
    ]
    assert_same(*models)


def test_random_state_instances_advance_alike():
    states = np.random.RandomState(7), np.random.RandomState(7)
    for y in (two_classes, three_classes):
        models = [
            kind(random_state=state).fit(X, y)
            for kind, state in zip((SGDClassifier, sklearn.linear_model.SGDClassifier), states, strict=True)
        ]
        assert_same(*models)
    models = [
        kind(random_state=state).fit(X, raw)
        for kind, state in zip((SGDRegressor, sklearn.linear_model.SGDRegressor), states, strict=True)
    ]
    assert_same(*models)
    assert states[0].randint(10**6) == states[1].randint(10**6)


@pytest.mark.parametrize("y", [two_classes, three_classes])
def test_probabilities(y):
    ours = SGDClassifier(loss="log_loss", alpha=0.01, random_state=0).fit(X, y)
    theirs = sklearn.linear_model.SGDClassifier(loss="log_loss", alpha=0.01, random_state=0).fit(X, y)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-8, atol=1e-12)
    assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-8, atol=1e-10)


def test_threads_change_nothing():
    alone = SGDClassifier(random_state=0).fit(X, three_classes)
    threaded = SGDClassifier(random_state=0, n_jobs=2).fit(X, three_classes)
    assert np.array_equal(alone.coef_, threaded.coef_)
