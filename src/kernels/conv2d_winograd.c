/* The weights of Winograd's convolution, and the convolution: see winograd.h. */
#include "winograd_part.h"

enum { WEIGHT_CHANNELS = 8 };
static int64_t winograd_weights_tasks(const problem *p) { return ceil_div(p->ic, WEIGHT_CHANNELS); }

/* One vector of output channels: u[frequency] = G g G'. */
INLINE void weights_tile(const real *g, int64_t plane, real *u, int64_t u_plane, const int m, const int tail,
                         vmask mask) {
    vec lines[3][MOST_SIDE];
    UNROLL for (int i = 0; i < 3; i++) {
        vec k[3];
        UNROLL for (int j = 0; j < 3; j++) k[j] = load_channels(g + (i * 3 + j) * plane, 0, 1, tail, mask);
        transform_kernel(k, lines[i], m);
    }
    for (int j = 0; j < m + 2; j++) {
        const vec k[3] = {lines[0][j], lines[1][j], lines[2][j]};
        vec t[MOST_SIDE];
        transform_kernel(k, t, m);
        UNROLL for (int i = 0; i < m + 2; i++) store_channels(u + (i * (m + 2) + j) * u_plane, t[i], 0, 1, tail, mask);
    }
}

/* Whether the weights of `count` elements from `first` on in each of nine planes are those that `known` holds; then they
 * are. */
static int are_known(const real *w, real *known, int64_t first, int64_t count, int64_t plane) {
    int same = 1;
    for (int64_t i = 0; i < 9; i++) {
        const int64_t at = i * plane + first;
        const size_t bytes = (size_t)count * sizeof(real);
        if (same && !memcmp(w + at, known + at, bytes)) continue;
        same = 0;
        memcpy(known + at, w + at, bytes);
    }
    return same;
}

/* u[frequency][ic][oc] = G g G', frequencies weight_plane apart. buf: w, known or NULL, u. `known` is the w that u was computed
 * from, both zeros at first: what has not changed since is left. A task is a few input channels. */
static void winograd_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t plane = p->ic * p->oc, u_plane = weight_plane(p), last = min64((task + 1) * WEIGHT_CHANNELS, p->ic);
    const int64_t begin = task * WEIGHT_CHANNELS;
    if (buf[1] && are_known(buf[0], buf[1], begin * p->oc, (last - begin) * p->oc, plane)) return;
    for (int64_t ic = begin; ic < last; ic++)
        for (int64_t oc = 0; oc < p->oc; oc += VL) {
            const real *g = (const real *)buf[0] + ic * p->oc + oc;
            real *u = (real *)buf[2] + ic * p->oc + oc;
            const int tail = p->oc - oc < VL;
            const vmask mask = vmask_first(min64(VL, p->oc - oc));
            if (p->kind == 2)
                weights_tile(g, plane, u, u_plane, 2, tail, mask);
            else if (p->kind == 4)
                weights_tile(g, plane, u, u_plane, 4, tail, mask);
            else
                weights_tile(g, plane, u, u_plane, 5, tail, mask);
        }
}

/* The part of a task; how many tasks there are follows from its size. */
static tile_part nth_part(const problem *whole, int64_t task) {
    const int64_t rows = whole->oh / whole->kind, step = is_one_block(whole) ? rows : rows_of_part(whole);
    const int64_t wide = channels_of_part(whole), blocks = ceil_div(whole->oc, wide), bands = ceil_div(rows, step);
    const int64_t c = task % blocks * wide, row = task / blocks % bands * step;
    const int64_t together = images_of_part(whole), n = task / blocks / bands * together;
    return (tile_part){n, min64(together, whole->n - n), row, min64(step, rows - row), c, min64(wide, whole->oc - c)};
}
static int64_t conv2d_winograd_tasks(const problem *p) {
    const problem whole = whole_tiles(p, p->oh, p->ow);
    const tile_part first = nth_part(&whole, 0);
    return ceil_div(p->n, first.images) * ceil_div(whole.oh / whole.kind, first.rows) * ceil_div(p->oc, first.channels);
}
static int64_t conv2d_winograd_scratch(const problem *p) {
    const problem whole = whole_tiles(p, p->oh, p->ow);
    const tile_part first = nth_part(&whole, 0);
    return part_bytes(&whole, &first);
}

/* y = conv(x, w) + bias, then max(0, y) with p->relu; tiles of p->kind x p->kind outputs. buf: x, u, bias or NULL, y. A task
 * is a few rows of tiles of one image, a few channels of one, or p->count small images. */
static void conv2d_winograd(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const problem whole = whole_tiles(p, p->oh, p->ow);
    const tile_part t = nth_part(&whole, task);
    const int64_t row = p->ow * p->oc, first = t.row * p->kind;
    const tile_target to = {
        (real *)buf[3] + (t.n * p->oh + first) * row + t.c, p->oh * row, row, p->oc, p->oh - first, p->ow, p->relu};
    winograd_part(&whole, &t, buf[0], buf[1], buf[2], &to, scratch);
}
