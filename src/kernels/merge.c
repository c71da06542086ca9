/* Two arrays into one: sums, differences, products, extrema; repeated axes; columns of a wider matrix.
 *
 * Plain C that the compiler vectorises. No operation here is fused, and sums have lanes and an order of their own, so
 * all ISAs give the same bits. */
#include "kernel.h"
#include "point.h"

enum { ADD, SUBTRACT, MULTIPLY, MAXIMUM, MINIMUM, AVERAGE };

/* The greater one, or NaN if one is. */
INLINE real greater(real x, real y) { return x > y || x != x ? x : y; }

/* The smaller one, or NaN if one is. */
INLINE real smaller(real x, real y) { return x < y || x != x ? x : y; }

#define EACH for (int64_t i = 0; i < lanes; i++)

/* z = x op y over `count` elements; p->kind is the operation, AVERAGE (x + y) / a. A task is one block.
 * buf: x, y, z, which may be x. */
static void merge(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    const real *x = (const real *)buf[0] + first, *y = (const real *)buf[1] + first;
    real *z = (real *)buf[2] + first;
    const real divisor = (real)p->a;
    switch (p->kind) {
    case ADD:
        EACH z[i] = x[i] + y[i];
        break;
    case SUBTRACT:
        EACH z[i] = x[i] - y[i];
        break;
    case MULTIPLY:
        EACH z[i] = x[i] * y[i];
        break;
    case MAXIMUM:
        EACH z[i] = greater(x[i], y[i]);
        break;
    case MINIMUM:
        EACH z[i] = smaller(x[i], y[i]);
        break;
    default:
        EACH z[i] = (x[i] + y[i]) / divisor;
        break;
    }
}

/* dx = dz where x is the maximum or minimum of x and y, half of it where they are equal, and 0 elsewhere.
 * A task is one block. buf: dz, x, y, dx. */
static void extremum_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    const real *restrict dz = (const real *)buf[0] + first;
    const real *restrict x = (const real *)buf[1] + first, *restrict y = (const real *)buf[2] + first;
    real *restrict dx = (real *)buf[3] + first;
    if (p->kind == MAXIMUM)
        EACH dx[i] = x[i] == y[i] ? dz[i] / 2 : x[i] < y[i] ? 0 : dz[i];
    else
        EACH dx[i] = x[i] == y[i] ? dz[i] / 2 : x[i] > y[i] ? 0 : dz[i];
}

/* Images in a task, so that it writes or reads about a block. */
static int64_t repeat_step(const problem *p) { return max64(1, POINT_BLOCK / (p->ow * p->oc)); }
static int64_t repeat_tasks(const problem *p) { return ceil_div(p->n, repeat_step(p)); }

/* y[n, ow, oc] = x[n, oc]: an axis of length 1 becomes one of `ow`. A task is a few n. buf: x, y. */
static void repeat(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t step = repeat_step(p), last = min64((task + 1) * step, p->n);
    for (int64_t n = task * step; n < last; n++) {
        const real *restrict x = (const real *)buf[0] + n * p->oc;
        real *restrict y = (real *)buf[1] + n * p->ow * p->oc;
        if (p->oc == 1)
            for (int64_t w = 0; w < p->ow; w++) y[w] = x[0];
        else
            for (int64_t w = 0; w < p->ow; w++)
                for (int64_t c = 0; c < p->oc; c++) y[w * p->oc + c] = x[c];
    }
}

enum { CHAINS = 16, CHUNK_ROWS = 64, CHUNK_COLUMNS = 256 };

/* The sum of `count` elements in CHAINS chains, and then of the chains two by two. */
static real sum_in_chains(const real *restrict x, int64_t count) {
    real sums[CHAINS] = {0};
    int64_t i = 0;
    for (; i + CHAINS <= count; i += CHAINS)
        for (int lane = 0; lane < CHAINS; lane++) sums[lane] += x[i + lane];
    for (int lane = 0; i + lane < count; lane++) sums[lane] += x[i + lane];
    for (int half = CHAINS / 2; half; half /= 2)
        for (int lane = 0; lane < half; lane++) sums[lane] += sums[lane + half];
    return sums[0];
}

/* The adjoint of `repeat`: dx[n, oc] = sum of dy[n, ow, oc] over ow, chunks of CHUNK_ROWS rows first and then the chunks, each in
 * order. A task is a few n. buf: dy, dx. */
static void repeat_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t step = repeat_step(p), last = min64((task + 1) * step, p->n);
    for (int64_t n = task * step; n < last; n++) {
        const real *dy = (const real *)buf[0] + n * p->ow * p->oc;
        real *restrict dx = (real *)buf[1] + n * p->oc;
        if (p->oc == 1) {
            dx[0] = sum_in_chains(dy, p->ow);
            continue;
        }
        for (int64_t first = 0; first < p->oc; first += CHUNK_COLUMNS) {
            const int64_t columns = min64(CHUNK_COLUMNS, p->oc - first);
            real chunk[CHUNK_COLUMNS];
            for (int64_t c = 0; c < columns; c++) dx[first + c] = 0;
            for (int64_t row = 0; row < p->ow; row += CHUNK_ROWS) {
                for (int64_t c = 0; c < columns; c++) chunk[c] = 0;
                for (int64_t w = row; w < min64(row + CHUNK_ROWS, p->ow); w++) {
                    const real *restrict from = dy + w * p->oc + first;
                    for (int64_t c = 0; c < columns; c++) chunk[c] += from[c];
                }
                for (int64_t c = 0; c < columns; c++) dx[first + c] += chunk[c];
            }
        }
    }
}

static int64_t copy_step(const problem *p) { return max64(1, POINT_BLOCK / p->count); }
static int64_t copy_tasks(const problem *p) { return ceil_div(p->n, copy_step(p)); }

/* The first `count` columns of x (n, ic), to those of y (n, oc): what joins arrays along an axis, and parts them again. A task
 * is a few rows. buf: x, y. */
static void copy_columns(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t step = copy_step(p), last = min64((task + 1) * step, p->n);
    for (int64_t n = task * step; n < last; n++)
        memcpy((real *)buf[1] + n * p->oc, (const real *)buf[0] + n * p->ic, (size_t)p->count * sizeof(real));
}
#undef EACH
