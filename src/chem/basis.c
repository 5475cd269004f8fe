#include "chem/basis.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
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
  const struct vqe_basis_text *found = name == NULL ? NULL : find_text(name);
  if (found == NULL) {
    char known[128];
    list_known(known, sizeof known);
    return vqe_error_set(VQE_ERR_INPUT,
                         "basis '%.64s' is not known; known are %s, or give "
                         "the path of a file in NWChem's format",
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
