"""Newton's method on a batch of rows beside a quadratic memory of those before.

Knows arrays and programs. Rows are centred block by block and never copied as a whole, unless they are few. Kinks of
the loss are smoothed over a width that shrinks. Which rows and what memory, `_stream.py` says.
"""

from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from ._coordinates import descend
from ._scales import bounded_constant, check_bounded, mean_curvature, spread_of

BLOCK = 4096  # rows that are centred at once
KEPT_BLOCKS = 2**22  # numbers of centred rows that are kept, at most
KINK_STAGES = (1.0, 0.3, 0.1, 0.03)  # widths of smoothed kinks on the way, relative to the spread
LEAST_WIDTH = 0.01
STEPS = 30  # at most, for each width
FAR = 1e3  # spreads
PRECISE, ROUGH = 1e-11, 1e-6  # what another step may still gain, relative to weight * curvature * spread^2


class Search:
    """The way to the minimum after one batch, in coefficients of the shifted features."""

    def __init__(self, batch, past):
        self.program, self.past, self.fit_intercept = batch.program, past, batch.fit_intercept
        self.parts = [part for part in (past.live, batch.new) if len(part[1])]
        self.y = np.concatenate([part[1] for part in self.parts])
        self.weight = np.concatenate([part[2] for part in self.parts])
        new = np.concatenate([np.zeros(len(past.live[1])), batch.new[2]])
        self.first, self.second = past.first.copy(), past.second.copy()
        for block, rows in self._blocks():
            self.first += new[rows] @ block
            self.second += new[rows] @ np.square(block)
        self.rows, self.total = past.rows + len(batch.new[1]), past.weight + new.sum()
        d = len(past.shift)
        self.spread = spread_of(self.y) if batch.numbers else 1.0
        self.constant = past.point[-1]
        if self.fit_intercept:
            self.constant = bounded_constant(batch.constant, self.y, self.weight, batch.numbers)
        self.curvature, self.slope = past.curvature, past.slope
        self.penalties = np.append(np.full(d, batch.l2), 0.0), np.append(np.full(d, batch.l1), 0.0)
        if not past.rows and batch.rows_before:
            self._recall(batch.rows_before)
        self.l2, self.l1 = (self.total * penalty for penalty in self.penalties)
        self.bend = self.total * mean_curvature(self.program, self.y, self.weight, self.constant, self.spread)
        # Rows that are few for so many coefficients are joined by a weak belief in small ones.
        scarcity = (d + 1) / self.rows
        variance = (self.second - self.first**2 / self.total * self.fit_intercept) / self.total
        belief = self.bend / self.rows * scarcity**3 * np.maximum(variance, 0.0)
        self.belief = np.append(belief, self.bend / self.rows ** (3 if batch.numbers else 1))
        self.anchor = np.append(past.anchor, past.point[-1])
        if not past.rows and not batch.rows_before and batch.numbers:
            self.anchor[-1] = self.constant
        self.widths = [1e-3 * self.spread]
        self.expansion = self.widths[-1]
        if past.kinks:
            least = min(1.0, max(LEAST_WIDTH, (d + 1) / len(self.y)))
            self.widths = [self.spread * w for w in KINK_STAGES if w > least] + [self.spread * least]
            self.expansion = self.spread * max(least, min(1.0, (d + np.log(self.rows)) / self.rows) ** 0.4)

    def _recall(self, rows):
        """Take the given solution for the optimum of so many rows like these."""
        point, more = self.past.point, rows / self.rows
        self.width = 0.3 * self.spread
        _, bends = self._derivatives(self._predict(point))
        self.curvature = more * self._curvature(bends)
        l2, l1 = (more * self.total * penalty for penalty in self.penalties)
        self.slope = self.curvature @ point + l2 * point + l1 * np.sign(point)
        self.rows, self.total = self.rows + rows, self.total * (1 + more)
        self.first, self.second = self.first * (1 + more), self.second * (1 + more)

    def _blocks(self):
        """Yield the rows, shifted, and where they stand."""
        start = 0
        for X, y, _ in self.parts:
            for k in range(0, len(y), BLOCK):
                block = X[k : k + BLOCK]
                block = block.toarray() if sp.issparse(block) else block
                yield block - self.past.shift, slice(start + k, start + k + len(block))
            start += len(y)

    @cached_property
    def _kept_blocks(self):
        return list(self._blocks())

    def _all_blocks(self):
        small = len(self.y) * len(self.past.shift) <= KEPT_BLOCKS
        return self._kept_blocks if small else self._blocks()

    def _predict(self, u):
        f = np.empty(len(self.y))
        for block, rows in self._all_blocks():
            f[rows] = block @ u[:-1] + u[-1]
        return f

    def _sum(self, each):
        """X' each"""
        total = np.zeros(len(self.past.shift) + 1)
        for block, rows in self._all_blocks():
            total[:-1] += each[rows] @ block
        total[-1] = each.sum()
        return total

    def _curvature(self, bends, wanted=slice(None)):
        """X' diag(bends) X"""
        d = len(self.past.shift)
        total = np.zeros((d + 1, d + 1))
        for block, rows in self._all_blocks():
            bent = block * bends[rows, None]
            total[:-1, :-1] += block.T @ bent
            total[:-1, -1] += bent.sum(axis=0)
        total[-1, :-1] = total[:-1, -1]
        total[-1, -1] = bends.sum()
        return total

    def _derivatives(self, f):
        """Weighted slope and curvature of each loss, kinks smoothed over `width` to both sides."""
        with np.errstate(all="ignore"):
            (above, rising), _ = self.program.arrays(self.y, f + self.width)
            (below, falling), _ = self.program.arrays(self.y, f - self.width)
            slopes = (above - below) / (2.0 * self.width)
            bends = np.maximum((rising - falling) / (2.0 * self.width), 0.0)
            return self.weight * slopes, self.weight * bends

    def run(self):
        """Find the minimum, from where the last batch ended or from the best constant."""
        start = u = self._best_start()
        f = self._predict(u)
        for width in self.widths:
            self.width = width
            u, f = self._descend(u, f)
        null = self._mean_loss(np.full(len(f), self.constant))
        if np.abs(f - self.constant).max() > FAR * self.spread and not self._mean_loss(f) <= null:
            u, f = start, self._predict(start)  # steps of a loss that is not convex have run away
        self.f = f
        check_bounded(null - self.mean_loss, null, self.bend / self.total, self.spread)
        return u

    @property
    def mean_loss(self):
        """Of the last rows."""
        return self._mean_loss(self.f)

    def _mean_loss(self, f):
        return np.average(self.program.arrays(self.y, f)[0][0], weights=self.weight)

    def _best_start(self):
        constant = np.zeros(len(self.slope))
        constant[-1] = self.constant
        values = []
        for u in (self.past.point, constant):
            with np.errstate(all="ignore"):
                losses = self.program.arrays(self.y, self._predict(u))[0][0]
                rest = 0.5 * u @ (self.curvature @ u + (self.l2 * u)) - self.slope @ u + self.l1 @ np.abs(u)
                values.append(self.weight @ losses + rest)
        return constant if not values[0] <= values[1] else self.past.point

    def _descend(self, u, f):
        enough = (ROUGH if self.past.kinks else PRECISE) * self.bend * self.spread**2
        fixed = self.curvature + np.diag(self.l2 + self.belief)
        model = None
        for _ in range(STEPS):
            slopes, bends = self._derivatives(f)
            pull = self.curvature @ u - self.slope + self.l2 * u + self.belief * (u - self.anchor)
            gradient = self._sum(slopes) + pull
            if model is not None and self._gain(u, gradient, model.move(u, gradient)) <= enough:
                break  # by the last curvature there is nothing left to gain: the new one is not needed
            model = _Model(self._curvature(bends) + fixed, self.l1, 1e-2 * enough, self.fit_intercept)
            move = model.move(u, gradient)
            gain = self._gain(u, gradient, move)
            if not gain > enough:
                break
            change = self._predict(move)
            length = self._length(u, f, move, change, fixed, gain, pull)
            if length == 0.0:
                break
            u, f = u + length * move, f + length * change
        return u, f

    def _gain(self, u, gradient, move):
        return -(gradient @ move) - self._absolute_slope(u, move, 0.0)

    def _absolute_slope(self, u, move, length):
        """Slope of l1 |u + length * move| along the move, from the right at 0 and from the left beyond."""
        there = u + length * move
        signs = np.sign(np.where(there == 0.0, u if length else move, there))
        return self.l1 @ (signs * move)

    def _length(self, u, f, move, change, fixed, gain, pull):
        """How far to go: until the slope along the move has at least halved, but never far beyond the minimum."""
        bent = move @ fixed @ move

        def slope(length):
            slopes, _ = self._derivatives(f + length * change)
            return slopes @ change + pull @ move + length * bent + self._absolute_slope(u, move, length)

        length, low, high = 1.0, 0.0, np.inf
        for _ in range(40):
            there = slope(length)
            if np.isfinite(there) and abs(there) <= 0.5 * gain:
                return length
            if np.isfinite(there) and there < 0:
                low, length = length, min(2.0 * length, 0.5 * (length + high))
            else:
                high, length = length, 0.5 * (low + length)
        return low

    def memory(self, gone):
        """Give curvature and slope of the quadratic memory when the first rows, so many, become part of it."""
        if not gone:
            return self.curvature, self.slope
        self.width = self.expansion
        slopes, bends = self._derivatives(self.f)
        slopes[gone:] = bends[gone:] = 0.0
        return self.curvature + self._curvature(bends), self.slope + self._sum(bends * self.f - slopes)

    def last(self, keep):
        """Copy the last rows: X, y and weight."""
        rows: list[np.ndarray] = []
        left = keep
        for X, _, _ in reversed(self.parts):
            some = X[max(0, X.shape[0] - left) :]
            rows.insert(0, np.array(some.toarray() if sp.issparse(some) else some, dtype=np.float64))
            left -= len(rows[0])
            if left <= 0:
                break
        return np.vstack(rows), self.y[-keep:].copy(), self.weight[-keep:].copy()


class _Model:
    """A quadratic model, on coefficients scaled to a like curvature."""

    def __init__(self, curvature, l1, tol, fit_intercept):
        scale = np.sqrt(np.diag(curvature))
        scale[scale <= 1e-150] = np.inf  # nothing is known of it: it stays
        if not fit_intercept:
            scale[-1] = np.inf
        self.scale, self.l1, self.tol = scale, l1, tol
        self.curvature = curvature / scale[:, None] / scale
        diagonal = np.diag_indices_from(self.curvature)
        ridge = 1e-12
        while not l1.any():
            self.curvature[diagonal] = 1.0 + ridge
            try:
                self.factors = cho_factor(self.curvature)
                break
            except LinAlgError:
                ridge *= 10.0
        self.curvature[diagonal] = 1.0 + ridge

    def move(self, u, gradient):
        """Give the way from u to the minimum."""
        if not self.l1.any():
            return -cho_solve(self.factors, gradient / self.scale) / self.scale
        known = np.isfinite(self.scale)
        here = np.where(known, u, 0.0) * np.where(known, self.scale, 0.0)
        there, target = here.copy(), self.curvature @ here - gradient / self.scale
        descend(np.ascontiguousarray(self.curvature), target, self.l1 / self.scale, there, 1000, self.tol)
        return np.where(there == 0.0, -u * known, (there - here) / self.scale)
