#include "iceberg/iceberg_manifest_read.h"

#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "iceberg/iceberg_avro.h"
#include "iceberg/iceberg_file.h"
#include "iceberg/iceberg_manifest.h"
#include "iceberg/iceberg_value.h"

#define MOST_COLUMNS 20000

/* What a map takes from the statistics of a column. */
enum map_kind { SIZES, VALUES, NULLS, NANS, LOWER, UPPER };

static int missing(const char *what, const char *name)
{
  return vqe_error_set(VQE_ERR_INPUT, "%s: no field '%s'", what, name);
}

/* A value of a partition record or a bound, as bytes. */
static int get_value(struct vqe_iceberg_bytes *out, const avro_value_t *value)
{
  avro_value_t at = *value;
  const char *text = "";
  const void *data = "";
  size_t size = 1; /* of a string, its NUL is counted */
  int32_t number = 0;
  int64_t wide = 0;
  int flag = 0;
  double real = 0.0;
  float narrow = 0.0f;
  out->data = NULL;
  out->size = 0;
  if (avro_value_get_type(&at) == AVRO_UNION &&
      avro_value_get_current_branch(value, &at) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "Avro: %s", avro_strerror());
  }
  switch (avro_value_get_type(&at)) {
  case AVRO_NULL:
    return VQE_OK;
  case AVRO_STRING:
    avro_value_get_string(&at, &text, &size);
    return vqe_iceberg_bytes_string(out, text, size - 1);
  case AVRO_BYTES:
    avro_value_get_bytes(&at, &data, &size);
    return vqe_iceberg_bytes_string(out, data, size);
  case AVRO_INT32:
    avro_value_get_int(&at, &number);
    return vqe_iceberg_bytes_int(out, number);
  case AVRO_INT64:
    avro_value_get_long(&at, &wide);
    return vqe_iceberg_bytes_long(out, wide);
  case AVRO_BOOLEAN:
    avro_value_get_boolean(&at, &flag);
    return vqe_iceberg_bytes_boolean(out, flag != 0);
  case AVRO_FLOAT: /* of another engine's partition field */
    avro_value_get_float(&at, &narrow);
    return vqe_iceberg_bytes_string(out, (const char *)&narrow, sizeof narrow);
  case AVRO_FIXED:
    avro_value_get_fixed(&at, &data, &size);
    return vqe_iceberg_bytes_string(out, data, size);
  case AVRO_DOUBLE:
    avro_value_get_double(&at, &real);
    return vqe_iceberg_bytes_double(out, real);
  default:
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "a partition value of an unknown type");
  }
}

/* The statistics of a field, made when there are none yet; *next is where to
 * look first. */
static int stats_of(struct vqe_iceberg_stats **out,
                    struct vqe_iceberg_file *file, int field_id, size_t *next)
{
  /* mostly all maps have the columns in one order */
  if (*next < file->nstats && file->stats[*next].field_id == field_id) {
    *out = &file->stats[(*next)++];
    return VQE_OK;
  }
  for (size_t k = 0; k < file->nstats; k++) {
    if (file->stats[k].field_id == field_id) {
      *out = &file->stats[k];
      *next = k + 1;
      return VQE_OK;
    }
  }
  if (file->nstats == MOST_COLUMNS) {
    /* each is looked for among those before it */
    return vqe_error_set(VQE_ERR_INPUT,
                         "statistics of more than %d columns in one file",
                         MOST_COLUMNS);
  }
  int status = VQE_OK;
  size_t count = file->nstats;
  if ((count & (count - 1)) == 0) { /* room for a power of two of them */
    status = vqe_memory_grow(&file->stats, count, count > 0 ? 2 * count : 1,
                             sizeof *file->stats, "statistics of a data file");
  }
  if (status == VQE_OK) {
    *out = &file->stats[file->nstats++];
    *next = file->nstats;
    vqe_iceberg_stats_unknown(*out, field_id);
  }
  return status;
}

static int get_map(struct vqe_iceberg_file *file, const avro_value_t *record,
                   const char *name, enum map_kind kind)
{
  avro_value_t array, item, value;
  size_t count = 0;
  size_t next = 0;
  int status = VQE_OK;
  if (!vqe_avro_get(&array, record, name)) {
    return VQE_OK;
  }
  if (avro_value_get_type(&array) != AVRO_ARRAY ||
      avro_value_get_size(&array, &count) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "field '%s' is no map", name);
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_iceberg_stats *stats = NULL;
    int64_t key, number;
    if (avro_value_get_by_index(&array, k, &item, NULL) != 0 ||
        !vqe_avro_get_integer(&key, &item, "key") || key < INT32_MIN ||
        key > INT32_MAX) {
      return missing(name, "key");
    }
    status = stats_of(&stats, file, (int)key, &next);
    if (status != VQE_OK) {
      break;
    }
    if (kind == LOWER || kind == UPPER) {
      struct vqe_iceberg_bytes *bound =
          kind == LOWER ? &stats->lower : &stats->upper;
      vqe_iceberg_bytes_clear(bound);
      if (vqe_avro_get(&value, &item, "value")) {
        status = get_value(bound, &value);
      }
    } else if (!vqe_avro_get_integer(&number, &item, "value")) {
      return missing(name, "value");
    } else if (kind == SIZES) {
      stats->column_size = number;
    } else if (kind == VALUES) {
      stats->value_count = number;
    } else if (kind == NULLS) {
      stats->null_count = number;
    } else {
      stats->nan_count = number;
    }
  }
  return status;
}

static int get_partition(struct vqe_iceberg_file *file,
                         const avro_value_t *record, const char *what)
{
  avro_value_t partition, value;
  size_t count = 0;
  if (!vqe_avro_get(&partition, record, "partition") ||
      avro_value_get_type(&partition) != AVRO_RECORD ||
      avro_value_get_size(&partition, &count) != 0) {
    return missing(what, "partition");
  }
  int status = vqe_memory_alloc(&file->partition, count,
                                sizeof *file->partition, "partition values");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    if (avro_value_get_by_index(&partition, k, &value, NULL) != 0) {
      return missing(what, "partition");
    }
    status = get_value(&file->partition[k], &value);
    file->npartition = k + 1;
  }
  return status;
}

static int get_offsets(struct vqe_iceberg_file *file,
                       const avro_value_t *record)
{
  avro_value_t array, item;
  size_t count = 0;
  if (!vqe_avro_get(&array, record, "split_offsets") ||
      avro_value_get_type(&array) != AVRO_ARRAY ||
      avro_value_get_size(&array, &count) != 0) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&file->split_offsets, count,
                                sizeof *file->split_offsets, "split offsets");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    if (avro_value_get_by_index(&array, k, &item, NULL) != 0 ||
        avro_value_get_long(&item, &file->split_offsets[k]) != 0) {
      return missing("split_offsets", "element");
    }
    file->nsplit_offsets = k + 1;
  }
  return status;
}

static int get_file(struct vqe_iceberg_entry *entry,
                    const avro_value_t *record, const char *what)
{
  static const struct {
    const char *name;
    enum map_kind kind;
  } maps[] = {{"column_sizes", SIZES},      {"value_counts", VALUES},
              {"null_value_counts", NULLS}, {"nan_value_counts", NANS},
              {"lower_bounds", LOWER},      {"upper_bounds", UPPER}};
  struct vqe_iceberg_file *file = &entry->file;
  avro_value_t value;
  const char *uri, *format;
  int64_t content = 0; /* files of format version 1 have none */
  vqe_avro_get_integer(&content, record, "content");
  entry->content = (int)content;
  entry->of_deletes = vqe_avro_get(&value, record, "equality_ids") ||
                      vqe_avro_get(&value, record, "referenced_data_file");
  if (!vqe_avro_get_string(&uri, record, "file_path")) {
    return missing(what, "file_path");
  }
  if (!vqe_avro_get_string(&format, record, "file_format")) {
    return missing(what, "file_format");
  }
  if (!vqe_avro_get_integer(&file->record_count, record, "record_count") ||
      file->record_count < 0) {
    return missing(what, "record_count");
  }
  if (!vqe_avro_get_integer(&file->size, record, "file_size_in_bytes") ||
      file->size < 0) {
    return missing(what, "file_size_in_bytes");
  }
  entry->sort_order = -1;
  vqe_avro_get_integer(&entry->sort_order, record, "sort_order_id");
  int status = vqe_memory_strdup(&entry->uri, uri);
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&entry->format, format);
  }
  if (status == VQE_OK) {
    status = get_partition(file, record, what);
  }
  for (size_t k = 0; status == VQE_OK && k < sizeof maps / sizeof maps[0];
       k++) {
    status = get_map(file, record, maps[k].name, maps[k].kind);
  }
  return status == VQE_OK ? get_offsets(file, record) : status;
}

static int get_entry(struct vqe_iceberg_entry *entry,
                     const avro_value_t *value, const char *what)
{
  avro_value_t record;
  int64_t number;
  if (!vqe_avro_get_integer(&number, value, "status") || number < 0 ||
      number > 2) {
    return missing(what, "status");
  }
  entry->status = (int)number;
  entry->snapshot = entry->sequence = VQE_ICEBERG_INHERITED;
  entry->file_sequence = VQE_ICEBERG_INHERITED;
  vqe_avro_get_integer(&entry->snapshot, value, "snapshot_id");
  vqe_avro_get_integer(&entry->sequence, value, "sequence_number");
  vqe_avro_get_integer(&entry->file_sequence, value, "file_sequence_number");
  if (!vqe_avro_get(&record, value, "data_file")) {
    return missing(what, "data_file");
  }
  return get_file(entry, &record, what);
}

int vqe_iceberg_manifest_decode(struct vqe_iceberg_entries *out,
                                const char *data, size_t size,
                                const char *what)
{
  struct vqe_avro_reader *reader = NULL;
  memset(out, 0, sizeof *out);
  int status = vqe_avro_reader_open(&reader, data, size, what);
  while (status == VQE_OK) {
    struct vqe_iceberg_entry entry = {.status = 0};
    avro_value_t *value;
    status = vqe_avro_reader_next(&value, reader);
    if (status != VQE_OK || value == NULL) {
      break;
    }
    status = get_entry(&entry, value, what);
    if (status == VQE_OK) {
      status = vqe_iceberg_entries_add(out, &entry);
    } else {
      vqe_iceberg_entry_clear(&entry);
    }
  }
  vqe_avro_reader_close(reader);
  if (status != VQE_OK) {
    vqe_iceberg_entries_clear(out);
  }
  return status;
}

static int get_summaries(struct vqe_iceberg_manifest *manifest,
                         const avro_value_t *value, const char *what)
{
  avro_value_t array, item, slot;
  size_t count = 0;
  manifest->unsummarised = !vqe_avro_get(&array, value, "partitions");
  if (manifest->unsummarised) {
    return VQE_OK;
  }
  if (avro_value_get_type(&array) != AVRO_ARRAY ||
      avro_value_get_size(&array, &count) != 0) {
    return missing(what, "partitions");
  }
  int status =
      vqe_memory_alloc(&manifest->partitions, count,
                       sizeof *manifest->partitions, "partition summaries");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    struct vqe_iceberg_field_summary *summary = &manifest->partitions[k];
    int flag = 1;
    if (avro_value_get_by_index(&array, k, &item, NULL) != 0 ||
        !vqe_avro_get(&slot, &item, "contains_null") ||
        avro_value_get_type(&slot) != AVRO_BOOLEAN) {
      return missing(what, "contains_null");
    }
    avro_value_get_boolean(&slot, &flag);
    summary->contains_null = flag != 0;
    summary->contains_nan = -1;
    if (vqe_avro_get(&slot, &item, "contains_nan") &&
        avro_value_get_type(&slot) == AVRO_BOOLEAN) {
      avro_value_get_boolean(&slot, &summary->contains_nan);
    }
    manifest->npartitions = k + 1;
    if (vqe_avro_get(&slot, &item, "lower_bound")) {
      status = get_value(&summary->lower, &slot);
    }
    if (status == VQE_OK && vqe_avro_get(&slot, &item, "upper_bound")) {
      status = get_value(&summary->upper, &slot);
    }
  }
  return status;
}

static int get_manifest(struct vqe_iceberg_manifest *manifest,
                        const avro_value_t *value, const char *what)
{
  /* the second name is that of older writers */
  const struct {
    int64_t *to;
    const char *names[2];
    bool required;
  } fields[] = {
      {&manifest->length, {"manifest_length", NULL}, true},
      {&manifest->spec_id, {"partition_spec_id", NULL}, true},
      {&manifest->content, {"content", NULL}, false},
      {&manifest->sequence, {"sequence_number", NULL}, false},
      {&manifest->min_sequence, {"min_sequence_number", NULL}, false},
      {&manifest->snapshot, {"added_snapshot_id", NULL}, true},
      {&manifest->added_files,
       {"added_files_count", "added_data_files_count"},
       true},
      {&manifest->existing_files,
       {"existing_files_count", "existing_data_files_count"},
       true},
      {&manifest->deleted_files,
       {"deleted_files_count", "deleted_data_files_count"},
       true},
      {&manifest->added_rows, {"added_rows_count", NULL}, true},
      {&manifest->existing_rows, {"existing_rows_count", NULL}, true},
      {&manifest->deleted_rows, {"deleted_rows_count", NULL}, true}};
  const char *uri;
  if (!vqe_avro_get_string(&uri, value, "manifest_path")) {
    return missing(what, "manifest_path");
  }
  int status = vqe_memory_strdup(&manifest->uri, uri);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
    bool found = false;
    for (size_t n = 0; n < 2 && !found && fields[k].names[n] != NULL; n++) {
      found = vqe_avro_get_integer(fields[k].to, value, fields[k].names[n]);
    }
    if (!found && fields[k].required) {
      return missing(what, fields[k].names[0]);
    }
  }
  return get_summaries(manifest, value, what);
}

static int compare_uris(const void *left, const void *right)
{
  return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* A manifest that is listed twice would have its rows read twice. */
static int check_listed_once(const struct vqe_iceberg_manifests *manifests,
                             const char *what)
{
  const char **uris = NULL;
  if (manifests->count < 2) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&uris, manifests->count, sizeof *uris,
                                "the names of manifests");
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; k < manifests->count; k++) {
    uris[k] = manifests->list[k].uri;
  }
  qsort(uris, manifests->count, sizeof *uris, compare_uris);
  for (size_t k = 1; status == VQE_OK && k < manifests->count; k++) {
    if (strcmp(uris[k - 1], uris[k]) == 0) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "'%s' is damaged: it lists '%s' more than once",
                             what, uris[k]);
    }
  }
  free(uris);
  return status;
}

int vqe_iceberg_manifest_list_decode(struct vqe_iceberg_manifests *out,
                                     const char *data, size_t size,
                                     const char *what)
{
  struct vqe_avro_reader *reader = NULL;
  memset(out, 0, sizeof *out);
  int status = vqe_avro_reader_open(&reader, data, size, what);
  while (status == VQE_OK) {
    struct vqe_iceberg_manifest *manifest;
    avro_value_t *value;
    status = vqe_avro_reader_next(&value, reader);
    if (status != VQE_OK || value == NULL) {
      break;
    }
    status = vqe_iceberg_manifests_add(&manifest, out);
    if (status == VQE_OK) {
      status = get_manifest(manifest, value, what);
    }
  }
  vqe_avro_reader_close(reader);
  if (status == VQE_OK) {
    status = check_listed_once(out, what);
  }
  if (status != VQE_OK) {
    vqe_iceberg_manifests_clear(out);
  }
  return status;
}
