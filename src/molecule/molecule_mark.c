/* Byte order marks of text files. */
#include <string.h>

#include "base/error_message.h"
#include "molecule/molecule_build.h"

int vqe_molecule_skip_mark(const char **text, size_t *size, const char *source)
{
  static const struct {
    const char *bytes;
    size_t count;
    const char *name;
  } others[] = {{"\xff\xfe\0\0", 4, "UTF-32"},
                {"\0\0\xfe\xff", 4, "UTF-32"},
                {"\xff\xfe", 2, "UTF-16"},
                {"\xfe\xff", 2, "UTF-16"}};
  const char *name = NULL;
  if (*size >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
    *text += 3;
    *size -= 3;
    return VQE_OK;
  }
  for (size_t k = 0; name == NULL && k < sizeof others / sizeof others[0];
       k++) {
    if (*size >= others[k].count &&
        memcmp(*text, others[k].bytes, others[k].count) == 0) {
      name = others[k].name;
    }
  }
  /* without a mark: every other byte of ASCII text is zero */
  if (name == NULL && *size >= 4 &&
      (((*text)[0] == '\0' && (*text)[2] == '\0') ||
       ((*text)[1] == '\0' && (*text)[3] == '\0'))) {
    name = "UTF-16";
  }
  return name == NULL
             ? VQE_OK
             : vqe_error_set(VQE_ERR_INPUT,
                             "file '%.400s' is text in %s; save it as UTF-8 "
                             "(iconv -f %s -t UTF-8)",
                             source, name, name);
}
