/* A warehouse in a folder of its own, a small table, and data files that are
 * only names: the Iceberg part never opens them. */
#ifndef VQE_TEST_ICEBERG_FIXTURE_H
#define VQE_TEST_ICEBERG_FIXTURE_H

#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iceberg/iceberg.h"
#include "objects/objects.h"
#include "vqe/error.h"

struct fixture {
  char folder[32];
  struct vqe_objects *objects;
  struct vqe_iceberg_definition *definition;
  int nfiles;
};

static const char fixture_json[] =
    "{\"name\": \"small\", \"columns\": ["
    "{\"name\": \"id\", \"type\": \"string\"},"
    "{\"name\": \"energy\", \"type\": \"double\"},"
    "{\"name\": \"list\", \"type\": \"list<double>\"},"
    "{\"name\": \"basis_set\", \"type\": \"string\"}],"
    "\"partition\": [\"basis_set\"], \"key\": [\"id\"], \"tagged\": true}";

static inline int fixture_remove(const char *path, const struct stat *info,
                                 int flag, struct FTW *place)
{
  (void)info;
  (void)flag;
  (void)place;
  return remove(path);
}

static inline int fixture_setup(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  strcpy(fixture->folder, "t-iceberg-XXXXXX");
  if (mkdtemp(fixture->folder) == NULL ||
      vqe_objects_open(&fixture->objects, fixture->folder, NULL) != VQE_OK ||
      vqe_iceberg_definition_parse(&fixture->definition, fixture_json,
                                   strlen(fixture_json),
                                   "fixture") != VQE_OK) {
    return -1;
  }
  *state = fixture;
  return 0;
}

static inline int fixture_teardown(void **state)
{
  struct fixture *fixture = *state;
  vqe_iceberg_definition_free(fixture->definition);
  vqe_objects_close(fixture->objects);
  nftw(fixture->folder, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
  free(fixture);
  return 0;
}

/* A data file of `rows` rows; basis NULL is a null partition value. */
static inline struct vqe_iceberg_file
fixture_file(struct fixture *fixture, const char *basis, int64_t rows)
{
  struct vqe_iceberg_file file = {.record_count = rows, .size = 5};
  char name[32];
  snprintf(name, sizeof name, "file-%d.parquet", fixture->nfiles++);
  file.npartition = 1;
  file.partition = calloc(1, sizeof *file.partition);
  vqe_iceberg_bytes_string(&file.partition[0], basis,
                           basis == NULL ? 0 : strlen(basis));
  vqe_iceberg_data_key(&file.key, fixture->definition, file.partition, name);
  vqe_objects_put(fixture->objects, file.key, "bytes", 5,
                  VQE_OBJECTS_ONLY_NEW);
  return file;
}

/* Commit one such file under a run id. */
static inline int fixture_append(struct vqe_iceberg_commit *result,
                                 struct fixture *fixture, const char *run,
                                 const char *basis, int64_t rows)
{
  struct vqe_iceberg_file file = fixture_file(fixture, basis, rows);
  struct vqe_iceberg_commit_options options = {
      .run_id = run, .base_snapshot = VQE_ICEBERG_ANY_SNAPSHOT};
  int status = vqe_iceberg_append(result, fixture->objects,
                                  fixture->definition, &file, 1, &options);
  vqe_iceberg_file_clear(&file);
  return status;
}

static inline int fixture_count_file(void *ctx,
                                     const struct vqe_iceberg_file *file,
                                     int64_t snapshot)
{
  int64_t *rows = ctx;
  (void)snapshot;
  *rows += file->record_count;
  return VQE_OK;
}

/* Rows in the table now; -1 when it cannot be read. */
static inline int64_t fixture_rows(struct fixture *fixture)
{
  struct vqe_iceberg_table *table = NULL;
  int64_t rows = 0;
  if (vqe_iceberg_open(&table, fixture->objects, "small") != VQE_OK ||
      vqe_iceberg_scan(table, vqe_iceberg_current_snapshot(table),
                       fixture_count_file, &rows) != VQE_OK) {
    rows = -1;
  }
  vqe_iceberg_close(table);
  return rows;
}

/* The metadata of the newest version, and putting it back after an edit. */
static inline json_t *fixture_metadata(char **key, struct fixture *fixture)
{
  struct vqe_iceberg_table *table = NULL;
  char *text = NULL;
  size_t size = 0;
  json_t *metadata = NULL;
  *key = NULL;
  if (vqe_iceberg_open(&table, fixture->objects, "small") == VQE_OK &&
      vqe_iceberg_metadata_key(key, "small", vqe_iceberg_version(table),
                               false) == VQE_OK &&
      vqe_objects_get(&text, &size, fixture->objects, *key, 1 << 20) ==
          VQE_OK) {
    metadata = json_loadb(text, size, 0, NULL);
  }
  free(text);
  vqe_iceberg_close(table);
  return metadata;
}

static inline void fixture_replace(struct fixture *fixture, char *key,
                                   json_t *metadata)
{
  char *text = json_dumps(metadata, 0);
  vqe_objects_put(fixture->objects, key, text, strlen(text),
                  VQE_OBJECTS_REPLACE);
  free(text);
  free(key);
  json_decref(metadata);
}

static inline void fixture_report(void *ctx, enum vqe_iceberg_finding finding,
                                  const char *text)
{
  (void)ctx;
  fprintf(stderr, "%s: %s\n",
          finding == VQE_ICEBERG_PROBLEM  ? "problem"
          : finding == VQE_ICEBERG_ORPHAN ? "orphan"
                                          : "note",
          text);
}

/* Problems plus orphans; -1 when the check failed. */
static inline int64_t fixture_faults(struct fixture *fixture)
{
  struct vqe_iceberg_check_options options = {.report = fixture_report};
  struct vqe_iceberg_check_result result;
  return vqe_iceberg_check(&result, fixture->objects, "small", &options) ==
                 VQE_OK
             ? result.problems + result.orphans
             : -1;
}

#endif
