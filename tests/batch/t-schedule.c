/* The order in which experiments are handed out, and how many at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "batch/schedule.h"
#include "vqe/error.h"

#define MOST 512

static struct vqe_experiment experiments[MOST];

static void start(struct vqe_schedule *schedule, int workers)
{
  for (int k = 0; k < MOST; k++) {
    experiments[k].index = k;
  }
  assert_int_equal(vqe_schedule_init(schedule, MOST, workers, 0), 0);
}

static void add(struct vqe_schedule *schedule, size_t count, double cost,
                bool serial)
{
  for (size_t k = 0; k < count; k++) {
    struct vqe_task task = {.experiment = &experiments[schedule->count],
                            .cost = cost,
                            .serial = serial};
    vqe_schedule_add(schedule, task);
  }
}

/* What is asked for first goes first, whatever it costs. */
static void order_goes_before_cost(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  const int order[] = {2, 1, 3, 0};
  start(&schedule, 1);
  add(&schedule, 1, 9.0, false); /* 0 */
  add(&schedule, 1, 1.0, true);  /* 1 */
  add(&schedule, 1, 2.0, true);  /* 2 */
  add(&schedule, 1, 0.5, true);  /* 3 */
  schedule.tasks[0].order = 1;
  vqe_schedule_sort(&schedule);
  for (size_t k = 0; k < schedule.count; k++) {
    assert_int_equal(schedule.tasks[k].experiment->index, order[k]);
  }
  vqe_schedule_clear(&schedule);
}

static size_t take(struct vqe_schedule *schedule, int idle, int lanes)
{
  const struct vqe_schedule_asker asker = {idle, lanes, false};
  const struct vqe_task *tasks;
  return vqe_schedule_take(&tasks, schedule, &asker);
}

static void wide_come_first_and_each_kind_largest_first(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  const int order[] = {3, 1, 4, 0, 2, 5};
  start(&schedule, 1);
  add(&schedule, 1, 2.0, true);  /* 0 */
  add(&schedule, 1, 3.0, false); /* 1 */
  add(&schedule, 1, 2.0, true);  /* 2 */
  add(&schedule, 1, 9.0, false); /* 3 */
  add(&schedule, 1, 5.0, true);  /* 4 */
  add(&schedule, 1, 0.1, true);  /* 5 */
  vqe_schedule_sort(&schedule);
  for (size_t k = 0; k < schedule.count; k++) {
    assert_int_equal(schedule.tasks[k].experiment->index, order[k]);
  }
  assert_true(schedule.cost > 21.09 && schedule.cost < 21.11);
  assert_true(vqe_schedule_cost(&schedule, 3) == 9.0);
  assert_true(vqe_schedule_cost(&schedule, 6) == 0.0);
  vqe_schedule_clear(&schedule);
}

static void long_ones_go_one_at_a_time(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  start(&schedule, 2);
  add(&schedule, 100, 30.0, false);
  for (size_t k = 0; k < 100; k++) {
    assert_int_equal(take(&schedule, 8, 8), 1);
  }
  assert_true(vqe_schedule_done(&schedule));
  assert_int_equal(take(&schedule, 8, 8), 0);
  vqe_schedule_clear(&schedule);
}

static void short_ones_go_a_second_of_work_at_a_time(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  start(&schedule, 2);
  add(&schedule, 400, 0.26, true);
  /* three are less than a second, four are not */
  assert_int_equal(take(&schedule, 1, 1), 4);
  /* a second for each lane */
  assert_int_equal(take(&schedule, 3, 3), 12);
  vqe_schedule_clear(&schedule);
}

static void no_message_takes_more_than_a_share_of_what_is_left(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  start(&schedule, 4);
  add(&schedule, 320, 1e-6, true);
  /* a quarter of a rank's part: 320 / (4 x 4) */
  assert_int_equal(take(&schedule, 1, 1), 20);
  assert_int_equal(take(&schedule, 1, 1), 18);
  vqe_schedule_clear(&schedule);
  /* and no more than 64 a lane */
  start(&schedule, 1);
  add(&schedule, 512, 1e-6, true);
  assert_int_equal(take(&schedule, 1, 1), 64);
  assert_int_equal(take(&schedule, 1, 2), 112);
  vqe_schedule_clear(&schedule);
}

static void suspects_travel_alone(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  start(&schedule, 1);
  add(&schedule, 6, 1e-6, true);
  schedule.tasks[1].alone = true;
  schedule.tasks[2].alone = true;
  assert_int_equal(vqe_task_share_of(&schedule.tasks[0]), VQE_TASK_SERIAL);
  assert_int_equal(vqe_task_share_of(&schedule.tasks[1]), VQE_TASK_ALONE);
  assert_int_equal(take(&schedule, 8, 8), 1);
  assert_int_equal(take(&schedule, 8, 8), 1);
  assert_int_equal(take(&schedule, 8, 8), 1);
  assert_int_equal(take(&schedule, 8, 8), 3);
  /* one that has all threads is alone anyway, and keeps them */
  schedule.tasks[1].serial = false;
  assert_int_equal(vqe_task_share_of(&schedule.tasks[1]), VQE_TASK_WIDE);
  vqe_schedule_clear(&schedule);
}

static void what_comes_back_is_the_next_to_go(void **state)
{
  (void)state;
  const struct vqe_task *out;
  const struct vqe_schedule_asker asker = {.idle = 1, .lanes = 1};
  struct vqe_schedule schedule;
  start(&schedule, 1);
  add(&schedule, 5, 30.0, false);
  for (int k = 0; k < 4; k++) {
    assert_int_equal(vqe_schedule_take(&out, &schedule, &asker), 1);
  }
  vqe_schedule_return(&schedule, 3, false);
  vqe_schedule_return(&schedule, 1, true);
  vqe_schedule_return(&schedule, 77, true); /* of nobody */
  const int order[3] = {1, 3, 4};
  for (int k = 0; k < 3; k++) {
    assert_int_equal(vqe_schedule_take(&out, &schedule, &asker), 1);
    assert_int_equal(out->experiment->index, order[k]);
    assert_int_equal(out->alone, k == 0);
  }
  assert_true(vqe_schedule_done(&schedule));
  assert_true(vqe_schedule_cost(&schedule, 0) > 0.0);
  vqe_schedule_clear(&schedule);
}

static void each_idle_lane_gets_one_where_all_ranks_get_as_many(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  start(&schedule, 2);
  add(&schedule, 8, 30.0, true);
  /* 8 lanes are idle, but half belongs to the other rank */
  assert_int_equal(take(&schedule, 8, 8), 4);
  assert_int_equal(take(&schedule, 1, 8), 1);
  assert_int_equal(take(&schedule, 8, 8), 2);
  assert_int_equal(take(&schedule, 8, 8), 1);
  vqe_schedule_clear(&schedule);
}

static void wide_and_serial_ones_never_share_a_message(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  start(&schedule, 1);
  add(&schedule, 2, 1e-3, false);
  add(&schedule, 200, 1e-3, true);
  vqe_schedule_sort(&schedule);
  assert_int_equal(take(&schedule, 16, 16), 2);
  assert_int_equal(take(&schedule, 16, 16), 50);
  vqe_schedule_clear(&schedule);
}

static void the_tail_is_shared_one_by_one(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  start(&schedule, 3);
  add(&schedule, 11, 1e-3, true);
  for (size_t k = 0; k < 11; k++) {
    assert_int_equal(take(&schedule, 1, 1), 1);
  }
  vqe_schedule_clear(&schedule);
}

static void everything_is_handed_out_once(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  int seen[MOST] = {0};
  start(&schedule, 3);
  for (size_t k = 0; k < MOST; k++) {
    add(&schedule, 1, (double)(k * 37 % 101) / 50.0, k % 3 != 0);
  }
  vqe_schedule_sort(&schedule);
  while (!vqe_schedule_done(&schedule)) {
    const struct vqe_task *tasks;
    const struct vqe_schedule_asker asker = {2, 4, false};
    size_t count = vqe_schedule_take(&tasks, &schedule, &asker);
    assert_true(count > 0);
    for (size_t k = 0; k < count; k++) {
      seen[tasks[k].experiment->index]++;
    }
  }
  for (size_t k = 0; k < MOST; k++) {
    assert_int_equal(seen[k], 1);
  }
  vqe_schedule_clear(&schedule);
}

/* ---- ranks with a GPU and ranks without ---- */

/* 0 to 5 for any rank, 10 to 19 gain from a GPU, 20 and 21 need one; each
 * group costs less and less. */
static void add_mixed(struct vqe_schedule *schedule, int workers, int devices)
{
  const int first[] = {0, 10, 20};
  const int count[] = {6, 10, 2};
  for (int k = 0; k < MOST; k++) {
    experiments[k].index = k;
  }
  assert_int_equal(vqe_schedule_init(schedule, MOST, workers, devices), 0);
  for (int place = 2; place >= 0; place--) {
    for (int k = 0; k < count[place]; k++) {
      struct vqe_task task = {.experiment = &experiments[first[place] + k],
                              .cost = 100.0 - k,
                              .place = (enum vqe_task_place)place};
      vqe_schedule_add(schedule, task);
    }
  }
  vqe_schedule_sort(schedule);
}

/* Index of the one task that is handed out, or -1. */
static int next(struct vqe_schedule *schedule, bool device)
{
  const struct vqe_schedule_asker asker = {1, 1, device};
  const struct vqe_task *task;
  size_t count = vqe_schedule_take(&task, schedule, &asker);
  assert_true(count <= 1);
  return count == 0 ? -1 : task->experiment->index;
}

static void each_rank_first_gets_what_suits_it(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  add_mixed(&schedule, 2, 1);
  assert_int_equal(next(&schedule, false), 0);
  assert_int_equal(next(&schedule, true), 20);
  assert_int_equal(next(&schedule, false), 1);
  assert_int_equal(next(&schedule, true), 21);
  assert_int_equal(next(&schedule, true), 10);
  assert_int_equal(next(&schedule, false), 2);
  vqe_schedule_clear(&schedule);
}

static void a_rank_with_a_gpu_takes_what_is_left_for_the_others(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  add_mixed(&schedule, 2, 1);
  for (int k = 0; k < 12; k++) {
    assert_true(next(&schedule, true) >= 10);
  }
  for (int k = 0; k < 6; k++) {
    assert_int_equal(next(&schedule, true), k);
  }
  assert_int_equal(next(&schedule, true), -1);
  assert_true(vqe_schedule_done(&schedule));
  vqe_schedule_clear(&schedule);
}

static void a_rank_without_one_takes_the_smallest_of_many(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  add_mixed(&schedule, 2, 1);
  for (int k = 0; k < 6; k++) {
    assert_int_equal(next(&schedule, false), k);
  }
  /* twelve wait for the GPU, four of which are left to it */
  for (int k = 19; k > 11; k--) {
    assert_int_equal(next(&schedule, false), k);
  }
  assert_int_equal(next(&schedule, false), -1);
  assert_false(vqe_schedule_done(&schedule));
  assert_int_equal(next(&schedule, true), 20);
  assert_int_equal(next(&schedule, true), 21);
  assert_int_equal(next(&schedule, true), 10);
  assert_int_equal(next(&schedule, true), 11);
  assert_true(vqe_schedule_done(&schedule));
  vqe_schedule_clear(&schedule);
}

/* Where it is known that they end sooner here than there the last ones go,
 * too; where they would take long, none. */
static void what_has_ended_decides_how_many(void **state)
{
  (void)state;
  for (int slow = 0; slow < 2; slow++) {
    struct vqe_schedule schedule;
    add_mixed(&schedule, 2, 1);
    for (int k = 0; k < 6; k++) {
      assert_int_equal(next(&schedule, false), k);
    }
    assert_int_equal(next(&schedule, true), 20);
    assert_int_equal(next(&schedule, true), 21);
    assert_int_equal(next(&schedule, true), 10);
    assert_int_equal(next(&schedule, false), 19);
    /* what any rank does says nothing of these */
    vqe_schedule_learn(&schedule, 0, 1e6, false);
    vqe_schedule_learn(&schedule, 10, 10.0, true);
    vqe_schedule_learn(&schedule, 19, slow ? 10.0 * 6.5 : 1.0, false);
    if (slow) {
      /* 6.5 times as long on nearly the same cost: 18 ends about when the
       * GPU has done 11 to 17, and 17 later than 11 to 16 */
      assert_int_equal(next(&schedule, false), 18);
      assert_int_equal(next(&schedule, false), -1);
      assert_int_equal(next(&schedule, true), 11);
    } else {
      for (int k = 18; k > 11; k--) {
        assert_int_equal(next(&schedule, false), k);
      }
      /* the GPU would have done nothing before this one */
      assert_int_equal(next(&schedule, false), -1);
      assert_int_equal(next(&schedule, true), 11);
      assert_true(vqe_schedule_done(&schedule));
    }
    vqe_schedule_clear(&schedule);
  }
}

/* A message holds a second of work as it is there, not as it is here. */
static void a_gpu_gets_no_more_than_a_second_of_its_own(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  const struct vqe_schedule_asker asker = {1, 1, true};
  const struct vqe_task *tasks;
  for (int k = 0; k < MOST; k++) {
    experiments[k].index = k;
  }
  assert_int_equal(vqe_schedule_init(&schedule, MOST, 2, 1), 0);
  for (int k = 0; k < 200; k++) {
    struct vqe_task task = {
        .experiment = &experiments[k], .cost = 0.1, .place = VQE_TASK_GAINS};
    vqe_schedule_add(&schedule, task);
  }
  vqe_schedule_sort(&schedule);
  assert_int_equal(vqe_schedule_take(&tasks, &schedule, &asker), 1);
  vqe_schedule_learn(&schedule, tasks[0].experiment->index, 0.3, true);
  assert_int_equal(vqe_schedule_take(&tasks, &schedule, &asker), 4);
  vqe_schedule_learn(&schedule, tasks[0].experiment->index, 5.7, true);
  assert_int_equal(vqe_schedule_take(&tasks, &schedule, &asker), 1);
  vqe_schedule_clear(&schedule);
}

/* However many there are, and whatever the priorities. */
static void what_needs_a_gpu_goes_to_no_other_rank(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  for (int k = 0; k < MOST; k++) {
    experiments[k].index = k;
  }
  assert_int_equal(vqe_schedule_init(&schedule, MOST, 3, 1), 0);
  for (int k = 0; k < 40; k++) {
    struct vqe_task task = {.experiment = &experiments[k],
                            .cost = 100.0 - k,
                            .order = k % 2,
                            .place =
                                k % 3 == 0 ? VQE_TASK_NEEDS : VQE_TASK_GAINS};
    vqe_schedule_add(&schedule, task);
  }
  vqe_schedule_sort(&schedule);
  int taken = 0;
  for (int k = next(&schedule, false); k >= 0; k = next(&schedule, false)) {
    assert_true(k % 3 != 0);
    taken++;
  }
  assert_true(taken > 0);
  for (; taken < 40; taken++) {
    assert_true(next(&schedule, true) >= 0);
  }
  assert_true(vqe_schedule_done(&schedule));
  vqe_schedule_clear(&schedule);
}

static void all_goes_to_those_without_once_no_gpu_is_left(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  int seen[22] = {0};
  int taken = 0;
  add_mixed(&schedule, 2, 1);
  assert_int_equal(next(&schedule, true), 20);
  vqe_schedule_return(&schedule, 20, true); /* its rank died */
  for (int k = next(&schedule, false); k >= 0; k = next(&schedule, false)) {
    taken++;
  }
  assert_int_equal(taken, 6 + 8); /* any rank's, and what is not kept back */
  vqe_schedule_release(&schedule);
  for (int k = next(&schedule, false); k >= 0; k = next(&schedule, false)) {
    seen[k]++;
    taken++;
  }
  assert_int_equal(taken, 18);
  assert_int_equal(seen[20], 1);
  assert_int_equal(seen[21], 1);
  assert_int_equal(seen[10], 1);
  assert_true(vqe_schedule_done(&schedule));
  vqe_schedule_clear(&schedule);
}

/* All with a GPU, or none: cost alone decides. */
static void equal_ranks_get_the_largest_first(void **state)
{
  (void)state;
  for (int devices = 0; devices <= 2; devices += 2) {
    struct vqe_schedule schedule;
    add_mixed(&schedule, 2, devices);
    const int order[] = {0, 10, 20, 1, 11, 21, 2, 12, 3, 13};
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
      assert_int_equal(next(&schedule, devices > 0), order[k]);
    }
    vqe_schedule_clear(&schedule);
  }
}

/* A curve is one task, whichever of its points is asked for. */
static void curve_goes_and_comes_back_as_one(void **state)
{
  (void)state;
  struct vqe_schedule schedule;
  struct vqe_experiment *follow[3];
  start(&schedule, 2);
  for (int k = 0; k < 3; k++) {
    follow[k] = &experiments[k + 1];
  }
  struct vqe_task curve = {.experiment = &experiments[0],
                           .cost = 8.0,
                           .serial = true,
                           .nfollow = 3,
                           .follow = follow};
  vqe_schedule_add(&schedule, curve);
  struct vqe_experiment other = {.index = 10};
  vqe_schedule_add(
      &schedule,
      (struct vqe_task){.experiment = &other, .cost = 1.0, .serial = true});
  vqe_schedule_sort(&schedule);
  for (int k = 0; k < 4; k++) {
    assert_true(vqe_schedule_cost(&schedule, k) == 2.0);
  }
  assert_int_equal(take(&schedule, 1, 1), 1);
  assert_int_equal(vqe_schedule_left(&schedule), 1);
  vqe_schedule_return(&schedule, 2, false);
  vqe_schedule_return(&schedule, 1, false); /* it is there */
  assert_int_equal(vqe_schedule_left(&schedule), 2);
  /* without its first point, and one in the middle */
  vqe_schedule_drop(&schedule, 0);
  vqe_schedule_drop(&schedule, 2);
  vqe_schedule_drop(&schedule, 7);
  assert_int_equal(schedule.tasks[0].experiment->index, 1);
  assert_int_equal(schedule.tasks[0].nfollow, 1);
  assert_int_equal(schedule.tasks[0].follow[0]->index, 3);
  vqe_schedule_clear(&schedule);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wide_come_first_and_each_kind_largest_first),
      cmocka_unit_test(curve_goes_and_comes_back_as_one),
      cmocka_unit_test(order_goes_before_cost),
      cmocka_unit_test(long_ones_go_one_at_a_time),
      cmocka_unit_test(short_ones_go_a_second_of_work_at_a_time),
      cmocka_unit_test(no_message_takes_more_than_a_share_of_what_is_left),
      cmocka_unit_test(each_idle_lane_gets_one_where_all_ranks_get_as_many),
      cmocka_unit_test(wide_and_serial_ones_never_share_a_message),
      cmocka_unit_test(suspects_travel_alone),
      cmocka_unit_test(what_comes_back_is_the_next_to_go),
      cmocka_unit_test(the_tail_is_shared_one_by_one),
      cmocka_unit_test(everything_is_handed_out_once),
      cmocka_unit_test(each_rank_first_gets_what_suits_it),
      cmocka_unit_test(a_rank_with_a_gpu_takes_what_is_left_for_the_others),
      cmocka_unit_test(a_rank_without_one_takes_the_smallest_of_many),
      cmocka_unit_test(what_has_ended_decides_how_many),
      cmocka_unit_test(a_gpu_gets_no_more_than_a_second_of_its_own),
      cmocka_unit_test(what_needs_a_gpu_goes_to_no_other_rank),
      cmocka_unit_test(all_goes_to_those_without_once_no_gpu_is_left),
      cmocka_unit_test(equal_ranks_get_the_largest_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
