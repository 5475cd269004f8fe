/* Reader of NWChem's basis format:
 *
 *   BASIS "ao basis" SPHERICAL PRINT     # comments
 *   O  SP
 *     5.0331513  -0.09996723  0.15591627
 *   END
 *
 * A shell may have several columns of coefficients (a general contraction);
 * SP shells have one for s and one for p. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "chem/basis.h"

#define LINE_SIZE 2048
#define MAX_WORDS (VQE_BASIS_MAX_CTR + 1)

struct reader {
  const char *text;
  size_t size;
  size_t at;
  size_t line;
  const char *source;
  const bool *wanted;
  struct vqe_basis *basis;
  bool ecp[VQE_MAX_Z + 1];
  /* the shell being read */
  int z;
  int l; /* -1 for none or not wanted, SP_SHELL for SP */
  int nprim;
  int nctr;
  size_t shell_line;
  double exponents[VQE_BASIS_MAX_PRIM];
  double coefficients[VQE_BASIS_MAX_CTR][VQE_BASIS_MAX_PRIM];
};

#define NO_SHELL (-1)
#define SP_SHELL (-2)

static int fail(const struct reader *reader, const char *reason,
                const char *word)
{
  return vqe_error_set(VQE_ERR_INPUT, "basis '%.400s', line %zu: %s '%.32s'",
                       reader->source, reader->line, reason, word);
}

/* Next line without its comment; false at the end. */
static bool next_line(struct reader *reader, char out[LINE_SIZE])
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
  size_t keep = length < LINE_SIZE ? length : LINE_SIZE - 1;
  memcpy(out, start, keep);
  out[keep] = '\0';
  out[strcspn(out, "#!\r")] = '\0';
  return true;
}

static int split(char *line, char *words[MAX_WORDS + 1])
{
  int count = 0;
  char *save = NULL;
  for (char *word = strtok_r(line, " \t", &save);
       word != NULL && count <= MAX_WORDS;
       word = strtok_r(NULL, " \t", &save)) {
    words[count++] = word;
  }
  return count;
}

/* A number, with Fortran's D exponents. */
static bool parse_number(double *out, char *word)
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

/* Angular momentum of a shell's letter; NO_SHELL when it is none. */
static int shell_type(const char *word)
{
  static const char letters[] = "SPDFGHI";
  if (strcasecmp(word, "SP") == 0 || strcasecmp(word, "L") == 0) {
    return SP_SHELL;
  }
  const char *found = strchr(letters, toupper((unsigned char)word[0]));
  if (word[0] == '\0' || word[1] != '\0' || found == NULL) {
    return NO_SHELL;
  }
  return (int)(found - letters);
}

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
static int drop_empty_columns(struct reader *reader)
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

static int finish_shell(struct reader *reader)
{
  int status = VQE_OK;
  if (reader->l == NO_SHELL) {
    return VQE_OK;
  }
  if (reader->nprim == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "basis '%.400s', line %zu: the shell has no "
                         "primitives",
                         reader->source, reader->shell_line);
  }
  if (reader->l == SP_SHELL) {
    if (reader->nctr != 2) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "basis '%.400s', line %zu: an SP shell has two "
                           "columns of coefficients, not %d",
                           reader->source, reader->shell_line, reader->nctr);
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
      return vqe_error_set(VQE_ERR_INPUT,
                           "basis '%.400s', line %zu: all coefficients of "
                           "the shell are zero",
                           reader->source, reader->shell_line);
    }
    status = add_shell(reader->basis, reader->z, reader->l, reader->nprim,
                       reader->exponents, kept, reader->coefficients);
  }
  reader->l = NO_SHELL;
  return status;
}

static int start_shell(struct reader *reader, char *words[], int count)
{
  int status = finish_shell(reader);
  if (status != VQE_OK) {
    return status;
  }
  reader->z = vqe_element_z(words[0]);
  if (reader->z == 0) {
    return fail(reader, "not an element symbol:", words[0]);
  }
  if (count != 2) {
    return fail(reader, "an element and a shell type are expected at",
                words[0]);
  }
  int type = shell_type(words[1]);
  if (type == NO_SHELL) {
    return fail(reader,
                "not a shell type (S, P, D, F, G, H, I, SP):", words[1]);
  }
  reader->l = reader->wanted[reader->z] ? type : NO_SHELL;
  reader->nprim = 0;
  reader->nctr = 0;
  reader->shell_line = reader->line;
  return VQE_OK;
}

static int add_primitive(struct reader *reader, char *words[], int count)
{
  double value;
  if (reader->z == 0) {
    return fail(reader, "a number before the first shell:", words[0]);
  }
  if (reader->l == NO_SHELL) {
    return VQE_OK; /* of an element that is not wanted */
  }
  if (count < 2 || count > MAX_WORDS) {
    return fail(reader, "an exponent and 1 to 64 coefficients are expected at",
                words[0]);
  }
  if (reader->nprim > 0 && count - 1 != reader->nctr) {
    return fail(reader, "another number of columns than the line above at",
                words[0]);
  }
  if (reader->nprim == VQE_BASIS_MAX_PRIM) {
    return fail(reader, "more than 64 primitives in a shell at", words[0]);
  }
  reader->nctr = count - 1;
  if (!parse_number(&value, words[0]) || !(value > 1e-12 && value < 1e12)) {
    return fail(reader, "not a positive exponent:", words[0]);
  }
  VQE_ASSERT(reader->nctr <= VQE_BASIS_MAX_CTR);
  reader->exponents[reader->nprim] = value;
  for (int c = 0; c < reader->nctr; c++) {
    if (!parse_number(&value, words[c + 1]) || fabs(value) > 1e12) {
      return fail(reader, "not a coefficient:", words[c + 1]);
    }
    reader->coefficients[c][reader->nprim] = value;
  }
  reader->nprim++;
  return VQE_OK;
}

static int read_lines(struct reader *reader)
{
  char line[LINE_SIZE];
  char *words[MAX_WORDS + 1];
  bool in_ecp = false;
  int status = VQE_OK;
  while (status == VQE_OK && next_line(reader, line)) {
    int count = split(line, words);
    if (count == 0) {
      continue;
    }
    if (strcasecmp(words[0], "END") == 0) {
      in_ecp = false;
      status = finish_shell(reader);
      reader->z = 0;
    } else if (strcasecmp(words[0], "ECP") == 0) {
      in_ecp = true;
      status = finish_shell(reader);
    } else if (in_ecp) {
      reader->ecp[vqe_element_z(words[0])] = true;
    } else if (strcasecmp(words[0], "BASIS") == 0) {
      status = finish_shell(reader);
      for (int k = 1; k < count; k++) {
        if (strcasecmp(words[k], "CARTESIAN") == 0) {
          reader->basis->cartesian = true;
        }
      }
    } else if (isalpha((unsigned char)words[0][0])) {
      status = start_shell(reader, words, count);
    } else {
      status = add_primitive(reader, words, count);
    }
  }
  return status == VQE_OK ? finish_shell(reader) : status;
}

static int check_elements(const struct reader *reader)
{
  for (int z = 1; z <= VQE_MAX_Z; z++) {
    if (!reader->wanted[z]) {
      continue;
    }
    if (reader->ecp[z]) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "basis '%.400s' has an effective core potential "
                           "for %s, which is not supported; use an "
                           "all-electron basis",
                           reader->source, vqe_element_symbol(z));
    }
    bool found = false;
    for (size_t k = 0; k < reader->basis->nshell; k++) {
      found = found || reader->basis->shells[k].z == z;
    }
    if (!found) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "basis '%.400s' has no functions for %s; choose "
                           "another basis, or give the path of a file in "
                           "NWChem's format that has them",
                           reader->source, vqe_element_symbol(z));
    }
  }
  return VQE_OK;
}

int vqe_basis_parse(struct vqe_basis **out, const char *text, size_t size,
                    const char *source, const bool wanted[VQE_MAX_Z + 1])
{
  struct reader *reader = NULL;
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
    reader->l = NO_SHELL;
    status = read_lines(reader);
  }
  if (status == VQE_OK) {
    status = check_elements(reader);
  }
  free(reader);
  if (status != VQE_OK) {
    vqe_basis_free(basis);
    return status;
  }
  *out = basis;
  return VQE_OK;
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
