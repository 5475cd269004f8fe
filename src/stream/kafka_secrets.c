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

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static char *secrets[MOST_SECRETS];
static size_t next_secret;
static char *user;

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

static bool is_noted(const char *value)
{
  bool found = false;
  for (size_t k = 0; k < MOST_SECRETS; k++) {
    found = found || (secrets[k] != NULL && strcmp(secrets[k], value) == 0);
  }
  return found;
}

int vqe_kafka_note_secret(const char *value)
{
  int status = VQE_OK;
  if (value == NULL) {
    return VQE_OK;
  }
  pthread_mutex_lock(&guard);
  if (!is_noted(value)) {
    char **slot = &secrets[next_secret++ % MOST_SECRETS];
    if (*slot != NULL) {
      explicit_bzero(*slot, strlen(*slot));
      free(*slot);
      *slot = NULL;
    }
    status = vqe_memory_strdup(slot, value);
  }
  pthread_mutex_unlock(&guard);
  return status;
}

int vqe_kafka_note_user(const char *name)
{
  pthread_mutex_lock(&guard);
  free(user);
  user = NULL;
  int status = vqe_memory_strdup(&user, name);
  pthread_mutex_unlock(&guard);
  return status;
}

void vqe_kafka_mask(char *text)
{
  pthread_mutex_lock(&guard);
  for (size_t k = 0; k < MOST_SECRETS; k++) {
    vqe_http_mask(text, secrets[k], SHORTEST_SECRET);
    if (user != NULL && secrets[k] != NULL) {
      vqe_http_mask_basic(text, user, secrets[k]);
    }
  }
  pthread_mutex_unlock(&guard);
}
