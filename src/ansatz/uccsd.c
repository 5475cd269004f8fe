/* Disentangled unitary coupled cluster with singles and doubles, or doubles
 * alone: a product of exp(t (tau - tau^+)) in a fixed order (Evangelista,
 * Chan, Scuseria, J. Chem. Phys. 151, 244112 (2019) for the form).
 *
 * Order within one repetition: singles (i outer, a inner), same-spin doubles
 * (i < j outer, a < b inner), alpha-beta doubles (i, a, j, b with ia >= jb,
 * ia = i * nv + a). Closed shells: every factor is followed at once by its
 * spin partner or mirror, with the same parameter. Open shells: all factors
 * are independent; alpha before beta. */
#include "ansatz/ansatz_builders.h"
#include "base/error_message.h"

/* One factor of one spin and, in a closed shell, that of the other spin. */
static int add_factor(struct vqe_ansatz_builder *builder, bool restricted,
                      int spin, int i, int a, int j, int b)
{
  int param = builder->ansatz->nparam++;
  int status =
      vqe_ansatz_add_excitation(builder, param, spin, i, a, spin, j, b);
  if (status == VQE_OK && restricted) {
    status = vqe_ansatz_add_excitation(builder, param, 1, i, a, 1, j, b);
  }
  return status;
}

/* Singles, or the doubles of two electrons of one spin: without a second
 * electron its loops run once, from and to nowhere (-1). */
static int add_one_spin(struct vqe_ansatz_builder *builder,
                        const struct vqe_ansatz_options *options, bool doubles)
{
  const struct vqe_ansatz *ansatz = builder->ansatz;
  bool restricted = options->restricted;
  int status = VQE_OK;
  for (int spin = 0; spin < (restricted ? 1 : 2); spin++) {
    int occupied = spin == 0 ? ansatz->nalpha : ansatz->nbeta;
    int last_j = doubles ? occupied - 1 : -1;
    int last_b = doubles ? ansatz->norb - 1 : -1;
    for (int i = 0; i < occupied; i++) {
      for (int j = doubles ? i + 1 : -1; j <= last_j; j++) {
        for (int a = occupied; a < ansatz->norb; a++) {
          for (int b = doubles ? a + 1 : -1; status == VQE_OK && b <= last_b;
               b++) {
            if (vqe_ansatz_allowed(options, i, a, j, b)) {
              status = add_factor(builder, restricted, spin, i, a, j, b);
            }
          }
        }
      }
    }
  }
  return status;
}

static int add_opposite_spin(struct vqe_ansatz_builder *builder,
                             const struct vqe_ansatz_options *options)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  int norb = ansatz->norb;
  int na = ansatz->nalpha;
  int nb = ansatz->nbeta;
  int nv = norb - na;
  bool restricted = options->restricted;
  int status = VQE_OK;
  for (int i = 0; i < na; i++) {
    for (int a = na; a < norb; a++) {
      for (int j = 0; j < nb; j++) {
        for (int b = nb; status == VQE_OK && b < norb; b++) {
          int ia = i * nv + (a - na);
          int jb = j * nv + (b - nb);
          if ((restricted && ia < jb) ||
              !vqe_ansatz_allowed(options, i, a, j, b)) {
            continue;
          }
          int param = ansatz->nparam++;
          status = vqe_ansatz_add_excitation(builder, param, 0, i, a, 1, j, b);
          if (status == VQE_OK && restricted && ia != jb) {
            status =
                vqe_ansatz_add_excitation(builder, param, 0, j, b, 1, i, a);
          }
        }
      }
    }
  }
  return status;
}

/* Factors of one repetition. */
static int add_factors(struct vqe_ansatz_builder *builder,
                       const struct vqe_ansatz_options *options, bool singles)
{
  if (options->restricted && options->nalpha != options->nbeta) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "shared %s amplitudes need a closed shell, not "
                         "%d alpha and %d beta electrons",
                         singles ? "UCCSD" : "UCCD", options->nalpha,
                         options->nbeta);
  }
  int status = singles ? add_one_spin(builder, options, false) : VQE_OK;
  if (status == VQE_OK) {
    status = add_one_spin(builder, options, true);
  }
  if (status == VQE_OK) {
    status = add_opposite_spin(builder, options);
  }
  return status;
}

int vqe_ansatz_build_uccsd_factors(struct vqe_ansatz_builder *builder,
                                   const struct vqe_ansatz_options *options)
{
  return add_factors(builder, options, true);
}

static int build(struct vqe_ansatz_builder *builder,
                 const struct vqe_ansatz_options *options, bool singles)
{
  int status = vqe_ansatz_add_hf_state(builder);
  for (int r = 0; status == VQE_OK && r < options->reps; r++) {
    status = add_factors(builder, options, singles);
  }
  return status;
}

int vqe_ansatz_build_uccsd(struct vqe_ansatz_builder *builder,
                           const struct vqe_ansatz_options *options)
{
  return build(builder, options, true);
}

int vqe_ansatz_build_uccd(struct vqe_ansatz_builder *builder,
                          const struct vqe_ansatz_options *options)
{
  return build(builder, options, false);
}
