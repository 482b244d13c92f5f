"""Schedule-free stochastic gradient descent on K raw predictions at once: one pass over the rows.

To K outputs what `_schedule_free.pyx` is to one, where the three sequences and the implicit step are described. The
step goes along the gradient of the sample's loss, as far as this loss asks for. The numbers that belong to one column
lie side by side, padded with zeros to a multiple of four: z and x are of shape (n_features + 1, width). Knows programs,
arrays and vectors; nothing of losses or estimators.
"""

from cython cimport floating
from libc.math cimport fabs, isfinite
from libc.stdint cimport int32_t, int64_t

import numpy as np

from sklearn_losses.formula._program cimport Machine, Program

cdef extern from "several_steps.h" nogil:
    void add_mixed(Py_ssize_t, double, double, const double*, const double*, double*)
    void step_and_shrink(Py_ssize_t, double, double, double, const double*, double*)
    void average(Py_ssize_t, double, const double*, double*)
    void mixed_dot_float(const float*, const double*, Py_ssize_t, Py_ssize_t, double, const double*, const double*,
                         double*)
    void mixed_dot_double(const double*, const double*, Py_ssize_t, Py_ssize_t, double, const double*, const double*,
                          double*)
    void dense_step_float(const float*, const double*, const double*, Py_ssize_t, Py_ssize_t, double, double, double,
                          double, const double*, double*, double*)
    void dense_step_double(const double*, const double*, const double*, Py_ssize_t, Py_ssize_t, double, double, double,
                           double, const double*, double*, double*)

ctypedef fused column:
    int32_t
    int64_t

cdef double MEAN_SHARE = 0.9


cdef class _Sample:
    """The loss of one sample at a time, and how far a step along its gradient should go."""

    cdef Machine machine
    cdef Py_ssize_t n_outputs
    cdef double[::1] buffer
    cdef double* f         # the raw predictions, padded
    cdef double* move      # the step, padded
    cdef double* trial

    def __init__(self, Program program, Py_ssize_t n_outputs, Py_ssize_t width):
        self.machine = Machine(program, n_outputs, 1)
        self.n_outputs = n_outputs
        self.buffer = np.zeros(3 * width)
        self.f, self.move, self.trial = &self.buffer[0], &self.buffer[width], &self.buffer[2 * width]

    cdef double along(self, const double* y, double q, double t, double squares) noexcept nogil:
        """The slope at f - q t move in the direction of move, where it is 1 at f."""
        cdef Py_ssize_t k
        cdef double total = 0.0
        cdef const double* gradient
        for k in range(self.n_outputs):
            self.trial[k] = self.f[k] - q * t * self.move[k]
        self.machine.run(y, self.trial, 1)
        gradient = self.machine.results[self.machine.n_results - 1]
        for k in range(self.n_outputs):
            total += gradient[k] * self.move[k]
        return total / squares

    cdef bint find_step(self, const double* y, double step, double squares) noexcept nogil:
        """Write the implicit step of a row with this squared norm to `move`; tell whether there is one."""
        cdef Py_ssize_t k
        cdef double size = 0.0, low = 0.0, high = 1.0, t = 1.0, below = -1.0, above, excess, q = step * squares
        cdef const double* gradient
        self.machine.run(y, self.f, 1)
        gradient = self.machine.results[self.machine.n_results - 1]
        for k in range(self.n_outputs):
            self.move[k] = gradient[k]
            size += gradient[k] * gradient[k]
        if size == 0.0 or not isfinite(size):
            return False
        above = 1.0 - self.along(y, q, 1.0, size)
        if not fabs(above) < 0.05:
            for k in range(30):
                # Regula falsi, as for one output; bisection where one end is infinite or the bracket hardly shrinks.
                if isfinite(above) and k % 3 != 2:
                    t = low - below * (high - low) / (above - below)
                else:
                    t = 0.5 * (low + high)
                excess = t - self.along(y, q, t, size)
                if fabs(excess) < 0.05 * t or high - low < 0.05 * t:
                    break
                if isfinite(excess) and excess < 0:
                    low, below = t, excess
                else:
                    high, above = t, excess
        for k in range(self.n_outputs):
            self.move[k] *= step * t
        return True

    cdef void stay(self) noexcept nogil:
        """Write no step."""
        cdef Py_ssize_t k
        for k in range(self.n_outputs):
            self.move[k] = 0.0


def dense_pass(Program program, const floating[:, ::1] X, const double[:, ::1] y, const double[::1] weight,
               const int32_t[::1] order, const double[::1] centre, const double[::1] rate,
               const double[::1] squares, Py_ssize_t n_outputs, double[:, ::1] z, double[:, ::1] x, double step,
               double t, double l2, double l1, bint fit_intercept):
    """Pass once over the rows in `order`: see `_schedule_free.dense_pass`. y holds K numbers a row, or one label."""
    cdef Py_ssize_t d = X.shape[1], width = z.shape[1], a, i, k
    cdef _Sample sample = _Sample(program, n_outputs, width)
    cdef double share
    cdef double* zp = &z[0, 0]
    cdef double* xp = &x[0, 0]
    cdef double* last_z = zp + d * width
    cdef double* last_x = xp + d * width
    with nogil:
        for a in range(order.shape[0]):
            i = order[a]
            for k in range(width):
                sample.f[k] = MEAN_SHARE * last_x[k] + (1 - MEAN_SHARE) * last_z[k]
            if floating is float:
                mixed_dot_float(&X[i, 0], &centre[0], d, width, MEAN_SHARE, zp, xp, sample.f)
            else:
                mixed_dot_double(&X[i, 0], &centre[0], d, width, MEAN_SHARE, zp, xp, sample.f)
            if not (weight[i] > 0 and sample.find_step(&y[i, 0], step * weight[i], squares[i] + fit_intercept)):
                sample.stay()
            t += 1
            share = 1.0 / (t + 1)
            if floating is float:
                dense_step_float(&X[i, 0], &centre[0], &rate[0], d, width, step, l2, l1, share, sample.move, zp, xp)
            else:
                dense_step_double(&X[i, 0], &centre[0], &rate[0], d, width, step, l2, l1, share, sample.move, zp, xp)
            if fit_intercept:
                step_and_shrink(width, 1.0, 0.0, 1.0, sample.move, last_z)
                average(width, share, last_z, last_x)
    return t


def sparse_pass(Program program, const floating[::1] values, const column[::1] columns, const int64_t[::1] starts,
                const double[:, ::1] y, const double[::1] weight, const int32_t[::1] order, const double[::1] rate,
                const double[::1] frequency, const double[::1] squares, Py_ssize_t n_outputs, double[:, ::1] z,
                double[:, ::1] x, double[::1] touched, double step, double t, double l2, double l1,
                bint fit_intercept):
    """The same for CSR rows, not centred: see `_schedule_free.sparse_pass`."""
    cdef Py_ssize_t d = z.shape[0] - 1, width = z.shape[1], a, b, i, j, k
    cdef _Sample sample = _Sample(program, n_outputs, width)
    cdef double share, pay
    with nogil:
        for b in range(order.shape[0]):
            i = order[b]
            for k in range(width):
                sample.f[k] = MEAN_SHARE * x[d, k] + (1 - MEAN_SHARE) * z[d, k]
            for a in range(starts[i], starts[i + 1]):
                j = columns[a]
                if touched[j] != t:
                    average(width, 1.0 - (touched[j] + 1) / (t + 1), &z[j, 0], &x[j, 0])
                    touched[j] = t
                add_mixed(width, values[a], MEAN_SHARE, &z[j, 0], &x[j, 0], sample.f)
            if not (weight[i] > 0 and sample.find_step(&y[i, 0], step * weight[i], squares[i] + fit_intercept)):
                sample.stay()
            t += 1
            share = 1.0 / (t + 1)
            for a in range(starts[i], starts[i + 1]):
                j = columns[a]
                pay = step * rate[j] / frequency[j]
                step_and_shrink(width, rate[j] * values[a], pay * l1, 1.0 + pay * l2, sample.move, &z[j, 0])
                if touched[j] != t:
                    average(width, share, &z[j, 0], &x[j, 0])
                    touched[j] = t
            if fit_intercept:
                step_and_shrink(width, 1.0, 0.0, 1.0, sample.move, &z[d, 0])
                average(width, share, &z[d, 0], &x[d, 0])
        for j in range(d):
            average(width, 1.0 - (touched[j] + 1) / (t + 1), &z[j, 0], &x[j, 0])
            touched[j] = t
    return t
