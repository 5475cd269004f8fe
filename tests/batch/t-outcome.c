/* Results on their way to the result file: those of earlier runs, those that
 * are written while others run, and the file at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "batch/batch_fixture.h"
#include "batch/earlier.h"
#include "batch/early_writer.h"
#include "batch/outcome.h"
#include "batch/resume.h"
#include "store/hdf5.h"
#include "store/journal.h"

static void start(struct vqe_batch_outcome *outcome, size_t count)
{
  *outcome = (struct vqe_batch_outcome){.count = count};
  assert_int_equal(vqe_memory_alloc(&outcome->results, count,
                                    sizeof(struct vqe_result *), "results"),
                   0);
  assert_int_equal(
      vqe_memory_alloc(&outcome->skipped, count, sizeof(bool), "results"), 0);
}

static void put(struct vqe_batch_outcome *outcome, const struct vqe_job *job,
                size_t k, enum vqe_experiment_status status)
{
  assert_int_equal(vqe_result_create(&outcome->results[k], job->experiments[k],
                                     status, "run"),
                   0);
}

static void count_finished(void *ctx, const struct vqe_result *result)
{
  (void)result;
  (*(int *)ctx)++;
}

/* A file with results of `job`, all but the last one, which failed. */
static void store_job(struct vqe_job *job)
{
  struct vqe_batch_outcome outcome;
  start(&outcome, job->count);
  for (size_t k = 0; k < job->count; k++) {
    put(&outcome, job, k,
        k + 1 < job->count ? VQE_EXPERIMENT_OK : VQE_EXPERIMENT_FAILED);
  }
  assert_int_equal(vqe_batch_store(&outcome, job), 0);
  vqe_batch_outcome_clear(&outcome);
}

static void journal_result(const struct batch_fixture *fixture,
                           const struct vqe_experiment *experiment)
{
  struct vqe_result *result = NULL;
  struct vqe_journal *journal = NULL;
  char *path = NULL;
  int run;
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  assert_int_equal(vqe_resume_journal_path(&path, fixture->output, run, 0), 0);
  assert_int_equal(vqe_journal_open(&journal, path), 0);
  assert_int_equal(
      vqe_result_create(&result, experiment, VQE_EXPERIMENT_OK, "journaled"),
      0);
  assert_int_equal(vqe_journal_result(journal, result), 0);
  assert_int_equal(vqe_journal_close(journal), 0);
  vqe_result_free(result);
  free(path);
}

struct found {
  struct vqe_batch_outcome outcome;
  struct vqe_resume *resume;
  int announced;
};

static void find(struct found *found, const struct batch_fixture *fixture,
                 struct vqe_job *job, bool force)
{
  int run;
  *found = (struct found){.announced = 0};
  struct vqe_batch_options options = {.force = force,
                                      .finished = count_finished,
                                      .finished_ctx = &found->announced};
  start(&found->outcome, job->count);
  assert_int_equal(
      vqe_resume_load(&found->resume, &run, fixture->output, true, NULL), 0);
  assert_int_equal(
      vqe_earlier_find(&found->outcome, job, found->resume, &options), 0);
}

static void end(struct found *found)
{
  vqe_batch_outcome_clear(&found->outcome);
  vqe_resume_free(found->resume);
}

static void stored_results_are_found_and_failed_ones_run_again(void **state)
{
  struct vqe_job *job = batch_h2(*state, 3);
  struct found found;
  store_job(job);
  find(&found, *state, job, false);
  assert_true(found.outcome.skipped[0] && found.outcome.skipped[1]);
  assert_int_equal(found.outcome.results[1]->experiment->index, 1);
  assert_null(found.outcome.results[2]);
  assert_false(found.outcome.skipped[2]);
  assert_int_equal(found.outcome.nother, 0);
  assert_int_equal(found.announced, 0); /* the run that made them did that */
  end(&found);
  vqe_job_free(job);
}

static void forced_job_runs_everything_again(void **state)
{
  struct vqe_job *job = batch_h2(*state, 3);
  struct found found;
  store_job(job);
  find(&found, *state, job, true);
  for (size_t k = 0; k < 3; k++) {
    assert_null(found.outcome.results[k]);
  }
  assert_int_equal(found.outcome.nother, 0);
  end(&found);
  vqe_job_free(job);
}

static void results_of_other_jobs_stay_in_the_file(void **state)
{
  struct vqe_job *before = batch_h2_from(*state, 3, 1.5);
  struct vqe_job *job = batch_h2(*state, 2);
  struct found found;
  store_job(before);
  /* and one that is in a journal alone, twice, and one of this job */
  struct vqe_job *died = batch_h2_from(*state, 1, 2.5);
  journal_result(*state, died->experiments[0]);
  journal_result(*state, died->experiments[0]);
  journal_result(*state, job->experiments[1]);
  find(&found, *state, job, false);
  assert_int_equal(found.outcome.nother, 4);
  assert_null(found.outcome.results[0]);
  assert_string_equal(found.outcome.results[1]->reason, "journaled");
  assert_true(found.outcome.skipped[1]);
  assert_int_equal(found.announced, 2);
  /* all in the order of the next file */
  struct vqe_result **list = NULL;
  size_t count = 0;
  assert_int_equal(vqe_batch_outcome_take(&list, &count, &found.outcome), 0);
  assert_int_equal(count, 5);
  assert_string_equal(list[0]->experiment->id, job->experiments[1]->id);
  for (size_t k = 0; k < 3; k++) {
    assert_string_equal(list[1 + k]->experiment->id,
                        before->experiments[k]->id);
  }
  assert_string_equal(list[4]->experiment->id, died->experiments[0]->id);
  end(&found); /* has none of them any more */
  vqe_hdf5_free(list, count);
  vqe_job_free(before);
  vqe_job_free(died);
  vqe_job_free(job);
}

static void journals_stay_until_the_job_is_complete(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_job *job = batch_h2(fixture, 2);
  struct vqe_batch_outcome outcome;
  char *folder = NULL;
  assert_int_equal(vqe_resume_folder(&folder, fixture->output), 0);
  journal_result(fixture, job->experiments[0]);
  start(&outcome, 2);
  put(&outcome, job, 0, VQE_EXPERIMENT_OK);
  outcome.interrupted = true;
  assert_int_equal(vqe_batch_store(&outcome, job), 0);
  assert_int_equal(access(folder, F_OK), 0);
  outcome.interrupted = false;
  assert_int_equal(vqe_batch_store(&outcome, job), 0);
  assert_int_equal(access(folder, F_OK), -1);
  vqe_batch_outcome_clear(&outcome);
  free(folder);
  vqe_job_free(job);
}

static void results_written_early_are_those_of_the_file(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_job *job = batch_h2(fixture, 4);
  struct vqe_batch_outcome outcome;
  struct vqe_early_writer writer;
  struct vqe_hdf5_entry *entries = NULL;
  size_t count = 0;
  int run;
  start(&outcome, 4);
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  assert_int_equal(
      vqe_early_writer_init(&writer, &outcome, fixture->output, run), 0);
  assert_false(vqe_early_writer_write(&writer));
  for (size_t k = 0; k < 4; k++) {
    put(&outcome, job, k, VQE_EXPERIMENT_OK);
    vqe_early_writer_add(&writer, k);
  }
  for (size_t k = 0; k < 3; k++) {
    assert_true(vqe_early_writer_write(&writer));
  }
  assert_non_null(outcome.writer);
  assert_int_equal(access(fixture->output, F_OK), -1);
  assert_int_equal(vqe_batch_store(&outcome, job), 0);
  assert_null(outcome.writer);
  assert_int_equal(vqe_hdf5_list(&entries, &count, fixture->output), 0);
  assert_int_equal(count, 4);
  for (size_t k = 0; k < 4; k++) {
    assert_string_equal(entries[k].id, job->experiments[k]->id);
  }
  free(entries);
  vqe_early_writer_clear(&writer);
  vqe_batch_outcome_clear(&outcome);
  vqe_job_free(job);
}

static void file_that_cannot_be_begun_early_is_written_at_the_end(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_job *job = batch_h2(fixture, 2);
  struct vqe_batch_outcome outcome;
  struct vqe_early_writer writer;
  start(&outcome, 2);
  /* there is no folder of journals to begin it in */
  assert_int_equal(
      vqe_early_writer_init(&writer, &outcome, fixture->output, 0), 0);
  for (size_t k = 0; k < 2; k++) {
    put(&outcome, job, k, VQE_EXPERIMENT_OK);
    vqe_early_writer_add(&writer, k);
  }
  assert_true(vqe_early_writer_write(&writer));
  assert_false(writer.works);
  assert_false(vqe_early_writer_write(&writer));
  assert_null(outcome.writer);
  assert_int_equal(vqe_batch_store(&outcome, job), 0);
  assert_int_equal(access(fixture->output, F_OK), 0);
  vqe_early_writer_clear(&writer);
  vqe_batch_outcome_clear(&outcome);
  vqe_job_free(job);
}

static void gap_before_early_results_shifts_them_in_a_new_file(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_job *job = batch_h2(fixture, 3);
  struct vqe_batch_outcome outcome;
  struct vqe_early_writer writer;
  struct vqe_hdf5_entry *entries = NULL;
  size_t count = 0;
  int run;
  start(&outcome, 3);
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  assert_int_equal(
      vqe_early_writer_init(&writer, &outcome, fixture->output, run), 0);
  put(&outcome, job, 2, VQE_EXPERIMENT_OK);
  vqe_early_writer_add(&writer, 2);
  assert_true(vqe_early_writer_write(&writer));
  outcome.interrupted = true; /* 0 and 1 never come */
  assert_int_equal(vqe_batch_store(&outcome, job), 0);
  assert_int_equal(vqe_hdf5_list(&entries, &count, fixture->output), 0);
  assert_int_equal(count, 1);
  assert_string_equal(entries[0].id, job->experiments[2]->id);
  free(entries);
  vqe_early_writer_clear(&writer);
  vqe_batch_outcome_clear(&outcome);
  vqe_job_free(job);
}

/* Between reading and writing the file: one result more, and one that is good
 * where ours failed. */
static void results_written_meanwhile_are_taken_in(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_job *job = batch_h2(fixture, 3);
  struct vqe_job *theirs = batch_h2(fixture, 4);
  struct vqe_batch_outcome outcome;
  struct vqe_result **stored = NULL;
  size_t count = 0;
  store_job(theirs); /* its last one failed */
  start(&outcome, 3);
  put(&outcome, job, 0, VQE_EXPERIMENT_OK);
  put(&outcome, job, 1, VQE_EXPERIMENT_FAILED);
  outcome.results[0]->minimum = -7.0; /* the third never came */
  assert_int_equal(vqe_batch_store(&outcome, job), 0);
  assert_int_equal(vqe_hdf5_read(&stored, &count, fixture->output), 0);
  assert_int_equal(count, 4);
  for (size_t k = 0; k < 4; k++) {
    assert_string_equal(stored[k]->experiment->id, theirs->experiments[k]->id);
    assert_int_equal(stored[k]->status,
                     k < 3 ? VQE_EXPERIMENT_OK : VQE_EXPERIMENT_FAILED);
  }
  assert_true(stored[0]->minimum == -7.0);
  vqe_hdf5_free(stored, count);
  vqe_batch_outcome_clear(&outcome);
  vqe_job_free(theirs);
  vqe_job_free(job);
}

static void file_that_became_foreign_stays(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_job *job = batch_h2(fixture, 1);
  struct vqe_batch_outcome outcome;
  char text[16] = "";
  int run;
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  start(&outcome, 1);
  put(&outcome, job, 0, VQE_EXPERIMENT_OK);
  FILE *file = fopen(fixture->output, "w+");
  fputs("my thesis", file);
  fflush(file);
  assert_int_equal(vqe_batch_store(&outcome, job), VQE_ERR_INPUT);
  rewind(file);
  assert_non_null(fgets(text, sizeof text, file));
  assert_string_equal(text, "my thesis");
  fclose(file);
  vqe_batch_outcome_clear(&outcome);
  vqe_job_free(job);
}

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(stored_results_are_found_and_failed_ones_run_again),
      TEST(forced_job_runs_everything_again),
      TEST(results_of_other_jobs_stay_in_the_file),
      TEST(journals_stay_until_the_job_is_complete),
      TEST(results_written_early_are_those_of_the_file),
      TEST(file_that_cannot_be_begun_early_is_written_at_the_end),
      TEST(gap_before_early_results_shifts_them_in_a_new_file),
      TEST(results_written_meanwhile_are_taken_in),
      TEST(file_that_became_foreign_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
