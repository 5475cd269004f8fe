#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "molecule/molecule_build.h"
#include "molecule/molecule_json.h"

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

static int read_symbols(struct vqe_molecule *molecule, const json_t *symbols,
                        const char *where)
{
  for (size_t a = 0; a < molecule->natom; a++) {
    const json_t *value = json_array_get(symbols, a);
    if (!json_is_string(value)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'symbols': element %zu is %s, not a "
                           "string",
                           where, a, type_name(value));
    }
    int z = vqe_element_z(json_string_value(value));
    if (z == 0) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'symbols': element %zu, '%.32s', is not "
                           "an element symbol",
                           where, a, json_string_value(value));
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

/* QCSchema: one flat list of 3 natom numbers. */
static int read_geometry(struct vqe_molecule *molecule, const json_t *geometry,
                         const char *where)
{
  if (json_array_size(geometry) != 3 * molecule->natom) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'geometry': %zu numbers for %zu symbols, "
                         "three each are expected",
                         where, json_array_size(geometry), molecule->natom);
  }
  for (size_t k = 0; k < 3 * molecule->natom; k++) {
    int status =
        read_coordinate(&molecule->coords[k], json_array_get(geometry, k),
                        where, "geometry", k / 3, k % 3);
    if (status != VQE_OK) {
      return status;
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

/* QCSchema marks ghost atoms by "real": false; their basis functions without
 * a nucleus have no counterpart here. */
static int refuse_ghosts(const json_t *object, const char *where)
{
  const json_t *real = json_object_get(object, "real");
  size_t a;
  json_t *value;
  if (real == NULL) {
    return VQE_OK;
  }
  json_array_foreach(real, a, value)
  {
    if (json_is_false(value)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'real': atom %zu is a ghost; remove it, "
                           "ghost atoms are not supported",
                           where, a);
    }
  }
  return VQE_OK;
}

static const char *schema_of(const json_t *object)
{
  const char *schema =
      json_string_value(json_object_get(object, "schema_name"));
  return schema == NULL ? "" : schema;
}

/* A QCSchema calculation carries its molecule one level down. */
static const json_t *molecule_of(const json_t *object, bool *qcschema)
{
  const char *schema = schema_of(object);
  if ((strcmp(schema, "qcschema_input") == 0 ||
       strcmp(schema, "qc_schema_input") == 0) &&
      json_is_object(json_object_get(object, "molecule"))) {
    *qcschema = true;
    return json_object_get(object, "molecule");
  }
  *qcschema = strcmp(schema, "qcschema_molecule") == 0 ||
              strcmp(schema, "qc_schema_molecule") == 0;
  return object;
}

const char *vqe_molecule_json_name(const json_t *object)
{
  bool qcschema;
  const json_t *molecule = molecule_of(object, &qcschema);
  const char *name = json_string_value(json_object_get(molecule, "name"));
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
static int read_members(struct vqe_molecule *molecule, const json_t *object,
                        bool qcschema, const char *where)
{
  int status =
      read_symbols(molecule, json_object_get(object, "symbols"), where);
  if (status == VQE_OK) {
    status =
        qcschema
            ? read_geometry(molecule, json_object_get(object, "geometry"),
                            where)
            : read_coords(molecule, json_object_get(object, "coords"), where);
  }
  if (status == VQE_OK && qcschema) {
    molecule->units = VQE_BOHR;
    status = refuse_ghosts(object, where);
  } else if (status == VQE_OK) {
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
  return status;
}

int vqe_molecule_from_json(struct vqe_molecule **out, const json_t *object,
                           const char *where)
{
  bool qcschema;
  struct vqe_molecule *molecule = NULL;
  if (!json_is_object(object)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: %s where a molecule object is expected", where,
                         type_name(object));
  }
  object = molecule_of(object, &qcschema);
  int status = check_members(object, qcschema ? "geometry" : "coords", where);
  if (status != VQE_OK) {
    return status;
  }
  const char *text = vqe_molecule_json_name(object);
  status = vqe_molecule_new(
      &molecule, json_array_size(json_object_get(object, "symbols")),
      text == NULL ? "molecule" : text);
  if (status != VQE_OK) {
    return vqe_error_context(status, "%s, key 'symbols'", where);
  }
  status = read_members(molecule, object, qcschema, where);
  if (status == VQE_OK) {
    status = vqe_molecule_validate(molecule, where);
  }
  if (status != VQE_OK) {
    vqe_molecule_free(molecule);
    return status;
  }
  *out = molecule;
  return VQE_OK;
}

/* Molecules without a name are called after their place. */
static int name_by_index(struct vqe_molecule *molecule, size_t index)
{
  char text[32];
  snprintf(text, sizeof text, "molecule-%zu", index);
  free(molecule->name);
  return vqe_memory_strdup(&molecule->name, text);
}

static int add_object(struct vqe_molecule_list *list, size_t *capacity,
                      const json_t *object, const char *source)
{
  struct vqe_molecule *molecule = NULL;
  const char *name = vqe_molecule_json_name(object);
  char where[512];
  snprintf(where, sizeof where, "file '%.400s', molecule %zu", source,
           list->count);
  int status = vqe_molecule_from_json(&molecule, object, where);
  if (status == VQE_ERR_MEMORY) {
    return status;
  }
  if (status == VQE_OK && name == NULL) {
    VQE_ASSERT(molecule != NULL);
    status = name_by_index(molecule, list->count);
    if (status != VQE_OK) {
      vqe_molecule_free(molecule);
      return status;
    }
  }
  return vqe_molecule_list_add(list, capacity, molecule, name);
}

int vqe_molecule_read_json(struct vqe_molecule_list *list, const char *text,
                           size_t size, const char *source)
{
  json_error_t error;
  size_t capacity = 0;
  int status = VQE_OK;
  json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
  if (root == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "file '%.400s', line %d, column %d: broken JSON: %s",
                         source, error.line, error.column, error.text);
  }
  size_t count = json_array_size(root);
  if (json_is_object(root)) {
    status = add_object(list, &capacity, root, source);
  } else if (count == 0 || count > VQE_MAX_MOLECULES) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "file '%.400s': %zu molecules, 1 to %d are "
                           "accepted",
                           source, count, VQE_MAX_MOLECULES);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = add_object(list, &capacity, json_array_get(root, k), source);
  }
  json_decref(root);
  return status;
}
