#include "objects/objects_uuid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/error_message.h"

int vqe_objects_uuid(char out[VQE_OBJECTS_UUID_SIZE])
{
  unsigned char b[16];
  if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b) {
    return vqe_error_set(VQE_ERR_IO, "no random numbers: %s", strerror(errno));
  }
  b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
  b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
  snprintf(out, VQE_OBJECTS_UUID_SIZE,
           "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x"
           "%02x",
           b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
           b[11], b[12], b[13], b[14], b[15]);
  return VQE_OK;
}

bool vqe_objects_is_uuid(const char *text)
{
  if (strlen(text) != VQE_OBJECTS_UUID_SIZE - 1) {
    return false;
  }
  for (int k = 0; k < VQE_OBJECTS_UUID_SIZE - 1; k++) {
    bool dash = k == 8 || k == 13 || k == 18 || k == 23;
    if (dash ? text[k] != '-' : strchr("0123456789abcdef", text[k]) == NULL) {
      return false;
    }
  }
  return true;
}
