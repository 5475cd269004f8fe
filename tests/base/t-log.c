/* Messages and events, their levels, and the names of runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/error_message.h"
#include "base/log.h"

static char printed[4096];
static int kept;
static FILE *file;

static void begin(void)
{
  file = tmpfile();
  assert_non_null(file);
  fflush(stderr);
  kept = dup(STDERR_FILENO);
  assert_true(kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
}

static void end(void)
{
  fflush(stderr);
  assert_true(dup2(kept, STDERR_FILENO) >= 0);
  close(kept);
  rewind(file);
  printed[fread(printed, 1, sizeof printed - 1, file)] = '\0';
  fclose(file);
}

static const char *text_of(const char *key)
{
  static char value[512];
  json_t *line = json_loads(printed, 0, NULL);
  assert_non_null(line);
  json_t *found = json_object_get(line, key);
  assert_non_null(found);
  if (json_is_integer(found)) {
    snprintf(value, sizeof value, "%lld",
             (long long)json_integer_value(found));
  } else {
    snprintf(value, sizeof value, "%s", json_string_value(found));
  }
  json_decref(line);
  return value;
}

static void messages_are_for_people_or_machines(void **state)
{
  (void)state;
  struct vqe_log log = VQE_LOG_INIT("prog");
  log.rank = 3;
  assert_int_equal(vqe_log_name_run(&log, "job-17.a"), VQE_OK);
  begin();
  vqe_log(&log, VQE_LOG_WARNING, "warning: %d left", 2);
  end();
  assert_string_equal(printed, "prog: warning: 2 left\n");
  log.prefix = true;
  begin();
  vqe_log(&log, VQE_LOG_ERROR, "no disk");
  end();
  assert_string_equal(printed, "prog[job-17.a:3]: no disk\n");
  log.json = true;
  begin();
  vqe_log(&log, VQE_LOG_WARNING, "warning: '%s'", "a\n\"b\xff\x1b[2J");
  end();
  assert_string_equal(text_of("event"), "message");
  assert_string_equal(text_of("text"), "'a \"b? [2J'");
  assert_string_equal(text_of("level"), "warning");
  assert_string_equal(text_of("run"), "job-17.a");
  assert_string_equal(text_of("rank"), "3");
  assert_non_null(strchr(text_of("time"), 'T'));
  assert_ptr_equal(strchr(printed, '\n'), printed + strlen(printed) - 1);
}

static void levels_leave_out_what_matters_less(void **state)
{
  (void)state;
  struct vqe_log log = VQE_LOG_INIT("prog");
  enum vqe_log_level level = VQE_LOG_INFO;
  static const char *const names[] = {"error", "warning", "info", "debug"};
  for (int k = 0; k < 4; k++) {
    assert_true(vqe_log_level_of(&log.level, names[k]));
    begin();
    vqe_log(&log, VQE_LOG_ERROR, "e");
    vqe_log(&log, VQE_LOG_WARNING, "w");
    vqe_log(&log, VQE_LOG_INFO, "i");
    vqe_log(&log, VQE_LOG_DEBUG, "d");
    end();
    assert_int_equal(strlen(printed), (k + 1) * strlen("prog: e\n"));
  }
  assert_false(vqe_log_level_of(&level, "loud"));
  assert_int_equal(level, VQE_LOG_INFO);
  assert_false(vqe_log_shows(NULL, VQE_LOG_DEBUG));
  begin();
  vqe_log(NULL, VQE_LOG_INFO, "plain");
  end();
  assert_string_equal(printed, "vqe_batch: plain\n");
}

static void events_are_for_machines_alone(void **state)
{
  (void)state;
  struct vqe_log log = VQE_LOG_INIT("prog");
  begin();
  vqe_log_event(&log, VQE_LOG_INFO, json_pack("{s:s}", "event", "start"));
  vqe_log_event(NULL, VQE_LOG_INFO, json_pack("{s:s}", "event", "start"));
  log.json = true;
  vqe_log_event(&log, VQE_LOG_DEBUG, json_pack("{s:s}", "event", "phase"));
  vqe_log_event(&log, VQE_LOG_INFO, NULL);
  end();
  assert_string_equal(printed, "");
  begin();
  vqe_log_event(&log, VQE_LOG_INFO,
                json_pack("{s:s, s:i}", "event", "finished", "rank", 7));
  end();
  /* the rank of what it is about */
  assert_string_equal(text_of("rank"), "7");
  assert_string_equal(text_of("run"), "");
}

static void runs_have_names(void **state)
{
  (void)state;
  struct vqe_log log = VQE_LOG_INIT("prog");
  struct vqe_log other = VQE_LOG_INIT("prog");
  char long_name[VQE_LOG_RUN_SIZE + 1];
  assert_int_equal(vqe_log_name_run(&log, NULL), VQE_OK);
  assert_int_equal(vqe_log_name_run(&other, ""), VQE_OK);
  assert_int_equal(strlen(log.run), 16);
  assert_string_not_equal(log.run, other.run);
  memset(long_name, 'a', sizeof long_name - 1);
  long_name[VQE_LOG_RUN_SIZE] = '\0';
  assert_int_equal(vqe_log_name_run(&log, long_name), VQE_ERR_INPUT);
  long_name[VQE_LOG_RUN_SIZE - 1] = '\0';
  assert_int_equal(vqe_log_name_run(&log, long_name), VQE_OK);
  assert_string_equal(log.run, long_name);
  assert_int_equal(vqe_log_name_run(&log, "a b"), VQE_ERR_INPUT);
  assert_int_equal(vqe_log_name_run(&log, "a\n"), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "VQE_RUN_ID"));
  assert_string_equal(log.run, long_name);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_are_for_people_or_machines),
      cmocka_unit_test(levels_leave_out_what_matters_less),
      cmocka_unit_test(events_are_for_machines_alone),
      cmocka_unit_test(runs_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
