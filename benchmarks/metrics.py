"""Speed of metrics, beside scikit-learn, the plain NumPy expression, and one read of the inputs.

``python benchmarks/metrics.py [n ...]`` prints medians, as multiples of the time that it takes to read the
inputs once (two sums), and the memory that a call takes beyond its inputs.
"""

import sys
import tracemalloc
import warnings

import numpy as np
import sklearn.metrics as sm
from timing import interleaved

import sklearn_losses as sl

EPS = np.finfo(np.float64).eps


def cases(n, dtype):
    rng = np.random.default_rng(0)
    y = rng.standard_normal(n).astype(dtype)
    f = (y + rng.standard_normal(n)).astype(dtype)
    counts = rng.poisson(2.0, n).astype(dtype)
    mean = rng.uniform(0.5, 4.0, n).astype(dtype)
    label = rng.integers(0, 2, n)
    p = rng.uniform(0.01, 0.99, n).astype(dtype)
    sign = (2 * label - 1).astype(dtype)

    def log_loss(label, p):
        p = np.clip(p, EPS, 1 - EPS)
        return -np.mean(label * np.log(p) + (1 - label) * np.log(1 - p))

    def poisson(y, mu):
        return 2 * np.mean(np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / mu), 0) - y + mu)

    def pinball(y, f):
        return np.mean(np.maximum(0.9 * (y - f), -0.1 * (y - f)))

    def huber(y, f):
        r = np.abs(y - f)
        return np.mean(np.where(r <= 1, 0.5 * r**2, r - 0.5))

    yield "squared", sl.SquaredError(), sm.mean_squared_error, lambda y, f: np.mean((y - f) ** 2), y, f
    yield "absolute", sl.AbsoluteError(), sm.mean_absolute_error, lambda y, f: np.mean(np.abs(y - f)), y, f
    yield "huber", sl.Huber(), None, huber, y, f
    yield "pinball", sl.Pinball(0.9), lambda y, f: sm.mean_pinball_loss(y, f, alpha=0.9), pinball, y, f
    yield "hinge", sl.Hinge(), sm.hinge_loss, lambda s, f: np.mean(np.maximum(0, 1 - s * f)), sign, f
    yield "brier", sl.Brier(), sm.brier_score_loss, lambda y, p: np.mean((y - p) ** 2), label, p
    yield "log loss", sl.LogLoss(), sm.log_loss, log_loss, label, p
    yield "poisson", sl.Poisson(), sm.mean_poisson_deviance, poisson, counts, mean
    if dtype == np.float64:
        yield (
            "d2 absolute",
            sl.AbsoluteError().d2,
            sm.d2_absolute_error_score,
            lambda y, f: 1 - np.mean(np.abs(y - f)) / np.mean(np.abs(y - np.median(y))),
            y,
            f,
        )
    k = 10
    labels = rng.integers(0, k, n // k)
    rows = rng.dirichlet(np.ones(k), n // k).astype(dtype)
    yield (
        "ten classes",
        sl.CrossEntropy(),
        sm.log_loss,
        lambda y, p: -np.mean(np.log(np.clip(p, EPS, 1)[np.arange(len(y)), y])),
        labels,
        rows,
    )


def extra_memory(function, *arrays):
    tracemalloc.start()
    function(*arrays)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main(sizes):
    warnings.simplefilter("ignore")
    for n in sizes:
        for dtype in (np.float64, np.float32):
            small = n <= 10_000
            unit = "µs" if small else "reads"
            print(f"\nn = {n:,}, {np.dtype(dtype).name}; times in {unit}, extra memory in MB")
            print(f"{'':14}{'ours':>9}{'numpy':>9}{'sklearn':>9}{'memory':>9}{'sklearn':>9}")
            for name, ours, peer, plain, a, b in cases(n, dtype):
                runs = {"ours": lambda: ours(a, b), "numpy": lambda: plain(a, b)}  # noqa: B023
                if peer is not None:
                    runs["sklearn"] = lambda: peer(a, b)  # noqa: B023
                runs["read"] = lambda: (a.sum(), b.sum())  # noqa: B023
                times = interleaved(runs, 201 if small else 5)
                scale = 1e6 if small else 1.0 / times["read"]
                row = [times.get(k, np.nan) * scale for k in ("ours", "numpy", "sklearn")]
                memory = [extra_memory(f, a, b) if f else np.nan for f in (ours, peer)]
                print(f"{name:14}" + "".join(f"{x:9.1f}" for x in row + memory))


if __name__ == "__main__":
    main([int(float(n)) for n in sys.argv[1:]] or [1_000, 10_000_000])
