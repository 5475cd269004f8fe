#include "base/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/text.h"

struct kind {
  const char *code;
  const char *remark;
  const char *explanation;
};

static const struct kind kinds[VQE_NOTE_COUNT] = {
#define NOTE(name, code, remark, explanation) {code, remark, explanation},
#include "base/notes.def"
};

const char *vqe_note_code(enum vqe_note note)
{
  return kinds[note].code;
}

const char *vqe_note_remark(enum vqe_note note)
{
  return kinds[note].remark;
}

const char *vqe_note_explanation(enum vqe_note note)
{
  return kinds[note].explanation;
}

static enum vqe_note note_of(const char *code, size_t length)
{
  int note = 0;
  while (note < VQE_NOTE_COUNT &&
         (strlen(kinds[note].code) != length ||
          strncmp(kinds[note].code, code, length) != 0)) {
    note++;
  }
  return (enum vqe_note)note;
}

/* Bytes of a code in front of ": "; 0: the line has none. */
static size_t code_length(const char *line, size_t length)
{
  size_t k = 0;
  while (k < length && ((line[k] >= 'a' && line[k] <= 'z') || line[k] == '_' ||
                        (line[k] >= '0' && line[k] <= '9'))) {
    k++;
  }
  return k + 1 < length && line[k] == ':' && line[k + 1] == ' ' ? k : 0;
}

bool vqe_notes_next(struct vqe_notes_line *line, const char **at)
{
  const char *start = *at;
  if (start == NULL || *start == '\0') {
    return false;
  }
  size_t length = strcspn(start, "\n");
  size_t code = code_length(start, length);
  *at = start + length + (start[length] == '\n' ? 1 : 0);
  if (code == 0) {
    *line = (struct vqe_notes_line){VQE_NOTE_COUNT, "note", strlen("note"),
                                    start, length};
  } else {
    *line = (struct vqe_notes_line){note_of(start, code), start, code,
                                    start + code + 2, length - code - 2};
  }
  return true;
}

size_t vqe_notes_count(const char *notes)
{
  struct vqe_notes_line line;
  size_t count = 0;
  while (vqe_notes_next(&line, &notes)) {
    count++;
  }
  return count;
}

bool vqe_notes_has(const char *notes, enum vqe_note note)
{
  struct vqe_notes_line line;
  bool found = false;
  while (!found && vqe_notes_next(&line, &notes)) {
    found = line.note == note;
  }
  return found;
}

static bool has_line(const char *notes, const char *text, size_t length)
{
  bool found = false;
  while (!found && notes != NULL && *notes != '\0') {
    size_t here = strcspn(notes, "\n");
    found = here == length && strncmp(notes, text, length) == 0;
    notes += here + (notes[here] == '\n' ? 1 : 0);
  }
  return found;
}

static int add_line(char **notes, const char *text, size_t length)
{
  char *joined = NULL;
  if (length == 0 || has_line(*notes, text, length)) {
    return VQE_OK;
  }
  if (asprintf(&joined, "%s%s%.*s", *notes != NULL ? *notes : "",
               *notes != NULL ? "\n" : "", (int)length, text) < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a note");
  }
  free(*notes);
  *notes = joined;
  return VQE_OK;
}

int vqe_notes_join(char **notes, const char *more)
{
  int status = VQE_OK;
  while (status == VQE_OK && more != NULL && *more != '\0') {
    size_t length = strcspn(more, "\n");
    status = add_line(notes, more, length);
    more += length + (more[length] == '\n' ? 1 : 0);
  }
  return status;
}

int vqe_notes_add(char **notes, enum vqe_note note, const char *format, ...)
{
  char *text = NULL;
  char *line = NULL;
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a note");
  }
  vqe_text_blank_controls(text);
  length = asprintf(&line, "%s: %s", kinds[note].code, text);
  free(text);
  if (length < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a note");
  }
  int status = add_line(notes, line, (size_t)length);
  free(line);
  return status;
}
