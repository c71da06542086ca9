/* The gradients of a convolution behind which lies a max-pool, from the gradient of the pooled output and the pool's codes.
 *
 * Of each window one element at most has a gradient, and the ReLU stops many of those: for each output channel a list of
 * (place, gradient) holds the windows that are alive, and only they are worked through. The map between convolution and pool
 * is never built. With K = kh*kw*ic and w turned to [oc][K]:
 *
 *   dw[oc][K]     += g * x[place + K]      for each entry of the list of oc      (a chain over the list)
 *   dx[place + K] += g * w[oc][K]          likewise, channels one after the other
 */
#include "band.h"

enum { LIST_CHANNELS = 16, LIST_WINDOWS = 256 };

typedef struct alive {
    int32_t place; /* in elements, from the first row of the band */
    real g;
} alive;

static int64_t list_rows(const problem *p) { return even_rows(p->zh, max64(1, LIST_WINDOWS / p->zw)); }
static int64_t list_length(const problem *p) { return list_rows(p) * p->zw; }
static int64_t list_bytes(const problem *p) {
    return (LIST_CHANNELS * list_length(p) * (int64_t)sizeof(alive) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* Lists for channels [oc, oc + lanes) over pooled rows [first, first + rows) of one image; lengths to counts. */
static void list_alive(const problem *p, const real *g, const uint8_t *codes, int64_t rows, int64_t lanes, int64_t row_step,
                       alive *lists, int64_t *counts) {
    const int64_t length = list_length(p);
    int32_t place_of_code[256];
    for (int64_t code = 0; code < p->qh * p->qw; code++)
        place_of_code[code] = (int32_t)(code / p->qw * p->sh * row_step + code % p->qw * p->sw * p->ic);
    for (int64_t k = 0; k < lanes; k++) counts[k] = 0;
    for (int64_t z = 0; z < rows * p->zw; z++) {
        const int64_t place = z / p->zw * p->th * p->sh * row_step + z % p->zw * p->tw * p->sw * p->ic;
        for (int64_t k = 0; k < lanes; k++) {
            const real value = g[z * p->oc + k];
            lists[k * length + counts[k]] = (alive){(int32_t)place + place_of_code[codes[z * p->oc + k]], value};
            counts[k] += value != 0;
        }
    }
}

#if TILE_REGISTERS == 12
#define LIST_VECTORS 8
#else
#define LIST_VECTORS 12
#endif

/* d[v] += sum over the list of g * x[place + v]. */
INLINE void gather_tile(real *d, const real *x, const alive *list, int64_t count, const int vecs, const int tail, vmask m) {
    vec acc[LIST_VECTORS];
    UNROLL for (int v = 0; v < vecs; v++) acc[v] = load_channels(d, v, vecs, tail, m);
    for (int64_t i = 0; i < count; i++) {
        const real *at = x + list[i].place;
        const vec g = vset1(list[i].g);
        UNROLL for (int v = 0; v < vecs; v++) acc[v] = vfma(g, load_channels(at, v, vecs, tail, m), acc[v]);
    }
    UNROLL for (int v = 0; v < vecs; v++) store_channels(d, acc[v], v, vecs, tail, m);
}

/* x[place + v] += g * w[v] for each entry of the list, in order. */
INLINE void scatter_tile(real *x, const real *w, const alive *list, int64_t count, const int vecs, const int tail, vmask m) {
    vec held[LIST_VECTORS];
    UNROLL for (int v = 0; v < vecs; v++) held[v] = load_channels(w, v, vecs, tail, m);
    for (int64_t i = 0; i < count; i++) {
        real *at = x + list[i].place;
        const vec g = vset1(list[i].g);
        UNROLL for (int v = 0; v < vecs; v++)
            store_channels(at, vfma(g, held[v], load_channels(at, v, vecs, tail, m)), v, vecs, tail, m);
    }
}

typedef void (*gather_fn)(real *d, const real *x, const alive *list, int64_t count, vmask m);
typedef void (*scatter_fn)(real *x, const real *w, const alive *list, int64_t count, vmask m);

#define LIST_TILE(VECS, UNUSED)                                                                                    \
    static void gather_##VECS(real *d, const real *x, const alive *l, int64_t n, vmask m) { gather_tile(d, x, l, n, VECS, 0, m); }      \
    static void gather_##VECS##_tail(real *d, const real *x, const alive *l, int64_t n, vmask m) { gather_tile(d, x, l, n, VECS, 1, m); } \
    static void scatter_##VECS(real *x, const real *w, const alive *l, int64_t n, vmask m) { scatter_tile(x, w, l, n, VECS, 0, m); }      \
    static void scatter_##VECS##_tail(real *x, const real *w, const alive *l, int64_t n, vmask m) { scatter_tile(x, w, l, n, VECS, 1, m); }
#define GATHER_ROW(VECS, UNUSED) [VECS] = {gather_##VECS, gather_##VECS##_tail},
#define SCATTER_ROW(VECS, UNUSED) [VECS] = {scatter_##VECS, scatter_##VECS##_tail},

UP_TO(LIST_VECTORS)(LIST_TILE, 0)
static const gather_fn gather_tiles[][2] = {UP_TO(LIST_VECTORS)(GATHER_ROW, 0)};
static const scatter_fn scatter_tiles[][2] = {UP_TO(LIST_VECTORS)(SCATTER_ROW, 0)};

/* ------------------------------------------------------------------------------------------------ weights */

static int64_t conv2d_backward_weights_pool_tasks(const problem *p) {
    return ceil_div(p->n, p->count) * ceil_div(p->oc, LIST_CHANNELS);
}
static int64_t conv2d_backward_weights_pool_scratch(const problem *p) {
    return list_bytes(p) + forward_segment_bytes(p) + band_bytes(p, strip_rows(p, list_rows(p)));
}

/* buf: x, g, codes, partial[chunk][oc][K]. A task is one chunk of p->count images and LIST_CHANNELS channels. */
static void conv2d_backward_weights_pool(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t blocks = ceil_div(p->oc, LIST_CHANNELS), chunk = task / blocks, oc = task % blocks * LIST_CHANNELS;
    const int64_t lanes = min64(LIST_CHANNELS, p->oc - oc), taps = p->kh * p->kw * p->ic, length = list_length(p);
    alive *lists = scratch;
    segment *segments = (segment *)((char *)scratch + list_bytes(p));
    real *padded = (real *)((char *)segments + forward_segment_bytes(p));
    real *partial = (real *)buf[3] + (chunk * p->oc + oc) * taps;
    int64_t counts[LIST_CHANNELS];
    memset(partial, 0, (size_t)(lanes * taps) * sizeof(real));
    for (int64_t n = chunk * p->count; n < min64((chunk + 1) * p->count, p->n); n++)
        for (int64_t z = 0; z < p->zh; z += list_rows(p)) {
            const int64_t rows = min64(list_rows(p), p->zh - z), at = (n * p->zh + z) * p->zw * p->oc + oc;
            const band in = read_band(p, (const real *)buf[0] + n * p->ih * p->iw * p->ic, z * p->th, strip_rows(p, rows), padded);
            const int64_t segment_count = forward_segments(p, in.row_step, segments);
            list_alive(p, (const real *)buf[1] + at, (const uint8_t *)buf[2] + at, rows, lanes, in.row_step, lists, counts);
            for (int64_t k = 0; k < lanes; k++)
                for (const segment *s = segments; s < segments + segment_count; s++)
                    for (int64_t done = 0; done < s->length; done += LIST_VECTORS * VL) {
                        const int64_t left = min64(LIST_VECTORS * VL, s->length - done), vecs = ceil_div(left, VL);
                        const int64_t last = left - (vecs - 1) * VL;
                        gather_tiles[vecs][last < VL](partial + k * taps + s->w + done, in.x + s->x + done, lists + k * length,
                                                      counts[k], vmask_first(last));
                    }
        }
}

/* ------------------------------------------------------------------------- weights, one channel of input */

/* With one input channel, a kernel of at most 3x3 and a 2x2 pool, a window and all its taps lie in a 4x4 patch of x. Lanes
 * run over output channels: each picks, for each tap, the pixel that its code says. */
enum { PATCH = 32, PATCH_TAPS = 3 };

static int64_t conv2d_backward_weights_pool_c1_tasks(const problem *p) { return ceil_div(p->n, p->count); }
static int64_t conv2d_backward_weights_pool_c1_scratch(const problem *p) {
    return p->zw * PATCH * (int64_t)sizeof(real) + band_bytes(p, strip_rows(p, 1));
}

/* The patches of one row of windows; what lies outside the taps is zero. */
static void cut_patches(const problem *p, band in, real *patches) {
    for (int64_t z = 0; z < p->zw; z++, patches += PATCH)
        for (int64_t i = 0; i < p->kh + 1; i++)
            for (int64_t j = 0; j < p->kw + 1; j++) patches[i * 4 + j] = in.x[i * in.row_step + z * p->tw + j];
}

/* partial[tap][oc] += g * picked pixel, over one row of windows and `vecs` vectors of channels. */
INLINE void pick_windows(const problem *p, const real *patches, const real *g, const uint8_t *codes, real *partial, const int vecs,
                         int64_t lanes) {
    const int64_t last = lanes - (vecs - 1) * VL;
    const int tail = last < VL;
    const vmask m = vmask_first(last);
    vec acc[PATCH_TAPS * PATCH_TAPS][2];
    UNROLL for (int tap = 0; tap < PATCH_TAPS * PATCH_TAPS; tap++) UNROLL for (int v = 0; v < vecs; v++) acc[tap][v] = vset1(0);
    for (int64_t z = 0; z < p->zw; z++, patches += PATCH, g += p->oc, codes += p->oc)
        UNROLL for (int v = 0; v < vecs; v++) {
            const vec value = load_channels(g, v, vecs, tail, m);
            const vpicks picks = vpicks_of(codes + v * VL, v == vecs - 1 ? last : VL);
            UNROLL for (int tap = 0; tap < PATCH_TAPS * PATCH_TAPS; tap++)
                acc[tap][v] = vfma(value, vpick(patches + tap / 3 * 4 + tap % 3, picks), acc[tap][v]);
        }
    for (int64_t kh = 0; kh < p->kh; kh++)
        for (int64_t kw = 0; kw < p->kw; kw++) {
            real *d = partial + (kh * p->kw + kw) * p->oc;
            for (int v = 0; v < vecs; v++)
                store_channels(d, vadd(load_channels(d, v, vecs, tail, m), acc[kh * PATCH_TAPS + kw][v]), v, vecs, tail, m);
        }
}

/* buf: x, g, codes, partial[chunk][kh][kw][oc]. A task is one chunk of p->count images. */
static void conv2d_backward_weights_pool_c1(const problem *p, int64_t task, void *const *buf, void *scratch) {
    enum { VECS = TILE_REGISTERS >= 24 ? 2 : 1 };
    real *patches = scratch, *partial = (real *)buf[3] + task * p->kh * p->kw * p->oc;
    memset(patches, 0, (size_t)(p->zw * PATCH) * sizeof(real));
    memset(partial, 0, (size_t)(p->kh * p->kw * p->oc) * sizeof(real));
    for (int64_t n = task * p->count; n < min64((task + 1) * p->count, p->n); n++)
        for (int64_t z = 0; z < p->zh; z++) {
            const band in = read_band(p, (const real *)buf[0] + n * p->ih * p->iw, z * p->th, strip_rows(p, 1), patches + p->zw * PATCH);
            const int64_t at = (n * p->zh + z) * p->zw * p->oc;
            cut_patches(p, in, patches);
            for (int64_t oc = 0; oc < p->oc;) {
                const int64_t left = p->oc - oc, lanes = min64(left, VECS * VL);
                const real *g = (const real *)buf[1] + at + oc;
                const uint8_t *codes = (const uint8_t *)buf[2] + at + oc;
                if (VECS == 2 && lanes > VL)
                    pick_windows(p, patches, g, codes, partial + oc, 2, lanes);
                else
                    pick_windows(p, patches, g, codes, partial + oc, 1, lanes);
                oc += lanes;
            }
        }
}

/* --------------------------------------------------------------------------------------------------- data */

/* Rows and columns of the input with its padding, as far as the pool reads them. */
static int64_t reached_rows(const problem *p) { return needed_rows(p, strip_rows(p, p->zh)); }
static int64_t reached_columns(const problem *p) { return (strip_columns(p) - 1) * p->sw + (p->kw - 1) * p->dw + 1; }

static int64_t conv2d_backward_data_pool_tasks(const problem *p) { return p->n; }
static int64_t conv2d_backward_data_pool_scratch(const problem *p) {
    const int64_t padded = is_padded(p) ? reached_rows(p) * reached_columns(p) * p->ic * (int64_t)sizeof(real) : 0;
    return list_bytes(p) + forward_segment_bytes(p) + padded;
}

/* buf: g, codes, turned weights[oc][K], dx. A task is one image. */
static void conv2d_backward_data_pool(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t taps = p->kh * p->kw * p->ic, length = list_length(p), padded = is_padded(p);
    const int64_t row_step = (padded ? reached_columns(p) : p->iw) * p->ic;
    alive *lists = scratch;
    segment *segments = (segment *)((char *)scratch + list_bytes(p));
    real *dx = (real *)buf[3] + task * p->ih * p->iw * p->ic;
    real *x = padded ? (real *)((char *)segments + forward_segment_bytes(p)) : dx;
    int64_t counts[LIST_CHANNELS];
    const int64_t segment_count = forward_segments(p, row_step, segments);
    memset(x, 0, (size_t)((padded ? reached_rows(p) : p->ih) * row_step) * sizeof(real));
    for (int64_t z = 0; z < p->zh; z += list_rows(p)) {
        const int64_t rows = min64(list_rows(p), p->zh - z);
        for (int64_t oc = 0; oc < p->oc; oc += LIST_CHANNELS) {
            const int64_t lanes = min64(LIST_CHANNELS, p->oc - oc), at = (task * p->zh + z) * p->zw * p->oc + oc;
            list_alive(p, (const real *)buf[0] + at, (const uint8_t *)buf[1] + at, rows, lanes, row_step, lists, counts);
            for (int64_t k = 0; k < lanes; k++)
                for (const segment *s = segments; s < segments + segment_count; s++)
                    for (int64_t done = 0; done < s->length; done += LIST_VECTORS * VL) {
                        const int64_t left = min64(LIST_VECTORS * VL, s->length - done), vecs = ceil_div(left, VL);
                        const int64_t last = left - (vecs - 1) * VL;
                        scatter_tiles[vecs][last < VL](x + z * p->th * p->sh * row_step + s->x + done,
                                                       (const real *)buf[2] + (oc + k) * taps + s->w + done, lists + k * length,
                                                       counts[k], vmask_first(last));
                    }
        }
    }
    if (padded) copy_band(dx, x, reached_rows(p), reached_columns(p), p->ic, p->pt, p->ih, p->pl, p->iw);
}
