/* 2-D average-pooling, NHWC.
 *
 *   y[n, oh, ow, c] = sum of x[n, oh*sh + i - pt, ow*sw + j - pl, c] over the taps (i, j) inside the image, divided by
 *
 * p->a if that is not 0, else by the number of these taps, with p->kind 1 also of those in the padding (pt, pl, pb, pr). */
#include "pool.h"

INLINE real pool_divisor(const problem *p, int64_t oh, int64_t ow) {
    if (p->a != 0) return (real)p->a;
    const int64_t h = oh * p->sh - p->pt, w = ow * p->sw - p->pl;
    if (p->kind) return (real)(min64(p->kh, p->ih + p->pb - h) * min64(p->kw, p->iw + p->pr - w));
    const pool_range rows = taps_inside(h, p->ih, p->kh, 1), columns = taps_inside(w, p->iw, p->kw, 1);
    return (real)((rows.end - rows.first) * (columns.end - columns.first));
}

/* The divisors of outputs w0 up to w1 of row oh, for each of c channels; most have all their columns in the image. */
INLINE void fill_divisors(const problem *p, int64_t oh, int64_t w0, int64_t w1, int64_t c, real *to) {
    const int64_t full0 = outputs_inside(w0, w1, -p->pl, p->sw, p->iw).first;
    const int64_t full1 = max64(full0, outputs_inside(w0, w1, p->kw - 1 - p->pl, p->sw, p->iw).end);
    for (int64_t ow = w0; ow < w1; ow++) {
        if (ow == full0 && full0 < full1) {
            const real divisor = pool_divisor(p, oh, ow);
            for (int64_t e = (full0 - w0) * c; e < (full1 - w0) * c; e++) to[e] = divisor;
            ow = full1 - 1;
            continue;
        }
        const real divisor = pool_divisor(p, oh, ow);
        for (int64_t k = 0; k < c; k++) to[(ow - w0) * c + k] = divisor;
    }
}

static int64_t avg_pool2d_tasks(const problem *p) { return pool_parts(p->n, p->oh, p->ow, p->ic); }

/* `vecs` vectors of channels of one window, or with `tail` so many channels of the only one. */
INLINE void average_window(const problem *p, const real *x, pool_range rows, pool_range columns, vec divisor,
                           const int vecs, int64_t tail, real *y) {
    vec sum[POOL_VECS];
    UNROLL for (int v = 0; v < vecs; v++) sum[v] = vset1(0);
    for (int64_t i = rows.first; i < rows.end; i++)
        for (int64_t j = columns.first; j < columns.end; j++) {
            const real *tap = x + (i * p->iw + j) * p->ic;
            UNROLL for (int v = 0; v < vecs; v++) sum[v] =
                vadd(sum[v], tail ? vload_first(tap, tail) : vload(tap + v * VL));
        }
    UNROLL for (int v = 0; v < vecs; v++) vstore_first(y + v * VL, vdiv(sum[v], divisor), tail ? tail : VL);
}

INLINE void average_row_wide(const problem *p, const real *image, int64_t oh, int64_t w0, int64_t w1, real *y) {
    const int64_t c = p->ic, h = oh * p->sh - p->pt;
    const pool_range rows = taps_inside(h, p->ih, p->kh, 1);
    for (int64_t ow = w0; ow < w1; ow++, y += c) {
        const int64_t w = ow * p->sw - p->pl;
        const pool_range columns = taps_inside(w, p->iw, p->kw, 1);
        const real *x = image + (h * p->iw + w) * c;
        const vec divisor = vset1(pool_divisor(p, oh, ow));
        int64_t k = 0;
        for (; k + POOL_VECS * VL <= c; k += POOL_VECS * VL)
            average_window(p, x + k, rows, columns, divisor, POOL_VECS, 0, y + k);
        for (; k + VL <= c; k += VL) average_window(p, x + k, rows, columns, divisor, 1, 0, y + k);
        if (k < c) average_window(p, x + k, rows, columns, divisor, 1, c - k, y + k);
    }
}

/* The same for few outputs of few channels, one by one. */
INLINE void average_row_few(const problem *p, const real *image, int64_t oh, int64_t w0, int64_t w1, real *y) {
    const int64_t c = p->ic, h = oh * p->sh - p->pt;
    const pool_range rows = taps_inside(h, p->ih, p->kh, 1);
    for (int64_t ow = w0; ow < w1; ow++) {
        const int64_t w = ow * p->sw - p->pl;
        const pool_range columns = taps_inside(w, p->iw, p->kw, 1);
        for (int64_t k = 0; k < c; k++) {
            real sum = 0;
            for (int64_t i = rows.first; i < rows.end; i++)
                for (int64_t j = columns.first; j < columns.end; j++) sum += image[((h + i) * p->iw + w + j) * c + k];
            *y++ = sum / pool_divisor(p, oh, ow);
        }
    }
}

/* The same for a block of few channels: the rows of the windows first, where they are few enough, then tap by tap. */
INLINE void average_row_narrow(const problem *p, const real *image, int64_t oh, int64_t w0, int64_t w1, real *y) {
    real sum[POOL_BLOCK], values[POOL_BLOCK], divisors[POOL_BLOCK], column[2 * POOL_BLOCK];
    const int64_t c = p->ic, h = oh * p->sh - p->pt, row = p->iw * c;
    const pool_range rows = taps_inside(h, p->ih, p->kh, 1);
    const int64_t x0 = max64(0, w0 * p->sw - p->pl), x1 = min64(p->iw, (w1 - 1) * p->sw - p->pl + p->kw);
    const int64_t together = (x1 - x0) * c <= 2 * POOL_BLOCK;
    memset(sum, 0, (size_t)((w1 - w0) * c) * sizeof(real));
    if (together) {
        memcpy(column, image + (h + rows.first) * row + x0 * c, (size_t)((x1 - x0) * c) * sizeof(real));
        for (int64_t i = rows.first + 1; i < rows.end; i++)
            for (int64_t e = 0; e < (x1 - x0) * c; e++) column[e] += image[(h + i) * row + x0 * c + e];
    }
    for (int64_t i = rows.first; i < (together ? rows.first + 1 : rows.end); i++)
        for (int64_t j = 0; j < p->kw; j++) {
            const pool_range outs = outputs_inside(w0, w1, j - p->pl, p->sw, p->iw);
            const int64_t count = (outs.end - outs.first) * c, at = outs.first * p->sw + j - p->pl;
            if (count <= 0) continue;
            const real *x = together ? column + (at - x0) * c : image + (h + i) * row + at * c;
            x = side_by_side(x, outs.end - outs.first, p->sw, c, values);
            real *s = sum + (outs.first - w0) * c;
            for (int64_t e = 0; e < count; e++) s[e] += x[e];
        }
    fill_divisors(p, oh, w0, w1, c, divisors);
    for (int64_t e = 0; e < (w1 - w0) * c; e++) y[e] = sum[e] / divisors[e];
}

/* buf: x, y. A task is some rows, or a part of one. */
static void avg_pool2d(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, step = POOL_BLOCK / c;
    const pool_part part = pool_part_of(task, p->n, p->oh, p->ow, c);
    for (int64_t n = part.n0; n < part.n1; n++)
        for (int64_t oh = part.h0; oh < part.h1; oh++) {
            const real *image = (const real *)buf[0] + n * p->ih * p->iw * c;
            real *y = (real *)buf[1] + (n * p->oh + oh) * p->ow * c;
            if (c >= POOL_NARROW)
                average_row_wide(p, image, oh, part.w0, part.w1, y + part.w0 * c);
            else if ((part.w1 - part.w0) * c < POOL_FEW)
                average_row_few(p, image, oh, part.w0, part.w1, y + part.w0 * c);
            else
                for (int64_t w = part.w0; w < part.w1; w += step)
                    average_row_narrow(p, image, oh, w, min64(w + step, part.w1), y + w * c);
        }
}

static int64_t avg_pool2d_backward_tasks(const problem *p) { return pool_parts(p->n, p->ih, p->iw, p->ic); }

/* The windows that an axis's pixel at `place`, the padding before it included, lies in. */
INLINE pool_range windows_of(int64_t place, int64_t k, int64_t s, int64_t outputs) {
    return (pool_range){place < k ? 0 : (place - k) / s + 1, min64(outputs, place / s + 1)};
}

/* One pixel's channels, `vecs` vectors or so many as `tail` says: dy is the image's, at the first channel; `divisor` is that
 * of all of the pixel's windows, or 0. */
INLINE void average_pixel(const problem *p, const real *dy, pool_range down, pool_range across, real divisor,
                          const int vecs, int64_t tail, real *dx) {
    vec sum[POOL_VECS];
    UNROLL for (int v = 0; v < vecs; v++) sum[v] = vset1(0);
    for (int64_t oh = down.first; oh < down.end; oh++)
        for (int64_t ow = across.first; ow < across.end; ow++) {
            const real *g = dy + (oh * p->ow + ow) * p->ic;
            const vec share = vset1(1 / (divisor != 0 ? divisor : pool_divisor(p, oh, ow)));
            UNROLL for (int v = 0; v < vecs; v++) sum[v] =
                vadd(sum[v], vfma(tail ? vload_first(g, tail) : vload(g + v * VL), share, vset1(0)));
        }
    UNROLL for (int v = 0; v < vecs; v++) vstore_first(dx + v * VL, sum[v], tail ? tail : VL);
}

INLINE void average_row_backward_wide(const problem *p, const real *dy, int64_t h, int64_t w0, int64_t w1, real *dx) {
    const int64_t c = p->ic;
    const pool_range down = windows_of(h + p->pt, p->kh, p->sh, p->oh);
    const int whole = down.first * p->sh >= p->pt && (down.end - 1) * p->sh - p->pt + p->kh <= p->ih;
    for (int64_t w = w0; w < w1; w++, dx += c) {
        const pool_range across = windows_of(w + p->pl, p->kw, p->sw, p->ow);
        const int inside = whole && across.first * p->sw >= p->pl && (across.end - 1) * p->sw - p->pl + p->kw <= p->iw;
        const real divisor = p->a != 0 ? (real)p->a : inside ? (real)(p->kh * p->kw) : 0;
        int64_t k = 0;
        for (; k + POOL_VECS * VL <= c; k += POOL_VECS * VL)
            average_pixel(p, dy + k, down, across, divisor, POOL_VECS, 0, dx + k);
        for (; k + VL <= c; k += VL) average_pixel(p, dy + k, down, across, divisor, 1, 0, dx + k);
        if (k < c) average_pixel(p, dy + k, down, across, divisor, 1, c - k, dx + k);
    }
}

/* Few channels: the outputs in blocks of a row, first added up over the rows of windows, then spread over their taps. */
INLINE void average_row_backward_narrow(const problem *p, const real *dy, int64_t h, int64_t w0, int64_t w1, real *dx) {
    real sum[POOL_BLOCK], divisors[POOL_BLOCK];
    const int64_t c = p->ic, step = POOL_BLOCK / c, sw = p->sw;
    const pool_range down = windows_of(h + p->pt, p->kh, p->sh, p->oh);
    const int64_t first = windows_of(w0 + p->pl, p->kw, sw, p->ow).first;
    const int64_t end = windows_of(w1 - 1 + p->pl, p->kw, sw, p->ow).end;
    memset(dx, 0, (size_t)((w1 - w0) * c) * sizeof(real));
    for (int64_t o0 = first; o0 < end; o0 += step) {
        const int64_t o1 = min64(o0 + step, end), lanes = (o1 - o0) * c;
        memset(sum, 0, (size_t)lanes * sizeof(real));
        for (int64_t oh = down.first; oh < down.end; oh++) {
            const real *restrict g = dy + (oh * p->ow + o0) * c;
            fill_divisors(p, oh, o0, o1, c, divisors);
            for (int64_t e = 0; e < lanes; e++) sum[e] += g[e] / divisors[e];
        }
        if (o1 - o0 < p->kw) { /* few windows, and wide ones */
            for (int64_t ow = o0; ow < o1; ow++) {
                const int64_t w = ow * sw - p->pl;
                for (int64_t i = max64(w0, w); i < min64(w1, w + p->kw); i++)
                    for (int64_t k = 0; k < c; k++) dx[(i - w0) * c + k] += sum[(ow - o0) * c + k];
            }
            continue;
        }
        for (int64_t j = p->kw - 1; j >= 0; j--) {
            const int64_t offset = j - p->pl - w0;
            const pool_range outs = outputs_inside(o0, o1, offset, sw, w1 - w0);
            const int64_t count = outs.end - outs.first;
            const real *restrict from = sum + (outs.first - o0) * c;
            real *restrict to = dx + (outs.first * sw + offset) * c;
            if (sw == 1)
                for (int64_t e = 0; e < count * c; e++) to[e] += from[e];
            else if (c == 1)
                for (int64_t o = 0; o < count; o++) to[o * sw] += from[o];
            else
                for (int64_t o = 0; o < count; o++)
                    for (int64_t k = 0; k < c; k++) to[o * sw * c + k] += from[o * c + k];
        }
    }
}

/* dx[n, h, w, c] = sum of dy / divisor over the windows that hold (h, w), in their order. buf: dy, dx. A task is some rows of
 * dx, or a part of one. */
static void avg_pool2d_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic;
    const pool_part part = pool_part_of(task, p->n, p->ih, p->iw, c);
    for (int64_t n = part.n0; n < part.n1; n++)
        for (int64_t h = part.h0; h < part.h1; h++) {
            const real *dy = (const real *)buf[0] + n * p->oh * p->ow * c;
            real *dx = (real *)buf[1] + ((n * p->ih + h) * p->iw + part.w0) * c;
            const pool_range down = windows_of(h + p->pt, p->kh, p->sh, p->oh);
            const pool_range above = windows_of(h - 1 + p->pt, p->kh, p->sh, p->oh);
            if (c >= POOL_NARROW)
                average_row_backward_wide(p, dy, h, part.w0, part.w1, dx);
            else if (h > part.h0 && down.first == above.first && down.end == above.end)
                memcpy(dx, dx - p->iw * c, (size_t)((part.w1 - part.w0) * c) * sizeof(real)); /* of the same windows */
            else
                average_row_backward_narrow(p, dy, h, part.w0, part.w1, dx);
        }
}
