/* Rows of the tables, in the columns of schemas/sql/report.sql. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/text.h"
#include "molecule/molecule_build.h"
#include "pages/page_run.h"
#include "vqe/error.h"
#include "vqe/molecule.h"

static const char *text_of(const json_t *row, const char *key)
{
  return json_string_value(json_object_get(row, key));
}

static double number_of(const json_t *row, const char *key)
{
  const json_t *value = json_object_get(row, key);
  return json_is_number(value) ? json_number_value(value) : NAN;
}

/* An integer of a table, 0 where it is null or out of range. */
static int integer_of(const json_t *row, const char *key)
{
  double value = number_of(row, key);
  return value > -1e9 && value < 1e9 ? (int)value : 0;
}

static int take_texts(struct vqe_pages_run *run, const json_t *row)
{
  const struct {
    char **out;
    const char *key;
  } texts[] = {{&run->name, "name"},       {&run->reason, "reason"},
               {&run->version, "version"}, {&run->host, "host"},
               {&run->device, "device"},   {&run->backend, "backend"},
               {&run->job, "job"}};
  static const struct {
    enum vqe_report_setting setting;
    const char *key;
  } cells[] = {
      {VQE_REPORT_BASIS, "basis"},        {VQE_REPORT_ANSATZ, "ansatz"},
      {VQE_REPORT_REPS, "reps"},          {VQE_REPORT_INIT, "init"},
      {VQE_REPORT_SHOTS, "shots"},        {VQE_REPORT_SEED, "seed"},
      {VQE_REPORT_OPTIMIZER, "optimizer"}};
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < sizeof texts / sizeof texts[0];
       k++) {
    status = vqe_pages_run_text(texts[k].out, text_of(row, texts[k].key));
  }
  for (size_t k = 0; k < sizeof cells / sizeof cells[0]; k++) {
    const char *text = text_of(row, cells[k].key);
    char *cell = run->cells[cells[k].setting];
    if (text != NULL) {
      snprintf(cell, VQE_REPORT_CELL, "%s", text);
      vqe_text_blank_controls(cell);
    }
  }
  /* tables do not hold the orbital space, but its size */
  if (run->nqubit > 0) {
    snprintf(run->cells[VQE_REPORT_SPACE], VQE_REPORT_CELL, "%d qubits",
             run->nqubit);
  }
  const char *id = text_of(row, "experiment_id");
  snprintf(run->id, sizeof run->id, "%s", id != NULL ? id : "");
  vqe_text_blank_controls(run->id);
  return status;
}

/* Notes of one row, and evaluations, that foreign tables may name. */
#define MOST_NOTES 64
#define MOST_POINTS ((size_t)4 * VQE_PAGES_POINTS)

/* The codes of the notes as lines of notes without texts: what reads them
 * takes a code in front of a colon and a blank alone. */
static int take_notes(struct vqe_pages_run *run, const json_t *row)
{
  const json_t *notes = json_object_get(row, "notes");
  size_t size = 0;
  FILE *stream = open_memstream(&run->notes, &size);
  if (stream == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for the report");
  }
  for (size_t k = 0; k < json_array_size(notes) && k < MOST_NOTES; k++) {
    const char *code = json_string_value(json_array_get(notes, k));
    fprintf(stream, "%.63s: \n", code != NULL ? code : "note");
  }
  return fclose(stream) == 0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for the report");
}

static int truth_of(const json_t *row, const char *key)
{
  const json_t *value = json_object_get(row, key);
  return json_is_true(value) ? 1 : json_is_false(value) ? 0 : -1;
}

static void take_numbers(struct vqe_pages_run *run, const json_t *row)
{
  double core = number_of(row, "nuclear_repulsion");
  double known = 0.0;
  core = isfinite(core) ? core : 0.0;
  run->of_tables = true;
  run->converged = truth_of(row, "converged") == 1;
  run->state_ok = truth_of(row, "state_ok");
  run->accurate = truth_of(row, "within_chemical_accuracy");
  run->sampled = isfinite(number_of(row, "std"));
  run->nqubit = integer_of(row, "qubits");
  run->nparam = integer_of(row, "parameters");
  int evaluations = integer_of(row, "evaluations");
  run->neval = evaluations > 0 ? (size_t)evaluations : 0;
  run->energy = number_of(row, "minimum") + core;
  run->exact = number_of(row, "exact") + core;
  run->noisy = NAN; /* a property, which this row does not have */
  run->std = number_of(row, "std");
  run->hf = number_of(row, "hf");
  run->mp2 = number_of(row, "mp2");
  run->fci = number_of(row, "fci");
  run->n = number_of(row, "n_expectation");
  run->s2 = number_of(row, "s2");
  run->seconds[VQE_PAGES_SCF] = number_of(row, "seconds_hamiltonian");
  run->seconds[VQE_PAGES_MAPPING] = number_of(row, "seconds_mapping");
  run->seconds[VQE_PAGES_VQE] = number_of(row, "seconds_vqe");
  run->seconds_total = number_of(row, "seconds_total");
  for (int p = 0; p < VQE_PAGES_OTHER; p++) {
    known += isfinite(run->seconds[p]) ? run->seconds[p] : 0.0;
  }
  run->seconds[VQE_PAGES_OTHER] =
      isnan(run->seconds_total) ? NAN : fmax(run->seconds_total - known, 0.0);
  run->charge = integer_of(row, "charge");
  run->multiplicity = integer_of(row, "multiplicity");
}

static int take_molecule(struct vqe_pages_run *run, const json_t *row)
{
  const json_t *symbols = json_object_get(row, "symbols");
  const json_t *coords = json_object_get(row, "coordinates");
  const char *units = text_of(row, "units");
  size_t count = json_array_size(symbols);
  double scale =
      units != NULL && strcmp(units, "bohr") == 0 ? VQE_BOHR_ANGSTROM : 1.0;
  /* more atoms than any reader takes are no molecule, nor is one without the
   * place of each */
  if (count == 0 || count > VQE_MAX_ATOMS ||
      json_array_size(coords) != count) {
    return VQE_OK;
  }
  int status =
      vqe_memory_alloc(&run->symbols, count, sizeof *run->symbols, "atoms");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&run->xyz, 3 * count, sizeof(double), "atoms");
  }
  for (size_t a = 0; status == VQE_OK && a < count; a++) {
    const char *symbol = json_string_value(json_array_get(symbols, a));
    /* of others: what is no element is no drawing */
    int z = symbol != NULL ? vqe_element_z(symbol) : 0;
    snprintf(run->symbols[a], sizeof *run->symbols, "%s",
             z > 0 ? vqe_element_symbol(z) : "X");
    const json_t *place = json_array_get(coords, a);
    for (size_t k = 0; k < 3; k++) {
      double value = json_number_value(json_array_get(place, k));
      run->xyz[3 * a + k] = scale * (fabs(value) < 1e6 ? value : 0.0);
    }
  }
  run->natom = status == VQE_OK ? count : 0;
  return status;
}

/* Lists of the evaluations that are kept: steps, energies, deviations. */
static int take_points(struct vqe_pages_run *run, const json_t *row)
{
  const json_t *steps = json_object_get(row, "steps");
  const json_t *energies = json_object_get(row, "energies");
  const json_t *lowest = json_object_get(row, "lowest");
  const json_t *stds = json_object_get(row, "stds");
  double core = run->energy - number_of(row, "minimum");
  size_t count = json_array_size(steps);
  count = count < MOST_POINTS ? count : MOST_POINTS;
  int status = vqe_memory_alloc(&run->points, count, sizeof *run->points,
                                "evaluations of the report");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const json_t *energy = json_array_get(energies, k);
    const json_t *low = json_array_get(lowest, k);
    if (!json_is_number(energy)) {
      continue;
    }
    run->points[run->npoint++] = (struct vqe_pages_point){
        json_number_value(json_array_get(steps, k)),
        json_number_value(energy) + core,
        json_is_number(low) ? json_number_value(low) + core : NAN,
        json_number_value(json_array_get(stds, k))};
  }
  return status;
}

/* Lists of the largest terms, and what the rest sums up to. */
static int take_terms(struct vqe_pages_run *run, const json_t *row)
{
  const json_t *labels = json_object_get(row, "labels");
  const json_t *re = json_object_get(row, "coeff_real");
  const json_t *im = json_object_get(row, "coeff_imag");
  struct vqe_pages_term *all = NULL;
  size_t count = json_array_size(labels);
  if (count == 0) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&all, count, sizeof *all, "terms");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const char *label = json_string_value(json_array_get(labels, k));
    all[k].label = (char *)(label != NULL ? label : "?");
    all[k].re = json_number_value(json_array_get(re, k));
    all[k].im = json_number_value(json_array_get(im, k));
  }
  if (status == VQE_OK) {
    status = vqe_pages_run_keep_terms(run, all, count);
  }
  free(all);
  if (status == VQE_OK) {
    run->nterm_rest += (size_t)fmax(number_of(row, "rest_count"), 0.0);
    run->rest += fmax(number_of(row, "rest_sum"), 0.0);
    run->identity = number_of(row, "identity");
  }
  return status;
}

int vqe_pages_run_of_row(struct vqe_pages_run **out, const json_t *row)
{
  struct vqe_pages_run *run = NULL;
  int status = vqe_pages_run_create(&run);
  *out = NULL;
  if (status == VQE_OK) {
    take_numbers(run, row);
    status = take_texts(run, row);
  }
  if (status == VQE_OK) {
    status = take_notes(run, row);
  }
  if (status == VQE_OK) {
    status = take_molecule(run, row);
  }
  if (status == VQE_OK) {
    status = take_points(run, row);
  }
  if (status == VQE_OK) {
    status = take_terms(run, row);
  }
  const char *circuit = text_of(row, "circuit");
  if (status == VQE_OK && circuit != NULL &&
      run->nqubit <= VQE_PAGES_CIRCUIT_QUBITS &&
      strlen(circuit) < VQE_PAGES_CIRCUIT) {
    status = vqe_memory_strdup(&run->circuit, circuit);
  }
  if (status != VQE_OK) {
    vqe_pages_run_free(run);
    return status;
  }
  *out = run;
  return VQE_OK;
}
