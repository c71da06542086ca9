/* The gradients of a convolution with respect to its weights and its bias.
 *
 *   dw[kh, kw, ic, oc] = sum x[n, oh*sh + kh*dh - pt, ow*sw + kw*dw - pl, ic] * dy[n, oh, ow, oc]   over n, oh, ow
 *   db[oc]             = sum dy[n, oh, ow, oc]
 *
 * The batch is cut into fixed chunks of p->count images, the last may be shorter. A chunk's sum is a sequence of leaves
 * (at most LEAF_PIXELS pixels of one image, one multiply-add chain an element); sum_chunks then adds the chunks as a
 * fixed binary tree. The order depends on the problem alone and the chains stay short, so the error does. */
#include "band.h"

#define LEAF_PIXELS 1024

static int64_t leaf_columns(const problem *p) { return even_rows(p->ow, LEAF_PIXELS); }
static int64_t leaf_rows(const problem *p) { return even_rows(p->oh, max64(1, LEAF_PIXELS / p->ow)); }

/* Filters in one task, which reads all of x that its chunk has: half as many, in narrower tiles, where tasks would be few. */
static int64_t weight_filters(const problem *p) {
    return ceil_div(p->n, p->count) * ceil_div(p->oc, 4 * VL) < 4 ? 2 * VL : 4 * VL;
}
static int64_t weight_blocks(const problem *p) { return ceil_div(p->oc, weight_filters(p)); }

/* Taps and channels that lie side by side, the rows of a register tile; with few filters these are the rows, and taps and
 * channels fill the vectors. */
static int64_t weight_lines(const problem *p) { return (p->dw == 1 ? p->kw : 1) * p->ic; }
static int has_few_filters(const problem *p) {
    const int64_t lines = weight_lines(p);
    return 2 * p->oc * ceil_div(lines, VL) <= lines * ceil_div(p->oc, VL);
}

/* A copy of a leaf of x has some of the channels where all of them would leave the second cache; where these are few, the
 * copy is gathered for each tap alone. Few filters are summed in blocks of lines. */
enum { LEAF_BYTES = 768 << 10, FEW_FILTER_BYTES = 160 << 10 };

static int64_t leaf_channels(const problem *p) {
    const int64_t all = block_bytes(p, leaf_rows(p), leaf_columns(p));
    return all > LEAF_BYTES ? LEAF_BYTES / (all / p->ic) : p->ic;
}
static int is_gathered_leaf(const problem *p) { return leaf_channels(p) < min64(p->ic, VL); }

APART problem leaf_slice(const problem *p) {
    problem slice = *p;
    const int64_t pixel = leaf_rows(p) * leaf_columns(p) * (int64_t)sizeof(real);
    const int64_t fitting = is_gathered_leaf(p) ? LEAF_BYTES / pixel : leaf_channels(p);
    if (fitting < p->ic || is_gathered_leaf(p)) {
        slice.ic = even_rows(p->ic, max64(1, fitting));
        slice.all_ic = x_pixel(p);
    }
    return slice;
}

/* Taps that are joined in a leaf, and the lines of their channels: the taps of a slice lie apart in dw. */
static int64_t leaf_joined(const problem *p, const problem *slice) {
    return p->dw == 1 && slice->ic == p->ic && !is_gathered_leaf(p) ? p->kw : 1;
}
static int64_t leaf_lines(const problem *p, const problem *slice) { return leaf_joined(p, slice) * slice->ic; }

static int64_t leaf_bytes(const problem *p, const problem *slice) {
    const int64_t rows = leaf_rows(p), columns = leaf_columns(p);
    return is_gathered_leaf(p) ? rows * columns * slice->ic * (int64_t)sizeof(real) : block_bytes(slice, rows, columns);
}
static int64_t few_filter_lines(const problem *p, const problem *slice) {
    return at_most(leaf_lines(p, slice), leaf_lines(p, slice), FEW_FILTER_BYTES / (p->oc * (int64_t)sizeof(real)));
}

static int64_t conv2d_backward_weights_tasks(const problem *p) { return ceil_div(p->n, p->count) * weight_blocks(p); }
APART int64_t conv2d_backward_weights_scratch(const problem *p) {
    const problem slice = leaf_slice(p);
    const int64_t turned = has_few_filters(p) ? few_filter_lines(p, &slice) * p->oc : 0;
    return leaf_bytes(p, &slice) + turned * (int64_t)sizeof(real);
}

/* The sums of one leaf for a run of taps and channels x, filter by filter, then to d[line][filter]. */
static void sum_few_filters(const problem *p, const outer_args *t, int64_t lines, const real *x, real *d,
                            int64_t d_step, real *sums) {
    outer_args s = {.x = t->g,
                    .x_step = t->g_step,
                    .x_row = t->g_row,
                    .g_step = t->x_step,
                    .g_row = t->x_row,
                    .rows = t->rows,
                    .columns = t->columns,
                    .d_step = lines};
    for (int64_t line = 0; line < lines;) {
        const int64_t vectors = tile_vectors(p->oc, lines - line), channels = min64(vectors * VL, lines - line);
        s.g = x + line;
        s.d = sums + line;
        outer_block(s, p->oc, vectors, channels);
        line += channels;
    }
    for (int64_t line = 0; line < lines; line++)
        for (int64_t oc = 0; oc < p->oc; oc++) {
            real *to = d + line * d_step + oc;
            *to = t->add ? *to + sums[oc * lines + line] : sums[oc * lines + line];
        }
}

/* What one tap meets in a leaf from row and column on, side by side. */
APART const real *gather_leaf(const problem *slice, const outer_args *t, const real *image, int64_t row, int64_t column,
                              real *copy) {
    const int64_t together = slice->sw == 1 ? t->columns : 1;
    real *to = copy;
    for (int64_t r = 0; r < t->rows; r++)
        for (int64_t c = 0; c < t->columns; c += together, to += together * slice->ic)
            copy_block(slice, to, image, row + r * slice->sh, 1, column + c * slice->sw, together);
    return copy;
}

/* The sums of the leaf from output oh, ow on, for the channels of `slice` from `first_ic` on, which are the first of `image`, and
 * the filters [first_oc, last_oc). */
static void sum_leaf(const problem *p, const problem *slice, outer_args t, int64_t first_ic, const real *image,
                     int64_t oh, int64_t ow, const real *dy, int64_t first_oc, int64_t last_oc, real *partial,
                     real *scratch) {
    const int64_t joined = leaf_joined(p, slice), lines = leaf_lines(p, slice), all_oc = t.d_step;
    const int is_gathered = is_gathered_leaf(p);
    real *sums = (real *)((char *)scratch + leaf_bytes(p, slice));
    const band in = is_gathered ? (band){scratch, t.columns * slice->ic}
                                : read_block(slice, image, oh, t.rows, ow, t.columns, scratch);
    t.x_step = is_gathered ? slice->ic : p->sw * slice->ic;
    t.x_row = is_gathered ? in.row_step : p->sh * in.row_step;
    for (int64_t kh = 0; kh < p->kh; kh++)
        for (int64_t kw = 0; kw < p->kw; kw += joined) {
            const real *x = is_gathered ? gather_leaf(slice, &t, image, oh * p->sh - p->pt + kh * p->dh,
                                                      ow * p->sw - p->pl + kw * p->dw, scratch)
                                        : in.x + kh * p->dh * in.row_step + kw * p->dw * slice->ic;
            real *d = partial + ((kh * p->kw + kw) * p->ic + first_ic) * all_oc;
            if (has_few_filters(p)) {
                const int64_t together = few_filter_lines(p, slice);
                t.g = dy;
                for (int64_t line = 0; line < lines; line += together)
                    sum_few_filters(p, &t, min64(together, lines - line), x + line, d + line * all_oc, all_oc, sums);
                continue;
            }
            t.x = x;
            for (int64_t oc = first_oc; oc < last_oc;) {
                const int64_t vectors = tile_vectors(lines, last_oc - oc);
                const int64_t channels = min64(vectors * VL, last_oc - oc);
                t.g = dy + oc;
                t.d = d + oc;
                outer_block(t, lines, vectors, channels);
                oc += channels;
            }
        }
}

/* buf: x, dy, partial[chunk][kh][kw][ic][oc], which with p->kind is added to. A task is one chunk and one block of output
 * channels. */
static void conv2d_backward_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t blocks = weight_blocks(p), chunk = task / blocks;
    const int64_t first_oc = task % blocks * weight_filters(p), last_oc = min64(first_oc + weight_filters(p), p->oc);
    const int64_t step = leaf_rows(p), width = leaf_columns(p), blocks_wide = ceil_div(p->ow, width);
    const int64_t all_ic = x_pixel(p), all_oc = y_pixel(p);
    const problem most = leaf_slice(p);
    real *partial = (real *)buf[2] + chunk * p->kh * p->kw * p->ic * all_oc;
    outer_args t = {.g_step = all_oc, .g_row = p->ow * all_oc, .d_step = all_oc};
    for (int64_t n = chunk * p->count; n < min64((chunk + 1) * p->count, p->n); n++) {
        for (int64_t leaf = 0; leaf < ceil_div(p->oh, step) * blocks_wide; leaf++) {
            const int64_t oh = leaf / blocks_wide * step, ow = leaf % blocks_wide * width;
            t.rows = min64(step, p->oh - oh);
            t.columns = min64(width, p->ow - ow);
            t.add = p->kind || n > chunk * p->count || oh > 0 || ow > 0;
            const real *dy = (const real *)buf[1] + ((n * p->oh + oh) * p->ow + ow) * all_oc;
            problem slice = most;
            for (int64_t ic = 0; ic < p->ic; ic += most.ic) {
                slice.ic = min64(most.ic, p->ic - ic);
                const real *x = (const real *)buf[0] + n * p->ih * p->iw * all_ic + ic;
                sum_leaf(p, &slice, t, ic, x, oh, ow, dy, first_oc, last_oc, partial, scratch);
            }
        }
    }
}

enum { ROW_BLOCK = 64 };
static int64_t sum_rows_tasks(const problem *p) { return ceil_div(p->n, p->count) * ceil_div(p->oc, ROW_BLOCK); }

/* Column sums of g[n * oh * ow][oc], cut as above: the gradient of a bias. buf: g, partial[chunk][oc]. A task is ROW_BLOCK columns
 * of one chunk. */
static void sum_rows(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t step = leaf_rows(p) * leaf_columns(p), pixels = p->oh * p->ow, blocks = ceil_div(p->oc, ROW_BLOCK);
    const int64_t chunk = task / blocks, oc = task % blocks * ROW_BLOCK, lanes = min64(ROW_BLOCK, p->oc - oc);
    const int64_t first = chunk * p->count * pixels, last = min64((chunk + 1) * p->count, p->n) * pixels;
    real total[ROW_BLOCK] = {0};
    for (int64_t image = first; image < last; image += pixels)
        for (int64_t leaf = 0; leaf < pixels; leaf += step) {
            real sum[ROW_BLOCK] = {0};
            const real *g = (const real *)buf[0] + (image + leaf) * p->oc + oc;
            for (int64_t i = 0; i < min64(step, pixels - leaf); i++, g += p->oc) {
                if (lanes == ROW_BLOCK)
                    for (int64_t c = 0; c < ROW_BLOCK; c++) sum[c] += g[c];
                else
                    for (int64_t c = 0; c < lanes; c++) sum[c] += g[c];
            }
            for (int64_t c = 0; c < lanes; c++) total[c] += sum[c];
        }
    memcpy((real *)buf[1] + chunk * p->oc + oc, total, (size_t)lanes * sizeof(real));
}

#define SUM_BLOCK 2048

static int64_t sum_chunks_tasks(const problem *p) { return ceil_div(p->count, SUM_BLOCK); }

/* y[count] = sum of x[n][count] as a binary tree over n; x is overwritten. buf: x, y, which may be x. A task is SUM_BLOCK elements. */
static void sum_chunks(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * SUM_BLOCK, lanes = min64(SUM_BLOCK, p->count - first);
    real *x = (real *)buf[0] + first, *y = (real *)buf[1] + first;
    for (int64_t half = 1; half < p->n; half *= 2)
        for (int64_t row = 0; row + half < p->n; row += 2 * half) {
            real *to = x + row * p->count;
            const real *from = to + half * p->count;
            for (int64_t i = 0; i < lanes; i++) to[i] += from[i];
        }
    if (y != x) memcpy(y, x, (size_t)lanes * sizeof(real));
}
