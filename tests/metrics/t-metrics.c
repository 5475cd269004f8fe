/* From results and states of a run to the page, and to one experiment at a
 * time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "metrics/metrics.h"
#include "vqe/error.h"

static struct vqe_metrics *create(void)
{
  const struct vqe_metrics_options options = {
      .batch = "b-1", .tier = "tier 2", .lane = "", .host = "node"};
  struct vqe_metrics *metrics = NULL;
  assert_int_equal(vqe_metrics_create(&metrics, &options), VQE_OK);
  return metrics;
}

static struct vqe_result *make_result(int number,
                                      enum vqe_experiment_status status)
{
  struct vqe_experiment experiment;
  struct vqe_result *result = NULL;
  char name[] = "H\"2";
  char text[] = "x";
  vqe_experiment_init(&experiment);
  experiment.name = name;
  experiment.basis_set = text;
  experiment.ansatz_name = text;
  experiment.optimizer = text;
  experiment.init_strategy = text;
  experiment.seed = number;
  snprintf(experiment.id, sizeof experiment.id, "id%d", number);
  assert_int_equal(vqe_result_create(&result, &experiment, status, "reason"),
                   VQE_OK);
  return result;
}

static struct vqe_result *good_result(int number)
{
  struct vqe_result *result = make_result(number, VQE_EXPERIMENT_OK);
  result->minimum = -1.75;
  result->nuclear_repulsion_energy = 0.5;
  result->hf_energy = -1.125;
  result->fci_energy = -1.2509765625;
  result->neval = 8;
  result->seconds_vqe = 4.0;
  result->seconds_scf = 0.25;
  result->num_qubits = 4;
  result->nparam = 3;
  result->n_expectation = 2.0;
  result->nalpha = 1;
  result->nbeta = 1;
  result->s2_expectation = 0.0;
  return result;
}

static void end(struct vqe_metrics *metrics, struct vqe_result *result,
                bool restored)
{
  assert_int_equal(vqe_metrics_ended(metrics, result, 0, restored), VQE_OK);
  result->neval = 0; /* its arrays were never there */
  vqe_result_free(result);
}

static char *page_of(struct vqe_metrics *metrics, bool with_experiments)
{
  static char page[1 << 20];
  char *text = NULL;
  size_t size = 0;
  assert_int_equal(vqe_metrics_text(&text, &size, metrics, with_experiments),
                   VQE_OK);
  assert_true(size < sizeof page);
  memcpy(page, text, size + 1);
  free(text);
  return page;
}

static void assert_line(const char *page, const char *line)
{
  char whole[512];
  snprintf(whole, sizeof whole, "\n%s\n", line);
  if (strstr(page, whole) == NULL) {
    print_error("no line '%s' in:\n%s", line, page);
    fail();
  }
}

#define LABELS                                                                \
  "batch=\"b-1\",tier=\"tier 2\",experiment=\"id1\",molecule=\"H\\\"2\","     \
  "basis=\"x\",ansatz=\"x\",optimizer=\"x\",init=\"x\",seed=\"1\""

static void ended_experiment_is_shown_with_its_labels(void **state)
{
  struct vqe_metrics *metrics = create();
  (void)state;
  end(metrics, good_result(1), false);
  const char *page = page_of(metrics, true);
  assert_line(page, "vqe_experiment_energy_hartree{" LABELS "} -1.25");
  assert_line(page, "vqe_experiment_hf_energy_hartree{" LABELS "} -1.125");
  assert_line(page, "vqe_experiment_error_hartree{" LABELS "} 0.0009765625");
  assert_line(page, "vqe_experiment_error_millihartree{" LABELS "} 0.9765625");
  assert_line(page, "vqe_experiment_evaluations{" LABELS "} 8");
  assert_line(page, "vqe_experiment_iterations_per_second{" LABELS "} 2");
  assert_line(page,
              "vqe_experiment_phase_seconds{" LABELS ",phase=\"scf\"} 0.25");
  assert_line(page, "vqe_experiment_state{" LABELS ",state=\"done\"} 1");
  assert_line(page, "vqe_accurate_experiments_total{batch=\"b-1\",tier=\"tier "
                    "2\"} 1");
  assert_line(page, "vqe_phase_seconds_total{batch=\"b-1\",tier=\"tier 2\","
                    "phase=\"vqe\"} 4");
  vqe_metrics_free(metrics);
}

static void unknown_values_have_no_sample(void **state)
{
  struct vqe_metrics *metrics = create();
  (void)state;
  end(metrics, make_result(1, VQE_EXPERIMENT_FAILED), false);
  const char *page = page_of(metrics, true);
  assert_line(page, "vqe_experiment_state{" LABELS ",state=\"failed\"} 1");
  assert_null(strstr(page, "vqe_experiment_energy_hartree"));
  assert_null(strstr(page, "vqe_experiment_qubits"));
  assert_null(strstr(page, "vqe_experiment_phase_seconds"));
  assert_null(strstr(page, "vqe_experiment_seconds"));
  assert_null(strstr(page, "vqe_last_completion"));
  assert_null(strstr(page, "vqe_device"));
  assert_null(strstr(page, "vqe_stream"));
  assert_null(strstr(page, "vqe_rank"));
  assert_null(strstr(page, "vqe_experiments{"));
  assert_null(strstr(page, "NaN"));
  vqe_metrics_free(metrics);
}

static void restored_experiments_do_not_count_as_done_by_this_run(void **state)
{
  struct vqe_metrics *metrics = create();
  (void)state;
  end(metrics, good_result(1), true);
  const char *page = page_of(metrics, true);
  assert_line(page,
              "vqe_restored_experiments{batch=\"b-1\",tier=\"tier 2\"} 1");
  assert_line(page, "vqe_finished_experiments_total{batch=\"b-1\",tier=\"tier "
                    "2\",result=\"done\"} 0");
  assert_line(page, "vqe_evaluations_total{batch=\"b-1\",tier=\"tier 2\"} 0");
  vqe_metrics_free(metrics);
}

static void update(struct vqe_metrics *metrics,
                   const struct vqe_experiment *running, double busy,
                   double seconds)
{
  const struct vqe_metrics_rank ranks[] = {{.rank = 0,
                                            .known = true,
                                            .lanes = 2,
                                            .busy = busy,
                                            .seconds = seconds,
                                            .cpu = 1.5,
                                            .resident = 4096,
                                            .available = NAN,
                                            .limit = NAN,
                                            .journal_lag = 0.5},
                                           {.rank = 1}};
  const struct vqe_metrics_running one = {.experiment = running,
                                          .energy = -1.0,
                                          .hf = NAN,
                                          .error = NAN,
                                          .iteration = 6,
                                          .seconds = 5.0,
                                          .vqe_seconds = 3.0};
  const struct vqe_metrics_state state = {.total = 5,
                                          .done = 1,
                                          .failed = 1,
                                          .running = running != NULL,
                                          .active = true,
                                          .nrank = 2,
                                          .nexperiment = running != NULL,
                                          .ranks = ranks,
                                          .experiments = &one};
  assert_int_equal(vqe_metrics_update(metrics, &state), VQE_OK);
}

static void states_and_ranks_are_those_of_the_last_look(void **state)
{
  struct vqe_metrics *metrics = create();
  struct vqe_result *running = good_result(1);
  (void)state;
  update(metrics, running->experiment, 3.0, 4.0);
  /* a sum that is smaller by a rounding */
  update(metrics, running->experiment, 3.5, 4.4999999);
  const char *page = page_of(metrics, true);
  assert_line(page, "vqe_experiments{batch=\"b-1\",tier=\"tier 2\",state="
                    "\"pending\"} 2");
  assert_line(page, "vqe_rank_busy_seconds_total{batch=\"b-1\",tier=\"tier "
                    "2\",rank=\"0\"} 3.5");
  assert_line(page, "vqe_rank_idle_seconds_total{batch=\"b-1\",tier=\"tier "
                    "2\",rank=\"0\"} 1");
  assert_line(page, "vqe_experiment_iterations_per_second{" LABELS "} 2");
  assert_null(strstr(page, "rank=\"1\""));
  assert_null(strstr(page, "vqe_rank_memory_limit_bytes"));
  assert_null(strstr(page_of(metrics, false), "vqe_experiment_"));
  running->neval = 0;
  vqe_result_free(running);
  vqe_metrics_free(metrics);
}

static void only_the_last_experiments_are_kept(void **state)
{
  struct vqe_metrics *metrics = create();
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  size_t size = 0;
  (void)state;
  end(metrics, make_result(0, VQE_EXPERIMENT_FAILED), false);
  assert_int_equal(vqe_metrics_take(id, &text, &size, metrics), VQE_OK);
  assert_string_equal(id, "id0");
  free(text);
  assert_false(vqe_metrics_take_dropped(id, metrics));
  for (int k = 1; k <= VQE_METRICS_KEPT + 1; k++) {
    end(metrics, make_result(k, VQE_EXPERIMENT_FAILED), false);
  }
  const char *page = page_of(metrics, true);
  size_t lines = 0;
  for (const char *at = strstr(page, "\nvqe_experiment_state{"); at != NULL;
       at = strstr(at + 1, "\nvqe_experiment_state{")) {
    lines++;
  }
  assert_int_equal(lines, VQE_METRICS_KEPT);
  assert_null(strstr(page, "\"id0\""));
  assert_null(strstr(page, "\"id1\""));
  assert_line(page, "vqe_finished_experiments_total{batch=\"b-1\",tier=\"tier "
                    "2\",result=\"failed\"} 1002");
  /* of those that went only the one that was taken has to go elsewhere */
  assert_true(vqe_metrics_take_dropped(id, metrics));
  assert_string_equal(id, "id0");
  assert_false(vqe_metrics_take_dropped(id, metrics));
  vqe_metrics_free(metrics);
}

static bool take(char id[VQE_EXPERIMENT_ID_SIZE], struct vqe_metrics *metrics,
                 const char *wanted)
{
  char *text = NULL;
  size_t size = 0;
  assert_int_equal(vqe_metrics_take(id, &text, &size, metrics), VQE_OK);
  bool found = text != NULL;
  if (found) {
    assert_non_null(strstr(text, wanted));
  }
  free(text);
  return found;
}

static void experiments_are_taken_once_after_each_change(void **state)
{
  struct vqe_metrics *metrics = create();
  struct vqe_result *result = good_result(1);
  char id[VQE_EXPERIMENT_ID_SIZE];
  (void)state;
  update(metrics, result->experiment, 1.0, 1.0);
  assert_true(take(id, metrics, "state=\"running\"} 1"));
  assert_false(take(id, metrics, ""));
  update(metrics, result->experiment, 1.0, 1.0);
  assert_true(take(id, metrics, "state=\"running\"} 1"));
  end(metrics, result, false);
  assert_true(take(id, metrics, "state=\"done\"} 1"));
  vqe_metrics_put_back(metrics, id);
  assert_true(take(id, metrics, "state=\"done\"} 1"));
  /* it has ended, so it was not cut off */
  update(metrics, NULL, 1.0, 1.0);
  assert_false(take(id, metrics, ""));
  assert_false(vqe_metrics_take_dropped(id, metrics));
  vqe_metrics_free(metrics);
}

static void experiment_that_was_cut_off_is_dropped(void **state)
{
  struct vqe_metrics *metrics = create();
  struct vqe_result *result = good_result(1);
  char id[VQE_EXPERIMENT_ID_SIZE];
  (void)state;
  update(metrics, result->experiment, 1.0, 1.0);
  assert_true(take(id, metrics, "state=\"running\"} 1"));
  update(metrics, NULL, 1.0, 1.0);
  /* its result comes after all */
  end(metrics, result, false);
  assert_false(vqe_metrics_take_dropped(id, metrics));
  result = good_result(2);
  update(metrics, result->experiment, 1.0, 1.0);
  assert_true(take(id, metrics, "state=\"done\"} 1"));
  assert_true(take(id, metrics, "state=\"running\"} 1"));
  update(metrics, NULL, 1.0, 1.0);
  assert_true(vqe_metrics_take_dropped(id, metrics));
  assert_string_equal(id, "id2");
  result->neval = 0;
  vqe_result_free(result);
  vqe_metrics_free(metrics);
}

static struct vqe_result *device_result(int number)
{
  static const char performance[] =
      "{\"gpu\": {\"name\": \"G\", \"index\": 1, \"memory_mb\": 2.5, "
      "\"held_mb\": 0.5, \"launches\": 7, \"seconds\": 0.25, \"sent_mb\": "
      "0.001, \"received_mb\": 0.002}}";
  struct vqe_result *result = good_result(number);
  snprintf(result->backend, sizeof result->backend, "vqe_cuda_sector");
  assert_int_equal(vqe_memory_strdup(&result->performance_end, performance),
                   VQE_OK);
  return result;
}

#define DEVICE                                                                \
  "{batch=\"b-1\",tier=\"tier 2\",rank=\"0\",device=\"1\",model=\"G\"} "

/* As on a large cluster: of all that are said to run, those that have ended
 * are left out, and those that run still keep that they were taken. */
static void running_experiments_are_found_among_many_that_ended(void **state)
{
  enum { RUNNING = 1500 };
  struct vqe_metrics *metrics = create();
  static struct vqe_experiment experiments[RUNNING];
  static struct vqe_metrics_running running[RUNNING];
  const struct vqe_metrics_rank rank = {.known = true};
  char name[] = "x";
  char id[VQE_EXPERIMENT_ID_SIZE];
  struct vqe_metrics_state now = {.total = 5000,
                                  .active = true,
                                  .nrank = 1,
                                  .ranks = &rank,
                                  .experiments = running};
  (void)state;
  for (int k = 0; k < RUNNING; k++) {
    struct vqe_experiment *one = &experiments[k];
    vqe_experiment_init(one);
    one->name = one->basis_set = one->ansatz_name = name;
    one->optimizer = one->init_strategy = name;
    snprintf(one->id, sizeof one->id, "id%d", k);
    running[k] = (struct vqe_metrics_running){.experiment = one};
  }
  now.nexperiment = RUNNING;
  assert_int_equal(vqe_metrics_update(metrics, &now), VQE_OK);
  for (int k = 0; k < RUNNING; k++) {
    assert_true(take(id, metrics, "state=\"running\"} 1"));
  }
  for (int k = 0; k < VQE_METRICS_KEPT; k++) {
    end(metrics, make_result(3 * k, VQE_EXPERIMENT_FAILED), false);
  }
  assert_int_equal(vqe_metrics_update(metrics, &now), VQE_OK);
  const char *page = page_of(metrics, true);
  assert_null(strstr(page, "id=\"id3\",state=\"running\""));
  size_t lines = 0;
  for (const char *at = strstr(page, "state=\"running\"} 1"); at != NULL;
       at = strstr(at + 1, "state=\"running\"} 1")) {
    lines++;
  }
  assert_int_equal(lines, RUNNING - RUNNING / 3);
  /* the odd ones end without a word */
  for (int k = 0; k < RUNNING / 2; k++) {
    running[k] = running[2 * k];
  }
  now.nexperiment = RUNNING / 2;
  assert_int_equal(vqe_metrics_update(metrics, &now), VQE_OK);
  size_t dropped = 0;
  while (vqe_metrics_take_dropped(id, metrics)) {
    int number = atoi(id + 2);
    assert_true(number % 2 == 1 && number % 3 != 0);
    dropped++;
  }
  assert_int_equal(dropped, RUNNING / 3);
  vqe_metrics_free(metrics);
}

static void devices_add_up_over_experiments(void **state)
{
  struct vqe_metrics *metrics = create();
  (void)state;
  end(metrics, device_result(1), false);
  end(metrics, device_result(2), false);
  end(metrics, device_result(3), true); /* of an earlier run */
  const char *page = page_of(metrics, true);
  assert_line(page, "vqe_device_memory_bytes" DEVICE "2500000");
  assert_line(page, "vqe_device_held_bytes" DEVICE "500000");
  assert_line(page, "vqe_device_launches_total" DEVICE "14");
  assert_line(page, "vqe_device_busy_seconds_total" DEVICE "0.5");
  assert_line(page, "vqe_device_sent_bytes_total" DEVICE "2000");
  assert_line(page, "vqe_device_received_bytes_total" DEVICE "4000");
  assert_null(strstr(page, "vqe_device_memory_used_bytes"));
  vqe_metrics_free(metrics);
}

static bool publishing(void *ctx, struct vqe_metrics_publishing *out)
{
  *out = *(struct vqe_metrics_publishing *)ctx;
  return true;
}

static void spool_has_an_age_only_when_something_waits(void **state)
{
  struct vqe_metrics_publishing now = {3, 2, 0, 100, 1, 50, 12.5};
  const struct vqe_metrics_options options = {
      .batch = "b", .publishing = publishing, .ctx = &now};
  struct vqe_metrics *metrics = NULL;
  (void)state;
  assert_int_equal(vqe_metrics_create(&metrics, &options), VQE_OK);
  const char *page = page_of(metrics, false);
  assert_line(page, "vqe_stream_accepted_records_total{batch=\"b\"} 3");
  assert_line(page, "vqe_stream_delivered_bytes_total{batch=\"b\"} 100");
  assert_line(page, "vqe_spool_oldest_seconds{batch=\"b\"} 12.5");
  now.spool_oldest = NAN;
  assert_null(strstr(page_of(metrics, false), "vqe_spool_oldest"));
  vqe_metrics_free(metrics);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ended_experiment_is_shown_with_its_labels),
      cmocka_unit_test(unknown_values_have_no_sample),
      cmocka_unit_test(restored_experiments_do_not_count_as_done_by_this_run),
      cmocka_unit_test(states_and_ranks_are_those_of_the_last_look),
      cmocka_unit_test(only_the_last_experiments_are_kept),
      cmocka_unit_test(experiments_are_taken_once_after_each_change),
      cmocka_unit_test(experiment_that_was_cut_off_is_dropped),
      cmocka_unit_test(running_experiments_are_found_among_many_that_ended),
      cmocka_unit_test(devices_add_up_over_experiments),
      cmocka_unit_test(spool_has_an_age_only_when_something_waits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
