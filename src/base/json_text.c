#include "base/json_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_memory.h"
#include "vqe/error.h"

/* ---- from text ---- */

struct source {
  const char *text;
  size_t left;
};

/* The text ends where memory did. */
static size_t next_piece(void *buffer, size_t size, void *ctx)
{
  struct source *source = ctx;
  size_t most = source->left < size ? source->left : size;
  if (vqe_json_lost()) {
    return 0;
  }
  memcpy(buffer, source->text, most);
  source->text += most;
  source->left -= most;
  return most;
}

int vqe_json_parse(json_t **out, const char *text, size_t size, size_t flags,
                   const char *where)
{
  struct source source = {text, size};
  json_error_t error;
  *out = NULL;
  int status = vqe_json_reserve(size);
  if (status != VQE_OK) {
    return vqe_error_set(status, "no memory for JSON of %zu bytes", size);
  }
  *out = json_load_callback(next_piece, &source, flags, &error);
  if (vqe_json_lost()) {
    json_decref(*out);
    *out = NULL;
    status = vqe_error_set(
        VQE_ERR_MEMORY, "%.400s%sno memory for JSON of %zu bytes",
        where != NULL ? where : "", where != NULL ? ": " : "", size);
  } else if (*out == NULL && where != NULL) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%.400s, line %d, column %d: broken JSON: %s",
                           where, error.line, error.column, error.text);
  } else if (*out == NULL) {
    status = vqe_error_set(VQE_ERR_INPUT, "line %d, column %d: no JSON",
                           error.line, error.column);
  }
  vqe_json_release();
  return status;
}

int vqe_json_parse_file(json_t **out, const char *text, size_t size,
                        size_t flags, const char *path)
{
  char where[512];
  snprintf(where, sizeof where, "file '%.400s'", path);
  return vqe_json_parse(out, text, size, flags, where);
}

int vqe_json_parse_object(json_t **out, const char *text, size_t size,
                          const char *where)
{
  int status = vqe_json_parse(out, text, size, JSON_REJECT_DUPLICATES, where);
  if (status == VQE_OK && !json_is_object(*out)) {
    json_decref(*out);
    *out = NULL;
    status = vqe_error_set(VQE_ERR_INPUT, "%.400s: not an object", where);
  }
  return status;
}

json_t *vqe_json_parse_any(const char *text, size_t size)
{
  json_t *value;
  (void)vqe_json_parse(&value, text, size, JSON_DECODE_ANY, NULL);
  return value;
}

/* ---- as text ---- */

char *vqe_json_dumps(const json_t *value, size_t flags)
{
  char *text = NULL;
  size_t size = vqe_json_lost() ? 0 : json_dumpb(value, NULL, 0, flags);
  if (size > 0) {
    text = vqe_json_take(size + 1);
  }
  if (text != NULL) {
    bool whole =
        json_dumpb(value, text, size, flags) == size && !vqe_json_lost();
    text[size] = '\0';
    if (!whole) {
      free(text);
      text = NULL;
    }
  }
  vqe_json_forget();
  return text;
}
