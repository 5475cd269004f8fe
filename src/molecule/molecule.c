#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "molecule/molecule_build.h"
#include "vqe/molecule.h"

int vqe_molecule_new(struct vqe_molecule **out, size_t natom, const char *name)
{
  struct vqe_molecule *molecule = NULL;
  int status = VQE_OK;
  if (natom < 1 || natom > VQE_MAX_ATOMS) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "a molecule of %zu atoms: 1 to %d are accepted",
                         natom, VQE_MAX_ATOMS);
  }
  status = vqe_memory_alloc(&molecule, 1, sizeof *molecule, "molecule");
  if (status != VQE_OK) {
    return status;
  }
  molecule->natom = natom;
  molecule->multiplicity = 1;
  status = vqe_memory_strdup(&molecule->name, name);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&molecule->symbols, natom,
                              sizeof *molecule->symbols, "element symbols");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&molecule->z, natom, sizeof *molecule->z,
                              "atomic numbers");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&molecule->coords, 3 * natom,
                              sizeof *molecule->coords, "coordinates");
  }
  if (status != VQE_OK) {
    vqe_molecule_free(molecule);
    return status;
  }
  *out = molecule;
  return VQE_OK;
}

void vqe_molecule_set_element(struct vqe_molecule *molecule, size_t atom,
                              int z)
{
  const char *symbol = vqe_element_symbol(z);
  VQE_ASSERT(atom < molecule->natom);
  VQE_ASSERT(symbol != NULL && strlen(symbol) < sizeof molecule->symbols[0]);
  molecule->z[atom] = z;
  memset(molecule->symbols[atom], 0, sizeof molecule->symbols[atom]);
  memcpy(molecule->symbols[atom], symbol, strlen(symbol));
}

void vqe_molecule_set_given(struct vqe_molecule *molecule,
                            const struct vqe_molecule_given *given)
{
  if (given == NULL) {
    return;
  }
  if (given->has_charge) {
    molecule->charge = given->charge;
  }
  if (given->has_multiplicity) {
    molecule->multiplicity = given->multiplicity;
  }
  if (given->has_units) {
    molecule->units = given->units;
  }
}

bool vqe_units_read(enum vqe_units *out, const char *text, size_t length)
{
  static const struct {
    const char *name;
    enum vqe_units units;
  } known[] = {{"angstrom", VQE_ANGSTROM}, {"angstroms", VQE_ANGSTROM},
               {"ang", VQE_ANGSTROM},      {"a", VQE_ANGSTROM},
               {"\xc3\x85", VQE_ANGSTROM}, {"\xe2\x84\xab", VQE_ANGSTROM},
               {"bohr", VQE_BOHR},         {"bohrs", VQE_BOHR},
               {"au", VQE_BOHR},           {"a.u.", VQE_BOHR},
               {"a.u", VQE_BOHR},          {"atomic", VQE_BOHR}};
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    if (strlen(known[k].name) == length &&
        strncasecmp(known[k].name, text, length) == 0) {
      *out = known[k].units;
      return true;
    }
  }
  return false;
}

/* Which array of its atoms a molecule lacks. */
static int missing_atoms(const char *function,
                         const struct vqe_molecule *molecule)
{
  return vqe_missing(function,
                     "molecule->symbols molecule->z molecule->coords",
                     molecule->symbols, molecule->z, molecule->coords);
}

int vqe_molecule_copy(struct vqe_molecule **out,
                      const struct vqe_molecule *molecule)
{
  int missing = vqe_missing(__func__, "out molecule", out, molecule);
  if (missing == VQE_OK) {
    missing = missing_atoms(__func__, molecule);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_molecule *copy = NULL;
  size_t natom = molecule->natom;
  int status = vqe_molecule_new(&copy, natom, molecule->name);
  if (status != VQE_OK) {
    return status;
  }
  VQE_ASSERT(copy != NULL);
  memcpy(copy->symbols, molecule->symbols, natom * sizeof *copy->symbols);
  memcpy(copy->z, molecule->z, natom * sizeof *copy->z);
  memcpy(copy->coords, molecule->coords, 3 * natom * sizeof *copy->coords);
  copy->multiplicity = molecule->multiplicity;
  copy->charge = molecule->charge;
  copy->units = molecule->units;
  if (molecule->masses != NULL) {
    status =
        vqe_memory_alloc(&copy->masses, natom, sizeof *copy->masses, "masses");
    if (status != VQE_OK) {
      vqe_molecule_free(copy);
      return status;
    }
    memcpy(copy->masses, molecule->masses, natom * sizeof *copy->masses);
  }
  *out = copy;
  return VQE_OK;
}

void vqe_molecule_free(struct vqe_molecule *molecule)
{
  if (molecule == NULL) {
    return;
  }
  free(molecule->name);
  free(molecule->symbols);
  free(molecule->z);
  free(molecule->coords);
  free(molecule->masses);
  free(molecule);
}

static double to_bohr(const struct vqe_molecule *molecule)
{
  return molecule->units == VQE_BOHR ? 1.0 : 1.0 / VQE_BOHR_ANGSTROM;
}

/* Distance of two nuclei in bohr. */
static double distance(const struct vqe_molecule *molecule, size_t a, size_t b)
{
  const double *r = molecule->coords;
  double x = r[3 * a] - r[3 * b];
  double y = r[3 * a + 1] - r[3 * b + 1];
  double z = r[3 * a + 2] - r[3 * b + 2];
  return sqrt(x * x + y * y + z * z) * to_bohr(molecule);
}

static int validate_atoms(const struct vqe_molecule *molecule,
                          const char *where)
{
  for (size_t a = 0; a < molecule->natom; a++) {
    if (molecule->z[a] < 1 || molecule->z[a] > VQE_MAX_Z) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'symbols': element %zu has atomic number "
                           "%d, known are 1 to %d",
                           where, a, molecule->z[a], VQE_MAX_Z);
    }
    for (int k = 0; k < 3; k++) {
      double x = molecule->coords[3 * a + k];
      if (!isfinite(x) || fabs(x) > VQE_MAX_COORD) {
        return vqe_error_set(VQE_ERR_INPUT,
                             "%s, key 'coords': coords[%zu][%d] is %g, not a "
                             "finite number below %g",
                             where, a, k, x, VQE_MAX_COORD);
      }
    }
    if (molecule->masses != NULL &&
        !(isfinite(molecule->masses[a]) && molecule->masses[a] > 0.0)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'masses': masses[%zu] is %g, not a "
                           "positive number",
                           where, a, molecule->masses[a]);
    }
  }
  for (size_t a = 0; a < molecule->natom; a++) {
    for (size_t b = 0; b < a; b++) {
      double r = distance(molecule, a, b);
      if (r < VQE_MIN_DISTANCE_BOHR) {
        return vqe_error_set(VQE_ERR_INPUT,
                             "%s, key 'coords': nuclei %zu (%s) and %zu (%s) "
                             "coincide or nearly so: %.4g bohr apart, at "
                             "least %g are needed; check 'units'",
                             where, b, molecule->symbols[b], a,
                             molecule->symbols[a], r, VQE_MIN_DISTANCE_BOHR);
      }
    }
  }
  return VQE_OK;
}

int vqe_molecule_validate(const struct vqe_molecule *molecule,
                          const char *where)
{
  int missing = vqe_missing(__func__, "molecule where", molecule, where);
  if (missing == VQE_OK) {
    missing = missing_atoms(__func__, molecule);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  if (molecule->natom < 1 || molecule->natom > VQE_MAX_ATOMS) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'symbols': %zu atoms, 1 to %d are accepted",
                         where, molecule->natom, VQE_MAX_ATOMS);
  }
  int status = validate_atoms(molecule, where);
  if (status != VQE_OK) {
    return status;
  }
  if (abs(molecule->charge) > VQE_MAX_CHARGE) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'charge': %d is not a charge of a molecule",
                         where, molecule->charge);
  }
  int electrons = vqe_molecule_electrons(molecule);
  if (electrons < 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'charge': charge %d leaves %d electrons",
                         where, molecule->charge, electrons);
  }
  int multiplicity = molecule->multiplicity;
  if (multiplicity < 1 || multiplicity > VQE_MAX_MULTIPLICITY) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'multiplicity': %d is not 2S + 1 of a "
                         "molecule, 1 is a singlet",
                         where, multiplicity);
  }
  if ((electrons - (multiplicity - 1)) % 2 != 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'multiplicity': multiplicity %d does not "
                         "go with %d electrons (charge %d); %s one is needed",
                         where, multiplicity, electrons, molecule->charge,
                         electrons % 2 == 0 ? "an odd" : "an even");
  }
  if (multiplicity - 1 > electrons) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'multiplicity': %d needs %d unpaired "
                         "electrons, the molecule has %d electrons",
                         where, multiplicity, multiplicity - 1, electrons);
  }
  return VQE_OK;
}

int vqe_molecule_electrons(const struct vqe_molecule *molecule)
{
  if (molecule == NULL || molecule->z == NULL) {
    return 0;
  }
  int electrons = -molecule->charge;
  for (size_t a = 0; a < molecule->natom; a++) {
    electrons += molecule->z[a];
  }
  return electrons;
}

double vqe_molecule_nuclear_repulsion(const struct vqe_molecule *molecule)
{
  if (molecule == NULL || molecule->z == NULL || molecule->coords == NULL) {
    return 0.0;
  }
  double energy = 0.0;
  for (size_t a = 0; a < molecule->natom; a++) {
    for (size_t b = 0; b < a; b++) {
      energy += molecule->z[a] * molecule->z[b] / distance(molecule, a, b);
    }
  }
  return energy;
}
