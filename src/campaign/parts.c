#include "campaign/parts.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/error_message.h"
#include "base/memory.h"

struct order {
  struct vqe_parts_item *item;
  size_t index;
};

static int by_priority_and_cost(const void *a, const void *b)
{
  const struct order *left = a;
  const struct order *right = b;
  if (left->item->priority != right->item->priority) {
    return left->item->priority < right->item->priority ? -1 : 1;
  }
  if (left->item->cost != right->item->cost) {
    return left->item->cost > right->item->cost ? -1 : 1;
  }
  return left->index < right->index ? -1 : 1;
}

static int least(const double *loads, int parts)
{
  int found = 0;
  for (int k = 1; k < parts; k++) {
    found = loads[k] < loads[found] ? k : found;
  }
  return found;
}

int vqe_parts_divide(struct vqe_parts_item *items, size_t count, int parts,
                     double *loads)
{
  struct order *order = NULL;
  VQE_ASSERT(parts > 0);
  int status = vqe_memory_alloc(&order, count, sizeof *order, "parts");
  if (status != VQE_OK) {
    return status;
  }
  for (int k = 0; k < parts; k++) {
    loads[k] = 0.0;
  }
  for (size_t k = 0; k < count; k++) {
    order[k] = (struct order){.item = &items[k], .index = k};
    items[k].part = items[k].pinned;
    if (items[k].pinned >= 0) {
      VQE_ASSERT(items[k].pinned < parts);
      loads[items[k].pinned] += items[k].cost;
    }
  }
  if (count > 1) {
    qsort(order, count, sizeof *order, by_priority_and_cost);
  }
  for (size_t k = 0; k < count; k++) {
    struct vqe_parts_item *item = order[k].item;
    if (item->part < 0) {
      item->part = least(loads, parts);
      loads[item->part] += item->cost;
    }
  }
  free(order);
  return VQE_OK;
}
