/* Structs of options that were not initialised, or come from a program built
 * against other headers, are refused by every function that takes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vqe/chem.h"
#include "vqe/error.h"
#include "vqe/experiment.h"

static void assert_refused(int status, const char *type)
{
  assert_int_equal(status, VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), type));
  assert_non_null(strstr(vqe_error_message(), "its size is"));
}

static void chem_refuses_another_size(void **state)
{
  (void)state;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_integrals *out = NULL;
  struct vqe_molecule molecule = {.name = "none"};
  const char *text = "&FCI NORB=1,NELEC=2 &END\n 0.0 0 0 0 0\n";
  options.size--;
  assert_refused(vqe_chem_run(&out, &molecule, &options), "vqe_chem_options");
  assert_refused(vqe_fcidump_parse(&out, text, strlen(text), "text", &options),
                 "vqe_chem_options");
  assert_null(out);
}

static void ansatz_refuses_another_size(void **state)
{
  (void)state;
  struct vqe_ansatz_options options = {.name = "ADAPT-VQE", .norb = 2};
  struct vqe_ansatz *out = NULL;
  assert_refused(vqe_ansatz_create(&out, &options), "vqe_ansatz_options");
  assert_refused(vqe_ansatz_pool_create(&out, &options), "vqe_ansatz_options");
  assert_refused(vqe_ansatz_option_set(&options, "pool", "\"GSD\""),
                 "vqe_ansatz_options");
  assert_null(out);
}

static void estimator_and_fci_refuse_another_size(void **state)
{
  (void)state;
  struct vqe_estimator_options how = {.threads = 1};
  struct vqe_fci_options fci = {.threads = 1, .multiplicity = 1};
  struct vqe_hamiltonian hamiltonian = {.norb = 2, .nirrep = 1};
  struct vqe_ansatz ansatz = {.norb = 2};
  struct vqe_estimator *estimator = NULL;
  struct vqe_fci_result result;
  uint64_t amplitudes;
  uint64_t bytes;
  assert_refused(
      vqe_estimator_size(&amplitudes, &bytes, &hamiltonian, &ansatz, &how),
      "vqe_estimator_options");
  assert_refused(vqe_estimator_create(&estimator, &hamiltonian, &ansatz, &how),
                 "vqe_estimator_options");
  assert_null(estimator);
  assert_refused(vqe_fci_size(&bytes, &hamiltonian, 1, 1, &fci),
                 "vqe_fci_options");
  assert_refused(vqe_fci_solve(&result, &hamiltonian, 1, 1, &fci),
                 "vqe_fci_options");
}

static int never_called(void *ctx, int n, const double *x, double *f,
                        double *gradient)
{
  (void)ctx;
  (void)n;
  (void)x;
  (void)f;
  (void)gradient;
  fail();
  return VQE_ERR_INPUT;
}

static void optimizer_refuses_another_size(void **state)
{
  (void)state;
  struct vqe_optimizer_options options;
  struct vqe_optimize_result result;
  double x = 1.0;
  vqe_optimizer_options_init(&options);
  assert_int_equal(options.size, sizeof options);
  options.size++;
  assert_refused(
      vqe_optimize(&result, "COBYLA", 1, &x, never_called, NULL, &options),
      "vqe_optimizer_options");
  assert_refused(vqe_optimizer_option_set(&options, "COBYLA", "threshold", 1),
                 "vqe_optimizer_options");
}

static void run_refuses_another_size(void **state)
{
  (void)state;
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct vqe_callbacks callbacks = {.ctx = &options};
  struct vqe_experiment experiment = {.ansatz_name = "UCCSD"};
  struct vqe_result *result = NULL;
  char *text = NULL;
  assert_refused(
      vqe_experiment_run(&result, &experiment, &options, &callbacks),
      "vqe_callbacks");
  options.size = 0;
  assert_refused(vqe_experiment_run(&result, &experiment, &options, NULL),
                 "vqe_run_options");
  assert_refused(vqe_experiment_qasm(&text, &experiment, &options),
                 "vqe_run_options");
  assert_refused(vqe_experiment_fcidump("unused", &experiment, &options),
                 "vqe_run_options");
  assert_null(result);
}

static void init_functions_equal_macros(void **state)
{
  (void)state;
  struct vqe_chem_options chem = VQE_CHEM_OPTIONS_INIT;
  struct vqe_chem_options chem_too;
  struct vqe_estimator_options how = VQE_ESTIMATOR_OPTIONS_INIT;
  struct vqe_estimator_options how_too;
  struct vqe_run_options run = VQE_RUN_OPTIONS_INIT;
  struct vqe_run_options run_too;
  struct vqe_callbacks callbacks;
  struct vqe_fci_options fci;
  vqe_chem_options_init(&chem_too);
  assert_int_equal(chem.size, chem_too.size);
  assert_string_equal(chem.basis, chem_too.basis);
  assert_int_equal(chem.active_electrons, chem_too.active_electrons);
  assert_int_equal(chem.threads, chem_too.threads);
  vqe_estimator_options_init(&how_too);
  assert_int_equal(how.size, how_too.size);
  assert_int_equal(how.threads, how_too.threads);
  vqe_run_options_init(&run_too);
  assert_int_equal(run.size, run_too.size);
  assert_int_equal(run.mpi_ranks, run_too.mpi_ranks);
  vqe_callbacks_init(&callbacks);
  assert_int_equal(callbacks.size, sizeof callbacks);
  assert_null(callbacks.evaluation);
  vqe_fci_options_init(&fci);
  assert_int_equal(fci.size, sizeof fci);
  assert_int_equal(fci.multiplicity, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chem_refuses_another_size),
      cmocka_unit_test(ansatz_refuses_another_size),
      cmocka_unit_test(estimator_and_fci_refuse_another_size),
      cmocka_unit_test(optimizer_refuses_another_size),
      cmocka_unit_test(run_refuses_another_size),
      cmocka_unit_test(init_functions_equal_macros),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
