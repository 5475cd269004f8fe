/* From the integrals of an FCIDUMP to those of an active space. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/notes.h"
#include "base/struct_size.h"
#include "chem/env.h"
#include "chem/fcidump_file.h"
#include "chem/fcidump_symmetry.h"
#include "chem/integrals_new.h"
#include "chem/reference.h"
#include "chem/space.h"
#include "vqe/chem.h"

#define MAX_FILE ((size_t)1 << 30) /* bytes */
#define MAX_COUPLING 1e-6          /* hartree, of canonical orbitals */

/* Mean field and energy of the frozen orbitals, then the active integrals. */
static void fill(struct vqe_integrals *out,
                 const struct vqe_fcidump_file *file,
                 const struct vqe_space *space)
{
  int n = file->norb;
  int first = space->nfrozen;
  VQE_ASSERT(first >= 0 && first + space->norb <= n &&
             out->norb == space->norb);
  size_t npair_all = (size_t)n * (size_t)(n + 1) / 2;
  size_t npair = (size_t)space->norb * (size_t)(space->norb + 1) / 2;
  const double *eri = file->eri;
#define ERI(p, q, r, s)                                                       \
  eri[vqe_pair((size_t)(p), (size_t)(q)) * npair_all +                        \
      vqe_pair((size_t)(r), (size_t)(s))]
  for (int i = 0; i < first; i++) {
    out->e_core += 2.0 * file->h1e[i * n + i];
    for (int j = 0; j < first; j++) {
      out->e_core += 2.0 * ERI(i, i, j, j) - ERI(i, j, j, i);
    }
  }
  for (int p = 0; p < space->norb; p++) {
    for (int q = 0; q < space->norb; q++) {
      double value = file->h1e[(first + p) * n + first + q];
      for (int i = 0; i < first; i++) {
        value += 2.0 * ERI(first + p, first + q, i, i) -
                 ERI(first + p, i, i, first + q);
      }
      out->h1e[p * space->norb + q] = value;
    }
  }
  for (int p = 0; p < space->norb; p++) {
    for (int q = 0; q <= p; q++) {
      double *row = out->eri + vqe_pair((size_t)p, (size_t)q) * npair;
      for (int r = 0; r < space->norb; r++) {
        for (int s = 0; s <= r; s++) {
          row[vqe_pair((size_t)r, (size_t)s)] =
              ERI(first + p, first + q, first + r, first + s);
        }
      }
    }
  }
#undef ERI
}

/* The same integrals over all orbitals. */
static int keep_whole(struct vqe_integrals *out,
                      const struct vqe_fcidump_file *file, int nalpha,
                      int nbeta)
{
  struct vqe_space all = {0, file->norb, nalpha, nbeta};
  int status = vqe_integrals_new(&out->whole, file->norb, false);
  if (status == VQE_OK) {
    out->whole->nalpha = nalpha;
    out->whole->nbeta = nbeta;
    fill(out->whole, file, &all);
    status = vqe_fcidump_label(out->whole, file, 0);
  }
  return status;
}

/* Energies of the determinant: itself, orbitals, MP2. */
static int add_energies(struct vqe_integrals *out, const char *where)
{
  double coupling;
  double mixing;
  out->hf_energy = vqe_reference_energy(out);
  vqe_reference_fock(out->orbital_energies, &coupling, &mixing, out);
  if (!isfinite(out->hf_energy) || !isfinite(coupling)) {
    return vqe_error_set(
        VQE_ERR_INPUT, "%s: the integrals are too large for an energy", where);
  }
  if (coupling <= MAX_COUPLING) {
    return vqe_reference_mp2(out);
  }
  /* orbitals localised among those of one occupation keep the determinant */
  return vqe_notes_add(
      &out->notes, VQE_NOTE_NOT_CANONICAL,
      "the Fock matrix is off that of canonical orbitals by %.1e hartree, so "
      "there is no MP2 energy and no start from it; %s",
      coupling,
      mixing <= MAX_COUPLING
          ? "the determinant is that of Hartree-Fock. Canonical orbitals "
            "give both"
          : "it couples occupied and virtual orbitals too, so the reference "
            "lies above Hartree-Fock. Write the file from converged RHF or "
            "ROHF orbitals if it is to be the start");
}

/* Bring the lowest determinant to the front of the orbitals. */
static int order_orbitals(char **notes, struct vqe_fcidump_file *file,
                          int nalpha, int nbeta)
{
  int order[VQE_FCIDUMP_MAX_ORBITALS];
  double lower_by;
  char list[160] = "";
  size_t used = 0;
  bool lower;
  int status =
      vqe_fcidump_lowest(order, &lower, &lower_by, file, nalpha, nbeta);
  if (status != VQE_OK || !lower) {
    return status;
  }
  for (int p = 0; p < nalpha && used < sizeof list; p++) {
    int put = snprintf(list + used, sizeof list - used, "%s%d",
                       p > 0 ? ", " : "", order[p] + 1);
    used += put > 0 ? (size_t)put : 0;
  }
  status = vqe_fcidump_permute(file, order);
  if (status == VQE_OK) {
    status = vqe_notes_add(notes, VQE_NOTE_REFERENCE_NOT_FIRST,
                           "the determinant of orbitals %s of the file lies "
                           "%.6f hartree below that of the first %d; the "
                           "orbitals are reordered",
                           list, lower_by, nalpha);
  }
  return status;
}

static int note_splits(struct vqe_integrals *out,
                       const struct vqe_fcidump_file *file, int nalpha,
                       int nbeta)
{
  double levels[VQE_FCIDUMP_MAX_ORBITALS];
  int status = vqe_fcidump_levels(levels, file, nalpha, nbeta);
  return status == VQE_OK
             ? vqe_space_note_splits(&out->notes, levels, file->norb, nalpha,
                                     nbeta, out->nfrozen, out->norb)
             : status;
}

static int finish(struct vqe_integrals **result, struct vqe_fcidump_file *file,
                  const struct vqe_chem_options *options)
{
  struct vqe_integrals *out = NULL;
  struct vqe_space space;
  char where[512];
  char *notes = NULL;
  int nalpha = (file->nelec + file->ms2) / 2;
  int nbeta = file->nelec - nalpha;
  snprintf(where, sizeof where, "FCIDUMP '%.400s'", file->source);
  if (options->active_space != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: active_space: a rule needs atoms, and an "
                         "FCIDUMP has none: give electrons and orbitals",
                         where);
  }
  int status =
      vqe_space_resolve(&space, options, file->norb, nalpha, nbeta, -1, where);
  if (status == VQE_OK) {
    status = order_orbitals(&notes, file, nalpha, nbeta);
  }
  if (status == VQE_OK) {
    status = vqe_fcidump_check_reference(&notes, file, nalpha, nbeta);
  }
  if (status == VQE_OK) {
    status = vqe_integrals_new(&out, space.norb, false);
  }
  if (status == VQE_OK) {
    out->notes = notes;
    notes = NULL;
    out->nalpha = space.nalpha;
    out->nbeta = space.nbeta;
    out->nfrozen = space.nfrozen;
    out->nuclear_repulsion = file->core;
    snprintf(out->method, sizeof out->method, "FCIDUMP");
    fill(out, file, &space);
    status = vqe_fcidump_label(out, file, space.nfrozen);
  }
  if (status == VQE_OK) {
    status = add_energies(out, where);
  }
  if (status == VQE_OK) {
    status = note_splits(out, file, nalpha, nbeta);
  }
  if (status == VQE_OK && options->keep_all) {
    status = keep_whole(out, file, nalpha, nbeta);
  }
  free(notes);
  if (status != VQE_OK) {
    vqe_integrals_free(out);
    return status;
  }
  *result = out;
  return VQE_OK;
}

int vqe_fcidump_parse(struct vqe_integrals **out, const char *text,
                      size_t size, const char *source,
                      const struct vqe_chem_options *options)
{
  int missing = vqe_missing(__func__, "out text source options", out, text,
                            source, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_fcidump_file file = {0};
  int status = vqe_struct_size_check("vqe_chem_options", options->size,
                                     sizeof *options);
  if (status == VQE_OK) {
    status = vqe_fcidump_scan(&file, text, size, source);
  }
  if (status == VQE_OK) {
    status = finish(out, &file, options);
  }
  vqe_fcidump_clear(&file);
  return status;
}

int vqe_fcidump_read(struct vqe_integrals **out, const char *path,
                     const struct vqe_chem_options *options)
{
  int missing = vqe_missing(__func__, "out path options", out, path, options);
  if (missing != VQE_OK) {
    return missing;
  }
  char *text = NULL;
  size_t size = 0;
  int status = vqe_file_read(&text, &size, path, MAX_FILE);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_fcidump_parse(out, text, size, path, options);
  free(text);
  return status;
}
