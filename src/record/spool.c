#include "record/spool.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/aside.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/own_file.h"
#include "base/sha256.h"
#include "record/record_avro.h"

static const char magic[4] = {'V', 'Q', 'E', 'S'};

#define VERSION 1u
/* magic, version, lengths of id, schema, record */
#define HEAD_BYTES 24
#define TAIL_BYTES 4
#define ID_DIGITS 64
#define CONTENT_DIGITS 16
#define SUFFIX ".vqes"
#define LARGEST_FILE (((size_t)1 << 31) + ((size_t)1 << 24))
#define LARGEST_ID 4096u
#define LARGEST_SCHEMA (1u << 20)

struct vqe_spool {
  char *path;
};

int vqe_spool_open_existing(struct vqe_spool **out, const char *path)
{
  struct vqe_spool *spool = NULL;
  struct stat info;
  *out = NULL;
  if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
    return vqe_error_set(VQE_ERR_IO, "the spool '%s' is no folder", path);
  }
  int status = vqe_memory_alloc(&spool, 1, sizeof *spool, "a spool");
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_memory_strdup(&spool->path, path);
  if (status != VQE_OK) {
    vqe_spool_close(spool);
    return status;
  }
  *out = spool;
  return VQE_OK;
}

/* Remove what writers that crashed left in the folder. */
static void sweep(const char *path)
{
  char *inside = NULL;
  if (vqe_memory_print(&inside, "%s/", path) == VQE_OK) {
    vqe_aside_sweep(inside);
  }
  free(inside);
}

int vqe_spool_open(struct vqe_spool **out, const char *path)
{
  *out = NULL;
  if (mkdir(path, 0700) != 0 && errno != EEXIST) {
    return vqe_error_set(VQE_ERR_IO,
                         "cannot make the spool folder '%s': %s; name a "
                         "folder that can be written",
                         path, strerror(errno));
  }
  int status = vqe_spool_open_existing(out, path);
  if (status != VQE_OK) {
    return status;
  }
  status = vqe_own_file_folder(path, "the spool folder");
  if (status != VQE_OK) {
    vqe_spool_close(*out);
    *out = NULL;
    return status;
  }
  if (access(path, R_OK | W_OK | X_OK) != 0) {
    status = vqe_error_set(VQE_ERR_IO,
                           "the spool folder '%s' cannot be written: %s", path,
                           strerror(errno));
    vqe_spool_close(*out);
    *out = NULL;
    return status;
  }
  sweep(path);
  vqe_file_sync_parent(path);
  return VQE_OK;
}

void vqe_spool_close(struct vqe_spool *spool)
{
  if (spool != NULL) {
    free(spool->path);
    free(spool);
  }
}

const char *vqe_spool_path(const struct vqe_spool *spool)
{
  return spool->path;
}

static bool is_hex(const char *text, size_t count)
{
  return strnlen(text, count) == count &&
         strspn(text, "0123456789abcdef") >= count;
}

static bool is_name(const char *name)
{
  return strlen(name) == VQE_SPOOL_NAME_SIZE - 1 && is_hex(name, ID_DIGITS) &&
         name[ID_DIGITS] == '-' &&
         is_hex(name + ID_DIGITS + 1, CONTENT_DIGITS) &&
         strcmp(name + ID_DIGITS + 1 + CONTENT_DIGITS, SUFFIX) == 0;
}

static int path_of(char **out, const struct vqe_spool *spool, const char *name)
{
  *out = NULL;
  if (!is_name(name)) {
    return vqe_error_set(VQE_ERR_INPUT, "'%s' is no name of a spooled record",
                         name);
  }
  if (asprintf(out, "%s/%s", spool->path, name) < 0) {
    *out = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a path");
  }
  return VQE_OK;
}

static int make_name(char name[VQE_SPOOL_NAME_SIZE], const char *id,
                     const uint8_t *avro, size_t size)
{
  char content[VQE_SHA256_HEX_SIZE];
  char other[VQE_SHA256_HEX_SIZE];
  int status = vqe_sha256_hex(content, avro, size);
  if (status == VQE_OK &&
      (strlen(id) != ID_DIGITS || !is_hex(id, ID_DIGITS))) {
    /* an id that others gave may hold anything */
    status = vqe_sha256_hex(other, id, strlen(id));
    id = other;
  }
  if (status == VQE_OK) {
    snprintf(name, VQE_SPOOL_NAME_SIZE, "%.*s-%.*s%s", ID_DIGITS, id,
             CONTENT_DIGITS, content, SUFFIX);
  }
  return status;
}

static uint8_t *put_bytes(uint8_t *to, const void *from, size_t size)
{
  if (size > 0) {
    memcpy(to, from, size);
  }
  return to + size;
}

static uint32_t checksum(const uint8_t *data, size_t size)
{
  uLong crc = crc32_z(crc32_z(0, NULL, 0), data, size);
  return (uint32_t)crc;
}

/* The whole file: head, id, schema, record, checksum. */
static void fill_file(uint8_t *data, const char *id, size_t id_size,
                      const uint8_t *avro, size_t size)
{
  size_t schema_size = vqe_record_avro_schema_text_size;
  uint32_t numbers[3] = {htole32(VERSION), htole32((uint32_t)id_size),
                         htole32((uint32_t)schema_size)};
  uint64_t length = htole64(size);
  uint8_t *end = put_bytes(data, magic, sizeof magic);
  end = put_bytes(end, numbers, sizeof numbers);
  end = put_bytes(end, &length, sizeof length);
  end = put_bytes(end, id, id_size);
  end = put_bytes(end, vqe_record_avro_schema_text, schema_size);
  end = put_bytes(end, avro, size);
  uint32_t crc = htole32(checksum(data, (size_t)(end - data)));
  put_bytes(end, &crc, sizeof crc);
}

int vqe_spool_put(char name[VQE_SPOOL_NAME_SIZE], struct vqe_spool *spool,
                  const char *experiment_id, const uint8_t *avro, size_t size)
{
  uint8_t *data = NULL;
  char *path = NULL;
  size_t id_size = strlen(experiment_id);
  name[0] = '\0';
  if (id_size > LARGEST_ID) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "an experiment_id of %zu bytes is too long", id_size);
  }
  size_t head =
      HEAD_BYTES + id_size + vqe_record_avro_schema_text_size + TAIL_BYTES;
  if (size > LARGEST_FILE - head) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "experiment %s: a record of %zu bytes is larger than "
                         "the spool takes",
                         experiment_id, size);
  }
  int status = make_name(name, experiment_id, avro, size);
  if (status == VQE_OK) {
    status = path_of(&path, spool, name);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&data, head + size, 1, "a spooled record");
  }
  if (status == VQE_OK) {
    fill_file(data, experiment_id, id_size, avro, size);
    status = vqe_aside_write(path, data, head + size);
    if (status != VQE_OK) {
      status = vqe_error_context(status,
                                 "experiment %s cannot be spooled (free some "
                                 "space in '%s' or name another spool)",
                                 experiment_id, spool->path);
    }
  }
  free(data);
  free(path);
  return status;
}

struct found {
  char name[VQE_SPOOL_NAME_SIZE];
  struct timespec time;
  uint64_t bytes;
};

static int by_age(const void *left, const void *right)
{
  const struct found *a = left;
  const struct found *b = right;
  if (a->time.tv_sec != b->time.tv_sec) {
    return a->time.tv_sec < b->time.tv_sec ? -1 : 1;
  }
  if (a->time.tv_nsec != b->time.tv_nsec) {
    return a->time.tv_nsec < b->time.tv_nsec ? -1 : 1;
  }
  return strcmp(a->name, b->name);
}

static int collect(struct found **out, size_t *count,
                   const struct vqe_spool *spool, DIR *folder)
{
  size_t capacity = 0;
  int status = VQE_OK;
  for (;;) {
    struct stat info;
    errno = 0;
    const struct dirent *entry = readdir(folder);
    if (entry == NULL) {
      if (errno != 0) {
        status = vqe_error_set(VQE_ERR_IO, "reading the spool '%s': %s",
                               spool->path, strerror(errno));
      }
      return status;
    }
    /* one that another program removes meanwhile is no longer ours to send */
    if (!is_name(entry->d_name) ||
        fstatat(dirfd(folder), entry->d_name, &info, 0) != 0) {
      continue;
    }
    if (*count == capacity) {
      size_t more = capacity == 0 ? 64 : 2 * capacity;
      status = vqe_memory_grow(out, capacity, more, sizeof **out,
                               "the list of spooled records");
      if (status != VQE_OK) {
        return status;
      }
      capacity = more;
    }
    struct found *found = &(*out)[(*count)++];
    memcpy(found->name, entry->d_name, VQE_SPOOL_NAME_SIZE);
    found->time = info.st_mtim;
    found->bytes = (uint64_t)info.st_size;
  }
}

static int collect_all(struct found **out, size_t *count,
                       const struct vqe_spool *spool)
{
  DIR *folder = opendir(spool->path);
  *out = NULL;
  *count = 0;
  if (folder == NULL) {
    return vqe_error_set(VQE_ERR_IO, "cannot read the spool '%s': %s",
                         spool->path, strerror(errno));
  }
  int status = collect(out, count, spool, folder);
  closedir(folder);
  return status;
}

int vqe_spool_measure(struct vqe_spool_size *out,
                      const struct vqe_spool *spool)
{
  struct found *found = NULL;
  struct timespec now;
  size_t count = 0;
  *out = (struct vqe_spool_size){.oldest_s = NAN};
  int status = collect_all(&found, &count, spool);
  clock_gettime(CLOCK_REALTIME, &now);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    double age = (double)(now.tv_sec - found[k].time.tv_sec) +
                 1e-9 * (double)(now.tv_nsec - found[k].time.tv_nsec);
    age = age > 0.0 ? age : 0.0;
    out->oldest_s = out->oldest_s >= age ? out->oldest_s : age;
    out->bytes += found[k].bytes;
    out->records++;
  }
  free(found);
  return status;
}

int vqe_spool_list(char (**names)[VQE_SPOOL_NAME_SIZE], size_t *count,
                   const struct vqe_spool *spool)
{
  struct found *found = NULL;
  *names = NULL;
  int status = collect_all(&found, count, spool);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(names, *count, VQE_SPOOL_NAME_SIZE,
                              "the list of spooled records");
  }
  if (status == VQE_OK && *count > 0) {
    qsort(found, *count, sizeof *found, by_age);
    for (size_t k = 0; k < *count; k++) {
      memcpy((*names)[k], found[k].name, VQE_SPOOL_NAME_SIZE);
    }
  }
  if (status != VQE_OK) {
    *count = 0;
  }
  free(found);
  return status;
}

/* The parts of a file, pointing into `data`. */
struct parts {
  const char *id;
  size_t id_size;
  const char *schema;
  size_t schema_size;
  const uint8_t *record;
  size_t record_size;
};

static int take_apart(struct parts *parts, const uint8_t *data, size_t size,
                      const char *path)
{
  uint32_t numbers[3];
  uint64_t length;
  uint32_t crc;
  if (size < HEAD_BYTES + TAIL_BYTES ||
      memcmp(data, magic, sizeof magic) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "'%s' is no spooled record", path);
  }
  memcpy(&crc, data + size - TAIL_BYTES, sizeof crc);
  if (le32toh(crc) != checksum(data, size - TAIL_BYTES)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' is damaged: its checksum does not hold; "
                         "publish the experiment from its result file and "
                         "remove this one",
                         path);
  }
  memcpy(numbers, data + sizeof magic, sizeof numbers);
  memcpy(&length, data + sizeof magic + sizeof numbers, sizeof length);
  if (le32toh(numbers[0]) != VERSION) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "'%s' has layout %u, this program knows %u: a newer "
                         "one wrote it",
                         path, le32toh(numbers[0]), VERSION);
  }
  size_t id_size = le32toh(numbers[1]);
  size_t schema_size = le32toh(numbers[2]);
  size_t left = size - HEAD_BYTES - TAIL_BYTES;
  if (id_size > LARGEST_ID || schema_size > LARGEST_SCHEMA ||
      id_size + schema_size > left ||
      le64toh(length) != left - id_size - schema_size) {
    return vqe_error_set(VQE_ERR_INPUT, "'%s': lengths do not fit", path);
  }
  parts->id = (const char *)data + HEAD_BYTES;
  parts->id_size = id_size;
  parts->schema = parts->id + id_size;
  parts->schema_size = schema_size;
  parts->record = (const uint8_t *)parts->schema + schema_size;
  parts->record_size = (size_t)le64toh(length);
  return VQE_OK;
}

/* Bring a record of an older program to our schema. */
static int rewrite(uint8_t **avro, size_t *size, const struct parts *parts,
                   const char *path)
{
  struct vqe_record_avro *theirs = NULL;
  struct vqe_record *record = NULL;
  int status =
      vqe_record_avro_create(&theirs, parts->schema, parts->schema_size);
  if (status != VQE_OK) {
    status = vqe_error_context(status, "'%s'", path);
  }
  if (status == VQE_OK) {
    status = vqe_record_avro_decode(&record, theirs, parts->record,
                                    parts->record_size, path);
  }
  if (status == VQE_OK) {
    status = vqe_record_avro_encode(avro, size, 0, record);
  }
  vqe_record_free(record);
  vqe_record_avro_free(theirs);
  return status;
}

/* The record as Avro binary of our schema. */
static int copy_record(uint8_t **avro, size_t *size, const struct parts *parts,
                       const char *path)
{
  bool ours = parts->schema != NULL &&
              parts->schema_size == vqe_record_avro_schema_text_size &&
              memcmp(parts->schema, vqe_record_avro_schema_text,
                     parts->schema_size) == 0;
  if (!ours) {
    return rewrite(avro, size, parts, path);
  }
  int status =
      vqe_memory_alloc(avro, parts->record_size, 1, "a spooled record");
  if (status == VQE_OK) {
    put_bytes(*avro, parts->record, parts->record_size);
    *size = parts->record_size;
  }
  return status;
}

int vqe_spool_load(char **experiment_id, uint8_t **avro, size_t *size,
                   const struct vqe_spool *spool, const char *name)
{
  char *path = NULL;
  char *data = NULL;
  char *id = NULL;
  size_t file_size = 0;
  struct parts parts = {0};
  *experiment_id = NULL;
  *avro = NULL;
  int status = path_of(&path, spool, name);
  if (status == VQE_OK) {
    status = vqe_own_file_read(&data, &file_size, path, LARGEST_FILE,
                               "spooled record");
  }
  if (status == VQE_OK) {
    status = take_apart(&parts, (const uint8_t *)data, file_size, path);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&id, parts.id_size + 1, 1, "an experiment_id");
  }
  if (status == VQE_OK) {
    put_bytes((uint8_t *)id, parts.id, parts.id_size);
    status = copy_record(avro, size, &parts, path);
  }
  if (status == VQE_OK) {
    *experiment_id = id;
    id = NULL;
  }
  free(id);
  free(data);
  free(path);
  return status;
}

int vqe_spool_read(struct vqe_record **out, const struct vqe_spool *spool,
                   const char *name)
{
  struct vqe_record_avro *codec = NULL;
  char *id = NULL;
  uint8_t *avro = NULL;
  size_t size = 0;
  *out = NULL;
  int status = vqe_spool_load(&id, &avro, &size, spool, name);
  if (status == VQE_OK) {
    status = vqe_record_avro_create(&codec, NULL, 0);
  }
  if (status == VQE_OK) {
    status = vqe_record_avro_decode(out, codec, avro, size, name);
  }
  vqe_record_avro_free(codec);
  free(avro);
  free(id);
  return status;
}

int vqe_spool_remove(struct vqe_spool *spool, const char *name)
{
  char *path = NULL;
  int status = path_of(&path, spool, name);
  if (path != NULL && unlink(path) != 0 && errno != ENOENT) {
    status = vqe_error_set(VQE_ERR_IO,
                           "cannot remove the delivered '%s': %s; it would be "
                           "sent again",
                           path, strerror(errno));
  }
  free(path);
  return status;
}
