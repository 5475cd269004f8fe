/* The lowest determinant of an FCIDUMP: programs order orbitals by irrep, by
 * energy or not at all. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "chem/env.h"
#include "chem/fcidump_file.h"
#include "vqe/error.h"

#define MAX_ORBITALS VQE_FCIDUMP_MAX_ORBITALS
#define MAX_ALL 50000.0 /* determinants that are all tried */
#define LOWER_BY 1e-6   /* hartree: less is no reason to leave the order */
#define OTHER_IRREP 1e3 /* hartree, against determinants of another irrep */

/* Energies of determinants from Coulomb and exchange integrals. */
struct levels {
  int n;
  int nalpha, nbeta;
  int target; /* irrep that is wanted, from 0, or -1 */
  const int *orbsym;
  double h[MAX_ORBITALS];
  double j[MAX_ORBITALS][MAX_ORBITALS]; /* (pp|qq) */
  double k[MAX_ORBITALS][MAX_ORBITALS]; /* (pq|pq) */
};

static void fill(struct levels *x, const struct vqe_fcidump_file *file,
                 int nalpha, int nbeta)
{
  size_t n = (size_t)file->norb;
  size_t npair = n * (n + 1) / 2;
  x->n = file->norb;
  x->nalpha = nalpha;
  x->nbeta = nbeta;
  x->orbsym = file->orbsym;
  bool known = file->nsym >= file->norb;
  for (size_t p = 0; p < n; p++) {
    known = known && file->orbsym[p] >= 1 && file->orbsym[p] <= 8;
    x->h[p] = file->h1e[p * n + p];
    for (size_t q = 0; q < n; q++) {
      x->j[p][q] = file->eri[vqe_pair(p, p) * npair + vqe_pair(q, q)];
      x->k[p][q] = file->eri[vqe_pair(p, q) * npair + vqe_pair(p, q)];
    }
  }
  /* ISYM=1 is what many programs write whatever the state */
  x->target =
      known && file->isym >= 2 && file->isym <= 8 ? file->isym - 1 : -1;
}

/* Energy of p in the mean field of the determinant: what an electron (of a
 * pair, mean of both spins) there would have. */
static double level(const struct levels *x, const int occupation[], int p)
{
  double value = x->h[p];
  for (int q = 0; q < x->n; q++) {
    value += occupation[q] * (x->j[p][q] - 0.5 * x->k[p][q]);
  }
  return value;
}

static double energy(const struct levels *x, const int occupation[])
{
  double sum = 0.0;
  int irrep = 0;
  for (int p = 0; p < x->n; p++) {
    if (occupation[p] == 0) {
      continue;
    }
    irrep ^= occupation[p] == 1 ? x->orbsym[p] - 1 : 0;
    sum += occupation[p] * x->h[p];
    for (int q = 0; q < x->n; q++) {
      int same = occupation[p] == 2 && occupation[q] == 2 ? 2
                 : occupation[q] > 0                      ? 1
                                                          : 0;
      sum += 0.5 *
             (occupation[p] * occupation[q] * x->j[p][q] - same * x->k[p][q]);
    }
  }
  return sum + (x->target >= 0 && irrep != x->target ? OTHER_IRREP : 0.0);
}

/* What a search has found so far. */
struct best {
  double energy;
  int occupation[MAX_ORBITALS];
};

static void keep(struct best *best, const struct levels *x,
                 const int occupation[])
{
  double e = energy(x, occupation);
  if (e < best->energy - 1e-9) {
    best->energy = e;
    memcpy(best->occupation, occupation, sizeof best->occupation);
  }
}

/* ---- few occupations: all of them ---- */

static void try_all(struct best *best, const struct levels *x,
                    int occupation[], int p, int closed, int open)
{
  if (p == x->n) {
    keep(best, x, occupation);
    return;
  }
  int left = x->n - p;
  if (closed > 0) {
    occupation[p] = 2;
    try_all(best, x, occupation, p + 1, closed - 1, open);
  }
  if (open > 0) {
    occupation[p] = 1;
    try_all(best, x, occupation, p + 1, closed, open - 1);
  }
  if (left > closed + open) {
    occupation[p] = 0;
    try_all(best, x, occupation, p + 1, closed, open);
  }
}

static double binomial(int n, int k)
{
  double value = 1.0;
  for (int i = 1; i <= k; i++) {
    value *= (double)(n - k + i) / i;
  }
  return value;
}

/* ---- many: exchanges of occupations ---- */

static void swap(int occupation[], int p, int q)
{
  int kept = occupation[p];
  occupation[p] = occupation[q];
  occupation[q] = kept;
}

/* The best exchange of the occupations of two orbitals, or of two such pairs
 * when `twice`; false when none lowers the energy. */
static bool exchange(struct best *best, const struct levels *x, bool twice)
{
  int occupation[MAX_ORBITALS];
  double before = best->energy;
  memcpy(occupation, best->occupation, sizeof occupation);
  for (int p = 0; p < x->n; p++) {
    for (int q = 0; q < p; q++) {
      if (occupation[p] == occupation[q]) {
        continue;
      }
      swap(occupation, p, q);
      for (int r = 0; twice && r < p; r++) {
        for (int s = 0; s < r; s++) {
          if (occupation[r] != occupation[s]) {
            swap(occupation, r, s);
            keep(best, x, occupation);
            swap(occupation, r, s);
          }
        }
      }
      keep(best, x, occupation);
      swap(occupation, p, q);
    }
  }
  return best->energy < before;
}

/* Fill the lowest of `levels`. */
static void fill_lowest(int occupation[], const struct levels *x,
                        const double levels[])
{
  int rank[MAX_ORBITALS];
  for (int p = 0; p < x->n; p++) {
    int at = p;
    while (at > 0 && levels[rank[at - 1]] > levels[p]) {
      rank[at] = rank[at - 1];
      at--;
    }
    rank[at] = p;
  }
  for (int i = 0; i < x->n; i++) {
    occupation[rank[i]] = (i < x->nalpha) + (i < x->nbeta);
  }
}

/* Starts: the core's levels, levels in the field of the electrons spread
 * evenly, and what filling by the mean field leads to from the best. */
static void search(struct best *best, const struct levels *x)
{
  int occupation[MAX_ORBITALS] = {0};
  double levels[MAX_ORBITALS];
  fill_lowest(occupation, x, x->h);
  keep(best, x, occupation);
  for (int p = 0; p < x->n; p++) {
    levels[p] = x->h[p];
    for (int q = 0; q < x->n; q++) {
      levels[p] += (x->nalpha + x->nbeta) / (double)x->n *
                   (x->j[p][q] - 0.5 * x->k[p][q]);
    }
  }
  fill_lowest(occupation, x, levels);
  keep(best, x, occupation);
  for (int cycle = 0; cycle < 20; cycle++) {
    for (int p = 0; p < x->n; p++) {
      levels[p] = level(x, best->occupation, p);
    }
    fill_lowest(occupation, x, levels);
    keep(best, x, occupation);
  }
  bool lower = true;
  for (int round = 0; lower && round < 100; round++) {
    lower = exchange(best, x, false);
    if (!lower && x->n <= 24) {
      lower = exchange(best, x, true);
    }
  }
}

static void list_order(int order[MAX_ORBITALS], const struct levels *x,
                       const int occupation[])
{
  double levels[MAX_ORBITALS];
  int count = 0;
  for (int p = 0; p < x->n; p++) {
    levels[p] = level(x, occupation, p);
  }
  for (int kind = 2; kind >= 0; kind--) {
    int first = count;
    for (int p = 0; p < x->n; p++) {
      if (occupation[p] != kind) {
        continue;
      }
      int at = count++;
      while (at > first && levels[order[at - 1]] > levels[p] + 1e-9) {
        order[at] = order[at - 1];
        at--;
      }
      order[at] = p;
    }
  }
}

int vqe_fcidump_lowest(int order[MAX_ORBITALS], bool *lower, double *lower_by,
                       const struct vqe_fcidump_file *file, int nalpha,
                       int nbeta)
{
  struct levels *x = NULL;
  struct best best = {.energy = HUGE_VAL};
  int occupation[MAX_ORBITALS] = {0};
  *lower = false;
  *lower_by = 0.0;
  for (int p = 0; p < file->norb; p++) {
    order[p] = p;
    occupation[p] = (p < nalpha) + (p < nbeta);
  }
  int status = vqe_memory_alloc(&x, 1, sizeof *x, "levels of an FCIDUMP");
  if (status != VQE_OK) {
    return status;
  }
  fill(x, file, nalpha, nbeta);
  keep(&best, x, occupation);
  double first = best.energy;
  int nopen = nalpha - nbeta;
  if (binomial(x->n, nbeta) * binomial(x->n - nbeta, nopen) <= MAX_ALL) {
    try_all(&best, x, occupation, 0, nbeta, nopen);
  } else {
    search(&best, x);
  }
  *lower = isfinite(first) && best.energy < first - LOWER_BY;
  if (*lower) {
    *lower_by = first - best.energy;
    list_order(order, x, best.occupation);
  }
  free(x);
  return VQE_OK;
}

int vqe_fcidump_levels(double out[MAX_ORBITALS],
                       const struct vqe_fcidump_file *file, int nalpha,
                       int nbeta)
{
  struct levels *x = NULL;
  int occupation[MAX_ORBITALS] = {0};
  int status = vqe_memory_alloc(&x, 1, sizeof *x, "levels of an FCIDUMP");
  if (status == VQE_OK) {
    fill(x, file, nalpha, nbeta);
    for (int p = 0; p < file->norb; p++) {
      occupation[p] = (p < nalpha) + (p < nbeta);
    }
    for (int p = 0; p < file->norb; p++) {
      out[p] = level(x, occupation, p);
    }
  }
  free(x);
  return status;
}

int vqe_fcidump_permute(struct vqe_fcidump_file *file,
                        const int order[MAX_ORBITALS])
{
  size_t n = (size_t)file->norb;
  size_t npair = n * (n + 1) / 2;
  double *h1e = NULL;
  double *eri = NULL;
  int orbsym[MAX_ORBITALS] = {0};
  int status = vqe_memory_alloc(&h1e, n * n, sizeof(double), "integrals");
  if (status == VQE_OK) {
    status =
        vqe_memory_alloc(&eri, npair * npair, sizeof(double), "integrals");
  }
  for (size_t p = 0; status == VQE_OK && p < n; p++) {
    size_t a = (size_t)order[p];
    orbsym[p] = file->orbsym[a];
    for (size_t q = 0; q < n; q++) {
      h1e[p * n + q] = file->h1e[a * n + (size_t)order[q]];
    }
    for (size_t q = 0; q <= p; q++) {
      size_t ab = vqe_pair(a, (size_t)order[q]);
      for (size_t r = 0; r < n; r++) {
        for (size_t s = 0; s <= r; s++) {
          eri[vqe_pair(p, q) * npair + vqe_pair(r, s)] =
              file->eri[ab * npair +
                        vqe_pair((size_t)order[r], (size_t)order[s])];
        }
      }
    }
  }
  if (status != VQE_OK) {
    free(h1e);
    free(eri);
    return status;
  }
  free(file->h1e);
  free(file->eri);
  file->h1e = h1e;
  file->eri = eri;
  memcpy(file->orbsym, orbsym, sizeof orbsym);
  return VQE_OK;
}
