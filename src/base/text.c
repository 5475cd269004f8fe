#include "base/text.h"

void vqe_text_blank_controls(char *text)
{
  for (char *at = text; *at != '\0'; at++) {
    if ((unsigned char)*at < ' ' || *at == 0x7f) {
      *at = ' ';
    }
  }
}

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
