/* JSON from and as text, whole or not at all. */
#ifndef VQE_BASE_JSON_TEXT_H
#define VQE_BASE_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* json_loadb() with `flags` of jansson, whose scanner passes over a character
 * that it has no memory for: numbers lose digits, and texts end in an assert.
 * VQE_ERR_INPUT, "`where`, line L, column C: broken JSON: reason", for what is
 * no JSON; without the reason, which may quote a secret, where `where` is
 * NULL. VQE_ERR_MEMORY where memory ended (vqe_json_watch). Free by
 * json_decref(). */
int vqe_json_parse(json_t **out, const char *text, size_t size, size_t flags,
                   const char *where);

/* The same, of the text of file `path`. */
int vqe_json_parse_file(json_t **out, const char *text, size_t size,
                        size_t flags, const char *path);

/* The same, of an object; VQE_ERR_INPUT for another value. */
int vqe_json_parse_object(json_t **out, const char *text, size_t size,
                          const char *where);

/* The same, of what may be no JSON: NULL then, or where memory ended. */
json_t *vqe_json_parse_any(const char *text, size_t size);

/* json_dumps(), which passes over a key that it has no memory for and returns
 * a text without it. NULL when there is no memory, or was none for a part of
 * a value (vqe_json_watch). Free by free(). */
char *vqe_json_dumps(const json_t *value, size_t flags);

#endif
