/* Rules that choose active orbitals: one spelling for each, what is wrong, the
 * size before anything is computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error_message.h"
#include "chem/space_rule.h"
#include "vqe/error.h"

static void rules_have_one_spelling(void **state)
{
  (void)state;
  static const struct {
    const char *json, *text;
  } cases[] = {
      {"\"pi\"", "\"pi\""},
      {"\"valence\"", "\"valence\""},
      {"{\"indices\": [9, \"5-7\"]}", "{\"indices\":[5,6,7,9]}"},
      {"{\"indices\": \"5-7,9\", \"orbitals\": 4}", "{\"indices\":[5,6,7,9]}"},
      {"{\"orbitals\": 2, \"electrons\": 2, \"indices\": [4, 3]}",
       "{\"electrons\":2,\"indices\":[3,4]}"},
      {"{\"avas\": [\"n 2p\", \"C 2p\", \"N 2p\"]}",
       "{\"avas\":{\"shells\":[\"C 2p\",\"N 2p\"],\"threshold\":0.2}}"},
      {"{\"avas\": {\"threshold\": 0.5, \"shells\": [\"12 Cl 3s\"]}}",
       "{\"avas\":{\"shells\":[\"12 Cl 3s\"],\"threshold\":0.5}}"},
      {"{\"natural\": 0.02}", "{\"natural\":{\"max\":1.98,\"min\":0.02}}"},
      {"{\"natural\": {\"min\": 0.05}}",
       "{\"natural\":{\"max\":2.0,\"min\":0.05}}"},
      {"{\"auto\": 8}", "{\"auto\":{\"orbitals\":8}}"},
      {"{\"auto\": {\"orbitals\": 6, \"electrons\": 8}}",
       "{\"auto\":{\"electrons\":8,\"orbitals\":6}}"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_space_rule rule;
    char *text = NULL;
    char *again = NULL;
    if (vqe_space_rule_parse(&rule, cases[k].json, "here") != VQE_OK) {
      fail_msg("%s", vqe_error_message());
    }
    assert_int_equal(vqe_space_rule_text(&text, &rule), VQE_OK);
    assert_string_equal(text, cases[k].text);
    vqe_space_rule_clear(&rule);
    /* and it means itself */
    assert_int_equal(vqe_space_rule_parse(&rule, text, "here"), VQE_OK);
    assert_int_equal(vqe_space_rule_text(&again, &rule), VQE_OK);
    assert_string_equal(again, text);
    vqe_space_rule_clear(&rule);
    free(text);
    free(again);
  }
}

static void wrong_rules_are_refused_with_what_is_expected(void **state)
{
  (void)state;
  static const struct {
    const char *json, *words;
  } cases[] = {
      {"\"sigma\"", "here: \"sigma\" is not \"pi\", \"valence\""},
      {"{\"avas\": [\"C 2p\"], \"auto\": 4}", "is not \"pi\""},
      {"{\"pi\": 4}", "is not \"pi\""},
      {"4", "is not \"pi\""},
      {"{\"indices\": []}", "a list of orbitals"},
      {"{\"indices\": 5}", "a list of orbitals"},
      {"{\"indices\": [0]}", "counted from 1"},
      {"{\"indices\": [5.5]}", "counted from 1"},
      {"{\"indices\": [\"7-5\"]}", "counted from 1"},
      {"{\"indices\": \"5-\"}", "counted from 1"},
      {"{\"indices\": \"5 6\"}", "counted from 1"},
      {"{\"indices\": \"\"}", "counted from 1"},
      {"{\"indices\": \"1-65\"}", "at most 64"},
      {"{\"indices\": \"1-99999999999999999999\"}", "at most 64"},
      {"{\"indices\": [5, 6, 5]}", "orbital 5 twice"},
      {"{\"indices\": [5, 6], \"orbitals\": 3}", "'orbitals' is 3"},
      {"{\"indices\": [5], \"shells\": 1}", "no key 'shells'"},
      {"{\"avas\": \"C 2p\"}", "\"shells\""},
      {"{\"avas\": []}", "a list of shells"},
      {"{\"avas\": [\"C 2pz\"]}", "whole shells only"},
      {"{\"avas\": [\"C p\"]}", "a shell like"},
      {"{\"avas\": [\"C 1p\"]}", "a shell like"},
      {"{\"avas\": [\"Qq 2p\"]}", "a shell like"},
      {"{\"avas\": [\"0 C\"]}", "a shell like"},
      {"{\"avas\": [7]}", "a shell like"},
      {"{\"avas\": {\"shells\": [\"C 2p\"], \"threshold\": 1.5}}",
       "a number from 0 to 1"},
      {"{\"avas\": {\"shells\": [\"C 2p\"], \"treshold\": 0.5}}",
       "no key 'treshold'"},
      {"{\"natural\": 1.5}", "a number from 0 to 1"},
      {"{\"natural\": {}}", "an occupation like"},
      {"{\"natural\": {\"min\": 0.5, \"max\": 0.1}}", "from 0.5 to 2"},
      {"{\"natural\": {\"low\": 0.5}}", "no key 'low'"},
      {"{\"auto\": 0}", "a size like"},
      {"{\"auto\": 65}", "at most 64"},
      {"{\"auto\": true}", "a size like"},
      {"{\"auto\": {\"electrons\": 4}}", "a size like"},
      {"{\"auto\": {\"electrons\": 9, \"orbitals\": 4}}", "two electrons"},
      {"{\"auto\": {\"electrons\": -1, \"orbitals\": 4}}", "at least 0"},
      {"{\"auto\": ", "broken JSON"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_space_rule rule;
    assert_int_equal(vqe_space_rule_parse(&rule, cases[k].json, "here"),
                     VQE_ERR_INPUT);
    if (strstr(vqe_error_message(), cases[k].words) == NULL ||
        strncmp(vqe_error_message(), "here", 4) != 0) {
      fail_msg("%s: %s", cases[k].json, vqe_error_message());
    }
    vqe_space_rule_clear(&rule);
  }
}

static void sizes_are_guessed_before_scf(void **state)
{
  (void)state;
  static const char water[] =
      "{\"symbols\": [\"O\", \"H\", \"H\"], \"coords\": [[0,0,0.1173], "
      "[0,0.7572,-0.4692], [0,-0.7572,-0.4692]]}";
  static const struct {
    const char *json;
    int norb, electrons;
  } cases[] = {{"\"valence\"", 6, 8},
               {"{\"indices\": [1, \"5-7\"]}", 4, 4},
               {"{\"auto\": {\"electrons\": 4, \"orbitals\": 5}}", 5, 4},
               {"{\"avas\": [\"O 2p\"]}", 3, 2},
               {"{\"auto\": 32}", 13, 10}};
  struct vqe_molecule_list *list = NULL;
  assert_int_equal(
      vqe_molecule_list_parse(&list, water, strlen(water), "json", "test"),
      VQE_OK);
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    struct vqe_space_rule rule;
    int norb, electrons;
    assert_int_equal(vqe_space_rule_parse(&rule, cases[k].json, "here"),
                     VQE_OK);
    vqe_space_rule_guess(&norb, &electrons, &rule, list->entries[0].molecule,
                         13, 0);
    assert_int_equal(norb, cases[k].norb);
    assert_int_equal(electrons, cases[k].electrons);
    vqe_space_rule_clear(&rule);
  }
  vqe_molecule_list_free(list);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rules_have_one_spelling),
      cmocka_unit_test(wrong_rules_are_refused_with_what_is_expected),
      cmocka_unit_test(sizes_are_guessed_before_scf),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
