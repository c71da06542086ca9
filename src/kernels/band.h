/* What the convolutions share: a band of an image with its border of zeros, and the runs of taps in it. */
#ifndef CONVCORE_BAND_H
#define CONVCORE_BAND_H

#include "kernel.h"
#include "tile.h"

#include <string.h>

/* With this many images they alone feed the threads. */
enum { MANY_IMAGES = 8 };

/* Multiply-adds that make a task worth its start; with few images tasks are smaller, so that there are some for each thread. */
static int64_t task_work(const problem *p) { return p->n >= MANY_IMAGES ? 1 << 20 : 1 << 17; }

/* A padded copy of more than this leaves the caches. */
#define BAND_BYTES (1 << 19)
#define CACHE_LINE 64

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

static int64_t needed_rows(const problem *p, int64_t out_rows) {
    return (out_rows - 1) * p->sh + (p->kh - 1) * p->dh + 1;
}
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

/* Taps whose inputs lie side by side are one run of the sum. */
static int64_t forward_segments(const problem *p, int64_t row_step, segment *segments) {
    const int64_t joined = p->dw == 1 ? p->kw : 1;
    int64_t count = 0;
    for (int64_t kh = 0; kh < p->kh; kh++)
        for (int64_t kw = 0; kw < p->kw; kw += joined)
            segments[count++] =
                (segment){kh * p->dh * row_step + kw * p->dw * p->ic, (kh * p->kw + kw) * p->ic, joined * p->ic};
    return count;
}
static int64_t forward_segment_bytes(const problem *p) {
    return p->kh * (p->dw == 1 ? 1 : p->kw) * (int64_t)sizeof(segment);
}

#endif
