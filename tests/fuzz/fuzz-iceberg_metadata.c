/* Table metadata of any writer, plain or packed: any bytes are opened, bound
 * to a definition of ours and checked, or refused with a message. */
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iceberg/iceberg.h"
#include "iceberg/iceberg_gzip.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_metadata.h"
#include "objects/objects.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char definition_json[] =
    "{\"name\": \"molecules\", \"columns\": ["
    "{\"name\": \"experiment_id\", \"type\": \"string\"},"
    "{\"name\": \"molecule_id\", \"type\": \"int\"},"
    "{\"name\": \"coordinates\", \"type\": \"list<list<double>>\"},"
    "{\"name\": \"processing_date\", \"type\": \"date\"},"
    "{\"name\": \"later\", \"type\": \"list<string>\"}],"
    "\"partition\": [\"processing_date\"], \"key\": [\"experiment_id\"],"
    " \"tagged\": true}";

static char folder[64];
static char file[256];
static struct vqe_objects *objects;

static void make_place(void)
{
  char path[128];
  snprintf(folder, sizeof folder, "/tmp/vqe-fuzz-XXXXXX");
  if (mkdtemp(folder) == NULL) {
    abort();
  }
  snprintf(path, sizeof path, "%s/quantum_features", folder);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%s/quantum_features/molecules", folder);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%s/quantum_features/molecules/metadata",
           folder);
  mkdir(path, 0700);
  snprintf(file, sizeof file, "%s/v1.metadata.json", path);
  if (vqe_objects_open(&objects, folder, NULL) != VQE_OK) {
    abort();
  }
}

static void put(const void *data, size_t size)
{
  int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (out < 0 || write(out, data, size) != (ssize_t)size) {
    abort();
  }
  close(out);
}

static void bind_table(const struct vqe_iceberg_table *table)
{
  struct vqe_iceberg_definition *definition = NULL;
  struct vqe_iceberg_definition *whole = NULL;
  struct vqe_iceberg_snapshot *snapshots = NULL;
  json_t *next = NULL;
  int64_t now = 1;
  size_t count = 0;
  if (vqe_iceberg_definition_parse(&definition, definition_json,
                                   strlen(definition_json),
                                   "fuzz") != VQE_OK) {
    abort();
  }
  if (vqe_iceberg_definition_bind(definition, table) == VQE_OK &&
      vqe_iceberg_metadata_next(&next, &now, table) == VQE_OK) {
    (void)vqe_iceberg_metadata_evolve(next, definition);
    (void)vqe_iceberg_definition_add_others(definition, table);
  }
  (void)vqe_iceberg_definition_of(&whole, table);
  (void)vqe_iceberg_definition_find(definition, table);
  (void)vqe_iceberg_definition_add_others(definition, table);
  for (int64_t spec = 0; spec < 3; spec++) {
    struct vqe_iceberg_partition_field *fields = NULL;
    size_t nfields = 0;
    (void)vqe_iceberg_spec_fields(&fields, &nfields, table, spec);
    free(fields);
  }
  if (vqe_iceberg_snapshots(&snapshots, &count, table) == VQE_OK) {
    vqe_iceberg_snapshots_free(snapshots, count);
  }
  json_decref(next);
  vqe_iceberg_definition_free(whole);
  vqe_iceberg_definition_free(definition);
}

/* The same metadata, said to be of this place, so that the check reads it. */
static void check_table(const struct vqe_iceberg_table *table)
{
  struct vqe_iceberg_check_options options = {.report = NULL};
  struct vqe_iceberg_check_result result;
  json_t *metadata = json_deep_copy(table->metadata);
  char location[160];
  snprintf(location, sizeof location, "file://%s/quantum_features/molecules",
           folder);
  json_object_set_new(metadata, "location", json_string(location));
  char *text = json_dumps(metadata, JSON_COMPACT);
  if (text != NULL) {
    put(text, strlen(text));
    (void)vqe_iceberg_check(&result, objects, "molecules", &options);
  }
  free(text);
  json_decref(metadata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct vqe_iceberg_table *table = NULL;
  if (objects == NULL) {
    make_place();
  }
  put(data, size);
  int status = vqe_iceberg_open_anywhere(&table, objects, "molecules");
  if (status != VQE_OK) {
    if (table != NULL || vqe_error_message()[0] == '\0') {
      abort();
    }
    return 0;
  }
  bind_table(table);
  check_table(table);
  vqe_iceberg_close(table);
  return 0;
}
