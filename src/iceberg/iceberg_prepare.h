/* The data files that a caller gives, as entries of a manifest. */
#ifndef VQE_ICEBERG_ICEBERG_PREPARE_H
#define VQE_ICEBERG_ICEBERG_PREPARE_H

#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_manifest.h"

struct vqe_objects;

/* An added entry out of what a caller gives: checked, bounds made safe. */
int vqe_iceberg_entry_prepare(struct vqe_iceberg_entry *entry,
                              struct vqe_objects *objects,
                              const struct vqe_iceberg_definition *definition,
                              const struct vqe_iceberg_file *from,
                              int64_t snapshot);

#endif
