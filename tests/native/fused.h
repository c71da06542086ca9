/* The cases of driver.c for convolutions by Winograd's algorithm and for those with a max-pool behind them, and their gradients. */
#ifndef FUSED_H
#define FUSED_H

/* A forward kernel with a pool behind; `weights` is what it reads them from. */
static void check_pooled(const char *name, const problem *p, real *x, real *w, real *weights) {
    real *bias = below(2) ? numbers(p->oc) : NULL, *y = reals(z_size(p)), *as_reals = reals(z_size(p));
    uint8_t *codes = below(4) ? bytes(z_size(p)) : NULL;
    double *map = doubles(y_size(p)), *expected = doubles(z_size(p)), *expected_codes = doubles(z_size(p));
    naive_conv(p, x, w, bias, map);
    naive_pool(p, map, expected, expected_codes);
    RUN(name, p, x, weights, bias, y, codes);
    same(name, p, y, expected, z_size(p));
    if (!codes) return;
    FOR(i, z_size(p)) as_reals[i] = (real)codes[i];
    same(name, p, as_reals, expected_codes, z_size(p));
}

static void check_pool_forward(int64_t one_channel) {
    problem p = one_channel ? random_conv(3, 1, 1, 1) : random_conv(0, 0, 0, 0);
    if (!add_pool(&p, one_channel ? 2 : 0, 0)) return;
    real *x = numbers(x_size(&p)), *w = numbers(w_size(&p));
    if (!below(3)) poison(x, x_size(&p));
    check_pooled("conv2d_forward_pool", &p, x, w, w);
    if (one_channel) check_pooled("conv2d_forward_pool_c1", &p, x, w, w);
}

/* Images that are mostly zeros, which are skipped unless a weight is not finite. */
static void check_pool_zeros(void) {
    problem p = random_conv(0, 0, 0, 16 + below(80));
    p.oc = ONE_OF(24, 48, 64);
    if (!add_pool(&p, 2, 0)) return;
    real *x = numbers(x_size(&p)), *w = numbers(w_size(&p));
    FOR(i, x_size(&p)) if (below(8)) x[i] = 0;
    if (!below(3)) poison(x, x_size(&p));
    if (!below(3)) w[below(w_size(&p))] = INFINITY;
    check_pooled("conv2d_forward_pool", &p, x, w, w);
}

static int64_t winograd_size(const problem *p) {
    const int64_t side = p->kind + 2;
    return side * side * (p->ic * p->oc + CACHE_LINE / (int64_t)sizeof(real));
}

/* The weights turned where older ones are known, of which a few are the same. */
static void turn_again(const problem *p, real *w, real *turned) {
    real *known = numbers(w_size(p));
    RUN("winograd_weights", p, known, NULL, turned);
    FOR(i, w_size(p)) if (below(2)) known[i] = w[i];
    real *older = numbers(w_size(p));
    FOR(i, w_size(p)) older[i] = known[i];
    RUN("winograd_weights", p, known, NULL, turned);
    RUN("winograd_weights", p, w, older, turned);
}

static void check_winograd(void) {
    problem p = random_conv(3, 1, 1, 0);
    p.kind = ONE_OF(2, 4, 5);
    if (p.pt > 1 && below(2)) p.pt = -1; /* a gradient of data cuts off what was padded */
    if (p.pt < 0) p.oh = p.ih - 3;
    if (p.oh < 1) return;
    if (!below(3)) p.oc = ONE_OF(32, 64);
    real *x = numbers(x_size(&p)), *w = numbers(w_size(&p)), *bias = below(2) ? numbers(p.oc) : NULL;
    real *turned = allocate((size_t)winograd_size(&p) * sizeof(real), CACHE_LINE), *y = reals(y_size(&p));
    double *expected = doubles(y_size(&p));
    naive_conv(&p, x, w, bias, expected);
    FOR(i, y_size(&p)) if (p.relu) expected[i] = relu(expected[i]);
    RUN("winograd_weights", &p, w, NULL, turned);
    RUN("conv2d_winograd", &p, x, turned, bias, y);
    (p.kind == 2 ? same : rounds_to)("conv2d_winograd", &p, y, expected, y_size(&p));
}

/* Sums that only round to whole numbers: so does the maximum, and the element that its code names. */
static void check_rounded_pool(const char *name, const problem *p, real *x, real *w, real *weights) {
    real *bias = numbers(p->oc), *y = reals(z_size(p)), *chosen = reals(z_size(p));
    uint8_t *codes = bytes(z_size(p));
    double *map = doubles(y_size(p)), *expected = doubles(z_size(p)), *unused = doubles(z_size(p));
    naive_conv(p, x, w, bias, map);
    naive_pool(p, map, expected, unused);
    RUN(name, p, x, weights, bias, y, codes);
    rounds_to(name, p, y, expected, z_size(p));
    FOR(i, z_size(p)) {
        const int64_t oc = i % p->oc, zw = i / p->oc % p->zw, zh = i / p->oc / p->zw % p->zh;
        const int64_t n = i / p->oc / p->zw / p->zh, oh = zh * p->th + codes[i] / p->qw,
                      ow = zw * p->tw + codes[i] % p->qw;
        const double value = map[((n * p->oh + oh) * p->ow + ow) * p->oc + oc];
        chosen[i] = (real)(p->relu ? relu(value) : value);
    }
    rounds_to(name, p, chosen, expected, z_size(p));
}

static void check_winograd_pool(void) {
    problem p = random_conv(3, 1, 1, 0);
    if (!add_pool(&p, 0, 0)) return;
    p.kind = ONE_OF(2, 4, 5);
    real *x = numbers(x_size(&p)), *w = numbers(w_size(&p));
    real *turned = allocate((size_t)winograd_size(&p) * sizeof(real), CACHE_LINE);
    turn_again(&p, w, turned);
    (p.kind == 2 ? check_pooled : check_rounded_pool)("conv2d_winograd_pool", &p, x, w, turned);
}

/* Channels in a vector of the widest ISA: turned weights may be padded to whole vectors. */
enum { MOST_LANES = 16 };

enum { ANY_POOL, PATCHES, ONE_CHANNEL };
static void check_pool_backward(int64_t which) {
    problem p = which == ANY_POOL ? random_conv(0, 0, 0, 0) : random_conv(3, 1, 1, which == ONE_CHANNEL);
    if (!add_pool(&p, which == ANY_POOL ? 0 : 2, 0)) return;
    p.relu = 0;
    const int64_t taps = p.kh * p.kw * p.ic, kept = below(4);
    real *x = numbers(x_size(&p)), *w = numbers(w_size(&p)), *g = numbers(z_size(&p)), *dx = reals(x_size(&p));
    real *turned = reals(taps * p.oc * MOST_LANES), *partial = reals(chunks(&p) * w_size(&p)), *dw = reals(w_size(&p));
    uint8_t *codes = bytes(z_size(&p));
    double *map = doubles(y_size(&p)), *expected_dx = doubles(x_size(&p)), *expected_dw = doubles(w_size(&p));
    FOR(i, z_size(&p)) codes[i] = (uint8_t)below(p.qh * p.qw);
    FOR(i, z_size(&p)) if (below(4) > kept) g[i] = 0;
    naive_unpool(&p, g, codes, map);
    naive_backward_data(&p, map, w, expected_dx);
    naive_backward_weights(&p, x, map, expected_dw);

    const problem back = {.ic = p.oc, .oc = taps};
    RUN("conv2d_pool_turn_weights", &p, w, turned);
    const int masked = below(2) == 1;
    RUN("conv2d_backward_data_pool", &p, g, codes, turned, masked ? x : NULL, dx);
    FOR(i, x_size(&p)) if (masked && x[i] <= 0) expected_dx[i] = 0;
    same("conv2d_backward_data_pool", &p, dx, expected_dx, x_size(&p));

    RUN("conv2d_backward_weights_pool", &p, x, g, codes, partial);
    sum_chunks(&p, partial, turned, w_size(&p));
    RUN("dense_turn_weights", &back, turned, dw);
    same("conv2d_backward_weights_pool", &p, dw, expected_dw, w_size(&p));
    if (which != ONE_CHANNEL) return;
    real *partial_db = reals(chunks(&p) * p.oc), *db = reals(p.oc);
    double *expected_db = doubles(p.oc);
    FOR(oc, p.oc) expected_db[oc] = 0;
    FOR(i, z_size(&p)) expected_db[i % p.oc] += (double)g[i];
    RUN("conv2d_backward_weights_pool_c1", &p, x, g, codes, partial, partial_db);
    sum_chunks(&p, partial, dw, w_size(&p));
    sum_chunks(&p, partial_db, db, p.oc);
    same("conv2d_backward_weights_pool_c1", &p, dw, expected_dw, w_size(&p));
    same("conv2d_backward_weights_pool_c1's sums", &p, db, expected_db, p.oc);
}

#endif
