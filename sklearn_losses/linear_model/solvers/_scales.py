"""What a loss is like on some data: how far its predictions spread, how much it bends, whether it has kinks.

Knows programs and targets; it finds out by asking for values and slopes.
"""

import numpy as np

UNBOUNDED = 1e3  # times the scale of the loss: no sound loss gains as much over the best constant
STEEPEST = 1e6  # slopes beyond, such as those of exponentials, are not looked at
EXTREME = 30.0  # raw predictions beyond stand for infinity, where targets are no numbers


def spread_of(y):
    """How far targets typically lie apart."""
    return float(np.median(np.abs(y - np.median(y)))) or float(np.std(y)) or float(np.abs(y).max()) or 1.0


def bounded_constant(constant, y, weight, numbers):
    """Give the best constant prediction; 0 where only infinity would do, as in a batch that lacks a class."""
    best = constant(y, weight)
    return best if numbers or np.max(np.abs(best)) < EXTREME else 0.0 * best


def mean_curvature(program, y, weight, constant, spread):
    """Slope of the mean gradient, across `spread` to both sides of the best constant."""
    with np.errstate(all="ignore"):
        slopes = [
            np.average(program.arrays(y, np.full(len(y), f))[0][-1], weights=weight)
            for f in (constant - spread, constant + spread)
        ]
        bend = (slopes[1] - slopes[0]) / (2.0 * spread)
    return bend if np.isfinite(bend) and bend > 1e-9 / spread else 1.0 / spread


def coupled_curvature(program, y, weight, raw, spread):
    """The same around raw predictions (n_samples, K): the largest of any output, bent either way."""
    curvature = 0.0
    for k in range(raw.shape[1]):
        shift = spread * (np.arange(raw.shape[1]) == k)
        (*_, low), _ = program.arrays(y, raw - shift)
        (*_, high), _ = program.arrays(y, raw + shift)
        curvature = max(curvature, np.average(np.abs(high - low)[:, k], weights=weight) / (2.0 * spread))
    return curvature if np.isfinite(curvature) and curvature > 1e-300 else 1.0 / spread


def has_kinks(program, y, spread):
    """Tell whether the slope of the loss jumps: halve an interval, towards the larger change, and see if it stays."""
    low, high = y - 50.0 * spread, y + 50.0 * spread

    def slope(f):
        with np.errstate(all="ignore"):
            return np.clip(np.nan_to_num(program.arrays(y, f)[0][1]), -STEEPEST, STEEPEST)

    slopes = [slope(low), slope(high)]
    change = np.abs(slopes[1] - slopes[0])
    for _ in range(45):
        middle = 0.5 * (low + high)
        there = slope(middle)
        left = np.abs(there - slopes[0]) > np.abs(slopes[1] - there)
        low, high = np.where(left, low, middle), np.where(left, middle, high)
        slopes = [np.where(left, slopes[0], there), np.where(left, there, slopes[1])]
    return bool(np.any(np.abs(slopes[1] - slopes[0]) > 1e-6 * change))


def check_bounded(gained, null, curvature, spread):
    """Raise if a mean loss has fallen further below that of the best constant, `null`, than makes sense."""
    if gained > UNBOUNDED * (abs(null) + curvature * spread**2):
        raise ValueError(
            f"The objective seems to have no minimum: it has fallen by {gained:.3g} from {null:.3g}, that of the best "
            "constant, and goes on. Choose a loss that is bounded below, or a larger alpha."
        )
