#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/machine.h"

/* The system is not asked about an allocation below this. */
#define SMALL_BYTES ((size_t)16 << 20)

bool vqe_memory_mul(size_t *out, size_t a, size_t b)
{
  return !__builtin_mul_overflow(a, b, out);
}

int vqe_memory_alloc(void *out, size_t count, size_t size, const char *what)
{
  size_t bytes;
  if (!vqe_memory_mul(&bytes, count, size) || bytes > SIZE_MAX - 64) {
    return vqe_error_set(VQE_ERR_MEMORY,
                         "%s: %zu elements of %zu bytes "
                         "overflow the address space",
                         what, count, size);
  }
  bytes = (bytes + 63) / 64 * 64;
  if (bytes == 0) {
    bytes = 64;
  }
  if (!vqe_memory_fits(bytes)) {
    return vqe_error_set(
        VQE_ERR_MEMORY, "%s needs %.1f MB, but only %.1f MB are available",
        what, (double)bytes / 1e6, (double)vqe_memory_available() / 1e6);
  }
  void *memory = aligned_alloc(64, bytes);
  if (memory == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "%s: no memory for %zu bytes", what,
                         bytes);
  }
  memset(memory, 0, bytes);
  memcpy(out, &memory, sizeof memory);
  return VQE_OK;
}

int vqe_memory_grow(void *out, size_t old_count, size_t new_count, size_t size,
                    const char *what)
{
  void *old;
  void *grown = NULL;
  VQE_ASSERT(old_count <= new_count);
  memcpy(&old, out, sizeof old);
  int status = vqe_memory_alloc(&grown, new_count, size, what);
  if (status != VQE_OK) {
    return status;
  }
  VQE_ASSERT(grown != NULL);
  if (old != NULL && old_count > 0) {
    memcpy(grown, old, old_count * size);
  }
  free(old);
  memcpy(out, &grown, sizeof grown);
  return VQE_OK;
}

int vqe_memory_strdup(char **out, const char *text)
{
  *out = NULL;
  if (text == NULL) {
    return VQE_OK;
  }
  *out = strdup(text);
  if (*out == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a string");
  }
  return VQE_OK;
}

int vqe_memory_print(char **out, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(out, format, arguments);
  va_end(arguments);
  if (length < 0) {
    *out = NULL;
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a string");
  }
  return VQE_OK;
}

uint64_t vqe_memory_available(void)
{
  uint64_t available = UINT64_MAX;
  FILE *stream = fopen("/proc/meminfo", "r");
  if (stream != NULL) {
    char line[256];
    unsigned long long kilobytes;
    while (fgets(line, sizeof line, stream) != NULL) {
      if (sscanf(line, "MemAvailable: %llu", &kilobytes) == 1) {
        available = (uint64_t)kilobytes * 1024;
        break;
      }
    }
    fclose(stream);
  }
  uint64_t left = vqe_machine_memory_left(NULL);
  if (left < available) {
    available = left;
  }
  struct vqe_machine_limit limit;
  vqe_machine_limit(&limit);
  if (limit.bytes != UINT64_MAX) {
    left = limit.bytes > limit.used ? limit.bytes - limit.used : 0;
    if (left < available) {
      available = left;
    }
  }
  return available;
}

bool vqe_memory_fits(uint64_t bytes)
{
  return bytes <= SMALL_BYTES || bytes <= vqe_memory_available();
}

static int no_room(double megabytes, const char *what, const char *remedy)
{
  struct vqe_machine_limit limit;
  vqe_machine_limit(&limit);
  if (limit.bytes == UINT64_MAX) {
    return vqe_error_set(
        VQE_ERR_MEMORY,
        "%s %.0f MB of address space, which the system "
        "refuses; free memory (or see vm.overcommit_memory)%s",
        what, megabytes, remedy);
  }
  double used = (double)limit.used / 1e6;
  return vqe_error_set(
      VQE_ERR_MEMORY,
      "the limit on %s is %.0f MB (ulimit %s), of which %.0f MB are in use, "
      "but %s %.0f MB more; raise it to %.0f MB or lift it (ulimit %s "
      "unlimited)%s",
      limit.name, (double)limit.bytes / 1e6, limit.option, used, what,
      megabytes, used + 1.1 * megabytes, limit.option, remedy);
}

int vqe_memory_room(size_t count, size_t size, const char *what,
                    const char *remedy)
{
  void **maps = NULL;
  size_t made = 0;
  int status =
      vqe_memory_alloc(&maps, count, sizeof *maps, "a look at memory");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    VQE_ASSERT(maps != NULL);
    maps[k] = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (maps[k] == MAP_FAILED) {
      status = no_room((double)count * (double)size / 1e6, what, remedy);
    } else {
      made++;
    }
  }
  for (size_t k = 0; k < made; k++) {
    (void)munmap(maps[k], size);
  }
  free(maps);
  return status;
}

uint64_t vqe_memory_resident(void)
{
  unsigned long long all = 0;
  unsigned long long resident = 0;
  FILE *stream = fopen("/proc/self/statm", "r");
  if (stream != NULL) {
    if (fscanf(stream, "%llu %llu", &all, &resident) != 2) {
      resident = 0;
    }
    fclose(stream);
  }
  return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t vqe_memory_peak(void)
{
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) {
    return 0;
  }
  return (uint64_t)usage.ru_maxrss * 1024;
}
