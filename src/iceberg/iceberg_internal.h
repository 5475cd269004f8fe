/* What the iceberg_*.c files share. Nothing here is for other parts. */
#ifndef VQE_ICEBERG_ICEBERG_INTERNAL_H
#define VQE_ICEBERG_ICEBERG_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg.h"
#include "objects/objects.h"

#define VQE_ICEBERG_METADATA_LIMIT ((size_t)1 << 28) /* bytes of one file */
#define VQE_ICEBERG_MANIFEST_LIMIT ((size_t)1 << 30)
#define VQE_ICEBERG_UUID_SIZE 37
/* Summary key that says which run a snapshot belongs to. */
#define VQE_ICEBERG_RUN_KEY "vqe.run-id"
#define VQE_ICEBERG_FIRST_PARTITION_ID 1000

struct vqe_iceberg_table {
  struct vqe_objects *objects;
  char *name;
  char *folder; /* "quantum_features/<name>" */
  int64_t version;
  int64_t hint; /* what the hint said; 0 for nothing */
  json_t *metadata;
};

/* ---- iceberg_type.c -------------------------------------------------- */

/* Iceberg's name, of the innermost elements for lists. */
const char *vqe_iceberg_type_plain(enum vqe_iceberg_type type);
/* How many lists are around those: 0 to 2. */
int vqe_iceberg_type_depth(enum vqe_iceberg_type type);
/* By the spelling in definitions. */
bool vqe_iceberg_type_find(enum vqe_iceberg_type *out, const char *name);
/* By Iceberg's name and the number of lists around it. */
bool vqe_iceberg_type_find_plain(enum vqe_iceberg_type *out, const char *plain,
                                 int depth);

/* ---- iceberg_json.c -------------------------------------------------- */

/* Sets the message and returns VQE_ERR_MEMORY. */
int vqe_iceberg_no_json_memory(void);
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
int vqe_iceberg_set_number(json_t *summary, const char *key, int64_t value);

/* ---- iceberg_value.c ------------------------------------------------- */

void vqe_iceberg_bytes_clear(struct vqe_iceberg_bytes *value);
int vqe_iceberg_bytes_copy(struct vqe_iceberg_bytes *out,
                           const struct vqe_iceberg_bytes *value);
/* Has it the size of that type? Never for lists. */
bool vqe_iceberg_bytes_valid(const struct vqe_iceberg_bytes *value,
                             enum vqe_iceberg_type type);
/* Order of two valid values, neither null; -0.0 before +0.0. */
int vqe_iceberg_bytes_compare(const struct vqe_iceberg_bytes *a,
                              const struct vqe_iceberg_bytes *b,
                              enum vqe_iceberg_type type);
bool vqe_iceberg_bytes_equal(const struct vqe_iceberg_bytes *a,
                             const struct vqe_iceberg_bytes *b);
/* As in a partition path, not escaped: "2026-01-02", "null", ... */
int vqe_iceberg_bytes_text(char **out, const struct vqe_iceberg_bytes *value,
                           enum vqe_iceberg_type type);

/* ---- iceberg_definition.c -------------------------------------------- */

/* Schema as Iceberg JSON {"type": "struct", "schema-id", "fields"}. */
int vqe_iceberg_schema_json(json_t **out,
                            const struct vqe_iceberg_definition *definition,
                            int schema_id);
/* The fields array of the partition spec. */
int vqe_iceberg_spec_json(json_t **out,
                          const struct vqe_iceberg_definition *definition);
/* A definition made from a table's current schema and spec, for work that
 * has none from outside. */
int vqe_iceberg_definition_of(struct vqe_iceberg_definition **out,
                              const struct vqe_iceberg_table *table);
/* Last id in use: of columns and of list elements. */
int vqe_iceberg_definition_last_id(
    const struct vqe_iceberg_definition *definition);
/* Give the ids after `last` to the elements of a list; the new last one. */
int vqe_iceberg_definition_number(struct vqe_iceberg_column *column, int last);
/* Type, id and element ids of a schema's field; false when the type is none
 * of ours. */
bool vqe_iceberg_schema_column(struct vqe_iceberg_column *column,
                               const json_t *field);
/* Do the ids agree with the table, new columns coming after its last id?
 * *adds: how many columns the table lacks. */
int vqe_iceberg_definition_check(
    size_t *adds, const struct vqe_iceberg_definition *definition,
    const struct vqe_iceberg_table *table);

/* ---- iceberg_metadata.c ---------------------------------------------- */

/* "quantum_features/<table>/" and what is printed after it. */
int vqe_iceberg_key(char **out, const char *table, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vqe_iceberg_metadata_key(char **out, const char *table, int64_t version);
int vqe_iceberg_hint_key(char **out, const char *table);
int vqe_iceberg_uuid(char out[VQE_ICEBERG_UUID_SIZE]);
/* Random, positive. */
int vqe_iceberg_new_id(int64_t *out);
int64_t vqe_iceberg_now_ms(void);

/* Hadoop keeps the checksum of a local file in ".<name>.crc" beside it and
 * refuses the file when they do not agree: what is replaced or deleted loses
 * it. Nothing happens on S3, or without one. */
int vqe_iceberg_drop_checksum(struct vqe_objects *objects, const char *key);
bool vqe_iceberg_is_checksum(const char *key);

/* As vqe_iceberg_open(), but the metadata may point elsewhere. */
int vqe_iceberg_open_anywhere(struct vqe_iceberg_table **out,
                              struct vqe_objects *objects, const char *table);

/* Metadata of a new table, without snapshots. */
int vqe_iceberg_metadata_new(json_t **out, struct vqe_objects *objects,
                             const struct vqe_iceberg_definition *definition);
/* Copy of the table's metadata, ready to be changed into the next version:
 * last-updated-ms raised to at least `timestamp_ms` (written back), the
 * metadata log one longer. */
int vqe_iceberg_metadata_next(json_t **out, int64_t *timestamp_ms,
                              const struct vqe_iceberg_table *table);
/* Add the columns that the current schema lacks; see definition_check(). */
int vqe_iceberg_metadata_evolve(
    json_t *metadata, const struct vqe_iceberg_definition *definition);

struct vqe_iceberg_new_snapshot {
  int64_t id;
  int64_t sequence;
  int64_t timestamp_ms;
  const char *manifest_list; /* URI */
  json_t *summary;           /* borrowed */
  const char *tag;           /* NULL or "" for none */
};

/* Add a snapshot after the current one, make it current, tag it. */
int vqe_iceberg_metadata_snapshot(
    json_t *metadata, const struct vqe_iceberg_new_snapshot *snapshot);

/* ---- iceberg_manifest*.c --------------------------------------------- */

enum vqe_iceberg_entry_status {
  VQE_ICEBERG_EXISTING = 0,
  VQE_ICEBERG_ADDED = 1,
  VQE_ICEBERG_DELETED = 2
};

#define VQE_ICEBERG_INHERITED (-1) /* null in the file */

struct vqe_iceberg_entry {
  int status;
  int64_t snapshot;
  int64_t sequence;      /* VQE_ICEBERG_INHERITED or the number */
  int64_t file_sequence; /* likewise */
  int content;           /* 0 data; others are refused */
  char *uri;
  char *format;
  int64_t sort_order;           /* -1 for null */
  struct vqe_iceberg_file file; /* key NULL: see vqe_iceberg_entry_key() */
};

struct vqe_iceberg_entries {
  struct vqe_iceberg_entry *list;
  size_t count;
  size_t capacity;
};

void vqe_iceberg_entry_clear(struct vqe_iceberg_entry *entry);
/* Moves *entry into the list, also when that fails. */
int vqe_iceberg_entries_add(struct vqe_iceberg_entries *entries,
                            struct vqe_iceberg_entry *entry);
void vqe_iceberg_entries_clear(struct vqe_iceberg_entries *entries);

struct vqe_iceberg_field_summary {
  bool contains_null;
  int contains_nan; /* -1 for null */
  struct vqe_iceberg_bytes lower;
  struct vqe_iceberg_bytes upper;
};

struct vqe_iceberg_manifest {
  char *uri;
  int64_t length;
  int64_t spec_id;
  int64_t content;
  int64_t sequence;
  int64_t min_sequence;
  int64_t snapshot; /* that added it */
  int64_t added_files, existing_files, deleted_files;
  int64_t added_rows, existing_rows, deleted_rows;
  struct vqe_iceberg_field_summary *partitions;
  size_t npartitions;
};

struct vqe_iceberg_manifests {
  struct vqe_iceberg_manifest *list;
  size_t count;
};

void vqe_iceberg_manifest_clear(struct vqe_iceberg_manifest *manifest);
void vqe_iceberg_manifest_clear_summaries(
    struct vqe_iceberg_manifest *manifest);
void vqe_iceberg_manifests_clear(struct vqe_iceberg_manifests *manifests);
/* Append an empty one. */
int vqe_iceberg_manifests_add(struct vqe_iceberg_manifest **out,
                              struct vqe_iceberg_manifests *manifests);
int vqe_iceberg_manifest_copy(struct vqe_iceberg_manifest *out,
                              const struct vqe_iceberg_manifest *manifest);

/* The schema text of a manifest of that partition spec. Free by free(). */
int vqe_iceberg_manifest_schema(
    char **out, const struct vqe_iceberg_definition *definition);
int vqe_iceberg_manifest_list_schema(char **out);

/* Encode a manifest; fills counts, rows, min_sequence and partition
 * summaries of `out` (uri, length and sequence are the caller's).
 * `inherit`: the sequence number that entries without one will have.
 * The header holds `schema` (Iceberg JSON with its schema-id) and the spec
 * fields of the definition under `spec_id`. */
int vqe_iceberg_manifest_encode(
    char **data, size_t *size, struct vqe_iceberg_manifest *out,
    const struct vqe_iceberg_definition *definition, const json_t *schema,
    int64_t spec_id, const struct vqe_iceberg_entries *entries,
    int64_t inherit);
int vqe_iceberg_manifest_list_encode(
    char **data, size_t *size, const struct vqe_iceberg_manifests *manifests,
    int64_t snapshot, int64_t parent, int64_t sequence);

/* `what` names the file in messages. */
int vqe_iceberg_manifest_decode(struct vqe_iceberg_entries *out,
                                const char *data, size_t size,
                                const char *what);
int vqe_iceberg_manifest_list_decode(struct vqe_iceberg_manifests *out,
                                     const char *data, size_t size,
                                     const char *what);

/* Read the manifest list of a snapshot; empty for NO_SNAPSHOT. */
int vqe_iceberg_read_manifests(struct vqe_iceberg_manifests *out,
                               struct vqe_iceberg_table *table,
                               int64_t snapshot);
/* Read a manifest; null snapshot and sequence numbers are replaced by what
 * they inherit, keys filled in. VQE_ERR_UNSUPPORTED for delete files. */
int vqe_iceberg_read_entries(struct vqe_iceberg_entries *out,
                             struct vqe_iceberg_table *table,
                             const struct vqe_iceberg_manifest *manifest);

/* ---- iceberg_commit.c ------------------------------------------------ */

struct vqe_iceberg_change {
  /* Work out the next metadata from the newest table (NULL: there is none).
   * *metadata NULL: there is nothing to commit. Called again after a lost
   * race. */
  int (*apply)(void *ctx, json_t **metadata, struct vqe_iceberg_table *base);
  /* What the last apply() put is surely not referred to. */
  void (*lost)(void *ctx);
  void *ctx;
};

struct vqe_iceberg_change_options {
  bool exclusive;
  int max_retries;
  void (*on_step)(void *ctx, enum vqe_iceberg_step step);
  void *on_step_ctx;
};

/* The commit loop; `result` gets outcome, version, retries. On return with
 * outcome NOTHING the last attempt's lost() has been called. */
int vqe_iceberg_change_commit(
    struct vqe_iceberg_commit *result, struct vqe_objects *objects,
    const char *table, const struct vqe_iceberg_change *change,
    const struct vqe_iceberg_change_options *options);

/* ---- iceberg_append.c ------------------------------------------------ */

/* An added entry out of what a caller gives: checked, bounds made safe. */
int vqe_iceberg_entry_prepare(struct vqe_iceberg_entry *entry,
                              struct vqe_objects *objects,
                              const struct vqe_iceberg_definition *definition,
                              const struct vqe_iceberg_file *from,
                              int64_t snapshot);
/* Encode a manifest and put it at metadata/<name>. */
int vqe_iceberg_put_manifest(struct vqe_iceberg_manifest *out, char **out_key,
                             struct vqe_objects *objects,
                             const struct vqe_iceberg_definition *definition,
                             const json_t *metadata,
                             const struct vqe_iceberg_entries *entries,
                             int64_t snapshot, int64_t sequence,
                             const char *name);
int vqe_iceberg_put_list(char **uri, char **out_key,
                         struct vqe_objects *objects, const char *table,
                         const struct vqe_iceberg_manifests *manifests,
                         int64_t snapshot, int64_t parent, int64_t sequence,
                         int attempt, const char *uuid);
/* Delete *key (NULL: nothing) as far as possible, and free it. */
void vqe_iceberg_remove(struct vqe_objects *objects, char **key);
/* Operation, engine, run id, totals of `manifests`, the caller's keys. */
int vqe_iceberg_new_summary(json_t **out, const char *operation,
                            const struct vqe_iceberg_commit_options *options,
                            const struct vqe_iceberg_manifests *manifests,
                            const json_t *parent, int64_t added_bytes);

#endif
