/* What this machine can do: DGEMM of OpenBLAS, and the triad of STREAM
 * (McCalpin, IEEE TCCA Newsletter, December 1995) in memory and in cache, on
 * one thread and on all processors. */
#include <cblas.h>
#include <omp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "bench.h"

#define DGEMM_SIZE 1024
/* Together four times a last-level cache of 48 MB. */
#define MEMORY_DOUBLES ((size_t)8 << 20)
/* 192 KB a thread: in the second-level cache, not in the first. */
#define CACHE_DOUBLES ((size_t)8 << 10)
#define CACHE_SWEEPS 1000

struct arrays {
  size_t count; /* of each; a thread, where `sweeps` is above one */
  int sweeps;
  int threads;
  double *a, *b, *c;
};

static int threads_of(const struct bench_run *run)
{
  return run->workload->number == 1 ? 1 : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

static int arrays_init(struct arrays *arrays, size_t count)
{
  int status = vqe_memory_alloc(&arrays->a, count, sizeof(double), "an array");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&arrays->b, count, sizeof(double), "an array");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&arrays->c, count, sizeof(double), "an array");
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    arrays->b[k] = 1.0 + (double)(k % 7);
    arrays->c[k] = 2.0 - (double)(k % 5);
  }
  return status;
}

static void arrays_clear(struct arrays *arrays)
{
  free(arrays->a);
  free(arrays->b);
  free(arrays->c);
}

static int multiply(void *ctx)
{
  const struct arrays *arrays = ctx;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, DGEMM_SIZE,
              DGEMM_SIZE, DGEMM_SIZE, 1.0, arrays->b, DGEMM_SIZE, arrays->c,
              DGEMM_SIZE, 0.0, arrays->a, DGEMM_SIZE);
  return VQE_OK;
}

static int run_dgemm(struct bench_run *run)
{
  struct arrays arrays = {0};
  size_t count = (size_t)DGEMM_SIZE * DGEMM_SIZE;
  int threads = threads_of(run);
  int status = arrays_init(&arrays, count);
  if (status == VQE_OK) {
    openblas_set_num_threads(threads);
    run->cost.flop = 2.0 * DGEMM_SIZE * (double)count;
    status = bench_repeat(run, multiply, &arrays);
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "threads", json_integer(threads));
  }
  arrays_clear(&arrays);
  return status;
}

static void triad(double *restrict a, const double *restrict b,
                  const double *restrict c, size_t count, double scalar)
{
  for (size_t k = 0; k < count; k++) {
    a[k] = b[k] + scalar * c[k];
  }
}

static int sweep(void *ctx)
{
  const struct arrays *arrays = ctx;
  size_t part = arrays->count;
#pragma omp parallel num_threads(arrays->threads)
  {
    size_t me = (size_t)omp_get_thread_num();
    size_t first = me * part;
    for (int k = 0; k < arrays->sweeps; k++) {
      triad(arrays->a + first, arrays->b + first, arrays->c + first, part,
            1.0 + k);
    }
  }
  return VQE_OK;
}

static int run_triad(struct bench_run *run)
{
  int threads = threads_of(run);
  bool cached = run->workload->variant != NULL;
  size_t count = cached ? CACHE_DOUBLES : MEMORY_DOUBLES / (size_t)threads;
  struct arrays arrays = {
      .count = count, .sweeps = cached ? CACHE_SWEEPS : 1, .threads = threads};
  int status = arrays_init(&arrays, count * (size_t)threads);
  if (status == VQE_OK) {
    /* as STREAM counts: two loads and a store, no write-allocate */
    run->cost.flop = 2.0 * (double)count * threads * arrays.sweeps;
    run->cost.bytes = 24.0 * (double)count * threads * arrays.sweeps;
    status = bench_repeat(run, sweep, &arrays);
  }
  if (status == VQE_OK) {
    status = bench_fact(run, "threads", json_integer(threads));
  }
  arrays_clear(&arrays);
  return status;
}

static const struct bench_workload workloads[] = {
    {"roofline/dgemm/1", "DGEMM 1024, one thread", run_dgemm, NULL, NULL, 1},
    {"roofline/dgemm/all", "DGEMM 1024, all processors", run_dgemm, NULL, NULL,
     0},
    {"roofline/memory/1", "triad of 3 x 64 MB, one thread", run_triad, NULL,
     NULL, 1},
    {"roofline/memory/all", "triad of 3 x 64 MB, all processors", run_triad,
     NULL, NULL, 0},
    {"roofline/cache/1", "triad of 3 x 64 KB, one thread", run_triad, NULL,
     "cache", 1},
    {"roofline/cache/all", "triad of 3 x 64 KB a processor", run_triad, NULL,
     "cache", 0},
};

const struct bench_group bench_roofline_group = {
    workloads, sizeof workloads / sizeof workloads[0]};
