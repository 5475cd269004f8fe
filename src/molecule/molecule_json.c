#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/suggest.h"
#include "molecule/molecule_build.h"
#include "molecule/molecule_json.h"
#include "molecule/molecule_qcschema.h"

static const char *type_name(const json_t *value)
{
  switch (value == NULL ? JSON_NULL : json_typeof(value)) {
  case JSON_OBJECT:
    return "an object";
  case JSON_ARRAY:
    return "an array";
  case JSON_STRING:
    return "a string";
  case JSON_INTEGER:
  case JSON_REAL:
    return "a number";
  case JSON_TRUE:
  case JSON_FALSE:
    return "a boolean";
  default:
    return "null";
  }
}

static int missing(const char *where, const char *key)
{
  return vqe_error_set(VQE_ERR_INPUT, "%s, key '%s': missing", where, key);
}

/* An integer, also when it is written as 1.0. *out keeps its value when the
 * key is absent. */
static int read_int(int *out, const json_t *object, const char *key,
                    const char *where)
{
  const json_t *value = json_object_get(object, key);
  if (value == NULL) {
    return VQE_OK;
  }
  if (!json_is_number(value)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key '%s': %s where an integer is expected",
                         where, key, type_name(value));
  }
  double number = json_number_value(value);
  if (!(fabs(number) <= 1e6) || number != floor(number)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key '%s': %g where an integer is expected",
                         where, key, number);
  }
  *out = (int)number;
  return VQE_OK;
}

static int read_units(enum vqe_units *out, const json_t *object,
                      const char *where)
{
  const json_t *value = json_object_get(object, "units");
  if (value == NULL) {
    return VQE_OK;
  }
  if (!json_is_string(value)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'units': %s where \"angstrom\" or \"bohr\" "
                         "is expected",
                         where, type_name(value));
  }
  const char *text = json_string_value(value);
  if (strcasecmp(text, "angstrom") == 0) {
    *out = VQE_ANGSTROM;
  } else if (strcasecmp(text, "bohr") == 0) {
    *out = VQE_BOHR;
  } else {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'units': '%.32s' is not known; use "
                         "\"angstrom\" or \"bohr\"",
                         where, text);
  }
  return VQE_OK;
}

/* D, T and 2H are symbols too, and give masses where none are given. */
static int read_symbols(struct vqe_molecule *molecule, int *mass_numbers,
                        const json_t *symbols, const char *where)
{
  for (size_t a = 0; a < molecule->natom; a++) {
    const json_t *value = json_array_get(symbols, a);
    char place[600];
    int z = 0;
    if (!json_is_string(value)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'symbols': element %zu is %s, not a "
                           "string",
                           where, a, type_name(value));
    }
    snprintf(place, sizeof place, "%s, key 'symbols': element %zu", where, a);
    int status =
        vqe_atom_label_read(&z, &mass_numbers[a], json_string_value(value),
                            json_string_length(value), place);
    if (status != VQE_OK) {
      return status;
    }
    vqe_molecule_set_element(molecule, a, z);
  }
  return VQE_OK;
}

static int read_coordinate(double *out, const json_t *value, const char *where,
                           const char *key, size_t atom, size_t axis)
{
  if (!json_is_number(value)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key '%s': [%zu][%zu] is %s, not a number", where,
                         key, atom, axis, type_name(value));
  }
  *out = json_number_value(value);
  return VQE_OK;
}

static int read_coords(struct vqe_molecule *molecule, const json_t *coords,
                       const char *where)
{
  if (json_array_size(coords) != molecule->natom) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'coords': %zu rows for %zu symbols", where,
                         json_array_size(coords), molecule->natom);
  }
  for (size_t a = 0; a < molecule->natom; a++) {
    const json_t *row = json_array_get(coords, a);
    if (!json_is_array(row) || json_array_size(row) != 3) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'coords': coords[%zu] is not a list of "
                           "three numbers",
                           where, a);
    }
    for (size_t k = 0; k < 3; k++) {
      int status =
          read_coordinate(&molecule->coords[3 * a + k], json_array_get(row, k),
                          where, "coords", a, k);
      if (status != VQE_OK) {
        return status;
      }
    }
  }
  return VQE_OK;
}

static int read_masses(struct vqe_molecule *molecule, const json_t *object,
                       const char *where)
{
  const json_t *masses = json_object_get(object, "masses");
  if (masses == NULL || json_is_null(masses)) {
    return VQE_OK;
  }
  if (!json_is_array(masses) || json_array_size(masses) != molecule->natom) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'masses': not a list of %zu numbers, one "
                         "for each symbol",
                         where, molecule->natom);
  }
  int status = vqe_memory_alloc(&molecule->masses, molecule->natom,
                                sizeof *molecule->masses, "masses");
  for (size_t a = 0; status == VQE_OK && a < molecule->natom; a++) {
    const json_t *value = json_array_get(masses, a);
    if (!json_is_number(value)) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s, key 'masses': masses[%zu] is %s, not a "
                             "number",
                             where, a, type_name(value));
      break;
    }
    molecule->masses[a] = json_number_value(value);
  }
  return status;
}

static bool same_letters(const char *a, const char *b)
{
  for (;; a++, b++) {
    a += strspn(a, "_- ");
    b += strspn(b, "_- ");
    if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) {
      return false;
    }
    if (*a == '\0') {
      return true;
    }
  }
}

/* The key that was meant, for one that looks like it; NULL for others. */
static const char *meant_key(const char *key)
{
  static const char *const known[] = {"symbols", "coords",     "multiplicity",
                                      "charge",  "units",      "masses",
                                      "name",    "description"};
  static const char *const aliases[][2] = {
      {"mult", "multiplicity"},
      {"spin", "multiplicity"},
      {"spin_multiplicity", "multiplicity"},
      {"molecular_multiplicity", "multiplicity"},
      {"spin_mult", "multiplicity"},
      {"total_spin", "multiplicity"},
      {"unpaired", "multiplicity"},
      {"unpaired_electrons", "multiplicity"},
      {"chrg", "charge"},
      {"chg", "charge"},
      {"formal_charge", "charge"},
      {"molecular_charge", "charge"},
      {"total_charge", "charge"},
      {"net_charge", "charge"},
      {"coordinates", "coords"},
      {"coordinate", "coords"},
      {"geometry", "coords"},
      {"positions", "coords"},
      {"position", "coords"},
      {"xyz", "coords"},
      {"length_unit", "units"},
      {"length_units", "units"},
      {"coordinate_units", "units"},
      {"coord_units", "units"},
      {"coords_units", "units"},
      {"elements", "symbols"},
      {"species", "symbols"},
      {"atom_symbols", "symbols"},
      {"atomic_numbers", "symbols"},
      {"mass", "masses"},
      {"atomic_masses", "masses"},
      {"mass_numbers", "masses"},
  };
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    if (strcmp(key, known[k]) == 0) {
      return known[k];
    }
  }
  for (size_t k = 0; k < sizeof aliases / sizeof aliases[0]; k++) {
    if (same_letters(key, aliases[k][0])) {
      return aliases[k][1];
    }
  }
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    int near = strlen(known[k]) > 7 ? 2 : 1;
    if (same_letters(key, known[k]) ||
        vqe_suggest_distance(key, known[k]) <= near) {
      return known[k];
    }
  }
  return NULL;
}

/* A key that looks like a known one would be left out in silence. */
static int refuse_near_keys(const json_t *object, const char *where)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value)
  {
    const char *meant = meant_key(key);
    if (meant == NULL || strcmp(meant, key) == 0) {
      continue;
    }
    return vqe_error_set(
        VQE_ERR_INPUT, "%s, key '%.40s': not known; did you mean '%s'%s?",
        where, key, meant,
        same_letters(key, "spin") ? ", which is 2S + 1"
        : same_letters(key, "geometry")
            ? " (geometry, in bohr, belongs to objects with schema_name)"
            : "");
  }
  return VQE_OK;
}

const char *vqe_molecule_json_name(const json_t *object)
{
  bool qcschema;
  const json_t *molecule = NULL;
  if (vqe_qcschema_molecule(&molecule, &qcschema, object, "") != VQE_OK) {
    return NULL;
  }
  const char *name = json_string_value(json_object_get(molecule, "name"));
  if (qcschema && (name == NULL || name[0] == '\0')) {
    name = json_string_value(json_object_get(molecule, "comment"));
  }
  return name == NULL || name[0] == '\0' ? NULL : name;
}

/* The members that a molecule cannot do without are there and of the right
 * types. */
static int check_members(const json_t *object, const char *place_key,
                         const char *where)
{
  const json_t *symbols = json_object_get(object, "symbols");
  const json_t *places = json_object_get(object, place_key);
  const json_t *name = json_object_get(object, "name");
  if (symbols == NULL) {
    return missing(where, "symbols");
  }
  if (!json_is_array(symbols) || json_array_size(symbols) == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'symbols': a list of at least one element "
                         "symbol is expected",
                         where);
  }
  if (places == NULL) {
    return missing(where, place_key);
  }
  if (!json_is_array(places)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key '%s': %s where a list is expected", where,
                         place_key, type_name(places));
  }
  if (name != NULL && !json_is_string(name) && !json_is_null(name)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'name': %s where a string is expected",
                         where, type_name(name));
  }
  return VQE_OK;
}

/* Fill a new molecule from members that check_members has seen. */
static int read_members(struct vqe_molecule *molecule, int *mass_numbers,
                        const json_t *object, bool qcschema, const char *where)
{
  int status = read_symbols(molecule, mass_numbers,
                            json_object_get(object, "symbols"), where);
  if (status == VQE_OK && qcschema) {
    status = vqe_qcschema_read(molecule, object, where);
  } else if (status == VQE_OK) {
    status = read_coords(molecule, json_object_get(object, "coords"), where);
  }
  if (status == VQE_OK && !qcschema) {
    status = read_units(&molecule->units, object, where);
  }
  if (status == VQE_OK) {
    status = read_int(&molecule->charge, object,
                      qcschema ? "molecular_charge" : "charge", where);
  }
  if (status == VQE_OK) {
    status =
        read_int(&molecule->multiplicity, object,
                 qcschema ? "molecular_multiplicity" : "multiplicity", where);
  }
  if (status == VQE_OK) {
    status = read_masses(molecule, object, where);
  }
  if (status == VQE_OK && qcschema) {
    status = vqe_qcschema_read_isotopes(molecule, object, where);
  }
  if (status == VQE_OK) {
    status = vqe_molecule_set_isotopes(molecule, mass_numbers, where);
  }
  return status;
}

/* What options gave goes over what was read, and the whole is checked. */
static int finish(struct vqe_molecule *molecule, bool qcschema,
                  const struct vqe_molecule_given *given, const char *where)
{
  if (qcschema && given != NULL && given->has_units &&
      given->units != VQE_BOHR) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'geometry': QCSchema is in bohr; leave out "
                         "--units",
                         where);
  }
  vqe_molecule_set_given(molecule, given);
  return vqe_molecule_validate(molecule, where);
}

int vqe_molecule_from_json(struct vqe_molecule **out, const json_t *object,
                           const struct vqe_molecule_given *given,
                           const char *where)
{
  bool qcschema;
  struct vqe_molecule *molecule = NULL;
  int *mass_numbers = NULL;
  if (!json_is_object(object)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: %s where a molecule object is expected", where,
                         type_name(object));
  }
  const char *name = vqe_molecule_json_name(object);
  int status = vqe_qcschema_molecule(&object, &qcschema, object, where);
  if (status == VQE_OK && !qcschema) {
    status = refuse_near_keys(object, where);
  }
  if (status == VQE_OK) {
    status = check_members(object, qcschema ? "geometry" : "coords", where);
  }
  if (status != VQE_OK) {
    return status;
  }
  size_t natom = json_array_size(json_object_get(object, "symbols"));
  status = vqe_molecule_new(&molecule, natom, name == NULL ? "" : name);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&mass_numbers, natom, sizeof *mass_numbers,
                              "mass numbers");
  }
  if (status != VQE_OK) {
    vqe_molecule_free(molecule);
    return vqe_error_context(status, "%s, key 'symbols'", where);
  }
  status = read_members(molecule, mass_numbers, object, qcschema, where);
  if (status == VQE_OK) {
    status = finish(molecule, qcschema, given, where);
  }
  free(mass_numbers);
  if (status != VQE_OK) {
    vqe_molecule_free(molecule);
    return status;
  }
  *out = molecule;
  return VQE_OK;
}

static int add_object(struct vqe_molecule_list *list, size_t *capacity,
                      const json_t *object, const char *source,
                      const struct vqe_molecule_given *given)
{
  struct vqe_molecule *molecule = NULL;
  const char *name = vqe_molecule_json_name(object);
  char where[512];
  snprintf(where, sizeof where, "file '%.400s', molecule %zu", source,
           list->count);
  int status = vqe_molecule_from_json(&molecule, object, given, where);
  if (status == VQE_ERR_MEMORY) {
    return status;
  }
  return vqe_molecule_list_add(list, capacity, molecule, name);
}

int vqe_molecule_json_load(json_t **out, const char *text, size_t size,
                           const char *source)
{
  json_t *root;
  *out = NULL;
  int status = vqe_molecule_skip_mark(&text, &size, source);
  if (status != VQE_OK) {
    return status;
  }
  status =
      vqe_json_parse_file(&root, text, size, JSON_REJECT_DUPLICATES, source);
  if (status != VQE_OK) {
    return status;
  }
  size_t count = vqe_molecule_json_count(root);
  if (count == 0 || count > VQE_MAX_MOLECULES) {
    json_decref(root);
    return vqe_error_set(VQE_ERR_INPUT,
                         "file '%.400s': %zu molecules, 1 to %d are "
                         "accepted",
                         source, count, VQE_MAX_MOLECULES);
  }
  *out = root;
  return VQE_OK;
}

size_t vqe_molecule_json_count(const json_t *root)
{
  return json_is_array(root) ? json_array_size(root) : 1;
}

const json_t *vqe_molecule_json_item(const json_t *root, size_t k)
{
  return json_is_array(root) ? json_array_get(root, k) : root;
}

int vqe_molecule_read_json(struct vqe_molecule_list *list, const char *text,
                           size_t size, const char *source,
                           const struct vqe_molecule_given *given)
{
  json_t *root = NULL;
  size_t capacity = 0;
  int status = vqe_molecule_json_load(&root, text, size, source);
  size_t count = status == VQE_OK ? vqe_molecule_json_count(root) : 0;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = add_object(list, &capacity, vqe_molecule_json_item(root, k),
                        source, given);
  }
  json_decref(root);
  return status;
}
