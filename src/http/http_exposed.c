/* Credentials that go over the net in plain text. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/http_attempt.h"

#define MOST_ADDRESSES 16

static void (*report_exposed)(const char *what, const char *by);

/* What was reported: texts that stay to the end of the program. */
static char *reported[MOST_ADDRESSES];

void vqe_http_report_exposed(void (*report)(const char *what, const char *by))
{
  report_exposed = report;
}

/* The host of "http://user@HOST:port/path"; *size of its letters. */
static const char *host_of(size_t *size, const char *url)
{
  const char *slashes = strstr(url, "://");
  const char *host = slashes != NULL ? slashes + 3 : url;
  size_t length = strcspn(host, "/?#");
  for (const char *at = memchr(host, '@', length); at != NULL;
       at = memchr(host, '@', length)) {
    length -= (size_t)(at + 1 - host);
    host = at + 1;
  }
  *size = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
  *size = *size < length ? *size : length;
  return host;
}

static bool is_loopback(const char *host, size_t size)
{
  static const char *const names[] = {"localhost", "[::1]", "localhost."};
  bool found = size >= 4 && strncmp(host, "127.", 4) == 0 &&
               strspn(host, "0123456789.") >= size;
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    found = found || (size == strlen(names[k]) &&
                      strncasecmp(host, names[k], size) == 0);
  }
  return found ||
         (size > 10 && strncasecmp(host + size - 10, ".localhost", 10) == 0);
}

bool vqe_http_is_exposed(const char *url)
{
  size_t size = 0;
  const char *host = host_of(&size, url);
  return strncasecmp(url, "https://", 8) != 0 && size > 0 &&
         !is_loopback(host, size);
}

/* Once for each address, which is shown without what may be a password. */
static void report_once(const char *url, const char *by)
{
  size_t size = 0;
  const char *host = host_of(&size, url);
  char *name = strndup(host, size + strcspn(host + size, "/?#"));
  size_t k = 0;
  if (name == NULL) {
    return;
  }
  while (k < MOST_ADDRESSES && reported[k] != NULL &&
         strcmp(reported[k], name) != 0) {
    k++;
  }
  if (k < MOST_ADDRESSES && reported[k] == NULL) {
    reported[k] = name;
    report_exposed(name, by);
  } else {
    free(name);
  }
}

/* A proxy with a password of its own, which libcurl finds in the environment.
 */
static void check_proxies(void)
{
  static const char *const names[] = {"https_proxy", "HTTPS_PROXY",
                                      "http_proxy", "all_proxy", "ALL_PROXY"};
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    const char *url = getenv(names[k]);
    if (url != NULL && strchr(url, '@') != NULL &&
        strncasecmp(url, "socks", 5) != 0 && vqe_http_is_exposed(url)) {
      report_once(url, "a proxy");
    }
  }
}

void vqe_http_check_exposed(const struct vqe_http_options *options,
                            const char *url)
{
  bool has_credentials = options->sigv4 != NULL || options->username != NULL ||
                         options->token != NULL;
  if (report_exposed == NULL) {
    return;
  }
  if ((has_credentials || options->sends_secrets) &&
      vqe_http_is_exposed(url)) {
    report_once(url, NULL);
  }
  check_proxies();
}
