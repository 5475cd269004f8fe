#include "record/record_view.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "vqe/error.h"

/* A node of the schema: avro-c's interface, and where values of it lie. A
 * value's `self` is the address that the node describes. */
struct node {
  avro_value_iface_t iface; /* first: avro-c hands it back */
  size_t at;                /* from the self of what holds it */
  /* record */
  size_t nfield;
  const struct node *fields;
  /* array: a count and a pointer in the struct that holds it */
  size_t count_at, items_at, stride;
  const struct node *item;
  /* union with null */
  int null_branch;
  bool (*is_null)(const struct node *node, const void *self);
  size_t flag_at; /* for no_flag */
  const struct node *branch;
};

static const struct node *node_of(const avro_value_iface_t *iface)
{
  return (const struct node *)(const void *)iface;
}

/* avro-c's types have no const; nothing is ever written through them. */
static void place(avro_value_t *out, const struct node *node, const void *from)
{
  memcpy(&out->iface, &(const void *){node}, sizeof(avro_value_iface_t *));
  const char *self = (const char *)from + node->at;
  memcpy(&out->self, &self, sizeof out->self);
}

/* ---- leaves ---- */

#define TYPE(name, type)                                                      \
  static avro_type_t name##_type(const avro_value_iface_t *iface,             \
                                 const void *self)                            \
  {                                                                           \
    (void)iface;                                                              \
    (void)self;                                                               \
    return type;                                                              \
  }
TYPE(null, AVRO_NULL)
TYPE(boolean, AVRO_BOOLEAN)
TYPE(int, AVRO_INT32)
TYPE(long, AVRO_INT64)
TYPE(double, AVRO_DOUBLE)
TYPE(string, AVRO_STRING)
TYPE(array, AVRO_ARRAY)
TYPE(record, AVRO_RECORD)
TYPE(union, AVRO_UNION)

static int get_null(const avro_value_iface_t *iface, const void *self)
{
  (void)iface;
  (void)self;
  return 0;
}

static int get_boolean(const avro_value_iface_t *iface, const void *self,
                       int *out)
{
  (void)iface;
  *out = *(const bool *)self;
  return 0;
}

static int get_maybe_boolean(const avro_value_iface_t *iface, const void *self,
                             int *out)
{
  (void)iface;
  *out = *(const enum vqe_maybe_bool *)self == VQE_MAYBE_TRUE;
  return 0;
}

static int get_int(const avro_value_iface_t *iface, const void *self,
                   int32_t *out)
{
  (void)iface;
  *out = *(const int32_t *)self;
  return 0;
}

static int get_long(const avro_value_iface_t *iface, const void *self,
                    int64_t *out)
{
  (void)iface;
  *out = *(const int64_t *)self;
  return 0;
}

static int get_double(const avro_value_iface_t *iface, const void *self,
                      double *out)
{
  (void)iface;
  *out = *(const double *)self;
  return 0;
}

static int get_string(const avro_value_iface_t *iface, const void *self,
                      const char **text, size_t *size)
{
  const char *here = *(const char *const *)self;
  (void)iface;
  if (here == NULL) {
    avro_set_error("a required text is missing");
    return EINVAL;
  }
  if (text != NULL) {
    *text = here;
  }
  if (size != NULL) {
    *size = strlen(here) + 1;
  }
  return 0;
}

#define LEAF(name, getter)                                                    \
  {                                                                           \
    .get_type = name##_type, .getter                                          \
  }
#define IFACE_BOOLEAN LEAF(boolean, get_boolean = get_boolean)
#define IFACE_MAYBE_BOOLEAN LEAF(boolean, get_boolean = get_maybe_boolean)
#define IFACE_INT LEAF(int, get_int = get_int)
#define IFACE_LONG LEAF(long, get_long = get_long)
#define IFACE_DOUBLE LEAF(double, get_double = get_double)
#define IFACE_STRING LEAF(string, get_string = get_string)

static const struct node null_node = {.iface =
                                          LEAF(null, get_null = get_null)};

/* ---- unions with null ---- */

static bool no_double(const struct node *node, const void *self)
{
  (void)node;
  return isnan(*(const double *)self);
}

static bool no_int(const struct node *node, const void *self)
{
  (void)node;
  return !((const struct vqe_maybe_int *)self)->set;
}

static bool no_long(const struct node *node, const void *self)
{
  (void)node;
  return !((const struct vqe_maybe_long *)self)->set;
}

static bool no_boolean(const struct node *node, const void *self)
{
  (void)node;
  return *(const enum vqe_maybe_bool *)self == VQE_MAYBE_NULL;
}

static bool no_text(const struct node *node, const void *self)
{
  (void)node;
  return *(const char *const *)self == NULL;
}

/* A member beside it says whether it is there. */
static bool no_flag(const struct node *node, const void *self)
{
  return !*(const bool *)((const char *)self + node->flag_at);
}

static int get_discriminant(const avro_value_iface_t *iface, const void *self,
                            int *out)
{
  const struct node *node = node_of(iface);
  *out = node->is_null(node, self) ? node->null_branch : 1 - node->null_branch;
  return 0;
}

static int get_current_branch(const avro_value_iface_t *iface,
                              const void *self, avro_value_t *branch)
{
  const struct node *node = node_of(iface);
  place(branch, node->is_null(node, self) ? &null_node : node->branch, self);
  return 0;
}

#define IFACE_UNION                                                           \
  {                                                                           \
    .get_type = union_type, .get_discriminant = get_discriminant,             \
    .get_current_branch = get_current_branch                                  \
  }

/* ---- arrays and records ---- */

static int array_size(const avro_value_iface_t *iface, const void *self,
                      size_t *size)
{
  memcpy(size, (const char *)self + node_of(iface)->count_at, sizeof *size);
  return 0;
}

static int array_item(const avro_value_iface_t *iface, const void *self,
                      size_t index, avro_value_t *child, const char **name)
{
  const struct node *node = node_of(iface);
  const char *items;
  (void)name;
  memcpy(&items, (const char *)self + node->items_at, sizeof items);
  place(child, node->item, items + index * node->stride);
  return 0;
}

static int record_size(const avro_value_iface_t *iface, const void *self,
                       size_t *size)
{
  (void)self;
  *size = node_of(iface)->nfield;
  return 0;
}

static int record_field(const avro_value_iface_t *iface, const void *self,
                        size_t index, avro_value_t *child, const char **name)
{
  (void)name;
  place(child, &node_of(iface)->fields[index], self);
  return 0;
}

#define IFACE_ARRAY                                                           \
  {                                                                           \
    .get_type = array_type, .get_size = array_size,                           \
    .get_by_index = array_item                                                \
  }
#define IFACE_RECORD                                                          \
  {                                                                           \
    .get_type = record_type, .get_size = record_size,                         \
    .get_by_index = record_field                                              \
  }

/* ---- the schema ---- */

#define AT(member) offsetof(SELF, member)

/* The node of a row of fields.def. */
#define NODE_TEXT(member, value)                                              \
  {                                                                           \
    .iface = IFACE_STRING, .at = AT(member)                                   \
  }
#define NODE_INT(member, value)                                               \
  {                                                                           \
    .iface = IFACE_INT, .at = AT(member)                                      \
  }
#define NODE_BOOL(member, value)                                              \
  {                                                                           \
    .iface = IFACE_BOOLEAN, .at = AT(member)                                  \
  }
#define NODE_DOUBLE(member, value)                                            \
  {                                                                           \
    .iface = IFACE_DOUBLE, .at = AT(member)                                   \
  }
#define NODE_UNION(at_, null_, test, ...)                                     \
  {                                                                           \
    .iface = IFACE_UNION, .at = (at_), .null_branch = (null_),                \
    .is_null = (test), .branch = __VA_ARGS__                                  \
  }
#define NODE_MAYBE_TEXT(member, value)                                        \
  NODE_UNION(AT(member), 0, no_text, &text_node)
#define NODE_TEXT_OR_NULL(member, value, missing)                             \
  NODE_UNION(AT(member), 1, no_text, &text_node)
#define NODE_MAYBE_INT(member, value)                                         \
  NODE_UNION(AT(member), 0, no_int, &maybe_int_node)
#define NODE_MAYBE_LONG(member, value)                                        \
  NODE_UNION(AT(member), 0, no_long, &maybe_long_node)
#define NODE_INT_OR_NULL(member, value)                                       \
  NODE_UNION(AT(member), 1, no_int, &maybe_int_node)
#define NODE_MAYBE_BOOL(member, value)                                        \
  NODE_UNION(AT(member), 0, no_boolean, &maybe_boolean_node)
#define NODE_MAYBE_DOUBLE(member, value)                                      \
  NODE_UNION(AT(member), 0, no_double, &double_node)
#define NODE_ARRAY(member, count, stride_, item_)                             \
  {                                                                           \
    .iface = IFACE_ARRAY, .count_at = AT(count), .items_at = AT(member),      \
    .stride = (stride_), .item = (item_)                                      \
  }
#define NODE_DOUBLES(member, count)                                           \
  NODE_ARRAY(member, count, sizeof(double), &double_node)
#define NODE_SLICE(member, count) NODE_DOUBLES(member, count)
#define NODE_TEXTS(member, count)                                             \
  NODE_ARRAY(member, count, sizeof(char *), &text_node)
/* counts of the record, rows of the view around it */
#define NODE_ROWS(member, count, lengths)                                     \
  {                                                                           \
    .iface = IFACE_ARRAY, .count_at = AT(count),                              \
    .items_at = offsetof(struct vqe_record_view, rows),                       \
    .stride = sizeof(struct vqe_record_row), .item = &row_node                \
  }
#define NODE_RECORDS(member, count, group)                                    \
  NODE_ARRAY(member, count, sizeof(struct vqe_record_##group), &group##_node)
#define NODE_RECORD(group)                                                    \
  {                                                                           \
    .iface = IFACE_RECORD,                                                    \
    .nfield = sizeof group##_nodes / sizeof group##_nodes[0],                 \
    .fields = group##_nodes                                                   \
  }
/* what stands under a flag: a node of its own, and the test */
#define NODE_MAYBE_RECORD(group, flag)                                        \
  NODE_UNION(0, 0, no_flag, &group##_node, .flag_at = AT(flag))
#define NODE_MAYBE_DOUBLES(member, count, flag)                               \
  NODE_UNION(0, 0, no_flag, &(const struct node)NODE_DOUBLES(member, count),  \
             .flag_at = AT(flag))
#define NODE_MAYBE_RECORDS(member, count, group, flag)                        \
  NODE_UNION(0, 0, no_flag,                                                   \
             &(const struct node)NODE_RECORDS(member, count, group),          \
             .flag_at = AT(flag))
#define NODE(kind, name, column, unit, doc) NODE_##kind,

static const struct node double_node = {.iface = IFACE_DOUBLE};
static const struct node text_node = {.iface = IFACE_STRING};
static const struct node maybe_int_node = {
    .iface = IFACE_INT, .at = offsetof(struct vqe_maybe_int, value)};
static const struct node maybe_long_node = {
    .iface = IFACE_LONG, .at = offsetof(struct vqe_maybe_long, value)};
static const struct node maybe_boolean_node = {.iface = IFACE_MAYBE_BOOLEAN};
static const struct node row_node = {
    .iface = IFACE_ARRAY,
    .count_at = offsetof(struct vqe_record_row, count),
    .items_at = offsetof(struct vqe_record_row, values),
    .stride = sizeof(double),
    .item = &double_node};

#define SELF struct vqe_record_term
static const struct node coefficient_nodes[] = {
#define COEFFICIENT NODE
#include "record/fields.def"
};
static const struct node term_nodes[] = {
#define TERM NODE
#include "record/fields.def"
};
static const struct node term_node = NODE_RECORD(term);

#undef SELF
#define SELF struct vqe_record_iteration
static const struct node iteration_nodes[] = {
#define ITERATION NODE
#include "record/fields.def"
};
static const struct node iteration_node = NODE_RECORD(iteration);

#undef SELF
#define SELF struct vqe_record_property
static const struct node property_nodes[] = {
#define PROPERTY NODE
#include "record/fields.def"
};
static const struct node property_node = NODE_RECORD(property);

#undef SELF
#define SELF struct vqe_record
static const struct node initial_nodes[] = {
#define INITIAL NODE
#include "record/fields.def"
};
static const struct node outcome_nodes[] = {
#define OUTCOME NODE
#include "record/fields.def"
};
static const struct node atoms_nodes[] = {
#define ATOMS NODE
#include "record/fields.def"
};
static const struct node molecule_nodes[] = {
#define MOLECULE NODE
#include "record/fields.def"
};
static const struct node reference_nodes[] = {
#define REFERENCE NODE
#include "record/fields.def"
};
static const struct node reference_node = NODE_RECORD(reference);
static const struct node provenance_nodes[] = {
#define PROVENANCE NODE
#include "record/fields.def"
};
static const struct node provenance_node = NODE_RECORD(provenance);
static const struct node diagnostics_nodes[] = {
#define DIAGNOSTICS NODE
#include "record/fields.def"
};
static const struct node diagnostics_node = NODE_RECORD(diagnostics);
static const struct node record_nodes[] = {
#define DECORATED NODE
#include "record/fields.def"
};
static const struct node record_node = NODE_RECORD(record);

/* ---- views ---- */

int vqe_record_view_init(struct vqe_record_view *view,
                         const struct vqe_record *record)
{
  const double *values = record->coords;
  view->record = *record;
  int status = vqe_memory_alloc(&view->rows, record->ncoord,
                                sizeof *view->rows, "coordinates");
  for (size_t k = 0; status == VQE_OK && k < record->ncoord; k++) {
    view->rows[k].count = record->coord_lengths[k];
    view->rows[k].values = values;
    values += record->coord_lengths[k];
  }
  return status;
}

void vqe_record_view_clear(struct vqe_record_view *view)
{
  free(view->rows);
  view->rows = NULL;
}

avro_value_t vqe_record_view_value(const struct vqe_record_view *view)
{
  avro_value_t value;
  place(&value, &record_node, view);
  return value;
}
