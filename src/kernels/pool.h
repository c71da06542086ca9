/* What pools share: how maps are cut into tasks, which taps of a window lie in the image, and words that say where.
 *
 * A window of images with many channels is a sum, or a maximum, of vectors of channels. With few channels (POOL_NARROW) the
 * vectors run along the outputs of a row instead, tap by tap; an image of one channel is also a plane of a map whose channels
 * come first, so both layouts are read as they are. Each output is one chain over its taps in row-major order either way. */
#ifndef CONVCORE_POOL_H
#define CONVCORE_POOL_H

#include "kernel.h"
#include "tile.h"

#include <math.h>
#include <string.h>

enum {
    POOL_TASK = 8192,   /* elements of a task, about */
    POOL_BLOCK = 512,   /* elements of a row that a narrow pool keeps at hand */
    POOL_NARROW = 8,    /* fewer channels than these are narrow */
    POOL_FEW = 4,       /* outputs fewer than these are computed one by one */
    POOL_CHANNELS = 64, /* channels of a task that takes whole planes */
    POOL_MANY = 8,      /* so many images are work enough for all threads */
    POOL_VECS = 4,
};

/* Images, rows and columns from the first up to the end. */
typedef struct pool_part {
    int64_t n0, n1, h0, h1, w0, w1;
} pool_part;

/* Parts of n maps of h x w pixels: whole maps, or whole rows, or a part of a row. */
INLINE pool_part pool_step(int64_t n, int64_t h, int64_t w, int64_t c) {
    const int64_t columns = min64(w, max64(1, POOL_TASK / c)), rows = min64(h, max64(1, POOL_TASK / (columns * c)));
    const int64_t images = rows < h || columns < w ? 1 : min64(n, max64(1, POOL_TASK / (rows * columns * c)));
    return (pool_part){0, images, 0, rows, 0, columns};
}

static int64_t pool_parts(int64_t n, int64_t h, int64_t w, int64_t c) {
    const pool_part step = pool_step(n, h, w, c);
    return ceil_div(n, step.n1) * ceil_div(h, step.h1) * ceil_div(w, step.w1);
}

static pool_part pool_part_of(int64_t task, int64_t n, int64_t h, int64_t w, int64_t c) {
    const pool_part step = pool_step(n, h, w, c);
    const int64_t across = ceil_div(w, step.w1), down = ceil_div(h, step.h1);
    const int64_t n0 = task / (across * down) * step.n1, h0 = task / across % down * step.h1;
    const int64_t w0 = task % across * step.w1;
    return (pool_part){n0, min64(n, n0 + step.n1), h0, min64(h, h0 + step.h1), w0, min64(w, w0 + step.w1)};
}

typedef struct pool_range {
    int64_t first, end;
} pool_range;

/* The taps of k, d apart, of a window that begins at `start` in an axis of `size`. */
INLINE pool_range taps_inside(int64_t start, int64_t size, int64_t k, int64_t d) {
    if (d == 1) return (pool_range){max64(0, -start), min64(k, size - start)};
    return (pool_range){start < 0 ? ceil_div(-start, d) : 0, min64(k, ceil_div(size - start, d))};
}

/* The outputs from o0 up to o1, s apart, whose tap, `offset` behind their place, lies in an axis of `size`. */
INLINE pool_range outputs_inside(int64_t o0, int64_t o1, int64_t offset, int64_t s, int64_t size) {
    pool_range r = {o0, o1};
    if (o0 * s + offset < 0) r.first = min64(o1, ceil_div(-offset, s));
    if ((o1 - 1) * s + offset >= size) r.end = offset < size ? max64(o0, (size - 1 - offset) / s + 1) : o0;
    return r;
}

/* Pixels of c channels, `step` pixels apart, side by side: as they are, or in `to`. */
INLINE const real *side_by_side(const real *x, int64_t count, int64_t step, int64_t c, real *restrict to) {
    if (step == 1) return x;
    if (c == 1 && step == 2)
        for (int64_t i = 0; i < count; i++) to[i] = x[2 * i];
    else if (c == 1)
        for (int64_t i = 0; i < count; i++) to[i] = x[i * step];
    else
        for (int64_t i = 0; i < count; i++)
            for (int64_t k = 0; k < c; k++) to[i * c + k] = x[i * step * c + k];
    return to;
}

INLINE vec vload_first(const real *p, int64_t n) { return n < VL ? vload_masked(p, vmask_first(n)) : vload(p); }
INLINE void vstore_first(real *p, vec v, int64_t n) {
    if (n < VL)
        vstore_masked(p, v, vmask_first(n));
    else
        vstore(p, v);
}

/* A whole number that travels in the lane of a vector, as bits; nothing computes with it there. */
#ifdef CONVCORE_F64
typedef int64_t word;
#else
typedef int32_t word;
#endif

INLINE real real_of_word(int64_t value) {
    const word bits = (word)value;
    real lane;
    memcpy(&lane, &bits, sizeof lane);
    return lane;
}
INLINE vec vset1_word(int64_t value) { return vset1(real_of_word(value)); }

INLINE void vstore_as_words(word *to, vec v) {
    real lanes[VL];
    vstore(lanes, v);
    memcpy(to, lanes, sizeof lanes);
}

/* n words to `to` from element `at` on: as int64 if `wide`, else as int32. */
INLINE void store_words(void *to, int64_t at, int64_t wide, const word *words, int64_t n) {
    if (wide)
        for (int64_t i = 0; i < n; i++) ((int64_t *)to)[at + i] = words[i];
    else
        for (int64_t i = 0; i < n; i++) ((int32_t *)to)[at + i] = (int32_t)words[i];
}

INLINE int64_t word_at(const void *words, int64_t at, int64_t wide) {
    return wide ? ((const int64_t *)words)[at] : ((const int32_t *)words)[at];
}

/* Some images, or of one image a block of its channels. */
typedef struct pool_images {
    int64_t n0, n1, c0, c1;
} pool_images;

INLINE int64_t pool_image_step(int64_t pixels, int64_t c, int64_t block) {
    return c > block ? 1 : max64(1, POOL_TASK / (pixels * c));
}

/* Tasks over n images of `pixels` pixels each, channels in blocks. */
static int64_t pool_image_tasks(int64_t n, int64_t pixels, int64_t c, int64_t block) {
    return ceil_div(n, pool_image_step(pixels, c, block)) * ceil_div(c, block);
}

static pool_images pool_images_of(int64_t task, int64_t n, int64_t pixels, int64_t c, int64_t block) {
    const int64_t step = pool_image_step(pixels, c, block), blocks = ceil_div(c, block);
    const int64_t n0 = task / blocks * step, c0 = task % blocks * block;
    return (pool_images){n0, min64(n, n0 + step), c0, min64(c, c0 + block)};
}

/* Channels of a task that moves single elements: all, unless there are few images. */
INLINE int64_t scattered_channels(int64_t n, int64_t c) {
    return n >= POOL_MANY ? c : min64(c, POOL_CHANNELS * ceil_div(c * n, POOL_CHANNELS * POOL_MANY));
}

INLINE void clear_channels(real *x, int64_t pixels, int64_t c, int64_t channels) {
    if (channels == c)
        memset(x, 0, (size_t)(pixels * c) * sizeof(real));
    else
        for (int64_t i = 0; i < pixels; i++) memset(x + i * c, 0, (size_t)channels * sizeof(real));
}

#endif
