/* The settings of a job file, validated, overrides applied, before they
 * multiply. */
#ifndef VQE_JOB_JOB_SETTINGS_H
#define VQE_JOB_JOB_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job/job_items.h"
#include "job/job_noise.h"
#include "job/job_scan.h"
#include "job/job_select.h"
#include "job/job_space.h"
#include "job/job_types.h"
#include "job/job_value.h"
#include "molecule/molecule_build.h"

struct vqe_job_settings {
  size_t nbasis, nansatz, noptimizer, ninit, nseed;
  struct vqe_job_basis *bases;
  struct vqe_job_ansatz *ansatze;
  struct vqe_job_optimizer *optimizers;
  struct vqe_job_init *inits;
  int64_t *seeds;  /* nseed 0: to be drawn */
  int frozen_core; /* or VQE_FROZEN_CORE_AUTO */
  /* by the job or an option */
  bool basis_given, frozen_core_given, active_space_given;
  struct vqe_molecule_given given; /* of all molecules, by options */
  struct vqe_job_space space;
  bool symmetry;
  bool follow; /* points of a curve start from their neighbours */
  int shots;   /* 0: exact */
  unsigned references;
  bool references_given;
  double fci_max_seconds; /* 0: no limit */
  int restarts;
  int escape_saddles; /* enum vqe_escape */
  double penalty_number, penalty_spin;
  unsigned properties;  /* enum vqe_property_group bits */
  unsigned measurement; /* enum vqe_measurement bits */
  struct vqe_job_noise noise;
  const char *device, *precision; /* static */
  int ranks_per_molecule;
  char *output; /* resolved, NULL for the default */
  struct vqe_job_select select;
  struct vqe_job_scan scan;
  struct vqe_job_lake lake;
  struct vqe_job_stream stream;
  struct vqe_job_metrics metrics;
};

/* Read all settings. `job` is an object (empty when the job is a molecule
 * file); `path` is its file. `molecules` is filled for the caller. */
int vqe_job_settings_read(struct vqe_job_settings **out,
                          struct vqe_job_value *molecules, const json_t *job,
                          const char *path,
                          const struct vqe_job_overrides *overrides);
/* Whether a job file may have this key. */
bool vqe_job_settings_has_key(const char *key);
void vqe_job_settings_free(struct vqe_job_settings *settings);

#endif
