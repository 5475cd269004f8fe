/* Gates of a program: each kind of circuit is the same unitary, up to a phase,
 * as the Pauli rotations one after another; what cancels, and what is counted.
 * Qiskit compares text and counts in tests/integration/qasm.py. */
#include "oracle.h"

#include <complex.h>
#include <stdlib.h>

#include "ansatz/ansatz_names.h"
#include "ansatz/program.h"

#define QUBITS 8

static void near(double got, double wanted, double tolerance)
{
  if (!(fabs(got - wanted) <= tolerance)) {
    fail_msg("%.17g is not %.17g", got, wanted);
  }
}

static struct vqe_ansatz *make(const char *name, int norb, int nalpha,
                               int nbeta, enum vqe_circuits circuits)
{
  struct vqe_ansatz_options options;
  struct vqe_ansatz *ansatz = NULL;
  vqe_ansatz_options_init(&options);
  options.name = name;
  options.reps = 1;
  options.norb = norb;
  options.nalpha = nalpha;
  options.nbeta = nbeta;
  options.restricted = nalpha == nbeta;
  options.nirrep = 1;
  options.circuits = circuits;
  assert_int_equal(vqe_ansatz_create(&ansatz, &options), VQE_OK);
  return ansatz;
}

static struct vqe_ansatz *make_pool(const char *pool, int norb,
                                    enum vqe_circuits circuits)
{
  struct vqe_ansatz_options options;
  struct vqe_ansatz *ansatz = NULL;
  vqe_ansatz_options_init(&options);
  options.name = "ADAPT-VQE";
  options.reps = 1;
  options.norb = norb;
  options.nalpha = 1;
  options.nbeta = 1;
  options.restricted = true;
  options.nirrep = 1;
  options.adapt.pool = pool;
  assert_int_equal(vqe_ansatz_pool_create(&ansatz, &options), VQE_OK);
  ansatz->circuits = circuits;
  return ansatz;
}

/* ---- states ---- */

/* The 2 x 2 matrix of a gate on its last qubit. */
static void matrix_of(double complex m[2][2],
                      const struct vqe_program_gate *gate, double t)
{
  double r = sqrt(0.5);
  memset(m, 0, 4 * sizeof(double complex));
  m[0][0] = 1.0;
  m[1][1] = 1.0;
  switch ((enum vqe_program_kind)gate->kind) {
  case VQE_PROGRAM_X:
  case VQE_PROGRAM_CX:
    m[0][0] = m[1][1] = 0.0;
    m[0][1] = m[1][0] = 1.0;
    break;
  case VQE_PROGRAM_H:
    m[0][0] = m[0][1] = m[1][0] = r;
    m[1][1] = -r;
    break;
  case VQE_PROGRAM_S:
    m[1][1] = I;
    break;
  case VQE_PROGRAM_SDG:
    m[1][1] = -I;
    break;
  case VQE_PROGRAM_RX_PLUS:
  case VQE_PROGRAM_RX_MINUS:
    m[0][0] = m[1][1] = r;
    m[0][1] = m[1][0] = gate->kind == VQE_PROGRAM_RX_PLUS ? -I * r : I * r;
    break;
  case VQE_PROGRAM_RY:
    m[0][0] = m[1][1] = cos(t / 2);
    m[1][0] = sin(t / 2);
    m[0][1] = -sin(t / 2);
    break;
  case VQE_PROGRAM_RZ:
    m[0][0] = cexp(-I * t / 2);
    m[1][1] = cexp(I * t / 2);
    break;
  case VQE_PROGRAM_P:
  case VQE_PROGRAM_CP:
    m[1][1] = cexp(I * t);
    break;
  case VQE_PROGRAM_CZ:
    m[1][1] = -1.0;
    break;
  case VQE_PROGRAM_NONE:
    fail_msg("a cancelled gate is left in the program");
  }
}

static void apply(double complex *state, const struct vqe_program *program,
                  const double *parameters)
{
  size_t size = (size_t)1 << program->nqubit;
  for (size_t g = 0; g < program->ngate; g++) {
    const struct vqe_program_gate *gate = &program->gates[g];
    bool pair = vqe_program_pair(gate->kind);
    size_t control = pair ? (size_t)1 << gate->q[0] : 0;
    size_t bit = (size_t)1 << gate->q[1];
    double complex m[2][2];
    matrix_of(m, gate,
              gate->param >= 0 ? gate->scale * parameters[gate->param] : 0.0);
    for (size_t k = 0; k < size; k++) {
      if ((k & bit) != 0 || (k & control) != control) {
        continue;
      }
      double complex a = state[k];
      double complex b = state[k | bit];
      state[k] = m[0][0] * a + m[0][1] * b;
      state[k | bit] = m[1][0] * a + m[1][1] * b;
    }
  }
}

/* Applied to a state without any symmetry, the programs of two ansätze differ
 * by a phase alone. */
static void assert_same(const struct vqe_ansatz *left,
                        const struct vqe_ansatz *right)
{
  const struct vqe_ansatz *both[2] = {left, right};
  double complex state[2][1 << QUBITS];
  double complex overlap = 0.0;
  double norm = 0.0;
  double parameters[200];
  size_t size = (size_t)1 << left->nqubit;
  assert_true(left->nqubit <= QUBITS && left->nparam <= 200);
  for (int k = 0; k < left->nparam; k++) {
    parameters[k] = sin(1.0 + 7.0 * k);
  }
  for (int side = 0; side < 2; side++) {
    struct vqe_program *program = NULL;
    for (size_t k = 0; k < size; k++) {
      state[side][k] = cos(3.0 * (double)k) + I * sin(5.0 * (double)k + 1.0);
    }
    assert_int_equal(vqe_program_create(&program, both[side], 0), VQE_OK);
    apply(state[side], program, parameters);
    vqe_program_free(program);
  }
  for (size_t k = 0; k < size; k++) {
    overlap += conj(state[0][k]) * state[1][k];
    norm += creal(conj(state[0][k]) * state[0][k]);
  }
  double complex phase = overlap / cabs(overlap);
  for (size_t k = 0; k < size; k++) {
    assert_true(cabs(phase * state[0][k] - state[1][k]) < 1e-10 * sqrt(norm));
  }
}

static void circuits_of_all_kinds_are_the_same_unitary(void **state)
{
  (void)state;
  static const enum vqe_circuits kinds[] = {VQE_CIRCUITS_COMPACT,
                                            VQE_CIRCUITS_GADGETS};
  const char *name;
  for (size_t n = 0; (name = vqe_ansatz_name(n)) != NULL; n++) {
    for (size_t k = 0; k < 2; k++) {
      for (int nbeta = 1; nbeta < 3; nbeta++) {
        struct vqe_ansatz *plain = make(name, 4, 2, nbeta, VQE_CIRCUITS_PLAIN);
        struct vqe_ansatz *other = make(name, 4, 2, nbeta, kinds[k]);
        assert_same(plain, other);
        vqe_ansatz_free(plain);
        vqe_ansatz_free(other);
      }
    }
  }
}

static void elements_of_pools_are_the_same_unitary(void **state)
{
  (void)state;
  const char *const pools[] = {"GSD",     "QEB",     "UCCSD",  "SAGSD",
                               "OVP-CEO", "MVP-CEO", "DVG-CEO"};
  for (size_t p = 0; p < sizeof pools / sizeof pools[0]; p++) {
    for (int kind = VQE_CIRCUITS_COMPACT; kind < VQE_CIRCUITS_PLAIN; kind++) {
      struct vqe_ansatz *plain = make_pool(pools[p], 4, VQE_CIRCUITS_PLAIN);
      struct vqe_ansatz *other =
          make_pool(pools[p], 4, (enum vqe_circuits)kind);
      assert_same(plain, other);
      vqe_ansatz_free(plain);
      vqe_ansatz_free(other);
    }
  }
}

/* exp(t (tau - tau^+)) turns what tau takes apart by cos t and sin t, and
 * leaves all else: tau by hand, on occupations. */
static void excitation_rotates_what_it_connects(void **state)
{
  (void)state;
  const struct vqe_gate gate = {VQE_GATE_DOUBLE, {4, 1, 0, 6}, 0, 0.75};
  const double parameter = 0.4;
  for (int kind = VQE_CIRCUITS_COMPACT; kind <= VQE_CIRCUITS_PLAIN; kind++) {
    struct vqe_program program = {.nqubit = 7};
    assert_int_equal(
        vqe_program_excitation(&program, &gate, (enum vqe_circuits)kind),
        VQE_OK);
    double complex phase = 1.0; /* of the circuit: that of the vacuum */
    for (size_t from = 0; from < 128; from++) {
      double complex psi[128] = {0};
      size_t to = from;
      bool odd = false;
      /* a_0, a+_6, a_4, a+_1, each with the electrons below it */
      static const int order[] = {0, 6, 4, 1};
      bool excites = (from & 0x53) == 0x11;
      for (int k = 0; excites && k < 4; k++) {
        odd ^= __builtin_parityll(to & (((size_t)1 << order[k]) - 1));
        to ^= (size_t)1 << order[k];
      }
      psi[from] = 1.0;
      apply(psi, &program, &parameter);
      double t = parameter * gate.scale;
      phase = from == 0 ? psi[0] : phase;
      if (excites) {
        assert_true(cabs(psi[from] / phase - cos(t)) < 1e-12);
        assert_true(cabs(psi[to] / phase - (odd ? -sin(t) : sin(t))) < 1e-12);
      } else if ((from & 0x53) != 0x42) {
        assert_true(cabs(psi[from] / phase - 1.0) < 1e-12);
      }
    }
    free(program.gates);
  }
}

/* ---- what cancels ---- */

static void add(struct vqe_program *program, enum vqe_program_kind kind,
                int q0, int q1)
{
  assert_int_equal(vqe_program_add(program, kind, q0, q1, 0, 1.0), VQE_OK);
}

static void pairs_cancel_through_gates_that_commute(void **state)
{
  (void)state;
  struct vqe_program program = {.nqubit = 4};
  add(&program, VQE_PROGRAM_H, 0, 0);
  add(&program, VQE_PROGRAM_CX, 0, 1);
  add(&program, VQE_PROGRAM_RZ, 0, 0);      /* on the control */
  add(&program, VQE_PROGRAM_CX, 2, 1);      /* to the same target */
  add(&program, VQE_PROGRAM_CX, 0, 3);      /* of the same control */
  add(&program, VQE_PROGRAM_RX_PLUS, 1, 1); /* on the target */
  add(&program, VQE_PROGRAM_CX, 0, 1);
  assert_int_equal(vqe_program_cancel(&program), VQE_OK);
  assert_int_equal(program.ngate, 5);
  free(program.gates);
}

static void pairs_stay_around_gates_that_do_not_commute(void **state)
{
  (void)state;
  static const struct {
    enum vqe_program_kind kind;
    int q0, q1;
  } between[] = {{VQE_PROGRAM_H, 0, 0},  {VQE_PROGRAM_RZ, 1, 1},
                 {VQE_PROGRAM_RY, 0, 0}, {VQE_PROGRAM_CX, 1, 0},
                 {VQE_PROGRAM_CX, 2, 0}, {VQE_PROGRAM_CZ, 1, 2},
                 {VQE_PROGRAM_X, 0, 0},  {VQE_PROGRAM_P, 1, 1}};
  for (size_t k = 0; k < sizeof between / sizeof between[0]; k++) {
    struct vqe_program program = {.nqubit = 3};
    add(&program, VQE_PROGRAM_CX, 0, 1);
    add(&program, between[k].kind, between[k].q0, between[k].q1);
    add(&program, VQE_PROGRAM_CX, 0, 1);
    assert_int_equal(vqe_program_cancel(&program), VQE_OK);
    assert_int_equal(program.ngate, 3);
    free(program.gates);
  }
}

static void rotations_by_one_parameter_join(void **state)
{
  (void)state;
  struct vqe_program program = {.nqubit = 2};
  assert_int_equal(vqe_program_add(&program, VQE_PROGRAM_RZ, 0, 0, 3, 0.5),
                   VQE_OK);
  assert_int_equal(vqe_program_add(&program, VQE_PROGRAM_CZ, 0, 1, 0, 0),
                   VQE_OK);
  assert_int_equal(vqe_program_add(&program, VQE_PROGRAM_RZ, 0, 0, 3, 0.25),
                   VQE_OK);
  assert_int_equal(vqe_program_add(&program, VQE_PROGRAM_RZ, 0, 0, 4, 0.25),
                   VQE_OK);
  assert_int_equal(vqe_program_cancel(&program), VQE_OK);
  assert_int_equal(program.ngate, 3);
  near(program.gates[0].scale, 0.75, 1e-15);
  assert_int_equal(vqe_program_add(&program, VQE_PROGRAM_RZ, 0, 0, 3, -0.75),
                   VQE_OK);
  assert_int_equal(vqe_program_cancel(&program), VQE_OK);
  assert_int_equal(program.ngate, 2);
  free(program.gates);
}

/* Gates know no qubit by its number: 60 qubits higher they are the same. */
static void circuits_above_64_qubits_are_those_below(void **state)
{
  (void)state;
  const struct vqe_gate gates[] = {
      {VQE_GATE_SINGLE, {0, 5}, 0, 1.0},
      {VQE_GATE_DOUBLE, {1, 7, 3, 4}, 0, 0.5},
      {VQE_GATE_QUBIT_DOUBLE, {6, 0, 2, 5}, 0, 1.0},
      {VQE_GATE_DOUBLE, {2, 6, 2, 7}, 0, 1.0}, /* one leaves a qubit twice */
      {VQE_GATE_XXYY, {3, 6}, 0, 1.0},
  };
  for (int circuits = 0; circuits <= VQE_CIRCUITS_PLAIN; circuits++) {
    for (size_t k = 0; k < sizeof gates / sizeof gates[0]; k++) {
      struct vqe_program low = {.nqubit = 8};
      struct vqe_program high = {.nqubit = 68};
      struct vqe_gate moved = gates[k];
      for (int j = 0; j < 4; j++) {
        moved.q[j] += 60;
      }
      bool pair = gates[k].kind == VQE_GATE_XXYY;
      assert_int_equal((pair ? vqe_program_xxyy : vqe_program_excitation)(
                           &low, &gates[k], (enum vqe_circuits)circuits),
                       VQE_OK);
      assert_int_equal((pair ? vqe_program_xxyy : vqe_program_excitation)(
                           &high, &moved, (enum vqe_circuits)circuits),
                       VQE_OK);
      assert_int_equal(vqe_program_cancel(&low), VQE_OK);
      assert_int_equal(vqe_program_cancel(&high), VQE_OK);
      assert_int_equal(low.ngate, high.ngate);
      for (size_t g = 0; g < low.ngate; g++) {
        assert_int_equal(low.gates[g].kind, high.gates[g].kind);
        for (int slot = 0; slot < 2; slot++) {
          bool used =
              slot == 0 ||
              vqe_program_pair((enum vqe_program_kind)low.gates[g].kind);
          assert_true(!used ||
                      high.gates[g].q[slot] == low.gates[g].q[slot] + 60);
        }
        near(high.gates[g].scale, low.gates[g].scale, 1e-15);
      }
      free(low.gates);
      free(high.gates);
    }
  }
}

/* ---- counts ---- */

static double pairs_of(const char *name, int norb, enum vqe_circuits circuits)
{
  struct vqe_ansatz *ansatz = make(name, norb, 1, 1, circuits);
  struct vqe_circuit_cost cost;
  assert_int_equal(vqe_ansatz_cost(&cost, ansatz, 0), VQE_OK);
  vqe_ansatz_free(ansatz);
  return cost.two_qubit_gates;
}

/* Two singles and a double; by Yordanov, Arvidsson-Shukur and Barnes 2 and 13
 * gates of two qubits. */
static void gates_of_excitations_are_those_of_the_literature(void **state)
{
  (void)state;
  struct vqe_gate gate = {VQE_GATE_QUBIT_DOUBLE, {0, 2, 1, 3}, 0, 1.0};
  struct vqe_program program = {.nqubit = 4};
  struct vqe_circuit_cost cost;
  assert_int_equal(
      vqe_program_excitation(&program, &gate, VQE_CIRCUITS_COMPACT), VQE_OK);
  vqe_program_cost(&cost, &program, 1);
  near(cost.two_qubit_gates, 13, 0);
  program.ngate = 0;
  gate.kind = VQE_GATE_QUBIT_SINGLE;
  assert_int_equal(
      vqe_program_excitation(&program, &gate, VQE_CIRCUITS_COMPACT), VQE_OK);
  vqe_program_cost(&cost, &program, 1);
  near(cost.two_qubit_gates, 2, 0);
  free(program.gates);
  near(pairs_of("UCCSD", 2, VQE_CIRCUITS_PLAIN), 48 + 8, 0);
  assert_true(pairs_of("UCCSD", 2, VQE_CIRCUITS_GADGETS) <= 34 + 8);
  assert_true(pairs_of("UCCSD", 2, VQE_CIRCUITS_COMPACT) <= 13 + 4);
}

static double pairs_of_doubles(const struct vqe_gate *gates, size_t count)
{
  struct vqe_gate copy[3];
  memcpy(copy, gates, count * sizeof *gates);
  struct vqe_ansatz ansatz = {.nqubit = 8,
                              .norb = 4,
                              .nparam = 3,
                              .ngate = count,
                              .gates = copy,
                              .circuits = VQE_CIRCUITS_COMPACT};
  struct vqe_circuit_cost cost;
  assert_int_equal(vqe_ansatz_cost(&cost, &ansatz, 0), VQE_OK);
  return cost.two_qubit_gates;
}

/* Ramoa et al., arXiv:2407.08696: 9 gates of two qubits for a sum or a
 * difference of two excitations on four qubits, 13 with a parameter for each,
 * whichever of the three pairings they are. */
static void coupled_doubles_take_the_gates_of_the_literature(void **state)
{
  (void)state;
  const struct vqe_gate pairings[3] = {
      {VQE_GATE_QUBIT_DOUBLE, {0, 2, 1, 3}, 0, 1.0},
      {VQE_GATE_QUBIT_DOUBLE, {3, 2, 0, 1}, 0, 1.0},
      {VQE_GATE_QUBIT_DOUBLE, {0, 1, 2, 3}, 0, 1.0}};
  for (int k = 0; k < 3; k++) {
    for (int sign = -1; sign <= 1; sign += 2) {
      struct vqe_gate two[2] = {pairings[k], pairings[(k + 1) % 3]};
      two[1].scale = sign;
      near(pairs_of_doubles(two, 2), 9, 0);
      two[1].scale = 0.5 * sign;
      near(pairs_of_doubles(two, 2), 13, 0);
      two[1].scale = sign;
      two[1].param = 1;
      near(pairs_of_doubles(two, 2), 13, 0);
    }
  }
  struct vqe_gate three[3] = {pairings[0], pairings[1], pairings[2]};
  near(pairs_of_doubles(three, 3), 13, 0);
  three[1].param = 1;
  three[2].param = 2;
  near(pairs_of_doubles(three, 3), 13, 0);
  /* the same pairing again is no other plane */
  const struct vqe_gate again[2] = {
      {VQE_GATE_QUBIT_DOUBLE, {0, 2, 1, 3}, 0, 1.0},
      {VQE_GATE_QUBIT_DOUBLE, {3, 1, 2, 0}, 1, 1.0}};
  assert_int_equal(vqe_program_coupled_count(again, 2), 1);
  /* one of electrons has other signs */
  const struct vqe_gate mixed[2] = {
      {VQE_GATE_QUBIT_DOUBLE, {0, 2, 1, 3}, 0, 1.0},
      {VQE_GATE_DOUBLE, {0, 1, 2, 3}, 0, 1.0}};
  assert_int_equal(vqe_program_coupled_count(mixed, 2), 1);
  assert_int_equal(vqe_program_coupled_count(pairings, 3), 3);
  assert_int_equal(vqe_program_coupled_count(pairings, 2), 2);
}

/* q0: h, cx, cx; q1: cx, rz, cx; q2: cp */
static void depth_counts_layers(void **state)
{
  (void)state;
  struct vqe_program program = {.nqubit = 3};
  struct vqe_circuit_cost cost;
  add(&program, VQE_PROGRAM_H, 0, 0);
  add(&program, VQE_PROGRAM_CX, 0, 1);
  add(&program, VQE_PROGRAM_RZ, 1, 1);
  add(&program, VQE_PROGRAM_CX, 0, 1);
  add(&program, VQE_PROGRAM_CP, 2, 1);
  vqe_program_cost(&cost, &program, 7);
  near(cost.parameters, 7, 0);
  near(cost.one_qubit_gates, 2, 0);
  near(cost.two_qubit_gates, 3, 0);
  near(cost.depth, 5, 0);
  near(cost.two_qubit_depth, 3, 0);
  /* a rotation and a controlled phase of three, ceil(3 log2(1e10)) each */
  near(cost.t_count, 4 * 100, 0);
  assert_true(isnan(cost.measurement_groups) && isnan(cost.shots));
  free(program.gates);
}

static void circuits_above_a_limit_are_not_counted(void **state)
{
  (void)state;
  struct vqe_ansatz *ansatz = make("UCCSD", 4, 2, 2, VQE_CIRCUITS_COMPACT);
  struct vqe_circuit_cost cost;
  assert_int_equal(vqe_ansatz_cost(&cost, ansatz, 100), VQE_OK);
  near(cost.parameters, ansatz->nparam, 0);
  assert_true(isnan(cost.two_qubit_gates) && isnan(cost.depth));
  assert_int_equal(vqe_ansatz_cost(&cost, ansatz, 100000), VQE_OK);
  assert_true(cost.two_qubit_gates > 100.0);
  vqe_ansatz_free(ansatz);
}

/* ---- OpenQASM with numbers ---- */

static void bound_text_has_numbers_and_no_inputs(void **state)
{
  (void)state;
  struct vqe_ansatz *ansatz = make("LUCJ", 2, 1, 1, VQE_CIRCUITS_COMPACT);
  double parameters[64];
  char *text = NULL;
  assert_true(ansatz->nparam <= 64);
  for (int k = 0; k < ansatz->nparam; k++) {
    parameters[k] = 0.5;
  }
  assert_int_equal(vqe_ansatz_qasm_bound(&text, ansatz, 2, parameters),
                   VQE_OK);
  assert_ptr_equal(strstr(text, "OPENQASM 2.0;\ninclude \"qelib1.inc\";\n"
                                "qreg q[4];\n"),
                   text);
  assert_non_null(strstr(text, "\nu1(0.5) q[0];\n"));
  assert_non_null(strstr(text, "\ncu1(0.5) q[0], q[1];\n"));
  assert_null(strstr(text, "input"));
  free(text);
  assert_int_equal(vqe_ansatz_qasm_bound(&text, ansatz, 3, parameters),
                   VQE_OK);
  assert_non_null(strstr(text, "\ncp(0.5) q[0], q[1];\n"));
  free(text);
  assert_int_equal(vqe_ansatz_qasm_bound(&text, ansatz, 1, parameters),
                   VQE_ERR_INPUT);
  parameters[1] = NAN;
  assert_int_equal(vqe_ansatz_qasm_bound(&text, ansatz, 3, parameters),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "parameter 1"));
  vqe_ansatz_free(ansatz);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(circuits_of_all_kinds_are_the_same_unitary),
      cmocka_unit_test(elements_of_pools_are_the_same_unitary),
      cmocka_unit_test(excitation_rotates_what_it_connects),
      cmocka_unit_test(pairs_cancel_through_gates_that_commute),
      cmocka_unit_test(pairs_stay_around_gates_that_do_not_commute),
      cmocka_unit_test(rotations_by_one_parameter_join),
      cmocka_unit_test(circuits_above_64_qubits_are_those_below),
      cmocka_unit_test(gates_of_excitations_are_those_of_the_literature),
      cmocka_unit_test(coupled_doubles_take_the_gates_of_the_literature),
      cmocka_unit_test(depth_counts_layers),
      cmocka_unit_test(circuits_above_a_limit_are_not_counted),
      cmocka_unit_test(bound_text_has_numbers_and_no_inputs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
