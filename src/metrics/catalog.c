#include "metrics/catalog.h"

#include <stdio.h>
#include <string.h>

#include "base/error_message.h"

const struct vqe_catalog_metric vqe_catalog_metrics[] = {
#define METRIC(id, name, type, unit, labels, help)                            \
  {(name), (type), (unit), (labels), (help)},
#include "metrics/catalog.def"
#undef METRIC
};

/* A place-holder at the beginning of the list becomes what it stands for. */
static void print_labels(FILE *stream, const char *labels)
{
  static const struct {
    const char *word, *labels;
  } known[] = {{"EXPERIMENT", VQE_CATALOG_EXPERIMENT_LABELS},
               {"DEVICE", VQE_CATALOG_DEVICE_LABELS}};
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    size_t length = strlen(known[k].word);
    if (strncmp(labels, known[k].word, length) == 0) {
      fprintf(stream, "%s%s", known[k].labels, labels + length);
      return;
    }
  }
  fprintf(stream, "%s", labels);
}

int vqe_catalog_page(char **out)
{
  size_t size = 0;
  *out = NULL;
  FILE *stream = open_memstream(out, &size);
  for (size_t k = 0; stream != NULL && k < VQE_CATALOG_IDS; k++) {
    const struct vqe_catalog_metric *metric = &vqe_catalog_metrics[k];
    fprintf(stream, "| `%s` | %s | %s | ", metric->name, metric->type,
            metric->unit);
    print_labels(stream, metric->labels);
    fprintf(stream, " | %s |\n", metric->help);
  }
  if (stream == NULL || fclose(stream) != 0) {
    return vqe_error_set(VQE_ERR_MEMORY, "no memory for a page of metrics");
  }
  return VQE_OK;
}
