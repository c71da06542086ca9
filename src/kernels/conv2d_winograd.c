/* The weights of Winograd's convolution, and the convolution: see winograd.h. */
#include "winograd.h"

enum { WEIGHT_CHANNELS = 8 };
static int64_t winograd_weights_tasks(const problem *p) { return ceil_div(p->ic, WEIGHT_CHANNELS); }

/* One vector of output channels: u[frequency] = G g G'. */
INLINE void weights_tile(const real *g, int64_t plane, real *u, int64_t u_plane, const int side, const int tail,
                         vmask mask) {
    vec columns[3][MOST_SIDE];
    UNROLL for (int j = 0; j < 3; j++) {
        vec k[3];
        UNROLL for (int i = 0; i < 3; i++) k[i] = load_channels(g + (i * 3 + j) * plane, 0, 1, tail, mask);
        transform_kernel(k, columns[j], side - 2);
    }
    UNROLL for (int i = 0; i < side; i++) {
        const vec k[3] = {columns[0][i], columns[1][i], columns[2][i]};
        vec t[MOST_SIDE];
        transform_kernel(k, t, side - 2);
        UNROLL for (int j = 0; j < side; j++) store_channels(u + (i * side + j) * u_plane, t[j], 0, 1, tail, mask);
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
            if (p->th == 2)
                weights_tile(g, plane, u, u_plane, 4, tail, mask);
            else
                weights_tile(g, plane, u, u_plane, 6, tail, mask);
        }
}

/* Bytes that the transformed tiles of one block, and the copy of the rows that they read, stay under if they can. */
enum { V_BYTES = 1 << 19, OUTPUT_CHANNELS = 64 };

/* The same problem, its output grown to whole tiles: what lies beyond is computed of zeros, and dropped. */
static problem whole_tiles(const problem *p) {
    problem q = *p;
    q.oh = ceil_div(p->oh, p->th) * p->th;
    q.ow = ceil_div(p->ow, p->th) * p->th;
    return q;
}
static int64_t tile_row_length(const problem *p) { return ceil_div(p->ow, p->th); }

/* Rows of tiles in a task: enough to fill a block, few enough to feed the threads and to stay in the caches. */
static int64_t tile_rows_of_task(const problem *p) {
    const int64_t rows = ceil_div(p->oh, p->th), length = tile_row_length(p);
    const int64_t work = length * frequencies(p) * p->ic * p->oc;
    const int64_t row_bytes = (length * p->th + 2) * p->th * p->ic * (int64_t)sizeof(real);
    const int64_t wanted = max64(ceil_div(BLOCK_TILES, length), ceil_div(task_work(p), work));
    return even_rows(rows, max64(1, min64(wanted, V_BYTES / row_bytes)));
}
static int64_t conv2d_winograd_tasks(const problem *p) {
    return p->n * ceil_div(ceil_div(p->oh, p->th), tile_rows_of_task(p));
}
static int64_t tiles_of_block(const problem *p) {
    const int64_t tile_bytes = frequencies(p) * p->ic * (int64_t)sizeof(real);
    const int64_t most = V_BYTES / tile_bytes >= BLOCK_TILES ? BLOCK_TILES : V_BYTES / tile_bytes >= 14 ? 14 : 7;
    return min64(most, tile_rows_of_task(p) * tile_row_length(p));
}
static int64_t conv2d_winograd_scratch(const problem *p) {
    const problem whole = whole_tiles(p);
    const int64_t channels = p->ic + min64(p->oc, OUTPUT_CHANNELS);
    return frequencies(p) * tiles_of_block(p) * channels * (int64_t)sizeof(real) +
           band_bytes(&whole, tile_rows_of_task(p) * p->th);
}

/* The outputs of one tile, as many as there are, for `lanes` channels. */
INLINE void store_tile(const problem *p, const real *m, int64_t plane, const real *bias, real *y, int64_t rows,
                       int64_t columns, const int side, const int tail, vmask mask) {
    vec s[4][4];
    output_tile(m, plane, s, side, tail, mask);
    const vec start = bias ? load_channels(bias, 0, 1, tail, mask) : vset1(0);
    UNROLL for (int i = 0; i < side - 2; i++) UNROLL for (int j = 0; j < side - 2; j++) {
        if (i >= rows || j >= columns) continue;
        const vec value = s[i][j] + start;
        store_channels(y + (i * p->ow + j) * p->oc, p->relu ? vrelu(value) : value, 0, 1, tail, mask);
    }
}

INLINE void store_channels_of_tile(const problem *p, const real *m, int64_t plane, const real *bias, real *y,
                                   int64_t rows, int64_t columns, int64_t channels, const int side) {
    int64_t oc = 0;
    for (; oc + VL <= channels; oc += VL)
        store_tile(p, m + oc, plane, bias ? bias + oc : NULL, y + oc, rows, columns, side, 0, vmask_first(VL));
    if (oc < channels)
        store_tile(p, m + oc, plane, bias ? bias + oc : NULL, y + oc, rows, columns, side, 1,
                   vmask_first(channels - oc));
}

/* y = conv(x, w) + bias, then max(0, y) with p->relu; tiles of p->th x p->th outputs. buf: x, u, bias or NULL, y. A task is a
 * few rows of tiles of one image. */
static void conv2d_winograd(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const problem whole = whole_tiles(p);
    const int64_t m_side = p->th, length = tile_row_length(p), tile_rows = whole.oh / m_side;
    const int64_t step = tile_rows_of_task(p), bands = ceil_div(tile_rows, step);
    const int64_t n = task / bands, first = task % bands * step, rows = min64(step, tile_rows - first);
    const int64_t most = tiles_of_block(p), v_plane = most * p->ic, m_step = min64(p->oc, OUTPUT_CHANNELS);
    real *v = scratch, *m = v + frequencies(p) * v_plane;
    const band in = read_band(&whole, (const real *)buf[0] + n * p->ih * p->iw * p->ic, first * m_side, rows * m_side,
                              m + frequencies(p) * most * m_step);
    for (int64_t block = 0; block < rows * length; block += most) {
        const int64_t tiles = min64(most, rows * length - block);
        for (int64_t i = 0; i < tiles; i++) {
            const int64_t row = (block + i) / length, column = (block + i) % length;
            const real *x = in.x + row * m_side * in.row_step + column * m_side * p->ic;
            if (m_side == 2)
                input_channels(x, in.row_step, p->ic, v + i * p->ic, v_plane, 4);
            else
                input_channels(x, in.row_step, p->ic, v + i * p->ic, v_plane, 6);
        }
        for (int64_t oc = 0; oc < p->oc; oc += m_step) {
            const int64_t channels = min64(m_step, p->oc - oc);
            const real *bias = buf[2] ? (const real *)buf[2] + oc : NULL;
            multiply_frequencies(p, v, v_plane, (const real *)buf[1] + oc, m, most * m_step, m_step, tiles, channels);
            for (int64_t i = 0; i < tiles; i++) {
                const int64_t oh = (first + (block + i) / length) * m_side, ow = (block + i) % length * m_side;
                real *y = (real *)buf[3] + ((n * p->oh + oh) * p->ow + ow) * p->oc + oc;
                const real *from = m + i * m_step;
                if (m_side == 2)
                    store_channels_of_tile(p, from, most * m_step, bias, y, p->oh - oh, p->ow - ow, channels, 4);
                else
                    store_channels_of_tile(p, from, most * m_step, bias, y, p->oh - oh, p->ow - ow, channels, 6);
            }
        }
    }
}
