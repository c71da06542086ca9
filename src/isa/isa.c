#include "isa.h"

#define DECLARE(ISA) extern const kernel_table convcore_##ISA##_f32, convcore_##ISA##_f64;
#define ROW(ISA, USABLE) {#ISA, USABLE, &convcore_##ISA##_f32, &convcore_##ISA##_f64},

/* setup.py defines CONVCORE_HAS_... for each table that the compiler could build. */
DECLARE(baseline)
#ifdef CONVCORE_HAS_AVX2
DECLARE(avx2)
#endif
#ifdef CONVCORE_HAS_AVX512
DECLARE(avx512)
#endif

int64_t isa_list(const isa **rows) {
#ifdef CONVCORE_HAS_AVX2
    const int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
#ifdef CONVCORE_HAS_AVX512
    const int has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#endif
    static isa list[3];
    const isa found[] = {ROW(baseline, 1)
#ifdef CONVCORE_HAS_AVX2
                             ROW(avx2, has_avx2)
#endif
#ifdef CONVCORE_HAS_AVX512
                                 ROW(avx512, has_avx512)
#endif
    };
    const int64_t count = sizeof found / sizeof found[0];
    for (int64_t i = 0; i < count; i++) list[i] = found[i];
    *rows = list;
    return count;
}

const char *isa_compiler(void) {
#ifdef __clang__
    return __VERSION__;
#else
    return "gcc " __VERSION__;
#endif
}
