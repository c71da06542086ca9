/* What happens to flat parameters and gradients around an optimizer's step: `count` elements, a task is one block of them.
 *
 * Plain C that the compiler vectorises, one pass over memory each. Sums go through SUM_LANES chains in double and a fixed tree, so
 * their bits depend neither on threads nor, in float32 (whose squares are exact in double), on the ISA. A batch whose loss is
 * not finite (`loss`, double, or NULL for no such guard) changes neither parameters nor what is kept from batch to batch. */
#include "kernel.h"
#include "point.h"

#include <math.h>

/* w -= decay * w. buf: {decay} (double), loss, w. */
static void decay_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const real decay = (real) * (const double *)buf[0];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *w = (real *)buf[2] + first;
    for (int64_t i = 0; i < lanes; i++) w[i] = w[i] - w[i] * decay;
}

/* g *= factor. buf: {factor} (double), g. */
static void scale_gradients(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const real factor = (real) * (const double *)buf[0];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *g = (real *)buf[1] + first;
    for (int64_t i = 0; i < lanes; i++) g[i] = g[i] * factor;
}

/* g between -limit and limit; a NaN stays. buf: {limit} (double), g. */
static void clip_gradients(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const real limit = (real) * (const double *)buf[0];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *g = (real *)buf[1] + first;
    for (int64_t i = 0; i < lanes; i++) g[i] = g[i] > limit ? limit : g[i] < -limit ? -limit : g[i];
}

/* sum += g (kind 0), or at the end of a round g = (g + sum) / batches and sum = 0 (kind 1).
 * buf: {batches} (double), loss, sum, g. */
static void accumulate_gradients(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const real batches = (real) * (const double *)buf[0];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict sum = (real *)buf[2] + first, *restrict g = (real *)buf[3] + first;
    if (p->kind == 0) {
        for (int64_t i = 0; i < lanes; i++) sum[i] += g[i];
        return;
    }
    for (int64_t i = 0; i < lanes; i++) {
        g[i] = (g[i] + sum[i]) / batches;
        sum[i] = 0;
    }
}

/* average = momentum * average + (1 - momentum) * w;  where `overwrite` is not 0 also w = average.
 * buf: {momentum, overwrite} (doubles), loss, average, w. */
static void average_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *numbers = buf[0];
    const real momentum = (real)numbers[0], rest = 1 - momentum;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict average = (real *)buf[2] + first, *restrict w = (real *)buf[3] + first;
    for (int64_t i = 0; i < lanes; i++) average[i] = momentum * average[i] + rest * w[i];
    if (numbers[1] != 0) memcpy(w, average, (size_t)lanes * sizeof(real));
}

/* One sum of squares for each block. buf: x, sums (double). */
static void sum_squares(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    const real *x = (const real *)buf[0] + first;
    double chains[SUM_LANES] = {0};
    int64_t i = 0;
    for (; i + SUM_LANES <= lanes; i += SUM_LANES)
        for (int k = 0; k < SUM_LANES; k++) chains[k] += (double)x[i + k] * (double)x[i + k];
    for (int k = 0; i < lanes; i++, k++) chains[k] += (double)x[i] * (double)x[i];
    ((double *)buf[1])[task] = sum_of_lanes(chains);
}

/* What brings gradients whose squares add up to `count` sums down to the norm `limit`: 1 if they are that short already. By kind a
 * norm that is infinite gives 0 (0: of one variable) or NaN (1: of all). One task. buf: {limit} (double), sums, factor (double). */
static void clip_factor(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch, (void)task;
    const double limit = *(const double *)buf[0], norm = sqrt(sum_of(buf[1], p->count));
    const double factor = norm <= limit ? 1 : limit / norm;
    *(double *)buf[2] = p->kind == 0 ? factor : factor + (norm - norm);
}
