/* The gradients of a convolution behind which lies a max-pool, from the gradient of the pooled output and the pool's codes.
 *
 * Of each window one element at most has a gradient, and the ReLU stops many of those. Lists of (place, gradient) hold what is
 * alive, and only that is worked through; the map between convolution and pool is never built. With K = kh*kw*ic, w turned to
 * [oc][K], and place(window, code) where in x the taps of an element begin:
 *
 *   dw[oc][K]          = sum over windows  g[window, oc] * x[place(window, code) + K]    lists by channel
 *   dx[place(...) + K] += sum over channels g[window, oc] * w[oc][K]                     lists by window and code
 */
#ifndef CONVCORE_LISTS_H
#define CONVCORE_LISTS_H

#include "band.h"
#include "turn.h"

enum { LIST_CHANNELS = 16, LIST_WINDOWS = 256 };

/* A 3x3 kernel over each element of a 2x2 window: all taps lie in one patch of x. */
enum { PATCH_SIDE = 4, PATCH_TAPS = 9 };

static int64_t aligned(int64_t bytes) { return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE; }
static int64_t list_rows(const problem *p) { return even_rows(p->zh, max64(1, LIST_WINDOWS / p->zw)); }
/* A list has room for what vappend writes beyond its end. */
static int64_t list_length(const problem *p) { return list_rows(p) * p->zw + VL; }

/* Where the taps of each element of a window begin, from those of its first. */
static void places_of_codes(const problem *p, int64_t row_step, int32_t *places) {
    for (int64_t code = 0; code < p->qh * p->qw; code++)
        places[code] = (int32_t)(code / p->qw * p->sh * row_step + code % p->qw * p->sw * p->ic);
}
static int64_t place_of_window(const problem *p, int64_t window, int64_t row_step) {
    return window / p->zw * p->th * p->sh * row_step + window % p->zw * p->tw * p->sw * p->ic;
}

/* Fetch one of `parts` parts of what the next image needs while this one is worked on: the lists jump to and fro in an image, so
 * that the CPU foresees nothing. */
static void fetch_part(const void *next, int64_t bytes, int64_t part, int64_t parts) {
    const int64_t step = ceil_div(bytes, parts * CACHE_LINE) * CACHE_LINE;
    for (int64_t i = part * step; i < min64((part + 1) * step, bytes); i += CACHE_LINE)
        __builtin_prefetch((const char *)next + i, 0, 2);
}

#define LIST_VECTORS 12

/* d[v] += sum over a list of g * x[place + v]. */
INLINE void list_tile(real *d, const real *x, const int32_t *places, const real *g, int64_t count, const int vecs,
                      const int tail, vmask m) {
    vec acc[LIST_VECTORS];
    UNROLL for (int v = 0; v < vecs; v++) acc[v] = load_channels(d, v, vecs, tail, m);
    for (int64_t i = 0; i < count; i++) {
        const real *at = x + places[i];
        const vec value = vset1(g[i]);
        UNROLL for (int v = 0; v < vecs; v++) acc[v] = vfma(value, load_channels(at, v, vecs, tail, m), acc[v]);
    }
    UNROLL for (int v = 0; v < vecs; v++) store_channels(d, acc[v], v, vecs, tail, m);
}

typedef void (*list_fn)(real *d, const real *x, const int32_t *places, const real *g, int64_t count, vmask m);

#define LIST_TILE(VECS, UNUSED)                                                                                    \
    static void list_##VECS(real *d, const real *x, const int32_t *at, const real *g, int64_t n, vmask m) {        \
        list_tile(d, x, at, g, n, VECS, 0, m);                                                                     \
    }                                                                                                              \
    static void list_##VECS##_tail(real *d, const real *x, const int32_t *at, const real *g, int64_t n, vmask m) { \
        list_tile(d, x, at, g, n, VECS, 1, m);                                                                     \
    }
#define LIST_ROW(VECS, UNUSED) [VECS] = {list_##VECS, list_##VECS##_tail},

UP_TO(LIST_VECTORS)(LIST_TILE, 0) static const list_fn list_tiles[][2] = {UP_TO(LIST_VECTORS)(LIST_ROW, 0)};

/* The same over a run of any length. */
static void list_run(real *d, const real *x, int64_t length, const int32_t *places, const real *g, int64_t count) {
    for (int64_t done = 0; done < length; done += LIST_VECTORS * VL) {
        const int64_t left = min64(LIST_VECTORS * VL, length - done), vecs = ceil_div(left, VL);
        const int64_t last = left - (vecs - 1) * VL;
        list_tiles[vecs][last < VL](d + done, x + done, places, g, count, vmask_first(last));
    }
}

#if TILE_REGISTERS >= 2 * LIST_VECTORS
/* Two full runs at once, so that each entry of the list is read once for both. */
INLINE void list_pair_tile(real *d0, real *d1, const real *x0, const real *x1, const int32_t *places, const real *g,
                           int64_t count, const int vecs) {
    vec acc[2][LIST_VECTORS];
    UNROLL for (int v = 0; v < vecs; v++) acc[0][v] = vload(d0 + v * VL), acc[1][v] = vload(d1 + v * VL);
    for (int64_t i = 0; i < count; i++) {
        const vec value = vset1(g[i]);
        UNROLL for (int v = 0; v < vecs; v++) acc[0][v] = vfma(value, vload(x0 + places[i] + v * VL), acc[0][v]);
        UNROLL for (int v = 0; v < vecs; v++) acc[1][v] = vfma(value, vload(x1 + places[i] + v * VL), acc[1][v]);
    }
    UNROLL for (int v = 0; v < vecs; v++) vstore(d0 + v * VL, acc[0][v]), vstore(d1 + v * VL, acc[1][v]);
}

/* Where they have LIST_VECTORS vectors, or half of them; 0 where the runs must go one by one. */
static int list_pair(real *d0, real *d1, const real *x0, const real *x1, int64_t length, const int32_t *places,
                     const real *g, int64_t count) {
    if (length == LIST_VECTORS * VL)
        list_pair_tile(d0, d1, x0, x1, places, g, count, LIST_VECTORS);
    else if (length == LIST_VECTORS / 2 * VL)
        list_pair_tile(d0, d1, x0, x1, places, g, count, LIST_VECTORS / 2);
    else
        return 0;
    return 1;
}
#else
static int list_pair(real *d0, real *d1, const real *x0, const real *x1, int64_t length, const int32_t *places,
                     const real *g, int64_t count) {
    return (void)d0, (void)d1, (void)x0, (void)x1, (void)length, (void)places, (void)g, (void)count, 0;
}
#endif

#endif
