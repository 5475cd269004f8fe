/* Iceberg format v2 tables in a warehouse: definitions, commits, reading,
 * checking and maintenance.
 *
 * A table lives below "quantum_features/<table>/" of an object store
 * (objects/objects.h) in the Hadoop-catalog layout: metadata/vN.metadata.json,
 * metadata/version-hint.text, metadata/NAME.avro and data/.../NAME.parquet.
 * All keys here are relative to the warehouse; full URIs stand only inside the
 * metadata. Parquet files are written and put by the caller, before the
 * commit; this part never opens one.
 *
 * A commit is one put of vN+1.metadata.json that must not replace. It is
 * atomic: readers see the table before or after. On a store that honours
 * conditional puts several writers are safe, the loser starts again from the
 * winner's table; on any other the caller must hold the writer lock of
 * objects/objects_lock.h and say so by `exclusive`.
 *
 * Handles may be used by one thread at a time. */
#ifndef VQE_ICEBERG_ICEBERG_H
#define VQE_ICEBERG_ICEBERG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vqe_objects;

#define VQE_ICEBERG_NAMESPACE "quantum_features"

/* ---- values ---------------------------------------------------------- */

enum vqe_iceberg_type {
  VQE_ICEBERG_STRING,
  VQE_ICEBERG_INT,
  VQE_ICEBERG_LONG,
  VQE_ICEBERG_DOUBLE,
  VQE_ICEBERG_BOOLEAN,
  VQE_ICEBERG_DATE,        /* days since 1970-01-01, 32 bits */
  VQE_ICEBERG_TIMESTAMPTZ, /* microseconds since then, UTC, 64 bits */
  VQE_ICEBERG_LIST_STRING,
  VQE_ICEBERG_LIST_LONG,
  VQE_ICEBERG_LIST_DOUBLE,
  VQE_ICEBERG_LIST_LIST_DOUBLE
};

/* Spelling in the definitions: "string", ..., "list<list<double>>". */
const char *vqe_iceberg_type_name(enum vqe_iceberg_type type);
bool vqe_iceberg_type_is_list(enum vqe_iceberg_type type);

/* One value in Iceberg's single-value encoding (int, long, double and date
 * little endian, string UTF-8 without length, boolean one byte). data NULL
 * is null. Owned by whoever holds the struct; free data by free(). */
struct vqe_iceberg_bytes {
  uint8_t *data;
  size_t size;
};

int vqe_iceberg_bytes_int(struct vqe_iceberg_bytes *out, int32_t value);
int vqe_iceberg_bytes_long(struct vqe_iceberg_bytes *out, int64_t value);
int vqe_iceberg_bytes_double(struct vqe_iceberg_bytes *out, double value);
int vqe_iceberg_bytes_boolean(struct vqe_iceberg_bytes *out, bool value);
int vqe_iceberg_bytes_string(struct vqe_iceberg_bytes *out, const char *text,
                             size_t size);

/* Turn an exact minimum (upper false) or maximum (upper true) into a bound
 * that readers may trust, in place: NaN is dropped, a zero becomes -0.0 below
 * and +0.0 above, a string longer than 16 code points is cut, and rounded up
 * above, or dropped when it cannot be. vqe_iceberg_append() does this to all
 * bounds it is given, so exact extremes may be passed to it. */
int vqe_iceberg_bound(struct vqe_iceberg_bytes *value,
                      enum vqe_iceberg_type type, bool upper);

/* ---- definitions ----------------------------------------------------- */

struct vqe_iceberg_column {
  char *name;
  enum vqe_iceberg_type type;
  int id;         /* field id */
  int element_id; /* of a list's elements, 0 for none */
  int inner_id;   /* of a list of lists' inner elements, 0 for none */
};

struct vqe_iceberg_definition {
  char *name;
  char *comment; /* NULL when there is none */
  struct vqe_iceberg_column *columns;
  size_t ncolumns;
  size_t *partition; /* columns of the identity partition spec, in order */
  size_t npartition;
  size_t *key; /* columns that identify a row */
  size_t nkey;
  bool tagged; /* each commit is tagged v_* */
};

/* Parse {"name", "comment", "columns": [{"name", "type"}...],
 * "partition": [names], "key": [names], "tagged": bool}. Ids: columns from 1
 * in order, then list elements, as Spark gives them. `source` names the text
 * in messages. VQE_ERR_INPUT says what is wrong with it. */
int vqe_iceberg_definition_parse(struct vqe_iceberg_definition **out,
                                 const char *text, size_t size,
                                 const char *source);
void vqe_iceberg_definition_free(struct vqe_iceberg_definition *definition);

/* The column of that name, or NULL. */
const struct vqe_iceberg_column *
vqe_iceberg_definition_column(const struct vqe_iceberg_definition *definition,
                              const char *name);

/* The folder of a data file, as other writers name it:
 * "processing_date=2026-01-02/basis_set=sto3g" (escaped; "null" for null; ""
 * without partition). `values` has npartition entries. Free by free(). */
int vqe_iceberg_partition_path(char **out,
                               const struct vqe_iceberg_definition *definition,
                               const struct vqe_iceberg_bytes *values);

/* Key for a new data file:
 * "quantum_features/<table>/data/<partition path>/<name>". */
int vqe_iceberg_data_key(char **out,
                         const struct vqe_iceberg_definition *definition,
                         const struct vqe_iceberg_bytes *values,
                         const char *name);

/* ---- data files ------------------------------------------------------ */

/* Of one leaf: a plain column, or the innermost elements of a list. */
struct vqe_iceberg_stats {
  int field_id;
  int64_t column_size;            /* bytes in the file, -1 unknown */
  int64_t value_count;            /* nulls and NaN included, -1 unknown */
  int64_t null_count;             /* -1 unknown */
  int64_t nan_count;              /* doubles only, -1 unknown */
  struct vqe_iceberg_bytes lower; /* exact minimum without NaN, or null */
  struct vqe_iceberg_bytes upper;
};

/* Only column_size is written for leaves of lists. */
struct vqe_iceberg_file {
  char *key;
  int64_t record_count;
  int64_t size;                        /* bytes */
  struct vqe_iceberg_bytes *partition; /* npartition values */
  size_t npartition;
  struct vqe_iceberg_stats *stats;
  size_t nstats;
  int64_t *split_offsets; /* starts of the row groups, or NULL */
  size_t nsplit_offsets;
};

/* Frees what the struct owns and zeroes it; not the struct itself. */
void vqe_iceberg_file_clear(struct vqe_iceberg_file *file);

/* ---- tables ---------------------------------------------------------- */

#define VQE_ICEBERG_NO_SNAPSHOT (-1)  /* an empty table has none */
#define VQE_ICEBERG_ANY_SNAPSHOT (-2) /* see base_snapshot */

struct vqe_iceberg_table;

/* The newest metadata of a table: the hint, then upward. VQE_ERR_NOT_FOUND
 * when the table does not exist, VQE_ERR_INPUT when it cannot be understood
 * or lies elsewhere (a copied warehouse). `objects` must outlive the
 * table. */
int vqe_iceberg_open(struct vqe_iceberg_table **out,
                     struct vqe_objects *objects, const char *table);
void vqe_iceberg_close(struct vqe_iceberg_table *table);

int64_t vqe_iceberg_version(const struct vqe_iceberg_table *table); /* N */
/* VQE_ICEBERG_NO_SNAPSHOT for an empty table. */
int64_t vqe_iceberg_current_snapshot(const struct vqe_iceberg_table *table);

/* Is there no later metadata? One request. */
int vqe_iceberg_is_newest(bool *out, const struct vqe_iceberg_table *table);

/* Summary key for what a commit knows of the rows that the table then holds;
 * a compaction carries it on, another program's commit ends it. */
#define VQE_ICEBERG_EXPERIMENTS_KEY "vqe.experiments"
/* A value of the current snapshot's summary; "" when it has none. */
const char *vqe_iceberg_current_summary(const struct vqe_iceberg_table *table,
                                        const char *key);

/* Give the definition's columns the ids they have in the table; columns that
 * the table lacks get the ids that the next commit will add them under. Call
 * it before writing Parquet files for a table that exists. VQE_ERR_INPUT
 * when a type or the partition differs. */
int vqe_iceberg_definition_bind(struct vqe_iceberg_definition *definition,
                                const struct vqe_iceberg_table *table);

/* Is that column in the table's current schema? (A column that the
 * definition adds is not, until the first commit with it.) */
bool vqe_iceberg_has_column(const struct vqe_iceberg_table *table,
                            const char *name);

struct vqe_iceberg_snapshot {
  int64_t id;
  int64_t parent; /* VQE_ICEBERG_NO_SNAPSHOT for the first */
  int64_t sequence;
  int64_t timestamp_ms;
  int schema_id;
  bool current;
  char *operation; /* "append", "replace", ... */
  char *run_id;    /* NULL when another program wrote it */
  char **refs;     /* tags and branches that point here */
  size_t nrefs;
  int64_t added_files, added_records;
  int64_t total_files, total_records; /* -1 where the summary has none */
};

/* All snapshots, oldest first. Free by vqe_iceberg_snapshots_free(). */
int vqe_iceberg_snapshots(struct vqe_iceberg_snapshot **out, size_t *count,
                          const struct vqe_iceberg_table *table);
void vqe_iceberg_snapshots_free(struct vqe_iceberg_snapshot *snapshots,
                                size_t count);

/* The snapshot that a tag or branch names; VQE_ERR_NOT_FOUND. */
int vqe_iceberg_find_ref(int64_t *snapshot,
                         const struct vqe_iceberg_table *table,
                         const char *ref);

/* The first snapshot of a run, VQE_ICEBERG_NO_SNAPSHOT when there is none. */
int64_t vqe_iceberg_find_run(const struct vqe_iceberg_table *table,
                             const char *run_id);

/* Called for each live data file; `snapshot` is the one that added it. A
 * status other than VQE_OK ends the walk and is returned. */
typedef int (*vqe_iceberg_visit)(void *ctx,
                                 const struct vqe_iceberg_file *file,
                                 int64_t snapshot);

/* Walk over the live files of a snapshot (vqe_iceberg_current_snapshot() for
 * now; of NO_SNAPSHOT there are none). Reads each manifest once, memory of
 * one manifest. */
int vqe_iceberg_scan(struct vqe_iceberg_table *table, int64_t snapshot,
                     vqe_iceberg_visit visit, void *ctx);

/* ---- commits --------------------------------------------------------- */

/* What has just been made durable; for tests that stop there. */
enum vqe_iceberg_step {
  VQE_ICEBERG_STEP_BEGIN,
  VQE_ICEBERG_STEP_MANIFEST,
  VQE_ICEBERG_STEP_MANIFEST_LIST,
  VQE_ICEBERG_STEP_METADATA, /* committed from here on */
  VQE_ICEBERG_STEP_HINT,
  VQE_ICEBERG_STEP_COUNT
};

enum vqe_iceberg_outcome {
  VQE_ICEBERG_NOTHING,   /* surely not committed, nothing of it was left */
  VQE_ICEBERG_COMMITTED, /* by this call */
  VQE_ICEBERG_ALREADY,   /* the run id is in the table: the new files are
                            orphans, the caller may delete them */
  VQE_ICEBERG_UNKNOWN    /* an error after which it may have been committed:
                            delete nothing, repeat with the same run id */
};

struct vqe_iceberg_commit_options {
  const char *run_id;   /* processing_batch_id; repeated commits with one
                           run id add their files once. Required */
  int64_t timestamp_ms; /* 0 for now; raised where the table is newer */

  /* Snapshot from which the caller worked out what is new, NO_SNAPSHOT for
   * a missing or empty table. When the table has moved on, `validate` is
   * asked with the newest table: VQE_OK to append after it all the same,
   * anything else ends the commit with that status and outcome NOTHING;
   * without `validate` that is VQE_ERR_EXISTS. ANY_SNAPSHOT never asks. */
  int64_t base_snapshot;
  int (*validate)(void *ctx, struct vqe_iceberg_table *newest);
  void *validate_ctx;

  const char *const *summary; /* more keys: key, value, ..., NULL */
  bool exclusive;  /* the caller holds the store's writer lock; required
                      where the store has no conditional put */
  int max_retries; /* lost races before giving up; 0 for 100 */
  void (*on_step)(void *ctx, enum vqe_iceberg_step step);
  void *on_step_ctx;
};

struct vqe_iceberg_commit {
  enum vqe_iceberg_outcome outcome;
  bool created;     /* by this call */
  int64_t snapshot; /* NO_SNAPSHOT when none was needed */
  int64_t version;  /* N of the metadata now */
  int retries;      /* races lost */
  char tag[64];     /* "v_..." or "v_incr_...", "" when untagged */
};

/* Append data files, which must be in the store, in one atomic commit; create
 * the table when it does not exist (without a snapshot when nfiles is 0);
 * nothing happens when nfiles is 0 and the table exists with all columns.
 * Columns that the table lacks are added to its schema, at the end. A tagged
 * definition gets the tag "v_<run id without dashes>" when this commit
 * created the table, else "v_incr_<...>". Many small manifests are merged on
 * the way. `result` is always filled. Fails with
 *   VQE_ERR_INPUT   files that do not fit the definition, another table's id
 *   VQE_ERR_EXISTS  the table moved on, see base_snapshot; or too many lost
 *                   races
 *   VQE_ERR_IO      the store; `outcome` says whether anything may be there
 *   VQE_ERR_UNSUPPORTED  a store without conditional put, not `exclusive`;
 *                   a table of another format version, with delete files, or
 *                   of another partition spec */
int vqe_iceberg_append(struct vqe_iceberg_commit *result,
                       struct vqe_objects *objects,
                       const struct vqe_iceberg_definition *definition,
                       const struct vqe_iceberg_file *files, size_t nfiles,
                       const struct vqe_iceberg_commit_options *options);

/* ---- checking -------------------------------------------------------- */

enum vqe_iceberg_finding {
  VQE_ICEBERG_PROBLEM, /* readers may see wrong or no rows */
  VQE_ICEBERG_ORPHAN   /* a key that nothing refers to: harmless; a commit
                          under way looks the same */
};

struct vqe_iceberg_check_options {
  void (*report)(void *ctx, enum vqe_iceberg_finding finding,
                 const char *text);
  void *report_ctx;
  vqe_iceberg_visit visit; /* live files of the current snapshot, so that
                              the caller can open them; may be NULL */
  void *visit_ctx;
  /* key of each orphan, and when it was written; may be NULL */
  int (*orphan)(void *ctx, const char *key, int64_t modified_ms);
  void *orphan_ctx;
};

struct vqe_iceberg_check_result {
  int64_t problems, orphans;
  int64_t snapshots, manifests, files, records; /* current: files, records */
};

/* Read a table back: metadata against the hint, schemas, snapshots, refs and
 * logs; every manifest list and manifest of every snapshot: lengths, counts,
 * sequence numbers, partition summaries and values, totals; every data file:
 * there, of the size written; and what lies about unused. Returns VQE_OK also
 * with problems; an error when the check could not be made. */
int vqe_iceberg_check(struct vqe_iceberg_check_result *result,
                      struct vqe_objects *objects, const char *table,
                      const struct vqe_iceberg_check_options *options);

/* ---- maintenance ----------------------------------------------------- */

/* Copy a table to another store, its metadata, manifest lists and manifests
 * rewritten to point there; data first, then manifests, lists, metadata, the
 * hint last. All snapshots and tags come along, the older metadata files do
 * not. VQE_ERR_EXISTS when `to` has the table. A source that was copied by
 * other means, so that its metadata points elsewhere, may be given. Data is
 * staged in `scratch`, a local directory. */
int vqe_iceberg_relocate(struct vqe_objects *to, struct vqe_objects *from,
                         const char *table, const char *scratch);

struct vqe_iceberg_expire_options {
  int64_t older_than_ms; /* since 1970; what is newer stays */
  bool exclusive;
  bool alone; /* no other writer is at work: metadata that left the log goes
                 at once, not after an hour */
  int max_retries;
  void (*on_step)(void *ctx, enum vqe_iceberg_step step);
  void *on_step_ctx;
};

struct vqe_iceberg_expire_result {
  int64_t tags, snapshots;                       /* dropped */
  int64_t data_files, manifests, manifest_lists; /* deleted */
  int64_t metadata_files;
};

/* Drop our own tags (v_<run>, v_incr_<run>) of snapshots older than that,
 * then the snapshots that no tag or branch needs, then the files that only
 * those used, and metadata files that left the log. The current snapshot and
 * the refs of others stay. */
int vqe_iceberg_expire(struct vqe_iceberg_expire_result *result,
                       struct vqe_objects *objects, const char *table,
                       const struct vqe_iceberg_expire_options *options);

/* Remove the files of the table's folder that nothing refers to and that were
 * written before that time. A commit under way looks the same: give a time
 * before any writer at work began. VQE_ERR_INPUT, with nothing removed, when
 * the table has problems. */
int vqe_iceberg_remove_orphans(int64_t *count, struct vqe_objects *objects,
                               const char *table, int64_t older_than_ms);

/* Merge Parquet files of one partition into one: put it into the store and
 * fill `out` (zeroed before). */
typedef int (*vqe_iceberg_merge)(
    void *ctx, struct vqe_iceberg_file *out,
    const struct vqe_iceberg_definition *definition,
    const struct vqe_iceberg_file *files, size_t nfiles);

struct vqe_iceberg_compact_options {
  int64_t target_bytes; /* of a merged file; 0 for 128 MiB */
  int min_files;        /* small files in a partition that are worth it; 0
                           for 2 */
};

struct vqe_iceberg_compact_result {
  int64_t files_before, files_after; /* live in the table */
  int64_t merged;                    /* files replaced */
  struct vqe_iceberg_commit commit;
};

/* Replace small files (below half the target) by merged ones, a partition at
 * a time, in one `replace` snapshot, untagged. `definition` must be bound to
 * the table. Files added meanwhile stay; when one of the replaced files is
 * gone the merged ones are deleted and VQE_ERR_EXISTS is returned.
 * base_snapshot and validate are not used. */
int vqe_iceberg_compact(struct vqe_iceberg_compact_result *result,
                        struct vqe_objects *objects,
                        const struct vqe_iceberg_definition *definition,
                        vqe_iceberg_merge merge, void *merge_ctx,
                        const struct vqe_iceberg_compact_options *compact,
                        const struct vqe_iceberg_commit_options *options);

#endif
