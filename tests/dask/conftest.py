"""A real cluster for the tests that need one; the others compute in this process."""

import pytest


@pytest.fixture
def here():
    """Compute in this thread: the same code, without processes."""
    dask = pytest.importorskip("dask")
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """Two processes of one thread, each with little memory."""
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    folder = str(tmp_path_factory.mktemp("workers"))
    with (
        # They spill; that they neither wait nor die when something else takes memory keeps the tests steady.
        dask.config.set({f"distributed.worker.memory.{action}": False for action in ("pause", "terminate")}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit="450MB",
            dashboard_address=":0",
            local_directory=folder,
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def client(cluster):
    distributed = pytest.importorskip("distributed")
    with distributed.Client(cluster) as client:
        yield client
