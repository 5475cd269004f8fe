#include "iceberg/iceberg_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_value.h"
#include "vqe/error.h"

void vqe_iceberg_entry_clear(struct vqe_iceberg_entry *entry)
{
  vqe_iceberg_file_clear(&entry->file);
  free(entry->uri);
  free(entry->format);
  memset(entry, 0, sizeof *entry);
}

int vqe_iceberg_entries_add(struct vqe_iceberg_entries *entries,
                            struct vqe_iceberg_entry *entry)
{
  if (entries->count == entries->capacity) {
    size_t capacity = entries->capacity < 16 ? 16 : 2 * entries->capacity;
    int status = vqe_memory_grow(&entries->list, entries->capacity, capacity,
                                 sizeof *entries->list, "manifest entries");
    if (status != VQE_OK) {
      vqe_iceberg_entry_clear(entry);
      return status;
    }
    entries->capacity = capacity;
  }
  entries->list[entries->count++] = *entry;
  memset(entry, 0, sizeof *entry);
  return VQE_OK;
}

void vqe_iceberg_entries_clear(struct vqe_iceberg_entries *entries)
{
  for (size_t k = 0; k < entries->count; k++) {
    vqe_iceberg_entry_clear(&entries->list[k]);
  }
  free(entries->list);
  memset(entries, 0, sizeof *entries);
}

void vqe_iceberg_manifest_clear_summaries(
    struct vqe_iceberg_manifest *manifest)
{
  for (size_t k = 0; k < manifest->npartitions; k++) {
    vqe_iceberg_bytes_clear(&manifest->partitions[k].lower);
    vqe_iceberg_bytes_clear(&manifest->partitions[k].upper);
  }
  free(manifest->partitions);
  manifest->partitions = NULL;
  manifest->npartitions = 0;
}

void vqe_iceberg_manifest_clear(struct vqe_iceberg_manifest *manifest)
{
  vqe_iceberg_manifest_clear_summaries(manifest);
  free(manifest->uri);
  memset(manifest, 0, sizeof *manifest);
}

void vqe_iceberg_manifests_clear(struct vqe_iceberg_manifests *manifests)
{
  for (size_t k = 0; k < manifests->count; k++) {
    vqe_iceberg_manifest_clear(&manifests->list[k]);
  }
  free(manifests->list);
  memset(manifests, 0, sizeof *manifests);
}

int vqe_iceberg_manifests_add(struct vqe_iceberg_manifest **out,
                              struct vqe_iceberg_manifests *manifests)
{
  int status =
      vqe_memory_grow(&manifests->list, manifests->count, manifests->count + 1,
                      sizeof *manifests->list, "a manifest list");
  if (status == VQE_OK) {
    *out = &manifests->list[manifests->count++];
  }
  return status;
}

int vqe_iceberg_manifest_copy(struct vqe_iceberg_manifest *out,
                              const struct vqe_iceberg_manifest *manifest)
{
  *out = *manifest;
  out->uri = NULL;
  out->partitions = NULL;
  out->npartitions = 0;
  int status = vqe_memory_strdup(&out->uri, manifest->uri);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&out->partitions, manifest->npartitions,
                              sizeof *out->partitions, "a manifest list");
  }
  for (size_t k = 0; status == VQE_OK && k < manifest->npartitions; k++) {
    const struct vqe_iceberg_field_summary *from = &manifest->partitions[k];
    struct vqe_iceberg_field_summary *to = &out->partitions[k];
    to->contains_null = from->contains_null;
    to->contains_nan = from->contains_nan;
    out->npartitions = k + 1;
    status = vqe_iceberg_bytes_copy(&to->lower, &from->lower);
    if (status == VQE_OK) {
      status = vqe_iceberg_bytes_copy(&to->upper, &from->upper);
    }
  }
  return status;
}
