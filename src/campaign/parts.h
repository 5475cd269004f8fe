/* Experiments into parts of equal cost. */
#ifndef VQE_CAMPAIGN_PARTS_H
#define VQE_CAMPAIGN_PARTS_H

#include <stddef.h>

/* One thing to place. */
struct vqe_parts_item {
  double cost;
  int priority; /* each is spread over all parts by itself */
  int pinned;   /* the part it has to go to; -1: any */
  int part;     /* where it goes, filled in */
};

/* Give each item a part from 0 to `parts` - 1: the most expensive first, each
 * to the part with the least so far, so that two parts differ by no more than
 * one item, but for what is pinned. The same input gives the same parts.
 * `loads`, of `parts` numbers, is what each comes to. */
int vqe_parts_divide(struct vqe_parts_item *items, size_t count, int parts,
                     double *loads);

#endif
