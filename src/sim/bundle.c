#include "sim/bundle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "sim/parallel.h"

/* Vectors below this many bytes stay in the second-level cache. */
#define CACHE ((size_t)1 << 20)
/* Bytes of the rows of a usual set, of the state and of its adjoint. */
#define SET_BYTES (1.0 * (1 << 20))
/* Orbitals of a stretch: fewer than a double excitation has would hold no
 * gate. */
#define LEAST_ORBITALS 4
#define MOST_ORBITALS 16

/* Pairs of rows of one gate, by set. */
struct gate_pairs {
  uint32_t *order;                       /* indices into the list */
  uint32_t begin[VQE_GIVENS_CHUNKS + 1]; /* of each piece */
};

struct vqe_bundle {
  const struct vqe_layout *layout;
  const struct vqe_givens_lists *lists;
  int orbitals; /* of a stretch, at most */
  int threads;
  uint32_t nset;
  uint32_t *set_of;                            /* set of each alpha string */
  uint32_t *rows;                              /* strings by set */
  uint32_t *set_start;                         /* nset + 1 */
  uint32_t piece_start[VQE_GIVENS_CHUNKS + 1]; /* first set of each piece */
  uint64_t *keys;    /* hash table: occupation outside of the stretch */
  uint32_t *key_set; /* its set + 1; 0: free */
  size_t table;      /* places of the table, a power of two */
  struct gate_pairs gates[VQE_BUNDLE_GATES];
  uint32_t *order; /* of all gates */
  uint32_t *count; /* sets + 1: scratch of the sorting */
  struct vqe_givens_block blocks[VQE_BUNDLE_GATES][VQE_MAX_IRREPS];
  double partial[VQE_GIVENS_CHUNKS][VQE_BUNDLE_GATES];
};

/* ---- scratch ---- */

/* Rows of a set, on the average over rows, when a stretch has m of n orbitals
 * with `nelec` electrons: C(m, k) with the chance of k electrons in m. */
static double rows_of_set(int n, int nelec, int m)
{
  double mean = 0.0;
  for (int k = 0; k <= m && k <= nelec; k++) {
    double rows = (double)vqe_strings_count(m, k);
    mean += rows * rows * (double)vqe_strings_count(n - m, nelec - k);
  }
  return mean / (double)vqe_strings_count(n, nelec);
}

static int most_orbitals(const struct vqe_layout *layout, int planes)
{
  const struct vqe_strings *alpha = layout->alpha;
  double row = 2.0 * planes * sizeof(double) * (double)layout->size /
               (double)alpha->count;
  int m = LEAST_ORBITALS;
  while (m < alpha->norb && m < MOST_ORBITALS &&
         rows_of_set(alpha->norb, alpha->nelec, m + 1) * row <= SET_BYTES) {
    m++;
  }
  return m;
}

static size_t table_size(uint64_t count)
{
  size_t size = 64;
  while (size < 2 * count) {
    size *= 2;
  }
  return size;
}

uint64_t vqe_bundle_bytes(uint64_t count)
{
  if (count > UINT32_MAX) {
    return UINT64_MAX; /* strings that cannot be made */
  }
  return sizeof(struct vqe_bundle) + table_size(count) * 12 +
         count * (4 * VQE_BUNDLE_GATES + 16);
}

bool vqe_bundle_pays(const struct vqe_layout *layout, int planes)
{
  return layout->size * sizeof(double) * (size_t)planes > CACHE;
}

int vqe_bundle_create(struct vqe_bundle **out, const struct vqe_layout *layout,
                      const struct vqe_givens_lists *lists, int planes,
                      int threads)
{
  struct vqe_bundle *made = NULL;
  size_t strings = layout->alpha->count;
  *out = NULL;
  int status = vqe_memory_alloc(&made, 1, sizeof *made, "stretches of gates");
  if (status != VQE_OK) {
    return status;
  }
  made->layout = layout;
  made->lists = lists;
  made->threads = threads;
  made->orbitals = most_orbitals(layout, planes);
  made->table = table_size(strings);
  uint32_t **const arrays[] = {&made->set_of, &made->rows, &made->set_start,
                               &made->count, &made->order};
  for (size_t k = 0; status == VQE_OK && k < 5; k++) {
    size_t n = k < 4 ? strings + 1 : strings * VQE_BUNDLE_GATES;
    status =
        vqe_memory_alloc(arrays[k], n, sizeof(uint32_t), "stretches of gates");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&made->keys, made->table, sizeof *made->keys,
                              "stretches of gates");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&made->key_set, made->table,
                              sizeof *made->key_set, "stretches of gates");
  }
  for (size_t k = 0; status == VQE_OK && k < VQE_BUNDLE_GATES; k++) {
    made->gates[k].order = made->order + k * strings;
  }
  if (status != VQE_OK) {
    vqe_bundle_free(made);
    return status;
  }
  *out = made;
  return VQE_OK;
}

void vqe_bundle_free(struct vqe_bundle *bundle)
{
  if (bundle == NULL) {
    return;
  }
  free(bundle->set_of);
  free(bundle->rows);
  free(bundle->set_start);
  free(bundle->count);
  free(bundle->order);
  free(bundle->keys);
  free(bundle->key_set);
  free(bundle);
}

/* ---- stretches ---- */

/* Alpha orbitals between which a rotation moves electrons. */
static uint64_t orbitals_of(const struct vqe_bundle *bundle,
                            const struct vqe_givens *rotation)
{
  if (rotation->kind == VQE_GIVENS_BETA) {
    return 0;
  }
  const struct vqe_givens_key *key = &bundle->lists->keys[rotation->on_alpha];
  uint64_t mask = UINT64_C(1) << key->i | UINT64_C(1) << key->a;
  if (key->j >= 0) {
    mask |= UINT64_C(1) << key->j | UINT64_C(1) << key->b;
  }
  return mask;
}

size_t vqe_bundle_length(const struct vqe_bundle *bundle,
                         const struct vqe_givens *rotations, size_t n,
                         bool back)
{
  uint64_t moved = 0;
  size_t length = 0;
  if (bundle == NULL) {
    return 0;
  }
  while (length < n && length < VQE_BUNDLE_GATES) {
    const struct vqe_givens *rotation =
        &rotations[back ? n - 1 - length : length];
    if (rotation->kind == VQE_GIVENS_PHASES) {
      break;
    }
    uint64_t more = moved | orbitals_of(bundle, rotation);
    if (__builtin_popcountll(more) > bundle->orbitals) {
      break;
    }
    moved = more;
    length++;
  }
  return length < 2 ? 0 : length;
}

/* ---- sets ---- */

static uint32_t find_set(struct vqe_bundle *bundle, uint64_t key)
{
  size_t mask = bundle->table - 1;
  size_t at = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & mask;
  while (bundle->key_set[at] != 0 && bundle->keys[at] != key) {
    at = (at + 1) & mask;
  }
  if (bundle->key_set[at] == 0) {
    bundle->keys[at] = key;
    bundle->key_set[at] = ++bundle->nset;
  }
  return bundle->key_set[at] - 1;
}

/* Sets of strings that agree outside of `moved`, and pieces of about as many
 * rows. */
static void find_sets(struct vqe_bundle *bundle, uint64_t moved)
{
  const struct vqe_strings *alpha = bundle->layout->alpha;
  uint32_t n = (uint32_t)alpha->count;
  bundle->nset = 0;
  memset(bundle->key_set, 0, bundle->table * sizeof *bundle->key_set);
  memset(bundle->set_start, 0, (alpha->count + 1) * sizeof(uint32_t));
  for (uint32_t s = 0; s < n; s++) {
    uint32_t set = find_set(bundle, alpha->bits[s] & ~moved);
    bundle->set_of[s] = set;
    bundle->set_start[set + 1]++;
  }
  for (uint32_t set = 0; set < bundle->nset; set++) {
    bundle->set_start[set + 1] += bundle->set_start[set];
    bundle->count[set] = bundle->set_start[set];
  }
  for (uint32_t s = 0; s < n; s++) {
    bundle->rows[bundle->count[bundle->set_of[s]]++] = s;
  }
  uint32_t set = 0;
  for (uint32_t k = 0; k <= VQE_GIVENS_CHUNKS; k++) {
    uint32_t rows = (uint32_t)((uint64_t)n * k / VQE_GIVENS_CHUNKS);
    while (set < bundle->nset && bundle->set_start[set] < rows) {
      set++;
    }
    bundle->piece_start[k] = set;
  }
}

/* The pairs of rows of one gate by set, each set's in their old order. */
static void sort_pairs(struct vqe_bundle *bundle, struct gate_pairs *gate,
                       const struct vqe_string_pairs *pairs)
{
  uint32_t *count = bundle->count;
  memset(count, 0, (bundle->nset + 1) * sizeof *count);
  for (size_t k = 0; k < pairs->count; k++) {
    count[bundle->set_of[pairs->items[k].from] + 1]++;
  }
  for (uint32_t set = 0; set < bundle->nset; set++) {
    count[set + 1] += count[set];
  }
  for (int k = 0; k <= VQE_GIVENS_CHUNKS; k++) {
    gate->begin[k] = count[bundle->piece_start[k]];
  }
  for (size_t k = 0; k < pairs->count; k++) {
    gate->order[count[bundle->set_of[pairs->items[k].from]]++] = (uint32_t)k;
  }
}

/* ---- the sweep ---- */

/* Where a gate leads from the rows of each class. */
static void make_blocks(struct vqe_bundle *bundle, size_t gate,
                        const struct vqe_givens *rotation)
{
  const struct vqe_layout *layout = bundle->layout;
  for (int ca = 0; ca < layout->alpha->nclass; ca++) {
    struct vqe_givens_block *block = &bundle->blocks[gate][ca];
    int cb = 0;
    while (cb < layout->beta->nclass && !vqe_layout_has(layout, ca, cb)) {
      cb++;
    }
    VQE_ASSERT(cb < layout->beta->nclass);
    *block = vqe_givens_block_of(layout, bundle->lists, rotation, ca, cb);
  }
}

struct bundle_loop {
  struct vqe_bundle *bundle;
  const struct vqe_givens *rotations;
  size_t count;
  const double *cosine, *sine;
  struct vqe_vector psi;
  const struct vqe_vector *lambda;
  struct vqe_stop *stop;
};

/* What one gate does to rows [k, k + 1) of a block, in both planes. */
static double rotate_row(const struct bundle_loop *loop,
                         const struct vqe_givens_block *block, size_t gate,
                         long k)
{
  const struct vqe_vector *lambda = loop->lambda;
  double c = loop->cosine[gate];
  double s = loop->sine[gate];
  double sum = vqe_givens_rotate(block, k, k + 1, loop->psi.re,
                                 lambda == NULL ? NULL : lambda->re, c, s);
  if (loop->psi.im != NULL) {
    sum += vqe_givens_rotate(block, k, k + 1, loop->psi.im,
                             lambda == NULL ? NULL : lambda->im, c, s);
  }
  return sum;
}

/* One gate on one set; `next` is the gate's next pair. */
static double rotate_set(const struct bundle_loop *loop, uint32_t set,
                         size_t gate, uint32_t *next, uint32_t end)
{
  const struct vqe_bundle *bundle = loop->bundle;
  const struct vqe_strings *alpha = bundle->layout->alpha;
  const struct vqe_givens *rotation = &loop->rotations[gate];
  const struct vqe_givens_block *blocks = bundle->blocks[gate];
  double sum = 0.0;
  if (rotation->kind == VQE_GIVENS_BETA) {
    for (uint32_t k = bundle->set_start[set]; k < bundle->set_start[set + 1];
         k++) {
      int ca = vqe_strings_class(alpha, bundle->rows[k]);
      sum += rotate_row(loop, &blocks[ca], gate,
                        (long)(bundle->rows[k] - alpha->class_start[ca]));
    }
    return sum;
  }
  const struct vqe_string_pair *items =
      bundle->lists->pairs[rotation->on_alpha].items;
  for (; *next < end; ++*next) {
    uint32_t k = bundle->gates[gate].order[*next];
    if (bundle->set_of[items[k].from] != set) {
      break;
    }
    sum += rotate_row(loop, &blocks[vqe_strings_class(alpha, items[k].from)],
                      gate, (long)k);
  }
  return sum;
}

static void sweep_piece(const void *ctx, long piece)
{
  const struct bundle_loop *loop = ctx;
  struct vqe_bundle *bundle = loop->bundle;
  uint32_t next[VQE_BUNDLE_GATES];
  double *sums = bundle->partial[piece];
  size_t cols = bundle->layout->size / bundle->layout->alpha->count + 1;
  bool back = loop->lambda != NULL;
  for (size_t k = 0; k < loop->count; k++) {
    next[k] = bundle->gates[k].begin[piece];
    sums[k] = 0.0;
  }
  for (uint32_t set = bundle->piece_start[piece];
       set < bundle->piece_start[piece + 1]; set++) {
    size_t rows = bundle->set_start[set + 1] - bundle->set_start[set];
    if (vqe_stop_asked(loop->stop, rows * cols * loop->count / 4)) {
      return;
    }
    for (size_t n = 0; n < loop->count; n++) {
      size_t k = back ? loop->count - 1 - n : n;
      sums[k] += rotate_set(loop, set, k, &next[k],
                            bundle->gates[k].begin[piece + 1]);
    }
  }
}

void vqe_bundle_sweep(struct vqe_bundle *bundle,
                      const struct vqe_givens *rotations, size_t count,
                      const double *angles, struct vqe_vector psi,
                      const struct vqe_vector *lambda, double *sums,
                      struct vqe_stop *stop)
{
  double cosine[VQE_BUNDLE_GATES];
  double sine[VQE_BUNDLE_GATES];
  uint64_t moved = 0;
  VQE_ASSERT(count <= VQE_BUNDLE_GATES);
  for (size_t k = 0; k < count; k++) {
    moved |= orbitals_of(bundle, &rotations[k]);
    cosine[k] = cos(angles[k]);
    sine[k] = sin(angles[k]);
  }
  find_sets(bundle, moved);
  for (size_t k = 0; k < count; k++) {
    make_blocks(bundle, k, &rotations[k]);
    if (rotations[k].kind != VQE_GIVENS_BETA) {
      sort_pairs(bundle, &bundle->gates[k],
                 &bundle->lists->pairs[rotations[k].on_alpha]);
    }
  }
  const struct bundle_loop loop = {bundle, rotations, count,  cosine,
                                   sine,   psi,       lambda, stop};
  vqe_parallel_for(VQE_GIVENS_CHUNKS, bundle->threads, sweep_piece, &loop);
  for (size_t k = 0; lambda != NULL && k < count; k++) {
    sums[k] = 0.0;
    for (size_t piece = 0; piece < VQE_GIVENS_CHUNKS; piece++) {
      sums[k] += bundle->partial[piece][k];
    }
  }
}
