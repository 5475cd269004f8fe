#include "base/json_memory.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "vqe/error.h"

/* For the values that a piece can make. */
#define VALUES (256 * (size_t)VQE_JSON_PIECE)
/* For what has grown with the text and doubles: an array, an object, a token.
 */
#define GROWTH 12

static _Thread_local bool lost;

/* What a parser goes on with after a failure. */
static _Thread_local struct {
  char *data; /* of malloc(), as aligned as aligned_alloc(16, ...) */
  size_t size, used;
  bool before; /* lost, before the parser */
} reserve;

static void *take_reserve(size_t size)
{
  void *memory = NULL;
  if (size <= reserve.size - reserve.used) {
    memory = reserve.data + reserve.used;
    reserve.used += size;
  }
  return memory;
}

void *vqe_json_take(size_t size)
{
  bool fits = size < SIZE_MAX - 16;
  size_t whole = fits ? (size + 15) / 16 * 16 : 0;
  void *memory = fits ? aligned_alloc(16, whole) : NULL;
  if (memory == NULL) {
    lost = true;
    memory = fits ? take_reserve(whole) : NULL;
  }
  return memory;
}

static void give_back(void *memory)
{
  uintptr_t at = (uintptr_t)memory;
  uintptr_t start = (uintptr_t)reserve.data;
  if (start == 0 || at < start || at - start >= reserve.size) {
    free(memory);
  }
}

void vqe_json_watch(void)
{
  json_set_alloc_funcs(vqe_json_take, give_back);
}

bool vqe_json_lost(void)
{
  return lost;
}

void vqe_json_forget(void)
{
  lost = false;
}

int vqe_json_reserve(size_t size)
{
  size_t whole = GROWTH * size + VALUES;
  /* untouched, it costs addresses alone */
  reserve.data = size < (SIZE_MAX - VALUES) / GROWTH ? malloc(whole) : NULL;
  if (reserve.data == NULL) {
    return VQE_ERR_MEMORY;
  }
  reserve.size = whole;
  reserve.used = 0;
  reserve.before = lost;
  lost = false;
  return VQE_OK;
}

void vqe_json_release(void)
{
  free(reserve.data);
  reserve.data = NULL;
  reserve.size = 0;
  reserve.used = 0;
  lost = reserve.before;
}
