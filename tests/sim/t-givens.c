/* Excitations as Givens rotations: what is read of a gate, lists of pairs,
 * and the sweep over them against rotations one by one. */
#include "oracle.h"

#include "sim/givens.h"
#include "vqe/error.h"

#define NORB 6
#define ROWS 400
#define COLS 15

static const uint8_t irrep[NORB] = {0, 1, 2, 3, 0, 1};

static struct vqe_givens read_gate(struct vqe_givens_key keys[2],
                                   enum vqe_gate_kind kind, int i, int a,
                                   int j, int b)
{
  struct vqe_givens out;
  struct vqe_gate gate = {kind, {i, a, j, b}, 7, -0.5};
  memset(&out, 0xff, sizeof out);
  assert_int_equal(
      vqe_givens_read(&out, &keys[0], &keys[1], &gate, irrep, NORB), VQE_OK);
  assert_int_equal(out.param, 7);
  assert_true(out.scale == -0.5);
  return out;
}

static void assert_key(const struct vqe_givens_key *key, int i, int a, int j,
                       int b, int signless)
{
  struct vqe_givens_key expected = {0, i, a, j, b, signless};
  assert_memory_equal(key, &expected, sizeof expected);
}

static void gates_are_read_by_spin(void **state)
{
  (void)state;
  struct vqe_givens_key keys[2];
  struct vqe_givens out = read_gate(keys, VQE_GATE_SINGLE, 0, 4, 0, 0);
  assert_int_equal(out.kind, VQE_GIVENS_ALPHA);
  assert_int_equal(out.g, 0);
  assert_key(&keys[0], 0, 4, -1, -1, 0);
  out = read_gate(keys, VQE_GATE_QUBIT_DOUBLE, NORB, NORB + 2, NORB + 1,
                  NORB + 3);
  assert_int_equal(out.kind, VQE_GIVENS_BETA);
  assert_key(&keys[1], 0, 2, 1, 3, 1);
  /* of both spins, the beta part first: g is that of the alpha part */
  out = read_gate(keys, VQE_GATE_DOUBLE, NORB, NORB + 3, 1, 3);
  assert_int_equal(out.kind, VQE_GIVENS_MIXED);
  assert_key(&keys[0], 1, 3, -1, -1, 0);
  assert_key(&keys[1], 0, 3, -1, -1, 0);
  assert_int_equal(out.g, 1 ^ 3);
}

static void spin_flip_is_refused(void **state)
{
  (void)state;
  struct vqe_givens out;
  struct vqe_givens_key keys[2];
  struct vqe_gate gate = {VQE_GATE_SINGLE, {0, NORB + 1, 0, 0}, 0, 1.0};
  assert_int_equal(
      vqe_givens_read(&out, &keys[0], &keys[1], &gate, irrep, NORB),
      VQE_ERR_UNSUPPORTED);
  assert_non_null(strstr(vqe_error_message(), "flips a spin"));
}

static void irrep_is_the_product_of_the_orbitals(void **state)
{
  (void)state;
  struct vqe_gate gate = {VQE_GATE_SINGLE, {0, 4, 0, 0}, 0, 1.0};
  assert_int_equal(vqe_givens_irrep(&gate, irrep, NORB), 0);
  gate.q[1] = 3;
  assert_int_equal(vqe_givens_irrep(&gate, irrep, NORB), 3);
  gate =
      (struct vqe_gate){VQE_GATE_DOUBLE, {1, 2, NORB + 0, NORB + 3}, 0, 1.0};
  assert_int_equal(vqe_givens_irrep(&gate, irrep, NORB), 0);
  gate = (struct vqe_gate){VQE_GATE_PHASE, {1, 0, 0, 0}, 0, 1.0};
  assert_int_equal(vqe_givens_irrep(&gate, irrep, NORB), 0);
}

static void lists_are_made_once_for_each_key(void **state)
{
  (void)state;
  struct vqe_strings strings;
  struct vqe_givens_lists lists = {0};
  size_t at;
  assert_int_equal(vqe_strings_init(&strings, NORB, 3, 1, NULL), VQE_OK);
  /* more keys than the first capacity */
  for (int pass = 0; pass < 2; pass++) {
    size_t count = 0;
    for (int signless = 0; signless < 2; signless++) {
      for (int set = 0; set < 2; set++) {
        for (int i = 0; i < NORB; i++) {
          for (int a = 0; a < NORB; a++) {
            struct vqe_givens_key key = {set, i, a, -1, -1, signless};
            if (i == a) {
              continue;
            }
            assert_int_equal(
                vqe_givens_lists_find(&at, &lists, &strings, &key), VQE_OK);
            assert_int_equal(at, count++);
            assert_int_equal(lists.pairs[at].count, 6);
            for (size_t k = 0; k < 6; k++) {
              double sign = lists.pairs[at].items[k].sign;
              assert_true(sign == 1.0 || (sign == -1.0 && !signless));
            }
          }
        }
      }
    }
    assert_int_equal(lists.count, count);
  }
  vqe_givens_lists_clear(&lists);
  assert_int_equal(lists.count, 0);
  vqe_strings_clear(&strings);
}

/* ---- sweeps ---- */

/* Rows 2k and 2k + 1 are pairs, columns 3l and 3l + 2. */
struct problem {
  struct vqe_string_pair rows[ROWS / 2], columns[COLS / 3];
  double psi[ROWS * COLS], lambda[ROWS * COLS];
};

static struct problem *new_problem(void)
{
  struct problem *out = calloc(1, sizeof *out);
  uint64_t seed = 5;
  assert_non_null(out);
  for (uint32_t k = 0; k < ROWS / 2; k++) {
    out->rows[k] = (struct vqe_string_pair){2 * k, 2 * k + 1, k % 3 ? 1 : -1};
  }
  for (uint32_t l = 0; l < COLS / 3; l++) {
    out->columns[l] =
        (struct vqe_string_pair){3 * l, 3 * l + 2, l % 2 ? -1 : 1};
  }
  for (size_t k = 0; k < (size_t)ROWS * COLS; k++) {
    out->psi[k] = oracle_random(&seed);
    out->lambda[k] = oracle_random(&seed);
  }
  return out;
}

/* One pair of amplitudes: exp(+-t (tau - tau^+)) on both vectors, and its
 * share of the derivative. */
static double turn_pair(struct problem *p, size_t x, size_t y, double sign,
                        double t)
{
  double c = cos(t);
  double s = -sign * sin(t);
  double sum = sign * (p->lambda[y] * p->psi[x] - p->lambda[x] * p->psi[y]);
  double *vectors[2] = {p->psi, p->lambda};
  for (int v = 0; v < 2; v++) {
    double a = vectors[v][x];
    double b = vectors[v][y];
    vectors[v][x] = c * a - s * b;
    vectors[v][y] = c * b + s * a;
  }
  return sum;
}

static double turn_all(struct problem *p, enum vqe_givens_kind kind, double t)
{
  double sum = 0.0;
  for (size_t k = 0; k < (kind == VQE_GIVENS_BETA ? ROWS : ROWS / 2); k++) {
    size_t x = k * COLS;
    size_t y = k * COLS;
    double sign = 1.0;
    if (kind != VQE_GIVENS_BETA) {
      x = p->rows[k].from * COLS;
      y = p->rows[k].to * COLS;
      sign = p->rows[k].sign;
    }
    for (size_t l = 0; l < (kind == VQE_GIVENS_ALPHA ? COLS : COLS / 3); l++) {
      if (kind == VQE_GIVENS_ALPHA) {
        sum += turn_pair(p, x + l, y + l, sign, t);
      } else {
        sum += turn_pair(p, x + p->columns[l].from, y + p->columns[l].to,
                         sign * p->columns[l].sign, t);
      }
    }
  }
  return sum;
}

static double sweep(struct problem *p, enum vqe_givens_kind kind, double t,
                    bool back, long chunks, int threads)
{
  double partial[8 * VQE_GIVENS_CHUNKS];
  struct vqe_givens_sweep how = {
      .psi = p->psi,
      .lambda = back ? p->lambda : NULL,
      .c = cos(t),
      .s = sin(t),
      .threads = threads,
      .partial = partial,
      .sum = 0.25,
  };
  const struct vqe_givens_rows rows = {.cols = COLS};
  const struct vqe_givens_block block = {
      .kind = kind,
      .rows = p->rows,
      .first = p->columns,
      .last = p->columns + COLS / 3,
      .from = rows,
      .to = rows,
  };
  vqe_givens_apply(&how, &block, 0, kind == VQE_GIVENS_BETA ? ROWS : ROWS / 2,
                   chunks);
  return how.sum - 0.25;
}

static void sweep_agrees_with_pairs_one_by_one(void **state)
{
  (void)state;
  for (int kind = VQE_GIVENS_ALPHA; kind <= VQE_GIVENS_MIXED; kind++) {
    for (int chunked = 0; chunked < 2; chunked++) {
      struct problem *p = new_problem();
      struct problem *expected = new_problem();
      double sum = sweep(p, (enum vqe_givens_kind)kind, 0.7, true,
                         chunked ? VQE_GIVENS_CHUNKS : 1, 2);
      assert_close(sum, turn_all(expected, (enum vqe_givens_kind)kind, 0.7),
                   1e-11);
      for (size_t k = 0; k < (size_t)ROWS * COLS; k++) {
        assert_close(p->psi[k], expected->psi[k], 1e-14);
        assert_close(p->lambda[k], expected->lambda[k], 1e-14);
      }
      free(p);
      free(expected);
    }
  }
}

static void backward_sweep_undoes_forward_sweep(void **state)
{
  (void)state;
  for (int kind = VQE_GIVENS_ALPHA; kind <= VQE_GIVENS_MIXED; kind++) {
    struct problem *p = new_problem();
    struct problem *before = new_problem();
    (void)sweep(p, (enum vqe_givens_kind)kind, 1.1, false, 1, 1);
    (void)sweep(p, (enum vqe_givens_kind)kind, 1.1, true, 1, 1);
    for (size_t k = 0; k < (size_t)ROWS * COLS; k++) {
      assert_close(p->psi[k], before->psi[k], 1e-14);
    }
    free(p);
    free(before);
  }
}

static void threads_do_not_change_bits(void **state)
{
  (void)state;
  for (int kind = VQE_GIVENS_ALPHA; kind <= VQE_GIVENS_MIXED; kind++) {
    struct problem *p = new_problem();
    struct problem *q = new_problem();
    double one =
        sweep(p, (enum vqe_givens_kind)kind, 0.3, true, VQE_GIVENS_CHUNKS, 1);
    double many =
        sweep(q, (enum vqe_givens_kind)kind, 0.3, true, VQE_GIVENS_CHUNKS, 3);
    assert_memory_equal(&one, &many, sizeof one);
    assert_memory_equal(p, q, sizeof *p);
    free(p);
    free(q);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gates_are_read_by_spin),
      cmocka_unit_test(spin_flip_is_refused),
      cmocka_unit_test(irrep_is_the_product_of_the_orbitals),
      cmocka_unit_test(lists_are_made_once_for_each_key),
      cmocka_unit_test(sweep_agrees_with_pairs_one_by_one),
      cmocka_unit_test(backward_sweep_undoes_forward_sweep),
      cmocka_unit_test(threads_do_not_change_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
