#include "job/job_molecules.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/notes.h"
#include "base/sha256.h"
#include "job/job_qcschema.h"
#include "molecule/molecule_json.h"
#include "molecule/molecule_qcschema.h"
#include "molecule/molecule_title.h"
#include "vqe/chem.h"

#define FILE_LIMIT ((size_t)4 << 30)

static void molecule_clear(struct vqe_job_molecule *molecule)
{
  free(molecule->source);
  free(molecule->name);
  free(molecule->reason);
  free(molecule->fcidump);
  free(molecule->fcidump_sha256);
  free(molecule->place);
  free(molecule->scan);
  free(molecule->notes);
  vqe_job_space_clear(&molecule->space);
  free(molecule->basis.name);
  free(molecule->basis.sha256);
  vqe_molecule_free(molecule->molecule);
}

void vqe_job_molecules_clear(struct vqe_job_molecules *molecules)
{
  for (size_t k = 0; k < molecules->count; k++) {
    molecule_clear(&molecules->items[k]);
  }
  free(molecules->items);
  vqe_job_inputs_clear(&molecules->inputs);
  memset(molecules, 0, sizeof *molecules);
}

/* A new entry at the end; its members are filled by the caller. */
static int append(struct vqe_job_molecules *molecules,
                  struct vqe_job_molecule **out)
{
  if (molecules->count == molecules->capacity) {
    size_t capacity = molecules->capacity > 0 ? 2 * molecules->capacity : 16;
    int status =
        vqe_memory_grow(&molecules->items, molecules->count, capacity,
                        sizeof *molecules->items, "list of molecules");
    if (status != VQE_OK) {
      return status;
    }
    molecules->capacity = capacity;
  }
  *out = &molecules->items[molecules->count++];
  memset(*out, 0, sizeof **out);
  (*out)->frozen_core = VQE_FROZEN_CORE_NONE;
  (*out)->space = (struct vqe_job_space)VQE_JOB_SPACE_NONE;
  return VQE_OK;
}

int vqe_job_molecules_add_copy(struct vqe_job_molecules *molecules,
                               struct vqe_job_molecule **out,
                               const struct vqe_job_molecule *entry)
{
  int status = append(molecules, out);
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_job_molecule *copy = *out;
  *copy = *entry;
  /* pointers are the copy's once they are copied */
  struct {
    char **out;
    const char *text;
  } strings[] = {{&copy->source, entry->source},
                 {&copy->name, entry->name},
                 {&copy->reason, entry->reason},
                 {&copy->fcidump, entry->fcidump},
                 {&copy->fcidump_sha256, entry->fcidump_sha256},
                 {&copy->place, entry->place},
                 {&copy->scan, entry->scan},
                 {&copy->notes, entry->notes},
                 {&copy->space.rule, entry->space.rule},
                 {&copy->basis.name, entry->basis.name},
                 {&copy->basis.sha256, entry->basis.sha256}};
  copy->molecule = NULL;
  for (size_t k = 0; k < VQE_JOB_COUNT(strings); k++) {
    *strings[k].out = NULL;
  }
  for (size_t k = 0; status == VQE_OK && k < VQE_JOB_COUNT(strings); k++) {
    status = vqe_memory_strdup(strings[k].out, strings[k].text);
  }
  if (status == VQE_OK && entry->molecule != NULL) {
    status = vqe_molecule_copy(&copy->molecule, entry->molecule);
  }
  return status;
}

int vqe_job_molecules_take(struct vqe_job_molecules *molecules,
                           struct vqe_job_molecule *entry)
{
  struct vqe_job_molecule *out;
  int status = append(molecules, &out);
  if (status == VQE_OK) {
    *out = *entry;
    memset(entry, 0, sizeof *entry);
  }
  return status;
}

/* Take over `molecule`, or the thread's message as the reason why there is
 * none. `k` of `count` within the file; `inline_place`: within a job. */
static int add(struct vqe_job_molecules *molecules,
               struct vqe_job_molecule **out, const char *file, size_t k,
               size_t count, struct vqe_molecule *molecule, bool within_job)
{
  struct vqe_job_molecule *entry = NULL;
  char *reason = NULL;
  char *stem = NULL;
  int status = VQE_OK;
  if (molecule == NULL) {
    status = vqe_memory_strdup(&reason, vqe_error_message());
  }
  if (status == VQE_OK) {
    status = append(molecules, &entry);
  }
  if (status != VQE_OK) {
    free(reason);
    vqe_molecule_free(molecule);
    return status;
  }
  entry->molecule = molecule;
  entry->reason = reason;
  entry->multiplicity = molecule != NULL ? molecule->multiplicity : 0;
  status =
      vqe_memory_print(&entry->source, "file '%s', molecule %zu", file, k);
  if (status == VQE_OK) {
    status = vqe_molecule_stem(&stem, file);
  }
  if (status == VQE_OK && within_job) {
    status =
        vqe_memory_print(&entry->place, "molecule-%zu", molecules->count - 1);
  } else if (status == VQE_OK && count > 1) {
    status = vqe_memory_print(&entry->place, "%s-%zu", stem, k);
  } else if (status == VQE_OK) {
    status = vqe_memory_strdup(&entry->place, stem);
  }
  free(stem);
  *out = entry;
  return status;
}

/* A setting of the job within a molecule has no effect, and is said. */
static int note_settings(struct vqe_job_molecule *entry, const json_t *object)
{
  const char *key;
  json_t *value;
  int status = VQE_OK;
  json_object_foreach((json_t *)object, key, value)
  {
    if (status == VQE_OK && vqe_job_settings_has_key(key)) {
      status = vqe_notes_add(&entry->notes, VQE_NOTE_INPUT_IGNORED,
                             "key '%s' of the molecule is a setting of the "
                             "job, and is not read there",
                             key);
    }
  }
  return status;
}

/* One object of JSON, of a file or within a job. */
static int add_object(struct vqe_job_molecules *molecules,
                      const json_t *object, const char *file, size_t k,
                      size_t count, bool within_job,
                      const struct vqe_job_settings *settings)
{
  struct vqe_job_molecule *entry = NULL;
  struct vqe_molecule *molecule = NULL;
  char where[480];
  const char *name = vqe_molecule_json_name(object);
  bool schema = vqe_qcschema_is(object);
  snprintf(where, sizeof where, "file '%.400s', molecule %zu", file, k);
  int status =
      vqe_molecule_from_json(&molecule, object, &settings->given, where);
  if (status == VQE_ERR_MEMORY) {
    return status;
  }
  status = add(molecules, &entry, file, k, count, molecule, within_job);
  if (status == VQE_OK) {
    entry->name_given = name != NULL && !schema;
    entry->qcschema = vqe_qcschema_version(object);
    status =
        vqe_memory_strdup(&entry->name, name != NULL ? name : entry->place);
  }
  if (status == VQE_OK && schema && name != NULL) {
    free(entry->place); /* a formula says more than a number */
    entry->place = NULL;
  }
  if (status != VQE_OK || molecule == NULL) {
    return status;
  }
  status = schema ? vqe_job_qcschema_read(entry, object, settings)
                  : note_settings(entry, object);
  if (status == VQE_ERR_MEMORY || status == VQE_OK) {
    return status;
  }
  vqe_molecule_free(entry->molecule);
  entry->molecule = NULL;
  return vqe_memory_strdup(&entry->reason, vqe_error_message());
}

static int add_fcidump(struct vqe_job_molecules *molecules, const char *text,
                       size_t size, const char *path,
                       const struct vqe_job_settings *settings)
{
  struct vqe_job_molecule *entry;
  struct vqe_integrals *integrals = NULL;
  struct vqe_chem_options options = VQE_CHEM_OPTIONS_INIT;
  char hash[VQE_SHA256_HEX_SIZE];
  int status = append(molecules, &entry);
  if (status == VQE_OK) {
    status = vqe_memory_print(&entry->source, "file '%s'", path);
  }
  if (status == VQE_OK) {
    status = vqe_molecule_stem(&entry->name, path);
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&entry->fcidump, path);
  }
  if (status == VQE_OK) {
    status = vqe_sha256_hex(hash, text, size);
  }
  if (status == VQE_OK) {
    status = vqe_memory_strdup(&entry->fcidump_sha256, hash);
  }
  if (status != VQE_OK) {
    return status;
  }
  entry->multiplicity = 1;
  if (settings->given.has_charge || settings->given.has_multiplicity ||
      settings->given.has_units) {
    return vqe_memory_print(&entry->reason,
                            "file '%s': an FCIDUMP has its electrons in NELEC "
                            "and MS2: leave out --charge, --multiplicity and "
                            "--units",
                            path);
  }
  if (settings->frozen_core == VQE_FROZEN_CORE_AUTO) {
    return vqe_memory_print(
        &entry->reason,
        "file '%s': frozen_core true needs atoms, and an FCIDUMP "
        "has none: give the number of orbitals",
        path);
  }
  options.frozen_core = settings->frozen_core;
  options.active_electrons = settings->space.electrons;
  options.active_orbitals = settings->space.orbitals;
  options.active_space = settings->space.rule;
  status = vqe_fcidump_parse(&integrals, text, size, path, &options);
  if (status == VQE_ERR_MEMORY) {
    return status;
  }
  if (status != VQE_OK) {
    return vqe_memory_strdup(&entry->reason, vqe_error_message());
  }
  entry->multiplicity = integrals->nalpha - integrals->nbeta + 1;
  vqe_integrals_free(integrals);
  return VQE_OK;
}

enum vqe_job_format vqe_job_format_of(const char *text, size_t size,
                                      const char *path)
{
  const char *dot = strrchr(path, '.');
  size_t k = 0;
  if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
    k = 3; /* a byte order mark */
  }
  while (k < size && isspace((unsigned char)text[k])) {
    k++;
  }
  if (size - k >= 4 && (text[k] == '&' || text[k] == '$') &&
      strncasecmp(text + k + 1, "FCI", 3) == 0) {
    return VQE_JOB_FORMAT_FCIDUMP;
  }
  if (k < size && (text[k] == '{' || text[k] == '[')) {
    return VQE_JOB_FORMAT_JSON;
  }
  if (dot != NULL && strcasecmp(dot, ".fcidump") == 0) {
    return VQE_JOB_FORMAT_FCIDUMP;
  }
  if (dot != NULL && strcasecmp(dot, ".json") == 0) {
    return VQE_JOB_FORMAT_JSON;
  }
  return (dot != NULL && strcasecmp(dot, ".xyz") == 0) ||
                 (k < size && isdigit((unsigned char)text[k]))
             ? VQE_JOB_FORMAT_XYZ
             : VQE_JOB_FORMAT_JSON;
}

static int add_xyz(struct vqe_job_molecules *molecules, const char *text,
                   size_t size, const char *path,
                   const struct vqe_job_settings *settings)
{
  struct vqe_molecule_list *list = NULL;
  int status = vqe_molecule_list_parse_given(&list, text, size, "xyz", path,
                                             &settings->given);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; status == VQE_OK && k < list->count; k++) {
    struct vqe_molecule_entry *from = &list->entries[k];
    struct vqe_job_molecule *entry = NULL;
    if (from->molecule == NULL) {
      (void)vqe_error_set(VQE_ERR_INPUT, "%s", from->reason);
    }
    status =
        add(molecules, &entry, path, k, list->count, from->molecule, false);
    from->molecule = NULL; /* taken over */
    if (status == VQE_OK) {
      status = vqe_memory_strdup(
          &entry->name, from->name != NULL ? from->name : entry->place);
    }
  }
  vqe_molecule_list_free(list);
  return status;
}

static int add_json(struct vqe_job_molecules *molecules, const char *text,
                    size_t size, const char *path,
                    const struct vqe_job_settings *settings)
{
  json_t *root = NULL;
  int status = vqe_molecule_json_load(&root, text, size, path);
  if (status == VQE_OK && json_object_get(root, "molecules") != NULL &&
      json_object_get(root, "symbols") == NULL) {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "file '%s' is a job file, and a file of molecules "
                           "is expected here: run it on its own",
                           path);
  }
  size_t count = status == VQE_OK ? vqe_molecule_json_count(root) : 0;
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    status = add_object(molecules, vqe_molecule_json_item(root, k), path, k,
                        count, false, settings);
  }
  json_decref(root);
  return status;
}

int vqe_job_molecules_parse(struct vqe_job_molecules *molecules,
                            const char *text, size_t size, const char *path,
                            const struct vqe_job_settings *settings)
{
  switch (vqe_job_format_of(text, size, path)) {
  case VQE_JOB_FORMAT_FCIDUMP:
    return add_fcidump(molecules, text, size, path, settings);
  case VQE_JOB_FORMAT_XYZ:
    return add_xyz(molecules, text, size, path, settings);
  default:
    return add_json(molecules, text, size, path, settings);
  }
}

int vqe_job_molecules_read_file(struct vqe_job_molecules *molecules,
                                const char *name,
                                const struct vqe_job_value *value,
                                const struct vqe_job_settings *settings)
{
  char *path = NULL;
  char *text = NULL;
  size_t size;
  int status = vqe_file_resolve(&path, value->base_file, name);
  if (status == VQE_OK) {
    status = vqe_file_read(&text, &size, path, FILE_LIMIT);
    if (status != VQE_OK) {
      status = vqe_error_context(status, "%s", value->where);
    }
  }
  if (status == VQE_OK) {
    status = vqe_job_inputs_add(&molecules->inputs, path);
  }
  if (status == VQE_OK) {
    status = vqe_job_molecules_parse(molecules, text, size, path, settings);
  }
  free(text);
  free(path);
  return status;
}

int vqe_job_molecules_read(struct vqe_job_molecules *molecules,
                           const struct vqe_job_value *value, const char *path,
                           const struct vqe_job_settings *settings)
{
  const json_t *json = value->json;
  if (json == NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s is required: a list of molecule "
                         "objects, a path, or a list of paths (a file of one "
                         "molecule has 'symbols' and 'coords')",
                         value->where);
  }
  if (json_is_string(json)) {
    return vqe_job_molecules_read_file(molecules, json_string_value(json),
                                       value, settings);
  }
  if (!json_is_array(json) || json_array_size(json) == 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: give a list of molecule objects, "
                         "a path, or a list of paths",
                         value->where);
  }
  for (size_t k = 0; k < json_array_size(json); k++) {
    const json_t *item = json_array_get(json, k);
    int status;
    if (json_is_string(item)) {
      status = vqe_job_molecules_read_file(molecules, json_string_value(item),
                                           value, settings);
    } else {
      status = add_object(molecules, item, path, k, json_array_size(json),
                          true, settings);
    }
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}
