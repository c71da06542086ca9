/* The cases of driver.c beside the convolutions and the pools: dense, element by element, losses. */
#ifndef OTHERS_H
#define OTHERS_H

static void check_dense(void) {
    const problem p = {
        .n = below(4) ? 1 + below(40) : 130 + below(20), .ic = 1 + below(70), .oc = 1 + below(140), .relu = below(2)};
    const problem data = {.n = p.n, .ic = p.oc, .oc = p.ic}, plain = {.n = p.n, .ic = p.ic, .oc = p.oc};
    real *x = numbers(p.n * p.ic), *w = numbers(p.ic * p.oc), *bias = below(2) ? numbers(p.oc) : NULL;
    real *y = reals(p.n * p.oc), *dy = numbers(p.n * p.oc), *turned = reals(p.ic * p.oc), *dx = reals(p.n * p.ic);
    real *dw = reals(p.ic * p.oc);
    double *expected = doubles(p.n * p.oc), *expected_dx = doubles(p.n * p.ic), *expected_dw = doubles(p.ic * p.oc);
    FOR(i, p.n * p.ic) expected_dx[i] = 0;
    FOR(i, p.ic * p.oc) expected_dw[i] = 0;
    FOR(n, p.n) FOR(oc, p.oc) {
        double sum = bias ? (double)bias[oc] : 0;
        FOR(ic, p.ic) {
            sum += (double)x[n * p.ic + ic] * (double)w[ic * p.oc + oc];
            expected_dx[n * p.ic + ic] += (double)dy[n * p.oc + oc] * (double)w[ic * p.oc + oc];
            expected_dw[ic * p.oc + oc] += (double)x[n * p.ic + ic] * (double)dy[n * p.oc + oc];
        }
        expected[n * p.oc + oc] = p.relu ? relu(sum) : sum;
    }
    RUN("dense_forward", &p, x, w, bias, y);
    same("dense_forward", &p, y, expected, p.n * p.oc);
    RUN("dense_turn_weights", &plain, w, turned);
    RUN("dense_forward", &data, dy, turned, NULL, dx);
    same("dense_forward as the gradient of x", &plain, dx, expected_dx, p.n * p.ic);
    FOR(i, p.n * p.ic) dx[i] = 0;
    for (int64_t ic = 0, many = 1 + below(p.ic); ic < p.ic; ic += many) {
        problem slice = data;
        slice.oc = p.ic - ic < many ? p.ic - ic : many, slice.all_oc = p.ic;
        problem rows = plain;
        rows.ic = slice.oc;
        RUN("dense_turn_weights", &rows, w + ic * p.oc, turned);
        RUN("dense_forward", &slice, dy, turned, NULL, dx + ic);
    }
    same("dense_forward in slices", &plain, dx, expected_dx, p.n * p.ic);
    if (p.n <= 8) {
        RUN("dense_backward_data", &plain, dy, w, dx);
        same("dense_backward_data", &plain, dx, expected_dx, p.n * p.ic);
    }
    RUN("dense_backward_weights", &plain, x, dy, dw);
    same("dense_backward_weights", &plain, dw, expected_dw, p.ic * p.oc);
}

enum { RELU, SIGMOID, TANH, KINDS };

static void check_points(void) {
    problem p = {.count = below(4) ? 1 + below(100) : 4000 + below(200), .a = 2, .b = 1, .c = INFINITY};
    real *x = numbers(p.count), *dy = numbers(p.count), *y = reals(p.count), *dx = reals(p.count);
    double *expected = doubles(p.count);
    RUN("scale_shift", &p, x, y);
    FOR(i, p.count) expected[i] = 2 * (double)x[i] + 1;
    same("scale_shift", &p, y, expected, p.count);
    RUN("relu_backward", &p, dy, x, dx);
    FOR(i, p.count) expected[i] = x[i] > 0 ? (double)dy[i] : 0;
    same("relu_backward", &p, dx, expected, p.count);
    p.a = p.b = 0;
    for (p.kind = 0; p.kind < KINDS; p.kind++) {
        FOR(i, p.count) {
            const double v = (double)x[i];
            expected[i] = p.kind == RELU ? relu(v) : p.kind == SIGMOID ? 1 / (1 + exp(-v)) : tanh(v);
        }
        RUN("activation", &p, x, y);
        near("activation", &p, y, expected, p.count);
        FOR(i, p.count) {
            const double v = expected[i], slope = p.kind == RELU ? v > 0 : p.kind == SIGMOID ? v * (1 - v) : 1 - v * v;
            expected[i] = slope * (double)dy[i];
        }
        RUN("activation_backward", &p, dy, x, y, dx);
        near("activation_backward", &p, dx, expected, p.count);
        RUN("activation_backward", &p, dy, x, NULL, dx);
        near("activation_backward without y", &p, dx, expected, p.count);
    }
    const problem rounds = {.n = 2, .count = 3};
    RUN("peak", &rounds, reals(rounds.n));

    problem rows = {.n = 1 + below(9), .count = 1 + below(50)};
    const int64_t held = rows.n + below(9), size = held * rows.count;
    int64_t *order = allocate((size_t)rows.n * sizeof(int64_t), sizeof(int64_t));
    uint8_t *from_bytes = bytes(size);
    float *from_floats = allocate((size_t)size * sizeof(float), sizeof(float));
    double *from_doubles = doubles(size), *gathered = doubles(rows.n * rows.count);
    int32_t *from_words = words(size), *to_words = words(rows.n * rows.count);
    real *to = reals(rows.n * rows.count);
    FOR(i, size) from_doubles[i] = from_floats[i] = (float)(from_words[i] = from_bytes[i] = (uint8_t)below(256));
    FOR(i, rows.n) order[i] = below(held);
    FOR(i, rows.n * rows.count) gathered[i] = from_doubles[order[i / rows.count] * rows.count + i % rows.count];
    void *sources[] = {from_bytes, from_floats, from_doubles};
    for (rows.kind = 0; rows.kind < 3; rows.kind++) {
        RUN("gather_rows", &rows, sources[rows.kind], order, to);
        same("gather_rows", &rows, to, gathered, rows.n * rows.count);
    }
    RUN("gather_words", &rows, from_words, order, to_words);
    FOR(i, rows.n * rows.count) to[i] = (real)to_words[i];
    same("gather_words", &rows, to, gathered, rows.n * rows.count);
}

static void check_losses(void) {
    problem p = {.n = 1 + below(70), .oc = 1 + below(20), .c = 1};
    p.a = 1 / (double)p.n;
    const int64_t size = p.n * p.oc;
    real *x = numbers(size), *dy = numbers(size), *y = reals(size), *dx = reals(size), *loss = reals(p.n);
    real *dense = numbers(size);
    int32_t *ids = words(p.n);
    double *expected = doubles(size), *expected_dx = doubles(size), *expected_loss = doubles(p.n), *total = doubles(1),
           sum = 0;
    FOR(n, p.n) {
        double mass = 0, dot = 0, square = 0;
        ids[n] = (int32_t)below(p.oc);
        FOR(k, p.oc) mass += exp((double)x[n * p.oc + k]);
        FOR(k, p.oc) expected[n * p.oc + k] = exp((double)x[n * p.oc + k]) / mass;
        FOR(k, p.oc) dot += expected[n * p.oc + k] * (double)dy[n * p.oc + k];
        FOR(k, p.oc) expected_dx[n * p.oc + k] = expected[n * p.oc + k] * ((double)dy[n * p.oc + k] - dot);
        FOR(k, p.oc) square += pow((double)x[n * p.oc + k] - (double)dense[n * p.oc + k], 2);
        expected_loss[n] = square / (double)p.oc;
    }
    RUN("softmax", &p, x, y);
    near("softmax", &p, y, expected, size);
    RUN("softmax_backward", &p, dy, y, dx);
    near("softmax_backward", &p, dx, expected_dx, size);
    RUN("mean_squared_error", &p, x, dense, NULL, dx, loss);
    near("mean_squared_error", &p, loss, expected_loss, p.n);
    FOR(n, p.n) sum += expected_loss[n] = -log(expected[n * p.oc + ids[n]]);
    FOR(i, size) expected_dx[i] = (expected[i] - (ids[i / p.oc] == i % p.oc)) * p.a;
    RUN("softmax_cross_entropy", &p, x, ids, NULL, y, dx, loss);
    near("softmax_cross_entropy", &p, loss, expected_loss, p.n);
    near("softmax_cross_entropy", &p, dx, expected_dx, size);
    RUN("total_loss", &p, loss, total);
    if (!(fabs(*total - sum * p.a) <= 1e-5 * (1 + sum))) fail("total_loss", &p, 0, *total, sum * p.a);
    FOR(n, p.n) expected_loss[n] = fmax(expected_loss[n], 1e-7); /* probabilities are clipped, logits are not */
    RUN("cross_entropy", &p, y, ids, NULL, dx, loss);
    near("cross_entropy", &p, loss, expected_loss, p.n);
}

/* Every member of row_loss runs; those that whole numbers make exact are compared. */
static void check_row_losses(void) {
    enum { KINDS = 15, ABSOLUTE_ERROR = 3, HINGE_LOSS = 9 };
    problem p = {.n = 1 + below(70), .oc = 1 + below(20), .count = 1 + below(3)};
    p.a = 1 / (double)p.n;
    const int64_t size = p.n * p.oc, weighted = (p.n + p.count - 1) / p.count;
    real *y = numbers(size), *t = numbers(size), *w = below(2) ? numbers(weighted) : NULL, *dy = reals(size);
    real *loss = reals(p.n), *row_weights = reals(p.n);
    double *parameters = doubles(6), *expected = doubles(p.n), *expected_dy = doubles(size);
    FOR(i, 6) parameters[i] = 1;
    for (p.kind = 0; p.kind < KINDS; p.kind++) {
        RUN("row_loss", &p, y, t, w, parameters, dy, loss);
        if (p.kind != ABSOLUTE_ERROR && p.kind != HINGE_LOSS) continue;
        FOR(n, p.n) {
            const double weight = w ? (double)w[n / p.count] : 1;
            expected[n] = 0;
            for (int64_t i = n * p.oc; i < (n + 1) * p.oc; i++) {
                const double a = (double)t[i], b = (double)y[i], margin = 1 - a * b;
                expected[n] += p.kind == HINGE_LOSS ? fmax(margin, 0) : fabs(a - b);
                expected_dy[i] = p.kind == HINGE_LOSS ? (margin > 0 ? -a : 0) : (b > a) - (b < a);
                expected_dy[i] *= weight * p.a / (double)p.oc;
            }
            expected[n] *= weight / (double)p.oc;
        }
        near("row_loss", &p, loss, expected, p.n);
        near("row_loss", &p, dy, expected_dy, size);
    }
    int32_t *ids = words(p.n), *kept = words(p.n);
    double rows = 0, total = 0;
    FOR(n, p.n) ids[n] = (int32_t)below(3);
    p.c = 1;
    FOR(n, p.n) rows += ids[n] != 1, total += ids[n] != 1 ? w ? (double)w[n / p.count] : 1 : 0;
    for (p.kind = 0; p.kind < 3; p.kind++) {
        const double divisor = p.kind == 0 ? rows : total;
        FOR(n, p.n) {
            expected[n] = ids[n] != 1 ? w ? (double)w[n / p.count] : 1 : 0;
            if (p.kind < 2) expected[n] *= divisor == 0 ? 0 : (double)p.n / divisor;
        }
        RUN("row_weights", &p, ids, w, kept, row_weights);
        near("row_weights", &p, row_weights, expected, p.n);
        FOR(n, p.n) if (kept[n] != (ids[n] == 1 ? -1 : ids[n])) fail("row_weights", &p, n, kept[n], ids[n]);
    }
}

#endif
