/* Layer normalization of n rows of oc elements (Ba et al., 2016):
 *
 *   y = (x - shift) * inverse * gamma + beta      inverse = 1 / sqrt(mean((x - mean)^2) + a)
 *
 * over the elements of each row; shift is the mean, but 0 for SCALED and ROOT_MEAN_SQUARE, of which the second has a mean of 0,
 * too. `rows` holds mean and inverse of each row. Sums within a row are 16 chains over runs of 1024 elements, whose sums are
 * added as doubles. */
#include "kernel.h"
#include "point.h"

enum { NORMALIZED, SCALED, ROOT_MEAN_SQUARE };
enum { NORM_CHAINS = 16, NORM_RUN = 1024, ROW_COLUMNS = 256 };

/* total += term(i) over 0 <= i < count. What is left of 16 elements is a chain of its own, so that the others stay vectors. */
#define ADD_ROW(total, count, term)                                                        \
    for (int64_t from = 0; from < (count); from += NORM_RUN) {                             \
        const int64_t end = min64(from + NORM_RUN, count);                                 \
        real chains[NORM_CHAINS] = {0}, rest = 0;                                          \
        int64_t i = from;                                                                  \
        for (; i + NORM_CHAINS <= end; i += NORM_CHAINS)                                   \
            for (int lane = 0; lane < NORM_CHAINS; lane++) chains[lane] += term(i + lane); \
        for (; i < end; i++) rest += term(i);                                              \
        for (int half = NORM_CHAINS / 2; half; half /= 2)                                  \
            for (int lane = 0; lane < half; lane++) chains[lane] += chains[lane + half];   \
        total += (double)(chains[0] + rest);                                               \
    }

/* buf: x, gamma or NULL, beta or NULL, rows, y. A task is some rows. */
static void layer_norm(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const real *gamma = buf[1], *beta = buf[2];
    const real epsilon = (real)p->a;
    const double share = 1 / (double)p->oc;
    for (int64_t row = task * norm_row_step(p); row < min64((task + 1) * norm_row_step(p), p->n); row++) {
        const real *restrict x = (const real *)buf[0] + row * p->oc;
        real *restrict stats = (real *)buf[3] + 2 * row, *restrict y = (real *)buf[4] + row * p->oc;
        double sum = 0, squares = 0;
#define ELEMENT(k) x[k]
        if (p->kind != ROOT_MEAN_SQUARE) ADD_ROW(sum, p->oc, ELEMENT)
        const real mean = (real)(sum * share);
#define SQUARE(k) ((x[k] - mean) * (x[k] - mean))
        ADD_ROW(squares, p->oc, SQUARE)
        const real inverse = 1 / ROOT((real)(squares * share) + epsilon);
        const real shift = p->kind == NORMALIZED ? mean : 0;
        stats[0] = mean, stats[1] = inverse;
        if (gamma && beta)
            for (int64_t c = 0; c < p->oc; c++) y[c] = (x[c] - shift) * inverse * gamma[c] + beta[c];
        else
            for (int64_t c = 0; c < p->oc; c++)
                y[c] = (x[c] - shift) * inverse * (gamma ? gamma[c] : 1) + (beta ? beta[c] : 0);
    }
}

/* dx = inverse * (g - mean(g) - (x - mean) * inverse * mean(g * (x - shift) * inverse)) with g = dy * gamma; mean(g) is left out
 * where shift is 0. buf: dy, x, gamma or NULL, rows, dx. A task is some rows. */
static void layer_norm_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const real *gamma = buf[2];
    const double share = 1 / (double)p->oc;
    for (int64_t row = task * norm_row_step(p); row < min64((task + 1) * norm_row_step(p), p->n); row++) {
        const real *restrict dy = (const real *)buf[0] + row * p->oc, *restrict x = (const real *)buf[1] + row * p->oc;
        const real mean = ((const real *)buf[3])[2 * row], inverse = ((const real *)buf[3])[2 * row + 1];
        const real shift = p->kind == NORMALIZED ? mean : 0;
        real *restrict dx = (real *)buf[4] + row * p->oc;
        double sum = 0, products = 0;
        if (gamma)
            for (int64_t c = 0; c < p->oc; c++) dx[c] = dy[c] * gamma[c];
        else
            memcpy(dx, dy, (size_t)p->oc * sizeof(real));
#define GRADIENT(k) dx[k]
        if (p->kind == NORMALIZED) ADD_ROW(sum, p->oc, GRADIENT)
#define PRODUCT(k) (dx[k] * (x[k] - shift))
        ADD_ROW(products, p->oc, PRODUCT)
        const real through = (real)(sum * share);
        const real along = (real)(products * share) * inverse * inverse;
        for (int64_t c = 0; c < p->oc; c++) dx[c] = inverse * (dx[c] - through - (x[c] - mean) * along);
    }
}

static int64_t layer_norm_products_tasks(const problem *p) {
    return ceil_div(p->n, p->count) * ceil_div(p->oc, ROW_COLUMNS);
}

/* The sums over p->count rows of dy * (x - shift) * inverse, to partial[chunk], and of dy, to shifts[chunk].
 * buf: dy, x, rows, partial or NULL, shifts or NULL. A task is one chunk of ROW_COLUMNS columns. */
static void layer_norm_products(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t blocks = ceil_div(p->oc, ROW_COLUMNS), chunk = task / blocks;
    const int64_t first = task % blocks * ROW_COLUMNS, lanes = min64(ROW_COLUMNS, p->oc - first);
    real total[ROW_COLUMNS] = {0}, plain[ROW_COLUMNS] = {0};
    for (int64_t row = chunk * p->count; row < min64((chunk + 1) * p->count, p->n); row++) {
        const real *restrict dy = (const real *)buf[0] + row * p->oc + first;
        const real *restrict x = (const real *)buf[1] + row * p->oc + first;
        const real *stats = (const real *)buf[2] + 2 * row;
        const real shift = p->kind == NORMALIZED ? stats[0] : 0, inverse = stats[1];
        for (int64_t c = 0; c < lanes; c++) total[c] += dy[c] * ((x[c] - shift) * inverse), plain[c] += dy[c];
    }
    const size_t size = (size_t)lanes * sizeof(real);
    if (buf[3]) memcpy((real *)buf[3] + chunk * p->oc + first, total, size);
    if (buf[4]) memcpy((real *)buf[4] + chunk * p->oc + first, plain, size);
}
