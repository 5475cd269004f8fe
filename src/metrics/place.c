#include "metrics/place.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/core_dump.h"
#include "base/error_message.h"
#include "base/memory.h"
#include "http/http.h"

#define FILE_END ".prom"

/* ---- files and addresses ---- */

static int read_file(struct vqe_metrics_place *out, const char *text,
                     const char *option)
{
  size_t length = strlen(text);
  size_t end = strlen(FILE_END);
  if (length <= end || strcmp(text + length - end, FILE_END) != 0) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: '%s' does not end in " FILE_END
                         ", without which node_exporter does not read it; "
                         "give FILE" FILE_END ", or the URL of a Pushgateway "
                         "(http://HOST:9091)",
                         option, text);
  }
  return vqe_memory_strdup(&out->file, text);
}

/* The bytes that percent signs stand for, in place. */
static void decode(char *text)
{
  char *to = text;
  for (const char *at = text; *at != '\0'; at++) {
    char digits[3] = {0};
    if (*at == '%' && strspn(at + 1, "0123456789abcdefABCDEF") >= 2) {
      memcpy(digits, at + 1, 2);
      *to++ = (char)strtol(digits, NULL, 16);
      at += 2;
    } else {
      *to++ = *at;
    }
  }
  *to = '\0';
}

/* USER:PASSWORD of an address, `size` bytes. */
static int read_credentials(struct vqe_metrics_place *out, const char *text,
                            size_t size)
{
  const char *colon = memchr(text, ':', size);
  size_t name = colon != NULL ? (size_t)(colon - text) : size;
  vqe_core_dump_forbid();
  int status = vqe_memory_print(&out->username, "%.*s", (int)name, text);
  if (status == VQE_OK && colon != NULL) {
    status = vqe_memory_print(&out->password, "%.*s", (int)(size - name - 1),
                              colon + 1);
  }
  if (status == VQE_OK) {
    decode(out->username);
    if (out->password != NULL) {
      decode(out->password);
    }
  }
  return status;
}

static int read_url(struct vqe_metrics_place *out, const char *text,
                    const char *option)
{
  bool plain = strncasecmp(text, "http://", 7) == 0;
  bool secure = strncasecmp(text, "https://", 8) == 0;
  const char *host = text + (plain ? 7 : 8);
  if (!plain && !secure) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: only addresses that begin with http:// or "
                         "https:// are those of a Pushgateway",
                         option);
  }
  size_t authority = strcspn(host, "/?#");
  const char *at = memrchr(host, '@', authority);
  int status = VQE_OK;
  if (at != NULL) {
    status = read_credentials(out, host, (size_t)(at - host));
    authority -= (size_t)(at + 1 - host);
    host = at + 1;
  }
  size_t length = strlen(host);
  while (length > 0 && host[length - 1] == '/') {
    length--;
  }
  if (status == VQE_OK && (authority == 0 || strpbrk(host, "?# ") != NULL)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: no address of a Pushgateway; give "
                         "http://HOST:9091, without '?' and '#'",
                         option);
  }
  return status == VQE_OK ? vqe_memory_print(&out->url, "%s%.*s",
                                             plain ? "http://" : "https://",
                                             (int)length, host)
                          : status;
}

int vqe_metrics_place_read(struct vqe_metrics_place *out, const char *text,
                           const char *option)
{
  memset(out, 0, sizeof *out);
  int status = strstr(text, "://") != NULL ? read_url(out, text, option)
                                           : read_file(out, text, option);
  if (status != VQE_OK) {
    vqe_metrics_place_clear(out);
  }
  return status;
}

void vqe_metrics_place_clear(struct vqe_metrics_place *place)
{
  if (place->password != NULL) {
    explicit_bzero(place->password, strlen(place->password));
  }
  free(place->file);
  free(place->url);
  free(place->username);
  free(place->password);
  memset(place, 0, sizeof *place);
}

/* ---- groups ---- */

/* "/KEY/VALUE", or "/KEY@base64/..." for a value with a slash or none at all,
 * which a path cannot hold. */
static int key_of(char **out, const char *key, const char *value)
{
  char *encoded = NULL;
  size_t length = strlen(value);
  *out = NULL;
  if (length > 0 && strchr(value, '/') == NULL) {
    int status = vqe_http_encode(&encoded, value, false);
    if (status == VQE_OK) {
      status = vqe_memory_print(out, "/%s/%s", key, encoded);
    }
    free(encoded);
    return status;
  }
  int status =
      vqe_memory_alloc(&encoded, 4 * (length / 3 + 1) + 1, 1, "a group");
  if (status == VQE_OK) {
    (void)EVP_EncodeBlock((unsigned char *)encoded,
                          (const unsigned char *)value, (int)length);
    for (char *c = encoded; *c != '\0'; c++) {
      *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
    }
    encoded[strcspn(encoded, "=")] = '\0';
    /* of an empty value: one padding sign, as an empty part would be lost */
    status = vqe_memory_print(out, "/%s@base64/%s", key,
                              length > 0 ? encoded : "=");
  }
  free(encoded);
  return status;
}

int vqe_metrics_place_group(char **out, const char *batch,
                            const char *experiment)
{
  char *first = NULL;
  char *second = NULL;
  *out = NULL;
  int status = key_of(&first, "batch", batch);
  if (status == VQE_OK && experiment != NULL) {
    status = key_of(&second, "experiment", experiment);
  }
  if (status == VQE_OK) {
    status = vqe_memory_print(out, "/metrics/job/vqe_batch%s%s", first,
                              second != NULL ? second : "");
  }
  free(first);
  free(second);
  return status;
}

/* ---- a page that is served ---- */

int vqe_metrics_place_listen(char **address, int *port, const char *text,
                             const char *option)
{
  const char *colon = strrchr(text, ':');
  const char *digits = colon != NULL ? colon + 1 : text;
  size_t length = colon != NULL ? (size_t)(colon - text) : 0;
  const char *start = text;
  *address = NULL;
  if (length > 2 && start[0] == '[' && start[length - 1] == ']') {
    start++;
    length -= 2;
  } else if (memchr(start, ':', length) != NULL ||
             memchr(start, '[', length) != NULL) {
    digits = ""; /* of IPv6 without brackets: which colon is the last? */
  }
  size_t count = strlen(digits);
  if (count == 0 || count > 5 || strspn(digits, "0123456789") != count ||
      atoi(digits) > 65535 || (colon != NULL && length == 0)) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: '%s' is no [ADDRESS:]PORT; give a port from 0 "
                         "to 65535, or an address of this machine before it: "
                         "9464, 127.0.0.1:0, [::1]:9464",
                         option, text);
  }
  *port = atoi(digits);
  return length > 0 ? vqe_memory_print(address, "%.*s", (int)length, start)
                    : vqe_memory_strdup(address, "127.0.0.1");
}
