#include "chem/direct.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include <cint_funcs.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "base/stop.h"
#include "chem/transform_row.h"

/* Contributions below this are left out of Fock matrices, and integrals below
 * it of transformed ones. */
#define NEGLIGIBLE 1e-12 /* hartree */
/* Multiplications that an integral takes, for stops. */
#define INTEGRAL_WORK 64
/* The pairs of shells are shared out in slices with sums of their own, whose
 * number does not depend on the threads. */
#define SLICES 8
/* Up to so many orbitals sums over the products of all of them are cheaper
 * than computing the integrals twice. */
#define MAX_FEW 6

/* Shells i >= j and the bound of their integrals. */
struct pair {
  double bound;
  int i, j;
};

struct vqe_direct {
  const struct vqe_env *env;
  int threads;
  size_t npair;
  struct pair *pairs; /* that matter, by falling bound */
  CINTIntegralFunction *function;
  CINTOpt *optimizer;
  size_t block; /* doubles of the largest quartet */
  size_t scratch;
};

/* Equal bounds in the order of the shells, so that it does not depend on the
 * library's sort. */
static int compare_pairs(const void *left, const void *right)
{
  const struct pair *a = left;
  const struct pair *b = right;
  if (a->bound != b->bound) {
    return a->bound > b->bound ? -1 : 1;
  }
  return a->i != b->i ? (a->i < b->i ? -1 : 1) : (a->j < b->j ? -1 : 1);
}

/* Pairs of shells that lie far apart have no integrals with any other. */
static int list_pairs(struct vqe_direct *direct, const struct vqe_env *env)
{
  double *bounds = NULL;
  double largest = 0.0;
  size_t n = (size_t)env->nbas;
  int status =
      vqe_memory_alloc(&bounds, n * n, sizeof(double), "bounds of integrals");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&direct->pairs, vqe_pair(n, 0),
                              sizeof *direct->pairs, "pairs of shells");
  }
  if (status == VQE_OK) {
    status = vqe_env_bounds(bounds, env);
  }
  for (size_t k = 0; status == VQE_OK && k < n * n; k++) {
    largest = fmax(largest, bounds[k]);
  }
  for (int i = 0; status == VQE_OK && i < env->nbas; i++) {
    for (int j = 0; j <= i; j++) {
      double bound = bounds[i * env->nbas + j];
      if (bound * largest >= 0.1 * NEGLIGIBLE) {
        direct->pairs[direct->npair++] = (struct pair){bound, i, j};
      }
    }
  }
  if (status == VQE_OK) {
    qsort(direct->pairs, direct->npair, sizeof *direct->pairs, compare_pairs);
  }
  free(bounds);
  return status;
}

int vqe_direct_new(struct vqe_direct **out, const struct vqe_env *env,
                   int threads)
{
  struct vqe_direct *direct = NULL;
  size_t largest = (size_t)vqe_env_largest_shell(env);
  *out = NULL;
  int status =
      vqe_memory_alloc(&direct, 1, sizeof *direct, "direct integrals");
  if (status == VQE_OK) {
    status = list_pairs(direct, env);
  }
  if (status != VQE_OK) {
    vqe_direct_free(direct);
    return status;
  }
  direct->env = env;
  direct->threads = threads < 1 ? 1 : threads;
  direct->function = env->cartesian ? int2e_cart : int2e_sph;
  direct->block = largest * largest * largest * largest;
  direct->scratch = vqe_env_scratch(env);
  int2e_optimizer(&direct->optimizer, env->atm, env->natm, env->bas, env->nbas,
                  env->env);
  *out = direct;
  return VQE_OK;
}

void vqe_direct_free(struct vqe_direct *direct)
{
  if (direct == NULL) {
    return;
  }
  if (direct->optimizer != NULL) {
    CINTdel_optimizer(&direct->optimizer);
  }
  free(direct->pairs);
  free(direct);
}

static void compute(double *buffer, const struct vqe_direct *direct,
                    const int shells[4])
{
  const struct vqe_env *env = direct->env;
  int copy[4] = {shells[0], shells[1], shells[2], shells[3]};
  direct->function(buffer, NULL, copy, env->atm, env->natm, env->bas,
                   env->nbas, env->env, direct->optimizer,
                   buffer + direct->block);
}

/* ---- Fock matrices ---- */

struct task {
  const struct vqe_direct *direct;
  const double *dj;
  int nk;
  const double *dk[2];
  double *largest; /* nbas x nbas: of the densities over each pair of shells */
  double most;     /* of all */
};

/* Largest density elements over each pair of shells. */
static void find_largest(struct task *task)
{
  const struct vqe_env *env = task->direct->env;
  int n = env->nao;
  for (int i = 0; i < env->nbas; i++) {
    for (int j = 0; j < env->nbas; j++) {
      double most = 0.0;
      for (int p = env->ao_loc[i]; p < env->ao_loc[i + 1]; p++) {
        for (int q = env->ao_loc[j]; q < env->ao_loc[j + 1]; q++) {
          int at = p * n + q;
          most = fmax(most, task->dj != NULL ? fabs(task->dj[at]) : 0.0);
          for (int k = 0; k < task->nk; k++) {
            most = fmax(most, fabs(task->dk[k][at]));
          }
        }
      }
      task->largest[i * env->nbas + j] = most;
      task->most = fmax(task->most, most);
    }
  }
}

/* Largest density that a quartet meets, with what it counts for. */
static double weight(const struct task *task, const int s[4])
{
  int n = task->direct->env->nbas;
  const double *d = task->largest;
  double coulomb = 4.0 * fmax(d[s[0] * n + s[1]], d[s[2] * n + s[3]]);
  double exchange = fmax(fmax(d[s[0] * n + s[2]], d[s[0] * n + s[3]]),
                         fmax(d[s[1] * n + s[2]], d[s[1] * n + s[3]]));
  return fmax(coulomb, exchange);
}

/* One block of integrals, first index fastest, weighted so that the sums of
 * the four orders here and the transposed four make all eight. `sums` holds
 * J, and K of each density. */
static void add_block(double *sums, const struct task *task, const int s[4],
                      const double *block)
{
  const struct vqe_env *env = task->direct->env;
  const int *loc = env->ao_loc;
  size_t n = (size_t)env->nao;
  double factor = (s[0] == s[1] ? 0.5 : 1.0) * (s[2] == s[3] ? 0.5 : 1.0) *
                  (s[0] == s[2] && s[1] == s[3] ? 0.5 : 1.0);
  for (size_t l = (size_t)loc[s[3]]; l < (size_t)loc[s[3] + 1]; l++) {
    for (size_t k = (size_t)loc[s[2]]; k < (size_t)loc[s[2] + 1]; k++) {
      for (size_t j = (size_t)loc[s[1]]; j < (size_t)loc[s[1] + 1]; j++) {
        for (size_t i = (size_t)loc[s[0]]; i < (size_t)loc[s[0] + 1]; i++) {
          double v = factor * *block++;
          if (task->dj != NULL) {
            sums[i * n + j] += 2.0 * v * task->dj[k * n + l];
            sums[k * n + l] += 2.0 * v * task->dj[i * n + j];
          }
          for (int t = 0; t < task->nk; t++) {
            double *e = sums + (size_t)(t + 1) * n * n;
            const double *d = task->dk[t];
            e[i * n + k] += v * d[j * n + l];
            e[i * n + l] += v * d[j * n + k];
            e[j * n + k] += v * d[i * n + l];
            e[j * n + l] += v * d[i * n + k];
          }
        }
      }
    }
  }
}

/* Each two pairs of shells once; bounds fall along the list, so that the
 * first that is too small ends the inner loop. */
static void run_slice(double *sums, const struct task *task, int slice,
                      double *buffer)
{
  const struct pair *pairs = task->direct->pairs;
  for (size_t a = (size_t)slice; a < task->direct->npair; a += SLICES) {
    for (size_t b = 0; b <= a; b++) {
      double bound = pairs[a].bound * pairs[b].bound;
      if (bound * 4.0 * task->most < NEGLIGIBLE) {
        break;
      }
      if (vqe_stop_asked(task->direct->env->stop,
                         INTEGRAL_WORK * task->direct->block)) {
        return;
      }
      int s[4] = {pairs[a].i, pairs[a].j, pairs[b].i, pairs[b].j};
      if (bound * weight(task, s) >= NEGLIGIBLE) {
        compute(buffer, task->direct, s);
        add_block(sums, task, s, buffer);
      }
    }
  }
}

/* out = the slices' sums at `offset`, and its transpose. */
static void collect(double *out, const double *sums, size_t n, size_t each,
                    size_t offset)
{
  for (size_t p = 0; p < n; p++) {
    for (size_t q = 0; q <= p; q++) {
      double sum = 0.0;
      for (size_t slice = 0; slice < SLICES; slice++) {
        const double *own = sums + slice * each + offset;
        sum += own[p * n + q] + own[q * n + p];
      }
      out[p * n + q] = sum;
      out[q * n + p] = sum;
    }
  }
}

int vqe_direct_jk(double *j, const double *dj, int nk, double *const k[2],
                  const double *const dk[2], const struct vqe_direct *direct)
{
  struct task task = {.direct = direct, .dj = j == NULL ? NULL : dj, .nk = nk};
  double *sums = NULL;
  double *buffers = NULL;
  size_t n = (size_t)direct->env->nao;
  size_t nbas = (size_t)direct->env->nbas;
  size_t each = (size_t)(nk + 1) * n * n;
  size_t room = (direct->block + direct->scratch + 15) / 8 * 8;
  int threads = direct->threads < SLICES ? direct->threads : SLICES;
  for (int t = 0; t < nk; t++) {
    task.dk[t] = dk[t];
  }
  int status = vqe_memory_alloc(&sums, SLICES * each, sizeof(double),
                                "direct Fock matrices");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&buffers, room * (size_t)threads, sizeof(double),
                              "direct integrals");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&task.largest, nbas * nbas, sizeof(double),
                              "density of shells");
  }
  if (status == VQE_OK) {
    find_largest(&task);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int slice = 0; slice < SLICES; slice++) {
      run_slice(sums + (size_t)slice * each, &task, slice,
                buffers + room * (size_t)omp_get_thread_num());
    }
    if (j != NULL) {
      collect(j, sums, n, each, 0);
    }
    for (int t = 0; t < nk; t++) {
      collect(k[t], sums, n, each, (size_t)(t + 1) * n * n);
    }
  }
  free(sums);
  free(buffers);
  free(task.largest);
  return status == VQE_OK ? vqe_stop_status(direct->env->stop) : status;
}

/* ---- rows of integrals ---- */

/* All (pq|rs), p >= q, for the functions of a pair of shells: a row for each
 * s in ket->j and r in ket->i. */
static void fill_rows(double *rows, const struct vqe_direct *direct,
                      const struct pair *ket, double *buffer)
{
  const struct vqe_env *env = direct->env;
  const int *loc = env->ao_loc;
  size_t npair = vqe_pair((size_t)env->nao, 0);
  size_t nrow = (size_t)vqe_env_shell_size(env, ket->i) *
                (size_t)vqe_env_shell_size(env, ket->j);
  memset(rows, 0, nrow * npair * sizeof(double));
  for (size_t a = 0; a < direct->npair; a++) {
    const struct pair *bra = &direct->pairs[a];
    if (bra->bound * ket->bound < NEGLIGIBLE) {
      break; /* so are all that follow */
    }
    int s[4] = {bra->i, bra->j, ket->i, ket->j};
    compute(buffer, direct, s);
    const double *value = buffer;
    for (size_t row = 0; row < nrow; row++) {
      for (int q = loc[bra->j]; q < loc[bra->j + 1]; q++) {
        for (int p = loc[bra->i]; p < loc[bra->i + 1]; p++, value++) {
          if (p >= q) {
            rows[row * npair + vqe_pair((size_t)p, (size_t)q)] = *value;
          }
        }
      }
    }
  }
}

/* ---- transformation to few orbitals ---- */

/* (ij|rs) is the Coulomb matrix of the product of orbitals i and j, so that
 * one pass over the integrals makes those of all products. */
struct few {
  const struct vqe_direct *direct;
  size_t nout;     /* products */
  const double *d; /* npair x nout: products over pairs of functions */
  double *largest; /* nbas x nbas: of d over each pair of shells */
  double most;     /* of all */
};

static void fill_products(double *d, const struct few *few,
                          const double *mo_coeff, int norb)
{
  for (int p = 0; p < few->direct->env->nao; p++) {
    const double *cp = mo_coeff + (size_t)p * (size_t)norb;
    for (int q = 0; q <= p; q++) {
      const double *cq = mo_coeff + (size_t)q * (size_t)norb;
      for (int i = 0; i < norb; i++) {
        for (int j = 0; j <= i; j++) {
          *d++ = 0.5 * (cp[i] * cq[j] + cp[j] * cq[i]);
        }
      }
    }
  }
}

static void find_largest_product(struct few *few)
{
  const struct vqe_env *env = few->direct->env;
  for (int i = 0; i < env->nbas; i++) {
    for (int j = 0; j < env->nbas; j++) {
      double most = 0.0;
      for (int p = env->ao_loc[i]; p < env->ao_loc[i + 1]; p++) {
        for (int q = env->ao_loc[j]; q < env->ao_loc[j + 1]; q++) {
          const double *d =
              few->d + few->nout * vqe_pair((size_t)p, (size_t)q);
          for (size_t ij = 0; ij < few->nout; ij++) {
            most = fmax(most, fabs(d[ij]));
          }
        }
      }
      few->largest[i * env->nbas + j] = most;
      few->most = fmax(few->most, most);
    }
  }
}

/* One block of integrals, weighted as in add_block. */
static void add_products(double *sums, const struct few *few, const int s[4],
                         const double *block)
{
  const int *loc = few->direct->env->ao_loc;
  size_t nout = few->nout;
  double factor = (s[0] == s[1] ? 0.5 : 1.0) * (s[2] == s[3] ? 0.5 : 1.0) *
                  (s[0] == s[2] && s[1] == s[3] ? 0.5 : 1.0);
  for (int l = loc[s[3]]; l < loc[s[3] + 1]; l++) {
    for (int k = loc[s[2]]; k < loc[s[2] + 1]; k++) {
      size_t kl = nout * vqe_pair((size_t)k, (size_t)l);
      for (int j = loc[s[1]]; j < loc[s[1] + 1]; j++) {
        for (int i = loc[s[0]]; i < loc[s[0] + 1]; i++) {
          double v = 2.0 * factor * *block++;
          size_t ij = nout * vqe_pair((size_t)i, (size_t)j);
#pragma omp simd
          for (size_t t = 0; t < nout; t++) {
            sums[ij + t] += v * few->d[kl + t];
          }
#pragma omp simd
          for (size_t t = 0; t < nout; t++) {
            sums[kl + t] += v * few->d[ij + t];
          }
        }
      }
    }
  }
}

static void run_few(double *sums, const struct few *few, int slice,
                    double *buffer)
{
  const struct pair *pairs = few->direct->pairs;
  int n = few->direct->env->nbas;
  for (size_t a = (size_t)slice; a < few->direct->npair; a += SLICES) {
    double own = few->largest[pairs[a].i * n + pairs[a].j];
    for (size_t b = 0; b <= a; b++) {
      double bound = pairs[a].bound * pairs[b].bound;
      if (bound * 4.0 * few->most < NEGLIGIBLE) {
        break;
      }
      if (vqe_stop_asked(few->direct->env->stop,
                         INTEGRAL_WORK * few->direct->block)) {
        return;
      }
      int s[4] = {pairs[a].i, pairs[a].j, pairs[b].i, pairs[b].j};
      if (bound * 4.0 * fmax(own, few->largest[s[2] * n + s[3]]) >=
          NEGLIGIBLE) {
        compute(buffer, few->direct, s);
        add_products(sums, few, s, buffer);
      }
    }
  }
}

/* The slices' sums; pairs of one function were met half as often. */
static void collect_few(double *out, const double *sums, const struct few *few)
{
  size_t nao = (size_t)few->direct->env->nao;
  size_t npair = vqe_pair(nao, 0);
  for (size_t p = 0; p < nao; p++) {
    for (size_t q = 0; q <= p; q++) {
      size_t pq = vqe_pair(p, q);
      for (size_t t = 0; t < few->nout; t++) {
        double sum = 0.0;
        for (size_t slice = 0; slice < SLICES; slice++) {
          sum += sums[(slice * npair + pq) * few->nout + t];
        }
        out[t * npair + pq] = p == q ? 2.0 * sum : sum;
      }
    }
  }
}

static int half_of_few(double *out, const struct vqe_direct *direct,
                       const double *mo_coeff, int norb)
{
  double *d = NULL;
  double *sums = NULL;
  double *buffers = NULL;
  size_t npair = vqe_pair((size_t)direct->env->nao, 0);
  size_t nbas = (size_t)direct->env->nbas;
  struct few few = {.direct = direct, .nout = vqe_pair((size_t)norb, 0)};
  size_t each = npair * few.nout;
  size_t room = (direct->block + direct->scratch + 15) / 8 * 8;
  int threads = direct->threads < SLICES ? direct->threads : SLICES;
  int status =
      vqe_memory_alloc(&d, each, sizeof(double), "direct transformation");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&sums, SLICES * each, sizeof(double),
                              "direct transformation");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&buffers, room * (size_t)threads, sizeof(double),
                              "direct integrals");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&few.largest, nbas * nbas, sizeof(double),
                              "products of orbitals");
  }
  if (status == VQE_OK) {
    fill_products(d, &few, mo_coeff, norb);
    few.d = d;
    find_largest_product(&few);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int slice = 0; slice < SLICES; slice++) {
      run_few(sums + (size_t)slice * each, &few, slice,
              buffers + room * (size_t)omp_get_thread_num());
    }
    collect_few(out, sums, &few);
  }
  free(d);
  free(sums);
  free(buffers);
  free(few.largest);
  return status == VQE_OK ? vqe_stop_status(direct->env->stop) : status;
}

/* ---- transformation to many ---- */

static int half_of_many(double *out, const struct vqe_direct *direct,
                        const double *mo_coeff, int norb)
{
  const struct vqe_env *env = direct->env;
  double *work = NULL;
  size_t largest = (size_t)vqe_env_largest_shell(env);
  size_t npair = vqe_pair((size_t)env->nao, 0);
  size_t nout = vqe_pair((size_t)norb, 0);
  size_t row_work = vqe_transform_row_work(env->nao, norb);
  size_t room = largest * largest * npair + row_work + nout + direct->block +
                direct->scratch;
  int threads = direct->threads;
  int status = vqe_memory_alloc(&work, room * (size_t)threads, sizeof(double),
                                "direct transformation");
  if (status != VQE_OK) {
    return status;
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (size_t kl = 0; kl < direct->npair; kl++) {
    const struct pair *ket = &direct->pairs[kl];
    if (vqe_stop_asked(env->stop, VQE_STOP_WORK)) {
      continue;
    }
    double *rows = work + room * (size_t)omp_get_thread_num();
    double *mine = rows + largest * largest * npair;
    double *row_out = mine + row_work;
    fill_rows(rows, direct, ket, row_out + nout);
    const double *row = rows;
    for (int s = env->ao_loc[ket->j]; s < env->ao_loc[ket->j + 1]; s++) {
      for (int r = env->ao_loc[ket->i]; r < env->ao_loc[ket->i + 1]; r++) {
        if (r >= s) {
          size_t rs = vqe_pair((size_t)r, (size_t)s);
          vqe_transform_row(row_out, row, mo_coeff, env->nao, norb, mine);
          for (size_t ij = 0; ij < nout; ij++) {
            out[ij * npair + rs] = row_out[ij];
          }
        }
        row += npair;
      }
    }
  }
  free(work);
  return vqe_stop_status(env->stop);
}

int vqe_direct_half(double *out, const struct vqe_direct *direct,
                    const double *mo_coeff, int norb)
{
  return norb <= MAX_FEW ? half_of_few(out, direct, mo_coeff, norb)
                         : half_of_many(out, direct, mo_coeff, norb);
}
