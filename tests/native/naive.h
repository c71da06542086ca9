/* What the kernels compute, as the loops of the definition, in double. */
#ifndef NAIVE_H
#define NAIVE_H

#include "kernel.h"

#include <math.h>
#include <stdint.h>

#ifdef CONVCORE_F64
typedef double real;
#else
typedef float real;
#endif

static double relu(double v) { return v < 0 ? 0 : v; }

static int64_t w_at(const problem *p, int64_t kh, int64_t kw, int64_t ic, int64_t oc) {
    return ((kh * p->kw + kw) * p->ic + ic) * p->oc + oc;
}

/* Where the border takes row i of `size` rows from, step by step: edge, mirror, symmetric, wrap. */
static int64_t naive_border(int64_t i, int64_t size, int64_t border) {
    while (i < 0 || i >= size) {
        if (border == 1) i = i < 0 ? 0 : size - 1;
        if (border == 2) i = size == 1 ? 0 : i < 0 ? -i : 2 * size - 2 - i;
        if (border == 3) i = i < 0 ? -1 - i : 2 * size - 1 - i;
        if (border == 4) i += i < 0 ? size : -size;
    }
    return i;
}

/* Where in x tap (kh, kw) of output (oh, ow) lies, or -1 in padding of zeros. */
static int64_t x_at(const problem *p, int64_t n, int64_t oh, int64_t ow, int64_t kh, int64_t kw) {
    int64_t h = oh * p->sh + kh * p->dh - p->pt, w = ow * p->sw + kw * p->dw - p->pl;
    if (p->border) h = naive_border(h, p->ih, p->border), w = naive_border(w, p->iw, p->border);
    return h < 0 || h >= p->ih || w < 0 || w >= p->iw ? -1 : ((n * p->ih + h) * p->iw + w) * p->ic;
}

#define FOR(i, count) for (int64_t i = 0; i < (count); i++)
#define FOR_OUTPUTS(p) FOR(n, p->n) FOR(oh, p->oh) FOR(ow, p->ow) FOR(oc, p->oc)
#define FOR_TAPS(p) FOR(kh, p->kh) FOR(kw, p->kw) FOR(ic, p->ic)

static void naive_conv(const problem *p, const real *x, const real *w, const real *bias, double *y) {
    FOR_OUTPUTS(p) {
        double sum = bias ? (double)bias[oc] : 0;
        FOR_TAPS(p) {
            const int64_t at = x_at(p, n, oh, ow, kh, kw);
            sum += (at < 0 ? 0 : (double)x[at + ic]) * (double)w[w_at(p, kh, kw, ic, oc)];
        }
        *y++ = sum;
    }
}

static void naive_backward_data(const problem *p, const double *dy, const real *w, double *dx) {
    FOR(i, p->n * p->ih * p->iw * p->ic) dx[i] = 0;
    FOR_OUTPUTS(p) {
        FOR_TAPS(p) {
            const int64_t at = x_at(p, n, oh, ow, kh, kw);
            if (at >= 0) dx[at + ic] += *dy * (double)w[w_at(p, kh, kw, ic, oc)];
        }
        dy++;
    }
}

static void naive_backward_weights(const problem *p, const real *x, const double *dy, double *dw) {
    FOR(i, p->kh * p->kw * p->ic * p->oc) dw[i] = 0;
    FOR_OUTPUTS(p) {
        FOR_TAPS(p) {
            const int64_t at = x_at(p, n, oh, ow, kh, kw);
            if (at >= 0) dw[w_at(p, kh, kw, ic, oc)] += *dy * (double)x[at + ic];
        }
        dy++;
    }
}

/* One window after the other of the map y behind a convolution: the first maximum, or the first NaN, and which it is. */
static void naive_pool(const problem *p, const double *y, double *z, double *codes) {
    FOR(n, p->n) FOR(zh, p->zh) FOR(zw, p->zw) FOR(oc, p->oc) {
        *z = NAN, *codes = -1;
        FOR(i, p->qh) FOR(j, p->qw) {
            const double v = y[((n * p->oh + zh * p->th + i) * p->ow + zw * p->tw + j) * p->oc + oc];
            if (*codes < 0 || v > *z || (isnan(v) && !isnan(*z))) *z = v, *codes = (double)(i * p->qw + j);
        }
        if (p->relu) *z = relu(*z);
        z++, codes++;
    }
}

/* The gradient of the map behind the convolution: that of each window at its winner, elsewhere zero. */
static void naive_unpool(const problem *p, const real *g, const uint8_t *codes, double *dy) {
    FOR(i, p->n * p->oh * p->ow * p->oc) dy[i] = 0;
    FOR(n, p->n) FOR(zh, p->zh) FOR(zw, p->zw) FOR(oc, p->oc) {
        const int64_t i = *codes / p->qw, j = *codes++ % p->qw;
        dy[((n * p->oh + zh * p->th + i) * p->ow + zw * p->tw + j) * p->oc + oc] = (double)*g++;
    }
}

/* A max-pool alone; padding never wins. The index is that of the winner in its plane. */
static void naive_max_pool(const problem *p, const real *x, double *y, double *indices) {
    FOR_OUTPUTS(p) {
        *y = NAN, *indices = -1;
        FOR(kh, p->kh) FOR(kw, p->kw) {
            const int64_t at = x_at(p, n, oh, ow, kh, kw);
            if (at < 0) continue;
            const double v = (double)x[at + oc];
            if (*indices < 0 || v > *y || (isnan(v) && !isnan(*y)))
                *y = v, *indices = (double)(at / p->ic - n * p->ih * p->iw);
        }
        y++, indices++;
    }
}

#endif
