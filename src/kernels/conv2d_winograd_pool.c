/* 3x3 convolution, bias, ReLU and 2x2 max-pool by Winograd's F(2x2, 3x3): 16 multiplications an input channel where the direct
 * sum takes 36, and a tile of outputs is just a window of the pool. See winograd.h. */
#include "winograd.h"

/* One tile and one vector of channels, m[frequency][tile][channel] to the pooled output and its code. */
INLINE void pooled_tile(const real *m, int64_t plane, const real *bias, int64_t relu, real *y, uint8_t *codes,
                        int64_t lanes, const int tail, vmask mask) {
    vec s[4][4];
    output_tile(m, plane, s, 4, tail, mask);
    const vec start = bias ? load_channels(bias, 0, 1, tail, mask) : vset1(0);
    vec best = s[0][0] + start, where = vset1(0);
    UNROLL for (int code = 1; code < 4; code++)
        vkeep_first_max(s[code / 2][code % 2] + start, vset1((real)code), &best, &where);
    store_channels(y, relu ? vrelu(best) : best, 0, 1, tail, mask);
    if (codes) vstore_codes(codes, where, lanes);
}

/* Where there are images enough for the threads a task is a whole one: longer runs of tiles fill the registers better. Few
 * images of few tiles are shared by output channels, so that a thread reads its part of the weights only; else by rows. */
enum { FEW_CHANNELS = 32 };
static int64_t winograd_channels(const problem *p) {
    return p->n >= MANY_IMAGES || p->zh * p->zw > BLOCK_TILES ? p->oc : min64(p->oc, FEW_CHANNELS);
}
static int64_t winograd_rows(const problem *p) {
    const int64_t row = p->zw * frequencies(p) * p->ic * p->oc;
    if (p->n >= MANY_IMAGES || winograd_channels(p) < p->oc) return p->zh;
    return even_rows(p->zh, ceil_div(1 << 20, row));
}
static int64_t conv2d_winograd_pool_tasks(const problem *p) {
    return p->n * ceil_div(p->zh, winograd_rows(p)) * ceil_div(p->oc, winograd_channels(p));
}
static int64_t winograd_tiles(const problem *p) { return min64(BLOCK_TILES, winograd_rows(p) * p->zw); }
static int64_t conv2d_winograd_pool_scratch(const problem *p) {
    const int64_t channels = p->ic + winograd_channels(p);
    const int64_t transformed = frequencies(p) * winograd_tiles(p) * channels * (int64_t)sizeof(real);
    return transformed + band_bytes(p, strip_rows(p, winograd_rows(p)));
}

/* buf: x, u, bias or NULL, y, codes (uint8) or NULL. A task is a few pooled rows of one image, or a few channels of
 * one. */
static void conv2d_winograd_pool(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t step = winograd_rows(p), bands = ceil_div(p->zh, step);
    const int64_t wide = winograd_channels(p), blocks = ceil_div(p->oc, wide), c = task % blocks * wide;
    const int64_t n = task / blocks / bands, first = task / blocks % bands * step, rows = min64(step, p->zh - first);
    const int64_t most = winograd_tiles(p), v_plane = most * p->ic, m_plane = most * wide;
    const int64_t channels = min64(wide, p->oc - c);
    const real *bias = buf[2] ? (const real *)buf[2] + c : NULL;
    real *v = scratch, *m = v + frequencies(p) * v_plane;
    const band in = read_band(p, (const real *)buf[0] + n * p->ih * p->iw * p->ic, first * 2, strip_rows(p, rows),
                              m + frequencies(p) * m_plane);
    for (int64_t block = 0; block < rows * p->zw; block += most) {
        const int64_t tiles = min64(most, rows * p->zw - block);
        for (int64_t i = 0; i < tiles; i++) {
            const real *x = in.x + (block + i) / p->zw * 2 * in.row_step + (block + i) % p->zw * 2 * p->ic;
            input_channels(x, in.row_step, p->ic, v + i * p->ic, v_plane, 4);
        }
        multiply_frequencies(p, v, v_plane, (const real *)buf[1] + c, m, m_plane, wide, tiles, channels);
        for (int64_t i = 0; i < tiles; i++) {
            const int64_t at = ((n * p->zh + first) * p->zw + block + i) * p->oc + c;
            const real *from = m + i * wide;
            for (int64_t oc = 0; oc < channels; oc += VL) {
                const int64_t lanes = min64(VL, channels - oc);
                real *y = (real *)buf[3] + at + oc;
                uint8_t *codes = buf[4] ? (uint8_t *)buf[4] + at + oc : NULL;
                if (lanes == VL)
                    pooled_tile(from + oc, m_plane, bias ? bias + oc : NULL, p->relu, y, codes, VL, 0, vmask_first(VL));
                else
                    pooled_tile(from + oc, m_plane, bias ? bias + oc : NULL, p->relu, y, codes, lanes, 1,
                                vmask_first(lanes));
            }
        }
    }
}
