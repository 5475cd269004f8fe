/* What a report keeps of one experiment, wherever it comes from. */
#ifndef VQE_PAGES_PAGE_RUN_H
#define VQE_PAGES_PAGE_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/table_settings.h"
#include "vqe/experiment.h"

/* Points that are kept of a convergence, and terms of a Hamiltonian. */
#define VQE_PAGES_POINTS 160
#define VQE_PAGES_TERMS 16
/* Bytes and qubits of a circuit that can be drawn; schemas/sql/report.sql
 * knows them too. */
#define VQE_PAGES_CIRCUIT 24000
#define VQE_PAGES_CIRCUIT_QUBITS 12
/* Bytes of a foreign text that are kept, as one can be of any length. */
#define VQE_PAGES_TEXT 4096

/* Wall times, in the order of the run. */
enum vqe_pages_phase {
  VQE_PAGES_INTEGRALS,
  VQE_PAGES_SCF, /* of tables: with integrals and transformation */
  VQE_PAGES_TRANSFORM,
  VQE_PAGES_MAPPING,
  VQE_PAGES_FCI,
  VQE_PAGES_VQE,
  VQE_PAGES_OTHER,
  VQE_PAGES_PHASES
};

struct vqe_pages_point {
  double step;   /* number of the evaluation, from 1 */
  double energy; /* total, hartree */
  double lowest; /* so far */
  double std;    /* 0 when exact */
};

struct vqe_pages_term {
  char *label;
  double re, im;
};

/* NaN in a double: not known. Texts are UTF-8 without controls, never NULL.
 * All owned. */
struct vqe_pages_run {
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *name, *reason;
  char *notes; /* lines "code: text" */
  char cells[VQE_REPORT_SETTINGS][VQE_REPORT_CELL];
  bool of_tables; /* a row of the tables, which do not hold all settings */
  bool failed, converged, sampled;
  int state_ok; /* 1, 0, -1: not known */
  int accurate; /* within chemical accuracy in the right state; the same */
  int nqubit, nparam;
  size_t neval;
  double energy; /* total; of sampled runs `exact` decides where known */
  double std, exact, hf, mp2, fci, n, s2;
  double noisy; /* total, of the final state with noise; NAN: none */
  double seconds[VQE_PAGES_PHASES], seconds_total, peak_memory_mb;
  int rank, ranks, threads; /* -1: not known */
  double began, ended;      /* seconds since 1970 */
  char *version, *host, *device, *backend, *job;
  char started[25];
  int charge, multiplicity;
  size_t natom;
  char (*symbols)[4];
  double *xyz; /* natom x 3, angstrom */
  size_t npoint;
  struct vqe_pages_point *points;
  size_t nterm; /* kept, of the largest magnitude first */
  struct vqe_pages_term *terms;
  size_t nterm_rest;     /* not kept, the identity left out */
  double rest, identity; /* sum of their magnitudes; coefficient */
  size_t noccupation;
  double *occupations;
  char *circuit; /* OpenQASM 3, or NULL: too large to be drawn */
  size_t problem, group, family; /* numbers that grouping gives */
};

/* Energy that orders runs and is compared. */
double vqe_pages_run_energy(const struct vqe_pages_run *run);
/* Random points without an optimizer, which cannot converge. */
bool vqe_pages_is_landscape(const struct vqe_pages_run *run);
/* Has an optimizer converged? */
bool vqe_pages_has_converged(const struct vqe_pages_run *run);
/* Error to FCI, millihartree. */
double vqe_pages_run_error(const struct vqe_pages_run *run);

/* Between two atoms, angstrom. */
double vqe_pages_run_distance(const struct vqe_pages_run *run, size_t a,
                              size_t b);

int vqe_pages_run_of(struct vqe_pages_run **out,
                     const struct vqe_result *result);
/* Of a row of the tables; what a row lacks, or has of another type, is taken
 * for not known. */
int vqe_pages_run_of_row(struct vqe_pages_run **out, const json_t *row);
void vqe_pages_run_free(struct vqe_pages_run *run);

/* Empty, for both. */
int vqe_pages_run_create(struct vqe_pages_run **out);
/* Copy of foreign text, its first VQE_PAGES_TEXT bytes; NULL gives "". */
int vqe_pages_run_text(char **out, const char *foreign);
/* Which evaluations are kept of `count`: all, or the first ones and then more
 * and more apart, with the last. Returns how many. */
size_t vqe_pages_run_steps(size_t steps[VQE_PAGES_POINTS], size_t count);
/* Keep the largest of `count` terms; `all` is sorted. */
int vqe_pages_run_keep_terms(struct vqe_pages_run *run,
                             struct vqe_pages_term *all, size_t count);

#endif
