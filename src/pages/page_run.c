#include "pages/page_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "operators/qubits.h"
#include "vqe/checks.h"
#include "vqe/error.h"
#include "vqe/operators.h"

/* Evaluations from the first that are all kept. */
#define DENSE 24

bool vqe_pages_is_landscape(const struct vqe_pages_run *run)
{
  return strcmp(run->cells[VQE_REPORT_OPTIMIZER], VQE_LANDSCAPE) == 0;
}

bool vqe_pages_has_converged(const struct vqe_pages_run *run)
{
  return run->converged && !vqe_pages_is_landscape(run);
}

double vqe_pages_run_energy(const struct vqe_pages_run *run)
{
  return isfinite(run->exact) ? run->exact : run->energy;
}

double vqe_pages_run_error(const struct vqe_pages_run *run)
{
  return 1e3 * (run->energy - run->fci);
}

double vqe_pages_run_distance(const struct vqe_pages_run *run, size_t a,
                              size_t b)
{
  double sum = 0.0;
  for (size_t k = 0; k < 3; k++) {
    double d = run->xyz[3 * a + k] - run->xyz[3 * b + k];
    sum += d * d;
  }
  return sqrt(sum);
}

void vqe_pages_run_free(struct vqe_pages_run *run)
{
  if (run == NULL) {
    return;
  }
  for (size_t k = 0; k < run->nterm; k++) {
    free(run->terms[k].label);
  }
  char *const texts[] = {run->name, run->reason, run->notes,   run->version,
                         run->host, run->device, run->backend, run->job};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    free(texts[k]);
  }
  free(run->terms);
  free(run->points);
  free(run->symbols);
  free(run->xyz);
  free(run->occupations);
  free(run->circuit);
  free(run);
}

int vqe_pages_run_create(struct vqe_pages_run **out)
{
  int status =
      vqe_memory_alloc(out, 1, sizeof **out, "an experiment of the report");
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_pages_run *run = *out;
  double *const unknown[] = {&run->energy,
                             &run->std,
                             &run->exact,
                             &run->hf,
                             &run->mp2,
                             &run->fci,
                             &run->n,
                             &run->s2,
                             &run->began,
                             &run->ended,
                             &run->seconds_total,
                             &run->peak_memory_mb,
                             &run->rest,
                             &run->identity};
  for (size_t k = 0; k < sizeof unknown / sizeof unknown[0]; k++) {
    *unknown[k] = NAN;
  }
  for (int p = 0; p < VQE_PAGES_PHASES; p++) {
    run->seconds[p] = NAN;
  }
  for (int c = 0; c < VQE_REPORT_SETTINGS; c++) {
    snprintf(run->cells[c], VQE_REPORT_CELL, "-");
  }
  run->state_ok = run->accurate = run->rank = run->ranks = run->threads = -1;
  run->multiplicity = 1;
  return VQE_OK;
}

int vqe_pages_run_text(char **out, const char *foreign)
{
  size_t left = foreign != NULL ? strlen(foreign) : 0;
  size_t most = left < VQE_PAGES_TEXT ? left : VQE_PAGES_TEXT;
  size_t used = 0;
  int status = vqe_memory_alloc(out, most + 1, 1, "the report");
  while (status == VQE_OK && left > 0) {
    char letter[5];
    size_t taken = vqe_text_letter(letter, foreign, left);
    size_t length = strlen(letter);
    if (used + length > most) {
      break;
    }
    /* a letter that stands for another is no longer than it */
    memcpy(*out + used, letter, length);
    used += length;
    foreign += taken;
    left -= taken;
  }
  return status;
}

/* Lines stay lines. */
static int copy_notes(char **out, const char *notes)
{
  char *copy = NULL;
  size_t used = 0;
  int status = vqe_memory_strdup(&copy, notes != NULL ? notes : "");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(out, strlen(copy) + 1, 1, "the report");
  }
  char *rest = copy;
  char *line = status == VQE_OK ? strsep(&rest, "\n") : NULL;
  for (; line != NULL; line = strsep(&rest, "\n")) {
    vqe_text_blank_controls(line);
    size_t length = strlen(line);
    memcpy(*out + used, line, length);
    used += length;
    if (rest != NULL) {
      (*out)[used++] = '\n';
    }
  }
  free(copy);
  return status;
}

size_t vqe_pages_run_steps(size_t steps[VQE_PAGES_POINTS], size_t count)
{
  size_t kept = 0;
  if (count <= VQE_PAGES_POINTS) {
    for (; kept < count; kept++) {
      steps[kept] = kept;
    }
    return kept;
  }
  for (; kept < DENSE; kept++) {
    steps[kept] = kept;
  }
  double factor =
      pow((double)(count - 1) / (DENSE - 1), 1.0 / (VQE_PAGES_POINTS - DENSE));
  double at = DENSE - 1;
  for (int k = 0; k < VQE_PAGES_POINTS - DENSE - 1; k++) {
    at *= factor;
    size_t step = (size_t)at;
    if (step > steps[kept - 1] && step < count - 1) {
      steps[kept++] = step;
    }
  }
  steps[kept++] = count - 1;
  return kept;
}

static double time_of(const char *text)
{
  struct tm date = {0};
  const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &date);
  if (rest == NULL) {
    rest = strptime(text, "%Y-%m-%d %H:%M:%S", &date);
  }
  if (rest == NULL) {
    return NAN;
  }
  double fraction = *rest == '.' ? strtod(rest, NULL) : 0.0;
  return (double)timegm(&date) + fraction;
}

/* ---- Hamiltonians ---- */

static int by_magnitude(const void *left, const void *right)
{
  const struct vqe_pages_term *a = left;
  const struct vqe_pages_term *b = right;
  double x = hypot(a->re, a->im);
  double y = hypot(b->re, b->im);
  return x > y ? -1 : x < y ? 1 : strcmp(a->label, b->label);
}

static bool is_identity(const char *label)
{
  return label[strspn(label, "I")] == '\0';
}

int vqe_pages_run_keep_terms(struct vqe_pages_run *run,
                             struct vqe_pages_term *all, size_t count)
{
  int status = vqe_memory_alloc(&run->terms, VQE_PAGES_TERMS,
                                sizeof *run->terms, "terms of the report");
  qsort(all, count, sizeof *all, by_magnitude);
  run->rest = 0.0;
  run->identity = 0.0;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    if (is_identity(all[k].label)) {
      run->identity += all[k].re;
    } else if (run->nterm < VQE_PAGES_TERMS) {
      struct vqe_pages_term *term = &run->terms[run->nterm];
      *term = all[k];
      status = vqe_pages_run_text(&term->label, all[k].label);
      run->nterm += status == VQE_OK;
    } else {
      run->nterm_rest++;
      run->rest += hypot(all[k].re, all[k].im);
    }
  }
  return status;
}

static int take_terms(struct vqe_pages_run *run,
                      const struct vqe_result *result)
{
  struct vqe_pages_term *all = NULL;
  char *labels = NULL;
  size_t width = (size_t)result->num_qubits + 1;
  if (result->nterm == 0 || result->term_coeff == NULL ||
      result->num_qubits < 1) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&all, result->nterm, sizeof *all, "terms");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&labels, result->nterm, width, "terms");
  }
  for (size_t k = 0; status == VQE_OK && k < result->nterm; k++) {
    char *label = labels + k * width;
    for (int q = 0; q < result->num_qubits; q++) {
      int x = vqe_qubits_has(result->term_x[k], q);
      int z = vqe_qubits_has(result->term_z[k], q);
      label[result->num_qubits - 1 - q] = "IZXY"[2 * x + z];
    }
    all[k] = (struct vqe_pages_term){label, result->term_coeff[k], 0.0};
  }
  if (status == VQE_OK) {
    status = vqe_pages_run_keep_terms(run, all, result->nterm);
  }
  free(labels);
  free(all);
  return status;
}

/* ---- of a result ---- */

static int take_molecule(struct vqe_pages_run *run,
                         const struct vqe_molecule *molecule)
{
  if (molecule == NULL) {
    return VQE_OK;
  }
  double scale = molecule->units == VQE_BOHR ? VQE_BOHR_ANGSTROM : 1.0;
  size_t count = molecule->natom;
  int status =
      vqe_memory_alloc(&run->symbols, count, sizeof *run->symbols, "atoms");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&run->xyz, 3 * count, sizeof(double), "atoms");
  }
  if (status == VQE_OK) {
    run->natom = count;
    memcpy(run->symbols, molecule->symbols, count * sizeof *run->symbols);
    for (size_t k = 0; k < 3 * count; k++) {
      run->xyz[k] = scale * molecule->coords[k];
    }
    run->charge = molecule->charge;
    run->multiplicity = molecule->multiplicity;
  }
  return status;
}

static int take_points(struct vqe_pages_run *run,
                       const struct vqe_result *result)
{
  size_t steps[VQE_PAGES_POINTS];
  double core = result->nuclear_repulsion_energy;
  size_t count = vqe_pages_run_steps(steps, result->neval);
  double lowest = INFINITY;
  size_t next = 0;
  int status = vqe_memory_alloc(&run->points, count, sizeof *run->points,
                                "evaluations of the report");
  for (size_t k = 0; status == VQE_OK && next < count; k++) {
    lowest = fmin(lowest, result->eval_energy[k]);
    if (k == steps[next]) {
      double std = result->eval_std != NULL ? result->eval_std[k] : 0.0;
      run->points[next++] = (struct vqe_pages_point){
          (double)(k + 1), result->eval_energy[k] + core, lowest + core, std};
    }
  }
  run->npoint = next;
  return status;
}

static int take_arrays(struct vqe_pages_run *run,
                       const struct vqe_result *result)
{
  int status = take_molecule(run, result->experiment->molecule);
  if (status == VQE_OK && result->eval_energy != NULL) {
    status = take_points(run, result);
  }
  if (status == VQE_OK) {
    status = take_terms(run, result);
  }
  if (status == VQE_OK && result->natural_occupations != NULL) {
    size_t count = result->noccupation;
    status = vqe_memory_alloc(&run->occupations, count, sizeof(double),
                              "occupations of the report");
    if (status == VQE_OK) {
      run->noccupation = count;
      memcpy(run->occupations, result->natural_occupations,
             count * sizeof(double));
    }
  }
  if (status == VQE_OK && result->ansatz_qasm != NULL &&
      result->num_qubits <= VQE_PAGES_CIRCUIT_QUBITS &&
      strlen(result->ansatz_qasm) < VQE_PAGES_CIRCUIT) {
    status = vqe_memory_strdup(&run->circuit, result->ansatz_qasm);
  }
  return status;
}

static int take_texts(struct vqe_pages_run *run,
                      const struct vqe_result *result)
{
  const struct {
    char **out;
    const char *text;
  } texts[] = {
      {&run->name, result->experiment->name},
      {&run->reason, result->reason},
      {&run->version, result->code_version},
      {&run->host, result->hostname},
      {&run->device, result->device},
      {&run->backend, result->backend},
      {&run->job, result->job_id},
  };
  int status = copy_notes(&run->notes, result->notes);
  for (size_t k = 0; status == VQE_OK && k < sizeof texts / sizeof texts[0];
       k++) {
    status = vqe_pages_run_text(texts[k].out, texts[k].text);
  }
  for (int c = 0; c < VQE_REPORT_SETTINGS; c++) {
    vqe_report_setting_text(run->cells[c], result->experiment,
                            (enum vqe_report_setting)c);
    vqe_text_blank_controls(run->cells[c]);
  }
  snprintf(run->id, sizeof run->id, "%s", result->experiment->id);
  snprintf(run->started, sizeof run->started, "%s", result->started_at);
  return status;
}

static void take_numbers(struct vqe_pages_run *run,
                         const struct vqe_result *result)
{
  const double seconds[VQE_PAGES_OTHER] = {
      result->seconds_integrals, result->seconds_scf,
      result->seconds_transform, result->seconds_mapping,
      result->seconds_fci,       result->seconds_vqe};
  double core = result->nuclear_repulsion_energy;
  double other = result->seconds_total;
  const struct vqe_property *noisy =
      vqe_result_property(result, "noise_energy");
  run->failed = result->status == VQE_EXPERIMENT_FAILED;
  run->converged = result->success && !run->failed;
  run->sampled = result->total_shots > 0;
  run->state_ok = run->failed ? -1 : vqe_result_state_ok(result);
  run->accurate = run->failed ? -1 : vqe_result_accurate(result);
  run->nqubit = result->num_qubits;
  run->nparam = result->nparam;
  run->neval = result->neval;
  run->energy = run->failed ? NAN : result->minimum + core;
  run->noisy = noisy != NULL ? noisy->values[0] : NAN;
  run->std = result->energy_std;
  run->exact = run->failed ? NAN : result->energy_exact + core;
  run->hf = result->hf_energy;
  run->mp2 = result->mp2_energy;
  run->fci = result->fci_energy;
  run->n = result->n_expectation;
  run->s2 = result->s2_expectation;
  for (int p = 0; p < VQE_PAGES_OTHER; p++) {
    run->seconds[p] = seconds[p];
    other -= isfinite(seconds[p]) ? seconds[p] : 0.0;
  }
  run->seconds[VQE_PAGES_OTHER] = isnan(other) ? NAN : fmax(other, 0.0);
  run->seconds_total = result->seconds_total;
  run->peak_memory_mb = result->peak_memory_mb;
  run->rank = result->mpi_rank;
  run->ranks = result->mpi_ranks;
  run->threads = result->threads;
  run->began = time_of(result->started_at);
  run->ended = time_of(result->finished_at);
}

int vqe_pages_run_of(struct vqe_pages_run **out,
                     const struct vqe_result *result)
{
  struct vqe_pages_run *run = NULL;
  int status = vqe_pages_run_create(&run);
  *out = NULL;
  if (status == VQE_OK) {
    take_numbers(run, result);
    status = take_texts(run, result);
  }
  if (status == VQE_OK) {
    status = take_arrays(run, result);
  }
  if (status != VQE_OK) {
    vqe_pages_run_free(run);
    return status;
  }
  *out = run;
  return VQE_OK;
}
