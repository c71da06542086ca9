/* Element by element: scaling, and the rows of a batch out of a data set.
 *
 * Plain C that the compiler vectorises. No operation here is fused or reordered, so all ISAs give the same bits. */
#include "kernel.h"
#include "point.h"

/* The gradient through a ReLU that ran in another kernel's epilogue: dx = dy where y > 0. buf: dy, y, dx. */
static void relu_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    const real *dy = (const real *)buf[0] + first, *y = (const real *)buf[1] + first;
    real *dx = (real *)buf[2] + first;
    for (int64_t i = 0; i < lanes; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

/* y = a * x + b. buf: x, y. */
static void scale_shift(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    const real *restrict x = (const real *)buf[0] + first;
    real *restrict y = (real *)buf[1] + first;
    const real a = (real)p->a, b = (real)p->b;
    for (int64_t i = 0; i < lanes; i++) y[i] = x[i] * a + b;
}

enum { FROM_UINT8, FROM_FLOAT, FROM_DOUBLE };
static int64_t gather_step(const problem *p) { return max64(1, ceil_div(POINT_BLOCK, p->count)); }
static int64_t gather_rows_tasks(const problem *p) { return ceil_div(p->n, gather_step(p)); }

/* y[i] = x[order[i]], n rows of `count` elements of type p->kind. buf: x, order (int64), y. A task is a few rows. */
static void gather_rows(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t step = gather_step(p), last = min64((task + 1) * step, p->n);
    for (int64_t i = task * step; i < last; i++) {
        const int64_t at = ((const int64_t *)buf[1])[i] * p->count;
        real *restrict y = (real *)buf[2] + i * p->count;
        if (p->kind == FROM_UINT8) {
            const uint8_t *restrict x = (const uint8_t *)buf[0] + at;
            for (int64_t k = 0; k < p->count; k++) y[k] = (real)x[k];
        } else if (p->kind == FROM_FLOAT) {
            const float *restrict x = (const float *)buf[0] + at;
            for (int64_t k = 0; k < p->count; k++) y[k] = (real)x[k];
        } else {
            const double *restrict x = (const double *)buf[0] + at;
            for (int64_t k = 0; k < p->count; k++) y[k] = (real)x[k];
        }
    }
}

/* As gather_rows, for 32-bit words that are copied as they are: class ids. buf: x, order (int64), y. */
static void gather_words(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t step = gather_step(p), last = min64((task + 1) * step, p->n);
    for (int64_t i = task * step; i < last; i++)
        memcpy((uint32_t *)buf[2] + i * p->count, (const uint32_t *)buf[0] + ((const int64_t *)buf[1])[i] * p->count,
               (size_t)p->count * sizeof(uint32_t));
}
