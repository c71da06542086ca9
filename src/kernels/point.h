/* What element-wise kernels share: blocks, sums in a fixed order, and an exponential of our own, the same bits with every C library. */
#ifndef CONVCORE_POINT_H
#define CONVCORE_POINT_H

#include "kernel.h"
#include "tile.h"

#include <math.h>
#include <string.h>

enum { POINT_BLOCK = 4096 };
static int64_t point_tasks(const problem *p) { return ceil_div(p->count, POINT_BLOCK); }

#ifdef CONVCORE_F64
typedef int64_t bits;
#define ROOT sqrt
enum { EXP_TERMS = 13, MANTISSA = 52, BIAS = 1023 };
#define EXP_LOWEST (-708.0)
#define ROUNDER 6755399441055744.0
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#else
typedef int32_t bits;
#define ROOT sqrtf
enum { EXP_TERMS = 7, MANTISSA = 23, BIAS = 127 };
#define EXP_LOWEST (-87.0f)
#define ROUNDER 12582912.0f
#define LN2_HIGH 0.693359375f
#define LN2_LOW (-2.12194440e-4f)
#endif

static const real inverse_factorial[] = {1,
                                         1,
                                         1 / (real)2,
                                         1 / (real)6,
                                         1 / (real)24,
                                         1 / (real)120,
                                         1 / (real)720,
                                         1 / (real)5040,
                                         1 / (real)40320,
                                         1 / (real)362880,
                                         1 / (real)3628800,
                                         1 / (real)39916800,
                                         1 / (real)479001600,
                                         1 / (real)6227020800};

/* exp(x) for x <= 0: 2^n * exp(r), |r| <= ln(2)/2, by Taylor's series. NaN stays NaN, what is below the range is 0. */
INLINE real exp_negative(real x) {
    const real clamped = x < EXP_LOWEST ? EXP_LOWEST : x;
    const real shifted = clamped * (real)1.44269504088896340736 + ROUNDER;
    const real n = shifted - ROUNDER;
    const real r = (clamped - n * (real)LN2_HIGH) - n * (real)LN2_LOW;
    real sum = inverse_factorial[EXP_TERMS];
    UNROLL for (int k = EXP_TERMS - 1; k >= 0; k--) sum = sum * r + inverse_factorial[k];
    bits exponent, rounder;
    const real base = ROUNDER;
    memcpy(&exponent, &shifted, sizeof exponent);
    memcpy(&rounder, &base, sizeof rounder);
    const bits scale_bits = (bits)((uint64_t)(exponent - rounder + BIAS) << MANTISSA);
    real scale;
    memcpy(&scale, &scale_bits, sizeof scale);
    return x < EXP_LOWEST ? 0 : sum * scale;
}

INLINE real magnitude(real x) { return x < 0 ? -x : x; }

/* Whether a batch with this loss (or NULL, for no such guard) is to change nothing. */
INLINE int is_refused(const double *loss) { return loss && !isfinite(*loss); }

enum { SUM_LANES = 16 };

/* The sum of SUM_LANES chains, by a tree. */
INLINE double sum_of_lanes(double *chains) {
    for (int half = SUM_LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) chains[i] += chains[i + half];
    return chains[0];
}

/* The sum of `count` doubles. */
INLINE double sum_of(const double *x, int64_t count) {
    double chains[SUM_LANES] = {0};
    int64_t i = 0;
    for (; i + SUM_LANES <= count; i += SUM_LANES)
        for (int k = 0; k < SUM_LANES; k++) chains[k] += x[i + k];
    for (int k = 0; i < count; i++, k++) chains[k] += x[i];
    return sum_of_lanes(chains);
}

/* Rows of fewer elements are one chain. */
enum { LONG_ROW = 2 * SUM_LANES };

/* The largest of a row, NaN if there is one. */
INLINE real row_most(const real *x, int64_t count) {
    real most = x[0];
    int64_t i = 1;
    if (count >= LONG_ROW) {
        vec best = vload(x), unused = vset1(0);
        for (i = VL; i + VL <= count; i += VL) vkeep_first_max(vload(x + i), vset1(0), &best, &unused);
        real lanes[VL];
        vstore(lanes, best);
        for (int k = 0; k < VL; k++) most = lanes[k] > most || lanes[k] != lanes[k] ? lanes[k] : most;
    }
    for (; i < count; i++) most = x[i] > most || x[i] != x[i] ? x[i] : most;
    return most;
}

/* The sum of a row of x, or of x times y where y is not NULL. */
INLINE real row_sum(const real *x, const real *y, int64_t count) {
    real sum = 0;
    int64_t i = 0;
    if (count >= LONG_ROW) {
        real chains[SUM_LANES] = {0};
        if (y)
            for (; i + SUM_LANES <= count; i += SUM_LANES)
                for (int k = 0; k < SUM_LANES; k++) chains[k] += x[i + k] * y[i + k];
        else
            for (; i + SUM_LANES <= count; i += SUM_LANES)
                for (int k = 0; k < SUM_LANES; k++) chains[k] += x[i + k];
        for (int half = SUM_LANES / 2; half > 0; half /= 2)
            for (int k = 0; k < half; k++) chains[k] += chains[k + half];
        sum = chains[0];
    }
    for (; i < count; i++) sum += y ? x[i] * y[i] : x[i];
    return sum;
}

#endif
