/* Manifests and manifest lists of any writer: any bytes give entries that are
 * whole, or a message. */
#include <stdint.h>
#include <stdlib.h>

#include "iceberg/iceberg_avro.h"
#include "iceberg/iceberg_gzip.h"
#include "iceberg/iceberg_manifest_read.h"
#include "vqe/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_message(int status)
{
  if (status != VQE_OK && vqe_error_message()[0] == '\0') {
    abort();
  }
}

static void read_entries(const char *data, size_t size)
{
  struct vqe_iceberg_entries entries;
  int status = vqe_iceberg_manifest_decode(&entries, data, size, "fuzz");
  require_message(status);
  if (status != VQE_OK && entries.count != 0) {
    abort();
  }
  for (size_t k = 0; k < entries.count; k++) {
    const struct vqe_iceberg_entry *entry = &entries.list[k];
    if (entry->uri == NULL || entry->format == NULL ||
        entry->file.record_count < 0 || entry->file.size < 0 ||
        entry->status < 0 || entry->status > 2) {
      abort();
    }
  }
  vqe_iceberg_entries_clear(&entries);
}

static void read_list(const char *data, size_t size)
{
  struct vqe_iceberg_manifests manifests;
  int status =
      vqe_iceberg_manifest_list_decode(&manifests, data, size, "fuzz");
  require_message(status);
  if (status != VQE_OK && manifests.count != 0) {
    abort();
  }
  for (size_t k = 0; k < manifests.count; k++) {
    if (manifests.list[k].uri == NULL) {
      abort();
    }
  }
  vqe_iceberg_manifests_clear(&manifests);
}

static void read_header(const char *data, size_t size)
{
  struct vqe_avro_reader *reader = NULL;
  if (vqe_avro_reader_open(&reader, data, size, "fuzz") != VQE_OK) {
    return;
  }
  for (size_t k = 0; k < vqe_avro_reader_meta_count(reader); k++) {
    const char *key = NULL;
    size_t length = 0;
    const char *value = vqe_avro_reader_meta_at(reader, k, &key, &length);
    if (key == NULL || value == NULL || value[length] != '\0') {
      abort();
    }
  }
  vqe_avro_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *bytes = (const char *)data;
  read_header(bytes, size);
  read_entries(bytes, size);
  read_list(bytes, size);
  return 0;
}
