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

#include "report/report.h"
#include "report/report_fixture.h"

static char *table_of(struct vqe_result *const *results, size_t count)
{
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  assert_int_equal(vqe_report_table(stream, results, count), 0);
  fclose(stream);
  return text;
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
  assert_non_null(strstr(row, "H2        sto3g       4  UCCSD"));
  assert_non_null(strstr(row, " -1.13000000  -1.11600000  -1.13050000"));
  assert_non_null(strstr(row, "  0.5000  2.0000  0.0000     1.25"));
  assert_null(strstr(text, "other"));
  assert_null(strstr(text, " \n"));
  assert_null(strstr(text, "not converged"));
  assert_non_null(strstr(text, "1 experiment: 1 ok, 0 failed, 0 done before"));
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
  const char *const left[] = {"basis", "ansatz"};
  const char *const right[] = {"qubits", "energy", "HF ", "FCI ", "seconds"};
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
  results[0]->n_expectation = 2.98;
  results[1]->s2_expectation = 2.0;
  results[2]->success = false;
  free(results[2]->reason);
  results[2]->reason = strdup("10 evaluations used up");
  results[4]->status = VQE_EXPERIMENT_SKIPPED;
  /* just inside the tolerance */
  results[4]->n_expectation = 2.0099;
  char *text = table_of(results, 5);
  const char *const expected[] = {"other <N>", "other <S^2>", "not converged",
                                  "failed", "done before"};
  for (int k = 0; k < 5; k++) {
    char *copy = strdup(text);
    const char *row = line(copy, 2 + k);
    for (int other = 0; other < 5; other++) {
      assert_int_equal(strstr(row, expected[other]) != NULL, other == k);
    }
    free(copy);
  }
  assert_non_null(strstr(
      text, "not converged: slow, sto3g, UCCSD, L-BFGS-B: 10 evaluations"));
  assert_non_null(strstr(text, "failed: bad, -, -: unknown element 'Xx'\n"));
  assert_non_null(
      strstr(text, "5 experiments: 3 ok, 1 failed, 1 done before"));
  for (int k = 0; k < 5; k++) {
    vqe_result_free(results[k]);
  }
  free(text);
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

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_stand_with_their_digits),
      cmocka_unit_test(columns_are_aligned_in_letters_not_bytes),
      cmocka_unit_test(remarks_name_every_doubt_about_a_state),
      cmocka_unit_test(empty_table_counts_no_experiments),
      cmocka_unit_test(names_cannot_move_the_cursor_or_break_utf8),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
