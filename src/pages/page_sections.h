/* The sections of the page, each a heading and what stands below it. A section
 * that has nothing to show is left out, and gives false. */
#ifndef VQE_PAGES_PAGE_SECTIONS_H
#define VQE_PAGES_PAGE_SECTIONS_H

#include <jansson.h>
#include <stdbool.h>

#include "pages/page_groups.h"
#include "pages/page_text.h"

/* Experiments, and groups, that have a line of their own. */
#define VQE_PAGES_LINES 1000

/* Open a section with its heading; close it by "</section>". */
void vqe_pages_section(struct vqe_pages_text *text, const char *id,
                       const char *title);
/* A box that scrolls sideways on narrow screens, with a label of its own,
 * `foreign` (may be NULL) behind it; close it by "</div>". */
void vqe_pages_scroll(struct vqe_pages_text *text, const char *label,
                      const char *foreign);

bool vqe_pages_summary(struct vqe_pages_text *text,
                       const struct vqe_pages_set *set);
bool vqe_pages_advice(struct vqe_pages_text *text,
                      const struct vqe_pages_set *set);
bool vqe_pages_results(struct vqe_pages_text *text,
                       const struct vqe_pages_set *set);
bool vqe_pages_time(struct vqe_pages_text *text,
                    const struct vqe_pages_set *set);
bool vqe_pages_provenance(struct vqe_pages_text *text,
                          const struct vqe_pages_set *set);
bool vqe_pages_hamiltonians(struct vqe_pages_text *text,
                            const struct vqe_pages_set *set);
bool vqe_pages_circuits(struct vqe_pages_text *text,
                        const struct vqe_pages_set *set);
bool vqe_pages_occupations(struct vqe_pages_text *text,
                           const struct vqe_pages_set *set);
/* These add to the data of the scripts. */
bool vqe_pages_molecules(struct vqe_pages_text *text, json_t *data,
                         const struct vqe_pages_set *set);
bool vqe_pages_curves(struct vqe_pages_text *text, json_t *data,
                      const struct vqe_pages_set *set);
bool vqe_pages_convergence(struct vqe_pages_text *text, json_t *data,
                           const struct vqe_pages_set *set);

#endif
