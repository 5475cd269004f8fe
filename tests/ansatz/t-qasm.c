/* The shape of the OpenQASM text: inputs, gates, and the short form for long
 * programs. What the gates do is checked by tests/integration/qasm.py. */
#include "oracle.h"

#include "vqe/ansatz.h"
#include "vqe/error.h"

static struct vqe_ansatz *make(const char *name, int norb, int reps)
{
  struct vqe_ansatz_options options = {.size = sizeof options,
                                       .name = name,
                                       .reps = reps,
                                       .norb = norb,
                                       .nalpha = 1,
                                       .nbeta = 1,
                                       .restricted = true,
                                       .nirrep = 1};
  struct vqe_ansatz *ansatz = NULL;
  if (vqe_ansatz_create(&ansatz, &options) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return ansatz;
}

static size_t count(const char *text, const char *what)
{
  size_t found = 0;
  for (const char *at = strstr(text, what); at != NULL;
       at = strstr(at + 1, what)) {
    found++;
  }
  return found;
}

static void circuit_becomes_the_expected_text(void **state)
{
  (void)state;
  struct vqe_ansatz *ansatz = make("RealAmplitudes", 1, 1);
  char *text = NULL;
  assert_int_equal(vqe_ansatz_qasm(&text, ansatz, 0), VQE_OK);
  assert_string_equal(text, "OPENQASM 3.0;\n"
                            "include \"stdgates.inc\";\n"
                            "input float[64] t00000;\n"
                            "input float[64] t00001;\n"
                            "input float[64] t00002;\n"
                            "input float[64] t00003;\n"
                            "qubit[2] q;\n"
                            "ry(t00000) q[0];\n"
                            "ry(t00001) q[1];\n"
                            "cx q[0], q[1];\n"
                            "ry(t00002) q[0];\n"
                            "ry(t00003) q[1];\n");
  free(text);
  vqe_ansatz_free(ansatz);
}

/* Names sort as their numbers do above 100000 parameters too. */
static void names_of_inputs_sort_as_numbers(void **state)
{
  (void)state;
  struct vqe_ansatz *ansatz = make("RealAmplitudes", 25, 1999);
  char *text = NULL;
  assert_int_equal(ansatz->nparam, 100000);
  assert_int_equal(vqe_ansatz_qasm(&text, ansatz, 0), VQE_OK);
  assert_non_null(strstr(text, " t00000;"));
  assert_non_null(strstr(text, " t99999;"));
  free(text);
  vqe_ansatz_free(ansatz);
  ansatz = make("RealAmplitudes", 25, 2000);
  assert_int_equal(ansatz->nparam, 100050);
  assert_int_equal(vqe_ansatz_qasm(&text, ansatz, 0), VQE_OK);
  assert_null(strstr(text, " t00000;"));
  assert_non_null(strstr(text, " t000000;"));
  assert_non_null(strstr(text, " t100049;"));
  free(text);
  vqe_ansatz_free(ansatz);
}

static void long_program_falls_back_to_pragmas(void **state)
{
  (void)state;
  struct vqe_ansatz *ansatz = make("UCCSD", 3, 1);
  char *whole = NULL;
  char *brief = NULL;
  char *same = NULL;
  assert_int_equal(vqe_ansatz_qasm(&whole, ansatz, 0), VQE_OK);
  assert_int_equal(count(whole, "pragma"), 0);
  /* singles take 2 rotations, doubles 8 */
  assert_int_equal(count(whole, "ry("), 4 * 2 + 4 * 8);
  assert_int_equal(vqe_ansatz_qasm(&brief, ansatz, 400), VQE_OK);
  assert_non_null(strstr(brief, "pragma vqe.excitation 1*t00000 0->1\n"
                                "pragma vqe.excitation 1*t00000 3->4\n"));
  assert_non_null(strstr(brief, "pragma vqe.excitation 1*t00003 0->2 3->4\n"
                                "pragma vqe.excitation 1*t00003 0->1 3->5\n"));
  assert_int_equal(count(brief, "pragma"), 8);
  assert_int_equal(count(brief, "input float[64]"), 5);
  assert_int_equal(count(brief, "x q["), 2);
  assert_int_equal(vqe_ansatz_qasm(&same, ansatz, strlen(whole) + 1), VQE_OK);
  assert_string_equal(same, whole);
  free(same);
  free(brief);
  free(whole);
  vqe_ansatz_free(ansatz);
}

/* Phases are gates of the standard library, however short the text. */
static void phases_are_gates_of_the_standard_library(void **state)
{
  (void)state;
  struct vqe_ansatz *ansatz = make("LUCJ", 2, 1);
  char *text = NULL;
  assert_int_equal(vqe_ansatz_qasm(&text, ansatz, 1), VQE_OK);
  assert_int_equal(count(text, "\np("), 4);
  assert_int_equal(count(text, "\ncp("), 4);
  assert_int_equal(count(text, "pragma vqe.excitation"), 4);
  /* a block on both spins, then the same orbitals' couplings */
  assert_non_null(strstr(text, "0->1\n"
                               "pragma vqe.excitation 1*t00000 2->3\n"
                               "p(1*t00001) q[0];\np(1*t00001) q[2];\n"
                               "cp(1*t00002) q[0], q[1];\n"
                               "cp(1*t00002) q[2], q[3];\n"
                               "cp(1*t00003) q[0], q[2];\n"
                               "cp(1*t00004) q[1], q[3];\n"));
  free(text);
  vqe_ansatz_free(ansatz);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(circuit_becomes_the_expected_text),
      cmocka_unit_test(names_of_inputs_sort_as_numbers),
      cmocka_unit_test(long_program_falls_back_to_pragmas),
      cmocka_unit_test(phases_are_gates_of_the_standard_library),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
