#include "ansatz/ansatz_names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/suggest.h"
#include "vqe/ansatz.h"

#define MAX_REPS 10000

static const char *const none[] = {NULL};

static const char *const entangler_maps[] = {
    "full", "linear", "reverse_linear", "pairwise", "circular", "sca", NULL};

/* Pairs of orbitals that interact in LUCJ. */
static const char *const interactions[] = {"square", "heavy-hex", "all-to-all",
                                           NULL};

static const struct vqe_ansatz_kind kinds[] = {
    {.name = "UCCSD",
     .conserves = true,
     .real = true,
     .mp2 = true,
     .least_reps = 1,
     .most_reps = MAX_REPS,
     .default_reps = 1,
     .entanglements = none},
    {.name = "ADAPT-VQE",
     .conserves = true,
     .real = true,
     .grows = true,
     .least_reps = 1,
     .most_reps = 1,
     .default_reps = 1,
     .entanglements = none},
    {.name = "k-UpCCGSD",
     .conserves = true,
     .real = true,
     .mp2 = true,
     .least_reps = 1,
     .most_reps = MAX_REPS,
     .default_reps = 1,
     .entanglements = none},
    {.name = "LUCJ",
     .conserves = true,
     .mp2 = true,
     .least_reps = 1,
     .most_reps = MAX_REPS,
     .default_reps = 1,
     .entanglements = interactions,
     .default_entanglement = "square"},
    {.name = "EfficientSU2",
     .ry_last = true,
     .most_reps = MAX_REPS,
     .default_reps = 2,
     .entanglements = entangler_maps,
     .default_entanglement = "reverse_linear"},
    {.name = "RealAmplitudes",
     .real = true,
     .ry_last = true,
     .most_reps = MAX_REPS,
     .default_reps = 2,
     .entanglements = entangler_maps,
     .default_entanglement = "reverse_linear"},
    {.name = "ExcitationPreserving",
     .most_reps = MAX_REPS,
     .default_reps = 2,
     .entanglements = entangler_maps,
     .default_entanglement = "full"},
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
  for (size_t k = 0; k < COUNT(kinds); k++) {
    if (strcmp(kinds[k].name, name) == 0) {
      return &kinds[k];
    }
  }
  return &unknown;
}

int vqe_ansatz_canonical(const char **out, const char *name)
{
  char known[160];
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

bool vqe_ansatz_grows(const char *name)
{
  return vqe_ansatz_kind(name)->grows;
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
