#include "store/h5error.h"

#include <stdio.h>
#include <string.h>

#include "base/error_message.h"

void vqe_h5quiet_begin(struct vqe_h5quiet *quiet)
{
  /* after a damaged file HDF5's cleanup at exit prints complaints of its own;
   * nothing is open then that it would have to close */
  H5dont_atexit();
  quiet->function = NULL;
  quiet->data = NULL;
  quiet->plugins = 0;
  H5Eget_auto2(H5E_DEFAULT, &quiet->function, &quiet->data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  (void)H5PLget_loading_state(&quiet->plugins);
  (void)H5PLset_loading_state(0);
}

void vqe_h5quiet_end(const struct vqe_h5quiet *quiet)
{
  (void)H5PLset_loading_state(quiet->plugins);
  H5Eset_auto2(H5E_DEFAULT, quiet->function, quiet->data);
}

#define REASON_SIZE 256

/* What HDF5 has on its stack: its innermost words, what the system said, and
 * whether another program keeps it from opening the file. */
struct reason {
  char words[REASON_SIZE];
  char system[REASON_SIZE];
  bool elsewhere;
};

/* The text between quotes after "error message = ". */
static void take_system(char *out, const char *words)
{
  static const char before[] = "error message = '";
  const char *at = strstr(words, before);
  if (at != NULL) {
    at += sizeof before - 1;
    snprintf(out, REASON_SIZE, "%.*s", (int)strcspn(at, "'"), at);
  }
}

static herr_t look_at(unsigned n, const H5E_error2_t *entry, void *ctx)
{
  struct reason *reason = ctx;
  const char *words = entry->desc != NULL ? entry->desc : "no description";
  (void)n;
  snprintf(reason->words, sizeof reason->words, "%s", words);
  take_system(reason->system, words);
  reason->elsewhere = reason->elsewhere || strstr(words, "to lock ") != NULL ||
                      strstr(words, "already open for") != NULL;
  return 0;
}

static struct reason read_stack(void)
{
  struct reason reason = {.elsewhere = false};
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, look_at, &reason);
  return reason;
}

bool vqe_h5error_is_open_elsewhere(void)
{
  return read_stack().elsewhere;
}

bool vqe_h5error_is_system(void)
{
  return read_stack().system[0] != '\0';
}

int vqe_h5error_set(int status, const char *path, const char *what)
{
  struct reason reason = read_stack();
  if (reason.system[0] != '\0') {
    return vqe_error_set(status, "result file '%s': %s: %s", path, what,
                         reason.system);
  }
  return vqe_error_set(status, "result file '%s': %s%s%s", path, what,
                       reason.words[0] != '\0' ? ": HDF5 says " : "",
                       reason.words);
}
