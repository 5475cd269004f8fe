#include "lake/warehouse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "iceberg/iceberg_change.h"
#include "lake/duck.h"
#include "lake/scratch.h"
#include "objects/objects_lock.h"

/* The file that local writers lock; objects leave such names alone. */
#define WRITERS_NAME ".vqe-writers"
#define WRITERS_PAUSE_NS 20000000L /* between attempts to lock it */

/* A key whose bytes are in a local file as well. */
struct kept {
  char *key, *path;
};

struct vqe_warehouse {
  struct vqe_objects *objects;
  struct vqe_duck *duck;
  struct vqe_lock *lock;
  char *place; /* path of a local warehouse, else NULL */
  int writers; /* file that local writers lock, or -1 */
  struct vqe_temporary scratch;
  unsigned files; /* temporary ones made so far */
  struct kept *kept;
  size_t nkept;
  struct vqe_iceberg_table *tables[VQE_LAKE_TABLES]; /* NULL: not read */
  bool write;
  bool exclusive;
  double lock_wait_s; /* for other writers, at most */
  double opened;
  void (*warn)(void *ctx, const char *text);
  void *warn_ctx;
};

int vqe_warehouse_scratch_file(char **out, struct vqe_warehouse *warehouse)
{
  return vqe_memory_print(out, "%s/%06u.parquet", warehouse->scratch.path,
                          warehouse->files++);
}

/* ---- other writers ---- */

static int make_folders(const char *path)
{
  char *copy = NULL;
  int status = vqe_memory_strdup(&copy, path);
  for (char *c = copy; status == VQE_OK && c != NULL;) {
    c = strchr(c + 1, '/');
    if (c != NULL) {
      *c = '\0';
    }
    if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
      status = vqe_file_errno(errno, "cannot make the folder", copy);
    }
    if (c != NULL) {
      *c = '/';
    }
  }
  free(copy);
  return status;
}

/* Mode of a new file of writers: whoever may read it can lock it and so stop
 * all writers, so those alone read it who may write the folder, too. */
static mode_t writers_mode(const char *place)
{
  struct stat info = {0};
  if (stat(place, &info) != 0) {
    return 0600;
  }
  return 0600 | ((info.st_mode & S_IWGRP) != 0 ? 0060 : 0) |
         ((info.st_mode & S_IWOTH) != 0 ? 0006 : 0);
}

/* Earlier versions let all read the file: one of ours is closed to them. */
static void restrict_writers(const struct vqe_warehouse *warehouse,
                             const struct stat *info, mode_t mode)
{
  if (info->st_uid == geteuid() && (info->st_mode & 0066 & ~mode) != 0) {
    (void)fchmod(warehouse->writers, info->st_mode & 07777 & (mode | 0700));
  }
}

/* Where the file system has no such locks, nobody is ever alone. */
static int join_writers(struct vqe_warehouse *warehouse)
{
  char *path = NULL;
  int status = make_folders(warehouse->place);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_memory_print(&path, "%s/" WRITERS_NAME, warehouse->place);
  if (status != VQE_OK) {
    return status;
  }
  struct stat info = {0};
  mode_t mode = writers_mode(warehouse->place);
  warehouse->writers =
      open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);
  if (warehouse->writers < 0) {
    status = vqe_file_errno(errno, "cannot write", path);
  } else if (fstat(warehouse->writers, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = vqe_error_set(VQE_ERR_INPUT, "'%s' is no file; remove it", path);
  } else {
    restrict_writers(warehouse, &info, mode);
    status = vqe_warehouse_share(warehouse);
  }
  free(path);
  return status;
}

int vqe_warehouse_alone(bool *alone, struct vqe_warehouse *warehouse)
{
  *alone = warehouse->exclusive;
  if (warehouse->exclusive) {
    return VQE_OK;
  }
  if (warehouse->writers < 0 ||
      flock(warehouse->writers, LOCK_EX | LOCK_NB) != 0) {
    /* the attempt may have cost the shared lock */
    return vqe_warehouse_share(warehouse);
  }
  *alone = true;
  vqe_scratch_remove_stale(warehouse->place, warehouse->scratch.path);
  return VQE_OK;
}

int vqe_warehouse_share(struct vqe_warehouse *warehouse)
{
  double start = vqe_clock_wall();
  double waited_s = 0.0;
  bool held = warehouse->writers < 0 ||
              flock(warehouse->writers, LOCK_SH | LOCK_NB) == 0 ||
              errno != EWOULDBLOCK;
  while (!held && waited_s < warehouse->lock_wait_s) {
    struct timespec pause = {.tv_nsec = WRITERS_PAUSE_NS};
    if (nanosleep(&pause, NULL) != 0) {
      break; /* a signal that ends the program ends the wait, too */
    }
    held = flock(warehouse->writers, LOCK_SH | LOCK_NB) == 0 ||
           errno != EWOULDBLOCK;
    waited_s = vqe_clock_wall() - start;
  }
  if (held) {
    return VQE_OK;
  }
  return vqe_error_set(
      VQE_ERR_EXISTS,
      "another process has '%s/" WRITERS_NAME "' locked for itself, waited "
      "%.0f s; try again when it has ended, or end it (lslocks lists it)",
      warehouse->place, waited_s);
}

/* ---- opening and closing ---- */

static int note_table(void *ctx, const struct vqe_object *object)
{
  bool *found = ctx;
  char key[128];
  for (int k = 0; object->is_folder && k < VQE_LAKE_TABLES; k++) {
    snprintf(key, sizeof key, VQE_ICEBERG_NAMESPACE "/%s/",
             vqe_lake_definitions[k].name);
    *found = *found || strcmp(object->key, key) == 0;
  }
  return VQE_OK;
}

static int require_tables(struct vqe_objects *objects, const char *location)
{
  bool found = false;
  int status = vqe_objects_list(objects, VQE_ICEBERG_NAMESPACE, false,
                                note_table, &found);
  if (status == VQE_OK && !found) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND,
                           "no tables at '%s': vqe_lake normalize makes them; "
                           "or correct the place",
                           location);
  }
  return status;
}

static int find_place(struct vqe_warehouse *warehouse)
{
  char *uri = NULL;
  if (!vqe_objects_is_local(warehouse->objects)) {
    return VQE_OK;
  }
  int status = vqe_objects_uri(&uri, warehouse->objects, "");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(
        &warehouse->place, strncmp(uri, "file://", 7) == 0 ? uri + 7 : uri);
  }
  free(uri);
  return status;
}

static int take_lock(struct vqe_warehouse *warehouse,
                     const struct vqe_warehouse_options *options)
{
  bool conditional;
  size_t ended = 0;
  const char *holder = options->holder != NULL ? options->holder : "vqe_lake";
  int status =
      vqe_objects_supports_conditional_put(&conditional, warehouse->objects);
  if (status != VQE_OK || conditional) {
    return status;
  }
  status = options->over_ended
               ? vqe_lock_acquire_over_ended(&warehouse->lock, &ended,
                                             warehouse->objects, holder,
                                             options->lock_wait_s)
               : vqe_lock_acquire(&warehouse->lock, warehouse->objects, holder,
                                  options->lock_wait_s);
  if (ended > 0) {
    vqe_warehouse_warn(warehouse,
                       "note: removed the lock of a %s that was cut", holder);
  }
  if (status == VQE_OK) {
    warehouse->exclusive = true;
    vqe_warehouse_warn(warehouse,
                       "%s does not protect concurrent writers: the lock is "
                       "taken, and other writers must take it too",
                       vqe_objects_describe(warehouse->objects));
  }
  return status;
}

int vqe_warehouse_beside(char **out, const char *result_path)
{
  size_t length = strlen(result_path);
  if (length > 3 && strcmp(result_path + length - 3, ".h5") == 0) {
    length -= 3;
  }
  return vqe_memory_print(out, "%.*s.warehouse", (int)length, result_path);
}

int vqe_warehouse_open(struct vqe_warehouse **out, const char *location,
                       const struct vqe_warehouse_options *options)
{
  struct vqe_warehouse *warehouse;
  int status =
      vqe_memory_alloc(&warehouse, 1, sizeof *warehouse, "a warehouse");
  if (status != VQE_OK) {
    return status;
  }
  warehouse->writers = -1;
  warehouse->write = options->write;
  warehouse->lock_wait_s = options->lock_wait_s;
  warehouse->opened = vqe_clock_wall();
  warehouse->warn = options->warn;
  warehouse->warn_ctx = options->warn_ctx;
  status = vqe_objects_open(&warehouse->objects, location, &options->objects);
  if (status == VQE_OK && options->existing) {
    status = require_tables(warehouse->objects, location);
  }
  if (status == VQE_OK) {
    status = find_place(warehouse);
  }
  if (status == VQE_OK && options->write && warehouse->place != NULL) {
    status = join_writers(warehouse);
  }
  if (status == VQE_OK) {
    status = vqe_scratch_make(&warehouse->scratch, options->scratch,
                              options->write ? warehouse->place : NULL);
  }
  if (status == VQE_OK) {
    struct vqe_duck_options duck = {options->memory_mb, options->threads,
                                    warehouse->scratch.path};
    status = vqe_duck_open(&warehouse->duck, &duck);
  }
  if (status == VQE_OK && options->write) {
    status = take_lock(warehouse, options);
  }
  if (status != VQE_OK) {
    char *message = strdup(vqe_error_message());
    (void)vqe_warehouse_close(warehouse);
    status =
        vqe_error_set(status, "%s", message != NULL ? message : "no memory");
    free(message);
    return status;
  }
  *out = warehouse;
  return VQE_OK;
}

int vqe_warehouse_close(struct vqe_warehouse *warehouse)
{
  int status = VQE_OK;
  if (warehouse == NULL) {
    return VQE_OK;
  }
  for (int k = 0; k < VQE_LAKE_TABLES; k++) {
    vqe_warehouse_forget(warehouse, (enum vqe_lake_table_index)k);
  }
  vqe_duck_close(warehouse->duck);
  vqe_temporary_remove(&warehouse->scratch);
  if (warehouse->lock != NULL) {
    status = vqe_lock_release(warehouse->lock);
  }
  if (warehouse->writers >= 0) {
    close(warehouse->writers);
  }
  vqe_objects_close(warehouse->objects);
  for (size_t k = 0; k < warehouse->nkept; k++) {
    free(warehouse->kept[k].key);
    free(warehouse->kept[k].path);
  }
  free(warehouse->kept);
  free(warehouse->place);
  free(warehouse);
  return status;
}

struct vqe_objects *vqe_warehouse_objects(struct vqe_warehouse *warehouse)
{
  return warehouse->objects;
}

struct vqe_duck *vqe_warehouse_duck(struct vqe_warehouse *warehouse)
{
  return warehouse->duck;
}

bool vqe_warehouse_exclusive(const struct vqe_warehouse *warehouse)
{
  return warehouse->exclusive;
}

const char *vqe_warehouse_scratch(const struct vqe_warehouse *warehouse)
{
  return warehouse->scratch.path;
}

void vqe_warehouse_times(struct vqe_warehouse_times *out,
                         const struct vqe_warehouse *warehouse)
{
  const struct vqe_duck *duck = warehouse->duck;
  struct vqe_objects_usage usage;
  vqe_objects_usage(&usage, warehouse->objects);
  *out = (struct vqe_warehouse_times){
      .total = vqe_clock_wall() - warehouse->opened,
      .sql = duck->seconds - duck->parquet_seconds,
      .parquet = duck->parquet_seconds,
      .store = usage.seconds,
      .requests = usage.requests};
}

void vqe_warehouse_warn(struct vqe_warehouse *warehouse, const char *format,
                        ...)
{
  char text[1024];
  va_list arguments;
  if (warehouse->warn == NULL) {
    return;
  }
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  warehouse->warn(warehouse->warn_ctx, text);
}

/* ---- local files of keys ---- */

int vqe_warehouse_keep(struct vqe_warehouse *warehouse, const char *key,
                       char *path)
{
  struct kept *kept;
  char *copy = NULL;
  int status = VQE_OK;
  if (vqe_objects_is_local(warehouse->objects)) {
    unlink(path);
    free(path);
    return VQE_OK;
  }
  status = vqe_memory_strdup(&copy, key);
  if (status == VQE_OK && (warehouse->nkept & (warehouse->nkept - 1)) == 0) {
    size_t capacity = warehouse->nkept > 0 ? 2 * warehouse->nkept : 1;
    status = vqe_memory_grow(&warehouse->kept, warehouse->nkept, capacity,
                             sizeof *kept, "list of files");
  }
  if (status != VQE_OK) {
    free(copy);
    free(path);
    return status;
  }
  kept = &warehouse->kept[warehouse->nkept++];
  kept->key = copy;
  kept->path = path;
  return VQE_OK;
}

/* DuckDB opens by path, so the file is looked at before. */
static int check_local(struct vqe_warehouse *warehouse, const char *key,
                       uint64_t size)
{
  uint64_t found = 0;
  int descriptor = -1;
  int status =
      vqe_objects_open_key(&descriptor, &found, warehouse->objects, key);
  if (status == VQE_OK) {
    close(descriptor);
    status = vqe_objects_require_size(key, found, size);
  }
  return status;
}

/* On S3: from the files that were downloaded before, else downloaded. */
static int fetch_remote(char **out, struct vqe_warehouse *warehouse,
                        const char *key, uint64_t size)
{
  char *path = NULL;
  for (size_t k = 0; k < warehouse->nkept; k++) {
    if (strcmp(warehouse->kept[k].key, key) == 0) {
      return vqe_memory_strdup(out, warehouse->kept[k].path);
    }
  }
  int status = vqe_warehouse_scratch_file(&path, warehouse);
  if (status == VQE_OK) {
    status = vqe_objects_get_file(warehouse->objects, key, path, size);
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(out, path);
  }
  if (status != VQE_OK) {
    free(path);
    return status;
  }
  return vqe_warehouse_keep(warehouse, key, path);
}

int vqe_warehouse_fetch(char **out, struct vqe_warehouse *warehouse,
                        const char *key, int64_t size)
{
  int status = VQE_OK;
  *out = NULL;
  if (size < 0) {
    return vqe_error_set(VQE_ERR_INPUT, "no size of '%s' in its manifest",
                         key);
  }
  if (!vqe_objects_is_local(warehouse->objects)) {
    status = fetch_remote(out, warehouse, key, (uint64_t)size);
  } else {
    status = check_local(warehouse, key, (uint64_t)size);
    if (status == VQE_OK) {
      status = vqe_objects_path(out, warehouse->objects, key);
    }
  }
  return status == VQE_ERR_NOT_FOUND
             ? vqe_error_context(VQE_ERR_INPUT,
                                 "a table refers to a file that is gone")
             : status;
}

/* ---- metadata of tables ---- */

void vqe_warehouse_forget(struct vqe_warehouse *warehouse,
                          enum vqe_lake_table_index index)
{
  VQE_ASSERT((size_t)index < VQE_LAKE_TABLES);
  vqe_iceberg_close(warehouse->tables[index]);
  warehouse->tables[index] = NULL;
}

/* Writers stop where another engine's commit would be passed over; readers see
 * the table as it was before it. */
static int require_whole(struct vqe_warehouse *warehouse,
                         const struct vqe_iceberg_table *table)
{
  int status = vqe_iceberg_require_whole(table);
  if (status != VQE_OK && !warehouse->write) {
    vqe_warehouse_warn(warehouse, "%s", vqe_error_message());
    status = VQE_OK;
  }
  return status;
}

int vqe_warehouse_iceberg(struct vqe_iceberg_table **out,
                          struct vqe_warehouse *warehouse,
                          enum vqe_lake_table_index index)
{
  VQE_ASSERT((size_t)index < VQE_LAKE_TABLES);
  struct vqe_iceberg_table **kept = &warehouse->tables[index];
  bool newest = warehouse->exclusive;
  bool is_new = false;
  int status = VQE_OK;
  *out = NULL;
  if (*kept != NULL && !newest) {
    status = vqe_iceberg_is_newest(&newest, *kept);
  }
  if (status == VQE_OK && *kept != NULL && !newest) {
    vqe_warehouse_forget(warehouse, index);
  }
  if (status == VQE_OK && *kept == NULL) {
    status = vqe_iceberg_open(kept, warehouse->objects,
                              vqe_lake_definitions[index].name);
    is_new = status == VQE_OK;
  }
  if (status == VQE_OK) {
    status = require_whole(warehouse, *kept);
  }
  if (status == VQE_OK && is_new && warehouse->write) {
    vqe_iceberg_mend_hint(*kept);
  }
  if (status == VQE_OK) {
    *out = *kept;
  }
  return status;
}
