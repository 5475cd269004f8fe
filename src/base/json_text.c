#include "base/json_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static _Thread_local bool lost;

static void *take(size_t size)
{
  void *memory =
      size < SIZE_MAX - 16 ? aligned_alloc(16, (size + 15) / 16 * 16) : NULL;
  lost = lost || memory == NULL;
  return memory;
}

void vqe_json_watch(void)
{
  json_set_alloc_funcs(take, free);
}

void vqe_json_forget(void)
{
  lost = false;
}

char *vqe_json_dumps(const json_t *value, size_t flags)
{
  char *text = NULL;
  size_t size = lost ? 0 : json_dumpb(value, NULL, 0, flags);
  if (size > 0) {
    text = take(size + 1);
  }
  if (text != NULL) {
    bool whole = json_dumpb(value, text, size, flags) == size && !lost;
    text[size] = '\0';
    if (!whole) {
      free(text);
      text = NULL;
    }
  }
  lost = false;
  return text;
}
