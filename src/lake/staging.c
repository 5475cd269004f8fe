#include "lake/staging.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* a set that cannot grow leaves the item out instead of ending the program */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "lake/duck.h"
#include "lake/staging_sink.h"
#include "record/fields.h"

/* An id that was staged. */
struct staged_id {
  UT_hash_handle hh;
  char *id;
};

struct vqe_staging {
  struct vqe_duck *duck;
  struct vqe_staging_sink records, iterations, terms, properties;
  struct vqe_staging_counts counts;
  struct staged_id *ids; /* a hash set */
};

/* ---- tables: the columns of the table of fields ---- */

struct staged_table {
  const char *name;
  const char *before; /* columns in front of those of the fields */
  const char *after;  /* and behind them */
  size_t more;        /* how many those are */
  const struct vqe_fields *fields;
};

static const struct staged_table records_table = {
    "staged_records", "record BIGINT",
    /* rows that the record brings to the larger tables */
    ", total_iterations INTEGER, iteration_parameter_rows BIGINT, "
    "term_rows BIGINT, property_rows BIGINT",
    5, &vqe_fields_record};
static const struct staged_table iterations_table = {
    "staged_iterations", "record BIGINT", "", 1, &vqe_fields_iteration};
static const struct staged_table terms_table = {
    "staged_terms", "record BIGINT, term_index INTEGER", "", 2,
    &vqe_fields_term};

static const struct staged_table properties_table = {
    "staged_properties", "record BIGINT", "", 1, &vqe_fields_property};

static const char *sql_type(enum vqe_field_kind kind)
{
  switch (kind) {
  case VQE_FIELD_INT:
    return "INTEGER";
  case VQE_FIELD_LONG:
    return "BIGINT";
  case VQE_FIELD_BOOL:
    return "BOOLEAN";
  case VQE_FIELD_DOUBLE:
    return "DOUBLE";
  case VQE_FIELD_DOUBLES:
  case VQE_FIELD_SLICE:
    return "DOUBLE[]";
  case VQE_FIELD_TEXTS:
    return "VARCHAR[]";
  case VQE_FIELD_ROWS:
    return "DOUBLE[][]";
  case VQE_FIELD_TEXT:
  case VQE_FIELD_RECORDS:
  case VQE_FIELD_RECORD:
    break;
  }
  return "VARCHAR";
}

/* Columns of the fields, those of nested records included; returns how many.
 */
static size_t add_columns(struct vqe_duck_text *sql,
                          const struct vqe_fields *fields)
{
  size_t count = 0;
  for (size_t k = 0; k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    if (field->kind == VQE_FIELD_RECORD) {
      count += add_columns(sql, field->parts);
    } else if (field->column != NULL) {
      vqe_duck_add(sql, ", %s %s", field->column, sql_type(field->kind));
      count++;
    }
  }
  return count;
}

static int make_table(struct vqe_staging_sink *sink, struct vqe_duck *duck,
                      const struct staged_table *table)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  vqe_duck_add(&sql, "CREATE OR REPLACE TABLE %s (%s", table->name,
               table->before);
  size_t columns = table->more + add_columns(&sql, table->fields);
  vqe_duck_add(&sql, "%s)", table->after);
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_execute(duck, "staging", sql.data);
  }
  if (status == VQE_OK) {
    status = vqe_staging_sink_open(sink, duck, table->name, columns);
  }
  free(sql.data);
  return status;
}

/* ---- ids ---- */

static void free_id(struct staged_id *item)
{
  if (item != NULL) {
    free(item->id);
    free(item);
  }
}

/* Remember an id; *known when it was there. */
/* NOLINTNEXTLINE(readability-function-size): macros of the hash set */
static int add_id(struct vqe_staging *staging, const char *id, bool *known)
{
  struct staged_id *item = NULL;
  HASH_FIND_STR(staging->ids, id, item);
  *known = item != NULL;
  if (*known) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&item, 1, sizeof *item, "ids");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&item->id, id);
  }
  if (status == VQE_OK) {
    HASH_ADD_KEYPTR(hh, staging->ids, item->id, strlen(item->id), item);
    if (item->hh.tbl == NULL) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for ids");
    }
  }
  if (status != VQE_OK) {
    free_id(item);
  }
  return status;
}

/* ---- records ---- */

static int put_value(struct vqe_staging_sink *sink,
                     const struct vqe_field *field, const void *self)
{
  bool truth;
  int whole;
  int64_t large;
  switch (field->kind) {
  case VQE_FIELD_TEXT:
    vqe_staging_put_text(sink, vqe_field_text(field, self));
    break;
  case VQE_FIELD_DOUBLE:
    vqe_staging_put_double(sink, vqe_field_double(field, self));
    break;
  case VQE_FIELD_INT:
    if (vqe_field_int(&whole, field, self)) {
      vqe_staging_put_int(sink, whole);
    } else {
      vqe_staging_put_null(sink);
    }
    break;
  case VQE_FIELD_LONG:
    if (vqe_field_long(&large, field, self)) {
      vqe_staging_put_long(sink, large);
    } else {
      vqe_staging_put_null(sink);
    }
    break;
  case VQE_FIELD_BOOL:
    if (vqe_field_bool(&truth, field, self)) {
      vqe_staging_put_bool(sink, truth);
    } else {
      vqe_staging_put_null(sink);
    }
    break;
  case VQE_FIELD_TEXTS:
    return vqe_staging_put_texts(sink, vqe_field_items(field, self),
                                 vqe_field_count(field, self));
  case VQE_FIELD_ROWS:
    return vqe_staging_put_rows(sink, vqe_field_items(field, self),
                                vqe_field_lengths(field, self),
                                vqe_field_count(field, self));
  case VQE_FIELD_DOUBLES:
  case VQE_FIELD_SLICE:
    if (vqe_field_present(field, self)) {
      return vqe_staging_put_doubles(sink, vqe_field_items(field, self),
                                     vqe_field_count(field, self));
    }
    vqe_staging_put_null(sink);
    break;
  case VQE_FIELD_RECORDS:
  case VQE_FIELD_RECORD:
    break; /* no columns */
  }
  return VQE_OK;
}

/* The columns of add_columns(); null all of them where the record that holds
 * the fields is not there. */
static int put_fields(struct vqe_staging_sink *sink,
                      const struct vqe_fields *fields, const void *self,
                      bool there)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    if (field->kind == VQE_FIELD_RECORD) {
      status = put_fields(sink, field->parts, self,
                          there && vqe_field_present(field, self));
    } else if (field->column != NULL && there) {
      status = put_value(sink, field, self);
    } else if (field->column != NULL) {
      vqe_staging_put_null(sink);
    }
  }
  return status;
}

static int append_record(struct vqe_staging *staging, int64_t number,
                         const struct vqe_record *record)
{
  struct vqe_staging_sink *sink = &staging->records;
  int64_t rows = 0;
  int64_t numbers = 0;
  for (size_t k = 0; k < record->niteration; k++) {
    rows += (int64_t)record->iterations[k].nparam;
  }
  for (size_t k = 0; k < record->nproperty; k++) {
    numbers += (int64_t)record->properties[k].nvalue;
  }
  vqe_staging_put_long(sink, number);
  int status = put_fields(sink, &vqe_fields_record, record, true);
  if (status == VQE_OK) {
    vqe_staging_put_int(sink, (int32_t)record->niteration);
    vqe_staging_put_long(sink, rows);
    vqe_staging_put_long(sink, (int64_t)record->nterm);
    vqe_staging_put_long(sink, numbers);
    status = vqe_staging_end_row(sink);
  }
  return status;
}

static int append_iterations(struct vqe_staging *staging, int64_t number,
                             const struct vqe_record *record)
{
  struct vqe_staging_sink *sink = &staging->iterations;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < record->niteration; k++) {
    vqe_staging_put_long(sink, number);
    status =
        put_fields(sink, &vqe_fields_iteration, &record->iterations[k], true);
    if (status == VQE_OK) {
      status = vqe_staging_end_row(sink);
    }
  }
  return status;
}

static int append_terms(struct vqe_staging *staging, int64_t number,
                        const struct vqe_record *record)
{
  struct vqe_staging_sink *sink = &staging->terms;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < record->nterm; k++) {
    vqe_staging_put_long(sink, number);
    vqe_staging_put_int(sink, (int32_t)k);
    status = put_fields(sink, &vqe_fields_term, &record->terms[k], true);
    if (status == VQE_OK) {
      status = vqe_staging_end_row(sink);
    }
  }
  return status;
}

static int append_properties(struct vqe_staging *staging, int64_t number,
                             const struct vqe_record *record)
{
  struct vqe_staging_sink *sink = &staging->properties;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < record->nproperty; k++) {
    vqe_staging_put_long(sink, number);
    status =
        put_fields(sink, &vqe_fields_property, &record->properties[k], true);
    if (status == VQE_OK) {
      status = vqe_staging_end_row(sink);
    }
  }
  return status;
}

int vqe_staging_create(struct vqe_staging **out, struct vqe_duck *duck)
{
  struct vqe_staging *staging;
  int status = vqe_memory_alloc(&staging, 1, sizeof *staging, "staging");
  if (status != VQE_OK) {
    return status;
  }
  staging->duck = duck;
  status = make_table(&staging->records, duck, &records_table);
  if (status == VQE_OK) {
    status = make_table(&staging->iterations, duck, &iterations_table);
  }
  if (status == VQE_OK) {
    status = make_table(&staging->terms, duck, &terms_table);
  }
  if (status == VQE_OK) {
    status = make_table(&staging->properties, duck, &properties_table);
  }
  if (status != VQE_OK) {
    vqe_staging_free(staging);
    return status;
  }
  *out = staging;
  return VQE_OK;
}

int vqe_staging_append(struct vqe_staging *staging, struct vqe_record *record,
                       const char *where, bool *skipped)
{
  struct vqe_staging_counts *counts = &staging->counts;
  bool known = false;
  bool unused;
  if (skipped == NULL) {
    skipped = &unused;
  }
  *skipped = true;
  int status = vqe_record_validate(record, where);
  if (status == VQE_OK) {
    status = vqe_record_identify(record);
  }
  if (status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED) {
    (void)vqe_error_context(status, "%s", where);
    counts->invalid++;
    return VQE_OK;
  }
  if (status == VQE_OK && !isfinite(record->minimum)) {
    counts->nonfinite_minimum++;
    vqe_error_set(VQE_ERR_NUMERIC,
                  "%s: the minimum is not finite; the record is skipped",
                  where);
    return VQE_OK;
  }
  if (status == VQE_OK) {
    status = add_id(staging, record->experiment_id, &known);
  }
  if (status == VQE_OK && known) {
    counts->duplicates++;
    vqe_error_set(VQE_ERR_EXISTS,
                  "%s: experiment %s came before; the first is kept", where,
                  record->experiment_id);
    return VQE_OK;
  }
  int64_t number = (int64_t)counts->records;
  if (status == VQE_OK) {
    status = append_record(staging, number, record);
  }
  if (status == VQE_OK) {
    status = append_iterations(staging, number, record);
  }
  if (status == VQE_OK) {
    status = append_terms(staging, number, record);
  }
  if (status == VQE_OK) {
    status = append_properties(staging, number, record);
  }
  if (status == VQE_OK) {
    counts->records++;
    counts->nonfinite_values += vqe_record_nonfinite(record);
    *skipped = false;
  }
  return status;
}

int vqe_staging_finish(struct vqe_staging *staging)
{
  int status = vqe_staging_sink_flush(&staging->records);
  if (status == VQE_OK) {
    status = vqe_staging_sink_flush(&staging->iterations);
  }
  if (status == VQE_OK) {
    status = vqe_staging_sink_flush(&staging->terms);
  }
  if (status == VQE_OK) {
    status = vqe_staging_sink_flush(&staging->properties);
  }
  return status;
}

const struct vqe_staging_counts *
vqe_staging_counts(const struct vqe_staging *staging)
{
  return &staging->counts;
}

void vqe_staging_free(struct vqe_staging *staging)
{
  if (staging == NULL) {
    return;
  }
  vqe_staging_sink_close(&staging->records);
  vqe_staging_sink_close(&staging->iterations);
  vqe_staging_sink_close(&staging->terms);
  vqe_staging_sink_close(&staging->properties);
  struct staged_id *item = staging->ids;
  HASH_CLEAR(hh, staging->ids); /* the table; items stay a list */
  while (item != NULL) {
    struct staged_id *next = item->hh.next;
    free_id(item);
    item = next;
  }
  free(staging);
}
