/* vqe_lake publish and ingest: the spool or a result to the topic, the topic
 * to tables or raw files. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/file.h"
#include "lake/normalize.h"
#include "lake/scratch.h"
#include "lake_commands.h"
#include "option_table.h"
#include "record/record_avro.h"
#include "record/record_json_write.h"
#include "store/hdf5.h"
#include "stream/consumer.h"
#include "stream/producer.h"

#define SPOOL_NAME "vqe_spool"
#define CLOSE_SECONDS 30.0

static int settings_of(struct vqe_stream_settings *out,
                       const struct vqe_cmd_lake_options *options)
{
  memset(out, 0, sizeof *out);
  out->brokers = options->brokers != NULL ? options->brokers
                                          : getenv("VQE_KAFKA_BROKERS");
  out->registry = options->registry != NULL ? options->registry
                                            : getenv("VQE_REGISTRY_URL");
  out->topic = options->topic;
  if (out->brokers == NULL || out->registry == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no %s given: --brokers HOST:PORT and --registry "
                         "URL, or set VQE_KAFKA_BROKERS and VQE_REGISTRY_URL",
                         out->brokers == NULL ? "brokers" : "registry");
  }
  return VQE_OK;
}

/* ---- publish ---- */

struct sending {
  struct vqe_producer *producer;
  size_t left_out; /* failed experiments */
};

/* A vqe_hdf5_visitor over a struct sending. */
static int send_result(void *ctx, size_t index,
                       const struct vqe_result *result)
{
  struct sending *sending = ctx;
  struct vqe_record *record = NULL;
  (void)index;
  if (result->status == VQE_EXPERIMENT_FAILED || result->neval == 0) {
    sending->left_out++;
    return VQE_OK;
  }
  int status = vqe_record_from_result(&record, result);
  return status == VQE_OK ? vqe_producer_send(sending->producer, record)
                          : status;
}

int vqe_cmd_lake_run_publish(struct vqe_cmd_lake_options *options)
{
  struct vqe_producer_options producing = {.report = vqe_cmd_lake_warn,
                                           .report_ctx = options};
  struct vqe_producer_counts counts = {0};
  struct sending sending = {NULL, 0};
  const char *result = options->narguments > 0 ? options->arguments[0] : NULL;
  char *spool = NULL;
  int status = settings_of(&producing.stream, options);
  producing.spool = options->spool;
  if (status == VQE_OK && producing.spool == NULL) {
    status = vqe_file_resolve(&spool, result, SPOOL_NAME);
    producing.spool = spool;
  }
  if (status == VQE_OK && result == NULL &&
      access(producing.spool, F_OK) != 0) {
    status = vqe_error_set(VQE_ERR_NOT_FOUND,
                           "there is no spool '%s': name one by --spool, or "
                           "a result file to publish",
                           producing.spool);
  }
  if (status == VQE_OK) {
    status = vqe_producer_open(&sending.producer, &producing);
  }
  if (status == VQE_OK && result != NULL) {
    status = vqe_hdf5_visit(result, send_result, &sending);
  }
  if (status != VQE_OK) {
    int code = vqe_cmd_lake_complain(status);
    (void)vqe_producer_close(NULL, sending.producer, CLOSE_SECONDS);
    free(spool);
    return code;
  }
  status = vqe_producer_close(&counts, sending.producer, CLOSE_SECONDS);
  int code = status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
  if (!options->quiet) {
    printf("%zu record%s delivered, %zu of the spool found at the start",
           counts.delivered, vqe_cmd_plural(counts.delivered), counts.found);
    if (sending.left_out > 0) {
      printf(", %zu failed ones left out", sending.left_out);
    }
    printf("\n");
  }
  free(spool);
  return code;
}

/* ---- ingest to raw files ---- */

struct landing {
  struct vqe_objects *objects;
  bool json;
  char file[64]; /* for one Avro container at a time */
  const struct vqe_cmd_lake_options *options;
};

/* Partition and offset name the file, so that what comes again replaces what
 * is there. */
static void key_of(char *out, size_t size, const char *folder,
                   const struct vqe_consumer_place *place, const char *suffix)
{
  snprintf(out, size, "%s/%.249s/%" PRId32 "-%020" PRId64 ".%s", folder,
           place->topic, place->partition, place->offset, suffix);
}

/* A message that is not stored as a record: its bytes stay where the user can
 * find them, and the log says where and why. */
static int set_aside(struct vqe_objects *objects,
                     const struct vqe_cmd_lake_options *options,
                     const struct vqe_consumer_place *place,
                     const char *reason)
{
  char key[400];
  char text[1600];
  key_of(key, sizeof key, "rejected", place, "bin");
  snprintf(text, sizeof text,
           "topic %.249s, partition %" PRId32 ", offset %" PRId64
           ": set aside as '%s': %s",
           place->topic, place->partition, place->offset, key, reason);
  vqe_cmd_lake_warn((void *)options, text);
  return vqe_objects_put(objects, key, place->data, place->size,
                         VQE_OBJECTS_REPLACE);
}

/* Set a record aside for the error that was set last. */
static int set_record_aside(struct vqe_objects *objects,
                            const struct vqe_cmd_lake_options *options,
                            const struct vqe_consumer_place *place)
{
  char reason[1024];
  snprintf(reason, sizeof reason, "%s", vqe_error_message());
  int status = set_aside(objects, options, place, reason);
  if (status == VQE_OK) {
    (void)vqe_error_set(VQE_ERR_INPUT, "%s", reason);
    status = VQE_CONSUMER_SET_ASIDE;
  }
  return status;
}

/* Is it the record's own fault that it cannot be written? */
static bool is_unfit(int status)
{
  return status == VQE_ERR_INPUT || status == VQE_ERR_UNSUPPORTED ||
         status == VQE_ERR_NUMERIC;
}

static int land_json(struct landing *landing, const char *key,
                     const struct vqe_record *record, bool *unfit)
{
  char *text = NULL;
  size_t size = 0;
  int status = vqe_record_json_write(&text, &size, record);
  *unfit = is_unfit(status);
  if (status == VQE_OK) {
    status = vqe_objects_put(landing->objects, key, text, size,
                             VQE_OBJECTS_REPLACE);
  }
  free(text);
  return status;
}

static int land_avro(struct landing *landing, const char *key,
                     struct vqe_record *record, bool *unfit)
{
  int status = vqe_record_avro_write_file(landing->file, &record, 1);
  *unfit = is_unfit(status);
  return status == VQE_OK
             ? vqe_objects_put_file(landing->objects, key, landing->file)
             : status;
}

static int land_record(void *ctx, struct vqe_record *record,
                       const struct vqe_consumer_place *place)
{
  struct landing *landing = ctx;
  char key[400];
  bool unfit = false;
  key_of(key, sizeof key, "experiments", place,
         landing->json ? "json" : "avro");
  int status = landing->json ? land_json(landing, key, record, &unfit)
                             : land_avro(landing, key, record, &unfit);
  vqe_record_free(record);
  return unfit ? set_record_aside(landing->objects, landing->options, place)
               : status;
}

static int land_rejected(void *ctx, const struct vqe_consumer_place *place,
                         const char *reason)
{
  struct landing *landing = ctx;
  return set_aside(landing->objects, landing->options, place, reason);
}

static int land(struct vqe_consumer_counts *counts,
                struct vqe_consumer *consumer,
                const struct vqe_cmd_lake_options *options)
{
  struct vqe_objects_options objects = vqe_cmd_lake_objects(options);
  struct landing landing = {.options = options};
  const struct vqe_consumer_callbacks callbacks = {
      .ctx = &landing, .record = land_record, .rejected = land_rejected};
  struct vqe_temporary scratch;
  if (options->format != NULL && strcmp(options->format, "json") == 0) {
    landing.json = true;
  } else if (options->format != NULL && strcmp(options->format, "avro") != 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option --format: '%s' is none of avro, json",
                         options->format);
  }
  int status = vqe_scratch_make(&scratch, options->scratch, NULL);
  if (status == VQE_OK &&
      (size_t)snprintf(landing.file, sizeof landing.file, "%s/record",
                       scratch.path) >= sizeof landing.file) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "the path of the scratch folder '%s' is too long",
                           scratch.path);
  }
  if (status == VQE_OK) {
    status = vqe_objects_open(&landing.objects, options->land, &objects);
  }
  if (status == VQE_OK) {
    /* an object is stored when its put returns: nothing more to make safe */
    status = vqe_consumer_read(counts, consumer, &callbacks);
  }
  vqe_objects_close(landing.objects);
  vqe_temporary_remove(&scratch);
  return status;
}

/* ---- ingest to tables ---- */

struct reading {
  struct vqe_consumer *consumer;
  struct vqe_consumer_counts *counts;
  struct vqe_objects *objects; /* of the warehouse */
  const struct vqe_cmd_lake_options *options;
  struct vqe_source *source;
  vqe_source_sink sink;
  void *sink_ctx;
};

static int give_record(void *ctx, struct vqe_record *record,
                       const struct vqe_consumer_place *place)
{
  struct reading *reading = ctx;
  char where[400];
  snprintf(where, sizeof where,
           "%.249s, partition %" PRId32 ", offset %" PRId64, place->topic,
           place->partition, place->offset);
  reading->source->refused = false;
  int status = reading->sink(reading->sink_ctx, record, where);
  vqe_record_free(record);
  return status == VQE_OK && reading->source->refused
             ? set_record_aside(reading->objects, reading->options, place)
             : status;
}

static int keep_rejected(void *ctx, const struct vqe_consumer_place *place,
                         const char *reason)
{
  struct reading *reading = ctx;
  reading->source->skipped++;
  return set_aside(reading->objects, reading->options, place, reason);
}

static int read_topic(struct vqe_source *source, vqe_source_sink sink,
                      void *sink_ctx)
{
  struct reading *reading = source->ctx;
  const struct vqe_consumer_callbacks callbacks = {
      .ctx = reading, .record = give_record, .rejected = keep_rejected};
  reading->source = source;
  reading->sink = sink;
  reading->sink_ctx = sink_ctx;
  return vqe_consumer_read(reading->counts, reading->consumer, &callbacks);
}

static int to_tables(struct vqe_normalize_result *result,
                     struct vqe_consumer_counts *counts,
                     struct vqe_consumer *consumer, const char *topic,
                     struct vqe_cmd_lake_options *options)
{
  struct vqe_warehouse *warehouse = NULL;
  struct reading reading = {
      .consumer = consumer, .counts = counts, .options = options};
  struct vqe_source source = {.read = read_topic,
                              .ctx = &reading,
                              .warn = vqe_cmd_lake_warn,
                              .warn_ctx = options,
                              .kind = (char *)"kafka",
                              .name = (char *)topic};
  int status = vqe_cmd_lake_open(&warehouse, vqe_cmd_lake_place(options, NULL),
                                 options, VQE_CMD_LAKE_MAKE);
  if (status == VQE_OK) {
    reading.objects = vqe_warehouse_objects(warehouse);
    status = vqe_normalize(result, warehouse, &source);
  }
  status = vqe_cmd_lake_close(warehouse, status);
  /* the tables hold them: only now are they read */
  return status == VQE_OK ? vqe_consumer_commit(consumer) : status;
}

/* Where reading begins: digits alone are an offset, else it is a time. */
static int read_from(struct vqe_consumer_options *out, const char *text)
{
  if (text == NULL) {
    return VQE_OK;
  }
  if (text[0] != '\0' && strspn(text, "0123456789") == strlen(text) &&
      strlen(text) < 19) {
    out->from = VQE_CONSUMER_OFFSET;
    out->from_value = strtoll(text, NULL, 10);
    return VQE_OK;
  }
  out->from = VQE_CONSUMER_TIME;
  bool age = false;
  return vqe_cmd_lake_time(&out->from_value, &age, "--from", text);
}

int vqe_cmd_lake_run_ingest(struct vqe_cmd_lake_options *options)
{
  struct vqe_consumer_options consuming = {.group = options->group};
  struct vqe_consumer_counts counts = {0};
  struct vqe_normalize_result result = {0};
  struct vqe_consumer *consumer = NULL;
  int status = settings_of(&consuming.stream, options);
  consuming.commit_later = options->land == NULL;
  consuming.reject_unknown = options->reject_unknown;
  if (status == VQE_OK) {
    status = read_from(&consuming, options->from);
  }
  if (status == VQE_OK) {
    status = vqe_consumer_open(&consumer, &consuming);
  }
  if (status == VQE_OK && options->land != NULL) {
    status = land(&counts, consumer, options);
  } else if (status == VQE_OK) {
    status = to_tables(
        &result, &counts, consumer,
        options->topic != NULL ? options->topic : VQE_STREAM_TOPIC, options);
  }
  int code = status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
  vqe_consumer_close(consumer);
  if (status == VQE_OK && !options->quiet) {
    printf("%zu message%s: %zu record%s, %zu rejected, %zu without content",
           counts.messages, vqe_cmd_plural(counts.messages), counts.records,
           vqe_cmd_plural(counts.records), counts.rejected, counts.deleted);
    if (counts.expired > 0) {
      printf(", %zu expired before they were read", counts.expired);
    }
    if (options->land == NULL) {
      printf("; %zu new experiment%s", result.new_experiments,
             vqe_cmd_plural(result.new_experiments));
    }
    printf("\n");
  }
  if (code == EXIT_GOOD && counts.rejected + counts.expired > 0) {
    code = EXIT_SOME_FAILED;
  }
  return code;
}
