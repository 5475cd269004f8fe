/* Copying a table to another place, with all that points at it. */
#ifndef VQE_ICEBERG_ICEBERG_RELOCATE_H
#define VQE_ICEBERG_ICEBERG_RELOCATE_H

struct vqe_objects;

/* Copy a table to another store, its metadata, manifest lists and manifests
 * rewritten to point there; data first, then manifests, lists, metadata, the
 * hint last. All snapshots and tags come along, the older metadata files do
 * not. VQE_ERR_EXISTS when `to` has the table. A source that was copied by
 * other means, so that its metadata points elsewhere, may be given. Data is
 * staged in `scratch`, a local directory. */
int vqe_iceberg_relocate(struct vqe_objects *to, struct vqe_objects *from,
                         const char *table, const char *scratch);

#endif
