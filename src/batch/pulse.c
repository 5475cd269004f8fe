#include "batch/pulse.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/machine.h"
#include "base/memory.h"
#include "vqe/error.h"

static double bytes_or_nan(uint64_t bytes, uint64_t unknown)
{
  return bytes == unknown ? NAN : (double)bytes;
}

/* The memory of the device as it is now, for a rank that has one open: another
 * would take memory there by looking. */
static void look_at_device(struct vqe_pulse *out,
                           const struct vqe_worker *worker)
{
  int count = worker->on_device ? vqe_devices(NULL) : 0;
  out->on_device =
      count > 0 &&
      vqe_device_summarize(&out->device, worker->node_rank % count) == VQE_OK;
}

void vqe_pulse_take(struct vqe_pulse *out, struct vqe_worker *worker,
                    struct vqe_lanes *lanes, double started)
{
  memset(out, 0, sizeof *out); /* it goes over the net as bytes */
  out->known = true;
  out->rank = worker->rank;
  out->lanes = worker->lanes;
  out->count = vqe_lanes_look(out->news, VQE_PULSE_MOST, &out->running,
                              &out->done, &out->busy, lanes);
  out->seconds = vqe_clock_wall() - started;
  out->cpu = vqe_clock_cpu();
  out->resident = bytes_or_nan(vqe_memory_resident(), 0);
  out->available = bytes_or_nan(vqe_memory_available(), UINT64_MAX);
  out->limit = bytes_or_nan(vqe_machine_memory_limit(NULL), UINT64_MAX);
  out->journal_lag = vqe_journal_lag(worker->journal);
  look_at_device(out, worker);
}

void vqe_pulse_end(struct vqe_pulse *pulse, int rank,
                   const struct vqe_worker_report *report)
{
  bool known = pulse->known;
  pulse->known = true;
  pulse->rank = rank;
  pulse->running = 0;
  pulse->count = 0;
  if (!report->died) { /* else what it said last stays */
    pulse->done = report->done;
    pulse->busy = report->busy;
    pulse->seconds = report->seconds;
  }
  pulse->journal_lag = NAN; /* the journal is closed, or gone with its rank */
  if (!known) {
    /* it was over before its first message */
    pulse->lanes = -1;
    pulse->cpu = pulse->resident = pulse->available = pulse->limit = NAN;
  }
}
