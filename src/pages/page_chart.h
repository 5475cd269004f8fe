/* One chart: as SVG, which stands in the page with and without scripts; as
 * the data that scripts make an interactive chart of; and as a table. */
#ifndef VQE_PAGES_PAGE_CHART_H
#define VQE_PAGES_PAGE_CHART_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "pages/page_text.h"

/* Series that one chart can show, each with a colour, line and mark. */
#define VQE_PAGES_SERIES 8

struct vqe_pages_series {
  char name[192];
  size_t count;
  double *x, *y;
  double *low, *high; /* a band around y, or NULL */
  int style;          /* from 0 to VQE_PAGES_SERIES - 1 */
  bool plain;         /* a line without marks */
};

struct vqe_pages_chart {
  char title[256];
  const char *x_label, *y_label; /* with units */
  const char *x_name, *y_name;   /* short, for the table */
  bool log_x, log_y;
  double band_low, band_high; /* shaded over all x; NaN: none */
  const char *band_name;
  double floor; /* of a logarithmic axis; what is below is drawn there */
  int decimals; /* of y in the table; -1: as many as it takes */
  struct vqe_pages_series series[VQE_PAGES_SERIES];
  size_t nseries;
};

void vqe_pages_chart_init(struct vqe_pages_chart *chart);
void vqe_pages_chart_clear(struct vqe_pages_chart *chart);
/* A new series of `count` points that are 0, with a band or without. */
int vqe_pages_chart_add(struct vqe_pages_series **out,
                        struct vqe_pages_chart *chart, size_t count,
                        bool band);

/* A figure with the drawing, the names of the series and the numbers; its data
 * at the end of data["charts"]. */
void vqe_pages_chart_figure(struct vqe_pages_text *text, json_t *data,
                            const struct vqe_pages_chart *chart);
/* For the scripts; NULL: no memory. */
json_t *vqe_pages_chart_json(const struct vqe_pages_chart *chart);

#endif
