#include "stream/kafka_secrets.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "http/http.h"

#define SHORTEST_SECRET 4 /* shorter ones mask too much of a message */
/* Tokens come again and again; what was sent long ago comes back no more. */
#define MOST_SECRETS 64

struct vqe_kafka_secrets {
  pthread_mutex_t guard;
  void *owner;
  char *values[MOST_SECRETS]; /* a ring */
  size_t next;
  char *user;
};

int vqe_kafka_secrets_create(struct vqe_kafka_secrets **out, void *owner)
{
  struct vqe_kafka_secrets *secrets = NULL;
  int status = vqe_memory_alloc(&secrets, 1, sizeof *secrets, "secrets");
  if (status == VQE_OK) {
    pthread_mutex_init(&secrets->guard, NULL);
    secrets->owner = owner;
  }
  *out = secrets;
  return status;
}

void *vqe_kafka_secrets_owner(const struct vqe_kafka_secrets *secrets)
{
  return secrets->owner;
}

static void forget(char **value)
{
  if (*value != NULL) {
    explicit_bzero(*value, strlen(*value));
    free(*value);
    *value = NULL;
  }
}

void vqe_kafka_secrets_free(struct vqe_kafka_secrets *secrets)
{
  if (secrets == NULL) {
    return;
  }
  for (size_t k = 0; k < MOST_SECRETS; k++) {
    forget(&secrets->values[k]);
  }
  free(secrets->user);
  pthread_mutex_destroy(&secrets->guard);
  free(secrets);
}

static bool ends_with(const char *text, const char *end)
{
  size_t length = strlen(text);
  size_t size = strlen(end);
  return length >= size && strcmp(text + length - size, end) == 0;
}

bool vqe_kafka_is_secret(const char *property)
{
  static const char *const parts[] = {"password", "passphrase", "secret",
                                      "key.pem", "private.key"};
  bool found = false;
  for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
    found = found || strstr(property, parts[k]) != NULL;
  }
  return found && !ends_with(property, ".file") &&
         !ends_with(property, ".location");
}

static bool is_noted(const struct vqe_kafka_secrets *secrets,
                     const char *value)
{
  bool found = false;
  for (size_t k = 0; k < MOST_SECRETS; k++) {
    found = found || (secrets->values[k] != NULL &&
                      strcmp(secrets->values[k], value) == 0);
  }
  return found;
}

int vqe_kafka_note_secret(struct vqe_kafka_secrets *secrets, const char *value)
{
  int status = VQE_OK;
  if (value == NULL) {
    return VQE_OK;
  }
  pthread_mutex_lock(&secrets->guard);
  if (!is_noted(secrets, value)) {
    char **slot = &secrets->values[secrets->next++ % MOST_SECRETS];
    forget(slot);
    status = vqe_memory_strdup(slot, value);
  }
  pthread_mutex_unlock(&secrets->guard);
  return status;
}

int vqe_kafka_note_user(struct vqe_kafka_secrets *secrets, const char *name)
{
  pthread_mutex_lock(&secrets->guard);
  free(secrets->user);
  secrets->user = NULL;
  int status = vqe_memory_strdup(&secrets->user, name);
  pthread_mutex_unlock(&secrets->guard);
  return status;
}

void vqe_kafka_mask(struct vqe_kafka_secrets *secrets, char *text)
{
  if (secrets == NULL) {
    return;
  }
  pthread_mutex_lock(&secrets->guard);
  for (size_t k = 0; k < MOST_SECRETS; k++) {
    const char *value = secrets->values[k];
    vqe_http_mask(text, value, SHORTEST_SECRET);
    if (secrets->user != NULL && value != NULL) {
      vqe_http_mask_basic(text, secrets->user, value);
    }
  }
  pthread_mutex_unlock(&secrets->guard);
}
