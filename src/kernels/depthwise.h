/* One filter for each channel: depthwise convolution on pixels where they lie, channels in the lanes.
 *
 *   y[u, v, c] = bias[c] + sum over taps of x[u + tap, v + tap, c] * w[tap, c]
 *
 * A pixel's channels are the lanes already, so nothing is spread (see lanes.h): outputs side by side, whose taps are all
 * inside, read the image itself, a register tile of them and of one vector of channels in one go; the few at the border
 * go one by one, with zeros, or what the border says, for the taps outside. Order and number of the multiply-adds of an
 * element are those of narrow_block, and so are its bits. */
#ifndef CONVCORE_DEPTHWISE_H
#define CONVCORE_DEPTHWISE_H

#include "lanes.h"

/* Where a tap's pixel and its weights begin, in elements; a pixel that is not there is a zero. */
typedef struct lane_tap {
    int64_t x, w;
} lane_tap;
#define NOT_THERE INT64_MIN

typedef struct direct_args {
    const lane_tap *taps;
    int64_t tap_count;
    const real *x, *w;
    int64_t advance; /* from one output to the next, in elements */
    vec bias;
    int64_t relu;
    real *y;
    int64_t y_step;
    int64_t last_lanes;
} direct_args;

typedef void (*direct_fn)(const direct_args *);

INLINE void direct_tile(const direct_args *t, const int P, const int tail) {
    const vmask m = vmask_first(t->last_lanes);
    const int64_t xs = t->advance;
    vec acc[14];
    UNROLL for (int p = 0; p < P; p++) acc[p] = t->bias;
    for (int64_t i = 0; i < t->tap_count; i++) {
        const lane_tap tap = t->taps[i];
        const vec b = tail ? vload_masked(t->w + tap.w, m) : vload(t->w + tap.w);
        if (tap.x == NOT_THERE) {
            UNROLL for (int p = 0; p < P; p++) acc[p] = vfma(vset1(0), b, acc[p]);
            continue;
        }
        const real *x0 = t->x + tap.x, *x4 = x0 + 4 * xs, *x8 = x0 + 8 * xs, *x12 = x0 + 12 * xs;
        const int64_t offset[4] = {0, xs, 2 * xs, 3 * xs};
        UNROLL for (int p = 0; p < P; p++) {
            const real *at = (p < 4 ? x0 : p < 8 ? x4 : p < 12 ? x8 : x12) + offset[p % 4];
            acc[p] = vfma(tail ? vload_masked(at, m) : vload(at), b, acc[p]);
        }
    }
    UNROLL for (int p = 0; p < P; p++) {
        const vec y = t->relu ? vrelu(acc[p]) : acc[p];
        if (tail)
            vstore_masked(t->y + p * t->y_step, y, m);
        else
            vstore(t->y + p * t->y_step, y);
    }
}

enum { SLIDING_TAPS = 3, SLIDING_OUTPUTS = 8 };

/* The same for rows of 3 taps side by side at a stride of S pixels: each pixel of a row is loaded once, for all the outputs
 * that it is a tap of. Taps that are not there come in whole rows, as a row's outputs have all their columns inside. */
INLINE void sliding_tile(const direct_args *t, const int P, const int S, const int tail) {
    const vmask m = vmask_first(t->last_lanes);
    const int64_t pixel = t->advance / S;
    vec acc[SLIDING_OUTPUTS], w[SLIDING_TAPS];
    UNROLL for (int p = 0; p < P; p++) acc[p] = t->bias;
    for (int64_t i = 0; i < t->tap_count; i += SLIDING_TAPS) {
        const lane_tap *row = t->taps + i;
        UNROLL for (int j = 0; j < SLIDING_TAPS; j++) w[j] =
            tail ? vload_masked(t->w + row[j].w, m) : vload(t->w + row[j].w);
        if (row->x == NOT_THERE) {
            UNROLL for (int j = 0; j < SLIDING_TAPS; j++) UNROLL for (int p = 0; p < P; p++) acc[p] =
                vfma(vset1(0), w[j], acc[p]);
            continue;
        }
        const real *at = t->x + row->x;
        UNROLL for (int c = 0; c < (P - 1) * S + SLIDING_TAPS; c++) {
            const vec x = vheld(tail ? vload_masked(at, m) : vload(at));
            UNROLL for (int j = 0; j < SLIDING_TAPS; j++) if (c >= j && (c - j) % S == 0 && (c - j) / S < P)
                acc[(c - j) / S] = vfma(x, w[j], acc[(c - j) / S]);
            at += pixel;
        }
    }
    UNROLL for (int p = 0; p < P; p++) {
        const vec y = t->relu ? vrelu(acc[p]) : acc[p];
        if (tail)
            vstore_masked(t->y + p * t->y_step, y, m);
        else
            vstore(t->y + p * t->y_step, y);
    }
}

#define DIRECT_TILE(P, UNUSED)                                             \
    static void direct_##P(const direct_args *t) { direct_tile(t, P, 0); } \
    static void direct_##P##_tail(const direct_args *t) { direct_tile(t, P, 1); }
#define SLIDING_TILE(P, S)                                                            \
    static void sliding_##S##x##P(const direct_args *t) { sliding_tile(t, P, S, 0); } \
    static void sliding_##S##x##P##_tail(const direct_args *t) { sliding_tile(t, P, S, 1); }
#define SLIDING_TILES(P, UNUSED) SLIDING_TILE(P, 1) SLIDING_TILE(P, 2)
#define DIRECT_ROW(P, UNUSED) [P] = {direct_##P, direct_##P##_tail},
#define SLIDING_ROW(P, S) [P] = {sliding_##S##x##P, sliding_##S##x##P##_tail},
UP_TO(ROWS_V1)(DIRECT_TILE, 1) UP_TO_8(SLIDING_TILES, 1)

    static const direct_fn direct_tiles[][2] = {UP_TO(ROWS_V1)(DIRECT_ROW, 1)};
static const direct_fn sliding_tiles[][SLIDING_OUTPUTS + 1][2] = {
    {{NULL}}, {UP_TO_8(SLIDING_ROW, 1)}, {UP_TO_8(SLIDING_ROW, 2)}};

/* Whether rows of taps slide: the stride then says which of the tiles is theirs. */
static int slides(const lane_axis *cols) {
    return cols->taps == SLIDING_TAPS && cols->dilation == 1 && cols->stride <= 2;
}

/* Of outputs [left, right) those, [*from, *to), whose taps are all inside. */
static void inner_outputs(const lane_axis *a, int64_t left, int64_t right, int64_t *from, int64_t *to) {
    const int64_t room = a->size - 1 - a->from - (a->taps - 1) * a->dilation;
    const int64_t first = a->from < 0 ? ceil_div(-a->from, a->stride) : 0, end = room < 0 ? 0 : room / a->stride + 1;
    *from = min64(right, max64(left, a->taps ? first : left));
    *to = max64(*from, min64(right, a->taps ? end : right));
}

static int is_depthwise(const lane_channels *c) { return c->group == 1 && c->source_group == 1; }

/* Of so few taps each pixel may as well be loaded for each. */
enum { FEW_TAPS = 4 };

/* Whether pixels where they lie are the better ones for the outputs [left, right) of a row: there are few taps or sliding
 * ones, and for most of the outputs all are inside. */
static int is_direct(const lane_channels *c, const lane_axis *rows, const lane_axis *cols, int64_t left,
                     int64_t right) {
    if (!is_depthwise(c) || (!slides(cols) && rows->taps * cols->taps > FEW_TAPS)) return 0;
    int64_t from, to;
    inner_outputs(cols, left, right, &from, &to);
    return 2 * (to - from) >= right - left;
}

/* Row (or column) number `at` of an axis; NOT_THERE where it is a zero. */
static int64_t place_of(const lane_axis *a, int64_t at) {
    if (at >= 0 && at < a->size) return at;
    return a->border == ZEROS ? NOT_THERE : bordered(at, a->size, a->border);
}

/* The taps of output (u, v), v a column all of whose taps are inside, or any one if `edge`. */
static int64_t direct_taps(const narrow *s, int64_t u, int64_t v, int edge, lane_tap *taps) {
    const lane_axis *rows = s->rows, *cols = s->cols;
    const int64_t c = s->channels->total;
    int64_t count = 0;
    for (int64_t i = 0; i < rows->taps; i++) {
        const int64_t row = place_of(rows, rows->from + u * rows->stride + i * rows->dilation);
        if (row == NOT_THERE && s->leave_out) continue;
        for (int64_t j = 0; j < cols->taps; j++) {
            const int64_t at = cols->from + v * cols->stride + j * cols->dilation,
                          column = edge ? place_of(cols, at) : at;
            const int there = row != NOT_THERE && column != NOT_THERE;
            taps[count++] = (lane_tap){there ? (row * cols->size + column) * c : NOT_THERE,
                                       ((rows->tap + i) * s->kw + cols->tap + j) * c};
        }
    }
    return count;
}

/* `outputs` outputs side by side, all or none of which have taps at the border, from y on. */
static void direct_outputs(const narrow *s, const lane_tap *taps, int64_t count, real *y, int64_t outputs, int edge) {
    const int sliding = !edge && slides(s->cols);
    const int64_t c = s->channels->total, step = even_rows(outputs, sliding ? SLIDING_OUTPUTS : ROWS_V1);
    const direct_fn(*tiles)[2] = sliding ? sliding_tiles[s->cols->stride] : direct_tiles;
    direct_args t = {
        .taps = taps, .tap_count = count, .advance = s->cols->stride * c, .relu = s->relu, .y_step = s->cols->step * c};
    for (int64_t done = 0; done < outputs; done += step)
        for (int64_t first = 0; first < c; first += VL) {
            const int64_t tail = c - first < VL;
            t.last_lanes = min64(VL, c - first);
            t.x = s->x + done * t.advance + first;
            t.w = s->w + first;
            t.y = y + done * t.y_step + first;
            t.bias = !s->bias ? vset1(0)
                     : tail   ? vload_masked(s->bias + first, vmask_first(t.last_lanes))
                              : vload(s->bias + first);
            tiles[min64(step, outputs - done)][tail](&t);
        }
}

/* What narrow_block does; `taps` holds all of a pixel. */
static void direct_block(const narrow *s, lane_tap *taps) {
    const lane_axis *rows = s->rows, *cols = s->cols;
    const int64_t c = s->channels->total;
    int64_t from, to;
    inner_outputs(cols, s->left, s->right, &from, &to);
    for (int64_t u = s->top; u < s->bottom; u++) {
        real *y = s->y + ((rows->first + u * rows->step) * s->width + cols->first) * c;
        for (int64_t v = s->left; v < s->right; v++) {
            if (v == from) v = to;
            if (v == s->right) break;
            direct_outputs(s, taps, direct_taps(s, u, v, 1, taps), y + v * cols->step * c, 1, 1);
        }
        if (to > from)
            direct_outputs(s, taps, direct_taps(s, u, from, 0, taps), y + from * cols->step * c, to - from, 0);
    }
}

/* ----------------------------------------------------------------------------------------- backward weights */

/* d[i][j] += dy * x over outputs side by side: R rows of 3 taps side by side, at a stride of S pixels, whose pixels go from
 * tap to tap in registers. */
INLINE void sliding_sums(const real *const *rows, int64_t pixel, const real *g, int64_t g_step, int64_t outputs,
                         real *d, const int R, const int S) {
    vec acc[9], x[9];
    UNROLL for (int q = 0; q < 3 * R; q++) acc[q] = vload(d + q * VL);
    UNROLL for (int i = 0; i < R; i++) UNROLL for (int j = 0; j < 3 - S; j++) x[3 * i + S + j] =
        vload(rows[i] + j * pixel);
    int64_t at = (3 - S) * pixel;
    for (int64_t v = 0; v < outputs; v++, g += g_step, at += S * pixel) {
        const vec b = vload(g);
        UNROLL for (int i = 0; i < R; i++) {
            UNROLL for (int j = 0; j < 3 - S; j++) x[3 * i + j] = x[3 * i + j + S];
            UNROLL for (int j = 3 - S; j < 3; j++) x[3 * i + j] = vload(rows[i] + at + (j - 3 + S) * pixel);
            UNROLL for (int j = 0; j < 3; j++) acc[3 * i + j] = vfma(x[3 * i + j], b, acc[3 * i + j]);
        }
    }
    UNROLL for (int q = 0; q < 3 * R; q++) vstore(d + q * VL, acc[q]);
}

static void slide(const real *const *rows, int64_t count, int64_t stride, int64_t pixel, const real *g, int64_t g_step,
                  int64_t outputs, real *d) {
    if (count == 3 && stride == 1)
        sliding_sums(rows, pixel, g, g_step, outputs, d, 3, 1);
    else if (count == 3)
        sliding_sums(rows, pixel, g, g_step, outputs, d, 3, 2);
    else if (stride == 1)
        for (int64_t i = 0; i < count; i++) sliding_sums(rows + i, pixel, g, g_step, outputs, d + 3 * i * VL, 1, 1);
    else
        for (int64_t i = 0; i < count; i++) sliding_sums(rows + i, pixel, g, g_step, outputs, d + 3 * i * VL, 1, 2);
}

static int has_sliding_sums(const lane_channels *c, const lane_axis *cols, int64_t left, int64_t right) {
    int64_t from, to;
    inner_outputs(cols, left, right, &from, &to);
    return is_depthwise(c) && slides(cols) && 2 * (to - from) >= right - left;
}

static const real zero_pixel[VL];

/* sums[tap] += dy * x for one output, v, whose taps may be outside; `at` are its rows of x, NULL those of zeros. */
static void sum_edge(const problem *p, const lane_axis *cols, const real *const *at, int64_t v, const real *g,
                     real *sums) {
    const vec b = vload(g);
    for (int64_t j = 0; j < cols->taps; j++) {
        const int64_t column = place_of(cols, cols->from + v * cols->stride + j * cols->dilation);
        for (int64_t i = 0; i < p->kh; i++) {
            const real *pixel = at[i] && column != NOT_THERE ? at[i] + column * p->ic : zero_pixel;
            real *sum = sums + (i * cols->taps + j) * VL;
            vstore(sum, vfma(vload(pixel), b, vload(sum)));
        }
    }
}

/* The sums of row u of dy, columns [left, right); `at` holds two pointers for each row of taps; x and dy of one image, from
 * the block's first channel on. */
static void sum_row(const problem *p, const lane_axis *rows, const lane_axis *cols, const real *x, const real *dy,
                    int64_t u, int64_t left, int64_t right, const real **at, real *sums) {
    int64_t from, to, there = 0;
    inner_outputs(cols, left, right, &from, &to);
    const real **inner = at + rows->taps;
    for (int64_t i = 0; i < rows->taps; i++) {
        const int64_t row = place_of(rows, rows->from + u * rows->stride + i * rows->dilation);
        at[i] = row == NOT_THERE ? NULL : x + row * cols->size * p->ic;
        inner[i] = at[i] ? at[i] + (cols->from + from * cols->stride) * p->ic : zero_pixel;
        there += row != NOT_THERE;
    }
    const real *g = dy + u * p->ow * p->oc;
    for (int64_t v = left; v < from; v++) sum_edge(p, cols, at, v, g + v * p->oc, sums);
    if (to > from && there == rows->taps)
        slide(inner, rows->taps, cols->stride, p->ic, g + from * p->oc, p->oc, to - from, sums);
    else if (to > from)
        for (int64_t i = 0; i < rows->taps; i++)
            slide(inner + i, 1, cols->stride, at[i] ? p->ic : 0, g + from * p->oc, p->oc, to - from, sums + 3 * i * VL);
    for (int64_t v = to; v < right; v++) sum_edge(p, cols, at, v, g + v * p->oc, sums);
}

#endif
