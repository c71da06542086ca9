/* The cases of driver.c for what joins arrays: merges, repeated axes, columns of a wider matrix. */
#ifndef MERGES_H
#define MERGES_H

enum { ADD, SUBTRACT, MULTIPLY, MAXIMUM, MINIMUM, AVERAGE, MERGES };

static double naive_merge(int64_t kind, double x, double y, double divisor) {
    if (kind == ADD) return x + y;
    if (kind == SUBTRACT) return x - y;
    if (kind == MULTIPLY) return x * y;
    if (kind == AVERAGE) return (x + y) / divisor;
    if (isnan(x) || isnan(y)) return NAN;
    return (kind == MAXIMUM) == (x > y) ? x : y;
}

static void check_repeat(void) {
    const problem p = {.n = 1 + below(5), .ow = 1 + below(200), .oc = below(3) ? 1 + below(20) : 250 + below(20)};
    const int64_t small = p.n * p.oc, large = small * p.ow;
    real *x = numbers(small), *y = reals(large), *dy = numbers(large), *dx = reals(small);
    double *expected = doubles(large), *expected_dx = doubles(small);
    FOR(i, small) expected_dx[i] = 0;
    FOR(n, p.n) FOR(w, p.ow) FOR(c, p.oc) {
        const int64_t i = (n * p.ow + w) * p.oc + c;
        expected[i] = (double)x[n * p.oc + c];
        expected_dx[n * p.oc + c] += (double)dy[i];
    }
    RUN("repeat", &p, x, y);
    same("repeat", &p, y, expected, large);
    RUN("repeat_backward", &p, dy, dx);
    same("repeat_backward", &p, dx, expected_dx, small);
}

static void check_copy(void) {
    problem p = {.n = 1 + below(30), .count = 1 + below(300)};
    p.ic = p.count + below(9), p.oc = p.count + below(9);
    real *x = numbers(p.n * p.ic), *y = numbers(p.n * p.oc);
    double *expected = doubles(p.n * p.oc);
    FOR(n, p.n) FOR(c, p.oc) expected[n * p.oc + c] = c < p.count ? (double)x[n * p.ic + c] : (double)y[n * p.oc + c];
    RUN("copy_columns", &p, x, y);
    same("copy_columns", &p, y, expected, p.n * p.oc);
}

static void check_merges(void) {
    problem p = {.count = below(4) ? 1 + below(100) : 4000 + below(200), .a = 4};
    real *x = numbers(p.count), *y = numbers(p.count), *z = reals(p.count), *dx = reals(p.count);
    double *expected = doubles(p.count);
    if (!below(4)) poison(below(2) ? x : y, p.count);
    for (p.kind = 0; p.kind < MERGES; p.kind++) {
        FOR(i, p.count) expected[i] = naive_merge(p.kind, (double)x[i], (double)y[i], p.a);
        RUN("merge", &p, x, y, z);
        same("merge", &p, z, expected, p.count);
        if (p.kind != MAXIMUM && p.kind != MINIMUM) continue;
        FOR(i, p.count) z[i] = (real)(below(7) - 3);
        FOR(i, p.count) {
            const double more = p.kind == MAXIMUM ? (double)x[i] - (double)y[i] : (double)y[i] - (double)x[i];
            expected[i] = x[i] == y[i] ? (double)z[i] / 2 : more < 0 ? 0 : (double)z[i];
        }
        RUN("extremum_backward", &p, z, x, y, dx);
        same("extremum_backward", &p, dx, expected, p.count);
    }
    FOR(i, p.count) expected[i] = (double)x[i] + (double)y[i];
    p.kind = ADD;
    RUN("merge", &p, x, y, x);
    same("merge in place", &p, x, expected, p.count);
    double *losses = doubles(3), *weights = doubles(3), *total = doubles(1);
    const problem three = {.count = 3};
    FOR(i, 3) losses[i] = (double)below(7), weights[i] = (double)below(7);
    RUN("sum_losses", &three, losses, weights, total);
    const double sum = losses[0] * weights[0] + losses[1] * weights[1] + losses[2] * weights[2];
    if (*total != sum) fail("sum_losses", &three, 0, *total, sum);
    check_repeat();
    check_copy();
}

#endif
