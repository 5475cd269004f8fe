#include "batch/owner_record.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/machine.h"
#include "base/own_file.h"

#define FORMAT "vqe_batch output lock"

/* What JSON cannot hold, or would need six bytes for, becomes a question mark:
 * names of hosts and users are for reading. */
static void copy_text(char *out, size_t size, const char *text)
{
  size_t k = 0;
  for (; k + 1 < size && text[k] != '\0'; k++) {
    bool plain =
        text[k] >= ' ' && text[k] <= '~' && text[k] != '"' && text[k] != '\\';
    out[k] = '?';
    if (plain) {
      out[k] = text[k];
    }
  }
  out[k] = '\0';
}

/* When the process began; -1 where there is none, or one that has ended and
 * that nobody has waited for. */
static int64_t process_start(int64_t process)
{
  char path[64];
  char text[1024];
  char state = '?';
  long long start = -1;
  snprintf(path, sizeof path, "/proc/%lld/stat", (long long)process);
  FILE *stream = fopen(path, "r");
  if (stream == NULL) {
    return -1;
  }
  size_t size = fread(text, 1, sizeof text - 1, stream);
  fclose(stream);
  text[size] = '\0';
  /* the name, in brackets, may hold anything; the 20th field after it */
  const char *at = strrchr(text, ')');
  if (at == NULL ||
      sscanf(at + 1,
             " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
             "%*s %*s %*s %*s %lld",
             &state, &start) != 2) {
    return -1;
  }
  return state != 'Z' && state != 'X' ? start : -1;
}

static void read_boot(char *out, size_t size)
{
  char text[64] = "";
  FILE *stream = fopen("/proc/sys/kernel/random/boot_id", "r");
  if (stream != NULL) {
    if (fgets(text, sizeof text, stream) == NULL) {
      text[0] = '\0';
    }
    fclose(stream);
  }
  text[strcspn(text, "\n")] = '\0';
  copy_text(out, size, text);
}

int vqe_owner_record_self(struct vqe_owner_record *out)
{
  uint8_t random[16];
  char host[256] = "";
  char space[64] = "";
  memset(out, 0, sizeof *out);
  if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
    return vqe_error_set(VQE_ERR_IO, "no random numbers for a lock: %s",
                         strerror(errno));
  }
  for (size_t k = 0; k < sizeof random; k++) {
    snprintf(out->token + 2 * k, 3, "%02x", random[k]);
  }
  (void)gethostname(host, sizeof host - 1);
  copy_text(out->host, sizeof out->host, host[0] != '\0' ? host : "unknown");
  const struct stat self = {.st_uid = geteuid()};
  char user[VQE_OWN_FILE_USER_SIZE];
  vqe_own_file_user(user, &self);
  copy_text(out->user, sizeof out->user, user);
  const char *job = vqe_machine_job();
  copy_text(out->job, sizeof out->job, job != NULL ? job : "");
  if (readlink("/proc/self/ns/pid", space, sizeof space - 1) < 0) {
    space[0] = '\0';
  }
  copy_text(out->space, sizeof out->space, space);
  read_boot(out->boot, sizeof out->boot);
  vqe_clock_rfc3339(out->since);
  out->process = getpid();
  out->started = process_start(out->process);
  return VQE_OK;
}

size_t vqe_owner_record_print(char *text, size_t size,
                              const struct vqe_owner_record *record)
{
  int printed = snprintf(
      text, size,
      "{\"format\": \"" FORMAT "\",\n \"user\": \"%s\",\n \"host\": \"%s\",\n"
      " \"process\": %lld,\n \"job\": \"%s\",\n \"since\": \"%s\",\n"
      " \"boot\": \"%s\",\n \"space\": \"%s\",\n \"started\": %lld,\n"
      " \"token\": \"%s\"}\n",
      record->user, record->host, (long long)record->process, record->job,
      record->since, record->boot, record->space, (long long)record->started,
      record->token);
  return printed < 0 ? 0 : (size_t)printed;
}

static bool take_text(char *out, size_t size, const json_t *object,
                      const char *name)
{
  const char *text = json_string_value(json_object_get(object, name));
  if (text == NULL) {
    return false;
  }
  copy_text(out, size, text);
  return true;
}

bool vqe_owner_record_read(struct vqe_owner_record *out, const char *text,
                           size_t size)
{
  char format[64] = "";
  memset(out, 0, sizeof *out);
  json_t *object = vqe_json_parse_any(text, size);
  bool good = take_text(format, sizeof format, object, "format") &&
              strcmp(format, FORMAT) == 0 &&
              take_text(out->token, sizeof out->token, object, "token") &&
              take_text(out->user, sizeof out->user, object, "user") &&
              take_text(out->host, sizeof out->host, object, "host") &&
              take_text(out->job, sizeof out->job, object, "job") &&
              take_text(out->since, sizeof out->since, object, "since") &&
              take_text(out->boot, sizeof out->boot, object, "boot") &&
              take_text(out->space, sizeof out->space, object, "space") &&
              out->token[0] != '\0';
  if (good) {
    out->process = json_integer_value(json_object_get(object, "process"));
    out->started = json_integer_value(json_object_get(object, "started"));
  }
  json_decref(object);
  return good;
}

bool vqe_owner_record_same_machine(const struct vqe_owner_record *a,
                                   const struct vqe_owner_record *b)
{
  return a->boot[0] != '\0' && strcmp(a->boot, b->boot) == 0;
}

bool vqe_owner_record_same_processes(const struct vqe_owner_record *a,
                                     const struct vqe_owner_record *b)
{
  return vqe_owner_record_same_machine(a, b) && a->space[0] != '\0' &&
         strcmp(a->space, b->space) == 0;
}

bool vqe_owner_record_lives(const struct vqe_owner_record *record)
{
  if (record->started < 0) {
    /* without /proc */
    return kill((pid_t)record->process, 0) == 0 || errno == EPERM;
  }
  return process_start(record->process) == record->started;
}
