/* Text in Prometheus's exposition format 0.0.4: families of metrics, each with
 * its lines HELP and TYPE, and their samples. Knows no metric of ours.
 *
 * A failure (memory) is kept and comes out at vqe_exposition_take(). */
#ifndef VQE_METRICS_EXPOSITION_H
#define VQE_METRICS_EXPOSITION_H

#include <stddef.h>

#define VQE_EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct vqe_exposition {
  char *text;
  size_t size, capacity;
  int status;
  /* of the family that begins with its first sample */
  const char *name, *type, *help;
};

#define VQE_EXPOSITION_INIT                                                   \
  {                                                                           \
    NULL, 0, 0, 0, NULL, NULL, NULL                                           \
  }

struct vqe_exposition_label {
  const char *name, *value; /* an empty or missing value: no such label */
};

/* Labels as they stand between the braces of a sample, "" without any: quotes,
 * backslashes and line ends escaped, '?' for bytes that are no UTF-8. Free by
 * free(). */
int vqe_exposition_labels(char **out,
                          const struct vqe_exposition_label *labels,
                          size_t count);

/* Begin a family, of type "gauge" or "counter". It is written with its first
 * sample, so that one without samples leaves nothing. The texts must last
 * until the next family. */
void vqe_exposition_family(struct vqe_exposition *out, const char *name,
                           const char *type, const char *help);

/* A sample of the family; `labels` and `more` are texts of
 * vqe_exposition_labels() and may be NULL. */
void vqe_exposition_sample(struct vqe_exposition *out, const char *labels,
                           const char *more, double value);

/* The text, which is the caller's to free, or the first failure. */
int vqe_exposition_take(char **text, size_t *size, struct vqe_exposition *out);

#endif
