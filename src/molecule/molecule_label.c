/* An atom's label as files write it: "O", "o", "8", "C1", "H_a", "D", "2H".
 * What could mean two things is refused, since a wrong element gives a wrong
 * energy without a word. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "molecule/molecule_build.h"

#define LABEL_SIZE 32

static int refuse(const char *where, const char *label, const char *reason)
{
  return vqe_error_set(VQE_ERR_INPUT, "%s, '%.24s' is %s", where, label,
                       reason);
}

/* Element of the first `length` letters; D and T set the mass number. */
static int element_of(int *mass_number, const char *letters, size_t length)
{
  char symbol[3] = "";
  if (length < 1 || length > 2) {
    return 0;
  }
  memcpy(symbol, letters, length);
  if (strcasecmp(symbol, "D") == 0 || strcasecmp(symbol, "T") == 0) {
    *mass_number = toupper((unsigned char)symbol[0]) == 'D' ? 2 : 3;
    return 1;
  }
  return vqe_element_z(symbol);
}

/* "CA1" is calcium to crystallographers and a carbon to biochemists. */
static bool is_ambiguous(const char *letters)
{
  return strchr("CHNOS", letters[0]) != NULL &&
         strchr("ABDEGH", letters[1]) != NULL;
}

/* Programs mark basis functions without a nucleus in these ways. */
static bool is_ghost(const char *label, size_t letters)
{
  const char *suffix = label + letters;
  return strncasecmp(label, "gh", 2) == 0 || label[0] == '@' ||
         strcasecmp(label, "X") == 0 || strcasecmp(label, "Xx") == 0 ||
         strncasecmp(label, "bq", 2) == 0 || suffix[0] == ':' ||
         strcasestr(suffix, "bq") != NULL ||
         strcasestr(suffix, "ghost") != NULL;
}

/* What follows the letters: "1", "_a", "(3)"; "(Iso=2)" is a mass number. */
static int read_suffix(int *mass_number, const char *suffix, const char *where,
                       const char *label)
{
  int number = 0;
  if (strncasecmp(suffix, "(iso=", 5) == 0) {
    number = atoi(suffix + 5);
    if (number < 1) {
      return refuse(where, label, "no isotope: write 2H or D");
    }
    *mass_number = number;
    return VQE_OK;
  }
  if (suffix[strspn(suffix, "0123456789")] == '+' ||
      suffix[strspn(suffix, "0123456789")] == '-') {
    return refuse(where, label,
                  "not an element symbol: charges of atoms are not read, "
                  "give that of the molecule");
  }
  if (!isdigit((unsigned char)suffix[0]) &&
      strchr("_(.*'#", suffix[0]) == NULL) {
    return refuse(where, label, "not an element symbol");
  }
  return VQE_OK;
}

static int read_letters(int *z, int *mass_number, const char *label,
                        size_t digits, const char *where)
{
  const char *letters = label + digits;
  size_t length = 0;
  while (isalpha((unsigned char)letters[length])) {
    length++;
  }
  const char *suffix = letters + length;
  if (is_ghost(label, digits + length)) {
    return refuse(where, label,
                  "a ghost or dummy atom; remove it, these are not "
                  "supported");
  }
  *z = element_of(mass_number, letters, length);
  if (*z == 0 || (digits > 0 && *suffix != '\0')) {
    return refuse(where, label, "not an element symbol");
  }
  if (*suffix == '\0') {
    return VQE_OK;
  }
  if (length == 2 && isupper((unsigned char)letters[1]) &&
      is_ambiguous(letters)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, '%.24s' can be %s or %c; write the element "
                         "alone, as %s or %c",
                         where, label, vqe_element_symbol(*z), letters[0],
                         vqe_element_symbol(*z), letters[0]);
  }
  return read_suffix(mass_number, suffix, where, label);
}

int vqe_atom_label_read(int *z, int *mass_number, const char *text,
                        size_t length, const char *where)
{
  char label[LABEL_SIZE] = "";
  memcpy(label, text, length < LABEL_SIZE ? length : LABEL_SIZE - 1);
  size_t digits = strspn(label, "0123456789");
  int number = digits > 0 && digits < 5 ? atoi(label) : 0;
  *mass_number = 0;
  *z = 0;
  if (length == 0 || strlen(label) != length || (digits > 0 && number == 0)) {
    return refuse(where, label, "not an element symbol");
  }
  if (label[digits] == '\0') {
    *z = number;
    return number <= VQE_MAX_Z ? VQE_OK
                               : refuse(where, label, "not an element symbol");
  }
  *mass_number = number;
  return read_letters(z, mass_number, label, digits, where);
}

int vqe_molecule_set_isotopes(struct vqe_molecule *molecule,
                              const int *mass_numbers, const char *where)
{
  bool any = false;
  for (size_t a = 0; a < molecule->natom; a++) {
    any = any || mass_numbers[a] > 0;
  }
  if (!any || molecule->masses != NULL) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&molecule->masses, molecule->natom,
                                sizeof *molecule->masses, "masses");
  for (size_t a = 0; status == VQE_OK && a < molecule->natom; a++) {
    molecule->masses[a] = vqe_isotope_mass(molecule->z[a], mass_numbers[a]);
    if (molecule->masses[a] == 0.0 && mass_numbers[a] > 0) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s, key 'masses': the mass of %d%s (atom %zu) "
                             "is not known here; give 'masses' in JSON",
                             where, mass_numbers[a], molecule->symbols[a], a);
    } else if (molecule->masses[a] == 0.0) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s, key 'masses': the mass of %s (atom %zu) is "
                             "not known here; give 'masses' in JSON",
                             where, molecule->symbols[a], a);
    }
  }
  return status;
}
