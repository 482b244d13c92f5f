"""Newton's method for convex losses of one raw prediction: dense linear algebra on (d + 1) × (d + 1) systems.

Knows arrays and programs. Large data are met in stages: the minimum on a small sample is where a larger one
starts, so that all the data are read only a few times. Losses whose slope jumps go to `_narrowing.py`, where there are
many rows, and to `_multipliers.py`.
"""

import numpy as np

from ._damped import Newton, descend
from ._design import design_of
from ._middle import middle_of_valley
from ._multipliers import Multipliers
from ._narrowing import Approach
from ._points import Smooth
from ._problem import EXACT, EXACT_TOL, LinearSolution
from ._samples import STAGE_STEPS, growing_samples
from ._shortest import shortest

STAGE_TOL = 1e-2
SAMPLE_TOL = 0.3  # of what is asked for: so good a sample is enough to begin with
FAR = 0.3  # steps of so many spreads, at the end, have no end


def solve(problem, coef, intercept, *, tol, max_iter, random_state=None, watch=None):
    """Minimise a `LinearProblem`, as `_problem.py` says. It draws no random numbers."""
    n, d = problem.X.shape
    exact = n * d <= EXACT and tol <= EXACT_TOL
    design = design_of(problem)
    l2, l1 = strengths = design.strengths(problem)
    v = design.scaled(np.asarray(coef, dtype=np.float64), float(intercept))
    descent: Newton | Multipliers
    if problem.kinked:
        n_iter = 0
        if not exact:
            approach = Approach(problem, coef, intercept, tol=tol, max_iter=max_iter, watch=watch)
            if approach.ended:
                return approach.solution
            if approach.solution is not None:
                n_iter = approach.solution.n_iter
                v = design.scaled(approach.solution.coef, approach.solution.intercept)
        descent = Multipliers(problem, design, l2, l1, v)
        n_iter, converged = descend(problem, descent, design, None, exact, tol, max_iter, watch, n_iter)
    else:
        bend, hessian = problem.bend, None
        if not design.small:
            v, hessian = _from_samples(problem, design, strengths, bend, v, tol)
        loss = Smooth(problem.value, problem.curvature, problem.y, problem.weight)
        descent = Newton(loss, design, l2, l1, bend * problem.weight, problem.size, v, problem.spread)
        n_iter, converged = descend(problem, descent, design, hessian, exact, tol, max_iter, watch)
    v = descent.v
    if exact and converged and problem.fit_intercept and descent.is_flat:
        v = v.copy()
        v[-1] += middle_of_valley(problem, design.dot(v))
    coef, intercept = design.raw(v)
    gap = descent.gap
    if exact and converged and not gap <= problem.allowed(tol, descent.objective):
        gap = min(descent.damped_gap() if not np.isfinite(gap) else gap, descent.certified_gap())
    free = problem.l2 == problem.l1 == 0.0
    unbounded = free and isinstance(descent, Newton) and descent.goes_on(FAR * problem.spread)
    if exact and converged and free and not unbounded and d <= n:
        coef, intercept = shortest(problem, coef, intercept)
    return LinearSolution(
        coef,
        float(intercept),
        descent.objective,
        float(gap),
        n_iter,
        converged,
        duality_gap=float(gap) if problem.kinked and exact and converged else None,
        unbounded=bool(unbounded),
        certain=design.sweeps or (exact and converged),
    )


def _from_samples(problem, design, strengths, bend, v, tol):
    """Give the minimum of a sample of the rows, found from that of a smaller one, and the Hessian there."""
    (l2, l1), hessian = strengths, None
    for chosen in growing_samples(problem, design.width, SAMPLE_TOL * tol):
        weight = problem.weight[chosen]
        weight = weight / weight.sum()
        loss = Smooth(problem.value, problem.curvature, problem.y[chosen], weight)
        sample = Newton(loss, design.subset(chosen), l2, l1, bend * weight, problem.size, v, problem.spread)
        for _ in range(STAGE_STEPS):
            if sample.propose() <= STAGE_TOL * (problem.null - sample.objective) or not sample.advance():
                break
        v, hessian = sample.v, sample.hessian
    return v, hessian
