#include "record/record_node.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

void vqe_node_unwrap(struct vqe_node *node, const char *branch)
{
  if (node->is_json && json_is_object(node->json) &&
      json_object_size(node->json) == 1 &&
      json_object_get(node->json, branch) != NULL) {
    node->json = json_object_get(node->json, branch);
  }
}

/* Step into the branch of a union. In JSON a branch may be wrapped in an
 * object with the branch's name as its only key. */
static struct vqe_node resolve(struct vqe_node node)
{
  static const char *const branches[] = {
      "null", "boolean", "int", "long", "float", "double", "string", "array"};
  if (!node.is_json) {
    avro_value_t branch;
    if (avro_value_get_type(&node.avro) == AVRO_UNION &&
        avro_value_get_current_branch(&node.avro, &branch) == 0) {
      node.avro = branch;
    }
    return node;
  }
  const json_t *wrapper = node.json;
  for (size_t k = 0;
       node.json == wrapper && k < sizeof branches / sizeof branches[0]; k++) {
    vqe_node_unwrap(&node, branches[k]);
  }
  return node;
}

bool vqe_node_is_null(const struct vqe_node *node)
{
  if (node->is_json) {
    return node->json == NULL || json_is_null(node->json);
  }
  return avro_value_get_type(&node->avro) == AVRO_NULL;
}

bool vqe_node_field(struct vqe_node *out, const struct vqe_node *node,
                    const char *name)
{
  out->is_json = node->is_json;
  if (node->is_json) {
    out->json =
        json_is_object(node->json) ? json_object_get(node->json, name) : NULL;
    if (out->json == NULL) {
      return false;
    }
  } else if (avro_value_get_type(&node->avro) != AVRO_RECORD ||
             avro_value_get_by_name(&node->avro, name, &out->avro, NULL) !=
                 0) {
    return false;
  }
  *out = resolve(*out);
  return true;
}

bool vqe_node_array_size(size_t *out, const struct vqe_node *node)
{
  if (node->is_json) {
    *out = json_array_size(node->json);
    return json_is_array(node->json);
  }
  return avro_value_get_type(&node->avro) == AVRO_ARRAY &&
         avro_value_get_size(&node->avro, out) == 0;
}

struct vqe_node vqe_node_element(const struct vqe_node *node, size_t index)
{
  struct vqe_node out = {.is_json = node->is_json};
  if (node->is_json) {
    out.json = json_array_get(node->json, index);
    return resolve(out);
  }
  /* one that cannot be had is nothing, which no type takes */
  return avro_value_get_by_index(&node->avro, index, &out.avro, NULL) == 0
             ? resolve(out)
             : (struct vqe_node){.is_json = true};
}

bool vqe_node_all_doubles(double *out, const struct vqe_node *node,
                          size_t size)
{
  avro_value_t item;
  if (node->is_json) {
    return false;
  }
  for (size_t k = 0; k < size; k++) {
    if (avro_value_get_by_index(&node->avro, k, &item, NULL) != 0 ||
        (k == 0 && avro_value_get_type(&item) != AVRO_DOUBLE) ||
        avro_value_get_double(&item, &out[k]) != 0) {
      return false;
    }
  }
  return true;
}

bool vqe_node_as_double(double *out, const struct vqe_node *node)
{
  if (node->is_json) {
    if (!json_is_number(node->json)) {
      return false;
    }
    *out = json_number_value(node->json);
    return true;
  }
  float narrow;
  int32_t small;
  int64_t wide;
  switch (avro_value_get_type(&node->avro)) {
  case AVRO_DOUBLE:
    return avro_value_get_double(&node->avro, out) == 0;
  case AVRO_FLOAT:
    if (avro_value_get_float(&node->avro, &narrow) != 0) {
      return false;
    }
    *out = narrow;
    return true;
  case AVRO_INT32:
    if (avro_value_get_int(&node->avro, &small) != 0) {
      return false;
    }
    *out = small;
    return true;
  case AVRO_INT64:
    if (avro_value_get_long(&node->avro, &wide) != 0) {
      return false;
    }
    *out = (double)wide;
    return true;
  default:
    return false;
  }
}

bool vqe_node_as_int(int32_t *out, const struct vqe_node *node)
{
  double value;
  /* whole doubles too: in JSON 3 and 3.0 are one number */
  if (!vqe_node_as_double(&value, node) || value != floor(value) ||
      value < INT32_MIN || value > INT32_MAX) {
    return false;
  }
  *out = (int32_t)value;
  return true;
}

bool vqe_node_as_long(int64_t *out, const struct vqe_node *node)
{
  double value;
  /* a double has 53 bits */
  if (node->is_json && json_is_integer(node->json)) {
    *out = json_integer_value(node->json);
    return true;
  }
  if (!node->is_json && avro_value_get_type(&node->avro) == AVRO_INT64) {
    return avro_value_get_long(&node->avro, out) == 0;
  }
  if (!vqe_node_as_double(&value, node) || value != floor(value) ||
      fabs(value) > 0x1p53) {
    return false;
  }
  *out = (int64_t)value;
  return true;
}

bool vqe_node_as_bool(bool *out, const struct vqe_node *node)
{
  int value;
  if (node->is_json) {
    *out = json_is_true(node->json);
    return json_is_boolean(node->json);
  }
  if (avro_value_get_type(&node->avro) != AVRO_BOOLEAN ||
      avro_value_get_boolean(&node->avro, &value) != 0) {
    return false;
  }
  *out = value != 0;
  return true;
}

bool vqe_node_as_text(const char **out, const struct vqe_node *node)
{
  size_t size;
  if (node->is_json) {
    *out = json_string_value(node->json);
    return *out != NULL && strlen(*out) == json_string_length(node->json);
  }
  return avro_value_get_type(&node->avro) == AVRO_STRING &&
         avro_value_get_string(&node->avro, out, &size) == 0 &&
         strlen(*out) + 1 == size;
}
