/* The table of metrics: names, types, units, labels, what they mean. One file,
 * catalog.def, for the program and its page. */
#ifndef VQE_METRICS_CATALOG_H
#define VQE_METRICS_CATALOG_H

#include <stddef.h>

enum vqe_catalog_id {
#define METRIC(id, name, type, unit, labels, help) VQE_CATALOG_##id,
#include "metrics/catalog.def"
#undef METRIC
  VQE_CATALOG_IDS
};

struct vqe_catalog_metric {
  const char *name;
  const char *type;   /* "gauge" or "counter" */
  const char *unit;   /* "" without one */
  const char *labels; /* by commas; EXPERIMENT and DEVICE stand for those of
                         VQE_CATALOG_EXPERIMENT_LABELS and
                         VQE_CATALOG_DEVICE_LABELS */
  const char *help;
};

#define VQE_CATALOG_EXPERIMENT_LABELS                                         \
  "experiment, molecule, basis, ansatz, optimizer, init, seed"
#define VQE_CATALOG_DEVICE_LABELS "rank, device, model"

/* VQE_CATALOG_IDS entries, by enum vqe_catalog_id. */
extern const struct vqe_catalog_metric vqe_catalog_metrics[];

/* The rows of the table in src/metrics/README.md; free by free(). */
int vqe_catalog_page(char **out);

#endif
