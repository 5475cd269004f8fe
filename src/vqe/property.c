#include "vqe/property.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

const struct vqe_property_group_name vqe_property_groups[VQE_PROPERTY_GROUPS] =
    {{"rdm1", VQE_PROPERTY_RDM1},
     {"moments", VQE_PROPERTY_MOMENTS},
     {"charges", VQE_PROPERTY_CHARGES},
     {"entropies", VQE_PROPERTY_ENTROPIES},
     {"variance", VQE_PROPERTY_VARIANCE},
     {"rdm2", VQE_PROPERTY_RDM2}};

/* clang-format off */
const struct vqe_property_kind vqe_property_kinds[] = {
    {"origin", 1, true, "bohr",
     "where dipole and quadrupole are taken about: the centre of nuclear charge"},
    {"dipole", 1, true, "e bohr", "dipole moment x, y, z about origin"},
    {"quadrupole", 2, true, "e bohr^2",
     "traceless quadrupole moment about origin: charges times (3 r_i r_j - "
     "delta_ij r^2) / 2"},
    {"mulliken_charges", 1, true, "e", "Mulliken's charge of each atom"},
    {"mulliken_spins", 1, true, "electrons",
     "alpha less beta electrons of each atom, Mulliken's"},
    {"lowdin_charges", 1, true, "e", "Loewdin's charge of each atom"},
    {"lowdin_spins", 1, true, "electrons",
     "alpha less beta electrons of each atom, Loewdin's"},
    {"orbital_entropies", 1, true, NULL,
     "entropy -sum w ln w of each active orbital"},
    {"mutual_information", 2, true, NULL,
     "(s_i + s_j - s_ij) / 2 of each two active orbitals"},
    {"energy_variance", 1, true, "hartree^2", "<H^2> - <H>^2"},
    {"rdm1_alpha", 2, true, "electrons",
     "<a+_p a_q> of alpha electrons over active orbitals"},
    {"rdm1_beta", 2, true, "electrons",
     "<a+_p a_q> of beta electrons over active orbitals"},
    {"rdm1_ao_alpha", 2, false, "electrons",
     "density of alpha electrons over basis functions, frozen core included"},
    {"rdm1_ao_beta", 2, false, "electrons",
     "density of beta electrons over basis functions, frozen core included"},
    {"natural_orbitals", 2, false, NULL,
     "columns over basis functions: frozen orbitals, then natural ones in the "
     "order of natural_occupations"},
    {"rdm2", 2, false, "electrons",
     "<a+_p a+_r a_s a_q> of both spins over active orbitals, rows p norb + q, "
     "columns r norb + s, symmetric in p and q and in r and s"},
    {"noise_energy", 1, true, "hartree",
     "total energy of the final state on a machine with the noise asked for"},
    {"noise_error", 1, true, "hartree", "its standard error, 0 where exact"},
    {"noise_strength", 1, true, NULL, "factor of the noise"},
    {"noise_fidelity", 1, true, NULL,
     "<psi| rho |psi> of the noisy state with the state without noise"},
    {"noise_purity", 1, true, NULL, "Tr rho^2 of the noisy state"},
    {"noise_zne_energy", 1, true, "hartree",
     "total energy extrapolated to zero noise"},
    {"noise_zne_error", 1, true, "hartree", "its standard error, 0 where exact"},
    {"noise_zne_points", 2, true, NULL,
     "a row for each scale: scale, total energy and standard error in hartree"},
    {"noise_kept", 1, true, NULL,
     "share of the noisy state that has the molecule's electrons of each spin"},
    {"noise_kept_energy", 1, true, "hartree", "total energy of that share"},
    {"noise_kept_error", 1, true, "hartree", "its standard error, 0 where exact"},
    {"noise_counts", 2, true, NULL,
     "most frequent outcomes of all qubits, with shots: a row for each of the "
     "basis state's index and its count"},
};
/* clang-format on */
const size_t vqe_property_count =
    sizeof vqe_property_kinds / sizeof vqe_property_kinds[0];

json_t *vqe_property_names(unsigned groups)
{
  json_t *list = json_array();
  for (size_t k = 0; list != NULL && k < VQE_PROPERTY_GROUPS; k++) {
    if ((groups & vqe_property_groups[k].bit) != 0 &&
        json_array_append_new(list,
                              json_string(vqe_property_groups[k].name)) != 0) {
      json_decref(list);
      list = NULL;
    }
  }
  return list;
}

const struct vqe_property_kind *vqe_property_find(const char *name)
{
  for (size_t k = 0; k < vqe_property_count; k++) {
    if (strcmp(vqe_property_kinds[k].name, name) == 0) {
      return &vqe_property_kinds[k];
    }
  }
  return NULL;
}

bool vqe_property_size(size_t *out, const struct vqe_property *property)
{
  *out = 1;
  if (property->ndim < 1 || property->ndim > VQE_PROPERTY_DIMS) {
    return false;
  }
  for (int k = 0; k < property->ndim; k++) {
    if (property->shape[k] == 0 || property->shape[k] > SIZE_MAX ||
        !vqe_memory_mul(out, *out, (size_t)property->shape[k])) {
      return false;
    }
  }
  return true;
}

int vqe_property_add(double **values, struct vqe_result *result,
                     const char *name, const uint64_t shape[VQE_PROPERTY_DIMS])
{
  const struct vqe_property_kind *kind = vqe_property_find(name);
  size_t n = result->nproperty;
  size_t size;
  VQE_ASSERT(kind != NULL);
  int status = vqe_memory_grow(&result->properties, n, n + 1,
                               sizeof *result->properties, "properties");
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_property *property = &result->properties[n];
  snprintf(property->name, sizeof property->name, "%s", kind->name);
  property->ndim = kind->ndim;
  for (int k = 0; k < VQE_PROPERTY_DIMS; k++) {
    property->shape[k] = k < kind->ndim ? shape[k] : 1;
  }
  if (!vqe_property_size(&size, property)) {
    return vqe_error_set(VQE_ERR_MEMORY, "the property %s is too large", name);
  }
  status =
      vqe_memory_alloc(&property->values, size, sizeof(double), kind->name);
  if (status == VQE_OK) {
    result->nproperty = n + 1;
    *values = property->values;
  }
  return status;
}

const struct vqe_property *vqe_result_property(const struct vqe_result *result,
                                               const char *name)
{
  if (result == NULL || name == NULL) {
    return NULL;
  }
  for (size_t k = 0; k < result->nproperty; k++) {
    if (strcmp(result->properties[k].name, name) == 0) {
      return &result->properties[k];
    }
  }
  return NULL;
}
