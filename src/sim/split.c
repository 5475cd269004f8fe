/* A call on rank 0 reaches the other ranks as a command; then all of them call
 * the same collective function on their shares. */
#include "sim/split.h"

#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "sim/split_rotate.h"
#include "sim/split_space.h"

enum operation {
  OP_CREATE,
  OP_FREE,
  OP_EXTEND,
  OP_POOL, /* take a pool */
  OP_SLOPES,
  OP_ENERGY,
  OP_GRADIENT,
  OP_PROPERTIES,
  OP_STATE,
  OP_DISMISS
};

struct command {
  uint64_t operation;
  uint64_t id; /* of the estimator: its address on rank 0 */
};

/* What an estimator is made from, but for arrays and gates. */
struct shape {
  int norb, npair, nirrep;
  int nalpha, nbeta;
  double constant;
  uint8_t irrep[VQE_MAX_ORBITALS];
};

struct split {
  struct split *next; /* of a serving rank */
  uint64_t id;
  const struct vqe_team *team;
  int threads;
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_ansatz *ansatz;
  /* a serving rank's own copies */
  struct vqe_hamiltonian own_hamiltonian;
  struct vqe_ansatz own_ansatz, own_pool;
  uint8_t irrep[VQE_MAX_ORBITALS];
  struct vqe_strings strings[2];
  const struct vqe_strings *alpha, *beta; /* one set when numbers agree */
  struct vqe_sigma *sigma;
  struct vqe_split_space space;
  struct vqe_split_rotations *rotations;
  double *psi, *lambda;
  double *parameters; /* nparam */
  double *sums;       /* energy, then gradient */
  const struct vqe_ansatz *pool;
  double *slopes; /* of the pool */
};

bool vqe_split_supports(const struct vqe_ansatz *ansatz)
{
  for (size_t k = 0; k < ansatz->ngate; k++) {
    enum vqe_gate_kind kind = ansatz->gates[k].kind;
    if (kind != VQE_GATE_X && vqe_gate_order(kind) == 0) {
      return false;
    }
  }
  return ansatz->conserves && ansatz->real;
}

void vqe_split_size(uint64_t *amplitudes, uint64_t *bytes,
                    const struct vqe_hamiltonian *hamiltonian,
                    const struct vqe_ansatz *ansatz, int threads, int ranks)
{
  int nirrep = vqe_sector_irreps(hamiltonian, ansatz);
  uint64_t na = vqe_strings_count(ansatz->norb, ansatz->nalpha);
  uint64_t nb = vqe_strings_count(ansatz->norb, ansatz->nbeta);
  uint64_t each = (uint64_t)ranks;
  bool fits;
  *amplitudes = vqe_strings_determinants(&fits, ansatz->norb, ansatz->nalpha,
                                         ansatz->nbeta);
  *bytes = UINT64_MAX;
  if (!fits) {
    return;
  }
  /* shares are near equal; a row of each class bounds the rounding */
  uint64_t size =
      vqe_layout_size(ansatz->norb, ansatz->nalpha, ansatz->nbeta, nirrep,
                      hamiltonian->irrep, VQE_LAYOUT_REFERENCE);
  uint64_t share = size / each + nb;
  uint64_t widest = nb / (uint64_t)nirrep + (nirrep > 1 ? 1 + nb / 8 : 0);
  *amplitudes = size;
  *bytes = 16 * share + vqe_strings_bytes(ansatz->norb, ansatz->nalpha) +
           vqe_strings_bytes(ansatz->norb, ansatz->nbeta) +
           vqe_sigma_bytes_over_pairs(ansatz->norb, ansatz->nalpha,
                                      ansatz->nbeta, nirrep, threads) +
           vqe_split_space_bytes(share, widest, na, ranks) +
           ansatz->ngate * (64 + (na / each + nb) * 4);
}

/* ---- a share ---- */

static void split_clear(struct split *split)
{
  vqe_split_rotations_free(split->rotations);
  vqe_split_space_clear(&split->space);
  vqe_sigma_free(split->sigma);
  vqe_strings_clear_both(split->strings);
  free(split->psi);
  free(split->lambda);
  free(split->parameters);
  free(split->sums);
  free(split->slopes);
  free(split->own_hamiltonian.w);
  free(split->own_hamiltonian.h1e);
  free(split->own_ansatz.gates);
  free(split->own_pool.gates);
  free(split);
}

/* Room for the parameters of the ansatz as it is now. */
static int make_room(struct split *split)
{
  size_t nparam = (size_t)split->ansatz->nparam;
  double *parameters = NULL;
  double *sums = NULL;
  int status =
      vqe_memory_alloc(&parameters, nparam, sizeof *parameters, "parameters");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&sums, 1 + nparam, sizeof *sums, "gradient");
  }
  if (status != VQE_OK) {
    free(parameters);
    return status;
  }
  free(split->parameters);
  free(split->sums);
  split->parameters = parameters;
  split->sums = sums;
  return VQE_OK;
}

static int extend(struct split *split)
{
  int status = make_room(split);
  return status == VQE_OK
             ? vqe_split_rotations_extend(split->rotations, split->ansatz)
             : status;
}

static int split_init(struct split *split)
{
  const struct vqe_hamiltonian *hamiltonian = split->hamiltonian;
  const struct vqe_ansatz *ansatz = split->ansatz;
  int nirrep = vqe_sector_irreps(hamiltonian, ansatz);
  for (int p = 0; p < hamiltonian->norb; p++) {
    split->irrep[p] = nirrep == 1 ? 0 : hamiltonian->irrep[p];
  }
  int status = vqe_strings_init_both(
      split->strings, &split->alpha, &split->beta, ansatz->norb,
      ansatz->nalpha, ansatz->nbeta, nirrep, split->irrep);
  if (status != VQE_OK) {
    return status;
  }
  int total =
      vqe_strings_class(split->alpha, vqe_strings_lowest(split->alpha)) ^
      vqe_strings_class(split->beta, vqe_strings_lowest(split->beta));
  status = vqe_sigma_create(&split->sigma, hamiltonian, split->alpha,
                            split->beta, split->threads);
  if (status == VQE_OK) {
    status = vqe_sigma_over_pairs(split->sigma);
  }
  if (status == VQE_OK) {
    status =
        vqe_split_space_init(&split->space, split->team, split->alpha,
                             split->beta, split->sigma, total, split->threads);
  }
  split->space.share = (size_t)split->alpha->count *
                       (size_t)split->beta->count /
                       (size_t)(nirrep * split->team->size);
  if (status == VQE_OK) {
    status = vqe_split_rotations_create(&split->rotations, &split->space,
                                        split->irrep);
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&split->psi, split->space.size, sizeof(double),
                              "share of the state");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&split->lambda, split->space.size,
                              sizeof(double), "share of the adjoint state");
  }
  return status == VQE_OK ? extend(split) : status;
}

/* ---- collective functions: arguments are those of rank 0 ---- */

/* Gates of rank 0's `ansatz` into `own` of the others. */
static int share_gates(const struct vqe_team *team, struct vqe_ansatz *own,
                       const struct vqe_ansatz *ansatz)
{
  uint64_t header[2] = {ansatz->ngate, (uint64_t)ansatz->nparam};
  struct vqe_gate *gates = NULL;
  int status = VQE_OK;
  team->broadcast(team->ctx, header, sizeof header);
  if (own != NULL) {
    status =
        vqe_memory_alloc(&gates, (size_t)header[0], sizeof *gates, "gates");
  }
  status = vqe_split_agree(team, status);
  if (status != VQE_OK) {
    free(gates);
    return status;
  }
  if (own != NULL) {
    free(own->gates);
    own->gates = gates;
    own->ngate = (size_t)header[0];
    own->nparam = (int)header[1];
  }
  team->broadcast(team->ctx, ansatz->gates,
                  ansatz->ngate * sizeof *ansatz->gates);
  return VQE_OK;
}

/* `own`: where a serving rank keeps the gates, NULL on rank 0. */
static int share_extension(struct split *split, struct vqe_ansatz *own)
{
  int status = share_gates(split->team, own, split->ansatz);
  return status == VQE_OK ? vqe_split_agree(split->team, extend(split))
                          : status;
}

static int take_pool(struct split *split, const struct vqe_ansatz *pool)
{
  double *slopes = NULL;
  int status = vqe_memory_alloc(&slopes, (size_t)pool->nparam, sizeof *slopes,
                                "gradient of the pool");
  if (status == VQE_OK) {
    free(split->slopes);
    split->slopes = slopes;
    status = vqe_split_rotations_pool(split->rotations, pool);
  }
  return status;
}

static int share_pool(struct split *split, struct vqe_ansatz *own,
                      const struct vqe_ansatz *pool)
{
  int status = share_gates(split->team, own, pool);
  split->pool = NULL;
  if (status == VQE_OK) {
    status = vqe_split_agree(split->team, take_pool(split, pool));
  }
  if (status == VQE_OK) {
    split->pool = pool;
  }
  return status;
}

static void take_parameters(struct split *split)
{
  split->space.work = 0;
  split->space.stopped = false;
  vqe_stop_reset(split->space.stop);
  split->team->broadcast(split->team->ctx, split->parameters,
                         (size_t)split->ansatz->nparam * sizeof(double));
}

static double prepare_and_apply(struct split *split)
{
  double sum = 0.0;
  vqe_split_prepare(split->rotations, split->psi, split->parameters);
  vqe_split_sigma(&split->space, split->lambda, split->psi);
  for (size_t k = 0; k < split->space.size; k++) {
    sum += split->psi[k] * split->lambda[k];
  }
  return sum;
}

static void share_energy(struct split *split)
{
  take_parameters(split);
  split->sums[0] = prepare_and_apply(split);
  split->team->sum(split->team->ctx, split->sums, 1);
}

static void share_gradient(struct split *split)
{
  take_parameters(split);
  split->sums[0] = prepare_and_apply(split);
  vqe_split_sweep(split->rotations, split->sums + 1, split->psi, split->lambda,
                  split->parameters);
  split->team->sum(split->team->ctx, split->sums,
                   1 + (size_t)split->ansatz->nparam);
}

static void share_slopes(struct split *split)
{
  take_parameters(split);
  (void)prepare_and_apply(split);
  vqe_split_slopes(split->rotations, split->slopes, split->psi, split->lambda);
  split->team->sum(split->team->ctx, split->slopes,
                   (size_t)split->pool->nparam);
}

static int share_properties(struct split *split,
                            struct vqe_properties *properties, double *rdm1)
{
  double *weight = &properties->reference_weight;
  take_parameters(split);
  vqe_split_prepare(split->rotations, split->psi, split->parameters);
  *weight = vqe_split_reference_weight(split->rotations, split->psi);
  split->team->sum(split->team->ctx, weight, 1);
  return vqe_split_properties(&split->space, &properties->s2, rdm1,
                              split->psi);
}

/* Every rank places its own determinants, alpha low, beta high. */
static void share_state(struct split *split, double *re)
{
  const struct vqe_split_space *space = &split->space;
  int norb = split->ansatz->norb;
  size_t full = (size_t)1 << (2 * norb);
  take_parameters(split);
  vqe_split_prepare(split->rotations, split->psi, split->parameters);
  memset(re, 0, full * sizeof *re);
  for (uint32_t k = 0; k < space->row_start[space->alpha->nclass]; k++) {
    int ca;
    uint32_t s = vqe_split_string(space, &ca, k);
    const double *row = split->psi + vqe_split_row(space, ca, s);
    uint32_t base = space->beta->class_start[ca ^ space->total];
    size_t cols = vqe_split_cols(space, ca);
    for (size_t u = 0; u < cols; u++) {
      re[(size_t)space->beta->bits[base + u] << norb | space->alpha->bits[s]] =
          row[u];
    }
  }
  split->team->sum(split->team->ctx, re, full);
}

/* ---- rank 0 ---- */

static void send_command(const struct vqe_team *team, enum operation operation,
                         uint64_t id)
{
  struct command command = {operation, id};
  team->broadcast(team->ctx, &command, sizeof command);
}

static void start(struct split *split, enum operation operation,
                  const double *parameters)
{
  memcpy(split->parameters, parameters,
         (size_t)split->ansatz->nparam * sizeof *parameters);
  send_command(split->team, operation, split->id);
}

static void split_free(void *backend)
{
  struct split *split = backend;
  send_command(split->team, OP_FREE, split->id);
  split_clear(split);
}

static int split_energy(void *backend, double *energy,
                        const double *parameters)
{
  struct split *split = backend;
  start(split, OP_ENERGY, parameters);
  share_energy(split);
  *energy = split->hamiltonian->constant + split->sums[0];
  return vqe_stop_status(split->space.stop);
}

static int split_gradient(void *backend, double *energy, double *gradient,
                          const double *parameters)
{
  struct split *split = backend;
  start(split, OP_GRADIENT, parameters);
  share_gradient(split);
  *energy = split->hamiltonian->constant + split->sums[0];
  memcpy(gradient, split->sums + 1,
         (size_t)split->ansatz->nparam * sizeof *gradient);
  return vqe_stop_status(split->space.stop);
}

static int split_extend(void *backend)
{
  struct split *split = backend;
  send_command(split->team, OP_EXTEND, split->id);
  return share_extension(split, NULL);
}

static int split_pool_gradient(void *backend, double *out,
                               const double *parameters,
                               const struct vqe_ansatz *pool)
{
  struct split *split = backend;
  int status = VQE_OK;
  if (split->pool != pool) {
    send_command(split->team, OP_POOL, split->id);
    status = share_pool(split, NULL, pool);
  }
  if (status == VQE_OK) {
    start(split, OP_SLOPES, parameters);
    share_slopes(split);
    memcpy(out, split->slopes, (size_t)pool->nparam * sizeof *out);
    status = vqe_stop_status(split->space.stop);
  }
  return status;
}

static int split_properties(void *backend, struct vqe_properties *out,
                            double *rdm1, const double *parameters)
{
  struct split *split = backend;
  start(split, OP_PROPERTIES, parameters);
  out->n = split->ansatz->nalpha + split->ansatz->nbeta;
  out->sz = 0.5 * (split->ansatz->nalpha - split->ansatz->nbeta);
  int status = share_properties(split, out, rdm1);
  return status == VQE_OK ? vqe_stop_status(split->space.stop) : status;
}

static void split_watch(void *backend, struct vqe_stop *stop)
{
  struct split *split = backend;
  split->space.stop = stop;
}

static int split_state(void *backend, double *re, double *im,
                       const double *parameters)
{
  struct split *split = backend;
  size_t full = (size_t)1 << (2 * split->ansatz->norb);
  start(split, OP_STATE, parameters);
  memset(im, 0, full * sizeof *im);
  int status = vqe_split_agree(split->team, VQE_OK);
  if (status == VQE_OK) {
    share_state(split, re);
  }
  return status == VQE_OK ? vqe_stop_status(split->space.stop) : status;
}

static const struct vqe_backend_ops split_ops = {
    .name = "vqe_cpu_sector",
    .free = split_free,
    .energy = split_energy,
    .gradient = split_gradient,
    .extend = split_extend,
    .pool_gradient = split_pool_gradient,
    .properties = split_properties,
    .watch = split_watch,
    .state = split_state,
};

/* The arrays that rank 0 has and the others have room for. */
static void send_inputs(const struct vqe_team *team,
                        const struct vqe_hamiltonian *hamiltonian)
{
  size_t norb = (size_t)hamiltonian->norb;
  size_t npair = (size_t)hamiltonian->npair;
  team->broadcast(team->ctx, hamiltonian->h1e, norb * norb * sizeof(double));
  team->broadcast(team->ctx, hamiltonian->w, npair * npair * sizeof(double));
}

int vqe_split_create(const struct vqe_backend_ops **ops, void **out,
                     const struct vqe_hamiltonian *hamiltonian,
                     const struct vqe_ansatz *ansatz,
                     const struct vqe_team *team, int threads)
{
  struct split *split = NULL;
  struct shape shape = {.norb = hamiltonian->norb,
                        .npair = hamiltonian->npair,
                        .nirrep = hamiltonian->nirrep,
                        .nalpha = ansatz->nalpha,
                        .nbeta = ansatz->nbeta,
                        .constant = hamiltonian->constant};
  int status = vqe_memory_alloc(&split, 1, sizeof *split, "estimator");
  if (status != VQE_OK) {
    return status;
  }
  memcpy(shape.irrep, hamiltonian->irrep, sizeof shape.irrep);
  split->id = (uint64_t)(uintptr_t)split;
  split->team = team;
  split->threads = threads;
  split->hamiltonian = hamiltonian;
  split->ansatz = ansatz;
  send_command(team, OP_CREATE, split->id);
  team->broadcast(team->ctx, &shape, sizeof shape);
  status = vqe_split_agree(team, VQE_OK);
  if (status == VQE_OK) {
    send_inputs(team, hamiltonian);
    status = share_gates(team, NULL, ansatz);
  }
  if (status == VQE_OK) {
    status = vqe_split_agree(team, split_init(split));
  }
  if (status != VQE_OK) {
    split_clear(split);
    return status;
  }
  *ops = &split_ops;
  *out = split;
  return VQE_OK;
}

/* ---- the other ranks ---- */

static int receive_room(struct split *split, const struct shape *shape)
{
  struct vqe_hamiltonian *hamiltonian = &split->own_hamiltonian;
  struct vqe_ansatz *ansatz = &split->own_ansatz;
  size_t norb = (size_t)shape->norb;
  size_t npair = (size_t)shape->npair;
  hamiltonian->norb = shape->norb;
  hamiltonian->npair = shape->npair;
  hamiltonian->nirrep = shape->nirrep;
  hamiltonian->constant = shape->constant;
  memcpy(hamiltonian->irrep, shape->irrep, sizeof shape->irrep);
  ansatz->norb = shape->norb;
  ansatz->nqubit = 2 * shape->norb;
  ansatz->nalpha = shape->nalpha;
  ansatz->nbeta = shape->nbeta;
  ansatz->conserves = true;
  ansatz->real = true;
  split->hamiltonian = hamiltonian;
  split->ansatz = ansatz;
  int status = vqe_memory_alloc(&hamiltonian->h1e, norb * norb, sizeof(double),
                                "integrals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&hamiltonian->w, npair * npair, sizeof(double),
                              "integrals");
  }
  return status;
}

/* Join the estimator that rank 0 makes; NULL on failure. */
static struct split *join(const struct vqe_team *team, int threads,
                          uint64_t id)
{
  struct split *split = NULL;
  struct shape shape;
  team->broadcast(team->ctx, &shape, sizeof shape);
  int status = vqe_memory_alloc(&split, 1, sizeof *split, "estimator");
  if (status == VQE_OK) {
    split->id = id;
    split->team = team;
    split->threads = threads;
    status = receive_room(split, &shape);
  }
  status = vqe_split_agree(team, status);
  if (status == VQE_OK) {
    send_inputs(team, split->hamiltonian);
    status = share_gates(team, &split->own_ansatz, split->ansatz);
  }
  if (status == VQE_OK) {
    status = vqe_split_agree(team, split_init(split));
  }
  if (status != VQE_OK && split != NULL) {
    split_clear(split);
    split = NULL;
  }
  return split;
}

static void join_state(struct split *split)
{
  double *re = NULL;
  int status = vqe_memory_alloc(&re, (size_t)1 << (2 * split->ansatz->norb),
                                sizeof *re, "full-space state");
  status = vqe_split_agree(split->team, status);
  if (status == VQE_OK) {
    share_state(split, re);
  }
  free(re);
}

void vqe_team_serve(const struct vqe_team *team, int threads)
{
  if (team == NULL || team->broadcast == NULL || team->sum == NULL ||
      team->exchange == NULL) {
    return;
  }
  struct split *list = NULL;
  for (;;) {
    struct command command;
    team->broadcast(team->ctx, &command, sizeof command);
    struct split **at = &list;
    while (*at != NULL && (*at)->id != command.id) {
      at = &(*at)->next;
    }
    struct split *split = *at;
    struct vqe_properties properties;
    if (command.operation == OP_DISMISS) {
      break;
    }
    if (split == NULL) { /* OP_CREATE alone finds no share */
      *at = join(team, threads, command.id);
    } else if (command.operation == OP_FREE) {
      *at = split->next;
      split_clear(split);
    } else if (command.operation == OP_EXTEND) {
      (void)share_extension(split, &split->own_ansatz);
    } else if (command.operation == OP_POOL) {
      (void)share_pool(split, &split->own_pool, &split->own_pool);
    } else if (command.operation == OP_SLOPES) {
      share_slopes(split);
    } else if (command.operation == OP_ENERGY) {
      share_energy(split);
    } else if (command.operation == OP_GRADIENT) {
      share_gradient(split);
    } else if (command.operation == OP_PROPERTIES) {
      (void)share_properties(split, &properties, NULL);
    } else {
      join_state(split);
    }
  }
  while (list != NULL) {
    struct split *split = list;
    list = split->next;
    split_clear(split);
  }
}

void vqe_team_dismiss(const struct vqe_team *team)
{
  if (team == NULL || team->broadcast == NULL) {
    return;
  }
  send_command(team, OP_DISMISS, 0);
}
