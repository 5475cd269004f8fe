#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/color.h"
#include "base/error_message.h"
#include "base/json_text.h"
#include "base/text.h"

/* Where nobody chose. */
static const struct vqe_log plain = VQE_LOG_INIT("vqe_batch");

static const char *const levels[] = {"error", "warning", "info", "debug"};
static const enum vqe_color level_colors[] = {VQE_COLOR_BAD, VQE_COLOR_WARN,
                                              VQE_COLOR_PLAIN, VQE_COLOR_LESS};

bool vqe_log_level_of(enum vqe_log_level *out, const char *name)
{
  for (size_t k = 0; k < sizeof levels / sizeof levels[0]; k++) {
    if (strcmp(levels[k], name) == 0) {
      *out = (enum vqe_log_level)k;
      return true;
    }
  }
  return false;
}

int vqe_log_name_run(struct vqe_log *log, const char *text)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  if (text == NULL || text[0] == '\0') {
    uint64_t draw = 0;
    if (getrandom(&draw, sizeof draw, 0) != (ssize_t)sizeof draw) {
      draw = (uint64_t)getpid(); /* a name, not a secret */
    }
    snprintf(log->run, sizeof log->run, "%016" PRIx64, draw);
    return VQE_OK;
  }
  size_t length = strspn(text, letters);
  if (text[length] != '\0' || length >= sizeof log->run) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "VQE_RUN_ID: up to %d letters, digits, '.', '-' and "
                         "'_' name a run",
                         VQE_LOG_RUN_SIZE - 1);
  }
  memcpy(log->run, text, length + 1);
  return VQE_OK;
}

bool vqe_log_shows(const struct vqe_log *log, enum vqe_log_level level)
{
  return level <= (log != NULL ? log : &plain)->level;
}

void vqe_log_event(const struct vqe_log *log, enum vqe_log_level level,
                   json_t *event)
{
  char now[VQE_CLOCK_RFC3339_SIZE];
  char *line = NULL;
  char *text = NULL;
  if (event != NULL && log != NULL && log->json && vqe_log_shows(log, level)) {
    vqe_clock_rfc3339(now);
    json_object_set_new(event, "time", json_string(now));
    json_object_set_new(event, "level", json_string(levels[level]));
    json_object_set_new(event, "run", json_string(log->run));
    if (json_object_get(event, "rank") == NULL) {
      json_object_set_new(event, "rank", json_integer(log->rank));
    }
    text = vqe_json_dumps(event, JSON_COMPACT);
  }
  int length = text != NULL ? asprintf(&line, "%s\n", text) : -1;
  if (length >= 0) {
    vqe_text_for(STDERR_FILENO, line);
    fwrite(line, 1, strlen(line), stderr);
    free(line);
  }
  free(text);
  json_decref(event);
}

/* The words that mark a warning or a note for people; JSON has the level. */
static const char *without_mark(const char *text)
{
  static const char *const marks[] = {"warning: ", "note: "};
  for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++) {
    if (strncmp(text, marks[k], strlen(marks[k])) == 0) {
      return text + strlen(marks[k]);
    }
  }
  return text;
}

static void print(const struct vqe_log *log, enum vqe_log_level level,
                  const char *text)
{
  char *whole = NULL;
  char *folded = NULL;
  size_t size = 0;
  FILE *stream = NULL;
  char tag[VQE_LOG_RUN_SIZE + 16] = "";
  if (log->prefix) {
    snprintf(tag, sizeof tag, "[%s:%d]", log->run, log->rank);
  }
  if (asprintf(&whole, "%s%s: %s", log->program, tag, text) < 0) {
    whole = NULL;
  } else {
    stream = open_memstream(&folded, &size);
  }
  if (stream != NULL) {
    vqe_text_fold(stream, whole, vqe_text_width(stderr));
    (void)fclose(stream);
  }
  if (folded != NULL) {
    bool shown = vqe_color_shown(stderr);
    fputs(vqe_color_begin(level_colors[level], shown), stderr);
    fwrite(folded, 1, size, stderr);
    fputs(vqe_color_end(level_colors[level], shown), stderr);
  } else { /* unfolded is better than nothing */
    fprintf(stderr, "%s: %s\n", log->program, text);
  }
  free(folded);
  free(whole);
}

void vqe_log(const struct vqe_log *log, enum vqe_log_level level,
             const char *format, ...)
{
  char *text = NULL;
  va_list arguments;
  log = log != NULL ? log : &plain;
  if (!vqe_log_shows(log, level)) {
    return;
  }
  va_start(arguments, format);
  int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length >= 0) {
    vqe_error_mask_text(text);
  }
  const char *said = length >= 0 ? text : "no memory for a message";
  json_t *event = NULL;
  if (log->json) {
    /* what is no UTF-8 is blanked, as on a screen */
    if (length >= 0) {
      vqe_text_blank_controls(text);
    }
    event = json_pack("{s:s, s:s}", "event", "message", "text",
                      without_mark(said));
  }
  if (event != NULL) {
    vqe_log_event(log, level, event);
  } else {
    print(log, level, said);
  }
  free(length >= 0 ? text : NULL);
}
