/* Notes on a result: what a user must know before he trusts its numbers, each
 * under a stable code.
 *
 * Notes are one text of lines "code: text", so that they travel as any other
 * text. */
#ifndef VQE_BASE_NOTES_H
#define VQE_BASE_NOTES_H

#include <stdbool.h>
#include <stddef.h>

/* The rows of notes.def. */
enum vqe_note {
#define NOTE(name, code, remark, explanation) VQE_NOTE_##name,
#include "base/notes.def"
  VQE_NOTE_COUNT
};

/* Add a line to *notes (NULL: none yet; freed by the owner's free()). A note
 * that is there already, code and text, is not added again; line ends in the
 * text become blanks. VQE_ERR_MEMORY leaves *notes as it was. */
int vqe_notes_add(char **notes, enum vqe_note note, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Add every line of `more`, which may be NULL. */
int vqe_notes_join(char **notes, const char *more);

/* Is there a note of that code? `notes` may be NULL. */
bool vqe_notes_has(const char *notes, enum vqe_note note);

/* One note, as pointers into the text. */
struct vqe_notes_line {
  enum vqe_note note; /* VQE_NOTE_COUNT: a code that this version lacks */
  const char *code;
  size_t code_length;
  const char *text;
  size_t text_length;
};

/* The next line; *at begins as the notes' text (NULL: none). False at the
 * end. A line without a code is one of code "note". */
bool vqe_notes_next(struct vqe_notes_line *line, const char **at);

/* Number of lines. */
size_t vqe_notes_count(const char *notes);

const char *vqe_note_code(enum vqe_note note);
/* A word or two at the line of the table. */
const char *vqe_note_remark(enum vqe_note note);
/* What it means and what to do. */
const char *vqe_note_explanation(enum vqe_note note);

#endif
