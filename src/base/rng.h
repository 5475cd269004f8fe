/* Random numbers: NumPy's default generator, and a counter-based one. */
#ifndef VQE_BASE_RNG_H
#define VQE_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* numpy.random.default_rng(seed): SeedSequence feeding PCG64 (XSL-RR 128/64,
 * O'Neill, HMC-CS-2014-0905). Bit for bit NumPy's stream for seeds
 * 0 <= seed < 2^32. */
struct vqe_pcg64 {
  unsigned __int128 state;
  unsigned __int128 increment;
};

void vqe_pcg64_seed(struct vqe_pcg64 *rng, uint32_t seed);
/* Uniform in [0, 1), 53 bits: what Generator.random() returns. */
double vqe_pcg64_random(struct vqe_pcg64 *rng);

/* Philox4x32-10 (Salmon et al., SC'11), keyed by SHA-256 of
 * "<experiment_id>/<purpose>": the same draws whatever the rank, the thread
 * or the order of the experiments. */
struct vqe_philox {
  uint32_t key[2];
  uint32_t counter[4];
  uint32_t block[4];
  int used; /* words of `block` already given out */
};

int vqe_philox_init(struct vqe_philox *rng, const char *experiment_id,
                    const char *purpose);
uint32_t vqe_philox_next(struct vqe_philox *rng);
double vqe_philox_uniform(struct vqe_philox *rng); /* [0, 1), 53 bits */
double vqe_philox_normal(struct vqe_philox *rng);  /* mean 0, variance 1 */

#endif
