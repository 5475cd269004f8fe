/* Drawings of one experiment, or of all: molecule, circuit, ranks over time.
 * Each is one element svg with a description. */
#ifndef VQE_PAGES_PAGE_DRAW_H
#define VQE_PAGES_PAGE_DRAW_H

#include <stdbool.h>

#include "pages/page_groups.h"
#include "pages/page_text.h"

/* Balls and sticks, seen from the front and a little from above. */
void vqe_pages_draw_molecule(struct vqe_pages_text *text,
                             const struct vqe_pages_run *run);
/* The circuit, if it is small enough to be read; else nothing, and false. */
bool vqe_pages_draw_circuit(struct vqe_pages_text *text,
                            const struct vqe_pages_run *run);
/* What each rank ran when; nothing, and false, where no times are known or too
 * many experiments to be seen. */
bool vqe_pages_draw_timeline(struct vqe_pages_text *text,
                             const struct vqe_pages_set *set);

#endif
