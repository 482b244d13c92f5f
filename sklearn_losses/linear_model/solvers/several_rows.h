/* Included by several_kernels.h once for every VALUE and COLUMN, and without COLUMN for dense rows; see there for what
 * each function does. A column may stand twice in a row: what writes goes entry by entry. */

#ifdef COLUMN
#define NAMED(name) JOIN3(several_##name, VALUE, COLUMN)
#define AT(vector, j) ((vector) + (ptrdiff_t)column[j] * width)
#define COLUMNS const COLUMN *restrict column = columns;
#else
#define NAMED(name) JOIN3(several_##name, VALUE, dense)
#define AT(vector, j) ((vector) + (j) * width)
#define COLUMNS
#endif

/* `tile` registers' worth of outputs, at most 4, which is what a call of constant `tile` unrolls. Two entries at a time
 * hide the latency of the addition. Sums of single-precision products run over blocks that are added up in double
 * precision, so that their error does not grow with n. */
ALWAYS_INLINE void NAMED(dot_of_tile)(
    const VALUE *restrict x, const void *columns, ptrdiff_t n, ptrdiff_t width, const VALUE *restrict v, int tile,
    double *restrict to)
{
    enum { LANES = SEVERAL_BYTES / sizeof(VALUE), BLOCK = 2048 };
    COLUMNS
    for (int k = 0; k < tile * LANES; ++k)
        to[k] = 0.0;
    for (ptrdiff_t start = 0; start < n; start += BLOCK) {
        const ptrdiff_t end = n - start < BLOCK ? n : start + BLOCK;
        ptrdiff_t j = start;
#ifdef VECTORS
        typedef VALUE lanes __attribute__((vector_size(SEVERAL_BYTES), may_alias));
        lanes a[4] = {{0}}, b[4] = {{0}};
        for (; j + 2 <= end; j += 2) {
            const lanes *p = (const lanes *)AT(v, j), *q = (const lanes *)AT(v, j + 1);
            for (int k = 0; k < tile; ++k) {
                a[k] += x[j] * p[k];
                b[k] += x[j + 1] * q[k];
            }
        }
        if (j < end) {
            const lanes *p = (const lanes *)AT(v, j);
            for (int k = 0; k < tile; ++k)
                a[k] += x[j] * p[k];
        }
        for (int k = 0; k < tile; ++k) {
            a[k] += b[k];
            for (int lane = 0; lane < LANES; ++lane)
                to[k * LANES + lane] += a[k][lane];
        }
#else
        for (; j < end; ++j) {
            const VALUE *p = AT(v, j);
            for (int k = 0; k < tile * LANES; ++k)
                to[k] += x[j] * p[k];
        }
#endif
    }
}

DISPATCHED
static void NAMED(dot)(
    const void *values, const void *columns, ptrdiff_t n, ptrdiff_t width, const void *vector, double *to)
{
    enum { LANES = SEVERAL_BYTES / sizeof(VALUE) };
    const VALUE *x = values, *v = vector;
#define TILE(size) NAMED(dot_of_tile)(x, columns, n, width, v + k, size, to + k)
    EACH_TILE(TILE)
#undef TILE
}

ALWAYS_INLINE void NAMED(add_to_tile)(
    const VALUE *restrict x, const void *columns, ptrdiff_t n, ptrdiff_t width, const double *c, int tile,
    VALUE *restrict v)
{
    enum { LANES = SEVERAL_BYTES / sizeof(VALUE) };
    COLUMNS
#ifdef VECTORS
    typedef VALUE lanes __attribute__((vector_size(SEVERAL_BYTES), may_alias));
    lanes step[4];
    for (int k = 0; k < tile; ++k)
        for (int lane = 0; lane < LANES; ++lane)
            step[k][lane] = (VALUE)c[k * LANES + lane];
    for (ptrdiff_t j = 0; j < n; ++j) {
        lanes *p = (lanes *)AT(v, j);
        for (int k = 0; k < tile; ++k)
            p[k] += x[j] * step[k];
    }
#else
    for (ptrdiff_t j = 0; j < n; ++j) {
        VALUE *p = AT(v, j);
        for (int k = 0; k < tile * LANES; ++k)
            p[k] += x[j] * (VALUE)c[k];
    }
#endif
}

DISPATCHED
static void NAMED(add)(
    const void *values, const void *columns, ptrdiff_t n, ptrdiff_t width, const double *c, void *vector)
{
    enum { LANES = SEVERAL_BYTES / sizeof(VALUE) };
    const VALUE *x = values;
    VALUE *v = vector;
#define TILE(size) NAMED(add_to_tile)(x, columns, n, width, c + k, size, v + k)
    EACH_TILE(TILE)
#undef TILE
}

DISPATCHED
static void NAMED(truncate)(
    const void *columns, ptrdiff_t n, ptrdiff_t width, double pulled, double scale, void *vector, void *payments)
{
    COLUMNS
    for (ptrdiff_t j = 0; j < n; ++j) {
        VALUE *restrict v = AT((VALUE *)vector, j), *restrict paid = AT((VALUE *)payments, j);
        SIMD("omp simd")
        for (ptrdiff_t k = 0; k < width; ++k) {
            const VALUE z = v[k], moved = JOIN(truncated, VALUE)(z, paid[k], pulled, scale);
            v[k] = moved;
            paid[k] += (VALUE)(scale * (moved - z));
        }
    }
}

static const several_kernel_set NAMED(kernels) = {
    .value_size = sizeof(VALUE),
#ifdef COLUMN
    .column_size = sizeof(COLUMN),
#else
    .column_size = 0,
#endif
    .dot = NAMED(dot),
    .add = NAMED(add),
    .truncate = NAMED(truncate),
};

#undef NAMED
#undef AT
#undef COLUMNS
