/* What journals say of experiments, to who looks on from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "batch/batch_fixture.h"
#include "batch/owner.h"
#include "campaign/found.h"

struct world {
  struct vqe_job *job;
  int run;
  struct vqe_owner *owner; /* of the output, of a run that lives */
  struct vqe_found *found;
};

/* The journals of a run that begins. */
static void prepare(struct world *world, const struct batch_fixture *fixture,
                    bool lives)
{
  size_t index;
  *world = (struct world){.job = batch_h2(fixture, 2)};
  if (lives) {
    assert_int_equal(
        vqe_owner_claim(&world->owner, fixture->output, NULL, NULL), 0);
  }
  assert_int_equal(vqe_resume_begin_run(&world->run, fixture->output), 0);
  assert_int_equal(vqe_found_create(&world->found, NULL), 0);
  assert_int_equal(vqe_found_add(&index, world->found, fixture->output), 0);
}

static struct vqe_journal *open_journal(const struct world *world, int rank)
{
  struct vqe_journal *journal = NULL;
  char *path = NULL;
  assert_int_equal(
      vqe_resume_journal_path(&path, world->job->file, world->run, rank), 0);
  assert_int_equal(vqe_journal_open(&journal, path), 0);
  free(path);
  return journal;
}

static const struct vqe_found_entry *look(const struct world *world,
                                          size_t index)
{
  assert_int_equal(vqe_found_read(world->found, false), 0);
  return vqe_found_get(world->found, world->job->experiments[index]->id);
}

static void end(struct world *world)
{
  vqe_found_free(world->found);
  if (world->owner != NULL) {
    vqe_owner_release(world->owner);
  }
  vqe_job_free(world->job);
}

static void mark(struct vqe_journal *journal, const struct world *world,
                 size_t index, enum vqe_journal_mark what)
{
  assert_int_equal(
      vqe_journal_mark(journal, world->job->experiments[index]->id, what), 0);
}

/* A run that is killed as a whole is nobody's fault, for who looks on as for
 * the next start: a rank without work is one of its ranks. */
static void ranks_without_marks_count_as_ranks(void **state)
{
  for (int ranks = 1; ranks <= 2; ranks++) {
    struct world world;
    prepare(&world, *state, false);
    struct vqe_journal *journal = open_journal(&world, 0);
    mark(journal, &world, 1, VQE_JOURNAL_BEGUN);
    assert_int_equal(vqe_journal_close(journal), 0);
    if (ranks == 2) {
      assert_int_equal(vqe_journal_close(open_journal(&world, 1)), 0);
    }
    const struct vqe_found_entry *entry = look(&world, 1);
    assert_non_null(entry);
    assert_true(entry->in_flight);
    /* that of the run with one rank stays */
    assert_int_equal(entry->deaths, 1);
    struct vqe_resume *resume = NULL;
    int next;
    assert_int_equal(
        vqe_resume_load(&resume, &next, world.job->file, true, NULL), 0);
    assert_int_equal(
        vqe_suspects_deaths(vqe_resume_suspects(resume), entry->id), 1);
    vqe_resume_free(resume);
    assert_null(look(&world, 0));
    end(&world);
  }
}

/* Who was asked to stop and killed then has not died of what was in hand. */
static void stop_before_the_end_is_no_death(void **state)
{
  for (int stopped = 0; stopped < 2; stopped++) {
    struct world world;
    prepare(&world, *state, false);
    struct vqe_journal *journal = open_journal(&world, 0);
    mark(journal, &world, 1, VQE_JOURNAL_BEGUN);
    if (stopped) {
      assert_int_equal(vqe_journal_mark(journal, NULL, VQE_JOURNAL_STOPS), 0);
    }
    assert_int_equal(vqe_journal_close(journal), 0);
    const struct vqe_found_entry *entry = look(&world, 1);
    assert_true(entry->in_flight);
    assert_int_equal(entry->died, !stopped);
    assert_int_equal(entry->deaths, 1); /* of the first run */
    end(&world);
  }
}

/* From its beginning, whatever an earlier run has left of it. */
static void what_has_begun_runs_until_it_ends(void **state)
{
  struct world world;
  struct vqe_result *result = NULL;
  prepare(&world, *state, true);
  const char *id = world.job->experiments[0]->id;
  struct vqe_journal *journal = open_journal(&world, 0);
  assert_int_equal(
      vqe_journal_evaluation(journal, id, 7, 0, NULL, -1.0, 0.0, NULL), 0);
  assert_int_equal(vqe_journal_close(journal), 0);
  assert_int_equal(vqe_resume_begin_run(&world.run, world.job->file), 0);
  journal = open_journal(&world, 0);
  assert_int_equal(world.run, 1);
  assert_false(vqe_found_runs(world.found, look(&world, 0)));
  mark(journal, &world, 0, VQE_JOURNAL_BEGUN);
  const struct vqe_found_entry *entry = look(&world, 0);
  assert_true(vqe_found_runs(world.found, entry));
  assert_int_equal(entry->phase, VQE_PHASE_SCF);
  assert_int_equal(entry->iteration, 7);
  assert_int_equal(entry->run, 1);
  /* also one that fails has come to its end */
  assert_int_equal(vqe_result_create(&result, world.job->experiments[0],
                                     VQE_EXPERIMENT_FAILED, "no way"),
                   0);
  assert_int_equal(vqe_journal_result(journal, result), 0);
  entry = look(&world, 0);
  assert_true(entry->ended);
  assert_false(vqe_found_runs(world.found, entry));
  /* and may begin again */
  mark(journal, &world, 0, VQE_JOURNAL_BEGUN);
  assert_true(vqe_found_runs(world.found, look(&world, 0)));
  vqe_result_free(result);
  assert_int_equal(vqe_journal_close(journal), 0);
  end(&world);
}

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {TEST(ranks_without_marks_count_as_ranks),
                                     TEST(stop_before_the_end_is_no_death),
                                     TEST(what_has_begun_runs_until_it_ends)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
