"""The one way out of every fit: the objective is measured where the fit ends, and the gap is held against all bounds.

Solvers work on scaled columns, on samples, on float64; what users get are raw coefficients of the type of X. So F is
measured at those, from X as it was given, and whatever rounding has cost on the way is added to the gap. Knows problems
and solutions; nothing of how they were found.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from ._problem import LinearSolution, SummedProblem

SLACK = 1e-12  # of an objective, relative to a typical one: by so little, a point is no better than another
SEEN = 0.1  # of the gap that is allowed: a difference that needs no explanation
NEGLIGIBLE = 1e-10  # of a gap, relative to a typical objective: nobody is warned of it
LOST = 8.0  # roundings of raw predictions, of coefficients in float64
EPS, SINGLE = float(np.finfo(np.float64).eps), float(np.finfo(np.float32).eps)

Point = tuple[Any, Any]
"""Coefficients and intercept."""


def rounded(problem: SummedProblem, point: Point, dtype: Any) -> Point:
    """Return coefficients and intercept as float64 numbers that fit into another type, X's.

    Where coefficients lose digits, the intercept moves so that predictions at the centre of the columns stay.
    """
    coef, intercept = point
    if dtype == np.float64:
        return coef, intercept
    fitting = coef.astype(dtype).astype(np.float64)
    if problem.fit_intercept:
        intercept = intercept + (coef - fitting) @ problem.whereabouts[0]
    intercept = np.asarray(intercept).astype(dtype).astype(np.float64)
    return fitting, (intercept if intercept.ndim else float(intercept))


def leave(
    problem: SummedProblem,
    solution: LinearSolution,
    others: Iterable[tuple[float, Point]],
    *,
    dtype: Any,
    tol: float,
    floor: float = -np.inf,
    measured: float | None = None,
    exact_there: bool = False,
) -> LinearSolution:
    """Return the solution with F at the coefficients that are returned, and a gap that counts from there.

    Parameters
    ----------
    problem : SummedProblem
        With X as it was given.
    solution : LinearSolution
        Where the solver ended; its objective and gap are what the solver saw.
    others : iterable of (objective, (coef, intercept))
        Points that the fit has passed, and the best constant, with F as it was seen there. One that is better than
        the solution takes its place.
    dtype : dtype
        Of the coefficients that are returned.
    tol : float
        As solvers take it.
    floor : float
        A lower bound of F.
    measured : float or None
        F at the solution in `dtype`, if it is known.
    exact_there : bool
        Whether a solver that is certain has measured F on X itself, by raw coefficients.
    """
    coef, intercept = rounded(problem, (solution.coef, solution.intercept), dtype)
    single = dtype != np.float64
    f, objective = None, measured
    if objective is None and solution.certain and not single and exact_there:
        objective = solution.objective
    if objective is None:
        f, objective = problem.look(coef, intercept)
    lost = noise(problem, coef, intercept)
    seen = solution.objective
    if single and abs(objective - seen) > SEEN * problem.allowed(tol, objective):
        # Solvers of float32 data see F as roughly; what coefficients lose is another thing.
        _, there = problem.look(solution.coef, solution.intercept)
        seen = there if abs(there - seen) <= noise(problem, coef, intercept, SINGLE) else seen
    bound = seen - solution.gap  # F* is thought to be no less
    rounding = objective - seen if single else 0.0
    for known, point in others:
        if not known < objective - SLACK * (problem.size + abs(known)) and np.isfinite(objective):
            continue
        other = rounded(problem, point, dtype)
        there = problem.objective_at(*other)
        if there < objective or not np.isfinite(objective):
            (coef, intercept), objective, f = other, there, None
    duality_gap = solution.duality_gap
    if duality_gap is not None:
        duality_gap = max(duality_gap + objective - solution.objective, 0.0)
        duality_gap = duality_gap if np.isfinite(duality_gap) else None
    gap = solution.gap
    if np.isnan(gap):  # the loss is not convex: nothing is known of F*
        return replace(solution, coef=coef, intercept=intercept, objective=objective)
    gap = max(objective - bound, 0.0)
    gap = min(gap, objective - floor, np.inf if duality_gap is None else duality_gap)
    # Gaps of 'newton' and 'lbfgs' follow from whole gradients: of large data single coordinates say nothing more.
    if not solution.certain and (problem.exact or solution.curve is not None):
        gap = max(gap, problem.left_to_gain(coef, intercept, f))
    allowed = problem.allowed(tol, objective) + lost
    return replace(
        solution,
        coef=coef,
        intercept=intercept,
        objective=objective,
        gap=0.0 if gap <= lost else gap,
        duality_gap=duality_gap,
        converged=bool(gap <= max(allowed, NEGLIGIBLE * problem.size)),
        rounding=rounding,
    )


def noise(problem: SummedProblem, coef: np.ndarray, intercept: Any, eps: float = EPS) -> float:
    """Return by how much F changes as raw predictions are rounded, x · w and b each being as large as they are."""
    _, sizes = problem.whereabouts
    with np.errstate(all="ignore"):
        far = float(np.max(np.abs(coef) @ sizes + np.abs(intercept), initial=0.0))
    lost = LOST * eps * far * problem.steepest
    return lost if np.isfinite(lost) else 0.0
