/* Convolution in groups and its gradients: each filter sees the channels of its group alone.
 *
 *   y[n, oh, ow, oc] = bias[oc] + sum x[n, oh*sh + kh*dh - pt, ow*sw + kw*dw - pl, group(oc) * icg + i] * w[kh, kw, i, oc]
 *
 * over kh, kw and i < icg = ic / groups; group(oc) = oc / (oc / groups). Groups that fill most of a vector are worked on
 * one by one as convolutions of their own, whose pixels lie further apart: then a task is one of a dense kernel, for one
 * group. Narrower ones share vectors: see conv2d_group_lanes.c. Either way gives the same bits. */
#include "lanes.h"

/* One group as a problem of its own; p->groups still says how many lie side by side. */
static problem one_group(const problem *p) {
    problem one = *p;
    one.ic /= p->groups, one.oc /= p->groups;
    return one;
}

/* Whether vectors of `lanes` channels of each group would be half empty, and what sharing them takes is not too much. */
static int is_narrow(int64_t lanes, int64_t scratch) { return 2 * lanes <= VL && scratch <= MOST_LANE_BYTES; }
static int is_narrow_forward(const problem *p) { return is_narrow(p->oc / p->groups, narrow_forward_scratch(p)); }
static int is_narrow_backward_data(const problem *p) {
    return !p->all_ic && is_narrow(p->ic / p->groups, narrow_backward_data_scratch(p));
}
/* With few channels in, a register tile of one group has few sums to keep the multipliers busy. */
enum { FEW_LINES = 4 };
static int is_narrow_backward_weights(const problem *p) {
    const int64_t scratch = narrow_weight_scratch(p);
    return is_narrow(p->oc / p->groups, scratch) ||
           (p->ic / p->groups * p->kw <= FEW_LINES && scratch <= MOST_LANE_BYTES);
}

static int64_t conv2d_forward_groups_tasks(const problem *p) {
    const problem one = one_group(p);
    return is_narrow_forward(p) ? narrow_forward_tasks(p) : p->groups * conv2d_forward_tasks(&one);
}
static int64_t conv2d_forward_groups_scratch(const problem *p) {
    const problem one = one_group(p);
    return is_narrow_forward(p) ? narrow_forward_scratch(p) : conv2d_forward_scratch(&one);
}

/* buf: x, w, bias or NULL, y. */
static void conv2d_forward_groups(const problem *p, int64_t task, void *const *buf, void *scratch) {
    if (is_narrow_forward(p)) {
        narrow_forward(p, task, buf, scratch);
        return;
    }
    const problem one = one_group(p);
    const int64_t group = task % p->groups;
    conv2d_forward(&one, task / p->groups,
                   (void *[]){(real *)buf[0] + group * one.ic, (real *)buf[1] + group * one.oc,
                              buf[2] ? (real *)buf[2] + group * one.oc : NULL, (real *)buf[3] + group * one.oc},
                   scratch);
}

/* buf: w, turned weights [tap][oc / groups][ic]. A task is one row of taps. */
static void conv2d_turn_weights_groups(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const problem one = one_group(p);
    int64_t *rows = scratch, *columns = rows + p->kh;
    order_taps(rows, p->kh, p->sh, p->dh);
    order_taps(columns, p->kw, p->sw, p->dw);
    for (int64_t j = 0; j < p->kw; j++) {
        const real *w = (const real *)buf[0] + (rows[task] * p->kw + columns[j]) * one.ic * y_pixel(&one);
        real *turned = (real *)buf[1] + (task * p->kw + j) * one.oc * p->ic;
        for (int64_t g = 0; g < p->groups; g++, w += one.oc, turned += one.ic)
            for (int64_t o = 0; o < one.oc; o++)
                for (int64_t i = 0; i < one.ic; i++) turned[o * p->ic + i] = w[i * y_pixel(&one) + o];
    }
}

static int64_t conv2d_backward_data_groups_tasks(const problem *p) {
    const problem one = one_group(p);
    return is_narrow_backward_data(p) ? narrow_backward_data_tasks(p) : p->groups * conv2d_backward_data_tasks(&one);
}
static int64_t conv2d_backward_data_groups_scratch(const problem *p) {
    const problem one = one_group(p);
    return is_narrow_backward_data(p) ? narrow_backward_data_scratch(p) : conv2d_backward_data_scratch(&one);
}

/* buf: dy, turned weights, bias or NULL, dx. */
static void conv2d_backward_data_groups(const problem *p, int64_t task, void *const *buf, void *scratch) {
    if (is_narrow_backward_data(p)) {
        narrow_backward_data(p, task, buf, scratch);
        return;
    }
    const problem one = one_group(p);
    const int64_t group = task % p->groups;
    conv2d_backward_data(&one, task / p->groups,
                         (void *[]){(real *)buf[0] + group * one.oc, (real *)buf[1] + group * one.ic,
                                    buf[2] ? (real *)buf[2] + group * one.ic : NULL, (real *)buf[3] + group * one.ic},
                         scratch);
}

static int64_t conv2d_backward_weights_groups_tasks(const problem *p) {
    const problem one = one_group(p);
    return is_narrow_backward_weights(p) ? narrow_weight_tasks(p) : p->groups * conv2d_backward_weights_tasks(&one);
}
static int64_t conv2d_backward_weights_groups_scratch(const problem *p) {
    const problem one = one_group(p);
    return is_narrow_backward_weights(p) ? narrow_weight_scratch(p) : conv2d_backward_weights_scratch(&one);
}

/* buf: x, dy, partial[chunk][kh][kw][ic / groups][oc]. */
static void conv2d_backward_weights_groups(const problem *p, int64_t task, void *const *buf, void *scratch) {
    if (is_narrow_backward_weights(p)) {
        narrow_backward_weights(p, task, buf, scratch);
        return;
    }
    const problem one = one_group(p);
    const int64_t group = task % p->groups;
    conv2d_backward_weights(
        &one, task / p->groups,
        (void *[]){(real *)buf[0] + group * one.ic, (real *)buf[1] + group * one.oc, (real *)buf[2] + group * one.oc},
        scratch);
}
