# A program: steps that run one after the other, each as tasks that run side by side.

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cython.parallel cimport parallel, prange, threadid
from libc.stdlib cimport calloc
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from kernels_c cimport affinity_prepare, affinity_settle, fp_enter, fp_leave, fp_state, kernel_run

cdef enum:
    MOST_EXTERNALS = 16
    MOST_LOCAL_POINTERS = 64
    MANY_SHARES = 4


cdef enum place:
    NOWHERE, IN_ARENA, BOUND, EXTERNAL


cdef struct argument:
    place where
    int64_t index
    int64_t offset


cdef struct step:
    kernel_run run
    problem p
    int64_t tasks
    int64_t first_pointer
    # This step and those behind it that are of its group; in how many shares a group runs, each on one thread; how many
    # tasks of this step are in one.
    int64_t together
    int64_t shares
    int64_t share
    bint short


cdef void run_share(const step *steps, int64_t together, int64_t share, void **pointers, char *scratch) noexcept nogil:
    """One share of the tasks of each step of a group."""
    cdef int64_t s, t
    for s in range(together):
        for t in range(share * steps[s].share, min((share + 1) * steps[s].share, steps[s].tasks)):
            steps[s].run(&steps[s].p, t, pointers + steps[s].first_pointer, scratch)


cdef int64_t whole_shares(const step *steps, int threads) noexcept nogil:
    """How many shares of a group go through all its steps at once. The others, those that are no multiple and of many
    shares one more for each thread, go step by step, task by task: all threads are done at about the same time."""
    if steps.shares == 1:
        return 1
    return steps.shares - steps.shares % threads - (threads if steps.shares >= MANY_SHARES * threads else 0)


cdef void run_part(
    const step *steps, int64_t together, int64_t part, int64_t shares, int64_t task, void **pointers, char *scratch
) noexcept nogil:
    """One of the `shares` first shares of a group, or behind them one task of its first step, from `task` on."""
    if part < shares:
        run_share(steps, together, part, pointers, scratch)
    else:
        steps.run(&steps.p, task + part - shares, pointers + steps.first_pointer, scratch)


cdef void execute_alone(const step *steps, int64_t count, void **pointers, char *scratch) noexcept nogil:
    """All steps on the calling thread, without a team: to make one takes as long as a small op."""
    cdef int64_t s = 0, share
    cdef fp_state saved = fp_enter()
    while s < count:
        for share in range(steps[s].shares):
            run_share(steps + s, steps[s].together, share, pointers, scratch)
        s = s + steps[s].together
    fp_leave(saved)


cdef void execute(
    const step *steps, int64_t count, void **pointers, char *scratch, int64_t scratch_step, int threads
) noexcept nogil:
    """The one parallel region of the engine: for each group of steps, its shares.

    Threads meet before each loop, not behind it: Cython writes ``omp for nowait``, and its variable, which is both
    firstprivate and lastprivate, makes the compilers put a barrier in front.
    """
    cdef int64_t s = 0, t, end = 0, whole = 0, shares = 0, task = 0, parts = 0
    cdef fp_state saved = 0
    if threads == 1:
        execute_alone(steps, count, pointers, scratch)
        return
    with parallel(num_threads=threads):
        affinity_settle(threadid())
        saved = fp_enter()
        s = 0
        while s < count:
            end = s + steps[s].together
            shares = whole = whole_shares(steps + s, threads)
            while s < end:
                task = min(whole * steps[s].share, steps[s].tasks)
                parts = shares + steps[s].tasks - task
                if parts <= threads or steps[s].short:
                    # A thread has the same parts in every run: what they read may still lie in its cache.
                    for t in prange(parts, schedule="static", chunksize=1):
                        run_part(
                            steps + s, end - s, t, shares, task, pointers, scratch + threadid() * scratch_step
                        )
                else:
                    for t in prange(parts, schedule="dynamic"):
                        run_part(
                            steps + s, end - s, t, shares, task, pointers, scratch + threadid() * scratch_step
                        )
                shares = 0
                s = end if whole == steps[s].shares else s + 1
        fp_leave(saved)


cdef double seconds() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <double>now.tv_sec + 1e-9 * <double>now.tv_nsec


cdef set_field(problem *p, str name, value):
    if name == "n": p.n = value
    elif name == "ih": p.ih = value
    elif name == "iw": p.iw = value
    elif name == "ic": p.ic = value
    elif name == "oh": p.oh = value
    elif name == "ow": p.ow = value
    elif name == "oc": p.oc = value
    elif name == "kh": p.kh = value
    elif name == "kw": p.kw = value
    elif name == "sh": p.sh = value
    elif name == "sw": p.sw = value
    elif name == "dh": p.dh = value
    elif name == "dw": p.dw = value
    elif name == "pt": p.pt = value
    elif name == "pl": p.pl = value
    elif name == "pb": p.pb = value
    elif name == "pr": p.pr = value
    elif name == "border": p.border = value
    elif name == "groups": p.groups = value
    elif name == "all_ic": p.all_ic = value
    elif name == "all_oc": p.all_oc = value
    elif name == "qh": p.qh = value
    elif name == "qw": p.qw = value
    elif name == "th": p.th = value
    elif name == "tw": p.tw = value
    elif name == "zh": p.zh = value
    elif name == "zw": p.zw = value
    elif name == "count": p.count = value
    elif name == "kind": p.kind = value
    elif name == "relu": p.relu = value
    elif name == "a": p.a = value
    elif name == "b": p.b = value
    elif name == "c": p.c = value
    else: raise ValueError(f"a problem has no field {name!r}.")


cdef class Program:
    """Steps over three kinds of memory: an arena of `arena_bytes`, `bound` buffers that the program keeps, and
    `externals` that each run brings.

    A step is ``(kernel, fields, arguments, work, images)``, `work` about how many multiply-adds it does and `images`
    None, or ``(units, in share)`` if its tasks go through the images in order, as many tasks for each of the `units`:
    steps side by side with as many shares then run share by share, so that what one writes the next finds in a cache.
    An argument is None, ``("arena", 0, offset)``, ``("bound", index, offset)`` or ``("external", index, offset)``,
    offsets in bytes. `external_bytes` says how long each external must be (-1: whatever the caller vouches for) and
    `written` which of them the program writes.

    A program without bound buffers may run in several Python threads at once.
    """
    cdef step *steps
    cdef int64_t step_count
    cdef argument *arguments
    cdef void **own_pointers
    cdef int64_t pointer_count
    cdef Py_buffer *bound_views
    cdef int64_t bound_count
    cdef bint running
    cdef tuple external_bytes
    cdef tuple written
    cdef readonly int64_t arena_bytes
    cdef readonly int64_t scratch_bytes
    cdef int64_t most_tasks
    cdef readonly double work
    cdef readonly str dtype
    cdef readonly tuple kernel_names

    def __cinit__(self, str dtype, list steps, *, int64_t arena_bytes, list bound, tuple external_bytes, tuple written):
        cdef const kernel *k
        cdef int64_t i, pointer = 0
        cdef list grouped = []
        if len(external_bytes) > MOST_EXTERNALS:
            raise ValueError(f"a program takes at most {MOST_EXTERNALS} externals.")
        self.dtype = dtype
        self.arena_bytes = arena_bytes
        self.external_bytes = external_bytes
        self.written = written
        self.kernel_names = tuple(name for name, *_ in steps)
        self.pointer_count = sum(len(arguments) for _, _, arguments, *_ in steps)
        self.steps = <step *>calloc(len(steps) + 1, sizeof(step))
        self.arguments = <argument *>calloc(self.pointer_count + 1, sizeof(argument))
        self.own_pointers = <void **>calloc(self.pointer_count + 1, sizeof(void *))
        self.bound_views = <Py_buffer *>calloc(len(bound) + 1, sizeof(Py_buffer))
        if not (self.steps and self.arguments and self.own_pointers and self.bound_views):
            raise MemoryError("cannot allocate a program.")
        for thing in bound:
            PyObject_GetBuffer(thing, &self.bound_views[self.bound_count], PyBUF_WRITABLE)
            self.bound_count += 1
        for name, fields, arguments, work, images in steps:
            k = find_kernel(dtype, name)
            if k.buffers != len(arguments):
                raise ValueError(f"{name} takes {k.buffers} buffers, not {len(arguments)}.")
            i = self.step_count
            for field, value in fields.items():
                set_field(&self.steps[i].p, field, value)
            self.steps[i].run = k.run
            self.steps[i].tasks = k.tasks(&self.steps[i].p)
            self.steps[i].first_pointer = pointer
            self.scratch_bytes = max(self.scratch_bytes, k.scratch(&self.steps[i].p))
            self.most_tasks = max(self.most_tasks, self.steps[i].tasks)
            for which in arguments:
                self.arguments[pointer] = self.resolve(which)
                pointer += 1
            self.steps[i].together, self.steps[i].shares, self.steps[i].share = 1, self.steps[i].tasks, 1
            self.steps[i].short = work < SHORT_WORK
            units, in_share = images or (1, 1)
            if work < SMALL_WORK:
                self.steps[i].shares, self.steps[i].share = 1, self.steps[i].tasks
            elif units > in_share:
                if self.steps[i].tasks % units:
                    raise ValueError(f"{name} has {self.steps[i].tasks} tasks, which {units} images cannot share.")
                self.steps[i].shares = (units + in_share - 1) // in_share
                self.steps[i].share = self.steps[i].tasks // units * in_share
            grouped.append(work < SMALL_WORK or units > in_share)
            self.work += work
            self.step_count += 1
        for i in range(self.step_count - 2, -1, -1):
            if grouped[i] and grouped[i + 1] and self.steps[i].shares == self.steps[i + 1].shares:
                self.steps[i].together = self.steps[i + 1].together + 1
        self.scratch_bytes = (self.scratch_bytes + CACHE_LINE - 1) // CACHE_LINE * CACHE_LINE

    cdef argument resolve(self, which) except *:
        cdef argument result
        result.where, result.index, result.offset = NOWHERE, 0, 0
        if which is not None:
            kind, index, offset = which
            result.index, result.offset = index, offset
            if kind == "arena" and 0 <= offset < self.arena_bytes:
                result.where = IN_ARENA
            elif kind == "bound" and 0 <= index < self.bound_count and 0 <= offset <= self.bound_views[index].len:
                result.where = BOUND
            elif kind == "external" and 0 <= index < len(self.external_bytes) and offset >= 0:
                result.where = EXTERNAL
            else:
                raise ValueError(f"{which!r} is no place in this program.")
        return result

    def __dealloc__(self):
        cdef int64_t i
        for i in range(self.bound_count):
            PyBuffer_Release(&self.bound_views[i])
        free(self.bound_views)
        free(self.own_pointers)
        free(self.arguments)
        free(self.steps)

    def run(self, tuple externals, Arena arena=None, bint profile=False):
        """Run all steps. `externals` are C-contiguous buffers; `arena` is the program's own if what it holds must last.

        With `profile`, steps run one by one; returns ``[(tasks, seconds), ...]``.
        """
        cdef Py_buffer views[MOST_EXTERNALS]
        cdef void *local_pointers[MOST_LOCAL_POINTERS]
        cdef void **pointers = self.own_pointers
        cdef int64_t acquired = 0, scratch_offset, s
        cdef bint exclusive = self.bound_count > 0 or self.pointer_count > MOST_LOCAL_POINTERS
        cdef bint borrowed = arena is None
        cdef int threads = 1
        cdef char *scratch
        cdef Arena slab = arena
        cdef Arena scratch_slab = None
        cdef double start
        cdef step alone
        if len(externals) != len(self.external_bytes):
            raise ValueError(f"the program takes {len(self.external_bytes)} externals, not {len(externals)}.")
        if exclusive:
            if self.running:
                raise RuntimeError("the program is running in another thread.")
            self.running = True
        else:
            pointers = local_pointers
        if self.work >= SERIAL_WORK:
            threads = <int>min(<int64_t>allowed_threads(), max(self.most_tasks, 1))
        if threads > 1:
            affinity_prepare(threads)
        try:
            for thing in externals:
                PyObject_GetBuffer(thing, &views[acquired], PyBUF_WRITABLE if self.written[acquired] else PyBUF_SIMPLE)
                acquired += 1
                wanted = self.external_bytes[acquired - 1]
                if wanted >= 0 and views[acquired - 1].len != wanted:
                    raise ValueError(f"external {acquired - 1} has {views[acquired - 1].len} bytes, not {wanted}.")
            if borrowed:
                scratch_offset = (self.arena_bytes + CACHE_LINE - 1) // CACHE_LINE * CACHE_LINE
                slab = take_arena(scratch_offset + threads * self.scratch_bytes)
                scratch = slab.data + scratch_offset
            else:
                if slab.size < self.arena_bytes:
                    raise ValueError(f"the arena has {slab.size} bytes, not {self.arena_bytes}.")
                scratch_slab = take_arena(threads * self.scratch_bytes)
                scratch = scratch_slab.data
            self.fill(pointers, slab.data, views)
            if profile:
                times = []
                for s in range(self.step_count):
                    alone = self.steps[s]
                    alone.together, alone.shares, alone.share = 1, alone.tasks, 1
                    start = seconds()
                    with nogil:
                        execute(&alone, 1, pointers, scratch, self.scratch_bytes, threads)
                    times.append((self.steps[s].tasks, seconds() - start))
                return times
            with nogil:
                execute(self.steps, self.step_count, pointers, scratch, self.scratch_bytes, threads)
        finally:
            while acquired > 0:
                acquired -= 1
                PyBuffer_Release(&views[acquired])
            if borrowed and slab is not None:
                give_arena(slab)
            if scratch_slab is not None:
                give_arena(scratch_slab)
            if exclusive:
                self.running = False

    cdef void fill(self, void **pointers, char *arena, Py_buffer *externals) noexcept:
        cdef int64_t i
        cdef argument a
        for i in range(self.pointer_count):
            a = self.arguments[i]
            if a.where == NOWHERE:
                pointers[i] = NULL
            elif a.where == IN_ARENA:
                pointers[i] = arena + a.offset
            elif a.where == BOUND:
                pointers[i] = <char *>self.bound_views[a.index].buf + a.offset
            else:
                pointers[i] = <char *>externals[a.index].buf + a.offset
