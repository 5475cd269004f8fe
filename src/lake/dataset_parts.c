#include "lake/dataset_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

const char *const vqe_dataset_tables[VQE_DATASET_TABLES] = {"runs", "steps"};
const char *const vqe_dataset_splits[VQE_DATASET_SPLITS] = {
    "train", "validation", "test"};
bool vqe_dataset_in_split(const struct vqe_dataset_file *file, int table,
                          bool by_stretch, int split)
{
  return file->table == table &&
         (by_stretch ? file->stretch : file->molecule) == split;
}

int vqe_dataset_text(char **out, const struct vqe_dataset *set,
                     const char *sql)
{
  duckdb_result result;
  duckdb_data_chunk chunk = NULL;
  *out = NULL;
  int status = vqe_duck_query(set->duck, &result, "data set", sql);
  if (status == VQE_OK) {
    chunk = duckdb_fetch_chunk(result);
    if (chunk == NULL || duckdb_data_chunk_get_size(chunk) != 1 ||
        duckdb_column_type(&result, 0) != DUCKDB_TYPE_VARCHAR) {
      status = vqe_error_set(VQE_ERR_INPUT, "data set: no text");
    }
  }
  if (status == VQE_OK) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, 0);
    uint64_t *validity = duckdb_vector_get_validity(vector);
    duckdb_string_t *text = duckdb_vector_get_data(vector);
    bool null = validity != NULL && !duckdb_validity_row_is_valid(validity, 0);
    status = null ? vqe_memory_strdup(out, "")
                  : vqe_memory_print(out, "%.*s",
                                     (int)duckdb_string_t_length(*text),
                                     duckdb_string_t_data(text));
  }
  if (status == VQE_OK) {
    vqe_text_blank_controls(*out);
  }
  duckdb_destroy_data_chunk(&chunk);
  duckdb_destroy_result(&result);
  return status;
}

int vqe_dataset_path(char **out, const struct vqe_dataset *set,
                     const char *name)
{
  return vqe_memory_print(out, "%s/%s", set->place, name);
}

int vqe_dataset_put(const struct vqe_dataset *set, const char *name,
                    const char *text)
{
  char *path = NULL;
  int status = vqe_dataset_path(&path, set, name);
  if (status == VQE_OK) {
    status = vqe_file_write(path, text, strlen(text));
  }
  free(path);
  return status;
}
