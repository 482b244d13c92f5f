"""Losses whose slope jumps, by the method of multipliers: Newton steps on Moreau envelopes.

Knows programs, arrays and designs. min Σ weight ℓ(z) + penalty(v) subject to z = Z v; the multipliers a are the
slopes of the loss at the optimum, jumps included, so that what comes out is exact and not smoothed.
"""

import numpy as np

from ._certificate import certified_gap
from ._damped import Newton
from ._envelope import Envelope, Kinks

FIRST_WIDTH = 0.3
NARROWING = 0.3  # where the raw predictions approach their proximal points too slowly
FAST_NARROWING = 0.03  # where all that is at a kink has been found
NARROWEST = 1e-5
INNER = 0.1  # multipliers change when the smoothed problem is solved to so much of the gap, ...
CLOSE, INNER_WHEN_CLOSE = 1e-6, 1e-6  # ... or better, when that is small: one step more
STILL = 1e-12
UNEVEN = 10.0  # samples may be so much steeper or flatter than most


class Multipliers:
    """One problem on its way; `propose`, `advance` and the rest as in `Newton`.

    Parameters
    ----------
    problem : LinearProblem
    design : Design
    l2, l1 : ndarray
        One entry for each of v.
    v : ndarray
    """

    is_flat = True  # where slopes jump, several intercepts may be as good

    def __init__(self, problem, design, l2, l1, v):
        self.problem, self.design, self.l2, self.l1, self.v = problem, design, l2, l1, v
        y, spread = problem.y, problem.spread
        self.kinks = Kinks(problem.gradient, y, problem.constant, spread)
        typical = problem.steep
        self.unit = spread / np.clip(problem.steepness(), typical / UNEVEN, typical * UNEVEN)
        self.width = FIRST_WIDTH
        self.multipliers = np.zeros(len(y))
        self.objective = np.inf
        self.distance = self.last_distance = np.inf
        self.kinked = np.zeros(0, dtype=bool)
        self._smooth(v)

    def _smooth(self, v):
        gamma = self.width * self.unit
        self.loss = Envelope(
            self.problem.curvature, self.problem.y, self.problem.weight, self.kinks, gamma, self.multipliers
        )
        bend = self.problem.weight / (gamma + self.unit)
        self.newton = Newton(
            self.loss, self.design, self.l2, self.l1, bend, self.problem.size, v, self.problem.spread
        )

    def propose(self, hessian=None):
        """Compute the next step, new multipliers where it is time, and the gap."""
        inner = self.newton.propose()
        gap, self.distance = self._gap()
        f = self.newton.f
        self.still = self.distance <= STILL * (self.problem.spread + np.abs(f).max())
        if self.still:  # where a kink is steep beyond measure, rounding would hide what is known
            gap, objective = 0.0, float(self.problem.weight @ self.loss.loss) + self.newton.penalty()
        else:
            objective = self.problem.mean_loss(f) + self.newton.penalty()
        if self.still or objective < self.objective:
            self.objective, self.v = objective, self.newton.v
        # The multipliers bound F* once they balance the gradient; an envelope as narrow as this hides what they do not.
        self.own_gap = gap
        self.gap = gap + max(inner, self.newton.imbalance())
        size = self.problem.size
        enough = INNER if gap > CLOSE * size else INNER_WHEN_CLOSE
        if inner <= max(enough * gap, STILL * STILL * size):
            self.multipliers = self.loss.slope
            if np.array_equal(self.kinked, self.loss.at_kink):
                self.width *= FAST_NARROWING
            elif self.distance > NARROWING * self.last_distance:
                self.width *= NARROWING
            self.width = max(self.width, NARROWEST)
            self.kinked, self.last_distance = self.loss.at_kink, self.distance
            self._smooth(self.newton.v)
            self.newton.propose()
        return self.gap

    def certified_gap(self):
        """Bound the gap; see `_certificate.py`."""
        return certified_gap(self.problem, self.design, self.l2, self.l1, self.v, self.kinks)

    def damped_gap(self):
        """Estimate the gap where steps are damped; see `Newton`."""
        return self.own_gap + self.newton.damped_gap()

    @property
    def lost(self):
        """Whether no step can be trusted; see `Newton`."""
        return self.newton.lost

    @property
    def promise(self):
        """What the next step promises."""
        return self.newton.promise

    def settled(self):
        """Tell whether raw predictions and their proximal points are the same to the last digits."""
        return self.still and self.newton.settled()

    def _gap(self):
        """Σ weight (ℓ(f) - ℓ(z) - a (f - z)): with a that balance the gradient it bounds F - F*."""
        loss, f = self.loss, self.newton.f
        (values, *_), _ = self.problem.value.arrays(self.problem.y, f)
        far = f - loss.point
        weight = self.problem.weight
        there = weight > 0
        distance = np.max(np.abs(far[there]), initial=0.0)
        return float(weight[there] @ (values - loss.loss - loss.slope * far)[there]), distance

    def advance(self):
        """Go along the step; see `Newton`."""
        return self.newton.advance()

    def damp(self):
        """Ask for shorter steps; see `Newton`."""
        return self.newton.damp()
