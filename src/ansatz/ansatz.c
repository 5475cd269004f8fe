#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_build.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "vqe/ansatz.h"

#define MAX_GATES ((size_t)1 << 26)
#define MAX_REPS 10000

int vqe_ansatz_add(struct vqe_ansatz_builder *builder,
                   const struct vqe_gate *gate)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  if (ansatz->ngate == builder->capacity) {
    size_t capacity = builder->capacity == 0 ? 256 : 2 * builder->capacity;
    if (capacity > MAX_GATES) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "the ansatz has more than %zu gates; use fewer "
                           "reps",
                           MAX_GATES);
    }
    int status = vqe_memory_grow(&ansatz->gates, ansatz->ngate, capacity,
                                 sizeof *ansatz->gates, "gate list");
    if (status != VQE_OK) {
      return status;
    }
    builder->capacity = capacity;
  }
  ansatz->gates[ansatz->ngate++] = *gate;
  return VQE_OK;
}

int vqe_ansatz_build_hf_state(struct vqe_ansatz_builder *builder)
{
  const struct vqe_ansatz *ansatz = builder->ansatz;
  for (int spin = 0; spin < 2; spin++) {
    int occupied = spin == 0 ? ansatz->nalpha : ansatz->nbeta;
    for (int p = 0; p < occupied; p++) {
      struct vqe_gate gate = {
          VQE_GATE_X, {p + spin * ansatz->norb, 0, 0, 0}, -1, 0.0};
      int status = vqe_ansatz_add(builder, &gate);
      if (status != VQE_OK) {
        return status;
      }
    }
  }
  return VQE_OK;
}

int vqe_ansatz_create(struct vqe_ansatz **out,
                      const struct vqe_ansatz_options *options)
{
  struct vqe_ansatz_builder builder = {NULL, 0};
  const char *name;
  const char *entanglement;
  *out = NULL;
  int status = vqe_ansatz_canonical(&name, options->name);
  if (status == VQE_OK) {
    status =
        vqe_entanglement_canonical(&entanglement, name, options->entanglement);
  }
  if (status != VQE_OK) {
    return status;
  }
  if (options->norb < 1 || options->norb > VQE_MAX_ORBITALS ||
      options->nalpha < 0 || options->nbeta < 0 ||
      options->nalpha > options->norb || options->nbeta > options->norb) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%d alpha and %d beta electrons in %d orbitals: "
                         "not between 0 and the number of orbitals (at most "
                         "%d)",
                         options->nalpha, options->nbeta, options->norb,
                         VQE_MAX_ORBITALS);
  }
  bool conserves = vqe_ansatz_conserves(name);
  bool adapt = strcmp(name, "ADAPT-VQE") == 0;
  int most = adapt ? 1 : MAX_REPS;
  if (options->reps < (conserves ? 1 : 0) || options->reps > most) {
    return vqe_error_set(VQE_ERR_INPUT, "reps %d: between %d and %d",
                         options->reps, conserves ? 1 : 0, most);
  }
  status =
      vqe_memory_alloc(&builder.ansatz, 1, sizeof *builder.ansatz, "ansatz");
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_ansatz *ansatz = builder.ansatz;
  snprintf(ansatz->name, sizeof ansatz->name, "%s", name);
  if (entanglement != NULL) {
    snprintf(ansatz->entanglement, sizeof ansatz->entanglement, "%s",
             entanglement);
  }
  ansatz->reps = options->reps;
  ansatz->norb = options->norb;
  ansatz->nqubit = 2 * options->norb;
  ansatz->nalpha = options->nalpha;
  ansatz->nbeta = options->nbeta;
  ansatz->conserves = conserves;
  ansatz->real = vqe_ansatz_real(name);
  if (strcmp(name, "UCCSD") == 0) {
    status = vqe_ansatz_build_uccsd(&builder, options);
  } else if (strcmp(name, "LUCJ") == 0) {
    status = vqe_ansatz_build_lucj(&builder, options);
  } else if (strcmp(name, "k-UpCCGSD") == 0) {
    status = vqe_ansatz_build_kupccgsd(&builder, options);
  } else if (adapt) {
    status = vqe_ansatz_build_hf_state(&builder);
  } else {
    status = vqe_ansatz_build_circuit(&builder, options);
  }
  if (status != VQE_OK) {
    vqe_ansatz_free(ansatz);
    return status;
  }
  *out = ansatz;
  return VQE_OK;
}

void vqe_ansatz_free(struct vqe_ansatz *ansatz)
{
  if (ansatz == NULL) {
    return;
  }
  free(ansatz->gates);
  free(ansatz);
}

void vqe_ansatz_hf_parameters(double *out, const struct vqe_ansatz *ansatz)
{
  for (int k = 0; k < ansatz->nparam; k++) {
    out[k] = 0.0;
  }
  /* circuits without a state in front: the last RY layer flips */
  bool flips = strcmp(ansatz->name, "EfficientSU2") == 0 ||
               strcmp(ansatz->name, "RealAmplitudes") == 0;
  int seen = 0;
  for (size_t k = ansatz->ngate; flips && k-- > 0 && seen < ansatz->nqubit;) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    if (gate->kind == VQE_GATE_RY) {
      int orbital = gate->q[0] % ansatz->norb;
      bool beta = gate->q[0] >= ansatz->norb;
      if (orbital < (beta ? ansatz->nbeta : ansatz->nalpha)) {
        out[gate->param] = 3.14159265358979323846;
      }
      seen++;
    }
  }
}
