"""Implicit scaling: where each column of X lies and how wide it spreads, without writing to X.

Knows arrays and weights; nothing of losses or solvers.
"""

import numpy as np

from ._column_sums import dense_sums, sparse_sums

CANCELLED = 1e-4  # a variance that is this small beside the sum of squares it comes from is computed again


class Columns:
    """Where each column of X lies, how wide it spreads, and how often it is not zero.

    Dense columns that are mostly non-zero are centred, if there is an intercept to take that up, and have
    their standard deviation as scale. Others are not centred; their scale is the square root of (mean of the
    non-zero squares) * sqrt(share of non-zeros).

    Attributes
    ----------
    centre : ndarray of shape (n_features,)
    rate : ndarray of shape (n_features,)
        1 / scale^2.
    frequency : ndarray of shape (n_features,)
        The share of rows, of those with a weight, that store an entry of the column.
    mean_row_square : float
        The weighted mean of the squared norms of the scaled rows.
    """

    @np.errstate(over="ignore", invalid="ignore")  # what overflows is said by `check_squares`
    def __init__(self, X, weight, *, centred):
        d = X.shape[1]
        share = np.ascontiguousarray(weight / weight.sum(), dtype=np.float64)
        self.centre = np.zeros(d)
        if isinstance(X, np.ndarray):
            there, mean, variance = _moments(X, share)
            mean_square = variance + np.square(mean)
            full = there > 0.5
            if centred:
                self.centre[full] = mean[full]
            else:
                variance = mean_square
            self.frequency = np.ones(d)
        else:
            there, mean_square, stored = _sparse_moments(X, share)
            full, variance = there > 0.5, mean_square
            self.frequency = stored / np.count_nonzero(share)
        self.frequency[self.frequency == 0] = 1.0
        self.rate = rates(there, variance, mean_square)
        check_squares(mean_square)
        self.mean_row_square = float(self.rate @ np.where(full, variance, mean_square))

    def row_squares(self, X):
        """Squared norm of each scaled row."""
        if isinstance(X, np.ndarray):
            return np.concatenate(
                [np.square(X[k : k + 4096] - self.centre) @ self.rate for k in range(0, len(X), 4096)]
            )
        entries = np.square(X.data, dtype=np.float64) * self.rate[X.indices]
        sums = np.concatenate([[0.0], np.cumsum(entries)])
        return np.maximum(np.diff(sums[X.indptr]), 0.0)


def rates(there, variance, mean_square):
    """Give 1 / scale² of columns of which a share `there` is not zero."""
    some = np.where(there == 0, 1.0, there)
    squares = np.where(there > 0.5, variance, mean_square / some * np.sqrt(some))
    negligible = squares <= 1e-24 * np.maximum(mean_square, np.finfo(float).tiny)  # a constant column
    return 1.0 / np.where(negligible, np.where(mean_square > 0, mean_square, 1.0), squares)


def check_squares(mean_square):
    """Raise if the squares of a column overflow: no scale would be right."""
    if not np.isfinite(mean_square).all():
        j = int(np.argmin(np.isfinite(mean_square)))
        raise ValueError(
            f"Floating-point overflow: column {j} of X holds numbers too large to be squared (beyond 1e154). Scale "
            f"it, with StandardScaler or MinMaxScaler, or drop the rows that hold them."
        )


def moments(X, share):
    """Give the share of non-zeros, mean and variance of every column; the mean of sparse ones is taken for zero."""
    if isinstance(X, np.ndarray):
        return _moments(X, share)
    there, mean_square, _ = _sparse_moments(X, share)
    return there, np.zeros_like(there), mean_square


def _sparse_moments(X, share):
    starts = np.asarray(X.indptr, dtype=np.int64)
    return sparse_sums(X.data, X.indices, starts, share, X.shape[1])


def _moments(X, share):
    """Share of non-zeros, mean and variance of every column.

    Sums are taken about the first row that counts; where that lies far out, once more about the mean.
    """
    shift = X[np.flatnonzero(share)[0]].astype(np.float64)
    there, first, second = dense_sums(X, share, shift)
    variance = second - np.square(first)
    if np.any(variance < CANCELLED * second):
        shift = shift + first
        _, first, second = dense_sums(X, share, shift)
        variance = np.maximum(second - np.square(first), 0.0)
    return there, shift + first, variance
