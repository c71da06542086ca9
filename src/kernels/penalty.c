/* Regularizers: what weights or activations add to the loss, and to their gradients.
 *
 * Sums go through the chains and trees of gradient.c, one double for each task, and `add_penalties` adds those in a fixed order. */
#include "kernel.h"
#include "point.h"

#include <math.h>

INLINE real sign_of(real x) { return (real)((x > 0) - (x < 0)); }

/* sums[task] = l1 * sum |x| + l2 * sum x^2 over a block;  g += c * (l1 * sign(x) + 2 * l2 * x).
 * l1 is p->a, l2 is p->b. buf: x, sums (double), g (or NULL). */
static void l1_l2_penalty(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    const real *restrict x = (const real *)buf[0] + first;
    const double l1 = p->a, l2 = p->b;
    double chains[SUM_LANES] = {0};
    int64_t i = 0;
    for (; i + SUM_LANES <= lanes; i += SUM_LANES)
        for (int k = 0; k < SUM_LANES; k++) {
            const double v = (double)x[i + k];
            chains[k] += l1 * fabs(v) + l2 * (v * v);
        }
    for (int k = 0; i < lanes; i++, k++) {
        const double v = (double)x[i];
        chains[k] += l1 * fabs(v) + l2 * (v * v);
    }
    ((double *)buf[1])[task] = sum_of_lanes(chains);
    if (!buf[2]) return;
    real *restrict g = (real *)buf[2] + first;
    const real slope = (real)(p->c * l1), twice = (real)(2 * p->c * l2);
    for (int64_t k = 0; k < lanes; k++) g[k] += slope * sign_of(x[k]) + twice * x[k];
}

/* total += the sum of `count` doubles. One task. buf: sums, total (double). */
static void add_penalties(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch, (void)task;
    *(double *)buf[1] += sum_of(buf[0], p->count);
}

/* n vectors of `count` elements, sh apart, their elements sw apart: each by its length. A task is one of them.
 * buf: w, unit (n x count), lengths (n). */
static int64_t unit_vectors_tasks(const problem *p) { return p->n; }
static void unit_vectors(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const real *x = (const real *)buf[0] + task * p->sh;
    real *restrict unit = (real *)buf[1] + task * p->count;
    double chains[SUM_LANES] = {0};
    for (int64_t k = 0; k < p->count; k++) unit[k] = x[k * p->sw];
    for (int64_t k = 0; k < p->count; k++) chains[k % SUM_LANES] += (double)unit[k] * (double)unit[k];
    const double length = sqrt(sum_of_lanes(chains));
    const real inverse = length > 0 ? (real)(1 / length) : 0;
    for (int64_t k = 0; k < p->count; k++) unit[k] *= inverse;
    ((real *)buf[2])[task] = inverse;
}

INLINE real dot(const real *restrict a, const real *restrict b, int64_t count) {
    real chains[SUM_LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + SUM_LANES <= count; i += SUM_LANES)
        for (int k = 0; k < SUM_LANES; k++) chains[k] += a[i + k] * b[i + k];
    for (int k = 0; i < count; i++, k++) chains[k] += a[i] * b[i];
    for (int k = 0; k < SUM_LANES; k++) sum += chains[k];
    return sum;
}

/* The cosines between n vectors: sums[i] = a * sum |cos(i, j)| over j != i; with u their unit vectors and s = sum sign(cos) u[j],
 * g[i] += 2 c a (s - (s . u[i]) u[i]) / length[i]. A task is one vector; scratch is s. Vectors lie as in unit_vectors.
 * buf: unit, inverse lengths, sums (double), g (or NULL). */
static int64_t cosine_penalty_scratch(const problem *p) { return p->count * (int64_t)sizeof(real); }
static void cosine_penalty(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const real *units = buf[0], *own = units + task * p->count;
    real *restrict s = scratch;
    double total = 0;
    for (int64_t k = 0; k < p->count; k++) s[k] = 0;
    for (int64_t j = 0; j < p->n; j++) {
        if (j == task) continue;
        const real *other = units + j * p->count, cosine = dot(own, other, p->count), sign = sign_of(cosine);
        total += fabs((double)cosine);
        for (int64_t k = 0; k < p->count; k++) s[k] += sign * other[k];
    }
    ((double *)buf[2])[task] = p->a * total;
    if (!buf[3]) return;
    real *g = (real *)buf[3] + task * p->sh;
    const real along = dot(s, own, p->count), scale = (real)(2 * p->c * p->a) * ((const real *)buf[1])[task];
    for (int64_t k = 0; k < p->count; k++) g[k * p->sw] += scale * (s[k] - along * own[k]);
}
