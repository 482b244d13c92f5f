"""The proximal point of every sample, to the last digits: z + γ ℓ'(z) = u, the loss, and the envelope's derivatives.

Knows programs and numbers. Kinks are given; between two the equation is solved by Newton's method, in a bracket that is
halved where a step leaves it or is not half as long as the one before.
"""

from libc.math cimport INFINITY, copysign, fabs, fmax, fmin, isfinite, isinf

import numpy as np

from sklearn_losses.formula._program cimport Machine, Program

cdef enum:
    MOST_ROUNDS = 100

cdef double TOL = 4e-16
cdef double STEEP = 10.0  # of curvature times γ: beyond, u - z says more of the slope than the program at z


def proximal_points(Program program, const double[::1] y, const double[::1] u, const double[::1] gamma,
                    const double[:, ::1] at, const double[:, ::1] left, const double[:, ::1] right,
                    const double[:, ::1] near):
    """Solve the problems of all samples.

    Parameters
    ----------
    program : Program
        Its results are the loss, its slope and its curvature.
    y, u, gamma : float64 array of shape (n,)
    at, left, right, near : float64 array of shape (n_kinks, n)
        Where the slope of each sample jumps, sorted, infinite where there is nothing; from what to what; and how far
        beside a kink the two slopes hold.

    Returns
    -------
    results : float64 array of shape (4, n)
        z, ℓ'(z) (what the equation wants, at a kink and where the loss bends too much for the digits of z), ℓ(z),
        and the curvature of the envelope.
    at_kink : bool array of shape (n,)
    """
    cdef Machine machine = Machine(program, 1, 1)
    cdef Py_ssize_t n = y.shape[0], n_kinks = at.shape[0], i, k
    cdef int rounds
    cdef bint kink, unresolved, unsafe, slow
    cdef double low, high, z, g, goal, value, slope, bend, excess, new, middle, stride
    results = np.empty((4, n))
    at_kink = np.zeros(n, dtype=np.uint8)
    cdef double[:, ::1] into = results
    cdef unsigned char[::1] marks = at_kink
    with nogil:
        for i in range(n):
            g, goal = gamma[i], u[i]
            low, high, kink, z = -INFINITY, INFINITY, False, goal
            for k in range(n_kinks):
                if isinf(at[k, i]):
                    break
                if goal > at[k, i] + g * right[k, i]:
                    low = at[k, i] + near[k, i]
                elif goal < at[k, i] + g * left[k, i]:
                    high = at[k, i] - near[k, i]
                    break
                else:
                    z, kink = at[k, i], True
                    break
            if not kink:
                high = fmax(low, high)
                z = fmin(fmax(goal, low), high)
            machine.run_one(y[i], z)
            value, slope, bend = (
                machine.scalar_results[0][0], machine.scalar_results[1][0], machine.scalar_results[2][0]
            )
            stride = INFINITY
            for rounds in range(0 if kink else MOST_ROUNDS):
                excess = z + g * slope - goal
                if fabs(excess) <= TOL * (fabs(z) + fabs(goal)):
                    break
                if excess < 0.0:
                    low = z
                else:
                    high = z
                new = z - excess / (1.0 + g * bend)
                unsafe = not (low < new < high)
                slow = not (fabs(new - z) <= 0.5 * stride)
                middle = 0.5 * (low + high)
                if (unsafe or slow) and isfinite(middle):
                    new = middle
                elif unsafe:
                    new = z - copysign(1.0, excess)
                stride = fabs(new - z)
                if new == z:
                    break
                z = new
                machine.run_one(y[i], z)
                value, slope, bend = (
                    machine.scalar_results[0][0], machine.scalar_results[1][0], machine.scalar_results[2][0]
                )
                if high - low <= TOL * fabs(z):
                    break
            unresolved = kink or not (fabs(z + g * slope - goal) <= 4.0 * TOL * (fabs(z) + fabs(goal)))
            if unresolved or not g * bend <= STEEP:
                slope = (goal - z) / g
            bend = bend / (1.0 + g * bend)
            if unresolved or not isfinite(bend):
                bend = 1.0 / g
            marks[i] = kink
            into[0, i], into[1, i], into[2, i], into[3, i] = z, slope, value, bend
    return results, at_kink.view(bool)
