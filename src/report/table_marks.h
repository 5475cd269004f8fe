/* What is said of a result beside its numbers: short remarks in its line of
 * the table, each explained once below. */
#ifndef VQE_REPORT_TABLE_MARKS_H
#define VQE_REPORT_TABLE_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/notes.h"
#include "vqe/experiment.h"

/* A mark is a note (base/notes.def), or one of these. */
enum {
  VQE_REPORT_NOT_CONVERGED = VQE_NOTE_COUNT,
  VQE_REPORT_FAILED,
  VQE_REPORT_RESTORED,
  VQE_REPORT_MARKS
};

/* The marks of a result as bits. Where the notes leave out what the numbers
 * say (another sector, below the exact energy), it is marked all the same. */
uint64_t vqe_report_marks(const struct vqe_result *result, bool restored);

/* Whether the energy is not the molecule's: of another electron number or
 * spin, or below the exact one. What is the molecule's but not its ground
 * state, or no minimum, or did not converge, has a remark alone. */
bool vqe_report_foreign(uint64_t marks);

/* The remarks, those of doubt first, joined by ", "; what does not fit into
 * `width` letters becomes "+N". */
void vqe_report_remarks(char *out, size_t size, uint64_t marks, int width);
/* Letters that the first remark needs, with "+N" where there are more. */
int vqe_report_remarks_least(uint64_t marks);

/* One line a mark that any of the results has: how many have it, and what it
 * means. Wrapped at `width`. */
void vqe_report_footnotes(FILE *stream, struct vqe_result *const *results,
                          const uint64_t *marks, size_t count, int width);

#endif
