/* Winograd's minimal filtering F(m x m, 3x3): (m + 2)^2 multiplications for m^2 outputs of a 3x3 convolution and an input channel.
 *
 *   y tile = A' [ sum over ic of (G g G') . (B' d B) ] A      with d the (m+2) x (m+2) input tile, g the 3x3 kernel
 *
 * For each of the (m + 2)^2 frequencies the sum is a product of matrices, tiles times channels, on the register tiles.
 * m is p->th: 2 (points 0, 1, -1: exact on small integers) or 4 (points 0, 3/4, -3/4, 3/2, -3/2).
 * Source: Lavin and Gray, Fast algorithms for convolutional neural networks (2016); the points: Barabasz et al., Error analysis
 * and improving the accuracy of Winograd convolution (2020). */
#ifndef CONVCORE_WINOGRAD_H
#define CONVCORE_WINOGRAD_H

#include "band.h"

enum { MOST_SIDE = 6, BLOCK_TILES = 28 };

static int64_t frequencies(const problem *p) { return (p->th + 2) * (p->th + 2); }

/* From one frequency's weights to the next: a cache line more than they need, or all would fall into one set of the cache. */
static int64_t weight_plane(const problem *p) { return p->ic * p->oc + CACHE_LINE / (int64_t)sizeof(real); }

/* The points of m = 4 are 0, +-P and +-Q. */
#define P_ 0.75
#define Q_ 1.5
#define PP (P_ * P_)
#define QQ (Q_ * Q_)
INLINE vec scaled(double by, vec v) { return v * vset1((real)by); }
INLINE vec plus_scaled(vec v, double by, vec w) { return vfma(vset1((real)by), w, v); }

/* Along one axis of a kernel: G g. */
INLINE void transform_kernel(const vec g[3], vec *t, const int m) {
    if (m == 2) {
        const vec half = vset1((real)0.5), ends = g[0] + g[2];
        t[0] = g[0];
        t[1] = (ends + g[1]) * half;
        t[2] = (ends - g[1]) * half;
        t[3] = g[2];
        return;
    }
    const vec near = plus_scaled(g[0], PP, g[2]), far = plus_scaled(g[0], QQ, g[2]);
    t[0] = scaled(1 / (PP * QQ), g[0]);
    t[1] = scaled(1 / (2 * PP * (PP - QQ)), plus_scaled(near, P_, g[1]));
    t[2] = scaled(1 / (2 * PP * (PP - QQ)), plus_scaled(near, -P_, g[1]));
    t[3] = scaled(1 / (2 * QQ * (QQ - PP)), plus_scaled(far, Q_, g[1]));
    t[4] = scaled(1 / (2 * QQ * (QQ - PP)), plus_scaled(far, -Q_, g[1]));
    t[5] = g[2];
}

/* Along one axis of a tile: B'd. */
INLINE void transform_input(const vec *d, vec *t, const int m) {
    if (m == 2) {
        t[0] = d[0] - d[2];
        t[1] = d[1] + d[2];
        t[2] = d[2] - d[1];
        t[3] = d[1] - d[3];
        return;
    }
    const vec even_p = plus_scaled(d[4], -QQ, d[2]), odd_p = plus_scaled(d[3], -QQ, d[1]);
    const vec even_q = plus_scaled(d[4], -PP, d[2]), odd_q = plus_scaled(d[3], -PP, d[1]);
    t[0] = plus_scaled(plus_scaled(d[4], -(PP + QQ), d[2]), PP * QQ, d[0]);
    t[1] = plus_scaled(even_p, P_, odd_p);
    t[2] = plus_scaled(even_p, -P_, odd_p);
    t[3] = plus_scaled(even_q, Q_, odd_q);
    t[4] = plus_scaled(even_q, -Q_, odd_q);
    t[5] = plus_scaled(plus_scaled(d[5], -(PP + QQ), d[3]), PP * QQ, d[1]);
}

/* Along one axis of a product: A'f. */
INLINE void transform_output(const vec *f, vec *s, const int m) {
    if (m == 2) {
        s[0] = (f[0] + f[1]) + f[2];
        s[1] = (f[1] - f[2]) - f[3];
        return;
    }
    const vec even_p = f[1] + f[2], odd_p = f[1] - f[2], even_q = f[3] + f[4], odd_q = f[3] - f[4];
    s[0] = f[0] + (even_p + even_q);
    s[1] = plus_scaled(scaled(P_, odd_p), Q_, odd_q);
    s[2] = plus_scaled(scaled(PP, even_p), QQ, even_q);
    s[3] = plus_scaled(plus_scaled(f[5], P_ * PP, odd_p), Q_ * QQ, odd_q);
}

/* One tile and one vector of channels, x to v[frequency][tile][channel]. */
INLINE void input_tile(const real *x, int64_t row_step, int64_t step, real *v, int64_t plane, const int side,
                       const int tail, vmask mask) {
    vec columns[MOST_SIDE][MOST_SIDE];
    UNROLL for (int j = 0; j < side; j++) {
        vec d[MOST_SIDE];
        UNROLL for (int i = 0; i < side; i++) d[i] = load_channels(x + i * row_step + j * step, 0, 1, tail, mask);
        transform_input(d, columns[j], side - 2);
    }
    UNROLL for (int i = 0; i < side; i++) {
        vec d[MOST_SIDE], t[MOST_SIDE];
        UNROLL for (int j = 0; j < side; j++) d[j] = columns[j][i];
        transform_input(d, t, side - 2);
        UNROLL for (int j = 0; j < side; j++) store_channels(v + (i * side + j) * plane, t[j], 0, 1, tail, mask);
    }
}

/* All channels of one tile. */
INLINE void input_channels(const real *x, int64_t row_step, int64_t ic, real *v, int64_t plane, const int side) {
    int64_t c = 0;
    for (; c + VL <= ic; c += VL) input_tile(x + c, row_step, ic, v + c, plane, side, 0, vmask_first(VL));
    if (c < ic) input_tile(x + c, row_step, ic, v + c, plane, side, 1, vmask_first(ic - c));
}

/* m[frequency][tile][channel] = v[frequency][tile] times the weights of `channels` channels, frequencies m_plane apart. */
static void multiply_frequencies(const problem *p, const real *v, int64_t v_plane, const real *u, real *m,
                                 int64_t m_plane, int64_t m_step, int64_t tiles, int64_t channels) {
    const segment whole = {0, 0, p->ic};
    inner_args t = {.x_step = p->ic, .segments = &whole, .segment_count = 1, .w_step = p->oc, .y_step = m_step};
    for (int64_t f = 0; f < frequencies(p); f++)
        for (int64_t oc = 0; oc < channels;) {
            const int64_t vectors = tile_vectors(tiles, channels - oc), width = min64(vectors * VL, channels - oc);
            t.x = v + f * v_plane;
            t.w = u + f * weight_plane(p) + oc;
            t.y = m + f * m_plane + oc;
            inner_line(t, tiles, vectors, width);
            oc += width;
        }
}

/* One tile and one vector of channels, m[frequency][tile][channel] to its outputs, without bias. */
INLINE void output_tile(const real *m, int64_t plane, vec y[4][4], const int side, const int tail, vmask mask) {
    vec columns[MOST_SIDE][4];
    UNROLL for (int j = 0; j < side; j++) {
        vec f[MOST_SIDE];
        UNROLL for (int i = 0; i < side; i++) f[i] = load_channels(m + (i * side + j) * plane, 0, 1, tail, mask);
        transform_output(f, columns[j], side - 2);
    }
    UNROLL for (int i = 0; i < side - 2; i++) {
        vec f[MOST_SIDE];
        UNROLL for (int j = 0; j < side; j++) f[j] = columns[j][i];
        transform_output(f, y[i], side - 2);
    }
}

#endif
