/* The windows of a convolution as rows or columns of a matrix, and the sum that leads back: padding is zeros.
 *
 *   y[n, oh, ow, kh, kw, c]  =  x[n, oh*sh + kh*dh - pt, ow*sw + kw*dw - pl, c]       unfold, channels last
 *   y[n, c, kh, kw, oh, ow]  =  x[n, c, oh*sh + kh*dh - pt, ow*sw + kw*dw - pl]       unfold_planes, channels first
 *
 * fold and fold_planes are their adjoints: x is the sum of all y that were copied from it, kh before kw in order.
 * Channels, or the columns of a line, lie side by side and go in vectors. */
#include "band.h"

static int64_t unfold_tasks(const problem *p) { return p->n * p->oh; }
static int64_t fold_tasks(const problem *p) { return p->n * p->ih; }
static int64_t unfold_planes_tasks(const problem *p) { return p->n * p->ic * p->kh; }
static int64_t fold_planes_tasks(const problem *p) { return p->n * p->ic; }

/* buf: x, y. A task is one row of windows. */
static void unfold(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, n = task / p->oh, row = task % p->oh * p->sh - p->pt;
    const real *x = (const real *)buf[0] + n * p->ih * p->iw * c;
    real *y = (real *)buf[1] + task * p->ow * p->kh * p->kw * c;
    for (int64_t ow = 0; ow < p->ow; ow++)
        for (int64_t kh = 0; kh < p->kh; kh++) {
            const int64_t h = row + kh * p->dh, first = ow * p->sw - p->pl, joined = p->dw == 1 ? p->kw : 1;
            for (int64_t kw = 0; kw < p->kw; kw += joined, y += joined * c)
                copy_band(y, x, p->ih, p->iw, c, h, 1, first + kw * p->dw, joined);
        }
}

/* buf: y, x. A task is one row of x. */
static void fold(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, n = task / p->ih, h = task % p->ih + p->pt, taps = p->kh * p->kw * c;
    real *x = (real *)buf[1] + task * p->iw * c;
    memset(x, 0, (size_t)(p->iw * c) * sizeof(real));
    for (int64_t kh = 0; kh < p->kh; kh++) {
        const int64_t at = h - kh * p->dh, oh = at / p->sh;
        if (at < 0 || oh * p->sh != at || oh >= p->oh) continue;
        for (int64_t kw = 0; kw < p->kw; kw++) {
            const real *y = (const real *)buf[0] + (n * p->oh + oh) * p->ow * taps + (kh * p->kw + kw) * c;
            for (int64_t ow = 0; ow < p->ow; ow++, y += taps) {
                const int64_t w = ow * p->sw + kw * p->dw - p->pl;
                if (w < 0 || w >= p->iw) continue;
                for (int64_t i = 0; i < c; i++) x[w * c + i] += y[i];
            }
        }
    }
}

/* The outputs [first, last) of a line whose tap kw lies in the image. */
typedef struct span {
    int64_t first, last;
} span;
static span inside_columns(const problem *p, int64_t kw) {
    const int64_t start = p->pl - kw * p->dw, end = p->iw + start;
    const int64_t first = min64(p->ow, start > 0 ? ceil_div(start, p->sw) : 0);
    return (span){first, max64(first, min64(p->ow, end > 0 ? ceil_div(end, p->sw) : 0))};
}

/* buf: x, y. A task is one row of taps of one plane. */
static void unfold_planes(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t kh = task % p->kh;
    const real *x = (const real *)buf[0] + task / p->kh * p->ih * p->iw;
    real *y = (real *)buf[1] + task * p->kw * p->oh * p->ow;
    for (int64_t kw = 0; kw < p->kw; kw++) {
        const span in = inside_columns(p, kw);
        for (int64_t oh = 0; oh < p->oh; oh++, y += p->ow) {
            const int64_t h = oh * p->sh + kh * p->dh - p->pt;
            if (h < 0 || h >= p->ih) {
                memset(y, 0, (size_t)p->ow * sizeof(real));
                continue;
            }
            const real *line = x + h * p->iw + kw * p->dw - p->pl;
            memset(y, 0, (size_t)in.first * sizeof(real));
            if (p->sw == 1)
                memcpy(y + in.first, line + in.first, (size_t)(in.last - in.first) * sizeof(real));
            else
                for (int64_t ow = in.first; ow < in.last; ow++) y[ow] = line[ow * p->sw];
            memset(y + in.last, 0, (size_t)(p->ow - in.last) * sizeof(real));
        }
    }
}

/* buf: y, x. A task is one plane. */
static void fold_planes(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const real *y = (const real *)buf[0] + task * p->kh * p->kw * p->oh * p->ow;
    real *x = (real *)buf[1] + task * p->ih * p->iw;
    memset(x, 0, (size_t)(p->ih * p->iw) * sizeof(real));
    for (int64_t kh = 0; kh < p->kh; kh++)
        for (int64_t kw = 0; kw < p->kw; kw++) {
            const span in = inside_columns(p, kw);
            for (int64_t oh = 0; oh < p->oh; oh++, y += p->ow) {
                const int64_t h = oh * p->sh + kh * p->dh - p->pt;
                if (h < 0 || h >= p->ih) continue;
                real *line = x + h * p->iw + kw * p->dw - p->pl;
                if (p->sw == 1)
                    for (int64_t ow = in.first; ow < in.last; ow++) line[ow] += y[ow];
                else
                    for (int64_t ow = in.first; ow < in.last; ow++) line[ow * p->sw] += y[ow];
            }
        }
}
