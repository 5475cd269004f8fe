#include "chem/basis_catalog.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "base/missing.h"
#include "base/suggest.h"
#include "vqe/chem.h"
#include "vqe/molecule.h"

#define LONGEST 32 /* bytes of a name, with its NUL */

const struct vqe_basis_set vqe_basis_sets[] = {
#define BASIS_SET(...) {__VA_ARGS__},
#include "chem/basis/basis_sets.def"
#undef BASIS_SET
};
const size_t vqe_basis_set_count =
    sizeof vqe_basis_sets / sizeof vqe_basis_sets[0];

/* "STO-3G", "sto_3g" and "STO 3G" are all "sto3g"; a longer name is cut. */
static void squeeze(char out[LONGEST], const char *name, size_t length)
{
  size_t used = 0;
  for (size_t k = 0; k < length && used + 1 < LONGEST; k++) {
    if (strchr("-_ ", name[k]) == NULL) {
      out[used++] = (char)tolower((unsigned char)name[k]);
    }
  }
  out[used] = '\0';
}

static bool is_called(const char *wanted, const char *name, size_t length)
{
  char known[LONGEST];
  squeeze(known, name, length);
  return strcmp(wanted, known) == 0;
}

static bool has_name(const struct vqe_basis_set *set, const char *wanted)
{
  bool found = is_called(wanted, set->name, strlen(set->name)) ||
               is_called(wanted, set->shown, strlen(set->shown));
  for (const char *at = set->others; !found && *at != '\0';) {
    size_t length = strcspn(at, "|");
    found = is_called(wanted, at, length);
    at += length + (at[length] == '|');
  }
  return found;
}

const struct vqe_basis_set *vqe_basis_find(const char *name)
{
  char wanted[LONGEST];
  if (strlen(name) >= LONGEST) {
    return NULL; /* it would be compared by its beginning alone */
  }
  squeeze(wanted, name, strlen(name));
  for (size_t k = 0; k < vqe_basis_set_count; k++) {
    if (has_name(&vqe_basis_sets[k], wanted)) {
      return &vqe_basis_sets[k];
    }
  }
  return NULL;
}

bool vqe_basis_has_element(const struct vqe_basis_set *set, int z)
{
  bool found = false;
  for (const char *at = set->elements; !found && *at != '\0';) {
    char symbol[2][4] = {"", ""};
    int count = sscanf(at, "%3[A-Za-z]-%3[A-Za-z]", symbol[0], symbol[1]);
    int first = vqe_element_z(symbol[0]);
    int last = count == 2 ? vqe_element_z(symbol[1]) : first;
    found = z >= first && z <= last;
    at += strcspn(at, ",");
    at += strspn(at, ", ");
  }
  return found;
}

static const char *nearest(const char *name)
{
  const char *known[2 * sizeof vqe_basis_sets / sizeof vqe_basis_sets[0]];
  for (size_t k = 0; k < vqe_basis_set_count; k++) {
    known[2 * k] = vqe_basis_sets[k].shown;
    known[2 * k + 1] = vqe_basis_sets[k].name;
  }
  return vqe_suggest(name, known, 2 * vqe_basis_set_count);
}

int vqe_basis_canonical(const char **out, const char *name)
{
  int missing = vqe_missing(__func__, "out name", out, name);
  if (missing != VQE_OK) {
    return missing;
  }
  const struct vqe_basis_set *found = vqe_basis_find(name);
  if (found == NULL) {
    const char *near = nearest(name);
    return vqe_error_set(VQE_ERR_INPUT,
                         "basis '%.64s' is not known%s%s%s Give a name of "
                         "the Basis Set Exchange (vqe_batch --list-basis "
                         "lists the %zu that are here), or the path of a "
                         "file in the format of NWChem, Gaussian or the "
                         "exchange (JSON)",
                         name, near != NULL ? ": did you mean '" : "",
                         near != NULL ? near : "", near != NULL ? "'?" : ".",
                         vqe_basis_set_count);
  }
  *out = found->name;
  return VQE_OK;
}
