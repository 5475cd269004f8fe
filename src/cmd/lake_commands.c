#include "lake_commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/error_message.h"
#include "base/file.h"
#include "cmd_log.h"
#include "side_output.h"

#define LOCK_WAIT_SECONDS 60.0

/* Exit status of a code. */
static int exit_code(int status)
{
  switch (status) {
  case VQE_OK:
    return EXIT_GOOD;
  case VQE_ERR_INPUT:
  case VQE_ERR_NOT_FOUND:
  case VQE_ERR_UNSUPPORTED:
    return EXIT_BAD_INPUT;
  default:
    return EXIT_SOME_FAILED;
  }
}

int vqe_cmd_lake_complain(int status)
{
  vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "%s", vqe_error_message());
  return exit_code(status);
}

void vqe_cmd_lake_warn(void *ctx, const char *text)
{
  const struct vqe_cmd_lake_options *options = ctx;
  if (!options->quiet) {
    vqe_log(&vqe_cmd_log, VQE_LOG_WARNING, "%s", text);
  }
}

/* ---- places ---- */

bool vqe_cmd_lake_is_remote(const char *place)
{
  return strncmp(place, "s3://", 5) == 0 || strncmp(place, "s3a://", 6) == 0;
}

struct vqe_objects_options
vqe_cmd_lake_objects(const struct vqe_cmd_lake_options *options)
{
  struct vqe_objects_options objects = VQE_OBJECTS_OPTIONS_INIT;
  objects.endpoint = options->endpoint;
  objects.region = options->region;
  objects.virtual_host = options->virtual_host;
  objects.scheme = options->scheme;
  objects.ca_file = options->ca_file;
  objects.timeout_s = (double)options->timeout_s;
  objects.opaque_etags =
      options->etag != NULL && strcmp(options->etag, "opaque") == 0;
  return objects;
}

/* One of two places: what it has of its own goes before what both share. */
static struct vqe_objects_options
place_of(const struct vqe_cmd_lake_options *options, const char *variables,
         const char *profile, const char *endpoint, const char *region)
{
  struct vqe_objects_options objects = vqe_cmd_lake_objects(options);
  objects.variables = variables;
  objects.profile = profile;
  if (endpoint != NULL) {
    objects.endpoint = endpoint;
  }
  if (region != NULL) {
    objects.region = region;
  }
  return objects;
}

struct vqe_objects_options
vqe_cmd_lake_source(const struct vqe_cmd_lake_options *options)
{
  return place_of(options, "VQE_SOURCE_", options->source_profile,
                  options->source_endpoint, options->source_region);
}

struct vqe_objects_options
vqe_cmd_lake_target(const struct vqe_cmd_lake_options *options)
{
  return place_of(options, "VQE_TARGET_", options->target_profile,
                  options->target_endpoint, options->target_region);
}

static int read_wait(double *out, const char *text)
{
  char *end = NULL;
  *out = LOCK_WAIT_SECONDS;
  if (text == NULL) {
    return VQE_OK;
  }
  *out = strtod(text, &end);
  if (*end != '\0' || !(*out >= 0.0)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --lock-wait: '%s' is no number of seconds",
                         text);
  }
  return VQE_OK;
}

/* The warehouse named by the argument, the option or the environment. */
const char *vqe_cmd_lake_place(const struct vqe_cmd_lake_options *options,
                               const char *argument)
{
  if (options->warehouse != NULL) {
    return options->warehouse;
  }
  return argument != NULL ? argument : getenv("VQE_WAREHOUSE");
}

int vqe_cmd_lake_open(struct vqe_warehouse **out, const char *place,
                      struct vqe_cmd_lake_options *options,
                      enum vqe_cmd_lake_use use)
{
  struct vqe_objects_options objects = vqe_cmd_lake_objects(options);
  return vqe_cmd_lake_open_at(out, place, &objects, options, use);
}

int vqe_cmd_lake_open_at(struct vqe_warehouse **out, const char *place,
                         const struct vqe_objects_options *objects,
                         struct vqe_cmd_lake_options *options,
                         enum vqe_cmd_lake_use use)
{
  struct vqe_warehouse_options warehouse = {
      .objects = *objects,
      .memory_mb = (size_t)options->memory_mb,
      .threads = options->threads,
      .scratch = options->scratch,
      .write = use != VQE_CMD_LAKE_READ,
      .existing = use == VQE_CMD_LAKE_READ || use == VQE_CMD_LAKE_CHANGE,
      .holder = options->command,
      .warn = vqe_cmd_lake_warn,
      .warn_ctx = options,
      .over_ended = use == VQE_CMD_LAKE_COPY,
  };
  int status = read_wait(&warehouse.lock_wait_s, options->lock_wait);
  if (status != VQE_OK) {
    return status;
  }
  if (place == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no warehouse given: --warehouse PLACE, or set "
                         "VQE_WAREHOUSE");
  }
  return vqe_warehouse_open(out, place, &warehouse);
}

/* Close, keeping the first failure and its message. */
int vqe_cmd_lake_close(struct vqe_warehouse *warehouse, int status)
{
  char message[1024];
  snprintf(message, sizeof message, "%s", vqe_error_message());
  int closed = vqe_warehouse_close(warehouse);
  if (status != VQE_OK) {
    return vqe_error_set(status, "%s", message);
  }
  return closed;
}

/* ---- output ---- */

/* The file that is written aside of the one output of a command, and where it
 * goes; NULL for what cannot be replaced, such as a pipe. */
static struct vqe_aside aside = VQE_ASIDE_INIT;
static char *place;

/* Open a new file beside `path`, which is taken over. */
static FILE *open_aside(char *path)
{
  place = path;
  vqe_aside_sweep(path);
  if (vqe_aside_open(&aside, path) != VQE_OK) {
    return NULL;
  }
  int descriptor = fcntl(aside.descriptor, F_DUPFD_CLOEXEC, 0);
  FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
  if (file == NULL) {
    int code = errno;
    vqe_aside_close(&aside);
    errno = code;
    return NULL;
  }
  return file;
}

int vqe_cmd_lake_open_output(FILE **out,
                             const struct vqe_cmd_lake_options *options)
{
  char *file = NULL;
  int stream = -1;
  *out = stdout;
  if (options->output == NULL) {
    return VQE_OK;
  }
  int status = vqe_cmd_side_output_check("--output", options->output, NULL, 0);
  if (status == VQE_OK) {
    status = vqe_file_open_stream(&stream, options->output);
  }
  /* what a link leads to is replaced, and what is no file is written */
  if (status == VQE_OK && stream < 0) {
    status = vqe_file_follow(&file, options->output);
  }
  if (status != VQE_OK) {
    return status;
  }
  *out = stream >= 0 ? fdopen(stream, "w") : open_aside(file);
  if (*out == NULL) {
    (void)vqe_file_errno(errno, "option --output: cannot write",
                         options->output);
  }
  return *out != NULL ? VQE_OK : VQE_ERR_INPUT;
}

int vqe_cmd_lake_close_output(FILE *stream, int status)
{
  bool lost = false;
  if (stream != NULL && stream != stdout) {
    errno = 0;
    lost = ferror(stream) != 0;
    lost = fclose(stream) != 0 || lost;
  }
  if (lost && status == VQE_OK) {
    status = vqe_error_set(VQE_ERR_IO, "cannot write the output: %s",
                           errno != 0 ? strerror(errno)
                                      : "not all could be written");
  }
  if (aside.name != NULL && status == VQE_OK) {
    status = vqe_aside_publish(&aside, place);
  }
  vqe_aside_close(&aside);
  free(place);
  place = NULL;
  return status;
}
