/* Control characters of names that files bring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void every_control_character_becomes_a_blank(void **state)
{
  (void)state;
  for (int c = 1; c < 256; c++) {
    char text[] = {'a', (char)c, 'b', '\0'};
    vqe_text_blank_controls(text);
    assert_int_equal(text[0], 'a');
    assert_int_equal((unsigned char)text[1], c < 32 || c == 127 ? 32 : c);
    assert_int_equal(text[2], 'b');
  }
}

static void letters_of_other_alphabets_stay(void **state)
{
  (void)state;
  char text[] = "H\xe2\x82\x82O\x1b[2J\r\n\xc3\xa5";
  vqe_text_blank_controls(text);
  assert_string_equal(text, "H\xe2\x82\x82O [2J  \xc3\xa5");
  char empty[] = "";
  vqe_text_blank_controls(empty);
  assert_string_equal(empty, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_control_character_becomes_a_blank),
      cmocka_unit_test(letters_of_other_alphabets_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
