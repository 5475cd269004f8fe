/* A decoded tree of values, whether it came from Avro or from JSON, so that
 * the record is read by one piece of code. Unions are stepped into. */
#ifndef VQE_RECORD_RECORD_NODE_H
#define VQE_RECORD_RECORD_NODE_H

#include <avro.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vqe_node {
  bool is_json;
  json_t *json;      /* borrowed */
  avro_value_t avro; /* borrowed */
};

/* Step into {"branch": value}, the way that Avro's JSON says which record of
 * a union it is; other values stay. */
void vqe_node_unwrap(struct vqe_node *node, const char *branch);

bool vqe_node_is_null(const struct vqe_node *node);
/* Field by name; false when there is none. */
bool vqe_node_field(struct vqe_node *out, const struct vqe_node *node,
                    const char *name);
/* False for what is no array. */
bool vqe_node_array_size(size_t *out, const struct vqe_node *node);
/* `index` is below the size. */
struct vqe_node vqe_node_element(const struct vqe_node *node, size_t index);

/* The `size` elements of an array whose items are doubles and nothing else, as
 * nearly all of a record is; false for any other array, whose elements are
 * then taken one by one. */
bool vqe_node_all_doubles(double *out, const struct vqe_node *node,
                          size_t size);

/* False when the value is of another type; JSON and schemas of others may
 * say whole numbers as doubles and doubles as whole numbers. */
bool vqe_node_as_double(double *out, const struct vqe_node *node);
bool vqe_node_as_int(int32_t *out, const struct vqe_node *node);
bool vqe_node_as_long(int64_t *out, const struct vqe_node *node);
bool vqe_node_as_bool(bool *out, const struct vqe_node *node);
/* Into the tree; a text with a NUL inside is none. */
bool vqe_node_as_text(const char **out, const struct vqe_node *node);

#endif
