/* Activations, element by element: y = f(x), dx = dy * f'(x). A task is a block of elements.
 *
 * Plain C that the compiler vectorises, one loop for each function; p->a, p->b and p->c are what the function takes. */
#include "kernel.h"
#include "special.h"

INLINE real relu_general(real x, real slope, real threshold, real most) {
    const real low = slope == 0 ? (x != x ? x : 0) : slope * (x - threshold) + 0;
    const real value = x > threshold ? x : low;
    return value > most ? most : value;
}

/* log(1 + exp(x)). */
INLINE real soft_plus(real x) {
    const real above = x > 0 ? x : 0;
    return above + log_one_more(exp_negative(-magnitude(x)));
}

/* exp(x) / (1 + exp(x))^2, the slope of the sigmoid. */
INLINE real sigmoid_slope(real x) {
    const real e = exp_negative(-magnitude(x)), more = 1 + e;
    return e / (more * more);
}

/* tanh(log(1 + exp(x))) as n / d with e = exp(-|x|); its slope is (d - n)(d + n) / d^2 * sigmoid(x). */
INLINE real mish_gate(real x, real *slope) {
    const real e = exp_negative(-magnitude(x));
    const real n = x > 0 ? 1 + 2 * e : e * (e + 2), less = x > 0 ? 2 * e * e : 2, d = n + less;
    *slope = less * (d + n) / (d * d) * sigmoid(x);
    return n / d;
}

/* sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3), which is flat beyond 50; its slope. */
INLINE real gelu_gate(real x, real *slope) {
    const real low = x < -50 ? -50 : x, v = low > 50 ? 50 : low, square = v * v;
    const real u = (real)1.59576912160573071176 * v * (1 + (real)0.044715 * square);
    *slope = sigmoid_slope(u) * (real)1.59576912160573071176 * (1 + (real)0.134145 * square);
    return sigmoid(u);
}

INLINE real between(real x, real low, real high) { return x <= low ? low : x >= high ? high : x; }

enum {
    RELU,
    SIGMOID,
    TANH,
    ELU, /* x > 0 ? b x : a (exp(c x) - 1) */
    EXPONENTIAL,
    GELU,
    GELU_TANH,
    HARD_SHRINK,
    HARD_SIGMOID,
    HARD_SILU,
    HARD_TANH,
    LOG_SIGMOID,
    MISH,
    SILU,
    SOFT_SHRINK,
    SOFTPLUS,
    SOFTSIGN,
    SPARSE_PLUS,
    SPARSE_SIGMOID,
    SQUAREPLUS,
    TANH_SHRINK,
    THRESHOLD,
};

#define MEMBER(member, to, value)             \
    case member:                              \
        for (int64_t i = 0; i < lanes; i++) { \
            const real v = x[i];              \
            (void)v;                          \
            to[i] = (value);                  \
        }                                     \
        break;

/* buf: x, y. p->kind is the function; a ReLU has slope a up to threshold b, and at most c. */
static void activation(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    const real *restrict x = (const real *)buf[0] + first;
    real *restrict y = (real *)buf[1] + first;
    const real a = (real)p->a, b = (real)p->b, c = (real)p->c;
    real unused;
    switch (p->kind) {
        MEMBER(RELU, y, relu_general(v, a, b, c))
        MEMBER(SIGMOID, y, sigmoid(v))
        MEMBER(TANH, y, hyperbolic_tangent(v))
        MEMBER(ELU, y, v > 0 ? b * v : a * exp_less_one(v > 0 ? 0 : v * c))
        MEMBER(EXPONENTIAL, y, exponential(v))
        MEMBER(GELU, y, v * normal_below(v))
        MEMBER(GELU_TANH, y, v * gelu_gate(v, &unused))
        MEMBER(HARD_SHRINK, y, magnitude(v) > a ? v : 0)
        MEMBER(HARD_SIGMOID, y, between(v / 6 + (real)0.5, 0, 1))
        MEMBER(HARD_SILU, y, v * between(v / 6 + (real)0.5, 0, 1))
        MEMBER(HARD_TANH, y, between(v, -1, 1))
        MEMBER(LOG_SIGMOID, y, -soft_plus(-v))
        MEMBER(MISH, y, v * mish_gate(v, &unused))
        MEMBER(SILU, y, v * sigmoid(v))
        MEMBER(SOFT_SHRINK, y, v > a ? v - a : v < -a ? v + a : v != v ? v : 0)
        MEMBER(SOFTPLUS, y, soft_plus(v))
        MEMBER(SOFTSIGN, y, v / (1 + magnitude(v)))
        MEMBER(SPARSE_PLUS, y, v <= -1 ? 0 : v < 1 ? (real)0.25 * (v + 1) * (v + 1) : v)
        MEMBER(SPARSE_SIGMOID, y, v <= -1 ? 0 : v >= 1 ? 1 : (real)0.5 * (v + 1))
        MEMBER(SQUAREPLUS, y, (v + ROOT(v * v + a)) / 2)
        MEMBER(TANH_SHRINK, y, v - hyperbolic_tangent(v))
        MEMBER(THRESHOLD, y, v > a ? v : b)
    }
}

/* Slopes that need more than an expression. */
INLINE real gelu_tanh_slope(real x) {
    real slope;
    const real gate = gelu_gate(x, &slope);
    return gate + x * slope;
}

INLINE real mish_slope(real x) {
    real slope;
    const real gate = mish_gate(x, &slope);
    return gate + x * slope;
}

INLINE real hard_silu_slope(real x) { return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + (real)0.5; }

INLINE real softsign_slope(real x) {
    const real more = 1 + magnitude(x);
    return 1 / (more * more);
}

/* exp(-2|x|) has the slope of tanh, 1 / cosh(x)^2, to the last place everywhere. */
INLINE real tanh_slope(real x) {
    const real e = exp_negative(-2 * magnitude(x)), more = 1 + e;
    return 4 * e / (more * more);
}

/* buf: dy, x, y or NULL, dx. */
static void activation_backward(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const int64_t first = task * POINT_BLOCK, lanes = min64(POINT_BLOCK, p->count - first);
    const real *restrict dy = (const real *)buf[0] + first, *restrict x = (const real *)buf[1] + first;
    real *restrict dx = (real *)buf[3] + first;
    const real a = (real)p->a, b = (real)p->b, c = (real)p->c;
    if (!buf[2]) {
        switch (p->kind) {
            MEMBER(SIGMOID, dx, dy[i] * sigmoid_slope(v))
            MEMBER(TANH, dx, dy[i] * tanh_slope(v))
            MEMBER(EXPONENTIAL, dx, dy[i] * exponential(v))
        }
        if (p->kind == SIGMOID || p->kind == TANH || p->kind == EXPONENTIAL) return;
    }
    const real *restrict y = buf[2] ? (const real *)buf[2] + first : x; /* the others do not read it */
    switch (p->kind) {
        MEMBER(RELU, dx, v >= c ? 0 : v > b ? dy[i] : a * dy[i])
        MEMBER(SIGMOID, dx, dy[i] * (y[i] * (1 - y[i])))
        MEMBER(TANH, dx, dy[i] * (1 - y[i] * y[i]))
        MEMBER(ELU, dx, dy[i] * (v > 0 ? b : a * c * exp_negative(v > 0 ? 0 : v * c)))
        MEMBER(EXPONENTIAL, dx, dy[i] * y[i])
        MEMBER(GELU, dx, dy[i] * (normal_below(v) + v * normal_density(v)))
        MEMBER(GELU_TANH, dx, dy[i] * gelu_tanh_slope(v))
        MEMBER(HARD_SHRINK, dx, magnitude(v) > a ? dy[i] : 0)
        MEMBER(HARD_SIGMOID, dx, magnitude(v) < 3 ? dy[i] / 6 : 0)
        MEMBER(HARD_SILU, dx, dy[i] * hard_silu_slope(v))
        MEMBER(HARD_TANH, dx, magnitude(v) < 1 ? dy[i] : 0)
        MEMBER(LOG_SIGMOID, dx, dy[i] * sigmoid(-v))
        MEMBER(MISH, dx, dy[i] * mish_slope(v))
        MEMBER(SILU, dx, dy[i] * (sigmoid(v) + v * sigmoid_slope(v)))
        MEMBER(SOFT_SHRINK, dx, magnitude(v) > a ? dy[i] : 0)
        MEMBER(SOFTPLUS, dx, dy[i] * sigmoid(v))
        MEMBER(SOFTSIGN, dx, dy[i] * softsign_slope(v))
        MEMBER(SPARSE_PLUS, dx, v <= -1 ? 0 : v < 1 ? dy[i] * ((v + 1) / 2) : dy[i])
        MEMBER(SPARSE_SIGMOID, dx, magnitude(v) < 1 ? dy[i] / 2 : 0)
        MEMBER(SQUAREPLUS, dx, dy[i] * ((1 + v / ROOT(v * v + a)) / 2))
        MEMBER(TANH_SHRINK, dx, dy[i] * (hyperbolic_tangent(v) * hyperbolic_tangent(v)))
        MEMBER(THRESHOLD, dx, v > a ? dy[i] : 0)
    }
}
