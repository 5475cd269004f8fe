#include "vqe/checks.h"

#include <math.h>

#include "base/notes.h"
#include "vqe/error.h"
#include "vqe/landscape.h"
#include "vqe/orbital.h"

/* A natural occupation this far from 2, 1 or 0 is of a state that one
 * determinant does not describe. 0.1 is where CASSCF practice takes an orbital
 * into the active space (1.9 and 0.1), e.g. Keller et al., J. Chem. Phys. 142
 * (2015) 244104. */
#define MULTIREFERENCE_OCCUPATION 0.1
/* Least weight of the reference determinant, as c0^2 > 0.9 of Jiang, DeYonker
 * and Wilson, J. Chem. Theory Comput. 8 (2012) 460. */
#define MULTIREFERENCE_WEIGHT 0.9
/* Rounding of the exact solver and the estimator. */
#define BELOW_EXACT 1e-6

static double spin_of(const struct vqe_result *result)
{
  double spin = 0.5 * (result->nalpha - result->nbeta);
  return spin * (spin + 1.0);
}

static bool number_kept(const struct vqe_result *result)
{
  return fabs(result->n_expectation - (result->nalpha + result->nbeta)) <=
         VQE_CHECK_STATE;
}

static bool spin_kept(const struct vqe_result *result)
{
  return fabs(result->s2_expectation - spin_of(result)) <= VQE_CHECK_STATE;
}

int vqe_result_state_ok(const struct vqe_result *result)
{
  if (isnan(result->n_expectation) || isnan(result->s2_expectation)) {
    return -1;
  }
  return number_kept(result) && spin_kept(result) ? 1 : 0;
}

static double error_of(const struct vqe_result *result)
{
  return result->minimum + result->nuclear_repulsion_energy -
         result->fci_energy;
}

int vqe_result_accurate(const struct vqe_result *result)
{
  int state = vqe_result_state_ok(result);
  double error = error_of(result);
  if (isnan(error) || state < 0 || result->landscape.points > 0.0) {
    return -1;
  }
  return state == 1 && fabs(error) <= VQE_CHECK_ACCURACY ? 1 : 0;
}

static int note_state(struct vqe_result *result)
{
  int status = VQE_OK;
  if (isnan(result->n_expectation) || isnan(result->s2_expectation)) {
    return VQE_OK;
  }
  if (!number_kept(result)) {
    status = vqe_notes_add(&result->notes, VQE_NOTE_WRONG_SECTOR,
                           "<N> = %.4f in place of %d", result->n_expectation,
                           result->nalpha + result->nbeta);
  }
  if (status == VQE_OK && !spin_kept(result)) {
    status = vqe_notes_add(&result->notes, VQE_NOTE_WRONG_SPIN,
                           "<S^2> = %.4f in place of %.2f",
                           result->s2_expectation, spin_of(result));
  }
  return status;
}

/* The exact state has the lowest energy of its number of electrons and S_z:
 * its spin may be another than asked for. */
static int note_exact_state(struct vqe_result *result)
{
  if (isnan(result->fci_s2) ||
      fabs(result->fci_s2 - spin_of(result)) <= VQE_CHECK_STATE) {
    return VQE_OK;
  }
  return vqe_notes_add(&result->notes, VQE_NOTE_OTHER_STATE,
                       "the lowest exact state has <S^2> = %.4f, %.2f was "
                       "asked for",
                       result->fci_s2, spin_of(result));
}

bool vqe_result_below_exact(const struct vqe_result *result)
{
  const struct vqe_experiment *experiment = result->experiment;
  bool parts = experiment->active_orbitals >= 0 ||
               experiment->active_space != NULL || result->nfrozen > 0;
  /* a sampled energy scatters about its mean */
  double scatter = isnan(result->energy_std) ? 0.0 : 3.0 * result->energy_std;
  return error_of(result) < -BELOW_EXACT - scatter &&
         !(parts && vqe_orbital_asked(experiment));
}

/* Further below Hartree-Fock than a state can be: correlation brings some 0.04
 * hartree a pair, a closed-shell reference of a broken bond loses some 0.4 a
 * pair (H2 in STO-3G: 0.38). */
static bool far_below_start(const struct vqe_result *result)
{
  double pairs = 0.5 * (result->nalpha + result->nbeta);
  double energy = result->minimum + result->nuclear_repulsion_energy;
  double scatter = isnan(result->energy_std) ? 0.0 : 3.0 * result->energy_std;
  bool other = !isnan(result->n_expectation) && !number_kept(result);
  return isnan(result->fci_energy) && !other &&
         energy < result->hf_energy - 1.0 - 0.6 * pairs - scatter;
}

int vqe_result_note_low(struct vqe_result *result)
{
  if (vqe_result_below_exact(result) &&
      !vqe_notes_has(result->notes, VQE_NOTE_BELOW_EXACT)) {
    return vqe_notes_add(&result->notes, VQE_NOTE_BELOW_EXACT,
                         "%.2f mHa below the exact energy",
                         -1e3 * error_of(result));
  }
  if (far_below_start(result) &&
      !vqe_notes_has(result->notes, VQE_NOTE_FAR_BELOW_START)) {
    return vqe_notes_add(&result->notes, VQE_NOTE_FAR_BELOW_START,
                         "%.3f hartree below Hartree-Fock",
                         result->hf_energy - result->minimum -
                             result->nuclear_repulsion_energy);
  }
  return VQE_OK;
}

static int note_energy(struct vqe_result *result)
{
  double error = error_of(result);
  double exact = error;
  if (!isnan(result->energy_exact)) {
    exact = error + result->energy_exact - result->minimum;
  }
  if (!isnan(exact) && exact > VQE_CHECK_ACCURACY) {
    return vqe_notes_add(&result->notes, VQE_NOTE_ABOVE_ACCURACY,
                         "%.2f mHa above the exact energy", 1e3 * exact);
  }
  return vqe_result_note_low(result);
}

static int note_mp2(struct vqe_result *result)
{
  if (result->mp2_energy < result->fci_energy - BELOW_EXACT) {
    return vqe_notes_add(&result->notes, VQE_NOTE_MP2_BELOW_FCI,
                         "MP2 is %.2f mHa below the exact energy",
                         1e3 * (result->fci_energy - result->mp2_energy));
  }
  return VQE_OK;
}

/* Distance of an occupation from the nearest whole number. */
static double unpaired(double occupation)
{
  return fabs(occupation - round(occupation));
}

static int note_multireference(struct vqe_result *result)
{
  size_t worst = 0;
  size_t open = (size_t)(result->nalpha - result->nbeta);
  size_t ones = 0;
  const double *occupations = result->natural_occupations;
  if (occupations == NULL || result->noccupation == 0) {
    return VQE_OK;
  }
  for (size_t k = 0; k < result->noccupation; k++) {
    ones += fabs(occupations[k] - 1.0) < 0.5;
    if (unpaired(occupations[k]) > unpaired(occupations[worst])) {
      worst = k;
    }
  }
  bool weak = result->reference_weight < MULTIREFERENCE_WEIGHT;
  if (weak || ones != open ||
      unpaired(occupations[worst]) > MULTIREFERENCE_OCCUPATION) {
    return vqe_notes_add(&result->notes, VQE_NOTE_MULTIREFERENCE,
                         "weight of the reference determinant %.3f, a natural "
                         "orbital holds %.3f electrons",
                         result->reference_weight, occupations[worst]);
  }
  return VQE_OK;
}

int vqe_result_note_checks(struct vqe_result *result)
{
  if (vqe_landscape_asked(result->experiment)) {
    return vqe_notes_add(&result->notes, VQE_NOTE_LANDSCAPE,
                         "the lowest of %.0f random points",
                         result->landscape.points);
  }
  int status = note_state(result);
  if (status == VQE_OK) {
    status = note_exact_state(result);
  }
  if (status == VQE_OK) {
    status = note_energy(result);
  }
  if (status == VQE_OK) {
    status = note_mp2(result);
  }
  if (status == VQE_OK && isnan(result->fci_energy)) {
    status = note_multireference(result);
  }
  return status;
}
