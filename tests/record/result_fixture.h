/* Results with every field set to a value of its own, and a comparison that
 * goes by the bytes of the structs, so that a field which is forgotten on the
 * way shows. */
#ifndef VQE_TEST_RESULT_FIXTURE_H
#define VQE_TEST_RESULT_FIXTURE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "vqe/experiment.h"

static inline char *fixture_text(const char *text)
{
  char *copy = NULL;
  assert_int_equal(vqe_memory_strdup(&copy, text), 0);
  return copy;
}

static inline void *fixture_alloc(size_t count, size_t size)
{
  void *memory = NULL;
  assert_int_equal(vqe_memory_alloc(&memory, count, size, "fixture"), 0);
  return memory;
}

static inline double *fixture_doubles(size_t count, double first)
{
  double *values = fixture_alloc(count, sizeof *values);
  for (size_t k = 0; k < count; k++) {
    values[k] = first + 1.0 / (double)(k + 3);
  }
  return values;
}

static inline struct vqe_molecule *fixture_molecule(void)
{
  struct vqe_molecule *molecule = fixture_alloc(1, sizeof *molecule);
  molecule->name = fixture_text("hydrure de lithium \xc3\xa9");
  molecule->natom = 2;
  molecule->symbols = fixture_alloc(2, sizeof *molecule->symbols);
  memcpy(molecule->symbols[0], "Li", 3);
  memcpy(molecule->symbols[1], "H", 2);
  molecule->z = fixture_alloc(2, sizeof *molecule->z);
  molecule->z[0] = 3;
  molecule->z[1] = 1;
  molecule->coords = fixture_doubles(6, -0.5);
  molecule->masses = fixture_doubles(2, 1.25);
  molecule->multiplicity = 3;
  molecule->charge = -2;
  molecule->units = VQE_BOHR;
  return molecule;
}

static inline struct vqe_experiment *fixture_experiment(void)
{
  struct vqe_experiment *e = fixture_alloc(1, sizeof *e);
  e->index = 11;
  e->molecule_id = 12;
  e->source = fixture_text("file 'jobs.json', molecule 3");
  e->input_error = fixture_text("");
  e->molecule = fixture_molecule();
  e->name = fixture_text("LiH");
  e->fcidump = fixture_text("dumps/lih.fcidump");
  e->fcidump_sha256 = fixture_text("ab12");
  e->basis_set = fixture_text("sto3g");
  e->basis_sha256 = fixture_text("cd34");
  e->frozen_core = 13;
  e->active_electrons = 14;
  e->active_orbitals = 15;
  e->symmetry = true;
  e->ansatz_name = fixture_text("EfficientSU2");
  e->ansatz_reps = 16;
  e->entanglement = fixture_text("reverse_linear");
  e->ansatz_options.count = 2;
  e->ansatz_options.items = fixture_alloc(2, sizeof(struct vqe_option));
  e->ansatz_options.items[0].key = fixture_text("skip");
  e->ansatz_options.items[0].json = fixture_text("true");
  e->ansatz_options.items[1].key = fixture_text("gates");
  e->ansatz_options.items[1].json = fixture_text("[\"ry\",\"rz\"]");
  e->optimizer = fixture_text("COBYLA");
  e->max_evaluations = 17;
  e->gtol = 1.5e-4;
  e->ftol = 2.5e-8;
  e->max_seconds = 3.5;
  e->optimizer_options.count = 1;
  e->optimizer_options.items = fixture_alloc(1, sizeof(struct vqe_option));
  e->optimizer_options.items[0].key = fixture_text("initial_step");
  e->optimizer_options.items[0].json = fixture_text("0.5");
  e->init_strategy = fixture_text("file");
  e->init_noise = 0.05;
  e->init_file = fixture_text("start.json");
  e->init_file_sha256 = fixture_text("ef56");
  e->seed = INT64_C(2147483647);
  e->seed_drawn = true;
  e->shots = 18;
  e->references = 5;
  e->references_given = true;
  e->device = fixture_text("auto");
  e->precision = fixture_text("double");
  e->restarts = 3;
  e->escape_saddles = VQE_ESCAPE_NEVER;
  e->penalty_number = 0.5;
  e->penalty_spin = 0.25;
  e->notes = fixture_text("input_ignored: keyword scf_type");
  e->init_default = true;
  e->curve = fixture_text("c0ffee");
  e->scan = fixture_text(
      "{\"curve\":\"N2\",\"at\":[{\"bond\":[0,1],\"value\":0.9}]}");
  e->active_space = fixture_text("{\"auto\":{\"orbitals\":8}}");
  e->properties = VQE_PROPERTY_MOMENTS;
  e->noise = fixture_text("{\"readout\":0.25}");
  e->noise_backend = fixture_text("undef"); /* as records without noise */
  e->measurement = 3;
  memset(e->id, 'a', VQE_EXPERIMENT_ID_SIZE - 1);
  e->id[0] = '0';
  return e;
}

/* `nterm` terms on 4 qubits, `neval` evaluations of `nparam` parameters. */
static inline struct vqe_result *fixture_result(size_t nterm, size_t neval,
                                                int nparam)
{
  struct vqe_result *r = fixture_alloc(1, sizeof *r);
  size_t n = (size_t)nparam;
  r->experiment = fixture_experiment();
  r->status = VQE_EXPERIMENT_SKIPPED;
  r->reason = fixture_text("converged: |g| <= 1e-4 \xe2\x9c\x93");
  memcpy(r->backend, "vqe_cpu_sector", 15);
  r->num_qubits = 4;
  r->norb = 21;
  r->nalpha = 22;
  r->nbeta = 23;
  r->nfrozen = 24;
  r->nterm = nterm;
  if (nterm > 0) {
    r->term_x = fixture_alloc(nterm, sizeof *r->term_x);
    r->term_z = fixture_alloc(nterm, sizeof *r->term_z);
    r->term_coeff = fixture_doubles(nterm, -7.0);
    for (size_t k = 0; k < nterm; k++) {
      r->term_x[k] = (7 * k + 3) % 16;
      r->term_z[k] = (5 * k + 1) % 16;
    }
  }
  r->nparam = nparam;
  if (n > 0) {
    r->initial_parameters = fixture_doubles(n, 0.25);
    r->optimal_parameters = fixture_doubles(n, -0.25);
  }
  r->ansatz_qasm = fixture_text("OPENQASM 3.0;\ninput float[64] t0000;\n");
  r->neval = neval;
  if (neval > 0) {
    r->eval_parameters = n > 0 ? fixture_doubles(neval * n, 0.125) : NULL;
    r->eval_energy = fixture_doubles(neval, -1.0);
    r->eval_std = fixture_doubles(neval, 2.0);
    r->eval_energy_delta = fixture_doubles(neval, 3.0);
    r->eval_energy_delta[0] = NAN;
    r->eval_parameter_delta_norm = fixture_doubles(neval, 4.0);
    r->eval_parameter_delta_norm[0] = -NAN;
    r->eval_cumulative_min_energy = fixture_doubles(neval, 5.0);
    r->eval_gradient_norm = fixture_doubles(neval, 5.5);
    r->eval_seconds = fixture_doubles(neval, 6.0);
  }
  r->minimum = -1.8510456784448648;
  r->nuclear_repulsion_energy = 0.7199689944489797;
  r->maxcv = NAN;
  r->success = true;
  r->nfev = 25;
  r->nit = -1;
  r->seconds_integrals = 1.1;
  r->seconds_scf = 1.2;
  r->seconds_transform = 1.3;
  r->seconds_mapping = 1.4;
  r->seconds_fci = 1.5;
  r->seconds_vqe = 1.6;
  r->seconds_total = 1.7;
  r->cpu_seconds_hamiltonian = 2.1;
  r->cpu_seconds_mapping = 2.2;
  r->cpu_seconds_fci = 2.3;
  r->cpu_seconds_vqe = 2.4;
  r->hf_energy = -1.1;
  r->mp2_energy = INFINITY;
  r->fci_energy = -1.3;
  r->fci_s2 = 1e-300;
  memcpy(r->reference_method, "ROHF", 5);
  r->notes = fixture_text("unstable_reference: a\nno_fci: b: c");
  r->n_expectation = 2.5;
  r->sz_expectation = -0.5;
  r->s2_expectation = 0.75;
  r->dipole[0] = 0.1;
  r->dipole[1] = -0.2;
  r->dipole[2] = 5e-324;
  r->pauli_one_norm = 12.5;
  r->determinants = UINT64_C(18446744073709551615);
  memcpy(r->optimizer_native, "NLopt LN_COBYLA", 16);
  memcpy(r->code_version, "0.1.0", 6);
  memcpy(r->hostname, "node017", 8);
  memcpy(r->device, "some CPU", 9);
  memcpy(r->job_id, "4711_3", 7);
  r->mpi_rank = 26;
  r->mpi_ranks = 27;
  r->threads = 28;
  memcpy(r->started_at, "2026-01-02T03:04:05.678Z", 25);
  memcpy(r->finished_at, "2026-01-02T03:05:05.678Z", 25);
  r->peak_memory_mb = 99.5;
  r->performance_start = fixture_text("{\"cpu\":1}");
  r->performance_end = fixture_text("{}");
  r->energy_std = 0.015625;
  r->energy_exact = -1.75;
  r->total_shots = INT64_C(123456789012);
  r->reference_weight = 0.875;
  r->noccupation = 3;
  r->natural_occupations = fixture_doubles(3, 0.25);
  r->starts = fixture_text("[{\"start\":0}]");
  r->orbitals = fixture_text("[{\"number\":7}]");
  r->circuit =
      (struct vqe_circuit_cost){3.0, 21.0, 13.0, 25.0, 12.0, 800.0, 5.0, NAN};
  r->landscape = (struct vqe_landscape){400.0, -1.25, 0.03125, 0.0078125};
  r->neighbour = fixture_text("0123abcd");
  r->nproperty = 2;
  r->properties = fixture_alloc(2, sizeof *r->properties);
  r->properties[0] =
      (struct vqe_property){"dipole", 1, {3, 1}, fixture_doubles(3, 0.5)};
  r->properties[1] =
      (struct vqe_property){"quadrupole", 2, {3, 3}, fixture_doubles(9, 1.5)};
  return r;
}

/* The same on 128 qubits, of which terms reach the last. */
static inline struct vqe_result *fixture_wide(size_t nterm)
{
  struct vqe_result *r = fixture_result(nterm, 1, 2);
  r->num_qubits = 128;
  for (size_t k = 0; k < nterm; k++) {
    r->term_x[k] |= (vqe_qubits)(k + 1) << 120;
    r->term_z[k] |= (vqe_qubits)(2 * k + 129) << 120;
  }
  return r;
}

static inline void fixture_forget_properties(struct vqe_result *result)
{
  for (size_t k = 0; k < result->nproperty; k++) {
    free(result->properties[k].values);
  }
  free(result->properties);
  result->properties = NULL;
  result->nproperty = 0;
}

/* What vqe_result_create gives for a bad input. */
static inline struct vqe_result *fixture_failed(void)
{
  struct vqe_result *r = NULL;
  struct vqe_experiment *e = fixture_alloc(1, sizeof *e);
  e->source = fixture_text("file 'bad.json', molecule 0");
  e->input_error = fixture_text("unknown element 'Xx'");
  memset(e->id, 'b', VQE_EXPERIMENT_ID_SIZE - 1);
  assert_int_equal(
      vqe_result_create(&r, e, VQE_EXPERIMENT_FAILED, "unknown element 'Xx'"),
      0);
  memcpy(r->code_version, "0.1.0", 6); /* as in fixture_result */
  vqe_experiment_free(e);
  return r;
}

static inline void same_text(char **a, char **b)
{
  if (*a == NULL || *b == NULL) {
    assert_ptr_equal(*a, *b);
  } else {
    assert_string_equal(*a, *b);
  }
  *a = NULL;
  *b = NULL;
}

/* Compare `bytes` behind two pointers and set both to NULL. */
static inline void same_block(void *a, void *b, size_t bytes)
{
  void *left;
  void *right;
  void *none = NULL;
  memcpy(&left, a, sizeof left);
  memcpy(&right, b, sizeof right);
  if (bytes == 0 || left == NULL || right == NULL) {
    assert_true(bytes == 0 || left == right);
  } else {
    assert_memory_equal(left, right, bytes);
  }
  memcpy(a, &none, sizeof none);
  memcpy(b, &none, sizeof none);
}

static inline void same_molecule(const struct vqe_molecule *left,
                                 const struct vqe_molecule *right)
{
  struct vqe_molecule a;
  struct vqe_molecule b;
  if (left == NULL || right == NULL) {
    assert_ptr_equal(left, right);
    return;
  }
  memcpy(&a, left, sizeof a);
  memcpy(&b, right, sizeof b);
  assert_int_equal(a.natom, b.natom);
  same_text(&a.name, &b.name);
  same_block(&a.symbols, &b.symbols, a.natom * 4);
  same_block(&a.z, &b.z, a.natom * sizeof(int));
  same_block(&a.coords, &b.coords, 3 * a.natom * sizeof(double));
  same_block(&a.masses, &b.masses, a.natom * sizeof(double));
  assert_memory_equal(&a, &b, sizeof a);
}

static inline void same_options(struct vqe_option_list *a,
                                struct vqe_option_list *b)
{
  assert_int_equal(a->count, b->count);
  for (size_t k = 0; k < a->count; k++) {
    assert_string_equal(a->items[k].key, b->items[k].key);
    assert_string_equal(a->items[k].json, b->items[k].json);
  }
  a->items = NULL;
  b->items = NULL;
}

static inline void same_experiment(const struct vqe_experiment *left,
                                   const struct vqe_experiment *right)
{
  struct vqe_experiment a;
  struct vqe_experiment b;
  memcpy(&a, left, sizeof a);
  memcpy(&b, right, sizeof b);
  same_molecule(a.molecule, b.molecule);
  a.molecule = NULL;
  b.molecule = NULL;
  same_text(&a.source, &b.source);
  same_text(&a.input_error, &b.input_error);
  same_text(&a.name, &b.name);
  same_text(&a.fcidump, &b.fcidump);
  same_text(&a.fcidump_sha256, &b.fcidump_sha256);
  same_text(&a.basis_set, &b.basis_set);
  same_text(&a.basis_sha256, &b.basis_sha256);
  same_text(&a.ansatz_name, &b.ansatz_name);
  same_text(&a.entanglement, &b.entanglement);
  same_options(&a.ansatz_options, &b.ansatz_options);
  same_text(&a.optimizer, &b.optimizer);
  same_options(&a.optimizer_options, &b.optimizer_options);
  same_text(&a.init_strategy, &b.init_strategy);
  same_text(&a.init_file, &b.init_file);
  same_text(&a.init_file_sha256, &b.init_file_sha256);
  same_text(&a.device, &b.device);
  same_text(&a.precision, &b.precision);
  same_text(&a.notes, &b.notes);
  same_text(&a.scan, &b.scan);
  same_text(&a.active_space, &b.active_space);
  same_text(&a.noise, &b.noise);
  same_text(&a.noise_backend, &b.noise_backend);
  same_text(&a.curve, &b.curve);
  assert_memory_equal(&a, &b, sizeof a);
}

static inline void same_properties(struct vqe_result *a, struct vqe_result *b)
{
  assert_int_equal(a->nproperty, b->nproperty);
  for (size_t k = 0; k < a->nproperty; k++) {
    const struct vqe_property *left = &a->properties[k];
    const struct vqe_property *right = &b->properties[k];
    size_t size = 1;
    assert_string_equal(left->name, right->name);
    assert_int_equal(left->ndim, right->ndim);
    assert_memory_equal(left->shape, right->shape, sizeof left->shape);
    for (int i = 0; i < left->ndim; i++) {
      size *= (size_t)left->shape[i];
    }
    assert_memory_equal(left->values, right->values, size * sizeof(double));
  }
  a->properties = NULL;
  b->properties = NULL;
}

static inline void same_result(const struct vqe_result *left,
                               const struct vqe_result *right)
{
  struct vqe_result a;
  struct vqe_result b;
  memcpy(&a, left, sizeof a);
  memcpy(&b, right, sizeof b);
  assert_int_equal(a.nterm, b.nterm);
  assert_int_equal(a.neval, b.neval);
  assert_int_equal(a.nparam, b.nparam);
  size_t row = sizeof(double);
  size_t parameters = (size_t)a.nparam * row;
  same_experiment(a.experiment, b.experiment);
  a.experiment = NULL;
  b.experiment = NULL;
  same_text(&a.reason, &b.reason);
  same_block(&a.term_x, &b.term_x, a.nterm * sizeof(vqe_qubits));
  same_block(&a.term_z, &b.term_z, a.nterm * sizeof(vqe_qubits));
  same_block(&a.term_coeff, &b.term_coeff, a.nterm * 8);
  same_block(&a.initial_parameters, &b.initial_parameters, parameters);
  same_block(&a.optimal_parameters, &b.optimal_parameters, parameters);
  same_text(&a.ansatz_qasm, &b.ansatz_qasm);
  same_block(&a.eval_parameters, &b.eval_parameters, a.neval * parameters);
  same_block(&a.eval_energy, &b.eval_energy, a.neval * row);
  same_block(&a.eval_std, &b.eval_std, a.neval * row);
  same_block(&a.eval_energy_delta, &b.eval_energy_delta, a.neval * row);
  same_block(&a.eval_parameter_delta_norm, &b.eval_parameter_delta_norm,
             a.neval * row);
  same_block(&a.eval_cumulative_min_energy, &b.eval_cumulative_min_energy,
             a.neval * row);
  same_block(&a.eval_gradient_norm, &b.eval_gradient_norm, a.neval * row);
  same_block(&a.eval_seconds, &b.eval_seconds, a.neval * row);
  same_text(&a.notes, &b.notes);
  assert_int_equal(a.noccupation, b.noccupation);
  same_block(&a.natural_occupations, &b.natural_occupations,
             a.noccupation * row);
  same_text(&a.performance_start, &b.performance_start);
  same_text(&a.performance_end, &b.performance_end);
  same_text(&a.starts, &b.starts);
  same_text(&a.orbitals, &b.orbitals);
  same_text(&a.neighbour, &b.neighbour);
  same_properties(&a, &b);
  assert_memory_equal(&a, &b, sizeof a);
}

#endif
