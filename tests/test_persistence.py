"""Stored and loaded: pickle, joblib, cloudpickle and skops, of every estimator and loss, by this version and older."""

import io
import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pytest

import sklearn_losses
from sklearn_losses import Huber, LogLoss, Pinball, RegressionLoss, SGDClassifier, SGDRegressor
from sklearn_losses.losses import LOSSES

FIXTURES = Path(__file__).parent / "fixtures"
RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.1 * RNG.standard_normal(80)
LABELS = np.array(["ant", "bee", "cat"])[np.digitize(Y, [-1.0, 1.0])]


class Own(RegressionLoss):
    """A loss of the user's, at the top of a module."""

    def __init__(self, ratio=3.0):
        self.ratio = ratio

    def formula(self, y, f):
        return np.where(y > f, self.ratio, 1.0) * (y - f) ** 2


def own_function(y, f):
    return np.abs(y - f) ** 1.5


def through_joblib(value):
    file = io.BytesIO()
    joblib.dump(value, file)
    file.seek(0)
    return joblib.load(file)


def trusted(data):
    """Return what skops is to be told: this package's and this module's classes, and nothing else."""
    from skops.io import get_untrusted_types

    types = get_untrusted_types(data=data)
    assert all(name.startswith(("sklearn_losses.", f"{__name__}.")) for name in types), types
    return types


def through_skops(value):
    skops = pytest.importorskip("skops.io")
    data = skops.dumps(value)
    return skops.loads(data, trusted=trusted(data))


WAYS = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "joblib": through_joblib,
    "cloudpickle": lambda value: cloudpickle.loads(cloudpickle.dumps(value)),
    "skops": through_skops,
}


@pytest.fixture(params=WAYS)
def through(request):
    return WAYS[request.param]


MODELS = {
    "by name": SGDRegressor(loss="huber", random_state=0),
    "loss object": SGDRegressor(loss=Pinball(quantile=0.9), random_state=0, average=True),
    "auto": SGDRegressor(loss="absolute_error", learning_rate="auto", random_state=0),
    "own loss": SGDRegressor(loss=Own(ratio=2.0), random_state=0),
    "own function": SGDRegressor(loss=own_function, random_state=0),
    "two classes": SGDClassifier(loss=LogLoss(), random_state=0, early_stopping="loss"),
    "three classes": SGDClassifier(loss="hinge", random_state=0, average=10),
}
MODELS |= {
    name: getattr(sklearn_losses, name)()
    for name in ("LinearClassifier", "LinearRegressor")
    if hasattr(sklearn_losses, name)
}


def target_of(name, model):
    if "Classifier" not in type(model).__name__:
        return Y
    return LABELS if name != "two classes" else LABELS == "ant"


def same(a, b):
    """A copy holds the same numbers, and computes with the same instructions: not a bit may differ."""
    for method in ("predict", "predict_proba", "decision_function"):
        assert hasattr(a, method) == hasattr(b, method)
        if hasattr(a, method):
            np.testing.assert_array_equal(getattr(a, method)(X), getattr(b, method)(X))


@pytest.mark.parametrize("name", MODELS)
def test_fitted_estimators(through, name):
    model = MODELS[name].fit(X, target_of(name, MODELS[name]))
    again = through(model)
    same(again, model)
    assert repr(again) == repr(model)
    same(again.fit(X, target_of(name, model)), model)


@pytest.mark.parametrize(
    "name", [name for name in MODELS if hasattr(MODELS[name], "partial_fit") and name != "auto"]
)
def test_going_on_with_partial_fit(through, name):
    y = target_of(name, MODELS[name])
    model = sklearn_losses.SGDRegressor() if y is Y else sklearn_losses.SGDClassifier()
    model.set_params(**MODELS[name].get_params(deep=False) | {"early_stopping": False})
    for start in (0, 20, 40):
        model.partial_fit(
            X[start : start + 20], y[start : start + 20], **({} if y is Y else {"classes": np.unique(y)})
        )
    again = through(model)
    same(again, model)
    same(again.partial_fit(X[60:], y[60:]), model.partial_fit(X[60:], y[60:]))


@pytest.mark.parametrize("alias", LOSSES)
def test_losses_and_their_scorers(through, alias):
    loss = LOSSES[alias]()
    names = [name for name, value in loss.get_params().items() if isinstance(value, float) and 0 < value < 10]
    loss.set_params(**{name: 0.9 * getattr(loss, name) + 0.1 * 1.5 for name in names})
    y, raw = loss.examples.draw(np.random.default_rng(0), 30)
    for value in (through(loss), through(loss.scorer()).loss, through(loss.d2_scorer()).loss):
        assert value.get_params() == loss.get_params()
        np.testing.assert_array_equal(value.gradient(y, raw), loss.gradient(y, raw))


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("way", WAYS)
def test_boosted_estimators(library, way):
    module = pytest.importorskip(library)
    from sklearn_losses.boosting import BoostedClassifier, BoostedRegressor

    if library == "xgboost":
        regressor = module.XGBRegressor(n_estimators=3, n_jobs=1)
    else:
        regressor = module.LGBMRegressor(n_estimators=3, n_jobs=1, verbose=-1)
    for model in (BoostedRegressor(regressor, Own()).fit(X, Y), BoostedClassifier(regressor).fit(X, LABELS)):
        if way == "skops":
            skops = pytest.importorskip("skops.io")
            data = skops.dumps(model)
            again = skops.loads(data, trusted=skops.get_untrusted_types(data=data))
        else:
            again = WAYS[way](model)
        same(again, model)


# ---- classes that the loading process does not have ------------------------------------------------

DEFINITION = """
import numpy as np
from sklearn_losses import RegressionLoss

class Defined(RegressionLoss):
    def __init__(self, power=1.5):
        self.power = power
    def formula(self, y, f):
        return np.abs(y - f) ** self.power
"""
WRITE = """
import pickle, sys, cloudpickle
sys.path.append("modules")
import my_losses
from sklearn_losses import SGDRegressor

X = np.arange(12.0).reshape(6, 2) / 12
for name, module, cls in [
    ("main, cloudpickle", cloudpickle, Defined),
    ("main, pickle", pickle, Defined),
    ("module, pickle", pickle, my_losses.Defined),
]:
    model = SGDRegressor(loss=cls(power=1.25), random_state=0).fit(X, X[:, 0])
    with open(name, "wb") as file:
        module.dump(model, file)
print(model.predict(X).tolist())
"""
READ = """
import pickle, sys
import numpy as np
X = np.arange(12.0).reshape(6, 2) / 12
for name in ["main, cloudpickle", "main, pickle", "module, pickle", "module, pickle"]:
    try:
        with open(name, "rb") as file:
            model = pickle.load(file)
    except Exception as error:
        print(type(error).__name__)
        if isinstance(error, ModuleNotFoundError):
            sys.path.append("modules")
    else:
        print(model.predict(X).tolist())
"""


def test_what_the_loading_process_needs_of_a_user_s_class(tmp_path):
    """Of the main script: cloudpickle, when storing. Of a module: that module."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "my_losses.py").write_text(DEFINITION)
    outputs = []
    for code in (DEFINITION + WRITE, READ):
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout.splitlines())
    (predictions,) = outputs[0]
    assert outputs[1] == [predictions, "AttributeError", "ModuleNotFoundError", predictions]


# ---- versions --------------------------------------------------------------------------------------


def stored_files():
    return sorted(path for path in FIXTURES.iterdir() if path.suffix in (".pickle", ".skops"))


def read_stored(path):
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings():  # scikit-learn may be another one than then
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        if path.suffix == ".pickle":
            return pickle.loads(path.read_bytes())
        skops = pytest.importorskip("skops.io")
        data = path.read_bytes()
        return skops.loads(data, trusted=trusted(data))


def test_there_is_something_stored():
    assert {path.suffix for path in stored_files()} == {".pickle", ".skops"}


@pytest.mark.parametrize("path", stored_files(), ids=lambda path: path.name)
def test_models_of_older_versions_predict_what_they_did(path):
    content, stored = read_stored(path), json.loads(path.with_suffix(".json").read_text())
    models = content["models"]
    grid = np.arange(60.0)
    X = np.stack([np.sin(grid), np.cos(2 * grid), grid / 30 - 1], axis=1)
    y = 2 * X[:, 0] - X[:, 2] + 0.1 * np.cos(7 * grid)
    assert len(models) == len(stored["predictions"]) >= 7
    for name, model in models.items():
        prediction, expected = model.predict(X), np.array(stored["predictions"][name])
        if prediction.dtype.kind == "f":
            np.testing.assert_allclose(prediction, expected, rtol=1e-10, atol=1e-12, err_msg=name)
        else:
            np.testing.assert_array_equal(prediction, expected, err_msg=name)
        if name in stored["probabilities"]:
            np.testing.assert_allclose(
                model.predict_proba(X), stored["probabilities"][name], rtol=1e-9, atol=1e-12
            )
    going_on = models["average, partly fitted"].partial_fit(X, y)
    np.testing.assert_allclose(going_on.predict(X), stored["going on"], rtol=1e-9)
    p = np.linspace(0.05, 0.95, 60)
    labels = np.array(["a", "b", "c"])[(grid % 7 % 3).astype(int)]
    scored = {
        "huber": (y, p),
        "brier": (labels == "a", p),
        "smoothed": (labels, np.stack([p, (1 - p) / 2, (1 - p) / 2], axis=1)),
    }
    for name, (y_true, y_pred) in scored.items():
        assert content["losses"][name](y_true, y_pred) == pytest.approx(stored["means"][name], rel=1e-12)
    assert content["losses"]["huber"].get_params() == Huber(delta=0.25).get_params()
