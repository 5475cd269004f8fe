/* The tables of sigma: one-spin matrices, links between strings, gather
 * lists, integrals by symmetry; and the diagonal of H. */
#include "sim/sigma_tables.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/blas_room.h"
#include "base/error_message.h"
#include "base/memory.h"

/* Runs of at most this many strings get a dense matrix. */
#define DENSE_LIMIT 1200
/* Columns a work item covers at most, and doubles of one scratch panel: the
 * two panels together stay within the second-level cache. */
#define CHUNK 96
#define PANEL 32768

/* ---- one-spin matrices (Slater-Condon rules) ---- */

typedef int (*visit_element)(void *ctx, uint64_t bits, double value);

/* Visit all <t| H_spin |s> != 0 of one column s. */
static int spin_column(const struct vqe_hamiltonian *hamiltonian,
                       uint64_t bits, visit_element visit, void *ctx)
{
  int norb = hamiltonian->norb;
  int occupied[VQE_MAX_ORBITALS];
  int empty[VQE_MAX_ORBITALS];
  int no = 0;
  int nv = 0;
  for (int p = 0; p < norb; p++) {
    if (bits >> p & 1) {
      occupied[no++] = p;
    } else {
      empty[nv++] = p;
    }
  }
  double diagonal = 0.0;
  for (int x = 0; x < no; x++) {
    int i = occupied[x];
    diagonal += hamiltonian->h1e[i * norb + i];
    for (int y = 0; y < x; y++) {
      int j = occupied[y];
      diagonal += vqe_sigma_integral(hamiltonian, i, i, j, j) -
                  vqe_sigma_integral(hamiltonian, i, j, i, j);
    }
  }
  int status = visit(ctx, bits, diagonal);
  for (int x = 0; status == VQE_OK && x < no; x++) {
    int i = occupied[x];
    for (int v = 0; status == VQE_OK && v < nv; v++) {
      int a = empty[v];
      double value = hamiltonian->h1e[i * norb + a];
      for (int y = 0; y < no; y++) {
        int j = occupied[y];
        value += vqe_sigma_integral(hamiltonian, i, a, j, j) -
                 vqe_sigma_integral(hamiltonian, i, j, j, a);
      }
      uint64_t single = (bits & ~(UINT64_C(1) << i)) | UINT64_C(1) << a;
      if (value != 0.0) {
        status = visit(ctx, single, value * vqe_strings_sign(bits, a, i));
      }
      for (int y = x + 1; status == VQE_OK && y < no; y++) {
        int j = occupied[y];
        for (int u = v + 1; status == VQE_OK && u < nv; u++) {
          int b = empty[u];
          double two = vqe_sigma_integral(hamiltonian, i, a, j, b) -
                       vqe_sigma_integral(hamiltonian, i, b, j, a);
          if (two != 0.0) {
            int sign =
                vqe_strings_sign(bits, a, i) * vqe_strings_sign(single, b, j);
            uint64_t twice = (single & ~(UINT64_C(1) << j)) | UINT64_C(1) << b;
            status = visit(ctx, twice, two * sign);
          }
        }
      }
    }
  }
  return status;
}

struct column_target {
  const struct vqe_strings *strings;
  struct vqe_spin_matrix *matrix;
  uint32_t source; /* relative to the run */
  size_t count;    /* elements of this row so far, for CSR */
  size_t capacity;
};

static int visit_dense(void *ctx, uint64_t bits, double value)
{
  struct column_target *target = ctx;
  struct vqe_spin_matrix *matrix = target->matrix;
  uint32_t to = vqe_strings_position(target->strings, bits) - matrix->first;
  if (to < matrix->count) {
    matrix->dense[(size_t)target->source * matrix->count + to] = value;
  }
  return VQE_OK;
}

static int visit_sparse(void *ctx, uint64_t bits, double value)
{
  struct column_target *target = ctx;
  struct vqe_spin_matrix *matrix = target->matrix;
  uint32_t to = vqe_strings_position(target->strings, bits) - matrix->first;
  if (to >= matrix->count) {
    return VQE_OK;
  }
  if (target->count == target->capacity) {
    size_t capacity = 2 * target->capacity + 1024;
    int status = vqe_memory_grow(&matrix->column, target->count, capacity,
                                 sizeof *matrix->column, "one-spin matrix");
    if (status == VQE_OK) {
      status = vqe_memory_grow(&matrix->value, target->count, capacity,
                               sizeof *matrix->value, "one-spin matrix");
    }
    if (status != VQE_OK) {
      return status;
    }
    target->capacity = capacity;
  }
  matrix->column[target->count] = to;
  matrix->value[target->count] = value;
  target->count++;
  return VQE_OK;
}

static int spin_matrix_init(struct vqe_spin_matrix *matrix,
                            const struct vqe_hamiltonian *hamiltonian,
                            const struct vqe_strings *strings, uint32_t first,
                            uint32_t count)
{
  size_t n = count;
  struct column_target target = {strings, matrix, 0, 0, 0};
  int status;
  VQE_ASSERT(first + count <= strings->count);
  matrix->first = first;
  matrix->count = count;
  bool dense = count <= DENSE_LIMIT;
  if (dense) {
    status = vqe_memory_alloc(&matrix->dense, n * n, sizeof(double),
                              "one-spin matrix");
  } else {
    status = vqe_memory_alloc(&matrix->row, n + 1, sizeof *matrix->row,
                              "one-spin matrix");
  }
  /* H_spin is symmetric: column s is row s */
  for (uint32_t s = 0; status == VQE_OK && s < count; s++) {
    target.source = s;
    status = spin_column(hamiltonian, strings->bits[first + s],
                         dense ? visit_dense : visit_sparse, &target);
    if (!dense) {
      matrix->row[s + 1] = target.count;
    }
  }
  return status;
}

static int spin_matrices(struct vqe_spin_matrix **out, size_t *nrun,
                         const struct vqe_hamiltonian *hamiltonian,
                         const struct vqe_strings *strings)
{
  *nrun = strings->nrun;
  int status =
      vqe_memory_alloc(out, strings->nrun, sizeof **out, "one-spin matrices");
  for (size_t r = 0; status == VQE_OK && r < strings->nrun; r++) {
    uint32_t first = strings->run_start[r];
    status = spin_matrix_init(&(*out)[r], hamiltonian, strings, first,
                              strings->run_start[r + 1] - first);
  }
  return status;
}

static void spin_matrices_free(struct vqe_spin_matrix *matrices, size_t nrun)
{
  for (size_t r = 0; matrices != NULL && r < nrun; r++) {
    free(matrices[r].dense);
    free(matrices[r].row);
    free(matrices[r].column);
    free(matrices[r].value);
  }
  free(matrices);
}

/* ---- pairs, links, gather lists ---- */

struct pair_table {
  int count[VQE_MAX_IRREPS];
  int p[VQE_MAX_IRREPS][VQE_MAX_ORBITALS * (VQE_MAX_ORBITALS + 1) / 2];
  int q[VQE_MAX_IRREPS][VQE_MAX_ORBITALS * (VQE_MAX_ORBITALS + 1) / 2];
};

static void pair_table_init(struct pair_table *table,
                            const struct vqe_hamiltonian *hamiltonian,
                            int nirrep)
{
  memset(table->count, 0, sizeof table->count);
  for (int p = 0; p < hamiltonian->norb; p++) {
    for (int q = 0; q <= p; q++) {
      int g = nirrep == 1 ? 0 : hamiltonian->irrep[p] ^ hamiltonian->irrep[q];
      int k = table->count[g]++;
      table->p[g][k] = p;
      table->q[g][k] = q;
    }
  }
}

/* String that F_pq makes of `bits`, 0 sign when none. */
static int pair_partner(uint64_t *partner, uint64_t bits, int p, int q)
{
  uint64_t bp = UINT64_C(1) << p;
  uint64_t bq = UINT64_C(1) << q;
  if (p == q) {
    *partner = bits;
    return (bits & bp) ? 1 : 0;
  }
  bool has_p = bits & bp;
  bool has_q = bits & bq;
  if (has_p == has_q) {
    return 0;
  }
  *partner = bits ^ bp ^ bq;
  return vqe_strings_sign(bits, p, q);
}

static int make_links(struct vqe_sigma *sigma, const struct pair_table *table)
{
  const struct vqe_strings *strings = sigma->alpha;
  size_t nirrep = (size_t)sigma->nirrep;
  int status =
      vqe_memory_alloc(&sigma->link_start, strings->count * nirrep + 1,
                       sizeof *sigma->link_start, "string links");
  for (int pass = 0; status == VQE_OK && pass < 2; pass++) {
    size_t count = 0;
    for (uint32_t s = 0; s < strings->count; s++) {
      for (size_t g = 0; g < nirrep; g++) {
        for (int k = 0; k < table->count[g]; k++) {
          uint64_t bits;
          int sign = pair_partner(&bits, strings->bits[s], table->p[g][k],
                                  table->q[g][k]);
          if (sign == 0) {
            continue;
          }
          if (pass == 1) {
            sigma->links[count] = (struct vqe_sigma_link){
                (uint32_t)k, vqe_strings_position(strings, bits), sign};
          }
          count++;
        }
        sigma->link_start[s * nirrep + g + 1] = count;
      }
    }
    if (pass == 0) {
      status = vqe_memory_alloc(&sigma->links, count, sizeof *sigma->links,
                                "string links");
    }
  }
  return status;
}

/* panel row k (pair), column c of the item; the row stride of the panel is
 * fixed at apply time, so `to` keeps k and c apart: k * 2^16 + c. */
static int make_gather(struct vqe_sigma_gather *gather,
                       const struct vqe_sigma *sigma,
                       const struct vqe_sigma_item *item, int g,
                       const struct pair_table *table)
{
  const struct vqe_strings *strings = sigma->beta;
  uint32_t base = strings->class_start[item->cb] + item->first;
  uint32_t source_base = strings->class_start[item->cb ^ g];
  for (int pass = 0; pass < 3; pass++) {
    /* 0 counts, 1 fills the positive ones, 2 the negative ones */
    uint32_t positive = 0;
    uint32_t count = pass == 2 ? gather->positive : 0;
    for (int k = 0; k < table->count[g]; k++) {
      for (uint32_t c = 0; c < item->count; c++) {
        uint64_t bits;
        int sign = pair_partner(&bits, strings->bits[base + c], table->p[g][k],
                                table->q[g][k]);
        if (sign == 0 || (pass == 1 && sign < 0) || (pass == 2 && sign > 0)) {
          continue;
        }
        positive += sign > 0;
        if (pass > 0) {
          gather->to[count] = (uint32_t)k << 16 | c;
          gather->from[count] =
              vqe_strings_position(strings, bits) - source_base;
        }
        count++;
      }
    }
    if (pass == 0) {
      gather->count = count;
      gather->positive = positive;
      int status = vqe_memory_alloc(&gather->to, count, sizeof(uint32_t),
                                    "gather list");
      if (status == VQE_OK) {
        status = vqe_memory_alloc(&gather->from, count, sizeof(uint32_t),
                                  "gather list");
      }
      if (status != VQE_OK) {
        return status;
      }
    }
  }
  return VQE_OK;
}

static int make_items(struct vqe_sigma *sigma)
{
  const struct vqe_strings *beta = sigma->beta;
  int status = VQE_OK;
  for (int pass = 0; status == VQE_OK && pass < 2; pass++) {
    size_t count = 0;
    for (int cb = 0; cb < beta->nclass; cb++) {
      uint32_t columns = beta->class_start[cb + 1] - beta->class_start[cb];
      /* equal chunks, none wider than CHUNK */
      uint32_t chunks = (columns + CHUNK - 1) / CHUNK;
      for (uint32_t k = 0; k < chunks; k++) {
        if (pass == 1) {
          VQE_ASSERT(count < sigma->nitem);
          struct vqe_sigma_item *item = &sigma->items[count];
          item->cb = cb;
          item->first = (uint32_t)((uint64_t)columns * k / chunks);
          item->count =
              (uint32_t)((uint64_t)columns * (k + 1) / chunks) - item->first;
        }
        count++;
      }
    }
    if (pass == 0) {
      sigma->nitem = count;
      status = vqe_memory_alloc(&sigma->items, count, sizeof *sigma->items,
                                "sigma work items");
    }
  }
  return status;
}

static int make_gathers(struct vqe_sigma *sigma,
                        const struct pair_table *table)
{
  int status = VQE_OK;
  for (size_t k = 0; status == VQE_OK && k < sigma->nitem; k++) {
    struct vqe_sigma_item *item = &sigma->items[k];
    for (int g = 0; status == VQE_OK && g < sigma->nirrep; g++) {
      status = make_gather(&item->gather[g], sigma, item, g, table);
    }
  }
  return status;
}

static int make_integrals(struct vqe_sigma *sigma,
                          const struct pair_table *table)
{
  for (int g = 0; g < sigma->nirrep; g++) {
    size_t n = (size_t)table->count[g];
    sigma->npair[g] = table->count[g];
    int status = vqe_memory_alloc(&sigma->w[g], n * n, sizeof(double),
                                  "integral blocks");
    if (status != VQE_OK) {
      return status;
    }
    for (size_t k = 0; k < n; k++) {
      for (size_t l = 0; l < n; l++) {
        sigma->w[g][k * n + l] =
            vqe_sigma_integral(sigma->hamiltonian, table->p[g][k],
                               table->q[g][k], table->p[g][l], table->q[g][l]);
      }
    }
  }
  return VQE_OK;
}

/* Doubles of one panel: as many rows as PANEL holds, no more than there are,
 * and at least one. */
static size_t panel_size(const struct vqe_sigma *sigma)
{
  size_t most = 0;
  size_t rows = 0;
  size_t width = 0;
  for (int g = 0; g < sigma->nirrep; g++) {
    size_t pairs = (size_t)sigma->npair[g];
    most = pairs > most ? pairs : most;
    size_t count =
        sigma->alpha->class_start[g + 1] - sigma->alpha->class_start[g];
    rows = count > rows ? count : rows;
  }
  for (size_t k = 0; k < sigma->nitem; k++) {
    width = sigma->items[k].count > width ? sigma->items[k].count : width;
  }
  size_t one = most * width;
  size_t size = one * rows < PANEL ? one * rows : PANEL;
  return size > one ? size : one;
}

/* Seconds of a product over pairs that are not worth tables of their own. */
#define SHORT_PRODUCT 1e-3

static bool takes_annihilation(int norb, int nalpha, int nbeta, int nirrep)
{
  double here;
  double over_pairs;
  vqe_annihilation_cost(&here, &over_pairs, norb, nalpha, nbeta, nirrep);
  return here < over_pairs && over_pairs > SHORT_PRODUCT;
}

/* Sizes of the one-spin matrices of one spin, before there are strings. */
struct spin_sizes {
  uint64_t count;     /* strings */
  uint64_t run;       /* of one class and electron number, about */
  uint64_t connected; /* elements of a row */
  uint64_t links;     /* pairs of orbitals that do not annihilate a string */
};

static struct spin_sizes spin_sizes_of(int norb, int nelec, int nirrep)
{
  struct spin_sizes out;
  bool all = nelec == VQE_ALL_NUMBERS;
  uint64_t occupied = (uint64_t)(all ? norb / 2 : nelec);
  uint64_t empty = (uint64_t)norb - occupied;
  out.count = vqe_strings_count(norb, nelec);
  out.run = out.count / (uint64_t)nirrep + 1;
  if (all) {
    out.run = out.run / 3 + 1; /* the middle electron number holds a third */
  }
  out.links = occupied * empty + occupied;
  out.connected = (1 + occupied * empty +
                   occupied * (occupied - 1) / 2 * (empty * (empty - 1) / 2)) /
                      (uint64_t)nirrep +
                  1;
  return out;
}

/* Seconds of a multiplication with a dense one-spin matrix, and with a sparse
 * one, whose columns come from a tile in the second-level cache; of loading a
 * tile, for each amplitude. */
#define DENSE_SECONDS 4e-11
#define SPARSE_SECONDS 7e-11
#define TILE_SECONDS 2e-9

double vqe_sigma_seconds(int norb, int nalpha, int nbeta, int nirrep)
{
  int numbers[2] = {nalpha, nbeta};
  double here;
  double over_pairs;
  double amplitudes = (double)vqe_strings_count(norb, nalpha) *
                      (double)vqe_strings_count(norb, nbeta);
  bool all = nalpha == VQE_ALL_NUMBERS;
  double seconds = 0.0;
  /* a vector of one irrep, or the whole space */
  double one = all ? amplitudes : amplitudes / nirrep;
  for (int spin = 0; spin < 2; spin++) {
    struct spin_sizes sizes = spin_sizes_of(norb, numbers[spin], nirrep);
    seconds +=
        one * (sizes.run <= DENSE_LIMIT
                   ? (double)sizes.run * DENSE_SECONDS
                   : (double)sizes.connected * SPARSE_SECONDS + TILE_SECONDS);
  }
  vqe_annihilation_cost(&here, &over_pairs, norb, nalpha, nbeta, nirrep);
  return seconds +
         (takes_annihilation(norb, nalpha, nbeta, nirrep) ? here : over_pairs);
}

/* Bytes with the tables of one form of the alpha-beta part. */
static uint64_t bytes_of(int norb, int nalpha, int nbeta, int nirrep,
                         int threads, bool over_pairs)
{
  uint64_t npair = (uint64_t)norb * (uint64_t)(norb + 1) / 2;
  uint64_t bytes =
      over_pairs
          ? (uint64_t)threads * 2 * 8 * (PANEL + npair * CHUNK) +
                8 * npair * npair / (uint64_t)nirrep
          : vqe_annihilation_bytes(norb, nalpha, nbeta, nirrep, threads);
  int numbers[2] = {nalpha, nbeta};
  uint64_t tile = 0;
  for (int spin = 0; spin < 2; spin++) {
    struct spin_sizes sizes = spin_sizes_of(norb, numbers[spin], nirrep);
    bool dense = sizes.run <= DENSE_LIMIT;
    /* an element takes 12; lists grow by doubling, from the old to a new */
    uint64_t row = dense ? sizes.run * 8 : sizes.connected * 18 + 8;
    if (spin == 0 || nalpha != nbeta) {
      bytes += sizes.count * row; /* equal spins have one matrix */
    }
    if (!dense && sizes.run > tile) {
      tile = sizes.run;
    }
    if (over_pairs) {
      /* links of alpha strings, gather lists of beta strings */
      bytes += sizes.count *
               (spin == 0 ? sizes.links * sizeof(struct vqe_sigma_link) +
                                8 * (uint64_t)nirrep
                          : sizes.links * 8);
    }
  }
  bytes += (uint64_t)threads * VQE_SIGMA_TILE * tile * 8;
  return bytes;
}

uint64_t vqe_sigma_bytes(int norb, int nalpha, int nbeta, int nirrep,
                         int threads)
{
  return bytes_of(norb, nalpha, nbeta, nirrep, threads,
                  !takes_annihilation(norb, nalpha, nbeta, nirrep));
}

uint64_t vqe_sigma_bytes_over_pairs(int norb, int nalpha, int nbeta,
                                    int nirrep, int threads)
{
  return bytes_of(norb, nalpha, nbeta, nirrep, threads, true);
}

static size_t longest_sparse(const struct vqe_spin_matrix *matrices,
                             size_t nrun)
{
  size_t longest = 0;
  for (size_t r = 0; r < nrun; r++) {
    if (matrices[r].dense == NULL && matrices[r].count > longest) {
      longest = matrices[r].count;
    }
  }
  return longest;
}

/* Room for a tile of the longest sparse run of strings. */
static int make_tile(struct vqe_sigma *sigma)
{
  size_t alpha = longest_sparse(sigma->alpha_run, sigma->nalpha_run);
  size_t beta = longest_sparse(sigma->beta_run, sigma->nbeta_run);
  sigma->tile_columns = alpha > beta ? alpha : beta;
  if (sigma->tile_columns == 0) {
    return VQE_OK;
  }
  return vqe_memory_alloc(&sigma->tile,
                          sigma->tile_columns * VQE_SIGMA_TILE *
                              (size_t)sigma->threads,
                          sizeof(double), "sigma scratch");
}

/* The one-spin matrices of both spins. */
static int make_matrices(struct vqe_sigma *sigma)
{
  int status = spin_matrices(&sigma->alpha_run, &sigma->nalpha_run,
                             sigma->hamiltonian, sigma->alpha);
  if (status == VQE_OK && sigma->beta == sigma->alpha) {
    sigma->beta_run = sigma->alpha_run;
    sigma->nbeta_run = sigma->nalpha_run;
  } else if (status == VQE_OK) {
    status = spin_matrices(&sigma->beta_run, &sigma->nbeta_run,
                           sigma->hamiltonian, sigma->beta);
  }
  return status;
}

int vqe_sigma_over_pairs(struct vqe_sigma *sigma)
{
  struct pair_table *table = NULL;
  if (sigma->over_pairs) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&table, 1, sizeof *table, "pair table");
  if (status == VQE_OK) {
    pair_table_init(table, sigma->hamiltonian, sigma->nirrep);
    status = make_integrals(sigma, table);
  }
  if (status == VQE_OK) {
    status = make_links(sigma, table);
  }
  if (status == VQE_OK) {
    status = make_gathers(sigma, table);
  }
  if (status == VQE_OK) {
    sigma->panel = panel_size(sigma);
    status = vqe_memory_alloc(&sigma->scratch,
                              2 * sigma->panel * (size_t)sigma->threads,
                              sizeof(double), "sigma scratch");
  }
  free(table);
  sigma->over_pairs = status == VQE_OK;
  return status;
}

int vqe_sigma_create(struct vqe_sigma **out,
                     const struct vqe_hamiltonian *hamiltonian,
                     const struct vqe_strings *alpha,
                     const struct vqe_strings *beta, int threads)
{
  struct vqe_sigma *sigma = NULL;
  *out = NULL;
  int status = vqe_memory_alloc(&sigma, 1, sizeof *sigma, "sigma tables");
  if (status != VQE_OK) {
    return status;
  }
  sigma->hamiltonian = hamiltonian;
  sigma->alpha = alpha;
  sigma->beta = beta;
  sigma->threads = threads;
  sigma->nirrep = alpha->nclass;
  status = make_matrices(sigma);
  if (status == VQE_OK) {
    status = make_tile(sigma);
  }
  if (status == VQE_OK) {
    status = make_items(sigma);
  }
  if (status == VQE_OK) {
    status = takes_annihilation(hamiltonian->norb, alpha->nelec, beta->nelec,
                                sigma->nirrep)
                 ? vqe_annihilation_create(&sigma->annihilation, hamiltonian,
                                           alpha, beta, threads)
                 : vqe_sigma_over_pairs(sigma);
  }
  if (status == VQE_OK) {
    status = vqe_blas_room_reserve(threads);
  }
  if (status == VQE_OK) {
    /* DGEMM is called from inside parallel regions */
    openblas_set_num_threads(1);
  }
  if (status != VQE_OK) {
    vqe_sigma_free(sigma);
    return status;
  }
  *out = sigma;
  return VQE_OK;
}

void vqe_sigma_free(struct vqe_sigma *sigma)
{
  if (sigma == NULL) {
    return;
  }
  if (sigma->beta_run != sigma->alpha_run) {
    spin_matrices_free(sigma->beta_run, sigma->nbeta_run);
  }
  spin_matrices_free(sigma->alpha_run, sigma->nalpha_run);
  for (size_t k = 0; sigma->items != NULL && k < sigma->nitem; k++) {
    for (int g = 0; g < sigma->nirrep; g++) {
      free(sigma->items[k].gather[g].to);
      free(sigma->items[k].gather[g].from);
    }
  }
  for (int g = 0; g < VQE_MAX_IRREPS; g++) {
    free(sigma->w[g]);
  }
  vqe_annihilation_free(sigma->annihilation);
  free(sigma->tile);
  free(sigma->items);
  free(sigma->links);
  free(sigma->link_start);
  free(sigma->scratch);
  free(sigma);
}

/* ---- the diagonal ---- */

/* Energy of a string by itself, without the other spin. */
static int visit_diagonal(void *ctx, uint64_t bits, double value)
{
  (void)bits;
  *(double *)ctx = value;
  return 1; /* the diagonal comes first: stop after it */
}

int vqe_sigma_diagonal(const struct vqe_sigma *sigma,
                       const struct vqe_layout *layout, double *out)
{
  const struct vqe_hamiltonian *hamiltonian = sigma->hamiltonian;
  const struct vqe_strings *alpha = sigma->alpha;
  const struct vqe_strings *beta = sigma->beta;
  int norb = hamiltonian->norb;
  double *own = NULL;
  int status =
      vqe_memory_alloc(&own, beta->count, sizeof *own, "diagonal energies");
  if (status != VQE_OK) {
    return status;
  }
  for (uint32_t u = 0; u < beta->count; u++) {
    (void)spin_column(hamiltonian, beta->bits[u], visit_diagonal, &own[u]);
  }
  for (int ca = 0; ca < alpha->nclass; ca++) {
    for (uint32_t s = alpha->class_start[ca]; s < alpha->class_start[ca + 1];
         s++) {
      double energy;
      double coulomb[VQE_MAX_ORBITALS];
      uint64_t bits = alpha->bits[s];
      (void)spin_column(hamiltonian, bits, visit_diagonal, &energy);
      for (int q = 0; q < norb; q++) {
        coulomb[q] = 0.0;
        for (uint64_t left = bits; left != 0; left &= left - 1) {
          int p = __builtin_ctzll(left);
          coulomb[q] += vqe_sigma_integral(hamiltonian, p, p, q, q);
        }
      }
      for (int cb = 0; cb < beta->nclass; cb++) {
        if (!vqe_layout_has(layout, ca, cb)) {
          continue;
        }
        double *row = out + vqe_layout_row(layout, ca, cb, s);
        uint32_t base = beta->class_start[cb];
        for (uint32_t u = base; u < beta->class_start[cb + 1]; u++) {
          double value = energy + own[u];
          for (uint64_t left = beta->bits[u]; left != 0; left &= left - 1) {
            value += coulomb[__builtin_ctzll(left)];
          }
          row[u - base] = value;
        }
      }
    }
  }
  free(own);
  return VQE_OK;
}
