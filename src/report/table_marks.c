#include "report/table_marks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "vqe/checks.h"
#include "vqe/error.h"

/* How far <N> and <S^2> may be from the sector's. */
#define SECTOR_TOLERANCE 1e-3
/* Reasons of a kind that are spelt out. */
#define REASONS 3

static uint64_t bit(int mark)
{
  return UINT64_C(1) << mark;
}

/* ---- marks ---- */

static uint64_t from_numbers(const struct vqe_result *result)
{
  double spin = 0.5 * (result->nalpha - result->nbeta);
  uint64_t marks = 0;
  if (fabs(result->n_expectation - (result->nalpha + result->nbeta)) >
      SECTOR_TOLERANCE) {
    marks |= bit(VQE_NOTE_WRONG_SECTOR);
  }
  if (fabs(result->s2_expectation - spin * (spin + 1.0)) > SECTOR_TOLERANCE) {
    marks |= bit(VQE_NOTE_WRONG_SPIN);
  }
  if (vqe_result_below_exact(result)) {
    marks |= bit(VQE_NOTE_BELOW_EXACT);
  }
  return marks;
}

uint64_t vqe_report_marks(const struct vqe_result *result, bool restored)
{
  struct vqe_notes_line line;
  const char *at = result->notes;
  uint64_t marks = restored ? bit(VQE_REPORT_RESTORED) : 0;
  while (vqe_notes_next(&line, &at)) {
    if (line.note < VQE_NOTE_COUNT) {
      marks |= bit((int)line.note);
    }
  }
  if (result->status == VQE_EXPERIMENT_FAILED) {
    return marks | bit(VQE_REPORT_FAILED);
  }
  if (!result->success) {
    marks |= bit(VQE_REPORT_NOT_CONVERGED);
  }
  return marks | from_numbers(result);
}

/* These remarks come first. */
static const int doubts[] = {
    VQE_REPORT_FAILED,    VQE_NOTE_LANDSCAPE,    VQE_NOTE_WRONG_SECTOR,
    VQE_NOTE_WRONG_SPIN,  VQE_NOTE_BELOW_EXACT,  VQE_NOTE_FAR_BELOW_START,
    VQE_NOTE_OTHER_STATE, VQE_NOTE_SADDLE_POINT, VQE_REPORT_NOT_CONVERGED};
#define DOUBTS (sizeof doubts / sizeof doubts[0])

bool vqe_report_foreign(uint64_t marks)
{
  uint64_t foreign = bit(VQE_NOTE_WRONG_SECTOR) | bit(VQE_NOTE_WRONG_SPIN) |
                     bit(VQE_NOTE_BELOW_EXACT) | bit(VQE_NOTE_FAR_BELOW_START);
  return (marks & foreign) != 0;
}

/* ---- remarks ---- */

static const char *remark_of(int mark)
{
  switch (mark) {
  case VQE_REPORT_NOT_CONVERGED:
    return "not converged";
  case VQE_REPORT_FAILED:
    return "failed";
  case VQE_REPORT_RESTORED:
    return "restored";
  default:
    return vqe_note_remark((enum vqe_note)mark);
  }
}

/* All marks in the order of remarks: doubts first. Returns their number. */
static int in_order(int out[VQE_REPORT_MARKS], uint64_t marks)
{
  int count = 0;
  for (size_t k = 0; k < DOUBTS; k++) {
    if ((marks & bit(doubts[k])) != 0) {
      out[count++] = doubts[k];
      marks &= ~bit(doubts[k]);
    }
  }
  for (int k = 0; k < VQE_REPORT_MARKS; k++) {
    if ((marks & bit(k)) != 0) {
      out[count++] = k;
    }
  }
  return count;
}

void vqe_report_remarks(char *out, size_t size, uint64_t marks, int width)
{
  int order[VQE_REPORT_MARKS];
  int count = in_order(order, marks);
  size_t used = 0;
  out[0] = '\0';
  for (int k = 0; k < count; k++) {
    const char *remark = remark_of(order[k]);
    int left = count - k - 1;
    size_t needed = strlen(remark) + (k > 0 ? 2 : 0) + (left > 0 ? 4 : 0);
    if (k > 0 && (used + needed > (size_t)width || used + needed >= size)) {
      (void)snprintf(out + used, size - used, " +%d", count - k);
      return;
    }
    used += (size_t)snprintf(out + used, size - used, "%s%s",
                             k > 0 ? ", " : "", remark);
    if (used >= size) {
      return;
    }
  }
}

int vqe_report_remarks_least(uint64_t marks)
{
  int order[VQE_REPORT_MARKS];
  int count = in_order(order, marks);
  return count == 0 ? 0
                    : (int)strlen(remark_of(order[0])) + (count > 1 ? 3 : 0);
}

/* ---- below the table ---- */

/* How the runs that did not converge ended: the commonest reasons, with their
 * numbers; "" where none has one. */
static void list_reasons(char *out, size_t size,
                         struct vqe_result *const *results,
                         const uint64_t *marks, size_t count)
{
  struct {
    const char *text;
    size_t number;
  } found[16] = {{NULL, 0}};
  size_t kinds = 0;
  size_t used = 0;
  out[0] = '\0';
  for (size_t k = 0; k < count; k++) {
    const char *reason = results[k]->reason;
    if ((marks[k] & bit(VQE_REPORT_NOT_CONVERGED)) == 0 || reason == NULL) {
      continue;
    }
    size_t at = 0;
    while (at < kinds && strcmp(found[at].text, reason) != 0) {
      at++;
    }
    if (at == kinds && kinds < 16) {
      found[kinds++].text = reason;
    }
    found[at < 16 ? at : 15].number++;
  }
  for (int turn = 0; turn < REASONS && used < size; turn++) {
    size_t most = 0;
    for (size_t k = 1; k < kinds; k++) {
      most = found[k].number > found[most].number ? k : most;
    }
    if (kinds == 0 || found[most].number == 0) {
      return;
    }
    used += (size_t)snprintf(out + used, size - used, "%s%s (%zu)",
                             turn > 0 ? ", " : ": ", found[most].text,
                             found[most].number);
    found[most].number = 0;
  }
}

static const char *meaning_of(int mark)
{
  switch (mark) {
  case VQE_REPORT_NOT_CONVERGED:
    return "the optimizer ended before its criteria were met";
  case VQE_REPORT_FAILED:
    return NULL; /* each has its reason below */
  case VQE_REPORT_RESTORED:
    return "taken from the result file of an earlier run; --force repeats it";
  default:
    return vqe_note_explanation((enum vqe_note)mark);
  }
}

void vqe_report_footnotes(FILE *stream, struct vqe_result *const *results,
                          const uint64_t *marks, size_t count, int width)
{
  int order[VQE_REPORT_MARKS];
  uint64_t any = 0;
  for (size_t k = 0; k < count; k++) {
    any |= marks[k];
  }
  int kinds = in_order(order, any);
  if (vqe_report_foreign(any)) {
    vqe_text_wrap(stream,
                  "! behind an energy: not the molecule's, as the state has "
                  "another electron number or spin, or the energy lies "
                  "below the exact one; the remark says which",
                  width, 2);
  }
  for (int k = 0; k < kinds; k++) {
    char reasons[512] = "";
    char *text = NULL;
    size_t number = 0;
    for (size_t r = 0; r < count; r++) {
      number += (marks[r] & bit(order[k])) != 0;
    }
    if (order[k] == VQE_REPORT_NOT_CONVERGED) {
      list_reasons(reasons, sizeof reasons, results, marks, count);
    }
    if (meaning_of(order[k]) != NULL &&
        vqe_memory_print(&text, "%s (%zu of %zu): %s%s", remark_of(order[k]),
                         number, count, meaning_of(order[k]),
                         reasons) == VQE_OK) {
      vqe_text_wrap(stream, text, width, 2);
    }
    free(text);
  }
}
