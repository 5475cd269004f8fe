/* The elements of S3's responses, right, odd, hostile and cut short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
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
  assert_int_equal(vqe_s3_xml_text(&text, exact, size, name), VQE_OK);
  if (expected == NULL) {
    assert_null(text);
  } else {
    assert_non_null(text);
    assert_string_equal(text, expected);
  }
  free(text);
  free(exact);
}

static void text_is_that_of_the_first_element_of_the_name(void **state)
{
  (void)state;
  assert_text("<A><Key>x</Key><Key>y</Key></A>", "Key", "x");
  assert_text("<A><KeyCount>3</KeyCount><Key>x</Key></A>", "Key", "x");
  assert_text("<A><Key attribute=\"1\">x</Key ></A>", "Key", "x");
  assert_text("<A><Key/><Other>x</Other></A>", "Key", "");
  assert_text("<A><Key></Key></A>", "Key", "");
  assert_text("<A><K>x</K></A>", "Key", NULL);
  assert_text("<A><Key><![CDATA[<x>]]></Key><!-- no --></A>", "Key", "<x>");
}

static void text_before_a_fault_is_found(void **state)
{
  (void)state;
  assert_text("<A><Key>x", "Key", NULL);
  assert_text("<A><Key>x</Ke", "Key", NULL);
  assert_text("<A><Key", "Key", NULL);
  assert_text("<Key>", "Key", NULL);
  assert_text("<", "Key", NULL);
  assert_text("", "Key", NULL);
  assert_text("<A><Code>x</Code><Key>y", "Code", "x");
  assert_text("<A><Code>x</Code></B>", "Code", "x");
}

static void
entities_of_xml_are_resolved_and_others_end_the_reading(void **state)
{
  (void)state;
  assert_text("<K>&amp;&lt;&gt;&quot;&apos;</K>", "K", "&<>\"'");
  assert_text("<K>&#65;&#x42;&#xe4;&#8364;&#x1F600;</K>", "K",
              "AB\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  assert_text("<K>&amp;amp;</K>", "K", "&amp;");
  assert_text("<K>&none;</K>", "K", NULL);
  assert_text("<K>&#0;</K>", "K", NULL);
  assert_text("<K>&#x110000;</K>", "K", NULL);
  assert_text("<K>&#6</K>5;", "K", NULL);
}

/* ---- whole documents ---- */

static int note(void *ctx, const struct vqe_s3_xml_element *element)
{
  char *seen = ctx;
  size_t used = strlen(seen);
  snprintf(seen + used, 400 - used, "%s/%s=%s ", element->parent,
           element->name, element->text);
  return VQE_OK;
}

static int read_all(char seen[400], const char *xml)
{
  seen[0] = '\0';
  return vqe_s3_xml_read(xml, strlen(xml), note, seen);
}

static void elements_come_with_the_one_around_them(void **state)
{
  char seen[400];
  (void)state;
  assert_int_equal(
      read_all(seen, " \r\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<L xmlns=\"x\"><C><K>1</K></C><D/><C><K>2</K></C></L>"),
      VQE_OK);
  assert_string_equal(seen, "C/K=1 L/C= L/D= C/K=2 L/C= /L= ");
}

static int stop_at_b(void *ctx, const struct vqe_s3_xml_element *element)
{
  int *calls = ctx;
  (*calls)++;
  return strcmp(element->name, "b") == 0 ? VQE_ERR_IO : VQE_OK;
}

static void a_visitor_ends_the_reading(void **state)
{
  const char *xml = "<l><a/><b/><c/></l>";
  int calls = 0;
  (void)state;
  assert_int_equal(vqe_s3_xml_read(xml, strlen(xml), stop_at_b, &calls),
                   VQE_ERR_IO);
  assert_int_equal(calls, 2);
}

static void a_document_type_is_refused(void **state)
{
  char seen[400];
  (void)state;
  assert_int_equal(read_all(seen, "<!DOCTYPE L [<!ENTITY e \"many\">]>"
                                  "<L><K>&e;</K></L>"),
                   VQE_ERR_INPUT);
  assert_string_equal(seen, "");
  assert_non_null(strstr(vqe_error_message(), "document type"));
  assert_int_equal(
      read_all(seen, "<!DOCTYPE L SYSTEM \"file:///etc/passwd\"><L/>"),
      VQE_ERR_INPUT);
}

static void depth_and_length_are_limited(void **state)
{
  char deep[400] = "";
  char seen[400];
  char *large = malloc(20000);
  (void)state;
  for (int k = 0; k < 17; k++) {
    strcat(deep, k < 16 ? "<a>" : "<a/>");
  }
  assert_int_equal(read_all(seen, deep), VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "16 deep"));
  assert_string_equal(seen, "");
  int used = snprintf(large, 20000, "<L><K>%08192d</K><M>", 1);
  assert_int_equal(vqe_s3_xml_read(large, (size_t)used, note, seen),
                   VQE_ERR_INPUT);
  assert_null(strstr(vqe_error_message(), "above"));
  used = snprintf(large, 20000, "<L><K>%08193d</K></L>", 1);
  assert_int_equal(vqe_s3_xml_read(large, (size_t)used, note, seen),
                   VQE_ERR_INPUT);
  assert_non_null(strstr(vqe_error_message(), "above 8192 bytes"));
  free(large);
}

static void what_is_no_xml_is_refused(void **state)
{
  static const char *const bad[] = {"",
                                    "{\"a\": 1}",
                                    "<L><K></L></K>",
                                    "<L></L><M></M>",
                                    "<L>\xff</L>",
                                    "<html><br></html>"};
  char seen[400];
  (void)state;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(read_all(seen, bad[k]), VQE_ERR_INPUT);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_that_of_the_first_element_of_the_name),
      cmocka_unit_test(text_before_a_fault_is_found),
      cmocka_unit_test(
          entities_of_xml_are_resolved_and_others_end_the_reading),
      cmocka_unit_test(elements_come_with_the_one_around_them),
      cmocka_unit_test(a_visitor_ends_the_reading),
      cmocka_unit_test(a_document_type_is_refused),
      cmocka_unit_test(depth_and_length_are_limited),
      cmocka_unit_test(what_is_no_xml_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
