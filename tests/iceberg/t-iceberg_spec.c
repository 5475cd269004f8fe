/* Partition values of any transform against the rows of their file. The values
 * are those that PyIceberg's transforms give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iceberg/iceberg_spec.h"

#define DAY_US INT64_C(86400000000)

/* A column whose extremes are those numbers. */
static struct vqe_iceberg_stats numbers(enum vqe_iceberg_type type, int64_t a,
                                        int64_t b)
{
  struct vqe_iceberg_stats stats;
  vqe_iceberg_stats_unknown(&stats, 1);
  stats.null_count = 0;
  bool wide = type == VQE_ICEBERG_LONG || type == VQE_ICEBERG_TIMESTAMPTZ;
  if (wide) {
    assert_int_equal(vqe_iceberg_bytes_long(&stats.lower, a), 0);
    assert_int_equal(vqe_iceberg_bytes_long(&stats.upper, b), 0);
  } else {
    assert_int_equal(vqe_iceberg_bytes_int(&stats.lower, (int32_t)a), 0);
    assert_int_equal(vqe_iceberg_bytes_int(&stats.upper, (int32_t)b), 0);
  }
  return stats;
}

/* A column whose only value is that text. */
static struct vqe_iceberg_stats a_text(const char *text)
{
  struct vqe_iceberg_stats stats;
  vqe_iceberg_stats_unknown(&stats, 1);
  stats.null_count = 0;
  assert_int_equal(vqe_iceberg_bytes_string(&stats.lower, text, strlen(text)),
                   0);
  assert_int_equal(vqe_iceberg_bytes_string(&stats.upper, text, strlen(text)),
                   0);
  return stats;
}

static void clear(struct vqe_iceberg_stats *stats)
{
  vqe_iceberg_bytes_clear(&stats->lower);
  vqe_iceberg_bytes_clear(&stats->upper);
}

static bool holds(enum vqe_iceberg_transform transform,
                  enum vqe_iceberg_type from, int width, int32_t value,
                  int64_t low, int64_t high)
{
  struct vqe_iceberg_partition_field field = {.transform = transform,
                                              .width = width,
                                              .from = from,
                                              .type = VQE_ICEBERG_INT};
  struct vqe_iceberg_stats found = numbers(from, low, high);
  struct vqe_iceberg_bytes bytes;
  assert_int_equal(vqe_iceberg_bytes_int(&bytes, value), 0);
  bool fits = vqe_iceberg_partition_holds(&field, &bytes, &found, 2);
  vqe_iceberg_bytes_clear(&bytes);
  clear(&found);
  return fits;
}

static void dates_become_years_months_and_days(void **state)
{
  (void)state;
  static const struct {
    enum vqe_iceberg_transform transform;
    int64_t day; /* since 1970 */
    int32_t value;
  } cases[] = {
      {VQE_ICEBERG_YEAR, 0, 0},        {VQE_ICEBERG_YEAR, -1, -1},
      {VQE_ICEBERG_YEAR, 20454, 56},   {VQE_ICEBERG_YEAR, 20453, 55},
      {VQE_ICEBERG_MONTH, 0, 0},       {VQE_ICEBERG_MONTH, -1, -1},
      {VQE_ICEBERG_MONTH, 58, 1},      {VQE_ICEBERG_MONTH, 59, 2},
      {VQE_ICEBERG_MONTH, 11016, 361}, /* 2000-02-29 */
      {VQE_ICEBERG_MONTH, 11017, 362}, {VQE_ICEBERG_MONTH, 20543, 674},
      {VQE_ICEBERG_DAY, -3, -3},       {VQE_ICEBERG_DAY, 20543, 20543},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    int64_t day = cases[k].day;
    int32_t value = cases[k].value;
    assert_true(
        holds(cases[k].transform, VQE_ICEBERG_DATE, 0, value, day, day));
    assert_false(
        holds(cases[k].transform, VQE_ICEBERG_DATE, 0, value + 1, day, day));
    /* the last microsecond of the day */
    assert_true(holds(cases[k].transform, VQE_ICEBERG_TIMESTAMPTZ, 0, value,
                      day * DAY_US, (day + 1) * DAY_US - 1));
    assert_false(holds(cases[k].transform, VQE_ICEBERG_TIMESTAMPTZ, 0, value,
                       day * DAY_US, (day + 400) * DAY_US));
  }
}

static void hours_and_truncated_numbers_go_down(void **state)
{
  (void)state;
  assert_true(holds(VQE_ICEBERG_HOUR, VQE_ICEBERG_TIMESTAMPTZ, 0, -1, -1, -1));
  assert_true(holds(VQE_ICEBERG_HOUR, VQE_ICEBERG_TIMESTAMPTZ, 0, 24, DAY_US,
                    DAY_US + INT64_C(3599999999)));
  assert_false(holds(VQE_ICEBERG_HOUR, VQE_ICEBERG_TIMESTAMPTZ, 0, 24, DAY_US,
                     DAY_US + INT64_C(3600000000)));
  assert_true(holds(VQE_ICEBERG_TRUNCATE, VQE_ICEBERG_INT, 10, -10, -10, -1));
  assert_true(holds(VQE_ICEBERG_TRUNCATE, VQE_ICEBERG_INT, 10, 0, 0, 9));
  assert_false(holds(VQE_ICEBERG_TRUNCATE, VQE_ICEBERG_INT, 10, 0, 0, 10));
}

static void texts_are_cut_by_characters(void **state)
{
  (void)state;
  static const struct {
    const char *value, *text;
    bool fits;
  } cases[] = {{"ab", "abc", true},
               {"ab", "ab", true},
               {"ab", "a", false},
               {"a", "a", true},
               {"a", "ab", false},
               {"", "", true},
               {"\xc3\xa9x", "\xc3\xa9xy", true},
               {"\xc3\xa9", "\xc3\xa9xy", false}};
  struct vqe_iceberg_partition_field field = {.transform =
                                                  VQE_ICEBERG_TRUNCATE,
                                              .width = 2,
                                              .from = VQE_ICEBERG_STRING,
                                              .type = VQE_ICEBERG_STRING};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_iceberg_stats found = a_text(cases[k].text);
    struct vqe_iceberg_bytes value;
    assert_int_equal(vqe_iceberg_bytes_string(&value, cases[k].value,
                                              strlen(cases[k].value)),
                     0);
    assert_int_equal(vqe_iceberg_partition_holds(&field, &value, &found, 1),
                     cases[k].fits);
    vqe_iceberg_bytes_clear(&value);
    clear(&found);
  }
}

/* bucket[1000] by PyIceberg. */
static void numbers_and_texts_have_their_buckets(void **state)
{
  (void)state;
  static const struct {
    enum vqe_iceberg_type from;
    int64_t number;
    int32_t bucket;
  } numbers_of[] = {
      {VQE_ICEBERG_INT, 34, 379},
      {VQE_ICEBERG_INT, 0, 676},
      {VQE_ICEBERG_INT, -1, 712},
      {VQE_ICEBERG_INT, INT32_MAX, 606},
      {VQE_ICEBERG_LONG, 34, 379},
      {VQE_ICEBERG_LONG, INT64_MIN, 829},
      {VQE_ICEBERG_LONG, INT64_C(1) << 40, 778},
      {VQE_ICEBERG_DATE, 17486, 226},
      {VQE_ICEBERG_TIMESTAMPTZ, INT64_C(1510871468000000), 207},
      {VQE_ICEBERG_TIMESTAMPTZ, -1, 712},
  };
  static const struct {
    const char *text;
    int32_t bucket;
  } texts[] = {{"iceberg", 89},
               {"", 0},
               {"a", 850},
               {"ab", 343},
               {"abc", 354},
               {"\xc3\xa9", 495},
               {"H2 in vacuo, \xc3\xbc", 980}};
  for (size_t k = 0; k < sizeof numbers_of / sizeof numbers_of[0]; k++) {
    enum vqe_iceberg_type from = numbers_of[k].from;
    int64_t number = numbers_of[k].number;
    int32_t bucket = numbers_of[k].bucket;
    assert_true(holds(VQE_ICEBERG_BUCKET, from, 1000, bucket, number, number));
    assert_false(
        holds(VQE_ICEBERG_BUCKET, from, 1000, bucket + 1, number, number));
  }
  /* 100 is in bucket 376, 34 in 379 */
  assert_false(holds(VQE_ICEBERG_BUCKET, VQE_ICEBERG_INT, 1000, 379, 34, 100));
  struct vqe_iceberg_partition_field field = {.transform = VQE_ICEBERG_BUCKET,
                                              .width = 1000,
                                              .from = VQE_ICEBERG_STRING,
                                              .type = VQE_ICEBERG_INT};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    for (int off = 0; off < 2; off++) {
      struct vqe_iceberg_stats found = a_text(texts[k].text);
      struct vqe_iceberg_bytes value;
      assert_int_equal(vqe_iceberg_bytes_int(&value, texts[k].bucket + off),
                       0);
      assert_int_equal(vqe_iceberg_partition_holds(&field, &value, &found, 1),
                       off == 0);
      vqe_iceberg_bytes_clear(&value);
      clear(&found);
    }
  }
}

static void nulls_have_a_partition_of_their_own(void **state)
{
  (void)state;
  struct vqe_iceberg_partition_field field = {.transform =
                                                  VQE_ICEBERG_IDENTITY,
                                              .from = VQE_ICEBERG_INT,
                                              .type = VQE_ICEBERG_INT};
  struct vqe_iceberg_bytes null = {NULL, 0};
  struct vqe_iceberg_bytes five;
  struct vqe_iceberg_stats found = numbers(VQE_ICEBERG_INT, 5, 5);
  assert_int_equal(vqe_iceberg_bytes_int(&five, 5), 0);
  assert_true(vqe_iceberg_partition_holds(&field, &five, &found, 2));
  assert_false(vqe_iceberg_partition_holds(&field, &null, &found, 2));
  found.null_count = 1; /* of two rows */
  assert_false(vqe_iceberg_partition_holds(&field, &five, &found, 2));
  assert_false(vqe_iceberg_partition_holds(&field, &null, &found, 2));
  found.null_count = 2;
  assert_true(vqe_iceberg_partition_holds(&field, &null, &found, 2));
  field.transform = VQE_ICEBERG_VOID;
  assert_true(vqe_iceberg_partition_holds(&field, &null, &found, 2));
  assert_false(vqe_iceberg_partition_holds(&field, &five, &found, 2));
  vqe_iceberg_bytes_clear(&five);
  clear(&found);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dates_become_years_months_and_days),
      cmocka_unit_test(hours_and_truncated_numbers_go_down),
      cmocka_unit_test(texts_are_cut_by_characters),
      cmocka_unit_test(numbers_and_texts_have_their_buckets),
      cmocka_unit_test(nulls_have_a_partition_of_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
