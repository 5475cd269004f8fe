/** @file
 * Several processes that hold one state together.
 *
 * A team is a table of functions over whatever carries messages; this library
 * knows no MPI. Rank 0 of a team uses an estimator as if it were alone: the
 * state is split, and the other ranks, inside vqe_team_serve(), do their
 * shares of every call. Only rank 0 has results. */
#ifndef VQE_TEAM_H
#define VQE_TEAM_H

#include <stddef.h>

#include "vqe/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The functions are collective: all ranks call the same ones in the same
 * order. They cannot fail: who loses a rank ends the process. */
struct vqe_team {
  void *ctx; /**< first argument of the functions */
  int rank;  /**< of this process */
  int size;  /**< ranks */
  /** Doubles of one message buffer, of which a rank has three; the same on
   * all; 0 for a quarter of a share, 4 to 32 MB. A row of the state for each
   * rank fits in any case. */
  size_t buffer;
  /** Copy rank 0's bytes to all. The others wait here for their next task,
   * for hours perhaps. */
  void (*broadcast)(void *ctx, void *data, size_t bytes);
  /** values[k] becomes its sum over the ranks, with the same bits on all, and
   * with the same bits in every run of as many ranks. */
  void (*sum)(void *ctx, double *values, size_t count);
  /** Send send_count[r] doubles at send[r] to each rank r, receive likewise.
   * What rank a sends b in its n-th message to b, b receives in its n-th
   * message from a; a count of 0 is no message, so a rank that has none need
   * not call. */
  void (*exchange)(void *ctx, double *const *recv, const size_t *recv_count,
                   const double *const *send, const size_t *send_count);
};

/** Ranks above 0: do the shares of what rank 0 asks for, with `threads` OpenMP
 * threads, until it dismisses the team. Failures (no memory) are rank 0's to
 * report and do not end this. */
VQE_API void vqe_team_serve(const struct vqe_team *team, int threads);

/** Rank 0: let the others return. */
VQE_API void vqe_team_dismiss(const struct vqe_team *team);

#ifdef __cplusplus
}
#endif
#endif
