#include "stream/kafka_conf.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/core_dump.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/text.h"

#define SECRET_LIMIT ((size_t)1 << 20)
#define TOKEN_NAME "VQE_KAFKA_OAUTH_TOKEN"
/* A token says its own end only to who can read it; it is read again before
 * this time is over. */
#define TOKEN_LIFETIME_MS (5LL * 60 * 1000)

struct from_environment {
  const char *property;
  const char *name;
};

static const struct from_environment environment[] = {
    {"sasl.username", "VQE_KAFKA_SASL_USERNAME"},
    {"sasl.password", "VQE_KAFKA_SASL_PASSWORD"},
    {"ssl.key.password", "VQE_KAFKA_SSL_KEY_PASSWORD"},
    {"ssl.keystore.password", "VQE_KAFKA_SSL_KEYSTORE_PASSWORD"},
    {"ssl.key.pem", "VQE_KAFKA_SSL_KEY_PEM"},
    {"sasl.oauthbearer.client.secret",
     "VQE_KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET"},
};

#define NENVIRONMENT (sizeof environment / sizeof environment[0])

static const struct vqe_stream_property producer_defaults[] = {
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"compression.type", "zstd"},
    /* counted before compression, so the broker's limit on compressed
     * batches is what decides */
    {"message.max.bytes", "1000000000"},
    {"linger.ms", "5"},
    {"message.timeout.ms", "60000"},
    {"queue.buffering.max.kbytes", "2097151"},
};

static const struct vqe_stream_property consumer_defaults[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "earliest"},
    {"enable.partition.eof", "true"},
    {"fetch.message.max.bytes", "8388608"},
    {"receive.message.max.bytes", "2147483647"},
    {"message.max.bytes", "1000000000"},
    {"queued.max.messages.kbytes", "65536"},
};

static const struct from_environment *known(const char *property)
{
  for (size_t k = 0; k < NENVIRONMENT; k++) {
    if (strcmp(environment[k].property, property) == 0) {
      return &environment[k];
    }
  }
  return NULL;
}

int vqe_stream_secret(char **out, const char *name)
{
  char in_file[128];
  size_t size = 0;
  const char *value = getenv(name);
  *out = NULL;
  if (value != NULL && value[0] != '\0') {
    vqe_core_dump_forbid();
    return vqe_memory_strdup(out, value);
  }
  snprintf(in_file, sizeof in_file, "%s_FILE", name);
  const char *path = getenv(in_file);
  if (path == NULL || path[0] == '\0') {
    return VQE_OK;
  }
  vqe_core_dump_forbid();
  int status = vqe_file_read(out, &size, path, SECRET_LIMIT);
  if (status != VQE_OK) {
    return vqe_error_context(VQE_ERR_INPUT, "%s", in_file);
  }
  while (size > 0 && ((*out)[size - 1] == '\n' || (*out)[size - 1] == '\r')) {
    (*out)[--size] = '\0';
  }
  return VQE_OK;
}

/* What is being made. */
struct target {
  rd_kafka_conf_t *conf;
  struct vqe_kafka_secrets *secrets;
};

static int set(const struct target *target, const char *name,
               const char *value, const char *where)
{
  char reason[512];
  int status = VQE_OK;
  if (vqe_kafka_is_secret(name)) {
    status = vqe_kafka_note_secret(target->secrets, value);
  } else if (strcmp(name, "sasl.username") == 0) {
    status = vqe_kafka_note_user(target->secrets, value);
  }
  if (status != VQE_OK ||
      rd_kafka_conf_set(target->conf, name, value, reason, sizeof reason) ==
          RD_KAFKA_CONF_OK) {
    return status;
  }
  if (vqe_kafka_is_secret(name)) {
    snprintf(reason, sizeof reason, "librdkafka refuses its value");
  }
  vqe_kafka_mask(target->secrets, reason);
  return vqe_error_set(VQE_ERR_INPUT,
                       "%s: property '%s': %s; correct it or leave it out",
                       where, name, reason);
}

static int set_all(const struct target *target,
                   const struct vqe_stream_property *properties, size_t count,
                   const char *where)
{
  int status = VQE_OK;
  for (size_t k = 0; k < count && status == VQE_OK; k++) {
    status = set(target, properties[k].name, properties[k].value, where);
  }
  return status;
}

static int set_from_object(const struct target *target, json_t *root,
                           const char *path)
{
  const char *name;
  json_t *value;
  int status = VQE_OK;
  json_object_foreach(root, name, value)
  {
    if (status == VQE_OK && !json_is_string(value)) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "'%s': the value of '%s' must be a string", path,
                             name);
    }
    if (status == VQE_OK) {
      status = set(target, name, json_string_value(value), path);
    }
  }
  return status;
}

static int set_from_file(const struct target *target)
{
  const char *path = getenv("VQE_KAFKA_PROPERTIES_FILE");
  char *text = NULL;
  size_t size = 0;
  if (path == NULL || path[0] == '\0') {
    return VQE_OK;
  }
  /* passwords are allowed in it */
  vqe_core_dump_forbid();
  int status = vqe_file_read(&text, &size, path, SECRET_LIMIT);
  if (status != VQE_OK) {
    return vqe_error_context(VQE_ERR_INPUT, "VQE_KAFKA_PROPERTIES_FILE");
  }
  json_t *root;
  /* the reader's own words could quote a secret */
  status = vqe_json_parse(&root, text, size, 0, NULL);
  if (status == VQE_OK) {
    status = json_is_object(root)
                 ? set_from_object(target, root, path)
                 : vqe_error_set(VQE_ERR_INPUT,
                                 "'%s' is no JSON object of properties", path);
  } else {
    status = vqe_error_context(status, "'%s'", path);
  }
  json_decref(root);
  free(text);
  return status;
}

/* What has librdkafka run or load something: a job file may come from others,
 * the file that the environment names does not. */
static bool runs_code(const char *property)
{
  static const char *const names[] = {
      "plugin.library.paths", "sasl.kerberos.kinit.cmd", "ssl.engine.location",
      "ssl.engine.id",        "ssl.providers",
  };
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    if (strcmp(names[k], property) == 0) {
      return true;
    }
  }
  return false;
}

static int set_from_settings(const struct target *target,
                             const struct vqe_stream_settings *settings)
{
  for (size_t k = 0; k < settings->nproperty; k++) {
    const char *name = settings->properties[k].name;
    const struct from_environment *secret = known(name);
    if (vqe_kafka_is_secret(name) && secret != NULL) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "property '%s' is a secret; set %s, or name a file "
                           "that holds it by %s_FILE",
                           name, secret->name, secret->name);
    }
    if (vqe_kafka_is_secret(name)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "property '%s' is a secret; set it in the file "
                           "that VQE_KAFKA_PROPERTIES_FILE names",
                           name);
    }
    if (runs_code(name)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "property '%s' runs or loads a program, which a "
                           "job file may not; set it in the file that "
                           "VQE_KAFKA_PROPERTIES_FILE names",
                           name);
    }
  }
  return set_all(target, settings->properties, settings->nproperty,
                 "kafka properties");
}

static int set_from_environment(const struct target *target)
{
  int status = VQE_OK;
  for (size_t k = 0; k < NENVIRONMENT && status == VQE_OK; k++) {
    char *value = NULL;
    status = vqe_stream_secret(&value, environment[k].name);
    if (status == VQE_OK && value != NULL) {
      status =
          set(target, environment[k].property, value, environment[k].name);
    }
    free(value);
  }
  return status;
}

static void refresh_token(rd_kafka_t *rk, const char *config, void *opaque)
{
  char *token = NULL;
  char reason[256];
  struct timespec now;
  (void)config;
  clock_gettime(CLOCK_REALTIME, &now);
  long long end = (long long)now.tv_sec * 1000 + TOKEN_LIFETIME_MS;
  if (vqe_stream_secret(&token, TOKEN_NAME) != VQE_OK || token == NULL ||
      vqe_kafka_note_secret(opaque, token) != VQE_OK) {
    rd_kafka_oauthbearer_set_token_failure(rk, "no token: set " TOKEN_NAME
                                               " or " TOKEN_NAME "_FILE");
  } else if (rd_kafka_oauthbearer_set_token(rk, token, end, "vqe_batch", NULL,
                                            0, reason, sizeof reason) !=
             RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_oauthbearer_set_token_failure(
        rk, "librdkafka refuses the token of " TOKEN_NAME);
  }
  free(token);
}

static bool has_token(void)
{
  return getenv(TOKEN_NAME) != NULL || getenv(TOKEN_NAME "_FILE") != NULL;
}

/* What matters comes by the error callback and by reports; librdkafka's own
 * lines, which say it again at each attempt, are shown when somebody debugs.
 */
static void drop_log(const rd_kafka_t *rk, int level, const char *facility,
                     const char *text)
{
  (void)rk;
  (void)level;
  (void)facility;
  (void)text;
}

/* The lines that the property "debug" asks for hold what brokers and job files
 * say: without secrets, and on one line of the screen each. */
static void show_log(const rd_kafka_t *rk, int level, const char *facility,
                     const char *text)
{
  char *line = NULL;
  if (rk == NULL) {
    return; /* of no client, so that nobody knows which secrets it may hold */
  }
  if (asprintf(&line, "%%%d|%s|%s| %s", level, facility, rd_kafka_name(rk),
               text) >= 0) {
    vqe_kafka_mask(rd_kafka_opaque(rk), line);
    vqe_text_line(stderr, "%s", line);
    free(line);
  }
}

static bool is_set(rd_kafka_conf_t *conf, const char *name)
{
  char value[64];
  size_t size = sizeof value;
  return rd_kafka_conf_get(conf, name, value, &size) == RD_KAFKA_CONF_OK &&
         size > 1;
}

int vqe_kafka_conf(rd_kafka_conf_t **out, struct vqe_kafka_secrets *secrets,
                   const struct vqe_stream_settings *settings,
                   enum vqe_kafka_role role)
{
  int status;
  *out = NULL;
  if (settings->brokers == NULL || settings->brokers[0] == '\0') {
    return vqe_error_set(VQE_ERR_INPUT,
                         "no Kafka broker is named; give HOST:PORT");
  }
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  const struct target target = {conf, secrets};
  if (role == VQE_KAFKA_PRODUCER) {
    status = set_all(&target, producer_defaults,
                     sizeof producer_defaults / sizeof producer_defaults[0],
                     "defaults");
  } else {
    status = set_all(&target, consumer_defaults,
                     sizeof consumer_defaults / sizeof consumer_defaults[0],
                     "defaults");
  }
  if (status == VQE_OK) {
    status = set(&target, "client.id", "vqe_batch", "defaults");
  }
  if (status == VQE_OK) {
    status = set(&target, "bootstrap.servers", settings->brokers, "brokers");
  }
  if (status == VQE_OK) {
    status = set_from_file(&target);
  }
  if (status == VQE_OK) {
    status = set_from_settings(&target, settings);
  }
  if (status == VQE_OK) {
    status = set_from_environment(&target);
  }
  if (status != VQE_OK) {
    rd_kafka_conf_destroy(conf);
    return status;
  }
  rd_kafka_conf_set_opaque(conf, secrets);
  rd_kafka_conf_set_log_cb(conf, is_set(conf, "debug") ? show_log : drop_log);
  if (has_token()) {
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf, refresh_token);
    rd_kafka_conf_enable_sasl_queue(conf, 1);
  }
  *out = conf;
  return VQE_OK;
}

int vqe_kafka_new(rd_kafka_t **out, rd_kafka_conf_t *conf,
                  struct vqe_kafka_secrets *secrets, enum vqe_kafka_role role)
{
  char reason[512];
  *out = rd_kafka_new(role == VQE_KAFKA_PRODUCER ? RD_KAFKA_PRODUCER
                                                 : RD_KAFKA_CONSUMER,
                      conf, reason, sizeof reason);
  if (*out == NULL) {
    rd_kafka_conf_destroy(conf);
    vqe_kafka_mask(secrets, reason);
    return vqe_error_set(VQE_ERR_INPUT,
                         "Kafka client cannot start: %s; check the kafka "
                         "properties and files they name",
                         reason);
  }
  if (has_token()) {
    /* from librdkafka's own thread: a consumer asks before it polls */
    rd_kafka_error_destroy(rd_kafka_sasl_background_callbacks_enable(*out));
  }
  return VQE_OK;
}
