/* The rows of fields.def as tables to walk over: one entry for each field of
 * the result record and for each kept member of an experiment and its
 * result. */
#ifndef VQE_RECORD_FIELDS_H
#define VQE_RECORD_FIELDS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the record ---- */

/* What lies at a field's offset. */
enum vqe_field_kind {
  VQE_FIELD_TEXT,    /* char * */
  VQE_FIELD_INT,     /* int32_t; nullable: struct vqe_maybe_int */
  VQE_FIELD_LONG,    /* struct vqe_maybe_long, nullable */
  VQE_FIELD_BOOL,    /* bool; nullable: enum vqe_maybe_bool */
  VQE_FIELD_DOUBLE,  /* double, NaN for null */
  VQE_FIELD_DOUBLES, /* double *, owned */
  VQE_FIELD_SLICE,   /* const double *, into an array of the record */
  VQE_FIELD_TEXTS,   /* char **, owned */
  VQE_FIELD_ROWS,    /* double *, owned: the rows one after another */
  VQE_FIELD_RECORDS, /* pointer to structs, owned */
  VQE_FIELD_RECORD   /* fields of the same struct */
};

struct vqe_fields;

/* Offsets are into the struct that the list of fields describes. */
struct vqe_field {
  const char *name; /* the schema's */
  enum vqe_field_kind kind;
  bool nullable;
  bool null_last;      /* null is the union's second branch */
  const char *missing; /* nullable text: meant where the field is absent */
  size_t offset;
  size_t count;   /* lists: of the size_t with their length */
  size_t lengths; /* ROWS: of the size_t * with the rows' lengths */
  size_t flag;    /* nullable lists and records: of the bool that says yes */
  const struct vqe_fields *parts; /* RECORD, RECORDS */
  const char *column;             /* of the tables; NULL: not in them */
  const char *unit;               /* NULL: none */
  const char *doc;
};

/* A record of the schema, fields in its order. */
struct vqe_fields {
  const char *name; /* of the Avro record */
  size_t size;      /* of the struct that its fields lie in */
  size_t count;
  const struct vqe_field *list;
};

/* Of struct vqe_record: the root, and the parts of it that have an identity
 * (VQEInitialData, MoleculeData). */
extern const struct vqe_fields vqe_fields_record;
extern const struct vqe_fields vqe_fields_initial;
extern const struct vqe_fields vqe_fields_atoms;
/* Of struct vqe_record_iteration and struct vqe_record_term. */
extern const struct vqe_fields vqe_fields_iteration;
extern const struct vqe_fields vqe_fields_term;
/* Of struct vqe_record_property. */
extern const struct vqe_fields vqe_fields_property;

/* The field whose values are in a column of this name, at any depth; NULL
 * when there is none. */
const struct vqe_field *vqe_fields_find_column(const char *column);

/* ---- what is read and written at an offset ---- */

/* Make a zeroed struct say null wherever it can. */
void vqe_fields_set_null(const struct vqe_fields *fields, void *self);

static inline const void *vqe_field_at(const struct vqe_field *field,
                                       const void *self)
{
  return (const char *)self + field->offset;
}

const char *vqe_field_text(const struct vqe_field *field, const void *self);
double vqe_field_double(const struct vqe_field *field, const void *self);
/* False for null. */
bool vqe_field_long(int64_t *out, const struct vqe_field *field,
                    const void *self);
bool vqe_field_int(int *out, const struct vqe_field *field, const void *self);
bool vqe_field_bool(bool *out, const struct vqe_field *field,
                    const void *self);
/* Is a list or record there? Always when it is not nullable. */
bool vqe_field_present(const struct vqe_field *field, const void *self);
/* Lists: their length, and where they are (NULL when empty). */
size_t vqe_field_count(const struct vqe_field *field, const void *self);
const void *vqe_field_items(const struct vqe_field *field, const void *self);
/* ROWS: lengths of the rows. */
const size_t *vqe_field_lengths(const struct vqe_field *field,
                                const void *self);

/* ---- experiment and result ---- */

enum vqe_member_kind {
  VQE_MEMBER_INT,
  VQE_MEMBER_I64,
  VQE_MEMBER_U32,
  VQE_MEMBER_U64,
  VQE_MEMBER_F64,
  VQE_MEMBER_BOOL,
  VQE_MEMBER_TEXT,   /* char *, may be NULL */
  VQE_MEMBER_CHARS,  /* char[size] */
  VQE_MEMBER_STATUS, /* enum vqe_experiment_status */
  VQE_MEMBER_QUBITS, /* int, 0 to 128 */
  VQE_MEMBER_NPARAM, /* int, from 0 */
  VQE_MEMBER_COUNT,  /* size_t; an element takes `size` bytes at least */
  /* never in columns */
  VQE_MEMBER_MOLECULE,       /* struct vqe_molecule * */
  VQE_MEMBER_OPTIONS,        /* struct vqe_option_list */
  VQE_MEMBER_TERMS,          /* nterm words */
  VQE_MEMBER_MASKS,          /* nterm masks of qubits */
  VQE_MEMBER_PARAMETERS,     /* nparam doubles or NULL */
  VQE_MEMBER_EVALUATIONS,    /* neval doubles */
  VQE_MEMBER_ALL_PARAMETERS, /* neval x nparam doubles */
  VQE_MEMBER_OCCUPATIONS,    /* noccupation doubles */
  VQE_MEMBER_PROPERTIES,     /* nproperty structs */
};

struct vqe_member {
  const char *column; /* of the result file; NULL: in the bytes alone */
  enum vqe_member_kind kind;
  bool in_bytes;
  unsigned since; /* version of the bytes that brought it */
  double absent;  /* its value in older bytes and files; NaN: null */
  size_t offset;
  size_t size; /* CHARS: of the array; COUNT: see there */
  const char *unit;
  const char *doc;
};

struct vqe_members {
  size_t count;
  const struct vqe_member *list;
};

extern const struct vqe_members vqe_members_experiment;
extern const struct vqe_members vqe_members_result;
/* Those of the result that are columns of its evaluations. */
extern const struct vqe_members vqe_members_evaluations;

/* The newest `since`. */
unsigned vqe_members_version(void);

/* Give a member of a zeroed struct the value it has where an older file lacks
 * it: that of a run which did not know the setting, NaN for other doubles. */
void vqe_member_set_absent(const struct vqe_member *member, void *self);

/* Entry of a table of one's own: column of `type`, read from its member. */
#define VQE_MEMBER_COLUMN(column_, kind_, type, member, unit_)                \
  {                                                                           \
    .column = (column_), .kind = VQE_MEMBER_##kind_, .since = 1,              \
    .absent = NAN, .offset = offsetof(type, member),                          \
    .size = sizeof(((type *)0)->member), .unit = (unit_)                      \
  }

#endif
