"""Losses whose slope jumps, on many rows: Newton steps with secants for slopes, which get shorter.

With many rows to a column the mean loss bends nearly as if its slope did not jump. What a step promises, and what
the secants may hide, bound how far the minimum is; once there are too few rows at a kink to tell how the mean bends,
somebody else has to go on. Knows programs and designs.
"""

import numpy as np

from ._damped import Newton, descend
from ._design import design_of
from ._dual_gap import duality_gap
from ._points import Secants
from ._problem import LinearSolution
from ._samples import STAGE_STEPS, growing_samples

SHARE = 0.4  # of the gap that is asked for, which the secants may take up
SHORTENING = 0.05  # the most at once
WORTHWHILE = 0.7  # shorter, or not at all
MOST_COLUMNS = 500
MANY = 400  # rows for each column, from which on the mean loss is smooth enough
SAMPLE_TOL = 0.2  # of what is asked for: so good a sample is enough to begin with
STEPS = 20  # the most
USUAL_STEPS = 5  # the most on a sample, but for the first
SLOW, PATIENCE = 0.7, 3  # so many steps in a row that leave so much of the gap, and it is in vain
FEWEST = 5  # rows at a kink, for each of v


class Narrowing:
    """One problem on its way; `propose`, `advance` and the rest as in `Newton`.

    Parameters
    ----------
    problem : LinearProblem
    design : Design
        Dense.
    strengths : (ndarray, ndarray)
        l2 and l1, one entry for each of v.
    v : ndarray
        The start.
    reach : float
        Half the width of the first secants.
    tol : float
        Which gap is asked for, relative to what was gained.
    chosen : ndarray or slice
        The rows of the design.
    """

    is_flat = lost = False

    def __init__(self, problem, design, strengths, v, reach, tol, chosen=slice(None)):
        weight = problem.weight[chosen]
        weight = weight / weight.sum()
        self.problem, self.tol = problem, tol
        self.loss = Secants(problem.value, problem.gradient, problem.y[chosen], weight, reach)
        bend = weight * (problem.steep / problem.spread)
        l2, l1 = strengths
        self.newton = Newton(self.loss, design, l2, l1, bend, problem.size, v, problem.spread)
        self.objective, self.v = np.inf, v
        self.best, self.slow = np.inf, 0

    @property
    def hessian(self):
        """That of the last step."""
        return self.newton.hessian

    @property
    def promise(self):
        """What the next step promises."""
        return self.newton.promise

    def propose(self, hessian=None):
        """Compute the next step, and the gap."""
        self.gap = self.newton.propose(hessian)
        left = self.newton.promise + self.newton.point.doubt
        self.slow = 0 if left < SLOW * self.best else self.slow + 1
        self.best = min(left, self.best)
        if self.newton.objective < self.objective:
            self.objective, self.v = self.newton.objective, self.newton.v
        return self.gap

    def rough_hessian(self):
        """Give the Hessian here, of a sample of the rows."""
        return self.newton.rough_hessian()

    def settled(self):
        """Never: there is always a doubt."""
        return False

    def advance(self):
        """Go along the step, towards a point of shorter secants; see `Newton`."""
        reach = self.next_reach(self.tol)
        if self.slow >= PATIENCE:
            return False
        if reach == self.loss.reach and self.newton.promise <= self.newton.point.doubt:
            return False
        self.loss.reach = reach
        return self.newton.advance()

    def next_reach(self, tol):
        """Give the reach that leaves as little doubt as is wanted, if there are rows enough."""
        point, reach = self.newton.point, self.loss.reach
        wanted = SHARE * tol * max(self.problem.null - self.newton.objective, 0.0)
        if point.doubt <= wanted:
            return reach
        factor = max(np.sqrt(wanted / point.doubt), SHORTENING)
        least = FEWEST * self.newton.design.width / max(point.bent, 1)
        return reach * max(factor, least) if least <= WORTHWHILE else reach

    def damp(self):
        """Ask for shorter steps; see `Newton`."""
        return False


class Approach:
    """Come near the minimum of a `LinearProblem`, from (coef, intercept) on, as near as secants can tell.

    Parameters are those of solvers; see the end of `_problem.py`.

    Attributes
    ----------
    solution : LinearSolution or None
        How far it came; None where there are too few rows, or where samples of them show that it does not pay.
    ended : bool
        Whether that is what was asked for, or somebody wants no more.
    """

    def __init__(self, problem, coef, intercept, *, tol, max_iter, watch=None):
        self.problem, self.watch, self.stopped, self.curve = problem, watch, False, []
        self.solution: LinearSolution | None = None
        self.ended = False
        n, d = problem.X.shape
        if not (problem.kinked and problem.is_dense and d <= MOST_COLUMNS and n >= MANY * (d + 1)):
            return
        design = design_of(problem)
        strengths = design.strengths(problem)
        v = design.scaled(np.asarray(coef, dtype=np.float64), float(intercept))
        begun = _from_samples(problem, design, strengths, v, tol)
        if begun is not None:
            self.solution = solution = self._go_on(design, strengths, begun, tol, max_iter)
            if not solution.converged:
                self._keep_better(solution, coef, intercept)
                self._keep_better(solution, np.zeros(d), problem.constant)

    def _go_on(self, design, strengths, begun, tol, max_iter):
        """Take all the rows, and give how far they lead."""
        v, hessian, reach = begun
        self.end = end = Narrowing(self.problem, design, strengths, v, reach, tol)
        most = min(max_iter, STEPS)
        n_iter, converged = descend(self.problem, end, design, hessian, False, tol, most, self._see)
        coef, intercept = design.raw(end.v)
        solution = LinearSolution(
            coef, float(intercept), end.objective, float(end.gap), n_iter, converged, curve=self.curve
        )
        self.ended = converged or self.stopped or n_iter >= max_iter
        if self.ended:
            point = end.newton.point
            pulled, total = design.raw_sums(point.gradient)
            coef, intercept = design.raw(end.newton.v)
            # Σ weight l*(a) exceeds Σ weight (a f - l(f)) by the doubt.
            self.total = point.doubt - point.mean + float(pulled @ coef) + total * float(intercept)
            solution.duality_gap = duality_gap(self.problem, self, -pulled, -total, solution)
        return solution

    def _keep_better(self, solution, coef, intercept):
        """Take a model in place of one that did not come as far."""
        objective = self.problem.objective(coef, intercept)
        if objective < solution.objective:
            solution.coef, solution.intercept = np.array(coef), float(intercept)
            solution.objective = objective

    def _see(self, n_iter, coef, intercept, objective, gap):
        self.curve.append(objective)
        self.stopped = self.watch is not None and bool(self.watch(n_iter, coef, intercept, objective, gap))
        return self.stopped

    def part(self, rows):
        """Give duals of some rows, and their conjugates or more."""
        newton = self.end.newton
        return newton.loss.duals(newton.f, newton.point.reach, rows)


def _from_samples(problem, design, strengths, v, tol):
    """Give the minimum of a sample of the rows, the Hessian there, and how far secants had better reach.

    None if they are of no use: where columns hold few different numbers, many rows meet a kink at once.
    """
    hessian, sample, reach = None, None, problem.spread
    for chosen in growing_samples(problem, design.width, SAMPLE_TOL * tol):
        rough = design.width / len(chosen)
        if sample is not None:
            reach = sample.next_reach(rough)
        sample = Narrowing(problem, design.subset(chosen), strengths, v, reach, rough, chosen)
        for _ in range(STAGE_STEPS if hessian is None else USUAL_STEPS):
            near = sample.propose() <= rough * (problem.null - sample.newton.objective)
            if near or not sample.advance():
                break
        else:
            return None
        v, hessian = sample.newton.v, sample.hessian
    return v, hessian, reach if sample is None else sample.next_reach(tol)
