#include "chem/basis.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/missing.h"
#include "chem/basis_build.h"
#include "vqe/chem.h"

#define MAX_BASIS_FILE ((size_t)64 << 20) /* bytes */

/* "STO-3G", "sto_3g" and "STO 3G" are all "sto3g". */
static void squeeze(char *out, size_t size, const char *name)
{
  size_t used = 0;
  for (; *name != '\0' && used + 1 < size; name++) {
    if (strchr("-_ ", *name) == NULL) {
      out[used++] = (char)tolower((unsigned char)*name);
    }
  }
  out[used] = '\0';
}

static const struct vqe_basis_text *find_text(const char *name)
{
  char wanted[32];
  char known[32];
  squeeze(wanted, sizeof wanted, name);
  for (size_t k = 0; k < vqe_basis_text_count; k++) {
    squeeze(known, sizeof known, vqe_basis_texts[k].name);
    if (strcmp(wanted, known) == 0) {
      return &vqe_basis_texts[k];
    }
  }
  return NULL;
}

static void list_known(char *out, size_t size)
{
  size_t used = 0;
  out[0] = '\0';
  for (size_t k = 0; k < vqe_basis_text_count && used < size; k++) {
    int put = snprintf(out + used, size - used, "%s%s", k > 0 ? ", " : "",
                       vqe_basis_texts[k].name);
    used += put > 0 ? (size_t)put : 0;
  }
}

int vqe_basis_canonical(const char **out, const char *name)
{
  int missing = vqe_missing(__func__, "out name", out, name);
  if (missing != VQE_OK) {
    return missing;
  }
  const struct vqe_basis_text *found = name == NULL ? NULL : find_text(name);
  if (found == NULL) {
    char known[128];
    list_known(known, sizeof known);
    return vqe_error_set(VQE_ERR_INPUT,
                         "basis '%.64s' is not known; known are %s, or give "
                         "the path of a file in the format of NWChem, "
                         "Gaussian or the Basis Set Exchange (JSON)",
                         name == NULL ? "" : name, known);
  }
  *out = found->name;
  return VQE_OK;
}

int vqe_basis_load(struct vqe_basis **out, const char *name,
                   const bool wanted[VQE_MAX_Z + 1])
{
  const struct vqe_basis_text *found = find_text(name);
  char *text = NULL;
  size_t size = 0;
  if (found != NULL) {
    return vqe_basis_parse(out, found->text, found->size, found->name, wanted);
  }
  int status = vqe_file_read(&text, &size, name, MAX_BASIS_FILE);
  if (status == VQE_ERR_NOT_FOUND) {
    const char *unused;
    return vqe_basis_canonical(&unused, name);
  }
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_basis_parse(out, text, size, name, wanted);
  free(text);
  return status;
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
