/* librdkafka's configuration from our settings. */
#ifndef VQE_STREAM_KAFKA_CONF_H
#define VQE_STREAM_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "stream/kafka_secrets.h"
#include "stream/settings.h"

enum vqe_kafka_role { VQE_KAFKA_PRODUCER, VQE_KAFKA_CONSUMER };

/* A new configuration: our defaults for `role`, the properties file, the
 * settings' properties, secrets from the environment; the later wins.
 * VQE_ERR_INPUT names the property that librdkafka refuses, or a secret where
 * none may stand. No value of a secret is in a message; each is
 * noted in `secrets`, which callbacks get as their last argument.
 * librdkafka's own log shows where the property "debug" asks for it. */
int vqe_kafka_conf(rd_kafka_conf_t **out, struct vqe_kafka_secrets *secrets,
                   const struct vqe_stream_settings *settings,
                   enum vqe_kafka_role role);

/* A handle; takes over `conf`, and needs `secrets` to its end. */
int vqe_kafka_new(rd_kafka_t **out, rd_kafka_conf_t *conf,
                  struct vqe_kafka_secrets *secrets, enum vqe_kafka_role role);

#endif
