# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The one native module: it runs programs of kernels, and knows nothing of layers or arrays' meaning."""

include "drivers/dispatch.pxi"
include "drivers/threads.pxi"
include "drivers/arena.pxi"
include "drivers/program.pxi"
