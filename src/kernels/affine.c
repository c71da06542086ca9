/* Images resampled by affine maps:
 *
 *   y[n, h, w, c] = x[n, row, column, c]      row = b0 w + b1 h + b2, column = a0 w + a1 h + a2
 *
 * with (a0, a1, a2, b0, b1, b2, 0, 0) = maps[n / groups], or the only map there is if p->count is 1. A place between pixels is the
 * sum of the four around it, each by its share (BILINEAR), or the nearest pixel. What is outside of the image p->border says, as
 * that of a convolution's padding, but that ZEROS stands for the number p->a.
 *
 * The places of AFFINE_COLUMNS outputs of a row and their shares are found first, outputs in the lanes, for all channels. Then
 * vectors of channels are added, or outputs where there is one channel. Nothing here is fused or reordered, so that all ISAs and
 * both layouts give the same bits. An image has less than 2^30 elements. */
#include "band.h"
#include "pool.h"

enum { AFFINE_COLUMNS = 128, AFFINE_MAP = 8, AFFINE_TAPS = 4 };
enum { NEAREST, BILINEAR };

/* The pixels around the places of a line along one axis, -1 where there is none, and the share of the second of two. */
typedef struct affine_axis {
    int32_t low[AFFINE_COLUMNS], high[AFFINE_COLUMNS];
    real share[AFFINE_COLUMNS];
} affine_axis;

/* The same of both axes: where a pixel begins, -1 where there is none. Of the nearest there is one. */
typedef struct affine_places {
    int32_t at[AFFINE_TAPS][AFFINE_COLUMNS];
    real share[AFFINE_TAPS][AFFINE_COLUMNS];
} affine_places;

INLINE real limited(real t, real low, real high) {
    const real above = t > low ? t : low; /* NaN is `low` */
    return above < high ? above : high;
}

/* floor(t) of a t that int32 holds. */
INLINE int32_t whole_below(real t) {
    const int32_t i = (int32_t)t;
    return i - ((real)i > t);
}

/* After how many pixels a border repeats itself, and the sum of two that mirror each other. */
INLINE int32_t border_period(int32_t size, int border) {
    if (border == SYMMETRIC) return 2 * size;
    return border == MIRROR && size > 1 ? 2 * size - 2 : size;
}
INLINE int32_t border_mirror(int32_t size, int border) { return border == MIRROR ? 2 * size - 2 : 2 * size - 1; }

INLINE int32_t pixel_inside(int32_t i, int32_t size, const int border) {
    if (border == ZEROS) return (uint32_t)i < (uint32_t)size ? i : -1;
    const int32_t period = border_period(size, border), up = i < 0 ? (border == EDGE ? 0 : i + period) : i;
    if (border == EDGE) return up < size ? up : size - 1;
    const int32_t once = up < period ? up : up - period;
    return once < size ? once : border_mirror(size, border) - once;
}

/* slope * i + start, for outputs i from `first` on, between the pixels 0 to size - 1. */
INLINE void find_places(real slope, real start, int32_t first, int32_t count, int32_t size, const int border,
                        const int interpolation, affine_axis *restrict to) {
    const real period = (real)border_period(size, border);
    for (int32_t i = 0; i < count; i++) {
        real t = slope * (real)(first + i) + start;
        if (border == ZEROS || border == EDGE) {
            t = limited(t, -2, (real)size + 1);
        } else {
            t = limited(t, -(real)(1 << 30), (real)(1 << 30));
            t -= period * (real)whole_below(t / period);
        }
        if (interpolation == NEAREST) {
            to->low[i] = pixel_inside(whole_below(t + (real)0.5), size, border);
        } else {
            const int32_t low = whole_below(t);
            to->low[i] = pixel_inside(low, size, border);
            to->high[i] = pixel_inside(low + 1, size, border);
            to->share[i] = t - (real)low;
        }
    }
}

static void find_line(real slope, real start, int64_t first, int64_t count, int64_t size, int64_t border,
                      int64_t interpolation, affine_axis *to) {
#define AFFINE_LINE(B)                                                                                 \
    case B:                                                                                            \
        if (interpolation == NEAREST)                                                                  \
            find_places(slope, start, (int32_t)first, (int32_t)count, (int32_t)size, B, NEAREST, to);  \
        else                                                                                           \
            find_places(slope, start, (int32_t)first, (int32_t)count, (int32_t)size, B, BILINEAR, to); \
        break;
    switch (border) {
        AFFINE_LINE(ZEROS)
        AFFINE_LINE(EDGE)
        AFFINE_LINE(MIRROR)
        AFFINE_LINE(SYMMETRIC)
        AFFINE_LINE(WRAP)
    }
#undef AFFINE_LINE
}

INLINE void join_taps(const int32_t *restrict rows, const int32_t *restrict columns, int32_t count, int32_t width,
                      int32_t c, int32_t *restrict at) {
    for (int32_t i = 0; i < count; i++) {
        const int32_t place = (rows[i] * width + columns[i]) * c;
        at[i] = (rows[i] | columns[i]) < 0 ? -1 : place;
    }
}

/* The places of outputs [w, w + count) of row h. Returns how many taps each has. */
static int find_taps(const problem *p, const real *map, int64_t h, int64_t w, int64_t count, affine_places *to) {
    affine_axis rows, columns;
    const int32_t n = (int32_t)ceil_div(count, 16) * 16, width = (int32_t)p->iw, c = (int32_t)p->ic; /* whole vectors */
    find_line(map[0], map[1] * (real)h + map[2], w, n, p->iw, p->border, p->kind, &columns);
    find_line(map[3], map[4] * (real)h + map[5], w, n, p->ih, p->border, p->kind, &rows);
    join_taps(rows.low, columns.low, n, width, c, to->at[0]);
    if (p->kind == NEAREST) return 1;
    join_taps(rows.low, columns.high, n, width, c, to->at[1]);
    join_taps(rows.high, columns.low, n, width, c, to->at[2]);
    join_taps(rows.high, columns.high, n, width, c, to->at[3]);
    for (int32_t i = 0; i < n; i++) {
        const real down = rows.share[i], across = columns.share[i];
        to->share[0][i] = (1 - down) * (1 - across);
        to->share[1][i] = (1 - down) * across;
        to->share[2][i] = down * (1 - across);
        to->share[3][i] = down * across;
    }
    return AFFINE_TAPS;
}

static const real *affine_map(const problem *p, const void *maps, int64_t n) {
    return (const real *)maps + (p->count == 1 ? 0 : n / p->groups * AFFINE_MAP);
}

static int64_t affine_tasks(const problem *p) { return pool_parts(p->n, p->oh, p->ow, p->ic); }

INLINE real pixel_at(const real *x, int32_t at, real fill) {
    const real value =
        x[at & ~(at >> 31)]; /* that of pixel 0 where there is none: no branch, so that vectors can do it */
    return at < 0 ? fill : value;
}

static void resample_lines(const real *restrict x, const affine_places *t, int64_t count, int taps, real fill,
                           real *restrict y) {
    if (taps == 1)
        for (int64_t i = 0; i < count; i++) y[i] = pixel_at(x, t->at[0][i], fill);
    else
        for (int64_t i = 0; i < count; i++) {
            const real above =
                pixel_at(x, t->at[0][i], fill) * t->share[0][i] + pixel_at(x, t->at[1][i], fill) * t->share[1][i];
            y[i] = above + pixel_at(x, t->at[2][i], fill) * t->share[2][i] +
                   pixel_at(x, t->at[3][i], fill) * t->share[3][i];
        }
}

/* `lanes` channels of one output from its taps. */
INLINE void resample_channels(const real *const *tap, const vec *share, int taps, int64_t k, int64_t lanes, real *y) {
    vec v = vload_first(tap[0] + k, lanes);
    if (taps > 1) {
        v = vmul(v, share[0]);
        UNROLL for (int j = 1; j < AFFINE_TAPS; j++) v = vadd(v, vmul(vload_first(tap[j] + k, lanes), share[j]));
    }
    vstore_first(y + k, v, lanes);
}

static void resample_pixels(const real *x, const affine_places *t, int64_t count, int taps, int64_t c, real fill,
                            real *y) {
    real outside[VL];
    vstore(outside, vset1(fill));
    for (int64_t i = 0; i < count; i++, y += c) {
        vec share[AFFINE_TAPS];
        const real *tap[AFFINE_TAPS];
        int all = 1;
        for (int j = 0; j < taps; j++) {
            all &= t->at[j][i] >= 0;
            tap[j] = x + t->at[j][i];
            share[j] = vset1(taps > 1 ? t->share[j][i] : 1);
        }
        int64_t k = 0;
        if (all) {
            for (; k + VL <= c; k += VL) resample_channels(tap, share, taps, k, VL, y);
            if (k < c) resample_channels(tap, share, taps, k, c - k, y);
            continue;
        }
        for (; k < c; k += VL) {
            const real *near[AFFINE_TAPS];
            for (int j = 0; j < taps; j++) near[j] = t->at[j][i] < 0 ? outside : tap[j] + k;
            resample_channels(near, share, taps, 0, min64(VL, c - k), y + k);
        }
    }
}

/* buf: x, maps, y. A task is some images, or rows, or columns of one. */
static void affine(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const pool_part part = pool_part_of(task, p->n, p->oh, p->ow, p->ic);
    affine_places places;
    for (int64_t n = part.n0; n < part.n1; n++) {
        const real *x = (const real *)buf[0] + n * p->ih * p->iw * p->ic, *map = affine_map(p, buf[1], n);
        for (int64_t h = part.h0; h < part.h1; h++)
            for (int64_t w = part.w0; w < part.w1; w += AFFINE_COLUMNS) {
                const int64_t count = min64(AFFINE_COLUMNS, part.w1 - w);
                real *y = (real *)buf[2] + ((n * p->oh + h) * p->ow + w) * p->ic;
                const int taps = find_taps(p, map, h, w, count, &places);
                if (p->ic == 1)
                    resample_lines(x, &places, count, taps, (real)p->a, y);
                else
                    resample_pixels(x, &places, count, taps, p->ic, (real)p->a, y);
            }
    }
}

static int64_t affine_backward_tasks(const problem *p) {
    return pool_image_tasks(p->n, p->oh * p->ow, p->ic, scattered_channels(p->n, p->ic));
}

/* The adjoint: dy goes to the pixels that its output was made of, by their shares, output after output. A task is some images, or
 * of one image a block of its channels. buf: dy, maps, dx. */
static void affine_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic;
    const pool_images part = pool_images_of(task, p->n, p->oh * p->ow, c, scattered_channels(p->n, c));
    affine_places places;
    for (int64_t n = part.n0; n < part.n1; n++) {
        const real *map = affine_map(p, buf[1], n), *dy = (const real *)buf[0] + n * p->oh * p->ow * c;
        real *dx = (real *)buf[2] + n * p->ih * p->iw * c;
        clear_channels(dx + part.c0, p->ih * p->iw, c, part.c1 - part.c0);
        for (int64_t h = 0; h < p->oh; h++)
            for (int64_t w = 0; w < p->ow; w += AFFINE_COLUMNS) {
                const int64_t count = min64(AFFINE_COLUMNS, p->ow - w);
                const int taps = find_taps(p, map, h, w, count, &places);
                for (int64_t i = 0; i < count; i++, dy += c)
                    for (int j = 0; j < taps; j++) {
                        if (places.at[j][i] < 0) continue;
                        real *restrict to = dx + places.at[j][i];
                        const real share = taps > 1 ? places.share[j][i] : 1;
                        for (int64_t k = part.c0; k < part.c1; k++) to[k] += dy[k] * share;
                    }
            }
    }
}
