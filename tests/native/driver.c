/* Runs every kernel of one table without Python, on random small problems of whole numbers, against naive loops: sums of whole
 * numbers are exact in any order. `driver CASES SEED`; the last line says how much was compared, or what differs.
 *
 * tests/test_kernels.py builds this with the sanitizers for each ISA of this machine, and for NEON under an emulator. */
#include "memory.h"
#include "naive.h"

extern const kernel_table CONVCORE_TABLE;
enum { MOST_KERNELS = 256, CACHE_LINE = 64 };

static uint64_t state;
static int64_t calls[MOST_KERNELS], compared;

static int64_t below(int64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)n);
}
#define ONE_OF(...) ((const int64_t[]){__VA_ARGS__})[below(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))]

/* ------------------------------------------------------------------------------------------------ buffers */

static real *reals(int64_t count) { return allocate((size_t)count * sizeof(real), sizeof(real)); }
static double *doubles(int64_t count) { return allocate((size_t)count * sizeof(double), sizeof(double)); }
static uint8_t *bytes(int64_t count) { return allocate((size_t)count, 1); }
static int32_t *words(int64_t count) { return allocate((size_t)count * sizeof(int32_t), sizeof(int32_t)); }

/* Whole numbers from -3 to 3. */
static real *numbers(int64_t count) {
    real *x = reals(count);
    FOR(i, count) x[i] = (real)(below(7) - 3);
    return x;
}

/* Some of x becomes NaN or infinite. */
static void poison(real *x, int64_t count) {
    FOR(i, 1 + count / 50) x[below(count)] = (real)(below(3) ? NAN : below(2) ? INFINITY : -INFINITY);
}

/* ------------------------------------------------------------------------------------------------ running */

static void fail(const char *what, const problem *p, int64_t at, double got, double expected) {
    printf("%s: element %lld is %.9g, expected %.9g\n", what, (long long)at, got, expected);
    printf(
        "n %d, x %dx%dx%d, y %dx%dx%d, k %dx%d, s %dx%d, d %dx%d, pads %d %d, pool %dx%d by %dx%d to %dx%d, count %d, "
        "groups %d\n",
        (int)p->n, (int)p->ih, (int)p->iw, (int)p->ic, (int)p->oh, (int)p->ow, (int)p->oc, (int)p->kh, (int)p->kw,
        (int)p->sh, (int)p->sw, (int)p->dh, (int)p->dw, (int)p->pt, (int)p->pl, (int)p->qh, (int)p->qw, (int)p->th,
        (int)p->tw, (int)p->zh, (int)p->zw, (int)p->count, (int)p->groups);
    exit(1);
}

static void same(const char *what, const problem *p, const real *got, const double *expected, int64_t count) {
    FOR(i, count)
    if ((double)got[i] != expected[i] && !(isnan(got[i]) && isnan(expected[i])))
        fail(what, p, i, (double)got[i], expected[i]);
    if (p->relu) FOR(i, count) if (got[i] == 0 && signbit(got[i])) fail(what, p, i, -0.0, 0.0);
    compared += count;
}

static void near(const char *what, const problem *p, const real *got, const double *expected, int64_t count) {
    FOR(i, count)
    if (!(fabs((double)got[i] - expected[i]) <= 1e-5 * (1 + fabs(expected[i]))))
        fail(what, p, i, (double)got[i], expected[i]);
    compared += count;
}

/* Whole numbers, computed with fractions. */
static void rounds_to(const char *what, const problem *p, const real *got, const double *expected, int64_t count) {
    FOR(i, count)
    if (!(fabs((double)got[i] - expected[i]) < 0.4)) fail(what, p, i, (double)got[i], expected[i]);
    compared += count;
}

/* All tasks, in an order of no meaning, each with scratch of its own. */
#define RUN(name, p, ...) run(name, p, (void *[]){__VA_ARGS__}, sizeof((void *[]){__VA_ARGS__}) / sizeof(void *))
static void run(const char *name, const problem *p, void *const *buf, int64_t buffers) {
    FOR(i, CONVCORE_TABLE.count) {
        const kernel *k = &CONVCORE_TABLE.kernels[i];
        if (strcmp(k->name, name)) continue;
        if (k->buffers != buffers) {
            printf("%s takes %d buffers, not %d: change the cases here with it\n", name, (int)k->buffers, (int)buffers);
            exit(1);
        }
        const int64_t tasks = k->tasks(p), scratch = k->scratch(p), first = below(tasks);
        FOR(task, tasks) {
            const int held = allocation_count;
            k->run(p, (first + task) % tasks, buf, scratch ? allocate((size_t)scratch, CACHE_LINE) : NULL);
            release_to(held);
        }
        calls[i]++;
        return;
    }
    printf("the table has no kernel %s\n", name);
    exit(1);
}

/* --------------------------------------------------------------------------------------------- problems */

static void random_axis(int64_t k, int64_t s, int64_t d, int64_t *pad, int64_t *in, int64_t *out) {
    const int64_t reach = (k - 1) * d + 1, before = below(3) ? 0 : below(reach + 1),
                  after = below(3) ? 0 : below(reach + 1);
    *in = (reach > before + after ? reach - before - after : 1) + below(12);
    *pad = before;
    *out = (*in + before + after - reach) / s + 1;
}

static int64_t random_channels(void) { return below(3) ? 1 + below(20) : ONE_OF(31, 32, 33, 48, 64, 70); }

/* An argument that is 0 is drawn. */
static problem random_conv(int64_t k, int64_t s, int64_t d, int64_t ic) {
    problem p = {.n = below(8) ? 1 + below(4) : 9};
    p.ic = ic ? ic : random_channels(), p.oc = random_channels();
    p.kh = k ? k : 1 + below(4), p.kw = k ? k : 1 + below(4);
    p.sh = s ? s : 1 + below(3), p.sw = s ? s : 1 + below(3);
    p.dh = d ? d : 1 + below(below(4) ? 2 : 7), p.dw = d ? d : 1 + below(2);
    random_axis(p.kh, p.sh, p.dh, &p.pt, &p.ih, &p.oh);
    random_axis(p.kw, p.sw, p.dw, &p.pl, &p.iw, &p.ow);
    p.relu = below(2);
    p.count = 1 + below(4);
    return p;
}

/* A pool behind a convolution, windows side by side or apart; 0 if none fits. */
static int add_pool(problem *p, int64_t q, int64_t t) {
    p->qh = q ? q : 1 + below(3), p->qw = q ? q : 2 + below(2);
    p->th = t ? t : p->qh + below(2), p->tw = t ? t : p->qw + below(2);
    if (p->oh < p->qh || p->ow < p->qw) return 0;
    p->zh = (p->oh - p->qh) / p->th + 1, p->zw = (p->ow - p->qw) / p->tw + 1;
    return 1;
}

static int64_t x_size(const problem *p) { return p->n * p->ih * p->iw * p->ic; }
static int64_t w_size(const problem *p) { return p->kh * p->kw * p->ic * p->oc; }
static int64_t y_size(const problem *p) { return p->n * p->oh * p->ow * p->oc; }
static int64_t z_size(const problem *p) { return p->n * p->zh * p->zw * p->oc; }
static int64_t chunks(const problem *p) { return (p->n + p->count - 1) / p->count; }

/* ------------------------------------------------------------------------------------------- convolution */

static void sum_chunks(const problem *p, real *partial, real *total, int64_t elements) {
    const problem sum = {.n = chunks(p), .count = elements};
    RUN("sum_chunks", &sum, partial, total);
}

/* Now and then a line so long that it is worked on in blocks. */
static problem random_line(void) {
    problem p = random_conv(0, 0, 0, below(10) ? 0 : 1 + below(5));
    if (p.ic < 6 && !below(4)) {
        const int64_t more = 250 + below(2000);
        p.n = 1 + below(2), p.oc = 1 + below(20), p.iw += more * p.sw, p.ow += more;
    }
    p.border = below(2) ? 0 : below(5);
    return p;
}

/* Taps so far apart, or so many channels, of x or else of y, that what one pixel meets does not fit into a copy. */
static problem wide_window(int is_far, int is_of_x) {
    problem p = {.n = 1, .ih = 1, .oh = 1, .kh = 1, .sh = 1, .dh = 1, .count = 1, .relu = below(2)};
    const int64_t many = is_far ? 5 : 130000, few = 1 + below(4);
    p.ic = is_of_x ? many : few, p.oc = is_of_x ? few : many;
    p.kw = 2 + below(2), p.sw = 1 + below(2), p.dw = is_far ? 60000 : 1;
    p.pl = 1 + below(p.dw), p.ow = 1 + below(3);
    p.iw = (p.ow - 1) * p.sw + (p.kw - 1) * p.dw + 1 - p.pl;
    if (p.iw < 1) p.iw = 1;
    return p;
}

static void check_conv(problem p) {
    real *x = numbers(x_size(&p)), *w = numbers(w_size(&p)), *bias = below(2) ? numbers(p.oc) : NULL;
    real *y = reals(y_size(&p)), *dy = numbers(y_size(&p)), *dx = reals(x_size(&p)), *turned = reals(w_size(&p));
    real *partial = reals(chunks(&p) * w_size(&p)), *dw = reals(w_size(&p)), *db = reals(p.oc);
    real *partial_db = reals(chunks(&p) * p.oc);
    double *map = doubles(y_size(&p)), *expected_dx = doubles(x_size(&p)), *expected_dw = doubles(w_size(&p));
    double *expected_db = doubles(p.oc);
    if (!below(4)) poison(x, x_size(&p));
    naive_conv(&p, x, w, bias, map);
    FOR(i, y_size(&p)) if (p.relu) map[i] = relu(map[i]);
    RUN("conv2d_forward", &p, x, w, bias, y);
    same("conv2d_forward", &p, y, map, y_size(&p));

    problem b = p;
    FOR(i, x_size(&p)) x[i] = (real)(below(7) - 3);
    FOR(i, y_size(&p)) map[i] = (double)dy[i];
    real *shift = below(2) ? numbers(p.ic) : NULL;
    b.border = 0;
    naive_backward_data(&b, map, w, expected_dx);
    FOR(i, x_size(&p)) if (shift) expected_dx[i] += (double)shift[i % p.ic];
    FOR(i, x_size(&p)) if (p.relu) expected_dx[i] = relu(expected_dx[i]);
    RUN("conv2d_turn_weights", &b, w, turned);
    RUN("conv2d_backward_data", &b, dy, turned, shift, dx);
    same("conv2d_backward_data", &b, dx, expected_dx, x_size(&p));
    problem slice = b;
    FOR(i, x_size(&p)) dx[i] = 0;
    for (int64_t ic = 0, many = 1 + below(p.ic); ic < p.ic; ic += many) {
        slice.ic = p.ic - ic < many ? p.ic - ic : many, slice.all_ic = p.ic;
        RUN("conv2d_turn_weights", &slice, w + ic * p.oc, turned);
        RUN("conv2d_backward_data", &slice, dy, turned, shift ? shift + ic : NULL, dx + ic);
    }
    same("conv2d_backward_data in slices", &b, dx, expected_dx, x_size(&p));

    b.relu = 0, b.border = p.border;
    naive_backward_weights(&b, x, map, expected_dw);
    RUN("conv2d_backward_weights", &b, x, dy, partial);
    sum_chunks(&b, partial, dw, w_size(&p));
    same("conv2d_backward_weights", &b, dw, expected_dw, w_size(&p));
    b.count = p.n, b.kind = 1;
    RUN("conv2d_backward_weights", &b, x, dy, dw);
    FOR(i, w_size(&p)) expected_dw[i] *= 2;
    same("conv2d_backward_weights on top of others", &b, dw, expected_dw, w_size(&p));
    b.count = p.count, b.kind = 0;

    FOR(oc, p.oc) expected_db[oc] = 0;
    FOR(i, y_size(&p)) expected_db[i % p.oc] += map[i];
    RUN("sum_rows", &b, dy, partial_db);
    sum_chunks(&b, partial_db, db, p.oc);
    same("sum_rows", &b, db, expected_db, p.oc);
}

static void check_unfold(void) {
    problem one = random_line();
    problem *p = &one;
    p->border = 0, p->oc = p->kh * p->kw * p->ic;
    const int64_t size = y_size(p);
    real *x = numbers(x_size(p)), *y = reals(size), *back = reals(x_size(p));
    double *windows = doubles(size), *planes = doubles(size), *sums = doubles(x_size(p)),
           *plane_sums = doubles(x_size(p));
    FOR(i, x_size(p)) sums[i] = plane_sums[i] = 0;
    FOR(n, p->n) FOR(oh, p->oh) FOR(ow, p->ow) FOR_TAPS(p) {
        const int64_t at = x_at(p, n, oh, ow, kh, kw), pixel = at / p->ic - n * p->ih * p->iw;
        const int64_t plane = (n * p->ic + ic) * p->ih * p->iw + pixel, out = p->oh * p->ow;
        const int64_t last = ((n * p->oh + oh) * p->ow + ow) * p->oc + (kh * p->kw + kw) * p->ic + ic;
        const int64_t first = (((n * p->ic + ic) * p->kh + kh) * p->kw + kw) * out + oh * p->ow + ow;
        windows[last] = at < 0 ? 0 : (double)x[at + ic];
        planes[first] = at < 0 ? 0 : (double)x[plane];
        if (at >= 0) sums[at + ic] += windows[last];
        if (at >= 0) plane_sums[plane] += planes[first];
    }
    RUN("unfold", p, x, y);
    p->relu = 0;
    same("unfold", p, y, windows, size);
    RUN("fold", p, y, back);
    same("fold", p, back, sums, x_size(p));
    RUN("unfold_planes", p, x, y);
    same("unfold_planes", p, y, planes, size);
    RUN("fold_planes", p, y, back);
    same("fold_planes", p, back, plane_sums, x_size(p));
}

static void check_border(void) {
    problem strip_of = {
        .n = 1 + below(3), .ih = 1 + below(8), .iw = 1 + below(8), .ic = random_channels(), .border = 1 + below(4)};
    problem *p = &strip_of;
    p->pt = below(12) - 2, p->pl = below(12) - 2, p->oh = 1 + below(20), p->ow = 1 + below(20), p->oc = p->ic;
    real *strip = numbers(y_size(p)), *dx = numbers(x_size(p));
    double *expected = doubles(x_size(p));
    FOR(i, x_size(p)) expected[i] = (double)dx[i];
    FOR_OUTPUTS(p) {
        const int64_t h = naive_border(oh - p->pt, p->ih, p->border), w = naive_border(ow - p->pl, p->iw, p->border);
        expected[((n * p->ih + h) * p->iw + w) * p->ic + oc] +=
            (double)strip[((n * p->oh + oh) * p->ow + ow) * p->oc + oc];
    }
    RUN("add_border", p, strip, dx);
    same("add_border", p, dx, expected, x_size(p));
}

#include "fused.h"
#include "groups.h"
#include "others.h"
#include "pools.h"
#include "resampling.h"
#include "training.h"

#include "layers.h"
#include "merges.h"

int main(int argc, char **argv) {
    const long cases = argc > 1 ? atol(argv[1]) : 100;
    state = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
    FOR(i, cases) {
        check_conv(random_line());
        if (i % 10 == 0) check_conv(wide_window(i / 10 % 2, i / 20 % 2));
        check_border();
        check_unfold();
        check_groups();
        check_pool_forward(0);
        check_pool_forward(1);
        check_pool_zeros();
        check_winograd();
        check_winograd_pool();
        check_pool_backward(ANY_POOL);
        check_pool_backward(PATCHES);
        check_pool_backward(ONE_CHANNEL);
        check_max_pool();
        check_unpool();
        check_average_pool();
        check_global_pools();
        check_dense();
        check_points();
        check_losses();
        check_merges();
        check_row_losses();
        check_optimizers();
        check_gradients();
        check_penalties();
        check_constraints();
        check_batch_norm();
        check_layer_norm();
        check_noise();
        check_permute();
        check_log_softmax();
        check_prelu();
        check_resampling();
        check_resizing();
        release_to(0);
    }
    FOR(i, CONVCORE_TABLE.count) if (!calls[i]) {
        printf("no case here runs the kernel %s: add one\n", CONVCORE_TABLE.kernels[i].name);
        return 1;
    }
    printf("%lld elements compared, %lld lanes\n", (long long)compared, (long long)CONVCORE_TABLE.lanes);
    return 0;
}
