/* Job files of a campaign, and the state that results and journals show. */
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "batch/owner.h"
#include "batch/resume.h"
#include "campaign/folder.h"
#include "campaign/generate.h"
#include "campaign/state.h"
#include "campaign/state_print.h"
#include "job/job.h"
#include "store/hdf5.h"
#include "store/journal.h"
#include "vqe/error.h"

static const char text[] =
    "{\"name\": \"small\", \"molecules\": ["
    "{\"name\": \"H2\", \"symbols\": [\"H\", \"H\"], "
    "\"coords\": [[0,0,0],[0,0,0.74]]}, {\"name\": \"LiH\", "
    "\"symbols\": [\"Li\", \"H\"], \"coords\": [[0,0,0],[0,0,1.6]]}], "
    "\"ansatz\": \"EfficientSU2\", \"optimizer\": [\"L-BFGS-B\", \"COBYLA\"], "
    "\"init\": [\"random\", \"hf\"], \"seed\": \"1-5\", "
    "\"priority\": [{\"molecules\": \"LiH\"}], "
    "\"lanes\": [{\"name\": \"a\", \"molecules\": \"H2\", \"device\": "
    "\"cpu\"}, {\"name\": \"b\", \"partition\": \"long\"}]}";

#define ALL ((size_t)40)

struct fixture {
  char folder[64];
  struct vqe_tier *tier;
};

static int setup(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_non_null(fixture);
  snprintf(fixture->folder, sizeof fixture->folder, "/tmp/vqe-gen-XXXXXX");
  assert_non_null(mkdtemp(fixture->folder));
  assert_int_equal(
      vqe_tier_parse(&fixture->tier, text, strlen(text), "small.json"), 0);
  *state = fixture;
  return 0;
}

static void remove_tree(const char *path)
{
  DIR *directory = opendir(path);
  for (struct dirent *entry = directory != NULL ? readdir(directory) : NULL;
       entry != NULL; entry = readdir(directory)) {
    char inner[512];
    snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
    if (entry->d_name[0] != '.' && unlink(inner) != 0) {
      remove_tree(inner);
    }
  }
  if (directory != NULL) {
    closedir(directory);
  }
  (void)rmdir(path);
}

static int teardown(void **state)
{
  struct fixture *fixture = *state;
  remove_tree(fixture->folder);
  vqe_tier_free(fixture->tier);
  free(fixture);
  return 0;
}

static struct vqe_generated *generate(const struct fixture *fixture, int parts,
                                      bool lanes)
{
  struct vqe_generated *generated = NULL;
  struct vqe_generate_options options = {
      .plan = {.lanes = lanes, .memory_gb = 4.0, .cost_limit = NAN},
      .parts = parts};
  if (vqe_generate(&generated, fixture->tier, fixture->folder, &options) !=
      0) {
    fail_msg("%s", vqe_error_message());
  }
  return generated;
}

static struct vqe_job *load(const struct fixture *fixture, const char *name)
{
  struct vqe_job *job = NULL;
  char *path = NULL;
  char *warnings = NULL;
  assert_int_equal(vqe_folder_path(&path, fixture->folder, name), 0);
  if (vqe_job_load(&job, &warnings, path, NULL) != 0) {
    fail_msg("%s", vqe_error_message());
  }
  assert_null(warnings);
  free(path);
  return job;
}

/* Ids of all parts, each once. */
static size_t union_of_parts(const struct fixture *fixture, json_t *ids)
{
  struct vqe_folder_names parts;
  assert_int_equal(vqe_folder_parts(&parts, fixture->folder), 0);
  size_t count = parts.count;
  for (size_t k = 0; k < parts.count; k++) {
    struct vqe_job *job = load(fixture, parts.list[k]);
    for (size_t e = 0; e < job->count; e++) {
      assert_null(json_object_get(ids, job->experiments[e]->id));
      json_object_set_new(ids, job->experiments[e]->id, json_true());
    }
    vqe_job_free(job);
  }
  vqe_folder_names_free(&parts);
  return count;
}

static void parts_hold_each_experiment_once(void **state)
{
  const struct fixture *fixture = *state;
  const int numbers[] = {1, 3, 7, 64};
  for (size_t k = 0; k < 4; k++) {
    json_t *ids = json_object();
    struct vqe_generated *generated = generate(fixture, numbers[k], false);
    size_t parts = numbers[k] < (int)ALL ? (size_t)numbers[k] : ALL;
    assert_int_equal(generated->total, ALL);
    assert_int_equal(generated->runs, ALL);
    assert_int_equal(union_of_parts(fixture, ids), parts);
    assert_int_equal(json_object_size(ids), ALL);
    for (size_t e = 0; e < generated->plan->count; e++) {
      assert_non_null(
          json_object_get(ids, generated->plan->items[e].experiment->id));
    }
    vqe_generated_free(generated);
    json_decref(ids);
  }
  struct vqe_generated *generated = generate(fixture, 1, false);
  struct vqe_job *job = load(fixture, "part-0001.json");
  for (size_t k = 0; k < job->count; k++) {
    assert_int_equal(job->orders[k], k < 20 ? 1 : 0); /* LiH first */
  }
  assert_true(job->lake.none);
  vqe_job_free(job);
  vqe_generated_free(generated);
}

static void lanes_have_parts_of_their_own(void **state)
{
  const struct fixture *fixture = *state;
  json_t *ids = json_object();
  struct vqe_generated *generated = generate(fixture, 2, true);
  assert_int_equal(generated->nlane, 2);
  assert_int_equal(union_of_parts(fixture, ids), 4);
  assert_int_equal(json_object_size(ids), ALL);
  struct vqe_job *job = load(fixture, "part-a-0002.json");
  assert_int_equal(job->count, 10);
  assert_string_equal(job->experiments[0]->name, "H2");
  assert_string_equal(job->experiments[0]->device, "cpu");
  vqe_job_free(job);
  job = load(fixture, "part-b-0001.json");
  assert_string_equal(job->experiments[0]->name, "LiH");
  assert_string_equal(job->experiments[0]->device, "auto");
  vqe_job_free(job);
  json_decref(ids);
  vqe_generated_free(generated);
  /* those of an earlier call go */
  ids = json_object();
  generated = generate(fixture, 1, false);
  assert_int_equal(union_of_parts(fixture, ids), 1);
  vqe_generated_free(generated);
  json_decref(ids);
}

/* Results for the experiments `first` to `last` of a job, in its output. */
static void write_results(const struct vqe_job *job, size_t first, size_t last,
                          enum vqe_experiment_status status)
{
  struct vqe_result *results[ALL] = {NULL};
  for (size_t k = first; k <= last; k++) {
    struct vqe_result **result = &results[k - first];
    assert_int_equal(vqe_result_create(result, job->experiments[k],
                                       VQE_EXPERIMENT_FAILED,
                                       "as the test says"),
                     0);
    (*result)->status = status;
    (*result)->minimum = -2.0;
    (*result)->nuclear_repulsion_energy = 1.0;
    (*result)->fci_energy = -1.002;
    (*result)->seconds_total = 3.0;
    (*result)->num_qubits = 4;
    snprintf((*result)->finished_at, 25, "2026-01-02T03:04:%02d.000Z",
             (int)(k % 60));
  }
  assert_int_equal(vqe_hdf5_write(job->file, results, last - first + 1), 0);
  for (size_t k = first; k <= last; k++) {
    vqe_result_free(results[k - first]);
  }
}

/* A journal that a crashed run left, with evaluations of one experiment. */
static void write_journal(const struct vqe_job *job, size_t k)
{
  struct vqe_journal *journal = NULL;
  char *path = NULL;
  char *folder = NULL;
  const double x[] = {0.5};
  assert_int_equal(vqe_resume_folder(&folder, job->file), 0);
  (void)mkdir(folder, 0777);
  assert_int_equal(vqe_resume_journal_path(&path, job->file, 0, 1), 0);
  assert_int_equal(vqe_journal_open(&journal, path), 0);
  for (int it = 1; it <= 7; it++) {
    assert_int_equal(vqe_journal_evaluation(journal, job->experiments[k]->id,
                                            it, 1, x, -1.0 - 0.01 * it, 0.0,
                                            NULL),
                     0);
  }
  assert_int_equal(vqe_journal_close(journal), 0);
  free(folder);
  free(path);
}

static struct vqe_state *look(const char *place)
{
  struct vqe_state *state = NULL;
  if (vqe_state_open(&state, place, NULL) != 0 ||
      vqe_state_update(state) != 0) {
    fail_msg("%s", vqe_error_message());
  }
  return state;
}

static void check_counts(const struct vqe_state *state, size_t done,
                         size_t failed, size_t stopped, size_t waiting)
{
  const size_t *counts = state->total.counts;
  assert_int_equal(counts[VQE_STATE_DONE], done);
  assert_int_equal(counts[VQE_STATE_FAILED], failed);
  assert_int_equal(counts[VQE_STATE_RUNNING], 0);
  assert_int_equal(counts[VQE_STATE_STOPPED], stopped);
  assert_int_equal(counts[VQE_STATE_WAITING], waiting);
}

static void done_is_left_out_and_begun_stays_in_its_part(void **state)
{
  const struct fixture *fixture = *state;
  char begun[VQE_EXPERIMENT_ID_SIZE];
  struct vqe_generated *generated = generate(fixture, 2, false);
  vqe_generated_free(generated);
  struct vqe_job *job = load(fixture, "part-0002.json");
  assert_true(job->count >= 4);
  write_results(job, 0, 1, VQE_EXPERIMENT_OK);
  write_journal(job, 3);
  memcpy(begun, job->experiments[3]->id, sizeof begun);
  vqe_job_free(job);
  struct vqe_state *seen = look(fixture->folder);
  check_counts(seen, 2, 0, 1, ALL - 3);
  vqe_state_free(seen);
  generated = generate(fixture, 3, false);
  assert_int_equal(generated->total, ALL);
  assert_int_equal(generated->done, 2);
  assert_int_equal(generated->runs, ALL - 2);
  vqe_generated_free(generated);
  job = load(fixture, "part-0002.json");
  bool found = false;
  for (size_t k = 0; k < job->count; k++) {
    found = found || strcmp(job->experiments[k]->id, begun) == 0;
  }
  assert_true(found);
  vqe_job_free(job);
  /* nothing is lost of the sum */
  seen = look(fixture->folder);
  check_counts(seen, 2, 0, 1, ALL - 3);
  assert_int_equal(seen->count, ALL);
  vqe_state_free(seen);
}

static const char *phase_in_json(const struct vqe_state *seen, size_t index)
{
  static char phase[32];
  json_t *json = vqe_state_json(seen);
  const json_t *item =
      json_array_get(json_object_get(json, "experiments"), index);
  const char *name = json_string_value(json_object_get(item, "phase"));
  snprintf(phase, sizeof phase, "%s", name != NULL ? name : "null");
  json_decref(json);
  return phase;
}

/* Before its first evaluation an experiment leaves its phase. */
static void phase_of_what_runs_is_shown(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_owner *owner = NULL;
  struct vqe_journal *journal = NULL;
  char *path = NULL;
  char *screen = NULL;
  size_t size = 0;
  const double x[1] = {0.5};
  vqe_generated_free(generate(fixture, 1, false));
  struct vqe_job *job = load(fixture, "part-0001.json");
  const char *id = job->experiments[2]->id;
  int run = 0;
  assert_int_equal(vqe_resume_begin_run(&run, job->file), 0);
  assert_int_equal(vqe_resume_journal_path(&path, job->file, run, 0), 0);
  assert_int_equal(vqe_journal_open(&journal, path), 0);
  struct vqe_journal_phase fci = {.seed = job->experiments[2]->seed,
                                  .phase = VQE_PHASE_FCI};
  snprintf(fci.experiment_id, sizeof fci.experiment_id, "%s", id);
  assert_int_equal(vqe_job_seedless_id(fci.seedless_id, job->experiments[2]),
                   0);
  assert_int_equal(vqe_journal_phase(journal, &fci), 0);
  /* without a run that lives it has begun nothing that could go on */
  free(path);
  assert_int_equal(vqe_folder_path(&path, fixture->folder, "part-0001.json"),
                   0);
  struct vqe_state *seen = look(path);
  check_counts(seen, 0, 0, 0, ALL);
  vqe_state_free(seen);
  assert_int_equal(vqe_owner_claim(&owner, job->file, NULL, NULL), 0);
  seen = look(path);
  assert_int_equal(seen->items[2].kind, VQE_STATE_RUNNING);
  assert_string_equal(phase_in_json(seen, 2), "fci");
  assert_string_equal(phase_in_json(seen, 1), "null");
  FILE *stream = open_memstream(&screen, &size);
  vqe_state_print(stream, seen, true);
  fclose(stream);
  const char *line = strstr(screen, "\nrunning ");
  assert_non_null(line);
  assert_non_null(strstr(line, " FCI\n"));
  free(screen);
  assert_int_equal(
      vqe_journal_evaluation(journal, id, 1, 1, x, -1.0, 0.0, NULL), 0);
  assert_int_equal(vqe_state_update(seen), 0);
  assert_string_equal(phase_in_json(seen, 2), "vqe");
  vqe_state_free(seen);
  assert_int_equal(vqe_journal_close(journal), 0);
  vqe_owner_release(owner);
  free(path);
  vqe_job_free(job);
}

static void state_of_a_job_has_energies_reasons_and_time(void **state)
{
  const struct fixture *fixture = *state;
  char *path = NULL;
  vqe_generated_free(generate(fixture, 1, false));
  struct vqe_job *job = load(fixture, "part-0001.json");
  write_results(job, 0, 2, VQE_EXPERIMENT_OK);
  write_journal(job, 3);
  assert_int_equal(vqe_folder_path(&path, fixture->folder, "part-0001.json"),
                   0);
  struct vqe_state *seen = look(path);
  check_counts(seen, 3, 0, 1, ALL - 4);
  assert_int_equal(seen->items[0].kind, VQE_STATE_DONE);
  assert_true(fabs(seen->items[0].energy + 1.0) < 1e-12);
  /* three seconds each: so will the others take, and large ones longer */
  double cost = seen->items[0].cost;
  assert_true(fabs(seen->ratio - 3.0 / cost) < 1e-9 * seen->ratio);
  double left = 0.0;
  for (size_t k = 3; k < ALL; k++) {
    const struct vqe_state_item *other = &seen->items[k];
    bool known = strcmp(other->experiment->optimizer, "L-BFGS-B") == 0 &&
                 other->experiment->molecule_id == 0;
    left += known || other->cost < 0.01 ? 3.0 : other->cost + 3.0;
  }
  assert_true(fabs(seen->total.seconds_left - left) < 1e-9 * left);
  /* that runs has the exact energy of the finished ones of its molecule */
  const struct vqe_state_item *item = &seen->items[3];
  assert_int_equal(item->kind, VQE_STATE_STOPPED);
  assert_int_equal(item->entry->iteration, 7);
  double repulsion =
      vqe_molecule_nuclear_repulsion(item->experiment->molecule);
  assert_true(fabs(item->energy - (repulsion - 1.07)) < 1e-12);
  assert_true(fabs(item->fci_energy + 1.002) < 1e-12);
  json_t *json = vqe_state_json(seen);
  const json_t *list = json_object_get(json, "experiments");
  assert_int_equal(json_array_size(list), ALL);
  const json_t *first = json_array_get(list, 0);
  assert_string_equal(json_string_value(json_object_get(first, "state")),
                      "done");
  double error = json_real_value(json_object_get(first, "error_mha"));
  assert_true(fabs(error - 2.0) < 1e-9);
  assert_true(json_is_null(json_object_get(first, "phase")));
  json_decref(json);
  vqe_state_free(seen);
  write_results(job, 0, 9, VQE_EXPERIMENT_FAILED);
  seen = look(job->output);
  check_counts(seen, 0, 10, 0, 0);
  char *screen = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&screen, &size);
  vqe_state_print(stream, seen, true);
  fclose(stream);
  assert_non_null(strstr(screen, "10 failed: as the test says"));
  assert_non_null(strstr(screen, "Nothing runs."));
  free(screen);
  vqe_state_free(seen);
  vqe_job_free(job);
  free(path);
}

/* Dividing anew forgets nothing of what ran. */
static void time_left_goes_by_results_of_former_parts(void **state)
{
  const struct fixture *fixture = *state;
  vqe_generated_free(generate(fixture, 1, false));
  struct vqe_job *job = load(fixture, "part-0001.json");
  write_results(job, 0, 2, VQE_EXPERIMENT_OK);
  write_journal(job, 3);
  vqe_job_free(job);
  struct vqe_state *before = look(fixture->folder);
  assert_true(before->ratio > 0.0);
  assert_true(before->reach > 0.0);
  vqe_generated_free(generate(fixture, 4, false));
  struct vqe_state *after = look(fixture->folder);
  check_counts(after, 3, 0, 1, ALL - 4);
  assert_true(fabs(after->ratio - before->ratio) < 1e-9 * before->ratio);
  assert_true(fabs(after->reach - before->reach) < 1e-9 * before->reach);
  assert_true(fabs(after->total.seconds_left - before->total.seconds_left) <
              1e-9 * before->total.seconds_left);
  assert_true(fabs(after->seconds_left - before->seconds_left) <
              1e-9 * before->seconds_left);
  vqe_state_free(before);
  vqe_state_free(after);
}

/* The screen of a state, its folded lines as one, which fit in 80 columns;
 * free by free(). */
static char *screen_of(const struct vqe_state *seen)
{
  char *screen = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&screen, &size);
  assert_non_null(stream);
  vqe_state_print(stream, seen, false);
  fclose(stream);
  for (const char *line = screen; *line != '\0';) {
    size_t length = strcspn(line, "\n");
    assert_in_range(length, 0, 80);
    line += length + (line[length] == '\n');
  }
  for (char *fold = strstr(screen, "\n  "); fold != NULL;
       fold = strstr(screen, "\n  ")) {
    memmove(fold, fold + 2, strlen(fold + 2) + 1);
  }
  return screen;
}

static void time_left_is_folded_and_warns_where_little_is_known(void **state)
{
  const struct fixture *fixture = *state;
  vqe_generated_free(generate(fixture, 1, false));
  struct vqe_state *seen = look(fixture->folder);
  seen->total.seconds_left = 49680.0;
  seen->total.cost_left = 120.0;
  seen->seconds_left = 36720.0;
  seen->at_once = 1.4;
  seen->ratio = 428.53;
  seen->reach = 3000.0;
  char *screen = screen_of(seen);
  assert_non_null(strstr(
      screen, "\nLeft: about 10.2 h, 1.4 at once as so far: 13.8 h of core "
              "time, by what ran (which took 429 times what the model says; "
              "the model alone: 2 min). Take it with care: only small "
              "experiments are done, and the largest that is left costs "
              "3000 times the largest of these.\n"));
  free(screen);
  seen->ratio = NAN;
  seen->reach = 1.0;
  screen = screen_of(seen);
  assert_non_null(strstr(screen, "13.8 h of core time, by the cost model "
                                 "alone.\n"));
  assert_null(strstr(screen, "with care"));
  free(screen);
  vqe_state_free(seen);
}

/* All but the paths, which are the user's. */
static void screen_fits_80_columns(void **state)
{
  const struct fixture *fixture = *state;
  char *screen = NULL;
  size_t size = 0;
  vqe_generated_free(generate(fixture, 2, true));
  struct vqe_job *job = load(fixture, "part-b-0001.json");
  write_results(job, 0, 5, VQE_EXPERIMENT_FAILED);
  write_journal(job, 7);
  vqe_job_free(job);
  struct vqe_state *seen = look(fixture->folder);
  FILE *stream = open_memstream(&screen, &size);
  vqe_state_print(stream, seen, true);
  fclose(stream);
  size_t lines = 0;
  for (char *line = strtok(screen, "\n"); line != NULL;
       line = strtok(NULL, "\n")) {
    lines++;
    assert_in_range(strlen(line), 0, 80);
  }
  assert_true(lines > ALL + 5);
  free(screen);
  vqe_state_free(seen);
}

static void folders_of_others_are_left_alone(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_generated *generated = NULL;
  struct vqe_generate_options options = {
      .plan = {.memory_gb = 4.0, .cost_limit = NAN}, .parts = 1};
  char *path = NULL;
  assert_int_equal(vqe_folder_path(&path, fixture->folder, "part-0001.json"),
                   0);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs("mine", file);
  fclose(file);
  assert_int_equal(
      vqe_generate(&generated, fixture->tier, fixture->folder, &options),
      VQE_ERR_EXISTS);
  assert_non_null(strstr(vqe_error_message(), "of another origin"));
  assert_int_equal(access(path, F_OK), 0);
  unlink(path);
  free(path);
  vqe_generated_free(generate(fixture, 1, false));
  struct vqe_tier *other = NULL;
  assert_int_equal(vqe_tier_load(&other, "4"), 0);
  assert_int_equal(vqe_generate(&generated, other, fixture->folder, &options),
                   VQE_ERR_EXISTS);
  assert_non_null(strstr(vqe_error_message(), "is that of tier 'small'"));
  vqe_tier_free(other);
  options.parts = 10000;
  assert_int_equal(
      vqe_generate(&generated, fixture->tier, fixture->folder, &options),
      VQE_ERR_INPUT);
}

static void places_that_are_none_are_refused(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_state *seen = NULL;
  assert_int_equal(vqe_state_open(&seen, fixture->folder, NULL),
                   VQE_ERR_NOT_FOUND);
  assert_non_null(strstr(vqe_error_message(), "holds no job files"));
  assert_int_equal(vqe_state_open(&seen, "/nowhere/x.h5", NULL),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_state_open(&seen, "/nowhere/x.json", NULL),
                   VQE_ERR_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(parts_hold_each_experiment_once),
      TEST(lanes_have_parts_of_their_own),
      TEST(done_is_left_out_and_begun_stays_in_its_part),
      TEST(phase_of_what_runs_is_shown),
      TEST(state_of_a_job_has_energies_reasons_and_time),
      TEST(time_left_goes_by_results_of_former_parts),
      TEST(time_left_is_folded_and_warns_where_little_is_known),
      TEST(screen_fits_80_columns),
      TEST(folders_of_others_are_left_alone),
      TEST(places_that_are_none_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
