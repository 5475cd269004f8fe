#include "vqe/host.h"

#include <jansson.h>
#include <math.h>
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

/* Whole ones, as this is done for each experiment. A limit beyond all memory
 * is none. */
static json_t *megabytes(uint64_t bytes)
{
  return bytes >= UINT64_C(1) << 60
             ? json_null()
             : json_integer((json_int_t)(bytes / 1000000));
}

static json_t *number(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

/* Once a look: printing numbers takes longer than all else of a snapshot.
 * "null" without memory for it. */
static void print_machine(struct vqe_host *host)
{
  const struct vqe_machine_look *now = &host->look;
  json_t *json = json_pack(
      "{s:i, s:[o, o, o], s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}",
      "processors", host->processors, "load", number(now->load[0]),
      number(now->load[1]), number(now->load[2]), "memory_mb",
      megabytes(now->memory), "swap_mb", megabytes(now->swap), "swap_free_mb",
      megabytes(now->swap_free), "disk_free_mb", megabytes(now->disk_free),
      "network_received_mb", megabytes(now->received), "network_sent_mb",
      megabytes(now->sent), "container",
      now->container[0] != '\0' ? json_string(now->container) : json_null(),
      "limits", "group_left_mb", megabytes(host->left), "process_mb",
      megabytes(host->limit));
  char *text =
      json != NULL
          ? vqe_json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(9))
          : NULL;
  if (text == NULL || strlen(text) >= sizeof host->machine) {
    snprintf(host->machine, sizeof host->machine, "null");
  } else {
    snprintf(host->machine, sizeof host->machine, "%s", text);
  }
  free(text);
  json_decref(json);
}

static void look(struct vqe_host *host)
{
  struct vqe_machine_limit limit;
  vqe_machine_limit(&limit);
  host->limit = limit.bytes;
  host->available = vqe_memory_available();
  host->left = vqe_machine_memory_left(NULL);
  vqe_machine_look(&host->look, NULL, ".");
  host->asked = vqe_clock_wall();
  print_machine(host);
}

void vqe_host_init(struct vqe_host *host)
{
  vqe_machine_processor_model(host->processor, sizeof host->processor);
  host->processors = vqe_machine_processors();
  look(host);
  host->began = host->asked;
  host->began_cpu = vqe_clock_cpu();
}

void vqe_host_describe(struct vqe_result *result, struct vqe_host *host)
{
  const char *job = vqe_machine_job();
  if (gethostname(result->hostname, sizeof result->hostname - 1) != 0) {
    snprintf(result->hostname, sizeof result->hostname, "unknown");
  }
  snprintf(result->device, sizeof result->device, "%s", host->processor);
  if (job != NULL) {
    snprintf(result->job_id, sizeof result->job_id, "%s", job);
  }
  host->began = vqe_clock_wall();
  host->began_cpu = vqe_clock_cpu();
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

/* How much of the processors this process has used since the experiment
 * began, with all that runs in it at once; 1: all of them. */
static double share(const struct vqe_host *host)
{
  double elapsed = vqe_clock_wall() - host->began;
  return elapsed < 1e-3 ? (double)NAN
                        : (vqe_clock_cpu() - host->began_cpu) /
                              (elapsed * (double)host->processors);
}

int vqe_host_snapshot(char **out, const struct vqe_result *result,
                      struct vqe_host *host,
                      const struct vqe_estimator_usage *usage)
{
  char now[VQE_CLOCK_RFC3339_SIZE];
  vqe_clock_rfc3339(now);
  *out = NULL;
  if (vqe_clock_wall() - host->asked > MOMENT) {
    look(host);
  }
  json_t *root = json_pack(
      "{s:s, s:s, s:s, s:f, s:o, s:i, s:f, s:f, s:o}", "time", now, "hostname",
      result->hostname, "cpu", host->processor, "cpu_seconds", vqe_clock_cpu(),
      "cpu_share", number(share(host)), "threads", result->threads,
      "peak_memory_mb", (double)vqe_memory_peak() / 1e6, "available_memory_mb",
      (double)host->available / 1e6, "gpu", device_snapshot(usage));
  char *text = NULL;
  if (root != NULL) {
    text = vqe_json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(root);
  }
  if (text == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a snapshot");
  }
  /* one object more at its end */
  int status = vqe_memory_print(out, "%.*s,\"machine\":%s}",
                                (int)strlen(text) - 1, text, host->machine);
  free(text);
  return status;
}
