# The scalar problem of proximal methods: see _proximal.pyx.

from sklearn_losses.formula._program cimport Machine


cdef struct Tangent:
    double at           # z
    double value        # l(z)
    double slope        # l'(z)
    double curvature    # l''(z)


cdef struct Proximal:
    double at           # z, the minimiser
    double slope        # a, a slope of l at z
    double conjugate    # of l at a, from above


cdef Tangent tangent_at(Machine machine, double y, double z) noexcept nogil
cdef Proximal proximal(Machine machine, double y, const Tangent* start, double a, double q) noexcept nogil
