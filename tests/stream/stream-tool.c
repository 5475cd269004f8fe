/* The stream driven from a script.
 *
 *   stream-tool publish [SETTING=VALUE ...] [RESULT.h5 ...]
 *   stream-tool raw [SETTING=VALUE ...] RESULT.h5 ...
 *   stream-tool read [SETTING=VALUE ...]
 *
 * Settings: brokers, registry, topic, spool, group, close (seconds), repeat
 * (publish each record so often, under new ids), grow (so many MB of random
 * numbers as optimal parameters), hold (milliseconds between records); any
 * with a dot is a property of librdkafka. `publish` without a result sends the
 * spool. `raw` sends the same messages by librdkafka alone, from memory.
 * Prints one JSON object, `read` with one line a record before it. Exit
 * status 0, 1 when something is undelivered or was not read. */
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "record/record.h"
#include "record/record_avro.h"
#include "store/hdf5.h"
#include "stream/consumer.h"
#include "stream/kafka_conf.h"
#include "stream/producer.h"
#include "stream/registry.h"
#include "stream/wire.h"
#include "vqe/error.h"

#define MOST 32

struct settings {
  struct vqe_stream_settings stream;
  struct vqe_stream_property properties[MOST];
  const char *spool, *group;
  double close_s;
  int repeat, hold_ms, grow_mb;
};

static void complain(const char *what)
{
  fprintf(stderr, "stream-tool: %s: %s\n", what, vqe_error_message());
}

static void print_line(void *ctx, const char *text)
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
  } else if (strcmp(word, "grow") == 0) {
    settings->grow_mb = atoi(value);
  } else if (strcmp(word, "hold") == 0) {
    settings->hold_ms = atoi(value);
  } else if (settings->stream.nproperty < MOST) {
    settings->properties[settings->stream.nproperty++] =
        (struct vqe_stream_property){word, value};
  }
  return true;
}

/* A record that compression does not make small. */
static int grow(struct vqe_record *record, int mb)
{
  struct vqe_pcg64 rng;
  size_t count = (size_t)mb * 1000000 / sizeof(double);
  double *values = NULL;
  int status = vqe_memory_alloc(&values, count, sizeof *values, "parameters");
  if (status != VQE_OK) {
    return status;
  }
  vqe_pcg64_seed(&rng, 1);
  for (size_t k = 0; k < count; k++) {
    values[k] = vqe_pcg64_random(&rng);
  }
  free(record->optimal_parameters);
  record->optimal_parameters = values;
  record->noptimal = count;
  return VQE_OK;
}

struct records {
  struct vqe_record **all;
  size_t count, capacity;
};

static void free_records(struct records *records)
{
  for (size_t k = 0; k < records->count; k++) {
    vqe_record_free(records->all[k]);
  }
  free(records->all);
}

static int add_record(struct records *records, const struct settings *settings,
                      const struct vqe_result *result, int repeat)
{
  struct vqe_record *record = NULL;
  int status = VQE_OK;
  if (records->count == records->capacity) {
    size_t more = 2 * records->capacity + 64;
    status = vqe_memory_grow(&records->all, records->capacity, more,
                             sizeof(struct vqe_record *), "records");
    records->capacity = status == VQE_OK ? more : records->capacity;
  }
  if (status == VQE_OK) {
    status = vqe_record_from_result(&record, result);
  }
  if (status == VQE_OK && settings->grow_mb > 0) {
    status = grow(record, settings->grow_mb);
  }
  if (status == VQE_OK && repeat > 0) {
    char text[128];
    snprintf(text, sizeof text, "%s %d", record->experiment_id, repeat);
    status = vqe_sha256_hex(record->experiment_id, text, strlen(text));
  }
  if (status != VQE_OK) {
    vqe_record_free(record);
    return status;
  }
  records->all[records->count++] = record;
  return VQE_OK;
}

/* All that is to be sent, so that only sending is timed. */
static int read_records(struct records *records,
                        const struct settings *settings, char **paths,
                        int npath)
{
  int status = VQE_OK;
  for (int p = 0; p < npath && status == VQE_OK; p++) {
    struct vqe_result **results = NULL;
    size_t count = 0;
    status = vqe_hdf5_read(&results, &count, paths[p]);
    for (size_t k = 0; k < count && status == VQE_OK; k++) {
      for (int r = 0; r < settings->repeat && status == VQE_OK &&
                      results[k]->status == VQE_EXPERIMENT_OK;
           r++) {
        status = add_record(records, settings, results[k], r);
      }
    }
    vqe_hdf5_free(results, count);
  }
  return status;
}

static int publish(struct settings *settings, char **paths, int npath)
{
  struct vqe_producer *producer = NULL;
  struct vqe_producer_counts counts;
  struct records records = {0};
  const struct vqe_producer_options options = {.stream = settings->stream,
                                               .spool = settings->spool,
                                               .report = print_line};
  int status = read_records(&records, settings, paths, npath);
  if (status != VQE_OK || vqe_producer_open(&producer, &options) != VQE_OK) {
    complain("cannot publish");
    free_records(&records);
    return 2;
  }
  double start = vqe_clock_wall();
  for (size_t k = 0; k < records.count && status == VQE_OK; k++) {
    status = vqe_producer_send(producer, records.all[k]);
    records.all[k] = NULL;
    if (settings->hold_ms > 0) {
      const struct timespec pause = {settings->hold_ms / 1000,
                                     settings->hold_ms % 1000 * 1000000L};
      nanosleep(&pause, NULL);
    }
  }
  if (status != VQE_OK) {
    complain("not given");
  }
  double given = vqe_clock_wall();
  int closed = vqe_producer_close(&counts, producer, settings->close_s);
  double end = vqe_clock_wall();
  if (closed != VQE_OK) {
    complain("at the end");
  }
  printf("{\"accepted\": %zu, \"found\": %zu, \"delivered\": %zu, "
         "\"spooled\": %zu, \"too_large\": %zu, \"lost\": %zu, "
         "\"bytes\": %zu, \"latency_median\": %.6f, \"latency_p99\": %.6f, "
         "\"latency_max\": %.6f, \"seconds_given\": %.6f, "
         "\"seconds\": %.6f}\n",
         counts.accepted, counts.found, counts.delivered, counts.spooled,
         counts.too_large, counts.lost, counts.bytes, counts.latency_median_s,
         counts.latency_p99_s, counts.latency_max_s, given - start,
         end - start);
  free_records(&records);
  return status == VQE_OK && closed == VQE_OK ? 0 : 1;
}

/* ---- the same by librdkafka alone ---- */

struct raw {
  uint8_t *data;
  size_t size;
  char key[65];
};

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message,
                      void *ctx)
{
  size_t *delivered = ctx;
  (void)rk;
  *delivered += message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
}

static int encode_all(struct raw **out, const struct records *records,
                      uint32_t schema_id)
{
  struct raw *all = NULL;
  int status =
      vqe_memory_alloc(&all, records->count, sizeof *all, "raw messages");
  *out = all;
  for (size_t k = 0; k < records->count && status == VQE_OK; k++) {
    status = vqe_record_avro_encode(&all[k].data, &all[k].size,
                                    VQE_WIRE_HEAD_SIZE, records->all[k]);
    if (status == VQE_OK) {
      vqe_wire_start(all[k].data);
      vqe_wire_set_schema(all[k].data, schema_id);
    }
    snprintf(all[k].key, sizeof all[k].key, "%s",
             records->all[k]->experiment_id);
  }
  return status;
}

static void send_raw(rd_kafka_t *rk, const char *topic, const struct raw *all,
                     size_t count)
{
  for (size_t k = 0; k < count; k++) {
    while (rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic),
                             RD_KAFKA_V_KEY(all[k].key, strlen(all[k].key)),
                             RD_KAFKA_V_VALUE(all[k].data, all[k].size),
                             RD_KAFKA_V_END) ==
           RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_poll(rk, 10);
    }
    rd_kafka_poll(rk, 0);
  }
}

static int raw(struct settings *settings, char **paths, int npath)
{
  struct records records = {0};
  struct raw *all = NULL;
  struct vqe_registry *registry = NULL;
  const struct vqe_registry_options options = {.urls =
                                                   settings->stream.registry};
  const char *topic = settings->stream.topic != NULL ? settings->stream.topic
                                                     : VQE_STREAM_TOPIC;
  char subject[300];
  struct vqe_kafka_secrets *secrets = NULL;
  rd_kafka_conf_t *conf = NULL;
  rd_kafka_t *rk = NULL;
  size_t delivered = 0;
  size_t bytes = 0;
  uint32_t id = 0;
  double seconds = 0.0;
  snprintf(subject, sizeof subject, "%.250s-value", topic);
  int status = read_records(&records, settings, paths, npath);
  if (status == VQE_OK) {
    status = vqe_registry_open(&registry, &options);
  }
  if (status == VQE_OK) {
    status = vqe_registry_register(&id, registry, subject,
                                   vqe_record_avro_schema_text,
                                   vqe_record_avro_schema_text_size);
  }
  if (status == VQE_OK) {
    status = encode_all(&all, &records, id);
  }
  if (status == VQE_OK) {
    status = vqe_kafka_secrets_create(&secrets, &delivered);
  }
  if (status == VQE_OK) {
    status =
        vqe_kafka_conf(&conf, secrets, &settings->stream, VQE_KAFKA_PRODUCER);
  }
  if (status == VQE_OK) {
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    status = vqe_kafka_new(&rk, conf, secrets, VQE_KAFKA_PRODUCER);
  }
  if (status == VQE_OK) {
    double start = vqe_clock_wall();
    send_raw(rk, topic, all, records.count);
    rd_kafka_flush(rk, (int)(settings->close_s * 1000.0));
    seconds = vqe_clock_wall() - start;
    rd_kafka_destroy(rk);
  } else {
    complain("raw");
  }
  for (size_t k = 0; k < records.count && all != NULL; k++) {
    bytes += all[k].size;
    free(all[k].data);
  }
  printf("{\"delivered\": %zu, \"bytes\": %zu, \"seconds\": %.6f}\n",
         delivered, bytes, seconds);
  bool complete = status == VQE_OK && delivered == records.count;
  free(all);
  vqe_kafka_secrets_free(secrets);
  vqe_registry_close(registry);
  free_records(&records);
  return complete ? 0 : 1;
}

/* ---- reading ---- */

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
                          const char *reason)
{
  (void)ctx;
  fprintf(stderr, "stream-tool: rejected %d/%lld, %zu bytes: %s\n",
          place->partition, (long long)place->offset, place->size, reason);
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
    fprintf(stderr, "usage: stream-tool publish|raw|read SETTING=VALUE ...\n");
    return 2;
  }
  settings.stream.properties = settings.properties;
  while (first < argc && take_setting(&settings, argv[first])) {
    first++;
  }
  if (strcmp(argv[1], "publish") == 0) {
    return publish(&settings, argv + first, argc - first);
  }
  if (strcmp(argv[1], "raw") == 0) {
    return raw(&settings, argv + first, argc - first);
  }
  return read_topic(&settings);
}
