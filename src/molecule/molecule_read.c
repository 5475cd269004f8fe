/* The choice of the reader by the format of a file. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/missing.h"
#include "molecule/molecule_build.h"

int vqe_molecule_list_parse(struct vqe_molecule_list **out, const char *text,
                            size_t size, const char *format,
                            const char *source)
{
  return vqe_molecule_list_parse_given(out, text, size, format, source, NULL);
}

int vqe_molecule_list_parse_given(struct vqe_molecule_list **out,
                                  const char *text, size_t size,
                                  const char *format, const char *source,
                                  const struct vqe_molecule_given *given)
{
  int missing = vqe_missing(__func__, "out text format source", out, text,
                            format, source);
  if (missing != VQE_OK) {
    return missing;
  }
  struct vqe_molecule_list *list = NULL;
  int status = VQE_OK;
  if (size > VQE_MAX_MOLECULE_FILE) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "'%.400s' is larger than the limit of %zu bytes",
                         source, VQE_MAX_MOLECULE_FILE);
  }
  status = vqe_molecule_skip_mark(&text, &size, source);
  if (status == VQE_OK) {
    status = vqe_memory_alloc(&list, 1, sizeof *list, "list of molecules");
  }
  if (status != VQE_OK) {
    return status;
  }
  if (strcasecmp(format, "json") == 0) {
    status = vqe_molecule_read_json(list, text, size, source, given);
  } else if (strcasecmp(format, "xyz") == 0) {
    status = vqe_molecule_read_xyz(list, text, size, source, given);
  } else {
    status = vqe_error_set(VQE_ERR_INPUT,
                           "molecule format '%.32s' is not known; use "
                           "\"json\" or \"xyz\"",
                           format);
  }
  if (status == VQE_OK) {
    status = vqe_molecule_list_name(list, source);
  }
  if (status != VQE_OK) {
    vqe_molecule_list_free(list);
    return status;
  }
  *out = list;
  return VQE_OK;
}

static bool ends_with(const char *path, const char *suffix)
{
  size_t length = strlen(path);
  size_t tail = strlen(suffix);
  return length >= tail && strcasecmp(path + length - tail, suffix) == 0;
}

int vqe_molecule_list_read(struct vqe_molecule_list **out, const char *path)
{
  int missing = vqe_missing(__func__, "out path", out, path);
  if (missing != VQE_OK) {
    return missing;
  }
  char *text = NULL;
  size_t size = 0;
  int status = vqe_file_read(&text, &size, path, VQE_MAX_MOLECULE_FILE);
  if (status != VQE_OK) {
    return status;
  }
  const char *format = ends_with(path, ".xyz") ? "xyz" : "json";
  if (!ends_with(path, ".xyz") && !ends_with(path, ".json")) {
    /* JSON starts with a bracket, XYZ with a count */
    size_t skip = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    skip += strspn(text + skip, " \t\r\n");
    format = text[skip] >= '0' && text[skip] <= '9' ? "xyz" : "json";
  }
  status = vqe_molecule_list_parse(out, text, size, format, path);
  free(text);
  return status;
}
