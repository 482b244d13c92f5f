"""Weighted sums over the columns of X, in one pass.

Knows memory and numbers; what the sums are for is `_columns.py`'s.
"""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t

import numpy as np

ctypedef fused column:
    int32_t
    int64_t

cdef extern from *:
    """
    #include "simd.h"
    #define SUM_ROW(NAME, VALUE)                                                                              \\
        DISPATCHED static void NAME(const VALUE *restrict x, ptrdiff_t n, double s, const double *restrict shift, \\
                                    double *restrict there, double *restrict first, double *restrict second)  \\
        {                                                                                                     \\
            SIMD("omp simd")                                                                                  \\
            for (ptrdiff_t j = 0; j < n; ++j) {                                                               \\
                const double away = x[j] - shift[j], weighted = s * away;                                     \\
                there[j] += x[j] != 0 ? s : 0.0;                                                              \\
                first[j] += weighted;                                                                         \\
                second[j] += weighted * away;                                                                 \\
            }                                                                                                 \\
        }
    SUM_ROW(sum_row_double, double)
    SUM_ROW(sum_row_float, float)
    """
    void sum_row_double(const double*, Py_ssize_t, double, const double*, double*, double*, double*) noexcept nogil
    void sum_row_float(const float*, Py_ssize_t, double, const double*, double*, double*, double*) noexcept nogil


def dense_sums(const floating[:, ::1] X, const double[::1] share, const double[::1] shift):
    """Give, for each column, the sums of share [x != 0], share (x - shift) and share (x - shift)^2.

    Rows of share 0 count for nothing, whatever they hold.
    """
    cdef Py_ssize_t i, d = X.shape[1]
    sums = np.zeros((3, d))
    cdef double[:, ::1] into = sums
    with nogil:
        for i in range(X.shape[0]):
            if share[i] == 0.0:
                continue
            if floating is double:
                sum_row_double(&X[i, 0], d, share[i], &shift[0], &into[0, 0], &into[1, 0], &into[2, 0])
            else:
                sum_row_float(&X[i, 0], d, share[i], &shift[0], &into[0, 0], &into[1, 0], &into[2, 0])
    return sums


def sparse_sums(const floating[::1] values, const column[::1] columns, const int64_t[::1] starts,
                const double[::1] share, Py_ssize_t n_features):
    """Give, for each column, the sums of share [x != 0] and share x^2, and how many rows of share > 0 store it."""
    cdef Py_ssize_t i, k
    cdef double s, x
    sums = np.zeros((n_features, 3))   # side by side: columns come in no order
    cdef double[:, ::1] into = sums
    cdef double* at
    with nogil:
        for i in range(starts.shape[0] - 1):
            s = share[i]
            if s == 0.0:
                continue
            for k in range(starts[i], starts[i + 1]):
                x = values[k]
                at = &into[columns[k], 0]
                at[0] += s if x != 0.0 else 0.0
                at[1] += s * x * x
                at[2] += 1.0
    return sums[:, 0].copy(), sums[:, 1].copy(), sums[:, 2].copy()


def has_duplicates(const column[::1] columns, const int64_t[::1] starts, Py_ssize_t n_features):
    """Tell whether a column stands twice in a row of a CSR matrix, whose columns need not be in order."""
    cdef Py_ssize_t i, k
    cdef int64_t[::1] last = np.full(n_features, -1, dtype=np.int64)
    cdef bint found = False
    with nogil:
        for i in range(starts.shape[0] - 1):
            for k in range(starts[i], starts[i + 1]):
                found |= last[columns[k]] == i
                last[columns[k]] = i
            if found:
                break
    return found
