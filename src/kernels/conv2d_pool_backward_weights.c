/* The gradient of a convolution behind which lies a max-pool with respect to its weights: see lists.h. */
#include "lists.h"

static int64_t channel_list_bytes(const problem *p) {
    return aligned(LIST_CHANNELS * list_length(p) * (int64_t)(sizeof(int32_t) + sizeof(real)));
}

static int64_t conv2d_backward_weights_pool_tasks(const problem *p) {
    return ceil_div(p->n, p->count) * ceil_div(p->oc, LIST_CHANNELS);
}
static int64_t conv2d_backward_weights_pool_scratch(const problem *p) {
    return channel_list_bytes(p) + forward_segment_bytes(p) + band_bytes(p, strip_rows(p, list_rows(p)));
}

/* Up to VL windows by channels, turned to channels by windows: what is alive of each channel goes to its list at once. 0 where
 * that would not pay, or the lanes of a vector cannot hold places. */
#ifdef CONVCORE_LANE_LISTS
static int list_square(const problem *p, const real *g, const uint8_t *codes, int64_t windows, int64_t lanes,
                       const int32_t *first, const int32_t *of_code, int32_t *places, real *values, int64_t *counts) {
    const int64_t length = list_length(p);
    if (lanes < VL || windows < VL / 2 || p->qh * p->qw > LANE_CODES) return 0;
    vec value[VL], place[VL];
    for (int64_t i = 0; i < VL; i++) {
        value[i] = i < windows ? vload(g + i * p->oc) : vset1(0);
        place[i] = i < windows ? vcode_places(codes + i * p->oc, of_code, first[i]) : vset1(0);
    }
    vturn(value);
    vturn(place);
    for (int64_t k = 0; k < VL; k++)
        counts[k] += vappend(value[k], place[k], values + k * length + counts[k], places + k * length + counts[k]);
    return 1;
}
#else
static int list_square(const problem *p, const real *g, const uint8_t *codes, int64_t windows, int64_t lanes,
                       const int32_t *first, const int32_t *of_code, int32_t *places, real *values, int64_t *counts) {
    return (void)p, (void)g, (void)codes, (void)windows, (void)lanes, (void)first, (void)of_code, (void)places,
           (void)values, (void)counts, 0;
}
#endif

/* What is alive in each of `lanes` channels over the windows of `rows` pooled rows. */
static void list_channels(const problem *p, const real *g, const uint8_t *codes, int64_t rows, int64_t lanes,
                          int64_t row_step, int32_t *places, real *values, int64_t *counts) {
    const int64_t length = list_length(p), windows = rows * p->zw;
    int32_t of_code[256], first[VL];
    places_of_codes(p, row_step, of_code);
    for (int64_t k = 0; k < lanes; k++) counts[k] = 0;
    for (int64_t z = 0; z < windows; z += VL, g += VL * p->oc, codes += VL * p->oc) {
        const int64_t block = min64(VL, windows - z);
        for (int64_t i = 0; i < block; i++) first[i] = (int32_t)place_of_window(p, z + i, row_step);
        if (list_square(p, g, codes, block, lanes, first, of_code, places, values, counts)) continue;
        for (int64_t i = 0; i < block; i++)
            for (int64_t k = 0; k < lanes; k++) {
                const real value = g[i * p->oc + k];
                places[k * length + counts[k]] = first[i] + of_code[codes[i * p->oc + k]];
                values[k * length + counts[k]] = value;
                counts[k] += value != 0;
            }
    }
}

/* buf: x, g, codes, partial[chunk][oc][K]. A task is one chunk of p->count images and LIST_CHANNELS channels; the first of a chunk
 * fetches the next image while it works on one. */
static void conv2d_backward_weights_pool(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t blocks = ceil_div(p->oc, LIST_CHANNELS), chunk = task / blocks, oc = task % blocks * LIST_CHANNELS;
    const int64_t lanes = min64(LIST_CHANNELS, p->oc - oc), taps = p->kh * p->kw * p->ic, length = list_length(p);
    const int64_t plane = p->ih * p->iw * p->ic;
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
            const int64_t segment_count = forward_segments(p, in.row_step, p->dh, segments);
            list_channels(p, (const real *)buf[1] + at, (const uint8_t *)buf[2] + at, rows, lanes, in.row_step, places,
                          values, counts);
            const segment *end = segments + segment_count;
            for (int64_t k = 0; k < lanes; k++) {
                if (oc == 0 && z == 0 && n + 1 < p->n)
                    fetch_part((const real *)buf[0] + (n + 1) * plane, plane * (int64_t)sizeof(real), k, lanes);
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
enum { PATCH = 32 };

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
    const int64_t windows = p->zh * p->zw * p->oc;
    for (int64_t n = task * p->count; n < min64((task + 1) * p->count, p->n); n++)
        for (int64_t z = 0; z < p->zh; z++) {
            const band in = read_band(p, (const real *)buf[0] + n * p->ih * p->iw, z * p->th, strip_rows(p, 1),
                                      patches + p->zw * PATCH);
            const int64_t at = (n * p->zh + z) * p->zw * p->oc;
            if (n + 1 < p->n) fetch_part((const uint8_t *)buf[2] + (n + 1) * windows, windows, z, p->zh);
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
