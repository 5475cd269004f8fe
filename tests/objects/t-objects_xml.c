/* The elements of S3's answers, right, odd and cut short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "objects/objects_xml.h"
#include "vqe/error.h"

static void assert_text(const char *xml, const char *name,
                        const char *expected)
{
  char *text = NULL;
  /* without a byte behind it that could be read by mistake */
  size_t size = strlen(xml);
  char *exact = malloc(size == 0 ? 1 : size);
  if (size > 0) {
    memcpy(exact, xml, size);
  }
  const struct vqe_xml_span all = {exact, size};
  assert_int_equal(vqe_xml_text(&text, all, name), VQE_OK);
  if (expected == NULL) {
    assert_null(text);
  } else {
    assert_non_null(text);
    assert_string_equal(text, expected);
  }
  free(text);
  free(exact);
}

static void test_text(void **state)
{
  (void)state;
  assert_text("<A><Key>x</Key></A>", "Key", "x");
  assert_text("<A><KeyCount>3</KeyCount><Key>x</Key></A>", "Key", "x");
  assert_text("<A><Key attribute=\"1\">x</Key ></A>", "Key", "x");
  assert_text("<A><Key/><Other>x</Other></A>", "Key", "");
  assert_text("<A><Key></Key></A>", "Key", "");
  assert_text("<A><K>x</K></A>", "Key", NULL);
  assert_text("<A><Key>x", "Key", NULL);
  assert_text("<A><Key>x</Ke", "Key", NULL);
  assert_text("<A><Key", "Key", NULL);
  assert_text("<Key>", "Key", NULL);
  assert_text("<", "Key", NULL);
  assert_text("", "Key", NULL);
}

static void test_entities(void **state)
{
  (void)state;
  assert_text("<K>&amp;&lt;&gt;&quot;&apos;</K>", "K", "&<>\"'");
  assert_text("<K>&#65;&#x42;&#xe4;&#8364;&#x1F600;</K>", "K",
              "AB\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  /* what is none stays */
  assert_text("<K>&none;&#;&#x;&#0;&#x110000;&#99999999;&amp</K>", "K",
              "&none;&#;&#x;&#0;&#x110000;&#99999999;&amp");
  assert_text("<K>&amp;amp;</K>", "K", "&amp;");
  assert_text("<K>&#6</K>5;", "K", "&#6");
}

static void test_next(void **state)
{
  (void)state;
  const char *xml = "<L><C><K>1</K></C><D/><C><K>2</K></C></L>";
  struct vqe_xml_span rest = {xml, strlen(xml)};
  struct vqe_xml_span element;
  char *text = NULL;
  for (int k = 1; k <= 2; k++) {
    char expected[2] = {(char)('0' + k), '\0'};
    assert_true(vqe_xml_next(&element, &rest, "C"));
    assert_int_equal(vqe_xml_text(&text, element, "K"), VQE_OK);
    assert_string_equal(text, expected);
    free(text);
  }
  assert_false(vqe_xml_next(&element, &rest, "C"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_entities),
      cmocka_unit_test(test_next),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
