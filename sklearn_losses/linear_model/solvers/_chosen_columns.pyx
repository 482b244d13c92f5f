"""A CSR matrix of some of the columns of another. Knows memory and numbers only."""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t

import numpy as np

ctypedef fused column:
    int32_t
    int64_t


def chosen_columns(const floating[::1] values, const column[::1] columns, const int64_t[::1] starts,
                   const int32_t[::1] place):
    """Give values, columns and starts of the matrix of the columns j with place[j] >= 0, which is their new one."""
    cdef Py_ssize_t i, k, n = starts.shape[0] - 1, m = 0
    cdef int32_t j
    # Room for all of them, of which the system gives out what is written to.
    new_values = np.empty(starts[n] + 1, dtype=np.asarray(values).dtype)
    new_columns, new_starts = np.empty(starts[n] + 1, dtype=np.int32), np.zeros(n + 1, dtype=np.int64)
    cdef floating[::1] to_values = new_values
    cdef int32_t[::1] to_columns = new_columns
    cdef int64_t[::1] to_starts = new_starts
    with nogil:
        for i in range(n):
            for k in range(starts[i], starts[i + 1]):
                j = place[columns[k]]
                # Written in any case, to be overwritten: a branch would be guessed wrong.
                to_values[m] = values[k]
                to_columns[m] = j
                m += j >= 0
            to_starts[i + 1] = m
    return new_values[:m].copy(), new_columns[:m].copy(), new_starts
