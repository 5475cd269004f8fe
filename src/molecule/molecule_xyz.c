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
#include "molecule/molecule_comment.h"

#define NUMBER_SIZE 64

/* A place in the text; lines count from 1. */
struct cursor {
  const char *text;
  size_t size;
  size_t at;
  size_t line;
  const char *source;
  const struct vqe_molecule_given *given;
};

/* A part of the text: a line, a word. */
struct piece {
  const char *text;
  size_t length;
};

/* Next line; it ends with LF, CRLF or CR. False at the end. */
static bool next_line(struct cursor *cursor, struct piece *out)
{
  if (cursor->at >= cursor->size) {
    return false;
  }
  size_t end = cursor->at;
  out->text = cursor->text + cursor->at;
  while (end < cursor->size && cursor->text[end] != '\n' &&
         cursor->text[end] != '\r') {
    end++;
  }
  out->length = end - cursor->at;
  if (end + 1 < cursor->size && cursor->text[end] == '\r' &&
      cursor->text[end + 1] == '\n') {
    end++;
  }
  cursor->at = end + (end < cursor->size);
  cursor->line++;
  return true;
}

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

/* Next word of `line`, which begins behind it afterwards. */
static bool next_word(struct piece *line, struct piece *out)
{
  while (line->length > 0 && is_space(*line->text)) {
    line->text++;
    line->length--;
  }
  out->text = line->text;
  out->length = 0;
  while (out->length < line->length && !is_space(out->text[out->length])) {
    out->length++;
  }
  line->text += out->length;
  line->length -= out->length;
  return out->length > 0;
}

static bool is_blank(struct piece line)
{
  struct piece word;
  return !next_word(&line, &word);
}

/* "1.0", "1e-3", Fortran's "1.0D-03", Mathematica's "1.0*^-3". */
static bool read_number(double *out, struct piece word)
{
  char text[NUMBER_SIZE];
  char *end;
  size_t used = 0;
  if (word.length == 0 || word.length >= sizeof text) {
    return false;
  }
  for (size_t k = 0; k < word.length; k++) {
    char c = word.text[k];
    if (c == '*' && k + 1 < word.length && word.text[k + 1] == '^') {
      text[used++] = 'e';
      k++;
    } else if (c == 'D' || c == 'd') {
      text[used++] = 'e';
    } else if (isdigit((unsigned char)c) || strchr("+-.eE", c) != NULL) {
      text[used++] = c;
    } else {
      return false;
    }
  }
  text[used] = '\0';
  *out = strtod(text, &end);
  return *end == '\0' && isfinite(*out);
}

/* The number of atoms alone in its line, with units behind it perhaps, as
 * QCElemental writes them. */
static bool read_count(long *natom, enum vqe_units *units, bool *has_units,
                       struct piece line)
{
  struct piece word, unit, rest;
  char text[24] = "";
  *has_units = false;
  if (!next_word(&line, &word) || word.length >= sizeof text) {
    return false;
  }
  memcpy(text, word.text, word.length);
  size_t sign = text[0] == '+' || text[0] == '-';
  if (text[sign] == '\0' ||
      text[sign + strspn(text + sign, "0123456789")] != '\0') {
    return false;
  }
  if (next_word(&line, &unit)) {
    *has_units = vqe_units_read(units, unit.text, unit.length);
    if (!*has_units || next_word(&line, &rest)) {
      return false;
    }
  }
  errno = 0;
  *natom = strtol(text, NULL, 10);
  return true;
}

/* Whether a line could be an atom's: a label and three numbers. */
static bool is_atom(struct piece line)
{
  struct piece word;
  int z, mass_number;
  double number;
  if (!next_word(&line, &word) ||
      vqe_atom_label_read(&z, &mass_number, word.text, word.length, "") !=
          VQE_OK) {
    return false;
  }
  for (int k = 0; k < 3; k++) {
    if (!next_word(&line, &word) || !read_number(&number, word)) {
      return false;
    }
  }
  return true;
}

/* A frame while it is read. */
struct frame {
  struct vqe_molecule *molecule;
  struct vqe_molecule_comment comment;
  int *mass_numbers;
  char where[480];
};

static int read_coordinate(struct frame *frame, size_t atom, int axis,
                           struct piece word, size_t number)
{
  if (read_number(&frame->molecule->coords[3 * atom + (size_t)axis], word)) {
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "%s, key 'coords': line %zu, coordinate %d is "
                       "'%.*s', not a finite number",
                       frame->where, number, axis,
                       (int)(word.length < 24 ? word.length : 24), word.text);
}

/* "O 0.0 0.0 0.1", columns behind the third coordinate are ignored; where
 * Properties= names the columns, they are those. */
static int read_atom(struct frame *frame, size_t atom, struct piece line,
                     size_t number)
{
  const struct vqe_molecule_comment *columns = &frame->comment;
  char where[560];
  int found = 0;
  int z = 0;
  int status = VQE_OK;
  struct piece word;
  snprintf(where, sizeof where, "%s, key 'symbols': line %zu", frame->where,
           number);
  for (int column = 0; status == VQE_OK && next_word(&line, &word); column++) {
    int axis = column - columns->position;
    if (column == columns->species) {
      status = vqe_atom_label_read(&z, &frame->mass_numbers[atom], word.text,
                                   word.length, where);
      found++;
    } else if (axis >= 0 && axis < 3) {
      status = read_coordinate(frame, atom, axis, word, number);
      found++;
    }
    if (column + 1 == columns->ncolumn) {
      break;
    }
    if (status == VQE_OK && columns->ncolumn > 0 && is_blank(line)) {
      status =
          vqe_error_set(VQE_ERR_INPUT,
                        "%s, key 'coords': line %zu has %d columns, "
                        "Properties= names %d",
                        frame->where, number, column + 1, columns->ncolumn);
    }
  }
  if (status == VQE_OK && found < 4) {
    status = found == 0
                 ? vqe_error_set(VQE_ERR_INPUT,
                                 "%s, '' is not an element symbol", where)
                 : read_coordinate(frame, atom, found - 1,
                                   (struct piece){"", 0}, number);
  }
  if (status == VQE_OK) {
    vqe_molecule_set_element(frame->molecule, atom, z);
  }
  return status;
}

/* The atoms behind count and comment. All their lines are consumed even
 * when one is bad, so that the next frame starts at the right place. */
static int read_atoms(struct frame *frame, struct cursor *cursor,
                      struct piece comment, int status)
{
  size_t natom = frame->molecule->natom;
  struct piece line = {"", 0};
  for (size_t a = 0; a < natom; a++) {
    bool present = next_line(cursor, &line);
    while (present && is_blank(line)) {
      present = next_line(cursor, &line);
    }
    if (status == VQE_OK && !present) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s, key 'coords': the file ends after %zu of "
                             "%zu atoms%s",
                             frame->where, a, natom,
                             is_atom(comment)
                                 ? "; the line of the comment, after the "
                                   "number of atoms, is missing"
                                 : "");
    } else if (status == VQE_OK) {
      status = read_atom(frame, a, line, cursor->line);
    }
  }
  return status;
}

/* Lines behind the atoms, as QM9 has them, up to the next frame. An atom
 * there means that the number of atoms is wrong. */
static int skip_rest(struct cursor *cursor, const char *where, size_t natom)
{
  int status = VQE_OK;
  for (;;) {
    struct cursor ahead = *cursor;
    struct piece line;
    long count;
    enum vqe_units units;
    bool has_units;
    if (!next_line(&ahead, &line) ||
        read_count(&count, &units, &has_units, line)) {
      return status;
    }
    if (status == VQE_OK && is_atom(line)) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s, line %zu: an atom follows the %zu that the "
                             "number of atoms announces",
                             where, ahead.line, natom);
    }
    *cursor = ahead;
  }
}

/* What a validated molecule needs beyond its atoms. */
static int finish(struct frame *frame, const struct cursor *cursor)
{
  struct vqe_molecule *molecule = frame->molecule;
  int status =
      vqe_molecule_set_isotopes(molecule, frame->mass_numbers, frame->where);
  vqe_molecule_set_given(molecule, cursor->given);
  if (status == VQE_OK) {
    status = vqe_molecule_validate(molecule, frame->where);
  }
  if (status == VQE_ERR_INPUT && frame->comment.spin &&
      strstr(vqe_error_message(), "key 'multiplicity'") != NULL) {
    char message[1024];
    snprintf(message, sizeof message, "%s", vqe_error_message());
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%s. The comment line gives the spin, which is "
                           "read as 2S: multiplicity=%d says the other",
                           message, molecule->multiplicity - 1);
  }
  return status;
}

/* One frame whose count line has been read. */
static int read_frame(struct vqe_molecule **out, struct frame *frame,
                      struct cursor *cursor, size_t natom,
                      const enum vqe_units *units)
{
  struct piece comment = {"", 0};
  (void)next_line(cursor, &comment);
  int status = vqe_molecule_new(&frame->molecule, natom, "");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&frame->mass_numbers, natom, sizeof(int),
                              "mass numbers");
  }
  if (status != VQE_OK) {
    return vqe_error_context(status, "%s", frame->where);
  }
  status =
      vqe_molecule_comment_read(&frame->comment, comment.text, comment.length,
                                cursor->given, frame->where);
  status = read_atoms(frame, cursor, comment, status);
  if (status == VQE_OK) {
    status = skip_rest(cursor, frame->where, natom);
  } else {
    char *message = NULL;
    int kept = vqe_memory_strdup(&message, vqe_error_message());
    (void)skip_rest(cursor, frame->where, natom);
    status = kept == VQE_OK ? vqe_error_set(status, "%s", message) : kept;
    free(message);
  }
  struct vqe_molecule *molecule = frame->molecule;
  const struct vqe_molecule_comment *said = &frame->comment;
  molecule->charge = said->charge;
  molecule->multiplicity = said->has_multiplicity ? said->multiplicity : 1;
  molecule->units = said->has_units ? said->units
                    : units != NULL ? *units
                                    : VQE_ANGSTROM;
  if (status == VQE_OK) {
    free(molecule->name);
    status = vqe_memory_strdup(&molecule->name, said->name);
  }
  if (status == VQE_OK) {
    status = finish(frame, cursor);
  }
  if (status == VQE_OK) {
    *out = molecule;
    frame->molecule = NULL;
  }
  return status;
}

static int add_frame(struct vqe_molecule_list *list, size_t *capacity,
                     struct cursor *cursor, size_t natom,
                     const enum vqe_units *units)
{
  struct vqe_molecule *molecule = NULL;
  struct frame frame = {.molecule = NULL};
  snprintf(frame.where, sizeof frame.where, "file '%.400s', molecule %zu",
           cursor->source, list->count);
  int status = read_frame(&molecule, &frame, cursor, natom, units);
  if (status != VQE_ERR_MEMORY) {
    status = vqe_molecule_list_add(
        list, capacity, molecule,
        frame.comment.name[0] != '\0' ? frame.comment.name : NULL);
  }
  vqe_molecule_free(frame.molecule);
  free(frame.mass_numbers);
  return status;
}

int vqe_molecule_read_xyz(struct vqe_molecule_list *list, const char *text,
                          size_t size, const char *source,
                          const struct vqe_molecule_given *given)
{
  struct cursor cursor = {text, size, 0, 0, source, given};
  size_t capacity = 0;
  struct piece line;
  while (next_line(&cursor, &line)) {
    long natom = 0;
    enum vqe_units units = VQE_ANGSTROM;
    bool has_units = false;
    if (is_blank(line)) {
      continue;
    }
    if (!read_count(&natom, &units, &has_units, line) || natom < 1 ||
        natom > VQE_MAX_ATOMS) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "file '%.400s', line %zu: '%.*s' where the "
                           "number of atoms, 1 to %d, is expected",
                           source, cursor.line,
                           (int)(line.length < 32 ? line.length : 32),
                           line.text, VQE_MAX_ATOMS);
    }
    if (list->count >= VQE_MAX_MOLECULES) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "file '%.400s': more than %d molecules", source,
                           VQE_MAX_MOLECULES);
    }
    int status = add_frame(list, &capacity, &cursor, (size_t)natom,
                           has_units ? &units : NULL);
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
