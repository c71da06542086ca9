/* Winograd's minimal filtering F(m x m, 3x3): (m + 2)^2 multiplications for m^2 outputs of a 3x3 convolution and an input channel.
 *
 *   y tile = A' [ sum over ic of (G g G') . (B' d B) ] A      with d the (m+2) x (m+2) input tile, g the 3x3 kernel
 *
 * m is p->kind: 2 (points 0, 1, -1: exact on small integers), 4 (points 0, 3/4, -3/4, 3/2, -3/2) or 5 (points 0, 1, -1, 2, -2,
 * 3/8); infinity is the last point of each. Here are the transforms along one axis; winograd_part.h runs them.
 * Source: Lavin and Gray, Fast algorithms for convolutional neural networks (2016); the points: Barabasz et al., Error analysis
 * and improving the accuracy of Winograd convolution (2020). */
#ifndef CONVCORE_WINOGRAD_H
#define CONVCORE_WINOGRAD_H

#include "band.h"

enum { MOST_M = 5, MOST_SIDE = MOST_M + 2 };

static int64_t frequencies(const problem *p) { return (p->kind + 2) * (p->kind + 2); }

/* From one frequency to the next: a cache line more than needed, or all would fall into one set of the cache. */
static int64_t frequency_plane(int64_t elements) { return elements + CACHE_LINE / (int64_t)sizeof(real); }
static int64_t weight_plane(const problem *p) { return frequency_plane(p->ic * p->oc); }

/* The points of m = 4 and 5 are 0, +-P and +-Q, and of 5 the odd one R. */
#define P_(m) ((m) == 4 ? 0.75 : 1.0)
#define Q_(m) ((m) == 4 ? 1.5 : 2.0)
#define PP(m) (P_(m) * P_(m))
#define QQ(m) (Q_(m) * Q_(m))
#define R_ 0.375
#define RR (R_ * R_)

INLINE vec scaled(double by, vec v) { return v * vset1((real)by); }
INLINE vec plus_scaled(vec v, double by, vec w) { return vfma(vset1((real)by), w, v); }

/* Along one axis of a kernel: G g, each row divided by the product of its point's distances from the other points. */
INLINE void transform_kernel(const vec g[3], vec *t, const int m) {
    if (m == 2) {
        const vec half = vset1((real)0.5), ends = g[0] + g[2];
        t[0] = g[0];
        t[1] = (ends + g[1]) * half;
        t[2] = (ends - g[1]) * half;
        t[3] = g[2];
        return;
    }
    const vec near = plus_scaled(g[0], PP(m), g[2]), far = plus_scaled(g[0], QQ(m), g[2]);
    const double p = 2 * PP(m) * (PP(m) - QQ(m)), q = 2 * QQ(m) * (QQ(m) - PP(m)), odd = m == 5;
    t[0] = scaled(1 / (PP(m) * QQ(m) * (odd ? -R_ : 1)), g[0]);
    t[1] = scaled(1 / (p * (odd ? P_(m) - R_ : 1)), plus_scaled(near, P_(m), g[1]));
    t[2] = scaled(1 / (p * (odd ? -P_(m) - R_ : 1)), plus_scaled(near, -P_(m), g[1]));
    t[3] = scaled(1 / (q * (odd ? Q_(m) - R_ : 1)), plus_scaled(far, Q_(m), g[1]));
    t[4] = scaled(1 / (q * (odd ? -Q_(m) - R_ : 1)), plus_scaled(far, -Q_(m), g[1]));
    if (odd) t[5] = scaled(1 / (R_ * (RR - PP(m)) * (RR - QQ(m))), plus_scaled(plus_scaled(g[0], R_, g[1]), RR, g[2]));
    t[m + 1] = g[2];
}

/* x (x^2 - PP) (x^2 - QQ) over d[0], d[2], d[4]. */
INLINE vec all_pairs(const vec *d, const int m) {
    return plus_scaled(plus_scaled(d[4], -(PP(m) + QQ(m)), d[2]), PP(m) * QQ(m), d[0]);
}

/* Along one axis of a tile: B'd. A factor (x - R) of all rows but R's own is taken first. */
INLINE void transform_input(const vec *d, vec *t, const int m) {
    if (m == 2) {
        t[0] = d[0] - d[2];
        t[1] = d[1] + d[2];
        t[2] = d[2] - d[1];
        t[3] = d[1] - d[3];
        return;
    }
    vec e[6];
    UNROLL for (int i = 0; i < 6; i++) e[i] = m == 5 ? plus_scaled(d[i + 1], -R_, d[i]) : d[i];
    const vec even_p = plus_scaled(e[4], -QQ(m), e[2]), odd_p = plus_scaled(e[3], -QQ(m), e[1]);
    const vec even_q = plus_scaled(e[4], -PP(m), e[2]), odd_q = plus_scaled(e[3], -PP(m), e[1]);
    t[0] = all_pairs(e, m);
    t[1] = plus_scaled(even_p, P_(m), odd_p);
    t[2] = plus_scaled(even_p, -P_(m), odd_p);
    t[3] = plus_scaled(even_q, Q_(m), odd_q);
    t[4] = plus_scaled(even_q, -Q_(m), odd_q);
    if (m == 5) t[5] = all_pairs(d + 1, m);
    t[m + 1] = all_pairs(e + 1, m);
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
    s[1] = plus_scaled(scaled(P_(m), odd_p), Q_(m), odd_q);
    s[2] = plus_scaled(scaled(PP(m), even_p), QQ(m), even_q);
    s[3] = plus_scaled(scaled(PP(m) * P_(m), odd_p), QQ(m) * Q_(m), odd_q);
    if (m == 5) {
        s[0] = s[0] + f[5];
        s[1] = plus_scaled(s[1], R_, f[5]);
        s[2] = plus_scaled(s[2], RR, f[5]);
        s[3] = plus_scaled(s[3], RR * R_, f[5]);
        s[4] = plus_scaled(plus_scaled(scaled(PP(m) * PP(m), even_p), QQ(m) * QQ(m), even_q), RR * RR, f[5]);
    }
    s[m - 1] = s[m - 1] + f[m + 1];
}

#endif
