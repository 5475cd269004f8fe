/* Notes: what is added is read back line by line, and no line breaks another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/notes.h"

static void notes_are_read_back_in_order(void **state)
{
  (void)state;
  char *notes = NULL;
  struct vqe_notes_line line;
  assert_int_equal(vqe_notes_add(&notes, VQE_NOTE_NO_FCI, "%d orbitals", 20),
                   0);
  assert_int_equal(
      vqe_notes_add(&notes, VQE_NOTE_UNSTABLE_REFERENCE, "a: b\nc"), 0);
  assert_string_equal(notes, "no_fci: 20 orbitals\n"
                             "unstable_reference: a: b c");
  assert_int_equal(vqe_notes_count(notes), 2);
  const char *at = notes;
  assert_true(vqe_notes_next(&line, &at));
  assert_int_equal(line.note, VQE_NOTE_NO_FCI);
  assert_int_equal(line.text_length, strlen("20 orbitals"));
  assert_memory_equal(line.text, "20 orbitals", line.text_length);
  assert_true(vqe_notes_next(&line, &at));
  assert_int_equal(line.note, VQE_NOTE_UNSTABLE_REFERENCE);
  assert_memory_equal(line.text, "a: b c", line.text_length);
  assert_false(vqe_notes_next(&line, &at));
  assert_true(vqe_notes_has(notes, VQE_NOTE_NO_FCI));
  assert_false(vqe_notes_has(notes, VQE_NOTE_MULTIREFERENCE));
  free(notes);
}

static void note_is_kept_once_unless_its_text_differs(void **state)
{
  (void)state;
  char *notes = NULL;
  char *more = NULL;
  assert_int_equal(vqe_notes_add(&notes, VQE_NOTE_DEVICE, "one"), 0);
  assert_int_equal(vqe_notes_add(&notes, VQE_NOTE_DEVICE, "one"), 0);
  assert_int_equal(vqe_notes_add(&notes, VQE_NOTE_DEVICE, "two"), 0);
  assert_int_equal(vqe_notes_add(&more, VQE_NOTE_DEVICE, "two"), 0);
  assert_int_equal(vqe_notes_add(&more, VQE_NOTE_NO_FCI, "three"), 0);
  assert_int_equal(vqe_notes_join(&notes, more), 0);
  assert_int_equal(vqe_notes_join(&notes, NULL), 0);
  assert_string_equal(notes, "device: one\ndevice: two\nno_fci: three");
  free(notes);
  free(more);
}

/* Text of files that others or older versions wrote. */
static void text_without_a_known_code_is_still_a_line(void **state)
{
  (void)state;
  struct vqe_notes_line line;
  const char *at = "level shift 0.5\nnew_code: text";
  assert_true(vqe_notes_next(&line, &at));
  assert_int_equal(line.note, VQE_NOTE_COUNT);
  assert_memory_equal(line.code, "note", 4);
  assert_int_equal(line.text_length, strlen("level shift 0.5"));
  assert_true(vqe_notes_next(&line, &at));
  assert_int_equal(line.note, VQE_NOTE_COUNT);
  assert_int_equal(line.code_length, strlen("new_code"));
  assert_memory_equal(line.text, "text", 4);
  assert_false(vqe_notes_next(&line, &at));
  at = NULL;
  assert_false(vqe_notes_next(&line, &at));
  assert_int_equal(vqe_notes_count(NULL), 0);
}

/* Scripts filter by codes; the table has little room for a remark. */
static void every_note_has_a_code_of_its_own_and_a_short_remark(void **state)
{
  (void)state;
  for (int k = 0; k < VQE_NOTE_COUNT; k++) {
    enum vqe_note note = (enum vqe_note)k;
    const char *code = vqe_note_code(note);
    assert_true(strlen(code) > 0);
    assert_true(strspn(code, "abcdefghijklmnopqrstuvwxyz_0123456789") ==
                strlen(code));
    assert_in_range(strlen(vqe_note_remark(note)), 1, 20);
    assert_true(strlen(vqe_note_explanation(note)) > 20);
    for (int other = 0; other < k; other++) {
      assert_string_not_equal(code, vqe_note_code((enum vqe_note)other));
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(notes_are_read_back_in_order),
      cmocka_unit_test(note_is_kept_once_unless_its_text_differs),
      cmocka_unit_test(text_without_a_known_code_is_still_a_line),
      cmocka_unit_test(every_note_has_a_code_of_its_own_and_a_short_remark),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
