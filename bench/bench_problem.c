#include "bench_problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"

/* As a run of vqe_batch takes it for a state of one symmetry. */
#define SECTOR_ZERO 1e-8

/* JSON text of the molecule whose symbols and coordinates `root`, the content
 * of the file, has under `name`; NULL without memory. Free it by free().
 * An unknown name gives a molecule without atoms. */
static char *molecule_text(const json_t *root, const char *name)
{
  json_t *symbols = json_array();
  json_t *coords = json_array();
  json_t *system;
  size_t k;
  json_array_foreach(json_object_get(root, "systems"), k, system)
  {
    const char *found = json_string_value(json_object_get(system, "name"));
    if (found == NULL || strcmp(found, name) != 0) {
      continue;
    }
    json_t *atom;
    size_t a;
    json_array_foreach(json_object_get(system, "geometry"), a, atom)
    {
      json_array_append(symbols, json_array_get(atom, 0));
      json_array_append_new(
          coords, json_pack("[O, O, O]", json_array_get(atom, 1),
                            json_array_get(atom, 2), json_array_get(atom, 3)));
    }
    break;
  }
  json_t *molecule = json_pack("{s:s, s:o, s:o}", "name", name, "symbols",
                               symbols, "coords", coords);
  char *text = molecule == NULL ? NULL : vqe_json_dumps(molecule, 0);
  json_decref(molecule);
  return text;
}

int bench_molecule_read(struct vqe_molecule_list **out,
                        const struct bench_settings *settings,
                        const char *file, const char *name)
{
  char path[4096];
  json_error_t error;
  snprintf(path, sizeof path, "%s/%s", settings->data, file);
  json_t *root = json_load_file(path, 0, &error);
  if (root == NULL) {
    return vqe_error_set(VQE_ERR_IO,
                         "file '%s': %s; --data names its "
                         "folder",
                         path, error.text);
  }
  char *text = molecule_text(root, name);
  json_decref(root);
  if (text == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a molecule");
  }
  int status = vqe_molecule_list_parse(out, text, strlen(text), "json", path);
  free(text);
  if (status == VQE_OK &&
      ((*out)->count != 1 || (*out)->entries[0].molecule == NULL)) {
    status = vqe_error_set(VQE_ERR_INPUT, "file '%s' has no molecule '%s'",
                           path, name);
  }
  return status;
}

/* Integrals of "NAME/BASIS": the geometry of energies.json, its core frozen.
 */
static int integrate(struct vqe_integrals **out,
                     const struct bench_settings *settings,
                     const char *molecule, const char *basis)
{
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  struct vqe_molecule_list *list = NULL;
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)(basis - molecule), molecule);
  int status = bench_molecule_read(&list, settings, "energies.json", name);
  options.basis = basis + 1;
  options.frozen_core = VQE_FROZEN_CORE_AUTO;
  options.threads = settings->threads;
  if (status == VQE_OK && list != NULL) {
    status = vqe_chem_run(out, list->entries[0].molecule, &options);
  }
  vqe_molecule_list_free(list);
  return status;
}

static int read_integrals(struct vqe_integrals **out,
                          const struct bench_settings *settings,
                          const char *molecule)
{
  struct vqe_chem_options chem = VQE_CHEM_OPTIONS_INIT;
  const char *basis = strchr(molecule, '/');
  char path[4096];
  if (basis != NULL) {
    return integrate(out, settings, molecule, basis);
  }
  if ((size_t)snprintf(path, sizeof path, "%s/%s.fcidump", settings->data,
                       molecule) >= sizeof path) {
    return vqe_error_set(VQE_ERR_INPUT, "--data: the path is too long");
  }
  return vqe_fcidump_read(out, path, &chem);
}

int bench_problem_read(struct bench_problem *out,
                       const struct bench_settings *settings,
                       const char *molecule, const char *ansatz)
{
  bool uccsd = strcmp(ansatz, "UCCSD") == 0;
  memset(out, 0, sizeof *out);
  int status = read_integrals(&out->integrals, settings, molecule);
  if (status == VQE_OK) {
    const struct vqe_integrals *integrals = out->integrals;
    status = vqe_hamiltonian_create(
        &out->hamiltonian, integrals->norb, integrals->h1e, integrals->eri,
        integrals->e_core + integrals->nuclear_repulsion, true,
        uccsd ? SECTOR_ZERO : 0.0);
  }
  if (status == VQE_OK) {
    struct vqe_ansatz_options options = {
        .size = sizeof options,
        .name = ansatz,
        .reps = vqe_ansatz_default_reps(ansatz),
        .norb = out->integrals->norb,
        .nalpha = out->integrals->nalpha,
        .nbeta = out->integrals->nbeta,
        .restricted = out->integrals->nalpha == out->integrals->nbeta,
        .nirrep = out->hamiltonian->nirrep,
        .irrep = out->hamiltonian->irrep,
    };
    status = vqe_entanglement_canonical(&options.entanglement, ansatz, NULL);
    if (status == VQE_OK) {
      status = vqe_ansatz_create(&out->ansatz, &options);
    }
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->parameters, (size_t)out->ansatz->nparam,
                              sizeof(double), "parameters");
  }
  for (int k = 0; status == VQE_OK && k < out->ansatz->nparam; k++) {
    out->parameters[k] = 0.1 * sin(k + 1.0);
  }
  return status;
}

int bench_problem_init(struct bench_problem *out,
                       const struct bench_settings *settings,
                       const char *molecule, const char *ansatz)
{
  struct vqe_estimator_options options = VQE_ESTIMATOR_OPTIONS_INIT;
  if (settings->custatevec && strcmp(ansatz, "UCCSD") == 0) {
    memset(out, 0, sizeof *out);
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "cuStateVec has no particle-number sectors");
  }
  int status = bench_problem_read(out, settings, molecule, ansatz);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->gradient, (size_t)out->ansatz->nparam,
                              sizeof(double), "gradient");
  }
  if (status == VQE_OK) {
    options.threads = settings->threads;
    options.device = settings->cuda ? VQE_DEVICE_CUDA : VQE_DEVICE_CPU;
    options.gates =
        settings->custatevec ? VQE_GATES_CUSTATEVEC : VQE_GATES_OWN;
    status = vqe_estimator_create(&out->estimator, out->hamiltonian,
                                  out->ansatz, &options);
  }
  return status;
}

void bench_problem_clear(struct bench_problem *problem)
{
  vqe_estimator_free(problem->estimator);
  vqe_ansatz_free(problem->ansatz);
  vqe_hamiltonian_free(problem->hamiltonian);
  vqe_integrals_free(problem->integrals);
  free(problem->parameters);
  free(problem->gradient);
}
