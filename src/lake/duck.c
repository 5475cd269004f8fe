#include "lake/duck.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/machine.h"
#include "base/memory.h"
#include "lake/tables.h"

#define DEFAULT_MEMORY_MB 1024
#define MAX_THREADS 8

static void word_of_limit(char *out, size_t size)
{
  struct vqe_machine_limit limit;
  vqe_machine_limit(&limit);
  if (limit.bytes != UINT64_MAX) {
    double megabytes = (double)limit.bytes / 1e6;
    snprintf(out, size,
             "; the limit on %s is %.0f MB (ulimit %s): raise it to %.0f MB "
             "or lift it",
             limit.name, megabytes, limit.option, 2.0 * megabytes);
  }
}

/* What DuckDB's reader of Parquet says without the name of the file. */
static bool is_damage(const char *message)
{
  static const char *const words[] = {"Invalid Error: ", "Invalid unicode",
                                      "corrupt"};
  bool found = false;
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
    found = found || strstr(message, words[k]) != NULL;
  }
  return found && strstr(message, ".parquet") == NULL;
}

/* DuckDB's messages point at a place in long SQL: the first line says it. */
static int fail(const char *name, const char *message)
{
  /* it has no memory for a message */
  bool silent = message == NULL || message[0] == '\0';
  if (silent) {
    message = "no reason given, as where memory ends";
  }
  int status = silent || strstr(message, "Out of Memory") != NULL
                   ? VQE_ERR_MEMORY
               : strstr(message, "IO Error") != NULL ? VQE_ERR_IO
                                                     : VQE_ERR_INPUT;
  bool table = false;
  for (int k = 0; k < VQE_LAKE_TABLES; k++) {
    table = table || strcmp(name, vqe_lake_definitions[k].name) == 0;
  }
  /* refused by the system, and not by the limit of the session */
  char limit[160] = "";
  if (silent || (status == VQE_ERR_MEMORY &&
                 strstr(message, "bad allocation") != NULL)) {
    word_of_limit(limit, sizeof limit);
  }
  return vqe_error_set(
      status, "%s%s%s: DuckDB: %.*s%s%s", table ? "table '" : "", name,
      table ? "'" : "", (int)strcspn(message, "\n"), message, limit,
      is_damage(message) ? "; a data file of the tables may be damaged: "
                           "'vqe_lake check' names it"
                         : "");
}

static int threads_of(const struct vqe_duck_options *options)
{
  int processors = vqe_machine_processors();
  if (options->threads > 0) {
    return options->threads;
  }
  return processors > MAX_THREADS ? MAX_THREADS : processors;
}

/* Address space of a session that makes the tables of a small job. */
#define SESSION_BYTES ((size_t)448 << 20)

static int configure(duckdb_config config,
                     const struct vqe_duck_options *options)
{
  char memory[32];
  char threads[16];
  snprintf(memory, sizeof memory, "%zuMB",
           options->memory_mb > 0 ? options->memory_mb
                                  : (size_t)DEFAULT_MEMORY_MB);
  snprintf(threads, sizeof threads, "%d", threads_of(options));
  const char *const settings[][2] = {
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      {"allow_persistent_secrets", "false"},
      {"memory_limit", memory},
      {"threads", threads},
      {"temp_directory", options->scratch},
  };
  for (size_t k = 0; k < sizeof settings / sizeof settings[0]; k++) {
    if (settings[k][1] != NULL &&
        duckdb_set_config(config, settings[k][0], settings[k][1]) !=
            DuckDBSuccess) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "this DuckDB has no setting '%s'; 1.5 is needed",
                           settings[k][0]);
    }
  }
  return VQE_OK;
}

/* A connection, with what is set for each of its own. */
static int start_session(struct vqe_duck *duck)
{
  if (duckdb_connect(duck->database, &duck->connection) != DuckDBSuccess) {
    return vqe_error_set(VQE_ERR_MEMORY, "cannot connect to DuckDB");
  }
  return vqe_duck_execute(duck, "settings",
                          "SET TimeZone = 'UTC';"
                          "SET enable_progress_bar = false;");
}

/* The database and a first connection to it. */
static int start(struct vqe_duck *duck, duckdb_config config,
                 const struct vqe_duck_options *options)
{
  char *message = NULL;
  /* without memory DuckDB may end the program */
  int status = vqe_memory_room(1, SESSION_BYTES, "tables need", "");
  if (status == VQE_OK) {
    status = configure(config, options);
  }
  if (status == VQE_OK && duckdb_open_ext(":memory:", &duck->database, config,
                                          &message) != DuckDBSuccess) {
    status = fail("start", message);
  }
  duckdb_free(message);
  return status == VQE_OK ? start_session(duck) : status;
}

int vqe_duck_open(struct vqe_duck **out,
                  const struct vqe_duck_options *options)
{
  struct vqe_duck *duck = NULL;
  duckdb_config config = NULL;
  int status = vqe_memory_alloc(&duck, 1, sizeof *duck, "DuckDB");
  if (status != VQE_OK) {
    return status;
  }
  duck->threads = threads_of(options);
  if (duckdb_create_config(&config) == DuckDBSuccess) {
    status = start(duck, config, options);
  } else {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for DuckDB");
  }
  duckdb_destroy_config(&config);
  if (status != VQE_OK) {
    vqe_duck_close(duck);
    return status;
  }
  *out = duck;
  return VQE_OK;
}

int vqe_duck_connect(struct vqe_duck **out, const struct vqe_duck *duck)
{
  struct vqe_duck *other = NULL;
  int status = vqe_memory_alloc(&other, 1, sizeof *other, "DuckDB");
  if (status != VQE_OK) {
    return status;
  }
  other->database = duck->database;
  other->borrowed = true;
  other->threads = duck->threads;
  status = start_session(other);
  if (status != VQE_OK) {
    vqe_duck_close(other);
    return status;
  }
  *out = other;
  return VQE_OK;
}

void vqe_duck_close(struct vqe_duck *duck)
{
  if (duck == NULL) {
    return;
  }
  duckdb_disconnect(&duck->connection);
  if (!duck->borrowed) {
    duckdb_close(&duck->database);
  }
  free(duck);
}

int vqe_duck_query(struct vqe_duck *duck, duckdb_result *out, const char *name,
                   const char *sql)
{
  double start = vqe_clock_wall();
  memset(out, 0, sizeof *out);
  duckdb_state state = duckdb_query(duck->connection, sql, out);
  duck->seconds += vqe_clock_wall() - start;
  return state == DuckDBSuccess ? VQE_OK
                                : fail(name, duckdb_result_error(out));
}

int vqe_duck_execute(struct vqe_duck *duck, const char *name, const char *sql)
{
  duckdb_result result;
  int status = vqe_duck_query(duck, &result, name, sql);
  duckdb_destroy_result(&result);
  return status;
}

int vqe_duck_lock(struct vqe_duck *duck, const char *paths,
                  const char *scratch)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  vqe_duck_add(&sql, "SET allowed_paths = [%s]; SET allowed_directories = [",
               paths);
  vqe_duck_add_quoted(&sql, scratch);
  /* what is allowed can be set before this alone */
  vqe_duck_add(&sql, "]; SET enable_external_access = false; "
                     "SET lock_configuration = true;");
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_execute(duck, "settings", sql.data);
  }
  duck->locked = status == VQE_OK;
  free(sql.data);
  return status;
}

int vqe_duck_executef(struct vqe_duck *duck, const char *name,
                      const char *format, ...)
{
  char *sql = NULL;
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(&sql, format, arguments);
  va_end(arguments);
  if (length < 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for SQL");
  }
  int status = vqe_duck_execute(duck, name, sql);
  free(sql);
  return status;
}

int vqe_duck_count(struct vqe_duck *duck, int64_t *out, const char *name,
                   const char *sql)
{
  duckdb_result result;
  duckdb_data_chunk chunk = NULL;
  int status = vqe_duck_query(duck, &result, name, sql);
  *out = 0;
  if (status == VQE_OK) {
    chunk = duckdb_fetch_chunk(result);
    if (chunk == NULL || duckdb_data_chunk_get_size(chunk) == 0 ||
        duckdb_column_type(&result, 0) != DUCKDB_TYPE_BIGINT) {
      status = vqe_error_set(VQE_ERR_INPUT, "%s: no count", name);
    } else {
      duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, 0);
      *out = *(const int64_t *)duckdb_vector_get_data(vector);
    }
  }
  duckdb_destroy_data_chunk(&chunk);
  duckdb_destroy_result(&result);
  return status;
}

/* ---- text ---- */

static void add_bytes(struct vqe_duck_text *text, const char *bytes,
                      size_t size)
{
  if (text->status != VQE_OK) {
    return;
  }
  if (text->used + size + 1 > text->capacity) {
    size_t capacity = 2 * text->capacity + size + 256;
    text->status =
        vqe_memory_grow(&text->data, text->used, capacity, 1, "SQL");
    if (text->status != VQE_OK) {
      return;
    }
    text->capacity = capacity;
  }
  memcpy(text->data + text->used, bytes, size);
  text->used += size;
  text->data[text->used] = '\0';
}

void vqe_duck_add(struct vqe_duck_text *text, const char *format, ...)
{
  char *piece = NULL;
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(&piece, format, arguments);
  va_end(arguments);
  if (length < 0) {
    text->status = vqe_error_set(VQE_ERR_MEMORY, "no memory for SQL");
    return;
  }
  add_bytes(text, piece, (size_t)length);
  free(piece);
}

/* `value` between two of `mark`, which is doubled inside. */
static void add_between(struct vqe_duck_text *text, char mark,
                        const char *value)
{
  const char marks[] = {mark, mark, '\0'};
  add_bytes(text, marks, 1);
  while (*value != '\0') {
    size_t plain = strcspn(value, marks);
    add_bytes(text, value, plain);
    value += plain;
    if (*value == mark) {
      add_bytes(text, marks, 2);
      value++;
    }
  }
  add_bytes(text, marks, 1);
}

void vqe_duck_add_quoted(struct vqe_duck_text *text, const char *value)
{
  if (value == NULL) {
    add_bytes(text, "NULL", 4);
  } else {
    add_between(text, '\'', value);
  }
}

/* In brackets such a character stands for itself. A backslash does so where
 * there is none of them, and no way to write it beside one. */
void vqe_duck_add_path(struct vqe_duck_text *text, const char *path)
{
  static const char special[] = "*?[{";
  char *plain = NULL;
  if (strchr(path, '\\') != NULL && strpbrk(path, special) != NULL) {
    text->status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                                 "'%s' has a backslash and one of %s, which "
                                 "DuckDB cannot open; rename it",
                                 path, special);
    return;
  }
  int status = vqe_memory_alloc(&plain, 3 * strlen(path) + 1, 1, "a path");
  if (status != VQE_OK) {
    text->status = status;
    return;
  }
  char *end = plain;
  for (; *path != '\0'; path++) {
    bool is_special = strchr(special, *path) != NULL;
    end += sprintf(end, is_special ? "[%c]" : "%c", *path);
  }
  vqe_duck_add_quoted(text, plain);
  free(plain);
}

void vqe_duck_add_name(struct vqe_duck_text *text, const char *name)
{
  add_between(text, '"', name);
}

int vqe_duck_quote(char **out, const char *value)
{
  struct vqe_duck_text text = {NULL, 0, 0, VQE_OK};
  *out = NULL;
  vqe_duck_add_quoted(&text, value);
  if (text.status == VQE_OK) {
    *out = text.data;
  } else {
    free(text.data);
  }
  return text.status;
}
