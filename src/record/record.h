/* The result record (schemas/avro, VQEDecoratedResult) in
 * C: the one form that results of every source are brought into - an HDF5
 * file, a spool, a topic, raw files - before they are published or become
 * tables. Knows no file format.
 *
 * NaN stands for null in a nullable double. Energies in hartree, times in
 * seconds. All pointers owned, allocated by malloc's family; arrays may be
 * NULL when empty. */
#ifndef VQE_RECORD_RECORD_H
#define VQE_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vqe/experiment.h"

/* A nullable int. */
struct vqe_maybe_int {
  bool set;
  int32_t value;
};

/* A nullable long. */
struct vqe_maybe_long {
  bool set;
  int64_t value;
};

enum vqe_maybe_bool { VQE_MAYBE_NULL = -1, VQE_MAYBE_FALSE, VQE_MAYBE_TRUE };

struct vqe_record_term {
  char *label; /* Pauli string, qubit 0 rightmost */
  double real, imaginary;
};

struct vqe_record_iteration {
  int32_t iteration; /* from 1, as the record says it */
  size_t nparam;
  const double *parameters; /* into the record's iteration_parameters */
  double result;            /* electronic */
  double std;
  double energy_delta;          /* nullable */
  double parameter_delta_norm;  /* nullable */
  double cumulative_min_energy; /* nullable */
};

struct vqe_record_property {
  char *name;      /* as vqe/experiment.h has it */
  int32_t columns; /* of a matrix; 0: a list */
  size_t nvalue;
  double *values; /* row by row */
};

/* One member for each scalar of record/fields.def, under the names of the
 * struct, then the lists. */
struct vqe_record {
#define VQE_RECORD_TEXT(member, value) char *member;
#define VQE_RECORD_MAYBE_TEXT(member, value) char *member; /* NULL: null */
#define VQE_RECORD_TEXT_OR_NULL(member, value, missing) char *member;
#define VQE_RECORD_INT(member, value) int32_t member;
#define VQE_RECORD_MAYBE_INT(member, value) struct vqe_maybe_int member;
#define VQE_RECORD_INT_OR_NULL(member, value) struct vqe_maybe_int member;
#define VQE_RECORD_MAYBE_LONG(member, value) struct vqe_maybe_long member;
#define VQE_RECORD_BOOL(member, value) bool member;
#define VQE_RECORD_MAYBE_BOOL(member, value) enum vqe_maybe_bool member;
#define VQE_RECORD_DOUBLE(member, value) double member;
#define VQE_RECORD_MAYBE_DOUBLE(member, value) double member; /* NaN: null */
#define VQE_RECORD_DOUBLES(member, count)
#define VQE_RECORD_MAYBE_DOUBLES(member, count, flag)
#define VQE_RECORD_TEXTS(member, count)
#define VQE_RECORD_ROWS(member, count, lengths)
#define VQE_RECORD_RECORDS(member, count, group)
#define VQE_RECORD_MAYBE_RECORDS(member, count, group, flag)
#define VQE_RECORD_RECORD(group)
#define VQE_RECORD_MAYBE_RECORD(group, flag)
#define VQE_RECORD_MEMBER(kind, name, column, unit, doc) VQE_RECORD_##kind
#define INITIAL VQE_RECORD_MEMBER
#define OUTCOME VQE_RECORD_MEMBER
#define ATOMS VQE_RECORD_MEMBER
#define REFERENCE VQE_RECORD_MEMBER
#define PROVENANCE VQE_RECORD_MEMBER
#define DIAGNOSTICS VQE_RECORD_MEMBER
#define DECORATED VQE_RECORD_MEMBER
#include "record/fields.def"
  size_t nterm;
  struct vqe_record_term *terms; /* hamiltonian */
  size_t ninitial;               /* length of initial_parameters */
  double *initial_parameters;
  size_t niteration;
  struct vqe_record_iteration *iterations;
  double *iteration_parameters; /* all iterations' parameters, in order; the
                                   iterations point into it. Iterations of
                                   one record may differ in length */
  size_t noptimal;
  double *optimal_parameters;
  size_t natom; /* length of symbols */
  char **symbols;
  size_t ncoord;         /* rows of coords; natom in a sound record */
  size_t *coord_lengths; /* ncoord lengths of the rows, 3 in a sound one */
  double *coords;        /* the rows one after another */
  bool has_masses;       /* false: null */
  size_t nmass;          /* length of masses */
  double *masses;        /* atomic mass units */
  bool has_references;   /* false: the record of that name is null */
  bool has_provenance;
  bool has_diagnostics;
  size_t nnote;       /* length of notes */
  char **notes;       /* their codes */
  size_t nscan;       /* length of scan */
  double *scan;       /* coordinates of the point of a scan, or its number */
  size_t ndipole;     /* length of dipole: 3 or 0 */
  double *dipole;     /* e bohr */
  size_t noccupation; /* length of natural_occupations */
  double *natural_occupations;
  size_t ncircuit;         /* length of circuit */
  double *circuit;         /* in the order of the columns of ansatz_info */
  bool has_gradient_norms; /* false: null */
  size_t ngradient_norm;   /* length of gradient_norms: the evaluations */
  double *gradient_norms;  /* hartree/rad; NaN: none was computed */
  bool has_properties;     /* false: null */
  size_t nproperty;        /* length of properties */
  struct vqe_record_property *properties;
};

/* Empty record: nullable doubles NaN, maybes null. Fill it, then
 * vqe_record_validate. */
int vqe_record_create(struct vqe_record **out);
void vqe_record_free(struct vqe_record *record);

/* Record of a finished experiment, texts and arrays copied. VQE_ERR_INPUT
 * for one that failed or did not run: it cannot be a record. */
int vqe_record_from_result(struct vqe_record **out,
                           const struct vqe_result *result);

/* Required texts are there and are UTF-8, counts fit the arrays. `where`
 * ("file 'a.avro', record 3") goes in front of the message. Non-finite
 * numbers are no fault here: the lake counts them. */
int vqe_record_validate(const struct vqe_record *record, const char *where);

/* Compute experiment_id where it is null, by the contract's rule for records
 * that others made: molecule_data, basis_set and initial_data as they
 * stand. */
int vqe_record_identify(struct vqe_record *record);

/* That id, and the canonical text under it, whatever experiment_id is; free
 * *text by free(). */
int vqe_record_canonical(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                         const struct vqe_record *record);

/* Infinities anywhere, and NaN where the schema has no null: the values that
 * tables hold null for without the record having said null. */
size_t vqe_record_nonfinite(const struct vqe_record *record);

#endif
