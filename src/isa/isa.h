/* Which kernel tables this build holds and which of them run on this CPU. */
#ifndef CONVCORE_ISA_H
#define CONVCORE_ISA_H

#include "../kernels/kernel.h"

typedef struct isa {
    const char *name;
    int usable; /* 1: this CPU and operating system can run it */
    const kernel_table *f32, *f64;
} isa;

/* Slowest first. */
int64_t isa_list(const isa **rows);

/* The compiler's own name for itself. */
const char *isa_compiler(void);

#endif
