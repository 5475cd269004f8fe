#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "molecule/molecule_build.h"

#define LINE_SIZE 1024
#define NAME_SIZE 80

/* A place in the text; lines count from 1. */
struct cursor {
  const char *text;
  size_t size;
  size_t at;
  size_t line;
  const char *source;
};

/* Next line into `out`, cut at LINE_SIZE - 1 bytes; false at the end. */
static bool next_line(struct cursor *cursor, char out[LINE_SIZE])
{
  if (cursor->at >= cursor->size) {
    return false;
  }
  const char *start = cursor->text + cursor->at;
  size_t left = cursor->size - cursor->at;
  const char *end = memchr(start, '\n', left);
  size_t length = end == NULL ? left : (size_t)(end - start);
  cursor->at += length + (end != NULL);
  cursor->line++;
  size_t keep = length < LINE_SIZE ? length : LINE_SIZE - 1;
  memcpy(out, start, keep);
  if (keep > 0 && out[keep - 1] == '\r') {
    keep--;
  }
  out[keep] = '\0';
  return true;
}

static bool is_blank(const char *text)
{
  return text[strspn(text, " \t")] == '\0';
}

static bool parse_int(int *out, const char *text)
{
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (end == text || errno != 0 || value < -1000000 || value > 1000000) {
    return false;
  }
  *out = (int)value;
  return *end == '\0' || *end == ',' || *end == ';' || *end == '"' ||
         isspace((unsigned char)*end);
}

/* Value of `key=` in a comment line, or NULL. */
static const char *find_key(const char *comment, const char *key)
{
  size_t length = strlen(key);
  for (const char *at = comment; *at != '\0'; at++) {
    if (strncasecmp(at, key, length) == 0 && at[length] == '=' &&
        (at == comment || strchr(" \t,;", at[-1]) != NULL)) {
      at += length + 1;
      return *at == '"' ? at + 1 : at;
    }
  }
  return NULL;
}

static int read_key(int *out, const char *comment, const char *key,
                    const char *where)
{
  const char *value = find_key(comment, key);
  if (value != NULL && !parse_int(out, value)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key '%s': '%.16s' in the comment line is not "
                         "an integer",
                         where, key, value);
  }
  return VQE_OK;
}

/* A comment without keys is the title that many programs write; name= says
 * it outright. */
static void find_name(char out[NAME_SIZE], const char *comment, size_t index)
{
  const char *name = find_key(comment, "name");
  size_t length = 0;
  if (name != NULL) {
    length = strcspn(name, " \t,;\"");
  } else if (strchr(comment, '=') == NULL) {
    name = comment + strspn(comment, " \t");
    length = strlen(name);
    while (length > 0 && strchr(" \t", name[length - 1]) != NULL) {
      length--;
    }
  }
  bool letter = false;
  for (size_t k = 0; k < length; k++) {
    unsigned char c = (unsigned char)name[k];
    letter = letter || isalpha(c);
    if (c < 0x20 || c >= 0x7f) {
      length = 0; /* not a title one would print */
    }
  }
  if (letter && length > 0 && length < NAME_SIZE) {
    memcpy(out, name, length);
    out[length] = '\0';
  } else {
    snprintf(out, NAME_SIZE, "molecule-%zu", index);
  }
}

/* "O 0.0 0.0 0.1", columns behind the third coordinate are ignored. */
static int read_atom(struct vqe_molecule *molecule, size_t atom, char *line,
                     const char *where, size_t number)
{
  char *save = NULL;
  const char *symbol = strtok_r(line, " \t", &save);
  int z = symbol == NULL ? 0 : vqe_element_z(symbol);
  if (z == 0 && symbol != NULL && isdigit((unsigned char)symbol[0])) {
    int value = 0;
    z = parse_int(&value, symbol) && value <= VQE_MAX_Z ? value : 0;
  }
  if (z == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'symbols': line %zu, '%.16s' is not an "
                         "element symbol",
                         where, number, symbol == NULL ? "" : symbol);
  }
  vqe_molecule_set_element(molecule, atom, z);
  for (int k = 0; k < 3; k++) {
    const char *word = strtok_r(NULL, " \t", &save);
    char *end = NULL;
    double value = word == NULL ? NAN : strtod(word, &end);
    if (word == NULL || end == word || *end != '\0' || !isfinite(value)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s, key 'coords': line %zu, coordinate %d is "
                           "'%.24s', not a finite number",
                           where, number, k, word == NULL ? "" : word);
    }
    molecule->coords[3 * atom + k] = value;
  }
  return VQE_OK;
}

/* One frame whose count line has been read. All its lines are consumed even
 * when one is bad, so that the next frame starts at the right place. */
static int read_frame(struct vqe_molecule **out, char name[NAME_SIZE],
                      struct cursor *cursor, size_t natom, size_t index)
{
  struct vqe_molecule *molecule = NULL;
  char where[512];
  char line[LINE_SIZE] = "";
  snprintf(where, sizeof where, "file '%.400s', molecule %zu", cursor->source,
           index);
  (void)next_line(cursor, line);
  find_name(name, line, index);
  int status = vqe_molecule_new(&molecule, natom, name);
  if (status != VQE_OK) {
    return vqe_error_context(status, "%s", where);
  }
  status = read_key(&molecule->charge, line, "charge", where);
  if (status == VQE_OK) {
    status = read_key(&molecule->multiplicity, line, "multiplicity", where);
  }
  for (size_t a = 0; a < natom; a++) {
    bool present = next_line(cursor, line);
    if (status != VQE_OK) {
      continue;
    }
    if (!present) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s, key 'coords': the file ends after %zu of "
                             "%zu atoms",
                             where, a, natom);
    } else {
      status = read_atom(molecule, a, line, where, cursor->line);
    }
  }
  if (status == VQE_OK) {
    status = vqe_molecule_validate(molecule, where);
  }
  if (status != VQE_OK) {
    vqe_molecule_free(molecule);
    return status;
  }
  *out = molecule;
  return VQE_OK;
}

int vqe_molecule_read_xyz(struct vqe_molecule_list *list, const char *text,
                          size_t size, const char *source)
{
  struct cursor cursor = {text, size, 0, 0, source};
  size_t capacity = 0;
  char line[LINE_SIZE];
  while (next_line(&cursor, line)) {
    if (is_blank(line)) {
      continue;
    }
    int natom = 0;
    const char *count = line + strspn(line, " \t");
    if (!parse_int(&natom, line) || natom < 1 || natom > VQE_MAX_ATOMS ||
        !is_blank(count + strspn(count, "+0123456789"))) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "file '%.400s', line %zu: '%.32s' where the "
                           "number of atoms, 1 to %d, is expected",
                           source, cursor.line, line, VQE_MAX_ATOMS);
    }
    if (list->count >= VQE_MAX_MOLECULES) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "file '%.400s': more than %d molecules", source,
                           VQE_MAX_MOLECULES);
    }
    struct vqe_molecule *molecule = NULL;
    char name[NAME_SIZE];
    int status =
        read_frame(&molecule, name, &cursor, (size_t)natom, list->count);
    if (status == VQE_ERR_MEMORY) {
      return status;
    }
    status = vqe_molecule_list_add(list, &capacity, molecule, name);
    if (status != VQE_OK) {
      return status;
    }
  }
  if (list->count == 0) {
    return vqe_error_set(VQE_ERR_INPUT, "file '%.400s': no molecule in it",
                         source);
  }
  return VQE_OK;
}
