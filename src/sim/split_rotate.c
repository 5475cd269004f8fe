#include "sim/split_rotate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/givens.h"

/* An own row whose partner belongs to another rank. */
struct remote {
  uint32_t string; /* the own one */
  uint8_t class;   /* its class */
  bool from;       /* it is the lower one: the excitation leads away */
  double sign;
};

/* The pairs of one excitation of alpha strings that concern this rank. */
struct alpha_pairs {
  size_t nhome;
  struct vqe_string_pair *home;            /* both strings are own */
  uint32_t home_start[VQE_MAX_IRREPS + 1]; /* by class of `from` */
  struct remote *remote;
  uint32_t *remote_start; /* of each rank's, ranks + 1 */
};

struct list {
  size_t count;
  size_t ngate; /* gates of the ansatz that it holds */
  int nparam;
  struct vqe_givens *items;
};

struct vqe_split_rotations {
  struct vqe_split_space *space;
  const uint8_t *irrep;
  /* of alpha strings: keys alone, their pairs are sorted into `alpha` */
  struct vqe_givens_lists alpha_lists, beta_lists;
  struct alpha_pairs *alpha; /* of each alpha list */
  size_t alpha_capacity;
  struct list ansatz, pool;
  size_t reference; /* address of the Hartree-Fock determinant, or SIZE_MAX */
  const struct remote *
      *round;      /* ranks x rows_round, of the current messages */
  double *partial; /* one sum a chunk, a cache line apart */
};

/* ---- tables ---- */

/* Owner of the other string of a pair, -1 when neither is ours. */
static int classify(const struct vqe_split_space *space, bool *from,
                    const struct vqe_string_pair *pair)
{
  int me = space->team->rank;
  int lower = vqe_split_owner(
      space, vqe_strings_class(space->alpha, pair->from), pair->from);
  int upper = vqe_split_owner(space, vqe_strings_class(space->alpha, pair->to),
                              pair->to);
  *from = lower == me;
  return lower == me ? upper : upper == me ? lower : -1;
}

static int sort_pairs(struct alpha_pairs *out,
                      const struct vqe_split_space *space,
                      const struct vqe_string_pairs *pairs)
{
  size_t ranks = (size_t)space->team->size;
  int status = vqe_memory_alloc(&out->remote_start, ranks + 2,
                                sizeof *out->remote_start, "string pairs");
  for (int pass = 0; status == VQE_OK && pass < 2; pass++) {
    size_t home = 0;
    for (int c = 0; c < space->alpha->nclass; c++) {
      for (uint32_t k = pairs->start[c]; k < pairs->start[c + 1]; k++) {
        const struct vqe_string_pair *pair = &pairs->items[k];
        bool from;
        int other = classify(space, &from, pair);
        if (other < 0) {
          continue;
        }
        if (other == space->team->rank) {
          if (pass == 1) {
            out->home[home] = *pair;
          }
          home++;
          continue;
        }
        if (pass == 0) {
          out->remote_start[other + 2]++;
          continue;
        }
        /* both sides have their pairs in this order */
        uint32_t own = from ? pair->from : pair->to;
        out->remote[out->remote_start[other + 1]++] =
            (struct remote){own, (uint8_t)vqe_strings_class(space->alpha, own),
                            from, pair->sign};
      }
      out->home_start[c + 1] = (uint32_t)home;
    }
    if (pass == 0) {
      for (size_t r = 0; r < ranks; r++) {
        out->remote_start[r + 2] += out->remote_start[r + 1];
      }
      out->nhome = home;
      status = vqe_memory_alloc(&out->home, home, sizeof *out->home,
                                "string pairs");
      if (status == VQE_OK) {
        status = vqe_memory_alloc(&out->remote, out->remote_start[ranks + 1],
                                  sizeof *out->remote, "string pairs");
      }
    }
  }
  return status;
}

static void alpha_pairs_clear(struct alpha_pairs *pairs)
{
  free(pairs->home);
  free(pairs->remote);
  free(pairs->remote_start);
  memset(pairs, 0, sizeof *pairs);
}

/* Sort the newest list of alpha pairs into what is at home and what is not. */
static int add_alpha(struct vqe_split_rotations *rotations)
{
  struct vqe_givens_lists *lists = &rotations->alpha_lists;
  VQE_ASSERT(lists->count > 0);
  size_t n = lists->count - 1;
  int status = VQE_OK;
  if (lists->capacity > rotations->alpha_capacity) {
    status = vqe_memory_grow(&rotations->alpha, n, lists->capacity,
                             sizeof *rotations->alpha, "excitation lists");
    if (status == VQE_OK) {
      rotations->alpha_capacity = lists->capacity;
    }
  }
  if (status == VQE_OK) {
    status =
        sort_pairs(&rotations->alpha[n], rotations->space, &lists->pairs[n]);
    if (status != VQE_OK) {
      alpha_pairs_clear(&rotations->alpha[n]);
    }
  }
  vqe_string_pairs_clear(&lists->pairs[n]);
  if (status != VQE_OK) {
    lists->count = n;
  }
  return status;
}

static int find_alpha(size_t *out, struct vqe_split_rotations *rotations,
                      const struct vqe_givens_key *key)
{
  struct vqe_givens_lists *lists = &rotations->alpha_lists;
  size_t before = lists->count;
  int status = vqe_givens_lists_find(out, lists, rotations->space->alpha, key);
  if (status == VQE_OK && lists->count > before) {
    status = add_alpha(rotations);
  }
  return status;
}

static int make_rotation(struct vqe_givens *rotation,
                         struct vqe_split_rotations *rotations,
                         const struct vqe_gate *gate)
{
  const struct vqe_split_space *space = rotations->space;
  int norb = space->alpha->norb;
  struct vqe_givens_key on_alpha;
  struct vqe_givens_key on_beta;
  int status = vqe_givens_read(rotation, &on_alpha, &on_beta, gate,
                               rotations->irrep, norb);
  if (status == VQE_OK &&
      vqe_givens_irrep(gate, rotations->irrep, norb) != 0) {
    status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                           "an excitation leaves the symmetry of the sector; "
                           "screen the excitations by irreps");
  }
  if (status == VQE_OK && rotation->kind != VQE_GIVENS_BETA) {
    status = find_alpha(&rotation->on_alpha, rotations, &on_alpha);
  }
  if (status == VQE_OK && rotation->kind != VQE_GIVENS_ALPHA) {
    status = vqe_givens_lists_find(&rotation->on_beta, &rotations->beta_lists,
                                   space->beta, &on_beta);
  }
  return status;
}

static void find_reference(struct vqe_split_rotations *rotations)
{
  const struct vqe_split_space *space = rotations->space;
  uint32_t s = vqe_strings_lowest(space->alpha);
  uint32_t u = vqe_strings_lowest(space->beta);
  int ca = vqe_strings_class(space->alpha, s);
  rotations->reference = SIZE_MAX;
  if (vqe_split_owner(space, ca, s) == space->team->rank) {
    rotations->reference = vqe_split_row(space, ca, s) +
                           (u - space->beta->class_start[ca ^ space->total]);
  }
}

int vqe_split_rotations_create(struct vqe_split_rotations **out,
                               struct vqe_split_space *space,
                               const uint8_t *irrep)
{
  struct vqe_split_rotations *rotations = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&rotations, 1, sizeof *rotations, "rotations");
  if (status != VQE_OK) {
    return status;
  }
  rotations->space = space;
  rotations->irrep = irrep;
  find_reference(rotations);
  status = vqe_memory_alloc(&rotations->partial, (size_t)8 * VQE_GIVENS_CHUNKS,
                            sizeof(double), "partial sums");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&rotations->round,
                              (size_t)space->team->size * space->rows_round,
                              sizeof(const struct remote *), "message rows");
  }
  if (status != VQE_OK) {
    vqe_split_rotations_free(rotations);
    return status;
  }
  *out = rotations;
  return VQE_OK;
}

static int extend(struct vqe_split_rotations *rotations, struct list *list,
                  const struct vqe_ansatz *ansatz)
{
  size_t before = list->count;
  int status = vqe_memory_grow(&list->items, before,
                               before + ansatz->ngate - list->ngate,
                               sizeof *list->items, "rotations");
  for (size_t k = list->ngate; status == VQE_OK && k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    if (vqe_gate_order(gate->kind) > 0) {
      status = make_rotation(&list->items[list->count++], rotations, gate);
    } else if (gate->kind != VQE_GATE_X) {
      status = vqe_error_set(VQE_ERR_UNSUPPORTED,
                             "there are gates that a split sector cannot "
                             "hold");
    }
  }
  if (status != VQE_OK) {
    list->count = before;
    return status;
  }
  list->ngate = ansatz->ngate;
  list->nparam = ansatz->nparam;
  return VQE_OK;
}

int vqe_split_rotations_extend(struct vqe_split_rotations *rotations,
                               const struct vqe_ansatz *ansatz)
{
  return extend(rotations, &rotations->ansatz, ansatz);
}

int vqe_split_rotations_pool(struct vqe_split_rotations *rotations,
                             const struct vqe_ansatz *pool)
{
  free(rotations->pool.items);
  memset(&rotations->pool, 0, sizeof rotations->pool);
  return extend(rotations, &rotations->pool, pool);
}

void vqe_split_rotations_free(struct vqe_split_rotations *rotations)
{
  if (rotations == NULL) {
    return;
  }
  for (size_t k = 0; k < rotations->alpha_lists.count; k++) {
    alpha_pairs_clear(&rotations->alpha[k]);
  }
  free(rotations->alpha);
  vqe_givens_lists_clear(&rotations->alpha_lists);
  vqe_givens_lists_clear(&rotations->beta_lists);
  free(rotations->ansatz.items);
  free(rotations->pool.items);
  free(rotations->round);
  free(rotations->partial);
  free(rotations);
}

/* ---- pairs at home ---- */

static struct vqe_givens_rows rows_of(const struct vqe_split_space *space,
                                      int ca)
{
  return (struct vqe_givens_rows){
      .string = vqe_split_first(space, ca, space->team->rank),
      .address = space->offset[ca],
      .cols = vqe_split_cols(space, ca),
      .column = space->beta->class_start[ca ^ space->total],
  };
}

/* Pairs (for beta, rows) whose lower string is of class ca. */
static void turn_class(struct vqe_givens_sweep *sweep,
                       const struct vqe_split_rotations *rotations,
                       const struct vqe_givens *rotation, int ca)
{
  const struct vqe_split_space *space = rotations->space;
  struct vqe_givens_block block = {
      .kind = rotation->kind,
      .sum_rows = true,
      .from = rows_of(space, ca),
      .to = rows_of(space, ca ^ rotation->g),
  };
  long begin = 0;
  long end = (long)(space->row_start[ca + 1] - space->row_start[ca]);
  if (rotation->kind != VQE_GIVENS_BETA) {
    const struct alpha_pairs *pairs = &rotations->alpha[rotation->on_alpha];
    block.rows = pairs->home;
    begin = (long)pairs->home_start[ca];
    end = (long)pairs->home_start[ca + 1];
  }
  if (rotation->kind != VQE_GIVENS_ALPHA) {
    const struct vqe_string_pairs *pairs =
        &rotations->beta_lists.pairs[rotation->on_beta];
    int cb = ca ^ space->total;
    block.first = pairs->items + pairs->start[cb];
    block.last = pairs->items + pairs->start[cb + 1];
  }
  vqe_givens_apply(sweep, &block, begin, end,
                   end - begin < VQE_GIVENS_CHUNKS ? 1 : VQE_GIVENS_CHUNKS);
}

/* ---- pairs between ranks ---- */

/* The pairs of beta strings that go with an own row, NULL for all columns. */
static const struct vqe_string_pair *
remote_betas(const struct vqe_split_rotations *rotations,
             const struct vqe_givens *rotation, const struct remote *remote,
             size_t *width)
{
  const struct vqe_split_space *space = rotations->space;
  if (rotation->kind == VQE_GIVENS_ALPHA) {
    *width = vqe_split_cols(space, remote->class);
    return NULL;
  }
  const struct vqe_string_pairs *betas =
      &rotations->beta_lists.pairs[rotation->on_beta];
  int cb = remote->class ^ space->total ^ (remote->from ? 0 : rotation->g);
  *width = betas->start[cb + 1] - betas->start[cb];
  return betas->items + betas->start[cb];
}

/* Copy what an own row shares with its partner: of the state, then of the
 * adjoint state. */
static void pack(const struct vqe_split_rotations *rotations,
                 const struct vqe_givens *rotation,
                 const struct remote *remote, double *to, const double *psi,
                 const double *lambda)
{
  const struct vqe_split_space *space = rotations->space;
  size_t width;
  const struct vqe_string_pair *betas =
      remote_betas(rotations, rotation, remote, &width);
  size_t row = vqe_split_row(space, remote->class, remote->string);
  uint32_t base = space->beta->class_start[remote->class ^ space->total];
  const double *vectors[2] = {psi, lambda};
  for (int v = 0; v < 2 && vectors[v] != NULL; v++, to += width) {
    const double *from = vectors[v] + row;
    if (betas == NULL) {
      memcpy(to, from, width * sizeof *to);
      continue;
    }
    for (size_t k = 0; k < width; k++) {
      to[k] = from[(remote->from ? betas[k].from : betas[k].to) - base];
    }
  }
}

/* The own half of rows that are turned whole: forwards, own' = c own + turn
 * other. */
static void turn_half(double *restrict own, const double *restrict other,
                      size_t n, double c, double turn)
{
  for (size_t k = 0; k < n; k++) {
    own[k] = c * own[k] + turn * other[k];
  }
}

/* Backwards with the adjoint state, packed behind the state; what the lower
 * side counts of the derivative. */
static double turn_half_back(double *restrict own, double *restrict lambda,
                             const double *restrict other, size_t n, double c,
                             double turn)
{
  const double *adjoint = other + n;
  double sum = 0.0;
  for (size_t k = 0; k < n; k++) {
    double a = own[k];
    double la = lambda[k];
    sum += adjoint[k] * a - la * other[k];
    own[k] = c * a + turn * other[k];
    lambda[k] = c * la + turn * adjoint[k];
  }
  return sum;
}

/* Turn an own row; `other` is what its partner packed. The lower side of the
 * pair counts its share of the derivative. */
static double turn_remote(const struct vqe_split_rotations *rotations,
                          const struct vqe_givens *rotation,
                          const struct remote *remote, const double *other,
                          double *psi, double *lambda, double c, double s)
{
  const struct vqe_split_space *space = rotations->space;
  size_t width;
  const struct vqe_string_pair *betas =
      remote_betas(rotations, rotation, remote, &width);
  size_t row = vqe_split_row(space, remote->class, remote->string);
  uint32_t base = space->beta->class_start[remote->class ^ space->total];
  double *own = psi + row;
  double sum = 0.0;
  /* forwards x' = c x - turn y, y' = c y + turn x; backwards the reverse */
  double side = (remote->from ? -1.0 : 1.0) * (lambda == NULL ? 1.0 : -1.0);
  double turn = side * s * remote->sign;
  if (betas == NULL && lambda == NULL) {
    turn_half(own, other, width, c, turn);
  } else if (betas == NULL) {
    sum = turn_half_back(own, lambda + row, other, width, c, turn);
  } else if (lambda == NULL) {
    for (size_t k = 0; k < width; k++) {
      size_t at = (remote->from ? betas[k].from : betas[k].to) - base;
      own[at] = c * own[at] + turn * betas[k].sign * other[k];
    }
  } else {
    const double *adjoint = other + width;
    for (size_t k = 0; k < width; k++) {
      size_t at = (remote->from ? betas[k].from : betas[k].to) - base;
      double a = own[at];
      double la = lambda[row + at];
      double t = turn * betas[k].sign;
      sum += betas[k].sign * (adjoint[k] * a - la * other[k]);
      own[at] = c * a + t * other[k];
      lambda[row + at] = c * la + t * adjoint[k];
    }
  }
  return remote->from ? remote->sign * sum : 0.0;
}

/* One message to and from each rank; false when there is nothing left. */
static bool remote_round(struct vqe_split_rotations *rotations,
                         const struct vqe_givens *rotation, size_t round,
                         long *count, bool both)
{
  struct vqe_split_space *space = rotations->space;
  struct vqe_split_message *message = &space->message;
  const struct alpha_pairs *pairs = &rotations->alpha[rotation->on_alpha];
  size_t used = 0;
  long n = 0;
  for (int r = 0; r < space->team->size; r++) {
    size_t first = pairs->remote_start[r] + round * space->rows_round;
    size_t last = first + space->rows_round;
    size_t end = pairs->remote_start[r + 1];
    message->send[r] = space->send + used;
    message->recv[r] = space->recv + used;
    size_t before = used;
    for (size_t i = first; i < last && i < end; i++) {
      size_t width;
      (void)remote_betas(rotations, rotation, &pairs->remote[i], &width);
      rotations->round[n] = &pairs->remote[i];
      space->at[n++] = used;
      used += both ? 2 * width : width;
    }
    message->send_count[r] = used - before;
    message->recv_count[r] = used - before;
  }
  *count = n;
  return n > 0;
}

static double turn_between(struct vqe_split_rotations *rotations,
                           const struct vqe_givens *rotation, double *psi,
                           double *lambda, double c, double s)
{
  struct vqe_split_space *space = rotations->space;
  double sum = 0.0;
  long n;
  for (size_t round = 0;
       remote_round(rotations, rotation, round, &n, lambda != NULL); round++) {
    long chunks = n < VQE_GIVENS_CHUNKS ? 1 : VQE_GIVENS_CHUNKS;
#pragma omp parallel for schedule(static)                                     \
    num_threads(space->threads) if (space->threads > 1 && chunks > 1)
    for (long k = 0; k < n; k++) {
      pack(rotations, rotation, rotations->round[k],
           space->send + space->at[k], psi, lambda);
    }
    vqe_split_exchange(space);
#pragma omp parallel for schedule(static)                                     \
    num_threads(space->threads) if (space->threads > 1 && chunks > 1)
    for (long k = 0; k < chunks; k++) {
      double part = 0.0;
      for (long i = n * k / chunks; i < n * (k + 1) / chunks; i++) {
        part += turn_remote(rotations, rotation, rotations->round[i],
                            space->recv + space->at[i], psi, lambda, c, s);
      }
      rotations->partial[8 * k] = part;
    }
    for (long k = 0; k < chunks; k++) {
      sum += rotations->partial[8 * k];
    }
  }
  return sum;
}

/* ---- sweeps ---- */

static double turn(struct vqe_split_rotations *rotations,
                   const struct vqe_givens *rotation, double angle,
                   double *psi, double *lambda)
{
  double c = cos(angle);
  double s = sin(angle);
  struct vqe_givens_sweep sweep = {
      .psi = psi,
      .lambda = lambda,
      .c = c,
      .s = s,
      .threads = rotations->space->threads,
      .partial = rotations->partial,
  };
  for (int ca = 0; ca < rotations->space->alpha->nclass; ca++) {
    turn_class(&sweep, rotations, rotation, ca);
  }
  double sum = sweep.sum;
  if (rotation->kind != VQE_GIVENS_BETA) {
    sum += turn_between(rotations, rotation, psi, lambda, c, s);
  }
  return sum;
}

void vqe_split_prepare(struct vqe_split_rotations *rotations, double *psi,
                       const double *parameters)
{
  memset(psi, 0, rotations->space->size * sizeof *psi);
  if (rotations->reference != SIZE_MAX) {
    psi[rotations->reference] = 1.0;
  }
  for (size_t k = 0;
       k < rotations->ansatz.count &&
       !vqe_split_stop_asked(rotations->space, rotations->space->share);
       k++) {
    const struct vqe_givens *rotation = &rotations->ansatz.items[k];
    (void)turn(rotations, rotation,
               rotation->scale * parameters[rotation->param], psi, NULL);
  }
}

double vqe_split_reference_weight(const struct vqe_split_rotations *rotations,
                                  const double *psi)
{
  double amplitude =
      rotations->reference != SIZE_MAX ? psi[rotations->reference] : 0.0;
  return amplitude * amplitude;
}

void vqe_split_sweep(struct vqe_split_rotations *rotations, double *gradient,
                     double *psi, double *lambda, const double *parameters)
{
  for (int k = 0; k < rotations->ansatz.nparam; k++) {
    gradient[k] = 0.0;
  }
  for (size_t k = rotations->ansatz.count;
       k-- > 0 &&
       !vqe_split_stop_asked(rotations->space, 2 * rotations->space->share);) {
    const struct vqe_givens *rotation = &rotations->ansatz.items[k];
    double sum =
        turn(rotations, rotation,
             rotation->scale * parameters[rotation->param], psi, lambda);
    gradient[rotation->param] += 2.0 * rotation->scale * sum;
  }
}

void vqe_split_slopes(struct vqe_split_rotations *rotations, double *out,
                      double *psi, double *lambda)
{
  for (int k = 0; k < rotations->pool.nparam; k++) {
    out[k] = 0.0;
  }
  for (size_t k = 0;
       k < rotations->pool.count &&
       !vqe_split_stop_asked(rotations->space, rotations->space->share);
       k++) {
    const struct vqe_givens *rotation = &rotations->pool.items[k];
    /* by no angle: what the backward sweep would see at a last gate */
    out[rotation->param] +=
        2.0 * rotation->scale * turn(rotations, rotation, 0.0, psi, lambda);
  }
}
