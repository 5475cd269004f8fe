/* Reader of NWChem's basis format:
 *
 *   BASIS "ao basis" SPHERICAL PRINT     # comments
 *   O  SP
 *     5.0331513  -0.09996723  0.15591627
 *   END
 *
 * A shell may have several columns of coefficients (a general contraction);
 * SP shells have one for s and one for p. Only blocks without a name or named
 * "ao basis" hold orbitals: others are for density fitting and the like. A
 * file may also hold shells without a block. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "chem/basis_build.h"

/* What the lines at hand belong to. */
enum section { ORBITALS, SKIPPED, POTENTIALS };

struct nwchem {
  struct vqe_basis_reader *reader;
  enum section section;
  int block;
  char name[64]; /* of the block */
};

static bool is_word(const char *word, const char *expected)
{
  return strcasecmp(word, expected) == 0;
}

/* The text in quotes, which is cut out of the line; false without any. */
static bool take_quoted(char out[64], char *line)
{
  char *open = strchr(line, '"');
  char *close = open == NULL ? NULL : strchr(open + 1, '"');
  if (close == NULL) {
    return false;
  }
  *close = '\0';
  snprintf(out, 64, "%s", open + 1);
  memset(open, ' ', (size_t)(close - open) + 1);
  return true;
}

/* "BASIS [name] [SPHERICAL|CARTESIAN] [PRINT] ...", the name without its
 * quotes in `name`, or "" */
static int start_block(struct nwchem *nwchem, char *words[], int count,
                       char name[64])
{
  static const char *const keywords[] = {"spherical", "cartesian", "segment",
                                         "nosegment", "print",     "noprint",
                                         "rel",       "bse"};
  struct vqe_basis_reader *reader = nwchem->reader;
  bool cartesian = false;
  bool spherical = false;
  for (int k = 1; k < count; k++) {
    bool known = false;
    for (size_t w = 0; w < sizeof keywords / sizeof keywords[0]; w++) {
      known = known || is_word(words[k], keywords[w]);
    }
    if (!known && name[0] == '\0') {
      snprintf(name, 64, "%s", words[k]); /* quotes are optional */
    }
    cartesian = cartesian || is_word(words[k], "cartesian");
    spherical = spherical || is_word(words[k], "spherical");
  }
  nwchem->section =
      name[0] == '\0' || is_word(name, "ao basis") ? ORBITALS : SKIPPED;
  nwchem->block++;
  snprintf(nwchem->name, sizeof nwchem->name, "%.63s", name);
  if (nwchem->section == ORBITALS) {
    reader->cartesian = reader->cartesian || cartesian;
    reader->spherical = reader->spherical || spherical;
  }
  return vqe_basis_finish_shell(reader);
}

static int start_shell(struct nwchem *nwchem, char *words[], int count)
{
  struct vqe_basis_reader *reader = nwchem->reader;
  int status = vqe_basis_finish_shell(reader);
  if (status != VQE_OK) {
    return status;
  }
  int z = vqe_basis_element(words[0]);
  if (count > 1 && is_word(words[1], "library")) {
    return vqe_basis_refuse(reader,
                            "functions from a library are not read; write "
                            "out those of",
                            words[0]);
  }
  if (z == 0) {
    return vqe_basis_refuse(reader,
                            "not an element symbol or name:", words[0]);
  }
  if (count != 2) {
    return vqe_basis_refuse(
        reader, "an element and a shell type are expected at", words[0]);
  }
  int type = vqe_basis_shell_type(words[1]);
  if (type == VQE_BASIS_NO_SHELL) {
    return vqe_basis_refuse(
        reader, "not a shell type (S, P, D, F, G, H, I, SP):", words[1]);
  }
  status = vqe_basis_enter(reader, z, nwchem->block + 1);
  return status == VQE_OK ? vqe_basis_start_shell(reader, z, type) : status;
}

static int read_words(struct nwchem *nwchem, char *words[], int count,
                      char name[64])
{
  struct vqe_basis_reader *reader = nwchem->reader;
  if (is_word(words[0], "END")) {
    nwchem->section = ORBITALS;
    int status = vqe_basis_finish_shell(reader);
    reader->z = 0;
    return status;
  }
  if (is_word(words[0], "BASIS")) {
    return start_block(nwchem, words, count, name);
  }
  if (is_word(words[0], "ECP") || is_word(words[0], "SO")) {
    nwchem->section = is_word(words[0], "ECP") ? POTENTIALS : SKIPPED;
    snprintf(nwchem->name, sizeof nwchem->name, "%.63s", words[0]);
    return vqe_basis_finish_shell(reader);
  }
  if (nwchem->section == POTENTIALS) {
    vqe_basis_add_ecp(reader, vqe_basis_element(words[0]), "block ECP");
    return VQE_OK;
  }
  if (nwchem->section == SKIPPED) {
    if (count == 2 && vqe_basis_element(words[0]) != 0 &&
        vqe_basis_shell_type(words[1]) != VQE_BASIS_NO_SHELL) {
      vqe_basis_leave_out(reader, vqe_basis_element(words[0]), nwchem->name);
    }
    return VQE_OK;
  }
  if (isalpha((unsigned char)words[0][0]) || words[0][0] == '*') {
    return start_shell(nwchem, words, count);
  }
  return vqe_basis_add_row(reader, words, count);
}

int vqe_basis_read_nwchem(struct vqe_basis_reader *reader)
{
  struct nwchem nwchem = {.reader = reader};
  char line[VQE_BASIS_LINE];
  char *words[VQE_BASIS_WORDS + 1];
  int status = VQE_OK;
  while (status == VQE_OK && vqe_basis_next_line(reader, line)) {
    char name[64] = "";
    (void)take_quoted(name, line);
    int count = vqe_basis_split(line, words);
    if (count > 0) {
      status = read_words(&nwchem, words, count, name);
    }
  }
  return status == VQE_OK ? vqe_basis_finish_shell(reader) : status;
}
