/* H2 by a text of JSON, as include/vqe/README.md has it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vqe/error.h>
#include <vqe/run_json.h>

int main(void)
{
  const char *text = "{\"molecules\": [{\"symbols\": [\"H\", \"H\"], "
                     "\"coords\": [[0, 0, 0], [0, 0, 0.7414]]}]}";
  char *result = NULL;
  int status = vqe_run_json(&result, text, strlen(text), NULL, NULL);
  puts(status == VQE_OK ? result : vqe_error_message());
  free(result);
  return status == VQE_OK ? 0 : 1;
}
