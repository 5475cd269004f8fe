/* Work messages: exact both ways, and only whole ones are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "batch/batch_fixture.h"
#include "batch/request.h"

static void experiments_come_back_as_they_were(void **state)
{
  struct vqe_job *job = batch_job(
      *state, "{\"molecules\": [{\"symbols\": [\"H\", \"H\"], \"coords\": "
              "[[0,0,0],[0,0,0.7]]}, {\"name\": \"bad\", \"symbols\": "
              "[\"Xx\"], \"coords\": [[0,0,0]]}], \"ansatz\": [\"UCCSD\", "
              "{\"name\": \"k-UpCCGSD\", \"reps\": 3}], \"seed\": [1, "
              "2], \"shots\": 10, \"optimizer\": \"SPSA\"}");
  struct vqe_request_message message = {0};
  size_t at = 0;
  for (size_t k = 0; k < job->count; k++) {
    assert_int_equal(vqe_request_add(&message, job->experiments[k],
                                     (enum vqe_task_share)(k % 3), k % 2 == 1),
                     0);
  }
  for (size_t k = 0; k < job->count; k++) {
    struct vqe_experiment *experiment = NULL;
    struct vqe_request_message one = {0};
    struct vqe_request_message two = {0};
    enum vqe_task_share share = VQE_TASK_WIDE;
    bool more = false;
    assert_int_equal(
        vqe_request_next(&experiment, &share, &more, &at, &message), 0);
    assert_non_null(experiment);
    assert_int_equal(share, k % 3);
    assert_int_equal(more, k % 2 == 1);
    assert_string_equal(experiment->id, job->experiments[k]->id);
    assert_int_equal(experiment->index, k);
    assert_int_equal(vqe_request_add(&one, experiment, share, more), 0);
    assert_int_equal(vqe_request_add(&two, job->experiments[k], share, more),
                     0);
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, one.size);
    vqe_request_clear(&one);
    vqe_request_clear(&two);
    vqe_experiment_free(experiment);
  }
  struct vqe_experiment *none = NULL;
  enum vqe_task_share share;
  bool more;
  assert_int_equal(vqe_request_next(&none, &share, &more, &at, &message), 0);
  assert_null(none);
  vqe_request_clear(&message);
  vqe_job_free(job);
}

static void cut_message_is_an_error(void **state)
{
  struct vqe_job *job = batch_h2(*state, 1);
  struct vqe_request_message message = {0};
  assert_int_equal(
      vqe_request_add(&message, job->experiments[0], VQE_TASK_SERIAL, false),
      0);
  for (size_t size = 1; size < message.size; size++) {
    struct vqe_request_message cut = {message.data, size};
    struct vqe_experiment *experiment = NULL;
    enum vqe_task_share share;
    bool more;
    size_t at = 0;
    assert_int_equal(vqe_request_next(&experiment, &share, &more, &at, &cut),
                     VQE_ERR_IO);
    assert_null(experiment);
  }
  vqe_request_clear(&message);
  vqe_job_free(job);
}

static void damaged_experiment_is_an_error(void **state)
{
  struct vqe_job *job = batch_h2(*state, 1);
  struct vqe_request_message message = {0};
  struct vqe_experiment *experiment = NULL;
  enum vqe_task_share share;
  bool more;
  size_t at = 0;
  assert_int_equal(
      vqe_request_add(&message, job->experiments[0], VQE_TASK_SERIAL, false),
      0);
  message.data[2 * sizeof(uint64_t)] ^= 1; /* its mark */
  assert_int_equal(vqe_request_next(&experiment, &share, &more, &at, &message),
                   VQE_ERR_INPUT);
  assert_null(experiment);
  vqe_request_clear(&message);
  vqe_job_free(job);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(experiments_come_back_as_they_were,
                                      batch_setup, batch_teardown),
      cmocka_unit_test_setup_teardown(cut_message_is_an_error, batch_setup,
                                      batch_teardown),
      cmocka_unit_test_setup_teardown(damaged_experiment_is_an_error,
                                      batch_setup, batch_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
