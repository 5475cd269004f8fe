#include "campaign/found.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "batch/resume.h"
#include "store/hdf5.h"
#include "store/journal.h"

int vqe_found_create(struct vqe_found **out, const struct vqe_log *log)
{
  struct vqe_found *found = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&found, 1, sizeof *found, "a list of results");
  if (status != VQE_OK) {
    return status;
  }
  found->log = log;
  found->index = json_object();
  found->places = json_object();
  if (found->index == NULL || found->places == NULL) {
    vqe_found_free(found);
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of results");
  }
  *out = found;
  return VQE_OK;
}

static void entry_clear(struct vqe_found_entry *entry)
{
  free(entry->name);
  free(entry->reason);
  free(entry->basis_set);
  free(entry->ansatz_name);
  free(entry->optimizer);
  free(entry->init_strategy);
}

void vqe_found_free(struct vqe_found *found)
{
  if (found == NULL) {
    return;
  }
  for (size_t k = 0; k < found->count; k++) {
    entry_clear(&found->entries[k]);
  }
  for (size_t k = 0; k < found->noutput; k++) {
    for (size_t j = 0; j < found->outputs[k].njournal; j++) {
      free(found->outputs[k].journals[j].path);
    }
    free(found->outputs[k].journals);
    vqe_suspects_clear(&found->outputs[k].suspects);
    free(found->outputs[k].path);
  }
  free(found->entries);
  free(found->outputs);
  json_decref(found->index);
  json_decref(found->places);
  free(found);
}

int vqe_found_add(size_t *index, struct vqe_found *found, const char *output)
{
  const json_t *number = json_object_get(found->places, output);
  int status = VQE_OK;
  size_t count = found->noutput;
  if (number != NULL) {
    *index = (size_t)json_integer_value(number);
    return VQE_OK;
  }
  if ((count & (count - 1)) == 0) { /* room for a power of two of them */
    status = vqe_memory_grow(&found->outputs, count, count > 0 ? 2 * count : 1,
                             sizeof *found->outputs, "a list of outputs");
  }
  if (status == VQE_OK) {
    found->outputs[found->noutput].run = -1;
    status = vqe_memory_strdup(&found->outputs[found->noutput].path, output);
  }
  if (status == VQE_OK &&
      json_object_set_new_nocheck(found->places, output,
                                  json_integer((json_int_t)count)) != 0) {
    free(found->outputs[count].path);
    status = vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of outputs");
  }
  if (status == VQE_OK) {
    *index = found->noutput++;
  }
  return status;
}

/* ---- entries ---- */

static int entry_of(struct vqe_found_entry **out, struct vqe_found *found,
                    const char *id)
{
  const json_t *number = json_object_get(found->index, id);
  if (number != NULL) {
    *out = &found->entries[json_integer_value(number)];
    return VQE_OK;
  }
  if (found->entries == NULL || found->count == found->capacity) {
    size_t capacity = 2 * found->capacity + 256;
    int status = vqe_memory_grow(&found->entries, found->count, capacity,
                                 sizeof *found->entries, "a list of results");
    if (status != VQE_OK) {
      return status;
    }
    found->capacity = capacity;
  }
  struct vqe_found_entry *entry = &found->entries[found->count];
  *entry = (struct vqe_found_entry){.electronic = NAN,
                                    .energy = NAN,
                                    .fci_energy = NAN,
                                    .finished = NAN,
                                    .rate = NAN,
                                    .run = -1,
                                    .rank = -1};
  snprintf(entry->id, sizeof entry->id, "%s", id);
  /* ids of others may be no UTF-8 */
  if (json_object_set_new_nocheck(
          found->index, id, json_integer((json_int_t)found->count)) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a list of results");
  }
  found->count++;
  *out = entry;
  return VQE_OK;
}

const struct vqe_found_entry *vqe_found_get(const struct vqe_found *found,
                                            const char *id)
{
  const json_t *number = json_object_get(found->index, id);
  return number != NULL ? &found->entries[json_integer_value(number)] : NULL;
}

bool vqe_found_runs(const struct vqe_found *found,
                    const struct vqe_found_entry *entry)
{
  const struct vqe_found_output *output = &found->outputs[entry->output];
  return output->live && entry->phased && entry->run == output->run &&
         !(entry->ended && entry->status == VQE_EXPERIMENT_OK);
}

/* "2026-01-02T03:04:05.678Z" as seconds; NaN when it is something else. */
static double read_time(const char *text)
{
  struct tm parts = {0};
  int milliseconds = 0;
  const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == NULL) {
    return NAN;
  }
  (void)sscanf(end, ".%3d", &milliseconds);
  return (double)timegm(&parts) + milliseconds / 1e3;
}

/* Take over a result, given as the row of a file. One that ended well stays,
 * whatever else is found. */
static int keep_row(struct vqe_found *found, const struct vqe_hdf5_row *row,
                    size_t output)
{
  struct vqe_found_entry *entry = NULL;
  int status = entry_of(&entry, found, row->id);
  if (status != VQE_OK || entry == NULL ||
      (entry->ended && (entry->status == VQE_EXPERIMENT_OK ||
                        row->status != VQE_EXPERIMENT_OK))) {
    return status;
  }
  const struct {
    char **out;
    const char *text;
  } texts[] = {{&entry->name, row->name},
               {&entry->reason, row->reason},
               {&entry->basis_set, row->basis_set},
               {&entry->ansatz_name, row->ansatz_name},
               {&entry->optimizer, row->optimizer},
               {&entry->init_strategy, row->init_strategy}};
  for (size_t k = 0; status == VQE_OK && k < sizeof texts / sizeof texts[0];
       k++) {
    free(*texts[k].out);
    *texts[k].out = NULL;
    status = vqe_memory_strdup(texts[k].out, texts[k].text);
  }
  entry->output = output;
  entry->ended = true;
  entry->status = row->status;
  entry->seed = row->seed;
  entry->num_qubits = row->num_qubits;
  entry->converged = row->converged;
  entry->energy = row->energy;
  entry->fci_energy = row->fci_energy;
  entry->seconds = row->seconds_total;
  entry->finished = read_time(row->finished_at);
  entry->rank = row->mpi_rank;
  return status;
}

/* ---- journals ---- */

struct reading {
  struct vqe_found *found;
  size_t output;
  const struct vqe_found_journal *journal;
};

static int keep_result(const struct reading *reading,
                       const struct vqe_result *result)
{
  const struct vqe_experiment *experiment = result->experiment;
  struct vqe_found_entry *entry = NULL;
  struct vqe_hdf5_row row = {
      .status = result->status,
      .name = experiment->name,
      .reason = result->reason,
      .basis_set = experiment->basis_set,
      .ansatz_name = experiment->ansatz_name,
      .optimizer = experiment->optimizer,
      .init_strategy = experiment->init_strategy,
      .seed = experiment->seed,
      .num_qubits = result->num_qubits,
      .converged = result->success,
      .energy = result->minimum + result->nuclear_repulsion_energy,
      .fci_energy = result->fci_energy,
      .seconds_total = result->seconds_total,
      .mpi_rank = result->mpi_rank,
  };
  snprintf(row.id, sizeof row.id, "%s", experiment->id);
  snprintf(row.finished_at, sizeof row.finished_at, "%s", result->finished_at);
  int status = keep_row(reading->found, &row, reading->output);
  if (status == VQE_OK) {
    status = entry_of(&entry, reading->found, row.id);
  }
  /* also one that failed runs no more, until a frame says so */
  if (entry != NULL && entry->run <= reading->journal->run) {
    entry->phased = false;
  }
  return status;
}

/* Where the experiment stands, by the journal that is read. */
static void keep_place(struct vqe_found_entry *entry,
                       const struct reading *reading, enum vqe_phase phase)
{
  entry->phased = true;
  entry->phase = phase;
  entry->run = reading->journal->run;
  entry->rank = entry->ended ? entry->rank : reading->journal->rank;
  entry->output = entry->ended ? entry->output : reading->output;
}

/* What begins is in its first phase, until a frame says more. */
static int visit_mark(const struct reading *reading,
                      const struct vqe_journal_phase *mark)
{
  struct vqe_found_entry *entry = NULL;
  const struct vqe_found_journal *journal = reading->journal;
  int status =
      vqe_suspects_mark(&reading->found->outputs[reading->output].suspects,
                        journal->run, journal->rank, mark);
  if (status == VQE_OK && mark->mark == VQE_JOURNAL_BEGUN) {
    status = entry_of(&entry, reading->found, mark->experiment_id);
  }
  if (status == VQE_OK && entry != NULL && journal->run >= entry->run) {
    keep_place(entry, reading, VQE_PHASE_SCF);
  }
  return status;
}

static int visit(void *ctx, struct vqe_result *result,
                 const struct vqe_journal_evaluation *evaluation,
                 const struct vqe_journal_phase *phase)
{
  const struct reading *reading = ctx;
  struct vqe_found_entry *entry = NULL;
  struct vqe_suspects *suspects =
      &reading->found->outputs[reading->output].suspects;
  if (result != NULL) {
    int status = keep_result(reading, result);
    vqe_suspects_ended(suspects, reading->journal->run, reading->journal->rank,
                       result->experiment->id);
    vqe_result_free(result);
    return status;
  }
  if (phase != NULL && phase->mark != VQE_JOURNAL_NO_MARK) {
    return visit_mark(reading, phase);
  }
  int status = entry_of(&entry, reading->found,
                        phase != NULL ? phase->experiment_id
                                      : evaluation->experiment_id);
  if (status != VQE_OK || entry == NULL) {
    return status;
  }
  if (phase != NULL) {
    memcpy(entry->seedless_id, phase->seedless_id, sizeof entry->seedless_id);
    if (!entry->ended) {
      entry->seed = phase->seed;
    }
    if (reading->journal->run >= entry->run) {
      keep_place(entry, reading, phase->phase);
    }
    return VQE_OK;
  }
  if (evaluation->iteration >= entry->iteration ||
      reading->journal->run > entry->run) {
    entry->iteration = evaluation->iteration;
    keep_place(entry, reading, VQE_PHASE_VQE);
  }
  entry->electronic = fmin(entry->electronic, evaluation->energy);
  return VQE_OK;
}

static int note_journal(struct vqe_found_output *output, const char *path,
                        int run, int rank)
{
  for (size_t k = 0; k < output->njournal; k++) {
    if (strcmp(output->journals[k].path, path) == 0) {
      return VQE_OK;
    }
  }
  int status = vqe_memory_grow(&output->journals, output->njournal,
                               output->njournal + 1, sizeof *output->journals,
                               "a list of journals");
  if (status == VQE_OK) {
    struct vqe_found_journal *journal = &output->journals[output->njournal];
    journal->run = run;
    journal->rank = rank;
    status = vqe_memory_strdup(&journal->path, path);
  }
  output->njournal += status == VQE_OK;
  return status;
}

/* Which journals there are, and of which run the newest are. */
static int list_journals(struct vqe_found_output *output)
{
  char *folder = NULL;
  int status = vqe_resume_folder(&folder, output->path);
  DIR *directory = status == VQE_OK ? opendir(folder) : NULL;
  output->run = -1;
  output->ranks = 0;
  for (struct dirent *entry = directory != NULL ? readdir(directory) : NULL;
       status == VQE_OK && entry != NULL; entry = readdir(directory)) {
    char *path = NULL;
    int run;
    int rank;
    if (!vqe_resume_is_journal(&run, &rank, entry->d_name)) {
      continue;
    }
    output->ranks = run == output->run  ? output->ranks + 1
                    : run > output->run ? 1
                                        : output->ranks;
    output->run = run > output->run ? run : output->run;
    status = vqe_memory_print(&path, "%s/%s", folder, entry->d_name);
    if (status == VQE_OK) {
      status = note_journal(output, path, run, rank);
    }
    free(path);
  }
  if (directory != NULL) {
    closedir(directory);
  }
  free(folder);
  return status;
}

static int read_journals(struct vqe_found *found, size_t index)
{
  struct vqe_found_output *output = &found->outputs[index];
  int status = list_journals(output);
  for (size_t k = 0; status == VQE_OK && k < output->njournal; k++) {
    struct vqe_found_journal *journal = &output->journals[k];
    struct reading reading = {found, index, journal};
    /* one without marks counts among the ranks of its run, too */
    status =
        vqe_suspects_journal(&output->suspects, journal->run, journal->rank);
    if (status == VQE_OK) {
      status =
          vqe_journal_follow(&journal->from, journal->path, visit, &reading);
    }
    /* what was in one that is gone is in the result file */
    if (status == VQE_ERR_NOT_FOUND) {
      status = VQE_OK;
    }
  }
  return status;
}

/* What a run that is over had in hand. Journals that are gone had all their
 * results stored. */
static int note_in_flight(struct vqe_found *found, size_t index)
{
  struct vqe_found_output *output = &found->outputs[index];
  struct vqe_suspects *suspects = &output->suspects;
  int status = VQE_OK;
  for (size_t k = 0; k < found->count; k++) {
    if (found->entries[k].output == index) {
      found->entries[k].in_flight = false;
      found->entries[k].died = false;
      found->entries[k].deaths = 0;
    }
  }
  vqe_suspects_decide(suspects);
  for (size_t k = 0; status == VQE_OK && k < suspects->nopen; k++) {
    const struct vqe_suspects_open *open = &suspects->open[k];
    struct vqe_found_entry *entry = NULL;
    if (output->live || output->run < 0) {
      break;
    }
    size_t before = found->count;
    status = entry_of(&entry, found, open->id);
    if (status == VQE_OK && entry != NULL && !entry->ended) {
      entry->output = found->count > before ? index : entry->output;
      bool last = open->run == output->run;
      entry->in_flight = entry->in_flight || last;
      entry->died = entry->died || (last && open->died);
      entry->deaths = vqe_suspects_deaths(suspects, open->id);
    }
  }
  return status;
}

/* ---- result files ---- */

static int read_result(struct vqe_found *found, size_t index)
{
  struct vqe_found_output *output = &found->outputs[index];
  struct vqe_file_mark mark = vqe_file_mark(output->path);
  struct vqe_hdf5_row *rows = NULL;
  size_t count = 0;
  if (vqe_file_same(&mark, &output->mark)) {
    return VQE_OK;
  }
  int status = vqe_hdf5_rows(&rows, &count, output->path);
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = keep_row(found, &rows[k], index);
  }
  vqe_hdf5_rows_free(rows, count);
  if (status == VQE_ERR_NOT_FOUND) {
    return VQE_OK;
  }
  if (status == VQE_OK) {
    output->mark = mark;
  }
  return status;
}

/* What came since the last look, of experiments that had evaluations then. */
static void take_rates(struct vqe_found *found)
{
  double now = vqe_clock_wall();
  double seconds = now - found->looked;
  for (size_t k = 0; k < found->count; k++) {
    struct vqe_found_entry *entry = &found->entries[k];
    bool known = found->looked > 0.0 && entry->looked > 0 &&
                 entry->iteration >= entry->looked;
    entry->rate =
        known ? (double)(entry->iteration - entry->looked) / seconds : NAN;
    entry->looked = entry->iteration;
  }
  found->looked = now;
}

/* A run that ends writes the result file, then removes its journals and its
 * lock: read in the other order, nothing is missed. */
int vqe_found_read(struct vqe_found *found, bool go_on)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < found->noutput; k++) {
    struct vqe_found_output *output = &found->outputs[k];
    output->live = vqe_owner_lives(&output->owner, output->path);
    status = read_journals(found, k);
    if (status == VQE_OK) {
      status = read_result(found, k);
    }
    if (status == VQE_OK) {
      status = note_in_flight(found, k);
    }
    if (status == VQE_ERR_INPUT && go_on && found->noutput > 1) {
      if (!output->refused) {
        vqe_log(found->log, VQE_LOG_WARNING, "warning: %s",
                vqe_error_message());
      }
      output->refused = true;
      status = VQE_OK;
    }
  }
  if (status == VQE_OK) {
    take_rates(found);
  }
  return status;
}
