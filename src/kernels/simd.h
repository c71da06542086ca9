/* The vector vocabulary: the few operations that register tiles need, once per ISA.
 *
 * `real` is float or double (CONVCORE_F64), `vec` holds VL of them, TILE_REGISTERS is how many accumulators fit
 * beside the operands. Everything else in the kernels is plain C that the compiler vectorises.
 * `vkeep_first_max` keeps the first maximum and its code; a NaN wins over numbers, the first NaN over later ones.
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
/* What takes its time by itself: one copy of it is enough. */
#define APART static __attribute__((noinline))

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
INLINE void vkeep_first_max(vec value, vec code, vec *best, vec *where) {
#ifdef CONVCORE_F64
    const vmask wins = _mm512_cmp_pd_mask(value, *best, _CMP_NLE_UQ) & _mm512_cmp_pd_mask(*best, *best, _CMP_ORD_Q);
#else
    const vmask wins = _mm512_cmp_ps_mask(value, *best, _CMP_NLE_UQ) & _mm512_cmp_ps_mask(*best, *best, _CMP_ORD_Q);
#endif
    *best = V(mask_blend)(wins, *best, value);
    *where = V(mask_blend)(wins, *where, code);
}
/* A bit for each lane that is not zero. */
INLINE uint64_t vnonzero(vec v) {
#ifdef CONVCORE_F64
    return _mm512_cmp_pd_mask(v, _mm512_setzero_pd(), _CMP_NEQ_UQ);
#else
    return _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
#endif
}
INLINE int vall_zero(vec v) { return !vnonzero(v); }

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
INLINE void vkeep_first_max(vec value, vec code, vec *best, vec *where) {
    const vec wins = V (and)(V(cmp)(value, *best, _CMP_NLE_UQ), V(cmp)(*best, *best, _CMP_ORD_Q));
    *best = V(blendv)(*best, value, wins);
    *where = V(blendv)(*where, code, wins);
}
INLINE int vall_zero(vec v) { return !V(movemask)(V(cmp)(v, V(setzero)(), _CMP_NEQ_UQ)); }

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
INLINE vec vmul(vec a, vec b) { return N(mul)(a, b); }
INLINE vec vdiv(vec a, vec b) { return N(div)(a, b); }
INLINE vec vfma(vec a, vec b, vec c) { return N(fma)(c, a, b); }
INLINE vec vrelu(vec v) { return N(bsl)(N(cge)(vset1(0), v), vset1(0), v); }
INLINE void vkeep_first_max(vec value, vec code, vec *best, vec *where) {
    /* Keep the best where it is NaN or the value is not greater. */
    const vec held = *best, at = *where;
    *best = N(bsl)(N(cle)(value, held), held, N(bsl)(N(ceq)(held, held), value, held));
    *where = N(bsl)(N(cle)(value, held), at, N(bsl)(N(ceq)(held, held), code, at));
}
INLINE int vall_zero(vec v) { return N(maxv)(N(abs)(v)) == 0; }
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
INLINE void vkeep_first_max(vec value, vec code, vec *best, vec *where) {
    const vec wins = V (and)(V(cmpnle)(value, *best), V(cmpord)(*best, *best));
    *best = V(or)(V (and)(wins, value), V(andnot)(wins, *best));
    *where = V(or)(V (and)(wins, code), V(andnot)(wins, *where));
}
INLINE int vall_zero(vec v) { return !V(movemask)(V(cmpneq)(v, V(setzero)())); }
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
INLINE vec vmul(vec a, vec b) { return V(mul)(a, b); }
INLINE vec vdiv(vec a, vec b) { return V(div)(a, b); }
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

/* The first maximum of four and its code, 0 to 3. */
INLINE void vfirst_max_of_4(const vec v[4], vec *best, vec *where) {
#if defined(__AVX2__) && !defined(__AVX512F__)
    const vec nan = V(or)(V(cmp)(v[0], v[1], _CMP_UNORD_Q), V(cmp)(v[2], v[3], _CMP_UNORD_Q));
    if (__builtin_expect(V(movemask)(nan) == 0, 1)) {
        const vec low = V(max)(v[1], v[0]), high = V(max)(v[3], v[2]), above = V(cmp)(high, low, _CMP_GT_OQ);
        const vec odd = V(blendv)(V(cmp)(v[1], v[0], _CMP_GT_OQ), V(cmp)(v[3], v[2], _CMP_GT_OQ), above);
        *best = V(max)(high, low);
        *where = V(add)(V (and)(above, V(set1)(2)), V (and)(odd, V(set1)(1)));
        return;
    }
#endif
    *best = v[0], *where = vset1(0);
    for (int i = 1; i < 4; i++) vkeep_first_max(v[i], vset1((real)i), best, where);
}

/* n lanes of small whole numbers as bytes. */
INLINE void vstore_codes(uint8_t *to, vec codes, int64_t n) {
#if defined(__AVX512F__) && !defined(CONVCORE_F64)
    _mm_mask_storeu_epi8(to, vmask_first(n), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(codes)));
#else
#if defined(__AVX2__) && !defined(CONVCORE_F64)
    if (n == VL) {
        const __m256i words = _mm256_cvtps_epi32(codes);
        const __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storel_epi64((__m128i *)to, _mm_packus_epi16(halves, halves));
        return;
    }
#endif
    real lanes[VL];
    vstore(lanes, codes);
    for (int64_t i = 0; i < n; i++) to[i] = (uint8_t)lanes[i];
#endif
}

/* Lanes picked from a 4x4 patch by the codes 0 to 3 of a 2x2 window whose first element is at `at`: patch[at], patch[at + 1],
 * patch[at + 4] or patch[at + 5]. */
#if defined(__AVX512F__) && !defined(CONVCORE_F64)
typedef __m512i vpicks;
INLINE vpicks vpicks_of(const uint8_t *codes, int64_t n) {
    const __m512i c = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(vmask_first(n), codes));
    return _mm512_add_epi32(c, _mm512_and_si512(c, _mm512_set1_epi32(2)));
}
/* The whole patch is one register. */
INLINE vec vpick(const real *patch, int at, vpicks picks) {
    return _mm512_permutexvar_ps(_mm512_add_epi32(picks, _mm512_set1_epi32(at)), _mm512_loadu_ps(patch));
}
#elif defined(__AVX2__) && !defined(CONVCORE_F64)
typedef __m256i vpicks;
INLINE vpicks vpicks_of(const uint8_t *codes, int64_t n) {
    uint8_t bytes[VL] = {0};
    for (int64_t i = 0; i < n && n < VL; i++) bytes[i] = codes[i];
    const __m256i c = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(n < VL ? bytes : codes)));
    return _mm256_add_epi32(c, _mm256_and_si256(c, _mm256_set1_epi32(2)));
}
INLINE vec vpick(const real *patch, int at, vpicks picks) {
    return _mm256_permutevar8x32_ps(_mm256_loadu_ps(patch + at), picks);
}
#else
typedef struct vpicks {
    uint8_t at[VL];
} vpicks;
INLINE vpicks vpicks_of(const uint8_t *codes, int64_t n) {
    vpicks picks = {{0}};
    for (int64_t i = 0; i < n; i++) picks.at[i] = (uint8_t)(codes[i] + (codes[i] & 2));
    return picks;
}
INLINE vec vpick(const real *patch, int at, vpicks picks) {
    real lanes[VL];
    for (int i = 0; i < VL; i++) lanes[i] = patch[at + picks.at[i]];
    return vload(lanes);
}
#endif

/* Lanes in another order: lane l of the result is lane index[l] + k; of a longer run of lanes, part by part. */
#if defined(__AVX512F__) && !defined(CONVCORE_F64)
typedef __m512i vplaces;
INLINE vplaces vplaces_of(const int32_t *index, int32_t k) {
    return _mm512_add_epi32(_mm512_loadu_si512(index), _mm512_set1_epi32(k));
}
INLINE vec vpermute(vec v, vplaces at) { return _mm512_permutexvar_ps(at, v); }
INLINE vec vpermute_part(vec held, vec v, vplaces at, int32_t part) {
    const __mmask16 here = _mm512_cmpeq_epi32_mask(_mm512_srli_epi32(at, 4), _mm512_set1_epi32(part));
    return _mm512_mask_permutexvar_ps(held, here, at, v);
}
#elif defined(__AVX512F__)
typedef __m512i vplaces;
INLINE vplaces vplaces_of(const int32_t *index, int32_t k) {
    const __m256i at = _mm256_loadu_si256((const __m256i *)index);
    return _mm512_cvtepi32_epi64(_mm256_add_epi32(at, _mm256_set1_epi32(k)));
}
INLINE vec vpermute(vec v, vplaces at) { return _mm512_permutexvar_pd(at, v); }
INLINE vec vpermute_part(vec held, vec v, vplaces at, int32_t part) {
    const __mmask8 here = _mm512_cmpeq_epi64_mask(_mm512_srli_epi64(at, 3), _mm512_set1_epi64(part));
    return _mm512_mask_permutexvar_pd(held, here, at, v);
}
#elif defined(__AVX2__) && !defined(CONVCORE_F64)
typedef __m256i vplaces;
INLINE vplaces vplaces_of(const int32_t *index, int32_t k) {
    return _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)index), _mm256_set1_epi32(k));
}
INLINE vec vpermute(vec v, vplaces at) { return _mm256_permutevar8x32_ps(v, at); }
INLINE vec vpermute_part(vec held, vec v, vplaces at, int32_t part) {
    const __m256i here = _mm256_cmpeq_epi32(_mm256_srli_epi32(at, 3), _mm256_set1_epi32(part));
    return _mm256_blendv_ps(held, vpermute(v, at), _mm256_castsi256_ps(here));
}
#else
typedef struct vplaces {
    int32_t at[VL];
} vplaces;
INLINE vplaces vplaces_of(const int32_t *index, int32_t k) {
    vplaces places;
    for (int i = 0; i < VL; i++) places.at[i] = index[i] + k;
    return places;
}
INLINE vec vpermute_part(vec held, vec v, vplaces at, int32_t part) {
    real from[VL], to[VL];
    vstore(from, v);
    vstore(to, held);
    for (int i = 0; i < VL; i++)
        if (at.at[i] / VL == part) to[i] = from[at.at[i] % VL];
    return vload(to);
}
INLINE vec vpermute(vec v, vplaces at) { return vpermute_part(v, v, at, 0); }
#endif

/* The same of `width` elements at p, more than one vector holds. */
INLINE vec vpick_near(const real *p, int64_t width, vplaces at) {
    vec v = vset1(0);
    for (int64_t first = 0; first < width; first += VL) {
        const vec near = width - first < VL ? vload_masked(p + first, vmask_first(width - first)) : vload(p + first);
        v = vpermute_part(v, near, at, (int32_t)(first / VL));
    }
    return v;
}

#if defined(__AVX2__) && !defined(__AVX512F__) && !defined(CONVCORE_F64)
/* The lanes whose bits are set in `mask`, side by side; what follows them is of no meaning. */
INLINE __m256i lanes_of_mask(unsigned mask) {
    static const uint32_t of_nibble[16] = {0, 0,      1,      0x0100,   2,      0x0200,   0x0201,   0x020100,
                                           3, 0x0300, 0x0301, 0x030100, 0x0302, 0x030200, 0x030201, 0x03020100};
    const unsigned low = mask & 15, high = mask >> 4;
    const uint64_t above = of_nibble[high] + 0x04040404u;
    const uint64_t lanes = of_nibble[low] | above << 8 * __builtin_popcount(low);
    return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)lanes));
}
#endif

/* The lanes of g that are not zero and whose code is `code`, as values and as places (first, first + step, ...), side by side.
 * Returns how many; up to VL elements more are written. */
INLINE int64_t vcompact(const real *g, const uint8_t *codes, int64_t n, uint8_t code, int32_t first, int32_t step,
                        real *values, int32_t *places) {
#if defined(__AVX512F__) && !defined(CONVCORE_F64)
    const vmask m = vmask_first(n);
    const __m512 value = _mm512_maskz_loadu_ps(m, g);
    const __mmask16 coded = _mm_mask_cmpeq_epi8_mask(m, _mm_maskz_loadu_epi8(m, codes), _mm_set1_epi8((char)code));
    const __mmask16 alive = _mm512_mask_cmp_ps_mask(coded, value, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i place = _mm512_add_epi32(_mm512_set1_epi32(first), _mm512_mullo_epi32(lane, _mm512_set1_epi32(step)));
    _mm512_storeu_ps(values, _mm512_maskz_compress_ps(alive, value));
    _mm512_storeu_si512(places, _mm512_maskz_compress_epi32(alive, place));
    return __builtin_popcount(alive);
#else
#if defined(__AVX2__) && !defined(CONVCORE_F64)
    if (n == VL) {
        const __m256 value = _mm256_loadu_ps(g);
        const __m256i coded =
            _mm256_cmpeq_epi32(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)codes)), _mm256_set1_epi32(code));
        const __m256 alive = _mm256_cmp_ps(value, _mm256_setzero_ps(), _CMP_NEQ_UQ);
        const unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_and_ps(alive, _mm256_castsi256_ps(coded)));
        const __m256i lanes = lanes_of_mask(mask);
        const __m256i place =
            _mm256_add_epi32(_mm256_set1_epi32(first), _mm256_mullo_epi32(lanes, _mm256_set1_epi32(step)));
        _mm256_storeu_ps(values, _mm256_permutevar8x32_ps(value, lanes));
        _mm256_storeu_si256((__m256i *)places, place);
        return __builtin_popcount(mask);
    }
#endif
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        values[count] = g[i];
        places[count] = first + (int32_t)i * step;
        count += (codes[i] == code) & (g[i] != 0);
    }
    return count;
#endif
}

/* Where a lane of a vector can hold a place as well as a value. */
#if defined(__AVX512F__) && !defined(CONVCORE_F64)
#define CONVCORE_LANE_LISTS
#define LANE_CODES 16
/* first + of_code[code], as the bits of lanes. */
INLINE vec vcode_places(const uint8_t *codes, const int32_t *of_code, int32_t first) {
    const __m512i code = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)codes));
    const __m512i place = _mm512_permutexvar_epi32(code, _mm512_loadu_si512(of_code));
    return _mm512_castsi512_ps(_mm512_add_epi32(place, _mm512_set1_epi32(first)));
}
/* The lanes of `value` that are not zero, with their places. Returns how many; VL elements are written. */
INLINE int64_t vappend(vec value, vec place, real *values, int32_t *places) {
    const __mmask16 alive = _mm512_cmp_ps_mask(value, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    _mm512_storeu_ps(values, _mm512_maskz_compress_ps(alive, value));
    _mm512_storeu_si512(places, _mm512_maskz_compress_epi32(alive, _mm512_castps_si512(place)));
    return __builtin_popcount(alive);
}
#endif

/* A vector that is used more than once, in a register: compilers would rather load it again for each use. */
INLINE vec vheld(vec v) {
#if defined(__AVX512F__)
    __asm__("" : "+v"(v));
#elif defined(__x86_64__)
    __asm__("" : "+x"(v));
#elif defined(__aarch64__)
    __asm__("" : "+w"(v));
#endif
    return v;
}

#endif
