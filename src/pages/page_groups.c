#include "pages/page_groups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "vqe/error.h"

/* Pairs of an ansatz and an optimizer that are looked at. */
#define KINDS 64

struct entry {
  char *key;
  size_t run;
};

static int by_key(const void *left, const void *right)
{
  const struct entry *a = left;
  const struct entry *b = right;
  int order = strcmp(a->key, b->key);
  return order != 0 ? order : a->run < b->run ? -1 : a->run > b->run;
}

/* ---- keys ---- */

enum level { PROBLEM, GROUP, FAMILY };

/* Settings that make a problem; all others make a group of it. */
static bool of_problem(int setting)
{
  return setting == VQE_REPORT_BASIS || setting == VQE_REPORT_SPACE;
}

static void put_settings(FILE *stream, const struct vqe_pages_run *run,
                         enum level level)
{
  for (int c = 0; c < VQE_REPORT_SETTINGS; c++) {
    if (c != VQE_REPORT_SEED && (level != PROBLEM || of_problem(c))) {
      fprintf(stream, "\t%s", run->cells[c]);
    }
  }
}

static int make_key(char **out, const struct vqe_pages_run *run,
                    enum level level)
{
  size_t size = 0;
  FILE *stream = open_memstream(out, &size);
  if (stream == NULL) {
    return vqe_memory_alloc(out, SIZE_MAX, 1, "the report");
  }
  /* names of a scan may hold the length of the bond */
  if (level != FAMILY || run->natom == 0) {
    fputs(run->name, stream);
  }
  for (size_t a = 0; a < run->natom; a++) {
    fprintf(stream, "\t%s", run->symbols[a]);
    for (size_t k = 0; k < 3 && level != FAMILY; k++) {
      fprintf(stream, " %.6f", run->xyz[3 * a + k]);
    }
  }
  fprintf(stream, "\t%d\t%d", run->charge, run->multiplicity);
  put_settings(stream, run, level);
  /* two active spaces of a size differ in the exact energy, which is all that
   * tables hold of them; along a family it changes */
  if (run->of_tables && level != FAMILY && isfinite(run->fci)) {
    fprintf(stream, "\t%.6f", run->fci);
  }
  return fclose(stream) == 0
             ? VQE_OK
             : vqe_memory_alloc(out, SIZE_MAX, 1, "the report");
}

static size_t *number_of(struct vqe_pages_run *run, enum level level)
{
  return level == PROBLEM ? &run->problem
         : level == GROUP ? &run->group
                          : &run->family;
}

/* Number the runs by their keys, in the order of first appearance. */
static int number_runs(size_t *count, struct vqe_pages_set *set,
                       enum level level)
{
  struct entry *entries = NULL;
  size_t *leader = NULL;
  *count = 0;
  int status =
      vqe_memory_alloc(&entries, set->nrun + 1, sizeof *entries, "the report");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&leader, set->nrun + 1, sizeof *leader, "the report");
  }
  for (size_t k = 0; status == VQE_OK && k < set->nrun; k++) {
    entries[k].run = k;
    status = make_key(&entries[k].key, set->runs[k], level);
  }
  if (status == VQE_OK) {
    qsort(entries, set->nrun, sizeof *entries, by_key);
    for (size_t k = 0; k < set->nrun; k++) {
      bool same = k > 0 && strcmp(entries[k].key, entries[k - 1].key) == 0;
      leader[entries[k].run] =
          same ? leader[entries[k - 1].run] : entries[k].run;
    }
    for (size_t k = 0; k < set->nrun; k++) {
      *number_of(set->runs[k], level) =
          leader[k] == k ? (*count)++
                         : *number_of(set->runs[leader[k]], level);
    }
  }
  for (size_t k = 0; entries != NULL && k < set->nrun; k++) {
    free(entries[k].key);
  }
  free(leader);
  free(entries);
  return status;
}

/* ---- lists ---- */

/* Lists of the items 0 ... nitem - 1 by their numbers, in that order. */
static int make_lists(struct vqe_pages_lists *out, size_t count,
                      const size_t *numbers, size_t nitem)
{
  out->count = count;
  int status =
      vqe_memory_alloc(&out->first, count + 2, sizeof(size_t), "the report");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&out->items, nitem + 1, sizeof(size_t), "the report");
  }
  if (status == VQE_OK) {
    size_t *next = out->first + 1; /* where the next of a list goes */
    for (size_t k = 0; k < nitem; k++) {
      if (numbers[k] + 1 < count) {
        next[numbers[k] + 1]++;
      }
    }
    for (size_t k = 1; k < count; k++) {
      next[k] += next[k - 1];
    }
    for (size_t k = 0; k < nitem; k++) {
      out->items[next[numbers[k]]++] = k;
    }
  }
  return status;
}

static bool has_energy(const struct vqe_pages_run *run)
{
  return !run->failed && isfinite(run->energy);
}

static int by_energy(const void *left, const void *right, void *ctx)
{
  const struct vqe_pages_set *set = ctx;
  size_t a = *(const size_t *)left;
  size_t b = *(const size_t *)right;
  double x =
      has_energy(set->runs[a]) ? vqe_pages_run_energy(set->runs[a]) : INFINITY;
  double y =
      has_energy(set->runs[b]) ? vqe_pages_run_energy(set->runs[b]) : INFINITY;
  return x < y ? -1 : x > y ? 1 : a < b ? -1 : a > b;
}

/* Lists of groups by a number of their first run. */
static int lists_of_groups(struct vqe_pages_lists *out, size_t count,
                           struct vqe_pages_set *set, enum level level)
{
  size_t *numbers = NULL;
  int status = vqe_memory_alloc(&numbers, set->groups.count + 1,
                                sizeof *numbers, "the report");
  for (size_t g = 0; status == VQE_OK && g < set->groups.count; g++) {
    numbers[g] =
        *number_of(set->runs[vqe_pages_item(&set->groups, g, 0)], level);
  }
  if (status == VQE_OK) {
    status = make_lists(out, count, numbers, set->groups.count);
  }
  free(numbers);
  return status;
}

static int lists_of_runs(struct vqe_pages_set *set, size_t count)
{
  size_t *numbers = NULL;
  int status =
      vqe_memory_alloc(&numbers, set->nrun + 1, sizeof *numbers, "the report");
  for (size_t k = 0; status == VQE_OK && k < set->nrun; k++) {
    numbers[k] = set->runs[k]->group;
  }
  if (status == VQE_OK) {
    status = make_lists(&set->groups, count, numbers, set->nrun);
  }
  for (size_t g = 0; status == VQE_OK && g < count; g++) {
    qsort_r(set->groups.items + set->groups.first[g],
            vqe_pages_length(&set->groups, g), sizeof(size_t), by_energy, set);
  }
  free(numbers);
  return status;
}

/* Settings of which others are the defaults: those need a column where they
 * differ with the same ansatz and the same optimizer. */
static bool is_main(int setting)
{
  return of_problem(setting) || setting == VQE_REPORT_ANSATZ ||
         setting == VQE_REPORT_OPTIMIZER || setting == VQE_REPORT_SHOTS ||
         setting == VQE_REPORT_SEED;
}

static bool same_cell(const struct vqe_pages_run *a,
                      const struct vqe_pages_run *b, int setting)
{
  return strcmp(a->cells[setting], b->cells[setting]) == 0;
}

static void find_shown(struct vqe_pages_set *set)
{
  const struct vqe_pages_run *kinds[KINDS];
  size_t nkind = 0;
  memset(set->differs, 0, sizeof set->differs);
  memset(set->shown, 0, sizeof set->shown);
  set->of_tables = false;
  for (size_t k = 0; k < set->nrun; k++) {
    const struct vqe_pages_run *run = set->runs[k];
    set->of_tables = set->of_tables || run->of_tables;
    size_t kind = 0;
    while (kind < nkind &&
           !(same_cell(run, kinds[kind], VQE_REPORT_ANSATZ) &&
             same_cell(run, kinds[kind], VQE_REPORT_OPTIMIZER))) {
      kind++;
    }
    if (kind == nkind && nkind < KINDS) {
      kinds[nkind++] = run;
    }
    for (int c = 0; c < VQE_REPORT_SETTINGS; c++) {
      bool differs = !same_cell(run, set->runs[0], c);
      set->differs[c] = set->differs[c] || differs;
      if (is_main(c) ? differs
                     : kind < nkind && !same_cell(run, kinds[kind], c)) {
        set->shown[c] = true;
      }
    }
  }
}

int vqe_pages_group(struct vqe_pages_set *set)
{
  size_t problems = 0;
  size_t groups = 0;
  size_t families = 0;
  vqe_pages_ungroup(set);
  find_shown(set);
  int status = number_runs(&problems, set, PROBLEM);
  if (status == VQE_OK) {
    status = number_runs(&groups, set, GROUP);
  }
  if (status == VQE_OK) {
    status = number_runs(&families, set, FAMILY);
  }
  if (status == VQE_OK) {
    status = lists_of_runs(set, groups);
  }
  if (status == VQE_OK) {
    status = lists_of_groups(&set->problems, problems, set, PROBLEM);
  }
  if (status == VQE_OK) {
    status = lists_of_groups(&set->families, families, set, FAMILY);
  }
  return status;
}

static void clear(struct vqe_pages_lists *lists)
{
  free(lists->first);
  free(lists->items);
  *lists = (struct vqe_pages_lists){0, NULL, NULL};
}

void vqe_pages_ungroup(struct vqe_pages_set *set)
{
  clear(&set->problems);
  clear(&set->groups);
  clear(&set->families);
}

/* ---- of one group ---- */

size_t vqe_pages_good(const struct vqe_pages_set *set, size_t group)
{
  size_t good = 0;
  for (size_t k = 0; k < vqe_pages_length(&set->groups, group); k++) {
    good += has_energy(set->runs[vqe_pages_item(&set->groups, group, k)]);
  }
  return good;
}

const struct vqe_pages_run *vqe_pages_pick(const struct vqe_pages_set *set,
                                           size_t group, int place)
{
  size_t good = vqe_pages_good(set, group);
  size_t last = good > 0 ? good - 1 : 0;
  size_t k = place == 0 ? 0 : place == 1 ? last / 2 : last;
  return set->runs[vqe_pages_item(&set->groups, group, k)];
}

double vqe_pages_target(const struct vqe_pages_set *set, size_t problem,
                        bool *exact)
{
  double lowest = NAN;
  *exact = false;
  for (size_t j = 0; j < vqe_pages_length(&set->problems, problem); j++) {
    size_t group = vqe_pages_item(&set->problems, problem, j);
    const struct vqe_pages_run *best = vqe_pages_pick(set, group, 0);
    if (isfinite(best->fci)) {
      *exact = true;
      return best->fci;
    }
    lowest = fmin(lowest, vqe_pages_run_energy(best));
  }
  return lowest;
}

void vqe_pages_label(char *out, size_t size, const struct vqe_pages_set *set,
                     const struct vqe_pages_run *run)
{
  size_t used = 0;
  out[0] = '\0';
  for (int c = 0; c < VQE_REPORT_SETTINGS; c++) {
    bool named = c == VQE_REPORT_ANSATZ || c == VQE_REPORT_OPTIMIZER;
    if (c == VQE_REPORT_SEED || of_problem(c) || !set->shown[c] ||
        strcmp(run->cells[c], "-") == 0) {
      continue;
    }
    int length = snprintf(
        out + used, size - used, "%s%s%s%s", used > 0 ? ", " : "",
        named ? "" : vqe_report_setting_title((enum vqe_report_setting)c),
        named ? "" : " ", run->cells[c]);
    used += length > 0 ? (size_t)length : 0;
    if (used >= size) {
      break;
    }
  }
  if (out[0] == '\0') {
    snprintf(out, size, "%s", run->cells[VQE_REPORT_ANSATZ]);
  }
}
