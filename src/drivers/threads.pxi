# How many threads a program gets.

from kernels_c cimport openmp_max_threads, openmp_pause, openmp_version

cdef int wanted_threads = 1
cdef int openmp_threads_at_import = openmp_max_threads()

# Below this many multiply-adds the start of a team costs more than it saves.
cdef double SERIAL_WORK = 2e5
# Below this, in a larger program, it costs more to share a step than to let one thread do it.
cdef double SMALL_WORK = 5e4
# Below this, all threads are done with a step at about the same time, however its tasks are shared.
cdef double SHORT_WORK = 1e6


def set_threads(int count):
    """Let programs use up to `count` threads."""
    global wanted_threads
    wanted_threads = count


def wanted_thread_count():
    """What `set_threads` was last told."""
    return wanted_threads


cpdef int allowed_threads():
    """What `set_threads` allowed, or less if OpenMP was limited since the import (as threadpoolctl does)."""
    cdef int limit = openmp_max_threads()
    if limit < openmp_threads_at_import and limit < wanted_threads:
        return limit
    return wanted_threads


def openmp():
    """The OpenMP version as a date such as 201511, 0 in a serial build."""
    return openmp_version()


def pause_threads():
    """Give the pool of threads back; the next program makes a new one. Called before a fork."""
    openmp_pause()
