/* Noise in training: dropout, and normal noise that is added or multiplied.
 *
 * An element's number is that of its place, of the node and of the batch: backward draws again what forward drew, and every
 * number of threads the same. Plain C that the compiler vectorises, no operation fused, so all ISAs give the same bits. */
#include "kernel.h"
#include "philox.h"
#include "special.h"

/* y = b * x for elements that are kept, 0 for a share a of them; without x, y = b. The same key and step give the same mask, so
 * this is forward and backward. A task is one block. buf: x or NULL, {key, step} (uint64), y. */
static void dropout(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    const uint64_t *state = buf[1];
    const real scale = (real)p->b;
    const double share = ceil(p->a * 4294967296.0);
    const uint32_t dropped = share < 4294967295.0 ? (uint32_t)share : 4294967295u;
    uint32_t words[DRAWN];
    for (int64_t i = 0; i < lanes; i += DRAWN) {
        draw(words, state[0] + (uint64_t)p->kind, state[1], (uint64_t)(first + i));
        const real *restrict x = buf[0] ? (const real *)buf[0] + first + i : NULL;
        real *restrict y = (real *)buf[2] + first + i;
        const int64_t count = min64(DRAWN, lanes - i);
        if (x)
            for (int64_t k = 0; k < count; k++) y[k] = words[k] >= dropped ? x[k] * scale : 0;
        else
            for (int64_t k = 0; k < count; k++) y[k] = words[k] >= dropped ? scale : 0;
    }
}

/* A normal number of the upper 23 bits of a random word: the inverse of the distribution by two polynomials (Giles, 2010), to
 * float's accuracy. */
INLINE real normal_of(uint32_t word) {
    static const real centre[] = {(real)1.50140941,     (real)0.246640727,    (real)-0.00417768164,
                                  (real)-0.00125372503, (real)0.00021858087,  (real)-4.39150654e-06,
                                  (real)-3.5233877e-06, (real)3.43273939e-07, (real)2.81022636e-08};
    static const real tail[] = {(real)2.83297682,    (real)1.00167406,     (real)0.00943887047,
                                (real)-0.0076224613, (real)0.00573950773,  (real)-0.00367342844,
                                (real)0.00134934322, (real)0.000100950558, (real)-0.000200214257};
    const real u = (real)((int32_t)(word >> 9) * 2 + 1 - 8388608) * (real)(1.0 / 8388608);
    const real w = log_of(1 / ((1 - u) * (1 + u))), near = w - (real)2.5, far = ROOT(w) - 3;
    real inside = centre[8], outside = tail[8];
    UNROLL for (int k = 7; k >= 0; k--) inside = inside * near + centre[k], outside = outside * far + tail[k];
    return u * (w < 5 ? inside : outside) * (real)1.41421356237309504880;
}

/* y = x + a * z, or, with b = 1, x * (1 + a * z), z from a standard normal distribution. A task is one block.
 * buf: x, {key, step} (uint64), y. */
static void normal_noise(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    const uint64_t *state = buf[1];
    const real a = (real)p->a;
    uint32_t words[DRAWN];
    real noise[DRAWN];
    for (int64_t i = 0; i < lanes; i += DRAWN) {
        draw(words, state[0] + (uint64_t)p->kind, state[1], (uint64_t)(first + i));
        for (int64_t k = 0; k < DRAWN; k++) noise[k] = a * normal_of(words[k]);
        const real *restrict x = (const real *)buf[0] + first + i;
        real *restrict y = (real *)buf[2] + first + i;
        const int64_t count = min64(DRAWN, lanes - i);
        if (p->b != 0)
            for (int64_t k = 0; k < count; k++) y[k] = x[k] * (1 + noise[k]);
        else
            for (int64_t k = 0; k < count; k++) y[k] = x[k] + noise[k];
    }
}

static int64_t scale_rows_tasks(const problem *p) { return ceil_div(p->n * p->ow * p->oc, POINT_BLOCK); }

/* y = f * x + (f != 0 ? b : c) */
INLINE void scale_row(const real *restrict x, const real *restrict f, real *restrict y, int64_t lanes, real b, real c) {
    if (b == 0 && c == 0)
        for (int64_t i = 0; i < lanes; i++) y[i] = x[i] * f[i];
    else
        for (int64_t i = 0; i < lanes; i++) y[i] = x[i] * f[i] + (f[i] != 0 ? b : c);
}

/* y[n, ow, oc] = f[n, oc] * x[n, ow, oc] + (f[n, oc] != 0 ? b : c). A task is one block. buf: x, f, y. */
static void scale_rows(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, last = min64(first + POINT_BLOCK, p->n * p->ow * p->oc);
    const real b = (real)p->b, c = (real)p->c;
    const real *x = buf[0], *factors = buf[1];
    real *y = buf[2];
    if (p->oc == 1) {
        for (int64_t at = first, image = first / p->ow, end; at < last; at = end, image++) {
            const real f = factors[image], shift = f != 0 ? b : c;
            end = min64((image + 1) * p->ow, last);
            for (int64_t i = at; i < end; i++) y[i] = x[i] * f + shift;
        }
        return;
    }
    int64_t row = first / p->oc % p->ow, column = first % p->oc;
    const real *f = factors + first / p->oc / p->ow * p->oc;
    for (int64_t at = first; at < last;) {
        const int64_t lanes = min64(p->oc - column, last - at);
        scale_row(x + at, f + column, y + at, lanes, b, c);
        at += lanes, column = 0;
        if (++row == p->ow) row = 0, f += p->oc;
    }
}
