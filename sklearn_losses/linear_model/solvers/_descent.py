"""Schedule-free stochastic descent as a solver: for losses that are not convex.

Knows how to run `AutoDescent` on a `LinearProblem`.
"""

import numpy as np
from sklearn.utils import check_random_state

from ._auto import AutoDescent, Exhausted
from ._problem import LinearSolution

PATIENCE = 5


def solve(problem, coef, intercept, *, tol, max_iter, random_state=None, watch=None):
    """Minimise a `LinearProblem`, as `_problem.py` says; of a loss that is not convex, to a valley of it.

    It ends when the objective has gained less than `tol` of all that was gained in each of several passes. There
    is no estimate of the gap but that gain.
    """
    descent = AutoDescent(
        (problem.value, problem.gradient),
        problem.X,
        problem.columns,
        problem.y,
        problem.weight * len(problem.y),
        np.asarray(coef, dtype=np.float64),
        float(intercept),
        constant=problem.constant,
        spread=problem.spread,
        l2=problem.l2,
        l1=problem.l1,
        fit_intercept=problem.fit_intercept,
        seed=check_random_state(random_state).randint(np.iinfo(np.int32).max),
    )
    exhausted = Exhausted(tol, PATIENCE, descent.null)
    n_iter, converged, gap = 0, False, np.inf
    while n_iter < max_iter and not converged:
        before = descent.objective
        descent.run_epoch()
        n_iter += 1
        gap = before - descent.objective
        converged = exhausted.reached(descent.objective)
        if watch is not None and watch(n_iter, *descent.best, descent.objective, gap):
            converged = True
    coef, intercept = descent.best
    return LinearSolution(coef, intercept, descent.objective, gap, n_iter, converged)
