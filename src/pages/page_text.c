#include "pages/page_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "vqe/error.h"

void vqe_pages_putn(struct vqe_pages_text *text, const char *data, size_t size)
{
  if (text->status == VQE_OK && text->used + size + 1 > text->capacity) {
    size_t capacity = 2 * text->capacity + size + 4096;
    text->status =
        vqe_memory_grow(&text->data, text->used, capacity, 1, "the report");
    if (text->status == VQE_OK) {
      text->capacity = capacity;
    }
  }
  if (text->status == VQE_OK) {
    memcpy(text->data + text->used, data, size);
    text->used += size;
    text->data[text->used] = '\0';
  }
}

void vqe_pages_put(struct vqe_pages_text *text, const char *markup)
{
  vqe_pages_putn(text, markup, strlen(markup));
}

void vqe_pages_putf(struct vqe_pages_text *text, const char *format, ...)
{
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length > 0) {
    size_t size = (size_t)length;
    vqe_pages_putn(text, line, size < sizeof line ? size : sizeof line - 1);
  }
}

void vqe_pages_escape(struct vqe_pages_text *text, const char *foreign)
{
  size_t left = foreign != NULL ? strlen(foreign) : 0;
  while (left > 0) {
    char letter[5];
    size_t taken = vqe_text_letter(letter, foreign, left);
    switch (letter[0]) {
    case '<':
      vqe_pages_put(text, "&lt;");
      break;
    case '>':
      vqe_pages_put(text, "&gt;");
      break;
    case '&':
      vqe_pages_put(text, "&amp;");
      break;
    case '"':
      vqe_pages_put(text, "&quot;");
      break;
    case '\'':
      vqe_pages_put(text, "&#39;");
      break;
    default:
      vqe_pages_put(text, letter);
    }
    foreign += taken;
    left -= taken;
  }
}

void vqe_pages_number(struct vqe_pages_text *text, int decimals, double value)
{
  if (!isfinite(value)) {
    vqe_pages_put(text, "n/a");
  } else if (value < 0.0) {
    /* the sign of a number, not a hyphen, which lines break at */
    vqe_pages_putf(text, "\xe2\x88\x92%.*f", decimals, -value);
  } else {
    vqe_pages_putf(text, "%.*f", decimals, value);
  }
}
