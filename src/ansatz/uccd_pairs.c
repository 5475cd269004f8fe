/* Pairs of electrons excited from orbitals that are doubly occupied in the
 * reference to empty ones, as products of factors:
 *
 * pUCCD: both electrons of an orbital i into one orbital a (pair coupled
 * cluster doubles; Stein, Henderson, Scuseria, J. Chem. Phys. 140, 214113
 * (2014); unitary: Lee et al., J. Chem. Theory Comput. 15, 311 (2019)). The
 * state keeps every orbital empty or doubly occupied. i outer, a inner.
 *
 * UCCD0: singlet pairs from i <= j to a <= b (singlet-paired coupled cluster
 * CCD0: Bulik, Henderson, Scuseria, J. Chem. Theory Comput. 11, 3171 (2015)),
 * i, j outer, a, b inner. The amplitude of a singlet pair is that of up to
 * four excitations of opposite spins, which follow each other: i and j to a
 * and b, to b and a, and both with i and j exchanged. As a product it keeps
 * S_z but not exactly S^2.
 *
 * Orbitals that are occupied once are left as they are. */
#include "ansatz/ansatz_builders.h"
#include "base/error_message.h"

/* Doubly occupied are orbitals below `occupied`, empty those from `empty`. */
static void find_pairs(int *occupied, int *empty,
                       const struct vqe_ansatz *ansatz)
{
  bool more_alpha = ansatz->nalpha > ansatz->nbeta;
  *occupied = more_alpha ? ansatz->nbeta : ansatz->nalpha;
  *empty = more_alpha ? ansatz->nalpha : ansatz->nbeta;
}

/* A pair never changes irreps of a group whose irreps are real. */
static int add_pairs(struct vqe_ansatz_builder *builder)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  int occupied;
  int empty;
  int status = VQE_OK;
  find_pairs(&occupied, &empty, ansatz);
  for (int i = 0; i < occupied; i++) {
    for (int a = empty; status == VQE_OK && a < ansatz->norb; a++) {
      status = vqe_ansatz_add_excitation(builder, ansatz->nparam++, 0, i, a, 1,
                                         i, a);
    }
  }
  return status;
}

/* The excitations of one singlet pair: those that differ. */
static int add_singlet(struct vqe_ansatz_builder *builder, int i, int j, int a,
                       int b)
{
  int param = builder->ansatz->nparam++;
  int from[2][2] = {{i, j}, {j, i}};
  int to[2][2] = {{a, b}, {b, a}};
  int status = VQE_OK;
  for (int f = 0; f < (i == j ? 1 : 2); f++) {
    for (int t = 0; status == VQE_OK && t < (a == b ? 1 : 2); t++) {
      status = vqe_ansatz_add_excitation(builder, param, 0, from[f][0],
                                         to[t][0], 1, from[f][1], to[t][1]);
    }
  }
  return status;
}

static int add_singlets(struct vqe_ansatz_builder *builder,
                        const struct vqe_ansatz_options *options)
{
  int norb = builder->ansatz->norb;
  int occupied;
  int empty;
  int status = VQE_OK;
  find_pairs(&occupied, &empty, builder->ansatz);
  for (int i = 0; i < occupied; i++) {
    for (int j = i; j < occupied; j++) {
      for (int a = empty; a < norb; a++) {
        for (int b = a; status == VQE_OK && b < norb; b++) {
          if (vqe_ansatz_allowed(options, i, a, j, b)) {
            status = add_singlet(builder, i, j, a, b);
          }
        }
      }
    }
  }
  return status;
}

int vqe_ansatz_build_puccd(struct vqe_ansatz_builder *builder,
                           const struct vqe_ansatz_options *options)
{
  int status = vqe_ansatz_add_hf_state(builder);
  for (int r = 0; status == VQE_OK && r < options->reps; r++) {
    status = add_pairs(builder);
  }
  return status;
}

int vqe_ansatz_build_uccd0(struct vqe_ansatz_builder *builder,
                           const struct vqe_ansatz_options *options)
{
  int status = vqe_ansatz_add_hf_state(builder);
  for (int r = 0; status == VQE_OK && r < options->reps; r++) {
    status = add_singlets(builder, options);
  }
  return status;
}
