/* Two neighbouring axes exchanged: every permutation of axes is a few of these.
 *
 *   y[n, w, h, c] = x[n, h, w, c]      h < ih, w < iw, c < ic
 *
 * A task is some rows w of one n, about PERMUTE_TASK elements of y. Single elements (ic = 1) go through the registers in
 * squares: each line of x is read at once and each line of y written at once, so that no power of two between rows throws
 * lines out of the cache before they are used up. There are more lines of x side by side than the CPU foresees, so they are
 * fetched ahead. */
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
    return ceil_div(max64(1, PERMUTE_TASK / (p->ih * p->ic)), PERMUTE_SIDE) * PERMUTE_SIDE;
}
static int64_t permute_blocks(const problem *p) { return ceil_div(p->iw, permute_step(p)); }
static int64_t swap_axes_tasks(const problem *p) { return p->n * permute_blocks(p); }

/* buf: x, y. */
static void swap_axes(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t blocks = permute_blocks(p), n = task / blocks, w0 = task % blocks * permute_step(p);
    const int64_t w1 = min64(w0 + permute_step(p), p->iw), c = p->ic;
    const real *x = (const real *)buf[0] + n * p->ih * p->iw * c;
    real *y = (real *)buf[1] + n * p->ih * p->iw * c;
    if (c > 1) {
        for (int64_t w = w0; w < w1; w++)
            for (int64_t h = 0; h < p->ih; h++) {
                const real *from = x + (h * p->iw + w) * c;
                real *to = y + (w * p->ih + h) * c;
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
            const real *ahead = x + h * p->iw + min64(w + PERMUTE_AHEAD * columns, p->iw - 1);
            for (int64_t r = 0; r < rows; r++) __builtin_prefetch(ahead + r * p->iw);
            turn(x + h * p->iw + w, p->iw, y + w * p->ih + h, p->ih, rows, width);
        }
}
