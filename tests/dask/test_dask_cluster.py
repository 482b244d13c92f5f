"""Fits on a real cluster of two processes: workers that die, data that do not fit, errors, searches."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV

from sklearn_losses import Huber, LogLoss, RegressionLoss, SGDRegressor
from sklearn_losses.dask import LinearClassifier, LinearRegressor, partial_fit
from sklearn_losses.linear_model import LinearClassifier as LocalClassifier
from sklearn_losses.linear_model import LinearRegressor as LocalRegressor

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")
# The scheduler runs in threads of this process, which an error made of a warning would stop without a word.
pytestmark = pytest.mark.filterwarnings("default")

rng = np.random.default_rng(0)
X = rng.normal(size=(4000, 10))
y = X @ rng.normal(size=10) + rng.standard_t(3, size=4000)
labels = np.array(["no", "yes"])[(y > 0) * 1]


def cut(array, chunks=500):
    return da.from_array(array, chunks=(chunks, *array.shape[1:]))


def own_loss():
    """A user's loss, which the workers cannot import: its class travels with it."""

    class Bump(RegressionLoss):
        def formula(self, y, f):
            return np.log(np.cosh(np.minimum(np.abs(y - f), 300.0)))

    return Bump()


def test_results_are_the_local_ones(client, assert_same_sums):
    for model, local, target in [
        (LinearRegressor("huber", tol=1e-11), LocalRegressor("huber", tol=1e-11), y),
        (LinearRegressor(own_loss(), tol=1e-11), LocalRegressor(own_loss(), tol=1e-11), y),
        (LinearClassifier(tol=1e-11, alpha=1e-3), LocalClassifier(tol=1e-11, alpha=1e-3), labels),
    ]:
        dX, dy = client.persist([cut(X), cut(target)])
        model.fit(dX, dy)
        local.fit(X, target)
        assert_allclose(model.coef_, local.coef_, rtol=1e-6)
        assert_allclose(model.intercept_, local.intercept_, rtol=1e-6, atol=1e-8)
        if target is labels:
            assert_array_equal(model.predict(dX).compute(), model.predict(X))
        else:  # products of chunks, and of the whole
            size = np.abs(X) @ np.abs(model.coef_) + np.abs(model.intercept_)
            assert_same_sums(model.predict(dX).compute(), model.predict(X), size)
        assert_allclose(model.score(dX, dy), local.score(X, target))
    score = LogLoss().scorer()(model, dX, dy)
    assert type(score) is float
    assert_allclose(score, LogLoss().scorer()(local, X, labels))


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_a_worker_that_is_killed_changes_nothing(client, tmp_path, solver):
    """In the middle of the fit the process that reads chunk 3 dies, with the data it holds."""

    def deadly(block, folder, block_info=None):
        if block_info and block_info[0]["chunk-location"][0] == 3:
            reads = Path(folder, "reads")
            with reads.open("a") as file:
                file.write(".")
            killed = Path(folder, "killed")
            if reads.stat().st_size == 4 and not killed.exists():
                killed.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return block

    held, target = client.persist([cut(X), cut(y)])
    before = set(client.scheduler_info()["workers"])
    mortal = held.map_blocks(deadly, str(tmp_path), dtype=float, meta=np.empty((0, 0)))
    model = LinearRegressor(Huber(0.5), solver=solver, tol=1e-9).fit(mortal, target)
    assert (tmp_path / "killed").exists()
    client.wait_for_workers(2, timeout=60)
    assert set(client.scheduler_info()["workers"]) != before
    local = LocalRegressor(Huber(0.5), tol=1e-11).fit(X, y)
    assert_allclose(model.coef_, local.coef_, rtol=1e-6 if solver == "newton" else 1e-3)
    undisturbed = LinearRegressor(Huber(0.5), solver=solver, tol=1e-9).fit(cut(X), cut(y))
    assert_allclose(model.coef_, undisturbed.coef_, rtol=1e-12)


def test_data_larger_than_memory(client):
    """More than the workers may hold together: what is persisted goes to their disks."""

    def drawn(block_id):
        draw = np.random.default_rng(block_id[0])
        return draw.normal(size=(20_000, 50)) + 1.0

    limit = sum(worker["memory_limit"] for worker in client.scheduler_info()["workers"].values())
    n_chunks = int(1.05 * limit / (20_000 * 50 * 8))
    big = da.map_blocks(
        drawn, chunks=((20_000,) * n_chunks, (50,)), dtype=float, meta=np.empty((0, 0)), name="drawn"
    )
    slopes = np.arange(50.0) / 50.0
    target = big.dot(slopes) + 3.0
    big, target = client.persist([big, target])
    model = LinearRegressor("squared_error", penalty=None).fit(big, target)
    assert big.nbytes > limit
    spilled = [
        worker["metrics"]["spilled_bytes"]["disk"] for worker in client.scheduler_info()["workers"].values()
    ]
    assert sum(spilled) > 0.1 * limit
    assert_allclose(model.coef_, slopes, atol=1e-9)
    assert_allclose(model.intercept_, 3.0, atol=1e-7)


def test_an_exception_reaches_the_user_as_it_is(client):
    def broken(block, block_info=None):
        if block_info and block_info[0]["chunk-location"][0] == 2:
            raise ZeroDivisionError("tray 2")
        return block

    model = LinearRegressor().fit(cut(X), cut(y))
    before = dict(vars(model))
    with pytest.raises(ZeroDivisionError, match=r"^tray 2$"):
        model.fit(cut(X).map_blocks(broken, dtype=float, meta=np.empty((0, 0))), cut(y))
    with pytest.raises(ValueError, match="needs values") as caught:
        model.set_params(loss="poisson").fit(cut(X), cut(np.where(np.arange(4000) == 1700, -1.0, np.abs(y))))
    assert caught.value.__notes__ == ["This happened in chunk 3 of the rows, counted from 0."]
    model.set_params(loss="squared_error")
    assert vars(model) == before
    assert_array_equal(model.fit(cut(X), cut(y)).coef_, before["coef_"])  # the cluster still works


def test_tasks_have_names(client, cluster):
    cluster.scheduler.task_prefixes.clear()
    LinearClassifier().fit(cut(X), cut(labels))
    assert {"survey", "newton"} <= set(cluster.scheduler.task_prefixes)


def test_search_on_dasks_backend_of_joblib(client):
    joblib = pytest.importorskip("joblib")
    grid = {"loss__delta": [0.5, 1.0], "alpha": [1e-3, 1.0]}
    search = GridSearchCV(LocalRegressor(Huber()), grid, scoring=Huber().scorer(), cv=3)
    with joblib.parallel_config(backend="dask"):
        search.fit(X, y)
    expected = GridSearchCV(LocalRegressor(Huber()), grid, scoring=Huber().scorer(), cv=3).fit(X, y)
    assert search.best_params_ == expected.best_params_
    assert_allclose(search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"])


def test_partial_fit(client):
    model = partial_fit(SGDRegressor("huber", random_state=0), cut(X), cut(y))
    other = SGDRegressor("huber", random_state=0)
    for start in range(0, 4000, 500):
        other.partial_fit(X[start : start + 500], y[start : start + 500])
    assert_array_equal(model.coef_, other.coef_)
