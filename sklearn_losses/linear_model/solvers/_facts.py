"""What a program can be asked of its loss: is it convex in f, and does its slope jump?

Knows programs and numbers. A loss that does not declare such a fact is probed, at targets that occur.
"""

import numpy as np

PROBED_TARGETS = 7
FARTHEST = 8.0  # spreads from the best constant
ZOOM = 16
ROUNDS = 6
SHARP = 2e-5  # a change of the slope, of all its change, ...
WITHIN = 1e-6  # ... on so short a way, in spreads


def typical_targets(y, count=PROBED_TARGETS):
    """Choose targets that occur, from the smallest to the largest."""
    if len(y) > 10_000:
        y = y[:: len(y) // 5_000]
    y = np.unique(y)
    return y[np.unique(np.linspace(0, len(y) - 1, count).astype(int))]


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


def is_kinked(curvature, y, constant, spread):
    """Tell whether the slope of a convex loss jumps, or changes all but suddenly, at a probed target."""
    targets = typical_targets(y)[:, None]
    grid = constant + spread * np.linspace(-FARTHEST, FARTHEST, 16 * ZOOM + 1)
    f = np.sort(np.concatenate([np.broadcast_to(grid, (len(targets), len(grid))), targets], axis=1), axis=1)
    whole = None
    for _ in range(ROUNDS):
        with np.errstate(all="ignore"):
            (_, slopes, bends), _ = curvature.arrays(np.broadcast_to(targets, f.shape).ravel(), f.ravel())
            slopes, bends = slopes.reshape(f.shape), bends.reshape(f.shape)
            change, way = np.diff(slopes, axis=1), np.diff(f, axis=1)
            if whole is None:
                whole = np.nanmax(np.where(np.isfinite(slopes), slopes, np.nan), axis=1) - np.nanmin(
                    np.where(np.isfinite(slopes), slopes, np.nan), axis=1
                )
            # What curvature explains of a change is no jump.
            expected = 0.5 * way * np.nan_to_num(bends[:, 1:] + bends[:, :-1], posinf=0.0)
            surprise = np.nan_to_num(np.abs(change - expected), posinf=0.0)
        k = np.argmax(surprise, axis=1)
        rows = np.arange(len(targets))
        if not np.any(surprise[rows, k] > SHARP * whole):
            return False
        if np.all(way[rows, k] <= WITHIN * spread):
            break
        f = np.linspace(f[rows, k], f[rows, k + 1], ZOOM + 1, axis=1)
    return True


def is_kinked_along_lines(gradient, y, constant, spread):
    """Tell whether the slope of a loss of K raw predictions jumps, as far as it is seen along random lines."""
    rng = np.random.default_rng(0)
    K = len(constant)
    some = np.linspace(0, len(y) - 1, PROBED_TARGETS).astype(int)
    for target in y[some]:
        way = rng.normal(size=K)
        start = constant + spread * rng.normal(size=K)
        low, high = -FARTHEST * spread, FARTHEST * spread
        whole = None
        for _ in range(ROUNDS + 2):
            t = np.linspace(low, high, 16 * ZOOM + 1)
            with np.errstate(all="ignore"):
                (slopes,), _ = gradient.arrays(np.stack([target] * len(t)), start + t[:, None] * way)
                slope = np.nan_to_num(slopes @ way, posinf=0.0, neginf=0.0)
            whole = whole or float(np.ptp(slope))
            k = int(np.argmax(np.abs(np.diff(slope))))
            if abs(slope[k + 1] - slope[k]) <= SHARP * whole:
                break
            low, high = t[k], t[k + 1]
            if high - low <= WITHIN * spread:
                return True
    return False
