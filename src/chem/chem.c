#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/blas_room.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/notes.h"
#include "base/stop.h"
#include "base/struct_size.h"
#include "chem/basis.h"
#include "chem/direct.h"
#include "chem/env.h"
#include "chem/fock.h"
#include "chem/follow.h"
#include "chem/frame.h"
#include "chem/functions.h"
#include "chem/guess.h"
#include "chem/integrals_new.h"
#include "chem/mo_label.h"
#include "chem/reference.h"
#include "chem/scf.h"
#include "chem/space.h"
#include "chem/space_choose.h"
#include "chem/symmetry.h"
#include "chem/transform.h"
#include "vqe/chem.h"

#define LOWER_BY 1e-8     /* hartree */
#define LEAST_OVERLAP 0.5 /* of an orbital and its neighbour's */

/* What one run holds between its steps. */
struct run {
  const struct vqe_molecule *molecule;
  struct vqe_chem_options options;
  struct vqe_stop stop;
  struct vqe_basis *basis;
  struct vqe_env *env;
  int nalpha;
  int nbeta;
  double *overlap;
  double *kinetic;
  double *hcore;
  double *eri; /* or NULL: direct */
  struct vqe_direct *direct;
  double *guess;
  double *splitter;
  int *element; /* of each function */
  struct vqe_scf *scf;
  struct vqe_frame frame; /* that it was solved in */
  int frame_number;       /* among the molecule's */
  bool followed;
  struct vqe_space space;
  struct vqe_space_rule rule;     /* where options.active_space is set */
  struct vqe_space_chosen chosen; /* by that */
};

static void run_free(struct run *run)
{
  vqe_basis_free(run->basis);
  vqe_direct_free(run->direct);
  vqe_env_free(run->env);
  free(run->overlap);
  free(run->kinetic);
  free(run->hcore);
  free(run->eri);
  free(run->guess);
  free(run->splitter);
  free(run->element);
  vqe_scf_free(run->scf);
  vqe_space_rule_clear(&run->rule);
  free(run->chosen.numbers);
  free(run->chosen.occupations);
  free(run->chosen.notes);
}

/* Core orbitals of all atoms. */
static int count_core(const struct vqe_molecule *molecule)
{
  int core = 0;
  for (size_t a = 0; a < molecule->natom; a++) {
    core += vqe_space_core_orbitals(molecule->z[a]);
  }
  return core;
}

/* The rule that chooses the active orbitals, as far as it can be checked. */
static int read_rule(struct run *run, const char *where)
{
  char place[160];
  snprintf(place, sizeof place, "%s: active_space", where);
  if (run->options.active_electrons >= 0 ||
      run->options.active_orbitals >= 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: a rule chooses the active orbitals; leave "
                         "their numbers out",
                         place);
  }
  int status =
      vqe_space_rule_parse(&run->rule, run->options.active_space, place);
  if (status == VQE_OK) {
    status =
        vqe_space_rule_check(&run->rule, run->molecule, run->env->nao, where);
  }
  if (status == VQE_OK) {
    status = vqe_space_frozen(&run->space.nfrozen, &run->options, run->nbeta,
                              count_core(run->molecule), where);
  }
  return status;
}

/* The active orbitals, when SCF knows how many there are. */
static int choose_space(struct run *run, const char *where)
{
  int core = count_core(run->molecule);
  if (run->options.active_space == NULL) {
    return vqe_space_resolve(&run->space, &run->options, run->scf->nmo,
                             run->nalpha, run->nbeta, core, where);
  }
  const struct vqe_space_scene scene = {.where = where,
                                        .molecule = run->molecule,
                                        .basis = run->basis,
                                        .env = run->env,
                                        .frame = &run->frame,
                                        .overlap = run->overlap,
                                        .eri = run->eri,
                                        .direct = run->direct,
                                        .threads = run->options.threads,
                                        .nalpha = run->nalpha,
                                        .nbeta = run->nbeta,
                                        .nfrozen = run->space.nfrozen,
                                        .ncore = core};
  int status = vqe_space_choose(&run->chosen, run->scf, &run->rule, &scene);
  run->space = run->chosen.space;
  return status;
}

/* Everything that can be refused before any integral is computed. The space
 * is resolved for nao orbitals here, and again when SCF knows how many of
 * them are independent. */
static int prepare(struct run *run)
{
  const struct vqe_molecule *molecule = run->molecule;
  char where[128];
  snprintf(where, sizeof where, "molecule '%.64s'", molecule->name);
  int status = vqe_molecule_validate(molecule, where);
  if (status != VQE_OK) {
    return status;
  }
  int electrons = vqe_molecule_electrons(molecule);
  run->nalpha = (electrons + molecule->multiplicity - 1) / 2;
  run->nbeta = electrons - run->nalpha;
  bool wanted[VQE_MAX_Z + 1] = {false};
  for (size_t a = 0; a < molecule->natom; a++) {
    wanted[molecule->z[a]] = true;
  }
  status = vqe_basis_load(&run->basis, run->options.basis, wanted);
  if (status != VQE_OK) {
    return vqe_error_context(status, "%s", where);
  }
  status = vqe_env_new(&run->env, molecule, run->basis);
  if (status != VQE_OK) {
    return status;
  }
  if (run->nalpha > run->env->nao) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: %d alpha electrons do not fit the %d basis "
                         "functions of '%.64s'; check charge and "
                         "multiplicity, or use a larger basis",
                         where, run->nalpha, run->env->nao,
                         run->options.basis);
  }
  return run->options.active_space != NULL
             ? read_rule(run, where)
             : vqe_space_resolve(&run->space, &run->options, run->env->nao,
                                 run->nalpha, run->nbeta, count_core(molecule),
                                 where);
}

/* Two-electron integrals into memory, or computed directly where they do not
 * fit. */
static int compute_two_electron(struct run *run)
{
  size_t nao = (size_t)run->env->nao;
  size_t npair = nao * (nao + 1) / 2;
  size_t count;
  size_t limit = run->options.memory_limit;
  if (limit == 0) {
    limit = (size_t)(vqe_memory_available() / 2);
  }
  if (!vqe_memory_mul(&count, npair, npair + 1) ||
      count / 2 > limit / sizeof(double)) {
    return vqe_direct_new(&run->direct, run->env, run->options.threads);
  }
  int status = vqe_memory_alloc(&run->eri, count / 2, sizeof(double),
                                "two-electron integrals over basis functions");
  if (status != VQE_OK) {
    return vqe_error_context(status, "molecule '%.64s', %zu basis functions",
                             run->molecule->name, nao);
  }
  return vqe_env_two_electron(run->eri, run->env, run->options.threads);
}

static int compute_integrals(struct run *run)
{
  size_t nao = (size_t)run->env->nao;
  size_t n2 = nao * nao;
  int status = VQE_OK;
  double **matrices[] = {&run->overlap, &run->kinetic, &run->hcore,
                         &run->guess, &run->splitter};
  for (size_t k = 0; k < sizeof matrices / sizeof matrices[0]; k++) {
    status = vqe_memory_alloc(matrices[k], n2, sizeof(double),
                              "one-electron integrals");
    if (status != VQE_OK) {
      return status;
    }
  }
  status = vqe_env_one_electron(run->overlap, run->env, VQE_OVERLAP);
  if (status == VQE_OK) {
    status = vqe_env_one_electron(run->kinetic, run->env, VQE_KINETIC);
  }
  if (status == VQE_OK) {
    status = vqe_env_one_electron(run->hcore, run->env, VQE_NUCLEAR);
  }
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < n2; k++) {
    run->hcore[k] += run->kinetic[k];
  }
  return compute_two_electron(run);
}

static void label_elements(int *element, const struct vqe_env *env)
{
  for (int a = 0; a < env->natm; a++) {
    for (int p = env->atom_ao[a]; p < env->atom_ao[a + 1]; p++) {
      element[p] = env->z[a];
    }
  }
}

/* SCF in one frame, kept in run->scf when it is lowest. */
static int solve_in_frame(struct run *run, const struct vqe_frame *frame,
                          bool guessed, const double *start)
{
  struct vqe_symmetry *symmetry = NULL;
  struct vqe_turns *turns = NULL;
  struct vqe_scf *scf = NULL;
  const struct vqe_chem_options *options = &run->options;
  bool direct = run->direct != NULL;
  /* what screening leaves out must not keep SCF from its end */
  double energy_tol = direct ? 1e-10 : 1e-12;
  double gradient_tol = direct ? 1e-7 : 1e-9;
  struct vqe_scf_input input = {
      .name = run->molecule->name,
      .nao = run->env->nao,
      .nalpha = run->nalpha,
      .nbeta = run->nbeta,
      .threads = options->threads,
      .max_cycles =
          options->scf_max_cycles > 0 ? options->scf_max_cycles : 200,
      .energy_tol =
          options->scf_energy_tol > 0 ? options->scf_energy_tol : energy_tol,
      .gradient_tol = options->scf_gradient_tol > 0 ? options->scf_gradient_tol
                                                    : gradient_tol,
      .overlap = run->overlap,
      .hcore = run->hcore,
      .eri = run->eri,
      .direct = run->direct,
      .stop = &run->stop,
      .guess = guessed ? run->guess : NULL,
      .start = start,
      .nstart = start != NULL ? options->follow->nmo : 0,
      .splitter = run->splitter,
      .element = run->element,
  };
  int status = vqe_frame_splitter(run->splitter, run->env, frame);
  if (status == VQE_OK) {
    status = vqe_symmetry_new(&symmetry, run->env, frame);
  }
  if (status == VQE_OK && run->env->nao <= VQE_SCF_MAX_NAO_SEARCH) {
    status = vqe_turns_new(&turns, run->env, frame);
  }
  if (status == VQE_OK) {
    input.symmetry = symmetry;
    input.turns = turns;
    status = vqe_scf_run(&scf, &input);
  }
  if (status == VQE_OK &&
      (run->scf == NULL || scf->energy < run->scf->energy - LOWER_BY)) {
    vqe_scf_free(run->scf);
    run->scf = scf;
    run->frame = *frame;
    scf = NULL;
  }
  vqe_scf_free(scf);
  vqe_symmetry_free(symmetry);
  vqe_turns_free(turns);
  return status;
}

/* The solution beside that of a nearby geometry, its orbitals in the same
 * order. Where none is found the lowest one is looked for. */
static int follow(struct run *run, const struct vqe_frame *frames, int count)
{
  const struct vqe_orbitals *orbitals = run->options.follow;
  double *start = NULL;
  double least = 0.0;
  if (orbitals->nao != run->env->nao || orbitals->frame >= count) {
    return VQE_OK;
  }
  run->frame_number = orbitals->frame;
  struct vqe_frame frame = frames[orbitals->frame];
  int status = vqe_frame_take(&frame, orbitals->axes, run->env);
  if (status == VQE_OK) {
    status = vqe_follow_begin(&start, orbitals, run->overlap);
  }
  if (status == VQE_OK) {
    status = solve_in_frame(run, &frame, false, start);
  }
  free(start);
  if (status == VQE_OK) {
    status = vqe_follow_match(&least, run->scf, orbitals, run->overlap,
                              run->nalpha, run->nbeta);
  }
  /* orbitals that have become others are no start for parameters */
  run->followed = status == VQE_OK && least > LEAST_OVERLAP;
  return status == VQE_ERR_NUMERIC ? VQE_OK : status;
}

/* Where a solution is unstable and the molecule has several frames, another
 * one can keep a symmetry in which a lower solution lies: the energy must not
 * depend on how the molecule lies in space. */
static int solve_scf(struct run *run)
{
  struct vqe_frame frames[VQE_MAX_FRAMES];
  int status = vqe_memory_alloc(&run->element, (size_t)run->env->nao,
                                sizeof(int), "elements of functions");
  if (status != VQE_OK) {
    return status;
  }
  label_elements(run->element, run->env);
  int guessed = vqe_guess_atoms(run->guess, run->env, run->basis);
  if (guessed == VQE_ERR_MEMORY) {
    return guessed;
  }
  int count;
  status = vqe_frame_find(frames, &count, run->env);
  if (status == VQE_OK && run->options.follow != NULL) {
    status = follow(run, frames, count);
  }
  for (int k = 0; status == VQE_OK && !run->followed && k < count &&
                  (k == 0 || run->scf->unstable);
       k++) {
    const struct vqe_scf *before = run->scf;
    status = solve_in_frame(run, &frames[k], guessed == VQE_OK, NULL);
    run->frame_number = run->scf != before ? k : run->frame_number;
  }
  return status;
}

/* Frozen orbitals: their energy, and their mean field in h1e. */
static int add_core(struct vqe_integrals *out, double *field,
                    const struct run *run)
{
  double *work = NULL;
  int nao = run->env->nao;
  int nmo = run->scf->nmo;
  size_t n2 = (size_t)nao * (size_t)nao;
  memcpy(field, run->hcore, n2 * sizeof(double));
  if (run->space.nfrozen == 0) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&work, 3 * n2 + vqe_fock_scratch(nao),
                                sizeof(double), "frozen-core field");
  if (status != VQE_OK) {
    return status;
  }
  double *dm = work;
  double *coulomb = dm + n2;
  double *exchange = coulomb + n2;
  double *packed = exchange + n2;
  for (int p = 0; p < nao; p++) {
    for (int q = 0; q < nao; q++) {
      double sum = 0.0;
      for (int i = 0; i < run->space.nfrozen; i++) {
        sum +=
            run->scf->mo_coeff[p * nmo + i] * run->scf->mo_coeff[q * nmo + i];
      }
      dm[p * nao + q] = 2.0 * sum;
    }
  }
  if (run->eri != NULL) {
    vqe_fock_jk(coulomb, exchange, run->eri, dm, nao, packed,
                run->options.threads);
  } else {
    double *const k[2] = {exchange, NULL};
    const double *const dk[2] = {dm, NULL};
    status = vqe_direct_jk(coulomb, dm, 1, k, dk, run->direct);
  }
  for (size_t k = 0; k < n2; k++) {
    field[k] += coulomb[k] - 0.5 * exchange[k];
  }
  out->e_core =
      0.5 * (vqe_fock_dot(dm, run->hcore, n2) + vqe_fock_dot(dm, field, n2));
  free(work);
  return status;
}

static int add_dipole(struct vqe_integrals *out, const struct run *run)
{
  double *position = NULL;
  int nao = run->env->nao;
  int nmo = run->scf->nmo;
  int norb = out->norb;
  int first = run->space.nfrozen;
  size_t n2 = (size_t)nao * (size_t)nao;
  int status =
      vqe_memory_alloc(&position, 3 * n2, sizeof(double), "dipole integrals");
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_env_one_electron(position, run->env, VQE_POSITION);
  for (int k = 0; status == VQE_OK && k < 3; k++) {
    const double *matrix = position + (size_t)k * n2;
    status = vqe_transform_matrix(
        out->dipole_ints + (size_t)k * (size_t)(norb * norb), matrix,
        run->scf->mo_coeff, nao, nmo, first, norb);
    double sum = 0.0;
    for (int a = 0; a < run->env->natm; a++) {
      sum += run->env->z[a] * run->env->xyz[3 * a + k];
    }
    for (int i = 0; i < first; i++) {
      for (int p = 0; p < nao; p++) {
        for (int q = 0; q < nao; q++) {
          sum -= 2.0 * run->scf->mo_coeff[p * nmo + i] * matrix[p * nao + q] *
                 run->scf->mo_coeff[q * nmo + i];
        }
      }
    }
    out->dipole_core[k] = sum;
  }
  free(position);
  return status;
}

/* The same integrals over all orbitals. */
static int keep_whole(struct vqe_integrals *out, const struct run *run)
{
  struct vqe_integrals *whole = NULL;
  double *position = NULL;
  const struct vqe_scf *scf = run->scf;
  int nao = run->env->nao;
  int nmo = scf->nmo;
  size_t n2 = (size_t)nao * (size_t)nao;
  int status = vqe_integrals_new(&whole, nmo, true);
  out->whole = whole;
  if (status == VQE_OK) {
    whole->nalpha = run->nalpha;
    whole->nbeta = run->nbeta;
    status = vqe_transform_matrix(whole->h1e, run->hcore, scf->mo_coeff, nao,
                                  nmo, 0, nmo);
  }
  if (status == VQE_OK) {
    status = vqe_transform_functions(whole->eri, run->eri, run->direct,
                                     scf->mo_coeff, nao, nmo, 0, nmo,
                                     run->options.threads);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&position, 3 * n2, sizeof(double),
                              "dipole integrals");
  }
  if (status == VQE_OK) {
    status = vqe_env_one_electron(position, run->env, VQE_POSITION);
  }
  for (int k = 0; status == VQE_OK && k < 3; k++) {
    status = vqe_transform_matrix(
        whole->dipole_ints + (size_t)k * (size_t)(nmo * nmo),
        position + (size_t)k * n2, scf->mo_coeff, nao, nmo, 0, nmo);
  }
  free(position);
  return status;
}

/* What SCF and the space say about the result. */
static int describe(struct vqe_integrals *out, const struct run *run)
{
  const struct vqe_scf *scf = run->scf;
  out->nalpha = run->space.nalpha;
  out->nbeta = run->space.nbeta;
  out->nfrozen = run->space.nfrozen;
  out->nuclear_repulsion = vqe_molecule_nuclear_repulsion(run->molecule);
  out->hf_energy = scf->energy + out->nuclear_repulsion;
  out->scf_cycles = scf->cycles;
  out->followed = run->followed;
  snprintf(out->method, sizeof out->method, "%s",
           run->nalpha == run->nbeta ? "RHF" : "ROHF");
  memcpy(out->scf_note, scf->note, sizeof out->scf_note);
  memcpy(out->orbital_energies, scf->mo_energy + out->nfrozen,
         (size_t)out->norb * sizeof(double));
  int status = vqe_notes_join(&out->notes, scf->notes);
  if (status == VQE_OK) {
    status = vqe_notes_join(&out->notes, run->chosen.notes);
  }
  if (status == VQE_OK && run->options.active_space == NULL) {
    status = vqe_space_note_splits(&out->notes, scf->mo_energy, scf->nmo,
                                   run->nalpha, run->nbeta, out->nfrozen,
                                   out->norb);
  }
  if (status == VQE_OK && vqe_basis_is_cartesian(run->basis)) {
    /* programs differ in what they make of such a file */
    status = vqe_notes_add(&out->notes, VQE_NOTE_CARTESIAN_FUNCTIONS,
                           "the basis asks for Cartesian functions, "
                           "which are used");
  }
  return status;
}

/* The active orbitals in words. */
static int label(struct vqe_integrals *out, const struct run *run)
{
  const struct vqe_mo_scene scene = {.molecule = run->molecule,
                                     .basis = run->basis,
                                     .env = run->env,
                                     .frame = &run->frame,
                                     .overlap = run->overlap,
                                     .mo_coeff = run->scf->mo_coeff,
                                     .nmo = run->scf->nmo};
  bool mixed =
      run->options.active_space != NULL && run->chosen.numbers == NULL;
  int status = vqe_memory_alloc(&out->orbitals, (size_t)out->norb,
                                sizeof *out->orbitals, "active orbitals");
  if (status == VQE_OK) {
    status = vqe_mo_label(out->orbitals, out->nfrozen, out->norb, &scene);
  }
  for (int k = 0; status == VQE_OK && k < out->norb; k++) {
    struct vqe_orbital *orbital = &out->orbitals[k];
    orbital->number = mixed ? 0 : out->nfrozen + k + 1;
    if (run->chosen.numbers != NULL) {
      orbital->number = run->chosen.numbers[k];
    }
    orbital->energy = out->orbital_energies[k];
    orbital->occupation = run->chosen.occupations != NULL
                              ? run->chosen.occupations[k]
                              : (k < out->nalpha) + (double)(k < out->nbeta);
  }
  return status;
}

static int transform(struct vqe_integrals **result, const struct run *run)
{
  struct vqe_integrals *out = NULL;
  double *field = NULL;
  const struct vqe_scf *scf = run->scf;
  int nao = run->env->nao;
  int first = run->space.nfrozen;
  int norb = run->space.norb;
  VQE_ASSERT(first >= 0 && first + norb <= scf->nmo && scf->nmo <= nao);
  int status = vqe_integrals_new(&out, norb, true);
  if (status == VQE_OK) {
    status = describe(out, run);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&field, (size_t)nao * (size_t)nao,
                              sizeof(double), "frozen-core field");
  }
  if (status == VQE_OK) {
    status = add_core(out, field, run);
  }
  if (status == VQE_OK) {
    status = vqe_transform_matrix(out->h1e, field, scf->mo_coeff, nao,
                                  scf->nmo, first, norb);
  }
  if (status == VQE_OK) {
    status = vqe_transform_functions(out->eri, run->eri, run->direct,
                                     scf->mo_coeff, nao, scf->nmo, first, norb,
                                     run->options.threads);
  }
  if (status == VQE_OK) {
    status = add_dipole(out, run);
  }
  if (status == VQE_OK && run->options.keep_all) {
    status = keep_whole(out, run);
  }
  if (status == VQE_OK && run->options.keep_orbitals) {
    status = vqe_follow_keep(&out->to_follow, scf, run->overlap, nao,
                             run->frame_number, &run->frame);
  }
  if (status == VQE_OK && run->options.keep_functions) {
    status =
        vqe_functions_new(&out->functions, run->env, scf->mo_coeff, scf->nmo);
  }
  if (status == VQE_OK) {
    status = vqe_reference_mp2(out);
  }
  if (status == VQE_OK && run->options.label_orbitals) {
    status = label(out, run);
  }
  free(field);
  if (status != VQE_OK) {
    vqe_integrals_free(out);
    return status;
  }
  *result = out;
  return VQE_OK;
}

void vqe_chem_options_init(struct vqe_chem_options *options)
{
  if (options == NULL) {
    return;
  }
  *options = (struct vqe_chem_options)VQE_CHEM_OPTIONS_INIT;
}

int vqe_chem_run(struct vqe_integrals **out,
                 const struct vqe_molecule *molecule,
                 const struct vqe_chem_options *options)
{
  int missing =
      vqe_missing(__func__, "out molecule options", out, molecule, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct run run = {.molecule = molecule};
  char where[128];
  double start = vqe_clock_wall();
  int status = vqe_struct_size_check("vqe_chem_options", options->size,
                                     sizeof *options);
  if (status == VQE_OK) {
    status = vqe_missing(
        __func__,
        "options->basis molecule->symbols molecule->z molecule->coords",
        options->basis, molecule->symbols, molecule->z, molecule->coords);
  }
  if (status != VQE_OK) {
    return status;
  }
  run.options = *options;
  run.stop.ask = options->should_stop;
  run.stop.ctx = options->ctx;
  snprintf(where, sizeof where, "molecule '%.64s'", molecule->name);
  if (run.options.threads < 1) {
    run.options.threads = 1;
  }
  /* BLAS on one thread: results must not depend on what the launcher binds a
   * rank to, and our own loops are threaded around it */
  status = vqe_blas_room_reserve(run.options.threads);
  if (status == VQE_OK) {
    openblas_set_num_threads(1);
    status = prepare(&run);
  }
  if (status == VQE_OK) {
    run.env->stop = &run.stop;
    status = compute_integrals(&run);
  }
  double integrals_done = vqe_clock_wall();
  if (status == VQE_OK) {
    status = solve_scf(&run);
  }
  double scf_done = vqe_clock_wall();
  if (status == VQE_OK) {
    status = choose_space(&run, where);
  }
  if (status == VQE_OK) {
    status = transform(out, &run);
  }
  if (status == VQE_OK) {
    (*out)->seconds_integrals = integrals_done - start;
    (*out)->seconds_scf = scf_done - integrals_done;
    (*out)->seconds_transform = vqe_clock_wall() - scf_done;
  }
  /* what was made since is unfinished, and its failures mean nothing */
  int stopped = vqe_stop_status(&run.stop);
  if (stopped != VQE_OK && status == VQE_OK) {
    vqe_integrals_free(*out);
    *out = NULL;
  }
  status = stopped != VQE_OK ? stopped : status;
  run_free(&run);
  return status;
}
