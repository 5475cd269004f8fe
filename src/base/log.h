/* What a program says beside its result, on the standard error: messages for
 * people, or one JSON object a line for machines. */
#ifndef VQE_BASE_LOG_H
#define VQE_BASE_LOG_H

#include <jansson.h>
#include <stdbool.h>

/* How much a message matters; what matters less than asked for is left out. */
enum vqe_log_level {
  VQE_LOG_ERROR,   /* something failed */
  VQE_LOG_WARNING, /* it went on, but somebody should look */
  VQE_LOG_INFO,    /* what is done */
  VQE_LOG_DEBUG    /* and where each experiment stands */
};

#define VQE_LOG_RUN_SIZE 65

struct vqe_log {
  const char *program;
  enum vqe_log_level level;
  bool json;
  bool prefix; /* run and rank before each message: "vqe_batch[RUN:RANK]: " */
  int rank;    /* of this process */
  /* Name of the run, the same on all its ranks and in all its lines: letters,
   * digits, '.', '-' and '_'. "": none yet. */
  char run[VQE_LOG_RUN_SIZE];
};
#define VQE_LOG_INIT(name)                                                    \
  {                                                                           \
    .program = (name), .level = VQE_LOG_INFO                                  \
  }

/* By name: error, warning, info, debug. */
bool vqe_log_level_of(enum vqe_log_level *out, const char *name);

/* Name the run by `text`, or by 64 random bits where it is NULL or empty.
 * VQE_ERR_INPUT for other letters, or more than fit. */
int vqe_log_name_run(struct vqe_log *log, const char *text);

/* Would a message of that level be seen? NULL: down to info. */
bool vqe_log_shows(const struct vqe_log *log, enum vqe_log_level level);

/* A message. For people: "PROGRAM: text", each of its lines folded at the
 * width of the window and those after the first indented, so that no text can
 * begin a message. In JSON: an event "message". In one write, so that
 * processes and threads that share a terminal do not mix their lines. NULL is
 * a log for people, of vqe_batch. */
void vqe_log(const struct vqe_log *log, enum vqe_log_level level,
             const char *format, ...) __attribute__((format(printf, 3, 4)));

/* An event of JSON lines: `event` gets time, level, run and, where it has none
 * of its own, the rank. Takes the reference, NULL too; nothing is printed
 * where the log is for people. */
void vqe_log_event(const struct vqe_log *log, enum vqe_log_level level,
                   json_t *event);

#endif
