/* What a kernel is: the one header that kernels, the dispatch and the driver share.
 *
 * A kernel is a pure function of (problem, task, buffers, scratch): one thread, one ISA, one task. Tasks own
 * disjoint parts of the output and their number depends on the problem alone, so any number of threads gives
 * the same bits. */
#ifndef CONVCORE_KERNEL_H
#define CONVCORE_KERNEL_H

#include <stdint.h>

/* The sizes of one problem. They were checked before they came here; a kernel trusts them.
 * Pads below and to the right follow from the output's size, except for pools that count them. */
typedef struct problem {
    int64_t n;              /* images, or rows of a matrix */
    int64_t ih, iw, ic;     /* input: height, width, channels */
    int64_t oh, ow, oc;     /* output: height, width, channels */
    int64_t kh, kw;         /* window */
    int64_t sh, sw, dh, dw; /* stride, dilation */
    int64_t pt, pl;         /* padding above and to the left */
    int64_t pb, pr;         /* padding below and to the right */
    int64_t border;         /* what the padding holds, a member of `enum border` in band.h */
    int64_t groups;         /* of channels, for a kernel whose name says so; others know one */
    int64_t all_ic, all_oc; /* channels of a pixel, where these are a slice of them; else 0 */
    int64_t qh, qw, th, tw; /* a max-pool behind a convolution: window, stride (at least the window), no padding */
    int64_t zh, zw;         /* the pooled output */
    int64_t count;          /* elements, where there is no geometry */
    int64_t kind;           /* which member of a family: activation, element type */
    int64_t relu;           /* 1: the epilogue applies max(0, y) */
    double a, b, c;         /* scalars: slope, scale, rate */
} problem;

typedef void (*kernel_run)(const problem *p, int64_t task, void *const *buf, void *scratch);
typedef int64_t (*kernel_size)(const problem *p);

typedef struct kernel {
    const char *name;
    int64_t buffers; /* how many pointers `run` reads from buf */
    kernel_run run;
    kernel_size tasks;   /* how many tasks the problem has */
    kernel_size scratch; /* bytes that one task needs while it runs */
} kernel;

typedef struct kernel_table {
    const kernel *kernels;
    int64_t count;
    int64_t lanes;           /* elements of one vector */
    int64_t peak_operations; /* in one round of the kernel `peak` */
} kernel_table;

#endif
