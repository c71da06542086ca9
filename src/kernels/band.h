/* What the convolutions share: a band of an image with its border of zeros, and the runs of taps in it. */
#ifndef CONVCORE_BAND_H
#define CONVCORE_BAND_H

#include "kernel.h"
#include "tile.h"

#include <string.h>

/* With this many images they alone feed the threads. */
enum { MANY_IMAGES = 8 };

/* Multiply-adds that make a task worth its start; with few images tasks are smaller, so that there are some for each thread. */
static int64_t task_work(const problem *p) { return p->n >= MANY_IMAGES ? 1 << 20 : 1 << 16; }

/* A padded copy of more than this leaves the caches. */
#define BAND_BYTES (1 << 19)
#define CACHE_LINE 64

/* What padding holds, shown around the line abcd: zeros, aa|abcd|dd, cb|abcd|cb, ba|abcd|dc, cd|abcd|ab. */
enum border { ZEROS, EDGE, MIRROR, SYMMETRIC, WRAP };

/* Which row (or column) of `size` rows stands at row i, for a border that is not ZEROS. */
static int64_t bordered(int64_t i, int64_t size, int64_t border) {
    if (i >= 0 && i < size) return i;
    if (border == EDGE) return i < 0 ? 0 : size - 1;
    const int64_t period = border == WRAP ? size : border == SYMMETRIC ? 2 * size : max64(1, 2 * size - 2);
    const int64_t at = (i % period + period) % period;
    return at < size ? at : (border == SYMMETRIC ? 2 * size - 1 : 2 * size - 2) - at;
}

/* Where a kernel is given one group of a convolution, p->ic and p->oc are the group's channels; these are all there are. */
static int64_t all_channels(const problem *p, int64_t channels) { return channels * max64(1, p->groups); }

/* Elements from one pixel of x, or of y, to the next. */
static int64_t x_pixel(const problem *p) { return p->all_ic ? p->all_ic : all_channels(p, p->ic); }
static int64_t y_pixel(const problem *p) { return p->all_oc ? p->all_oc : all_channels(p, p->oc); }

/* c channels of n pixels that lie `step` elements apart. */
static void copy_pixels(real *to, const real *x, int64_t n, int64_t c, int64_t step) {
    if (step == c)
        memcpy(to, x, (size_t)(n * c) * sizeof(real));
    else
        for (int64_t i = 0; i < n; i++) memcpy(to + i * c, x + i * step, (size_t)c * sizeof(real));
}

/* Rows [row, row + rows) and columns [column, column + columns) of one image; outside of it there are zeros. Of each pixel the
 * first c channels of `step`. */
static void copy_slice(real *to, const real *image, int64_t h, int64_t w, int64_t c, int64_t step, int64_t row,
                       int64_t rows, int64_t column, int64_t columns) {
    const int64_t left = min64(columns, max64(0, -column));
    const int64_t inside = max64(0, min64(columns, w - column) - left);
    const size_t line = (size_t)(columns * c) * sizeof(real);
    for (int64_t r = row; r < row + rows; r++, to += columns * c) {
        if (r < 0 || r >= h || inside == 0) {
            memset(to, 0, line);
            continue;
        }
        memset(to, 0, (size_t)(left * c) * sizeof(real));
        copy_pixels(to + left * c, image + (r * w + column + left) * step, inside, c, step);
        memset(to + (left + inside) * c, 0, line - (size_t)((left + inside) * c) * sizeof(real));
    }
}

static void copy_band(real *to, const real *image, int64_t h, int64_t w, int64_t c, int64_t row, int64_t rows,
                      int64_t column, int64_t columns) {
    copy_slice(to, image, h, w, c, c, row, rows, column, columns);
}

/* The same of an image that goes on beyond its border. */
static void copy_bordered(real *to, const real *image, int64_t h, int64_t w, int64_t c, int64_t step, int64_t row,
                          int64_t rows, int64_t column, int64_t columns, int64_t border) {
    const int64_t left = min64(columns, max64(0, -column));
    const int64_t inside = max64(0, min64(columns, w - column) - left);
    for (int64_t r = row; r < row + rows; r++, to += columns * c) {
        const real *line = image + bordered(r, h, border) * w * step;
        for (int64_t i = 0; i < columns; i++) {
            if (i == left && inside) {
                copy_pixels(to + i * c, line + (column + i) * step, inside, c, step);
                i += inside;
                if (i == columns) break;
            }
            memcpy(to + i * c, line + bordered(column + i, w, border) * step, (size_t)c * sizeof(real));
        }
    }
}

static int64_t needed_rows(const problem *p, int64_t out_rows) {
    return (out_rows - 1) * p->sh + (p->kh - 1) * p->dh + 1;
}
static int64_t columns_for(const problem *p, int64_t out_columns) {
    return (out_columns - 1) * p->sw + (p->kw - 1) * p->dw + 1;
}
static int64_t needed_columns(const problem *p) { return columns_for(p, p->ow); }
static int is_padded(const problem *p) {
    return p->pt || p->pl || needed_rows(p, p->oh) > p->ih || needed_columns(p) > p->iw;
}

/* What is padded is copied, and so are some of the channels, that they lie side by side. */
static int is_copied(const problem *p) { return is_padded(p) || x_pixel(p) > p->ic; }

/* The rows and columns of x that a block of output rows and columns reads: in x itself, or in a copy. */
typedef struct band {
    const real *x;
    int64_t row_step; /* elements from one row to the next */
} band;

/* `height` rows of an image from `row` on and `width` columns, with what the padding holds. */
APART void copy_block(const problem *p, real *to, const real *image, int64_t row, int64_t height, int64_t column,
                      int64_t width) {
    if (p->border == ZEROS)
        copy_slice(to, image, p->ih, p->iw, p->ic, x_pixel(p), row, height, column, width);
    else
        copy_bordered(to, image, p->ih, p->iw, p->ic, x_pixel(p), row, height, column, width, p->border);
}

static band read_block(const problem *p, const real *image, int64_t oh, int64_t rows, int64_t ow, int64_t columns,
                       real *scratch) {
    const int64_t row = oh * p->sh - p->pt, column = ow * p->sw - p->pl, width = columns_for(p, columns);
    if (!is_copied(p)) return (band){image + (row * p->iw + column) * p->ic, p->iw * p->ic};
    copy_block(p, scratch, image, row, needed_rows(p, rows), column, width);
    return (band){scratch, width * p->ic};
}
static int64_t block_bytes(const problem *p, int64_t rows, int64_t columns) {
    return is_copied(p) ? needed_rows(p, rows) * columns_for(p, columns) * p->ic * (int64_t)sizeof(real) : 0;
}

/* Whole output rows [oh, oh + rows). */
static band read_band(const problem *p, const real *image, int64_t oh, int64_t rows, real *scratch) {
    return read_block(p, image, oh, rows, 0, p->ow, scratch);
}
static int64_t band_bytes(const problem *p, int64_t rows) { return block_bytes(p, rows, p->ow); }

/* Columns in a block of a line of `width` outputs, each of `work` multiply-adds and `bytes` of a copy: all of them, unless
 * the line is long, as those of 1-D convolutions are. */
enum { LEAST_COLUMNS = 252 };
static int64_t block_columns(const problem *p, int64_t width, int64_t work, int64_t bytes) {
    const int64_t most = min64(ceil_div(task_work(p), max64(1, work)), BAND_BYTES / bytes);
    return even_rows(width, max64(LEAST_COLUMNS, most));
}

/* What a thread copies in one task stays below this: blocks have fewer columns, then fewer rows. */
enum { MOST_COPY_BYTES = 960 << 10 };

/* `count` columns (or rows), or about as many of all `size` as are `fitting`, but one. */
static int64_t at_most(int64_t count, int64_t size, int64_t fitting) {
    return count <= fitting ? count : even_rows(size, max64(1, fitting));
}

/* Taps whose inputs lie side by side are one run of the sum; rows of taps lie `dilation` rows apart. */
static int64_t forward_segments(const problem *p, int64_t row_step, int64_t dilation, segment *segments) {
    const int64_t joined = p->dw == 1 ? p->kw : 1;
    int64_t count = 0;
    for (int64_t kh = 0; kh < p->kh; kh++)
        for (int64_t kw = 0; kw < p->kw; kw += joined)
            segments[count++] =
                (segment){kh * dilation * row_step + kw * p->dw * p->ic, (kh * p->kw + kw) * p->ic, joined * p->ic};
    return count;
}
static int64_t forward_segment_bytes(const problem *p) {
    return p->kh * (p->dw == 1 ? 1 : p->kw) * (int64_t)sizeof(segment);
}

/* Where the window of one pixel does not fit into a copy, what its taps meet does, tap after tap; where not even that fits,
 * as many elements as do are summed before the next ones are gathered. The chain of a sum is the same. */
enum { MOST_SEGMENT_BYTES = 48 << 10 };

typedef struct gathering {
    inner_args t;
    int64_t pixels, step; /* outputs side by side, and columns of the source from one to the next */
    int64_t channels;     /* of an output */
    int64_t elements;     /* of each pixel in the copy */
    int64_t filled;       /* of these */
    real *copy;
    segment *segments;
} gathering;

static int64_t gathered_elements(int64_t all) { return min64(all, MOST_COPY_BYTES / (int64_t)sizeof(real)); }
static int64_t gathered_pixels(int64_t all, int64_t size) {
    return at_most(size, size, MOST_COPY_BYTES / (all * (int64_t)sizeof(real)));
}

/* Add what was gathered to the outputs. */
APART void sum_gathered(gathering *g, int64_t relu) {
    inner_args t = g->t;
    t.x = g->copy, t.x_step = g->elements, t.segments = g->segments, t.relu = relu;
    for (int64_t done = 0; done < g->channels;) {
        const int64_t vectors = tile_vectors(g->pixels, g->channels - done);
        const int64_t channels = min64(vectors * VL, g->channels - done);
        inner_line(t, g->pixels, vectors, channels);
        t.w += channels, t.y += channels, t.bias += t.bias ? channels : 0;
        done += channels;
    }
    g->t.bias = g->t.y; /* more than once for one pixel only */
    g->t.segment_count = g->filled = 0;
}

/* One tap more: it meets `column` of a row of `source` first, and its weights begin at row w. */
APART void gather_tap(gathering *g, const problem *source, const real *image, int64_t row, int64_t column, int64_t w) {
    problem part = *source;
    part.all_ic = x_pixel(source);
    for (int64_t c = 0; c < source->ic; c += part.ic) {
        if (g->filled == g->elements) sum_gathered(g, 0);
        part.ic = min64(source->ic - c, g->elements - g->filled);
        for (int64_t i = 0; i < g->pixels; i++)
            copy_block(&part, g->copy + i * g->elements + g->filled, image + c, row, 1, column + i * g->step, 1);
        segment *last = g->segments + g->t.segment_count - 1;
        if (g->t.segment_count && last->w + last->length == w + c)
            last->length += part.ic;
        else
            g->segments[g->t.segment_count++] = (segment){g->filled, w + c, part.ic};
        g->filled += part.ic;
    }
}

#endif
