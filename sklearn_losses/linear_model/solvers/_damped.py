"""Damped Newton steps for a convex function of f = Z v, with a penalty of v.

Knows arrays, designs and points of a loss; knows no stages and no kinks.
"""

import numpy as np

from ._quadratic import misfit, step

SHORTEST = 2.0**-40
ROUNDING = 1e-15  # an objective changes by so much, relative to itself and to a typical one, for no reason
GRADIENT_NOISE = 1e-13  # relative to the sum of all slopes
UNSOLVED = 0.1  # a share of the gradient that curvature says nothing of
FIRST_DAMPING = 1e-2
LEAST_DAMPING, MOST_DAMPING = 1e-6, 1e6
HARMLESS_DAMPING = 1e-3  # with so little, what a step promises is still what is left
LARGEST = 1e100
ALIKE, DOUBT = 0.1, 3.0  # unless a step lowers the objective by what it promised, but for a tenth
BEYOND = 10.0  # steps
FLAT = 1e-8  # of the typical curvature
STILL = 1e-20  # steps that promise so little, relative to a typical objective, are the last
FINE = 1e-13  # ... or if they promise so little, and the next, at the pace of the last, next to nothing
NOISE = 1e-12  # or those that promise so little, and ...
FASTER = 0.1  # a step with the Hessian of a sample has to shrink the gap to so much of it
STUCK, LOST = 30, 1e-10  # a gap so small, relative to a typical objective, that falls no more is rounding
IDLE = 3  # ... so often no less than the one before


class Newton:
    """Minimises loss(Z v) + Σ l2 v²/2 + Σ l1 |v|.

    Parameters
    ----------
    loss : Smooth, Secants or Envelope
        Gives the `Point` at any v.
    design : Design
    l2, l1 : ndarray
        One entry for each of v.
    bend : ndarray of shape (n,)
        Typical weight · ℓ'', which damps steps where the loss itself hardly bends.
    size : float
        A typical objective, for what rounding may do.
    v : ndarray
        The start.
    spread : float
        How far raw predictions are expected to lie from the best constant.
    """

    def __init__(self, loss, design, l2, l1, bend, size, v, spread):
        self.spread = spread
        self.loss, self.design, self.l2, self.l1, self.bend, self.size = loss, design, l2, l1, bend, size
        self.penalised = bool(np.any(l1))
        self.v = v
        self.damping = 0.0
        self.idle = 0
        self.hessian = None
        self.gap = self.promise = np.inf
        self.unsolved = 0.0
        self.change, self.length = None, 0.0  # the last step, and how much of it was taken
        self.factor = 1.0  # by which what is left may exceed what a step promises
        self._arrive(v)

    def _arrive(self, v, f=None):
        self.v, self.point = v, self.loss.at(self.design, v, f)
        self.objective = self.point.mean + self.penalty()

    @property
    def f(self):
        """Raw predictions."""
        return self.point.f

    def penalty(self):
        """Σ l2 v²/2 + Σ l1 |v|."""
        penalty = 0.5 * float(self.l2 @ (self.v * self.v))
        return penalty + float(self.l1 @ np.abs(self.v)) if self.penalised else penalty

    @property
    def lost(self):
        """Whether no damping makes a step that could be trusted."""
        untrue = self.unsolved > UNSOLVED and abs(self.promise) > STILL * self.size
        return untrue and self.damping > MOST_DAMPING

    def settled(self):
        """Tell whether the last digits are reached."""
        if self.unsolved > UNSOLVED and abs(self.promise) > STILL * self.size:
            return False
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
        gradient = self.point.gradient + pull
        noise = GRADIENT_NOISE * (self.point.size + np.abs(pull).max(initial=0.0))
        while True:
            if hessian is None:
                bends = self.point.bends
                if not np.isfinite(bends.sum()):
                    bends = np.nan_to_num(bends, nan=0.0, posinf=LARGEST)
                if self.damping:
                    bends = bends + self.damping * self.bend
                self.hessian = self.design.gram(bends)
            else:
                self.hessian, hessian = hessian, None
            H = self.hessian.copy()
            H.flat[:: len(H) + 1] += self.l2
            self.delta, self.promise, self.unsolved, singular = step(H, gradient, self.v, self.l1, noise)
            if -STILL * self.size <= self.promise < 0.0:  # of which rounding makes what it likes
                self.unsolved = 0.0
            if self.unsolved <= UNSOLVED or self.damping > MOST_DAMPING:
                break
            self.damping = max(10.0 * self.damping, FIRST_DAMPING)
        if self.promise <= NOISE * self.size and self.unsolved <= UNSOLVED:
            self.damping = 0.0
        gap = self.factor * self.promise + self.point.doubt
        if singular:
            gap = max(gap, self.imbalance())
        self.gap = gap if self.damping <= HARMLESS_DAMPING else np.inf
        return self.gap

    def damped_gap(self):
        """Estimate F - F* where steps are damped: what the gradient gains if the minimum is a spread away.

        A damped step promises g' (H + λB)⁻¹ g / 2, B being the typical curvature; so g is no larger than
        (2 λ promise B)^½ where H itself is nothing.
        """
        curvature = max(self.damping, HARMLESS_DAMPING) * float(self.bend.sum())
        return (
            self.promise
            + self.point.doubt
            + float(np.sqrt(2.0 * max(self.promise, 0.0) * curvature)) * self.spread
        )

    def certified_gap(self):
        """Nothing is certain of a gap here but what steps say."""
        return np.inf

    def imbalance(self):
        """Bound what a gradient that is not zero may cost, if the minimum is no farther than about v or a spread.

        Unlike what a step promises it does not grow less as the loss bends more.
        """
        gradient = self.point.gradient + self.l2 * self.v
        left = misfit(-gradient, self.l1, self.v)
        left[left <= GRADIENT_NOISE * (self.point.size + np.abs(self.l2 * self.v).max(initial=0.0))] = 0.0
        far = 2.0 * np.maximum(np.abs(self.v), self.spread)
        if self.design.fit_intercept:
            far[-1] = 2.0 * self.spread
        with np.errstate(divide="ignore", invalid="ignore"):
            convex = np.where(self.l2 > 0.0, 0.5 * left * left / self.l2, np.inf)
        return float(np.minimum(left * far, convex).sum())

    def rough_hessian(self):
        """Give the Hessian here, of a sample of the rows."""
        return self.design.rough_gram(self.point.bends)

    def damp(self):
        """Ask for shorter steps, where one led nowhere; tell whether they can be shorter still."""
        self.damping = max(10.0 * self.damping, FIRST_DAMPING)
        return self.damping <= MOST_DAMPING

    def advance(self):
        """Go as far along the step as lowers the objective. Tell whether it did."""
        way = None if self.loss.sweeps(self.design) else self.design.dot(self.delta)
        t, before, objective = 1.0, (self.v, self.point, self.objective), self.objective
        slack = ROUNDING * (abs(objective) + self.size) + self.point.doubt
        while t >= SHORTEST:
            self._arrive(before[0] + t * self.delta, None if way is None else before[1].f + t * way)
            # What a step promises may be less than rounding lets the objective show: then it may not rise by more.
            lost = NOISE * self.size if self.promise <= NOISE * self.size else 0.0
            if self.objective <= objective - 1e-4 * t * self.promise + slack + lost:
                break
            self.v, self.point, self.objective = before
            t *= 0.5 if t > 0.1 else 0.1
        else:
            return False
        as_promised = t == 1.0 and abs(objective - self.objective - self.promise) <= ALIKE * self.promise
        self.factor = 1.0 if as_promised or not self.loss.bends_on_the_way else DOUBT
        if t == 1.0:
            self.damping = 0.1 * self.damping if self.damping > LEAST_DAMPING else 0.0
        elif t < 0.1:
            self.damping = max(10.0 * self.damping, FIRST_DAMPING)
        self.change, self.length = self.delta, t
        return True

    def goes_on(self, far):
        """Whether the steps stay longer than `far`, as they do where no finite v is best."""
        if self.change is None:
            return False
        last, following = self.length * self._length_of(self.change), self._length_of(self.delta)
        if not (far < following < np.inf and following > 0.5 * last):
            return False
        there = self.loss.at(
            self.design, self.v + BEYOND * self.delta
        )  # of what is attained no slope is left there
        return bool(there.mean < self.point.mean and there.size > 0.0)

    def _length_of(self, step):
        """Return the root mean square of the change of f."""
        way = self.design.dot(step)
        return float(np.sqrt(np.mean(way * way)))

    @property
    def is_flat(self):
        """Whether the loss hardly bends where f is, so that other intercepts may be as good."""
        return not self.point.bends.sum() > FLAT * self.bend.sum()


def descend(problem, descent, design, hessian, exact, tol, max_iter, watch, n_iter=0):
    """Step until the gap is small enough. Return the number of steps, `n_iter` before this, and whether it is."""
    last, best, stuck, rough = np.inf, np.inf, 0, design.sweeps
    while True:
        borrowed = hessian is not None
        gap = descent.propose(hessian)
        if borrowed and descent.promise > FASTER * last:
            hessian, rough = descent.rough_hessian() if rough else None, False
            gap = descent.propose(hessian)
        within = gap <= problem.allowed(tol, descent.objective)
        if descent.lost:
            return n_iter, False
        if exact and descent.settled():
            descent.advance()
            if watch is not None:
                watch(n_iter + 1, *design.raw(descent.v), descent.objective, gap)
            return n_iter + 1, True
        stuck = 0 if gap < 0.5 * best else stuck + 1
        best = min(best, gap)
        if stuck > STUCK and best <= LOST * problem.size:
            return n_iter, True
        if (within and not exact) or n_iter >= max_iter:
            return n_iter, within
        last = descent.promise
        if not descent.advance() and not descent.damp():
            return n_iter, within
        n_iter += 1
        if watch is not None and watch(n_iter, *design.raw(descent.v), descent.objective, gap):
            return n_iter, False
