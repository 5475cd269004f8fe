#include "record/record_json.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/json_text.h"
#include "record/record_read.h"

/* Longest number token that is looked at; longer ones are left to the JSON
 * reader. */
#define NUMBER_SIZE 64

/* Overwrite number tokens that overflow a double, as 1e999, by null: they are
 * never shorter than four letters. */
static void blank_overflow(char *text, size_t size)
{
  bool in_string = false;
  for (size_t k = 0; k < size; k++) {
    if (in_string) {
      if (text[k] == '\\') {
        k++;
      } else if (text[k] == '"') {
        in_string = false;
      }
      continue;
    }
    if (text[k] == '"') {
      in_string = true;
      continue;
    }
    if (text[k] != '-' && (text[k] < '0' || text[k] > '9')) {
      continue;
    }
    size_t end = k;
    char token[NUMBER_SIZE + 1];
    while (end < size && end - k < NUMBER_SIZE &&
           strchr("+-.eE0123456789", text[end]) != NULL && text[end] != 0) {
      end++;
    }
    memcpy(token, text + k, end - k);
    token[end - k] = '\0';
    if (end - k >= 4 && end - k < NUMBER_SIZE && isinf(strtod(token, NULL))) {
      memset(text + k, ' ', end - k);
      memcpy(text + k, "null", 4);
    }
    k = end - 1;
  }
}

int vqe_record_json_parse(struct vqe_record **out, char *text, size_t size,
                          const char *where)
{
  json_t *root;
  *out = NULL;
  blank_overflow(text, size);
  int status = vqe_json_parse(&root, text, size, 0, where);
  if (status != VQE_OK) {
    return status;
  }
  struct vqe_node node = {.is_json = true, .json = root};
  status = vqe_record_from_node(out, &node, where);
  json_decref(root);
  return status;
}
