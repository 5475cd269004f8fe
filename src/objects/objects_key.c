#include "objects/objects_key.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

int vqe_objects_check_text(const char *text, const char *what)
{
  for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
    if (*c < 0x20 || *c == 0x7f) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s has a control character (byte %d); choose "
                           "another name",
                           what, *c);
    }
  }
  return VQE_OK;
}

/* Segments of a key or prefix; an empty last one is allowed in a folder. */
int vqe_objects_check_segments(const char *key, const char *what,
                               bool is_folder)
{
  const char *at = key;
  int status = vqe_objects_check_text(key, what);
  if (status != VQE_OK) {
    return status;
  }
  for (;;) {
    size_t length = strcspn(at, "/");
    bool last = at[length] == '\0';
    if (last && length == 0 && is_folder) {
      return VQE_OK;
    }
    if (length == 0 || (length == 1 && at[0] == '.') ||
        (length == 2 && at[0] == '.' && at[1] == '.')) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "%s '%s' has an empty, '.' or '..' part; give it "
                           "relative to the place, without them",
                           what, key);
    }
    if (last) {
      return VQE_OK;
    }
    at += length + 1;
  }
}

static int digit_of(char c)
{
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/* Would a segment lead upward for a reader that takes it for percent-encoded?
 * Values of partitions ("basis=a%2F..") are names of folders in any case. */
static bool climbs(const char *segment, size_t length)
{
  size_t dots = 0;
  bool other = false;
  for (size_t k = 0; k <= length; k++) {
    char c = (char)(k < length ? segment[k] : '/');
    if (c == '=') {
      return false;
    }
    if (c == '%' && k + 2 < length && digit_of(segment[k + 1]) >= 0 &&
        digit_of(segment[k + 2]) >= 0) {
      c = (char)(16 * digit_of(segment[k + 1]) + digit_of(segment[k + 2]));
      k += 2;
    }
    if (c == '/' || c == '\\') {
      if (dots > 0 && dots <= 2 && !other) {
        return true;
      }
      dots = 0;
      other = false;
    } else {
      dots += c == '.';
      other = other || c != '.';
    }
  }
  return false;
}

/* A path that metadata names, below the place. */
int vqe_objects_check_named(const char *key)
{
  const char *at = key;
  bool last = false;
  while (!last) {
    size_t length = strcspn(at, "/");
    last = at[length] == '\0';
    if (climbs(at, length)) {
      return vqe_error_set(VQE_ERR_INPUT,
                           "path '%s' has a percent-encoded '..' or '.'; "
                           "paths of tables are plain",
                           key);
    }
    at += length + 1;
  }
  return VQE_OK;
}

int vqe_objects_plain_key(char **out, const char *folder, const char *rest)
{
  char *key = NULL;
  *out = NULL;
  int status = vqe_memory_print(&key, "%s%s", folder, rest);
  if (status == VQE_OK) {
    status = vqe_objects_check_segments(key, "path", false);
  }
  if (status == VQE_OK) {
    status = vqe_objects_check_named(key);
  }
  if (status != VQE_OK) {
    free(key);
    return status;
  }
  *out = key;
  return VQE_OK;
}

int vqe_objects_require_size(const char *key, uint64_t size, uint64_t expected)
{
  if (expected == VQE_OBJECTS_ANY_SIZE || size == expected) {
    return VQE_OK;
  }
  return vqe_error_set(VQE_ERR_INPUT,
                       "'%s' has %" PRIu64 " bytes, not the %" PRIu64
                       " that it should have; restore it",
                       key, size, expected);
}
