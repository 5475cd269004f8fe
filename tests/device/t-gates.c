/* The library of gates against 2 x 2 matrices and their Kronecker products:
 * order of qubits, layout of matrices, signs of angles, letters of strings. */
#include "sim/sim_fixture.h"

#include "device_fixture.h"
#include "kernels/gates.h"
#include "kernels/gpu.h"

#define NQUBIT 5
#define SIZE (1 << NQUBIT)

struct bench {
  struct vqe_gpu *device;
  struct vqe_gates *gates;
  void *state; /* the device's */
  bool single;
  double complex psi[SIZE]; /* what it holds */
};

static void send(struct bench *bench)
{
  float complex narrow[SIZE];
  for (int i = 0; i < SIZE; i++) {
    narrow[i] = (float complex)bench->psi[i];
    bench->psi[i] = bench->single ? (double complex)narrow[i] : bench->psi[i];
  }
  assert_ok(vqe_gpu_upload(bench->device, bench->state,
                           bench->single ? (const void *)narrow
                                         : (const void *)bench->psi,
                           bench->single ? sizeof narrow : sizeof bench->psi));
}

static void bench_init(struct bench *bench, bool single)
{
  uint64_t seed = 5;
  void *workspace = NULL;
  double norm = 0.0;
  memset(bench, 0, sizeof *bench);
  bench->single = single;
  assert_ok(vqe_gpu_open(&bench->device, 0, single));
  assert_ok(vqe_gates_open(&bench->gates, bench->device, NQUBIT, single));
  assert_ok(vqe_gpu_alloc(bench->device, &workspace,
                          (size_t)vqe_gates_workspace(bench->gates), 1,
                          "workspace"));
  assert_ok(vqe_gates_lend(bench->gates, workspace));
  assert_ok(vqe_gpu_alloc(bench->device, &bench->state, SIZE, single ? 8 : 16,
                          "state"));
  for (int i = 0; i < SIZE; i++) {
    bench->psi[i] = oracle_random(&seed) + I * oracle_random(&seed);
    norm += creal(bench->psi[i] * conj(bench->psi[i]));
  }
  for (int i = 0; i < SIZE; i++) {
    bench->psi[i] /= sqrt(norm);
  }
  send(bench);
}

static void bench_clear(struct bench *bench)
{
  vqe_gates_close(bench->gates);
  vqe_gpu_close(bench->device);
}

/* The state on the device is what it should be; goes on from there. */
static void expect_state(struct bench *bench, const double complex *wanted,
                         const char *what)
{
  double complex wide[SIZE];
  float complex narrow[SIZE];
  double worst = 0.0;
  assert_ok(vqe_gpu_download(
      bench->device, bench->single ? (void *)narrow : (void *)wide,
      bench->state, bench->single ? sizeof narrow : sizeof wide));
  for (int i = 0; i < SIZE; i++) {
    bench->psi[i] = bench->single ? (double complex)narrow[i] : wide[i];
    worst = fmax(worst, cabs(bench->psi[i] - wanted[i]));
  }
  if (!(worst < (bench->single ? 1e-6 : 1e-14))) {
    fail_msg("%s: amplitudes differ by %.1e", what, worst);
  }
}

/* Letter of qubit q: I, X, Y, Z. */
static const double complex letters[4][2][2] = {
    {{1, 0}, {0, 1}}, {{0, 1}, {1, 0}}, {{0, -I}, {I, 0}}, {{1, 0}, {0, -1}}};

static const double complex (*letter(uint64_t x, uint64_t z, int q))[2]
{
  int in_x = (int)(x >> q & 1);
  int in_z = (int)(z >> q & 1);
  return letters[in_x ? 1 + in_z : 3 * in_z];
}

/* out = P psi, row by row of the Kronecker product, qubit 0 rightmost. */
static void apply_pauli(double complex *out, const double complex *psi,
                        uint64_t x, uint64_t z)
{
  for (int i = 0; i < SIZE; i++) {
    out[i] = 0.0;
    for (int j = 0; j < SIZE; j++) {
      double complex product = 1.0;
      for (int q = 0; q < NQUBIT; q++) {
        product *= letter(x, z, q)[i >> q & 1][j >> q & 1];
      }
      out[i] += product * psi[j];
    }
  }
}

static void rotations_agree_with_kronecker_products(void **state)
{
  (void)state;
  if (no_library()) {
    skip();
  }
  for (int single = 0; single < 2; single++) {
    struct bench bench;
    bench_init(&bench, single == 1);
    for (uint64_t x = 0; x < SIZE; x += 1 + (uint64_t)single) {
      for (uint64_t z = x == 0; z < SIZE; z++) {
        double complex image[SIZE];
        double complex wanted[SIZE];
        double angle = 0.3 + 0.1 * (double)(x + 3 * z);
        apply_pauli(image, bench.psi, x, z);
        for (int i = 0; i < SIZE; i++) {
          wanted[i] =
              cos(angle / 2) * bench.psi[i] - I * sin(angle / 2) * image[i];
        }
        assert_ok(vqe_gates_rotate(bench.gates, bench.state, x, z, angle));
        expect_state(&bench, wanted, "rotation");
      }
    }
    bench_clear(&bench);
  }
}

static void matrices_agree_with_kronecker_products(void **state)
{
  (void)state;
  /* not symmetric: rows and columns differ */
  static const double matrix[8] = {0.6, 0.0, 0.0, 0.8, -0.8, 0.0, 0.0, -0.6};
  if (no_library()) {
    skip();
  }
  for (int single = 0; single < 2; single++) {
    struct bench bench;
    bench_init(&bench, single == 1);
    for (int target = 0; target < NQUBIT; target++) {
      for (int control = -1; control < NQUBIT; control++) {
        double complex wanted[SIZE];
        if (control == target) {
          continue;
        }
        for (int i = 0; i < SIZE; i++) {
          int row = i >> target & 1;
          int j = i & ~(1 << target);
          wanted[i] = bench.psi[i];
          if (control < 0 || (i >> control & 1)) {
            wanted[i] =
                (matrix[4 * row] + I * matrix[4 * row + 1]) * bench.psi[j] +
                (matrix[4 * row + 2] + I * matrix[4 * row + 3]) *
                    bench.psi[j | 1 << target];
          }
        }
        assert_ok(vqe_gates_matrix(bench.gates, bench.state, matrix, target,
                                   control));
        expect_state(&bench, wanted, "matrix");
      }
    }
    bench_clear(&bench);
  }
}

static void expectations_agree_with_kronecker_products(void **state)
{
  (void)state;
  enum { COUNT = SIZE * SIZE };
  static uint64_t x[COUNT];
  static uint64_t z[COUNT];
  static double found[COUNT];
  if (no_library()) {
    skip();
  }
  for (uint64_t k = 0; k < COUNT; k++) {
    x[k] = k / SIZE;
    z[k] = k % SIZE;
  }
  for (int single = 0; single < 2; single++) {
    struct bench bench;
    bench_init(&bench, single == 1);
    /* without the identity, then with it: strings are replaced */
    for (size_t first = 2; first-- > 0;) {
      assert_ok(
          vqe_gates_observe(bench.gates, x + first, z + first, COUNT - first));
      assert_ok(vqe_gates_expect(bench.gates, found, bench.state));
      for (size_t k = 0; k < COUNT - first; k++) {
        double complex image[SIZE];
        double wanted = 0.0;
        apply_pauli(image, bench.psi, x[k + first], z[k + first]);
        for (int i = 0; i < SIZE; i++) {
          wanted += creal(conj(bench.psi[i]) * image[i]);
        }
        assert_close(found[k], wanted, single ? 1e-6 : 1e-14);
      }
    }
    bench_clear(&bench);
  }
}

/* What the library refuses comes back as an error that names it. */
static void errors_have_codes_and_messages(void **state)
{
  (void)state;
  static const double x[8] = {0, 0, 1, 0, 1, 0, 0, 0};
  struct bench bench;
  if (no_library()) {
    skip();
  }
  bench_init(&bench, false);
  assert_int_equal(vqe_gates_matrix(bench.gates, bench.state, x, NQUBIT, -1),
                   VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "cuStateVec, a matrix: "));
  bench_clear(&bench);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rotations_agree_with_kronecker_products),
      cmocka_unit_test(matrices_agree_with_kronecker_products),
      cmocka_unit_test(expectations_agree_with_kronecker_products),
      cmocka_unit_test(errors_have_codes_and_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
