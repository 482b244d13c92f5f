"""Dual coordinate ascent on the scaled, proximal problem: one pass over the rows.

With weights s that sum to 1, columns scaled by s_j and centred at m_j, and a centre c of the proximal term,

    minimise  sum_i s_i l_i(x_i . w + b) + sum_j (l2 / 2 w_j^2 + l1 |w_j|) + kappa / 2 ||w - c||^2

in the norm that the scales give. Every sample has a dual a_i, a slope of its loss; the model follows from them. A
step makes one of them optimal (`_proximal.pyx`). What kappa and c are is `_dual.py`'s.

Knows programs, rows and numbers; nothing of losses, scales or stopping.
"""

from libc.math cimport fmax
from libc.stdint cimport int32_t, uint32_t

import numpy as np

from sklearn_losses.formula._program cimport Machine, Program
from sklearn_losses.linear_model.solvers._proximal cimport Proximal, Tangent, proximal, tangent_at
from sklearn_losses.linear_model.solvers._rows cimport START_AHEAD, Row, Rows, prefetch_bytes

cdef extern from "dual_kernels.h" nogil:
    ctypedef struct dual_state:
        double* u
        double* w
        const double* rate
        const double* centre
        double l1

    ctypedef struct dual_kernel_set:
        void (*prefetch)(const void*, Py_ssize_t, const dual_state*) noexcept nogil
        double (*predict)(const void*, const void*, Py_ssize_t, const dual_state*) noexcept nogil
        double (*squares)(const void*, const void*, Py_ssize_t, const dual_state*) noexcept nogil
        double (*step)(const void*, const void*, Py_ssize_t, double, dual_state*) noexcept nogil

    const dual_kernel_set* find_dual_kernels(size_t value_size, size_t column_size)



cdef struct Sample:
    double y
    double weight
    double q            # how far the raw prediction moves for one unit of a
    double a            # the dual
    double conjugate    # of the loss at a, or above it


cdef class DualPass:
    """The duals of all samples, and the model that follows from them.

    Parameters
    ----------
    program : Program
        Its results are the loss, its slope and its curvature.
    rows : Rows
        No column may stand twice in a row.
    y, weight : float64 array (n_samples,)
        Weights sum to 1; samples of weight 0 are left alone.
    centre : float64 array (n_features,)
        Of the columns; zero for sparse rows.
    l1 : float
    fit_intercept : bool
    seed : int
    """

    cdef Rows rows
    cdef Machine machine
    cdef readonly object samples     # the struct above, as five columns
    cdef readonly object order
    cdef Sample* sample
    cdef int32_t[::1] places
    cdef dual_state state
    cdef const dual_kernel_set* kernels
    cdef object owners, pairs, columns_u, w, rate, centre
    cdef bint fit_intercept
    cdef uint32_t seed
    cdef double intercept_rate
    cdef double intercept_u
    cdef readonly double loss        # weighted mean over the last pass, along the way
    cdef readonly double gap         # of the proximal problem, along the way

    def __init__(self, Program program, Rows rows, y, weight, centre, *, double l1, bint fit_intercept,
                 uint32_t seed):
        if program.n_results != 3:
            raise ValueError("the program must compute the loss, its slope and its curvature")
        if rows.n_samples > 0x7FFFFFFF:
            raise ValueError(f"at most {0x7FFFFFFF} samples, got {rows.n_samples}")
        self.rows = rows
        self.machine = Machine(program, 1, 1)
        self.samples = np.zeros((rows.n_samples, 5))
        self.samples[:, 0] = y
        self.samples[:, 1] = weight
        cdef double[:, ::1] view = self.samples
        self.sample = <Sample*> &view[0, 0]
        self.order = np.flatnonzero(weight).astype(np.int32)
        self.places = self.order
        self.kernels = find_dual_kernels(rows.kernels.value_size, rows.kernels.column_size)
        d = rows.n_features
        cdef double[::1] memory
        if rows.sparse:
            self.pairs = np.zeros((d, 2))
            self.columns_u, self.rate = self.pairs[:, 0], self.pairs[:, 1]
            memory = self.pairs.reshape(-1)
            self.state.u = &memory[0]
        else:
            self.columns_u, self.w, self.rate = np.zeros(d), np.zeros(d), np.zeros(d)
            self.centre = np.array(centre, dtype=np.float64)
            memory = self.columns_u
            self.state.u = &memory[0]
            memory = self.w
            self.state.w = &memory[0]
            memory = self.rate
            self.state.rate = &memory[0]
            memory = self.centre
            self.state.centre = &memory[0]
        self.state.l1 = l1
        self.fit_intercept = fit_intercept
        self.intercept_rate = self.intercept_u = 0.0
        self.seed = seed if seed else 1

    def move(self, u, rate, double intercept_u, double intercept_rate):
        """Set the model: coef = soft(u, l1) * rate and, at the columns' centre, intercept = their product."""
        self.columns_u[:] = u
        self.rate[:] = rate
        self.intercept_u = intercept_u
        self.intercept_rate = intercept_rate if self.fit_intercept else 0.0
        if not self.rows.sparse:
            self.w[:] = self.point[:-1]

    @property
    def u(self):
        """What coefficients and, last, the intercept follow from."""
        return np.append(self.columns_u, self.intercept_u)

    @property
    def point(self):
        """The coefficients in the units of X and, last, the intercept at the columns' centre."""
        u = self.columns_u
        coef = np.copysign(np.maximum(np.abs(u) - self.state.l1, 0.0), u) * self.rate
        return np.append(coef, self.intercept_u * self.intercept_rate)

    def run(self, bint fresh):
        """Make one pass; `fresh`: the rates have changed since the last one."""
        cdef Rows rows = self.rows
        cdef Machine machine = self.machine
        with nogil:
            self._shuffle()
            self._pass(rows, machine, fresh)

    cdef void _shuffle(self) noexcept nogil:
        cdef uint32_t n = <uint32_t> self.places.shape[0], i, j
        cdef int32_t swapped
        if n < 2:
            return
        for i in range(n - 1):
            self.seed ^= self.seed << 13
            self.seed ^= self.seed >> 17
            self.seed ^= self.seed << 5
            j = i + self.seed % (n - i)
            swapped = self.places[i]
            self.places[i] = self.places[j]
            self.places[j] = swapped

    cdef void _pass(self, Rows rows, Machine machine, bint fresh) noexcept nogil:
        cdef const dual_kernel_set* kernels = self.kernels
        cdef dual_state* state = &self.state
        cdef Sample* samples = self.sample
        cdef Sample* sample
        cdef const int32_t* order = &self.places[0]
        cdef Py_ssize_t n = self.places.shape[0], k
        cdef Row x
        cdef Tangent start
        cdef Proximal answer
        cdef double offset = 0.0, intercept = self.intercept_u * self.intercept_rate
        cdef double loss = 0.0, gap = 0.0, change
        if not rows.sparse:
            for k in range(rows.n_features):
                offset += state.centre[k] * state.w[k]
        for k in range(n):
            rows.prefetch_ahead(order, k, n)
            if k + START_AHEAD < n:
                prefetch_bytes(<const char*> &samples[order[k + START_AHEAD]], sizeof(Sample), False)
            if k + 1 < n:
                x = rows.row(order[k + 1])
                kernels.prefetch(x.columns, x.n, state)
            sample = &samples[order[k]]
            x = rows.row(order[k])
            start = tangent_at(
                machine, sample.y, kernels.predict(x.values, x.columns, x.n, state) - offset + intercept
            )
            if fresh:
                sample.q = sample.weight * (
                    kernels.squares(x.values, x.columns, x.n, state) + self.intercept_rate
                )
            loss += sample.weight * start.value
            gap += sample.weight * fmax(start.value + sample.conjugate - sample.a * start.at, 0.0)
            answer = proximal(machine, sample.y, &start, sample.a, sample.q)
            change = sample.weight * (answer.slope - sample.a)
            sample.a, sample.conjugate = answer.slope, answer.conjugate
            if change != 0.0:
                offset = kernels.step(x.values, x.columns, x.n, change, state)
                if self.fit_intercept:
                    self.intercept_u -= change
                    intercept = self.intercept_u * self.intercept_rate
        self.loss, self.gap = loss, gap
