#include "chem/scf.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "chem/diis.h"
#include "chem/fock.h"
#include "chem/follow.h"
#include "chem/scf_moves.h"
#include "chem/scf_work.h"
#include "chem/stability.h"

#define DIIS_CYCLES 40
#define LOWER_BY 1e-7     /* hartree */
#define SAME_ENERGY 1e-8  /* hartree */
#define SADDLE (-1e-5)    /* hartree */
#define UNSTABLE (-1e-4)  /* hartree */
#define SMALL_GAP 0.2     /* hartree: charges are tried too */
#define WORTH_SAYING 1e-7 /* hartree, of a gradient */
#define MAX_TRIALS 48     /* occupations */
#define MAX_SETS 3        /* of atoms, two of which are turned at once */
#define NEAR_ENERGY 0.03  /* hartree: a start worth second-order steps */

/* Orbitals that converged. */
struct solution {
  bool found;
  double energy;
  double gradient;
  double *c;
  int *irrep;
};

struct search {
  struct vqe_scf *scf;
  struct vqe_scf_work *work;
  struct solution best;
  int trials;
  bool difficult; /* a plain start did not do */
  bool checked;   /* the least curvature at checked_energy is known */
  double checked_energy, curvature;
};

/* Raise the levels of the functions of one element, so that their electrons
 * leave, or lower them. */
static void shift_element(struct vqe_scf_work *work, int z, double shift)
{
  const int *element = work->in->element;
  int n = work->in->nao;
  for (int p = 0; p < n; p++) {
    for (int q = 0; q < n; q++) {
      double share = 0.5 * ((element[p] == z) + (element[q] == z));
      work->mixed[p * n + q] += shift * share * work->in->overlap[p * n + q];
    }
  }
}

/* Where a search begins. */
struct start {
  const double *guess; /* a density, or NULL: the core Hamiltonian */
  int element;         /* whose levels are shifted, or 0 */
  double shift;        /* hartree */
};

/* The first orbitals. */
static int start_orbitals(struct vqe_scf_work *work, const struct start *start)
{
  const double *guess = start->guess;
  const struct vqe_scf_input *in = work->in;
  size_t n2 = vqe_scf_squared(in->nao);
  memcpy(work->mixed, in->hcore, n2 * sizeof(double));
  if (guess != NULL) {
    double *const exchange[2] = {work->exchange_a, NULL};
    const double *const dk[2] = {guess, NULL};
    int status =
        vqe_scf_jk(work->coulomb, guess, exchange, dk, in, work->packed);
    if (status != VQE_OK) {
      return status;
    }
    for (size_t k = 0; k < n2; k++) {
      work->mixed[k] += work->coulomb[k] - 0.5 * work->exchange_a[k];
    }
  }
  if (start->element != 0) {
    shift_element(work, start->element, start->shift);
  }
  int status = vqe_scf_diagonalise(work, work->mixed);
  if (status == VQE_OK) {
    vqe_scf_occupy(work, NULL, false);
  }
  return status;
}

/* DIIS from the orbitals in work->mo_coeff, at a fixed occupation unless it is
 * NULL. */
static int run_diis(bool *converged, int *cycles, struct vqe_scf_work *work,
                    const struct vqe_scf_occupation *occupation,
                    int max_cycles)
{
  size_t n2 = vqe_scf_squared(work->in->nao);
  double last = HUGE_VAL;
  int status = VQE_OK;
  *converged = false;
  vqe_diis_reset(work->diis);
  for (int cycle = 0; status == VQE_OK && cycle < max_cycles; cycle++) {
    vqe_scf_build_fock(work);
    vqe_scf_build_gradient(work);
    ++*cycles;
    *converged = vqe_scf_is_converged(work, last);
    if (*converged || !isfinite(work->energy)) {
      break;
    }
    last = work->energy;
    memcpy(work->mixed, work->fock, n2 * sizeof(double));
    vqe_diis_extrapolate(work->diis, work->mixed, work->error,
                         vqe_scf_squared(work->nmo));
    status = vqe_scf_diagonalise(work, work->mixed);
    if (status == VQE_OK) {
      vqe_scf_occupy(work, occupation, !work->closed);
    }
  }
  return status;
}

/* Keep what converged when it is lower; *lower says so. */
static void keep(bool *lower, struct search *search)
{
  struct vqe_scf_work *work = search->work;
  struct solution *best = &search->best;
  *lower = !best->found || work->energy < best->energy - LOWER_BY;
  if (*lower) {
    best->found = true;
    best->energy = work->energy;
    best->gradient = work->gradient;
    memcpy(best->c, work->mo_coeff,
           (size_t)work->in->nao * (size_t)work->nmo * sizeof(double));
    memcpy(best->irrep, work->irrep, (size_t)work->nmo * sizeof(int));
  }
}

/* Is the solution in work a saddle point of rotations of any symmetry? Not
 * asked again for a solution of the same energy. Cost: at most 20 products
 * with the Hessian. */
static int find_curvature(struct search *search)
{
  struct vqe_scf_work *work = search->work;
  struct vqe_scf_hessian h;
  if (search->checked &&
      fabs(work->energy - search->checked_energy) < SAME_ENERGY) {
    return VQE_OK;
  }
  int status =
      vqe_scf_hessian_init(&h, work->in, work->nmo, work->mo_coeff,
                           work->closed ? work->fock : work->fock_a,
                           work->closed ? work->fock : work->fock_b, NULL);
  if (status == VQE_OK) {
    status = vqe_stability_lowest(&search->curvature, NULL, &h);
  }
  if (status == VQE_OK) {
    search->checked = true;
    search->checked_energy = work->energy;
  }
  vqe_scf_hessian_clear(&h);
  return status;
}

/* Go on from saddle points that keep the irreps, as long as that leads
 * lower. */
static int leave_saddles(bool *lower, int *cycles, struct search *search)
{
  struct vqe_scf_work *work = search->work;
  int limit = work->in->max_cycles;
  int status = find_curvature(search);
  bool going = status == VQE_OK && search->curvature < SADDLE;
  while (status == VQE_OK && going && *cycles < limit) {
    status = vqe_scf_leave_saddle(&going, cycles, work);
    if (status == VQE_OK && going) {
      bool found = false;
      search->difficult = true;
      status = vqe_scf_newton(&going, cycles, work, limit - *cycles);
      if (status == VQE_OK && going) {
        keep(&found, search);
        *lower = *lower || found;
      }
    }
  }
  return status;
}

/* From the orbitals in work->mo_coeff to a minimum within the irreps: DIIS,
 * then second order where that stalls, and away from saddle points. What
 * converges is kept when it is lower than all before, which *lower says.
 * Where something is kept, a failure here only ends this attempt. */
static int converge(bool *lower, int *cycles, struct search *search,
                    const struct vqe_scf_occupation *occupation,
                    bool second_order)
{
  struct vqe_scf_work *work = search->work;
  bool converged = false;
  int limit = work->in->max_cycles;
  int diis_cycles = limit < DIIS_CYCLES ? limit : DIIS_CYCLES;
  *lower = false;
  int status = run_diis(&converged, cycles, work, occupation,
                        second_order ? 0 : diis_cycles);
  if (status == VQE_OK && !converged && *cycles < limit) {
    search->difficult = true;
    status = vqe_scf_newton(&converged, cycles, work, limit - *cycles);
  }
  if (status == VQE_OK && converged) {
    keep(lower, search);
    if (work->in->nao <= VQE_SCF_MAX_NAO_SEARCH) {
      status = leave_saddles(lower, cycles, search);
    }
  }
  return status == VQE_ERR_NUMERIC && search->best.found ? VQE_OK : status;
}

/* Make the best solution the orbitals in work->mo_coeff. */
static void restore(struct search *search)
{
  struct vqe_scf_work *work = search->work;
  memcpy(work->mo_coeff, search->best.c,
         (size_t)work->in->nao * (size_t)work->nmo * sizeof(double));
  memcpy(work->irrep, search->best.irrep, (size_t)work->nmo * sizeof(int));
  vqe_scf_build_fock(work);
}

static int try_start(bool *lower, struct search *search,
                     const struct start *start)
{
  int cycles = 0;
  *lower = false;
  int status = start_orbitals(search->work, start);
  if (status == VQE_OK) {
    status =
        converge(lower, &cycles, search, NULL, search->work->in->second_order);
  }
  search->scf->cycles += *lower || !search->best.found ? cycles : 0;
  return status;
}

/* ---- other occupations ---- */

static int try_move(bool *lower, struct search *search,
                    const struct vqe_scf_move *move)
{
  struct vqe_scf_work *work = search->work;
  struct vqe_scf_occupation occupation;
  int cycles = 0;
  *lower = false;
  restore(search);
  vqe_scf_count(&occupation, work);
  occupation.closed[move->to] += move->closed;
  occupation.closed[move->from] -= move->closed;
  occupation.open[move->to] += move->open;
  occupation.open[move->from] -= move->open;
  int status = vqe_scf_diagonalise(work, work->fock);
  if (status == VQE_OK) {
    vqe_scf_occupy(work, &occupation, !work->closed);
    if (move->from == move->to) {
      vqe_scf_exchange(work, move);
    }
    status =
        converge(lower, &cycles, search, &occupation, move->from == move->to);
  }
  search->scf->cycles += *lower ? cycles : 0;
  return status;
}

/* Fill near levels the other way for as long as that leads lower. *gap is the
 * least between filled and empty levels. */
static int try_occupations(double *gap, struct search *search)
{
  struct vqe_scf_moves list;
  int status = VQE_OK;
  bool lower = true;
  *gap = HUGE_VAL;
  while (status == VQE_OK && lower && search->trials < MAX_TRIALS) {
    lower = false;
    restore(search);
    vqe_scf_list_moves(&list, search->work);
    *gap = list.count > 0 ? list.items[0].gap : HUGE_VAL;
    for (int k = 0; status == VQE_OK && k < list.count && !lower &&
                    search->trials < MAX_TRIALS;
         k++) {
      search->trials++;
      status = try_move(&lower, search, &list.items[k]);
    }
  }
  return status;
}

/* Starts in which electrons have come to or left the atoms of one element:
 * ionic and covalent solutions cross where bonds are stretched. */
static int try_charges(bool *lower, struct search *search)
{
  static const double shifts[] = {-0.7, 0.7, -0.35, 0.35}; /* hartree */
  const struct vqe_scf_input *in = search->work->in;
  int status = VQE_OK;
  *lower = false;
  for (int p = 0; status == VQE_OK && p < in->nao; p++) {
    bool first = true;
    bool only = true;
    for (int q = 0; q < in->nao; q++) {
      first = first && !(q < p && in->element[q] == in->element[p]);
      only = only && in->element[q] == in->element[p];
    }
    for (int k = 0; status == VQE_OK && first && !only && k < 4; k++) {
      bool found = false;
      struct start start = {in->guess, in->element[p], shifts[k]};
      status = try_start(&found, search, &start);
      *lower = *lower || found;
    }
  }
  return status;
}

/* Orbitals in work of the best solution with some atoms turned: those of its
 * density, which are of one irrep each, most occupied first. */
static int turned_orbitals(struct search *search, const int set[2],
                           const int turn[2])
{
  struct vqe_scf_work *work = search->work;
  const struct vqe_scf_input *in = work->in;
  int n = in->nao;
  double *scratch = NULL;
  restore(search);
  int status = vqe_memory_alloc(&scratch, 3 * vqe_scf_squared(n),
                                sizeof(double), "turned atoms");
  if (status == VQE_OK) {
    double *turned = scratch + 2 * vqe_scf_squared(n);
    vqe_turns_apply(turned, in->turns, work->dm, n, set, turn, scratch);
    vqe_scf_multiply(work->t1, in->overlap, false, turned, false, n, n, n);
    vqe_scf_multiply(work->mixed, work->t1, false, in->overlap, false, n, n,
                     n);
    cblas_dscal(n * n, -1.0, work->mixed, 1);
    status = vqe_scf_diagonalise(work, work->mixed);
  }
  if (status == VQE_OK) {
    vqe_scf_occupy(work, NULL, false);
    vqe_scf_build_fock(work);
  }
  free(scratch);
  return status;
}

/* Energies of turned starts, each of which is followed once. */
struct seen {
  int count;
  double energies[MAX_SETS * MAX_SETS * VQE_TURNS * VQE_TURNS];
};

static bool is_new(struct seen *seen, double energy)
{
  for (int k = 0; k < seen->count; k++) {
    if (fabs(energy - seen->energies[k]) < SAME_ENERGY) {
      return false;
    }
  }
  seen->energies[seen->count++] = energy;
  return true;
}

static int try_turned(bool *lower, struct search *search, struct seen *seen,
                      const int set[2], const int turn[2])
{
  struct vqe_scf_occupation occupation;
  struct vqe_scf_work *work = search->work;
  int cycles = 0;
  *lower = false;
  int status = turned_orbitals(search, set, turn);
  if (status == VQE_OK && work->energy < search->best.energy + NEAR_ENERGY &&
      is_new(seen, work->energy)) {
    vqe_scf_count(&occupation, work);
    status = converge(lower, &cycles, search, &occupation, true);
  }
  search->scf->cycles += *lower ? cycles : 0;
  return status;
}

/* Turn the atoms of one or two sets. The energy of such a start is near that
 * of the solution where the atoms are far, and where they are not it is
 * left. */
static int try_turns(bool *lower, struct search *search)
{
  struct seen seen = {1, {search->best.energy}};
  int nset = search->work->in->turns->nset;
  int second = nset > 1 ? VQE_TURNS : 1; /* turns of the second set */
  int status = VQE_OK;
  *lower = false;
  for (int a = 0; a < nset; a++) {
    for (int b = nset > 1 ? a + 1 : 0; b < nset; b++) {
      for (int k = 1; status == VQE_OK && k < VQE_TURNS * second; k++) {
        const int set[2] = {a, b};
        const int turn[2] = {k / second, k % second};
        bool found = false;
        status = try_turned(&found, search, &seen, set, turn);
        *lower = *lower || found;
      }
    }
  }
  return status;
}

/* ---- the run ---- */

/* Say so when the solution is a saddle point of all rotations. It is kept:
 * the lower one has broken the symmetry that later steps live on. */
static int note_saddle(struct search *search)
{
  int status = find_curvature(search);
  search->scf->unstable = status == VQE_OK && search->curvature < UNSTABLE;
  if (search->scf->unstable) {
    status = vqe_notes_add(&search->scf->notes, VQE_NOTE_UNSTABLE_REFERENCE,
                           "not a minimum: the orbital Hessian has an "
                           "eigenvalue of %.3f hartree or less",
                           search->curvature);
  }
  return status;
}

static int not_converged(const struct vqe_scf *scf,
                         const struct vqe_scf_work *work)
{
  return vqe_error_set(
      VQE_ERR_NUMERIC,
      "molecule '%.64s': SCF did not converge in %d cycles: electronic energy "
      "%.10f hartree, gradient %.2e (%.1e wanted); check geometry, charge and "
      "multiplicity, or allow more cycles",
      work->in->name, scf->cycles, work->energy, work->gradient,
      work->gradient_tol);
}

/* From the orbitals of a nearby geometry to the solution beside them. */
static int follow(struct search *search)
{
  struct vqe_scf_work *work = search->work;
  struct vqe_scf_occupation occupation;
  bool found = false;
  bool lower = false;
  int cycles = 0;
  int status = vqe_follow_orbitals(&found, work);
  if (status == VQE_OK && found) {
    vqe_scf_count(&occupation, work);
    status = converge(&lower, &cycles, search, &occupation, true);
  }
  search->scf->cycles += cycles;
  if (status == VQE_OK && !search->best.found) {
    status = vqe_error_set(VQE_ERR_NUMERIC,
                           "molecule '%.64s': SCF does not converge from the "
                           "orbitals of its neighbour",
                           work->in->name);
  }
  if (status == VQE_OK) {
    restore(search);
  }
  return status;
}

/* From every start to the lowest solution. */
static int search_lowest(struct search *search)
{
  const struct vqe_scf_input *in = search->work->in;
  bool small = in->nao <= VQE_SCF_MAX_NAO_SEARCH;
  bool choice = in->nalpha > 0 && in->nbeta < search->work->nmo;
  bool lower = false;
  int status = try_start(&lower, search, &(struct start){in->guess, 0, 0.0});
  if (status == VQE_OK && in->guess != NULL && choice &&
      (search->best.found ? small : search->scf->cycles < in->max_cycles)) {
    double before = search->best.energy;
    bool had = search->best.found;
    status = try_start(&lower, search, &(struct start){NULL, 0, 0.0});
    if (status == VQE_OK && had && lower) {
      search->difficult = true;
      char text[96];
      snprintf(text, sizeof text,
               "core guess found a solution %.3e hartree lower",
               before - search->best.energy);
      vqe_scf_add_note(search->scf->note, text);
    }
  }
  if (status == VQE_OK && !search->best.found) {
    status = not_converged(search->scf, search->work);
  }
  if (status == VQE_OK && choice) {
    double before = search->best.energy;
    double gap = HUGE_VAL;
    bool lower_charges = false;
    bool lower_turns = false;
    bool difficult = search->difficult;
    status = try_occupations(&gap, search);
    difficult = difficult || !search->work->closed || gap < SMALL_GAP ||
                search->best.energy < before;
    if (status == VQE_OK && difficult && small && in->element != NULL) {
      status = try_charges(&lower_charges, search);
    }
    if (status == VQE_OK && lower_charges) {
      status = try_occupations(&gap, search);
    }
    if (status == VQE_OK && difficult && in->turns != NULL &&
        in->turns->nset <= MAX_SETS) {
      status = try_turns(&lower_turns, search);
    }
    if (status == VQE_OK && lower_turns) {
      status = try_occupations(&gap, search);
    }
    if (status == VQE_OK && search->best.energy < before) {
      char text[96];
      snprintf(text, sizeof text,
               "another start or occupation lies %.3e hartree lower",
               before - search->best.energy);
      vqe_scf_add_note(search->scf->note, text);
    }
  }
  if (status == VQE_OK) {
    restore(search);
  }
  if (status == VQE_OK && search->best.gradient > search->work->gradient_tol &&
      search->best.gradient > WORTH_SAYING) {
    status = vqe_notes_add(&search->scf->notes, VQE_NOTE_REFERENCE,
                           "orbital gradient converged to %.0e only",
                           search->best.gradient);
  }
  return status;
}

static int allocate(struct vqe_scf **out, struct search *search, size_t n)
{
  int status = vqe_memory_alloc(out, 1, sizeof **out, "SCF result");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&(*out)->mo_coeff, n * n, sizeof(double), "orbitals");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&(*out)->mo_energy, n, sizeof(double),
                              "orbital energies");
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&search->best.c, n * n, sizeof(double), "orbitals");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&search->best.irrep, n, sizeof(int), "irreps");
  }
  return status;
}

/* What a nearly dependent basis costs. */
static int check_basis(struct vqe_scf *scf, const struct vqe_scf_work *work)
{
  const struct vqe_scf_input *in = work->in;
  int status = VQE_OK;
  if (work->nmo < in->nalpha) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "molecule '%.64s': %d alpha electrons do not fit "
                         "the %d independent basis functions; check "
                         "charge and multiplicity, or use a larger basis",
                         in->name, in->nalpha, work->nmo);
  }
  if (work->nmo < in->nao) {
    status = vqe_notes_add(&scf->notes, VQE_NOTE_LINEAR_DEPENDENCE,
                           "%d of %d basis functions are linearly dependent "
                           "and left out",
                           in->nao - work->nmo, in->nao);
  }
  if (status == VQE_OK && work->gradient_tol > in->gradient_tol) {
    status = vqe_notes_add(&scf->notes, VQE_NOTE_LINEAR_DEPENDENCE,
                           "the basis is nearly dependent: gradient converged "
                           "to %.0e",
                           work->gradient_tol);
  }
  scf->nmo = work->nmo;
  return status;
}

int vqe_scf_run(struct vqe_scf **out, const struct vqe_scf_input *input)
{
  struct vqe_scf_work work;
  struct vqe_scf *scf = NULL;
  struct search search = {0};
  int status = vqe_scf_work_alloc(&work, input);
  search.work = &work;
  if (status == VQE_OK) {
    status = allocate(&scf, &search, (size_t)input->nao);
  }
  search.scf = scf;
  if (status == VQE_OK) {
    status = vqe_scf_orthogonalise(&work);
  }
  if (status == VQE_OK) {
    status = check_basis(scf, &work);
  }
  if (status == VQE_OK) {
    status = input->start != NULL ? follow(&search) : search_lowest(&search);
  }
  if (status == VQE_OK && input->nao <= VQE_SCF_MAX_NAO_SEARCH) {
    status = note_saddle(&search);
  }
  if (status == VQE_OK) {
    scf->energy = work.energy;
    status = vqe_scf_canonicalise(scf, &work);
  }
  if (status == VQE_OK) {
    *out = scf;
    scf = NULL;
  }
  free(search.best.c);
  free(search.best.irrep);
  vqe_scf_free(scf);
  vqe_scf_work_free(&work);
  return status;
}

void vqe_scf_free(struct vqe_scf *scf)
{
  if (scf == NULL) {
    return;
  }
  free(scf->mo_coeff);
  free(scf->mo_energy);
  free(scf->notes);
  free(scf);
}
