/* The floating-point state of a worker while kernels run: round to nearest, subnormals flushed to zero (they cost up to
 * fifty times the time otherwise). What the caller had is restored. */
#ifndef CONVCORE_FPSTATE_H
#define CONVCORE_FPSTATE_H

#include <stdint.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
typedef uint32_t fp_state;
static inline fp_state fp_enter(void) {
    const fp_state saved = _mm_getcsr();
    _mm_setcsr(0x1F80 | 0x8040); /* all exceptions masked, nearest; flush to zero, denormals are zero */
    return saved;
}
static inline void fp_leave(fp_state saved) { _mm_setcsr(saved); }
#elif defined(__aarch64__)
typedef uint64_t fp_state;
static inline fp_state fp_enter(void) {
    fp_state saved;
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
    __asm__ volatile("msr fpcr, %0" : : "r"((fp_state)1 << 24)); /* nearest; flush to zero */
    return saved;
}
static inline void fp_leave(fp_state saved) { __asm__ volatile("msr fpcr, %0" : : "r"(saved)); }
#else
#error "convcore does not know the floating-point control register of this CPU: add a block to fpstate.h"
#endif

#endif
