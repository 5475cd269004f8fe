#include "store/record_avro.h"

#include <avro.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"
#include "store/record_node.h"

#define MAX_RECORD ((size_t)1 << 31)
/* Of a file that others wrote. */
#define LARGEST_BLOCK ((int64_t)1 << 28)
#define SYNC_BYTES 16

struct vqe_avro {
  avro_schema_t schema;
  avro_value_iface_t *iface;
};

int vqe_avro_create(struct vqe_avro **out, const char *schema, size_t size)
{
  struct vqe_avro *avro = NULL;
  *out = NULL;
  if (schema == NULL) {
    schema = vqe_avro_schema_text;
    size = vqe_avro_schema_text_size;
  }
  int status = vqe_memory_alloc(&avro, 1, sizeof *avro, "an Avro codec");
  if (status != VQE_OK) {
    return status;
  }
  if (avro_schema_from_json_length(schema, size, &avro->schema) != 0) {
    status = vqe_error_set(VQE_ERR_INPUT, "not an Avro schema: %s",
                           avro_strerror());
    free(avro);
    return status;
  }
  avro->iface = avro_generic_class_from_schema(avro->schema);
  if (avro->iface == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
    vqe_avro_free(avro);
    return status;
  }
  *out = avro;
  return VQE_OK;
}

void vqe_avro_free(struct vqe_avro *avro)
{
  if (avro == NULL) {
    return;
  }
  if (avro->iface != NULL) {
    avro_value_iface_decref(avro->iface);
  }
  avro_schema_decref(avro->schema);
  free(avro);
}

/* ---- writing: avro-c's results are collected, the first failure wins ---- */

struct writer {
  int failed;
};

static avro_value_t at(struct writer *writer, avro_value_t *value,
                       const char *name)
{
  avro_value_t field = {NULL, NULL};
  writer->failed |= avro_value_get_by_name(value, name, &field, NULL);
  return field;
}

static void put_double(struct writer *writer, avro_value_t *value,
                       const char *name, double number)
{
  avro_value_t field = at(writer, value, name);
  if (!writer->failed) {
    writer->failed |= avro_value_set_double(&field, number);
  }
}

static void put_int(struct writer *writer, avro_value_t *value,
                    const char *name, int32_t number)
{
  avro_value_t field = at(writer, value, name);
  if (!writer->failed) {
    writer->failed |= avro_value_set_int(&field, number);
  }
}

static void put_text(struct writer *writer, avro_value_t *value,
                     const char *name, const char *text)
{
  avro_value_t field = at(writer, value, name);
  if (!writer->failed) {
    writer->failed |= avro_value_set_string(&field, text);
  }
}

/* Branch of a union: `null_branch` is where null stands. */
static avro_value_t branch(struct writer *writer, avro_value_t *value,
                           const char *name, int null_branch, bool is_null)
{
  avro_value_t field = at(writer, value, name);
  avro_value_t inner = {NULL, NULL};
  if (!writer->failed) {
    writer->failed |= avro_value_set_branch(
        &field, is_null ? null_branch : 1 - null_branch, &inner);
  }
  if (!writer->failed && is_null) {
    writer->failed |= avro_value_set_null(&inner);
  }
  return inner;
}

static void put_maybe_double(struct writer *writer, avro_value_t *value,
                             const char *name, double number)
{
  avro_value_t inner = branch(writer, value, name, 0, isnan(number));
  if (!writer->failed && !isnan(number)) {
    writer->failed |= avro_value_set_double(&inner, number);
  }
}

static void put_maybe_int(struct writer *writer, avro_value_t *value,
                          const char *name, int null_branch,
                          struct vqe_maybe_int number)
{
  avro_value_t inner = branch(writer, value, name, null_branch, !number.set);
  if (!writer->failed && number.set) {
    writer->failed |= avro_value_set_int(&inner, number.value);
  }
}

static void put_maybe_text(struct writer *writer, avro_value_t *value,
                           const char *name, int null_branch, const char *text)
{
  avro_value_t inner = branch(writer, value, name, null_branch, text == NULL);
  if (!writer->failed && text != NULL) {
    writer->failed |= avro_value_set_string(&inner, text);
  }
}

static void append_doubles(struct writer *writer, avro_value_t *array,
                           const double *numbers, size_t count)
{
  for (size_t k = 0; k < count && !writer->failed; k++) {
    avro_value_t item;
    writer->failed |= avro_value_append(array, &item, NULL);
    if (!writer->failed) {
      writer->failed |= avro_value_set_double(&item, numbers[k]);
    }
  }
}

static void put_doubles(struct writer *writer, avro_value_t *value,
                        const char *name, const double *numbers, size_t count)
{
  avro_value_t array = at(writer, value, name);
  if (!writer->failed) {
    append_doubles(writer, &array, numbers, count);
  }
}

static void put_initial_data(struct writer *writer, avro_value_t *value,
                             const struct vqe_record *record)
{
  put_text(writer, value, "backend", record->backend);
  put_int(writer, value, "num_qubits", record->num_qubits);
  avro_value_t terms = at(writer, value, "hamiltonian");
  for (size_t k = 0; k < record->nterm && !writer->failed; k++) {
    avro_value_t item;
    writer->failed |= avro_value_append(&terms, &item, NULL);
    if (!writer->failed) {
      put_text(writer, &item, "label", record->terms[k].label);
      avro_value_t coefficients = at(writer, &item, "coefficients");
      put_double(writer, &coefficients, "real", record->terms[k].real);
      put_double(writer, &coefficients, "imaginary",
                 record->terms[k].imaginary);
    }
  }
  put_int(writer, value, "num_parameters", record->num_parameters);
  put_doubles(writer, value, "initial_parameters", record->initial_parameters,
              record->ninitial);
  put_text(writer, value, "optimizer", record->optimizer);
  put_text(writer, value, "ansatz", record->ansatz);
  put_text(writer, value, "noise_backend", record->noise_backend);
  put_maybe_int(writer, value, "default_shots", 1, record->default_shots);
  put_int(writer, value, "ansatz_reps", record->ansatz_reps);
  put_maybe_text(writer, value, "init_strategy", 1, record->init_strategy);
  put_maybe_int(writer, value, "seed", 0, record->seed);
  put_maybe_text(writer, value, "ansatz_name", 0, record->ansatz_name);
  avro_value_t exact = at(writer, value, "exact_estimator");
  if (!writer->failed) {
    writer->failed |= avro_value_set_boolean(&exact, record->exact_estimator);
  }
}

static void put_result(struct writer *writer, avro_value_t *value,
                       const struct vqe_record *record)
{
  avro_value_t initial = at(writer, value, "initial_data");
  if (!writer->failed) {
    put_initial_data(writer, &initial, record);
  }
  avro_value_t list = at(writer, value, "iteration_list");
  for (size_t k = 0; k < record->niteration && !writer->failed; k++) {
    const struct vqe_record_iteration *iteration = &record->iterations[k];
    avro_value_t item;
    writer->failed |= avro_value_append(&list, &item, NULL);
    if (writer->failed) {
      break;
    }
    put_int(writer, &item, "iteration", iteration->iteration);
    put_doubles(writer, &item, "parameters", iteration->parameters,
                iteration->nparam);
    put_double(writer, &item, "result", iteration->result);
    put_double(writer, &item, "std", iteration->std);
    put_maybe_double(writer, &item, "energy_delta", iteration->energy_delta);
    put_maybe_double(writer, &item, "parameter_delta_norm",
                     iteration->parameter_delta_norm);
    put_maybe_double(writer, &item, "cumulative_min_energy",
                     iteration->cumulative_min_energy);
  }
  put_double(writer, value, "minimum", record->minimum);
  put_doubles(writer, value, "optimal_parameters", record->optimal_parameters,
              record->noptimal);
  put_maybe_double(writer, value, "maxcv", record->maxcv);
  put_double(writer, value, "minimization_time", record->minimization_time);
  put_maybe_double(writer, value, "nuclear_repulsion_energy",
                   record->nuclear_repulsion_energy);
  bool unknown = record->success == VQE_MAYBE_NULL;
  avro_value_t success = branch(writer, value, "success", 0, unknown);
  if (!writer->failed && !unknown) {
    writer->failed |=
        avro_value_set_boolean(&success, record->success == VQE_MAYBE_TRUE);
  }
  put_maybe_int(writer, value, "nfev", 0, record->nfev);
  put_maybe_int(writer, value, "nit", 0, record->nit);
}

static void put_molecule(struct writer *writer, avro_value_t *value,
                         const struct vqe_record *record)
{
  avro_value_t data = at(writer, value, "molecule_data");
  if (writer->failed) {
    return;
  }
  avro_value_t symbols = at(writer, &data, "symbols");
  for (size_t k = 0; k < record->natom && !writer->failed; k++) {
    avro_value_t item;
    writer->failed |= avro_value_append(&symbols, &item, NULL);
    if (!writer->failed) {
      writer->failed |= avro_value_set_string(&item, record->symbols[k]);
    }
  }
  avro_value_t coords = at(writer, &data, "coords");
  const double *from = record->coords;
  for (size_t k = 0; k < record->ncoord && !writer->failed; k++) {
    avro_value_t row;
    writer->failed |= avro_value_append(&coords, &row, NULL);
    if (!writer->failed) {
      append_doubles(writer, &row, from, record->coord_lengths[k]);
    }
    from += record->coord_lengths[k];
  }
  put_int(writer, &data, "multiplicity", record->multiplicity);
  put_int(writer, &data, "charge", record->charge);
  put_text(writer, &data, "units", record->units);
  avro_value_t masses =
      branch(writer, &data, "masses", 0, !record->has_masses);
  if (!writer->failed && record->has_masses) {
    append_doubles(writer, &masses, record->masses, record->nmass);
  }
}

static void put_additions(struct writer *writer, avro_value_t *value,
                          const struct vqe_record *record)
{
  put_maybe_text(writer, value, "experiment_id", 0, record->experiment_id);
  avro_value_t references =
      branch(writer, value, "references", 0, !record->has_references);
  if (!writer->failed && record->has_references) {
    put_double(writer, &references, "hf_energy", record->hf_energy);
    put_maybe_double(writer, &references, "mp2_energy", record->mp2_energy);
    put_maybe_double(writer, &references, "fci_energy", record->fci_energy);
    put_text(writer, &references, "reference_method",
             record->reference_method);
  }
  avro_value_t provenance =
      branch(writer, value, "provenance", 0, !record->has_provenance);
  if (!writer->failed && record->has_provenance) {
    put_text(writer, &provenance, "code_version", record->code_version);
    put_text(writer, &provenance, "hostname", record->hostname);
    put_text(writer, &provenance, "device", record->device);
    put_maybe_text(writer, &provenance, "job_id", 0, record->job_id);
    put_int(writer, &provenance, "mpi_ranks", record->mpi_ranks);
    put_int(writer, &provenance, "threads", record->threads);
    put_text(writer, &provenance, "started_at", record->started_at);
    put_text(writer, &provenance, "finished_at", record->finished_at);
  }
}

static int fill(avro_value_t *value, const struct vqe_record *record)
{
  struct writer writer = {0};
  avro_value_t result = at(&writer, value, "vqe_result");
  if (!writer.failed) {
    put_result(&writer, &result, record);
  }
  avro_value_t molecule = at(&writer, value, "molecule");
  if (!writer.failed) {
    put_molecule(&writer, &molecule, record);
  }
  put_text(&writer, value, "basis_set", record->basis_set);
  put_double(&writer, value, "hamiltonian_time", record->hamiltonian_time);
  put_double(&writer, value, "mapping_time", record->mapping_time);
  put_double(&writer, value, "vqe_time", record->vqe_time);
  put_double(&writer, value, "total_time", record->total_time);
  put_int(&writer, value, "molecule_id", record->molecule_id);
  put_maybe_text(&writer, value, "performance_start", 0,
                 record->performance_start);
  put_maybe_text(&writer, value, "performance_end", 0,
                 record->performance_end);
  put_additions(&writer, value, record);
  if (writer.failed) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "record of experiment %s does not fit the schema: "
                         "%s",
                         record->experiment_id == NULL ? "(no id)"
                                                       : record->experiment_id,
                         avro_strerror());
  }
  return VQE_OK;
}

int vqe_avro_encode(uint8_t **out, size_t *size, struct vqe_avro *avro,
                    const struct vqe_record *record)
{
  avro_value_t value;
  uint8_t *data = NULL;
  *out = NULL;
  if (avro_generic_value_new(avro->iface, &value) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
  }
  int status = fill(&value, record);
  if (status == VQE_OK && avro_value_sizeof(&value, size) != 0) {
    status = vqe_error_set(VQE_ERR_INPUT, "Avro: %s", avro_strerror());
  }
  if (status == VQE_OK && *size > MAX_RECORD) {
    status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "a record of %.1f GB is larger than any reader "
                           "takes",
                           (double)*size / 1e9);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&data, *size, 1, "an Avro record");
  }
  if (status == VQE_OK) {
    avro_writer_t writer =
        avro_writer_memory((const char *)data, (int64_t)*size);
    if (avro_value_write(writer, &value) != 0) {
      status = vqe_error_set(VQE_ERR_INPUT, "Avro: %s", avro_strerror());
    }
    avro_writer_free(writer);
  }
  avro_value_decref(&value);
  if (status != VQE_OK) {
    free(data);
    return status;
  }
  *out = data;
  return VQE_OK;
}

/* ---- reading ---- */

static int from_value(struct vqe_record **out, const avro_value_t *value,
                      const char *where)
{
  struct vqe_node root = {.is_json = false, .avro = *value};
  return vqe_record_from_node(out, &root, where);
}

int vqe_avro_decode(struct vqe_record **out, struct vqe_avro *avro,
                    const uint8_t *data, size_t size, const char *where)
{
  avro_value_t value;
  *out = NULL;
  if (size > MAX_RECORD) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: %zu bytes are too many", where,
                         size);
  }
  if (avro_generic_value_new(avro->iface, &value) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
  }
  avro_reader_t reader = avro_reader_memory((const char *)data, (int64_t)size);
  int status = VQE_OK;
  if (avro_value_read(reader, &value) != 0) {
    status = vqe_error_set(VQE_ERR_INPUT, "%s: not a record of its schema: %s",
                           where, avro_strerror());
  } else {
    status = from_value(out, &value, where);
  }
  avro_reader_free(reader);
  avro_value_decref(&value);
  return status;
}

/* Sizes of the blocks of a container file, which avro-c would read whole. What
 * is no container file is left to its reader to say. */
static int check_blocks(FILE *file, const char *where)
{
  static const char header_text[] =
      "{\"type\": \"record\", \"name\": \"header\", \"fields\": ["
      "{\"name\": \"magic\", \"type\": "
      "{\"type\": \"fixed\", \"name\": \"magic\", \"size\": 4}}, "
      "{\"name\": \"meta\", \"type\": "
      "{\"type\": \"map\", \"values\": \"bytes\"}}, "
      "{\"name\": \"sync\", \"type\": "
      "{\"type\": \"fixed\", \"name\": \"sync\", \"size\": 16}}]}";
  avro_schema_t schema = NULL;
  avro_value_iface_t *iface = NULL;
  avro_value_t header = {NULL, NULL};
  avro_value_t number = {NULL, NULL};
  avro_value_t magic;
  const void *said;
  size_t length;
  int64_t size = 0;
  int status = VQE_OK;
  avro_reader_t reader = avro_reader_file_fp(file, 0);
  if (reader == NULL ||
      avro_schema_from_json_length(header_text, sizeof header_text - 1,
                                   &schema) != 0 ||
      (iface = avro_generic_class_from_schema(schema)) == NULL ||
      avro_generic_value_new(iface, &header) != 0 ||
      avro_generic_long_new(&number, 0) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
    goto out;
  }
  if (avro_value_read(reader, &header) != 0 ||
      avro_value_get_by_name(&header, "magic", &magic, NULL) != 0 ||
      avro_value_get_fixed(&magic, &said, &length) != 0 || length != 4 ||
      memcmp(said, "Obj\1", 4) != 0) {
    goto out;
  }
  /* the number of its records, its size, itself, the marker */
  while (avro_value_read(reader, &number) == 0 &&
         avro_value_read(reader, &number) == 0 &&
         avro_value_get_long(&number, &size) == 0 && size >= 0) {
    if (size > LARGEST_BLOCK) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s: a block of %.1f GB is larger than the limit "
                             "of %.1f GB",
                             where, (double)size / 1e9,
                             (double)LARGEST_BLOCK / 1e9);
      break;
    }
    if (avro_skip(reader, size + SYNC_BYTES) != 0) {
      break;
    }
  }
out:
  if (number.self != NULL) {
    avro_value_decref(&number);
  }
  if (header.self != NULL) {
    avro_value_decref(&header);
  }
  if (iface != NULL) {
    avro_value_iface_decref(iface);
  }
  if (schema != NULL) {
    avro_schema_decref(schema);
  }
  if (reader != NULL) {
    avro_reader_free(reader);
  }
  return status;
}

/* Only a large file can hold a large block. */
static int check_file(const char *path, const char *where)
{
  struct stat info;
  FILE *file = NULL;
  int status = VQE_OK;
  if (stat(path, &info) != 0 || info.st_size <= LARGEST_BLOCK) {
    return VQE_OK;
  }
  file = fopen(path, "rb");
  if (file != NULL) {
    status = check_blocks(file, where);
    fclose(file);
  }
  return status;
}

int vqe_avro_read_file(const char *path, const char *where,
                       vqe_avro_visit visit, void *ctx)
{
  avro_file_reader_t file;
  avro_value_iface_t *iface = NULL;
  avro_value_t value;
  int status = check_file(path, where);
  if (status != VQE_OK) {
    return status;
  }
  if (avro_file_reader(path, &file) != 0) {
    return vqe_error_set(VQE_ERR_INPUT, "%s: not an Avro container file: %s",
                         where, avro_strerror());
  }
  avro_schema_t schema = avro_file_reader_get_writer_schema(file);
  iface = avro_generic_class_from_schema(schema);
  if (iface == NULL || avro_generic_value_new(iface, &value) != 0) {
    status = vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
    goto out;
  }
  for (size_t index = 0; status == VQE_OK; index++) {
    struct vqe_record *record = NULL;
    char place[512];
    avro_value_reset(&value);
    int code = avro_file_reader_read_value(file, &value);
    if (code == EOF) {
      break;
    }
    snprintf(place, sizeof place, "%.440s, record %zu", where, index);
    if (code != 0) {
      status = vqe_error_set(VQE_ERR_INPUT, "%s cannot be read: %s", place,
                             avro_strerror());
      break;
    }
    status = from_value(&record, &value, place);
    if (status == VQE_OK) {
      status = visit(ctx, record, index);
    }
  }
  avro_value_decref(&value);
out:
  if (iface != NULL) {
    avro_value_iface_decref(iface);
  }
  avro_schema_decref(schema);
  avro_file_reader_close(file);
  return status;
}

int vqe_avro_write_file(const char *path, struct vqe_record *const *records,
                        size_t count)
{
  struct vqe_avro *avro = NULL;
  avro_file_writer_t file;
  int status = vqe_avro_create(&avro, NULL, 0);
  if (status != VQE_OK) {
    return status;
  }
  size_t block = 65536;
  for (size_t k = 0; k < count && status == VQE_OK; k++) {
    /* a block has to hold the largest record */
    uint8_t *data = NULL;
    size_t size = 0;
    status = vqe_avro_encode(&data, &size, avro, records[k]);
    free(data);
    block = size > block ? size : block;
  }
  if (status != VQE_OK) {
    vqe_avro_free(avro);
    return status;
  }
  (void)remove(path);
  if (avro_file_writer_create_with_codec(path, avro->schema, &file, "deflate",
                                         block + 1024) != 0) {
    status = vqe_error_set(VQE_ERR_IO, "cannot write '%s': %s", path,
                           avro_strerror());
    vqe_avro_free(avro);
    return status;
  }
  for (size_t k = 0; k < count && status == VQE_OK; k++) {
    avro_value_t value;
    if (avro_generic_value_new(avro->iface, &value) != 0) {
      status = vqe_error_set(VQE_ERR_MEMORY, "Avro: %s", avro_strerror());
      break;
    }
    status = fill(&value, records[k]);
    if (status == VQE_OK && avro_file_writer_append_value(file, &value) != 0) {
      status =
          vqe_error_set(VQE_ERR_IO, "writing '%s': %s", path, avro_strerror());
    }
    avro_value_decref(&value);
  }
  if (avro_file_writer_close(file) != 0 && status == VQE_OK) {
    status =
        vqe_error_set(VQE_ERR_IO, "writing '%s': %s", path, avro_strerror());
  }
  vqe_avro_free(avro);
  return status;
}
