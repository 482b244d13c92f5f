"""LinearClassifier and LinearRegressor on arrays of other libraries, against themselves on NumPy's.

Like tests/losses/test_arrays.py this needs SCIPY_ARRAY_API=1 before SciPy is imported, so a process of its own.
"""

import os
import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator

from sklearn_losses import LinearClassifier, LinearRegressor, LogLoss, SGDClassifier, SGDRegressor
from sklearn_losses.linear_model import _arrays, _linear_arrays
from sklearn_losses.linear_model.solvers import _array_sums
from sklearn_losses.losses import LOSSES
from sklearn_losses.losses._targets import as_numpy

pytest.importorskip("array_api_compat")
DISPATCHES = os.environ.get("SCIPY_ARRAY_API") == "1"
needs_dispatch = pytest.mark.skipif(not DISPATCHES, reason="runs in the process that test_dispatched starts")


class Library:
    """A library, and a device of it."""

    def __init__(self, name, device=None):
        self.xp = pytest.importorskip(name)
        self.device = self.xp.Device(device) if device else "cpu" if name == "torch" else None
        self.wide = self.xp.float32 if device == "no_float64" else self.xp.float64

    def __call__(self, values, dtype=None):
        values = np.array(values)
        if values.dtype == np.float64 and dtype is None:
            dtype = self.wide
        return self.xp.asarray(values, dtype=dtype, device=self.device)

    def owns(self, array):
        return type(array) is type(self([0.0])) and array.device == self([0.0]).device


LIBRARIES = {"torch": ("torch",), "strict": ("array_api_strict", "device1")}


@pytest.fixture(params=LIBRARIES)
def library(request):
    there = Library(*LIBRARIES[request.param])
    with config_context(array_api_dispatch=True):
        yield there


def drawn(n=160, d=5, seed=0):
    """Columns on scales from 1e-3 to 1e4, the same brought to one scale, and weights of which some are zero."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, d))
    weight = rng.uniform(0.5, 2.0, n)
    weight[::10] = 0.0
    return z * np.geomspace(1e-3, 1e4, d) + rng.normal(size=d), z, weight


def target(kind, z, seed=1):
    rng = np.random.default_rng(seed)
    f = z @ np.linspace(-1.0, 1.0, z.shape[1]) + rng.normal(size=len(z))
    rows = np.exp(np.stack([f, -f, z[:, 0]], axis=1))
    return {
        "numbers": f,
        "counts": np.floor(np.exp(np.clip(f, None, 3.0))),
        "two": np.where(f > 0.3, 7, 3),
        "three": np.digitize(f, [-1.0, 1.0]),
        "soft": rows / rows.sum(axis=1, keepdims=True),
        "columns": np.stack([f, f**2, z[:, 0]], axis=1),
        "labels": (np.stack([f, -f - 1.0, z[:, 0]], axis=1) > 0).astype(int),
        "positive": np.exp(f),
    }[kind]


CASES = [
    (LinearRegressor(), "numbers"),
    (LinearRegressor("huber"), "numbers"),
    (LinearRegressor("log_cosh"), "columns"),
    (LinearRegressor("poisson"), "counts"),
    (LinearRegressor("gamma"), "positive"),
    (LinearRegressor("expectile"), "numbers"),
    (LinearRegressor(), "columns"),
    (LinearRegressor(fit_intercept=False), "numbers"),
    (LinearClassifier(), "two"),
    (LinearClassifier(class_weight="balanced"), "three"),
    (LinearClassifier("squared_hinge", fit_intercept=False), "three"),
    (LinearClassifier("cross_entropy"), "two"),
    (LinearClassifier("cross_entropy", class_weight={0: 1.0, 1: 2.0, 2: 5.0}), "three"),
    (LinearClassifier("cross_entropy", fit_intercept=False), "soft"),
    (LinearClassifier("cross_entropy", class_weight="balanced"), "soft"),
    (LinearClassifier("kl_divergence"), "soft"),
    (LinearClassifier("multilabel_log_loss"), "labels"),
]
NAMES = [f"{case[0]!r}, {case[1]}" for case in CASES]


def on_numpy(estimator, X, y, **weights):
    with config_context(array_api_dispatch=False):
        return clone(estimator).fit(X, y, **weights)


@pytest.mark.parametrize(
    ("library", "weighted"), [("torch", False), ("torch", True), ("strict", True)], indirect=["library"]
)
@pytest.mark.parametrize(("estimator", "kind"), CASES, ids=NAMES)
@needs_dispatch
def test_models_are_numpys(library, estimator, kind, weighted):
    X, z, weight = drawn()
    y = target(kind, z)
    estimator = clone(estimator).set_params(alpha=1e-2, tol=1e-15)
    weights = {"sample_weight": weight} if weighted else {}
    reference = on_numpy(estimator, X, y, **weights)
    there = {name: library(values) for name, values in weights.items()}
    model = clone(estimator).fit(library(X), library(y), **there)

    coupled = estimator.loss in ("cross_entropy", "kl_divergence", "multilabel_log_loss")  # there L-BFGS's
    assert model.solver_ == ("lbfgs" if coupled else reference.solver_)
    assert model.objective_ == pytest.approx(reference.objective_, rel=1e-9)
    for name in ("coef_", "intercept_"):
        found, expected = getattr(model, name), getattr(reference, name)
        assert library.owns(found)
        assert found.dtype == library.wide
        assert found.shape == expected.shape
    for method in ("predict", "decision_function", "predict_proba", "predict_log_proba"):
        if not hasattr(reference, method):
            continue
        found = getattr(model, method)(library(X))
        assert library.owns(found)
        with config_context(array_api_dispatch=False):
            expected = getattr(reference, method)(X)
        if method != "predict" or not hasattr(model, "classes_"):
            assert found.dtype == library.wide
            # along flat ways L-BFGS, here as there, ends where the objective's rounding hides the minimum
            tolerance = 5e-6 if kind == "labels" else 1e-6
            assert np.max(np.abs(as_numpy(found) - expected)) <= tolerance * np.max(np.abs(expected))
        else:
            assert np.array_equal(as_numpy(found), expected)
    if kind == "soft":
        assert model.score(library(X), library(y), **there) == pytest.approx(
            reference.score(X, y, **weights), abs=1e-9
        )


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@needs_dispatch
def test_both_solvers_agree_with_numpys(library, solver):
    X, z, weight = drawn()
    y = target("two", z)
    reference = on_numpy(LinearClassifier(alpha=1e-3), X, y, sample_weight=weight)
    model = LinearClassifier(alpha=1e-3, solver=solver, tol=1e-13)
    model.fit(library(X), library(y), library(weight))
    assert model.solver_ == solver
    np.testing.assert_allclose(as_numpy(model.coef_), reference.coef_, rtol=1e-6)


@pytest.mark.parametrize(("n", "d"), [(20, 50), (1, 1), (2, 3), (40, 1)])
@needs_dispatch
def test_wide_and_tiny_data(library, n, d):
    X, z, _ = drawn(n, d)
    y = target("numbers", z)
    estimator = LinearRegressor(alpha=1e-2)
    reference, model = on_numpy(estimator, X, y), estimator.fit(library(X), library(y))
    with config_context(array_api_dispatch=False):
        expected = reference.predict(X)
    np.testing.assert_allclose(as_numpy(model.predict(library(X))), expected, rtol=1e-6, atol=1e-6)


@needs_dispatch
def test_columns_that_hold_one_number_or_mostly_zeros(library):
    X, z, _ = drawn(100, 4)
    X[:, 0] = 3.0
    X[:, 1] = np.arange(100) % 10 == 0
    y = target("numbers", z)
    reference, model = on_numpy(LinearRegressor(), X, y), LinearRegressor().fit(library(X), library(y))
    np.testing.assert_allclose(as_numpy(model.coef_), reference.coef_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("penalty", ["l1", "elasticnet"])
@pytest.mark.parametrize("kind", ["numbers", "three"])
@needs_dispatch
def test_l1_penalties(library, penalty, kind):
    _, z, _ = drawn(200, 8)
    y = target(kind, z[:, :3])
    estimator = (LinearRegressor if kind == "numbers" else LinearClassifier)(
        penalty=penalty, alpha=0.1, tol=1e-12
    )
    reference, model = on_numpy(estimator, z, y), estimator.fit(library(z), library(y))
    assert model.solver_ == "newton"
    found = as_numpy(model.coef_)
    np.testing.assert_allclose(found, reference.coef_, atol=1e-6)
    assert np.array_equal(found == 0.0, reference.coef_ == 0.0)
    assert 0 < np.count_nonzero(found) < found.size


@needs_dispatch
def test_blocks_of_rows_are_summed(library, monkeypatch):
    _, X, weight = drawn()
    monkeypatch.setattr(_array_sums, "ON_PROCESSOR", (350, 67))
    monkeypatch.setattr(_array_sums, "ON_DEVICE", (350, 67))
    for estimator, kind in ((LinearClassifier(), "two"), (LinearClassifier("cross_entropy"), "three")):
        y = target(kind, X)
        estimator = estimator.set_params(alpha=1e-2, tol=1e-13)
        reference = on_numpy(estimator, X, y, sample_weight=weight)
        estimator.fit(library(X), library(y), library(weight))
        np.testing.assert_allclose(as_numpy(estimator.coef_), reference.coef_, atol=1e-6)


@pytest.mark.parametrize(
    ("estimator", "kind"),
    [(LinearClassifier("log_loss"), "two"), (LinearClassifier("cross_entropy"), "three")],
    ids=["newton", "lbfgs"],
)
@needs_dispatch
def test_a_sample_of_the_rows_comes_first(library, monkeypatch, estimator, kind):
    monkeypatch.setattr(_array_sums, "ROWS", 25)
    monkeypatch.setattr(_array_sums, "ROWS_A_COLUMN", 5)
    samples, original = [], _array_sums.ArrayProblem.sample
    monkeypatch.setattr(
        _array_sums.ArrayProblem, "sample", lambda self: samples.append(original(self)) or samples[-1]
    )
    _, z, weight = drawn(480)
    y = target(kind, z)
    estimator = clone(estimator).set_params(alpha=1e-2, tol=1e-12)
    weight[::16] = 0.0  # the whole sample
    for weights in ({}, {"sample_weight": weight}):
        reference = on_numpy(estimator, z, y, **weights)
        model = clone(estimator).fit(library(z), library(y), *(library(w) for w in weights.values()))
        np.testing.assert_allclose(as_numpy(model.coef_), reference.coef_, atol=1e-6)
    assert samples[0].X.shape == (30, 5)
    assert float(_array_sums.as_numpy(samples[0].weight).sum()) == pytest.approx(1.0)
    assert samples[1] is None


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@needs_dispatch
def test_float32(library, solver):
    _, z, _ = drawn()
    X, y = z.astype(np.float32), target("two", z)
    reference = on_numpy(LinearClassifier(alpha=1e-2), z, y)
    model = LinearClassifier(alpha=1e-2, solver=solver, tol=1e-8).fit(library(X), library(y))
    for array in (model.coef_, model.intercept_, model.predict_proba(library(X))):
        assert array.dtype == library.xp.float32
    np.testing.assert_allclose(as_numpy(model.coef_), reference.coef_, rtol=2e-3)


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize(("estimator", "kind"), [CASES[1], CASES[3], CASES[8]], ids=lambda case: repr(case))
@needs_dispatch
def test_a_device_without_float64(solver, estimator, kind):
    library = Library("array_api_strict", "no_float64")
    _, z, weight = drawn()
    y = target(kind, z)
    estimator = clone(estimator).set_params(alpha=1e-2, solver=solver)
    reference = on_numpy(estimator, z, y, sample_weight=weight)
    with config_context(array_api_dispatch=True):
        # y and weights from elsewhere, in float64, follow X
        model = clone(estimator).fit(library(z), y, weight)
        assert library.owns(model.coef_)
        found = as_numpy(model.predict(library(z)))
    np.testing.assert_allclose(model.objective_, reference.objective_, rtol=1e-3)
    with config_context(array_api_dispatch=False):
        expected = reference.predict(z)
    assert np.mean(np.abs(found - expected)) <= 0.02 * np.std(expected)


# ---- what comes in, and what goes out ------------------------------------------------------------


@needs_dispatch
def test_labels_of_all_kinds(library):
    _, z, _ = drawn(60)
    X, codes = library(z), (z[:, 0] > 0).astype(int)
    xp = library.xp
    for y, kind in (
        (library(np.array([5, -2])[codes]), "signed integer"),
        (library(codes[:, None] == 1)[:, 0], "bool"),
        (library(np.array([-1.0, 1.0])[codes]), "real floating"),
        (np.array([5, -2])[codes], "signed integer"),
        (np.array([5, -2])[codes].tolist(), "signed integer"),
    ):
        model = LinearClassifier().fit(X, y)
        predicted = model.predict(X)
        assert library.owns(predicted)
        space = _arrays.other_namespace(predicted)
        assert space.isdtype(predicted.dtype, kind)
        if not isinstance(y, list):  # for these scikit-learn's accuracy has a bug of its own
            assert model.score(X, y) > 0.95
            assert type(model.score(X, y)) is float
    assert type(model.classes_) is np.ndarray  # of the y, as in scikit-learn
    assert library.owns(LinearClassifier().fit(X, library(codes)).classes_)

    for y in (np.array(["no", "yes"])[codes], np.array(["no", "yes"], dtype=object)[codes]):
        model = LinearClassifier().fit(X, y)
        predicted = model.predict(X)
        assert type(predicted) is np.ndarray  # no library has strings
        assert np.mean(predicted == y) > 0.95
        assert model.score(X, y) > 0.95
        assert library.owns(model.decision_function(X))
    assert xp is not None


@needs_dispatch
def test_everything_follows_X(library):
    _, z, weight = drawn()
    y = target("numbers", z)
    reference = on_numpy(LinearRegressor(), z, y, sample_weight=weight)
    other = Library("array_api_strict") if library.xp.__name__ == "torch" else Library("torch")
    for X, Y, W in (
        (library(z), y, weight),
        (library(z), other(y), other(weight)),
        (library(z), y.tolist(), 1.0),
        (z, library(y), library(weight)),
    ):
        model = LinearRegressor().fit(X, Y, W)
        if isinstance(X, np.ndarray):
            assert type(model.coef_) is np.ndarray
        else:
            assert library.owns(model.coef_)
        if not isinstance(W, float):
            np.testing.assert_allclose(as_numpy(model.coef_), reference.coef_, rtol=1e-9)


@needs_dispatch
def test_a_model_predicts_where_it_was_fitted(library):
    _, z, _ = drawn()
    y = target("two", z)
    there = LinearClassifier().fit(library(z), library(y))
    here = LinearClassifier().fit(z, y)
    for method in ("predict", "decision_function", "predict_proba", "predict_log_proba"):
        with pytest.raises(ValueError, match=rf"LinearClassifier.{method}\(\) must use the same namespace"):
            getattr(there, method)(z)
        with pytest.raises(ValueError, match="arrays of NumPy"):
            getattr(here, method)(library(z))
    if library.xp.__name__ == "array_api_strict":
        elsewhere = Library("array_api_strict", "device2")
        with pytest.raises(ValueError, match="the same device"):
            there.predict(elsewhere(z))
    with pytest.raises(NotFittedError):
        LinearClassifier().predict(library(z))


@needs_dispatch
def test_without_dispatch_everything_is_numpys(library):
    torch = pytest.importorskip("torch")
    _, z, _ = drawn()
    y = target("three", z)
    there = LinearClassifier("cross_entropy").fit(library(z), library(y))
    expected = as_numpy(there.predict_proba(library(z)))
    with config_context(array_api_dispatch=False):
        # a model that was fitted elsewhere predicts all the same
        np.testing.assert_allclose(there.predict_proba(z), expected, rtol=1e-12)
        assert np.mean(there.predict(z) == y) > 0.5
        assert type(there.predict(torch.asarray(z))) is np.ndarray
        assert np.isfinite(there.score(z, y))
        converted = LinearClassifier().fit(torch.asarray(z), torch.asarray(y))
        assert type(converted.coef_) is np.ndarray
        assert type(converted.classes_) is np.ndarray


@needs_dispatch
def test_pytorchs_gradients_do_not_get_in():
    torch = pytest.importorskip("torch")
    _, z, weight = drawn()
    X, y, w = (torch.tensor(a, requires_grad=True) for a in (z, target("numbers", z), weight))
    with config_context(array_api_dispatch=True):
        model = LinearRegressor().fit(X, y, w)
        assert not model.coef_.requires_grad
        assert not model.predict(X).requires_grad


@needs_dispatch
def test_only_sums_and_targets_leave_the_device(library, monkeypatch):
    sizes = []

    def watched(values):
        values = as_numpy(values)
        sizes.append(values.size)
        return values

    for module in (_arrays, _linear_arrays, _array_sums):
        monkeypatch.setattr(module, "as_numpy", watched)
    X, z, _ = drawn(400, 10)
    for estimator, kind in ((LinearClassifier(), "two"), (LinearClassifier("cross_entropy"), "three")):
        sizes.clear()
        estimator.fit(library(X), library(target(kind, z)))
        assert 0 < max(sizes) <= 11 * 11  # the Hessian; not even a number a sample
    LinearRegressor("huber").fit(library(X), library(target("numbers", z)))
    assert max(sizes) <= 400


@needs_dispatch
def test_rare_events_beyond_the_sample_that_the_host_sees(library, monkeypatch):
    monkeypatch.setattr(_linear_arrays, "SAMPLED", 50)
    X, z, _ = drawn(200, 2)
    y = np.zeros(200)
    y[[7, 23, 101]] = 1.0, 2.0, 1.0  # none of which is in every fourth row
    estimator = LinearRegressor("poisson", alpha=1e-2)
    reference, model = on_numpy(estimator, X, y), estimator.fit(library(X), library(y))
    np.testing.assert_allclose(as_numpy(model.coef_), reference.coef_, rtol=1e-6, atol=1e-12)
    y = target("numbers", z)
    reference, model = on_numpy(LinearRegressor("huber"), X, y), LinearRegressor("huber")
    np.testing.assert_allclose(as_numpy(model.fit(library(X), library(y)).coef_), reference.coef_, rtol=1e-6)


@needs_dispatch
def test_warm_start_crosses_over(library):
    X, z, _ = drawn()
    y = target("three", z)
    model = LinearClassifier("cross_entropy", warm_start=True, alpha=1e-2, tol=1e-8)
    first = model.fit(library(X), library(y)).n_iter_
    assert model.fit(library(X), library(y)).n_iter_ < first / 2
    assert model.fit(X, y).n_iter_ < first / 2
    assert type(model.coef_) is np.ndarray
    assert model.fit(library(X), library(y)).n_iter_ < first / 2


@needs_dispatch
def test_a_failed_fit_changes_nothing(library):
    X, z, _ = drawn()
    y = target("two", z)
    model = LinearClassifier().fit(library(X), library(y))
    before = dict(vars(model))
    model.solver = "dual"
    with pytest.raises(ValueError, match="'dual' takes samples one by one"):
        model.fit(library(X[:, :2]), library(3 * y))
    model.solver = "auto"
    assert {name: id(value) for name, value in vars(model).items()} == {
        name: id(value) for name, value in before.items()
    }


@needs_dispatch
def test_progress(library, capsys):
    X, z, _ = drawn()
    LinearClassifier(verbose=1).fit(library(X), library(target("three", z)))
    printed = capsys.readouterr().out
    assert "[0] Iteration 1: objective" in printed
    assert "[2] Iteration 2: objective" in printed


@needs_dispatch
def test_callbacks_see_arrays_of_the_library(library):
    pytest.importorskip("sklearn.callback")
    seen = []

    class Recorder:
        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "epoch":
                seen.append(fitted_estimator.coef_)
            return len(seen) == 2

    X, z, _ = drawn()
    model = LinearClassifier().set_callbacks(Recorder())
    model.fit(library(X), library(target("two", z)))
    assert len(seen) == 2 == model.n_iter_
    assert all(library.owns(coef) for coef in seen)


@needs_dispatch
def test_scorers_searches_and_pickles(library):
    _, z, _ = drawn()
    y = target("two", z)
    X, Y = library(z), library(y)
    model = LinearClassifier().fit(X, Y)
    with config_context(array_api_dispatch=False):
        expected = LogLoss().scorer()(LinearClassifier().fit(z, y), z, y)
    assert LogLoss().scorer()(model, X, Y) == pytest.approx(expected)
    assert library.owns(pickle.loads(pickle.dumps(model)).coef_)
    if library.xp.__name__ == "torch":  # array-api-strict takes no NumPy indices
        search = GridSearchCV(LinearClassifier(), {"alpha": [1e-4, 1e-1]}, scoring=LogLoss().scorer(), cv=3)
        assert library.owns(search.fit(X, Y).best_estimator_.coef_)


# ---- what cannot be done -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "kind", "message"),
    [
        (LinearRegressor(solver="dual"), "numbers", "use 'auto', 'newton' or 'lbfgs'"),
        (LinearRegressor("absolute_error"), "numbers", "'huber', 'pseudo_huber' or 'log_cosh'"),
        (LinearRegressor("pinball", solver="lbfgs"), "numbers", "'smooth_pinball' or 'expectile'"),
        (LinearClassifier("hinge"), "two", "'squared_hinge', 'modified_huber' or 'log_loss'"),
        (
            LinearClassifier("hinge"),
            "three",
            "its slope jumps.*'squared_hinge', 'modified_huber' or 'log_loss'",
        ),
        (LinearClassifier("cross_entropy", solver="newton"), "three", "use 'lbfgs'"),
        (LinearRegressor("cauchy", solver="newton"), "numbers", "not convex; use 'lbfgs'"),
        (LinearRegressor("log_loss"), "numbers", r"needs values in \[0, 1\]"),
        (LinearRegressor("poisson"), "numbers", "y contains -"),
        (LinearRegressor("hinge"), "two", "predicts numbers"),
        (LinearClassifier("cosine_distance"), "columns", "loss of vectors"),
        (LinearClassifier(), "numbers", "Unknown label type"),
        (LinearClassifier("cross_entropy"), "columns", r"needs values in \[0, 1\]"),
        (
            LinearClassifier("multilabel_log_loss", class_weight="balanced"),
            "labels",
            "class_weight must be None",
        ),
        (LinearClassifier(), "soft", "y should be a 1d array of labels"),
    ],
)
@needs_dispatch
def test_what_cannot_be_done_is_said(library, estimator, kind, message):
    X, z, _ = drawn()
    with pytest.raises(ValueError, match=message):
        clone(estimator).fit(library(X), library(target(kind, z)))


@needs_dispatch
def test_data_that_are_wrong(library):
    X, z, weight = drawn()
    y = target("numbers", z)
    infinite, missing = X.copy(), y.copy()
    infinite[3, 1], missing[5] = np.inf, np.nan
    for given, message in (
        ((library(infinite), library(y)), "Input X contains infinity"),
        ((library(X), library(missing)), "Input y contains NaN"),
        ((library(X), missing), "Input y contains NaN"),
        ((library(y), library(y)), "Expected 2D"),
        ((library(X), library(y[1:])), "inconsistent numbers of samples"),
        ((library(X), None), "requires y to be passed"),
        ((library(X), library(y), library(-weight)), "must not be negative"),
        ((library(X), library(y), library(0.0 * weight)), "at least one non-zero"),
        ((library(X), library(y), library(weight[1:])), r"sample_weight.shape == \(159,\)"),
        ((library(X), library(y), library(missing)), "sample_weight contains NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            LinearRegressor().fit(*given)
    with pytest.raises(ValueError, match="greater than one; got 1 class"):
        LinearClassifier().fit(library(X), library(np.full(len(X), 7)))
    labels = target("two", z)
    with pytest.raises(ValueError, match="positive weight"):
        LinearClassifier().fit(library(X), library(labels), library((labels == 7).astype(float)))
    with pytest.raises(ValueError, match="expecting 5 features"):
        LinearRegressor().fit(library(X), library(y)).predict(library(X[:, :3]))


@needs_dispatch
def test_sparse_tensors_are_refused():
    torch = pytest.importorskip("torch")
    X = torch.eye(4, dtype=torch.float64)
    with config_context(array_api_dispatch=True), pytest.raises(ValueError, match="sparse tensor"):
        LinearRegressor().fit(X.to_sparse(), torch.arange(4.0))


@pytest.mark.parametrize("estimator", [SGDClassifier(), SGDRegressor()], ids=repr)
@needs_dispatch
def test_sgd_says_that_it_is_for_numpy(library, estimator):
    _, z, _ = drawn()
    y = target("two", z)
    classes = {"classes": np.unique(y)} if isinstance(estimator, SGDClassifier) else {}
    with pytest.raises(ValueError, match="trains on NumPy arrays"):
        estimator.fit(library(z), library(y))
    with pytest.raises(ValueError, match="trains on NumPy arrays"):
        estimator.partial_fit(library(z), library(y), **classes)
    estimator.fit(z, y)
    with pytest.raises(ValueError, match="must use the same namespace"):
        estimator.predict(library(z))
    with pytest.raises(ValueError, match="sparsify"):
        LinearRegressor().fit(library(z), library(y)).sparsify()


CHECKS = [
    (estimator, check)
    for estimator in (
        LinearRegressor(),
        LinearRegressor("huber", solver="lbfgs"),
        LinearClassifier(),
        LinearClassifier("cross_entropy"),
        LinearClassifier("hinge", solver="dual"),  # whose tag says that it takes none
    )
    for estimator, check in estimator_checks_generator(estimator)
    if "array_api" in check.func.__name__
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
@needs_dispatch
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


TARGETS = {
    "signs": np.where(np.arange(40) % 3 == 0, -1.0, 1.0),
    "zero or one": (np.arange(40) % 3 == 0).astype(float),
    "soft": np.linspace(0.0, 1.0, 40),
    "one and two": 1.0 + np.arange(40) % 2,
    "halves": np.tile([0.5, 2.0], 20),
    "mixed": np.tile([-1.0, 0.5, 1.0, 1.0], 10),
    "nan": np.append(np.tile([0.0, 1.0, 1.0], 13), np.nan),
}


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("loss", ["log_loss", "squared_error", "poisson"])
@needs_dispatch
def test_targets_are_read_as_numpys(library, loss, kind):
    """Signs become 0 and 1, and what is refused is refused in the same words."""
    X, y = np.random.default_rng(0).normal(size=(40, 3)), TARGETS[kind]
    model = LinearRegressor(loss, alpha=0.1)
    try:
        expected = clone(model).fit(X, y)
    except ValueError as error:
        with pytest.raises(ValueError, match=re.escape(str(error).partition(".")[0])):
            model.fit(library(X), library(y))
    else:
        model.fit(library(X), library(y))
        np.testing.assert_allclose(as_numpy(model.coef_), expected.coef_, rtol=1e-4, atol=1e-6)


@needs_dispatch
def test_small_coupled_problems_have_the_coefficients_of_numpys(library):
    """There 'newton' solves them to the last digits; here 'lbfgs' does, nearly."""
    _, z, _ = drawn()
    for kind in ("two", "three"):
        y = target(kind, z)
        here = LinearClassifier("cross_entropy", alpha=1e-4).fit(z, y)
        there = LinearClassifier("cross_entropy", alpha=1e-4).fit(library(z), library(y))
        assert (here.solver_, there.solver_) == ("newton", "lbfgs")
        np.testing.assert_allclose(as_numpy(there.coef_), here.coef_, atol=1e-5 * np.abs(here.coef_).max())


@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs", "dual"])
@pytest.mark.parametrize("alias", LOSSES)
@needs_dispatch
def test_the_tag_says_what_is_fitted(library, alias, solver):
    loss = LOSSES[alias]()
    model = (LinearRegressor if loss.target_kind in ("number", "vector", "moments") else LinearClassifier)(
        alias, solver=solver, max_iter=2
    )
    y, _ = loss.examples.draw(np.random.default_rng(0), 60)
    X = library(np.random.default_rng(1).normal(size=(60, 3)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge
        if get_tags(model).array_api_support:
            model.fit(X, library(y))
        else:
            with pytest.raises(ValueError, match=r"solver|slope|variance"):
                model.fit(X, library(y))


@pytest.mark.skipif(DISPATCHES, reason="this is that process")
def test_dispatched():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    run = subprocess.run(
        command, env={**os.environ, "SCIPY_ARRAY_API": "1"}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-3000:]
    assert " passed" in run.stdout
