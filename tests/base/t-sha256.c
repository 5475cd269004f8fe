/* Known digests of FIPS 180-4's examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "vqe/error.h"

static void digests_are_those_of_the_standard(void **state)
{
  (void)state;
  static const struct {
    const char *text, *hex;
  } cases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb924"
           "27ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223"
              "b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039"
       "a33ce45964ff2167f6ecedd419db06c1"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char hex[VQE_SHA256_HEX_SIZE];
    assert_int_equal(vqe_sha256_hex(hex, cases[k].text, strlen(cases[k].text)),
                     VQE_OK);
    assert_string_equal(hex, cases[k].hex);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(digests_are_those_of_the_standard),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
