"""The scalar problem of proximal methods, for any convex loss l of one raw prediction.

Given p, a and q > 0, find the z that minimises l(z) + (z - p - q a)^2 / (2 q), which is where

    z + q l'(z) = p + q a,   and the slope of l there, a' = a + (p - z) / q.

The left side rises in z, with jumps where l has kinks: a root in a jump is at the kink, with a slope from between
the two sides. Only the loss's own program is used (value, slope and curvature), so every convex formula will do.

Knows programs and numbers; nothing of rows, losses or solvers.
"""

from libc.math cimport INFINITY, fabs, fmax, fmin, isfinite

import numpy as np

from sklearn_losses.formula._program cimport Machine, Program

cdef enum:
    LONGEST_SEARCH = 60

# By how much the moves of z and of the slope may disagree, relative to both: one of them alone may have stood still.
cdef double ENOUGH = 0.05
# A dual value so near to that of the exact step, relative to what the step gains, is as good.
cdef double NEAR = 0.05


cdef Tangent tangent_at(Machine machine, double y, double z) noexcept nogil:
    """Value, slope and curvature of the loss at one raw prediction."""
    cdef Tangent tangent
    machine.run_one(y, z)
    tangent.at = z
    tangent.value = machine.scalar_results[0][0]
    tangent.slope = machine.scalar_results[1][0]
    tangent.curvature = machine.scalar_results[2][0]
    if not (0.0 <= tangent.curvature < INFINITY):
        tangent.curvature = 0.0
    return tangent


cdef inline double excess_at(const Tangent* tangent, double p, double a, double q) noexcept nogil:
    """How far the left side of the equation is above the right one."""
    return (tangent.at - p) + q * (tangent.slope - a)


cdef inline bint is_finite(const Tangent* tangent) noexcept nogil:
    return isfinite(tangent.value) and isfinite(tangent.slope)


cdef inline double crossing(const Tangent* low, const Tangent* high) noexcept nogil:
    """Where two tangents meet: at the kink, if there is one between two straight pieces."""
    cdef double jump = high.slope - low.slope
    cdef double width = high.at - low.at
    if not jump > 0.0:
        return low.at + 0.5 * width
    return low.at + fmin(fmax((low.value - high.value + high.slope * width) / jump, 0.0), width)


cdef inline Proximal settled(const Tangent* tangent) noexcept nogil:
    cdef Proximal result
    result.at = tangent.at
    result.slope = tangent.slope
    result.conjugate = tangent.slope * tangent.at - tangent.value
    return result


cdef inline Proximal between(const Tangent* low, const Tangent* high, double z, double p, double a,
                             double q) noexcept nogil:
    """The answer at z, with the slope that the equation wants, and the tangents' bound of the conjugate.

    The loss is above both tangents, so l*(a) = max_z (a z - l(z)) is at most what it is for their maximum, which is
    reached where they meet.
    """
    cdef Proximal result
    cdef double meeting = crossing(low, high)
    result.at = z
    result.slope = fmin(fmax(a + (p - z) / q, low.slope), high.slope)
    result.conjugate = result.slope * meeting - (low.value + low.slope * (meeting - low.at))
    return result


cdef Proximal proximal(Machine machine, double y, const Tangent* start, double a, double q) noexcept nogil:
    """Solve the problem, from the tangent at p.

    Mostly one evaluation besides that of `start` does, two for a kink between straight pieces: Newton's step is
    exact on them, and the kink is where their tangents meet.
    """
    cdef double p = start.at
    cdef double first = excess_at(start, p, a, q)
    cdef double excess, z, value, stride
    cdef Tangent low, high, here = start[0]
    cdef Proximal answer
    cdef bint has_low = False, has_high = False
    cdef bint kink = False
    cdef int k
    if first == 0.0 or not q > 0.0:
        return settled(start)

    if not is_finite(start):
        # Too far out, as where exp overflows: walk towards the minimum until the loss is finite.
        stride = -1.0 if start.slope > 0 else 1.0
        for k in range(1100):
            here = tangent_at(machine, y, p + stride)
            stride *= 2.0
            if is_finite(&here) or not isfinite(stride):
                break
        if not is_finite(&here):
            answer = settled(start)
            answer.slope = a
            answer.conjugate = INFINITY
            return answer
        first = INFINITY
    excess = excess_at(&here, p, a, q)

    for k in range(LONGEST_SEARCH):
        # `here` is finite and becomes one end of the bracket.
        if excess < 0.0:
            low, has_low = here, True
        else:
            high, has_high = here, True
        if not (has_low and has_high):
            # Newton first; then the step that takes the loss for straight, which never falls short of the root.
            z = here.at - excess / (1.0 + q * here.curvature if k < 2 else 1.0)
            kink = False
        else:
            kink = low.curvature == 0.0 and high.curvature == 0.0 or k % 3 == 2
            if not kink:
                z = here.at - excess / (1.0 + q * here.curvature)
                kink = not (low.at < z < high.at)
            if kink:
                z = crossing(&low, &high)
                if k > 20:
                    z = low.at + 0.5 * (high.at - low.at)
            if not (low.at < z < high.at):   # nothing between the two that could be told apart
                return between(&low, &high, fmin(fmax(z, low.at), high.at), p, a, q)

        here = tangent_at(machine, y, z)
        while not is_finite(&here):
            stride = 0.5 * (z - (low.at if has_low else high.at))
            if not isfinite(stride):
                stride = 1e300 if stride > 0 else -1e300
            if z - stride == z:
                return settled(&low if has_low else &high)
            z = (low.at if has_low else high.at) + stride
            here = tangent_at(machine, y, z)
        excess = excess_at(&here, p, a, q)
        if fabs(excess) <= ENOUGH * fmin(fabs(z - p), q * fabs(here.slope - a)):
            return settled(&here)
        if kink:
            # A kink, if the loss is not above the tangents: then the slope follows from the equation.
            answer = between(&low, &high, z, p, a, q)
            value = answer.slope * z - here.value    # the conjugate from below
            if answer.conjugate - value <= (
                NEAR * 0.5 * q * (answer.slope - a) * (answer.slope - a) + 1e-15 * (fabs(here.value) + fabs(answer.slope * z))
            ):
                return answer
    if has_low and has_high:
        return between(&low, &high, low.at + 0.5 * (high.at - low.at), p, a, q)
    return settled(&here)


def proximal_slopes(Program program, const double[::1] y, const double[::1] p, const double[::1] a,
                    const double[::1] q):
    """Solve many scalar problems: (z, a', conjugate at a') of each. For tests, and for passes that are not hot."""
    cdef Machine machine = Machine(program, 1, 1)
    cdef Py_ssize_t i
    cdef Tangent start
    cdef Proximal answer
    results = np.empty((3, len(y)))
    cdef double[:, ::1] into = results
    with nogil:
        for i in range(y.shape[0]):
            start = tangent_at(machine, y[i], p[i])
            answer = proximal(machine, y[i], &start, a[i], q[i])
            into[0, i], into[1, i], into[2, i] = answer.at, answer.slope, answer.conjugate
    return results
