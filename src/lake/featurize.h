/* Normalised tables to the two feature tables. */
#ifndef VQE_LAKE_FEATURIZE_H
#define VQE_LAKE_FEATURIZE_H

#include <stddef.h>
#include <stdint.h>

#include "lake/warehouse.h"

struct vqe_featurize_result {
  int64_t iteration_rows; /* added to ml_iteration_features */
  int64_t summary_rows;   /* added to ml_run_summary */
  int64_t dropped;        /* experiments without molecule_name, optimizer,
                             basis_set or num_qubits */
  int64_t incomplete;     /* not yet in all their source tables */
  double seconds_total;
};

/* Add the features of experiments that each feature table lacks. Running it
 * again changes nothing. VQE_ERR_INPUT when a source table holds an
 * experiment twice, so that a join would multiply rows. */
int vqe_featurize(struct vqe_featurize_result *result,
                  struct vqe_warehouse *warehouse);

#endif
