#include "chem/basis.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "chem/basis_build.h"
#include "chem/basis_catalog.h"
#include "vqe/chem.h"

#define MAX_BASIS_FILE ((size_t)64 << 20) /* bytes */

/* The built-in set of this stored name, or NULL. */
static const struct vqe_basis_text *find_text(const char *name)
{
  for (size_t k = 0; k < vqe_basis_text_count; k++) {
    if (strcmp(name, vqe_basis_texts[k].name) == 0) {
      return &vqe_basis_texts[k];
    }
  }
  return NULL;
}

static int check_set(const struct vqe_basis_set *set,
                     const bool wanted[VQE_MAX_Z + 1])
{
  for (int z = 1; z <= VQE_MAX_Z; z++) {
    if (wanted[z] && !vqe_basis_has_element(set, z)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "basis '%s' has no functions for %s: it is here "
                           "for %s; choose another basis, or give the path "
                           "of a file in the format of NWChem, Gaussian or "
                           "the Basis Set Exchange (JSON) that has them",
                           set->name, vqe_element_symbol(z), set->elements);
    }
  }
  return VQE_OK;
}

static int parse_exchange(struct vqe_basis **out,
                          const struct vqe_basis_set *set,
                          const bool wanted[VQE_MAX_Z + 1])
{
  char *text = NULL;
  size_t size = 0;
  int status = vqe_basis_exchange_read(&text, &size, set);
  if (status == VQE_OK) {
    status = vqe_basis_parse(out, text, size, set->name, wanted);
  }
  free(text);
  return status;
}

/* Move the shells of `more` behind those of `basis`. */
static int join(struct vqe_basis *basis, struct vqe_basis *more)
{
  size_t count = basis->nshell + more->nshell;
  int status = vqe_memory_grow(&basis->shells, basis->nshell, count,
                               sizeof *basis->shells, "basis shells");
  if (status == VQE_OK) {
    memcpy(basis->shells + basis->nshell, more->shells,
           more->nshell * sizeof *more->shells);
    basis->nshell = count;
    basis->capacity = count;
    basis->cartesian = basis->cartesian || more->cartesian;
    more->nshell = 0;
  }
  return status;
}

/* Elements that the built-in text has are always its, whichever others the
 * molecule has: an element's functions depend on the name alone. */
static int load_built_in(struct vqe_basis **out,
                         const struct vqe_basis_text *text,
                         const struct vqe_basis_set *set,
                         const bool wanted[VQE_MAX_Z + 1])
{
  bool light[VQE_MAX_Z + 1] = {false};
  bool heavy[VQE_MAX_Z + 1] = {false};
  bool any_heavy = false;
  struct vqe_basis *basis = NULL;
  struct vqe_basis *more = NULL;
  for (int z = 1; z <= VQE_MAX_Z; z++) {
    light[z] = z <= VQE_BASIS_BUILT_IN_Z && wanted[z];
    heavy[z] = z > VQE_BASIS_BUILT_IN_Z && wanted[z];
    any_heavy = any_heavy || heavy[z];
  }
  int status =
      vqe_basis_parse(&basis, text->text, text->size, text->name, light);
  if (status == VQE_OK && any_heavy) {
    status = parse_exchange(&more, set, heavy);
  }
  if (status == VQE_OK && any_heavy) {
    status = join(basis, more);
  }
  vqe_basis_free(more);
  if (status != VQE_OK) {
    vqe_basis_free(basis);
    return status;
  }
  *out = basis;
  return VQE_OK;
}

static int load_file(struct vqe_basis **out, const char *path,
                     const bool wanted[VQE_MAX_Z + 1])
{
  char *text = NULL;
  size_t size = 0;
  int status = vqe_file_read(&text, &size, path, MAX_BASIS_FILE);
  if (status == VQE_ERR_NOT_FOUND) {
    const char *unused;
    return vqe_basis_canonical(&unused, path);
  }
  if (status == VQE_OK) {
    status = vqe_basis_parse(out, text, size, path, wanted);
  }
  free(text);
  return status;
}

int vqe_basis_load(struct vqe_basis **out, const char *name,
                   const bool wanted[VQE_MAX_Z + 1])
{
  const struct vqe_basis_set *set = vqe_basis_find(name);
  if (set == NULL) {
    return load_file(out, name, wanted);
  }
  const struct vqe_basis_text *text = find_text(set->name);
  int status = check_set(set, wanted);
  if (status != VQE_OK) {
    return status;
  }
  return text != NULL ? load_built_in(out, text, set, wanted)
                      : parse_exchange(out, set, wanted);
}

/* A file that says nothing is spherical, as nearly all sets are made. */
static int check_functions(const struct vqe_basis_reader *reader)
{
  if (reader->cartesian && reader->spherical) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "basis '%.400s' asks for Cartesian functions in one "
                         "place and for spherical ones in another; make two "
                         "files of it",
                         reader->source);
  }
  reader->basis->cartesian = reader->cartesian;
  return VQE_OK;
}

static int check_elements(const struct vqe_basis_reader *reader)
{
  for (int z = 1; z <= VQE_MAX_Z; z++) {
    if (!reader->wanted[z]) {
      continue;
    }
    if (reader->ecp[z][0] != '\0') {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "basis '%.400s' has an effective core potential "
                           "for %s (%s), which is not supported; use an "
                           "all-electron basis",
                           reader->source, vqe_element_symbol(z),
                           reader->ecp[z]);
    }
    bool found = false;
    for (size_t k = 0; k < reader->basis->nshell; k++) {
      found = found || reader->basis->shells[k].z == z;
    }
    if (!found && reader->left_out[z][0] != '\0') {
      return vqe_error_set(
          VQE_ERR_INPUT,
          "basis '%.400s' has functions for %s in the block %s alone; blocks "
          "without a name or named \"ao basis\" hold orbitals, others "
          "fitting sets and the like. Rename the block to \"ao basis\" if it "
          "is the orbitals'",
          reader->source, vqe_element_symbol(z), reader->left_out[z]);
    }
    if (!found) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "basis '%.400s' has no functions for %s; choose "
                           "another basis, or give the path of a file in "
                           "the format of NWChem, Gaussian or the Basis Set "
                           "Exchange (JSON) that has them",
                           reader->source, vqe_element_symbol(z));
    }
  }
  return VQE_OK;
}

/* The content decides the format: names say little. */
static int read_any(struct vqe_basis_reader *reader)
{
  const char *text = reader->text;
  if (reader->size >= 2 &&
      (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "basis '%.400s' is UTF-16 text; save it as UTF-8",
                         reader->source);
  }
  if (reader->size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
    reader->at = 3;
  }
  size_t at = reader->at;
  while (at < reader->size && isspace((unsigned char)text[at])) {
    at++;
  }
  if (at < reader->size && text[at] == '{') {
    return vqe_basis_read_json(reader);
  }
  if (vqe_basis_is_gaussian(reader)) {
    return vqe_basis_read_gaussian(reader);
  }
  int status = vqe_basis_refuse_foreign(reader);
  return status == VQE_OK ? vqe_basis_read_nwchem(reader) : status;
}

int vqe_basis_parse(struct vqe_basis **out, const char *text, size_t size,
                    const char *source, const bool wanted[VQE_MAX_Z + 1])
{
  struct vqe_basis_reader *reader = NULL;
  struct vqe_basis *basis = NULL;
  int status =
      vqe_memory_alloc(&reader, 1, sizeof *reader, "reader of a basis");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&basis, 1, sizeof *basis, "basis");
  }
  if (status == VQE_OK) {
    reader->text = text;
    reader->size = size;
    reader->source = source;
    reader->wanted = wanted;
    reader->basis = basis;
    reader->l = VQE_BASIS_NO_SHELL;
    status = read_any(reader);
  }
  if (status == VQE_OK) {
    status = check_elements(reader);
  }
  if (status == VQE_OK) {
    status = check_functions(reader);
  }
  free(reader);
  if (status != VQE_OK) {
    vqe_basis_free(basis);
    return status;
  }
  *out = basis;
  return VQE_OK;
}

bool vqe_basis_is_cartesian(const struct vqe_basis *basis)
{
  bool differs = false;
  for (size_t k = 0; k < basis->nshell; k++) {
    differs = differs || basis->shells[k].l >= 2;
  }
  return basis->cartesian && differs;
}

void vqe_basis_free(struct vqe_basis *basis)
{
  if (basis == NULL) {
    return;
  }
  for (size_t k = 0; k < basis->nshell; k++) {
    free(basis->shells[k].exponents);
    free(basis->shells[k].coefficients);
  }
  free(basis->shells);
  free(basis);
}
