/* The cases of driver.c for images that become larger or smaller. */
#ifndef RESIZING_H
#define RESIZING_H

static void check_frame(void) {
    problem p = {.n = 1 + below(3), .ih = 1 + below(9), .iw = 1 + below(below(4) ? 9 : 300)};
    p.ic = p.oc = below(3) ? 1 + below(5) : 1;
    p.pt = below(p.ih + 3) - p.ih + 1, p.pl = below(3) ? below(p.iw + 3) - p.iw + 1 : 0;
    p.oh = 1 + below(p.ih + 4), p.ow = p.pl ? 1 + below(p.iw + 4) : p.iw;
    real *x = numbers(x_size(&p)), *y = reals(y_size(&p));
    double *expected = doubles(y_size(&p));
    FOR(n, p.n) FOR(h, p.oh) FOR(w, p.ow) FOR(c, p.ic) {
        const int64_t row = h - p.pt, column = w - p.pl;
        const int inside = row >= 0 && row < p.ih && column >= 0 && column < p.iw;
        expected[((n * p.oh + h) * p.ow + w) * p.ic + c] =
            inside ? (double)x[((n * p.ih + row) * p.iw + column) * p.ic + c] : 0;
    }
    RUN("frame", &p, x, y);
    same("frame", &p, y, expected, y_size(&p));
}

/* What pixel `i` of `size` has in output `o`, where each becomes `scale`. */
static double naive_part(int64_t i, int64_t o, int64_t size, int64_t scale, int64_t linear) {
    if (!linear) return o / scale == i;
    double at = ((double)o + 0.5) / (double)scale - 0.5;
    at = at<0 ? 0 : at>(double)(size - 1) ? (double)(size - 1) : at;
    return fmax(0, 1 - fabs(at - (double)i));
}

static void check_upsample(void) {
    static const char *forward[] = {"upsample", "upsample_bilinear"};
    static const char *backward[] = {"upsample_backward", "upsample_bilinear_backward"};
    problem p = {.n = 1 + below(3), .ih = 1 + below(5), .iw = 1 + below(6), .kh = 1 << below(3), .kw = 1 << below(3)};
    p.ic = p.oc = below(2) ? 1 : 1 + below(40);
    if (!below(10)) p.ih = 1, p.n = 1, p.iw = 2040 + below(20), p.ic = p.oc = 1, p.kw = 2, p.kh = 1;
    if (!below(10)) p.ic = p.oc = 1020 + below(9), p.kw = 2;
    const int exact = below(2) || p.iw > 6; /* scales whose parts are sums of powers of two */
    if (!exact) p.kh = 3, p.kw = 5;
    p.oh = p.ih * p.kh, p.ow = p.iw * p.kw;
    real *x = numbers(x_size(&p)), *y = reals(y_size(&p)), *dy = numbers(y_size(&p)), *dx = reals(x_size(&p));
    double *expected = doubles(y_size(&p)), *expected_dx = doubles(x_size(&p));
    FOR(linear, 2) {
        FOR(i, y_size(&p)) expected[i] = 0;
        FOR(i, x_size(&p)) expected_dx[i] = 0;
        FOR(n, p.n) FOR(h, p.oh) FOR(w, p.ow) FOR(row, p.ih) {
            const double part = naive_part(row, h, p.ih, p.kh, linear);
            if (part == 0) continue;
            const int64_t near_column = w / p.kw, first = near_column ? near_column - 1 : 0;
            for (int64_t column = first; column < p.iw && column <= near_column + 1; column++) {
                const double weight = part * naive_part(column, w, p.iw, p.kw, linear);
                const int64_t from = ((n * p.ih + row) * p.iw + column) * p.ic;
                const int64_t to = ((n * p.oh + h) * p.ow + w) * p.ic;
                FOR(c, p.ic) expected[to + c] += weight * (double)x[from + c];
                FOR(c, p.ic) expected_dx[from + c] += weight * (double)dy[to + c];
            }
        }
        RUN(forward[linear], &p, x, y);
        RUN(backward[linear], &p, dy, dx);
        if (exact || !linear) {
            same(forward[linear], &p, y, expected, y_size(&p));
            same(backward[linear], &p, dx, expected_dx, x_size(&p));
        } else {
            near(forward[linear], &p, y, expected, y_size(&p));
            near(backward[linear], &p, dx, expected_dx, x_size(&p));
        }
    }
}

static void check_resizing(void) {
    check_frame();
    check_upsample();
}

#endif
