/* How loops over numbers are compiled: for several instruction sets where the compiler can choose among them at
 * load time (GCC with glibc on x86-64), elsewhere for the base line. */
#ifndef SKLEARN_LOSSES_SIMD_H
#define SKLEARN_LOSSES_SIMD_H

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define DISPATCHED __attribute__((target_clones("avx2", "default")))
#else
#define DISPATCHED
#endif

#ifdef HAS_LIBMVEC
/* glibc's vector mathematics, within 4 ulp, in the loops that are marked SIMD. */
double exp(double) __attribute__((simd("notinbranch")));
double expm1(double) __attribute__((simd("notinbranch")));
double log(double) __attribute__((simd("notinbranch")));
double log1p(double) __attribute__((simd("notinbranch")));
#endif

#if defined(__GNUC__) || defined(__clang__)
#define SIMD(clauses) _Pragma(clauses)
#else
#define SIMD(clauses)
#endif

#endif
