/* Buffers that end where they end: every other one lies against a page that nobody may touch, the rest is malloc's, whose
 * ends the address sanitizer guards. The first stop also masked vector instructions, which the sanitizer does not see. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_BUFFERS = 512, GARBAGE = 0xFF /* NaN as a real, and no code, index or count */ };

typedef struct allocation {
    void *start;
    size_t mapped; /* bytes of a mapping, or 0 for malloc's */
} allocation;

static allocation allocations[MOST_BUFFERS];
static int allocation_count;

/* `size` bytes of garbage, aligned to `alignment` and to no more where that can be helped. */
static void *allocate(size_t size, size_t alignment) {
    if (allocation_count == MOST_BUFFERS) abort();
    allocation *a = &allocations[allocation_count++];
    char *data;
    if (allocation_count % 2) {
        const size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (size + alignment + page - 1) / page * page;
        a->mapped = used + page;
        a->start = mmap(NULL, a->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (a->start == MAP_FAILED || mprotect((char *)a->start + used, page, PROT_NONE)) abort();
        data = (char *)a->start + (used - size) / alignment * alignment;
    } else {
        a->mapped = 0;
        /* 64 bytes and one element, so that the data begin beside malloc's own alignment. */
        const size_t shift = alignment < 64 ? alignment : 0;
        if (posix_memalign(&a->start, 64, size + shift)) abort();
        data = (char *)a->start + shift;
    }
    memset(data, GARBAGE, size);
    return data;
}

static void release_to(int count) {
    while (allocation_count > count) {
        const allocation a = allocations[--allocation_count];
        if (a.mapped)
            munmap(a.start, a.mapped);
        else
            free(a.start);
    }
}

#endif
