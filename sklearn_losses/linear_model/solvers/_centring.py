"""Sparse columns that are full and lie far from zero: an id, a price, a timestamp.

Centring would make a sparse matrix dense, so that solvers leave sparse columns where they are. A column that nearly
every row stores is none of these: it takes no more room when it is centred, and where it lies many of its own
standard deviations from zero nothing could be learnt of it otherwise. The intercept takes its place up. Knows arrays.
"""

import numpy as np
import scipy.sparse as sp

from ._column_sums import dense_sums

FULL = 0.9  # of the rows store a column
FAR = 3.0  # standard deviations from zero
CONSTANT = 1e-12  # a standard deviation that is so small, relative to the mean, is rounding
BLOCK = 1 << 18  # entries that are written out at a time


def far_columns(X: sp.csr_matrix, weight: np.ndarray) -> np.ndarray | None:
    """Return by how much to shift the columns of a CSR matrix, of shape (d,); None if none lies far from zero.

    Samples of weight zero are left out. A column whose entries are all but the same shifts to zero.
    """
    n, d = X.shape
    full = np.flatnonzero(np.bincount(X.indices, minlength=d) >= FULL * n)
    if not len(full) or not weight.any():
        return None
    share = np.ascontiguousarray(weight / weight.sum())
    first = X[[int(np.argmax(share > 0.0))]][:, full].toarray()[0].astype(np.float64)
    shift = first + _sums(X, full, share, first)[1]
    _, rest, square = _sums(X, full, share, shift)
    mean, deviation = shift + rest, np.sqrt(np.maximum(square - np.square(rest), 0.0))
    constant = deviation <= CONSTANT * np.abs(mean)
    mean[constant] = first[constant]  # so that what is left of equal entries is zero
    far = np.abs(mean) > FAR * deviation
    if not far.any():
        return None
    centre = np.zeros(d)
    centre[full[far]] = mean[far]
    return centre


def _sums(X, full, share, shift):
    """Return what `dense_sums` does, of some columns of a CSR matrix."""
    rows = max(64, BLOCK // len(full))
    starts = range(0, X.shape[0], rows)
    parts = (slice(start, start + rows) for start in starts)
    return sum(
        dense_sums(np.ascontiguousarray(X[part][:, full].toarray(), dtype=np.float64), share[part], shift)
        for part in parts
    )


def shifted(X: sp.csr_matrix, centre: np.ndarray) -> sp.csr_matrix:
    """Return X - centre, where the centre is zero but for columns that are nearly full.

    Indices are shared with X if every row stores these columns.
    """
    far = np.flatnonzero(centre)
    n = X.shape[0]
    X = X if X.has_canonical_format else X.copy()
    X.sum_duplicates()
    stored = np.bincount(X.indices, minlength=X.shape[1])[far]
    if not np.all(stored == n):  # the zeros that are missing have to be there
        missing = X[:, far].toarray() == 0.0
        rows, places = np.nonzero(missing)
        X = _with_zeros(X, rows, far[places])
    data = X.data - centre.take(X.indices)  # in float64
    return sp.csr_matrix((data.astype(X.dtype, copy=False), X.indices, X.indptr), X.shape)


def _with_zeros(X, rows, columns):
    """Return X with explicit zeros at these places."""
    entries = X.tocoo()
    places = np.concatenate([entries.row, rows]), np.concatenate([entries.col, columns])
    return sp.coo_matrix((np.append(X.data, np.zeros(len(rows), X.dtype)), places), X.shape).tocsr()
