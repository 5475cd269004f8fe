/* Threads without signals, conditions by the monotonic clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/thread.h"

static void *look(void *ctx)
{
  pthread_sigmask(SIG_SETMASK, NULL, ctx);
  return ctx;
}

static void signals_are_for_others(void **state)
{
  sigset_t seen;
  sigset_t before;
  sigset_t after;
  pthread_t thread;
  void *back = NULL;
  (void)state;
  sigemptyset(&seen);
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  assert_int_equal(vqe_thread_start(&thread, look, &seen), 0);
  pthread_sigmask(SIG_SETMASK, NULL, &after);
  assert_int_equal(pthread_join(thread, &back), 0);
  assert_ptr_equal(back, &seen);
  static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGALRM};
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
    assert_int_equal(sigismember(&seen, numbers[k]), 1);
    assert_int_equal(sigismember(&after, numbers[k]),
                     sigismember(&before, numbers[k]));
  }
}

static void waits_go_by_the_monotonic_clock(void **state)
{
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition;
  struct timespec until;
  struct timespec now;
  (void)state;
  vqe_thread_cond_init(&condition);
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 20000000L;
  until.tv_sec += until.tv_nsec / 1000000000L;
  until.tv_nsec %= 1000000000L;
  pthread_mutex_lock(&lock);
  int code = 0;
  while (code == 0) { /* it may wake for nothing */
    code = pthread_cond_timedwait(&condition, &lock, &until);
  }
  pthread_mutex_unlock(&lock);
  clock_gettime(CLOCK_MONOTONIC, &now);
  assert_int_equal(code, ETIMEDOUT);
  /* by the other clock that time would be long over */
  assert_true(now.tv_sec > until.tv_sec ||
              (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec));
  pthread_cond_destroy(&condition);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(signals_are_for_others),
      cmocka_unit_test(waits_go_by_the_monotonic_clock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
