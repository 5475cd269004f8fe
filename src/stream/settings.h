/* Where the stream goes and how: brokers, topic, registry, properties.
 *
 * Secrets are no part of it. They come from the environment, or from the file
 * that the same name with _FILE appended names:
 *
 *   VQE_KAFKA_SASL_USERNAME, VQE_KAFKA_SASL_PASSWORD
 *   VQE_KAFKA_SSL_KEY_PASSWORD, VQE_KAFKA_SSL_KEYSTORE_PASSWORD
 *   VQE_KAFKA_SSL_KEY_PEM
 *   VQE_KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET
 *   VQE_KAFKA_OAUTH_TOKEN (with _FILE: read again before each expiry)
 *   VQE_REGISTRY_USERNAME, VQE_REGISTRY_PASSWORD, VQE_REGISTRY_TOKEN
 *
 * VQE_KAFKA_PROPERTIES_FILE may name a JSON file, an object from librdkafka
 * property to string; it may hold secrets too. */
#ifndef VQE_STREAM_SETTINGS_H
#define VQE_STREAM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define VQE_STREAM_TOPIC "experiment.vqe"

/* A property of librdkafka, "security.protocol" = "SASL_SSL". */
struct vqe_stream_property {
  const char *name;
  const char *value;
};

struct vqe_stream_settings {
  const char *brokers;          /* "host:9092,host:9093" */
  const char *topic;            /* NULL: VQE_STREAM_TOPIC */
  const char *registry;         /* URLs separated by commas */
  const char *registry_ca_file; /* PEM; NULL: VQE_REGISTRY_CA_FILE, else the
                                   system's */
  const struct vqe_stream_property *properties;
  size_t nproperty;
};

/* Value of the environment variable `name`, or content of the file that
 * `name`_FILE names, without the newline at its end; NULL when neither is
 * set. VQE_ERR_INPUT when the file cannot be read. Free by free(). */
int vqe_stream_secret(char **out, const char *name);

#endif
