/* The header of a container file has the schema of its records: it is compared
 * with the one that we would write, field by field. */
#include "iceberg/iceberg_check_avro.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "iceberg/iceberg_avro.h"
#include "iceberg/iceberg_handle.h"
#include "iceberg/iceberg_json.h"
#include "iceberg/iceberg_manifest_schema.h"
#include "iceberg/iceberg_schema.h"
#include "iceberg/iceberg_snapshot.h"
#include "iceberg/iceberg_spec.h"
#include "iceberg/iceberg_type.h"

/* Field ids of format version 1 that version 2 does not have. */
static const int withdrawn[] = {105, 106, 107, 111};

/* One file under comparison. */
struct form {
  struct vqe_iceberg_checking *check;
  const char *name;    /* of the file */
  bool strict;         /* ours: optional fields are there, too */
  const json_t *spec;  /* of a manifest; NULL where it is not known */
  const char *context; /* field that is being looked at */
};

static bool same_text(const char *a, const char *b)
{
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool vqe_iceberg_check_is_ours(const struct vqe_iceberg_checking *check,
                               int64_t snapshot)
{
  const json_t *json =
      vqe_iceberg_snapshot_json(check->table->metadata, snapshot);
  const json_t *summary = json_object_get(json, "summary");
  const char *engine = vqe_iceberg_string(summary, "engine-name");
  /* Spark names its run, too, and writes by its own library */
  return vqe_iceberg_string(summary, VQE_ICEBERG_RUN_KEY) != NULL &&
         (engine == NULL || strcmp(engine, "vqe_batch") == 0);
}

/* ---- types ----------------------------------------------------------- */

static void compare_type(struct form *form, const json_t *found,
                         const json_t *expected);

static const json_t *field_with(const json_t *record, int64_t id)
{
  size_t k;
  json_t *field;
  json_array_foreach(json_object_get(record, "fields"), k, field)
  {
    if (vqe_iceberg_integer(field, "field-id", -1) == id) {
      return field;
    }
  }
  return NULL;
}

/* Every field has an id, and none is of another format version. */
static void check_ids(struct form *form, const json_t *record)
{
  size_t k;
  json_t *field;
  json_array_foreach(json_object_get(record, "fields"), k, field)
  {
    const char *name = vqe_iceberg_string(field, "name");
    int64_t id = vqe_iceberg_integer(field, "field-id", -1);
    if (id < 0) {
      PROBLEM(form->check, "'%s': Avro field '%s' has no field-id", form->name,
              name == NULL ? "?" : name);
    }
    for (size_t w = 0; w < sizeof withdrawn / sizeof withdrawn[0]; w++) {
      if (id == withdrawn[w]) {
        PROBLEM(form->check,
                "'%s': Avro field '%s' (%" PRId64 ") is not of format "
                "version 2",
                form->name, name == NULL ? "?" : name, id);
      }
    }
  }
}

/* Is that the Avro type of the values of a spec's field? Of columns whose type
 * is none of ours any. */
static bool partition_fits(const struct form *form, const json_t *field,
                           const json_t *found)
{
  static const char *const names[] = {
      [VQE_ICEBERG_STRING] = "string",   [VQE_ICEBERG_INT] = "int",
      [VQE_ICEBERG_LONG] = "long",       [VQE_ICEBERG_DOUBLE] = "double",
      [VQE_ICEBERG_BOOLEAN] = "boolean", [VQE_ICEBERG_DATE] = "int",
      [VQE_ICEBERG_TIMESTAMPTZ] = "long"};
  struct vqe_iceberg_partition_field read;
  vqe_iceberg_spec_field(&read, form->check->table, field);
  const char *name = json_is_string(found) ? json_string_value(found)
                                           : vqe_iceberg_string(found, "type");
  return read.type >= sizeof names / sizeof names[0] ||
         same_text(name, names[read.type]) ||
         /* written before the column was widened */
         (read.type == VQE_ICEBERG_LONG && same_text(name, "int"));
}

/* The partition values: a field for each of the spec. */
static void compare_partition(struct form *form, const json_t *found)
{
  const json_t *fields = json_object_get(form->spec, "fields");
  size_t count = json_array_size(json_object_get(found, "fields"));
  size_t k;
  json_t *field;
  check_ids(form, found);
  if (form->spec == NULL) {
    return;
  }
  json_array_foreach(fields, k, field)
  {
    int64_t id = vqe_iceberg_integer(field, "field-id", -2);
    const json_t *value = field_with(found, id);
    const json_t *type = json_object_get(value, "type");
    if (value == NULL) {
      PROBLEM(form->check,
              "'%s': no partition value for field %" PRId64 " of its spec",
              form->name, id);
    } else if (json_array_size(type) != 2 ||
               !same_text(json_string_value(json_array_get(type, 0)),
                          "null") ||
               (form->strict &&
                !json_is_null(json_object_get(value, "default")))) {
      PROBLEM(form->check,
              "'%s': partition value %" PRId64
              " is not optional, null first and by default",
              form->name, id);
    } else if (!partition_fits(form, field, json_array_get(type, 1))) {
      PROBLEM(form->check,
              "'%s': partition value %" PRId64 " is not of the type that its "
              "spec gives",
              form->name, id);
    }
  }
  if (count != json_array_size(fields)) {
    PROBLEM(form->check, "'%s': %zu partition values, its spec has %zu",
            form->name, count, json_array_size(fields));
  }
}

static void compare_field(struct form *form, const json_t *found,
                          const json_t *expected)
{
  const char *name = vqe_iceberg_string(expected, "name");
  bool optional = json_is_array(json_object_get(expected, "type"));
  const char *outer = form->context;
  form->context = name;
  if (!same_text(vqe_iceberg_string(found, "name"), name)) {
    PROBLEM(form->check, "'%s': Avro field %" PRId64 " is not called '%s'",
            form->name, vqe_iceberg_integer(expected, "field-id", -1), name);
  }
  if (optional && form->strict &&
      !json_is_null(json_object_get(found, "default"))) {
    PROBLEM(form->check, "'%s': Avro field '%s' has not the default null",
            form->name, name);
  }
  if (!optional && strcmp(name, "partition") == 0) {
    const json_t *record = json_object_get(found, "type");
    if (!same_text(vqe_iceberg_string(record, "name"), "r102")) {
      PROBLEM(form->check, "'%s': the record of partition values is not r102",
              form->name);
    }
    compare_partition(form, record);
  } else {
    compare_type(form, json_object_get(found, "type"),
                 json_object_get(expected, "type"));
  }
  form->context = outer;
}

/* Names of records that readers look for; the one of data files is free. */
static void compare_record(struct form *form, const json_t *found,
                           const json_t *expected)
{
  const char *name = vqe_iceberg_string(expected, "name");
  size_t k;
  json_t *field;
  if (strcmp(name, "r2") != 0 &&
      !same_text(vqe_iceberg_string(found, "name"), name)) {
    PROBLEM(form->check, "'%s': an Avro record is not called '%s'", form->name,
            name);
  }
  check_ids(form, found);
  json_array_foreach(json_object_get(expected, "fields"), k, field)
  {
    int64_t id = vqe_iceberg_integer(field, "field-id", -1);
    const json_t *there = field_with(found, id);
    bool optional = json_is_array(json_object_get(field, "type"));
    if (there != NULL) {
      compare_field(form, there, field);
    } else if (!optional || form->strict) {
      PROBLEM(form->check, "'%s': no Avro field '%s' (%" PRId64 ")",
              form->name, vqe_iceberg_string(field, "name"), id);
    }
  }
}

static void compare_type(struct form *form, const json_t *found,
                         const json_t *expected)
{
  const char *kind = vqe_iceberg_string(expected, "type");
  const char *name = form->context == NULL ? "the record" : form->context;
  if (json_is_array(expected)) {
    if (json_array_size(found) != 2 ||
        !same_text(json_string_value(json_array_get(found, 0)), "null")) {
      PROBLEM(form->check,
              "'%s': Avro field '%s' is not a union of null and one type",
              form->name, name);
      return;
    }
    compare_type(form, json_array_get(found, 1), json_array_get(expected, 1));
    return;
  }
  if (json_is_string(expected) ||
      !same_text(vqe_iceberg_string(found, "type"), kind)) {
    const char *plain = json_is_string(found)
                            ? json_string_value(found)
                            : vqe_iceberg_string(found, "type");
    if (!json_is_string(expected) ||
        !same_text(plain, json_string_value(expected))) {
      PROBLEM(form->check, "'%s': Avro field '%s' is no %s", form->name, name,
              kind != NULL ? kind : json_string_value(expected));
    }
    return;
  }
  if (!same_text(vqe_iceberg_string(found, "logicalType"),
                 vqe_iceberg_string(expected, "logicalType"))) {
    PROBLEM(form->check, "'%s': Avro field '%s' has not the logicalType %s",
            form->name, name, vqe_iceberg_string(expected, "logicalType"));
  }
  if (strcmp(kind, "record") == 0) {
    compare_record(form, found, expected);
    return;
  }
  int64_t id = vqe_iceberg_integer(expected, "element-id", -1);
  if (id >= 0 && vqe_iceberg_integer(found, "element-id", -1) != id) {
    PROBLEM(form->check,
            "'%s': the array '%s' has not the element-id %" PRId64, form->name,
            name, id);
  }
  compare_type(form, json_object_get(found, "items"),
               json_object_get(expected, "items"));
}

/* Takes `expected`, text of the schema that we would write. */
static void compare_schema(struct form *form, struct vqe_avro_reader *reader,
                           char *expected)
{
  size_t size = 0;
  const char *text = vqe_avro_reader_meta(reader, "avro.schema", &size);
  json_t *found = text == NULL ? NULL : vqe_json_parse_any(text, size);
  json_t *wanted = vqe_json_parse_any(expected, strlen(expected));
  if (found != NULL && wanted != NULL) {
    compare_type(form, found, wanted);
  }
  json_decref(found);
  json_decref(wanted);
  free(expected);
}

/* ---- header keys ----------------------------------------------------- */

static void expect_text(struct form *form, struct vqe_avro_reader *reader,
                        const char *key, const char *value)
{
  const char *text = vqe_avro_reader_meta(reader, key, NULL);
  if (text == NULL) {
    PROBLEM(form->check, "'%s': no header key '%s'", form->name, key);
  } else if (value != NULL && strcmp(text, value) != 0) {
    PROBLEM(form->check, "'%s': header key '%s' is '%.40s', not '%s'",
            form->name, key, text, value);
  }
}

static void expect_number(struct form *form, struct vqe_avro_reader *reader,
                          const char *key, int64_t value)
{
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  expect_text(form, reader, key, text);
}

static json_t *header_json(struct form *form, struct vqe_avro_reader *reader,
                           const char *key)
{
  size_t size = 0;
  const char *text = vqe_avro_reader_meta(reader, key, &size);
  json_t *value = text == NULL ? NULL : vqe_json_parse_any(text, size);
  expect_text(form, reader, key, NULL);
  if (text != NULL && value == NULL) {
    PROBLEM(form->check, "'%s': header key '%s' is no JSON", form->name, key);
  }
  return value;
}

/* Are the fields of two Iceberg schemas the same by id and type? Names and
 * comments may have changed since. */
static bool same_fields(const json_t *a, const json_t *b)
{
  size_t k;
  json_t *field;
  const json_t *others = json_object_get(b, "fields");
  if (json_array_size(json_object_get(a, "fields")) !=
      json_array_size(others)) {
    return false;
  }
  json_array_foreach(json_object_get(a, "fields"), k, field)
  {
    const json_t *other = json_array_get(others, k);
    if (vqe_iceberg_integer(field, "id", -1) !=
            vqe_iceberg_integer(other, "id", -2) ||
        !json_equal(json_object_get(field, "type"),
                    json_object_get(other, "type"))) {
      return false;
    }
  }
  return true;
}

static void check_schema_key(struct form *form, struct vqe_avro_reader *reader)
{
  const json_t *metadata = form->check->table->metadata;
  const char *text = vqe_avro_reader_meta(reader, "schema-id", NULL);
  json_t *schema = header_json(form, reader, "schema");
  int64_t id = text == NULL ? -1 : strtoll(text, NULL, 10);
  const json_t *known =
      vqe_iceberg_by_id(metadata, "schemas", "schema-id", id);
  if (schema != NULL &&
      !same_text(vqe_iceberg_string(schema, "type"), "struct")) {
    PROBLEM(form->check, "'%s': header key 'schema' holds no Iceberg schema",
            form->name);
  } else if (schema != NULL && known != NULL && !same_fields(schema, known)) {
    PROBLEM(form->check,
            "'%s': header key 'schema' is not the table's schema %" PRId64,
            form->name, id);
  } else if (schema != NULL && text != NULL &&
             vqe_iceberg_integer(schema, "schema-id", id) != id) {
    PROBLEM(form->check,
            "'%s': header keys 'schema' and 'schema-id' do not agree",
            form->name);
  }
  if (form->strict) {
    expect_text(form, reader, "schema-id", NULL);
  }
  if (text != NULL && known == NULL) {
    PROBLEM(form->check,
            "'%s': header key 'schema-id' names schema %" PRId64
            ", which the table has not",
            form->name, id);
  }
  json_decref(schema);
}

static void check_spec_key(struct form *form, struct vqe_avro_reader *reader,
                           const struct vqe_iceberg_manifest *manifest)
{
  json_t *fields = header_json(form, reader, "partition-spec");
  expect_number(form, reader, "partition-spec-id", manifest->spec_id);
  if (form->spec == NULL) {
    PROBLEM(form->check,
            "'%s': partition spec %" PRId64 " is not among the table's",
            form->name, manifest->spec_id);
  } else if (fields != NULL && !json_is_array(fields)) {
    PROBLEM(form->check,
            "'%s': header key 'partition-spec' is not the array of fields",
            form->name);
  } else if (fields != NULL) {
    const json_t *known = json_object_get(form->spec, "fields");
    bool same = json_array_size(fields) == json_array_size(known);
    for (size_t k = 0; same && k < json_array_size(known); k++) {
      const json_t *a = json_array_get(fields, k);
      const json_t *b = json_array_get(known, k);
      same = vqe_iceberg_integer(a, "source-id", -1) ==
                 vqe_iceberg_integer(b, "source-id", -2) &&
             vqe_iceberg_integer(a, "field-id", -1) ==
                 vqe_iceberg_integer(b, "field-id", -2) &&
             same_text(vqe_iceberg_string(a, "transform"),
                       vqe_iceberg_string(b, "transform")) &&
             same_text(vqe_iceberg_string(a, "name"),
                       vqe_iceberg_string(b, "name"));
    }
    if (!same) {
      PROBLEM(form->check,
              "'%s': header key 'partition-spec' is not the table's spec "
              "%" PRId64,
              form->name, manifest->spec_id);
    }
  }
  json_decref(fields);
}

int vqe_iceberg_check_manifest_form(
    struct vqe_iceberg_checking *check, const char *data, size_t size,
    const struct vqe_iceberg_manifest *manifest)
{
  const json_t *metadata = check->table->metadata;
  struct vqe_avro_reader *reader = NULL;
  char *expected = NULL;
  struct form form = {.check = check,
                      .name = manifest->uri,
                      .strict =
                          vqe_iceberg_check_is_ours(check, manifest->snapshot),
                      .spec = vqe_iceberg_by_id(metadata, "partition-specs",
                                                "spec-id", manifest->spec_id)};
  if (vqe_avro_reader_open(&reader, data, size, manifest->uri) != VQE_OK) {
    return VQE_OK; /* decoding it reports that */
  }
  check_schema_key(&form, reader);
  check_spec_key(&form, reader, manifest);
  expect_text(&form, reader, "format-version", "2");
  expect_text(&form, reader, "content",
              manifest->content == 0 ? "data" : "deletes");
  int status = VQE_OK;
  if (check->definition != NULL) {
    /* without partition, which compare_partition() compares */
    status = vqe_iceberg_manifest_schema(&expected, check->definition, NULL);
  }
  if (status == VQE_OK && expected != NULL) {
    compare_schema(&form, reader, expected);
  }
  vqe_avro_reader_close(reader);
  return status;
}

int vqe_iceberg_check_list_form(struct vqe_iceberg_checking *check,
                                const char *data, size_t size, const char *key,
                                const json_t *snapshot)
{
  struct vqe_avro_reader *reader = NULL;
  char *expected = NULL;
  int64_t id = vqe_iceberg_integer(snapshot, "snapshot-id", -1);
  int64_t parent = vqe_iceberg_integer(snapshot, "parent-snapshot-id", -1);
  struct form form = {.check = check,
                      .name = key,
                      .strict = vqe_iceberg_check_is_ours(check, id)};
  if (vqe_avro_reader_open(&reader, data, size, key) != VQE_OK) {
    return VQE_OK;
  }
  expect_number(&form, reader, "snapshot-id", id);
  expect_number(&form, reader, "sequence-number",
                vqe_iceberg_integer(snapshot, "sequence-number", -1));
  expect_text(&form, reader, "format-version", "2");
  if (parent >= 0) {
    expect_number(&form, reader, "parent-snapshot-id", parent);
  } else if (form.strict) {
    expect_text(&form, reader, "parent-snapshot-id", "null");
  }
  int status = vqe_iceberg_manifest_list_schema(&expected);
  if (status == VQE_OK) {
    compare_schema(&form, reader, expected);
  }
  vqe_avro_reader_close(reader);
  return status;
}
