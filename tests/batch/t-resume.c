/* What earlier runs left: their numbers, results and evaluations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "batch/batch_fixture.h"
#include "batch/resume.h"
#include "store/journal.h"

static const char id[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const double parameters[] = {0.25, -0.5};
static const double gradient[] = {1e-3, -2e-3};

/* The journal of a run and rank, with evaluations 1 and 2, the second with its
 * gradient, and a result of each status. */
static void write_journal(const struct batch_fixture *fixture, int run,
                          int rank)
{
  struct vqe_job *job = batch_h2(fixture, 2);
  struct vqe_journal *journal = NULL;
  char *path = NULL;
  assert_int_equal(vqe_resume_journal_path(&path, fixture->output, run, rank),
                   0);
  assert_int_equal(vqe_journal_open(&journal, path), 0);
  assert_int_equal(vqe_journal_evaluation(journal, id, 2, 2, parameters, -2.0,
                                          0.125, gradient),
                   0);
  assert_int_equal(
      vqe_journal_evaluation(journal, id, 1, 2, parameters, -1.0, 0.0, NULL),
      0);
  for (size_t k = 0; k < 2; k++) {
    struct vqe_result *result = NULL;
    assert_int_equal(
        vqe_result_create(&result, job->experiments[k],
                          k == 0 ? VQE_EXPERIMENT_OK : VQE_EXPERIMENT_FAILED,
                          "x"),
        0);
    assert_int_equal(vqe_journal_result(journal, result), 0);
    vqe_result_free(result);
  }
  assert_int_equal(vqe_journal_close(journal), 0);
  free(path);
  vqe_job_free(job);
}

static struct vqe_resume *load(const struct batch_fixture *fixture, int next,
                               bool results)
{
  struct vqe_resume *resume = NULL;
  int run = -1;
  assert_int_equal(
      vqe_resume_load(&resume, &run, fixture->output, results, NULL), 0);
  assert_int_equal(run, next);
  return resume;
}

static void runs_are_numbered_after_the_last_one(void **state)
{
  const struct batch_fixture *fixture = *state;
  int run = -1;
  vqe_resume_free(load(fixture, 0, true));
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  assert_int_equal(run, 0);
  write_journal(fixture, 0, 0);
  write_journal(fixture, 6, 3);
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  assert_int_equal(run, 7);
}

static void folder_that_cannot_be_made_is_an_error_with_a_remedy(void **state)
{
  int run;
  (void)state;
  assert_int_equal(vqe_resume_begin_run(&run, "/proc/none/out.h5"),
                   VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "choose another --output"));
}

static void evaluation_is_replayed_only_for_the_same_bits(void **state)
{
  const struct batch_fixture *fixture = *state;
  int run;
  double energy = 0.0;
  double std = 0.0;
  double slope[2] = {0.0, 0.0};
  double other[] = {0.25, -0.5000000000000001};
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  write_journal(fixture, 0, 2);
  struct vqe_resume *resume = load(fixture, 1, false);
  assert_int_equal(
      vqe_resume_replay(resume, id, 2, 2, parameters, &energy, &std, slope),
      1);
  assert_true(energy == -2.0 && std == 0.125);
  assert_memory_equal(slope, gradient, sizeof slope);
  assert_int_equal(
      vqe_resume_replay(resume, id, 1, 2, parameters, &energy, &std, NULL), 1);
  assert_true(energy == -1.0);
  /* no gradient was computed; other parameters; another id, number, length */
  assert_int_equal(
      vqe_resume_replay(resume, id, 1, 2, parameters, &energy, &std, slope),
      0);
  assert_int_equal(
      vqe_resume_replay(resume, id, 2, 2, other, &energy, &std, NULL), 0);
  assert_int_equal(
      vqe_resume_replay(resume, "0", 2, 2, parameters, &energy, &std, NULL),
      0);
  assert_int_equal(
      vqe_resume_replay(resume, id, 3, 2, parameters, &energy, &std, NULL), 0);
  assert_int_equal(
      vqe_resume_replay(resume, id, 2, 1, parameters, &energy, &std, NULL), 0);
  assert_int_equal(
      vqe_resume_replay(NULL, id, 2, 2, parameters, &energy, &std, NULL), 0);
  vqe_resume_free(resume);
}

static void finished_results_are_taken_once_and_failed_ones_never(void **state)
{
  const struct batch_fixture *fixture = *state;
  int run;
  struct vqe_job *job = batch_h2(fixture, 2);
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  write_journal(fixture, 0, 0);
  struct vqe_resume *resume = load(fixture, 1, true);
  struct vqe_result *result = vqe_resume_take(resume, job->experiments[0]->id);
  assert_non_null(result);
  vqe_result_free(result);
  assert_null(vqe_resume_take(resume, job->experiments[0]->id));
  assert_null(vqe_resume_take(resume, job->experiments[1]->id));
  assert_null(vqe_resume_take_any(resume));
  vqe_resume_free(resume);
  /* only rank 0 keeps them */
  resume = load(fixture, 1, false);
  assert_null(vqe_resume_take_any(resume));
  vqe_resume_free(resume);
  vqe_job_free(job);
}

static void torn_end_of_a_journal_loses_nothing_before_it(void **state)
{
  const struct batch_fixture *fixture = *state;
  int run;
  char *path = NULL;
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  write_journal(fixture, 0, 0);
  assert_int_equal(vqe_resume_journal_path(&path, fixture->output, 0, 0), 0);
  FILE *file = fopen(path, "a");
  fputs("VQEJ and then", file);
  fclose(file);
  free(path);
  struct vqe_resume *resume = load(fixture, 1, true);
  struct vqe_result *result = vqe_resume_take_any(resume);
  assert_non_null(result);
  vqe_result_free(result);
  vqe_resume_free(resume);
}

/* The first frame of the journal is damaged: what follows is read, and the
 * file stays under another name, a second one beside it. */
static void journal_damaged_in_its_middle_is_read_on_and_kept(void **state)
{
  const struct batch_fixture *fixture = *state;
  double energy = 0.0;
  double std = 0.0;
  char *path = NULL;
  char *folder = NULL;
  char kept[256];
  int run;
  assert_int_equal(vqe_resume_journal_path(&path, fixture->output, 0, 0), 0);
  assert_int_equal(vqe_resume_folder(&folder, fixture->output), 0);
  for (int k = 1; k <= 2; k++) {
    assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
    assert_int_equal(run, 0);
    write_journal(fixture, 0, 0);
    FILE *file = fopen(path, "r+");
    fseek(file, 4, SEEK_SET);
    fputc(0xfe, file);
    fclose(file);
    struct vqe_resume *resume = load(fixture, 1, true);
    struct vqe_result *result = vqe_resume_take_any(resume);
    assert_non_null(result);
    vqe_result_free(result);
    assert_int_equal(
        vqe_resume_replay(resume, id, 1, 2, parameters, &energy, &std, NULL),
        1);
    assert_int_equal(
        vqe_resume_replay(resume, id, 2, 2, parameters, &energy, &std, NULL),
        0);
    struct vqe_resume_files files = vqe_resume_take_files(resume);
    vqe_resume_free(resume);
    assert_int_equal(vqe_resume_remove(fixture->output, 1, &files), 0);
    vqe_resume_files_clear(&files);
    snprintf(kept, sizeof kept, "%s.damaged-%d", path, k);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(kept, F_OK), 0);
  }
  assert_int_equal(unlink(kept), 0);
  snprintf(kept, sizeof kept, "%s.damaged-1", path);
  assert_int_equal(unlink(kept), 0);
  assert_int_equal(rmdir(folder), 0);
  free(path);
  free(folder);
}

static void removing_keeps_what_is_not_ours(void **state)
{
  const struct batch_fixture *fixture = *state;
  int run;
  char *folder = NULL;
  char *part = NULL;
  char path[256];
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  write_journal(fixture, 0, 0);
  write_journal(fixture, 1, 1);
  assert_int_equal(vqe_resume_part_path(&part, fixture->output, 1), 0);
  fclose(fopen(part, "w"));
  assert_int_equal(vqe_resume_folder(&folder, fixture->output), 0);
  snprintf(path, sizeof path, "%s/notes.txt", folder);
  fclose(fopen(path, "w"));
  struct vqe_resume *resume = load(fixture, 2, true);
  struct vqe_resume_files files = vqe_resume_take_files(resume);
  vqe_resume_free(resume);
  assert_int_equal(files.count, 2);
  assert_int_equal(vqe_resume_remove(fixture->output, 2, &files), 0);
  assert_int_equal(access(path, F_OK), 0);
  assert_int_equal(access(part, F_OK), -1);
  vqe_resume_free(load(fixture, 0, true));
  assert_int_equal(unlink(path), 0);
  assert_int_equal(vqe_resume_remove(fixture->output, 2, &files), 0);
  assert_int_equal(access(folder, F_OK), -1);
  /* and where there is none */
  assert_int_equal(vqe_resume_remove(fixture->output, 2, &files), 0);
  vqe_resume_files_clear(&files);
  free(part);
  free(folder);
}

/* A run that was taken for dead goes on writing. */
static void removing_keeps_journals_that_nobody_has_read(void **state)
{
  const struct batch_fixture *fixture = *state;
  struct vqe_journal *held = NULL;
  char *path = NULL;
  char *part = NULL;
  int run;
  assert_int_equal(vqe_resume_begin_run(&run, fixture->output), 0);
  for (int k = 0; k < 3; k++) {
    write_journal(fixture, k, 0);
  }
  assert_int_equal(vqe_resume_part_path(&part, fixture->output, 1), 0);
  fclose(fopen(part, "w"));
  struct vqe_resume *resume = load(fixture, 3, true);
  struct vqe_resume_files files = vqe_resume_take_files(resume);
  vqe_resume_free(resume);
  write_journal(fixture, 1, 0); /* grows */
  write_journal(fixture, 4, 0); /* is new */
  assert_int_equal(vqe_resume_journal_path(&path, fixture->output, 2, 0), 0);
  assert_int_equal(vqe_journal_open(&held, path), 0); /* is in use */
  write_journal(fixture, 3, 0); /* of the run that ends */
  assert_int_equal(vqe_resume_remove(fixture->output, 3, &files), 0);
  static const bool stays[] = {false, true, true, false, true};
  for (int k = 0; k < 5; k++) {
    char *name = NULL;
    assert_int_equal(vqe_resume_journal_path(&name, fixture->output, k, 0), 0);
    assert_int_equal(access(name, F_OK), stays[k] ? 0 : -1);
    free(name);
  }
  assert_int_equal(access(part, F_OK), 0);
  assert_int_equal(vqe_journal_close(held), 0);
  vqe_resume_files_clear(&files);
  free(path);
  free(part);
}

#define TEST(name)                                                            \
  cmocka_unit_test_setup_teardown(name, batch_setup, batch_teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(runs_are_numbered_after_the_last_one),
      TEST(folder_that_cannot_be_made_is_an_error_with_a_remedy),
      TEST(evaluation_is_replayed_only_for_the_same_bits),
      TEST(finished_results_are_taken_once_and_failed_ones_never),
      TEST(torn_end_of_a_journal_loses_nothing_before_it),
      TEST(journal_damaged_in_its_middle_is_read_on_and_kept),
      TEST(removing_keeps_what_is_not_ours),
      TEST(removing_keeps_journals_that_nobody_has_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
