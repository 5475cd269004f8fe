#include "ansatz/ansatz_names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ansatz/ansatz_count.h"
#include "base/assert.h"
#include "base/error_message.h"
#include "base/missing.h"
#include "base/suggest.h"
#include "vqe/ansatz.h"

#define MAX_REPS 10000

static const char *const none[] = {NULL};

static const char *const entangler_maps[] = {
    "full", "linear", "reverse_linear", "pairwise", "circular", "sca", NULL};

/* Pairs of orbitals that interact in LUCJ. */
static const char *const interactions[] = {"square", "heavy-hex", "all-to-all",
                                           NULL};

/* What the excitations of coupled cluster have in common, and what Qiskit's
 * circuits have. */
#define EXCITATIONS                                                           \
  .conserves = true, .real = true, .least_reps = 1, .most_reps = MAX_REPS,    \
  .default_reps = 1, .entanglements = none
#define AMPLITUDES .mp2 = true, .mp2_open = true
#define CIRCUIT                                                               \
  .saddles = true, .most_reps = MAX_REPS, .default_reps = 2,                  \
  .entanglements = entangler_maps

static const struct vqe_ansatz_kind kinds[] = {
    {.name = "UCCSD",
     EXCITATIONS,
     AMPLITUDES,
     .curvatures = true,
     .parameters = vqe_count_uccsd},
    {.name = "UCCD", EXCITATIONS, AMPLITUDES, .parameters = vqe_count_uccd},
    {.name = "pUCCD", EXCITATIONS, AMPLITUDES, .parameters = vqe_count_puccd},
    {.name = "UCCD0", EXCITATIONS, AMPLITUDES, .parameters = vqe_count_uccd0},
    {.name = "ADAPT-VQE",
     .conserves = true,
     .real = true,
     .grows = true,
     .saddles = true,
     .least_reps = 1,
     .most_reps = 1,
     .default_reps = 1,
     .entanglements = none,
     .parameters = vqe_count_adapt},
    /* from a symmetric start the generalised ones keep the symmetry */
    {.name = "k-UpCCGSD",
     EXCITATIONS,
     .mixes = true,
     AMPLITUDES,
     .hf_open = true,
     .noise_hf = 0.05,
     .noise_mp2 = 0.05,
     .parameters = vqe_count_kupccgsd},
    {.name = "k-UpCCGD",
     EXCITATIONS,
     AMPLITUDES,
     .hf_open = true,
     .noise_hf = 0.05,
     .noise_mp2 = 0.05,
     .parameters = vqe_count_kupccgd},
    {.name = "LUCJ",
     .conserves = true,
     .mp2 = true,
     .saddles = true,
     .hops = 6,
     .least_reps = 1,
     .most_reps = MAX_REPS,
     .default_reps = 1,
     .noise_hf = 0.1,
     .noise_mp2 = 0.02,
     .entanglements = interactions,
     .default_entanglement = "square",
     .parameters = vqe_count_lucj},
    {.name = "EfficientSU2",
     CIRCUIT,
     .ry = true,
     .rz = true,
     .noise_hf = 0.05,
     .default_entanglement = "reverse_linear",
     .parameters = vqe_count_efficient_su2},
    {.name = "RealAmplitudes",
     CIRCUIT,
     .real = true,
     .ry = true,
     .noise_hf = 0.05,
     .default_entanglement = "reverse_linear",
     .parameters = vqe_count_real_amplitudes},
    {.name = "ExcitationPreserving",
     CIRCUIT,
     .rz = true,
     .preserving = true,
     .noise_hf = 0.5,
     .default_entanglement = "full",
     .parameters = vqe_count_excitation_preserving},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *vqe_ansatz_name(size_t k)
{
  return k < COUNT(kinds) ? kinds[k].name : NULL;
}

const char *vqe_ansatz_nearest(const char *name)
{
  const char *names[COUNT(kinds)];
  for (size_t k = 0; k < COUNT(kinds); k++) {
    names[k] = kinds[k].name;
  }
  return vqe_suggest(name, names, COUNT(kinds));
}

const struct vqe_ansatz_kind *vqe_ansatz_kind(const char *name)
{
  static const struct vqe_ansatz_kind unknown = {.name = "",
                                                 .entanglements = none};
  for (size_t k = 0; name != NULL && k < COUNT(kinds); k++) {
    if (strcmp(kinds[k].name, name) == 0) {
      return &kinds[k];
    }
  }
  return &unknown;
}

int vqe_ansatz_canonical(const char **out, const char *name)
{
  int missing = vqe_missing(__func__, "out name", out, name);
  if (missing != VQE_OK) {
    return missing;
  }
  char known[200];
  size_t used = 0;
  for (size_t k = 0; k < COUNT(kinds); k++) {
    if (strcasecmp(name, kinds[k].name) == 0) {
      *out = kinds[k].name;
      return VQE_OK;
    }
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
                             k > 0 ? ", " : "", kinds[k].name);
    VQE_ASSERT(used < sizeof known);
  }
  return vqe_error_set(VQE_ERR_INPUT, "unknown ansatz '%s'; known: %s", name,
                       known);
}

bool vqe_ansatz_conserves(const char *ansatz)
{
  return vqe_ansatz_kind(ansatz)->conserves;
}

bool vqe_ansatz_real(const char *ansatz)
{
  return vqe_ansatz_kind(ansatz)->real;
}

bool vqe_ansatz_has_mp2(const char *ansatz)
{
  return vqe_ansatz_kind(ansatz)->mp2;
}

bool vqe_ansatz_takes_mp2(const char *name, bool open)
{
  const struct vqe_ansatz_kind *kind = vqe_ansatz_kind(name);
  return open ? kind->mp2_open : kind->mp2;
}

const char *vqe_ansatz_default_start(const char *name, bool open)
{
  bool mp2 = vqe_ansatz_takes_mp2(name, open);
  return mp2 && !(open && vqe_ansatz_kind(name)->hf_open) ? "mp2" : "hf";
}

bool vqe_ansatz_grows(const char *name)
{
  return vqe_ansatz_kind(name)->grows;
}

double vqe_ansatz_default_noise(const char *ansatz, const char *strategy)
{
  const struct vqe_ansatz_kind *kind = vqe_ansatz_kind(ansatz);
  return strcmp(strategy, "hf") == 0    ? kind->noise_hf
         : strcmp(strategy, "mp2") == 0 ? kind->noise_mp2
                                        : 0.0;
}

int vqe_ansatz_default_reps(const char *ansatz)
{
  return vqe_ansatz_kind(ansatz)->default_reps;
}

/* "reverse-linear" is taken for "reverse_linear" too. */
static bool is_spelling(const char *name, const char *stored)
{
  return strcasecmp(name, stored) == 0 ||
         (strcmp(stored, "reverse_linear") == 0 &&
          strcasecmp(name, "reverse-linear") == 0);
}

int vqe_entanglement_canonical(const char **out, const char *ansatz,
                               const char *name)
{
  int missing = vqe_missing(__func__, "out ansatz", out, ansatz);
  if (missing != VQE_OK) {
    return missing;
  }
  const struct vqe_ansatz_kind *kind = vqe_ansatz_kind(ansatz);
  char known[96] = "";
  size_t used = 0;
  if (name == NULL) {
    *out = kind->default_entanglement;
    return VQE_OK;
  }
  if (kind->default_entanglement == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s has no entanglement option; remove '%s'", ansatz,
                         name);
  }
  for (const char *const *at = kind->entanglements; *at != NULL; at++) {
    if (is_spelling(name, *at)) {
      *out = *at;
      return VQE_OK;
    }
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
                             used > 0 ? ", " : "", *at);
    VQE_ASSERT(used < sizeof known);
  }
  return vqe_error_set(
      VQE_ERR_INPUT, "unknown entanglement '%s'%s%s; known: %s", name,
      kind->conserves ? " of " : "", kind->conserves ? ansatz : "", known);
}
