/* One view of a decoded record tree, whether it came from Avro or JSON, so
 * that the record is read by one piece of code. */
#ifndef VQE_RECORD_RECORD_NODE_H
#define VQE_RECORD_RECORD_NODE_H

#include <avro.h>
#include <jansson.h>
#include <stdbool.h>

#include "record/record.h"

struct vqe_node {
  bool is_json;
  json_t *json;      /* borrowed */
  avro_value_t avro; /* borrowed */
};

/* Read the record below `root`. Fields are found by name; one that is absent
 * takes the schema's default, or is an error where there is none. `where`
 * goes in front of messages. */
int vqe_record_from_node(struct vqe_record **out, const struct vqe_node *root,
                         const char *where);

#endif
