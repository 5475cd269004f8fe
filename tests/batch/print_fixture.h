/* What is printed to stderr between two calls. */
#ifndef VQE_TEST_PRINT_FIXTURE_H
#define VQE_TEST_PRINT_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int saved = -1;
static FILE *printed;

static inline void begin_print(void)
{
  setenv("COLUMNS", "1000", 1); /* t-text tests how messages are folded */
  fflush(stderr);
  printed = tmpfile();
  saved = dup(STDERR_FILENO);
  assert_non_null(printed);
  dup2(fileno(printed), STDERR_FILENO);
}

/* Free it by free(). */
static inline char *end_print(void)
{
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  long size = ftell(printed);
  fseek(printed, 0, SEEK_END);
  size = ftell(printed);
  rewind(printed);
  char *text = calloc((size_t)size + 1, 1);
  assert_int_equal(fread(text, 1, (size_t)size, printed), size);
  fclose(printed);
  return text;
}

#endif
