/* Removing what a crashed writer left: files that no snapshot refers to. */
#ifndef VQE_ICEBERG_ICEBERG_ORPHANS_H
#define VQE_ICEBERG_ICEBERG_ORPHANS_H

#include <stdint.h>

struct vqe_objects;

/* Remove the files of the table's folder that nothing refers to and that were
 * written before that time. A commit under way looks the same: give a time
 * before any writer at work began. VQE_ERR_INPUT, with nothing removed, when
 * the table has problems. */
int vqe_iceberg_remove_orphans(int64_t *count, struct vqe_objects *objects,
                               const char *table, int64_t older_than_ms);

#endif
