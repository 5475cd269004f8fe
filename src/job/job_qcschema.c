#include "job/job_qcschema.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/notes.h"
#include "job/job_items.h"
#include "molecule/molecule_qcschema.h"
#include "vqe/ansatz.h"
#include "vqe/chem.h"

#define MOST_ORBITALS 100000

static int ignore(struct vqe_job_molecule *entry, const char *key,
                  const json_t *value, const char *why)
{
  char *text = vqe_json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
  int status =
      vqe_notes_add(&entry->notes, VQE_NOTE_INPUT_IGNORED, "%s %.60s: %s", key,
                    text != NULL ? text : "", why);
  free(text);
  return status;
}

/* A file of molecules names no files: its basis is a set that we have. */
static int find_basis(const char **out, const char *name, const char *where)
{
  return vqe_basis_canonical(out, name) == VQE_OK
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "%s: '%.64s' is no basis set that comes with the "
                             "program; give --basis, which may be a file",
                             where, name);
}

static int read_basis(struct vqe_job_molecule *entry, const json_t *basis,
                      const struct vqe_job_settings *settings)
{
  char where[320];
  const char *name = "";
  if (basis == NULL || json_is_null(basis) ||
      (json_is_string(basis) && json_string_length(basis) == 0)) {
    return settings->basis_given
               ? VQE_OK
               : vqe_notes_add(&entry->notes, VQE_NOTE_INPUT_IGNORED,
                               "model.basis is not given: %s is taken",
                               settings->bases[0].name);
  }
  if (!json_is_string(basis) && !settings->basis_given) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'model.basis': a basis set written out is "
                         "not read; give its name, or a file by --basis",
                         entry->source);
  }
  snprintf(where, sizeof where, "%.240s, key 'model.basis'", entry->source);
  if (!settings->basis_given) {
    int status = find_basis(&name, json_string_value(basis), where);
    return status == VQE_OK ? vqe_memory_strdup(&entry->basis.name, name)
                            : status;
  }
  bool same = json_is_string(basis) && settings->nbasis == 1 &&
              find_basis(&name, json_string_value(basis), where) == VQE_OK &&
              strcmp(name, settings->bases[0].name) == 0;
  return same ? VQE_OK
              : ignore(entry, "model.basis", basis,
                       "the basis of the job goes before");
}

/* The energies are those of VQE, whatever the method. */
static int read_method(struct vqe_job_molecule *entry, const json_t *method,
                       const struct vqe_job_settings *settings)
{
  const char *name = json_string_value(method);
  const char *canonical = NULL;
  if (name == NULL || strcasecmp(name, "vqe") == 0) {
    return VQE_OK;
  }
  if (vqe_ansatz_canonical(&canonical, name) == VQE_OK) {
    for (size_t k = 0; k < settings->nansatz; k++) {
      if (strcmp(settings->ansatze[k].name, canonical) == 0) {
        return VQE_OK;
      }
    }
    return ignore(entry, "model.method", method,
                  "give the ansatz by --ansatz");
  }
  return ignore(entry, "model.method", method,
                "the energy is that of VQE, beside its references");
}

/* true, false, "on", "off", or a number: of orbitals, but for freeze_core,
 * where Psi4 counts shells and 1 is true. */
static int frozen_core_of(const char *key, const json_t *value)
{
  const char *text = json_string_value(value);
  if (json_is_true(value) || (text != NULL && (strcasecmp(text, "true") == 0 ||
                                               strcasecmp(text, "on") == 0))) {
    return VQE_FROZEN_CORE_AUTO;
  }
  if (json_is_false(value) ||
      (text != NULL &&
       (strcasecmp(text, "false") == 0 || strcasecmp(text, "off") == 0))) {
    return 0;
  }
  json_int_t number = json_integer_value(value);
  if (!json_is_integer(value) || number < 0 || number > MOST_ORBITALS) {
    return VQE_FROZEN_CORE_NONE;
  }
  if (strcasecmp(key, "freeze_core") == 0 && number > 0) {
    return number == 1 ? VQE_FROZEN_CORE_AUTO : VQE_FROZEN_CORE_NONE;
  }
  return (int)number;
}

static int read_frozen_core(struct vqe_job_molecule *entry, const char *key,
                            const json_t *value,
                            const struct vqe_job_settings *settings)
{
  int frozen_core = frozen_core_of(key, value);
  if (frozen_core == VQE_FROZEN_CORE_NONE) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'keywords.%s': true or false is expected, "
                         "or num_frozen_docc, a number of orbitals; or give "
                         "--frozen-core",
                         entry->source, key);
  }
  if (settings->frozen_core_given) {
    return frozen_core == settings->frozen_core
               ? VQE_OK
               : ignore(entry, key, value,
                        "the frozen core of the job goes before");
  }
  if (entry->frozen_core != VQE_FROZEN_CORE_NONE &&
      entry->frozen_core != frozen_core) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s, key 'keywords.%s': another keyword freezes "
                         "other orbitals; give --frozen-core",
                         entry->source, key);
  }
  entry->frozen_core = frozen_core;
  return VQE_OK;
}

/* As the job has it; results that --qcschema writes bring it back. */
static int read_active_space(struct vqe_job_molecule *entry,
                             const json_t *space,
                             const struct vqe_job_settings *settings)
{
  struct vqe_job_value value = {.json = space};
  struct vqe_job_space read;
  snprintf(value.where, sizeof value.where,
           "%.240s, key 'keywords.active_space'", entry->source);
  int status = vqe_job_space_read(&read, &value);
  if (status == VQE_OK && !settings->active_space_given) {
    vqe_job_space_clear(&entry->space);
    entry->space = read;
    return VQE_OK;
  }
  if (status == VQE_OK && !vqe_job_space_same(&read, &settings->space)) {
    status = ignore(entry, "active_space", space,
                    "the active space of the job goes before");
  }
  vqe_job_space_clear(&read);
  return status;
}

/* RHF of closed shells and ROHF of others are what is computed. */
static bool is_our_reference(const struct vqe_job_molecule *entry,
                             const json_t *value)
{
  const char *name = json_string_value(value);
  return name != NULL &&
         (strcasecmp(name, "rohf") == 0 ||
          (strcasecmp(name, "rhf") == 0 && entry->multiplicity == 1));
}

static int read_keywords(struct vqe_job_molecule *entry,
                         const json_t *keywords,
                         const struct vqe_job_settings *settings)
{
  static const char *const frozen[] = {"freeze_core", "frozen_core",
                                       "num_frozen_docc", "num_frozen_core",
                                       "nfrozen"};
  const char *key;
  json_t *value;
  int status = VQE_OK;
  json_object_foreach((json_t *)keywords, key, value)
  {
    bool core = false;
    for (size_t k = 0; k < VQE_JOB_COUNT(frozen); k++) {
      core = core || strcasecmp(key, frozen[k]) == 0;
    }
    if (status != VQE_OK) {
      break;
    }
    if (core) {
      status = read_frozen_core(entry, key, value, settings);
    } else if (strcmp(key, "active_space") == 0) {
      status = read_active_space(entry, value, settings);
    } else if (strcasecmp(key, "reference") != 0 ||
               !is_our_reference(entry, value)) {
      char place[64];
      snprintf(place, sizeof place, "keywords.%.48s", key);
      status = ignore(entry, place, value, "not read here");
    }
  }
  return status;
}

int vqe_job_qcschema_read(struct vqe_job_molecule *entry, const json_t *object,
                          const struct vqe_job_settings *settings)
{
  struct vqe_qcschema_request request;
  if (!vqe_qcschema_find_request(&request, object)) {
    return VQE_OK;
  }
  entry->calculation = true;
  int status = read_basis(entry, request.basis, settings);
  if (status == VQE_OK) {
    status = read_method(entry, request.method, settings);
  }
  if (status == VQE_OK && json_is_string(request.driver) &&
      strcasecmp(json_string_value(request.driver), "energy") != 0) {
    status =
        ignore(entry, "driver", request.driver, "only the energy is computed");
  }
  if (status == VQE_OK) {
    status = read_keywords(entry, request.keywords, settings);
  }
  return status;
}
