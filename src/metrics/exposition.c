#include "metrics/exposition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/text.h"
#include "vqe/error.h"

/* Numbers up to here are whole in a double, and shorter as such. */
#define WHOLE 9007199254740992.0

static void put(struct vqe_exposition *out, const char *text, size_t size)
{
  if (out->status == VQE_OK && out->size + size + 1 > out->capacity) {
    size_t capacity = 2 * (out->size + size) + 4096;
    out->status = vqe_memory_grow(&out->text, out->size, capacity, 1,
                                  "the text of metrics");
    out->capacity = out->status == VQE_OK ? capacity : out->capacity;
  }
  if (out->status == VQE_OK) {
    memcpy(out->text + out->size, text, size);
    out->size += size;
    out->text[out->size] = '\0';
  }
}

static void put_text(struct vqe_exposition *out, const char *text)
{
  put(out, text, strlen(text));
}

/* What the format escapes; bytes that are no UTF-8 would cost the whole page,
 * as a reader refuses it. */
static void put_escaped(struct vqe_exposition *out, const char *text,
                        bool quotes)
{
  while (*text != '\0') {
    uint32_t point;
    size_t left = strnlen(text, 4);
    size_t length = vqe_text_utf8(&point, (const uint8_t *)text, left);
    if (length == 0) {
      put(out, "?", 1);
      text++;
      continue;
    }
    if (*text == '\n') {
      put(out, "\\n", 2);
    } else if (*text == '\\' || (quotes && *text == '"')) {
      put(out, "\\", 1);
      put(out, text, 1);
    } else {
      put(out, text, length);
    }
    text += length;
  }
}

int vqe_exposition_labels(char **out,
                          const struct vqe_exposition_label *labels,
                          size_t count)
{
  struct vqe_exposition text = VQE_EXPOSITION_INIT;
  bool some = false;
  put(&text, "", 0);
  for (size_t k = 0; k < count; k++) {
    if (labels[k].value == NULL || labels[k].value[0] == '\0') {
      continue;
    }
    put(&text, ",", some);
    put_text(&text, labels[k].name);
    put(&text, "=\"", 2);
    put_escaped(&text, labels[k].value, true);
    put(&text, "\"", 1);
    some = true;
  }
  size_t size;
  return vqe_exposition_take(out, &size, &text);
}

void vqe_exposition_family(struct vqe_exposition *out, const char *name,
                           const char *type, const char *help)
{
  out->name = name;
  out->type = type;
  out->help = help;
}

static void put_number(struct vqe_exposition *out, double value)
{
  char text[40];
  if (isnan(value)) {
    put_text(out, "NaN");
  } else if (isinf(value)) {
    put_text(out, value > 0.0 ? "+Inf" : "-Inf");
  } else if (floor(value) == value && fabs(value) < WHOLE) {
    snprintf(text, sizeof text, "%.0f", value);
    put_text(out, text);
  } else {
    /* the shortest of these that is read as the same number */
    snprintf(text, sizeof text, "%.15g", value);
    if (strtod(text, NULL) != value) {
      snprintf(text, sizeof text, "%.17g", value);
    }
    put_text(out, text);
  }
}

void vqe_exposition_sample(struct vqe_exposition *out, const char *labels,
                           const char *more, double value)
{
  bool first = labels != NULL && labels[0] != '\0';
  bool second = more != NULL && more[0] != '\0';
  VQE_ASSERT(out->name != NULL);
  if (out->type != NULL) {
    put_text(out, "# HELP ");
    put_text(out, out->name);
    put(out, " ", 1);
    put_escaped(out, out->help, false);
    put_text(out, "\n# TYPE ");
    put_text(out, out->name);
    put(out, " ", 1);
    put_text(out, out->type);
    put(out, "\n", 1);
    out->type = NULL; /* once a family */
  }
  put_text(out, out->name);
  if (first || second) {
    put(out, "{", 1);
    put_text(out, first ? labels : "");
    put(out, ",", first && second);
    put_text(out, second ? more : "");
    put(out, "}", 1);
  }
  put(out, " ", 1);
  put_number(out, value);
  put(out, "\n", 1);
}

int vqe_exposition_take(char **text, size_t *size, struct vqe_exposition *out)
{
  *text = NULL;
  *size = 0;
  put(out, "", 0); /* an empty page is a text too */
  if (out->status != VQE_OK) {
    free(out->text);
  } else {
    *text = out->text;
    *size = out->size;
  }
  int status = out->status;
  *out = (struct vqe_exposition)VQE_EXPOSITION_INIT;
  return status;
}
