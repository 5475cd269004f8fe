#include "chem/space_choose.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "chem/minimal.h"
#include "chem/natural.h"
#include "chem/scf_work.h"
#include "chem/space_index.h"
#include "chem/space_rank.h"

#define PI_PART 0.5 /* of a pi orbital, in p functions across the plane */

static size_t area(int n)
{
  return (size_t)n * (size_t)n;
}

static int clamp(int value, int high)
{
  return value < 0 ? 0 : value < high ? value : high;
}

/* ---- the rules ---- */

/* Combinations of minimal functions that a rule is about. */
static int find_targets(double **targets, int *ntarget,
                        const struct vqe_minimal *minimal,
                        const struct vqe_space_rule *rule,
                        const struct vqe_space_scene *scene)
{
  size_t n = (size_t)minimal->nmin;
  int count = 0;
  int status = vqe_memory_alloc(targets, 2 * n * n, sizeof(double),
                                "shells of the active space");
  if (status != VQE_OK) {
    return status;
  }
  if (rule->kind == VQE_SPACE_PI) {
    count = vqe_minimal_pi(*targets, minimal, scene->env);
  }
  for (size_t p = 0; rule->kind != VQE_SPACE_PI && p < n; p++) {
    const struct vqe_minimal_function *f = &minimal->functions[p];
    bool meant = rule->kind == VQE_SPACE_VALENCE && f->valence;
    for (size_t k = 0; k < rule->nshell; k++) {
      const struct vqe_space_shell *shell = &rule->shells[k];
      meant =
          meant || (shell->z == f->z && shell->n == f->n && shell->l == f->l &&
                    (shell->atom < 0 || shell->atom == f->atom));
    }
    if (meant) {
      (*targets)[(size_t)count++ * n + p] = 1.0;
    }
  }
  *ntarget = count;
  if (count == 0 && rule->kind == VQE_SPACE_PI) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: active_space pi: the molecule is neither "
                         "planar nor linear, or has no atom with p "
                         "electrons; name shells by avas",
                         scene->where);
  }
  if (count == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: active_space avas: the atoms have no such "
                         "shell occupied; 1s of H and He, 2s of Li and Be, "
                         "2s and 2p of B to Ne, ... can be named",
                         scene->where);
  }
  return VQE_OK;
}

/* Matrix of the projector on what the rule is about. */
static int project(double *matrix, int *ntarget, const struct vqe_scf *scf,
                   const struct vqe_space_rule *rule,
                   const struct vqe_space_scene *scene)
{
  struct vqe_minimal *minimal = NULL;
  double *targets = NULL;
  int status =
      vqe_minimal_new(&minimal, scene->molecule, scene->basis, scene->env);
  if (status == VQE_OK) {
    status = find_targets(&targets, ntarget, minimal, rule, scene);
  }
  if (status == VQE_OK) {
    status = vqe_minimal_project(matrix, minimal, targets, *ntarget,
                                 scf->mo_coeff, scf->nmo);
  }
  free(targets);
  vqe_minimal_free(minimal);
  return status;
}

static int density(double *matrix, const struct vqe_scf *scf,
                   const struct vqe_space_scene *scene)
{
  const struct vqe_natural_input input = {.name = scene->molecule->name,
                                          .nao = scene->env->nao,
                                          .nmo = scf->nmo,
                                          .nalpha = scene->nalpha,
                                          .nbeta = scene->nbeta,
                                          .nfrozen = scene->nfrozen,
                                          .mo_coeff = scf->mo_coeff,
                                          .mo_energy = scf->mo_energy,
                                          .eri = scene->eri,
                                          .direct = scene->direct,
                                          .threads = scene->threads};
  return vqe_natural_density(matrix, &input);
}

/* By size: the singly occupied ones, and those that differ most from 2 and
 * 0. */
static int take_size(struct vqe_space_taken *out,
                     const struct vqe_space_ranking *ranking,
                     const struct vqe_space_rule *rule,
                     const struct vqe_space_scene *scene)
{
  int open = scene->nalpha - scene->nbeta;
  int orbitals = rule->orbitals - open;
  int paired = rule->electrons - open;
  if (orbitals < 0 || orbitals > ranking->nocc + ranking->nvir ||
      (rule->electrons >= 0 &&
       (paired < 0 || paired % 2 != 0 || paired / 2 > ranking->nocc ||
        paired / 2 > orbitals || orbitals - paired / 2 > ranking->nvir))) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: active_space auto: there are %d occupied and "
                         "%d empty orbitals to choose from, each with two "
                         "electrons or none, beside %d with one electron; "
                         "give a size that fits",
                         scene->where, ranking->nocc, ranking->nvir, open);
  }
  if (rule->electrons >= 0) {
    out->occ = paired / 2;
    out->vir = orbitals - out->occ;
    return VQE_OK;
  }
  while (out->occ + out->vir < orbitals) {
    bool occupied = out->vir == ranking->nvir ||
                    (out->occ < ranking->nocc &&
                     ranking->occ[out->occ] >= ranking->vir[out->vir]);
    out->occ += occupied;
    out->vir += !occupied;
  }
  return VQE_OK;
}

/* Singly occupied orbitals that lie in what the rule is about. */
static int count_open(const double *matrix, int nmo,
                      const struct vqe_space_scene *scene)
{
  int count = 0;
  for (int p = scene->nbeta; p < scene->nalpha; p++) {
    count += matrix[(size_t)p * nmo + p] > PI_PART;
  }
  return count;
}

static int take(struct vqe_space_taken *out,
                const struct vqe_space_ranking *ranking,
                const struct vqe_space_rule *rule,
                const struct vqe_space_scene *scene, int ntarget, int open)
{
  int status = VQE_OK;
  *out = (struct vqe_space_taken){0, 0};
  switch (rule->kind) {
  case VQE_SPACE_PI:
    out->occ = vqe_space_count_above(ranking->occ, ranking->nocc, PI_PART);
    out->vir = clamp(ntarget - out->occ - open, ranking->nvir);
    break;
  case VQE_SPACE_VALENCE:
    out->occ = ranking->nocc;
    out->vir = clamp(ntarget - out->occ - open, ranking->nvir);
    break;
  case VQE_SPACE_AVAS:
    out->occ =
        vqe_space_count_above(ranking->occ, ranking->nocc, rule->threshold);
    out->vir =
        vqe_space_count_above(ranking->vir, ranking->nvir, rule->threshold);
    break;
  case VQE_SPACE_NATURAL:
    out->occ =
        vqe_space_count_above(ranking->occ, ranking->nocc, 2.0 - rule->max);
    out->vir = vqe_space_count_above(ranking->vir, ranking->nvir, rule->min);
    break;
  case VQE_SPACE_AUTO:
    status = take_size(out, ranking, rule, scene);
    break;
  case VQE_SPACE_INDICES:
    break;
  }
  return status == VQE_OK ? vqe_space_check_whole(out, ranking, scene)
                          : status;
}

static int set_space(struct vqe_space *out,
                     const struct vqe_space_taken *taken,
                     const struct vqe_space_scene *scene)
{
  int open = scene->nalpha - scene->nbeta;
  out->nfrozen = scene->nbeta - taken->occ;
  out->norb = taken->occ + open + taken->vir;
  out->nalpha = taken->occ + open;
  out->nbeta = taken->occ;
  if (out->norb < 1) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: active_space: the rule chooses no orbital; "
                         "lower its threshold",
                         scene->where);
  }
  if (out->norb > VQE_MAX_ACTIVE) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s: active_space: the rule chooses %d orbitals, %d "
                         "are supported; raise its threshold",
                         scene->where, out->norb, VQE_MAX_ACTIVE);
  }
  return VQE_OK;
}

/* ---- canonical orbitals ---- */

/* out = S C diag(e) C^T S */
static void fock_of(double *out, double *scratch, double *half,
                    const struct vqe_scf *scf,
                    const struct vqe_space_scene *scene)
{
  int n = scene->env->nao;
  int m = scf->nmo;
  vqe_scf_multiply(half, scene->overlap, false, scf->mo_coeff, false, n, m, n);
  for (int p = 0; p < n; p++) {
    for (int k = 0; k < m; k++) {
      scratch[(size_t)p * m + k] = half[(size_t)p * m + k] * scf->mo_energy[k];
    }
  }
  vqe_scf_multiply(out, scratch, false, half, true, n, n, m);
}

/* Canonical orbitals within the parts of the space. `fock` over functions. */
static int canonicalise(struct vqe_scf *scf, const struct vqe_space *space,
                        const double *fock,
                        const struct vqe_space_scene *scene)
{
  struct vqe_symmetry *symmetry = NULL;
  struct vqe_scf_work work = {.nmo = 0};
  double *splitter = NULL;
  int nao = scene->env->nao;
  int last = space->nfrozen + space->norb;
  struct vqe_scf_input input = {.name = scene->molecule->name,
                                .nao = nao,
                                .nalpha = scene->nalpha,
                                .nbeta = scene->nbeta,
                                .threads = scene->threads,
                                .overlap = scene->overlap};
  const struct vqe_scf_block blocks[] = {
      {0, space->nfrozen},
      {space->nfrozen, space->nbeta},
      {scene->nbeta, scene->nalpha - scene->nbeta},
      {scene->nalpha, last - scene->nalpha},
      {last, scf->nmo - last}};
  int status = vqe_memory_alloc(&splitter, area(nao), sizeof(double),
                                "orbital splitter");
  if (status == VQE_OK) {
    status = vqe_frame_splitter(splitter, scene->env, scene->frame);
  }
  if (status == VQE_OK) {
    status = vqe_symmetry_new(&symmetry, scene->env, scene->frame);
  }
  if (status == VQE_OK) {
    input.splitter = splitter;
    input.symmetry = symmetry;
    status = vqe_scf_work_alloc(&work, &input);
  }
  if (status == VQE_OK) {
    work.nmo = scf->nmo;
    memcpy(work.mo_coeff, scf->mo_coeff,
           (size_t)nao * (size_t)scf->nmo * sizeof(double));
    memcpy(work.fock, fock, area(nao) * sizeof(double));
    status = vqe_scf_canonicalise_blocks(scf, &work, blocks, 5);
  }
  vqe_scf_work_free(&work);
  vqe_symmetry_free(symmetry);
  free(splitter);
  return status;
}

/* Diagonal of C'^T S C D C^T S C' over the active orbitals C'. */
static int fill_occupations(struct vqe_space_chosen *out,
                            const struct vqe_scf *scf, const double *before,
                            const double *density_of,
                            const struct vqe_space_scene *scene)
{
  int n = scene->env->nao;
  int m = scf->nmo;
  double *work = NULL;
  size_t columns = (size_t)n * (size_t)m;
  int status = vqe_memory_alloc(&out->occupations, (size_t)out->space.norb,
                                sizeof(double), "occupations");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&work, columns + 2 * area(m), sizeof(double),
                              "occupations");
  }
  if (status != VQE_OK) {
    return status;
  }
  double *half = work;
  double *u = half + columns;
  double *product = u + area(m);
  vqe_scf_multiply(half, scene->overlap, false, scf->mo_coeff, false, n, m, n);
  vqe_scf_multiply(u, before, true, half, false, m, m, n);
  vqe_scf_multiply(product, density_of, false, u, false, m, m, m);
  for (int k = 0; k < out->space.norb; k++) {
    int p = out->space.nfrozen + k;
    for (int q = 0; q < m; q++) {
      out->occupations[k] += u[(size_t)q * m + p] * product[(size_t)q * m + p];
    }
  }
  free(work);
  return status;
}

/* The matrices of a choice. */
struct matrices {
  double *rule;   /* nmo x nmo: occupations or parts */
  double *before; /* nao x nmo: the orbitals of SCF */
  double *fock;   /* nao x nao */
  double *scratch, *half;
};

static int allocate(struct matrices *out, size_t nao, size_t nmo)
{
  int status = vqe_memory_alloc(&out->rule, nmo * nmo, sizeof(double),
                                "weights of orbitals");
  double **wide[] = {&out->before, &out->scratch, &out->half};
  for (size_t k = 0; status == VQE_OK && k < 3; k++) {
    status = vqe_memory_alloc(wide[k], nao * nmo, sizeof(double), "orbitals");
  }
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&out->fock, nao * nao, sizeof(double), "Fock matrix");
  }
  return status;
}

static int choose_by_matrix(struct vqe_space_chosen *out, struct vqe_scf *scf,
                            const struct vqe_space_rule *rule,
                            const struct vqe_space_scene *scene)
{
  struct matrices m = {NULL};
  struct vqe_space_ranking ranking = {.nocc = 0};
  struct vqe_space_taken taken;
  bool occupations =
      rule->kind == VQE_SPACE_NATURAL || rule->kind == VQE_SPACE_AUTO;
  int ntarget = 0;
  int open = 0;
  int nfrozen = scene->nfrozen;
  size_t nao = (size_t)scene->env->nao;
  size_t nmo = (size_t)scf->nmo;
  if (rule->kind == VQE_SPACE_VALENCE && scene->ncore > nfrozen) {
    nfrozen = scene->ncore < scene->nbeta ? scene->ncore : scene->nbeta;
  }
  int status = allocate(&m, nao, nmo);
  if (status == VQE_OK) {
    memcpy(m.before, scf->mo_coeff, nao * nmo * sizeof(double));
    fock_of(m.fock, m.scratch, m.half, scf, scene);
    status = occupations ? density(m.rule, scf, scene)
                         : project(m.rule, &ntarget, scf, rule, scene);
  }
  if (status == VQE_OK) {
    open = rule->kind == VQE_SPACE_PI ? count_open(m.rule, scf->nmo, scene)
                                      : scene->nalpha - scene->nbeta;
    status =
        vqe_space_rank(&ranking, scf, m.rule, occupations, scene, nfrozen);
  }
  if (status == VQE_OK) {
    status = take(&taken, &ranking, rule, scene, ntarget, open);
  }
  if (status == VQE_OK) {
    status = set_space(&out->space, &taken, scene);
  }
  if (status == VQE_OK) {
    status = canonicalise(scf, &out->space, m.fock, scene);
  }
  if (status == VQE_OK && occupations) {
    status = fill_occupations(out, scf, m.before, m.rule, scene);
  }
  vqe_space_ranking_clear(&ranking);
  free(m.rule);
  free(m.before);
  free(m.fock);
  free(m.scratch);
  free(m.half);
  return status;
}

int vqe_space_choose(struct vqe_space_chosen *out, struct vqe_scf *scf,
                     const struct vqe_space_rule *rule,
                     const struct vqe_space_scene *scene)
{
  *out = (struct vqe_space_chosen){.numbers = NULL};
  int status =
      vqe_space_rule_check(rule, scene->molecule, scf->nmo, scene->where);
  if (status != VQE_OK) {
    return status;
  }
  return rule->kind == VQE_SPACE_INDICES
             ? vqe_space_index(out, scf, rule, scene)
             : choose_by_matrix(out, scf, rule, scene);
}
