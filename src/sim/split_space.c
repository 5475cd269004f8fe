#include "sim/split_space.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/sigma_tables.h"

/* Doubles of one message buffer: a quarter of a share, within these. */
#define LEAST_BUFFER ((size_t)1 << 19)
#define MOST_BUFFER ((size_t)1 << 22)
/* Doubles of remote rows that are kept: half a share, this at least. Fetching
 * rows again moves little compared with what rotations exchange. */
#define LEAST_FETCH ((size_t)1 << 20)
/* Characters of a message that go round. */
#define MESSAGE 480

/* Remote rows of one batch of one rank, while it is planned. */
struct plan {
  uint32_t *rows; /* alpha->count */
  uint32_t *mark; /* batch, from 1, that last took each string */
  uint8_t *class; /* of each alpha string */
};

static void batch_clear(struct vqe_split_batch *batch)
{
  free(batch->need);
  free(batch->give);
  free(batch->need_start);
  free(batch->give_start);
}

void vqe_split_space_clear(struct vqe_split_space *space)
{
  for (size_t k = 0; space->batches != NULL && k < space->nbatch; k++) {
    batch_clear(&space->batches[k]);
  }
  free(space->batches);
  free(space->row);
  free(space->fetched);
  free(space->send);
  free(space->recv);
  free(space->slab);
  free(space->at);
  free(space->message.recv);
  free(space->message.send);
  free(space->message.recv_count);
  free(space->message.send_count);
  memset(space, 0, sizeof *space);
}

static size_t buffer_limit(size_t share)
{
  size_t limit = share / 4;
  limit = limit > LEAST_BUFFER ? limit : LEAST_BUFFER;
  return limit < MOST_BUFFER ? limit : MOST_BUFFER;
}

static size_t fetch_limit(size_t share)
{
  return share / 2 > LEAST_FETCH ? share / 2 : LEAST_FETCH;
}

uint64_t vqe_split_space_bytes(uint64_t share, uint64_t widest,
                               uint64_t strings, int ranks)
{
  uint64_t least = 2 * widest * (uint64_t)ranks;
  uint64_t buffer = buffer_limit((size_t)share);
  return 8 * (fetch_limit((size_t)share) + 3 * (buffer + least)) +
         strings * 64;
}

/* ---- plans ---- */

static size_t row_width(const struct vqe_split_space *space,
                        const struct plan *plan, uint32_t s)
{
  return vqe_split_cols(space, plan->class[s]);
}

/* Owner first, then string. */
static int by_owner(const void *a, const void *b, void *ctx)
{
  const uint32_t s = *(const uint32_t *)a;
  const uint32_t t = *(const uint32_t *)b;
  const struct vqe_split_space *space = ((const void **)ctx)[0];
  const struct plan *plan = ((const void **)ctx)[1];
  int left = vqe_split_owner(space, plan->class[s], s);
  int right = vqe_split_owner(space, plan->class[t], t);
  if (left != right) {
    return left - right;
  }
  return s < t ? -1 : s > t;
}

static int add_batch(struct vqe_split_space *space, size_t k)
{
  size_t ranks = (size_t)space->team->size;
  if (k < space->nbatch) {
    return VQE_OK;
  }
  int status = vqe_memory_grow(&space->batches, space->nbatch, k + 1,
                               sizeof *space->batches, "exchange plan");
  if (status == VQE_OK) {
    struct vqe_split_batch *batch = &space->batches[k];
    space->nbatch = k + 1;
    status = vqe_memory_alloc(&batch->need_start, ranks + 1, sizeof(uint32_t),
                              "exchange plan");
    if (status == VQE_OK) {
      status = vqe_memory_alloc(&batch->give_start, ranks + 1,
                                sizeof(uint32_t), "exchange plan");
    }
  }
  return status;
}

/* Keep of a finished batch of `rank` what concerns this rank: all when it is
 * its own, else the rows that it gives. */
static int keep_batch(struct vqe_split_space *space, struct plan *plan,
                      int rank, size_t k, uint32_t first, uint32_t last,
                      size_t count)
{
  int me = space->team->rank;
  const void *ctx[2] = {space, plan};
  int status = add_batch(space, k);
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_split_batch *batch = &space->batches[k];
  if (rank == me) {
    qsort_r(plan->rows, count, sizeof *plan->rows, by_owner, ctx);
    batch->first = first;
    batch->last = last;
    status = vqe_memory_alloc(&batch->need, count, sizeof *batch->need,
                              "exchange plan");
    size_t doubles = 0;
    for (size_t i = 0; status == VQE_OK && i < count; i++) {
      uint32_t s = plan->rows[i];
      batch->need[i] = s;
      batch->need_start[vqe_split_owner(space, plan->class[s], s) + 1]++;
      doubles += row_width(space, plan, s);
    }
    for (int r = 0; status == VQE_OK && r < space->team->size; r++) {
      batch->need_start[r + 1] += batch->need_start[r];
    }
    if (doubles > space->fetched_size) {
      space->fetched_size = doubles;
    }
    return status;
  }
  uint32_t mine = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t s = plan->rows[i];
    if (vqe_split_owner(space, plan->class[s], s) == me) {
      plan->rows[mine++] = s;
    }
  }
  qsort_r(plan->rows, mine, sizeof *plan->rows, by_owner, ctx);
  /* ranks are planned in order, so their lists follow one another */
  uint32_t before = batch->give_start[rank];
  status = vqe_memory_grow(&batch->give, before, before + mine,
                           sizeof *batch->give, "exchange plan");
  if (status == VQE_OK && mine > 0) {
    memcpy(batch->give + before, plan->rows, mine * sizeof *batch->give);
  }
  for (int r = rank; status == VQE_OK && r < space->team->size; r++) {
    batch->give_start[r + 1] = before + mine;
  }
  return status;
}

/* Cut the rows of one rank into batches. */
static int plan_rank(struct vqe_split_space *space, struct plan *plan,
                     int rank, size_t capacity)
{
  const struct vqe_sigma *sigma = space->sigma;
  size_t nirrep = (size_t)sigma->nirrep;
  uint32_t batch = 0;
  uint32_t row = 0;
  uint32_t first = 0;
  size_t count = 0;
  size_t doubles = 0;
  int status = VQE_OK;
  memset(plan->mark, 0, space->alpha->count * sizeof *plan->mark);
  for (int ca = 0; ca < space->alpha->nclass; ca++) {
    uint32_t end = vqe_split_first(space, ca, rank + 1);
    for (uint32_t s = vqe_split_first(space, ca, rank);
         status == VQE_OK && s < end; s++, row++) {
      const struct vqe_sigma_link *links =
          sigma->links + sigma->link_start[s * nirrep];
      size_t nlink =
          sigma->link_start[(s + 1) * nirrep] - sigma->link_start[s * nirrep];
      size_t before = count;
      for (int attempt = 0; attempt < 2; attempt++) {
        for (size_t l = 0; l < nlink; l++) {
          uint32_t t = links[l].partner;
          if (plan->mark[t] != batch + 1 &&
              vqe_split_owner(space, plan->class[t], t) != rank) {
            plan->mark[t] = batch + 1;
            plan->rows[count++] = t;
            doubles += row_width(space, plan, t);
          }
        }
        if (doubles <= capacity || row == first || attempt > 0) {
          break;
        }
        /* too much with this row: close the batch before it, begin anew */
        status = keep_batch(space, plan, rank, batch, first, row, before);
        batch++;
        first = row;
        count = 0;
        before = 0;
        doubles = 0;
      }
    }
  }
  return status == VQE_OK
             ? keep_batch(space, plan, rank, batch, first, row, count)
             : status;
}

static int plan_all(struct vqe_split_space *space, size_t capacity)
{
  size_t count = space->alpha->count;
  struct plan plan = {NULL, NULL, NULL};
  int status =
      vqe_memory_alloc(&plan.rows, count, sizeof *plan.rows, "exchange plan");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&plan.mark, count, sizeof *plan.mark,
                              "exchange plan");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&plan.class, count, sizeof *plan.class,
                              "exchange plan");
  }
  for (int ca = 0; status == VQE_OK && ca < space->alpha->nclass; ca++) {
    for (uint32_t s = space->alpha->class_start[ca];
         s < space->alpha->class_start[ca + 1]; s++) {
      plan.class[s] = (uint8_t)ca;
    }
  }
  for (int rank = 0; status == VQE_OK && rank < space->team->size; rank++) {
    status = plan_rank(space, &plan, rank, capacity);
  }
  free(plan.rows);
  free(plan.mark);
  free(plan.class);
  return status;
}

static int buffers_alloc(struct vqe_split_space *space)
{
  size_t ranks = (size_t)space->team->size;
  struct vqe_split_message *message = &space->message;
  const struct {
    void *out; /* the address of a pointer */
    size_t count, size;
    const char *what;
  } arrays[] = {
      {&space->send, space->buffer, sizeof(double), "message buffer"},
      {&space->recv, space->buffer, sizeof(double), "message buffer"},
      {&space->slab, space->buffer, sizeof(double), "message buffer"},
      {&space->fetched, space->fetched_size, sizeof(double),
       "rows of other ranks"},
      {&space->row, space->alpha->count, sizeof(double *), "rows at hand"},
      {&space->at, ranks * space->rows_round, sizeof(size_t),
       "message places"},
      {&message->recv, ranks, sizeof(double *), "messages"},
      {&message->send, ranks, sizeof(double *), "messages"},
      {&message->recv_count, ranks, sizeof(size_t), "messages"},
      {&message->send_count, ranks, sizeof(size_t), "messages"},
  };
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < sizeof arrays / sizeof arrays[0];
       k++) {
    status = vqe_memory_alloc(arrays[k].out, arrays[k].count, arrays[k].size,
                              arrays[k].what);
  }
  return status;
}

int vqe_split_space_init(struct vqe_split_space *space,
                         const struct vqe_team *team,
                         const struct vqe_strings *alpha,
                         const struct vqe_strings *beta,
                         const struct vqe_sigma *sigma, int total, int threads)
{
  size_t ranks = (size_t)team->size;
  size_t whole = 0;
  memset(space, 0, sizeof *space);
  VQE_ASSERT(team->size > 0 && team->rank >= 0 && team->rank < team->size);
  space->team = team;
  space->alpha = alpha;
  space->beta = beta;
  space->sigma = sigma;
  space->threads = threads;
  space->total = total;
  for (int ca = 0; ca < alpha->nclass; ca++) {
    size_t cols = vqe_split_cols(space, ca);
    size_t all = alpha->class_start[ca + 1] - alpha->class_start[ca];
    uint32_t rows = vqe_split_first(space, ca, team->rank + 1) -
                    vqe_split_first(space, ca, team->rank);
    space->offset[ca] = space->size;
    space->row_start[ca + 1] = space->row_start[ca] + rows;
    space->size += rows * cols;
    space->widest = cols > space->widest ? cols : space->widest;
    whole += all * cols;
  }
  size_t share = whole / ranks;
  size_t limit = team->buffer > 0 ? team->buffer : buffer_limit(share);
  int status = plan_all(space, team->buffer > 0 ? share : fetch_limit(share));
  /* messages: bounded, but a row (of state and adjoint state) for each rank
   * always fits; small vectors need no more than themselves */
  size_t least = 2 * ranks * space->widest;
  space->buffer = 4 * whole < limit ? 4 * whole : limit;
  space->buffer = space->buffer > least ? space->buffer : least;
  VQE_ASSERT(space->buffer >= least);
  space->rows_round = space->widest > 0 ? space->buffer / least : 1;
  return status == VQE_OK ? buffers_alloc(space) : status;
}

/* ---- messages ---- */

void vqe_split_exchange(struct vqe_split_space *space)
{
  const struct vqe_split_message *message = &space->message;
  space->team->exchange(space->team->ctx, message->recv, message->recv_count,
                        message->send, message->send_count);
}

/* Messages number `round` of a fetch: as many rows to and from each rank as
 * one may bring. False when there is none. */
static bool fetch_round(struct vqe_split_space *space,
                        const struct vqe_split_batch *batch, size_t round,
                        size_t *fetched, const double *in)
{
  struct vqe_split_message *message = &space->message;
  size_t used = 0;
  bool any = false;
  for (int r = 0; r < space->team->size; r++) {
    size_t first = batch->give_start[r] + round * space->rows_round;
    size_t last = first + space->rows_round;
    size_t end = batch->give_start[r + 1];
    message->send[r] = space->send + used;
    for (size_t i = first; i < last && i < end; i++) {
      uint32_t s = batch->give[i];
      int ca = vqe_strings_class(space->alpha, s);
      size_t cols = vqe_split_cols(space, ca);
      memcpy(space->send + used, in + vqe_split_row(space, ca, s),
             cols * sizeof(double));
      used += cols;
    }
    message->send_count[r] = (size_t)(space->send + used - message->send[r]);
    any |= first < end;
    first = batch->need_start[r] + round * space->rows_round;
    last = first + space->rows_round;
    end = batch->need_start[r + 1];
    message->recv_count[r] = 0;
    message->recv[r] = space->fetched + fetched[r];
    for (size_t i = first; i < last && i < end; i++) {
      uint32_t s = batch->need[i];
      size_t cols = vqe_split_cols(space, vqe_strings_class(space->alpha, s));
      space->row[s] = space->fetched + fetched[r];
      fetched[r] += cols;
      message->recv_count[r] += cols;
    }
    any |= first < end;
  }
  return any;
}

void vqe_split_fetch(struct vqe_split_space *space, size_t k, const double *in)
{
  const struct vqe_split_batch *batch = &space->batches[k];
  size_t *fetched = space->at; /* next place of each rank's rows */
  size_t used = 0;
  for (int r = 0; r < space->team->size; r++) {
    fetched[r] = used;
    for (size_t i = batch->need_start[r]; i < batch->need_start[r + 1]; i++) {
      int ca = vqe_strings_class(space->alpha, batch->need[i]);
      used += vqe_split_cols(space, ca);
    }
  }
  for (size_t round = 0; fetch_round(space, batch, round, fetched, in);
       round++) {
    vqe_split_exchange(space);
  }
  for (int ca = 0; ca < space->alpha->nclass; ca++) {
    uint32_t end = vqe_split_first(space, ca, space->team->rank + 1);
    for (uint32_t s = vqe_split_first(space, ca, space->team->rank); s < end;
         s++) {
      space->row[s] = in + vqe_split_row(space, ca, s);
    }
  }
}

int vqe_split_agree(const struct vqe_team *team, int status)
{
  double values[1 + MESSAGE];
  /* rank by rank: the first that failed sends its message to all */
  for (int rank = 0; rank < team->size; rank++) {
    memset(values, 0, sizeof values);
    if (team->rank == rank && status != VQE_OK) {
      char text[MESSAGE];
      snprintf(text, sizeof text, "%s", vqe_error_message());
      values[0] = status;
      for (size_t k = 0; text[k] != '\0'; k++) {
        values[1 + k] = (unsigned char)text[k];
      }
    }
    team->sum(team->ctx, values, 1);
    if (values[0] == 0.0) {
      continue;
    }
    team->sum(team->ctx, values + 1, MESSAGE);
    char text[MESSAGE];
    for (size_t k = 0; k < MESSAGE; k++) {
      text[k] = (char)(unsigned char)values[1 + k];
    }
    text[MESSAGE - 1] = '\0';
    return vqe_error_set((int)values[0], "rank %d of the team: %s", rank,
                         text);
  }
  return VQE_OK;
}

/* Some tenths of a second of one thread. */
#define AGREE_WORK ((size_t)1 << 27)

bool vqe_split_stop_asked(struct vqe_split_space *space, size_t work)
{
  space->work += work;
  if (space->stopped || space->work < AGREE_WORK) {
    return space->stopped;
  }
  double stop = vqe_stop_asked(space->stop, VQE_STOP_WORK) ? 1.0 : 0.0;
  space->team->sum(space->team->ctx, &stop, 1);
  space->work = 0;
  space->stopped = stop > 0.0;
  return space->stopped;
}
