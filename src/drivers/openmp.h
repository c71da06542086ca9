/* OpenMP, or what is left of it in a serial build. */
#ifndef CONVCORE_OPENMP_H
#define CONVCORE_OPENMP_H

#ifdef _OPENMP
#include <omp.h>
static inline int openmp_version(void) { return _OPENMP; }
static inline int openmp_max_threads(void) { return omp_get_max_threads(); }
/* The pool of threads is given back: a child made by fork() would wait for ever for threads that it does not have. */
static inline int openmp_pause(void) { return omp_pause_resource_all(omp_pause_soft); }
#else
static inline int openmp_version(void) { return 0; }
static inline int openmp_max_threads(void) { return 1; }
static inline int openmp_pause(void) { return 0; }
#endif

#endif
