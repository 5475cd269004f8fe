#include "iceberg/iceberg_change.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/json_text.h"
#include "iceberg/iceberg_commit.h"
#include "iceberg/iceberg_gzip.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_id.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_key.h"
#include "iceberg/iceberg_old_metadata.h"
#include "iceberg/iceberg_table.h"
#include "iceberg/iceberg_versions.h"
#include "objects/objects.h"

#define HINT_RETRIES 2
#define RETRIES_DEFAULT 100
#define UNKNOWN_ATTEMPTS 3

/* Full jitter: 0 to 10 ms doubled each time, at most 1 s. */
static void back_off(int attempt)
{
  uint32_t bits = 0;
  double longest = 0.01 * (double)(1u << (attempt < 7 ? attempt : 7));
  if (longest > 1.0) {
    longest = 1.0;
  }
  if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) {
    bits = UINT32_MAX;
  }
  double wait = longest * (double)bits / (double)UINT32_MAX;
  struct timespec pause = {.tv_sec = (time_t)wait};
  pause.tv_nsec = (long)((wait - (double)pause.tv_sec) * 1e9);
  nanosleep(&pause, NULL);
}

enum race { WON, LOST, ABSENT, UNSURE };

/* Whose bytes lie under the key? */
static enum race who_won(struct vqe_objects *objects, const char *key,
                         const char *text, size_t size)
{
  char *found = NULL;
  size_t length;
  enum race race = UNSURE;
  int status = vqe_objects_get(&found, &length, objects, key,
                               VQE_ICEBERG_METADATA_LIMIT);
  if (status == VQE_OK) {
    race = length == size && memcmp(found, text, size) == 0 ? WON : LOST;
  } else if (status == VQE_ERR_NOT_FOUND) {
    race = ABSENT;
  }
  free(found);
  return race;
}

/* Where the store itself does not guard the key, what was put is read back:
 * a writer without the lock may have come in between. */
static enum race read_back(struct vqe_objects *objects, const char *key,
                           const char *text, size_t size)
{
  bool conditional = true;
  if (vqe_objects_supports_conditional_put(&conditional, objects) != VQE_OK ||
      conditional) {
    return WON;
  }
  return who_won(objects, key, text, size);
}

/* Put the metadata. *race is WON, LOST, or with an error ABSENT (surely not
 * there) or UNSURE. */
static int put_metadata(enum race *race, struct vqe_objects *objects,
                        const char *key, const char *text, size_t size)
{
  char message[512] = "";
  bool sent = false; /* a request that may still arrive */
  int status = VQE_OK;
  for (int attempt = 0; attempt < UNKNOWN_ATTEMPTS; attempt++) {
    enum race found;
    status = vqe_objects_put(objects, key, text, size, VQE_OBJECTS_ONLY_NEW);
    if (status == VQE_OK) {
      found = read_back(objects, key, text, size);
    } else if (status == VQE_ERR_EXISTS || status == VQE_ERR_IO) {
      snprintf(message, sizeof message, "%s", vqe_error_message());
      found = who_won(objects, key, text, size);
    } else {
      *race = sent ? UNSURE : ABSENT; /* refused: nothing was stored */
      return status;
    }
    if (found == WON || found == LOST) {
      *race = found;
      return VQE_OK;
    }
    if (found == ABSENT && vqe_objects_is_local(objects)) {
      *race = ABSENT; /* nothing is under way in a directory */
      return vqe_error_set(status, "%s", message);
    }
    sent = true;
    back_off(attempt); /* then the same bytes again */
  }
  *race = UNSURE;
  return vqe_error_set(VQE_ERR_IO, "the outcome of '%s' is unknown: %s", key,
                       message);
}

static int write_hint(struct vqe_objects *objects, const char *table,
                      int64_t version)
{
  char *key = NULL;
  char text[32];
  int length = snprintf(text, sizeof text, "%" PRId64, version);
  int status = vqe_iceberg_hint_key(&key, table);
  if (status == VQE_OK) {
    (void)vqe_iceberg_drop_checksum(objects, key);
    status = vqe_objects_put(objects, key, text, (size_t)length,
                             VQE_OBJECTS_REPLACE);
  }
  free(key);
  return status;
}

/* A stale hint costs readers a few probes, or shows them an older table: the
 * commit stands without, but a failure that passes is not left so. */
static void put_hint(struct vqe_objects *objects, const char *table,
                     int64_t version)
{
  int status = write_hint(objects, table, version);
  for (int k = 0; k < HINT_RETRIES && status != VQE_OK; k++) {
    status = write_hint(objects, table, version);
  }
}

void vqe_iceberg_mend_hint(const struct vqe_iceberg_table *table)
{
  if (table->hint != table->version) {
    put_hint(table->objects, table->name, table->version);
  }
}

static void step(const struct vqe_iceberg_change_options *options,
                 enum vqe_iceberg_step which)
{
  if (options->on_step != NULL) {
    options->on_step(options->on_step_ctx, which);
  }
}

static int require_safe(struct vqe_objects *objects, bool exclusive)
{
  bool conditional = false;
  if (exclusive) {
    return VQE_OK;
  }
  int status = vqe_objects_supports_conditional_put(&conditional, objects);
  if (status == VQE_OK && !conditional) {
    status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "%s does not protect concurrent writers: take the "
                           "writer lock before committing",
                           vqe_objects_describe(objects));
  }
  return status;
}

/* The next version as the table's properties want it, named as other engines
 * name it. */
static int encode(char **text, size_t *size, char **key, const char *name,
                  int64_t version, const json_t *metadata)
{
  const char *codec =
      vqe_iceberg_string(json_object_get(metadata, "properties"),
                         "write.metadata.compression-codec");
  bool packed = codec != NULL && strcasecmp(codec, "gzip") == 0;
  *text = vqe_json_dumps(metadata, JSON_COMPACT);
  if (*text == NULL) {
    return vqe_iceberg_no_json_memory();
  }
  *size = strlen(*text);
  int status = vqe_iceberg_metadata_key(key, name, version, packed);
  return status == VQE_OK && packed ? vqe_iceberg_pack(text, size) : status;
}

/* A writer that packs its metadata, or does not, puts the same version under
 * another name: the store lets both in. The one that sees the other takes its
 * own back, unless someone went on from it. What cannot be listed now, the
 * next commit finds. */
static void take_back(enum race *race, struct vqe_objects *objects,
                      const char *name, const char *key, int64_t version)
{
  struct vqe_iceberg_versions versions;
  const struct vqe_iceberg_version *twin = NULL;
  int status = vqe_iceberg_versions_list(&versions, objects, name);
  if (status == VQE_OK) {
    const struct vqe_iceberg_version *first =
        vqe_iceberg_versions_find(&twin, &versions, version);
    if (first != NULL && twin != NULL &&
        vqe_iceberg_versions_find(NULL, &versions, version + 1) == NULL &&
        vqe_objects_delete(objects, key) == VQE_OK) {
      *race = LOST;
    }
  }
  vqe_iceberg_versions_clear(&versions);
}

/* Where the table's properties ask for it, what left the metadata log goes. */
static void clean_up(struct vqe_objects *objects, const char *name,
                     const json_t *metadata)
{
  const char *wanted =
      vqe_iceberg_string(json_object_get(metadata, "properties"),
                         "write.metadata.delete-after-commit.enabled");
  struct vqe_iceberg_table *table = NULL;
  int64_t count = 0;
  if (wanted == NULL || strcasecmp(wanted, "true") != 0) {
    return;
  }
  if (vqe_iceberg_open(&table, objects, name) == VQE_OK) {
    /* what stays now goes by a later commit */
    (void)vqe_iceberg_remove_old_metadata(
        &count, table, vqe_iceberg_now_ms() - VQE_ICEBERG_METADATA_GRACE_MS);
  }
  vqe_iceberg_close(table);
}

/* Put `metadata` as the next version; *again after a lost race. */
static int put_next(struct vqe_iceberg_commit *result, bool *again,
                    struct vqe_objects *objects, const char *name,
                    const json_t *metadata,
                    const struct vqe_iceberg_change_options *options)
{
  char *key = NULL;
  char *text = NULL;
  size_t size = 0;
  enum race race = ABSENT;
  int64_t version = result->version + 1;
  int status = encode(&text, &size, &key, name, version, metadata);
  if (status == VQE_OK) {
    status = put_metadata(&race, objects, key, text, size);
  }
  if (race == WON && !options->exclusive) {
    take_back(&race, objects, name, key, version);
  }
  if (race == WON) {
    result->outcome = VQE_ICEBERG_COMMITTED;
    result->version = version;
    step(options, VQE_ICEBERG_STEP_METADATA);
    put_hint(objects, name, version);
    step(options, VQE_ICEBERG_STEP_HINT);
    clean_up(objects, name, metadata);
  } else if (race == UNSURE) {
    result->outcome = VQE_ICEBERG_UNKNOWN;
  } else if (race == LOST) {
    *again = true;
  }
  free(key);
  free(text);
  return status;
}

/* One attempt; *again after a lost race. */
static int attempt(struct vqe_iceberg_commit *result, bool *again,
                   struct vqe_objects *objects, const char *name,
                   const struct vqe_iceberg_change *change,
                   const struct vqe_iceberg_change_options *options)
{
  struct vqe_iceberg_table *table = NULL;
  json_t *metadata = NULL;
  *again = false;
  int status = vqe_iceberg_open(&table, objects, name);
  if (status == VQE_ERR_NOT_FOUND) {
    status = VQE_OK;
  }
  if (status == VQE_OK && table != NULL) {
    status = vqe_iceberg_require_whole(table);
  }
  if (status == VQE_OK) {
    result->version = table == NULL ? 0 : table->version;
    status = change->apply(change->ctx, &metadata, table);
  }
  if (status == VQE_OK && metadata != NULL) {
    status = put_next(result, again, objects, name, metadata, options);
  } else if (status == VQE_OK && table != NULL) {
    vqe_iceberg_mend_hint(table);
  }
  if (result->outcome == VQE_ICEBERG_NOTHING) {
    change->lost(change->ctx);
  }
  json_decref(metadata);
  vqe_iceberg_close(table);
  return status;
}

int vqe_iceberg_change_commit(struct vqe_iceberg_commit *result,
                              struct vqe_objects *objects, const char *table,
                              const struct vqe_iceberg_change *change,
                              const struct vqe_iceberg_change_options *options)
{
  int limit =
      options->max_retries > 0 ? options->max_retries : RETRIES_DEFAULT;
  bool again = true;
  int status = require_safe(objects, options->exclusive);
  if (status != VQE_OK) {
    return status;
  }
  step(options, VQE_ICEBERG_STEP_BEGIN);
  while (again) {
    VQE_ASSERT(result->outcome == VQE_ICEBERG_NOTHING);
    status = attempt(result, &again, objects, table, change, options);
    if (again && result->retries == limit) {
      return vqe_error_set(VQE_ERR_EXISTS,
                           "table '%s': other writers were faster %d times; "
                           "try again when they are done",
                           table, limit);
    }
    if (again) {
      back_off(result->retries);
      result->retries++;
    }
  }
  return status;
}
