#include "vqe/host.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/json_text.h"
#include "base/machine.h"
#include "base/memory.h"

#define MOMENT 0.1 /* seconds */

static void processor_model(char *out, size_t size)
{
  FILE *stream = fopen("/proc/cpuinfo", "r");
  char line[256];
  snprintf(out, size, "cpu");
  while (stream != NULL && fgets(line, sizeof line, stream) != NULL) {
    char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
      line[strcspn(line, "\n")] = '\0';
      snprintf(out, size, "%s", colon[1] == ' ' ? colon + 2 : colon + 1);
      break;
    }
  }
  if (stream != NULL) {
    fclose(stream);
  }
}

static uint64_t available_memory(struct vqe_host *host)
{
  double now = vqe_clock_wall();
  if (now - host->asked > MOMENT) {
    host->available = vqe_memory_available();
    host->asked = now;
  }
  return host->available;
}

void vqe_host_init(struct vqe_host *host)
{
  processor_model(host->processor, sizeof host->processor);
  host->available = vqe_memory_available();
  host->asked = vqe_clock_wall();
}

void vqe_host_describe(struct vqe_result *result, const struct vqe_host *host)
{
  const char *job = vqe_machine_job();
  if (gethostname(result->hostname, sizeof result->hostname - 1) != 0) {
    snprintf(result->hostname, sizeof result->hostname, "unknown");
  }
  snprintf(result->device, sizeof result->device, "%s", host->processor);
  if (job != NULL) {
    snprintf(result->job_id, sizeof result->job_id, "%s", job);
  }
}

/* null on the CPU */
static json_t *device_snapshot(const struct vqe_estimator_usage *usage)
{
  const struct vqe_device_summary *device = &usage->device;
  if (!usage->on_device) {
    return json_null();
  }
  return json_pack(
      "{s:s, s:i, s:s, s:s, s:f, s:f, s:I, s:f, s:f, s:f}", "name",
      device->name, "index", device->index, "driver", device->driver, "gates",
      usage->gates, "memory_mb", (double)device->bytes / 1e6, "held_mb",
      (double)usage->bytes_held / 1e6, "launches", (json_int_t)usage->launches,
      "seconds", usage->seconds, "sent_mb", (double)usage->bytes_up / 1e6,
      "received_mb", (double)usage->bytes_down / 1e6);
}

int vqe_host_snapshot(char **out, const struct vqe_result *result,
                      struct vqe_host *host,
                      const struct vqe_estimator_usage *usage)
{
  char now[VQE_CLOCK_RFC3339_SIZE];
  vqe_clock_rfc3339(now);
  *out = NULL;
  json_t *root = json_pack(
      "{s:s, s:s, s:s, s:f, s:i, s:f, s:f, s:o}", "time", now, "hostname",
      result->hostname, "cpu", host->processor, "cpu_seconds", vqe_clock_cpu(),
      "threads", result->threads, "peak_memory_mb",
      (double)vqe_memory_peak() / 1e6, "available_memory_mb",
      (double)available_memory(host) / 1e6, "gpu", device_snapshot(usage));
  if (root != NULL) {
    *out = vqe_json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(root);
  }
  if (*out == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a snapshot");
  }
  return VQE_OK;
}
