"""The curvature of a loss of several outputs, as a few rows show it: outputs ⊗ columns.

The Hessian of the mean loss is Σ weight H_i ⊗ z_i z_iᵀ, H_i being that of a sample's loss by its K raw predictions.
Here it is taken for C ⊗ G: C the mean of the H_i, G the mean of the z_i z_iᵀ, where samples count as much as the trace
of their H_i. Both are small, and so is the work of solving with them. Knows problems and points in scaled columns;
nothing of steps.
"""

import numpy as np
from scipy.linalg import lapack

ROWS_A_COLUMN = 10
MOST_PROBED, FEWEST_PROBED = 500, 20  # rows that tell the mean curvature of outputs
PROBE = 1e-5  # in spreads
FLAT = 1e-7  # ways to move the outputs with less curvature, of the most, count as if they had the mean
OCTAVES = 2  # curvatures of outputs that far apart see the penalty alike
RIDGE = 1e-6  # of the columns, which are scaled
LATE, AGAIN = 8, 4  # visits until it is learnt first, if nobody asks for it, and until it is learnt anew


class Metric:
    """Solves with C ⊗ G + penalty, learnt anew after a number of visits that doubles.

    Parameters
    ----------
    function : Scaled
        Of the whole problem.
    rows : LinearProblem
        Some of its rows.
    """

    def __init__(self, function, rows):
        self.function, self.rows = function, rows
        problem = function.problem
        self.n_outputs, self.width = function.n_outputs, problem.n_features + 1
        part = rows.X if rows.is_dense else rows.X.toarray()
        self.z = np.empty((len(part), self.width))
        np.subtract(part, function.centre, out=self.z[:, :-1])
        self.z[:, :-1] /= function.scale
        self.z[:, -1] = float(problem.fit_intercept)
        self.penalty = np.append(function.l2[: self.width - 1], 0.0)
        as_dear_as_a_pass = len(problem.y) // (2 * self.n_outputs)
        few = min(MOST_PROBED, max(FEWEST_PROBED, as_dear_as_a_pass))
        self.probed = slice(None, None, max(1, len(part) // few))
        self.groups: list = []
        self.informed, self.patience = False, 3
        self.visits, self.again = 0, LATE

    @staticmethod
    def rows_for(n_features):
        """How many rows tell enough."""
        return ROWS_A_COLUMN * (n_features + 1)

    def visit(self, v):
        """Take note of where an iteration starts."""
        if self.visits >= self.again:
            self._learn(v)
            self.again = 2 * self.visits
        self.visits += 1

    def begin(self, v, *, informed):
        """Learn at v, where a walk begins; `informed` tells whether v is near its end, as the end of a sample's is."""
        self._learn(v)
        self.visits, self.again = 0, AGAIN
        self.informed, self.patience = informed, 1 if informed else 3

    @np.errstate(all="ignore")
    def _learn(self, v):
        rows = self.rows
        coef, intercept = self.function.parts(v)
        f = self.z[:, :-1] @ coef.T + intercept
        outputs = self._mean_of_outputs(f)
        (_, _, bends), _ = rows.curvature.arrays(rows.y, f)
        share = rows.weight * np.maximum(bends if bends.ndim == 1 else bends.sum(axis=1), 0.0)
        share /= share.sum()
        columns = (self.z * share[:, None]).T @ self.z
        if not (np.isfinite(columns).all() and np.isfinite(outputs).all()):
            return
        values, vectors = np.linalg.eigh(outputs)
        if values[-1] <= 0.0:
            return
        bent = values > FLAT * values[-1]
        values[~bent] = values[bent].mean()
        octaves = np.log2(values) // OCTAVES if self.penalty.any() else np.zeros(len(values))
        groups = []
        for octave in np.unique(octaves):
            these = octaves == octave
            matrix = columns.copy()
            matrix.flat[:: self.width + 1] += self.penalty / values[these].mean() + RIDGE
            factor, failed = lapack.dpotrf(matrix, lower=1, clean=0)
            if failed:
                return
            groups.append((vectors[:, these], vectors[:, these] / values[these], factor))
        self.groups = groups

    def _mean_of_outputs(self, f):
        """The mean Hessian of the losses by their raw predictions, from differences of slopes."""
        rows, few = self.rows, self.probed
        y, f, weight = rows.y[few], f[few], rows.weight[few]
        step = PROBE * rows.spread
        scalar = f.ndim == 1
        C = np.empty((self.n_outputs, self.n_outputs))
        for k in range(self.n_outputs):
            shift = step if scalar else step * (np.arange(self.n_outputs) == k)
            (above,), _ = rows.gradient.arrays(y, f + shift)
            (below,), _ = rows.gradient.arrays(y, f - shift)
            C[k] = weight @ (above - below)
        return (C + C.T) / (4.0 * step * weight.sum())

    def solve(self, gradient):
        """Give the inverse of this curvature times a gradient."""
        if not self.groups:
            return gradient
        K = self.n_outputs
        parts = np.empty((self.width, K))
        parts[:-1] = gradient[:-K].reshape(K, -1).T
        parts[-1] = gradient[-K:]
        total = np.zeros((self.width, K))
        for ways, shortened, factor in self.groups:
            total += lapack.dpotrs(factor, parts @ ways, lower=1)[0] @ shortened.T
        return np.concatenate([np.ravel(total[:-1].T), total[-1]])
