/* Convolution, bias, ReLU and the max-pool behind them in one pass: the large map between them is never written.
 *
 *   y[n, zh, zw, oc] = max over (i, j) of relu(conv(x)[n, zh*th + i, zw*tw + j, oc])
 *   code = i * qw + j of the first maximum, or of the first NaN
 *
 * What the pool drops at the border is not computed. relu(max) = max(relu), so the ReLU comes last. */
#include "conv2d_pool_zeros.h"

static int64_t strip_columns(const problem *p) { return (p->zw - 1) * p->tw + p->qw; }

/* The rows of a band of pooled rows, in rows of the convolution. */
static int64_t strip_rows(const problem *p, int64_t pooled) { return (pooled - 1) * p->th + p->qh; }

/* Where zeros are skipped, a task goes through all weights, so it takes more rows. */
enum { WHOLE_WORK = 1 << 22 };
static int64_t pool_rows(const problem *p) {
    const int64_t work = p->qh * strip_columns(p) * p->oc * p->kh * p->kw * p->ic;
    return even_rows(p->zh, ceil_div(can_skip(p) && p->n >= MANY_IMAGES ? WHOLE_WORK : task_work(p), work));
}
static int64_t conv2d_forward_pool_tasks(const problem *p) { return p->n * ceil_div(p->zh, pool_rows(p)); }

/* Rows of one pooled row, or where zeros are skipped of all; whole cache lines. */
static int64_t strip_bytes(const problem *p) {
    const int64_t rows = can_skip(p) ? strip_rows(p, pool_rows(p)) : p->qh;
    return ceil_div(rows * strip_columns(p) * p->oc * (int64_t)sizeof(real), CACHE_LINE) * CACHE_LINE;
}
static int64_t conv2d_forward_pool_scratch(const problem *p) {
    const int64_t rows = strip_rows(p, pool_rows(p));
    return strip_bytes(p) + alive_bytes(p, rows) + forward_segment_bytes(p) + band_bytes(p, rows);
}

/* One pooled row of `channels` channels out of qh rows, `row` elements apart. */
static void pool_strip(const problem *p, const real *strip, int64_t row, int64_t channels, real *y, uint8_t *codes) {
    for (int64_t z = 0; z < p->zw; z++, y += p->oc, codes += codes ? p->oc : 0)
        for (int64_t c = 0; c < channels; c += VL) {
            const int64_t lanes = min64(VL, channels - c);
            const vmask m = vmask_first(lanes);
            const real *window = strip + z * p->tw * channels + c;
            vec best = load_channels(window, 0, 1, lanes < VL, m), where = vset1(0);
            real code = 0;
            for (int64_t i = 0; i < p->qh; i++)
                for (int64_t j = 0; j < p->qw; j++, code += 1)
                    vkeep_first_max(load_channels(window + i * row + j * channels, 0, 1, lanes < VL, m), vset1(code),
                                    &best, &where);
            store_channels(y + c, p->relu ? vrelu(best) : best, 0, 1, lanes < VL, m);
            if (codes) vstore_codes(codes + c, where, lanes);
        }
}

/* buf: x, w, bias or NULL, y, codes (uint8) or NULL. A task is a few pooled rows of one image. */
static void conv2d_forward_pool(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t step = pool_rows(p), bands = ceil_div(p->zh, step);
    const int64_t n = task / bands, first = task % bands * step, rows = min64(step, p->zh - first);
    const int64_t columns = strip_columns(p);
    const real *bias = buf[2];
    real *strip = scratch;
    uint64_t *alive = (uint64_t *)((char *)scratch + strip_bytes(p));
    segment *segments = (segment *)((char *)alive + alive_bytes(p, strip_rows(p, step)));
    const band in = read_band(p, (const real *)buf[0] + n * p->ih * p->iw * p->ic, first * p->th, strip_rows(p, rows),
                              (real *)((char *)segments + forward_segment_bytes(p)));
    const int64_t out = (n * p->zh + first) * p->zw * p->oc;
    real *y = (real *)buf[3] + out;
    uint8_t *codes = buf[4] ? (uint8_t *)buf[4] + out : NULL;
    if (can_skip(p) && forward_zeros(p, in, rows, columns, buf[1], bias, alive, strip)) {
        for (int64_t z = 0; z < rows; z++)
            pool_strip(p, strip + z * p->th * columns * p->oc, columns * p->oc, p->oc, y + z * p->zw * p->oc,
                       codes ? codes + z * p->zw * p->oc : NULL);
        return;
    }
    inner_args t = {.x_step = p->sw * p->ic, .segments = segments, .w_step = p->oc, .y_step = p->oc};
    t.segment_count = forward_segments(p, in.row_step, p->dh, segments);
    for (int64_t z = 0; z < rows; z++) {
        for (int64_t oc = 0; oc < p->oc;) {
            const int64_t vectors = line_vectors(columns, p->oc - oc), channels = min64(vectors * VL, p->oc - oc);
            t.w = (const real *)buf[1] + oc;
            t.bias = bias ? bias + oc : NULL;
            for (int64_t r = 0; r < p->qh; r++) {
                t.x = in.x + (z * p->th + r) * p->sh * in.row_step;
                t.y = strip + r * columns * p->oc + oc;
                inner_line(t, columns, vectors, channels);
            }
            oc += channels;
        }
        pool_strip(p, strip, columns * p->oc, p->oc, y + z * p->zw * p->oc, codes ? codes + z * p->zw * p->oc : NULL);
    }
}
