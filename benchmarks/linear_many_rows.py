"""Whether what `LinearClassifier` and `LinearRegressor` report of the gap is true where rows are many and columns few.

OMP_NUM_THREADS=1 python benchmarks/linear_many_rows.py [seeds] [rows x columns] ...

Excess, gap, iterations and seconds at five tolerances; the minimum is the best of these fits and of one at tol=1e-6.
A line is printed for each problem, with what went wrong: an excess above `tol`, a gap below a tenth of the excess.
"""

import sys
import warnings
from time import process_time

import numpy as np

from sklearn_losses import LinearClassifier, LinearRegressor
from sklearn_losses.losses import AbsoluteError, EpsilonInsensitive, Huber, Pinball, get_loss

TOLERANCES = (0.3, 1e-1, 1e-2, 1e-3, 1e-4)
EXACT = 1e-6


def correlated(rng, n, d):
    k = max(d // 4, 1)
    return rng.standard_normal((n, k)) @ rng.standard_normal((k, d)) + 0.5 * rng.standard_normal((n, d))


def heavy(rng, n, d):
    return rng.standard_t(2.5, (n, d)) * 10.0 ** rng.uniform(-2, 2, d)


def flags(rng, n, d):
    return (rng.random((n, d)) < 10.0 ** rng.uniform(-2, -0.3, d)).astype(float)


def mixed(rng, n, d):
    k = d // 2
    numbers = rng.gamma(2.0, 10.0 ** rng.uniform(-2, 3, k), (n, k))
    return np.hstack([numbers, np.eye(d - k)[np.minimum(rng.geometric(0.15, n), d - k) - 1]])


def problems(rng, X):
    """Yield name, loss, y and alpha."""
    f = (X - X.mean(axis=0)) @ (rng.standard_normal(X.shape[1]) / np.maximum(X.std(axis=0), 1e-3))
    f *= 2.0 / f.std()
    e = rng.standard_normal(len(X))
    yield "hinge", "hinge", f + e > 0, 1e-4
    yield "separable, hinge", "hinge", f > 0, 1e-4
    yield "log", "log_loss", f + e > 0, 1e-4
    yield "pinball 0.9", Pinball(0.9), f + e, 1e-6
    yield "pinball 0.99", Pinball(0.99), f + e, 1e-5
    yield "heavy noise, absolute", AbsoluteError(), f + e * rng.standard_t(2, len(X)), 1e-4
    yield "little noise, absolute", AbsoluteError(), f + 0.01 * e, 1e-6
    yield "epsilon 0.5", EpsilonInsensitive(epsilon=0.5), f + e, 1e-4
    yield "Huber", Huber(delta=1.0), f + e, 1e-4


def null_of(loss, y):
    """The objective of the best constant."""
    classifies = y.dtype == bool
    loss = get_loss(loss, for_classifier=classifies)
    y = np.where(y, *loss.binary_values[::-1]).astype(float) if classifies else y
    total, whole, *_ = loss.training_program().total(
        y, np.full(len(y), float(loss.constant_minimizer(y))), None
    )
    return total / whole


def main(seeds="2", *sizes):
    warnings.filterwarnings("ignore")
    ratios, beyond = [], []
    for seed in range(int(seeds)):
        for size in sizes or ("30000x12", "25000x50"):
            n, d = map(int, size.split("x"))
            for columns in (correlated, heavy, flags, mixed):
                rng = np.random.default_rng([seed, n])
                X = columns(rng, n, d)
                for name, loss, y, alpha in problems(rng, X):
                    fits = []
                    for tol in (*TOLERANCES, EXACT):
                        kind = LinearClassifier if y.dtype == bool else LinearRegressor
                        start = process_time()
                        model = kind(loss, alpha=alpha, tol=tol, random_state=0).fit(X, y)
                        fits.append(
                            (model.objective_, model.optimality_gap_, model.n_iter_, process_time() - start)
                        )
                    best, null = min(fit[0] for fit in fits), null_of(loss, y)
                    line = f"{seed} {size} {columns.__name__:10} {name:22}"
                    for tol, (objective, gap, n_iter, seconds) in zip(TOLERANCES, fits, strict=False):
                        excess = (objective - best) / (null - best)
                        ratios.append(gap / max(excess, 1e-9))
                        beyond.append(excess / tol)
                        wrong = "!" * (excess > tol) + "?" * (gap < 0.1 * excess)
                        line += f" | {excess:.0e} {gap:.0e} {n_iter:3d} {seconds:.3f}{wrong}"
                    print(line, flush=True)
    print(
        f"{len(ratios)} fits: gap at least {min(ratios):.2f} of the excess; excess above tol in "
        f"{sum(b > 1 for b in beyond)}, at most {max(beyond):.2f} tol"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
