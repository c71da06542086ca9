/* Where the workers of a team run.
 *
 * A worker that slept at a barrier is woken beside the thread that woke it, and a team as large as the machine then shares
 * one CPU for milliseconds. So when a team has a thread for each CPU of the process, each worker keeps to one of them, and
 * none to the CPU on which the caller is. The calling thread is left alone: it belongs to the user. */
#ifndef CONVCORE_AFFINITY_H
#define CONVCORE_AFFINITY_H

#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { AFFINITY_WORKERS = 256 };

static cpu_set_t affinity_cpus;
static int affinity_apart;       /* 1: one CPU each, 0: wherever the process may run */
static int affinity_caller = -1; /* the CPU that is left to the caller */
static pid_t affinity_workers[AFFINITY_WORKERS];
static __thread int affinity_known;

static inline void affinity_place(pid_t worker, int thread) {
    cpu_set_t mine = affinity_cpus;
    if (affinity_apart) {
        int rank = 0;
        CPU_ZERO(&mine);
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
            if (cpu != affinity_caller && CPU_ISSET(cpu, &affinity_cpus) && ++rank == thread) CPU_SET(cpu, &mine);
    }
    sched_setaffinity(worker, sizeof mine, &mine); /* where it fails the worker just stays where it is */
}

/* By the caller, before a team of `team` threads starts: the workers move when it or the process's CPUs have. */
static inline void affinity_prepare(int team) {
    cpu_set_t cpus;
    const int caller = sched_getcpu();
    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return;
    const int apart = CPU_COUNT(&cpus) == team;
    if (apart == affinity_apart && (!apart || caller == affinity_caller) && CPU_EQUAL(&cpus, &affinity_cpus)) return;
    affinity_cpus = cpus;
    affinity_apart = apart;
    affinity_caller = caller;
    for (int thread = 1; thread < AFFINITY_WORKERS; thread++) {
        const pid_t worker = affinity_workers[thread];
        if (worker == 0) continue;
        if (syscall(SYS_tgkill, getpid(), worker, 0) == 0)
            affinity_place(worker, thread);
        else
            affinity_workers[thread] = 0; /* it has ended */
    }
}

/* By each thread of the team; 0 is the caller. */
static inline void affinity_settle(int thread) {
    if (thread == 0 || thread >= AFFINITY_WORKERS || affinity_known) return;
    affinity_known = 1;
    affinity_workers[thread] = (pid_t)syscall(SYS_gettid);
    affinity_place(0, thread);
}
#else
static inline void affinity_prepare(int team) { (void)team; }
static inline void affinity_settle(int thread) { (void)thread; }
#endif

#endif
