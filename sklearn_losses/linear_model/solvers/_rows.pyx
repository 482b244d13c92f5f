"""The rows of a feature matrix, dense or CSR, as compiled solvers read them.

Knows memory: float32 or float64 values, int32 or int64 columns. Knows nothing of targets, losses or solvers.
X is never copied or written to, and may be a read-only memory map.
"""

import numpy as np


cdef const char* address(array):
    return <const char*> <size_t> array.__array_interface__["data"][0]


cdef class Rows:
    """Rows of X, which is a C-contiguous array or a CSR matrix or array of float32 or float64."""

    def __init__(self, X):
        self.n_samples, self.n_features = X.shape
        self.sparse = not isinstance(X, np.ndarray)
        if self.sparse:
            columns = np.require(X.indices, requirements=["C", "A"])
            starts = np.require(X.indptr, dtype=np.int64, requirements=["C", "A"])
            values = np.require(X.data, requirements=["C", "A"])
            if len(starts) != self.n_samples + 1 or min(len(values), len(columns)) < starts[self.n_samples]:
                raise ValueError("X is no valid CSR matrix: indptr, indices and data disagree in length")
        else:
            values, columns, starts = np.require(X, requirements=["C", "A"]), None, None
        self.dtype = values.dtype
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"X must be float32 or float64, got {self.dtype}")
        self.kernels = find_kernels(values.itemsize, columns.itemsize if self.sparse else 0)
        if self.kernels == NULL:
            raise ValueError(f"the indices of a sparse X must be int32 or int64, got {columns.dtype}")
        self.row_size = self.n_features * values.itemsize
        self.owners = (values, columns, starts)
        self.values = address(values)
        self.columns = address(columns) if self.sparse else NULL
        self.starts = <const int64_t*> address(starts) if self.sparse else NULL
