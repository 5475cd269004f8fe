#include "report/landscape_lines.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "vqe/error.h"

static void print_line(FILE *stream, const struct vqe_result *result,
                       int width)
{
  const struct vqe_experiment *experiment = result->experiment;
  const struct vqe_landscape *landscape = &result->landscape;
  double mean = landscape->energy_mean + result->nuclear_repulsion_energy;
  char *text = NULL;
  int status = vqe_memory_print(
      &text,
      "Landscape of %s %s (%d qubits, %d parameter%s, reps %d), %.0f random "
      "points: energy %.4f hartree on average, variance %.3e hartree^2; "
      "variance of a slope %.3e (hartree/rad)^2, mean over the parameters.",
      experiment->name != NULL ? experiment->name : "",
      experiment->ansatz_name, result->num_qubits, result->nparam,
      result->nparam == 1 ? "" : "s", experiment->ansatz_reps,
      landscape->points, mean, landscape->energy_variance,
      landscape->gradient_variance);
  if (status == VQE_OK) {
    vqe_text_blank_controls(text);
    vqe_text_wrap(stream, text, width, 2);
  }
  free(text);
}

void vqe_report_landscapes(FILE *stream, struct vqe_result *const *results,
                           size_t count, int width)
{
  size_t shown = 0;
  for (size_t k = 0; k < count; k++) {
    if (isnan(results[k]->landscape.points)) {
      continue;
    }
    if (shown < VQE_REPORT_LANDSCAPES) {
      print_line(stream, results[k], width);
    }
    shown++;
  }
  if (shown > VQE_REPORT_LANDSCAPES) {
    fprintf(stream, "%zu more landscapes: --summary has all.\n",
            shown - VQE_REPORT_LANDSCAPES);
  }
}
