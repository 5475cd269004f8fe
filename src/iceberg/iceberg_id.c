#include "iceberg/iceberg_id.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base/error_message.h"

int vqe_iceberg_uuid(char out[VQE_ICEBERG_UUID_SIZE])
{
  uint8_t raw[16];
  if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw) {
    return vqe_error_set(VQE_ERR_IO, "no random bytes from the system");
  }
  raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
  raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
  char *at = out;
  for (size_t k = 0; k < sizeof raw; k++) {
    if (k == 4 || k == 6 || k == 8 || k == 10) {
      *at++ = '-';
    }
    snprintf(at, 3, "%02x", raw[k]);
    at += 2;
  }
  return VQE_OK;
}

int vqe_iceberg_new_id(int64_t *out)
{
  uint64_t bits = 0;
  while (bits == 0) {
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) {
      return vqe_error_set(VQE_ERR_IO, "no random bytes from the system");
    }
    bits &= INT64_MAX;
  }
  *out = (int64_t)bits;
  return VQE_OK;
}

int64_t vqe_iceberg_now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
