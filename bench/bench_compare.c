/* Two files of records side by side. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error_message.h"
#include "bench.h"

/* An object of workload name to record, and the last machine of the file. */
static int read_records(json_t **records, json_t **machine, const char *path)
{
  FILE *stream = fopen(path, "r");
  char *line = NULL;
  size_t capacity = 0;
  int number = 0;
  int status = VQE_OK;
  json_error_t error;
  *records = json_object();
  *machine = NULL;
  if (stream == NULL) {
    return vqe_error_set(VQE_ERR_INPUT, "cannot read '%s': %s", path,
                         strerror(errno));
  }
  while (status == VQE_OK && getline(&line, &capacity, stream) > 0) {
    json_t *record = json_loads(line, 0, &error);
    number++;
    if (record == NULL) {
      status = vqe_error_set(VQE_ERR_INPUT, "file '%s', line %d: %s", path,
                             number, error.text);
      break;
    }
    const char *name = json_string_value(json_object_get(record, "workload"));
    if (name != NULL) {
      json_object_set(*records, name, record);
    } else if (json_object_get(record, "hostname") != NULL) {
      json_decref(*machine);
      *machine = json_incref(record);
    }
    json_decref(record);
  }
  free(line);
  fclose(stream);
  return status;
}

static void print_machine(const char *letter, const char *path,
                          const json_t *machine)
{
  const char *host = json_string_value(json_object_get(machine, "hostname"));
  const char *processor =
      json_string_value(json_object_get(machine, "processor"));
  const char *time = json_string_value(json_object_get(machine, "time"));
  printf("%s: %s, %s, %s, load %.2f, %s\n", letter, path,
         host != NULL ? host : "unknown machine",
         processor != NULL ? processor : "unknown processor",
         json_number_value(json_object_get(machine, "load")),
         time != NULL ? time : "at an unknown time");
}

int bench_compare(const char *before, const char *after)
{
  json_t *records[2] = {NULL, NULL};
  json_t *machines[2] = {NULL, NULL};
  const char *name;
  json_t *left;
  int status = read_records(&records[0], &machines[0], before);
  if (status == VQE_OK) {
    status = read_records(&records[1], &machines[1], after);
  }
  if (status == VQE_OK) {
    print_machine("A", before, machines[0]);
    print_machine("B", after, machines[1]);
    printf("%-28s %12s %12s %8s %10s\n", "workload", "A ms", "B ms", "B / A",
           "memory");
    json_object_foreach(records[0], name, left)
    {
      const json_t *right = json_object_get(records[1], name);
      double a = json_number_value(json_object_get(left, "wall_min"));
      double b = json_number_value(json_object_get(right, "wall_min"));
      double memory_a =
          json_number_value(json_object_get(left, "peak_memory_mb"));
      double memory_b =
          json_number_value(json_object_get(right, "peak_memory_mb"));
      if (a > 0.0 && b > 0.0) {
        printf("%-28s %12.4f %12.4f %8.3f %10.3f\n", name, 1e3 * a, 1e3 * b,
               b / a, memory_a > 0.0 ? memory_b / memory_a : 0.0);
      }
    }
  }
  for (int k = 0; k < 2; k++) {
    json_decref(records[k]);
    json_decref(machines[k]);
  }
  return status;
}
