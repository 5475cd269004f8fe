/* The result file: exact both ways, and a damaged or foreign file gives a
 * message instead of a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "record/result_fixture.h"
#include "store/hdf5.h"
#include "vqe/error.h"

/* HDF5 loses memory of its own when the metadata it reads is damaged. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
  return "leak:libhdf5";
}

struct fixture {
  char folder[32];
  char path[64];
};

static int setup(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  strcpy(fixture->folder, "t-hdf5-XXXXXX");
  if (mkdtemp(fixture->folder) == NULL) {
    return -1;
  }
  snprintf(fixture->path, sizeof fixture->path, "%s/run.h5", fixture->folder);
  *state = fixture;
  return 0;
}

static int teardown(void **state)
{
  struct fixture *fixture = *state;
  unlink(fixture->path);
  /* fails, and so the test, when something was left beside the result */
  int status = rmdir(fixture->folder);
  free(fixture);
  return status;
}

static void check_round_trip(const char *path, struct vqe_result **results,
                             size_t count)
{
  struct vqe_result **read = NULL;
  size_t held = 0;
  assert_int_equal(vqe_hdf5_write(path, results, count), 0);
  int status = vqe_hdf5_read(&read, &held, path);
  if (status != 0) {
    fail_msg("%s", vqe_error_message());
  }
  assert_int_equal(held, count);
  for (size_t k = 0; k < count; k++) {
    same_result(results[k], read[k]);
  }
  vqe_hdf5_free(read, held);
}

struct visited {
  struct vqe_result **results;
  size_t count;
  size_t end; /* refuse this one */
};

static int visit(void *ctx, size_t index, const struct vqe_result *result)
{
  struct visited *visited = ctx;
  assert_int_equal(index, visited->count);
  same_result(visited->results[index], result);
  visited->count++;
  return index == visited->end ? VQE_ERR_EXISTS : VQE_OK;
}

static void visits_go_in_order_and_stop_when_asked(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_result *results[3] = {fixture_result(15, 10, 3), fixture_failed(),
                                   fixture_result(2, 2, 2)};
  struct visited visited = {results, 0, SIZE_MAX};
  assert_int_equal(vqe_hdf5_visit(fixture->path, visit, &visited),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_hdf5_write(fixture->path, results, 3), 0);
  assert_int_equal(vqe_hdf5_visit(fixture->path, visit, &visited), 0);
  assert_int_equal(visited.count, 3);
  visited = (struct visited){results, 0, 1};
  assert_int_equal(vqe_hdf5_visit(fixture->path, visit, &visited),
                   VQE_ERR_EXISTS);
  assert_int_equal(visited.count, 2);
  for (size_t k = 0; k < 3; k++) {
    vqe_result_free(results[k]);
  }
}

static void results_come_back_bit_for_bit(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_result *results[6] = {
      fixture_result(3, 4, 2), fixture_failed(), fixture_result(0, 0, 0),
      fixture_result(1, 2, 0),
      /* large enough for chunks: 16 kB of terms, 1.6 MB of parameters */
      fixture_result(700, 2000, 100), fixture_result(2, 2, 3)};
  free(results[5]->optimal_parameters);
  results[5]->optimal_parameters = NULL;
  free(results[5]->experiment->molecule->masses);
  results[5]->experiment->molecule->masses = NULL;
  free(results[5]->ansatz_qasm);
  results[5]->ansatz_qasm = fixture_alloc(200001, 1);
  memset(results[5]->ansatz_qasm, 'q', 200000);
  check_round_trip(fixture->path, results, 6);
  /* over an old file, and with nothing in it */
  check_round_trip(fixture->path, results + 1, 2);
  check_round_trip(fixture->path, results, 0);
  for (int k = 0; k < 6; k++) {
    vqe_result_free(results[k]);
  }
}

static void labels_above_64_qubits_come_back(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_result *results[2] = {fixture_wide(90), fixture_result(3, 4, 2)};
  check_round_trip(fixture->path, results, 2);
  vqe_result_free(results[0]);
  vqe_result_free(results[1]);
}

static void list_has_ids_and_statuses_alone(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_result *results[2] = {fixture_result(3, 4, 2), fixture_failed()};
  struct vqe_hdf5_entry *entries = NULL;
  size_t count = 0;
  assert_int_equal(vqe_hdf5_list(&entries, &count, fixture->path),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_hdf5_write(fixture->path, results, 2), 0);
  assert_int_equal(vqe_hdf5_list(&entries, &count, fixture->path), 0);
  assert_int_equal(count, 2);
  assert_string_equal(entries[0].id, results[0]->experiment->id);
  assert_int_equal(entries[0].status, VQE_EXPERIMENT_SKIPPED);
  assert_string_equal(entries[1].id, results[1]->experiment->id);
  assert_int_equal(entries[1].status, VQE_EXPERIMENT_FAILED);
  free(entries);
  vqe_result_free(results[0]);
  vqe_result_free(results[1]);
}

static bool same_or_null(const char *a, const char *b)
{
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void rows_have_what_a_state_shows(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_result *results[2] = {fixture_result(3, 4, 2), fixture_failed()};
  struct vqe_hdf5_row *rows = NULL;
  size_t count = 0;
  assert_int_equal(vqe_hdf5_rows(&rows, &count, fixture->path),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_hdf5_write(fixture->path, results, 2), 0);
  assert_int_equal(vqe_hdf5_rows(&rows, &count, fixture->path), 0);
  assert_int_equal(count, 2);
  for (size_t k = 0; k < 2; k++) {
    const struct vqe_result *result = results[k];
    const struct vqe_experiment *experiment = result->experiment;
    assert_string_equal(rows[k].id, experiment->id);
    assert_int_equal(rows[k].status, result->status);
    assert_true(same_or_null(rows[k].name, experiment->name));
    assert_true(same_or_null(rows[k].basis_set, experiment->basis_set));
    assert_true(same_or_null(rows[k].ansatz_name, experiment->ansatz_name));
    assert_true(same_or_null(rows[k].optimizer, experiment->optimizer));
    assert_true(
        same_or_null(rows[k].init_strategy, experiment->init_strategy));
    assert_true(same_or_null(rows[k].reason, result->reason));
    assert_int_equal(rows[k].seed, experiment->seed);
    assert_int_equal(rows[k].neval, result->neval);
    assert_int_equal(rows[k].mpi_rank, result->mpi_rank);
    assert_int_equal(rows[k].mpi_ranks, result->mpi_ranks);
    assert_string_equal(rows[k].finished_at, result->finished_at);
    double energy = result->minimum + result->nuclear_repulsion_energy;
    assert_memory_equal(&rows[k].energy, &energy, sizeof energy);
    assert_memory_equal(&rows[k].seconds_total, &result->seconds_total,
                        sizeof(double));
  }
  vqe_hdf5_rows_free(rows, count);
  vqe_result_free(results[0]);
  vqe_result_free(results[1]);
}

/* What goes to standard error while `path` is read; the status to *status. */
static off_t noise_of_read(int *status, const char *path)
{
  struct vqe_result **results = NULL;
  size_t count = 0;
  struct stat info;
  int kept = dup(STDERR_FILENO);
  FILE *noise = tmpfile();
  fflush(stderr);
  dup2(fileno(noise), STDERR_FILENO);
  *status = vqe_hdf5_read(&results, &count, path);
  fflush(stderr);
  dup2(kept, STDERR_FILENO);
  close(kept);
  assert_int_equal(fstat(fileno(noise), &info), 0);
  fclose(noise);
  vqe_hdf5_free(results, count);
  return info.st_size;
}

static void other_files_are_refused(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_result **results = NULL;
  size_t count = 0;
  int status = 0;
  assert_int_equal(vqe_hdf5_read(&results, &count, fixture->path),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_file_write(fixture->path, "", 0), 0);
  assert_int_equal(vqe_hdf5_read(&results, &count, fixture->path),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_file_write(fixture->path, "not HDF5\n", 9), 0);
  assert_int_equal(noise_of_read(&status, fixture->path), 0);
  assert_int_equal(status, VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), fixture->path));
  assert_int_equal(vqe_hdf5_read(&results, &count, fixture->folder),
                   VQE_ERR_INPUT);
}

/* Every cut gives a message, and every damaged byte a message or the very
 * results: whatever HDF5 keeps of a file is checksummed. */
static void damage_is_an_error_never_a_wrong_number(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_result *results[2] = {fixture_result(3, 400, 4),
                                   fixture_failed()};
  char *data = NULL;
  size_t size = 0;
  int status = 0;
  assert_int_equal(vqe_hdf5_write(fixture->path, results, 2), 0);
  assert_int_equal(vqe_file_read(&data, &size, fixture->path, 1 << 24), 0);
  for (size_t length = 1; length < size; length += 1 + length / 40) {
    int file = open(fixture->path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(file, data, length), length);
    close(file);
    assert_int_equal(noise_of_read(&status, fixture->path), 0);
    assert_int_equal(status, VQE_ERR_INPUT);
  }
  int file = open(fixture->path, O_WRONLY | O_TRUNC);
  assert_int_equal(write(file, data, size), size);
  size_t refused = 0;
  size_t tried = 0;
  for (size_t at = 0; at < size; at += 1 + size / 1500) {
    struct vqe_result **read = NULL;
    size_t count = 0;
    char wrong = (char)(data[at] ^ 0x24);
    assert_int_equal(pwrite(file, &wrong, 1, (off_t)at), 1);
    status = vqe_hdf5_read(&read, &count, fixture->path);
    if (status == 0) {
      assert_int_equal(count, 2);
      same_result(results[0], read[0]);
      same_result(results[1], read[1]);
      vqe_hdf5_free(read, count);
    } else {
      assert_null(read);
      refused++;
    }
    assert_int_equal(pwrite(file, &data[at], 1, (off_t)at), 1);
    tried++;
  }
  close(file);
  print_message("%zu of %zu damaged bytes refused\n", refused, tried);
  assert_true(refused > tried / 2);
  free(data);
  vqe_result_free(results[0]);
  vqe_result_free(results[1]);
}

static void refused_writes_leave_the_old_file(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_result *results[2] = {fixture_result(2, 2, 2), NULL};
  struct vqe_result **read = NULL;
  size_t count = 0;
  assert_int_equal(vqe_hdf5_write("no/such/folder/r.h5", results, 1),
                   VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "no/such/folder/r.h5"));
  assert_int_equal(vqe_hdf5_write(fixture->path, results, 1), 0);
  /* a failure leaves the old file as it was */
  assert_int_equal(vqe_hdf5_write(fixture->path, results, 2), VQE_ERR_INPUT);
  results[1] = fixture_result(2, 2, 2);
  free(results[1]->eval_std);
  results[1]->eval_std = NULL;
  assert_int_equal(vqe_hdf5_write(fixture->path, results, 2), VQE_ERR_INPUT);
  assert_int_equal(vqe_hdf5_read(&read, &count, fixture->path), 0);
  assert_int_equal(count, 1);
  same_result(results[0], read[0]);
  vqe_hdf5_free(read, count);
  vqe_result_free(results[0]);
  vqe_result_free(results[1]);
}

/* Results added as they finish, in any order, make the same file. */
static void results_added_early_make_the_same_file(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_result *results[4] = {fixture_result(15, 10, 3), fixture_failed(),
                                   fixture_result(2, 2, 2),
                                   fixture_result(700, 2000, 100)};
  struct vqe_result *other[2] = {results[1], results[0]};
  struct vqe_result **read = NULL;
  struct vqe_hdf5_writer *writer = NULL;
  char aside[80];
  size_t count = 0;
  snprintf(aside, sizeof aside, "%s/aside", fixture->folder);
  assert_int_equal(vqe_hdf5_begin(&writer, fixture->path, aside), 0);
  assert_int_equal(vqe_hdf5_add(writer, 3, results[3]), 0);
  assert_int_equal(vqe_hdf5_add(writer, 0, results[0]), 0);
  assert_true(vqe_hdf5_fits(writer, results, 4));
  assert_false(vqe_hdf5_fits(writer, results, 3));
  assert_false(vqe_hdf5_fits(writer, other, 2));
  assert_int_equal(access(fixture->path, F_OK), -1);
  assert_int_equal(vqe_hdf5_finish(writer, results, 4), 0);
  assert_int_equal(access(aside, F_OK), -1);
  assert_int_equal(vqe_hdf5_read(&read, &count, fixture->path), 0);
  assert_int_equal(count, 4);
  for (size_t k = 0; k < 4; k++) {
    same_result(results[k], read[k]);
  }
  vqe_hdf5_free(read, count);
  /* an end that does not fit, and none at all, leave the old file alone */
  assert_int_equal(vqe_hdf5_begin(&writer, fixture->path, aside), 0);
  assert_int_equal(vqe_hdf5_add(writer, 0, results[0]), 0);
  assert_int_equal(vqe_hdf5_finish(writer, other, 2), VQE_ERR_INPUT);
  assert_int_equal(access(aside, F_OK), -1);
  assert_int_equal(vqe_hdf5_begin(&writer, fixture->path, aside), 0);
  assert_int_equal(vqe_hdf5_add(writer, 0, results[0]), 0);
  vqe_hdf5_abandon(writer);
  vqe_hdf5_abandon(NULL);
  assert_int_equal(access(aside, F_OK), -1);
  assert_int_equal(vqe_hdf5_read(&read, &count, fixture->path), 0);
  assert_int_equal(count, 4);
  vqe_hdf5_free(read, count);
  assert_int_equal(vqe_hdf5_begin(&writer, fixture->path, "no/such/folder/x"),
                   VQE_ERR_IO);
  for (size_t k = 0; k < 4; k++) {
    vqe_result_free(results[k]);
  }
}

static void writable_is_known_before_the_run(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_result *result = fixture_failed();
  assert_int_equal(vqe_hdf5_check_writable(fixture->path), 0);
  assert_int_equal(access(fixture->path, F_OK), -1);
  assert_int_equal(vqe_hdf5_write(fixture->path, &result, 1), 0);
  assert_int_equal(vqe_hdf5_check_writable(fixture->path), 0);
  assert_int_equal(vqe_file_write(fixture->path, "thesis", 6), 0);
  assert_int_equal(vqe_hdf5_check_writable(fixture->path), VQE_ERR_INPUT);
  assert_int_equal(vqe_hdf5_check_writable(fixture->folder), VQE_ERR_INPUT);
  assert_int_equal(vqe_hdf5_check_writable(""), VQE_ERR_INPUT);
  assert_int_equal(vqe_hdf5_check_writable("no/such/folder/r.h5"), VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "no/such/folder/r.h5"));
  vqe_result_free(result);
}

/* A thousand small experiments, as a batch of geometries leaves them. */
static void thousand_experiments_take_seconds(void **state)
{
  const struct fixture *fixture = *state;
  enum { MANY = 1000 };
  struct vqe_result **results = fixture_alloc(MANY, sizeof *results);
  struct vqe_hdf5_entry *entries = NULL;
  size_t count = 0;
  for (int k = 0; k < MANY; k++) {
    results[k] = fixture_result(15, 10, 3);
    results[k]->experiment->index = k;
  }
  double start = vqe_clock_wall();
  assert_int_equal(vqe_hdf5_write(fixture->path, results, MANY), 0);
  print_message("written in %.2f s\n", vqe_clock_wall() - start);
  start = vqe_clock_wall();
  assert_int_equal(vqe_hdf5_list(&entries, &count, fixture->path), 0);
  print_message("listed in %.2f s\n", vqe_clock_wall() - start);
  assert_int_equal(count, MANY);
  free(entries);
  start = vqe_clock_wall();
  check_round_trip(fixture->path, results, MANY);
  print_message("written and read in %.2f s\n", vqe_clock_wall() - start);
  vqe_hdf5_free(results, MANY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(results_come_back_bit_for_bit),
      TEST(labels_above_64_qubits_come_back),
      TEST(visits_go_in_order_and_stop_when_asked),
      TEST(list_has_ids_and_statuses_alone),
      TEST(rows_have_what_a_state_shows),
      TEST(other_files_are_refused),
      TEST(damage_is_an_error_never_a_wrong_number),
      TEST(refused_writes_leave_the_old_file),
      TEST(writable_is_known_before_the_run),
      TEST(results_added_early_make_the_same_file),
      TEST(thousand_experiments_take_seconds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
