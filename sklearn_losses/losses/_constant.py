"""The best constant prediction of a loss.

Knows programs and weights; called by `Loss.constant_minimizer` alone.
"""

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar

from ..links import UNIT
from ._functionals import functional
from ._programs import program_of

_MANY, _SAMPLE = 50_000, 5_000  # so many targets are met by way of so many of them
_SOME = 1_000  # targets tell whether they repeat
_FAR = 700.0  # exp of more is infinite
_EPS, _TINY = float(np.finfo(np.float64).eps), float(np.finfo(np.float64).tiny)


def minimizing_constant(data, weights):
    """Return the constant raw prediction that minimises the weighted mean loss of encoded data."""
    loss = data.loss
    if weights is not None and not weights.all():  # a sample of weight zero is none
        there = weights != 0.0
        data, weights = data._replace(y=data.y[there], f=data.f[there]), weights[there]
    if loss.elicits == "mean":
        return _link_of_mean(loss, data, weights)
    if loss.elicits == "mean and variance":
        return functional(loss.elicits, data.numbers(), weights)
    if loss.couples_outputs:
        return _by_descent(loss, data, weights)
    if data.y.ndim == 2:
        return np.array([_one_output(loss, data._replace(y=y), weights) for y in data.y.T])
    return _one_output(loss, data, weights)


def _link_of_mean(loss, data, weights):
    if data.encoding == "label":
        counts = np.bincount(data.y, weights, minlength=data.f.shape[1])
        mean = counts / counts.sum()
    else:
        mean = np.average(data.numbers(), axis=0, weights=weights)
    low, high = loss.link.predictions.low, loss.link.predictions.high
    if np.isfinite(low):
        mean = np.maximum(mean, low + (_EPS if np.isfinite(high) else np.finfo(np.float64).tiny))
    if np.isfinite(high):
        mean = np.minimum(mean, high - _EPS)
    raw = loss.link.link(mean)
    return float(raw) if np.ndim(raw) == 0 else raw


def _of_two_targets(data, weights):
    """Give samples that have only two targets as two, with the sums of their weights; others as they are."""
    y = data.y
    upper = y == y.max()
    if len(y) <= 2 or not np.all(upper | (y == y.min())):
        return data, weights
    weights = np.ones(len(y)) if weights is None else weights
    first = [int(np.argmin(upper)), int(np.argmax(upper))]
    return data._replace(y=y[first], f=data.f[first]), np.bincount(upper, weights, minlength=2)


def _of_few_targets(data, weights):
    """Give samples of several outputs whose targets repeat as these targets, with the sums of their weights."""
    if len(np.unique(data.y[:_SOME], axis=0)) > 0.1 * _SOME:
        return data, weights
    y, first, which = np.unique(data.y, axis=0, return_index=True, return_inverse=True)
    if 2 * len(y) > len(data.y):
        return data, weights
    return data._replace(y=y, f=data.f[first]), np.bincount(which.ravel(), weights, minlength=len(y))


def _one_output(loss, data, weights):
    data, weights = _of_two_targets(data, weights)
    numbers = data.numbers()
    if loss.elicits in ("median", "quantile", "expectile") and loss.link.name == "identity":
        return functional(loss.elicits, numbers, weights, loss.level)
    low, high = (numbers.min(), numbers.max()) if loss.link.name == "identity" else (-1.0, 1.0)
    value = _mean_of(loss, "value", data, weights)
    exact_slope = _mean_of(loss, "gradient", data, weights)
    (gradients, *_), _ = program_of(loss, "gradient", data.encoding).arrays(data.y, np.full(len(data.y), low))
    rounding = 1e-14 * np.max(np.abs(gradients))

    def slope(f):
        mean = exact_slope(f)
        return mean if abs(mean) > rounding else 0.0

    def bracketed(low, high, step):
        return (
            *_bracket(lambda f: slope(f) < 0.0, float(low), -step),
            *_bracket(lambda f: slope(f) > 0.0, float(high), step),
        )

    step = max(high - low, 1.0)
    many = loss.convex is True and loss.link.name == "identity" and len(numbers) > _MANY
    ends = bracketed(*_around_that_of_a_sample(loss, data, weights, step)) if many else None
    if ends is None or not (ends[1] and ends[3]):
        ends = bracketed(low, high, step)
    low, falls, high, rises = ends
    one_valley = loss.convex is True
    if not one_valley:
        grid = np.linspace(low, high, 257)
        if loss.link.name == "identity":
            grid = np.union1d(grid, np.quantile(numbers, np.linspace(0.0, 1.0, 65)))
        slopes = np.array([slope(f) for f in grid])
        one_valley = loss.convex is None and bool(np.all(np.diff(slopes) >= -1e5 * rounding))
    if one_valley:
        left, right = _valley(slope, low, high, step if many else None)
        # An interval of best constants may have one end only, or none.
        best = 0.5 * (left + right) if falls and rises else left if falls else right if rises else 0.0
        if abs(best) <= 1e-12 * step and value(0.0) <= value(best):
            best = 0.0  # and not a tiny number whose sign means nothing
    else:
        best = _deepest(value, slope, grid)
    if loss.link.predictions == UNIT:
        best = np.clip(best, loss.link.link(_EPS), loss.link.link(1.0 - _EPS))
    return float(best)


def _around_that_of_a_sample(loss, data, weights, step):
    """Give where the best constant of very many samples probably lies between, and by how much to go on if not."""
    every = len(data.y) // _SAMPLE
    data = data._replace(y=data.y[::every], f=data.f[::every])
    near = _one_output(loss, data, None if weights is None else weights[::every])
    low, high = np.quantile(data.numbers(), [0.25, 0.75])
    pace = float(high - low) / 10.0 or step
    return near - pace, near + pace, pace


def _mean_of(loss, quantity, data, weights):
    """Return the weighted mean of a quantity as a function of one constant."""
    program = program_of(loss, quantity, data.encoding)

    def mean(f):
        total, weight, _, _ = program.total(data.y, np.broadcast_to(float(f), len(data.y)), weights)
        return total / weight

    return mean


def _bracket(holds, start, step):
    """Move out, in growing steps, until a condition holds, or to where nothing changes any more."""
    moved, far = 0.0, max(_FAR, 64.0 * abs(step))
    while not holds(start + moved) and abs(moved) < far:
        moved += step
        step *= 2.0
    return start + moved, holds(start + moved)


def _first(holds, low, high):
    """Return the smallest f in [low, high] from which on a monotone condition holds, or `high`."""
    if holds(low):
        return low
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def _valley(slope, low, high, size=None):
    """Return where a valley's floor begins and ends; where a size is given, as exactly as numbers of that size are."""
    if slope(low) < 0.0 < slope(high):
        low, high, root = _around_the_root(slope, low, high, size)
        if root is not None:
            return root, root
    left = _first(lambda f: slope(f) >= 0.0, low, high)
    return left, _first(lambda f: slope(f) > 0.0, left, high)


def _around_the_root(slope, low, high, size):
    """Narrow an interval whose ends have slopes of different signs, by fewer looks than halving it takes.

    Where hardly more is left of it than rounding of numbers of a size that is given, the root comes with it, else None.
    """
    root = brentq(slope, low, high, xtol=np.finfo(np.float64).tiny, rtol=4.0 * _EPS, disp=False)
    near = 64.0 * _EPS * max(abs(root), 1e-3 * (size or high - low))
    for times in (1.0, 16.0, 256.0):
        left, right = max(root - times * near, low), min(root + times * near, high)
        if slope(left) < 0.0 < slope(right):
            return left, right, root if size and times < 256.0 else None
    return low, high, None


def _deepest(value, slope, grid):
    """Of several valleys, return the floor of the one around the best of many constants."""
    values = [value(f) for f in grid]
    best = int(np.argmin(values))
    left, right = _valley(slope, grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    floor = 0.5 * (left + right)
    return floor if value(floor) <= values[best] else grid[best]


def _by_descent(loss, data, weights):
    """K constants at once, of a smooth loss; those of vectors, which may be flat at zero, from their mean."""
    value, gradient = (program_of(loss, q, data.encoding) for q in ("value", "gradient"))
    data, weights = _of_few_targets(data, weights)
    n, n_outputs = data.f.shape
    w = np.full(n, 1.0 / n) if weights is None else weights / weights.sum()

    def both(f):
        rows = np.broadcast_to(f, (n, n_outputs))
        total, _, _, _ = value.total(data.y, rows, w)
        (each, *_), _ = gradient.arrays(data.y, rows)
        return total / size, w @ each / size

    start, bounds = np.zeros(n_outputs), None
    if loss.target_kind == "vector":
        start = w @ data.numbers()
    elif loss.target_kind == "moments":
        start = functional("mean and variance", data.numbers(), w)
        bounds = [(None, None), (_TINY, None)]
    size = 1.0  # of the loss, so that the tolerances below know nothing of it
    first = abs(both(start)[0])
    size = first if 0.0 < first < np.inf else 1.0
    best = minimize(both, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"gtol": 1e-10}).x
    return _one_by_one(lambda f: both(f)[0], best) if loss.convex and bounds is None else best


def _one_by_one(value, f):
    """Return constants that are better, one output at a time: descent ends beside kinks, which lie in their valleys."""
    f = np.array(f, dtype=np.float64)
    for k in range(len(f)):

        def along(t, k=k):
            return value(np.where(np.arange(len(f)) == k, t, f))

        here = f[k]
        width = max(abs(here), 1.0)
        found = minimize_scalar(
            along, bounds=(here - width, here + width), method="bounded", options={"xatol": 1e-12}
        )
        for t in (found.x, np.round(found.x, 6)):  # a kink is mostly at a round number
            if along(t) < along(f[k]):
                f[k] = t
    return f
