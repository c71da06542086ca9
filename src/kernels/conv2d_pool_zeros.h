/* conv2d_pool.c's convolution where much of x is zero, as behind a ReLU: channels that both pixels below each other lack are
 * skipped.
 *
 *   y[r][o] += x[row + r][o*sw + kw*dw][ic] * w[kh][kw][ic]      r = 0, 1: the rows of a window
 *
 * A tile is two such pairs of outputs side by side, each with its own zeros, times SKIP_VECTORS vectors of output channels. All
 * outputs go through one tap, whose weights then are in the nearest cache, before the next. An output is one chain in the order of kh, kw, ic still, and
 * 0 * w adds nothing where w is finite: the bits are those of the dense sum. */
#ifndef CONVCORE_CONV2D_POOL_ZEROS_H
#define CONVCORE_CONV2D_POOL_ZEROS_H

#include "band.h"

#if TILE_REGISTERS == 28
enum { SKIP_VECTORS = 4, SKIP_LEAST_CHANNELS = 16, SKIP_MOST_BYTES = 1 << 15, SKIP_PER_100 = 80, WORD = 64 };

/* Whether the sum can skip: two rows, and enough vectors of channels that the multipliers do not wait for each other. */
static int can_skip(const problem *p) {
    return p->qh == 2 && p->ic >= SKIP_LEAST_CHANNELS && p->oc % VL == 0 && (p->oc / VL + 1) % SKIP_VECTORS < 2 &&
           p->ic * p->oc * (int64_t)sizeof(real) <= SKIP_MOST_BYTES;
}

static int64_t words_of(const problem *p) { return ceil_div(p->ic, WORD); }
static int64_t alive_columns(const problem *p) { return columns_for(p, (p->zw - 1) * p->tw + p->qw); }
static int64_t alive_bytes(const problem *p, int64_t rows) {
    return can_skip(p) ? needed_rows(p, rows) * alive_columns(p) * words_of(p) * (int64_t)sizeof(uint64_t) : 0;
}

/* A bit for each channel of each pixel of the band that is not zero. Returns how many channels one of two pixels, one below the
 * other, has. */
static int64_t find_alive(const problem *p, band in, int64_t rows, uint64_t *alive) {
    const int64_t line = alive_columns(p) * words_of(p);
    uint64_t *to = alive;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < alive_columns(p); c++)
            for (int64_t from = 0; from < p->ic; from += WORD) {
                const real *x = in.x + r * in.row_step + c * p->ic + from;
                uint64_t bits = 0;
                for (int64_t ic = 0; ic < min64(WORD, p->ic - from); ic += VL)
                    bits |= vnonzero(vload_masked(x + ic, vmask_first(min64(VL, p->ic - from - ic)))) << ic;
                *to++ = bits;
            }
    int64_t count = 0;
    for (int64_t i = 0; i < (rows - p->sh) * line; i++)
        count += __builtin_popcountll(alive[i] | alive[i + p->sh * line]);
    return count;
}

static int are_finite(const real *w, int64_t count) {
    vec sums[4] = {vset1(0), vset1(0), vset1(0), vset1(0)};
    real lanes[VL], all = 0;
    int64_t i = 0;
    for (; i + 4 * VL <= count; i += 4 * VL)
        UNROLL for (int k = 0; k < 4; k++) sums[k] = vfma(vload(w + i + k * VL), vset1(0), sums[k]);
    for (; i < count; i++) all += w[i] * 0;
    vstore(lanes, vadd(vadd(sums[0], sums[1]), vadd(sums[2], sums[3])));
    for (int64_t k = 0; k < VL; k++) all += lanes[k];
    return all == 0;
}

/* One channel of one tap: two outputs, one below the other, of SKIP_VECTORS vectors. */
INLINE void skip_channel(const real *x, int64_t x_row, const real *w, int64_t w_step, uint64_t left,
                         vec acc[2][SKIP_VECTORS], const int vecs) {
    const int64_t ic = __builtin_ctzll(left);
    const vec upper = vset1(x[ic]), lower = vset1(x[ic + x_row]);
    UNROLL for (int v = 0; v < vecs; v++) {
        const vec b = vheld(vload(w + ic * w_step + v * VL));
        acc[0][v] = vfma(upper, b, acc[0][v]);
        acc[1][v] = vfma(lower, b, acc[1][v]);
    }
}

/* One tap of `count` pairs of outputs side by side: of two pairs, one channel of each in turn, so that no chain waits for its last
 * sum. */
INLINE void skip_tile(const problem *p, const real *x, int64_t x_row, const uint64_t *alive, int64_t alive_row,
                      const real *w, real *y, int64_t y_row, const int count, const int vecs) {
    const int64_t x_step = (count - 1) * p->sw * p->ic, alive_step = (count - 1) * p->sw * words_of(p), w_step = p->oc;
    vec acc[2][2][SKIP_VECTORS];
    UNROLL for (int i = 0; i < count; i++) UNROLL for (int r = 0; r < 2; r++) UNROLL for (int v = 0; v < vecs; v++)
        acc[i][r][v] = vload(y + r * y_row + i * w_step + v * VL);
    for (int64_t k = 0; k < words_of(p); k++, x += WORD, w += WORD * w_step) {
        uint64_t left = alive[k] | alive[k + alive_row], right = 0;
        if (count == 2) {
            right = alive[k + alive_step] | alive[k + alive_step + alive_row];
            for (; left && right; left &= left - 1, right &= right - 1) {
                skip_channel(x, x_row, w, w_step, left, acc[0], vecs);
                skip_channel(x + x_step, x_row, w, w_step, right, acc[1], vecs);
            }
        }
        for (; left; left &= left - 1) skip_channel(x, x_row, w, w_step, left, acc[0], vecs);
        if (count == 2)
            for (; right; right &= right - 1) skip_channel(x + x_step, x_row, w, w_step, right, acc[1], vecs);
    }
    UNROLL for (int i = 0; i < count; i++) UNROLL for (int r = 0; r < 2; r++) UNROLL for (int v = 0; v < vecs; v++)
        vstore(y + r * y_row + i * w_step + v * VL, acc[i][r][v]);
}

/* The same, of two pairs unless the second would be beyond the row. */
INLINE void skip_tiles(const problem *p, const real *x, int64_t x_row, const uint64_t *alive, int64_t alive_row,
                       const real *w, real *y, int64_t y_row, int64_t columns, const int vecs) {
    if (columns > 1)
        skip_tile(p, x, x_row, alive, alive_row, w, y, y_row, 2, vecs);
    else
        skip_tile(p, x, x_row, alive, alive_row, w, y, y_row, 1, vecs);
}

/* strip[row][column][oc] of the pooled rows of a band, each th rows. 0 where x has few zeros or a weight is not finite. */
static int forward_zeros(const problem *p, band in, int64_t pooled, int64_t columns, const real *w, const real *bias,
                         uint64_t *alive, real *strip) {
    const int64_t height = (pooled - 1) * p->th + 2, rows = needed_rows(p, height), width = alive_columns(p);
    const int64_t line = width * words_of(p), y_row = columns * p->oc;
    if (100 * find_alive(p, in, rows, alive) > SKIP_PER_100 * (rows - p->sh) * width * p->ic) return 0;
    for (int64_t i = 0; i < height * columns; i++)
        for (int64_t c = 0; c < p->oc; c++) strip[i * p->oc + c] = bias ? bias[c] : 0;
    for (int64_t tap = 0; tap < p->kh * p->kw; tap++, w += p->ic * p->oc) {
        if (!are_finite(w, p->ic * p->oc)) return 0;
        for (int64_t z = 0; z < pooled; z++)
            for (int64_t c = 0; c < columns; c += 2) {
                const int64_t row = z * p->th * p->sh + tap / p->kw * p->dh, column = c * p->sw + tap % p->kw * p->dw;
                const real *x = in.x + row * in.row_step + column * p->ic;
                const uint64_t *bits = alive + row * line + column * words_of(p);
                real *y = strip + z * p->th * y_row + c * p->oc;
                const int64_t x_row = p->sh * in.row_step, alive_row = p->sh * line, left = columns - c;
                int64_t oc = 0;
                for (; oc + SKIP_VECTORS * VL <= p->oc; oc += SKIP_VECTORS * VL)
                    skip_tiles(p, x, x_row, bits, alive_row, w + oc, y + oc, y_row, left, SKIP_VECTORS);
                if (oc < p->oc) skip_tiles(p, x, x_row, bits, alive_row, w + oc, y + oc, y_row, left, SKIP_VECTORS - 1);
            }
    }
    return 1;
}
#else
static int can_skip(const problem *p) { return (void)p, 0; }
static int64_t alive_bytes(const problem *p, int64_t rows) { return (void)p, (void)rows, 0; }
static int forward_zeros(const problem *p, band in, int64_t pooled, int64_t columns, const real *w, const real *bias,
                         uint64_t *alive, real *strip) {
    return (void)p, (void)in, (void)pooled, (void)columns, (void)w, (void)bias, (void)alive, (void)strip, 0;
}
#endif

#endif
