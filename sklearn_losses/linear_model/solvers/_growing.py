"""L-BFGS for smooth losses of many rows: on a sample first, then on one four times as large, then on all.

Knows problems and points; how a minimum is approached is `_lbfgs.py`'s, and what curvature is known beforehand
`_metric.py`'s. What the steps on a sample showed of curvature is kept for the next.
"""

import numpy as np

from . import _lbfgs
from ._metric import Metric
from ._quadratic import step
from ._scaled import Scaled, run

WORTH_IT = 20_000  # entries of X from which on curvature is learnt from rows before it is from steps
ROWS_A_SQUARE = 0.25  # rows for each product of two columns: with fewer, products cost as much as passes
ROWS_A_COLUMN = 10  # of the smallest sample
SMALLEST, GROWTH = 1_000, 4
STAGE_TOL, STAGE_STEPS = 3e-2, 20
MOST_WIDTH, ROWS_A_NUMBER, LOOKS = 200, 20, 4
CAREFUL, DOUBT = 30.0, 10.0


def solve(problem, coef, intercept, *, tol, max_iter, random_state=None, watch=None):
    """Minimise a `LinearProblem`, as `_problem.py` says. It draws no random numbers."""
    n, d = problem.X.shape
    if problem.exact and problem.convex:
        return _careful(problem, coef, intercept, tol=tol, max_iter=max_iter, watch=watch)
    if n * d < WORTH_IT or d * d * ROWS_A_SQUARE > n or problem.l1 > 0.0 or not problem.convex:
        return _lbfgs.solve(problem, coef, intercept, tol=tol, max_iter=max_iter, watch=watch)
    function = Scaled(problem)
    order = np.random.default_rng(0).permutation(np.flatnonzero(problem.weight))
    metric = Metric(function, problem.subset(order[: Metric.rows_for(d)]))
    memory = _lbfgs.Memory(len(function.l2), metric)
    v = start = function.scaled(coef, intercept)
    if not np.any(coef):
        v = _from_samples(problem, order, v, memory)
    here = function.slopes(v)
    if v is not start and here[0] < problem.null:
        metric.begin(v, informed=True)
    elif v is not start:
        v, memory = start, _lbfgs.Memory(len(start), Metric(function, metric.rows))
        here = function.slopes(v)
    known = [here]  # what the walk asks for first
    descent = _lbfgs.walk(function, v, memory, tol=tol, max_iter=max_iter, watch=watch)
    solution = run(descent, lambda v: known.pop() if known else function.slopes(v))
    return _looked_at_again(problem, order, solution, tol=tol, max_iter=max_iter, watch=watch)


def _looked_at_again(problem, order, solution, *, tol, max_iter, watch):
    """Hold the estimate of the gap against what a step of Newton's method promises, where that is cheap; else go on."""
    function = Scaled(problem)
    width = len(function.l2)
    if width > MOST_WIDTH:
        return solution
    rows = Scaled(problem.subset(order[: ROWS_A_NUMBER * width]))
    for k in range(1, LOOKS + 1):
        v = function.scaled(solution.coef, solution.intercept)
        _, gradient = function.slopes(v)
        *_, hessian = rows.bends(v)
        noise = 1e-13 * problem.steep
        solution.gap = max(solution.gap, step(hessian, gradient, v, function.l1, noise).decrease)
        within = solution.gap <= problem.allowed(tol, solution.objective)
        if within or not solution.converged or solution.n_iter >= max_iter or k == LOOKS:
            break
        before = solution.n_iter
        left = {"tol": tol / CAREFUL ** (k + 1), "max_iter": max_iter - before}
        solution = _lbfgs.solve(problem, solution.coef, solution.intercept, **left, watch=watch)
        solution.n_iter += before
    return solution


def _careful(problem, coef, intercept, *, tol, max_iter, watch):
    """Minimise a small problem farther than is asked, since the gap is an estimate; small ones cost little."""
    solution = _lbfgs.solve(problem, coef, intercept, tol=tol / CAREFUL, max_iter=max_iter, watch=watch)
    solution.gap *= DOUBT
    order = np.flatnonzero(problem.weight)
    return _looked_at_again(problem, order, solution, tol=tol, max_iter=max_iter, watch=watch)


def _from_samples(problem, order, v, memory):
    """Go from v to the minimum of a sample of the rows, found from that of a smaller one."""
    d = problem.n_features
    sizes = [len(order) // GROWTH]
    while sizes[-1] >= max(SMALLEST, ROWS_A_COLUMN * (d + 1)):
        sizes.append(sizes[-1] // GROWTH)
    for k, m in enumerate(reversed(sizes[:-1])):
        function = Scaled(problem.subset(order[:m]))
        memory.metric.begin(v, informed=k > 0)
        descent = _lbfgs.walk(function, v, memory, tol=STAGE_TOL, max_iter=STAGE_STEPS)
        solution = run(descent, function.slopes)
        v = function.scaled(solution.coef, solution.intercept)
    return v
