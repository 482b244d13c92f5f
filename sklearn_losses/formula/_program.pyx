"""Programs and the machine that runs them.

A program is a flat list of instructions ``(opcode, width, target, a, b, c)`` over registers. The
machine runs it one sample at a time, for solvers, or in blocks: then each instruction sweeps a few
hundred numbers that stay in the first-level cache. Neither needs the GIL.

Knows opcodes and memory; imports nothing of the package.
"""

from libc.math cimport NAN, fabs, isinf, sqrt
from libc.stdint cimport int8_t, int32_t, int64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

import numpy as np

cdef extern from "_opcodes.h":
    # Written from the table of primitives by _write_opcodes.py.
    int OP_SUM, OP_NORM, OP_MAX, OP_LOGSUMEXP, OP_GATHER, OP_COUNT, OP_EXPAND, OP_ONEHOT, OP_SOFTMAX
    double compute(int opcode, double a, double b, double c) noexcept nogil
    void compute_block(
        int opcode, double* r, const double* a, const double* b, const double* c, Py_ssize_t n
    ) noexcept nogil

cdef extern from "row_exponentials.h" nogil:
    void softmax_of_rows(double* r, const double* a, Py_ssize_t n, Py_ssize_t width)
    void logsumexp_of_rows(double* r, const double* a, Py_ssize_t n, Py_ssize_t width)

cdef Py_ssize_t SWEEP = 256  # numbers a register holds: 2 KB


cdef class Program:
    """A compiled formula; made by `compile_program`, run by solvers, `total` and `arrays`."""

    def __init__(
        self, code, ranks, inputs, results, result_ranks, constant_registers, constants, least_outputs
    ):
        self.key = (code, ranks, inputs, results, result_ranks, constant_registers, constants, least_outputs)
        self.code = code
        self.ranks = ranks
        self.input_registers = inputs
        self.result_registers = results
        self.result_ranks = result_ranks
        self.constant_registers = constant_registers
        self.constants = constants
        self.n_instructions = code.shape[0]
        self.n_registers = ranks.shape[0]
        self.n_results = results.shape[0]
        self.least_outputs = least_outputs
        self.takes_vectors = bool(ranks.any())

    def __reduce__(self):
        return Program, self.key

    def total(self, y, f, weights=None):
        """Sum the first result over samples, each times its weight, and survey what came in.

        Parameters
        ----------
        y, f : ndarray
            Of shape (n,), or (n, K) where the program wants K outputs.
        weights : ndarray of shape (n,) or None

        Returns
        -------
        total : float
            The weighted sum.
        weight : float
            The sum of weights.
        ranges : list of (lowest, highest, has_nan)
            Of `y`, `f` and, where given, the weights.
        largest : list of float
            The largest value of every further result.
        """
        cdef Machine machine = Machine(self, _outputs(self, y, f))
        cdef Py_ssize_t n = f.shape[0], start = 0, m
        cdef _Source source_y = _Source("y", y, n, machine, self.ranks[0])
        cdef _Source source_f = _Source("f", f, n, machine, self.ranks[1])
        cdef _Source source_w = None if weights is None else _Source("weights", weights, n, machine, 0)
        cdef double total = 0.0, weight = 0.0
        cdef const double* w
        cdef int k
        cdef double[::1] largest = np.full(self.n_results, -np.inf)
        with nogil:
            while start < n:
                m = min(machine.block, n - start)
                machine.run(source_y.read(start, m), source_f.read(start, m), m)
                if source_w is None:
                    total += sum_of(machine.results[0], m)
                    weight += m
                else:
                    w = source_w.read(start, m)
                    total += weighted_sum_of(machine.results[0], w, m)
                    weight += sum_of(w, m)
                for k in range(1, self.n_results):
                    largest[k] = max_of(machine.results[k], m, largest[k])
                start += m
        sources = [source_y, source_f] if weights is None else [source_y, source_f, source_w]
        return total, weight, [_range(source) for source in sources], [x for x in largest[1:]]

    def arrays(self, y, f, dtype=np.float64):
        """Compute every result for every sample, and survey what came in.

        Returns
        -------
        results : list of ndarray
            Of shape (n,) or (n, K).
        ranges : list of (lowest, highest, has_nan)
            Of `y` and `f`.
        """
        cdef Machine machine = Machine(self, _outputs(self, y, f))
        cdef Py_ssize_t n = f.shape[0], start = 0, m, width
        cdef _Source source_y = _Source("y", y, n, machine, self.ranks[0])
        cdef _Source source_f = _Source("f", f, n, machine, self.ranks[1])
        cdef int k
        cdef double* target
        shapes = [[n, machine.n_outputs] if rank else [n] for rank in self.result_ranks]
        results = [np.empty(shape) for shape in shapes]
        cdef size_t[::1] targets = np.array([a.ctypes.data for a in results], dtype=np.uintp)
        with nogil:
            while start < n:
                m = min(machine.block, n - start)
                machine.run(source_y.read(start, m), source_f.read(start, m), m)
                for k in range(self.n_results):
                    width = machine.n_outputs if self.result_ranks[k] else 1
                    target = <double*> targets[k] + start * width
                    memcpy(target, machine.results[k], m * width * sizeof(double))
                start += m
        return [a.astype(dtype, copy=False) for a in results], [_range(source_y), _range(source_f)]


def _outputs(Program program, y, f):
    """Return K; the machine of a program without vectors has one output."""
    for rank, array in zip(program.ranks, (y, f)):
        if rank:
            return array.shape[1] if array.ndim == 2 else 1
    return 1


cdef extern from *:
    """
    /* Reductions over a block. The pragma lets them run in lanes; without OpenMP they are plain loops. */
    DISPATCHED static double sum_of(const double *x, Py_ssize_t n) {
        double total = 0.0;
        SIMD("omp simd reduction(+ : total)")
        for (Py_ssize_t i = 0; i < n; i++) total += x[i];
        return total;
    }
    /* A sample of weight zero counts for nothing, whatever its loss. */
    DISPATCHED static double weighted_sum_of(const double *x, const double *w, Py_ssize_t n) {
        double total = 0.0;
        SIMD("omp simd reduction(+ : total)")
        for (Py_ssize_t i = 0; i < n; i++) total += w[i] == 0.0 ? 0.0 : x[i] * w[i];
        return total;
    }
    DISPATCHED static double max_of(const double *x, Py_ssize_t n, double high) {
        SIMD("omp simd reduction(max : high)")
        for (Py_ssize_t i = 0; i < n; i++) high = x[i] > high ? x[i] : high;
        return high;
    }
    DISPATCHED static void survey(const double *x, Py_ssize_t n, double *lowest, double *highest, Py_ssize_t *nans) {
        double low = *lowest, high = *highest;
        Py_ssize_t nan = 0;
        SIMD("omp simd reduction(min : low) reduction(max : high) reduction(+ : nan)")
        for (Py_ssize_t i = 0; i < n; i++) {
            low = x[i] < low ? x[i] : low;
            high = x[i] > high ? x[i] : high;
            nan += x[i] != x[i];
        }
        *lowest = low; *highest = high; *nans += nan;
    }
    """
    double sum_of(const double* x, Py_ssize_t n) noexcept nogil
    double weighted_sum_of(const double* x, const double* w, Py_ssize_t n) noexcept nogil
    double max_of(const double* x, Py_ssize_t n, double high) noexcept nogil
    void survey(const double* x, Py_ssize_t n, double* low, double* high, Py_ssize_t* nans) noexcept nogil


cdef class _Source:
    """An input array of any real dtype and strides, read block by block as doubles."""

    cdef object array
    cdef const char* data
    cdef Py_ssize_t stride, inner, width
    cdef int kind                 # 8: float64, 4: float32, -8: int64, -4: int32, -1: int8 or bool
    cdef bint direct              # the memory is what a register wants: no copy
    cdef double* buffer
    cdef double lowest, highest
    cdef Py_ssize_t nans

    def __cinit__(self, name, array, Py_ssize_t n, Machine machine, bint vector):
        self.width = machine.n_outputs if vector else 1
        expected = [n, machine.n_outputs] if vector else [n]
        if list(array.shape) != expected:
            raise ValueError(f"{name} has shape {array.shape}; this program takes {tuple(expected)}.")
        kind = _KINDS.get(array.dtype)
        if kind is None or not array.flags.aligned:
            array = array.astype(np.float64)
            kind = 8
        self.kind = kind
        self.array = array        # keeps the memory alive
        self.lowest, self.highest, self.nans = np.inf, -np.inf, 0
        self.data = <const char*> <size_t> array.__array_interface__["data"][0]
        self.stride = array.strides[0]
        self.inner = array.strides[1] if vector else 0
        self.direct = kind == 8 and self.stride == 8 * self.width and (not vector or self.inner == 8)
        if not self.direct:
            self.buffer = <double*> malloc(machine.block * self.width * sizeof(double))
            if self.buffer == NULL:
                raise MemoryError()

    def __dealloc__(self):
        free(self.buffer)

    cdef const double* read(self, Py_ssize_t start, Py_ssize_t n) noexcept nogil:
        cdef Py_ssize_t i, j
        cdef double* to = self.buffer
        cdef const char* at = self.data + start * self.stride
        cdef const double* block
        if self.direct:
            block = <const double*> at
        else:
            block = self.buffer
            for i in range(n):
                for j in range(self.width):
                    to[i * self.width + j] = self.item(at + j * self.inner)
                at += self.stride
        survey(block, n * self.width, &self.lowest, &self.highest, &self.nans)
        return block

    cdef inline double item(self, const char* at) noexcept nogil:
        if self.kind == 4:
            return (<const float*> at)[0]
        if self.kind == 8:
            return (<const double*> at)[0]
        if self.kind == -8:
            return <double> (<const int64_t*> at)[0]
        if self.kind == -4:
            return <double> (<const int32_t*> at)[0]
        return <double> (<const int8_t*> at)[0]


_KINDS = {
    np.dtype(np.float64): 8,
    np.dtype(np.float32): 4,
    np.dtype(np.int64): -8,
    np.dtype(np.int32): -4,
    np.dtype(np.int8): -1,
    np.dtype(np.bool_): -1,
}


def _range(_Source source):
    return source.lowest, source.highest, source.nans > 0


cdef class Machine:
    """A program with registers of its own: make one for each thread.

    Parameters
    ----------
    program : Program
    n_outputs : int, default=1
        K, where the program has vectors.
    block : int, optional
        How many samples a sweep takes at most; as many as stay in the first-level cache by default.
    """

    def __cinit__(self, Program program, Py_ssize_t n_outputs=1, Py_ssize_t block=0):
        cdef int k, register
        cdef Py_ssize_t i, size, total = 0
        if n_outputs < program.least_outputs:
            raise ValueError(
                f"The formula picks output {program.least_outputs - 1}, counted from 0, of {n_outputs}."
                if n_outputs > 0 else "There must be at least one output."
            )
        self.program = program
        self.n_outputs = n_outputs
        self.block = block if block > 0 else max(1, SWEEP // n_outputs)
        self.registers = <double**> calloc(program.n_registers + program.n_results, sizeof(double*))
        self.memory = <double*> malloc(
            max(1, self.block * n_outputs * program.n_registers) * sizeof(double)
        )
        if self.registers == NULL or self.memory == NULL:
            raise MemoryError()
        self.results = self.registers + program.n_registers
        for k in range(program.n_registers):
            self.registers[k] = self.memory + total
            total += self.block * (n_outputs if program.ranks[k] else 1)
        for k in range(program.constants.shape[0]):
            register = program.constant_registers[k]
            size = self.block * (n_outputs if program.ranks[register] else 1)
            for i in range(size):
                self.registers[register][i] = program.constants[k]
        self.code = &program.code[0, 0] if program.n_instructions else NULL
        self.result_registers = &program.result_registers[0]
        self.n_instructions, self.n_results = program.n_instructions, program.n_results
        self.takes_y, self.takes_f = program.input_registers[0] >= 0, program.input_registers[1] >= 0
        self.takes_vectors = program.takes_vectors
        if not self.takes_vectors:
            self.prepare_one(program)

    cdef int prepare_one(self, Program program) except -1:
        """Lay out the code and one number for each register."""
        cdef int k
        cdef const int* at = self.code
        self.steps = <ScalarStep*> malloc(max(1, self.n_instructions) * sizeof(ScalarStep))
        self.slots = <double*> calloc(program.n_registers, sizeof(double))
        self.scalar_results = <double**> malloc(program.n_results * sizeof(double*))
        if self.steps == NULL or self.slots == NULL or self.scalar_results == NULL:
            raise MemoryError()
        for k in range(program.constants.shape[0]):
            self.slots[program.constant_registers[k]] = program.constants[k]
        for k in range(self.n_instructions):
            self.steps[k].opcode = at[0]
            self.steps[k].r = self.slots + at[2]
            self.steps[k].a = self.slots + at[3]
            self.steps[k].b = self.slots + at[4]
            self.steps[k].c = self.slots + at[5]
            at += 6
        for k in range(program.n_results):
            self.scalar_results[k] = self.slots + program.result_registers[k]
        return 0

    def __dealloc__(self):
        free(self.registers)
        free(self.memory)
        free(self.steps)
        free(self.slots)
        free(self.scalar_results)

    cdef void run_one(self, double y, double f) noexcept nogil:
        cdef const ScalarStep* step = self.steps
        cdef const ScalarStep* end = step + self.n_instructions
        self.slots[0] = y
        self.slots[1] = f
        while step != end:
            step.r[0] = compute(step.opcode, step.a[0], step.b[0], step.c[0])
            step += 1

    cdef void run(self, const double* y, const double* f, Py_ssize_t n) noexcept nogil:
        cdef double** registers = self.registers
        cdef const int* at = self.code
        cdef int i
        if self.takes_y:
            registers[0] = <double*> y
        if self.takes_f:
            registers[1] = <double*> f
        for i in range(self.n_results):   # a result may be an input
            self.results[i] = registers[self.result_registers[i]]
        for i in range(self.n_instructions):
            interpret(at, registers, n, self.n_outputs)
            at += 6


cdef double norm(const double* a, Py_ssize_t width) noexcept nogil:
    """Root of the sum of squares, of numbers that are divided by their largest where squares leave the floats."""
    cdef double total = 0.0, top = 0.0
    cdef Py_ssize_t k
    for k in range(width):
        total += a[k] * a[k]
    if 1e-280 <= total <= 1e280:
        return sqrt(total)
    for k in range(width):
        top = max(top, fabs(a[k]))
    if top == 0.0 or isinf(top) or total != total:
        return sqrt(total)
    total = 0.0
    for k in range(width):
        total += (a[k] / top) * (a[k] / top)
    return top * sqrt(total)


cdef void interpret(const int* at, double** registers, Py_ssize_t n, Py_ssize_t n_outputs) noexcept nogil:
    """Run one instruction over n samples."""
    cdef int opcode = at[0]
    cdef Py_ssize_t width = n_outputs if at[1] else 1
    cdef double* r = registers[at[2]]
    cdef const double* a = registers[at[3]]
    cdef const double* b = registers[at[4]]
    cdef Py_ssize_t i, k
    cdef double top, total
    if opcode < OP_SUM:
        compute_block(opcode, r, a, b, registers[at[5]], n * width)
        return
    if opcode == OP_SOFTMAX:
        softmax_of_rows(r, a, n, width)
        return
    if opcode == OP_LOGSUMEXP:
        logsumexp_of_rows(r, a, n, width)
        return
    for i in range(n):
        if opcode == OP_SUM:
            total = 0.0
            for k in range(width):
                total += a[k]
            r[i] = total
        elif opcode == OP_NORM:
            r[i] = norm(a, width)
        elif opcode == OP_MAX:
            top = a[0]
            for k in range(1, width):
                top = a[k] if (a[k] > top or a[k] != a[k]) else top
            r[i] = top
        elif opcode == OP_GATHER:
            k = <Py_ssize_t> b[i] if 0 <= b[i] < width else 0
            r[i] = a[k] if k == b[i] else NAN
        elif opcode == OP_COUNT:
            r[i] = <double> n_outputs
        elif opcode == OP_EXPAND:
            for k in range(width):
                r[k] = a[i]
            r += width
        elif opcode == OP_ONEHOT:
            for k in range(width):
                r[k] = 1.0 if a[i] == k else 0.0
            r += width
        if opcode != OP_EXPAND and opcode != OP_ONEHOT:
            a += width
