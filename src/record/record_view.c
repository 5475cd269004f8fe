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
  const struct node *const *fields;
  /* array: a count and a pointer in the struct that holds it */
  size_t count_at, items_at, stride;
  const struct node *item;
  /* union with null */
  int null_branch;
  bool (*is_null)(const void *self);
  const struct node *branch;
};

static const struct node *node_of(const avro_value_iface_t *iface)
{
  return (const struct node *)(const void *)iface;
}

/* avro-c's types have no const; nothing is ever written through them. */
static void place(avro_value_t *out, const struct node *node, const void *from)
{
  memcpy(&out->iface, &(const void *){node}, sizeof out->iface);
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
#define IFACE_DOUBLE LEAF(double, get_double = get_double)
#define IFACE_STRING LEAF(string, get_string = get_string)

static const struct node null_node = {.iface =
                                          LEAF(null, get_null = get_null)};

/* ---- unions with null ---- */

static bool no_double(const void *self)
{
  return isnan(*(const double *)self);
}

static bool no_int(const void *self)
{
  return !((const struct vqe_maybe_int *)self)->set;
}

static bool no_boolean(const void *self)
{
  return *(const enum vqe_maybe_bool *)self == VQE_MAYBE_NULL;
}

static bool no_text(const void *self)
{
  return *(const char *const *)self == NULL;
}

static bool no_masses(const void *self)
{
  return !((const struct vqe_record *)self)->has_masses;
}

static bool no_references(const void *self)
{
  return !((const struct vqe_record *)self)->has_references;
}

static bool no_provenance(const void *self)
{
  return !((const struct vqe_record *)self)->has_provenance;
}

static int get_discriminant(const avro_value_iface_t *iface, const void *self,
                            int *out)
{
  const struct node *node = node_of(iface);
  *out = node->is_null(self) ? node->null_branch : 1 - node->null_branch;
  return 0;
}

static int get_current_branch(const avro_value_iface_t *iface,
                              const void *self, avro_value_t *branch)
{
  const struct node *node = node_of(iface);
  place(branch, node->is_null(self) ? &null_node : node->branch, self);
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
  place(child, node_of(iface)->fields[index], self);
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

#define AT(holder, member) offsetof(struct holder, member)
#define TEXT(holder, member)                                                  \
  (&(const struct node){.iface = IFACE_STRING, .at = AT(holder, member)})
#define INT(holder, member)                                                   \
  (&(const struct node){.iface = IFACE_INT, .at = AT(holder, member)})
#define DOUBLE(holder, member)                                                \
  (&(const struct node){.iface = IFACE_DOUBLE, .at = AT(holder, member)})
#define BOOLEAN(holder, member)                                               \
  (&(const struct node){.iface = IFACE_BOOLEAN, .at = AT(holder, member)})
#define MAYBE(at_, null_, test, inner)                                        \
  (&(const struct node){.iface = IFACE_UNION,                                 \
                        .at = at_,                                            \
                        .null_branch = null_,                                 \
                        .is_null = test,                                      \
                        .branch = inner})
#define MAYBE_DOUBLE(holder, member)                                          \
  MAYBE(AT(holder, member), 0, no_double, &double_node)
#define MAYBE_INT(holder, member, null_)                                      \
  MAYBE(AT(holder, member), null_, no_int, &maybe_int_node)
#define MAYBE_TEXT(holder, member, null_)                                     \
  MAYBE(AT(holder, member), null_, no_text, &text_node)
#define ARRAY(holder, count, items, stride_, item_)                           \
  (&(const struct node){.iface = IFACE_ARRAY,                                 \
                        .count_at = AT(holder, count),                        \
                        .items_at = AT(holder, items),                        \
                        .stride = stride_,                                    \
                        .item = item_})
#define DOUBLES(holder, count, items)                                         \
  ARRAY(holder, count, items, sizeof(double), &double_node)
#define RECORD(list)                                                          \
  {                                                                           \
    .iface = IFACE_RECORD, .nfield = sizeof(list) / sizeof(list)[0],          \
    .fields = list                                                            \
  }

static const struct node double_node = {.iface = IFACE_DOUBLE};
static const struct node text_node = {.iface = IFACE_STRING};
static const struct node maybe_int_node = {.iface = IFACE_INT,
                                           .at = AT(vqe_maybe_int, value)};
static const struct node maybe_boolean_node = {.iface = IFACE_MAYBE_BOOLEAN};

static const struct node *const coefficient_fields[] = {
    DOUBLE(vqe_record_term, real),
    DOUBLE(vqe_record_term, imaginary),
};
static const struct node coefficient_node = RECORD(coefficient_fields);

static const struct node *const term_fields[] = {
    TEXT(vqe_record_term, label),
    &coefficient_node,
};
static const struct node term_node = RECORD(term_fields);

static const struct node *const initial_fields[] = {
    TEXT(vqe_record, backend),
    INT(vqe_record, num_qubits),
    ARRAY(vqe_record, nterm, terms, sizeof(struct vqe_record_term),
          &term_node),
    INT(vqe_record, num_parameters),
    DOUBLES(vqe_record, ninitial, initial_parameters),
    TEXT(vqe_record, optimizer),
    TEXT(vqe_record, ansatz_qasm),
    TEXT(vqe_record, noise_backend),
    MAYBE_INT(vqe_record, default_shots, 1),
    INT(vqe_record, ansatz_reps),
    MAYBE_TEXT(vqe_record, init_strategy, 1),
    MAYBE_INT(vqe_record, seed, 0),
    MAYBE_TEXT(vqe_record, ansatz_name, 0),
    BOOLEAN(vqe_record, exact_estimator),
};
static const struct node initial_node = RECORD(initial_fields);

static const struct node *const iteration_fields[] = {
    INT(vqe_record_iteration, iteration),
    DOUBLES(vqe_record_iteration, nparam, parameters),
    DOUBLE(vqe_record_iteration, result),
    DOUBLE(vqe_record_iteration, std),
    MAYBE_DOUBLE(vqe_record_iteration, energy_delta),
    MAYBE_DOUBLE(vqe_record_iteration, parameter_delta_norm),
    MAYBE_DOUBLE(vqe_record_iteration, cumulative_min_energy),
};
static const struct node iteration_node = RECORD(iteration_fields);

static const struct node *const result_fields[] = {
    &initial_node,
    ARRAY(vqe_record, niteration, iterations,
          sizeof(struct vqe_record_iteration), &iteration_node),
    DOUBLE(vqe_record, minimum),
    DOUBLES(vqe_record, noptimal, optimal_parameters),
    MAYBE_DOUBLE(vqe_record, maxcv),
    DOUBLE(vqe_record, minimization_time),
    MAYBE_DOUBLE(vqe_record, nuclear_repulsion_energy),
    MAYBE(AT(vqe_record, success), 0, no_boolean, &maybe_boolean_node),
    MAYBE_INT(vqe_record, nfev, 0),
    MAYBE_INT(vqe_record, nit, 0),
};
static const struct node result_node = RECORD(result_fields);

static const struct node row_node = {.iface = IFACE_ARRAY,
                                     .count_at = AT(vqe_record_row, count),
                                     .items_at = AT(vqe_record_row, values),
                                     .stride = sizeof(double),
                                     .item = &double_node};

static const struct node *const data_fields[] = {
    ARRAY(vqe_record, natom, symbols, sizeof(char *), &text_node),
    /* counts of the record, rows of the view around it */
    (&(const struct node){.iface = IFACE_ARRAY,
                          .count_at = AT(vqe_record, ncoord),
                          .items_at = AT(vqe_record_view, rows),
                          .stride = sizeof(struct vqe_record_row),
                          .item = &row_node}),
    INT(vqe_record, multiplicity),
    INT(vqe_record, charge),
    TEXT(vqe_record, units),
    MAYBE(0, 0, no_masses, DOUBLES(vqe_record, nmass, masses)),
};
static const struct node data_node = RECORD(data_fields);

static const struct node *const molecule_fields[] = {&data_node};
static const struct node molecule_node = RECORD(molecule_fields);

static const struct node *const reference_fields[] = {
    DOUBLE(vqe_record, hf_energy),
    MAYBE_DOUBLE(vqe_record, mp2_energy),
    MAYBE_DOUBLE(vqe_record, fci_energy),
    TEXT(vqe_record, reference_method),
};
static const struct node reference_node = RECORD(reference_fields);

static const struct node *const provenance_fields[] = {
    TEXT(vqe_record, code_version), TEXT(vqe_record, hostname),
    TEXT(vqe_record, device),       MAYBE_TEXT(vqe_record, job_id, 0),
    INT(vqe_record, mpi_ranks),     INT(vqe_record, threads),
    TEXT(vqe_record, started_at),   TEXT(vqe_record, finished_at),
};
static const struct node provenance_node = RECORD(provenance_fields);

static const struct node *const root_fields[] = {
    &result_node,
    &molecule_node,
    TEXT(vqe_record, basis_set),
    DOUBLE(vqe_record, hamiltonian_time),
    DOUBLE(vqe_record, mapping_time),
    DOUBLE(vqe_record, vqe_time),
    DOUBLE(vqe_record, total_time),
    INT(vqe_record, molecule_id),
    MAYBE_TEXT(vqe_record, performance_start, 0),
    MAYBE_TEXT(vqe_record, performance_end, 0),
    MAYBE_TEXT(vqe_record, experiment_id, 0),
    MAYBE(0, 0, no_references, &reference_node),
    MAYBE(0, 0, no_provenance, &provenance_node),
};
static const struct node root_node = RECORD(root_fields);

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
  place(&value, &root_node, view);
  return value;
}
