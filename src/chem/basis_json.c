/* Reader of the Basis Set Exchange's JSON (schema "complete" or "component"
 * with references resolved): elements by atomic number, each with
 * electron_shells of angular_momentum, exponents and columns of coefficients,
 * and ecp_potentials. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "chem/basis_build.h"

#define WORD 64

/* A number, or a number as a string, as a word. */
static int take_number(char out[WORD], const struct vqe_basis_reader *reader,
                       const json_t *value)
{
  if (json_is_number(value)) {
    snprintf(out, WORD, "%.17g", json_number_value(value));
    return VQE_OK;
  }
  const char *text = json_string_value(value);
  if (text == NULL || strlen(text) >= WORD) {
    return vqe_basis_refuse(reader, "a number is expected in",
                            "exponents, coefficients");
  }
  snprintf(out, WORD, "%s", text);
  return VQE_OK;
}

/* One shell of angular momentum l with the columns [first, last) of the
 * coefficients. */
static int read_columns(struct vqe_basis_reader *reader, int z, int l,
                        const json_t *exponents, const json_t *coefficients,
                        size_t first, size_t last)
{
  char texts[VQE_BASIS_WORDS][WORD];
  char *words[VQE_BASIS_WORDS];
  int status = vqe_basis_start_shell(reader, z, l);
  for (size_t p = 0; status == VQE_OK && p < json_array_size(exponents); p++) {
    int count = 0;
    status = take_number(texts[0], reader, json_array_get(exponents, p));
    words[count++] = texts[0];
    for (size_t c = first; status == VQE_OK && c < last; c++) {
      const json_t *column = json_array_get(coefficients, c);
      words[count] = texts[count];
      status = take_number(texts[count++], reader, json_array_get(column, p));
    }
    if (status == VQE_OK) {
      status = vqe_basis_add_row(reader, words, count);
    }
  }
  return status == VQE_OK ? vqe_basis_finish_shell(reader) : status;
}

/* Spherical and Cartesian functions differ from d functions on. */
static int take_function_type(struct vqe_basis_reader *reader,
                              const json_t *shell, long long l)
{
  const json_t *value = json_object_get(shell, "function_type");
  const char *type = value == NULL ? "gto" : json_string_value(value);
  if (type == NULL ||
      (strcmp(type, "gto") != 0 && strcmp(type, "gto_spherical") != 0 &&
       strcmp(type, "gto_cartesian") != 0)) {
    return vqe_basis_refuse(
        reader, "function_type is not supported:", type == NULL ? "" : type);
  }
  if (l >= 2) {
    reader->cartesian = reader->cartesian || strstr(type, "cartesian") != NULL;
    reader->spherical = reader->spherical || strstr(type, "spherical") != NULL;
  }
  return VQE_OK;
}

static int read_shell(struct vqe_basis_reader *reader, int z,
                      const json_t *shell)
{
  const json_t *momenta = json_object_get(shell, "angular_momentum");
  const json_t *exponents = json_object_get(shell, "exponents");
  const json_t *coefficients = json_object_get(shell, "coefficients");
  size_t ncolumn = json_array_size(coefficients);
  size_t nmomentum = json_array_size(momenta);
  if (nmomentum < 1 || json_array_size(exponents) < 1 || ncolumn < 1 ||
      ncolumn > VQE_BASIS_MAX_CTR) {
    return vqe_basis_refuse(reader, "1 to 64 columns are expected in",
                            "angular_momentum, exponents, coefficients");
  }
  for (size_t c = 0; c < ncolumn; c++) {
    if (json_array_size(json_array_get(coefficients, c)) !=
        json_array_size(exponents)) {
      return vqe_basis_refuse(reader,
                              "one number for each exponent is expected in",
                              "coefficients");
    }
  }
  if (nmomentum > 1 && nmomentum != ncolumn) {
    return vqe_basis_refuse(reader,
                            "one column for each angular momentum is "
                            "expected in",
                            "coefficients");
  }
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < nmomentum; k++) {
    const json_t *momentum = json_array_get(momenta, k);
    long long l =
        json_is_integer(momentum) ? json_integer_value(momentum) : -1;
    if (l < 0 || l > VQE_BASIS_MAX_L) {
      return vqe_basis_refuse(reader, "0 to 6 is expected in",
                              "angular_momentum");
    }
    status = take_function_type(reader, shell, l);
    if (status == VQE_OK) {
      status =
          read_columns(reader, z, (int)l, exponents, coefficients,
                       nmomentum > 1 ? k : 0, nmomentum > 1 ? k + 1 : ncolumn);
    }
  }
  return status;
}

static int read_element(struct vqe_basis_reader *reader, const char *key,
                        const json_t *element)
{
  char *end;
  long z = strtol(key, &end, 10);
  if (end == key || *end != '\0') {
    z = vqe_basis_element(key);
  }
  snprintf(reader->place, sizeof reader->place, "key elements");
  if (z < 1 || z > VQE_MAX_Z) {
    return vqe_basis_refuse(reader, "not an atomic number:", key);
  }
  if (!reader->wanted[z]) {
    return VQE_OK;
  }
  const json_t *shells = json_object_get(element, "electron_shells");
  const json_t *potentials = json_object_get(element, "ecp_potentials");
  const char *symbol = vqe_element_symbol((int)z);
  snprintf(reader->place, sizeof reader->place, "element %s", symbol);
  if (json_array_size(potentials) > 0) {
    vqe_basis_add_ecp(reader, (int)z, "ecp_potentials");
  }
  int status = vqe_basis_enter(reader, (int)z, (int)z);
  if (json_object_get(element, "components") != NULL ||
      json_object_get(element, "entry") != NULL) {
    return vqe_basis_refuse(reader,
                            "references to other files are not followed; "
                            "save the whole basis, not",
                            "components");
  }
  for (size_t k = 0; status == VQE_OK && k < json_array_size(shells); k++) {
    snprintf(reader->place, sizeof reader->place, "element %s, shell %zu",
             symbol, k + 1);
    status = read_shell(reader, (int)z, json_array_get(shells, k));
  }
  return status;
}

int vqe_basis_read_json(struct vqe_basis_reader *reader)
{
  char where[512];
  json_t *root;
  snprintf(where, sizeof where, "basis '%.400s'", reader->source);
  int status =
      vqe_json_parse(&root, reader->text + reader->at,
                     reader->size - reader->at, JSON_REJECT_DUPLICATES, where);
  if (status != VQE_OK) {
    return status;
  }
  json_t *elements = json_object_get(root, "elements");
  const char *role = json_string_value(json_object_get(root, "role"));
  snprintf(reader->place, sizeof reader->place, "key elements");
  if (!json_is_object(elements)) {
    status = vqe_basis_refuse(reader,
                              "a basis of the Basis Set Exchange is expected, "
                              "with an object",
                              "elements");
  } else if (role != NULL && strcasecmp(role, "orbital") != 0) {
    snprintf(reader->place, sizeof reader->place, "key role");
    status = vqe_basis_refuse(reader,
                              "the functions are for something else than "
                              "orbitals:",
                              role);
  }
  const char *key;
  json_t *element;
  void *at = status == VQE_OK ? json_object_iter(elements) : NULL;
  for (; status == VQE_OK && at != NULL;
       at = json_object_iter_next(elements, at)) {
    key = json_object_iter_key(at);
    element = json_object_iter_value(at);
    status = read_element(reader, key, element);
  }
  json_decref(root);
  return status;
}
