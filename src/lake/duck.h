/* The embedded DuckDB: opened with no extension loading and no network, a
 * memory limit and a folder to spill to; statements whose errors say which
 * SQL failed; results as typed values. */
#ifndef VQE_LAKE_DUCK_H
#define VQE_LAKE_DUCK_H

#include <duckdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vqe_duck {
  duckdb_database database;
  duckdb_connection connection;
  bool borrowed; /* the database is another handle's */
  bool locked;
  int threads;
  double seconds;         /* spent in statements and appends */
  double parquet_seconds; /* of those, in Parquet files */
};

struct vqe_duck_options {
  size_t memory_mb;    /* limit of DuckDB's buffers; 0 for 1024 */
  int threads;         /* 0 for the processors of this process, at most 8 */
  const char *scratch; /* folder to spill to; must exist */
};

/* An in-memory database; the session's time zone is UTC. */
int vqe_duck_open(struct vqe_duck **out,
                  const struct vqe_duck_options *options);
/* Another connection to the same database, for another thread: temporary
 * tables and views are each connection's own. Close it before `duck`. */
int vqe_duck_connect(struct vqe_duck **out, const struct vqe_duck *duck);
void vqe_duck_close(struct vqe_duck *duck);

/* Run one or several statements; `name` says in messages which SQL it is. */
int vqe_duck_execute(struct vqe_duck *duck, const char *name, const char *sql);
/* The same with a statement made by printf; values go in through
 * vqe_duck_quote(). */
int vqe_duck_executef(struct vqe_duck *duck, const char *name,
                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* From here on this database reads what `paths` (a list of SQL literals,
 * "'a', 'b'") names and what lies in `scratch`, and nothing else; no setting
 * can be changed, this one neither. */
int vqe_duck_lock(struct vqe_duck *duck, const char *paths,
                  const char *scratch);

/* A result whose chunks are fetched; destroy it by duckdb_destroy_result(),
 * also after a failure. */
int vqe_duck_query(struct vqe_duck *duck, duckdb_result *out, const char *name,
                   const char *sql);

/* `value` as an SQL literal with its quotes; NULL becomes NULL. Free *out by
 * free(). */
int vqe_duck_quote(char **out, const char *value);

/* First column of the first row; fails when there is no row. */
int vqe_duck_count(struct vqe_duck *duck, int64_t *out, const char *name,
                   const char *sql);

/* Growing SQL text. Zero it, add to it; the first failure sticks. */
struct vqe_duck_text {
  char *data;
  size_t used, capacity;
  int status;
};
void vqe_duck_add(struct vqe_duck_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void vqe_duck_add_quoted(struct vqe_duck_text *text, const char *value);
/* A path for read_parquet() and its like, which take some characters of plain
 * names for patterns. */
void vqe_duck_add_path(struct vqe_duck_text *text, const char *path);
/* As an identifier in double quotes. */
void vqe_duck_add_name(struct vqe_duck_text *text, const char *name);

#endif
