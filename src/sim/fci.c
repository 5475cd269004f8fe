/* Davidson diagonalisation for the lowest state of one multiplicity. */
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "base/missing.h"
#include "base/struct_size.h"
#include "sim/fci.h"
#include "sim/layout.h"
#include "sim/sigma.h"
#include "sim/spin.h"
#include "vqe/sim.h"

#define DEFAULT_TOLERANCE 1e-6
#define DEFAULT_CYCLES 200
#define SUBSPACE 14   /* vectors kept before a restart, where they fit */
#define LEAST 4       /* where memory is short */
#define RESTART 3     /* vectors kept at a restart */
#define MIXED_GAP 0.3 /* hartree, in the weights of the mixed start */
/* What is left of a unit vector when its part in the subspace is taken out:
 * above this, rounding has left no part worth a second time. */
#define MOSTLY_NEW 0.5
/* Hartree for each unit of S^2. A state of higher spin that still comes out
 * lower is pushed further up, PENALTY_ATTEMPTS times in all. Singlets are
 * first looked for without: among even spins a quintet is rarely lower. */
#define SPIN_PENALTY 0.5
#define PENALTY_GROWTH 8.0
#define PENALTY_ATTEMPTS 4
/* A symmetry is given up once its Ritz value lies above the best energy by
 * more than this many residual norms: an eigenvalue is within one. */
#define GIVE_UP 3.0
/* The last cycle takes a residual this many times above the tolerance: between
 * near-degenerate roots it falls slowly, and the energy is right to its
 * square. */
#define NEARLY 10.0
/* A determinant may be a state by itself, and the lowest Ritz vector converged
 * before the others were asked: for so many cycles the next one is improved
 * then. */
#define EARLY 6

struct problem {
  const struct vqe_hamiltonian *hamiltonian;
  const struct vqe_fci_options *options;
  struct vqe_strings strings[2];
  const struct vqe_strings *alpha, *beta;
  struct vqe_sigma *sigma;
  struct vqe_spin_tables *spin;
  double spin_shift; /* S(S+1) wanted */
  double tolerance;
  int max_cycles;
  int subspace; /* vectors before a restart */
  struct vqe_stop stop;
};

struct davidson {
  const struct problem *problem;
  struct vqe_layout layout;
  size_t size;
  double penalty;
  int most;         /* vectors of the subspace before a restart */
  int keep;         /* vectors kept at a restart */
  int made;         /* products so far */
  int count;        /* vectors in the subspace */
  double *basis;    /* most x size */
  double *products; /* most x size */
  double *diagonal;
  double *work;
  double projected[SUBSPACE * SUBSPACE];
  double ritz;
  double vector[SUBSPACE * SUBSPACE]; /* eigenvectors, columns */
  double value[SUBSPACE];             /* their eigenvalues, rising */
};

/* Amplitudes of the largest symmetry, UINT64_MAX where the space is too
 * large. */
static uint64_t largest_symmetry(const struct vqe_hamiltonian *hamiltonian,
                                 int nalpha, int nbeta)
{
  uint64_t most = 0;
  for (int total = 0; total < hamiltonian->nirrep; total++) {
    uint64_t size =
        vqe_layout_size(hamiltonian->norb, nalpha, nbeta, hamiltonian->nirrep,
                        hamiltonian->irrep, total);
    most = size > most ? size : most;
  }
  return most;
}

void vqe_fci_options_init(struct vqe_fci_options *options)
{
  if (options == NULL) {
    return;
  }
  *options = (struct vqe_fci_options)VQE_FCI_OPTIONS_INIT;
}

/* Bytes with a subspace of so many vectors; UINT64_MAX where the space is too
 * large. */
static uint64_t bytes_with(int subspace,
                           const struct vqe_hamiltonian *hamiltonian,
                           int nalpha, int nbeta, int threads)
{
  uint64_t size = largest_symmetry(hamiltonian, nalpha, nbeta);
  if (size == UINT64_MAX) {
    return UINT64_MAX;
  }
  uint64_t vectors = size * (2 * (uint64_t)subspace + 2) * sizeof(double);
  uint64_t norb = (uint64_t)hamiltonian->norb;
  uint64_t na = vqe_strings_count(hamiltonian->norb, nalpha);
  uint64_t nb = vqe_strings_count(hamiltonian->norb, nbeta);
  /* single excitations of each string */
  uint64_t spin = sizeof(struct vqe_string_pair) *
                  (na * (uint64_t)nalpha * (norb - (uint64_t)nalpha + 1) +
                   nb * (uint64_t)nbeta * (norb - (uint64_t)nbeta + 1));
  return vectors + spin +
         vqe_sigma_bytes(hamiltonian->norb, nalpha, nbeta, hamiltonian->nirrep,
                         threads) +
         vqe_strings_bytes(hamiltonian->norb, nalpha) +
         vqe_strings_bytes(hamiltonian->norb, nbeta);
}

/* As many vectors as fit: fewer take more products. */
static int choose_subspace(uint64_t *bytes,
                           const struct vqe_hamiltonian *hamiltonian,
                           int nalpha, int nbeta,
                           const struct vqe_fci_options *options)
{
  int subspace = SUBSPACE + 1;
  uint64_t limit = options->max_bytes;
  bool fits = false;
  while (!fits && subspace > LEAST) {
    subspace--;
    *bytes =
        bytes_with(subspace, hamiltonian, nalpha, nbeta, options->threads);
    fits = limit > 0 ? *bytes <= limit : vqe_memory_fits(*bytes);
  }
  return subspace;
}

int vqe_fci_size(uint64_t *bytes, const struct vqe_hamiltonian *hamiltonian,
                 int nalpha, int nbeta, const struct vqe_fci_options *options)
{
  int missing = vqe_missing(__func__, "bytes hamiltonian options", bytes,
                            hamiltonian, options);
  if (missing != VQE_OK) {
    return missing;
  }
  int status =
      vqe_struct_size_check("vqe_fci_options", options->size, sizeof *options);
  if (status == VQE_OK) {
    (void)choose_subspace(bytes, hamiltonian, nalpha, nbeta, options);
  }
  return status;
}

/* Products of the symmetry that holds the ground state, and of one that is
 * given up; seconds of S^2 and of the vectors' sums for each amplitude and
 * product. */
#define PRODUCTS 20
#define PRODUCTS_GIVEN_UP 5
#define AMPLITUDE_SECONDS 2e-8
/* What equal spins leave of a product. */
#define HALF 0.7

double vqe_fci_seconds(const struct vqe_hamiltonian *hamiltonian, int nalpha,
                       int nbeta)
{
  double size =
      (double)largest_symmetry(hamiltonian, nalpha, nbeta) * AMPLITUDE_SECONDS;
  double product =
      vqe_sigma_seconds(hamiltonian->norb, nalpha, nbeta, hamiltonian->nirrep);
  product *= nalpha == nbeta ? HALF : 1.0;
  return (PRODUCTS + PRODUCTS_GIVEN_UP * (hamiltonian->nirrep - 1.0)) *
         (product + size);
}

/* ---- one symmetry ---- */

static void davidson_clear(struct davidson *davidson)
{
  free(davidson->basis);
  free(davidson->products);
  free(davidson->diagonal);
  free(davidson->work);
}

static int davidson_init(struct davidson *davidson,
                         const struct problem *problem, int total)
{
  memset(davidson, 0, sizeof *davidson);
  davidson->problem = problem;
  vqe_layout_init(&davidson->layout, problem->alpha, problem->beta, total);
  size_t size = davidson->layout.size;
  davidson->size = size;
  davidson->most = problem->subspace;
  davidson->keep = problem->subspace > 2 * RESTART ? RESTART : 2;
  size_t vectors = (size_t)davidson->most * size;
  int status = vqe_memory_alloc(&davidson->basis, vectors, sizeof(double),
                                "Davidson vectors");
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&davidson->products, vectors, sizeof(double),
                              "Davidson vectors");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&davidson->diagonal, size, sizeof(double),
                              "Davidson vectors");
  }
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&davidson->work, size, sizeof(double),
                              "Davidson vectors");
  }
  if (status == VQE_OK) {
    status = vqe_sigma_diagonal(problem->sigma, &davidson->layout,
                                davidson->diagonal);
  }
  return status;
}

/* Orthonormalise `work` against the subspace, twice where rounding asks for
 * it, and append it with its product. With as many electrons of either spin,
 * S is even where exchanging the spins changes nothing, and odd where it
 * changes the sign: singlets are of the former, and triplets never come up.
 * False when nothing new is left of it. */
static bool append(struct davidson *davidson)
{
  const struct problem *problem = davidson->problem;
  size_t n = davidson->size;
  blasint length = (blasint)n;
  double *vector = davidson->work;
  if (problem->alpha == problem->beta) {
    vqe_layout_mirror(&davidson->layout, vector, true);
  }
  double before = cblas_dnrm2(length, vector, 1);
  if (!(before > 1e-300)) {
    return false;
  }
  cblas_dscal(length, 1.0 / before, vector, 1);
  for (int pass = 0; pass < 2; pass++) {
    for (int k = 0; k < davidson->count; k++) {
      const double *other = davidson->basis + (size_t)k * n;
      double overlap = cblas_ddot(length, other, 1, vector, 1);
      cblas_daxpy(length, -overlap, other, 1, vector, 1);
    }
    double norm = cblas_dnrm2(length, vector, 1);
    if (!(norm > 1e-8)) {
      return false;
    }
    cblas_dscal(length, 1.0 / norm, vector, 1);
    if (norm > MOSTLY_NEW) {
      break;
    }
  }
  VQE_ASSERT(davidson->count < davidson->most);
  davidson->made++;
  int at = davidson->count++;
  double *kept = davidson->basis + (size_t)at * n;
  double *product = davidson->products + (size_t)at * n;
  memcpy(kept, vector, n * sizeof *kept);
  if (problem->alpha == problem->beta) {
    vqe_sigma_apply_mirror(problem->sigma, &davidson->layout, product, kept);
  } else {
    vqe_sigma_apply(problem->sigma, &davidson->layout, product, kept);
  }
  if (davidson->penalty > 0.0) {
    vqe_spin_apply(problem->spin, &davidson->layout, product, kept,
                   davidson->penalty, problem->spin_shift);
  }
  for (int k = 0; k <= at; k++) {
    double element =
        cblas_ddot(length, davidson->basis + (size_t)k * n, 1, product, 1);
    davidson->projected[k * SUBSPACE + at] = element;
    davidson->projected[at * SUBSPACE + k] = element;
  }
  return true;
}

/* What was computed since is worth nothing. */
static int stopped(const struct problem *problem)
{
  return vqe_stop_status(&problem->stop) == VQE_OK
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INTERRUPTED, "FCI was interrupted");
}

/* splitmix64 (Steele, Lea and Flood, OOPSLA 2014), from -1.5 to -0.5 and from
 * 0.5 to 1.5. */
static double weight_of(uint64_t bits)
{
  bits = (bits + 1) * 0x9e3779b97f4a7c15u;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  double size = 0.5 + (double)(bits & 0xffffffffu) / 4294967296.0;
  return (bits >> 63) != 0 ? -size : size;
}

/* A vector with some of every determinant, more of the lower ones, and of no
 * symmetry. The blocks know the symmetries of D2h alone: of a linear molecule
 * Sigma and Delta states share one, of an atom many, and two halves that are
 * alike have one that no block shows. Ritz vectors of a start that spans such
 * symmetries belong to one of them, so do their residuals, and the lowest
 * state of another is never met. Where the spins are exchanged a determinant
 * and its image have one weight, as they would cancel otherwise. */
static void mixed_vector(struct davidson *davidson, double lowest)
{
  const struct problem *problem = davidson->problem;
  const struct vqe_layout *layout = &davidson->layout;
  bool mirrored = problem->alpha == problem->beta;
  for (int ca = 0; ca < problem->alpha->nclass; ca++) {
    for (int cb = 0; cb < problem->beta->nclass; cb++) {
      if (!vqe_layout_has(layout, ca, cb)) {
        continue;
      }
      size_t rows = vqe_layout_rows(layout, ca);
      size_t cols = vqe_layout_cols(layout, cb);
      for (size_t k = 0; k < rows * cols; k++) {
        uint64_t s = problem->alpha->class_start[ca] + k / cols;
        uint64_t u = problem->beta->class_start[cb] + k % cols;
        size_t at = layout->offset[ca][cb] + k;
        uint64_t key = mirrored && s > u ? u << 32 | s : s << 32 | u;
        davidson->work[at] =
            weight_of(key) / (davidson->diagonal[at] - lowest + MIXED_GAP);
      }
    }
  }
}

/* The determinant of lowest energy, with its spin-flipped partner where the
 * spins have as many electrons: that of a state of spin S has (-1)^S times its
 * amplitude. */
static void lowest_determinant(struct davidson *davidson, size_t lowest)
{
  const struct problem *problem = davidson->problem;
  const struct vqe_layout *layout = &davidson->layout;
  memset(davidson->work, 0, davidson->size * sizeof *davidson->work);
  davidson->work[lowest] = 1.0;
  if (problem->alpha != problem->beta) {
    return;
  }
  for (int ca = 0; ca < problem->alpha->nclass; ca++) {
    for (int cb = 0; cb < problem->alpha->nclass; cb++) {
      if (!vqe_layout_has(layout, ca, cb)) {
        continue;
      }
      size_t cols = vqe_layout_cols(layout, cb);
      size_t block = vqe_layout_rows(layout, ca) * cols;
      if (lowest < layout->offset[ca][cb] ||
          lowest >= layout->offset[ca][cb] + block) {
        continue;
      }
      size_t inside = lowest - layout->offset[ca][cb];
      uint32_t s = problem->alpha->class_start[ca] + (uint32_t)(inside / cols);
      uint32_t u = problem->alpha->class_start[cb] + (uint32_t)(inside % cols);
      /* multiplicity 2S + 1 = 1, of S = 0: equal numbers have Ms = 0 */
      davidson->work[vqe_layout_address(layout, u, s)] = 1.0;
      return;
    }
  }
}

/* A vector of all determinants, and the lowest one. */
static void start_vectors(struct davidson *davidson)
{
  const struct problem *problem = davidson->problem;
  size_t lowest = 0;
  for (size_t k = 1; k < davidson->size; k++) {
    if (davidson->diagonal[k] < davidson->diagonal[lowest]) {
      lowest = k;
    }
  }
  mixed_vector(davidson, davidson->diagonal[lowest]);
  (void)append(davidson);
  if (stopped(problem) == VQE_OK) {
    lowest_determinant(davidson, lowest);
    (void)append(davidson);
  }
}

static int diagonalise(struct davidson *davidson)
{
  int n = davidson->count;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      davidson->vector[i * SUBSPACE + j] =
          davidson->projected[i * SUBSPACE + j];
    }
  }
  if (LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', n, davidson->vector, SUBSPACE,
                    davidson->value) != 0) {
    return vqe_error_set(VQE_ERR_NUMERIC,
                         "FCI: the subspace could not be diagonalised");
  }
  davidson->ritz = davidson->value[0];
  return VQE_OK;
}

/* out = sum_k from[k] coefficient[k, root] */
static void combine(const struct davidson *davidson, double *out,
                    const double *from, int root)
{
  memset(out, 0, davidson->size * sizeof *out);
  for (int k = 0; k < davidson->count; k++) {
    cblas_daxpy((blasint)davidson->size, davidson->vector[k * SUBSPACE + root],
                from + (size_t)k * davidson->size, 1, out, 1);
  }
}

/* Elements of the vectors that are worked on together and stay in the cache.
 */
#define CHUNK 1024

/* vectors[root] = sum_k vectors[k] coefficient[k, root] for the roots that are
 * kept, in place. */
static void rotate(const struct davidson *davidson, double *vectors)
{
  size_t n = davidson->size;
  double sums[RESTART][CHUNK];
  for (size_t first = 0; first < n; first += CHUNK) {
    size_t count = n - first < CHUNK ? n - first : CHUNK;
    for (int root = 0; root < davidson->keep; root++) {
      memset(sums[root], 0, count * sizeof(double));
      for (int k = 0; k < davidson->count; k++) {
        cblas_daxpy((blasint)count, davidson->vector[k * SUBSPACE + root],
                    vectors + (size_t)k * n + first, 1, sums[root], 1);
      }
    }
    for (int root = 0; root < davidson->keep; root++) {
      memcpy(vectors + (size_t)root * n + first, sums[root],
             count * sizeof(double));
    }
  }
}

/* Keep the lowest Ritz vectors. */
static void restart(struct davidson *davidson)
{
  size_t n = davidson->size;
  rotate(davidson, davidson->basis);
  rotate(davidson, davidson->products);
  davidson->count = davidson->keep;
  for (int i = 0; i < davidson->keep; i++) {
    for (int j = 0; j < davidson->keep; j++) {
      davidson->projected[i * SUBSPACE + j] =
          cblas_ddot((blasint)n, davidson->basis + (size_t)i * n, 1,
                     davidson->products + (size_t)j * n, 1);
      davidson->vector[i * SUBSPACE + j] = i == j ? 1.0 : 0.0;
    }
  }
}

/* (H - E) times a Ritz vector, in `work`; its norm. */
static double compute_residual(struct davidson *davidson, int root)
{
  blasint n = (blasint)davidson->size;
  combine(davidson, davidson->work, davidson->products, root);
  for (int k = 0; k < davidson->count; k++) {
    cblas_daxpy(
        n, -davidson->value[root] * davidson->vector[k * SUBSPACE + root],
        davidson->basis + (size_t)k * davidson->size, 1, davidson->work, 1);
  }
  return cblas_dnrm2(n, davidson->work, 1);
}

/* Solve one symmetry; *done false when it was given up because `best` cannot
 * be reached. */
static int davidson_solve(struct davidson *davidson,
                          struct vqe_fci_result *out, double best, bool *done)
{
  const struct problem *problem = davidson->problem;
  const struct vqe_fci_options *options = problem->options;
  size_t n = davidson->size;
  double residual = INFINITY;
  *done = false;
  start_vectors(davidson);
  int interrupted = stopped(problem);
  if (interrupted != VQE_OK) {
    return interrupted;
  }
  for (int cycle = 0; cycle < problem->max_cycles; cycle++) {
    if (options->should_stop != NULL && options->should_stop(options->ctx)) {
      return vqe_error_set(VQE_ERR_INTERRUPTED, "FCI was interrupted");
    }
    int status = diagonalise(davidson);
    if (status != VQE_OK) {
      return status;
    }
    residual = compute_residual(davidson, 0);
    out->cycles = davidson->made;
    bool last = cycle + 1 == problem->max_cycles;
    bool converged = residual < problem->tolerance * (last ? NEARLY : 1.0);
    if (!converged && cycle >= 4 &&
        davidson->ritz - GIVE_UP * residual > best) {
      return VQE_OK;
    }
    int root = 0;
    if (converged && cycle < EARLY && davidson->count > 1) {
      root = 1;
      converged = false;
      (void)compute_residual(davidson, root);
    }
    if (!converged) {
      for (size_t k = 0; k < n; k++) {
        double gap = davidson->diagonal[k] - davidson->value[root];
        if (fabs(gap) < 1e-2) {
          gap = gap < 0.0 ? -1e-2 : 1e-2;
        }
        davidson->work[k] /= gap;
      }
      if (davidson->count == davidson->most) {
        restart(davidson);
      }
      converged = !append(davidson); /* the whole space is spanned */
      status = stopped(problem);
      if (status != VQE_OK) {
        return status;
      }
    }
    if (converged) {
      combine(davidson, davidson->work, davidson->basis, 0);
      out->s2 = vqe_spin_expectation(problem->spin, &davidson->layout,
                                     davidson->work);
      status = stopped(problem);
      if (status != VQE_OK) {
        return status;
      }
      out->energy =
          davidson->ritz - davidson->penalty * (out->s2 - problem->spin_shift);
      *done = true;
      return VQE_OK;
    }
  }
  return vqe_error_set(VQE_ERR_NUMERIC,
                       "FCI did not converge in %d cycles: residual %.1e, "
                       "wanted %.1e",
                       problem->max_cycles, residual, problem->tolerance);
}

/* ---- all symmetries ---- */

static void problem_clear(struct problem *problem)
{
  vqe_spin_tables_free(problem->spin);
  vqe_sigma_free(problem->sigma);
  vqe_strings_clear_both(problem->strings);
}

static int problem_init(struct problem *problem,
                        const struct vqe_hamiltonian *hamiltonian, int nalpha,
                        int nbeta, const struct vqe_fci_options *options)
{
  memset(problem, 0, sizeof *problem);
  problem->hamiltonian = hamiltonian;
  problem->options = options;
  problem->tolerance =
      options->tolerance > 0.0 ? options->tolerance : DEFAULT_TOLERANCE;
  problem->max_cycles =
      options->max_cycles > 0 ? options->max_cycles : DEFAULT_CYCLES;
  uint64_t bytes;
  problem->subspace =
      choose_subspace(&bytes, hamiltonian, nalpha, nbeta, options);
  double s = 0.5 * (options->multiplicity - 1);
  problem->spin_shift = s * (s + 1.0);
  int status = vqe_strings_init_both(
      problem->strings, &problem->alpha, &problem->beta, hamiltonian->norb,
      nalpha, nbeta, hamiltonian->nirrep, hamiltonian->irrep);
  if (status == VQE_OK) {
    status = vqe_sigma_create(&problem->sigma, hamiltonian, problem->alpha,
                              problem->beta, options->threads);
  }
  if (status == VQE_OK) {
    status =
        vqe_spin_tables_create(&problem->spin, problem->alpha, problem->beta,
                               hamiltonian->irrep, options->threads);
  }
  if (status == VQE_OK && options->should_stop != NULL) {
    problem->stop.ask = options->should_stop;
    problem->stop.ctx = options->ctx;
    vqe_spin_watch(problem->spin, &problem->stop);
    vqe_sigma_watch(problem->sigma, &problem->stop);
  }
  return status;
}

static int solve_symmetry(struct vqe_fci_result *out,
                          const struct problem *problem, int total, bool *any)
{
  struct davidson *davidson = NULL;
  int status =
      vqe_memory_alloc(&davidson, 1, sizeof *davidson, "Davidson solver");
  if (status != VQE_OK) {
    return status;
  }
  status = davidson_init(davidson, problem, total);
  bool again = status == VQE_OK && davidson->size > 0;
  davidson->penalty = problem->alpha == problem->beta ? 0.0 : SPIN_PENALTY;
  for (int attempt = 0; again && attempt < PENALTY_ATTEMPTS; attempt++) {
    struct vqe_fci_result found = {0};
    bool done = false;
    davidson->count = 0;
    davidson->made = 0;
    status =
        davidson_solve(davidson, &found, *any ? out->energy : INFINITY, &done);
    out->cycles += found.cycles;
    bool right_spin = fabs(found.s2 - problem->spin_shift) < 1e-3;
    if (status == VQE_OK && done && right_spin &&
        (!*any || found.energy < out->energy)) {
      out->energy = found.energy;
      out->s2 = found.s2;
      out->irrep = total;
      *any = true;
    }
    /* a space that holds no state of the wanted spin ends here too */
    again = status == VQE_OK && done && !right_spin;
    davidson->penalty = davidson->penalty == 0.0
                            ? SPIN_PENALTY
                            : davidson->penalty * PENALTY_GROWTH;
  }
  davidson_clear(davidson);
  free(davidson);
  return status;
}

static int solve_blocks(struct vqe_fci_result *out,
                        const struct vqe_hamiltonian *hamiltonian, int nalpha,
                        int nbeta, const struct vqe_fci_options *options)
{
  struct problem problem;
  int status = problem_init(&problem, hamiltonian, nalpha, nbeta, options);
  if (status == VQE_OK) {
    out->determinants =
        (uint64_t)problem.alpha->count * (uint64_t)problem.beta->count;
    /* the symmetry of the reference first: it most often holds the ground
     * state, and lets the solver leave the others early */
    int reference =
        vqe_strings_class(problem.alpha, vqe_strings_lowest(problem.alpha)) ^
        vqe_strings_class(problem.beta, vqe_strings_lowest(problem.beta));
    bool any = false;
    out->reference_energy = NAN;
    for (int t = 0; status == VQE_OK && t < hamiltonian->nirrep; t++) {
      if (options->irrep == 0 || options->irrep == (reference ^ t) + 1) {
        status = solve_symmetry(out, &problem, reference ^ t, &any);
      }
      if (t == 0 && any) {
        out->reference_energy = out->energy + hamiltonian->constant;
      }
    }
    if (status == VQE_OK && !any) {
      status = vqe_error_set(
          VQE_ERR_NUMERIC, "FCI found no state of multiplicity %d%s",
          options->multiplicity,
          options->irrep == 0 ? "" : " of the irrep asked for");
    }
    out->energy += hamiltonian->constant;
  }
  problem_clear(&problem);
  return status;
}

int vqe_fci_solve(struct vqe_fci_result *out,
                  const struct vqe_hamiltonian *hamiltonian, int nalpha,
                  int nbeta, const struct vqe_fci_options *options)
{
  int missing = vqe_missing(__func__, "out hamiltonian options", out,
                            hamiltonian, options);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_hamiltonian *blocked = NULL;
  uint64_t bytes;
  memset(out, 0, sizeof *out);
  int status =
      vqe_struct_size_check("vqe_fci_options", options->size, sizeof *options);
  if (status == VQE_OK) {
    status =
        vqe_missing(__func__, "hamiltonian->f hamiltonian->w hamiltonian->h1e",
                    hamiltonian->f, hamiltonian->w, hamiltonian->h1e);
  }
  if (status != VQE_OK) {
    return status;
  }
  uint64_t limit = options->max_bytes;
  if (nalpha < nbeta || options->multiplicity != nalpha - nbeta + 1) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "FCI: multiplicity %d does not belong to %d alpha "
                         "and %d beta electrons",
                         options->multiplicity, nalpha, nbeta);
  }
  if (options->irrep < 0 || options->irrep > hamiltonian->nirrep) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "FCI: irrep %d is not one of the Hamiltonian's %d",
                         options->irrep, hamiltonian->nirrep);
  }
  status = vqe_fci_size(&bytes, hamiltonian, nalpha, nbeta, options);
  if (status == VQE_OK &&
      (limit > 0 ? bytes > limit : !vqe_memory_fits(bytes))) {
    limit = limit > 0 ? limit : vqe_memory_available();
    status = vqe_error_set(VQE_ERR_MEMORY,
                           "FCI needs %.1f MB, the limit is %.1f MB",
                           (double)bytes / 1e6, (double)limit / 1e6);
  }
  if (status != VQE_OK) {
    return status;
  }
  /* Davidson never leaves the symmetry of its starting determinants, so the
   * blocks must be known even where the caller does without them. */
  if (hamiltonian->nirrep > 1) {
    return solve_blocks(out, hamiltonian, nalpha, nbeta, options);
  }
  status =
      vqe_hamiltonian_create(&blocked, hamiltonian->norb, hamiltonian->h1e,
                             hamiltonian->w, hamiltonian->constant, true, 0.0);
  if (status == VQE_OK) {
    status = solve_blocks(out, blocked, nalpha, nbeta, options);
    out->irrep = 0;
  }
  vqe_hamiltonian_free(blocked);
  return status;
}
