/* vqe_lake qasm: a stored circuit with its excitations as gates.
 *
 * Only our own programs are read: those whose excitations are pragmas hold
 * nothing but inputs, X gates, phases and the pragmas. */
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/text.h"
#include "lake_commands.h"
#include "vqe/ansatz.h"

#define PRAGMA "pragma vqe.excitation "
#define QUBIT_PRAGMA "pragma vqe.qubit_excitation "

static int add_gate(struct vqe_ansatz *ansatz, size_t *capacity,
                    const struct vqe_gate *gate)
{
  if (ansatz->ngate == *capacity) {
    size_t grown = *capacity > 0 ? 2 * *capacity : 256;
    int status = vqe_memory_grow(&ansatz->gates, ansatz->ngate, grown,
                                 sizeof *gate, "gates");
    if (status != VQE_OK) {
      return status;
    }
    *capacity = grown;
  }
  ansatz->gates[ansatz->ngate++] = *gate;
  return VQE_OK;
}

static bool qubits_fit(const struct vqe_gate *gate, int count, int nqubit)
{
  for (int k = 0; k < count; k++) {
    if (gate->q[k] < 0 || gate->q[k] >= nqubit) {
      return false;
    }
  }
  return true;
}

/* "SCALE*tPARAM I->A[ J->B]" after a pragma's name; *end is where it ends. */
static bool read_excitation(struct vqe_gate *gate, int *order, int *end,
                            const char *text)
{
  int found =
      sscanf(text, "%lf*t%d %d->%d%n %d->%d%n", &gate->scale, &gate->param,
             &gate->q[0], &gate->q[1], end, &gate->q[2], &gate->q[3], end);
  *order = found == 6 ? 2 : 1;
  return found == 4 || found == 6;
}

/* "p(SCALE*tPARAM) q[A];" or "cp(SCALE*tPARAM) q[A], q[B];"; *end is where it
 * ends. */
static bool read_phase(struct vqe_gate *gate, int *qubits, int *end,
                       const char *text)
{
  *qubits = text[0] == 'c' ? 2 : 1;
  gate->kind = text[0] == 'c' ? VQE_GATE_CPHASE : VQE_GATE_PHASE;
  if (text[0] == 'c') {
    (void)sscanf(text, "cp(%lf*t%d) q[%d], q[%d];%n", &gate->scale,
                 &gate->param, &gate->q[0], &gate->q[1], end);
  } else {
    (void)sscanf(text, "p(%lf*t%d) q[%d];%n", &gate->scale, &gate->param,
                 &gate->q[0], end);
  }
  return *end > 0;
}

/* One line of the program; *fits false when it is none of ours. */
static int read_line(struct vqe_ansatz *ansatz, size_t *capacity,
                     const char *line, bool *fits)
{
  struct vqe_gate gate = {.param = -1, .scale = 1.0};
  bool signless = strncmp(line, QUBIT_PRAGMA, strlen(QUBIT_PRAGMA)) == 0;
  size_t head = strlen(signless ? QUBIT_PRAGMA : PRAGMA);
  int qubits = 1;
  int order = 0;
  int end = 0;
  *fits = true;
  if (line[0] == '\0' || strcmp(line, "OPENQASM 3.0;") == 0 ||
      strcmp(line, "include \"stdgates.inc\";") == 0) {
    return VQE_OK;
  }
  if (strncmp(line, "input float[64] t", 17) == 0) {
    ansatz->nparam++;
    return VQE_OK;
  }
  if (sscanf(line, "qubit[%d] q;", &ansatz->nqubit) == 1) {
    *fits = ansatz->nqubit > 0 && ansatz->nqubit <= 2 * VQE_MAX_ORBITALS;
    return VQE_OK;
  }
  if (sscanf(line, "x q[%d];%n", &gate.q[0], &end) == 1 && end > 0) {
    gate.kind = VQE_GATE_X;
  } else if ((signless || strncmp(line, PRAGMA, head) == 0) &&
             read_excitation(&gate, &order, &end, line + head)) {
    qubits = 2 * order;
    end += (int)head;
    if (signless) {
      gate.kind = order == 2 ? VQE_GATE_QUBIT_DOUBLE : VQE_GATE_QUBIT_SINGLE;
    } else {
      gate.kind = order == 2 ? VQE_GATE_DOUBLE : VQE_GATE_SINGLE;
    }
    *fits = gate.param >= 0 && gate.param < ansatz->nparam;
  } else if (read_phase(&gate, &qubits, &end, line)) {
    *fits = gate.param >= 0 && gate.param < ansatz->nparam;
  } else {
    *fits = false;
  }
  *fits =
      *fits && line[end] == '\0' && qubits_fit(&gate, qubits, ansatz->nqubit);
  return *fits ? add_gate(ansatz, capacity, &gate) : VQE_OK;
}

static int expand(char **out, char *text)
{
  struct vqe_ansatz ansatz = {.name = "UCCSD", .conserves = true};
  size_t capacity = 0;
  int number = 0;
  int status = VQE_OK;
  char *line = text;
  while (status == VQE_OK && line != NULL) {
    char *next = strchr(line, '\n');
    bool fits = true;
    if (next != NULL) {
      *next++ = '\0';
    }
    number++;
    status = read_line(&ansatz, &capacity, line, &fits);
    if (status == VQE_OK && !fits) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "the circuit, line %d: '%.60s' is not of a "
                             "program with excitations of ours",
                             number, line);
    }
    line = next;
  }
  if (status == VQE_OK) {
    status = vqe_ansatz_qasm(out, &ansatz, 0);
  }
  free(ansatz.gates);
  return status;
}

/* In place of the text: `made`. */
static void replace(struct vqe_cmd_lake_program *program, char *made)
{
  free(program->text);
  program->text = made;
}

int vqe_cmd_lake_run_qasm(struct vqe_cmd_lake_options *options)
{
  struct vqe_cmd_lake_program program = {NULL, NULL, 0};
  char *made = NULL;
  FILE *stream = NULL;
  int version = options->qasm_version == 0 ? 3 : options->qasm_version;
  int status =
      version == 2 || version == 3
          ? vqe_cmd_lake_circuit(&program, options)
          : vqe_error_set(VQE_ERR_INPUT, "--qasm-version %d: 2 or 3", version);
  if (status == VQE_OK && program.text != NULL &&
      (strstr(program.text, PRAGMA) != NULL ||
       strstr(program.text, QUBIT_PRAGMA) != NULL)) {
    status = expand(&made, program.text);
    if (status == VQE_OK) {
      replace(&program, made);
    }
  }
  if (status == VQE_OK && (options->bind || version == 2)) {
    status = vqe_cmd_lake_bind(&made, &program, version);
    if (status == VQE_OK) {
      replace(&program, made);
    }
  }
  if (status == VQE_OK) {
    status = vqe_cmd_lake_open_output(&stream, options);
  }
  if (status == VQE_OK) {
    vqe_text_show(stream, program.text);
  }
  status = vqe_cmd_lake_close_output(stream, status);
  free(program.parameters);
  free(program.text);
  return status == VQE_OK ? EXIT_GOOD : vqe_cmd_lake_complain(status);
}
