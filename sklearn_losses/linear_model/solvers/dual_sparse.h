/* Included by dual_kernels.h once for every VALUE and COLUMN. No column may stand twice
 * in a row: the step would be too long. */

static void JOIN3(dual_sparse_prefetch, VALUE, COLUMN)(const void *columns, ptrdiff_t n, const dual_state *state)
{
    const COLUMN *restrict column = columns;
    for (ptrdiff_t k = 0; k < n; ++k)
        PREFETCH(state->u + 2 * (size_t)column[k], 3);
}

static double JOIN3(dual_sparse_predict, VALUE, COLUMN)(
    const void *values, const void *columns, ptrdiff_t n, const dual_state *state)
{
    const VALUE *restrict x = values;
    const COLUMN *restrict column = columns;
    const double *restrict pairs = state->u;
    const double l1 = state->l1;
    double a = 0.0, b = 0.0;
    ptrdiff_t k = 0;
    if (l1 > 0.0) {
        for (; k < n; ++k) {
            const double *pair = pairs + 2 * (size_t)column[k];
            a += x[k] * soft_threshold(pair[0], l1) * pair[1];
        }
        return a;
    }
    for (; k + 2 <= n; k += 2) {
        const double *first = pairs + 2 * (size_t)column[k], *second = pairs + 2 * (size_t)column[k + 1];
        a += x[k] * first[0] * first[1];
        b += x[k + 1] * second[0] * second[1];
    }
    for (; k < n; ++k) {
        const double *pair = pairs + 2 * (size_t)column[k];
        a += x[k] * pair[0] * pair[1];
    }
    return a + b;
}

static double JOIN3(dual_sparse_squares, VALUE, COLUMN)(
    const void *values, const void *columns, ptrdiff_t n, const dual_state *state)
{
    const VALUE *restrict x = values;
    const COLUMN *restrict column = columns;
    const double *restrict pairs = state->u;
    double total = 0.0;
    for (ptrdiff_t k = 0; k < n; ++k)
        total += (double)x[k] * x[k] * pairs[2 * (size_t)column[k] + 1];
    return total;
}

static double JOIN3(dual_sparse_step, VALUE, COLUMN)(
    const void *values, const void *columns, ptrdiff_t n, double c, dual_state *state)
{
    const VALUE *restrict x = values;
    const COLUMN *restrict column = columns;
    double *restrict pairs = state->u;
    for (ptrdiff_t k = 0; k < n; ++k)
        pairs[2 * (size_t)column[k]] -= c * x[k];
    return 0.0;
}

static const dual_kernel_set JOIN3(dual_sparse, VALUE, COLUMN) = {
    .value_size = sizeof(VALUE),
    .column_size = sizeof(COLUMN),
    .prefetch = JOIN3(dual_sparse_prefetch, VALUE, COLUMN),
    .predict = JOIN3(dual_sparse_predict, VALUE, COLUMN),
    .squares = JOIN3(dual_sparse_squares, VALUE, COLUMN),
    .step = JOIN3(dual_sparse_step, VALUE, COLUMN),
};
