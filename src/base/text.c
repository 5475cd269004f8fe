#include "base/text.h"

void vqe_text_blank_controls(char *text)
{
  for (char *at = text; *at != '\0'; at++) {
    if ((unsigned char)*at < ' ' || *at == 0x7f) {
      *at = ' ';
    }
  }
}
