"""Limited-memory BFGS on implicitly scaled columns: smooth losses, one output or K that are coupled.

Knows points and sums over the data, not the data.
"""

from collections import deque

import numpy as np
from scipy.linalg import lapack

from ._problem import LinearSolution
from ._scaled import Scaled, run

MEMORY = 20
ARMIJO = 1e-4
WOLFE = 0.9
SEARCH = 40
LAST = 0.3  # of the last fall, at least, is left
DOUBT = 2.0  # by which what a step promises is multiplied: curvature falls on the way, and steps know only what it was


class Plain:
    """Knows of no curvature: every direction bends alike."""

    patience = 3
    informed = False

    def visit(self, v):
        """Take note of where an iteration starts."""

    def solve(self, gradient):
        """Give the inverse Hessian times a gradient, but for a factor."""
        return gradient


class Memory:
    """Curvature as the last steps showed it, beyond what a metric knows.

    The two loops of Nocedal (1980, https://doi.org/10.1090/S0025-5718-1980-0572855-7) over steps s and changes of the
    gradient y are triangular systems of the products s_i · y_j.
    """

    def __init__(self, size, metric=None):
        self.metric = metric or Plain()
        self.steps, self.changes = np.empty((2, MEMORY, size))
        self.products = np.empty((MEMORY, MEMORY))
        self.order: list = []  # places of the pairs, the oldest first

    def __len__(self):
        return len(self.order)

    def clear(self):
        """Forget all steps."""
        self.order = []

    def add(self, step, change):
        """Take a step and the change of the gradient along it."""
        product = float(step @ change)
        if product <= 1e-14 * float(np.linalg.norm(step) * np.linalg.norm(change)):
            return
        place = len(self.order) if len(self.order) < MEMORY else self.order.pop(0)
        self.order.append(place)
        self.steps[place], self.changes[place] = step, change
        m = len(self.order)
        self.products[:m, place] = self.steps[:m] @ change

    def solve(self, gradient):
        """Give the inverse Hessian times a gradient."""
        if not self.order:
            return self.metric.solve(gradient)
        m = len(self.order)
        steps, changes = self.steps[:m], self.changes[:m]
        upper = self.products[np.ix_(self.order, self.order)]  # its upper triangle counts
        last = changes[self.order[-1]]
        length = upper[-1, -1] / float(last @ self.metric.solve(last))
        share = np.empty((2, m))
        back = _solve_triangle(upper, (steps @ gradient)[self.order], 0)
        share[0, self.order] = back
        q = self.metric.solve(gradient - share[0] @ changes) * length
        share[1, self.order] = _solve_triangle(
            upper, np.diagonal(upper) * back - (changes @ q)[self.order], 1
        )
        return q + share[1] @ steps


def _solve_triangle(upper, right, transposed):
    return lapack.dtrtrs(upper, right, trans=transposed)[0].ravel()


def solve(problem, coef, intercept, *, tol, max_iter, random_state=None, watch=None):
    """Minimise a `SummedProblem`, as `_problem.py` says. It draws no random numbers."""
    function = Scaled(problem)
    descent = steps(function, coef, intercept, tol=tol, max_iter=max_iter, watch=watch)
    return run(descent, function.slopes)


def steps(function, coef, intercept, *, tol, max_iter, watch=None):
    """Minimise as a generator, as `walk` does, from coefficients and an intercept in units of X."""
    v = function.scaled(coef, intercept)
    return walk(function, v, Memory(len(v)), tol=tol, max_iter=max_iter, watch=watch)


def walk(function, v, memory, *, tol, max_iter, watch=None):
    """Minimise as a generator, which yields points v, is sent `function.slopes(v)`, and returns the solution.

    The gap is estimated by what the next steps promise, g' H⁻¹ g with curvature as metric and steps showed it,
    or by how fast the objective falls, whichever is more. L1 penalties are met orthant by orthant (Andrew and
    Gao, 2007, https://doi.org/10.1145/1273496.1273501).
    """
    problem, metric = function.problem, memory.metric
    smooth, gradient = yield v
    l1 = function.l1
    objective = smooth + float(l1 @ np.abs(v))
    n_iter, near, gap, known = 0, 0, np.inf, np.inf
    falls: deque = deque(maxlen=10)
    while True:
        metric.visit(v)
        slope = _pseudo_gradient(v, gradient, l1)
        direction = -memory.solve(slope)
        direction[(direction * slope >= 0.0) & (l1 > 0.0)] = 0.0
        promise = -float(direction @ slope)
        gap = _estimate(promise, falls, metric.informed)
        allowed = problem.allowed(tol, objective)
        near = near + 1 if gap <= allowed and len(memory) >= min(3, n_iter) else 0
        if near >= metric.patience or promise == 0.0 or n_iter >= max_iter:
            break
        slack = problem.rounding * abs(objective)
        blind = not (len(memory) or metric.informed)
        found = yield from _search(v, objective, slope, direction, promise, l1, slack, blind=blind)
        if found is None:
            if not len(memory):
                gap = min(gap, known)
                break
            if promise <= problem.allowed(0.0, objective):  # no way down is seen, since rounding hides it
                known = promise
            memory.clear()
            continue
        new, new_smooth, new_gradient, new_objective = found
        memory.add(new - v, new_gradient - gradient)
        falls.append(objective - new_objective)
        v, smooth, gradient, objective = new, new_smooth, new_gradient, new_objective
        n_iter, known = n_iter + 1, np.inf
        if watch is not None and watch(n_iter, *function.raw(v), objective, gap):
            near = metric.patience
            break
    coef, intercept = function.raw(v)
    converged = near >= metric.patience or gap <= problem.allowed(tol, objective)
    return LinearSolution(coef, intercept, objective, gap, n_iter, bool(converged))


def _estimate(promise: float, falls: deque, informed: bool) -> float:
    """Estimate F - F*: from the last step, and from the last falls, as if they went on in geometric progression."""
    if len(falls) < 4:
        if promise == 0.0:
            return 0.0
        return max(DOUBT * promise, LAST * (falls[-1] if falls else 0.0)) if informed else np.inf
    recent = np.array(falls)
    half = len(recent) // 2
    early, late = float(recent[:half].mean()), float(recent[half:].mean())
    ratio = float(np.clip(late / early if early > 0.0 else 0.0, 0.0, 0.98)) ** (2.0 / len(recent))
    return max(DOUBT * promise, late * ratio / (1.0 - ratio))


def _pseudo_gradient(v, gradient, l1):
    """Give the steepest slope of F at v, where |v| has two at zero."""
    if not l1.any():
        return gradient
    up, down = gradient + l1, gradient - l1
    at_zero = np.where(up < 0.0, up, np.where(down > 0.0, down, 0.0))
    return np.where(v > 0.0, up, np.where(v < 0.0, down, at_zero))


def _search(v, objective, slope, direction, promise, l1, slack, *, blind):
    """Find a step that lowers F enough, and, without L1 parts, turns the slope enough (weak Wolfe)."""
    low, high = 0.0, np.inf
    t = min(1.0, 1.0 / float(np.linalg.norm(slope))) if blind else 1.0
    orthant = np.where(v != 0.0, np.sign(v), -np.sign(slope)) if l1.any() else None
    for _ in range(SEARCH):
        new = v + t * direction
        if orthant is not None:
            new[(new * orthant < 0.0) & (l1 > 0.0)] = 0.0
        smooth, gradient = yield new
        total = smooth + float(l1 @ np.abs(new))
        promised = promise * t if orthant is None else -float(slope @ (new - v))
        if not total <= objective - ARMIJO * promised + slack:
            high = t
        elif orthant is None and float(gradient @ direction) < -WOLFE * promise:
            low = t
        else:
            return new, smooth, gradient, total
        t = 0.5 * (low + high) if np.isfinite(high) else 2.0 * t
    return None
