/* Random numbers that depend on a key and a counter alone: any task can draw those of its elements, in any order.
 *
 * A kernel that draws has a buffer {key, step} (uint64): the step changes from batch to batch. Its own key, p->kind, is added
 * to that key. */
#ifndef CONVCORE_PHILOX_H
#define CONVCORE_PHILOX_H

#include <string.h>

/* Philox 4x32-10 (Salmon et al., SC'11): four random words of a key and a counter. */
static void philox(uint32_t out[4], uint64_t key, uint64_t high, uint64_t low) {
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c[4] = {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)};
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        const uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        const uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ k0, (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ k1,
                                  (uint32_t)a};
        memcpy(c, next, sizeof next);
    }
    memcpy(out, c, sizeof c);
}

#endif
