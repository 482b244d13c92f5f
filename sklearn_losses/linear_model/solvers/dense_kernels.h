/* Included by kernels.h once for every VALUE; see there for what each function does. */

/* x . v of at most a few thousand values: four independent sums hide the latency of the addition. */
static inline ALWAYS VALUE JOIN(dot_of_block, VALUE)(const VALUE *restrict x, const VALUE *restrict v, ptrdiff_t n)
{
    enum { LANES = 32 / sizeof(VALUE) };
    ptrdiff_t j = 0;
    VALUE total = 0;
#ifdef VECTORS
    typedef VALUE lanes __attribute__((vector_size(32), aligned(sizeof(VALUE)), may_alias));
    lanes a = {0}, b = {0}, c = {0}, d = {0};
    for (; j + 4 * LANES <= n; j += 4 * LANES) {
        a += *(const lanes *)(x + j) * *(const lanes *)(v + j);
        b += *(const lanes *)(x + j + LANES) * *(const lanes *)(v + j + LANES);
        c += *(const lanes *)(x + j + 2 * LANES) * *(const lanes *)(v + j + 2 * LANES);
        d += *(const lanes *)(x + j + 3 * LANES) * *(const lanes *)(v + j + 3 * LANES);
    }
    for (; j + LANES <= n; j += LANES)
        a += *(const lanes *)(x + j) * *(const lanes *)(v + j);
    a = (a + b) + (c + d);
    for (int half = LANES / 2; half > 0; half /= 2) /* the next row waits for this sum: a tree is shorter than a chain */
        for (int lane = 0; lane < half; ++lane)
            a[lane] += a[lane + half];
    total = a[0];
#endif
    for (; j < n; ++j)
        total += x[j] * v[j];
    return total;
}

/* Sums of single-precision products run over blocks that are added up in double precision, so that their error
 * does not grow with n. */
DISPATCHED
static double JOIN(dense_dot, VALUE)(const void *values, const void *columns, ptrdiff_t n, const void *vector)
{
    const VALUE *restrict x = values, *restrict v = vector;
    const ptrdiff_t block = 2048;
    if (n <= block)
        return JOIN(dot_of_block, VALUE)(x, v, n);
    double total = 0.0;
    for (ptrdiff_t start = 0; start < n; start += block)
        total += JOIN(dot_of_block, VALUE)(x + start, v + start, n - start < block ? n - start : block);
    return total;
}

DISPATCHED
static void JOIN(dense_add, VALUE)(const void *values, const void *columns, ptrdiff_t n, double factor, void *vector)
{
    const VALUE *restrict x = values;
    VALUE *restrict v = vector;
    const VALUE c = (VALUE)factor;
    SIMD("omp simd")
    for (ptrdiff_t j = 0; j < n; ++j)
        v[j] += c * x[j];
}

static void JOIN(add_dense, VALUE)(ptrdiff_t n, double factor, const void *values, void *vector)
{
    JOIN(dense_add, VALUE)(values, NULL, n, factor, vector);
}

static double JOIN(sum_squares, VALUE)(const void *values, ptrdiff_t n)
{
    return JOIN(dense_dot, VALUE)(values, NULL, n, values);
}

DISPATCHED
static double JOIN(dense_add_and_sum_squares, VALUE)(
    const void *values, const void *columns, ptrdiff_t n, double factor, void *vector)
{
    const VALUE *restrict x = values;
    VALUE *restrict v = vector;
    const VALUE c = (VALUE)factor;
    const ptrdiff_t block = 2048;
    double total = 0.0;
    for (ptrdiff_t start = 0; start < n; start += block, x += block, v += block) {
        const ptrdiff_t size = n - start < block ? n - start : block;
        const ptrdiff_t half = size / 2 / 8 * 8;
        VALUE a = 0, b = 0;
        SIMD("omp simd reduction(+ : a, b)")
        for (ptrdiff_t j = 0; j < half; ++j) {
            const VALUE p = v[j] + c * x[j], q = v[j + half] + c * x[j + half];
            v[j] = p;
            v[j + half] = q;
            a += p * p;
            b += q * q;
        }
        VALUE rest = 0;
        SIMD("omp simd reduction(+ : rest)")
        for (ptrdiff_t j = 2 * half; j < size; ++j) {
            const VALUE p = v[j] + c * x[j];
            v[j] = p;
            rest += p * p;
        }
        total += (double)a + b + rest;
    }
    return total;
}

DISPATCHED
static double JOIN(dense_sum_absolutes, VALUE)(const void *columns, ptrdiff_t n, const void *vector)
{
    const VALUE *restrict v = vector;
    double total = 0.0;
    SIMD("omp simd reduction(+ : total)")
    for (ptrdiff_t j = 0; j < n; ++j)
        total += v[j] < 0 ? -v[j] : v[j];
    return total;
}

static inline VALUE JOIN(truncated, VALUE)(VALUE z, double paid, double pulled, double scale)
{
    const double lower = z - (pulled + paid) / scale, upper = z + (pulled - paid) / scale;
    return (VALUE)(z > 0 ? (lower > 0 ? lower : 0) : z < 0 ? (upper < 0 ? upper : 0) : z);
}

DISPATCHED
static void JOIN(dense_truncate, VALUE)(
    const void *columns, ptrdiff_t n, double pulled, double scale, void *vector, void *payments)
{
    VALUE *restrict v = vector, *restrict paid = payments;
    SIMD("omp simd")
    for (ptrdiff_t j = 0; j < n; ++j) {
        const VALUE z = v[j], moved = JOIN(truncated, VALUE)(z, paid[j], pulled, scale);
        v[j] = moved;
        paid[j] += (VALUE)(scale * (moved - z));
    }
}

DISPATCHED
static void JOIN(multiply, VALUE)(ptrdiff_t n, double factor, void *vector)
{
    VALUE *restrict v = vector;
    const VALUE c = (VALUE)factor;
    SIMD("omp simd")
    for (ptrdiff_t j = 0; j < n; ++j)
        v[j] *= c;
}

static const kernel_set JOIN(dense_kernels, VALUE) = {
    .value_size = sizeof(VALUE),
    .column_size = 0,
    .dot = JOIN(dense_dot, VALUE),
    .add = JOIN(dense_add, VALUE),
    .add_and_sum_squares = JOIN(dense_add_and_sum_squares, VALUE),
    .add_dense = JOIN(add_dense, VALUE),
    .sum_squares = JOIN(sum_squares, VALUE),
    .sum_absolutes = JOIN(dense_sum_absolutes, VALUE),
    .truncate = JOIN(dense_truncate, VALUE),
    .multiply = JOIN(multiply, VALUE),
};
