/* Tiles of Winograd's convolution: inputs transformed, a product of matrices for each frequency, outputs transformed back.
 *
 * An output that sees zeros only is the bias to the bit, as in the direct sum: rounding there would decide whether a ReLU behind
 * lets gradients through, and images have empty corners. */
#ifndef CONVCORE_WINOGRAD_PART_H
#define CONVCORE_WINOGRAD_PART_H

#include "winograd.h"

/* Bytes that the transformed tiles of one block, and the copy of the rows that they read, stay under if they can. */
enum { V_BYTES = 1 << 19, BLOCK_TILES = 28, OUTPUT_CHANNELS = 64, FEW_CHANNELS = 32 };
#define MOST_FEW_TILES 7

/* The same problem, its output grown to whole tiles: what lies beyond is computed of zeros, and dropped. */
static problem whole_tiles(const problem *p, int64_t oh, int64_t ow) {
    problem q = *p;
    q.oh = ceil_div(oh, p->kind) * p->kind;
    q.ow = ceil_div(ow, p->kind) * p->kind;
    return q;
}

/* What a task computes: rows of tiles [row, row + rows) of images [n, n + images), channels [c, c + channels). */
typedef struct tile_part {
    int64_t n, images, row, rows, c, channels;
} tile_part;

/* Where it goes, as many rows and columns as there are: y, and the elements from one image, row and pixel to the next; with `relu`
 * as max(0, y). */
typedef struct tile_target {
    real *y;
    int64_t image, row, pixel;
    int64_t height, width;
    int64_t relu;
} tile_target;

/* Below, `whole` is a problem of whole tiles. */
static int64_t tiles_in_row(const problem *whole) { return whole->ow / whole->kind; }
static int64_t tiles_in_image(const problem *whole) { return whole->oh / whole->kind * tiles_in_row(whole); }
static int64_t most_tiles(const problem *whole) {
    const int64_t fit = V_BYTES / (frequencies(whole) * whole->ic * (int64_t)sizeof(real));
    return fit >= BLOCK_TILES ? BLOCK_TILES : fit >= 14 ? 14 : 7;
}

static int is_one_block(const problem *whole) { return tiles_in_image(whole) <= most_tiles(whole); }

/* Images of few tiles, if there are many, go through the weights together: p->count at a time. */
static int64_t images_of_part(const problem *whole) {
    return whole->n >= MANY_IMAGES && is_one_block(whole) ? max64(1, whole->count) : 1;
}

/* Few images of few tiles are shared by output channels, so that a thread reads its part of the weights only. */
static int64_t channels_of_part(const problem *whole) {
    return whole->n < MANY_IMAGES && is_one_block(whole) ? min64(whole->oc, FEW_CHANNELS) : whole->oc;
}

/* Rows of tiles in a part: enough to fill a block, few enough to feed the threads and to stay in the caches. */
static int64_t rows_of_part(const problem *whole) {
    const int64_t rows = whole->oh / whole->kind, length = tiles_in_row(whole);
    const int64_t work = length * frequencies(whole) * whole->ic * whole->oc;
    const int64_t row_bytes = (whole->ow + 2) * whole->kind * whole->ic * (int64_t)sizeof(real);
    const int64_t wanted = max64(ceil_div(BLOCK_TILES, length), ceil_div(task_work(whole), work));
    return even_rows(rows, max64(1, min64(wanted, V_BYTES / row_bytes)));
}

static int64_t tiles_of_block(const problem *whole, const tile_part *t) {
    return min64(most_tiles(whole), t->images * t->rows * tiles_in_row(whole));
}

/* A byte for each pixel of an image that a part reads. */
static int64_t blank_columns(const problem *whole) { return whole->ow + 2; }
static int64_t blank_bytes(const problem *whole, const tile_part *t) {
    return (t->rows * whole->kind + 2) * blank_columns(whole);
}

static int64_t part_bytes(const problem *whole, const tile_part *t) {
    const int64_t tiles = tiles_of_block(whole, t), wide = min64(t->channels, OUTPUT_CHANNELS);
    const int64_t transformed = frequency_plane(tiles * whole->ic) + frequency_plane(tiles * wide);
    return frequencies(whole) * transformed * (int64_t)sizeof(real) + band_bytes(whole, t->rows * whole->kind) +
           t->images * blank_bytes(whole, t);
}

static int are_zeros(const real *x, int64_t count) {
    int64_t i = 0;
    for (; i + VL <= count; i += VL)
        if (!vall_zero(vload(x + i))) return 0;
    return i == count || vall_zero(vload_masked(x + i, vmask_first(count - i)));
}

/* Which outputs of a part see zeros only. */
static void find_blank(const problem *whole, const tile_part *t, band in, uint8_t *blank) {
    const int64_t width = blank_columns(whole), rows = t->rows * whole->kind;
    for (int64_t r = 0; r < rows + 2; r++) {
        uint8_t *line = blank + r * width;
        for (int64_t c = 0; c < width; c++)
            line[c] = (uint8_t)are_zeros(in.x + r * in.row_step + c * whole->ic, whole->ic);
        for (int64_t c = 0; c < whole->ow; c++) line[c] &= line[c + 1] & line[c + 2];
        if (r < 2) continue;
        uint8_t *b = line - 2 * width;
        for (int64_t c = 0; c < whole->ow; c++) b[c] &= b[c + width] & line[c];
    }
}

/* One tile and one vector of channels, x to v[frequency][tile][channel]. */
INLINE void input_tile(const real *x, int64_t row_step, int64_t step, real *v, int64_t plane, const int m,
                       const int tail, vmask mask) {
    vec lines[MOST_SIDE][MOST_SIDE];
    for (int i = 0; i < m + 2; i++) {
        vec d[MOST_SIDE];
        UNROLL for (int j = 0; j < m + 2; j++) d[j] = load_channels(x + i * row_step + j * step, 0, 1, tail, mask);
        transform_input(d, lines[i], m);
    }
    for (int j = 0; j < m + 2; j++) {
        vec d[MOST_SIDE], t[MOST_SIDE];
        UNROLL for (int i = 0; i < m + 2; i++) d[i] = lines[i][j];
        transform_input(d, t, m);
        UNROLL for (int i = 0; i < m + 2; i++) store_channels(v + (i * (m + 2) + j) * plane, t[i], 0, 1, tail, mask);
    }
}

/* All channels of one tile. */
INLINE void input_channels(const real *x, int64_t row_step, int64_t ic, real *v, int64_t plane, const int m) {
    int64_t c = 0;
    for (; c + VL <= ic; c += VL) input_tile(x + c, row_step, ic, v + c, plane, m, 0, vmask_first(VL));
    if (c < ic) input_tile(x + c, row_step, ic, v + c, plane, m, 1, vmask_first(ic - c));
}

/* products[frequency][tile][channel] = v[frequency][tile] times the weights u of `channels` channels. */
typedef struct frequency_products {
    const real *v, *u;
    real *products;
    int64_t v_plane, plane, step; /* step: from one tile's products to the next one's */
    int64_t tiles, channels;
} frequency_products;

/* For FEW_CHANNELS in two vectors. So few tiles wait for weights: those of the next frequency are fetched meanwhile. */
INLINE void multiply_few(const problem *p, const frequency_products *t, const int P) {
    const int64_t u_plane = weight_plane(p);
    for (int64_t f = 0; f < frequencies(p); f++) {
        const real *v = t->v + f * t->v_plane, *u = t->u + f * u_plane;
        real *to = t->products + f * t->plane;
        vec low[MOST_FEW_TILES], high[MOST_FEW_TILES];
        UNROLL for (int i = 0; i < P; i++) low[i] = high[i] = vset1(0);
        for (int64_t ic = 0; ic < p->ic; ic++, v++, u += p->oc) {
            __builtin_prefetch(u + u_plane);
            __builtin_prefetch(u + u_plane + VL);
            const vec first = vload(u), second = vload(u + VL);
            UNROLL for (int i = 0; i < P; i++) {
                const vec a = vset1(v[i * p->ic]);
                low[i] = vfma(a, first, low[i]);
                high[i] = vfma(a, second, high[i]);
            }
        }
        UNROLL for (int i = 0; i < P; i++, to += t->step) {
            vstore(to, low[i]);
            vstore(to + VL, high[i]);
        }
    }
}
#define MULTIPLY_FEW(P, _) \
    static void multiply_few_##P(const problem *p, const frequency_products *t) { multiply_few(p, t, P); }
#define FEW_ROW(P, _) [P] = multiply_few_##P,

typedef void (*few_fn)(const problem *, const frequency_products *);
UP_TO(MOST_FEW_TILES)(MULTIPLY_FEW, ) static const few_fn multiply_few_tiles[] = {UP_TO(MOST_FEW_TILES)(FEW_ROW, )};

static void multiply_frequencies(const problem *p, const frequency_products *t) {
    if (FEW_CHANNELS == 2 * VL && t->channels == FEW_CHANNELS && t->tiles <= MOST_FEW_TILES) {
        multiply_few_tiles[t->tiles](p, t);
        return;
    }
    const segment whole = {0, 0, p->ic};
    inner_args a = {.x_step = p->ic, .segments = &whole, .segment_count = 1, .w_step = p->oc, .y_step = t->step};
    for (int64_t f = 0; f < frequencies(p); f++)
        for (int64_t oc = 0; oc < t->channels;) {
            const int64_t vectors = line_vectors(t->tiles, t->channels - oc);
            const int64_t width = min64(vectors * VL, t->channels - oc);
            a.x = t->v + f * t->v_plane;
            a.w = t->u + f * weight_plane(p) + oc;
            a.y = t->products + f * t->plane + oc;
            inner_line(a, t->tiles, vectors, width);
            oc += width;
        }
}

/* Where one tile's outputs go, as many as there are, and what becomes of them on the way. */
typedef struct tile_output {
    tile_target to;
    const real *bias;
    const uint8_t *blank;
    int64_t blank_row;
} tile_output;

/* One vector of channels from c on, products[frequency][tile][channel] to outputs. */
INLINE void output_tile(const real *from, int64_t plane, const tile_output *o, int64_t c, const int m, const int tail,
                        vmask mask) {
    vec lines[MOST_SIDE][MOST_M];
    for (int j = 0; j < m + 2; j++) {
        vec f[MOST_SIDE];
        UNROLL for (int i = 0; i < m + 2; i++) f[i] =
            load_channels(from + c + (i * (m + 2) + j) * plane, 0, 1, tail, mask);
        transform_output(f, lines[j], m);
    }
    const vec start = o->bias ? load_channels(o->bias + c, 0, 1, tail, mask) : vset1(0);
    for (int i = 0; i < m && i < o->to.height; i++) {
        vec f[MOST_SIDE], s[MOST_M];
        UNROLL for (int j = 0; j < m + 2; j++) f[j] = lines[j][i];
        transform_output(f, s, m);
        UNROLL for (int j = 0; j < m; j++) {
            if (j >= o->to.width) break;
            /* What is not finite stays so. */
            vec sum = s[j];
            if (o->blank[i * o->blank_row + j]) sum = sum - sum;
            const vec value = sum + start;
            store_channels(o->to.y + i * o->to.row + j * o->to.pixel + c, o->to.relu ? vrelu(value) : value, 0, 1, tail,
                           mask);
        }
    }
}

INLINE void output_channels(const real *from, int64_t plane, const tile_output *o, int64_t channels, const int m) {
    int64_t c = 0;
    for (; c + VL <= channels; c += VL) output_tile(from, plane, o, c, m, 0, vmask_first(VL));
    if (c < channels) output_tile(from, plane, o, c, m, 1, vmask_first(channels - c));
}

/* A tile of a part: its image, and its first row and column of outputs there. */
typedef struct tile_place {
    int64_t image, row, column;
} tile_place;

INLINE tile_place next_tile(const problem *whole, const tile_part *t, tile_place at) {
    at.column += whole->kind;
    if (at.column == whole->ow) at.column = 0, at.row += whole->kind;
    if (at.row == t->rows * whole->kind) at.row = 0, at.image++;
    return at;
}

/* y = conv(x, w) + bias. u are the turned weights. */
static void winograd_part(const problem *whole, const tile_part *t, const real *x, const real *u, const real *bias,
                          const tile_target *to, real *scratch) {
    const int64_t m = whole->kind, all = t->images * t->rows * tiles_in_row(whole);
    const int64_t most = tiles_of_block(whole, t), wide = min64(t->channels, OUTPUT_CHANNELS);
    const int64_t v_plane = frequency_plane(most * whole->ic), p_plane = frequency_plane(most * wide);
    real *v = scratch, *products = v + frequencies(whole) * v_plane;
    real *copy = products + frequencies(whole) * p_plane;
    uint8_t *blank = (uint8_t *)copy + band_bytes(whole, t->rows * m);
    band in = {x, 0};
    tile_place source = {0, 0, 0}, written = source;
    for (int64_t block = 0; block < all; block += most) {
        const int64_t tiles = min64(most, all - block);
        for (int64_t i = 0; i < tiles; i++, source = next_tile(whole, t, source)) {
            if (source.row == 0 && source.column == 0) {
                const real *image = x + (t->n + source.image) * whole->ih * whole->iw * whole->ic;
                in = read_band(whole, image, t->row * m, t->rows * m, copy);
                find_blank(whole, t, in, blank + source.image * blank_bytes(whole, t));
            }
            const real *tile = in.x + source.row * in.row_step + source.column * whole->ic;
            if (m == 2)
                input_channels(tile, in.row_step, whole->ic, v + i * whole->ic, v_plane, 2);
            else if (m == 4)
                input_channels(tile, in.row_step, whole->ic, v + i * whole->ic, v_plane, 4);
            else
                input_channels(tile, in.row_step, whole->ic, v + i * whole->ic, v_plane, 5);
        }
        tile_place target = written;
        for (int64_t c = 0; c < t->channels; c += wide) {
            const int64_t channels = min64(wide, t->channels - c), step = blank_columns(whole);
            const real *b = bias ? bias + t->c + c : NULL;
            const frequency_products q = {v, u + t->c + c, products, v_plane, p_plane, wide, tiles, channels};
            multiply_frequencies(whole, &q);
            target = written;
            for (int64_t i = 0; i < tiles; i++, target = next_tile(whole, t, target)) {
                real *y = to->y + target.image * to->image + target.row * to->row + target.column * to->pixel + c;
                const tile_output o = {
                    {y, to->image, to->row, to->pixel, to->height - target.row, to->width - target.column, to->relu},
                    b,
                    blank + target.image * blank_bytes(whole, t) + target.row * step + target.column,
                    step};
                if (m == 2)
                    output_channels(products + i * wide, p_plane, &o, channels, 2);
                else if (m == 4)
                    output_channels(products + i * wide, p_plane, &o, channels, 4);
                else
                    output_channels(products + i * wide, p_plane, &o, channels, 5);
            }
        }
        written = target;
    }
}

#endif
