/* What the multipliers can do: `count` rounds of multiply-adds on a full register tile, nothing loaded or stored. */
#include "kernel.h"
#include "tile.h"

static int64_t peak_tasks(const problem *p) { return p->n; }

/* buf: sink[task]. 2 * VL * TILE_REGISTERS operations a round. */
static void peak(const problem *p, int64_t task, void *const *buf, void *scratch) {
    (void)scratch;
    vec acc[TILE_REGISTERS];
    const vec a = vset1((real)1e-3), b = vset1((real)0.999);
    UNROLL for (int i = 0; i < TILE_REGISTERS; i++) acc[i] = vset1((real)i);
    for (int64_t round = 0; round < p->count; round++)
        UNROLL for (int i = 0; i < TILE_REGISTERS; i++) acc[i] = vfma(acc[i], b, a);
    UNROLL for (int i = 1; i < TILE_REGISTERS; i++) acc[0] = vadd(acc[0], acc[i]);
    vstore_masked((real *)buf[0] + task, acc[0], vmask_first(1));
}
