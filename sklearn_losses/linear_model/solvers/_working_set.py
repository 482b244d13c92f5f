"""L1 penalties on many columns: `dual` on those that count, which are few.

A column counts whose coefficient is not zero, or whose slope is larger than the penalty. So the columns that do at the
start are solved for, roughly; then those that the solution asks for besides join them, until none does. The slopes come
from the duals of the samples, which are as right at a kink as elsewhere. Knows problems and columns; how passes go is
`_dual.py`'s.
"""

import numpy as np
import scipy.sparse as sp
from sklearn.utils.extmath import safe_sparse_dot

from . import _dual
from ._chosen_columns import chosen_columns
from ._dual_gap import KeptDuals, duality_gap

MANY = 1_000  # columns from which on it is worth asking which of them count
FEW = 0.5  # of the entries: where the columns that count have more, all are taken
NEAR = 0.9  # columns whose slope is so much of the penalty join with those where it is more
ROUGH = 0.5  # tolerance of the first round
BENDS_LESS = 4.0  # times, than at the start, does the loss where the minimum is


def solve(problem, coef, intercept, *, tol, max_iter, random_state=None, watch=None):
    """Minimise the problem, as `_dual.solve` does."""
    whole = {"tol": tol, "max_iter": max_iter, "random_state": random_state, "watch": watch}
    if problem.l1 == 0.0 or problem.n_features < MANY:
        return _dual.solve(problem, coef, intercept, **whole)
    columns = _Columns(problem)
    coef = np.array(coef, dtype=np.float64)
    chosen = (coef != 0.0) | columns.wanted(columns.slopes_at(coef, intercept), NEAR)
    part = columns.part(chosen)
    if columns.share(part) > FEW:
        return _dual.solve(problem, coef, intercept, **whole)
    seed, samples = _dual.first_seed(random_state), None
    n_iter, asked = 0, max(tol, ROUGH)
    curve: list = []
    while True:
        seen = _Watch(watch, n_iter, chosen)
        loop = _dual.ProximalLoop(part, coef[chosen], intercept, seed + n_iter, samples)
        solution = _dual.descend(
            loop, tol=asked, max_iter=max_iter - n_iter, watch=None if watch is None else seen
        )
        n_iter, curve, samples = n_iter + solution.n_iter, curve + solution.curve, loop.samples
        coef, intercept = np.zeros(problem.n_features), solution.intercept
        coef[chosen] = solution.coef
        sums = columns.sums(samples[:, 1] * samples[:, 3])
        missing = columns.wanted(sums, 1.0) & ~chosen
        if asked == tol:
            solution.gap += columns.may_gain(sums, missing)
        within = solution.gap <= problem.allowed(tol, solution.objective)
        done = asked == tol and (within or not missing.any())
        if done or seen.stopped or n_iter >= max_iter or not solution.converged:
            break
        asked = tol
        if missing.any():
            chosen = chosen | columns.wanted(sums, NEAR)
            part = columns.part(chosen)
            if columns.share(part) > FEW:
                chosen, part = np.ones_like(chosen), problem
    solution.coef, solution.n_iter, solution.curve = coef, n_iter, curve
    solution.converged = bool(solution.converged and done and within)
    solution.duality_gap = duality_gap(
        problem, KeptDuals(samples), sums, float(loop.slope_sums[-1]), solution
    )
    return solution


class _Watch:
    """Shows a watcher what is seen of some of the columns as if it were all."""

    def __init__(self, watch, before, chosen):
        self.watch, self.before, self.chosen, self.stopped = watch, before, chosen, False

    def __call__(self, n_iter, coef, intercept, objective, gap):
        whole = np.zeros(len(self.chosen))
        whole[self.chosen] = coef
        self.stopped = self.watch(self.before + n_iter, whole, intercept, objective, gap)
        return self.stopped


class _Columns:
    """The columns of a problem: their slopes, and problems of some of them."""

    def __init__(self, problem):
        self.problem, self.X = problem, problem.X

    def sums(self, weighted):
        """Give, for each column, minus the sum of its entries, each times a number of its sample."""
        return -np.asarray(safe_sparse_dot(self.X.T, weighted), dtype=np.float64)

    def slopes_at(self, coef, intercept):
        """Give the same with the slopes of the losses at a model, times their weights."""
        problem = self.problem
        raw = problem.raw_prediction(coef, intercept) if coef.any() else np.full(len(problem.y), intercept)
        (slopes,), _ = problem.gradient.arrays(problem.y, raw)
        slopes = np.where(problem.weight > 0.0, np.nan_to_num(problem.weight * slopes), 0.0)
        if problem.fit_intercept:  # as if the intercept were best
            slopes -= slopes.sum() * problem.weight
        return self.sums(slopes)

    def wanted(self, sums, share):
        """Tell which columns pull harder than a share of the penalty."""
        return np.abs(sums) > share * self.problem.l1

    def may_gain(self, sums, missing):
        """Estimate by how much the objective would fall if the missing columns joined."""
        if not missing.any():
            return 0.0
        problem, part = self.problem, self.X[:, np.flatnonzero(missing)]
        squares = np.square(part) if isinstance(part, np.ndarray) else part.multiply(part)
        bends = problem.bend * np.asarray(squares.T @ problem.weight) / BENDS_LESS + problem.l2
        beyond = np.abs(sums[missing]) - problem.l1
        return float(np.sum(beyond * beyond / (2.0 * bends)))

    def share(self, part):
        """What share of the entries a problem of some columns has."""
        if isinstance(self.X, np.ndarray):
            return part.n_features / self.problem.n_features
        return part.X.nnz / max(self.X.nnz, 1)

    def part(self, chosen):
        """Give the problem of these columns alone."""
        X = self.X
        if isinstance(X, np.ndarray):
            return self.problem.of_columns(np.ascontiguousarray(X[:, chosen]))
        place = np.where(chosen, np.cumsum(chosen) - 1, -1).astype(np.int32)
        starts = np.asarray(X.indptr, dtype=np.int64)
        entries = chosen_columns(X.data, X.indices, starts, place)
        return self.problem.of_columns(sp.csr_matrix(entries, (X.shape[0], int(chosen.sum()))))
