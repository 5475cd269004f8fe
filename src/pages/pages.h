/* Results as one HTML file that needs nothing beside it: no network, no other
 * file, and no scripts for what matters. */
#ifndef VQE_PAGES_H
#define VQE_PAGES_H

#include <jansson.h>
#include <stddef.h>

#include "vqe/experiment.h"

struct vqe_pages;

/* Begin a report. `source` is shown as where the results come from; other
 * people's text, as all that follows. */
int vqe_pages_create(struct vqe_pages **out, const char *source);
void vqe_pages_free(struct vqe_pages *pages);

/* Add a result, of which what the report shows is kept: some kilobytes. */
int vqe_pages_add(struct vqe_pages *pages, const struct vqe_result *result);

/* Add a row of the tables, with the columns of schemas/sql/report.sql. */
int vqe_pages_add_row(struct vqe_pages *pages, const json_t *row);

/* Experiments added so far. */
size_t vqe_pages_count(const struct vqe_pages *pages);

/* The report as text in *out, of *size bytes before the NUL. Up to 1,000
 * experiments have a line each, more are summarised; no more than about
 * 15 MB. Free *out by free(). */
int vqe_pages_html(char **out, size_t *size, struct vqe_pages *pages);

/* The same into a file, aside and renamed. */
int vqe_pages_write(const char *path, struct vqe_pages *pages);

#endif
