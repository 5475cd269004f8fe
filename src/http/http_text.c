/* Texts in URLs and in messages. */
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"
#include "http/http.h"

/* A beginning of a secret, where a text was cut, that is masked. */
#define SHORTEST_CUT 8

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

/* ---- secrets in messages ---- */

static int hex_of(char c)
{
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/* One byte of what `at` stands for, however it is escaped; the number of
 * letters that this takes. */
static size_t unescape(char *byte, const char *at)
{
  static const char escapes[] = "\"\"\\\\//n\nr\rt\tb\bf\f";
  *byte = at[0];
  if (at[0] == '%' && hex_of(at[1]) >= 0 && hex_of(at[2]) >= 0) {
    *byte = (char)(16 * hex_of(at[1]) + hex_of(at[2]));
    return 3;
  }
  if (at[0] != '\\') {
    return 1;
  }
  if (at[1] == 'u' && at[2] == '0' && at[3] == '0' && hex_of(at[4]) >= 0 &&
      hex_of(at[5]) >= 0) {
    *byte = (char)(16 * hex_of(at[4]) + hex_of(at[5]));
    return 6;
  }
  for (const char *e = escapes; at[1] != '\0' && *e != '\0'; e += 2) {
    if (at[1] == *e) {
      *byte = e[1];
      return 2;
    }
  }
  return 1;
}

/* Letters at `at` that are the secret, each of its bytes as it is or escaped;
 * 0: it does not stand there. *cut: the text ends within it. */
static size_t match(const char *at, const char *secret, bool *cut)
{
  size_t used = 0;
  const char *wanted = secret;
  *cut = false;
  while (*wanted != '\0' && at[used] != '\0') {
    char byte;
    size_t taken = unescape(&byte, at + used);
    if (byte != *wanted && at[used] != *wanted &&
        !(at[used] == '+' && *wanted == ' ')) {
      return 0;
    }
    /* a secret may hold such letters itself */
    used += byte == *wanted ? taken : 1;
    wanted++;
  }
  if (*wanted != '\0') {
    *cut = wanted - secret >= SHORTEST_CUT;
    return *cut ? used : 0;
  }
  return used;
}

static void mask_one(char *text, const char *secret)
{
  char *at = text;
  size_t length = strlen(secret);
  /* as it is first: it may look like an escape of something else */
  for (char *found = strstr(text, secret); found != NULL;
       found = strstr(found + length, secret)) {
    memset(found, '*', length);
  }
  while (*at != '\0') {
    bool cut = false;
    size_t size = match(at, secret, &cut);
    memset(at, '*', size);
    at += size > 0 ? size : 1;
  }
}

/* Base64 by the other alphabet, that of URLs, without padding. */
static void to_url_alphabet(char *text)
{
  for (char *c = text; *c != '\0'; c++) {
    *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
  }
  text[strcspn(text, "=")] = '\0';
}

/* Without padding base64 ends in a letter that what follows decides: it is
 * left out where the text is longer than a secret's own. */
static void mask_base64(char *text, const char *secret, size_t size)
{
  unsigned char *encoded = malloc(4 * (size / 3 + 1) + 1);
  if (encoded == NULL) {
    return;
  }
  int length =
      EVP_EncodeBlock(encoded, (const unsigned char *)secret, (int)size);
  if (length >= SHORTEST_CUT) {
    char *form = (char *)encoded;
    mask_one(text, form);
    form[strcspn(form, "=")] = '\0';
    mask_one(text, form);
    to_url_alphabet(form);
    mask_one(text, form);
  }
  OPENSSL_cleanse(encoded, 4 * (size / 3 + 1));
  free(encoded);
}

void vqe_http_mask(char *text, const char *secret, size_t shortest)
{
  size_t size = secret == NULL ? 0 : strlen(secret);
  if (size == 0 || size < shortest || size > (1u << 20)) {
    return;
  }
  mask_one(text, secret);
  mask_base64(text, secret, size);
}

void vqe_http_mask_basic(char *text, const char *username,
                         const char *password)
{
  char *pair = NULL;
  if (username == NULL || password == NULL) {
    return;
  }
  int length = asprintf(&pair, "%s:%s", username, password);
  if (length < 0) {
    return;
  }
  mask_base64(text, pair, (size_t)length);
  OPENSSL_cleanse(pair, (size_t)length);
  free(pair);
}
