/* The molecules of a job, in input order. */
#ifndef VQE_JOB_JOB_MOLECULES_H
#define VQE_JOB_JOB_MOLECULES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/sha256.h"
#include "job/job_settings.h"
#include "vqe/molecule.h"

/* No frozen core is asked for; VQE_FROZEN_CORE_AUTO and numbers are. */
#define VQE_FROZEN_CORE_NONE INT_MIN

struct vqe_job_molecule {
  char *source;    /* "file 'a.json', molecule 2" */
  char *name;      /* display name */
  bool name_given; /* by the user: stays, whatever others are called */
  char *place;     /* name after the file, for titles that are not distinct */
  /* Why it cannot be computed, or NULL; then one of the next two is set. */
  char *reason;
  struct vqe_molecule *molecule;
  char *fcidump; /* path */
  char *fcidump_sha256;
  int multiplicity;
  /* What a QCSchema calculation asks for; name NULL, VQE_FROZEN_CORE_NONE and
   * no space: the job's. */
  struct vqe_job_basis basis;
  int frozen_core;
  struct vqe_job_space space;
  int qcschema;     /* version of the input, 0: another format */
  bool calculation; /* that is more than a molecule */
  char *scan;       /* the point of a scan, as the experiment's */
  /* The curve that the point belongs to, as the experiment's ("": none), and
   * where on it the point is. */
  char curve[VQE_SHA256_HEX_SIZE];
  size_t curve_at, curve_count;
  char *notes; /* what of the input has no effect, as vqe_notes_add */
};

struct vqe_job_molecules {
  size_t count;
  size_t capacity;
  struct vqe_job_molecule *items;
  struct vqe_job_inputs inputs; /* files that they were read from */
};

/* What a file holds, by its content, then its extension. */
enum vqe_job_format {
  VQE_JOB_FORMAT_JSON,
  VQE_JOB_FORMAT_XYZ,
  VQE_JOB_FORMAT_FCIDUMP
};
enum vqe_job_format vqe_job_format_of(const char *text, size_t size,
                                      const char *path);

/* Append the molecules of the key `molecules`: objects, or paths. A bad
 * molecule is an entry with a reason; a file that cannot be read, or a value
 * of another type, is an error. */
int vqe_job_molecules_read(struct vqe_job_molecules *molecules,
                           const struct vqe_job_value *value, const char *path,
                           const struct vqe_job_settings *settings);
/* Append what a molecule file or FCIDUMP holds. */
int vqe_job_molecules_parse(struct vqe_job_molecules *molecules,
                            const char *text, size_t size, const char *path,
                            const struct vqe_job_settings *settings);
/* Append what the file at `name` holds, a molecule file or FCIDUMP; `value`
 * says where the name stands. */
int vqe_job_molecules_read_file(struct vqe_job_molecules *molecules,
                                const char *name,
                                const struct vqe_job_value *value,
                                const struct vqe_job_settings *settings);
void vqe_job_molecules_clear(struct vqe_job_molecules *molecules);

/* Append a copy; *out is it, until the next one is added. */
int vqe_job_molecules_add_copy(struct vqe_job_molecules *molecules,
                               struct vqe_job_molecule **out,
                               const struct vqe_job_molecule *entry);
/* Append what another list holds; nothing is left there. */
int vqe_job_molecules_take(struct vqe_job_molecules *molecules,
                           struct vqe_job_molecule *entry);

#endif
