/* Keras's other losses: n rows of oc values, each row's loss and its gradient in one pass, of a family that p->kind names.
 *
 * loss[row] = weight * sum(f(t, y)) / oc for the losses of elements, weight * f(row) for those of whole rows, in double;
 * dy is the gradient of  a * sum(loss). Every p->count rows share a weight. A task is a few rows, about ROW_ELEMENTS
 * elements: a row alone may be long, and rows of one value are many. What a loss takes besides is in `parameters`.
 * buf: y, targets (rows of oc), weights or NULL, parameters (double), dy, loss. */
#include "kernel.h"
#include "point.h"

#include <math.h>

enum { ROW_ELEMENTS = 2048 };
#define FUZZ 1e-7
#define LN2 0.693147180559945309417

enum row_loss_kind {
    BINARY_CROSSENTROPY,
    BINARY_CROSSENTROPY_LOGITS,
    BINARY_FOCAL,
    ABSOLUTE,
    PERCENTAGE,
    SQUARED_LOGARITHMIC,
    HUBER,
    LOG_COSH,
    POISSON,
    HINGE,
    SQUARED_HINGE,
    DIVERGENCE,
    COSINE,
    CATEGORICAL_HINGE,
    CATEGORICAL_FOCAL
};

/* f(t, y), with df/dy in *slope. */
typedef double (*element_loss)(double t, double y, const double *parameters, double *slope);

static int64_t rows_a_task(const problem *p) { return p->oc < ROW_ELEMENTS ? ROW_ELEMENTS / p->oc : 1; }
static int64_t row_loss_tasks(const problem *p) { return ceil_div(p->n, rows_a_task(p)); }

/* Keras clips probabilities in float32, where 1 - FUZZ is this number. */
#define CEILING ((double)(float)(1 - FUZZ))

INLINE double clip_probability(double q) { return q < FUZZ ? FUZZ : q > CEILING ? CEILING : q; }
INLINE int is_inside(double q) { return q >= FUZZ && q <= CEILING; }
INLINE double logistic(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
INLINE double sign(double x) { return (double)(x > 0) - (double)(x < 0); }

/* parameters: label smoothing. */
INLINE double binary_crossentropy(double t, double y, const double *parameters, double *slope) {
    const double q = clip_probability(y);
    t = t * (1 - parameters[0]) + 0.5 * parameters[0];
    *slope = is_inside(y) ? (q - t) / (q * (1 - q)) : 0;
    return -(t * log(q) + (1 - t) * log(1 - q));
}

INLINE double binary_crossentropy_logits(double t, double y, const double *parameters, double *slope) {
    t = t * (1 - parameters[0]) + 0.5 * parameters[0];
    *slope = logistic(y) - t;
    return (y < 0 ? 0 : y) - y * t + log1p(exp(-fabs(y)));
}

/* parameters: label smoothing, alpha, gamma, class balancing, from logits. */
INLINE double binary_focal(double t, double y, const double *parameters, double *slope) {
    const double alpha = parameters[1], gamma = parameters[2];
    t = t * (1 - parameters[0]) + 0.5 * parameters[0];
    const double p = parameters[4] != 0 ? logistic(y) : y, q = clip_probability(p);
    const double weight = parameters[3] != 0 ? t * alpha + (1 - t) * (1 - alpha) : 1;
    const double wrong = 1 - (t * p + (1 - t) * (1 - p)), focus = pow(wrong, gamma);
    const double entropy = -(t * log(q) + (1 - t) * log(1 - q));
    const double bend = gamma == 0 || wrong == 0 ? 0 : gamma * pow(wrong, gamma - 1) * (1 - 2 * t);
    *slope = weight * (bend * entropy + focus * (is_inside(p) ? (q - t) / (q * (1 - q)) : 0));
    if (parameters[4] != 0) *slope *= p * (1 - p);
    return weight * focus * entropy;
}

INLINE double absolute(double t, double y, const double *parameters, double *slope) {
    (void)parameters;
    *slope = sign(y - t);
    return fabs(y - t);
}

INLINE double percentage(double t, double y, const double *parameters, double *slope) {
    const double scale = 100 / (fabs(t) < FUZZ ? FUZZ : fabs(t));
    (void)parameters;
    *slope = sign(y - t) * scale;
    return fabs(y - t) * scale;
}

INLINE double squared_logarithmic(double t, double y, const double *parameters, double *slope) {
    const double d = log((y < FUZZ ? FUZZ : y) + 1) - log((t < FUZZ ? FUZZ : t) + 1);
    (void)parameters;
    *slope = y > FUZZ ? 2 * d / (y + 1) : 0;
    return d * d;
}

/* parameters: delta. */
INLINE double huber(double t, double y, const double *parameters, double *slope) {
    const double delta = parameters[0], d = y - t, size = fabs(d);
    *slope = size <= delta ? d : delta * sign(d);
    return size <= delta ? 0.5 * d * d : delta * size - 0.5 * delta * delta;
}

INLINE double log_cosh(double t, double y, const double *parameters, double *slope) {
    const double size = fabs(y - t);
    (void)parameters;
    *slope = tanh(y - t);
    return size + log1p(exp(-2 * size)) - LN2;
}

INLINE double poisson(double t, double y, const double *parameters, double *slope) {
    (void)parameters;
    *slope = 1 - t / (y + FUZZ);
    return y - t * log(y + FUZZ);
}

INLINE double hinge(double t, double y, const double *parameters, double *slope) {
    const double margin = 1 - t * y;
    (void)parameters;
    *slope = margin > 0 ? -t : 0;
    return margin < 0 ? 0 : margin;
}

INLINE double squared_hinge(double t, double y, const double *parameters, double *slope) {
    const double margin = 1 - t * y;
    (void)parameters;
    *slope = margin > 0 ? -2 * margin * t : 0;
    return margin < 0 ? 0 : margin * margin;
}

/* f is a constant wherever this is called, and so becomes part of the loop. */
INLINE double mean_of(element_loss f, const real *y, const real *t, int64_t count, const double *parameters,
                      double scale, real *dy) {
    double total = 0;
    for (int64_t k = 0; k < count; k++) {
        double slope;
        total += f((double)t[k], (double)y[k], parameters, &slope);
        dy[k] = (real)(slope * scale / (double)count);
    }
    return total / (double)count;
}

/* sum(t * log(t / q)) of values clipped to [1e-7, 1]. */
static double divergence(const real *y, const real *t, int64_t count, double scale, real *dy) {
    double total = 0;
    for (int64_t k = 0; k < count; k++) {
        const double p = (double)t[k] < FUZZ ? FUZZ : (double)t[k] > 1 ? 1 : (double)t[k];
        const double q = (double)y[k] < FUZZ ? FUZZ : (double)y[k] > 1 ? 1 : (double)y[k];
        total += p * log(p / q);
        dy[k] = (real)((double)y[k] >= FUZZ && (double)y[k] <= 1 ? -p / q * scale : 0);
    }
    return total;
}

/* -sum of the products of t and y, each divided by its length, which counts as 1e-7 at least. */
static double cosine(const real *y, const real *t, int64_t count, double scale, real *dy) {
    double squares = 0, target_squares = 0, product = 0;
    for (int64_t k = 0; k < count; k++) {
        squares += (double)y[k] * (double)y[k];
        target_squares += (double)t[k] * (double)t[k];
        product += (double)y[k] * (double)t[k];
    }
    const double length = sqrt(squares), target_length = sqrt(target_squares);
    const double by = length < FUZZ ? FUZZ : length, target_by = target_length < FUZZ ? FUZZ : target_length;
    const double value = product / (by * target_by), turn = length < FUZZ ? 0 : value / (by * by);
    for (int64_t k = 0; k < count; k++)
        dy[k] = (real)(-((double)t[k] / (by * target_by) - (double)y[k] * turn) * scale);
    return -value;
}

/* max(0, 1 + max((1 - t) * y) - sum(t * y)); of equal maxima the first one counts. */
static double categorical_hinge(const real *y, const real *t, int64_t count, double scale, real *dy) {
    double right = 0, most = (1 - (double)t[0]) * (double)y[0];
    int64_t at = 0;
    for (int64_t k = 0; k < count; k++) {
        const double wrong = (1 - (double)t[k]) * (double)y[k];
        right += (double)t[k] * (double)y[k];
        if (wrong > most || wrong != wrong) most = wrong, at = k;
    }
    const double margin = most - right + 1;
    for (int64_t k = 0; k < count; k++)
        dy[k] = (real)(margin > 0 ? ((k == at ? 1 - (double)t[k] : 0) - (double)t[k]) * scale : 0);
    return margin < 0 ? 0 : margin;
}

/* sum(-alpha * (1 - q)^gamma * t * log(q)) of q = y / sum(y), clipped. parameters: label smoothing, alpha, gamma, from
 * logits: then y is the softmax of what came. dy holds the softmax until it is overwritten. */
static double categorical_focal(const real *y, const real *t, int64_t count, const double *parameters, double scale,
                                real *dy) {
    const double smoothing = parameters[0], alpha = parameters[1], gamma = parameters[2];
    const int is_logits = parameters[3] != 0;
    double sum = 0, total = 0, shared = 0, most = (double)y[0];
    if (is_logits)
        for (int64_t k = 1; k < count; k++) most = (double)y[k] > most || y[k] != y[k] ? (double)y[k] : most;
    for (int64_t k = 0; k < count; k++) sum += is_logits ? exp((double)y[k] - most) : (double)y[k];
    for (int pass = 0; pass < 2; pass++)
        for (int64_t k = 0; k < count; k++) {
            const double label = (double)t[k] * (1 - smoothing) + smoothing / (double)count;
            const double q = (is_logits ? exp((double)y[k] - most) : (double)y[k]) / sum, c = clip_probability(q);
            const double power = pow(1 - c, gamma), bend = gamma == 0 ? 0 : gamma * pow(1 - c, gamma - 1) * log(c);
            const double slope = is_inside(q) ? alpha * label * (bend - power / c) : 0;
            if (pass == 0) {
                total -= alpha * power * label * log(c);
                shared += slope * q;
            } else
                dy[k] = (real)((slope - shared) * (is_logits ? q : 1 / sum) * scale);
        }
    return total;
}

static void row_loss(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const double *parameters = buf[3];
    const int64_t oc = p->oc, first = task * rows_a_task(p);
    (void)scratch;
    for (int64_t i = first; i < min64(first + rows_a_task(p), p->n); i++) {
        const real *y = (const real *)buf[0] + i * oc, *t = (const real *)buf[1] + i * oc;
        real *dy = (real *)buf[4] + i * oc;
        const double weight = buf[2] ? (double)((const real *)buf[2])[i / p->count] : 1, scale = weight * p->a;
        double loss = 0;
        switch (p->kind) {
        case BINARY_CROSSENTROPY:
            loss = mean_of(binary_crossentropy, y, t, oc, parameters, scale, dy);
            break;
        case BINARY_CROSSENTROPY_LOGITS:
            loss = mean_of(binary_crossentropy_logits, y, t, oc, parameters, scale, dy);
            break;
        case BINARY_FOCAL:
            loss = mean_of(binary_focal, y, t, oc, parameters, scale, dy);
            break;
        case ABSOLUTE:
            loss = mean_of(absolute, y, t, oc, parameters, scale, dy);
            break;
        case PERCENTAGE:
            loss = mean_of(percentage, y, t, oc, parameters, scale, dy);
            break;
        case SQUARED_LOGARITHMIC:
            loss = mean_of(squared_logarithmic, y, t, oc, parameters, scale, dy);
            break;
        case HUBER:
            loss = mean_of(huber, y, t, oc, parameters, scale, dy);
            break;
        case LOG_COSH:
            loss = mean_of(log_cosh, y, t, oc, parameters, scale, dy);
            break;
        case POISSON:
            loss = mean_of(poisson, y, t, oc, parameters, scale, dy);
            break;
        case HINGE:
            loss = mean_of(hinge, y, t, oc, parameters, scale, dy);
            break;
        case SQUARED_HINGE:
            loss = mean_of(squared_hinge, y, t, oc, parameters, scale, dy);
            break;
        case DIVERGENCE:
            loss = divergence(y, t, oc, scale, dy);
            break;
        case COSINE:
            loss = cosine(y, t, oc, scale, dy);
            break;
        case CATEGORICAL_HINGE:
            loss = categorical_hinge(y, t, oc, scale, dy);
            break;
        default:
            loss = categorical_focal(y, t, oc, parameters, scale, dy);
        }
        ((real *)buf[5])[i] = (real)(loss * weight);
    }
}

/* The weight of each of n rows in the mean that a reduction asks for: m * w, times n / (number of m) for OVER_ROWS or
 * n / sum(m * w) for OVER_WEIGHTS, where m is 0 for rows whose id is the ignored one, p->c, and else 1. Every p->count rows
 * share a w. An ignored id becomes -1, which the losses leave out. One task: it is a sum over all rows.
 * buf: ids or NULL, weights or NULL, ids or NULL, weights. */
enum { OVER_ROWS, OVER_WEIGHTS, NO_MEAN };
static void row_weights(const problem *p, int64_t task, void *const *buf, void *scratch) {
    const int32_t *ids = buf[0];
    const real *weights = buf[1];
    int32_t *new_ids = buf[2];
    real *out = buf[3];
    double rows = 0, total = 0;
    (void)task, (void)scratch;
    for (int64_t i = 0; i < p->n; i++) {
        const int counts = !(ids && (double)ids[i] == p->c);
        const double weight = counts ? weights ? (double)weights[i / p->count] : 1 : 0;
        if (ids) new_ids[i] = counts ? ids[i] : -1;
        out[i] = (real)weight;
        rows += counts;
        total += weight;
    }
    if (p->kind == NO_MEAN) return;
    const double divisor = p->kind == OVER_ROWS ? rows : total, scale = divisor == 0 ? 0 : (double)p->n / divisor;
    for (int64_t i = 0; i < p->n; i++) out[i] = (real)((double)out[i] * scale);
}
