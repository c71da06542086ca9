/* Convolutions in groups, depthwise ones among them: group by group against the naive loops of one dense convolution. */
#ifndef GROUPS_H
#define GROUPS_H

/* `count` rows of `width` elements each between all channels and those of one group. */
static void take_group(const real *all, int64_t rows, int64_t total, int64_t first, int64_t width, real *part) {
    FOR(row, rows) FOR(c, width) part[row * width + c] = all[row * total + first + c];
}
static void give_group(const double *part, int64_t rows, int64_t total, int64_t first, int64_t width, double *all) {
    FOR(row, rows) FOR(c, width) all[row * total + first + c] = part[row * width + c];
}

static void check_groups(void) {
    problem p = random_line();
    p.groups = below(3) ? 1 + below(20) : ONE_OF(2, 31, 33);
    problem one = p;
    one.ic = below(2) ? 1 + below(3) : 1 + below(20), one.oc = below(2) ? 1 + below(3) : 1 + below(20);
    if (!below(8)) one.ic = one.oc = ONE_OF(16, 33), p.groups = 2;
    p.ic = p.groups * one.ic, p.oc = p.groups * one.oc;
    const int64_t taps = p.kh * p.kw, pixels = p.n * p.ih * p.iw, outputs = p.n * p.oh * p.ow;
    const int64_t weights = taps * one.ic * p.oc;
    real *x = numbers(x_size(&p)), *w = numbers(weights), *bias = below(2) ? numbers(p.oc) : NULL;
    real *dy = numbers(y_size(&p)), *y = reals(y_size(&p)), *dx = reals(x_size(&p)), *turned = reals(weights);
    real *partial = reals(chunks(&p) * weights), *dw = reals(weights);
    double *expected_y = doubles(y_size(&p)), *expected_dx = doubles(x_size(&p)), *expected_dw = doubles(weights);
    if (!below(4)) poison(x, x_size(&p));
    const int held = allocation_count;
    FOR(g, p.groups) {
        real *one_x = reals(x_size(&one)), *one_w = reals(w_size(&one)), *one_dy = reals(y_size(&one));
        double *one_y = doubles(y_size(&one)), *one_g = doubles(y_size(&one));
        double *one_dx = doubles(x_size(&one)), *one_dw = doubles(w_size(&one));
        take_group(x, pixels, p.ic, g * one.ic, one.ic, one_x);
        take_group(w, taps * one.ic, p.oc, g * one.oc, one.oc, one_w);
        take_group(dy, outputs, p.oc, g * one.oc, one.oc, one_dy);
        FOR(i, y_size(&one)) one_g[i] = (double)one_dy[i];
        naive_conv(&one, one_x, one_w, bias ? bias + g * one.oc : NULL, one_y);
        one.border = 0;
        naive_backward_data(&one, one_g, one_w, one_dx);
        one.border = p.border;
        naive_backward_weights(&one, one_x, one_g, one_dw);
        give_group(one_y, outputs, p.oc, g * one.oc, one.oc, expected_y);
        give_group(one_dx, pixels, p.ic, g * one.ic, one.ic, expected_dx);
        give_group(one_dw, taps * one.ic, p.oc, g * one.oc, one.oc, expected_dw);
        release_to(held);
    }
    FOR(i, y_size(&p)) if (p.relu) expected_y[i] = relu(expected_y[i]);
    RUN("conv2d_forward_groups", &p, x, w, bias, y);
    same("conv2d_forward_groups", &p, y, expected_y, y_size(&p));
    real *shift = below(2) ? numbers(p.ic) : NULL;
    FOR(i, x_size(&p)) if (shift) expected_dx[i] += (double)shift[i % p.ic];
    FOR(i, x_size(&p)) if (p.relu) expected_dx[i] = relu(expected_dx[i]);
    RUN("conv2d_turn_weights_groups", &p, w, turned);
    RUN("conv2d_backward_data_groups", &p, dy, turned, shift, dx);
    same("conv2d_backward_data_groups", &p, dx, expected_dx, x_size(&p));
    problem slice = p;
    FOR(i, x_size(&p)) dx[i] = 0;
    for (int64_t g = 0, many = 1 + below(p.groups); g < p.groups; g += many) {
        slice.groups = p.groups - g < many ? p.groups - g : many;
        slice.ic = slice.groups * one.ic, slice.oc = slice.groups * one.oc, slice.all_ic = one.ic, slice.all_oc = p.oc;
        RUN("conv2d_turn_weights_groups", &slice, w + g * one.oc, turned);
        slice.all_ic = p.ic;
        RUN("conv2d_backward_data_groups", &slice, dy + g * one.oc, turned, shift ? shift + g * one.ic : NULL,
            dx + g * one.ic);
    }
    same("conv2d_backward_data_groups in slices", &p, dx, expected_dx, x_size(&p));
    p.relu = 0;
    RUN("conv2d_backward_weights_groups", &p, x, dy, partial);
    sum_chunks(&p, partial, dw, weights);
    same("conv2d_backward_weights_groups", &p, dw, expected_dw, weights);
    p.count = p.n, p.kind = 1;
    RUN("conv2d_backward_weights_groups", &p, x, dy, dw);
    FOR(i, weights) expected_dw[i] *= 2;
    same("conv2d_backward_weights_groups on top of others", &p, dw, expected_dw, weights);
}

#endif
