/* Wall time, CPU time and timestamps. */
#ifndef VQE_BASE_CLOCK_H
#define VQE_BASE_CLOCK_H

#include <stddef.h>

double vqe_clock_wall(void);   /* seconds, monotonic, arbitrary origin */
double vqe_clock_cpu(void);    /* CPU seconds of this process, all threads */
double vqe_clock_thread(void); /* CPU seconds of the calling thread */

/* Current time as RFC 3339 in UTC with milliseconds,
 * "2026-01-02T03:04:05.678Z"; needs 25 bytes. */
#define VQE_CLOCK_RFC3339_SIZE 25
void vqe_clock_rfc3339(char out[VQE_CLOCK_RFC3339_SIZE]);

#endif
