"""Limited-memory BFGS on implicitly scaled columns: smooth losses, one output or K that are coupled.

Knows points and sums over the data, not the data.
"""

from collections import deque

import numpy as np

from ._problem import LinearSolution
from ._scaled import Scaled, run

MEMORY = 20
ARMIJO = 1e-4
WOLFE = 0.9
SEARCH = 40
PATIENCE = 3  # so many steps in a row have to agree that the end is near


class _Memory:
    """Curvature as the last steps showed it."""

    def __init__(self):
        self.pairs: deque = deque(maxlen=MEMORY)

    def add(self, step, change):
        """Take a step and the change of the gradient along it."""
        product = float(step @ change)
        if product > 1e-14 * float(np.linalg.norm(step) * np.linalg.norm(change)):
            self.pairs.append((step, change, 1.0 / product))

    def solve(self, gradient):
        """Give the inverse Hessian times a gradient, by the two loops of Nocedal (1980)."""
        q, weights = gradient.copy(), []
        for step, change, rho in reversed(self.pairs):
            weight = rho * float(step @ q)
            weights.append(weight)
            q -= weight * change
        if self.pairs:
            step, change, rho = self.pairs[-1]
            q /= rho * float(change @ change)
        for (step, change, rho), weight in zip(self.pairs, reversed(weights), strict=True):
            q += (weight - rho * float(change @ q)) * step
        return q


def solve(problem, coef, intercept, *, tol, max_iter, random_state=None, watch=None):
    """Minimise a `SummedProblem`, as `_problem.py` says. It draws no random numbers."""
    function = Scaled(problem)
    descent = steps(function, coef, intercept, tol=tol, max_iter=max_iter, watch=watch)
    return run(descent, function.slopes)


def steps(function, coef, intercept, *, tol, max_iter, watch=None):
    """Minimise as a generator, which yields points v, is sent `function.slopes(v)`, and returns the solution.

    The gap is estimated by what the next steps promise, g' H⁻¹ g / 2 with curvature as the steps showed it,
    or by how fast the objective falls, whichever is more. L1 penalties are met orthant by orthant (Andrew and
    Gao, 2007, https://doi.org/10.1145/1273496.1273501).
    """
    problem = function.problem
    memory = _Memory()
    v = function.scaled(coef, intercept)
    smooth, gradient = yield v
    l1 = function.l1
    objective = smooth + float(l1 @ np.abs(v))
    n_iter, near, gap, known = 0, 0, np.inf, np.inf
    falls: deque = deque(maxlen=10)
    while True:
        slope = _pseudo_gradient(v, gradient, l1)
        direction = -memory.solve(slope)
        direction[(direction * slope >= 0.0) & (l1 > 0.0)] = 0.0
        promise = -float(direction @ slope)
        gap = _estimate(promise, falls)
        allowed = problem.allowed(tol, objective)
        near = near + 1 if gap <= allowed and len(memory.pairs) >= min(3, n_iter) else 0
        if near >= PATIENCE or promise == 0.0 or n_iter >= max_iter:
            break
        slack = problem.rounding * abs(objective)
        found = yield from _search(v, objective, slope, direction, promise, l1, slack, first=not memory.pairs)
        if found is None:
            if not memory.pairs:
                gap = min(gap, known)
                break
            if promise <= problem.allowed(0.0, objective):  # no way down is seen, since rounding hides it
                known = promise
            memory.pairs.clear()
            continue
        new, new_smooth, new_gradient, new_objective = found
        memory.add(new - v, new_gradient - gradient)
        falls.append(objective - new_objective)
        v, smooth, gradient, objective = new, new_smooth, new_gradient, new_objective
        n_iter, known = n_iter + 1, np.inf
        if watch is not None and watch(n_iter, *function.raw(v), objective, gap):
            near = PATIENCE
            break
    coef, intercept = function.raw(v)
    converged = near >= PATIENCE or gap <= problem.allowed(tol, objective)
    return LinearSolution(coef, intercept, objective, gap, n_iter, bool(converged))


def _estimate(promise: float, falls: deque) -> float:
    """Estimate F - F*: from the last step, and from the last falls, as if they went on in geometric progression."""
    if len(falls) < 4:
        return np.inf if promise > 0.0 else 0.0
    recent = np.array(falls)
    half = len(recent) // 2
    early, late = float(recent[:half].mean()), float(recent[half:].mean())
    ratio = float(np.clip(late / early if early > 0.0 else 0.0, 0.0, 0.98)) ** (2.0 / len(recent))
    return max(promise, late * ratio / (1.0 - ratio))


def _pseudo_gradient(v, gradient, l1):
    """Give the steepest slope of F at v, where |v| has two at zero."""
    if not l1.any():
        return gradient
    up, down = gradient + l1, gradient - l1
    at_zero = np.where(up < 0.0, up, np.where(down > 0.0, down, 0.0))
    return np.where(v > 0.0, up, np.where(v < 0.0, down, at_zero))


def _search(v, objective, slope, direction, promise, l1, slack, *, first):
    """Find a step that lowers F enough, and, without L1 parts, turns the slope enough (weak Wolfe)."""
    low, high = 0.0, np.inf
    t = min(1.0, 1.0 / float(np.linalg.norm(slope))) if first else 1.0
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
