/* The exact energy beside the variational one. */
#include <math.h>

#include "ansatz/ansatz_names.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/notes.h"
#include "vqe/checks.h"
#include "vqe/landscape.h"
#include "vqe/run.h"

/* A state this near the exact one, hartree, is its partner, as the components
 * of a Pi or E state are, which are of two irreps. */
#define SAME_ENERGY 1e-6

/* Total symmetry of the determinant that fills the first orbitals, which an
 * ansatz of excitations that symmetry screens keeps. */
static int reference_irrep(const struct vqe_run *run)
{
  int irrep = 0;
  for (int k = run->result->nbeta; k < run->result->nalpha; k++) {
    irrep ^= run->hamiltonian->irrep[k];
  }
  return irrep;
}

int vqe_run_note_irrep(struct vqe_run *run)
{
  struct vqe_result *result = run->result;
  double error =
      result->minimum + result->nuclear_repulsion_energy - result->fci_energy;
  bool partner = run->fci_reference_energy + result->nuclear_repulsion_energy -
                     result->fci_energy <=
                 SAME_ENERGY;
  if (!vqe_landscape_asked(run->experiment) && !isnan(result->fci_energy) &&
      error > VQE_CHECK_ACCURACY && !partner && run->hamiltonian->nirrep > 1 &&
      vqe_ansatz_conserves(run->experiment->ansatz_name) &&
      reference_irrep(run) != run->fci_irrep) {
    return vqe_notes_add(&result->notes, VQE_NOTE_OTHER_STATE,
                         "the lowest exact state has another symmetry "
                         "(irrep %d) than the reference (%d)",
                         run->fci_irrep, reference_irrep(run));
  }
  return VQE_OK;
}

/* The lowest state, of the irrep that the integrals ask for if they do. The
 * run may go without symmetry, the exact state then does not. */
static int solve(struct vqe_fci_result *out, const struct vqe_run *run,
                 struct vqe_fci_options *options)
{
  const struct vqe_integrals *integrals = run->integrals;
  const struct vqe_hamiltonian *hamiltonian = run->hamiltonian;
  struct vqe_hamiltonian *labelled = NULL;
  int status = VQE_OK;
  if (integrals->irreps != NULL) {
    options->irrep = integrals->target_irrep + 1;
  }
  if (options->irrep > 0 && hamiltonian->nirrep == 1) {
    status = vqe_hamiltonian_create(&labelled, hamiltonian->norb,
                                    hamiltonian->h1e, hamiltonian->w,
                                    hamiltonian->constant, false, 0.0);
    hamiltonian = labelled;
  }
  if (status == VQE_OK && labelled != NULL) {
    vqe_hamiltonian_label(labelled, integrals->nirrep, integrals->irreps);
  }
  if (status == VQE_OK) {
    status = vqe_fci_solve(out, hamiltonian, run->result->nalpha,
                           run->result->nbeta, options);
  }
  vqe_hamiltonian_free(labelled);
  return status;
}

int vqe_run_fci(struct vqe_run *run)
{
  struct vqe_result *result = run->result;
  struct vqe_fci_options options = VQE_FCI_OPTIONS_INIT;
  struct vqe_fci_result fci;
  if ((run->experiment->references & VQE_REFERENCE_FCI) == 0) {
    return VQE_OK;
  }
  options.threads = run->options->threads;
  options.multiplicity = result->nalpha - result->nbeta + 1;
  options.should_stop = vqe_run_must_end;
  options.ctx = run;
  double wall = vqe_clock_wall();
  double cpu = vqe_run_cpu_seconds(run);
  vqe_run_limit(run, run->experiment->fci_max_seconds);
  int status = solve(&fci, run, &options);
  result->seconds_fci = vqe_clock_wall() - wall;
  result->cpu_seconds_fci = vqe_run_cpu_seconds(run) - cpu;
  if (status == VQE_OK) {
    result->fci_energy = fci.energy + result->nuclear_repulsion_energy;
    result->fci_s2 = fci.s2;
    run->fci_irrep = fci.irrep;
    run->fci_reference_energy = fci.reference_energy;
  }
  bool late = status == VQE_ERR_INTERRUPTED && run->late;
  vqe_run_limit(run, 0.0);
  if (late) {
    return vqe_notes_add(&result->notes, VQE_NOTE_NO_FCI,
                         "FCI was ended after fci_max_seconds, %g s; a larger "
                         "limit or none lets it finish",
                         run->experiment->fci_max_seconds);
  }
  if (status == VQE_OK || status == VQE_ERR_INTERRUPTED) {
    return status;
  }
  return vqe_notes_add(&result->notes, VQE_NOTE_NO_FCI, "%s",
                       vqe_error_message());
}
