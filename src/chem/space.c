#include "chem/space.h"

#include <math.h>

#include "base/error_message.h"
#include "base/notes.h"

int vqe_space_core_orbitals(int z)
{
  static const struct {
    int last_z; /* noble gas, which itself keeps its outer shell */
    int orbitals;
  } rows[] = {{2, 0}, {10, 1}, {18, 5}, {36, 9}, {54, 18}, {86, 27}};
  for (int k = 0; k < (int)(sizeof rows / sizeof rows[0]); k++) {
    if (z <= rows[k].last_z) {
      return rows[k].orbitals;
    }
  }
  return 43;
}

int vqe_space_frozen(int *out, const struct vqe_chem_options *options,
                     int nbeta, int auto_core, const char *name)
{
  int frozen = options->frozen_core;
  if (frozen == VQE_FROZEN_CORE_AUTO) {
    if (auto_core < 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: frozen_core: the number of core orbitals is "
                           "not known without atoms; give it as a number",
                           name);
    }
    *out = auto_core < nbeta ? auto_core : nbeta;
    return VQE_OK;
  }
  if (frozen < 0 || frozen > nbeta) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: frozen_core %d: there are %d doubly occupied "
                         "orbitals; give 0 to %d",
                         name, frozen, nbeta, nbeta);
  }
  *out = frozen;
  return VQE_OK;
}

int vqe_space_resolve(struct vqe_space *out,
                      const struct vqe_chem_options *options, int nmo,
                      int nalpha, int nbeta, int auto_core, const char *name)
{
  int nelec = nalpha + nbeta;
  int nfrozen = 0;
  int status = vqe_space_frozen(&nfrozen, options, nbeta, auto_core, name);
  if (status != VQE_OK) {
    return status;
  }
  int electrons = options->active_electrons;
  if (electrons >= 0) {
    if (electrons > nelec || (nelec - electrons) % 2 != 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: active_space: %d active electrons out of %d "
                           "leave no even number for frozen orbitals; give "
                           "%s number up to %d",
                           name, electrons, nelec,
                           nelec % 2 == 0 ? "an even" : "an odd", nelec);
    }
    if (electrons < nalpha - nbeta) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: active_space: %d active electrons are fewer "
                           "than the %d unpaired ones",
                           name, electrons, nalpha - nbeta);
    }
    int implied = (nelec - electrons) / 2;
    if (nfrozen > implied) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: frozen_core %d contradicts active_space, "
                           "whose %d electrons freeze %d orbitals; drop one "
                           "of the two",
                           name, nfrozen, electrons, implied);
    }
    nfrozen = implied;
  }
  int norb = nmo - nfrozen;
  if (options->active_orbitals >= 0) {
    if (options->active_orbitals > norb) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s: active_space: %d active orbitals and %d "
                           "frozen ones are more than the %d there are",
                           name, options->active_orbitals, nfrozen, nmo);
    }
    norb = options->active_orbitals;
  }
  if (norb < 1 || norb < nalpha - nfrozen) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: active_space: %d active orbitals cannot hold "
                         "%d alpha electrons; at least %d are needed",
                         name, norb, nalpha - nfrozen,
                         nalpha - nfrozen > 1 ? nalpha - nfrozen : 1);
  }
  if (norb > VQE_MAX_ACTIVE) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "%s: %d active orbitals, %d are supported; choose "
                         "fewer by active_space",
                         name, norb, VQE_MAX_ACTIVE);
  }
  out->nfrozen = nfrozen;
  out->norb = norb;
  out->nalpha = nalpha - nfrozen;
  out->nbeta = nbeta - nfrozen;
  return VQE_OK;
}

/* Orbitals `left` and left + 1, one of them outside. */
static int note_split(char **notes, const double *energies, int left)
{
  return vqe_notes_add(notes, VQE_NOTE_ACTIVE_SPACE_SPLITS,
                       "orbitals %d and %d lie %.1e hartree apart and only "
                       "one of them is active",
                       left + 1, left + 2,
                       fabs(energies[left + 1] - energies[left]));
}

int vqe_space_note_splits(char **notes, const double *energies, int nmo,
                          int nalpha, int nbeta, int nfrozen, int norb)
{
  int first = nfrozen;
  int last = nfrozen + norb;
  int status = VQE_OK;
  if (first > 0 && first < nbeta &&
      fabs(energies[first] - energies[first - 1]) < VQE_DEGENERATE) {
    status = note_split(notes, energies, first - 1);
  }
  if (status == VQE_OK && last < nmo && last > nalpha &&
      fabs(energies[last] - energies[last - 1]) < VQE_DEGENERATE) {
    status = note_split(notes, energies, last - 1);
  }
  return status;
}
