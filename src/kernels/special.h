/* Functions of one number for element-wise kernels: plain arithmetic in a fixed order, no C library, the same bits on every
 * ISA. Each is accurate to a few units in the last place, and NaN stays NaN. */
#ifndef CONVCORE_SPECIAL_H
#define CONVCORE_SPECIAL_H

#include "point.h"

#ifdef CONVCORE_F64
#define EXP_HIGHEST 709.78271289338397
enum { ATANH_TERMS = 16, TAIL_TERMS = 24 };
#else
#define EXP_HIGHEST 88.7228317f
enum { ATANH_TERMS = 7, TAIL_TERMS = 10 };
#endif

/* exp(r) - 1 over |r| <= ln(2)/2, and n with x = n ln(2) + r and 2^(n - less). */
INLINE real exp_parts(real x, bits less, real *power) {
    const real shifted = x * (real)1.44269504088896340736 + ROUNDER, n = shifted - ROUNDER, base = ROUNDER;
    const real r = (x - n * (real)LN2_HIGH) - n * (real)LN2_LOW;
    bits exponent, rounder;
    memcpy(&exponent, &shifted, sizeof exponent);
    memcpy(&rounder, &base, sizeof rounder);
    const bits scale = (bits)((uint64_t)(exponent - rounder - less + BIAS) << MANTISSA);
    memcpy(power, &scale, sizeof scale);
    return exp_rest(r);
}

/* exp(x) for any x: what is above the range is infinite, what is below it 0. */
INLINE real exponential(real x) {
    const real low = x < EXP_LOWEST ? EXP_LOWEST : x, clamped = low > EXP_HIGHEST ? EXP_HIGHEST : low;
    /* 2^128 is no number, 2 * 2^127 * 0.9 is one. */
    const bits less = clamped > 0;
    real power;
    const real part = exp_parts(clamped, less, &power), value = (power + power * part) * (less ? 2 : 1);
    return x < EXP_LOWEST ? 0 : x > EXP_HIGHEST ? (real)INFINITY : value;
}

/* exp(x) - 1 for x <= 0. */
INLINE real exp_less_one(real x) {
    const real clamped = x < EXP_LOWEST ? EXP_LOWEST : x;
    real power;
    const real part = exp_parts(clamped, 0, &power);
    return power * part + (power - 1);
}

/* log(1 + x) for 0 <= x <= 1: the series of 2 atanh(x / (2 + x)). */
INLINE real log_one_more(real x) {
    const real s = x / (2 + x), square = s * s;
    real sum = 1 / (real)(2 * ATANH_TERMS + 1);
    UNROLL for (int k = ATANH_TERMS - 1; k >= 0; k--) sum = sum * square + 1 / (real)(2 * k + 1);
    return 2 * s * sum;
}

/* log(x) for a finite x >= 1. */
INLINE real log_of(real x) {
    bits word;
    memcpy(&word, &x, sizeof word);
    const real exponent = (real)((word >> MANTISSA) - BIAS);
    const bits kept = (word & (((bits)1 << MANTISSA) - 1)) | ((bits)BIAS << MANTISSA);
    real mantissa;
    memcpy(&mantissa, &kept, sizeof kept);
    return exponent * (real)LN2_HIGH + (log_one_more(mantissa - 1) + exponent * (real)LN2_LOW);
}

/* (1 + 2z) exp(z^2) erfc(z) for z >= 0 as a polynomial in (z - 3.75) / (z + 3.75) (Shepherd and Laframboise, 1981), from
 * the Chebyshev points. */
#ifdef CONVCORE_F64
static const real tail_terms[] = {
    1.2375126308378275796,     -0.14024059858554696245,    0.003585415485464429369,    0.082276738490145207683,
    -0.10880393014174885723,   0.09230432116037747776,     -0.058693398589636774061,   0.028362277418956404286,
    -0.0097465795580292755337, 0.0017556258528952953569,   0.00029371366559134481992,  -0.00029015408054084171105,
    5.1649098892682403449e-05, 2.238423915508222982e-05,   -1.1444146237700523373e-05, -9.7355989673677493407e-07,
    1.7516376488490621431e-06, -5.7218230603224087501e-08, -2.5866850716155885443e-07, 2.3263508708859123732e-08,
    3.8675334242222356816e-08, -3.7442100809620186444e-09, -5.1739902140113096269e-09, 3.1114333809799251993e-10,
    4.2514714447963897761e-10};
#else
static const real tail_terms[] = {1.2375126192676998937f,    -0.14024306582550182669f,  0.0035862703940246181059f,
                                  0.082326570065778782303f,  -0.10881427014905069487f,  0.092021129130377215078f,
                                  -0.058646858735546142856f, 0.02902557341767369861f,   -0.0098444948596749509555f,
                                  0.0010595911644346906029f, 0.00039630761298936272223f};
#endif

INLINE real normal_density(real x) { return exp_negative((real)-0.5 * (x * x)) * (real)0.39894228040143267794; }

/* The probability that a standard normal number is below x. */
INLINE real normal_below(real x) {
    const real far = magnitude(x) * (real)0.70710678118654752440, z = far > 30 ? 30 : far;
    const real t = (z - (real)3.75) / (z + (real)3.75);
    real sum = tail_terms[TAIL_TERMS];
    UNROLL for (int k = TAIL_TERMS - 1; k >= 0; k--) sum = sum * t + tail_terms[k];
    const real tail = sum / (1 + 2 * z) * (exp_negative((real)-0.5 * (x * x)) / 2);
    return x < 0 ? tail : 1 - tail;
}

INLINE real sigmoid(real x) {
    const real e = exp_negative(-magnitude(x)), s = 1 / (1 + e);
    return x < 0 ? e * s : s;
}

/* Near 0 by exp(2x) - 1, so that small results keep their relative accuracy. */
INLINE real hyperbolic_tangent(real x) {
    const real y = 2 * x, e = exp_negative(-magnitude(y)), less_one = exp_rest(y);
    const int near = magnitude(x) < (real)0.1;
    const real quotient = (near ? less_one : 1 - e) / (near ? less_one + 2 : 1 + e);
    return x < 0 && !near ? -quotient : quotient;
}

#endif
