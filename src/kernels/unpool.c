/* Max-unpooling, NHWC: the way back of a max pool, by the indices that it gave. x and dx have ih x iw pixels, y and dy oh x ow.
 */
#include "pool.h"

static int64_t max_unpool2d_tasks(const problem *p) {
    return pool_image_tasks(p->n, p->oh * p->ow, p->ic, scattered_channels(p->n, p->ic));
}

/* y[n, index, c] = x[n, ih, iw, c], the last of several, and 0 elsewhere. buf: x, indices (int64), y. */
static void max_unpool2d(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, plane = p->oh * p->ow, pixels = p->ih * p->iw;
    const pool_images part = pool_images_of(task, p->n, plane, c, scattered_channels(p->n, c));
    for (int64_t n = part.n0; n < part.n1; n++) {
        const real *restrict x = (const real *)buf[0] + n * pixels * c;
        const int64_t *restrict indices = (const int64_t *)buf[1] + n * pixels * c;
        real *restrict y = (real *)buf[2] + n * plane * c;
        clear_channels(y + part.c0, plane, c, part.c1 - part.c0);
        for (int64_t i = 0; i < pixels; i++)
            for (int64_t k = part.c0; k < part.c1; k++) y[indices[i * c + k] * c + k] = x[i * c + k];
    }
}

/* dx[n, ih, iw, c] = dy[n, index, c]. buf: dy, indices (int64), dx. */
static void max_unpool2d_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t c = p->ic, plane = p->oh * p->ow, pixels = p->ih * p->iw;
    const pool_images part = pool_images_of(task, p->n, plane, c, scattered_channels(p->n, c));
    for (int64_t n = part.n0; n < part.n1; n++) {
        const real *restrict dy = (const real *)buf[0] + n * plane * c;
        const int64_t *restrict indices = (const int64_t *)buf[1] + n * pixels * c;
        real *restrict dx = (real *)buf[2] + n * pixels * c;
        for (int64_t i = 0; i < pixels; i++)
            for (int64_t k = part.c0; k < part.c1; k++) dx[i * c + k] = dy[indices[i * c + k] * c + k];
    }
}
