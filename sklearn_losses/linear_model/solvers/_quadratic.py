"""The step of Newton's method: the minimum of a convex quadratic, with or without an L1 penalty.

Knows matrices and vectors.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack

from ._coordinates import descend

CONDITION = 1e-11  # of a matrix of unit diagonal, by its smallest pivot: below, it counts as singular
RIDGE = 1e-12
CUT = 1e-13  # smaller eigenvalues, relative to the largest, are taken for zero
SWEEPS, MANY_SWEEPS = 100, 10_000
SMALLEST_MOVE = 1e-18
WRONG = 1e-9  # a condition of optimality is broken by so much of the largest pull: more sweeps are needed
ROUNDING = 1e-15  # of a product, relative to the sum of its parts
EXCESS = 1e-12  # of a pull over the penalty: less is rounding


class Step(NamedTuple):
    """A step of Newton's method."""

    delta: np.ndarray
    decrease: float
    """By how much the minimum of the quadratic lies below its value at δ = 0."""
    unsolved: float
    """How much of the gradient, relative to all of it, no step can take away."""
    singular: bool
    """Whether H is nearly singular beside an L1 penalty: what is left to gain may then be much more than `decrease`."""


def step(H, gradient, v, l1, noise):
    """Minimise g'δ + δ'Hδ/2 + Σ l1 |v + δ| over δ.

    Where H is singular and there is no L1 penalty, the shortest δ (in units of a unit diagonal) is taken. Entries
    of the gradient are known within `noise`.

    Returns
    -------
    Step
    """
    root = np.sqrt(np.maximum(np.diagonal(H), 0.0))
    root[root == 0.0] = 1.0
    H = H / root
    H /= root[:, None]
    gradient = gradient / root
    if np.any(l1):
        scaled, l1 = v * root, l1 / root
        H, singular = _regular(H)
        u, promise = _penalised(H, gradient, scaled, l1)
        pull, rest = -gradient, H @ (scaled - u) - gradient
        before = misfit(pull, l1, scaled)
        unsolved = _share(misfit(rest, l1, u), before, root, noise)
        if promise < 0.0 and np.any(before * root > noise):  # what is left of H does not tell where to go
            unsolved = 1.0
        delta = np.where(u == 0.0, -v, u / root - v)  # zeros stay exact
        return Step(delta, promise, unsolved, singular)
    delta = _solve(H, -gradient)
    unsolved = _share(np.abs(H @ delta + gradient), np.abs(gradient), root, noise)
    return Step(delta / root, -0.5 * float(gradient @ delta), unsolved, False)


def _regular(H):
    """Return H, or H with a ridge, and whether it is nearly singular: the penalty rules where there is no curvature."""
    factor, info = lapack.dpotrf(H, lower=1, clean=0)
    if info == 0 and np.min(np.diagonal(factor)) ** 2 > RIDGE:
        return H, False
    H = H.copy()
    H.flat[:: len(H) + 1] += RIDGE
    return H, True


def misfit(pull, l1, u):
    """By how much each coordinate is pulled, at u, against its penalty."""
    return np.where(u != 0.0, np.abs(pull - l1 * np.sign(u)), np.maximum(np.abs(pull) - l1, 0.0))


def _share(rest, before, root, noise):
    """Give how much of a pull is left, of all that there was, noise aside."""
    norm = before.max(initial=0.0)
    return float(np.max(rest, where=rest * root > noise, initial=0.0)) / norm if norm > 0.0 else 0.0


def _solve(H, c):
    if not len(c):
        return c  # all coefficients are zero, and there is no intercept
    factor, info = lapack.dpotrf(H, lower=1, clean=0)
    if info == 0 and np.min(np.diagonal(factor)) ** 2 > CONDITION:
        return lapack.dpotrs(factor, c, lower=1)[0]
    values, vectors = np.linalg.eigh(H)
    kept = values > CUT * max(values[-1], 0.0)
    vectors = vectors[:, kept]
    return vectors @ ((c @ vectors) / values[kept])


def _penalised(H, gradient, v, l1):
    c = H @ v - gradient
    u = v.copy()
    descend(H, c, l1, u, SWEEPS, SMALLEST_MOVE * float(np.abs(c).max()) ** 2)
    near = u.copy()
    _finish(H, c, l1, u)
    promise = _promise(H, gradient, v, l1, u)
    if not promise >= _promise(H, gradient, v, l1, near):
        u = near
    if misfit(c - H @ u, l1, u).max() > WRONG * float(np.abs(c).max()):
        descend(H, c, l1, u, MANY_SWEEPS, SMALLEST_MOVE * float(np.abs(c).max()) ** 2)
        _finish(H, c, l1, u)
        promise = _promise(H, gradient, v, l1, u)
    return u, promise


def _promise(H, gradient, v, l1, u):
    """By how much the quadratic with its penalty is less at u than at v."""
    delta = u - v
    return -float(gradient @ delta + 0.5 * delta @ H @ delta + l1 @ (np.abs(u) - np.abs(v)))


def _finish(H, c, l1, u):
    """Find the minimum of u'Hu/2 - c'u + Σ l1 |u| by the signs of u, in place, from a point near to it.

    Given the signs the minimum is linear. A coordinate whose sign would change becomes zero on the way; a zero
    that had better move gets a sign.
    """
    signs = np.sign(u)
    free = l1 == 0.0
    scale = float(np.abs(c).max())
    for _ in range(10 * len(u) + 10):
        support = np.flatnonzero((signs != 0.0) | free)
        part = H[np.ix_(support, support)]
        rest = c[support] - l1[support] * signs[support] - H[support] @ u
        way = _solve(part, rest)
        rest -= part @ way
        rounding = ROUNDING * float((np.abs(part) @ np.abs(way)).max(initial=0.0))
        flat = np.abs(rest).max(initial=0.0) > EXCESS * scale + rounding
        if flat:  # downhill without end, but for a change of signs
            way = rest
        here = u[support]
        towards = np.where(free[support], 0.0, -way * signs[support])  # zero, if positive
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(towards > 0.0, np.abs(here) / towards, np.inf)
        t = float(reach.min(initial=np.inf))
        if t <= 1.0 or (flat and np.isfinite(t)):
            u[support] = here + t * way
            gone = support[reach <= t]
            u[gone] = signs[gone] = 0.0
            continue
        if flat:
            return
        u[support] = here + way
        pull = c - H @ u
        excess = np.where((signs == 0.0) & ~free, np.abs(pull) - l1, 0.0)
        j = int(np.argmax(excess))
        if excess[j] <= EXCESS * max(l1[j], scale):
            return
        signs[j] = np.sign(pull[j])
