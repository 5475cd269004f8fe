/* Secrets that librdkafka was given, which a broker can send back. */
#ifndef VQE_STREAM_KAFKA_SECRETS_H
#define VQE_STREAM_KAFKA_SECRETS_H

#include <stdbool.h>

/* Those of one producer or consumer. */
struct vqe_kafka_secrets;

/* `owner`: who gets the callbacks of librdkafka, which hand over the secrets
 * (vqe_kafka_conf()). */
int vqe_kafka_secrets_create(struct vqe_kafka_secrets **out, void *owner);
void *vqe_kafka_secrets_owner(const struct vqe_kafka_secrets *secrets);
/* After the last handle of librdkafka that has them; they are overwritten.
 * NULL is fine. */
void vqe_kafka_secrets_free(struct vqe_kafka_secrets *secrets);

/* Does the property of librdkafka hold a secret? By its name, as there are
 * more of them with each version. */
bool vqe_kafka_is_secret(const char *property);

/* Remember a secret, wherever it came from, for vqe_kafka_mask(); NULL is
 * fine. From any thread, as the next two. */
int vqe_kafka_note_secret(struct vqe_kafka_secrets *secrets,
                          const char *value);

/* Remember the user that basic authentication sends before a password. */
int vqe_kafka_note_user(struct vqe_kafka_secrets *secrets, const char *name);

/* Asterisks for all that was noted; NULL as `secrets`: for nothing. */
void vqe_kafka_mask(struct vqe_kafka_secrets *secrets, char *text);

#endif
