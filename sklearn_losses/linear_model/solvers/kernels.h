/* Arithmetic on one row x of X and one vector v as long as the row's columns reach.
 *
 * A row is `n` values and, when it is sparse, the `n` columns they stand in. The bodies are in
 * dense_kernels.h and sparse_kernels.h, written once and included for every type of value and
 * column. They know nothing of losses, steps or penalties.
 *
 * Dense loops are compiled for several instruction sets where the compiler can choose among them
 * at load time (GCC with glibc on x86-64); elsewhere they are compiled for the base line. AVX-512 was slower
 * than AVX2 on rows of 20 and of 100 values: its remainders cost more than its width saves.
 */
#ifndef SKLEARN_LOSSES_KERNELS_H
#define SKLEARN_LOSSES_KERNELS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "simd.h"

#if defined(__GNUC__) || defined(__clang__)
/* The empty statement keeps it: GCC takes a function that only prefetches for one without effects, and drops its calls. */
#define PREFETCH(address, level)                      \
    do {                                              \
        __builtin_prefetch(address, 0, level);        \
        __asm__ volatile("" : : "r"(address));        \
    } while (0)
#define VECTORS /* types that hold several values */
#define ALWAYS __attribute__((always_inline))
#else
#define PREFETCH(address, level) ((void)0)
#define ALWAYS
#endif

enum { CACHE_LINE = 64 };

typedef struct {
    size_t value_size;
    size_t column_size; /* 0: the row is dense */

    /* x . v */
    double (*dot)(const void *values, const void *columns, ptrdiff_t n, const void *v);
    /* v += c x */
    void (*add)(const void *values, const void *columns, ptrdiff_t n, double c, void *v);
    /* v += c x; returns the sum of v_j^2 over the row's columns, after the addition */
    double (*add_and_sum_squares)(const void *values, const void *columns, ptrdiff_t n, double c, void *v);
    /* v += c x, all n entries of a vector x */
    void (*add_dense)(ptrdiff_t n, double c, const void *x, void *v);
    /* x . x */
    double (*sum_squares)(const void *values, ptrdiff_t n);
    /* sum of |v_j| over the row's columns */
    double (*sum_absolutes)(const void *columns, ptrdiff_t n, const void *v);
    /* Moves scale * v_j, for the row's columns, towards 0 by what is left of the total pull `pulled`, at most
     * to 0; paid_j is the (signed) pull that column j had so far. */
    void (*truncate)(const void *columns, ptrdiff_t n, double pulled, double scale, void *v, void *paid);
    /* v *= c, all n entries */
    void (*multiply)(ptrdiff_t n, double c, void *v);
} kernel_set;

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define JOIN3(a, b, c) JOIN(JOIN(a, b), c)

#define VALUE double
#include "dense_kernels.h"
#define COLUMN int32_t
#include "sparse_kernels.h"
#undef COLUMN
#define COLUMN int64_t
#include "sparse_kernels.h"
#undef COLUMN
#undef VALUE

#define VALUE float
#include "dense_kernels.h"
#define COLUMN int32_t
#include "sparse_kernels.h"
#undef COLUMN
#define COLUMN int64_t
#include "sparse_kernels.h"
#undef COLUMN
#undef VALUE

/* column_size 0 asks for dense rows; NULL: there is no such set. */
static const kernel_set *find_kernels(size_t value_size, size_t column_size)
{
    static const kernel_set *const all[] = {
        &dense_kernels_double, &sparse_kernels_double_int32_t, &sparse_kernels_double_int64_t,
        &dense_kernels_float,  &sparse_kernels_float_int32_t,  &sparse_kernels_float_int64_t,
    };
    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); ++k)
        if (all[k]->value_size == value_size && all[k]->column_size == column_size)
            return all[k];
    return NULL;
}

/* Asks for every cache line of `size` bytes; of a long stretch only the first, the processor follows. They come to the
 * second-level cache if they are needed much later (`far`), where they are in nobody's way, else to the first. */
static inline void prefetch_bytes(const char *start, size_t size, int far)
{
    const size_t limit = 32 * CACHE_LINE;
    const char *const end = start + (size < limit ? size : limit);
    const char *line = start - (uintptr_t)start % CACHE_LINE;
    if (far)
        for (; line < end; line += CACHE_LINE)
            PREFETCH(line, 2);
    else
        for (; line < end; line += CACHE_LINE)
            PREFETCH(line, 3);
}

#endif
