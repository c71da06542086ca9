/* The cases of driver.c for affine maps: places at halves of pixels, so that shares are quarters and sums exact. */
#ifndef RESAMPLING_H
#define RESAMPLING_H

#include "resizing.h"

/* What `at` is in an axis of `size`, -1 where there is nothing. */
static int64_t naive_place(int64_t at, int64_t size, int64_t border) {
    if (at >= 0 && at < size) return at;
    return border == 0 ? -1 : naive_border(at, size, border);
}

static double random_half(int64_t most) { return (double)(below(4 * most + 1) - 2 * most) / 2; }

static void check_affine(void) {
    problem p = {.n = 1 + below(4), .ih = 1 + below(9), .iw = 1 + below(9), .oh = 1 + below(9), .groups = 1, .a = 5};
    p.ow = below(4) ? 1 + below(40) : 120 + below(150);
    p.ic = p.oc = below(3) ? 1 + below(5) : 14 + below(40);
    p.border = below(5), p.kind = below(2);
    p.count = below(2) ? 1 : p.n;
    if (p.count > 1 && p.n % 2 == 0) p.groups = 2, p.count = p.n / 2;
    real *x = numbers(x_size(&p)), *y = reals(y_size(&p)), *dy = numbers(y_size(&p)), *dx = reals(x_size(&p));
    real *maps = reals(p.count * 8);
    double *expected = doubles(y_size(&p)), *expected_dx = doubles(x_size(&p));
    FOR(i, p.count * 8) maps[i] = (real)(i % 8 < 6 ? random_half(i % 3 == 2 ? 20 : 2) : 0);
    FOR(i, x_size(&p)) expected_dx[i] = 0;
    FOR(n, p.n) FOR(h, p.oh) FOR(w, p.ow) FOR(c, p.ic) {
        const real *map = maps + (p.count == 1 ? 0 : n / p.groups * 8);
        const int64_t to = ((n * p.oh + h) * p.ow + w) * p.ic + c;
        double column = (double)map[0] * (double)w + (double)map[1] * (double)h + (double)map[2];
        double row = (double)map[3] * (double)w + (double)map[4] * (double)h + (double)map[5];
        if (p.kind == 0) column = floor(column + 0.5), row = floor(row + 0.5);
        expected[to] = 0;
        FOR(tap, 4) {
            const double r = floor(row) + (double)(tap / 2), q = floor(column) + (double)(tap % 2);
            const double share = (1 - fabs(row - r)) * (1 - fabs(column - q));
            const int64_t ih = naive_place((int64_t)r, p.ih, p.border), iw = naive_place((int64_t)q, p.iw, p.border);
            const int64_t from = ((n * p.ih + ih) * p.iw + iw) * p.ic + c;
            if (ih >= 0 && iw >= 0) expected_dx[from] += share * (double)dy[to];
            expected[to] += share * (ih >= 0 && iw >= 0 ? (double)x[from] : p.a);
        }
    }
    RUN("affine", &p, x, maps, y);
    same("affine", &p, y, expected, y_size(&p));
    RUN("affine_backward", &p, dy, maps, dx);
    same("affine_backward", &p, dx, expected_dx, x_size(&p));
}

/* Ranges of one number each: the map is known. */
static void check_random_affine(void) {
    problem p = {.n = 250 + below(20), .ih = 1 + below(50), .iw = 1 + below(50), .kind = below(1 << 20)};
    uint64_t *state = allocate(2 * sizeof(uint64_t), sizeof(uint64_t));
    double *ranges = doubles(13), *expected = doubles(p.n * 8);
    real *maps = reals(p.n * 8);
    state[0] = (uint64_t)below(1 << 20), state[1] = (uint64_t)below(1 << 20);
    const int64_t quarters = below(9) - 4, flips = below(2);
    const double zoom = 1 + (double)below(3) / 2, down = (double)below(3) / 2, c[] = {1, 0, -1, 0, 1};
    FOR(i, 13) ranges[i] = i < 2 ? (double)quarters / 4 : i < 4 ? zoom : i < 6 ? 1 : i < 8 ? down : 0;
    ranges[10] = (double)flips;
    RUN("random_affine", &p, state, ranges, maps);
    const double x = (double)(p.iw - 1) / 2, y = (double)(p.ih - 1) / 2;
    const double cosine = c[(quarters + 4) % 4], sine = c[(quarters + 7) % 4];
    FOR(n, p.n) {
        double z = zoom, *map = expected + n * 8;
        if (flips && (quarters % 2 ? (double)maps[n * 8 + 3] * sine : (double)maps[n * 8 + 4] * cosine) < 0) z = -z;
        map[0] = cosine, map[1] = -sine, map[2] = x - x * map[0] - y * map[1];
        map[3] = z * sine, map[4] = z * cosine, map[5] = y - x * map[3] - y * map[4] - down * (double)p.ih;
        map[6] = map[7] = 0;
    }
    near("random_affine", &p, maps, expected, p.n * 8);
}

static void check_resampling(void) {
    check_affine();
    check_random_affine();
}

#endif
