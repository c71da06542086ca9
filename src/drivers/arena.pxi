# Memory that programs work in: aligned, allocated once, used again.

from cpython.buffer cimport PyBuffer_FillInfo
from libc.stdlib cimport free, getenv, malloc

cdef enum:
    CACHE_LINE = 64


cdef class Arena:
    """`size` bytes, aligned to a cache line; a writable buffer, so ``np.frombuffer`` sees it."""
    cdef void *allocation
    cdef char *data
    cdef readonly int64_t size

    def __cinit__(self, int64_t size):
        self.allocation = malloc(<size_t>size + CACHE_LINE)
        if self.allocation == NULL:
            raise MemoryError(f"cannot allocate {size} bytes.")
        self.data = <char *>((<uintptr_t>self.allocation + CACHE_LINE - 1) & ~<uintptr_t>(CACHE_LINE - 1))
        self.size = size

    def __dealloc__(self):
        free(self.allocation)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.data, self.size, 0, flags)


# Arenas of finished single calls, for the next ones. Few and small: a large one is given back to the system.
cdef list idle_arenas = []
cdef int64_t IDLE_ARENAS = 4
cdef int64_t LARGEST_IDLE = 64 << 20


cdef Arena take_arena(int64_t size):
    cdef Arena arena
    cdef Py_ssize_t i
    for i in range(len(idle_arenas)):
        arena = idle_arenas[i]
        if arena.size >= size:
            del idle_arenas[i]
            return arena
    return Arena(max(size, 1 << 16))


cdef give_arena(Arena arena):
    if arena.size <= LARGEST_IDLE:
        idle_arenas.append(arena)
        if len(idle_arenas) > IDLE_ARENAS:
            del idle_arenas[0]


def memory_is_limited():
    """Whether the environment limits memory; `os.environ` takes longer to say so than a small op to run."""
    return getenv("CONVCORE_MEMORY_LIMIT") != NULL
