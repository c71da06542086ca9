/* A leaky ReLU whose slopes are learned: x where x > 0, slope * x elsewhere.
 *
 * Samples are (ih, iw, ic); the slope of element (h, w, c) is slopes[h * sh + w * sw + c * dw], so that a stride of 0 shares
 * it along that axis. A task is one row h of one sample. */
#include "kernel.h"
#include "tile.h"

static int64_t prelu_tasks(const problem *p) { return p->n * p->ih; }

/* buf: x, slopes, y. */
static void prelu(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    for (int64_t w = 0; w < p->iw; w++) {
        const real *restrict x = (const real *)buf[0] + (task * p->iw + w) * p->ic;
        const real *slopes = (const real *)buf[1] + task % p->ih * p->sh + w * p->sw;
        real *restrict y = (real *)buf[2] + (task * p->iw + w) * p->ic;
        if (p->dw)
            for (int64_t c = 0; c < p->ic; c++) y[c] = x[c] > 0 ? x[c] : slopes[c] * x[c];
        else
            for (int64_t c = 0; c < p->ic; c++) y[c] = x[c] > 0 ? x[c] : *slopes * x[c];
    }
}

/* Each element's share of the slopes' gradient besides. buf: dy, x, slopes, dx or NULL, shares. */
static void prelu_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    for (int64_t w = 0; w < p->iw; w++) {
        const int64_t at = (task * p->iw + w) * p->ic;
        const real *restrict dy = (const real *)buf[0] + at, *restrict x = (const real *)buf[1] + at;
        const real *slopes = (const real *)buf[2] + task % p->ih * p->sh + w * p->sw;
        real *shares = (real *)buf[4] + at;
        if (buf[3])
            for (int64_t c = 0; c < p->ic; c++) ((real *)buf[3])[at + c] = x[c] > 0 ? dy[c] : slopes[c * p->dw] * dy[c];
        for (int64_t c = 0; c < p->ic; c++) shares[c] = x[c] > 0 ? 0 : dy[c] * x[c];
    }
}
