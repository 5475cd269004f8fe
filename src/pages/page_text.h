/* Growing HTML text. What comes from results goes through
 * vqe_pages_escape(), always. */
#ifndef VQE_PAGES_PAGE_TEXT_H
#define VQE_PAGES_PAGE_TEXT_H

#include <stddef.h>

/* The first failure is kept in `status`, and nothing is added after it. */
struct vqe_pages_text {
  char *data; /* free by free() */
  size_t used, capacity;
  int status;
};

/* Add markup of ours. */
void vqe_pages_put(struct vqe_pages_text *text, const char *markup);
void vqe_pages_putn(struct vqe_pages_text *text, const char *data,
                    size_t size);
/* The same by a format; arguments are numbers and words of ours. */
void vqe_pages_putf(struct vqe_pages_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Add text of others: letters with a meaning in HTML as references, controls
 * and what turns the direction of writing as blanks. NULL adds nothing. */
void vqe_pages_escape(struct vqe_pages_text *text, const char *foreign);
/* A number as people read it, "n/a" where it is not known. */
void vqe_pages_number(struct vqe_pages_text *text, int decimals, double value);

#endif
