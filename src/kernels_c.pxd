"""The C side, as Cython sees it: kernel.h, isa.h, fpstate.h, openmp.h, affinity.h."""
from libc.stdint cimport int64_t

cdef extern from "kernels/kernel.h" nogil:
    ctypedef struct problem:
        int64_t n, ih, iw, ic, oh, ow, oc, kh, kw, sh, sw, dh, dw, pt, pl, pb, pr, border, groups, all_ic, all_oc
        int64_t qh, qw, th, tw, zh, zw, count, kind, relu
        double a, b, c

    ctypedef void (*kernel_run)(const problem *p, int64_t task, void **buf, void *scratch) noexcept nogil
    ctypedef int64_t (*kernel_size)(const problem *p) noexcept nogil

    ctypedef struct kernel:
        const char *name
        int64_t buffers
        kernel_run run
        kernel_size tasks
        kernel_size scratch

    ctypedef struct kernel_table:
        const kernel *kernels
        int64_t count
        int64_t lanes
        int64_t peak_operations

cdef extern from "isa/isa.h" nogil:
    ctypedef struct isa:
        const char *name
        int usable
        const kernel_table *f32
        const kernel_table *f64

    int64_t isa_list(const isa **rows)
    const char *isa_compiler()

cdef extern from "drivers/fpstate.h" nogil:
    ctypedef unsigned long fp_state
    fp_state fp_enter()
    void fp_leave(fp_state saved)

cdef extern from "drivers/openmp.h" nogil:
    int openmp_version()
    int openmp_max_threads()
    int openmp_pause()

cdef extern from "drivers/affinity.h" nogil:
    void affinity_prepare(int team)
    void affinity_settle(int thread)
