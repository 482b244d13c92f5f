"""Coordinate descent on a quadratic with an L1 penalty. Knows matrices and vectors only."""

from libc.math cimport fabs


def descend(const double[:, ::1] H, const double[::1] c, const double[::1] l1, double[::1] u, int max_sweeps,
            double tol):
    """Minimise u'Hu/2 - c'u + Σ l1 |u| by cyclic sweeps, in place.

    Ends when no coordinate moves the objective by more than `tol`, each measured alone.

    Returns
    -------
    int
        Sweeps that were made.
    """
    cdef Py_ssize_t d = u.shape[0], j, k
    cdef double[::1] rest = c.copy()     # c - H u
    cdef double new, move, pull, most
    cdef int sweep = 0
    with nogil:
        for j in range(d):
            if u[j] != 0.0:
                for k in range(d):
                    rest[k] -= H[j, k] * u[j]
        for sweep in range(max_sweeps):
            most = 0.0
            for j in range(d):
                if H[j, j] <= 0.0:
                    continue
                pull = rest[j] + H[j, j] * u[j]
                if pull > l1[j]:
                    new = (pull - l1[j]) / H[j, j]
                elif pull < -l1[j]:
                    new = (pull + l1[j]) / H[j, j]
                else:
                    new = 0.0
                move = new - u[j]
                if move != 0.0:
                    u[j] = new
                    for k in range(d):
                        rest[k] -= H[j, k] * move
                    if H[j, j] * move * move > most:
                        most = H[j, j] * move * move
            if most <= tol:
                break
    return sweep + 1
