#include "chem/irreps.h"

#include <cint.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "chem/frame.h"
#include "chem/space.h"
#include "chem/symmetry.h"

/* Trace over the Cartesian functions of degree l of the operation that changes
 * the signs of `bits`. */
static int cartesian_trace(int l, int bits)
{
  int trace = 0;
  for (int x = 0; x <= l; x++) {
    for (int y = 0; x + y <= l; y++) {
      int powers[3] = {x, y, l - x - y};
      int odd = 0;
      for (int k = 0; k < 3; k++) {
        odd ^= powers[k] & (bits >> k & 1);
      }
      trace += odd ? -1 : 1;
    }
  }
  return trace;
}

/* Of a shell: the Cartesian functions of degree l hold r^2 times those of
 * degree l - 2 beside the spherical ones. */
static int shell_trace(int l, bool cartesian, int bits)
{
  int trace = cartesian_trace(l, bits);
  return cartesian || l < 2 ? trace : trace - cartesian_trace(l - 2, bits);
}

/* Of an atom's core, `count` orbitals of closed shells in the order that atoms
 * fill them. */
static int core_trace(int count, int bits)
{
  static const int order[] = {0, 0, 1, 0, 1, 2, 0, 1, 2, 0, 1, 3, 2};
  int trace = 0;
  for (size_t k = 0; count > 0 && k < sizeof order / sizeof order[0]; k++) {
    trace += shell_trace(order[k], false, bits);
    count -= 2 * order[k] + 1;
  }
  return trace;
}

/* Traces over all functions and over the cores. */
static void traces(int out[2], const struct vqe_env *env,
                   const struct vqe_frame *frame, int bits)
{
  out[0] = 0;
  out[1] = 0;
  for (int shell = 0; shell < env->nbas; shell++) {
    const int *slot = env->bas + BAS_SLOTS * (size_t)shell;
    int atom = slot[ATOM_OF];
    if (vqe_symmetry_image(env, frame, bits, atom) == atom) {
      out[0] +=
          slot[NCTR_OF] * shell_trace(slot[ANG_OF], env->cartesian, bits);
    }
  }
  for (int atom = 0; atom < env->natm; atom++) {
    if (vqe_symmetry_image(env, frame, bits, atom) == atom) {
      out[1] += core_trace(vqe_space_core_orbitals(env->z[atom]), bits);
    }
  }
}

/* n_irrep = 1/|G| sum_g chi(g) chi_irrep(g) */
static void count(struct vqe_irreps *out, const struct vqe_env *env,
                  const struct vqe_frame *frame)
{
  int generators[VQE_MAX_GENERATORS];
  int n = vqe_symmetry_generators(generators, frame);
  out->nirrep = 1 << n;
  out->nao = env->nao;
  for (int g = 0; g < out->nirrep; g++) {
    int sum[2];
    int bits = 0;
    for (int k = 0; k < n; k++) {
      bits ^= g >> k & 1 ? generators[k] : 0;
    }
    traces(sum, env, frame, bits);
    for (int irrep = 0; irrep < out->nirrep; irrep++) {
      int sign = __builtin_parity((unsigned)(g & irrep)) ? -1 : 1;
      out->functions[irrep] += sign * sum[0];
      out->core[irrep] += sign * sum[1];
    }
  }
  for (int irrep = 0; irrep < out->nirrep; irrep++) {
    VQE_ASSERT(out->functions[irrep] % out->nirrep == 0);
    out->functions[irrep] /= out->nirrep;
    out->core[irrep] /= out->nirrep;
  }
}

int vqe_irreps_count(struct vqe_irreps *out,
                     const struct vqe_molecule *molecule,
                     const char *basis_set)
{
  struct vqe_basis *basis = NULL;
  struct vqe_env *env = NULL;
  struct vqe_frame frames[VQE_MAX_FRAMES];
  int nframe;
  memset(out, 0, sizeof *out);
  int status = vqe_env_load(&env, &basis, molecule, basis_set);
  if (status == VQE_OK) {
    status = vqe_frame_find(frames, &nframe, env);
  }
  if (status == VQE_OK) {
    count(out, env, &frames[0]);
  }
  vqe_env_free(env);
  vqe_basis_free(basis);
  return status;
}
