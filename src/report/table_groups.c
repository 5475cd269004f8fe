#include "report/table_groups.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "report/table_settings.h"
#include "vqe/error.h"

/* Seeds of a group that have lines of their own. */
#define FEW 3

struct member {
  double energy;
  size_t index;
};

static int by_energy(const void *left, const void *right)
{
  const struct member *a = left;
  const struct member *b = right;
  if (a->energy != b->energy) {
    return a->energy < b->energy ? -1 : 1;
  }
  return a->index < b->index ? -1 : 1;
}

/* With shots the lowest sample is the luckiest, so that the energy without
 * noise decides where it is known. */
static double rank_of(const struct vqe_result *result)
{
  return isnan(result->energy_exact) ? result->minimum : result->energy_exact;
}

static bool has_energy(const struct vqe_result *result)
{
  return result->status != VQE_EXPERIMENT_FAILED && isfinite(result->minimum);
}

static void add(struct vqe_report_line *lines, size_t *nline, size_t result,
                enum vqe_report_place place, size_t seeds)
{
  lines[(*nline)++] = (struct vqe_report_line){result, place, seeds};
}

int vqe_report_lines(struct vqe_report_line **out, size_t *nline,
                     struct vqe_result *const *results, size_t count, bool all)
{
  struct member *members = NULL;
  bool *taken = NULL;
  *nline = 0;
  int status = vqe_memory_alloc(out, count + 1, sizeof **out, "the table");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&members, count + 1, sizeof *members, "the table");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&taken, count + 1, sizeof *taken, "the table");
  }
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    size_t found = 0;
    if (taken[k]) {
      continue;
    }
    /* an expanded job has the seeds of one choice side by side */
    for (size_t r = k; has_energy(results[k]) && !all && r < count; r++) {
      if (!taken[r] && has_energy(results[r]) &&
          vqe_report_same_but_seed(results[k]->experiment,
                                   results[r]->experiment)) {
        members[found++] = (struct member){rank_of(results[r]), r};
      } else if (r > k && results[r]->experiment->molecule_id !=
                              results[k]->experiment->molecule_id) {
        break;
      }
    }
    if (found <= FEW) {
      add(*out, nline, k, VQE_REPORT_ALONE, 1);
      continue;
    }
    qsort(members, found, sizeof *members, by_energy);
    for (size_t r = 0; r < found; r++) {
      taken[members[r].index] = true;
    }
    add(*out, nline, members[0].index, VQE_REPORT_BEST, found);
    add(*out, nline, members[(found - 1) / 2].index, VQE_REPORT_MEDIAN, found);
    add(*out, nline, members[found - 1].index, VQE_REPORT_WORST, found);
  }
  free(taken);
  free(members);
  if (status != VQE_OK) {
    free(*out);
    *out = NULL;
  }
  return status;
}
