/* Convolution with channels in the lanes, for groups narrower than a vector, depthwise ones among them.
 *
 *   y[u, l] = bias[l] + sum over taps t and planes k of x[u + t, l / lane_group * source_group + k] * w[t, k, l]
 *
 * Lane l is an output channel of forward, an input channel of backward data. A block is one vector of lanes: as many
 * whole groups as fit, or a part of a group. The source rows that a row of outputs needs are spread first: plane k of a
 * row holds, column by column, the vector that lane l multiplies with w[t, k, l]. Then each multiply-add is one aligned
 * load, shared weights, and no lane works for nothing; what spreading costs is shared by all taps. Source rows stay in
 * a ring of as many as there are taps, so that each is spread once.
 *
 * Sums run over the taps and, within a tap, over k: the same chain, to the bit, as that of a register tile of one group. */
#ifndef CONVCORE_LANES_H
#define CONVCORE_LANES_H

#include "band.h"

/* One axis: output number u stands at first + u * step and its tap t reads source from + u * stride + t * dilation. */
typedef struct lane_axis {
    int64_t first, step, count;
    int64_t from, stride, dilation;
    int64_t taps, tap; /* how many, and which of the weights is the first */
    int64_t size;      /* of the source */
    int64_t border;    /* what stands beyond it */
} lane_axis;

/* The channels of one direction. */
typedef struct lane_channels {
    int64_t total, group;          /* lanes: all, and in a group */
    int64_t sources, source_group; /* source channels: all, and in a group */
} lane_channels;

/* Lanes [first, first + count) and what they read: `width` source channels from `source` on, lane l of plane k the one
 * at index[l] + k. */
typedef struct lane_block {
    int64_t first, count;
    int64_t source, width;
    int32_t index[VL];
} lane_block;

static int64_t block_count(const lane_channels *c) {
    return c->group < VL ? ceil_div(c->total, VL / c->group * c->group) : c->total / c->group * ceil_div(c->group, VL);
}

static lane_block nth_block(const lane_channels *c, int64_t number) {
    lane_block b = {0};
    if (c->group < VL) {
        const int64_t most = VL / c->group * c->group;
        b.first = number * most;
        b.count = min64(most, c->total - b.first);
    } else {
        const int64_t parts = ceil_div(c->group, VL), done = number % parts * VL;
        b.first = number / parts * c->group + done;
        b.count = min64(VL, c->group - done);
    }
    const int64_t first_group = b.first / c->group, last_group = (b.first + b.count - 1) / c->group;
    b.source = first_group * c->source_group;
    b.width = (last_group - first_group + 1) * c->source_group;
    for (int64_t l = 0; l < b.count; l++)
        b.index[l] = (int32_t)(((b.first + l) / c->group - first_group) * c->source_group);
    return b;
}

/* What one call of narrow_block works on. */
typedef struct narrow {
    const lane_channels *channels;
    const lane_axis *rows, *cols;
    int64_t top, bottom, left, right; /* outputs [top, bottom) x [left, right), by number */
    int64_t outputs;                  /* side by side in one go */
    int64_t leave_out; /* 1: source rows that are not there add nothing; 0: they are zeros times weights */
    const real *x, *w; /* one source image; weights[tap][tap][plane][lane] */
    int64_t kw;        /* taps in a row of weights */
    const real *bias;
    int64_t relu;
    real *y; /* one image of `width` columns */
    int64_t width;
} narrow;

/* Where the columns that `outputs` outputs read lie in a plane: side by side, or tap after tap where that takes less. */
typedef struct lane_spread {
    int64_t outputs, advance, tap_step, width;
    int apart;
} lane_spread;

static lane_spread spread_columns(const lane_axis *a, int64_t outputs) {
    const int64_t joined = (outputs - 1) * a->stride + (a->taps - 1) * a->dilation + 1, apart = outputs * a->taps;
    if (joined <= apart) return (lane_spread){outputs, a->stride, a->dilation, joined, 0};
    return (lane_spread){outputs, 1, outputs, apart, 1};
}

/* Planes of more than this leave the first cache, scratch of more than that the second. */
#define PLANE_BYTES (24 << 10)
#define MOST_LANE_BYTES (768 << 10)

static int64_t ring_bytes(const lane_axis *rows, const lane_axis *cols, int64_t outputs, int64_t planes) {
    return rows->taps * spread_columns(cols, outputs).width * planes * VL * (int64_t)sizeof(real);
}

/* Outputs in a block of columns, of `count`: even parts, each a few register tiles. */
static int64_t block_outputs(const lane_axis *rows, const lane_axis *cols, int64_t count, int64_t planes) {
    int64_t parts = 1;
    while (ceil_div(count, parts) > ROWS_V1 && ring_bytes(rows, cols, ceil_div(count, parts), planes) > PLANE_BYTES)
        parts *= 2;
    return ceil_div(count, parts);
}

/* ------------------------------------------------------------------------------------------------ spreading */

/* The spread vectors of `n` source pixels, `step` elements apart, plane after plane. */
static void spread_pixels(const lane_channels *c, const lane_block *b, const real *x, int64_t step, int64_t n, real *to,
                          int64_t plane) {
    if (c->source_group == 1 && c->group == 1) {
        if (b->count == VL) {
            for (int64_t i = 0; i < n; i++) vstore(to + i * VL, vload(x + i * step));
        } else {
            const vmask m = vmask_first(b->count);
            for (int64_t i = 0; i < n; i++) vstore(to + i * VL, vload_masked(x + i * step, m));
        }
        return;
    }
    if (b->width == c->source_group) {
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < c->source_group; k++) vstore(to + i * VL + k * plane, vset1(x[i * step + k]));
    } else if (b->width <= VL) {
        const vmask m = vmask_first(b->width);
        for (int64_t k = 0; k < c->source_group; k++) {
            const vplaces at = vplaces_of(b->index, (int32_t)k);
            for (int64_t i = 0; i < n; i++) {
                const vec near = b->width == VL ? vload(x + i * step) : vload_masked(x + i * step, m);
                vstore(to + i * VL + k * plane, vpermute(near, at));
            }
        }
    } else {
        for (int64_t k = 0; k < c->source_group; k++) {
            const vplaces at = vplaces_of(b->index, (int32_t)k);
            for (int64_t i = 0; i < n; i++) vstore(to + i * VL + k * plane, vpick_near(x + i * step, b->width, at));
        }
    }
}

static void spread_zeros(const lane_channels *c, int64_t n, real *to, int64_t plane) {
    for (int64_t k = 0; k < c->source_group; k++) memset(to + k * plane, 0, (size_t)(n * VL) * sizeof(real));
}

/* The columns from `first` on, `step` apart, of a row of `size` pixels; those outside are what the border says. */
static void spread_run(const lane_channels *c, const lane_block *b, const lane_axis *a, const real *row, int64_t first,
                       int64_t step, int64_t n, real *to, int64_t plane) {
    const int64_t left = first < 0 ? min64(n, ceil_div(-first, step)) : 0, begin = first + left * step;
    const int64_t inside = begin < a->size ? min64(n - left, ceil_div(a->size - begin, step)) : 0;
    if (a->border == ZEROS) {
        spread_zeros(c, left, to, plane);
        spread_zeros(c, n - left - inside, to + (left + inside) * VL, plane);
    } else {
        for (int64_t i = 0; i < n; i++) {
            if (i == left) i += inside;
            if (i == n) break;
            const int64_t at = bordered(first + i * step, a->size, a->border);
            spread_pixels(c, b, row + at * c->sources + b->source, 0, 1, to + i * VL, plane);
        }
    }
    spread_pixels(c, b, row + begin * c->sources + b->source, step * c->sources, inside, to + left * VL, plane);
}

/* What outputs [u, u + cols.outputs) of an axis read of one source row; no row is a row of zeros. */
static void spread_row(const lane_channels *c, const lane_block *b, const lane_axis *a, lane_spread cols, int64_t u,
                       const real *row, real *to) {
    const int64_t plane = cols.width * VL, from = a->from + u * a->stride;
    if (!row)
        spread_zeros(c, cols.width, to, plane);
    else if (!cols.apart)
        spread_run(c, b, a, row, from, 1, cols.width, to, plane);
    else
        for (int64_t t = 0; t < a->taps; t++)
            spread_run(c, b, a, row, from + t * a->dilation, a->stride, cols.outputs, to + t * cols.outputs * VL,
                       plane);
}

/* A row is read block by block of its channels, here and there; this brings all of it near while the first block is read. */
static void prefetch_row(const real *x, int64_t length) {
    for (int64_t i = 0; i < length; i += CACHE_LINE / (int64_t)sizeof(real)) __builtin_prefetch(x + i);
}

/* The same of `length` elements of each of some pixels, `step` elements apart. */
static void prefetch_pixels(const real *x, int64_t pixels, int64_t step, int64_t length) {
    for (int64_t i = 0; i < pixels; i++) prefetch_row(x + i * step, length);
}

/* Row `row` of an image, or NULL for a row of zeros. */
static const real *source_row(const lane_axis *rows, const real *image, int64_t row, int64_t length) {
    if (row >= 0 && row < rows->size) return image + row * length;
    return rows->border == ZEROS ? NULL : image + bordered(row, rows->size, rows->border) * length;
}

/* The ring's place for tap t of output row u, and whether it holds that row already. */
static int64_t ring_slot(const lane_axis *rows, int64_t u, int64_t t) {
    return rows->dilation == 1 ? (u * rows->stride + t) % rows->taps : t;
}

/* ---------------------------------------------------------------------------------------------------- tiles */

/* One row of taps: its spread source row and its weights. */
typedef struct lane_run {
    const real *x, *w;
} lane_run;

typedef struct lane_args {
    const lane_run *runs;
    int64_t run_count;
    int64_t offset;         /* of the tile's first column, in elements */
    int64_t advance;        /* from one output to the next, in elements */
    int64_t taps, tap_step; /* in a run */
    int64_t planes, plane_step;
    vec bias;
    int64_t relu;
    real *y;
    int64_t y_step;
    int64_t last_lanes;
} lane_args;

typedef void (*lane_fn)(const lane_args *);

INLINE void lane_tile(const lane_args *t, const int P, const int close) {
    vec acc[14];
    const int64_t xs = close ? VL : t->advance;
    UNROLL for (int p = 0; p < P; p++) acc[p] = t->bias;
    for (int64_t r = 0; r < t->run_count; r++) {
        const real *w = t->runs[r].w, *tap = t->runs[r].x + t->offset;
        for (int64_t j = 0; j < t->taps; j++, tap += t->tap_step) {
            const real *x = tap;
            for (int64_t k = 0; k < t->planes; k++, x += t->plane_step, w += VL) {
                const real *x0 = x, *x4 = x + 4 * xs, *x8 = x + 8 * xs, *x12 = x + 12 * xs;
                const int64_t offset[4] = {0, xs, 2 * xs, 3 * xs};
                const vec b = vload(w);
                UNROLL for (int p = 0; p < P; p++) {
                    const real *base = p < 4 ? x0 : p < 8 ? x4 : p < 12 ? x8 : x12;
                    acc[p] = vfma(vload(base + offset[p % 4]), b, acc[p]);
                }
            }
        }
    }
    const vmask m = vmask_first(t->last_lanes);
    UNROLL for (int p = 0; p < P; p++) {
        const vec y = t->relu ? vrelu(acc[p]) : acc[p];
        if (t->last_lanes == VL)
            vstore(t->y + p * t->y_step, y);
        else
            vstore_masked(t->y + p * t->y_step, y, m);
    }
}

#define LANE_TILE(P, UNUSED)                                         \
    static void lane_##P(const lane_args *t) { lane_tile(t, P, 0); } \
    static void lane_##P##_close(const lane_args *t) { lane_tile(t, P, 1); }
#define LANE_ROW(P, UNUSED) [P] = {lane_##P, lane_##P##_close},
UP_TO(ROWS_V1)(LANE_TILE, 1) static const lane_fn lane_tiles[][2] = {UP_TO(ROWS_V1)(LANE_ROW, 1)};

/* Sums over the outputs of a row, lane by lane: d[q] += sum over i of x[q][i * advance] * g[i * g_step], for Q taps q. */
typedef struct lane_sum_args {
    const real *const *x;
    int64_t advance;
    const real *g;
    int64_t g_step, outputs;
    real *d; /* Q vectors side by side */
    int64_t last_lanes;
} lane_sum_args;

typedef void (*lane_sum_fn)(const lane_sum_args *);
#define LANE_SUMS 9

INLINE void lane_sum_tile(const lane_sum_args *t, const int Q, const int tail) {
    const vmask m = vmask_first(t->last_lanes);
    vec acc[LANE_SUMS];
    const real *x[LANE_SUMS], *g = t->g;
    UNROLL for (int q = 0; q < Q; q++) acc[q] = vload(t->d + q * VL), x[q] = t->x[q];
    for (int64_t i = 0, at = 0; i < t->outputs; i++, at += t->advance, g += t->g_step) {
        const vec b = tail ? vload_masked(g, m) : vload(g);
        UNROLL for (int q = 0; q < Q; q++) acc[q] = vfma(vload(x[q] + at), b, acc[q]);
    }
    UNROLL for (int q = 0; q < Q; q++) vstore(t->d + q * VL, acc[q]);
}

#define LANE_SUM(Q, UNUSED)                                                      \
    static void lane_sum_##Q(const lane_sum_args *t) { lane_sum_tile(t, Q, 0); } \
    static void lane_sum_##Q##_tail(const lane_sum_args *t) { lane_sum_tile(t, Q, 1); }
#define LANE_SUM_ROW(Q, UNUSED) [Q] = {lane_sum_##Q, lane_sum_##Q##_tail},
UP_TO_8(LANE_SUM, 1)
LANE_SUM(9, 1) static const lane_sum_fn lane_sums[][2] = {UP_TO_8(LANE_SUM_ROW, 1) LANE_SUM_ROW(9, 1)};

#endif
