"""Seconds of one shuffled pass of SGDClassifier beside scikit-learn's, and what a loss of one's own costs.

python benchmarks/sgd_pass.py [repetitions] [scale]

A pass is the difference of a fit with six passes and one with one pass, divided by five, so that the checks
of the input (the same in both libraries) are left out; `fit` is one whole fit with one pass. `tol` is None,
except in the lines that say "objective measured": there a stopping rule asks for it in every pass.
"""

import sys
import warnings

import numpy as np
import scipy.sparse as sp
import sklearn.linear_model
from linear_speed import words
from timing import interleaved

from sklearn_losses.linear_model import SGDClassifier
from sklearn_losses.losses import MarginLoss, ProbabilityLoss


class OwnHinge(MarginLoss):
    def formula(self, y, f):
        return np.maximum(0, 1 - y * f)


class OwnLogLoss(ProbabilityLoss):
    def formula(self, y, f):
        return y * np.logaddexp(0, -f) + (1 - y) * np.logaddexp(0, f)


def own_hinge(y, f):
    return np.maximum(0, 1 - y * f)


def dense_data(n_samples, n_features, rng):
    X = rng.standard_normal((n_samples, n_features))
    return X, (X[:, :5].sum(axis=1) + rng.standard_normal(n_samples) > 0).astype(int)


def sparse_data(n_samples, n_features, n_nonzero, rng):
    columns = rng.integers(n_features, size=(n_samples, n_nonzero), dtype=np.int32)
    columns.sort(axis=1)
    values = rng.standard_normal(n_samples * n_nonzero)
    starts = np.arange(0, values.size + 1, n_nonzero, dtype=np.int32)
    X = sp.csr_matrix((values, columns.ravel(), starts), shape=(n_samples, n_features))
    coef = rng.standard_normal(n_features)
    return X, (X @ coef + rng.standard_normal(n_samples) > 0).astype(int)


def contenders(X, y, loss, own, **parameters):
    """Give fits with one and with six passes of each library and loss."""
    candidates = {
        "scikit-learn": (sklearn.linear_model.SGDClassifier, loss),
        "sklearn_losses": (SGDClassifier, loss),
    }
    candidates |= {f"own {type(o).__name__}": (SGDClassifier, o) for o in own}

    def fit(kind, loss, max_iter):
        settings = {"tol": None, "random_state": 0} | parameters
        kind(loss=loss, max_iter=max_iter, **settings).fit(X, y)

    return {
        (name, passes): lambda kind=kind, loss=loss, passes=passes: fit(kind, loss, passes)
        for name, (kind, loss) in candidates.items()
        for passes in (1, 6)
    }


def report(title, X, y, repetitions, losses, **parameters):
    for loss, own in losses.items():
        seconds = interleaved(contenders(X, y, loss, own, **parameters), repetitions)
        names = list(dict.fromkeys(name for name, _ in seconds))
        a_pass = {name: (seconds[name, 6] - seconds[name, 1]) / 5 for name in names}
        for name in names:
            ratio, fit_ratio = (
                a_pass[name] / a_pass["scikit-learn"],
                seconds[name, 1] / seconds["scikit-learn", 1],
            )
            print(
                f"{title:32} {loss:9} {name:18} pass {1e3 * a_pass[name]:7.1f} ms  ratio {ratio:5.2f}   "
                f"fit {1e3 * seconds[name, 1]:7.1f} ms  ratio {fit_ratio:5.2f}",
                flush=True,
            )


def main(repetitions=5, scale=1.0):
    warnings.filterwarnings("ignore", message="Maximum number of iteration")
    rng = np.random.default_rng(0)
    losses = {"log_loss": [OwnLogLoss()], "hinge": [OwnHinge(), own_hinge]}
    built_in = {loss: [] for loss in losses}
    n_dense, n_sparse = int(200_000 * scale), int(100_000 * scale)
    X, y = dense_data(n_dense, 100, rng)
    report(f"dense {n_dense:,} x 100, float64", X, y, repetitions, losses)
    report(f"dense {n_dense:,} x 100, float32", X.astype(np.float32), y, repetitions, built_in)
    measured = {"tol": 1e-3, "n_iter_no_change": 100}
    report("  objective measured", X, y, repetitions, built_in, **measured)
    del X
    X, y = dense_data(n_dense, 20, rng)
    report(f"dense {n_dense:,} x 20, float64", X, y, repetitions, built_in)
    X, y = sparse_data(n_sparse, 2**18, 80, rng)
    report(f"sparse {n_sparse:,} x 2^18, float64", X, y, repetitions, losses)
    report("  objective measured", X, y, repetitions, built_in, **measured)
    report(f"sparse {n_sparse:,} x 2^18, float32", X.astype(np.float32), y, repetitions, built_in)
    X, y = sparse_data(n_sparse, 2**10, 80, rng)  # with the coefficients near at hand
    report(f"sparse {n_sparse:,} x 2^10, float64", X, y, repetitions, built_in)
    X, f = words(rng, n_sparse, 2**18)
    report(f"text {n_sparse:,} x 2^18, float64", X, (f > 0).astype(int), repetitions, built_in)


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]), *(float(a) for a in sys.argv[2:3]))
