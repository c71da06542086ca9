/* The cases of driver.c for layers that are neither convolution nor pool. */
#ifndef LAYERS_H
#define LAYERS_H

static void check_permute(void) {
    problem p = {.n = 1 + below(3), .ih = 1 + below(40), .iw = 1 + below(70), .ic = below(2) ? 1 : 1 + below(40)};
    if (!below(4)) p.ih = 1 + below(3), p.iw = 500 + below(300);
    const int64_t size = x_size(&p);
    real *x = numbers(size), *y = reals(size);
    double *expected = doubles(size);
    FOR(i, size) {
        const int64_t c = i % p.ic, w = i / p.ic % p.iw, h = i / p.ic / p.iw % p.ih, n = i / p.ic / p.iw / p.ih;
        expected[((n * p.iw + w) * p.ih + h) * p.ic + c] = (double)x[i];
    }
    RUN("swap_axes", &p, x, y);
    same("swap_axes", &p, y, expected, size);
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

#endif
