# What other solvers take from stochastic gradient descent: see _sgd.pyx.

from libc.stdint cimport int32_t, uint32_t


cdef class Schedule:
    cdef double step(self, double t) noexcept nogil


cdef void shuffle(int32_t[::1] order, uint32_t seed) noexcept nogil

cdef aligned(array, dtype)
