/* Included by kernels.h once for every VALUE and COLUMN, after the dense kernels of VALUE.
 *
 * A column may stand twice in a row (a CSR matrix need not be canonical): what writes goes entry by entry. */

static double JOIN3(sparse_dot, VALUE, COLUMN)(const void *values, const void *columns, ptrdiff_t n, const void *vector)
{
    const VALUE *restrict x = values, *restrict v = vector;
    const COLUMN *restrict column = columns;
    double a = 0.0, b = 0.0, c = 0.0, d = 0.0;
    ptrdiff_t j = 0;
    for (; j + 4 <= n; j += 4) {
        a += (double)x[j] * v[column[j]];
        b += (double)x[j + 1] * v[column[j + 1]];
        c += (double)x[j + 2] * v[column[j + 2]];
        d += (double)x[j + 3] * v[column[j + 3]];
    }
    for (; j < n; ++j)
        a += (double)x[j] * v[column[j]];
    return (a + b) + (c + d);
}

static void JOIN3(sparse_add, VALUE, COLUMN)(
    const void *values, const void *columns, ptrdiff_t n, double factor, void *vector)
{
    const VALUE *restrict x = values;
    const COLUMN *restrict column = columns;
    VALUE *restrict v = vector;
    const VALUE c = (VALUE)factor;
    for (ptrdiff_t j = 0; j < n; ++j)
        v[column[j]] += c * x[j];
}

static double JOIN3(sparse_add_and_sum_squares, VALUE, COLUMN)(
    const void *values, const void *columns, ptrdiff_t n, double factor, void *vector)
{
    const VALUE *restrict x = values;
    const COLUMN *restrict column = columns;
    VALUE *restrict v = vector;
    const VALUE c = (VALUE)factor;
    double a = 0.0, b = 0.0;
    ptrdiff_t j = 0;
    for (; j + 2 <= n; j += 2) {
        const VALUE p = v[column[j]] += c * x[j];
        const VALUE q = v[column[j + 1]] += c * x[j + 1];
        a += (double)p * p;
        b += (double)q * q;
    }
    for (; j < n; ++j) {
        const VALUE p = v[column[j]] += c * x[j];
        a += (double)p * p;
    }
    return a + b;
}

static double JOIN3(sparse_sum_absolutes, VALUE, COLUMN)(const void *columns, ptrdiff_t n, const void *vector)
{
    const COLUMN *restrict column = columns;
    const VALUE *restrict v = vector;
    double total = 0.0;
    for (ptrdiff_t j = 0; j < n; ++j)
        total += fabs((double)v[column[j]]);
    return total;
}

static void JOIN3(sparse_truncate, VALUE, COLUMN)(
    const void *columns, ptrdiff_t n, double pulled, double scale, void *vector, void *payments)
{
    const COLUMN *restrict column = columns;
    VALUE *restrict v = vector, *restrict paid = payments;
    for (ptrdiff_t j = 0; j < n; ++j) {
        const COLUMN k = column[j];
        const VALUE z = v[k], moved = JOIN(truncated, VALUE)(z, paid[k], pulled, scale);
        v[k] = moved;
        paid[k] += (VALUE)(scale * (moved - z));
    }
}

static const kernel_set JOIN3(sparse_kernels, VALUE, COLUMN) = {
    .value_size = sizeof(VALUE),
    .column_size = sizeof(COLUMN),
    .dot = JOIN3(sparse_dot, VALUE, COLUMN),
    .add = JOIN3(sparse_add, VALUE, COLUMN),
    .add_and_sum_squares = JOIN3(sparse_add_and_sum_squares, VALUE, COLUMN),
    .add_dense = JOIN(add_dense, VALUE),
    .sum_squares = JOIN(sum_squares, VALUE),
    .sum_absolutes = JOIN3(sparse_sum_absolutes, VALUE, COLUMN),
    .truncate = JOIN3(sparse_truncate, VALUE, COLUMN),
    .multiply = JOIN(multiply, VALUE),
};
