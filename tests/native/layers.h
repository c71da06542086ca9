/* The cases of driver.c for layers that are neither convolution nor pool. */
#ifndef LAYERS_H
#define LAYERS_H

/* Axes (n, oh, ow, h, w, c) of x in a random order, c last where there are several: as y has them in another. */
static void check_permute(void) {
    problem p = {.n = 1 + below(3), .oh = 1 + below(3), .ow = 1 + below(3), .ih = 1 + below(40), .iw = 1 + below(70)};
    p.ic = below(2) ? 1 : 1 + below(40);
    if (!below(4)) p.ih = 1 + below(3), p.iw = 500 + below(300);
    const int64_t size = p.n * p.oh * p.ow * p.ih * p.iw * p.ic, outer[] = {p.n, p.oh, p.ow};
    int64_t *x_steps[] = {&p.pb, &p.th, &p.tw}, *y_steps[] = {&p.pr, &p.zh, &p.zw}, at = below(3);
    int64_t x_step = p.ih * p.iw * p.ic, y_step = x_step;
    p.sw = p.ic, p.sh = p.iw * p.ic, p.dh = p.ic, p.dw = p.ih * p.ic;
    FOR(i, 3) * x_steps[i] = x_step, x_step *= outer[i];
    FOR(i, 3) * y_steps[(i + at) % 3] = y_step, y_step *= outer[(i + at) % 3];
    real *x = numbers(size), *y = reals(size);
    double *expected = doubles(size);
    FOR(outside, p.n * p.oh * p.ow) FOR(h, p.ih) FOR(w, p.iw) FOR(c, p.ic) {
        const int64_t n = outside / (p.oh * p.ow), oh = outside / p.ow % p.oh, ow = outside % p.ow;
        const int64_t from = n * p.pb + oh * p.th + ow * p.tw, to = n * p.pr + oh * p.zh + ow * p.zw;
        expected[to + h * p.dh + w * p.dw + c] = (double)x[from + h * p.sh + w * p.sw + c];
    }
    RUN("permute", &p, x, y);
    same("permute", &p, y, expected, size);
}

static void check_log_softmax(void) {
    const problem p = {.n = 1 + below(70), .oc = 1 + below(40)};
    const int64_t size = p.n * p.oc;
    real *x = numbers(size), *dy = numbers(size), *y = reals(size), *dx = reals(size);
    double *expected = doubles(size), *expected_dx = doubles(size);
    FOR(n, p.n) {
        double mass = 0, sum = 0;
        FOR(k, p.oc) mass += exp((double)x[n * p.oc + k]), sum += (double)dy[n * p.oc + k];
        FOR(k, p.oc) {
            expected[n * p.oc + k] = (double)x[n * p.oc + k] - log(mass);
            expected_dx[n * p.oc + k] = (double)dy[n * p.oc + k] - exp((double)x[n * p.oc + k]) / mass * sum;
        }
    }
    RUN("log_softmax", &p, x, y);
    near("log_softmax", &p, y, expected, size);
    RUN("log_softmax_backward", &p, dy, y, dx);
    near("log_softmax_backward", &p, dx, expected_dx, size);
}

static void check_prelu(void) {
    problem p = {.n = 1 + below(3), .ih = 1 + below(5), .iw = 1 + below(9), .ic = 1 + below(40)};
    const int64_t rows = below(2) ? p.ih : 1, columns = below(2) ? p.iw : 1, channels = below(2) ? p.ic : 1;
    p.sh = rows > 1 ? columns * channels : 0, p.sw = columns > 1 ? channels : 0, p.dw = channels > 1;
    const int64_t size = x_size(&p);
    real *x = numbers(size), *dy = numbers(size), *slopes = numbers(rows * columns * channels);
    real *y = reals(size), *dx = reals(size), *shares = reals(size);
    double *expected = doubles(size), *expected_dx = doubles(size), *expected_shares = doubles(size);
    FOR(i, size) {
        const int64_t at = i / p.ic / p.iw % p.ih * p.sh + i / p.ic % p.iw * p.sw + i % p.ic * p.dw;
        expected[i] = (double)x[i] * (x[i] > 0 ? 1 : (double)slopes[at]);
        expected_dx[i] = (double)dy[i] * (x[i] > 0 ? 1 : (double)slopes[at]);
        expected_shares[i] = x[i] > 0 ? 0 : (double)dy[i] * (double)x[i];
    }
    RUN("prelu", &p, x, slopes, y);
    same("prelu", &p, y, expected, size);
    RUN("prelu_backward", &p, dy, x, slopes, below(2) ? dx : NULL, shares);
    same("prelu_backward's shares", &p, shares, expected_shares, size);
    RUN("prelu_backward", &p, dy, x, slopes, dx, shares);
    same("prelu_backward", &p, dx, expected_dx, size);
}

static void check_layer_norm(void) {
    problem p = {
        .n = 1 + below(90), .oc = below(4) ? 1 + below(60) : 900 + below(900), .count = 1 + below(64), .a = 0.5};
    const int64_t size = p.n * p.oc, parts = chunks(&p);
    real *x = numbers(size), *dy = numbers(size), *y = reals(size), *dx = reals(size), *rows = reals(2 * p.n);
    real *gamma = numbers(p.oc), *beta = numbers(p.oc), *partial = reals(parts * p.oc), *dgamma = reals(p.oc);
    double *expected = doubles(size), *expected_dx = doubles(size), *scale_slopes = doubles(p.oc);
    for (p.kind = 0; p.kind < 3; p.kind++) {
        const int with = (int)below(2);
        FOR(c, p.oc) scale_slopes[c] = 0;
        FOR(n, p.n) {
            double mean = 0, variance = 0, sum = 0, along = 0;
            if (p.kind != 2) FOR(c, p.oc) mean += (double)x[n * p.oc + c] / (double)p.oc;
            FOR(c, p.oc) variance += pow((double)x[n * p.oc + c] - mean, 2) / (double)p.oc;
            const double inverse = 1 / sqrt(variance + p.a), shift = p.kind ? 0 : mean;
            FOR(c, p.oc) {
                const int64_t i = n * p.oc + c;
                const double unit = ((double)x[i] - shift) * inverse, g = (double)dy[i] * (with ? (double)gamma[c] : 1);
                expected[i] = with ? unit * (double)gamma[c] + (double)beta[c] : unit;
                scale_slopes[c] += (double)dy[i] * unit;
                if (!p.kind) sum += g / (double)p.oc;
                along += g * unit / (double)p.oc;
            }
            FOR(c, p.oc) {
                const int64_t i = n * p.oc + c;
                const double g = (double)dy[i] * (with ? (double)gamma[c] : 1);
                expected_dx[i] = inverse * (g - sum - ((double)x[i] - mean) * inverse * along);
            }
        }
        RUN("layer_norm", &p, x, with ? gamma : NULL, with ? beta : NULL, rows, y);
        near("layer_norm", &p, y, expected, size);
        RUN("layer_norm_backward", &p, dy, x, with ? gamma : NULL, rows, dx);
        near("layer_norm_backward", &p, dx, expected_dx, size);
        RUN("layer_norm_products", &p, dy, x, rows, partial, NULL);
        sum_chunks(&p, partial, dgamma, p.oc);
        near("layer_norm_products", &p, dgamma, scale_slopes, p.oc);
        FOR(c, p.oc) scale_slopes[c] = 0;
        FOR(i, size) scale_slopes[i % p.oc] += (double)dy[i];
        RUN("layer_norm_products", &p, dy, x, rows, NULL, partial);
        sum_chunks(&p, partial, dgamma, p.oc);
        same("layer_norm_products's shifts", &p, dgamma, scale_slopes, p.oc);
    }
}

static void check_noise(void) {
    const problem p = {.count = 1 + below(5000), .a = 0.5, .b = 2};
    real *x = numbers(p.count), *y = reals(p.count), *ones = reals(p.count), *zeros = reals(p.count);
    double *expected = doubles(p.count);
    uint64_t *key = allocate(2 * sizeof(uint64_t), sizeof(uint64_t));
    key[0] = (uint64_t)below(1 << 20), key[1] = (uint64_t)below(1 << 20);
    RUN("dropout", &p, NULL, key, ones);
    FOR(i, p.count) {
        if (ones[i] != 0 && ones[i] != 2) fprintf(stderr, "dropout: %g\n", (double)ones[i]), exit(1);
        expected[i] = (double)ones[i] * (double)x[i];
    }
    RUN("dropout", &p, x, key, y);
    same("dropout", &p, y, expected, p.count);

    problem noise = {.count = p.count, .a = 0.5};
    FOR(i, p.count) ones[i] = 1, zeros[i] = 0;
    RUN("normal_noise", &noise, zeros, key, y);
    FOR(i, p.count) expected[i] = 1 + (double)y[i];
    noise.b = 1;
    RUN("normal_noise", &noise, ones, key, y);
    near("normal_noise", &p, y, expected, p.count);

    const problem shared = {
        .n = 1 + below(9), .ow = 1 + below(300), .oc = below(3) ? 1 + below(40) : 1, .b = 2, .c = 3};
    const int64_t size = shared.n * shared.ow * shared.oc;
    real *factors = numbers(shared.n * shared.oc), *from = numbers(size), *to = reals(size);
    double *scaled = doubles(size);
    FOR(i, size) {
        const double f = (double)factors[i / shared.oc / shared.ow * shared.oc + i % shared.oc];
        scaled[i] = (double)from[i] * f + (f != 0 ? 2 : 3);
    }
    RUN("scale_rows", &shared, from, factors, to);
    same("scale_rows", &shared, to, scaled, size);
}

static void check_batch_norm(void) {
    const problem p = {.n = 1 + below(150), .oc = 1 + below(140), .count = 1 + below(64), .a = 0.5, .b = 0.75};
    const int64_t size = p.n * p.oc, parts = chunks(&p), c = p.oc;
    real *x = numbers(size), *dy = numbers(size), *y = reals(size), *dx = reals(size), *partial = reals(parts * c);
    real *sums = numbers(c), *squares = reals(c), *products = reals(c), *norm = reals(3 * c), *gamma = numbers(c);
    real *beta = numbers(c), *mean = numbers(c), *variance = numbers(c);
    double *expected = doubles(size), *by_channel = doubles(c), *moved = doubles(c);
    problem centred = p;
    centred.a = 2;
    FOR(k, c) by_channel[k] = 0;
    FOR(i, size) by_channel[i % c] += pow((double)x[i] - 2 * (double)sums[i % c], 2);
    RUN("centered_squares", &centred, x, sums, partial);
    sum_chunks(&p, partial, squares, c);
    same("centered_squares", &p, squares, by_channel, c);

    FOR(k, c) moved[k] = (double)mean[k] * 0.75 + (double)sums[k] / (double)p.n * 0.25;
    RUN("batch_norm_statistics", &p, sums, squares, gamma, norm, mean, variance);
    near("batch_norm_statistics", &p, mean, moved, c);
    FOR(k, c) moved[k] = (double)gamma[k] / sqrt((double)squares[k] / (double)p.n + 0.5);
    near("batch_norm_statistics", &p, norm + 2 * c, moved, c);
    FOR(k, c) variance[k] = 1, moved[k] = 1 / sqrt(1.5);
    RUN("batch_norm_statistics", &p, NULL, NULL, NULL, norm, mean, variance);
    near("batch_norm_statistics without sums", &p, norm + 2 * c, moved, c);

    FOR(k, c) norm[k] = (real)(below(5) - 2), norm[c + k] = 2, norm[2 * c + k] = (real)(1 + below(3));
    FOR(i, size)
    expected[i] = ((double)x[i] - (double)norm[i % c]) * (double)norm[2 * c + i % c] + (double)beta[i % c];
    RUN("batch_norm", &p, x, norm, beta, y);
    same("batch_norm", &p, y, expected, size);
    FOR(i, size) expected[i] -= (double)beta[i % c];
    RUN("batch_norm", &p, x, norm, NULL, y);
    same("batch_norm without beta", &p, y, expected, size);

    FOR(k, c) moved[k] = ((double)gamma[k] - (double)norm[k]) * (double)norm[2 * c + k] + (double)beta[k];
    RUN("fold_bias", &p, gamma, norm, beta, mean);
    same("fold_bias", &p, mean, moved, c);
    FOR(k, c) moved[k] = -(double)norm[k] * (double)norm[2 * c + k];
    RUN("fold_bias", &p, NULL, norm, NULL, mean);
    same("fold_bias without bias and beta", &p, mean, moved, c);

    FOR(k, c) by_channel[k] = 0;
    FOR(i, size) by_channel[i % c] += 2 * (double)dy[i] * ((double)x[i] - (double)norm[i % c]);
    RUN("normalized_products", &p, dy, x, norm, partial);
    sum_chunks(&p, partial, products, c);
    same("normalized_products", &p, products, by_channel, c);
    FOR(i, size) {
        const double unit = 2 * ((double)x[i] - (double)norm[i % c]),
                     both = (double)sums[i % c] + unit * by_channel[i % c];
        expected[i] = (double)norm[2 * c + i % c] * ((double)dy[i] - both / (double)p.n);
    }
    RUN("batch_norm_backward", &p, dy, x, norm, sums, products, dx);
    near("batch_norm_backward", &p, dx, expected, size);
    FOR(i, size) expected[i] = (double)norm[2 * c + i % c] * (double)dy[i];
    RUN("batch_norm_backward", &p, dy, x, norm, NULL, NULL, dx);
    same("batch_norm_backward without sums", &p, dx, expected, size);
}

#endif
