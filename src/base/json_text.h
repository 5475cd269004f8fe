/* JSON as text, whole or not at all. */
#ifndef VQE_BASE_JSON_TEXT_H
#define VQE_BASE_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* json_dumps(), which passes over a key that it has no memory for and returns
 * a text without it. NULL when there is no memory, or was none for a part of
 * a value (vqe_json_watch). Free by free(). */
char *vqe_json_dumps(const json_t *value, size_t flags);

/* Let jansson take its memory by a function that notes for the calling thread
 * when there is none: what is built of many parts is checked once, when it is
 * written. For programs, before they use JSON. */
void vqe_json_watch(void);

/* The failures so far have been reported: the next text is free of them. */
void vqe_json_forget(void);

#endif
