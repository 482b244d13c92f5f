"""Losses whose slope jumps, made smooth: kinks, the proximal point, and the Moreau envelope.

Knows programs and arrays, one entry a sample. All that is known of a loss is its program: where it jumps is
found by bisection.
"""

import numpy as np

from ._envelope_points import proximal_points
from ._points import Point

JUMP = 1e-6  # of the slope, relative to all its change at this target: less is no kink
NEAR = 1e-9  # how far beside a kink its two slopes are read, relative to where it is
ROUNDS = 60


class Kinks:
    """Where the slope of each sample's loss jumps, and its slopes on both sides.

    Attributes
    ----------
    at, left, right : ndarray of shape (n_kinks, n)
        Sorted along the first axis; infinite where a sample has fewer kinks.
    """

    def __init__(self, gradient, y, constant, spread):
        self.gradient, self.y, self.spread = gradient, y, spread
        at = self._alike(constant)
        if at is None:
            at = self._search(y, constant)
        missing = ~np.isfinite(at)
        self.near = NEAR * np.maximum(np.maximum(np.abs(np.where(missing, 0.0, at)), np.abs(y)), spread)
        self.left, self.right = (self._slopes(y, at + side) for side in (-self.near, self.near))
        self.at = at
        self.left[missing] = self.right[missing] = 0.0

    def _slopes(self, y, f):
        f = np.where(np.isfinite(f), f, 0.0)
        (slopes,), _ = self.gradient.arrays(np.broadcast_to(y, f.shape).ravel(), f.ravel())
        return slopes.reshape(f.shape)

    def _alike(self, constant):
        """Kinks that lie at the same f, or at the same f - y, for a few targets, are tried for all."""
        targets = np.unique(self.y[:: max(1, len(self.y) // 512)])
        targets = targets[np.unique(np.linspace(0, len(targets) - 1, 9).astype(int))]
        found = self._search(targets, constant)
        if not np.isfinite(found).all():
            return None
        for shift in (np.zeros(len(self.y)), self.y):
            offsets = found - (targets if shift.any() else 0.0)
            offset = np.median(offsets, axis=1)
            if np.all(np.abs(offsets - offset[:, None]) <= 1e-12 * (np.abs(targets) + self.spread)):
                offset = np.array([float(f"{x:.12g}") for x in offset])
                offset[np.abs(offset) <= 1e-12 * self.spread] = 0.0
                at = shift + offset[:, None]
                if self._jumps(self.y, at).all():
                    return at
        return None

    def _jumps(self, y, at):
        near = NEAR * np.maximum(np.maximum(np.abs(at), np.abs(y)), self.spread)
        change = self._slopes(y, at + near) - self._slopes(y, at - near)
        far = self.spread + np.abs(at - y)
        return np.abs(change) > JUMP * np.abs(self._slopes(y, at + far) - self._slopes(y, at - far))

    def _search(self, y, constant):
        """Bisect wherever the slope changes, for each of these targets."""
        reach = np.geomspace(1e-4, 32.0, 24) * self.spread
        reach = np.concatenate([-reach[::-1], [0.0], reach]) * (1.0 + 1e-3 * np.pi)
        f = np.sort(np.concatenate([reach[:, None] + np.full(len(y), constant), reach[:, None] + y]), axis=0)
        slopes = self._slopes(y, f)
        whole = np.ptp(np.where(np.isfinite(slopes), slopes, 0.0), axis=0)
        low, high, low_slope, high_slope = f[:-1], f[1:], slopes[:-1], slopes[1:]
        alive = np.nonzero(np.abs(high_slope - low_slope) > JUMP * whole)
        low, high, low_slope, high_slope = (a[alive] for a in (low, high, low_slope, high_slope))
        owner = alive[1]
        for _ in range(ROUNDS):
            middle = 0.5 * (low + high)
            slope = self._slopes(y[owner], middle)
            upper = np.abs(high_slope - slope) > np.abs(slope - low_slope)
            low, low_slope = np.where(upper, middle, low), np.where(upper, slope, low_slope)
            high, high_slope = np.where(upper, high, middle), np.where(upper, high_slope, slope)
            kept = np.abs(high_slope - low_slope) > JUMP * whole[owner]
            low, high, low_slope, high_slope, owner = (
                a[kept] for a in (low, high, low_slope, high_slope, owner)
            )
        return _as_columns(
            np.where(np.abs(low - y[owner]) < np.abs(high - y[owner]), low, high), owner, len(y)
        )


def _as_columns(at, owner, n):
    """Lay kinks out as one column a sample, sorted, equal ones once."""
    order = np.lexsort((at, owner))
    at, owner = at[order], owner[order]
    if len(at):
        fresh = np.append(True, (owner[1:] != owner[:-1]) | (np.diff(at) > 1e-12 * np.abs(at[1:])))
        at, owner = at[fresh], owner[fresh]
    counts = np.bincount(owner, minlength=n)
    columns = np.full((counts.max(initial=0), n), np.inf)
    columns[np.arange(len(at)) - (np.cumsum(counts) - counts)[owner], owner] = at
    return columns


class Envelope:
    """Σ weight e(f + γ a), e(u) = min_z ℓ(y, z) + (u - z)²/(2γ), the Moreau envelope; a are multipliers.

    Of every point it gives the mean, and weight · e' and weight · e'' of every sample; afterwards `point` holds the z,
    `slope` the e' and `loss` the ℓ(y, z) of the last f.
    """

    bends_on_the_way = False  # the imbalance counts besides

    def __init__(self, curvature, y, weight, kinks, gamma, multipliers):
        self.curvature, self.y, self.weight, self.kinks = curvature, y, weight, kinks
        self.gamma, self.multipliers = gamma, multipliers
        self.point = None

    def sweeps(self, design):
        """Tell that points had better be given f."""
        return False

    def at(self, design, v, f=None):
        """Give the `Point` at v, where the raw predictions, if they are known, are f."""
        f = design.dot(v) if f is None else f
        u = f + self.gamma * self.multipliers
        kinks = self.kinks
        (z, self.slope, self.loss, bends), self.at_kink = proximal_points(
            self.curvature, self.y, u, self.gamma, kinks.at, kinks.left, kinks.right, kinks.near
        )
        self.point, far = z, u - z
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(self.weight @ (self.loss + 0.5 * far * far / self.gamma))
        mean = mean if np.isfinite(mean) else np.inf
        return Point(design, f, mean, self.weight * self.slope, self.weight * bends)
