/* Images in a frame of zeros, or without their border; images made larger, and the gradients of that.
 *
 * Plain C that the compiler vectorises, along the channels or, where there is one, along the pixels. No operation is fused, and
 * sums have an order of their own, so all ISAs give the same bits. A task is as many rows as make about a block. */
#include "kernel.h"
#include "point.h"

enum { RESIZE_COPY = 32, RESIZE_SCRATCH = 2048 };

/* Rows in a task, of `row` elements each. */
static int64_t resize_step(int64_t row) { return max64(1, POINT_BLOCK / row); }

static int64_t frame_step(const problem *p) { return resize_step(p->ow * p->ic); }
static int64_t frame_tasks(const problem *p) { return ceil_div(p->n * p->oh, frame_step(p)); }

/* y[n, oh, ow, c] = x[n, oh - pt, ow - pl, c], or 0 where x has no such pixel; pt and pl may be negative: rows and columns of x
 * that y does not have. With the signs of both turned this is its own adjoint. A task is a few rows of y. buf: x, y. */
static void frame(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t step = frame_step(p), last = min64((task + 1) * step, p->n * p->oh), c = p->ic, row = p->ow * c;
    const int64_t left = max64(0, min64(p->pl, p->ow)), skipped = max64(0, -p->pl);
    const int64_t copied = max64(0, min64(p->iw - skipped, p->ow - left)), right = p->ow - left - copied;
    const int whole = copied == p->iw && copied == p->ow; /* rows lie side by side */
    int64_t n = task * step / p->oh, oh = task * step % p->oh, rows;
    for (int64_t r = task * step; r < last; r += rows) {
        const int64_t h = oh - p->pt;
        real *y = (real *)buf[1] + r * row;
        rows = 1;
        if (h < 0 || h >= p->ih) {
            memset(y, 0, (size_t)row * sizeof(real));
        } else {
            const real *x = (const real *)buf[0] + ((n * p->ih + h) * p->iw + skipped) * c;
            if (whole) rows = min64(min64(p->ih - h, last - r), p->oh - oh);
            if (left) memset(y, 0, (size_t)(left * c) * sizeof(real));
            memcpy(y + left * c, x, (size_t)(rows * copied * c) * sizeof(real));
            if (right) memset(y + (left + copied) * c, 0, (size_t)(right * c) * sizeof(real));
        }
        oh += rows;
        if (oh == p->oh) oh = 0, n++;
    }
}

static int64_t upsample_step(const problem *p) { return resize_step(p->ow * p->ic * p->kh); }
static int64_t upsample_tasks(const problem *p) { return ceil_div(p->n * p->ih, upsample_step(p)); }

/* Each of `count` numbers `times` times. */
INLINE void repeat_each(const real *restrict x, real *restrict y, int64_t count, int64_t times) {
    for (int64_t i = 0; i < count; i++)
        for (int64_t k = 0; k < times; k++) y[i * times + k] = x[i];
}

/* A pixel of `c` channels `times` times. */
INLINE void copy_pixel(const real *restrict x, real *restrict y, int64_t c, int64_t times) {
    for (int64_t k = 0; k < times; k++, y += c)
        if (c >= RESIZE_COPY)
            memcpy(y, x, (size_t)c * sizeof(real));
        else
            for (int64_t i = 0; i < c; i++) y[i] = x[i];
}

/* y[n, h, w, c] = x[n, h / kh, w / kw, c]: each pixel kh x kw times. A task is a few rows of x. buf: x, y. */
static void upsample(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t step = upsample_step(p), last = min64((task + 1) * step, p->n * p->ih), c = p->ic, row = p->ow * c;
    for (int64_t r = task * step; r < last; r++) {
        const real *restrict x = (const real *)buf[0] + r * p->iw * c;
        real *restrict y = (real *)buf[1] + r * p->kh * row;
        if (c == 1 && p->kw == 2)
            repeat_each(x, y, p->iw, 2);
        else if (c == 1)
            repeat_each(x, y, p->iw, p->kw);
        else
            for (int64_t w = 0; w < p->iw; w++) copy_pixel(x + w * c, y + w * p->kw * c, c, p->kw);
        for (int64_t k = 1; k < p->kh; k++) memcpy(y + k * row, y, (size_t)row * sizeof(real));
    }
}

/* x[i] += the sum of `times` numbers, for each of `count`. */
INLINE void add_each(const real *restrict y, real *restrict x, int64_t count, int64_t times) {
    for (int64_t i = 0; i < count; i++) {
        real sum = 0;
        for (int64_t k = 0; k < times; k++) sum += y[i * times + k];
        x[i] += sum;
    }
}

/* `times` pixels of `c` channels, to one. */
INLINE void add_pixels(const real *restrict y, real *restrict x, int64_t c, int64_t times) {
    for (int64_t k = 0; k < times; k++, y += c)
        for (int64_t i = 0; i < c; i++) x[i] += y[i];
}

/* The adjoint of `upsample`: each pixel of dx is the sum of its kh x kw in dy, row by row. A task is a few rows of dx.
 * buf: dy, dx. */
static void upsample_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t step = upsample_step(p), last = min64((task + 1) * step, p->n * p->ih), c = p->ic, row = p->ow * c;
    for (int64_t r = task * step; r < last; r++) {
        const real *restrict dy = (const real *)buf[0] + r * p->kh * row;
        real *restrict dx = (real *)buf[1] + r * p->iw * c;
        memset(dx, 0, (size_t)(p->iw * c) * sizeof(real));
        for (int64_t k = 0; k < p->kh; k++, dy += row)
            if (c == 1 && p->kw == 2)
                add_each(dy, dx, p->iw, 2);
            else if (c == 1)
                add_each(dy, dx, p->iw, p->kw);
            else
                for (int64_t w = 0; w < p->iw; w++) add_pixels(dy + w * p->kw * c, dx + w * c, c, p->kw);
    }
}

/* Linear interpolation, with pixels as squares whose colour is at their centre. Between the centres of pixels g and g + 1, a gap,
 * lie `scale` outputs, from g * scale + scale / 2 on; those before the first centre and behind the last are that pixel. */
INLINE int64_t gap_start(int64_t gap, int64_t scale) { return gap * scale + scale / 2; }

/* The weight of pixel g + 1 in output j of gap g; that of pixel g is what it lacks to 1. */
INLINE real weight_behind(int64_t j, int64_t scale) {
    return (real)((double)(2 * j + 1 - (scale & 1)) * (0.5 / (double)scale));
}

/* `f` of the way from a to b; where it is all at a, b has no say. */
INLINE real blend(real a, real b, real f) { return f == 0 ? a : a * (1 - f) + b * f; }

static int64_t bilinear_step(const problem *p) { return resize_step(p->ow * p->ic); }
static int64_t bilinear_tasks(const problem *p) { return ceil_div(p->n * p->oh, bilinear_step(p)); }
static int64_t bilinear_gaps(const problem *p) { return max64(1, RESIZE_SCRATCH / p->ic); }
static int64_t bilinear_scratch(const problem *p) {
    return (min64(bilinear_gaps(p), p->iw) + 1) * p->ic * (int64_t)sizeof(real);
}

/* The outputs of `gaps` gaps, of one channel, from their gaps + 1 pixels. */
INLINE void fill_gaps(const real *restrict x, real *restrict y, int64_t gaps, int64_t scale) {
    for (int64_t g = 0; g < gaps; g++)
        for (int64_t j = 0; j < scale; j++) {
            const real f = weight_behind(j, scale);
            y[g * scale + j] = blend(x[g], x[g + 1], f);
        }
}

/* y[oh, ow] = sum of x[ih, iw] times its weights, first along the columns, in `scratch`, for a few pixels at a time, then along
 * the rows. A task is a few rows of y. buf: x, y. */
static void upsample_bilinear(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t step = bilinear_step(p), last = min64((task + 1) * step, p->n * p->oh), c = p->ic, s = p->kw;
    for (int64_t r = task * step; r < last; r++) {
        const int64_t h = r % p->oh, above = (h + p->kh - p->kh / 2) / p->kh - 1; /* the gap of rows, from -1 on */
        const int64_t top = max64(0, above), bottom = min64(above + 1, p->ih - 1);
        const real f = weight_behind(h - gap_start(above, p->kh), p->kh);
        const real *image = (const real *)buf[0] + r / p->oh * p->ih * p->iw * c;
        real *y = (real *)buf[1] + r * p->ow * c;
        for (int64_t g0 = -1; g0 < p->iw; g0 += bilinear_gaps(p)) {
            const int64_t g1 = min64(g0 + bilinear_gaps(p), p->iw), first = max64(g0, 0),
                          end = min64(g1, p->iw - 1) + 1;
            const real *x0 = image + (top * p->iw + first) * c, *mixed = x0;
            if (top != bottom && f != 0) {
                const real *restrict a = x0, *restrict b = image + (bottom * p->iw + first) * c;
                real *restrict to = scratch;
                for (int64_t i = 0; i < (end - first) * c; i++) to[i] = a[i] * (1 - f) + b[i] * f;
                mixed = to;
            }
            for (int64_t g = g0; g < g1; g++) {
                const int64_t from = max64(0, gap_start(g, s)), to = min64(p->ow, gap_start(g + 1, s));
                const real *restrict a = mixed + (max64(g, 0) - first) * c;
                const real *restrict b = mixed + (min64(g + 1, p->iw - 1) - first) * c;
                real *restrict out = y + from * c;
                if (a == b) {
                    copy_pixel(a, out, c, to - from);
                } else if (c == 1) {
                    const int64_t gaps = min64(g1, p->iw - 1) - g;
                    if (s == 2)
                        fill_gaps(a, out, gaps, 2);
                    else
                        fill_gaps(a, out, gaps, s);
                    g += gaps - 1;
                } else {
                    for (int64_t j = 0; j < s; j++, out += c) {
                        const real t = weight_behind(j, s);
                        for (int64_t i = 0; i < c; i++) out[i] = blend(a[i], b[i], t);
                    }
                }
            }
        }
    }
}

static int64_t bilinear_pixels(const problem *p) { return max64(1, RESIZE_SCRATCH / (p->kw * p->ic)); }
static int64_t bilinear_backward_scratch(const problem *p) {
    return (min64(bilinear_pixels(p), p->iw) + 1) * p->kw * p->ic * (int64_t)sizeof(real);
}

/* The outputs [first, end) that pixel `i` of `size` has a part in, and what its part of an output is. */
typedef struct part {
    int64_t i, first, middle, end, last, scale;
} part;
INLINE part part_of(int64_t i, int64_t size, int64_t scale) {
    const int64_t middle = gap_start(i, scale), odd = scale & 1;
    return (part){
        i, i == 0 ? 0 : middle - scale + odd, middle, i == size - 1 ? size * scale : middle + scale, size - 1, scale};
}
INLINE real weight_of(const part *q, int64_t o) {
    if (o < q->middle) return q->i == 0 ? 1 : weight_behind(o - q->middle + q->scale, q->scale);
    return q->i == q->last ? 1 : 1 - weight_behind(o - q->middle, q->scale);
}

/* The parts of `count` pixels of one channel with a gap on both sides, from the outputs that begin with the gap before the
 * first. */
INLINE void gather_gaps(const real *restrict dy, real *restrict dx, int64_t count, int64_t scale) {
    for (int64_t w = 0; w < count; w++) {
        real sum = 0;
        for (int64_t j = scale & 1; j < scale; j++) sum += dy[w * scale + j] * weight_behind(j, scale);
        for (int64_t j = 0; j < scale; j++) sum += dy[(w + 1) * scale + j] * (1 - weight_behind(j, scale));
        dx[w] = sum;
    }
}

/* The adjoint of `upsample_bilinear`: dx[ih, iw] = sum of dy[oh, ow] times its weights, over oh first, in `scratch`, for a few
 * pixels at a time. A task is a few rows of dx. buf: dy, dx. */
static void upsample_bilinear_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t step = upsample_step(p), last = min64((task + 1) * step, p->n * p->ih), c = p->ic, s = p->kw;
    real *restrict sums = scratch;
    for (int64_t r = task * step; r < last; r++) {
        const part rows = part_of(r % p->ih, p->ih, p->kh);
        const real *image = (const real *)buf[0] + r / p->ih * p->oh * p->ow * c;
        real *restrict dx = (real *)buf[1] + r * p->iw * c;
        for (int64_t w0 = 0; w0 < p->iw; w0 += bilinear_pixels(p)) {
            const int64_t w1 = min64(w0 + bilinear_pixels(p), p->iw);
            const int64_t from = w0 == 0 ? 0 : gap_start(w0 - 1, s), to = w1 == p->iw ? p->ow : gap_start(w1, s);
            for (int64_t i = 0; i < (to - from) * c; i++) sums[i] = 0;
            for (int64_t o = rows.first; o < rows.end; o++) {
                const real *restrict dy = image + (o * p->ow + from) * c, f = weight_of(&rows, o);
                for (int64_t i = 0; i < (to - from) * c; i++) sums[i] += dy[i] * f;
            }
            for (int64_t w = w0; w < w1; w++) {
                const int64_t inner = min64(w1, p->iw - 1) - w;
                if (c == 1 && w > 0 && inner > 0) {
                    const real *before = sums + gap_start(w - 1, s) - from;
                    if (s == 2)
                        gather_gaps(before, dx + w, inner, 2);
                    else
                        gather_gaps(before, dx + w, inner, s);
                    w += inner - 1;
                    continue;
                }
                const part columns = part_of(w, p->iw, s);
                for (int64_t i = 0; i < c; i++) dx[w * c + i] = 0;
                for (int64_t o = columns.first; o < columns.end; o++) {
                    const real t = weight_of(&columns, o);
                    for (int64_t i = 0; i < c; i++) dx[w * c + i] += sums[(o - from) * c + i] * t;
                }
            }
        }
    }
}
