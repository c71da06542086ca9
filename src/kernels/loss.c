/* Softmax and the losses: n rows of oc classes, a task is a few rows.
 *
 * Loss kernels write each row's loss and the gradient of  a * sum(weight * loss[row])  (a is 1 / n in training); every
 * p->count rows share a weight. Rows whose class id is negative count nothing, whatever is in them.
 * From probabilities the loss is Keras's: p / sum(p), clipped to [1e-7, 1 - 1e-7]; from logits it is log-sum-exp - logit. */
#include "kernel.h"
#include "point.h"

#include <math.h>

enum { LOSS_ROWS = 32 };
static int64_t row_tasks(const problem *p) { return ceil_div(p->n, LOSS_ROWS); }

#define CLIP_LOW 1e-7
#define CLIP_HIGH (1 - 1e-7)

/* y = exp(x - max) and its sum; returns the maximum, NaN if there is one. */
static real exp_row(const real *restrict x, real *restrict y, int64_t classes, real *total) {
    const real most = row_most(x, classes);
    for (int64_t k = 0; k < classes; k++) y[k] = exp_negative(x[k] == most ? 0 : x[k] - most);
    *total = row_sum(y, NULL, classes);
    return most;
}

/* buf: x, y. */
static void softmax(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    for (int64_t i = task * LOSS_ROWS; i < min64((task + 1) * LOSS_ROWS, p->n); i++) {
        real *y = (real *)buf[1] + i * p->oc, total;
        exp_row((const real *)buf[0] + i * p->oc, y, p->oc, &total);
        for (int64_t k = 0; k < p->oc; k++) y[k] /= total;
    }
}

/* dx = y * (dy - sum(dy * y)). buf: dy, y, dx. */
static void softmax_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    for (int64_t i = task * LOSS_ROWS; i < min64((task + 1) * LOSS_ROWS, p->n); i++) {
        const real *dy = (const real *)buf[0] + i * p->oc, *y = (const real *)buf[1] + i * p->oc;
        real *dx = (real *)buf[2] + i * p->oc;
        const real dot = row_sum(dy, y, p->oc);
        for (int64_t k = 0; k < p->oc; k++) dx[k] = y[k] * (dy[k] - dot);
    }
}

/* The target of class k: one of int32 ids or of rows of probabilities (p->kind), smoothed by p->b. */
enum { SPARSE, DENSE_TARGETS };
INLINE double target(const problem *p, const void *targets, int64_t row, int64_t k) {
    const double t = p->kind == SPARSE ? (double)(((const int32_t *)targets)[row] == k)
                                       : (double)((const real *)targets)[row * p->oc + k];
    return t * (1 - p->b) + p->b / (double)p->oc;
}

INLINE int is_left_out(const problem *p, const void *targets, int64_t row) {
    return p->kind == SPARSE && ((const int32_t *)targets)[row] < 0;
}

/* buf: logits, targets, weights or NULL, probabilities, dlogits, loss. p->c is 1: the loss is that of logits. */
static void softmax_cross_entropy(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    for (int64_t i = task * LOSS_ROWS; i < min64((task + 1) * LOSS_ROWS, p->n); i++) {
        const real *x = (const real *)buf[0] + i * p->oc;
        real *y = (real *)buf[3] + i * p->oc, *dx = (real *)buf[4] + i * p->oc, total;
        const real most = exp_row(x, y, p->oc, &total);
        const double weight = buf[2] ? (double)((const real *)buf[2])[i / p->count] : 1, log_total = log((double)total);
        double loss = 0, mass = 0;
        for (int64_t k = 0; k < p->oc; k++) {
            const double t = target(p, buf[1], i, k);
            y[k] /= total;
            mass += t;
            if (t == 0) continue;
            const double q = (double)y[k];
            if (p->c != 0)
                loss += t * (log_total - (x[k] == most ? 0 : (double)x[k] - (double)most));
            else
                loss -= t * log(q < CLIP_LOW ? CLIP_LOW : q > CLIP_HIGH ? CLIP_HIGH : q);
        }
        for (int64_t k = 0; k < p->oc; k++)
            dx[k] = (real)(((double)y[k] * mass - target(p, buf[1], i, k)) * weight * p->a);
        if (is_left_out(p, buf[1], i)) {
            for (int64_t k = 0; k < p->oc; k++) dx[k] = 0;
            loss = 0;
        }
        ((real *)buf[5])[i] = (real)(loss * weight);
    }
}

/* buf: probabilities, targets, weights or NULL, dprobabilities, loss. */
static void cross_entropy(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    for (int64_t i = task * LOSS_ROWS; i < min64((task + 1) * LOSS_ROWS, p->n); i++) {
        const real *y = (const real *)buf[0] + i * p->oc;
        real *dy = (real *)buf[3] + i * p->oc;
        const double weight = buf[2] ? (double)((const real *)buf[2])[i / p->count] : 1;
        double total = 0, loss = 0, shared = 0;
        for (int64_t k = 0; k < p->oc; k++) total += (double)y[k];
        for (int64_t k = 0; k < p->oc; k++) {
            const double t = target(p, buf[1], i, k), q = (double)y[k] / total;
            const int inside = q >= CLIP_LOW && q <= CLIP_HIGH;
            if (t != 0) loss -= t * log(q < CLIP_LOW ? CLIP_LOW : q > CLIP_HIGH ? CLIP_HIGH : q);
            shared += inside ? t : 0;
            dy[k] = (real)(inside && t != 0 ? -t / q : 0);
        }
        for (int64_t k = 0; k < p->oc; k++) dy[k] = (real)(((double)dy[k] + shared) / total * weight * p->a);
        if (is_left_out(p, buf[1], i)) {
            for (int64_t k = 0; k < p->oc; k++) dy[k] = 0;
            loss = 0;
        }
        ((real *)buf[4])[i] = (real)(loss * weight);
    }
}

/* The mean over a row of (y - t)^2. buf: y, targets, weights or NULL, dy, loss. */
static void mean_squared_error(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    for (int64_t i = task * LOSS_ROWS; i < min64((task + 1) * LOSS_ROWS, p->n); i++) {
        const real *y = (const real *)buf[0] + i * p->oc, *t = (const real *)buf[1] + i * p->oc;
        real *dy = (real *)buf[3] + i * p->oc;
        const double weight = buf[2] ? (double)((const real *)buf[2])[i / p->count] : 1;
        double loss = 0;
        for (int64_t k = 0; k < p->oc; k++) {
            const double d = (double)y[k] - (double)t[k];
            loss += d * d;
            dy[k] = (real)(2 * d / (double)p->oc * weight * p->a);
        }
        ((real *)buf[4])[i] = (real)(loss / (double)p->oc * weight);
    }
}

static int64_t one_task(const problem *p) { return (void)p, 1; }

/* total = a * sum of n losses, in double. buf: loss, total (double). */
static void total_loss(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch, (void)task;
    double total = 0;
    for (int64_t i = 0; i < p->n; i++) total += (double)((const real *)buf[0])[i];
    *(double *)buf[1] = total * p->a;
}

/* total = sum of `count` losses, each times its weight, in double. buf: losses, weights, total (double). */
static void sum_losses(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch, (void)task;
    double total = 0;
    for (int64_t i = 0; i < p->count; i++) total += ((const double *)buf[0])[i] * ((const double *)buf[1])[i];
    *(double *)buf[2] = total;
}
