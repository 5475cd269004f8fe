#include "objects/objects_xml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "base/memory.h"

/* Position behind the tag that starts with `open` ("<" or "</") and has the
 * name; *start is where the tag begins. NULL when there is none. */
static const char *find_tag(const char **start, bool *is_empty, const char *at,
                            const char *end, const char *open,
                            const char *name)
{
  size_t lead = strlen(open);
  size_t length = strlen(name);
  while (at < end) {
    at = memchr(at, '<', (size_t)(end - at));
    if (at == NULL || (size_t)(end - at) < lead + length + 1) {
      return NULL;
    }
    const char *after = at + lead + length;
    if (memcmp(at, open, lead) == 0 && memcmp(at + lead, name, length) == 0 &&
        strchr("> /\t\r\n", *after) != NULL && *after != '\0') {
      const char *close = memchr(after, '>', (size_t)(end - after));
      if (close == NULL) {
        return NULL;
      }
      *start = at;
      *is_empty = close[-1] == '/';
      return close + 1;
    }
    at++;
  }
  return NULL;
}

bool vqe_xml_next(struct vqe_xml_span *out, struct vqe_xml_span *rest,
                  const char *name)
{
  const char *end = rest->start + rest->size;
  const char *tag = NULL;
  bool is_empty = false;
  const char *content = find_tag(&tag, &is_empty, rest->start, end, "<", name);
  if (content == NULL) {
    return false;
  }
  const char *after = content;
  *out = (struct vqe_xml_span){content, 0};
  if (!is_empty) {
    after = find_tag(&tag, &is_empty, content, end, "</", name);
    if (after == NULL) {
      return false;
    }
    out->size = (size_t)(tag - content);
  }
  *rest = (struct vqe_xml_span){after, (size_t)(end - after)};
  return true;
}

/* UTF-8 bytes of a code point; 0 bytes when it is none. */
static size_t put_utf8(char *out, unsigned long code)
{
  if (code == 0 || code > 0x10ffff) {
    return 0;
  }
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (char)(0xc0 | (code >> 6));
    out[1] = (char)(0x80 | (code & 0x3f));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (char)(0xe0 | (code >> 12));
    out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    return 3;
  }
  out[0] = (char)(0xf0 | (code >> 18));
  out[1] = (char)(0x80 | ((code >> 12) & 0x3f));
  out[2] = (char)(0x80 | ((code >> 6) & 0x3f));
  out[3] = (char)(0x80 | (code & 0x3f));
  return 4;
}

/* Resolve the entity at `text` ("&...;"); the result is never longer.
 * Returns the bytes taken, 0 when it is no entity. */
static size_t resolve(char *out, size_t *put, const char *text)
{
  static const struct {
    const char *name;
    char value;
  } named[] = {{"&amp;", '&'},
               {"&lt;", '<'},
               {"&gt;", '>'},
               {"&quot;", '"'},
               {"&apos;", '\''}};
  for (size_t k = 0; k < sizeof named / sizeof named[0]; k++) {
    if (strncmp(text, named[k].name, strlen(named[k].name)) == 0) {
      out[0] = named[k].value;
      *put = 1;
      return strlen(named[k].name);
    }
  }
  if (text[1] != '#') {
    return 0;
  }
  bool is_hex = text[2] == 'x';
  const char *digits = text + (is_hex ? 3 : 2);
  size_t count =
      strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789");
  /* seven digits reach past the last code point */
  if (count == 0 || count > 7 || digits[count] != ';') {
    return 0;
  }
  *put = put_utf8(out, strtoul(digits, NULL, is_hex ? 16 : 10));
  return *put == 0 ? 0 : (size_t)(digits - text) + count + 1;
}

int vqe_xml_text(char **out, struct vqe_xml_span within, const char *name)
{
  struct vqe_xml_span span;
  char *text = NULL;
  *out = NULL;
  if (!vqe_xml_next(&span, &within, name)) {
    return VQE_OK;
  }
  int status = vqe_memory_alloc(&text, span.size + 1, 1, "an answer of S3");
  if (status != VQE_OK) {
    return status;
  }
  if (span.size > 0) {
    memcpy(text, span.start, span.size);
  }
  size_t used = 0;
  for (size_t k = 0; k < span.size;) {
    size_t put = 1;
    size_t taken = text[k] == '&' ? resolve(text + used, &put, text + k) : 0;
    if (taken == 0) {
      text[used] = text[k];
      taken = 1;
      put = 1;
    }
    used += put;
    k += taken;
  }
  text[used] = '\0';
  *out = text;
  return VQE_OK;
}
