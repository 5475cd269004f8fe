/* Control characters of names that files bring. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/text.h"

static void every_control_character_becomes_a_blank(void **state)
{
  (void)state;
  for (int c = 1; c < 256; c++) {
    char text[] = {'a', (char)c, 'b', '\0'};
    vqe_text_blank_controls(text);
    assert_int_equal(text[0], 'a');
    /* from 0x80 on a byte alone is no UTF-8 */
    assert_int_equal((unsigned char)text[1], c < 32 || c == 127 ? ' '
                                             : c >= 128         ? '?'
                                                                : c);
    assert_int_equal(text[2], 'b');
  }
}

static void what_turns_or_hides_text_becomes_a_blank(void **state)
{
  static const char *const formless[] = {
      "\xc2\x9b",         "\xc2\x85",     "\xe2\x80\xae", "\xe2\x80\xa8",
      "\xe2\x81\xa6",     "\xe2\x80\x8f", "\xd8\x9c",     "\xef\xbb\xbf",
      "\xf3\xa0\x81\x81", "\x1b",         "\x07"};
  (void)state;
  for (size_t k = 0; k < sizeof formless / sizeof formless[0]; k++) {
    char text[16];
    snprintf(text, sizeof text, "a%sb", formless[k]);
    vqe_text_blank_controls(text);
    assert_string_equal(text, "a b");
  }
  char cut[] = "a\xe2\x82";
  vqe_text_blank_controls(cut);
  assert_string_equal(cut, "a??");
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

static void only_well_formed_characters_have_a_length(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    size_t length;
    uint32_t point;
  } cases[] = {{"A", 1, 'A'},
               {"\xc3\xa5", 2, 0xe5},
               {"\xe2\x82\x82", 3, 0x2082},
               {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
               {"\x80", 0, 0},
               {"\xc0\x80", 0, 0},
               {"\xe2\x82", 0, 0},
               {"\xed\xa0\x80", 0, 0},
               {"\xf4\x90\x80\x80", 0, 0},
               {"\xff", 0, 0}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    uint32_t point = 0;
    const uint8_t *at = (const uint8_t *)cases[k].text;
    assert_int_equal(vqe_text_utf8(&point, at, SIZE_MAX), cases[k].length);
    assert_int_equal(point, cases[k].point);
  }
  uint32_t point = 0;
  assert_int_equal(vqe_text_utf8(&point, (const uint8_t *)"\xc3\xa5", 1), 0);
}

static void width_is_that_of_columns_or_80(void **state)
{
  (void)state;
  FILE *stream = tmpfile();
  assert_non_null(stream);
  unsetenv("COLUMNS");
  assert_int_equal(vqe_text_width(stream), 80);
  setenv("COLUMNS", "132", 1);
  assert_int_equal(vqe_text_width(stream), 132);
  setenv("COLUMNS", "nonsense", 1);
  assert_int_equal(vqe_text_width(stream), 80);
  setenv("COLUMNS", "3", 1);
  assert_int_equal(vqe_text_width(stream), 40);
  unsetenv("COLUMNS");
  fclose(stream);
}

/* What a log prints, in a buffer. */
static void message_of(char *out, size_t size, const char *text)
{
  FILE *file = tmpfile();
  assert_non_null(file);
  fflush(stderr);
  int kept = dup(STDERR_FILENO);
  assert_true(kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
  const struct vqe_log log = VQE_LOG_INIT("prog");
  vqe_log(&log, VQE_LOG_INFO, "%s", text);
  fflush(stderr);
  assert_true(dup2(kept, STDERR_FILENO) >= 0);
  close(kept);
  rewind(file);
  out[fread(out, 1, size - 1, file)] = '\0';
  fclose(file);
}

static void no_text_begins_a_message_or_a_line(void **state)
{
  char out[1024];
  FILE *file = tmpfile();
  (void)state;
  message_of(out, sizeof out,
             "file 'a\nprog: all is well\xc2\x9b"
             "2J'\nx");
  assert_string_equal(out, "prog: file 'a\n  prog: all is well 2J'\n  x\n");
  assert_non_null(file);
  vqe_text_line(file, "table %s: %s", "a\nb", "c\x1b[1m");
  rewind(file);
  out[fread(out, 1, sizeof out - 1, file)] = '\0';
  fclose(file);
  assert_string_equal(out, "table a b: c [1m\n");
}

static void messages_are_folded_at_the_width(void **state)
{
  (void)state;
  char out[1024];
  unsetenv("COLUMNS");
  message_of(out, sizeof out,
             "table 'x': another engine has dropped column 'seed', which this "
             "version writes; add it again there");
  assert_string_equal(
      out, "prog: table 'x': another engine has dropped column 'seed', which "
           "this version\n  writes; add it again there\n");
  setenv("COLUMNS", "200", 1);
  message_of(out, sizeof out,
             "table 'x': another engine has dropped column 'seed', which this "
             "version writes; add it again there");
  assert_int_equal(strcspn(out, "\n"), strlen(out) - 1);
  unsetenv("COLUMNS");
}

static void words_of_a_shell_are_quoted_where_needed(void **state)
{
  (void)state;
  static const struct {
    const char *text, *word;
  } cases[] = {{"camp/part-0001.json", "camp/part-0001.json"},
               {"\xc3\xbc", "\xc3\xbc"},
               {"", "''"},
               {"sp ace", "'sp ace'"},
               {"a$b", "'a$b'"},
               {"~", "'~'"},
               {"it's", "'it'\\''s'"}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char *word = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&word, &size);
    assert_non_null(stream);
    vqe_text_shell_word(stream, cases[k].text);
    fclose(stream);
    assert_string_equal(word, cases[k].word);
    free(word);
  }
}

static void lines_that_fit_keep_their_blanks(void **state)
{
  (void)state;
  char out[1024];
  message_of(out, sizeof out, "LINE 1: SELECT nope\n               ^\x1b[2J");
  assert_string_equal(out,
                      "prog: LINE 1: SELECT nope\n                 ^ [2J\n");
}

/* On a terminal alone; the ends of its lines stay. */
static void texts_of_lines_are_shown_without_controls(void **state)
{
  static const char given[] = "a\033[2J\tb\n\n\302\2332Jc\n";
  char text[sizeof given];
  int ends[2];
  (void)state;
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  assert_true(terminal >= 0);
  strcpy(text, given);
  vqe_text_for(terminal, text);
  assert_string_equal(text, "a [2J\tb\n\n 2Jc\n");
  close(terminal);
  assert_int_equal(pipe(ends), 0);
  strcpy(text, given);
  vqe_text_for(ends[1], text);
  assert_string_equal(text, given);
  close(ends[0]);
  close(ends[1]);
}

static void bar_is_full_when_all_is_done(void **state)
{
  (void)state;
  static const struct {
    double share;
    const char *bar;
  } bars[] = {{0.0, "[----]   0 %"},   {0.25, "[#---]  25 %"},
              {0.999, "[###-]  99 %"}, {1.0, "[####] 100 %"},
              {7.0, "[####] 100 %"},   {-1.0, "[----]   0 %"},
              {NAN, "[----]   0 %"}};
  for (size_t k = 0; k < sizeof bars / sizeof bars[0]; k++) {
    char out[VQE_TEXT_BAR(4)];
    vqe_text_bar(out, 4, bars[k].share);
    assert_string_equal(out, bars[k].bar);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(width_is_that_of_columns_or_80),
      cmocka_unit_test(messages_are_folded_at_the_width),
      cmocka_unit_test(words_of_a_shell_are_quoted_where_needed),
      cmocka_unit_test(texts_of_lines_are_shown_without_controls),
      cmocka_unit_test(lines_that_fit_keep_their_blanks),
      cmocka_unit_test(every_control_character_becomes_a_blank),
      cmocka_unit_test(what_turns_or_hides_text_becomes_a_blank),
      cmocka_unit_test(no_text_begins_a_message_or_a_line),
      cmocka_unit_test(letters_of_other_alphabets_stay),
      cmocka_unit_test(only_well_formed_characters_have_a_length),
      cmocka_unit_test(bar_is_full_when_all_is_done),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
