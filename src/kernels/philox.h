/* Random numbers that depend on a key and a counter alone: any task can draw those of its elements, in any order.
 *
 * A kernel that draws has a buffer {key, step} (uint64): the step changes from batch to batch. Its own key, p->kind, is added
 * to that key. */
#ifndef CONVCORE_PHILOX_H
#define CONVCORE_PHILOX_H

#include "point.h"

enum { DRAWN = 64, PHILOX_COUNTERS = DRAWN / 4 };

/* DRAWN random words, those of the elements from `first`, a multiple of 4, on: Philox 4x32-10 (Salmon et al., SC'11), a counter
 * for four elements, several counters side by side for the compiler to make vectors of. */
static void draw(uint32_t words[DRAWN], uint64_t key, uint64_t step, uint64_t first) {
    uint32_t c0[PHILOX_COUNTERS], c1[PHILOX_COUNTERS], c2[PHILOX_COUNTERS], c3[PHILOX_COUNTERS];
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int i = 0; i < PHILOX_COUNTERS; i++) {
        const uint64_t counter = first + 4 * (uint64_t)i;
        c0[i] = (uint32_t)counter, c1[i] = (uint32_t)(counter >> 32);
        c2[i] = (uint32_t)step, c3[i] = (uint32_t)(step >> 32);
    }
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
        for (int i = 0; i < PHILOX_COUNTERS; i++) {
            const uint64_t a = (uint64_t)0xD2511F53u * c0[i], b = (uint64_t)0xCD9E8D57u * c2[i];
            c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ k0, c1[i] = (uint32_t)b;
            c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ k1, c3[i] = (uint32_t)a;
        }
    for (int i = 0; i < PHILOX_COUNTERS; i++) {
        words[4 * i] = c0[i], words[4 * i + 1] = c1[i];
        words[4 * i + 2] = c2[i], words[4 * i + 3] = c3[i];
    }
}

#endif
