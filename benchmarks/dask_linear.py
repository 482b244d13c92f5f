"""A pass of the linear models over data in chunks: time and bytes moved against the number of chunks.

    python benchmarks/dask_linear.py [rows in thousands, 400] [columns, 100]

Two worker processes of one thread hold the data. For 'newton' (value, gradient and Hessian) and 'lbfgs' (value and
gradient) it prints the seconds of a pass, beside the same sums by one thread in this process, and what crosses the
sockets: between workers as they count it, and in all by the loopback device (scheduler, graph and heartbeats
included; what else uses the device is counted too). From a line through the times follows what a chunk costs beyond
its arithmetic, and from that, on paper, a pass over 10^10 rows on 100 workers.
"""

import sys
from statistics import median
from time import perf_counter, sleep

import dask
import dask.array as da
import numpy as np
import psutil
from distributed import Client, LocalCluster, wait

from sklearn_losses import LogLoss
from sklearn_losses._chunks import Rows
from sklearn_losses.dask import LinearClassifier
from sklearn_losses.dask import _tasks as tasks
from sklearn_losses.linear_model._targets import classification
from sklearn_losses.linear_model.solvers._problem import Scales
from sklearn_losses.linear_model.solvers._row_sums import row_sums

CHUNKS = (2, 8, 32, 128, 512)
REPEATS = 5
ROWS_ON_PAPER, WORKERS, ROWS_A_CHUNK = 10**10, 100, 10**6


def ask_for(solver, d):
    """What a pass of a solver is told."""
    loss = LogLoss()
    program = loss.training_curvature_program() if solver == "newton" else loss.training_program()
    target = classification(loss, np.array([0, 1]))
    scales = Scales(np.zeros(d), np.ones(d))
    points = {(0, "here"): (np.full(d, 0.01), 0.0)}
    return tasks.Ask(target, np.float64, True, None, scales, [program], points)


def between_workers(client):
    return sum(client.run(lambda dask_worker: dask_worker.transfer_outgoing_bytes_total).values())


def passes(client, rows, ask):
    """Median seconds of a pass; bytes a pass moves between workers and in all."""
    rows.reduce(tasks.sums, tasks.add, ask, label="warm")
    sleep(0.5)
    seconds, sent, total = [], between_workers(client), psutil.net_io_counters(pernic=True)["lo"].bytes_sent
    for _ in range(REPEATS):
        begun = perf_counter()
        rows.reduce(tasks.sums, tasks.add, ask, label="pass")
        seconds.append(perf_counter() - begun)
    total = psutil.net_io_counters(pernic=True)["lo"].bytes_sent - total
    return median(seconds), (between_workers(client) - sent) / REPEATS, total / REPEATS


def alone(n, d, ask):
    """Seconds a row of the same sums by one thread, without dask."""
    rng = np.random.default_rng(0)
    X, y, weight = rng.normal(size=(n, d)), rng.integers(0, 2, n).astype(float), np.ones(n)
    coef, intercept = ask.points[0, "here"]
    seconds = []
    for _ in range(REPEATS):
        begun = perf_counter()
        row_sums(ask.programs[0], X, y, weight, ask.scales, coef, intercept)
        seconds.append(perf_counter() - begun)
    return median(seconds) / n


def main(n, d):
    with (
        dask.config.set({"distributed.worker.memory.target": False}),
        LocalCluster(n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        print(f"{n:,} x {d} float64, {n * d * 8 / 1e6:,.0f} MB in two processes of one thread")
        for solver in ("newton", "lbfgs"):
            ask = ask_for(solver, d)
            a_row = alone(min(n, 100_000), d, ask)
            print(
                f"\n{solver}: one thread without dask {a_row * 1e9:.0f} ns a row; half of {n:,}: {a_row * n / 2:.3f} s"
            )
            print("chunks   s a pass   times ideal   kB between workers   kB in all")
            times = []
            for k in CHUNKS:
                chunk = n // k
                X = da.random.default_rng(0).normal(size=(chunk * k, d), chunks=(chunk, d))
                y = (X[:, 0] > 0).astype(np.float64)
                X, y = client.persist([X, y])
                wait([X, y])
                seconds, sent, total = passes(client, Rows(X=X, y=y, sample_weight=None), ask)
                times.append(seconds)
                ideal = a_row * n / 2
                print(
                    f"{k:6d}   {seconds:8.3f}   {seconds / ideal:11.2f}   {sent / 1e3:18,.0f}   {total / 1e3:9,.0f}"
                )
                del X, y
            per_chunk = np.polyfit(CHUNKS, times, 1)[0]
            on_paper(solver, d, a_row, per_chunk)
        fit(client, n, d)


def on_paper(solver, d, a_row, per_chunk):
    """What a pass over very much data would take."""
    n_chunks = ROWS_ON_PAPER // ROWS_A_CHUNK
    arithmetic = a_row * ROWS_ON_PAPER / WORKERS
    moved = (
        8 * (d + 1) * (d + 2 if solver == "newton" else 1) * n_chunks * 8 / 7
    )  # results, and their sums by eights
    print(
        f"a chunk costs {per_chunk * 1e3:.1f} ms beyond its arithmetic, the scheduler's work, which is not shared"
    )
    print(
        f"on paper, {ROWS_ON_PAPER:.0e} rows, {WORKERS} workers of one thread, chunks of {ROWS_A_CHUNK:.0e}: "
        f"arithmetic {arithmetic:,.1f} s and {n_chunks:,} chunks {per_chunk * n_chunks:,.0f} s a pass;\n"
        f"results of {moved / n_chunks / 1e3:.1f} kB a chunk, {moved / WORKERS / 1e6:.1f} MB a worker at most"
    )


def fit(client, n, d):
    """How many passes a whole fit takes."""
    X = da.random.default_rng(0).normal(size=(n, d), chunks=(n // 16, d))
    noise = da.random.default_rng(1).logistic(size=n, chunks=n // 16)
    y = (X[:, :10].sum(axis=1) + noise > 0).astype(int)
    X, y = client.persist([X, y])
    wait([X, y])
    print()
    for solver in ("newton", "lbfgs"):
        begun = perf_counter()
        model = LinearClassifier(solver=solver).fit(X, y)
        print(
            f"whole fit, {solver}, 16 chunks: {perf_counter() - begun:.2f} s, {model.n_iter_} iterations, "
            f"optimality gap {model.optimality_gap_:.1e}"
        )


if __name__ == "__main__":
    arguments = [int(a) for a in sys.argv[1:]] + [400, 100][len(sys.argv) - 1 :]
    main(arguments[0] * 1000, arguments[1])
