#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_WIDTH 80
#define LEAST_WIDTH 40
/* Blanks before what goes on from the line above. */
#define INDENT 2

size_t vqe_text_utf8(uint32_t *point, const uint8_t *at, size_t left)
{
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = at[0] < 0x80             ? 1
                  : (at[0] & 0xe0) == 0xc0 ? 2
                  : (at[0] & 0xf0) == 0xe0 ? 3
                  : (at[0] & 0xf8) == 0xf0 ? 4
                                           : 0;
  if (length == 0 || length > left) {
    return 0;
  }
  uint32_t value = length == 1 ? at[0] : at[0] & (0xffu >> (length + 1));
  for (size_t k = 1; k < length; k++) {
    if ((at[k] & 0xc0) != 0x80) {
      return 0;
    }
    value = value << 6 | (at[k] & 0x3fu);
  }
  if (value < least[length] || value > 0x10ffff ||
      (value >= 0xd800 && value <= 0xdfff)) {
    return 0;
  }
  *point = value;
  return length;
}

/* Letters that have no form of their own: controls, separators of lines,
 * marks of direction, of order and of language. */
static bool is_formless(uint32_t point)
{
  static const uint32_t ranges[][2] = {
      {0x0, 0x1f},      {0x7f, 0x9f},     {0x61c, 0x61c},
      {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x206f},
      {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
  bool found = false;
  for (size_t k = 0; k < sizeof ranges / sizeof ranges[0]; k++) {
    found = found || (point >= ranges[k][0] && point <= ranges[k][1]);
  }
  return found;
}

size_t vqe_text_letter(char out[5], const char *at, size_t left)
{
  uint32_t point = 0;
  size_t length = vqe_text_utf8(&point, (const uint8_t *)at, left);
  if (length == 0 || is_formless(point)) {
    out[0] = length == 0 ? '?' : ' ';
    out[1] = '\0';
    return length == 0 ? 1 : length;
  }
  memcpy(out, at, length);
  out[length] = '\0';
  return length;
}

void vqe_text_blank_controls(char *text)
{
  char letter[5];
  char *end = text;
  size_t left = strlen(text);
  while (left > 0) {
    size_t taken = vqe_text_letter(letter, text, left);
    size_t shown = strlen(letter); /* never more than was taken */
    memcpy(end, letter, shown);
    end += shown;
    text += taken;
    left -= taken;
  }
  *end = '\0';
}

void vqe_text_for(int descriptor, char *text)
{
  if (!isatty(descriptor)) {
    return;
  }
  char *end = text;
  while (*text != '\0') {
    size_t size = strcspn(text, "\n\t");
    char mark = text[size];
    text[size] = '\0';
    vqe_text_blank_controls(text);
    size_t shown = strlen(text);
    memmove(end, text, shown);
    end += shown;
    text += size;
    if (mark != '\0') {
      *end++ = mark;
      text++;
    }
  }
  *end = '\0';
}

void vqe_text_show(FILE *stream, const char *text)
{
  char *copy = isatty(fileno(stream)) ? strdup(text) : NULL;
  if (copy != NULL) {
    vqe_text_for(fileno(stream), copy);
  }
  fputs(copy != NULL ? copy : text, stream);
  free(copy);
}

int vqe_text_width(FILE *stream)
{
  const char *given = getenv("COLUMNS");
  struct winsize window;
  long width = 0;
  if (isatty(fileno(stream)) &&
      ioctl(fileno(stream), TIOCGWINSZ, &window) == 0) {
    width = window.ws_col;
  }
  if (width <= 0 && given != NULL) {
    width = strtol(given, NULL, 10);
  }
  if (width <= 0 || width > 10000) {
    width = DEFAULT_WIDTH;
  }
  return width < LEAST_WIDTH ? LEAST_WIDTH : (int)width;
}

/* Letters in so many bytes. */
static int letters_of(const char *text, size_t bytes)
{
  int letters = 0;
  for (size_t k = 0; k < bytes; k++) {
    letters += ((unsigned char)text[k] & 0xc0) != 0x80;
  }
  return letters;
}

/* Letters beyond ASCII are none of a shell's. */
static bool is_plain(unsigned char letter)
{
  return letter >= 0x80 || (letter >= '0' && letter <= '9') ||
         (letter >= 'A' && letter <= 'Z') ||
         (letter >= 'a' && letter <= 'z') ||
         (letter != '\0' && strchr("_-./,:+@%=", letter) != NULL);
}

void vqe_text_shell_word(FILE *stream, const char *text)
{
  bool plain = *text != '\0';
  for (const char *at = text; *at != '\0'; at++) {
    plain = plain && is_plain((unsigned char)*at);
  }
  if (plain) {
    fputs(text, stream);
    return;
  }
  fputc('\'', stream);
  for (size_t left = strlen(text); left > 0;) {
    char letter[5];
    size_t taken = vqe_text_letter(letter, text, left);
    fputs(letter[0] == '\'' ? "'\\''" : letter, stream);
    text += taken;
    left -= taken;
  }
  fputc('\'', stream);
}

void vqe_text_wrap(FILE *stream, const char *text, int width, int indent)
{
  int column = 0;
  bool begun = false; /* is there a word in this line? */
  while (*text != '\0') {
    size_t bytes = strcspn(text, " ");
    int letters = letters_of(text, bytes);
    if (begun && column + 1 + letters > width) {
      fprintf(stream, "\n%*s", indent, "");
      column = indent;
      begun = false;
    }
    if (begun) {
      fputc(' ', stream);
      column++;
    }
    fwrite(text, 1, bytes, stream);
    column += letters;
    begun = true;
    text += bytes;
    text += strspn(text, " ");
  }
  fputc('\n', stream);
}

void vqe_text_fold(FILE *stream, char *text, int width)
{
  char *next = NULL;
  int indent = 0;
  for (char *line = strtok_r(text, "\n", &next); line != NULL;
       line = strtok_r(NULL, "\n", &next)) {
    vqe_text_blank_controls(line);
    fprintf(stream, "%*s", indent, "");
    if (letters_of(line, strlen(line)) <= width - indent) {
      fprintf(stream, "%s\n", line);
    } else {
      vqe_text_wrap(stream, line, width - indent, INDENT + indent);
    }
    indent = INDENT;
  }
}

void vqe_text_line(FILE *stream, const char *format, ...)
{
  char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length >= 0) {
    vqe_text_blank_controls(text);
  }
  fprintf(stream, "%s\n", length >= 0 ? text : "no memory for a line");
  free(length >= 0 ? text : NULL);
}

void vqe_text_bar(char *out, int length, double share)
{
  double part = share > 0.0 ? share < 1.0 ? share : 1.0 : 0.0; /* NaN: 0 */
  int full = (int)(part * length);
  *out++ = '[';
  for (int k = 0; k < length; k++) {
    *out++ = k < full ? '#' : '-';
  }
  /* all is done at 100 %, and not before */
  (void)snprintf(out, VQE_TEXT_BAR(0) - 1, "] %3d %%", (int)(100.0 * part));
}
