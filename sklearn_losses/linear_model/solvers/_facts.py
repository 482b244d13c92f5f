"""What a program can be asked of its loss: is it convex in f, and does its slope jump?

Knows programs and numbers. A loss that does not declare such a fact is probed, at targets that occur. What was found
is kept, since the fits of a grid search ask the same again and again.
"""

from functools import lru_cache

import numpy as np

PROBED_TARGETS = 7
LINES = 8  # for each of them, of a loss of several raw predictions
FARTHEST = 8.0  # spreads from the best constant
GRID = 129
ZOOM = 16
ROUNDING = 1e-13
SHARP = 2e-5  # a change of the slope, of all its change, ...
WITHIN = 1e-6  # ... on so short a way, in spreads
DWARFED = 100.0  # times as steep as elsewhere
KEPT = 128  # answers


def typical_targets(y, count=PROBED_TARGETS):
    """Choose targets that occur, from the smallest to the largest."""
    if len(y) > 10_000:
        y = y[:: len(y) // 5_000]
    y = np.unique(y)
    return _evenly(y, count)


def _evenly(rows, count):
    """Return at most so many rows, evenly spaced, the first and the last among them."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, count).astype(int))]


def is_convex(gradient, y, constant, spread):
    """Tell whether the slope rises with f at every probed target."""
    targets = typical_targets(y, 4 * PROBED_TARGETS)
    reach = np.geomspace(1e-3, 100.0, 200) * spread
    f = constant + np.concatenate([-reach[::-1], [0.0], reach])
    (slopes,), _ = gradient.arrays(np.repeat(targets, len(f)), np.tile(f, len(targets)))
    slopes = slopes.reshape(len(targets), -1)
    slopes = slopes[:, np.isfinite(slopes).all(axis=0)]
    if slopes.shape[1] < 2:
        return False
    return bool(np.all(np.diff(slopes, axis=1) >= -1e-9 * np.ptp(slopes, axis=1, keepdims=True)))


def is_kinked(program, y, constant, spread):
    """Tell whether the slope of a convex loss jumps, or changes all but suddenly, at a probed target.

    The program gives the loss, its slope and, better, its curvature.
    """
    return _is_kinked(program, tuple(typical_targets(y).tolist()), float(constant), float(spread))


@lru_cache(maxsize=KEPT)
def _is_kinked(program, targets, constant, spread):
    targets = np.array(targets)[:, None]
    grid = constant + spread * np.linspace(-FARTHEST, FARTHEST, GRID)

    def slopes_and_bends(f):
        (_, slopes, *bends), _ = program.arrays(np.broadcast_to(targets, f.shape).ravel(), f.ravel())
        return slopes.reshape(f.shape), bends[0].reshape(f.shape) if bends else np.zeros(f.shape)

    # A loss may have its kink at f = y. Where that is so far out that slopes there dwarf all others, as those of an
    # exponential do, it is no place to look.
    f = np.broadcast_to(grid, (len(targets), len(grid)))
    usual = np.abs(np.nan_to_num(slopes_and_bends(f)[0], posinf=0.0, neginf=0.0)).max(axis=1, keepdims=True)
    there = np.abs(slopes_and_bends(targets)[0])
    at_target = np.where(there <= DWARFED * usual, targets, constant)
    f = np.sort(np.concatenate([f, at_target], axis=1), axis=1)

    return _jumps(slopes_and_bends, f, spread)


def is_convex_along_lines(gradient, rows, constant, spread):
    """Whether the slope of a loss of K raw predictions rises along straight lines through the best constant.

    `rows` are targets, as the program takes them: labels 0 … K-1, or rows of K numbers.
    """
    rows = _evenly(rows, 4 * PROBED_TARGETS)
    return _is_convex_along_lines(gradient, _hashable(rows), _hashable(np.asarray(constant)), float(spread))


@lru_cache(maxsize=KEPT)
def _is_convex_along_lines(gradient, rows, constant, spread):
    rows, constant, rng = np.array(rows), np.array(constant), np.random.default_rng(0)
    reach = np.geomspace(1e-3, 100.0, 100) * spread
    t = np.concatenate([-reach[::-1], [0.0], reach])
    for _ in range(LINES):
        # Lines through the best constant, and others that miss it.
        ways = rng.standard_normal((len(rows), len(constant)))
        starts = constant + spread * rng.standard_normal(ways.shape) * rng.integers(2)
        f = starts[:, None] + t[:, None] * ways[:, None]
        (slopes,), _ = gradient.arrays(np.repeat(rows, len(t), axis=0), f.reshape(-1, len(constant)))
        along = np.einsum("ijk,ik->ij", slopes.reshape(f.shape), ways)
        along = along[:, np.isfinite(along).all(axis=0)]
        if along.shape[1] < 2:
            return False
        if np.any(np.diff(along, axis=1) < -1e-9 * np.ptp(along, axis=1, keepdims=True)):
            return False
    return True


def is_kinked_along_lines(gradient, rows, constant, spread):
    """Tell the same of a loss of K raw predictions, along straight lines through the best constant.

    `rows` are targets, as the program takes them: labels 0 … K-1, or rows of K numbers.
    """
    rows = _evenly(rows, PROBED_TARGETS)
    return _is_kinked_along_lines(gradient, _hashable(rows), _hashable(constant), float(spread))


def _hashable(values):
    return tuple(map(tuple, values.tolist())) if values.ndim == 2 else tuple(values.tolist())


@lru_cache(maxsize=KEPT)
def _is_kinked_along_lines(gradient, rows, constant, spread):
    rows, constant = np.array(rows), np.array(constant)
    ways = np.random.default_rng(0).standard_normal((len(rows), len(constant)))
    t = np.broadcast_to(spread * np.linspace(-FARTHEST, FARTHEST, GRID), (len(rows), GRID))

    def slopes_and_bends(t):
        f = constant + t[:, :, None] * ways[:, None]
        (slopes,), _ = gradient.arrays(np.repeat(rows, t.shape[1], axis=0), f.reshape(-1, len(constant)))
        return np.einsum("ijk,ik->ij", slopes.reshape(f.shape), ways), np.zeros(t.shape)

    return _jumps(slopes_and_bends, t, spread)


def ignores_common_shifts(gradient, rows, constant, spread):
    """Whether K raw predictions that are shifted together cost the same: their slopes then sum to zero.

    `rows` are targets, as for `is_convex_along_lines`.
    """
    rows = _evenly(rows, PROBED_TARGETS)
    f = constant + spread * np.random.default_rng(0).standard_normal((len(rows), len(constant)))
    (slopes,), _ = gradient.arrays(rows, f)
    return bool(np.abs(slopes.sum(axis=1)).max() <= ROUNDING * np.abs(slopes).max())


def check_slopes(gradient, y, f, name):
    """Raise if the slope of a sample's loss is NaN at a constant raw prediction f: nothing could be learnt.

    `name` is what the error calls the formula.
    """
    shape = (len(y), *np.shape(f))
    (slopes,), _ = gradient.arrays(y, np.broadcast_to(f, shape))
    total = slopes.sum()
    if not np.isnan(total):
        return
    bad = np.isnan(slopes) if slopes.ndim == 1 else np.isnan(slopes).any(axis=1)
    if not bad.any():  # infinities of both signs
        return
    i = int(np.argmax(bad))
    raise ValueError(
        f"The derivative of {name} by the raw prediction is NaN for sample {i}, y = {np.asarray(y[i]).tolist()}, at "
        f"the raw prediction {np.asarray(f).tolist()}: the formula has 0 · ∞ or ∞ - ∞ there, as a logarithm "
        f"at 0 does. Keep such terms out with np.where(y > 0, ..., 0.0), bound what a root or a power is "
        f"taken of with np.maximum(..., 1e-12), or use log_expit and log_softmax in place of logarithms of "
        f"probabilities."
    )


def _jumps(slopes_and_bends, f, spread):
    """Tell whether a slope jumps in any row of points: look closer where it changes most."""
    whole = None
    while True:
        with np.errstate(all="ignore"):
            slopes, bends = slopes_and_bends(f)
            change, way = np.diff(slopes, axis=1), np.diff(f, axis=1)
            if whole is None:
                there = np.isfinite(slopes)
                whole = np.max(slopes, axis=1, where=there, initial=-np.inf)
                whole -= np.min(slopes, axis=1, where=there, initial=np.inf)
            # What curvature explains of a change is no jump.
            expected = 0.5 * way * (bends[:, 1:] + bends[:, :-1])
            if not np.isfinite(expected.sum()):
                expected = np.nan_to_num(expected, posinf=0.0)
            surprise = np.abs(change - expected)
            if not np.isfinite(surprise.sum()):
                surprise = np.nan_to_num(surprise, posinf=0.0)
        k = np.argmax(surprise, axis=1)
        rows = np.arange(len(f))
        if not np.any(surprise[rows, k] > SHARP * whole):
            return False
        if np.all(way[rows, k] <= WITHIN * spread + ROUNDING * np.abs(f).max()):
            return True
        f = np.linspace(f[rows, k], f[rows, k + 1], ZOOM + 1, axis=1)
