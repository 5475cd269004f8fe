/* Colours of a terminal, for what a reader looks for first. They repeat what
 * words or numbers say: nothing is said by colour alone. */
#ifndef VQE_BASE_COLOR_H
#define VQE_BASE_COLOR_H

#include <stdbool.h>
#include <stdio.h>

enum vqe_color {
  VQE_COLOR_PLAIN,
  VQE_COLOR_GOOD, /* green: done, within chemical accuracy */
  VQE_COLOR_WARN, /* yellow: look at it */
  VQE_COLOR_BAD,  /* red: failed */
  VQE_COLOR_BUSY, /* bold: runs now */
  VQE_COLOR_LESS  /* dim: waits */
};

/* Does `stream` show colours: a terminal, TERM not dumb, and NO_COLOR not set
 * or empty (https://no-color.org)? Never under a launcher of MPI: it gives
 * ranks terminals of their own, and passes on what comes from there to files
 * and pipes as it is. */
bool vqe_color_shown(FILE *stream);

/* Print `text` in a colour where `stream` shows colours, else as it is. */
void vqe_color_print(FILE *stream, enum vqe_color color, const char *text);

/* The letters that begin a colour and end all; "" where `shown` is false. */
const char *vqe_color_begin(enum vqe_color color, bool shown);
const char *vqe_color_end(enum vqe_color color, bool shown);

#endif
