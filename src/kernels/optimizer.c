/* Optimizer steps over flat parameters: `count` elements, a task is one block of them.
 *
 * Formulas and the place of epsilon are those of Keras. The step's numbers come as doubles in `hyper`. A batch whose loss is
 * not finite changes nothing: `loss` (double, or NULL for no such guard) is read by every task. */
#include "kernel.h"
#include "point.h"

#include <math.h>

static int is_refused(const double *loss) { return loss && !isfinite(*loss); }

/* v = momentum * v - lr * g;  w += v, or by Nesterov w += momentum * v - lr * g.
 * buf: hyper {lr, momentum, nesterov, weight decay}, loss, w, g, v (NULL without momentum). */
static void sgd_step(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *hyper = buf[0];
    const real lr = (real)hyper[0], momentum = (real)hyper[1], decay = (real)(hyper[3] * hyper[0]);
    const int nesterov = hyper[2] != 0;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict w = (real *)buf[2] + first;
    const real *restrict g = (const real *)buf[3] + first;
    if (!buf[4]) {
        for (int64_t i = 0; i < lanes; i++) w[i] = (w[i] - w[i] * decay) - lr * g[i];
        return;
    }
    real *restrict v = (real *)buf[4] + first;
    for (int64_t i = 0; i < lanes; i++) {
        v[i] = momentum * v[i] - lr * g[i];
        w[i] = (w[i] - w[i] * decay) + (nesterov ? momentum * v[i] - lr * g[i] : v[i]);
    }
}

/* m += (g - m)(1 - b1);  v += (g^2 - v)(1 - b2);  w -= alpha * m / (sqrt(v) + epsilon), after w -= decay * w.
 * buf: hyper {alpha, b1, b2, epsilon, decay}, loss, w, g, m, v. */
static void adam_step(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *hyper = buf[0];
    const real alpha = (real)hyper[0], rest1 = (real)(1 - hyper[1]), rest2 = (real)(1 - hyper[2]);
    const real epsilon = (real)hyper[3], decay = (real)hyper[4];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict w = (real *)buf[2] + first, *restrict m = (real *)buf[4] + first,
                   *restrict v = (real *)buf[5] + first;
    const real *restrict g = (const real *)buf[3] + first;
    for (int64_t i = 0; i < lanes; i++) {
        m[i] += (g[i] - m[i]) * rest1;
        v[i] += (g[i] * g[i] - v[i]) * rest2;
        w[i] = (w[i] - w[i] * decay) - m[i] * alpha / (ROOT(v[i]) + epsilon);
    }
}

/* v = rho * v + (1 - rho) g^2;  step = lr * g / sqrt(v - mean^2 + epsilon);  with momentum s = momentum * s + step.
 * buf: hyper {lr, rho, epsilon, momentum, centered, weight decay}, loss, w, g, v, mean (NULL unless centered), s (or NULL). */
static void rmsprop_step(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *hyper = buf[0];
    const real lr = (real)hyper[0], rho = (real)hyper[1], rest = (real)(1 - hyper[1]), epsilon = (real)hyper[2];
    const real momentum = (real)hyper[3], decay = (real)(hyper[5] * hyper[0]);
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict w = (real *)buf[2] + first, *restrict v = (real *)buf[4] + first;
    const real *restrict g = (const real *)buf[3] + first;
    real *mean = buf[5] ? (real *)buf[5] + first : NULL, *velocity = buf[6] ? (real *)buf[6] + first : NULL;
    for (int64_t i = 0; i < lanes; i++) {
        v[i] = rho * v[i] + rest * (g[i] * g[i]);
        real spread = v[i] + epsilon;
        if (mean) {
            mean[i] = rho * mean[i] + rest * g[i];
            spread = (v[i] - mean[i] * mean[i]) + epsilon;
        }
        real step = lr * g[i] / ROOT(spread);
        if (velocity) step = velocity[i] = momentum * velocity[i] + step;
        w[i] = (w[i] - w[i] * decay) - step;
    }
}
