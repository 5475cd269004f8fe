#include "lake/dataset.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/temporary.h"
#include "base/text.h"
#include "lake/dataset_parts.h"
#include "lake/query.h"
#include "lake/tables.h"

extern const char vqe_dataset_columns_text[];
extern const size_t vqe_dataset_columns_text_size;

/* Of the splits by stretch, in names of files. */
static const char *const distances[VQE_DATASET_SPLITS] = {"near", "middle",
                                                          "far"};
static const char *const orders[VQE_DATASET_TABLES] = {
    "experiment_id", "experiment_id, iteration_step"};

/* ---- Parquet ---- */

/* Hash of an open file, whose pages the system keeps and not we. */
static int hash_file(struct vqe_dataset_file *file, int descriptor,
                     const char *path)
{
  struct stat info = {0};
  if (fstat(descriptor, &info) != 0 || info.st_size == 0 ||
      fsync(descriptor) != 0) {
    return vqe_file_errno(errno, "cannot sync", path);
  }
  size_t size = (size_t)info.st_size;
  void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (bytes == MAP_FAILED) {
    return vqe_file_errno(errno, "cannot read", path);
  }
  file->bytes = (uint64_t)size;
  int status = vqe_sha256_hex(file->sha256, bytes, size);
  (void)munmap(bytes, size);
  return status;
}

/* Size and hash of a file that DuckDB wrote and nobody synced. */
static int measure(struct vqe_dataset_file *file, const char *path)
{
  int descriptor = -1;
  int status = vqe_file_open_regular(&descriptor, path);
  if (status == VQE_OK) {
    status = hash_file(file, descriptor, path);
    close(descriptor);
  }
  return status;
}

/* COPY of the columns that are described, in their order. */
static int copy_rows(const struct vqe_dataset *set,
                     const struct vqe_dataset_file *file, const char *path)
{
  struct vqe_duck_text sql = {NULL, 0, 0, VQE_OK};
  const char *table = vqe_dataset_tables[file->table];
  json_t *columns = json_object_get(set->columns, table);
  vqe_duck_add(&sql, "COPY (SELECT ");
  for (size_t k = 0; k < json_array_size(columns); k++) {
    vqe_duck_add(&sql, k > 0 ? ", " : "");
    vqe_duck_add_name(&sql, json_string_value(json_object_get(
                                json_array_get(columns, k), "name")));
  }
  vqe_duck_add(&sql,
               " FROM dataset_%s WHERE molecule_split = '%s' AND "
               "stretch_split = '%s' ORDER BY %s) TO ",
               table, vqe_dataset_splits[file->molecule],
               vqe_dataset_splits[file->stretch], orders[file->table]);
  vqe_duck_add_quoted(&sql, path);
  vqe_duck_add(&sql, " (FORMAT parquet, COMPRESSION zstd)");
  int status = sql.status;
  if (status == VQE_OK) {
    status = vqe_duck_execute(set->duck, "data set", sql.data);
  }
  free(sql.data);
  return status;
}

/* A split without rows has no file: readers take none without rows. */
static int write_file(struct vqe_dataset *set, int table, int molecule,
                      int stretch)
{
  struct vqe_dataset_file *file = &set->files[set->nfiles];
  char *sql = NULL;
  char *path = NULL;
  *file = (struct vqe_dataset_file){
      .table = table, .molecule = molecule, .stretch = stretch};
  snprintf(file->name, sizeof file->name, "%s/%s-%s.parquet",
           vqe_dataset_tables[table], vqe_dataset_splits[molecule],
           distances[stretch]);
  int status = vqe_memory_print(
      &sql,
      "SELECT count(*) FROM dataset_%s WHERE molecule_split = '%s' AND "
      "stretch_split = '%s'",
      vqe_dataset_tables[table], vqe_dataset_splits[molecule],
      vqe_dataset_splits[stretch]);
  if (status == VQE_OK) {
    status = vqe_duck_count(set->duck, &file->rows, "data set", sql);
  }
  if (status == VQE_OK && file->rows > 0) {
    status = vqe_dataset_path(&path, set, file->name);
    if (status == VQE_OK) {
      status = copy_rows(set, file, path);
    }
    if (status == VQE_OK) {
      status = measure(file, path);
    }
    set->nfiles += status == VQE_OK;
  }
  free(path);
  free(sql);
  return status;
}

static int write_tables(struct vqe_dataset *set)
{
  int status = VQE_OK;
  for (int t = 0; status == VQE_OK && t < VQE_DATASET_TABLES; t++) {
    char *path = NULL;
    status = vqe_dataset_path(&path, set, vqe_dataset_tables[t]);
    if (status == VQE_OK && mkdir(path, 0777) != 0) {
      status = vqe_file_errno(errno, "cannot make the folder", path);
    }
    for (int m = 0; m < VQE_DATASET_SPLITS; m++) {
      for (int s = 0; status == VQE_OK && s < VQE_DATASET_SPLITS; s++) {
        status = write_file(set, t, m, s);
      }
    }
    free(path);
  }
  return status;
}

/* ---- rows ---- */

static int make_rows(struct vqe_warehouse *warehouse)
{
  struct vqe_duck *duck = vqe_warehouse_duck(warehouse);
  int64_t runs = 0;
  int status =
      vqe_query_views(warehouse, "SELECT 1 FROM molecules, vqe_results, "
                                 "ml_run_summary, ml_iteration_features");
  if (status == VQE_OK) {
    status = vqe_duck_execute(duck, "data set", vqe_lake_sql_find("dataset"));
  }
  if (status == VQE_OK) {
    status = vqe_duck_count(duck, &runs, "data set",
                            "SELECT count(*) FROM dataset_runs");
  }
  if (status == VQE_OK && runs == 0) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND,
                           "the tables hold no features, of which data sets "
                           "are made: run vqe_lake featurize first");
  }
  return status;
}

/* ---- the folder ---- */

static bool is_empty(const char *folder)
{
  DIR *directory = opendir(folder);
  struct dirent *entry = NULL;
  bool empty = directory != NULL;
  while (empty && (entry = readdir(directory)) != NULL) {
    empty =
        strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
  }
  if (directory != NULL) {
    closedir(directory);
  }
  return empty;
}

/* The folder without slashes at its end, missing or empty. */
static int check_folder(char **out, const char *folder)
{
  struct stat info;
  int status = vqe_memory_strdup(out, folder);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t n = strlen(*out); n > 1 && (*out)[n - 1] == '/'; n--) {
    (*out)[n - 1] = '\0';
  }
  const char *slash = strrchr(*out, '/');
  const char *last = slash != NULL ? slash + 1 : *out;
  if (last[0] == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%s' cannot become a data set: name a folder that "
                         "is not there yet",
                         folder);
  }
  if (lstat(*out, &info) != 0) {
    return errno == ENOENT
               ? VQE_OK
               : vqe_file_errno(errno, "cannot look at the folder", *out);
  }
  if (!S_ISDIR(info.st_mode) || !is_empty(*out)) {
    return vqe_error_set(
        VQE_ERR_INPUT,
        "'%s' is there%s: name another folder for the data "
        "set, or remove this one",
        *out, S_ISDIR(info.st_mode) ? " and not empty" : " and no folder");
  }
  return VQE_OK;
}

/* Type, doc, unit and known of a column that a table has are the table's,
 * where columns.json says no more of it. */
static int describe(json_t *column)
{
  const char *table = json_string_value(json_object_get(column, "from"));
  const char *name = json_string_value(json_object_get(column, "name"));
  json_t *definition = NULL;
  json_t *other;
  size_t k;
  int status = VQE_OK;
  for (int t = 0; status == VQE_OK && t < VQE_LAKE_TABLES; t++) {
    if (table != NULL && strcmp(vqe_lake_definitions[t].name, table) == 0) {
      status = vqe_json_parse(&definition, vqe_lake_definitions[t].text,
                              vqe_lake_definitions[t].size, 0, table);
    }
  }
  json_array_foreach(json_object_get(definition, "columns"), k, other)
  {
    const char *theirs = json_string_value(json_object_get(other, "name"));
    if (status == VQE_OK && strcmp(theirs, name) == 0 &&
        json_object_update_missing(column, other) != 0) {
      status = vqe_error_set(VQE_ERR_MEMORY, "no memory for columns");
    }
  }
  json_decref(definition);
  return status;
}

static int describe_all(json_t *columns)
{
  int status = VQE_OK;
  for (int t = 0; t < VQE_DATASET_TABLES; t++) {
    json_t *list = json_object_get(columns, vqe_dataset_tables[t]);
    for (size_t k = 0; status == VQE_OK && k < json_array_size(list); k++) {
      status = describe(json_array_get(list, k));
    }
  }
  return status;
}

static int open_set(struct vqe_dataset *set, const char *folder)
{
  const char *slash = strrchr(folder, '/');
  time_t now = time(NULL);
  struct tm utc;
  gmtime_r(&now, &utc);
  strftime(set->date, sizeof set->date, "%Y-%m-%d", &utc);
  int status =
      vqe_memory_strdup(&set->name, slash != NULL ? slash + 1 : folder);
  if (status == VQE_OK) {
    vqe_text_blank_controls(set->name);
    status = vqe_json_parse(&set->columns, vqe_dataset_columns_text,
                            vqe_dataset_columns_text_size, 0,
                            "columns of data sets");
  }
  if (status == VQE_OK) {
    status = describe_all(set->columns);
  }
  return status;
}

static int fill(struct vqe_dataset *set)
{
  int status = VQE_OK;
  if (mkdir(set->place, 0777) != 0) {
    status = vqe_file_errno(errno, "cannot make the folder", set->place);
  }
  if (status == VQE_OK) {
    status = write_tables(set);
  }
  if (status == VQE_OK) {
    status = vqe_dataset_write_croissant(set);
  }
  if (status == VQE_OK) {
    status = vqe_dataset_write_card(set);
  }
  return status;
}

/* Beside the folder, so that it gets its name when all is there. */
static int write_aside(struct vqe_dataset *set, const char *folder)
{
  struct vqe_temporary temporary = {NULL, -1};
  char *prefix = NULL;
  char *place = NULL;
  int status = vqe_memory_print(&prefix, "%s.new-", folder);
  if (status == VQE_OK && vqe_temporary_make(&temporary, prefix) != VQE_OK) {
    status =
        errno == ENOENT
            ? vqe_error_set(VQE_ERR_INPUT,
                            "the folder that is to hold '%s' is not "
                            "there: make it",
                            folder)
            : vqe_file_errno(errno, "cannot make a folder beside", folder);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(&place, "%s/data", temporary.path);
  }
  if (status == VQE_OK) {
    set->place = place;
    status = fill(set);
  }
  if (status == VQE_OK && rename(place, folder) != 0) {
    status = vqe_file_errno(errno, "cannot make the folder", folder);
  }
  if (status == VQE_OK) {
    vqe_file_sync_parent(folder);
  }
  vqe_temporary_remove(&temporary);
  free(place);
  free(prefix);
  return status;
}

int vqe_dataset_write(struct vqe_dataset_result *out,
                      struct vqe_warehouse *warehouse, const char *folder,
                      const char *license)
{
  struct vqe_dataset set = {.duck = vqe_warehouse_duck(warehouse),
                            .license = license};
  char *plain = NULL;
  *out = (struct vqe_dataset_result){0};
  int status = check_folder(&plain, folder);
  if (status == VQE_OK) {
    status = open_set(&set, plain);
  }
  if (status == VQE_OK) {
    status = make_rows(warehouse);
  }
  if (status == VQE_OK) {
    status = write_aside(&set, plain);
  }
  for (int k = 0; status == VQE_OK && k < set.nfiles; k++) {
    *(set.files[k].table == 0 ? &out->runs : &out->steps) += set.files[k].rows;
    out->bytes += set.files[k].bytes;
    out->files++;
  }
  json_decref(set.columns);
  free(set.name);
  free(plain);
  return status;
}
