"""What a step needs to know of all rows, by one read of X: predictions, the mean loss, and the pull of its slopes.

Slopes are those of secants: from f - reach to f + reach, which makes a slope that jumps rise steadily instead; with a
reach of 0, of tangents. Knows programs, rows and numbers; nothing of losses, scales or steps.
"""

from libc.math cimport fabs, fmax, fmin, isfinite
from libc.stdint cimport int32_t

import numpy as np

from sklearn_losses.formula._program cimport Machine, Program
from sklearn_losses.linear_model.solvers._rows cimport Rows

cdef extern from "dual_kernels.h" nogil:
    ctypedef struct dual_state:
        double* w

    ctypedef struct dual_kernel_set:
        double (*predict)(const void*, const void*, Py_ssize_t, const dual_state*) noexcept nogil

    const dual_kernel_set* find_dual_kernels(size_t value_size, size_t column_size)

cdef extern from *:
    """
    #define ADD_ROW(NAME, VALUE)                                                                        \\
        DISPATCHED static void NAME(const VALUE *restrict x, ptrdiff_t n, double c, double *restrict v) \\
        {                                                                                               \\
            SIMD("omp simd")                                                                            \\
            for (ptrdiff_t j = 0; j < n; ++j)                                                           \\
                v[j] += c * x[j];                                                                       \\
        }
    ADD_ROW(add_row_double, double)
    ADD_ROW(add_row_float, float)
    """
    void add_row_double(const double*, Py_ssize_t, double, double*) noexcept nogil
    void add_row_float(const float*, Py_ssize_t, double, double*) noexcept nogil

cdef enum:
    BLOCK = 256  # rows, at most: they come from the second-level cache when they are read again


cdef inline double secant_slope(double low, double high, double low_slope, double high_slope, double reach) noexcept nogil:
    """From value to value; never outside the slopes at the ends, whatever rounding does."""
    return fmin(fmax((high - low) / (2.0 * reach), low_slope), high_slope)


cdef inline double above_the_dual(double here, double low, double low_slope, double high_slope, double slope,
                                  double reach) noexcept nogil:
    """l(f) + l*(slope) - slope f, or more: the tangents at the two ends bound the conjugate from above.

    They cross where slope z - l(z) is largest, if l has a single kink between.
    """
    cdef double along = 2.0 * reach * (high_slope - slope) / (high_slope - low_slope)
    return fmax(here - low - low_slope * along - slope * (reach - along), 0.0)


def sweep(Program program, Rows rows, const double[::1] y, const double[::1] weight, double[::1] coef,
          double intercept, double reach, double[::1] f):
    """Read dense rows once.

    Parameters
    ----------
    program : Program
        Its results are the loss and its slope.
    rows : Rows
    y, weight : float64 array of shape (n,)
        Rows of weight 0 count for nothing.
    coef : float64 array of shape (d,)
    intercept : float
    reach : float
        Half the width of a secant; 0 for tangents.
    f : float64 array of shape (n,)
        Receives x_i . coef + intercept.

    Returns
    -------
    mean : float
        sum weight l(f).
    pull : float64 array of shape (d,)
        sum weight a x, a the slopes.
    total, size : float
        sum weight a, and sum |weight a|.
    doubt : float
        sum weight (l(f) + l*(a) - a f), or a little more: how far smoothing may lead away.
    bent : int
        How many secants are no tangents.
    """
    cdef Machine machine = Machine(program, 1)
    cdef const dual_kernel_set* kernels = find_dual_kernels(rows.kernels.value_size, 0)
    cdef Py_ssize_t n = rows.n_samples, d = rows.n_features, start = 0, m, i, bent = 0
    cdef Py_ssize_t block = min(<Py_ssize_t> BLOCK, machine.block)
    cdef bint single = rows.kernels.value_size == 4
    cdef double mean = 0.0, total = 0.0, size = 0.0, doubt = 0.0, s, a
    cdef const char* row
    cdef dual_state state
    cdef double* here
    cdef double* values
    cdef double* slopes
    if rows.sparse or program.n_results != 2:
        raise ValueError("sweep takes dense rows, and a program of the loss and its slope")
    memory = np.zeros((6, block))
    cdef double[:, ::1] parts = memory
    cdef double* moved = &parts[0, 0]
    cdef double* low = &parts[1, 0]
    cdef double* low_slope = &parts[2, 0]
    cdef double* high = &parts[3, 0]
    cdef double* high_slope = &parts[4, 0]
    cdef double* slope = &parts[5, 0]
    sums = np.zeros(d)
    cdef double[::1] into = sums
    cdef double* pull = &into[0]
    state.w = &coef[0]
    with nogil:
        while start < n:
            m = min(block, n - start)
            here = &f[start]
            row = rows.values + start * rows.row_size
            for i in range(m):
                here[i] = kernels.predict(row + i * rows.row_size, NULL, d, &state) + intercept
            if reach > 0.0:
                for i in range(m):
                    moved[i] = here[i] - reach
                machine.run(&y[start], moved, m)
                for i in range(m):
                    low[i], low_slope[i] = machine.results[0][i], machine.results[1][i]
                    moved[i] = here[i] + reach
                machine.run(&y[start], moved, m)
                for i in range(m):
                    high[i], high_slope[i] = machine.results[0][i], machine.results[1][i]
            machine.run(&y[start], here, m)
            values, slopes = machine.results[0], machine.results[1]
            for i in range(m):
                s = weight[start + i]
                if s == 0.0:
                    slope[i] = 0.0
                    continue
                a = slopes[i]
                if reach > 0.0 and high_slope[i] != low_slope[i]:
                    a = secant_slope(low[i], high[i], low_slope[i], high_slope[i], reach)
                    doubt += s * above_the_dual(values[i], low[i], low_slope[i], high_slope[i], a, reach)
                    bent += 1
                mean += s * values[i]
                slope[i] = s * a
                total += slope[i]
                size += fabs(slope[i])
            if not (isfinite(mean) and isfinite(size)):
                break
            for i in range(m):
                if slope[i] == 0.0:
                    continue
                if single:
                    add_row_float(<const float*> (row + i * rows.row_size), d, slope[i], pull)
                else:
                    add_row_double(<const double*> (row + i * rows.row_size), d, slope[i], pull)
            start += m
    return mean, sums, total, size, doubt, bent
