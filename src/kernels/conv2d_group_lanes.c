/* Convolution in groups narrower than a vector and its gradients: channels in the lanes, see lanes.h.
 *
 *   y[n, oh, ow, oc] = bias[oc] + sum x[n, oh*sh + kh*dh - pt, ow*sw + kw*dw - pl, group(oc) * icg + i] * w[kh, kw, i, oc]
 *
 * over kh, kw and i < icg = ic / groups; group(oc) = oc / (oc / groups). Backward data is the same over dy with turned
 * weights, phase by phase: see conv2d_backward_data.c. Backward weights has one accumulator a weight, in leaves and chunks
 * as in conv2d_backward_weights.c. */
#include "depthwise.h"

static lane_channels forward_channels(const problem *p) {
    return (lane_channels){p->oc, p->oc / p->groups, p->ic, p->ic / p->groups};
}
static lane_channels backward_channels(const problem *p) {
    return (lane_channels){p->ic, p->ic / p->groups, p->oc, p->oc / p->groups};
}
static lane_axis forward_rows_axis(const problem *p) {
    return (lane_axis){0, 1, p->oh, -p->pt, p->sh, p->dh, p->kh, 0, p->ih, p->border};
}
static lane_axis forward_columns_axis(const problem *p) {
    return (lane_axis){0, 1, p->ow, -p->pl, p->sw, p->dw, p->kw, 0, p->iw, p->border};
}

/* ------------------------------------------------------------------------------------------- a block of rows */

static int64_t narrow_bytes(const lane_axis *rows, const lane_axis *cols, int64_t columns, int64_t planes) {
    const int64_t weights = rows->taps * cols->taps * planes * VL * (int64_t)sizeof(real);
    return ring_bytes(rows, cols, block_outputs(rows, cols, columns, planes), planes) + weights +
           rows->taps * (int64_t)(sizeof(int64_t) + sizeof(lane_run));
}

static void pack_lanes(const narrow *s, const lane_block *b, real *to) {
    const vmask m = vmask_first(b->count);
    const int64_t planes = s->channels->source_group;
    for (int64_t i = 0; i < s->rows->taps; i++)
        for (int64_t j = 0; j < s->cols->taps; j++) {
            const real *w =
                s->w + ((s->rows->tap + i) * s->kw + s->cols->tap + j) * planes * s->channels->total + b->first;
            for (int64_t k = 0; k < planes; k++, to += VL, w += s->channels->total)
                vstore(to, b->count == VL ? vload(w) : vload_masked(w, m));
        }
}

/* The runs of output row u, its source rows spread. */
static int64_t narrow_runs(const narrow *s, const lane_block *b, lane_spread spread, int64_t u, int64_t column,
                           real *ring, const real *weights, int64_t *held, lane_run *runs) {
    const lane_axis *rows = s->rows;
    const int64_t planes = s->channels->source_group, place = spread.width * planes * VL;
    const int64_t length = s->cols->size * s->channels->sources;
    int64_t count = 0;
    for (int64_t t = 0; t < rows->taps; t++) {
        const int64_t row = rows->from + u * rows->stride + t * rows->dilation, there = row >= 0 && row < rows->size;
        if (s->leave_out && !there) continue;
        const int64_t slot = ring_slot(rows, u, t);
        real *to = ring + slot * place;
        if (held[slot] != row) {
            const real *x = source_row(rows, s->x, row, length);
            if (x && b->first == 0 && column == s->left) prefetch_row(x, length);
            spread_row(s->channels, b, s->cols, spread, column, x, to);
        }
        held[slot] = row;
        runs[count++] = (lane_run){to, weights + t * s->cols->taps * planes * VL};
    }
    return count;
}

static void narrow_block(const narrow *s, void *scratch) {
    const lane_channels *c = s->channels;
    const lane_axis *rows = s->rows, *cols = s->cols;
    const int64_t planes = c->source_group, taps = cols->taps ? rows->taps : 0;
    real *weights = scratch, *ring = weights + taps * cols->taps * planes * VL;
    if (is_direct(c, rows, cols, s->left, s->right)) {
        direct_block(s, scratch);
        return;
    }
    for (int64_t number = 0; number < block_count(c); number++) {
        const lane_block b = nth_block(c, number);
        const vmask m = vmask_first(b.count);
        pack_lanes(s, &b, weights);
        for (int64_t v = s->left; v < s->right; v += s->outputs) {
            const int64_t outputs = min64(s->outputs, s->right - v), step = even_rows(outputs, ROWS_V1);
            const lane_spread spread = spread_columns(cols, outputs);
            int64_t *held = (int64_t *)(ring + taps * spread.width * planes * VL);
            lane_run *runs = (lane_run *)(held + taps);
            lane_args t = {.runs = runs,
                           .advance = spread.advance * VL,
                           .taps = cols->taps,
                           .tap_step = spread.tap_step * VL,
                           .planes = planes,
                           .plane_step = spread.width * VL,
                           .bias = s->bias
                                       ? b.count == VL ? vload(s->bias + b.first) : vload_masked(s->bias + b.first, m)
                                       : vset1(0),
                           .relu = s->relu,
                           .y_step = cols->step * c->total,
                           .last_lanes = b.count};
            for (int64_t i = 0; i < taps; i++) held[i] = INT64_MIN;
            for (int64_t u = s->top; u < s->bottom; u++) {
                if (taps) t.run_count = narrow_runs(s, &b, spread, u, v, ring, weights, held, runs);
                t.y = s->y + ((rows->first + u * rows->step) * s->width + cols->first + v * cols->step) * c->total +
                      b.first;
                t.offset = 0;
                for (int64_t done = 0; done < outputs; done += step) {
                    lane_tiles[min64(step, outputs - done)][spread.advance == 1](&t);
                    t.offset += step * t.advance;
                    t.y += step * t.y_step;
                }
            }
        }
    }
}

/* -------------------------------------------------------------------------------------------------- forward */

/* Rows and columns of a task: see conv2d.c. Each row is spread for its block alone, so few rows cost little more. */
static int64_t narrow_columns(const problem *p) {
    return block_columns(p, p->ow, p->oc * p->kh * p->kw * (p->ic / p->groups), p->sw * p->ic * (int64_t)sizeof(real));
}
static int64_t narrow_rows(const problem *p) {
    const int64_t work = narrow_columns(p) * p->oc * p->kh * p->kw * (p->ic / p->groups);
    return even_rows(p->oh, max64(ceil_div(task_work(p), work), 2 * p->kh));
}
static int64_t narrow_forward_tasks(const problem *p) {
    return p->n * ceil_div(p->oh, narrow_rows(p)) * ceil_div(p->ow, narrow_columns(p));
}
static int64_t narrow_forward_scratch(const problem *p) {
    const lane_axis rows = forward_rows_axis(p), cols = forward_columns_axis(p);
    return narrow_bytes(&rows, &cols, narrow_columns(p), p->ic / p->groups);
}

/* buf: x, w, bias or NULL, y. A task is a few output rows of one image, or a block of their columns where they are long. */
static void narrow_forward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t step = narrow_rows(p), bands = ceil_div(p->oh, step), width = narrow_columns(p);
    const int64_t blocks = ceil_div(p->ow, width), n = task / blocks / bands;
    const int64_t top = task / blocks % bands * step, left = task % blocks * width;
    const lane_channels channels = forward_channels(p);
    const lane_axis rows = forward_rows_axis(p), cols = forward_columns_axis(p);
    const narrow s = {.channels = &channels,
                      .rows = &rows,
                      .cols = &cols,
                      .top = top,
                      .bottom = min64(p->oh, top + step),
                      .left = left,
                      .right = min64(p->ow, left + width),
                      .outputs = block_outputs(&rows, &cols, width, channels.source_group),
                      .x = (const real *)buf[0] + n * p->ih * p->iw * p->ic,
                      .w = buf[1],
                      .kw = p->kw,
                      .bias = buf[2],
                      .relu = p->relu,
                      .y = (real *)buf[3] + n * p->oh * p->ow * p->oc,
                      .width = p->ow};
    narrow_block(&s, scratch);
}

/* -------------------------------------------------------------------------------------------- backward data */

static int64_t greatest_common_divisor(int64_t a, int64_t b) { return b ? greatest_common_divisor(b, a % b) : a; }

/* Inputs of equal (i + pad) mod stride meet the same taps, in `order` side by side from the last to the first. */
static lane_axis backward_axis(int64_t phase, int64_t inputs, int64_t pad, int64_t k, int64_t stride, int64_t dilation,
                               int64_t size, const int64_t *order) {
    lane_axis a = {.first = phase,
                   .step = stride,
                   .count = ceil_div(inputs - phase, stride),
                   .stride = 1,
                   .dilation = dilation / greatest_common_divisor(stride, dilation),
                   .size = size};
    for (int64_t i = 0; i < k; i++) {
        const int64_t at = phase + pad - order[i] * dilation, source = floor_div(at, stride);
        if (source * stride != at) continue;
        if (!a.taps) a.from = source, a.tap = i;
        a.taps++;
    }
    return a;
}

/* An axis with as many taps as any phase has. */
static lane_axis largest_axis(int64_t k, int64_t stride, int64_t dilation) {
    const int64_t common = greatest_common_divisor(stride, dilation);
    return (lane_axis){.stride = 1, .dilation = dilation / common, .taps = ceil_div(k, stride / common)};
}

static int64_t narrow_backward_columns(const problem *p) {
    const int64_t work = p->ic * p->kh * p->kw * (p->oc / p->groups) / (p->sh * p->sw);
    return block_columns(p, p->iw, work, ceil_div(p->oc * (int64_t)sizeof(real), p->sw));
}
static int64_t narrow_backward_rows(const problem *p) {
    const int64_t taps = p->kh * p->kw * (p->oc / p->groups);
    const int64_t work = max64(1, narrow_backward_columns(p) * p->ic * taps / (p->sh * p->sw));
    return even_rows(p->ih, max64(ceil_div(task_work(p), work), 2 * p->kh));
}
static int64_t narrow_backward_data_tasks(const problem *p) {
    return p->n * ceil_div(p->ih, narrow_backward_rows(p)) * ceil_div(p->iw, narrow_backward_columns(p));
}
static int64_t narrow_order_bytes(const problem *p) { return ceil_div(order_bytes(p), CACHE_LINE) * CACHE_LINE; }
static int64_t narrow_backward_data_scratch(const problem *p) {
    const lane_axis rows = largest_axis(p->kh, p->sh, p->dh), cols = largest_axis(p->kw, p->sw, p->dw);
    const int64_t columns = ceil_div(narrow_backward_columns(p), p->sw);
    return narrow_order_bytes(p) + narrow_bytes(&rows, &cols, columns, p->oc / p->groups);
}

/* The first output of a phase, by number, that is not before `at`. */
static int64_t first_number(int64_t at, int64_t phase, int64_t stride) {
    return at > phase ? ceil_div(at - phase, stride) : 0;
}

/* buf: dy, turned weights, bias or NULL, dx. A task is a few input rows of one image, or a block of their columns. */
static void narrow_backward_data(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t step = narrow_backward_rows(p), bands = ceil_div(p->ih, step), width = narrow_backward_columns(p);
    const int64_t blocks = ceil_div(p->iw, width), n = task / blocks / bands;
    const int64_t top = task / blocks % bands * step, left = task % blocks * width;
    const int64_t bottom = min64(p->ih, top + step), right = min64(p->iw, left + width);
    const lane_channels channels = backward_channels(p);
    const lane_axis most_rows = largest_axis(p->kh, p->sh, p->dh), most_cols = largest_axis(p->kw, p->sw, p->dw);
    int64_t *order = scratch;
    order_taps(order, p->kh, p->sh, p->dh);
    order_taps(order + p->kh, p->kw, p->sw, p->dw);
    lane_axis rows, cols;
    narrow s = {.channels = &channels,
                .rows = &rows,
                .cols = &cols,
                .outputs = block_outputs(&most_rows, &most_cols, ceil_div(width, p->sw), channels.source_group),
                .leave_out = 1,
                .x = (const real *)buf[0] + n * p->oh * p->ow * p->oc,
                .w = buf[1],
                .kw = p->kw,
                .bias = buf[2],
                .relu = p->relu,
                .y = (real *)buf[3] + n * p->ih * p->iw * p->ic,
                .width = p->iw};
    for (int64_t i = 0; i < min64(p->sh, p->ih); i++) {
        rows = backward_axis(i, p->ih, p->pt, p->kh, p->sh, p->dh, p->oh, order);
        s.top = first_number(top, i, p->sh), s.bottom = first_number(bottom, i, p->sh);
        for (int64_t j = 0; j < min64(p->sw, p->iw) && s.top < s.bottom; j++) {
            cols = backward_axis(j, p->iw, p->pl, p->kw, p->sw, p->dw, p->ow, order + p->kh);
            s.left = first_number(left, j, p->sw), s.right = first_number(right, j, p->sw);
            narrow_block(&s, (char *)scratch + narrow_order_bytes(p));
        }
    }
}

/* ----------------------------------------------------------------------------------------- backward weights */

/* Blocks of lanes in one task. */
enum { TASK_BLOCKS = 4 };

static int64_t narrow_weight_tasks(const problem *p) {
    const lane_channels channels = forward_channels(p);
    return ceil_div(p->n, p->count) * ceil_div(block_count(&channels), TASK_BLOCKS);
}
static int64_t narrow_weight_scratch(const problem *p) {
    const lane_axis rows = forward_rows_axis(p), cols = forward_columns_axis(p);
    const int64_t planes = p->ic / p->groups, taps = p->kh * p->kw * planes;
    return ring_bytes(&rows, &cols, leaf_columns(p), planes) + taps * VL * (int64_t)sizeof(real) +
           taps * (int64_t)sizeof(const real *) + p->kh * (int64_t)sizeof(int64_t);
}

/* One block of lanes of one leaf: outputs [oh, oh + count) x [ow, ow + columns) of one image, from x and dy of that image. */
static void narrow_leaf(const problem *p, const lane_channels *c, const lane_block *b, int64_t oh, int64_t count,
                        int64_t ow, int64_t columns, const real *x, const real *dy, int64_t add, int first,
                        real *partial, void *scratch) {
    const lane_axis rows = forward_rows_axis(p), cols = forward_columns_axis(p);
    const int64_t planes = c->source_group, taps = p->kh * p->kw * planes;
    const lane_spread spread = spread_columns(&cols, columns);
    const int64_t place = spread.width * planes * VL;
    real *sums = scratch, *ring = sums + taps * VL;
    const real **at = (const real **)(ring + p->kh * place);
    int64_t *held = (int64_t *)(at + taps);
    memset(sums, 0, (size_t)(taps * VL) * sizeof(real));
    for (int64_t i = 0; i < p->kh; i++) held[i] = INT64_MIN;
    lane_sum_args t = {.advance = spread.advance * VL, .g_step = p->oc, .outputs = columns, .last_lanes = b->count};
    const int sliding = b->count == VL && has_sliding_sums(c, &cols, ow, ow + columns);
    for (int64_t u = oh; u < oh + count; u++) {
        if (sliding) {
            const int64_t row = rows.from + (u + 1) * rows.stride + (rows.taps - 1) * rows.dilation;
            if (first && row < p->ih && u + 1 < p->oh) {
                const int64_t length = min64(TASK_BLOCKS * VL, p->ic - b->first),
                              left = max64(0, cols.from + ow * cols.stride);
                prefetch_pixels(x + (row * p->iw + left) * p->ic + b->first, min64(columns * cols.stride, p->iw - left),
                                p->ic, length);
                prefetch_pixels(dy + ((u + 1) * p->ow + ow) * p->oc + b->first, columns, p->oc, length);
            }
            sum_row(p, &rows, &cols, x + b->first, dy + b->first, u, ow, ow + columns, at, sums);
            continue;
        }
        for (int64_t i = 0, q = 0; i < p->kh; i++) {
            const int64_t row = rows.from + u * rows.stride + i * rows.dilation, slot = ring_slot(&rows, u, i);
            real *to = ring + slot * place;
            if (held[slot] != row) {
                const real *source = source_row(&rows, x, row, p->iw * p->ic);
                if (source && first && ow == 0) prefetch_row(source, p->iw * p->ic);
                spread_row(c, b, &cols, spread, ow, source, to);
            }
            held[slot] = row;
            for (int64_t j = 0; j < p->kw; j++)
                for (int64_t k = 0; k < planes; k++) at[q++] = to + (j * spread.tap_step + k * spread.width) * VL;
        }
        if (first && ow == 0) prefetch_row(dy + u * p->ow * p->oc, p->ow * p->oc);
        t.g = dy + (u * p->ow + ow) * p->oc + b->first;
        const int64_t step = even_rows(taps, LANE_SUMS);
        for (int64_t q = 0; q < taps; q += step) {
            t.x = at + q;
            t.d = sums + q * VL;
            lane_sums[min64(step, taps - q)][b->count < VL](&t);
        }
    }
    const vmask m = vmask_first(b->count);
    for (int64_t q = 0; q < taps; q++) {
        real *d = partial + q * p->oc + b->first;
        const vec sum = vload(sums + q * VL);
        vstore_masked(d, add ? vadd(vload_masked(d, m), sum) : sum, m);
    }
}

/* buf: x, dy, partial[chunk][kh][kw][ic / groups][oc], which with p->kind is added to. A task is one chunk and a few blocks of
 * output channels. */
static void narrow_backward_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const lane_channels channels = forward_channels(p);
    const int64_t blocks = block_count(&channels), parts = ceil_div(blocks, TASK_BLOCKS), chunk = task / parts;
    const int64_t first = task % parts * TASK_BLOCKS, step = leaf_rows(p), width = leaf_columns(p);
    const int64_t wide = ceil_div(p->ow, width);
    real *partial = (real *)buf[2] + chunk * p->kh * p->kw * (p->ic / p->groups) * p->oc;
    for (int64_t n = chunk * p->count; n < min64((chunk + 1) * p->count, p->n); n++)
        for (int64_t leaf = 0; leaf < ceil_div(p->oh, step) * wide; leaf++) {
            const int64_t oh = leaf / wide * step, ow = leaf % wide * width;
            for (int64_t number = first; number < min64(first + TASK_BLOCKS, blocks); number++) {
                const lane_block b = nth_block(&channels, number);
                narrow_leaf(p, &channels, &b, oh, min64(step, p->oh - oh), ow, min64(width, p->ow - ow),
                            (const real *)buf[0] + n * p->ih * p->iw * p->ic,
                            (const real *)buf[1] + n * p->oh * p->ow * p->oc,
                            p->kind || n > chunk * p->count || leaf > 0, number == first, partial, scratch);
            }
        }
}
