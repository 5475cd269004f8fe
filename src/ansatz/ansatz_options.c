/* The further options of a job file that an ansatz knows. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ansatz/ansatz_names.h"
#include "base/error_message.h"
#include "base/missing.h"
#include "base/struct_size.h"
#include "vqe/ansatz.h"

/* Those of vqe_ansatz_pool_create; the first is the default. */
static const char *const pool_names[] = {
    "GSD", "UCCSD", "QEB", "SAGSD", "OVP-CEO", "MVP-CEO", "DVG-CEO"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void vqe_ansatz_options_init(struct vqe_ansatz_options *options)
{
  if (options == NULL) {
    return;
  }
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
  options->adapt = (struct vqe_adapt_options){
      .pool = pool_names[0],
      .gradient_norm = 1e-3,
      .max_operators = 500,
      .operators_at_a_time = 1,
  };
}

/* A name in quotes, as JSON has it, to its stored spelling. */
static int set_pool(struct vqe_adapt_options *adapt, const char *json)
{
  size_t length = strlen(json);
  for (size_t k = 0; length > 2 && k < COUNT(pool_names); k++) {
    if (json[0] == '"' && strlen(pool_names[k]) == length - 2 &&
        strncasecmp(json + 1, pool_names[k], length - 2) == 0) {
      adapt->pool = pool_names[k];
      return VQE_OK;
    }
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "option 'pool' of ADAPT-VQE: %.40s is none of GSD, "
                       "UCCSD, QEB, SAGSD, OVP-CEO, MVP-CEO, DVG-CEO",
                       json);
}

/* What excitations become as gates, in the order of enum vqe_circuits. */
static const char *const circuit_names[] = {"compact", "gadgets", "plain"};

const char *vqe_ansatz_circuits_name(enum vqe_circuits circuits)
{
  return circuit_names[circuits];
}

static int set_circuits(struct vqe_ansatz_options *options, const char *json)
{
  size_t length = strlen(json);
  for (size_t k = 0; length > 2 && k < COUNT(circuit_names); k++) {
    if (json[0] == '"' && strlen(circuit_names[k]) == length - 2 &&
        strncasecmp(json + 1, circuit_names[k], length - 2) == 0) {
      options->circuits = (enum vqe_circuits)k;
      return VQE_OK;
    }
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "option 'circuits' of %s: %.40s is none of compact, "
                       "gadgets, plain",
                       options->name, json);
}

static int set_flag(bool *out, const char *name, const char *key,
                    const char *json)
{
  if (strcmp(json, "true") != 0 && strcmp(json, "false") != 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "option '%s' of %s: %.40s is neither true nor false",
                         key, name, json);
  }
  *out = json[0] == 't';
  return VQE_OK;
}

/* The option of ansätze of fixed form that run in a sector. */
static int set_orbitals(struct vqe_ansatz_options *options, const char *key,
                        const char *json)
{
  bool knows = vqe_ansatz_conserves(options->name);
  if (!knows || strcmp(key, "orbital_optimization") != 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s has no option '%s': it knows name, reps, "
                         "entanglement%s",
                         options->name, key,
                         knows ? ", circuits and orbital_optimization"
                               : " and circuits");
  }
  return set_flag(&options->orbital_optimization, options->name, key, json);
}

int vqe_ansatz_option_set(struct vqe_ansatz_options *options, const char *key,
                          const char *json)
{
  int missing = vqe_missing(__func__, "options key json", options, key, json);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_adapt_options *adapt = &options->adapt;
  const struct {
    const char *key;
    double low, high;
    double *real;
    int *whole;
  } known[] = {
      {"gradient_norm", 0.0, 1e3, &adapt->gradient_norm, NULL},
      {"energy_change", 0.0, 1e3, &adapt->energy_change, NULL},
      {"max_operators", 1.0, 1e6, NULL, &adapt->max_operators},
      {"operators_at_a_time", 1.0, 1e3, NULL, &adapt->operators_at_a_time},
  };
  char *end;
  int status = vqe_struct_size_check("vqe_ansatz_options", options->size,
                                     sizeof *options);
  if (status == VQE_OK) {
    status = vqe_missing(__func__, "options->name", options->name);
  }
  if (status != VQE_OK) {
    return status;
  }
  if (strcmp(key, "circuits") == 0) {
    return set_circuits(options, json);
  }
  if (!vqe_ansatz_grows(options->name)) {
    return set_orbitals(options, key, json);
  }
  if (strcmp(key, "pool") == 0) {
    return set_pool(adapt, json);
  }
  if (strcmp(key, "tetris") == 0) {
    return set_flag(&adapt->tetris, options->name, key, json);
  }
  for (size_t k = 0; k < COUNT(known); k++) {
    if (strcmp(key, known[k].key) != 0) {
      continue;
    }
    double value = strtod(json, &end);
    if (end == json || *end != '\0' || !(value >= known[k].low) ||
        value > known[k].high ||
        (known[k].whole != NULL && value != (double)(int)value)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option '%s' of ADAPT-VQE: %.40s is not a %snumber "
                           "from %g to %g",
                           key, json, known[k].whole != NULL ? "whole " : "",
                           known[k].low, known[k].high);
    }
    if (known[k].real != NULL) {
      *known[k].real = value;
    } else {
      *known[k].whole = (int)value;
    }
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "ADAPT-VQE has no option '%s': besides name it knows "
                       "pool, gradient_norm, energy_change, max_operators, "
                       "operators_at_a_time, tetris and circuits",
                       key);
}
