/* A pool of ADAPT-VQE whose elements keep S^2 exactly.
 *
 * With K_rp = E_rp - E_pr and M_sq = E_sq + E_qs, E_rp the sum of a+_r a_p of
 * both spins, K_rp, E_rp^2 - E_pr^2 and, for four different orbitals, K_rp
 * M_sq commute with S^2. Each is a sum of excitations between spin orbitals
 * whose exponential is a product of theirs, without an error of Trotter: K_rp
 * of two that commute; E_rp^2 - E_pr^2 of one, of both electrons of an
 * orbital; K_rp M_sq of four terms K_rp(spin) M_sq(spin') that commute,
 * as even operators of different orbitals; each of these is p -> r, q -> s and
 * p -> r, s -> q, which rotate different planes of the same four spin
 * orbitals. Products of the first two alone reach every state of the same spin
 * (Anselmetti et al., New J. Phys. 23, 113010 (2021)); the last have the slope
 * of every double between four orbitals that keeps the spin, as
 * E_rp E_sq - E_pr E_qs = (K_rp M_sq + M_rp K_sq) / 2. */
#include "ansatz/ansatz_builders.h"
#include "vqe/error.h"

/* p -> r of both spins, or of a pair. */
static int add_two(struct vqe_ansatz_builder *builder,
                   const struct vqe_ansatz_options *options, bool pairs)
{
  int status = VQE_OK;
  for (int p = 0; p < options->norb; p++) {
    for (int r = p + 1; status == VQE_OK && r < options->norb; r++) {
      if (!pairs && !vqe_ansatz_allowed(options, p, r, -1, -1)) {
        continue;
      }
      int param = builder->ansatz->nparam++;
      status = vqe_ansatz_add_excitation(builder, param, 0, p, r, 1,
                                         pairs ? p : -1, pairs ? r : -1);
      if (status == VQE_OK && !pairs) {
        status = vqe_ansatz_add_excitation(builder, param, 1, p, r, 0, -1, -1);
      }
    }
  }
  return status;
}

/* exp(t K_rp M_sq) */
static int add_product(struct vqe_ansatz_builder *builder, int p, int r, int q,
                       int s)
{
  int param = builder->ansatz->nparam++;
  int status = VQE_OK;
  for (int spins = 0; status == VQE_OK && spins < 4; spins++) {
    int spin1 = spins / 2;
    int spin2 = spins % 2;
    status =
        vqe_ansatz_add_excitation(builder, param, spin1, p, r, spin2, q, s);
    if (status == VQE_OK) {
      status =
          vqe_ansatz_add_excitation(builder, param, spin1, p, r, spin2, s, q);
    }
  }
  return status;
}

static int add_products(struct vqe_ansatz_builder *builder,
                        const struct vqe_ansatz_options *options)
{
  int norb = options->norb;
  int status = VQE_OK;
  for (int p = 0; p < norb; p++) {
    for (int r = p + 1; r < norb; r++) {
      for (int q = 0; q < norb; q++) {
        for (int s = q + 1; status == VQE_OK && s < norb; s++) {
          bool apart = q != p && q != r && s != p && s != r;
          if (apart && vqe_ansatz_allowed(options, p, r, q, s)) {
            status = add_product(builder, p, r, q, s);
          }
        }
      }
    }
  }
  return status;
}

int vqe_ansatz_build_spin_pool(struct vqe_ansatz_builder *builder,
                               const struct vqe_ansatz_options *options)
{
  int status = add_two(builder, options, false);
  if (status == VQE_OK) {
    status = add_two(builder, options, true);
  }
  return status == VQE_OK ? add_products(builder, options) : status;
}
