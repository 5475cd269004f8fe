/* Drawn seeds that a run takes over, also where memory ends on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <jansson.h>

#include "job/job.h"
#include "vqe/error.h"

#define BLOCK 4096

static int room; /* blocks that may still be had */

/* A block of its own for each, never used again: what is used once freed ends
 * the test. */
static void *take_block(size_t size)
{
  if (room <= 0 || size > BLOCK) {
    return NULL;
  }
  room--;
  void *block = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? NULL : block;
}

static void give_block(void *block)
{
  if (block != NULL) {
    room++;
    (void)mprotect(block, BLOCK, PROT_NONE);
  }
}

static struct vqe_job *load(void)
{
  const char *text = "{\"molecules\": [{\"symbols\": [\"H\", \"H\"], "
                     "\"coords\": [[0,0,0],[0,0,0.7]]}]}";
  struct vqe_job *job = NULL;
  char *warnings = NULL;
  assert_int_equal(
      vqe_job_parse(&job, &warnings, text, strlen(text), "test.json", NULL),
      0);
  free(warnings);
  assert_int_equal(job->count, 1);
  assert_true(job->experiments[0]->seed_drawn);
  return job;
}

static void seed_is_taken_over_or_memory_is_said_to_be_short(void **state)
{
  (void)state;
  json_malloc_t was_malloc;
  json_free_t was_free;
  int status = VQE_ERR_MEMORY;
  json_get_alloc_funcs(&was_malloc, &was_free);
  for (int most = 0; status != VQE_OK; most++) {
    struct vqe_job *job = load();
    struct vqe_experiment *experiment = job->experiments[0];
    struct vqe_job_begun begun = {.seed = 77};
    const struct vqe_job_earlier earlier = {.begun = &begun, .nbegun = 1};
    assert_int_equal(vqe_job_seedless_id(begun.seedless_id, experiment), 0);
    memset(begun.id, 'a', sizeof begun.id - 1);
    room = most;
    json_set_alloc_funcs(take_block, give_block);
    status = vqe_job_reuse_seeds(job, &earlier);
    json_set_alloc_funcs(was_malloc, was_free);
    assert_true(status == VQE_OK || status == VQE_ERR_MEMORY);
    assert_true(status != VQE_OK || experiment->seed == 77);
    assert_true(most < 1000);
    vqe_job_free(job);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(seed_is_taken_over_or_memory_is_said_to_be_short)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
