/* Included by dual_kernels.h once for every VALUE; see there for what each function does. Sums are double. */

/* It stays in the first-level cache anyway. */
static void JOIN(dual_dense_prefetch, VALUE)(const void *columns, ptrdiff_t n, const dual_state *state) {}

DISPATCHED
static double JOIN(dual_dense_predict, VALUE)(
    const void *values, const void *columns, ptrdiff_t n, const dual_state *state)
{
    const VALUE *restrict x = values;
    const double *restrict w = state->w;
    double a = 0.0, b = 0.0, c = 0.0, d = 0.0;
    ptrdiff_t j = 0;
#ifdef VECTORS
    /* Four independent sums hide the latency of the addition. */
    typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));
    typedef VALUE source __attribute__((vector_size(4 * sizeof(VALUE)), aligned(sizeof(VALUE)), may_alias));
    lanes s = {0}, t = {0}, p = {0}, q = {0};
    for (; j + 16 <= n; j += 16) {
        s += __builtin_convertvector(*(const source *)(x + j), lanes) * *(const lanes *)(w + j);
        t += __builtin_convertvector(*(const source *)(x + j + 4), lanes) * *(const lanes *)(w + j + 4);
        p += __builtin_convertvector(*(const source *)(x + j + 8), lanes) * *(const lanes *)(w + j + 8);
        q += __builtin_convertvector(*(const source *)(x + j + 12), lanes) * *(const lanes *)(w + j + 12);
    }
    for (; j + 4 <= n; j += 4)
        s += __builtin_convertvector(*(const source *)(x + j), lanes) * *(const lanes *)(w + j);
    s = (s + t) + (p + q);
    a = s[0], b = s[1], c = s[2], d = s[3];
#endif
    for (; j < n; ++j)
        a += x[j] * w[j];
    return (a + b) + (c + d);
}

DISPATCHED
static double JOIN(dual_dense_squares, VALUE)(
    const void *values, const void *columns, ptrdiff_t n, const dual_state *state)
{
    const VALUE *restrict x = values;
    const double *restrict rate = state->rate, *restrict centre = state->centre;
    double total = 0.0;
    SIMD("omp simd reduction(+ : total)")
    for (ptrdiff_t j = 0; j < n; ++j) {
        const double away = x[j] - centre[j];
        total += rate[j] * away * away;
    }
    return total;
}

DISPATCHED
static double JOIN(dual_dense_step, VALUE)(
    const void *values, const void *columns, ptrdiff_t n, double c, dual_state *state)
{
    const VALUE *restrict x = values;
    const double *restrict rate = state->rate, *restrict centre = state->centre;
    double *restrict u = state->u, *restrict w = state->w;
    const double l1 = state->l1;
    double total = 0.0;
    if (l1 > 0.0) {
        SIMD("omp simd reduction(+ : total)")
        for (ptrdiff_t j = 0; j < n; ++j) {
            u[j] -= c * (x[j] - centre[j]);
            w[j] = rate[j] * soft_threshold(u[j], l1);
            total += centre[j] * w[j];
        }
    } else {
        SIMD("omp simd reduction(+ : total)")
        for (ptrdiff_t j = 0; j < n; ++j) {
            u[j] -= c * (x[j] - centre[j]);
            w[j] = rate[j] * u[j];
            total += centre[j] * w[j];
        }
    }
    return total;
}

static const dual_kernel_set JOIN(dual_dense, VALUE) = {
    .value_size = sizeof(VALUE),
    .column_size = 0,
    .prefetch = JOIN(dual_dense_prefetch, VALUE),
    .predict = JOIN(dual_dense_predict, VALUE),
    .squares = JOIN(dual_dense_squares, VALUE),
    .step = JOIN(dual_dense_step, VALUE),
};
