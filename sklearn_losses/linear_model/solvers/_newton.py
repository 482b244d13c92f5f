"""Newton's method for convex losses of one raw prediction: dense linear algebra on (d + 1) × (d + 1) systems.

Knows arrays and programs. Large data are met in stages: the minimum on a small sample is where a larger one
starts, so that all the data are read only a few times. Losses whose slope jumps go to `_multipliers.py`.
"""

from dataclasses import replace

import numpy as np

from ._columns import Columns
from ._damped import Newton, Smooth
from ._design import SMALL, Design, RowSpace
from ._middle import middle_of_valley
from ._multipliers import Multipliers
from ._problem import EXACT, EXACT_TOL, LinearSolution
from ._shortest import shortest

GROWTH = 4
SAMPLE = 4 * SMALL  # entries of the largest sample
STAGE_TOL = 1e-2
STAGE_STEPS = 20
FASTER = 0.1  # a step with the Hessian of a sample has to shrink the gap to so much of it
STUCK, NOISE = 30, 1e-10  # a gap so small, relative to a typical objective, that falls no more is rounding
FAR = 0.3  # steps of so many spreads, at the end, have no end


def solve(problem, coef, intercept, *, tol, max_iter, random_state=None, watch=None):
    """Minimise a `LinearProblem`, as `_problem.py` says. It draws no random numbers."""
    n, d = problem.X.shape
    exact = n * d <= EXACT and tol <= EXACT_TOL
    if exact and not problem.weight.all():  # rows that do not count choose among no equally good coefficients
        counted = np.flatnonzero(problem.weight)
        n = len(counted)
        problem = replace(problem, X=problem.X[counted], y=problem.y[counted], weight=problem.weight[counted])
    design = _design(problem)
    of_intercept = np.zeros(int(problem.fit_intercept))
    strengths = (
        np.append(problem.l2 / design.scale**2, of_intercept),
        np.append(problem.l1 / design.scale, of_intercept),
    )
    v = design.scaled(np.asarray(coef, dtype=np.float64), float(intercept))
    hessian = None
    descent: Newton | Multipliers
    if problem.kinked:
        descent = Multipliers(problem, design, *strengths, v)
    else:
        bend = problem.bend
        if not design.small:
            v, hessian = _from_samples(problem, design, strengths, bend, v)
        loss = Smooth(problem.curvature, problem.y, problem.weight)
        descent = Newton(loss, design, *strengths, bend * problem.weight, problem.size, v)
    n_iter, converged = _descend(problem, descent, design, hessian, exact, tol, max_iter, watch)
    v = descent.v
    if exact and converged and problem.fit_intercept and descent.is_flat:
        v = v.copy()
        v[-1] += middle_of_valley(problem, design.dot(v))
    coef, intercept = design.raw(v)
    free = problem.l2 == problem.l1 == 0.0
    unbounded = free and not problem.kinked and FAR * problem.spread < descent.moved < np.inf
    if exact and converged and free and not unbounded and d <= n:
        coef, intercept = shortest(problem, coef, intercept)
    return LinearSolution(
        coef,
        float(intercept),
        descent.objective,
        float(descent.gap),
        n_iter,
        converged,
        duality_gap=float(descent.gap) if problem.kinked else None,
        unbounded=bool(unbounded),
    )


def _descend(problem, descent, design, hessian, exact, tol, max_iter, watch):
    """Step until the gap is small enough. Return the number of steps, and whether it is."""
    n_iter, last, best, stuck = 0, np.inf, np.inf, 0
    while True:
        borrowed = hessian is not None
        gap = descent.propose(hessian)
        if borrowed and gap > FASTER * last:
            gap, hessian = descent.propose(), None
        within = gap <= problem.allowed(tol, descent.objective)
        if exact and descent.settled():
            descent.advance()
            if watch is not None:
                watch(n_iter + 1, *design.raw(descent.v), descent.objective, gap)
            return n_iter + 1, True
        stuck = 0 if gap < 0.5 * best else stuck + 1
        best = min(best, gap)
        if stuck > STUCK and best <= NOISE * problem.size:
            return n_iter, True
        if (within and not exact) or n_iter >= max_iter:
            return n_iter, within
        last = gap
        if not descent.advance() and not descent.damp():
            return n_iter, within
        n_iter += 1
        if watch is not None and watch(n_iter, *design.raw(descent.v), descent.objective, gap):
            return n_iter, False


def _from_samples(problem, design, strengths, bend, v):
    """Give the minimum of a sample of the rows, found from that of a smaller one, and the Hessian there."""
    n, width = len(problem.y), design.width
    l2, l1 = strengths
    order = np.random.default_rng(0).permutation(n)
    hessian, m = None, 10 * width
    while m * GROWTH <= n and m * width <= SAMPLE:
        chosen = np.sort(order[:m])
        weight = problem.weight[chosen]
        if weight.any():
            weight = weight / weight.sum()
            loss = Smooth(problem.curvature, problem.y[chosen], weight)
            sample = Newton(loss, design.subset(chosen), l2, l1, bend * weight, problem.size, v)
            for _ in range(STAGE_STEPS):
                if sample.propose() <= STAGE_TOL * (problem.null - sample.objective) or not sample.advance():
                    break
            v, hessian = sample.v, sample.hessian
        m *= GROWTH
    return v, hessian


def _design(problem):
    """Scale the columns; of few rows and many columns take the rows' own directions."""
    X, (n, d) = problem.X, problem.X.shape
    if d > n and problem.l1 == 0.0:
        return RowSpace(X, problem.fit_intercept)
    if n * d <= SMALL:
        columns = problem.columns
    else:  # a sample of the rows is enough: scaling has to be good, not exact
        chosen = np.sort(np.random.default_rng(0).choice(n, min(n, max(1000, SMALL // d)), replace=False))
        columns = Columns(X[chosen], problem.weight[chosen] + 1.0 / n, centred=problem.fit_intercept)
    return Design(X, columns.centre, columns.rate**-0.5, problem.fit_intercept)
