"""Coupled convex losses whose slope jumps: L-BFGS first, and from its end a proximal bundle method.

Where the slope jumps, L-BFGS may stop at any edge. A bundle keeps the tangents of the last points: below all of them
the objective cannot be, so that they tell both where to go and how far the minimum may be. Knows points, and values and
slopes there; nothing of rows.

Each step minimises max_i (tangent i of the loss) + l2/2 ‖v‖² + μ/2 ‖v - c‖² and moves the centre c there if the
objective falls by a good part of what the tangents promise; else the new tangent makes the next promise smaller
(Kiwiel, 1990, https://doi.org/10.1007/BF01585731).
"""

import numpy as np

from . import _growing, _lbfgs
from ._problem import LinearSolution
from ._scaled import Scaled

FARTHER = 30.0  # times as far as it seems may the minimum of small data be, which cost little
ROUGH, ROUGH_SHARE = (
    1e-2,
    0.25,
)  # the gap at which L-BFGS ends, by its own estimate; its share of the iterations
MOST_TANGENTS, MOST_NUMBERS = 200, 1 << 25  # in all of them: 256 MB
ENOUGH = 0.1  # of what is promised: then the centre moves
GOOD = 0.5  # of what is promised: then longer steps are tried
LONGER, SHORTER = 0.5, 2.0
NULL_STEPS = 5  # in a row that promise too much: shorter ones are tried
SPREAD_OF_MU = 1e8
RIDGE = 1e-13
NO_PULL = 1e-13


def solve(problem, coef, intercept, *, tol, max_iter, random_state=None, watch=None):
    """Minimise a `LinearProblem`, as `_problem.py` says; the bundle joins in where `problem.kinked`.

    Its gap is F(c) minus the minimum of the tangents with their penalties near c, plus what the pull to c hides if the
    minimum is as far from c as c is from the best constant: an estimate.
    """
    if not (problem.kinked and problem.convex):
        return _growing.solve(problem, coef, intercept, tol=tol, max_iter=max_iter, watch=watch)
    stopped = False

    def watch_and_tell(*now):
        nonlocal stopped
        stopped = watch is not None and watch(*now)
        return stopped

    rough = {"tol": max(tol, ROUGH), "max_iter": int(ROUGH_SHARE * max_iter)}
    first = _lbfgs.solve(problem, coef, intercept, **rough, watch=watch_and_tell)
    bundle = Bundle(Scaled(problem), problem, first.coef, first.intercept)
    n_iter = first.n_iter
    while True:
        gap = bundle.propose()
        converged = gap <= problem.allowed(tol, bundle.objective)
        if converged or n_iter >= max_iter or stopped:
            break
        bundle.advance()
        n_iter += 1
        watch_and_tell(n_iter, *bundle.model(), bundle.objective, gap)
    coef, intercept = bundle.model()
    return LinearSolution(coef, intercept, bundle.objective, gap, n_iter, bool(converged))


class Bundle:
    """The tangents, the centre, and the next point."""

    def __init__(self, function, problem, coef, intercept):
        self.function, self.problem = function, problem
        self.centre = function.scaled(coef, intercept)
        shape = np.shape(coef)
        self.null = function.scaled(np.zeros(shape), problem.constant)
        self.slopes, self.heights = np.zeros((0, len(self.centre))), np.zeros(0)
        self.shares = np.zeros(0)
        self.room = max(10, min(MOST_TANGENTS, MOST_NUMBERS // len(self.centre)))
        self.objective, slope = self._look(self.centre)
        reach = max(float(np.linalg.norm(self.centre - self.null)), problem.spread)
        # Steps across `reach`, for the slope, or, where it is none, for all of the objective.
        steepness = max(float(np.linalg.norm(slope)), self.objective / reach)
        self.mu = self.first_mu = max(steepness / reach, 1e-300)
        self.idle = 0

    def _look(self, v):
        """Take the tangent of the loss (and of the L1 penalty) at a point. Return F and the slope."""
        function = self.function
        smooth, gradient = function.slopes(v)
        quadratic = 0.5 * float(function.l2 @ (v * v))
        slope = gradient - function.l2 * v + function.l1 * np.sign(v)
        value = smooth - quadratic + float(function.l1 @ np.abs(v))
        if np.isfinite(value):
            self.slopes = np.vstack([self.slopes, slope])
            self.heights = np.append(self.heights, value - float(slope @ v))
            self.shares = np.append(self.shares, 0.0 if len(self.shares) else 1.0)
        return value + quadratic, slope

    def model(self):
        """Give coefficients and intercept of the centre."""
        return self.function.raw(self.centre)

    def propose(self):
        """Find the next point; return the gap."""
        l2, mu, c = self.function.l2, self.mu, self.centre
        bend = l2 + mu
        # With shares s of the tangents: v = (mu c - S's) / bend; the dual is a quadratic of s on the simplex.
        scaled = self.slopes / np.sqrt(bend)
        linear = self.heights + self.slopes @ (mu * c / bend)
        self.shares = _on_simplex(scaled @ scaled.T, linear, self.shares)
        pull = self.shares @ self.slopes
        self.point = (mu * c - pull) / bend
        # With any shares the mean of the tangents is below the loss: what follows holds if they are not the best.
        below = float(self.shares @ self.heights + pull @ self.point)
        below += 0.5 * float(l2 @ (self.point * self.point))
        self.promise = max(self.objective - below, 0.0)
        away = mu * (c - self.point)
        far = float(np.linalg.norm(c - self.null)) + float(np.linalg.norm(c - self.point))
        return self.promise + float(np.linalg.norm(away)) * far * (FARTHER if self.problem.exact else 1.0)

    def advance(self):
        """Look at the next point; go there if it keeps enough of the promise."""
        self._forget()
        objective, _ = self._look(self.point)
        fall = self.objective - objective
        if fall >= ENOUGH * self.promise and fall > 0.0:
            self.centre, self.objective, self.idle = self.point, objective, 0
            if fall >= GOOD * self.promise:
                self.mu = max(LONGER * self.mu, self.first_mu / SPREAD_OF_MU)
            return
        self.idle += 1
        if self.idle >= NULL_STEPS and fall < -self.promise:
            self.mu, self.idle = min(SHORTER * self.mu, self.first_mu * SPREAD_OF_MU), 0

    def _forget(self):
        """Make room for more tangents: those without a share go, and if all have one, the mean stands for the least."""
        if len(self.heights) < self.room:
            return
        kept = self.shares > 0.0
        if 2 * kept.sum() > self.room:
            self.slopes = np.vstack([self.slopes, self.shares @ self.slopes])
            self.heights = np.append(self.heights, self.shares @ self.heights)
            kept = np.append(self.shares > np.median(self.shares[kept]), True)
            self.shares = np.append(np.zeros(len(self.shares)), 1.0)
        self.slopes, self.heights, self.shares = self.slopes[kept], self.heights[kept], self.shares[kept]


def _on_simplex(Q, linear, start):
    """Maximise linear · s - s'Qs/2 over s >= 0 of sum 1, from a start.

    Whoever has a share is balanced with the others that have one; who is left out and pulls most gets one (as in Wolfe,
    1976, https://doi.org/10.1007/BF01580381).
    """
    s, has_share = start / start.sum(), start > 0.0
    ridge = RIDGE * float(np.trace(Q)) / len(Q)
    for _ in range(3 * len(Q) + 10):
        while True:
            chosen = np.flatnonzero(has_share)
            balance = np.ones((len(chosen) + 1, len(chosen) + 1))
            balance[:-1, :-1] = Q[np.ix_(chosen, chosen)]
            balance[-1, -1] = 0.0
            balance.flat[: -1 : len(balance) + 1] += ridge
            new, here = np.linalg.solve(balance, np.append(linear[chosen], 1.0))[:-1], s[chosen]
            if (new >= 0.0).all():
                s[chosen] = new
                break
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = np.where(new < 0.0, here / (here - new), np.inf)
            s[chosen] = here + float(reach.min()) * (new - here)
            gone = chosen[int(np.argmin(reach))]
            s[gone], has_share[gone] = 0.0, False
        pull = linear - Q @ s
        j = int(np.argmax(pull))
        if has_share[j] or pull[j] - pull @ s <= NO_PULL * (np.abs(pull[j]) + abs(float(linear[j]))):
            break
        has_share[j] = True
    return s / s.sum()
