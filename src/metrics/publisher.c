#include "metrics/publisher.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/aside.h"
#include "base/clock.h"
#include "base/error_message.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/thread.h"
#include "http/http.h"
#include "metrics/exposition.h"

#define INTERVAL_S 5.0
#define CONNECT_TIMEOUT_S 2.0
#define TIMEOUT_S 3.0
/* A round of pushes, one for each experiment that has changed: what is left
 * goes with the next. The last one is all that the end of a run waits for. */
#define ROUND_S 1.0
#define LAST_ROUND_S 3.0
#define RESPONSE_LIMIT ((size_t)4096)
#define SHORTEST_SECRET 4 /* shorter ones mask too much of a message */

/* What goes wrong, each reported once. */
enum kind {
  KIND_TEXT,
  KIND_FILE,
  KIND_URL,
  KIND_UNREACHABLE,
  KIND_TLS,
  KIND_TRANSFER,
  KIND_LOGIN,
  KIND_REFUSED,
  KIND_LATE,
  KINDS
};

struct vqe_metrics_publisher {
  struct vqe_metrics *metrics;
  struct vqe_metrics_publisher_options options;
  const char *username, *password; /* that are sent */
  struct vqe_http *http;           /* NULL: a file */
  double interval_s;
  pthread_t thread;
  pthread_mutex_t lock; /* guards `ending` */
  pthread_cond_t wake;
  bool ending;
  /* of the thread alone */
  bool reported[KINDS];
  size_t failures;
};

/* ---- failures ---- */

static void report(struct vqe_metrics_publisher *publisher, enum kind kind,
                   const char *text)
{
  publisher->failures++;
  if (!publisher->reported[kind] && publisher->options.report != NULL) {
    publisher->options.report(publisher->options.ctx, text);
  }
  publisher->reported[kind] = true;
}

static void mask(const struct vqe_metrics_publisher *publisher, char *text)
{
  vqe_http_mask(text, publisher->password, SHORTEST_SECRET);
  vqe_http_mask(text, publisher->options.token, SHORTEST_SECRET);
  vqe_http_mask_basic(text, publisher->username, publisher->password);
  vqe_text_blank_controls(text);
}

static enum kind kind_of(const struct vqe_http_response *response)
{
  switch (response->fault) {
  case VQE_HTTP_NO_FAULT:
    return response->status == 401 || response->status == 403 ? KIND_LOGIN
                                                              : KIND_REFUSED;
  case VQE_HTTP_FAULT_URL:
    return KIND_URL;
  case VQE_HTTP_FAULT_UNREACHABLE:
    return KIND_UNREACHABLE;
  case VQE_HTTP_FAULT_TLS:
  case VQE_HTTP_FAULT_CERTIFICATE:
    return KIND_TLS;
  default:
    return KIND_TRANSFER;
  }
}

static void report_response(struct vqe_metrics_publisher *publisher,
                            const struct vqe_http_response *response)
{
  static const char *const remedies[KINDS] = {
      [KIND_URL] = "correct the address",
      [KIND_UNREACHABLE] = "is it running, and is the address right?",
      [KIND_TLS] = "name its CA by VQE_METRICS_CA_FILE",
      [KIND_TRANSFER] = "the next push may go better",
      [KIND_LOGIN] = "set VQE_METRICS_USERNAME and VQE_METRICS_PASSWORD",
      [KIND_REFUSED] = "is it a Pushgateway?"};
  enum kind kind = kind_of(response);
  char reason[300];
  char text[900];
  if (response->fault == VQE_HTTP_NO_FAULT) {
    snprintf(reason, sizeof reason, "status %ld%s%.200s", response->status,
             response->size > 0 ? ": " : "",
             response->size > 0 ? response->body : "");
  } else {
    snprintf(reason, sizeof reason, "%s", response->error);
  }
  mask(publisher, reason);
  snprintf(text, sizeof text,
           "metrics are not pushed to %.300s: %s; %s (the run goes on, and "
           "each push is attempted again)",
           publisher->options.place->url, reason, remedies[kind]);
  report(publisher, kind, text);
}

/* ---- a Pushgateway ---- */

static enum vqe_http_verdict judge(void *ctx, const struct vqe_http *http,
                                   const struct vqe_http_response *response)
{
  (void)ctx;
  (void)http;
  return response->fault == VQE_HTTP_NO_FAULT &&
                 vqe_http_is_good(response->status)
             ? VQE_HTTP_DONE
             : VQE_HTTP_REFUSE;
}

/* One request; a failure is reported here. */
static bool send_to(struct vqe_metrics_publisher *publisher,
                    const char *method, const char *experiment,
                    const char *text, size_t size)
{
  static const char *const headers[] = {"Content-Type: " VQE_EXPOSITION_TYPE,
                                        "Expect:"};
  const char *const bases[] = {publisher->options.place->url};
  const struct vqe_http_policy policy = {.attempts = 1, .judge = judge};
  struct vqe_http_response response = {0};
  char *path = NULL;
  int status =
      vqe_metrics_place_group(&path, publisher->options.batch, experiment);
  if (status == VQE_OK) {
    const struct vqe_http_request request = {.method = method,
                                             .bases = bases,
                                             .nbase = 1,
                                             .path = path,
                                             .headers = headers,
                                             .nheader = 2,
                                             .body = text,
                                             .size = size,
                                             .timeout_s = TIMEOUT_S,
                                             .limit = RESPONSE_LIMIT,
                                             .error_limit = RESPONSE_LIMIT};
    status = vqe_http_perform(&response, publisher->http, &request, &policy);
  }
  bool good = status == VQE_OK && response.verdict == VQE_HTTP_DONE;
  if (status != VQE_OK) {
    report(publisher, KIND_TEXT, vqe_error_message());
  } else if (!good) {
    report_response(publisher, &response);
  }
  vqe_http_response_clear(&response);
  free(path);
  return good;
}

/* Groups of experiments that are no longer shown go. */
static bool send_dropped(struct vqe_metrics_publisher *publisher,
                         double deadline)
{
  char id[VQE_EXPERIMENT_ID_SIZE];
  bool good = true;
  while (good && vqe_clock_wall() < deadline &&
         vqe_metrics_take_dropped(id, publisher->metrics)) {
    good = send_to(publisher, "DELETE", id, NULL, 0);
  }
  return good;
}

/* One group for each experiment that has changed. Returns whether all are
 * there. */
static bool send_experiments(struct vqe_metrics_publisher *publisher,
                             double deadline)
{
  char id[VQE_EXPERIMENT_ID_SIZE];
  char *text = NULL;
  size_t size = 0;
  bool good = true;
  while (good) {
    if (vqe_clock_wall() >= deadline) {
      return false;
    }
    int status = vqe_metrics_take(id, &text, &size, publisher->metrics);
    if (status != VQE_OK) {
      report(publisher, KIND_TEXT, vqe_error_message());
      return false;
    }
    if (text == NULL) {
      return true;
    }
    good = send_to(publisher, "PUT", id, text, size);
    if (!good) {
      vqe_metrics_put_back(publisher->metrics, id);
    }
    free(text);
  }
  return false;
}

static void push(struct vqe_metrics_publisher *publisher, bool last)
{
  double deadline = vqe_clock_wall() + (last ? LAST_ROUND_S : ROUND_S);
  char *text = NULL;
  size_t size = 0;
  int status = vqe_metrics_text(&text, &size, publisher->metrics, false);
  if (status != VQE_OK) {
    report(publisher, KIND_TEXT, vqe_error_message());
  }
  bool good = status == VQE_OK && send_to(publisher, "PUT", NULL, text, size);
  if (good) {
    /* where this failed the rest would wait for the same */
    good = send_dropped(publisher, deadline) &&
           send_experiments(publisher, deadline);
    if (!good && last && vqe_clock_wall() >= deadline) {
      report(publisher, KIND_LATE,
             "not all experiments could be pushed as metrics in the time that "
             "a run may take for it at its end");
    }
  }
  free(text);
}

/* ---- a file ---- */

/* Whole or not at all, and readable by the user of node_exporter whatever the
 * umask is. */
static int write_whole(const char *path, const char *text, size_t size)
{
  struct vqe_aside aside = VQE_ASIDE_INIT;
  int status = vqe_aside_open(&aside, path);
  if (status == VQE_OK) {
    status = vqe_file_write_all(aside.descriptor, path, text, size);
  }
  if (status == VQE_OK && fchmod(aside.descriptor, 0644) != 0) {
    status = vqe_file_errno(errno, "changing the mode of", path);
  }
  if (status == VQE_OK) {
    status = vqe_aside_publish(&aside, path);
  }
  vqe_aside_close(&aside);
  return status;
}

static void write_file(struct vqe_metrics_publisher *publisher)
{
  char *text = NULL;
  size_t size = 0;
  int status = vqe_metrics_text(&text, &size, publisher->metrics, true);
  if (status == VQE_OK) {
    status = write_whole(publisher->options.place->file, text, size);
  }
  if (status != VQE_OK) {
    char line[700];
    snprintf(line, sizeof line,
             "metrics are not written: %.600s (the run "
             "goes on)",
             vqe_error_message());
    report(publisher, KIND_FILE, line);
  }
  free(text);
}

/* ---- the thread ---- */

/* Sleep until the next round; true: it is the last one. */
static bool await(struct vqe_metrics_publisher *publisher)
{
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  long long at = until.tv_nsec + (long long)(publisher->interval_s * 1e9);
  until.tv_sec += (time_t)(at / 1000000000LL);
  until.tv_nsec = (long)(at % 1000000000LL);
  int timed_out = 0;
  pthread_mutex_lock(&publisher->lock);
  while (!publisher->ending && timed_out == 0) {
    timed_out =
        pthread_cond_timedwait(&publisher->wake, &publisher->lock, &until);
  }
  bool last = publisher->ending;
  pthread_mutex_unlock(&publisher->lock);
  return last;
}

static void *work(void *ctx)
{
  struct vqe_metrics_publisher *publisher = ctx;
  bool last = false;
  while (!last) {
    last = await(publisher);
    vqe_metrics_own(publisher->metrics, vqe_clock_thread(),
                    publisher->failures);
    if (publisher->http != NULL) {
      push(publisher, last);
    } else {
      write_file(publisher);
    }
  }
  return NULL;
}

static void release(struct vqe_metrics_publisher *publisher)
{
  vqe_http_close(publisher->http);
  pthread_cond_destroy(&publisher->wake);
  pthread_mutex_destroy(&publisher->lock);
  free(publisher);
}

static int connect_to(struct vqe_metrics_publisher *publisher)
{
  const struct vqe_metrics_place *place = publisher->options.place;
  bool own = publisher->options.username != NULL;
  publisher->username = own ? publisher->options.username : place->username;
  publisher->password = own ? publisher->options.password : place->password;
  const struct vqe_http_options options = {
      .username = publisher->username,
      .password = publisher->password,
      .token = publisher->options.token,
      .ca_file = publisher->options.ca_file,
      .connect_timeout_s = CONNECT_TIMEOUT_S};
  return place->file != NULL ? VQE_OK
                             : vqe_http_open(&publisher->http, &options);
}

int vqe_metrics_publisher_open(
    struct vqe_metrics_publisher **out, struct vqe_metrics *metrics,
    const struct vqe_metrics_publisher_options *options)
{
  struct vqe_metrics_publisher *publisher = NULL;
  *out = NULL;
  int status =
      vqe_memory_alloc(&publisher, 1, sizeof *publisher, "a publisher");
  if (status != VQE_OK) {
    return status;
  }
  publisher->metrics = metrics;
  publisher->options = *options;
  publisher->interval_s =
      options->interval_s > 0.0 ? options->interval_s : INTERVAL_S;
  pthread_mutex_init(&publisher->lock, NULL);
  vqe_thread_cond_init(&publisher->wake);
  status = connect_to(publisher);
  if (status == VQE_OK) {
    status = vqe_thread_start(&publisher->thread, work, publisher);
  }
  if (status != VQE_OK) {
    release(publisher);
    return status;
  }
  *out = publisher;
  return VQE_OK;
}

void vqe_metrics_publisher_close(struct vqe_metrics_publisher *publisher)
{
  if (publisher == NULL) {
    return;
  }
  pthread_mutex_lock(&publisher->lock);
  publisher->ending = true;
  pthread_cond_signal(&publisher->wake);
  pthread_mutex_unlock(&publisher->lock);
  pthread_join(publisher->thread, NULL);
  release(publisher);
}
