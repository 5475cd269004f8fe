/* Rows go in through data chunks: one batch of duckdb_vector_size() rows is
 * filled in memory and appended as a whole. */
#include "lake/staging.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "lake/duck.h"
#include "lake/tables.h"

#define MAX_COLUMNS 48

/* One table that is appended to. */
struct sink {
  const char *table;
  struct vqe_duck *duck;
  duckdb_appender appender;
  duckdb_data_chunk chunk;
  idx_t columns;
  idx_t rows;   /* in the chunk */
  size_t bytes; /* in the chunk's lists and texts */
  idx_t column; /* the next to fill */
};

/* A chunk is sent early when its lists and texts pass this. */
#define CHUNK_BYTES ((size_t)8 << 20)

struct vqe_staging {
  struct vqe_duck *duck;
  struct sink records, iterations, terms;
  struct vqe_staging_counts counts;
  /* open addressing over the ids that were staged */
  char (*ids)[VQE_EXPERIMENT_ID_SIZE];
  size_t id_count, id_capacity;
  char **long_ids; /* ids of others that are no SHA-256 */
  size_t long_count;
};

/* ---- sinks ---- */

static int open_sink(struct sink *sink, struct vqe_duck *duck,
                     const char *table)
{
  duckdb_logical_type types[MAX_COLUMNS];
  sink->table = table;
  sink->duck = duck;
  if (duckdb_appender_create(duck->connection, NULL, table, &sink->appender) !=
      DuckDBSuccess) {
    return vqe_error_set(VQE_ERR_INPUT, "staging table '%s': %s", table,
                         duckdb_appender_error(sink->appender));
  }
  sink->columns = duckdb_appender_column_count(sink->appender);
  if (sink->columns > MAX_COLUMNS) {
    return vqe_error_set(VQE_ERR_UNSUPPORTED,
                         "staging table '%s' has too many columns", table);
  }
  for (idx_t k = 0; k < sink->columns; k++) {
    types[k] = duckdb_appender_column_type(sink->appender, k);
  }
  sink->chunk = duckdb_create_data_chunk(types, sink->columns);
  for (idx_t k = 0; k < sink->columns; k++) {
    duckdb_destroy_logical_type(&types[k]);
  }
  return sink->chunk == NULL
             ? vqe_error_set(VQE_ERR_MEMORY, "no memory for staging")
             : VQE_OK;
}

static int send_chunk(struct sink *sink)
{
  if (sink->rows == 0) {
    return VQE_OK;
  }
  double start = vqe_clock_wall();
  duckdb_data_chunk_set_size(sink->chunk, sink->rows);
  duckdb_state state = duckdb_append_data_chunk(sink->appender, sink->chunk);
  sink->duck->seconds += vqe_clock_wall() - start;
  if (state != DuckDBSuccess) {
    return vqe_error_set(VQE_ERR_IO, "staging table '%s': %s", sink->table,
                         duckdb_appender_error(sink->appender));
  }
  duckdb_data_chunk_reset(sink->chunk);
  sink->rows = 0;
  sink->bytes = 0;
  return VQE_OK;
}

static int flush_sink(struct sink *sink)
{
  int status = send_chunk(sink);
  if (status == VQE_OK &&
      duckdb_appender_flush(sink->appender) != DuckDBSuccess) {
    status = vqe_error_set(VQE_ERR_IO, "staging table '%s': %s", sink->table,
                           duckdb_appender_error(sink->appender));
  }
  return status;
}

static void close_sink(struct sink *sink)
{
  duckdb_destroy_data_chunk(&sink->chunk);
  if (sink->appender != NULL) {
    duckdb_appender_destroy(&sink->appender);
  }
}

/* ---- values of a row, column after column ---- */

static duckdb_vector next_vector(struct sink *sink)
{
  return duckdb_data_chunk_get_vector(sink->chunk, sink->column++);
}

static void set_null(duckdb_vector vector, idx_t row)
{
  duckdb_vector_ensure_validity_writable(vector);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
}

static void put_null(struct sink *sink)
{
  set_null(next_vector(sink), sink->rows);
}

static void put_long(struct sink *sink, int64_t value)
{
  duckdb_vector vector = next_vector(sink);
  ((int64_t *)duckdb_vector_get_data(vector))[sink->rows] = value;
}

static void put_int(struct sink *sink, int32_t value)
{
  duckdb_vector vector = next_vector(sink);
  ((int32_t *)duckdb_vector_get_data(vector))[sink->rows] = value;
}

static void put_maybe(struct sink *sink, struct vqe_maybe_int value)
{
  if (value.set) {
    put_int(sink, value.value);
  } else {
    put_null(sink);
  }
}

static void put_bool(struct sink *sink, enum vqe_maybe_bool value)
{
  if (value == VQE_MAYBE_NULL) {
    put_null(sink);
  } else {
    duckdb_vector vector = next_vector(sink);
    ((bool *)duckdb_vector_get_data(vector))[sink->rows] =
        value == VQE_MAYBE_TRUE;
  }
}

static void put_double(struct sink *sink, double value)
{
  if (isfinite(value)) {
    duckdb_vector vector = next_vector(sink);
    ((double *)duckdb_vector_get_data(vector))[sink->rows] = value;
  } else {
    put_null(sink);
  }
}

static void put_text(struct sink *sink, const char *text)
{
  if (text == NULL) {
    put_null(sink);
    return;
  }
  size_t size = strlen(text);
  duckdb_vector_assign_string_element_len(next_vector(sink), sink->rows, text,
                                          size);
  sink->bytes += size;
}

/* Room for `count` more elements of the list in row `row`; *first is where
 * they go in the child. */
static int extend_list(idx_t *first, duckdb_vector vector, idx_t row,
                       idx_t count)
{
  duckdb_list_entry *entries = duckdb_vector_get_data(vector);
  *first = duckdb_list_vector_get_size(vector);
  if (duckdb_list_vector_reserve(vector, *first + count) != DuckDBSuccess ||
      duckdb_list_vector_set_size(vector, *first + count) != DuckDBSuccess) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of %llu",
                         (unsigned long long)count);
  }
  entries[row].offset = *first;
  entries[row].length = count;
  return VQE_OK;
}

static void fill_doubles(duckdb_vector child, idx_t first,
                         const double *values, size_t count)
{
  double *data = duckdb_vector_get_data(child);
  for (size_t k = 0; k < count; k++) {
    data[first + k] = values[k];
    if (!isfinite(values[k])) {
      set_null(child, first + k);
    }
  }
}

static int put_doubles(struct sink *sink, const double *values, size_t count)
{
  duckdb_vector vector = next_vector(sink);
  idx_t first;
  int status = extend_list(&first, vector, sink->rows, count);
  if (status == VQE_OK) {
    fill_doubles(duckdb_list_vector_get_child(vector), first, values, count);
    sink->bytes += count * sizeof *values;
  }
  return status;
}

static int put_texts(struct sink *sink, char *const *texts, size_t count)
{
  duckdb_vector vector = next_vector(sink);
  idx_t first;
  int status = extend_list(&first, vector, sink->rows, count);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    duckdb_vector_assign_string_element(duckdb_list_vector_get_child(vector),
                                        first + k, texts[k]);
  }
  return status;
}

static int put_coordinates(struct sink *sink, const struct vqe_record *record)
{
  duckdb_vector vector = next_vector(sink);
  const double *values = record->coords;
  idx_t first;
  int status = extend_list(&first, vector, sink->rows, record->ncoord);
  for (size_t k = 0; status == VQE_OK && k < record->ncoord; k++) {
    duckdb_vector row = duckdb_list_vector_get_child(vector);
    idx_t at;
    status = extend_list(&at, row, first + k, record->coord_lengths[k]);
    if (status == VQE_OK) {
      fill_doubles(duckdb_list_vector_get_child(row), at, values,
                   record->coord_lengths[k]);
      values += record->coord_lengths[k];
    }
  }
  return status;
}

static int end_row(struct sink *sink)
{
  sink->column = 0;
  sink->rows++;
  return sink->rows == duckdb_vector_size() || sink->bytes > CHUNK_BYTES
             ? send_chunk(sink)
             : VQE_OK;
}

/* ---- ids ---- */

static size_t slot_of(const struct vqe_staging *staging, const char *id)
{
  uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
  for (const char *c = id; *c != '\0'; c++) {
    hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
  }
  size_t slot = hash & (staging->id_capacity - 1);
  while (staging->ids[slot][0] != '\0' &&
         strcmp(staging->ids[slot], id) != 0) {
    slot = (slot + 1) & (staging->id_capacity - 1);
  }
  return slot;
}

static int grow_ids(struct vqe_staging *staging)
{
  char(*old)[VQE_EXPERIMENT_ID_SIZE] = staging->ids;
  size_t old_capacity = staging->id_capacity;
  size_t capacity = old_capacity > 0 ? 2 * old_capacity : 1024;
  char(*ids)[VQE_EXPERIMENT_ID_SIZE];
  int status = vqe_memory_alloc(&ids, capacity, sizeof *ids, "ids");
  if (status != VQE_OK) {
    return status;
  }
  staging->ids = ids;
  staging->id_capacity = capacity;
  for (size_t k = 0; k < old_capacity; k++) {
    if (old[k][0] != '\0') {
      memcpy(ids[slot_of(staging, old[k])], old[k], sizeof *old);
    }
  }
  free(old);
  return VQE_OK;
}

static int add_long_id(struct vqe_staging *staging, const char *id,
                       bool *known)
{
  for (size_t k = 0; k < staging->long_count; k++) {
    if (strcmp(staging->long_ids[k], id) == 0) {
      *known = true;
      return VQE_OK;
    }
  }
  int status = vqe_memory_grow(&staging->long_ids, staging->long_count,
                               staging->long_count + 1, sizeof(char *), "ids");
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&staging->long_ids[staging->long_count], id);
  }
  if (status == VQE_OK) {
    staging->long_count++;
  }
  return status;
}

/* Remember an id; *known when it was there. */
static int add_id(struct vqe_staging *staging, const char *id, bool *known)
{
  int status = VQE_OK;
  *known = false;
  if (id[0] == '\0' || strlen(id) >= VQE_EXPERIMENT_ID_SIZE) {
    return add_long_id(staging, id, known);
  }
  if (2 * (staging->id_count + 1) > staging->id_capacity) {
    status = grow_ids(staging);
  }
  if (status != VQE_OK) {
    return status;
  }
  size_t slot = slot_of(staging, id);
  *known = staging->ids[slot][0] != '\0';
  if (!*known) {
    memcpy(staging->ids[slot], id, strlen(id) + 1);
    staging->id_count++;
  }
  return VQE_OK;
}

/* ---- records ---- */

/* In the order of schemas/sql/staging.sql. */
static int append_record(struct vqe_staging *staging, int64_t number,
                         const struct vqe_record *record)
{
  struct sink *sink = &staging->records;
  const bool references = record->has_references;
  const bool provenance = record->has_provenance;
  int64_t rows = 0;
  for (size_t k = 0; k < record->niteration; k++) {
    rows += (int64_t)record->iterations[k].nparam;
  }
  put_long(sink, number);
  put_text(sink, record->experiment_id);
  put_int(sink, record->molecule_id);
  put_text(sink, record->basis_set);
  put_text(sink, record->backend);
  put_int(sink, record->num_qubits);
  put_text(sink, record->optimizer);
  put_text(sink, record->ansatz_qasm);
  put_int(sink, record->ansatz_reps);
  put_text(sink, record->ansatz_name);
  put_text(sink, record->init_strategy);
  put_text(sink, record->noise_backend);
  put_maybe(sink, record->default_shots);
  put_maybe(sink, record->seed);
  put_double(sink, record->minimum);
  put_double(sink, record->maxcv);
  put_double(sink, record->nuclear_repulsion_energy);
  put_bool(sink, record->success);
  put_maybe(sink, record->nfev);
  put_maybe(sink, record->nit);
  put_int(sink, (int32_t)record->niteration);
  put_double(sink, record->hamiltonian_time);
  put_double(sink, record->mapping_time);
  put_double(sink, record->vqe_time);
  put_double(sink, record->total_time);
  put_double(sink, record->minimization_time);
  put_double(sink, references ? record->hf_energy : NAN);
  put_double(sink, references ? record->mp2_energy : NAN);
  put_double(sink, references ? record->fci_energy : NAN);
  put_text(sink, references ? record->reference_method : NULL);
  put_text(sink, provenance ? record->code_version : NULL);
  put_text(sink, provenance ? record->device : NULL);
  put_int(sink, record->multiplicity);
  put_int(sink, record->charge);
  put_text(sink, record->units);
  int status = put_texts(sink, record->symbols, record->natom);
  if (status == VQE_OK) {
    status = put_coordinates(sink, record);
  }
  if (status == VQE_OK && record->has_masses) {
    status = put_doubles(sink, record->masses, record->nmass);
  } else if (status == VQE_OK) {
    put_null(sink);
  }
  if (status == VQE_OK) {
    status = put_doubles(sink, record->initial_parameters, record->ninitial);
  }
  if (status == VQE_OK) {
    status = put_doubles(sink, record->optimal_parameters, record->noptimal);
  }
  if (status != VQE_OK) {
    return status;
  }
  put_long(sink, rows);
  put_long(sink, (int64_t)record->nterm);
  return end_row(sink);
}

static int append_iterations(struct vqe_staging *staging, int64_t number,
                             const struct vqe_record *record)
{
  struct sink *sink = &staging->iterations;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < record->niteration; k++) {
    const struct vqe_record_iteration *iteration = &record->iterations[k];
    put_long(sink, number);
    put_int(sink, iteration->iteration);
    put_double(sink, iteration->result);
    put_double(sink, iteration->std);
    put_double(sink, iteration->energy_delta);
    put_double(sink, iteration->parameter_delta_norm);
    put_double(sink, iteration->cumulative_min_energy);
    status = put_doubles(sink, iteration->parameters, iteration->nparam);
    if (status == VQE_OK) {
      status = end_row(sink);
    }
  }
  return status;
}

static int append_terms(struct vqe_staging *staging, int64_t number,
                        const struct vqe_record *record)
{
  struct sink *sink = &staging->terms;
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < record->nterm; k++) {
    put_long(sink, number);
    put_int(sink, (int32_t)k);
    put_text(sink, record->terms[k].label);
    put_double(sink, record->terms[k].real);
    put_double(sink, record->terms[k].imaginary);
    status = end_row(sink);
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
  status = vqe_duck_execute(duck, "staging", vqe_lake_sql_find("staging"));
  if (status == VQE_OK) {
    status = open_sink(&staging->records, duck, "staged_records");
  }
  if (status == VQE_OK) {
    status = open_sink(&staging->iterations, duck, "staged_iterations");
  }
  if (status == VQE_OK) {
    status = open_sink(&staging->terms, duck, "staged_terms");
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
  if (status == VQE_ERR_INPUT) {
    counts->invalid++;
    return VQE_OK;
  }
  if (status == VQE_OK) {
    status = vqe_record_identify(record);
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
    counts->records++;
    counts->nonfinite_values += vqe_record_nonfinite(record);
    *skipped = false;
  }
  return status;
}

int vqe_staging_finish(struct vqe_staging *staging)
{
  int status = flush_sink(&staging->records);
  if (status == VQE_OK) {
    status = flush_sink(&staging->iterations);
  }
  if (status == VQE_OK) {
    status = flush_sink(&staging->terms);
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
  close_sink(&staging->records);
  close_sink(&staging->iterations);
  close_sink(&staging->terms);
  for (size_t k = 0; k < staging->long_count; k++) {
    free(staging->long_ids[k]);
  }
  free(staging->long_ids);
  free(staging->ids);
  free(staging);
}
