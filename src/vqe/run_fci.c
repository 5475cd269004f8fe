/* The exact energy beside the variational one. */
#include "base/clock.h"
#include "base/error_message.h"
#include "base/notes.h"
#include "vqe/run.h"

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
  options.should_stop = vqe_run_stop_asked;
  options.ctx = run;
  double wall = vqe_clock_wall();
  double cpu = vqe_run_cpu_seconds(run);
  int status = vqe_fci_solve(&fci, run->hamiltonian, result->nalpha,
                             result->nbeta, &options);
  result->seconds_fci = vqe_clock_wall() - wall;
  result->cpu_seconds_fci = vqe_run_cpu_seconds(run) - cpu;
  if (status == VQE_OK) {
    result->fci_energy = fci.energy + result->nuclear_repulsion_energy;
    result->fci_s2 = fci.s2;
    return VQE_OK;
  }
  if (status == VQE_ERR_INTERRUPTED) {
    return status;
  }
  return vqe_notes_add(&result->notes, VQE_NOTE_NO_FCI, "%s",
                       vqe_error_message());
}
