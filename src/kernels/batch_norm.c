/* Batch normalization of n rows of oc channels (Ioffe and Szegedy, 2015):
 *
 *   y = (x - mean) * scale + beta      scale = gamma / sqrt(variance + epsilon), mean and variance over the rows
 *
 * Sums over rows are cut into chunks of p->count rows, which sum_chunks adds in a fixed tree. `norm` holds mean, 1 / sqrt and
 * scale, oc of each. */
#include "kernel.h"
#include "point.h"

enum { NORM_CHANNELS = 64 };

static int64_t norm_chunk_tasks(const problem *p) { return ceil_div(p->n, p->count); }
static int64_t norm_row_step(const problem *p) { return max64(1, POINT_BLOCK / p->oc); }
static int64_t norm_row_tasks(const problem *p) { return ceil_div(p->n, norm_row_step(p)); }

/* partial[chunk] = sums of (x - a * sums)^2. buf: x, sums, partial. A task is one chunk. */
static void centered_squares(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * p->count, last = min64(first + p->count, p->n);
    real *partial = (real *)buf[2] + task * p->oc;
    for (int64_t c0 = 0; c0 < p->oc; c0 += NORM_CHANNELS) {
        const int64_t lanes = min64(NORM_CHANNELS, p->oc - c0);
        real mean[NORM_CHANNELS], total[NORM_CHANNELS] = {0};
        for (int64_t c = 0; c < lanes; c++) mean[c] = ((const real *)buf[1])[c0 + c] * (real)p->a;
        for (int64_t row = first; row < last; row++) {
            const real *x = (const real *)buf[0] + row * p->oc + c0;
            for (int64_t c = 0; c < lanes; c++) total[c] += (x[c] - mean[c]) * (x[c] - mean[c]);
        }
        for (int64_t c = 0; c < lanes; c++) partial[c0 + c] = total[c];
    }
}

/* partial[chunk] = sums of dy * (x - mean) / sqrt. buf: dy, x, norm, partial. A task is one chunk. */
static void normalized_products(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * p->count, last = min64(first + p->count, p->n);
    const real *mean = buf[2], *inverse = mean + p->oc;
    real *partial = (real *)buf[3] + task * p->oc;
    for (int64_t c0 = 0; c0 < p->oc; c0 += NORM_CHANNELS) {
        const int64_t lanes = min64(NORM_CHANNELS, p->oc - c0);
        real total[NORM_CHANNELS] = {0};
        for (int64_t row = first; row < last; row++) {
            const real *dy = (const real *)buf[0] + row * p->oc + c0, *x = (const real *)buf[1] + row * p->oc + c0;
            for (int64_t c = 0; c < lanes; c++) total[c] += dy[c] * (x[c] - mean[c0 + c]);
        }
        for (int64_t c = 0; c < lanes; c++) partial[c0 + c] = total[c] * inverse[c0 + c];
    }
}

static int64_t norm_task(const problem *p) { return (void)p, 1; }

/* norm from sums over the rows, which then move the moving statistics by 1 - b, or without sums from those; a is epsilon.
 * buf: sums or NULL, sums of squares or NULL, gamma or NULL, norm, moving mean, moving variance. */
static void batch_norm_statistics(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch, (void)task;
    const real *sums = buf[0], *squares = buf[1], *gamma = buf[2];
    real *norm = buf[3], *moving_mean = buf[4], *moving_variance = buf[5];
    const real share = 1 / (real)p->n, keep = (real)p->b, rest = (real)(1 - p->b), epsilon = (real)p->a;
    for (int64_t c = 0; c < p->oc; c++) {
        const real mean = sums ? sums[c] * share : moving_mean[c];
        const real variance = sums ? squares[c] * share : moving_variance[c];
        const real inverse = 1 / ROOT(variance + epsilon);
        norm[c] = mean;
        norm[p->oc + c] = inverse;
        norm[2 * p->oc + c] = gamma ? gamma[c] * inverse : inverse;
        if (!sums) continue;
        moving_mean[c] = moving_mean[c] * keep + mean * rest;
        moving_variance[c] = moving_variance[c] * keep + variance * rest;
    }
}

/* buf: x, norm, beta or NULL, y. A task is some rows. */
static void batch_norm(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const real *mean = buf[1], *scale = mean + 2 * p->oc, *beta = buf[2];
    for (int64_t row = task * norm_row_step(p); row < min64((task + 1) * norm_row_step(p), p->n); row++) {
        const real *restrict x = (const real *)buf[0] + row * p->oc;
        real *restrict y = (real *)buf[3] + row * p->oc;
        if (beta)
            for (int64_t c = 0; c < p->oc; c++) y[c] = (x[c] - mean[c]) * scale[c] + beta[c];
        else
            for (int64_t c = 0; c < p->oc; c++) y[c] = (x[c] - mean[c]) * scale[c];
    }
}

/* What a normalization makes of the bias that comes before it, scale being in the weights: y = (b - mean) * scale + beta, in one
 * task. buf: b or NULL, norm, beta or NULL, y. */
static void fold_bias(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch, (void)task;
    const real *b = buf[0], *mean = buf[1], *scale = mean + 2 * p->oc, *beta = buf[2];
    real *y = buf[3];
    for (int64_t c = 0; c < p->oc; c++) y[c] = ((b ? b[c] : 0) - mean[c]) * scale[c] + (beta ? beta[c] : 0);
}

/* dx = scale * (dy - sum(dy) / n - (x - mean) / sqrt * sum(dy * (x - mean) / sqrt) / n), or without sums scale * dy.
 * buf: dy, x, norm, sums of dy or NULL, sums of products or NULL, dx. A task is some rows. */
static void batch_norm_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const real *mean = buf[2], *inverse = mean + p->oc, *scale = inverse + p->oc, *sums = buf[3], *products = buf[4];
    const real share = 1 / (real)p->n;
    for (int64_t row = task * norm_row_step(p); row < min64((task + 1) * norm_row_step(p), p->n); row++) {
        const real *restrict dy = (const real *)buf[0] + row * p->oc, *restrict x = (const real *)buf[1] + row * p->oc;
        real *restrict dx = (real *)buf[5] + row * p->oc;
        if (sums)
            for (int64_t c = 0; c < p->oc; c++)
                dx[c] = scale[c] * (dy[c] - share * (sums[c] + (x[c] - mean[c]) * inverse[c] * products[c]));
        else
            for (int64_t c = 0; c < p->oc; c++) dx[c] = scale[c] * dy[c];
    }
}
