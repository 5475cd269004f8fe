#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "bench.h"

#define MOST_REPEATS 1000

/* CPU seconds of this process and of the children it has waited for. */
static double cpu_seconds(void)
{
  struct rusage children;
  double sum = vqe_clock_cpu();
  if (getrusage(RUSAGE_CHILDREN, &children) == 0) {
    sum += (double)(children.ru_utime.tv_sec + children.ru_stime.tv_sec);
    sum +=
        1e-6 * (double)(children.ru_utime.tv_usec + children.ru_stime.tv_usec);
  }
  return sum;
}

static int compare(const void *a, const void *b)
{
  double left = *(const double *)a;
  double right = *(const double *)b;
  return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
  qsort(values, count, sizeof *values, compare);
  return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}

int bench_repeat(struct bench_run *run, int (*body)(void *ctx), void *ctx)
{
  const struct bench_settings *settings = run->settings;
  size_t most =
      settings->repeats > 0 ? (size_t)settings->repeats : (size_t)MOST_REPEATS;
  double *wall = NULL;
  double *cpu = NULL;
  size_t count = 0;
  bool warm = false;
  int status = vqe_memory_alloc(&wall, most, sizeof *wall, "times");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&cpu, most, sizeof *cpu, "times");
  }
  double started = vqe_clock_wall();
  while (status == VQE_OK && count < most) {
    double cpu_before = cpu_seconds();
    double before = vqe_clock_wall();
    status = body(ctx);
    double now = vqe_clock_wall();
    wall[count] = now - before;
    cpu[count] = cpu_seconds() - cpu_before;
    if (!warm && now - before < 0.5 * settings->seconds) {
      warm = true;
      continue;
    }
    warm = true;
    count++;
    if (settings->repeats == 0 && now - started > settings->seconds) {
      break;
    }
  }
  if (status == VQE_OK) {
    run->repeats = (int)count;
    run->wall_median = median(wall, count);
    run->cpu_median = median(cpu, count);
    run->wall_min = wall[0];
    run->cpu_min = cpu[0];
  }
  free(wall);
  free(cpu);
  return status;
}

int bench_fact(struct bench_run *run, const char *name, json_t *value)
{
  if (json_object_set_new(run->facts, name, value) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for '%s'", name);
  }
  return VQE_OK;
}
