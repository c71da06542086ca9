/* Convolution in groups and its gradients: each filter sees the channels of its group alone.
 *
 *   y[n, oh, ow, oc] = bias[oc] + sum x[n, oh*sh + kh*dh - pt, ow*sw + kw*dw - pl, group(oc) * icg + i] * w[kh, kw, i, oc]
 *
 * over kh, kw and i < icg = ic / groups; group(oc) = oc / (oc / groups). */
#include "lanes.h"

/* buf: w, turned weights [tap][oc / groups][ic]. A task is one row of taps. */
static void conv2d_turn_weights_groups(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int64_t icg = p->ic / p->groups, ocg = p->oc / p->groups;
    int64_t *rows = scratch, *columns = rows + p->kh;
    order_taps(rows, p->kh, p->sh, p->dh);
    order_taps(columns, p->kw, p->sw, p->dw);
    for (int64_t j = 0; j < p->kw; j++) {
        const real *w = (const real *)buf[0] + (rows[task] * p->kw + columns[j]) * icg * p->oc;
        real *turned = (real *)buf[1] + (task * p->kw + j) * ocg * p->ic;
        for (int64_t g = 0; g < p->groups; g++)
            for (int64_t o = 0; o < ocg; o++)
                for (int64_t i = 0; i < icg; i++) turned[o * p->ic + g * icg + i] = w[i * p->oc + g * ocg + o];
    }
}

static int64_t conv2d_forward_groups_tasks(const problem *p) { return narrow_forward_tasks(p); }
static int64_t conv2d_forward_groups_scratch(const problem *p) { return narrow_forward_scratch(p); }
static void conv2d_forward_groups(const problem *p, int64_t task, void *const *buf, void *scratch) {
    narrow_forward(p, task, buf, scratch);
}
static int64_t conv2d_backward_data_groups_tasks(const problem *p) { return narrow_backward_data_tasks(p); }
static int64_t conv2d_backward_data_groups_scratch(const problem *p) { return narrow_backward_data_scratch(p); }
static void conv2d_backward_data_groups(const problem *p, int64_t task, void *const *buf, void *scratch) {
    narrow_backward_data(p, task, buf, scratch);
}
static int64_t conv2d_backward_weights_groups_tasks(const problem *p) { return narrow_weight_tasks(p); }
static int64_t conv2d_backward_weights_groups_scratch(const problem *p) { return narrow_weight_scratch(p); }
static void conv2d_backward_weights_groups(const problem *p, int64_t task, void *const *buf, void *scratch) {
    narrow_backward_weights(p, task, buf, scratch);
}
