#include "molecule/molecule_title.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

/* Bytes of the character of UTF-8 at `text`, 0 when it is none or a control
 * character. */
static size_t character(const unsigned char *text)
{
  static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = text[0] < 0x80    ? 1
                  : text[0] < 0xc2  ? 0
                  : text[0] < 0xe0  ? 2
                  : text[0] < 0xf0  ? 3
                  : text[0] <= 0xf4 ? 4
                                    : 0;
  if (length < 2) {
    return text[0] < 0x20 || text[0] == 0x7f ? 0 : length;
  }
  unsigned code = text[0] & (0xffu >> (length + 1));
  for (size_t k = 1; k < length; k++) {
    if ((text[k] & 0xc0) != 0x80) {
      return 0;
    }
    code = code << 6 | (text[k] & 0x3fu);
  }
  return code >= least[length] && code <= 0x10ffff && code >= 0xa0 &&
                 (code < 0xd800 || code > 0xdfff)
             ? length
             : 0;
}

bool vqe_molecule_is_title(const char *text)
{
  const unsigned char *at = (const unsigned char *)text;
  while (*at != '\0') {
    size_t length = character(at);
    if (length == 0) {
      return false;
    }
    at += length;
  }
  return true;
}

int vqe_molecule_stem(char **out, const char *path)
{
  const char *slash = strrchr(path, '/');
  int status = vqe_memory_strdup(out, slash != NULL ? slash + 1 : path);
  if (status != VQE_OK) {
    return status;
  }
  char *dot = strrchr(*out, '.');
  if (dot != NULL && dot != *out) {
    *dot = '\0';
  }
  unsigned char *at = (unsigned char *)*out;
  while (*at != '\0') {
    size_t length = character(at);
    if (length == 0) {
      *at = '_';
    }
    at += length == 0 ? 1 : length;
  }
  return VQE_OK;
}

/* Data that programs append to a title: numbers with a point, two or more. */
static void drop_numbers(char *name)
{
  for (int dropped = 0;; dropped++) {
    char *last = strrchr(name, ' ');
    const char *before = last;
    if (last == NULL || strchr(last, '.') == NULL ||
        last[1 + strspn(last + 1, "0123456789.+-eE")] != '\0') {
      return;
    }
    while (before > name && before[-1] != ' ') {
      before--;
    }
    size_t length = (size_t)(last - before);
    if (dropped == 0 && (memchr(before, '.', length) == NULL ||
                         strspn(before, "0123456789.+-eE") < length)) {
      return;
    }
    *last = '\0';
  }
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* Copy text[from..to) to text[used], blanks made one; the end of the copy. */
static size_t copy_part(char *text, size_t used, size_t from, size_t to,
                        bool *letter)
{
  if (used > 0 && from < to) {
    text[used++] = ' '; /* over what was taken */
  }
  for (; from < to; from++) {
    bool blank = is_blank(text[from]);
    if (!blank || (used > 0 && text[used - 1] != ' ')) {
      *letter = *letter || isalpha((unsigned char)text[from]) ||
                (unsigned char)text[from] >= 0x80;
      text[used] = text[from];
      if (blank) {
        text[used] = ' ';
      }
      used++;
    }
  }
  return used;
}

void vqe_molecule_title(char out[VQE_TITLE_SIZE], char *text)
{
  size_t used = 0;
  bool letter = false;
  for (size_t k = 0; text[k] != '\0';) {
    size_t end = k;
    while (text[end] != '\0' && text[end] != VQE_TITLE_TAKEN) {
      end++;
    }
    size_t from = k;
    size_t to = end;
    const char *left = k == 0 ? " \t,;|{#" : " \t,;|#)]}\"'";
    const char *right = text[end] == '\0' ? " \t,;|}" : " \t,;|([{\"'";
    while (from < to && strchr(left, text[from]) != NULL) {
      from++;
    }
    while (to > from && strchr(right, text[to - 1]) != NULL) {
      to--;
    }
    k = end;
    while (text[k] == VQE_TITLE_TAKEN) {
      k++;
    }
    used = copy_part(text, used, from, to, &letter);
  }
  text[used] = '\0';
  if (!letter || !vqe_molecule_is_title(text)) {
    return;
  }
  drop_numbers(text);
  size_t length = strlen(text);
  if (length >= VQE_TITLE_SIZE) {
    length = VQE_TITLE_SIZE - 1;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
      length--; /* not within a character of UTF-8 */
    }
  }
  memcpy(out, text, length);
  out[length] = '\0';
}
