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
  char spread[120] = "";
  char slope[120] = "";
  char *text = NULL;
  /* one point has no variance, and no parameters have no slopes */
  if (!isnan(landscape->energy_variance)) {
    snprintf(spread, sizeof spread, ", variance %.3e hartree^2",
             landscape->energy_variance);
  }
  if (!isnan(landscape->gradient_variance)) {
    snprintf(slope, sizeof slope,
             "; variance of a slope %.3e (hartree/rad)^2, mean over the "
             "parameters",
             landscape->gradient_variance);
  }
  int status = vqe_memory_print(
      &text,
      "Landscape of %s %s (%d qubits, %d parameter%s, reps %d), %.0f random "
      "point%s: energy %.4f hartree on average%s%s.",
      experiment->name != NULL ? experiment->name : "",
      experiment->ansatz_name, result->num_qubits, result->nparam,
      result->nparam == 1 ? "" : "s", experiment->ansatz_reps,
      landscape->points, landscape->points == 1.0 ? "" : "s", mean, spread,
      slope);
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
