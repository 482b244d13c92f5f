/* The arithmetic of one schedule-free step on K outputs, whose numbers of one column lie side by side, padded to
 * `width`, a multiple of four: see _schedule_free_several.pyx. All vectors are double; rows may be float. */
#ifndef SKLEARN_LOSSES_SEVERAL_STEPS_H
#define SKLEARN_LOSSES_SEVERAL_STEPS_H

#include <stddef.h>

#include "simd.h"

/* Four outputs at a time. */
#if defined(__GNUC__) || defined(__clang__)
typedef double quad __attribute__((vector_size(32), aligned(8), may_alias));
enum { QUAD = 4 };
#else
typedef double quad;
enum { QUAD = 1 };
#endif
#define EACH_QUAD(k) for (ptrdiff_t k = 0; k < width; k += QUAD)
#define QUAD_AT(vector) (*(quad *)((vector) + k))

/* to_k += value * (mean x_k + (1 - mean) z_k) */
static inline void add_mixed(ptrdiff_t width, double value, double mean, const double *z, const double *x, double *to)
{
    const double by_x = value * mean, by_z = value * (1 - mean);
    EACH_QUAD(k)
        QUAD_AT(to) += by_x * QUAD_AT(x) + by_z * QUAD_AT(z);
}

/* z_k -= factor * move_k; then z_k moves towards 0 by `soft` and is divided by `by`. */
static inline void step_and_shrink(
    ptrdiff_t width, double factor, double soft, double by, const double *move, double *z)
{
    const double share = 1.0 / by;
    EACH_QUAD(k)
        QUAD_AT(z) = share * (QUAD_AT(z) - factor * QUAD_AT(move));
    if (soft > 0) {
        soft *= share;
        for (ptrdiff_t k = 0; k < width; ++k)
            z[k] = z[k] > soft ? z[k] - soft : z[k] < -soft ? z[k] + soft : 0.0;
    }
}

/* x_k += share * (z_k - x_k) */
static inline void average(ptrdiff_t width, double share, const double *z, double *x)
{
    EACH_QUAD(k)
        QUAD_AT(x) += share * (QUAD_AT(z) - QUAD_AT(x));
}

#define DENSE_STEPS(VALUE)                                                                                          \
    DISPATCHED static void mixed_dot_##VALUE(                                                                       \
        const VALUE *restrict row, const double *restrict centre, ptrdiff_t n, ptrdiff_t width, double mean,        \
        const double *restrict z, const double *restrict x, double *restrict to)                                    \
    {                                                                                                               \
        for (ptrdiff_t j = 0; j < n; ++j)                                                                           \
            add_mixed(width, row[j] - centre[j], mean, z + j * width, x + j * width, to);                           \
    }                                                                                                               \
    DISPATCHED static void dense_step_##VALUE(                                                                      \
        const VALUE *restrict row, const double *restrict centre, const double *restrict rate, ptrdiff_t n,         \
        ptrdiff_t width, double step, double l2, double l1, double share, const double *restrict move,              \
        double *restrict z, double *restrict x)                                                                     \
    {                                                                                                               \
        for (ptrdiff_t j = 0; j < n; ++j) {                                                                         \
            const double pay = step * rate[j];                                                                      \
            step_and_shrink(                                                                                        \
                width, rate[j] * (row[j] - centre[j]), pay * l1, 1.0 + pay * l2, move, z + j * width);              \
            average(width, share, z + j * width, x + j * width);                                                    \
        }                                                                                                           \
    }

DENSE_STEPS(float)
DENSE_STEPS(double)

#endif
