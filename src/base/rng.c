#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/sha256.h"

/* ---- numpy.random.SeedSequence (numpy/random/bit_generator.pyx) ---- */

#define POOL_SIZE 4

static uint32_t hashmix(uint32_t value, uint32_t *hash_const)
{
  value ^= *hash_const;
  *hash_const *= 0x931e8875u;
  value *= *hash_const;
  return value ^ (value >> 16);
}

static uint32_t mix(uint32_t x, uint32_t y)
{
  uint32_t result = 0xca01f9ddu * x - 0x4973f715u * y;
  return result ^ (result >> 16);
}

/* generate_state(4, uint64) of SeedSequence(seed), entropy of one word. */
static void seed_sequence(uint64_t out[4], uint32_t seed)
{
  uint32_t pool[POOL_SIZE];
  uint32_t hash_const = 0x43b0d7e5u;
  for (int i = 0; i < POOL_SIZE; i++) {
    pool[i] = hashmix(i == 0 ? seed : 0, &hash_const);
  }
  for (int source = 0; source < POOL_SIZE; source++) {
    for (int target = 0; target < POOL_SIZE; target++) {
      if (source != target) {
        pool[target] = mix(pool[target], hashmix(pool[source], &hash_const));
      }
    }
  }
  uint32_t words[8];
  hash_const = 0x8b51f9ddu;
  for (int i = 0; i < 8; i++) {
    uint32_t value = pool[i % POOL_SIZE] ^ hash_const;
    hash_const *= 0x58f38dedu;
    value *= hash_const;
    words[i] = value ^ (value >> 16);
  }
  for (size_t i = 0; i < 4; i++) {
    out[i] = (uint64_t)words[2 * i] | (uint64_t)words[2 * i + 1] << 32;
  }
}

/* ---- PCG64, XSL-RR ---- */

static void pcg64_step(struct vqe_pcg64 *rng)
{
  const unsigned __int128 multiplier =
      (unsigned __int128)2549297995355413924ULL << 64 | 4865540595714422341ULL;
  rng->state = rng->state * multiplier + rng->increment;
}

void vqe_pcg64_seed(struct vqe_pcg64 *rng, uint32_t seed)
{
  uint64_t words[4];
  seed_sequence(words, seed);
  unsigned __int128 state = (unsigned __int128)words[0] << 64 | words[1];
  unsigned __int128 sequence = (unsigned __int128)words[2] << 64 | words[3];
  rng->increment = sequence << 1 | 1;
  rng->state = 0;
  pcg64_step(rng);
  rng->state += state;
  pcg64_step(rng);
}

static uint64_t pcg64_next(struct vqe_pcg64 *rng)
{
  pcg64_step(rng);
  uint64_t folded = (uint64_t)(rng->state >> 64) ^ (uint64_t)rng->state;
  unsigned rotation = (unsigned)(rng->state >> 122);
  return folded >> rotation | folded << ((64 - rotation) & 63);
}

double vqe_pcg64_random(struct vqe_pcg64 *rng)
{
  return (double)(pcg64_next(rng) >> 11) * 0x1.0p-53;
}

/* ---- Philox4x32-10 ---- */

static void philox_block(uint32_t out[4], const uint32_t counter[4],
                         const uint32_t key[2])
{
  uint32_t c[4];
  uint32_t k0 = key[0];
  uint32_t k1 = key[1];
  memcpy(c, counter, sizeof c);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0];
    uint64_t p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k0, (uint32_t)p1,
                        (uint32_t)(p0 >> 32) ^ c[3] ^ k1, (uint32_t)p0};
    memcpy(c, next, sizeof c);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  memcpy(out, c, sizeof c);
}

int vqe_philox_init(struct vqe_philox *rng, const char *experiment_id,
                    const char *purpose)
{
  char text[256];
  uint8_t digest[32];
  int length = snprintf(text, sizeof text, "%s/%s", experiment_id, purpose);
  if (length < 0 || (size_t)length >= sizeof text) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "name of a random stream is too long: '%s/%s'",
                         experiment_id, purpose);
  }
  int status = vqe_sha256(digest, text, (size_t)length);
  if (status != VQE_OK) {
    return status;
  }
  memset(rng, 0, sizeof *rng);
  memcpy(rng->key, digest, sizeof rng->key);
  /* the upper counter words are part of the stream's name too */
  memcpy(&rng->counter[2], digest + 8, 8);
  rng->used = 4;
  return VQE_OK;
}

uint32_t vqe_philox_next(struct vqe_philox *rng)
{
  VQE_ASSERT(rng->used >= 0 && rng->used <= 4);
  if (rng->used == 4) {
    philox_block(rng->block, rng->counter, rng->key);
    if (++rng->counter[0] == 0) {
      rng->counter[1]++;
    }
    rng->used = 0;
  }
  return rng->block[rng->used++];
}

double vqe_philox_uniform(struct vqe_philox *rng)
{
  uint64_t low = vqe_philox_next(rng);
  uint64_t high = vqe_philox_next(rng);
  return (double)((high << 32 | low) >> 11) * 0x1.0p-53;
}

double vqe_philox_normal(struct vqe_philox *rng)
{
  /* Box-Muller, one of the pair; 1 - u keeps the logarithm finite */
  double u = 1.0 - vqe_philox_uniform(rng);
  double v = vqe_philox_uniform(rng);
  return sqrt(-2.0 * log(u)) * cos(2.0 * 3.14159265358979323846 * v);
}
