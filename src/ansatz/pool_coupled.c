/* Pools of coupled exchange operators (Ramoa et al., arXiv:2407.08696).
 *
 * Qubit excitations of two that pair the same four spin orbitals in different
 * ways turn different planes, so they commute. Two of them by one angle, their
 * sum or difference, take fewer gates than one. Spins have operators of their
 * own in closed shells too: one that is not on four qubits alone would lose
 * that. */
#include "ansatz/ansatz_builders.h"
#include "vqe/error.h"

/* Spin orbitals: from q[0], q[2] to q[1], q[3]. */
struct pairing {
  int q[4];
};

/* Whether an element takes two pairings, one, or both kinds are there. */
struct request {
  bool two, one;
};

static int add_pairing(struct vqe_ansatz_builder *builder,
                       const struct pairing *pairing, double scale)
{
  const int *q = pairing->q;
  struct vqe_gate gate = {VQE_GATE_QUBIT_DOUBLE,
                          {q[0], q[1], q[2], q[3]},
                          builder->ansatz->nparam,
                          scale};
  return vqe_ansatz_add(builder, &gate);
}

/* All elements on four spin orbitals. */
static int add_elements(struct vqe_ansatz_builder *builder,
                        const struct request *request,
                        const struct pairing *pairings, int count)
{
  int status = VQE_OK;
  for (int k = 0; request->one && status == VQE_OK && k < count; k++) {
    status = add_pairing(builder, &pairings[k], 1.0);
    builder->ansatz->nparam++;
  }
  for (int k = 0; request->two && k < count; k++) {
    for (int j = k + 1; j < count; j++) {
      for (int sign = 1; status == VQE_OK && sign >= -1; sign -= 2) {
        status = add_pairing(builder, &pairings[k], 1.0);
        if (status == VQE_OK) {
          status = add_pairing(builder, &pairings[j], sign);
        }
        builder->ansatz->nparam++;
      }
    }
  }
  return status;
}

static int add_singles(struct vqe_ansatz_builder *builder,
                       const struct vqe_ansatz_options *options)
{
  int norb = options->norb;
  int status = VQE_OK;
  for (int first = 0; first <= norb; first += norb) {
    for (int p = 0; p < norb; p++) {
      for (int r = p + 1; status == VQE_OK && r < norb; r++) {
        struct vqe_gate gate = {VQE_GATE_QUBIT_SINGLE,
                                {first + p, first + r, 0, 0},
                                builder->ansatz->nparam,
                                1.0};
        if (vqe_ansatz_allowed(options, p, r, -1, -1)) {
          status = vqe_ansatz_add(builder, &gate);
          builder->ansatz->nparam++;
        }
      }
    }
  }
  return status;
}

/* Four orbitals of one spin: three pairings. */
static int add_same_spin(struct vqe_ansatz_builder *builder,
                         const struct vqe_ansatz_options *options,
                         const struct request *request, int first)
{
  int end = first + options->norb;
  int status = VQE_OK;
  for (int a = first; a < end; a++) {
    for (int b = a + 1; b < end; b++) {
      for (int c = b + 1; c < end; c++) {
        for (int d = c + 1; status == VQE_OK && d < end; d++) {
          const struct pairing pairings[3] = {
              {{a, c, b, d}}, {{a, b, c, d}}, {{a, b, d, c}}};
          if (vqe_ansatz_allowed(options, a - first, c - first, b - first,
                                 d - first)) {
            status = add_elements(builder, request, pairings, 3);
          }
        }
      }
    }
  }
  return status;
}

/* Two orbitals of each spin: the pairing that flips both spins is none. */
static int add_opposite_spin(struct vqe_ansatz_builder *builder,
                             const struct vqe_ansatz_options *options,
                             const struct request *request)
{
  int norb = options->norb;
  int status = VQE_OK;
  for (int p = 0; p < norb; p++) {
    for (int r = p + 1; r < norb; r++) {
      for (int q = 0; q < norb; q++) {
        for (int s = q + 1; status == VQE_OK && s < norb; s++) {
          const struct pairing pairings[2] = {{{p, r, norb + q, norb + s}},
                                              {{p, r, norb + s, norb + q}}};
          if (vqe_ansatz_allowed(options, p, r, q, s)) {
            status = add_elements(builder, request, pairings, 2);
          }
        }
      }
    }
  }
  return status;
}

int vqe_ansatz_build_coupled_pool(struct vqe_ansatz_builder *builder,
                                  const struct vqe_ansatz_options *options,
                                  bool two, bool one)
{
  const struct request request = {two, one};
  int status = add_singles(builder, options);
  for (int spin = 0; status == VQE_OK && spin < 2; spin++) {
    status = add_same_spin(builder, options, &request, spin * options->norb);
  }
  return status == VQE_OK ? add_opposite_spin(builder, options, &request)
                          : status;
}
