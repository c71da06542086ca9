/* Register tiles: the only two inner loops of convolution and of dense layers.
 *
 * inner_tile   y[p][v] = bias[v] + sum over segments, k of x[p][k] * w[k][v]        forward, backward data
 * outer_tile   d[p][v] = sum over rows, columns of x[row, column][p] * g[row, column][v]   backward weights
 *
 * p runs over P pixels (or matrix rows), v over VECS vectors of output channels, so P * VECS accumulators stay in
 * registers for the whole sum: one multiply-add chain an element, in a fixed order, whatever the ISA's width.
 * Per step of the sum a tile loads VECS vectors and P broadcasts for P * VECS multiply-adds. */
#ifndef CONVCORE_TILE_H
#define CONVCORE_TILE_H

#include "simd.h"

#if TILE_REGISTERS == 28
#define ROWS_V1 14
#define ROWS_V2 14
#define ROWS_V3 0
#define ROWS_V4 7
#elif TILE_REGISTERS == 24
#define ROWS_V1 12
#define ROWS_V2 12
#define ROWS_V3 0
#define ROWS_V4 6
#else
#define ROWS_V1 12
#define ROWS_V2 6
#define ROWS_V3 4
#define ROWS_V4 3
#endif

/* x and w of one run of the sum whose k-th elements lie side by side: offsets from the tile's own pointers. */
typedef struct segment {
    int64_t x, w, length; /* w counts rows of the weight matrix */
} segment;

typedef struct inner_args {
    const real *x;
    int64_t x_step; /* from one pixel to the next */
    const segment *segments;
    int64_t segment_count;
    const real *w;
    int64_t w_step; /* from one row of weights to the next */
    const real *bias;
    int64_t relu;
    real *y;
    int64_t y_step;
    int64_t last_lanes; /* channels in the last vector */
} inner_args;

typedef struct outer_args {
    const real *x;
    int64_t x_step, x_row; /* to the next column, to the next row */
    const real *g;
    int64_t g_step, g_row;
    int64_t rows, columns;
    real *d;
    int64_t d_step;
    int64_t add; /* 1: add to what d holds */
    int64_t last_lanes;
} outer_args;

typedef void (*inner_fn)(const inner_args *);
typedef void (*outer_fn)(const outer_args *);

#define UNROLL _Pragma("GCC unroll 32")

INLINE vec load_channels(const real *p, int v, int vecs, int tail, vmask m) {
    return tail && v == vecs - 1 ? vload_masked(p + v * VL, m) : vload(p + v * VL);
}
INLINE void store_channels(real *p, vec value, int v, int vecs, int tail, vmask m) {
    if (tail && v == vecs - 1)
        vstore_masked(p + v * VL, value, m);
    else
        vstore(p + v * VL, value);
}

INLINE void inner_tile(const inner_args *t, const int P, const int vecs, const int tail) {
    const vmask m = vmask_first(t->last_lanes);
    const int64_t xs = t->x_step;
    vec acc[14][4];
    UNROLL for (int v = 0; v < vecs; v++) {
        const vec start = t->bias ? load_channels(t->bias, v, vecs, tail, m) : vset1(0);
        UNROLL for (int p = 0; p < P; p++) acc[p][v] = start;
    }
    for (int64_t s = 0; s < t->segment_count; s++) {
        const segment *seg = t->segments + s;
        const real *w = t->w + seg->w * t->w_step;
        /* Four pixels share a base and four offsets serve all bases: eight registers address 14 pixels. */
        const real *x0 = t->x + seg->x, *x4 = x0 + 4 * xs, *x8 = x0 + 8 * xs, *x12 = x0 + 12 * xs;
        for (int64_t k = 0; k < seg->length; k++) {
            const int64_t offset[4] = {k, k + xs, k + 2 * xs, k + 3 * xs};
            vec b[4];
            UNROLL for (int v = 0; v < vecs; v++) b[v] = load_channels(w, v, vecs, tail, m);
            UNROLL for (int p = 0; p < P; p++) {
                const real *base = p < 4 ? x0 : p < 8 ? x4 : p < 12 ? x8 : x12;
                const vec a = vset1(base[offset[p % 4]]);
                UNROLL for (int v = 0; v < vecs; v++) acc[p][v] = vfma(a, b[v], acc[p][v]);
            }
            w += t->w_step;
        }
    }
    real *y = t->y;
    const int64_t y_step = t->y_step;
    if (t->relu) UNROLL for (int p = 0; p < P; p++) UNROLL for (int v = 0; v < vecs; v++) acc[p][v] = vrelu(acc[p][v]);
    UNROLL for (int p = 0; p < P; p++, y += y_step) UNROLL for (int v = 0; v < vecs; v++)
        store_channels(y, acc[p][v], v, vecs, tail, m);
}

INLINE void outer_tile(const outer_args *t, const int P, const int vecs, const int tail) {
    const vmask m = vmask_first(t->last_lanes);
    vec acc[14][4];
    UNROLL for (int p = 0; p < P; p++) UNROLL for (int v = 0; v < vecs; v++) acc[p][v] = vset1(0);
    for (int64_t r = 0; r < t->rows; r++) {
        const real *x = t->x + r * t->x_row, *g = t->g + r * t->g_row;
        for (int64_t c = 0; c < t->columns; c++) {
            vec b[4];
            UNROLL for (int v = 0; v < vecs; v++) b[v] = load_channels(g, v, vecs, tail, m);
            UNROLL for (int p = 0; p < P; p++) {
                const vec a = vset1(x[p]);
                UNROLL for (int v = 0; v < vecs; v++) acc[p][v] = vfma(a, b[v], acc[p][v]);
            }
            x += t->x_step;
            g += t->g_step;
        }
    }
    real *d = t->d;
    const int64_t d_step = t->d_step, add = t->add;
    UNROLL for (int p = 0; p < P; p++, d += d_step) UNROLL for (int v = 0; v < vecs; v++) {
        const vec value = add ? vadd(load_channels(d, v, vecs, tail, m), acc[p][v]) : acc[p][v];
        store_channels(d, value, v, vecs, tail, m);
    }
}

/* One function a shape of tile, with and without a partial last vector. */
#define INNER_TILE(P, VECS)                                                            \
    static void inner_##VECS##x##P(const inner_args *t) { inner_tile(t, P, VECS, 0); } \
    static void inner_##VECS##x##P##_tail(const inner_args *t) { inner_tile(t, P, VECS, 1); }
#define TILE(P, VECS)                                                                  \
    INNER_TILE(P, VECS)                                                                \
    static void outer_##VECS##x##P(const outer_args *t) { outer_tile(t, P, VECS, 0); } \
    static void outer_##VECS##x##P##_tail(const outer_args *t) { outer_tile(t, P, VECS, 1); }
#define INNER_ROW(P, VECS) [P] = {inner_##VECS##x##P, inner_##VECS##x##P##_tail},
#define OUTER_ROW(P, VECS) [P] = {outer_##VECS##x##P, outer_##VECS##x##P##_tail},

#define UP_TO_3(X, VECS) X(1, VECS) X(2, VECS) X(3, VECS)
#define UP_TO_6(X, VECS) UP_TO_3(X, VECS) X(4, VECS) X(5, VECS) X(6, VECS)
#define UP_TO_7(X, VECS) UP_TO_6(X, VECS) X(7, VECS)
#define UP_TO_8(X, VECS) UP_TO_7(X, VECS) X(8, VECS)
#define UP_TO_12(X, VECS) UP_TO_8(X, VECS) X(9, VECS) X(10, VECS) X(11, VECS) X(12, VECS)
#define UP_TO_14(X, VECS) UP_TO_12(X, VECS) X(13, VECS) X(14, VECS)
#define UP_TO_(N) UP_TO_##N
#define UP_TO(N) UP_TO_(N)

UP_TO(ROWS_V1)(TILE, 1) UP_TO(ROWS_V2)(TILE, 2) UP_TO(ROWS_V4)(TILE, 4)

    static const inner_fn inner_v1[][2] = {UP_TO(ROWS_V1)(INNER_ROW, 1)};
static const inner_fn inner_v2[][2] = {UP_TO(ROWS_V2)(INNER_ROW, 2)};
static const inner_fn inner_v4[][2] = {UP_TO(ROWS_V4)(INNER_ROW, 4)};
#if ROWS_V3
INNER_TILE(4, 3) static const inner_fn inner_v3[][2] = {INNER_ROW(4, 3)};
#else
#define inner_v3 inner_v4
#endif
static const outer_fn outer_v1[][2] = {UP_TO(ROWS_V1)(OUTER_ROW, 1)};
static const outer_fn outer_v2[][2] = {UP_TO(ROWS_V2)(OUTER_ROW, 2)};
static const outer_fn outer_v4[][2] = {UP_TO(ROWS_V4)(OUTER_ROW, 4)};

INLINE int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* How many vectors wide the next tile is, when `channels` remain: four where few rows would leave the multipliers
 * waiting for each other. */
INLINE int64_t tile_vectors(int64_t rows, int64_t channels) {
    if (rows <= ROWS_V4 && channels > 3 * VL) return 4;
    return channels > VL ? 2 : 1;
}

/* The same for a line of pixels: three where four of them fill the registers better. */
INLINE int64_t line_vectors(int64_t pixels, int64_t channels) {
    const int64_t vectors = ceil_div(channels, VL);
    if (ROWS_V3 && pixels % 4 == 0 && pixels % ROWS_V2 && vectors >= 3 && vectors != 4) return 3;
    return tile_vectors(pixels, channels);
}
INLINE int64_t tile_rows(int64_t vectors) { return vectors == 1 ? ROWS_V1 : vectors == 2 ? ROWS_V2 : ROWS_V4; }

/* Rows in each tile when `rows` are cut into as few tiles as possible, all about as tall. */
INLINE int64_t even_rows(int64_t rows, int64_t most) { return ceil_div(rows, ceil_div(rows, most)); }

/* One line of pixels times one block of channels. */
static void inner_line(inner_args t, int64_t pixels, int64_t vectors, int64_t channels) {
    const inner_fn(*tiles)[2] = vectors == 1 ? inner_v1 : vectors == 2 ? inner_v2 : vectors == 3 ? inner_v3 : inner_v4;
    const int64_t step = vectors == 3 ? ROWS_V3 : even_rows(pixels, tile_rows(vectors));
    const int64_t tail = channels < vectors * VL;
    t.last_lanes = channels - (vectors - 1) * VL;
    for (int64_t done = 0; done < pixels; done += step) {
        tiles[min64(step, pixels - done)][tail](&t);
        t.x += step * t.x_step;
        t.y += step * t.y_step;
    }
}

/* The outer products of `lines` elements of x with one block of channels of g. */
static void outer_block(outer_args t, int64_t lines, int64_t vectors, int64_t channels) {
    const outer_fn(*tiles)[2] = vectors == 1 ? outer_v1 : vectors == 2 ? outer_v2 : outer_v4;
    const int64_t step = even_rows(lines, tile_rows(vectors));
    const int64_t tail = channels < vectors * VL;
    t.last_lanes = channels - (vectors - 1) * VL;
    for (int64_t done = 0; done < lines; done += step) {
        tiles[min64(step, lines - done)][tail](&t);
        t.x += step;
        t.d += step * t.d_step;
    }
}

#endif
