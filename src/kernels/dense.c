/* Dense layers: three products of matrices, on the tiles of the convolution.
 *
 *   y[n, oc] = bias[oc] + sum x[n, ic] * w[ic, oc]      dx[n, ic] = sum dy[n, oc] * w[ic, oc]      dw[ic, oc] = sum x[n, ic] * dy[n, oc]
 */
#include "kernel.h"
#include "turn.h"

enum { DENSE_ROWS = 28, DENSE_LINES = 28 };

static int64_t dense_row_step(const problem *p) { return even_rows(p->n, DENSE_ROWS); }
static int64_t dense_blocks(const problem *p) { return ceil_div(p->oc, 4 * VL); }
static int64_t dense_forward_tasks(const problem *p) { return ceil_div(p->n, dense_row_step(p)) * dense_blocks(p); }

/* buf: x, w, bias or NULL, y. A task is some rows times one block of columns. */
static void dense_forward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t blocks = dense_blocks(p), step = dense_row_step(p), first = task / blocks * step;
    const int64_t last_oc = min64((task % blocks + 1) * 4 * VL, p->oc), rows = min64(step, p->n - first);
    const real *bias = buf[2];
    const segment whole = {0, 0, p->ic};
    inner_args t = {.x = (const real *)buf[0] + first * p->ic,
                    .x_step = p->ic,
                    .segments = &whole,
                    .segment_count = 1,
                    .w_step = p->oc,
                    .relu = p->relu,
                    .y_step = p->oc};
    for (int64_t oc = task % blocks * 4 * VL; oc < last_oc;) {
        const int64_t vectors = tile_vectors(rows, last_oc - oc), channels = min64(vectors * VL, last_oc - oc);
        t.w = (const real *)buf[1] + oc;
        t.bias = bias ? bias + oc : NULL;
        t.y = (real *)buf[3] + first * p->oc + oc;
        inner_line(t, rows, vectors, channels);
        oc += channels;
    }
}

enum { TURN_BLOCK = 16 };
static int64_t dense_turn_weights_tasks(const problem *p) { return ceil_div(p->ic, TURN_BLOCK); }

/* turned[oc][ic] = w[ic][oc]. buf: w, turned. A task is TURN_BLOCK rows of w. dense_forward with ic and oc exchanged
 * then is the gradient with respect to x. */
static void dense_turn_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * TURN_BLOCK;
    turn((const real *)buf[0] + first * p->oc, p->oc, (real *)buf[1] + first, p->ic, min64(TURN_BLOCK, p->ic - first),
         p->oc);
}

enum { DENSE_LEAF = 128 };
static int64_t dense_backward_weights_tasks(const problem *p) { return ceil_div(p->ic, DENSE_LINES); }

/* buf: x, dy, dw. A task is DENSE_LINES rows of dw; chains of DENSE_LEAF rows of the batch are added one after the other. */
static void dense_backward_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * DENSE_LINES, lines = min64(DENSE_LINES, p->ic - first);
    outer_args t = {.x_row = p->ic, .g_row = p->oc, .columns = 1, .d_step = p->oc};
    for (int64_t n = 0; n < p->n; n += DENSE_LEAF) {
        t.rows = min64(DENSE_LEAF, p->n - n);
        t.add = n > 0;
        for (int64_t oc = 0; oc < p->oc;) {
            const int64_t vectors = tile_vectors(lines, p->oc - oc), channels = min64(vectors * VL, p->oc - oc);
            t.x = (const real *)buf[0] + n * p->ic + first;
            t.g = (const real *)buf[1] + n * p->oc + oc;
            t.d = (real *)buf[2] + first * p->oc + oc;
            outer_block(t, lines, vectors, channels);
            oc += channels;
        }
    }
}
