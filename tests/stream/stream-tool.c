/* The stream driven from a script.
 *
 *   stream-tool publish [SETTING=VALUE ...] [RESULT.h5 ...]
 *   stream-tool read [SETTING=VALUE ...]
 *
 * Settings: brokers, registry, topic, spool, group, close (seconds), repeat
 * (publish each record so often, under new ids), hold (milliseconds between
 * records); any with a dot
 * is a property of librdkafka. `publish` without a result sends the spool.
 * Answers with one JSON object, `read` with one line a record before it.
 * Exit status 0, 1 when something is undelivered or was not read. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "store/hdf5.h"
#include "store/record.h"
#include "stream/consumer.h"
#include "stream/producer.h"
#include "vqe/error.h"

#define MOST 32

struct settings {
  struct vqe_stream_settings stream;
  struct vqe_stream_property properties[MOST];
  const char *spool, *group;
  double close_s;
  int repeat, hold_ms;
};

static void complain(const char *what)
{
  fprintf(stderr, "stream-tool: %s: %s\n", what, vqe_error_message());
}

static void tell(void *ctx, const char *text)
{
  (void)ctx;
  fprintf(stderr, "stream-tool: %s\n", text);
}

static bool take_setting(struct settings *settings, char *word)
{
  const struct {
    const char *name;
    const char **to;
  } texts[] = {{"brokers", &settings->stream.brokers},
               {"registry", &settings->stream.registry},
               {"topic", &settings->stream.topic},
               {"spool", &settings->spool},
               {"group", &settings->group}};
  char *value = strchr(word, '=');
  if (value == NULL) {
    return false;
  }
  *value++ = '\0';
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    if (strcmp(word, texts[k].name) == 0) {
      *texts[k].to = value;
      return true;
    }
  }
  if (strcmp(word, "close") == 0) {
    settings->close_s = atof(value);
  } else if (strcmp(word, "repeat") == 0) {
    settings->repeat = atoi(value);
  } else if (strcmp(word, "hold") == 0) {
    settings->hold_ms = atoi(value);
  } else if (settings->stream.nproperty < MOST) {
    settings->properties[settings->stream.nproperty++] =
        (struct vqe_stream_property){word, value};
  }
  return true;
}

static int send_result(struct vqe_producer *producer,
                       const struct settings *settings,
                       const struct vqe_result *result)
{
  int status = VQE_OK;
  for (int k = 0; k < settings->repeat && status == VQE_OK; k++) {
    struct vqe_record *record = NULL;
    status = vqe_record_from_result(&record, result);
    if (status != VQE_OK) {
      return status;
    }
    if (k > 0) {
      char text[128];
      snprintf(text, sizeof text, "%s %d", record->experiment_id, k);
      status = vqe_sha256_hex(record->experiment_id, text, strlen(text));
    }
    if (status == VQE_OK) {
      status = vqe_producer_send(producer, record);
    } else {
      vqe_record_free(record);
    }
    if (settings->hold_ms > 0) {
      const struct timespec pause = {settings->hold_ms / 1000,
                                     settings->hold_ms % 1000 * 1000000L};
      nanosleep(&pause, NULL);
    }
  }
  return status;
}

static int send_file(struct vqe_producer *producer,
                     const struct settings *settings, const char *path)
{
  struct vqe_result **results = NULL;
  size_t count = 0;
  int status = vqe_hdf5_read(&results, &count, path);
  for (size_t k = 0; k < count && status == VQE_OK; k++) {
    if (results[k]->status == VQE_EXPERIMENT_OK) {
      status = send_result(producer, settings, results[k]);
    }
  }
  vqe_hdf5_free(results, count);
  return status;
}

static int publish(struct settings *settings, char **paths, int npath)
{
  struct vqe_producer *producer = NULL;
  struct vqe_producer_counts counts;
  const struct vqe_producer_options options = {
      .stream = settings->stream, .spool = settings->spool, .report = tell};
  double start = vqe_clock_wall();
  if (vqe_producer_open(&producer, &options) != VQE_OK) {
    complain("cannot publish");
    return 2;
  }
  int status = VQE_OK;
  for (int k = 0; k < npath && status == VQE_OK; k++) {
    status = send_file(producer, settings, paths[k]);
  }
  if (status != VQE_OK) {
    complain("not given");
  }
  double given = vqe_clock_wall();
  int closed = vqe_producer_close(&counts, producer, settings->close_s);
  if (closed != VQE_OK) {
    complain("at the end");
  }
  printf(
      "{\"accepted\": %zu, \"found\": %zu, \"delivered\": %zu, "
      "\"spooled\": %zu, \"too_large\": %zu, \"lost\": %zu, "
      "\"bytes\": %zu, \"latency_median\": %.6f, \"latency_p99\": %.6f, "
      "\"latency_max\": %.6f, \"seconds_given\": %.6f, \"seconds\": %.6f}\n",
      counts.accepted, counts.found, counts.delivered, counts.spooled,
      counts.too_large, counts.lost, counts.bytes, counts.latency_median_s,
      counts.latency_p99_s, counts.latency_max_s, given - start,
      vqe_clock_wall() - start);
  return status == VQE_OK && closed == VQE_OK ? 0 : 1;
}

static int print_record(void *ctx, struct vqe_record *record,
                        const struct vqe_consumer_place *place)
{
  json_t *line = json_pack(
      "{s:s, s:i, s:I, s:f, s:s, s:i, s:b, s:I}", "experiment_id",
      record->experiment_id, "partition", place->partition, "offset",
      (json_int_t)place->offset, "minimum", record->minimum, "basis_set",
      record->basis_set, "num_qubits", record->num_qubits, "has_references",
      record->has_references, "iterations", (json_int_t)record->niteration);
  char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(17));
  (void)ctx;
  puts(text);
  free(text);
  json_decref(line);
  vqe_record_free(record);
  return VQE_OK;
}

static int print_rejected(void *ctx, const struct vqe_consumer_place *place,
                          const void *data, size_t size, const char *reason)
{
  (void)ctx;
  (void)data;
  fprintf(stderr, "stream-tool: rejected %d/%lld, %zu bytes: %s\n",
          place->partition, (long long)place->offset, size, reason);
  return VQE_OK;
}

static int read_topic(struct settings *settings)
{
  struct vqe_consumer *consumer = NULL;
  struct vqe_consumer_counts counts = {0};
  const struct vqe_consumer_options options = {
      .stream = settings->stream, .group = settings->group, .timeout_s = 15.0};
  const struct vqe_consumer_callbacks callbacks = {.record = print_record,
                                                   .rejected = print_rejected};
  if (vqe_consumer_open(&consumer, &options) != VQE_OK) {
    complain("cannot read");
    return 2;
  }
  int status = vqe_consumer_read(&counts, consumer, &callbacks);
  if (status != VQE_OK) {
    complain("reading");
  }
  vqe_consumer_close(consumer);
  printf("{\"messages\": %zu, \"records\": %zu, \"rejected\": %zu, "
         "\"deleted\": %zu, \"expired\": %zu}\n",
         counts.messages, counts.records, counts.rejected, counts.deleted,
         counts.expired);
  return status == VQE_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
  struct settings settings = {.close_s = 30.0, .repeat = 1};
  int first = 2;
  if (argc < 2) {
    fprintf(stderr, "usage: stream-tool publish|read SETTING=VALUE ...\n");
    return 2;
  }
  settings.stream.properties = settings.properties;
  while (first < argc && take_setting(&settings, argv[first])) {
    first++;
  }
  if (strcmp(argv[1], "publish") == 0) {
    return publish(&settings, argv + first, argc - first);
  }
  return read_topic(&settings);
}
