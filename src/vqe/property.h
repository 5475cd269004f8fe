/* The properties that a result may hold: one table of them. */
#ifndef VQE_VQE_PROPERTY_H
#define VQE_VQE_PROPERTY_H

#include <jansson.h>

#include "vqe/experiment.h"

/* Groups as users name them, in the order of their bits. */
struct vqe_property_group_name {
  const char *name;
  unsigned bit;
};
#define VQE_PROPERTY_GROUPS 6
extern const struct vqe_property_group_name
    vqe_property_groups[VQE_PROPERTY_GROUPS];

/* Their names as a list of JSON; NULL when memory is out. */
json_t *vqe_property_names(unsigned groups);

struct vqe_property_kind {
  const char *name;
  int ndim;
  bool recorded;    /* small enough for records and tables */
  const char *unit; /* NULL: none */
  const char *doc;
};
extern const struct vqe_property_kind vqe_property_kinds[];
extern const size_t vqe_property_count;

/* NULL when there is none of that name. */
const struct vqe_property_kind *vqe_property_find(const char *name);

/* Numbers of a property; false when its shape is none of an array of memory.
 */
bool vqe_property_size(size_t *out, const struct vqe_property *property);

/* Append a property of zeros; its values are the caller's to fill. Dimensions
 * beyond those of its kind are not read. */
int vqe_property_add(double **values, struct vqe_result *result,
                     const char *name,
                     const uint64_t shape[VQE_PROPERTY_DIMS]);

#endif
