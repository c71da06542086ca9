/* 2-D convolution (correlation), NHWC and HWIO, stride and dilation, zero padding.
 *
 *   y[n, oh, ow, oc] = bias[oc] + sum x[n, oh*sh + kh*dh - pt, ow*sw + kw*dw - pl, ic] * w[kh, kw, ic, oc]
 *
 * A padded tap is an element of a padded copy: a zero, so that 0 * Inf is NaN as it would be with an explicit pad, or what
 * p->border says. */
#include "band.h"

/* Whether a copy holds the rows of the taps of one output row alone: those between them are more than rows that several
 * output rows share. */
static int is_sparse(const problem *p) { return is_copied(p) && p->dh > p->kh; }
static int64_t copied_rows(const problem *p, int64_t rows) { return is_sparse(p) ? p->kh : needed_rows(p, rows); }

APART int is_gathered(const problem *p) {
    const int64_t window = copied_rows(p, 1) * columns_for(p, 1) * p->ic * (int64_t)sizeof(real);
    return forward_segment_bytes(p) > MOST_SEGMENT_BYTES || (is_copied(p) && window > MOST_COPY_BYTES);
}

APART int64_t forward_columns(const problem *p) {
    if (is_gathered(p)) return gathered_pixels(p->kh * p->kw * p->ic, p->ow);
    const int64_t pixel = p->ic * (int64_t)sizeof(real);
    const int64_t columns = block_columns(p, p->ow, p->oc * p->kh * p->kw * p->ic, p->sw * pixel);
    if (!is_copied(p)) return columns;
    const int64_t fitting = MOST_COPY_BYTES / (copied_rows(p, 1) * pixel) - columns_for(p, 1);
    return at_most(columns, p->ow, fitting / p->sw + 1);
}
APART int64_t forward_rows(const problem *p) {
    if (is_gathered(p)) return 1;
    const int64_t columns = forward_columns(p), work = columns * p->oc * p->kh * p->kw * p->ic;
    if (!is_copied(p)) return even_rows(p->oh, ceil_div(task_work(p), work));
    if (is_sparse(p)) return 1;
    const int64_t row_bytes = columns_for(p, columns) * p->ic * (int64_t)sizeof(real);
    const int64_t least = max64(ceil_div(task_work(p), work), p->kh); /* or the overlap costs more than the work */
    const int64_t rows = even_rows(p->oh, max64(1, min64(least, BAND_BYTES / (p->sh * row_bytes))));
    return at_most(rows, p->oh, (MOST_COPY_BYTES / row_bytes - needed_rows(p, 1)) / p->sh + 1);
}
static int64_t conv2d_forward_tasks(const problem *p) {
    return p->n * ceil_div(p->oh, forward_rows(p)) * ceil_div(p->ow, forward_columns(p));
}

static int64_t conv2d_forward_scratch(const problem *p) {
    if (is_gathered(p))
        return forward_columns(p) * gathered_elements(p->kh * p->kw * p->ic) * (int64_t)sizeof(real) +
               (int64_t)sizeof(segment);
    const int64_t rows = forward_rows(p), bytes = block_bytes(p, rows, forward_columns(p));
    return forward_segment_bytes(p) + bytes / needed_rows(p, rows) * copied_rows(p, rows);
}

/* The rows of the taps of one output row, side by side. */
static band read_taps(const problem *p, const real *image, int64_t oh, int64_t ow, int64_t columns, real *scratch) {
    const int64_t width = columns_for(p, columns), row = oh * p->sh - p->pt;
    for (int64_t i = 0; i < p->kh; i++)
        copy_block(p, scratch + i * width * p->ic, image, row + i * p->dh, 1, ow * p->sw - p->pl, width);
    return (band){scratch, width * p->ic};
}

/* `columns` outputs from oh, ow on. */
APART void forward_gathered(const problem *p, const real *image, int64_t oh, int64_t ow, int64_t columns, const real *w,
                            const real *bias, real *y, void *scratch) {
    gathering g = {.t = {.w = w, .w_step = y_pixel(p), .bias = bias, .y = y, .y_step = y_pixel(p)},
                   .pixels = columns,
                   .step = p->sw,
                   .channels = p->oc,
                   .elements = gathered_elements(p->kh * p->kw * p->ic),
                   .copy = (real *)((segment *)scratch + 1),
                   .segments = scratch};
    for (int64_t tap = 0; tap < p->kh * p->kw; tap++)
        gather_tap(&g, p, image, oh * p->sh - p->pt + tap / p->kw * p->dh, ow * p->sw - p->pl + tap % p->kw * p->dw,
                   tap * p->ic);
    sum_gathered(&g, p->relu);
}

/* buf: x, w, bias or NULL, y. A task is a few output rows of one image, or a block of their columns where they are long. */
static void conv2d_forward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t step = forward_rows(p), bands = ceil_div(p->oh, step);
    const int64_t width = forward_columns(p), blocks = ceil_div(p->ow, width);
    const int64_t n = task / blocks / bands, first = task / blocks % bands * step, rows = min64(step, p->oh - first);
    const int64_t ow = task % blocks * width, columns = min64(width, p->ow - ow);
    const int64_t all_ic = all_channels(p, p->ic), all_oc = all_channels(p, p->oc);
    const real *bias = buf[2];
    segment *segments = scratch;
    const real *image = (const real *)buf[0] + n * p->ih * p->iw * all_ic;
    if (is_gathered(p)) {
        real *y = (real *)buf[3] + ((n * p->oh + first) * p->ow + ow) * all_oc;
        forward_gathered(p, image, first, ow, columns, buf[1], bias, y, scratch);
        return;
    }
    real *copy = (real *)((char *)scratch + forward_segment_bytes(p));
    const band in = is_sparse(p) ? read_taps(p, image, first, ow, columns, copy)
                                 : read_block(p, image, first, rows, ow, columns, copy);
    real *y = (real *)buf[3] + ((n * p->oh + first) * p->ow + ow) * all_oc;
    inner_args t = {.x_step = p->sw * p->ic, .segments = segments, .w_step = all_oc, .relu = p->relu, .y_step = all_oc};
    t.segment_count = forward_segments(p, in.row_step, is_sparse(p) ? 1 : p->dh, segments);
    for (int64_t oc = 0; oc < p->oc;) {
        const int64_t vectors = line_vectors(columns, p->oc - oc), channels = min64(vectors * VL, p->oc - oc);
        t.w = (const real *)buf[1] + oc;
        t.bias = bias ? bias + oc : NULL;
        for (int64_t r = 0; r < rows; r++) {
            t.x = in.x + r * p->sh * in.row_step;
            t.y = y + r * p->ow * all_oc + oc;
            inner_line(t, columns, vectors, channels);
        }
        oc += channels;
    }
}
