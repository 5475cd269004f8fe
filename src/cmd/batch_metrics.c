#include "batch_metrics.h"

#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "campaign/folder.h"
#include "cmd_log.h"
#include "metrics/listener.h"
#include "metrics/metrics.h"
#include "metrics/place.h"
#include "metrics/publisher.h"
#include "side_output.h"
#include "stream/settings.h"

#define TIER_LIMIT ((size_t)64 << 20)
#define HOST_SIZE 65

struct vqe_batch_metrics {
  const struct vqe_job *job;
  struct vqe_batch_stream *stream;
  struct vqe_batch_watch watch;
  struct vqe_metrics *metrics;
  struct vqe_metrics_place place;
  struct vqe_metrics_publisher *publisher;
  struct vqe_metrics_listener *listener;
  char *batch;
  char *username, *password, *token, *ca_file;
  bool complained; /* of memory */
  /* the last look, for the one at the end */
  struct vqe_metrics_rank *ranks;
  struct vqe_metrics_running *running;
  size_t capacity; /* of `running` */
};

/* ---- who the run is ---- */

/* The name of the result and a few digits of host and path: the same for each
 * run on that file, and for no other. */
static int name_batch(char **out, const char *file, const char *host)
{
  char digits[VQE_SHA256_HEX_SIZE];
  char *path = realpath(file, NULL); /* NULL: not made yet */
  char *folder = strdup(file);
  char *made =
      path == NULL && folder != NULL ? realpath(dirname(folder), NULL) : NULL;
  const char *slash = strrchr(file, '/');
  const char *name = slash != NULL ? slash + 1 : file;
  size_t length = strlen(name);
  char *whole = NULL;
  length -= length > 3 && strcmp(name + length - 3, ".h5") == 0 ? 3 : 0;
  int status =
      vqe_memory_print(&whole, "%s:%s%s%s", host,
                       path != NULL   ? path
                       : made != NULL ? made
                                      : "",
                       path != NULL ? "" : "/", path != NULL ? "" : name);
  if (status == VQE_OK) {
    status = vqe_sha256_hex(digits, whole, strlen(whole));
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(out, "%.*s-%.8s", (int)length, name, digits);
  }
  free(whole);
  free(made);
  free(folder);
  free(path);
  return status;
}

/* Tier and lane of a job file that `vqe_batch generate` has made; NULL and ""
 * where it is none. A tier that cannot be read is not known. */
static void find_tier(char **tier, char lane[64], const char *job)
{
  char *copy = strdup(job);
  char *path = NULL;
  char *text = NULL;
  size_t size = 0;
  int number;
  const char *slash = strrchr(job, '/');
  *tier = NULL;
  if (copy != NULL &&
      vqe_folder_is_part(lane, &number, slash != NULL ? slash + 1 : job) &&
      vqe_folder_path(&path, dirname(copy), "tier.json") == VQE_OK &&
      vqe_file_read(&text, &size, path, TIER_LIMIT) == VQE_OK) {
    json_t *root = vqe_json_parse_any(text, size);
    (void)vqe_memory_strdup(tier,
                            json_string_value(json_object_get(root, "name")));
    json_decref(root);
  }
  free(text);
  free(path);
  free(copy);
}

/* ---- from the run to metrics ---- */

static void complain_once(struct vqe_batch_metrics *metrics, int status)
{
  if (status != VQE_OK && !metrics->complained) {
    metrics->complained = true;
    vqe_log(&vqe_cmd_log, VQE_LOG_WARNING, "metrics: %s", vqe_error_message());
  }
}

static void on_ended(void *ctx, const struct vqe_result *result, int rank,
                     bool restored)
{
  struct vqe_batch_metrics *metrics = ctx;
  complain_once(metrics,
                vqe_metrics_ended(metrics->metrics, result, rank, restored));
}

static void take_rank(struct vqe_metrics_rank *out,
                      const struct vqe_pulse *pulse)
{
  *out = (struct vqe_metrics_rank){.rank = pulse->rank,
                                   .known = pulse->known,
                                   .lanes = pulse->lanes,
                                   .running = pulse->running,
                                   .done = pulse->done,
                                   .busy = pulse->busy,
                                   .seconds = pulse->seconds,
                                   .cpu = pulse->cpu,
                                   .resident = pulse->resident,
                                   .available = pulse->available,
                                   .limit = pulse->limit,
                                   .journal_lag = pulse->journal_lag,
                                   .has_device = pulse->on_device};
  if (pulse->on_device) {
    const struct vqe_device_summary *device = &pulse->device;
    out->device = device->index;
    snprintf(out->device_model, sizeof out->device_model, "%s", device->name);
    out->device_bytes = (double)device->bytes;
    out->device_used = (double)(device->bytes - device->free_bytes);
  }
}

static bool take_running(struct vqe_metrics_running *out,
                         const struct vqe_batch_metrics *metrics,
                         const struct vqe_news *news)
{
  if (news->index < 0 || (size_t)news->index >= metrics->job->count) {
    return false;
  }
  *out = (struct vqe_metrics_running){
      .experiment = metrics->job->experiments[news->index],
      .energy = news->energy,
      .hf = news->hf,
      .error = 1e-3 * news->error,
      .iteration = news->iteration,
      .seconds = news->seconds,
      .vqe_seconds = news->vqe_seconds};
  return true;
}

static int make_room(struct vqe_batch_metrics *metrics, size_t nrank,
                     size_t count)
{
  int status = VQE_OK;
  if (metrics->ranks == NULL) {
    status = vqe_memory_alloc(&metrics->ranks, nrank, sizeof *metrics->ranks,
                              "metrics");
  }
  if (status == VQE_OK && count > metrics->capacity) {
    status = vqe_memory_grow(&metrics->running, 0, count,
                             sizeof *metrics->running, "metrics");
    metrics->capacity = status == VQE_OK ? count : metrics->capacity;
  }
  return status;
}

static void on_look(void *ctx, const struct vqe_batch_view *view)
{
  struct vqe_batch_metrics *metrics = ctx;
  struct vqe_metrics_state state = {.total = view->total,
                                    .done = view->done,
                                    .failed = view->failed,
                                    .active = true,
                                    .nrank = view->nrank};
  size_t count = 0;
  for (size_t k = 0; k < view->nrank; k++) {
    count += (size_t)view->ranks[k].count;
  }
  int status = make_room(metrics, view->nrank, count);
  for (size_t k = 0; status == VQE_OK && k < view->nrank; k++) {
    const struct vqe_pulse *pulse = &view->ranks[k];
    take_rank(&metrics->ranks[k], pulse);
    state.running += (size_t)pulse->running;
    for (int n = 0; n < pulse->count; n++) {
      state.nexperiment += take_running(&metrics->running[state.nexperiment],
                                        metrics, &pulse->news[n]);
    }
  }
  if (status == VQE_OK) {
    state.ranks = metrics->ranks;
    state.experiments = metrics->running;
    status = vqe_metrics_update(metrics->metrics, &state);
  }
  complain_once(metrics, status);
}

/* From a thread of the metrics. */
static bool look_at_stream(void *ctx, struct vqe_metrics_publishing *out)
{
  const struct vqe_batch_metrics *metrics = ctx;
  struct vqe_producer_counts counts;
  struct vqe_spool_size spool;
  bool measured;
  if (!vqe_batch_stream_look(&counts, &spool, &measured, metrics->stream)) {
    return false;
  }
  out->accepted = (double)counts.accepted;
  out->delivered = (double)counts.delivered;
  out->lost = (double)counts.lost;
  out->bytes = (double)counts.bytes;
  out->spool_records = measured ? (double)spool.records : NAN;
  out->spool_bytes = measured ? (double)spool.bytes : NAN;
  out->spool_oldest = measured ? spool.oldest_s : NAN;
  return true;
}

/* ---- opening ---- */

static void print_note(void *ctx, const char *text)
{
  (void)ctx;
  vqe_log(&vqe_cmd_log, VQE_LOG_WARNING, "%s", text);
}

static int make_metrics(struct vqe_batch_metrics *metrics)
{
  const struct vqe_job *job = metrics->job;
  char host[HOST_SIZE] = "";
  char lane[64] = "";
  char *tier = NULL;
  if (gethostname(host, sizeof host - 1) != 0) {
    snprintf(host, sizeof host, "unknown");
  }
  find_tier(&tier, lane, job->path);
  int status = name_batch(&metrics->batch, job->file, host);
  const struct vqe_metrics_options options = {.batch = metrics->batch,
                                              .tier = tier,
                                              .lane = lane,
                                              .host = host,
                                              .scheduler_job =
                                                  vqe_machine_job(),
                                              .output = job->output,
                                              .publishing = look_at_stream,
                                              .ctx = metrics};
  if (status == VQE_OK) {
    status = vqe_metrics_create(&metrics->metrics, &options);
  }
  free(tier);
  return status;
}

static int read_secrets(struct vqe_batch_metrics *metrics)
{
  int status = vqe_stream_secret(&metrics->username, "VQE_METRICS_USERNAME");
  if (status == VQE_OK) {
    status = vqe_stream_secret(&metrics->password, "VQE_METRICS_PASSWORD");
  }
  if (status == VQE_OK) {
    status = vqe_stream_secret(&metrics->token, "VQE_METRICS_TOKEN");
  }
  const char *ca_file = getenv("VQE_METRICS_CA_FILE");
  if (status == VQE_OK && ca_file != NULL && ca_file[0] != '\0') {
    status = vqe_memory_strdup(&metrics->ca_file, ca_file);
  }
  if (status == VQE_OK && metrics->token != NULL &&
      strpbrk(metrics->token, "\r\n") != NULL) {
    status =
        vqe_error_set(VQE_ERR_INPUT, "VQE_METRICS_TOKEN holds a line break");
  }
  return status;
}

/* Not one of the run's other files; a folder that is not there is no reason
 * against a run, which says so later. */
static int check_file(const struct vqe_batch_metrics *metrics,
                      const char *where, const struct vqe_cmd_options *options)
{
  const struct vqe_job *job = metrics->job;
  const char *const others[] = {job->output, options->job, options->summary,
                                options->qcschema};
  const char *file = metrics->place.file;
  char *copy = file != NULL ? strdup(file) : NULL;
  bool there = copy != NULL && access(dirname(copy), W_OK) == 0;
  free(copy);
  return there ? vqe_cmd_side_output_check(where, file, others, 4) : VQE_OK;
}

static int publish(struct vqe_batch_metrics *metrics, const char *text,
                   const char *where, const struct vqe_cmd_options *options)
{
  struct vqe_metrics_publisher_options how = {
      .place = &metrics->place, .batch = metrics->batch, .report = print_note};
  int status = vqe_metrics_place_read(&metrics->place, text, where);
  if (status == VQE_OK) {
    status = check_file(metrics, where, options);
  }
  if (status == VQE_OK && metrics->place.file == NULL) {
    status = read_secrets(metrics);
  }
  if (status == VQE_OK) {
    how.username = metrics->username;
    how.password = metrics->password;
    how.token = metrics->token;
    how.ca_file = metrics->ca_file;
    status = vqe_metrics_publisher_open(&metrics->publisher, metrics->metrics,
                                        &how);
  }
  return status;
}

/* The port is printed even under --quiet where nobody could guess it. */
static int serve(struct vqe_batch_metrics *metrics, const char *text,
                 const char *where, bool quiet)
{
  char *address = NULL;
  int port = 0;
  int bound = 0;
  int status = vqe_metrics_place_listen(&address, &port, text, where);
  if (status == VQE_OK) {
    status = vqe_metrics_listener_open(&metrics->listener, &bound,
                                       metrics->metrics, address, port);
  }
  if (status == VQE_OK && (!quiet || port == 0)) {
    bool six = strchr(address, ':') != NULL;
    vqe_log(&vqe_cmd_log, VQE_LOG_INFO, "metrics at http://%s%s%s:%d/metrics",
            six ? "[" : "", address, six ? "]" : "", bound);
  }
  free(address);
  return status;
}

static void release(struct vqe_batch_metrics *metrics)
{
  vqe_metrics_publisher_close(metrics->publisher);
  vqe_metrics_listener_close(metrics->listener);
  vqe_metrics_free(metrics->metrics);
  vqe_metrics_place_clear(&metrics->place);
  char *const secrets[] = {metrics->password, metrics->token};
  for (size_t k = 0; k < sizeof secrets / sizeof secrets[0]; k++) {
    if (secrets[k] != NULL) {
      explicit_bzero(secrets[k], strlen(secrets[k]));
    }
  }
  free(metrics->username);
  free(metrics->password);
  free(metrics->token);
  free(metrics->ca_file);
  free(metrics->batch);
  free(metrics->ranks);
  free(metrics->running);
  free(metrics);
}

int vqe_batch_metrics_open(struct vqe_batch_metrics **out,
                           const struct vqe_job *job,
                           const struct vqe_cmd_options *options,
                           struct vqe_batch_stream *stream)
{
  struct vqe_batch_metrics *metrics = NULL;
  const char *place =
      options->metrics != NULL ? options->metrics : job->metrics.place;
  const char *listen = options->metrics_listen != NULL
                           ? options->metrics_listen
                           : job->metrics.listen;
  *out = NULL;
  if (place == NULL && listen == NULL) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&metrics, 1, sizeof *metrics, "metrics");
  if (status != VQE_OK) {
    return status;
  }
  metrics->job = job;
  metrics->stream = stream;
  metrics->watch = (struct vqe_batch_watch){
      .ctx = metrics, .look = on_look, .ended = on_ended};
  status = make_metrics(metrics);
  if (status == VQE_OK && listen != NULL) {
    status =
        serve(metrics, listen,
              options->metrics_listen != NULL ? "--metrics-listen"
                                              : "key 'metrics' of the job",
              options->quiet);
  }
  if (status == VQE_OK && place != NULL) {
    /* last, as its end writes or pushes */
    status = publish(metrics, place,
                     options->metrics != NULL ? "--metrics"
                                              : "key 'metrics' of the job",
                     options);
  }
  if (status != VQE_OK) {
    char reason[512];
    snprintf(reason, sizeof reason, "%s", vqe_error_message());
    release(metrics);
    return vqe_error_set(status, "%s", reason);
  }
  *out = metrics;
  return VQE_OK;
}

const struct vqe_batch_watch *
vqe_batch_metrics_watch(const struct vqe_batch_metrics *metrics)
{
  return metrics != NULL ? &metrics->watch : NULL;
}

void vqe_batch_metrics_close(struct vqe_batch_metrics *metrics)
{
  if (metrics == NULL) {
    return;
  }
  vqe_metrics_inactive(metrics->metrics);
  release(metrics);
}
