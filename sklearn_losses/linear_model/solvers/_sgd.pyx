"""Stochastic gradient descent on the raw prediction f = X @ coef + intercept: the loop over the samples.

`Descent` makes one pass at a time over the rows of X, without the GIL, and runs the loss's program on each.
What happens between two passes (when to stop, what to print) is `_epochs.py`'s. Knows programs, rows and
vectors; nothing of losses, labels or estimators.

The order of the samples, the steps and the truncation of the L1 penalty are those of scikit-learn's SGD, so
that the coefficients agree to rounding.
"""

from libc.math cimport fmin, isfinite, pow, sqrt
from libc.stdint cimport int32_t, uint8_t, uint32_t

import numpy as np

from sklearn_losses.formula._program cimport Machine, Program
from sklearn_losses.linear_model.solvers._rows cimport CACHE_LINE, START_AHEAD, Row, Rows, kernel_set, prefetch_bytes


cdef double LARGEST_GRADIENT = 1e12


cdef class Schedule:
    """The length of step t = 1, 2, ..."""

    cdef double step(self, double t) noexcept nogil:
        return 0.0

    def slow_down(self):
        """Make shorter steps from now on, if the schedule can; tell whether it did."""
        return False


cdef class Constant(Schedule):
    """eta0"""

    cdef double eta0

    def __init__(self, double eta0):
        self.eta0 = eta0

    cdef double step(self, double t) noexcept nogil:
        return self.eta0


cdef class Adaptive(Constant):
    """eta0, a fifth of it after each plateau, down to 1e-6"""

    def slow_down(self):
        """Divide the step by 5."""
        if self.eta0 <= 1e-6:
            return False
        self.eta0 /= 5
        return True


cdef class Optimal(Schedule):
    """1 / (alpha (t0 + t - 1)); t0 makes the first step `first` long."""

    cdef double alpha
    cdef double t0

    def __init__(self, double alpha, double first):
        self.alpha = alpha
        self.t0 = 1.0 / (first * alpha)

    cdef double step(self, double t) noexcept nogil:
        return 1.0 / (self.alpha * (self.t0 + t - 1))


cdef class InverseScaling(Schedule):
    """eta0 / t**power"""

    cdef double eta0
    cdef double power

    def __init__(self, double eta0, double power):
        self.eta0 = eta0
        self.power = power

    cdef double step(self, double t) noexcept nogil:
        # Square roots take a few cycles where pow takes a hundred.
        if self.power == 0.5:
            return self.eta0 / sqrt(t)
        if self.power == 0.25:
            return self.eta0 / sqrt(sqrt(t))
        return self.eta0 / pow(t, self.power)


def gradient_at(Program program, double y, double f):
    """The derivative of a scalar loss by f, at one target and one raw prediction."""
    cdef Machine machine = Machine(program, 1, 1)
    machine.run_one(y, f)
    return machine.scalar_results[program.n_results - 1][0]


cdef void shuffle(int32_t[::1] order, uint32_t seed) noexcept nogil:
    """Permutes the order in place (Fisher-Yates with Marsaglia's 32-bit xorshift)."""
    cdef uint32_t n = <uint32_t> order.shape[0]
    cdef uint32_t i, j
    cdef int32_t swapped
    if seed == 0:
        seed = 1
    for i in range(n - 1):
        seed ^= seed << 13
        seed ^= seed >> 17
        seed ^= seed << 5
        j = i + (seed & 0x7FFFFFFFu) % (n - i)
        swapped = order[i]
        order[i] = order[j]
        order[j] = swapped


cdef aligned(array, dtype):
    """A copy that starts with a cache line: stores across two lines cost a third of a dense pass."""
    memory = np.empty(array.size * dtype.itemsize + CACHE_LINE, dtype=np.uint8)
    cdef size_t start = CACHE_LINE - <size_t> memory.ctypes.data % CACHE_LINE
    copy = memory[start:start + array.size * dtype.itemsize].view(dtype)
    copy[:] = array
    return copy


cdef class Descent:
    """One linear model with one output on its way.

    Minimises mean(w * loss) + l2 / 2 * ||coef||^2 + l1 * ||coef||_1, the intercept free.

    Parameters
    ----------
    program : Program
        Its results are the loss of a sample and its gradient, or, where neither `measured` nor `aggression` asks
        for the loss, the gradient alone.
    rows : Rows
    y : float64 array (n_samples,)
        The targets as the program takes them.
    weight : float64 array (n_samples,) or None
        None: every sample weighs 1.
    coef : array (n_features,) of the rows' type
        Where the descent starts; it is not written to.
    intercept : float
    schedule : Schedule
    l2, l1 : float
    fit_intercept : bool
    intercept_decay : float
        What the steps of the intercept are multiplied by.
    t : float
        The number of the first step.
    seed : int or None
        Of the shuffle before each pass; None keeps the order of the rows.
    measured : bool
        Whether `loss` and `objective` are wanted; they cost time.
    skipped : uint8 array (n_samples,) or None
        1 for samples that are not trained on.
    average_from : int
        The number of the first step whose result counts in the average; 0 for no average.
    average_coef : array (n_features,) of the rows' type
    average_intercept : float
        The averages over the steps before `t`.
    aggression : {0, 1, 2}
        1 and 2: instead of following the schedule, each step solves the sample's loss, passive-aggressively (PA-I
        and PA-II), for losses whose slope is -1, 0 or 1. The schedule's step bounds it (1) or softens it (2).
    """

    cdef Rows rows
    cdef Machine machine
    cdef Schedule schedule
    cdef const double[::1] y
    cdef const double[::1] weight
    cdef int32_t[::1] order
    cdef object vector           # coef = scale * vector
    cdef object payments         # what the L1 penalty took from each column so far
    cdef void* v
    cdef void* paid
    cdef object average          # average coef = (average + share * vector) / whole
    cdef void* a
    cdef double share
    cdef double whole
    cdef Py_ssize_t average_from
    cdef double scale
    cdef double inverse          # 1 / scale, at hand before the gradient is, which would have to wait for a division
    cdef double smallest_scale
    cdef double pulled           # what it would have taken from a column in every row
    cdef double l2
    cdef double l1
    cdef double intercept_decay
    cdef double squares          # ||coef||^2 and ||coef||_1, where they are measured
    cdef double absolutes
    cdef bint fit_intercept
    cdef bint shuffled
    cdef readonly bint measured
    cdef int aggression
    cdef int gradient            # which result of the program it is
    cdef const uint8_t[::1] skipped
    cdef uint32_t seed
    cdef readonly double intercept
    cdef readonly double average_intercept
    cdef readonly double t
    cdef double nothing          # 0, or NaN once a raw prediction was not finite
    cdef readonly double loss        # mean over the last pass, along the way
    cdef readonly double objective   # the same with the penalty

    def __init__(self, Program program, Rows rows, const double[::1] y, const double[::1] weight, coef,
                 double intercept, Schedule schedule, *, double l2, double l1, bint fit_intercept,
                 double intercept_decay, double t, seed, bint measured, const uint8_t[::1] skipped=None,
                 Py_ssize_t average_from=0, average_coef=None, double average_intercept=0.0, int aggression=0):
        if rows.n_samples > 0x7FFFFFFF:
            raise ValueError(f"at most {0x7FFFFFFF} samples a pass, got {rows.n_samples}: fit them in parts")
        if len(y) != rows.n_samples or (weight is not None and len(weight) != rows.n_samples):
            raise ValueError("y and weight must have one entry a row")
        if skipped is not None and len(skipped) != rows.n_samples:
            raise ValueError("skipped must have one entry a row")
        if coef.shape != (rows.n_features,) or (average_from and average_coef.shape != (rows.n_features,)):
            raise ValueError("coef and average_coef must have one entry a column")
        if program.n_results < 2 and (measured or aggression):
            raise ValueError("the program must compute the loss, to measure it or to solve it")
        self.rows = rows
        self.machine = Machine(program, 1, 1)  # its registers side by side
        self.schedule = schedule
        self.y = y
        self.weight = weight
        self.order = np.arange(rows.n_samples, dtype=np.int32)
        self.vector = aligned(coef, rows.dtype)
        self.v = <void*> <size_t> self.vector.ctypes.data
        if l1 > 0:
            self.payments = aligned(np.zeros_like(self.vector), rows.dtype)
            self.paid = <void*> <size_t> self.payments.ctypes.data
        self.scale = self.inverse = 1.0
        self.smallest_scale = 1e-9 if rows.dtype == np.float64 else 1e-6
        self.pulled = 0.0
        self.l2 = l2
        self.l1 = l1
        self.fit_intercept = fit_intercept
        self.intercept_decay = intercept_decay
        self.intercept = intercept
        self.t = t
        self.nothing = 0.0
        self.shuffled = seed is not None
        self.seed = seed if self.shuffled else 0
        self.measured = measured
        self.aggression = aggression
        self.gradient = program.n_results - 1
        self.skipped = skipped
        self.average_from = average_from
        self.average_intercept = average_intercept
        self.share, self.whole = 0.0, 1.0
        if average_from:
            self.average = aligned(average_coef, rows.dtype)
            self.a = <void*> <size_t> self.average.ctypes.data
        self.squares = np.dot(self.vector, self.vector)
        self.absolutes = np.abs(self.vector).sum()

    def run_epoch(self):
        """One pass over all samples."""
        cdef Rows rows = self.rows
        cdef Machine machine = self.machine
        cdef Schedule schedule = self.schedule
        with nogil:
            if self.shuffled:
                shuffle(self.order, self.seed)
            self._pass(rows, machine, schedule)

    def slow_down(self):
        """Ask the schedule for shorter steps; tell whether it could give them."""
        return self.schedule.slow_down()

    @property
    def coef(self):
        """The coefficients now, as an array of their own."""
        return self.vector * self.vector.dtype.type(self.scale)

    @property
    def average_coef(self):
        """The average of the coefficients over the steps, or None."""
        if not self.average_from:
            return None
        return ((self.average + self.share * self.vector) / self.whole).astype(self.rows.dtype, copy=False)

    @property
    def is_finite(self):
        """Whether neither the coefficients nor the intercept have overflown."""
        return bool(isfinite(self.intercept)) and bool(np.isfinite(self.vector).all())

    @property
    def met_finite(self):
        """Whether all raw predictions were finite. They were not if a feature was infinite or NaN."""
        return self.nothing == 0.0

    cdef inline void shrink(self, double factor) noexcept nogil:
        """coef *= factor"""
        self.scale *= factor
        self.squares *= factor * factor
        self.absolutes *= factor
        if self.scale < self.smallest_scale:
            if self.average_from:
                self.fold_average()
            self.rows.kernels.multiply(self.rows.n_features, self.scale, self.v)
            self.scale = 1.0
        self.inverse = 1.0 / self.scale

    cdef void fold_average(self) noexcept nogil:
        """Write the average itself to its vector."""
        cdef Py_ssize_t n = self.rows.n_features
        self.rows.kernels.add_dense(n, self.share, self.v, self.a)
        self.rows.kernels.multiply(n, 1.0 / self.whole, self.a)
        self.share, self.whole = 0.0, 1.0

    cdef inline void count_in_average(self, Row x, double added) noexcept nogil:
        """Take the coefficients after one step into the average, by what the step added: Bottou (2012), 5.2.

        As in scikit-learn, what an L1 penalty then takes away counts from the first step on.
        """
        cdef double n = self.t - self.average_from + 1
        if added != 0.0:
            self.rows.kernels.add(x.values, x.columns, x.n, -self.share * added / self.scale, self.a)
        if n > 1:
            self.whole /= 1.0 - 1.0 / n
        self.share += self.whole * self.scale / n
        self.average_intercept += (self.intercept - self.average_intercept) / n

    cdef inline void add(self, Row x, double factor) noexcept nogil:
        """coef += factor * x. The norms are those of the columns of x, as in scikit-learn."""
        cdef const kernel_set* kernels = self.rows.kernels
        factor *= self.inverse
        if self.measured and self.l2 > 0:
            self.squares = kernels.add_and_sum_squares(x.values, x.columns, x.n, factor, self.v)
            self.squares *= self.scale * self.scale
        else:
            kernels.add(x.values, x.columns, x.n, factor, self.v)
        if self.measured and self.l1 > 0:
            self.absolutes = kernels.sum_absolutes(x.columns, x.n, self.v) * self.scale

    cdef inline double aggressive_step(self, Row x, double loss, double bound) noexcept nogil:
        """The length of the step that solves a loss of slope 1; negative for a row without entries."""
        cdef double squares = self.rows.kernels.sum_squares(x.values, x.n)
        if self.aggression == 2:
            return loss / (squares + 0.5 / bound)
        return fmin(bound, loss / squares) if squares > 0 else -1.0

    cdef void _pass(self, Rows rows, Machine machine, Schedule schedule) noexcept nogil:
        cdef const kernel_set* kernels = rows.kernels
        cdef Py_ssize_t n = rows.n_samples, trained = 0
        cdef Py_ssize_t k, i
        cdef Row x
        cdef double f, eta, length, update
        cdef double losses = 0.0, penalties = 0.0, nothing = 0.0
        cdef const double* loss = machine.scalar_results[0]
        cdef const double* gradient = machine.scalar_results[self.gradient]
        cdef const int32_t* order = &self.order[0]
        cdef const double* y = &self.y[0]
        cdef const double* weight = NULL if self.weight is None else &self.weight[0]
        cdef const uint8_t* skipped = NULL if self.skipped is None else &self.skipped[0]
        for k in range(n):
            rows.prefetch_ahead(order, k, n)
            if k + START_AHEAD < n:
                i = order[k + START_AHEAD]
                prefetch_bytes(<const char*> &y[i], 1, False)
                if weight != NULL:
                    prefetch_bytes(<const char*> &weight[i], 1, False)

            i = order[k]
            if skipped != NULL and skipped[i]:
                continue
            trained += 1
            x = rows.row(i)
            f = kernels.dot(x.values, x.columns, x.n, self.v) * self.scale + self.intercept
            nothing += f - f
            eta = length = schedule.step(self.t)
            machine.run_one(y[i], f)
            if self.measured:
                losses += loss[0]
                if not self.aggression:
                    if self.l2 > 0:
                        penalties += 0.5 * self.l2 * self.squares
                    if self.l1 > 0:
                        penalties += self.l1 * self.absolutes
            if self.aggression:
                length = self.aggressive_step(x, loss[0], eta)
                if length < 0:
                    continue

            # A gradient beyond any sense would carry the coefficients to infinity in one step; NaN stays NaN.
            update = gradient[0]
            if update < -LARGEST_GRADIENT:
                update = -LARGEST_GRADIENT
            elif update > LARGEST_GRADIENT:
                update = LARGEST_GRADIENT
            update *= -length
            if weight != NULL:
                update *= weight[i]

            if self.l2 > 0:
                self.shrink(1.0 - eta * self.l2 if eta * self.l2 < 1.0 else 0.0)
            if update != 0.0:
                self.add(x, update)
                if self.fit_intercept:
                    self.intercept += update * self.intercept_decay
            if self.average_from and self.average_from <= self.t:
                self.count_in_average(x, update)
            if self.l1 > 0:
                # The cumulative penalty of Tsuruoka, Tsujii and Ananiadou (2009): a column pays when its
                # turn comes what it has not paid yet.
                self.pulled += eta * self.l1
                kernels.truncate(x.columns, x.n, self.pulled, self.scale, self.v, self.paid)
            self.t += 1
        self.nothing += nothing
        self.loss = losses / trained
        self.objective = (losses + penalties) / trained
