#include "chem/basis_build.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

/* ---- text ---- */

static void place_of(char out[64], const struct vqe_basis_reader *reader)
{
  if (reader->place[0] != '\0') {
    memcpy(out, reader->place, sizeof reader->place);
  } else {
    snprintf(out, 64, "line %zu", reader->line);
  }
}

int vqe_basis_refuse(const struct vqe_basis_reader *reader, const char *reason,
                     const char *word)
{
  char place[64];
  place_of(place, reader);
  return vqe_error_set(VQE_ERR_INPUT, "basis '%.400s', %s: %s '%.32s'",
                       reader->source, place, reason, word);
}

bool vqe_basis_next_line(struct vqe_basis_reader *reader,
                         char out[VQE_BASIS_LINE])
{
  if (reader->at >= reader->size) {
    return false;
  }
  const char *start = reader->text + reader->at;
  size_t left = reader->size - reader->at;
  const char *end = memchr(start, '\n', left);
  size_t length = end == NULL ? left : (size_t)(end - start);
  reader->at += length + (end != NULL);
  reader->line++;
  size_t keep = length < VQE_BASIS_LINE ? length : VQE_BASIS_LINE - 1;
  memcpy(out, start, keep);
  out[keep] = '\0';
  out[strcspn(out, "#!\r")] = '\0';
  return true;
}

int vqe_basis_split(char *line, char *words[VQE_BASIS_WORDS + 1])
{
  int count = 0;
  char *save = NULL;
  for (char *word = strtok_r(line, " \t", &save);
       word != NULL && count <= VQE_BASIS_WORDS;
       word = strtok_r(NULL, " \t", &save)) {
    words[count++] = word;
  }
  return count;
}

bool vqe_basis_number(double *out, char *word)
{
  char *end;
  for (char *c = word; *c != '\0'; c++) {
    if (*c == 'D' || *c == 'd') {
      *c = 'e';
    }
  }
  *out = strtod(word, &end);
  return end != word && *end == '\0' && isfinite(*out);
}

int vqe_basis_shell_type(const char *word)
{
  static const char letters[] = "SPDFGHI";
  if (strcasecmp(word, "SP") == 0 || strcasecmp(word, "L") == 0) {
    return VQE_BASIS_SP_SHELL;
  }
  const char *found = strchr(letters, toupper((unsigned char)word[0]));
  if (word[0] == '\0' || word[1] != '\0' || found == NULL) {
    return VQE_BASIS_NO_SHELL;
  }
  return (int)(found - letters);
}

int vqe_basis_element(const char *word)
{
  static const char *const names[] = {
      "hydrogen",    "helium",       "lithium",      "beryllium",
      "boron",       "carbon",       "nitrogen",     "oxygen",
      "fluorine",    "neon",         "sodium",       "magnesium",
      "aluminum",    "silicon",      "phosphorus",   "sulfur",
      "chlorine",    "argon",        "potassium",    "calcium",
      "scandium",    "titanium",     "vanadium",     "chromium",
      "manganese",   "iron",         "cobalt",       "nickel",
      "copper",      "zinc",         "gallium",      "germanium",
      "arsenic",     "selenium",     "bromine",      "krypton",
      "rubidium",    "strontium",    "yttrium",      "zirconium",
      "niobium",     "molybdenum",   "technetium",   "ruthenium",
      "rhodium",     "palladium",    "silver",       "cadmium",
      "indium",      "tin",          "antimony",     "tellurium",
      "iodine",      "xenon",        "cesium",       "barium",
      "lanthanum",   "cerium",       "praseodymium", "neodymium",
      "promethium",  "samarium",     "europium",     "gadolinium",
      "terbium",     "dysprosium",   "holmium",      "erbium",
      "thulium",     "ytterbium",    "lutetium",     "hafnium",
      "tantalum",    "tungsten",     "rhenium",      "osmium",
      "iridium",     "platinum",     "gold",         "mercury",
      "thallium",    "lead",         "bismuth",      "polonium",
      "astatine",    "radon",        "francium",     "radium",
      "actinium",    "thorium",      "protactinium", "uranium",
      "neptunium",   "plutonium",    "americium",    "curium",
      "berkelium",   "californium",  "einsteinium",  "fermium",
      "mendelevium", "nobelium",     "lawrencium",   "rutherfordium",
      "dubnium",     "seaborgium",   "bohrium",      "hassium",
      "meitnerium",  "darmstadtium", "roentgenium",  "copernicium",
      "nihonium",    "flerovium",    "moscovium",    "livermorium",
      "tennessine",  "oganesson",
  };
  static const struct {
    const char *name;
    int z;
  } others[] = {{"aluminium", 13}, {"sulphur", 16}, {"caesium", 55}};
  int z = vqe_element_z(word);
  for (int k = 0; z == 0 && k < (int)(sizeof names / sizeof names[0]); k++) {
    z = strcasecmp(word, names[k]) == 0 ? k + 1 : 0;
  }
  for (size_t k = 0; z == 0 && k < sizeof others / sizeof others[0]; k++) {
    z = strcasecmp(word, others[k].name) == 0 ? others[k].z : 0;
  }
  return z;
}

int vqe_basis_enter(struct vqe_basis_reader *reader, int z, int block)
{
  if (reader->wanted[z] && reader->block_of[z] != 0 &&
      reader->block_of[z] != block) {
    return vqe_basis_refuse(reader,
                            "another block has functions of this element "
                            "already; keep one of",
                            vqe_element_symbol(z));
  }
  reader->block_of[z] = block;
  return VQE_OK;
}

void vqe_basis_add_ecp(struct vqe_basis_reader *reader, int z,
                       const char *block)
{
  char place[64];
  if (reader->ecp[z][0] == '\0') {
    place_of(place, reader);
    snprintf(reader->ecp[z], sizeof reader->ecp[z], "%.36s, %.24s", place,
             block);
  }
}

void vqe_basis_leave_out(struct vqe_basis_reader *reader, int z,
                         const char *block)
{
  char place[64];
  if (reader->left_out[z][0] == '\0') {
    place_of(place, reader);
    snprintf(reader->left_out[z], sizeof reader->left_out[z],
             "\"%.32s\" (%.36s)", block, place);
  }
}

/* ---- shells ---- */

static bool same_exponents(const struct vqe_basis_shell *shell,
                           const double *exponents, int nprim)
{
  if (shell->nprim != nprim) {
    return false;
  }
  for (int p = 0; p < nprim; p++) {
    if (shell->exponents[p] != exponents[p]) {
      return false;
    }
  }
  return true;
}

/* Add columns to a shell over the same primitives: libcint computes the
 * primitive integrals of a general contraction once. */
static int append_columns(struct vqe_basis_shell *shell, int ncolumns,
                          double columns[][VQE_BASIS_MAX_PRIM])
{
  size_t nprim = (size_t)shell->nprim;
  size_t old = (size_t)shell->nctr * nprim;
  int status = vqe_memory_grow(&shell->coefficients, old,
                               old + (size_t)ncolumns * nprim, sizeof(double),
                               "contraction coefficients");
  if (status != VQE_OK) {
    return status;
  }
  for (int c = 0; c < ncolumns; c++) {
    memcpy(shell->coefficients + old + (size_t)c * nprim, columns[c],
           nprim * sizeof(double));
  }
  shell->nctr += ncolumns;
  return VQE_OK;
}

static int add_shell(struct vqe_basis *basis, int z, int l, int nprim,
                     const double *exponents, int ncolumns,
                     double columns[][VQE_BASIS_MAX_PRIM])
{
  struct vqe_basis_shell *shell;
  for (size_t k = 0; k < basis->nshell; k++) {
    shell = &basis->shells[k];
    if (shell->z == z && shell->l == l &&
        shell->nctr + ncolumns <= VQE_BASIS_MAX_CTR &&
        same_exponents(shell, exponents, nprim)) {
      return append_columns(shell, ncolumns, columns);
    }
  }
  if (basis->nshell == basis->capacity) {
    size_t larger = basis->capacity == 0 ? 16 : 2 * basis->capacity;
    int status = vqe_memory_grow(&basis->shells, basis->nshell, larger,
                                 sizeof *basis->shells, "basis shells");
    if (status != VQE_OK) {
      return status;
    }
    basis->capacity = larger;
  }
  shell = &basis->shells[basis->nshell];
  memset(shell, 0, sizeof *shell);
  int status = vqe_memory_alloc(&shell->exponents, (size_t)nprim,
                                sizeof(double), "exponents");
  if (status != VQE_OK) {
    return status;
  }
  basis->nshell++; /* from here on vqe_basis_free() sees it */
  memcpy(shell->exponents, exponents, (size_t)nprim * sizeof(double));
  shell->z = z;
  shell->l = l;
  shell->nprim = nprim;
  return append_columns(shell, ncolumns, columns);
}

/* Columns without a non-zero coefficient add no function. */
static int drop_empty_columns(struct vqe_basis_reader *reader)
{
  int kept = 0;
  for (int c = 0; c < reader->nctr; c++) {
    bool used = false;
    for (int p = 0; p < reader->nprim; p++) {
      used = used || reader->coefficients[c][p] != 0.0;
    }
    if (used) {
      memmove(reader->coefficients[kept], reader->coefficients[c],
              sizeof reader->coefficients[c]);
      kept++;
    }
  }
  return kept;
}

static int shell_failed(const struct vqe_basis_reader *reader,
                        const char *reason)
{
  return vqe_error_set(VQE_ERR_INPUT, "basis '%.400s', %s: %s", reader->source,
                       reader->shell_place, reason);
}

int vqe_basis_finish_shell(struct vqe_basis_reader *reader)
{
  int status = VQE_OK;
  if (reader->l == VQE_BASIS_NO_SHELL) {
    return VQE_OK;
  }
  if (reader->nprim == 0) {
    return shell_failed(reader, "the shell has no primitives");
  }
  if (reader->l == VQE_BASIS_SP_SHELL) {
    if (reader->nctr != 2) {
      return shell_failed(reader,
                          "an SP shell has two columns of coefficients");
    }
    status = add_shell(reader->basis, reader->z, 0, reader->nprim,
                       reader->exponents, 1, &reader->coefficients[0]);
    if (status == VQE_OK) {
      status = add_shell(reader->basis, reader->z, 1, reader->nprim,
                         reader->exponents, 1, &reader->coefficients[1]);
    }
  } else {
    int kept = drop_empty_columns(reader);
    if (kept == 0) {
      return shell_failed(reader, "all coefficients of the shell are zero");
    }
    status = add_shell(reader->basis, reader->z, reader->l, reader->nprim,
                       reader->exponents, kept, reader->coefficients);
  }
  reader->l = VQE_BASIS_NO_SHELL;
  return status;
}

int vqe_basis_start_shell(struct vqe_basis_reader *reader, int z, int type)
{
  int status = vqe_basis_finish_shell(reader);
  reader->z = z;
  reader->l = reader->wanted[z] ? type : VQE_BASIS_NO_SHELL;
  reader->nprim = 0;
  reader->nctr = 0;
  reader->scale = 1.0;
  place_of(reader->shell_place, reader);
  return status;
}

int vqe_basis_add_row(struct vqe_basis_reader *reader, char *words[],
                      int count)
{
  double value;
  if (reader->z == 0) {
    return vqe_basis_refuse(reader,
                            "a number before the first shell:", words[0]);
  }
  if (reader->l == VQE_BASIS_NO_SHELL) {
    return VQE_OK; /* of an element that is not wanted */
  }
  if (count < 2 || count > VQE_BASIS_WORDS) {
    return vqe_basis_refuse(
        reader, "an exponent and 1 to 64 coefficients are expected at",
        words[0]);
  }
  if (reader->nprim > 0 && count - 1 != reader->nctr) {
    return vqe_basis_refuse(
        reader, "another number of columns than the line above at", words[0]);
  }
  if (reader->nprim == VQE_BASIS_MAX_PRIM) {
    return vqe_basis_refuse(reader, "more than 64 primitives in a shell at",
                            words[0]);
  }
  reader->nctr = count - 1;
  if (!vqe_basis_number(&value, words[0]) ||
      !(value > 1e-12 && value < 1e12)) {
    return vqe_basis_refuse(reader, "not a positive exponent:", words[0]);
  }
  VQE_ASSERT(reader->nctr <= VQE_BASIS_MAX_CTR);
  reader->exponents[reader->nprim] = value * reader->scale;
  for (int c = 0; c < reader->nctr; c++) {
    if (!vqe_basis_number(&value, words[c + 1]) || fabs(value) > 1e12) {
      return vqe_basis_refuse(reader, "not a coefficient:", words[c + 1]);
    }
    reader->coefficients[c][reader->nprim] = value;
  }
  reader->nprim++;
  return VQE_OK;
}
