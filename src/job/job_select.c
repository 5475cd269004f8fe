#include "job/job_select.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error_message.h"
#include "base/memory.h"

int vqe_job_select_read(struct vqe_job_select *out,
                        const struct vqe_job_reader *reader)
{
  struct vqe_job_value value;
  vqe_job_value_find(&value, reader, "select");
  *out = (struct vqe_job_select){.count = 0};
  snprintf(out->where, sizeof out->where, "%s", value.where);
  if (value.json == NULL || json_is_null(value.json)) {
    return VQE_OK;
  }
  bool list = json_is_array(value.json);
  size_t count = vqe_job_list_count(value.json);
  if (count == 0 || count > INT_MAX) {
    return vqe_job_refuse(value.where, value.json,
                          "a list with at least one item");
  }
  int status =
      vqe_memory_alloc(&out->groups, count, sizeof *out->groups, "a list");
  for (size_t k = 0; status == VQE_OK && k < count; k++) {
    const json_t *item = list ? json_array_get(value.json, k) : value.json;
    const char *text = json_string_value(item);
    out->count = k + 1;
    status = text != NULL
                 ? vqe_job_ranges_read(&out->groups[k], text, value.where)
                 : vqe_job_refuse(value.where, item,
                                  "a text of positions and ranges, like "
                                  "\"0-12,14\"");
  }
  return status;
}

static int mark(int *groups, const struct vqe_job_range *range, int group,
                const struct vqe_job_select *select, size_t total)
{
  if (range->last >= (long long)total) {
    return vqe_error_set(VQE_ERR_INPUT,
                         "%s: there is no position %lld, as the lists of this "
                         "job multiply to %zu experiments, from 0",
                         select->where, range->last, total);
  }
  for (long long k = range->first; k <= range->last; k++) {
    if (groups[k] >= 0) {
      return vqe_error_set(VQE_ERR_INPUT, "%s: position %lld stands twice",
                           select->where, k);
    }
    groups[k] = group;
  }
  return VQE_OK;
}

int vqe_job_select_groups(int **groups, const struct vqe_job_select *select,
                          size_t total)
{
  int status = vqe_memory_alloc(groups, total, sizeof **groups, "experiments");
  for (size_t k = 0; status == VQE_OK && k < total; k++) {
    (*groups)[k] = select->count > 0 ? -1 : 0;
  }
  for (size_t g = 0; status == VQE_OK && g < select->count; g++) {
    const struct vqe_job_ranges *ranges = &select->groups[g];
    for (size_t k = 0; status == VQE_OK && k < ranges->count; k++) {
      status = mark(*groups, &ranges->list[k], (int)g, select, total);
    }
  }
  return status;
}

void vqe_job_select_clear(struct vqe_job_select *select)
{
  for (size_t k = 0; k < select->count; k++) {
    vqe_job_ranges_clear(&select->groups[k]);
  }
  free(select->groups);
  *select = (struct vqe_job_select){.count = 0};
}
