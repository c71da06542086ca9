/* 2-D convolution (correlation), NHWC and HWIO, stride and dilation, zero padding.
 *
 *   y[n, oh, ow, oc] = bias[oc] + sum x[n, oh*sh + kh*dh - pt, ow*sw + kw*dw - pl, ic] * w[kh, kw, ic, oc]
 *
 * A padded tap is a zero of a padded copy, so 0 * Inf is NaN as it would be with an explicit pad. */
#include "kernel.h"
#include "tile.h"

#include <string.h>

/* About as much work as makes a task worth its start. */
#define TASK_MULTIPLY_ADDS (1 << 20)
/* A padded copy of more than this leaves the caches. */
#define BAND_BYTES (1 << 19)

/* ------------------------------------------------------------------ a band of an image, with its border */

/* Rows [row, row + rows) and columns [column, column + columns) of one image; outside of it there are zeros. */
static void copy_band(real *to, const real *image, int64_t h, int64_t w, int64_t c, int64_t row, int64_t rows,
                      int64_t column, int64_t columns) {
    const int64_t left = min64(columns, max64(0, -column));
    const int64_t inside = max64(0, min64(columns, w - column) - left);
    const size_t line = (size_t)(columns * c) * sizeof(real);
    for (int64_t r = row; r < row + rows; r++, to += columns * c) {
        if (r < 0 || r >= h || inside == 0) {
            memset(to, 0, line);
            continue;
        }
        memset(to, 0, (size_t)(left * c) * sizeof(real));
        memcpy(to + left * c, image + (r * w + column + left) * c, (size_t)(inside * c) * sizeof(real));
        memset(to + (left + inside) * c, 0, line - (size_t)((left + inside) * c) * sizeof(real));
    }
}

static int64_t needed_rows(const problem *p, int64_t out_rows) { return (out_rows - 1) * p->sh + (p->kh - 1) * p->dh + 1; }
static int64_t needed_columns(const problem *p) { return (p->ow - 1) * p->sw + (p->kw - 1) * p->dw + 1; }
static int is_padded(const problem *p) {
    return p->pt || p->pl || needed_rows(p, p->oh) > p->ih || needed_columns(p) > p->iw;
}

/* The rows and columns of x that output rows [oh, oh + rows) read: in x itself, or in a padded copy. */
typedef struct band {
    const real *x;
    int64_t row_step; /* elements from one row to the next */
} band;

static band read_band(const problem *p, const real *image, int64_t oh, int64_t rows, real *scratch) {
    if (!is_padded(p)) return (band){image + oh * p->sh * p->iw * p->ic, p->iw * p->ic};
    const int64_t columns = needed_columns(p);
    copy_band(scratch, image, p->ih, p->iw, p->ic, oh * p->sh - p->pt, needed_rows(p, rows), -p->pl, columns);
    return (band){scratch, columns * p->ic};
}
static int64_t band_bytes(const problem *p, int64_t rows) {
    return is_padded(p) ? needed_rows(p, rows) * needed_columns(p) * p->ic * (int64_t)sizeof(real) : 0;
}

/* ------------------------------------------------------------------ forward */

static int64_t forward_rows(const problem *p) {
    const int64_t work = p->ow * p->oc * p->kh * p->kw * p->ic;
    if (!is_padded(p)) return even_rows(p->oh, ceil_div(TASK_MULTIPLY_ADDS, work));
    const int64_t row_bytes = p->sh * needed_columns(p) * p->ic * (int64_t)sizeof(real);
    const int64_t rows = max64(ceil_div(TASK_MULTIPLY_ADDS, work), p->kh); /* or the overlap costs more than the work */
    return even_rows(p->oh, max64(1, min64(rows, BAND_BYTES / row_bytes)));
}
static int64_t conv2d_forward_tasks(const problem *p) { return p->n * ceil_div(p->oh, forward_rows(p)); }

/* Taps whose inputs lie side by side are one run of the sum. */
static int64_t forward_segments(const problem *p, int64_t row_step, segment *segments) {
    const int64_t joined = p->dw == 1 ? p->kw : 1;
    int64_t count = 0;
    for (int64_t kh = 0; kh < p->kh; kh++)
        for (int64_t kw = 0; kw < p->kw; kw += joined)
            segments[count++] = (segment){kh * p->dh * row_step + kw * p->dw * p->ic, (kh * p->kw + kw) * p->ic, joined * p->ic};
    return count;
}
static int64_t forward_segment_bytes(const problem *p) {
    return p->kh * (p->dw == 1 ? 1 : p->kw) * (int64_t)sizeof(segment);
}
static int64_t conv2d_forward_scratch(const problem *p) { return forward_segment_bytes(p) + band_bytes(p, forward_rows(p)); }

/* buf: x, w, bias or NULL, y. A task is a few output rows of one image. */
static void conv2d_forward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t step = forward_rows(p), bands = ceil_div(p->oh, step);
    const int64_t n = task / bands, first = task % bands * step, rows = min64(step, p->oh - first);
    const real *bias = buf[2];
    segment *segments = scratch;
    const band in = read_band(p, (const real *)buf[0] + n * p->ih * p->iw * p->ic, first, rows,
                              (real *)((char *)scratch + forward_segment_bytes(p)));
    real *y = (real *)buf[3] + (n * p->oh + first) * p->ow * p->oc;
    inner_args t = {.x_step = p->sw * p->ic, .segments = segments, .w_step = p->oc, .relu = p->relu, .y_step = p->oc};
    t.segment_count = forward_segments(p, in.row_step, segments);
    for (int64_t oc = 0; oc < p->oc;) {
        const int64_t vectors = tile_vectors(p->ow, p->oc - oc), channels = min64(vectors * VL, p->oc - oc);
        t.w = (const real *)buf[1] + oc;
        t.bias = bias ? bias + oc : NULL;
        for (int64_t r = 0; r < rows; r++) {
            t.x = in.x + r * p->sh * in.row_step;
            t.y = y + r * p->ow * p->oc + oc;
            inner_line(t, p->ow, vectors, channels);
        }
        oc += channels;
    }
}
