"""What a loss is like on some data: how far its predictions spread, and how much it bends.

Knows programs and targets; it finds out by asking for values and slopes.
"""

import numpy as np

ENOUGH = 50_000  # targets tell how far all lie apart
UNBOUNDED = 1e3  # times the scale of the loss: no sound loss gains as much over the best constant
NO_CURVATURE = 1e-9  # relative to what slopes as steep would have if they changed sign
LARGEST = 1e150
EXTREME = 30.0  # raw predictions beyond stand for infinity, where targets are no numbers


def median(values):
    """Give the median of finite numbers, in a third of the time that NumPy's takes for few."""
    values = np.ravel(values)
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return 0.5 * float(low) + 0.5 * float(high)


def spread_of(y):
    """How far targets typically lie apart; of very many, as some of them tell."""
    y = y[:: max(1, len(y) // ENOUGH)]
    if not np.abs(y).max() < LARGEST:  # squares would overflow
        return median(np.abs(y - median(y))) or float(np.abs(y).max())
    return median(np.abs(y - median(y))) or float(np.std(y)) or float(np.abs(y).max()) or 1.0


def bounded_constant(constant, y, weight, numbers):
    """Give the best constant prediction; 0 where only infinity would do, as in a batch that lacks a class."""
    best = constant(y, weight)
    return best if numbers or np.max(np.abs(best)) < EXTREME else 0.0 * best


def mean_curvature(program, y, weight, constant, spread):
    """Slope of the mean gradient, across `spread` to both sides of the best constant.

    What a loss without one there would have, slope / spread with slopes of 1, stands in where nothing can be said. The
    slope is the last result of the program.
    """
    return curvature_between(slopes_aside(program, y, constant, spread), weight, spread)


def slopes_aside(program, y, constant, spread):
    """Slope of every sample's loss, the last result of a program, at `spread` below and above a constant."""
    shape = (len(y), *np.shape(constant))
    return [program.arrays(y, np.full(shape, f))[0][-1] for f in (constant - spread, constant + spread)]


def curvature_between(sides, weight, spread):
    """What `mean_curvature` gives, of slopes that are there."""
    with np.errstate(all="ignore"):
        whole = len(sides[0]) if weight is None else weight.sum()
        low, high = (float(side.sum() if weight is None else weight @ side) / whole for side in sides)
        bend = (high - low) / (2.0 * spread)
        known = np.isfinite(bend) and bend > NO_CURVATURE * max(abs(low), abs(high)) / spread
    return float(bend) if known else 1.0 / spread


def coupled_curvature(program, y, weight, raw, spread):
    """The same around raw predictions (n_samples, K): the largest of any output, bent either way."""
    curvature = 0.0
    for k in range(raw.shape[1]):
        shift = spread * (np.arange(raw.shape[1]) == k)
        (*_, low), _ = program.arrays(y, raw - shift)
        (*_, high), _ = program.arrays(y, raw + shift)
        curvature = max(curvature, np.average(np.abs(high - low)[:, k], weights=weight) / (2.0 * spread))
    return curvature if np.isfinite(curvature) and curvature > 1e-300 else 1.0 / spread


def check_bounded(gained, null, curvature, spread):
    """Raise if a mean loss has fallen further below that of the best constant, `null`, than makes sense."""
    if gained > UNBOUNDED * (abs(null) + curvature * spread**2):
        raise ValueError(
            f"The objective seems to have no minimum: it has fallen by {gained:.3g} from {null:.3g}, that of the best "
            "constant, and goes on. Choose a loss that is bounded below, or a larger alpha."
        )
