#include "record/fields.h"

#include <math.h>
#include <string.h>

#include "record/record.h"

/* ---- the record ---- */

/* An offset that compiles only where the member has that type; in _Generic a
 * type has no parentheses. */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define AT(member, type)                                                      \
  _Generic((((SELF *)NULL)->member), type : offsetof(SELF, member))
/* NOLINTEND(bugprone-macro-parentheses) */
#define COUNT_AT(member) .count = AT(member, size_t)

#define FIELD_TEXT(member, value)                                             \
  .kind = VQE_FIELD_TEXT, .offset = AT(member, char *)
#define FIELD_MAYBE_TEXT(member, value)                                       \
  FIELD_TEXT(member, value), .nullable = true
#define FIELD_TEXT_OR_NULL(member, value, missing_)                           \
  FIELD_MAYBE_TEXT(member, value), .null_last = true, .missing = (missing_)
#define FIELD_INT(member, value)                                              \
  .kind = VQE_FIELD_INT, .offset = AT(member, int32_t)
#define FIELD_MAYBE_INT(member, value)                                        \
  .kind = VQE_FIELD_INT, .nullable = true,                                    \
  .offset = AT(member, struct vqe_maybe_int)
#define FIELD_MAYBE_LONG(member, value)                                       \
  .kind = VQE_FIELD_LONG, .nullable = true,                                   \
  .offset = AT(member, struct vqe_maybe_long)
#define FIELD_INT_OR_NULL(member, value)                                      \
  FIELD_MAYBE_INT(member, value), .null_last = true
#define FIELD_BOOL(member, value)                                             \
  .kind = VQE_FIELD_BOOL, .offset = AT(member, bool)
#define FIELD_MAYBE_BOOL(member, value)                                       \
  .kind = VQE_FIELD_BOOL, .nullable = true,                                   \
  .offset = AT(member, enum vqe_maybe_bool)
#define FIELD_DOUBLE(member, value)                                           \
  .kind = VQE_FIELD_DOUBLE, .offset = AT(member, double)
#define FIELD_MAYBE_DOUBLE(member, value)                                     \
  FIELD_DOUBLE(member, value), .nullable = true
#define FIELD_DOUBLES(member, count_)                                         \
  .kind = VQE_FIELD_DOUBLES, .offset = AT(member, double *), COUNT_AT(count_)
#define FIELD_MAYBE_DOUBLES(member, count_, flag_)                            \
  FIELD_DOUBLES(member, count_), .nullable = true, .flag = AT(flag_, bool)
#define FIELD_SLICE(member, count_)                                           \
  .kind = VQE_FIELD_SLICE, .offset = AT(member, const double *),              \
  COUNT_AT(count_)
#define FIELD_TEXTS(member, count_)                                           \
  .kind = VQE_FIELD_TEXTS, .offset = AT(member, char **), COUNT_AT(count_)
#define FIELD_ROWS(member, count_, lengths_)                                  \
  .kind = VQE_FIELD_ROWS, .offset = AT(member, double *), COUNT_AT(count_),   \
  .lengths = AT(lengths_, size_t *)
#define FIELD_RECORDS(member, count_, parts_)                                 \
  .kind = VQE_FIELD_RECORDS,                                                  \
  .offset = AT(member, struct vqe_record_##parts_ *), COUNT_AT(count_),       \
  .parts = &vqe_fields_##parts_
#define FIELD_MAYBE_RECORDS(member, count_, parts_, flag_)                    \
  FIELD_RECORDS(member, count_, parts_), .nullable = true,                    \
                                         .flag = AT(flag_, bool)
#define FIELD_RECORD(parts_)                                                  \
  .kind = VQE_FIELD_RECORD, .parts = &vqe_fields_##parts_
#define FIELD_MAYBE_RECORD(parts_, flag_)                                     \
  FIELD_RECORD(parts_), .nullable = true, .flag = AT(flag_, bool)

#define FIELD(kind_, name_, column_, unit_, doc_)                             \
  {.name = (name_),                                                           \
   .column = (column_),                                                       \
   .unit = (unit_),                                                           \
   .doc = (doc_),                                                             \
   FIELD_##kind_},
#define FIELDS(scope, group, name_)                                           \
  scope const struct vqe_fields vqe_fields_##group = {                        \
      .name = (name_),                                                        \
      .size = sizeof(SELF),                                                   \
      .count = sizeof group##_list / sizeof group##_list[0],                  \
      .list = group##_list}

#define SELF struct vqe_record_term
static const struct vqe_field coefficient_list[] = {
#define COEFFICIENT FIELD
#include "record/fields.def"
};
FIELDS(static, coefficient, "ComplexNumber");

static const struct vqe_field term_list[] = {
#define TERM FIELD
#include "record/fields.def"
};
FIELDS(, term, "HamiltonianTerm");

#undef SELF
#define SELF struct vqe_record_iteration
static const struct vqe_field iteration_list[] = {
#define ITERATION FIELD
#include "record/fields.def"
};
FIELDS(, iteration, "VQEProcess");

#undef SELF
#define SELF struct vqe_record_property
static const struct vqe_field property_list[] = {
#define PROPERTY FIELD
#include "record/fields.def"
};
FIELDS(, property, "Property");

#undef SELF
#define SELF struct vqe_record
static const struct vqe_field initial_list[] = {
#define INITIAL FIELD
#include "record/fields.def"
};
FIELDS(, initial, "VQEInitialData");

static const struct vqe_field outcome_list[] = {
#define OUTCOME FIELD
#include "record/fields.def"
};
FIELDS(static, outcome, "VQEResult");

static const struct vqe_field atoms_list[] = {
#define ATOMS FIELD
#include "record/fields.def"
};
FIELDS(, atoms, "MoleculeData");

static const struct vqe_field molecule_list[] = {
#define MOLECULE FIELD
#include "record/fields.def"
};
FIELDS(static, molecule, "MoleculeInfo");

static const struct vqe_field reference_list[] = {
#define REFERENCE FIELD
#include "record/fields.def"
};
FIELDS(static, reference, "References");

static const struct vqe_field provenance_list[] = {
#define PROVENANCE FIELD
#include "record/fields.def"
};
FIELDS(static, provenance, "Provenance");

static const struct vqe_field diagnostics_list[] = {
#define DIAGNOSTICS FIELD
#include "record/fields.def"
};
FIELDS(static, diagnostics, "Diagnostics");

static const struct vqe_field record_list[] = {
#define DECORATED FIELD
#include "record/fields.def"
};
FIELDS(, record, "VQEDecoratedResult");
#undef SELF

static const struct vqe_field *find_column(const struct vqe_fields *fields,
                                           const char *column)
{
  const struct vqe_field *found = NULL;
  for (size_t k = 0; found == NULL && k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    if (field->column != NULL && strcmp(field->column, column) == 0) {
      found = field;
    } else if (field->parts != NULL) {
      found = find_column(field->parts, column);
    }
  }
  return found;
}

const struct vqe_field *vqe_fields_find_column(const char *column)
{
  return find_column(&vqe_fields_record, column);
}

/* ---- values ---- */

void vqe_fields_set_null(const struct vqe_fields *fields, void *self)
{
  for (size_t k = 0; k < fields->count; k++) {
    const struct vqe_field *field = &fields->list[k];
    void *at = (char *)self + field->offset;
    if (field->kind == VQE_FIELD_RECORD) {
      vqe_fields_set_null(field->parts, self);
    } else if (field->kind == VQE_FIELD_DOUBLE && field->nullable) {
      *(double *)at = NAN;
    } else if (field->kind == VQE_FIELD_BOOL && field->nullable) {
      *(enum vqe_maybe_bool *)at = VQE_MAYBE_NULL;
    }
  }
}

const char *vqe_field_text(const struct vqe_field *field, const void *self)
{
  return *(char *const *)vqe_field_at(field, self);
}

double vqe_field_double(const struct vqe_field *field, const void *self)
{
  return *(const double *)vqe_field_at(field, self);
}

bool vqe_field_int(int *out, const struct vqe_field *field, const void *self)
{
  if (field->nullable) {
    const struct vqe_maybe_int *maybe = vqe_field_at(field, self);
    *out = maybe->value;
    return maybe->set;
  }
  *out = *(const int32_t *)vqe_field_at(field, self);
  return true;
}

bool vqe_field_long(int64_t *out, const struct vqe_field *field,
                    const void *self)
{
  const struct vqe_maybe_long *maybe = vqe_field_at(field, self);
  *out = maybe->value;
  return maybe->set;
}

bool vqe_field_bool(bool *out, const struct vqe_field *field, const void *self)
{
  if (field->nullable) {
    enum vqe_maybe_bool maybe =
        *(const enum vqe_maybe_bool *)vqe_field_at(field, self);
    *out = maybe == VQE_MAYBE_TRUE;
    return maybe != VQE_MAYBE_NULL;
  }
  *out = *(const bool *)vqe_field_at(field, self);
  return true;
}

bool vqe_field_present(const struct vqe_field *field, const void *self)
{
  return !field->nullable || *(const bool *)((const char *)self + field->flag);
}

size_t vqe_field_count(const struct vqe_field *field, const void *self)
{
  return *(const size_t *)((const char *)self + field->count);
}

const void *vqe_field_items(const struct vqe_field *field, const void *self)
{
  const void *items;
  memcpy(&items, vqe_field_at(field, self), sizeof items);
  return items;
}

const size_t *vqe_field_lengths(const struct vqe_field *field,
                                const void *self)
{
  return *(size_t *const *)((const char *)self + field->lengths);
}

/* ---- experiment and result ---- */

#define MEMBER(member, type, kind_)                                           \
  .kind = VQE_MEMBER_##kind_, .offset = AT(member, type)

#define MEMBER_INT(member) MEMBER(member, int, INT)
#define MEMBER_I64(member) MEMBER(member, int64_t, I64)
#define MEMBER_U32(member) MEMBER(member, uint32_t, U32)
#define MEMBER_U64(member) MEMBER(member, uint64_t, U64)
#define MEMBER_F64(member) MEMBER(member, double, F64)
#define MEMBER_BOOL(member) MEMBER(member, bool, BOOL)
#define MEMBER_TEXT(member) MEMBER(member, char *, TEXT)
#define MEMBER_CHARS(member)                                                  \
  MEMBER(member, char *, CHARS), .size = sizeof((SELF *)NULL)->member
#define MEMBER_STATUS(member)                                                 \
  MEMBER(member, enum vqe_experiment_status, STATUS)
#define MEMBER_QUBITS(member) MEMBER(member, int, QUBITS)
#define MEMBER_NPARAM(member) MEMBER(member, int, NPARAM)
#define MEMBER_COUNT(member, size_)                                           \
  MEMBER(member, size_t, COUNT), .size = (size_)
#define MEMBER_MOLECULE(member) MEMBER(member, struct vqe_molecule *, MOLECULE)
#define MEMBER_OPTIONS(member) MEMBER(member, struct vqe_option_list, OPTIONS)
#define MEMBER_TERMS(member) MEMBER(member, double *, TERMS)
#define MEMBER_MASKS(member) MEMBER(member, vqe_qubits *, MASKS)
#define MEMBER_PARAMETERS(member) MEMBER(member, double *, PARAMETERS)
#define MEMBER_EVALUATIONS(member) MEMBER(member, double *, EVALUATIONS)
#define MEMBER_OCCUPATIONS(member) MEMBER(member, double *, OCCUPATIONS)
#define MEMBER_PROPERTIES(member)                                             \
  MEMBER(member, struct vqe_property *, PROPERTIES)
#define MEMBER_ALL_PARAMETERS(member) MEMBER(member, double *, ALL_PARAMETERS)

#define MEMBER_ROW(since_, absent_, kind_, column_, unit_, doc_, in_bytes_)   \
  {.column = (column_),                                                       \
   .in_bytes = (in_bytes_),                                                   \
   .since = (since_),                                                         \
   .absent = (absent_),                                                       \
   .unit = (unit_),                                                           \
   .doc = (doc_),                                                             \
   MEMBER_##kind_},
#define MEMBER_BOTH(since_, kind_, column_, unit_, doc_)                      \
  MEMBER_ROW(since_, NAN, kind_, column_, unit_, doc_, true)
#define MEMBER_LATER(since_, absent_, kind_, column_, unit_, doc_)            \
  MEMBER_ROW(since_, absent_, kind_, column_, unit_, doc_, true)
#define MEMBER_COLUMN(since_, kind_, column_, unit_, doc_)                    \
  MEMBER_ROW(since_, NAN, kind_, column_, unit_, doc_, false)
/* an array is no column of the results, though one of the evaluations */
#define MEMBER_ARRAY(since_, kind_, column_, unit_, doc_)                     \
  MEMBER_ROW(since_, NAN, kind_, NULL, unit_, doc_, true)
#define MEMBERS(group)                                                        \
  const struct vqe_members vqe_members_##group = {                            \
      .count = sizeof group##_members / sizeof group##_members[0],            \
      .list = group##_members}

#define SELF struct vqe_experiment
static const struct vqe_member experiment_members[] = {
#define SETTING MEMBER_BOTH
#define SETTING_LATER MEMBER_LATER
#define SETTING_COLUMN MEMBER_COLUMN
#define SETTING_BYTES MEMBER_BOTH
#include "record/fields.def"
};
MEMBERS(experiment);

#undef SELF
#define SELF struct vqe_result
static const struct vqe_member result_members[] = {
#define RESULT MEMBER_BOTH
#define RESULT_COLUMN MEMBER_COLUMN
#define RESULT_BYTES MEMBER_BOTH
#define EVALUATION MEMBER_ARRAY
#include "record/fields.def"
};
MEMBERS(result);

static const struct vqe_member evaluations_members[] = {
#define EVALUATION MEMBER_BOTH
#include "record/fields.def"
};
MEMBERS(evaluations);

_Static_assert(sizeof(enum vqe_experiment_status) == sizeof(int),
               "a status is kept as an int");

static unsigned newest(const struct vqe_members *members)
{
  unsigned version = 0;
  for (size_t k = 0; k < members->count; k++) {
    if (members->list[k].since > version) {
      version = members->list[k].since;
    }
  }
  return version;
}

unsigned vqe_members_version(void)
{
  unsigned experiment = newest(&vqe_members_experiment);
  unsigned result = newest(&vqe_members_result);
  return experiment > result ? experiment : result;
}

void vqe_member_set_absent(const struct vqe_member *member, void *self)
{
  void *at = (char *)self + member->offset;
  if (member->kind == VQE_MEMBER_F64) {
    *(double *)at = member->absent;
  } else if (member->kind == VQE_MEMBER_INT && !isnan(member->absent)) {
    *(int *)at = (int)member->absent;
  }
}
