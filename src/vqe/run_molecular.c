/* Properties of the best state that the experiment asks for. */
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"
#include "chem/functions.h"
#include "vqe/property.h"
#include "vqe/run.h"

/* What the steps share. Matrices over functions are nao x nao. */
struct molecular {
  struct vqe_run *run;
  unsigned asked;
  struct vqe_estimator *estimator; /* on the CPU of this rank */
  struct vqe_estimator *own;       /* the same, when made here */
  size_t norb;
  double *rdm1;                          /* 2 x norb x norb: alpha, beta */
  double *entropies;                     /* norb */
  double *information;                   /* norb x norb */
  const struct vqe_functions *functions; /* NULL: of an FCIDUMP */
  double *mo_coeff; /* nao x nmo, of the optimised orbitals */
  double *density;  /* over functions: alpha, beta */
  double *work;     /* 3 nao^2 + nao */
};

static void clear(struct molecular *all)
{
  vqe_estimator_free(all->own);
  free(all->rdm1);
  free(all->entropies);
  free(all->information);
  free(all->mo_coeff);
  free(all->density);
  free(all->work);
}

/* The state of a team or a device is made again on the CPU of this rank. */
static int find_estimator(struct molecular *all)
{
  struct vqe_run *run = all->run;
  struct vqe_estimator_options options;
  if (run->options->team == NULL && !run->usage.on_device) {
    all->estimator = run->estimator;
    return VQE_OK;
  }
  vqe_run_estimator_options(&options, run);
  options.team = NULL;
  options.combiner = NULL;
  options.device = VQE_DEVICE_CPU;
  options.single = false;
  options.gates = VQE_GATES_AUTO;
  int status =
      vqe_estimator_create(&all->own, run->hamiltonian, run->ansatz, &options);
  all->estimator = all->own;
  return status;
}

/* ---- over functions ---- */

static int prepare_functions(struct molecular *all)
{
  const struct vqe_rotation *rotation = all->run->rotation;
  const struct vqe_functions *functions = all->functions;
  int nao = functions->nao;
  int nmo = functions->nmo;
  int nfrozen = all->run->integrals->nfrozen;
  size_t n = (size_t)nao;
  size_t n2 = n * n;
  size_t size = n * (size_t)nmo;
  int status =
      vqe_memory_alloc(&all->mo_coeff, size, sizeof(double), "orbitals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&all->density, 2 * n2, sizeof(double),
                              "density over basis functions");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&all->work, 3 * n2 + n, sizeof(double),
                              "density over basis functions");
  }
  if (status != VQE_OK) {
    return status;
  }
  if (rotation != NULL) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nao, nmo, nmo, 1.0,
                functions->mo_coeff, nmo, rotation->u, nmo, 0.0, all->mo_coeff,
                nmo);
  } else {
    memcpy(all->mo_coeff, functions->mo_coeff, size * sizeof(double));
  }
  for (int spin = 0; spin < 2; spin++) {
    double *density = all->density + (size_t)spin * n2;
    /* the core has one electron of each spin in each orbital */
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, nao, nao, nfrozen,
                1.0, all->mo_coeff, nmo, all->mo_coeff, nmo, 0.0, density,
                nao);
    vqe_functions_add_density(
        density, all->rdm1 + (size_t)spin * all->norb * all->norb,
        (int)all->norb, all->mo_coeff, nfrozen, nao, nmo, all->work);
  }
  return VQE_OK;
}

/* The density of both spins, or of their difference, to `out`. */
static void combine(double *out, const struct molecular *all, double sign)
{
  size_t n2 = (size_t)all->functions->nao * (size_t)all->functions->nao;
  for (size_t k = 0; k < n2; k++) {
    out[k] = all->density[k] + sign * all->density[n2 + k];
  }
}

static int add_moments(struct molecular *all)
{
  static const uint64_t three[VQE_PROPERTY_DIMS] = {3, 3};
  struct vqe_result *result = all->run->result;
  double *origin = NULL;
  double *dipole = NULL;
  double *quadrupole = NULL;
  combine(all->work, all, 1.0);
  int status = vqe_property_add(&origin, result, "origin", three);
  if (status == VQE_OK) {
    vqe_functions_centre(origin, all->functions);
    status = vqe_property_add(&dipole, result, "dipole", three);
  }
  if (status == VQE_OK) {
    vqe_functions_dipole(dipole, all->functions, all->work, origin);
    status = vqe_property_add(&quadrupole, result, "quadrupole", three);
  }
  if (status == VQE_OK) {
    vqe_functions_quadrupole(quadrupole, all->functions, all->work, origin);
  }
  return status;
}

/* `root` NULL: Mulliken's. */
static int add_populations(struct molecular *all, const char *charges,
                           const char *spins, const double *root)
{
  const struct vqe_functions *functions = all->functions;
  size_t n2 = (size_t)functions->nao * (size_t)functions->nao;
  uint64_t shape[VQE_PROPERTY_DIMS] = {(uint64_t)functions->natom};
  double *density = all->work;
  double *out[2] = {NULL, NULL};
  int status = vqe_property_add(&out[0], all->run->result, charges, shape);
  if (status == VQE_OK) {
    status = vqe_property_add(&out[1], all->run->result, spins, shape);
  }
  for (int k = 0; status == VQE_OK && k < 2; k++) {
    combine(density, all, k == 0 ? 1.0 : -1.0);
    if (root == NULL) {
      vqe_functions_mulliken(out[k], functions, density);
    } else {
      vqe_functions_lowdin(out[k], functions, density, root, all->work + n2);
    }
    for (int a = 0; k == 0 && a < functions->natom; a++) {
      out[k][a] = functions->z[a] - out[k][a];
    }
  }
  return status;
}

static int add_charges(struct molecular *all)
{
  size_t n2 = (size_t)all->functions->nao * (size_t)all->functions->nao;
  double *root = NULL;
  int status =
      add_populations(all, "mulliken_charges", "mulliken_spins", NULL);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&root, n2, sizeof *root,
                              "square root of the overlap");
  }
  if (status == VQE_OK) {
    status = vqe_functions_root(root, all->functions, all->work);
  }
  if (status == VQE_OK) {
    status = add_populations(all, "lowdin_charges", "lowdin_spins", root);
  }
  free(root);
  return status;
}

/* Columns: the frozen orbitals, then the eigenvectors of the density by
 * falling occupation, each with its largest component positive. */
static int add_natural_orbitals(struct molecular *all)
{
  int nao = all->functions->nao;
  int nmo = all->functions->nmo;
  int norb = (int)all->norb;
  int nfrozen = all->run->integrals->nfrozen;
  int ncol = nfrozen + norb;
  size_t m2 = all->norb * all->norb;
  uint64_t shape[VQE_PROPERTY_DIMS] = {(uint64_t)nao, (uint64_t)ncol};
  double *vectors = NULL;
  double *out = NULL;
  int status = vqe_memory_alloc(&vectors, m2 + all->norb, sizeof *vectors,
                                "natural orbitals");
  if (status == VQE_OK) {
    for (size_t k = 0; k < m2; k++) { /* negative: descending */
      vectors[k] = -all->rdm1[k] - all->rdm1[m2 + k];
    }
    if (LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', norb, vectors, norb,
                      vectors + m2) != 0) {
      status = vqe_error_set(VQE_ERR_NUMERIC, "the density matrix could not "
                                              "be diagonalised");
    }
  }
  if (status == VQE_OK) {
    status =
        vqe_property_add(&out, all->run->result, "natural_orbitals", shape);
  }
  if (status == VQE_OK) {
    for (int p = 0; p < nao; p++) {
      for (int i = 0; i < nfrozen; i++) {
        out[p * ncol + i] = all->mo_coeff[p * nmo + i];
      }
    }
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nao, norb, norb,
                1.0, all->mo_coeff + nfrozen, nmo, vectors, norb, 0.0,
                out + nfrozen, ncol);
    for (int i = nfrozen; i < ncol; i++) {
      size_t at = cblas_idamax(nao, out + i, ncol);
      if (out[at * (size_t)ncol + (size_t)i] < 0.0) {
        cblas_dscal(nao, -1.0, out + i, ncol);
      }
    }
  }
  free(vectors);
  return status;
}

static int add_functions_rdm1(struct molecular *all)
{
  static const char *const names[2] = {"rdm1_ao_alpha", "rdm1_ao_beta"};
  uint64_t nao = (uint64_t)all->functions->nao;
  size_t n2 = (size_t)(nao * nao);
  uint64_t shape[VQE_PROPERTY_DIMS] = {nao, nao};
  int status = VQE_OK;
  for (size_t spin = 0; status == VQE_OK && spin < 2; spin++) {
    double *out = NULL;
    status = vqe_property_add(&out, all->run->result, names[spin], shape);
    if (status == VQE_OK) {
      memcpy(out, all->density + spin * n2, n2 * sizeof *out);
    }
  }
  return status == VQE_OK ? add_natural_orbitals(all) : status;
}

/* ---- over active orbitals ---- */

static int add_array(struct molecular *all, const char *name,
                     const double *values, size_t rows, size_t cols)
{
  uint64_t shape[VQE_PROPERTY_DIMS] = {rows, cols};
  double *out = NULL;
  int status = vqe_property_add(&out, all->run->result, name, shape);
  if (status == VQE_OK) {
    memcpy(out, values, rows * cols * sizeof *out);
  }
  return status;
}

static int add_orbitals(struct molecular *all)
{
  size_t n = all->norb;
  int status = VQE_OK;
  if ((all->asked & VQE_PROPERTY_RDM1) != 0) {
    status = add_array(all, "rdm1_alpha", all->rdm1, n, n);
    if (status == VQE_OK) {
      status = add_array(all, "rdm1_beta", all->rdm1 + n * n, n, n);
    }
  }
  if (status == VQE_OK && (all->asked & VQE_PROPERTY_ENTROPIES) != 0) {
    status = add_array(all, "orbital_entropies", all->entropies, n, 1);
    if (status == VQE_OK) {
      status = add_array(all, "mutual_information", all->information, n, n);
    }
  }
  return status;
}

static int add_variance(struct molecular *all)
{
  double variance = 0.0;
  int status = vqe_estimator_variance(all->estimator, &variance,
                                      all->run->result->optimal_parameters);
  return status == VQE_OK ? add_array(all, "energy_variance", &variance, 1, 1)
                          : status;
}

static size_t packed(size_t p, size_t q)
{
  return p >= q ? p * (p + 1) / 2 + q : q * (q + 1) / 2 + p;
}

/* <E_pq E_rs> - delta_qr <E_ps> from the densities over pairs, whose F_pq is
 * E_pq + E_qp, symmetrised in p, q and in r, s. */
static void unpack_rdm2(double *out, const double *rdm1, const double *pairs2,
                        size_t n)
{
  size_t npair = n * (n + 1) / 2;
  for (size_t p = 0; p < n; p++) {
    for (size_t q = 0; q < n; q++) {
      for (size_t r = 0; r < n; r++) {
        for (size_t s = 0; s < n; s++) {
          double value = pairs2[packed(p, q) * npair + packed(r, s)] *
                         (p == q ? 1.0 : 0.5) * (r == s ? 1.0 : 0.5);
          double one = (q == r ? rdm1[p * n + s] : 0.0) +
                       (p == r ? rdm1[q * n + s] : 0.0) +
                       (q == s ? rdm1[p * n + r] : 0.0) +
                       (p == s ? rdm1[q * n + r] : 0.0);
          out[((p * n + q) * n + r) * n + s] = value - 0.25 * one;
        }
      }
    }
  }
}

/* `pairs`: npair, then npair x npair numbers, of the state. */
static int put_rdm2(struct molecular *all, const double *pairs)
{
  size_t n = all->norb;
  uint64_t shape[VQE_PROPERTY_DIMS] = {n * n, n * n};
  double *both = NULL;
  double *out = NULL;
  int status = vqe_memory_alloc(&both, n * n, sizeof *both, "density");
  if (status == VQE_OK) {
    status = vqe_property_add(&out, all->run->result, "rdm2", shape);
  }
  if (status == VQE_OK) {
    for (size_t k = 0; k < n * n; k++) {
      both[k] = all->rdm1[k] + all->rdm1[n * n + k];
    }
    unpack_rdm2(out, both, pairs + n * (n + 1) / 2, n);
  }
  free(both);
  return status;
}

/* Says so where it cannot be had. */
static int add_rdm2(struct molecular *all)
{
  size_t npair = all->norb * (all->norb + 1) / 2;
  struct vqe_result *result = all->run->result;
  double *pairs = NULL;
  int status = vqe_memory_alloc(&pairs, npair + npair * npair, sizeof *pairs,
                                "two-electron density");
  if (status == VQE_OK) {
    status = vqe_estimator_densities(all->estimator, pairs, pairs + npair,
                                     result->optimal_parameters);
  }
  if (status == VQE_ERR_UNSUPPORTED) {
    status = vqe_notes_add(&result->notes, VQE_NOTE_PROPERTIES_LEFT_OUT,
                           "rdm2: there is none of a circuit that does not "
                           "conserve the number of electrons");
  } else if (status == VQE_OK) {
    status = put_rdm2(all, pairs);
  }
  free(pairs);
  return status;
}

/* ---- all of them ---- */

static int find_orbitals(struct molecular *all)
{
  size_t n = all->norb;
  int status = vqe_memory_alloc(&all->rdm1, 2 * n * n, sizeof(double),
                                "reduced density matrices");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&all->entropies, n, sizeof(double),
                              "entropies of orbitals");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&all->information, n * n, sizeof(double),
                              "entropies of orbitals");
  }
  return status == VQE_OK
             ? vqe_estimator_orbitals(all->estimator, all->rdm1,
                                      all->entropies, all->information,
                                      all->run->result->optimal_parameters)
             : status;
}

static int add_over_functions(struct molecular *all)
{
  const unsigned needed =
      VQE_PROPERTY_RDM1 | VQE_PROPERTY_MOMENTS | VQE_PROPERTY_CHARGES;
  if ((all->asked & needed) == 0) {
    return VQE_OK;
  }
  if (all->functions == NULL) {
    return vqe_notes_add(&all->run->result->notes,
                         VQE_NOTE_PROPERTIES_LEFT_OUT,
                         "moments, charges and densities over basis "
                         "functions: an FCIDUMP has no basis functions");
  }
  int status = prepare_functions(all);
  if (status == VQE_OK && (all->asked & VQE_PROPERTY_MOMENTS) != 0) {
    status = add_moments(all);
  }
  if (status == VQE_OK && (all->asked & VQE_PROPERTY_CHARGES) != 0) {
    status = add_charges(all);
  }
  if (status == VQE_OK && (all->asked & VQE_PROPERTY_RDM1) != 0) {
    status = add_functions_rdm1(all);
  }
  return status;
}

int vqe_run_molecular(struct vqe_run *run)
{
  struct molecular all = {.run = run,
                          .asked = run->experiment->properties,
                          .norb = (size_t)run->integrals->norb,
                          .functions = run->integrals->functions};
  if (all.asked == 0 || run->late) {
    return VQE_OK;
  }
  int status = find_estimator(&all);
  if (status == VQE_OK) {
    status = find_orbitals(&all);
  }
  if (status == VQE_OK) {
    status = add_over_functions(&all);
  }
  if (status == VQE_OK) {
    status = add_orbitals(&all);
  }
  if (status == VQE_OK && (all.asked & VQE_PROPERTY_VARIANCE) != 0) {
    status = add_variance(&all);
  }
  if (status == VQE_OK && (all.asked & VQE_PROPERTY_RDM2) != 0) {
    status = add_rdm2(&all);
  }
  clear(&all);
  bool short_of =
      status == VQE_ERR_MEMORY || (status == VQE_ERR_INTERRUPTED && run->late);
  /* the energy is there, and is worth more than what is missing */
  return short_of ? vqe_notes_add(&run->result->notes,
                                  VQE_NOTE_PROPERTIES_LEFT_OUT, "%s",
                                  status == VQE_ERR_MEMORY
                                      ? vqe_error_message()
                                      : "the limit of time left none for "
                                        "some of the properties")
                  : status;
}
