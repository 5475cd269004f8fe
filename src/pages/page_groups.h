/* Which experiments belong together: to one problem (molecule, geometry,
 * basis, orbital space), to one group (and settings, the seed apart), to one
 * family (settings and molecule, the geometry apart). Numbers are in the order
 * of first appearance. */
#ifndef VQE_PAGES_PAGE_GROUPS_H
#define VQE_PAGES_PAGE_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "pages/page_run.h"

/* Indices of runs (or groups), one list for each number. */
struct vqe_pages_lists {
  size_t count;  /* lists */
  size_t *first; /* count + 1 places in items */
  size_t *items;
};

struct vqe_pages_set {
  struct vqe_pages_run **runs;
  size_t nrun, capacity;
  bool of_tables;                    /* some runs are rows of the tables */
  size_t circuits;                   /* bytes of those that are kept */
  bool more_circuits;                /* than are kept */
  bool differs[VQE_REPORT_SETTINGS]; /* settings that are not all the same */
  bool shown[VQE_REPORT_SETTINGS];   /* and do not follow from others */
  struct vqe_pages_lists problems;   /* of groups */
  struct vqe_pages_lists groups;     /* of runs, lowest energy first, failed
                                        ones last */
  struct vqe_pages_lists families;   /* of groups */
};

/* Fill what follows from the runs, their numbers too. */
int vqe_pages_group(struct vqe_pages_set *set);
void vqe_pages_ungroup(struct vqe_pages_set *set);

static inline size_t vqe_pages_length(const struct vqe_pages_lists *lists,
                                      size_t list)
{
  return lists->first[list + 1] - lists->first[list];
}

static inline size_t vqe_pages_item(const struct vqe_pages_lists *lists,
                                    size_t list, size_t k)
{
  return lists->items[lists->first[list] + k];
}

/* Members of a group that have an energy. */
size_t vqe_pages_good(const struct vqe_pages_set *set, size_t group);
/* Best, median or worst of a group: place 0, 1 or 2; where none has an energy,
 * its first. */
const struct vqe_pages_run *vqe_pages_pick(const struct vqe_pages_set *set,
                                           size_t group, int place);
/* Energy that convergence is to: FCI, else the lowest of the problem. */
double vqe_pages_target(const struct vqe_pages_set *set, size_t problem,
                        bool *exact);
/* How a group differs from others of its molecule: the settings that vary. */
void vqe_pages_label(char *out, size_t size, const struct vqe_pages_set *set,
                     const struct vqe_pages_run *run);

#endif
