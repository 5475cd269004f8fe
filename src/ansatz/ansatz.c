/* The choice of the constructor by name, and its checks. */
#include <stdio.h>
#include <string.h>

#include "ansatz/ansatz_builders.h"
#include "ansatz/ansatz_names.h"
#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/struct_size.h"
#include "vqe/ansatz.h"

/* ADAPT-VQE starts with the state alone. */
static int build_hf_state(struct vqe_ansatz_builder *builder,
                          const struct vqe_ansatz_options *options)
{
  (void)options;
  return vqe_ansatz_add_hf_state(builder);
}

static int build(struct vqe_ansatz_builder *builder,
                 const struct vqe_ansatz_options *options)
{
  static const struct {
    const char *name;
    int (*build)(struct vqe_ansatz_builder *builder,
                 const struct vqe_ansatz_options *options);
  } builders[] = {
      {"UCCSD", vqe_ansatz_build_uccsd},
      {"UCCD", vqe_ansatz_build_uccd},
      {"pUCCD", vqe_ansatz_build_puccd},
      {"UCCD0", vqe_ansatz_build_uccd0},
      {"ADAPT-VQE", build_hf_state},
      {"k-UpCCGSD", vqe_ansatz_build_kupccgsd},
      {"k-UpCCGD", vqe_ansatz_build_kupccgd},
      {"LUCJ", vqe_ansatz_build_lucj},
      {"EfficientSU2", vqe_ansatz_build_circuit},
      {"RealAmplitudes", vqe_ansatz_build_circuit},
      {"ExcitationPreserving", vqe_ansatz_build_circuit},
  };
  const size_t count = sizeof builders / sizeof builders[0];
  size_t k = 0;
  while (k < count && strcmp(builders[k].name, builder->ansatz->name) != 0) {
    k++;
  }
  VQE_ASSERT(k < count);
  return builders[k].build(builder, options);
}

static int check_sizes(const struct vqe_ansatz_options *options,
                       const struct vqe_ansatz_kind *kind)
{
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
  if (options->reps < kind->least_reps || options->reps > kind->most_reps) {
    return vqe_error_set(VQE_ERR_INPUT, "reps %d: between %d and %d",
                         options->reps, kind->least_reps, kind->most_reps);
  }
  return VQE_OK;
}

int vqe_ansatz_create(struct vqe_ansatz **out,
                      const struct vqe_ansatz_options *options)
{
  int missing = vqe_missing(__func__, "out options", out, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_ansatz_builder builder = {NULL, 0};
  const char *name = NULL;
  const char *entanglement = NULL;
  *out = NULL;
  int status = vqe_struct_size_check("vqe_ansatz_options", options->size,
                                     sizeof *options);
  if (status == VQE_OK) {
    status = vqe_missing(__func__, "options->irrep",
                         options->nirrep > 1 ? (const void *)options->irrep
                                             : options);
  }
  if (status == VQE_OK) {
    status = vqe_missing(__func__, "options->name", options->name);
  }
  if (status == VQE_OK) {
    status = vqe_ansatz_canonical(&name, options->name);
  }
  if (status == VQE_OK) {
    status =
        vqe_entanglement_canonical(&entanglement, name, options->entanglement);
  }
  if (status != VQE_OK) {
    return status;
  }
  const struct vqe_ansatz_kind *kind = vqe_ansatz_kind(name);
  status = check_sizes(options, kind);
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&builder.ansatz, 1, sizeof *builder.ansatz, "ansatz");
  }
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_ansatz *ansatz = builder.ansatz;
  snprintf(ansatz->name, sizeof ansatz->name, "%s", name);
  snprintf(ansatz->entanglement, sizeof ansatz->entanglement, "%s",
           entanglement == NULL ? "" : entanglement);
  ansatz->reps = options->reps;
  ansatz->norb = options->norb;
  ansatz->nqubit = 2 * options->norb;
  ansatz->nalpha = options->nalpha;
  ansatz->nbeta = options->nbeta;
  ansatz->conserves = kind->conserves;
  ansatz->real = kind->real;
  ansatz->circuits = options->circuits;
  status = build(&builder, options);
  if (status != VQE_OK) {
    vqe_ansatz_free(ansatz);
    return status;
  }
  *out = ansatz;
  return VQE_OK;
}
