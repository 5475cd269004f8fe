/* Secrets that librdkafka was given, which a broker can send back. */
#ifndef VQE_STREAM_KAFKA_SECRETS_H
#define VQE_STREAM_KAFKA_SECRETS_H

#include <stdbool.h>

/* Does the property of librdkafka hold a secret? By its name, as there are
 * more of them with each version. */
bool vqe_kafka_is_secret(const char *property);

/* Remember a secret, wherever it came from, for vqe_kafka_mask(): to the end
 * of the program, as words of the broker come late. NULL is fine. */
int vqe_kafka_note_secret(const char *value);

/* Remember the user that basic authentication sends before a password. */
int vqe_kafka_note_user(const char *name);

/* Asterisks for all that was noted. From any thread. */
void vqe_kafka_mask(char *text);

#endif
