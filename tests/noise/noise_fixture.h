/* Programs, sums and models of tests of noise. */
#ifndef VQE_TESTS_NOISE_FIXTURE_H
#define VQE_TESTS_NOISE_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "noise/noisy_energy.h"
#include "vqe/error.h"

#define MOST_GATES 1000
#define MOST_TERMS 1000

struct fixture {
  struct vqe_program program;
  struct vqe_program_gate gates[MOST_GATES];
  double parameters[MOST_GATES];
  struct vqe_pauli_sum sum;
  vqe_qubits x[MOST_TERMS], z[MOST_TERMS];
  double coeff[MOST_TERMS];
  struct vqe_noisy_model model;
  struct vqe_noisy_request request;
  struct vqe_noisy_outcome out;
};

static inline void near(double got, double wanted, double tolerance)
{
  if (!(fabs(got - wanted) <= tolerance)) {
    fail_msg("%.15g is not %.15g within %g", got, wanted, tolerance);
  }
}

/* A model by its JSON text, and nothing else yet. */
static inline void fixture_begin(struct fixture *f, int nqubit,
                                 const char *model)
{
  memset(f, 0, sizeof *f);
  f->program.nqubit = nqubit;
  f->program.gates = f->gates;
  f->sum.nqubit = nqubit;
  f->sum.x = f->x;
  f->sum.z = f->z;
  f->sum.coeff = f->coeff;
  if (vqe_noisy_model_parse(&f->model, model) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  f->request = (struct vqe_noisy_request){.program = &f->program,
                                          .parameters = f->parameters,
                                          .paulis = &f->sum,
                                          .model = &f->model,
                                          .id = "test",
                                          .threads = 2};
}

static inline void fixture_gate(struct fixture *f, enum vqe_program_kind kind,
                                int q0, int q1, double angle)
{
  size_t k = f->program.ngate++;
  assert_true(k < MOST_GATES);
  f->parameters[k] = angle;
  f->gates[k] = (struct vqe_program_gate){.kind = (uint8_t)kind,
                                          .q = {(uint8_t)q0, (uint8_t)q1},
                                          .param = (int)k,
                                          .scale = 1.0};
}

/* Terms have to come with rising masks of X. */
static inline void fixture_term(struct fixture *f, uint64_t x, uint64_t z,
                                double coeff)
{
  size_t k = f->sum.nterm++;
  assert_true(k < MOST_TERMS);
  f->x[k] = x;
  f->z[k] = z;
  f->coeff[k] = coeff;
}

static inline const struct vqe_noisy_outcome *fixture_run(struct fixture *f)
{
  if (vqe_noisy_energy(&f->out, &f->request) != VQE_OK) {
    fail_msg("%s", vqe_error_message());
  }
  return &f->out;
}

/* Gates of all kinds on all qubits. */
static inline void fixture_mix(struct fixture *f)
{
  int n = f->program.nqubit;
  for (int q = 0; q < n; q++) {
    for (int kind = VQE_PROGRAM_X; kind < VQE_PROGRAM_CX; kind++) {
      fixture_gate(f, (enum vqe_program_kind)kind, q, q,
                   0.3 + 0.7 * q + 0.1 * kind);
    }
    for (int kind = VQE_PROGRAM_CX; n > 1 && kind <= VQE_PROGRAM_CP; kind++) {
      fixture_gate(f, (enum vqe_program_kind)kind, q, (q + 1) % n, 1.1 + q);
      fixture_gate(f, VQE_PROGRAM_RY, q, q, 0.4 - 0.2 * kind);
      fixture_gate(f, (enum vqe_program_kind)kind, (q + n - 1) % n, q, 0.2);
      fixture_gate(f, VQE_PROGRAM_H, q, q, 0.0);
    }
  }
}

/* Every Pauli string of up to three qubits, or some of more. */
static inline void fixture_strings(struct fixture *f)
{
  uint64_t size = UINT64_C(1) << f->program.nqubit;
  uint64_t step = size > 8 ? size / 8 + 1 : 1;
  for (uint64_t x = 0; x < size; x += step) {
    for (uint64_t z = 0; z < size; z += step) {
      fixture_term(f, x, z, cos(1.0 + (double)(3 * x + 7 * z)));
    }
  }
}

#endif
