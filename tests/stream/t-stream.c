/* Producer and consumer against librdkafka's mock of a Kafka cluster and a
 * registry on loopback, with the faults that both can have. */
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "http/http_server.h"
#include "record/record_avro.h"
#include "record/result_fixture.h"
#include "record/spool.h"
#include "stream/consumer.h"
#include "stream/producer.h"
#include "stream/wire.h"
#include "vqe/error.h"

#define TOPIC "experiment.vqe"
#define PRODUCE 0 /* of Kafka's API keys */
#define SCHEMA_ID 41
#define MOST 64

struct fixture {
  struct http_server registry;
  rd_kafka_t *rk;
  rd_kafka_mock_cluster_t *cluster;
  const char *brokers;
  char folder[64];
  char spool[80];
  struct vqe_stream_property properties[4];
  size_t nproperty;
  char reported[4096]; /* what the producer reported, line by line */
};

static struct http_script
respond_as_registry(const struct http_request *request)
{
  static _Thread_local char schema[65536];
  struct http_script script = {.status = 200, .body = "{\"id\": 41}"};
  if (strcmp(request->path, "/schemas/ids/41") == 0) {
    json_t *body = json_pack("{s:s}", "schema", vqe_record_avro_schema_text);
    char *text = json_dumps(body, 0);
    snprintf(schema, sizeof schema, "%s", text);
    free(text);
    json_decref(body);
    script.body = schema;
  } else if (strcmp(request->path, "/schemas/ids/51") == 0) {
    script.body = "{\"schema\": \"{\\\"type\\\": \\\"record\\\", "
                  "\\\"name\\\": \\\"N\\\", \\\"fields\\\": "
                  "[{\\\"name\\\": \\\"n\\\", \\\"type\\\": "
                  "\\\"N\\\"}]}\"}";
  } else if (strcmp(request->path, "/schemas/ids/52") == 0) {
    script.body = "{\"schema\": \"{\\\"type\\\": \\\"fixed\\\", "
                  "\\\"name\\\": \\\"f\\\", \\\"size\\\": "
                  "4611686018427387904}\"}";
  } else if (strcmp(request->path, "/schemas/ids/53") == 0) {
    script.body = "{\"schema\": \"{\\\"type\\\": \\\"array\\\", "
                  "\\\"items\\\": \\\"null\\\"}\"}";
  } else if (strcmp(request->path, "/schemas/ids/54") == 0) {
    /* by a reference that comes back to it */
    script.body = "{\"schema\": \"\\\"P\\\"\", \"references\": [{\"name\": "
                  "\"P\", \"subject\": \"p\", \"version\": 1}]}";
  } else if (strcmp(request->path, "/subjects/p/versions/1") == 0) {
    script.body = "{\"schema\": \"{\\\"type\\\": \\\"record\\\", "
                  "\\\"name\\\": \\\"P\\\", \\\"fields\\\": "
                  "[{\\\"name\\\": \\\"p\\\", \\\"type\\\": "
                  "[\\\"null\\\", \\\"P\\\"]}]}\"}";
  } else if (strcmp(request->method, "GET") == 0) {
    script.status = 404;
    script.body = "{\"error_code\": 40403, \"message\": \"none\"}";
  }
  return script;
}

static int set_up(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  char reason[256];
  setenv("no_proxy", "127.0.0.1", 1);
  http_start(&fixture->registry, 0, respond_as_registry);
  strcpy(fixture->folder, "/tmp/vqe-stream-XXXXXX");
  assert_non_null(mkdtemp(fixture->folder));
  snprintf(fixture->spool, sizeof fixture->spool, "%s/spool", fixture->folder);
  fixture->rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason,
                             sizeof reason);
  assert_non_null(fixture->rk);
  fixture->cluster = rd_kafka_mock_cluster_new(fixture->rk, 1);
  assert_non_null(fixture->cluster);
  fixture->brokers = rd_kafka_mock_cluster_bootstraps(fixture->cluster);
  assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, TOPIC, 2, 1),
                   0);
  *state = fixture;
  return 0;
}

static int tear_down(void **state)
{
  struct fixture *fixture = *state;
  char command[128];
  rd_kafka_mock_cluster_destroy(fixture->cluster);
  rd_kafka_destroy(fixture->rk);
  http_stop(&fixture->registry);
  snprintf(command, sizeof command, "rm -rf %s", fixture->folder);
  assert_int_equal(system(command), 0);
  free(fixture);
  return 0;
}

static void keep_report(void *ctx, const char *text)
{
  struct fixture *fixture = ctx;
  size_t used = strlen(fixture->reported);
  snprintf(fixture->reported + used, sizeof fixture->reported - used, "%s\n",
           text);
}

static struct vqe_producer *open_producer(struct fixture *fixture,
                                          size_t queue_records)
{
  struct vqe_producer *producer = NULL;
  const struct vqe_producer_options options = {
      .stream = {.brokers = fixture->brokers,
                 .registry = fixture->registry.url,
                 .properties = fixture->properties,
                 .nproperty = fixture->nproperty},
      .spool = fixture->spool,
      .registry_retry_s = 0.1,
      .queue_records = queue_records,
      .report = keep_report,
      .report_ctx = fixture};
  if (vqe_producer_open(&producer, &options) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return producer;
}

/* Record number `k`, known by its id and its minimum. */
static struct vqe_record *make_record(int k, size_t evaluations)
{
  struct vqe_result *result = fixture_result(3, evaluations, 5);
  struct vqe_record *record = NULL;
  char id[65];
  result->status = VQE_EXPERIMENT_OK;
  assert_int_equal(vqe_record_from_result(&record, result), VQE_OK);
  vqe_result_free(result);
  snprintf(id, sizeof id, "%064x", k);
  memcpy(record->experiment_id, id, 65);
  record->minimum = -1.0 - k / 8.0;
  return record;
}

static void give(struct vqe_producer *producer, int first, int count)
{
  for (int k = first; k < first + count; k++) {
    if (vqe_producer_send(producer, make_record(k, 4)) != VQE_OK) {
      fail_msg("%s", vqe_error_message());
    }
  }
}

static size_t in_spool(const struct fixture *fixture)
{
  struct vqe_spool *spool = NULL;
  char(*names)[VQE_SPOOL_NAME_SIZE] = NULL;
  size_t count = 0;
  assert_int_equal(vqe_spool_open(&spool, fixture->spool), VQE_OK);
  assert_int_equal(vqe_spool_list(&names, &count, spool), VQE_OK);
  free(names);
  vqe_spool_close(spool);
  return count;
}

static void close_well(struct vqe_producer_counts *counts,
                       struct vqe_producer *producer)
{
  if (vqe_producer_close(counts, producer, 20.0) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
}

/* ---- reading what is on the topic ---- */

struct seen {
  int times[MOST]; /* by record number */
  size_t rejected;
  char reason[512];
  int safe_calls;
  int fail_after; /* records; 0: never */
  bool safe_fails;
  int unfit;      /* number, from 1, of a record that cannot be stored */
  int given;      /* since the last safe */
  uint8_t *first; /* Avro of record 0 */
  size_t first_size;
};

static int see_record(void *ctx, struct vqe_record *record,
                      const struct vqe_consumer_place *place)
{
  struct seen *seen = ctx;
  unsigned k = (unsigned)strtoul(record->experiment_id + 48, NULL, 16);
  assert_string_equal(place->topic, TOPIC);
  assert_true(k < MOST);
  assert_true(record->minimum == -1.0 - k / 8.0);
  if (k == 0 && seen->first == NULL) {
    assert_int_equal(
        vqe_record_avro_encode(&seen->first, &seen->first_size, 0, record),
        VQE_OK);
  }
  vqe_record_free(record);
  seen->times[k]++;
  seen->given++;
  if (seen->unfit == (int)k + 1) {
    (void)vqe_error_set(VQE_ERR_INPUT, "it does not fit");
    return VQE_CONSUMER_SET_ASIDE;
  }
  if (seen->fail_after > 0 && seen->given >= seen->fail_after) {
    return VQE_ERR_MEMORY;
  }
  return VQE_OK;
}

static int see_rejected(void *ctx, const struct vqe_consumer_place *place,
                        const char *reason)
{
  struct seen *seen = ctx;
  assert_true(place->offset >= 0);
  assert_true(place->data != NULL || place->size == 0);
  seen->rejected++;
  snprintf(seen->reason, sizeof seen->reason, "%s", reason);
  return VQE_OK;
}

static int see_safe(void *ctx)
{
  struct seen *seen = ctx;
  seen->safe_calls++;
  seen->given = 0;
  return seen->safe_fails ? VQE_ERR_IO : VQE_OK;
}

static int read_with(struct seen *seen, struct vqe_consumer_counts *counts,
                     const struct fixture *fixture,
                     struct vqe_consumer_options options)
{
  struct vqe_consumer *consumer = NULL;
  options.stream.brokers = fixture->brokers;
  options.stream.registry = fixture->registry.url;
  options.group = "test";
  options.timeout_s = 5.0;
  const struct vqe_consumer_callbacks callbacks = {.ctx = seen,
                                                   .record = see_record,
                                                   .rejected = see_rejected,
                                                   .safe = see_safe};
  if (vqe_consumer_open(&consumer, &options) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  int status = vqe_consumer_read(counts, consumer, &callbacks);
  vqe_consumer_close(consumer);
  return status;
}

static int read_topic(struct seen *seen, struct vqe_consumer_counts *counts,
                      const struct fixture *fixture, size_t safe_records)
{
  const struct vqe_consumer_options options = {.safe_records = safe_records};
  return read_with(seen, counts, fixture, options);
}

static void assert_on_topic(const struct fixture *fixture, int count)
{
  struct seen seen = {0};
  struct vqe_consumer_counts counts;
  if (read_topic(&seen, &counts, fixture, 0) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  for (int k = 0; k < MOST; k++) {
    if ((seen.times[k] > 0) != (k < count)) {
      fail_msg("record %d came %d times", k, seen.times[k]);
    }
  }
  assert_int_equal(counts.rejected, 0);
  free(seen.first);
}

static void assert_reported(const struct fixture *fixture, const char *part)
{
  if (strstr(fixture->reported, part) == NULL) {
    fail_msg("'%s' is not in: %s", part, fixture->reported);
  }
}

/* ---- the tests ---- */

static void records_come_back_as_they_were_sent(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  struct vqe_consumer_counts read = {0};
  struct seen seen = {0};
  struct vqe_record *record = make_record(0, 4);
  uint8_t *avro = NULL;
  size_t size = 0;
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 20);
  close_well(&counts, producer);
  assert_int_equal(counts.accepted, 20);
  assert_int_equal(counts.delivered, 20);
  assert_int_equal(counts.spooled + counts.lost + counts.found, 0);
  assert_true(counts.latency_max_s > 0.0 && counts.latency_max_s < 15.0);
  assert_int_equal(in_spool(fixture), 0);
  assert_string_equal(fixture->reported, "");
  assert_int_equal(read_topic(&seen, &read, fixture, 6), VQE_OK);
  assert_int_equal(read.messages, 20);
  assert_int_equal(read.records, 20);
  for (int k = 0; k < 20; k++) {
    assert_int_equal(seen.times[k], 1);
  }
  assert_true(seen.safe_calls >= 4);
  /* every byte of the record came back */
  assert_int_equal(vqe_record_avro_encode(&avro, &size, 0, record), VQE_OK);
  assert_int_equal(size, seen.first_size);
  assert_memory_equal(avro, seen.first, size);
  /* the place is committed */
  assert_int_equal(read_topic(&seen, &read, fixture, 0), VQE_OK);
  assert_int_equal(read.messages, 0);
  vqe_record_free(record);
  free(avro);
  free(seen.first);
}

static void records_wait_in_the_spool_while_brokers_are_away(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  rd_kafka_mock_broker_set_down(fixture->cluster, 1);
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 3);
  assert_int_equal(vqe_producer_sync(producer), VQE_OK);
  assert_int_equal(in_spool(fixture), 3);
  double start = vqe_clock_wall();
  assert_int_equal(vqe_producer_close(&counts, producer, 1.0), VQE_ERR_IO);
  assert_true(vqe_clock_wall() - start < 5.0);
  assert_non_null(strstr(vqe_error_message(), "3 records are undelivered"));
  assert_non_null(strstr(vqe_error_message(), fixture->spool));
  assert_int_equal(counts.delivered, 0);
  assert_int_equal(counts.spooled, 3);
  assert_int_equal(counts.lost, 0);
  assert_int_equal(in_spool(fixture), 3);
  /* the next run sends them first */
  rd_kafka_mock_broker_set_up(fixture->cluster, 1);
  producer = open_producer(fixture, 0);
  give(producer, 3, 2);
  close_well(&counts, producer);
  assert_int_equal(counts.found, 3);
  assert_int_equal(counts.delivered, 5);
  assert_int_equal(in_spool(fixture), 0);
  assert_on_topic(fixture, 5);
}

static void records_go_when_brokers_return(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 4);
  rd_kafka_mock_broker_set_down(fixture->cluster, 1);
  give(producer, 4, 4);
  const struct timespec pause = {.tv_nsec = 500000000L};
  nanosleep(&pause, NULL);
  rd_kafka_mock_broker_set_up(fixture->cluster, 1);
  give(producer, 8, 4);
  close_well(&counts, producer);
  assert_int_equal(counts.delivered, 12);
  assert_int_equal(in_spool(fixture), 0);
  assert_on_topic(fixture, 12);
}

/* Responses get lost: Kafka's idempotence and our retries must not lose. */
static void passing_errors_of_brokers_are_retried(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  rd_kafka_mock_push_request_errors(
      fixture->cluster, PRODUCE, 5, RD_KAFKA_RESP_ERR__TRANSPORT,
      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT);
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 10);
  close_well(&counts, producer);
  assert_int_equal(counts.delivered, 10);
  assert_int_equal(in_spool(fixture), 0);
  assert_on_topic(fixture, 10);
}

/* An error after which an idempotent producer refuses all further work. */
static void fatal_error_starts_a_new_client(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  rd_kafka_mock_push_request_errors(fixture->cluster, PRODUCE, 1,
                                    RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH);
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 6);
  close_well(&counts, producer);
  assert_int_equal(counts.delivered, 6);
  assert_int_equal(in_spool(fixture), 0);
  assert_on_topic(fixture, 6);
}

static void records_wait_while_the_registry_is_away(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  for (int k = 0; k < 3; k++) {
    http_script(&fixture->registry, 503, "", 0);
  }
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 5);
  assert_int_equal(vqe_producer_sync(producer), VQE_OK);
  close_well(&counts, producer);
  assert_int_equal(counts.delivered, 5);
  assert_true(http_count(&fixture->registry) >= 4);
  assert_reported(fixture, "503");
  assert_on_topic(fixture, 5);
}

static void refused_schema_leaves_records_in_the_spool(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  http_script(&fixture->registry, 409,
              "{\"error_code\": 409, \"message\": \"incompatible: field "
              "'minimum'\"}",
              0);
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 2);
  double start = vqe_clock_wall();
  assert_int_equal(vqe_producer_close(&counts, producer, 30.0), VQE_ERR_IO);
  assert_true(vqe_clock_wall() - start < 10.0);
  assert_non_null(strstr(vqe_error_message(), "field 'minimum'"));
  assert_int_equal(counts.spooled, 2);
  assert_int_equal(in_spool(fixture), 2);
}

static void record_too_large_for_the_client_stays_alone(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  fixture->properties[0] =
      (struct vqe_stream_property){"message.max.bytes", "20000"};
  fixture->nproperty = 1;
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 2);
  assert_int_equal(vqe_producer_send(producer, make_record(9, 2000)), VQE_OK);
  give(producer, 2, 2);
  assert_int_equal(vqe_producer_close(&counts, producer, 20.0), VQE_ERR_IO);
  assert_int_equal(counts.delivered, 4);
  assert_int_equal(counts.too_large, 1);
  assert_int_equal(counts.spooled, 1);
  assert_int_equal(in_spool(fixture), 1);
  assert_reported(fixture, "0009: its record of");
  assert_on_topic(fixture, 4);
}

/* The broker refuses a batch for its size: each of it is tried alone, so
 * that one large record does not keep others off. */
static void record_too_large_for_the_broker_stays_alone(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  fixture->properties[0] = (struct vqe_stream_property){"linger.ms", "300"};
  fixture->nproperty = 1;
  rd_kafka_mock_push_request_errors(fixture->cluster, PRODUCE, 1,
                                    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 6);
  close_well(&counts, producer);
  assert_int_equal(counts.delivered, 6);
  assert_int_equal(counts.too_large, 0);
  assert_on_topic(fixture, 6);
  rd_kafka_mock_push_request_errors(fixture->cluster, PRODUCE, 2,
                                    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
                                    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  producer = open_producer(fixture, 0);
  give(producer, 6, 1);
  assert_int_equal(vqe_producer_close(&counts, producer, 20.0), VQE_ERR_IO);
  assert_int_equal(counts.too_large, 1);
  assert_int_equal(in_spool(fixture), 1);
  assert_non_null(strstr(vqe_error_message(), "max.message.bytes"));
}

static void missing_rights_are_reported(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  rd_kafka_mock_topic_set_error(fixture->cluster, TOPIC,
                                RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 3);
  double start = vqe_clock_wall();
  assert_int_equal(vqe_producer_close(&counts, producer, 30.0), VQE_ERR_IO);
  assert_true(vqe_clock_wall() - start < 20.0);
  assert_int_equal(counts.spooled, 3);
  assert_int_equal(in_spool(fixture), 3);
  assert_non_null(strstr(vqe_error_message(), "right to write"));
}

/* A slow broker and a full queue: giving records waits for the disk only. */
static void full_queue_uses_the_spool(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  /* far longer than forty synced writes take beside others */
  rd_kafka_mock_broker_set_rtt(fixture->cluster, 1, 6000);
  struct vqe_producer *producer = open_producer(fixture, 1);
  double start = vqe_clock_wall();
  give(producer, 0, 40);
  assert_true(vqe_clock_wall() - start < 5.9);
  assert_int_equal(vqe_producer_sync(producer), VQE_OK);
  assert_int_equal(in_spool(fixture), 40);
  rd_kafka_mock_broker_set_rtt(fixture->cluster, 1, 0);
  close_well(&counts, producer);
  assert_int_equal(counts.delivered, 40);
  assert_int_equal(in_spool(fixture), 0);
  assert_on_topic(fixture, 40);
}

/* No report for some time: the record is kept without being asked to. */
static void late_report_puts_the_record_into_the_spool(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  const struct timespec pause = {.tv_nsec = 50000000L};
  rd_kafka_mock_broker_set_rtt(fixture->cluster, 1, 6000);
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 3);
  for (int k = 0; k < 400 && in_spool(fixture) < 3; k++) {
    nanosleep(&pause, NULL);
  }
  assert_int_equal(in_spool(fixture), 3);
  rd_kafka_mock_broker_set_rtt(fixture->cluster, 1, 0);
  close_well(&counts, producer);
  assert_int_equal(counts.delivered, 3);
  assert_true(counts.latency_median_s >= 2.0);
  assert_true(counts.latency_p99_s >= counts.latency_median_s);
  assert_int_equal(in_spool(fixture), 0);
  assert_on_topic(fixture, 3);
}

/* No space for the spool: reported, and sent from memory. */
static void full_disk_sends_from_memory(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  struct rlimit before;
  signal(SIGXFSZ, SIG_IGN);
  /* what is delivered at once needs no spool */
  rd_kafka_mock_broker_set_rtt(fixture->cluster, 1, 1500);
  struct vqe_producer *producer = open_producer(fixture, 0);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small = {1024, before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  give(producer, 0, 2);
  int status = vqe_producer_sync(producer);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(status, VQE_ERR_IO);
  assert_reported(fixture, "cannot be spooled");
  rd_kafka_mock_broker_set_rtt(fixture->cluster, 1, 0);
  close_well(&counts, producer);
  assert_int_equal(counts.delivered, 2);
  assert_int_equal(counts.lost, 0);
  assert_on_topic(fixture, 2);
  /* with the broker away as well it is lost, and said so */
  rd_kafka_mock_broker_set_down(fixture->cluster, 1);
  producer = open_producer(fixture, 0);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  give(producer, 2, 1);
  status = vqe_producer_close(&counts, producer, 0.5);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(status, VQE_ERR_IO);
  assert_int_equal(counts.lost, 1);
  assert_non_null(strstr(vqe_error_message(), "LOST"));
}

static void damaged_spool_files_are_left_alone(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer_counts counts;
  struct vqe_spool *spool = NULL;
  char name[VQE_SPOOL_NAME_SIZE];
  char path[256];
  assert_int_equal(vqe_spool_open(&spool, fixture->spool), VQE_OK);
  assert_int_equal(vqe_spool_put(name, spool, "x", (const uint8_t *)"abc", 3),
                   VQE_OK);
  vqe_spool_close(spool);
  snprintf(path, sizeof path, "%s/%s", fixture->spool, name);
  FILE *file = fopen(path, "r+");
  fputc('?', file);
  fclose(file);
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, 0, 2);
  assert_int_equal(vqe_producer_close(&counts, producer, 20.0), VQE_ERR_IO);
  assert_int_equal(counts.delivered, 2);
  assert_int_equal(counts.spooled, 1);
  assert_reported(fixture, name);
  assert_on_topic(fixture, 2);
}

static void bad_settings_are_refused_without_secrets(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_producer *producer = NULL;
  struct vqe_producer_options options = {
      .stream = {.brokers = fixture->brokers,
                 .registry = fixture->registry.url,
                 .properties = fixture->properties,
                 .nproperty = 1},
      .spool = fixture->spool};
  fixture->properties[0] = (struct vqe_stream_property){"lingr.ms", "1"};
  assert_int_equal(vqe_producer_open(&producer, &options), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "lingr.ms"));
  fixture->properties[0] =
      (struct vqe_stream_property){"sasl.password", "geheim"};
  assert_int_equal(vqe_producer_open(&producer, &options), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "VQE_KAFKA_SASL_PASSWORD"));
  assert_null(strstr(vqe_error_message(), "geheim"));
  fixture->properties[0] = (struct vqe_stream_property){"linger.ms", "1"};
  options.stream.brokers = NULL;
  assert_int_equal(vqe_producer_open(&producer, &options), VQE_ERR_INPUT);
  options.stream.brokers = fixture->brokers;
  options.stream.registry = NULL;
  assert_int_equal(vqe_producer_open(&producer, &options), VQE_ERR_INPUT);
  options.stream.registry = fixture->registry.url;
  options.spool = "/proc/none/spool";
  assert_int_equal(vqe_producer_open(&producer, &options), VQE_ERR_IO);
  assert_null(producer);
  char path[128];
  snprintf(path, sizeof path, "%s/kafka.json", fixture->folder);
  FILE *file = fopen(path, "w");
  fputs("{\"client.id\": \"x\", \"ssl.ca.location\": 7}", file);
  fclose(file);
  setenv("VQE_KAFKA_PROPERTIES_FILE", path, 1);
  options.spool = fixture->spool;
  assert_int_equal(vqe_producer_open(&producer, &options), VQE_ERR_INPUT);
  unsetenv("VQE_KAFKA_PROPERTIES_FILE");
  assert_non_null(strstr(vqe_error_message(), "ssl.ca.location"));
}

/* ---- the consumer's faults ---- */

static void put_raw(struct fixture *fixture, const void *data, size_t size)
{
  char reason[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", fixture->brokers, reason,
                    sizeof reason);
  rd_kafka_t *rk =
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
  assert_non_null(rk);
  assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(TOPIC),
                                     RD_KAFKA_V_KEY("k", 1),
                                     RD_KAFKA_V_VALUE((void *)data, size),
                                     RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                     RD_KAFKA_V_END),
                   0);
  assert_int_equal(rd_kafka_flush(rk, 10000), 0);
  rd_kafka_destroy(rk);
}

static void produce(struct fixture *fixture, int first, int count)
{
  struct vqe_producer_counts counts;
  struct vqe_producer *producer = open_producer(fixture, 0);
  give(producer, first, count);
  close_well(&counts, producer);
}

static void messages_that_are_no_record_are_rejected(void **state)
{
  struct fixture *fixture = *state;
  struct seen seen = {0};
  struct vqe_consumer_counts counts;
  static const uint8_t cut[] = {0, 0, 0, 0, SCHEMA_ID, 2};
  produce(fixture, 0, 2);
  put_raw(fixture, "not a record", 12);
  put_raw(fixture, cut, sizeof cut);
  put_raw(fixture, NULL, 0);
  produce(fixture, 2, 2);
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_OK);
  assert_int_equal(counts.messages, 7);
  assert_int_equal(counts.records, 4);
  assert_int_equal(counts.rejected, 2);
  assert_int_equal(seen.rejected, 2);
  assert_int_equal(counts.deleted, 1);
  for (int k = 0; k < 4; k++) {
    assert_int_equal(seen.times[k], 1);
  }
  free(seen.first);
}

/* Schemas that would end the reader or never end themselves: their messages
 * are set aside, and the topic goes on. */
static void messages_of_hostile_schemas_are_rejected(void **state)
{
  struct fixture *fixture = *state;
  struct seen seen = {0};
  struct vqe_consumer_counts counts;
  produce(fixture, 0, 2);
  for (uint8_t id = 51; id <= 54; id++) {
    const uint8_t message[] = {0, 0, 0, 0, id, 0, 0, 0};
    put_raw(fixture, message, sizeof message);
    put_raw(fixture, message, sizeof message);
  }
  produce(fixture, 2, 2);
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_OK);
  assert_int_equal(counts.messages, 12);
  assert_int_equal(counts.records, 4);
  assert_int_equal(counts.rejected, 8);
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_OK);
  assert_int_equal(counts.messages, 0);
  free(seen.first);
}

/* What a later reading may find is no reason to pass over a message: the
 * registry was started empty, has another path or wants other credentials. */
static void messages_that_cannot_be_read_now_are_not_passed_over(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_consumer_counts counts;
  static const struct {
    int http, times, status;
    const char *says;
  } cases[] = {
      {404, 1, VQE_ERR_NOT_FOUND, "cannot be read now"},
      {401, 1, VQE_ERR_INPUT, "VQE_REGISTRY_TOKEN"},
      {403, 1, VQE_ERR_INPUT, "credentials"},
      {500, 3, VQE_ERR_IO, "try again later"},
      {200, 1, VQE_ERR_INPUT, "is this a registry?"},
  };
  produce(fixture, 0, 3);
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct seen seen = {0};
    for (int time = 0; time < cases[k].times; time++) {
      http_script(&fixture->registry, cases[k].http, "{}", 0);
    }
    assert_int_equal(read_topic(&seen, &counts, fixture, 1), cases[k].status);
    if (strstr(vqe_error_message(), cases[k].says) == NULL) {
      fail_msg("'%s' is not in: %s", cases[k].says, vqe_error_message());
    }
    assert_int_equal(seen.rejected + counts.rejected + counts.records, 0);
    assert_int_equal(seen.safe_calls, 0);
  }
  assert_on_topic(fixture, 3);
}

/* A message whose schema is gone for good can be passed over on demand. */
static void unknown_schemas_are_rejected_on_demand(void **state)
{
  struct fixture *fixture = *state;
  struct seen seen = {0};
  struct vqe_consumer_counts counts;
  static const uint8_t unknown_schema[] = {0, 0, 0, 0, 9, 1, 2};
  produce(fixture, 0, 2);
  put_raw(fixture, unknown_schema, sizeof unknown_schema);
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_ERR_NOT_FOUND);
  assert_non_null(strstr(vqe_error_message(), "schema 9"));
  const struct vqe_consumer_options options = {.reject_unknown = true};
  assert_int_equal(read_with(&seen, &counts, fixture, options), VQE_OK);
  assert_int_equal(counts.records, 2);
  assert_int_equal(counts.rejected, 1);
  free(seen.first);
}

static void reading_that_finds_no_record_is_not_committed(void **state)
{
  struct fixture *fixture = *state;
  struct seen seen = {0};
  struct vqe_consumer_counts counts;
  put_raw(fixture, "not a record", 12);
  put_raw(fixture, "neither is this", 15);
  assert_int_equal(read_topic(&seen, &counts, fixture, 1), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "none of 2 messages"));
  assert_non_null(strstr(vqe_error_message(), "0x6e"));
  assert_int_equal(counts.rejected, 2);
  assert_int_equal(seen.safe_calls, 0);
  /* nor is it in the way of a record that comes later */
  produce(fixture, 0, 1);
  assert_int_equal(read_topic(&seen, &counts, fixture, 1), VQE_OK);
  assert_int_equal(counts.rejected, 2);
  assert_int_equal(counts.records, 1);
  assert_int_equal(read_topic(&seen, &counts, fixture, 1), VQE_OK);
  assert_int_equal(counts.messages, 0);
  free(seen.first);
}

static void record_that_cannot_be_stored_is_set_aside(void **state)
{
  struct fixture *fixture = *state;
  struct seen seen = {.unfit = 2};
  struct vqe_consumer_counts counts;
  produce(fixture, 0, 4);
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_OK);
  assert_int_equal(counts.records, 3);
  assert_int_equal(counts.rejected, 1);
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_OK);
  assert_int_equal(counts.messages, 0);
  free(seen.first);
}

static void reading_begins_where_it_is_asked_to(void **state)
{
  struct fixture *fixture = *state;
  struct seen seen = {0};
  struct vqe_consumer_counts counts;
  const struct vqe_consumer_options all = {.from = VQE_CONSUMER_OFFSET};
  const struct vqe_consumer_options none = {.from = VQE_CONSUMER_OFFSET,
                                            .from_value = 1000};
  produce(fixture, 0, 6);
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_OK);
  assert_int_equal(counts.records, 6);
  assert_int_equal(read_with(&seen, &counts, fixture, all), VQE_OK);
  assert_int_equal(counts.records, 6);
  /* the committed place is still behind them */
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_OK);
  assert_int_equal(counts.messages, 0);
  /* beyond the end passes over what is there */
  produce(fixture, 6, 2);
  assert_int_equal(read_with(&seen, &counts, fixture, none), VQE_OK);
  assert_int_equal(counts.messages, 0);
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_OK);
  assert_int_equal(counts.messages, 0);
  assert_int_equal(read_with(&seen, &counts, fixture, all), VQE_OK);
  assert_int_equal(counts.records, 8);
  /* a reading that fails on the way does not take the place back */
  seen.given = 0;
  seen.fail_after = 3;
  struct vqe_consumer_options small = all;
  small.safe_records = 2;
  seen.safe_fails = false;
  (void)read_with(&seen, &counts, fixture, small);
  seen.fail_after = 0;
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_OK);
  assert_int_equal(counts.messages, 0);
  free(seen.first);
}

static void unsafe_records_are_not_committed(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_consumer_counts counts;
  struct seen refusing = {.fail_after = 3};
  struct seen unsafe = {.safe_fails = true};
  produce(fixture, 0, 6);
  /* the callee gives up: all come again */
  assert_int_equal(read_topic(&refusing, &counts, fixture, 0), VQE_ERR_MEMORY);
  assert_int_equal(refusing.safe_calls, 0);
  assert_int_equal(read_topic(&unsafe, &counts, fixture, 0), VQE_ERR_IO);
  assert_int_equal(counts.records, 6);
  assert_int_equal(unsafe.safe_calls, 1);
  free(refusing.first);
  free(unsafe.first);
  assert_on_topic(fixture, 6);
}

static void reading_fails_while_the_registry_is_away(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_consumer_counts counts;
  struct seen seen = {0};
  produce(fixture, 0, 3);
  for (int k = 0; k < 3; k++) {
    http_script(&fixture->registry, HTTP_DROP, NULL, 0);
  }
  /* no reason to reject what cannot be looked up */
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_ERR_IO);
  assert_int_equal(counts.rejected, 0);
  assert_int_equal(seen.safe_calls, 0);
  assert_on_topic(fixture, 3);
}

static void reading_fails_while_brokers_are_away(void **state)
{
  struct fixture *fixture = *state;
  struct vqe_consumer_counts counts;
  struct seen seen = {0};
  rd_kafka_mock_broker_set_down(fixture->cluster, 1);
  double start = vqe_clock_wall();
  assert_int_equal(read_topic(&seen, &counts, fixture, 0), VQE_ERR_IO);
  assert_true(vqe_clock_wall() - start < 20.0);
  assert_non_null(strstr(vqe_error_message(), fixture->brokers));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(records_come_back_as_they_were_sent),
      TEST(records_wait_in_the_spool_while_brokers_are_away),
      TEST(records_go_when_brokers_return),
      TEST(passing_errors_of_brokers_are_retried),
      TEST(fatal_error_starts_a_new_client),
      TEST(records_wait_while_the_registry_is_away),
      TEST(refused_schema_leaves_records_in_the_spool),
      TEST(record_too_large_for_the_client_stays_alone),
      TEST(record_too_large_for_the_broker_stays_alone),
      TEST(missing_rights_are_reported),
      TEST(full_queue_uses_the_spool),
      TEST(late_report_puts_the_record_into_the_spool),
      TEST(full_disk_sends_from_memory),
      TEST(damaged_spool_files_are_left_alone),
      TEST(bad_settings_are_refused_without_secrets),
      TEST(messages_that_are_no_record_are_rejected),
      TEST(messages_of_hostile_schemas_are_rejected),
      TEST(messages_that_cannot_be_read_now_are_not_passed_over),
      TEST(unknown_schemas_are_rejected_on_demand),
      TEST(reading_that_finds_no_record_is_not_committed),
      TEST(record_that_cannot_be_stored_is_set_aside),
      TEST(reading_begins_where_it_is_asked_to),
      TEST(unsafe_records_are_not_committed),
      TEST(reading_fails_while_the_registry_is_away),
      TEST(reading_fails_while_brokers_are_away),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
