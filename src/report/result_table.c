#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "report/report.h"

#define COLUMNS 14
#define CELL 64
/* How far <N> and <S^2> may be from the sector's before a remark. */
#define SECTOR_TOLERANCE 0.01

enum column {
  MOLECULE,
  BASIS,
  QUBITS,
  ANSATZ,
  PARAMETERS,
  EVALUATIONS,
  ENERGY,
  HF,
  FCI,
  ERROR_MHA,
  ELECTRONS,
  SPIN,
  SECONDS,
  REMARK
};

static const char *const titles[COLUMNS] = {
    "molecule", "basis", "qubits",    "ansatz", "param.", "eval.",   "energy",
    "HF",       "FCI",   "error/mHa", "<N>",    "<S^2>",  "seconds", "remark"};

/* Texts to the left, numbers to the right. */
static bool is_text(enum column column)
{
  return column == MOLECULE || column == BASIS || column == ANSATZ ||
         column == REMARK;
}

struct row {
  char cells[COLUMNS][CELL];
};

struct notes {
  bool sector, spin, converged;
};

/* A remark too long for its cell ends there; cells hold what fits. */
static void put(struct row *row, enum column column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put(struct row *row, enum column column, const char *format, ...)
{
  va_list arguments;
  char *cell = row->cells[column];
  va_start(arguments, format);
  vsnprintf(cell, CELL, format, arguments);
  va_end(arguments);
  size_t length = strlen(cell);
  /* never half a UTF-8 letter, and nothing that moves the cursor */
  if (length == CELL - 1) {
    while (length > 0 && ((unsigned char)cell[length] & 0xc0) == 0x80) {
      length--;
    }
    while (length > 0 && ((unsigned char)cell[length - 1] & 0xc0) == 0x80) {
      length--;
    }
    if (length > 0 && (unsigned char)cell[length - 1] >= 0xc0) {
      length--;
    }
    cell[length] = '\0';
  }
  for (char *at = cell; *at != '\0'; at++) {
    if ((unsigned char)*at < ' ' || *at == 0x7f) {
      *at = ' ';
    }
  }
}

static void put_number(struct row *row, enum column column, int digits,
                       double value)
{
  if (isnan(value)) {
    put(row, column, "-");
  } else if (fabs(value) < 0.5 * pow(10.0, -digits)) {
    /* no minus before zeros */
    put(row, column, "%.*f", digits, 0.0);
  } else {
    put(row, column, "%.*f", digits, value);
  }
}

static const char *or_dash(const char *text)
{
  return text != NULL && text[0] != '\0' ? text : "-";
}

/* Path of a basis file: its last part says enough in a table. */
static const char *basis_name(const struct vqe_experiment *experiment)
{
  const char *slash =
      experiment->basis_set != NULL && experiment->basis_sha256 != NULL
          ? strrchr(experiment->basis_set, '/')
          : NULL;
  return slash != NULL ? slash + 1 : or_dash(experiment->basis_set);
}

static void add_remark(struct row *row, const char *text)
{
  char before[CELL];
  memcpy(before, row->cells[REMARK], CELL);
  put(row, REMARK, "%s%s%s", before, before[0] != '\0' ? ", " : "", text);
}

static void fill_remarks(struct row *row, struct notes *notes,
                         const struct vqe_result *result)
{
  double spin = 0.5 * (result->nalpha - result->nbeta);
  if (result->status == VQE_EXPERIMENT_FAILED) {
    add_remark(row, "failed");
    return;
  }
  if (result->status == VQE_EXPERIMENT_SKIPPED) {
    add_remark(row, "done before");
  }
  if (!result->success) {
    add_remark(row, "not converged");
    notes->converged = true;
  }
  if (fabs(result->n_expectation - (result->nalpha + result->nbeta)) >
      SECTOR_TOLERANCE) {
    add_remark(row, "other <N>");
    notes->sector = true;
  }
  if (fabs(result->s2_expectation - spin * (spin + 1.0)) > SECTOR_TOLERANCE) {
    add_remark(row, "other <S^2>");
    notes->spin = true;
  }
}

static void fill_row(struct row *row, struct notes *notes,
                     const struct vqe_result *result)
{
  const struct vqe_experiment *experiment = result->experiment;
  double energy = result->minimum + result->nuclear_repulsion_energy;
  memset(row, 0, sizeof *row);
  put(row, MOLECULE, "%s", or_dash(experiment->name));
  put(row, BASIS, "%s", basis_name(experiment));
  put(row, ANSATZ, "%s", or_dash(experiment->ansatz_name));
  if (result->num_qubits > 0) {
    put(row, QUBITS, "%d", result->num_qubits);
    put(row, PARAMETERS, "%d", result->nparam);
    put(row, EVALUATIONS, "%zu", result->neval);
  } else {
    put(row, QUBITS, "-");
    put(row, PARAMETERS, "-");
    put(row, EVALUATIONS, "-");
  }
  put_number(row, ENERGY, 8, energy);
  put_number(row, HF, 8, result->hf_energy);
  put_number(row, FCI, 8, result->fci_energy);
  put_number(row, ERROR_MHA, 4, 1e3 * (energy - result->fci_energy));
  put_number(row, ELECTRONS, 4, result->n_expectation);
  put_number(row, SPIN, 4, result->s2_expectation);
  put_number(row, SECONDS, 2, result->seconds_total);
  fill_remarks(row, notes, result);
}

/* Letters of a UTF-8 text. */
static int letters(const char *text)
{
  int count = 0;
  for (; *text != '\0'; text++) {
    count += ((unsigned char)*text & 0xc0) != 0x80;
  }
  return count;
}

static void print_row(FILE *stream, const struct row *row,
                      const int widths[COLUMNS])
{
  for (int k = 0; k < COLUMNS; k++) {
    const char *cell = row->cells[k];
    int pad = widths[k] - letters(cell);
    if (k == REMARK && cell[0] == '\0') {
      break;
    }
    if (k > 0) {
      fputs("  ", stream);
    }
    if (is_text((enum column)k)) {
      fputs(cell, stream);
      /* no blanks at the end of a line */
      if (k < COLUMNS - 1) {
        fprintf(stream, "%*s", pad, "");
      }
    } else {
      fprintf(stream, "%*s%s", pad, "", cell);
    }
  }
  fputc('\n', stream);
}

static void print_below(FILE *stream, const struct notes *notes,
                        struct vqe_result *const *results, size_t count)
{
  size_t counts[3] = {0, 0, 0};
  if (notes->sector) {
    fputs("other <N>: the state left the molecule's electron number; its "
          "energy is not this molecule's.\n",
          stream);
  }
  if (notes->spin) {
    fputs("other <S^2>: the state has another spin than asked for, or none "
          "that is sharp.\n",
          stream);
  }
  for (size_t k = 0; k < count; k++) {
    const struct vqe_result *result = results[k];
    const struct vqe_experiment *experiment = result->experiment;
    counts[result->status]++;
    if (result->status == VQE_EXPERIMENT_FAILED) {
      fprintf(stream, "failed: %s, %s, %s: %s\n", or_dash(experiment->name),
              basis_name(experiment), or_dash(experiment->ansatz_name),
              or_dash(result->reason));
    } else if (!result->success) {
      fprintf(stream, "not converged: %s, %s, %s, %s: %s\n",
              or_dash(experiment->name), basis_name(experiment),
              or_dash(experiment->ansatz_name), or_dash(experiment->optimizer),
              or_dash(result->reason));
    }
  }
  fprintf(stream, "%zu experiment%s: %zu ok, %zu failed, %zu done before\n",
          count, count == 1 ? "" : "s", counts[VQE_EXPERIMENT_OK],
          counts[VQE_EXPERIMENT_FAILED], counts[VQE_EXPERIMENT_SKIPPED]);
}

int vqe_report_table(FILE *stream, struct vqe_result *const *results,
                     size_t count)
{
  struct row *rows = NULL;
  struct row head;
  struct notes notes = {false, false, false};
  int widths[COLUMNS];
  int status = vqe_memory_alloc(&rows, count, sizeof *rows, "the table");
  if (status != VQE_OK) {
    return status;
  }
  memset(&head, 0, sizeof head);
  for (int k = 0; k < COLUMNS; k++) {
    put(&head, (enum column)k, "%s", titles[k]);
    widths[k] = letters(titles[k]);
  }
  for (size_t row = 0; row < count; row++) {
    fill_row(&rows[row], &notes, results[row]);
    for (int k = 0; k < COLUMNS; k++) {
      int width = letters(rows[row].cells[k]);
      widths[k] = width > widths[k] ? width : widths[k];
    }
  }
  fputs("Energies are total ones, in hartree; error: to FCI, in "
        "millihartree.\n",
        stream);
  print_row(stream, &head, widths);
  for (size_t row = 0; row < count; row++) {
    print_row(stream, &rows[row], widths);
  }
  print_below(stream, &notes, results, count);
  if (fflush(stream) != 0 || ferror(stream)) {
    status = vqe_error_set(VQE_ERR_IO, "the table could not be printed");
  }
  free(rows);
  return status;
}
