"""Schedule-free stochastic gradient descent with a step of its own for every column: one pass over the rows.

Knows programs, arrays and vectors; nothing of losses or estimators. How long the steps are, and when to stop,
is `_auto.py`'s.

Three sequences (Defazio et al., 2024, https://arxiv.org/abs/2405.15682): z makes the steps, x is the mean of all z
since the start, and gradients are taken at y = 0.1 z + 0.9 x. The step on a sample is implicit in one dimension: it
never goes beyond what the sample's own loss asks for.
"""

from cython cimport floating
from libc.math cimport fabs, isfinite
from libc.stdint cimport int32_t, int64_t

from sklearn_losses.formula._program cimport Machine, Program

ctypedef fused column:
    int32_t
    int64_t

cdef double MEAN_SHARE = 0.9


cdef double slope_after_step(Machine machine, const double* gradient, double y, double f, double q) noexcept nogil:
    """Solve t = l'(f - q t), roughly: the slope where an implicit step of length q ends."""
    cdef double low = 0.0, high, slope, t, excess_low, excess_high, excess
    cdef int k
    machine.run_one(y, f)
    slope = high = gradient[0]
    if slope == 0.0 or not isfinite(slope):
        return 0.0
    machine.run_one(y, f - q * high)
    excess_low, excess_high = -slope, high - gradient[0]
    if fabs(gradient[0] - slope) < 0.05 * fabs(slope):
        return slope
    t = high
    for k in range(30):
        # Regula falsi where both ends are known, bisection where one is infinite or the bracket hardly shrinks.
        if isfinite(excess_high) and k % 3 != 2:
            t = low - excess_low * (high - low) / (excess_high - excess_low)
        else:
            t = 0.5 * (low + high)
        machine.run_one(y, f - q * t)
        excess = t - gradient[0]
        if fabs(excess) < 0.05 * fabs(t) or fabs(high - low) < 0.05 * fabs(t):
            return t
        if isfinite(excess) and (excess < 0) == (excess_low < 0):
            low, excess_low = t, excess
        else:
            high, excess_high = t, excess
    return low


cdef inline double proximal(double z, double soft, double factor) noexcept nogil:
    """Pull z towards zero by `soft` and divide it by `factor`."""
    if z > soft:
        return (z - soft) / factor
    if z < -soft:
        return (z + soft) / factor
    return 0.0


def dense_pass(Program program, const floating[:, ::1] X, const double[::1] y, const double[::1] weight,
               const int32_t[::1] order, const double[::1] centre, const double[::1] rate,
               const double[::1] squares, double[::1] z, double[::1] x, double step, double t, double l2, double l1,
               bint fit_intercept):
    """Pass once over the rows in `order`; z and x end with the (centred) intercept.

    The step of column j is step * rate[j]; `squares` holds sum_j rate[j] (X[i, j] - centre[j])^2 of each row; t counts
    the steps that x is the mean of.

    Returns
    -------
    float
        t after the pass.
    """
    cdef Machine machine = Machine(program, 1, 1)
    cdef const double* gradient = machine.scalar_results[program.n_results - 1]
    cdef Py_ssize_t d = X.shape[1], k, i, j
    cdef double f, q, s, move
    cdef const floating* row
    cdef double* zp = &z[0]
    cdef double* xp = &x[0]
    with nogil:
        for k in range(order.shape[0]):
            i = order[k]
            row = &X[i, 0]
            f = (1 - MEAN_SHARE) * zp[d] + MEAN_SHARE * xp[d]
            for j in range(d):
                f += (row[j] - centre[j]) * ((1 - MEAN_SHARE) * zp[j] + MEAN_SHARE * xp[j])
            q = step * weight[i]
            move = 0.0
            if q > 0:
                move = q * slope_after_step(machine, gradient, y[i], f, q * (squares[i] + fit_intercept))
            t += 1
            s = 1.0 / (t + 1)
            for j in range(d):
                zp[j] = zp[j] - move * rate[j] * (row[j] - centre[j])
            if l2 > 0 or l1 > 0:
                for j in range(d):
                    zp[j] = proximal(zp[j], step * rate[j] * l1, 1.0 + step * rate[j] * l2)
            for j in range(d):
                xp[j] = xp[j] + s * (zp[j] - xp[j])
            if fit_intercept:
                zp[d] -= move
                xp[d] += s * (zp[d] - xp[d])
    return t


def sparse_pass(Program program, const floating[::1] values, const column[::1] columns, const int64_t[::1] starts,
                const double[::1] y, const double[::1] weight, const int32_t[::1] order, const double[::1] rate,
                const double[::1] frequency, const double[::1] squares, double[::1] z, double[::1] x,
                double[::1] touched, double step, double t, double l2, double l1, bint fit_intercept):
    """The same for CSR rows, not centred. A column pays the penalty of all rows in those where it stands.

    `touched` says at which t each x[j] was last brought up to date; all are at the end.
    """
    cdef Machine machine = Machine(program, 1, 1)
    cdef const double* gradient = machine.scalar_results[program.n_results - 1]
    cdef Py_ssize_t d = z.shape[0] - 1, k, i, j, a
    cdef double f, q, s, move, pay
    with nogil:
        for k in range(order.shape[0]):
            i = order[k]
            f = (1 - MEAN_SHARE) * z[d] + MEAN_SHARE * x[d]
            for a in range(starts[i], starts[i + 1]):
                j = columns[a]
                if touched[j] != t:
                    x[j] = z[j] + (x[j] - z[j]) * (touched[j] + 1) / (t + 1)
                    touched[j] = t
                f += values[a] * ((1 - MEAN_SHARE) * z[j] + MEAN_SHARE * x[j])
            q = step * weight[i]
            move = 0.0
            if q > 0:
                move = q * slope_after_step(machine, gradient, y[i], f, q * (squares[i] + fit_intercept))
            t += 1
            s = 1.0 / (t + 1)
            for a in range(starts[i], starts[i + 1]):
                j = columns[a]
                z[j] -= move * rate[j] * values[a]
                pay = step * rate[j] / frequency[j]
                z[j] = proximal(z[j], pay * l1, 1.0 + pay * l2)
                if touched[j] != t:
                    x[j] += s * (z[j] - x[j])
                    touched[j] = t
            if fit_intercept:
                z[d] -= move
                x[d] += s * (z[d] - x[d])
        for j in range(d):
            x[j] = z[j] + (x[j] - z[j]) * (touched[j] + 1) / (t + 1)
            touched[j] = t
    return t
