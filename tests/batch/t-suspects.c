/* Which deaths of ranks count against an experiment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "batch/suspects.h"

static const char *id_of(char letter)
{
  static char id[VQE_EXPERIMENT_ID_SIZE];
  memset(id, letter, sizeof id - 1);
  return id;
}

static void mark(struct vqe_suspects *suspects, int run, int rank, char letter,
                 enum vqe_journal_mark kind)
{
  struct vqe_journal_phase phase = {.mark = kind};
  if (letter != '\0') {
    memcpy(phase.experiment_id, id_of(letter), sizeof phase.experiment_id);
  }
  assert_int_equal(vqe_suspects_mark(suspects, run, rank, &phase), 0);
}

static void what_ends_or_is_left_is_not_suspected(void **state)
{
  struct vqe_suspects suspects = {.nopen = 0};
  (void)state;
  mark(&suspects, 0, 0, 'a', VQE_JOURNAL_BEGUN);
  mark(&suspects, 0, 0, 'b', VQE_JOURNAL_BEGUN);
  mark(&suspects, 0, 0, 'c', VQE_JOURNAL_BEGUN);
  vqe_suspects_ended(&suspects, 0, 0, id_of('a'));
  mark(&suspects, 0, 0, 'b', VQE_JOURNAL_LEFT);
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('a')), 0);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('b')), 0);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('c')), 1);
  assert_int_equal(suspects.nopen, 1);
  assert_true(suspects.open[0].died);
  vqe_suspects_clear(&suspects);
}

static void death_after_a_stop_does_not_count(void **state)
{
  struct vqe_suspects suspects = {.nopen = 0};
  (void)state;
  mark(&suspects, 0, 0, 'a', VQE_JOURNAL_BEGUN);
  mark(&suspects, 0, 0, '\0', VQE_JOURNAL_STOPS);
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('a')), 0);
  assert_int_equal(suspects.nopen, 1); /* but it was in flight */
  assert_false(suspects.open[0].died);
  vqe_suspects_clear(&suspects);
}

/* The launcher stops the others when a rank has died. */
static void only_the_rank_that_died_counts(void **state)
{
  struct vqe_suspects suspects = {.nopen = 0};
  (void)state;
  mark(&suspects, 3, 0, 'a', VQE_JOURNAL_BEGUN);
  mark(&suspects, 3, 0, '\0', VQE_JOURNAL_STOPS);
  mark(&suspects, 3, 1, 'b', VQE_JOURNAL_BEGUN);
  mark(&suspects, 3, 1, 'c', VQE_JOURNAL_BEGUN);
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('a')), 0);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('b')), 1);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('c')), 1);
  vqe_suspects_clear(&suspects);
}

static void run_that_is_killed_as_a_whole_does_not_count(void **state)
{
  struct vqe_suspects suspects = {.nopen = 0};
  (void)state;
  mark(&suspects, 0, 0, 'a', VQE_JOURNAL_BEGUN);
  mark(&suspects, 0, 1, 'b', VQE_JOURNAL_BEGUN);
  assert_int_equal(vqe_suspects_journal(&suspects, 0, 2), 0); /* idle */
  /* the only rank of a run is no such case */
  mark(&suspects, 1, 0, 'b', VQE_JOURNAL_BEGUN);
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('a')), 0);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('b')), 1);
  assert_int_equal(suspects.nopen, 3);
  vqe_suspects_clear(&suspects);
}

static void deaths_of_several_runs_add_up(void **state)
{
  struct vqe_suspects suspects = {.nopen = 0};
  (void)state;
  for (int run = 0; run < 40; run++) {
    mark(&suspects, run, 0, 'a', VQE_JOURNAL_BEGUN);
    if (run % 2 == 0) {
      mark(&suspects, run, 0, 'b', VQE_JOURNAL_BEGUN);
    }
    if (run == 7) {
      vqe_suspects_ended(&suspects, run, 0, id_of('a'));
    }
  }
  /* the result of one run says nothing of the others */
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('a')), 39);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('b')), 20);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('c')), 0);
  assert_int_equal(vqe_suspects_last_run(&suspects, 100), 39);
  assert_int_equal(vqe_suspects_last_run(&suspects, 39), 38);
  assert_int_equal(vqe_suspects_last_run(&suspects, 0), -1);
  vqe_suspects_clear(&suspects);
}

/* A journal that is read while it grows. */
static void decisions_change_with_what_comes(void **state)
{
  struct vqe_suspects suspects = {.nopen = 0};
  (void)state;
  for (char letter = 'z'; letter >= 'a'; letter--) {
    mark(&suspects, 0, 0, letter, VQE_JOURNAL_BEGUN);
  }
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('m')), 1);
  vqe_suspects_ended(&suspects, 0, 0, id_of('m'));
  mark(&suspects, 0, 1, '\0', VQE_JOURNAL_STOPS);
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('m')), 0);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('a')), 1);
  mark(&suspects, 0, 0, '\0', VQE_JOURNAL_STOPS);
  vqe_suspects_decide(&suspects);
  assert_int_equal(vqe_suspects_deaths(&suspects, id_of('a')), 0);
  vqe_suspects_clear(&suspects);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_ends_or_is_left_is_not_suspected),
      cmocka_unit_test(death_after_a_stop_does_not_count),
      cmocka_unit_test(only_the_rank_that_died_counts),
      cmocka_unit_test(run_that_is_killed_as_a_whole_does_not_count),
      cmocka_unit_test(deaths_of_several_runs_add_up),
      cmocka_unit_test(decisions_change_with_what_comes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
