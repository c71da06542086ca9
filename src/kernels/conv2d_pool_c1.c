/* conv2d_pool.c's work for one input channel, a 3x3 kernel and a 2x2 pool: the weights stay in registers.
 *
 * A window's four outputs are four chains over the taps, bias first, so the bits are those of conv2d_forward. */
#include "band.h"

/* Its tasks are those of conv2d_forward_pool. */
static int64_t conv2d_forward_pool_c1_scratch(const problem *p) { return band_bytes(p, strip_rows(p, pool_rows(p))); }

/* One row of windows for `vecs` vectors of channels. Each pixel of a window's 4x4 patch is one tap, or none, of each output. */
INLINE void pool_windows(const problem *p, const real *x, int64_t row_step, const real *w, const real *bias, real *y,
                         uint8_t *codes, const int vecs, int64_t lanes) {
    const int64_t last = lanes - (vecs - 1) * VL;
    const int tail = last < VL;
    const vmask m = vmask_first(last);
    vec held[9][2], start[2];
    UNROLL for (int v = 0; v < vecs; v++) {
        start[v] = bias ? load_channels(bias, v, vecs, tail, m) : vset1(0);
        UNROLL for (int tap = 0; tap < 9; tap++) held[tap][v] = load_channels(w + tap * p->oc, v, vecs, tail, m);
    }
    for (int64_t z = 0; z < p->zw; z++, x += p->tw, y += p->oc, codes += codes ? p->oc : 0) {
        vec acc[4][2];
        UNROLL for (int i = 0; i < 4; i++) UNROLL for (int v = 0; v < vecs; v++) acc[i][v] = start[v];
        UNROLL for (int k = 0; k < 16; k++) {
            const vec pixel = vset1(x[k / 4 * row_step + k % 4]);
            UNROLL for (int i = 0; i < 4; i++) {
                const int row = k / 4 - i / 2, column = k % 4 - i % 2;
                if (row < 0 || row > 2 || column < 0 || column > 2) continue;
                UNROLL for (int v = 0; v < vecs; v++) acc[i][v] = vfma(pixel, held[row * 3 + column][v], acc[i][v]);
            }
        }
        UNROLL for (int v = 0; v < vecs; v++) {
            const vec of[4] = {acc[0][v], acc[1][v], acc[2][v], acc[3][v]};
            vec best, where;
            vfirst_max_of_4(of, &best, &where);
            store_channels(y, p->relu ? vrelu(best) : best, v, vecs, tail, m);
            if (codes) vstore_codes(codes + v * VL, where, v == vecs - 1 ? last : VL);
        }
    }
}

/* buf: x, w, bias or NULL, y, codes (uint8) or NULL. A task is a few pooled rows of one image. */
static void conv2d_forward_pool_c1(const problem *p, int64_t task, void *const *buf, void *scratch) {
    enum { VECS = TILE_REGISTERS >= 24 ? 2 : 1 };
    const int64_t step = pool_rows(p), bands = ceil_div(p->zh, step);
    const int64_t n = task / bands, first = task % bands * step, rows = min64(step, p->zh - first);
    const band in = read_band(p, (const real *)buf[0] + n * p->ih * p->iw, first * p->th, strip_rows(p, rows), scratch);
    for (int64_t oc = 0; oc < p->oc;) {
        const int64_t lanes = min64(p->oc - oc, VECS * VL);
        const real *w = (const real *)buf[1] + oc, *bias = buf[2] ? (const real *)buf[2] + oc : NULL;
        for (int64_t z = 0; z < rows; z++) {
            const int64_t at = (n * p->zh + first + z) * p->zw * p->oc + oc;
            const real *x = in.x + z * p->th * in.row_step;
            real *y = (real *)buf[3] + at;
            uint8_t *codes = buf[4] ? (uint8_t *)buf[4] + at : NULL;
            if (lanes > VL)
                pool_windows(p, x, in.row_step, w, bias, y, codes, VECS, lanes);
            else
                pool_windows(p, x, in.row_step, w, bias, y, codes, 1, lanes);
        }
        oc += lanes;
    }
}
