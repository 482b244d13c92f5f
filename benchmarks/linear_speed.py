"""Time of a whole fit until the objective is within 1e-2, 1e-3 and 1e-4 of the optimum, beside other libraries.

OMP_NUM_THREADS=1 python benchmarks/linear_speed.py [scale] [seed] [part of a problem's name]

Every method runs at several settings, from rough to exact; what counts is the fastest that reaches the accuracy,
(F - F*) / (F_null - F*) with F on the training data, raw coefficients, intercept free. Times are seconds of the
processor, in one process on one core; the last line of a problem is its row in the documentation. `scale` multiplies
the number of samples (1: those of the table in the documentation). F* is the best that anyone finds. Needs the extra
`bench`; a library that is absent is left out.
"""

import os
import sys
import warnings

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before NumPy is imported

from dataclasses import dataclass  # noqa: E402
from functools import cached_property  # noqa: E402
from time import process_time  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import scipy.sparse as sp  # noqa: E402
from linear_peers import contenders, raw  # noqa: E402
from sklearn import datasets  # noqa: E402

from sklearn_losses import LinearClassifier, LinearRegressor  # noqa: E402
from sklearn_losses.losses import Huber, Pinball, get_loss  # noqa: E402

ACCURACIES = (1e-2, 1e-3, 1e-4)
TOLERANCES = (0.5, 0.1, 3e-2, 1e-2, 1e-3, 1e-4)
LONGEST = 8.0  # seconds at scale 1; a method whose fit takes longer is not asked for more


@dataclass
class Problem:
    name: str
    kind: str
    X: Any
    labels: np.ndarray
    alpha: float
    loss: Any
    parameter: float | None = None
    penalty: str = "l2"

    @cached_property
    def classifies(self):
        return self.kind in ("log", "l1 log", "hinge", "softmax")

    @cached_property
    def encoded(self):
        loss = get_loss(self.loss, for_classifier=self.classifies)
        if not self.classifies:
            return loss, self.labels.astype(float)
        if self.kind == "softmax":
            return loss, np.unique(self.labels, return_inverse=True)[1].astype(float)
        return loss, np.where(self.labels == self.labels.max(), *loss.binary_values[::-1]).astype(float)

    def objective(self, coef, intercept):
        loss, y = self.encoded
        f = np.asarray(self.X @ coef.T + intercept, dtype=float)
        with np.errstate(over="ignore", invalid="ignore"):
            total, whole, *_ = loss.training_program().total(y, f, None)
        penalty = np.abs(coef).sum() if self.penalty == "l1" else 0.5 * np.sum(coef**2)
        value = total / whole + self.alpha * penalty
        return value if np.isfinite(value) else np.inf

    @cached_property
    def null(self):
        loss, y = self.encoded
        constant = loss.constant_minimizer(y)
        shape = (self.X.shape[1],) if np.ndim(constant) == 0 else (len(constant), self.X.shape[1])
        return self.objective(np.zeros(shape), constant)


def problems(scale, seed):
    """Give functions that make the problems, by name."""
    rng = np.random.default_rng(seed)

    def samples(n):
        return max(int(n * scale), 500)

    def correlated(n, d):
        X = rng.standard_normal((n, d // 4)) @ rng.standard_normal((d // 4, d)) / np.sqrt(d // 4)
        X += 0.5 * rng.standard_normal((n, d))
        f = X @ rng.standard_normal(d)
        return X, 2 * f / f.std()

    def dense(kind, loss, alpha=1e-4, parameter=None):
        n = samples(200_000)
        X, f = correlated(n, 100)
        noise = rng.standard_normal(n)
        if kind == "huber":
            noise += 50 * (rng.random(n) < 0.05) * rng.standard_normal(n)
        if kind in ("log", "hinge"):
            return Problem(f"dense, {kind}", kind, X, (f + noise > 0).astype(int), alpha, loss)
        return Problem(f"dense, {kind}", kind, X, f + noise, alpha, loss, parameter)

    def poisson():
        X, f = correlated(samples(200_000), 50)
        return Problem(
            "Poisson", "poisson", X, rng.poisson(np.exp(0.5 * f - 0.5)).astype(float), 1e-4, "poisson"
        )

    def text(kind, loss, penalty="l2", alpha=5e-6):
        n = samples(200_000)
        X, f = words(rng, n, 2**18)
        noise = 0.5 * rng.standard_normal(n)
        y = (f + noise > 0).astype(int)
        return Problem(f"text, {kind}", kind, X, y, alpha / scale, loss, penalty=penalty)

    def scales():
        n = samples(100_000)
        size = 10.0 ** rng.uniform(-3, 4, 50)
        Z = rng.standard_normal((n, 50))
        f = Z @ rng.standard_normal(50) / np.sqrt(50) * 2
        y = (f + rng.standard_normal(n) > 0).astype(int)
        return Problem(
            "scales, log", "log", Z * size + 5 * size * rng.standard_normal(50), y, 1e-4, "log_loss"
        )

    def softmax():
        X, _ = correlated(samples(100_000), 200)
        f = X @ rng.standard_normal((200, 10)) / np.sqrt(200) * 2
        return Problem(
            "softmax", "softmax", X, np.argmax(f + rng.gumbel(size=f.shape), axis=1), 1e-4, "cross_entropy"
        )

    def small(load, kind, loss, name, alpha=1e-3):
        X, y = load(return_X_y=True)
        return Problem(name, kind, X, y, alpha, loss)

    return {
        "dense, log": lambda: dense("log", "log_loss"),
        "dense, hinge": lambda: dense("hinge", "hinge"),
        "dense, squared": lambda: dense("squared", "squared_error"),
        "dense, huber": lambda: dense("huber", Huber(delta=1.35), parameter=1.35),
        "dense, pinball": lambda: dense("pinball", Pinball(quantile=0.9), 1e-6, 0.9),
        "Poisson": poisson,
        "text, log": lambda: text("log", "log_loss"),
        "text, hinge": lambda: text("hinge", "hinge"),
        "text, l1 log": lambda: text("l1 log", "log_loss", "l1", 2e-5),
        "scales, log": scales,
        "softmax": softmax,
        "small: breast cancer": lambda: small(
            datasets.load_breast_cancer, "log", "log_loss", "breast cancer"
        ),
        "small: diabetes": lambda: small(datasets.load_diabetes, "squared", "squared_error", "diabetes"),
        "small: iris": lambda: small(datasets.load_iris, "softmax", "cross_entropy", "iris"),
        "small: digits": lambda: small(datasets.load_digits, "softmax", "cross_entropy", "digits"),
    }


def words(rng, n, d):
    """Text-like rows of norm 1: about 80 of d words, whose frequencies fall as 1 / rank, and a score of each."""
    frequency = np.cumsum(1.0 / np.arange(1, d + 1))
    lengths = rng.poisson(115, n) + 5
    starts = np.concatenate([[0], np.cumsum(lengths)])
    ranks = np.searchsorted(frequency, rng.random(starts[-1]) * frequency[-1])
    columns = rng.permutation(d)[np.minimum(ranks, d - 1)]
    X = sp.csr_matrix((np.ones(starts[-1]), columns, starts), shape=(n, d))
    X.sum_duplicates()
    rows = np.repeat(np.arange(n), np.diff(X.indptr))
    seen = np.bincount(X.indices, minlength=d)
    X.data = (1 + np.log(X.data)) * np.log(n / np.maximum(seen, 1) + 1)[X.indices]
    X.data /= np.sqrt(np.bincount(rows, X.data**2, minlength=n))[rows]
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    f = X @ (rng.standard_normal(d) * (rng.random(d) < 0.1))
    return X, (f - f.mean()) / f.std()


def ours(problem, solver):
    """Yield fits of our estimators, from rough to exact."""
    kind = LinearClassifier if problem.classifies else LinearRegressor
    for tol in TOLERANCES:
        model = kind(
            loss=problem.loss, penalty=problem.penalty, alpha=problem.alpha, solver=solver, tol=tol,
            max_iter=1000, random_state=0,
        )  # fmt: skip

        def fit(model=model):
            return raw(model.fit(problem.X, problem.labels))

        yield fit


def curve(problem, fits, longest):
    """Give [(seconds, objective)] of a method's settings, until one takes too long."""
    points = []
    for fit in fits:
        seconds = []
        try:
            while sum(seconds) < 0.3 and len(seconds) < 5:
                start = process_time()
                coef, intercept = fit()
                seconds.append(process_time() - start)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            print(f"  {type(error).__name__}: {error}"[:110])
            break
        points.append((float(np.median(seconds)), problem.objective(coef, intercept)))
        if points[-1][0] > longest:
            break
    return points


def report(problem, curves):
    best = min(value for points in curves.values() for _, value in points)
    width = problem.null - best
    times = {
        name: [min((s for s, v in points if v - best <= e * width), default=np.inf) for e in ACCURACIES]
        for name, points in curves.items()
    }
    peers = [
        min((t[k] for n, t in times.items() if not n.startswith("ours")), default=np.inf) for k in range(3)
    ]
    for name, found in times.items():
        ratios = [
            t / p if np.isfinite(t) and np.isfinite(p) else np.nan for t, p in zip(found, peers, strict=True)
        ]
        print(
            f"  {name:34}" + "".join(f"{t:10.3f}" if np.isfinite(t) else "         -" for t in found)
            + "   ratio" + "".join(f"{r:7.2f}" if np.isfinite(r) else "      -" for r in ratios),
            flush=True,
        )  # fmt: skip
    pairs = zip(times["ours, auto"], peers, strict=True)
    print(f"| {problem.name} | {_triple(times['ours, auto'])} | {_triple(peers)} | {_names(times, peers)} |")
    return [t / p for t, p in pairs if np.isfinite(p)]  # infinite where only peers arrive


def _triple(seconds):
    return " / ".join(f"{s:.3f}" if np.isfinite(s) else "none" for s in seconds)


def _names(times, peers):
    """Who was the fastest peer at each accuracy."""
    names = []
    for k, best in enumerate(peers):
        if np.isfinite(best):
            name = next(n for n, t in times.items() if t[k] == best and not n.startswith("ours"))
            names += [name] * (name not in names)
    return "; ".join(names)


def main(scale="1", seed="0", wanted="", *solvers):
    warnings.filterwarnings("ignore")
    ratios, longest = [], LONGEST * max(float(scale), 0.1)
    for name, make in problems(float(scale), int(seed)).items():
        if wanted not in name:
            continue
        problem = make()
        n, d = problem.X.shape
        print(
            f"{name}: {n:,} x {d:,}, alpha {problem.alpha:g}; seconds to " + ", ".join(map(str, ACCURACIES))
        )
        curves = {}
        for solver in ("auto", *solvers):
            curves[f"ours, {solver}"] = curve(problem, ours(problem, solver), longest)
        for peer, fits in contenders(problem):
            curves[peer] = curve(problem, fits, longest)
        ratios += report(problem, curves)
    if ratios:
        print(f"ratio to the best peer: median {np.median(ratios):.2f}, largest {max(ratios):.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
