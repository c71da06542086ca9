/* 3x3 convolution, bias, ReLU and 2x2 max-pool by Winograd's F(2x2, 3x3): 16 multiplications an input channel where the
 * direct sum takes 36, and a tile of outputs is just a window of the pool.
 *
 *   y tile = A' [ sum over ic of (G g G') . (B' d B) ] A      with d the 4x4 input tile, g the 3x3 kernel
 *
 * For each of the 16 frequencies the sum is a product of matrices, tiles times channels, on the register tiles.
 * Source: Lavin and Gray, Fast algorithms for convolutional neural networks (2016). */
#include "band.h"

enum { FREQUENCIES = 16, BLOCK_TILES = 28 };

/* From one frequency's weights to the next: a cache line more than they need, or all would fall into one set of the cache. */
static int64_t weight_plane(const problem *p) { return p->ic * p->oc + CACHE_LINE / (int64_t)sizeof(real); }

/* Along one axis of a kernel: G g. */
INLINE void transform_kernel(const vec g[3], vec t[4]) {
    const vec half = vset1((real)0.5), ends = g[0] + g[2];
    t[0] = g[0];
    t[1] = (ends + g[1]) * half;
    t[2] = (ends - g[1]) * half;
    t[3] = g[2];
}

enum { WEIGHT_CHANNELS = 8 };
static int64_t winograd_weights_tasks(const problem *p) { return ceil_div(p->ic, WEIGHT_CHANNELS); }

/* u[frequency][ic][oc] = G g G', frequencies weight_plane apart. buf: w, u. A task is a few input channels. */
static void winograd_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t plane = p->ic * p->oc, u_plane = weight_plane(p), last = min64((task + 1) * WEIGHT_CHANNELS, p->ic);
    for (int64_t ic = task * WEIGHT_CHANNELS; ic < last; ic++)
        for (int64_t oc = 0; oc < p->oc; oc += VL) {
            const real *g = (const real *)buf[0] + ic * p->oc + oc;
            real *u = (real *)buf[1] + ic * p->oc + oc;
            const int tail = p->oc - oc < VL;
            const vmask m = vmask_first(min64(VL, p->oc - oc));
            vec columns[3][4];
            for (int j = 0; j < 3; j++) {
                vec k[3];
                for (int i = 0; i < 3; i++) k[i] = load_channels(g + (i * 3 + j) * plane, 0, 1, tail, m);
                transform_kernel(k, columns[j]);
            }
            for (int i = 0; i < 4; i++) {
                const vec k[3] = {columns[0][i], columns[1][i], columns[2][i]};
                vec t[4];
                transform_kernel(k, t);
                for (int j = 0; j < 4; j++) store_channels(u + (i * 4 + j) * u_plane, t[j], 0, 1, tail, m);
            }
        }
}

/* Along one axis of a tile: B'd and A'm. */
INLINE void transform_input(const vec d[4], vec t[4]) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[1] - d[3];
}
INLINE void transform_output(const vec m[4], vec s[2]) {
    s[0] = (m[0] + m[1]) + m[2];
    s[1] = (m[1] - m[2]) - m[3];
}

/* One tile and one vector of channels, x to v[frequency][tile][channel]. */
INLINE void input_tile(const real *x, int64_t row_step, int64_t step, real *v, int64_t plane, const int tail, vmask m) {
    vec columns[4][4];
    UNROLL for (int j = 0; j < 4; j++) {
        vec d[4];
        UNROLL for (int i = 0; i < 4; i++) d[i] = load_channels(x + i * row_step + j * step, 0, 1, tail, m);
        transform_input(d, columns[j]);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        const vec d[4] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
        vec t[4];
        transform_input(d, t);
        UNROLL for (int j = 0; j < 4; j++) store_channels(v + (i * 4 + j) * plane, t[j], 0, 1, tail, m);
    }
}

/* One tile and one vector of channels, m[frequency][tile][channel] to the pooled output and its code. */
INLINE void output_tile(const real *m, int64_t plane, const real *bias, int64_t relu, real *y, uint8_t *codes,
                        int64_t lanes, const int tail, vmask mask) {
    vec columns[4][2];
    UNROLL for (int j = 0; j < 4; j++) {
        vec f[4];
        UNROLL for (int i = 0; i < 4; i++) f[i] = load_channels(m + (i * 4 + j) * plane, 0, 1, tail, mask);
        transform_output(f, columns[j]);
    }
    const vec start = bias ? load_channels(bias, 0, 1, tail, mask) : vset1(0);
    vec best = vset1(0), where = vset1(0);
    UNROLL for (int i = 0; i < 2; i++) {
        const vec f[4] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
        vec s[2];
        transform_output(f, s);
        UNROLL for (int j = 0; j < 2; j++) {
            if (i + j == 0)
                best = s[0] + start;
            else
                vkeep_first_max(s[j] + start, vset1((real)(2 * i + j)), &best, &where);
        }
    }
    store_channels(y, relu ? vrelu(best) : best, 0, 1, tail, mask);
    if (codes) vstore_codes(codes, where, lanes);
}

/* Where there are images enough for the threads a task is a whole one: longer runs of tiles fill the registers better. */
static int64_t winograd_rows(const problem *p) {
    const int64_t row = p->zw * FREQUENCIES * p->ic * p->oc;
    return p->n >= MANY_IMAGES ? p->zh : even_rows(p->zh, ceil_div(1 << 20, row));
}
static int64_t conv2d_winograd_pool_tasks(const problem *p) { return p->n * ceil_div(p->zh, winograd_rows(p)); }
static int64_t winograd_tiles(const problem *p) { return min64(BLOCK_TILES, winograd_rows(p) * p->zw); }
static int64_t conv2d_winograd_pool_scratch(const problem *p) {
    const int64_t transformed = FREQUENCIES * winograd_tiles(p) * (p->ic + p->oc) * (int64_t)sizeof(real);
    return transformed + band_bytes(p, strip_rows(p, winograd_rows(p)));
}

/* buf: x, u, bias or NULL, y, codes (uint8) or NULL. A task is a few pooled rows of one image. */
static void conv2d_winograd_pool(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t step = winograd_rows(p), bands = ceil_div(p->zh, step);
    const int64_t n = task / bands, first = task % bands * step, rows = min64(step, p->zh - first);
    const int64_t most = winograd_tiles(p), v_plane = most * p->ic, m_plane = most * p->oc;
    real *v = scratch, *m = v + FREQUENCIES * v_plane;
    const band in = read_band(p, (const real *)buf[0] + n * p->ih * p->iw * p->ic, first * 2, strip_rows(p, rows),
                              m + FREQUENCIES * m_plane);
    const segment whole = {0, 0, p->ic};
    inner_args t = {.x_step = p->ic, .segments = &whole, .segment_count = 1, .w_step = p->oc, .y_step = p->oc};
    for (int64_t block = 0; block < rows * p->zw; block += most) {
        const int64_t tiles = min64(most, rows * p->zw - block);
        for (int64_t i = 0; i < tiles; i++) {
            const real *x = in.x + (block + i) / p->zw * 2 * in.row_step + (block + i) % p->zw * 2 * p->ic;
            int64_t ic = 0;
            for (; ic + VL <= p->ic; ic += VL)
                input_tile(x + ic, in.row_step, p->ic, v + i * p->ic + ic, v_plane, 0, vmask_first(VL));
            if (ic < p->ic)
                input_tile(x + ic, in.row_step, p->ic, v + i * p->ic + ic, v_plane, 1, vmask_first(p->ic - ic));
        }
        for (int64_t f = 0; f < FREQUENCIES; f++)
            for (int64_t oc = 0; oc < p->oc;) {
                const int64_t vectors = tile_vectors(tiles, p->oc - oc), channels = min64(vectors * VL, p->oc - oc);
                t.x = v + f * v_plane;
                t.w = (const real *)buf[1] + f * weight_plane(p) + oc;
                t.y = m + f * m_plane + oc;
                inner_line(t, tiles, vectors, channels);
                oc += channels;
            }
        for (int64_t i = 0; i < tiles; i++) {
            const int64_t at = ((n * p->zh + first) * p->zw + block + i) * p->oc;
            const real *from = m + i * p->oc, *bias = buf[2];
            for (int64_t oc = 0; oc < p->oc; oc += VL) {
                const int64_t lanes = min64(VL, p->oc - oc);
                real *y = (real *)buf[3] + at + oc;
                uint8_t *codes = buf[4] ? (uint8_t *)buf[4] + at + oc : NULL;
                if (lanes == VL)
                    output_tile(from + oc, m_plane, bias ? bias + oc : NULL, p->relu, y, codes, VL, 0, vmask_first(VL));
                else
                    output_tile(from + oc, m_plane, bias ? bias + oc : NULL, p->relu, y, codes, lanes, 1,
                                vmask_first(lanes));
            }
        }
    }
}
