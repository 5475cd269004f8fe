/* Single values in Iceberg's encoding: comparing them, bounds that readers may
 * trust, and text. */
#ifndef VQE_ICEBERG_ICEBERG_VALUE_H
#define VQE_ICEBERG_ICEBERG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iceberg/iceberg_type.h"

/* One value in Iceberg's single-value encoding (int, long, double and date
 * little endian, string UTF-8 without length, boolean one byte). data NULL
 * is null. Owned by whoever holds the struct; free data by free(). */
struct vqe_iceberg_bytes {
  uint8_t *data;
  size_t size;
};

int vqe_iceberg_bytes_int(struct vqe_iceberg_bytes *out, int32_t value);
int vqe_iceberg_bytes_long(struct vqe_iceberg_bytes *out, int64_t value);
int vqe_iceberg_bytes_double(struct vqe_iceberg_bytes *out, double value);
int vqe_iceberg_bytes_boolean(struct vqe_iceberg_bytes *out, bool value);
int vqe_iceberg_bytes_string(struct vqe_iceberg_bytes *out, const char *text,
                             size_t size);
void vqe_iceberg_bytes_clear(struct vqe_iceberg_bytes *value);
int vqe_iceberg_bytes_copy(struct vqe_iceberg_bytes *out,
                           const struct vqe_iceberg_bytes *value);

/* Has it the size of that type? Never for lists. */
bool vqe_iceberg_bytes_valid(const struct vqe_iceberg_bytes *value,
                             enum vqe_iceberg_type type);
/* Order of two valid values, neither null; -0.0 before +0.0. */
int vqe_iceberg_bytes_compare(const struct vqe_iceberg_bytes *a,
                              const struct vqe_iceberg_bytes *b,
                              enum vqe_iceberg_type type);
bool vqe_iceberg_bytes_equal(const struct vqe_iceberg_bytes *a,
                             const struct vqe_iceberg_bytes *b);

/* Turn an exact minimum (upper false) or maximum (upper true) into a bound
 * that readers may trust, in place: NaN is dropped, a zero becomes -0.0 below
 * and +0.0 above, a string longer than 16 code points is cut, and rounded up
 * above, or dropped when it cannot be. vqe_iceberg_append() does this to all
 * bounds it is given, so exact extremes may be passed to it. */
int vqe_iceberg_bound(struct vqe_iceberg_bytes *value,
                      enum vqe_iceberg_type type, bool upper);

/* As in a partition path, not escaped: "2026-01-02", "null", ... */
int vqe_iceberg_bytes_text(char **out, const struct vqe_iceberg_bytes *value,
                           enum vqe_iceberg_type type);

#endif
