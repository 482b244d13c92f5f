"""Limited-memory BFGS on implicitly scaled columns: smooth losses, one output or K that are coupled.

Knows arrays and programs; X is never written, dense or sparse.
"""

from collections import deque

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

from ._problem import LinearSolution

MEMORY = 20
ARMIJO = 1e-4
WOLFE = 0.9
SEARCH = 40
PATIENCE = 3  # so many steps in a row have to agree that the end is near
STALLED = 1e-13


class _Scaled:
    """F and its gradient in coordinates v of scaled columns: (K, d) coefficients and then K intercepts, flat."""

    def __init__(self, problem):
        self.problem = problem
        columns = problem.columns
        self.centre, self.scale = columns.centre, columns.rate**-0.5
        self.several = problem.n_outputs is not None
        self.n_outputs = problem.n_outputs or 1
        self.d = problem.X.shape[1]
        size = self.n_outputs * self.d
        self.l2 = np.zeros(size + self.n_outputs)
        self.l1 = np.zeros(size + self.n_outputs)
        self.l2[:size] = np.tile(problem.l2 / self.scale**2, self.n_outputs)
        self.l1[:size] = np.tile(problem.l1 / self.scale, self.n_outputs)

    def raw(self, v):
        """Give coefficients and intercept in units of X."""
        coef = v[: -self.n_outputs].reshape(self.n_outputs, self.d) / self.scale
        intercept = v[-self.n_outputs :] - coef @ self.centre
        if not self.problem.fit_intercept:
            intercept = np.zeros(self.n_outputs)
        return (coef, intercept) if self.several else (coef[0], float(intercept[0]))

    def scaled(self, coef, intercept):
        """Give v of coefficients and intercept."""
        coef = np.atleast_2d(coef)
        intercept = (
            np.atleast_1d(intercept) + coef @ self.centre
            if self.problem.fit_intercept
            else np.zeros(len(coef))
        )
        return np.concatenate([(coef * self.scale).ravel(), intercept])

    def __call__(self, v):
        """Give F without its L1 part, and the gradient of that."""
        problem = self.problem
        raw = problem.raw_prediction(*self.raw(v))
        (values, slopes), _ = problem.value.arrays(problem.y, raw)
        weight = problem.weight
        if not weight.all():
            values[weight == 0.0] = slopes[weight == 0.0] = 0.0
        with np.errstate(all="ignore"):
            slopes = slopes * (weight[:, None] if self.several else weight)
            objective = float(weight @ values) + 0.5 * float(self.l2 @ (v * v))
        if not (np.isfinite(objective) and np.isfinite(slopes.sum())):
            return np.inf, np.zeros_like(v)
        sums = slopes.sum(axis=0)
        pulled = np.asarray(
            safe_sparse_dot(slopes.T.astype(problem.X.dtype, copy=False), problem.X), dtype=np.float64
        )
        pulled = (pulled - np.multiply.outer(sums, self.centre)) / self.scale
        ends = np.atleast_1d(sums) if problem.fit_intercept else np.zeros(self.n_outputs)
        return objective, np.concatenate([pulled.ravel(), ends]) + self.l2 * v


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
    """Minimise a `LinearProblem`, as `_problem.py` says. It draws no random numbers.

    The gap is estimated by what the next steps promise, g' H⁻¹ g / 2 with curvature as the steps showed it,
    or by how fast the objective falls, whichever is more. L1 penalties are met orthant by orthant (Andrew and
    Gao, 2007, https://doi.org/10.1145/1273496.1273501).
    """
    function = _Scaled(problem)
    memory = _Memory()
    v = function.scaled(coef, intercept)
    smooth, gradient = function(v)
    l1 = function.l1
    objective = smooth + float(l1 @ np.abs(v))
    n_iter, near, gap = 0, 0, np.inf
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
        found = _search(function, v, objective, slope, direction, promise, l1, first=not memory.pairs)
        if found is None:
            if not memory.pairs:
                break
            memory.pairs.clear()
            continue
        new, new_smooth, new_gradient, new_objective = found
        memory.add(new - v, new_gradient - gradient)
        falls.append(objective - new_objective)
        v, smooth, gradient, objective = new, new_smooth, new_gradient, new_objective
        n_iter += 1
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


def _search(function, v, objective, slope, direction, promise, l1, *, first):
    """Find a step that lowers F enough, and, without L1 parts, turns the slope enough (weak Wolfe)."""
    low, high = 0.0, np.inf
    t = min(1.0, 1.0 / float(np.linalg.norm(slope))) if first else 1.0
    orthant = np.where(v != 0.0, np.sign(v), -np.sign(slope)) if l1.any() else None
    for _ in range(SEARCH):
        new = v + t * direction
        if orthant is not None:
            new[(new * orthant < 0.0) & (l1 > 0.0)] = 0.0
        smooth, gradient = function(new)
        total = smooth + float(l1 @ np.abs(new))
        promised = promise * t if orthant is None else -float(slope @ (new - v))
        if not total <= objective - ARMIJO * promised + STALLED * 1e-2 * abs(objective):
            high = t
        elif orthant is None and float(gradient @ direction) < -WOLFE * promise:
            low = t
        else:
            return new, smooth, gradient, total
        t = 0.5 * (low + high) if np.isfinite(high) else 2.0 * t
    return None
