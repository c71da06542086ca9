/* The gradients of a convolution behind which lies a max-pool, from the gradient of the pooled output and the pool's codes.
 *
 * Of each window one element at most has a gradient, and the ReLU stops many of those. Lists of (place, gradient) hold what is
 * alive, and only that is worked through; the map between convolution and pool is never built. With K = kh*kw*ic, w turned to
 * [oc][K], and place(window, code) where in x the taps of an element begin:
 *
 *   dw[oc][K]          = sum over windows  g[window, oc] * x[place(window, code) + K]    lists by channel
 *   dx[place(...) + K] += sum over channels g[window, oc] * w[oc][K]                     lists by window and code
 */
#include "band.h"

enum { LIST_CHANNELS = 16, LIST_WINDOWS = 256 };

static int64_t aligned(int64_t bytes) { return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE; }
static int64_t list_rows(const problem *p) { return even_rows(p->zh, max64(1, LIST_WINDOWS / p->zw)); }
static int64_t list_length(const problem *p) { return list_rows(p) * p->zw; }

/* Where the taps of each element of a window begin, from those of its first. */
static void places_of_codes(const problem *p, int64_t row_step, int32_t *places) {
    for (int64_t code = 0; code < p->qh * p->qw; code++)
        places[code] = (int32_t)(code / p->qw * p->sh * row_step + code % p->qw * p->sw * p->ic);
}
static int64_t place_of_window(const problem *p, int64_t window, int64_t row_step) {
    return window / p->zw * p->th * p->sh * row_step + window % p->zw * p->tw * p->sw * p->ic;
}

#if TILE_REGISTERS == 12
#define LIST_VECTORS 8
#else
#define LIST_VECTORS 12
#endif

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

/* ------------------------------------------------------------------------------------------------ weights */

static int64_t channel_list_bytes(const problem *p) {
    return aligned(LIST_CHANNELS * list_length(p) * (int64_t)(sizeof(int32_t) + sizeof(real)));
}

static int64_t conv2d_backward_weights_pool_tasks(const problem *p) {
    return ceil_div(p->n, p->count) * ceil_div(p->oc, LIST_CHANNELS);
}
static int64_t conv2d_backward_weights_pool_scratch(const problem *p) {
    return channel_list_bytes(p) + forward_segment_bytes(p) + band_bytes(p, strip_rows(p, list_rows(p)));
}

/* What is alive in each of `lanes` channels over the windows of `rows` pooled rows. */
static void list_channels(const problem *p, const real *g, const uint8_t *codes, int64_t rows, int64_t lanes,
                          int64_t row_step, int32_t *places, real *values, int64_t *counts) {
    const int64_t length = list_length(p);
    int32_t of_code[256];
    places_of_codes(p, row_step, of_code);
    for (int64_t k = 0; k < lanes; k++) counts[k] = 0;
    for (int64_t z = 0; z < rows * p->zw; z++, g += p->oc, codes += p->oc) {
        const int32_t place = (int32_t)place_of_window(p, z, row_step);
        for (int64_t k = 0; k < lanes; k++) {
            places[k * length + counts[k]] = place + of_code[codes[k]];
            values[k * length + counts[k]] = g[k];
            counts[k] += g[k] != 0;
        }
    }
}

/* buf: x, g, codes, partial[chunk][oc][K]. A task is one chunk of p->count images and LIST_CHANNELS channels. */
static void conv2d_backward_weights_pool(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t blocks = ceil_div(p->oc, LIST_CHANNELS), chunk = task / blocks, oc = task % blocks * LIST_CHANNELS;
    const int64_t lanes = min64(LIST_CHANNELS, p->oc - oc), taps = p->kh * p->kw * p->ic, length = list_length(p);
    real *values = scratch;
    int32_t *places = (int32_t *)(values + LIST_CHANNELS * length);
    segment *segments = (segment *)((char *)scratch + channel_list_bytes(p));
    real *padded = (real *)((char *)segments + forward_segment_bytes(p));
    real *partial = (real *)buf[3] + (chunk * p->oc + oc) * taps;
    int64_t counts[LIST_CHANNELS];
    memset(partial, 0, (size_t)(lanes * taps) * sizeof(real));
    for (int64_t n = chunk * p->count; n < min64((chunk + 1) * p->count, p->n); n++)
        for (int64_t z = 0; z < p->zh; z += list_rows(p)) {
            const int64_t rows = min64(list_rows(p), p->zh - z), at = (n * p->zh + z) * p->zw * p->oc + oc;
            const band in =
                read_band(p, (const real *)buf[0] + n * p->ih * p->iw * p->ic, z * p->th, strip_rows(p, rows), padded);
            const int64_t segment_count = forward_segments(p, in.row_step, segments);
            list_channels(p, (const real *)buf[1] + at, (const uint8_t *)buf[2] + at, rows, lanes, in.row_step, places,
                          values, counts);
            const segment *end = segments + segment_count;
            for (int64_t k = 0; k < lanes; k++) {
                const int32_t *at = places + k * length;
                const real *g = values + k * length;
                real *d = partial + k * taps;
                for (const segment *s = segments; s < end; s++)
                    if (s + 1 < end &&
                        list_pair(d + s->w, d + s[1].w, in.x + s->x, in.x + s[1].x, s->length, at, g, counts[k]))
                        s++;
                    else
                        list_run(d + s->w, in.x + s->x, s->length, at, g, counts[k]);
            }
        }
}

/* ------------------------------------------------------------------------- weights, one channel of input */

/* With one input channel, a 3x3 kernel and a 2x2 pool, a window and all its taps lie in a 4x4 patch of x. Lanes run over output
 * channels: each picks, for each tap, the pixel that its code says. */
enum { PATCH_SIDE = 4, PATCH = 32, PATCH_TAPS = 9 };

static int64_t conv2d_backward_weights_pool_c1_tasks(const problem *p) { return ceil_div(p->n, p->count); }
static int64_t conv2d_backward_weights_pool_c1_scratch(const problem *p) {
    return p->zw * PATCH * (int64_t)sizeof(real) + band_bytes(p, strip_rows(p, 1));
}

/* The patches of one row of windows. */
static void cut_patches(const problem *p, band in, real *patches) {
    for (int64_t z = 0; z < p->zw; z++, patches += PATCH, in.x += p->tw)
        for (int64_t i = 0; i < PATCH_SIDE; i++)
            memcpy(patches + i * PATCH_SIDE, in.x + i * in.row_step, PATCH_SIDE * sizeof(real));
}

/* partial[tap][oc] += g * picked pixel and partial_db[oc] += g, over one row of windows and `vecs` vectors of channels. */
INLINE void pick_windows(const problem *p, const real *patches, const real *g, const uint8_t *codes, real *partial,
                         real *partial_db, const int vecs, int64_t lanes) {
    const int64_t last = lanes - (vecs - 1) * VL, oc = p->oc;
    const int tail = last < VL;
    const vmask m = vmask_first(last);
    vec acc[PATCH_TAPS][2], sum[2];
    UNROLL for (int v = 0; v < vecs; v++) {
        sum[v] = vset1(0);
        UNROLL for (int tap = 0; tap < PATCH_TAPS; tap++) acc[tap][v] = vset1(0);
    }
    for (int64_t z = p->zw; z > 0; z--, patches += PATCH, g += oc, codes += oc) UNROLL for (int v = 0; v < vecs; v++) {
            const vec value = load_channels(g, v, vecs, tail, m);
            sum[v] = vadd(sum[v], value);
            const vpicks picks = vpicks_of(codes + v * VL, v == vecs - 1 ? last : VL);
            UNROLL for (int tap = 0; tap < PATCH_TAPS; tap++) acc[tap][v] =
                vfma(value, vpick(patches, tap / 3 * PATCH_SIDE + tap % 3, picks), acc[tap][v]);
        }
    UNROLL for (int v = 0; v < vecs; v++) {
        store_channels(partial_db, vadd(load_channels(partial_db, v, vecs, tail, m), sum[v]), v, vecs, tail, m);
        UNROLL for (int tap = 0; tap < PATCH_TAPS; tap++) {
            real *d = partial + tap * oc;
            store_channels(d, vadd(load_channels(d, v, vecs, tail, m), acc[tap][v]), v, vecs, tail, m);
        }
    }
}

/* buf: x, g, codes, partial[chunk][kh][kw][oc], partial_db[chunk][oc]. A task is one chunk of p->count images. */
static void conv2d_backward_weights_pool_c1(const problem *p, int64_t task, void *const *buf, void *scratch) {
    enum { VECS = TILE_REGISTERS >= 24 ? 2 : 1 };
    real *patches = scratch, *partial = (real *)buf[3] + task * p->kh * p->kw * p->oc;
    memset(patches, 0, (size_t)(p->zw * PATCH) * sizeof(real));
    real *partial_db = (real *)buf[4] + task * p->oc;
    memset(partial, 0, (size_t)(p->kh * p->kw * p->oc) * sizeof(real));
    memset(partial_db, 0, (size_t)p->oc * sizeof(real));
    for (int64_t n = task * p->count; n < min64((task + 1) * p->count, p->n); n++)
        for (int64_t z = 0; z < p->zh; z++) {
            const band in = read_band(p, (const real *)buf[0] + n * p->ih * p->iw, z * p->th, strip_rows(p, 1),
                                      patches + p->zw * PATCH);
            const int64_t at = (n * p->zh + z) * p->zw * p->oc;
            cut_patches(p, in, patches);
            for (int64_t oc = 0; oc < p->oc;) {
                const int64_t left = p->oc - oc, lanes = min64(left, VECS * VL);
                const real *g = (const real *)buf[1] + at + oc;
                const uint8_t *codes = (const uint8_t *)buf[2] + at + oc;
                if (VECS == 2 && lanes > VL)
                    pick_windows(p, patches, g, codes, partial + oc, partial_db + oc, 2, lanes);
                else
                    pick_windows(p, patches, g, codes, partial + oc, partial_db + oc, 1, lanes);
                oc += lanes;
            }
        }
}

/* --------------------------------------------------------------------------------------------------- data */

/* Rows and columns of the input with its padding, as far as the pool reads them. */
static int64_t reached_rows(const problem *p) { return needed_rows(p, strip_rows(p, p->zh)); }
static int64_t reached_columns(const problem *p) { return (strip_columns(p) - 1) * p->sw + (p->kw - 1) * p->dw + 1; }

/* The list of one window: its channels by code, and room for what vcompact writes beyond them. */
static int64_t window_list(const problem *p) { return p->oc + VL; }
static int64_t window_list_bytes(const problem *p) {
    return aligned(list_length(p) * (window_list(p) * (int64_t)(sizeof(int32_t) + sizeof(real)) +
                                     (p->qh * p->qw + 1) * (int64_t)sizeof(int32_t)));
}

static int64_t conv2d_backward_data_pool_tasks(const problem *p) { return p->n; }
static int64_t conv2d_backward_data_pool_scratch(const problem *p) {
    const int64_t padded = is_padded(p) ? reached_rows(p) * reached_columns(p) * p->ic * (int64_t)sizeof(real) : 0;
    return window_list_bytes(p) + forward_segment_bytes(p) + padded;
}

/* What is alive in each window, by code: ends[code] is where the channels of `code` begin, ends[code + 1] where they end. */
static void list_windows(const problem *p, const real *g, const uint8_t *codes, int64_t windows, int32_t *places,
                         real *values, int32_t *ends) {
    const int32_t taps = (int32_t)(p->kh * p->kw * p->ic);
    for (int64_t z = 0; z < windows;
         z++, g += p->oc, codes += p->oc, places += window_list(p), values += window_list(p)) {
        int64_t count = 0;
        *ends++ = 0;
        for (int64_t code = 0; code < p->qh * p->qw; code++) {
            for (int64_t oc = 0; oc < p->oc; oc += VL)
                count += vcompact(g + oc, codes + oc, min64(VL, p->oc - oc), (uint8_t)code, (int32_t)oc * taps, taps,
                                  values + count, places + count);
            *ends++ = (int32_t)count;
        }
    }
}

/* buf: g, codes, turned weights[oc][K], y or NULL, dx. Where y, the ReLU's result that x is, is not positive, dx is zero.
 * A task is one image. */
static void conv2d_backward_data_pool(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t length = list_length(p), codes = p->qh * p->qw, padded = is_padded(p);
    const int64_t row_step = (padded ? reached_columns(p) : p->iw) * p->ic;
    real *values = scratch;
    int32_t *places = (int32_t *)(values + length * window_list(p)), *ends = places + length * window_list(p);
    segment *segments = (segment *)((char *)scratch + window_list_bytes(p));
    real *dx = (real *)buf[4] + task * p->ih * p->iw * p->ic;
    real *x = padded ? (real *)((char *)segments + forward_segment_bytes(p)) : dx;
    const int64_t segment_count = forward_segments(p, row_step, segments);
    int32_t of_code[256];
    places_of_codes(p, row_step, of_code);
    memset(x, 0, (size_t)((padded ? reached_rows(p) : p->ih) * row_step) * sizeof(real));
    for (int64_t z = 0; z < p->zh; z += list_rows(p)) {
        const int64_t windows = min64(list_rows(p), p->zh - z) * p->zw, at = (task * p->zh + z) * p->zw * p->oc;
        real *band = x + z * p->th * p->sh * row_step;
        list_windows(p, (const real *)buf[0] + at, (const uint8_t *)buf[1] + at, windows, places, values, ends);
        /* Run by run, so that a run's weights stay in the nearest cache. */
        for (const segment *s = segments; s < segments + segment_count; s++)
            for (int64_t window = 0; window < windows; window++) {
                real *d = band + place_of_window(p, window, row_step) + s->x;
                const int32_t *end = ends + window * (codes + 1);
                for (int64_t code = 0; code < codes; code++) {
                    const int64_t from = window * window_list(p) + end[code], count = end[code + 1] - end[code];
                    if (count)
                        list_run(d + of_code[code], (const real *)buf[2] + s->w, s->length, places + from,
                                 values + from, count);
                }
            }
    }
    if (padded) copy_band(dx, x, reached_rows(p), reached_columns(p), p->ic, p->pt, p->ih, p->pl, p->iw);
    if (buf[3]) {
        const int64_t plane = p->ih * p->iw * p->ic;
        const real *y = (const real *)buf[3] + task * plane;
        for (int64_t i = 0; i < plane; i++) dx[i] = y[i] > 0 ? dx[i] : 0;
    }
}
