#include "batch_print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/text.h"
#include "batch_common.h"
#include "chem/basis_catalog.h"
#include "cmd_log.h"
#include "option_table.h"
#include "orbital_print.h"
#include "side_output.h"
#include "store/qubit_file.h"
#include "version_print.h"
#include "vqe/experiment.h"
#include "vqe/sim.h"

/* ---- --devices ---- */

/* Whether cuBLAS and --gates custatevec would find their library, also without
 * a GPU. */
static void print_library(void)
{
  char version[16];
  bool there = vqe_custatevec_version(version, sizeof version) == VQE_OK;
  printf("products: %s\n", vqe_device_products());
  printf("cuStateVec: %s\n", there ? version : vqe_error_message());
}

static int list_devices(void)
{
  const char *reason = NULL;
  int count = vqe_devices(&reason);
  if (count == 0) {
    print_library();
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "no CUDA device: %s", reason);
    return EXIT_BAD_INPUT;
  }
  for (int k = 0; k < count; k++) {
    struct vqe_device_summary device;
    if (vqe_device_summarize(&device, k) != VQE_OK) {
      return vqe_batch_complain();
    }
    printf("%d: %s, %s, compute capability %d.%d, %d multiprocessors, %.1f "
           "GB, %.1f GB free\n",
           k, device.name, device.driver, device.compute_major,
           device.compute_minor, device.multiprocessors,
           (double)device.bytes / 1e9, (double)device.free_bytes / 1e9);
  }
  print_library();
  return EXIT_GOOD;
}

/* ---- --list-basis ---- */

static void list_basis(void)
{
  int width = vqe_text_width(stdout);
  for (size_t k = 0; k < vqe_basis_set_count; k++) {
    const struct vqe_basis_set *set = &vqe_basis_sets[k];
    printf("%s%s%s%s: %s\n", set->shown, set->others[0] != '\0' ? " (" : "",
           set->others, set->others[0] != '\0' ? ")" : "", set->elements);
    printf("    ");
    vqe_text_wrap(stdout, set->references, width - 4, 4);
  }
}

/* ---- --dry-run ---- */

static bool same_text(const char *a, const char *b)
{
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Do both have one space of orbitals? */
static bool same_space(const struct vqe_experiment *a,
                       const struct vqe_experiment *b)
{
  return a->molecule_id == b->molecule_id &&
         a->frozen_core == b->frozen_core &&
         a->active_electrons == b->active_electrons &&
         a->active_orbitals == b->active_orbitals &&
         same_text(a->basis_set, b->basis_set) &&
         same_text(a->active_space, b->active_space);
}

/* The space of orbitals, by SCF, into *space, which holds that of the
 * experiment before, or NULL. *found: it is another one. */
static int find_space(struct vqe_result **space, bool *found,
                      const struct vqe_experiment *experiment)
{
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  *found = *space == NULL || !same_space((*space)->experiment, experiment);
  if (!*found) {
    return VQE_OK;
  }
  vqe_result_free(*space);
  *space = NULL;
  return experiment->input_error != NULL
             ? vqe_error_set(VQE_ERR_INPUT, "%s", experiment->input_error)
             : vqe_experiment_space(space, experiment, &options);
}

/* The estimate; where a rule chooses the orbitals, with the size that it comes
 * to. */
static int estimate_in(struct vqe_experiment_estimate *out,
                       struct vqe_result **space,
                       const struct vqe_experiment *experiment, int ranks)
{
  struct vqe_experiment counted = *experiment;
  bool found;
  if (experiment->active_space == NULL) {
    return vqe_experiment_estimate_team(out, experiment, ranks);
  }
  int status = find_space(space, &found, experiment);
  if (status == VQE_OK && *space != NULL) {
    counted.active_space = NULL;
    counted.active_electrons = (*space)->nalpha + (*space)->nbeta;
    counted.active_orbitals = (*space)->norb;
    status = vqe_experiment_estimate_team(out, &counted, ranks);
  }
  return status;
}

/* Of integrals and circuits that a dry run computes, as estimated. */
#define MOST_SECONDS 10.0

static const char *count_text(char out[32], double value)
{
  if (isnan(value)) {
    return "-";
  }
  snprintf(out, 32, value < 1e9 ? "%.0f" : "%.3g", value);
  return out;
}

#define COUNTS 8

/* In the order of the columns. */
static void counts_of(double out[COUNTS], const struct vqe_circuit_cost *cost)
{
  const double counts[COUNTS] = {
      cost->parameters,         cost->one_qubit_gates,
      cost->two_qubit_gates,    cost->depth,
      cost->two_qubit_depth,    cost->t_count,
      cost->measurement_groups, cost->shots};
  memcpy(out, counts, sizeof counts);
}

static void print_circuit(size_t first, size_t last, const char *ansatz,
                          const struct vqe_circuit_cost *cost)
{
  double counts[COUNTS];
  static const int widths[COUNTS] = {8, 8, 8, 8, 8, 10, 7, 12};
  char range[48];
  char text[256] = "";
  char cell[32];
  size_t used = 0;
  counts_of(counts, cost);
  snprintf(range, sizeof range, last > first ? "%zu-%zu" : "%zu", first, last);
  for (size_t k = 0; k < COUNTS; k++) {
    used += (size_t)snprintf(text + used, sizeof text - used, " %*s",
                             widths[k], count_text(cell, counts[k]));
  }
  vqe_text_line(stdout, "%9s  %-20s%s", range, ansatz, text);
}

/* A run of experiments with the same cost, not printed yet. */
struct cost_run {
  const char *ansatz; /* NULL: none */
  size_t first;
  struct vqe_circuit_cost cost;
};

static bool same_cost(const struct cost_run *run, const char *ansatz,
                      const struct vqe_circuit_cost *cost)
{
  double before[COUNTS];
  double now[COUNTS];
  bool same = run->ansatz != NULL && strcmp(run->ansatz, ansatz) == 0;
  counts_of(before, &run->cost);
  counts_of(now, cost);
  for (size_t k = 0; k < COUNTS; k++) {
    same =
        same && (before[k] == now[k] || (isnan(before[k]) && isnan(now[k])));
  }
  return same;
}

static void end_run(struct cost_run *run, size_t next)
{
  if (run->ansatz != NULL) {
    print_circuit(run->first, next - 1, run->ansatz, &run->cost);
  }
  run->ansatz = NULL;
}

/* What circuits cost on a machine, as symmetry leaves them: a line for each
 * run of experiments with the same. Those that would take long are left. */
static void print_circuits(const struct vqe_job *job)
{
  const struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct cost_run run = {.ansatz = NULL};
  double seconds = 0.0;
  size_t left = 0;
  printf("\n%9s  %-20s %8s %8s %8s %8s %8s %10s %7s %12s\n", "#", "ansatz",
         "params", "1q gates", "2q gates", "depth", "2q depth", "T gates",
         "groups", "shots");
  for (size_t k = 0; k < job->count; k++) {
    const struct vqe_experiment *experiment = job->experiments[k];
    struct vqe_experiment_estimate estimate;
    struct vqe_circuit_cost cost;
    if (vqe_experiment_estimate(&estimate, experiment) != VQE_OK) {
      end_run(&run, k); /* the table above says why */
    } else if (seconds + estimate.setup > MOST_SECONDS) {
      end_run(&run, k);
      left++;
    } else if (vqe_experiment_circuit(&cost, experiment, &options) != VQE_OK) {
      end_run(&run, k);
      vqe_text_line(stdout, "%9zu  %s", k, vqe_error_message());
    } else {
      seconds += estimate.setup;
      if (!same_cost(&run, experiment->ansatz_name, &cost)) {
        end_run(&run, k);
        run = (struct cost_run){experiment->ansatz_name, k, cost};
      }
    }
  }
  end_run(&run, job->count);
  printf("As symmetry leaves them; T gates: 100 a rotation (to 1e-10); shots: "
         "for 1.6 mHa at Hartree-Fock.\n");
  if (left > 0) {
    printf("Circuits of %zu experiment%s are not counted: their integrals "
           "take long; a run counts them.\n",
           left, vqe_cmd_plural(left));
  }
}

static int dry_run(const struct vqe_job *job)
{
  struct vqe_result *space = NULL;
  double available = (double)vqe_memory_available();
  double cost = 0.0;
  size_t bad = 0;
  printf("%5s  %-16s %-8s %6s %-20s %-12s %-6s %10s %8s %10s %10s\n", "#",
         "molecule", "basis", "qubits", "ansatz", "optimizer", "init", "seed",
         "params", "amplitudes", "memory MB");
  for (size_t k = 0; k < job->count; k++) {
    const struct vqe_experiment *experiment = job->experiments[k];
    struct vqe_experiment_estimate estimate = {0};
    if (estimate_in(&estimate, &space, experiment, job->ranks_per_molecule) !=
        VQE_OK) {
      vqe_text_line(stdout, "%5zu  %-16s cannot run: %s", k, experiment->name,
                    vqe_error_message());
      bad++;
      continue;
    }
    vqe_text_line(stdout,
                  "%5zu  %-16s %-8s %6d %-20s %-12s %-6s %10lld %8d %10.3g "
                  "%10.1f%s%s",
                  k, experiment->name, experiment->basis_set,
                  estimate.num_qubits, experiment->ansatz_name,
                  experiment->optimizer, experiment->init_strategy,
                  (long long)experiment->seed, estimate.nparam,
                  (double)estimate.amplitudes, (double)estimate.bytes / 1e6,
                  (double)estimate.bytes > available ? "  (more than there is)"
                                                     : "",
                  strcmp(experiment->ansatz_name, "ADAPT-VQE") == 0
                      ? "  (params: at most, known at the end)"
                      : "");
    cost += estimate.cost;
  }
  printf("%zu experiment%s, %zu cannot run; about %.3g core seconds; result "
         "to %s\n",
         job->count, vqe_cmd_plural(job->count), bad, cost, job->output);
  printf("Amplitudes and memory are as symmetry leaves them, parameters "
         "before screening.\nMemory: the largest phase, beside about 40 MB of "
         "the program itself.\n");
  if (job->ranks_per_molecule > 1) {
    printf("Of each of the %d ranks of a molecule; the first has the exact "
           "energy too.\n",
           job->ranks_per_molecule);
  }
  vqe_result_free(space);
  print_circuits(job);
  return bad > 0 ? EXIT_SOME_FAILED : EXIT_GOOD;
}

/* ---- --orbitals ---- */

static int print_orbitals(const struct vqe_job *job)
{
  struct vqe_result *space = NULL;
  size_t bad = 0;
  for (size_t k = 0; k < job->count; k++) {
    const struct vqe_experiment *experiment = job->experiments[k];
    bool found;
    if (find_space(&space, &found, experiment) != VQE_OK) {
      vqe_text_line(stdout, "%s: no orbitals: %s", experiment->name,
                    vqe_error_message());
      bad++;
    } else if (found) {
      vqe_cmd_orbital_print(stdout, space);
    }
  }
  vqe_result_free(space);
  return bad > 0 ? EXIT_SOME_FAILED : EXIT_GOOD;
}

/* ---- --mapping and --taper ---- */

static int read_mapping(enum vqe_mapping_kind *mapping,
                        enum vqe_taper_kind *taper,
                        const struct vqe_cmd_options *asked)
{
  int status = VQE_OK;
  *mapping = VQE_MAPPING_JORDAN_WIGNER;
  *taper = VQE_TAPER_NONE;
  if (asked->mapping != NULL) {
    status = vqe_mapping_find(mapping, asked->mapping);
  }
  if (status == VQE_OK && asked->taper != NULL) {
    status = vqe_taper_find(taper, asked->taper);
  }
  return status;
}

/* ---- --qasm ---- */

static int make_qasm(char **out, const struct vqe_experiment *experiment,
                     const struct vqe_cmd_options *asked)
{
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  enum vqe_mapping_kind mapping;
  enum vqe_taper_kind taper;
  int version = asked->qasm_version == 0 ? 3 : asked->qasm_version;
  /* OpenQASM 2 has no inputs */
  bool bound = asked->bind || version != 3;
  int status = read_mapping(&mapping, &taper, asked);
  if (status != VQE_OK) {
    return status;
  }
  if (mapping != VQE_MAPPING_JORDAN_WIGNER || taper != VQE_TAPER_NONE) {
    return vqe_experiment_qasm_mapped(out, experiment, &options, mapping,
                                      taper, version, bound);
  }
  return bound ? vqe_experiment_qasm_bound(out, experiment, &options, version)
               : vqe_experiment_qasm(out, experiment, &options);
}

static int print_qasm(const struct vqe_job *job,
                      const struct vqe_cmd_options *asked)
{
  int index = asked->qasm_index;
  char *text = NULL;
  if (index < 0 || (size_t)index >= job->count) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR,
            "--qasm %d: the job has experiments 0 to %zu", index,
            job->count - 1);
    return EXIT_BAD_INPUT;
  }
  if (make_qasm(&text, job->experiments[index], asked) != VQE_OK) {
    return vqe_batch_complain();
  }
  fputs(text, stdout);
  free(text);
  return EXIT_GOOD;
}

/* ---- --fcidump ---- */

static int write_fcidump(const struct vqe_job *job, const char *path)
{
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  if (job->count != 1) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR,
            "--fcidump writes one file, but '%s' has %zu "
            "experiments; leave one molecule and one basis",
            job->path, job->count);
    return EXIT_BAD_INPUT;
  }
  const char *const input[] = {job->path};
  return vqe_cmd_side_output_check("--fcidump", path, input, 1) == VQE_OK &&
                 vqe_batch_spare_inputs("--fcidump", path, job) == VQE_OK &&
                 vqe_experiment_fcidump(path, job->experiments[0], &options) ==
                     VQE_OK
             ? EXIT_GOOD
             : vqe_batch_complain();
}

/* ---- --hamiltonian ---- */

/* The job has one space of orbitals, so one Hamiltonian. */
static int check_one_space(const struct vqe_job *job)
{
  for (size_t k = 1; k < job->count; k++) {
    if (!same_space(job->experiments[0], job->experiments[k])) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "--hamiltonian writes one file, but '%s' has "
                           "several molecules, basis sets or active spaces; "
                           "leave one",
                           job->path);
    }
  }
  return VQE_OK;
}

static void print_hamiltonian(const char *path,
                              const struct vqe_qubit_hamiltonian *hamiltonian)
{
  int nqubit = hamiltonian->sum->nqubit;
  vqe_text_line(
      stdout, "%s: %zu terms on %d qubit%s, %s, %d tapered", path,
      hamiltonian->sum->nterm, nqubit, vqe_cmd_plural((size_t)nqubit),
      vqe_mapping_name(hamiltonian->mapping), hamiltonian->taper.count);
}

static int write_hamiltonian(const struct vqe_job *job,
                             const struct vqe_cmd_options *asked)
{
  const char *path = asked->hamiltonian;
  const char *const input[] = {job->path, job->output};
  struct vqe_run_options options = VQE_RUN_OPTIONS_INIT;
  struct vqe_qubit_hamiltonian *hamiltonian = NULL;
  enum vqe_mapping_kind mapping;
  enum vqe_taper_kind taper;
  int status = check_one_space(job);
  if (status == VQE_OK) {
    status = read_mapping(&mapping, &taper, asked);
  }
  if (status == VQE_OK) {
    status = vqe_qubitfile_check(path);
  }
  if (status == VQE_OK) {
    status = vqe_cmd_side_output_check("--hamiltonian", path, input, 2);
  }
  if (status == VQE_OK) {
    status = vqe_batch_spare_inputs("--hamiltonian", path, job);
  }
  if (status == VQE_OK) {
    status = vqe_experiment_hamiltonian(&hamiltonian, job->experiments[0],
                                        &options, mapping, taper);
  }
  if (status == VQE_OK) {
    status = vqe_qubitfile_write(path, hamiltonian);
  }
  if (status == VQE_OK) {
    print_hamiltonian(path, hamiltonian);
  }
  vqe_qubit_hamiltonian_free(hamiltonian);
  return status == VQE_OK ? EXIT_GOOD : vqe_batch_complain();
}

bool vqe_batch_prints(const struct vqe_cmd_options *options)
{
  return options->help || options->version || options->man ||
         options->devices || options->list_basis ||
         options->completion != NULL || options->dry_run || options->qasm ||
         options->orbitals || options->fcidump != NULL ||
         options->hamiltonian != NULL;
}

/* What takes the place of a run comes alone. */
static int check_one(const struct vqe_cmd_options *options)
{
  int asked = options->dry_run + options->qasm + options->orbitals +
              (options->fcidump != NULL) + (options->hamiltonian != NULL);
  return asked <= 1
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "--dry-run, --qasm, --orbitals, --fcidump and "
                             "--hamiltonian each take the place of the run: "
                             "give one of them");
}

int vqe_batch_print(const struct vqe_cmd_options *options)
{
  struct vqe_job *job = NULL;
  int code = EXIT_GOOD;
  if (options->help) {
    code = vqe_cmd_options_help(options->job, stdout) == VQE_OK
               ? EXIT_GOOD
               : vqe_batch_complain();
  } else if (options->version) {
    vqe_cmd_version_print("vqe_batch");
  } else if (options->devices) {
    code = list_devices();
  } else if (options->list_basis) {
    list_basis();
  } else if (options->man) {
    vqe_cmd_options_man(stdout);
  } else if (options->completion != NULL) {
    (void)vqe_cmd_options_completion(options->completion, stdout);
  } else if (check_one(options) != VQE_OK ||
             vqe_batch_load(&job, options) != VQE_OK) {
    code = vqe_batch_complain();
  } else if (options->dry_run) {
    code = dry_run(job);
  } else if (options->orbitals) {
    code = print_orbitals(job);
  } else if (options->fcidump != NULL) {
    code = write_fcidump(job, options->fcidump);
  } else if (options->hamiltonian != NULL) {
    code = write_hamiltonian(job, options);
  } else {
    code = print_qasm(job, options);
  }
  vqe_job_free(job);
  return code;
}
