#include "base/machine.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATH_SIZE 4096

/* Most processors that a kernel is built for today. */
#define MAX_PROCESSORS 8192

static FILE *open_in(const char *folder, const char *name)
{
  char path[2 * PATH_SIZE];
  int size = snprintf(path, sizeof path, "%s/%s", folder, name);
  return size > 0 && (size_t)size < sizeof path ? fopen(path, "r") : NULL;
}

/* The number in a file of one line; UINT64_MAX when there is none ("max"). */
static uint64_t read_number(const char *folder, const char *name)
{
  FILE *stream = open_in(folder, name);
  unsigned long long value = UINT64_MAX;
  if (stream != NULL) {
    if (fscanf(stream, "%llu", &value) != 1) {
      value = UINT64_MAX;
    }
    fclose(stream);
  }
  return value;
}

/* The number behind `key` in the group's memory.stat; 0 without one. */
static uint64_t read_stat(const char *folder, const char *key)
{
  FILE *stream = open_in(folder, "memory.stat");
  char line[256];
  char name[128];
  unsigned long long value;
  uint64_t found = 0;
  while (stream != NULL && fgets(line, sizeof line, stream) != NULL) {
    if (sscanf(line, "%127s %llu", name, &value) == 2 &&
        strcmp(name, key) == 0) {
      found = value;
    }
  }
  if (stream != NULL) {
    fclose(stream);
  }
  return found;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

/* What a limit leaves: files that are cached go when memory is needed. */
static uint64_t left_below(uint64_t limit, uint64_t used, uint64_t cache)
{
  if (limit == UINT64_MAX || used == UINT64_MAX) {
    return UINT64_MAX;
  }
  used = used > cache ? used - cache : 0;
  return limit > used ? limit - used : 0;
}

/* ---- one group ---- */

struct limits {
  uint64_t memory_left;
  uint64_t memory;   /* the lowest limit; UINT64_MAX: none */
  double processors; /* 0: no limit */
};

static void look_at_v2(struct limits *limits, const char *folder)
{
  uint64_t limit = lower(read_number(folder, "memory.max"),
                         read_number(folder, "memory.high"));
  if (limit != UINT64_MAX) {
    uint64_t left = left_below(limit, read_number(folder, "memory.current"),
                               read_stat(folder, "inactive_file"));
    limits->memory_left = lower(limits->memory_left, left);
    limits->memory = lower(limits->memory, limit);
  }
  FILE *stream = open_in(folder, "cpu.max");
  double quota;
  double period;
  if (stream != NULL) {
    if (fscanf(stream, "%lf %lf", &quota, &period) == 2 && quota > 0.0 &&
        period > 0.0 &&
        (limits->processors <= 0.0 || quota / period < limits->processors)) {
      limits->processors = quota / period;
    }
    fclose(stream);
  }
}

static void look_at_v1(struct limits *limits, const char *folder)
{
  uint64_t limit = read_number(folder, "memory.limit_in_bytes");
  uint64_t left =
      left_below(limit, read_number(folder, "memory.usage_in_bytes"),
                 read_stat(folder, "total_inactive_file"));
  limits->memory_left = lower(limits->memory_left, left);
  limits->memory = lower(limits->memory, limit);
}

/* ---- from the group of this process up ---- */

static void
look_upwards(struct limits *limits, const char *root, const char *group,
             void (*look)(struct limits *limits, const char *folder))
{
  char folder[PATH_SIZE];
  size_t base = strlen(root);
  int size = snprintf(folder, sizeof folder, "%s%s", root, group);
  if (size < 0 || (size_t)size >= sizeof folder) {
    return;
  }
  bool going = true;
  while (going) {
    look(limits, folder);
    char *slash = strrchr(folder + base, '/');
    going = slash != NULL;
    if (going) {
      *slash = '\0';
    }
  }
}

/* Does `list`, separated by commas, hold `name`? */
static bool has_name(const char *list, const char *name)
{
  size_t length = strlen(name);
  for (const char *at = list; at != NULL; at = strchr(at, ',')) {
    at += *at == ',';
    if (strncmp(at, name, length) == 0 &&
        (at[length] == ',' || at[length] == '\0')) {
      return true;
    }
  }
  return false;
}

/* One line "NUMBER:CONTROLLERS:/GROUP" of /proc/self/cgroup. */
static void look_at_line(struct limits *limits, char *line, const char *root)
{
  char place[PATH_SIZE];
  line[strcspn(line, "\n")] = '\0';
  char *controllers = strchr(line, ':');
  char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
  /* a group outside of what a container sees begins with /.. */
  if (group == NULL || group[1] != '/') {
    return;
  }
  *group++ = '\0';
  controllers++;
  if (strncmp(group, "/..", 3) == 0) {
    group[1] = '\0';
  }
  if (controllers[0] == '\0') {
    look_upwards(limits, root, group, look_at_v2);
    /* beside groups of version 1 */
    snprintf(place, sizeof place, "%.4000s/unified", root);
    look_upwards(limits, place, group, look_at_v2);
  } else if (has_name(controllers, "memory")) {
    snprintf(place, sizeof place, "%.4000s/memory", root);
    look_upwards(limits, place, group, look_at_v1);
  }
}

static struct limits read_limits(const struct vqe_machine_places *places)
{
  struct limits limits = {.memory_left = UINT64_MAX, .memory = UINT64_MAX};
  const char *groups = "/proc/self/cgroup";
  const char *root = "/sys/fs/cgroup";
  char line[PATH_SIZE];
  if (places != NULL) {
    groups = places->groups != NULL ? places->groups : groups;
    root = places->root != NULL ? places->root : root;
  }
  FILE *stream = fopen(groups, "r");
  while (stream != NULL && fgets(line, sizeof line, stream) != NULL) {
    look_at_line(&limits, line, root);
  }
  if (stream != NULL) {
    fclose(stream);
  }
  return limits;
}

uint64_t vqe_machine_memory_left(const struct vqe_machine_places *places)
{
  return read_limits(places).memory_left;
}

uint64_t vqe_machine_memory_limit(const struct vqe_machine_places *places)
{
  long pages = sysconf(_SC_PHYS_PAGES);
  long page = sysconf(_SC_PAGESIZE);
  uint64_t limit = read_limits(places).memory;
  return pages > 0 && page > 0 ? lower(limit, (uint64_t)pages * (uint64_t)page)
                               : limit;
}

int vqe_machine_quota(const struct vqe_machine_places *places)
{
  double processors = read_limits(places).processors;
  if (processors <= 0.0 || processors > MAX_PROCESSORS) {
    return 0;
  }
  int whole = (int)processors;
  return whole + (processors > (double)whole);
}

void vqe_machine_limit(struct vqe_machine_limit *out)
{
  static const struct {
    int resource;
    const char *name, *option;
  } known[] = {{RLIMIT_AS, "address space", "-v"},
               {RLIMIT_DATA, "data", "-d"}};
  unsigned long long pages[6] = {0}; /* all, ..., data and stack */
  struct rlimit limit;
  FILE *stream = fopen("/proc/self/statm", "r");
  if (stream != NULL) {
    (void)!fscanf(stream, "%llu %llu %llu %llu %llu %llu", &pages[0],
                  &pages[1], &pages[2], &pages[3], &pages[4], &pages[5]);
    fclose(stream);
  }
  uint64_t left = UINT64_MAX;
  *out = (struct vqe_machine_limit){.bytes = UINT64_MAX};
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    if (getrlimit((__rlimit_resource_t)known[k].resource, &limit) != 0 ||
        limit.rlim_cur == RLIM_INFINITY) {
      continue;
    }
    uint64_t used = (known[k].resource == RLIMIT_AS ? pages[0] : pages[5]) *
                    (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t rest = left_below(limit.rlim_cur, used, 0);
    if (rest < left) {
      left = rest;
      *out = (struct vqe_machine_limit){known[k].name, known[k].option,
                                        limit.rlim_cur, used};
    }
  }
}

const char *vqe_machine_job(void)
{
  static const char *const variables[] = {
      "SLURM_JOB_ID", "SLURM_JOBID", "PBS_JOBID",    "LSB_JOBID",
      "FLUX_JOB_ID",  "OAR_JOB_ID",  "COBALT_JOBID", "PJM_JOBID"};
  for (size_t k = 0; k < sizeof variables / sizeof variables[0]; k++) {
    const char *value = getenv(variables[k]);
    if (value != NULL && value[0] != '\0') {
      return value;
    }
  }
  /* of Grid Engine; the name alone may be anybody's */
  const char *value = getenv("SGE_O_HOST") != NULL ? getenv("JOB_ID") : NULL;
  return value != NULL && value[0] != '\0' ? value : NULL;
}

int vqe_machine_processors(void)
{
  int quota = vqe_machine_quota(NULL);
  int count = 0;
  cpu_set_t *set = CPU_ALLOC(MAX_PROCESSORS);
  size_t size = CPU_ALLOC_SIZE(MAX_PROCESSORS);
  if (set != NULL && sched_getaffinity(0, size, set) == 0) {
    count = CPU_COUNT_S(size, set);
  }
  CPU_FREE(set);
  if (quota > 0 && quota < count) {
    count = quota;
  }
  return count > 0 ? count : 1;
}

void vqe_machine_processor_model(char *out, size_t size)
{
  FILE *stream = fopen("/proc/cpuinfo", "r");
  char line[256];
  snprintf(out, size, "cpu");
  while (stream != NULL && fgets(line, sizeof line, stream) != NULL) {
    char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
      line[strcspn(line, "\n")] = '\0';
      snprintf(out, size, "%s", colon[1] == ' ' ? colon + 2 : colon + 1);
      break;
    }
  }
  if (stream != NULL) {
    fclose(stream);
  }
}
