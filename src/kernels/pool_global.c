/* The maximum or the average of each plane: y[n, c] of x[n, h, w, c].
 *
 * With many channels vectors of channels meet pixel after pixel. With few (POOL_NARROW) the lanes of GLOBAL_PIXELS pixels side
 * by side are taken for channels, and put together at the end, in a fixed tree. Either depends on the problem alone. */
#include "pool.h"

enum { GLOBAL_PIXELS = 64, GLOBAL_FEW_PIXELS = 16, GLOBAL_CHUNK = 128, GLOBAL_LANES = GLOBAL_PIXELS * POOL_NARROW };

static int64_t global_pool2d_tasks(const problem *p) {
    return pool_image_tasks(p->n, p->ih * p->iw, p->ic, POOL_CHANNELS);
}

/* How many pixels stand side by side; of small planes fewer. */
INLINE int64_t global_together(const problem *p) {
    if (p->ic >= POOL_NARROW) return 1;
    return p->ih * p->iw < 4 * GLOBAL_PIXELS ? GLOBAL_FEW_PIXELS : GLOBAL_PIXELS;
}

/* `vecs` columns of vectors, or so many lanes of one as `tail` says, summed over rows and added to `sum`. */
INLINE void add_columns(const real *x, int64_t rows, int64_t step, const int vecs, int64_t tail, double *sum) {
    vec s[POOL_VECS];
    real lanes[POOL_VECS * VL];
    UNROLL for (int v = 0; v < vecs; v++) s[v] = vset1(0);
    for (int64_t r = 0; r < rows; r++, x += step)
        UNROLL for (int v = 0; v < vecs; v++) s[v] = vadd(s[v], tail ? vload_first(x, tail) : vload(x + v * VL));
    UNROLL for (int v = 0; v < vecs; v++) vstore(lanes + v * VL, s[v]);
    for (int e = 0; e < vecs * VL; e++) sum[e] += (double)lanes[e];
}

INLINE void add_rows(const real *x, int64_t rows, int64_t step, int64_t lanes, double *sum) {
    int64_t e = 0;
    for (; e + POOL_VECS * VL <= lanes; e += POOL_VECS * VL) add_columns(x + e, rows, step, POOL_VECS, 0, sum + e);
    for (; e + VL <= lanes; e += VL) add_columns(x + e, rows, step, 1, 0, sum + e);
    if (e < lanes) add_columns(x + e, rows, step, 1, lanes - e, sum + e);
}

/* The mean of a small plane of one channel: GLOBAL_FEW_PIXELS sums side by side, put together in a tree. */
INLINE real mean_of_plane(const real *x, int64_t pixels) {
    vec s[GLOBAL_FEW_PIXELS / VL];
    real lanes[GLOBAL_FEW_PIXELS];
    UNROLL for (int v = 0; v < GLOBAL_FEW_PIXELS / VL; v++) s[v] = vset1(0);
    int64_t i = 0;
    for (; i + GLOBAL_FEW_PIXELS <= pixels; i += GLOBAL_FEW_PIXELS)
        UNROLL for (int v = 0; v < GLOBAL_FEW_PIXELS / VL; v++) s[v] = vadd(s[v], vload(x + i + v * VL));
    UNROLL for (int v = 0; v < GLOBAL_FEW_PIXELS / VL; v++) {
        const int64_t left = min64(VL, pixels - i - v * VL);
        if (left > 0) s[v] = vadd(s[v], vload_first(x + i + v * VL, left));
        vstore(lanes + v * VL, s[v]);
    }
    double sums[GLOBAL_FEW_PIXELS / 2];
    for (int k = 0; k < GLOBAL_FEW_PIXELS / 2; k++)
        sums[k] = (double)lanes[k] + (double)lanes[k + GLOBAL_FEW_PIXELS / 2];
    const double a = (sums[0] + sums[4]) + (sums[2] + sums[6]), b = (sums[1] + sums[5]) + (sums[3] + sums[7]);
    return (real)((a + b) / (double)pixels);
}

/* buf: x, y. A task is some images, or a block of one's channels. Sums run in chunks of GLOBAL_CHUNK,
 * and those of chunks in double. */
static void global_avg_pool2d(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, pixels = p->ih * p->iw, together = global_together(p);
    const pool_images part = pool_images_of(task, p->n, pixels, c, POOL_CHANNELS);
    const int64_t channels = part.c1 - part.c0, rows = pixels / together, rest = pixels - rows * together;
    const int64_t lanes = (rows ? together : rest) * channels;
    if (c == 1 && together == GLOBAL_FEW_PIXELS) {
        for (int64_t n = part.n0; n < part.n1; n++)
            ((real *)buf[1])[n] = mean_of_plane((const real *)buf[0] + n * pixels, pixels);
        return;
    }
    for (int64_t n = part.n0; n < part.n1; n++) {
        const real *x = (const real *)buf[0] + n * pixels * c + part.c0;
        real *y = (real *)buf[1] + n * c + part.c0;
        double sum[GLOBAL_LANES + VL];
        memset(sum, 0, (size_t)(lanes + VL) * sizeof(double));
        for (int64_t r = 0; r < rows; r += GLOBAL_CHUNK)
            add_rows(x + r * together * c, min64(GLOBAL_CHUNK, rows - r), together * c, together * channels, sum);
        add_rows(x + rows * together * c, 1, 0, rest * channels, sum);
        int64_t held = lanes / channels;
        while (held > 1) {
            const int64_t half = (held + 1) / 2;
            for (int64_t e = 0; e < (held - half) * channels; e++) sum[e] += sum[e + half * channels];
            held = half;
        }
        for (int64_t k = 0; k < channels; k++) y[k] = (real)(sum[k] / (double)pixels);
    }
}

/* dx[n, h, w, c] = dy[n, c] / (h * w). buf: dy, dx. */
static void global_avg_pool2d_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, pixels = p->ih * p->iw, together = min64(pixels, global_together(p));
    const pool_images part = pool_images_of(task, p->n, pixels, c, POOL_CHANNELS);
    const int64_t channels = part.c1 - part.c0;
    for (int64_t n = part.n0; n < part.n1; n++) {
        const real *dy = (const real *)buf[0] + n * c + part.c0;
        real *restrict dx = (real *)buf[1] + n * pixels * c + part.c0;
        real shares[GLOBAL_LANES];
        for (int64_t k = 0; k < channels; k++) shares[k] = dy[k] / (real)pixels;
        if (c == 1) {
            for (int64_t i = 0; i < pixels; i++) dx[i] = shares[0];
            continue;
        }
        for (int64_t i = 1; i < together; i++) memcpy(shares + i * channels, shares, (size_t)channels * sizeof(real));
        for (int64_t i = 0; i < pixels; i += together)
            memcpy(dx + i * c, shares, (size_t)(min64(together, pixels - i) * channels) * sizeof(real));
    }
}

/* The best of `vecs` columns of vectors, or of so many lanes of one as `tail` says, over rows from `first` on. */
INLINE void best_columns(const real *x, int64_t first, int64_t rows, int64_t step, const int vecs, int64_t tail,
                         real *best, real *where) {
    vec value[POOL_VECS], row[POOL_VECS];
    UNROLL for (int v = 0; v < vecs; v++) value[v] = vload(best + v * VL), row[v] = vload(where + v * VL);
    for (int64_t r = 0; r < rows; r++, x += step) {
        const vec code = vset1_word(first + r);
        UNROLL for (int v = 0; v < vecs; v++)
            vkeep_first_max(tail ? vload_first(x, tail) : vload(x + v * VL), code, &value[v], &row[v]);
    }
    UNROLL for (int v = 0; v < vecs; v++) vstore(best + v * VL, value[v]), vstore(where + v * VL, row[v]);
}

INLINE void best_rows(const real *x, int64_t first, int64_t rows, int64_t step, int64_t lanes, real *best,
                      real *where) {
    int64_t e = 0;
    for (; e + POOL_VECS * VL <= lanes; e += POOL_VECS * VL)
        best_columns(x + e, first, rows, step, POOL_VECS, 0, best + e, where + e);
    for (; e + VL <= lanes; e += VL) best_columns(x + e, first, rows, step, 1, 0, best + e, where + e);
    if (e < lanes) best_columns(x + e, first, rows, step, 1, lanes - e, best + e, where + e);
}

/* Whether (value, at) comes before (best, where): the greater, a NaN before numbers, and of equals the first. */
INLINE int is_better(real value, int64_t at, real best, int64_t where) {
    if (value != value || best != best) return best == best || (value != value && at < where);
    return value > best || (value == best && at < where);
}

/* Of a plane of one channel: its largest value, in any order, and then, if it has to be known, where that is first. */
INLINE int64_t max_of_plane(const real *x, int64_t pixels, const int indexed, real *y) {
    vec best[POOL_VECS], unused = vset1(0);
    UNROLL for (int v = 0; v < POOL_VECS; v++) best[v] = vset1(x[0]);
    int64_t i = 0;
    for (; i + POOL_VECS * VL <= pixels; i += POOL_VECS * VL)
        UNROLL for (int v = 0; v < POOL_VECS; v++) vkeep_first_max(vload(x + i + v * VL), unused, &best[v], &unused);
    for (; i + VL <= pixels; i += VL) vkeep_first_max(vload(x + i), unused, &best[0], &unused);
    UNROLL for (int v = 1; v < POOL_VECS; v++) vkeep_first_max(best[v], unused, &best[0], &unused);
    real lanes[VL], most = x[0];
    vstore(lanes, best[0]);
    for (int l = 0; l < VL; l++) most = !(lanes[l] <= most) & (most == most) ? lanes[l] : most;
    for (; i < pixels; i++) most = !(x[i] <= most) & (most == most) ? x[i] : most;
    int64_t at = 0;
    if (indexed || most == 0 || most != most) { /* zeros have two signs, and NaNs are many */
        if (most == most)
            while (x[at] != most) at++;
        else
            while (x[at] == x[at]) at++;
    }
    *y = indexed || most == 0 || most != most ? x[at] : most;
    return at;
}

/* As max_pool2d, with the plane as its window. buf: x, y, indices or NULL; these are int64 if p->kind is 1, else int32. */
static void global_max_pool2d(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, pixels = p->ih * p->iw, together = global_together(p);
    const pool_images part = pool_images_of(task, p->n, pixels, c, POOL_CHANNELS);
    const int64_t channels = part.c1 - part.c0, rows = pixels / together, lanes = rows ? together * channels : 0;
    for (int64_t n = part.n0; n < part.n1; n++) {
        const real *x = (const real *)buf[0] + n * pixels * c + part.c0;
        real *y = (real *)buf[1] + n * c + part.c0;
        if (c == 1) {
            const int64_t at = buf[2] ? max_of_plane(x, pixels, 1, y) : max_of_plane(x, pixels, 0, y);
            if (buf[2]) store_words(buf[2], n, p->kind, &(word){(word)at}, 1);
            continue;
        }
        real best[GLOBAL_LANES + VL], where[GLOBAL_LANES + VL];
        for (int64_t e = 0; e < lanes; e += VL) {
            vstore(best + e, vset1((real)-INFINITY));
            vstore(where + e, vset1_word(0));
        }
        for (int64_t r = 0; r < rows; r += GLOBAL_CHUNK)
            best_rows(x + r * together * c, r, min64(GLOBAL_CHUNK, rows - r), together * c, lanes, best, where);
        if (together == 1) {
            memcpy(y, best, (size_t)channels * sizeof(real));
            if (!buf[2]) continue;
            word places[GLOBAL_LANES];
            memcpy(places, where, (size_t)channels * sizeof(word));
            store_words(buf[2], n * c + part.c0, p->kind, places, channels);
            continue;
        }
        for (int64_t k = 0; k < channels; k++) {
            real value = (real)-INFINITY;
            int64_t at = pixels;
            for (int64_t e = k; e < lanes; e += channels) {
                word row;
                memcpy(&row, where + e, sizeof row);
                const int64_t i = row * together + e / channels;
                if (is_better(best[e], i, value, at)) value = best[e], at = i;
            }
            for (int64_t i = rows * together; i < pixels; i++)
                if (is_better(x[i * c + k], i, value, at)) value = x[i * c + k], at = i;
            y[k] = value;
            if (buf[2]) store_words(buf[2], n * c + part.c0 + k, p->kind, &(word){(word)at}, 1);
        }
    }
}
