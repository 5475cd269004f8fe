/* Where the files of basis/exchange are, and what is in them. */
#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "chem/basis_catalog.h"
#include "vqe/error.h"

#define MAX_TEXT ((size_t)4 << 20) /* bytes; the largest set has 0.4 MB */

/* From the folder of the program or library: an installation's programs, its
 * libvqe, a Python package, a build, its tests. */
static const char *const places[] = {
    VQE_BASIS_FROM_PROGRAMS, VQE_BASIS_FROM_LIBRARY,
    "vqe_batch/basis/exchange", "basis/exchange", "../basis/exchange"};

/* The folder of the program or library that this code is in, without
 * symbolic links, which programs in bin are. */
static int own_folder(char out[PATH_MAX])
{
  static const char inside = 0; /* a place in this program or library */
  Dl_info info;
  struct link_map *map = NULL;
  const char *file = "/proc/self/exe";
  char name[PATH_MAX];
  if (dladdr1(&inside, &info, (void **)&map, RTLD_DL_LINKMAP) != 0 &&
      map != NULL && map->l_name[0] != '\0') {
    file = map->l_name; /* "" is the program */
  }
  if (realpath(file, name) == NULL) {
    return vqe_error_set(VQE_ERR_NOT_FOUND,
                         "the folder of %.200s is not found", file);
  }
  char *last = strrchr(name, '/');
  VQE_ASSERT(last != NULL);
  *last = '\0';
  memcpy(out, name, (size_t)(last - name) + 1);
  return VQE_OK;
}

/* Path of the file, which exists. */
static int find(char out[PATH_MAX], const struct vqe_basis_set *set)
{
  const char *given = getenv("VQE_BASIS_PATH");
  char folder[PATH_MAX] = "";
  if (given != NULL && given[0] != '\0') {
    snprintf(out, PATH_MAX, "%s/%s", given, set->file);
    return access(out, F_OK) == 0
               ? VQE_OK
               : vqe_error_set(VQE_ERR_NOT_FOUND,
                               "basis '%s': there is no '%.400s'; "
                               "VQE_BASIS_PATH must be the folder "
                               "basis/exchange of an installation",
                               set->name, out);
  }
  int status = own_folder(folder);
  bool found = false;
  for (size_t k = 0;
       status == VQE_OK && !found && k < sizeof places / sizeof places[0];
       k++) {
    snprintf(out, PATH_MAX, "%s/%s/%s", folder, places[k], set->file);
    found = access(out, F_OK) == 0;
  }
  return status != VQE_OK || found
             ? status
             : vqe_error_set(VQE_ERR_NOT_FOUND,
                             "basis '%s': its file %s is not found from "
                             "%.300s; install share/vqe_batch with the "
                             "program, or name the folder basis/exchange of "
                             "it in VQE_BASIS_PATH",
                             set->name, set->file, folder);
}

/* Uncompressed, with a NUL after the last byte. */
static int inflate_file(char **out, size_t *size, const char *path)
{
  int descriptor = -1;
  char *text = NULL;
  int status = vqe_file_open_regular(&descriptor, path);
  if (status != VQE_OK) {
    return status;
  }
  gzFile file = gzdopen(descriptor, "rb");
  if (file == NULL) {
    close(descriptor);
    return vqe_error_set(VQE_ERR_MEMORY, "no memory to read '%.400s'", path);
  }
  status = vqe_memory_alloc(&text, MAX_TEXT + 1, 1, "text of a basis");
  int count = status == VQE_OK ? gzread(file, text, (unsigned)MAX_TEXT) : 0;
  int code = gzclose_r(file);
  if (status == VQE_OK && (count < 0 || code != Z_OK)) {
    status = vqe_error_set(
        VQE_ERR_IO, "'%.400s' is cut off or damaged; install it anew", path);
  }
  if (status != VQE_OK) {
    free(text);
    return status;
  }
  text[count] = '\0';
  *out = text;
  *size = (size_t)count;
  return VQE_OK;
}

int vqe_basis_exchange_read(char **out, size_t *size,
                            const struct vqe_basis_set *set)
{
  char path[PATH_MAX];
  char hash[VQE_SHA256_HEX_SIZE];
  char *text = NULL;
  size_t length = 0;
  int status = find(path, set);
  if (status == VQE_OK) {
    status = inflate_file(&text, &length, path);
  }
  if (status == VQE_OK) {
    status = vqe_sha256_hex(hash, text, length);
  }
  if (status == VQE_OK && strcmp(hash, set->sha256) != 0) {
    /* an experiment is known by the name of its basis */
    status = vqe_error_set(VQE_ERR_INPUT,
                           "'%.400s' is not version %s of %s as this program "
                           "knows it; install it anew with the program",
                           path, set->version, set->shown);
  }
  if (status != VQE_OK) {
    free(text);
    return status;
  }
  *out = text;
  *size = length;
  return VQE_OK;
}
