/* Where vqe_lake qasm takes a circuit from: a warehouse, an HDF5 result, or a
 * file of records. A file is known by its first bytes, whatever its name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "lake/query.h"
#include "lake_commands.h"
#include "record/record_avro.h"
#include "record/record_json.h"
#include "record/spool.h"
#include "store/hdf5.h"

#define FILE_LIMIT ((size_t)256 << 20)
/* Experiments that an error names. */
#define NAMED 5

/* The circuit of the one experiment that is asked for. */
struct search {
  const char *start; /* of its id; "" for the only one */
  size_t seen, found;
  struct vqe_cmd_lake_program *program;
  char named[NAMED * 96]; /* the first of them, for the error */
};

static int consider(struct search *search, const char *id, const char *name,
                    const char *circuit, const double *parameters,
                    size_t count)
{
  struct vqe_cmd_lake_program *program = search->program;
  id = id != NULL ? id : "";
  search->seen++;
  if (strncmp(id, search->start, strlen(search->start)) != 0) {
    return VQE_OK;
  }
  if (search->found < NAMED) {
    size_t used = strlen(search->named);
    snprintf(search->named + used, sizeof search->named - used, "%s%.12s (%s)",
             used > 0 ? ", " : "", id, name != NULL ? name : "");
  }
  search->found++;
  if (search->found > 1) {
    return VQE_OK;
  }
  int status =
      vqe_memory_strdup(&program->text, circuit != NULL ? circuit : "");
  if (status == VQE_OK && parameters != NULL) {
    status = vqe_memory_alloc(&program->parameters, count, sizeof(double),
                              "parameters of a circuit");
  }
  if (status == VQE_OK && parameters != NULL) {
    memcpy(program->parameters, parameters, count * sizeof(double));
    program->count = count;
  }
  return status;
}

static int take_result(void *ctx, size_t index,
                       const struct vqe_result *result)
{
  (void)index;
  if (result->ansatz_qasm == NULL) {
    return VQE_OK; /* failed before there was a circuit */
  }
  return consider(ctx, result->experiment->id, result->experiment->name,
                  result->ansatz_qasm, result->optimal_parameters,
                  (size_t)result->nparam);
}

static int take_record(void *ctx, struct vqe_record *record, size_t index)
{
  (void)index;
  int status = vqe_record_identify(record);
  if (status == VQE_OK) {
    status = consider(ctx, record->experiment_id, record->basis_set,
                      record->ansatz_qasm, record->optimal_parameters,
                      record->noptimal);
  }
  vqe_record_free(record);
  return status;
}

/* ---- kinds of files ---- */

static int read_results(struct search *search, const char *path)
{
  return vqe_hdf5_visit(path, take_result, search);
}

static int read_spooled(struct search *search, const char *path)
{
  struct vqe_spool *spool = NULL;
  struct vqe_record *record = NULL;
  char *folder = NULL;
  const char *slash = strrchr(path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  int length = (int)(name - path);
  int status = vqe_memory_print(&folder, "%.*s", length > 0 ? length : 1,
                                length > 0 ? path : ".");
  if (status == VQE_OK) {
    status = vqe_spool_open_existing(&spool, folder);
  }
  if (status == VQE_OK) {
    status = vqe_spool_read(&record, spool, name);
  }
  if (status == VQE_OK) {
    status = take_record(search, record, 0);
  }
  vqe_spool_close(spool);
  free(folder);
  return status;
}

static int read_avro(struct search *search, const char *path)
{
  char where[1200];
  snprintf(where, sizeof where, "file '%s'", path);
  return vqe_record_avro_read_file(path, where, take_record, NULL, search);
}

static int read_json(struct search *search, const char *path)
{
  struct vqe_record *record = NULL;
  char where[1200];
  char *text = NULL;
  size_t size = 0;
  snprintf(where, sizeof where, "file '%s'", path);
  int status = vqe_file_read(&text, &size, path, FILE_LIMIT);
  if (status == VQE_OK) {
    status = vqe_record_json_parse(&record, text, size, where);
  }
  free(text);
  return status == VQE_OK ? take_record(search, record, 0) : status;
}

static const struct {
  const char *head;
  size_t size;
  int (*read)(struct search *search, const char *path);
} kinds[] = {{"\x89HDF\r\n\x1a\n", 8, read_results},
             {"VQES", 4, read_spooled},
             {"Obj\x01", 4, read_avro},
             {"{", 1, read_json}};

static int read_file(struct search *search, const char *path)
{
  char head[9] = "";
  int descriptor;
  int status = vqe_file_open_regular(&descriptor, path);
  if (status != VQE_OK) {
    return status;
  }
  ssize_t got = read(descriptor, head, sizeof head - 1);
  size_t size = got > 0 ? (size_t)got : 0;
  close(descriptor);
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    if (size >= kinds[k].size &&
        memcmp(head, kinds[k].head, kinds[k].size) == 0) {
      return kinds[k].read(search, path);
    }
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "'%s' is neither an HDF5 result nor a file of records "
                       "(.vqes of a spool, .avro, .json): give one of these, "
                       "or the start of an experiment's id",
                       path);
}

static int from_file(struct vqe_cmd_lake_program *program, const char *path,
                     const char *start)
{
  struct search search = {.start = start, .program = program};
  int status = read_file(&search, path);
  if (status == VQE_OK && search.found == 0) {
    status = vqe_error_set(
        VQE_ERR_NOT_FOUND,
        search.seen == 0 ? "'%s' holds no circuit: no experiment of it ended "
                           "well"
                         : "'%s' holds no experiment whose id starts with "
                           "'%s'",
        path, start);
  } else if (status == VQE_OK && search.found > 1) {
    status = vqe_error_set(
        VQE_ERR_INPUT,
        "'%s' holds %zu experiments%s%s: %s%s; add the "
        "start of an id: vqe_lake qasm FILE ID",
        path, search.found, start[0] != '\0' ? " whose ids start with " : "",
        start, search.named, search.found > NAMED ? ", ..." : "");
  }
  return status;
}

static int from_warehouse(struct vqe_cmd_lake_program *program,
                          struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse *warehouse = NULL;
  int status = vqe_cmd_lake_open(&warehouse, vqe_cmd_lake_place(options, NULL),
                                 options, VQE_CMD_LAKE_READ);
  if (status == VQE_OK) {
    status =
        vqe_query_ansatz(&program->text, warehouse, options->arguments[0]);
  }
  if (status == VQE_OK && (options->bind || options->qasm_version == 2)) {
    status = vqe_query_optimal(&program->parameters, &program->count,
                               warehouse, options->arguments[0]);
  }
  return vqe_cmd_lake_close(warehouse, status);
}

int vqe_cmd_lake_circuit(struct vqe_cmd_lake_program *program,
                         struct vqe_cmd_lake_options *options)
{
  const char *name = options->arguments[0];
  struct stat found;
  if (stat(name, &found) == 0 && S_ISREG(found.st_mode)) {
    return from_file(program, name,
                     options->narguments > 1 ? options->arguments[1] : "");
  }
  if (options->narguments > 1) {
    return vqe_error_set(VQE_ERR_NOT_FOUND, "there is no file '%s'", name);
  }
  /* ids are hexadecimal: a name that is none is a file that is missing */
  if (name[0] == '\0' || name[strspn(name, "0123456789abcdef")] != '\0') {
    return vqe_error_set(VQE_ERR_NOT_FOUND,
                         "'%s' is neither a file nor the start of an "
                         "experiment's id",
                         name);
  }
  return from_warehouse(program, options);
}
