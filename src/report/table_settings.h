/* What experiments ask for, as texts of the table's columns: which of them
 * differ and have to be shown, and what all have in common. */
#ifndef VQE_REPORT_TABLE_SETTINGS_H
#define VQE_REPORT_TABLE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/experiment.h"

/* Bytes of one setting as text, with the NUL. */
#define VQE_REPORT_CELL 64

enum vqe_report_setting {
  VQE_REPORT_BASIS,
  VQE_REPORT_SPACE,
  VQE_REPORT_ANSATZ,
  VQE_REPORT_REPS,
  VQE_REPORT_ENTANGLEMENT,
  VQE_REPORT_POOL,
  VQE_REPORT_ANSATZ_OPTIONS,
  VQE_REPORT_OPTIMIZER,
  VQE_REPORT_OPTIMIZER_OPTIONS,
  VQE_REPORT_INIT,
  VQE_REPORT_INIT_NOISE,
  VQE_REPORT_NOISE, /* of a machine */
  VQE_REPORT_SHOTS,
  VQE_REPORT_PENALTY,
  VQE_REPORT_RESTARTS,
  VQE_REPORT_ESCAPE,
  VQE_REPORT_SYMMETRY,
  VQE_REPORT_MAX_EVALUATIONS,
  VQE_REPORT_GTOL,
  VQE_REPORT_FTOL,
  VQE_REPORT_PRECISION,
  VQE_REPORT_SEED,
  VQE_REPORT_SETTINGS
};

/* Title of the column. */
const char *vqe_report_setting_title(enum vqe_report_setting setting);

/* The setting of an experiment; "-" where it has none. */
void vqe_report_setting_text(char out[VQE_REPORT_CELL],
                             const struct vqe_experiment *experiment,
                             enum vqe_report_setting setting);

/* Which settings need a column: basis, space, ansatz, optimizer and shots
 * where they differ at all, the others where they differ between experiments
 * that have the same molecule and are alike in all settings before. */
int vqe_report_settings_vary(bool shown[VQE_REPORT_SETTINGS],
                             struct vqe_result *const *results, size_t count);

/* Two experiments that differ in nothing but the seed. */
bool vqe_report_same_but_seed(const struct vqe_experiment *a,
                              const struct vqe_experiment *b);

#endif
