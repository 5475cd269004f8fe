/* Appending data files: manifest, manifest list, snapshot, tag. */
#ifndef VQE_ICEBERG_ICEBERG_APPEND_H
#define VQE_ICEBERG_ICEBERG_APPEND_H

#include <stddef.h>

#include "iceberg/iceberg_commit.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_file.h"

struct vqe_objects;

/* Append data files, which must be in the store, in one atomic commit; create
 * the table when it does not exist (without a snapshot when nfiles is 0);
 * nothing happens when nfiles is 0 and the table exists with all columns.
 * Columns that the table lacks are added to its schema, at the end. A tagged
 * definition gets the tag "v_<run id without dashes>" when this commit
 * created the table, else "v_incr_<...>". Many small manifests are merged on
 * the way. `result` is always filled. Fails with
 *   VQE_ERR_INPUT   files that do not fit the definition, another table's id
 *   VQE_ERR_EXISTS  the table has changed, see base_snapshot; or too many lost
 *                   races
 *   VQE_ERR_IO      the store; `outcome` says whether anything may be there
 *   VQE_ERR_UNSUPPORTED  a store without conditional put, not `exclusive`;
 *                   a table of another format version, with delete files, or
 *                   of another partition spec */
int vqe_iceberg_append(struct vqe_iceberg_commit *result,
                       struct vqe_objects *objects,
                       const struct vqe_iceberg_definition *definition,
                       const struct vqe_iceberg_file *files, size_t nfiles,
                       const struct vqe_iceberg_commit_options *options);

#endif
