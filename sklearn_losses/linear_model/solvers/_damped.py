"""Damped Newton steps for a convex function of f = Z v, with a penalty of v.

Knows arrays, designs and programs; knows no stages and no kinks.
"""

import numpy as np

from ._quadratic import step

SHORTEST = 2.0**-40
ROUNDING = 1e-15  # an objective changes by so much, relative to itself and to a typical one, for no reason
GRADIENT_NOISE = 1e-13  # relative to the sum of all slopes
UNSOLVED = 0.1  # a share of the gradient that curvature says nothing of
FIRST_DAMPING = 1e-2
LEAST_DAMPING, MOST_DAMPING = 1e-6, 1e6
HARMLESS_DAMPING = 1e-3  # with so little, what a step promises is still what is left
LARGEST = 1e100
FLAT = 1e-8  # of the typical curvature
STILL = 1e-20  # steps that promise so little, relative to a typical objective, are the last
FINE = 1e-13  # ... or if they promise so little, and the next, at the pace of the last, next to nothing
NOISE = 1e-12  # or those that promise so little, and ...
IDLE = 3  # ... so often no less than the one before


class Smooth:
    """Σ weight ℓ(y, f) of a program that gives ℓ, ℓ' and ℓ''."""

    def __init__(self, program, y, weight):
        self.program, self.y, self.weight = program, y, weight
        self.empty = None if weight.all() else weight == 0.0

    def __call__(self, f):
        """Give the weighted mean, and for every sample weight · ℓ' and weight · ℓ''."""
        (values, slopes, bends), _ = self.program.arrays(self.y, f)
        if self.empty is not None:
            values[self.empty] = slopes[self.empty] = bends[self.empty] = 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            slopes *= self.weight
            bends *= self.weight
            mean = float(self.weight @ values)
        return (mean if np.isfinite(mean) and np.isfinite(slopes.sum()) else np.inf), slopes, bends


class Newton:
    """Minimises loss(Z v) + Σ l2 v²/2 + Σ l1 |v|.

    Parameters
    ----------
    loss : callable
        Of f; gives the mean, and slopes and bends of every sample.
    design : Design
    l2, l1 : ndarray
        One entry for each of v.
    bend : ndarray of shape (n,)
        Typical weight · ℓ'', which damps steps where the loss itself hardly bends.
    size : float
        A typical objective, for what rounding may do.
    v : ndarray
        The start.
    """

    def __init__(self, loss, design, l2, l1, bend, size, v):
        self.loss, self.design, self.l2, self.l1, self.bend, self.size = loss, design, l2, l1, bend, size
        self.penalised = bool(np.any(l1))
        self.v = v
        self.damping = 0.0
        self.idle = 0
        self.hessian = None
        self.gap = self.promise = np.inf
        self.way, self.length = None, 0.0  # the last change of f
        self._arrive(v, design.dot(v))

    def _arrive(self, v, f):
        self.v, self.f = v, f
        mean, self.slopes, self.bends = self.loss(f)
        self.objective = mean + self.penalty()

    def penalty(self):
        """Σ l2 v²/2 + Σ l1 |v|."""
        penalty = 0.5 * float(self.l2 @ (self.v * self.v))
        return penalty + float(self.l1 @ np.abs(self.v)) if self.penalised else penalty

    def settled(self):
        """Tell whether the last digits are reached."""
        if self.promise <= NOISE * self.size and self.promise > 0.25 * self.last_promise:
            self.idle += 1
        next_promise = self.promise * (self.promise / self.last_promise) ** 2 if self.last_promise else 0.0
        quadratic = self.promise <= FINE * self.size and self.damping == 0.0
        if self.promise <= STILL * self.size or (quadratic and next_promise <= 1e-2 * STILL * self.size):
            return True
        return self.idle >= IDLE

    def propose(self, hessian=None):
        """Compute the next step, and what it promises: `gap`."""
        self.last_promise = self.promise
        pull = self.l2 * self.v
        gradient = self.design.transposed_dot(self.slopes) + pull
        noise = GRADIENT_NOISE * (np.abs(self.slopes).sum() + np.abs(pull).max(initial=0.0))
        while True:
            if hessian is None:
                bends = self.bends
                if not np.isfinite(bends.sum()):
                    bends = np.nan_to_num(bends, nan=0.0, posinf=LARGEST)
                if self.damping:
                    bends = bends + self.damping * self.bend
                self.hessian = self.design.gram(bends)
            else:
                self.hessian, hessian = hessian, None
            H = self.hessian.copy()
            H.flat[:: len(H) + 1] += self.l2
            self.delta, self.promise, unsolved = step(H, gradient, self.v, self.l1, noise)
            if unsolved <= UNSOLVED or self.damping > MOST_DAMPING:
                break
            self.damping = max(10.0 * self.damping, FIRST_DAMPING)
        if self.promise <= NOISE * self.size:
            self.damping = 0.0
        self.gap = self.promise if self.damping <= HARMLESS_DAMPING else np.inf
        return self.gap

    def damp(self):
        """Ask for shorter steps, where one led nowhere; tell whether they can be shorter still."""
        self.damping = max(10.0 * self.damping, FIRST_DAMPING)
        return self.damping <= MOST_DAMPING

    def advance(self):
        """Go as far along the step as lowers the objective. Tell whether it did."""
        way = self.design.dot(self.delta)
        t, before = 1.0, (self.v, self.f, self.slopes, self.bends, self.objective)
        slack = ROUNDING * (abs(self.objective) + self.size)
        while t >= SHORTEST:
            v = self.v + t * self.delta
            self._arrive(v, before[1] + t * way)
            if (
                self.objective <= before[4] - 1e-4 * t * self.promise + slack
                or self.promise <= NOISE * self.size
            ):
                break
            self.v, self.f, self.slopes, self.bends, self.objective = before
            t *= 0.5 if t > 0.1 else 0.1
        else:
            return False
        if t == 1.0:
            self.damping = 0.1 * self.damping if self.damping > LEAST_DAMPING else 0.0
        elif t < 0.1:
            self.damping = max(10.0 * self.damping, FIRST_DAMPING)
        self.way, self.length = way, t
        return True

    @property
    def moved(self):
        """Root mean square of the last change of f; infinite before the first."""
        return np.inf if self.way is None else self.length * float(np.sqrt(np.mean(self.way * self.way)))

    @property
    def is_flat(self):
        """Whether the loss hardly bends where f is, so that other intercepts may be as good."""
        return not self.bends.sum() > FLAT * self.bend.sum()
