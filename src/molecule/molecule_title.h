/* Names of molecules out of titles and of paths. */
#ifndef VQE_MOLECULE_MOLECULE_TITLE_H
#define VQE_MOLECULE_MOLECULE_TITLE_H

#include <stdbool.h>

#define VQE_TITLE_SIZE 80

/* Stands in a title where a key and its value were, and parts what is around
 * them. */
#define VQE_TITLE_TAKEN '\001'

/* Whether the text is UTF-8 without control characters. */
bool vqe_molecule_is_title(const char *text);

/* What of `text` has not been taken, blanks made one and cut to the size of a
 * name; `out` is left alone when no letter is among it. Changes `text`. */
void vqe_molecule_title(char out[VQE_TITLE_SIZE], char *text);

/* File name without folder and extension; '_' for what is no title. Free
 * it by free(). */
int vqe_molecule_stem(char **out, const char *path);

#endif
