"""Losses of all samples as functions of v, f = Z v: at a point the mean, its gradient, and the bends of the samples.

Knows arrays, designs and programs. Where X is large a point comes from one read of it (`_sweep.pyx`), and bends are
worked out only for who asks for them.
"""

from functools import cached_property

import numpy as np


class Point:
    """A loss at one v.

    Attributes
    ----------
    f : ndarray of shape (n,)
        Raw predictions.
    mean : float
        Σ weight ℓ; infinite where something overflows.
    slopes, bends : ndarray of shape (n,)
        weight · ℓ' and weight · ℓ''.
    gradient : ndarray
        Of the mean, by v.
    size : float
        Σ |slopes|, on which the rounding of the gradient rests.
    doubt : float
        By how much the mean at the minimum of what the slopes belong to may exceed its own minimum.
    """

    doubt = 0.0

    def __init__(self, design, f, mean, slopes, bends):
        self.design, self.f, self.mean, self.slopes, self.bends = design, f, mean, slopes, bends

    @cached_property
    def gradient(self):
        """Zᵀ slopes."""
        return self.design.transposed_dot(self.slopes)

    @property
    def size(self):
        """Σ |slopes|."""
        return np.abs(self.slopes).sum()


class SweptPoint:
    """The same by one read of X; `bent` of the slopes are those of secants."""

    def __init__(self, loss, design, v, reach=0.0):
        self.loss, self.reach = loss, reach
        self.mean, self.f, self.gradient, self.size, self.doubt, self.bent = design.sweep(
            loss.value, loss.y, loss.weight, v, reach
        )
        if not (np.isfinite(self.mean) and np.isfinite(self.gradient).all()):
            self.mean = np.inf

    @cached_property
    def bends(self):
        """What each sample adds to the Hessian: weight · ℓ''."""
        return self.loss.bends(self.f, self.reach)


class Smooth:
    """Σ weight ℓ(y, f) of programs that give ℓ and ℓ', and ℓ'' too."""

    bends_on_the_way = True
    """Whether what a step promises has to be doubted until one has kept it."""

    def __init__(self, value, curvature, y, weight):
        self.value, self.curvature, self.y, self.weight = value, curvature, y, weight
        self.empty = None if weight.all() else weight == 0.0

    def sweeps(self, design):
        """Tell whether points need no f, since they read X anyway."""
        return design.sweeps

    def at(self, design, v, f=None):
        """Give the `Point` at v, where the raw predictions, if they are known, are f."""
        if self.sweeps(design):
            return SweptPoint(self, design, v)
        f = design.dot(v) if f is None else f
        return Point(design, f, *self._everything(f))

    def _everything(self, f):
        (values, slopes, bends), _ = self.curvature.arrays(self.y, f)
        if self.empty is not None:
            values[self.empty] = slopes[self.empty] = bends[self.empty] = 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            slopes *= self.weight
            bends *= self.weight
            mean = float(self.weight @ values)
        return (mean if np.isfinite(mean) and np.isfinite(slopes.sum()) else np.inf), slopes, bends

    def bends(self, f, reach):
        """Give weight · ℓ'' of every sample."""
        return self._everything(f)[2]


class Secants:
    """Σ weight ℓ(y, f) of a loss whose slope jumps, with the slopes from f - reach to f + reach for its own.

    Such slopes are those of ℓ averaged over the reach, a loss that bends steadily, and slopes of ℓ itself somewhere
    within: so they are duals, and tell how far the minimum may be. `reach` may change between two points.
    """

    bends_on_the_way = False  # the doubt of secants counts besides

    def __init__(self, value, gradient, y, weight, reach):
        self.value, self.gradient, self.y, self.weight, self.reach = value, gradient, y, weight, reach

    def sweeps(self, design):
        """Tell that points need no f."""
        return True

    def at(self, design, v, f=None):
        """Give the `SweptPoint` at v."""
        return SweptPoint(self, design, v, self.reach)

    def bends(self, f, reach):
        """Give weight · (ℓ'(f + reach) - ℓ'(f - reach)) / (2 reach) of every sample."""
        low, high = (self.gradient.arrays(self.y, f + way)[0][-1] for way in (-reach, reach))
        with np.errstate(invalid="ignore"):
            bends = self.weight * (high - low) / (2.0 * reach)
        return np.where(self.weight > 0.0, bends, 0.0)

    def duals(self, f, reach, rows=slice(None)):
        """Give the slopes of some rows at f, and their conjugates or more (see `_sweep.pyx`)."""
        y, f = self.y[rows], f[rows]
        (low, low_slope), (high, high_slope) = (self.value.arrays(y, f + way)[0] for way in (-reach, reach))
        with np.errstate(all="ignore"):
            slope = np.clip((high - low) / (2.0 * reach), low_slope, high_slope)
            jump = high_slope - low_slope
            along = np.where(jump > 0.0, 2.0 * reach * (high_slope - slope) / jump, 0.0)
            crossing = f - reach + along
            conjugate = slope * crossing - low - low_slope * along
        return slope, conjugate
