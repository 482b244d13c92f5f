"""Stochastic gradient descent on K raw predictions at once, f = X @ coef.T + intercept, whose loss compares them.

`CoupledDescent` is to K outputs what `Descent` of `_sgd.pyx` is to one: one pass over the rows of X at a time, without
the GIL. A row is read once for all outputs; a label 0 ... K-1 is expanded by the program, in a register. Knows
programs, rows and vectors; nothing of losses, labels or estimators.
"""

from libc.math cimport fabs
from libc.stdint cimport int32_t, uint8_t, uint32_t

import numpy as np

from sklearn_losses.formula._program cimport Machine, Program
from sklearn_losses.linear_model.solvers._rows cimport START_AHEAD, Row, Rows, prefetch_bytes
from sklearn_losses.linear_model.solvers._sgd cimport Schedule, aligned, shuffle

cdef extern from "several_kernels.h" nogil:
    ctypedef struct several_kernel_set:
        void (*dot)(const void*, const void*, Py_ssize_t, Py_ssize_t, const void*, double*) noexcept nogil
        void (*add)(const void*, const void*, Py_ssize_t, Py_ssize_t, const double*, void*) noexcept nogil
        void (*truncate)(const void*, Py_ssize_t, Py_ssize_t, double, double, void*, void*) noexcept nogil

    const several_kernel_set* find_several_kernels(size_t value_size, size_t column_size)
    Py_ssize_t several_width(Py_ssize_t n_outputs, size_t value_size)

# As in _sgd.pyx.

cdef double LARGEST_GRADIENT = 1e12

# Updates below, such as those of classes with probability exp(-90), are none: subnormal numbers, which products with
# them would be, take a processor a hundred times as long.
cdef double SMALLEST_UPDATE_SINGLE = 1e-30
cdef double SMALLEST_UPDATE_DOUBLE = 1e-290


cdef class CoupledDescent:
    """One linear model with K outputs on its way.

    Minimises mean(w * loss) + l2 / 2 * ||coef||^2 + l1 * ||coef||_1, the intercepts free.

    Parameters
    ----------
    program : Program
        Its results are the loss of a sample and its gradient, or, where `measured` does not ask for the loss, the
        gradient alone.
    rows : Rows
    y : float64 array (n_samples,) or (n_samples, K)
        The targets as the program takes them.
    weight : float64 array (n_samples,) or None
        None: every sample weighs 1.
    coef : array (K, n_features) of the rows' type
        Where the descent starts; it is not written to.
    intercept : array (K,)
    schedule : Schedule
    l2, l1 : float
    fit_intercept : bool
    t : float
        The number of the first step.
    seed : int or None
        Of the shuffle before each pass; None keeps the order of the rows.
    measured : bool
        Whether `loss` and `objective` are wanted.
    skipped : uint8 array (n_samples,) or None
        1 for samples that are not trained on.
    average_from : int
        The number of the first step whose result counts in the average; 0 for no average.
    average_coef : array (K, n_features) of the rows' type
    average_intercept : array (K,)
        The averages over the steps before `t`.
    """

    cdef Rows rows
    cdef Machine machine
    cdef Schedule schedule
    cdef const several_kernel_set* kernels
    cdef const double[::1] y
    cdef Py_ssize_t y_size       # numbers a sample
    cdef const double[::1] weight
    cdef int32_t[::1] order
    cdef readonly Py_ssize_t n_outputs
    cdef Py_ssize_t width        # what K is padded to
    cdef object vector           # coef = scale * vector, (n_features, width)
    cdef object payments         # what the L1 penalty took from each coefficient so far
    cdef object average_vector   # average coef = (average_vector + share * vector) / whole
    cdef void* v
    cdef void* paid
    cdef void* a
    cdef double share
    cdef double whole
    cdef Py_ssize_t average_from
    cdef double scale
    cdef double smallest_scale
    cdef double smallest_update
    cdef double pulled           # what it would have taken from a column in every row
    cdef double l2
    cdef double l1
    cdef double[::1] f           # of the sample at hand
    cdef double[::1] update
    cdef double[::1] scaled
    cdef double[::1] b
    cdef double[::1] average_b
    cdef bint fit_intercept
    cdef bint shuffled
    cdef readonly bint measured
    cdef const uint8_t[::1] skipped
    cdef uint32_t seed
    cdef readonly double t
    cdef readonly double loss        # mean over the last pass, along the way
    cdef readonly double objective   # the same with the penalty after it

    def __init__(self, Program program, Rows rows, y, const double[::1] weight, coef, intercept,
                 Schedule schedule, *, double l2, double l1, bint fit_intercept, double t, seed, bint measured,
                 const uint8_t[::1] skipped=None, Py_ssize_t average_from=0, average_coef=None,
                 average_intercept=None):
        if rows.n_samples > 0x7FFFFFFF:
            raise ValueError(f"at most {0x7FFFFFFF} samples a pass, got {rows.n_samples}: fit them in parts")
        if len(y) != rows.n_samples or (weight is not None and len(weight) != rows.n_samples):
            raise ValueError("y and weight must have one entry a row")
        if skipped is not None and len(skipped) != rows.n_samples:
            raise ValueError("skipped must have one entry a row")
        self.n_outputs = len(coef)
        shape = self.n_outputs, rows.n_features
        if coef.shape != shape or len(intercept) != self.n_outputs:
            raise ValueError("coef must have one row an output and one entry a column, intercept one an output")
        if average_from and (average_coef.shape != shape or len(average_intercept) != self.n_outputs):
            raise ValueError("average_coef and average_intercept must be shaped as coef and intercept")
        if y.ndim == 2 and y.shape[1] != self.n_outputs:
            raise ValueError("y must have one column an output")
        if program.n_results < 2 and measured:
            raise ValueError("the program must compute the loss, to measure it")
        self.rows = rows
        self.kernels = find_several_kernels(rows.kernels.value_size, rows.kernels.column_size)
        self.machine = Machine(program, self.n_outputs, 1)
        self.schedule = schedule
        self.y_size = y.shape[1] if y.ndim == 2 else 1
        self.y = np.ascontiguousarray(y, dtype=np.float64).ravel()
        self.weight = weight
        self.order = np.arange(rows.n_samples, dtype=np.int32)
        self.width = several_width(self.n_outputs, rows.kernels.value_size)
        self.vector = self._interleaved(coef)
        self.v = <void*> <size_t> self.vector.ctypes.data
        if l1 > 0:
            self.payments = self._interleaved(np.zeros_like(coef))
            self.paid = <void*> <size_t> self.payments.ctypes.data
        self.scale = 1.0
        self.smallest_scale = 1e-9 if rows.dtype == np.float64 else 1e-6
        self.smallest_update = (
            SMALLEST_UPDATE_DOUBLE if rows.dtype == np.float64 else SMALLEST_UPDATE_SINGLE
        )
        self.pulled = 0.0
        self.l2 = l2
        self.l1 = l1
        self.fit_intercept = fit_intercept
        self.f, self.update, self.scaled = (np.zeros(self.width) for _ in range(3))
        self.b = np.array(intercept, dtype=np.float64)
        self.t = t
        self.shuffled = seed is not None
        self.seed = seed if self.shuffled else 0
        self.measured = measured
        self.skipped = skipped
        self.average_from = average_from
        self.share, self.whole = 0.0, 1.0
        if average_from:
            self.average_vector = self._interleaved(average_coef)
            self.a = <void*> <size_t> self.average_vector.ctypes.data
            self.average_b = np.array(average_intercept, dtype=np.float64)

    def _interleaved(self, coef):
        """A copy in which the outputs of a column lie side by side."""
        padded = np.zeros((self.rows.n_features, self.width), dtype=self.rows.dtype)
        padded[:, :self.n_outputs] = coef.T
        return aligned(padded.ravel(), self.rows.dtype)

    def _by_output(self, vector):
        return np.ascontiguousarray(vector.reshape(-1, self.width)[:, :self.n_outputs].T)

    def run_epoch(self):
        """One pass over all samples."""
        cdef Rows rows = self.rows
        cdef Machine machine = self.machine
        cdef Schedule schedule = self.schedule
        cdef double total
        with nogil:
            if self.shuffled:
                shuffle(self.order, self.seed)
            total = self._pass(rows, machine, schedule)
        if self.measured:
            trained = rows.n_samples if self.skipped is None else np.count_nonzero(np.asarray(self.skipped) == 0)
            coef = np.ravel(self.coef).astype(np.float64, copy=False)
            self.loss = total / trained
            with np.errstate(over="ignore", invalid="ignore"):
                self.objective = self.loss + 0.5 * self.l2 * (coef @ coef) + self.l1 * np.abs(coef).sum()

    def slow_down(self):
        """Ask the schedule for shorter steps; tell whether it could give them."""
        return self.schedule.slow_down()

    @property
    def coef(self):
        """The coefficients now, (K, n_features), as an array of their own."""
        return self._by_output(self.vector) * self.vector.dtype.type(self.scale)

    @property
    def intercept(self):
        """The intercepts now, (K,), as an array of their own."""
        return np.array(self.b)

    @property
    def average_coef(self):
        """The average of the coefficients over the steps, or None."""
        if not self.average_from:
            return None
        average = (self.average_vector + self.share * self.vector) / self.whole
        return self._by_output(average).astype(self.rows.dtype, copy=False)

    @property
    def average_intercept(self):
        """The average of the intercepts over the steps, or None."""
        return np.array(self.average_b) if self.average_from else None

    @property
    def is_finite(self):
        """Whether neither the coefficients nor the intercepts have overflown."""
        return bool(np.isfinite(self.b).all()) and bool(np.isfinite(self.vector).all())

    cdef inline void shrink(self, double factor) noexcept nogil:
        """coef *= factor"""
        cdef Py_ssize_t n = self.rows.n_features * self.width
        self.scale *= factor
        if self.scale < self.smallest_scale:
            if self.average_from:
                # Write the average itself to its vector.
                self.rows.kernels.add_dense(n, self.share, self.v, self.a)
                self.rows.kernels.multiply(n, 1.0 / self.whole, self.a)
                self.share, self.whole = 0.0, 1.0
            self.rows.kernels.multiply(n, self.scale, self.v)
            self.scale = 1.0

    cdef inline void add(self, Row x, double factor, void* to) noexcept nogil:
        """Add `factor` times the update of every output, times x, to a vector."""
        cdef Py_ssize_t k
        for k in range(self.n_outputs):
            self.scaled[k] = factor * self.update[k]
        self.kernels.add(x.values, x.columns, x.n, self.width, &self.scaled[0], to)

    cdef inline void count_in_average(self, Row x, bint moved) noexcept nogil:
        """Take the coefficients after one step into the average, by what the step added: see _sgd.pyx."""
        cdef double n = self.t - self.average_from + 1
        cdef Py_ssize_t k
        if moved:
            self.add(x, -self.share / self.scale, self.a)
        if n > 1:
            self.whole /= 1.0 - 1.0 / n
        self.share += self.whole * self.scale / n
        for k in range(self.n_outputs):
            self.average_b[k] += (self.b[k] - self.average_b[k]) / n

    cdef double _pass(self, Rows rows, Machine machine, Schedule schedule) noexcept nogil:
        """Returns the sum of the losses along the way, where they are measured."""
        cdef const several_kernel_set* kernels = self.kernels
        cdef Py_ssize_t n = rows.n_samples, n_outputs = self.n_outputs, size = self.y_size
        cdef Py_ssize_t i, j, k
        cdef Row x
        cdef double eta, step, length, total = 0.0
        cdef bint moved
        cdef const double* gradient
        cdef double* f = &self.f[0]
        cdef double* update = &self.update[0]
        cdef double* b = &self.b[0]
        cdef int last = machine.n_results - 1
        cdef const int32_t* order = &self.order[0]
        cdef const double* y = &self.y[0]
        cdef const double* weight = NULL if self.weight is None else &self.weight[0]
        cdef const uint8_t* skipped = NULL if self.skipped is None else &self.skipped[0]
        for j in range(n):
            rows.prefetch_ahead(order, j, n)
            if j + START_AHEAD < n:
                i = order[j + START_AHEAD]
                prefetch_bytes(<const char*> &y[i * size], size * sizeof(double), False)
                if weight != NULL:
                    prefetch_bytes(<const char*> &weight[i], 1, False)

            i = order[j]
            if skipped != NULL and skipped[i]:
                continue
            x = rows.row(i)
            kernels.dot(x.values, x.columns, x.n, self.width, self.v, f)
            for k in range(n_outputs):
                f[k] = f[k] * self.scale + b[k]
            machine.run(y + i * size, f, 1)
            if self.measured:
                total += machine.results[0][0]
            eta = schedule.step(self.t)
            length = -eta if weight == NULL else -eta * weight[i]
            gradient = machine.results[last]
            moved = False
            for k in range(n_outputs):
                # A gradient beyond any sense would carry the coefficients to infinity in one step; NaN stays NaN.
                step = gradient[k]
                if step < -LARGEST_GRADIENT:
                    step = -LARGEST_GRADIENT
                elif step > LARGEST_GRADIENT:
                    step = LARGEST_GRADIENT
                step *= length
                update[k] = 0.0 if fabs(step) < self.smallest_update else step
                moved |= update[k] != 0.0

            if self.l2 > 0:
                self.shrink(1.0 - eta * self.l2 if eta * self.l2 < 1.0 else 0.0)
            if moved:
                self.add(x, 1.0 / self.scale, self.v)
                if self.fit_intercept:
                    for k in range(n_outputs):
                        b[k] += update[k]
            if self.average_from and self.average_from <= self.t:
                self.count_in_average(x, moved)
            if self.l1 > 0:
                # The cumulative penalty of Tsuruoka, Tsujii and Ananiadou (2009): a column pays when its
                # turn comes what it has not paid yet.
                self.pulled += eta * self.l1
                kernels.truncate(x.columns, x.n, self.width, self.pulled, self.scale, self.v, self.paid)
            self.t += 1
        return total
