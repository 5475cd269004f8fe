#include "job/job_molecules.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "molecule/molecule_json.h"
#include "vqe/chem.h"

#define FILE_LIMIT ((size_t)4 << 30)

static void molecule_clear(struct vqe_job_molecule *molecule)
{
  free(molecule->source);
  free(molecule->name);
  free(molecule->reason);
  free(molecule->fcidump);
  free(molecule->fcidump_sha256);
  vqe_molecule_free(molecule->molecule);
}

void vqe_job_molecules_clear(struct vqe_job_molecules *molecules)
{
  for (size_t k = 0; k < molecules->count; k++) {
    molecule_clear(&molecules->items[k]);
  }
  free(molecules->items);
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
  return VQE_OK;
}

static int print(char **out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int print(char **out, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(out, format, arguments);
  va_end(arguments);
  if (length < 0) {
    *out = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a message");
  }
  return VQE_OK;
}

/* Take over `molecule`, or describe why there is none. `name` NULL calls it
 * after its place. */
static int add(struct vqe_job_molecules *molecules, const char *file, size_t k,
               struct vqe_molecule *molecule, const char *reason,
               const char *name)
{
  struct vqe_job_molecule *entry;
  int status = append(molecules, &entry);
  if (status != VQE_OK) {
    vqe_molecule_free(molecule);
    return status;
  }
  entry->molecule = molecule;
  status = print(&entry->source, "file '%s', molecule %zu", file, k);
  if (status == VQE_OK && molecule == NULL) {
    status = vqe_memory_strdup(&entry->reason, reason);
  }
  if (status == VQE_OK && molecule != NULL) {
    entry->multiplicity = molecule->multiplicity;
  }
  if (status == VQE_OK && name != NULL) {
    status = vqe_memory_strdup(&entry->name, name);
  } else if (status == VQE_OK) {
    status = print(&entry->name, "molecule-%zu", molecules->count - 1);
  }
  return status;
}

/* File name without folder and extension. */
static int stem(char **out, const char *path)
{
  const char *slash = strrchr(path, '/');
  int status = vqe_memory_strdup(out, slash != NULL ? slash + 1 : path);
  if (status == VQE_OK) {
    char *dot = strrchr(*out, '.');
    if (dot != NULL && dot != *out) {
      *dot = '\0';
    }
  }
  return status;
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
    status = print(&entry->source, "file '%s'", path);
  }
  if (status == VQE_OK) {
    status = stem(&entry->name, path);
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
  if (settings->frozen_core == VQE_FROZEN_CORE_AUTO) {
    return print(&entry->reason,
                 "file '%s': frozen_core true needs atoms, and an FCIDUMP "
                 "has none: give the number of orbitals",
                 path);
  }
  options.frozen_core = settings->frozen_core;
  options.active_electrons = settings->active_electrons;
  options.active_orbitals = settings->active_orbitals;
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

int vqe_job_molecules_parse(struct vqe_job_molecules *molecules,
                            const char *text, size_t size, const char *path,
                            const struct vqe_job_settings *settings)
{
  struct vqe_molecule_list *list = NULL;
  enum vqe_job_format format = vqe_job_format_of(text, size, path);
  if (format == VQE_JOB_FORMAT_FCIDUMP) {
    return add_fcidump(molecules, text, size, path, settings);
  }
  int status = vqe_molecule_list_parse(
      &list, text, size, format == VQE_JOB_FORMAT_XYZ ? "xyz" : "json", path);
  if (status != VQE_OK) {
    return status;
  }
  for (size_t k = 0; status == VQE_OK && k < list->count; k++) {
    struct vqe_molecule_entry *entry = &list->entries[k];
    status =
        add(molecules, path, k, entry->molecule, entry->reason,
            entry->molecule != NULL ? entry->molecule->name : entry->name);
    entry->molecule = NULL; /* taken over */
  }
  vqe_molecule_list_free(list);
  return status;
}

static int read_path(struct vqe_job_molecules *molecules, const char *name,
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
    return read_path(molecules, json_string_value(json), value, settings);
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
      status = read_path(molecules, json_string_value(item), value, settings);
    } else {
      struct vqe_molecule *molecule = NULL;
      char where[320];
      snprintf(where, sizeof where, "file '%s', molecule %zu", path, k);
      status = vqe_molecule_from_json(&molecule, item, where);
      if (status == VQE_ERR_MEMORY) {
        return status;
      }
      status = add(molecules, path, k, status == VQE_OK ? molecule : NULL,
                   status == VQE_OK ? NULL : vqe_error_message(),
                   vqe_molecule_json_name(item));
    }
    if (status != VQE_OK) {
      return status;
    }
  }
  return VQE_OK;
}
