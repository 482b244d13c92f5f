# What compiled solvers need of a program: see _program.pyx.

cdef class Program:
    cdef readonly int n_instructions
    cdef readonly int n_registers      # including inputs and constants
    cdef readonly int n_results        # how many quantities a run computes
    cdef readonly int least_outputs    # how many outputs the formula picks from, at least
    cdef readonly bint takes_vectors   # some register holds one value for each of the K outputs
    cdef readonly object key           # the arrays below, to pickle
    cdef const int[:, ::1] code        # const: an unpickled program may lie in read-only memory
    cdef const int[::1] ranks
    cdef const int[::1] input_registers      # of y and f; -1 where no result needs it
    cdef const int[::1] result_registers
    cdef const int[::1] result_ranks
    cdef const int[::1] constant_registers
    cdef const double[::1] constants


cdef struct ScalarStep:
    int opcode
    double* r
    const double* a
    const double* b
    const double* c


cdef class Machine:
    # A program with registers of its own. Not shared between threads: make one each.
    cdef readonly Program program
    cdef readonly Py_ssize_t n_outputs     # K
    cdef readonly Py_ssize_t block         # samples a sweep
    cdef double** registers
    cdef double* memory
    cdef const int* code                   # of the program: reaching through an object needs the GIL
    cdef const int* result_registers
    cdef int n_instructions, n_results
    cdef bint takes_y, takes_f, takes_vectors
    cdef double** results                  # results[k][i]: quantity k of sample i of the sweep that ran last

    cdef ScalarStep* steps                 # the code again, for one sample at a time; NULL where there are vectors
    cdef double* slots                     # one number for each register
    cdef double** scalar_results           # where `run_one` leaves each quantity

    cdef int prepare_one(self, Program program) except -1

    # One sample of a program without vectors: what `run` does for n = 1, in fewer instructions.
    cdef void run_one(self, double y, double f) noexcept nogil

    # The inputs stay where they are; n is at most `block`. Vectors hold K numbers a sample.
    cdef void run(self, const double* y, const double* f, Py_ssize_t n) noexcept nogil
