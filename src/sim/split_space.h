/* A sector vector split over the ranks of a team by rows.
 *
 * Each class of alpha strings is cut into equal runs of consecutive strings,
 * one a rank; a rank holds the rows of its strings, block by block as in
 * sim/layout.h. Strings and tables are whole on every rank. In the
 * colexicographic order inside a class the high orbitals decide the rank, so
 * excitations among low ones stay at home.
 *
 * What is reached by single excitations of the rows of a rank is fetched in
 * batches: as many own rows at a time as have their remote partners in a
 * buffer of bounded size. */
#ifndef VQE_SIM_SPLIT_SPACE_H
#define VQE_SIM_SPLIT_SPACE_H

#include "sim/sigma.h"
#include "vqe/team.h"

/* Own rows [first, last) of the list of own rows, the remote rows that they
 * need, and the own rows that others need while they work on theirs. */
struct vqe_split_batch {
  uint32_t first, last;
  uint32_t *need;                    /* strings, by owner */
  uint32_t *give;                    /* strings, by the rank that needs them */
  uint32_t *need_start, *give_start; /* of each rank's, ranks + 1 */
};

/* One message to and from each rank. */
struct vqe_split_message {
  double **recv;
  const double **send;
  size_t *recv_count, *send_count;
};

struct vqe_split_space {
  const struct vqe_team *team;
  const struct vqe_strings *alpha, *beta;
  const struct vqe_sigma *sigma;
  int threads;
  int total;                              /* symmetry of the vector */
  size_t size;                            /* own amplitudes */
  size_t offset[VQE_MAX_IRREPS];          /* of the own rows of each class */
  uint32_t row_start[VQE_MAX_IRREPS + 1]; /* own rows before each class */
  size_t widest;                          /* longest row, doubles */
  size_t nbatch;                          /* the same on every rank */
  struct vqe_split_batch *batches;
  const double **row;  /* of each alpha string, where it is in memory */
  size_t fetched_size; /* half a share, or 8 MB */
  double *fetched;     /* remote rows of the current batch */
  double *send, *recv, *slab;
  size_t buffer;     /* doubles of each of these three */
  size_t rows_round; /* rows that go to one rank at a time */
  size_t *at;        /* ranks x rows_round: places in a buffer */
  struct vqe_split_message message;
  struct vqe_stop *stop; /* of rank 0; NULL on the others */
  size_t share;          /* amplitudes of a rank, the same on all */
  size_t work;           /* since the ranks last agreed, the same on all */
  bool stopped;          /* the same on all */
};

/* sigma's strings and symmetry `total`; all must outlive the space. Not
 * collective: every rank computes the plans of all. */
int vqe_split_space_init(struct vqe_split_space *space,
                         const struct vqe_team *team,
                         const struct vqe_strings *alpha,
                         const struct vqe_strings *beta,
                         const struct vqe_sigma *sigma, int total,
                         int threads);
void vqe_split_space_clear(struct vqe_split_space *space);

/* Whether all ranks stop, after `work` more multiplications of each rank:
 * collective, with the same `work` on all. Rank 0 asks its `stop`; the ranks
 * agree a few times a second. What follows a stop is worth nothing, but every
 * rank must make the same calls. */
bool vqe_split_stop_asked(struct vqe_split_space *space, size_t work);

/* Bytes of a space whose largest share is `share` amplitudes in rows of at
 * most `widest`, its vectors not counted; an upper estimate. */
uint64_t vqe_split_space_bytes(uint64_t share, uint64_t widest,
                               uint64_t strings, int ranks);

static inline size_t vqe_split_cols(const struct vqe_split_space *space,
                                    int ca)
{
  const uint32_t *start = space->beta->class_start;
  int cb = ca ^ space->total;
  return start[cb + 1] - start[cb];
}

/* First string of class ca that belongs to `rank`; of rank + 1: its end. */
static inline uint32_t vqe_split_first(const struct vqe_split_space *space,
                                       int ca, int rank)
{
  const uint32_t *start = space->alpha->class_start;
  uint64_t n = start[ca + 1] - start[ca];
  return start[ca] +
         (uint32_t)(n * (uint64_t)rank / (uint64_t)space->team->size);
}

/* The rank that owns string s of class ca. */
static inline int vqe_split_owner(const struct vqe_split_space *space, int ca,
                                  uint32_t s)
{
  const uint32_t *start = space->alpha->class_start;
  uint64_t n = start[ca + 1] - start[ca];
  uint64_t k = s - start[ca];
  return (int)(((k + 1) * (uint64_t)space->team->size - 1) / n);
}

/* Address of the row of an own string. */
static inline size_t vqe_split_row(const struct vqe_split_space *space, int ca,
                                   uint32_t s)
{
  return space->offset[ca] +
         (size_t)(s - vqe_split_first(space, ca, space->team->rank)) *
             vqe_split_cols(space, ca);
}

/* Own row k of row_start's numbering: its class and string. */
static inline uint32_t vqe_split_string(const struct vqe_split_space *space,
                                        int *ca, uint32_t k)
{
  int c = 0;
  while (k >= space->row_start[c + 1]) {
    c++;
  }
  *ca = c;
  return vqe_split_first(space, c, space->team->rank) +
         (k - space->row_start[c]);
}

/* The messages that space->message describes. */
void vqe_split_exchange(struct vqe_split_space *space);

/* Collective. Bring the remote rows of batch k of `in` here and point
 * space->row at them and at the own rows. */
void vqe_split_fetch(struct vqe_split_space *space, size_t k,
                     const double *in);

/* Collective. out = (H - constant) in; both of space->size. Every rank moves
 * 2 (size of its share) doubles for H_alpha and the remote rows that its own
 * reach, counted at most once a batch, for the alpha-beta part. */
void vqe_split_sigma(struct vqe_split_space *space, double *out,
                     const double *in);

/* Collective. <S^2> and, when not NULL, rdm1 (norb x norb) as in
 * vqe_estimator_properties(); the same on every rank. */
int vqe_split_properties(struct vqe_split_space *space, double *s2,
                         double *rdm1, const double *in);

/* All ranks' statuses: VQE_OK when all are, else the first one's that is not,
 * with its message, on every rank. Collective. */
int vqe_split_agree(const struct vqe_team *team, int status);

#endif
