#include "iceberg/iceberg_versions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "iceberg/iceberg_key.h"
#include "objects/objects.h"
#include "vqe/error.h"

/* Claims of writers at work, which hold no commit yet. */
#define CLAIM ".claim"

static bool ends_with(const char *text, const char *end)
{
  size_t length = strlen(text);
  size_t tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* NNNNN-<uuid>, five digits or more. */
static bool is_catalog_name(const char *name)
{
  size_t digits = strspn(name, "0123456789");
  const char *uuid = name + digits + 1;
  if (digits < 5 || name[digits] != '-') {
    return false;
  }
  for (size_t k = 0; k < 36; k++) {
    bool dash = k == 8 || k == 13 || k == 18 || k == 23;
    if (dash ? uuid[k] != '-' : !isxdigit((unsigned char)uuid[k])) {
      return false;
    }
  }
  return uuid[36] == '.' && strstr(uuid + 36, ".metadata.json") != NULL;
}

enum vqe_iceberg_name vqe_iceberg_name_of(int64_t *version, const char *key)
{
  static const char *const known[] = {".metadata.json", ".gz.metadata.json",
                                      ".metadata.json.gz"};
  const char *name = strrchr(key, '/');
  char *end = NULL;
  *version = 0;
  name = name == NULL ? key : name + 1;
  if (is_catalog_name(name)) {
    return VQE_ICEBERG_NAME_CATALOG;
  }
  if (name[0] != 'v' || !isdigit((unsigned char)name[1])) {
    return VQE_ICEBERG_NAME_OTHER;
  }
  long long value = strtoll(name + 1, &end, 10);
  if (strstr(end, ".metadata.json") == NULL || ends_with(name, CLAIM)) {
    return VQE_ICEBERG_NAME_OTHER;
  }
  *version = value;
  for (size_t k = 0; value > 0 && k < sizeof known / sizeof known[0]; k++) {
    if (strcmp(end, known[k]) == 0) {
      return VQE_ICEBERG_NAME_VERSION;
    }
  }
  return VQE_ICEBERG_NAME_STRAY;
}

static int note(void *ctx, const struct vqe_object *object)
{
  struct vqe_iceberg_versions *versions = ctx;
  int64_t version;
  enum vqe_iceberg_name kind = vqe_iceberg_name_of(&version, object->key);
  if (object->is_folder || kind == VQE_ICEBERG_NAME_OTHER) {
    return VQE_OK;
  }
  int status =
      vqe_memory_grow(&versions->list, versions->count, versions->count + 1,
                      sizeof *versions->list, "a list of metadata files");
  if (status == VQE_OK) {
    struct vqe_iceberg_version *to = &versions->list[versions->count];
    to->kind = kind;
    to->version = version;
    to->modified_ms = object->modified_ms;
    status = vqe_memory_strdup(&to->key, object->key);
    versions->count += status == VQE_OK;
  }
  return status;
}

int vqe_iceberg_versions_list(struct vqe_iceberg_versions *out,
                              struct vqe_objects *objects, const char *table)
{
  char *folder = NULL;
  memset(out, 0, sizeof *out);
  int status =
      vqe_memory_print(&folder, VQE_ICEBERG_NAMESPACE "/%s/metadata", table);
  if (status == VQE_OK) {
    status = vqe_objects_list(objects, folder, false, note, out);
  }
  if (status != VQE_OK) {
    vqe_iceberg_versions_clear(out);
  }
  free(folder);
  return status;
}

void vqe_iceberg_versions_clear(struct vqe_iceberg_versions *versions)
{
  for (size_t k = 0; k < versions->count; k++) {
    free(versions->list[k].key);
  }
  free(versions->list);
  memset(versions, 0, sizeof *versions);
}

const struct vqe_iceberg_version *
vqe_iceberg_versions_find(const struct vqe_iceberg_version **twin,
                          const struct vqe_iceberg_versions *versions,
                          int64_t version)
{
  const struct vqe_iceberg_version *found = NULL;
  const struct vqe_iceberg_version *other = NULL;
  for (size_t k = 0; k < versions->count; k++) {
    const struct vqe_iceberg_version *item = &versions->list[k];
    if (item->kind == VQE_ICEBERG_NAME_VERSION && item->version == version) {
      other = found;
      found = item;
    }
  }
  if (twin != NULL) {
    *twin = other;
  }
  return found;
}

int64_t
vqe_iceberg_versions_newest(const struct vqe_iceberg_versions *versions,
                            int64_t hint)
{
  int64_t newest = hint;
  if (hint < 1 || vqe_iceberg_versions_find(NULL, versions, hint) == NULL) {
    newest = 0;
    for (size_t k = 0; k < versions->count; k++) {
      const struct vqe_iceberg_version *item = &versions->list[k];
      if (item->kind == VQE_ICEBERG_NAME_VERSION && item->version > newest) {
        newest = item->version;
      }
    }
    return newest;
  }
  while (vqe_iceberg_versions_find(NULL, versions, newest + 1) != NULL) {
    newest++;
  }
  return newest;
}
