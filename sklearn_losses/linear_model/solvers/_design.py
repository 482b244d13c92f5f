"""The scaled rows of X, as dense linear algebra wants them.

Knows arrays. In coordinates v the raw prediction is f = Z v, Z = [(X - centre) / scale, 1]: small data are
written out so, large data are not, but scaled in blocks of rows when a Gram matrix is summed.
"""

from functools import cached_property

import numpy as np
from scipy.linalg import lapack

from ._columns import Columns
from ._rows import Rows
from ._sweep import sweep

SMALL = 1 << 20  # entries that are copied without a thought: 8 MB
BLOCK = 1 << 17  # entries scaled at a time
NEARLY = 1e-7  # of a column is left, squared, beside the others: products of columns lose half of the digits
EPS = np.finfo(np.float64).eps
ROUNDINGS = 4.0
ALIKE = 1e7  # times as wide may the widest column be


class Design:
    """Z, and the penalty of v: l2 is a vector, l1 too.

    Parameters
    ----------
    X : ndarray or CSR
    centre, scale : ndarray of shape (d,)
    fit_intercept : bool
    """

    def __init__(self, X, centre, scale, fit_intercept):
        self.X, self.centre, self.scale, self.fit_intercept = X, centre, scale, fit_intercept
        self.small = X.shape[0] * (X.shape[1] + 1) <= SMALL

    @property
    def width(self):
        """Length of v."""
        return self.X.shape[1] + self.fit_intercept

    def strengths(self, problem) -> tuple[np.ndarray, np.ndarray]:
        """Give l2 and l1 of v, none of the intercept."""
        free = np.zeros(int(self.fit_intercept))
        return np.append(problem.l2 / self.scale**2, free), np.append(problem.l1 / self.scale, free)

    def rows(self, chosen, dtype=np.float64):
        """Z of a slice or of an array of rows."""
        part = self.X[chosen]
        if not isinstance(part, np.ndarray):
            part = part.toarray()
        d = part.shape[1]
        z = np.empty((len(part), self.width), dtype=dtype)
        np.subtract(part, self.centre, out=z[:, :d], casting="same_kind")
        z[:, :d] /= self.scale
        if self.fit_intercept:
            z[:, d] = 1.0
        return z

    @property
    def sweeps(self):
        """Whether one read of X had better do for everything, since it takes long."""
        return not self.small and isinstance(self.X, np.ndarray)

    @cached_property
    def table(self):
        """X, as compiled loops read it."""
        return Rows(self.X)

    @cached_property
    def whole(self):
        """Z of small data."""
        return self.rows(slice(None))

    def subset(self, chosen):
        """Return a design of some rows."""
        return Design(self.X[chosen], self.centre, self.scale, self.fit_intercept)

    def dot(self, v):
        """Z v."""
        if self.small:
            return self.whole @ v
        coef, intercept = self.raw(v)
        if self.X.dtype == np.float64:
            return self.X @ coef + intercept
        f = np.empty(self.X.shape[0])
        for block in self.blocks():
            f[block] = self.X[block].astype(np.float64) @ coef
        return f + intercept

    def transposed_dot(self, g):
        """Zᵀ g."""
        if self.small:
            return g @ self.whole
        if self.X.dtype == np.float64:
            sums = self.X.T @ g
        else:
            sums = np.zeros(self.X.shape[1])
            for block in self.blocks():
                sums += self.X[block].astype(np.float64).T @ g[block]
        return self._scaled_sums(sums, g.sum())

    def _scaled_sums(self, sums, total):
        """Give Zᵀ g of Xᵀ g and Σ g."""
        sums = (sums - total * self.centre) / self.scale
        return np.append(sums, total) if self.fit_intercept else sums

    def raw_sums(self, sums):
        """Give Xᵀ g and Σ g of Zᵀ g; without an intercept the second is of no use, and zero."""
        total = float(sums[-1]) if self.fit_intercept else 0.0
        return sums[: self.X.shape[1]] * self.scale + total * self.centre, total

    def sweep(self, program, y, weight, v, reach=0.0):
        """Read X once: mean loss, f, Zᵀ g for weighted slopes g, Σ |g|, and what else `_sweep.pyx` says."""
        coef, intercept = self.raw(v)
        f = np.empty(len(y))
        mean, sums, total, *rest = sweep(program, self.table, y, weight, coef, intercept, reach, f)
        return mean, f, self._scaled_sums(sums, total), *rest

    def gram(self, c):
        """Zᵀ diag(c) Z, for c >= 0."""
        root = np.sqrt(np.maximum(c, 0.0))
        if self.small:
            chosen = np.flatnonzero(root)
            few = 2 * len(chosen) < len(root)
            z = self.whole[chosen] * root[chosen, None] if few else self.whole * root[:, None]
            return z.T @ z
        total = np.zeros((self.width, self.width))
        dtype = self.X.dtype
        root = root.astype(dtype)
        chosen = np.flatnonzero(root)
        few = 2 * len(chosen) < len(root)
        for block in self.blocks(len(chosen) if few else None):
            block = chosen[block] if few else block
            z = self.rows(block, dtype)
            z *= root[block, None]
            total += z.T @ z
        return total

    def rough_gram(self, c):
        """Zᵀ diag(c) Z of a sample of the rows, large enough to stand for all of them."""
        share = 2.0 * SMALL / (self.width * max(np.count_nonzero(c), 1))
        if share < 1.0:
            c = np.where(np.random.default_rng(1).random(len(c)) < share, c / share, 0.0)
        return self.gram(c)

    def blocks(self, n=None):
        """Slices of n rows, or of all, that together hold about BLOCK entries."""
        n, d = self.X.shape[0] if n is None else n, self.X.shape[1]
        step = max(64, BLOCK // (d + 1))
        return [slice(k, min(k + step, n)) for k in range(0, n, step)]

    def raw(self, v):
        """Give coefficients and intercept in units of X."""
        d = self.X.shape[1]
        coef = v[:d] / self.scale
        return coef, (v[d] - coef @ self.centre if self.fit_intercept else 0.0)

    def scaled(self, coef, intercept):
        """Give v of coefficients and intercept."""
        v = coef * self.scale
        return np.append(v, intercept + coef @ self.centre) if self.fit_intercept else v


class Orthogonal(Design):
    """Coordinates in which the columns of Z are orthonormal: for columns that nearly depend on each other.

    With (X - centre) / sizes = U S Vᵀ, f = √n U v + b where w = √n V S⁻¹ v / sizes. If all sizes are 1, the norm of w
    is that of v / scale, scale = S / √n; with few rows in many columns w lies in the span of the rows, so that as many
    coordinates are enough. Other sizes are for problems without a penalty. Not for L1 penalties.
    """

    def __init__(self, X, fit_intercept, sizes=1.0):
        X = np.asarray(X if isinstance(X, np.ndarray) else X.toarray(), dtype=np.float64)
        d = X.shape[1]
        self.sizes = sizes
        self.column_centre = X.mean(axis=0) if fit_intercept else np.zeros(d)
        centred = X - self.column_centre
        if fit_intercept:  # the first mean of columns far from zero is rounded
            rest = centred.mean(axis=0)
            centred -= rest
            self.column_centre += rest
        left, lengths, directions = np.linalg.svd(centred / sizes, full_matrices=False)
        # X itself is known to rounding, each column to that of its own entries.
        rounded = np.square(directions) @ np.square(X / sizes).sum(axis=0)
        kept = lengths > ROUNDINGS * EPS * (
            np.sqrt(rounded) + np.sqrt(max(X.shape)) * lengths.max(initial=0.0)
        )
        root = np.sqrt(len(X))
        super().__init__(left[:, kept] * root, np.zeros(kept.sum()), lengths[kept] / root, fit_intercept)
        self.directions = directions[kept]
        self.small = True

    def rows(self, chosen, dtype=np.float64):
        """Z itself, which needs no scaling."""
        z = self.X[chosen]
        return np.column_stack([z, np.ones(len(z))]) if self.fit_intercept else z

    def raw(self, v):
        """Give coefficients and intercept in units of X."""
        coef = (v[: len(self.scale)] / self.scale) @ self.directions / self.sizes
        return coef, (v[-1] - coef @ self.column_centre if self.fit_intercept else 0.0)

    def scaled(self, coef, intercept):
        """Give v of coefficients and intercept."""
        v = (self.directions @ (coef * self.sizes)) * self.scale
        return np.append(v, intercept + coef @ self.column_centre) if self.fit_intercept else v


def design_of(problem):
    """Scale the columns; where they depend on each other, or nearly, take orthogonal directions if that is cheap."""
    X, (n, d) = problem.X, problem.X.shape
    if d > n and problem.l1 == 0.0:
        return Orthogonal(X, problem.fit_intercept)
    if n * d <= SMALL:
        columns = problem.columns
    else:  # a sample of the rows is enough: scaling has to be good, not exact
        chosen = np.sort(np.random.default_rng(0).choice(n, min(n, max(1000, SMALL // d)), replace=False))
        columns = Columns(X[chosen], problem.weight[chosen] + 1.0 / n, centred=problem.fit_intercept)
    design = Design(X, columns.centre, columns.rate**-0.5, problem.fit_intercept)
    return orthogonal_design(problem, design) or design


def orthogonal_design(problem, design=None, *, always=False):
    """Return the design of small data whose columns nearly depend on each other; None if they do not, or under L1.

    `design` is that of scaled columns, if there is one; `always`: columns may be as independent as they like.
    """
    X, (n, d) = problem.X, problem.X.shape
    if not (problem.exact or problem.orthogonal) or problem.l1 > 0.0 or d < 2:
        return None
    if d > n:
        return Orthogonal(X, problem.fit_intercept)
    if design is None:
        columns = problem.columns
        design = Design(X, columns.centre, columns.rate**-0.5, problem.fit_intercept)
    if not (always or problem.orthogonal or _nearly_dependent(design)):
        return None
    if problem.l2 == 0.0:
        return Orthogonal(X, problem.fit_intercept, design.scale)
    return Orthogonal(X, problem.fit_intercept) if design.scale.max() <= ALIKE * design.scale.min() else None


def _nearly_dependent(design):
    """Whether a column of small data is a combination of others, but for a small rest."""
    gram = design.whole.T @ design.whole
    gram.flat[:: len(gram) + 1] += np.diagonal(gram) == 0.0  # columns of zeros depend on nothing
    root = np.sqrt(np.diagonal(gram))
    factor, info = lapack.dpotrf(gram / np.multiply.outer(root, root), lower=1, clean=0)
    return info != 0 or float(np.min(np.diagonal(factor))) ** 2 < NEARLY
