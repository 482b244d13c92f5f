"""Functional metrics: signatures, docstrings, and the numbers of scikit-learn and SciPy."""

import inspect
import pickle
import re
from functools import partial

import numpy as np
import pytest
import scipy.special
import scipy.stats
import sklearn.metrics as theirs
from numpy.testing import assert_allclose
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score

import sklearn_losses.metrics as ours
from sklearn_losses import LOSSES, Huber, get_scorer, get_scorer_names
from sklearn_losses.metrics._functions import FUNCTIONS as functions_by_name

rng = np.random.default_rng(0)
N = 50
Y, F, W = rng.normal(size=N), rng.normal(size=N), rng.uniform(0.1, 3, N)
P, CODES = rng.dirichlet(np.ones(3), N), rng.integers(0, 3, N)
FUNCTIONS = sorted(functions_by_name)

each = pytest.mark.parametrize("name", FUNCTIONS)


def test_there_is_one_for_every_loss():
    assert sorted(FUNCTIONS) == sorted(cls.metric_name() for cls in LOSSES.values())
    assert set(FUNCTIONS) <= set(ours.__all__)
    assert {"absolute_error", "cross_entropy", "hinge_loss", "huber_loss", "log_loss"} <= set(FUNCTIONS)


# ---- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [None, W])
@pytest.mark.parametrize("multioutput", ["uniform_average", "raw_values", [0.2, 0.3, 0.5], None])
@pytest.mark.parametrize("name", ["squared_error", "absolute_error"])
def test_regression_metrics_of_scikit_learn(name, multioutput, weight):
    mine, their = getattr(ours, name), getattr(theirs, f"mean_{name}")
    options = {"sample_weight": weight}
    if multioutput is None:
        assert mine(Y, F, **options) == pytest.approx(their(Y, F, **options), rel=1e-13)
        return
    y, f = rng.normal(size=(N, 3)), rng.normal(size=(N, 3))
    options["multioutput"] = multioutput
    assert_allclose(mine(y, f, **options), their(y, f, **options), rtol=1e-13)
    if multioutput == "raw_values":
        assert mine(Y, F, **options).shape == (1,)


@pytest.mark.parametrize("weight", [None, W])
def test_log_loss_of_scikit_learn(weight):
    options = {"sample_weight": weight}
    assert ours.log_loss(CODES, P, **options) == pytest.approx(
        theirs.log_loss(CODES, P, **options), rel=1e-13
    )
    y, p = CODES % 2, P[:, 0]
    expected = theirs.log_loss(y, p, **options)
    assert ours.log_loss(y, p, **options) == pytest.approx(expected, rel=1e-13)
    assert ours.log_loss(y, np.column_stack([1 - p, p]), **options) == pytest.approx(expected, rel=1e-13)
    names = np.array(["no", "yes"])
    assert ours.log_loss(names[y], p, **options) == pytest.approx(expected, rel=1e-13)
    assert ours.log_loss(names[y], 1 - p, pos_label="no", **options) == pytest.approx(expected, rel=1e-13)
    single = p.astype(np.float32)
    assert ours.log_loss(y, single) == pytest.approx(theirs.log_loss(y, single), rel=1e-6)
    for certain in (np.array([0.0, 1.0, 1.0]), np.array([0.0, 1.0, 1.0], np.float32)):
        assert ours.log_loss([1, 1, 0], certain) == pytest.approx(
            theirs.log_loss([1, 1, 0], certain), rel=1e-6
        )


@pytest.mark.parametrize("weight", [None, W])
def test_hinge_loss_of_scikit_learn(weight):
    for y in (np.sign(Y), np.where(Y > 0, "b", "a"), (Y > 0).astype(int)):
        expected = theirs.hinge_loss(y, F, sample_weight=weight)
        assert ours.hinge_loss(y, F, sample_weight=weight) == pytest.approx(expected, rel=1e-13)


def test_kl_divergence_of_scipy():
    q = rng.dirichlet(np.ones(3), N)
    sparse = np.where(P < 0.2, 0.0, P)
    sparse /= sparse.sum(axis=1, keepdims=True)
    for p in (P, sparse):
        expected = scipy.stats.entropy(p, q, axis=1)
        assert ours.kl_divergence(p, q) == pytest.approx(expected.mean(), rel=1e-12)
        assert ours.kl_divergence(p, q, sample_weight=W) == pytest.approx(
            np.average(expected, weights=W), rel=1e-12
        )
    entropy = scipy.stats.entropy(P, axis=1).mean()
    assert ours.cross_entropy(P, q) == pytest.approx(ours.kl_divergence(P, q) + entropy, rel=1e-13)


def test_huber_loss_of_scipy():
    y, f = rng.normal(size=(N, 2)), rng.normal(size=(N, 2))
    expected = np.average(scipy.special.huber(0.5, y - f), axis=0, weights=W)
    found = ours.huber_loss(y, f, delta=0.5, sample_weight=W, multioutput="raw_values")
    assert_allclose(found, expected, rtol=1e-13)


def test_order_of_labels():
    """labels= is the order of the columns here; scikit-learn sorts it (scikit-learn#30910)."""
    names = np.array(["b", "c", "a"])
    expected = -np.mean(np.log(P[np.arange(N), CODES]))
    assert ours.log_loss(names[CODES], P, labels=names) == pytest.approx(expected, rel=1e-13)
    assert ours.cross_entropy(names[CODES], P, labels=names) == pytest.approx(expected, rel=1e-13)


# ---- signatures and errors -----------------------------------------------------------------------


def test_signatures():
    signature = {name: str(inspect.signature(getattr(ours, name))) for name in FUNCTIONS}
    several = "sample_weight=None, multioutput='uniform_average')"
    assert signature["squared_error"] == signature["absolute_error"] == f"(y_true, y_pred, *, {several}"
    assert signature["huber_loss"] == f"(y_true, y_pred, *, delta=1.0, {several}"
    two = "(y_true, y_pred, *, sample_weight=None, labels=None, pos_label=None)"
    assert signature["log_loss"] == signature["hinge_loss"] == two
    assert signature["cross_entropy"] == (
        "(y_true, y_pred, *, label_smoothing=0.0, sample_weight=None, labels=None)"
    )
    assert signature["kl_divergence"] == "(y_true, y_pred, *, sample_weight=None, labels=None)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ours.huber_loss([1], [1], 2.0), "huber_loss() too many positional arguments"),
        (lambda: ours.huber_loss([1]), "huber_loss() missing a required argument: 'y_pred'"),
        (
            lambda: ours.huber_loss([1], [1], gamma=1),
            "huber_loss() got an unexpected keyword argument 'gamma'",
        ),
        (
            lambda: ours.hinge_loss([1], [1], delta=1),
            "hinge_loss() got an unexpected keyword argument 'delta'",
        ),
        (lambda: ours.log_loss([1], y_true=[1]), "log_loss() multiple values for argument 'y_true'"),
    ],
)
def test_wrong_calls_read_as_in_python(call, message):
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.parametrize("multioutput", ["variance_weighted", "average", None, [1, 2], [[1, 2, 3]], 3])
def test_wrong_multioutput(multioutput):
    y = np.ones((4, 3))
    with pytest.raises(
        ValueError, match="multioutput must be 'raw_values', 'uniform_average', or hold one weight"
    ):
        ours.squared_error(y, y, multioutput=multioutput)


def test_errors_are_those_of_the_loss():
    with pytest.raises(ValueError, match="parameter delta of Huber must be a number in"):
        ours.huber_loss([1], [1], delta=-1)
    with pytest.raises(ValueError, match="y_pred contains 1.3 at position 0"):  # noqa: RUF043
        ours.log_loss([1, 0], [1.3, 0.2])


# ---- docstrings ----------------------------------------------------------------------------------


@each
def test_docstring(name):
    function = getattr(ours, name)
    cls = next(cls for cls in LOSSES.values() if cls.metric_name() == name)
    doc = inspect.getdoc(function)
    titles = re.findall(r"^(\w[\w ]+)\n(-+)$", doc, flags=re.MULTILINE)
    assert [title for title, _ in titles] == ["Parameters", "Returns", "See Also", "References"]
    assert all(len(title) == len(line) for title, line in titles)
    assert doc.split("\n")[0] == inspect.getdoc(cls).split("\n")[0]
    described = re.findall(r"^(\w+) : ", doc.split("Returns\n")[0], flags=re.MULTILINE)
    assert described == list(inspect.signature(function).parameters)
    assert f"what `{cls.response_method}` returns" in doc
    assert f"sklearn_losses.{cls.__name__} :" in doc
    assert doc.rstrip().endswith(".")
    assert "\n\n\n" not in doc


@each
def test_function_object(name):
    function = getattr(ours, name)
    assert function.__name__ == function.__qualname__ == name
    assert function.__module__ == "sklearn_losses.metrics"
    assert pickle.loads(pickle.dumps(function)) is function
    assert name in dir(ours)


def test_help_is_readable(capsys):
    help(ours.huber_loss)
    shown = capsys.readouterr().out
    assert "huber_loss(y_true, y_pred, *, delta=1.0, sample_weight=None" in shown
    assert "delta : float, default=1.0" in shown


# ---- scorers -------------------------------------------------------------------------------------


def test_in_plain_make_scorer():
    scorer = make_scorer(ours.huber_loss, greater_is_better=False, delta=2.0)
    assert (
        repr(scorer)
        == "make_scorer(huber_loss, greater_is_better=False, response_method='predict', delta=2.0)"
    )
    assert repr(pickle.loads(pickle.dumps(scorer))) == repr(scorer)
    X, y = load_diabetes(return_X_y=True)
    expected = cross_val_score(Ridge(), X, y, scoring=Huber(delta=2.0).scorer(), cv=3)
    assert_allclose(cross_val_score(Ridge(), X, y, scoring=scorer, cv=3), expected, rtol=1e-14)
    both = {"function": scorer, "object": Huber(delta=2.0).scorer()}
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1e6]}, scoring=both, refit="function", cv=3, n_jobs=2)
    assert search.fit(X, y).best_params_ == {"alpha": 0.1}
    assert_allclose(*(search.cv_results_[f"mean_test_{name}"] for name in both), rtol=1e-14)
    assert "huber_loss" in repr(make_scorer(partial(ours.huber_loss, delta=2.0)))


def test_scorers_by_name():
    names = get_scorer_names()
    skills = [name for name in names if name.startswith("d2_")]
    assert set(skills) == {f"d2_{alias}" for alias, cls in LOSSES.items() if cls().complete}
    assert sorted(set(names) - set(skills)) == sorted(f"neg_{name}" for name in FUNCTIONS)
    X, y = load_diabetes(return_X_y=True)
    model = Ridge().fit(X, y)
    for name in sorted(set(names) - set(skills)):
        scorer = get_scorer(name)
        assert scorer.loss.metric_name() == name.removeprefix("neg_")
        assert scorer is not get_scorer(name)  # nobody changes another's
        if scorer.loss.response_method == "predict" and not scorer.loss.couples_outputs:
            expected = -getattr(ours, name.removeprefix("neg_"))(y, model.predict(X))
            assert scorer(model, X, y) == pytest.approx(expected, rel=1e-14)
    assert [get_scorer(name).__name__ for name in names] == names
    own = Huber(delta=3.0).scorer()
    assert get_scorer(own) is own
    for wrong in ("r2", None, 3, ["neg_log_loss"]):
        with pytest.raises(ValueError, match="is no scorer. Known names are") as caught:  # noqa: RUF043
            get_scorer(wrong)
        assert "neg_huber_loss" in str(caught.value)
