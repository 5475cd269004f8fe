#include "report/table_layout.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"

/* A text that may be cut keeps this many letters. */
#define LEAST_TEXT 9

/* Letters of a UTF-8 text. */
static int count_letters(const char *text)
{
  int count = 0;
  for (; *text != '\0'; text++) {
    count += ((unsigned char)*text & 0xc0) != 0x80;
  }
  return count;
}

void vqe_report_put(struct vqe_report_row *row, int column, const char *format,
                    ...)
{
  va_list arguments;
  char *cell = row->cells[column];
  va_start(arguments, format);
  vsnprintf(cell, VQE_REPORT_CELL, format, arguments);
  va_end(arguments);
  size_t length = strlen(cell);
  /* never half a UTF-8 letter, and nothing that moves the cursor */
  if (length == VQE_REPORT_CELL - 1) {
    while (length > 0 && ((unsigned char)cell[length - 1] & 0xc0) == 0x80) {
      length--;
    }
    if (length > 0 && (unsigned char)cell[length - 1] >= 0xc0) {
      length--;
    }
    cell[length] = '\0';
  }
  vqe_text_blank_controls(cell);
}

void vqe_report_put_number(struct vqe_report_row *row, int column, int digits,
                           double value)
{
  if (isnan(value)) {
    vqe_report_put(row, column, "-");
  } else if (fabs(value) < 0.5 * pow(10.0, -digits)) {
    vqe_report_put(row, column, "%.*f", digits, 0.0);
  } else {
    vqe_report_put(row, column, "%.*f", digits, value);
  }
}

static bool says_something(const struct vqe_report_grid *grid, int column)
{
  bool some = grid->nrow == 0 || grid->columns[column].keep == 0;
  for (size_t k = 0; !some && k < grid->nrow; k++) {
    const char *cell = grid->rows[k].cells[column];
    some = cell[0] != '\0' && strcmp(cell, "-") != 0;
  }
  return some;
}

/* Letters of a line of the shown columns. */
static int line_width(const struct vqe_report_grid *grid)
{
  int total = 0;
  for (int k = 0; k < grid->ncolumn; k++) {
    if (grid->columns[k].shown) {
      total += grid->columns[k].width + (total > 0 ? 2 : 0);
    }
  }
  return total;
}

/* The shown column that goes next, -1 when all that are left stay. */
static int least_needed(const struct vqe_report_grid *grid)
{
  int least = -1;
  for (int k = 0; k < grid->ncolumn; k++) {
    const struct vqe_report_column *column = &grid->columns[k];
    if (column->shown && column->keep > 0 &&
        (least < 0 || column->keep > grid->columns[least].keep)) {
      least = k;
    }
  }
  return least;
}

int vqe_report_fit(struct vqe_report_grid *grid, int width, int last)
{
  int room = width - (last > 0 ? last + 2 : 0);
  for (int c = 0; c < grid->ncolumn; c++) {
    struct vqe_report_column *column = &grid->columns[c];
    column->shown = column->shown && says_something(grid, c);
    column->width = count_letters(column->title);
    for (size_t r = 0; r < grid->nrow; r++) {
      int letters = count_letters(grid->rows[r].cells[c]);
      column->width = letters > column->width ? letters : column->width;
    }
  }
  int gone = 0;
  while (line_width(grid) > room && gone >= 0) {
    gone = least_needed(grid);
    if (gone >= 0) {
      grid->columns[gone].shown = false;
    }
  }
  for (int c = 0; c < grid->ncolumn; c++) {
    struct vqe_report_column *column = &grid->columns[c];
    int over = line_width(grid) - room;
    if (column->shown && column->shorten && over > 0) {
      int least = column->width < LEAST_TEXT ? column->width : LEAST_TEXT;
      column->width =
          column->width - over > least ? column->width - over : least;
    }
  }
  int left = width - line_width(grid) - 2;
  return left > last ? left : last;
}

/* Print `width` letters of a text, the last ones as dots where it is longer.
 */
static void print_cut(FILE *stream, const char *text, int width)
{
  int letters = count_letters(text);
  int whole = letters > width ? width - 2 : letters;
  const char *at = text;
  for (int k = 0; k < whole; k++) {
    do {
      fputc(*at++, stream);
    } while (((unsigned char)*at & 0xc0) == 0x80);
  }
  if (letters > width) {
    fputs("..", stream);
  }
}

void vqe_report_print_row(FILE *stream, const struct vqe_report_grid *grid,
                          long k, const char *end)
{
  int blanks = 0; /* owed before the next text: none ends a line */
  bool shown = vqe_color_shown(stream);
  for (int c = 0; c < grid->ncolumn; c++) {
    const struct vqe_report_column *column = &grid->columns[c];
    if (!column->shown) {
      continue;
    }
    const char *cell = k < 0 ? column->title : grid->rows[(size_t)k].cells[c];
    int letters = count_letters(cell);
    int pad = letters < column->width ? column->width - letters : 0;
    if (letters > 0) {
      fprintf(stream, "%*s", blanks + (column->text ? 0 : pad), "");
      enum vqe_color color =
          k < 0 ? VQE_COLOR_PLAIN : grid->rows[(size_t)k].colors[c];
      fputs(vqe_color_begin(color, shown), stream);
      print_cut(stream, cell, column->width);
      fputs(vqe_color_end(color, shown), stream);
      blanks = column->text ? pad + 2 : 2;
    } else {
      blanks += column->width + 2;
    }
  }
  if (end[0] != '\0') {
    fprintf(stream, "%*s", blanks, "");
    vqe_color_print(stream, k < 0 ? VQE_COLOR_PLAIN : VQE_COLOR_WARN, end);
  }
  fputc('\n', stream);
}
