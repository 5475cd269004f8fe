/* Formats of basis files that are not read, known by their first lines, so
 * that a user learns which one he has and which one to get. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "chem/basis_build.h"

/* The words of a line. */
struct line {
  char text[VQE_BASIS_LINE];
  char *words[VQE_BASIS_WORDS + 1];
  int count; /* 0 at the end of the file */
  size_t number;
};

static void next_words(struct line *out, struct vqe_basis_reader *ahead)
{
  out->count = 0;
  out->words[0] = "";
  while (out->count == 0 && vqe_basis_next_line(ahead, out->text)) {
    out->count = vqe_basis_split(out->text, out->words);
  }
  out->number = ahead->line;
  if (out->count == 0) {
    out->words[0] = "";
  }
}

static bool is_integer(const char *word)
{
  return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
}

static bool is_shell(const char *word)
{
  return vqe_basis_shell_type(word) != VQE_BASIS_NO_SHELL;
}

/* By the first word alone. */
static const char *by_word(const char *word)
{
  static const struct {
    const char *start, *format;
  } marks[] = {
      {"$data", "GAMESS-US or ORCA"},
      {"$rem", "Q-Chem"},
      {"%basis", "ORCA"},
      {"newgto", "ORCA"},
      {"basis={", "Molpro"},
      {"*-", "Molcas, CRYSTAL or BDF"},
      {"@basis", "VeloxChem"},
      {"for", "PQS"},
      {"o-", "deMon2k"},
      {"include_min_basis", "FHI-aims"},
      {"<", "XML"},
  };
  for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++) {
    bool whole = isalpha((unsigned char)marks[k].start[0]) &&
                 strchr(marks[k].start, '{') == NULL &&
                 strchr(marks[k].start, '-') == NULL;
    if (whole
            ? strcasecmp(word, marks[k].start) == 0
            : strncasecmp(word, marks[k].start, strlen(marks[k].start)) == 0) {
      return marks[k].format;
    }
  }
  return NULL;
}

/* "H:6-31G" */
static bool is_title_of_cfour(const char *word)
{
  char symbol[16];
  size_t length = strcspn(word, ":");
  if (word[length] == '\0' || length >= sizeof symbol) {
    return false;
  }
  snprintf(symbol, sizeof symbol, "%.*s", (int)length, word);
  return vqe_basis_element(symbol) != 0;
}

static const char *by_lines(const struct line *first,
                            const struct line *second)
{
  char *const *words = first->words;
  const char *next = second->words[0];
  bool element = vqe_basis_element(words[0]) != 0;
  if (strcasecmp(words[0], "$basis") == 0) {
    return next[0] == '*' && next[1] == '\0' ? "Turbomole" : "Q-Chem";
  }
  if (strcasecmp(words[0], "basis") == 0 && second->count == 1 &&
      vqe_basis_element(next) != 0) {
    return "Jaguar";
  }
  if (is_title_of_cfour(words[0])) {
    return "CFOUR or ACES II";
  }
  if (strcasecmp(words[0], "a") == 0 && first->count == 2 &&
      is_integer(words[1])) {
    return "Dalton";
  }
  if (element && first->count == 1 && second->count >= 2 && is_shell(next) &&
      is_integer(second->words[1])) {
    return "GAMESS-US or ORCA";
  }
  if (element && first->count >= 2 && second->count == 1 && is_integer(next)) {
    return "CP2K";
  }
  /* the shell comes first, and the coefficient before the exponent; "S H"
   * would be an H shell of sulphur */
  if (first->count == 2 && is_shell(words[0]) &&
      vqe_basis_element(words[1]) != 0 &&
      (!is_shell(words[1]) || strcasecmp(words[1], "H") == 0) &&
      !is_integer(words[1])) {
    return "GAMESS-UK";
  }
  return NULL;
}

int vqe_basis_refuse_foreign(const struct vqe_basis_reader *reader)
{
  struct vqe_basis_reader *ahead = malloc(sizeof *ahead);
  struct line *lines = malloc(2 * sizeof *lines);
  const char *format = NULL;
  size_t number = 1;
  /* without memory the reader itself finds the fault */
  if (ahead != NULL && lines != NULL) {
    *ahead = *reader;
    next_words(&lines[0], ahead);
    number = lines[0].number;
    next_words(&lines[1], ahead);
    bool spherical = strcasecmp(lines[0].words[0], "spherical") == 0 ||
                     strcasecmp(lines[0].words[0], "cartesian") == 0;
    format = by_word(lines[spherical].words[0]);
    if (format == NULL && lines[0].count > 0) {
      format = by_lines(&lines[0], &lines[1]);
    }
  }
  free(ahead);
  free(lines);
  return format == NULL
             ? VQE_OK
             : vqe_error_set(
                   VQE_ERR_UNSUPPORTED,
                   "basis '%.400s', line %zu: this is the format of "
                   "%s, which is not read; save the set in that of "
                   "NWChem, of Gaussian or as JSON, all of which the "
                   "Basis Set Exchange writes",
                   reader->source, number, format);
}
