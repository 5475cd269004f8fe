/* Records as trees of JSON values: what is written as JSON text, and what an
 * identity is made of. */
#ifndef VQE_RECORD_RECORD_TREE_H
#define VQE_RECORD_RECORD_TREE_H

#include <jansson.h>

#include "record/fields.h"

/* How a double is written; a new reference, NULL without memory. */
typedef json_t *(*vqe_tree_number)(double value);

/* Object with the fields of `self`, in the schema's order; nullable doubles
 * are null where they are NaN. A new reference; NULL without memory, for a
 * text that is no UTF-8 and for a required one that is missing. */
json_t *vqe_record_tree(const struct vqe_fields *fields, const void *self,
                        vqe_tree_number number);

#endif
