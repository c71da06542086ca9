/* Where the workers of a team run.
 *
 * A worker that slept at a barrier is woken beside the thread that woke it, and a team as large as the machine then shares
 * one CPU for milliseconds. So when a team has a thread for each CPU of the process, each worker keeps to one of them. The
 * calling thread is left alone: it belongs to the user. */
#ifndef CONVCORE_AFFINITY_H
#define CONVCORE_AFFINITY_H

#ifdef __linux__
#include <sched.h>

static cpu_set_t affinity_cpus;
static int affinity_apart;      /* 1: one CPU each, 0: wherever the process may run */
static unsigned affinity_epoch; /* counts the changes of the two above */
static __thread unsigned affinity_seen;

/* By the caller, before a team of `team` threads starts. */
static inline void affinity_prepare(int team) {
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return;
    const int apart = CPU_COUNT(&cpus) == team;
    if (affinity_epoch == 0 || apart != affinity_apart || !CPU_EQUAL(&cpus, &affinity_cpus)) {
        affinity_cpus = cpus;
        affinity_apart = apart;
        affinity_epoch++;
    }
}

/* By each thread of the team; 0 is the caller. */
static inline void affinity_settle(int thread) {
    if (thread == 0 || affinity_seen == affinity_epoch) return;
    affinity_seen = affinity_epoch;
    cpu_set_t mine = affinity_cpus;
    if (affinity_apart) {
        int rank = 0;
        CPU_ZERO(&mine);
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
            if (CPU_ISSET(cpu, &affinity_cpus) && rank++ == thread) CPU_SET(cpu, &mine);
    }
    sched_setaffinity(0, sizeof mine, &mine); /* where it fails the worker just stays where it is */
}
#else
static inline void affinity_prepare(int team) { (void)team; }
static inline void affinity_settle(int thread) { (void)thread; }
#endif

#endif
