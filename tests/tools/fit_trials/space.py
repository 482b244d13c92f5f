"""Coordinates in which the columns of a problem are alike."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Point:
    """Raw coefficients (K, d), intercepts (K,), and F there."""

    coef: np.ndarray
    intercept: np.ndarray
    value: float


class Space:
    """Coordinates in which columns are alike: f = A θ + b, raw coefficients R θ."""

    def __init__(self, objective, constant=False):
        self.objective = objective
        X, share = objective.X.astype(np.longdouble), objective.share.astype(np.longdouble)
        d = X.shape[1]
        self.centre = share @ X if objective.fit_intercept else np.zeros(d, np.longdouble)
        size = np.sqrt(share @ (X - self.centre) ** 2)
        used = size > 1e-15 * np.abs(self.centre)
        if constant:
            used = np.zeros(d, bool)
        Z = (X[:, used] - self.centre[used]) / size[used]
        scale = np.where(used, size, 1.0)[used]
        R = np.zeros((d, used.sum()))
        R[used, np.arange(used.sum())] = 1 / scale
        self.l1 = (objective.l1 / scale).astype(float)
        self.flat = objective.l1 == 0.0
        if self.flat and used.any():
            # Orthogonal for a quadratic objective of a typical curvature
            held = np.sqrt(objective.l2 / _typical_bend(objective)) / scale
            rho = np.sqrt(1 + held**2)
            roots = np.sqrt(share)[:, None]
            stacked = np.vstack([roots * Z / rho, np.diag(held / rho)]).astype(float)
            _, s, Vt = np.linalg.svd(stacked, full_matrices=False)
            keep = s > 1e-13 * s[0]
            T = (Vt[keep].T / s[keep]) / rho[:, None].astype(float)
            Z, R, self.l1 = Z @ T, R @ T, np.zeros(T.shape[1])
        self.A = Z.astype(float)
        self.R = R.astype(float)
        self.n, self.r = self.A.shape
        self.K = objective.K
        self.square = objective.l2 * (self.R.T @ self.R)  # the Hessian of the penalty

    def outside(self, theta):
        """Raw coefficients and intercepts."""
        a, b = theta[:, : self.r], theta[:, self.r]
        coef = a @ self.R.T
        intercept = np.asarray(b - coef @ self.centre, float) if self.objective.fit_intercept else 0.0 * b
        return Point(coef, intercept, self.objective(coef, intercept))

    def inside(self, point):
        """θ of shape (K, r + 1), the intercept last."""
        a = np.linalg.lstsq(self.R, point.coef.T, rcond=None)[0].T if self.r else np.zeros((self.K, 0))
        b = np.asarray(point.intercept + point.coef @ self.centre, float)
        return np.column_stack([a, b if self.objective.fit_intercept else 0 * b])

    def raw(self, theta):
        """Raw predictions (n, K)."""
        return self.A @ theta[:, : self.r].T + theta[:, self.r]

    def penalty(self, theta):
        """The quadratic part."""
        a = theta[:, : self.r]
        return 0.5 * np.sum((a @ self.square) * a)


def _typical_bend(objective):
    formula = objective.formula
    f = np.zeros((len(objective.X), objective.K))
    if formula.kinked or formula.coupled:
        return 0.25
    y = objective.y
    at = 0.0
    if formula.target.startswith("number"):
        at = objective.share @ y
    elif formula.target in ("count", "positive", "amount"):
        at = np.log(np.maximum(objective.share @ y, 1e-300))
    with np.errstate(all="ignore"):
        bend = objective.share @ formula.bend(y, f[:, 0] + at)
    return float(bend) if np.isfinite(bend) and bend > 1e-12 else 1e-3
