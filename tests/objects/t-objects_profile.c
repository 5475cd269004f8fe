/* Profile files, line by line. */
#include "objects/objects_fixture.h"

#include "objects/objects_profile.h"

struct seen {
  char text[1024];
  int end_after; /* settings; 0: never */
  int count;
};

static int see(void *ctx, const struct vqe_s3_setting *setting)
{
  struct seen *seen = ctx;
  size_t used = strlen(seen->text);
  snprintf(seen->text + used, sizeof seen->text - used, "%s|%s|%s|%s|%s\n",
           setting->kind, setting->section, setting->group, setting->name,
           setting->value);
  seen->count++;
  return seen->count == seen->end_after ? VQE_ERR_MEMORY : VQE_OK;
}

static int read_text(struct seen *seen, const char *text)
{
  char *copy = strdup(text);
  int status = vqe_s3_profile_read(copy, strlen(text), see, seen);
  free(copy);
  return status;
}

static void heads_names_and_values_are_taken_apart(void **state)
{
  struct seen seen = {.text = ""};
  (void)state;
  assert_int_equal(read_text(&seen,
                             "lost = 1\n[a]\nX=1\n y = 2\n[ profile  b c ]\n"
                             "z = 'q' \r\nempty =\n  in = \"side\"\nout = =\n"
                             "[\"d e\"]\nk = '\n[services s]\ns3=\n\tU=v"),
                   VQE_OK);
  assert_string_equal(seen.text, "|a||x|1\n|a||y|2\nprofile|b c||z|q\n"
                                 "profile|b c||empty|\n"
                                 "profile|b c|empty|in|side\n"
                                 "profile|b c||out|=\n"
                                 "|d e||k|'\n"
                                 "services|s||s3|\nservices|s|s3|u|v\n");
}

static void comments_and_what_is_no_setting_are_passed_over(void **state)
{
  struct seen seen = {.text = ""};
  (void)state;
  assert_int_equal(read_text(&seen, "[a\n#x=1\n;y=2\nno value\n\n[]\n=v\n"),
                   VQE_OK);
  assert_string_equal(seen.text, "||||v\n");
  seen = (struct seen){.text = "", .end_after = 1};
  assert_int_equal(read_text(&seen, "[a]\nx=1\ny=2\n"), VQE_ERR_MEMORY);
  assert_int_equal(seen.count, 1);
}

static void utf_16_is_refused(void **state)
{
  char text[] = "[\0a\0]\0";
  struct seen seen = {.text = ""};
  (void)state;
  assert_int_equal(vqe_s3_profile_read(text, sizeof text - 1, see, &seen),
                   VQE_ERR_INPUT);
  assert_says("UTF-8");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(heads_names_and_values_are_taken_apart),
      cmocka_unit_test(comments_and_what_is_no_setting_are_passed_over),
      cmocka_unit_test(utf_16_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
