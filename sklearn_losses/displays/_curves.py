"""Lines of functions that jump: where they do, and points that leave the line open there.

Knows functions of one number.
"""

import numpy as np

_N_POINTS = 401
_HALVINGS = 60


def lines_of(path, low, high):
    """Give value, derivative with its jumps open, and the derivatives at the jumps."""
    t = np.linspace(low, high, _N_POINTS)
    jumps = _jumps(path.slope, t)
    kinks = np.array([_roundest(left, right) for left, right in jumps])
    steps = _jumps(path.value, t)
    value = _with_gaps(path.value, np.union1d(t, kinks), steps)
    derivative = _with_gaps(path.slope, t, jumps)
    return value, derivative, (kinks, path.slope(kinks) if len(kinks) else kinks)


def _jumps(function, t):
    """Find where a function jumps: narrow every interval between points to the half that changes more.

    What comes back is a little wider than a jump, which may have a value of its own in its middle.
    """
    left, right = t[:-1].copy(), t[1:].copy()
    at_left, at_right = function(left), function(right)
    span = max(np.ptp(at_left), 1e-300)
    for _ in range(_HALVINGS):
        middle = 0.5 * (left + right)
        at_middle = function(middle)
        lower = np.abs(at_middle - at_left) >= np.abs(at_right - at_middle)
        right, at_right = np.where(lower, middle, right), np.where(lower, at_middle, at_right)
        left, at_left = np.where(lower, left, middle), np.where(lower, at_left, at_middle)
    found = np.abs(at_right - at_left) > 1e-6 * span
    slack = 1e-13 * np.max(np.abs(t))
    jumps: list[tuple[float, float]] = []
    for a, b in zip(left[found] - slack, right[found] + slack, strict=True):
        if jumps and a <= jumps[-1][1]:
            a = jumps.pop()[0]
        jumps.append((a, b))
    return jumps


def _roundest(left, right):
    """Give the number with the fewest digits between two."""
    middle = 0.5 * (left + right)
    return next(
        (x for x in (round(middle, digits) + 0.0 for digits in range(16)) if left <= x <= right), middle
    )


def _with_gaps(function, t, jumps):
    """Give x and y of a line that is open where the function jumps."""
    x = np.unique(np.concatenate([t, np.ravel(jumps)]))
    keep = np.ones(len(x), dtype=bool)
    for left, right in jumps:
        keep &= ~((x > left) & (x < right))
    x = x[keep]
    y = function(x)
    ends = [np.searchsorted(x, right) for _, right in jumps]
    gaps = [0.5 * (left + right) for left, right in jumps]
    return np.insert(x, ends, gaps), np.insert(np.asarray(y, dtype=np.float64), ends, np.nan)
