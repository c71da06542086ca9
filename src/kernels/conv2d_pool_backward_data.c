/* The gradient of a convolution behind which lies a max-pool with respect to its input: see lists.h. */
#include "lists.h"

/* Rows and columns of the input with its padding, as far as the pool reads them. */
static int64_t reached_rows(const problem *p) { return needed_rows(p, strip_rows(p, p->zh)); }
static int64_t reached_columns(const problem *p) { return (strip_columns(p) - 1) * p->sw + (p->kw - 1) * p->dw + 1; }

/* The list of one window: its channels by code, and room for what vcompact writes beyond them. */
static int64_t window_list(const problem *p) { return p->oc + VL; }
static int64_t window_list_bytes(const problem *p) {
    return aligned(list_length(p) * (window_list(p) * (int64_t)(sizeof(int32_t) + sizeof(real)) +
                                     (p->qh * p->qw + 1) * (int64_t)sizeof(int32_t)));
}

/* With a 3x3 kernel and a 2x2 pool the taps of all elements of a window lie in one 4x4 patch of x: where the registers hold it,
 * a window takes its patch once for all its channels, and one vector of input channels after the other takes few enough
 * weights to stay in the nearest cache. */
enum { PATCH_PIXELS = PATCH_SIDE * PATCH_SIDE, PATCH_CODES = 4 };
static int64_t in_patches(const problem *p) {
    const int64_t one_step = p->sh == 1 && p->sw == 1 && p->dh == 1 && p->dw == 1;
    return TILE_REGISTERS >= PATCH_PIXELS + 2 && one_step && p->kh == 3 && p->kw == 3 && p->qh == 2 && p->qw == 2;
}

enum { TURN_TAPS = 16 };
static int64_t conv2d_pool_turn_weights_tasks(const problem *p) {
    return in_patches(p) ? ceil_div(p->ic, VL) : ceil_div(p->kh * p->kw * p->ic, TURN_TAPS);
}

/* The weights as conv2d_backward_data_pool reads them: turned[oc][K], or for patches turned[ic / VL][oc][tap][VL], which for
 * ic that VL does not divide is padded. buf: w, turned. A task is TURN_TAPS of K, or one vector of input channels. */
static void conv2d_pool_turn_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const real *w = buf[0];
    real *turned = buf[1];
    const int64_t taps = p->kh * p->kw;
    if (!in_patches(p)) {
        const int64_t first = task * TURN_TAPS, count = min64(TURN_TAPS, taps * p->ic - first);
        turn(w + first * p->oc, p->oc, turned + first, taps * p->ic, count, p->oc);
        return;
    }
    const int64_t lanes = min64(VL, p->ic - task * VL), block = p->oc * taps * VL;
    if (lanes < VL) memset(turned + task * block, 0, (size_t)block * sizeof(real));
    for (int64_t tap = 0; tap < taps; tap++)
        turn(w + (tap * p->ic + task * VL) * p->oc, p->oc, turned + task * block + tap * VL, taps * VL, lanes, p->oc);
}

static int64_t conv2d_backward_data_pool_tasks(const problem *p) { return p->n; }
static int64_t conv2d_backward_data_pool_scratch(const problem *p) {
    const int64_t padded = is_padded(p) ? reached_rows(p) * reached_columns(p) * p->ic * (int64_t)sizeof(real) : 0;
    return window_list_bytes(p) + forward_segment_bytes(p) + padded;
}

/* What is alive in each window, by code: ends[code] is where the channels of `code` begin, ends[code + 1] where they end. */
static void list_windows(const problem *p, const real *g, const uint8_t *codes, int64_t windows, int32_t *places,
                         real *values, int32_t *ends) {
    const int32_t taps = (int32_t)(p->kh * p->kw * (in_patches(p) ? VL : p->ic));
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

/* d += what the windows add, in patches: one vector of input channels, `w` its turned weights. */
INLINE void add_patches(const problem *p, real *d, int64_t row_step, const real *w, int64_t windows,
                        const int32_t *places, const real *values, const int32_t *ends, const int tail, vmask m) {
    for (int64_t window = 0; window < windows; window++, ends += PATCH_CODES + 1) {
        real *corner = d + place_of_window(p, window, row_step);
        vec patch[PATCH_PIXELS];
        UNROLL for (int i = 0; i < PATCH_PIXELS; i++) patch[i] =
            load_channels(corner + i / 4 * row_step + i % 4 * p->ic, 0, 1, tail, m);
        UNROLL for (int code = 0; code < PATCH_CODES; code++) for (int64_t i = ends[code]; i < ends[code + 1]; i++) {
            const vec value = vset1(values[window * window_list(p) + i]);
            const real *taps = w + places[window * window_list(p) + i];
            UNROLL for (int t = 0; t < PATCH_TAPS; t++) {
                const int at = (t / 3 + code / 2) * PATCH_SIDE + t % 3 + code % 2;
                patch[at] = vfma(value, vload(taps + t * VL), patch[at]);
            }
        }
        UNROLL for (int i = 0; i < PATCH_PIXELS; i++)
            store_channels(corner + i / 4 * row_step + i % 4 * p->ic, patch[i], 0, 1, tail, m);
    }
}

/* buf: g, codes, turned weights, y or NULL, dx. Where y, the ReLU's result that x is, is not positive, dx is zero.
 * A task is one image. */
static void conv2d_backward_data_pool(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t length = list_length(p), codes = p->qh * p->qw, padded = is_padded(p);
    const int64_t row_step = (padded ? reached_columns(p) : p->iw) * p->ic;
    real *values = scratch;
    int32_t *places = (int32_t *)(values + length * window_list(p)), *ends = places + length * window_list(p);
    segment *segments = (segment *)((char *)scratch + window_list_bytes(p));
    real *dx = (real *)buf[4] + task * p->ih * p->iw * p->ic;
    real *x = padded ? (real *)((char *)segments + forward_segment_bytes(p)) : dx;
    const int64_t segment_count = forward_segments(p, row_step, p->dh, segments);
    const int64_t plane = p->ih * p->iw * p->ic;
    int32_t of_code[256];
    places_of_codes(p, row_step, of_code);
    memset(x, 0, (size_t)((padded ? reached_rows(p) : p->ih) * row_step) * sizeof(real));
    for (int64_t z = 0; z < p->zh; z += list_rows(p)) {
        const int64_t windows = min64(list_rows(p), p->zh - z) * p->zw, at = (task * p->zh + z) * p->zw * p->oc;
        real *band = x + z * p->th * p->sh * row_step;
        list_windows(p, (const real *)buf[0] + at, (const uint8_t *)buf[1] + at, windows, places, values, ends);
        const int64_t block = p->oc * PATCH_TAPS * VL;
        for (int64_t ic = 0; ic < p->ic && in_patches(p); ic += VL) {
            const real *w = (const real *)buf[2] + ic / VL * block;
            if (z == 0 && task + 1 < p->n)
                fetch_part(dx + plane, plane * (int64_t)sizeof(real), ic / VL, ceil_div(p->ic, VL));
            if (ic + VL <= p->ic)
                add_patches(p, band + ic, row_step, w, windows, places, values, ends, 0, vmask_first(VL));
            else
                add_patches(p, band + ic, row_step, w, windows, places, values, ends, 1, vmask_first(p->ic - ic));
        }
        if (in_patches(p)) continue;
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
        const real *y = (const real *)buf[3] + task * plane;
        for (int64_t i = 0; i < plane; i++) dx[i] = y[i] > 0 ? dx[i] : 0;
    }
}
