/* The vector vocabulary: the few operations that register tiles need, once per ISA.
 *
 * `real` is float or double (CONVCORE_F64), `vec` holds VL of them, TILE_REGISTERS is how many accumulators fit
 * beside the operands. Everything else in the kernels is plain C that the compiler vectorises.
 * `vfma` is fused wherever the ISA has it; the x86-64 baseline has not, and rounds twice. */
#ifndef CONVCORE_SIMD_H
#define CONVCORE_SIMD_H

#include <stdint.h>

#ifdef CONVCORE_F64
typedef double real;
#else
typedef float real;
#endif

#define INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)
#include <immintrin.h>
#define TILE_REGISTERS 28
#ifdef CONVCORE_F64
#define VL 8
typedef __m512d vec;
typedef __mmask8 vmask;
#define V(op) _mm512_##op##_pd
#else
#define VL 16
typedef __m512 vec;
typedef __mmask16 vmask;
#define V(op) _mm512_##op##_ps
#endif
INLINE vmask vmask_first(int64_t n) { return (vmask)((1u << n) - 1u); }
INLINE vec vload_masked(const real *p, vmask m) { return V(maskz_loadu)(m, p); }
INLINE void vstore_masked(real *p, vec v, vmask m) { V(mask_storeu)(p, m, v); }

#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define TILE_REGISTERS 12
typedef __m256i vmask;
#ifdef CONVCORE_F64
#define VL 4
typedef __m256d vec;
#define V(op) _mm256_##op##_pd
INLINE vmask vmask_first(int64_t n) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
#else
#define VL 8
typedef __m256 vec;
#define V(op) _mm256_##op##_ps
INLINE vmask vmask_first(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif
INLINE vec vload_masked(const real *p, vmask m) { return V(maskload)(p, m); }
INLINE void vstore_masked(real *p, vec v, vmask m) { V(maskstore)(p, m, v); }

#elif defined(__aarch64__)
#include <arm_neon.h>
#define TILE_REGISTERS 24
#ifdef CONVCORE_F64
#define VL 2
typedef float64x2_t vec;
#define N(op) v##op##q_f64
#define N_N(op) v##op##q_n_f64
#else
#define VL 4
typedef float32x4_t vec;
#define N(op) v##op##q_f32
#define N_N(op) v##op##q_n_f32
#endif
INLINE vec vload(const real *p) { return N(ld1)(p); }
INLINE void vstore(real *p, vec v) { N(st1)(p, v); }
INLINE vec vset1(real s) { return N_N(dup)(s); }
INLINE vec vadd(vec a, vec b) { return N(add)(a, b); }
INLINE vec vfma(vec a, vec b, vec c) { return N(fma)(c, a, b); }
INLINE vec vrelu(vec v) { return N(bsl)(N(cge)(vset1(0), v), vset1(0), v); }
#define CONVCORE_MASK_BY_COPY

#elif defined(__SSE2__)
#include <emmintrin.h>
#define TILE_REGISTERS 12
#ifdef CONVCORE_F64
#define VL 2
typedef __m128d vec;
#define V(op) _mm_##op##_pd
#else
#define VL 4
typedef __m128 vec;
#define V(op) _mm_##op##_ps
#endif
#define CONVCORE_MASK_BY_COPY
#define CONVCORE_NO_FMA

#else
#error "convcore has no vector vocabulary for this CPU: add a block to simd.h"
#endif

#ifdef V
INLINE vec vload(const real *p) { return V(loadu)(p); }
INLINE void vstore(real *p, vec v) { V(storeu)(p, v); }
INLINE vec vset1(real s) { return V(set1)(s); }
INLINE vec vadd(vec a, vec b) { return V(add)(a, b); }
#ifdef CONVCORE_NO_FMA
INLINE vec vfma(vec a, vec b, vec c) { return V(add)(V(mul)(a, b), c); }
#else
INLINE vec vfma(vec a, vec b, vec c) { return V(fmadd)(a, b, c); }
#endif
/* The instruction returns its second operand when one is NaN or both are zero: in this order NaN stays NaN,
 * and adding +0.0 turns a -0.0 into +0.0. */
INLINE vec vrelu(vec v) { return vadd(V(max)(V(setzero)(), v), V(setzero)()); }
#endif

#ifdef CONVCORE_MASK_BY_COPY
typedef int64_t vmask;
INLINE vmask vmask_first(int64_t n) { return n; }
INLINE vec vload_masked(const real *p, vmask m) {
    real lanes[VL] = {0};
    for (int64_t i = 0; i < m; i++) lanes[i] = p[i];
    return vload(lanes);
}
INLINE void vstore_masked(real *p, vec v, vmask m) {
    real lanes[VL];
    vstore(lanes, v);
    for (int64_t i = 0; i < m; i++) p[i] = lanes[i];
}
#endif

#endif
