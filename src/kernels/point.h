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
#define MAGNITUDE fabs
enum { MANTISSA = 52, BIAS = 1023 };
#define EXP_LOWEST (-708.0)
#define ROUNDER 6755399441055744.0
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#else
typedef int32_t bits;
#define ROOT sqrtf
#define MAGNITUDE fabsf
enum { MANTISSA = 23, BIAS = 127 };
#define EXP_LOWEST (-87.0f)
#define ROUNDER 12582912.0f
#define LN2_HIGH 0.693359375f
#define LN2_LOW (-2.12194440e-4f)
#endif

/* (exp(r) - 1) / r over |r| <= ln(2)/2 as a polynomial, from the Chebyshev points. */
#ifdef CONVCORE_F64
static const real exp_terms[] = {1,
                                 0.50000000000000056169,
                                 0.16666666666666670986,
                                 0.041666666666573142611,
                                 0.008333333333326140884,
                                 0.0013888888932488598181,
                                 0.00019841269874800491981,
                                 2.4801504346997687255e-05,
                                 2.7557255425746434282e-06,
                                 2.7626357241447222855e-07,
                                 2.5105206373957011116e-08};
#else
static const real exp_terms[] = {
    1, 0.5f, 0.16666506052608123490f, 0.041666465006040048761f, 0.0083691484908563465866f, 0.0013933641031986701150f};
#endif
/* The last of them stands alone where their number is odd. */
enum { EXP_TERMS = sizeof exp_terms / sizeof *exp_terms, EXP_LAST = EXP_TERMS - 2 + EXP_TERMS % 2 };

/* exp(r) - 1 over |r| <= ln(2)/2, by pairs of terms: none of a pair waits for the pair before it. */
INLINE real exp_rest(real r) {
    const real square = r * r;
    real sum = EXP_TERMS % 2 ? exp_terms[EXP_LAST] : exp_terms[EXP_LAST] + exp_terms[EXP_TERMS - 1] * r;
    UNROLL for (int k = EXP_LAST - 2; k >= 0; k -= 2) sum = sum * square + (exp_terms[k] + exp_terms[k + 1] * r);
    return sum * r;
}

/* exp(x) for x <= 0: 2^n * exp(r), |r| <= ln(2)/2. NaN stays NaN, what is below the range is 0. */
INLINE real exp_negative(real x) {
    const real clamped = x < EXP_LOWEST ? EXP_LOWEST : x;
    const real shifted = clamped * (real)1.44269504088896340736 + ROUNDER;
    const real n = shifted - ROUNDER;
    const real r = (clamped - n * (real)LN2_HIGH) - n * (real)LN2_LOW;
    bits exponent, rounder;
    const real base = ROUNDER;
    memcpy(&exponent, &shifted, sizeof exponent);
    memcpy(&rounder, &base, sizeof rounder);
    const bits scale_bits = (bits)((uint64_t)(exponent - rounder + BIAS) << MANTISSA);
    real scale;
    memcpy(&scale, &scale_bits, sizeof scale);
    return x < EXP_LOWEST ? 0 : (1 + exp_rest(r)) * scale;
}

INLINE real magnitude(real x) { return MAGNITUDE(x); }

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
