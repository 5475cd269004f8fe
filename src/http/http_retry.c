/* Which attempts are repeated, and after which pause. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/error_message.h"
#include "http/http_attempt.h"

double vqe_http_pause(const struct vqe_http_policy *policy, int attempt,
                      double draw, double asked_s)
{
  double seconds = policy->first_s;
  for (int k = 1; k < attempt && seconds < policy->longest_s; k++) {
    seconds *= 2.0;
  }
  seconds = seconds < policy->longest_s ? seconds : policy->longest_s;
  seconds *= 1.0 - policy->jitter * (1.0 - draw);
  if (asked_s > policy->longest_asked_s) {
    asked_s = policy->longest_asked_s;
  }
  return asked_s > seconds ? asked_s : seconds;
}

static double uniform(void)
{
  uint32_t draw = 0;
  if (getrandom(&draw, sizeof draw, 0) != (ssize_t)sizeof draw) {
    return 0.5;
  }
  return (double)draw / 4294967296.0;
}

static void sleep_for(double seconds)
{
  struct timespec left = {
      .tv_sec = (time_t)seconds,
      .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/* One attempt at the base `index`, judged. */
static int attempt_base(struct vqe_http_response *response,
                        struct vqe_http *http,
                        const struct vqe_http_request *request,
                        const struct vqe_http_policy *policy, size_t index)
{
  response->base = index;
  int status = vqe_http_send_once(response, http, request);
  if (status == VQE_OK) {
    response->verdict = response->too_large
                            ? VQE_HTTP_DONE
                            : policy->judge(policy->ctx, http, response);
    if (response->verdict != VQE_HTTP_DONE && response->status != 409) {
      response->unsure = true;
    }
  }
  return status;
}

int vqe_http_perform(struct vqe_http_response *response, struct vqe_http *http,
                     const struct vqe_http_request *request,
                     const struct vqe_http_policy *policy)
{
  int status = VQE_OK;
  memset(response, 0, sizeof *response);
  response->verdict = VQE_HTTP_RETRY;
  while (status == VQE_OK && response->verdict == VQE_HTTP_RETRY &&
         response->attempts < policy->attempts) {
    if (response->attempts > 0) {
      sleep_for(vqe_http_pause(policy, response->attempts, uniform(),
                               vqe_http_retry_after(http)));
    }
    response->attempts++;
    response->verdict = VQE_HTTP_RETRY;
    for (size_t k = 0; status == VQE_OK && k < request->nbase &&
                       response->verdict == VQE_HTTP_RETRY;
         k++) {
      status = attempt_base(response, http, request, policy,
                            (request->first + k) % request->nbase);
    }
  }
  return status;
}
