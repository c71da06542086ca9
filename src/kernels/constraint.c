/* Constraints: what weights are brought back to after each step of an optimizer.
 *
 * A weight array is seen as four axes, oh and ow that are kept and kh and kw whose squares are summed, with the strides dh, dw, sh, sw:
 * axes that lie side by side and are treated alike count as one. A batch whose loss is not finite changes nothing. */
#include "kernel.h"
#include "point.h"

#include <math.h>

enum { NORM_COLUMNS = 64 };
static int64_t norm_constraint_tasks(const problem *p) { return p->oh * ceil_div(p->ow, NORM_COLUMNS); }

/* Over each sum's elements  w *= (rate * clip(norm, a, b) + (1 - rate) * norm) / (norm + 1e-7), where rate is c; of kind 1
 * w /= norm + 1e-7. A task is up to NORM_COLUMNS sums, side by side in memory where the summed axis is an outer one.
 * buf: loss (double, or NULL), w. */
static void norm_constraint(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[0])) return;
    const int64_t blocks = ceil_div(p->ow, NORM_COLUMNS), column = task % blocks * NORM_COLUMNS;
    const int64_t columns = min64(NORM_COLUMNS, p->ow - column);
    real *w = (real *)buf[1] + task / blocks * p->dh + column * p->dw;
    double squares[NORM_COLUMNS] = {0};
    real factors[NORM_COLUMNS];
    for (int64_t i = 0; i < p->kh; i++)
        for (int64_t k = 0; k < p->kw; k++) {
            const real *x = w + i * p->sh + k * p->sw;
            if (p->dw == 1)
                for (int64_t c = 0; c < columns; c++) squares[c] += (double)x[c] * (double)x[c];
            else
                for (int64_t c = 0; c < columns; c++) squares[c] += (double)x[c * p->dw] * (double)x[c * p->dw];
        }
    for (int64_t c = 0; c < columns; c++) {
        const double norm = sqrt(squares[c]), inside = norm < p->a ? p->a : norm > p->b ? p->b : norm;
        const double wanted = p->kind == 1 ? 1 : p->c * inside + (1 - p->c) * norm;
        factors[c] = (real)(wanted / (norm + 1e-7));
    }
    for (int64_t i = 0; i < p->kh; i++)
        for (int64_t k = 0; k < p->kw; k++) {
            real *x = w + i * p->sh + k * p->sw;
            if (p->dw == 1)
                for (int64_t c = 0; c < columns; c++) x[c] *= factors[c];
            else
                for (int64_t c = 0; c < columns; c++) x[c * p->dw] *= factors[c];
        }
}

/* w = max(w, 0); a NaN stays. buf: loss (double, or NULL), w. */
static void non_negative(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[0])) return;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *w = (real *)buf[1] + first;
    for (int64_t i = 0; i < lanes; i++) w[i] = w[i] < 0 ? 0 : w[i];
}
