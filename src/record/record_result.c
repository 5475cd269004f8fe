/* The record of a finished experiment. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "molecule/molecule_scan.h"
#include "record/record.h"
#include "vqe/checks.h"
#include "vqe/operators.h"
#include "vqe/property.h"

/* ---- lists ---- */

static int copy_doubles(double **out, const double *values, size_t count,
                        const char *what)
{
  if (count == 0) {
    return VQE_OK;
  }
  if (values == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "a result lacks its %s", what);
  }
  int status = vqe_memory_alloc(out, count, sizeof **out, what);
  if (status == VQE_OK) {
    memcpy(*out, values, count * sizeof **out);
  }
  return status;
}

static int copy_terms(struct vqe_record *record,
                      const struct vqe_result *result)
{
  char label[2 * VQE_MAX_ORBITALS + 1];
  int status = vqe_memory_alloc(&record->terms, result->nterm,
                                sizeof *record->terms, "Hamiltonian terms");
  if (status != VQE_OK) {
    return status;
  }
  if (result->num_qubits > 2 * VQE_MAX_ORBITALS) {
    return vqe_error_set(VQE_ERR_INPUT, "a result has %d qubits, above %d",
                         result->num_qubits, 2 * VQE_MAX_ORBITALS);
  }
  record->nterm = result->nterm;
  for (size_t k = 0; status == VQE_OK && k < result->nterm; k++) {
    vqe_pauli_label(label, result->num_qubits, result->term_x[k],
                    result->term_z[k]);
    record->terms[k].real = result->term_coeff[k];
    status = vqe_memory_strdup(&record->terms[k].label, label);
  }
  return status;
}

static int copy_iterations(struct vqe_record *record,
                           const struct vqe_result *result)
{
  size_t nparam = (size_t)result->nparam;
  size_t total;
  if (!vqe_memory_mul(&total, result->neval, nparam)) {
    return vqe_error_set(VQE_ERR_MEMORY, "iteration parameters overflow");
  }
  int status =
      copy_doubles(&record->iteration_parameters, result->eval_parameters,
                   total, "iteration parameters");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&record->iterations, result->neval,
                              sizeof *record->iterations, "iterations");
  }
  if (status != VQE_OK) {
    return status;
  }
  record->niteration = result->neval;
  for (size_t k = 0; k < result->neval; k++) {
    struct vqe_record_iteration *iteration = &record->iterations[k];
    iteration->iteration = (int32_t)(k + 1);
    iteration->nparam = nparam;
    iteration->parameters =
        nparam > 0 ? record->iteration_parameters + k * nparam : NULL;
    iteration->result = result->eval_energy[k];
    iteration->std = result->eval_std[k];
    iteration->energy_delta = result->eval_energy_delta[k];
    iteration->parameter_delta_norm = result->eval_parameter_delta_norm[k];
    iteration->cumulative_min_energy = result->eval_cumulative_min_energy[k];
  }
  return VQE_OK;
}

static int copy_molecule(struct vqe_record *record,
                         const struct vqe_molecule *molecule)
{
  size_t natom = molecule->natom;
  int status = vqe_memory_alloc(&record->symbols, natom, sizeof(char *),
                                "symbols of a molecule");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&record->coord_lengths, natom, sizeof(size_t),
                              "coordinates of a molecule");
  }
  if (status == VQE_OK) {
    record->natom = natom;
    record->ncoord = natom;
  }
  for (size_t k = 0; status == VQE_OK && k < natom; k++) {
    record->coord_lengths[k] = 3;
    status = vqe_memory_strdup(&record->symbols[k], molecule->symbols[k]);
  }
  if (status == VQE_OK) {
    status = copy_doubles(&record->coords, molecule->coords, 3 * natom,
                          "coordinates");
  }
  if (status == VQE_OK && molecule->masses != NULL) {
    record->has_masses = true;
    record->nmass = natom;
    status = copy_doubles(&record->masses, molecule->masses, natom, "masses");
  }
  return status;
}

static int copy_notes(struct vqe_record *record, const char *notes)
{
  struct vqe_notes_line line;
  size_t count = vqe_notes_count(notes);
  int status =
      vqe_memory_alloc(&record->notes, count, sizeof(char *), "notes");
  while (status == VQE_OK && vqe_notes_next(&line, &notes)) {
    char *code = strndup(line.code, line.code_length);
    if (code == NULL) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for notes");
    } else {
      record->notes[record->nnote++] = code;
    }
  }
  return status;
}

static int copy_scan(struct vqe_record *record,
                     const struct vqe_experiment *experiment)
{
  double values[VQE_SCAN_MOST];
  size_t count;
  int status = vqe_scan_point_values(values, &count, experiment->scan);
  if (status == VQE_OK && count > 0) {
    status = copy_doubles(&record->scan, values, count, "a scan");
    record->nscan = status == VQE_OK ? count : 0;
  }
  /* damaged text of a file is no reason to lose the result */
  return status == VQE_ERR_INPUT ? VQE_OK : status;
}

/* Null where the optimizer asked for none. */
static int copy_gradient_norms(struct vqe_record *record,
                               const struct vqe_result *result)
{
  bool any = false;
  for (size_t k = 0; k < result->neval; k++) {
    any = any || !isnan(result->eval_gradient_norm[k]);
  }
  if (!any) {
    return VQE_OK;
  }
  record->has_gradient_norms = true;
  record->ngradient_norm = result->neval;
  return copy_doubles(&record->gradient_norms, result->eval_gradient_norm,
                      result->neval, "norms of gradients");
}

/* In the order of the columns of ansatz_info; nothing of results that older
 * programs left. */
static int copy_circuit(struct vqe_record *record,
                        const struct vqe_circuit_cost *cost)
{
  const double columns[] = {cost->parameters,         cost->one_qubit_gates,
                            cost->two_qubit_gates,    cost->depth,
                            cost->two_qubit_depth,    cost->t_count,
                            cost->measurement_groups, cost->shots};
  size_t count = sizeof columns / sizeof columns[0];
  if (isnan(cost->parameters)) {
    return VQE_OK;
  }
  int status = copy_doubles(&record->circuit, columns, count, "a circuit");
  record->ncircuit = status == VQE_OK ? count : 0;
  return status;
}

/* Those that are small; null where none were asked for. */
static int copy_properties(struct vqe_record *record,
                           const struct vqe_result *result)
{
  int status = VQE_OK;
  if (result->nproperty == 0) {
    return VQE_OK;
  }
  status = vqe_memory_alloc(&record->properties, result->nproperty,
                            sizeof *record->properties, "properties");
  record->has_properties = status == VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < result->nproperty; k++) {
    const struct vqe_property *from = &result->properties[k];
    const struct vqe_property_kind *kind = vqe_property_find(from->name);
    size_t size = 0;
    if (kind == NULL || !kind->recorded || !vqe_property_size(&size, from)) {
      continue;
    }
    struct vqe_record_property *to = &record->properties[record->nproperty++];
    to->columns = from->ndim == 2 ? (int32_t)from->shape[1] : 0;
    status = vqe_memory_strdup(&to->name, from->name);
    if (status == VQE_OK) {
      status = copy_doubles(&to->values, from->values, size, "properties");
      to->nvalue = status == VQE_OK ? size : 0;
    }
  }
  return status;
}

static int copy_diagnostics(struct vqe_record *record,
                            const struct vqe_result *result)
{
  int status = copy_notes(record, result->notes);
  if (status == VQE_OK) {
    status = copy_scan(record, result->experiment);
  }
  if (status == VQE_OK && !isnan(result->dipole[0])) {
    status = copy_doubles(&record->dipole, result->dipole, 3, "dipole");
    record->ndipole = status == VQE_OK ? 3 : 0;
  }
  if (status == VQE_OK && result->natural_occupations != NULL) {
    status =
        copy_doubles(&record->natural_occupations, result->natural_occupations,
                     result->noccupation, "natural occupations");
    record->noccupation = status == VQE_OK ? result->noccupation : 0;
  }
  if (status == VQE_OK) {
    status = copy_circuit(record, &result->circuit);
  }
  if (status == VQE_OK) {
    status = copy_gradient_norms(record, result);
  }
  return status;
}

/* A basis file is named by its own name and the start of its hash: paths say
 * nothing to others, and two files may share a name. */
static int copy_basis(struct vqe_record *record,
                      const struct vqe_experiment *experiment)
{
  if (experiment->basis_sha256 == NULL) {
    return vqe_memory_strdup(&record->basis_set, experiment->basis_set);
  }
  const char *slash = strrchr(experiment->basis_set, '/');
  if (asprintf(&record->basis_set, "%s:%.12s",
               slash != NULL ? slash + 1 : experiment->basis_set,
               experiment->basis_sha256) < 0) {
    record->basis_set = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a name");
  }
  return VQE_OK;
}

/* ---- scalars: the values of fields.def ---- */

/* An FCIDUMP has no molecule. */
static int multiplicity_of(const struct vqe_result *result)
{
  const struct vqe_molecule *molecule = result->experiment->molecule;
  return molecule != NULL ? molecule->multiplicity
                          : result->nalpha - result->nbeta + 1;
}

static int charge_of(const struct vqe_result *result)
{
  const struct vqe_molecule *molecule = result->experiment->molecule;
  return molecule != NULL ? molecule->charge : 0;
}

static const char *units_of(const struct vqe_result *result)
{
  const struct vqe_molecule *molecule = result->experiment->molecule;
  return molecule != NULL && molecule->units == VQE_BOHR ? "bohr" : "angstrom";
}

static void set_maybe_long(struct vqe_maybe_long *out, int64_t value)
{
  out->set = value > 0;
  out->value = value;
}

static void set_maybe_int(struct vqe_maybe_int *out, int64_t value)
{
  out->set = value >= 0;
  out->value = (int32_t)value;
}

/* A truth that may be unknown is below 0 then. */
static enum vqe_maybe_bool maybe_bool(int truth)
{
  return truth < 0    ? VQE_MAYBE_NULL
         : truth == 0 ? VQE_MAYBE_FALSE
                      : VQE_MAYBE_TRUE;
}

static int copy_scalars(struct vqe_record *record,
                        const struct vqe_result *result)
{
  const struct vqe_experiment *experiment = result->experiment;
  int status = VQE_OK;
#define SET_TEXT(member, text)                                                \
  if (status == VQE_OK) {                                                     \
    status = vqe_memory_strdup(&record->member, (text));                      \
  }
#define SET_MAYBE_TEXT(member, text) SET_TEXT(member, text)
#define SET_TEXT_OR_NULL(member, text, missing) SET_TEXT(member, text)
#define SET_INT(member, number) record->member = (number);
#define SET_MAYBE_INT(member, number) set_maybe_int(&record->member, (number));
#define SET_INT_OR_NULL(member, number) SET_MAYBE_INT(member, number)
#define SET_MAYBE_LONG(member, number)                                        \
  set_maybe_long(&record->member, (number));
#define SET_BOOL(member, truth) record->member = (truth);
#define SET_MAYBE_BOOL(member, truth) record->member = maybe_bool(truth);
#define SET_DOUBLE(member, number) record->member = (number);
#define SET_MAYBE_DOUBLE(member, number) SET_DOUBLE(member, number)
#define SET_DOUBLES(...)
#define SET_MAYBE_DOUBLES(...)
#define SET_TEXTS(...)
#define SET_ROWS(...)
#define SET_RECORDS(...)
#define SET_MAYBE_RECORDS(...)
#define SET_RECORD(...)
#define SET_MAYBE_RECORD(...)
#define SET(kind, name, column, unit, doc) SET_##kind
#define INITIAL SET
#define OUTCOME SET
#define ATOMS SET
#define REFERENCE SET
#define PROVENANCE SET
#define DIAGNOSTICS SET
#define DECORATED SET
#include "record/fields.def"
  /* hf_energy of the record is not nullable */
  record->has_references = !isnan(result->hf_energy);
  record->has_provenance = true;
  record->has_diagnostics = true;
  return status;
}

int vqe_record_from_result(struct vqe_record **out,
                           const struct vqe_result *result)
{
  struct vqe_record *record = NULL;
  size_t nparam = (size_t)(result->nparam > 0 ? result->nparam : 0);
  if (result->status == VQE_EXPERIMENT_FAILED || result->neval == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "experiment %s did not finish: it has no record",
                         result->experiment->id);
  }
  int status = vqe_record_create(&record);
  if (status != VQE_OK) {
    return status;
  }
  status = copy_scalars(record, result);
  if (status == VQE_OK) {
    status = copy_basis(record, result->experiment);
  }
  if (status == VQE_OK && result->experiment->molecule != NULL) {
    status = copy_molecule(record, result->experiment->molecule);
  }
  if (status == VQE_OK) {
    status = copy_terms(record, result);
  }
  if (status == VQE_OK) {
    record->ninitial = nparam;
    status =
        copy_doubles(&record->initial_parameters, result->initial_parameters,
                     nparam, "initial parameters");
  }
  if (status == VQE_OK) {
    record->noptimal = nparam;
    status =
        copy_doubles(&record->optimal_parameters, result->optimal_parameters,
                     nparam, "optimal parameters");
  }
  if (status == VQE_OK) {
    status = copy_iterations(record, result);
  }
  if (status == VQE_OK) {
    status = copy_diagnostics(record, result);
  }
  if (status == VQE_OK) {
    status = copy_properties(record, result);
  }
  if (status != VQE_OK) {
    vqe_record_free(record);
    return status;
  }
  *out = record;
  return VQE_OK;
}
