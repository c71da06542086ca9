/* The logarithm of softmax: n rows of oc classes, a task is a few rows.
 *
 *   y[n, k] = x[n, k] - max - log(sum exp(x[n] - max))      dx = dy - exp(y) * sum(dy) */
#include "kernel.h"
#include "special.h"

enum { LOG_SOFTMAX_ROWS = 32 };
static int64_t log_softmax_tasks(const problem *p) { return ceil_div(p->n, LOG_SOFTMAX_ROWS); }

/* buf: x, y. */
static void log_softmax(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    for (int64_t i = task * LOG_SOFTMAX_ROWS; i < min64((task + 1) * LOG_SOFTMAX_ROWS, p->n); i++) {
        const real *x = (const real *)buf[0] + i * p->oc;
        real *y = (real *)buf[1] + i * p->oc;
        const real most = row_most(x, p->oc);
        for (int64_t k = 0; k < p->oc; k++) y[k] = exp_negative(x[k] == most ? 0 : x[k] - most);
        const real sum = row_sum(y, NULL, p->oc), total = sum >= 1 ? log_of(sum) : sum;
        for (int64_t k = 0; k < p->oc; k++) y[k] = (x[k] == most ? 0 : x[k] - most) - total;
    }
}

/* buf: dy, y, dx. */
static void log_softmax_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    for (int64_t i = task * LOG_SOFTMAX_ROWS; i < min64((task + 1) * LOG_SOFTMAX_ROWS, p->n); i++) {
        const real *dy = (const real *)buf[0] + i * p->oc, *y = (const real *)buf[1] + i * p->oc;
        real *dx = (real *)buf[2] + i * p->oc;
        const real sum = row_sum(dy, NULL, p->oc);
        for (int64_t k = 0; k < p->oc; k++) dx[k] = dy[k] - exp_negative(y[k]) * sum;
    }
}
