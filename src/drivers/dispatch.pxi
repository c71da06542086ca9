# Which kernel table runs.

from libc.stdint cimport int64_t, uintptr_t
from libc.string cimport strcmp

from kernels_c cimport isa, isa_compiler, isa_list, kernel, kernel_table, problem

cdef const isa *active_isa_row = NULL


def list_isas():
    """``[(name, usable), ...]`` of this build, slowest first."""
    cdef const isa *rows
    cdef int64_t count = isa_list(&rows)
    return [(rows[i].name.decode(), bool(rows[i].usable)) for i in range(count)]


def select_isa(str name):
    """Make the ISA `name`, which `list_isas` says is usable, the one whose kernels run in programs made from now on."""
    global active_isa_row
    cdef const isa *rows
    cdef int64_t i, count = isa_list(&rows)
    for i in range(count):
        if rows[i].usable and rows[i].name.decode() == name:
            active_isa_row = &rows[i]
            return
    raise ValueError(f"ISA {name!r} is not usable here.")


def active_isa():
    """The name of the ISA that `select_isa` chose."""
    return active_isa_row.name.decode()


cdef const kernel_table *active_table(str dtype) except NULL:
    if active_isa_row == NULL:
        raise RuntimeError("select_isa was not called.")
    return active_isa_row.f64 if dtype == "float64" else active_isa_row.f32


def peak_operations(str dtype):
    """Floating-point operations in one round of the kernel that measures the peak."""
    return active_table(dtype).peak_operations


def compiler():
    """What built this module."""
    return isa_compiler().decode()


def list_kernels():
    """``{name: number of buffers}`` of the active table."""
    cdef const kernel_table *table = active_table("float32")
    return {table.kernels[i].name.decode(): table.kernels[i].buffers for i in range(table.count)}


cdef const kernel *find_kernel(str dtype, str name) except NULL:
    cdef const kernel_table *table = active_table(dtype)
    cdef bytes wanted = name.encode()
    cdef int64_t i
    for i in range(table.count):
        if strcmp(table.kernels[i].name, wanted) == 0:
            return &table.kernels[i]
    raise ValueError(f"there is no kernel {name!r}.")
