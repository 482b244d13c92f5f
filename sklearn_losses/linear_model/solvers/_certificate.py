"""How far a point of small data is from the minimum, where the slopes of many losses jump: the best subgradient there.

Knows problems, designs and kinks; nothing of how the point was found.
"""

import numpy as np
from scipy.optimize import lsq_linear

NEAR = 1e-9  # raw predictions that lie so near to a kink, in spreads, are at it
MOST = 2_000  # slopes that may be chosen: beyond, nobody waits for them
NOISE = 1e-13  # of a gradient, relative to the sizes of what it is the sum of


def certified_gap(problem, design, l2, l1, v, kinks) -> float:
    """Bound F - F* at v by the subgradient that is nearest to zero, if F is least no farther away than v or a spread.

    A sample at a kink may have any slope between those on both sides, a coefficient that is zero any subgradient of
    its penalty. Which ones leave least of the gradient is a least-squares problem with bounds. For w' anywhere,
    F(w') >= F(w) - (what the chosen slopes leave between w and their kinks) - left · |w' - w|.

    Returns
    -------
    float
        Infinite where too many slopes may be chosen.
    """
    z, f = design.rows(slice(None)), design.dot(v)
    (values, slopes, *_), _ = problem.curvature.arrays(problem.y, f)
    weight = problem.weight
    height, jump = np.full(len(f), np.nan), np.zeros(len(f))
    for at, left, right in zip(kinks.at, kinks.left, kinks.right, strict=True):
        there = np.abs(f - at) <= NEAR * (problem.spread + np.abs(f))
        height[there] = at[there]
        slopes[there] = left[there]
        jump[there] = (right - left)[there]
    at_kink = np.flatnonzero(np.isfinite(height) & (weight > 0.0))
    zeros = np.flatnonzero((v == 0.0) & (l1 > 0.0))
    if not 0 < len(at_kink) + len(zeros) <= MOST:
        return np.inf
    slopes = np.where(weight > 0.0, weight * slopes, 0.0)
    base = slopes @ z + l2 * v + l1 * np.sign(v)
    sizes = np.abs(slopes) @ np.abs(z) + np.abs(l2 * v) + l1
    base[zeros] -= l1[zeros]
    width = (weight * jump)[at_kink]
    unit = np.zeros((len(v), len(zeros)))
    unit[zeros, np.arange(len(zeros))] = 2.0 * l1[zeros]
    A = np.hstack([z[at_kink].T * width, unit])
    share = lsq_linear(A, -base, bounds=(0.0, 1.0), tol=1e-14).x
    left_over = np.abs(base + A @ share)
    left_over[left_over <= NOISE * sizes] = 0.0
    far = 2.0 * np.maximum(np.abs(v), problem.spread)
    if design.fit_intercept:
        far[-1] = 2.0 * problem.spread
    gap = float(left_over @ far)
    chosen = slopes[at_kink] + share[: len(at_kink)] * width
    (there, *_), _ = problem.curvature.arrays(problem.y[at_kink], height[at_kink])
    above = weight[at_kink] * (values[at_kink] - there) - chosen * (f[at_kink] - height[at_kink])
    return gap + float(np.maximum(above, 0.0).sum())
