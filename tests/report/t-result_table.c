/* The final table as people see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/notes.h"
#include "report/report.h"
#include "report/report_fixture.h"

static char *table_in(struct vqe_result *const *results, const bool *restored,
                      size_t count, int width, bool all)
{
  char *text = NULL;
  size_t size = 0;
  struct vqe_report_options options = {.width = width, .all = all};
  FILE *stream = open_memstream(&text, &size);
  assert_int_equal(
      vqe_report_table(stream, results, restored, count, &options), 0);
  fclose(stream);
  return text;
}

/* As wide as it needs. */
static char *table_of(struct vqe_result *const *results, size_t count)
{
  return table_in(results, NULL, count, 300, false);
}

static int longest_line(const char *text)
{
  int longest = 0;
  while (*text != '\0') {
    int letters = 0;
    for (; *text != '\n'; text++) {
      letters += ((unsigned char)*text & 0xc0) != 0x80;
    }
    longest = letters > longest ? letters : longest;
    text++;
  }
  return longest;
}

static size_t times(const char *text, const char *word)
{
  size_t length = strlen(word);
  size_t count = 0;
  for (size_t k = 0; text[k] != '\0'; k++) {
    count += strncmp(text + k, word, length) == 0;
  }
  return count;
}

/* Line k of a text, NUL-terminated in place. */
static char *line(char *text, int k)
{
  while (k-- > 0) {
    text = strchr(text, '\n') + 1;
  }
  *strchr(text, '\n') = '\0';
  return text;
}

static void numbers_stand_with_their_digits(void **state)
{
  (void)state;
  struct vqe_result *results[1] = {report_ok("H2")};
  results[0]->s2_expectation = -1e-9;
  char *text = table_of(results, 1);
  char *copy = strdup(text);
  const char *row = line(copy, 2);
  /* -1.85 + 0.72 = -1.13 */
  assert_non_null(strstr(row, "H2             4       3      9"));
  assert_non_null(strstr(row, " -1.13000000   -1.11600000  -1.13050000"));
  assert_non_null(strstr(text, "All: sto3g, UCCSD, L-BFGS-B."));
  assert_non_null(strstr(row, "  0.5000  2.0000  0.0000     1.25"));
  assert_null(strstr(text, "other"));
  assert_null(strstr(text, " \n"));
  assert_null(strstr(text, "not converged"));
  assert_non_null(strstr(text, "1 experiment: 1 ok, 0 failed\n"));
  vqe_result_free(results[0]);
  free(copy);
  free(text);
}

/* Every column starts (texts) or ends (numbers) in one place. */
static void columns_are_aligned_in_letters_not_bytes(void **state)
{
  (void)state;
  struct vqe_result *results[3] = {report_ok("H2"),
                                   report_ok("a-very-long-molecule-name"),
                                   report_failed("bad")};
  results[1]->minimum = -1234.5;
  results[1]->neval = 123456;
  char *text = table_of(results, 3);
  char *rows[4];
  for (int k = 0; k < 4; k++) {
    char *copy = strdup(text);
    rows[k] = strdup(line(copy, 1 + k));
    free(copy);
  }
  const char *const left[] = {"basis", "optimizer"};
  const char *const right[] = {"qubits", "param.", "HF ", "FCI ", "seconds"};
  for (size_t c = 0; c < 2; c++) {
    ptrdiff_t at = strstr(rows[0], left[c]) - rows[0];
    for (int k = 1; k < 4; k++) {
      assert_true(rows[k][at] != ' ' && rows[k][at - 1] == ' ');
    }
  }
  for (size_t c = 0; c < 5; c++) {
    const char *title = strstr(rows[0], right[c]);
    ptrdiff_t end = title - rows[0] + (ptrdiff_t)strcspn(title, " ");
    for (int k = 1; k < 4; k++) {
      assert_true(rows[k][end - 1] != ' ');
      assert_true(rows[k][end] == ' ' || rows[k][end] == '\0');
    }
  }
  for (int k = 0; k < 4; k++) {
    free(rows[k]);
  }
  for (int k = 0; k < 3; k++) {
    vqe_result_free(results[k]);
  }
  free(text);
}

static void remarks_name_every_doubt_about_a_state(void **state)
{
  (void)state;
  struct vqe_result *results[5] = {report_ok("charged"), report_ok("triplet"),
                                   report_ok("slow"), report_failed("bad"),
                                   report_ok("old")};
  const bool restored[5] = {false, false, false, false, true};
  results[0]->n_expectation = 2.98;
  results[1]->s2_expectation = 2.0;
  results[2]->success = false;
  free(results[2]->reason);
  results[2]->reason = strdup("10 evaluations used up");
  /* just inside the tolerance */
  results[4]->n_expectation = 2.0009;
  char *text = table_in(results, restored, 5, 300, false);
  const char *const expected[] = {"other <N>", "other <S^2>", "not converged",
                                  "failed", "restored"};
  for (int k = 0; k < 5; k++) {
    char *copy = strdup(text);
    const char *row = line(copy, 2 + k);
    for (int other = 0; other < 5; other++) {
      assert_int_equal(strstr(row, expected[other]) != NULL, other == k);
    }
    free(copy);
  }
  assert_non_null(strstr(text, "not converged (1 of 5): "));
  assert_non_null(strstr(text, ": 10 evaluations used up (1)\n"));
  assert_non_null(strstr(text, "failed: bad, -, -: unknown element 'Xx'\n"));
  assert_non_null(
      strstr(text, "5 experiments: 4 ok (1 restored), 1 failed\n"));
  /* the two states that are not the molecule's; what did not converge is */
  assert_int_equal(times(text, "-1.13000000!"), 2);
  for (int k = 0; k < 5; k++) {
    vqe_result_free(results[k]);
  }
  free(text);
}

/* An excited state of the molecule, and a saddle point, are its own. */
static void other_states_of_the_molecule_have_remarks_alone(void **state)
{
  (void)state;
  static const enum vqe_note notes[] = {
      VQE_NOTE_OTHER_STATE, VQE_NOTE_SADDLE_POINT, VQE_NOTE_BELOW_EXACT};
  for (int k = 0; k < 3; k++) {
    struct vqe_result *result = report_ok("H2");
    assert_int_equal(vqe_notes_add(&result->notes, notes[k], "why"), 0);
    char *text = table_of(&result, 1);
    assert_int_equal(times(text, vqe_note_remark(notes[k])), 2);
    /* what lies below the exact energy of the molecule is not its */
    assert_int_equal(times(text, "!"),
                     notes[k] == VQE_NOTE_BELOW_EXACT ? 2 : 0);
    free(text);
    vqe_result_free(result);
  }
}

/* Names come from files: no control characters, no torn letters. */
static void names_cannot_move_the_cursor_or_break_utf8(void **state)
{
  (void)state;
  char name[201];
  for (int k = 0; k < 100; k++) {
    memcpy(name + 2 * k, "\xc3\xa9", 2);
  }
  name[200] = '\0';
  struct vqe_result *results[2] = {report_ok("a\033[2Jb\nc"), report_ok(name)};
  char *text = table_of(results, 2);
  assert_null(strchr(text, '\033'));
  assert_non_null(strstr(text, "a [2Jb c"));
  /* 31 letters of two bytes fit into 63 */
  memcpy(name + 62, " ", 2);
  assert_non_null(strstr(text, name));
  for (int k = 0; k < 2; k++) {
    vqe_result_free(results[k]);
  }
  free(text);
}

static void empty_table_counts_no_experiments(void **state)
{
  (void)state;
  char *text = table_of(NULL, 0);
  assert_non_null(strstr(text, "0 experiments: 0 ok"));
  free(text);
}

/* Ten molecules with every column, long names and remarks. */
static void a_table_fits_the_window(void **state)
{
  (void)state;
  struct vqe_result *results[10];
  for (int k = 0; k < 10; k++) {
    results[k] = report_ok(k == 3 ? "tetramethylethylenediamine-1" : "N2");
    results[k]->experiment->molecule_id = k;
    results[k]->success = k != 1;
    results[k]->n_expectation = k == 2 ? 3.0 : 2.0;
    results[k]->s2_expectation = k == 2 ? 0.75 : 0.0;
    results[k]->experiment->seed = k;
  }
  free(results[4]->experiment->optimizer);
  results[4]->experiment->optimizer = strdup("COBYLA");
  const int widths[] = {80, 100, 120, 160};
  for (size_t k = 0; k < 4; k++) {
    char *text = table_in(results, NULL, 10, widths[k], false);
    assert_true(longest_line(text) <= widths[k]);
    /* energy, error and what differs stay */
    assert_int_equal(times(text, "-1.13000000"), 10);
    assert_int_equal(times(text, " 0.5000"), 10);
    assert_int_equal(times(text, "COBYLA"), 1);
    assert_non_null(strstr(text, "other <N>"));
    free(text);
  }
  char *narrow = table_in(results, NULL, 10, 80, false);
  assert_non_null(strstr(narrow, "Left out to fit the window: "));
  assert_non_null(strstr(narrow, "<S^2>"));
  free(narrow);
  char *wide = table_in(results, NULL, 10, 160, false);
  assert_null(strstr(wide, "Left out"));
  free(wide);
  for (int k = 0; k < 10; k++) {
    vqe_result_free(results[k]);
  }
}

/* A job's name, text for name. */
static void set_text(char **member, const char *text)
{
  free(*member);
  *member = strdup(text);
}

static void columns_are_shown_for_what_differs(void **state)
{
  (void)state;
  struct vqe_result *results[4];
  for (int k = 0; k < 4; k++) {
    results[k] = report_ok("H2");
    results[k]->experiment->seed = k / 2;
  }
  char *text = table_of(results, 4);
  assert_non_null(strstr(text, "seed"));
  assert_null(strstr(text, "init"));
  assert_null(strstr(text, "shots"));
  free(text);
  for (int k = 0; k < 4; k++) {
    set_text(&results[k]->experiment->init_strategy, k % 2 ? "hf" : "mp2");
    results[k]->experiment->shots = k < 2 ? 0 : 1024;
  }
  text = table_of(results, 4);
  assert_non_null(strstr(text, "init"));
  assert_non_null(strstr(text, "shots"));
  assert_non_null(strstr(text, "1024"));
  assert_non_null(strstr(text, "exact"));
  free(text);
  /* one molecule has another seed each: the names say which is which */
  for (int k = 0; k < 4; k++) {
    char name[] = {'H', (char)('1' + k), '\0'};
    set_text(&results[k]->experiment->name, name);
    results[k]->experiment->molecule_id = k;
    results[k]->experiment->seed = 100 + k;
    results[k]->experiment->shots = 0;
    set_text(&results[k]->experiment->init_strategy, "hf");
  }
  text = table_of(results, 4);
  assert_null(strstr(text, "seed"));
  free(text);
  for (int k = 0; k < 4; k++) {
    vqe_result_free(results[k]);
  }
}

static void many_seeds_are_best_median_and_worst(void **state)
{
  (void)state;
  struct vqe_result *results[12];
  const double energies[12] = {-1.81, -1.85, -1.83, -1.80, -1.84, -1.82,
                               -1.79, -1.5,  -1.5,  -1.5,  0.0,   0.0};
  for (int k = 0; k < 12; k++) {
    results[k] =
        k == 11 ? report_failed("H2") : report_ok(k < 7 ? "H2" : "HeH+");
    results[k]->experiment->molecule_id = k < 7 || k == 11 ? 0 : 1;
    results[k]->experiment->seed = 40 + k;
    results[k]->minimum = energies[k];
  }
  /* not one of the seeds of HeH+ */
  set_text(&results[10]->experiment->ansatz_name, "LUCJ");
  char *text = table_in(results, NULL, 12, 80, false);
  assert_non_null(strstr(text, "41 best/7"));
  assert_non_null(strstr(text, "45 median"));
  assert_non_null(strstr(text, "46 worst"));
  assert_int_equal(times(text, "\nH2 "), 4);
  assert_int_equal(times(text, "\nHeH+ "), 4);
  assert_non_null(strstr(text, "--all"));
  assert_non_null(strstr(text, "12 experiments: 11 ok, 1 failed\n"));
  free(text);
  /* samples: the energy without noise ranks, not the luckiest one */
  for (int k = 0; k < 7; k++) {
    results[k]->energy_std = 0.05;
    results[k]->energy_exact = -1.8 - 0.001 * k;
  }
  text = table_in(results, NULL, 12, 80, false);
  assert_non_null(strstr(text, "46 best/7"));
  assert_non_null(strstr(text, "40 worst"));
  free(text);
  text = table_in(results, NULL, 12, 80, true);
  assert_null(strstr(text, "best/"));
  assert_int_equal(times(text, "\nH2 "), 8);
  free(text);
  for (int k = 0; k < 12; k++) {
    vqe_result_free(results[k]);
  }
}

static void reasons_of_a_thousand_runs_are_counted(void **state)
{
  (void)state;
  enum { N = 1100 };
  static struct vqe_result *results[N];
  for (int k = 0; k < N; k++) {
    results[k] = k < 1000 ? report_ok("H2") : report_failed("bad");
    results[k]->experiment->molecule_id = k;
    if (k < 1000) {
      results[k]->success = false;
      set_text(&results[k]->reason,
               k < 900 ? "limit of 9 evaluations" : "time is up");
    }
  }
  char *text = table_in(results, NULL, N, 80, false);
  assert_non_null(strstr(text, "not converged (1000 of 1100): "));
  assert_non_null(strstr(text, "limit of 9 evaluations (900), time is up"));
  assert_int_equal(times(text, "\nfailed: "), 11);
  assert_non_null(strstr(text, "failed: 90 more"));
  free(text);
  for (int k = 0; k < N; k++) {
    vqe_result_free(results[k]);
  }
}

static void shots_show_their_error(void **state)
{
  (void)state;
  struct vqe_result *results[2] = {report_ok("H2"), report_ok("HeH+")};
  results[0]->energy_std = 0.00321;
  results[0]->energy_exact = -1.8497;
  results[0]->total_shots = 123456;
  results[0]->experiment->shots = 1024;
  /* one standard error below the exact energy is chance, ten are not */
  results[0]->minimum = -1.8532;
  char *text = table_of(results, 2);
  assert_non_null(strstr(text, "-1.13320 \xc2\xb1 0.00321 "));
  assert_non_null(strstr(text, " -1.12970000"));
  assert_non_null(strstr(text, " 123456 "));
  assert_null(strstr(text, "below exact"));
  free(text);
  results[0]->minimum -= 0.032;
  text = table_of(results, 2);
  assert_non_null(strstr(text, "-1.16520 \xc2\xb1 0.00321!"));
  assert_non_null(strstr(text, "below exact (1 of 2): "));
  free(text);
  for (int k = 0; k < 2; k++) {
    vqe_result_free(results[k]);
  }
}

static void notes_are_remarks_with_one_footnote_each(void **state)
{
  (void)state;
  struct vqe_result *results[3] = {report_ok("H2"), report_ok("HeH+"),
                                   report_ok("LiH")};
  for (int k = 0; k < 2; k++) {
    assert_int_equal(vqe_notes_add(&results[k]->notes,
                                   VQE_NOTE_UNSTABLE_REFERENCE, "by %d", k),
                     0);
  }
  assert_int_equal(
      vqe_notes_add(&results[1]->notes, VQE_NOTE_ABOVE_ACCURACY, "2 mHa"), 0);
  char *text = table_of(results, 3);
  const char *remark = vqe_note_remark(VQE_NOTE_UNSTABLE_REFERENCE);
  char head[64];
  snprintf(head, sizeof head, "\n%s (2 of 3): ", remark);
  /* two lines and the footnote */
  assert_int_equal(times(text, remark), 3);
  assert_int_equal(times(text, head), 1);
  assert_non_null(
      strstr(text, vqe_note_explanation(VQE_NOTE_UNSTABLE_REFERENCE)));
  assert_int_equal(times(text, vqe_note_remark(VQE_NOTE_ABOVE_ACCURACY)), 2);
  assert_null(strstr(text, "!"));
  free(text);
  for (int k = 0; k < 3; k++) {
    vqe_result_free(results[k]);
  }
}

static void exact_energy_of_an_active_space_is_casci(void **state)
{
  (void)state;
  struct vqe_result *results[2] = {report_ok("H2"), report_ok("HeH+")};
  results[0]->experiment->active_electrons = 2;
  results[0]->experiment->active_orbitals = 2;
  results[1]->experiment->active_electrons = -1;
  char *one = table_of(results, 1);
  assert_non_null(strstr(one, "  CASCI  "));
  assert_non_null(strstr(one, "errors to CASCI"));
  assert_null(strstr(one, "FCI "));
  free(one);
  char *both = table_of(results, 2);
  assert_non_null(strstr(both, "  exact  "));
  assert_non_null(strstr(both, "(2,2)"));
  free(both);
  results[0]->experiment->active_electrons = -1;
  results[0]->experiment->active_space = strdup("{\"auto\":{\"orbitals\":2}}");
  char *rule = table_of(results, 2);
  assert_non_null(strstr(rule, "  exact  "));
  assert_non_null(strstr(rule, "auto orbitals 2"));
  free(rule);
  free(results[0]->experiment->active_space);
  results[0]->experiment->active_space = NULL;
  char *none = table_of(results, 2);
  assert_non_null(strstr(none, "  FCI  "));
  assert_null(strstr(none, "CASCI"));
  free(none);
  for (int k = 0; k < 2; k++) {
    vqe_result_free(results[k]);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_stand_with_their_digits),
      cmocka_unit_test(columns_are_aligned_in_letters_not_bytes),
      cmocka_unit_test(remarks_name_every_doubt_about_a_state),
      cmocka_unit_test(empty_table_counts_no_experiments),
      cmocka_unit_test(other_states_of_the_molecule_have_remarks_alone),
      cmocka_unit_test(names_cannot_move_the_cursor_or_break_utf8),
      cmocka_unit_test(a_table_fits_the_window),
      cmocka_unit_test(columns_are_shown_for_what_differs),
      cmocka_unit_test(many_seeds_are_best_median_and_worst),
      cmocka_unit_test(reasons_of_a_thousand_runs_are_counted),
      cmocka_unit_test(shots_show_their_error),
      cmocka_unit_test(notes_are_remarks_with_one_footnote_each),
      cmocka_unit_test(exact_energy_of_an_active_space_is_casci),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
