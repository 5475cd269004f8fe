/* By hand, since libinih as distributions build it cuts a line after 200
 * bytes, and session tokens have a thousand. */
#include "objects/objects_profile.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/error_message.h"

#define BLANKS " \t\r"
#define BOM "\xef\xbb\xbf"

static char *trim(char *text)
{
  text += strspn(text, BLANKS);
  size_t length = strlen(text);
  while (length > 0 && strchr(BLANKS, text[length - 1]) != NULL) {
    text[--length] = '\0';
  }
  return text;
}

/* Without a pair of quotes around it. */
static char *unquote(char *text)
{
  size_t length = strlen(text);
  if (length >= 2 && (text[0] == '"' || text[0] == '\'') &&
      text[length - 1] == text[0]) {
    text[length - 1] = '\0';
    text++;
  }
  return text;
}

static void lower(char *text)
{
  for (; *text != '\0'; text++) {
    *text = (char)tolower((unsigned char)*text);
  }
}

/* The head "[NAME]" or "[KIND NAME]". */
static void read_head(struct vqe_s3_setting *setting, char *line)
{
  char *kind = line + 1;
  kind[strcspn(kind, "]")] = '\0';
  kind = trim(kind);
  char *name = kind + strcspn(kind, BLANKS);
  setting->kind = "";
  setting->section = unquote(kind);
  setting->group = "";
  if (kind[0] != '"' && kind[0] != '\'' && *name != '\0') {
    *name = '\0';
    setting->kind = kind;
    setting->section = unquote(trim(name + 1));
  }
}

/* "name = value", indented where it belongs to the name above. */
static int read_setting(struct vqe_s3_setting *setting, char *line,
                        bool indented, vqe_s3_profile_visit visit, void *ctx)
{
  char *equals = strchr(line, '=');
  if (equals == NULL) {
    return VQE_OK;
  }
  *equals = '\0';
  char *name = trim(line);
  char *value = unquote(trim(equals + 1));
  lower(name);
  setting->name = name;
  setting->value = value;
  if (!indented) {
    setting->group = "";
  }
  int status = visit(ctx, setting);
  if (!indented && value[0] == '\0') {
    setting->group = name;
  }
  return status;
}

int vqe_s3_profile_read(char *text, size_t size, vqe_s3_profile_visit visit,
                        void *ctx)
{
  struct vqe_s3_setting setting = {.kind = "", .section = "", .group = ""};
  char *state = NULL;
  bool inside = false;
  int status = VQE_OK;
  if (memchr(text, '\0', size) != NULL) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "it holds bytes that are zero; save it as UTF-8");
  }
  if (strncmp(text, BOM, strlen(BOM)) == 0) {
    text += strlen(BOM);
  }
  for (char *line = strtok_r(text, "\n", &state);
       status == VQE_OK && line != NULL; line = strtok_r(NULL, "\n", &state)) {
    bool indented = line[0] == ' ' || line[0] == '\t';
    char *start = trim(line);
    if (start[0] == '[' && !indented) {
      read_head(&setting, start);
      inside = true;
    } else if (inside && start[0] != '#' && start[0] != ';') {
      status = read_setting(&setting, start, indented, visit, ctx);
    }
  }
  return status;
}
