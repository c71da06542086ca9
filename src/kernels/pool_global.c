/* The maximum or the average of each plane: y[n, c] of x[n, h, w, c].
 *
 * Many channels: vectors of channels, pixel after pixel. Few (POOL_NARROW): GLOBAL_PIXELS pixels side by side are one row of
 * lanes, and their results are put together at the end, in a fixed tree. Both depend on the number of channels alone. */
#include "pool.h"

enum { GLOBAL_PIXELS = 16, GLOBAL_CHUNK = 128, GLOBAL_LANES = GLOBAL_PIXELS * POOL_NARROW };

static int64_t global_pool2d_tasks(const problem *p) { return pool_image_tasks(p->n, p->ih * p->iw, p->ic); }

/* The sums of `lanes` columns over `rows` rows, added to `sum`. */
INLINE void add_rows(const real *x, int64_t rows, int64_t step, int64_t lanes, real *sum) {
    for (int64_t e = 0; e < lanes; e += VL) {
        const int64_t n = min64(VL, lanes - e);
        vec s = vset1(0);
        if (n == VL)
            for (int64_t r = 0; r < rows; r++) s = vadd(s, vload(x + r * step + e));
        else
            for (int64_t r = 0; r < rows; r++) s = vadd(s, vload_first(x + r * step + e, n));
        vstore_first(sum + e, vadd(vload_first(sum + e, n), s), n);
    }
}

/* buf: x, y. A task is some images, or a block of one's channels. Sums run in chunks of GLOBAL_CHUNK. */
static void global_avg_pool2d(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, pixels = p->ih * p->iw, together = c < POOL_NARROW ? GLOBAL_PIXELS : 1;
    const pool_images part = pool_images_of(task, p->n, pixels, c);
    const int64_t channels = part.c1 - part.c0, lanes = together * channels, rows = pixels / together;
    for (int64_t n = part.n0; n < part.n1; n++) {
        const real *x = (const real *)buf[0] + n * pixels * c + part.c0;
        real *y = (real *)buf[1] + n * c + part.c0;
        real sum[GLOBAL_LANES] = {0};
        for (int64_t r = 0; r < rows; r += GLOBAL_CHUNK)
            add_rows(x + r * together * c, min64(GLOBAL_CHUNK, rows - r), together * c, lanes, sum);
        add_rows(x + rows * together * c, 1, 0, (pixels - rows * together) * channels, sum);
        for (int64_t half = together / 2; half; half /= 2)
            for (int64_t e = 0; e < half * channels; e++) sum[e] += sum[e + half * channels];
        for (int64_t k = 0; k < channels; k++) y[k] = sum[k] / (real)pixels;
    }
}

/* dx[n, h, w, c] = dy[n, c] / (h * w). buf: dy, dx. */
static void global_avg_pool2d_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, pixels = p->ih * p->iw;
    const pool_images part = pool_images_of(task, p->n, pixels, c);
    const int64_t channels = part.c1 - part.c0, together = c < POOL_NARROW ? GLOBAL_PIXELS : 1;
    for (int64_t n = part.n0; n < part.n1; n++) {
        const real *dy = (const real *)buf[0] + n * c + part.c0;
        real *dx = (real *)buf[1] + n * pixels * c + part.c0, shares[GLOBAL_LANES];
        for (int64_t e = 0; e < together * channels; e++) shares[e] = dy[e % channels] / (real)pixels;
        for (int64_t i = 0; i < pixels; i += together) {
            const int64_t count = min64(together, pixels - i) * channels;
            for (int64_t e = 0; e < count; e++) dx[i * c + e] = shares[e];
        }
    }
}

/* Whether (value, at) comes before (best, where): the greater, a NaN before numbers, and of equals the first. */
INLINE int is_better(real value, int64_t at, real best, int64_t where) {
    if (value != value || best != best) return best == best || (value != value && at < where);
    return value > best || (value == best && at < where);
}

/* As max_pool2d, with the plane as its window. buf: x, y, indices or NULL; these are int64 if p->kind is 1, else int32. */
static void global_max_pool2d(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, pixels = p->ih * p->iw, together = c < POOL_NARROW ? GLOBAL_PIXELS : 1;
    const pool_images part = pool_images_of(task, p->n, pixels, c);
    const int64_t channels = part.c1 - part.c0, lanes = together * channels, rows = pixels / together;
    for (int64_t n = part.n0; n < part.n1; n++) {
        const real *x = (const real *)buf[0] + n * pixels * c + part.c0;
        real best[GLOBAL_LANES + VL];
        word row[GLOBAL_LANES + VL];
        for (int64_t e = 0; e < lanes; e += VL) {
            const int64_t held = min64(VL, lanes - e);
            vec value = vset1((real)-INFINITY), where = vset1_word(0);
            for (int64_t r = 0; r < rows; r++)
                vkeep_first_max(vload_first(x + r * together * c + e, held), vset1_word(r), &value, &where);
            vstore(best + e, value);
            vstore_as_words(row + e, where);
        }
        for (int64_t k = 0; k < channels; k++) {
            real value = (real)-INFINITY;
            int64_t at = pixels;
            for (int64_t l = 0; l < together && rows; l++) {
                const int64_t i = row[l * channels + k] * together + l;
                if (is_better(best[l * channels + k], i, value, at)) value = best[l * channels + k], at = i;
            }
            for (int64_t i = rows * together; i < pixels; i++)
                if (is_better(x[i * c + k], i, value, at)) value = x[i * c + k], at = i;
            ((real *)buf[1])[n * c + part.c0 + k] = value;
            if (buf[2]) store_words(buf[2], n * c + part.c0 + k, p->kind, &(word){(word)at}, 1);
        }
    }
}
