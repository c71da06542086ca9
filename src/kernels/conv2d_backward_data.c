/* The gradient of a convolution with respect to its input.
 *
 *   dx[n, ih, iw, ic] = bias[ic] + sum dy[n, oh, ow, oc] * w[kh, kw, ic, oc]
 *                                                            over all taps with oh*sh + kh*dh - pt = ih, ow likewise
 *
 * With a bias, which a gradient has not, that is a transposed convolution of dy.
 *
 * Input rows of equal (ih + pt) mod sh meet the same taps, and so do columns: each such phase is a convolution of stride 1
 * over dy with its own taps. The weights are first turned to [tap][oc][ic], the taps of a phase side by side and from
 * the last to the first, so that the sum walks forward through dy. Where they are many, slices of the input channels are
 * problems of their own, one after the other. */
#include "band.h"
#include "turn.h"

/* The order of the k taps along one axis: by phase, in a phase from the last to the first. */
static void order_taps(int64_t *order, int64_t k, int64_t stride, int64_t dilation) {
    int64_t placed = 0;
    for (int64_t lead = k - 1; lead >= 0; lead--) {
        const int64_t phase = lead * dilation % stride;
        int64_t seen = 0;
        for (int64_t i = 0; i < placed && !seen; i++) seen = order[i] == lead;
        for (int64_t tap = lead; tap >= 0 && !seen; tap--)
            if (tap * dilation % stride == phase) order[placed++] = tap;
    }
}

static int64_t order_bytes(const problem *p) { return (p->kh + p->kw) * (int64_t)sizeof(int64_t); }
static int64_t conv2d_turn_weights_tasks(const problem *p) { return p->kh; }
static int64_t conv2d_turn_weights_scratch(const problem *p) { return order_bytes(p); }

/* buf: w, turned weights. A task is one row of taps. Of a slice, the matrix of a tap is a part of one of all_ic rows. */
static void conv2d_turn_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    int64_t *rows = scratch, *columns = rows + p->kh;
    order_taps(rows, p->kh, p->sh, p->dh);
    order_taps(columns, p->kw, p->sw, p->dw);
    for (int64_t j = 0; j < p->kw; j++) {
        const real *w = (const real *)buf[0] + (rows[task] * p->kw + columns[j]) * x_pixel(p) * y_pixel(p);
        real *turned = (real *)buf[1] + (task * p->kw + j) * p->ic * p->oc;
        turn(w, y_pixel(p), turned, p->ic, p->ic, p->oc);
    }
}

INLINE int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/* The rows (or columns) of dy that input rows [first, last] meet. */
static int64_t first_met(int64_t first, int64_t pad, int64_t k, int64_t stride, int64_t dilation) {
    return floor_div(first + pad - (k - 1) * dilation, stride);
}
static int64_t last_met(int64_t last, int64_t pad, int64_t stride) { return floor_div(last + pad, stride); }

/* The most rows, or columns, of dy that `count` of x meet, wherever they start. */
static int64_t most_met(int64_t count, int64_t k, int64_t stride, int64_t dilation) {
    return ceil_div(count - 1 + (k - 1) * dilation, stride) + 1;
}

/* Whether a copy holds the rows of the taps of one input row alone, as in conv2d.c. */
static int meets_sparse(const problem *p) { return p->sh == 1 && p->dh > p->kh; }
static int64_t met_rows(const problem *p, int64_t rows) {
    return meets_sparse(p) ? p->kh : most_met(rows, p->kh, p->sh, p->dh);
}

static int64_t tap_bytes(const problem *p) { return p->kh * p->kw * (int64_t)sizeof(segment); }
APART int meets_gathered(const problem *p) {
    const int64_t window = met_rows(p, 1) * most_met(1, p->kw, p->sw, p->dw) * p->oc * (int64_t)sizeof(real);
    return tap_bytes(p) > MOST_SEGMENT_BYTES || window > MOST_COPY_BYTES;
}

APART int64_t backward_columns(const problem *p) {
    if (meets_gathered(p)) return min64(p->iw, p->sw * gathered_pixels(p->kh * p->kw * p->oc, ceil_div(p->iw, p->sw)));
    const int64_t work = p->oc * p->kh * p->kw * p->ic / (p->sh * p->sw);
    const int64_t pixel = p->oc * (int64_t)sizeof(real),
                  columns = block_columns(p, p->iw, work, ceil_div(pixel, p->sw));
    const int64_t fitting = (MOST_COPY_BYTES / (met_rows(p, 1) * pixel) - 1) * p->sw;
    return at_most(columns, p->iw, fitting - (p->kw - 1) * p->dw + 1);
}
APART int64_t backward_rows(const problem *p) {
    if (meets_sparse(p) || meets_gathered(p)) return 1;
    const int64_t columns = backward_columns(p);
    const int64_t work = max64(1, columns * p->oc * p->kh * p->kw * p->ic / (p->sh * p->sw));
    const int64_t row_bytes = most_met(columns, p->kw, p->sw, p->dw) * p->oc * (int64_t)sizeof(real);
    const int64_t rows = even_rows(p->ih, max64(ceil_div(task_work(p), work), p->kh));
    return at_most(rows, p->ih, (MOST_COPY_BYTES / row_bytes - 1) * p->sh - (p->kh - 1) * p->dh + 1);
}
static int64_t conv2d_backward_data_tasks(const problem *p) {
    return p->n * ceil_div(p->ih, backward_rows(p)) * ceil_div(p->iw, backward_columns(p));
}

/* The columns of dy that `columns` columns of x from `iw` on meet. */
static int64_t met_columns(const problem *p, int64_t iw, int64_t columns) {
    return last_met(iw + columns - 1, p->pl, p->sw) - first_met(iw, p->pl, p->kw, p->sw, p->dw) + 1;
}
/* The segments of a line that is gathered: a run for each row of taps, and one more where the copy was full. */
static int64_t gathered_segment_bytes(const problem *p) { return (p->kh + 1) * (int64_t)sizeof(segment); }
APART int64_t conv2d_backward_data_scratch(const problem *p) {
    if (meets_gathered(p))
        return order_bytes(p) + gathered_segment_bytes(p) +
               ceil_div(backward_columns(p), p->sw) * gathered_elements(p->kh * p->kw * p->oc) * (int64_t)sizeof(real);
    const int64_t rows = met_rows(p, backward_rows(p));
    const int64_t columns = most_met(backward_columns(p), p->kw, p->sw, p->dw);
    return order_bytes(p) + tap_bytes(p) + rows * columns * p->oc * (int64_t)sizeof(real);
}

/* The runs of the sum for input row ih and for columns of one phase, relative to the band's row oh0 and column ow0. */
static int64_t backward_segments(const problem *p, const int64_t *order, int64_t ih, int64_t iw, int64_t oh0,
                                 int64_t ow0, int64_t row_step, segment *segments) {
    int64_t count = 0;
    for (int64_t i = 0; i < p->kh; i++) {
        const int64_t at_h = ih + p->pt - order[i] * p->dh, oh = floor_div(at_h, p->sh);
        if (oh * p->sh != at_h || oh < 0 || oh >= p->oh) continue; /* rows beyond dy are zeros: left out */
        for (int64_t j = 0; j < p->kw; j++) {
            const int64_t at_w = iw + p->pl - order[p->kh + j] * p->dw;
            if (floor_div(at_w, p->sw) * p->sw != at_w) continue;
            const segment next = {(meets_sparse(p) ? i : oh - oh0) * row_step + (floor_div(at_w, p->sw) - ow0) * p->oc,
                                  (i * p->kw + j) * p->oc, p->oc};
            segment *last = segments + count - 1;
            if (count && next.x == last->x + last->length && next.w == last->w + last->length)
                last->length += p->oc;
            else
                segments[count++] = next;
        }
    }
    return count;
}

/* `columns` inputs from ih, iw on. */
APART void backward_gathered(const problem *p, const int64_t *order, const real *image, int64_t ih, int64_t iw,
                             int64_t columns, const real *w, const real *bias, real *dx, void *scratch) {
    const problem dy = {.ih = p->oh, .iw = p->ow, .ic = p->oc, .all_ic = y_pixel(p)};
    for (int64_t phase = 0; phase < min64(p->sw, columns); phase++) {
        gathering g = {.t = {.w = w,
                             .w_step = all_channels(p, p->ic),
                             .bias = bias,
                             .y = dx + phase * x_pixel(p),
                             .y_step = p->sw * x_pixel(p)},
                       .pixels = ceil_div(columns - phase, p->sw),
                       .step = 1,
                       .channels = p->ic,
                       .elements = gathered_elements(p->kh * p->kw * p->oc),
                       .copy = (real *)((char *)scratch + gathered_segment_bytes(p)),
                       .segments = scratch};
        for (int64_t i = 0; i < p->kh; i++) {
            const int64_t at_h = ih + p->pt - order[i] * p->dh, oh = floor_div(at_h, p->sh);
            if (oh * p->sh != at_h || oh < 0 || oh >= p->oh) continue;
            for (int64_t j = 0; j < p->kw; j++) {
                const int64_t at_w = iw + phase + p->pl - order[p->kh + j] * p->dw, ow = floor_div(at_w, p->sw);
                if (ow * p->sw == at_w) gather_tap(&g, &dy, image, oh, ow, (i * p->kw + j) * p->oc);
            }
        }
        sum_gathered(&g, p->relu);
    }
}

/* buf: dy, turned weights, bias or NULL, dx. A task is a few input rows of one image, or a block of their columns where they
 * are long. */
static void conv2d_backward_data(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t step = backward_rows(p), bands = ceil_div(p->ih, step);
    const int64_t width = backward_columns(p), blocks = ceil_div(p->iw, width);
    const int64_t n = task / blocks / bands, first = task / blocks % bands * step, rows = min64(step, p->ih - first);
    const int64_t iw = task % blocks * width, columns = min64(width, p->iw - iw);
    const int64_t oh0 = first_met(first, p->pt, p->kh, p->sh, p->dh);
    const int64_t ow0 = first_met(iw, p->pl, p->kw, p->sw, p->dw);
    const int64_t met = met_columns(p, iw, columns), row_step = met * p->oc;
    const int64_t all_ic = x_pixel(p), all_oc = y_pixel(p);
    const real *bias = buf[2];
    int64_t *order = scratch;
    segment *segments = (segment *)(order + p->kh + p->kw);
    order_taps(order, p->kh, p->sh, p->dh);
    order_taps(order + p->kh, p->kw, p->sw, p->dw);
    const real *image = (const real *)buf[0] + n * p->oh * p->ow * all_oc;
    real *dx = (real *)buf[3] + ((n * p->ih + first) * p->iw + iw) * all_ic;
    if (meets_gathered(p)) {
        backward_gathered(p, order, image, first, iw, columns, buf[1], bias, dx, segments);
        return;
    }
    real *dy = (real *)((char *)segments + tap_bytes(p));
    if (meets_sparse(p))
        for (int64_t i = 0; i < p->kh; i++)
            copy_slice(dy + i * row_step, image, p->oh, p->ow, p->oc, all_oc, first + p->pt - order[i] * p->dh, 1, ow0,
                       met);
    else
        copy_slice(dy, image, p->oh, p->ow, p->oc, all_oc, oh0, last_met(first + rows - 1, p->pt, p->sh) - oh0 + 1, ow0,
                   met);
    inner_args t = {.x = dy,
                    .x_step = p->oc,
                    .segments = segments,
                    .w_step = all_channels(p, p->ic),
                    .relu = p->relu,
                    .y_step = p->sw * all_ic};
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t phase = 0; phase < min64(p->sw, columns); phase++) {
            const int64_t pixels = ceil_div(columns - phase, p->sw);
            t.segment_count = backward_segments(p, order, first + r, iw + phase, oh0, ow0, row_step, segments);
            for (int64_t ic = 0; ic < p->ic;) {
                const int64_t vectors = line_vectors(pixels, p->ic - ic), channels = min64(vectors * VL, p->ic - ic);
                t.w = (const real *)buf[1] + ic;
                t.bias = bias ? bias + ic : NULL;
                t.y = dx + (r * p->iw + phase) * all_ic + ic;
                inner_line(t, pixels, vectors, channels);
                ic += channels;
            }
        }
    }
}
