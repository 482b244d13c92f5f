"""A linear model fitted on a Dask cluster of two processes, and what its predictions cost.

Counts of bicycles that pass a bridge are made up chunk by chunk, where they are used: no process ever holds them all. A
Poisson regression is fitted on them, and on the same data in memory: the coefficients agree.

    pip install "sklearn-losses[dask]" && python examples/dask_cluster.py
"""

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

from sklearn_losses import LinearRegressor as LocalRegressor
from sklearn_losses import Poisson
from sklearn_losses.dask import LinearRegressor

CHUNKS, ROWS = 8, 25_000


def hours(block_id):
    """Make up one chunk: temperature, rain, wind, and whether people work."""
    rng = np.random.default_rng(block_id[0])
    rain = rng.exponential(1.0, ROWS) * (rng.random(ROWS) < 0.2)
    works = rng.random(ROWS) < 0.7
    return np.column_stack([rng.normal(12.0, 8.0, ROWS), rain, rng.gamma(2.0, 6.0, ROWS), works])


def counted(X, block_id):
    """Draw how many come by."""
    rng = np.random.default_rng(100 + block_id[0])
    return rng.poisson(np.exp(2.0 + X @ [0.05, -0.4, -0.02, 0.7])).astype(float)


def main():
    """Fit on the cluster and in memory; print coefficients, passes and the loss of both."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        X = da.map_blocks(hours, chunks=((ROWS,) * CHUNKS, (4,)), dtype=float, meta=np.empty((0, 0)))
        y = X.map_blocks(counted, drop_axis=1, dtype=float, meta=np.empty(0))
        X, y = client.persist([X, y])
        model = LinearRegressor("poisson", alpha=0.0, tol=1e-10).fit(X, y)
        cost = Poisson()(y, model.predict(X))
        rows, counts = X.compute(), y.compute()  # to compare; they are few
    local = LocalRegressor("poisson", alpha=0.0, tol=1e-10).fit(rows, counts)
    print(f"{len(counts):,} hours in {CHUNKS} chunks, {model.n_iter_} iterations of {model.solver_!r}")
    print(f"{'':10s}{'degrees':>9s}{'rain':>9s}{'wind':>9s}{'work':>9s}{'deviance':>10s}")
    print(f"{'cluster':10s}" + "".join(f"{w:9.4f}" for w in model.coef_) + f"{cost:10.5f}")
    print(
        f"{'memory':10s}"
        + "".join(f"{w:9.4f}" for w in local.coef_)
        + f"{Poisson()(counts, local.predict(rows)):10.5f}"
    )
    np.testing.assert_allclose(model.coef_, local.coef_, rtol=1e-6)


if __name__ == "__main__":
    main()
