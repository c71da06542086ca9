/* The cases of driver.c of what follows the gradients: steps of optimizers, clipping, averages, penalties, constraints. */
#ifndef TRAINING_H
#define TRAINING_H

static double sign(double x) { return (x > 0) - (x < 0); }

/* One step each, from whole numbers, so that only roots and divisions round. */
static void check_optimizers(void) {
    const problem p = {.count = below(4) ? 1 + below(100) : 4000 + below(200)};
    real *w = numbers(p.count), *g = numbers(p.count), *m = numbers(p.count), *v = numbers(p.count);
    real *top = numbers(p.count);
    double *hyper = doubles(7), *loss = doubles(1), *expected = doubles(p.count);
    *loss = 1;
    hyper[0] = 2, hyper[1] = 0.5, hyper[2] = 0, hyper[3] = 0;
    FOR(i, p.count) expected[i] = (double)w[i] + 0.5 * (double)m[i] - 2 * (double)g[i];
    RUN("sgd_step", &p, hyper, loss, w, g, m);
    same("sgd_step", &p, w, expected, p.count);
    hyper[0] = 0.5, hyper[1] = 0.5, hyper[2] = 0.5, hyper[3] = 1, hyper[4] = 0;
    FOR(i, p.count) {
        v[i] = (real)fabs((double)v[i]);
        const double mean = ((double)m[i] + (double)g[i]) / 2,
                     spread = ((double)v[i] + (double)g[i] * (double)g[i]) / 2;
        expected[i] = (double)w[i] - mean * 0.5 / (sqrt(spread) + 1);
    }
    RUN("adam_step", &p, hyper, loss, w, g, m, v);
    near("adam_step", &p, w, expected, p.count);
    hyper[0] = 0.5, hyper[1] = 0.5, hyper[2] = 1, hyper[3] = 0, hyper[4] = 0, hyper[5] = 0;
    FOR(i, p.count) {
        const double spread = ((double)v[i] + (double)g[i] * (double)g[i]) / 2 + 1;
        expected[i] = (double)w[i] - 0.5 * (double)g[i] / sqrt(spread);
    }
    RUN("rmsprop_step", &p, hyper, loss, w, g, v, NULL, NULL);
    near("rmsprop_step", &p, w, expected, p.count);
    hyper[0] = 0.5, hyper[1] = 0.5, hyper[2] = 0.5, hyper[3] = 1, hyper[4] = 0.25;
    FOR(i, p.count) {
        const double mean = ((double)m[i] + (double)g[i]) / 2,
                     spread = ((double)v[i] + (double)g[i] * (double)g[i]) / 2;
        expected[i] = (double)w[i] * 0.75 - mean * 0.5 / (sqrt(fmax(spread, (double)top[i])) + 1);
    }
    RUN("amsgrad_step", &p, hyper, loss, w, g, m, v, top);
    near("amsgrad_step", &p, w, expected, p.count);
    hyper[0] = 0.5, hyper[1] = 2, hyper[2] = 0.5, hyper[3] = 0.5, hyper[4] = 2, hyper[5] = 1, hyper[6] = 0.25;
    FOR(i, p.count) {
        const double mean = ((double)m[i] + (double)g[i]) / 2, spread = (double)v[i] + (double)g[i] * (double)g[i];
        expected[i] = (double)w[i] * 0.75 - (0.5 * mean + 2 * (double)g[i]) / (sqrt(spread) + 1);
    }
    RUN("nadam_step", &p, hyper, loss, w, g, m, v);
    near("nadam_step", &p, w, expected, p.count);
    hyper[0] = 0.5, hyper[1] = 1, hyper[2] = 0.25;
    FOR(i, p.count)
    expected[i] = (double)w[i] * 0.75 - 0.5 * (double)g[i] / sqrt((double)v[i] + (double)g[i] * (double)g[i] + 1);
    RUN("adagrad_step", &p, hyper, loss, w, g, v);
    near("adagrad_step", &p, w, expected, p.count);
    hyper[0] = 0.5, hyper[1] = 0.5, hyper[2] = 1, hyper[3] = 0.25;
    FOR(i, p.count) {
        top[i] = (real)fabs((double)top[i]);
        const double spread = ((double)v[i] + (double)g[i] * (double)g[i]) / 2;
        expected[i] = (double)w[i] * 0.75 - 0.5 * (double)g[i] * sqrt((double)top[i] + 1) / sqrt(spread + 1);
    }
    RUN("adadelta_step", &p, hyper, loss, w, g, v, top);
    near("adadelta_step", &p, w, expected, p.count);
    hyper[0] = 0.5, hyper[1] = 0.5, hyper[2] = 0.5, hyper[3] = 1, hyper[4] = 0.25;
    FOR(i, p.count) {
        const double mean = ((double)m[i] + (double)g[i]) / 2, most = fmax((double)top[i] / 2, fabs((double)g[i]));
        expected[i] = (double)w[i] * 0.75 - 0.5 * mean / (most + 1);
    }
    RUN("adamax_step", &p, hyper, loss, w, g, m, top);
    near("adamax_step", &p, w, expected, p.count);
    hyper[0] = 0.5, hyper[1] = below(2) ? 0.5 : 1, hyper[2] = 1, hyper[3] = 0.5, hyper[4] = 0.5, hyper[5] = 0.25;
    FOR(i, p.count) {
        const double held = (double)w[i] * 0.75, next = (double)v[i] + (double)g[i] * (double)g[i];
        const double root = pow(next, hyper[1]), before = pow((double)v[i], hyper[1]);
        const double z = (double)m[i] + (double)g[i] + held - (root - before) / 0.5 * held;
        expected[i] = (fmax(-1, fmin(z, 1)) - z) / (root / 0.5 + 1);
    }
    RUN("ftrl_step", &p, hyper, loss, w, g, v, m);
    near("ftrl_step", &p, w, expected, p.count);
    hyper[0] = 0.5, hyper[1] = 0.5, hyper[2] = 0.5, hyper[3] = 0;
    FOR(i, p.count) expected[i] = (double)w[i] - 0.5 * sign((double)m[i] + (double)g[i]);
    RUN("lion_step", &p, hyper, loss, w, g, m);
    near("lion_step", &p, w, expected, p.count);
    *loss = NAN;
    FOR(i, p.count) expected[i] = (double)w[i];
    RUN("adam_step", &p, hyper, loss, w, g, m, v);
    RUN("amsgrad_step", &p, hyper, loss, w, g, m, v, top);
    RUN("nadam_step", &p, hyper, loss, w, g, m, v);
    RUN("adagrad_step", &p, hyper, loss, w, g, v);
    RUN("adadelta_step", &p, hyper, loss, w, g, v, top);
    RUN("adamax_step", &p, hyper, loss, w, g, m, top);
    RUN("ftrl_step", &p, hyper, loss, w, g, v, m);
    RUN("lion_step", &p, hyper, loss, w, g, m);
    RUN("decay_weights", &p, hyper, loss, w);
    RUN("average_weights", &p, hyper, loss, m, w);
    RUN("non_negative", &p, loss, w);
    same("a step after a loss that is no number", &p, w, expected, p.count);
}

static void check_gradients(void) {
    problem p = {.count = below(4) ? 1 + below(100) : 4000 + below(9000)};
    const int64_t blocks = (p.count + 4095) / 4096;
    real *w = numbers(p.count), *g = numbers(p.count), *sum = numbers(p.count);
    double *hyper = doubles(2), *expected = doubles(p.count), *squares = doubles(blocks), *factor = doubles(1);
    double total = 0;
    hyper[0] = 0.5, hyper[1] = 1;
    FOR(i, p.count) expected[i] = (double)w[i] * 0.5;
    RUN("decay_weights", &p, hyper, NULL, w);
    same("decay_weights", &p, w, expected, p.count);
    FOR(i, p.count) expected[i] = (double)g[i] + (double)sum[i];
    RUN("accumulate_gradients", &p, hyper, NULL, sum, g);
    same("accumulate_gradients", &p, sum, expected, p.count);
    FOR(i, p.count) expected[i] = ((double)g[i] + (double)sum[i]) * 2;
    p.kind = 1;
    RUN("accumulate_gradients", &p, hyper, NULL, sum, g);
    same("accumulate_gradients at the end", &p, g, expected, p.count);
    FOR(i, p.count) expected[i] = 0;
    same("accumulate_gradients' sums", &p, sum, expected, p.count);
    FOR(i, p.count) expected[i] = (double)w[i] * 0.5;
    RUN("average_weights", &p, hyper, NULL, sum, w);
    same("average_weights", &p, w, expected, p.count);
    same("average_weights' average", &p, sum, expected, p.count);
    FOR(i, p.count) total += (double)g[i] * (double)g[i];
    RUN("sum_squares", &p, g, squares);
    const problem sums = {.count = blocks, .kind = below(2)};
    hyper[0] = 2;
    RUN("clip_factor", &sums, hyper, squares, factor);
    const double clip = total > 4 ? 2 / sqrt(total) : 1;
    if (fabs(*factor - clip) > 1e-12) fail("clip_factor", &p, 0, *factor, clip);
    FOR(i, p.count) expected[i] = (double)g[i] * (double)(real)clip;
    RUN("scale_gradients", &p, factor, g);
    near("scale_gradients", &p, g, expected, p.count);
    hyper[0] = 0.5;
    FOR(i, p.count) expected[i] = fmax(-0.5, fmin((double)g[i], 0.5));
    RUN("clip_gradients", &p, hyper, g);
    same("clip_gradients", &p, g, expected, p.count);
    FOR(i, p.count) expected[i] = fmax((double)w[i], 0);
    RUN("non_negative", &p, NULL, w);
    same("non_negative", &p, w, expected, p.count);
}

static void check_penalties(void) {
    problem p = {.count = below(4) ? 1 + below(100) : 4000 + below(9000), .a = 2, .b = 0.5, .c = 1};
    const int64_t blocks = (p.count + 4095) / 4096;
    real *w = numbers(p.count), *g = numbers(p.count);
    double *sums = doubles(blocks), *expected = doubles(p.count), *total = doubles(1), penalty = 1;
    *total = 1;
    FOR(i, p.count) {
        const double x = (double)w[i];
        penalty += 2 * fabs(x) + 0.5 * x * x;
        expected[i] = (double)g[i] + 2 * sign(x) + x;
    }
    RUN("l1_l2_penalty", &p, w, sums, g);
    same("l1_l2_penalty", &p, g, expected, p.count);
    const problem all = {.count = blocks};
    RUN("add_penalties", &all, sums, total);
    if (*total != penalty) fail("add_penalties", &p, 0, *total, penalty);

    /* Vectors one after the other, or the columns of a matrix. */
    problem q = {.n = 2 + below(9), .count = 1 + below(40), .a = 0.5, .c = 1};
    const int columns = (int)below(2);
    q.sh = columns ? 1 : q.count, q.sw = columns ? q.n : 1;
    const int64_t size = q.n * q.count;
    real *x = numbers(size), *dx = numbers(size), *unit = reals(size), *inverse = reals(q.n);
    double *units = doubles(size), *each = doubles(q.n), *expected_dx = doubles(size), *lengths = doubles(q.n);
    double cosines = 0, found = 0;
    FOR(i, q.n) {
        lengths[i] = 0;
        FOR(k, q.count) lengths[i] += pow((double)x[i * q.sh + k * q.sw], 2);
        lengths[i] = sqrt(lengths[i]);
        FOR(k, q.count) units[i * q.count + k] = lengths[i] > 0 ? (double)x[i * q.sh + k * q.sw] / lengths[i] : 0;
    }
    RUN("unit_vectors", &q, x, unit, inverse);
    near("unit_vectors", &q, unit, units, size);
    FOR(i, size) expected_dx[i] = (double)dx[i];
    FOR(i, q.n) FOR(j, q.n) {
        double cosine = 0, exact = 0; /* whether two vectors stand at a right angle is seen in whole numbers */
        FOR(k, q.count) exact += (double)x[i * q.sh + k * q.sw] * (double)x[j * q.sh + k * q.sw];
        FOR(k, q.count) cosine += units[i * q.count + k] * units[j * q.count + k];
        if (i == j || lengths[i] == 0) continue;
        cosines += fabs(cosine) * 0.5;
        FOR(k, q.count)
        expected_dx[i * q.sh + k * q.sw] +=
            sign(exact) * (units[j * q.count + k] - cosine * units[i * q.count + k]) / lengths[i];
    }
    RUN("cosine_penalty", &q, unit, inverse, each, NULL);
    FOR(i, q.n) found += each[i];
    if (fabs(found - cosines) > 1e-5 * (1 + cosines)) fail("cosine_penalty", &q, 0, found, cosines);
    int right_angle = 0; /* there rounding decides the sign, and so which way the gradient points */
    FOR(i, q.n) FOR(j, i) {
        double exact = 0;
        FOR(k, q.count) exact += (double)x[i * q.sh + k * q.sw] * (double)x[j * q.sh + k * q.sw];
        right_angle |= exact == 0 && lengths[i] > 0 && lengths[j] > 0;
    }
    RUN("cosine_penalty", &q, unit, inverse, each, dx);
    if (!right_angle) near("cosine_penalty's gradient", &q, dx, expected_dx, size);
}

/* The axes kept, summed, kept, summed of an array, in this order or, swapped, summed first. */
static void check_constraints(void) {
    const int64_t sizes[] = {1 + below(4), 1 + below(5), below(3) ? 1 + below(9) : 60 + below(20), 1 + below(7)};
    const int64_t strides[] = {sizes[1] * sizes[2] * sizes[3], sizes[2] * sizes[3], sizes[3], 1};
    const int64_t size = sizes[0] * strides[0], first = below(2), other = 1 - first;
    problem p = {.oh = sizes[first], .dh = strides[first], .ow = sizes[first + 2], .dw = strides[first + 2]};
    p.kh = sizes[other], p.sh = strides[other], p.kw = sizes[other + 2], p.sw = strides[other + 2];
    p.kind = below(2), p.a = 1, p.b = 3, p.c = 0.5;
    real *w = numbers(size);
    double *expected = doubles(size);
    FOR(i, p.oh) FOR(j, p.ow) {
        double norm = 0;
        FOR(k, p.kh) FOR(l, p.kw) norm += pow((double)w[i * p.dh + j * p.dw + k * p.sh + l * p.sw], 2);
        norm = sqrt(norm);
        const double factor = (p.kind ? 1 : 0.5 * fmax(1, fmin(norm, 3)) + 0.5 * norm) / (norm + 1e-7);
        FOR(k, p.kh) FOR(l, p.kw) {
            const int64_t at = i * p.dh + j * p.dw + k * p.sh + l * p.sw;
            expected[at] = (double)w[at] * factor;
        }
    }
    RUN("norm_constraint", &p, NULL, w);
    near("norm_constraint", &p, w, expected, size);
}

#endif
