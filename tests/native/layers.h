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

#endif
