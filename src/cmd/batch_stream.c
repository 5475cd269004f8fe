#include "batch_stream.h"
#include "option_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "cmd_log.h"
#include "record/record.h"

/* Longest wait at the end without any report. */
#define CLOSE_SECONDS 30.0
#define SPOOL_NAME "vqe_spool"

static void print_note(void *ctx, const char *text)
{
  (void)ctx;
  vqe_log(&vqe_cmd_log, VQE_LOG_WARNING, "%s", text);
}

static const char *first_of(const char *option, const char *job,
                            const char *variable)
{
  if (option != NULL) {
    return option;
  }
  return job != NULL ? job : getenv(variable);
}

int vqe_batch_stream_open(struct vqe_batch_stream *out,
                          const struct vqe_job *job,
                          const struct vqe_cmd_options *options)
{
  const struct vqe_job_stream *from = &job->stream;
  struct vqe_stream_property *properties = NULL;
  struct vqe_producer_options producer = {.report = print_note};
  char *spool = NULL;
  out->quiet = options->quiet;
  pthread_mutex_init(&out->lock, NULL);
  if (!from->wanted && !options->kafka && options->brokers == NULL &&
      options->topic == NULL && options->registry == NULL &&
      options->spool == NULL) {
    return VQE_OK;
  }
  producer.stream.brokers =
      first_of(options->brokers, from->brokers, "VQE_KAFKA_BROKERS");
  producer.stream.registry =
      first_of(options->registry, from->registry, "VQE_REGISTRY_URL");
  producer.stream.registry_ca_file = from->registry_ca_file;
  producer.stream.topic =
      options->topic != NULL ? options->topic : from->topic;
  if (producer.stream.brokers == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "publishing to Kafka needs its brokers: --brokers "
                         "HOST:PORT, or the job's key 'kafka'");
  }
  if (producer.stream.registry == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "publishing to Kafka needs a schema registry: "
                         "--registry URL, or the job's key 'registry'");
  }
  int status = vqe_memory_alloc(&properties, from->nproperty,
                                sizeof *properties, "properties of Kafka");
  for (size_t k = 0; status == VQE_OK && k < from->nproperty; k++) {
    properties[k].name = from->properties[k].name;
    properties[k].value = from->properties[k].value;
  }
  producer.stream.properties = properties;
  producer.stream.nproperty = from->nproperty;
  producer.spool = options->spool != NULL ? options->spool : from->spool;
  if (status == VQE_OK && producer.spool == NULL) {
    status = vqe_file_resolve(&spool, job->output, SPOOL_NAME);
    producer.spool = spool;
  }
  if (status == VQE_OK) {
    status = vqe_producer_open(&out->producer, &producer);
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&out->spool, producer.spool);
  }
  free(spool);
  free(properties);
  return status;
}

void vqe_batch_stream_finished(void *ctx, const struct vqe_result *result)
{
  struct vqe_batch_stream *stream = ctx;
  struct vqe_record *record = NULL;
  int status = vqe_record_from_result(&record, result);
  if (status == VQE_OK) {
    status = vqe_producer_send(stream->producer, record);
  }
  if (status != VQE_OK) {
    stream->refused++;
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "not published: %s",
            vqe_error_message());
  }
}

void vqe_batch_stream_sync(struct vqe_batch_stream *stream)
{
  if (stream->producer != NULL &&
      vqe_producer_sync(stream->producer) != VQE_OK) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "%s", vqe_error_message());
  }
}

/* By then the producer is gone. */
static int measure_spool(struct vqe_spool_size *out, const char *path)
{
  struct vqe_spool *spool = NULL;
  int status = vqe_spool_open_existing(&spool, path);
  if (status == VQE_OK) {
    status = vqe_spool_measure(out, spool);
  }
  vqe_spool_close(spool);
  return status;
}

bool vqe_batch_stream_look(struct vqe_producer_counts *counts,
                           struct vqe_spool_size *spool, bool *measured,
                           struct vqe_batch_stream *stream)
{
  pthread_mutex_lock(&stream->lock);
  bool known = stream->spool != NULL;
  int status = VQE_OK;
  if (known && stream->ending) {
    *counts = stream->last;
    status = measure_spool(spool, stream->spool);
  } else if (known) {
    status = vqe_producer_look(counts, spool, stream->producer);
  }
  pthread_mutex_unlock(&stream->lock);
  *measured = known && status == VQE_OK;
  return known;
}

/* From here on nobody else looks at the producer, which takes its time. */
static void begin_end(struct vqe_batch_stream *stream)
{
  struct vqe_spool_size spool;
  pthread_mutex_lock(&stream->lock);
  (void)vqe_producer_look(&stream->last, &spool, stream->producer);
  stream->ending = true;
  pthread_mutex_unlock(&stream->lock);
}

void vqe_batch_stream_clear(struct vqe_batch_stream *stream)
{
  free(stream->spool);
  stream->spool = NULL;
}

int vqe_batch_stream_close(struct vqe_batch_stream *stream)
{
  struct vqe_producer_counts counts;
  if (stream->producer == NULL) {
    return VQE_OK;
  }
  begin_end(stream);
  int status = vqe_producer_close(&counts, stream->producer, CLOSE_SECONDS);
  stream->producer = NULL;
  pthread_mutex_lock(&stream->lock);
  stream->last = counts;
  pthread_mutex_unlock(&stream->lock);
  if (status != VQE_OK) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR, "%s", vqe_error_message());
  }
  if (stream->refused > 0) {
    vqe_log(&vqe_cmd_log, VQE_LOG_ERROR,
            "%zu experiment%s could not be published; the result "
            "file holds %s",
            stream->refused, vqe_cmd_plural(stream->refused),
            stream->refused == 1 ? "it" : "them");
    status = VQE_ERR_IO;
  }
  if (!stream->quiet) {
    printf(
        "Kafka: %zu record%s delivered, %zu found in the spool at the start",
        counts.delivered, vqe_cmd_plural(counts.delivered), counts.found);
    if (counts.latency_max_s > 0.0) {
      printf("; after they finished: median %.3f s, 99%% within %.3f s",
             counts.latency_median_s, counts.latency_p99_s);
    }
    printf("\n");
  }
  return status;
}
