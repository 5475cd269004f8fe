/* Reading a table back: everything that readers trust and do not verify. */
#ifndef VQE_ICEBERG_ICEBERG_CHECK_H
#define VQE_ICEBERG_ICEBERG_CHECK_H

#include <stdint.h>

#include "iceberg/iceberg_scan.h"

struct vqe_objects;

enum vqe_iceberg_finding {
  VQE_ICEBERG_PROBLEM, /* readers may see wrong or no rows */
  VQE_ICEBERG_ORPHAN,  /* a key that nothing refers to: harmless; a commit
                          under way looks the same */
  VQE_ICEBERG_NOTE     /* what another engine did; not counted */
};

struct vqe_iceberg_check_options {
  void (*report)(void *ctx, enum vqe_iceberg_finding finding,
                 const char *text);
  void *report_ctx;
  vqe_iceberg_visit visit; /* live files of the current snapshot, so that
                              the caller can open them; may be NULL */
  void *visit_ctx;
  /* key of each orphan, and when it was written; may be NULL */
  int (*orphan)(void *ctx, const char *key, int64_t modified_ms);
  void *orphan_ctx;
};

struct vqe_iceberg_check_result {
  int64_t problems, orphans;
  int64_t snapshots, manifests, files, records; /* current: files, records */
};

/* Read a table back: metadata against the hint, schemas, snapshots, refs and
 * logs; every manifest list and manifest of every snapshot: lengths, counts,
 * sequence numbers, partition summaries and values, totals; every data file:
 * there, of the size written; and the files that nothing refers to. Returns
 * VQE_OK also with problems; an error when the check could not be made. */
int vqe_iceberg_check(struct vqe_iceberg_check_result *result,
                      struct vqe_objects *objects, const char *table,
                      const struct vqe_iceberg_check_options *options);

#endif
