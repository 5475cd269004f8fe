#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/curves.h"
#include "report/landscape_lines.h"
#include "report/property_lines.h"
#include "report/report.h"
#include "report/table_groups.h"
#include "report/table_layout.h"
#include "report/table_marks.h"
#include "report/table_settings.h"
#include "vqe/checks.h"

#define DEFAULT_WIDTH 80
/* Failures whose reasons are printed. */
#define SPELT_OUT 10

/* Columns of the numbers, which stand behind those of the settings. */
enum column {
  MOLECULE,
  FIRST_SETTING,
  QUBITS = FIRST_SETTING + VQE_REPORT_SETTINGS,
  PARAMETERS,
  EVALUATIONS,
  ENERGY,
  NOISELESS,
  HF,
  EXACT,
  ERROR_MHA,
  ELECTRONS,
  SPIN,
  SHOTS,
  SECONDS,
  COLUMNS
};

struct table {
  struct vqe_result *const *results;
  size_t count;
  uint64_t *marks; /* of each result */
  struct vqe_report_line *lines;
  struct vqe_report_grid grid;
  bool varies[VQE_REPORT_SETTINGS];
  const char *exact; /* "FCI", "CASCI" or "exact" */
  int width;
};

/* ---- columns ---- */

/* The exact energy of all orbitals, or within an active space. */
static const char *exact_name(struct vqe_result *const *results, size_t count)
{
  size_t active = 0;
  for (size_t k = 0; k < count; k++) {
    active += results[k]->experiment->active_electrons >= 0 ||
              results[k]->experiment->active_space != NULL;
  }
  return active == 0 ? "FCI" : active == count ? "CASCI" : "exact";
}

static void name_columns(struct table *table)
{
  static const struct {
    const char *title;
    enum column column;
    int keep;
  } numbers[] = {
      {"qubits", QUBITS, 5},      {"param.", PARAMETERS, 4},
      {"eval.", EVALUATIONS, 3},  {"energy ", ENERGY, 0},
      {"no noise", NOISELESS, 2}, {"HF", HF, 8},
      {NULL, EXACT, 1},           {"error/mHa", ERROR_MHA, 0},
      {"<N>", ELECTRONS, 10},     {"<S^2>", SPIN, 9},
      {"total shots", SHOTS, 7},  {"seconds", SECONDS, 6},
  };
  struct vqe_report_column *columns = table->grid.columns;
  table->grid.ncolumn = COLUMNS;
  columns[MOLECULE] = (struct vqe_report_column){
      .title = "molecule", .text = true, .shorten = true, .shown = true};
  for (int k = 0; k < VQE_REPORT_SETTINGS; k++) {
    columns[FIRST_SETTING + k] = (struct vqe_report_column){
        .title = vqe_report_setting_title((enum vqe_report_setting)k),
        .text = true,
        .shorten = true,
        .shown = table->varies[k]};
  }
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
    columns[numbers[k].column] = (struct vqe_report_column){
        .title = numbers[k].title != NULL ? numbers[k].title : table->exact,
        .keep = numbers[k].keep,
        .shown = true};
  }
}

/* ---- rows ---- */

static void put_energy(struct vqe_report_row *row,
                       const struct vqe_result *result, bool foreign)
{
  double energy = result->minimum + result->nuclear_repulsion_energy;
  const char *mark = foreign ? "!" : " ";
  if (isnan(energy)) {
    vqe_report_put(row, ENERGY, "- ");
  } else if (isfinite(result->energy_std) && result->energy_std > 0.0) {
    vqe_report_put(row, ENERGY, "%.5f \xc2\xb1 %.5f%s", energy,
                   result->energy_std, mark);
  } else {
    vqe_report_put(row, ENERGY, "%.8f%s", energy, mark);
  }
}

static void put_seed(struct vqe_report_row *row,
                     const struct vqe_report_line *line, int64_t seed)
{
  int column = FIRST_SETTING + VQE_REPORT_SEED;
  switch (line->place) {
  case VQE_REPORT_ALONE:
    vqe_report_put(row, column, "%lld", (long long)seed);
    break;
  case VQE_REPORT_BEST:
    vqe_report_put(row, column, "%lld best/%zu", (long long)seed, line->seeds);
    break;
  case VQE_REPORT_MEDIAN:
    vqe_report_put(row, column, "%lld median", (long long)seed);
    break;
  case VQE_REPORT_WORST:
    vqe_report_put(row, column, "%lld worst", (long long)seed);
    break;
  }
}

static void put_counts(struct vqe_report_row *row,
                       const struct vqe_result *result)
{
  if (result->num_qubits > 0) {
    vqe_report_put(row, QUBITS, "%d", result->num_qubits);
    vqe_report_put(row, PARAMETERS, "%d", result->nparam);
    vqe_report_put(row, EVALUATIONS, "%zu", result->neval);
  } else {
    vqe_report_put(row, QUBITS, "-");
    vqe_report_put(row, PARAMETERS, "-");
    vqe_report_put(row, EVALUATIONS, "-");
  }
  if (result->total_shots > 0) {
    vqe_report_put(row, SHOTS, "%lld", (long long)result->total_shots);
  } else {
    vqe_report_put(row, SHOTS, "-");
  }
}

/* What to look at: what failed, and how good the energy is. */
static void color_row(struct vqe_report_row *row,
                      const struct vqe_result *result)
{
  double error =
      result->minimum + result->nuclear_repulsion_energy - result->fci_energy;
  if (result->status == VQE_EXPERIMENT_FAILED) {
    row->colors[MOLECULE] = VQE_COLOR_BAD;
  } else if (isfinite(error)) {
    row->colors[ERROR_MHA] =
        fabs(error) <= VQE_CHECK_ACCURACY ? VQE_COLOR_GOOD : VQE_COLOR_WARN;
  }
}

static void fill_row(struct table *table, size_t k)
{
  const struct vqe_report_line *line = &table->lines[k];
  const struct vqe_result *result = table->results[line->result];
  const struct vqe_experiment *experiment = result->experiment;
  struct vqe_report_row *row = &table->grid.rows[k];
  double energy = result->minimum + result->nuclear_repulsion_energy;
  bool named = experiment->name != NULL && experiment->name[0] != '\0';
  vqe_report_put(row, MOLECULE, "%s", named ? experiment->name : "-");
  for (int s = 0; s < VQE_REPORT_SETTINGS; s++) {
    char text[VQE_REPORT_CELL];
    vqe_report_setting_text(text, experiment, (enum vqe_report_setting)s);
    vqe_report_put(row, FIRST_SETTING + s, "%s", text);
  }
  put_seed(row, line, experiment->seed);
  put_counts(row, result);
  put_energy(row, result, vqe_report_foreign(table->marks[line->result]));
  vqe_report_put_number(row, NOISELESS, 8,
                        result->energy_exact +
                            result->nuclear_repulsion_energy);
  vqe_report_put_number(row, HF, 8, result->hf_energy);
  vqe_report_put_number(row, EXACT, 8, result->fci_energy);
  vqe_report_put_number(row, ERROR_MHA, 4,
                        1e3 * (energy - result->fci_energy));
  vqe_report_put_number(row, ELECTRONS, 4, result->n_expectation);
  vqe_report_put_number(row, SPIN, 4, result->s2_expectation);
  vqe_report_put_number(row, SECONDS, 2, result->seconds_total);
  color_row(row, result);
}

/* ---- around the rows ---- */

/* What all have in common. */
static void print_shared(FILE *stream, const struct table *table)
{
  static const struct {
    enum vqe_report_setting setting;
    const char *before, *but; /* said unless it is this */
  } said[] = {{VQE_REPORT_BASIS, "", "-"},
              {VQE_REPORT_SPACE, "space ", "all"},
              {VQE_REPORT_ANSATZ, "", "-"},
              {VQE_REPORT_POOL, "pool ", "-"},
              {VQE_REPORT_OPTIMIZER, "", "-"},
              {VQE_REPORT_SHOTS, "shots ", "exact"},
              {VQE_REPORT_PENALTY, "penalty ", "-"},
              {VQE_REPORT_RESTARTS, "restarts ", "1"}};
  char text[1024];
  char value[VQE_REPORT_CELL];
  size_t used = (size_t)snprintf(
      text, sizeof text,
      "Total energies in hartree, errors to %s in millihartree.",
      strcmp(table->exact, "exact") == 0
          ? "the exact energy (FCI, CASCI in an active space)"
          : table->exact);
  bool any = false;
  for (size_t k = 0; table->count > 0 && k < sizeof said / sizeof said[0];
       k++) {
    vqe_report_setting_text(value, table->results[0]->experiment,
                            said[k].setting);
    if (!table->varies[said[k].setting] && strcmp(value, said[k].but) != 0 &&
        used < sizeof text) {
      used += (size_t)snprintf(text + used, sizeof text - used, "%s %s%s",
                               any ? "," : " All:", said[k].before, value);
      any = true;
    }
  }
  if (any && used < sizeof text) {
    (void)snprintf(text + used, sizeof text - used, ".");
  }
  vqe_text_blank_controls(text);
  vqe_text_wrap(stream, text, table->width, 0);
}

static void print_left_out(FILE *stream, const struct table *table,
                           const bool *wanted)
{
  char text[512] = "Left out to fit the window:";
  size_t used = strlen(text);
  bool any = false;
  for (int k = 0; k < COLUMNS; k++) {
    if (wanted[k] && !table->grid.columns[k].shown && used < sizeof text) {
      used += (size_t)snprintf(text + used, sizeof text - used, "%s %s",
                               any ? "," : "", table->grid.columns[k].title);
      any = true;
    }
  }
  if (any && used < sizeof text) {
    (void)snprintf(text + used, sizeof text - used,
                   "; COLUMNS=160 or --summary shows them.");
    vqe_text_wrap(stream, text, table->width, 2);
  }
}

static void print_failures(FILE *stream, const struct table *table)
{
  size_t failed = 0;
  for (size_t k = 0; k < table->count; k++) {
    const struct vqe_result *result = table->results[k];
    const struct vqe_experiment *experiment = result->experiment;
    char basis[VQE_REPORT_CELL];
    char ansatz[VQE_REPORT_CELL];
    char *text = NULL;
    if (result->status != VQE_EXPERIMENT_FAILED || ++failed > SPELT_OUT) {
      continue;
    }
    vqe_report_setting_text(basis, experiment, VQE_REPORT_BASIS);
    vqe_report_setting_text(ansatz, experiment, VQE_REPORT_ANSATZ);
    if (vqe_memory_print(
            &text, "failed: %s, %s, %s: %s",
            experiment->name != NULL ? experiment->name : "-", basis, ansatz,
            result->reason != NULL ? result->reason : "-") == VQE_OK) {
      vqe_text_blank_controls(text);
      vqe_text_wrap(stream, text, table->width, 2);
    }
    free(text);
  }
  if (failed > SPELT_OUT) {
    fprintf(stream, "failed: %zu more; --summary FILE has their reasons\n",
            failed - SPELT_OUT);
  }
}

static void print_count(FILE *stream, const struct table *table,
                        const bool *restored)
{
  size_t failed = 0;
  size_t old = 0;
  for (size_t k = 0; k < table->count; k++) {
    failed += table->results[k]->status == VQE_EXPERIMENT_FAILED;
    old += restored != NULL && restored[k];
  }
  fprintf(stream, "%zu experiment%s: %zu ok", table->count,
          table->count == 1 ? "" : "s", table->count - failed);
  if (old > 0) {
    fprintf(stream, " (%zu restored)", old);
  }
  char text[40];
  snprintf(text, sizeof text, "%zu failed", failed);
  fprintf(stream, ", ");
  vqe_color_print(stream, failed > 0 ? VQE_COLOR_BAD : VQE_COLOR_PLAIN, text);
  fprintf(stream, "\n");
}

/* ---- all of it ---- */

static int build(struct table *table, const bool *restored, bool all)
{
  struct vqe_report_grid *grid = &table->grid;
  int status = vqe_memory_alloc(&table->marks, table->count + 1,
                                sizeof *table->marks, "the table");
  if (status == VQE_OK) {
    status = vqe_report_lines(&table->lines, &grid->nrow, table->results,
                              table->count, all);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&grid->rows, grid->nrow + 1, sizeof *grid->rows,
                              "the table");
  }
  if (status == VQE_OK) {
    status =
        vqe_report_settings_vary(table->varies, table->results, table->count);
  }
  if (status != VQE_OK) {
    return status;
  }
  table->exact = exact_name(table->results, table->count);
  name_columns(table);
  for (size_t k = 0; k < table->count; k++) {
    table->marks[k] =
        vqe_report_marks(table->results[k], restored != NULL && restored[k]);
  }
  for (size_t k = 0; k < grid->nrow; k++) {
    fill_row(table, k);
  }
  return VQE_OK;
}

static void print(FILE *stream, struct table *table)
{
  struct vqe_report_grid *grid = &table->grid;
  bool wanted[COLUMNS];
  int last = 0;
  for (size_t k = 0; k < grid->nrow; k++) {
    int least = vqe_report_remarks_least(table->marks[table->lines[k].result]);
    last = least > last ? least : last;
  }
  /* once without a limit, to know which say something */
  (void)vqe_report_fit(grid, 1 << 20, last);
  for (int k = 0; k < COLUMNS; k++) {
    wanted[k] = grid->columns[k].shown;
  }
  int room = vqe_report_fit(grid, table->width, last);
  print_shared(stream, table);
  vqe_report_print_row(stream, grid, -1, last > 0 ? "remark" : "");
  for (size_t k = 0; k < grid->nrow; k++) {
    char remarks[256];
    vqe_report_remarks(remarks, sizeof remarks,
                       table->marks[table->lines[k].result], room);
    vqe_report_print_row(stream, grid, (long)k, remarks);
  }
  print_left_out(stream, table, wanted);
}

int vqe_report_table(FILE *stream, struct vqe_result *const *results,
                     const bool *restored, size_t count,
                     const struct vqe_report_options *options)
{
  struct table table = {.results = results, .count = count};
  table.width = options->width > 0 ? options->width : DEFAULT_WIDTH;
  int status = build(&table, restored, options->all);
  if (status == VQE_OK && count > 0) {
    print(stream, &table);
    if (table.grid.nrow < count) {
      vqe_text_wrap(stream,
                    "best/N, median, worst: of N experiments that differ in "
                    "the seed alone, by energy; --all shows each.",
                    table.width, 2);
    }
    vqe_report_footnotes(stream, results, table.marks, count, table.width);
    print_failures(stream, &table);
    vqe_report_properties(stream, results, count, table.width);
    vqe_report_landscapes(stream, results, count, table.width);
    status = vqe_report_curves(stream, results, count, table.width);
  }
  if (status == VQE_OK) {
    print_count(stream, &table, restored);
    if (fflush(stream) != 0 || ferror(stream)) {
      status = vqe_error_set(VQE_ERR_IO, "the table could not be printed");
    }
  }
  free(table.grid.rows);
  free(table.lines);
  free(table.marks);
  return status;
}
