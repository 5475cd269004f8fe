#include "vqe/initial.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ansatz/ansatz_start.h"
#include "base/assert.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/notes.h"
#include "base/rng.h"
#include "chem/open_mp2.h"
#include "vqe/canonical.h"

#define MAX_FILE ((size_t)256 << 20)
#define LEAST_GAP 1e-8              /* hartree */
#define MOST_ANGLE 3.14159265358979 /* radian */
/* Equal repetitions of an ansatz would stay equal for long without it. */
#define REPS_NOISE 1e-3
/* Hartree; less says that an excitation costs nothing. */
#define LEAST_CURVATURE 0.1

static int add_noise(double *out, int count,
                     const struct vqe_experiment *experiment,
                     const char *purpose, double scale)
{
  struct vqe_philox rng;
  char stream[VQE_EXPERIMENT_ID_SIZE];
  int status = vqe_experiment_stream(stream, experiment);
  if (status == VQE_OK) {
    status = vqe_philox_init(&rng, stream, purpose);
  }
  for (int k = 0; status == VQE_OK && k < count; k++) {
    out[k] += scale * vqe_philox_normal(&rng);
  }
  return status;
}

/* Read parameters from JSON: an array of numbers, or an object with an array
 * `parameters`. Exactly `count` finite numbers. */
static int parse(double *out, int count, const char *text, size_t size,
                 const char *source)
{
  json_t *root;
  int status =
      vqe_json_parse_file(&root, text, size, JSON_REJECT_DUPLICATES, source);
  if (status != VQE_OK) {
    return status;
  }
  const json_t *array =
      json_is_object(root) ? json_object_get(root, "parameters") : root;
  if (!json_is_array(array)) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "file '%s': expected an array of numbers, or an "
                           "object with the key 'parameters'",
                           source);
  } else if (json_array_size(array) != (size_t)count) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "file '%s' holds %zu parameters, the ansatz has "
                           "%d",
                           source, json_array_size(array), count);
  }
  for (int k = 0; status == VQE_OK && k < count; k++) {
    const json_t *value = json_array_get(array, (size_t)k);
    if (!json_is_number(value) || !isfinite(json_number_value(value))) {
      status = vqe_error_set(
          VQE_ERR_INPUT, "file '%s': parameter %d is not a number", source, k);
    } else {
      out[k] = json_number_value(value);
    }
  }
  json_decref(root);
  return status;
}

static int from_file(double *out, int count, const char *path)
{
  char *text = NULL;
  size_t size;
  int status = vqe_file_read(&text, &size, path, MAX_FILE);
  if (status == VQE_OK) {
    status = parse(out, count, text, size, path);
  }
  free(text);
  return status;
}

/* What numpy.random.default_rng(seed).random(n) gives: times 2 pi for
 * circuits and LUCJ, between -0.1 and 0.1 for coupled cluster amplitudes. */
static void random_parameters(double *out, int count, int64_t seed,
                              bool circuit)
{
  struct vqe_pcg64 rng;
  vqe_pcg64_seed(&rng, (uint32_t)seed);
  for (int k = 0; k < count; k++) {
    double u = vqe_pcg64_random(&rng);
    out[k] = circuit ? 2.0 * 3.14159265358979323846 * u : 0.2 * u - 0.1;
  }
}

int64_t vqe_initial_seed(const struct vqe_experiment *experiment, int start)
{
  return (experiment->seed + start) & 0x7fffffff;
}

/* The noise of a start; that of the first is the experiment's. */
static int add_start_noise(double *out, int count,
                           const struct vqe_experiment *experiment, int start)
{
  char purpose[32] = "noise";
  double width = experiment->init_noise;
  if (start > 0) {
    snprintf(purpose, sizeof purpose, "noise of start %d", start);
    width = strcmp(experiment->init_strategy, "random") == 0
                ? width
                : fmax(width, VQE_INITIAL_NOISE);
  }
  return width > 0.0 ? add_noise(out, count, experiment, purpose, width)
                     : VQE_OK;
}

/* Are all amplitudes angles that mean something? Those of LUCJ are phases. */
static bool are_angles(const double *x, const struct vqe_ansatz *ansatz)
{
  bool angles = true;
  for (int k = 0; ansatz->real && k < ansatz->nparam; k++) {
    angles = angles && fabs(x[k]) < MOST_ANGLE;
  }
  return angles;
}

/* MP2 amplitudes of an open shell. */
static int open_amplitudes(double *out, const struct vqe_ansatz *ansatz,
                           const struct vqe_integrals *integrals)
{
  const struct vqe_open_shell shell = vqe_open_shell_of(integrals);
  struct vqe_open_mp2 *mp2 = NULL;
  if (!integrals->has_mp2) {
    return vqe_error_set(VQE_ERR_NUMERIC,
                         "no MP2 amplitudes: orbitals are not canonical, or "
                         "an occupied and a virtual one have one energy; use "
                         "init 'hf'");
  }
  int status = vqe_open_mp2_new(&mp2, &shell);
  if (status == VQE_OK && (mp2->split || mp2->gap > -LEAST_GAP)) {
    status = vqe_error_set(VQE_ERR_NUMERIC,
                           "MP2 amplitudes diverge: occupied and virtual "
                           "orbital energies coincide; use init 'hf'");
  }
  if (status == VQE_OK) {
    const struct vqe_ansatz_amplitudes amplitudes = {
        .single = {mp2->single[0], mp2->single[1]},
        .pair = {mp2->pair[0], mp2->pair[1], mp2->pair[2]}};
    status = vqe_ansatz_open_parameters(out, ansatz, &amplitudes);
  }
  vqe_open_mp2_free(mp2);
  return status;
}

/* MP2 amplitudes, or the Hartree-Fock state where the start was not asked for
 * and they do not exist or are far too large. */
static int start_by_mp2(double *out, char **notes, bool required,
                        const struct vqe_ansatz *ansatz,
                        const struct vqe_integrals *integrals)
{
  int status = ansatz->nalpha == ansatz->nbeta
                   ? vqe_ansatz_mp2_parameters(out, ansatz, integrals->eri,
                                               integrals->orbital_energies)
                   : open_amplitudes(out, ansatz, integrals);
  if (status == VQE_ERR_MEMORY || required ||
      (status == VQE_OK && are_angles(out, ansatz))) {
    return status;
  }
  status = vqe_notes_add(notes, VQE_NOTE_START_FELL_BACK,
                         "the default start 'mp2' became 'hf': %s",
                         status == VQE_OK ? "MP2 amplitudes are above pi"
                                          : vqe_error_message());
  vqe_ansatz_hf_parameters(out, ansatz);
  return status;
}

int vqe_initial_parameters(double *out, char **notes,
                           const struct vqe_experiment *experiment,
                           const struct vqe_ansatz *ansatz, int angles,
                           const struct vqe_integrals *integrals, int start)
{
  int status = VQE_OK;
  int count = ansatz->nparam;
  for (int k = 0; k < angles; k++) {
    out[count + k] = 0.0;
  }
  const char *init = experiment->init_strategy;
  if (strcmp(init, "random") == 0) {
    random_parameters(out, count, vqe_initial_seed(experiment, start),
                      !ansatz->conserves || !ansatz->real);
  } else if (strcmp(init, "hf") == 0) {
    vqe_ansatz_hf_parameters(out, ansatz);
  } else if (strcmp(init, "mp2") == 0) {
    status =
        start_by_mp2(out, notes, !experiment->init_default, ansatz, integrals);
  } else if (strcmp(init, "file") == 0) {
    status = from_file(out, count + angles, experiment->init_file);
  } else {
    status = vqe_error_set(VQE_ERR_INPUT, "unknown init '%s'", init);
  }
  bool repeats = strcmp(init, "mp2") == 0 || strcmp(init, "hf") == 0;
  if (status == VQE_OK && repeats && ansatz->conserves && ansatz->reps > 1) {
    status = add_noise(out, count, experiment, "reps", REPS_NOISE);
  }
  if (status == VQE_OK) {
    status = add_start_noise(out, count + angles, experiment, start);
  }
  return status;
}

int vqe_initial_scale(double **out, const struct vqe_ansatz *ansatz,
                      const struct vqe_integrals *integrals)
{
  const double *energy = integrals->orbital_energies;
  int norb = ansatz->norb;
  double *scale = NULL;
  int status = vqe_memory_alloc(&scale, (size_t)ansatz->nparam, sizeof *scale,
                                "scales of the parameters");
  *out = NULL;
  for (size_t k = 0; status == VQE_OK && k < ansatz->ngate; k++) {
    const struct vqe_gate *gate = &ansatz->gates[k];
    double gap = 0.0;
    for (int move = 0; move < vqe_gate_order(gate->kind); move++) {
      const int *q = &gate->q[2 * (size_t)move];
      gap += energy[q[1] % norb] - energy[q[0] % norb];
    }
    VQE_ASSERT(gate->param < ansatz->nparam);
    if (gate->param >= 0) {
      scale[gate->param] += 2.0 * gate->scale * gate->scale * gap;
    }
  }
  bool positive = true;
  for (int k = 0; status == VQE_OK && k < ansatz->nparam; k++) {
    positive = positive && scale[k] > LEAST_CURVATURE;
    scale[k] = 1.0 / sqrt(scale[k]);
  }
  if (status != VQE_OK || !positive) {
    free(scale);
    return status;
  }
  *out = scale;
  return VQE_OK;
}
