/* Masks above 64 qubits. No matrix has a row for each state there, so sums on
 * 128 qubits are held against those of the same few orbitals alone, which
 * other tests hold against matrices: the orbitals in between change nothing
 * but the Z strings. */
#include "oracle.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/machine.h"
#include "operators/qubits.h"
#include "pauli_matrix.h"
#include "vqe/error.h"

#define FEW 3
#define MANY 64

/* Where the few orbitals stand among the many, in order. */
static const int place[FEW] = {5, 40, 63};

static const uint8_t irrep_of_few[FEW] = {0, 1, 0};

/* The integrals of few orbitals, and zeros, as those of many. */
static struct vqe_hamiltonian *widen(const double *h1e, const double *eri)
{
  struct vqe_hamiltonian *hamiltonian = NULL;
  size_t npair = MANY * (MANY + 1) / 2;
  double *wide_h1e = oracle_new(MANY * MANY);
  double *wide_eri = oracle_new(npair * npair);
  for (int p = 0; p < FEW; p++) {
    for (int q = 0; q < FEW; q++) {
      wide_h1e[place[p] * MANY + place[q]] = h1e[p * FEW + q];
      for (int r = 0; r < FEW; r++) {
        for (int s = 0; s < FEW; s++) {
          size_t pq = oracle_pair(place[p], place[q]);
          size_t rs = oracle_pair(place[r], place[s]);
          wide_eri[pq * npair + rs] = oracle_eri(eri, FEW, p, q, r, s);
        }
      }
    }
  }
  assert_int_equal(vqe_hamiltonian_create(&hamiltonian, MANY, wide_h1e,
                                          wide_eri, 0.3, false, 0.0),
                   VQE_OK);
  free(wide_h1e);
  free(wide_eri);
  return hamiltonian;
}

/* The same sum on 2 FEW and on 2 MANY qubits. */
static void make_both(struct vqe_pauli_sum **few, struct vqe_pauli_sum **many)
{
  struct vqe_hamiltonian *hamiltonian = NULL;
  double *h1e;
  double *eri;
  oracle_integrals(&h1e, &eri, FEW, irrep_of_few, 17);
  assert_int_equal(
      vqe_hamiltonian_create(&hamiltonian, FEW, h1e, eri, 0.3, false, 0.0),
      VQE_OK);
  assert_int_equal(vqe_pauli_sum_jordan_wigner(few, hamiltonian, 0.0), VQE_OK);
  vqe_hamiltonian_free(hamiltonian);
  hamiltonian = widen(h1e, eri);
  assert_int_equal(vqe_pauli_sum_jordan_wigner(many, hamiltonian, 0.0),
                   VQE_OK);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

/* Qubits of few orbitals as those of the many. */
static vqe_qubits spread(vqe_qubits mask)
{
  vqe_qubits out = 0;
  for (int q = 0; q < 2 * FEW; q++) {
    if (vqe_qubits_has(mask, q)) {
      out |= vqe_qubits_bit(q < FEW ? place[q] : MANY + place[q - FEW]);
    }
  }
  return out;
}

/* Qubits between the first and second, third and fourth, ... of `ends`. */
static vqe_qubits inside(vqe_qubits ends)
{
  vqe_qubits out = 0;
  bool open = false;
  for (int q = 0; q < 2 * MANY; q++) {
    bool end = vqe_qubits_has(ends, q);
    open = open != end;
    out |= open && !end ? vqe_qubits_bit(q) : 0;
  }
  return out;
}

static void orbitals_in_between_add_z_strings_alone(void **state)
{
  (void)state;
  struct vqe_pauli_sum *few;
  struct vqe_pauli_sum *many;
  vqe_qubits own = spread(vqe_qubits_below(2 * FEW));
  make_both(&few, &many);
  assert_int_equal(many->nqubit, 128);
  assert_int_equal(many->nterm, few->nterm);
  assert_close(vqe_pauli_sum_one_norm(many), vqe_pauli_sum_one_norm(few),
               1e-14);
  for (size_t k = 0; k < few->nterm; k++) {
    vqe_qubits x = spread(few->x[k]);
    vqe_qubits z = spread(few->z[k]) | (inside(x) & ~own);
    assert_true(many->x[k] == x); /* spreading keeps the order of masks */
    size_t same = 0;
    for (size_t j = 0; j < many->nterm; j++) {
      if (many->x[j] == x && many->z[j] == z) {
        assert_close(many->coeff[j], few->coeff[k], 1e-14);
        same++;
      }
    }
    assert_int_equal(same, 1);
  }
  vqe_pauli_sum_free(few);
  vqe_pauli_sum_free(many);
}

/* Orbitals without electrons and integrals are symmetries of their own. */
static void tapering_takes_the_orbitals_in_between_away(void **state)
{
  (void)state;
  struct vqe_pauli_sum *sums[2];
  static const vqe_qubits few_occupied = 033;
  make_both(&sums[0], &sums[1]);
  for (int kind = 0; kind < VQE_MAPPINGS; kind++) {
    struct vqe_pauli_sum *tapered[2] = {NULL, NULL};
    for (int side = 0; side < 2; side++) {
      struct vqe_pauli_sum *mapped = NULL;
      struct vqe_mapping mapping;
      struct vqe_taper taper;
      assert_int_equal(vqe_mapping_init(&mapping, (enum vqe_mapping_kind)kind,
                                        sums[side]->nqubit),
                       VQE_OK);
      assert_int_equal(vqe_pauli_sum_map(&mapped, sums[side], &mapping),
                       VQE_OK);
      assert_int_equal(mapped->nterm, sums[side]->nterm);
      assert_int_equal(
          vqe_taper_init(&taper, VQE_TAPER_ALL, mapped, &mapping,
                         side == 0 ? few_occupied : spread(few_occupied)),
          VQE_OK);
      assert_int_equal(sums[side]->nqubit - taper.count, 2 * FEW - 3);
      assert_int_equal(
          vqe_pauli_sum_taper(&tapered[side], mapped, &taper, 0.0), VQE_OK);
      vqe_pauli_sum_free(mapped);
    }
    size_t few;
    size_t many;
    double *wanted = pauli_spectrum(tapered[0], &few, NULL, NULL);
    double *values = pauli_spectrum(tapered[1], &many, NULL, NULL);
    assert_int_equal(few, many);
    for (size_t k = 0; k < few; k++) {
      assert_close(values[k], wanted[k], 1e-11);
    }
    free(wanted);
    free(values);
    vqe_pauli_sum_free(tapered[0]);
    vqe_pauli_sum_free(tapered[1]);
  }
  vqe_pauli_sum_free(sums[0]);
  vqe_pauli_sum_free(sums[1]);
}

/* The same strings 60 qubits higher make the same groups of equal variance. */
static void groups_do_not_depend_on_where_the_qubits_are(void **state)
{
  (void)state;
  struct vqe_pauli_sum *sum = pauli_random(4, NULL, 23);
  vqe_qubits occupied = 0x35;
  int *group[2];
  double *variance[2];
  int ngroup[2];
  for (int whole = 0; whole < 2; whole++) {
    for (int side = 0; side < 2; side++) {
      group[side] = calloc(sum->nterm, sizeof **group);
      assert_non_null(group[side]);
      assert_int_equal(
          (whole != 0 ? vqe_pauli_group_commuting
                      : vqe_pauli_group_qwc)(sum, group[side], &ngroup[side]),
          VQE_OK);
      variance[side] = oracle_new((size_t)ngroup[side]);
      assert_int_equal(vqe_pauli_group_variance(variance[side], sum,
                                                group[side], ngroup[side],
                                                occupied),
                       VQE_OK);
      int shift = side == 0 ? 60 : -60;
      for (size_t k = 0; k < sum->nterm; k++) {
        sum->x[k] = shift > 0 ? sum->x[k] << 60 : sum->x[k] >> 60;
        sum->z[k] = shift > 0 ? sum->z[k] << 60 : sum->z[k] >> 60;
      }
      occupied = shift > 0 ? occupied << 60 : occupied >> 60;
      sum->nqubit += shift;
    }
    assert_int_equal(ngroup[0], ngroup[1]);
    assert_memory_equal(group[0], group[1], sum->nterm * sizeof **group);
    for (int g = 0; g < ngroup[0]; g++) {
      assert_close(variance[0][g], variance[1][g], 0.0);
    }
    for (int side = 0; side < 2; side++) {
      free(group[side]);
      free(variance[side]);
    }
  }
  vqe_pauli_sum_free(sum);
}

static void labels_reach_the_last_qubit(void **state)
{
  (void)state;
  char label[129];
  vqe_pauli_label(label, 128, vqe_qubits_bit(127) | vqe_qubits_bit(64),
                  vqe_qubits_bit(64) | vqe_qubits_bit(63));
  assert_int_equal(strlen(label), 128);
  assert_int_equal(strspn(label + 1, "I"), 62);
  assert_int_equal(label[0], 'X');
  assert_int_equal(label[63], 'Y');
  assert_int_equal(label[64], 'Z');
  assert_int_equal(strspn(label + 65, "I"), 63);
}

static void masks_are_counted_to_the_last_qubit(void **state)
{
  (void)state;
  for (int q = 0; q < 128; q++) {
    vqe_qubits mask = vqe_qubits_bit(q);
    assert_int_equal(vqe_qubits_lowest(mask | vqe_qubits_bit(127)), q);
    assert_int_equal(vqe_qubits_highest(mask | 1), q);
    assert_int_equal(vqe_qubits_count(vqe_qubits_below(q)), q);
    assert_int_equal(vqe_qubits_odd(vqe_qubits_below(q)), q % 2);
    assert_true(vqe_qubits_has(mask, q));
    assert_false(vqe_qubits_has(~mask, q));
  }
  assert_int_equal(vqe_qubits_count(vqe_qubits_below(128)), 128);
  assert_true(vqe_qubits_filled(64, 64, 64) == vqe_qubits_below(128));
  assert_true(vqe_qubits_filled(64, 1, 0) == 1);
  assert_true(vqe_qubits_filled(40, 2, 1) == (3 | vqe_qubits_bit(40)));
}

/* Above 32 orbitals the search for symmetry needs the upper half of a word. */
static void symmetry_of_many_orbitals_is_found(void **state)
{
  (void)state;
  enum { N = 40 };
  struct vqe_hamiltonian *hamiltonian = NULL;
  uint8_t irrep[N];
  double *h1e;
  double *eri;
  for (int p = 0; p < N; p++) {
    irrep[p] = (uint8_t)(p / 3 % 8);
  }
  oracle_integrals(&h1e, &eri, N, irrep, 5);
  assert_int_equal(
      vqe_hamiltonian_create(&hamiltonian, N, h1e, eri, 0.0, true, 0.0),
      VQE_OK);
  assert_int_equal(hamiltonian->nirrep, 8);
  for (int p = 0; p < N; p++) {
    for (int q = 0; q < p; q++) {
      assert_int_equal(hamiltonian->irrep[p] == hamiltonian->irrep[q],
                       irrep[p] == irrep[q]);
    }
  }
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

/* Asked before memory is taken; in a process of its own, as the limit stays.
 */
static void sums_that_may_not_fit_memory_are_refused(void **state)
{
  (void)state;
  enum { N = 40 };
  struct vqe_hamiltonian *hamiltonian = NULL;
  double *h1e;
  double *eri;
  int code = -1;
  oracle_integrals(&h1e, &eri, N, NULL, 5);
  assert_int_equal(
      vqe_hamiltonian_create(&hamiltonian, N, h1e, eri, 0.0, false, 0.0),
      VQE_OK);
  pid_t child = fork();
  if (child == 0) {
    struct rlimit limit = {(rlim_t)1 << 46, RLIM_INFINITY};
    struct vqe_machine_limit found;
    struct vqe_pauli_sum *sum = NULL;
    (void)setrlimit(RLIMIT_AS, &limit);
    vqe_machine_limit(&found);
    limit.rlim_cur = found.used + ((size_t)400 << 20);
    (void)setrlimit(RLIMIT_AS, &limit);
    bool refused = vqe_pauli_sum_jordan_wigner(&sum, hamiltonian, 0.0) ==
                       VQE_ERR_MEMORY &&
                   sum == NULL &&
                   strstr(vqe_error_message(), "40 orbitals") != NULL;
    _exit(refused ? 0 : 1);
  }
  assert_true(child > 0);
  assert_int_equal(waitpid(child, &code, 0), child);
  assert_true(WIFEXITED(code));
  assert_int_equal(WEXITSTATUS(code), 0);
  vqe_hamiltonian_free(hamiltonian);
  free(h1e);
  free(eri);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orbitals_in_between_add_z_strings_alone),
      cmocka_unit_test(tapering_takes_the_orbitals_in_between_away),
      cmocka_unit_test(groups_do_not_depend_on_where_the_qubits_are),
      cmocka_unit_test(labels_reach_the_last_qubit),
      cmocka_unit_test(masks_are_counted_to_the_last_qubit),
      cmocka_unit_test(symmetry_of_many_orbitals_is_found),
      cmocka_unit_test(sums_that_may_not_fit_memory_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
