/* k-UpCCGSD (Lee, Huggins, Head-Gordon and Whaley, J. Chem. Theory Comput.
 * 15, 311 (2019)): k products of generalised pair doubles p,p -> q,q (eq. 16)
 * and generalised singles p -> q, p < q over all orbitals, occupied or not,
 * every product with parameters of its own. Both spins share those of the
 * singles, whatever their electron numbers.
 *
 * As a product of factors the order matters: within one product the pairs
 * come first and the singles after them, which for k = 1 turns the orbitals
 * of a pair function. Irreps do not screen the singles: pairs alone excite
 * nothing but pairs, and it is by orbitals of mixed symmetry between two
 * products that the others come in. k-UpCCGD leaves the singles out, and with
 * them all but pairs. */
#include "ansatz/ansatz_builders.h"
#include "base/error_message.h"

static int add_pairs(struct vqe_ansatz_builder *builder)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  int norb = ansatz->norb;
  int status = VQE_OK;
  for (int p = 0; p < norb; p++) {
    for (int q = p + 1; status == VQE_OK && q < norb; q++) {
      struct vqe_gate gate = {
          VQE_GATE_DOUBLE, {p, q, p + norb, q + norb}, ansatz->nparam++, 1.0};
      status = vqe_ansatz_add(builder, &gate);
    }
  }
  return status;
}

static int add_singles(struct vqe_ansatz_builder *builder)
{
  struct vqe_ansatz *ansatz = builder->ansatz;
  int norb = ansatz->norb;
  int status = VQE_OK;
  for (int p = 0; p < norb; p++) {
    for (int q = p + 1; status == VQE_OK && q < norb; q++) {
      int param = ansatz->nparam++;
      for (int spin = 0; status == VQE_OK && spin < 2 * norb; spin += norb) {
        struct vqe_gate gate = {
            VQE_GATE_SINGLE, {p + spin, q + spin, 0, 0}, param, 1.0};
        status = vqe_ansatz_add(builder, &gate);
      }
    }
  }
  return status;
}

static int build(struct vqe_ansatz_builder *builder,
                 const struct vqe_ansatz_options *options, bool singles)
{
  int status = vqe_ansatz_add_hf_state(builder);
  for (int r = 0; status == VQE_OK && r < options->reps; r++) {
    status = add_pairs(builder);
    if (status == VQE_OK && singles) {
      status = add_singles(builder);
    }
  }
  return status;
}

int vqe_ansatz_build_kupccgsd(struct vqe_ansatz_builder *builder,
                              const struct vqe_ansatz_options *options)
{
  return build(builder, options, true);
}

int vqe_ansatz_build_kupccgd(struct vqe_ansatz_builder *builder,
                             const struct vqe_ansatz_options *options)
{
  return build(builder, options, false);
}
