#include "vqe/canonical.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "base/sha256.h"

json_t *vqe_canonical_double(double value)
{
  char digits[17];
  uint64_t bits;
  if (value == 0.0) {
    bits = 0;
  } else if (isnan(value)) {
    bits = UINT64_C(0x7ff8000000000000);
  } else {
    memcpy(&bits, &value, sizeof bits);
  }
  snprintf(digits, sizeof digits, "%016" PRIx64, bits);
  return json_string(digits);
}

/* Jansson writes control characters as \u001F, Python as \u001f. */
static void lower_escapes(char *text)
{
  for (char *at = text; *at != '\0'; at++) {
    if (*at != '\\') {
      continue;
    }
    at++;
    if (*at != 'u') {
      continue;
    }
    for (int k = 0; k < 4; k++) {
      at++;
      *at = (char)tolower((unsigned char)*at);
    }
  }
}

int vqe_canonical_dump(char id[VQE_EXPERIMENT_ID_SIZE], char **text,
                       const json_t *value)
{
  *text = vqe_json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
  if (*text == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY,
                         "no memory for the text of an identity");
  }
  lower_escapes(*text);
  return vqe_sha256_hex(id, *text, strlen(*text));
}
