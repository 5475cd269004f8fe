#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static double seconds_of(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double vqe_clock_wall(void)
{
  return seconds_of(CLOCK_MONOTONIC);
}

double vqe_clock_cpu(void)
{
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

double vqe_clock_thread(void)
{
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

void vqe_clock_rfc3339(char out[VQE_CLOCK_RFC3339_SIZE])
{
  struct timespec now;
  struct tm utc;
  char date[24];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
  snprintf(out, VQE_CLOCK_RFC3339_SIZE, "%.19s.%03dZ", date,
           (int)(now.tv_nsec / 1000000) % 1000);
}
