#include "objects/objects_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define START_FIELD 22 /* of /proc/PID/stat, from 1 */

/* Time of start of a process, in ticks since boot, and its state; false when
 * unknown. */
static bool read_start(unsigned long long *start, char *process_state,
                       int64_t pid)
{
  char path[64];
  char text[1024];
  snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    return false;
  }
  size_t size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = '\0';
  /* the name, in parentheses, may hold anything */
  const char *next = strrchr(text, ')');
  *process_state = '\0';
  if (next != NULL && next[1] == ' ') {
    *process_state = next[2];
  }
  for (int field = 2; next != NULL && field < START_FIELD; field++) {
    next = strchr(next + 1, ' ');
  }
  return next != NULL && sscanf(next, "%llu", start) == 1;
}

/* Boot and namespace, the same for all processes that see one another. */
static bool read_machine(char *out, size_t size)
{
  char boot[64] = "";
  char space[32] = "";
  FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
  bool good = file != NULL && fgets(boot, sizeof boot, file) != NULL;
  if (file != NULL) {
    fclose(file);
  }
  ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
  boot[strcspn(boot, "\n")] = '\0';
  good = good && length > 0 &&
         snprintf(out, size, "%s %s", boot, space) < (int)size;
  return good;
}

void vqe_objects_process(char out[VQE_OBJECTS_PROCESS_SIZE])
{
  char machine[VQE_OBJECTS_PROCESS_SIZE - 24];
  unsigned long long start = 0;
  char process_state;
  out[0] = '\0';
  if (read_machine(machine, sizeof machine) &&
      read_start(&start, &process_state, getpid())) {
    snprintf(out, VQE_OBJECTS_PROCESS_SIZE, "%s %llu", machine, start);
  }
}

bool vqe_objects_process_ended(const char *process, int64_t pid)
{
  char machine[VQE_OBJECTS_PROCESS_SIZE - 24];
  unsigned long long start = 0;
  unsigned long long now = 0;
  char process_state;
  if (pid <= 0 || (int64_t)(pid_t)pid != pid ||
      !read_machine(machine, sizeof machine)) {
    return false;
  }
  size_t length = strlen(machine);
  if (strncmp(process, machine, length) != 0 || process[length] != ' ' ||
      sscanf(process + length, "%llu", &start) != 1) {
    return false;
  }
  if (kill((pid_t)pid, 0) != 0) {
    return errno == ESRCH;
  }
  /* its number may have gone to another; or it waits, dead, for a parent that
   * does not look, such as the first process of a container */
  return read_start(&now, &process_state, pid) &&
         (now != start || process_state == 'Z' || process_state == 'X');
}
