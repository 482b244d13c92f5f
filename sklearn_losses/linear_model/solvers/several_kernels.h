/* Arithmetic on one row x of X and K vectors at once, one for each output.
 *
 * The K vectors lie interleaved: those K numbers that belong to one column of X are side by side, padded with zeros to
 * `width`, a multiple of the lanes of a 32-byte register (`several_width`). A row is read once for all outputs, a sparse
 * row meets K neighbours in each of its columns, and every loop is as wide as a register.
 *
 * The bodies are in several_rows.h, written once and included for every type of value and column. They know nothing
 * of losses, steps or penalties.
 */
#ifndef SKLEARN_LOSSES_SEVERAL_KERNELS_H
#define SKLEARN_LOSSES_SEVERAL_KERNELS_H

#include "kernels.h"

typedef struct {
    size_t value_size;
    size_t column_size; /* 0: the row is dense */

    /* to_k = sum_j x_j v_jk */
    void (*dot)(const void *values, const void *columns, ptrdiff_t n, ptrdiff_t width, const void *v, double *to);
    /* v_jk += x_j c_k */
    void (*add)(const void *values, const void *columns, ptrdiff_t n, ptrdiff_t width, const double *c, void *v);
    /* As in kernels.h, for all outputs of the row's columns. */
    void (*truncate)(
        const void *columns, ptrdiff_t n, ptrdiff_t width, double pulled, double scale, void *v, void *paid);
} several_kernel_set;

enum { SEVERAL_BYTES = 32 };

#if defined(__GNUC__) || defined(__clang__)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#else
#define ALWAYS_INLINE static inline
#endif

/* Calls TILE(size) for k = 0, ... until all of `width` is done, with a `size` that is a constant in each call. */
#define EACH_TILE(TILE)                                 \
    ptrdiff_t k = 0;                                    \
    for (; k + 4 * LANES <= width; k += 4 * LANES)      \
        TILE(4);                                        \
    switch ((width - k) / LANES) {                      \
    case 3: TILE(3); break;                             \
    case 2: TILE(2); break;                             \
    case 1: TILE(1); break;                             \
    }

/* How many numbers hold K outputs. */
static inline ptrdiff_t several_width(ptrdiff_t n_outputs, size_t value_size)
{
    const ptrdiff_t lanes = SEVERAL_BYTES / (ptrdiff_t)value_size;
    return (n_outputs + lanes - 1) / lanes * lanes;
}

#define VALUE double
#include "several_rows.h"
#define COLUMN int32_t
#include "several_rows.h"
#undef COLUMN
#define COLUMN int64_t
#include "several_rows.h"
#undef COLUMN
#undef VALUE

#define VALUE float
#include "several_rows.h"
#define COLUMN int32_t
#include "several_rows.h"
#undef COLUMN
#define COLUMN int64_t
#include "several_rows.h"
#undef COLUMN
#undef VALUE

/* As `find_kernels`. */
static const several_kernel_set *find_several_kernels(size_t value_size, size_t column_size)
{
    static const several_kernel_set *const all[] = {
        &several_kernels_double_dense, &several_kernels_double_int32_t, &several_kernels_double_int64_t,
        &several_kernels_float_dense,  &several_kernels_float_int32_t,  &several_kernels_float_int64_t,
    };
    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); ++k)
        if (all[k]->value_size == value_size && all[k]->column_size == column_size)
            return all[k];
    return NULL;
}

#endif
