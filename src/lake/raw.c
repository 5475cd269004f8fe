#include "lake/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/temporary.h"
#include "record/record_avro.h"
#include "record/record_json.h"

#define JSON_LIMIT ((size_t)256 << 20)
/* Records of one file whose reasons are given. */
#define NAMED 5
#define MAX_FILES ((size_t)100000000)

struct file {
  char *key;
  uint64_t size; /* as listed */
};

struct keys {
  const char *ending;
  size_t count, capacity;
  struct file *items;
};

struct reading {
  struct vqe_objects *objects;
  const struct vqe_raw_callbacks *callbacks;
  struct vqe_raw_counts *counts;
  const char *key;
  uint64_t size; /* of the file, as listed */
  size_t before; /* invalid records of earlier files */
  int refused;   /* status of the caller's visitor */
};

/* ---- which files ---- */

static bool ends_with(const char *text, const char *ending)
{
  size_t length = strlen(text);
  size_t tail = strlen(ending);
  return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static int collect(void *ctx, const struct vqe_object *object)
{
  struct keys *keys = ctx;
  if (object->is_folder || !ends_with(object->key, keys->ending)) {
    return VQE_OK;
  }
  if (keys->count == keys->capacity) {
    size_t capacity = 2 * keys->capacity + 256;
    if (capacity > MAX_FILES) {
      return vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "more than %zu raw files in one place", MAX_FILES);
    }
    int status = vqe_memory_grow(&keys->items, keys->count, capacity,
                                 sizeof *keys->items, "raw file names");
    if (status != VQE_OK) {
      return status;
    }
    keys->capacity = capacity;
  }
  keys->items[keys->count].size = object->size;
  int status = vqe_memory_strdup(&keys->items[keys->count].key, object->key);
  keys->count += status == VQE_OK;
  return status;
}

static void keys_clear(struct keys *keys)
{
  for (size_t k = 0; k < keys->count; k++) {
    free(keys->items[k].key);
  }
  free(keys->items);
}

static int find_experiments(void *ctx, const struct vqe_object *object)
{
  bool *found = ctx;
  /* what is there under the name and is no folder is for its listing to say */
  *found =
      *found || (object->is_folder ? strcmp(object->key, "experiments/") == 0
                                   : strcmp(object->key, "experiments") == 0);
  return VQE_OK;
}

/* ---- one file ---- */

static void report(const struct reading *reading, const char *reason)
{
  if (reading->callbacks->skipped != NULL) {
    reading->callbacks->skipped(reading->callbacks->ctx, reading->key, reason);
  }
}

/* One record of a file that has others; of many only the number. */
static void skip_record(void *ctx, const char *reason)
{
  struct reading *reading = ctx;
  reading->counts->invalid++;
  if (reading->counts->invalid - reading->before <= NAMED) {
    report(reading, reason);
  }
}

static int pass_on(void *ctx, struct vqe_record *record, size_t index)
{
  struct reading *reading = ctx;
  char where[1100];
  snprintf(where, sizeof where, "file '%.1000s', record %zu", reading->key,
           index);
  int status = vqe_record_validate(record, where);
  if (status == VQE_OK) {
    status = vqe_record_identify(record);
  }
  if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
    vqe_record_free(record);
    (void)vqe_error_context(status, "%s", where);
    skip_record(reading, vqe_error_message());
    return VQE_OK;
  }
  if (status != VQE_OK) {
    vqe_record_free(record);
    return status;
  }
  reading->counts->records++;
  status = reading->callbacks->record(reading->callbacks->ctx, record,
                                      reading->key, index);
  reading->refused = status;
  return status;
}

/* A copy of the object in a temporary folder, which the caller removes, or the
 * next run where this one is killed. */
static int download(char **path, struct vqe_temporary *folder,
                    const struct reading *reading)
{
  char *prefix = NULL;
  int status =
      vqe_memory_print(&prefix, "%s/vqe-lake-", vqe_temporary_place());
  if (status == VQE_OK) {
    status = vqe_temporary_make(folder, prefix);
  }
  free(prefix);
  if (status == VQE_OK) {
    status = vqe_memory_print(path, "%s/raw.avro", folder->path);
  }
  return status == VQE_OK
             ? vqe_objects_get_file(reading->objects, reading->key, *path,
                                    reading->size)
             : status;
}

/* A path of the open file of the key: avro-c opens by path, which may lead
 * elsewhere by then. */
static int open_local(char **path, int *descriptor,
                      const struct reading *reading)
{
  uint64_t size = 0;
  int status =
      vqe_objects_open_key(descriptor, &size, reading->objects, reading->key);
  if (status == VQE_OK) {
    status = vqe_memory_print(path, "/proc/self/fd/%d", *descriptor);
  }
  if (status == VQE_OK && access(*path, F_OK) != 0) {
    free(*path);
    *path = NULL;
    status = vqe_objects_path(path, reading->objects, reading->key);
  }
  return status;
}

static int read_avro(struct reading *reading, const char *where)
{
  char *path = NULL;
  int descriptor = -1;
  struct vqe_temporary folder = {NULL, -1};
  bool local = vqe_objects_is_local(reading->objects);
  int status = local ? open_local(&path, &descriptor, reading)
                     : download(&path, &folder, reading);
  if (status == VQE_OK) {
    status =
        vqe_record_avro_read_file(path, where, pass_on, skip_record, reading);
  }
  vqe_temporary_remove(&folder);
  if (descriptor >= 0) {
    close(descriptor);
  }
  free(path);
  return status;
}

static int read_json(struct reading *reading, const char *where)
{
  char *text = NULL;
  size_t size = 0;
  struct vqe_record *record = NULL;
  bool listed = !vqe_objects_is_local(reading->objects);
  int status = vqe_objects_get(&text, &size, reading->objects, reading->key,
                               listed && reading->size < JSON_LIMIT
                                   ? (size_t)reading->size
                                   : JSON_LIMIT);
  if (status == VQE_OK) {
    status = vqe_record_json_parse(&record, text, size, where);
  }
  free(text);
  if (status == VQE_ERR_MEMORY && record == NULL) {
    /* what it took is free again, and other files need less */
    status = vqe_error_set(VQE_ERR_INPUT,
                           "%s: JSON of %.0f MB takes more memory than there "
                           "is; give this run more, or split it",
                           where, (double)size / 1e6);
  }
  return status == VQE_OK ? pass_on(reading, record, 0) : status;
}

/* The store failing is not the file's fault: that ends the run. */
static bool is_fault_of_file(int status)
{
  return status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED ||
         status == VQE_ERR_NOT_FOUND;
}

static int read_all(struct reading *reading, const char *folder,
                    const char *ending,
                    int (*read)(struct reading *, const char *))
{
  struct keys keys = {ending, 0, 0, NULL};
  int status =
      vqe_objects_list(reading->objects, folder, true, collect, &keys);
  for (size_t k = 0; status == VQE_OK && k < keys.count; k++) {
    char where[1200];
    reading->key = keys.items[k].key;
    reading->size = keys.items[k].size;
    reading->refused = VQE_OK;
    reading->before = reading->counts->invalid;
    reading->counts->files++;
    snprintf(where, sizeof where, "file '%s'", keys.items[k].key);
    status = read(reading, where);
    if (status != VQE_OK && reading->refused == VQE_OK &&
        is_fault_of_file(status)) {
      reading->counts->unreadable++;
      report(reading, vqe_error_message());
      status = VQE_OK;
    }
    size_t invalid = reading->counts->invalid - reading->before;
    if (invalid > NAMED) {
      snprintf(where, sizeof where, "file '%.1000s': %zu more records",
               keys.items[k].key, invalid - NAMED);
      report(reading, where);
    }
  }
  keys_clear(&keys);
  return status;
}

int vqe_raw_read(struct vqe_objects *objects,
                 const struct vqe_raw_callbacks *callbacks,
                 struct vqe_raw_counts *counts)
{
  struct reading reading = {.objects = objects,
                            .callbacks = callbacks,
                            .counts = counts,
                            .refused = VQE_OK};
  bool below = false;
  memset(counts, 0, sizeof *counts);
  int status = vqe_objects_list(objects, "", false, find_experiments, &below);
  const char *folder = below ? "experiments" : "";
  if (status == VQE_OK) {
    status = read_all(&reading, folder, ".avro", read_avro);
  }
  if (status == VQE_OK) {
    status = read_all(&reading, folder, ".json", read_json);
  }
  return status;
}
