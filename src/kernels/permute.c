/* Axes in another order: two of them exchanged within any number of others that keep their places.
 *
 *   y[n, oh, ow, w, h, c] = x[n, oh, ow, h, w, c]      h < ih, w < iw, c < ic
 *
 * Axes lie anywhere in both arrays, c alone in steps of one. From one element to the next it is
 *
 *   along       n   oh  ow  h   w
 *   in x        pb  th  tw  sh  sw
 *   in y        pr  zh  zw  dh  dw
 *
 * A task is about PERMUTE_TASK elements of y: some rows w, or some (n, oh, ow) where these are small. Single elements
 * (ic = sw = dh = 1) go through the registers in squares: each line of x is read at once and each line of y written at once, so
 * that no power of two between rows throws lines out of the cache before they are used up. There are more lines of x side by
 * side than the CPU foresees, so they are fetched ahead. */
#include "kernel.h"
#include "turn.h"

#include <string.h>

enum {
    PERMUTE_TASK = 16384,
    PERMUTE_SIDE = 16,
    PERMUTE_TILE = PERMUTE_SIDE * PERMUTE_SIDE,
    PERMUTE_COPY = 32,
    PERMUTE_AHEAD = 4
};

static int64_t permute_step(const problem *p) {
    const int64_t rows = max64(1, PERMUTE_TASK / (p->ih * p->ic));
    return p->ic > 1 ? rows : ceil_div(rows, PERMUTE_SIDE) * PERMUTE_SIDE;
}
static int64_t permute_blocks(const problem *p) { return ceil_div(p->iw, permute_step(p)); }
static int64_t permute_units(const problem *p) { return max64(1, PERMUTE_TASK / (p->ih * p->iw * p->ic)); }
static int64_t permute_tasks(const problem *p) {
    return ceil_div(p->n * p->oh * p->ow, permute_units(p)) * permute_blocks(p);
}

/* Rows [w0, w1) of y. */
static void permute_rows(const problem *p, int64_t w0, int64_t w1, const real *x, real *y) {
    const int64_t c = p->ic;
    if (c > 1 || p->sw > 1 || p->dh > 1) {
        for (int64_t w = w0; w < w1; w++)
            for (int64_t h = 0; h < p->ih; h++) {
                const real *from = x + h * p->sh + w * p->sw;
                real *to = y + w * p->dw + h * p->dh;
                if (c >= PERMUTE_COPY)
                    memcpy(to, from, (size_t)c * sizeof(real));
                else
                    for (int64_t k = 0; k < c; k++) to[k] = from[k];
            }
        return;
    }
    const int64_t side = min64(p->ih, PERMUTE_TILE / min64(PERMUTE_SIDE, p->iw)), columns = PERMUTE_TILE / side;
    for (int64_t w = w0; w < w1; w += columns)
        for (int64_t h = 0; h < p->ih; h += side) {
            const int64_t rows = min64(side, p->ih - h), width = min64(columns, w1 - w);
            const real *ahead = x + h * p->sh + min64(w + PERMUTE_AHEAD * columns, p->iw - 1);
            for (int64_t r = 0; r < rows; r++) __builtin_prefetch(ahead + r * p->sh);
            turn(x + h * p->sh + w, p->sh, y + w * p->dw + h, p->dw, rows, width);
        }
}

/* buf: x, y. */
static void permute(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t blocks = permute_blocks(p), units = permute_units(p), first = task / blocks * units;
    const int64_t w = task % blocks * permute_step(p), last = min64(first + units, p->n * p->oh * p->ow);
    for (int64_t unit = first; unit < last; unit++) {
        const int64_t n = unit / (p->oh * p->ow), oh = unit / p->ow % p->oh, ow = unit % p->ow;
        permute_rows(p, w, min64(w + permute_step(p), p->iw),
                     (const real *)buf[0] + n * p->pb + oh * p->th + ow * p->tw,
                     (real *)buf[1] + n * p->pr + oh * p->zh + ow * p->zw);
    }
}
