/* Softmax and log-sum-exp of samples that have several numbers each, side by side: the exponentials of a few hundred
 * numbers at a time, in lanes. Knows numbers only. */
#ifndef SKLEARN_LOSSES_ROW_EXPONENTIALS_H
#define SKLEARN_LOSSES_ROW_EXPONENTIALS_H

#include <math.h>
#include <stddef.h>
#include "simd.h"

enum { NUMBERS_AT_ONCE = 256 };

static inline double largest_of(const double *a, ptrdiff_t width)
{
    double top = a[0];
    for (ptrdiff_t k = 1; k < width; ++k)
        top = a[k] > top ? a[k] : top;
    return top;
}

/* r = exp(a - largest) / sum; r does not overlap a. */
DISPATCHED static void softmax_of_rows(double *restrict r, const double *restrict a, ptrdiff_t n, ptrdiff_t width)
{
    for (ptrdiff_t i = 0; i < n; ++i) {
        const double top = largest_of(a + i * width, width);
        for (ptrdiff_t k = 0; k < width; ++k)
            r[i * width + k] = a[i * width + k] - top;
    }
    SIMD("omp simd")
    for (ptrdiff_t j = 0; j < n * width; ++j)
        r[j] = exp(r[j]);
    for (ptrdiff_t i = 0; i < n; ++i) {
        double *row = r + i * width, total = 0.0;
        for (ptrdiff_t k = 0; k < width; ++k)
            total += row[k];
        SIMD("omp simd")
        for (ptrdiff_t k = 0; k < width; ++k)
            row[k] /= total;
    }
}

/* r = largest + log1p(sum of the others' exp(a - largest)), one number a sample. */
DISPATCHED static void logsumexp_of_rows(double *restrict r, const double *restrict a, ptrdiff_t n, ptrdiff_t width)
{
    double shifted[NUMBERS_AT_ONCE], tops[NUMBERS_AT_ONCE], sums[NUMBERS_AT_ONCE];
    const ptrdiff_t rows = width < NUMBERS_AT_ONCE ? NUMBERS_AT_ONCE / width : 1;
    for (ptrdiff_t start = 0; start < n; start += rows) {
        const ptrdiff_t m = n - start < rows ? n - start : rows;
        for (ptrdiff_t i = 0; i < m; ++i) {
            tops[i] = largest_of(a + (start + i) * width, width);
            sums[i] = -1.0; /* the largest itself */
        }
        for (ptrdiff_t from = 0; from < width; from += NUMBERS_AT_ONCE) { /* once, but for very many numbers */
            const ptrdiff_t w = width - from < NUMBERS_AT_ONCE ? width - from : NUMBERS_AT_ONCE;
            for (ptrdiff_t i = 0; i < m; ++i) {
                const double shift = isfinite(tops[i]) ? tops[i] : 0.0;
                for (ptrdiff_t k = 0; k < w; ++k)
                    shifted[i * w + k] = a[(start + i) * width + from + k] - shift;
            }
            SIMD("omp simd")
            for (ptrdiff_t j = 0; j < m * w; ++j)
                shifted[j] = exp(shifted[j]);
            for (ptrdiff_t i = 0; i < m; ++i) {
                const double *row = a + (start + i) * width + from;
                double others = 0.0, equals = 0.0;
                for (ptrdiff_t k = 0; k < w; ++k) {
                    others += row[k] == tops[i] ? 0.0 : shifted[i * w + k];
                    equals += row[k] == tops[i] ? 1.0 : 0.0;
                }
                sums[i] = (sums[i] + equals) + others;
            }
        }
        SIMD("omp simd")
        for (ptrdiff_t i = 0; i < m; ++i)
            sums[i] = log1p(sums[i]);
        for (ptrdiff_t i = 0; i < m; ++i)
            r[start + i] = tops[i] + sums[i];
    }
}

#endif
