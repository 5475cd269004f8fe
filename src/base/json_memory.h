/* Memory of jansson, watched: it goes on without what it has no memory for. */
#ifndef VQE_BASE_JSON_MEMORY_H
#define VQE_BASE_JSON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Let jansson take its memory by functions that note for the calling thread
 * when there is none: what is built of many parts is checked once, when it is
 * written. For programs, before they use JSON. */
void vqe_json_watch(void);

/* Was there no memory for a value since the last vqe_json_forget()? */
bool vqe_json_lost(void);

/* The failures so far have been reported: the next text is free of them. */
void vqe_json_forget(void);

/* As jansson takes it; freed by free(). */
void *vqe_json_take(size_t size);

/* From here to vqe_json_release() the calling thread parses `size` bytes:
 * where memory ends it goes on from a reserve, to the end of the piece of
 * VQE_JSON_PIECE bytes that jansson has read, and vqe_json_lost() is true. All
 * values made since must be freed before the release if so. VQE_OK, or
 * VQE_ERR_MEMORY without a message. Not nested. */
#define VQE_JSON_PIECE 1024
int vqe_json_reserve(size_t size);
void vqe_json_release(void);

#endif
