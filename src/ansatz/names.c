#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "vqe/ansatz.h"

static const char *const ansatz_names[] = {
    "UCCSD",        "ADAPT-VQE",      "k-UpCCGSD",           "LUCJ",
    "EfficientSU2", "RealAmplitudes", "ExcitationPreserving"};

static const char *const entanglements[] = {
    "full", "linear", "reverse_linear", "pairwise", "circular", "sca"};

/* Pairs of orbitals that interact in LUCJ. */
static const char *const interactions[] = {"square", "heavy-hex",
                                           "all-to-all"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

int vqe_ansatz_canonical(const char **out, const char *name)
{
  for (size_t k = 0; k < COUNT(ansatz_names); k++) {
    if (strcasecmp(name, ansatz_names[k]) == 0) {
      *out = ansatz_names[k];
      return VQE_OK;
    }
  }
  return vqe_error_set(
      VQE_ERR_INPUT,
      "unknown ansatz '%s'; known: UCCSD, ADAPT-VQE, k-UpCCGSD, LUCJ, "
      "EfficientSU2, RealAmplitudes, ExcitationPreserving",
      name);
}

bool vqe_ansatz_conserves(const char *ansatz)
{
  return strcmp(ansatz, "UCCSD") == 0 || strcmp(ansatz, "ADAPT-VQE") == 0 ||
         strcmp(ansatz, "k-UpCCGSD") == 0 || strcmp(ansatz, "LUCJ") == 0;
}

bool vqe_ansatz_real(const char *ansatz)
{
  return strcmp(ansatz, "RealAmplitudes") == 0 ||
         (vqe_ansatz_conserves(ansatz) && strcmp(ansatz, "LUCJ") != 0);
}

bool vqe_ansatz_has_mp2(const char *ansatz)
{
  return strcmp(ansatz, "UCCSD") == 0 || strcmp(ansatz, "k-UpCCGSD") == 0 ||
         strcmp(ansatz, "LUCJ") == 0;
}

int vqe_entanglement_canonical(const char **out, const char *ansatz,
                               const char *name)
{
  bool conserves = vqe_ansatz_conserves(ansatz);
  if (strcmp(ansatz, "LUCJ") == 0) {
    for (size_t k = 0; k < COUNT(interactions); k++) {
      if (name == NULL || strcasecmp(name, interactions[k]) == 0) {
        *out = interactions[k];
        return VQE_OK;
      }
    }
    return vqe_error_set(VQE_ERR_INPUT,
                         "unknown entanglement '%s' of LUCJ; known: square, "
                         "heavy-hex, all-to-all",
                         name);
  }
  if (name == NULL) {
    *out = conserves                                     ? NULL
           : strcmp(ansatz, "ExcitationPreserving") == 0 ? "full"
                                                         : "reverse_linear";
    return VQE_OK;
  }
  if (conserves) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s has no entanglement option; remove '%s'", ansatz,
                         name);
  }
  for (size_t k = 0; k < COUNT(entanglements); k++) {
    if (strcasecmp(name, entanglements[k]) == 0 ||
        (k == 2 && strcasecmp(name, "reverse-linear") == 0)) {
      *out = entanglements[k];
      return VQE_OK;
    }
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "unknown entanglement '%s'; known: full, linear, "
                       "reverse_linear, pairwise, circular, sca",
                       name);
}

int vqe_ansatz_default_reps(const char *ansatz)
{
  return vqe_ansatz_conserves(ansatz) ? 1 : 2;
}
