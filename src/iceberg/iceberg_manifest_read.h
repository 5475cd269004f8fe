/* Decoding manifests and manifest lists, ours and those of other writers. */
#ifndef VQE_ICEBERG_ICEBERG_MANIFEST_READ_H
#define VQE_ICEBERG_ICEBERG_MANIFEST_READ_H

#include "iceberg/iceberg_manifest.h"

/* `what` names the file in messages. */
int vqe_iceberg_manifest_decode(struct vqe_iceberg_entries *out,
                                const char *data, size_t size,
                                const char *what);
int vqe_iceberg_manifest_list_decode(struct vqe_iceberg_manifests *out,
                                     const char *data, size_t size,
                                     const char *what);

#endif
