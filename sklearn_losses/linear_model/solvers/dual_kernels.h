/* What a dual coordinate step does with one row of X, written once for every type of value and column.
 *
 * The model is kept in two forms: u, to which steps add multiples of rows, and w_j = soft(u_j, l1) * rate_j, which
 * gives predictions. A dense row is centred on the way and has both at hand; a sparse one works out the w_j that
 * it meets from u_j and rate_j, which lie side by side. Knows nothing of losses. */
#ifndef SKLEARN_LOSSES_DUAL_KERNELS_H
#define SKLEARN_LOSSES_DUAL_KERNELS_H

#include "kernels.h"

typedef struct {
    double *u;            /* sparse: u_0, rate_0, u_1, rate_1, ... */
    double *w;            /* dense only, as are the next two */
    const double *rate;
    const double *centre;
    double l1;
} dual_state;

typedef struct {
    size_t value_size, column_size;
    /* Asks for what `predict` and `step` will read of the state. */
    void (*prefetch)(const void *columns, ptrdiff_t n, const dual_state *state);
    /* x . w, not centred */
    double (*predict)(const void *values, const void *columns, ptrdiff_t n, const dual_state *state);
    /* sum of rate_j (x_j - centre_j)^2 */
    double (*squares)(const void *values, const void *columns, ptrdiff_t n, const dual_state *state);
    /* u -= c (x - centre), and w after it; returns centre . w */
    double (*step)(const void *values, const void *columns, ptrdiff_t n, double c, dual_state *state);
} dual_kernel_set;

/* Without a branch: signs are as good as random. */
static inline double soft_threshold(double u, double l1)
{
    const double rest = fabs(u) - l1;
    return copysign(rest > 0.0 ? rest : 0.0, u);
}

#define VALUE double
#include "dual_dense.h"
#define COLUMN int32_t
#include "dual_sparse.h"
#undef COLUMN
#define COLUMN int64_t
#include "dual_sparse.h"
#undef COLUMN
#undef VALUE

#define VALUE float
#include "dual_dense.h"
#define COLUMN int32_t
#include "dual_sparse.h"
#undef COLUMN
#define COLUMN int64_t
#include "dual_sparse.h"
#undef COLUMN
#undef VALUE

static const dual_kernel_set *find_dual_kernels(size_t value_size, size_t column_size)
{
    static const dual_kernel_set *const all[] = {
        &dual_dense_double, &dual_sparse_double_int32_t, &dual_sparse_double_int64_t,
        &dual_dense_float,  &dual_sparse_float_int32_t,  &dual_sparse_float_int64_t,
    };
    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); ++k)
        if (all[k]->value_size == value_size && all[k]->column_size == column_size)
            return all[k];
    return NULL;
}

#endif
