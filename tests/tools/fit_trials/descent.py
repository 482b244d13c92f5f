"""Smooth objectives: damped Newton steps down, and a lower bound by the slopes where they end."""

from time import process_time

import numpy as np
import scipy.sparse as sp
from scipy.linalg import cho_factor, cho_solve

from .programs import solve_quadratic

STEPS, SECONDS = 200, 3.0  # at most, of each descent
REACH = 10.0


def newton(space, theta, formula, near=False):
    """Damped Newton steps. Gives θ, and a lower bound.

    With L1 each is the best point of a quadratic model, and the last ones, or all if the end is `near`, stay within the
    orthant of the coefficients.
    """
    descent = _Descent(space, formula)
    if not np.isfinite(descent.value(theta)):
        return theta, -np.inf
    if space.l1.any() and not near:
        theta = descent.run(theta, descent.to_best_of_model, 1e-9)
    theta = descent.run(theta, descent.within_orthant, 1e-15)
    return theta, _lower_bound(space, theta, formula)


class _Descent:
    """Steps down a smooth objective, and what they need."""

    def __init__(self, space, formula):
        self.space, self.objective, self.formula = space, space.objective, formula
        self.l1 = np.append(space.l1, 0.0)
        self.free = np.ones((space.K, space.r + 1), bool)
        self.free[:, space.r] = self.objective.fit_intercept

    def value(self, theta):
        """F, of this formula."""
        space, objective = self.space, self.objective
        with np.errstate(all="ignore"):
            losses = self.formula.value(objective.y, objective.shaped(space.raw(theta)))
            value = objective.share @ losses + space.penalty(theta) + np.sum(self.l1 * np.abs(theta))
        return value if np.isfinite(value) else np.inf

    def run(self, theta, stepper, least):
        """Take steps with less damping while F falls, with more where it does not, until it falls less than `least`."""
        damping, still, value = 1e-8, 0, self.value(theta)
        begun = process_time()
        for _ in range(STEPS):
            if process_time() - begun > SECONDS:
                break
            gradient, hessian = _derivatives(self.space, theta, self.formula)
            if not (np.isfinite(gradient).all() and np.isfinite(hessian).all()):
                break
            step = stepper(theta, gradient, hessian)
            for _ in range(20):
                with np.errstate(over="ignore"):
                    new = step(damping)
                new_value = np.inf if new is None else self.value(new)
                if new_value < value:
                    break
                damping *= 8
                if damping > 1e16:
                    return theta
            else:
                break
            gained, value, theta = value - new_value, new_value, new
            damping = max(damping / 20, 1e-15)
            still = still + 1 if gained <= least * abs(value) else 0
            if still > 2:
                break
        return theta

    def within_orthant(self, theta, gradient, hessian):
        """Newton's step of the coefficients that are not held at zero; those that change their sign become zero."""
        sign = np.sign(theta) + (theta == 0) * -np.sign(gradient)
        moves = self.free & ((theta != 0) | (np.abs(gradient) > self.l1))
        slope = (gradient + self.l1 * sign)[moves]
        if not slope.size:
            return lambda damping: None
        which = np.flatnonzero(moves.ravel())
        solve = _damped_solver(hessian[np.ix_(which, which)], slope)

        def step(damping):
            new = theta.copy()
            new[moves] -= solve(damping)
            new[(new * sign < 0) & (self.l1 > 0)] = 0.0
            return new

        return step

    def to_best_of_model(self, theta, gradient, hessian):
        """Minimise the quadratic model with its L1 penalty, as a quadratic program in positive and negative parts."""
        m = theta.size
        bends = np.maximum(np.diag(hessian), 1e-14 * np.diag(hessian).max() + 1e-300)
        l1 = np.tile(self.l1, self.space.K)
        high = np.where(np.tile(self.free.ravel(), 2), np.inf, 0.0)
        scale = np.tile(1 / np.sqrt(bends), 2)
        linear = gradient.ravel() - hessian @ theta.ravel()

        def step(damping):
            P = hessian + damping * np.diag(bends)
            c = linear - damping * bends * theta.ravel()
            P, c = np.kron([[1, -1], [-1, 1]], P), np.concatenate([c + l1, l1 - c])
            P, c = P * scale[:, None] * scale, c * scale
            size = np.abs(c).max() or 1.0
            x, _ = solve_quadratic(
                sp.csc_matrix(P / size),
                c / size,
                sp.csc_matrix((0, 2 * m)),
                np.zeros(0),
                np.zeros(2 * m),
                high,
            )
            if x is None:
                return None
            x = np.where(x < 1e-9 * np.abs(x).max(), 0.0, x) * scale
            return (x[:m] - x[m:]).reshape(theta.shape)

        return step


def _damped_solver(H, slope):
    """Give a function of the damping that solves the equations; the diagonal is brought to one first."""
    bends = np.maximum(np.diag(H), 1e-14 * np.abs(np.diag(H)).max() + 1e-300)
    scale = 1 / np.sqrt(bends)
    H = H * scale[:, None] * scale
    if len(slope) > 150:

        def solve(damping):
            try:
                factor = cho_factor(H + damping * np.eye(len(slope)))
            except np.linalg.LinAlgError:
                return np.full(len(slope), np.nan)
            return scale * cho_solve(factor, slope * scale)

        return solve
    values, vectors = np.linalg.eigh(H)
    values, turned = np.maximum(values, 0.0), vectors.T @ (slope * scale)
    return lambda damping: scale * (vectors @ (turned / (values + damping)))


def _derivatives(space, theta, formula):
    objective = space.objective
    f = objective.shaped(space.raw(theta))
    K, r, share = space.K, space.r, objective.share
    Z = np.column_stack([space.A, np.ones(space.n)])
    with np.errstate(all="ignore"):
        slope, bend = formula.slope(objective.y, f), formula.bend(objective.y, f)
    gradient = (share[:, None] * slope.reshape(-1, K)).T @ Z
    gradient[:, :r] += theta[:, :r] @ space.square
    hessian = np.zeros((K, r + 1, K, r + 1))
    for k in range(K):
        for m in range(K):
            weight = share * (bend if bend.ndim == 1 else bend[:, k, m])
            hessian[k, :, m, :] = (Z * weight[:, None]).T @ Z
        hessian[k, :r, k, :r] += space.square
    return gradient, hessian.reshape(K * (r + 1), -1)


def _lower_bound(space, theta, formula):
    """Tangents at f lie below the loss: minimise their sum over coefficients of `REACH` times the size."""
    objective = space.objective
    f = space.raw(theta)
    with np.errstate(all="ignore"):
        slope = formula.slope(objective.y, objective.shaped(f)).reshape(-1, space.K)
    slope = objective.share[:, None] * slope
    pull, sums = slope.T @ space.A, slope.sum(axis=0)
    if not objective.fit_intercept:
        sums = 0 * sums
    reach = REACH * max(np.abs(theta).max(initial=0.0), np.abs(f).max(initial=0.0))
    a = theta[:, : space.r]
    # The quadratic penalty is replaced by its tangent at θ, too; both lie below.
    pull = pull + a @ space.square
    rest = objective.share @ formula.value(objective.y, objective.shaped(f)) - np.sum(slope * f)
    rest += sums @ theta[:, space.r] - space.penalty(theta)
    steep = np.maximum(np.abs(pull) - space.l1, 0.0)
    bound = rest - reach * (steep.sum() + np.abs(sums).sum())
    return float(bound) if np.isfinite(bound) else -np.inf
