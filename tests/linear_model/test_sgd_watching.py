"""What people watch while it trains, and how data comes in: callbacks, routing, frames, memmaps, workers."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate

from sklearn_losses.linear_model import SGDClassifier, SGDRegressor

rng = np.random.default_rng(0)
X = rng.standard_normal((300, 4))
y = X @ [1.0, -2.0, 0.5, 0.0] + 0.1 * rng.standard_normal(300)
labels = np.digitize(y, [-1, 1])
both = pytest.mark.parametrize(
    "model",
    [SGDClassifier(), SGDClassifier("cross_entropy"), SGDRegressor()],
    ids=["classifier", "coupled", "regressor"],
)
new = pytest.mark.skipif(sklearn.__version__ < "1.9", reason="sklearn.callback came with 1.9")
rates = pytest.mark.parametrize("learning_rate", ["invscaling", "auto"])


def target_of(model):
    return labels if isinstance(model, SGDClassifier) else y


class StopAfter:
    """A user's callback: keeps the score of each epoch, and stops after some."""

    def __init__(self, epochs):
        self.epochs = epochs
        self.scores = []
        self.calls = []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        if context.task_name == "epoch":
            self.scores.append(fitted_estimator.score(X, y))
            return len(self.scores) == self.epochs
        self.calls.append(context.task_name)


@new
@both
def test_a_callback_sees_each_epoch_and_ends_the_fit(model):
    callback = StopAfter(4)
    model = clone(model).set_params(random_state=0, eta0=0.01)
    model.set_callbacks(callback).fit(X, target_of(model))
    assert model.n_iter_ == len(callback.scores) == len(model.loss_curve_) == 4
    assert callback.calls == ["setup", "fit", "teardown"]
    assert model.score(X, target_of(model)) == callback.scores[-1]


@new
@pytest.mark.parametrize(
    "model", [SGDClassifier("cross_entropy"), SGDRegressor("huber")], ids=["coupled", "regressor"]
)
def test_a_callback_sees_each_iteration_of_auto(model):
    callback = StopAfter(2)
    model = clone(model).set_params(random_state=0, learning_rate="auto")
    model.set_callbacks(callback).fit(X, target_of(model))
    assert model.n_iter_ == len(callback.scores) == len(model.loss_curve_) == 2
    assert callback.calls == ["setup", "fit", "teardown"]


@new
@both
def test_callbacks_change_nothing(model):
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy" if isinstance(model, SGDClassifier) else "r2")
    alone = clone(model).set_params(random_state=0).fit(X, target_of(model))
    watched = clone(model).set_params(random_state=0).set_callbacks(monitor).fit(X, target_of(model))
    assert np.array_equal(alone.coef_, watched.coef_)
    assert alone.n_iter_ == watched.n_iter_


@new
def test_a_failed_fit_is_torn_down_and_leaves_the_model():
    callback = StopAfter(2)
    model = SGDRegressor(random_state=0).fit(X, y)
    before = model.coef_
    model.set_callbacks(callback).set_params(learning_rate="constant", eta0=1e6, penalty=None)
    with pytest.raises(ValueError, match="overflow"):
        model.fit(1e200 * X, y)
    assert callback.calls == ["setup", "teardown"]
    assert model.coef_ is before


@both
@rates
def test_frames_keep_their_names(model, learning_rate):
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = clone(model).set_params(random_state=0, learning_rate=learning_rate, eta0=0.01)
    model.fit(frame, pd.Series(target_of(model)))
    assert model.feature_names_in_.tolist() == list("abcd")
    assert np.array_equal(model.coef_, clone(model).fit(X, target_of(model)).coef_)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"a": "z"}))


@both
def test_polars(model):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({name: X[:, k] for k, name in enumerate("abcd")})
    model = clone(model).set_params(random_state=0).fit(frame, target_of(model))
    assert model.feature_names_in_.tolist() == list("abcd")
    assert np.array_equal(model.coef_, clone(model).fit(X, target_of(model)).coef_)


@both
@rates
def test_read_only_memory_maps(model, learning_rate, tmp_path):
    model = clone(model).set_params(random_state=0, learning_rate=learning_rate, eta0=0.01)
    expected = clone(model).fit(X, target_of(model)).coef_
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert np.array_equal(model.fit(mapped, target_of(model)).coef_, expected)
    csr = sp.csr_array(X)
    parts = []
    for name in ("data", "indices", "indptr"):
        np.save(tmp_path / name, getattr(csr, name))
        parts.append(np.load(tmp_path / f"{name}.npy", mmap_mode="r"))
    mapped = sp.csr_array(tuple(parts), shape=csr.shape)
    for data in (csr, sp.csr_matrix(X)):
        expected = clone(model).fit(data, target_of(model)).coef_
        assert np.array_equal(clone(model).fit(mapped, target_of(model)).coef_, expected)


@both
def test_search_in_two_processes_with_routed_weights(model):
    weights = rng.random(300)
    with sklearn.config_context(enable_metadata_routing=True):
        model = clone(model).set_params(random_state=0)
        model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"alpha": [1e-4, 1.0]}, cv=3, n_jobs=2)
        search.fit(X, target_of(model), sample_weight=weights)
        assert search.best_params_ == {"alpha": 1e-4}
        direct = clone(model).fit(X, target_of(model), sample_weight=weights)
        refitted = search.best_estimator_.coef_
        assert np.array_equal(refitted, clone(direct).set_params(alpha=1e-4).fit(
            X, target_of(model), sample_weight=weights).coef_)  # fmt: skip
        result = cross_validate(model, X, target_of(model), params={"sample_weight": weights}, cv=3)
        assert result["test_score"].min() > 0.8
