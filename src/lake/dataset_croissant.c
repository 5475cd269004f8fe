/* Files and columns of a data set for machines, in Croissant 1.1, the
 * vocabulary of MLCommons (https://docs.mlcommons.org/croissant). What is the
 * same in all of them is schemas/dataset/croissant.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "lake/dataset_parts.h"

extern const char vqe_dataset_croissant_text[];
extern const size_t vqe_dataset_croissant_text_size;

static json_t *file_object(const struct vqe_dataset_file *file)
{
  char size[32];
  snprintf(size, sizeof size, "%llu B", (unsigned long long)file->bytes);
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "@type",
                   "cr:FileObject", "@id", file->name, "name", file->name,
                   "contentUrl", file->name, "contentSize", size, "sha256",
                   file->sha256, "encodingFormat", "application/x-parquet");
}

static json_t *file_set(int table)
{
  char id[32];
  char pattern[32];
  snprintf(id, sizeof id, "%s-files", vqe_dataset_tables[table]);
  snprintf(pattern, sizeof pattern, "%s/*.parquet", vqe_dataset_tables[table]);
  return json_pack("{s:s, s:s, s:s, s:s, s:s}", "@type", "cr:FileSet", "@id",
                   id, "name", id, "includes", pattern, "encodingFormat",
                   "application/x-parquet");
}

/* The type of a value, or of the innermost elements of a list. */
static const char *type_of(const char *type)
{
  static const struct {
    const char *inner, *name;
  } types[] = {{"double", "sc:Float"},
               {"boolean", "sc:Boolean"},
               {"int", "sc:Integer"},
               {"long", "sc:Integer"}};
  for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
    if (strstr(type, types[k].inner) != NULL) {
      return types[k].name;
    }
  }
  return "sc:Text";
}

static json_t *field(int table, const json_t *column)
{
  char id[96];
  char files[32];
  char doc[512];
  const char *name = json_string_value(json_object_get(column, "name"));
  const char *type = json_string_value(json_object_get(column, "type"));
  const json_t *measured = json_object_get(column, "unit");
  const char *unit = measured != NULL ? json_string_value(measured) : "";
  snprintf(id, sizeof id, "%s/%s", vqe_dataset_tables[table], name);
  snprintf(files, sizeof files, "%s-files", vqe_dataset_tables[table]);
  snprintf(doc, sizeof doc, "%s%s%s%s; known: %s",
           json_string_value(json_object_get(column, "doc")),
           unit[0] != '\0' ? " (" : "", unit, unit[0] != '\0' ? ")" : "",
           json_string_value(json_object_get(column, "known")));
  json_t *out = json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:{s:{s:s}, s:{s:s}}}", "@type", "cr:Field",
      "@id", id, "name", name, "description", doc, "dataType", type_of(type),
      "source", "fileSet", "@id", files, "extract", "column", name);
  if (out != NULL && strncmp(type, "list<", 5) == 0) {
    const char *shape = strncmp(type, "list<list<", 10) == 0 ? "-1,3" : "-1";
    if (json_object_set_new(out, "isArray", json_true()) != 0 ||
        json_object_set_new(out, "arrayShape", json_string(shape)) != 0) {
      json_decref(out);
      out = NULL;
    }
  }
  return out;
}

static json_t *record_set(const struct vqe_dataset *set, int table)
{
  const char *name = vqe_dataset_tables[table];
  json_t *columns = json_object_get(set->columns, name);
  json_t *out = json_pack(
      "{s:s, s:s, s:s, s:s, s:[]}", "@type", "cr:RecordSet", "@id", name,
      "name", name, "description",
      table == 0 ? "One row a run; molecule_split and stretch_split are its "
                   "two splits"
                 : "One row an energy evaluation; joins runs by experiment_id",
      "field");
  json_t *fields = json_object_get(out, "field");
  for (size_t k = 0; k < json_array_size(columns); k++) {
    if (json_array_append_new(fields,
                              field(table, json_array_get(columns, k))) != 0) {
      json_decref(out);
      return NULL;
    }
  }
  return out;
}

static int add_parts(json_t *document, const struct vqe_dataset *set)
{
  json_t *distribution = json_array();
  json_t *records = json_array();
  int failed = 0;
  for (int k = 0; k < set->nfiles; k++) {
    failed |= json_array_append_new(distribution, file_object(&set->files[k]));
  }
  for (int t = 0; t < VQE_DATASET_TABLES; t++) {
    failed |= json_array_append_new(distribution, file_set(t));
    failed |= json_array_append_new(records, record_set(set, t));
  }
  failed |= json_object_set_new(document, "distribution", distribution);
  failed |= json_object_set_new(document, "recordSet", records);
  return failed;
}

static int add_facts(json_t *document, const struct vqe_dataset *set)
{
  char license[256];
  char cite[512];
  snprintf(license, sizeof license, "https://spdx.org/licenses/%s.html",
           set->license);
  snprintf(cite, sizeof cite, "%.300s, version 1.0.0, %.4s, made by vqe_batch",
           set->name, set->date);
  int failed = json_object_set_new(document, "name", json_string(set->name));
  failed |= json_object_set_new(document, "license", json_string(license));
  failed |= json_object_set_new(document, "citeAs", json_string(cite));
  failed |=
      json_object_set_new(document, "datePublished", json_string(set->date));
  failed |=
      json_object_set_new(document, "creator",
                          json_pack("{s:s, s:s}", "@type", "sc:Organization",
                                    "name", "The authors of this data set"));
  return failed;
}

int vqe_dataset_write_croissant(const struct vqe_dataset *set)
{
  json_t *document = NULL;
  char *text = NULL;
  int status = vqe_json_parse(&document, vqe_dataset_croissant_text,
                              vqe_dataset_croissant_text_size, 0,
                              "Croissant of data sets");
  if (status == VQE_OK &&
      (add_facts(document, set) != 0 || add_parts(document, set) != 0 ||
       (text = vqe_json_dumps(document, JSON_INDENT(1))) == NULL)) {
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for croissant.json");
  }
  if (status == VQE_OK) {
    status = vqe_dataset_put(set, "croissant.json", text);
  }
  json_decref(document);
  free(text);
  return status;
}
