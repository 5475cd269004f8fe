/* Cells to lines of text: columns as wide as they need, fitted to the window.
 */
#ifndef VQE_REPORT_TABLE_LAYOUT_H
#define VQE_REPORT_TABLE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/color.h"
#include "report/table_settings.h"

#define VQE_REPORT_COLUMNS 40

struct vqe_report_column {
  const char *title;
  bool text;    /* to the left; numbers stand to the right */
  bool shorten; /* may be cut to fit */
  int keep;     /* 0: always shown; else columns of the highest go first */
  int width;    /* letters */
  bool shown;
};

struct vqe_report_row {
  char cells[VQE_REPORT_COLUMNS][VQE_REPORT_CELL];
  enum vqe_color colors[VQE_REPORT_COLUMNS];
};

struct vqe_report_grid {
  int ncolumn;
  struct vqe_report_column columns[VQE_REPORT_COLUMNS];
  size_t nrow;
  struct vqe_report_row *rows;
};

/* Print into a cell: what is too long ends with it, no UTF-8 letter is torn,
 * control characters become blanks. */
void vqe_report_put(struct vqe_report_row *row, int column, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

/* "-" for NaN, and no minus in front of zeros. */
void vqe_report_put_number(struct vqe_report_row *row, int column, int digits,
                           double value);

/* Set the columns' widths by their cells and leave out columns until lines of
 * `width` hold the rest and `last` more letters, which follow them. Columns
 * without a value in any row are left out in any case. Returns the letters
 * that are left at the end. */
int vqe_report_fit(struct vqe_report_grid *grid, int width, int last);

/* Print row k, or the titles for a negative k, and `end` behind them, in
 * colours on a terminal. */
void vqe_report_print_row(FILE *stream, const struct vqe_report_grid *grid,
                          long k, const char *end);

#endif
