"""The minimum of a quadratic function plus absolute values, coordinate by coordinate.

Knows a matrix and vectors. Without absolute values, a factorisation is the better way.
"""

from libc.math cimport fabs


def minimise(const double[:, ::1] A, const double[::1] b, const double[::1] soft, double[::1] u, double tol,
             int sweeps):
    """Minimise u'Au / 2 - b'u + sum_j soft_j |u_j| in place, from where u is.

    A is symmetric with a positive diagonal. Ends when no coordinate has moved its quadratic term by more than `tol`
    in a sweep, or after `sweeps`.
    """
    cdef Py_ssize_t d = u.shape[0], j, k
    cdef double there, moved, largest
    cdef int sweep
    with nogil:
        for sweep in range(sweeps):
            largest = 0.0
            for j in range(d):
                there = b[j]
                for k in range(d):
                    there -= A[j, k] * u[k]
                there += A[j, j] * u[j]
                if there > soft[j]:
                    there = (there - soft[j]) / A[j, j]
                elif there < -soft[j]:
                    there = (there + soft[j]) / A[j, j]
                else:
                    there = 0.0
                moved = fabs(there - u[j])
                u[j] = there
                if moved * moved * A[j, j] > largest:
                    largest = moved * moved * A[j, j]
            if largest <= tol:
                break
