/* Reading and writing members of table metadata. */
#ifndef VQE_ICEBERG_ICEBERG_JSON_H
#define VQE_ICEBERG_ICEBERG_JSON_H

#include <jansson.h>
#include <stdint.h>

/* Sets the message and returns VQE_ERR_MEMORY. */
int vqe_iceberg_no_json_memory(void);
/* Add a name to a set of names. VQE_ERR_MEMORY: what is not in a set of files
 * that stay would be removed. */
int vqe_iceberg_note(json_t *names, const char *name);
/* Integer member; `otherwise` when it is missing or something else. */
int64_t vqe_iceberg_integer(const json_t *object, const char *key,
                            int64_t otherwise);
/* String member or NULL. */
const char *vqe_iceberg_string(const json_t *object, const char *key);
/* Member of a summary, whose numbers are strings. */
int64_t vqe_iceberg_summary(const json_t *snapshot, const char *key,
                            int64_t otherwise);
/* Snapshot object by id, borrowed, or NULL. */
json_t *vqe_iceberg_snapshot_json(const json_t *metadata, int64_t id);
/* Element of `array` whose integer `key` is `id`, borrowed, or NULL. */
json_t *vqe_iceberg_by_id(const json_t *metadata, const char *array,
                          const char *key, int64_t id);
json_t *vqe_iceberg_current_schema(const json_t *metadata);
json_t *vqe_iceberg_default_spec(const json_t *metadata);
/* A number of a summary, as a string. */
int vqe_iceberg_set_number(json_t *summary, const char *key, int64_t value);

#endif
