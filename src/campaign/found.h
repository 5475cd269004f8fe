/* What result files and journals hold of experiments, read without a lock and
 * without a trace, also while a run writes them. */
#ifndef VQE_CAMPAIGN_FOUND_H
#define VQE_CAMPAIGN_FOUND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "base/log.h"
#include "batch/owner.h"
#include "batch/owner_record.h"
#include "batch/suspects.h"
#include "vqe/experiment.h"

/* One experiment. */
struct vqe_found_entry {
  char id[VQE_EXPERIMENT_ID_SIZE];
  size_t output; /* that holds it: index into vqe_found.outputs */
  bool ended;    /* there is a result */
  enum vqe_experiment_status status; /* of the result */
  /* Of the result; texts NULL where only evaluations are known. */
  char *name, *reason, *basis_set, *ansatz_name, *optimizer, *init_strategy;
  int64_t seed;
  int num_qubits;
  bool converged;
  double energy, fci_energy; /* total, hartree; NaN: null */
  double seconds;            /* of its run */
  double finished;           /* seconds since 1970; NaN: not known */
  /* In journals: where it stands, and evaluations. */
  bool phased;                              /* `phase` is known, of `run` */
  char seedless_id[VQE_EXPERIMENT_ID_SIZE]; /* with `phase`, else "" */
  enum vqe_phase phase;
  int iteration;     /* the last one; 0: none */
  double electronic; /* lowest energy, hartree; NaN: none */
  int looked;        /* `iteration` at the look before this one; 0: none */
  double rate;       /* evaluations a second between the two; NaN: not known */
  int run, rank;     /* of the journal with the last of these; rank also of
                        the result */
  bool in_flight;    /* when the last run of its output died, or was killed */
  bool died;         /* and its rank had not been asked to stop before */
  int deaths;        /* of ranks, that count against it */
};

/* A journal, and how far it has been read. */
struct vqe_found_journal {
  char *path;
  int run, rank;
  size_t from;
};

struct vqe_found_output {
  char *path;                /* of the result file, there or not */
  struct vqe_file_mark mark; /* of it when it was read */
  size_t njournal;
  struct vqe_found_journal *journals;
  int run;   /* the newest with a journal there; -1: none */
  int ranks; /* journals of that run */
  bool live; /* a run has it, by `owner` */
  struct vqe_suspects suspects;
  bool refused; /* its files are damaged, hostile or another user's: said */
  struct vqe_owner_record owner;
};

struct vqe_found {
  const struct vqe_log *log;
  size_t noutput, count, capacity;
  struct vqe_found_output *outputs;
  struct vqe_found_entry *entries;
  json_t *index;  /* id -> number of the entry */
  json_t *places; /* path -> number of the output */
  double looked;  /* wall clock of the last look; 0: none */
};

/* What is refused is said in `log`. */
int vqe_found_create(struct vqe_found **out, const struct vqe_log *log);
void vqe_found_free(struct vqe_found *found);

/* Add an output to what is looked at, and *index its number; one that is there
 * already keeps its number. */
int vqe_found_add(size_t *index, struct vqe_found *found, const char *output);
/* Read what is new in all outputs. An output without files is none yet. With
 * `go_on`, one whose files cannot be read (VQE_ERR_INPUT) is warned of once,
 * counts as refused, and the others are read, unless it is the only one. */
int vqe_found_read(struct vqe_found *found, bool go_on);
/* NULL: nothing is known of it. */
const struct vqe_found_entry *vqe_found_get(const struct vqe_found *found,
                                            const char *id);
/* Is it running, as far as its files show? */
bool vqe_found_runs(const struct vqe_found *found,
                    const struct vqe_found_entry *entry);

#endif
