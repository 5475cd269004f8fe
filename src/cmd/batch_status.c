#include "batch_status.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error_message.h"
#include "base/json_text.h"
#include "base/text.h"
#include "batch_common.h"
#include "campaign/state.h"
#include "campaign/state_print.h"
#include "campaign_options.h"
#include "cmd_log.h"

#define INTERVAL 5
#define LIMIT 604800

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
  stopped = number;
}

static void catch_signals(void)
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

/* Until the time, or a signal. */
static void wait_seconds(int seconds)
{
  struct timespec time = {.tv_sec = seconds};
  if (!stopped) {
    (void)nanosleep(&time, NULL);
  }
}

static int show(const struct vqe_state *state,
                const struct vqe_cmd_status_options *options)
{
  if (options->json) {
    json_t *json = vqe_state_json(state);
    /* of a watch one line each, for scripts */
    size_t flags = JSON_REAL_PRECISION(15) |
                   (options->watch ? JSON_COMPACT : JSON_INDENT(2));
    char *text = json != NULL ? vqe_json_dumps(json, flags) : NULL;
    json_decref(json);
    if (text == NULL) {
      return vqe_error_set(VQE_ERR_MEMORY, "no memory for the JSON");
    }
    vqe_text_show(stdout, text);
    printf("\n");
    free(text);
  } else {
    if (options->watch && isatty(STDOUT_FILENO)) {
      printf("\033[H\033[J");
    }
    vqe_state_print(stdout, state, options->all);
    if (options->watch && !isatty(STDOUT_FILENO)) {
      printf("\n");
    }
  }
  return fflush(stdout) == 0 ? VQE_OK
                             : vqe_error_set(VQE_ERR_IO, "the screen is gone");
}

static bool is_over(const struct vqe_state *state)
{
  return vqe_state_left(&state->total) == 0;
}

static int look(struct vqe_state *state,
                const struct vqe_cmd_status_options *options)
{
  double started = vqe_clock_wall();
  int interval = options->interval > 0 ? options->interval : INTERVAL;
  double limit = options->limit > 0 ? options->limit : LIMIT;
  int status = vqe_state_update(state);
  /* evaluations a second show at the second look */
  if (status == VQE_OK && state->total.counts[VQE_STATE_RUNNING] > 0) {
    wait_seconds(1);
    status = vqe_state_update(state);
  }
  if (status == VQE_OK) {
    status = show(state, options);
  }
  while (status == VQE_OK && options->watch && !stopped && !is_over(state) &&
         vqe_clock_wall() - started + interval <= limit) {
    wait_seconds(interval);
    status = vqe_state_update(state);
    if (status == VQE_OK) {
      status = show(state, options);
    }
  }
  return status;
}

int vqe_batch_status(int argc, char **argv)
{
  struct vqe_cmd_status_options options;
  struct vqe_state *state = NULL;
  int code = EXIT_GOOD;
  int status = vqe_cmd_status_parse(&options, argc, argv);
  if (status == VQE_OK && options.help) {
    (void)vqe_cmd_status_help(stdout);
    return EXIT_GOOD;
  }
  if (status == VQE_OK && options.man) {
    vqe_cmd_status_man(stdout);
    return EXIT_GOOD;
  }
  if (status == VQE_OK && options.watch) {
    catch_signals();
  }
  if (status == VQE_OK) {
    status = vqe_state_open(&state, options.place, &vqe_cmd_log);
  }
  if (status == VQE_OK) {
    status = look(state, &options);
  }
  if (status == VQE_OK && options.watch && !is_over(state)) {
    code = EXIT_INTERRUPTED;
  } else if (status == VQE_OK && (state->total.counts[VQE_STATE_FAILED] > 0 ||
                                  state->refused > 0)) {
    code = EXIT_SOME_FAILED;
  }
  vqe_state_free(state);
  return status == VQE_OK ? code : vqe_batch_complain();
}
