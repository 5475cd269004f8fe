/* Texts in URLs and in messages. */
#include <curl/curl.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "http/http.h"

/* Every '%' of an encoded text begins an escape, so "%2F" is a slash. */
static void restore_slashes(char *encoded)
{
  char *end = encoded;
  for (const char *c = encoded; *c != '\0'; c++) {
    bool is_slash = strncmp(c, "%2F", 3) == 0;
    *end++ = (char)(is_slash ? '/' : *c);
    c += is_slash ? 2 : 0;
  }
  *end = '\0';
}

int vqe_http_encode(char **out, const char *text, bool keep_slash)
{
  *out = NULL;
  /* the handle is unused since libcurl 7.82 */
  char *encoded = curl_easy_escape(NULL, text, 0);
  if (encoded == NULL) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a URL");
  }
  int status = vqe_memory_strdup(out, encoded);
  curl_free(encoded);
  if (status == VQE_OK && keep_slash) {
    restore_slashes(*out);
  }
  return status;
}

void vqe_http_mask(char *text, const char *secret, size_t shortest)
{
  size_t size = secret == NULL ? 0 : strlen(secret);
  if (size == 0 || size < shortest) {
    return;
  }
  for (char *at = strstr(text, secret); at != NULL;
       at = strstr(at + size, secret)) {
    memset(at, '*', size);
  }
}
