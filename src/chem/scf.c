#include "chem/scf.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "chem/diis.h"
#include "chem/fock.h"
#include "chem/frame.h"
#include "chem/scf_work.h"
#include "chem/stability.h"

/* Eigenvalues of the overlap below this are linear dependences. */
#define MIN_OVERLAP 1e-6
/* Below this rounding shows, and convergence is asked for less strictly. */
#define ILL_OVERLAP 1e-5
/* Up to this size a second solution is looked for, and stability checked. */
#define MAX_NAO_SECOND 64
#define LOWER_BY 1e-7    /* hartree */
#define UNSTABLE (-1e-4) /* hartree */

/* How a stage runs; the next one starts when it has used its cycles. */
struct stage {
  bool core_guess;
  int damped_cycles; /* before DIIS sets in */
  double damping;    /* share of the old Fock matrix */
  double shift;      /* hartree, of virtual orbitals */
  int max_cycles;
};

static const struct stage stages[] = {
    {false, 0, 0.0, 0.0, 50},
    {false, 8, 0.5, 0.3, 50},
    {false, 15, 0.7, 1.0, 60},
    {true, 15, 0.7, 0.5, 1000000},
};
#define NSTAGE ((int)(sizeof stages / sizeof stages[0]))

/* Canonical orthogonalisation (Lowdin, Adv. Quantum Chem. 5, 185 (1970)):
 * eigenvectors of the overlap, scaled, without those of eigenvalue nearly 0.
 */
static int orthogonalise(struct vqe_scf_work *work)
{
  int n = work->in->nao;
  double *vectors = work->t1;
  double *eigenvalues = work->order;
  memcpy(vectors, work->in->overlap, vqe_scf_squared(n) * sizeof(double));
  if (LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', n, vectors, n, eigenvalues) !=
      0) {
    return vqe_error_set(VQE_ERR_NUMERIC,
                         "molecule '%.64s': the overlap matrix could not be "
                         "diagonalised; check the geometry",
                         work->in->name);
  }
  int dropped = 0;
  while (dropped < n && eigenvalues[dropped] < MIN_OVERLAP) {
    dropped++;
  }
  work->nmo = n - dropped;
  work->energy_tol = work->in->energy_tol;
  work->gradient_tol = work->in->gradient_tol;
  if (dropped < n && eigenvalues[dropped] < ILL_OVERLAP) {
    /* what rounding leaves of a gradient over these functions */
    double least = 1e-12 / eigenvalues[dropped];
    work->gradient_tol = fmax(work->gradient_tol, least);
    work->energy_tol = fmax(work->energy_tol, 1e-9);
  }
  for (int i = dropped; i < n; i++) {
    double scale = 1.0 / sqrt(eigenvalues[i]);
    for (int p = 0; p < n; p++) {
      work->x[p * work->nmo + i - dropped] = vectors[i * n + p] * scale;
    }
  }
  return VQE_OK;
}

/* Density of the first `nocc` orbitals. */
static void density(double *dm, const struct vqe_scf_work *work, int nocc)
{
  int n = work->in->nao;
  if (nocc == 0) {
    memset(dm, 0, vqe_scf_squared(n) * sizeof(double));
    return;
  }
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, nocc, 1.0,
              work->mo_coeff, work->nmo, work->mo_coeff, work->nmo, 0.0, dm,
              n);
}

/* out += scale * l^T m r */
static void add_projected(struct vqe_scf_work *work, double scale,
                          const double *l, const double *m, const double *r)
{
  int n = work->in->nao;
  vqe_scf_multiply(work->mixed, m, false, r, false, n, n, n);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, n, n, scale, l, n,
              work->mixed, n, 1.0, work->fock, n);
}

/* Guest and Saunders' effective Fock matrix: (Fa + Fb)/2 within the closed,
 * open and virtual spaces and between closed and virtual, Fb between closed
 * and open, Fa between open and virtual (Mol. Phys. 28, 819 (1974)). */
static void effective_fock(struct vqe_scf_work *work)
{
  int n = work->in->nao;
  size_t n2 = vqe_scf_squared(n);
  const double *s = work->in->overlap;
  double *pc = work->t1;
  double *po = work->t2;
  double *pv = work->t3;
  double *mean = work->coulomb;
  for (size_t k = 0; k < n2; k++) {
    mean[k] = 0.5 * (work->fock_a[k] + work->fock_b[k]);
  }
  vqe_scf_multiply(pc, work->dm_b, false, s, false, n, n, n);
  vqe_scf_multiply(pv, work->dm_a, false, s, false, n, n, n);
  for (size_t k = 0; k < n2; k++) {
    po[k] = pv[k] - pc[k];
    pv[k] = -pv[k];
  }
  for (int p = 0; p < n; p++) {
    pv[p * n + p] += 1.0;
  }
  memset(work->fock, 0, n2 * sizeof(double));
  add_projected(work, 0.5, pc, mean, pc);
  add_projected(work, 0.5, po, mean, po);
  add_projected(work, 0.5, pv, mean, pv);
  add_projected(work, 1.0, po, work->fock_b, pc);
  add_projected(work, 1.0, po, work->fock_a, pv);
  add_projected(work, 1.0, pv, mean, pc);
  for (int p = 0; p < n; p++) {
    for (int q = 0; q <= p; q++) {
      double sum = work->fock[p * n + q] + work->fock[q * n + p];
      work->fock[p * n + q] = sum;
      work->fock[q * n + p] = sum;
    }
  }
}

/* Densities, Fock matrix and electronic energy of the orbitals in `c`. */
static void build_fock(struct vqe_scf_work *work)
{
  const struct vqe_scf_input *in = work->in;
  size_t n2 = vqe_scf_squared(in->nao);
  density(work->dm_a, work, in->nalpha);
  if (work->closed) {
    for (size_t k = 0; k < n2; k++) {
      work->dm[k] = 2.0 * work->dm_a[k];
    }
    vqe_fock_jk(work->coulomb, work->exchange_a, in->eri, work->dm, in->nao,
                work->packed, in->threads);
    for (size_t k = 0; k < n2; k++) {
      work->fock[k] =
          in->hcore[k] + work->coulomb[k] - 0.5 * work->exchange_a[k];
    }
    work->energy = 0.5 * (vqe_fock_dot(work->dm, in->hcore, n2) +
                          vqe_fock_dot(work->dm, work->fock, n2));
    return;
  }
  density(work->dm_b, work, in->nbeta);
  for (size_t k = 0; k < n2; k++) {
    work->dm[k] = work->dm_a[k] + work->dm_b[k];
  }
  vqe_fock_jk(work->coulomb, NULL, in->eri, work->dm, in->nao, work->packed,
              in->threads);
  vqe_fock_jk(NULL, work->exchange_a, in->eri, work->dm_a, in->nao,
              work->packed, in->threads);
  vqe_fock_jk(NULL, work->exchange_b, in->eri, work->dm_b, in->nao,
              work->packed, in->threads);
  for (size_t k = 0; k < n2; k++) {
    double both = in->hcore[k] + work->coulomb[k];
    work->fock_a[k] = both - work->exchange_a[k];
    work->fock_b[k] = both - work->exchange_b[k];
  }
  work->energy = 0.5 * (vqe_fock_dot(work->dm, in->hcore, n2) +
                        vqe_fock_dot(work->dm_a, work->fock_a, n2) +
                        vqe_fock_dot(work->dm_b, work->fock_b, n2));
  effective_fock(work);
}

/* FDS - SDF: its largest element, and itself over orthonormal functions. With
 * functions left out only the latter vanishes at convergence. */
static void build_gradient(struct vqe_scf_work *work)
{
  int n = work->in->nao;
  vqe_scf_multiply(work->t1, work->fock, false, work->dm, false, n, n, n);
  vqe_scf_multiply(work->t2, work->t1, false, work->in->overlap, false, n, n,
                   n);
  work->gradient = 0.0;
  for (int p = 0; p < n; p++) {
    for (int q = 0; q < n; q++) {
      double value = work->t2[p * n + q] - work->t2[q * n + p];
      work->t1[p * n + q] = value;
      if (!(fabs(value) <= work->gradient)) {
        work->gradient = fabs(value); /* also when it is not a number */
      }
    }
  }
  vqe_scf_multiply(work->t2, work->t1, false, work->x, false, n, work->nmo, n);
  vqe_scf_multiply(work->error, work->x, true, work->t2, false, work->nmo,
                   work->nmo, n);
  if (work->nmo < n) {
    work->gradient = 0.0;
    for (size_t k = 0; k < vqe_scf_squared(work->nmo); k++) {
      work->gradient = fmax(work->gradient, fabs(work->error[k]));
    }
  }
}

/* Add `shift` to the virtual orbitals and half of it to the open ones. */
static void shift_levels(struct vqe_scf_work *work, double shift)
{
  int n = work->in->nao;
  const double *s = work->in->overlap;
  vqe_scf_multiply(work->t1, s, false, work->dm, false, n, n, n);
  vqe_scf_multiply(work->t2, work->t1, false, s, false, n, n, n);
  for (size_t k = 0; k < vqe_scf_squared(n); k++) {
    work->mixed[k] += shift * (s[k] - 0.5 * work->t2[k]);
  }
}

/* Eigenvectors of a matrix over functions into `c` and `values`. */
static int diagonalise(struct vqe_scf_work *work, const double *matrix)
{
  int n = work->in->nao;
  int m = work->nmo;
  vqe_scf_multiply(work->t1, matrix, false, work->x, false, n, m, n);
  vqe_scf_multiply(work->small, work->x, true, work->t1, false, m, m, n);
  if (m > 0 && LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', m, work->small, m,
                              work->values) != 0) {
    return vqe_error_set(VQE_ERR_NUMERIC,
                         "molecule '%.64s': the Fock matrix could not be "
                         "diagonalised; check the geometry",
                         work->in->name);
  }
  vqe_scf_multiply(work->mo_coeff, work->x, false, work->small, true, n, m, m);
  return VQE_OK;
}

/* Behind the closed orbitals put those that are lowest for an alpha electron:
 * the effective energies of open orbitals say little. */
static void choose_open(struct vqe_scf_work *work)
{
  int n = work->in->nao;
  int m = work->nmo;
  int nopen = work->in->nalpha - work->in->nbeta;
  vqe_scf_multiply(work->t1, work->fock_a, false, work->mo_coeff, false, n, m,
                   n);
  for (int i = 0; i < m; i++) {
    work->rank[i] = i;
    work->order[i] = 0.0;
    for (int p = 0; p < n; p++) {
      work->order[i] += work->mo_coeff[p * m + i] * work->t1[p * m + i];
    }
  }
  for (int slot = work->in->nbeta; slot < work->in->nbeta + nopen; slot++) {
    int best = slot;
    for (int i = slot + 1; i < m; i++) {
      if (work->order[work->rank[i]] < work->order[work->rank[best]] - 1e-9) {
        best = i;
      }
    }
    int chosen = work->rank[best];
    for (int i = best; i > slot; i--) {
      work->rank[i] = work->rank[i - 1];
    }
    work->rank[slot] = chosen;
  }
  for (int p = 0; p < n; p++) {
    double *row = work->mo_coeff + (size_t)p * (size_t)m;
    for (int i = 0; i < m; i++) {
      work->order[i] = row[work->rank[i]];
    }
    memcpy(row, work->order, (size_t)m * sizeof(double));
  }
}

/* First orbitals. Degenerate ones are separated, so that an open shell that
 * fills only some of them stays in a symmetry plane. */
static int start_orbitals(struct vqe_scf_work *work, bool core_guess)
{
  const struct vqe_scf_input *in = work->in;
  size_t n2 = vqe_scf_squared(in->nao);
  memcpy(work->mixed, in->hcore, n2 * sizeof(double));
  if (!core_guess && in->guess != NULL) {
    vqe_fock_jk(work->coulomb, work->exchange_a, in->eri, in->guess, in->nao,
                work->packed, in->threads);
    for (size_t k = 0; k < n2; k++) {
      work->mixed[k] += work->coulomb[k] - 0.5 * work->exchange_a[k];
    }
  }
  int status = diagonalise(work, work->mixed);
  if (status == VQE_OK) {
    status = vqe_frame_align(work->mo_coeff, work->values, in->nao, work->nmo,
                             0, work->nmo, in->splitter);
  }
  return status;
}

/* One stage of at most `max_cycles`; adds what it took to *cycles. */
static int run_stage(bool *converged, int *cycles, struct vqe_scf_work *work,
                     const struct stage *stage, int max_cycles)
{
  const struct vqe_scf_input *in = work->in;
  size_t n2 = vqe_scf_squared(in->nao);
  double last = 0.0;
  *converged = false;
  vqe_diis_reset(work->diis);
  int status = start_orbitals(work, stage->core_guess);
  for (int cycle = 0; status == VQE_OK && cycle < max_cycles; cycle++) {
    build_fock(work);
    build_gradient(work);
    ++*cycles;
    double tolerance = fmax(work->energy_tol, 1e-14 * fabs(work->energy));
    if (cycle > 0 && fabs(work->energy - last) < tolerance &&
        work->gradient < work->gradient_tol) {
      *converged = true;
      break;
    }
    if (!isfinite(work->energy)) {
      break;
    }
    last = work->energy;
    memcpy(work->mixed, work->fock, n2 * sizeof(double));
    if (cycle < stage->damped_cycles) {
      for (size_t k = 0; cycle > 0 && k < n2; k++) {
        work->mixed[k] = (1.0 - stage->damping) * work->mixed[k] +
                         stage->damping * work->old[k];
      }
      memcpy(work->old, work->mixed, n2 * sizeof(double));
    } else {
      vqe_diis_extrapolate(work->diis, work->mixed, work->error,
                           vqe_scf_squared(work->nmo));
    }
    if (stage->shift > 0.0) {
      shift_levels(work, stage->shift);
    }
    status = diagonalise(work, work->mixed);
    if (status == VQE_OK && !work->closed && stage->shift == 0.0) {
      choose_open(work);
    }
  }
  return status;
}

/* All stages in turn until one converges. */
static int converge(struct vqe_scf *scf, struct vqe_scf_work *work)
{
  const struct vqe_scf_input *in = work->in;
  bool converged = false;
  for (int k = in->first_stage; k < NSTAGE && !converged; k++) {
    int left = in->max_cycles - scf->cycles;
    if (left <= 0) {
      break;
    }
    if (k > 0) {
      char text[96];
      snprintf(text, sizeof text,
               "%sdamping %.1f, level shift %.1f from cycle %d",
               stages[k].core_guess ? "core guess, " : "", stages[k].damping,
               stages[k].shift, scf->cycles + 1);
      vqe_scf_add_note(scf->note, text);
    }
    int status =
        run_stage(&converged, &scf->cycles, work, &stages[k],
                  left < stages[k].max_cycles ? left : stages[k].max_cycles);
    if (status != VQE_OK) {
      return status;
    }
  }
  if (!converged) {
    return vqe_error_set(
        VQE_ERR_NUMERIC,
        "molecule '%.64s': SCF did not converge in %d cycles%s%s%s: "
        "electronic energy %.10f hartree, gradient %.2e (%.1e wanted); check "
        "geometry, charge and multiplicity, or allow more cycles",
        in->name, scf->cycles, scf->note[0] != '\0' ? " (" : "", scf->note,
        scf->note[0] != '\0' ? ")" : "", work->energy, work->gradient,
        work->gradient_tol);
  }
  return VQE_OK;
}

/* Does the core guess lead lower? It costs as much again, so only small
 * molecules get it; a failure to converge is no failure of the run. */
static int look_lower(struct vqe_scf *scf, struct vqe_scf_work *work)
{
  static const struct stage plain = {true, 0, 0.0, 0.0, 60};
  double *kept = NULL;
  bool converged = false;
  double energy = work->energy;
  int spent = 0;
  size_t n2 = vqe_scf_squared(work->in->nao);
  int status = vqe_memory_alloc(&kept, 2 * n2, sizeof(double), "orbitals");
  if (status != VQE_OK) {
    return status;
  }
  memcpy(kept, work->mo_coeff, n2 * sizeof(double));
  memcpy(kept + n2, work->fock, n2 * sizeof(double));
  status = run_stage(&converged, &spent, work, &plain, plain.max_cycles);
  if (status == VQE_OK && converged && work->energy < energy - LOWER_BY) {
    char text[96];
    snprintf(text, sizeof text,
             "core guess found a solution %.3e hartree lower",
             energy - work->energy);
    vqe_scf_add_note(scf->note, text);
    scf->cycles += spent;
  } else {
    status = VQE_OK;
    work->energy = energy;
    memcpy(work->mo_coeff, kept, n2 * sizeof(double));
    memcpy(work->fock, kept + n2, n2 * sizeof(double));
  }
  free(kept);
  return status;
}

/* Say so when the solution is a saddle point. It is kept: the lower one has
 * broken the symmetry that later steps live on, and an open shell of lower
 * symmetry is seldom the better reference. */
static int check_stability(struct vqe_scf *scf, struct vqe_scf_work *work)
{
  double lowest = 0.0;
  memcpy(work->mo_coeff, scf->mo_coeff,
         vqe_scf_squared(work->in->nao) * sizeof(double));
  build_fock(work);
  const double *fock_a = work->closed ? work->fock : work->fock_a;
  const double *fock_b = work->closed ? work->fock : work->fock_b;
  int status = vqe_stability_lowest(&lowest, work->in, work->nmo,
                                    scf->mo_coeff, fock_a, fock_b);
  if (status == VQE_OK && lowest < UNSTABLE) {
    char text[96];
    snprintf(text, sizeof text,
             "not a minimum: orbital Hessian has an eigenvalue of %.3f or "
             "less",
             lowest);
    vqe_scf_add_note(scf->note, text);
  }
  return status;
}

/* An empty result for `nao` functions. */
static int scf_alloc(struct vqe_scf **out, int nao)
{
  struct vqe_scf *scf = NULL;
  size_t n = (size_t)nao;
  int status = vqe_memory_alloc(&scf, 1, sizeof *scf, "SCF result");
  if (status != VQE_OK) {
    return status;
  }
  *out = scf;
  status = vqe_memory_alloc(&scf->mo_coeff, n * n, sizeof(double), "orbitals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&scf->mo_energy, n, sizeof(double),
                              "orbital energies");
  }
  return status;
}

/* Independent functions, whether the electrons fit them, and what the user
 * should know of them. */
static int find_functions(struct vqe_scf *scf, struct vqe_scf_work *work)
{
  const struct vqe_scf_input *in = work->in;
  char text[96];
  int status = orthogonalise(work);
  if (status != VQE_OK) {
    return status;
  }
  if (work->nmo < in->nalpha) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "molecule '%.64s': %d alpha electrons do not fit "
                         "the %d independent basis functions; check "
                         "charge and multiplicity, or use a larger basis",
                         in->name, in->nalpha, work->nmo);
  }
  if (work->nmo < in->nao) {
    snprintf(text, sizeof text,
             "%d of %d basis functions are linearly dependent and left out",
             in->nao - work->nmo, in->nao);
    vqe_scf_add_note(scf->note, text);
  }
  if (work->gradient_tol > in->gradient_tol) {
    snprintf(text, sizeof text,
             "the basis is nearly dependent: gradient converged to %.0e",
             work->gradient_tol);
    vqe_scf_add_note(scf->note, text);
  }
  scf->nmo = work->nmo;
  return VQE_OK;
}

int vqe_scf_run(struct vqe_scf **out, const struct vqe_scf_input *input)
{
  struct vqe_scf_work work = {0};
  struct vqe_scf *scf = NULL;
  bool noted = false;
  VQE_ASSERT(input->nbeta >= 0 && input->nbeta <= input->nalpha);
  int status = vqe_scf_work_alloc(&work, input);
  if (status == VQE_OK) {
    status = scf_alloc(&scf, input->nao);
  }
  if (status == VQE_OK) {
    status = find_functions(scf, &work);
  }
  if (status == VQE_OK) {
    noted = scf->note[0] != '\0';
    status = converge(scf, &work);
  }
  if (status == VQE_OK && input->nao <= MAX_NAO_SECOND &&
      (noted || scf->note[0] == '\0') && input->nalpha > 0 &&
      input->nalpha < work.nmo) {
    status = look_lower(scf, &work);
  }
  if (status == VQE_OK) {
    scf->energy = work.energy;
    status = vqe_scf_canonicalise(scf, &work);
  }
  if (status == VQE_OK && input->nao <= MAX_NAO_SECOND) {
    status = check_stability(scf, &work);
  }
  vqe_scf_work_free(&work);
  if (status != VQE_OK) {
    vqe_scf_free(scf);
    return status;
  }
  *out = scf;
  return VQE_OK;
}

void vqe_scf_free(struct vqe_scf *scf)
{
  if (scf == NULL) {
    return;
  }
  free(scf->mo_coeff);
  free(scf->mo_energy);
  free(scf);
}
