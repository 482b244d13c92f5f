"""How near learning_rate="auto" comes to the optimum, on raw data, beside scikit-learn's defaults.

python benchmarks/sgd_suite.py [seed] [part of a problem's name] [auto]

With `auto` the others are left out.

The scores are those of `problems.py`; `doubt` is by how much, on their scale, the optimum may be too high
(`optimum.py`). Behind a StandardScaler (MaxAbsScaler for sparse data), F is the objective on the scaled columns.
Needs statsmodels for some real data sets; they are left out without it, and for seeds other than 0. A star marks
problems that came after the tuning: see `problems.py`.
"""

import sys
import warnings
from time import perf_counter

import numpy as np
import scipy.sparse as sp
import sklearn.linear_model
from optimum import Objective
from problems import problems
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from sklearn_losses import SGDClassifier, SGDRegressor

SHARED_LOSSES = ("log_loss", "hinge", "squared_error")


def solution(model):
    """Raw coefficients and intercept of a model, or of the last step of a pipeline."""
    last = model[-1] if hasattr(model, "steps") else model
    return np.ravel(last.coef_).astype(float), float(last.intercept_[0])


def estimator_pair(problem):
    """Give our estimator and scikit-learn's, or ours twice for losses that scikit-learn does not have."""
    ours = SGDClassifier if problem.classifies else SGDRegressor
    if problem.loss not in SHARED_LOSSES:
        return ours, ours
    return ours, getattr(sklearn.linear_model, ours.__name__)


def settings_of(problem, *, positive_alpha=False):
    alpha = problem.alpha or (1e-12 if positive_alpha and problem.classifies else 0.0)
    return {"loss": problem.loss, "alpha": alpha, "penalty": problem.penalty, "random_state": 0}


def print_totals(results):
    """Print how many problems each contender solves, of a list of (problem, scores by contender)."""
    for kind in results[0][1]:
        for title, tuned in (("tuned on", True), ("that came after the tuning", False)):
            values = [scores[kind] for problem, scores in results if problem.tuned == tuned]
            near, worse = sum(v <= 1e-2 for v in values), sum(v > 1 + 1e-9 for v in values)
            if values:
                print(
                    f"{kind}, problems {title}: within 1e-2 of the optimum on {near} of {len(values)}; "
                    f"worse than a constant on {worse}"
                )


def main(seed="0", wanted="", *only):
    warnings.filterwarnings("ignore")
    kinds = only or ("auto", "default", "standardised")
    print(f"{'problem':29}" + "".join(f"{kind:>14}" for kind in kinds) + "   passes  seconds    doubt")
    results = []
    for problem in problems(int(seed)):
        if wanted not in problem.name:
            continue
        objective = Objective(problem)
        scaler = MaxAbsScaler() if sp.issparse(problem.X) else StandardScaler()
        on_scaled = Objective(
            problem, scaler.fit_transform(problem.X)
        )  # its optimum is found when it is asked for
        ours, theirs = estimator_pair(problem)
        models = {
            "auto": ours(**settings_of(problem), learning_rate="auto"),
            "default": theirs(**settings_of(problem, positive_alpha=True)),
            "standardised": make_pipeline(scaler, theirs(**settings_of(problem, positive_alpha=True))),
        }
        scores, seconds = {}, {}
        for kind in kinds:
            model = models[kind]
            start = perf_counter()
            weights = {} if problem.sample_weight is None else {"sample_weight": problem.sample_weight}
            if kind == "standardised":
                weights = {f"{model.steps[-1][0]}__{name}": value for name, value in weights.items()}
            try:
                model.fit(problem.X, problem.y, **weights)
                scores[kind] = (on_scaled if kind == "standardised" else objective).score(*solution(model))
            except ValueError:  # it diverged
                scores[kind] = np.inf
            seconds[kind] = perf_counter() - start
        best = objective.optimum
        print(
            f"{problem.name + ' *' * (not problem.tuned):29}"
            + "".join(f"{scores[kind]:14.2e}" for kind in kinds)
            + f"{models['auto'].n_iter_:9} {seconds['auto']:8.2f}"
            + f"{best.doubt / (objective.null - best.value):9.0e}",
            flush=True,
        )
        results.append((problem, scores))
    print_totals(results)


if __name__ == "__main__":
    main(*sys.argv[1:])
