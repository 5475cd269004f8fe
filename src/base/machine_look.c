#include "base/machine_look.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PATH_SIZE 512

static FILE *open_below(const char *root, const char *name)
{
  char path[PATH_SIZE];
  int size = snprintf(path, sizeof path, "%s/%s", root, name);
  return size > 0 && (size_t)size < sizeof path ? fopen(path, "r") : NULL;
}

static bool is_there(const char *root, const char *name)
{
  char path[PATH_SIZE];
  int size = snprintf(path, sizeof path, "%s/%s", root, name);
  return size > 0 && (size_t)size < sizeof path && access(path, F_OK) == 0;
}

static void look_at_load(struct vqe_machine_look *out, const char *root)
{
  FILE *stream = open_below(root, "proc/loadavg");
  bool found = stream != NULL && fscanf(stream, "%lf %lf %lf", &out->load[0],
                                        &out->load[1], &out->load[2]) == 3;
  for (int k = 0; !found && k < 3; k++) {
    out->load[k] = (double)NAN;
  }
  if (stream != NULL) {
    fclose(stream);
  }
}

static void look_at_memory(struct vqe_machine_look *out, const char *root)
{
  const struct {
    const char *format;
    uint64_t *to;
  } wanted[] = {{"MemTotal: %" SCNu64, &out->memory},
                {"SwapTotal: %" SCNu64, &out->swap},
                {"SwapFree: %" SCNu64, &out->swap_free}};
  char line[256];
  FILE *stream = open_below(root, "proc/meminfo");
  while (stream != NULL && fgets(line, sizeof line, stream) != NULL) {
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++) {
      uint64_t kilobytes;
      if (sscanf(line, wanted[k].format, &kilobytes) == 1 &&
          kilobytes < UINT64_MAX / 1024) {
        *wanted[k].to = kilobytes * 1024;
      }
    }
  }
  if (stream != NULL) {
    fclose(stream);
  }
}

/* "  eth0: RECEIVED packets errs drop fifo frame compressed multicast SENT
 * ..."
 */
static void look_at_network(struct vqe_machine_look *out, const char *root)
{
  char line[512];
  char name[64];
  uint64_t received;
  uint64_t sent;
  FILE *stream = open_below(root, "proc/net/dev");
  while (stream != NULL && fgets(line, sizeof line, stream) != NULL) {
    char *colon = strchr(line, ':');
    if (colon == NULL) {
      continue; /* the titles */
    }
    *colon = ' ';
    if (sscanf(line, "%63s %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64,
               name, &received, &sent) == 3 &&
        strcmp(name, "lo") != 0) {
      out->received =
          (out->received == UINT64_MAX ? 0 : out->received) + received;
      out->sent = (out->sent == UINT64_MAX ? 0 : out->sent) + sent;
    }
  }
  if (stream != NULL) {
    fclose(stream);
  }
}

/* By what each kind leaves for those inside to see. */
static void look_at_container(struct vqe_machine_look *out, const char *root)
{
  static const struct {
    const char *variable, *file, *kind;
  } known[] = {{"KUBERNETES_SERVICE_HOST", NULL, "kubernetes"},
               {"APPTAINER_CONTAINER", NULL, "apptainer"},
               {"SINGULARITY_CONTAINER", NULL, "apptainer"},
               {NULL, "run/.containerenv", "podman"},
               {NULL, ".dockerenv", "docker"},
               {NULL, "run/systemd/container", "container"}};
  out->container[0] = '\0';
  for (size_t k = 0;
       k < sizeof known / sizeof known[0] && out->container[0] == '\0'; k++) {
    const char *value =
        known[k].variable != NULL ? getenv(known[k].variable) : NULL;
    if ((value != NULL && value[0] != '\0') ||
        (known[k].file != NULL && is_there(root, known[k].file))) {
      snprintf(out->container, sizeof out->container, "%s", known[k].kind);
    }
  }
}

void vqe_machine_look(struct vqe_machine_look *out, const char *root,
                      const char *folder)
{
  struct statvfs disk;
  root = root != NULL ? root : "";
  out->memory = out->swap = out->swap_free = UINT64_MAX;
  out->received = out->sent = UINT64_MAX;
  out->disk_free = statvfs(folder, &disk) == 0
                       ? (uint64_t)disk.f_bavail * disk.f_frsize
                       : UINT64_MAX;
  look_at_load(out, root);
  look_at_memory(out, root);
  look_at_network(out, root);
  look_at_container(out, root);
}
