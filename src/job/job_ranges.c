#include "job/job_ranges.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

/* A number at *at, which is behind it afterwards. */
static bool read_number(long long *out, const char **at)
{
  char *end;
  if (!isdigit((unsigned char)**at)) {
    return false;
  }
  errno = 0;
  *out = strtoll(*at, &end, 10);
  *at = end;
  return errno == 0;
}

static bool read_range(struct vqe_job_range *out, const char **at)
{
  if (!read_number(&out->first, at)) {
    return false;
  }
  out->last = out->first;
  if (**at == '-') {
    (*at)++;
    if (!read_number(&out->last, at) || out->last < out->first) {
      return false;
    }
  }
  return **at == '\0' || **at == ',';
}

static size_t count_items(const char *text)
{
  size_t count = 1;
  for (; *text != '\0'; text++) {
    count += *text == ',';
  }
  return count;
}

int vqe_job_ranges_read(struct vqe_job_ranges *out, const char *text,
                        const char *where)
{
  const char *at = text;
  size_t count = count_items(text);
  *out = (struct vqe_job_ranges){.count = 0};
  int status =
      vqe_memory_alloc(&out->list, count, sizeof *out->list, "a list");
  while (status == VQE_OK && out->count < count) {
    if (!read_range(&out->list[out->count], &at)) {
      status = vqe_error_set(VQE_ERR_INPUT,
                             "%s: '%.60s' is not a list of whole numbers and "
                             "ranges between commas, like \"0-12,14\"",
                             where, text);
    } else {
      out->count++;
      at += *at == ',';
    }
  }
  return status;
}

bool vqe_job_ranges_hold(const struct vqe_job_ranges *ranges, long long number)
{
  for (size_t k = 0; k < ranges->count; k++) {
    if (number >= ranges->list[k].first && number <= ranges->list[k].last) {
      return true;
    }
  }
  return false;
}

void vqe_job_ranges_clear(struct vqe_job_ranges *ranges)
{
  free(ranges->list);
  *ranges = (struct vqe_job_ranges){.count = 0};
}
