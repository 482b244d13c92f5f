"""Dual coordinate ascent inside an accelerated proximal-point loop: any convex loss, no step size.

One pass over the rows (`_dual_pass.pyx`) works on F(w) + kappa / 2 ||w - c||^2, in the norm of the scaled columns.
Between two passes the centre c moves on, with Nesterov's momentum, and kappa is fitted to what the passes achieve.
Knows problems and passes; nothing of losses as classes or of estimators. The rules and what they were measured
on stand in doc/design/solvers.md.
"""

from math import inf, sqrt

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.extmath import safe_sparse_dot

from ._column_sums import has_duplicates
from ._dual_gap import KeptDuals, duality_gap
from ._dual_pass import DualPass
from ._narrowing import Approach
from ._problem import LinearSolution
from ._rows import Rows

SMALLEST_KAPPA = 1 / 64  # in units of the first one
LARGEST_KAPPA = 1e8
INEXACT = 10.0  # the gap of a pass, in units of kappa / 2 ||w - c||^2, that keeps the centre where it is
HOPELESS = 100.0  # ... and that raises kappa at once
PATIENCE = 3  # passes with an inexact gap that raise kappa
FALLING = 0.3  # a gap that has become so much less in one pass gets more of them first
SLOW_CENTRE = 0.3  # a gap this small, in units of what moving the centre may gain, moves it
SLACK_CENTRE = 0.05  # ... and this small lowers kappa
STALE = 5  # moves of the centre without progress that end the momentum
GOOD_START = (
    0.5  # how much worse than its start, in units of what that gained, a model of recalled duals may be
)
MEASURED_EVERY = 8  # passes, where nobody watches


def solve(problem, coef, intercept, *, tol, max_iter, random_state=None, watch=None):
    """Minimise the problem, from (coef, intercept) on; see `LinearSolution` and the end of ``_problem.py``.

    One iteration is one pass over the rows; its entry in the curve is the objective along the way. The gap is
    kappa ||w - c|| R + G: G the gap of the proximal problem along the way, and R the distance to the optimum, taken as
    2.5 times that of the last half of the way.
    """
    n_iter, curve = 0, []
    approach = Approach(problem, coef, intercept, tol=tol, max_iter=max_iter, watch=watch)
    if approach.ended:
        return approach.solution
    if approach.solution is not None:
        coef, intercept = approach.solution.coef, approach.solution.intercept
        n_iter, curve = approach.solution.n_iter, approach.curve
    loop = ProximalLoop(problem, coef, intercept, first_seed(random_state))
    solution = descend(loop, tol=tol, max_iter=max_iter, watch=watch, n_iter=n_iter, curve=curve)
    solution.duality_gap = duality_gap(problem, KeptDuals(loop.samples), *loop.raw_sums(), solution)
    return solution


def first_seed(random_state):
    """Draw a seed."""
    return check_random_state(random_state).randint(1, 2**31 - 1)


def descend(loop, *, tol, max_iter, watch=None, n_iter=0, curve=()):
    """Make passes until the gap is small enough. Return the solution, without a bound of its gap.

    What has been done before counts: so many iterations, with this curve.
    """
    problem, curve, converged = loop.problem, list(curve), False
    best = Best(problem)
    best.offer(*loop.model())
    while n_iter < max_iter and not converged:
        n_iter += 1
        loop.advance()
        if not loop.is_finite:
            break
        curve.append(loop.loss + problem.penalty(loop.point[:-1]))
        near = loop.n_passes > 1 and loop.excess <= problem.allowed(tol, curve[-1])
        objective = None
        if near or n_iter % MEASURED_EVERY == 0 or n_iter == max_iter:
            objective = best.offer(*loop.model())
            converged = loop.n_passes > 1 and loop.excess <= problem.allowed(tol, best.objective)
        if watch is not None:  # which changes nothing, but may end it
            model = loop.model()
            objective = problem.objective(*model) if objective is None else objective
            if watch(n_iter, *model, objective, loop.excess):
                best.offer(*model)
                break
        if not converged:
            loop.adapt()
    return LinearSolution(
        best.coef,
        best.intercept,
        best.objective,
        loop.excess,
        n_iter,
        converged,
        curve=curve,
    )


class Best:
    """The best model so far, at worst the constant."""

    def __init__(self, problem):
        self.problem = problem
        self.coef = np.zeros(problem.X.shape[1])
        self.intercept = float(problem.constant)
        self.objective = problem.null

    def offer(self, coef, intercept):
        """Measure a model, keep it if it is better, and return its objective."""
        with np.errstate(over="ignore", invalid="ignore"):
            objective = self.problem.objective(coef, intercept)
        if objective < self.objective:
            self.coef, self.intercept, self.objective = coef, intercept, objective
        return objective


class ProximalLoop:
    """The passes of one fit, one at a time, and what happens between two.

    Points are vectors of the raw coefficients and, last, the intercept at the columns' centre. `samples` are those of
    an earlier loop, whose duals are the first of this one.

    Attributes
    ----------
    point : ndarray of shape (n_features + 1,)
        The model after the last pass.
    loss : float
        Mean loss, along the way.
    excess : float
        Estimate of F - F* at `point`.
    """

    def __init__(self, problem, coef, intercept, seed, samples=None):
        self.problem = problem
        columns = problem.columns
        self.centre = columns.centre
        self.squares = np.append(1.0 / columns.rate, 1.0)  # of the norm
        self.l2 = np.append(np.full(len(coef), problem.l2), 0.0)
        self.l1 = np.append(np.full(len(coef), problem.l1), 0.0)
        self.passes = DualPass(
            problem.curvature,
            Rows(without_duplicates(problem.X)),
            problem.y,
            problem.weight,
            columns.centre,
            l1=problem.l1,
            fit_intercept=problem.fit_intercept,
            seed=seed,
        )
        self.point = np.append(coef, intercept + coef @ self.centre).astype(np.float64)
        self.start = self.c = self.last = self.point
        # -sum_i weight_i a_i x_i, x_i centred: all duals are 0.
        self.slope_sums = np.zeros_like(self.point)
        weight = problem.weight
        self.first_kappa = self.kappa = (
            problem.bend
            * ((columns.mean_row_square + problem.fit_intercept) or 1.0)  # all rows may be empty
            * float(weight @ weight)  # 1 / n, where all weights are equal
        )
        if samples is not None:
            self.samples[:, 3:] = samples[:, 3:]
            self.slope_sums = self._sums_of(samples[:, 1] * samples[:, 3])
        elif np.any(coef):
            self._recall_duals(coef, intercept)
        self.loss, self.gap, self.excess, self.is_finite = inf, inf, inf, True
        self.n_passes, self.fresh = 0, True
        self.half_way = [(0, self.point), (0, self.point)]
        self.momentum = 1.0
        self.best_change, self.stale = inf, 0
        self.inexact, self.here = 0, 0  # passes with an inexact gap; passes with this centre
        self.blocked, self.block = 0, 1  # moves before kappa may fall again; how many, next time

    def _recall_duals(self, coef, intercept):
        """Take the slopes at the start for duals, if the model that follows from them is any good."""
        problem = self.problem
        f = problem.raw_prediction(coef, intercept)
        with np.errstate(over="ignore", invalid="ignore"):
            (value, slope), _ = problem.value.arrays(problem.y, f)
            objective = problem.weight @ value + problem.penalty(coef)
            weighted = np.where(problem.weight > 0.0, problem.weight * slope, 0.0)
            sums = self._sums_of(weighted)
            pull = self.kappa * self.squares
            u = pull * self.c + sums
            point = np.sign(u) * np.maximum(np.abs(u) - self.l1, 0.0) / (pull + self.l2)
            reached = problem.objective(point[:-1], point[-1] - point[:-1] @ self.centre)
        if reached <= objective + GOOD_START * max(problem.null - objective, 0.0):
            counts = problem.weight > 0.0
            self.samples[counts, 3:] = np.column_stack([slope, slope * f - value])[counts]
            self.slope_sums = sums

    def _sums_of(self, weighted):
        """Give the sums of the rows, each times its weight and its dual."""
        total = weighted.sum()
        columns = np.asarray(safe_sparse_dot(self.problem.X.T, weighted), dtype=np.float64)
        return -np.append(columns - total * self.centre, total * self.problem.fit_intercept)

    @property
    def samples(self):
        """(y, weight, q, dual, conjugate) of every sample."""
        return self.passes.samples

    def raw_sums(self) -> tuple[np.ndarray, float]:
        """Give -Σ weight a x, and -Σ weight a."""
        return self.slope_sums[:-1] + self.slope_sums[-1] * self.centre, self.slope_sums[-1]

    def model(self):
        """The raw coefficients and intercept."""
        return self.point[:-1], float(self.point[-1] - self.point[:-1] @ self.centre)

    def _norm(self, vector):
        return sqrt(float((self.squares * vector) @ vector))

    def advance(self):
        """Make one pass with this centre and kappa."""
        passes, pull = self.passes, self.kappa * self.squares
        u = pull * self.c + self.slope_sums
        passes.move(u[:-1], 1.0 / (self.l2 + pull)[:-1], u[-1], 1.0 / self.kappa)
        passes.run(self.fresh)
        self.n_passes, self.here, self.fresh = self.n_passes + 1, self.here + 1, False
        self.slope_sums = passes.u - pull * self.c
        self.point = passes.point
        if not self.problem.fit_intercept:
            self.slope_sums[-1], self.point[-1] = 0.0, self.c[-1]
        self.loss, self.gap, self.last_gap = passes.loss, passes.gap, self.gap
        self.is_finite = bool(np.isfinite(self.gap) and np.isfinite(self.point).all())
        moved = self._norm(self.point - self.c)
        self.pulled = 0.5 * self.kappa * moved**2
        distance = moved + 2.5 * self._norm(self.point - self.half_way[0][1])
        self.outer = self.kappa * moved * min(distance, self._norm(self.point - self.start))
        self.excess = self.outer + self.gap
        if self.n_passes >= 2 * max(self.half_way[1][0], 1):
            self.half_way = [self.half_way[1], (self.n_passes, self.point)]

    def adapt(self):
        """Choose the next centre and kappa."""
        ratio = self.gap / max(self.pulled, 1e-300)
        if self.n_passes > 1 and ratio > INEXACT:
            self.inexact += 1
            falling = self.gap < FALLING * self.last_gap
            hopeless = not falling and (ratio > HOPELESS or self.inexact >= PATIENCE)
            if hopeless and self.gap > self.outer and self.kappa < LARGEST_KAPPA * self.first_kappa:
                return self._raise_kappa()
            if self.gap > SLOW_CENTRE * self.outer:
                return None
        self.inexact = 0
        return self._move_centre(ratio)

    def _raise_kappa(self):
        """Make the proximal problem easier, and start the momentum anew."""
        self.kappa *= 4.0
        self.c = self.last = self.point
        self.momentum, self.fresh, self.inexact, self.here = 1.0, True, 0, 0
        self.blocked = max(self.blocked, 3)

    def _move_centre(self, ratio):
        """Make a step with momentum; lower kappa where the passes are far ahead of the centre."""
        w = self.point
        step = w - self.last
        if (self.squares * (self.c - w)) @ step > 0:  # the momentum has overshot
            self.momentum = 1.0
        momentum = 0.5 * (1.0 + sqrt(1.0 + 4.0 * self.momentum**2))
        self.c = w + (self.momentum - 1.0) / momentum * step
        self.last, self.momentum = w, momentum
        self.blocked = max(self.blocked - 1, 0)
        easy = self.n_passes > 1 and (ratio < 1.0 or self.gap < SLACK_CENTRE * self.outer)
        if easy and self.here == 1 and not self.blocked and self.kappa > SMALLEST_KAPPA * self.first_kappa:
            self.kappa, self.fresh = 0.5 * self.kappa, True
        self.here = 0
        change = self.gap + self.pulled
        self.stale = 0 if change < 0.9 * self.best_change else self.stale + 1
        if change > 4.0 * self.best_change:
            self.c, self.momentum = w, 1.0
            self.blocked, self.block = self.block, min(2 * self.block, 64)
            self.best_change = change
        elif self.stale >= STALE:
            self.c, self.momentum, self.stale = w, 1.0, 0
        self.best_change = min(self.best_change, change)


def without_duplicates(X):
    """Give X itself, or a copy in which no column stands twice in a row."""
    if isinstance(X, np.ndarray) or (X.has_sorted_indices and X.has_canonical_format):
        return X
    if not has_duplicates(X.indices, np.asarray(X.indptr, dtype=np.int64), X.shape[1]):
        return X
    X = X.copy()
    X.sum_duplicates()
    return X
