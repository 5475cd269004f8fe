/* A stored program with numbers in place of its inputs, as OpenQASM 3 or 2.
 *
 * Lines of programs of ours: inputs "input float[64] tN;", one gate a line,
 * angles "tN" or "SCALE*tN". What else there is stays as it stands. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "lake_commands.h"

#define INPUT "input "

struct text {
  char *data;
  size_t used, capacity;
};

static int put(struct text *text, const char *part, size_t length)
{
  if (text->data == NULL || text->used + length + 1 > text->capacity) {
    size_t capacity = 2 * text->capacity + length + 256;
    int status =
        vqe_memory_grow(&text->data, text->used, capacity, 1, "OpenQASM text");
    if (status != VQE_OK) {
      return status;
    }
    text->capacity = capacity;
  }
  memcpy(text->data + text->used, part, length);
  text->used += length;
  text->data[text->used] = '\0';
  return VQE_OK;
}

/* What a line begins with in OpenQASM 3, and in OpenQASM 2 for it, a bracket
 * excepted. */
static const struct {
  const char *head, *old;
} words[] = {{"OPENQASM 3.0;", "OPENQASM 2.0;"},
             {"include \"stdgates.inc\";", "include \"qelib1.inc\";"},
             {"p(", "u1"},
             {"cp(", "cu1"}};

/* The head of a line in OpenQASM 2; *line goes on behind it. */
static int put_old_head(struct text *out, const char **line)
{
  char declared[40];
  int qubits = 0;
  int end = 0;
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
    size_t length = strlen(words[k].head);
    if (strncmp(*line, words[k].head, length) == 0) {
      *line += words[k].head[length - 1] == '(' ? length - 1 : length;
      return put(out, words[k].old, strlen(words[k].old));
    }
  }
  if (sscanf(*line, "qubit[%d] q;%n", &qubits, &end) == 1 && end > 0) {
    *line += end;
    int length = snprintf(declared, sizeof declared, "qreg q[%d];", qubits);
    return put(out, declared, (size_t)length);
  }
  return VQE_OK;
}

/* "(tN)" or "(SCALE*tN)" at `at`; its length, 0 for anything else. */
static int read_angle(double *scale, size_t *index, const char *at)
{
  unsigned long number = 0;
  int end = 0;
  *scale = 1.0;
  if (sscanf(at, "(t%9lu)%n", &number, &end) != 1 || end == 0) {
    end = 0;
    if (sscanf(at, "(%lf*t%9lu)%n", scale, &number, &end) != 2) {
      return 0;
    }
  }
  *index = number;
  return end;
}

/* One line without what ends it. */
static int put_line(struct text *out, const char *line,
                    const struct vqe_cmd_lake_program *program, int version)
{
  char number[40];
  double scale;
  size_t index;
  int status = version == 2 ? put_old_head(out, &line) : VQE_OK;
  while (status == VQE_OK && *line != '\0') {
    size_t plain = strcspn(line, "(");
    int length = read_angle(&scale, &index, line + plain);
    if (length == 0) {
      plain += line[plain] == '(';
    } else if (index >= program->count ||
               !isfinite(scale * program->parameters[index])) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "the circuit has the parameter t%zu, of which no "
                           "value is known",
                           index);
    }
    status = put(out, line, plain);
    line += plain;
    if (status == VQE_OK && length > 0) {
      int digits = snprintf(number, sizeof number, "(%.17g)",
                            scale * program->parameters[index]);
      status = put(out, number, (size_t)digits);
      line += length;
    }
  }
  return status == VQE_OK ? put(out, "\n", 1) : status;
}

int vqe_cmd_lake_bind(char **out, const struct vqe_cmd_lake_program *program,
                      int version)
{
  struct text text = {NULL, 0, 0};
  char *copy = NULL;
  int status = vqe_memory_strdup(&copy, program->text);
  char *line = copy;
  while (status == VQE_OK && line != NULL && *line != '\0') {
    unsigned long number;
    char *next = strchr(line, '\n');
    if (next != NULL) {
      *next++ = '\0';
    }
    if (strncmp(line, INPUT, strlen(INPUT)) != 0) {
      status = put_line(&text, line, program, version);
    } else if (sscanf(line, "input float[64] t%9lu;", &number) != 1) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "the circuit was written by another program: "
                             "'%.60s' cannot be bound",
                             line);
    }
    line = next;
  }
  free(copy);
  if (status == VQE_OK) {
    *out = text.data;
  } else {
    free(text.data);
  }
  return status;
}
