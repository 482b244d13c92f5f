# Access to the rows of X for compiled solvers: see _rows.pyx.

cimport cython

from libc.stdint cimport int32_t, int64_t


cdef extern from "kernels.h" nogil:
    ctypedef struct kernel_set:
        size_t value_size
        size_t column_size
        double (*dot)(const void*, const void*, Py_ssize_t, const void*) noexcept nogil
        void (*add)(const void*, const void*, Py_ssize_t, double, void*) noexcept nogil
        double (*add_and_sum_squares)(const void*, const void*, Py_ssize_t, double, void*) noexcept nogil
        void (*add_dense)(Py_ssize_t, double, const void*, void*) noexcept nogil
        double (*sum_squares)(const void*, Py_ssize_t) noexcept nogil
        double (*sum_absolutes)(const void*, Py_ssize_t, const void*) noexcept nogil
        void (*truncate)(const void*, Py_ssize_t, double, double, void*, void*) noexcept nogil
        void (*multiply)(Py_ssize_t, double, void*) noexcept nogil

    enum:
        CACHE_LINE

    const kernel_set* find_kernels(size_t value_size, size_t column_size)
    void prefetch_bytes(const char* start, size_t size, bint far)


# How many samples ahead of its turn a row is asked for: what belongs to it, and what it holds. Sparse rows are asked for
# twice, since the vector that they meet wants the nearest cache for itself; dense passes became slower so. Asking for the
# entries of the vector that a sparse row meets made a pass slower, too.
cdef enum:
    START_AHEAD = 44
    SPARSE_FAR = 30
    SPARSE_NEAR = 3
    DENSE_AHEAD = 14


cdef struct Row:
    const void* values
    const void* columns                # NULL: the row is dense
    Py_ssize_t n                       # how many values it stores


@cython.final
cdef class Rows:
    cdef readonly Py_ssize_t n_samples
    cdef readonly Py_ssize_t n_features
    cdef readonly bint sparse
    cdef readonly object dtype         # of the values, and of every vector that meets them
    cdef const kernel_set* kernels
    cdef const char* values
    cdef const char* columns
    cdef const int64_t* starts         # of each sparse row among the values, and the end of the last
    cdef size_t row_size               # bytes of a dense row
    cdef object owners                 # keeps the three arrays alive

    # Here, not in the .pyx, so that the loops of other modules contain them.

    cdef inline Row row(self, Py_ssize_t i) noexcept nogil:
        cdef Row row
        cdef int64_t start
        if self.sparse:
            start = self.starts[i]
            row.values = self.values + start * <Py_ssize_t> self.kernels.value_size
            row.columns = self.columns + start * <Py_ssize_t> self.kernels.column_size
            row.n = self.starts[i + 1] - start
        else:
            row.values = self.values + i * self.row_size
            row.columns = NULL
            row.n = self.n_features
        return row

    # Asks for the values and columns of row i, `far` if its turn comes much later.
    cdef inline void prefetch(self, Py_ssize_t i, bint far) noexcept nogil:
        cdef Row row = self.row(i)
        prefetch_bytes(<const char*> row.values, row.n * self.kernels.value_size, far)
        if self.sparse:
            prefetch_bytes(<const char*> row.columns, row.n * self.kernels.column_size, far)

    # What a pass asks for before the turn of the k-th row of an order of n.
    cdef inline void prefetch_ahead(self, const int32_t* order, Py_ssize_t k, Py_ssize_t n) noexcept nogil:
        if not self.sparse:
            if k + DENSE_AHEAD < n:
                self.prefetch(order[k + DENSE_AHEAD], False)
            return
        if k + START_AHEAD < n:
            prefetch_bytes(<const char*> &self.starts[order[k + START_AHEAD]], 1, False)
        if k + SPARSE_FAR < n:
            self.prefetch(order[k + SPARSE_FAR], True)
        if k + SPARSE_NEAR < n:
            self.prefetch(order[k + SPARSE_NEAR], False)
