"""Softmax regression and its kin in one pass over the rows, beside one pass a class; and how soon it is good.

python benchmarks/several_outputs.py [repetitions] [scale]

Passes: the time of four less that of one, divided by three, so that the checks of the input are left out.
`K scalar` is our own log loss, trained one class against the rest; `sk` is scikit-learn's. All on one thread.

Then the time until the multinomial objective F (mean cross-entropy + alpha/2 ||coef||^2) is within 1e-2 and 1e-3 of the
optimum, as a share of what the best constant leaves: whole fits with growing `max_iter`, the first that is good enough
timed again.
"""

import sys
import warnings
from time import perf_counter

import numpy as np
import scipy.sparse as sp
import sklearn.linear_model as sk
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits
from timing import interleaved

from sklearn_losses import SGDClassifier

ALPHA = 1e-4
BUDGETS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)


def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def gaussian(n_samples, n_features, n_classes):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features))
    scores = X @ rng.standard_normal((n_features, n_classes)) / 4
    return X, (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)


def words(n_samples, n_features, n_nonzero, n_classes):
    rng = np.random.default_rng(0)
    columns = np.sort(rng.integers(n_features, size=(n_samples, n_nonzero), dtype=np.int32), axis=1)
    starts = np.arange(0, columns.size + 1, n_nonzero, dtype=np.int32)
    X = sp.csr_matrix(
        (rng.standard_normal(columns.size), columns.ravel(), starts), shape=(n_samples, n_features)
    )
    return X, (X @ rng.standard_normal((n_features, n_classes))).argmax(axis=1)


def passes(title, X, y, repetitions):
    contenders = {
        "sk, log loss": (sk.SGDClassifier, "log_loss"),
        "K scalar, log loss": (SGDClassifier, "log_loss"),
        "cross-entropy": (SGDClassifier, "cross_entropy"),
        "K scalar, hinge": (SGDClassifier, "hinge"),
        "Crammer-Singer": (SGDClassifier, "multiclass_hinge"),
        "Weston-Watkins": (SGDClassifier, "weston_watkins"),
    }

    def fit(kind, loss, max_iter):
        kind(loss=loss, max_iter=max_iter, tol=None, random_state=0).fit(X, y)

    seconds = interleaved(
        {
            (name, n): lambda kind=kind, loss=loss, n=n: fit(kind, loss, n)
            for name, (kind, loss) in contenders.items()
            for n in (1, 4)
        },
        repetitions,
    )
    a_pass = {name: (seconds[name, 4] - seconds[name, 1]) / 3 for name in contenders}
    for name, of_one in a_pass.items():
        ratio = of_one / a_pass["K scalar, log loss"]
        print(
            f"{title:32} {name:20} pass {1e3 * of_one:7.1f} ms   to K scalar passes {ratio:5.2f}", flush=True
        )


class Objective:
    """F and its range, from scikit-learn's L-BFGS run to the end."""

    def __init__(self, X, y):
        self.X, self.y = X, y
        shares = np.bincount(y) / len(y)
        best = sk.LogisticRegression(C=1 / (ALPHA * len(y)), tol=1e-9, max_iter=5000).fit(X, y)
        self.null, self.optimum = -(shares @ np.log(shares)), self.value(best)

    def value(self, model):
        f = self.X @ model.coef_.T + model.intercept_
        loss = np.mean(np.logaddexp.reduce(f, axis=1) - f[np.arange(len(f)), self.y])
        return loss + 0.5 * ALPHA * np.sum(model.coef_**2)

    def shortfall(self, model):
        return (self.value(model) - self.optimum) / (self.null - self.optimum)


def race(title, X, y, repetitions, seconds_each):
    objective = Objective(X, y)
    C = 1 / (ALPHA * len(y))
    settings = {"alpha": ALPHA, "tol": None, "random_state": 0}
    contenders = {
        "auto": lambda n: SGDClassifier("cross_entropy", learning_rate="auto", max_iter=n, **settings),
        "adaptive, averaged": lambda n: SGDClassifier(
            "cross_entropy", learning_rate="adaptive", eta0=0.1, average=True, max_iter=n, **settings
        ),
        "sk LogisticRegression lbfgs": lambda n: sk.LogisticRegression(C=C, tol=1e-12, max_iter=n),
        "sk LogisticRegression saga": lambda n: sk.LogisticRegression(
            C=C, tol=1e-12, max_iter=n, solver="saga", random_state=0
        ),
        "sk SGD, one against the rest": lambda n: sk.SGDClassifier("log_loss", max_iter=n, **settings),
    }
    for name, make in contenders.items():
        goals, begun, lowest = [1e-2, 1e-3], perf_counter(), np.inf
        for budget in BUDGETS:
            model = make(budget).fit(X, y)
            lowest = min(lowest, objective.shortfall(model))
            while goals and lowest <= goals[0]:
                once = interleaved({0: lambda make=make, budget=budget: make(budget).fit(X, y)}, repetitions)[
                    0
                ]
                print(
                    f"{title:32} {name:28} within {goals.pop(0):.0e}: {once:8.3f} s, {budget:3} passes",
                    flush=True,
                )
            if not goals or perf_counter() - begun > seconds_each:
                break
        for goal in goals:
            print(f"{title:32} {name:28} within {goal:.0e}:    never, best {lowest:.1e}", flush=True)


def main(repetitions=3, scale=1.0):
    warnings.filterwarnings("ignore")
    threadpool_limits(1)
    repeated = [np.concatenate([a] * 10) for a in digits()]
    passes("digits, ten times", *repeated, repetitions)
    X, y = gaussian(int(100_000 * scale), 200, 10)
    title = f"dense {len(X):,} x 200, K = 10"
    passes(title, X, y, repetitions)
    passes("  float32", X.astype(np.float32), y, repetitions)
    documents = words(int(50_000 * scale), 2**16, 80, 10)
    passes(f"sparse {len(documents[1]):,} x 2^16, K = 10", *documents, repetitions)
    race("digits", *digits(), repetitions, 10.0)
    race(title, X, y, repetitions, 60.0 * scale)


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:2]), *(float(a) for a in sys.argv[2:3]))
