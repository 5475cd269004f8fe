/* The full-space estimator: circuits on 2^n amplitudes. */
#include <math.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "sim/backend.h"
#include "sim/statevector_tables.h"

#define MAX_FULL_QUBITS 40

static void statevector_free(void *backend)
{
  struct vqe_statevector *sv = backend;
  if (sv == NULL) {
    return;
  }
  vqe_sigma_free(sv->sigma);
  vqe_strings_clear(&sv->strings);
  for (size_t k = 0; k < sv->nstep; k++) {
    vqe_phases_free(sv->steps[k].phases);
  }
  free(sv->scratch);
  free(sv->steps);
  vqe_vector_clear(&sv->psi);
  vqe_vector_clear(&sv->lambda);
  vqe_vector_clear(&sv->work);
  free(sv->context.partial);
  free(sv);
}

void vqe_statevector_size(uint64_t *amplitudes, uint64_t *bytes,
                          const struct vqe_hamiltonian *hamiltonian,
                          const struct vqe_ansatz *ansatz, int threads)
{
  int n = ansatz->nqubit;
  if (n > MAX_FULL_QUBITS) {
    *amplitudes = n < 64 ? UINT64_C(1) << n : UINT64_MAX;
    *bytes = n < 58 ? UINT64_C(48) << n : UINT64_MAX;
    return;
  }
  /* psi, lambda and one vector of work space */
  *amplitudes = UINT64_C(1) << n;
  *bytes = (ansatz->real ? 32 : 48) * *amplitudes +
           vqe_strings_bytes(ansatz->norb, VQE_ALL_NUMBERS) +
           vqe_sigma_bytes(ansatz->norb, VQE_ALL_NUMBERS, VQE_ALL_NUMBERS,
                           hamiltonian->nirrep, threads);
}

/* Seconds of one gate for each amplitude. The sweep back leaves the adjoint
 * of what it has passed: a gradient is 1.3 to 1.5 energies. */
#define AMPLITUDE_SECONDS 8e-10
#define GRADIENT 1.4

void vqe_statevector_seconds(double *energy, double *gradient,
                             const struct vqe_hamiltonian *hamiltonian,
                             const struct vqe_ansatz *ansatz, double gates)
{
  double planes = ansatz->real ? 1.0 : 2.0;
  double sigma = vqe_sigma_seconds(ansatz->norb, VQE_ALL_NUMBERS,
                                   VQE_ALL_NUMBERS, hamiltonian->nirrep);
  *energy =
      planes * sigma + gates * ldexp(1.0, ansatz->nqubit) * AMPLITUDE_SECONDS;
  *gradient = GRADIENT * *energy;
}

static int statevector_init(struct vqe_statevector *sv, int threads)
{
  const struct vqe_hamiltonian *hamiltonian = sv->hamiltonian;
  struct vqe_amplitudes_context *context = &sv->context;
  context->nqubit = sv->ansatz->nqubit;
  context->size = (size_t)1 << context->nqubit;
  context->threads = threads;
  int status = vqe_memory_alloc(&context->partial,
                                (size_t)VQE_AMPLITUDES_CHUNKS * VQE_MAX_QUBITS,
                                sizeof(double), "partial sums");
  if (status == VQE_OK) {
    status = vqe_strings_init(&sv->strings, hamiltonian->norb, VQE_ALL_NUMBERS,
                              hamiltonian->nirrep, hamiltonian->irrep);
  }
  if (status == VQE_OK) {
    vqe_layout_init(&sv->layout, &sv->strings, &sv->strings, -1);
    status = vqe_sigma_create(&sv->sigma, hamiltonian, &sv->strings,
                              &sv->strings, threads);
  }
  if (status == VQE_OK) {
    status = vqe_vector_alloc(&sv->psi, context->size, sv->ansatz->real,
                              "state vector");
  }
  if (status == VQE_OK) {
    /* two planes even for real states: sigma's input and output */
    status = vqe_vector_alloc(&sv->work, context->size, false, "state vector");
  }
  if (status == VQE_OK) {
    status = vqe_statevector_compile(sv);
  }
  return status;
}

static void statevector_watch(void *backend, struct vqe_stop *stop)
{
  struct vqe_statevector *sv = backend;
  sv->stop = sv->context.size < VQE_STOP_SIZE ? NULL : stop;
  vqe_sigma_watch(sv->sigma, sv->stop);
}

static const struct vqe_backend_ops statevector_ops = {
    .name = "vqe_cpu_statevector",
    .free = statevector_free,
    .energy = vqe_statevector_energy,
    .gradient = vqe_statevector_gradient,
    .penalised = vqe_statevector_penalised,
    .extend = vqe_statevector_compile,
    .pool_gradient = vqe_statevector_pool_gradient,
    .properties = vqe_statevector_properties,
    .blocks = vqe_statevector_blocks,
    .watch = statevector_watch,
    .state = vqe_statevector_state,
};

int vqe_statevector_create(const struct vqe_backend_ops **ops, void **out,
                           const struct vqe_hamiltonian *hamiltonian,
                           const struct vqe_ansatz *ansatz, int threads)
{
  struct vqe_statevector *sv = NULL;
  if (ansatz->nqubit > MAX_FULL_QUBITS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a full-space state of %d qubits: at most %d are "
                         "supported",
                         ansatz->nqubit, MAX_FULL_QUBITS);
  }
  int status = vqe_memory_alloc(&sv, 1, sizeof *sv, "estimator");
  if (status != VQE_OK) {
    return status;
  }
  sv->hamiltonian = hamiltonian;
  sv->ansatz = ansatz;
  status = statevector_init(sv, threads);
  if (status != VQE_OK) {
    statevector_free(sv);
    return status;
  }
  *ops = &statevector_ops;
  *out = sv;
  return VQE_OK;
}
