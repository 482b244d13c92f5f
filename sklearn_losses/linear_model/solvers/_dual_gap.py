"""A bound of F - F* from the duals: the duality gap of the problem itself, without the proximal term.

Knows problems, duals and their conjugates; nothing of how they were found.

With duals a_i (slopes of the losses), F* >= -sum_i weight_i l*(a_i) - sum_j (|v_j| - l1)_+^2 / (2 l2),
v = -sum_i weight_i a_i x_i, provided that sum_i weight_i a_i = 0 where there is an intercept. The sum is nearly
zero; it is made so on the first rows, whose duals move towards their slopes a little to one side.
"""

import numpy as np
from sklearn.utils.extmath import safe_sparse_dot

FIRST_ROWS = 256


class KeptDuals:
    """What is asked of the duals of all samples, where they are kept in a table.

    Parameters
    ----------
    samples : ndarray of shape (n_samples, 5)
        Columns are y, weight, something else, dual, and the conjugate at the dual (or above it).
    """

    def __init__(self, samples):
        self.samples = samples
        self.total = float(samples[:, 1] @ samples[:, 4])

    def part(self, rows):
        """Give duals and conjugates of some rows."""
        return self.samples[rows, 3], self.samples[rows, 4]


def duality_gap(problem, duals, sums, total, best):
    """Give F of the best model minus the dual bound; None without L2 penalty, or where no bound was found.

    Parameters
    ----------
    problem : LinearProblem
        With a scalar loss.
    duals : KeptDuals, or who has the same attributes
        `total`, Σ weight · conjugate, and `part`.
    sums : ndarray of shape (n_features,)
        -Σ weight a x.
    total : float
        -Σ weight a.
    best : Best or LinearSolution
        The model whose gap it is: coef, intercept, objective.
    """
    if problem.l2 == 0.0:
        return None
    conjugates = duals.total
    if problem.fit_intercept:
        change = _balance(problem, duals, total, best)
        if change is None:
            return None
        conjugates, sums = conjugates + change[0], sums + change[1]
    beyond = np.maximum(np.abs(sums) - problem.l1, 0.0)
    bound = -conjugates - float(beyond @ beyond) / (2.0 * problem.l2)
    gap = best.objective - bound
    return max(gap, 0.0) if np.isfinite(gap) else None


def _balance(problem, duals, missing, best):
    """Give what balancing the duals adds to the conjugates and to the sums; None if it fails."""
    rows, n = FIRST_ROWS, len(problem.y)
    while True:
        part = slice(0, min(rows, n))
        y, weight = problem.y[part], problem.weight[part]
        dual, conjugate = duals.part(part)
        f = np.asarray(safe_sparse_dot(problem.X[part], best.coef), dtype=np.float64) + best.intercept
        for shift in problem.spread * np.array([1e-3, 1e-2, 0.1, 1.0, 10.0]):
            f_moved = f + np.sign(missing) * shift
            with np.errstate(over="ignore", invalid="ignore"):
                (value, slope), _ = problem.value.arrays(y, f_moved)
                gained = float(weight @ (slope - dual))
            if missing == 0.0 or (np.isfinite(gained) and gained * np.sign(missing) >= abs(missing)):
                share = missing / gained if missing != 0.0 else 0.0
                with np.errstate(over="ignore", invalid="ignore"):
                    conjugates = float(weight @ (slope * f_moved - value - conjugate))
                if not np.isfinite(conjugates):
                    return None
                moved = share * weight * (slope - dual)
                return share * conjugates, -np.asarray(safe_sparse_dot(problem.X[part].T, moved))
        if rows >= n:
            return None
        rows *= 8
