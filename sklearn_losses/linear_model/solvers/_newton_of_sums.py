"""Damped Newton steps on sums over the data, wherever these are: smooth convex losses.

Knows points and sums over the data, not the data. Reading the data is what costs, so that every pass sums value,
gradient and Hessian at once, and a step that led nowhere is shortened by solving again, not by trying its half.
"""

import numpy as np

from ._problem import EXACT_TOL, LinearSolution
from ._quadratic import step
from ._scaled import Scaled, run

ARMIJO = 1e-4
FIRST_DAMPING = 1e-2
LEAST_DAMPING, MOST_DAMPING = 1e-6, 1e12
HARMLESS_DAMPING = 1e-3  # with so little, what a step promises is still what is left
DOUBT = 2.0  # curvature falls on the way, so that more is left than a step promises
UNSOLVED = 0.1  # a share of the gradient that curvature says nothing of
NOISE = 1e-13  # of a gradient, relative to a typical one
STILL = 1e-20  # steps that promise so little, relative to a typical objective, are the last
FINE = 1e-12  # promises of so little are believed though the objective, rounded, cannot show them, ...
IDLE = 3  # ... until so many in a row were hardly less than the ones before
FLAT = 1e-12  # of curvature: less is none
FAR = 0.3  # steps of so many spreads, at the end, have no end


def solve(problem, coef, intercept, *, tol, max_iter, random_state=None, watch=None):
    """Minimise a `SummedProblem` with `bends`, as `_problem.py` says. It draws no random numbers."""
    function = Scaled(problem)
    exact = problem.exact and tol <= EXACT_TOL
    descent = steps(function, coef, intercept, tol=tol, max_iter=max_iter, watch=watch, exact=exact)
    return run(descent, function.bends)


def steps(function, coef, intercept, *, tol, max_iter, watch=None, exact=False):
    """Minimise as a generator, which yields points v, is sent `function.bends(v)`, and returns the solution.

    Where a step lowers F by too little (Armijo), or where curvature says nothing of a good part of the gradient,
    the next is solved with a larger multiple of the typical curvature added to the Hessian (Levenberg, 1944;
    Marquardt, 1963). With `exact` the steps go on to the last digits, whatever `tol`.
    """
    problem = function.problem
    size = problem.size
    v = function.scaled(coef, intercept)
    here = yield v
    bend = _typical_bend(here[2], function.l2, problem)
    noise = NOISE * problem.steep
    n_iter, idle, damping, last = 0, 0, 0.0, np.inf
    known, far = np.inf, 0.0  # gap and length of the last step that was not damped
    converged = False
    l1 = function.l1
    while True:
        smooth, gradient, hessian = here
        objective = smooth + float(l1 @ np.abs(v))
        delta, promise, damping = _propose(gradient, hessian, v, l1, function.n_outputs, bend, damping, noise)
        gap = DOUBT * promise if damping <= HARMLESS_DAMPING else np.inf
        if damping <= HARMLESS_DAMPING:
            known, far = gap, float(np.linalg.norm(delta))
        fine = promise <= FINE * size
        idle = idle + 1 if fine and promise > 0.25 * last else 0
        last = promise
        settled = promise <= STILL * size or idle >= IDLE
        within = gap <= problem.allowed(0.0 if exact else tol, objective)
        converged = settled or (within and not exact)
        if converged or n_iter >= max_iter or damping > MOST_DAMPING:
            break
        new = v + delta
        there = yield new
        slack = problem.rounding * (abs(objective) + size)
        fall = objective - there[0] - float(l1 @ np.abs(new))
        if not (fall >= ARMIJO * promise - slack or (fine and np.isfinite(there[0]))):
            damping = max(10.0 * damping, FIRST_DAMPING)
            continue
        if fall >= 0.5 * promise or fine:
            damping = 0.1 * damping if damping > LEAST_DAMPING else 0.0
        v, here = new, there
        n_iter += 1
        if watch is not None:
            objective = here[0] + float(l1 @ np.abs(v))
            if watch(n_iter, *function.raw(v), objective, gap):
                converged = True
                break
    coef, intercept = function.raw(v)
    endless = problem.l2 == problem.l1 == 0.0 and far > FAR * problem.spread
    converged = bool(converged or gap <= problem.allowed(tol, objective))
    return LinearSolution(
        coef, intercept, float(objective), float(min(gap, known)), n_iter, converged, unbounded=endless
    )


def _propose(gradient, hessian, v, l1, n_outputs, bend, damping, noise):
    """Give the step, what it promises, and the damping that it took."""
    while True:
        H = hessian.copy()
        H.flat[:: len(H) + 1] += damping * bend
        _pin(H[-n_outputs:, -n_outputs:])
        delta, promise, unsolved, _ = step(H, gradient, v, l1, noise)
        if unsolved <= UNSOLVED or damping > MOST_DAMPING:
            return delta, max(promise, 0.0), damping
        damping = max(10.0 * damping, FIRST_DAMPING)


def _pin(of_intercepts):
    """Where shifting all intercepts together changes nothing, as for softmax, give that a curvature: they stay."""
    size = float(np.abs(of_intercepts).max())
    if len(of_intercepts) > 1 and np.abs(of_intercepts.sum(axis=0)).max() <= FLAT * size:
        of_intercepts += size / len(of_intercepts)


def _typical_bend(hessian, l2, problem):
    """Give the mean curvature of the loss along a scaled column at the start, or what its scale suggests."""
    bend, usual = float(np.mean((np.diagonal(hessian) - l2)[:-1])), problem.steep / problem.spread
    return bend if np.isfinite(bend) and bend > 1e-9 * usual else usual
