/* Identity of a request: the rule of src/record/README.md, experiment_id. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/missing.h"
#include "vqe/canonical.h"
#include "vqe/experiment.h"
#include "vqe/property.h"

/* Every helper returns a new reference, or NULL without memory; json_pack
 * passes that on, so that one check at the end suffices. */

static json_t *text_or_null(const char *text)
{
  return text != NULL ? json_string(text) : json_null();
}

static json_t *doubles(const double *values, size_t count)
{
  json_t *array = json_array();
  for (size_t k = 0; k < count; k++) {
    if (json_array_append_new(array, vqe_canonical_double(values[k])) != 0) {
      json_decref(array);
      return NULL;
    }
  }
  return array;
}

static json_t *molecule_data(const struct vqe_molecule *molecule)
{
  if (molecule == NULL) {
    return json_null();
  }
  json_t *symbols = json_array();
  json_t *coords = json_array();
  int failed = 0;
  for (size_t k = 0; k < molecule->natom; k++) {
    failed |=
        json_array_append_new(symbols, json_string(molecule->symbols[k]));
    failed |=
        json_array_append_new(coords, doubles(molecule->coords + 3 * k, 3));
  }
  json_t *masses = molecule->masses != NULL
                       ? doubles(molecule->masses, molecule->natom)
                       : json_null();
  json_t *data = json_pack(
      "{s:o, s:o, s:i, s:i, s:s, s:o}", "symbols", symbols, "coords", coords,
      "multiplicity", molecule->multiplicity, "charge", molecule->charge,
      "units", molecule->units == VQE_BOHR ? "bohr" : "angstrom", "masses",
      masses);
  if (failed != 0) {
    json_decref(data);
    data = NULL;
  }
  return data;
}

/* Numbers become doubles by their bits, everything else stays. */
static json_t *option_value(const json_t *value)
{
  json_t *out;
  if (json_is_number(value)) {
    return vqe_canonical_double(json_number_value(value));
  }
  if (json_is_array(value)) {
    out = json_array();
    for (size_t k = 0; k < json_array_size(value); k++) {
      json_array_append_new(out, option_value(json_array_get(value, k)));
    }
    return out;
  }
  if (json_is_object(value)) {
    void *at = json_object_iter((json_t *)value);
    out = json_object();
    while (at != NULL) {
      json_object_set_new(out, json_object_iter_key(at),
                          option_value(json_object_iter_value(at)));
      at = json_object_iter_next((json_t *)value, at);
    }
    return out;
  }
  return json_deep_copy(value);
}

static int add_options(json_t *object, const struct vqe_option_list *options)
{
  for (size_t k = 0; k < options->count; k++) {
    if (options->items == NULL || options->items[k].key == NULL ||
        options->items[k].json == NULL) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "option %zu: the key or the JSON text of its value "
                           "is not set",
                           k);
    }
    json_t *value;
    int status = vqe_json_parse(&value, options->items[k].json,
                                strlen(options->items[k].json),
                                JSON_DECODE_ANY, "JSON");
    if (status != VQE_OK) {
      return vqe_error_context(status, "option '%s'", options->items[k].key);
    }
    int failed = json_object_set_new(object, options->items[k].key,
                                     option_value(value));
    json_decref(value);
    if (failed != 0) {
      return vqe_error_set(VQE_ERR_MEMORY, "no memory for option '%s'",
                           options->items[k].key);
    }
  }
  return VQE_OK;
}

static json_t *basis_name(const struct vqe_experiment *experiment)
{
  return experiment->basis_sha256 != NULL
             ? json_sprintf("sha256:%s", experiment->basis_sha256)
             : text_or_null(experiment->basis_set);
}

/* Real numbers of a rule become doubles by their bits. */
static json_t *rule_value(const json_t *value)
{
  const char *key;
  json_t *member;
  if (json_is_real(value)) {
    return vqe_canonical_double(json_real_value(value));
  }
  if (!json_is_object(value)) {
    return json_deep_copy(value);
  }
  json_t *out = json_object();
  json_object_foreach((json_t *)value, key, member)
  {
    if (json_object_set_new(out, key, rule_value(member)) != 0) {
      json_decref(out);
      return NULL;
    }
  }
  return out;
}

/* A space by a rule counts as the rule. */
static json_t *active_space(const struct vqe_experiment *e)
{
  if (e->active_space != NULL) {
    json_t *rule =
        vqe_json_parse_any(e->active_space, strlen(e->active_space));
    json_t *out = rule_value(rule);
    json_decref(rule);
    return out;
  }
  return e->active_electrons >= 0 && e->active_orbitals >= 0
             ? json_pack("{s:i, s:i}", "electrons", e->active_electrons,
                         "orbitals", e->active_orbitals)
             : json_null();
}

/* Keys that came after the first ids stand in the text only where they differ
 * from their defaults, so that known ids stay. */
static int add_later_keys(json_t *whole, const struct vqe_experiment *e)
{
  int failed = 0;
  if (e->restarts > 1) {
    failed |=
        json_object_set_new(whole, "restarts", json_integer(e->restarts));
  }
  if (e->escape_saddles != VQE_ESCAPE_AUTO) {
    failed |= json_object_set_new(
        whole, "escape_saddles",
        json_boolean(e->escape_saddles == VQE_ESCAPE_ALWAYS));
  }
  if (e->penalty_number != 0.0 || e->penalty_spin != 0.0) {
    failed |= json_object_set_new(
        whole, "penalty",
        json_pack("{s:o, s:o}", "number",
                  vqe_canonical_double(e->penalty_number), "spin",
                  vqe_canonical_double(e->penalty_spin)));
  }
  if (e->curve != NULL) {
    failed |= json_object_set_new(whole, "curve", json_string(e->curve));
  }
  if (e->properties != 0) {
    failed |= json_object_set_new(whole, "properties",
                                  vqe_property_names(e->properties));
  }
  if (e->noise != NULL) {
    json_t *noise = vqe_json_parse_any(e->noise, strlen(e->noise));
    failed |= json_object_set_new(whole, "noise", option_value(noise));
    json_decref(noise);
  }
  if (e->measurement != 0) {
    failed |= json_object_set_new(whole, "measurement",
                                  json_integer((json_int_t)e->measurement));
  }
  return failed == 0
             ? VQE_OK
             : vqe_error_set(VQE_ERR_MEMORY, "no memory for an identity");
}

int vqe_experiment_stream(char out[VQE_EXPERIMENT_ID_SIZE],
                          const struct vqe_experiment *experiment)
{
  struct vqe_experiment bare = *experiment;
  if (experiment->noise == NULL) {
    memcpy(out, experiment->id, VQE_EXPERIMENT_ID_SIZE);
    return VQE_OK;
  }
  bare.noise = NULL;
  bare.noise_backend = NULL;
  return vqe_experiment_id(out, NULL, &bare);
}

int vqe_experiment_id(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                      const struct vqe_experiment *e)
{
  int missing = vqe_missing(__func__, "id experiment", id, e);
  if (missing == VQE_OK && e->molecule != NULL) {
    missing = vqe_missing(__func__, "molecule->symbols molecule->coords",
                          e->molecule->symbols, e->molecule->coords);
  }
  if (missing != VQE_OK) {
    return missing;
  }
  char *canonical = NULL;
  int status = VQE_OK;
  json_t *active = active_space(e);
  json_t *ansatz = json_pack(
      "{s:o, s:i, s:o}", "name", text_or_null(e->ansatz_name), "reps",
      e->ansatz_reps, "entanglement", text_or_null(e->entanglement));
  json_t *optimizer =
      json_pack("{s:o, s:i, s:o, s:o, s:o}", "name",
                text_or_null(e->optimizer), "max_evaluations",
                e->max_evaluations, "gtol", vqe_canonical_double(e->gtol),
                "ftol", vqe_canonical_double(e->ftol), "max_seconds",
                e->max_seconds > 0.0 ? vqe_canonical_double(e->max_seconds)
                                     : json_null());
  json_t *init =
      json_pack("{s:o, s:o, s:o}", "strategy", text_or_null(e->init_strategy),
                "noise", vqe_canonical_double(e->init_noise), "file_sha256",
                text_or_null(e->init_file_sha256));
  if (ansatz != NULL && optimizer != NULL) {
    status = add_options(ansatz, &e->ansatz_options);
    if (status == VQE_OK) {
      status = add_options(optimizer, &e->optimizer_options);
    }
  }
  json_t *whole = json_pack(
      "{s:o, s:o, s:o, s:i, s:o, s:b, s:o, s:o, s:o, s:I, s:o, s:s, s:o}",
      "molecule_data", molecule_data(e->molecule), "basis", basis_name(e),
      "fcidump_sha256", text_or_null(e->fcidump_sha256), "frozen_core",
      e->frozen_core, "active_space", active, "symmetry", (int)e->symmetry,
      "ansatz", ansatz, "optimizer", optimizer, "init", init, "seed",
      (json_int_t)e->seed, "shots",
      e->shots > 0 ? json_integer(e->shots) : json_null(), "noise_backend",
      e->noise_backend != NULL ? e->noise_backend : "undef", "precision",
      text_or_null(e->precision));
  if (status == VQE_OK && whole == NULL) {
    status = vqe_error_set(VQE_ERR_MEMORY, "%s: no memory for its identity",
                           e->source != NULL ? e->source : "experiment");
  }
  /* A request without a molecule is no record of the contract, yet two bad
   * molecules are two failures. */
  if (status == VQE_OK && e->molecule == NULL && e->fcidump_sha256 == NULL) {
    json_object_set_new(whole, "input_error", text_or_null(e->input_error));
    json_object_set_new(whole, "molecule_id", json_integer(e->molecule_id));
  }
  if (status == VQE_OK) {
    status = add_later_keys(whole, e);
  }
  if (status == VQE_OK) {
    status = vqe_canonical_dump(id, &canonical, whole);
  }
  if (status == VQE_OK && text != NULL) {
    *text = canonical;
    canonical = NULL;
  }
  free(canonical);
  json_decref(whole);
  return status;
}
