/* 2-D max-pooling, NHWC, without dilation; padding counts as -inf.
 *
 *   y[n, oh, ow, c] = max of x[n, oh*sh + i - pt, ow*sw + j - pl, c]  over the taps (i, j) inside the image
 *
 * The index of the winner is flat in its plane: row * iw + column. The first maximum wins; a NaN wins over any number,
 * the first NaN over later ones. */
#include "kernel.h"
#include "tile.h"

enum { POOL_CHANNELS = 64 };

static int64_t max_pool2d_tasks(const problem *p) { return p->n * p->oh; }

/* buf: x, y, indices (int32) or NULL. A task is one output row of one image. */
static void max_pool2d(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t oh = task % p->oh, c = p->ic;
    const real *image = (const real *)buf[0] + task / p->oh * p->ih * p->iw * c;
    const int64_t h0 = max64(0, oh * p->sh - p->pt), h1 = min64(p->ih, oh * p->sh - p->pt + p->kh);
    real *y = (real *)buf[1] + task * p->ow * c;
    int32_t *indices = buf[2] ? (int32_t *)buf[2] + task * p->ow * c : NULL;
    for (int64_t ow = 0; ow < p->ow; ow++) {
        const int64_t w0 = max64(0, ow * p->sw - p->pl), w1 = min64(p->iw, ow * p->sw - p->pl + p->kw);
        for (int64_t c0 = 0; c0 < c; c0 += POOL_CHANNELS) {
            const int64_t lanes = min64(POOL_CHANNELS, c - c0);
            real best[POOL_CHANNELS];
            int32_t where[POOL_CHANNELS];
            for (int64_t k = 0; k < lanes; k++) {
                best[k] = image[(h0 * p->iw + w0) * c + c0 + k];
                where[k] = (int32_t)(h0 * p->iw + w0);
            }
            for (int64_t h = h0; h < h1; h++)
                for (int64_t w = w0; w < w1; w++) {
                    const int32_t at = (int32_t)(h * p->iw + w);
                    const real *x = image + (int64_t)at * c + c0;
                    for (int64_t k = 0; k < lanes; k++) {
                        const real value = x[k];
                        const int wins = (value > best[k]) | ((value != value) & (best[k] == best[k]));
                        best[k] = wins ? value : best[k];
                        where[k] = wins ? at : where[k];
                    }
                }
            for (int64_t k = 0; k < lanes; k++) y[ow * c + c0 + k] = best[k];
            if (indices)
                for (int64_t k = 0; k < lanes; k++) indices[ow * c + c0 + k] = where[k];
        }
    }
}

static int64_t max_pool2d_backward_tasks(const problem *p) { return p->n; }

/* dx[n, index, c] += dy[n, oh, ow, c]. buf: dy, indices (int32), dx. A task is one image. */
static void max_pool2d_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, plane = p->ih * p->iw * c, pixels = p->oh * p->ow;
    const real *dy = (const real *)buf[0] + task * pixels * c;
    const int32_t *indices = (const int32_t *)buf[1] + task * pixels * c;
    real *dx = (real *)buf[2] + task * plane;
    memset(dx, 0, (size_t)plane * sizeof(real));
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t k = 0; k < c; k++) dx[(int64_t)indices[i * c + k] * c + k] += dy[i * c + k];
}
