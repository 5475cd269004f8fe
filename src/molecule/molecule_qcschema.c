#include "molecule/molecule_qcschema.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "molecule/molecule_build.h"

#define MOLECULE_VERSION 3
#define CALCULATION_VERSION 2

enum kind { KIND_NONE, KIND_MOLECULE, KIND_CALCULATION, KIND_OTHER };

/* Written by hand, without a schema_name, or as a failure. */
static bool looks_like_calculation(const json_t *object)
{
  return json_object_get(object, "symbols") == NULL &&
         json_object_get(object, "molecules") == NULL &&
         ((json_is_object(json_object_get(object, "molecule")) &&
           (json_object_get(object, "model") != NULL ||
            json_object_get(object, "driver") != NULL ||
            json_object_get(object, "specification") != NULL)) ||
          json_is_object(json_object_get(object, "input_data")));
}

static enum kind kind_of(const json_t *object)
{
  static const struct {
    const char *name;
    enum kind kind;
  } known[] = {{"qcschema_molecule", KIND_MOLECULE},
               {"qc_schema_molecule", KIND_MOLECULE},
               {"qcschema_input", KIND_CALCULATION},
               {"qc_schema_input", KIND_CALCULATION},
               {"qcschema_atomic_input", KIND_CALCULATION},
               {"qcschema_output", KIND_CALCULATION},
               {"qc_schema_output", KIND_CALCULATION},
               {"qcschema_atomic_result", KIND_CALCULATION},
               {"qcschema_failed_operation", KIND_CALCULATION}};
  const char *name = json_string_value(json_object_get(object, "schema_name"));
  if (name == NULL) {
    return looks_like_calculation(object) ? KIND_CALCULATION : KIND_NONE;
  }
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    if (strcmp(name, known[k].name) == 0) {
      return known[k].kind;
    }
  }
  return strncasecmp(name, "qc", 2) == 0 ? KIND_OTHER : KIND_NONE;
}

static int check_version(const json_t *object, int latest, const char *where)
{
  const json_t *version = json_object_get(object, "schema_version");
  double number = json_number_value(version);
  if (version == NULL || json_is_null(version)) {
    return VQE_OK;
  }
  const char *name = json_string_value(json_object_get(object, "schema_name"));
  if (!json_is_number(version) || number != floor(number) || number < 1 ||
      number > latest) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'schema_version': versions 1 to %d of '%s' "
                         "are read here, not %g",
                         where, latest, name != NULL ? name : "QCSchema",
                         number);
  }
  return VQE_OK;
}

int vqe_qcschema_molecule(const json_t **molecule, bool *qcschema,
                          const json_t *object, const char *where)
{
  enum kind kind = kind_of(object);
  *molecule = object;
  *qcschema = kind != KIND_NONE;
  switch (kind) {
  case KIND_NONE:
    return VQE_OK;
  case KIND_MOLECULE:
    return check_version(object, MOLECULE_VERSION, where);
  case KIND_CALCULATION:
    *molecule = json_object_get(object, "molecule");
    if (!json_is_object(*molecule)) {
      *molecule =
          json_object_get(json_object_get(object, "input_data"), "molecule");
    }
    if (!json_is_object(*molecule)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'molecule': the calculation has no "
                           "molecule object",
                           where);
    }
    break;
  default:
    return vqe_error_set(
        VQE_ERR_INPUT,
        "%s, key 'schema_name': '%.40s' is not read here; molecules, atomic "
        "inputs and atomic results are",
        where, json_string_value(json_object_get(object, "schema_name")));
  }
  int status = check_version(object, CALCULATION_VERSION, where);
  return status == VQE_OK ? check_version(*molecule, MOLECULE_VERSION, where)
                          : status;
}

/* Number k of a geometry that is flat or has a row for each atom. */
static const json_t *coordinate(const json_t *geometry, bool nested, size_t k)
{
  const json_t *row = json_array_get(geometry, k / 3);
  return nested ? json_array_get(row, k % 3) : json_array_get(geometry, k);
}

static int read_geometry(struct vqe_molecule *molecule, const json_t *geometry,
                         const char *where)
{
  size_t natom = molecule->natom;
  size_t count = json_array_size(geometry);
  bool nested = json_is_array(json_array_get(geometry, 0));
  for (size_t a = 0; nested && a < count; a++) {
    if (json_array_size(json_array_get(geometry, a)) != 3) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'geometry': geometry[%zu] is not a list "
                           "of three numbers",
                           where, a);
    }
  }
  if (count != (nested ? natom : 3 * natom)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'geometry': %zu %s for %zu symbols, %s "
                         "expected",
                         where, count, nested ? "rows" : "numbers", natom,
                         nested ? "one each is" : "three each are");
  }
  for (size_t k = 0; k < 3 * natom; k++) {
    const json_t *value = coordinate(geometry, nested, k);
    if (!json_is_number(value)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'geometry': [%zu][%zu] is not a number",
                           where, k / 3, k % 3);
    }
    molecule->coords[k] = json_number_value(value);
  }
  return VQE_OK;
}

/* Ghost atoms are marked by "real": false; their basis functions without a
 * nucleus have no counterpart here. */
static int refuse_ghosts(const json_t *object, size_t natom, const char *where)
{
  const json_t *real = json_object_get(object, "real");
  size_t a;
  json_t *value;
  if (real == NULL || json_is_null(real)) {
    return VQE_OK;
  }
  if (!json_is_array(real) || json_array_size(real) != natom) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'real': not a list of %zu booleans", where,
                         natom);
  }
  json_array_foreach(real, a, value)
  {
    if (!json_is_true(value) && !(json_integer_value(value) == 1)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'real': atom %zu is a ghost; remove it, "
                           "ghost atoms are not supported",
                           where, a);
    }
  }
  return VQE_OK;
}

/* The charges of fragments make up the molecule's. */
static int check_fragments(const json_t *object, const char *where)
{
  const json_t *charges = json_object_get(object, "fragment_charges");
  const json_t *charge = json_object_get(object, "molecular_charge");
  double sum = 0.0;
  size_t k;
  json_t *value;
  if (!json_is_array(charges) || json_array_size(charges) == 0) {
    return VQE_OK;
  }
  json_array_foreach(charges, k, value)
  {
    sum += json_number_value(value);
  }
  if (fabs(sum - json_number_value(charge)) > 1e-6) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'molecular_charge': %g, but the charges of "
                         "the fragments sum to %g",
                         where, json_number_value(charge), sum);
  }
  return VQE_OK;
}

int vqe_qcschema_read(struct vqe_molecule *molecule, const json_t *object,
                      const char *where)
{
  molecule->units = VQE_BOHR;
  int status =
      read_geometry(molecule, json_object_get(object, "geometry"), where);
  if (status == VQE_OK) {
    status = refuse_ghosts(object, molecule->natom, where);
  }
  if (status == VQE_OK) {
    status = check_fragments(object, where);
  }
  return status;
}

int vqe_qcschema_read_isotopes(struct vqe_molecule *molecule,
                               const json_t *object, const char *where)
{
  const json_t *numbers = json_object_get(object, "mass_numbers");
  int *mass_numbers = NULL;
  bool unusual = false;
  if (numbers == NULL || json_is_null(numbers) || molecule->masses != NULL) {
    return VQE_OK;
  }
  if (!json_is_array(numbers) || json_array_size(numbers) != molecule->natom) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'mass_numbers': not a list of %zu integers",
                         where, molecule->natom);
  }
  int status = vqe_memory_alloc(&mass_numbers, molecule->natom, sizeof(int),
                                "mass numbers");
  for (size_t a = 0; status == VQE_OK && a < molecule->natom; a++) {
    json_int_t number = json_integer_value(json_array_get(numbers, a));
    int z = molecule->z[a];
    mass_numbers[a] = number > 0 && number < 1000 ? (int)number : 0;
    unusual = unusual ||
              (mass_numbers[a] > 0 &&
               vqe_isotope_mass(z, mass_numbers[a]) != vqe_isotope_mass(z, 0));
  }
  if (status == VQE_OK && unusual) {
    status = vqe_molecule_set_isotopes(molecule, mass_numbers, where);
  }
  free(mass_numbers);
  return status;
}

bool vqe_qcschema_is(const json_t *object)
{
  return kind_of(object) != KIND_NONE;
}

/* By the version that is written, else by what only version 2 has. */
static int calculation_version(const json_t *object)
{
  const json_t *input = json_object_get(object, "input_data");
  const json_t *version = json_object_get(object, "schema_version");
  if (!json_is_number(version) && json_is_object(input)) {
    return calculation_version(input);
  }
  if (json_is_number(version)) {
    return json_number_value(version) < 2.0 ? 1 : 2;
  }
  return json_object_get(object, "specification") != NULL ? 2 : 1;
}

int vqe_qcschema_version(const json_t *object)
{
  switch (kind_of(object)) {
  case KIND_MOLECULE:
    return json_number_value(json_object_get(object, "schema_version")) < 3.0
               ? 1
               : 2;
  case KIND_CALCULATION:
    return calculation_version(object);
  default:
    return 0;
  }
}

bool vqe_qcschema_find_request(struct vqe_qcschema_request *out,
                               const json_t *object)
{
  memset(out, 0, sizeof *out);
  if (kind_of(object) != KIND_CALCULATION) {
    return false;
  }
  /* version 2 keeps the input within the result, the request within it */
  const json_t *input = json_object_get(object, "input_data");
  const json_t *request = json_is_object(input) ? input : object;
  const json_t *specification = json_object_get(request, "specification");
  request = json_is_object(specification) ? specification : request;
  const json_t *model = json_object_get(request, "model");
  out->basis = json_object_get(model, "basis");
  out->method = json_object_get(model, "method");
  out->driver = json_object_get(request, "driver");
  out->keywords = json_object_get(request, "keywords");
  return true;
}
