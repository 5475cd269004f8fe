/* The key "scan" and the option: points, names, and what is refused. */
#include <math.h>
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
#include "job/job_scan_text.h"
#include "molecule/molecule_move.h"
#include "vqe/error.h"

#define MOLECULES                                                             \
  "\"molecules\": [{\"name\": \"N2\", \"symbols\": [\"N\", \"N\"], "          \
  "\"coords\": [[0,0,0],[0,0,1]]}, {\"name\": \"water\", \"symbols\": "       \
  "[\"O\", \"H\", \"H\"], \"coords\": [[0,0,0],[0,0,0.96],[0.93,0,-0.24]]}]"

static void near(double found, double expected, double tolerance)
{
  if (!(fabs(found - expected) <= tolerance)) {
    fail_msg("%.17g is not %.17g to %g", found, expected, tolerance);
  }
}

static struct vqe_job *job;
static char *warnings;

static int clear(void **state)
{
  (void)state;
  vqe_job_free(job);
  free(warnings);
  job = NULL;
  warnings = NULL;
  return 0;
}

static int parse(const char *scan)
{
  char text[2048];
  (void)clear(NULL);
  snprintf(text, sizeof text, "{%s, \"seed\": 1, \"scan\": %s}", MOLECULES,
           scan);
  return vqe_job_parse(&job, &warnings, text, strlen(text), "scan.json", NULL);
}

static int parse_option(const char *path, const char *scan)
{
  const struct vqe_job_overrides overrides = {.scan = scan, .seed = "1"};
  (void)clear(NULL);
  return path != NULL
             ? vqe_job_parse(&job, &warnings, "{" MOLECULES "}",
                             strlen("{" MOLECULES "}"), path, &overrides)
             : vqe_job_load(&job, &warnings, NULL, &overrides);
}

static double length(size_t k, size_t a, size_t b)
{
  const struct vqe_coordinate bond = {VQE_COORDINATE_BOND, {a, b}};
  return vqe_coordinate_measure(&bond, job->experiments[k]->molecule);
}

static void steps_end_where_they_reach(void **state)
{
  (void)state;
  assert_int_equal(parse("{\"molecule\": \"n2\", \"bond\": [0, 1], \"from\": "
                         "0.9, \"to\": 2.5, \"step\": 0.1}"),
                   0);
  assert_int_equal(job->count, 18); /* and water as it is */
  assert_string_equal(job->experiments[2]->name, "N2 1.1");
  assert_string_equal(job->experiments[16]->name, "N2 2.5");
  assert_string_equal(job->experiments[17]->name, "water");
  assert_null(job->experiments[17]->scan);
  assert_string_equal(
      job->experiments[2]->scan,
      "{\"curve\":\"N2\",\"at\":[{\"bond\":[0,1],\"value\":1.1}]}");
  assert_true(job->experiments[2]->molecule->coords[5] == 1.1);
  assert_int_equal(parse("{\"molecule\": \"N2\", \"bond\": [1, 0], \"from\": "
                         "2, \"to\": 1, \"step\": -0.3}"),
                   0);
  assert_int_equal(job->count, 5); /* 2, 1.7, 1.4, 1.1 */
  near(length(3, 0, 1), 1.1, 1e-12);
}

/* The same geometry by hand is the same experiment. */
static void point_has_the_identity_of_its_geometry(void **state)
{
  static const char hand[] =
      "{\"molecules\": [{\"name\": \"mine\", \"symbols\": [\"N\", \"N\"], "
      "\"coords\": [[0,0,0],[0,0,1.3]]}], \"seed\": 1}";
  char id[VQE_EXPERIMENT_ID_SIZE];
  (void)state;
  assert_int_equal(
      parse("{\"molecule\": \"N2\", \"bond\": [0, 1], \"values\": "
            "[1.3]}"),
      0);
  memcpy(id, job->experiments[0]->id, sizeof id);
  (void)clear(NULL);
  assert_int_equal(
      vqe_job_parse(&job, &warnings, hand, strlen(hand), "h.json", NULL), 0);
  assert_string_equal(job->experiments[0]->id, id);
}

static void coordinates_of_a_molecule_multiply(void **state)
{
  (void)state;
  assert_int_equal(
      parse(
          "[{\"molecule\": \"water\", \"bond\": [0, 1], \"values\": [0.9, 1, "
          "1.2]}, {\"molecule\": \"water\", \"angle\": [1, 0, 2], \"from\": "
          "90, \"to\": 110, \"step\": 20}]"),
      0);
  assert_int_equal(job->count, 7);
  assert_string_equal(job->experiments[4]->name, "water 1 110");
  const struct vqe_coordinate angle = {VQE_COORDINATE_ANGLE, {1, 0, 2}};
  near(vqe_coordinate_measure(&angle, job->experiments[4]->molecule), 110.0,
       1e-9);
  near(length(4, 0, 1), 1.0, 1e-12);
  near(length(4, 0, 2), hypot(0.93, 0.24), 1e-12);
}

static void displacements_are_drawn_by_their_seed(void **state)
{
  double first;
  double sum = 0.0;
  (void)state;
  assert_int_equal(parse("{\"molecule\": \"N2\", \"displace\": 0.05, "
                         "\"count\": 500, \"seed\": 3}"),
                   0);
  assert_int_equal(job->count, 501);
  assert_string_equal(job->experiments[2]->name, "N2 #2");
  first = job->experiments[0]->molecule->coords[0];
  for (size_t k = 0; k < 500; k++) {
    for (size_t c = 0; c < 6; c++) {
      double off =
          job->experiments[k]->molecule->coords[c] - (c == 5 ? 1.0 : 0.0);
      sum += off * off;
    }
  }
  near(sqrt(sum / 3000.0), 0.05, 0.003);
  assert_int_equal(parse("{\"molecule\": \"N2\", \"displace\": 0.05, "
                         "\"count\": 2, \"seed\": 3}"),
                   0);
  assert_true(job->experiments[0]->molecule->coords[0] == first);
  assert_int_equal(parse("{\"molecule\": \"N2\", \"displace\": 0.05, "
                         "\"count\": 2, \"seed\": 4}"),
                   0);
  assert_false(job->experiments[0]->molecule->coords[0] == first);
}

/* Atoms too close are a failed point; the others run. */
static void impossible_points_fail_alone(void **state)
{
  (void)state;
  assert_int_equal(
      parse("{\"molecule\": \"N2\", \"bond\": [0, 1], \"values\": "
            "[0.01, 1]}"),
      0);
  assert_int_equal(job->count, 3);
  assert_int_equal(job->nbad, 1);
  assert_non_null(job->experiments[0]->input_error);
  assert_null(job->experiments[1]->input_error);
}

static void options_are_read(void **state)
{
  (void)state;
  assert_int_equal(parse_option("job.json", "N2 0.9:1.1:0.1; water 0-1 0.9,1 ;"
                                            " 1-0-2 100,110"),
                   0);
  assert_int_equal(job->count, 7);
  assert_string_equal(job->experiments[6]->name, "water 1 110");
  assert_int_equal(parse_option(NULL, "HeH+ 0.7,0.8;LiH 1.5;OH- 1"), 0);
  assert_int_equal(job->count, 4);
  assert_int_equal(job->experiments[0]->molecule->charge, 1);
  assert_int_equal(job->experiments[2]->molecule->z[0], 3);
  assert_int_equal(job->experiments[3]->molecule->charge, -1);
  assert_non_null(strstr(job->output, "HeH+.h5"));
  assert_int_equal(parse_option(NULL, "OH 0.97"), 0);
  assert_int_equal(job->experiments[0]->molecule->multiplicity, 2);
  /* a triplet, whatever its electrons allow */
  assert_int_equal(parse_option(NULL, "O2 1.2;NH 1;LiH 1.5"), 0);
  assert_int_equal(job->experiments[0]->molecule->multiplicity, 3);
  assert_int_equal(job->experiments[1]->molecule->multiplicity, 3);
  assert_int_equal(job->experiments[2]->molecule->multiplicity, 1);
  /* a charge by option changes what is possible */
  const struct vqe_job_overrides neutral = {
      .scan = "HeH+ 0.8", .seed = "1", .charge = "0"};
  (void)clear(NULL);
  assert_int_equal(vqe_job_load(&job, &warnings, NULL, &neutral), 0);
  assert_int_equal(job->experiments[0]->molecule->multiplicity, 2);
}

/* Atoms of a later coordinate that hang on an earlier one. */
static void coordinates_that_disturb_each_other_fail(void **state)
{
  (void)state;
  assert_int_equal(
      parse("[{\"molecule\": \"water\", \"bond\": [0, 1], \"values\": [1]}, "
            "{\"molecule\": \"water\", \"bond\": [2, 1], \"moves\": [1], "
            "\"values\": [1.2, 1.7]}]"),
      0);
  assert_int_equal(job->count, 3);
  assert_non_null(job->experiments[1]->input_error);
  assert_non_null(strstr(job->experiments[1]->input_error,
                         "as another coordinate of the scan moves its atoms"));
}

static void wrong_options_are_refused(void **state)
{
  static const struct {
    const char *text, *message;
  } bad[] = {
      {"N2 0.9:2.5", "'0.9:2.5' is not FIRST:LAST:STEP"},
      {"N2 0.9:2.5:0.1:1", "is not FIRST:LAST:STEP"},
      {"N2 1,", "is not FIRST:LAST:STEP"},
      {"N2 inf", "is not FIRST:LAST:STEP"},
      {"", "is not FIRST:LAST:STEP"},
      {"N2 a b 1", "is not [MOLECULE] [ATOMS] VALUES"},
      {"N2 x 1", "'x' are no atoms"},
      {"N2 0-1-2-3-4 1", "are 5 atoms"},
      {"N3 1", "'N3' is no molecule of two atoms"},
      {"H2O 1", "'H2O' is no molecule of two atoms"},
      {"n2 1", "'n2' is no molecule of two atoms"},
      {"1", "without a job or molecule file"},
      {"N2 1:0:0.1", "do not lead from 1 to 0"},
      {"N2 1:2:0", "do not lead from 1 to 2"},
      {"N2 0-5 1", "'N2' has no atom 5"},
      {"N2 -1", "-1 is no bond"},
      {"N2 1,1", "1 stands twice"},
      {"N2 1,2,1.00000001", "1 stands twice, to seven digits"},
      {"N2 0-1- 1", "'0-1-' are no atoms"},
      {"N2 1;N2 2", "the same bond has values already"},
      {"N2 1;N2 1-0 2", "the same bond has values already"},
  };
  (void)state;
  assert_int_equal(parse_option("job.json", "0-1 0.8,0.9 1.0"), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "'0.8,0.9' are no atoms"));
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(parse_option(NULL, bad[k].text), VQE_ERR_INPUT);
    if (strstr(vqe_error_message(), bad[k].message) == NULL) {
      fail_msg("%s: %s", bad[k].text, vqe_error_message());
    }
  }
}

static void wrong_values_are_refused(void **state)
{
  static const struct {
    const char *text, *message;
  } bad[] = {
      {"7", "an object as"},
      {"[]", "an object or a list of them"},
      {"{}", "one of the keys bond, angle"},
      {"{\"bond\": [0, 1], \"angle\": [0, 1, 2], \"values\": [1]}",
       "one of the keys bond, angle"},
      {"{\"bond\": [0], \"values\": [1]}", "two atoms, counted from 0"},
      {"{\"bond\": [0, -1], \"values\": [1]}", "key 'bond'"},
      {"{\"bond\": [0, 1], \"value\": [1]}", "'value'"},
      {"{\"bond\": [0, 1], \"values\": []}", "a list of numbers"},
      {"{\"bond\": [0, 1], \"values\": [\"a\"]}", "a number"},
      {"{\"bond\": [0, 1], \"values\": [0]}", "0 is no bond"},
      {"{\"bond\": [0, 1], \"from\": 1, \"to\": 2}", "its points are missing"},
      {"{\"bond\": [0, 1]}", "its points are missing"},
      {"{\"bond\": [0, 1], \"values\": [1], \"step\": 1}",
       "'step' has no meaning beside values"},
      {"{\"bond\": [0, 1], \"values\": [1], \"seed\": 1}",
       "'seed' has no meaning beside a coordinate"},
      {"{\"displace\": 0.1, \"count\": 2, \"moves\": [1]}",
       "'moves' has no meaning beside displace"},
      {"{\"bond\": [0, 1], \"values\": [1e7]}", "a number from -1e6 to 1e6"},
      {"{\"molecule\": \"N2\", \"bond\": [0, 1], \"values\": [1], \"moves\": "
       "[0, 1]}",
       "atom 0, the first one of the bond, moves with its last one"},
      {"{\"bond\": [0, 1], \"from\": 1, \"to\": 2, \"step\": 1e-9}",
       "more than 100000 points"},
      {"{\"bond\": [0, 1], \"from\": 1, \"to\": 2, \"step\": 0.1, "
       "\"molecule\": \"O2\"}",
       "no molecule is called 'O2'"},
      {"{\"molecule\": \"water\", \"angle\": [1, 0, 2], \"values\": [181]}",
       "181 is no angle"},
      {"{\"molecule\": \"N2\", \"displace\": 0, \"count\": 3}",
       "a width above 0"},
      {"{\"molecule\": \"N2\", \"displace\": 0.1}", "key 'count'"},
      {"{\"molecule\": \"water\", \"bond\": [0, 1], \"values\": [1], "
       "\"moves\": [2]}",
       "atom 1, the last one of the bond, is not among them"},
      {"[{\"displace\": 0.1, \"count\": 100000}, {\"bond\": [0, 1], "
       "\"from\": 1, \"to\": 2, \"step\": 0.001}]",
       "multiply to more than"},
      {"[{\"displace\": 0.1, \"count\": 2}, {\"displace\": 0.1, \"count\": "
       "2}]",
       "the same displacement has values already"},
  };
  (void)state;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(parse(bad[k].text), VQE_ERR_INPUT);
    if (strstr(vqe_error_message(), bad[k].message) == NULL) {
      fail_msg("%s: %s", bad[k].text, vqe_error_message());
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_end_where_they_reach),
      cmocka_unit_test(point_has_the_identity_of_its_geometry),
      cmocka_unit_test(coordinates_of_a_molecule_multiply),
      cmocka_unit_test(displacements_are_drawn_by_their_seed),
      cmocka_unit_test(impossible_points_fail_alone),
      cmocka_unit_test(options_are_read),
      cmocka_unit_test(coordinates_that_disturb_each_other_fail),
      cmocka_unit_test(wrong_options_are_refused),
      cmocka_unit_test(wrong_values_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, clear);
}
