#include "chem/space_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/notes.h"

static int check_open(const struct vqe_space_rule *rule,
                      const struct vqe_space_scene *scene, int first, int nocc)
{
  int electrons = 2 * nocc + scene->nalpha - scene->nbeta;
  int open = 0;
  for (size_t k = 0; k < rule->nindex; k++) {
    open +=
        rule->indices[k] > scene->nbeta && rule->indices[k] <= scene->nalpha;
  }
  if (open < scene->nalpha - scene->nbeta) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: active_space: the singly occupied orbitals %d "
                         "to %d must all be among the indices",
                         scene->where, scene->nbeta + 1, scene->nalpha);
  }
  if (first <= scene->nfrozen) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: active_space: orbital %d is frozen by "
                         "frozen_core %d; drop one of the two",
                         scene->where, first, scene->nfrozen);
  }
  if (rule->electrons >= 0 && rule->electrons != electrons) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: active_space: the orbitals of 'indices' hold "
                         "%d electrons, and 'electrons' is %d",
                         scene->where, electrons, rule->electrons);
  }
  return VQE_OK;
}

/* Orbitals of one occupation and energy, of which one is taken. */
static int note_parted(struct vqe_space_chosen *out, const bool *active,
                       const struct vqe_scf *scf,
                       const struct vqe_space_scene *scene)
{
  int status = VQE_OK;
  for (int p = 1; status == VQE_OK && p < scf->nmo; p++) {
    bool border = p == scene->nbeta || p == scene->nalpha;
    double gap = fabs(scf->mo_energy[p] - scf->mo_energy[p - 1]);
    if (!border && active[p] != active[p - 1] && gap < VQE_DEGENERATE) {
      status = vqe_notes_add(&out->notes, VQE_NOTE_ACTIVE_SPACE_SPLITS,
                             "orbitals %d and %d lie %.1e hartree apart and "
                             "only one of them is active",
                             p, p + 1, gap);
    }
  }
  return status;
}

/* Columns and energies in the order frozen, active, left out. */
static int reorder(struct vqe_scf *scf, const bool *active, int nao,
                   int nalpha)
{
  int n = scf->nmo;
  double *row = NULL;
  int *from = NULL;
  int at = 0;
  int status = vqe_memory_alloc(&row, (size_t)n, sizeof *row, "orbitals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&from, (size_t)n, sizeof *from, "orbitals");
  }
  for (int part = 0; status == VQE_OK && part < 3; part++) {
    for (int p = 0; p < n; p++) {
      int belongs = active[p] ? 1 : p < nalpha ? 0 : 2;
      if (belongs == part) {
        from[at++] = p;
      }
    }
  }
  for (int r = -1; status == VQE_OK && r < nao; r++) {
    double *line = r < 0 ? scf->mo_energy : scf->mo_coeff + (size_t)r * n;
    for (int p = 0; p < n; p++) {
      row[p] = line[from[p]];
    }
    memcpy(line, row, (size_t)n * sizeof *row);
  }
  free(row);
  free(from);
  return status;
}

int vqe_space_index(struct vqe_space_chosen *out, struct vqe_scf *scf,
                    const struct vqe_space_rule *rule,
                    const struct vqe_space_scene *scene)
{
  bool *active = NULL;
  int nocc = 0;
  for (size_t k = 0; k < rule->nindex; k++) {
    nocc += rule->indices[k] <= scene->nbeta;
  }
  int status = check_open(rule, scene, rule->indices[0], nocc);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&active, (size_t)scf->nmo, sizeof *active,
                              "active orbitals");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->numbers, rule->nindex, sizeof(int),
                              "active orbitals");
  }
  for (size_t k = 0; status == VQE_OK && k < rule->nindex; k++) {
    active[rule->indices[k] - 1] = true;
    out->numbers[k] = rule->indices[k];
  }
  if (status == VQE_OK) {
    out->space.nfrozen = scene->nbeta - nocc;
    out->space.norb = (int)rule->nindex;
    out->space.nbeta = nocc;
    out->space.nalpha = nocc + scene->nalpha - scene->nbeta;
    status = note_parted(out, active, scf, scene);
  }
  if (status == VQE_OK) {
    status = reorder(scf, active, scene->env->nao, scene->nalpha);
  }
  free(active);
  return status;
}
