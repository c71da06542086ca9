/* Dense layers: three products of matrices, on the tiles of the convolution.
 *
 *   y[n, oc] = bias[oc] + sum x[n, ic] * w[ic, oc]      dx[n, ic] = sum dy[n, oc] * w[ic, oc]      dw[ic, oc] = sum x[n, ic] * dy[n, oc]
 */
#include "kernel.h"
#include "turn.h"

enum { DENSE_ROWS = 28, DENSE_LINES = 28 / ROWS_V2 * ROWS_V2 };

/* -------------------------------------------------------------------------------------- few sums of long rows */

/* acc[j][lane] += sum over k of m[lane][k] * v[j][k] for `rows` rows of m, the chains in order of k: squares of m are turned
 * in registers, so that a row is a lane. v[j][k] is v[j * v_step + k * v_next]. The next rows are fetched ahead: that are more
 * lines side by side than the CPU foresees. */
INLINE void add_products(const real *m, int64_t m_step, int64_t rows, int64_t length, const real *v, int64_t v_step,
                         int64_t v_next, vec *acc, const int J) {
    int64_t k = 0;
    for (; k + VL <= length; k += VL) {
        vec square[VL];
        UNROLL for (int i = 0; i < VL; i++) {
            __builtin_prefetch(m + (VL + i) * m_step + k);
            square[i] = vload(m + (i < rows ? i : 0) * m_step + k);
        }
        vturn(square);
        UNROLL for (int i = 0; i < VL; i++) UNROLL for (int j = 0; j < J; j++) acc[j] =
            vfma(square[i], vset1(v[j * v_step + (k + i) * v_next]), acc[j]);
    }
    for (; k < length; k++) {
        real column[VL] = {0};
        for (int64_t i = 0; i < rows; i++) column[i] = m[i * m_step + k];
        UNROLL for (int j = 0; j < J; j++) acc[j] = vfma(vload(column), vset1(v[j * v_step + k * v_next]), acc[j]);
    }
}

enum { MOST_SUMS = 4, MANY_SUMS = 8 };

static void add_products_of(int sums, const real *m, int64_t m_step, int64_t rows, int64_t length, const real *v,
                            int64_t v_step, int64_t v_next, vec *acc) {
    switch (sums) {
    case 1:
        add_products(m, m_step, rows, length, v, v_step, v_next, acc, 1);
        break;
    case 2:
        add_products(m, m_step, rows, length, v, v_step, v_next, acc, 2);
        break;
    case 3:
        add_products(m, m_step, rows, length, v, v_step, v_next, acc, 3);
        break;
    default:
        add_products(m, m_step, rows, length, v, v_step, v_next, acc, 4);
        break;
    }
}

/* Elements from one row of y to the next. */
static int64_t y_step(const problem *p) { return p->all_oc ? p->all_oc : p->oc; }

/* Whether the columns of y would leave most of a vector empty. */
static int has_few_columns(const problem *p) { return p->oc <= MOST_SUMS && 4 * p->oc <= VL && p->ic >= VL; }

enum { TALL_ROWS = 256, WEIGHT_ROWS = 64 };

static void dense_forward_few_columns(const problem *p, int64_t first, int64_t last, const real *x, const real *w,
                                      const real *bias, real *y) {
    for (int64_t n = first; n < last; n += VL) {
        const int64_t rows = min64(VL, last - n);
        vec acc[MOST_SUMS];
        real lanes[VL];
        for (int64_t j = 0; j < MOST_SUMS; j++) acc[j] = vset1(bias && j < p->oc ? bias[j] : 0);
        add_products_of((int)p->oc, x + n * p->ic, p->ic, rows, p->ic, w, 1, p->oc, acc);
        for (int64_t j = 0; j < p->oc; j++) {
            vstore(lanes, p->relu ? vrelu(acc[j]) : acc[j]);
            for (int64_t i = 0; i < rows; i++) y[(n + i) * y_step(p) + j] = lanes[i];
        }
    }
}

static int64_t dense_backward_data_tasks(const problem *p) { return ceil_div(p->ic, WEIGHT_ROWS); }

/* The gradient with respect to x of few rows, from the weights as they lie: the same bits as from turned ones.
 * buf: dy, w, dx. A task is WEIGHT_ROWS rows of w. */
static void dense_backward_data(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    for (int64_t ic = task * WEIGHT_ROWS; ic < min64((task + 1) * WEIGHT_ROWS, p->ic); ic += VL)
        for (int64_t n = 0, sums = 0; n < p->n; n += sums) {
            const int64_t rows = min64(VL, p->ic - ic);
            sums = p->n - n >= MANY_SUMS ? MANY_SUMS : min64(MOST_SUMS, p->n - n);
            vec acc[MANY_SUMS];
            for (int64_t j = 0; j < sums; j++) acc[j] = vset1(0);
            const real *w = (const real *)buf[1] + ic * p->oc, *dy = (const real *)buf[0] + n * p->oc;
            if (sums == MANY_SUMS)
                add_products(w, p->oc, rows, p->oc, dy, p->oc, 1, acc, MANY_SUMS);
            else
                add_products_of((int)sums, w, p->oc, rows, p->oc, dy, p->oc, 1, acc);
            for (int64_t j = 0; j < sums; j++)
                vstore_masked((real *)buf[2] + (n + j) * p->ic + ic, acc[j], vmask_first(rows));
        }
}

/* ------------------------------------------------------------------------------------------------ all others */

static int64_t dense_row_step(const problem *p) { return even_rows(p->n, DENSE_ROWS); }
static int64_t dense_blocks(const problem *p) { return ceil_div(p->oc, 4 * VL); }
static int64_t dense_forward_tasks(const problem *p) {
    return has_few_columns(p) ? ceil_div(p->n, TALL_ROWS) : ceil_div(p->n, dense_row_step(p)) * dense_blocks(p);
}

/* buf: x, w, bias or NULL, y, of which these columns may be a slice. A task is some rows times one block of columns. */
static void dense_forward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (has_few_columns(p)) {
        const int64_t from = task * TALL_ROWS;
        dense_forward_few_columns(p, from, min64(from + TALL_ROWS, p->n), buf[0], buf[1], buf[2], buf[3]);
        return;
    }
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
                    .y_step = y_step(p)};
    for (int64_t oc = task % blocks * 4 * VL; oc < last_oc;) {
        const int64_t vectors = line_vectors(rows, last_oc - oc), channels = min64(vectors * VL, last_oc - oc);
        t.w = (const real *)buf[1] + oc;
        t.bias = bias ? bias + oc : NULL;
        t.y = (real *)buf[3] + first * y_step(p) + oc;
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
