"""Parameters, attributes and coefficients are scikit-learn's: early stopping, averages, steps."""

import inspect
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.linear_model
from numpy.testing import assert_allclose

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor
from sklearn_losses.losses import MarginLoss, RegressionLoss

pytestmark = pytest.mark.filterwarnings("ignore:Maximum number of iteration")

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 13)) * (rng.random((200, 13)) < 0.5)
X[5] = 0
raw = X @ rng.standard_normal(13) + 0.3 * rng.standard_normal(200)
two_classes = np.where(raw > 0, "yes", "no")
three_classes = np.digitize(raw, [-2, 1])
weights = rng.random(200)
matrix = pytest.mark.parametrize("matrix", [np.asarray, sp.csr_matrix])
pairs = [
    (SGDClassifier, sklearn.linear_model.SGDClassifier),
    (SGDRegressor, sklearn.linear_model.SGDRegressor),
]
both = pytest.mark.parametrize(("ours", "theirs"), pairs)


class OwnHinge(MarginLoss):
    def formula(self, y, f):
        return np.maximum(0, 1 - y * f)


class OwnInsensitive(RegressionLoss):
    def __init__(self, epsilon=0.1):
        self.epsilon = epsilon

    def formula(self, y, f):
        return np.maximum(np.abs(y - f) - self.epsilon, 0)


def assert_same(ours, theirs, rtol=1e-9):
    size = max(np.abs(theirs.coef_).max(), 1e-3)
    assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=rtol * size)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=rtol, atol=rtol * size)
    assert (ours.n_iter_, ours.t_) == (theirs.n_iter_, theirs.t_)
    assert ours.coef_.dtype == theirs.coef_.dtype


def targets(kind):
    return [two_classes, three_classes] if kind is SGDClassifier else [raw]


def fits(ours, theirs, data, *, fit=None, **parameters):
    loss = parameters.pop("loss", None)
    for y in targets(ours):
        models = [kind(random_state=3, **parameters) for kind in (ours, theirs)]
        if loss is not None:
            models = [m.set_params(loss=name) for m, name in zip(models, loss, strict=True)]
        yield [model.fit(data, y, **(fit or {})) for model in models]


@both
def test_signature(ours, theirs):
    for method in (ours, ours.fit, ours.partial_fit):
        other = getattr(theirs, method.__name__) if method is not ours else theirs
        expected = inspect.signature(other).parameters
        found = inspect.signature(method).parameters
        assert list(found)[: len(expected)] == list(expected)
        for name, parameter in found.items():
            if name in expected:
                assert (parameter.default, parameter.kind) == (expected[name].default, expected[name].kind), (
                    name
                )
            else:  # what is ours alone disturbs nobody
                assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
                assert parameter.default is None


@both
def test_public_members(ours, theirs):
    def members(model):
        return {name for name in dir(model) if not name.startswith("_")}

    # An undocumented table of compiled classes; and what only classes of scikit-learn are asked for.
    missing = members(theirs(loss=ours().loss)) - members(ours()) - {"loss_functions"}
    assert not missing
    fitted = [kind(early_stopping=False, random_state=0).fit(X, targets(ours)[-1]) for kind in (ours, theirs)]
    assert members(fitted[1]) - members(fitted[0]) <= {"loss_functions"}


@both
@matrix
@pytest.mark.parametrize("penalty", ["l2", "l1", "elasticnet", None])
@pytest.mark.parametrize("average", [True, 7, 350, 10**6])
def test_average(ours, theirs, matrix, penalty, average):
    settings = {"learning_rate": "constant", "eta0": 0.02, "alpha": 0.03, "penalty": penalty, "tol": None}
    for models in fits(
        ours, theirs, matrix(X), average=average, max_iter=3, fit={"sample_weight": weights}, **settings
    ):
        assert_same(*models)


@both
def test_average_in_a_stream_and_rescaling(ours, theirs):
    """Parts one after another are one pass; scikit-learn's classifier forgets the intercept between them."""
    for y in targets(ours):
        # So strong a penalty that the scale of the coefficients is reset again and again.
        settings = {"average": 20, "learning_rate": "constant", "eta0": 0.05, "alpha": 5.0, "shuffle": False}
        whole = theirs(max_iter=1, tol=None, **settings).fit(X, y)
        parts = ours(**settings)
        for start in range(0, 200, 50):
            part = slice(start, start + 50)
            more = {"classes": np.unique(y)} if ours is SGDClassifier else {}
            parts.partial_fit(X[part], y[part], **more)
        assert_same(parts, whole, rtol=1e-6)  # each reset costs digits, here and there


@both
@matrix
def test_adaptive(ours, theirs, matrix):
    for models in fits(
        ours, theirs, matrix(X), learning_rate="adaptive", eta0=0.05, alpha=1e-3, max_iter=200
    ):
        assert models[0].n_iter_ > 10
        assert_same(*models)


@both
@matrix
@pytest.mark.parametrize("learning_rate", ["pa1", "pa2"])
@pytest.mark.parametrize("penalty", ["l2", "l1", None])
def test_passive_aggressive(ours, theirs, matrix, learning_rate, penalty):
    loss = (OwnHinge(), "hinge") if ours is SGDClassifier else (OwnInsensitive(), "epsilon_insensitive")
    for models in fits(
        ours, theirs, matrix(X), loss=loss, learning_rate=learning_rate, eta0=0.3, alpha=1e-3,
        penalty=penalty, fit={"sample_weight": weights},
    ):  # fmt: skip
        assert_same(*models)


@both
@pytest.mark.parametrize("learning_rate", ["pa1", "pa2"])
def test_passive_aggressive_needs_unit_slopes(ours, theirs, learning_rate):
    for loss in ("squared_error", "huber", lambda y, f: (y - f) ** 4):
        with pytest.raises(ValueError, match=r"only works with losses whose slope is -1, 0 or 1"):
            ours(loss=loss, learning_rate=learning_rate).fit(X, targets(ours)[0])
    ours(loss="absolute_error", learning_rate=learning_rate).fit(X, targets(ours)[0])


@both
@pytest.mark.parametrize("seed", [0, np.random.RandomState])
@pytest.mark.parametrize("learning_rate", ["invscaling", "adaptive"])
def test_early_stopping(ours, theirs, seed, learning_rate):
    # Without a penalty: with one, scikit-learn scores coefficients that the penalty has not yet shrunk.
    for y in targets(ours):
        models = [
            kind(
                early_stopping=True, validation_fraction=0.2, penalty=None, learning_rate=learning_rate,
                eta0=0.1, random_state=seed if seed == 0 else seed(5),
            ).fit(X, y, sample_weight=weights)
            for kind in (ours, theirs)
        ]  # fmt: skip
        assert_same(*models)
        assert models[0].validation_scores_.shape == (models[0].n_iter_,)


@both
def test_negative_power(ours, theirs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        for models in fits(ours, theirs, X, learning_rate="invscaling", power_t=-0.2, eta0=1e-3, max_iter=3):
            assert_same(*models)
    with pytest.warns(FutureWarning, match="Negative values for `power_t`"):
        ours(power_t=-0.2, max_iter=3).fit(X, targets(ours)[0])


def test_warm_start_with_average():
    """A warm start begins at `coef_`, an average or not; scikit-learn's regressor begins elsewhere."""
    settings = {"average": True, "learning_rate": "constant", "random_state": 3, "max_iter": 3, "tol": None}
    models = [kind(warm_start=True, **settings).fit(X, three_classes) for kind in pairs[0]]
    for model in models:
        model.set_params(average=10).fit(X, three_classes)
    assert_same(*models)
    warm = SGDRegressor(warm_start=True, **settings).fit(X, raw)
    told = SGDRegressor(**settings).fit(X, raw, coef_init=warm.coef_, intercept_init=warm.intercept_)
    assert np.array_equal(warm.fit(X, raw).coef_, told.coef_)


@both
def test_sparsify(ours, theirs):
    y = targets(ours)[-1]
    model = ours(penalty="l1", alpha=0.05, random_state=0).fit(X, y)
    dense = model.coef_
    prediction = model.predict(X)
    assert model.sparsify() is model
    assert sp.issparse(model.coef_)
    assert model.coef_.shape == np.atleast_2d(dense).shape
    for data in (X, sp.csr_array(X)):
        same = assert_allclose if ours is SGDRegressor else np.testing.assert_array_equal
        same(model.predict(data), prediction)
    again = ours(penalty="l1", alpha=0.05, random_state=0).fit(X, y).partial_fit(X, y)
    assert np.array_equal(model.partial_fit(X, y).coef_, again.coef_)
    assert np.array_equal(model.sparsify().densify().coef_, again.coef_)
