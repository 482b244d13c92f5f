"""The objective of a problem, its optimum, and by how much that may be too high.

An oracle: it knows arrays and the loss's value and slope, and nothing of this library's solvers. Columns are
standardised; kinks are smoothed by the Moreau envelope, less and less. With few columns the steps are Newton's, else
L-BFGS-B's. From the slopes at the end follows a lower bound of F* by Fenchel duality, over all solutions whose
standardised coefficients are at most ten times as large as the largest that was found.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from scipy.optimize import minimize

from sklearn_losses.losses import get_loss

WIDTHS = 10.0 ** -np.arange(1, 8)  # of the smoothed kinks, relative to the spread of the raw prediction
MOST_COLUMNS = 1000  # for Newton's method
ENOUGH = 1e-4  # of the way from F_null to F*: a hundredth of what is asked of solvers


@dataclass(frozen=True)
class Optimum:
    """F* is between `value - doubt` and `value`; see `doubt`'s condition above. Convex losses only."""

    value: float
    doubt: float


class Objective:
    """F of raw coefficients and intercept.

    Parameters
    ----------
    problem : Problem
    X : array or sparse matrix, optional
        In place of the problem's own, such as standardised columns.
    """

    def __init__(self, problem, X=None):
        self.X = problem.X if X is None else X
        self.loss = get_loss(problem.loss, for_classifier=problem.classifies)
        low, high = self.loss.binary_values
        self.y = np.where(problem.y, high, low) if problem.classifies else problem.y
        self.y = self.y.astype(float)
        weight = problem.sample_weight
        self.weight = np.ones(len(self.y)) if weight is None else weight
        self.share = self.weight / self.weight.sum()
        share = {"l2": 0.0, "l1": 1.0, "elasticnet": 0.15}[problem.penalty]
        self.l2, self.l1 = problem.alpha * (1 - share), problem.alpha * share
        self.programs = self.loss.training_program(), self.loss.training_gradient_program()

    def __call__(self, coef, intercept):
        if not (np.isfinite(coef).all() and np.isfinite(intercept)):
            return np.inf
        with np.errstate(over="ignore", invalid="ignore"):
            mean = self._mean(np.asarray(self.X @ coef + intercept))
            return mean + 0.5 * self.l2 * coef @ coef + self.l1 * np.abs(coef).sum()

    def score(self, coef, intercept):
        """(F - F*) / (F_null - F*)"""
        value, best = self(coef, intercept), self.optimum.value
        return (value - best) / (self.null - best) if np.isfinite(value) else np.inf

    @cached_property
    def null(self):
        return self(np.zeros(self.X.shape[1]), self.loss.constant_minimizer(self.y, self.weight))

    def _mean(self, f):
        total, whole, *_ = self.programs[0].total(self.y, f, self.weight)
        return total / whole

    def _slope(self, f):
        with np.errstate(over="ignore"):
            return self.programs[1].arrays(self.y, f)[0][0]

    @cached_property
    def optimum(self):
        return _Search(self).run()


class _Search:
    """The way to the optimum, in standardised coordinates: u_j = s_j w_j, and the intercept last."""

    def __init__(self, objective):
        self.objective = objective
        X = objective.X
        self.n, self.d = X.shape
        self.sparse = sp.issparse(X)
        self.centre = np.zeros(self.d) if self.sparse else objective.share @ X
        squares = X.multiply(X) if self.sparse else (X - self.centre) ** 2
        self.scale = np.sqrt(np.asarray(objective.share @ squares).ravel())
        self.scale[self.scale <= 1e-12 * np.abs(self.centre)] = 1.0
        self.scaled = X @ sp.diags(1 / self.scale) if self.sparse else (X - self.centre) / self.scale
        self.scaled = sp.csr_matrix(self.scaled) if self.sparse else self.scaled
        self.l2, self.l1 = objective.l2 / self.scale**2, objective.l1 / self.scale
        number = objective.loss.link.name == "identity" and objective.loss.response_method == "predict"
        self.spread = np.sqrt(np.cov(objective.y, aweights=objective.weight)) if number else 1.0

    def run(self):
        objective = self.objective
        point = np.zeros(self.d + 1)
        point[-1] = objective.loss.constant_minimizer(objective.y, objective.weight)
        kinks = self._has_kinks(point[-1])
        best, lower = np.inf, -np.inf
        for width in self.spread * WIDTHS if kinks else [0.0]:
            newton = self.d <= (MOST_COLUMNS if self.l1.max() == 0 else 50)
            point = self._newton(point, width) if newton else self._descend(point, width)
            coef = point[:-1] / self.scale
            best = min(best, objective(coef, point[-1] - coef @ self.centre))
            lower = max(lower, self._lower_bound(point, width))
            if best - lower <= ENOUGH * (objective.null - best):
                break
        return Optimum(best, max(0.0, best - lower))

    def _has_kinks(self, f):
        """Halve an interval around f, towards the larger change of slope; a kink keeps its change."""
        low, high = np.full((2, self.n), f) + np.array([[-50.0], [50.0]]) * self.spread
        for _ in range(60):
            middle = 0.5 * (low + high)
            slopes = [self.objective._slope(point) for point in (low, middle, high)]
            left = np.abs(slopes[1] - slopes[0]) > np.abs(slopes[2] - slopes[1])
            low, high = np.where(left, low, middle), np.where(left, middle, high)
        return np.any(np.abs(self.objective._slope(high) - self.objective._slope(low)) > 1e-3)

    def _envelope(self, p, width):
        """Where the proximal point of p is, and the slope there: z + width l'(z) = p."""
        slope = self.objective._slope
        a = slope(p)
        if not width:
            return p, a
        low, high = np.minimum(p, p - width * a), np.maximum(p, p - width * a)
        for _ in range(50):
            z = 0.5 * (low + high)
            beyond = z + width * slope(z) > p
            low, high = np.where(beyond, low, z), np.where(beyond, z, high)
        z = 0.5 * (low + high)
        return z, (p - z) / width

    def _smooth(self, u, width):
        """Smoothed value without L1, gradient, and what the Hessian needs of each sample."""
        p = np.asarray(self.scaled @ u[:-1]) + u[-1]
        z, a = self._envelope(p, width)
        value = self.objective._mean(z) + 0.5 * self.l2 @ u[:-1] ** 2
        if width:
            value += self.objective.share @ (p - z) ** 2 / (2 * width)
        slope = self.objective.share * a
        gradient = np.append(np.asarray(self.scaled.T @ slope) + self.l2 * u[:-1], slope.sum())
        return value, gradient, z

    def _newton(self, u, width):
        value, gradient, z = self._smooth(u, width)
        scaled = self.scaled.toarray() if self.sparse else self.scaled
        scaled = np.column_stack([scaled, np.ones(self.n)])
        damping = 1e-12
        for _ in range(60):
            step = 1e-7 * (self.spread + np.abs(z))
            bend = (self.objective._slope(z + step) - self.objective._slope(z - step)) / (2 * step)
            bend = self.objective.share * bend / (1 + width * bend)
            hessian = (scaled.T * bend) @ scaled + np.diag(np.append(self.l2, 0.0))
            hessian[np.diag_indices_from(hessian)] += damping * np.trace(hessian) / len(u) + 1e-300
            move = self._newton_move(u, gradient, hessian)
            shrunk = self.l1 @ (np.abs(u + move)[:-1] - np.abs(u)[:-1])
            gain, length = -gradient @ move - shrunk, 1.0
            if not gain > 1e-14 * (self.objective.null - value + 1e-300):
                break
            while length > 1e-3:
                with np.errstate(over="ignore", invalid="ignore"):
                    value_new, gradient_new, z_new = self._smooth(u + length * move, width)
                more = self.l1 @ (np.abs(u + length * move)[:-1] - np.abs(u)[:-1])
                if value_new + more <= value - 1e-4 * length * gain:
                    u, value, gradient, z = u + length * move, value_new, gradient_new, z_new
                    damping = max(damping / 10, 1e-12)
                    break
                length /= 2
            else:
                damping *= 1e3
                if damping > 1e6:
                    break
        return u

    def _newton_move(self, u, gradient, hessian):
        """Minimise the quadratic model; with L1, coordinate by coordinate."""
        if self.l1.max() == 0:
            return -scipy.linalg.solve(hessian, gradient, assume_a="sym")
        move, soft = np.zeros(len(u)), np.append(self.l1, 0.0)
        for _ in range(300):
            for j in range(len(u)):
                bend = hessian[j, j]
                there = u[j] + move[j] - (gradient[j] + hessian[j] @ move) / bend
                move[j] = np.sign(there) * max(abs(there) - soft[j] / bend, 0.0) - u[j]
        return move

    def _descend(self, u, width):
        """L-BFGS-B; with L1, on the positive and negative parts of each coefficient."""
        d, l1 = self.d, self.l1

        def both(p):
            value, gradient, _ = self._smooth(np.append(p[:d] - p[d:-1], p[-1]), width)
            value += l1 @ (p[:d] + p[d:-1])
            return value, np.concatenate([gradient[:-1] + l1, l1 - gradient[:-1], gradient[-1:]])

        bounds = [(0, None)] * (2 * d) + [(None, None)]
        start = np.concatenate([np.maximum(u[:-1], 0), np.maximum(-u[:-1], 0), u[-1:]])
        if l1.max() == 0:
            bounds = [(None, None)] * d + [(0, 0)] * d + [(None, None)]
            start = np.concatenate([u[:-1], np.zeros(d), u[-1:]])
        options = {"maxiter": 3000, "maxcor": 30, "ftol": 1e-13, "gtol": 1e-14, "maxfun": 3000}
        found = minimize(both, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
        return np.append(found[:d] - found[d:-1], found[-1])

    def _lower_bound(self, u, width):
        """Fenchel: l(f) >= a f - (a z - l(z)) for the slope a of l at z; then minimise over each coordinate."""
        z, a = self._envelope(np.asarray(self.scaled @ u[:-1]) + u[-1], width)
        share = self.objective.share
        slope = share * a
        reach = 10 * max(np.abs(u[:-1]).max(), self.spread)
        steepness = np.maximum(np.abs(np.asarray(self.scaled.T @ slope)) - self.l1, 0.0)
        best = np.minimum(steepness / np.maximum(self.l2, 1e-300), reach)
        linear = self.objective._mean(z) - slope @ z + slope.sum() * u[-1] - np.abs(slope.sum()) * reach
        return linear + np.sum(0.5 * self.l2 * best**2 - steepness * best)
