#include "base/error_message.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json_memory.h"

#define MESSAGE_SIZE 1024

static _Thread_local char message[MESSAGE_SIZE];

/* Of what is open now; whoever opened it owns it. */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static struct vqe_error_mask *masks;

void vqe_error_mask_add(struct vqe_error_mask *mask)
{
  pthread_mutex_lock(&guard);
  mask->next = masks;
  masks = mask;
  pthread_mutex_unlock(&guard);
}

void vqe_error_mask_remove(const struct vqe_error_mask *mask)
{
  pthread_mutex_lock(&guard);
  for (struct vqe_error_mask **at = &masks; *at != NULL; at = &(*at)->next) {
    if (*at == mask) {
      *at = mask->next;
      break;
    }
  }
  pthread_mutex_unlock(&guard);
}

void vqe_error_mask_text(char *text)
{
  pthread_mutex_lock(&guard);
  for (const struct vqe_error_mask *m = masks; m != NULL; m = m->next) {
    m->mask(m->ctx, text);
  }
  pthread_mutex_unlock(&guard);
}

const char *vqe_error_message(void)
{
  return message;
}

const char *vqe_error_name(int status)
{
  switch (status) {
  case VQE_OK:
    return "ok";
  case VQE_ERR_INPUT:
    return "input";
  case VQE_ERR_MEMORY:
    return "memory";
  case VQE_ERR_IO:
    return "io";
  case VQE_ERR_NUMERIC:
    return "numeric";
  case VQE_ERR_UNSUPPORTED:
    return "unsupported";
  case VQE_ERR_INTERRUPTED:
    return "interrupted";
  case VQE_ERR_NOT_FOUND:
    return "not found";
  case VQE_ERR_EXISTS:
    return "exists";
  default:
    return "unknown";
  }
}

int vqe_error_set(int status, const char *format, ...)
{
  char text[MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  vqe_error_mask_text(text);
  /* an argument may be the stored message itself, hence the copy */
  memcpy(message, text, sizeof message);
  if (status == VQE_ERR_MEMORY || status == VQE_ERR_INPUT) {
    vqe_json_forget();
  }
  return status;
}

int vqe_error_context(int status, const char *format, ...)
{
  char text[MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  int used = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (used < 0) {
    used = 0;
  }
  if (used > 0 && (size_t)used < sizeof text && message[used] == ':' &&
      strncmp(message, text, (size_t)used) == 0) {
    return status; /* who found it has named it */
  }
  if ((size_t)used < sizeof text) {
    size_t left = sizeof text - (size_t)used;
    snprintf(text + used, left, ": %s", message);
  }
  vqe_error_mask_text(text);
  memcpy(message, text, sizeof message);
  return status;
}
