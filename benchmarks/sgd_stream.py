"""One pass of partial_fit: how near the optimum it comes, and how many rows a second it takes.

python benchmarks/sgd_stream.py scores [seed] [part of a problem's name]
python benchmarks/sgd_stream.py speed [scale]

`scores` are those of `problems.py`, after one pass over the shuffled rows: learning_rate="auto" with all rows at
once, in chunks of 1000 and of 100, and after the first 50 rows, which came one by one (`first 50`, on the objective
of all rows); then scikit-learn's defaults in chunks of 100, raw and behind a StandardScaler (MaxAbsScaler for sparse
data) that is fed by its own partial_fit. A star marks problems that came after the tuning of `fit`.

`speed` counts rows a second of a stream of 2,000,000 x 50 float64 in chunks of 10,000, and the time of a call with one
row, with the same parameters in both libraries.
"""

import sys
import warnings
from functools import partial
from statistics import median
from time import perf_counter

import numpy as np
import scipy.sparse as sp
import sklearn.linear_model
from optimum import Objective
from problems import problems
from sgd_suite import estimator_pair, print_totals, settings_of, solution
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from sklearn_losses import SGDClassifier, SGDRegressor


def stream(model, X, y, weight, classes, chunk, scaler=None):
    """Feed a model (and a scaler before it) chunk by chunk."""
    for start in range(0, len(y), chunk):
        rows = slice(start, start + chunk)
        part = X[rows]
        if scaler is not None:
            part = scaler.partial_fit(part).transform(part)
        known = {} if weight is None else {"sample_weight": weight[rows]}
        model.partial_fit(part, y[rows], **known, **({} if classes is None else {"classes": classes}))
    return model


def score_after(objective, model, X, y, weight, classes, chunk, scaler=None):
    """Stream the data; score the coefficients of the features as they came."""
    try:
        coef, intercept = solution(stream(model, X, y, weight, classes, chunk, scaler))
    except ValueError:  # it diverged
        return np.inf
    if scaler is not None:
        coef = coef / scaler.scale_
        intercept -= coef @ getattr(scaler, "mean_", np.zeros(len(coef)))
    return objective.score(coef, intercept)


def scores(seed="0", wanted=""):
    warnings.filterwarnings("ignore")
    kinds = "all at once", "1000", "100", "first 50", "default", "standardised"
    print(f"{'problem':29}" + "".join(f"{kind:>14}" for kind in kinds))
    results = []
    for problem in problems(int(seed)):
        if wanted not in problem.name:
            continue
        objective = Objective(problem)
        order = np.random.default_rng(0).permutation(len(problem.y))
        X, y = problem.X[order], problem.y[order]
        weight = None if problem.sample_weight is None else problem.sample_weight[order]
        classes = [False, True] if problem.classifies else None
        ours, theirs = estimator_pair(problem)
        auto = partial(ours, **settings_of(problem), learning_rate="auto")
        default = partial(theirs, **settings_of(problem, positive_alpha=True))
        score = partial(score_after, objective)
        data, few = (
            (X, y, weight, classes),
            (X[:50], y[:50], None if weight is None else weight[:50], classes),
        )
        found = {
            "all at once": score(auto(), *data, len(y)),
            "1000": score(auto(), *data, 1000),
            "100": score(auto(), *data, 100),
            "first 50": score(auto(), *few, 1),
            "default": score(default(), *data, 100),
            "standardised": score(
                default(), *data, 100, MaxAbsScaler() if sp.issparse(X) else StandardScaler()
            ),
        }
        print(
            f"{problem.name + ' *' * (not problem.tuned):29}"
            + "".join(f"{found[kind]:14.2e}" for kind in kinds),
            flush=True,
        )
        results.append((problem, found))
    print_totals(results)


def speed(scale="1"):
    rng = np.random.default_rng(0)
    n = int(2_000_000 * float(scale))
    X = rng.standard_normal((n, 50))
    f = X[:, :5].sum(axis=1) + rng.standard_normal(n)
    print(f"{n:,} rows x 50 float64, chunks of 10,000")
    for title, target, settings, classes in [
        ("hinge", f > 0, {"loss": "hinge"}, [False, True]),
        ("log_loss", f > 0, {"loss": "log_loss"}, [False, True]),
        ("squared_error", f, {"loss": "squared_error"}, None),
    ]:
        name = "SGDRegressor" if classes is None else "SGDClassifier"
        ours = SGDRegressor if classes is None else SGDClassifier
        contenders = {
            "scikit-learn": getattr(sklearn.linear_model, name)(**settings, random_state=0),
            "sklearn_losses": ours(**settings, random_state=0),
            "sklearn_losses, auto": ours(**settings, random_state=0, learning_rate="auto"),
        }
        report(title, contenders, X, target, classes)


def report(title, contenders, X, y, classes):
    known = {} if classes is None else {"classes": classes}
    rates, calls = {}, {}
    passes = {name: [] for name in contenders}
    singles = {name: [] for name in contenders}
    for repetition in range(3):
        for name, model in contenders.items():
            model = sklearn.base.clone(model)
            start = perf_counter()
            stream(model, X, y, None, classes, 10_000)
            passes[name].append(perf_counter() - start)
            for row in range(50 if repetition else 10):
                start = perf_counter()
                model.partial_fit(X[row : row + 1], y[row : row + 1], **known)
                singles[name].append(perf_counter() - start)
    for name in contenders:
        rates[name], calls[name] = len(y) / median(passes[name]), median(singles[name])
        print(
            f"{title:14} {name:21} {rates[name]:10.3g} rows/s  ratio {rates[name] / rates['scikit-learn']:5.2f}   "
            f"one row {1e3 * calls[name]:6.3f} ms  ratio {calls[name] / calls['scikit-learn']:5.2f}",
            flush=True,
        )


if __name__ == "__main__":
    {"scores": scores, "speed": speed}[sys.argv[1]](*sys.argv[2:])
