/* The gradient of a border that repeats the image, as an edge, a mirror or a tile does: it belongs to the pixels that the
 * border repeats.
 *
 *   dx[n, ih, iw, c] += strip[n, r, q, c]   over all (r, q) for which row r - pt of the bordered image is its row ih,
 *                                           and column q - pl its column iw
 *
 * A strip is oh x ow pixels of the bordered image, outside of the image or beside it. A task is one row of dx of one image,
 * and walks the strip's rows and columns in their order. */
#include "band.h"

static int64_t add_border_tasks(const problem *p) { return p->n * p->ih; }

/* buf: strip, dx. */
static void add_border(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t n = task / p->ih, row = task % p->ih, c = p->ic;
    real *dx = (real *)buf[1] + task * p->iw * c;
    for (int64_t r = 0; r < p->oh; r++) {
        const int64_t at = r - p->pt;
        if (at >= 0 && at < p->ih &&
            at != row) { /* inside the image a row is itself: on to ours, or behind the image */
            r += (at < row ? row : p->ih) - at - 1;
            continue;
        }
        if (bordered(at, p->ih, p->border) != row) continue;
        const real *strip = (const real *)buf[0] + (n * p->oh + r) * p->ow * c;
        for (int64_t q = 0; q < p->ow; q++) {
            real *to = dx + bordered(q - p->pl, p->iw, p->border) * c;
            for (int64_t i = 0; i < c; i++) to[i] += strip[q * c + i];
        }
    }
}
