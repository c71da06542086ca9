/* 3x3 convolution by Winograd's algorithm, bias, ReLU and the max-pool behind them: see winograd.h and conv2d_pool.c. */
#include "winograd_part.h"

static problem whole_strip(const problem *p) { return whole_tiles(p, strip_rows(p, p->zh), strip_columns(p)); }

/* The least pooled rows that are whole tiles, too, as long as others follow. */
static int64_t pooled_unit(const problem *p) {
    int64_t rows = 1;
    while (rows * p->th % p->kind) rows++;
    return rows;
}

/* Pooled rows [first, first + rows) of the part of a task. */
typedef struct pooled_part {
    tile_part t;
    int64_t first, rows;
} pooled_part;

static int64_t pooled_rows(const problem *p, const problem *whole) {
    if (is_one_block(whole)) return p->zh;
    const int64_t unit = pooled_unit(p);
    return min64(p->zh, ceil_div(rows_of_part(whole) * p->kind, unit * p->th) * unit);
}
static pooled_part nth_pooled_part(const problem *p, const problem *whole, int64_t task) {
    const int64_t step = pooled_rows(p, whole), wide = channels_of_part(whole);
    const int64_t blocks = ceil_div(p->oc, wide), bands = ceil_div(p->zh, step);
    const int64_t c = task % blocks * wide, first = task / blocks % bands * step;
    const int64_t together = images_of_part(whole), n = task / blocks / bands * together;
    const int64_t rows = min64(step, p->zh - first), tile_rows = ceil_div(strip_rows(p, rows), p->kind);
    const tile_part t = {n, min64(together, p->n - n), first * p->th / p->kind, tile_rows, c, min64(wide, p->oc - c)};
    return (pooled_part){t, first, rows};
}
static int64_t conv2d_winograd_pool_tasks(const problem *p) {
    const problem whole = whole_strip(p);
    const pooled_part a = nth_pooled_part(p, &whole, 0);
    return ceil_div(p->n, a.t.images) * ceil_div(p->zh, a.rows) * ceil_div(p->oc, a.t.channels);
}

/* Elements of one image of the map between convolution and pool, and the map of a part's images. */
static int64_t map_elements(const problem *whole, const tile_part *t) {
    return t->rows * whole->kind * whole->ow * t->channels;
}
static tile_target map_of(const problem *whole, const tile_part *t, real *map) {
    const int64_t row = whole->ow * t->channels;
    return (tile_target){map, map_elements(whole, t), row, t->channels, t->rows * whole->kind, whole->ow, 0};
}
static int64_t conv2d_winograd_pool_scratch(const problem *p) {
    const problem whole = whole_strip(p);
    const pooled_part a = nth_pooled_part(p, &whole, 0);
    return a.t.images * map_elements(&whole, &a.t) * (int64_t)sizeof(real) + part_bytes(&whole, &a.t);
}

/* buf: x, u, bias or NULL, y, codes (uint8) or NULL. A task is a few pooled rows of one image, a few channels of one, or p->count
 * small images. */
static void conv2d_winograd_pool(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const problem whole = whole_strip(p);
    const pooled_part a = nth_pooled_part(p, &whole, task);
    const tile_target map = map_of(&whole, &a.t, scratch);
    winograd_part(&whole, &a.t, buf[0], buf[1], buf[2], &map, map.y + a.t.images * map.image);
    for (int64_t i = 0; i < a.t.images * a.rows; i++) {
        const int64_t image = i / a.rows, z = i % a.rows;
        const int64_t at = (((a.t.n + image) * p->zh + a.first + z) * p->zw) * p->oc + a.t.c;
        pool_strip(p, map.y + image * map.image + z * p->th * map.row, map.row, a.t.channels, (real *)buf[3] + at,
                   buf[4] ? (uint8_t *)buf[4] + at : NULL);
    }
}
