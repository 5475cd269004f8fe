/* Circuits out of the OpenQASM 3 that results hold: gates in the order of the
 * text, each as far left as its wires allow, in rows that fold. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pages/page_draw.h"
#include "vqe/error.h"

#define MOST_GATES 420
#define MOST_COLUMNS 120
#define FOLD 20 /* columns of a row */
#define CELL 38.0
#define WIRE 36.0
#define MARGIN 46.0

struct gate {
  char name[12];
  char angle[24];
  int nqubit;
  int qubits[4];
  int column;
};

struct circuit {
  int nqubit, ngate, ncolumn;
  struct gate gates[MOST_GATES];
};

/* The qubits "q[1], q[2]" of a line. */
static bool read_qubits(struct gate *gate, const char *at)
{
  while ((at = strstr(at, "q[")) != NULL) {
    if (gate->nqubit == 4) {
      return false;
    }
    gate->qubits[gate->nqubit++] = atoi(at + 2);
    at += 2;
  }
  return gate->nqubit > 0;
}

/* "pragma vqe.excitation SCALE*tP I->A J->B" */
static bool read_pragma(struct gate *gate, const char *line)
{
  int found = sscanf(line, "pragma %*s %23s %d->%d %d->%d", gate->angle,
                     &gate->qubits[0], &gate->qubits[1], &gate->qubits[2],
                     &gate->qubits[3]);
  snprintf(gate->name, sizeof gate->name, "exc");
  gate->nqubit = found - 1;
  return found == 3 || found == 5;
}

/* A line of the text: 1 a gate, 0 none, -1 what cannot be drawn. */
static int read_line(struct gate *gate, const char *line)
{
  static const char *const silent[] = {"OPENQASM", "include", "input",
                                       "qubit",    "//",      "bit"};
  memset(gate, 0, sizeof *gate);
  for (size_t k = 0; k < sizeof silent / sizeof silent[0]; k++) {
    if (strncmp(line, silent[k], strlen(silent[k])) == 0) {
      return 0;
    }
  }
  if (strncmp(line, "pragma ", 7) == 0) {
    return read_pragma(gate, line) ? 1 : -1;
  }
  size_t length = strcspn(line, "( ");
  if (line[0] == '\0') {
    return 0;
  }
  if (!isalpha((unsigned char)line[0]) || length >= sizeof gate->name) {
    return -1;
  }
  memcpy(gate->name, line, length);
  const char *rest = line + length;
  if (*rest == '(') {
    size_t inside = strcspn(rest + 1, ")");
    size_t kept =
        inside < sizeof gate->angle ? inside : sizeof gate->angle - 1;
    memcpy(gate->angle, rest + 1, kept);
    rest += 1 + inside;
  }
  return read_qubits(gate, rest) ? 1 : -1;
}

static void place(struct circuit *circuit, struct gate *gate, int *busy)
{
  int low = gate->qubits[0];
  int high = low;
  for (int k = 1; k < gate->nqubit; k++) {
    low = gate->qubits[k] < low ? gate->qubits[k] : low;
    high = gate->qubits[k] > high ? gate->qubits[k] : high;
  }
  for (int q = low; q <= high; q++) {
    gate->column = busy[q] > gate->column ? busy[q] : gate->column;
  }
  for (int q = low; q <= high; q++) {
    busy[q] = gate->column + 1;
  }
  circuit->ncolumn =
      gate->column >= circuit->ncolumn ? gate->column + 1 : circuit->ncolumn;
}

static bool read_circuit(struct circuit *circuit, const char *text, int nqubit)
{
  int busy[VQE_PAGES_CIRCUIT_QUBITS] = {0};
  char line[256];
  circuit->nqubit = nqubit;
  while (*text != '\0') {
    size_t length = strcspn(text, "\n");
    if (length >= sizeof line || circuit->ngate == MOST_GATES) {
      return false;
    }
    memcpy(line, text, length);
    line[length] = '\0';
    text += length + (text[length] == '\n');
    struct gate *gate = &circuit->gates[circuit->ngate];
    int found = read_line(gate, line);
    if (found < 0) {
      return false;
    }
    for (int k = 0; k < gate->nqubit && found > 0; k++) {
      if (gate->qubits[k] < 0 || gate->qubits[k] >= nqubit) {
        return false;
      }
    }
    if (found > 0) {
      place(circuit, gate, busy);
      circuit->ngate++;
    }
  }
  return circuit->ngate > 0 && circuit->ncolumn <= MOST_COLUMNS;
}

/* ---- drawing ---- */

static double row_height(const struct circuit *circuit)
{
  return WIRE * circuit->nqubit + 26.0;
}

static double x_of(const struct gate *gate)
{
  return MARGIN + CELL * (gate->column % FOLD + 0.5);
}

static double y_of(const struct circuit *circuit, const struct gate *gate,
                   int qubit)
{
  int row = gate->column / FOLD;
  return row_height(circuit) * row + WIRE * (qubit + 0.5) + 6.0;
}

/* The angle without its scale, where it is a parameter. */
static void short_angle(char out[10], const char *angle)
{
  const char *t = strchr(angle, 't');
  out[0] = '\0';
  if (t != NULL && isdigit((unsigned char)t[1])) {
    snprintf(out, 10, "\xce\xb8%d", atoi(t + 1) % 10000);
  } else if (strcmp(angle, "pi/2") == 0) {
    snprintf(out, 10, "\xcf\x80/2");
  } else if (strcmp(angle, "-pi/2") == 0) {
    snprintf(out, 10, "\xe2\x88\x92\xcf\x80/2");
  }
}

static void draw_box(struct vqe_pages_text *text, const struct gate *gate,
                     double x, double y)
{
  char angle[10];
  char name[12];
  snprintf(name, sizeof name, "%s", gate->name);
  name[0] = (char)toupper((unsigned char)name[0]);
  short_angle(angle, gate->angle);
  vqe_pages_putf(text,
                 "<rect class=\"box\" x=\"%.1f\" y=\"%.1f\" width=\"32\" "
                 "height=\"28\" rx=\"3\"/><text class=\"gate\" x=\"%.1f\" "
                 "y=\"%.1f\" text-anchor=\"middle\">",
                 x - 16.0, y - 14.0, x, y + (angle[0] != '\0' ? -1.0 : 4.5));
  vqe_pages_escape(text, name);
  vqe_pages_put(text, "</text>");
  if (angle[0] != '\0') {
    vqe_pages_putf(text,
                   "<text class=\"angle\" x=\"%.1f\" y=\"%.1f\" "
                   "text-anchor=\"middle\">%s</text>",
                   x, y + 11.0, angle);
  }
}

static void draw_gate(struct vqe_pages_text *text,
                      const struct circuit *circuit, const struct gate *gate)
{
  double x = x_of(gate);
  double first = y_of(circuit, gate, gate->qubits[0]);
  double last = y_of(circuit, gate, gate->qubits[gate->nqubit - 1]);
  bool controlled = gate->name[0] == 'c' && gate->nqubit == 2;
  if (gate->nqubit > 1) {
    double low = first;
    double high = first;
    for (int k = 1; k < gate->nqubit; k++) {
      low = fmin(low, y_of(circuit, gate, gate->qubits[k]));
      high = fmax(high, y_of(circuit, gate, gate->qubits[k]));
    }
    vqe_pages_putf(text, "<path class=\"wire\" d=\"M%.1f %.1fV%.1f\"/>", x,
                   low, high);
  }
  if (controlled) {
    vqe_pages_putf(text,
                   "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" "
                   "r=\"4.5\"/>",
                   x, first);
  }
  if (controlled && strcmp(gate->name, "cx") == 0) {
    vqe_pages_putf(text,
                   "<circle class=\"target\" cx=\"%.1f\" cy=\"%.1f\" "
                   "r=\"10\"/><path class=\"wire\" d=\"M%.1f %.1fh20m-10 "
                   "-10v20\"/>",
                   x, last, x - 10.0, last);
    return;
  }
  for (int k = controlled ? 1 : 0; k < gate->nqubit; k++) {
    draw_box(text, gate, x, y_of(circuit, gate, gate->qubits[k]));
  }
}

static void draw_wires(struct vqe_pages_text *text,
                       const struct circuit *circuit)
{
  int rows = (circuit->ncolumn + FOLD - 1) / FOLD;
  for (int r = 0; r < rows; r++) {
    int columns = r + 1 < rows ? FOLD : circuit->ncolumn - r * FOLD;
    for (int q = 0; q < circuit->nqubit; q++) {
      double y = row_height(circuit) * r + WIRE * (q + 0.5) + 6.0;
      vqe_pages_putf(text,
                     "<path class=\"wire\" d=\"M%.1f %.1fh%.1f\"/>"
                     "<text class=\"gate\" x=\"%.1f\" y=\"%.1f\" "
                     "text-anchor=\"end\">q%d</text>",
                     MARGIN - 6.0, y, CELL * columns + 8.0, MARGIN - 12.0,
                     y + 4.5, q);
    }
  }
}

bool vqe_pages_draw_circuit(struct vqe_pages_text *text,
                            const struct vqe_pages_run *run)
{
  struct circuit *circuit = NULL;
  if (run->circuit == NULL || run->nqubit > VQE_PAGES_CIRCUIT_QUBITS ||
      run->nqubit < 1) {
    return false;
  }
  int status = vqe_memory_alloc(&circuit, 1, sizeof *circuit, "a circuit");
  bool drawn =
      status == VQE_OK && read_circuit(circuit, run->circuit, run->nqubit);
  if (drawn) {
    int rows = (circuit->ncolumn + FOLD - 1) / FOLD;
    int widest = rows > 1 ? FOLD : circuit->ncolumn;
    double width = MARGIN + CELL * widest + 12.0;
    vqe_pages_putf(text,
                   "<svg class=\"circuit\" viewBox=\"0 0 %.0f %.0f\" "
                   "style=\"width:%.0fpx\" role=\"img\" "
                   "aria-label=\"Circuit of %d gates on %d qubits, %d "
                   "columns\">",
                   width, row_height(circuit) * rows, width, circuit->ngate,
                   circuit->nqubit, circuit->ncolumn);
    draw_wires(text, circuit);
    for (int k = 0; k < circuit->ngate; k++) {
      draw_gate(text, circuit, &circuit->gates[k]);
    }
    vqe_pages_put(text, "</svg>");
  }
  free(circuit);
  return drawn;
}
