/* The key "select": positions of the product, in groups that run one after
 * another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "job/job.h"
#include "job/job_ranges.h"
#include "vqe/error.h"

#define LISTS                                                                 \
  "\"molecules\": [{\"symbols\": [\"H\", \"H\"], \"coords\": [[0,0,0],"       \
  "[0,0,0.74]]}, {\"symbols\": [\"He\"], \"coords\": [[0,0,0]]}], "           \
  "\"seed\": [1, 2, 3], \"init\": [\"hf\", \"random\"]"

static struct vqe_job *job;
static char *warnings;

static int parse(const char *keys)
{
  char text[1024];
  vqe_job_free(job);
  free(warnings);
  snprintf(text, sizeof text, "{%s%s}", LISTS, keys);
  return vqe_job_parse(&job, &warnings, text, strlen(text), "select.json",
                       NULL);
}

/* What is selected keeps identity, order of the product and place of its
 * molecule. */
static void selected_positions_are_those_of_the_whole_job(void **state)
{
  (void)state;
  char ids[12][VQE_EXPERIMENT_ID_SIZE];
  const int chosen[] = {0, 4, 5, 11};
  const int orders[] = {1, 0, 0, 1};
  assert_int_equal(parse(""), 0);
  assert_int_equal(job->count, 12);
  assert_int_equal(job->product, 12);
  for (size_t k = 0; k < 12; k++) {
    memcpy(ids[k], job->experiments[k]->id, sizeof ids[k]);
    assert_int_equal(job->positions[k], (int)k);
    assert_int_equal(job->orders[k], 0);
  }
  assert_int_equal(parse(", \"select\": [\"4-5\", \"0,11\"]"), 0);
  assert_int_equal(job->count, 4);
  assert_int_equal(job->product, 12);
  for (size_t k = 0; k < 4; k++) {
    const struct vqe_experiment *experiment = job->experiments[k];
    assert_string_equal(experiment->id, ids[chosen[k]]);
    assert_int_equal(experiment->index, (int)k);
    assert_int_equal(experiment->molecule_id, chosen[k] / 6);
    assert_int_equal(job->positions[k], chosen[k]);
    assert_int_equal(job->orders[k], orders[k]);
  }
  assert_int_equal(parse(", \"select\": \"3\""), 0);
  assert_int_equal(job->count, 1);
  assert_string_equal(job->experiments[0]->id, ids[3]);
  assert_int_equal(parse(", \"select\": null"), 0);
  assert_int_equal(job->count, 12);
}

static void wrong_positions_are_named(void **state)
{
  (void)state;
  static const struct {
    const char *value, *message;
  } cases[] = {
      {"\"12\"", "there is no position 12"},
      {"[\"1-3\", \"3\"]", "position 3 stands twice"},
      {"\"3-1\"", "'3-1' is not a list of whole numbers"},
      {"\"\"", "'' is not a list"},
      {"\"1,\"", "'1,' is not a list"},
      {"\"-1\"", "'-1' is not a list"},
      {"\"1 2\"", "'1 2' is not a list"},
      {"\"99999999999999999999\"", "is not a list"},
      {"3", "3 is not a text of positions"},
      {"[]", "is not a list with at least one item"},
      {"[3]", "3 is not a text of positions"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char keys[128];
    snprintf(keys, sizeof keys, ", \"select\": %s", cases[k].value);
    assert_int_equal(parse(keys), VQE_ERR_INPUT);
    assert_non_null(strstr(vqe_error_message(), cases[k].message));
    assert_non_null(strstr(vqe_error_message(), "key 'select'"));
  }
}

static void ranges_hold_their_ends(void **state)
{
  (void)state;
  struct vqe_job_ranges ranges;
  assert_int_equal(vqe_job_ranges_read(&ranges, "2-4,9", "here"), 0);
  assert_int_equal(ranges.count, 2);
  for (int k = 0; k < 12; k++) {
    assert_true(vqe_job_ranges_hold(&ranges, k) ==
                ((k >= 2 && k <= 4) || k == 9));
  }
  vqe_job_ranges_clear(&ranges);
}

static int clear(void **state)
{
  (void)state;
  vqe_job_free(job);
  free(warnings);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(selected_positions_are_those_of_the_whole_job),
      cmocka_unit_test(wrong_positions_are_named),
      cmocka_unit_test(ranges_hold_their_ends),
  };
  return cmocka_run_group_tests(tests, NULL, clear);
}
