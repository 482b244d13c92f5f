"""Where all intercepts of an interval are equally good, the middle of it.

Knows programs and arrays.
"""

import numpy as np

FLAT = 1e-10  # a mean slope is zero within this, relative to the mean of its sizes
FARTHEST = 1e6


def middle_of_valley(problem, raw_prediction):
    """Return how far the intercept is from the middle of those that minimise the loss, the rest as it is.

    Where the interval has one end only, the way to that end; without any, zero.
    """
    y, weight = problem.y, problem.weight

    def slope(t):
        (slopes,), _ = problem.gradient.arrays(y, raw_prediction + t)
        slopes[weight == 0.0] = 0.0
        slopes = np.nan_to_num(slopes) * weight
        total = slopes.sum()
        return total if abs(total) > FLAT * max(np.abs(slopes).sum(), size) else 0.0

    size = 0.0
    (slopes,), _ = problem.gradient.arrays(y, raw_prediction + problem.spread)
    size = float(weight @ np.abs(np.nan_to_num(slopes)))
    near = 1e-7 * problem.spread
    if slope(-near) < 0.0 < slope(near):
        return 0.0
    left = _end(lambda t: slope(-t) < 0.0, problem.spread)
    right = _end(lambda t: slope(t) > 0.0, problem.spread)
    if left is None or right is None:
        return -left if left is not None else right if right is not None else 0.0
    return 0.5 * (right - left)


def _end(holds, spread):
    """Return the smallest t >= 0 from which on a condition holds; None if there is none."""
    low, high = 0.0, 1e-6 * spread
    while not holds(high):
        low, high = high, 4.0 * high
        if high > FARTHEST * spread:
            return None
    for _ in range(100):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
