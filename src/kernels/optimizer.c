/* Optimizer steps over flat parameters: `count` elements, a task is one block of them.
 *
 * Formulas and the place of epsilon are those of Keras. The step's numbers come as doubles in `hyper`. A batch whose loss is
 * not finite changes nothing: `loss` (double, or NULL for no such guard) is read by every task. */
#include "kernel.h"
#include "point.h"

#include <math.h>

/* The larger of two; a NaN among them stays. */
INLINE real larger(real a, real b) { return a > b || a != a ? a : b; }

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

/* As adam_step, dividing by the largest v so far: top = max(top, v);  w -= alpha * m / (sqrt(top) + epsilon).
 * buf: hyper {alpha, b1, b2, epsilon, decay}, loss, w, g, m, v, top. */
static void amsgrad_step(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *hyper = buf[0];
    const real alpha = (real)hyper[0], rest1 = (real)(1 - hyper[1]), rest2 = (real)(1 - hyper[2]);
    const real epsilon = (real)hyper[3], decay = (real)hyper[4];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict w = (real *)buf[2] + first, *restrict m = (real *)buf[4] + first,
                   *restrict v = (real *)buf[5] + first, *restrict top = (real *)buf[6] + first;
    const real *restrict g = (const real *)buf[3] + first;
    for (int64_t i = 0; i < lanes; i++) {
        m[i] += (g[i] - m[i]) * rest1;
        v[i] += (g[i] * g[i] - v[i]) * rest2;
        top[i] = larger(top[i], v[i]);
        w[i] = (w[i] - w[i] * decay) - m[i] * alpha / (ROOT(top[i]) + epsilon);
    }
}

/* m and v as in adam_step;  w -= (ahead * m + now * g) / (sqrt(v * unbias) + epsilon).
 * buf: hyper {ahead, now, b1, b2, unbias, epsilon, decay}, loss, w, g, m, v. */
static void nadam_step(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *hyper = buf[0];
    const real ahead = (real)hyper[0], now = (real)hyper[1], rest1 = (real)(1 - hyper[2]), rest2 = (real)(1 - hyper[3]);
    const real unbias = (real)hyper[4], epsilon = (real)hyper[5], decay = (real)hyper[6];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict w = (real *)buf[2] + first, *restrict m = (real *)buf[4] + first,
                   *restrict v = (real *)buf[5] + first;
    const real *restrict g = (const real *)buf[3] + first;
    for (int64_t i = 0; i < lanes; i++) {
        m[i] += (g[i] - m[i]) * rest1;
        v[i] += (g[i] * g[i] - v[i]) * rest2;
        w[i] = (w[i] - w[i] * decay) - (ahead * m[i] + now * g[i]) / (ROOT(v[i] * unbias) + epsilon);
    }
}

/* a += g^2;  w -= lr * g / sqrt(a + epsilon). buf: hyper {lr, epsilon, decay}, loss, w, g, a. */
static void adagrad_step(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *hyper = buf[0];
    const real lr = (real)hyper[0], epsilon = (real)hyper[1], decay = (real)hyper[2];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict w = (real *)buf[2] + first, *restrict a = (real *)buf[4] + first;
    const real *restrict g = (const real *)buf[3] + first;
    for (int64_t i = 0; i < lanes; i++) {
        a[i] += g[i] * g[i];
        w[i] = (w[i] - w[i] * decay) - lr * g[i] / ROOT(a[i] + epsilon);
    }
}

/* a = rho * a + (1 - rho) g^2;  d = g * sqrt(s + epsilon) / sqrt(a + epsilon);  s = rho * s + (1 - rho) d^2;  w -= lr * d.
 * buf: hyper {lr, rho, epsilon, decay}, loss, w, g, a, s. */
static void adadelta_step(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *hyper = buf[0];
    const real lr = (real)hyper[0], rho = (real)hyper[1], rest = (real)(1 - hyper[1]), epsilon = (real)hyper[2];
    const real decay = (real)hyper[3];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict w = (real *)buf[2] + first, *restrict a = (real *)buf[4] + first,
                   *restrict s = (real *)buf[5] + first;
    const real *restrict g = (const real *)buf[3] + first;
    for (int64_t i = 0; i < lanes; i++) {
        a[i] = rho * a[i] + rest * (g[i] * g[i]);
        const real d = ROOT(s[i] + epsilon) * g[i] / ROOT(a[i] + epsilon);
        s[i] = rho * s[i] + rest * (d * d);
        w[i] = (w[i] - w[i] * decay) - lr * d;
    }
}

/* m += (g - m)(1 - b1);  u = max(b2 * u, |g|);  w -= rate * m / (u + epsilon), where rate is lr / (1 - b1^t).
 * buf: hyper {rate, b1, b2, epsilon, decay}, loss, w, g, m, u. */
static void adamax_step(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *hyper = buf[0];
    const real rate = (real)hyper[0], rest = (real)(1 - hyper[1]), b2 = (real)hyper[2];
    const real epsilon = (real)hyper[3], decay = (real)hyper[4];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict w = (real *)buf[2] + first, *restrict m = (real *)buf[4] + first,
                   *restrict u = (real *)buf[5] + first;
    const real *restrict g = (const real *)buf[3] + first;
    for (int64_t i = 0; i < lanes; i++) {
        m[i] += (g[i] - m[i]) * rest;
        u[i] = larger(b2 * u[i], magnitude(g[i]));
        w[i] = (w[i] - w[i] * decay) - rate * m[i] / (u[i] + epsilon);
    }
}

/* x to the power e, for x >= 0; e is 1/2 unless the caller says otherwise. */
INLINE real power(real x, double e) { return e == 0.5 ? ROOT(x) : (real)pow((double)x, e); }

/* With p(x) = x^e / lr:  b = a + g^2;  z += (g + 2 shrinkage * w) - (p(b) - p(a)) * w;
 * w = (clip(z, -l1, l1) - z) / (p(b) + 2 l2);  a = b. buf: hyper {lr, e, l1, l2, shrinkage, decay}, loss, w, g, a, z. */
static void ftrl_step(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *hyper = buf[0], e = hyper[1];
    const real lr = (real)hyper[0], l1 = (real)hyper[2], twice_l2 = (real)(2 * hyper[3]);
    const real shrinkage = (real)(2 * hyper[4]), decay = (real)hyper[5];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict w = (real *)buf[2] + first, *restrict a = (real *)buf[4] + first,
                   *restrict z = (real *)buf[5] + first;
    const real *restrict g = (const real *)buf[3] + first;
    for (int64_t i = 0; i < lanes; i++) {
        const real held = w[i] - w[i] * decay, next = a[i] + g[i] * g[i], root = power(next, e);
        z[i] += (g[i] + shrinkage * held) - (root - power(a[i], e)) / lr * held;
        const real clipped = z[i] > l1 ? l1 : z[i] < -l1 ? -l1 : z[i];
        w[i] = (clipped - z[i]) / (root / lr + twice_l2);
        a[i] = next;
    }
}

/* w -= lr * sign(b1 * m + (1 - b1) g);  m = b2 * m + (1 - b2) g. buf: hyper {lr, b1, b2, decay}, loss, w, g, m. */
static void lion_step(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    if (is_refused(buf[1])) return;
    const double *hyper = buf[0];
    const real lr = (real)hyper[0], b1 = (real)hyper[1], rest1 = (real)(1 - hyper[1]);
    const real b2 = (real)hyper[2], rest2 = (real)(1 - hyper[2]), decay = (real)hyper[3];
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    real *restrict w = (real *)buf[2] + first, *restrict m = (real *)buf[4] + first;
    const real *restrict g = (const real *)buf[3] + first;
    for (int64_t i = 0; i < lanes; i++) {
        const real way = m[i] * b1 + g[i] * rest1;
        w[i] = (w[i] - w[i] * decay) - lr * (way > 0 ? 1 : way < 0 ? -1 : way);
        m[i] = m[i] * b2 + g[i] * rest2;
    }
}
