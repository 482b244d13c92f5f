"""Sums over data that are arrays of another library, where these are: on a GPU, say.

Knows array namespaces and graphs of formulas. X stays on its device, and in its dtype; what leaves the device are
sums, of the number of columns or of its square.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ...formula import Node, evaluate
from ...losses._targets import as_numpy
from ._columns import CANCELLED, rates
from ._problem import EXACT, ROUNDING, LinearProblem, Scales, SummedProblem

OF_SINGLE = 1e-8  # what `ROUNDING` is where X is float32 and the mean of many losses is not, ...
OF_SINGLE_SUMS = 1e-6  # ... and where all is
LARGEST = 1e30  # its root is no overflow in float32
# So many entries of X are scaled, and so copied, at a time, and so many raw predictions computed: on a processor few,
# which stay in its caches, on a device many, since each operation costs a start.
ON_PROCESSOR = 1 << 18, 1 << 15
ON_DEVICE = 1 << 25, 1 << 22
EVERY, ROWS, ROWS_A_COLUMN = 16, 5_000, 50  # which rows make a sample, and how many it has at least


class ArrayProblem(SummedProblem):
    """A problem whose data are arrays of another library than NumPy.

    Parameters
    ----------
    xp : namespace
    graph : sequence of Node
        ℓ, ℓ' and ℓ'' of y and f.
    X, y, weight : array
        Of one device; weight, which sums to 1, and y of the dtype in which sums are to be taken; y as the graph
        takes it.
    facts : LinearProblem
        The same problem on the host, with as much of y as tells its facts, and without X.
    """

    def __init__(self, xp, graph: Sequence[Node], X, y, weight, facts: LinearProblem):
        self.xp, self.graph, self.X, self.y, self.weight = xp, list(graph), X, y, weight
        self.facts, self.device = facts, X.device
        self.n_features = X.shape[1]
        self.entries, self.numbers = ON_PROCESSOR if "cpu" in str(X.device).lower() else ON_DEVICE
        self.l2, self.l1, self.fit_intercept = facts.l2, facts.l1, facts.fit_intercept
        self.n_outputs, self.constant = facts.n_outputs, facts.constant
        self.spread, self.steep = facts.spread, facts.steep
        self.convex, self.kinked, self.shift_free = facts.convex, facts.kinked, facts.shift_free
        in_float64 = weight.dtype == xp.float64
        self.exact = in_float64 and X.shape[0] * X.shape[1] <= EXACT
        self.rounding = ROUNDING if X.dtype == xp.float64 else OF_SINGLE if in_float64 else OF_SINGLE_SUMS

    def sample(self):
        """Give the same problem of a few rows, evenly spaced; None where there are not so many."""
        if self.X.shape[0] < EVERY * max(ROWS_A_COLUMN * self.n_features, ROWS):
            return None
        few = slice(None, None, EVERY)
        weight = self.weight[few]
        total = self.xp.sum(weight)
        if float(total) == 0.0:
            return None
        X = self.xp.asarray(self.X[few, :], copy=True)
        return ArrayProblem(self.xp, self.graph, X, self.y[few, ...], weight / total, self.facts)

    def _blocks(self, rows):
        """Yield X, y and weights of so many rows at a time: views, where the library has them."""
        rows, n = max(1, rows), self.X.shape[0]
        for start in range(0, n, rows):
            here = slice(start, min(start + rows, n))
            yield self.X[here, :], self.y[here, ...], self.weight[here]

    def _here(self, numbers, dtype=None):
        """Give numbers of the host as an array beside X."""
        return self.xp.asarray(np.array(numbers), dtype=dtype or self.weight.dtype, device=self.device)

    def _losses(self, graph, y, f, weight):
        """Give Σ weight ℓ, and for every sample weight · ℓ' and, if the graph has it, weight · ℓ''."""
        xp = self.xp
        empty = weight == 0.0
        results = []
        for each in evaluate(graph, {"f": f, "y": y}, xp):
            w, nothing = (weight, empty) if each.ndim == 1 else (weight[:, None], empty[:, None])
            results.append(xp.where(nothing, xp.zeros_like(each), w * each))
        return xp.sum(results[0]), *results[1:]

    @cached_property
    def null(self) -> float:  # type: ignore[override]
        """F of the best constant."""
        xp, total = self.xp, self._here(0.0)
        constant = self._here(self.constant)
        for _, y, weight in self._blocks(self.numbers // (self.n_outputs or 1)):
            f = xp.broadcast_to(constant, (weight.shape[0], *constant.shape))
            total = total + self._losses(self.graph[:1], y, f, weight)[0]
        total = float(total)
        return total if np.isfinite(total) else np.inf

    @cached_property
    def columns(self) -> Scales:  # type: ignore[override]
        """Centre and scale of every column."""
        first = int(self.xp.argmax(self.xp.astype(self.weight > 0.0, self.weight.dtype)))
        shift = self._wide(self.X[first, :])
        there, mean, square = self._moments(shift)
        variance = square - mean * mean
        if bool(self.xp.any(variance < CANCELLED * square)):  # the first row lies far out
            shift = shift + mean
            there, mean, square = self._moments(shift)
            variance = square - mean * mean
        there, mean, variance = (_to_float64(a) for a in (there, shift + mean, variance))
        variance = np.maximum(variance, 0.0)
        mean_square = variance + mean * mean
        if not self.fit_intercept:
            return Scales(np.zeros_like(mean), rates(there, mean_square, mean_square))
        return Scales(np.where(there > 0.5, mean, 0.0), rates(there, variance, mean_square))

    def _moments(self, shift):
        """Share of non-zeros, mean and mean square of every column, beyond a shift."""
        sums = [0.0, 0.0, 0.0]
        for X, _, weight in self._blocks(self.entries // self.n_features):
            there = weight @ self._wide(X != 0)
            beyond = self._wide(X) - shift
            for k, part in enumerate((there, weight @ beyond, weight @ (beyond * beyond))):
                sums[k] = sums[k] + part
        return sums

    def _wide(self, values):
        return self.xp.astype(values, self.weight.dtype, copy=False)

    def slopes(self, coef, intercept):
        """Sum losses and slopes, as `SummedProblem` says. X is read twice and never written."""
        xp, (centre, rate) = self.xp, self.columns
        root_rate = np.sqrt(rate)
        raw = coef * root_rate
        there = self._here(raw.T, self.X.dtype)
        shift = self._here(intercept - raw @ centre)
        total, sums, pull = self._here(0.0), self._here(np.zeros(np.shape(intercept))), 0.0
        for X, y, weight in self._blocks(self.numbers // (self.n_outputs or 1)):
            f = self._wide(X @ there) + shift
            loss, slopes = self._losses(self.graph[:2], y, f, weight)
            total, sums = total + loss, sums + xp.sum(slopes, axis=0)
            pull = pull + self._wide(
                xp.astype(slopes.T if slopes.ndim == 2 else slopes, X.dtype, copy=False) @ X
            )
        return self._handed_over(coef, intercept, total, sums, pull, centre, root_rate)

    def _handed_over(self, coef, intercept, total, sums, pull, centre, root_rate):
        """Bring what was summed of unscaled columns to the host, in one piece."""
        flat = [self.xp.reshape(part, (-1,)) for part in (total, sums, pull)]
        total, sums, pull = np.split(_to_float64(self.xp.concat(flat)), [1, 1 + np.size(intercept)])
        if not np.isfinite(total[0]) or not np.isfinite(pull).all() or not np.isfinite(sums).all():
            return np.inf, np.zeros_like(coef), np.zeros_like(intercept)
        sums, pull = sums.reshape(np.shape(intercept)), pull.reshape(np.shape(coef))
        of_coef = (pull - np.multiply.outer(sums, centre)) * root_rate
        return float(total[0]), of_coef, sums if np.ndim(intercept) else float(sums)

    def bends(self, coef, intercept):
        """Sum losses, slopes and curvatures, as `SummedProblem` says.

        Blocks of rows are centred and scaled. Their products of columns, of which only the step's direction
        depends, are summed in X's dtype.
        """
        xp, (centre, rate) = self.xp, self.columns
        middle, root_rate, v = (self._here(a) for a in (centre, np.sqrt(rate), coef))
        loss, of_coef, of_intercept, square, edge, corner = 6 * [0.0]
        for X, y, weight in self._blocks(self.entries // self.n_features):
            z = self._wide(X) - middle
            z *= root_rate
            total, slopes, bends = self._losses(self.graph, y, z @ v + float(intercept), weight)
            bends = xp.clip(xp.where(bends == bends, bends, xp.zeros_like(bends)), 0.0, LARGEST)
            loss, of_coef, of_intercept = loss + total, of_coef + slopes @ z, of_intercept + xp.sum(slopes)
            edge, corner = edge + bends @ z, corner + xp.sum(bends)
            z *= xp.sqrt(bends)[:, None]
            z = xp.astype(z, X.dtype, copy=False)
            square = square + self._wide(z.T @ z)
        of_coef, edge, square = (_to_float64(a) for a in (of_coef, edge, square))
        hessian = np.block([[square, edge[:, None]], [edge[None, :], np.full((1, 1), float(corner))]])
        if not (np.isfinite(float(loss)) and np.isfinite(of_coef).all()):
            return np.inf, np.zeros_like(of_coef), 0.0, hessian
        return float(loss), of_coef, float(of_intercept), hessian


def _to_float64(values):
    return np.asarray(as_numpy(values), dtype=np.float64)
