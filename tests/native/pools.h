/* The cases of driver.c for pools: windows and whole planes, maxima and averages, their gradients and the way back. */
#ifndef POOLS_H
#define POOLS_H

/* Windows of k taps, d apart, s from one to the next; the last one may reach beyond the padded image. */
static void random_pool_axis(int64_t k, int64_t s, int64_t d, int64_t *size, int64_t *before, int64_t *after,
                             int64_t *outputs) {
    const int64_t reach = (k - 1) * d + 1;
    *size = reach + (below(5) ? below(12) : 500 + below(600));
    *before = below(k), *after = below(k);
    const int64_t rest = *size + *before + *after - reach, full = rest / s + 1;
    *outputs = below(2) && rest % s && full * s < *size + *before ? full + 1 : full;
}

static problem random_pool(int64_t dilated) {
    problem p = {.n = 1 + below(3), .ic = below(4) ? 1 + below(20) : 60 + below(80)};
    if (!below(4)) p.ic = 1;
    p.oc = p.ic;
    p.kh = 1 + below(4), p.kw = 1 + below(4), p.sh = 1 + below(3), p.sw = 1 + below(3);
    p.dh = dilated ? 1 + below(2) : 1, p.dw = dilated ? 1 + below(2) : 1;
    random_pool_axis(p.kh, p.sh, p.dh, &p.ih, &p.pt, &p.pb, &p.oh);
    do random_pool_axis(p.kw, p.sw, p.dw, &p.iw, &p.pl, &p.pr, &p.ow);
    while (p.ih > 100 && p.iw > 100);
    return p;
}

/* Some of x becomes minus infinity, so that windows hold nothing else. */
static void sink(real *x, int64_t count) { FOR(i, count) if (below(3)) x[i] = (real)-INFINITY; }

static void check_max_pool(void) {
    problem p = random_pool(1);
    const int64_t plane = p.ih * p.iw;
    real *x = numbers(x_size(&p)), *y = reals(y_size(&p)), *dy = numbers(y_size(&p)), *dx = reals(x_size(&p));
    int32_t *indices = words(y_size(&p));
    int64_t *wide = allocate((size_t)y_size(&p) * sizeof(int64_t), sizeof(int64_t));
    double *expected = doubles(y_size(&p)), *at = doubles(y_size(&p)), *expected_dx = doubles(x_size(&p));
    if (!below(3)) sink(x, x_size(&p));
    if (!below(3)) poison(x, x_size(&p));
    naive_max_pool(&p, x, expected, at);
    RUN("max_pool2d", &p, x, y, indices);
    same("max_pool2d", &p, y, expected, y_size(&p));
    FOR(i, y_size(&p)) if (indices[i] != (int32_t)at[i]) fail("max_pool2d's index", &p, i, indices[i], at[i]);
    RUN("max_pool2d", &p, x, y, NULL);
    same("max_pool2d", &p, y, expected, y_size(&p));
    FOR(i, x_size(&p)) expected_dx[i] = 0;
    FOR(i, y_size(&p)) {
        const int64_t image = i / (p.oh * p.ow * p.oc);
        expected_dx[(image * plane + indices[i]) * p.ic + i % p.oc] += (double)dy[i];
    }
    RUN("max_pool2d_backward", &p, dy, indices, dx);
    same("max_pool2d_backward", &p, dx, expected_dx, x_size(&p));
    p.kind = 1;
    RUN("max_pool2d", &p, x, y, wide);
    same("max_pool2d", &p, y, expected, y_size(&p));
    FOR(i, y_size(&p))
    if (wide[i] != indices[i]) fail("max_pool2d's wide index", &p, i, (double)wide[i], indices[i]);
    RUN("max_pool2d_backward", &p, dy, wide, dx);
    same("max_pool2d_backward", &p, dx, expected_dx, x_size(&p));
}

/* From ih x iw to oh x ow pixels. */
static void check_unpool(void) {
    const problem p = random_pool(0);
    real *x = numbers(x_size(&p)), *y = reals(y_size(&p)), *dy = numbers(y_size(&p)), *dx = reals(x_size(&p));
    int64_t *indices = allocate((size_t)x_size(&p) * sizeof(int64_t), sizeof(int64_t));
    double *expected = doubles(y_size(&p)), *expected_dx = doubles(x_size(&p));
    FOR(i, y_size(&p)) expected[i] = 0;
    FOR(i, x_size(&p)) {
        indices[i] = below(p.oh * p.ow);
        const int64_t at = (i / (p.ih * p.iw * p.ic) * p.oh * p.ow + indices[i]) * p.ic + i % p.ic;
        expected[at] = (double)x[i], expected_dx[i] = (double)dy[at];
    }
    RUN("max_unpool2d", &p, x, indices, y);
    same("max_unpool2d", &p, y, expected, y_size(&p));
    RUN("max_unpool2d_backward", &p, dy, indices, dx);
    same("max_unpool2d_backward", &p, dx, expected_dx, x_size(&p));
}

/* What the sum of window (oh, ow) is divided by. */
static double naive_divisor(const problem *p, int64_t oh, int64_t ow) {
    int64_t counted = 0;
    FOR(i, p->kh) FOR(j, p->kw) {
        const int64_t h = oh * p->sh + i - p->pt, w = ow * p->sw + j - p->pl;
        counted += p->kind ? h < p->ih + p->pb && w < p->iw + p->pr : h >= 0 && h < p->ih && w >= 0 && w < p->iw;
    }
    return p->a != 0 ? p->a : (double)counted;
}

static void check_average_pool(void) {
    problem p = random_pool(0);
    p.kind = below(2), p.a = below(3) ? 0 : (double)ONE_OF(-2, 1, 3);
    real *x = numbers(x_size(&p)), *y = reals(y_size(&p)), *dy = numbers(y_size(&p)), *dx = reals(x_size(&p));
    double *expected = doubles(y_size(&p)), *expected_dx = doubles(x_size(&p)), *out = expected;
    FOR(i, x_size(&p)) expected_dx[i] = 0;
    const real *g = dy;
    const problem *q = &p;
    FOR_OUTPUTS(q) {
        const double divisor = naive_divisor(&p, oh, ow);
        double sum = 0;
        FOR(kh, p.kh) FOR(kw, p.kw) {
            const int64_t at = x_at(&p, n, oh, ow, kh, kw);
            if (at < 0) continue;
            sum += (double)x[at + oc];
            expected_dx[at + oc] += (double)*g / divisor;
        }
        *out++ = sum / divisor, g++;
    }
    RUN("avg_pool2d", &p, x, y);
    near("avg_pool2d", &p, y, expected, y_size(&p));
    RUN("avg_pool2d_backward", &p, dy, dx);
    near("avg_pool2d_backward", &p, dx, expected_dx, x_size(&p));
}

static void check_global_pools(void) {
    problem p = random_pool(0);
    p.kh = p.ih, p.kw = p.iw, p.oh = p.ow = 1, p.pt = p.pl = p.pb = p.pr = 0;
    const int64_t pixels = p.ih * p.iw;
    real *x = numbers(x_size(&p)), *y = reals(y_size(&p)), *dy = numbers(y_size(&p)), *dx = reals(x_size(&p));
    int32_t *indices = words(y_size(&p));
    double *expected = doubles(y_size(&p)), *at = doubles(y_size(&p)), *expected_dx = doubles(x_size(&p));
    FOR(i, y_size(&p)) expected[i] = 0;
    FOR(i, x_size(&p)) {
        const int64_t plane = i / (pixels * p.ic) * p.ic + i % p.ic;
        expected[plane] += (double)x[i] / (double)pixels;
        expected_dx[i] = (double)dy[plane] / (double)pixels;
    }
    RUN("global_avg_pool2d", &p, x, y);
    near("global_avg_pool2d", &p, y, expected, y_size(&p));
    RUN("global_avg_pool2d_backward", &p, dy, dx);
    near("global_avg_pool2d_backward", &p, dx, expected_dx, x_size(&p));
    if (!below(3)) sink(x, x_size(&p));
    if (!below(3)) poison(x, x_size(&p));
    naive_max_pool(&p, x, expected, at);
    RUN("global_max_pool2d", &p, x, y, NULL);
    same("global_max_pool2d", &p, y, expected, y_size(&p));
    RUN("global_max_pool2d", &p, x, y, indices);
    same("global_max_pool2d", &p, y, expected, y_size(&p));
    FOR(i, y_size(&p)) if (indices[i] != (int32_t)at[i]) fail("global_max_pool2d's index", &p, i, indices[i], at[i]);
}

#endif
