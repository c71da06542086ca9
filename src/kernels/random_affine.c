/* Affine maps drawn at random, one for each of n images of ih x iw pixels: what `affine` in affine.c takes.
 *
 *   column = zoom_w (cos w - sin h) - shift_w iw      row = zoom_h (sin w + cos h) - shift_h ih
 *
 * where w, h, row and column count from the image's centre. The turn, the zooms and the shifts are drawn evenly, each from its
 * range; a flip changes the sign of a zoom. The arithmetic is in double, in a fixed order. A task is RANDOM_MAPS images. */
#include "kernel.h"
#include "philox.h"
#include "tile.h"

enum { RANDOM_MAPS = 256, EACH_DRAWS = 8 };

/* What is drawn: each from the first number of a pair to the second. */
typedef struct affine_ranges {
    double turn[2];                /* of a full turn */
    double zoom_h[2], zoom_w[2];   /* 1 is none */
    double shift_h[2], shift_w[2]; /* of the height and the width */
    double flips_h, flips_w;       /* 1: half of the images are flipped; if both, at once */
    double keeps_aspect;           /* 1: the zoom of the width is that of the height */
} affine_ranges;

static int64_t random_affine_tasks(const problem *p) { return ceil_div(p->n, RANDOM_MAPS); }

INLINE double drawn(const double *range, uint32_t word) {
    return range[0] + (range[1] - range[0]) * ((double)word * (1 / 4294967296.0));
}

/* The cosine and the sine of a turn: quarters exactly, the rest, up to an eighth, by their series. */
static void cosine_and_sine(double turn, double *cosine, double *sine) {
    const double shifted = turn * 4 + (turn < 0 ? -0.5 : 0.5);
    const int64_t quarters = (int64_t)shifted;
    const double angle = (turn - (double)quarters / 4) * 6.283185307179586477, square = angle * angle;
    double c = 1, s = 1;
    for (int k = 16; k >= 2; k -= 2) {
        c = 1 - square / (double)(k * (k - 1)) * c;
        s = 1 - square / (double)(k * (k + 1)) * s;
    }
    s *= angle;
    const double cosines[] = {c, -s, -c, s}, sines[] = {s, c, -s, -c};
    *cosine = cosines[(quarters % 4 + 4) % 4], *sine = sines[(quarters % 4 + 4) % 4];
}

/* buf: {key, step} (uint64), affine_ranges, maps. */
static void random_affine(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    const uint64_t *state = buf[0];
    const affine_ranges *range = buf[1];
    const double x = (double)(p->iw - 1) / 2, y = (double)(p->ih - 1) / 2;
    uint32_t all[DRAWN];
    for (int64_t n = task * RANDOM_MAPS; n < min64(p->n, (task + 1) * RANDOM_MAPS); n++) {
        if (n % (DRAWN / EACH_DRAWS) == 0)
            draw(all, state[0] + (uint64_t)p->kind, state[1], (uint64_t)(n * EACH_DRAWS));
        const uint32_t *words = all + n % (DRAWN / EACH_DRAWS) * EACH_DRAWS;
        double cosine, sine, zoom_h = drawn(range->zoom_h, words[1]), zoom_w = drawn(range->zoom_w, words[2]);
        cosine_and_sine(drawn(range->turn, words[0]), &cosine, &sine);
        if (range->keeps_aspect) zoom_w = zoom_h;
        if (words[5] < 0x80000000u) {
            zoom_h = range->flips_h ? -zoom_h : zoom_h;
            zoom_w = range->flips_w ? -zoom_w : zoom_w;
        }
        const double a0 = zoom_w * cosine, a1 = -zoom_w * sine, b0 = zoom_h * sine, b1 = zoom_h * cosine;
        real *map = (real *)buf[2] + n * 8;
        map[0] = (real)a0, map[1] = (real)a1;
        map[2] = (real)(x - x * a0 - y * a1 - drawn(range->shift_w, words[4]) * (double)p->iw);
        map[3] = (real)b0, map[4] = (real)b1;
        map[5] = (real)(y - x * b0 - y * b1 - drawn(range->shift_h, words[3]) * (double)p->ih);
        map[6] = map[7] = 0;
    }
}
