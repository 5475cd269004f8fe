/* What the parts of a check share: the findings, and the files that are
 * there. */
#ifndef VQE_ICEBERG_ICEBERG_CHECK_REPORT_H
#define VQE_ICEBERG_ICEBERG_CHECK_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg_check.h"
#include "iceberg/iceberg_definition.h"
#include "iceberg/iceberg_manifest.h"

/* What clocks may differ by, as readers allow it. */
#define VQE_ICEBERG_CLOCKS_MS 60000

/* What a manifest holds, whatever the lists that carry it say. */
struct vqe_iceberg_seen {
  struct vqe_iceberg_manifest found;
  bool read;                  /* it could be read */
  bool compared;              /* `found` is filled */
  int64_t size;               /* of the file, -1 when it is missing */
  int64_t files, rows, bytes; /* that live in it */
  int64_t added_files, added_rows, added_bytes;
  int64_t deleted_files, deleted_rows, deleted_bytes;
};

struct vqe_iceberg_checking {
  const struct vqe_iceberg_check_options *options;
  struct vqe_iceberg_check_result *result;
  struct vqe_objects *objects;
  struct vqe_iceberg_table *table;
  struct vqe_iceberg_definition *definition; /* NULL: types we do not know */
  json_t *there; /* key -> [size, modified_ms], of the table's folder */
  json_t *used;  /* keys that something refers to */
  json_t *index; /* URI of a manifest -> place in `seen` */
  struct vqe_iceberg_seen *seen;
  size_t nseen;
};

/* Count a finding and give its text to the caller. */
void vqe_iceberg_check_report(struct vqe_iceberg_checking *check,
                              enum vqe_iceberg_finding finding,
                              const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define PROBLEM(check, ...)                                                   \
  vqe_iceberg_check_report(check, VQE_ICEBERG_PROBLEM, __VA_ARGS__)

/* Fill `there`. */
int vqe_iceberg_check_list(struct vqe_iceberg_checking *check);
/* Size of a key, -1 when it is not there; notes that it is referred to. */
int vqe_iceberg_check_size(int64_t *size, struct vqe_iceberg_checking *check,
                           const char *key);
/* The bytes of a URI; *data NULL with a problem reported when they cannot be
 * had. Free *data and *key by free(). */
int vqe_iceberg_check_fetch(char **data, size_t *size, char **key,
                            struct vqe_iceberg_checking *check,
                            const char *uri);

#endif
