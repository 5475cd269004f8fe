/* The result file: one HDF5 file a run, written aside and renamed.
 * Layout: src/store/README.md. */
#ifndef VQE_STORE_HDF5_H
#define VQE_STORE_HDF5_H

#include <stdbool.h>
#include <stddef.h>

#include "vqe/experiment.h"

#define VQE_HDF5_LAYOUT_VERSION 1

/* Write `count` results in that order to `path`: a temporary file beside it,
 * fsync, rename. Bytes of an old file stay until the rename. */
int vqe_hdf5_write(const char *path, struct vqe_result *const *results,
                   size_t count);

/* The same in steps, so that a batch writes what is finished while the rest
 * is computed. One thread; nothing is at `path` before the end. */
struct vqe_hdf5_writer;

/* Begin the file that will be `path`, as `aside`, a name in a folder of ours
 * on the same file system; what has that name is removed. */
int vqe_hdf5_begin(struct vqe_hdf5_writer **out, const char *path,
                   const char *aside);
/* Write the arrays of the result that will be number `index`: most of what
 * there is to write. The result stays the caller's. After an error the writer
 * is good for nothing but vqe_hdf5_abandon(). */
int vqe_hdf5_add(struct vqe_hdf5_writer *writer, size_t index,
                 const struct vqe_result *result);
/* Whether each result added so far is in `results` at its index. */
bool vqe_hdf5_fits(const struct vqe_hdf5_writer *writer,
                   struct vqe_result *const *results, size_t count);
/* Write what is missing, put the file in place and free the writer, also
 * after an error. Every added result must fit. */
int vqe_hdf5_finish(struct vqe_hdf5_writer *writer,
                    struct vqe_result *const *results, size_t count);
/* Remove the unfinished file and free the writer; NULL is fine. */
void vqe_hdf5_abandon(struct vqe_hdf5_writer *writer);

/* Read every result back. VQE_ERR_NOT_FOUND when there is no file,
 * VQE_ERR_INPUT when it is no result file or of a newer layout. */
int vqe_hdf5_read(struct vqe_result ***out, size_t *count, const char *path);
void vqe_hdf5_free(struct vqe_result **results, size_t count);

/* Sees one result; it stays the caller's. Anything but VQE_OK ends the
 * visit and is returned. */
typedef int (*vqe_hdf5_visitor)(void *ctx, size_t index,
                                const struct vqe_result *result);

/* Visit every result in the order of the file. Errors as vqe_hdf5_read().
 * Memory: the scalars of all results, the arrays of one. */
int vqe_hdf5_visit(const char *path, vqe_hdf5_visitor visit, void *ctx);

/* ids and statuses only, for skipping finished experiments. */
struct vqe_hdf5_entry {
  char id[VQE_EXPERIMENT_ID_SIZE];
  enum vqe_experiment_status status;
};
int vqe_hdf5_list(struct vqe_hdf5_entry **out, size_t *count,
                  const char *path);

/* What the state of a batch shows of one result: scalars alone, so that a file
 * of thousands is read in a moment. Texts are the row's; NaN: null. */
struct vqe_hdf5_row {
  char id[VQE_EXPERIMENT_ID_SIZE];
  enum vqe_experiment_status status;
  char *name, *reason, *basis_set, *ansatz_name, *optimizer, *init_strategy;
  int64_t seed;
  int num_qubits;
  size_t neval;
  bool converged;
  double energy, fci_energy; /* total, hartree */
  double error_mha;
  double seconds_total;
  int mpi_rank, mpi_ranks;
  char started_at[25], finished_at[25]; /* RFC 3339, UTC */
};
/* Read the rows in the order of the file. Errors as vqe_hdf5_read(). */
int vqe_hdf5_rows(struct vqe_hdf5_row **out, size_t *count, const char *path);
void vqe_hdf5_rows_free(struct vqe_hdf5_row *rows, size_t count);

/* Check that `path` can be written: folder exists, is writable, and an old
 * file there is a result file of ours. */
int vqe_hdf5_check_writable(const char *path);

#endif
