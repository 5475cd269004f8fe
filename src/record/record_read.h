/* A record out of a decoded tree. */
#ifndef VQE_RECORD_RECORD_READ_H
#define VQE_RECORD_RECORD_READ_H

#include "record/record.h"
#include "record/record_node.h"

/* Read the record below `root`. Fields are found by name; one that is absent
 * takes the schema's default, or is an error where there is none. `where`
 * goes in front of messages. */
int vqe_record_from_node(struct vqe_record **out, const struct vqe_node *root,
                         const char *where);

#endif
