"""The estimators for dask's collections against the local ones, which know nothing of chunks."""

import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from sklearn_losses import FormulaError, Huber, RegressionLoss, SGDClassifier, SGDRegressor
from sklearn_losses.dask import LinearClassifier, LinearRegressor, partial_fit
from sklearn_losses.linear_model import LinearClassifier as LocalClassifier
from sklearn_losses.linear_model import LinearRegressor as LocalRegressor

da = pytest.importorskip("dask.array")
pytestmark = pytest.mark.usefixtures("here")

X, y = load_diabetes(return_X_y=True)
n, d = X.shape
rng = np.random.default_rng(0)
weight = rng.integers(0, 4, n).astype(float)
flowers, species = load_iris(return_X_y=True)
names = np.array(["setosa", "versicolor", "virginica"])[species]


def cut(array, chunks):
    return da.from_array(array, chunks=(chunks, *array.shape[1:]))


def unknown(array, chunks):
    """Chunks of unknown lengths, two of them empty."""
    values = cut(array, chunks)
    keep = np.ones(len(array), dtype=bool)
    keep[chunks : 2 * chunks] = False
    return values[da.from_array(keep, chunks=chunks)], array[keep]


def assert_alike(model, local, rtol=1e-6):
    size = np.abs(local.coef_).max()
    assert_allclose(model.coef_, local.coef_, rtol=rtol, atol=rtol * size)
    assert_allclose(model.intercept_, local.intercept_, rtol=rtol, atol=rtol * np.abs(local.intercept_).max())
    assert_allclose(model.objective_, local.objective_, rtol=1e-9, atol=1e-12)
    assert model.coef_.dtype == local.coef_.dtype
    assert model.coef_.shape == local.coef_.shape
    assert type(model.coef_) is np.ndarray


# ---- results are the local estimator's ---------------------------------------------------------------


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize(
    "loss",
    ["squared_error", "huber", "poisson", "gamma", "log_cosh", "expectile", "smooth_pinball", Huber(30.0)],
    ids=str,
)
def test_regression(loss, solver):
    settings = {"loss": loss, "alpha": 1e-3, "tol": 1e-11}
    model = LinearRegressor(**settings, solver=solver).fit(cut(X, 100), cut(y, 100), cut(weight, 100))
    local = LocalRegressor(**settings).fit(X, y, weight)
    assert_alike(model, local)
    assert model.solver_ == solver
    assert model.n_features_in_ == d


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("penalty", ["l2", None])
@pytest.mark.parametrize("loss", ["log_loss", "squared_hinge", "modified_huber", "cross_entropy"])
def test_classification(loss, penalty, fit_intercept):
    z = flowers[:, :2] - flowers[:, :2].mean(axis=0) * (not fit_intercept)  # classes that overlap
    settings = {"loss": loss, "penalty": penalty, "alpha": 1e-2, "tol": 1e-11, "fit_intercept": fit_intercept}
    model = LinearClassifier(**settings, max_iter=5000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # setosa can be separated from the others
        model.fit(cut(z, 40), cut(names, 40))
        local = LocalClassifier(**settings, max_iter=5000).fit(z, names)
    assert_array_equal(model.classes_, local.classes_)
    if penalty:
        assert_alike(model, local)
    assert_array_equal(model.predict(z), local.predict(z))


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 2.0, 1: 0.5}])
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("loss", ["log_loss", "cross_entropy"])
def test_class_and_sample_weights(loss, n_classes, class_weight):
    some = species < n_classes
    z, labels = flowers[some], species[some]
    w = rng.integers(0, 3, len(z)).astype(float)
    settings = {"loss": loss, "alpha": 1e-2, "tol": 1e-11, "class_weight": class_weight}
    model = LinearClassifier(**settings).fit(cut(z, 30), cut(labels, 30), cut(w, 30))
    assert_alike(model, LocalClassifier(**settings).fit(z, labels, w))


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 2.0, 1: 0.5, 2: 1.0}])
def test_probabilities_as_target(class_weight):
    rows = rng.dirichlet([1.0, 2.0, 3.0], size=150)
    settings = {"loss": "cross_entropy", "alpha": 1e-2, "tol": 1e-11, "class_weight": class_weight}
    model = LinearClassifier(**settings).fit(cut(flowers, 40), cut(rows, 40))
    local = LocalClassifier(**settings).fit(flowers, rows)
    assert_alike(model, local)
    assert_allclose(model.score(cut(flowers, 40), cut(rows, 40)), local.score(flowers, rows), rtol=1e-9)


def test_labels_that_hold_together():
    rows = (rng.random((150, 4)) < 0.3) * 1
    model = LinearClassifier("multilabel_log_loss", alpha=1e-2, tol=1e-11).fit(
        cut(flowers, 40), cut(rows, 40)
    )
    local = LocalClassifier("multilabel_log_loss", alpha=1e-2, tol=1e-11).fit(flowers, rows)
    assert_alike(model, local)
    assert_array_equal(model.predict(cut(flowers, 40)).compute(), local.predict(flowers))
    assert_allclose(model.score(cut(flowers, 40), cut(rows, 40)), local.score(flowers, rows))


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_several_columns(loss):
    rows = np.column_stack([y, y[::-1], y * 0.0 + 3.0])
    model = LinearRegressor(loss, alpha=1e-3, tol=1e-11).fit(cut(X, 100), cut(rows, 100))
    local = LocalRegressor(loss, alpha=1e-3, tol=1e-11).fit(X, rows)
    assert_alike(model, local)
    assert_allclose(model.predict(cut(X, 90)).compute(), local.predict(X), rtol=1e-7)
    assert_allclose(model.score(cut(X, 100), cut(rows, 100)), local.score(X, rows), rtol=1e-9)
    one = LinearRegressor(tol=1e-11).fit(cut(X, 100), cut(rows[:, :1], 100))
    assert one.coef_.shape == (1, d)


def test_vectors():
    """The cosine distance sees no lengths, so that coefficients are no matter, but what they reach is.

    It is not convex: with rows of noise alone two orders of the sums end 1% apart.
    """
    rows = 3.0 + 20.0 * X @ rng.normal(size=(d, 3)) + 0.3 * rng.normal(size=(n, 3))
    model = LinearRegressor("cosine_distance", penalty=None, tol=1e-6).fit(cut(X, 100), cut(rows, 100))
    local = LocalRegressor("cosine_distance", penalty=None, tol=1e-6).fit(X, rows)
    assert_allclose(model.objective_, local.objective_, rtol=1e-3)
    assert model.predict(cut(X, 100)).shape == (n, 3)


def test_badly_scaled_columns():
    raw = np.column_stack([X * 10.0 ** np.arange(-4, 6), 1e8 + rng.integers(-3, 4, n)])
    model = LinearRegressor("huber", penalty=None, tol=1e-11).fit(cut(raw, 100), cut(y, 100))
    local = LocalRegressor("huber", penalty=None, tol=1e-11).fit(raw, y)
    assert_allclose(model.coef_, local.coef_, rtol=1e-6)
    assert_allclose(model.objective_, local.objective_, rtol=1e-10)


def test_more_columns_than_rows():
    wide = rng.normal(size=(40, 60))
    target = wide[:, 0] + rng.normal(size=40)
    for solver in ("newton", "lbfgs"):
        model = LinearRegressor(solver=solver, alpha=0.1, tol=1e-11).fit(cut(wide, 15), cut(target, 15))
        # where alpha alone curves the objective, a gap g leaves coefficients sqrt(2 g / alpha) apart
        assert_alike(model, LocalRegressor(alpha=0.1, tol=1e-11).fit(wide, target), rtol=2e-5)


def test_default_accuracy_and_choice_of_solver():
    model = LinearRegressor("poisson").fit(cut(X, 100), cut(y, 100))
    assert_alike(model, LocalRegressor("poisson").fit(X, y))  # small data are solved to the last digits
    assert model.solver_ == "newton"
    wide = rng.normal(size=(100, 510))
    model = LinearClassifier().fit(cut(wide, 50), cut((wide[:, 0] > 0) * 1, 50))
    assert model.solver_ == "lbfgs"
    local = LocalClassifier(tol=1e-9).fit(wide, (wide[:, 0] > 0) * 1)
    assert model.objective_ <= local.objective_ + 1e-4 * (np.log(2.0) - local.objective_)


# ---- what comes in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_blocks(solver, dtype):
    words = sp.random(300, 20, density=0.2, random_state=0, format="csr", dtype=dtype)
    labels = np.asarray(words[:, 0].toarray().ravel() + 0.3 * rng.normal(size=300) > 0.1)
    blocks = cut(words.toarray(), 70).map_blocks(sp.csr_matrix, dtype=dtype)
    model = LinearClassifier(alpha=1e-3, tol=1e-11, solver=solver).fit(blocks, cut(labels, 70))
    local = LocalClassifier(alpha=1e-3, tol=1e-11).fit(words, labels)
    assert_alike(model, local, rtol=1e-6 if dtype == np.float64 else 2e-4)
    assert_array_equal(model.predict(blocks).compute(), local.predict(words))


def test_float32_and_integers():
    single = X.astype(np.float32)
    model = LinearRegressor(alpha=1e-3, tol=1e-11).fit(cut(single, 100), cut(y, 100))
    assert_alike(model, LocalRegressor(alpha=1e-3, tol=1e-11).fit(single, y), rtol=1e-5)
    assert model.coef_.dtype == np.float32
    whole = rng.integers(0, 5, size=X.shape)
    model = LinearRegressor(alpha=1e-3, tol=1e-11).fit(cut(whole, 100), cut(y.astype(int), 100))
    assert_alike(model, LocalRegressor(alpha=1e-3, tol=1e-11).fit(whole, y))


def test_unknown_lengths_and_empty_chunks():
    (dX, some), (dy, target) = unknown(X, 50), unknown(y, 50)
    assert np.isnan(dX.chunks[0]).all()
    model = LinearRegressor("huber", tol=1e-11).fit(dX, dy)
    local = LocalRegressor("huber", tol=1e-11).fit(some, target)
    assert_alike(model, local)
    assert_allclose(model.predict(dX).compute(), local.predict(some))
    assert_allclose(model.score(dX, dy), local.score(some, target))
    labels, known = unknown(names, 40)
    z, flat = unknown(flowers, 40)
    model = LinearClassifier(tol=1e-11).fit(z, labels)
    local = LocalClassifier(tol=1e-11).fit(flat, known)
    assert_alike(model, local)
    assert_array_equal(model.predict(z).compute(), local.predict(flat))
    assert_allclose(model.predict_proba(z).compute(), local.predict_proba(flat), rtol=1e-6)
    assert_allclose(model.predict_log_proba(z).compute(), local.predict_log_proba(flat), rtol=1e-5)
    assert_allclose(model.decision_function(z).compute(), local.decision_function(flat), rtol=1e-6)


def test_chunks_along_columns_and_different_rows():
    both = da.from_array(X, chunks=(100, 3))
    model = LinearRegressor(tol=1e-11).fit(
        both, da.from_array(y, chunks=60), da.from_array(weight, chunks=35)
    )
    local = LocalRegressor(tol=1e-11).fit(X, y, weight)
    assert_alike(model, local)
    assert_allclose(model.predict(both).compute(), local.predict(X))


def test_a_part_in_memory():
    local = LocalRegressor(tol=1e-11).fit(X, y, weight)
    for arguments in [
        (cut(X, 100), y, weight.tolist()),
        (X, cut(y, 100), None),
        (X.tolist(), cut(y, 100), None),
        (cut(X, 100), cut(y, 50), weight),
        (cut(X, 100), cut(y, 100), 2.0),
    ]:
        model = LinearRegressor(tol=1e-11).fit(*arguments)
        assert_alike(model, local if np.ndim(arguments[2]) else LocalRegressor(tol=1e-11).fit(X, y))


def test_all_in_memory_is_the_local_estimator():
    model = LinearRegressor("absolute_error").fit(X, y)  # even a loss with a kink
    assert_array_equal(model.coef_, LocalRegressor("absolute_error").fit(X, y).coef_)
    assert type(model.predict(X)) is np.ndarray
    assert model.score(X, y) == LocalRegressor("absolute_error").fit(X, y).score(X, y)


def test_frames():
    dd = pytest.importorskip("dask.dataframe")
    frame, target = load_diabetes(return_X_y=True, as_frame=True)
    frame["target"] = target
    ddf = dd.from_pandas(frame, npartitions=4)
    ddf = ddf[ddf["target"] > 50]
    kept = frame[frame["target"] > 50]
    dX, dy = ddf.drop(columns="target"), ddf["target"]
    known, values = kept.drop(columns="target"), kept["target"]
    model = LinearRegressor("huber", tol=1e-11).fit(dX, dy)
    local = LocalRegressor("huber", tol=1e-11).fit(known, values)
    assert_alike(model, local)
    assert_array_equal(model.feature_names_in_, known.columns)
    assert_allclose(model.predict(dX).compute(), local.predict(known))
    assert_allclose(model.predict(known), local.predict(known))
    assert_allclose(model.score(dX, dy), local.score(known, values))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(dX.rename(columns={"age": "years"}))
    words = (dy > 150).map({True: "high", False: "low"}, meta=("target", object))
    model = LinearClassifier(tol=1e-11).fit(dX, words)
    assert_array_equal(model.classes_, ["high", "low"])
    assert_alike(model, LocalClassifier(tol=1e-11).fit(known, np.where(values > 150, "high", "low")))


# ---- predictions -------------------------------------------------------------------------------------


def test_predictions_are_lazy():
    calls = []

    def seen(block):
        calls.append(len(block))
        return block

    model = LinearClassifier().fit(cut(flowers, 50), cut(names, 50))
    watched = cut(flowers, 50).map_blocks(seen, dtype=float, meta=np.empty((0, 0)))
    lazy = model.predict(watched)
    assert calls == []
    assert (lazy.shape, lazy.chunks, lazy.dtype) == ((150,), ((50, 50, 50),), names.dtype)
    assert model.predict_proba(watched).shape == (150, 3)
    assert_array_equal(lazy[:10].compute(), model.predict(flowers[:10]))
    assert calls == [50]  # the first chunk alone
    before = model.predict(flowers)
    model.fit(cut(flowers, 50), cut(names[::-1], 50))
    assert_array_equal(lazy.compute(), before)  # of the model as it was


def test_not_fitted_and_wrong_width():
    with pytest.raises(NotFittedError):
        LinearClassifier().predict(cut(flowers, 50))
    model = LinearClassifier().fit(cut(flowers, 50), cut(names, 50))
    with pytest.raises(ValueError, match="3 features"):
        model.predict(cut(flowers[:, :3], 50))
    assert not hasattr(LinearClassifier("squared_hinge"), "predict_proba")


def test_score_of_a_constant_target():
    z, target = cut(X, 100), cut(np.full(n, 3.0), 100)
    model = LinearRegressor().fit(z, target)
    assert model.score(z, target) == LocalRegressor().fit(X, np.full(n, 3.0)).score(X, np.full(n, 3.0))


# ---- errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "substitute"),
    [
        (LinearRegressor("absolute_error"), "'huber', 'pseudo_huber' or 'log_cosh'"),
        (LinearRegressor("pinball"), "'smooth_pinball' or 'expectile'"),
        (LinearRegressor("epsilon_insensitive"), "'squared_epsilon_insensitive'"),
        (LinearClassifier("hinge"), "'squared_hinge', 'modified_huber' or 'log_loss'"),
        (LinearClassifier("perceptron"), "'squared_hinge'"),
        (LinearClassifier("multiclass_hinge"), "'cross_entropy'"),
        (LinearClassifier("weston_watkins"), "'cross_entropy'"),
        (LinearRegressor(lambda y, f: np.abs(y - f)), "'huber'"),
        (LinearRegressor(solver="dual"), "use 'auto', 'newton' or 'lbfgs'"),
        (LinearClassifier("cross_entropy", solver="newton"), "use 'lbfgs'"),
    ],
    ids=str,
)
def test_what_is_not_smooth(model, substitute):
    is_classifier = isinstance(model, LinearClassifier)
    z, target = (cut(flowers, 50), cut(names, 50)) if is_classifier else (cut(X, 100), cut(y, 100))
    with pytest.raises(ValueError, match=substitute.replace(".", r"\.")):
        model.fit(z, target)
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("penalty", ["l1", "elasticnet"])
@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_penalties_with_an_l1_part(loss, penalty, solver):
    """The same zeros, and the same coefficients, as in memory."""
    settings = {"loss": loss, "penalty": penalty, "alpha": 1e-3, "tol": 1e-8}
    model = LinearRegressor(**settings, solver=solver).fit(cut(X, 100), cut(y, 100))
    peer = LocalRegressor(**settings).fit(X, y)
    assert_allclose(model.objective_, peer.objective_, rtol=1e-8)
    assert_allclose(model.coef_, peer.coef_, atol=1e-3 * np.abs(peer.coef_).max())
    assert model.coef_.any()
    assert np.array_equal(model.coef_ == 0.0, peer.coef_ == 0.0)


def test_every_smooth_loss_is_taken():
    """The probe that looks for kinks finds none where there are none."""
    for loss in (
        "cross_entropy",
        "kl_divergence",
        "multiclass_brier",
        "log_loss",
        "exponential",
        "focal",
        "brier",
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            LinearClassifier(loss, alpha=0.1, max_iter=5).fit(cut(flowers, 50), cut(names, 50))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((cut(X, 100), cut(y[:400], 100)), "same number of samples"),
        ((cut(X, 100), y[:400]), "same number of samples"),
        ((unknown(X, 50)[0], unknown(y, 100)[0]), "compute_chunk_sizes"),
        ((unknown(X, 50)[0], y), "in memory"),
        ((unknown(X, 50)[0], cut(y[: n // 50 * 50 + 42], 50)), "in every chunk"),
        ((cut(X, 100), cut(np.where(np.arange(n) == 300, np.nan, y), 100)), "y contains NaN"),
        ((cut(np.where(np.arange(n) == 300, np.inf, X.T).T, 100), cut(y, 100)), "X contains infinity"),
        ((cut(X, 100), cut(y, 100), cut(weight - 1.0, 100)), "must not be negative"),
        ((cut(X, 100), cut(y, 100), cut(weight * 0.0, 100)), "at least one non-zero"),
        ((cut(X, 100), cut(y - 100.0, 100)), r"needs values in \[0, inf\)"),
        ((cut(X, 100)[:, 0], cut(y, 100)), "two dimensions"),
        ((cut(X, 100), None), "needs y"),
    ],
)
def test_wrong_data(arguments, message):
    model = LinearRegressor("poisson").fit(cut(X, 100), cut(y, 100))
    before = model.coef_
    with pytest.raises(ValueError, match=message):
        model.fit(*arguments)
    assert model.coef_ is before  # a failed fit loses nothing


def test_errors_tell_the_chunk():
    with pytest.raises(ValueError, match="y contains") as caught:
        LinearRegressor("poisson").fit(cut(X, 100), cut(np.where(np.arange(n) == 300, -1.0, y), 100))
    assert caught.value.__notes__ == ["This happened in chunk 3 of the rows, counted from 0."]


def test_wrong_labels():
    with pytest.raises(ValueError, match="greater than one; got 1 class"):
        LinearClassifier().fit(cut(flowers, 50), cut(np.ones(150), 50))
    with pytest.raises(ValueError, match="no label"):
        LinearClassifier().fit(cut(flowers, 50), cut(flowers[:, 0], 50))
    with pytest.raises(ValueError, match="greater than one"):
        LinearClassifier().fit(cut(flowers, 50), cut(names, 50), cut((species == 0) * 1.0, 50))
    only = da.map_blocks(lambda b: b[:0], cut(flowers, 50), dtype=float, chunks=((0, 0, 0), (4,)))
    with pytest.raises(ValueError, match="no samples"):
        LinearClassifier().fit(only, da.map_blocks(lambda b: b[:0], cut(species, 50), chunks=((0, 0, 0),)))


def test_bags_are_refused():
    bag = pytest.importorskip("dask.bag")
    with pytest.raises(TypeError, match="Bag"):
        LinearRegressor().fit(cut(X, 100), bag.from_sequence(y.tolist()))


# ---- what else a fit does ----------------------------------------------------------------------------


def count_passes(array):
    """Give an array that counts how often its first chunk is read."""
    passes = []

    def seen(block, block_info=None):
        if block_info and block_info[0]["chunk-location"][0] == 0:
            passes.append(1)
        return block

    return array.map_blocks(seen, dtype=array.dtype), passes


def test_passes():
    """A survey, then one pass an iteration: value, gradient and Hessian at once, of all classes at once."""
    z, passes = count_passes(cut(flowers, 50))
    model = LinearClassifier(alpha=1e-2).fit(z, cut(names, 50))
    assert len(passes) <= model.n_iter_ + 3


def test_warm_start():
    z, target = cut(X, 100), cut(y, 100)
    model = LinearRegressor("poisson", warm_start=True, alpha=1e-3).fit(z, target)
    first, objective = model.n_iter_, model.objective_
    model.fit(z, target)
    assert model.n_iter_ < first
    assert_allclose(model.objective_, objective, rtol=1e-12)
    assert model.optimality_gap_ <= 1e-4
    model.fit(z, cut(np.column_stack([y, y]), 100))  # another shape starts anew
    assert model.coef_.shape == (2, d)


def test_stopped_early_warns():
    with pytest.warns(ConvergenceWarning, match="after 2 iterations"):
        model = LinearRegressor("poisson", max_iter=2).fit(cut(X, 100), cut(y, 100))
    assert model.n_iter_ == 2
    with pytest.warns(ConvergenceWarning, match="no finite coefficients"):
        LinearClassifier(penalty=None).fit(cut(flowers[:100], 40), cut(species[:100], 40))


def test_verbose(capsys):
    LinearClassifier(verbose=1).fit(cut(flowers, 50), cut(names, 50))
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("[setosa] Iteration 1: objective") for line in lines)


@pytest.mark.skipif(sklearn.__version__ < "1.9", reason="sklearn.callback came with 1.9")
def test_callbacks():
    class Losses:
        def __init__(self):
            self.seen = []

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
            if context.task_name == "epoch":
                self.seen.append(fitted_estimator.score(X, y))  # of collections
            return len(self.seen) == 3

    callback = Losses()
    model = LinearRegressor("poisson", alpha=1e-3, tol=1e-11).set_callbacks(callback)
    model.fit(cut(X, 100), cut(y, 100))
    assert len(callback.seen) == model.n_iter_ == 3
    assert callback.seen[-1] == model.score(cut(X, 100), cut(y, 100))
    assert callback.seen[0] < callback.seen[-1]


class Own(RegressionLoss):
    """Log cosh, by hand."""

    def __init__(self, scale=1.0):
        self.scale = scale

    def formula(self, y, f):
        r = np.abs(y - f) / self.scale
        return r + np.log1p(np.exp(-2.0 * r))


def test_own_loss():
    model = LinearRegressor(Own(20.0), alpha=1e-3, tol=1e-11).fit(cut(X, 100), cut(y, 100))
    assert_alike(model, LocalRegressor(Own(20.0), alpha=1e-3, tol=1e-11).fit(X, y))
    with pytest.raises(FormulaError):
        LinearRegressor(lambda y, f: y if f > 0 else f).fit(cut(X, 100), cut(y, 100))


def test_clone_and_parameters():
    model = LinearClassifier(alpha=0.1, loss="squared_hinge")
    assert clone(model).get_params() == model.get_params()
    assert set(model.get_params()) == set(LocalClassifier().get_params())
    assert repr(model) == "LinearClassifier(alpha=0.1, loss='squared_hinge')"


def test_a_fitted_model_loads_and_predicts_without_dask(tmp_path):
    model = LinearClassifier().fit(cut(flowers, 50), cut(names, 50))
    assert not any("dask" in type(value).__module__.split(".")[0] for value in vars(model).values())
    (tmp_path / "model").write_bytes(pickle.dumps((model, flowers)))
    code = """if True:
        import pickle, sys
        sys.modules["dask"] = sys.modules["distributed"] = None  # importing them raises
        with open("model", "rb") as file:
            model, X = pickle.load(file)
        print(*model.predict(X[:3]), round(model.predict_proba(X)[0, 0], 3) > 0.5)
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["setosa", "setosa", "setosa", "True"]


# ---- partial_fit -------------------------------------------------------------------------------------


def test_partial_fit_is_that_of_the_chunks():
    settings = {"loss": "log_loss", "random_state": 0, "alpha": 1e-3}
    model = SGDClassifier(**settings)
    assert partial_fit(model, cut(flowers, 40), cut(names, 40)) is model
    other = SGDClassifier(**settings)
    for start in range(0, 150, 40):
        some = slice(start, start + 40)
        other.partial_fit(flowers[some], names[some], classes=np.unique(names))
    assert_array_equal(model.coef_, other.coef_)
    partial_fit(model, cut(flowers, 40), cut(names, 40))  # goes on
    assert model.t_ == 301
    weights = partial_fit(SGDRegressor(random_state=0), cut(X, 200), cut(y, 200), cut(weight, 200))
    other = SGDRegressor(random_state=0)
    for start in range(0, n, 200):
        some = slice(start, start + 200)
        other.partial_fit(X[some], y[some], weight[some])
    assert_array_equal(weights.coef_, other.coef_)


def test_a_failed_partial_fit_leaves_the_model():
    model = SGDRegressor("poisson", random_state=0)
    partial_fit(model, cut(X, 200), cut(y, 200))
    before = model.coef_.copy()
    with pytest.raises(ValueError, match="y contains"):
        partial_fit(model, cut(X, 200), cut(np.where(np.arange(n) == 300, -1.0, y), 200))
    assert_array_equal(model.coef_, before)


def test_incremental_of_dask_ml():
    wrappers = pytest.importorskip("dask_ml.wrappers")
    model = wrappers.Incremental(SGDClassifier("log_loss", random_state=0), shuffle_blocks=False)
    model.fit(cut(flowers, 40), cut(species, 40), classes=[0, 1, 2])
    ours = partial_fit(SGDClassifier("log_loss", random_state=0), cut(flowers, 40), cut(species, 40))
    assert_array_equal(model.estimator_.coef_, ours.coef_)


def test_breast_cancer_end_to_end():
    z, labels = load_breast_cancer(return_X_y=True)
    model = LinearClassifier(alpha=1e-3, tol=1e-10).fit(cut(z, 100), cut(labels, 100))
    local = LocalClassifier(alpha=1e-3, tol=1e-10).fit(z, labels)
    assert_alike(model, local)
    assert_allclose(model.score(cut(z, 100), cut(labels, 100)), local.score(z, labels))
