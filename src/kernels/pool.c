/* 2-D max-pooling, NHWC, with dilation; padding counts as -inf.
 *
 *   y[n, oh, ow, c] = max of x[n, oh*sh + i*dh - pt, ow*sw + j*dw - pl, c]  over the taps (i, j) inside the image
 *
 * The index of the winner is flat in its plane: row * iw + column. The first maximum wins; a NaN wins over any number,
 * the first NaN over later ones. Every window has a tap in the image. */
#include "pool.h"

static int64_t max_pool2d_tasks(const problem *p) { return pool_parts(p->n, p->oh, p->ow, p->ic); }

/* Channels c0 on of one window, `vecs` vectors of them, or with `tail` so many of the only one. `y` and `at` are those of c0. */
INLINE void max_window(const problem *p, const real *image, int64_t h, int64_t w, pool_range rows, pool_range columns,
                       const int vecs, int64_t tail, real *y, void *indices, int64_t at, const int indexed) {
    vec best[POOL_VECS], where[POOL_VECS];
    const vec first = vset1_word((h + rows.first * p->dh) * p->iw + w + columns.first * p->dw);
    UNROLL for (int v = 0; v < vecs; v++) best[v] = vset1((real)-INFINITY), where[v] = first;
    for (int64_t i = rows.first; i < rows.end; i++)
        for (int64_t j = columns.first; j < columns.end; j++) {
            const int64_t place = (h + i * p->dh) * p->iw + w + j * p->dw;
            const real *x = image + place * p->ic;
            const vec code = vset1_word(place);
            UNROLL for (int v = 0; v < vecs; v++)
                vkeep_first_max(tail ? vload_first(x, tail) : vload(x + v * VL), code, &best[v], &where[v]);
        }
    UNROLL for (int v = 0; v < vecs; v++) {
        const int64_t lanes = tail ? tail : VL;
        vstore_first(y + v * VL, best[v], lanes);
        if (!indexed) continue;
        word places[VL];
        vstore_as_words(places, where[v]);
        store_words(indices, at + v * VL, p->kind, places, tail ? tail : VL);
    }
}

/* Outputs w0 up to w1 of row oh; y and at are those of the first. */
INLINE void max_row_wide(const problem *p, const real *image, int64_t oh, int64_t w0, int64_t w1, real *y,
                         void *indices, int64_t at, const int indexed) {
    const int64_t c = p->ic, h = oh * p->sh - p->pt;
    const pool_range rows = taps_inside(h, p->ih, p->kh, p->dh);
    for (int64_t ow = w0; ow < w1; ow++, y += c, at += c) {
        const int64_t w = ow * p->sw - p->pl;
        const pool_range columns = taps_inside(w, p->iw, p->kw, p->dw);
        int64_t k = 0;
        for (; k + POOL_VECS * VL <= c; k += POOL_VECS * VL)
            max_window(p, image + k, h, w, rows, columns, POOL_VECS, 0, y + k, indices, at + k, indexed);
        for (; k + VL <= c; k += VL)
            max_window(p, image + k, h, w, rows, columns, 1, 0, y + k, indices, at + k, indexed);
        if (k < c) max_window(p, image + k, h, w, rows, columns, 1, c - k, y + k, indices, at + k, indexed);
    }
}

/* The same for few outputs of few channels, one by one. */
INLINE void max_row_few(const problem *p, const real *image, int64_t oh, int64_t w0, int64_t w1, real *y, void *indices,
                        int64_t at, const int indexed) {
    const int64_t c = p->ic, h = oh * p->sh - p->pt;
    const pool_range rows = taps_inside(h, p->ih, p->kh, p->dh);
    for (int64_t ow = w0; ow < w1; ow++) {
        const int64_t w = ow * p->sw - p->pl;
        const pool_range columns = taps_inside(w, p->iw, p->kw, p->dw);
        for (int64_t k = 0; k < c; k++, y++, at++) {
            real best = (real)-INFINITY;
            int64_t where = (h + rows.first * p->dh) * p->iw + w + columns.first * p->dw;
            for (int64_t i = rows.first; i < rows.end; i++)
                for (int64_t j = columns.first; j < columns.end; j++) {
                    const int64_t place = (h + i * p->dh) * p->iw + w + j * p->dw;
                    const real value = image[place * c + k];
                    if (!(value <= best) && best == best) best = value, where = place;
                }
            *y = best;
            if (!indexed) continue;
            store_words(indices, at, p->kind, &(word){(word)where}, 1);
        }
    }
}

/* The same for a block of few channels: tap by tap along the row. A word is the index less the output's place, ow*sw. */
INLINE void max_row_narrow(const problem *p, const real *image, int64_t oh, int64_t w0, int64_t w1, real *y,
                           void *indices, int64_t at, const int indexed) {
    real best[POOL_BLOCK + VL], where[POOL_BLOCK + VL], values[POOL_BLOCK];
    const int64_t c = p->ic, h = oh * p->sh - p->pt;
    const pool_range rows = taps_inside(h, p->ih, p->kh, p->dh);
    const int64_t first = (h + rows.first * p->dh) * p->iw;
    for (int64_t e = 0; e < (w1 - w0) * c; e += VL) {
        vstore(best + e, vset1((real)-INFINITY));
        vstore(where + e, vset1_word(first - p->pl));
    }
    if (indexed)
        for (int64_t ow = w0; ow < w1 && ow * p->sw < p->pl; ow++) {
            const int64_t w = ow * p->sw - p->pl, j = taps_inside(w, p->iw, p->kw, p->dw).first;
            for (int64_t k = 0; k < c; k++) where[(ow - w0) * c + k] = real_of_word(first + j * p->dw - p->pl);
        }
    for (int64_t i = rows.first; i < rows.end; i++)
        for (int64_t j = 0; j < p->kw; j++) {
            const int64_t row = (h + i * p->dh) * p->iw, offset = j * p->dw - p->pl;
            const pool_range outs = outputs_inside(w0, w1, offset, p->sw, p->iw);
            const int64_t count = (outs.end - outs.first) * c;
            if (count <= 0) continue;
            const real *x = image + (row + outs.first * p->sw + offset) * c;
            x = side_by_side(x, outs.end - outs.first, p->sw, c, values);
            real *b = best + (outs.first - w0) * c, *a = where + (outs.first - w0) * c;
            const vec code = vset1_word(row + offset);
            for (int64_t e = 0; e < count; e += VL) {
                const int64_t lanes = min64(VL, count - e);
                vec kept = vload(b + e), place = vload(a + e);
                vkeep_first_max(vload_first(x + e, lanes), code, &kept, &place);
                vstore_first(b + e, kept, lanes);
                if (indexed) vstore_first(a + e, place, lanes);
            }
        }
    memcpy(y, best, (size_t)((w1 - w0) * c) * sizeof(real));
    if (!indexed) return;
    word places[POOL_BLOCK];
    memcpy(places, where, (size_t)((w1 - w0) * c) * sizeof(word));
    if (c == 1)
        for (int64_t o = 0; o < w1 - w0; o++) places[o] += (word)((w0 + o) * p->sw);
    else
        for (int64_t o = 0; o < w1 - w0; o++)
            for (int64_t k = 0; k < c; k++) places[o * c + k] += (word)((w0 + o) * p->sw);
    if (p->kind)
        store_words(indices, at, 1, places, (w1 - w0) * c);
    else
        store_words(indices, at, 0, places, (w1 - w0) * c);
}

INLINE void max_row(const problem *p, const real *image, int64_t oh, int64_t w0, int64_t w1, real *y, void *indices,
                    int64_t at, const int indexed) {
    const int64_t c = p->ic, step = POOL_BLOCK / c;
    if (c >= POOL_NARROW)
        max_row_wide(p, image, oh, w0, w1, y, indices, at, indexed);
    else if ((w1 - w0) * c < POOL_FEW)
        max_row_few(p, image, oh, w0, w1, y, indices, at, indexed);
    else
        for (int64_t w = w0; w < w1; w += step)
            max_row_narrow(p, image, oh, w, min64(w + step, w1), y + (w - w0) * c, indices, at + (w - w0) * c, indexed);
}

/* buf: x, y, indices or NULL; these are int64 if p->kind is 1, else int32. A task is some rows, or a part of one. */
static void max_pool2d(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const pool_part part = pool_part_of(task, p->n, p->oh, p->ow, p->ic);
    for (int64_t n = part.n0; n < part.n1; n++)
        for (int64_t oh = part.h0; oh < part.h1; oh++) {
            const real *image = (const real *)buf[0] + n * p->ih * p->iw * p->ic;
            const int64_t at = ((n * p->oh + oh) * p->ow + part.w0) * p->ic;
            real *y = (real *)buf[1] + at;
            if (buf[2])
                max_row(p, image, oh, part.w0, part.w1, y, buf[2], at, 1);
            else
                max_row(p, image, oh, part.w0, part.w1, y, NULL, at, 0);
        }
}

/* `wide` is a constant where this is called. */
INLINE void scatter_channels(const real *restrict dy, const void *indices, int64_t at, int64_t pixels, int64_t c,
                             int64_t channels, real *restrict dx, const int wide) {
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t k = 0; k < channels; k++) dx[word_at(indices, at + i * c + k, wide) * c + k] += dy[i * c + k];
}

static int64_t max_pool2d_backward_tasks(const problem *p) {
    return pool_image_tasks(p->n, p->ih * p->iw, p->ic, scattered_channels(p->n, p->ic));
}

/* dx[n, index, c] += dy[n, oh, ow, c], windows in their order. buf: dy, indices (int64 if p->kind is 1, else int32), dx. A
 * task is some images, or a block of one's channels: no two tasks meet in a pixel. */
static void max_pool2d_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, plane = p->ih * p->iw, pixels = p->oh * p->ow;
    const pool_images part = pool_images_of(task, p->n, plane, c, scattered_channels(p->n, c));
    const int64_t channels = part.c1 - part.c0;
    for (int64_t n = part.n0; n < part.n1; n++) {
        const int64_t at = n * pixels * c + part.c0;
        real *dx = (real *)buf[2] + n * plane * c + part.c0;
        clear_channels(dx, plane, c, channels);
        if (p->kind)
            scatter_channels((const real *)buf[0] + at, buf[1], at, pixels, c, channels, dx, 1);
        else
            scatter_channels((const real *)buf[0] + at, buf[1], at, pixels, c, channels, dx, 0);
    }
}
