/* The journal: what was appended comes back, and whatever a crash leaves
 * behind costs only the frame it hit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "record/result_fixture.h"
#include "store/journal.h"
#include "vqe/error.h"

struct fixture {
  char folder[32];
  char path[64];
};

static int setup(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  strcpy(fixture->folder, "t-journal-XXXXXX");
  if (mkdtemp(fixture->folder) == NULL) {
    return -1;
  }
  snprintf(fixture->path, sizeof fixture->path, "%s/run.journal",
           fixture->folder);
  *state = fixture;
  return 0;
}

static int teardown(void **state)
{
  struct fixture *fixture = *state;
  unlink(fixture->path);
  rmdir(fixture->folder);
  free(fixture);
  return 0;
}

static const char id[] =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static const struct vqe_journal_phase fci = {
    .experiment_id =
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    .seedless_id =
        "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100",
    .seed = 2147483647,
    .seed_drawn = true,
    .phase = VQE_PHASE_FCI};

#define FRAMES 8

/* result, evaluation with gradient, evaluation without, empty evaluation,
 * failed result */
static void fill(struct vqe_journal *journal, size_t ends[FRAMES],
                 const char *path)
{
  const double x[2] = {0.5, -0.0};
  const double g[2] = {1e-3, -2e-3};
  struct vqe_result *result = fixture_result(1, 1, 1);
  struct vqe_result *failed = fixture_failed();
  struct stat info;
  for (int k = 0; k < FRAMES; k++) {
    int status = 0;
    switch (k) {
    case 0:
      status = vqe_journal_result(journal, result);
      break;
    case 1:
      status = vqe_journal_evaluation(journal, id, 1, 2, x, -1.5, 0.0, g);
      break;
    case 2:
      status = vqe_journal_evaluation(journal, id, 2, 2, x, NAN, 0.25, NULL);
      break;
    case 3:
      status =
          vqe_journal_evaluation(journal, id, 3, 0, NULL, -1.25, 0.0, NULL);
      break;
    case 4:
      status = vqe_journal_phase(journal, &fci);
      break;
    case 5:
      status = vqe_journal_mark(journal, id, VQE_JOURNAL_BEGUN);
      break;
    case 6:
      status = vqe_journal_mark(journal, NULL, VQE_JOURNAL_STOPS);
      break;
    default:
      status = vqe_journal_result(journal, failed);
    }
    assert_int_equal(status, 0);
    assert_int_equal(stat(path, &info), 0);
    ends[k] = (size_t)info.st_size;
  }
  vqe_result_free(result);
  vqe_result_free(failed);
}

static int check_frame(void *ctx, struct vqe_result *result,
                       const struct vqe_journal_evaluation *evaluation,
                       const struct vqe_journal_phase *phase)
{
  int *seen = ctx;
  struct vqe_result *expected = NULL;
  switch ((*seen)++ % FRAMES) {
  case 0:
    assert_null(evaluation);
    expected = fixture_result(1, 1, 1);
    break;
  case 1:
    assert_null(result);
    assert_string_equal(evaluation->experiment_id, id);
    assert_int_equal(evaluation->iteration, 1);
    assert_int_equal(evaluation->nparam, 2);
    assert_true(evaluation->parameters[0] == 0.5);
    assert_true(signbit(evaluation->parameters[1]));
    assert_true(evaluation->energy == -1.5 && evaluation->std == 0.0);
    assert_true(evaluation->gradient[0] == 1e-3);
    assert_true(evaluation->gradient[1] == -2e-3);
    break;
  case 2:
    assert_int_equal(evaluation->iteration, 2);
    assert_true(isnan(evaluation->energy) && evaluation->std == 0.25);
    assert_null(evaluation->gradient);
    break;
  case 3:
    assert_int_equal(evaluation->nparam, 0);
    assert_true(evaluation->energy == -1.25);
    break;
  case 4:
    assert_null(result);
    assert_null(evaluation);
    assert_string_equal(phase->experiment_id, id);
    assert_string_equal(phase->seedless_id, fci.seedless_id);
    assert_int_equal(phase->seed, fci.seed);
    assert_true(phase->seed_drawn);
    assert_int_equal(phase->phase, VQE_PHASE_FCI);
    assert_int_equal(phase->mark, VQE_JOURNAL_NO_MARK);
    break;
  case 5:
    assert_null(result);
    assert_null(evaluation);
    assert_string_equal(phase->experiment_id, id);
    assert_int_equal(phase->mark, VQE_JOURNAL_BEGUN);
    break;
  case 6:
    assert_string_equal(phase->experiment_id, "");
    assert_int_equal(phase->mark, VQE_JOURNAL_STOPS);
    break;
  default:
    assert_null(evaluation);
    expected = fixture_failed();
  }
  if (expected != NULL) {
    same_result(expected, result);
    vqe_result_free(expected);
    vqe_result_free(result);
  }
  return 0;
}

static void write_new(const struct fixture *fixture, size_t ends[FRAMES])
{
  struct vqe_journal *journal = NULL;
  assert_int_equal(vqe_journal_open(&journal, fixture->path), 0);
  fill(journal, ends, fixture->path);
  assert_int_equal(vqe_journal_close(journal), 0);
}

static void what_is_appended_comes_back(void **state)
{
  const struct fixture *fixture = *state;
  size_t ends[FRAMES];
  int seen = 0;
  struct vqe_journal_harm harm = {.torn = true};
  for (int run = 1; run <= 2; run++) {
    struct vqe_journal *journal = NULL;
    assert_int_equal(vqe_journal_open(&journal, fixture->path), 0);
    fill(journal, ends, fixture->path);
    assert_int_equal(vqe_journal_close(journal), 0);
    seen = 0;
    assert_int_equal(
        vqe_journal_read(fixture->path, check_frame, &seen, &harm), 0);
    assert_int_equal(seen, run * FRAMES);
    assert_false(harm.torn);
  }
  assert_int_equal(vqe_journal_close(NULL), 0);
}

static void lag_is_the_age_of_what_is_not_synced(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_journal *journal = NULL;
  assert_int_equal(vqe_journal_open(&journal, fixture->path), 0);
  assert_true(vqe_journal_lag(journal) == 0.0);
  for (int k = 1; k <= 2; k++) {
    usleep(200000);
    assert_int_equal(
        vqe_journal_evaluation(journal, id, k, 0, NULL, -1.0, 0.0, NULL), 0);
  }
  /* of the first of them */
  assert_true(vqe_journal_lag(journal) >= 0.2);
  usleep(900000);
  assert_int_equal(vqe_journal_tick(journal), 0);
  assert_true(vqe_journal_lag(journal) == 0.0);
  assert_int_equal(vqe_journal_close(journal), 0);
}

/* A rank that is asked to stop may have less time than the disk takes. */
static void marks_do_not_wait_for_the_disk(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_journal *journal = NULL;
  assert_int_equal(vqe_journal_open(&journal, fixture->path), 0);
  do { /* on a slow machine it is synced at once */
    assert_int_equal(
        vqe_journal_evaluation(journal, id, 1, 0, NULL, -1.0, 0.0, NULL), 0);
  } while (vqe_journal_lag(journal) == 0.0);
  usleep(1100000);
  assert_int_equal(vqe_journal_mark(journal, NULL, VQE_JOURNAL_STOPS), 0);
  assert_true(vqe_journal_lag(journal) >= 1.1);
  assert_int_equal(vqe_journal_tick(journal), 0);
  assert_true(vqe_journal_lag(journal) == 0.0);
  assert_int_equal(vqe_journal_close(journal), 0);
}

/* Cut anywhere, as seen while another process writes: whole frames come once
 * each, the rest when it is whole. */
static void following_takes_each_frame_once(void **state)
{
  const struct fixture *fixture = *state;
  size_t ends[FRAMES];
  char *text = NULL;
  size_t size = 0;
  write_new(fixture, ends);
  assert_int_equal(vqe_file_read(&text, &size, fixture->path, 1 << 20), 0);
  assert_int_equal(size, ends[FRAMES - 1]);
  for (size_t step = 1; step <= size; step += 1 + step / 3) {
    size_t from = 0;
    int seen = 0;
    FILE *file = fopen(fixture->path, "wb");
    assert_non_null(file);
    for (size_t at = 0; at < size; at += step) {
      size_t more = size - at < step ? size - at : step;
      assert_int_equal(fwrite(text + at, 1, more, file), more);
      assert_int_equal(fflush(file), 0);
      if (step < 40 && at % 97 != 0 && at + more < size) {
        continue; /* not at each byte: it would take long */
      }
      assert_int_equal(
          vqe_journal_follow(&from, fixture->path, check_frame, &seen), 0);
      int whole = 0;
      while (whole < FRAMES && ends[whole] <= at + more) {
        whole++;
      }
      assert_int_equal(seen, whole);
      assert_int_equal(from, whole > 0 ? ends[whole - 1] : 0);
    }
    fclose(file);
  }
  free(text);
  size_t from = 0;
  assert_int_equal(vqe_journal_follow(&from, "/nowhere/x", check_frame, NULL),
                   VQE_ERR_NOT_FOUND);
}

/* CRC-32 of IEEE 802.3, bit by bit. */
static uint32_t crc(const uint8_t *data, size_t size)
{
  uint32_t sum = 0xffffffffu;
  for (size_t k = 0; k < size; k++) {
    sum ^= data[k];
    for (int bit = 0; bit < 8; bit++) {
      sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
    }
  }
  return ~sum;
}

static void frames_have_the_documented_bytes(void **state)
{
  const struct fixture *fixture = *state;
  size_t ends[FRAMES];
  char *text = NULL;
  size_t size = 0;
  write_new(fixture, ends);
  assert_int_equal(vqe_file_read(&text, &size, fixture->path, 1 << 20), 0);
  const uint8_t *data = (const uint8_t *)text + ends[0];
  size_t frame = ends[1] - ends[0];
  const uint8_t head[] = {'V', 'Q', 'E', 'J', 2, 0, 0, 0,
                          124, 0,   0,   0,   0, 0, 0, 0};
  /* 64 of id, three words, two doubles, 2 x 2 doubles: 124 */
  assert_int_equal(frame, 16 + 124 + 4);
  assert_memory_equal(data, head, sizeof head);
  uint32_t sum = crc(data + 4, 12 + 124);
  for (int k = 0; k < 4; k++) {
    assert_int_equal(data[16 + 124 + k], sum >> 8 * k & 0xff);
  }
  free(text);
}

static void journal_torn_at_any_length_keeps_whole_frames(void **state)
{
  const struct fixture *fixture = *state;
  size_t ends[FRAMES];
  char *text = NULL;
  size_t size = 0;
  write_new(fixture, ends);
  assert_int_equal(vqe_file_read(&text, &size, fixture->path, 1 << 20), 0);
  assert_int_equal(size, ends[FRAMES - 1]);
  for (size_t length = 0; length <= size; length++) {
    int whole = 0;
    int seen = 0;
    struct vqe_journal_harm harm = {.torn = false};
    while (whole < FRAMES && ends[whole] <= length) {
      whole++;
    }
    bool clean = length == 0 || (whole > 0 && ends[whole - 1] == length);
    uint8_t *part = malloc(length > 0 ? length : 1);
    memcpy(part, text, length);
    assert_int_equal(
        vqe_journal_parse(part, length, check_frame, &seen, &harm), 0);
    assert_int_equal(seen, whole);
    assert_int_equal(harm.torn, !clean);
    assert_int_equal(harm.holes, 0);
    free(part);
  }
  free(text);
}

/* Frames in order, without the damaged one. */
struct rest {
  int seen;
  int damaged;
};

static int check_rest(void *ctx, struct vqe_result *result,
                      const struct vqe_journal_evaluation *evaluation,
                      const struct vqe_journal_phase *phase)
{
  struct rest *rest = ctx;
  rest->seen += rest->seen == rest->damaged;
  return check_frame(&rest->seen, result, evaluation, phase);
}

/* Any one damaged byte is noticed: its frame does not come, all others do,
 * and only in the last one it looks like the end that a crash leaves. */
static void damage_at_any_byte_costs_its_frame_alone(void **state)
{
  const struct fixture *fixture = *state;
  size_t ends[FRAMES];
  char *text = NULL;
  size_t size = 0;
  write_new(fixture, ends);
  assert_int_equal(vqe_file_read(&text, &size, fixture->path, 1 << 20), 0);
  for (size_t at = 0; at < size; at++) {
    struct rest rest = {.seen = 0};
    struct vqe_journal_harm harm = {.torn = false};
    while (ends[rest.damaged] <= at) {
      rest.damaged++;
    }
    bool last = rest.damaged == FRAMES - 1;
    text[at] = (char)(text[at] ^ 0x55);
    assert_int_equal(vqe_journal_parse((const uint8_t *)text, size, check_rest,
                                       &rest, &harm),
                     0);
    assert_int_equal(rest.seen, last ? FRAMES - 1 : FRAMES);
    assert_int_equal(harm.torn, last);
    assert_int_equal(harm.holes, last ? 0 : 1);
    if (!last) {
      assert_int_equal(harm.from,
                       rest.damaged == 0 ? 0 : ends[rest.damaged - 1]);
      assert_int_equal(harm.to, ends[rest.damaged]);
    }
    text[at] = (char)(text[at] ^ 0x55);
  }
  free(text);
}

/* Opening for more keeps the frames behind damage, in its first byte too. */
static void opening_keeps_what_follows_damage(void **state)
{
  const struct fixture *fixture = *state;
  const size_t places[] = {0, 4, 8, 20};
  size_t ends[FRAMES];
  for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
    struct vqe_journal *journal = NULL;
    struct vqe_journal_harm harm;
    struct rest rest = {.seen = 0};
    struct stat info;
    char *text = NULL;
    size_t size = 0;
    unlink(fixture->path);
    write_new(fixture, ends);
    assert_int_equal(vqe_file_read(&text, &size, fixture->path, 1 << 20), 0);
    text[places[k]] = (char)0xfe;
    assert_int_equal(vqe_file_write(fixture->path, text, size), 0);
    free(text);
    assert_int_equal(vqe_journal_open(&journal, fixture->path), 0);
    assert_int_equal(vqe_journal_close(journal), 0);
    assert_int_equal(stat(fixture->path, &info), 0);
    assert_int_equal(info.st_size, ends[FRAMES - 1]);
    assert_int_equal(vqe_journal_read(fixture->path, check_rest, &rest, &harm),
                     0);
    assert_int_equal(rest.seen, FRAMES);
    assert_int_equal(harm.holes, 1);
  }
}

/* Marks whose frames do not hold cost a bounded time; what is not searched is
 * damage and no end that may be cut off. */
static void marks_without_frames_end_the_search(void **state)
{
  const size_t step = 16;
  const size_t size = (size_t)1 << 21;
  struct vqe_journal_harm harm;
  int seen = 0;
  (void)state;
  uint8_t *data = calloc(size, 1);
  for (size_t at = 0; at + step <= size; at += step) {
    size_t left = size - at > 20 ? size - at - 20 : 0;
    memcpy(data + at, "VQEJ\1\0\0", 8);
    for (int k = 0; k < 8; k++) {
      data[at + 8 + (size_t)k] = (uint8_t)(left >> 8 * k);
    }
  }
  double before = vqe_clock_wall();
  assert_int_equal(vqe_journal_parse(data, size, check_frame, &seen, &harm),
                   0);
  assert_true(vqe_clock_wall() - before < 20.0); /* quadratic: minutes */
  assert_int_equal(seen, 0);
  assert_int_equal(harm.holes, 1);
  assert_int_equal(harm.to, size);
  assert_false(harm.torn);
  free(data);
}

static void opening_cuts_the_torn_tail(void **state)
{
  const struct fixture *fixture = *state;
  size_t ends[FRAMES];
  struct stat info;
  write_new(fixture, ends);
  /* mid-frame, in the first frame, in the first mark, zeros, empty */
  const size_t lengths[] = {ends[2] + 9, ends[0] - 1, 3, 0};
  const int whole[] = {3, 0, 0, 0};
  for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
    struct vqe_journal *journal = NULL;
    unlink(fixture->path);
    write_new(fixture, ends);
    assert_int_equal(truncate(fixture->path, (off_t)lengths[k]), 0);
    assert_int_equal(vqe_journal_open(&journal, fixture->path), 0);
    assert_int_equal(stat(fixture->path, &info), 0);
    assert_int_equal(info.st_size, whole[k] > 0 ? ends[whole[k] - 1] : 0);
    /* what follows is readable again */
    if (whole[k] == 0) {
      int seen = 0;
      struct vqe_journal_harm harm = {.torn = true};
      fill(journal, ends, fixture->path);
      assert_int_equal(
          vqe_journal_read(fixture->path, check_frame, &seen, &harm), 0);
      assert_int_equal(seen, FRAMES);
      assert_false(harm.torn);
    }
    assert_int_equal(vqe_journal_close(journal), 0);
  }
  assert_int_equal(vqe_file_write(fixture->path, "\0\0\0\0\0\0\0", 7), 0);
  struct vqe_journal *journal = NULL;
  assert_int_equal(vqe_journal_open(&journal, fixture->path), 0);
  assert_int_equal(vqe_journal_close(journal), 0);
  assert_int_equal(stat(fixture->path, &info), 0);
  assert_int_equal(info.st_size, 0);
}

static void other_files_are_left_alone(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_journal *journal = NULL;
  char *text = NULL;
  size_t size = 0;
  assert_int_equal(vqe_file_write(fixture->path, "my thesis", 9), 0);
  assert_int_equal(vqe_journal_open(&journal, fixture->path), VQE_ERR_INPUT);
  assert_null(journal);
  assert_non_null(strstr(vqe_error_message(), "is no journal"));
  assert_int_equal(vqe_journal_read(fixture->path, NULL, NULL, NULL),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), fixture->path));
  assert_non_null(strstr(vqe_error_message(), "is kept"));
  assert_int_equal(vqe_file_read(&text, &size, fixture->path, 100), 0);
  assert_string_equal(text, "my thesis");
  free(text);
}

static void second_writer_is_refused(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_journal *first = NULL;
  struct vqe_journal *second = NULL;
  assert_int_equal(vqe_journal_open(&first, fixture->path), 0);
  assert_int_equal(vqe_journal_open(&second, fixture->path), VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "in use by another run"));
  assert_int_equal(vqe_journal_close(first), 0);
  assert_int_equal(vqe_journal_open(&second, fixture->path), 0);
  assert_int_equal(vqe_journal_close(second), 0);
}

static int stop_at_second(void *ctx, struct vqe_result *result,
                          const struct vqe_journal_evaluation *evaluation,
                          const struct vqe_journal_phase *phase)
{
  int *seen = ctx;
  (void)evaluation;
  (void)phase;
  vqe_result_free(result);
  return ++*seen == 2 ? VQE_ERR_INTERRUPTED : 0;
}

static void missing_journals_and_short_ids_are_refused(void **state)
{
  const struct fixture *fixture = *state;
  struct vqe_journal *journal = NULL;
  size_t ends[FRAMES];
  int seen = 0;
  assert_int_equal(vqe_journal_read(fixture->path, check_frame, &seen, NULL),
                   VQE_ERR_NOT_FOUND);
  assert_int_equal(vqe_journal_open(&journal, "no/such/folder/j"), VQE_ERR_IO);
  assert_non_null(strstr(vqe_error_message(), "no/such/folder/j"));
  assert_int_equal(vqe_journal_open(&journal, fixture->path), 0);
  assert_int_equal(
      vqe_journal_evaluation(journal, "short", 1, 0, NULL, 0, 0, NULL),
      VQE_ERR_INPUT);
  struct vqe_journal_phase no_id = fci;
  no_id.experiment_id[5] = '\0';
  assert_int_equal(vqe_journal_phase(journal, &no_id), VQE_ERR_INPUT);
  fill(journal, ends, fixture->path);
  assert_int_equal(vqe_journal_close(journal), 0);
  assert_int_equal(
      vqe_journal_read(fixture->path, stop_at_second, &seen, NULL),
      VQE_ERR_INTERRUPTED);
  assert_int_equal(seen, 2);
}

/* A frame whose checksum holds, but whose content is not what it says, is
 * an error and no torn end. */
static void frames_with_wrong_content_are_errors(void **state)
{
  (void)state;
  uint8_t frame[16 + 8 + 4] = "VQEJ";
  int seen = 0;
  for (uint8_t type = 1; type <= 5; type++) {
    frame[4] = type;
    frame[8] = 8;
    uint32_t sum = crc(frame + 4, 12 + 8);
    for (int k = 0; k < 4; k++) {
      frame[24 + k] = (uint8_t)(sum >> 8 * k);
    }
    assert_int_equal(
        vqe_journal_parse(frame, sizeof frame, check_frame, &seen, NULL),
        VQE_ERR_INPUT);
  }
  assert_int_equal(seen, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(what_is_appended_comes_back),
      TEST(lag_is_the_age_of_what_is_not_synced),
      TEST(marks_do_not_wait_for_the_disk),
      TEST(following_takes_each_frame_once),
      TEST(frames_have_the_documented_bytes),
      TEST(journal_torn_at_any_length_keeps_whole_frames),
      TEST(damage_at_any_byte_costs_its_frame_alone),
      TEST(opening_keeps_what_follows_damage),
      TEST(marks_without_frames_end_the_search),
      TEST(opening_cuts_the_torn_tail),
      TEST(other_files_are_left_alone),
      TEST(second_writer_is_refused),
      TEST(missing_journals_and_short_ids_are_refused),
      TEST(frames_with_wrong_content_are_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
